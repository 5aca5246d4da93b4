/* SPDX-License-Identifier: Apache-2.0 */
/* What targets that make policies have in common: what is written in the JSON policy format is read
 * again, and written again alike. */
#ifndef AMANAT_TESTS_FUZZ_EST_ROUND_TRIP_H
#define AMANAT_TESTS_FUZZ_EST_ROUND_TRIP_H

#include <string.h>

#include "policy/base/guard.h"
#include "policy/cedar/cedar.h"

/* Nothing else may be wrong with it: a tree that is written as `Set` and `Record` nests deeper than
 * the `Value` that it was read from. */
static inline void assert_too_deep(const struct amanat_diagnostics *diagnostics)
{
    ASSERT(amanat_diagnostics_count(diagnostics) == 1);
    ASSERT(strcmp(amanat_diagnostics_at(diagnostics, 0)->code, "depth") == 0);
}

static inline void round_trip(struct arena *arena, const struct cedar_policy_set *set)
{
    struct amanat_diagnostics *diagnostics = amanat_diagnostics_new();
    struct cedar_policy_set *again = cedar_policy_set_new(arena, NULL);
    struct buffer first;
    struct buffer second;
    buffer_init(&first, (size_t)4 << 20);
    buffer_init(&second, (size_t)4 << 20);
    cedar_policy_set_append_est(&first, set);
    if (diagnostics != NULL && again != NULL && !first.broken) {
        const amanat_result read =
            cedar_policy_set_add_est(again, "again", buffer_bytes(&first), diagnostics);
        if (amanat_is_ok(read)) {
            cedar_policy_set_append_est(&second, again);
            ASSERT(bytes_equal(buffer_bytes(&first), buffer_bytes(&second)));
        } else if (read.status != AMANAT_STATUS_MEMORY) {
            assert_too_deep(diagnostics);
        }
    }
    buffer_clear(&first);
    buffer_clear(&second);
    amanat_diagnostics_free(diagnostics);
}

#endif
