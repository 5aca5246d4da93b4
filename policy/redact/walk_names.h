/* SPDX-License-Identifier: Apache-2.0 */
/* Names of members: which place a name leads to, and whether it comes twice where that matters. */
#ifndef AMANAT_POLICY_REDACT_WALK_NAMES_H
#define AMANAT_POLICY_REDACT_WALK_NAMES_H

#include "policy/redact/walk.h"

/** Prepares `frame`, the innermost, for the names of an object. */
AMANAT_MUST_CHECK amanat_result walk_names_begin(struct walk *walk, struct walk_frame *frame);

/** A piece of a name; at its end the frame's `member` is set. */
AMANAT_MUST_CHECK amanat_result walk_names_take(struct walk *walk, const struct json_event *event);

/** The object ends: undeclared names that came twice are found now. */
AMANAT_MUST_CHECK amanat_result walk_names_end(struct walk *walk, const struct walk_frame *frame);

/** The name for what is emitted or held now: none in arrays and at the root. */
struct undisclosed_bytes walk_names_current(const struct walk *walk);

#endif
