/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The walk: follows the scanner's events along the graph of places and sends each field where it
 * belongs: to the hold (in records), to emission (outside), or to the count of what is withheld.
 */
#ifndef AMANAT_POLICY_REDACT_WALK_H
#define AMANAT_POLICY_REDACT_WALK_H

#include <stdbool.h>
#include <stddef.h>

#include "amanat/result.h"
#include "policy/base/arena.h"
#include "policy/base/buffer.h"
#include "policy/base/vector.h"
#include "policy/redact/hold.h"
#include "policy/redact/json_scanner.h"
#include "policy/redact/place.h"
#include "policy/redact/redact_emit.h"
#include "policy/redact/window.h"

/** An open container whose place is known. */
struct walk_frame {
    const struct place *place;
    const struct place *member; /* of an object: where the value of the last name stands, or NULL */
    bool is_array;
    bool captures;        /* it is (part of) an attribute that a policy reads */
    bool captured_any;    /* the next captured thing needs a comma */
    size_t capture_start; /* of an attribute: where its text begins */
    uint64_t seen_first;  /* bits of declared names seen, of the first 64 */
    size_t seen;          /* where the bits of the others begin */
    size_t last_name;     /* the declared name before, its index + 1; 0: none yet */
    size_t names;         /* where its other names begin */
    size_t name_limit;    /* bytes of a name that are worth keeping */
};

struct walk {
    const struct plan *plan;
    const struct place *root;
    struct window *window;
    struct emitter *emitter;
    struct hold *hold;
    struct account *pending; /* of the open record */
    struct arena *arena;
    struct arena *scratch;
    size_t record_limit;

    VECTOR(struct walk_frame) frames;
    size_t skip_depth; /* inside something that is withheld whole: its nesting */
    bool skip_counts;  /* its scalars are counted as unlabelled */

    struct bytes spelt_name; /* the last name: in the input at hand, or in `name` */
    struct buffer name;      /* one that came in pieces, or its beginning */
    size_t name_length;      /* of all of it */
    struct buffer value;     /* an open scalar as it is spelt, or its beginning */
    size_t value_length;
    bool keeps_value;
    bool streams; /* the open scalar is a revealed string that goes straight out */

    struct buffer seen;    /* bits of all open objects */
    struct buffer names;   /* undeclared names of open objects: length, then decoded text */
    struct buffer decoded; /* a name */
    enum redact_fault fault;
};

void walk_init(struct walk *walk);
void walk_clear(struct walk *walk);

/**
 * Takes one event. PEER_FAULT with `fault` set when the body must be refused; other failures come
 * from memory, the question or the window's taker.
 */
AMANAT_MUST_CHECK amanat_result walk_take(struct walk *walk, const struct json_event *event);

/** The input at hand goes: keeps of it what is still needed. MEMORY. */
AMANAT_MUST_CHECK amanat_result walk_end_input(struct walk *walk);

/* ---- for whole tokens (walk_run.c) ---- */

/** A container begins at the place that is next. */
AMANAT_MUST_CHECK amanat_result walk_begin_container(struct walk *walk, enum json_event_kind kind);
AMANAT_MUST_CHECK amanat_result walk_end_container(struct walk *walk);
/** A whole scalar at `place`, which is next and is NULL where nothing is declared. */
AMANAT_MUST_CHECK amanat_result walk_take_scalar(struct walk *walk, const struct place *place,
                                                 enum json_event_kind kind, bool is_integer,
                                                 struct bytes token);

/** The account of the open record, or of the window. */
static inline struct account *walk_account(struct walk *walk)
{
    return hold_is_open(walk->hold) ? walk->pending : &walk->window->account;
}

/**
 * Whether a policy reads what stands at `place`, next in the innermost container: not if nothing of
 * the record can be disclosed, since then nobody asks.
 */
bool walk_reads(const struct walk *walk, const struct place *place);

#endif
