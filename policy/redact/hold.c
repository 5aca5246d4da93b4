/* SPDX-License-Identifier: Apache-2.0 */
/* The hold's bookkeeping; what it is for stands in hold.h. It decides nothing. */
#include "policy/redact/hold.h"

#include "policy/base/guard.h"
#include "policy/redact/redact.h"

#define SUBJECT_TEXT_LIMIT ((size_t)8 << 20)

void hold_init(struct hold *hold, struct arena *arena, size_t limit)
{
    *hold = (struct hold){.arena = arena, .limit = limit, .current = CATALOGUE_NONE};
    /* Not `limit`: that is for each budget. check_memory is what bounds them. */
    buffer_init(&hold->text, SIZE_MAX / 2);
    buffer_init(&hold->attribute_text, SIZE_MAX / 2);
    buffer_init(&hold->capture, SIZE_MAX / 2);
    buffer_init(&hold->subject_text, SUBJECT_TEXT_LIMIT);
}

void hold_clear(struct hold *hold)
{
    buffer_clear(&hold->text);
    buffer_clear(&hold->attribute_text);
    buffer_clear(&hold->capture);
    buffer_clear(&hold->subject_text);
    *hold = (struct hold){.current = CATALOGUE_NONE};
}

void hold_reset(struct hold *hold)
{
    buffer_reset(&hold->text);
    buffer_reset(&hold->attribute_text);
    buffer_reset(&hold->capture);
    buffer_reset(&hold->subject_text);
    hold->tallies.count = 0;
    hold->edits.count = 0;
    hold->items.count = 0;
    hold->open.count = 0;
    hold->records.count = 0;
    hold->attributes.count = 0;
    hold->subjects.count = 0;
    hold->subjects_dropped = 0;
    hold->budgets.count = 0;
    hold->charges = false;
    hold->in_pieces = 0;
    hold->in_no_field = 0;
    hold->gives_up = false;
    hold->current = CATALOGUE_NONE;
}

/*
 * Of the outermost record, with all that is in it. It must be the same with pieces as without them,
 * since how the input comes decides what is in pieces. So what policies read has a part of its own:
 * the rest reaches its bound only long after charging began, when there are no pieces any more.
 */
static amanat_result check_memory(const struct hold *hold)
{
    if (hold->text.broken || hold->attribute_text.broken || hold->capture.broken) {
        return amanat_result_of(AMANAT_STATUS_MEMORY);
    }
    const size_t most = REDACT_HOLD_BYTES(hold->limit);
    const size_t read = hold->attribute_text.length + hold->capture.length +
                        hold->attributes.count * sizeof(struct held_attribute);
    const size_t kept = hold->text.length - hold->in_no_field +
                        hold->items.count * sizeof(struct hold_item) +
                        hold->records.count * sizeof(struct held_record) +
                        hold->budgets.count * sizeof(struct hold_budget);
    return amanat_result_of(read > most / 8 || kept > most - most / 8 ? AMANAT_STATUS_LIMIT
                                                                      : AMANAT_STATUS_OK);
}

/* ---- budgets ---- */

/* Whether a container may stand although nothing is in it: an array that is shape, and what has a
 * label of its own that may be revealed. */
static bool may_stand_empty(const struct place *place, bool is_array, bool is_record)
{
    if (is_record) {
        return false;
    }
    return place->node->label_count > 0 ? place->strongest == DISCLOSURE_REVEAL
                                        : is_array && place->can_disclose;
}

/* Whether one verdict decides about both; nothing but the record about shape. */
static bool share_verdict(const struct place *a, const struct place *b)
{
    const size_t count = a->node->label_count;
    return count == b->node->label_count &&
           (count == 0 ||
            (a->is_undeclared == b->is_undeclared &&
             memcmp(a->node->labels, b->node->labels, count * sizeof(a->node->labels[0])) == 0));
}

/* The record's budget for `place` and what shares it. */
static amanat_result find_budget(struct hold *hold, size_t record, const struct place *place,
                                 struct hold_budget **out)
{
    size_t *link = &hold->records.items[record].budgets;
    for (size_t i = *link; i != 0; i = hold->budgets.items[i - 1].next) {
        if (share_verdict(hold->budgets.items[i - 1].place, place)) {
            *out = &hold->budgets.items[i - 1];
            return AMANAT_OK;
        }
    }
    struct hold_budget *budget = VECTOR_PUSH(hold->arena, &hold->budgets);
    TRY_MEMORY(budget);
    *budget = (struct hold_budget){.place = place, .next = *link};
    *link = hold->budgets.count;
    *out = budget;
    return AMANAT_OK;
}

static size_t container_cost(const struct hold_item *item)
{
    return item->name_length + item->unkept + 2 * HOLD_ITEM_COST;
}

/*
 * Charges the record's budget with `cost`, and with the containers around it that it has not paid
 * for: one that was opened before it was last charged and is open still was open then too.
 * Afterwards it has paid for all that stand before item `paid`.
 */
static amanat_result charge(struct hold *hold, size_t record, const struct place *place,
                            size_t paid, size_t cost, struct hold_budget **out)
{
    struct hold_budget *budget = NULL;
    TRY(find_budget(hold, record, place, &budget));
    *out = budget;
    if (budget->is_passed) {
        return AMANAT_OK;
    }
    budget->cost += cost;
    for (size_t i = hold->open.count; i-- > 0 && hold->open.items[i] >= budget->charged;) {
        budget->cost += container_cost(&hold->items.items[hold->open.items[i]]);
    }
    budget->charged = paid;
    budget->is_passed = budget->cost > hold->limit;
    return AMANAT_OK;
}

/* Charges what is on the tape already: no budget is passed by that. */
static amanat_result charge_tape(struct hold *hold)
{
    struct hold_budget *budget = NULL;
    TRY(hold_expand(hold, 0));
    hold->charges = true;
    hold->open.count = 0; /* goes through the same states again, and ends as it was */
    for (size_t i = 0; i < hold->items.count; i++) {
        const struct hold_item *item = &hold->items.items[i];
        if (item->kind == HOLD_CLOSE) {
            hold->open.count--;
        } else if (item->kind == HOLD_FIELD) {
            TRY(charge(hold, item->record, item->place, i,
                       item->name_length + item->value_length + HOLD_ITEM_COST, &budget));
        } else {
            if (may_stand_empty(item->place, item->is_array, item->is_record)) {
                TRY(charge(hold, item->record, item->place, i + 1, container_cost(item), &budget));
            }
            size_t *open = VECTOR_PUSH(hold->arena, &hold->open);
            TRY_MEMORY(open);
            *open = i;
        }
    }
    return AMANAT_OK;
}

amanat_result hold_charge(struct hold *hold, const struct place *place, size_t cost, bool is_field,
                          bool *out_dropped)
{
    struct hold_budget *budget = NULL;
    if (hold->gives_up) {
        return amanat_result_of(AMANAT_STATUS_LIMIT);
    }
    if (!hold->charges) {
        TRY(charge_tape(hold));
    }
    const size_t paid = hold->items.count + (is_field ? 0 : 1);
    TRY(charge(hold, hold->current, place, paid, cost, &budget));
    budget->dropped += is_field && budget->is_passed ? 1 : 0;
    *out_dropped = budget->is_passed;
    return budget->is_passed ? AMANAT_OK : check_memory(hold);
}

/* ---- items ---- */

static amanat_result begin_record(struct hold *hold, const struct place *place)
{
    const size_t index = hold->records.count;
    struct held_record *record = VECTOR_PUSH(hold->arena, &hold->records);
    TRY_MEMORY(record);
    *record = (struct held_record){.place = place,
                                   .parent = hold->current,
                                   .first_subject = hold->subjects.count,
                                   .first_attribute = hold->attributes.count,
                                   .attribute_bytes = hold->attribute_text.length,
                                   .subject_bytes = hold->subject_text.length};
    hold->current = index;
    return AMANAT_OK;
}

amanat_result hold_open(struct hold *hold, const struct place *place, bool is_array,
                        struct undisclosed_bytes name, size_t unkept)
{
    const size_t cost = name.bytes.length + unkept + 2 * HOLD_ITEM_COST;
    bool is_dropped = false;
    amanat_result charged = AMANAT_OK;
    const bool is_record = place->begins_record && !is_array;
    if (is_record) {
        TRY(begin_record(hold, place));
    }
    if (may_stand_empty(place, is_array, is_record) && hold_must_charge(hold, cost)) {
        charged = hold_charge(hold, place, cost, false, &is_dropped);
    }
    if (charged.status == AMANAT_STATUS_MEMORY) {
        return charged;
    }
    /* past the limit too, since it will be closed */
    size_t *open = VECTOR_PUSH(hold->arena, &hold->open);
    TRY_MEMORY(open);
    *open = hold->items.count;
    struct hold_item *item = VECTOR_PUSH(hold->arena, &hold->items);
    TRY_MEMORY(item);
    *item = (struct hold_item){.kind = HOLD_OPEN,
                               .place = place,
                               .record = hold->current,
                               .offset = hold->text.length,
                               .name_length = name.bytes.length,
                               .is_array = is_array,
                               .is_record = is_record,
                               .is_dropped = is_dropped,
                               .unkept = unkept};
    buffer_append(&hold->text, name.bytes);
    return amanat_is_ok(charged) ? check_memory(hold) : charged;
}

/* Takes the record that just turned out empty back, with what it left in the lists. */
static void forget_record(struct hold *hold, size_t index)
{
    const struct held_record *record = &hold->records.items[index];
    hold->attributes.count = record->first_attribute;
    hold->subjects.count = record->first_subject;
    buffer_truncate(&hold->attribute_text, record->attribute_bytes);
    buffer_truncate(&hold->subject_text, record->subject_bytes);
    hold->records.count = index;
}

static amanat_result keep_container(struct hold *hold, const struct hold_item *open)
{
    struct hold_item *item = VECTOR_PUSH(hold->arena, &hold->items);
    TRY_MEMORY(item);
    item->kind = HOLD_CLOSE;
    item->place = open->place;
    item->record = open->record;
    item->is_array = open->is_array;
    item->is_record = open->is_record;
    return AMANAT_OK;
}

/* Whether a container stays although nothing in it is held. */
static bool must_stand(const struct hold *hold, const struct hold_item *item)
{
    /* of a record from which something was dropped the verdict must be known */
    if (hold->gives_up) {
        return false;
    }
    return item->is_record
               ? hold->records.items[item->record].budgets != 0
               : may_stand_empty(item->place, item->is_array, false) && !item->is_dropped;
}

amanat_result hold_close(struct hold *hold, bool *out_left_out)
{
    ASSERT(hold->open.count > 0);
    const size_t index = hold->open.items[--hold->open.count];
    const struct hold_item item = hold->items.items[index]; /* a copy: the array may move */
    const bool is_empty = index + 1 == hold->items.count;
    if (item.is_record) {
        hold->current = hold->records.items[item.record].parent;
    }
    *out_left_out = false;
    if ((!is_empty && !hold->gives_up) || must_stand(hold, &item)) {
        return keep_container(hold, &item);
    }
    buffer_truncate(&hold->text, item.offset);
    hold->items.count = index;
    if (item.is_record) {
        forget_record(hold, item.record);
        *out_left_out = true;
    }
    return AMANAT_OK;
}

amanat_result hold_note_read(struct hold *hold, size_t before, size_t unkept)
{
    struct held_record *record = &hold->records.items[hold->current];
    record->read_bytes += hold->capture.length - before + unkept;
    record->reads_too_much = record->read_bytes > hold->limit;
    return check_memory(hold);
}

amanat_result hold_attribute(struct hold *hold, size_t index, size_t start)
{
    if (!hold_reads(hold)) {
        buffer_truncate(&hold->capture, start);
        return AMANAT_OK;
    }
    struct held_attribute *attribute = VECTOR_PUSH(hold->arena, &hold->attributes);
    TRY_MEMORY(attribute);
    *attribute = (struct held_attribute){
        .record = hold->current,
        .index = index,
        .offset = hold->attribute_text.length,
        .length = hold->capture.length - start,
    };
    buffer_append(&hold->attribute_text, bytes_from(buffer_bytes(&hold->capture), start));
    buffer_truncate(&hold->capture, start);
    return check_memory(hold);
}

amanat_result hold_subject(struct hold *hold, size_t kind, enum json_event_kind value_kind,
                           struct bytes token)
{
    const size_t length =
        token.length < REDACT_IDENTIFIER_BYTES ? token.length : REDACT_IDENTIFIER_BYTES;
    if (hold->subjects.count >= REDACT_SUBJECT_LIMIT ||
        length > SUBJECT_TEXT_LIMIT - hold->subject_text.length) {
        hold->subjects_dropped++;
        return AMANAT_OK;
    }
    struct held_subject *subject = VECTOR_PUSH(hold->arena, &hold->subjects);
    TRY_MEMORY(subject);
    *subject = (struct held_subject){.record = hold->current,
                                     .kind = kind,
                                     .offset = hold->subject_text.length,
                                     .length = length,
                                     .value_kind = (uint8_t)value_kind};
    buffer_append(&hold->subject_text, bytes_first(token, length));
    return amanat_result_of(hold->subject_text.broken ? AMANAT_STATUS_MEMORY : AMANAT_STATUS_OK);
}
