/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From parsed declarations to a schema: first all names are declared, then what they refer to is
 * looked up, then the relations `in` of entity types (cycles are fine) and of actions (cycles are
 * faults) are closed. Every step goes on after a fault, so that one run reports them all.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "policy/base/guard.h"
#include "policy/cedar/cedar_schema.h"

amanat_result cedar_resolver_fault(const struct cedar_resolver *resolver,
                                   const struct cedar_namespace *name_space,
                                   const struct cedar_schema_name *at, const char *format, ...)
{
    char text[240];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    amanat_diagnostics_add(resolver->diagnostics, AMANAT_SEVERITY_ERROR, "schema",
                           name_space->source, at->line, at->column, "%s", text);
    return amanat_result_of(AMANAT_STATUS_CONFIG_FAULT);
}

amanat_result cedar_resolver_full_name(const struct cedar_resolver *resolver,
                                       struct bytes name_space, struct bytes name,
                                       struct bytes *out)
{
    if (name_space.length == 0) {
        *out = name;
        return AMANAT_OK;
    }
    const char *full =
        arena_format(resolver->arena, "%.*s::%.*s", BYTES_PRINTF(name_space), BYTES_PRINTF(name));
    TRY_MEMORY(full);
    *out = bytes_of_string(full);
    return AMANAT_OK;
}

typedef amanat_result (*declaration_fn)(struct cedar_resolver *resolver,
                                        const struct cedar_namespace *name_space,
                                        const struct cedar_declaration *declaration);

/* Calls `visit` for every declaration of a kind. */
static amanat_result for_each(struct cedar_resolver *resolver, const cedar_namespaces *namespaces,
                              enum cedar_declaration_kind kind, declaration_fn visit)
{
    amanat_result result = AMANAT_OK;
    for (size_t i = 0; i < namespaces->count; i++) {
        const struct cedar_namespace *name_space = namespaces->items[i];
        for (size_t j = 0; j < name_space->declarations.count; j++) {
            if (name_space->declarations.items[j]->kind == kind) {
                GO_ON_AFTER_FAULT(result,
                                  visit(resolver, name_space, name_space->declarations.items[j]));
            }
        }
    }
    return result;
}

/* ---- Declaring ---- */

static amanat_result refuse_again(const struct cedar_resolver *resolver,
                                  const struct cedar_namespace *name_space,
                                  const struct cedar_schema_name *name)
{
    return cedar_resolver_fault(resolver, name_space, name, "`%.*s` is declared twice",
                                BYTES_PRINTF(name->path.length > 0 ? name->path : name->id));
}

static amanat_result declare_entity_type(struct cedar_resolver *resolver,
                                         const struct cedar_namespace *name_space,
                                         const struct cedar_declaration *declaration,
                                         const struct cedar_schema_name *name)
{
    struct bytes full;
    if (bytes_equal_string(name->path, "Action")) {
        return cedar_resolver_fault(resolver, name_space, name,
                                    "an entity type cannot be called `Action`");
    }
    TRY(cedar_resolver_full_name(resolver, name_space->name, name->path, &full));
    if (map_get(&resolver->schema->entity_types_by_name, full) != NULL) {
        return refuse_again(resolver, name_space, name);
    }
    struct cedar_entity_type *type = ARENA_NEW(resolver->arena, struct cedar_entity_type);
    TRY_MEMORY(type);
    type->name = full;
    type->is_enum = declaration->is_enum;
    type->annotations = declaration->annotations;
    type->annotation_count = declaration->annotation_count;
    type->source = name_space->source;
    type->line = name->line;
    type->column = name->column;
    struct cedar_entity_type **place =
        VECTOR_PUSH(resolver->arena, &resolver->schema->entity_types);
    TRY_MEMORY(place);
    *place = type;
    return map_put(resolver->arena, &resolver->schema->entity_types_by_name, full, type);
}

static amanat_result declare_entities(struct cedar_resolver *resolver,
                                      const struct cedar_namespace *name_space,
                                      const struct cedar_declaration *declaration)
{
    amanat_result result = AMANAT_OK;
    for (size_t i = 0; i < declaration->names.count; i++) {
        GO_ON_AFTER_FAULT(result, declare_entity_type(resolver, name_space, declaration,
                                                      &declaration->names.items[i]));
    }
    return result;
}

static bool is_reserved_type_name(struct bytes name)
{
    static const char *const reserved[] = {"Bool", "Boolean", "Entity", "Extension",
                                           "Long", "Record",  "Set",    "String"};
    for (size_t i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++) {
        if (bytes_equal_string(name, reserved[i])) {
            return true;
        }
    }
    return false;
}

static amanat_result declare_common_type(struct cedar_resolver *resolver,
                                         const struct cedar_namespace *name_space,
                                         const struct cedar_declaration *declaration)
{
    const struct cedar_schema_name *name = &declaration->names.items[0];
    struct bytes full;
    if (is_reserved_type_name(name->path)) {
        return cedar_resolver_fault(resolver, name_space, name,
                                    "`%.*s` is reserved and cannot name a type",
                                    BYTES_PRINTF(name->path));
    }
    TRY(cedar_resolver_full_name(resolver, name_space->name, name->path, &full));
    if (map_get(&resolver->schema->common_types, full) != NULL) {
        return refuse_again(resolver, name_space, name);
    }
    struct cedar_common_type *common = ARENA_NEW(resolver->arena, struct cedar_common_type);
    TRY_MEMORY(common);
    common->name_space = name_space;
    common->declaration = declaration;
    return map_put(resolver->arena, &resolver->schema->common_types, full, common);
}

static amanat_result declare_action(struct cedar_resolver *resolver,
                                    const struct cedar_namespace *name_space,
                                    const struct cedar_declaration *declaration,
                                    const struct cedar_schema_name *name)
{
    struct cedar_schema *schema = resolver->schema;
    struct cedar_entity_uid uid = {.id = name->id};
    TRY(cedar_resolver_full_name(resolver, name_space->name, BYTES("Action"), &uid.type));
    if (cedar_uid_map_get(&schema->actions_by_uid, &uid) != NULL) {
        return refuse_again(resolver, name_space, name);
    }
    struct cedar_action *action = ARENA_NEW(resolver->arena, struct cedar_action);
    TRY_MEMORY(action);
    action->uid = uid;
    action->applies = declaration->applies;
    action->annotations = declaration->annotations;
    action->annotation_count = declaration->annotation_count;
    action->source = name_space->source;
    action->line = name->line;
    action->column = name->column;
    struct cedar_action **place = VECTOR_PUSH(resolver->arena, &schema->actions);
    TRY_MEMORY(place);
    *place = action;
    TRY(map_put(resolver->arena, &schema->action_types, uid.type, schema));
    return cedar_uid_map_put(resolver->arena, &schema->actions_by_uid, &action->uid, action);
}

static amanat_result declare_actions(struct cedar_resolver *resolver,
                                     const struct cedar_namespace *name_space,
                                     const struct cedar_declaration *declaration)
{
    amanat_result result = AMANAT_OK;
    for (size_t i = 0; i < declaration->names.count; i++) {
        GO_ON_AFTER_FAULT(result, declare_action(resolver, name_space, declaration,
                                                 &declaration->names.items[i]));
    }
    return result;
}

/* A name in a name space must not hide one of the empty name space. */
static amanat_result check_shadows(struct cedar_resolver *resolver,
                                   const struct cedar_namespace *name_space,
                                   const struct cedar_declaration *declaration)
{
    amanat_result result = AMANAT_OK;
    if (name_space->name.length == 0) {
        return AMANAT_OK;
    }
    for (size_t i = 0; i < declaration->names.count; i++) {
        const struct cedar_schema_name *name = &declaration->names.items[i];
        const struct cedar_entity_uid action = {BYTES("Action"), name->id};
        const bool hides =
            declaration->kind == CEDAR_DECLARATION_ACTION
                ? cedar_uid_map_get(&resolver->schema->actions_by_uid, &action) != NULL
                : map_get(&resolver->schema->common_types, name->path) != NULL ||
                      map_get(&resolver->schema->entity_types_by_name, name->path) != NULL;
        if (hides) {
            result = cedar_resolver_fault(
                resolver, name_space, name, "`%.*s` hides what has this name outside name spaces",
                BYTES_PRINTF(name->path.length > 0 ? name->path : name->id));
        }
    }
    return result;
}

/* ---- Looking up ---- */

/* The entity type that a name in a name space means. */
static amanat_result find_entity_type(const struct cedar_resolver *resolver,
                                      const struct cedar_namespace *name_space,
                                      const struct cedar_schema_name *name,
                                      struct cedar_entity_type **out)
{
    struct cedar_entity_type *type = NULL;
    if (bytes_find(name->path, ':') == name->path.length) {
        struct bytes full;
        TRY(cedar_resolver_full_name(resolver, name_space->name, name->path, &full));
        type = map_get(&resolver->schema->entity_types_by_name, full);
    }
    if (type == NULL) {
        type = map_get(&resolver->schema->entity_types_by_name, name->path);
    }
    if (type == NULL) {
        char hint[SIMILAR_HINT_SIZE];
        return cedar_resolver_fault(
            resolver, name_space, name, "there is no entity type `%.*s`%s",
            BYTES_PRINTF(name->path),
            cedar_schema_entity_type_hint(resolver->schema, name->path, hint));
    }
    *out = type;
    return AMANAT_OK;
}

static int compare_names_for_sort(const void *a, const void *b)
{
    return bytes_compare(*(const struct bytes *)a, *(const struct bytes *)b);
}

static size_t sort_names(struct bytes *names, size_t count)
{
    size_t kept = 0;
    if (count > 0) {
        qsort(names, count, sizeof(*names), compare_names_for_sort);
    }
    for (size_t i = 0; i < count; i++) {
        if (kept == 0 || !bytes_equal(names[kept - 1], names[i])) {
            names[kept++] = names[i];
        }
    }
    return kept;
}

/* Entity types by name, sorted, none twice. */
static amanat_result resolve_entity_types(const struct cedar_resolver *resolver,
                                          const struct cedar_namespace *name_space,
                                          const cedar_schema_names *names, const struct bytes **out,
                                          size_t *out_count)
{
    amanat_result result = AMANAT_OK;
    size_t count = 0;
    struct bytes *types = arena_allocate_array(resolver->arena, names->count, sizeof(*types));
    TRY_MEMORY(types);
    for (size_t i = 0; i < names->count; i++) {
        struct cedar_entity_type *type = NULL;
        GO_ON_AFTER_FAULT(result, find_entity_type(resolver, name_space, &names->items[i], &type));
        if (type != NULL) {
            types[count++] = type->name;
        }
    }
    *out = types;
    *out_count = sort_names(types, count);
    return result;
}

static const struct cedar_type empty_record = {.kind = CEDAR_VALUE_RECORD};

/* A type that must be a record; `what` is said of others. */
static amanat_result resolve_record(const struct cedar_resolver *resolver,
                                    const struct cedar_namespace *name_space,
                                    const struct cedar_type_expression *expression,
                                    const char *what, const struct cedar_type **out)
{
    const struct cedar_type *type = NULL;
    TRY(cedar_resolver_type(resolver, name_space, expression, &type));
    if (type->kind != CEDAR_VALUE_RECORD) {
        return cedar_resolver_fault(resolver, name_space, &expression->name, "%s must be a record",
                                    what);
    }
    *out = type;
    return AMANAT_OK;
}

/* All entity types of one declaration share what it says. Their parents stand in `ancestors` for
 * now. */
static amanat_result resolve_entities(struct cedar_resolver *resolver,
                                      const struct cedar_namespace *name_space,
                                      const struct cedar_declaration *declaration)
{
    struct cedar_entity_type common = {.shape = &empty_record};
    amanat_result result = AMANAT_OK;
    if (declaration->type != NULL) {
        GO_ON_AFTER_FAULT(result,
                          resolve_record(resolver, name_space, declaration->type,
                                         "the attributes of an entity type", &common.shape));
    }
    if (declaration->tags != NULL) {
        GO_ON_AFTER_FAULT(
            result, cedar_resolver_type(resolver, name_space, declaration->tags, &common.tags));
    }
    GO_ON_AFTER_FAULT(result, resolve_entity_types(resolver, name_space, &declaration->parents,
                                                   &common.ancestors, &common.ancestor_count));
    const size_t id_count = declaration->enum_ids.count;
    struct bytes *ids = arena_allocate_array(resolver->arena, id_count, sizeof(*ids));
    TRY_MEMORY(ids);
    for (size_t i = 0; i < id_count; i++) {
        ids[i] = declaration->enum_ids.items[i];
    }
    common.enum_ids = ids;
    common.enum_id_count = sort_names(ids, id_count);
    for (size_t i = 0; i < declaration->names.count; i++) {
        struct cedar_entity_type *type = NULL;
        GO_ON_AFTER_FAULT(
            result, find_entity_type(resolver, name_space, &declaration->names.items[i], &type));
        if (type != NULL) {
            type->shape = common.shape;
            type->tags = common.tags;
            type->ancestors = common.ancestors;
            type->ancestor_count = common.ancestor_count;
            type->enum_ids = common.enum_ids;
            type->enum_id_count = common.enum_id_count;
        }
    }
    return result;
}

/* A common type that nobody uses must be right, too. */
static amanat_result resolve_common_type(struct cedar_resolver *resolver,
                                         const struct cedar_namespace *name_space,
                                         const struct cedar_declaration *declaration)
{
    const struct cedar_type_expression name = {.name = declaration->names.items[0]};
    const struct cedar_type *type = NULL;
    return cedar_resolver_type(resolver, name_space, &name, &type);
}

static amanat_result resolve_parent_action(const struct cedar_resolver *resolver,
                                           const struct cedar_namespace *name_space,
                                           const struct cedar_schema_name *name,
                                           struct cedar_entity_uid *out)
{
    struct cedar_entity_uid uid = {name->path, name->id};
    const bool is_qualified = bytes_find(name->path, ':') < name->path.length;
    if (!is_qualified) {
        const struct bytes type = name->path.length == 0 ? BYTES("Action") : name->path;
        TRY(cedar_resolver_full_name(resolver, name_space->name, type, &uid.type));
        if (cedar_uid_map_get(&resolver->schema->actions_by_uid, &uid) == NULL) {
            uid.type = type;
        }
    }
    const struct cedar_action *action = cedar_uid_map_get(&resolver->schema->actions_by_uid, &uid);
    if (action == NULL) {
        struct similar similar;
        char hint[SIMILAR_HINT_SIZE];
        similar_begin(&similar, name->id);
        for (size_t i = 0; i < resolver->schema->actions.count; i++) {
            similar_offer(&similar, resolver->schema->actions.items[i]->uid.id);
        }
        return cedar_resolver_fault(resolver, name_space, name, "there is no action `%.*s`%s",
                                    BYTES_PRINTF(name->id), similar_hint_of(&similar, hint));
    }
    *out = action->uid;
    return AMANAT_OK;
}

static amanat_result resolve_parent_actions(const struct cedar_resolver *resolver,
                                            const struct cedar_namespace *name_space,
                                            const cedar_schema_names *names,
                                            struct cedar_action *common)
{
    amanat_result result = AMANAT_OK;
    struct cedar_entity_uid *parents =
        arena_allocate_array(resolver->arena, names->count, sizeof(*parents));
    TRY_MEMORY(parents);
    for (size_t i = 0; i < names->count; i++) {
        GO_ON_AFTER_FAULT(
            result, resolve_parent_action(resolver, name_space, &names->items[i], &parents[i]));
    }
    common->parents = parents;
    common->parent_count = amanat_is_ok(result) ? names->count : 0;
    return result;
}

static amanat_result resolve_actions(struct cedar_resolver *resolver,
                                     const struct cedar_namespace *name_space,
                                     const struct cedar_declaration *declaration)
{
    struct cedar_action common = {.context = &empty_record};
    amanat_result result = AMANAT_OK;
    if (declaration->context != NULL) {
        GO_ON_AFTER_FAULT(result, resolve_record(resolver, name_space, declaration->context,
                                                 "a context", &common.context));
    }
    GO_ON_AFTER_FAULT(result,
                      resolve_entity_types(resolver, name_space, &declaration->principals,
                                           &common.principal_types, &common.principal_type_count));
    GO_ON_AFTER_FAULT(result,
                      resolve_entity_types(resolver, name_space, &declaration->resources,
                                           &common.resource_types, &common.resource_type_count));
    GO_ON_AFTER_FAULT(result,
                      resolve_parent_actions(resolver, name_space, &declaration->parents, &common));
    struct cedar_entity_uid uid = {0};
    TRY(cedar_resolver_full_name(resolver, name_space->name, BYTES("Action"), &uid.type));
    for (size_t i = 0; i < declaration->names.count; i++) {
        uid.id = declaration->names.items[i].id;
        struct cedar_action *action = cedar_uid_map_get(&resolver->schema->actions_by_uid, &uid);
        ASSERT(action != NULL);
        action->context = common.context;
        action->principal_types = common.principal_types;
        action->principal_type_count = common.principal_type_count;
        action->resource_types = common.resource_types;
        action->resource_type_count = common.resource_type_count;
        action->parents = common.parents;
        action->parent_count = common.parent_count;
    }
    return result;
}

/* ---- All of it ---- */

struct resolve_step {
    enum cedar_declaration_kind kind;
    declaration_fn visit;
};

/* Takes all steps, also after one that found faults. */
static amanat_result take_steps(struct cedar_resolver *resolver, const cedar_namespaces *namespaces,
                                const struct resolve_step *steps, size_t count)
{
    amanat_result result = AMANAT_OK;
    for (size_t i = 0; i < count; i++) {
        GO_ON_AFTER_FAULT(result, for_each(resolver, namespaces, steps[i].kind, steps[i].visit));
    }
    return result;
}

amanat_result cedar_schema_resolve(struct arena *arena, const cedar_namespaces *namespaces,
                                   struct amanat_diagnostics *diagnostics,
                                   const struct cedar_schema **out)
{
    static const struct resolve_step declaring[] = {
        {CEDAR_DECLARATION_ENTITY, declare_entities}, {CEDAR_DECLARATION_TYPE, declare_common_type},
        {CEDAR_DECLARATION_ACTION, declare_actions},  {CEDAR_DECLARATION_ENTITY, check_shadows},
        {CEDAR_DECLARATION_TYPE, check_shadows},      {CEDAR_DECLARATION_ACTION, check_shadows},
    };
    static const struct resolve_step looking_up[] = {
        {CEDAR_DECLARATION_TYPE, resolve_common_type},
        {CEDAR_DECLARATION_ENTITY, resolve_entities},
        {CEDAR_DECLARATION_ACTION, resolve_actions},
    };
    struct cedar_schema *schema = ARENA_NEW(arena, struct cedar_schema);
    TRY_MEMORY(schema);
    struct cedar_resolver resolver = {.arena = arena, .diagnostics = diagnostics, .schema = schema};
    /* What is declared twice would be looked up wrongly: those faults end it here. */
    TRY(take_steps(&resolver, namespaces, declaring, sizeof(declaring) / sizeof(declaring[0])));
    TRY(take_steps(&resolver, namespaces, looking_up, sizeof(looking_up) / sizeof(looking_up[0])));
    TRY(cedar_schema_close(&resolver));
    schema->namespaces.items = namespaces->items;
    schema->namespaces.count = namespaces->count;
    *out = schema;
    return AMANAT_OK;
}
