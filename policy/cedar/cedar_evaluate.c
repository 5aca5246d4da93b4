/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Evaluation, strictly from left to right; the first error ends it (Cedar spec: Evaluator).
 * Recursion is bounded by the depth of what the parser makes, work by the size of the expression
 * times that of the data.
 */
#include "policy/cedar/cedar_evaluate.h"

#include "policy/base/guard.h"

static amanat_result fail_at(struct cedar_evaluation *evaluation,
                             const struct cedar_expression *expression, const char *what,
                             enum cedar_value_kind found)
{
    evaluation->line = expression->line;
    evaluation->column = expression->column;
    return cedar_evaluation_fail(evaluation, "%s, found %s", what, cedar_value_kind_name(found));
}

static struct cedar_value value_of_uid(const struct cedar_entity_uid *uid)
{
    return cedar_value_entity(uid->type, uid->id);
}

static amanat_result evaluate_variable(const struct cedar_evaluation *evaluation,
                                       enum cedar_variable which, struct cedar_value *out)
{
    const struct cedar_request *request = evaluation->request;
    if (request == NULL) {
        return cedar_not_known_yet();
    }
    switch (which) {
    case CEDAR_VARIABLE_PRINCIPAL:
        *out = value_of_uid(&request->principal);
        return AMANAT_OK;
    case CEDAR_VARIABLE_ACTION:
        *out = value_of_uid(&request->action);
        return AMANAT_OK;
    case CEDAR_VARIABLE_RESOURCE:
        *out = value_of_uid(&request->resource);
        return AMANAT_OK;
    case CEDAR_VARIABLE_CONTEXT:
        break;
    }
    *out = request->context.kind == CEDAR_VALUE_RECORD
               ? request->context
               : (struct cedar_value){.kind = CEDAR_VALUE_RECORD, .depth = 1};
    return AMANAT_OK;
}

static amanat_result evaluate_bool(struct cedar_evaluation *evaluation,
                                   const struct cedar_expression *expression, bool *out)
{
    struct cedar_value value;
    TRY(cedar_evaluate(evaluation, expression, &value));
    if (value.kind != CEDAR_VALUE_BOOL) {
        return fail_at(evaluation, expression, "expected Bool", value.kind);
    }
    *out = value.as.boolean;
    return AMANAT_OK;
}

/* `&&` and `||`: operands up to the first that decides. */
static amanat_result evaluate_logic(struct cedar_evaluation *evaluation,
                                    const struct cedar_expression *expression,
                                    struct cedar_value *out)
{
    const bool decides = expression->kind == CEDAR_EXPRESSION_OR;
    bool boolean = !decides;
    for (size_t i = 0; i < expression->operand_count && boolean != decides; i++) {
        TRY(evaluate_bool(evaluation, expression->operands[i], &boolean));
    }
    *out = cedar_value_bool(boolean);
    return AMANAT_OK;
}

static amanat_result evaluate_if(struct cedar_evaluation *evaluation,
                                 const struct cedar_expression *expression, struct cedar_value *out)
{
    bool guard = false;
    TRY(evaluate_bool(evaluation, expression->operands[0], &guard));
    return cedar_evaluate(evaluation, expression->operands[guard ? 1 : 2], out);
}

/* Whose attributes are the record's that is asked about; how it is named does not matter. */
static bool is_asked_resource(const struct cedar_evaluation *evaluation,
                              const struct cedar_entity_uid *uid)
{
    return (evaluation->resource_is_open || evaluation->resource_override != NULL) &&
           cedar_entity_uid_equal(uid, &evaluation->request->resource);
}

/* An entity's attributes; NULL when it does not exist. */
static amanat_result find_attributes(const struct cedar_evaluation *evaluation,
                                     const struct cedar_entity_uid *uid,
                                     const struct cedar_value **out)
{
    const struct cedar_entity *entity = NULL;
    if (is_asked_resource(evaluation, uid)) {
        *out = evaluation->resource_override;
        return evaluation->resource_is_open ? cedar_not_known_yet() : AMANAT_OK;
    }
    TRY(cedar_evaluation_find(evaluation, uid, &entity));
    *out = entity == NULL ? NULL : cedar_entity_attributes(entity);
    return AMANAT_OK;
}

/* An attribute of a record or an entity; `*out` is NULL when it is not there. */
static amanat_result find_attribute(struct cedar_evaluation *evaluation,
                                    const struct cedar_expression *expression,
                                    const struct cedar_value *value, struct bytes name,
                                    const struct cedar_value **out)
{
    if (value->kind == CEDAR_VALUE_RECORD) {
        *out = cedar_value_get(value, name);
        return AMANAT_OK;
    }
    if (value->kind != CEDAR_VALUE_ENTITY) {
        return fail_at(evaluation, expression, "expected a record or an entity", value->kind);
    }
    const struct cedar_value *attributes = NULL;
    TRY(find_attributes(evaluation, &value->as.entity, &attributes));
    *out = attributes == NULL ? NULL : cedar_value_get(attributes, name);
    return AMANAT_OK;
}

static amanat_result evaluate_has(struct cedar_evaluation *evaluation,
                                  const struct cedar_expression *expression,
                                  struct cedar_value *out)
{
    struct cedar_value operand;
    TRY(cedar_evaluate(evaluation, expression->operands[0], &operand));
    const struct cedar_value *at = &operand;
    for (size_t i = 0; i < expression->as.path.count && at != NULL; i++) {
        TRY(find_attribute(evaluation, expression, at, expression->as.path.keys[i], &at));
    }
    *out = cedar_value_bool(at != NULL);
    return AMANAT_OK;
}

static amanat_result evaluate_get(struct cedar_evaluation *evaluation,
                                  const struct cedar_expression *expression,
                                  struct cedar_value *out)
{
    struct cedar_value operand;
    const struct cedar_value *found = NULL;
    TRY(cedar_evaluate(evaluation, expression->operands[0], &operand));
    TRY(find_attribute(evaluation, expression, &operand, expression->as.attribute, &found));
    if (found == NULL) {
        const struct cedar_value *attributes = &operand;
        if (operand.kind == CEDAR_VALUE_ENTITY) {
            TRY(find_attributes(evaluation, &operand.as.entity, &attributes));
        }
        const bool absent = attributes == NULL;
        evaluation->line = expression->line;
        evaluation->column = expression->column;
        return cedar_evaluation_fail(evaluation, "%s `%.*s`",
                                     absent ? "the entity does not exist that is asked for"
                                            : "there is no attribute",
                                     BYTES_PRINTF(expression->as.attribute));
    }
    *out = *found;
    return AMANAT_OK;
}

static bool find_bytes(struct bytes text, struct bytes piece, size_t *out_end)
{
    for (size_t start = 0; start + piece.length <= text.length; start++) {
        if (bytes_start_with(bytes_from(text, start), piece)) {
            *out_end = start + piece.length;
            return true;
        }
    }
    return false;
}

/*
 * The first piece must begin the text, the last end it, the others follow each other somewhere
 * between. UTF-8 needs no decoding for that: no character's bytes are found inside another's.
 */
static bool pattern_matches(const struct cedar_pattern *pattern, struct bytes text)
{
    const struct bytes first = pattern->pieces[0];
    const struct bytes last = pattern->pieces[pattern->count - 1];
    if (pattern->count == 1) {
        return bytes_equal(text, first);
    }
    if (text.length < first.length + last.length || !bytes_start_with(text, first) ||
        !bytes_end_with(text, last)) {
        return false;
    }
    text = bytes_from(bytes_first(text, text.length - last.length), first.length);
    for (size_t i = 1; i + 1 < pattern->count; i++) {
        size_t end = 0;
        if (!find_bytes(text, pattern->pieces[i], &end)) {
            return false;
        }
        text = bytes_from(text, end);
    }
    return true;
}

static amanat_result evaluate_like(struct cedar_evaluation *evaluation,
                                   const struct cedar_expression *expression,
                                   struct cedar_value *out)
{
    struct cedar_value operand;
    TRY(cedar_evaluate(evaluation, expression->operands[0], &operand));
    if (operand.kind != CEDAR_VALUE_STRING) {
        return fail_at(evaluation, expression, "expected String left of `like`", operand.kind);
    }
    *out = cedar_value_bool(pattern_matches(&expression->as.pattern, operand.as.string));
    return AMANAT_OK;
}

static amanat_result evaluate_is(struct cedar_evaluation *evaluation,
                                 const struct cedar_expression *expression, struct cedar_value *out)
{
    struct cedar_value operands[2];
    TRY(cedar_evaluate(evaluation, expression->operands[0], &operands[0]));
    if (operands[0].kind != CEDAR_VALUE_ENTITY) {
        return fail_at(evaluation, expression, "expected an entity left of `is`", operands[0].kind);
    }
    const bool is = bytes_equal(operands[0].as.entity.type, expression->as.type);
    if (!is || expression->operand_count == 1) {
        *out = cedar_value_bool(is);
        return AMANAT_OK;
    }
    TRY(cedar_evaluate(evaluation, expression->operands[1], &operands[1]));
    evaluation->line = expression->line;
    evaluation->column = expression->column;
    return cedar_operation_in(evaluation, operands, out);
}

/* All operands, in order, into an array in the arena. */
static amanat_result evaluate_operands(struct cedar_evaluation *evaluation,
                                       const struct cedar_expression *expression,
                                       struct cedar_value **out)
{
    struct cedar_value *values =
        arena_allocate_array(evaluation->arena, expression->operand_count, sizeof(*values));
    TRY_MEMORY(values);
    for (size_t i = 0; i < expression->operand_count; i++) {
        TRY(cedar_evaluate(evaluation, expression->operands[i], &values[i]));
    }
    *out = values;
    return AMANAT_OK;
}

/* A value that would be too deep is an error of the policy. */
static amanat_result check_depth(struct cedar_evaluation *evaluation,
                                 const struct cedar_expression *expression, amanat_result built)
{
    if (built.status != AMANAT_STATUS_LIMIT) {
        return built;
    }
    evaluation->line = expression->line;
    evaluation->column = expression->column;
    return cedar_evaluation_fail(evaluation, "a value is more than %d levels deep",
                                 CEDAR_VALUE_DEPTH_LIMIT);
}

static amanat_result evaluate_set(struct cedar_evaluation *evaluation,
                                  const struct cedar_expression *expression,
                                  struct cedar_value *out)
{
    struct cedar_value *values = NULL;
    TRY(evaluate_operands(evaluation, expression, &values));
    return check_depth(evaluation, expression,
                       cedar_value_set(evaluation->arena, values, expression->operand_count, out));
}

static amanat_result evaluate_record(struct cedar_evaluation *evaluation,
                                     const struct cedar_expression *expression,
                                     struct cedar_value *out)
{
    const size_t count = expression->operand_count;
    struct cedar_field *fields = arena_allocate_array(evaluation->arena, count, sizeof(*fields));
    TRY_MEMORY(fields);
    for (size_t i = 0; i < count; i++) {
        fields[i].key = expression->as.path.keys[i];
        TRY(cedar_evaluate(evaluation, expression->operands[i], &fields[i].value));
    }
    return check_depth(evaluation, expression,
                       cedar_value_record(evaluation->arena, fields, count, out));
}

static amanat_result evaluate_call(struct cedar_evaluation *evaluation,
                                   const struct cedar_expression *expression,
                                   struct cedar_value *out)
{
    struct cedar_value few[CEDAR_OPERATION_MOST_OPERANDS];
    struct cedar_value *values = few;
    if (expression->operand_count > CEDAR_OPERATION_MOST_OPERANDS) {
        TRY(evaluate_operands(evaluation, expression, &values));
    } else {
        for (size_t i = 0; i < expression->operand_count; i++) {
            TRY(cedar_evaluate(evaluation, expression->operands[i], &few[i]));
        }
    }
    evaluation->line = expression->line;
    evaluation->column = expression->column;
    return cedar_operation_apply(expression->as.operation, evaluation, values,
                                 expression->operand_count, out);
}

amanat_result cedar_evaluate(struct cedar_evaluation *evaluation,
                             const struct cedar_expression *expression, struct cedar_value *out)
{
    switch (expression->kind) {
    case CEDAR_EXPRESSION_LITERAL:
        *out = expression->as.literal;
        return AMANAT_OK;
    case CEDAR_EXPRESSION_VARIABLE:
        return evaluate_variable(evaluation, expression->as.variable, out);
    case CEDAR_EXPRESSION_AND:
    case CEDAR_EXPRESSION_OR:
        return evaluate_logic(evaluation, expression, out);
    case CEDAR_EXPRESSION_IF:
        return evaluate_if(evaluation, expression, out);
    case CEDAR_EXPRESSION_HAS:
        return evaluate_has(evaluation, expression, out);
    case CEDAR_EXPRESSION_GET:
        return evaluate_get(evaluation, expression, out);
    case CEDAR_EXPRESSION_LIKE:
        return evaluate_like(evaluation, expression, out);
    case CEDAR_EXPRESSION_IS:
        return evaluate_is(evaluation, expression, out);
    case CEDAR_EXPRESSION_SET:
        return evaluate_set(evaluation, expression, out);
    case CEDAR_EXPRESSION_RECORD:
        return evaluate_record(evaluation, expression, out);
    case CEDAR_EXPRESSION_CALL:
        return evaluate_call(evaluation, expression, out);
    case CEDAR_EXPRESSION_NONE:
        break;
    }
    return amanat_result_of(AMANAT_STATUS_BUG);
}

amanat_result cedar_evaluate_conditions(struct cedar_evaluation *evaluation,
                                        const struct cedar_condition *conditions, size_t count,
                                        bool *out)
{
    for (size_t i = 0; i < count; i++) {
        bool holds = false;
        TRY(evaluate_bool(evaluation, conditions[i].body, &holds));
        if (holds == conditions[i].unless) {
            *out = false;
            return AMANAT_OK;
        }
    }
    *out = true;
    return AMANAT_OK;
}
