/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A schema as it was written, names not yet resolved: what cedar_schema_parser.c and
 * cedar_schema_json.c make for cedar_schema_resolve.c, and what is written again.
 */
#ifndef AMANAT_POLICY_CEDAR_SCHEMA_AST_H
#define AMANAT_POLICY_CEDAR_SCHEMA_AST_H

#include "policy/base/vector.h"
#include "policy/cedar/cedar.h"

/* Deepest nesting of types, before and after common types are put in. */
#define CEDAR_TYPE_DEPTH_LIMIT 256

/** A name at its place: a path, an identifier or an entity id. */
struct cedar_schema_name {
    struct bytes path; /* of an action: the type before the id, or no bytes */
    struct bytes id;   /* of an action */
    unsigned line;
    unsigned column;
};

typedef VECTOR(struct cedar_schema_name) cedar_schema_names;

enum cedar_type_expression_kind {
    CEDAR_TYPE_EXPRESSION_PATH = 0,
    CEDAR_TYPE_EXPRESSION_SET,
    CEDAR_TYPE_EXPRESSION_RECORD
};

/* What a PATH may mean. In Cedar's syntax it is always the first, in JSON it can be said. */
enum cedar_type_reference {
    CEDAR_TYPE_REFERENCE_ENTITY_OR_COMMON = 0,
    CEDAR_TYPE_REFERENCE_COMMON,
    CEDAR_TYPE_REFERENCE_ENTITY,
    CEDAR_TYPE_REFERENCE_BUILT_IN
};

struct cedar_type_expression {
    enum cedar_type_expression_kind kind;
    struct cedar_schema_name name;               /* PATH; of others only the position */
    enum cedar_type_reference reference;         /* PATH */
    const struct cedar_type_expression *element; /* SET */
    const struct cedar_attribute_expression
        *fields; /* RECORD, in the order of the text, none twice */
    size_t field_count;
};

struct cedar_attribute_expression {
    struct bytes name;
    bool required;
    const struct cedar_type_expression *type;
    const struct cedar_annotation *annotations;
    size_t annotation_count;
};

enum cedar_declaration_kind {
    CEDAR_DECLARATION_ENTITY = 0,
    CEDAR_DECLARATION_ACTION,
    CEDAR_DECLARATION_TYPE
};

struct cedar_declaration {
    enum cedar_declaration_kind kind;
    cedar_schema_names names; /* of a type one, else one or more */
    const struct cedar_annotation *annotations;
    size_t annotation_count;
    cedar_schema_names parents; /* `in`, of entities and actions */

    const struct cedar_type_expression *type; /* attributes; or what a common type is; or NULL */
    const struct cedar_type_expression *tags; /* or NULL */
    bool is_enum;
    VECTOR(struct bytes) enum_ids;

    bool applies; /* of an action */
    cedar_schema_names principals;
    cedar_schema_names resources;
    const struct cedar_type_expression *context; /* or NULL */
};

struct cedar_namespace {
    struct bytes name; /* no bytes: the empty one */
    const struct cedar_annotation *annotations;
    size_t annotation_count;
    const char *source;
    unsigned line;
    unsigned column;
    VECTOR(struct cedar_declaration *) declarations;
};

typedef VECTOR(struct cedar_namespace *) cedar_namespaces;

/**
 * Parses a text, which must live as long as what is parsed, and adds its name spaces. Goes on after
 * a fault at the next declaration; each fault has its diagnostic, and then the result is
 * CONFIG_FAULT.
 */
AMANAT_MUST_CHECK amanat_result cedar_parse_schema(struct arena *arena, const char *source,
                                                   struct bytes text,
                                                   struct amanat_diagnostics *diagnostics,
                                                   cedar_namespaces *namespaces);

/** The same for a text in the JSON syntax. */
AMANAT_MUST_CHECK amanat_result cedar_parse_schema_json(struct arena *arena, const char *source,
                                                        struct bytes text,
                                                        struct amanat_diagnostics *diagnostics,
                                                        cedar_namespaces *namespaces);

#endif
