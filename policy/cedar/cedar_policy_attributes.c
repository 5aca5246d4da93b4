/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which attributes of the resource do policies read? The walk takes each branch of an `if` as
 * possible and looks into record literals. What reaches the resource by way of data (an entity's
 * attribute that happens to name it) is seen only in residuals, where data is worked in.
 */
#include "policy/cedar/cedar_policy_attributes.h"

#include "policy/base/guard.h"
#include "policy/cedar/cedar_policy_set.h"

struct walk {
    const struct cedar_entity_uid *resource; /* NULL: not known, but those of records have no id */
    cedar_attribute_fn *callback;
    void *context;
};

/* Keys still to be taken from a value, on the stack of the walk. */
struct key {
    struct bytes name;
    const struct key *next;
};

static bool may_be_resource(const struct walk *walk, const struct cedar_expression *expression,
                            const struct key *keys);

static bool member_may_be_resource(const struct walk *walk, const struct cedar_expression *record,
                                   const struct key *keys)
{
    for (size_t i = 0; i < record->operand_count; i++) {
        if (bytes_equal(record->as.path.keys[i], keys->name)) {
            return may_be_resource(walk, record->operands[i], keys->next);
        }
    }
    return false;
}

static bool value_is_resource(const struct walk *walk, const struct cedar_value *value,
                              const struct key *keys)
{
    for (; keys != NULL && value != NULL; keys = keys->next) {
        value = cedar_value_get(value, keys->name);
    }
    if (value == NULL || value->kind != CEDAR_VALUE_ENTITY) {
        return false;
    }
    return walk->resource == NULL ? value->as.entity.id.length == 0 /* design 2 */
                                  : cedar_entity_uid_equal(&value->as.entity, walk->resource);
}

/* Whether what stands at `keys` below the expression's value may be the resource itself. */
static bool may_be_resource(const struct walk *walk, const struct cedar_expression *expression,
                            const struct key *keys)
{
    const struct key outer = {expression->as.attribute, keys}; /* used only for a GET */
    switch (expression->kind) {
    case CEDAR_EXPRESSION_LITERAL:
        return value_is_resource(walk, &expression->as.literal, keys);
    case CEDAR_EXPRESSION_VARIABLE:
        return expression->as.variable == CEDAR_VARIABLE_RESOURCE && keys == NULL;
    case CEDAR_EXPRESSION_IF:
        return may_be_resource(walk, expression->operands[1], keys) ||
               may_be_resource(walk, expression->operands[2], keys);
    case CEDAR_EXPRESSION_GET:
        return may_be_resource(walk, expression->operands[0], &outer);
    case CEDAR_EXPRESSION_RECORD:
        return keys != NULL && member_may_be_resource(walk, expression, keys);
    default:
        return false;
    }
}

/* `x has a.b` asks for `a` of `x`, then for `b` of `x.a`: which of them is the resource? */
static amanat_result report_path(const struct walk *walk, const struct cedar_expression *has,
                                 const struct cedar_expression *operand, size_t count)
{
    struct key keys[CEDAR_EXPRESSION_DEPTH_LIMIT];
    if (count >= CEDAR_EXPRESSION_DEPTH_LIMIT) {
        return AMANAT_OK; /* longer than any record literal is deep */
    }
    for (size_t i = 0; i < count; i++) {
        keys[i] = (struct key){has->as.path.keys[i], i + 1 < count ? &keys[i + 1] : NULL};
    }
    return may_be_resource(walk, operand, count == 0 ? NULL : keys)
               ? walk->callback(walk->context, has->as.path.keys[count])
               : AMANAT_OK;
}

static amanat_result report_has(const struct walk *walk, const struct cedar_expression *has)
{
    for (size_t i = 0; i < has->as.path.count && i < CEDAR_EXPRESSION_DEPTH_LIMIT; i++) {
        TRY(report_path(walk, has, has->operands[0], i));
    }
    return AMANAT_OK;
}

static amanat_result walk_expression(const struct walk *walk,
                                     const struct cedar_expression *expression)
{
    if (expression->kind == CEDAR_EXPRESSION_GET &&
        may_be_resource(walk, expression->operands[0], NULL)) {
        TRY(walk->callback(walk->context, expression->as.attribute));
    }
    if (expression->kind == CEDAR_EXPRESSION_HAS) {
        TRY(report_has(walk, expression));
    }
    for (size_t i = 0; i < expression->operand_count; i++) {
        TRY(walk_expression(walk, expression->operands[i]));
    }
    return AMANAT_OK;
}

amanat_result cedar_expression_resource_attributes(const struct cedar_expression *expression,
                                                   const struct cedar_entity_uid *resource,
                                                   cedar_attribute_fn *callback, void *context)
{
    const struct walk walk = {resource, callback, context};
    return walk_expression(&walk, expression);
}

/* ---- Policies of a set ---- */

static struct bytes scope_type(const struct cedar_scope *scope)
{
    switch (scope->kind) {
    case CEDAR_SCOPE_IS:
    case CEDAR_SCOPE_IS_IN:
        return scope->type;
    case CEDAR_SCOPE_EQUAL:
        return scope->entity.type;
    default:
        return BYTES("");
    }
}

/* For whom the attributes of a policy are reported. */
struct reporter {
    const struct cedar_policy *policy;
    struct bytes resource_type;
    cedar_resource_attribute_fn callback;
    void *context;
};

static amanat_result report(void *context, struct bytes attribute)
{
    const struct reporter *reporter = context;
    return reporter->callback(reporter->context, reporter->policy, reporter->resource_type,
                              attribute);
}

amanat_result cedar_policy_set_resource_attributes(const struct cedar_policy_set *set,
                                                   cedar_resource_attribute_fn callback,
                                                   void *context)
{
    for (size_t i = 0; i < set->policies.count; i++) {
        const struct cedar_policy *policy = set->policies.items[i];
        struct reporter reporter = {policy, scope_type(&policy->scope.resource), callback, context};
        if (policy->kind == CEDAR_POLICY_LINK) {
            continue;
        }
        for (size_t j = 0; j < policy->condition_count; j++) {
            TRY(cedar_expression_resource_attributes(policy->conditions[j].body, NULL, report,
                                                     &reporter));
        }
    }
    return AMANAT_OK;
}
