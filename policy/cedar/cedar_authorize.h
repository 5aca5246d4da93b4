/* SPDX-License-Identifier: Apache-2.0 */
/* From single policies to a response: shared by whole decisions and by residuals. */
#ifndef AMANAT_POLICY_CEDAR_AUTHORIZE_H
#define AMANAT_POLICY_CEDAR_AUTHORIZE_H

#include "policy/base/vector.h"
#include "policy/cedar/cedar_simplify.h"

/** How one policy stands whose scope matches. */
struct cedar_answer {
    enum cedar_standing standing;
    const struct cedar_policy_error *error; /* FAILS */
};

/** FAILS, as the evaluation says it. */
AMANAT_MUST_CHECK amanat_result cedar_keep_error(const struct cedar_evaluation *evaluation,
                                                 const struct cedar_policy *policy,
                                                 struct arena *arena, struct cedar_answer *out);

/** Evaluates a policy's conditions; everything is known. MEMORY is the only failure. */
AMANAT_MUST_CHECK amanat_result cedar_weigh(struct cedar_evaluation *evaluation,
                                            const struct cedar_policy *policy,
                                            const struct cedar_condition *conditions, size_t count,
                                            struct cedar_answer *out);

/** The lists of a response while they grow. */
struct cedar_tally {
    VECTOR(const struct cedar_policy *) permits;
    VECTOR(const struct cedar_policy *) forbids;
    VECTOR(struct cedar_policy_error) errors;
};

/** Policies come in the order of their set; one that is OPEN is left out. */
AMANAT_MUST_CHECK amanat_result cedar_tally_add(struct cedar_tally *tally,
                                                const struct cedar_policy *policy,
                                                const struct cedar_answer *answer,
                                                struct arena *arena);

struct cedar_response cedar_tally_response(const struct cedar_tally *tally);

#endif
