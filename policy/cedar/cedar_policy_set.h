/* SPDX-License-Identifier: Apache-2.0 */
/* The policy set's insides. */
#ifndef AMANAT_POLICY_CEDAR_POLICY_SET_H
#define AMANAT_POLICY_CEDAR_POLICY_SET_H

#include "policy/base/map.h"
#include "policy/base/vector.h"
#include "policy/cedar/cedar_ast.h"

struct cedar_policy_set {
    struct arena *arena;
    enum cedar_policy_ids ids;
    VECTOR(struct cedar_policy *) policies;
    struct map by_id; /* to struct cedar_policy */
};

/**
 * Adds a parsed policy, which the set may change, under an id, or under the one that the set's
 * options give it when that is NULL.
 */
AMANAT_MUST_CHECK amanat_result cedar_policy_set_add_parsed(struct cedar_policy_set *set,
                                                            struct cedar_policy *policy,
                                                            const struct bytes *id,
                                                            struct amanat_diagnostics *diagnostics);

#endif
