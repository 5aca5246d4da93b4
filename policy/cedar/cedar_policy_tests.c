/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tests of a policy's conditions (what `&&`, `||`, `!` and `if` join), each with the paths it
 * takes and the entities it names. For checks of what an author may have meant; nothing is
 * evaluated.
 */
#include "policy/base/guard.h"
#include "policy/cedar/cedar_operations.h"

typedef VECTOR(struct cedar_test) test_list;
typedef VECTOR(struct cedar_path) path_list;
typedef VECTOR(struct cedar_named_entity) entity_list;

struct finder {
    struct arena *arena;
    path_list paths;
    entity_list entities;
};

static amanat_result find_in(struct finder *finder, const struct cedar_expression *expression);

/* The variable at which a chain of attributes begins, or NULL. */
static const struct cedar_expression *root_of(const struct cedar_expression *expression,
                                              size_t *out_length)
{
    *out_length = 0;
    while (expression->kind == CEDAR_EXPRESSION_GET) {
        expression = expression->operands[0];
        (*out_length)++;
    }
    return expression->kind == CEDAR_EXPRESSION_VARIABLE ? expression : NULL;
}

/* The chain that ends in `end`, and after it the keys of a `has`. */
static amanat_result add_path(struct finder *finder, const struct cedar_expression *end,
                              const struct cedar_expression *has)
{
    static const char *const names[] = {[CEDAR_VARIABLE_PRINCIPAL] = "principal",
                                        [CEDAR_VARIABLE_ACTION] = "action",
                                        [CEDAR_VARIABLE_RESOURCE] = "resource",
                                        [CEDAR_VARIABLE_CONTEXT] = "context"};
    size_t read = 0;
    const struct cedar_expression *root = root_of(end, &read);
    if (root == NULL) {
        return find_in(finder, end->kind == CEDAR_EXPRESSION_GET ? end->operands[0] : end);
    }
    const size_t asked = has == NULL ? 0 : has->as.path.count;
    struct bytes *keys = arena_allocate_array(finder->arena, read + asked, sizeof(*keys));
    struct cedar_path *path = VECTOR_PUSH(finder->arena, &finder->paths);
    TRY_MEMORY(keys);
    TRY_MEMORY(path);
    for (size_t i = read; i-- > 0; end = end->operands[0]) {
        keys[i] = end->as.attribute;
    }
    for (size_t i = 0; i < asked; i++) {
        keys[read + i] = has->as.path.keys[i];
    }
    *path = (struct cedar_path){
        .variable = bytes_of_string(names[root->as.variable]),
        .keys = keys,
        .key_count = read + asked,
        .read_count = read,
        .place = {has == NULL ? root->line : has->line, has == NULL ? root->column : has->column}};
    return AMANAT_OK;
}

/* What an expression takes that is no test of its own. */
static amanat_result find_in(struct finder *finder, const struct cedar_expression *expression)
{
    switch (expression->kind) {
    case CEDAR_EXPRESSION_VARIABLE:
    case CEDAR_EXPRESSION_GET:
        return add_path(finder, expression, NULL);
    case CEDAR_EXPRESSION_HAS:
        return add_path(finder, expression->operands[0], expression);
    case CEDAR_EXPRESSION_LITERAL:
        if (expression->as.literal.kind == CEDAR_VALUE_ENTITY) {
            struct cedar_named_entity *entity = VECTOR_PUSH(finder->arena, &finder->entities);
            TRY_MEMORY(entity);
            *entity = (struct cedar_named_entity){expression->as.literal.as.entity,
                                                  {expression->line, expression->column}};
        }
        return AMANAT_OK;
    default:
        for (size_t i = 0; i < expression->operand_count; i++) {
            TRY(find_in(finder, expression->operands[i]));
        }
        return AMANAT_OK;
    }
}

static bool is_not(const struct cedar_expression *expression)
{
    return expression->kind == CEDAR_EXPRESSION_CALL && expression->operand_count == 1 &&
           strcmp(expression->as.operation->name, "!") == 0;
}

/* Recursion: the depth of expressions. */
static amanat_result add_tests(struct arena *arena, const struct cedar_expression *expression,
                               test_list *out)
{
    if (expression->kind == CEDAR_EXPRESSION_AND || expression->kind == CEDAR_EXPRESSION_OR ||
        expression->kind == CEDAR_EXPRESSION_IF || is_not(expression)) {
        for (size_t i = 0; i < expression->operand_count; i++) {
            TRY(add_tests(arena, expression->operands[i], out));
        }
        return AMANAT_OK;
    }
    struct finder finder = {.arena = arena};
    TRY(find_in(&finder, expression));
    struct cedar_test *test = VECTOR_PUSH(arena, out);
    TRY_MEMORY(test);
    *test = (struct cedar_test){finder.paths.items, finder.paths.count, finder.entities.items,
                                finder.entities.count};
    return AMANAT_OK;
}

amanat_result cedar_policy_list_tests(const struct cedar_policy *policy, struct arena *arena,
                                      const struct cedar_test **out, size_t *out_count)
{
    test_list tests = {0};
    for (size_t i = 0; i < policy->condition_count; i++) {
        TRY(add_tests(arena, policy->conditions[i].body, &tests));
    }
    *out = tests.items;
    *out_count = tests.count;
    return AMANAT_OK;
}
