/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the policies' results to a decision (Cedar spec: Authorizer). Only policies whose scope can
 * match the request's action are looked at: those that name it or one of its groups, and those that
 * name none.
 */
#include <stdlib.h>

#include "policy/base/guard.h"
#include "policy/cedar/cedar_entities.h"
#include "policy/cedar/cedar_evaluate.h"
#include "policy/cedar/cedar_policy_set.h"

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

/* Indexes of the policies to look at; the same one may stand several times. */
struct candidates {
    VECTOR(size_t) indexes;
};

static amanat_result add_candidates(struct arena *arena, struct candidates *candidates,
                                    const size_t *indexes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        size_t *place = VECTOR_PUSH(arena, &candidates->indexes);
        TRY_MEMORY(place);
        *place = indexes[i];
    }
    return AMANAT_OK;
}

static amanat_result add_named(const struct cedar_policy_set *set, struct arena *arena,
                               const struct cedar_entity_uid *action, struct candidates *candidates)
{
    const struct cedar_action_index *named = cedar_uid_map_get(&set->by_action, action);
    return named == NULL
               ? AMANAT_OK
               : add_candidates(arena, candidates, named->policies.items, named->policies.count);
}

static int compare_indexes_for_sort(const void *a, const void *b)
{
    const size_t left = *(const size_t *)a;
    const size_t right = *(const size_t *)b;
    return left < right ? -1 : left > right;
}

static amanat_result find_candidates(const struct cedar_policy_set *set,
                                     const struct cedar_request *request,
                                     const struct cedar_entities *entities, struct arena *arena,
                                     struct candidates *candidates)
{
    TRY(add_candidates(arena, candidates, set->any_action.items, set->any_action.count));
    TRY(add_named(set, arena, &request->action, candidates));
    const struct cedar_entity *action = cedar_entities_find(entities, &request->action);
    for (size_t i = 0; action != NULL && i < action->ancestor_count; i++) {
        TRY(add_named(set, arena, action->ancestors[i], candidates));
    }
    if (candidates->indexes.count > 0) {
        qsort(candidates->indexes.items, candidates->indexes.count, sizeof(size_t),
              compare_indexes_for_sort);
    }
    return AMANAT_OK;
}

/* The lists of a response while they grow; each is large enough for all candidates. */
struct tally {
    const struct cedar_policy **permits;
    size_t permit_count;
    const struct cedar_policy **forbids;
    size_t forbid_count;
    struct cedar_policy_error *errors;
    size_t error_count;
};

static amanat_result note_error(struct tally *tally, const struct cedar_policy *policy,
                                const struct cedar_evaluation *evaluation, struct arena *arena)
{
    const char *text = arena_format(arena, "%s", evaluation->failure);
    TRY_MEMORY(text);
    tally->errors[tally->error_count++] = (struct cedar_policy_error){
        .policy = policy, .text = text, .line = evaluation->line, .column = evaluation->column};
    return AMANAT_OK;
}

static amanat_result weigh_policy(struct tally *tally, const struct cedar_policy *policy,
                                  struct cedar_evaluation *evaluation)
{
    if (!cedar_policy_scope_matches(policy, evaluation->request, evaluation->entities)) {
        return AMANAT_OK;
    }
    bool satisfied = false;
    const struct arena_mark mark = arena_mark(evaluation->arena);
    const amanat_result evaluated = cedar_evaluate_conditions(evaluation, policy, &satisfied);
    arena_rewind(evaluation->arena, mark);
    if (evaluated.status == AMANAT_STATUS_CONFIG_FAULT) {
        return note_error(tally, policy, evaluation, evaluation->arena);
    }
    TRY(evaluated);
    if (satisfied && policy->effect == CEDAR_EFFECT_PERMIT) {
        tally->permits[tally->permit_count++] = policy;
    } else if (satisfied) {
        tally->forbids[tally->forbid_count++] = policy;
    }
    return AMANAT_OK;
}

static amanat_result prepare_tally(struct arena *arena, size_t count, struct tally *tally)
{
    tally->permits = arena_allocate_array(arena, count, sizeof(*tally->permits));
    TRY_MEMORY(tally->permits);
    tally->forbids = arena_allocate_array(arena, count, sizeof(*tally->forbids));
    TRY_MEMORY(tally->forbids);
    tally->errors = arena_allocate_array(arena, count, sizeof(*tally->errors));
    TRY_MEMORY(tally->errors);
    return AMANAT_OK;
}

amanat_result cedar_authorize(const struct cedar_policy_set *set,
                              const struct cedar_request *request,
                              const struct cedar_entities *entities, struct arena *arena,
                              struct cedar_response *out_response)
{
    ASSERT(entities->is_closed);
    struct candidates candidates = {0};
    struct tally tally = {0};
    struct cedar_evaluation evaluation = {.request = request, .entities = entities, .arena = arena};
    TRY(find_candidates(set, request, entities, arena, &candidates));
    TRY(prepare_tally(arena, candidates.indexes.count, &tally));
    for (size_t i = 0; i < candidates.indexes.count; i++) {
        const size_t index = candidates.indexes.items[i];
        if (i == 0 || index != candidates.indexes.items[i - 1]) {
            TRY(weigh_policy(&tally, set->policies.items[index], &evaluation));
        }
    }
    const bool allowed = tally.permit_count > 0 && tally.forbid_count == 0;
    *out_response = (struct cedar_response){
        .decision = allowed ? CEDAR_DECISION_ALLOW : CEDAR_DECISION_DENY,
        .permits = tally.permits,
        .permit_count = tally.permit_count,
        .forbids = tally.forbids,
        .forbid_count = tally.forbid_count,
        .errors = tally.errors,
        .error_count = tally.error_count,
    };
    return AMANAT_OK;
}
