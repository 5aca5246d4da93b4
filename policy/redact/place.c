/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compiles places: a worklist from the root, then `can_disclose` handed upwards until nothing
 * changes (the graph may have cycles, so one pass from the leaves is not enough).
 */
#include "policy/redact/place.h"

#include "policy/base/guard.h"
#include "policy/base/vector.h"

#define FIRST_SLOT_COUNT 64
#define NAME_MARKS       3 /* quotes and colon */

/** What makes two places one. */
struct place_key {
    const struct catalogue_node *node;
    const struct catalogue_attribute *attribute;
    size_t record;
    bool is_undeclared;
};

/* What is laid out is not always kept (layout.h), so this has to be quick: the places that are
 * known lie in a table of their own, which needs no keys in memory. */
struct compiler {
    const struct plan *plan;
    struct arena *arena;
    VECTOR(struct place *) places;
    struct place **slots; /* places by their key; a power of two of them, half are free or more */
    size_t slot_count;
    uint8_t *slots_of_labels; /* 0: none yet */
    size_t *slot_labels;
    size_t label_slot_count;
    bool is_tree;  /* each place was reached once, from one that stands before it */
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
        const unsigned min_group = plan->catalogue->vocabulary.labels[node->labels[i]].min_group;
        place->min_group = min_group > place->min_group ? min_group : place->min_group;
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

#define SCALAR_KINDS                                                                               \
    (CATALOGUE_KIND_BOOLEAN | CATALOGUE_KIND_INTEGER | CATALOGUE_KIND_NUMBER |                     \
     CATALOGUE_KIND_STRING)

/* design 3, "Output": null of a revealed field is null. Documents forget `nullable` more often than
 * not, and a null tells nothing that its label does not cover. */
static bool allows_null(const struct catalogue_node *node)
{
    return (node->kinds & CATALOGUE_KIND_NULL) != 0 ||
           (node->label_count > 0 && (node->kinds & SCALAR_KINDS) != 0);
}

static void set_allowed_kinds(struct place *place)
{
    static const struct {
        unsigned kind;
        unsigned events;
    } table[] = {
        {CATALOGUE_KIND_OBJECT, 1U << JSON_EVENT_OBJECT_BEGIN},
        {CATALOGUE_KIND_ARRAY, 1U << JSON_EVENT_ARRAY_BEGIN},
        {CATALOGUE_KIND_STRING, 1U << JSON_EVENT_STRING},
        {CATALOGUE_KIND_NUMBER, 1U << JSON_EVENT_NUMBER},
        {CATALOGUE_KIND_BOOLEAN, 1U << JSON_EVENT_TRUE | 1U << JSON_EVENT_FALSE},
    };
    const struct catalogue_node *node = place->node;
    unsigned events = allows_null(node) ? 1U << JSON_EVENT_NULL : 0;
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        events |= (node->kinds & table[i].kind) != 0 ? table[i].events : 0;
    }
    place->allowed_kinds = (uint16_t)(node->is_anything ? UINT16_MAX : events);
    place->allows_integer = (node->kinds & CATALOGUE_KIND_INTEGER) != 0;
}

/* Whether runs can keep what may be disclosed here. */
static bool can_be_kept(const struct place *place)
{
    return place->record != CATALOGUE_NONE && !place->is_undeclared && !place->node->is_anything &&
           place->node->label_count == 1;
}

/* Withheld only because its name is undeclared: elsewhere the same label may be kept, and one piece
 * says the same of all that has it. */
static bool is_withheld_for_its_name(const struct plan *plan, const struct place *place)
{
    return place->is_undeclared && place->label != CATALOGUE_NONE &&
           plan_verdicts(plan, place->record)[place->label].strongest != DISCLOSURE_WITHHELD;
}

/* Of what stands here itself. */
static enum place_fate own_fate(const struct plan *plan, const struct place *place)
{
    const unsigned containers = CATALOGUE_KIND_OBJECT | CATALOGUE_KIND_ARRAY;
    if (place->begins_record || !place->is_plain || is_withheld_for_its_name(plan, place)) {
        return PLACE_EACH;
    }
    if (place->label == CATALOGUE_NONE && (place->node->kinds & containers) != 0) {
        return PLACE_NEUTRAL;
    }
    if (place->strongest == DISCLOSURE_WITHHELD) {
        return PLACE_COUNTED;
    }
    if (!can_be_kept(place)) {
        return PLACE_EACH;
    }
    return plan->records[place->record].verdicts[place->label].depends_on_record ? PLACE_ASKED
                                                                                 : PLACE_KEPT;
}

#define SCALAR_EVENTS                                                                              \
    (1U << JSON_EVENT_STRING | 1U << JSON_EVENT_NUMBER | 1U << JSON_EVENT_TRUE |                   \
     1U << JSON_EVENT_FALSE | 1U << JSON_EVENT_NULL)

/* What runs want to know of a scalar here. Its fate is its own, not what the places below make of
 * the place's; one beside shape is unlabelled. */
static void describe_scalar(const struct plan *plan, struct place *place)
{
    struct place_tally *scalar = &place->scalar;
    const bool has_label = place->label != CATALOGUE_NONE;
    scalar->label = place->label;
    scalar->kinds = place->allowed_kinds & SCALAR_EVENTS;
    if (place_allows(place, JSON_EVENT_NUMBER, true)) {
        scalar->kinds |= UINT32_C(1) << PLACE_WHOLE_NUMBER;
    }
    scalar->fate = place->fate == PLACE_NEUTRAL ? PLACE_COUNTED : place->fate;
    scalar->is_edited =
        has_label && (place->strongest != DISCLOSURE_REVEAL ||
                      plan->catalogue->vocabulary.labels[place->label].scrub.count > 0);
}

/* A slot for its label, while there are any; without one a place has no fate that it could share.
 */
static void give_slot(struct compiler *compiler, struct place *place)
{
    place->slot_labels = compiler->slot_labels;
    if (place->label == CATALOGUE_NONE) {
        return;
    }
    uint8_t *slot = &compiler->slots_of_labels[place->label];
    if (*slot == 0 && compiler->label_slot_count < PLACE_SLOTS) {
        *slot = (uint8_t)compiler->label_slot_count++;
        compiler->slot_labels[*slot] = place->label;
    }
    place->scalar.slot = *slot;
    if (*slot == 0) {
        place->fate = PLACE_EACH;
        place->scalar.fate = PLACE_EACH;
    }
}

static size_t hash_key(const struct place_key *key)
{
    uint64_t hash = (uint64_t)(uintptr_t)key->node;
    hash = (hash ^ (uint64_t)(uintptr_t)key->attribute << 1) * 0x9E3779B97F4A7C15ULL;
    hash = (hash ^ hash >> 32 ^ key->record << 1 ^ key->is_undeclared) * 0x9E3779B97F4A7C15ULL;
    return (size_t)(hash ^ hash >> 32);
}

/* Where the place of that key is, or would be. */
static struct place **find_slot(const struct compiler *compiler, const struct place_key *key)
{
    const size_t mask = compiler->slot_count - 1;
    for (size_t i = hash_key(key) & mask;; i = (i + 1) & mask) {
        const struct place *place = compiler->slots[i];
        if (place == NULL ||
            (place->node == key->node && place->attribute == key->attribute &&
             place->record == key->record && place->is_undeclared == key->is_undeclared)) {
            return &compiler->slots[i];
        }
    }
}

/* Makes room for one place more. */
static amanat_result grow_slots(struct compiler *compiler)
{
    if ((compiler->places.count + 1) * 2 <= compiler->slot_count) {
        return AMANAT_OK;
    }
    const size_t count = compiler->slot_count == 0 ? FIRST_SLOT_COUNT : compiler->slot_count * 2;
    struct place **slots = arena_allocate_array(compiler->arena, count, sizeof(struct place *));
    TRY_MEMORY(slots);
    compiler->slots = slots;
    compiler->slot_count = count;
    for (size_t i = 0; i < compiler->places.count; i++) {
        struct place *place = compiler->places.items[i];
        const struct place_key key = {place->node, place->attribute, place->record,
                                      place->is_undeclared};
        *find_slot(compiler, &key) = place;
    }
    return AMANAT_OK;
}

static void describe(const struct plan *plan, const struct place_key *key, struct place *place)
{
    const struct catalogue_node *node = key->node;
    place->node = node;
    place->record = key->record;
    place->begins_record = node->record != CATALOGUE_NONE;
    place->inner_record = place->begins_record ? node->record : key->record;
    place->attribute = key->attribute;
    place->attribute_index = CATALOGUE_NONE;
    place->is_undeclared = key->is_undeclared;
    judge(plan, place);
    set_allowed_kinds(place);
    place->is_inert = !place->can_disclose && key->attribute == NULL && !place->begins_record;
    place->is_plain =
        key->attribute == NULL && node->subject == CATALOGUE_NONE && place->min_group == 0;
    place->is_counted = place->is_plain && place->strongest == DISCLOSURE_WITHHELD;
    place->fate = (uint8_t)own_fate(plan, place);
    describe_scalar(plan, place);
}

/* The place of a node under a record; one that is known already, if it is. */
static amanat_result add(struct compiler *compiler, const struct catalogue_node *node,
                         size_t record, const struct catalogue_attribute *attribute,
                         bool is_undeclared, struct place **out)
{
    const struct place_key key = {node, attribute, record, is_undeclared};
    TRY(grow_slots(compiler));
    struct place **known = find_slot(compiler, &key);
    if (*known != NULL) {
        compiler->is_tree = false;
        *out = *known;
        return AMANAT_OK;
    }
    struct place *place = ARENA_NEW(compiler->arena, struct place);
    struct place **slot = VECTOR_PUSH(compiler->arena, &compiler->places);
    TRY_MEMORY(place);
    TRY_MEMORY(slot);
    describe(compiler->plan, &key, place);
    give_slot(compiler, place);
    *known = place;
    *slot = place;
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

static bool needs_escape(struct bytes name)
{
    for (size_t i = 0; i < name.length; i++) {
        if ((unsigned char)name.at[i] < 0x20 || name.at[i] == '"' || name.at[i] == '\\') {
            return true;
        }
    }
    return name.length > UINT32_MAX - NAME_MARKS;
}

/* Writes quotes, name and colon to `spelt`, unless it needs escapes; returns the length, or 0. */
static size_t spell_name(struct bytes name, char *spelt, struct place_name *out)
{
    if (needs_escape(name)) {
        return 0;
    }
    const size_t length = name.length + NAME_MARKS;
    spelt[0] = '"';
    memcpy(spelt + 1, name.at, name.length);
    spelt[length - 2] = '"';
    spelt[length - 1] = ':';
    out->spelt = spelt;
    out->length = (uint32_t)length;
    const size_t tail = length > 8 ? length - 8 : 0;
    out->tail = (uint32_t)(tail < 8 ? tail : 8);
    const size_t head = length < 8 ? length : 8;
    memcpy(&out->first, spelt, head);
    memset(&out->mask, 0xFF, head);
    memcpy(&out->last, spelt + out->tail, head);
    return length;
}

static amanat_result add_names(struct arena *arena, struct place *place)
{
    const struct catalogue_node *node = place->node;
    const size_t count = node->member_count;
    size_t length = 0;
    if (count == 0) {
        place->expected = arena_allocate(arena, sizeof(*place->expected));
        TRY_MEMORY(place->expected);
        atomic_init(place->expected, 0);
        return AMANAT_OK;
    }
    for (size_t i = 0; i < count; i++) {
        length += node->members[i].name.length + NAME_MARKS;
    }
    place->names = arena_allocate_array(arena, count, sizeof(*place->names));
    place->expected = arena_allocate_array(arena, count + 1, sizeof(*place->expected));
    char *spelt = arena_allocate(arena, length);
    TRY_MEMORY(place->names);
    TRY_MEMORY(place->expected);
    TRY_MEMORY(spelt);
    place->usual_count = count < 64 ? count : 64;
    for (size_t i = 0; i < count; i++) {
        spelt += spell_name(node->members[i].name, spelt, &place->names[i]);
        atomic_init(&place->expected[i], (uint_least32_t)i);
        place->names[i].scalar = place->members[i]->scalar;
    }
    return AMANAT_OK;
}

/* Of the places that stay: not of those that were only laid out to see what is asked. */
static amanat_result name_members(struct compiler *compiler)
{
    for (size_t i = 0; i < compiler->places.count; i++) {
        TRY(add_names(compiler->arena, compiler->places.items[i]));
    }
    return AMANAT_OK;
}

static amanat_result add_members(struct compiler *compiler, struct place *place)
{
    const struct catalogue_node *node = place->node;
    if (node->member_count == 0) {
        return AMANAT_OK;
    }
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

static bool is_all_inert(const struct place *place)
{
    if ((place->additional != NULL && !place->additional->is_inert) ||
        (place->items != NULL && !place->items->is_inert)) {
        return false;
    }
    for (size_t i = 0; i < place->node->member_count; i++) {
        if (!place->members[i]->is_inert) {
            return false;
        }
    }
    return true;
}

static bool is_kept(uint8_t fate)
{
    return fate == PLACE_KEPT || fate == PLACE_ASKED;
}

static uint8_t share_fate(uint8_t a, uint8_t b)
{
    if (a == b || b == PLACE_NEUTRAL || (is_kept(a) && b == PLACE_COUNTED)) {
        return a;
    }
    return a == PLACE_NEUTRAL || (is_kept(b) && a == PLACE_COUNTED) ? b : PLACE_EACH;
}

/* The fate that all share that is declared here. What is undeclared is never taken by runs. */
static uint8_t fate_with_what_is_inside(const struct place *place)
{
    const bool is_array = (place->allowed_kinds >> JSON_EVENT_ARRAY_BEGIN & 1) != 0;
    uint8_t fate = place->fate;
    if (place->items != NULL) {
        fate = share_fate(fate, place->items->fate);
    }
    for (size_t i = 0; i < place->node->member_count; i++) {
        fate = share_fate(fate, place->members[i]->fate);
    }
    /* an array that is shape stands, also where the answer withholds what is in it, or where what
     * could be disclosed in it has undeclared names and is not there */
    const bool stands_empty = is_array && place->label == CATALOGUE_NONE && place->can_disclose;
    return stands_empty && fate != PLACE_KEPT && fate != PLACE_NEUTRAL ? PLACE_EACH : fate;
}

/* What the places below say. Each of the properties only ever changes in one direction. */
static bool take_from_below(struct place *place)
{
    const bool discloses = !place->discloses_inside && can_disclose_below(place);
    const bool is_alive = place->is_inert && !is_all_inert(place);
    place->discloses_inside |= discloses;
    place->can_disclose |= discloses;
    place->is_inert = place->is_inert && !is_alive;
    const uint8_t fate = fate_with_what_is_inside(place);
    const bool changed = discloses || is_alive || fate != place->fate;
    place->fate = fate;
    return changed;
}

/* Places were added from the root down, so going backwards a tree needs one round, most graphs two.
 */
static void hand_up(struct compiler *compiler)
{
    for (bool changed = true; changed; changed = changed && !compiler->is_tree) {
        changed = false;
        for (size_t i = compiler->places.count; i-- > 0;) {
            changed |= take_from_below(compiler->places.items[i]);
        }
    }
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

/* `collects`: some record that can be reached asks, so attributes are collected. */
static amanat_result compile(const struct plan *plan, const struct catalogue_node *node,
                             bool collects, struct arena *arena, struct compiler *out)
{
    struct place *root = NULL;
    *out = (struct compiler){
        .plan = plan, .arena = arena, .label_slot_count = 1, .is_tree = true, .collects = collects};
    out->slots_of_labels = arena_allocate(arena, plan->catalogue->vocabulary.label_count + 1);
    out->slot_labels = arena_allocate_array(arena, PLACE_SLOTS, sizeof(size_t));
    TRY_MEMORY(out->slots_of_labels);
    TRY_MEMORY(out->slot_labels);
    out->slot_labels[0] = CATALOGUE_NONE;
    TRY(add(out, node, CATALOGUE_NONE, NULL, false, &root));
    for (size_t i = 0; i < out->places.count; i++) {
        TRY(add_neighbours(out, out->places.items[i]));
    }
    hand_up(out);
    return AMANAT_OK;
}

amanat_result place_compile(const struct plan *plan, const struct catalogue_node *node,
                            struct arena *arena, struct place_graph *out)
{
    const struct arena_mark mark = arena_mark(arena);
    struct compiler compiler;
    TRY(compile(plan, node, false, arena, &compiler));
    if (any_asks(&compiler)) {
        /* again, now with attributes: of every record, since the question about an inner record
         * names those around it */
        arena_rewind(arena, mark);
        TRY(compile(plan, node, true, arena, &compiler));
    }
    TRY(name_members(&compiler));
    *out = (struct place_graph){compiler.places.items, compiler.places.count};
    return AMANAT_OK;
}

static bool has_keys(const struct plan *plan)
{
    return plan->tokenize_key.length == 32 &&
           (plan->tokenize_previous.length == 0 || plan->tokenize_previous.length == 32);
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
            (verdicts[i].strongest == DISCLOSURE_TOKENIZE && !has_keys(plan))) {
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
