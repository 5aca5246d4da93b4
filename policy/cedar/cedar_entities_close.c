/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Closes a store of entities: computes the ancestors of each, once for all decisions. The walk goes
 * from an entity over its parents; who comes back to where it was has found a cycle. The ancestors
 * of an entity are its parents and theirs, sorted lists that are merged two by two, so that what
 * many paths lead to is not sorted again for each of them.
 */
#include "policy/base/guard.h"
#include "policy/cedar/cedar_entities.h"

/* ---- Ancestors ---- */

struct ancestor {
    const struct cedar_entity_uid *uid;
    uint64_t hash;
};

/* Lists of ancestors one behind the other, each sorted and none twice in it. */
struct runs {
    struct ancestor *items;
    size_t count;
    size_t *ends;
    size_t end_count;
};

/* Makes room for what one entity needs at most; `room` is what it has. */
static amanat_result empty_runs(struct arena *arena, struct runs *runs, size_t most, size_t room)
{
    if (most > room) {
        runs->items = arena_allocate_array(arena, most, sizeof(*runs->items));
        runs->ends = arena_allocate_array(arena, most, sizeof(*runs->ends));
        TRY_MEMORY(runs->items);
        TRY_MEMORY(runs->ends);
    }
    runs->count = 0;
    runs->end_count = 0;
    return AMANAT_OK;
}

static void end_run(struct runs *runs)
{
    runs->ends[runs->end_count++] = runs->count;
}

/* Where entities have ancestors in common, those are most often the very same. */
static int compare_ancestors(const struct ancestor *a, const struct ancestor *b)
{
    return a->uid == b->uid ? 0 : cedar_entity_uid_compare(a->uid, b->uid);
}

static void merge_two(const struct ancestor *a, size_t a_count, const struct ancestor *b,
                      size_t b_count, struct runs *out)
{
    size_t i = 0;
    size_t j = 0;
    while (i < a_count && j < b_count) {
        const int order = compare_ancestors(&a[i], &b[j]);
        out->items[out->count++] = order <= 0 ? a[i] : b[j];
        i += order <= 0 ? 1 : 0;
        j += order >= 0 ? 1 : 0;
    }
    for (; i < a_count; i++) {
        out->items[out->count++] = a[i];
    }
    for (; j < b_count; j++) {
        out->items[out->count++] = b[j];
    }
    end_run(out);
}

/* Each two neighbours become one; of an odd number the last is taken as it is. */
static void merge_neighbours(const struct runs *from, struct runs *to)
{
    size_t start = 0;
    to->count = 0;
    to->end_count = 0;
    for (size_t i = 0; i < from->end_count; i += 2) {
        const size_t middle = from->ends[i];
        const size_t end = i + 1 < from->end_count ? from->ends[i + 1] : middle;
        merge_two(from->items + start, middle - start, from->items + middle, end - middle, to);
        start = end;
    }
}

/*
 * A step of the walk over parents: depth first, with a stack of its own, since chains may be long.
 */
struct step {
    struct cedar_entity *entity;
    size_t next_parent;
};
typedef VECTOR(struct step) steps;

/* Stack and lists are used again for each entity. */
struct closing {
    const struct cedar_entities *entities;
    steps stack;
    struct runs runs;
    struct runs merged;
    size_t room; /* of both */
};

static amanat_result keep_ancestors(struct arena *arena, const struct runs *runs,
                                    struct cedar_entity *entity)
{
    const size_t count = runs->count;
    const struct cedar_entity_uid **uids = arena_allocate_array(arena, count, sizeof(*uids));
    uint64_t *hashes = arena_allocate_array(arena, count, sizeof(*hashes));
    TRY_MEMORY(uids);
    TRY_MEMORY(hashes);
    for (size_t i = 0; i < count; i++) {
        uids[i] = runs->items[i].uid;
        hashes[i] = runs->items[i].hash;
    }
    entity->ancestors = uids;
    entity->ancestor_hashes = hashes;
    entity->ancestor_count = count;
    return AMANAT_OK;
}

static amanat_result make_room(struct closing *closing, const struct cedar_entity *entity)
{
    struct arena *arena = closing->entities->arena;
    size_t most = entity->parent_count + 1;
    for (size_t i = 0; i < entity->parent_count; i++) {
        const struct cedar_entity *parent =
            cedar_entities_find(closing->entities, &entity->parents[i]);
        most += parent == NULL ? 0 : parent->ancestor_count;
    }
    most = most > closing->room ? 2 * most : closing->room;
    TRY(empty_runs(arena, &closing->runs, most, closing->room));
    TRY(empty_runs(arena, &closing->merged, most, closing->room));
    closing->room = most;
    return AMANAT_OK;
}

/* The parents, sorted as they are, and behind them the ancestors of each. */
static void gather_ancestors(struct closing *closing, const struct cedar_entity *entity)
{
    struct runs *runs = &closing->runs;
    for (size_t i = 0; i < entity->parent_count; i++) {
        const struct cedar_entity_uid *uid = &entity->parents[i];
        runs->items[runs->count++] = (struct ancestor){uid, cedar_uid_hash(uid)};
    }
    end_run(runs);
    for (size_t i = 0; i < entity->parent_count; i++) {
        struct ancestor *own = &runs->items[i];
        const struct cedar_entity *parent =
            cedar_entities_find_hashed(closing->entities, own->uid, own->hash);
        own->uid = parent == NULL ? own->uid : &parent->uid;
        if (parent == NULL || parent->ancestor_count == 0) {
            continue;
        }
        for (size_t j = 0; j < parent->ancestor_count; j++) {
            runs->items[runs->count++] =
                (struct ancestor){parent->ancestors[j], parent->ancestor_hashes[j]};
        }
        end_run(runs);
    }
}

/* The ancestors of an entity whose parents have theirs: the parents and their ancestors. */
static amanat_result collect_ancestors(struct closing *closing, struct cedar_entity *entity)
{
    if (entity->parent_count == 0) {
        return AMANAT_OK;
    }
    TRY(make_room(closing, entity));
    gather_ancestors(closing, entity);
    while (closing->runs.end_count > 1) {
        const struct runs gathered = closing->runs;
        merge_neighbours(&gathered, &closing->merged);
        closing->runs = closing->merged;
        closing->merged = gathered;
    }
    return keep_ancestors(closing->entities->arena, &closing->runs, entity);
}

/* ---- The walk ---- */

static amanat_result refuse_cycle(const struct cedar_entity *entity,
                                  struct amanat_diagnostics *diagnostics)
{
    amanat_diagnostics_add(diagnostics, AMANAT_SEVERITY_ERROR, "cycle", entity->source,
                           entity->line, entity->column,
                           "the entity `%.*s::\"%.*s\"` is its own ancestor",
                           BYTES_PRINTF(entity->uid.type), BYTES_PRINTF(entity->uid.id));
    return amanat_result_of(AMANAT_STATUS_CONFIG_FAULT);
}

static amanat_result push_step(struct closing *closing, struct cedar_entity *entity)
{
    struct step *step = VECTOR_PUSH(closing->entities->arena, &closing->stack);
    TRY_MEMORY(step);
    step->entity = entity;
    entity->is_being_closed = true;
    return AMANAT_OK;
}

static amanat_result close_entity(struct closing *closing, struct cedar_entity *start,
                                  struct amanat_diagnostics *diagnostics)
{
    TRY(push_step(closing, start));
    while (closing->stack.count > 0) {
        struct step *step = &closing->stack.items[closing->stack.count - 1];
        struct cedar_entity *entity = step->entity;
        if (step->next_parent < entity->parent_count) {
            struct cedar_entity *parent =
                cedar_entities_find_own(closing->entities, &entity->parents[step->next_parent++]);
            if (parent == NULL || parent->is_closed) {
                continue;
            }
            if (parent->is_being_closed) {
                return refuse_cycle(parent, diagnostics);
            }
            TRY(push_step(closing, parent));
            continue;
        }
        TRY(collect_ancestors(closing, entity));
        entity->is_closed = true;
        closing->stack.count--;
        if (cedar_entity_has_ancestor(entity, &entity->uid)) {
            return refuse_cycle(entity, diagnostics);
        }
    }
    return AMANAT_OK;
}

static bool type_may_be_in(const struct cedar_entity_type *type, struct bytes ancestor)
{
    for (size_t i = 0; i < type->ancestor_count; i++) {
        if (bytes_equal(type->ancestors[i], ancestor)) {
            return true;
        }
    }
    return false;
}

static amanat_result check_ancestor_types(const struct cedar_entity *entity,
                                          const struct cedar_schema *schema,
                                          struct amanat_diagnostics *diagnostics)
{
    const struct cedar_entity_type *type = cedar_schema_entity_type(schema, entity->uid.type);
    for (size_t i = 0; type != NULL && i < entity->ancestor_count; i++) {
        if (!type_may_be_in(type, entity->ancestors[i]->type)) {
            amanat_diagnostics_add(
                diagnostics, AMANAT_SEVERITY_ERROR, "conformance", entity->source, entity->line,
                entity->column, "an entity of type `%.*s` cannot be in one of type `%.*s`",
                BYTES_PRINTF(entity->uid.type), BYTES_PRINTF(entity->ancestors[i]->type));
            return amanat_result_of(AMANAT_STATUS_CONFIG_FAULT);
        }
    }
    return AMANAT_OK;
}

amanat_result cedar_entities_close(struct cedar_entities *entities,
                                   const struct cedar_schema *schema,
                                   struct amanat_diagnostics *diagnostics)
{
    ASSERT(!entities->is_closed);
    struct closing closing = {.entities = entities};
    for (size_t i = 0; i < entities->items.count; i++) {
        struct cedar_entity *entity = entities->items.items[i];
        if (!entity->is_closed) {
            TRY(close_entity(&closing, entity, diagnostics));
        }
    }
    amanat_result result = AMANAT_OK;
    for (size_t i = 0; schema != NULL && i < entities->items.count; i++) {
        const amanat_result checked =
            check_ancestor_types(entities->items.items[i], schema, diagnostics);
        result = amanat_is_ok(checked) ? result : checked;
    }
    entities->is_closed = amanat_is_ok(result);
    return result;
}
