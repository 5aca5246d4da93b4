/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compiles places: a worklist from the root, then `can_disclose` handed upwards until nothing
 * changes (the graph may have cycles, so one pass from the leaves is not enough).
 */
#include "policy/redact/place.h"

#include "policy/base/guard.h"
#include "policy/base/map.h"
#include "policy/base/vector.h"

/** What makes two places one. Written whole (zeroed first), because its bytes are a key. */
struct place_key {
    const struct catalogue_node *node;
    const struct catalogue_attribute *attribute;
    size_t record;
    size_t is_undeclared;
};

struct compiler {
    const struct plan *plan;
    struct arena *arena;
    struct map known; /* place_key → place */
    VECTOR(struct place *) places;
    bool collects; /* some record that can be reached asks: attributes are collected */
};

const struct plan_verdict *plan_verdicts(const struct plan *plan, size_t record)
{
    return record == CATALOGUE_NONE ? plan->service : plan->records[record].verdicts;
}

enum disclosure_mode place_weakest_mode(const struct catalogue_node *node, const uint8_t *modes,
                                        size_t *out_label)
{
    enum disclosure_mode weakest = DISCLOSURE_WITHHELD;
    size_t label = CATALOGUE_NONE;
    for (size_t i = 0; i < node->label_count; i++) {
        const enum disclosure_mode mode = (enum disclosure_mode)modes[node->labels[i]];
        if (label == CATALOGUE_NONE || mode < weakest) {
            weakest = mode;
            label = node->labels[i];
        }
    }
    if (out_label != NULL) {
        *out_label = label;
    }
    return weakest;
}

bool place_allows_mode(const struct place *place, enum disclosure_mode mode)
{
    return place->is_undeclared ? mode == DISCLOSURE_REVEAL : mode != DISCLOSURE_WITHHELD;
}

static void judge(const struct plan *plan, struct place *place)
{
    const struct catalogue_node *node = place->node;
    const struct plan_verdict *verdicts = plan_verdicts(plan, place->record);
    place->label = CATALOGUE_NONE;
    for (size_t i = 0; i < node->label_count; i++) {
        const uint8_t strongest = verdicts[node->labels[i]].strongest;
        if (place->label == CATALOGUE_NONE || strongest < place->strongest) {
            place->strongest = strongest;
            place->label = node->labels[i];
        }
    }
    if (!place_allows_mode(place, (enum disclosure_mode)place->strongest)) {
        place->strongest = DISCLOSURE_WITHHELD;
    }
    place->can_disclose = place->strongest != DISCLOSURE_WITHHELD;
}

/* The place of a node under a record; one that is known already, if it is. */
static amanat_result add(struct compiler *compiler, const struct catalogue_node *node,
                         size_t record, const struct catalogue_attribute *attribute,
                         bool is_undeclared, struct place **out)
{
    struct place_key *key = ARENA_NEW(compiler->arena, struct place_key);
    TRY_MEMORY(key);
    key->node = node;
    key->attribute = attribute;
    key->record = record;
    key->is_undeclared = is_undeclared ? 1 : 0;
    const struct bytes key_bytes = bytes_of((const char *)key, sizeof(*key));
    struct place *place = map_get(&compiler->known, key_bytes);
    if (place == NULL) {
        place = ARENA_NEW(compiler->arena, struct place);
        struct place **slot = VECTOR_PUSH(compiler->arena, &compiler->places);
        TRY_MEMORY(place);
        TRY_MEMORY(slot);
        *slot = place;
        TRY(map_put(compiler->arena, &compiler->known, key_bytes, place));
        place->node = node;
        place->record = record;
        place->begins_record = node->record != CATALOGUE_NONE;
        place->inner_record = place->begins_record ? node->record : record;
        place->attribute = attribute;
        place->attribute_index = CATALOGUE_NONE;
        place->is_undeclared = is_undeclared;
        judge(compiler->plan, place);
    }
    *out = place;
    return AMANAT_OK;
}

/* The attribute that a member is: of the record that begins here, or of the attribute that this
 * object is. NULL: nobody reads it. */
static const struct catalogue_attribute *attribute_of_member(const struct compiler *compiler,
                                                             const struct place *place,
                                                             const struct catalogue_member *member)
{
    const struct catalogue_attribute *outer = place->attribute;
    if (member->node->record != CATALOGUE_NONE) {
        return NULL; /* a record inside is no attribute of the one around it */
    }
    if (place->begins_record && compiler->collects && member->attribute != CATALOGUE_NONE) {
        const struct catalogue_record *record =
            &compiler->plan->catalogue->records[place->inner_record];
        const struct catalogue_attribute *attribute = &record->attributes[member->attribute];
        const bool *reads = compiler->plan->records[place->inner_record].reads;
        return attribute->read && (reads == NULL || reads[member->attribute]) ? attribute : NULL;
    }
    for (size_t i = 0; outer != NULL && outer->type == ATTRIBUTE_RECORD && i < outer->field_count;
         i++) {
        if (bytes_equal(outer->fields[i].name, member->name)) {
            return &outer->fields[i];
        }
    }
    return NULL;
}

static amanat_result add_members(struct compiler *compiler, struct place *place)
{
    const struct catalogue_node *node = place->node;
    place->members =
        arena_allocate_array(compiler->arena, node->member_count, sizeof(*place->members));
    TRY_MEMORY(place->members);
    for (size_t i = 0; i < node->member_count; i++) {
        const struct catalogue_member *member = &node->members[i];
        const struct catalogue_attribute *attribute = attribute_of_member(compiler, place, member);
        TRY(add(compiler, member->node, place->inner_record, attribute, false, &place->members[i]));
        if (attribute != NULL && place->begins_record) {
            place->members[i]->attribute_index = member->attribute;
        }
        if (member->name.length > place->longest_name) {
            place->longest_name = member->name.length;
        }
    }
    return AMANAT_OK;
}

static amanat_result add_neighbours(struct compiler *compiler, struct place *place)
{
    const struct catalogue_node *node = place->node;
    const struct catalogue_attribute *attribute = place->attribute;
    TRY(add_members(compiler, place));
    if (node->is_anything) {
        place->items = place;
        TRY(add(compiler, node, place->record, NULL, true, &place->additional));
    }
    if (node->additional != NULL) {
        TRY(add(compiler, node->additional, place->inner_record, NULL, true, &place->additional));
    }
    if (node->items != NULL) {
        const bool is_set = attribute != NULL && attribute->type == ATTRIBUTE_SET;
        TRY(add(compiler, node->items, place->record, is_set ? attribute->element : NULL,
                place->is_undeclared, &place->items));
    }
    return AMANAT_OK;
}

static bool can_disclose_below(const struct place *place)
{
    if ((place->additional != NULL && place->additional->can_disclose) ||
        (place->items != NULL && place->items->can_disclose)) {
        return true;
    }
    for (size_t i = 0; i < place->node->member_count; i++) {
        if (place->members[i]->can_disclose) {
            return true;
        }
    }
    return false;
}

/* Places were added from the root down, so going backwards most graphs need two rounds. */
static void hand_up(struct compiler *compiler)
{
    for (bool changed = true; changed;) {
        changed = false;
        for (size_t i = compiler->places.count; i-- > 0;) {
            struct place *place = compiler->places.items[i];
            if (!place->discloses_inside && can_disclose_below(place)) {
                place->discloses_inside = true;
                place->can_disclose = true;
                changed = true;
            }
        }
    }
}

static amanat_result compile(struct compiler *compiler, const struct catalogue_node *node,
                             size_t record, struct place **out)
{
    compiler->known = (struct map){0};
    compiler->places.count = 0;
    TRY(add(compiler, node, record, NULL, false, out));
    for (size_t i = 0; i < compiler->places.count; i++) {
        TRY(add_neighbours(compiler, compiler->places.items[i]));
    }
    hand_up(compiler);
    return AMANAT_OK;
}

static bool any_asks(const struct compiler *compiler)
{
    for (size_t i = 0; i < compiler->places.count; i++) {
        const struct place *place = compiler->places.items[i];
        if (place->begins_record && compiler->plan->records[place->inner_record].asks) {
            return true;
        }
    }
    return false;
}

amanat_result place_compile(const struct plan *plan, const struct catalogue_node *node,
                            size_t record, struct arena *arena, struct place **out)
{
    struct compiler compiler = {.plan = plan, .arena = arena};
    TRY(compile(&compiler, node, record, out));
    if (any_asks(&compiler)) {
        /* again, now with attributes: of every record, since the question about an inner record
         * names those around it */
        compiler.collects = true;
        TRY(compile(&compiler, node, record, out));
    }
    return AMANAT_OK;
}

static bool are_verdicts_possible(const struct plan *plan, const struct plan_verdict *verdicts,
                                  bool may_depend)
{
    const struct vocabulary *vocabulary = &plan->catalogue->vocabulary;
    if (verdicts == NULL) {
        return vocabulary->label_count == 0;
    }
    for (size_t i = 0; i < vocabulary->label_count; i++) {
        if (verdicts[i].strongest >= DISCLOSURE_MODE_COUNT ||
            (verdicts[i].depends_on_record && !may_depend) ||
            (verdicts[i].strongest == DISCLOSURE_TOKENIZE && plan->tokenize_key.length != 32)) {
            return false;
        }
    }
    return true;
}

amanat_result plan_check(const struct plan *plan)
{
    if (plan == NULL || plan->catalogue == NULL ||
        !are_verdicts_possible(plan, plan->service, false)) {
        return amanat_result_of(AMANAT_STATUS_CONFIG_FAULT);
    }
    for (size_t i = 0; i < plan->catalogue->record_count; i++) {
        if (plan->records == NULL ||
            !are_verdicts_possible(plan, plan->records[i].verdicts, plan->records[i].asks) ||
            (plan->records[i].asks && plan->ask == NULL)) {
            return amanat_result_of(AMANAT_STATUS_CONFIG_FAULT);
        }
    }
    return AMANAT_OK;
}

bool plan_can_disclose(const struct plan *plan, const struct catalogue_node *node, size_t record)
{
    struct arena *arena = arena_new((size_t)64 << 20);
    struct place *place = NULL;
    const bool can = arena != NULL && amanat_is_ok(plan_check(plan)) &&
                     amanat_is_ok(place_compile(plan, node, record, arena, &place)) &&
                     place->can_disclose;
    arena_free(arena);
    return can;
}
