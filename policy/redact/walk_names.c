/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names compare decoded ("\u0061" is "a"). A name matters if what it leads to may be disclosed or
 * is read by a policy; such a name twice in one object refuses the body, any other does not.
 *
 *   declared names     one bit each
 *   undeclared names   kept (only where additionalProperties lets them out) and sorted at the end
 *
 * A name longer than any that is declared leads nowhere, so its rest is not kept.
 */
#include "policy/redact/walk_names.h"

#include <stdlib.h>
#include <string.h>

#include "policy/base/guard.h"
#include "policy/redact/json_text.h"
#include "policy/redact/planted_leak.h"

/* All names of open objects that had to be kept. One map of a million records fits. */
#define NAMES_LIMIT ((size_t)32 << 20)
/* Names whose bits are in the frame itself. */
#define SEEN_FIRST 64
/* The longest spelling of one byte of text: \u00XX. */
#define LONGEST_SPELLING 6

static amanat_result refuse(struct walk *walk, enum redact_fault fault)
{
    walk->fault = fault;
    return amanat_result_of(AMANAT_STATUS_PEER_FAULT);
}

static bool matters(const struct walk *walk, const struct place *place)
{
    return place != NULL && (place->can_disclose || walk_reads(walk, place));
}

amanat_result walk_names_begin(struct walk *walk, struct walk_frame *frame)
{
    const size_t bits = frame->place->node->member_count;
    frame->seen = walk->seen.length;
    frame->names = walk->names.length;
    /* any spelling of a declared name fits, so that those of withheld ones never refuse a body */
    frame->name_limit = LONGEST_SPELLING * frame->place->longest_name + 2;
    if (walk_names_keeps_undeclared(frame) && frame->name_limit < walk->record_limit) {
        frame->name_limit = walk->record_limit;
    }
    for (size_t i = SEEN_FIRST; i < bits; i += 8) {
        buffer_append_byte(&walk->seen, 0);
    }
    return buffer_check(&walk->seen);
}

/* Keeps an undeclared name for the comparison at the object's end. */
static amanat_result keep_name(struct walk *walk, struct bytes name)
{
    const uint32_t length = (uint32_t)name.length;
    if (name.length + sizeof(length) > NAMES_LIMIT - walk->names.length) {
        return refuse(walk, REDACT_FAULT_NAMES);
    }
    buffer_append(&walk->names, bytes_of((const char *)&length, sizeof(length)));
    buffer_append(&walk->names, name);
    return buffer_check(&walk->names);
}

/* Whether the declared name at `index` has come before; now it has. */
static bool note_seen(struct walk *walk, struct walk_frame *frame, size_t index)
{
    if (index < SEEN_FIRST) {
        const uint64_t bit = UINT64_C(1) << index;
        const bool was_seen = (frame->seen_first & bit) != 0;
        frame->seen_first |= bit;
        return was_seen;
    }
    char *bits = walk->seen.at + frame->seen + (index - SEEN_FIRST) / 8;
    const unsigned bit = 1U << (index % 8);
    const bool was_seen = ((unsigned char)*bits & bit) != 0;
    *bits = (char)((unsigned char)*bits | bit);
    return was_seen;
}

static amanat_result take_declared(struct walk *walk, struct walk_frame *frame, size_t index)
{
    frame->member = frame->place->members[index];
    frame->last_name = index + 1;
    return note_seen(walk, frame, index) && matters(walk, frame->member)
               ? refuse(walk, REDACT_FAULT_DUPLICATE)
               : AMANAT_OK;
}

/* An undeclared name is data under the labels of its value: what they scrub must not be in it. */
static amanat_result find_undeclared(struct walk *walk, struct walk_frame *frame, struct bytes name)
{
    struct place *place = frame->place->additional;
    bool allowed = true;
    frame->member = place;
    if (!matters(walk, place)) {
        return PLANTED_LEAK(4) ? keep_name(walk, name) : AMANAT_OK;
    }
    TRY(modes_allow_name(walk->emitter->modes, place->label, walk_names_current(walk), &allowed));
    if (!allowed) {
        frame->member = NULL;
        return AMANAT_OK;
    }
    return keep_name(walk, name);
}

static amanat_result find_member(struct walk *walk, struct walk_frame *frame, struct bytes name)
{
    const struct place *place = frame->place;
    const struct catalogue_member *member = catalogue_node_find_member(place->node, name);
    if (member == NULL) {
        return find_undeclared(walk, frame, name);
    }
    const size_t index = (size_t)(member - place->node->members);
    place_expect(place, frame->last_name, index);
    return take_declared(walk, frame, index);
}

amanat_result walk_names_take_whole(struct walk *walk, struct walk_frame *frame, struct bytes spelt)
{
    walk->spelt_name = spelt;
    return find_member(walk, frame, bytes_of(spelt.at + 1, spelt.length - 2));
}

amanat_result walk_names_take_declared(struct walk *walk, struct walk_frame *frame, size_t index,
                                       struct bytes spelt)
{
    walk->spelt_name = spelt;
    return take_declared(walk, frame, index);
}

/* Longer than any name that is declared, or than a name may be that leaves: then what it leads to
 * passes its budget in a record, and is withheld elsewhere. */
static void take_too_long(struct walk *walk, struct walk_frame *frame)
{
    const bool leaves = walk_names_keeps_undeclared(frame);
    frame->member = leaves && !hold_is_open(walk->hold) ? NULL : frame->place->additional;
}

static amanat_result end_name(struct walk *walk, struct walk_frame *frame)
{
    if (walk->name_length > walk->name.length) {
        take_too_long(walk, frame);
        return AMANAT_OK;
    }
    buffer_reset(&walk->decoded);
    json_text_decode(buffer_bytes(&walk->name), &walk->decoded);
    TRY(buffer_check(&walk->decoded));
    return find_member(walk, frame, buffer_bytes(&walk->decoded));
}

amanat_result walk_names_take(struct walk *walk, const struct json_event *event)
{
    struct walk_frame *frame = &walk->frames.items[walk->frames.count - 1];
    if (event->begins) {
        buffer_reset(&walk->name);
        walk->name_length = 0;
    }
    const size_t room = frame->name_limit - walk->name.length;
    const size_t length = event->piece.length < room ? event->piece.length : room;
    buffer_append(&walk->name, bytes_first(event->piece, length));
    walk->name_length += event->piece.length;
    TRY(buffer_check(&walk->name));
    walk->spelt_name = buffer_bytes(&walk->name);
    return event->ends ? end_name(walk, frame) : AMANAT_OK;
}

static int compare_names(const void *left, const void *right)
{
    const struct bytes *a = left;
    const struct bytes *b = right;
    return bytes_compare(*a, *b);
}

/* Splits the kept names of one object; gives their number. `out` may be NULL. */
static size_t split_names(struct bytes kept, struct bytes *out)
{
    size_t count = 0;
    for (size_t at = 0; at < kept.length; count++) {
        uint32_t length = 0;
        memcpy(&length, kept.at + at, sizeof(length));
        at += sizeof(length);
        if (out != NULL) {
            out[count] = bytes_of(kept.at + at, length);
        }
        at += length;
    }
    return count;
}

static amanat_result compare_kept_names(struct walk *walk, struct bytes kept)
{
    const size_t count = split_names(kept, NULL);
    struct bytes *names = calloc(count, sizeof(*names));
    TRY_MEMORY(names);
    (void)split_names(kept, names);
    qsort(names, count, sizeof(*names), compare_names);
    bool is_double = false;
    for (size_t i = 1; i < count && !is_double; i++) {
        is_double = bytes_equal(names[i - 1], names[i]);
    }
    free(names);
    return is_double ? refuse(walk, REDACT_FAULT_DUPLICATE) : AMANAT_OK;
}

amanat_result walk_names_end(struct walk *walk, const struct walk_frame *frame)
{
    if (walk->names.length > frame->names) {
        TRY(compare_kept_names(walk, bytes_from(buffer_bytes(&walk->names), frame->names)));
        buffer_truncate(&walk->names, frame->names);
    }
    buffer_truncate(&walk->seen, frame->seen);
    return AMANAT_OK;
}

size_t walk_names_unkept(const struct walk *walk)
{
    const bool in_pieces = walk->spelt_name.at == walk->name.at;
    return in_pieces && walk->name_length > walk->name.length
               ? walk->name_length - walk->name.length
               : 0;
}
