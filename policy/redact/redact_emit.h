/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Emission: the one door between undisclosed and disclosed bytes. Whoever calls it has decided the
 * mode of each field; it writes JSON, leaves out what has nothing in it, and hands to the window
 * what is certain to stand.
 *
 * Text waits in `staging` until it is certain: a container is opened there and taken back when it
 * closes with nothing in it. `emit_commit` says that everything staged stands. So:
 *
 *   outside records   commit after each disclosed field, each array that stands, each closing
 *   in a record       commit once, after the outermost record closed and stands (one unit)
 */
#ifndef AMANAT_POLICY_REDACT_REDACT_EMIT_H
#define AMANAT_POLICY_REDACT_REDACT_EMIT_H

#include <stdbool.h>
#include <stddef.h>

#include "amanat/result.h"
#include "policy/base/arena.h"
#include "policy/base/buffer.h"
#include "policy/base/vector.h"
#include "policy/redact/json_scanner.h"
#include "policy/redact/modes.h"
#include "policy/redact/provenance.h"
#include "policy/redact/window.h"

/** When a container is written. */
enum emit_stand {
    EMIT_WHEN_HOLDING = 0, /* something in it is */
    EMIT_WITH_OWN_FIELD,   /* a record: a field whose nearest record it is, is disclosed */
    EMIT_ALWAYS            /* wherever its surroundings stand; it makes them stand */
};

struct emit_frame {
    enum emit_stand stand;
    bool is_array;
    bool holds;     /* something in it is written: the next thing needs a comma */
    bool has_field; /* of a record: a field of its own is disclosed */
    size_t record;  /* number of the nearest record's frame + 1; 0 = none */
    size_t start;   /* where it begins in `staging` */
};

struct emitter {
    struct window *window;
    struct modes *modes;
    struct arena *arena;
    struct buffer staging;
    VECTOR(struct emit_frame) frames; /* open containers, outermost first */
    size_t committed;                 /* how many of them are in the window already */
    bool by_line;                     /* each document ends in LF */
    bool any;                         /* some document stands */
};

void emitter_init(struct emitter *emitter, struct window *window, struct modes *modes,
                  struct arena *arena, bool by_line);
void emitter_clear(struct emitter *emitter);

/** Opens a container; `name` as it is spelt, no bytes for elements and roots. */
AMANAT_MUST_CHECK amanat_result emit_open(struct emitter *emitter, struct undisclosed_bytes name,
                                          bool is_array, enum emit_stand stand);

/** Closes the innermost one; `*out_stands` = false: it was taken back. */
AMANAT_MUST_CHECK amanat_result emit_close(struct emitter *emitter, bool *out_stands);

/** A field under `mode` of `label`; `*out_disclosed` = false: nothing was written. */
AMANAT_MUST_CHECK amanat_result emit_field(struct emitter *emitter, struct undisclosed_bytes name,
                                           enum json_event_kind kind,
                                           struct undisclosed_bytes value,
                                           enum disclosure_mode mode, size_t label,
                                           bool *out_disclosed);

/** A value in a piece that does not leave as it is spelt. */
struct emit_edit {
    size_t offset; /* in the piece, where the next one begins behind it */
    size_t length;
    size_t label;
    enum disclosure_mode mode; /* never withheld */
};

/**
 * Neighbours in a record, with names and commas, as they are spelt but for `edits`. The caller has
 * found the mode of each label in them: reveal, and nothing that the label scrubs, or that of an
 * edit. `*out_disclosed` = false: a mode withheld its value, and nothing was written.
 */
AMANAT_MUST_CHECK amanat_result emit_piece(struct emitter *emitter,
                                           struct undisclosed_bytes members,
                                           const struct emit_edit *edits, size_t edit_count,
                                           bool *out_disclosed);

/** How many bytes are staged. */
static inline size_t emit_staged_length(const struct emitter *emitter)
{
    return emitter->staging.length;
}

/** Bytes of the innermost container so far, with its name. */
size_t emit_open_length(const struct emitter *emitter);

/** The innermost container is a record that shall not stand, whatever is in it. */
void emit_forget_fields(struct emitter *emitter);

/** All that is staged goes to the window: as one unit, or cut at the byte. */
AMANAT_MUST_CHECK amanat_result emit_commit(struct emitter *emitter, bool as_unit);

/**
 * A revealed string outside records, piece by piece: name first, then its bytes as they come. The
 * caller has checked that the plan reveals it.
 */
AMANAT_MUST_CHECK amanat_result emit_begin_string(struct emitter *emitter,
                                                  struct undisclosed_bytes name);
AMANAT_MUST_CHECK amanat_result emit_string_piece(struct emitter *emitter,
                                                  struct undisclosed_bytes piece, bool ends);

/**
 * Bytes of a body that passes whole; REFUSED unless the plan reveals every label outside records
 * (no label: refused). No bytes ask whether it would.
 */
AMANAT_MUST_CHECK amanat_result emit_whole(const struct plan *plan, const size_t *labels,
                                           size_t label_count, struct window *window,
                                           struct undisclosed_bytes bytes);

#endif
