/* SPDX-License-Identifier: Apache-2.0 */
/* Pieces on the tape of the hold, and the tape without them. Their text was passed by a run, so it
 * is compact JSON with declared names in their plain spelling. */
#include "policy/base/guard.h"
#include "policy/redact/hold.h"
#include "policy/redact/json_run.h"

amanat_result hold_piece(struct hold *hold, const struct hold_piece *piece)
{
    struct hold_item *item = VECTOR_PUSH(hold->arena, &hold->items);
    TRY_MEMORY(item);
    item->kind = HOLD_PIECE;
    item->place = piece->around;
    item->is_array = piece->is_array;
    item->record = hold->current;
    item->offset = piece->text_start;
    item->value_length = hold->text.length - piece->text_start;
    hold->in_pieces += item->value_length;
    item->tally = hold->tallies.count;
    item->tally_count = piece->tally_count;
    item->edit = hold->edits.count;
    item->edit_count = piece->edit_count;
    for (size_t i = 0; i < piece->tally_count; i++) {
        struct held_tally *tally = VECTOR_PUSH(hold->arena, &hold->tallies);
        TRY_MEMORY(tally);
        *tally = piece->tallies[i];
    }
    for (size_t i = 0; i < piece->edit_count; i++) {
        struct emit_edit *edit = VECTOR_PUSH(hold->arena, &hold->edits);
        TRY_MEMORY(edit);
        *edit = piece->edits[i];
    }
    return buffer_check(&hold->text);
}

/** Goes through the text of a piece and writes its items. */
struct expansion {
    struct hold *hold;
    const struct hold_item *piece;
    struct bytes text;
    size_t at;
    size_t in_fields; /* bytes of it that items have */
    size_t depth;
    struct {
        const struct place *place;
        bool is_array;
    } around[HOLD_PIECE_DEPTH + 1];
};

static size_t string_end(struct bytes text, size_t at)
{
    for (at++; text.at[at] != '"'; at++) {
        at += text.at[at] == '\\' ? 1 : 0;
    }
    return at + 1;
}

static size_t scalar_end(struct bytes text, size_t at)
{
    if (text.at[at] == '"') {
        return string_end(text, at);
    }
    while (at < text.length && text.at[at] != ',' && text.at[at] != ']' && text.at[at] != '}') {
        at++;
    }
    return at;
}

static const struct place *member_of(const struct place *place, struct bytes name)
{
    const struct catalogue_member *member =
        catalogue_node_find_member(place->node, bytes_of(name.at + 1, name.length - 2));
    ASSERT(member != NULL);
    return place->members[member - place->node->members];
}

static struct hold_item *push_item(struct expansion *expansion, enum hold_item_kind kind,
                                   const struct place *place, bool is_array)
{
    struct hold_item *item = VECTOR_PUSH(expansion->hold->arena, &expansion->hold->items);
    if (item != NULL) {
        item->kind = (uint8_t)kind;
        item->place = place;
        item->record = expansion->piece->record;
        item->is_array = is_array;
    }
    return item;
}

static void enter(struct expansion *expansion, const struct place *place, bool is_array)
{
    ASSERT(expansion->depth <= HOLD_PIECE_DEPTH);
    expansion->around[expansion->depth].place = place;
    expansion->around[expansion->depth++].is_array = is_array;
}

/* The brackets behind a value, and the comma. */
static amanat_result leave(struct expansion *expansion)
{
    const struct bytes text = expansion->text;
    while (expansion->at < text.length && text.at[expansion->at] != ',') {
        expansion->depth--;
        TRY_MEMORY(push_item(expansion, HOLD_CLOSE, expansion->around[expansion->depth].place,
                             expansion->around[expansion->depth].is_array));
        expansion->at++;
    }
    expansion->at++;
    return AMANAT_OK;
}

/* A field with what closes behind it, or the opening of a container. */
static amanat_result expand_value(struct expansion *expansion, const struct place *place,
                                  size_t start, size_t value)
{
    const struct bytes text = expansion->text;
    const enum json_event_kind kind = json_run_kind(text.at[value]);
    const bool is_array = kind == JSON_EVENT_ARRAY_BEGIN;
    const bool is_scalar = json_run_is_scalar(kind);
    struct hold_item *item =
        push_item(expansion, is_scalar ? HOLD_FIELD : HOLD_OPEN, place, is_array);
    TRY_MEMORY(item);
    item->offset = expansion->piece->offset + start;
    item->name_length = value > start ? value - start - 1 : 0;
    if (!is_scalar) {
        enter(expansion, place, is_array);
        expansion->at = value + 1;
        expansion->in_fields += item->name_length;
        return AMANAT_OK;
    }
    expansion->at = scalar_end(text, value);
    expansion->in_fields += expansion->at - start;
    item->value_kind = (uint8_t)kind;
    item->value_length = expansion->at - value;
    return leave(expansion);
}

static amanat_result expand_next(struct expansion *expansion)
{
    const struct place *around = expansion->around[expansion->depth - 1].place;
    const size_t start = expansion->at;
    if (expansion->around[expansion->depth - 1].is_array) {
        return expand_value(expansion, around->items, start, start);
    }
    const size_t end = string_end(expansion->text, start);
    const struct place *place =
        member_of(around, bytes_of(expansion->text.at + start, end - start));
    return expand_value(expansion, place, start, end + 1);
}

static amanat_result expand_piece(struct hold *hold, const struct hold_item *piece)
{
    struct expansion expansion = {.hold = hold,
                                  .piece = piece,
                                  .text =
                                      bytes_of(hold->text.at + piece->offset, piece->value_length)};
    enter(&expansion, piece->place, piece->is_array);
    while (expansion.at < expansion.text.length) {
        TRY(expand_next(&expansion));
    }
    hold->in_no_field += piece->value_length - expansion.in_fields;
    return AMANAT_OK;
}

/* The larger of the two tapes stays in use, so that only one of them grows with what is held: the
 * arena has memory for one (redactor.c). */
static void keep_larger_tape(struct hold *hold)
{
    struct hold_items larger = hold->spare;
    if (larger.capacity > hold->items.capacity) {
        memcpy(larger.items, hold->items.items, hold->items.count * sizeof(struct hold_item));
        larger.count = hold->items.count;
        hold->spare = hold->items;
        hold->items = larger;
    }
}

amanat_result hold_expand(struct hold *hold, size_t from)
{
    const struct hold_items old = hold->items;
    size_t open = 0;
    hold->items = hold->spare;
    hold->spare = old;
    hold->items.count = 0;
    for (size_t i = 0; i < old.count; i++) {
        if (open < hold->open.count && hold->open.items[open] == i) {
            hold->open.items[open++] = hold->items.count;
        }
        if (old.items[i].kind == HOLD_PIECE && i >= from) {
            TRY(expand_piece(hold, &old.items[i]));
            continue;
        }
        struct hold_item *item = VECTOR_PUSH(hold->arena, &hold->items);
        TRY_MEMORY(item);
        *item = old.items[i];
    }
    keep_larger_tape(hold);
    return AMANAT_OK;
}
