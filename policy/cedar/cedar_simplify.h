/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Expressions with what is known worked in: constants when policies are compiled (nothing is known
 * but the expression itself), the whole request but a record's attributes for residuals. What comes
 * out has the same value and fails alike, at the same place, whatever the rest turns out to be.
 */
#ifndef AMANAT_POLICY_CEDAR_SIMPLIFY_H
#define AMANAT_POLICY_CEDAR_SIMPLIFY_H

#include "policy/cedar/cedar_evaluate.h"

/** A policy's conditions, simplified. */
struct cedar_simplified {
    enum cedar_standing standing;
    const struct cedar_condition *conditions; /* those still to be evaluated: OPEN or FAILS */
    size_t condition_count;
};

/**
 * Works in what `evaluation` knows. New nodes and values are in its arena, parts that stay as they
 * are stay where they are. For FAILS the evaluation says why and where. Fails with MEMORY only.
 */
AMANAT_MUST_CHECK amanat_result cedar_simplify_conditions(struct cedar_evaluation *evaluation,
                                                          const struct cedar_condition *conditions,
                                                          size_t count,
                                                          struct cedar_simplified *out);

/** Whether an expression, or a part of it, satisfies `test`. */
bool cedar_expression_has(const struct cedar_expression *expression,
                          bool (*test)(const struct cedar_expression *part));

#endif
