/* SPDX-License-Identifier: Apache-2.0 */
/* Compiled policies: what the authorizer evaluates, and the index that finds it. */
#ifndef AMANAT_POLICY_CEDAR_COMPILE_H
#define AMANAT_POLICY_CEDAR_COMPILE_H

#include "policy/cedar/cedar_index.h"
#include "policy/cedar/cedar_simplify.h"

struct cedar_compiled_policy {
    const struct cedar_policy *policy;
    const struct cedar_condition *conditions; /* without those that always hold */
    size_t condition_count;
    bool reads_action; /* a condition names the variable `action` */
};

struct cedar_compiled_policies {
    const struct cedar_policy_set *set;
    const struct cedar_compiled_policy *policies; /* [position in the set] */
    struct cedar_index index;                     /* to positions */
};

#endif
