/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the checker knows of operators, methods and functions (Cedar spec: typeOfBinaryApp,
 * typeOfCall): the functions that the table in cedar_operations.c names. All operands are checked,
 * whatever is wrong with one of them.
 */
#include "policy/base/guard.h"
#include "policy/cedar/cedar_conformance.h"
#include "policy/cedar/cedar_operations.h"
#include "policy/cedar/cedar_typecheck.h"

static void give_bool(enum cedar_truth truth, struct cedar_typing *out)
{
    *out = (struct cedar_typing){.type = cedar_static_bool(truth)};
}

/* Both operands, whatever their types. */
static amanat_result check_both(struct cedar_checker *checker, const struct cedar_expression *call,
                                struct cedar_typing *left, struct cedar_typing *right)
{
    TRY(cedar_check_expression(checker, call->operands[0], left));
    return cedar_check_expression(checker, call->operands[1], right);
}

static amanat_result check_count(struct cedar_checker *checker, const struct cedar_expression *call)
{
    const struct cedar_operation *operation = call->as.operation;
    const size_t subject = operation->style == CEDAR_OPERATION_METHOD ? 1 : 0;
    if (call->operand_count == operation->arity) {
        return AMANAT_OK;
    }
    return cedar_check_fault(checker, cedar_place_of(call), "argument-count",
                             "`%s` takes %zu argument%s, not %zu", operation->name,
                             operation->arity - subject, operation->arity - subject == 1 ? "" : "s",
                             call->operand_count - subject);
}

amanat_result cedar_check_by_kinds(struct cedar_checker *checker,
                                   const struct cedar_expression *call, struct cedar_typing *out)
{
    const struct cedar_operation *operation = call->as.operation;
    TRY(check_count(checker, call));
    for (size_t i = 0; i < call->operand_count; i++) {
        struct cedar_typing operand = {0};
        TRY(i < operation->arity
                ? cedar_check_kind(checker, call->operands[i], operation->operands[i], &operand)
                : cedar_check_expression(checker, call->operands[i], &operand));
    }
    out->type = cedar_static_of_kind(operation->result);
    return AMANAT_OK;
}

amanat_result cedar_check_not(struct cedar_checker *checker, const struct cedar_expression *call,
                              struct cedar_typing *out)
{
    static const enum cedar_truth negated[] = {[CEDAR_TRUTH_OPEN] = CEDAR_TRUTH_OPEN,
                                               [CEDAR_TRUTH_TRUE] = CEDAR_TRUTH_FALSE,
                                               [CEDAR_TRUTH_FALSE] = CEDAR_TRUTH_TRUE};
    struct cedar_typing operand = {0};
    TRY(cedar_check_kind(checker, call->operands[0], CEDAR_VALUE_BOOL, &operand));
    give_bool(negated[operand.type.truth], out);
    return AMANAT_OK;
}

/* ---- Equality and order ---- */

/* The value that the expression is written as; `action` is the environment's. */
static bool literal_value(const struct cedar_checker *checker,
                          const struct cedar_expression *expression, struct cedar_value *out)
{
    const struct cedar_entity_uid *action = &checker->environment->action->uid;
    if (expression->kind == CEDAR_EXPRESSION_LITERAL) {
        *out = expression->as.literal;
        return true;
    }
    *out = cedar_value_entity(action->type, action->id);
    return expression->kind == CEDAR_EXPRESSION_VARIABLE &&
           expression->as.variable == CEDAR_VARIABLE_ACTION;
}

static amanat_result check_equality(struct cedar_checker *checker,
                                    const struct cedar_expression *call, enum cedar_truth *out)
{
    struct cedar_typing left = {0};
    struct cedar_typing right = {0};
    struct cedar_static_type joined = {0};
    struct cedar_value values[2];
    bool exists = false;
    *out = CEDAR_TRUTH_OPEN;
    TRY(check_both(checker, call, &left, &right));
    if (literal_value(checker, call->operands[0], &values[0]) &&
        literal_value(checker, call->operands[1], &values[1])) {
        *out = cedar_value_equal(&values[0], &values[1]) ? CEDAR_TRUTH_TRUE : CEDAR_TRUTH_FALSE;
        return AMANAT_OK;
    }
    TRY(cedar_static_join(&checker->joins, &left.type, &right.type, &exists, &joined));
    if (exists) {
        return AMANAT_OK;
    }
    if (left.type.kind == CEDAR_VALUE_ENTITY && right.type.kind == CEDAR_VALUE_ENTITY) {
        *out = CEDAR_TRUTH_FALSE;
        return AMANAT_OK;
    }
    return cedar_check_fault(checker, cedar_place_of(call), "incompatible-types",
                             "`%s` compares `%s` with `%s`, which is another type",
                             call->as.operation->name,
                             cedar_static_text(checker->arena, &left.type),
                             cedar_static_text(checker->arena, &right.type));
}

amanat_result cedar_check_equal(struct cedar_checker *checker, const struct cedar_expression *call,
                                struct cedar_typing *out)
{
    enum cedar_truth truth = CEDAR_TRUTH_OPEN;
    TRY(check_equality(checker, call, &truth));
    give_bool(truth, out);
    return AMANAT_OK;
}

amanat_result cedar_check_not_equal(struct cedar_checker *checker,
                                    const struct cedar_expression *call, struct cedar_typing *out)
{
    enum cedar_truth truth = CEDAR_TRUTH_OPEN;
    TRY(check_equality(checker, call, &truth));
    give_bool(truth == CEDAR_TRUTH_OPEN   ? CEDAR_TRUTH_OPEN
              : truth == CEDAR_TRUTH_TRUE ? CEDAR_TRUTH_FALSE
                                          : CEDAR_TRUTH_TRUE,
              out);
    return AMANAT_OK;
}

static bool is_ordered(const struct cedar_static_type *type)
{
    return type->kind == CEDAR_VALUE_LONG || type->kind == CEDAR_VALUE_DATETIME ||
           type->kind == CEDAR_VALUE_DURATION || type->kind == CEDAR_VALUE_NONE;
}

static amanat_result check_is_ordered(struct cedar_checker *checker,
                                      const struct cedar_expression *operand,
                                      const struct cedar_static_type *type)
{
    return is_ordered(type)
               ? AMANAT_OK
               : cedar_check_expected(checker, operand, "`Long`, `datetime` or `duration`", type);
}

amanat_result cedar_check_order(struct cedar_checker *checker, const struct cedar_expression *call,
                                struct cedar_typing *out)
{
    struct cedar_typing left = {0};
    struct cedar_typing right = {0};
    give_bool(CEDAR_TRUTH_OPEN, out);
    TRY(check_both(checker, call, &left, &right));
    TRY(check_is_ordered(checker, call->operands[0], &left.type));
    if (!is_ordered(&left.type) || left.type.kind == CEDAR_VALUE_NONE) {
        return check_is_ordered(checker, call->operands[1], &right.type);
    }
    return cedar_check_is_kind(checker, call->operands[1], &right.type, left.type.kind);
}

/* ---- in ---- */

bool cedar_action_is_in(const struct cedar_schema *schema, const struct cedar_entity_uid *action,
                        const struct cedar_entity_uid *container)
{
    const struct cedar_action *declared = cedar_schema_action(schema, action);
    bool found = cedar_entity_uid_equal(action, container);
    for (size_t i = 0; declared != NULL && i < declared->ancestor_count && !found; i++) {
        found = cedar_entity_uid_equal(&declared->ancestors[i], container);
    }
    return found;
}

/* Whether an action of one type is in one of another type. */
static bool action_type_can_be_in(const struct cedar_schema *schema, struct bytes type,
                                  struct bytes container)
{
    for (size_t i = 0; i < cedar_schema_action_count(schema); i++) {
        const struct cedar_action *action = cedar_schema_action_at(schema, i);
        for (size_t j = 0; bytes_equal(action->uid.type, type) && j < action->ancestor_count; j++) {
            if (bytes_equal(action->ancestors[j].type, container)) {
                return true;
            }
        }
    }
    return false;
}

bool cedar_type_can_be_in(const struct cedar_schema *schema, struct bytes type,
                          struct bytes container)
{
    const struct cedar_entity_type *declared = cedar_schema_entity_type(schema, type);
    if (bytes_equal(type, container)) {
        return true;
    }
    return declared != NULL
               ? cedar_names_contain(declared->ancestors, declared->ancestor_count, container)
               : action_type_can_be_in(schema, type, container);
}

static bool literal_uid(const struct cedar_checker *checker,
                        const struct cedar_expression *expression, struct cedar_entity_uid *out)
{
    struct cedar_value value;
    if (!literal_value(checker, expression, &value) || value.kind != CEDAR_VALUE_ENTITY) {
        return false;
    }
    *out = value.as.entity;
    return true;
}

/* An action that is written out, in entities that are written out: true or false. */
static bool exact_membership(const struct cedar_checker *checker,
                             const struct cedar_expression *left,
                             const struct cedar_expression *right, enum cedar_truth *out)
{
    const bool is_set = right->kind == CEDAR_EXPRESSION_SET;
    const size_t count = is_set ? right->operand_count : 1;
    struct cedar_entity_uid action;
    bool found = false;
    if (!literal_uid(checker, left, &action) || !cedar_type_is_of_actions(action.type)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        struct cedar_entity_uid container;
        if (!literal_uid(checker, is_set ? right->operands[i] : right, &container)) {
            return false;
        }
        found = found || cedar_action_is_in(checker->schema, &action, &container);
    }
    *out = found ? CEDAR_TRUTH_TRUE : CEDAR_TRUTH_FALSE;
    return true;
}

/* The type of the entities right of `in`; NONE after a fault. */
static amanat_result check_container(struct cedar_checker *checker,
                                     const struct cedar_expression *right,
                                     struct cedar_static_type *out)
{
    struct cedar_typing typing = {0};
    TRY(cedar_check_expression(checker, right, &typing));
    *out = typing.type.kind == CEDAR_VALUE_SET ? cedar_static_element(&typing.type) : typing.type;
    if (out->kind == CEDAR_VALUE_ENTITY || out->kind == CEDAR_VALUE_NONE) {
        return AMANAT_OK;
    }
    *out = cedar_static_of_kind(CEDAR_VALUE_NONE);
    return cedar_check_expected(checker, right, "an entity or a Set of entities", &typing.type);
}

amanat_result cedar_check_membership(struct cedar_checker *checker,
                                     const struct cedar_expression *left,
                                     const struct cedar_static_type *left_type,
                                     const struct cedar_expression *right, struct cedar_typing *out)
{
    struct cedar_static_type container = {0};
    enum cedar_truth truth = CEDAR_TRUTH_OPEN;
    TRY(check_container(checker, right, &container));
    const bool is_known =
        left_type->kind == CEDAR_VALUE_ENTITY && container.kind == CEDAR_VALUE_ENTITY;
    if (is_known && !exact_membership(checker, left, right, &truth) &&
        !cedar_type_can_be_in(checker->schema, left_type->entity_type, container.entity_type)) {
        truth = CEDAR_TRUTH_FALSE;
    }
    give_bool(truth, out);
    return AMANAT_OK;
}

amanat_result cedar_check_in(struct cedar_checker *checker, const struct cedar_expression *call,
                             struct cedar_typing *out)
{
    struct cedar_typing left = {0};
    TRY(cedar_check_kind(checker, call->operands[0], CEDAR_VALUE_ENTITY, &left));
    return cedar_check_membership(checker, call->operands[0], &left.type, call->operands[1], out);
}

/* ---- Sets ---- */

static amanat_result check_elements_fit(struct cedar_checker *checker,
                                        const struct cedar_expression *call,
                                        const struct cedar_static_type *element,
                                        const struct cedar_static_type *other)
{
    struct cedar_static_type joined = {0};
    bool exists = false;
    TRY(cedar_static_join(&checker->joins, element, other, &exists, &joined));
    return exists ? AMANAT_OK
                  : cedar_check_fault(checker, cedar_place_of(call), "incompatible-types",
                                      "`%s` looks for `%s` in a set of `%s`, which is another type",
                                      call->as.operation->name,
                                      cedar_static_text(checker->arena, other),
                                      cedar_static_text(checker->arena, element));
}

/* The type of a set's elements; NONE when the operand is no set. */
static amanat_result check_set_operand(struct cedar_checker *checker,
                                       const struct cedar_expression *operand,
                                       struct cedar_static_type *out_element)
{
    struct cedar_typing set = {0};
    TRY(cedar_check_kind(checker, operand, CEDAR_VALUE_SET, &set));
    *out_element = set.type.kind == CEDAR_VALUE_SET ? cedar_static_element(&set.type) : set.type;
    return AMANAT_OK;
}

amanat_result cedar_check_contains(struct cedar_checker *checker,
                                   const struct cedar_expression *call, struct cedar_typing *out)
{
    struct cedar_static_type element = {0};
    struct cedar_typing value = {0};
    give_bool(CEDAR_TRUTH_OPEN, out);
    TRY(check_set_operand(checker, call->operands[0], &element));
    TRY(cedar_check_expression(checker, call->operands[1], &value));
    return check_elements_fit(checker, call, &element, &value.type);
}

amanat_result cedar_check_two_sets(struct cedar_checker *checker,
                                   const struct cedar_expression *call, struct cedar_typing *out)
{
    struct cedar_static_type left = {0};
    struct cedar_static_type right = {0};
    give_bool(CEDAR_TRUTH_OPEN, out);
    TRY(check_set_operand(checker, call->operands[0], &left));
    TRY(check_set_operand(checker, call->operands[1], &right));
    return check_elements_fit(checker, call, &left, &right);
}

/* ---- Tags ---- */

bool cedar_checks_a_tag(const struct cedar_expression *call)
{
    return call->as.operation->check == cedar_check_has_tag ||
           call->as.operation->check == cedar_check_get_tag;
}

/* Both operands; `*out_tags` is the type of the entity's tags or NULL, `*out_known` false when not
 * even that can be said. */
static amanat_result check_tag_operands(struct cedar_checker *checker,
                                        const struct cedar_expression *call,
                                        struct cedar_static_type *out_entity,
                                        const struct cedar_type **out_tags, bool *out_known)
{
    struct cedar_typing entity = {0};
    struct cedar_typing tag = {0};
    TRY(cedar_check_kind(checker, call->operands[0], CEDAR_VALUE_ENTITY, &entity));
    TRY(cedar_check_kind(checker, call->operands[1], CEDAR_VALUE_STRING, &tag));
    const struct cedar_entity_type *declared =
        cedar_schema_entity_type(checker->schema, entity.type.entity_type);
    *out_entity = entity.type;
    *out_tags = declared == NULL ? NULL : declared->tags;
    *out_known = declared != NULL || cedar_type_is_of_actions(entity.type.entity_type);
    return AMANAT_OK;
}

amanat_result cedar_check_has_tag(struct cedar_checker *checker,
                                  const struct cedar_expression *call, struct cedar_typing *out)
{
    const size_t asked = cedar_terms_asked(&checker->terms, call)[0];
    const struct cedar_type *tags = NULL;
    struct cedar_static_type entity = {0};
    bool is_known = false;
    TRY(check_tag_operands(checker, call, &entity, &tags, &is_known));
    if (is_known && tags == NULL) {
        give_bool(CEDAR_TRUTH_FALSE, out);
        return AMANAT_OK;
    }
    const bool is_there = cedar_presence_has(&checker->present, asked);
    give_bool(is_there ? CEDAR_TRUTH_TRUE : CEDAR_TRUTH_OPEN, out);
    return cedar_capabilities_add(checker->arena, &out->capabilities, asked);
}

amanat_result cedar_check_get_tag(struct cedar_checker *checker,
                                  const struct cedar_expression *call, struct cedar_typing *out)
{
    const struct cedar_type *tags = NULL;
    struct cedar_static_type entity = {0};
    bool is_known = false;
    TRY(check_tag_operands(checker, call, &entity, &tags, &is_known));
    *out = (struct cedar_typing){0};
    if (!is_known) {
        return AMANAT_OK;
    }
    if (tags == NULL) {
        return cedar_check_fault(checker, cedar_place_of(call), "no-tags",
                                 "entities of type `%.*s` have no tags",
                                 BYTES_PRINTF(entity.entity_type));
    }
    out->type = cedar_static_declared(tags);
    if (cedar_presence_has(&checker->present, cedar_terms_asked(&checker->terms, call)[0])) {
        return AMANAT_OK;
    }
    return cedar_check_fault(checker, cedar_place_of(call), "optional-tag",
                             "this tag of `%.*s` may be missing: ask with `hasTag` before it is "
                             "read",
                             BYTES_PRINTF(entity.entity_type));
}

/* ---- Constructors of extension types ---- */

/* A constructor takes a literal, so that its text is known to be right before anybody asks. */
static amanat_result check_text(struct cedar_checker *checker, const struct cedar_expression *call)
{
    const struct cedar_expression *operand = call->operands[0];
    const struct cedar_operation *operation = call->as.operation;
    struct cedar_evaluation evaluation = {.arena = checker->arena};
    struct cedar_value made;
    if (operand->kind != CEDAR_EXPRESSION_LITERAL) {
        return cedar_check_fault(checker, cedar_place_of(operand), "constructor",
                                 "`%s` needs a text that stands there, not one that is computed",
                                 operation->name);
    }
    if (amanat_is_ok(operation->apply(&evaluation, &operand->as.literal, &made))) {
        return AMANAT_OK;
    }
    return cedar_check_fault(checker, cedar_place_of(operand), "constructor",
                             "`%.*s` is no text for `%s`",
                             BYTES_PRINTF(operand->as.literal.as.string), operation->name);
}

amanat_result cedar_check_constructor(struct cedar_checker *checker,
                                      const struct cedar_expression *call, struct cedar_typing *out)
{
    out->type = cedar_static_of_kind(call->as.operation->result);
    TRY(check_count(checker, call));
    for (size_t i = 0; i < call->operand_count; i++) {
        struct cedar_typing operand = {0};
        TRY(cedar_check_kind(checker, call->operands[i], CEDAR_VALUE_STRING, &operand));
        if (i == 0 && operand.type.kind == CEDAR_VALUE_STRING) {
            TRY(check_text(checker, call));
        }
    }
    return AMANAT_OK;
}
