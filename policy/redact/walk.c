/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What happens to each value, by its place:
 *
 *   no place (undeclared)      counted as unlabelled, however deep
 *   kind not declared there    counted as wrong type and as withheld; what is in it not at all
 *   no label, scalar           counted as unlabelled
 *   label, never disclosed     counted as withheld
 *   label, may be disclosed    in a record: held; outside: emitted in the mode the plan says
 *
 * Beside that, in a record: what a policy reads is captured, and identifiers of subjects are noted.
 */
#include "policy/redact/walk.h"

#include "policy/base/guard.h"
#include "policy/redact/release.h"
#include "policy/redact/walk_names.h"

void walk_init(struct walk *walk)
{
    /*
     * each is bounded where it is filled, by the limit of a record or what the catalogue declares
     */
    buffer_init(&walk->name, SIZE_MAX / 2);
    buffer_init(&walk->value, SIZE_MAX / 2);
    buffer_init(&walk->seen, SIZE_MAX / 2);
    buffer_init(&walk->names, SIZE_MAX / 2);
    buffer_init(&walk->decoded, SIZE_MAX / 2);
}

void walk_clear(struct walk *walk)
{
    buffer_clear(&walk->name);
    buffer_clear(&walk->value);
    buffer_clear(&walk->seen);
    buffer_clear(&walk->names);
    buffer_clear(&walk->decoded);
    walk->spelt_name = (struct bytes){0};
}

/* The outermost record needs more memory than it may: it is left out. What was held is counted. */
static void give_up(struct walk *walk)
{
    struct hold *hold = walk->hold;
    size_t open = 0;
    hold->gives_up = true;
    hold->charges = true; /* so that each field asks */
    walk->pending->records_over_limit++;
    for (size_t i = 0; i < hold->items.count; i++) {
        const struct hold_item *item = &hold->items.items[i];
        if (item->kind == HOLD_FIELD) {
            account_withhold(walk->pending, item->place->label);
        }
        for (size_t j = 0; j < item->tally_count; j++) {
            const struct held_tally *tally = &hold->tallies.items[item->tally + j];
            account_withhold_many(walk->pending, tally->label, tally->count);
        }
    }
    for (size_t i = 0; i < hold->budgets.count; i++) {
        const struct hold_budget *budget = &hold->budgets.items[i];
        account_withhold_many(walk->pending, budget->place->label, budget->dropped);
    }
    for (size_t i = hold->current; i != CATALOGUE_NONE; i = hold->records.items[i].parent) {
        open++; /* is counted when it closes */
    }
    walk->pending->records_left_out += hold->records.count - open;
}

static amanat_result of_hold(struct walk *walk, amanat_result result)
{
    if (result.status != AMANAT_STATUS_LIMIT) {
        return result;
    }
    if (!walk->hold->gives_up) {
        give_up(walk);
    }
    return AMANAT_OK;
}

static struct walk_frame *innermost(struct walk *walk)
{
    return walk->frames.count == 0 ? NULL : &walk->frames.items[walk->frames.count - 1];
}

/* Where the next value stands; NULL: nowhere that is declared. */
static const struct place *current_place(struct walk *walk)
{
    const struct walk_frame *frame = innermost(walk);
    if (frame == NULL) {
        return walk->root;
    }
    return frame->is_array ? frame->place->items : frame->member;
}

/* The name before something that may be emitted; what cannot be needs none. */
static struct undisclosed_bytes name_of(const struct walk *walk, const struct place *place)
{
    return place->can_disclose ? walk_names_current(walk) : (struct undisclosed_bytes){{NULL, 0}};
}

/* Bytes of that name past the limit, which were not kept. */
static size_t unkept_of_name(const struct walk *walk, const struct place *place)
{
    return name_of(walk, place).bytes.length > 0 ? walk_names_unkept(walk) : 0;
}

static void count_wrong_type(struct walk *walk, const struct place *place)
{
    struct account *account = walk_account(walk);
    account->wrong_type++;
    account_withhold(account, place->label);
}

/* ---- what policies read ---- */

bool walk_reads(const struct walk *walk, const struct place *place)
{
    if (place == NULL || place->attribute == NULL || !hold_is_open(walk->hold)) {
        return false;
    }
    if (place->attribute_index == CATALOGUE_NONE) { /* part of an attribute */
        return walk->frames.items[walk->frames.count - 1].captures;
    }
    return walk->hold->records.items[walk->hold->current].place->discloses_inside;
}

/* The comma and the name before a captured value inside an attribute. */
static void begin_captured(struct walk *walk, const struct place *place)
{
    struct walk_frame *frame = innermost(walk);
    struct buffer *text = &walk->hold->capture;
    if (place->attribute_index != CATALOGUE_NONE) {
        return;
    }
    if (frame->captured_any) {
        buffer_append_byte(text, ',');
    }
    frame->captured_any = true;
    if (!frame->is_array) {
        buffer_append_json_string(text, place->attribute->name);
        buffer_append_byte(text, ':');
    }
}

/* A whole value of an attribute, or of something inside one; `unkept` more bytes are missing at its
 * end. Null ones are left out, but not from arrays. */
static amanat_result capture_value(struct walk *walk, const struct place *place,
                                   enum json_event_kind kind, struct bytes text, size_t unkept)
{
    const struct walk_frame *frame = innermost(walk);
    const size_t start = walk->hold->capture.length;
    if ((kind == JSON_EVENT_NULL && !frame->is_array) || !hold_reads(walk->hold)) {
        return AMANAT_OK;
    }
    begin_captured(walk, place);
    buffer_append(&walk->hold->capture, text);
    TRY(of_hold(walk, hold_note_read(walk->hold, start, unkept)));
    return place->attribute_index == CATALOGUE_NONE
               ? AMANAT_OK
               : of_hold(walk, hold_attribute(walk->hold, place->attribute_index, start));
}

static bool is_captured_container(const struct place *place, bool is_array)
{
    const enum attribute_type type = place->attribute->type;
    return is_array ? type == ATTRIBUTE_SET : type == ATTRIBUTE_RECORD;
}

/* A container where an attribute is: either it is captured with what is in it, or it stands for
 * itself, empty, so that the question sees the wrong type. */
static amanat_result begin_captured_container(struct walk *walk, const struct place *place,
                                              bool is_array, bool is_walked, bool *out_captures,
                                              size_t *out_start)
{
    *out_captures = is_walked && is_captured_container(place, is_array);
    *out_start = walk->hold->capture.length;
    if (!hold_reads(walk->hold)) {
        return AMANAT_OK;
    }
    if (!*out_captures) {
        return capture_value(walk, place,
                             is_array ? JSON_EVENT_ARRAY_BEGIN : JSON_EVENT_OBJECT_BEGIN,
                             is_array ? BYTES("[]") : BYTES("{}"), 0);
    }
    begin_captured(walk, place);
    buffer_append_byte(&walk->hold->capture, is_array ? '[' : '{');
    return of_hold(walk, hold_note_read(walk->hold, *out_start, 0));
}

static amanat_result end_captured_container(struct walk *walk, const struct walk_frame *frame)
{
    if (!frame->captures) {
        return AMANAT_OK;
    }
    if (hold_reads(walk->hold)) {
        buffer_append_byte(&walk->hold->capture, frame->is_array ? ']' : '}');
        TRY(of_hold(walk, hold_note_read(walk->hold, walk->hold->capture.length - 1, 0)));
    }
    return frame->place->attribute_index == CATALOGUE_NONE
               ? AMANAT_OK
               : of_hold(walk, hold_attribute(walk->hold, frame->place->attribute_index,
                                              frame->capture_start));
}

/* ---- containers ---- */

/* Outside records the plan alone says whether an empty container stands. */
static enum emit_stand stand_outside(const struct place *place, bool is_array)
{
    if (place->node->label_count > 0) {
        return place->strongest == DISCLOSURE_REVEAL ? EMIT_ALWAYS : EMIT_WHEN_HOLDING;
    }
    return is_array && place->can_disclose ? EMIT_ALWAYS : EMIT_WHEN_HOLDING;
}

static amanat_result open_output(struct walk *walk, const struct place *place, bool is_array)
{
    const struct undisclosed_bytes name = name_of(walk, place);
    if (hold_is_open(walk->hold) || (place->begins_record && !is_array)) {
        return of_hold(walk,
                       hold_open(walk->hold, place, is_array, name, unkept_of_name(walk, place)));
    }
    const enum emit_stand stand = stand_outside(place, is_array);
    TRY(emit_open(walk->emitter, name, is_array, stand));
    return stand == EMIT_ALWAYS ? emit_commit(walk->emitter, false) : AMANAT_OK;
}

/* The outermost record is over: judged and gone, one way or the other. */
static amanat_result end_outermost_record(struct walk *walk, bool is_left_out)
{
    if (is_left_out) {
        account_move(&walk->window->account, walk->pending);
        hold_reset(walk->hold);
        return AMANAT_OK;
    }
    const struct release release = {.plan = walk->plan,
                                    .emitter = walk->emitter,
                                    .window = walk->window,
                                    .pending = walk->pending,
                                    .scratch = walk->scratch,
                                    .unit_limit = REDACT_UNIT_BYTES(walk->record_limit)};
    return release_record(&release, walk->hold);
}

static amanat_result close_output(struct walk *walk)
{
    bool left_out = false;
    bool stands = false;
    if (!hold_is_open(walk->hold)) {
        TRY(emit_close(walk->emitter, &stands));
        return stands ? emit_commit(walk->emitter, false) : AMANAT_OK;
    }
    TRY(of_hold(walk, hold_close(walk->hold, &left_out)));
    if (left_out) {
        walk->pending->records_left_out++;
    }
    return hold_is_open(walk->hold) ? AMANAT_OK : end_outermost_record(walk, left_out);
}

static void skip(struct walk *walk, bool counts)
{
    walk->skip_depth = 1;
    walk->skip_counts = counts;
}

amanat_result walk_begin_container(struct walk *walk, enum json_event_kind kind)
{
    const bool is_array = kind == JSON_EVENT_ARRAY_BEGIN;
    const struct place *place = current_place(walk);
    bool captures = false;
    size_t capture_start = 0;
    if (place == NULL) {
        skip(walk, true);
        return AMANAT_OK;
    }
    const bool is_walked = place_allows(place, kind, false);
    if (walk_reads(walk, place)) {
        TRY(begin_captured_container(walk, place, is_array, is_walked, &captures, &capture_start));
    }
    if (!is_walked) {
        count_wrong_type(walk, place);
        skip(walk, false);
        return AMANAT_OK;
    }
    if (!place->is_inert) {
        TRY(open_output(walk, place, is_array));
    }
    struct walk_frame *frame = VECTOR_PUSH(walk->arena, &walk->frames);
    TRY_MEMORY(frame);
    *frame = (struct walk_frame){
        .place = place, .is_array = is_array, .captures = captures, .capture_start = capture_start};
    return is_array ? AMANAT_OK : walk_names_begin(walk, frame);
}

amanat_result walk_end_container(struct walk *walk)
{
    const struct walk_frame frame = *innermost(walk);
    if (!frame.is_array) {
        TRY(walk_names_end(walk, &frame));
    }
    TRY(end_captured_container(walk, &frame));
    walk->frames.count--;
    return frame.place->is_inert ? AMANAT_OK : close_output(walk);
}

/* ---- scalars ---- */

static bool may_be_disclosed(const struct place *place)
{
    return place->strongest != DISCLOSURE_WITHHELD;
}

static bool names_subject(const struct place *place, enum json_event_kind kind)
{
    return place->node->subject != CATALOGUE_NONE &&
           (kind == JSON_EVENT_STRING || kind == JSON_EVENT_NUMBER);
}

/* A revealed string outside records needs no waiting, unless a subject must be known first, or its
 * label scrubs it. */
static bool can_stream(const struct walk *walk, const struct place *place,
                       enum json_event_kind kind)
{
    return !hold_is_open(walk->hold) && kind == JSON_EVENT_STRING &&
           place->strongest == DISCLOSURE_REVEAL && place->node->subject == CATALOGUE_NONE &&
           place->min_group == 0 && !modes_must_see_whole(walk->emitter->modes, place->label) &&
           place_allows(place, kind, false);
}

/* Whether it is anything but a whole number of at least so many: a count of few, which would tell
 * of single people. It is no candidate, so nothing shows that it was there. */
static bool is_small_group(unsigned min_group, enum json_event_kind kind, struct bytes token)
{
    uint64_t count = 0;
    if (min_group == 0) {
        return false;
    }
    for (size_t i = 0; kind == JSON_EVENT_NUMBER && i < token.length; i++) {
        if (token.at[i] < '0' || token.at[i] > '9') {
            return true;
        }
        count = count >= min_group ? min_group : count * 10 + (uint64_t)(token.at[i] - '0');
    }
    return kind != JSON_EVENT_NUMBER || count < min_group;
}

/* Room first, so that a window's account covers what begins in it. */
static amanat_result count_disclosed(struct walk *walk, const struct place *place)
{
    TRY(window_make_room(walk->window, 1));
    walk->window->account.disclosed[place->label][place->strongest]++;
    return AMANAT_OK;
}

static amanat_result begin_scalar(struct walk *walk, enum json_event_kind kind)
{
    const struct place *place = current_place(walk);
    buffer_reset(&walk->value);
    walk->value_length = 0;
    walk->streams = place != NULL && can_stream(walk, place, kind);
    walk->keeps_value =
        place != NULL && !walk->streams &&
        (may_be_disclosed(place) || walk_reads(walk, place) || names_subject(place, kind));
    if (walk->streams) {
        TRY(count_disclosed(walk, place));
        return emit_begin_string(walk->emitter, name_of(walk, place));
    }
    return AMANAT_OK;
}

/* Past this only the length of a scalar is kept; whether that matters is known when it ends. */
static size_t value_limit(const struct walk *walk)
{
    return walk->record_limit > REDACT_IDENTIFIER_BYTES ? walk->record_limit
                                                        : REDACT_IDENTIFIER_BYTES;
}

static void keep_piece(struct walk *walk, struct bytes piece)
{
    const size_t room = value_limit(walk) - walk->value.length;
    buffer_append(&walk->value, bytes_first(piece, piece.length < room ? piece.length : room));
    walk->value_length += piece.length;
}

/** A scalar that is complete. */
struct scalar {
    enum json_event_kind kind;
    bool is_integer;
    struct bytes kept; /* the token as it is spelt, or its beginning */
    size_t length;     /* of all of it */
};

static amanat_result emit_outside(struct walk *walk, const struct place *place,
                                  const struct scalar *scalar, struct undisclosed_bytes value)
{
    const enum json_event_kind kind = scalar->kind;
    bool disclosed = false;
    if (scalar->length > walk->record_limit) {
        account_withhold(&walk->window->account, place->label);
        return AMANAT_OK;
    }
    TRY(emit_field(walk->emitter, name_of(walk, place), kind, value,
                   (enum disclosure_mode)place->strongest, place->label, &disclosed));
    if (!disclosed) {
        account_withhold(&walk->window->account, place->label);
        return AMANAT_OK;
    }
    TRY(count_disclosed(walk, place));
    if (names_subject(place, kind)) {
        TRY(subject_set_add(&walk->window->subjects, place->node->subject, kind, value.bytes));
    }
    return emit_commit(walk->emitter, false);
}

static inline amanat_result hold_candidate(struct walk *walk, const struct place *place,
                                           enum json_event_kind kind,
                                           struct undisclosed_bytes value, size_t unkept)
{
    const amanat_result result =
        hold_field(walk->hold, place, kind, walk_names_current(walk), value, unkept);
    if (result.status != AMANAT_STATUS_LIMIT) {
        return result;
    }
    account_withhold(walk->pending, place->label);
    return of_hold(walk, result);
}

/* A field that may be disclosed. */
static amanat_result take_candidate(struct walk *walk, const struct place *place,
                                    const struct scalar *scalar)
{
    const struct undisclosed_bytes value = {scalar->kept};
    if (!hold_is_open(walk->hold)) {
        return emit_outside(walk, place, scalar, value);
    }
    const size_t unkept = scalar->length - scalar->kept.length + unkept_of_name(walk, place);
    return hold_candidate(walk, place, scalar->kind, value, unkept);
}

static amanat_result note_what_is_read(struct walk *walk, const struct place *place,
                                       const struct scalar *scalar)
{
    if (walk_reads(walk, place)) {
        TRY(capture_value(walk, place, scalar->kind, scalar->kept,
                          scalar->length - scalar->kept.length));
    }
    if (hold_is_open(walk->hold) && names_subject(place, scalar->kind)) {
        return hold_subject(walk->hold, place->node->subject, scalar->kind, scalar->kept);
    }
    return AMANAT_OK;
}

static amanat_result end_scalar(struct walk *walk, const struct place *place,
                                const struct scalar *scalar)
{
    if (place == NULL) {
        walk_account(walk)->withheld_unlabelled++;
        return AMANAT_OK;
    }
    TRY(note_what_is_read(walk, place, scalar));
    if (!place_allows(place, scalar->kind, scalar->is_integer)) {
        count_wrong_type(walk, place);
        return AMANAT_OK;
    }
    if (!may_be_disclosed(place) || is_small_group(place->min_group, scalar->kind, scalar->kept)) {
        account_withhold(walk_account(walk), place->label);
        return AMANAT_OK;
    }
    return take_candidate(walk, place, scalar);
}

amanat_result walk_take_scalar(struct walk *walk, const struct place *place,
                               enum json_event_kind kind, bool is_integer, struct bytes token)
{
    if (place != NULL && place->is_plain && may_be_disclosed(place) && hold_is_open(walk->hold) &&
        place_allows(place, kind, is_integer) && token.length <= walk->record_limit) {
        /* what end_scalar comes to for most of what is disclosed */
        return hold_candidate(walk, place, kind, (struct undisclosed_bytes){token},
                              unkept_of_name(walk, place));
    }
    if (place != NULL && can_stream(walk, place, kind)) {
        TRY(count_disclosed(walk, place));
        TRY(emit_begin_string(walk->emitter, name_of(walk, place)));
        return emit_string_piece(walk->emitter, (struct undisclosed_bytes){token}, true);
    }
    const size_t limit = value_limit(walk);
    const struct scalar scalar = {kind, is_integer,
                                  bytes_first(token, token.length < limit ? token.length : limit),
                                  token.length};
    return end_scalar(walk, place, &scalar);
}

/* A piece of a scalar. */
static amanat_result take_piece(struct walk *walk, const struct json_event *event)
{
    if (event->begins) {
        TRY(begin_scalar(walk, event->kind));
    }
    if (walk->streams) {
        return emit_string_piece(walk->emitter, (struct undisclosed_bytes){event->piece},
                                 event->ends);
    }
    if (walk->keeps_value) {
        keep_piece(walk, event->piece);
    }
    if (!event->ends) {
        return AMANAT_OK;
    }
    TRY(buffer_check(&walk->value));
    const struct scalar scalar = {event->kind, event->is_integer, buffer_bytes(&walk->value),
                                  walk->value_length};
    const amanat_result result = end_scalar(walk, current_place(walk), &scalar);
    buffer_reset(&walk->value);
    return result;
}

/* Inside something that is withheld whole, only its nesting and its scalars are counted. */
static void take_skipped(struct walk *walk, const struct json_event *event)
{
    switch (event->kind) {
    case JSON_EVENT_OBJECT_BEGIN:
    case JSON_EVENT_ARRAY_BEGIN:
        walk->skip_depth++;
        break;
    case JSON_EVENT_OBJECT_END:
    case JSON_EVENT_ARRAY_END:
        walk->skip_depth--;
        break;
    case JSON_EVENT_STRING:
    case JSON_EVENT_NUMBER:
    case JSON_EVENT_TRUE:
    case JSON_EVENT_FALSE:
    case JSON_EVENT_NULL:
        if (event->ends && walk->skip_counts) {
            walk_account(walk)->withheld_unlabelled++;
        }
        break;
    default:
        break;
    }
}

amanat_result walk_take(struct walk *walk, const struct json_event *event)
{
    if (walk->skip_depth > 0) {
        take_skipped(walk, event);
        return AMANAT_OK;
    }
    switch (event->kind) {
    case JSON_EVENT_OBJECT_BEGIN:
    case JSON_EVENT_ARRAY_BEGIN:
        return walk_begin_container(walk, event->kind);
    case JSON_EVENT_OBJECT_END:
    case JSON_EVENT_ARRAY_END:
        return walk_end_container(walk);
    case JSON_EVENT_NAME:
        return walk_names_take(walk, event);
    case JSON_EVENT_STRING:
    case JSON_EVENT_NUMBER:
    case JSON_EVENT_TRUE:
    case JSON_EVENT_FALSE:
    case JSON_EVENT_NULL:
        return take_piece(walk, event);
    default:
        return AMANAT_OK;
    }
}

amanat_result walk_end_input(struct walk *walk)
{
    if (walk->spelt_name.length > 0 && walk->spelt_name.at != walk->name.at) {
        buffer_reset(&walk->name);
        buffer_append(&walk->name, walk->spelt_name);
        TRY(buffer_check(&walk->name));
        walk->spelt_name = buffer_bytes(&walk->name);
        walk->name_length = walk->name.length;
    }
    return AMANAT_OK;
}
