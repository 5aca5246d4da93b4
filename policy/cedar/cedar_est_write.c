/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes policies in the JSON policy format (Cedar documentation: JSON policy format), as the
 * official engine's policyToJson does: chains of `&&` and `||` are pairs that nest to the left, a
 * list of one action is that action. Recursion is bounded by the depth of expressions.
 */
#include "policy/base/guard.h"
#include "policy/base/utf8.h"
#include "policy/cedar/cedar_operations.h"
#include "policy/cedar/cedar_policy_set.h"

static void append_text_member(struct buffer *buffer, const char *before, struct bytes text)
{
    buffer_append_string(buffer, before);
    buffer_append_json_string(buffer, text);
}

static void append_uid(struct buffer *buffer, const struct cedar_entity_uid *uid)
{
    append_text_member(buffer, "{\"type\":", uid->type);
    append_text_member(buffer, ",\"id\":", uid->id);
    buffer_append_byte(buffer, '}');
}

/* ---- Expressions ---- */

static void append_expression(struct buffer *buffer, const struct cedar_expression *expression);

static void append_member(struct buffer *buffer, const char *before,
                          const struct cedar_expression *expression)
{
    buffer_append_string(buffer, before);
    append_expression(buffer, expression);
}

static void append_literal(struct buffer *buffer, const struct cedar_expression *expression)
{
    const struct cedar_value *value = &expression->as.literal;
    buffer_append_string(buffer, "{\"Value\":");
    switch (value->kind) {
    case CEDAR_VALUE_BOOL:
        buffer_append_string(buffer, value->as.boolean ? "true" : "false");
        break;
    case CEDAR_VALUE_LONG:
        buffer_append_number(buffer, value->as.integer);
        break;
    case CEDAR_VALUE_STRING:
        buffer_append_json_string(buffer, value->as.string);
        break;
    default:
        ASSERT(value->kind == CEDAR_VALUE_ENTITY);
        buffer_append_string(buffer, "{\"__entity\":");
        append_uid(buffer, &value->as.entity);
        buffer_append_byte(buffer, '}');
        break;
    }
    buffer_append_byte(buffer, '}');
}

static void append_variable(struct buffer *buffer, const struct cedar_expression *expression)
{
    static const char *const names[] = {[CEDAR_VARIABLE_PRINCIPAL] = "principal",
                                        [CEDAR_VARIABLE_ACTION] = "action",
                                        [CEDAR_VARIABLE_RESOURCE] = "resource",
                                        [CEDAR_VARIABLE_CONTEXT] = "context"};
    buffer_append_format(buffer, "{\"Var\":\"%s\"}", names[expression->as.variable]);
}

static void append_chain(struct buffer *buffer, const struct cedar_expression *expression)
{
    const char *symbol = expression->kind == CEDAR_EXPRESSION_AND ? "&&" : "||";
    for (size_t i = 1; i < expression->operand_count; i++) {
        buffer_append_format(buffer, "{\"%s\":{\"left\":", symbol);
    }
    append_expression(buffer, expression->operands[0]);
    for (size_t i = 1; i < expression->operand_count; i++) {
        append_member(buffer, ",\"right\":", expression->operands[i]);
        buffer_append_string(buffer, "}}");
    }
}

static void append_if(struct buffer *buffer, const struct cedar_expression *expression)
{
    append_member(buffer, "{\"if-then-else\":{\"if\":", expression->operands[0]);
    append_member(buffer, ",\"then\":", expression->operands[1]);
    append_member(buffer, ",\"else\":", expression->operands[2]);
    buffer_append_string(buffer, "}}");
}

/* One key is a string, several are an array. */
static void append_has(struct buffer *buffer, const struct cedar_expression *expression)
{
    append_member(buffer, "{\"has\":{\"left\":", expression->operands[0]);
    buffer_append_string(buffer, ",\"attr\":");
    const bool is_path = expression->as.path.count > 1;
    for (size_t i = 0; i < expression->as.path.count; i++) {
        append_text_member(buffer, i > 0 ? "," : is_path ? "[" : "", expression->as.path.keys[i]);
    }
    buffer_append_string(buffer, is_path ? "]}}" : "}}");
}

static void append_get(struct buffer *buffer, const struct cedar_expression *expression)
{
    append_member(buffer, "{\".\":{\"left\":", expression->operands[0]);
    append_text_member(buffer, ",\"attr\":", expression->as.attribute);
    buffer_append_string(buffer, "}}");
}

/* As in the official engine, each scalar value is a literal of its own. */
static void append_piece(struct buffer *buffer, struct bytes piece, const char **separator)
{
    for (size_t at = 0; at < piece.length;) {
        const size_t start = at;
        (void)utf8_next(piece, &at);
        buffer_append_string(buffer, *separator);
        append_text_member(buffer,
                           "{\"Literal\":", bytes_first(bytes_from(piece, start), at - start));
        buffer_append_byte(buffer, '}');
        *separator = ",";
    }
}

static void append_like(struct buffer *buffer, const struct cedar_expression *expression)
{
    const struct cedar_pattern *pattern = &expression->as.pattern;
    const char *separator = "";
    append_member(buffer, "{\"like\":{\"left\":", expression->operands[0]);
    buffer_append_string(buffer, ",\"pattern\":[");
    for (size_t i = 0; i < pattern->count; i++) {
        if (i > 0) {
            buffer_append_string(buffer, separator);
            buffer_append_string(buffer, "\"Wildcard\"");
            separator = ",";
        }
        append_piece(buffer, pattern->pieces[i], &separator);
    }
    buffer_append_string(buffer, "]}}");
}

static void append_is(struct buffer *buffer, const struct cedar_expression *expression)
{
    append_member(buffer, "{\"is\":{\"left\":", expression->operands[0]);
    append_text_member(buffer, ",\"entity_type\":", expression->as.type);
    if (expression->operand_count > 1) {
        append_member(buffer, ",\"in\":", expression->operands[1]);
    }
    buffer_append_string(buffer, "}}");
}

static void append_operands(struct buffer *buffer, const struct cedar_expression *expression)
{
    buffer_append_byte(buffer, '[');
    for (size_t i = 0; i < expression->operand_count; i++) {
        append_member(buffer, i > 0 ? "," : "", expression->operands[i]);
    }
    buffer_append_byte(buffer, ']');
}

static void append_set(struct buffer *buffer, const struct cedar_expression *expression)
{
    buffer_append_string(buffer, "{\"Set\":");
    append_operands(buffer, expression);
    buffer_append_byte(buffer, '}');
}

static void append_record(struct buffer *buffer, const struct cedar_expression *expression)
{
    buffer_append_string(buffer, "{\"Record\":{");
    for (size_t i = 0; i < expression->operand_count; i++) {
        append_text_member(buffer, i > 0 ? "," : "", expression->as.path.keys[i]);
        append_member(buffer, ":", expression->operands[i]);
    }
    buffer_append_string(buffer, "}}");
}

/* Extension functions take a list, everything else its operands by name. */
static void append_call(struct buffer *buffer, const struct cedar_expression *expression)
{
    const struct cedar_operation *operation = expression->as.operation;
    const bool is_negation =
        operation->style == CEDAR_OPERATION_PREFIX && operation->name[0] == '-';
    buffer_append_format(buffer, "{\"%s\":", is_negation ? "neg" : operation->name);
    if (operation->is_extension) {
        append_operands(buffer, expression);
    } else if (operation->arity == 1) {
        append_member(buffer, "{\"arg\":", expression->operands[0]);
        buffer_append_byte(buffer, '}');
    } else {
        append_member(buffer, "{\"left\":", expression->operands[0]);
        append_member(buffer, ",\"right\":", expression->operands[1]);
        buffer_append_byte(buffer, '}');
    }
    buffer_append_byte(buffer, '}');
}

static void append_expression(struct buffer *buffer, const struct cedar_expression *expression)
{
    static void (*const writers[])(struct buffer *, const struct cedar_expression *) = {
        [CEDAR_EXPRESSION_LITERAL] = append_literal, [CEDAR_EXPRESSION_VARIABLE] = append_variable,
        [CEDAR_EXPRESSION_AND] = append_chain,       [CEDAR_EXPRESSION_OR] = append_chain,
        [CEDAR_EXPRESSION_IF] = append_if,           [CEDAR_EXPRESSION_HAS] = append_has,
        [CEDAR_EXPRESSION_GET] = append_get,         [CEDAR_EXPRESSION_LIKE] = append_like,
        [CEDAR_EXPRESSION_IS] = append_is,           [CEDAR_EXPRESSION_SET] = append_set,
        [CEDAR_EXPRESSION_RECORD] = append_record,   [CEDAR_EXPRESSION_CALL] = append_call,
    };
    ASSERT(expression->kind != CEDAR_EXPRESSION_NONE);
    writers[expression->kind](buffer, expression);
}

/* ---- Scopes ---- */

static void append_entity_or_slot(struct buffer *buffer, const struct cedar_scope *scope,
                                  const char *slot)
{
    if (scope->is_slot) {
        buffer_append_format(buffer, "\"slot\":\"%s\"", slot);
    } else {
        buffer_append_string(buffer, "\"entity\":");
        append_uid(buffer, &scope->entity);
    }
}

static void append_scope(struct buffer *buffer, const struct cedar_scope *scope, const char *slot)
{
    switch (scope->kind) {
    case CEDAR_SCOPE_ANY:
        buffer_append_string(buffer, "{\"op\":\"All\"}");
        return;
    case CEDAR_SCOPE_EQUAL:
    case CEDAR_SCOPE_IN:
        buffer_append_string(buffer,
                             scope->kind == CEDAR_SCOPE_IN ? "{\"op\":\"in\"," : "{\"op\":\"==\",");
        append_entity_or_slot(buffer, scope, slot);
        break;
    case CEDAR_SCOPE_IS:
    case CEDAR_SCOPE_IS_IN:
        append_text_member(buffer, "{\"op\":\"is\",\"entity_type\":", scope->type);
        if (scope->kind == CEDAR_SCOPE_IS_IN) {
            buffer_append_string(buffer, ",\"in\":{");
            append_entity_or_slot(buffer, scope, slot);
            buffer_append_byte(buffer, '}');
        }
        break;
    }
    buffer_append_byte(buffer, '}');
}

static void append_action_scope(struct buffer *buffer, const struct cedar_action_scope *scope)
{
    if (scope->kind == CEDAR_SCOPE_ANY) {
        buffer_append_string(buffer, "{\"op\":\"All\"}");
        return;
    }
    buffer_append_string(buffer,
                         scope->kind == CEDAR_SCOPE_EQUAL ? "{\"op\":\"==\"," : "{\"op\":\"in\",");
    if (scope->count == 1) {
        buffer_append_string(buffer, "\"entity\":");
        append_uid(buffer, &scope->entities[0]);
    } else {
        buffer_append_string(buffer, "\"entities\":[");
        for (size_t i = 0; i < scope->count; i++) {
            buffer_append_string(buffer, i > 0 ? "," : "");
            append_uid(buffer, &scope->entities[i]);
        }
        buffer_append_byte(buffer, ']');
    }
    buffer_append_byte(buffer, '}');
}

/* ---- Policies and sets of them ---- */

static void append_annotations(struct buffer *buffer, const struct cedar_policy *policy)
{
    if (policy->annotation_count == 0) {
        return;
    }
    buffer_append_string(buffer, ",\"annotations\":{");
    for (size_t i = 0; i < policy->annotation_count; i++) {
        const struct cedar_annotation *annotation = &policy->annotations[i];
        append_text_member(buffer, i > 0 ? "," : "", annotation->name);
        if (annotation->has_value) {
            append_text_member(buffer, ":", annotation->value);
        } else {
            buffer_append_string(buffer, ":null");
        }
    }
    buffer_append_byte(buffer, '}');
}

void cedar_policy_append_est(struct buffer *buffer, const struct cedar_policy *policy)
{
    buffer_append_format(buffer, "{\"effect\":\"%s\",\"principal\":",
                         policy->effect == CEDAR_EFFECT_PERMIT ? "permit" : "forbid");
    append_scope(buffer, &policy->scope.principal, "?principal");
    buffer_append_string(buffer, ",\"action\":");
    append_action_scope(buffer, &policy->scope.action);
    buffer_append_string(buffer, ",\"resource\":");
    append_scope(buffer, &policy->scope.resource, "?resource");
    buffer_append_string(buffer, ",\"conditions\":[");
    for (size_t i = 0; i < policy->condition_count; i++) {
        buffer_append_format(buffer, "%s{\"kind\":\"%s\",\"body\":", i > 0 ? "," : "",
                             policy->conditions[i].unless ? "unless" : "when");
        append_expression(buffer, policy->conditions[i].body);
        buffer_append_byte(buffer, '}');
    }
    buffer_append_byte(buffer, ']');
    append_annotations(buffer, policy);
    buffer_append_byte(buffer, '}');
}

static void append_policies(struct buffer *buffer, const struct cedar_policy_set *set,
                            enum cedar_policy_kind kind)
{
    const char *before = "";
    for (size_t i = 0; i < set->policies.count; i++) {
        const struct cedar_policy *policy = set->policies.items[i];
        if (policy->kind == kind) {
            append_text_member(buffer, before, policy->id);
            buffer_append_byte(buffer, ':');
            cedar_policy_append_est(buffer, policy);
            before = ",";
        }
    }
}

static void append_link(struct buffer *buffer, const struct cedar_policy *link)
{
    const struct cedar_policy_scope *slots = &link->link_of->scope;
    append_text_member(buffer, "{\"templateId\":", link->link_of->id);
    append_text_member(buffer, ",\"newId\":", link->id);
    buffer_append_string(buffer, ",\"values\":{");
    if (slots->principal.is_slot) {
        buffer_append_string(buffer, "\"?principal\":");
        append_uid(buffer, &link->scope.principal.entity);
    }
    if (slots->resource.is_slot) {
        buffer_append_string(buffer,
                             slots->principal.is_slot ? ",\"?resource\":" : "\"?resource\":");
        append_uid(buffer, &link->scope.resource.entity);
    }
    buffer_append_string(buffer, "}}");
}

void cedar_policy_set_append_est(struct buffer *buffer, const struct cedar_policy_set *set)
{
    const char *before = "";
    buffer_append_string(buffer, "{\"staticPolicies\":{");
    append_policies(buffer, set, CEDAR_POLICY_STATIC);
    buffer_append_string(buffer, "},\"templates\":{");
    append_policies(buffer, set, CEDAR_POLICY_TEMPLATE);
    buffer_append_string(buffer, "},\"templateLinks\":[");
    for (size_t i = 0; i < set->policies.count; i++) {
        if (set->policies.items[i]->kind == CEDAR_POLICY_LINK) {
            buffer_append_string(buffer, before);
            append_link(buffer, set->policies.items[i]);
            before = ",";
        }
    }
    buffer_append_string(buffer, "]}");
}
