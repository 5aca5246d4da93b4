/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the policies' results to a decision (Cedar spec: Authorizer). Only the policies that the
 * index finds are looked at.
 */
#include "policy/base/guard.h"
#include "policy/cedar/cedar_compile.h"

static bool scope_matches(const struct cedar_scope *scope, const struct cedar_entity_uid *uid,
                          const struct cedar_entities *entities)
{
    switch (scope->kind) {
    case CEDAR_SCOPE_ANY:
        return true;
    case CEDAR_SCOPE_EQUAL:
        return cedar_entity_uid_equal(uid, &scope->entity);
    case CEDAR_SCOPE_IN:
        return cedar_entities_is_in(entities, uid, &scope->entity);
    case CEDAR_SCOPE_IS:
        return bytes_equal(uid->type, scope->type);
    case CEDAR_SCOPE_IS_IN:
        return bytes_equal(uid->type, scope->type) &&
               cedar_entities_is_in(entities, uid, &scope->entity);
    }
    return false;
}

static bool action_matches(const struct cedar_action_scope *scope,
                           const struct cedar_entity_uid *action,
                           const struct cedar_entities *entities)
{
    if (scope->kind == CEDAR_SCOPE_ANY) {
        return true;
    }
    for (size_t i = 0; i < scope->count; i++) {
        const bool matches = scope->kind == CEDAR_SCOPE_EQUAL
                                 ? cedar_entity_uid_equal(action, &scope->entities[i])
                                 : cedar_entities_is_in(entities, action, &scope->entities[i]);
        if (matches) {
            return true;
        }
    }
    return false;
}

bool cedar_policy_scope_matches(const struct cedar_policy *policy,
                                const struct cedar_request *request,
                                const struct cedar_entities *entities)
{
    return policy->kind != CEDAR_POLICY_TEMPLATE &&
           scope_matches(&policy->scope.principal, &request->principal, entities) &&
           action_matches(&policy->scope.action, &request->action, entities) &&
           scope_matches(&policy->scope.resource, &request->resource, entities);
}

/* The lists of a response while they grow. */
struct tally {
    VECTOR(const struct cedar_policy *) permits;
    VECTOR(const struct cedar_policy *) forbids;
    VECTOR(struct cedar_policy_error) errors;
};

static amanat_result note_error(struct tally *tally, const struct cedar_policy *policy,
                                const struct cedar_evaluation *evaluation)
{
    struct cedar_policy_error *error = VECTOR_PUSH(evaluation->arena, &tally->errors);
    TRY_MEMORY(error);
    *error = (struct cedar_policy_error){
        .policy = policy,
        .text = arena_format(evaluation->arena, "%s", evaluation->failure),
        .line = evaluation->line,
        .column = evaluation->column};
    TRY_MEMORY(error->text);
    return AMANAT_OK;
}

static amanat_result note_satisfied(struct tally *tally, const struct cedar_policy *policy,
                                    struct arena *arena)
{
    const struct cedar_policy **place = policy->effect == CEDAR_EFFECT_PERMIT
                                            ? VECTOR_PUSH(arena, &tally->permits)
                                            : VECTOR_PUSH(arena, &tally->forbids);
    TRY_MEMORY(place);
    *place = policy;
    return AMANAT_OK;
}

/* Its scope is known to match. */
static amanat_result weigh_policy(struct tally *tally, const struct cedar_compiled_policy *compiled,
                                  struct cedar_evaluation *evaluation)
{
    bool satisfied = false;
    const struct arena_mark mark = arena_mark(evaluation->arena);
    const amanat_result evaluated = cedar_evaluate_conditions(
        evaluation, compiled->conditions, compiled->condition_count, &satisfied);
    arena_rewind(evaluation->arena, mark);
    if (evaluated.status == AMANAT_STATUS_CONFIG_FAULT) {
        return note_error(tally, compiled->policy, evaluation);
    }
    TRY(evaluated);
    return satisfied ? note_satisfied(tally, compiled->policy, evaluation->arena) : AMANAT_OK;
}

amanat_result cedar_authorize(const struct cedar_compiled_policies *compiled,
                              const struct cedar_request *request,
                              const struct cedar_entities *entities, struct arena *arena,
                              struct cedar_response *out_response)
{
    ASSERT(entities->is_closed);
    struct cedar_evaluation evaluation = cedar_evaluation_of(request, entities, arena);
    struct cedar_candidates candidates;
    struct tally tally = {0};
    TRY(cedar_index_find(&compiled->index, &evaluation, &candidates));
    for (size_t i = 0; i < candidates.positions.count; i++) {
        TRY(weigh_policy(&tally, &compiled->policies[candidates.positions.items[i]], &evaluation));
    }
    const bool allowed = tally.permits.count > 0 && tally.forbids.count == 0;
    *out_response = (struct cedar_response){
        .decision = allowed ? CEDAR_DECISION_ALLOW : CEDAR_DECISION_DENY,
        .permits = tally.permits.items,
        .permit_count = tally.permits.count,
        .forbids = tally.forbids.items,
        .forbid_count = tally.forbids.count,
        .errors = tally.errors.items,
        .error_count = tally.errors.count,
    };
    return AMANAT_OK;
}
