/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A scope has three constraints: on action, principal and resource. Each different constraint
 * (`== E`, `in E`, `is T`, `is T in E`, none) has a number, its key. Policies hang at the leaves of
 * a tree of three levels, whose edges are keys: all edges are in one hash table.
 *
 *   root ──in Action::"view"──▶ · ──in Team::"blue"──▶ · ──is Photo──▶ · policies 4, 17
 *
 * A request has, at each level, the keys that it satisfies: none, its entity, its type, and its
 * entity's ancestors, as far as any policy names them. At each node either those are tried or the
 * node's children, whichever are fewer: so the walk never takes more than the tree is large. What
 * is found needs no further test.
 */
#include "policy/cedar/cedar_index.h"

#include <stdlib.h>

#include "policy/base/guard.h"
#include "policy/base/sorted.h"

enum { KEY_NONE = 0, KEY_ANY, KEYS_BUILT_IN };

/* The keys of constraints that name one entity; 0 where no policy has such a constraint. */
struct named_entity {
    uint32_t equal;
    uint32_t in;
    struct map is_in; /* by type, to struct named_type */
};

/* The key of `is TYPE`, by itself or before `in` of one entity. */
struct named_type {
    uint32_t key;
};

/* ---- Filing ---- */

static uint32_t number(struct cedar_index *index, uint32_t *key)
{
    if (*key == KEY_NONE) {
        *key = KEYS_BUILT_IN + index->key_count++;
    }
    return *key;
}

static amanat_result name_entity(struct arena *arena, struct cedar_index *index,
                                 const struct cedar_entity_uid *uid, struct named_entity **out)
{
    *out = cedar_uid_map_get(&index->entities, uid);
    if (*out != NULL) {
        return AMANAT_OK;
    }
    *out = ARENA_NEW(arena, struct named_entity);
    TRY_MEMORY(*out);
    return cedar_uid_map_put(arena, &index->entities, uid, *out);
}

static amanat_result name_type(struct arena *arena, struct map *types, struct bytes type,
                               struct named_type **out)
{
    *out = map_get(types, type);
    if (*out != NULL) {
        return AMANAT_OK;
    }
    *out = ARENA_NEW(arena, struct named_type);
    TRY_MEMORY(*out);
    return map_put(arena, types, type, *out);
}

/* `== E` or `in E`; the uid lives as long as the policy. */
static amanat_result key_of_entity(struct arena *arena, struct cedar_index *index,
                                   enum cedar_scope_kind kind, const struct cedar_entity_uid *uid,
                                   uint32_t *out)
{
    struct named_entity *entity = NULL;
    TRY(name_entity(arena, index, uid, &entity));
    *out = number(index, kind == CEDAR_SCOPE_EQUAL ? &entity->equal : &entity->in);
    return AMANAT_OK;
}

static amanat_result key_of_scope(struct arena *arena, struct cedar_index *index,
                                  const struct cedar_scope *scope, uint32_t *out)
{
    struct named_entity *entity = NULL;
    struct named_type *type = NULL;
    switch (scope->kind) {
    case CEDAR_SCOPE_ANY:
        *out = KEY_ANY;
        return AMANAT_OK;
    case CEDAR_SCOPE_EQUAL:
    case CEDAR_SCOPE_IN:
        return key_of_entity(arena, index, scope->kind, &scope->entity, out);
    case CEDAR_SCOPE_IS:
        TRY(name_type(arena, &index->types, scope->type, &type));
        *out = number(index, &type->key);
        return AMANAT_OK;
    case CEDAR_SCOPE_IS_IN:
        TRY(name_entity(arena, index, &scope->entity, &entity));
        TRY(name_type(arena, &entity->is_in, scope->type, &type));
        *out = number(index, &type->key);
        return AMANAT_OK;
    }
    return amanat_result_of(AMANAT_STATUS_BUG);
}

static size_t first_slot(const struct cedar_index *index, uint32_t parent, uint32_t key)
{
    const uint64_t mixed = ((uint64_t)parent << 32 | key) * 0x9e3779b97f4a7c15u; /* as bytes_hash */
    return (size_t)(mixed ^ mixed >> 32) & (index->slot_count - 1);
}

/* The slot of this edge, or the free one where it would go. */
static struct cedar_index_edge *find_edge(const struct cedar_index *index, uint32_t parent,
                                          uint32_t key)
{
    size_t at = first_slot(index, parent, key);
    while (index->edges[at].key != KEY_NONE &&
           (index->edges[at].key != key || index->edges[at].parent != parent)) {
        at = (at + 1) & (index->slot_count - 1);
    }
    return &index->edges[at];
}

static amanat_result grow_edges(struct arena *arena, struct cedar_index *index)
{
    const struct cedar_index_edge *old = index->edges;
    const size_t old_count = index->slot_count;
    const size_t slot_count = old_count == 0 ? 16 : old_count * 2;
    struct cedar_index_edge *edges = arena_allocate_array(arena, slot_count, sizeof(*edges));
    TRY_MEMORY(edges);
    index->edges = edges;
    index->slot_count = slot_count;
    for (size_t i = 0; i < old_count; i++) {
        if (old[i].key != KEY_NONE) {
            *find_edge(index, old[i].parent, old[i].key) = old[i];
        }
    }
    return AMANAT_OK;
}

static amanat_result add_node(struct arena *arena, struct cedar_index *index, uint32_t *out)
{
    *out = (uint32_t)index->nodes.count;
    TRY_MEMORY(VECTOR_PUSH(arena, &index->nodes));
    return AMANAT_OK;
}

static void adopt(struct cedar_index_node *parent, struct cedar_index_node *child, uint32_t key,
                  uint32_t number_of_child)
{
    child->key = key;
    child->next_sibling = parent->first_child;
    parent->first_child = number_of_child;
    parent->child_count++;
}

/* The node behind an edge, which is made where there is none. */
static amanat_result descend(struct arena *arena, struct cedar_index *index, uint32_t key,
                             uint32_t *node)
{
    if (index->slot_count < 2 * (index->edge_count + 1)) {
        TRY(grow_edges(arena, index));
    }
    struct cedar_index_edge *edge = find_edge(index, *node, key);
    if (edge->key == KEY_NONE) {
        uint32_t child = 0;
        TRY(add_node(arena, index, &child));
        *edge = (struct cedar_index_edge){*node, key, child};
        index->edge_count++;
        adopt(&index->nodes.items[*node], &index->nodes.items[child], key, child);
    }
    *node = edge->child;
    return AMANAT_OK;
}

static amanat_result file(struct arena *arena, struct cedar_index *index, const uint32_t *keys,
                          uint32_t position)
{
    uint32_t node = 0;
    for (size_t level = 0; level < CEDAR_INDEX_LEVELS; level++) {
        TRY(descend(arena, index, keys[level], &node));
    }
    uint32_t *place = VECTOR_PUSH(arena, &index->nodes.items[node].positions);
    TRY_MEMORY(place);
    *place = position;
    return AMANAT_OK;
}

amanat_result cedar_index_add(struct arena *arena, struct cedar_index *index,
                              const struct cedar_policy_scope *scope, uint32_t position)
{
    const struct cedar_action_scope *action = &scope->action;
    uint32_t keys[CEDAR_INDEX_LEVELS] = {KEY_ANY, KEY_ANY, KEY_ANY};
    uint32_t root = 0;
    if (index->nodes.count == 0) {
        TRY(add_node(arena, index, &root));
    }
    TRY(key_of_scope(arena, index, &scope->principal, &keys[CEDAR_INDEX_PRINCIPAL]));
    TRY(key_of_scope(arena, index, &scope->resource, &keys[CEDAR_INDEX_RESOURCE]));
    if (action->kind == CEDAR_SCOPE_ANY) {
        return file(arena, index, keys, position);
    }
    for (size_t i = 0; i < action->count; i++) {
        TRY(key_of_entity(arena, index, action->kind, &action->entities[i],
                          &keys[CEDAR_INDEX_ACTION]));
        TRY(file(arena, index, keys, position));
    }
    return AMANAT_OK;
}

/* ---- Finding ---- */

static int compare_numbers(const void *a, const void *b)
{
    const uint32_t left = *(const uint32_t *)a;
    const uint32_t right = *(const uint32_t *)b;
    return left < right ? -1 : left > right;
}

static void add_key(struct cedar_index_keys *keys, uint32_t key)
{
    if (key != KEY_NONE) {
        keys->items[keys->count++] = key;
    }
}

/* `in E` and `is T in E`, for one E. */
static void add_in(struct cedar_index_keys *keys, const struct named_entity *named,
                   struct bytes type)
{
    add_key(keys, named->in);
    const struct named_type *typed = named->is_in.count == 0 ? NULL : map_get(&named->is_in, type);
    add_key(keys, typed == NULL ? KEY_NONE : typed->key);
}

/* So many may be probed one by one; the sorted keys of more are searched, where that is less. */
#define FEW_KEYS 16

amanat_result cedar_index_keys(const struct cedar_index *index, const struct cedar_entity_uid *uid,
                               const struct cedar_entity *entity, struct arena *arena,
                               struct cedar_index_keys *out)
{
    const size_t ancestor_count = entity == NULL ? 0 : entity->ancestor_count;
    const struct named_type *type = map_get(&index->types, uid->type);
    const struct named_entity *named = cedar_uid_map_get(&index->entities, uid);
    /* any, is; of the entity itself `==`; of it and its ancestors `in` and `is in` */
    *out = (struct cedar_index_keys){
        .items = arena_allocate_array(arena, 3 + 2 * (1 + ancestor_count), sizeof(*out->items))};
    TRY_MEMORY(out->items);
    add_key(out, KEY_ANY);
    add_key(out, type == NULL ? KEY_NONE : type->key);
    if (named != NULL) {
        add_key(out, named->equal);
        add_in(out, named, uid->type);
    }
    for (size_t i = 0; i < ancestor_count; i++) {
        const struct named_entity *ancestor = cedar_uid_map_get_hashed(
            &index->entities, entity->ancestors[i], entity->ancestor_hashes[i]);
        if (ancestor != NULL) {
            add_in(out, ancestor, uid->type);
        }
    }
    if (out->count > FEW_KEYS) {
        qsort(out->items, out->count, sizeof(*out->items), compare_numbers);
    }
    return AMANAT_OK;
}

static amanat_result take_positions(const struct cedar_index *index, uint32_t leaf,
                                    struct arena *arena, struct cedar_candidates *out)
{
    const struct cedar_index_node *node = &index->nodes.items[leaf];
    for (size_t i = 0; i < node->positions.count; i++) {
        uint32_t *place = VECTOR_PUSH(arena, &out->positions);
        TRY_MEMORY(place);
        *place = node->positions.items[i];
    }
    return AMANAT_OK;
}

static amanat_result walk(const struct cedar_index *index, uint32_t node,
                          const struct cedar_index_keys *levels, size_t level_count,
                          struct arena *arena, struct cedar_candidates *out);

/* Over a node's children instead of the keys, of which there are more. */
static amanat_result walk_children(const struct cedar_index *index, uint32_t node,
                                   const struct cedar_index_keys *levels, size_t level_count,
                                   struct arena *arena, struct cedar_candidates *out)
{
    uint32_t child = index->nodes.items[node].first_child;
    for (; child != 0; child = index->nodes.items[child].next_sibling) {
        if (sorted_find(&index->nodes.items[child].key, levels->items, levels->count,
                        sizeof(*levels->items), compare_numbers) != NULL) {
            TRY(walk(index, child, levels + 1, level_count - 1, arena, out));
        }
    }
    return AMANAT_OK;
}

/* Down from `node`, over the levels whose keys are given. */
static amanat_result walk(const struct cedar_index *index, uint32_t node,
                          const struct cedar_index_keys *levels, size_t level_count,
                          struct arena *arena, struct cedar_candidates *out)
{
    if (level_count == 0) {
        return take_positions(index, node, arena, out);
    }
    if (levels->count > FEW_KEYS && index->nodes.items[node].child_count < levels->count) {
        return walk_children(index, node, levels, level_count, arena, out);
    }
    for (size_t i = 0; i < levels->count; i++) {
        const struct cedar_index_edge *edge = find_edge(index, node, levels->items[i]);
        if (edge->key != KEY_NONE) {
            TRY(walk(index, edge->child, levels + 1, level_count - 1, arena, out));
        }
    }
    return AMANAT_OK;
}

#define FEW_POSITIONS 32

static void insert_sorted(uint32_t *items, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        const uint32_t item = items[i];
        size_t at = i;
        for (; at > 0 && items[at - 1] > item; at--) {
            items[at] = items[at - 1];
        }
        items[at] = item;
    }
}

static bool is_ascending(const uint32_t *items, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        if (items[i - 1] >= items[i]) {
            return false;
        }
    }
    return true;
}

/* Ascending, and without those that were found by way of several of their actions. */
static void put_in_order(struct cedar_candidates *candidates)
{
    uint32_t *items = candidates->positions.items;
    const size_t count = candidates->positions.count;
    if (is_ascending(items, count)) {
        return;
    }
    if (count <= FEW_POSITIONS) {
        insert_sorted(items, count);
    } else {
        qsort(items, count, sizeof(*items), compare_numbers);
    }
    size_t kept = 1;
    for (size_t i = 1; i < count; i++) {
        if (items[i] != items[kept - 1]) {
            items[kept++] = items[i];
        }
    }
    candidates->positions.count = kept;
}

amanat_result cedar_index_find(const struct cedar_index *index,
                               const struct cedar_index_keys *levels, struct arena *arena,
                               struct cedar_candidates *out)
{
    *out = (struct cedar_candidates){0};
    if (index->edge_count == 0) {
        return AMANAT_OK;
    }
    TRY(walk(index, 0, levels, CEDAR_INDEX_LEVELS, arena, out));
    put_in_order(out);
    return AMANAT_OK;
}
