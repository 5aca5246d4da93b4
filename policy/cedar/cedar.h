/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Front door of policy/cedar: the Cedar policy language, version 4.5. Texts become a policy set, a
 * schema and stores of entities; a request asked of them becomes a decision with the policies that
 * determined it.
 *
 * Everything lives in the arena it was made in and in the arenas of what it was made from; nothing
 * is freed singly. What has been built is read-only and may be shared by threads; each decision
 * brings an arena of its own. Where nothing else is said, functions fail with MEMORY when the arena
 * is full and with CONFIG_FAULT, after diagnostics, for texts that are wrong.
 */
#ifndef AMANAT_POLICY_CEDAR_CEDAR_H
#define AMANAT_POLICY_CEDAR_CEDAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "amanat/diagnostics.h"
#include "amanat/result.h"
#include "policy/base/arena.h"
#include "policy/base/buffer.h"
#include "policy/base/bytes.h"
#include "policy/base/document.h"

/* ---- Values ---- */

/**
 * Which entity: `A::B::"id"` is type `A::B` (a path without blanks) and an id that may be any text,
 * even empty.
 */
struct cedar_entity_uid {
    struct bytes type;
    struct bytes id;
};

enum cedar_value_kind {
    CEDAR_VALUE_NONE = 0, /* no value: what zeroed memory holds */
    CEDAR_VALUE_BOOL,
    CEDAR_VALUE_LONG,
    CEDAR_VALUE_STRING,
    CEDAR_VALUE_ENTITY,
    CEDAR_VALUE_SET,
    CEDAR_VALUE_RECORD,
    CEDAR_VALUE_DECIMAL,
    CEDAR_VALUE_IP,
    CEDAR_VALUE_DATETIME,
    CEDAR_VALUE_DURATION
};

/** An address with its prefix length; an IPv4 address fills the first four bytes. */
struct cedar_ip {
    bool is_v6;
    uint8_t prefix;
    uint8_t address[16];
};

/**
 * One value, passed by value. Read it freely; make it with the constructors below only, because
 * sets are kept sorted and without duplicates, records sorted by key, and the depth is counted.
 */
struct cedar_value {
    enum cedar_value_kind kind;
    unsigned depth; /* levels of sets and records: 0 for scalars */
    union {
        bool boolean;
        /** LONG; DECIMAL in ten-thousandths; DATETIME and DURATION in milliseconds. */
        int64_t integer;
        struct bytes string;
        struct cedar_entity_uid entity;
        struct cedar_ip ip;
        struct {
            const struct cedar_value *items;
            size_t count;
        } set;
        struct {
            const struct cedar_field *fields;
            size_t count;
        } record;
    } as;
};

struct cedar_field {
    struct bytes key;
    struct cedar_value value;
};

/** Deepest nesting of sets and records that a value may have. */
#define CEDAR_VALUE_DEPTH_LIMIT 512

/* Scalars. Texts are not copied and must be valid UTF-8. */
struct cedar_value cedar_value_bool(bool boolean);
struct cedar_value cedar_value_long(int64_t integer);
struct cedar_value cedar_value_string(struct bytes text);
struct cedar_value cedar_value_entity(struct bytes type, struct bytes id);
struct cedar_value cedar_value_decimal(int64_t ten_thousandths);
struct cedar_value cedar_value_datetime(int64_t milliseconds);
struct cedar_value cedar_value_duration(int64_t milliseconds);

/**
 * The set of `count` values, which are copied, sorted and freed of duplicates. LIMIT beyond the
 * depth limit.
 */
AMANAT_MUST_CHECK amanat_result cedar_value_set(struct arena *arena,
                                                const struct cedar_value *values, size_t count,
                                                struct cedar_value *out);

/** A record; keys are not copied. BUG for a key that stands twice, LIMIT beyond the depth limit. */
AMANAT_MUST_CHECK amanat_result cedar_value_record(struct arena *arena,
                                                   const struct cedar_field *fields, size_t count,
                                                   struct cedar_value *out);

/*
 * The extension constructors `decimal("…")`, `ip("…")`, `datetime("…")`, `duration("…")`; false for
 * a wrong text.
 */
bool cedar_decimal_from_text(struct bytes text, struct cedar_value *out);
bool cedar_ip_from_text(struct bytes text, struct cedar_value *out);
bool cedar_datetime_from_text(struct bytes text, struct cedar_value *out);
bool cedar_duration_from_text(struct bytes text, struct cedar_value *out);

/** A total order: 0 exactly for values that Cedar's `==` calls equal. */
int cedar_value_compare(const struct cedar_value *a, const struct cedar_value *b);
bool cedar_value_equal(const struct cedar_value *a, const struct cedar_value *b);
int cedar_entity_uid_compare(const struct cedar_entity_uid *a, const struct cedar_entity_uid *b);
bool cedar_entity_uid_equal(const struct cedar_entity_uid *a, const struct cedar_entity_uid *b);

/** The value of a record's key, or NULL when it has no such key or is no record. */
const struct cedar_value *cedar_value_get(const struct cedar_value *record, struct bytes key);

/** "Bool", "Long" … "ipaddr": the kind as Cedar's documentation names the type. */
const char *cedar_value_kind_name(enum cedar_value_kind kind);

/** Writes a value, an entity uid or a string literal as Cedar source text. */
void cedar_value_append(struct buffer *buffer, const struct cedar_value *value);
void cedar_entity_uid_append(struct buffer *buffer, const struct cedar_entity_uid *uid);
void cedar_string_append(struct buffer *buffer, struct bytes text);

/**
 * Whether `text` is a path (`A::B`): identifiers, none of them reserved, joined by `::` without
 * blanks.
 */
bool cedar_path_is_valid(struct bytes text);

/* ---- Policies ---- */

struct cedar_policy_set;
struct cedar_policy;

enum cedar_policy_ids {
    CEDAR_POLICY_IDS_BY_POSITION = 0, /* policy0, policy1 …, counted over all texts of the set */
    CEDAR_POLICY_IDS_FROM_ANNOTATION  /* the value of `@id`, which is then required */
};

struct cedar_policy_set_options {
    enum cedar_policy_ids ids;
};

/** An empty set, or NULL without memory. */
struct cedar_policy_set *cedar_policy_set_new(struct arena *arena,
                                              const struct cedar_policy_set_options *options);

/**
 * Adds the policies and templates of one text, which is copied. After CONFIG_FAULT the set holds
 * those that had no fault; every fault of the text has its diagnostic, also an id that the set
 * already has.
 */
AMANAT_MUST_CHECK amanat_result cedar_policy_set_add_text(struct cedar_policy_set *set,
                                                          const char *source, struct bytes text,
                                                          struct amanat_diagnostics *diagnostics);

/** What goes into a template's slots; NULL = no value. */
struct cedar_slot_values {
    const struct cedar_entity_uid *principal;
    const struct cedar_entity_uid *resource;
};

/**
 * Adds what one text in the JSON policy format (EST) holds: a policy or a template, which gets its
 * id as the options say, or a whole set (`staticPolicies`, `templates`, `templateLinks`), whose ids
 * are in it. The same limits hold as for texts. After CONFIG_FAULT the set holds what had no fault.
 */
AMANAT_MUST_CHECK amanat_result cedar_policy_set_add_est(struct cedar_policy_set *set,
                                                         const char *source, struct bytes text,
                                                         struct amanat_diagnostics *diagnostics);

/** Links a template as policy `id`: exactly its slots must be given. All arguments are copied. */
AMANAT_MUST_CHECK amanat_result cedar_policy_set_add_link(struct cedar_policy_set *set,
                                                          struct bytes template_id, struct bytes id,
                                                          const struct cedar_slot_values *slots,
                                                          struct amanat_diagnostics *diagnostics);

/** Static policies, templates and links together, in the order of adding. */
size_t cedar_policy_set_count(const struct cedar_policy_set *set);
const struct cedar_policy *cedar_policy_set_at(const struct cedar_policy_set *set, size_t index);

/** The policy, template or link with this id, or NULL. */
const struct cedar_policy *cedar_policy_set_find(const struct cedar_policy_set *set,
                                                 struct bytes id);

enum cedar_policy_kind {
    CEDAR_POLICY_STATIC = 0,
    CEDAR_POLICY_TEMPLATE, /* takes no part in decisions */
    CEDAR_POLICY_LINK
};

enum cedar_effect { CEDAR_EFFECT_FORBID = 0, CEDAR_EFFECT_PERMIT = 0x9E47 };

struct bytes cedar_policy_id(const struct cedar_policy *policy);
enum cedar_policy_kind cedar_policy_kind(const struct cedar_policy *policy);
enum cedar_effect cedar_policy_effect(const struct cedar_policy *policy);

/**
 * The annotation's value (no bytes for `@key` alone); false when it is not there. A link has its
 * template's.
 */
bool cedar_policy_annotation(const struct cedar_policy *policy, const char *key,
                             struct bytes *out_value);

/**
 * Where the policy begins (its first annotation, if it has one). A link stands where its template
 * stands.
 */
const char *cedar_policy_source(const struct cedar_policy *policy);
unsigned cedar_policy_line(const struct cedar_policy *policy);
unsigned cedar_policy_column(const struct cedar_policy *policy);

/**
 * Writes a policy or template in the JSON policy format, or a link as the policy that it stands
 * for. The JSON is what the official engine's policyToJson and templateToJson give.
 */
void cedar_policy_append_est(struct buffer *buffer, const struct cedar_policy *policy);

/** Writes a whole set: `{"staticPolicies": …, "templates": …, "templateLinks": …}`. */
void cedar_policy_set_append_est(struct buffer *buffer, const struct cedar_policy_set *set);

enum cedar_scope_kind {
    CEDAR_SCOPE_ANY = 0, /* no constraint */
    CEDAR_SCOPE_EQUAL,
    CEDAR_SCOPE_IN,
    CEDAR_SCOPE_IS,
    CEDAR_SCOPE_IS_IN
};

/** A place in the source of a policy; 0:0 is none. */
struct cedar_place {
    unsigned line;
    unsigned column;
};

/** The constraint on principal or resource. */
struct cedar_scope {
    enum cedar_scope_kind kind;
    bool is_slot;                   /* of a template: the entity is a slot and has no value */
    struct bytes type;              /* IS, IS_IN */
    struct cedar_entity_uid entity; /* EQUAL, IN, IS_IN */
    struct cedar_place type_place;
    struct cedar_place entity_place;
};

/** The constraint on the action: ANY, EQUAL (one entity) or IN (any number of them, even none). */
struct cedar_action_scope {
    enum cedar_scope_kind kind;
    const struct cedar_entity_uid *entities;
    size_t count;
    const struct cedar_place *places; /* of each entity, or NULL where there is no source */
};

struct cedar_policy_scope {
    struct cedar_scope principal;
    struct cedar_action_scope action;
    struct cedar_scope resource;
};

const struct cedar_policy_scope *cedar_policy_scope(const struct cedar_policy *policy);

/**
 * What `cedar_policy_set_resource_attributes` calls back. `resource_type` is the type in the
 * policy's scope (`is T`, or the type of the entity in `== T::"…"`), or no bytes. A failure stops
 * the walk and is handed on.
 */
typedef amanat_result (*cedar_resource_attribute_fn)(void *context,
                                                     const struct cedar_policy *policy,
                                                     struct bytes resource_type,
                                                     struct bytes attribute);

/**
 * Calls back for each attribute that a condition reads, or asks for with `has`, from the request's
 * resource: also through branches of `if` and through record literals that hold it. Of
 * `resource.a.b` only `a` is named. The same pair may come more than once. Links are passed over
 * (their template is called back).
 */
AMANAT_MUST_CHECK amanat_result cedar_policy_set_resource_attributes(
    const struct cedar_policy_set *set, cedar_resource_attribute_fn callback, void *context);

/** What a condition takes from the request: `context.need.case.open`. */
struct cedar_path {
    struct bytes variable; /* "principal", "action", "resource", "context" */
    const struct bytes *keys;
    size_t key_count;
    size_t read_count; /* the keys after these are only asked for, with `has` */
    struct cedar_place place;
};

/** An entity that a condition names. */
struct cedar_named_entity {
    struct cedar_entity_uid uid;
    struct cedar_place place;
};

/** A part of a condition that is true or false by itself: what `&&`, `||`, `!` and `if` join. */
struct cedar_test {
    const struct cedar_path *paths;
    size_t path_count;
    const struct cedar_named_entity *entities;
    size_t entity_count;
};

/** All tests of a policy's conditions, in the order of the text; none where it has no condition. */
AMANAT_MUST_CHECK amanat_result cedar_policy_list_tests(const struct cedar_policy *policy,
                                                        struct arena *arena,
                                                        const struct cedar_test **out,
                                                        size_t *out_count);

/* ---- Schema ---- */

struct cedar_schema;

struct cedar_schema_source {
    const char *name;
    struct bytes text;
};

/**
 * Reads texts as one schema; declarations of one text may use those of another. A text that begins
 * with `{` is in the JSON syntax, any other one in Cedar's (in which none begins so). Copies.
 */
AMANAT_MUST_CHECK amanat_result cedar_schema_parse(struct arena *arena,
                                                   const struct cedar_schema_source *sources,
                                                   size_t count,
                                                   struct amanat_diagnostics *diagnostics,
                                                   const struct cedar_schema **out);

/**
 * A resolved type: `kind` says which (never NONE). Common types are gone; equal types may be
 * shared.
 */
struct cedar_type {
    enum cedar_value_kind kind;
    struct bytes entity_type;                 /* ENTITY: its full name */
    const struct cedar_type *element;         /* SET */
    const struct cedar_attribute *attributes; /* RECORD: sorted by name */
    size_t attribute_count;
};

struct cedar_attribute {
    struct bytes name;
    bool required;
    const struct cedar_type *type;
};

/** An annotation of a policy or in a schema, `@name("value")`. */
struct cedar_annotation {
    struct bytes name;
    struct bytes value; /* no bytes for `@name` alone */
    bool has_value;     /* false for `@name` alone */
};

/** A declared entity type. Lists of names are sorted. */
struct cedar_entity_type {
    struct bytes name;              /* full: `Namespace::Name` */
    const struct cedar_type *shape; /* a RECORD: its attributes */
    const struct cedar_type *tags;  /* NULL: it has none */
    bool is_enum;
    const struct bytes *enum_ids;
    size_t enum_id_count;
    const struct bytes *ancestors; /* types that an entity of this type can be in, transitively */
    size_t ancestor_count;
    const struct cedar_annotation *annotations;
    size_t annotation_count;
    const char *source;
    unsigned line;
    unsigned column;
};

/** A declared action. */
struct cedar_action {
    struct cedar_entity_uid uid;
    bool applies; /* false: no `appliesTo`, only a group */
    const struct bytes *principal_types;
    size_t principal_type_count;
    const struct bytes *resource_types;
    size_t resource_type_count;
    const struct cedar_type *context;       /* a RECORD, also for a mere group */
    const struct cedar_entity_uid *parents; /* as declared */
    size_t parent_count;
    const struct cedar_entity_uid *ancestors; /* all, transitively, sorted */
    size_t ancestor_count;
    const struct cedar_annotation *annotations;
    size_t annotation_count;
    const char *source;
    unsigned line;
    unsigned column;
};

/** A declared entity type by its full name, or NULL; likewise an action by its uid. */
const struct cedar_entity_type *cedar_schema_entity_type(const struct cedar_schema *schema,
                                                         struct bytes name);
const struct cedar_action *cedar_schema_action(const struct cedar_schema *schema,
                                               const struct cedar_entity_uid *uid);

/** All of them, in the order of the texts. */
size_t cedar_schema_entity_type_count(const struct cedar_schema *schema);
const struct cedar_entity_type *cedar_schema_entity_type_at(const struct cedar_schema *schema,
                                                            size_t index);
size_t cedar_schema_action_count(const struct cedar_schema *schema);
const struct cedar_action *cedar_schema_action_at(const struct cedar_schema *schema, size_t index);

/** A record type's attribute, or NULL. */
const struct cedar_attribute *cedar_type_attribute(const struct cedar_type *type,
                                                   struct bytes name);

/** Writes a type as schema text. */
void cedar_type_append(struct buffer *buffer, const struct cedar_type *type);

/**
 * Whether `value` is of `type`, uids of enum types and actions included; if not, says why at
 * source:line:column.
 */
bool cedar_type_accepts(const struct cedar_schema *schema, const struct cedar_type *type,
                        const struct cedar_value *value, const char *source, unsigned line,
                        unsigned column, struct amanat_diagnostics *diagnostics);

/**
 * Writes a schema in the JSON syntax, as it was declared: common types and annotations are kept,
 * name spaces of several texts joined. Of a text in Cedar's syntax this is what the official
 * engine's schemaToJson gives.
 */
void cedar_schema_append_json(struct buffer *buffer, const struct cedar_schema *schema);

/**
 * Writes a schema in Cedar's syntax. Two things can be said in JSON only and are CONFIG_FAULT with
 * diagnostics: attributes of an entity type that are a common type, and an entity type where a
 * common type has the same name. An action that applies to nothing is written as a mere group.
 */
AMANAT_MUST_CHECK amanat_result cedar_schema_append_text(struct buffer *buffer,
                                                         const struct cedar_schema *schema,
                                                         struct amanat_diagnostics *diagnostics);

/* ---- Formatting ---- */

/**
 * Appends a text of policies, or of a schema, in the one way to write it. The tokens stay as they
 * are, in their order, and so do the comments: only white space changes, and therefore never what
 * the text means. Formatted text stays as it is when it is formatted again. Lines are at most 100
 * characters long where they have a place to end. Brackets, `&&`, `||` and `if` that the author
 * wrote over several lines stay so; comments keep the end of a line or a line of their own; of
 * blank lines one stays. LIMIT when the buffer is full.
 *
 * A text that does not parse (a schema need not resolve) is CONFIG_FAULT, with the parser's
 * diagnostics; nothing is appended then.
 */
AMANAT_MUST_CHECK amanat_result cedar_format_policies(struct arena *arena, const char *source,
                                                      struct bytes text,
                                                      struct amanat_diagnostics *diagnostics,
                                                      struct buffer *out);
AMANAT_MUST_CHECK amanat_result cedar_format_schema(struct arena *arena, const char *source,
                                                    struct bytes text,
                                                    struct amanat_diagnostics *diagnostics,
                                                    struct buffer *out);

/* ---- Checking policies against a schema ---- */

/** Policies that keep to a schema; made by cedar_policy_set_check only. */
struct cedar_checked_policies;

/**
 * Validates static policies, templates and links strictly (Cedar: validation): what they name is
 * declared, some request fits their scope, and their conditions have types for each kind of request
 * that does. CONFIG_FAULT after diagnostics for all faults of all policies, each once; a policy
 * that no request can satisfy is a warning, `impossible-policy`. The set must not change
 * afterwards.
 */
AMANAT_MUST_CHECK amanat_result cedar_policy_set_check(const struct cedar_policy_set *set,
                                                       const struct cedar_schema *schema,
                                                       struct arena *arena,
                                                       struct amanat_diagnostics *diagnostics,
                                                       const struct cedar_checked_policies **out);

/** A fault `unknown-attribute`; its texts live until the callback returns. */
struct cedar_unknown_attribute {
    const struct cedar_policy *policy;
    struct cedar_place place;
    const struct cedar_entity_uid *action; /* with which the fault was met first */
    /* The entity type by which it was reached, and the attributes of it that led there: for
     * `resource.vehicle.cty` the type of the resource and `vehicle`. No bytes: from the context
     * (`of_context`) or from a record that the policy wrote. */
    struct bytes entity_type;
    bool of_context;
    const struct bytes *path;
    size_t path_count;
    struct bytes attribute;
    struct bytes similar; /* the declared name that was probably meant, or no bytes */
};

/** Takes over such faults: it adds their diagnostics, in its own words. */
struct cedar_check_observer {
    void (*unknown_attribute)(void *context, const struct cedar_unknown_attribute *fault);
    void *context;
};

/** The same with an observer. */
AMANAT_MUST_CHECK amanat_result cedar_policy_set_check_observed(
    const struct cedar_policy_set *set, const struct cedar_schema *schema, struct arena *arena,
    struct amanat_diagnostics *diagnostics, const struct cedar_check_observer *observer,
    const struct cedar_checked_policies **out);

/** What was checked. */
const struct cedar_policy_set *
cedar_checked_policies_set(const struct cedar_checked_policies *checked);

/* ---- Values from JSON ---- */

/**
 * A value from a document (JSON or YAML), with Cedar's escapes `__entity` and `__extn`. With
 * `schema` and `type` the escapes may be left out where the type says what is meant, and the value
 * must be of that type; both may be NULL. Texts are not copied: the document must live as long.
 * CONFIG_FAULT with diagnostics.
 */
AMANAT_MUST_CHECK amanat_result cedar_value_from_document(
    struct arena *arena, const struct cedar_schema *schema, const struct cedar_type *type,
    const char *source, const struct document *document, struct amanat_diagnostics *diagnostics,
    struct cedar_value *out);

/** A context from an object, typed by `action` of `schema` when that is not NULL. */
AMANAT_MUST_CHECK amanat_result cedar_context_from_document(
    struct arena *arena, const struct cedar_schema *schema, const struct cedar_entity_uid *action,
    const char *source, const struct document *document, struct amanat_diagnostics *diagnostics,
    struct cedar_value *out);

/* ---- Entities ---- */

struct cedar_entities;

/**
 * An empty store, or NULL without memory. With a `base` (closed, or NULL) it is an overlay: what it
 * does not have is looked up in the base. An overlay's entity hides the base's of the same uid;
 * what descends from that one in the base keeps the ancestors that it has there.
 */
struct cedar_entities *cedar_entities_new(struct arena *arena, const struct cedar_entities *base);

/** An entity to be added; `attributes` and `tags` are records or NONE (empty). */
struct cedar_entity_parts {
    struct cedar_entity_uid uid;
    struct cedar_value attributes;
    struct cedar_value tags;
    const struct cedar_entity_uid *parents;
    size_t parent_count;
};

/**
 * Adds one entity to a store that is not closed; its parts' texts and values are not copied, the
 * parents' array is. CONFIG_FAULT when this store has the uid already and the two are not equal.
 * Nothing is checked against a schema.
 */
AMANAT_MUST_CHECK amanat_result cedar_entities_add(struct cedar_entities *entities,
                                                   const struct cedar_entity_parts *parts);

/**
 * Adds an array of entities, the contents of one file. With a schema (or NULL) values are read by
 * it and everything must conform to it. Several files may be added: a uid may come again only
 * structurally equal.
 */
AMANAT_MUST_CHECK amanat_result cedar_entities_add_json(struct cedar_entities *entities,
                                                        const struct cedar_schema *schema,
                                                        const char *source, struct bytes text,
                                                        struct amanat_diagnostics *diagnostics);

/** Adds the actions that a schema declares, with their groups. */
AMANAT_MUST_CHECK amanat_result cedar_entities_add_actions(struct cedar_entities *entities,
                                                           const struct cedar_schema *schema);

/**
 * Closes the store: computes all ancestors. CONFIG_FAULT for a cycle of parents; with a schema,
 * also for an entity with an ancestor whose type its own type cannot be in. After that it is
 * read-only; only a closed store can be asked.
 */
AMANAT_MUST_CHECK amanat_result cedar_entities_close(struct cedar_entities *entities,
                                                     const struct cedar_schema *schema,
                                                     struct amanat_diagnostics *diagnostics);

struct cedar_entity;

/** The entity, or NULL. */
const struct cedar_entity *cedar_entities_find(const struct cedar_entities *entities,
                                               const struct cedar_entity_uid *uid);

/** How many entities the store itself has (not its base), and the one at `index`. */
size_t cedar_entities_count(const struct cedar_entities *entities);
const struct cedar_entity *cedar_entities_at(const struct cedar_entities *entities, size_t index);

const struct cedar_entity_uid *cedar_entity_uid(const struct cedar_entity *entity);

/** All attributes, all tags: records, perhaps empty. */
const struct cedar_value *cedar_entity_attributes(const struct cedar_entity *entity);
const struct cedar_value *cedar_entity_tags(const struct cedar_entity *entity);

/** Direct parents, sorted, none twice. */
const struct cedar_entity_uid *cedar_entity_parents(const struct cedar_entity *entity,
                                                    size_t *out_count);

/** Cedar's `in`: `descendant` is `ancestor`, or has it among its ancestors. */
bool cedar_entities_is_in(const struct cedar_entities *entities,
                          const struct cedar_entity_uid *descendant,
                          const struct cedar_entity_uid *ancestor);

/* ---- Requests and decisions ---- */

struct cedar_request {
    struct cedar_entity_uid principal;
    struct cedar_entity_uid action;
    struct cedar_entity_uid resource;
    struct cedar_value context; /* a record; NONE counts as the empty one */
};

/** Checks a request against a schema. CONFIG_FAULT with diagnostics if it does not conform. */
AMANAT_MUST_CHECK amanat_result cedar_request_validate(const struct cedar_schema *schema,
                                                       const struct cedar_request *request,
                                                       struct amanat_diagnostics *diagnostics);

enum cedar_decision { CEDAR_DECISION_DENY = 0, CEDAR_DECISION_ALLOW = 0xA110 };

/** A policy whose condition could not be computed, why, and where in its source. */
struct cedar_policy_error {
    const struct cedar_policy *policy;
    const char *text;
    unsigned line;
    unsigned column;
};

/**
 * The answer. Cedar skips policies with errors, whatever their effect: whoever asks must look at
 * `errors` for a forbid and fail closed. Lists are in the order of the set; both kinds are
 * complete, whatever the decision.
 */
struct cedar_response {
    enum cedar_decision decision;
    const struct cedar_policy *const *permits; /* the satisfied ones */
    size_t permit_count;
    const struct cedar_policy *const *forbids; /* the satisfied ones */
    size_t forbid_count;
    const struct cedar_policy_error *errors;
    size_t error_count;
};

/** Policies as decisions need them. */
struct cedar_compiled_policies;

/**
 * Compiles a set, its links included, without validating it: constants are worked out and policies
 * are indexed by their scope. The set must live as long, and what is added to it later takes no
 * part. MEMORY is the only failure.
 */
AMANAT_MUST_CHECK amanat_result cedar_compile_unchecked(struct arena *arena,
                                                        const struct cedar_policy_set *set,
                                                        const struct cedar_compiled_policies **out);

/** The same for policies that have been validated. */
AMANAT_MUST_CHECK amanat_result cedar_compile(struct arena *arena,
                                              const struct cedar_checked_policies *checked,
                                              const struct cedar_compiled_policies **out);

/**
 * Decides by Cedar's rules. The response lives in `arena`. MEMORY is the only failure, and no
 * decision.
 */
AMANAT_MUST_CHECK amanat_result cedar_authorize(const struct cedar_compiled_policies *policies,
                                                const struct cedar_request *request,
                                                const struct cedar_entities *entities,
                                                struct arena *arena,
                                                struct cedar_response *out_response);

/**
 * The policies whose scope matches the request, in the order of the set: without templates and
 * those whose conditions can never hold. In `arena`.
 */
AMANAT_MUST_CHECK amanat_result cedar_policies_in_scope(
    const struct cedar_compiled_policies *policies, const struct cedar_request *request,
    const struct cedar_entities *entities, struct arena *arena,
    const struct cedar_policy *const **out, size_t *out_count);

/**
 * Whether the policy's scope matches the request (its conditions are not looked at); false for a
 * template.
 */
bool cedar_policy_scope_matches(const struct cedar_policy *policy,
                                const struct cedar_request *request,
                                const struct cedar_entities *entities);

/* ---- Residuals: many actions asked about many records ---- */

/** How a policy stands whose scope matches. */
enum cedar_standing {
    CEDAR_STANDING_OPEN = 0, /* it depends on the record */
    CEDAR_STANDING_FALSE,
    CEDAR_STANDING_TRUE,
    CEDAR_STANDING_FAILS
};

/** What is known of all questions before any record is seen. */
struct cedar_residual_request {
    struct cedar_entity_uid principal;
    struct cedar_entity_uid resource;
    struct cedar_value context;
    const struct cedar_entities *entities;
    /**
     * The resource stands in `entities`, with its parents and tags, for records whose attributes
     * come later; those that it has there do not count. False: everything is known.
     */
    bool resource_is_open;
};

/** What several actions have in common; a policy is worked out once for all of them. */
struct cedar_residuals;

AMANAT_MUST_CHECK amanat_result cedar_residuals_new(struct arena *arena,
                                                    const struct cedar_compiled_policies *policies,
                                                    const struct cedar_residual_request *request,
                                                    struct cedar_residuals **out);

/** What is left of one policy. */
struct cedar_residual_policy {
    const struct cedar_policy *policy;
    enum cedar_standing standing; /* never FALSE */
    /**
     * OPEN: attributes of the resource that it may read or ask for with `has`; not what it reaches
     * by way of entities that the record itself names.
     */
    const struct bytes *reads;
    size_t read_count;
};

/** What is left of all policies for one action, in the order of the set. */
struct cedar_residual {
    const struct cedar_residual_policy *const *policies;
    size_t policy_count;
};

/** Any number of actions, before the first record is asked about; `action` is not copied. */
AMANAT_MUST_CHECK amanat_result cedar_residual_new(struct cedar_residuals *residuals,
                                                   const struct cedar_entity_uid *action,
                                                   const struct cedar_residual **out);

/** One record about which is asked; it remembers what single policies answered. */
struct cedar_asked_record;

/**
 * `attributes` is a record and lives as long. Everything made for this record is in `arena`. It can
 * be asked by the residuals that have been made before it.
 */
AMANAT_MUST_CHECK amanat_result cedar_asked_record_new(struct arena *arena,
                                                       const struct cedar_residuals *residuals,
                                                       const struct cedar_value *attributes,
                                                       struct cedar_asked_record **out);

/**
 * Decides as cedar_authorize does for a resource with the record's attributes: each policy that is
 * open is evaluated at most once for each record, whatever is asked. `residual` is of the record's
 * residuals. MEMORY is the only failure.
 */
AMANAT_MUST_CHECK amanat_result cedar_residual_decide(const struct cedar_residual *residual,
                                                      struct cedar_asked_record *record,
                                                      struct cedar_response *out_response);

/** What is certain without any record: policies that are open are left out. In `arena`. */
AMANAT_MUST_CHECK amanat_result cedar_residual_certain(const struct cedar_residual *residual,
                                                       struct arena *arena,
                                                       struct cedar_response *out_response);

/* ---- Explanations ---- */

/** One part of a policy's scope beside the request. */
struct cedar_scope_test {
    bool matches;
    struct bytes demands; /* "principal in Partner::\"bank\"", or "principal" for anybody */
    struct bytes found;   /* the request's entity, and for `in` what it is in */
};

enum cedar_outcome {
    CEDAR_OUTCOME_NOT_ASKED = 0, /* one before it failed */
    CEDAR_OUTCOME_HOLDS,
    CEDAR_OUTCOME_FAILS,
    CEDAR_OUTCOME_ERROR,
    CEDAR_OUTCOME_OPEN /* it depends on what is not known */
};

/** What a condition reads (`context.need.purpose`), and what stands there, in words. */
struct cedar_reading {
    struct bytes path;
    const char *verb; /* "is", "has", "has the tags" */
    struct bytes shown;
};

/**
 * One of the conditions that must all hold: what `&&` joins in a `when`, or `||` in an `unless`,
 * across all of a policy's `when` and `unless`.
 */
struct cedar_conjunct {
    bool unless;       /* it must be false */
    struct bytes text; /* as written, on one line and without comments */
    unsigned line;
    unsigned column;
    enum cedar_outcome outcome;
    const char *error; /* of ERROR, and where it is */
    unsigned error_line;
    unsigned error_column;
    const struct cedar_reading *readings; /* of those that were asked; each path once */
    size_t reading_count;
};

struct cedar_explanation {
    struct cedar_scope_test principal;
    struct cedar_scope_test action;
    struct cedar_scope_test resource;
    const struct cedar_conjunct *conjuncts;
    size_t conjunct_count;
    size_t held; /* how many hold before the first that does not */
};

/**
 * What is known of a request that is only partly known. A path is `principal.partner`; what lies
 * below a known one is known, too.
 */
struct cedar_known {
    const struct bytes *paths;
    size_t path_count;
    /** Variables that may be compared, although their attributes are not known: `resource`. */
    const struct bytes *names;
    size_t name_count;
    /** Variables of which it is known what they are in, although not which entity they are. */
    const struct bytes *members;
    size_t member_count;
};

/**
 * Tests each part of a policy by itself; the conditions also when the scope does not match. `known`
 * NULL: everything is known, and as in a decision nothing is asked after the first condition that
 * does not hold. Else a condition that reads anything else is OPEN, unless what is known decides it
 * whatever the rest is. A template's slots match nothing. All of it lives in `arena`.
 */
AMANAT_MUST_CHECK amanat_result cedar_explain(const struct cedar_policy *policy,
                                              const struct cedar_request *request,
                                              const struct cedar_entities *entities,
                                              const struct cedar_known *known, struct arena *arena,
                                              struct cedar_explanation *out);

#endif
