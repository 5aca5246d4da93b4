/* SPDX-License-Identifier: Apache-2.0 */
/* The hold's bookkeeping; what it is for stands in hold.h. It decides nothing. */
#include "policy/redact/hold.h"

#include "policy/base/guard.h"
#include "policy/redact/redact.h"

#define SUBJECT_TEXT_LIMIT ((size_t)8 << 20)

void hold_init(struct hold *hold, struct arena *arena, size_t limit)
{
    *hold = (struct hold){.arena = arena, .limit = limit, .current = CATALOGUE_NONE};
    /* Not `limit`: names of containers that may be taken back stand here uncounted, no more than
     * the declared names on one path. hold_check is what bounds the rest. */
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
    hold->colons = 0;
    hold->joint = NULL;
    hold->joined.count = 0;
    hold->items.count = 0;
    hold->open.count = 0;
    hold->records.count = 0;
    hold->attributes.count = 0;
    hold->subjects.count = 0;
    hold->subjects_dropped = 0;
    hold->current = CATALOGUE_NONE;
}

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
                        struct undisclosed_bytes name)
{
    const bool is_record = place->begins_record && !is_array;
    hold->joint = NULL;
    if (is_record) {
        TRY(begin_record(hold, place));
    }
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
                               .is_record = is_record};
    buffer_append(&hold->text, name.bytes);
    return buffer_check(&hold->text);
}

/* Whether a container may stand although nothing is in it: an array that is shape, and what has a
 * label of its own that may be revealed. */
static bool may_stand_empty(const struct hold_item *item)
{
    const struct place *place = item->place;
    if (item->is_record) {
        return false;
    }
    return place->node->label_count > 0 ? place->strongest == DISCLOSURE_REVEAL
                                        : item->is_array && place->can_disclose;
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
    return hold_check(hold);
}

amanat_result hold_close(struct hold *hold, bool *out_left_out)
{
    ASSERT(hold->open.count > 0);
    hold->joint = NULL;
    const size_t index = hold->open.items[--hold->open.count];
    const struct hold_item item = hold->items.items[index]; /* a copy: the array may move */
    const bool is_empty = index + 1 == hold->items.count;
    if (item.is_record) {
        hold->current = hold->records.items[item.record].parent;
    }
    *out_left_out = false;
    if (!is_empty || may_stand_empty(&item)) {
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

amanat_result hold_attribute(struct hold *hold, size_t index, size_t start)
{
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
    return hold_check(hold);
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
