/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store of entities: a map from uids over a list, perhaps with a base below it. Once it is
 * closed (cedar_entities_close.c), each entity knows its ancestors, and `in` is a search in a
 * sorted list.
 */
#include "policy/cedar/cedar_entities.h"

#include <stdlib.h>

#include "policy/base/guard.h"
#include "policy/base/sorted.h"

static const struct cedar_value empty_record = {.kind = CEDAR_VALUE_RECORD, .depth = 1};

struct cedar_entities *cedar_entities_new(struct arena *arena, const struct cedar_entities *base)
{
    ASSERT(base == NULL || base->is_closed);
    struct cedar_entities *entities = ARENA_NEW(arena, struct cedar_entities);
    if (entities != NULL) {
        entities->arena = arena;
        entities->base = base;
    }
    return entities;
}

/* An overlay of one access has one or two entities: to compare them takes less than to hash the
 * uid. */
#define FEW_ENTITIES 4

struct cedar_entity *cedar_entities_find_own(const struct cedar_entities *entities,
                                             const struct cedar_entity_uid *uid)
{
    if (entities->items.count > FEW_ENTITIES) {
        return cedar_uid_map_get(&entities->by_uid, uid);
    }
    for (size_t i = 0; i < entities->items.count; i++) {
        if (cedar_entity_uid_equal(&entities->items.items[i]->uid, uid)) {
            return entities->items.items[i];
        }
    }
    return NULL;
}

const struct cedar_entity *cedar_entities_find_hashed(const struct cedar_entities *entities,
                                                      const struct cedar_entity_uid *uid,
                                                      uint64_t hash)
{
    for (; entities != NULL; entities = entities->base) {
        const struct cedar_entity *entity =
            entities->items.count > FEW_ENTITIES
                ? cedar_uid_map_get_hashed(&entities->by_uid, uid, hash)
                : cedar_entities_find_own(entities, uid);
        if (entity != NULL) {
            return entity;
        }
    }
    return NULL;
}

const struct cedar_entity *cedar_entities_find(const struct cedar_entities *entities,
                                               const struct cedar_entity_uid *uid)
{
    return cedar_entities_find_hashed(entities, uid, cedar_uid_hash(uid));
}

/* ---- Adding ---- */

static int compare_uids_for_sort(const void *a, const void *b)
{
    return cedar_entity_uid_compare(a, b);
}

/* A sorted copy without duplicates, so that equal entities have equal lists. */
static amanat_result copy_parents(struct arena *arena, const struct cedar_entity_parts *parts,
                                  struct cedar_entity *entity)
{
    if (parts->parent_count == 0) {
        return AMANAT_OK;
    }
    struct cedar_entity_uid *parents =
        arena_allocate_array(arena, parts->parent_count, sizeof(*parents));
    TRY_MEMORY(parents);
    memcpy(parents, parts->parents, parts->parent_count * sizeof(*parents));
    qsort(parents, parts->parent_count, sizeof(*parents), compare_uids_for_sort);
    size_t kept = 1;
    for (size_t i = 1; i < parts->parent_count; i++) {
        if (!cedar_entity_uid_equal(&parents[kept - 1], &parents[i])) {
            parents[kept++] = parents[i];
        }
    }
    entity->parents = parents;
    entity->parent_count = kept;
    return AMANAT_OK;
}

static bool are_equal(const struct cedar_entity *a, const struct cedar_entity *b)
{
    if (a->parent_count != b->parent_count || !cedar_value_equal(&a->attributes, &b->attributes) ||
        !cedar_value_equal(&a->tags, &b->tags)) {
        return false;
    }
    for (size_t i = 0; i < a->parent_count; i++) {
        if (!cedar_entity_uid_equal(&a->parents[i], &b->parents[i])) {
            return false;
        }
    }
    return true;
}

static amanat_result insert(struct cedar_entities *entities, struct cedar_entity *entity)
{
    struct cedar_entity **place = VECTOR_PUSH(entities->arena, &entities->items);
    TRY_MEMORY(place);
    *place = entity;
    return cedar_uid_map_put(entities->arena, &entities->by_uid, &entity->uid, entity);
}

amanat_result cedar_entities_add_at(struct cedar_entities *entities,
                                    const struct cedar_entity_parts *parts,
                                    const struct cedar_entity_place *place,
                                    struct amanat_diagnostics *diagnostics)
{
    ASSERT(!entities->is_closed);
    struct cedar_entity *entity = ARENA_NEW(entities->arena, struct cedar_entity);
    TRY_MEMORY(entity);
    entity->uid = parts->uid;
    entity->attributes =
        parts->attributes.kind == CEDAR_VALUE_RECORD ? parts->attributes : empty_record;
    entity->tags = parts->tags.kind == CEDAR_VALUE_RECORD ? parts->tags : empty_record;
    entity->source = place->source;
    entity->line = place->line;
    entity->column = place->column;
    TRY(copy_parents(entities->arena, parts, entity));
    const struct cedar_entity *earlier = cedar_entities_find_own(entities, &entity->uid);
    if (earlier == NULL) {
        return insert(entities, entity);
    }
    if (are_equal(earlier, entity)) {
        return AMANAT_OK;
    }
    amanat_diagnostics_add(diagnostics, AMANAT_SEVERITY_ERROR, "duplicate-entity", place->source,
                           place->line, place->column,
                           "the entity `%.*s::\"%.*s\"` stands twice with different contents, "
                           "first at %s:%u",
                           BYTES_PRINTF(entity->uid.type), BYTES_PRINTF(entity->uid.id),
                           earlier->source, earlier->line);
    return amanat_result_of(AMANAT_STATUS_CONFIG_FAULT);
}

amanat_result cedar_entities_add(struct cedar_entities *entities,
                                 const struct cedar_entity_parts *parts)
{
    const struct cedar_entity_place nowhere = {.source = ""};
    return cedar_entities_add_at(entities, parts, &nowhere, NULL);
}

amanat_result cedar_entities_add_actions(struct cedar_entities *entities,
                                         const struct cedar_schema *schema)
{
    for (size_t i = 0; i < cedar_schema_action_count(schema); i++) {
        const struct cedar_action *action = cedar_schema_action_at(schema, i);
        const struct cedar_entity_parts parts = {
            .uid = action->uid, .parents = action->parents, .parent_count = action->parent_count};
        const struct cedar_entity_place place = {action->source, action->line, action->column};
        TRY(cedar_entities_add_at(entities, &parts, &place, NULL));
    }
    return AMANAT_OK;
}

/* ---- Asking ---- */

static int compare_uid_pointers(const void *a, const void *b)
{
    return cedar_entity_uid_compare(*(const struct cedar_entity_uid *const *)a,
                                    *(const struct cedar_entity_uid *const *)b);
}

/* Most entities have few ancestors: to compare them takes less than to search. */
#define FEW_ANCESTORS 8

bool cedar_entity_has_ancestor(const struct cedar_entity *entity,
                               const struct cedar_entity_uid *uid)
{
    for (size_t i = 0; i < entity->ancestor_count && entity->ancestor_count <= FEW_ANCESTORS; i++) {
        if (cedar_entity_uid_equal(entity->ancestors[i], uid)) {
            return true;
        }
    }
    return entity->ancestor_count > FEW_ANCESTORS &&
           sorted_find(&uid, entity->ancestors, entity->ancestor_count, sizeof(*entity->ancestors),
                       compare_uid_pointers) != NULL;
}

bool cedar_entities_is_in(const struct cedar_entities *entities,
                          const struct cedar_entity_uid *descendant,
                          const struct cedar_entity_uid *ancestor)
{
    if (cedar_entity_uid_equal(descendant, ancestor)) {
        return true;
    }
    const struct cedar_entity *entity = cedar_entities_find(entities, descendant);
    return entity != NULL && cedar_entity_has_ancestor(entity, ancestor);
}

size_t cedar_entities_count(const struct cedar_entities *entities)
{
    return entities->items.count;
}

const struct cedar_entity *cedar_entities_at(const struct cedar_entities *entities, size_t index)
{
    ASSERT(index < entities->items.count);
    return entities->items.items[index];
}

const struct cedar_entity_uid *cedar_entity_uid(const struct cedar_entity *entity)
{
    return &entity->uid;
}

const struct cedar_value *cedar_entity_attributes(const struct cedar_entity *entity)
{
    return &entity->attributes;
}

const struct cedar_value *cedar_entity_tags(const struct cedar_entity *entity)
{
    return &entity->tags;
}

const struct cedar_entity_uid *cedar_entity_parents(const struct cedar_entity *entity,
                                                    size_t *out_count)
{
    *out_count = entity->parent_count;
    return entity->parents;
}
