/* SPDX-License-Identifier: Apache-2.0 */
/* The evaluator: expressions of a policy to values, for one request. */
#ifndef AMANAT_POLICY_CEDAR_EVALUATE_H
#define AMANAT_POLICY_CEDAR_EVALUATE_H

#include "policy/cedar/cedar_ast.h"
#include "policy/cedar/cedar_operations.h"

/**
 * CONFIG_FAULT: the expression has no value, `evaluation` says why and where. RETRY_LATER: its
 * value depends on what `evaluation` does not know yet. MEMORY: nothing is known.
 */
AMANAT_MUST_CHECK amanat_result cedar_evaluate(struct cedar_evaluation *evaluation,
                                               const struct cedar_expression *expression,
                                               struct cedar_value *out);

/** Whether all conditions of a policy hold whose scope matches. Fails as cedar_evaluate does. */
AMANAT_MUST_CHECK amanat_result cedar_evaluate_conditions(struct cedar_evaluation *evaluation,
                                                          const struct cedar_condition *conditions,
                                                          size_t count, bool *out);

#endif
