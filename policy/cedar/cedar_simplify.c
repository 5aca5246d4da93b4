/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Simplifying is evaluating: the evaluator is asked for the value of an expression; only where it
 * says that something is not known yet are the operands taken one by one. So there is one meaning
 * of every operator, in one place. At each level the evaluator walks down to what is not known: at
 * most the size of the expression times its depth, once for each policy.
 *
 * Order is kept: `false && X` is false, but `X && false` stays, since X may fail, and so does
 * everything left of what is certain to fail. `true && X` becomes X only where X gives a Bool.
 */
#include "policy/cedar/cedar_simplify.h"

#include "policy/base/guard.h"

/* What became of one expression. */
struct outcome {
    const struct cedar_expression *expression;
    bool fails; /* for certain, and `evaluation` says why */
};

static amanat_result simplify(struct cedar_evaluation *evaluation,
                              const struct cedar_expression *expression, struct outcome *out);

static bool is_value(const struct cedar_expression *expression)
{
    return expression->kind == CEDAR_EXPRESSION_LITERAL;
}

static bool is_bool(const struct cedar_expression *expression, bool which)
{
    return is_value(expression) && expression->as.literal.kind == CEDAR_VALUE_BOOL &&
           expression->as.literal.as.boolean == which;
}

static amanat_result make_literal(struct arena *arena, const struct cedar_expression *expression,
                                  const struct cedar_value *value,
                                  const struct cedar_expression **out)
{
    struct cedar_expression *literal = ARENA_NEW(arena, struct cedar_expression);
    TRY_MEMORY(literal);
    *literal = (struct cedar_expression){.kind = CEDAR_EXPRESSION_LITERAL,
                                         .line = expression->line,
                                         .column = expression->column,
                                         .depth = 1,
                                         .as.literal = *value};
    *out = literal;
    return AMANAT_OK;
}

/* The expression over other operands; itself, if they are the same. */
static amanat_result with_operands(struct arena *arena, const struct cedar_expression *expression,
                                   const struct cedar_expression *const *operands, size_t count,
                                   const struct cedar_expression **out)
{
    bool same = count == expression->operand_count;
    for (size_t i = 0; i < count && same; i++) {
        same = operands[i] == expression->operands[i];
    }
    *out = expression;
    if (same) {
        return AMANAT_OK;
    }
    struct cedar_expression *copy = ARENA_NEW(arena, struct cedar_expression);
    TRY_MEMORY(copy);
    *copy = *expression;
    copy->operands = operands;
    copy->operand_count = count;
    if (count != expression->operand_count) {
        copy->as.stretches =
            NULL; /* operands of `&&` or `||` are gone, and their places with them */
    }
    *out = copy;
    return AMANAT_OK;
}

/* All operands are evaluated, in order: those behind one that is certain to fail never are. */
static amanat_result simplify_strict(struct cedar_evaluation *evaluation,
                                     const struct cedar_expression *expression, struct outcome *out)
{
    const size_t count = expression->operand_count;
    const struct cedar_expression **operands =
        arena_allocate_array(evaluation->arena, count, sizeof(*operands));
    TRY_MEMORY(operands);
    bool fails = false;
    for (size_t i = 0; i < count; i++) {
        struct outcome operand = {expression->operands[i], false};
        if (!fails) {
            TRY(simplify(evaluation, expression->operands[i], &operand));
        }
        fails = fails || operand.fails;
        operands[i] = operand.expression;
    }
    return with_operands(evaluation->arena, expression, operands, count, &out->expression);
}

/* Whether evaluation gives a Bool if it gives anything. */
static bool gives_bool(const struct cedar_expression *expression)
{
    switch (expression->kind) {
    case CEDAR_EXPRESSION_AND:
    case CEDAR_EXPRESSION_OR:
    case CEDAR_EXPRESSION_HAS:
    case CEDAR_EXPRESSION_LIKE:
    case CEDAR_EXPRESSION_IS:
        return true;
    case CEDAR_EXPRESSION_CALL:
        return expression->as.operation->result == CEDAR_VALUE_BOOL;
    default:
        return false;
    }
}

/*
 * Operands of `&&` that are true, of `||` that are false, say nothing; behind one that decides, or
 * is certain to fail, nothing is evaluated. The first that is kept is open, else the whole would
 * have a value.
 */
static amanat_result simplify_logic(struct cedar_evaluation *evaluation,
                                    const struct cedar_expression *expression, struct outcome *out)
{
    const bool decides = expression->kind == CEDAR_EXPRESSION_OR;
    const struct cedar_expression **kept =
        arena_allocate_array(evaluation->arena, expression->operand_count, sizeof(*kept));
    TRY_MEMORY(kept);
    size_t count = 0;
    bool ends = false;
    for (size_t i = 0; i < expression->operand_count && !ends; i++) {
        struct outcome operand;
        TRY(simplify(evaluation, expression->operands[i], &operand));
        if (is_bool(operand.expression, !decides)) {
            continue;
        }
        kept[count++] = operand.expression;
        ends = operand.fails || is_value(operand.expression); /* it decides, or is no Bool */
    }
    if (count == 1 && gives_bool(kept[0])) {
        out->expression = kept[0];
        return AMANAT_OK;
    }
    return with_operands(evaluation->arena, expression, kept, count, &out->expression);
}

/*
 * The `if` stays also where its guard is known: should the branch be no Bool where one is wanted,
 * the error is the `if`'s. The branch that is never taken goes.
 */
static amanat_result simplify_if(struct cedar_evaluation *evaluation,
                                 const struct cedar_expression *expression, struct outcome *out)
{
    struct outcome guard;
    const struct cedar_expression **operands =
        arena_allocate_array(evaluation->arena, 3, sizeof(*operands));
    TRY_MEMORY(operands);
    TRY(simplify(evaluation, expression->operands[0], &guard));
    operands[0] = guard.expression;
    for (size_t i = 1; i < 3; i++) {
        struct outcome branch = {guard.expression, false};
        if (!is_bool(guard.expression, i != 1)) {
            TRY(simplify(evaluation, expression->operands[i], &branch));
        }
        operands[i] = branch.expression;
    }
    return with_operands(evaluation->arena, expression, operands, 3, &out->expression);
}

/* `x has a.b` without its first step, if `x.a` has a value; else as it is. */
static amanat_result shorten_has(struct cedar_evaluation *evaluation,
                                 const struct cedar_expression *has,
                                 const struct cedar_expression **out)
{
    const struct cedar_expression step = {.kind = CEDAR_EXPRESSION_GET,
                                          .operands = has->operands,
                                          .operand_count = 1,
                                          .as.attribute = has->as.path.keys[0]};
    struct cedar_value value;
    *out = has;
    const amanat_result evaluated = cedar_evaluate(evaluation, &step, &value);
    if (evaluated.status == AMANAT_STATUS_RETRY_LATER) {
        return AMANAT_OK;
    }
    TRY(evaluated);
    const struct cedar_expression **operand =
        arena_allocate_array(evaluation->arena, 1, sizeof(*operand));
    struct cedar_expression *shorter = ARENA_NEW(evaluation->arena, struct cedar_expression);
    TRY_MEMORY(operand);
    TRY_MEMORY(shorter);
    TRY(make_literal(evaluation->arena, has->operands[0], &value, operand));
    *shorter = *has;
    shorter->operands = operand;
    shorter->as.path.keys++;
    shorter->as.path.count--;
    *out = shorter;
    return AMANAT_OK;
}

/* As far as the path is known it is walked: so it can be seen whose attribute is asked for. */
static amanat_result simplify_has(struct cedar_evaluation *evaluation,
                                  const struct cedar_expression *expression, struct outcome *out)
{
    TRY(simplify_strict(evaluation, expression, out));
    const struct cedar_expression *before = NULL;
    while (before != out->expression && is_value(out->expression->operands[0]) &&
           out->expression->as.path.count > 1) {
        before = out->expression;
        TRY(shorten_has(evaluation, before, &out->expression));
    }
    return AMANAT_OK;
}

/* Something in it is not known yet, so it has no value. */
static amanat_result simplify_open(struct cedar_evaluation *evaluation,
                                   const struct cedar_expression *expression, struct outcome *out)
{
    switch (expression->kind) {
    case CEDAR_EXPRESSION_AND:
    case CEDAR_EXPRESSION_OR:
        return simplify_logic(evaluation, expression, out);
    case CEDAR_EXPRESSION_IF:
        return simplify_if(evaluation, expression, out);
    case CEDAR_EXPRESSION_HAS:
        return simplify_has(evaluation, expression, out);
    case CEDAR_EXPRESSION_IS: /* its second operand is not always evaluated, nor before the first */
    default:
        return simplify_strict(evaluation, expression, out);
    }
}

static amanat_result simplify_whole(struct cedar_evaluation *evaluation,
                                    const struct cedar_expression *expression, struct outcome *out)
{
    struct cedar_value value;
    const amanat_result evaluated = cedar_evaluate(evaluation, expression, &value);
    if (amanat_is_ok(evaluated)) {
        return make_literal(evaluation->arena, expression, &value, &out->expression);
    }
    if (evaluated.status == AMANAT_STATUS_RETRY_LATER) {
        return simplify_open(evaluation, expression, out);
    }
    out->fails = evaluated.status == AMANAT_STATUS_CONFIG_FAULT;
    return out->fails ? AMANAT_OK : evaluated;
}

static amanat_result simplify(struct cedar_evaluation *evaluation,
                              const struct cedar_expression *expression, struct outcome *out)
{
    const struct arena_mark mark = arena_mark(evaluation->arena);
    *out = (struct outcome){expression, false};
    if (is_value(expression)) {
        return AMANAT_OK;
    }
    TRY(simplify_whole(evaluation, expression, out));
    if (out->expression == expression) {
        arena_rewind(evaluation->arena, mark);
    }
    return AMANAT_OK;
}

/* One that is certain to fail, or no Bool, is kept: evaluating it says why. */
static amanat_result simplify_condition(struct cedar_evaluation *evaluation,
                                        const struct cedar_condition *condition,
                                        struct cedar_condition *out, enum cedar_standing *standing)
{
    struct outcome body;
    bool holds = false;
    TRY(simplify(evaluation, condition->body, &body));
    *out = (struct cedar_condition){.unless = condition->unless, .body = body.expression};
    *standing = CEDAR_STANDING_OPEN;
    if (!body.fails && !is_value(body.expression)) {
        return AMANAT_OK;
    }
    const amanat_result evaluated = cedar_evaluate_conditions(evaluation, out, 1, &holds);
    if (evaluated.status == AMANAT_STATUS_CONFIG_FAULT) {
        *standing = CEDAR_STANDING_FAILS;
        return AMANAT_OK;
    }
    TRY(evaluated);
    *standing = holds ? CEDAR_STANDING_TRUE : CEDAR_STANDING_FALSE;
    return AMANAT_OK;
}

amanat_result cedar_simplify_conditions(struct cedar_evaluation *evaluation,
                                        const struct cedar_condition *conditions, size_t count,
                                        struct cedar_simplified *out)
{
    struct cedar_condition *kept = arena_allocate_array(evaluation->arena, count, sizeof(*kept));
    TRY_MEMORY(kept);
    *out = (struct cedar_simplified){.standing = CEDAR_STANDING_TRUE, .conditions = kept};
    for (size_t i = 0; i < count; i++) {
        enum cedar_standing standing = CEDAR_STANDING_OPEN;
        TRY(simplify_condition(evaluation, &conditions[i], &kept[out->condition_count], &standing));
        out->condition_count += standing == CEDAR_STANDING_TRUE ? 0 : 1;
        if (standing != CEDAR_STANDING_TRUE && out->standing == CEDAR_STANDING_TRUE) {
            out->standing = standing;
        }
        if (standing == CEDAR_STANDING_FALSE || standing == CEDAR_STANDING_FAILS) {
            break;
        }
    }
    return AMANAT_OK;
}

bool cedar_expression_has(const struct cedar_expression *expression,
                          bool (*test)(const struct cedar_expression *part))
{
    for (size_t i = 0; i < expression->operand_count; i++) {
        if (cedar_expression_has(expression->operands[i], test)) {
            return true;
        }
    }
    return test(expression);
}
