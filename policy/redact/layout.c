/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Layouts that are kept lie in chains, one for roots of the same hash, the one used last in front.
 * A chain has an end; when the bytes are used up all of them are let go, which is rare and needs no
 * account of ages.
 */
#include "policy/redact/layout.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "policy/base/guard.h"

#define CHAIN_COUNT ((size_t)64)
/* Plans that differ, of roots of one chain: as many as are searched in the time of making one. */
#define CHAIN_LIMIT ((size_t)64)
/* A layout that takes more of the bytes than this part is not kept. */
#define LARGEST_PART ((size_t)8)

/* What the plan says of a record type, or of what is outside all of them. */
struct terms {
    size_t record; /* CATALOGUE_NONE: outside */
    const struct plan_verdict *verdicts;
    bool asks;
    const bool *reads; /* NULL as in the plan */
};

struct layout {
    atomic_size_t users; /* a chain is one of them */
    struct layout *next; /* in its chain */
    struct arena *arena;
    const struct catalogue_node *node;
    const struct place *root;
    struct terms *terms;
    size_t term_count;
};

struct layouts {
    pthread_mutex_t lock;
    struct layout *chains[CHAIN_COUNT];
    size_t used;
    size_t limit;
};

void layout_give_back(struct layout *layout)
{
    if (layout != NULL && atomic_fetch_sub_explicit(&layout->users, 1, memory_order_acq_rel) == 1) {
        arena_free(layout->arena);
        free(layout);
    }
}

const struct place *layout_root(const struct layout *layout)
{
    return layout->root;
}

/* Lets go of what comes behind `link`. */
static void cut_chain(struct layouts *layouts, struct layout **link)
{
    while (*link != NULL) {
        struct layout *layout = *link;
        *link = layout->next;
        layouts->used -= arena_used(layout->arena);
        layout_give_back(layout);
    }
}

static void let_all_go(struct layouts *layouts)
{
    for (size_t i = 0; i < CHAIN_COUNT; i++) {
        cut_chain(layouts, &layouts->chains[i]);
    }
}

static void free_layouts(void *object)
{
    struct layouts *layouts = object;
    let_all_go(layouts);
    (void)pthread_mutex_destroy(&layouts->lock);
    free(layouts);
}

amanat_result layouts_new(struct arena *arena, size_t bytes, struct layouts **out)
{
    struct layouts *layouts = calloc(1, sizeof(*layouts));
    TRY_MEMORY(layouts);
    (void)pthread_mutex_init(&layouts->lock, NULL); /* of this kind it cannot fail */
    layouts->limit = bytes;
    const amanat_result owned = arena_own(arena, layouts, free_layouts);
    if (!amanat_is_ok(owned)) {
        free_layouts(layouts);
        return owned;
    }
    *out = layouts;
    return AMANAT_OK;
}

/* ---- what the plan says ---- */

static struct terms terms_of(const struct plan *plan, size_t record)
{
    struct terms terms = {.record = record, .verdicts = plan_verdicts(plan, record)};
    if (record != CATALOGUE_NONE) {
        terms.asks = plan->records[record].asks;
        terms.reads = plan->records[record].reads;
    }
    return terms;
}

static size_t verdict_bytes(const struct plan *plan)
{
    return plan->catalogue->vocabulary.label_count * sizeof(struct plan_verdict);
}

static size_t attribute_count(const struct plan *plan, size_t record)
{
    return record == CATALOGUE_NONE ? 0 : plan->catalogue->records[record].attribute_count;
}

static bool is_same(const void *a, const void *b, size_t length)
{
    return length == 0 || memcmp(a, b, length) == 0;
}

static bool reads_same(const bool *a, const bool *b, size_t count)
{
    return a == NULL || b == NULL ? a == b : is_same(a, b, count * sizeof(*a));
}

static bool says(const struct plan *plan, const struct terms *terms)
{
    const struct terms now = terms_of(plan, terms->record);
    return now.asks == terms->asks && is_same(now.verdicts, terms->verdicts, verdict_bytes(plan)) &&
           reads_same(now.reads, terms->reads, attribute_count(plan, terms->record));
}

static bool is_of(const struct layout *layout, const struct plan *plan,
                  const struct catalogue_node *node)
{
    bool is_it = layout->node == node;
    for (size_t i = 0; i < layout->term_count && is_it; i++) {
        is_it = says(plan, &layout->terms[i]);
    }
    return is_it;
}

static amanat_result copy_terms(struct arena *arena, const struct plan *plan, size_t record,
                                struct terms *out)
{
    const struct terms terms = terms_of(plan, record);
    const size_t length = verdict_bytes(plan);
    const size_t count = attribute_count(plan, record);
    struct plan_verdict *verdicts = arena_allocate(arena, length);
    bool *reads = arena_allocate_array(arena, count, sizeof(*reads));
    TRY_MEMORY(verdicts);
    TRY_MEMORY(reads);
    if (length > 0) {
        memcpy(verdicts, terms.verdicts, length);
    }
    if (terms.reads != NULL) {
        memcpy(reads, terms.reads, count * sizeof(*reads));
    }
    *out = (struct terms){record, verdicts, terms.asks, terms.reads == NULL ? NULL : reads};
    return AMANAT_OK;
}

/* ---- making one ---- */

/* The types that come with a place: those of the fields in it and around it. */
static void mark_met(const struct place_graph *graph, bool *met)
{
    for (size_t i = 0; i < graph->count; i++) {
        const struct place *place = graph->places[i];
        if (place->record != CATALOGUE_NONE) {
            met[place->record] = true;
        }
        if (place->inner_record != CATALOGUE_NONE) {
            met[place->inner_record] = true;
        }
    }
}

static amanat_result note_terms(struct layout *layout, const struct plan *plan,
                                const struct place_graph *graph)
{
    const size_t count = plan->catalogue->record_count;
    bool *met = arena_allocate_array(layout->arena, count, sizeof(*met));
    layout->terms = arena_allocate_array(layout->arena, count + 1, sizeof(*layout->terms));
    TRY_MEMORY(met);
    TRY_MEMORY(layout->terms);
    mark_met(graph, met);
    TRY(copy_terms(layout->arena, plan, CATALOGUE_NONE, &layout->terms[layout->term_count++]));
    for (size_t i = 0; i < count; i++) {
        if (met[i]) {
            TRY(copy_terms(layout->arena, plan, i, &layout->terms[layout->term_count++]));
        }
    }
    return AMANAT_OK;
}

static amanat_result fill(struct layout *layout, const struct plan *plan)
{
    struct place_graph graph;
    TRY(place_compile(plan, layout->node, layout->arena, &graph));
    layout->root = graph.places[0];
    return plan->layouts == NULL ? AMANAT_OK : note_terms(layout, plan, &graph);
}

static amanat_result make(const struct plan *plan, const struct catalogue_node *node,
                          struct layout **out)
{
    struct layout *layout = calloc(1, sizeof(*layout));
    TRY_MEMORY(layout);
    atomic_init(&layout->users, 1);
    layout->node = node;
    layout->arena = arena_new(PLACE_BYTES);
    const amanat_result result =
        layout->arena == NULL ? amanat_result_of(AMANAT_STATUS_MEMORY) : fill(layout, plan);
    if (!amanat_is_ok(result)) {
        layout_give_back(layout);
        return result;
    }
    *out = layout;
    return AMANAT_OK;
}

/* ---- keeping them ---- */

static struct layout **chain_of(struct layouts *layouts, const struct catalogue_node *node)
{
    const uint64_t hash = (uint64_t)(uintptr_t)node * 0x9E3779B97F4A7C15ULL;
    return &layouts->chains[(hash >> 32) % CHAIN_COUNT];
}

static struct layout *use(struct layout *layout)
{
    atomic_fetch_add_explicit(&layout->users, 1, memory_order_relaxed);
    return layout;
}

/* Under the lock: the layout that is there, now in front of its chain, or NULL. */
static struct layout *find(struct layouts *layouts, const struct plan *plan,
                           const struct catalogue_node *node)
{
    struct layout **first = chain_of(layouts, node);
    struct layout **link = first;
    while (*link != NULL && !is_of(*link, plan, node)) {
        link = &(*link)->next;
    }
    struct layout *found = *link;
    if (found == NULL) {
        return NULL;
    }
    *link = found->next;
    found->next = *first;
    *first = found;
    return use(found);
}

static void limit_chain(struct layouts *layouts, struct layout **link)
{
    for (size_t i = 0; i < CHAIN_LIMIT && *link != NULL; i++) {
        link = &(*link)->next;
    }
    cut_chain(layouts, link);
}

/* Under the lock. */
static void keep(struct layouts *layouts, struct layout *layout)
{
    const size_t size = arena_used(layout->arena);
    if (size > layouts->limit / LARGEST_PART) {
        return;
    }
    if (size > layouts->limit - layouts->used) {
        let_all_go(layouts);
    }
    struct layout **first = chain_of(layouts, layout->node);
    layouts->used += size;
    layout->next = *first;
    *first = use(layout);
    limit_chain(layouts, first);
}

static struct layout *find_locked(struct layouts *layouts, const struct plan *plan,
                                  const struct catalogue_node *node)
{
    (void)pthread_mutex_lock(&layouts->lock);
    struct layout *found = find(layouts, plan, node);
    (void)pthread_mutex_unlock(&layouts->lock);
    return found;
}

/* Of two threads that made the same one the second takes that of the first. */
static struct layout *keep_or_find(struct layouts *layouts, const struct plan *plan,
                                   struct layout *made)
{
    (void)pthread_mutex_lock(&layouts->lock);
    struct layout *found = find(layouts, plan, made->node);
    if (found == NULL) {
        keep(layouts, made);
    }
    (void)pthread_mutex_unlock(&layouts->lock);
    if (found == NULL) {
        return made;
    }
    layout_give_back(made);
    return found;
}

amanat_result layout_take(const struct plan *plan, const struct catalogue_node *root,
                          struct layout **out)
{
    struct layouts *layouts = plan->layouts;
    struct layout *layout = layouts == NULL ? NULL : find_locked(layouts, plan, root);
    if (layout == NULL) {
        TRY(make(plan, root, &layout));
        layout = layouts == NULL ? layout : keep_or_find(layouts, plan, layout);
    }
    *out = layout;
    return AMANAT_OK;
}
