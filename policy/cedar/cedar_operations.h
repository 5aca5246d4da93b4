/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one table of operators, methods and functions: the parser finds them in it by name, the
 * evaluator applies them.
 * `&&`, `||`, `if`, `has`, `like`, `is` are not in it: they do not evaluate all their operands, or
 * have syntax of their own.
 */
#ifndef AMANAT_POLICY_CEDAR_OPERATIONS_H
#define AMANAT_POLICY_CEDAR_OPERATIONS_H

#include "policy/cedar/cedar.h"

#define CEDAR_OPERATION_MOST_OPERANDS 2

enum cedar_operation_style {
    CEDAR_OPERATION_PREFIX = 0,
    CEDAR_OPERATION_INFIX,
    CEDAR_OPERATION_METHOD,
    CEDAR_OPERATION_FUNCTION
};

/** What an operation may look at while a policy is evaluated, and where it says why it failed. */
struct cedar_evaluation {
    const struct cedar_request *request;
    const struct cedar_entities *entities;
    struct arena *arena;
    unsigned line; /* of the expression that is being applied */
    unsigned column;
    char failure[240];
};

/** Says why a policy has no value; CONFIG_FAULT. */
__attribute__((format(printf, 2, 3))) AMANAT_MUST_CHECK amanat_result
cedar_evaluation_fail(struct cedar_evaluation *evaluation, const char *format, ...);

typedef amanat_result (*cedar_operation_fn)(struct cedar_evaluation *evaluation,
                                            const struct cedar_value *operands,
                                            struct cedar_value *out);

struct cedar_operation {
    const char *name;
    enum cedar_operation_style style;
    /*
     * An extension's wrong number of operands is an error of evaluation, everybody else's one of
     * parsing.
     */
    bool is_extension;
    size_t arity;
    enum cedar_value_kind operands[CEDAR_OPERATION_MOST_OPERANDS]; /* NONE: `apply` looks itself */
    enum cedar_value_kind result;                                  /* NONE: depends */
    cedar_operation_fn apply;
};

/** The operation of that name and style, or NULL. */
const struct cedar_operation *cedar_operation_find(struct bytes name,
                                                   enum cedar_operation_style style);

/**
 * Checks number and kinds of operands and applies the operation. CONFIG_FAULT: evaluation failed.
 */
AMANAT_MUST_CHECK amanat_result cedar_operation_apply(const struct cedar_operation *operation,
                                                      struct cedar_evaluation *evaluation,
                                                      const struct cedar_value *operands,
                                                      size_t count, struct cedar_value *out);

/** Cedar's `in` of an entity in an entity or in a set of entities. */
AMANAT_MUST_CHECK amanat_result cedar_operation_in(struct cedar_evaluation *evaluation,
                                                   const struct cedar_value *operands,
                                                   struct cedar_value *out);

#endif
