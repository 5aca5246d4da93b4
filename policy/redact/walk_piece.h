/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Neighbours that share a fate (place.h) taken together: members or elements, one after the other,
 * with all that is in them. What is withheld is counted, what may leave goes to the hold as one
 * piece, with the values noted that a mode works on. This is where most of a body goes past, so it
 * is the tightest loop there is; it is certain or leaves things where they stand, and changes
 * nothing that the walk would not.
 */
#ifndef AMANAT_POLICY_REDACT_WALK_PIECE_H
#define AMANAT_POLICY_REDACT_WALK_PIECE_H

#include "policy/redact/json_run.h"
#include "policy/redact/walk.h"

/**
 * As many members or elements of the innermost container as it is certain of, behind the one before
 * them (`run->expects`). Fails as walk_take does.
 */
AMANAT_MUST_CHECK amanat_result walk_take_neighbours(struct walk *walk, struct json_run *run);

#endif
