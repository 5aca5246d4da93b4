/* SPDX-License-Identifier: Apache-2.0 */
/* Reading documents as Cedar data: what entities, contexts, schemas and policies have in common. */
#ifndef AMANAT_POLICY_CEDAR_JSON_H
#define AMANAT_POLICY_CEDAR_JSON_H

#include "policy/cedar/cedar.h"

struct cedar_operation; /* cedar_operations.h */

struct cedar_json {
    struct arena *arena;
    const struct cedar_schema *schema; /* NULL: nothing is checked but syntax */
    const char *source;
    struct amanat_diagnostics *diagnostics;
};

/**
 * Whether a text of policies or of a schema is in JSON: an object, and none in Cedar's syntax
 * begins with a brace.
 */
bool cedar_text_is_json(struct bytes text);

/** A fault at a document's place; CONFIG_FAULT. */
__attribute__((format(printf, 3, 4))) AMANAT_MUST_CHECK amanat_result
cedar_json_fault(const struct cedar_json *json, const struct document *at, const char *format, ...);

/** A value of `type`, or of any type when that is NULL. */
AMANAT_MUST_CHECK amanat_result cedar_json_value(const struct cedar_json *json,
                                                 const struct cedar_type *type,
                                                 const struct document *document,
                                                 struct cedar_value *out);

/**
 * The members of an object as a plain record, whatever its keys; `type` is a record type or NULL.
 */
AMANAT_MUST_CHECK amanat_result cedar_json_record(const struct cedar_json *json,
                                                  const struct cedar_type *type,
                                                  const struct document *document,
                                                  struct cedar_value *out);

/** An object whose values all have one type (tags). */
AMANAT_MUST_CHECK amanat_result cedar_json_uniform_record(const struct cedar_json *json,
                                                          const struct cedar_type *type,
                                                          const struct document *document,
                                                          struct cedar_value *out);

/** An entity uid from `{"type":…,"id":…}` or `{"__entity":{…}}`. */
AMANAT_MUST_CHECK amanat_result cedar_json_uid(const struct cedar_json *json,
                                               const struct document *document,
                                               struct cedar_entity_uid *out);

/** What an object that may be an escape is. */
enum cedar_json_escape {
    CEDAR_JSON_ESCAPE_NONE = 0,  /* a record */
    CEDAR_JSON_ESCAPE_ENTITY,    /* `{"__entity": {"type": …, "id": …}}` */
    CEDAR_JSON_ESCAPE_EXTENSION, /* `{"__extn": {"fn": …, "arg": …}}`, or with `"args": […]` */
    CEDAR_JSON_ESCAPE_EXPRESSION, /* `{"__expr": …}`, which nobody supports any more */
};

/** `*out_inside` is what stands in the escape. */
enum cedar_json_escape cedar_json_escape(const struct document *object,
                                         const struct document **out_inside);

/** The extension function or method of that name, or NULL. */
const struct cedar_operation *cedar_json_extension_function(struct bytes name);

/*
 * Deepest nesting of schemas and policies in JSON: two levels for one of a type or expression, more
 * for chains of `&&`.
 */
#define CEDAR_JSON_DEPTH_LIMIT 1024

/** A key that an object of a fixed shape may have. */
struct cedar_json_key {
    const char *name;
    enum document_kind kind;
    bool any_kind; /* `kind` does not matter */
    bool or_null;  /* null counts as absent */
    bool required;
};

/**
 * The members of an object of a fixed shape, in the order of `keys`: NULL for those that are not
 * there. Unknown and missing keys and values of other kinds are faults, and all are reported;
 * `what` names the object in them: "a policy".
 */
AMANAT_MUST_CHECK amanat_result cedar_json_members(const struct cedar_json *json,
                                                   const struct document *object, const char *what,
                                                   const struct cedar_json_key *keys, size_t count,
                                                   const struct document **out_members);

/** The value of `"annotations"`, or none for NULL: words with strings, or null for `@key` alone. */
AMANAT_MUST_CHECK amanat_result cedar_json_annotations(const struct cedar_json *json,
                                                       const struct document *document,
                                                       const struct cedar_annotation **out,
                                                       size_t *out_count);

#endif
