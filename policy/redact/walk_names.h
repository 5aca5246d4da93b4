/* SPDX-License-Identifier: Apache-2.0 */
/* Names of members: which place a name leads to, and whether it comes twice where that matters. */
#ifndef AMANAT_POLICY_REDACT_WALK_NAMES_H
#define AMANAT_POLICY_REDACT_WALK_NAMES_H

#include "policy/redact/walk.h"

/** Prepares `frame`, the innermost, for the names of an object. */
AMANAT_MUST_CHECK amanat_result walk_names_begin(struct walk *walk, struct walk_frame *frame);

/** A piece of a name; at its end the frame's `member` is set. */
AMANAT_MUST_CHECK amanat_result walk_names_take(struct walk *walk, const struct json_event *event);

/** Whether undeclared names in this object may leave, so that they are compared. */
static inline bool walk_names_keeps_undeclared(const struct walk_frame *frame)
{
    return frame->place->additional != NULL && frame->place->additional->can_disclose;
}

/**
 * A whole name of a run, as it is spelt, without escapes. If undeclared names are kept here, it is
 * no longer than the frame's limit.
 */
AMANAT_MUST_CHECK amanat_result walk_names_take_whole(struct walk *walk, struct walk_frame *frame,
                                                      struct bytes spelt);

/** A whole name of a run that is the declared one at `index`. */
AMANAT_MUST_CHECK amanat_result walk_names_take_declared(struct walk *walk,
                                                         struct walk_frame *frame, size_t index,
                                                         struct bytes spelt);

/** The object ends: undeclared names that came twice are found now. */
AMANAT_MUST_CHECK amanat_result walk_names_end(struct walk *walk, const struct walk_frame *frame);

/** The name for what is emitted or held now: none in arrays and at the root. */
static inline struct undisclosed_bytes walk_names_current(const struct walk *walk)
{
    const size_t count = walk->frames.count;
    if (count == 0 || walk->frames.items[count - 1].is_array) {
        return (struct undisclosed_bytes){{NULL, 0}};
    }
    return (struct undisclosed_bytes){walk->spelt_name};
}

/** How many bytes of that name were not kept, because it is longer than a record's limit. */
size_t walk_names_unkept(const struct walk *walk);

#endif
