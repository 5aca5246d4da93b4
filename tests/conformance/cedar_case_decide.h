/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One request decided in all the ways that policy/cedar has: by policies as they are, by validated
 * ones, by residuals with everything known, and by residuals for a resource whose attributes come
 * as a record.
 */
#ifndef AMANAT_TESTS_CEDAR_CASE_DECIDE_H
#define AMANAT_TESTS_CEDAR_CASE_DECIDE_H

#include "policy/cedar/cedar.h"

struct cedar_case_question {
    struct arena *arena;
    const struct cedar_policy_set *policies;
    const struct cedar_checked_policies *checked; /* or NULL */
    const struct cedar_entities *entities;
    const struct cedar_request *request;
    /** Actions for which residuals are worked out and asked in between. */
    const struct cedar_entity_uid *actions;
    size_t action_count;
};

/** `*out_otherwise`: a way that decides otherwise than the first one, or NULL. */
AMANAT_MUST_CHECK amanat_result cedar_case_decide(const struct cedar_case_question *question,
                                                  struct cedar_response *out,
                                                  const char **out_otherwise);

#endif
