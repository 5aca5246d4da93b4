/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A row: neighbours taken one after the other. What is kept of it stands in the text of the hold
 * up to the last member that is withheld, and from `segment` on still only in the input, so that
 * most of it is copied in a few long runs:
 *
 *     {"id":7,"owner":{"cnic":"…","name":"…"},"city":"…"     cnic is withheld
 *      └──── text ────┘             └──── segment …
 */
#include "policy/redact/walk_piece.h"

#include "policy/base/guard.h"

#define NO_SEGMENT SIZE_MAX
/* Values of one piece that a mode has to change; what has more is taken in smaller pieces. */
#define EDITS_MOST 128

/** An open container of the row: the outermost is the one around it. */
struct row_frame {
    struct place_cursor cursor;
    bool is_array;
    bool is_counted; /* all of it is withheld */
    bool has_kept;   /* something before is kept: the next needs its comma */
};

/** What a value changes that turns out to be uncertain. */
struct row_state {
    size_t segment;    /* where kept bytes begin that are not in `text` yet, or NO_SEGMENT */
    size_t edit_count; /* of row.edits */
    uint32_t touched;  /* slots of labels: those that count, also if only a container has one */
    uint32_t kept;     /* those of them that are not withheld */
    uint16_t counts[PLACE_SLOTS]; /* fields; a stretch is shorter than they reach */
    struct row_frame around;
};

struct row {
    const struct json_scanner *scanner;
    const struct json_stretch *stretch;
    struct buffer *text; /* of the hold */
    size_t text_start;   /* of the piece in it */
    size_t begin;        /* of the piece in the stretch */
    size_t room;         /* bytes that it may have */
    size_t depth_left;   /* containers that may still be opened in here */
    uint8_t fate;        /* of what is kept; PLACE_NO_FATE: nothing is yet */
    struct row_state now;
    struct emit_edit edits[EDITS_MOST];
};

/** Where a scalar ends, and its bit in `kinds`. */
struct passed {
    size_t end; /* 0: not certain, or there is none; `kind` is then no bit of any kind */
    size_t kind;
};

static inline bool has_margin(const struct json_stretch *stretch, size_t at)
{
    return at + JSON_RUN_MARGIN <= stretch->length;
}

/* ---- what becomes of a value ---- */

static inline void tally(struct row *row, uint8_t slot, uint16_t count)
{
    row->now.touched |= UINT32_C(1) << slot;
    row->now.counts[slot] = (uint16_t)(row->now.counts[slot] + count);
}

static inline void tally_kept(struct row *row, uint8_t slot, uint16_t count)
{
    row->now.kept |= UINT32_C(1) << slot;
    tally(row, slot, count);
}

static void end_segment(struct row *row, size_t end)
{
    if (row->now.segment != NO_SEGMENT) {
        buffer_append(row->text,
                      bytes_of(row->stretch->at + row->now.segment, end - row->now.segment));
        row->now.segment = NO_SEGMENT;
    }
}

/* Where a member or element begins, and its value. Between these positions there may be white
 * space, which never leaves. */
struct item_bounds {
    size_t from; /* behind the comma or the opening bracket */
    size_t start;
    size_t name_end; /* behind the colon; without a name as `start` */
    size_t value;
};

/* Something that is kept begins at `at`, directly behind its comma if there is one. */
static inline void keep_from(struct row *row, struct row_frame *frame, size_t at)
{
    if (row->now.segment == NO_SEGMENT) {
        row->now.segment = frame->has_kept ? at - 1 : at;
    }
    frame->has_kept = true;
}

/* What lies between does not leave. */
static inline void skip_from(struct row *row, size_t end, size_t next)
{
    if (end != next) {
        end_segment(row, end);
        row->now.segment = next;
    }
}

/* Keeps all before the value. */
static inline void keep_until_value(struct row *row, struct row_frame *frame,
                                    const struct item_bounds *bounds)
{
    if (row->now.segment == NO_SEGMENT && !frame->has_kept) {
        row->now.segment = bounds->start;
    } else {
        keep_from(row, frame, bounds->from);
        skip_from(row, bounds->from, bounds->start);
    }
    skip_from(row, bounds->name_end, bounds->value);
    frame->has_kept = true;
}

/* What is withheld begins behind `from`: what is kept ends before its comma, if it has one. */
static inline void leave_out_from(struct row *row, size_t from)
{
    if (row->now.segment != NO_SEGMENT) {
        end_segment(row, row->stretch->at[from - 1] == ',' ? from - 1 : from);
    }
}

/* Behind white space at `at`, with a margin; 0: not certain. */
static inline size_t pass_blank(const struct row *row, size_t at)
{
    if ((unsigned char)row->stretch->at[at] > ' ') {
        return at;
    }
    const size_t end = json_run_pass_space(row->scanner, at);
    return end != 0 && has_margin(row->stretch, end) ? end : 0;
}

/* The same behind something that was taken, where there is a margin. */
static inline size_t pass_blank_behind(struct row *row, size_t at)
{
    const size_t end = pass_blank(row, at);
    if (end != 0 && end != at && row->now.segment != NO_SEGMENT) {
        skip_from(row, at, end);
    }
    return end;
}

/* A mode has to change the value from `at` to `end`, which is in the segment. */
static void note_edit(struct row *row, size_t at, size_t end, size_t label)
{
    row->edits[row->now.edit_count++] =
        (struct emit_edit){.offset = row->text->length - row->text_start + (at - row->now.segment),
                           .length = end - at,
                           .label = label};
}

/* ---- scalars ---- */

/* One that is long or has something unusual in it. */
static __attribute__((noinline)) struct passed pass_unusual(const struct json_stretch *stretch,
                                                            size_t at)
{
    const enum json_event_kind kind = json_run_kind(stretch->at[at]);
    bool is_integer = false;
    const size_t end =
        json_run_is_scalar(kind) ? json_run_pass_scalar(stretch, at, kind, &is_integer) : 0;
    if (end == 0) {
        return (struct passed){0, JSON_EVENT_FAULT};
    }
    return (struct passed){end, is_integer ? PLACE_WHOLE_NUMBER : (size_t)kind};
}

/* The scalar at `at`. */
static inline __attribute__((always_inline)) struct passed
pass_any(const struct json_stretch *stretch, size_t at)
{
    const char byte = stretch->at[at];
    if (byte == '"') {
        const size_t end = json_run_pass_short_string(stretch, at);
        if (end != 0) {
            return (struct passed){end, JSON_EVENT_STRING};
        }
    } else if (json_run_kind(byte) == JSON_EVENT_NUMBER) {
        bool is_integer = false;
        const size_t end = json_run_pass_short_number(stretch, at, &is_integer);
        if (end != 0) {
            return (struct passed){end, is_integer ? PLACE_WHOLE_NUMBER : JSON_EVENT_NUMBER};
        }
    }
    return pass_unusual(stretch, at);
}

static inline bool has_room(const struct row *row, const struct place_tally *as, size_t end)
{
    return end - row->begin <= row->room && (!as->is_edited || row->now.edit_count < EDITS_MOST);
}

/* A scalar that is in the segment. */
static inline void keep_scalar(struct row *row, const struct place_tally *as, size_t at, size_t end)
{
    if (as->is_edited) {
        note_edit(row, at, end, as->label);
    }
    tally_kept(row, as->slot, 1);
}

/*
 * As many scalar members as share the fate of the row or are withheld, with no white space between
 * them, from the name at `at` on. Behind the last of them; 0: there is none. Nearly all of most
 * bodies goes through here.
 */
static inline size_t pass_members(struct row *row, struct row_frame *frame, size_t at)
{
    const struct json_stretch *stretch = row->stretch;
    const struct place *around = frame->cursor.place;
    struct place_cursor cursor = frame->cursor;
    size_t taken = 0;
    for (;;) {
        const size_t index = place_expected(around, cursor.last_name);
        if (index >= around->usual_count || (cursor.seen >> index & 1) != 0) {
            break;
        }
        const struct place_name *name = &around->names[index];
        const size_t value = at + name->length;
        const bool is_counted = name->scalar.fate == PLACE_COUNTED;
        if ((name->scalar.fate != row->fate && !is_counted) ||
            !place_name_begins(stretch->at + at, stretch->length - at, name) ||
            !has_margin(stretch, value)) {
            break;
        }
        const struct passed scalar = pass_any(stretch, value);
        if ((name->scalar.kinds >> scalar.kind & 1) == 0) {
            break;
        }
        if (is_counted) {
            leave_out_from(row, at);
            tally(row, name->scalar.slot, 1);
        } else if (!has_room(row, &name->scalar, scalar.end)) {
            break;
        } else {
            keep_from(row, frame, at);
            keep_scalar(row, &name->scalar, value, scalar.end);
        }
        cursor.seen |= UINT64_C(1) << index;
        cursor.last_name = index + 1;
        taken = scalar.end;
        at = taken + 1;
        if (!has_margin(stretch, taken) || stretch->at[taken] != ',') {
            break;
        }
    }
    frame->cursor = cursor;
    return taken;
}

/* ---- containers that are taken whole ---- */

/* A declared name at `at` that is not the expected one; SIZE_MAX: it is none, or has escapes. */
static __attribute__((noinline)) size_t
find_other_name(const struct json_stretch *stretch, const struct place_cursor *cursor, size_t at)
{
    const struct place *around = cursor->place;
    const size_t end = json_next_mark(stretch->stop, at + 1);
    if (stretch->at[at] != '"' || end + 1 >= stretch->length || stretch->at[end] != '"' ||
        stretch->at[end + 1] != ':') {
        return SIZE_MAX;
    }
    const struct catalogue_member *member =
        catalogue_node_find_member(around->node, bytes_of(stretch->at + at + 1, end - at - 1));
    const size_t index = member == NULL ? SIZE_MAX : (size_t)(member - around->node->members);
    if (index >= around->usual_count || around->names[index].length != end + 2 - at) {
        return SIZE_MAX;
    }
    place_expect(around, cursor->last_name, index);
    return index;
}

/** A value that comes next. */
struct next_value {
    const struct place *place;
    size_t index; /* of its name, if it has one */
    struct item_bounds bounds;
    bool is_container;
    bool is_array;
};

/* The value whose name, or which itself, comes behind `from`; false: not certain. A name that comes
 * twice is left to the walk. */
static inline bool find_value(const struct row *row, const struct row_frame *frame, size_t from,
                              struct next_value *out)
{
    const struct json_stretch *stretch = row->stretch;
    const struct place_cursor *cursor = &frame->cursor;
    const struct place *around = cursor->place;
    const size_t at = pass_blank(row, from);
    out->bounds = (struct item_bounds){from, at, at, at};
    out->place = around->items;
    if (at == 0) {
        return false;
    }
    if (!frame->is_array) {
        size_t index = place_expected(around, cursor->last_name);
        if (index >= around->usual_count ||
            !place_name_begins(stretch->at + at, stretch->length - at, &around->names[index])) {
            index = find_other_name(stretch, cursor, at);
        }
        if (index == SIZE_MAX || (cursor->seen >> index & 1) != 0 ||
            !has_margin(stretch, at + around->names[index].length)) {
            return false;
        }
        out->index = index;
        out->bounds.name_end = at + around->names[index].length;
        out->bounds.value = pass_blank(row, out->bounds.name_end);
        out->place = around->members[index];
    }
    if (out->place == NULL || out->bounds.value == 0 || !has_margin(stretch, out->bounds.value)) {
        return false;
    }
    out->is_array = stretch->at[out->bounds.value] == '[';
    out->is_container = out->is_array || stretch->at[out->bounds.value] == '{';
    return true;
}

static inline void note_member(struct row_frame *frame, const struct next_value *value)
{
    if (!frame->is_array) {
        frame->cursor.seen |= UINT64_C(1) << value->index;
        frame->cursor.last_name = value->index + 1;
    }
}

/* Behind the scalar `value`; 0: not certain, or it belongs elsewhere. */
static inline size_t pass_scalar(struct row *row, struct row_frame *frame,
                                 const struct next_value *value)
{
    const struct place_tally *as = &value->place->scalar;
    const struct passed scalar = pass_any(row->stretch, value->bounds.value);
    if ((as->kinds >> scalar.kind & 1) == 0) {
        return 0;
    }
    if (as->fate == PLACE_COUNTED) {
        leave_out_from(row, value->bounds.from);
        tally(row, as->slot, 1);
    } else if (as->fate == row->fate && has_room(row, as, scalar.end)) {
        keep_until_value(row, frame, &value->bounds);
        keep_scalar(row, as, value->bounds.value, scalar.end);
    } else {
        return 0;
    }
    note_member(frame, value);
    return scalar.end;
}

/* Into the container `value`; false: it belongs elsewhere. */
static inline bool enter(struct row *row, struct row_frame *around, const struct next_value *value,
                         struct row_frame *out)
{
    const struct place *place = value->place;
    const bool is_counted = place->fate == PLACE_COUNTED;
    if ((!is_counted && place->fate != row->fate) ||
        !place_allows(place, value->is_array ? JSON_EVENT_ARRAY_BEGIN : JSON_EVENT_OBJECT_BEGIN,
                      false)) {
        return false;
    }
    if (is_counted) {
        leave_out_from(row, value->bounds.from);
    } else {
        keep_until_value(row, around, &value->bounds);
    }
    if (row->fate == PLACE_ASKED && place->strongest == DISCLOSURE_REVEAL) {
        tally_kept(row, place->scalar.slot, 0); /* it would stand without what is in it */
    }
    note_member(around, value);
    *out = (struct row_frame){
        .cursor.place = place, .is_array = value->is_array, .is_counted = is_counted};
    return true;
}

/* Out of the containers that end at `*at`. False: not certain, also where nothing in one is kept;
 * or out of all of them. */
static inline bool leave(struct row *row, const struct row_frame *frames, size_t *depth, size_t *at)
{
    const struct json_stretch *stretch = row->stretch;
    while (has_margin(stretch, *at)) {
        const struct row_frame *frame = &frames[*depth - 1];
        *at = pass_blank_behind(row, *at);
        const char byte = stretch->at[*at];
        if (*at == 0 || byte == ',') {
            return *at != 0;
        }
        if (byte != (frame->is_array ? ']' : '}') || (!frame->has_kept && !frame->is_counted)) {
            return false;
        }
        if (!frame->is_counted && row->now.segment == NO_SEGMENT) {
            row->now.segment = *at;
        }
        ++*at;
        if (--*depth == 0) {
            return false;
        }
    }
    return false;
}

/* Behind the container `value` of the row, with all that is in it; 0: not certain. One that is
 * empty, or has an empty one in it, is left to the walk. */
static size_t pass_container(struct row *row, struct next_value value)
{
    struct row_frame frames[HOLD_PIECE_DEPTH];
    struct row_frame *frame = &row->now.around;
    size_t depth = 0;
    for (;;) {
        if (depth == row->depth_left || !enter(row, frame, &value, &frames[depth])) {
            return 0;
        }
        frame = &frames[depth++];
        for (size_t at = value.bounds.value + 1;; at++) {
            size_t end = frame->is_array ? 0 : pass_members(row, frame, at);
            if (end == 0) {
                if (!find_value(row, frame, at, &value)) {
                    return 0;
                }
                if (value.is_container) {
                    break;
                }
                end = pass_scalar(row, frame, &value);
            }
            at = end;
            if (end == 0 || !leave(row, frames, &depth, &at)) {
                return end != 0 && depth == 0 ? at : 0;
            }
            frame = &frames[depth - 1];
        }
    }
}

/* ---- neighbours ---- */

static amanat_result hold_kept(struct walk *walk, struct row *row, size_t end)
{
    const struct walk_frame *frame = &walk->frames.items[walk->frames.count - 1];
    struct held_tally tallies[PLACE_SLOTS];
    struct hold_piece piece = {.around = frame->place,
                               .is_array = frame->is_array,
                               .text_start = row->text_start,
                               .tallies = tallies,
                               .edits = row->edits,
                               .edit_count = row->now.edit_count};
    end_segment(row, end);
    for (uint32_t left = row->now.touched & row->now.kept; left != 0; left &= left - 1) {
        const unsigned slot = (unsigned)__builtin_ctz(left);
        tallies[piece.tally_count++] = (struct held_tally){.label = walk->root->slot_labels[slot],
                                                           .count = row->now.counts[slot]};
    }
    return hold_piece(walk->hold, &piece);
}

static void count_withheld(struct walk *walk, const struct row *row)
{
    struct account *account = walk_account(walk);
    for (uint32_t left = row->now.touched & ~row->now.kept; left != 0; left &= left - 1) {
        const unsigned slot = (unsigned)__builtin_ctz(left);
        account_withhold_many(account, walk->root->slot_labels[slot], row->now.counts[slot]);
    }
}

/* Gives what was taken, before `end`, to where it belongs. */
static amanat_result end_piece(struct walk *walk, struct row *row, size_t end)
{
    amanat_result result = AMANAT_OK;
    if (row->now.touched != 0) {
        count_withheld(walk, row);
    }
    if (row->now.around.has_kept) {
        result = hold_kept(walk, row, end);
    }
    row->fate = PLACE_NO_FATE;
    row->now.around.has_kept = false;
    row->now.segment = NO_SEGMENT;
    row->now.edit_count = 0;
    row->now.touched = 0;
    row->now.kept = 0;
    memset(row->now.counts, 0, sizeof(row->now.counts));
    return result;
}

/* What is kept from `start` on has that fate; the piece before it ends before `behind`. */
static amanat_result begin_piece(struct walk *walk, struct row *row, uint8_t fate, size_t start,
                                 size_t behind)
{
    TRY(end_piece(walk, row, behind));
    row->fate = fate;
    row->begin = start;
    row->text_start = row->text->length;
    row->room = hold_is_open(walk->hold) ? hold_room_for_piece(walk->hold) : 0;
    return AMANAT_OK;
}

/* Behind the container; 0: not certain, and all is as it was. */
static size_t take_container(struct row *row, const struct next_value *value)
{
    const struct row_state before = row->now;
    const size_t text_length = row->text->length;
    const size_t end = pass_container(row, *value);
    if (end == 0 || (row->fate != PLACE_NO_FATE && end - row->begin > row->room)) {
        row->now = before;
        if (row->text->length > text_length) {
            buffer_truncate(row->text, text_length);
        }
        return 0;
    }
    return end;
}

/* Behind a scalar that is taken for itself; 0: not certain. `behind`: the end of the piece. */
static size_t take_alone(struct walk *walk, struct row *row, const struct next_value *value,
                         size_t behind, amanat_result *result)
{
    const char *text = row->stretch->at;
    const struct item_bounds *bounds = &value->bounds;
    const struct passed scalar = pass_any(row->stretch, bounds->value);
    const bool is_integer = scalar.kind == PLACE_WHOLE_NUMBER;
    if (scalar.end == 0) {
        return 0;
    }
    note_member(&row->now.around, value);
    *result = end_piece(walk, row, behind);
    if (amanat_is_ok(*result)) {
        if (bounds->name_end > bounds->start) {
            walk->spelt_name = bytes_of(text + bounds->start, bounds->name_end - bounds->start - 1);
        }
        *result = walk_take_scalar(
            walk, value->place, is_integer ? JSON_EVENT_NUMBER : (enum json_event_kind)scalar.kind,
            is_integer, bytes_of(text + bounds->value, scalar.end - bounds->value));
    }
    return scalar.end;
}

/* Behind the neighbour that comes behind `from`, whatever it is; 0: not certain. */
static size_t take_one(struct walk *walk, struct row *row, size_t from, size_t behind,
                       amanat_result *result)
{
    struct next_value value;
    if (!find_value(row, &row->now.around, from, &value)) {
        return 0;
    }
    const uint8_t fate = value.is_container ? value.place->fate : value.place->scalar.fate;
    if (fate < PLACE_COUNTED) {
        return value.is_container ? 0 : take_alone(walk, row, &value, behind, result);
    }
    if (fate != PLACE_COUNTED && fate != row->fate) {
        *result = begin_piece(walk, row, fate, value.bounds.start, behind);
        if (!amanat_is_ok(*result)) {
            return 0;
        }
    }
    return value.is_container ? take_container(row, &value)
                              : pass_scalar(row, &row->now.around, &value);
}

amanat_result walk_take_neighbours(struct walk *walk, struct json_run *run)
{
    struct walk_frame *frame = &walk->frames.items[walk->frames.count - 1];
    const struct json_stretch *stretch = run->stretch;
    const size_t depth_left = run->scanner->depth_limit - run->scanner->depth;
    amanat_result result = AMANAT_OK;
    struct row row; /* its edits are not set */
    size_t at = run->at;
    bool is_first = run->expects != JSON_EXPECTS_AFTER;
    row.scanner = run->scanner;
    row.stretch = stretch;
    row.text = &walk->hold->text;
    row.depth_left = depth_left < HOLD_PIECE_DEPTH ? depth_left : HOLD_PIECE_DEPTH;
    row.fate = PLACE_NO_FATE;
    row.now =
        (struct row_state){.segment = NO_SEGMENT,
                           .around = {.cursor = {frame->place, frame->seen_first, frame->last_name},
                                      .is_array = frame->is_array}};
    while (amanat_is_ok(result) && has_margin(stretch, at)) {
        const size_t behind = pass_blank_behind(&row, at);
        at = behind == 0 ? at : behind;
        if (behind == 0 || (!is_first && stretch->at[at] != ',')) {
            break;
        }
        const size_t from = is_first ? at : at + 1;
        size_t end = frame->is_array ? 0 : pass_members(&row, &row.now.around, from);
        if (end == 0) {
            end = take_one(walk, &row, from, at, &result);
        }
        if (end == 0) {
            break;
        }
        at = end;
        is_first = false;
    }
    frame->seen_first = row.now.around.cursor.seen;
    frame->last_name = row.now.around.cursor.last_name;
    run->at = at;
    run->expects = is_first ? run->expects : JSON_EXPECTS_AFTER;
    return amanat_is_ok(result) ? end_piece(walk, &row, at) : result;
}
