/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one table of operators, methods and functions: the parser finds them in it by name, the
 * checker types them, the evaluator applies them.
 * `&&`, `||`, `if`, `has`, `like`, `is` are not in it: they do not evaluate all their operands, or
 * have syntax of their own.
 */
#ifndef AMANAT_POLICY_CEDAR_OPERATIONS_H
#define AMANAT_POLICY_CEDAR_OPERATIONS_H

#include "policy/base/similar.h"
#include "policy/cedar/cedar.h"
#include "policy/cedar/cedar_typecheck.h"

#define CEDAR_OPERATION_MOST_OPERANDS 2

enum cedar_operation_style {
    CEDAR_OPERATION_PREFIX = 0,
    CEDAR_OPERATION_INFIX,
    CEDAR_OPERATION_METHOD,
    CEDAR_OPERATION_FUNCTION
};

/**
 * What an expression may look at while it is evaluated, and where it is said why it failed. What is
 * not known yet (cedar_simplify.h) makes an evaluation that asks for it end with RETRY_LATER.
 */
struct cedar_evaluation {
    const struct cedar_request *request;   /* NULL: not known yet */
    const struct cedar_entities *entities; /* NULL: not known yet */
    /* The request's entities, or NULL where the store has none: looked up once for all policies. */
    const struct cedar_entity *principal;
    const struct cedar_entity *action;
    const struct cedar_entity *resource;
    bool resource_is_open;                       /* the resource's attributes are not known yet */
    const struct cedar_value *resource_override; /* instead of the resource's attributes, or NULL */
    struct arena *arena;
    unsigned line; /* of the expression that is being applied */
    unsigned column;
    char failure[240];
};

/** An evaluation of this request: its entities are looked up. The store is closed. */
struct cedar_evaluation cedar_evaluation_of(const struct cedar_request *request,
                                            const struct cedar_entities *entities,
                                            struct arena *arena);

/** The entity, or NULL where the store has none. RETRY_LATER while there is no store. */
AMANAT_MUST_CHECK amanat_result cedar_evaluation_find(const struct cedar_evaluation *evaluation,
                                                      const struct cedar_entity_uid *uid,
                                                      const struct cedar_entity **out);

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
    cedar_check_fn check; /* what the checker of policies knows of it */
};

/** The operation of that name and style, or NULL. */
const struct cedar_operation *cedar_operation_find(struct bytes name,
                                                   enum cedar_operation_style style);

/** "; did you mean `…`?" for a name that no operation of the style has, or "". */
const char *cedar_operation_hint(struct bytes name, enum cedar_operation_style style,
                                 char room[SIMILAR_HINT_SIZE]);

/**
 * Checks number and kinds of operands and applies the operation. CONFIG_FAULT: evaluation failed.
 */
AMANAT_MUST_CHECK amanat_result cedar_operation_apply(const struct cedar_operation *operation,
                                                      struct cedar_evaluation *evaluation,
                                                      const struct cedar_value *operands,
                                                      size_t count, struct cedar_value *out);

/** What waits for something that is not known yet: no failure of the policy. */
static inline amanat_result cedar_not_known_yet(void)
{
    return amanat_result_of(AMANAT_STATUS_RETRY_LATER);
}

/** Cedar's `in` of an entity in an entity or in a set of entities. */
AMANAT_MUST_CHECK amanat_result cedar_operation_in(struct cedar_evaluation *evaluation,
                                                   const struct cedar_value *operands,
                                                   struct cedar_value *out);

#endif
