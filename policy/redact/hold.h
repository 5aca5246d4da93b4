/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hold: one outermost record while it is read. Its verdict is asked at its end, because the
 * attributes may come last, so everything in it that might be disclosed waits here, and what
 * policies read. What is withheld in any case never comes here (but identifiers of subjects).
 *
 *   items       a tape: open, field, close … in the order of the body
 *   records     the outermost record and those inside it; a parent comes before its children
 *   text        names and values of the items, as they are spelt; a field's with their colon
 *   attributes  compact JSON of the attributes read
 *   subjects    who the records are about, also where the field is withheld
 *
 *   tallies     how many fields of which label are in a piece
 *   edits       values in a piece that a mode works on
 *
 * A piece is one or more neighbours of one container that share a fate (place.h), with commas and
 * brackets as they leave if all of it does: one item instead of many. Where it must be looked into,
 * because something is charged or the answer about its labels is not the same for all, the tape is
 * written anew with its fields one by one (hold_expand); so pieces save time and decide nothing.
 *
 * A container that closes with nothing in it is taken off the tape again, so that withheld members
 * leave no trace in the cost.
 *
 * Limits. Nothing may show of what the verdict withholds, so what one verdict decides has a limit
 * of its own: one for each record and each list of labels that a field has, its *budget*. It is
 * charged for its candidates (name, value, 2 bytes), and for each container around one of them
 * (name, 4 bytes), once. Arrays that are shape stand whenever the record does and are a group of
 * their own, as nothing else decides about them. What passes its budget is dropped: held no longer,
 * only counted; release.c leaves the record out if the verdict would have disclosed it. A record
 * has another limit for its attributes; beyond it nobody can judge the record.
 *
 * No budget can be passed before all that is held together passes the limit. Until then nothing is
 * charged; then the tape is gone through once, and from there on each addition is charged.
 */
#ifndef AMANAT_POLICY_REDACT_HOLD_H
#define AMANAT_POLICY_REDACT_HOLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "amanat/result.h"
#include "policy/base/arena.h"
#include "policy/base/buffer.h"
#include "policy/base/vector.h"
#include "policy/redact/json_scanner.h"
#include "policy/redact/json_text.h"
#include "policy/redact/place.h"
#include "policy/redact/planted_leak.h"
#include "policy/redact/provenance.h"
#include "policy/redact/redact_emit.h"

enum hold_item_kind { HOLD_OPEN = 0, HOLD_FIELD, HOLD_PIECE, HOLD_CLOSE };

struct hold_item {
    const struct place *place; /* of a piece: of the container around it */
    size_t record;             /* index of the nearest record */
    size_t offset;             /* of the name in `text`, and after it of the value */
    size_t name_length;
    size_t value_length;
    size_t label;       /* of a field whose mode is decided */
    uint8_t kind;       /* enum hold_item_kind */
    uint8_t value_kind; /* of a field: enum json_event_kind */
    uint8_t mode;       /* of a field: what was done, once it was emitted */
    bool is_array;      /* of open and close; of a piece: what is around it is one */
    bool is_record;
    bool is_dropped; /* of an open container that may stand empty: its budget is passed */
    size_t unkept;   /* of open: bytes of the name past the limit, which are not in `text` */
    size_t tally;    /* of a piece: index of its first tally */
    size_t tally_count;
    size_t edit; /* … and of its first edit */
    size_t edit_count;
};

/** Fields of one label in a piece; 0 if only a container in it has that label. */
struct held_tally {
    size_t label;
    size_t count;
    uint8_t mode; /* what was done, once it was emitted */
};

/** What one record may hold for one group. */
struct hold_budget {
    const struct place *place; /* one of those that share it */
    size_t next;               /* index + 1 of the record's next one */
    size_t cost;
    size_t charged;   /* containers that were opened before this item have been charged */
    uint64_t dropped; /* fields */
    bool is_passed;
};

struct held_record {
    const struct place *place;
    size_t parent;        /* index, or CATALOGUE_NONE */
    size_t first_subject; /* lengths of the lists when it began */
    size_t first_attribute;
    size_t attribute_bytes;
    size_t subject_bytes;
    size_t read_bytes;   /* cost of its attributes */
    bool reads_too_much; /* more than the limit */
    bool is_over_limit;  /* once it was judged: left out because of a limit */
    size_t budgets;      /* index + 1 of the first; 0: none yet */
    bool stands;         /* once it was emitted */
};

struct held_attribute {
    size_t record;
    size_t index; /* in the record type */
    size_t offset;
    size_t length;
};

struct held_subject {
    size_t record;
    size_t kind;
    size_t offset;
    size_t length;
    uint8_t value_kind;
};

struct hold_items {
    struct hold_item *items;
    size_t count;
    size_t capacity;
};

struct hold {
    struct arena *arena;
    size_t limit;
    struct buffer text;
    struct buffer attribute_text;
    struct buffer capture; /* attributes that are being read: a stack, as records are nested */
    struct buffer subject_text;
    struct hold_items items;
    struct hold_items spare; /* memory for writing the tape anew */
    VECTOR(size_t) open;     /* indexes of open items */
    VECTOR(struct held_tally) tallies;
    VECTOR(struct emit_edit) edits;
    VECTOR(struct held_record) records;
    VECTOR(struct held_attribute) attributes;
    VECTOR(struct held_subject) subjects;
    VECTOR(struct hold_budget) budgets;
    bool gives_up; /* too much memory: nothing more is held, and the outermost record is left out */
    bool charges;  /* all together has passed the limit: budgets are kept */
    size_t in_pieces;   /* bytes of `text`; of no use once it charges */
    size_t in_no_field; /* bytes of `text`: commas and brackets of pieces that were taken apart */
    uint64_t subjects_dropped;
    size_t current; /* the nearest record, CATALOGUE_NONE outside */
};

void hold_init(struct hold *hold, struct arena *arena, size_t limit);
void hold_clear(struct hold *hold);
/** Forgets the record; wipes. */
void hold_reset(struct hold *hold);
/** Where the value of a field begins in `text`. */
static inline size_t hold_value_offset(const struct hold_item *item)
{
    return item->offset + item->name_length + (item->name_length > 0 ? 1 : 0);
}

/** Whether a record is open. */
static inline bool hold_is_open(const struct hold *hold)
{
    return hold->current != CATALOGUE_NONE;
}

#define HOLD_ITEM_COST 2 /* brackets, or comma and colon */

/* All of these: MEMORY, or LIMIT when the outermost record needs more memory than it may have
 * (redact.h). `unkept`: bytes of the name that are missing at its end: so many that the budget is
 * passed. */

AMANAT_MUST_CHECK amanat_result hold_open(struct hold *hold, const struct place *place,
                                          bool is_array, struct undisclosed_bytes name,
                                          size_t unkept);
/**
 * Closes the innermost container. `*out_left_out` = true: it was a record with nothing in it, and
 * is gone.
 */
AMANAT_MUST_CHECK amanat_result hold_close(struct hold *hold, bool *out_left_out);

/**
 * Attribute `index` of the nearest record is complete: `hold->capture` from `start`, which is taken
 * off.
 */
AMANAT_MUST_CHECK amanat_result hold_attribute(struct hold *hold, size_t index, size_t start);

/** Whether attributes of the nearest record are still worth capturing. */
static inline bool hold_reads(const struct hold *hold)
{
    return !hold->records.items[hold->current].reads_too_much;
}

/**
 * To be told whenever something was added to `hold->capture`, which ended at `before`; `unkept`
 * more bytes would have come.
 */
AMANAT_MUST_CHECK amanat_result hold_note_read(struct hold *hold, size_t before, size_t unkept);

/** A scalar that says who the nearest record is about. Past a bound only counted. */
AMANAT_MUST_CHECK amanat_result hold_subject(struct hold *hold, size_t kind,
                                             enum json_event_kind value_kind, struct bytes token);

/**
 * No less than all budgets together have been charged, or would have been. In a piece n fields have
 * n - 1 commas, so what they and the containers around them cost is at most twice its text and
 * HOLD_ITEM_COST.
 */
static inline size_t hold_cost_at_most(const struct hold *hold)
{
    return hold->text.length + hold->in_pieces +
           HOLD_ITEM_COST * (hold->items.count + hold->open.count);
}

/** Whether, with `cost` more, some budget could be passed. */
static inline bool hold_must_charge(const struct hold *hold, size_t cost)
{
    return hold->charges || hold_cost_at_most(hold) + cost > hold->limit;
}

/** Charges what comes next. `*out_dropped`: it is not to be held. */
AMANAT_MUST_CHECK amanat_result hold_charge(struct hold *hold, const struct place *place,
                                            size_t cost, bool is_field, bool *out_dropped);

/* ---- pieces ---- */

/** Containers inside each other in a piece, at most. */
#define HOLD_PIECE_DEPTH 8

/** How many bytes a piece that comes next may have, so that nothing has to be charged; 0: none. */
static inline size_t hold_room_for_piece(const struct hold *hold)
{
    const size_t used = hold_cost_at_most(hold) + HOLD_ITEM_COST;
    return hold->charges || used >= hold->limit ? 0 : (hold->limit - used) / 2;
}

/** A piece, whose text is the end of `hold->text`: compact, and no more than there is room for. */
struct hold_piece {
    const struct place *around; /* the container that it is in */
    bool is_array;
    size_t text_start;
    const struct held_tally *tallies;
    size_t tally_count;
    const struct emit_edit *edits;
    size_t edit_count;
};

/** MEMORY. */
AMANAT_MUST_CHECK amanat_result hold_piece(struct hold *hold, const struct hold_piece *piece);

/** Writes the tape anew, with the fields of pieces one by one, from item `from` on. MEMORY. */
AMANAT_MUST_CHECK amanat_result hold_expand(struct hold *hold, size_t from);

/* ---- the one that is called for nearly every other field ---- */

static inline void hold_append_field(struct hold *hold, struct bytes name, struct bytes value)
{
    if (name.length == 0) {
        buffer_append(&hold->text, value);
        return;
    }
    if (json_text_is_one_piece(name, value)) {
        buffer_append(&hold->text, bytes_of(name.at, name.length + 1 + value.length));
        return;
    }
    buffer_append(&hold->text, name);
    buffer_append_byte(&hold->text, ':');
    buffer_append(&hold->text, value);
}

/**
 * A field that may be disclosed; fails as the others do. `unkept`: bytes that are missing of name
 * and value.
 */
static inline AMANAT_MUST_CHECK amanat_result
hold_field(struct hold *hold, const struct place *place, enum json_event_kind kind,
           struct undisclosed_bytes name, struct undisclosed_bytes value, size_t unkept)
{
    const size_t cost = name.bytes.length + value.bytes.length + unkept + HOLD_ITEM_COST +
                        /* withheld identifiers count */
                        (PLANTED_LEAK(2) ? hold->subject_text.length : 0);
    if (hold_must_charge(hold, cost)) {
        bool is_dropped = false;
        const amanat_result result = hold_charge(hold, place, cost, true, &is_dropped);
        if (is_dropped || !amanat_is_ok(result)) {
            return result;
        }
    }
    struct hold_item *item = VECTOR_PUSH(hold->arena, &hold->items);
    if (item == NULL) {
        return amanat_result_of(AMANAT_STATUS_MEMORY);
    }
    *item = (struct hold_item){.kind = HOLD_FIELD,
                               .place = place,
                               .record = hold->current,
                               .offset = hold->text.length,
                               .name_length = name.bytes.length,
                               .value_length = value.bytes.length,
                               .value_kind = (uint8_t)kind};
    hold_append_field(hold, name.bytes, value.bytes);
    return buffer_check(&hold->text);
}

#endif
