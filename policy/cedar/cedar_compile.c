/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a policy set to compiled policies: conditions are simplified by themselves (constants are
 * worked out, sets of literals and values of `ip("…")` and its kin are built), and those policies
 * that can ever apply are filed in the index. Links share the conditions of their template.
 */
#include "policy/cedar/cedar_compile.h"

#include "policy/base/guard.h"
#include "policy/cedar/cedar_policy_set.h"

struct compiler {
    struct arena *arena;
    struct cedar_compiled_policies *compiled;
    struct cedar_compiled_policy *policies;
    struct map templates; /* by the address of their conditions, to struct cedar_simplified */
};

static amanat_result simplify_policy(struct compiler *compiler, const struct cedar_policy *policy,
                                     struct cedar_simplified *out)
{
    struct cedar_evaluation nothing_known = {.arena = compiler->arena};
    return cedar_simplify_conditions(&nothing_known, policy->conditions, policy->condition_count,
                                     out);
}

/* A link has the very conditions of its template, which stands before it. */
static amanat_result simplify_shared(struct compiler *compiler, const struct cedar_policy *policy,
                                     struct cedar_simplified *out)
{
    const struct bytes key = bytes_of((const char *)&policy->conditions, sizeof(void *));
    struct cedar_simplified *shared = map_get(&compiler->templates, key);
    if (shared == NULL) {
        shared = ARENA_NEW(compiler->arena, struct cedar_simplified);
        TRY_MEMORY(shared);
        TRY(simplify_policy(compiler, policy, shared));
        TRY(map_put(compiler->arena, &compiler->templates, key, shared));
    }
    *out = *shared;
    return AMANAT_OK;
}

static bool is_action(const struct cedar_expression *part)
{
    return part->kind == CEDAR_EXPRESSION_VARIABLE && part->as.variable == CEDAR_VARIABLE_ACTION;
}

static amanat_result compile_policy(struct compiler *compiler, size_t position)
{
    const struct cedar_policy *policy = cedar_policy_set_at(compiler->compiled->set, position);
    struct cedar_compiled_policy *compiled = &compiler->policies[position];
    struct cedar_simplified simplified;
    TRY(policy->kind == CEDAR_POLICY_STATIC ? simplify_policy(compiler, policy, &simplified)
                                            : simplify_shared(compiler, policy, &simplified));
    *compiled = (struct cedar_compiled_policy){.policy = policy,
                                               .conditions = simplified.conditions,
                                               .condition_count = simplified.condition_count};
    for (size_t i = 0; i < compiled->condition_count; i++) {
        compiled->reads_action |= cedar_expression_has(compiled->conditions[i].body, is_action);
    }
    if (policy->kind == CEDAR_POLICY_TEMPLATE || simplified.standing == CEDAR_STANDING_FALSE) {
        return AMANAT_OK;
    }
    return cedar_index_add(compiler->arena, &compiler->compiled->index, &policy->scope,
                           (uint32_t)position);
}

amanat_result cedar_compile_unchecked(struct arena *arena, const struct cedar_policy_set *set,
                                      const struct cedar_compiled_policies **out)
{
    const size_t count = cedar_policy_set_count(set);
    struct compiler compiler = {
        .arena = arena,
        .compiled = ARENA_NEW(arena, struct cedar_compiled_policies),
        .policies = arena_allocate_array(arena, count, sizeof(*compiler.policies)),
    };
    TRY_MEMORY(compiler.compiled);
    TRY_MEMORY(compiler.policies);
    if (count > UINT32_MAX) {
        return amanat_result_of(AMANAT_STATUS_MEMORY);
    }
    compiler.compiled->set = set;
    compiler.compiled->policies = compiler.policies;
    for (size_t i = 0; i < count; i++) {
        TRY(compile_policy(&compiler, i));
    }
    *out = compiler.compiled;
    return AMANAT_OK;
}

amanat_result cedar_compile(struct arena *arena, const struct cedar_checked_policies *checked,
                            const struct cedar_compiled_policies **out)
{
    return cedar_compile_unchecked(arena, cedar_checked_policies_set(checked), out);
}
