/* SPDX-License-Identifier: Apache-2.0 */
/* A resolved schema's insides, filled by cedar_schema_resolve.c. */
#ifndef AMANAT_POLICY_CEDAR_SCHEMA_H
#define AMANAT_POLICY_CEDAR_SCHEMA_H

#include "policy/base/map.h"
#include "policy/base/similar.h"
#include "policy/base/vector.h"
#include "policy/cedar/cedar_schema_ast.h"
#include "policy/cedar/cedar_uid_map.h"

struct cedar_schema {
    VECTOR(struct cedar_entity_type *) entity_types; /* in the order of the texts */
    struct map entity_types_by_name;
    VECTOR(struct cedar_action *) actions;
    struct cedar_uid_map actions_by_uid;
    struct map action_types; /* `Action`, `N::Action` …: types that some declared action has */
    struct map common_types; /* full name to struct cedar_common_type */
    cedar_namespaces namespaces; /* all of it as it was declared */
};

/** Makes a schema of parsed name spaces; name spaces of one name are joined. */
AMANAT_MUST_CHECK amanat_result cedar_schema_resolve(struct arena *arena,
                                                     const cedar_namespaces *namespaces,
                                                     struct amanat_diagnostics *diagnostics,
                                                     const struct cedar_schema **out);

/**
 * Whether a name space is to be written at its place: it is the first of its name, and not the
 * empty one without declarations that every text in Cedar's syntax begins with.
 */
bool cedar_schema_namespace_is_first(const struct cedar_schema *schema, size_t index);

/** Of the name spaces that are called as the one at `first`: the first with annotations, or that.
 */
const struct cedar_namespace *cedar_schema_namespace_annotated(const struct cedar_schema *schema,
                                                               size_t first);

/** A common type while it is resolved. */
struct cedar_common_type {
    const struct cedar_namespace *name_space;
    const struct cedar_declaration *declaration;
    enum {
        CEDAR_COMMON_TYPE_NEW = 0,
        CEDAR_COMMON_TYPE_OPEN,   /* being resolved */
        CEDAR_COMMON_TYPE_FAILED, /* its faults are reported */
        CEDAR_COMMON_TYPE_DONE
    } state;
    const struct cedar_type *type;
    unsigned depth;
};

/** What resolving needs in all its steps. */
struct cedar_resolver {
    struct arena *arena;
    struct amanat_diagnostics *diagnostics;
    struct cedar_schema *schema;
};

/** A fault at a name; CONFIG_FAULT. */
__attribute__((format(printf, 4, 5))) AMANAT_MUST_CHECK amanat_result cedar_resolver_fault(
    const struct cedar_resolver *resolver, const struct cedar_namespace *name_space,
    const struct cedar_schema_name *at, const char *format, ...);

/** `name` as it is called in full inside a name space. */
AMANAT_MUST_CHECK amanat_result cedar_resolver_full_name(const struct cedar_resolver *resolver,
                                                         struct bytes name_space, struct bytes name,
                                                         struct bytes *out);

/** The type that an expression means (cedar_schema_types.c). */
AMANAT_MUST_CHECK amanat_result cedar_resolver_type(const struct cedar_resolver *resolver,
                                                    const struct cedar_namespace *name_space,
                                                    const struct cedar_type_expression *expression,
                                                    const struct cedar_type **out);

/**
 * Fills the ancestors of all entity types and actions from their direct parents
 * (cedar_schema_close.c). CONFIG_FAULT for actions that are in themselves.
 */
AMANAT_MUST_CHECK amanat_result cedar_schema_close(const struct cedar_resolver *resolver);

/** "; did you mean `…`?" for a name that no entity type, no attribute of the record has, or "". */
const char *cedar_schema_entity_type_hint(const struct cedar_schema *schema, struct bytes name,
                                          char room[SIMILAR_HINT_SIZE]);
const char *cedar_type_attribute_hint(const struct cedar_type *type, struct bytes name,
                                      char room[SIMILAR_HINT_SIZE]);

#endif
