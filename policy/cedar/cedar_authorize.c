/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the policies' results to a decision (Cedar spec: Authorizer). Only the policies that the
 * index finds are looked at.
 */
#include "policy/cedar/cedar_authorize.h"

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

/* ---- Weighing policies ---- */

static amanat_result note_error(struct cedar_tally *tally, const struct cedar_policy_error *found,
                                struct arena *arena)
{
    struct cedar_policy_error *error = VECTOR_PUSH(arena, &tally->errors);
    TRY_MEMORY(error);
    *error = *found;
    return AMANAT_OK;
}

static amanat_result note_satisfied(struct cedar_tally *tally, const struct cedar_policy *policy,
                                    struct arena *arena)
{
    const struct cedar_policy **place = policy->effect == CEDAR_EFFECT_PERMIT
                                            ? VECTOR_PUSH(arena, &tally->permits)
                                            : VECTOR_PUSH(arena, &tally->forbids);
    TRY_MEMORY(place);
    *place = policy;
    return AMANAT_OK;
}

amanat_result cedar_tally_add(struct cedar_tally *tally, const struct cedar_policy *policy,
                              const struct cedar_answer *answer, struct arena *arena)
{
    switch (answer->standing) {
    case CEDAR_STANDING_TRUE:
        return note_satisfied(tally, policy, arena);
    case CEDAR_STANDING_FAILS:
        return note_error(tally, answer->error, arena);
    case CEDAR_STANDING_FALSE:
    case CEDAR_STANDING_OPEN:
        break;
    }
    return AMANAT_OK;
}

struct cedar_response cedar_tally_response(const struct cedar_tally *tally)
{
    const bool allowed = tally->permits.count > 0 && tally->forbids.count == 0;
    return (struct cedar_response){
        .decision = allowed ? CEDAR_DECISION_ALLOW : CEDAR_DECISION_DENY,
        .permits = tally->permits.items,
        .permit_count = tally->permits.count,
        .forbids = tally->forbids.items,
        .forbid_count = tally->forbids.count,
        .errors = tally->errors.items,
        .error_count = tally->errors.count,
    };
}

amanat_result cedar_keep_error(const struct cedar_evaluation *evaluation,
                               const struct cedar_policy *policy, struct arena *arena,
                               struct cedar_answer *out)
{
    struct cedar_policy_error *error = ARENA_NEW(arena, struct cedar_policy_error);
    TRY_MEMORY(error);
    *error = (struct cedar_policy_error){.policy = policy,
                                         .text = arena_format(arena, "%s", evaluation->failure),
                                         .line = evaluation->line,
                                         .column = evaluation->column};
    TRY_MEMORY(error->text);
    *out = (struct cedar_answer){CEDAR_STANDING_FAILS, error};
    return AMANAT_OK;
}

amanat_result cedar_weigh(struct cedar_evaluation *evaluation, const struct cedar_policy *policy,
                          const struct cedar_condition *conditions, size_t count,
                          struct cedar_answer *out)
{
    bool satisfied = false;
    const struct arena_mark mark = arena_mark(evaluation->arena);
    const amanat_result evaluated =
        cedar_evaluate_conditions(evaluation, conditions, count, &satisfied);
    arena_rewind(evaluation->arena, mark);
    if (evaluated.status == AMANAT_STATUS_CONFIG_FAULT) {
        return cedar_keep_error(evaluation, policy, evaluation->arena, out);
    }
    TRY(evaluated);
    *out = (struct cedar_answer){satisfied ? CEDAR_STANDING_TRUE : CEDAR_STANDING_FALSE, NULL};
    return AMANAT_OK;
}

/* ---- Deciding ---- */

static amanat_result find_candidates(const struct cedar_index *index,
                                     const struct cedar_evaluation *evaluation,
                                     struct cedar_candidates *out)
{
    const struct cedar_request *request = evaluation->request;
    struct arena *arena = evaluation->arena;
    struct cedar_index_keys keys[CEDAR_INDEX_LEVELS];
    TRY(cedar_index_keys(index, &request->action, evaluation->action, arena,
                         &keys[CEDAR_INDEX_ACTION]));
    TRY(cedar_index_keys(index, &request->principal, evaluation->principal, arena,
                         &keys[CEDAR_INDEX_PRINCIPAL]));
    TRY(cedar_index_keys(index, &request->resource, evaluation->resource, arena,
                         &keys[CEDAR_INDEX_RESOURCE]));
    return cedar_index_find(index, keys, arena, out);
}

amanat_result cedar_authorize(const struct cedar_compiled_policies *policies,
                              const struct cedar_request *request,
                              const struct cedar_entities *entities, struct arena *arena,
                              struct cedar_response *out_response)
{
    ASSERT(entities->is_closed);
    struct cedar_evaluation evaluation = cedar_evaluation_of(request, entities, arena);
    struct cedar_candidates candidates;
    struct cedar_tally tally = {0};
    TRY(find_candidates(&policies->index, &evaluation, &candidates));
    for (size_t i = 0; i < candidates.positions.count; i++) {
        const struct cedar_compiled_policy *compiled =
            &policies->policies[candidates.positions.items[i]];
        struct cedar_answer answer;
        TRY(cedar_weigh(&evaluation, compiled->policy, compiled->conditions,
                        compiled->condition_count, &answer));
        TRY(cedar_tally_add(&tally, compiled->policy, &answer, arena));
    }
    *out_response = cedar_tally_response(&tally);
    return AMANAT_OK;
}

amanat_result cedar_policies_in_scope(const struct cedar_compiled_policies *policies,
                                      const struct cedar_request *request,
                                      const struct cedar_entities *entities, struct arena *arena,
                                      const struct cedar_policy *const **out, size_t *out_count)
{
    ASSERT(entities->is_closed);
    const struct cedar_evaluation evaluation = cedar_evaluation_of(request, entities, arena);
    struct cedar_candidates candidates;
    TRY(find_candidates(&policies->index, &evaluation, &candidates));
    const size_t count = candidates.positions.count;
    const struct cedar_policy **found = arena_allocate_array(arena, count, sizeof(*found));
    TRY_MEMORY(found);
    for (size_t i = 0; i < count; i++) {
        found[i] = policies->policies[candidates.positions.items[i]].policy;
    }
    *out = found;
    *out_count = count;
    return AMANAT_OK;
}
