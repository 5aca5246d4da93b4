/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Closes the relations `in` of a schema: from direct parents to everything that can be reached over
 * them. Entity types may be in themselves, over a cycle; actions may not.
 */
#include <stdlib.h>

#include "policy/base/guard.h"
#include "policy/cedar/cedar_schema.h"

/* A walk over a million types, and then some. */
#define SCRATCH_LIMIT ((size_t)256 << 20)

typedef VECTOR(struct bytes) names;
typedef VECTOR(struct cedar_entity_uid) uids;

/* What one walk needs is in `scratch`, which is emptied before the next. */
struct closing {
    const struct cedar_resolver *resolver;
    struct arena *scratch;
    struct map parents; /* of entity types: name to names */
};

/* ---- Entity types ---- */

/* The direct parents, kept apart while `ancestors` is being filled with all of them. */
static amanat_result keep_parents(struct closing *closing)
{
    const struct cedar_schema *schema = closing->resolver->schema;
    struct arena *arena = closing->resolver->arena;
    for (size_t i = 0; i < schema->entity_types.count; i++) {
        const struct cedar_entity_type *type = schema->entity_types.items[i];
        names *direct = ARENA_NEW(arena, names);
        TRY_MEMORY(direct);
        for (size_t j = 0; j < type->ancestor_count; j++) {
            struct bytes *place = VECTOR_PUSH(arena, direct);
            TRY_MEMORY(place);
            *place = type->ancestors[j];
        }
        TRY(map_put(arena, &closing->parents, type->name, direct));
    }
    return AMANAT_OK;
}

/* What can be reached from a type over parents; the type itself only if it is on a cycle. */
static amanat_result reach_types(struct closing *closing, const struct cedar_entity_type *from,
                                 names *reached)
{
    struct map seen = {0};
    const struct cedar_entity_type *type = from;
    for (size_t next = 0; type != NULL;) {
        const names *direct = map_get(&closing->parents, type->name);
        for (size_t i = 0; i < direct->count; i++) {
            if (map_get(&seen, direct->items[i]) == NULL) {
                TRY(map_put(closing->scratch, &seen, direct->items[i], closing));
                struct bytes *place = VECTOR_PUSH(closing->scratch, reached);
                TRY_MEMORY(place);
                *place = direct->items[i];
            }
        }
        type = next == reached->count ? NULL
                                      : map_get(&closing->resolver->schema->entity_types_by_name,
                                                reached->items[next++]);
    }
    return AMANAT_OK;
}

static int compare_names_for_sort(const void *a, const void *b)
{
    return bytes_compare(*(const struct bytes *)a, *(const struct bytes *)b);
}

static amanat_result close_entity_type(struct closing *closing, struct cedar_entity_type *type)
{
    names reached = {0};
    TRY(reach_types(closing, type, &reached));
    struct bytes *ancestors =
        arena_allocate_array(closing->resolver->arena, reached.count, sizeof(*ancestors));
    TRY_MEMORY(ancestors);
    if (reached.count > 0) {
        memcpy(ancestors, reached.items, reached.count * sizeof(*ancestors));
        qsort(ancestors, reached.count, sizeof(*ancestors), compare_names_for_sort);
    }
    type->ancestors = ancestors;
    type->ancestor_count = reached.count;
    return AMANAT_OK;
}

/* ---- Actions ---- */

static amanat_result reach_actions(struct closing *closing, const struct cedar_action *from,
                                   uids *reached)
{
    struct cedar_uid_map seen = {0};
    const struct cedar_action *action = from;
    for (size_t next = 0; action != NULL;) {
        for (size_t i = 0; i < action->parent_count; i++) {
            if (cedar_uid_map_get(&seen, &action->parents[i]) == NULL) {
                TRY(cedar_uid_map_put(closing->scratch, &seen, &action->parents[i], closing));
                struct cedar_entity_uid *place = VECTOR_PUSH(closing->scratch, reached);
                TRY_MEMORY(place);
                *place = action->parents[i];
            }
        }
        action = next == reached->count
                     ? NULL
                     : cedar_uid_map_get(&closing->resolver->schema->actions_by_uid,
                                         &reached->items[next++]);
    }
    return AMANAT_OK;
}

static int compare_uids_for_sort(const void *a, const void *b)
{
    return cedar_entity_uid_compare(a, b);
}

static amanat_result refuse_cycle(const struct cedar_resolver *resolver,
                                  const struct cedar_action *action)
{
    amanat_diagnostics_add(resolver->diagnostics, AMANAT_SEVERITY_ERROR, "schema", action->source,
                           action->line, action->column, "the action `%.*s` is in itself",
                           BYTES_PRINTF(action->uid.id));
    return amanat_result_of(AMANAT_STATUS_CONFIG_FAULT);
}

static amanat_result close_action(struct closing *closing, struct cedar_action *action)
{
    uids reached = {0};
    TRY(reach_actions(closing, action, &reached));
    struct cedar_entity_uid *ancestors =
        arena_allocate_array(closing->resolver->arena, reached.count, sizeof(*ancestors));
    TRY_MEMORY(ancestors);
    bool is_in_itself = false;
    for (size_t i = 0; i < reached.count; i++) {
        ancestors[i] = reached.items[i];
        is_in_itself |= cedar_entity_uid_equal(&ancestors[i], &action->uid);
    }
    if (reached.count > 0) {
        qsort(ancestors, reached.count, sizeof(*ancestors), compare_uids_for_sort);
    }
    action->ancestors = ancestors;
    action->ancestor_count = reached.count;
    return is_in_itself ? refuse_cycle(closing->resolver, action) : AMANAT_OK;
}

/* ---- All of it ---- */

static amanat_result close_all(struct closing *closing)
{
    const struct cedar_schema *schema = closing->resolver->schema;
    amanat_result result = AMANAT_OK;
    TRY(keep_parents(closing));
    for (size_t i = 0; i < schema->entity_types.count; i++) {
        arena_reset(closing->scratch);
        TRY(close_entity_type(closing, schema->entity_types.items[i]));
    }
    for (size_t i = 0; i < schema->actions.count; i++) {
        arena_reset(closing->scratch);
        GO_ON_AFTER_FAULT(result, close_action(closing, schema->actions.items[i]));
    }
    return result;
}

amanat_result cedar_schema_close(const struct cedar_resolver *resolver)
{
    struct closing closing = {.resolver = resolver, .scratch = arena_new(SCRATCH_LIMIT)};
    TRY_MEMORY(closing.scratch);
    const amanat_result result = close_all(&closing);
    arena_free(closing.scratch);
    return result;
}
