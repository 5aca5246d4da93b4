/* SPDX-License-Identifier: Apache-2.0 */
/* The walk along whole tokens: the same steps as walk_take, taken from a run (json_run.h). */
#ifndef AMANAT_POLICY_REDACT_WALK_RUN_H
#define AMANAT_POLICY_REDACT_WALK_RUN_H

#include "policy/redact/walk.h"

/**
 * Goes as far as it is certain from `*position` of `input`, perhaps nowhere. Fails as walk_take
 * does.
 */
AMANAT_MUST_CHECK amanat_result walk_run(struct walk *walk, struct json_scanner *scanner,
                                         struct bytes input, size_t *position);

#endif
