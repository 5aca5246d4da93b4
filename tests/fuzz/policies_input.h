/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as policies: what can be read is written in the JSON policy format, read again and
 * written again alike, and decided upon. */
#ifndef AMANAT_TESTS_FUZZ_POLICIES_INPUT_H
#define AMANAT_TESTS_FUZZ_POLICIES_INPUT_H

#include <stdint.h>
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

static inline void policies_round_trip(struct arena *arena, const struct cedar_policy_set *set)
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

typedef amanat_result policies_add_fn(struct cedar_policy_set *set, const char *source,
                                      struct bytes text, struct amanat_diagnostics *diagnostics);
typedef amanat_result policies_decide_fn(struct arena *arena, struct cedar_policy_set *set);

/* With little memory, so that some inputs need more. */
static inline int policies_take_input(policies_add_fn *add, policies_decide_fn *decide,
                                      size_t memory, const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new(memory);
    struct amanat_diagnostics *diagnostics = amanat_diagnostics_new();
    struct cedar_policy_set *set = arena == NULL ? NULL : cedar_policy_set_new(arena, NULL);
    if (set != NULL && diagnostics != NULL) {
        const struct bytes text = bytes_of((const char *)data, size);
        const amanat_result added = add(set, "input", text, diagnostics);
        ASSERT(amanat_is_ok(added) == (amanat_diagnostics_errors(diagnostics) == 0) ||
               added.status == AMANAT_STATUS_MEMORY);
        if (amanat_is_ok(added)) {
            policies_round_trip(arena, set);
            const amanat_result decided = decide(arena, set);
            ASSERT(amanat_is_ok(decided) || decided.status == AMANAT_STATUS_MEMORY);
        }
    }
    amanat_diagnostics_free(diagnostics);
    arena_free(arena);
    return 0;
}

#endif
