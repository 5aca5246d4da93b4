/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Resolving types: which common type, entity type or built-in a name means (first in its own name
 * space, then in the empty one, then the built-ins; at each step common types before entity types),
 * and what a common type stands for. Resolved common types are shared, so a schema never grows
 * beyond its text.
 */
#include <stdlib.h>

#include "policy/base/guard.h"
#include "policy/cedar/cedar_schema.h"

/* A resolved type and how deep it is, which bounds the recursion of whoever walks it. */
struct resolved {
    const struct cedar_type *type;
    unsigned depth;
};

static amanat_result resolve(const struct cedar_resolver *resolver,
                             const struct cedar_namespace *name_space,
                             const struct cedar_type_expression *expression, unsigned level,
                             struct resolved *out);

static const struct built_in {
    const char *name;
    struct cedar_type type;
} built_ins[] = {
    {"Bool", {.kind = CEDAR_VALUE_BOOL}},         {"Long", {.kind = CEDAR_VALUE_LONG}},
    {"String", {.kind = CEDAR_VALUE_STRING}},     {"ipaddr", {.kind = CEDAR_VALUE_IP}},
    {"decimal", {.kind = CEDAR_VALUE_DECIMAL}},   {"datetime", {.kind = CEDAR_VALUE_DATETIME}},
    {"duration", {.kind = CEDAR_VALUE_DURATION}},
};

static const struct cedar_type *find_built_in(struct bytes name)
{
    for (size_t i = 0; i < sizeof(built_ins) / sizeof(built_ins[0]); i++) {
        if (bytes_equal_string(name, built_ins[i].name)) {
            return &built_ins[i].type;
        }
    }
    return NULL;
}

static amanat_result check_level(const struct cedar_resolver *resolver,
                                 const struct cedar_namespace *name_space,
                                 const struct cedar_schema_name *at, unsigned level)
{
    return level <= CEDAR_TYPE_DEPTH_LIMIT
               ? AMANAT_OK
               : cedar_resolver_fault(resolver, name_space, at,
                                      "this type is nested more than %d levels deep",
                                      CEDAR_TYPE_DEPTH_LIMIT);
}

static amanat_result resolve_common(const struct cedar_resolver *resolver,
                                    struct cedar_common_type *common, unsigned level,
                                    struct resolved *out)
{
    struct resolved resolved;
    if (common->state == CEDAR_COMMON_TYPE_OPEN) {
        return cedar_resolver_fault(resolver, common->name_space,
                                    &common->declaration->names.items[0],
                                    "the type `%.*s` is made of itself",
                                    BYTES_PRINTF(common->declaration->names.items[0].path));
    }
    if (common->state == CEDAR_COMMON_TYPE_NEW) {
        common->state = CEDAR_COMMON_TYPE_OPEN;
        const amanat_result result =
            resolve(resolver, common->name_space, common->declaration->type, level, &resolved);
        common->state = amanat_is_ok(result) ? CEDAR_COMMON_TYPE_DONE : CEDAR_COMMON_TYPE_FAILED;
        TRY(result);
        common->type = resolved.type;
        common->depth = resolved.depth;
    }
    if (common->state == CEDAR_COMMON_TYPE_FAILED) {
        return amanat_result_of(AMANAT_STATUS_CONFIG_FAULT);
    }
    *out = (struct resolved){common->type, common->depth};
    return AMANAT_OK;
}

static amanat_result make_entity_type(const struct cedar_resolver *resolver, struct bytes name,
                                      struct resolved *out)
{
    struct cedar_type *type = ARENA_NEW(resolver->arena, struct cedar_type);
    TRY_MEMORY(type);
    type->kind = CEDAR_VALUE_ENTITY;
    type->entity_type = name;
    *out = (struct resolved){type, 1};
    return AMANAT_OK;
}

/* What is called exactly `full_name`: a common type, an entity type or a type of actions. */
static amanat_result find_defined(const struct cedar_resolver *resolver,
                                  enum cedar_type_reference reference, struct bytes full_name,
                                  unsigned level, struct resolved *out)
{
    struct cedar_common_type *common = map_get(&resolver->schema->common_types, full_name);
    if (common != NULL && reference != CEDAR_TYPE_REFERENCE_ENTITY) {
        return resolve_common(resolver, common, level, out);
    }
    const bool is_entity = map_get(&resolver->schema->entity_types_by_name, full_name) != NULL ||
                           map_get(&resolver->schema->action_types, full_name) != NULL;
    if (is_entity && reference != CEDAR_TYPE_REFERENCE_COMMON) {
        return make_entity_type(resolver, full_name, out);
    }
    *out = (struct resolved){0};
    return AMANAT_OK;
}

/* Names of types elsewhere; everything else is looked for among what the schema has. */
static const char *foreign_type(struct bytes name)
{
    static const char *const foreign[][2] = {
        {"Boolean", "Bool"},      {"boolean", "Bool"},   {"Int", "Long"},
        {"int", "Long"},          {"Integer", "Long"},   {"integer", "Long"},
        {"Number", "decimal"},    {"number", "decimal"}, {"Float", "decimal"},
        {"Double", "decimal"},    {"Text", "String"},    {"text", "String"},
        {"ip", "ipaddr"},         {"date", "datetime"},  {"Date", "datetime"},
        {"DateTime", "datetime"},
    };
    for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++) {
        if (bytes_equal_string(name, foreign[i][0])) {
            return foreign[i][1];
        }
    }
    return NULL;
}

static amanat_result refuse_name(const struct cedar_resolver *resolver,
                                 const struct cedar_namespace *name_space,
                                 const struct cedar_type_expression *expression)
{
    static const char *const kinds[] = {
        [CEDAR_TYPE_REFERENCE_ENTITY_OR_COMMON] = "type",
        [CEDAR_TYPE_REFERENCE_COMMON] = "common type",
        [CEDAR_TYPE_REFERENCE_ENTITY] = "entity type",
        [CEDAR_TYPE_REFERENCE_BUILT_IN] = "built-in type",
    };
    const struct cedar_schema_name *name = &expression->name;
    const char *foreign = foreign_type(name->path);
    struct similar similar;
    char hint[SIMILAR_HINT_SIZE];
    similar_begin(&similar, name->path);
    if (foreign != NULL) {
        return cedar_resolver_fault(
            resolver, name_space, name, "there is no %s `%.*s`; did you mean `%s`?",
            kinds[expression->reference], BYTES_PRINTF(name->path), foreign);
    }
    for (size_t i = 0; i < sizeof(built_ins) / sizeof(built_ins[0]); i++) {
        similar_offer(&similar, bytes_of_string(built_ins[i].name));
    }
    for (size_t i = 0; i < resolver->schema->entity_types.count; i++) {
        similar_offer(&similar, resolver->schema->entity_types.items[i]->name);
    }
    for (size_t i = 0; i < resolver->schema->common_types.count; i++) {
        similar_offer(&similar, resolver->schema->common_types.entries[i].key);
    }
    return cedar_resolver_fault(resolver, name_space, name, "there is no %s `%.*s`%s",
                                kinds[expression->reference], BYTES_PRINTF(name->path),
                                similar_hint_of(&similar, hint));
}

static amanat_result resolve_name(const struct cedar_resolver *resolver,
                                  const struct cedar_namespace *name_space,
                                  const struct cedar_type_expression *expression, unsigned level,
                                  struct resolved *out)
{
    const enum cedar_type_reference reference = expression->reference;
    const struct bytes name = expression->name.path;
    struct resolved found = {0};
    struct bytes built_in = name;
    if (bytes_start_with(name, BYTES("__cedar::"))) {
        built_in = bytes_from(name, sizeof("__cedar::") - 1);
    } else if (bytes_find(name, ':') < name.length) {
        TRY(find_defined(resolver, reference, name, level, &found));
        built_in = BYTES("");
    } else if (reference != CEDAR_TYPE_REFERENCE_BUILT_IN) {
        struct bytes full;
        TRY(cedar_resolver_full_name(resolver, name_space->name, name, &full));
        TRY(find_defined(resolver, reference, full, level, &found));
        if (found.type == NULL && name_space->name.length > 0) {
            TRY(find_defined(resolver, reference, name, level, &found));
        }
    }
    if (found.type == NULL && reference != CEDAR_TYPE_REFERENCE_ENTITY) {
        found = (struct resolved){find_built_in(built_in), 1};
    }
    if (found.type == NULL) {
        return refuse_name(resolver, name_space, expression);
    }
    *out = found;
    return AMANAT_OK;
}

static amanat_result resolve_set(const struct cedar_resolver *resolver,
                                 const struct cedar_namespace *name_space,
                                 const struct cedar_type_expression *expression, unsigned level,
                                 struct resolved *out)
{
    struct resolved element;
    TRY(resolve(resolver, name_space, expression->element, level, &element));
    struct cedar_type *type = ARENA_NEW(resolver->arena, struct cedar_type);
    TRY_MEMORY(type);
    type->kind = CEDAR_VALUE_SET;
    type->element = element.type;
    *out = (struct resolved){type, element.depth + 1};
    return AMANAT_OK;
}

static int compare_attributes_for_sort(const void *a, const void *b)
{
    return bytes_compare(((const struct cedar_attribute *)a)->name,
                         ((const struct cedar_attribute *)b)->name);
}

static amanat_result resolve_record(const struct cedar_resolver *resolver,
                                    const struct cedar_namespace *name_space,
                                    const struct cedar_type_expression *expression, unsigned level,
                                    struct resolved *out)
{
    const size_t count = expression->field_count;
    unsigned depth = 0;
    struct cedar_type *type = ARENA_NEW(resolver->arena, struct cedar_type);
    TRY_MEMORY(type);
    struct cedar_attribute *attributes =
        arena_allocate_array(resolver->arena, count, sizeof(*attributes));
    TRY_MEMORY(attributes);
    amanat_result result = AMANAT_OK;
    for (size_t i = 0; i < count; i++) {
        const struct cedar_attribute_expression *field = &expression->fields[i];
        struct resolved resolved;
        const amanat_result one = resolve(resolver, name_space, field->type, level, &resolved);
        if (one.status == AMANAT_STATUS_CONFIG_FAULT) {
            result = one; /* the faults of the other attributes are wanted, too */
            continue;
        }
        TRY(one);
        depth = resolved.depth > depth ? resolved.depth : depth;
        attributes[i] = (struct cedar_attribute){field->name, field->required, resolved.type};
    }
    TRY(result);
    if (count > 0) {
        qsort(attributes, count, sizeof(*attributes), compare_attributes_for_sort);
    }
    *type = (struct cedar_type){
        .kind = CEDAR_VALUE_RECORD, .attributes = attributes, .attribute_count = count};
    *out = (struct resolved){type, depth + 1};
    return AMANAT_OK;
}

static amanat_result resolve(const struct cedar_resolver *resolver,
                             const struct cedar_namespace *name_space,
                             const struct cedar_type_expression *expression, unsigned level,
                             struct resolved *out)
{
    struct resolved resolved = {0};
    TRY(check_level(resolver, name_space, &expression->name, level + 1));
    switch (expression->kind) {
    case CEDAR_TYPE_EXPRESSION_PATH:
        TRY(resolve_name(resolver, name_space, expression, level + 1, &resolved));
        break;
    case CEDAR_TYPE_EXPRESSION_SET:
        TRY(resolve_set(resolver, name_space, expression, level + 1, &resolved));
        break;
    case CEDAR_TYPE_EXPRESSION_RECORD:
        TRY(resolve_record(resolver, name_space, expression, level + 1, &resolved));
        break;
    }
    TRY(check_level(resolver, name_space, &expression->name, resolved.depth));
    *out = resolved;
    return AMANAT_OK;
}

amanat_result cedar_resolver_type(const struct cedar_resolver *resolver,
                                  const struct cedar_namespace *name_space,
                                  const struct cedar_type_expression *expression,
                                  const struct cedar_type **out)
{
    struct resolved resolved = {0};
    TRY(resolve(resolver, name_space, expression, 0, &resolved));
    *out = resolved.type;
    return AMANAT_OK;
}
