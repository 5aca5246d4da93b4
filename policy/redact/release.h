/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Release of a held record: at its end every record in it is judged (outermost first, each with
 * those around it), its fields are emitted in their modes, and what came of it is accounted.
 */
#ifndef AMANAT_POLICY_REDACT_RELEASE_H
#define AMANAT_POLICY_REDACT_RELEASE_H

#include "amanat/result.h"
#include "policy/base/arena.h"
#include "policy/redact/hold.h"
#include "policy/redact/plan.h"
#include "policy/redact/redact_emit.h"
#include "policy/redact/window.h"

struct release {
    const struct plan *plan;
    struct emitter *emitter;
    struct window *window;
    struct account *pending; /* what was withheld in this record while it was read */
    struct arena *scratch;   /* emptied afterwards */
    size_t unit_limit;       /* bytes that may be disclosed together */
};

/**
 * Releases what is held, and empties the hold. BUG when an answer is stronger than the plan allows;
 * otherwise what the question, the window's taker or memory fail with.
 */
AMANAT_MUST_CHECK amanat_result release_record(const struct release *release, struct hold *hold);

#endif
