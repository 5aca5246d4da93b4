/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Private to policy/catalogue: the compiler of OpenAPI documents.
 *
 *   document ─▶ schema ─▶ term ─▶ part ─▶ node
 *
 * A *schema* is one Schema Object, its keywords read once. A *term* names what is known of one
 * place in a body: one schema with the labels it inherits, all of several terms (`allOf`, one
 * property declared in several schemas) or any of several (`oneOf`, `anyOf`). Terms are interned,
 * so that a recursive schema leads back to a term that is known already: that is the subset
 * construction. A *part* is a term opened up, for as long as its node is built. A *node* is what
 * the catalogue keeps.
 *
 * Everything is counted: a hostile document ends in an error, never in an explosion.
 */
#ifndef AMANAT_POLICY_CATALOGUE_OPENAPI_H
#define AMANAT_POLICY_CATALOGUE_OPENAPI_H

#include "policy/base/document.h"
#include "policy/base/map.h"
#include "policy/base/vector.h"
#include "policy/catalogue/catalogue.h"

/* Bounds. The largest public API descriptions (some 10,000 schemas) stay an order below them. */
#define COMPILER_NODES_LIMIT      100000
#define COMPILER_STEPS_LIMIT      5000000 /* schemas looked at while parts are opened */
#define COMPILER_PART_LIMIT       20000   /* the same, for one part */
#define COMPILER_DEPTH_LIMIT      100 /* schemas nested in one place: $ref, allOf, oneOf, anyOf */
#define COMPILER_OPERATIONS_LIMIT 10000
#define COMPILER_ATTRIBUTE_DEPTH  16

#define CATALOGUE_SCALARS                                                                          \
    ((unsigned)(CATALOGUE_KIND_BOOLEAN | CATALOGUE_KIND_INTEGER | CATALOGUE_KIND_NUMBER |          \
                CATALOGUE_KIND_STRING))
#define CATALOGUE_ANY_KIND                                                                         \
    (CATALOGUE_SCALARS |                                                                           \
     (unsigned)(CATALOGUE_KIND_NULL | CATALOGUE_KIND_ARRAY | CATALOGUE_KIND_OBJECT))

/** The kind of a value as it is spelt. */
unsigned catalogue_kind_of(const struct document *value);

/** A set of labels, known by its number; number 0 is the empty set. */
struct label_set {
    const size_t *labels; /* sorted, each once */
    size_t count;
};
#define LABEL_SET_NONE ((size_t)0)
#define LABEL_SET_KEEP ((size_t)-1) /* where a set may be replaced: it is not */

/** A way into a body, for people: the step that leads here from `above`. */
struct path {
    const struct path *above;
    struct bytes name; /* a member's name; "[]" and "*" for items and undeclared members */
    bool is_member;
};

/** A message that waits until all errors are told: notes must not push them out of the list. */
struct waiting_note {
    enum amanat_severity severity;
    const char *code;
    struct catalogue_place place;
    const char *text;
};

struct record_entry {
    struct catalogue_record record;
    bool has_shape;        /* its attributes are known */
    struct map attributes; /* name → size_t */
};

/**
 * A node while the catalogue is compiled. The node is the first member: a pointer to it is one to
 * this.
 */
/** Whether `x-amanat-paging` says that a place asks for a part of a list. */
enum paging { PAGING_BY_NAME = 0, PAGING_YES, PAGING_NO };

struct built_node {
    struct catalogue_node node;
    size_t number;
    const struct term *term;
    struct catalogue_place place;
    const struct path *path;
    struct bytes group_count; /* of a record: the property that is its count, or no bytes */
    struct catalogue_place group_count_place;
    enum paging paging;
};

struct service_entry {
    struct catalogue_service service;
    VECTOR(struct catalogue_operation) operations;
};

struct compiler {
    struct arena *arena;   /* of the catalogue */
    struct arena *scratch; /* of parts; rewound after each */
    struct amanat_diagnostics *diagnostics;
    struct vocabulary vocabulary;
    const struct bytes *label_names; /* of the vocabulary, for suggestions */
    VECTOR(struct service_entry) services;
    VECTOR(struct record_entry) records;
    struct map operation_ids; /* id → struct catalogue_place */
    struct map reported;      /* what was reported already */
    VECTOR(struct waiting_note) notes;
    VECTOR(struct label_set) label_sets;
    struct map label_set_numbers;
    struct map terms;
    size_t term_count;
    size_t schema_count;
    VECTOR(struct built_node *) nodes;
    size_t nodes_done; /* nodes before this are complete */
    struct map term_nodes;
    size_t operation_count;
    size_t steps;
    size_t part_steps;
    size_t errors;
};

/** One document that is being compiled. */
struct openapi {
    struct compiler *compiler;
    const char *source;
    const struct document *root;
    bool is_30;
    size_t service;
    struct map schemas; /* address of a document → struct schema */
};

/* ---- messages (openapi_document.c) ---- */

/** Reports at a place, once for each code and place. Errors are counted; notes wait. */
__attribute__((format(printf, 5, 6))) void
compiler_report(struct compiler *compiler, enum amanat_severity severity,
                struct catalogue_place place, const char *code, const char *format, ...);
void compiler_flush_notes(struct compiler *compiler);

static inline struct catalogue_place openapi_place(const struct openapi *openapi,
                                                   const struct document *document)
{
    return (struct catalogue_place){openapi->source, document->line, document->column};
}
static inline struct catalogue_place openapi_member_place(const struct openapi *openapi,
                                                          const struct document_member *member)
{
    return (struct catalogue_place){openapi->source, member->line, member->column};
}
#define OPENAPI_ERROR(openapi, document, code, ...)                                                \
    compiler_report((openapi)->compiler, AMANAT_SEVERITY_ERROR,                                    \
                    openapi_place((openapi), (document)), (code), __VA_ARGS__)

/* ---- documents (openapi_document.c) ---- */

/** Compiles one document into the compiler's services. Faults are reported and counted. */
AMANAT_MUST_CHECK amanat_result openapi_compile(struct compiler *compiler, const char *source,
                                                const struct document *root);

/** Follows a local `$ref` (a string): NULL after a report. */
const struct document *openapi_follow(struct openapi *openapi, const struct document *reference);

/**
 * An object that may be a Reference Object, followed to what it stands for; NULL after a report.
 */
const struct document *openapi_resolve(struct openapi *openapi, const struct document *object,
                                       const char *what);

/**
 * Refuses `x-amanat-…` keys that are unknown or stand where they mean nothing (openapi_place.c).
 */
void openapi_check_extensions(struct openapi *openapi);

/* ---- labels (openapi_label.c) ---- */

/** Reads `x-amanat-label` of an object; `*out_found` false when there is none. */
AMANAT_MUST_CHECK amanat_result openapi_read_label(struct openapi *openapi,
                                                   const struct document *object,
                                                   size_t *out_label_set, bool *out_found);

/** Reads a label or a list of labels that stands after `keyword`. */
AMANAT_MUST_CHECK amanat_result openapi_read_labels(struct openapi *openapi,
                                                    const struct document *value,
                                                    const char *keyword, size_t *out_label_set);

/**
 * Reads `x-amanat-value-labels`, for values of an enumeration (openapi_value_label.c): one entry
 * for each. `*out` stays as it is after a report.
 */
AMANAT_MUST_CHECK amanat_result openapi_read_value_labels(
    struct openapi *openapi, const struct document *list, const struct bytes *enumeration,
    size_t count, const struct catalogue_value_labels **out);

/** Reads `x-amanat-subject`: an index, or CATALOGUE_NONE. */
size_t openapi_read_subject(struct openapi *openapi, const struct document *object);

/** Reads `x-amanat-record`: an index into the compiler's records, or CATALOGUE_NONE. */
AMANAT_MUST_CHECK amanat_result openapi_read_record(struct openapi *openapi,
                                                    const struct document *object, size_t *out);

/** The number of the set of these labels, which are sorted here. */
AMANAT_MUST_CHECK amanat_result label_set_intern(struct compiler *compiler, size_t *labels,
                                                 size_t count, size_t *out);

/** "`person.cnic`" or "`a`, `b`", or "no label"; in the scratch arena. */
const char *label_set_text(struct compiler *compiler, size_t label_set);

/* ---- schemas (openapi_schema.c) ---- */

struct schema_property {
    struct bytes name;
    struct catalogue_place place; /* of its name */
    struct schema *schema;
};

struct schema {
    size_t number;
    struct openapi *owner;
    const struct document *at;
    unsigned kinds; /* what its own keywords let stand here */
    bool is_open;   /* no keyword of its own says anything about values */
    bool has_label;
    size_t label_set;
    size_t record;
    size_t subject;
    const struct document *group_count; /* `x-amanat-group-count` */
    const struct document *reference;   /* `$ref` */
    struct schema *target;              /* of it, once followed */
    VECTOR(struct schema *) all_of;
    VECTOR(struct schema *) one_of;
    VECTOR(struct schema *) any_of;
    VECTOR(struct schema_property) properties;
    struct map property_indexes; /* name → schema_property's schema */
    struct schema *additional;   /* only when said explicitly and not false */
    bool is_closed;              /* additionalProperties: false */
    struct schema *items;
    struct bytes format;
    const struct document *enumeration; /* `enum` */
    const struct document *constant;    /* `const` */
    const struct document *required;
};

/** The schema that stands in a document, read once. */
AMANAT_MUST_CHECK amanat_result schema_of(struct openapi *openapi, const struct document *at,
                                          struct schema **out);

/** The schema `{}`, for what says nothing; it stands at `at`. */
AMANAT_MUST_CHECK amanat_result schema_of_nothing(struct openapi *openapi,
                                                  const struct document *at, struct schema **out);

/** Whether `required` lists the name. */
bool schema_requires(const struct schema *schema, struct bytes name);

static inline struct catalogue_place schema_place(const struct schema *schema)
{
    return openapi_place(schema->owner, schema->at);
}

/* ---- terms and parts (openapi_term.c) ---- */

enum term_kind { TERM_SCHEMA = 0, TERM_ALL, TERM_ANY };

struct term {
    size_t number;
    enum term_kind kind;
    struct schema *schema; /* of TERM_SCHEMA */
    size_t label_set;      /* of TERM_SCHEMA: inherited */
    struct term **items;
    size_t count;
};

AMANAT_MUST_CHECK amanat_result term_of_schema(struct compiler *compiler, struct schema *schema,
                                               size_t inherited, struct term **out);

struct frame;
struct part;
struct choice {
    struct part **alternatives;
    size_t count;
};
/** A schema of a part, and how it was come to. */
struct part_schema {
    struct schema *schema;
    const struct frame *frame;
};
struct part {
    VECTOR(struct part_schema) schemas; /* all of these hold */
    VECTOR(struct choice) choices;      /* and one alternative of each of these */
    size_t label_set;        /* for what lies in `schemas`, if nothing deeper says else */
    bool is_explicit;        /* a schema of this part says so itself */
    size_t result_label_set; /* of the place as a whole */
    bool result_is_explicit;
    unsigned kinds;
    bool is_open;
    struct catalogue_place place;
};

/** Opens a term; the part lives in the scratch arena. Faults are reported; `*out` is never NULL. */
AMANAT_MUST_CHECK amanat_result part_open(struct compiler *compiler, const struct term *term,
                                          struct part **out);

/** The term of a declared property, of undeclared ones, of items; NULL when nothing is said. */
AMANAT_MUST_CHECK amanat_result part_property(struct compiler *compiler, const struct part *part,
                                              struct bytes name, struct term **out);
AMANAT_MUST_CHECK amanat_result part_additional(struct compiler *compiler, const struct part *part,
                                                struct term **out);
AMANAT_MUST_CHECK amanat_result part_items(struct compiler *compiler, const struct part *part,
                                           struct term **out);

/** Names of declared properties, each once, in the order of the document. */
struct name_list {
    struct map seen;
    VECTOR(struct bytes) names;
};
AMANAT_MUST_CHECK amanat_result part_collect_names(struct compiler *compiler,
                                                   const struct part *part, struct name_list *out);

/** Where a property is declared first. */
struct catalogue_place part_property_place(const struct part *part, struct bytes name);

/** Whether every object that may stand here has the member. */
bool part_requires(const struct part *part, struct bytes name);

/** The record that begins here, the subject identified here, or CATALOGUE_NONE. */
size_t part_record(struct compiler *compiler, const struct part *part);
size_t part_subject(struct compiler *compiler, const struct part *part);

/** Whether every value at any depth may stand here (schema `{}`). */
bool part_is_anything(struct compiler *compiler, const struct part *part);

/* ---- rules (openapi_rule.c) ---- */

/** Bounds that schemas of this part say of a value of the type. */
void part_bounds(const struct part *part, enum attribute_type type, struct catalogue_bounds *out);

/** What a scalar here must satisfy in a request; NULL: its kind is all. */
AMANAT_MUST_CHECK amanat_result part_rule(struct compiler *compiler, const struct part *part,
                                          const struct catalogue_rule **out);

bool part_is_read_only(const struct part *part);

/** What `x-amanat-paging` says of a place; read once, which reports what is no boolean. */
enum paging part_paging(const struct part *part);
enum paging openapi_read_paging(struct openapi *openapi, const struct document *at);

/** Whether it asks for a part of a list, by its name unless something was said. */
bool paging_of_parameter(const struct catalogue_parameter *parameter, enum paging said);
bool paging_of_member(const struct catalogue_member *member); /* once all nodes are there */

/** The `default` of this place, or NULL. */
const struct document *part_default(const struct part *part);

/** Warns of a default (or NULL) that names a field. */
void openapi_warn_of_default(struct openapi *openapi, const struct document *value,
                             const struct bytes *enumeration, size_t count,
                             const struct catalogue_value_labels *labels);

/** The `x-amanat-value-labels` of this place, or NULL. */
const struct document *part_value_labels(struct compiler *compiler, const struct part *part,
                                         struct openapi **out_owner);

/** Reads which property is the count of the record that begins here (openapi_group.c). */
void part_group_count(struct compiler *compiler, const struct part *part, struct built_node *built);

/**
 * Checks that labels with a `min_group` stand on nothing but counts of records, of all nodes that
 * responses hold.
 */
AMANAT_MUST_CHECK amanat_result groups_check(struct compiler *compiler, const bool *in_responses);

/** Refuses a label with a `min_group` on what is no property of a record. */
void groups_refuse(struct compiler *compiler, struct catalogue_place place, size_t label_set);

/** Marks the members (of the node) that `required` lists. */
void part_mark_required(const struct part *part, struct catalogue_node *node,
                        struct catalogue_member *members);

/* ---- attributes (catalogue_record.c) ---- */

/** The scalars that `enum` and `const` allow here, if they limit it. */
AMANAT_MUST_CHECK amanat_result part_values(struct compiler *compiler, const struct part *part,
                                            const struct bytes **out, size_t *out_count,
                                            bool *out_limited);

/** What the `format` makes of a string: STRING where it says nothing; NONE where it is in doubt. */
enum attribute_type part_string_type(const struct part *part);

/** The Cedar type of what stands here, without its name; ATTRIBUTE_NONE when it can be none. */
AMANAT_MUST_CHECK amanat_result attribute_of_term(struct compiler *compiler,
                                                  const struct term *term,
                                                  struct catalogue_attribute *out);

/** Gives the record its attributes, or compares with those it has. */
AMANAT_MUST_CHECK amanat_result record_set_shape(struct compiler *compiler, size_t record,
                                                 const struct part *part,
                                                 const struct name_list *names);

/** Whether two attributes (name, type, all within) are the same. */
bool attribute_equal(const struct catalogue_attribute *a, const struct catalogue_attribute *b);

/* ---- nodes (openapi_node.c) ---- */

/** The node of a term; new ones are filled by nodes_complete. */
AMANAT_MUST_CHECK amanat_result node_of_term(struct compiler *compiler, const struct term *term,
                                             const struct path *path,
                                             const struct catalogue_node **out);
AMANAT_MUST_CHECK amanat_result nodes_complete(struct compiler *compiler);

/**
 * Fills what follows from the whole graph: has_labels_below, labels of operations and records, uses
 * of labels; and checks the modes of labels that responses hold (catalogue_summary.c).
 */
AMANAT_MUST_CHECK amanat_result nodes_summarise(struct compiler *compiler,
                                                struct catalogue_label_use *uses);

/** "a 200 $.sightings[].owner", for messages; in the scratch arena. */
const char *path_text(struct compiler *compiler, const struct path *path);

static inline const struct built_node *built_node_of(const struct catalogue_node *node)
{
    return (const struct built_node *)(const void *)node;
}

/* ---- parameters and operations (openapi_parameter.c, openapi_operation.c) ---- */

struct parameter_list {
    VECTOR(struct catalogue_parameter) items;
    VECTOR(struct catalogue_place) places;
};

/** Adds the parameters of a list (NULL: none); those of an operation replace those of its path. */
AMANAT_MUST_CHECK amanat_result openapi_read_parameters(struct openapi *openapi,
                                                        const struct document *list,
                                                        struct parameter_list *out);

/** What the schema of a parameter says of it beyond its label. */
struct schema_extensions {
    const struct document *value_labels;  /* or NULL */
    const struct document *default_value; /* or NULL */
    enum paging paging;
};

/**
 * What our extensions say of a parameter beyond its label (openapi_parameter_extension.c): which
 * fields its values name, from where the gateway sets it, whether it pages.
 */
AMANAT_MUST_CHECK amanat_result openapi_extend_parameter(struct openapi *openapi,
                                                         const struct document *at,
                                                         const struct schema_extensions *schema,
                                                         struct catalogue_parameter *parameter);

AMANAT_MUST_CHECK amanat_result openapi_read_paths(struct openapi *openapi);

AMANAT_MUST_CHECK amanat_result openapi_read_responses(struct openapi *openapi,
                                                       const struct document *responses,
                                                       struct catalogue_operation *operation);
AMANAT_MUST_CHECK amanat_result openapi_read_request_body(struct openapi *openapi,
                                                          const struct document *body,
                                                          struct catalogue_operation *operation);

/** Whether a header is the gateway's own or frames a message: no document may declare it. */
bool openapi_is_reserved_header(struct bytes name);

/** Whether it is an RFC 9110 §5.6.2 token. */
bool openapi_is_token(struct bytes name);

#endif
