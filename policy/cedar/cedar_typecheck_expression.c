/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Types of expressions (Cedar spec: Typechecker). One function per kind of expression; operations
 * are in cedar_typecheck_operations.c, attributes in cedar_typecheck_attribute.c.
 *
 * Not looked at, as in the official checker: what follows a False in `&&` or a True in `||`, the
 * branch of an `if` whose guard is known, and the right side of `is T in` where the type is
 * another.
 */
#include <stdlib.h>

#include "policy/base/guard.h"
#include "policy/cedar/cedar_operations.h"
#include "policy/cedar/cedar_typecheck.h"

static const char *kind_in_words(enum cedar_value_kind kind)
{
    static const char *const words[] = {
        [CEDAR_VALUE_BOOL] = "`Bool`",         [CEDAR_VALUE_LONG] = "`Long`",
        [CEDAR_VALUE_STRING] = "`String`",     [CEDAR_VALUE_ENTITY] = "an entity",
        [CEDAR_VALUE_SET] = "a Set",           [CEDAR_VALUE_RECORD] = "a record",
        [CEDAR_VALUE_DECIMAL] = "`decimal`",   [CEDAR_VALUE_IP] = "`ipaddr`",
        [CEDAR_VALUE_DATETIME] = "`datetime`", [CEDAR_VALUE_DURATION] = "`duration`"};
    return words[kind];
}

amanat_result cedar_check_is_kind(struct cedar_checker *checker,
                                  const struct cedar_expression *expression,
                                  const struct cedar_static_type *type, enum cedar_value_kind kind)
{
    if (type->kind == kind || type->kind == CEDAR_VALUE_NONE) {
        return AMANAT_OK;
    }
    return cedar_check_expected(checker, expression, kind_in_words(kind), type);
}

amanat_result cedar_check_kind(struct cedar_checker *checker,
                               const struct cedar_expression *expression,
                               enum cedar_value_kind kind, struct cedar_typing *out)
{
    TRY(cedar_check_expression(checker, expression, out));
    TRY(cedar_check_is_kind(checker, expression, &out->type, kind));
    if (out->type.kind != kind) {
        out->type = cedar_static_of_kind(CEDAR_VALUE_NONE);
    }
    return AMANAT_OK;
}

static amanat_result check_literal(const struct cedar_expression *expression,
                                   struct cedar_typing *out)
{
    const struct cedar_value *value = &expression->as.literal;
    out->type = cedar_static_of_kind(value->kind);
    if (value->kind == CEDAR_VALUE_BOOL) {
        out->type.truth = value->as.boolean ? CEDAR_TRUTH_TRUE : CEDAR_TRUTH_FALSE;
    }
    if (value->kind == CEDAR_VALUE_ENTITY) {
        out->type = cedar_static_entity(value->as.entity.type);
    }
    return AMANAT_OK;
}

static amanat_result check_variable(const struct cedar_checker *checker,
                                    const struct cedar_expression *expression,
                                    struct cedar_typing *out)
{
    const struct cedar_environment *environment = checker->environment;
    switch (expression->as.variable) {
    case CEDAR_VARIABLE_PRINCIPAL:
        out->type = cedar_static_entity(environment->principal);
        return AMANAT_OK;
    case CEDAR_VARIABLE_ACTION:
        out->type = cedar_static_entity(environment->action->uid.type);
        return AMANAT_OK;
    case CEDAR_VARIABLE_RESOURCE:
        out->type = cedar_static_entity(environment->resource);
        return AMANAT_OK;
    case CEDAR_VARIABLE_CONTEXT:
        break;
    }
    out->type = cedar_static_declared(environment->action->context);
    return AMANAT_OK;
}

/* One more operand of `&&`: what came before is known to be there. */
static amanat_result check_next_of_and(struct cedar_checker *checker,
                                       const struct cedar_expression *operand,
                                       struct cedar_typing *all)
{
    struct cedar_typing next = {0};
    TRY(cedar_check_kind(checker, operand, CEDAR_VALUE_BOOL, &next));
    if (all->type.truth == CEDAR_TRUTH_TRUE || next.type.truth == CEDAR_TRUTH_FALSE) {
        all->type.truth = next.type.truth;
    } else if (next.type.truth == CEDAR_TRUTH_OPEN) {
        all->type.truth = CEDAR_TRUTH_OPEN;
    }
    cedar_presence_assume(&checker->present, &next.capabilities);
    return cedar_capabilities_join(checker->arena, &all->capabilities, &next.capabilities);
}

static amanat_result check_and(struct cedar_checker *checker,
                               const struct cedar_expression *expression, struct cedar_typing *out)
{
    struct cedar_typing all = {.type = cedar_static_bool(CEDAR_TRUTH_TRUE)};
    for (size_t i = 0; i < expression->operand_count && all.type.truth != CEDAR_TRUTH_FALSE; i++) {
        TRY(check_next_of_and(checker, expression->operands[i], &all));
    }
    cedar_presence_drop(&checker->present, &all.capabilities);
    if (all.type.truth == CEDAR_TRUTH_FALSE) {
        all.capabilities = (struct cedar_capabilities){0};
    }
    *out = all;
    return AMANAT_OK;
}

/* One more operand of `||`; nothing of what came before is known. */
static amanat_result check_next_of_or(struct cedar_checker *checker,
                                      const struct cedar_expression *operand,
                                      struct cedar_typing *all)
{
    struct cedar_typing next = {0};
    TRY(cedar_check_kind(checker, operand, CEDAR_VALUE_BOOL, &next));
    if (next.type.truth == CEDAR_TRUTH_FALSE) {
        return AMANAT_OK;
    }
    if (all->type.truth == CEDAR_TRUTH_FALSE || next.type.truth == CEDAR_TRUTH_TRUE) {
        all->type.truth = next.type.truth;
        all->capabilities = next.capabilities;
        return AMANAT_OK;
    }
    cedar_presence_meet(&checker->present, &all->capabilities, &next.capabilities);
    return AMANAT_OK;
}

static amanat_result check_or(struct cedar_checker *checker,
                              const struct cedar_expression *expression, struct cedar_typing *out)
{
    struct cedar_typing all = {.type = cedar_static_bool(CEDAR_TRUTH_FALSE)};
    for (size_t i = 0; i < expression->operand_count && all.type.truth != CEDAR_TRUTH_TRUE; i++) {
        TRY(check_next_of_or(checker, expression->operands[i], &all));
    }
    *out = all;
    return AMANAT_OK;
}

/* The first branch, with what the guard makes known, which is then known of the whole, too. */
static amanat_result check_then(struct cedar_checker *checker,
                                const struct cedar_expression *expression,
                                const struct cedar_capabilities *guard, struct cedar_typing *out)
{
    struct cedar_typing branch = {0};
    cedar_presence_assume(&checker->present, guard);
    TRY(cedar_check_expression(checker, expression->operands[1], &branch));
    cedar_presence_drop(&checker->present, guard);
    TRY(cedar_capabilities_join(checker->arena, &branch.capabilities, guard));
    *out = branch;
    return AMANAT_OK;
}

static amanat_result join_branches(struct cedar_checker *checker,
                                   const struct cedar_expression *expression,
                                   struct cedar_typing *then, const struct cedar_typing *other,
                                   struct cedar_typing *out)
{
    bool exists = false;
    TRY(cedar_static_join(&checker->joins, &then->type, &other->type, &exists, &out->type));
    cedar_presence_meet(&checker->present, &then->capabilities, &other->capabilities);
    out->capabilities = then->capabilities;
    if (exists) {
        return AMANAT_OK;
    }
    out->type = cedar_static_of_kind(CEDAR_VALUE_NONE);
    return cedar_check_fault(checker, cedar_place_of(expression), "incompatible-types",
                             "the branches of this `if` have different types: `%s` and `%s`",
                             cedar_static_text(checker->arena, &then->type),
                             cedar_static_text(checker->arena, &other->type));
}

static amanat_result check_if(struct cedar_checker *checker,
                              const struct cedar_expression *expression, struct cedar_typing *out)
{
    struct cedar_typing guard = {0};
    struct cedar_typing then = {0};
    struct cedar_typing other = {0};
    TRY(cedar_check_kind(checker, expression->operands[0], CEDAR_VALUE_BOOL, &guard));
    if (guard.type.truth == CEDAR_TRUTH_FALSE) {
        return cedar_check_expression(checker, expression->operands[2], out);
    }
    TRY(check_then(checker, expression, &guard.capabilities, &then));
    if (guard.type.truth == CEDAR_TRUTH_TRUE) {
        *out = then;
        return AMANAT_OK;
    }
    TRY(cedar_check_expression(checker, expression->operands[2], &other));
    return join_branches(checker, expression, &then, &other, out);
}

static amanat_result check_like(struct cedar_checker *checker,
                                const struct cedar_expression *expression, struct cedar_typing *out)
{
    TRY(cedar_check_kind(checker, expression->operands[0], CEDAR_VALUE_STRING, out));
    *out = (struct cedar_typing){.type = cedar_static_bool(CEDAR_TRUTH_OPEN)};
    return AMANAT_OK;
}

static amanat_result check_is(struct cedar_checker *checker,
                              const struct cedar_expression *expression, struct cedar_typing *out)
{
    struct cedar_typing operand = {0};
    TRY(cedar_check_kind(checker, expression->operands[0], CEDAR_VALUE_ENTITY, &operand));
    const bool is_known = operand.type.kind == CEDAR_VALUE_ENTITY;
    const bool is = is_known && bytes_equal(operand.type.entity_type, expression->as.type);
    if ((is_known && !is) || expression->operand_count == 1) {
        const enum cedar_truth truth = is ? CEDAR_TRUTH_TRUE : CEDAR_TRUTH_FALSE;
        out->type = cedar_static_bool(is_known ? truth : CEDAR_TRUTH_OPEN);
        return AMANAT_OK;
    }
    return cedar_check_membership(checker, expression->operands[0], &operand.type,
                                  expression->operands[1], out);
}

/* The type of an element more: it must have a type in common with those before. */
static amanat_result check_element(struct cedar_checker *checker,
                                   const struct cedar_expression *element, bool is_first,
                                   struct cedar_static_type *common)
{
    struct cedar_typing typing = {0};
    struct cedar_static_type joined = {0};
    bool exists = true;
    TRY(cedar_check_expression(checker, element, &typing));
    if (is_first) {
        *common = typing.type;
        return AMANAT_OK;
    }
    TRY(cedar_static_join(&checker->joins, common, &typing.type, &exists, &joined));
    if (!exists) {
        TRY(cedar_check_fault(checker, cedar_place_of(element), "incompatible-types",
                              "this element is of type `%s`, those before it are of type `%s`",
                              cedar_static_text(checker->arena, &typing.type),
                              cedar_static_text(checker->arena, common)));
        joined = cedar_static_of_kind(CEDAR_VALUE_NONE);
    }
    *common = joined;
    return AMANAT_OK;
}

static amanat_result check_set(struct cedar_checker *checker,
                               const struct cedar_expression *expression, struct cedar_typing *out)
{
    struct cedar_static_type *common = ARENA_NEW(checker->arena, struct cedar_static_type);
    TRY_MEMORY(common);
    for (size_t i = 0; i < expression->operand_count; i++) {
        TRY(check_element(checker, expression->operands[i], i == 0, common));
    }
    out->type = (struct cedar_static_type){.kind = CEDAR_VALUE_SET, .element = common};
    if (expression->operand_count > 0) {
        return AMANAT_OK;
    }
    return cedar_check_fault(checker, cedar_place_of(expression), "empty-set",
                             "`[]` has no type: a set needs an element (ask with `isEmpty()` "
                             "whether a set has none)");
}

static int compare_fields(const void *a, const void *b)
{
    return bytes_compare(((const struct cedar_static_field *)a)->name,
                         ((const struct cedar_static_field *)b)->name);
}

static amanat_result check_record(struct cedar_checker *checker,
                                  const struct cedar_expression *expression,
                                  struct cedar_typing *out)
{
    const size_t count = expression->operand_count;
    struct cedar_static_field *fields =
        arena_allocate_array(checker->arena, count, sizeof(*fields));
    TRY_MEMORY(fields);
    for (size_t i = 0; i < count; i++) {
        struct cedar_typing value = {0};
        TRY(cedar_check_expression(checker, expression->operands[i], &value));
        fields[i] = (struct cedar_static_field){expression->as.path.keys[i], value.type};
    }
    if (count > 0) {
        qsort(fields, count, sizeof(*fields), compare_fields);
    }
    out->type = (struct cedar_static_type){
        .kind = CEDAR_VALUE_RECORD, .fields = fields, .field_count = count};
    return AMANAT_OK;
}

amanat_result cedar_check_expression(struct cedar_checker *checker,
                                     const struct cedar_expression *expression,
                                     struct cedar_typing *out)
{
    *out = (struct cedar_typing){0};
    switch (expression->kind) {
    case CEDAR_EXPRESSION_LITERAL:
        return check_literal(expression, out);
    case CEDAR_EXPRESSION_VARIABLE:
        return check_variable(checker, expression, out);
    case CEDAR_EXPRESSION_AND:
        return check_and(checker, expression, out);
    case CEDAR_EXPRESSION_OR:
        return check_or(checker, expression, out);
    case CEDAR_EXPRESSION_IF:
        return check_if(checker, expression, out);
    case CEDAR_EXPRESSION_HAS:
        return cedar_check_has(checker, expression, out);
    case CEDAR_EXPRESSION_GET:
        return cedar_check_get(checker, expression, out);
    case CEDAR_EXPRESSION_LIKE:
        return check_like(checker, expression, out);
    case CEDAR_EXPRESSION_IS:
        return check_is(checker, expression, out);
    case CEDAR_EXPRESSION_SET:
        return check_set(checker, expression, out);
    case CEDAR_EXPRESSION_RECORD:
        return check_record(checker, expression, out);
    case CEDAR_EXPRESSION_CALL:
        return expression->as.operation->check(checker, expression, out);
    case CEDAR_EXPRESSION_NONE:
        break;
    }
    return amanat_result_of(AMANAT_STATUS_BUG);
}
