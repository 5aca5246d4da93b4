/* SPDX-License-Identifier: Apache-2.0 */
/* The policy set's insides: what the authorizer needs to look only at policies that can match. */
#ifndef AMANAT_POLICY_CEDAR_POLICY_SET_H
#define AMANAT_POLICY_CEDAR_POLICY_SET_H

#include "policy/base/map.h"
#include "policy/base/vector.h"
#include "policy/cedar/cedar_ast.h"
#include "policy/cedar/cedar_uid_map.h"

/** Indexes of the policies that name one action in their scope, in order. */
struct cedar_action_index {
    VECTOR(size_t) policies;
};

struct cedar_policy_set {
    struct arena *arena;
    enum cedar_policy_ids ids;
    VECTOR(struct cedar_policy *) policies;
    struct map by_id;               /* to struct cedar_policy */
    VECTOR(size_t) any_action;      /* policies whose scope names no action */
    struct cedar_uid_map by_action; /* to struct cedar_action_index */
};

#endif
