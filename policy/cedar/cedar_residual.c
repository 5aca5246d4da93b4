/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Residuals: decisions split into what is known of an access and what its records bring. Principal,
 * context, entities, the record's uid and its parents are worked into each policy once; what still
 * reads the record's attributes is evaluated for each record, and there once for all actions that
 * are asked. Only a policy whose conditions read `action` has a residual for each action.
 */
#include "policy/base/guard.h"
#include "policy/cedar/cedar_authorize.h"
#include "policy/cedar/cedar_compile.h"
#include "policy/cedar/cedar_policy_attributes.h"

/* What is left of one policy; the public part comes first. */
struct left_over {
    struct cedar_residual_policy shown;
    uint32_t position; /* in the set */
    struct cedar_simplified simplified;
    struct cedar_answer answer; /* unless it is open */
    size_t open_number;         /* if it is: its place in a record's answers */
    /* For which it was worked out: what is certain to fail still asks for it, to say why. */
    struct cedar_entity_uid action;
    const struct cedar_entity *action_entity;
};

struct cedar_residuals {
    struct arena *arena;
    const struct cedar_compiled_policies *policies;
    struct cedar_request request; /* its action is that of the latest residual */
    struct cedar_evaluation evaluation;
    struct cedar_index_keys keys[CEDAR_INDEX_LEVELS];
    struct map shared; /* by position, to struct left_over */
    size_t open_count;
};

struct cedar_asked_record {
    struct cedar_request request; /* its action is that of the policy that is being asked */
    struct cedar_evaluation evaluation;
    struct cedar_answer *answers; /* by open_number; OPEN: not asked yet */
    size_t answer_count;
};

amanat_result cedar_residuals_new(struct arena *arena,
                                  const struct cedar_compiled_policies *policies,
                                  const struct cedar_residual_request *request,
                                  struct cedar_residuals **out)
{
    struct cedar_residuals *residuals = ARENA_NEW(arena, struct cedar_residuals);
    TRY_MEMORY(residuals);
    residuals->arena = arena;
    residuals->policies = policies;
    residuals->request = (struct cedar_request){.principal = request->principal,
                                                .resource = request->resource,
                                                .context = request->context};
    residuals->evaluation = cedar_evaluation_of(&residuals->request, request->entities, arena);
    residuals->evaluation.resource_is_open = request->resource_is_open;
    ASSERT(!request->resource_is_open || residuals->evaluation.resource != NULL);
    TRY(cedar_index_keys(&policies->index, &request->principal, residuals->evaluation.principal,
                         arena, &residuals->keys[CEDAR_INDEX_PRINCIPAL]));
    TRY(cedar_index_keys(&policies->index, &request->resource, residuals->evaluation.resource,
                         arena, &residuals->keys[CEDAR_INDEX_RESOURCE]));
    *out = residuals;
    return AMANAT_OK;
}

/* ---- One policy ---- */

struct names {
    struct arena *arena;
    VECTOR(struct bytes) items;
};

static amanat_result note_name(void *context, struct bytes attribute)
{
    struct names *names = context;
    for (size_t i = 0; i < names->items.count; i++) {
        if (bytes_equal(names->items.items[i], attribute)) {
            return AMANAT_OK;
        }
    }
    struct bytes *place = VECTOR_PUSH(names->arena, &names->items);
    TRY_MEMORY(place);
    *place = attribute;
    return AMANAT_OK;
}

static amanat_result list_reads(const struct cedar_residuals *residuals, struct left_over *left)
{
    struct names names = {.arena = residuals->arena};
    for (size_t i = 0; i < left->simplified.condition_count; i++) {
        TRY(cedar_expression_resource_attributes(left->simplified.conditions[i].body,
                                                 &residuals->request.resource, note_name, &names));
    }
    left->shown.reads = names.items.items;
    left->shown.read_count = names.items.count;
    return AMANAT_OK;
}

static amanat_result work_out(struct cedar_residuals *residuals, uint32_t position,
                              struct left_over **out)
{
    const struct cedar_compiled_policy *compiled = &residuals->policies->policies[position];
    struct cedar_evaluation *evaluation = &residuals->evaluation;
    struct left_over *left = ARENA_NEW(residuals->arena, struct left_over);
    TRY_MEMORY(left);
    TRY(cedar_simplify_conditions(evaluation, compiled->conditions, compiled->condition_count,
                                  &left->simplified));
    left->position = position;
    left->action = residuals->request.action;
    left->action_entity = evaluation->action;
    left->shown.policy = compiled->policy;
    left->shown.standing = left->simplified.standing;
    left->answer.standing = left->simplified.standing;
    if (left->shown.standing == CEDAR_STANDING_OPEN) {
        left->open_number = residuals->open_count++;
        TRY(list_reads(residuals, left));
    } else if (left->shown.standing == CEDAR_STANDING_FAILS) {
        TRY(cedar_keep_error(evaluation, compiled->policy, residuals->arena, &left->answer));
    }
    *out = left;
    return AMANAT_OK;
}

static amanat_result work_out_once(struct cedar_residuals *residuals, uint32_t position,
                                   struct left_over **out)
{
    const struct bytes key = bytes_of((const char *)&position, sizeof(position));
    *out = map_get(&residuals->shared, key);
    if (*out != NULL) {
        return AMANAT_OK;
    }
    TRY(work_out(residuals, position, out));
    return map_put(residuals->arena, &residuals->shared,
                   bytes_of((const char *)&(*out)->position, sizeof(position)), *out);
}

/* ---- One action ---- */

amanat_result cedar_residual_new(struct cedar_residuals *residuals,
                                 const struct cedar_entity_uid *action,
                                 const struct cedar_residual **out)
{
    struct cedar_evaluation *evaluation = &residuals->evaluation;
    struct arena *arena = residuals->arena;
    struct cedar_candidates candidates;
    residuals->request.action = *action;
    evaluation->action = cedar_entities_find(evaluation->entities, action);
    TRY(cedar_index_keys(&residuals->policies->index, action, evaluation->action, arena,
                         &residuals->keys[CEDAR_INDEX_ACTION]));
    TRY(cedar_index_find(&residuals->policies->index, residuals->keys, arena, &candidates));
    struct cedar_residual *residual = ARENA_NEW(arena, struct cedar_residual);
    const struct cedar_residual_policy **policies =
        arena_allocate_array(arena, candidates.positions.count, sizeof(*policies));
    TRY_MEMORY(residual);
    TRY_MEMORY(policies);
    residual->policies = policies;
    for (size_t i = 0; i < candidates.positions.count; i++) {
        const uint32_t position = candidates.positions.items[i];
        struct left_over *left = NULL;
        TRY(residuals->policies->policies[position].reads_action
                ? work_out(residuals, position, &left)
                : work_out_once(residuals, position, &left));
        if (left->shown.standing != CEDAR_STANDING_FALSE) {
            policies[residual->policy_count++] = &left->shown;
        }
    }
    *out = residual;
    return AMANAT_OK;
}

/* ---- One record ---- */

amanat_result cedar_asked_record_new(struct arena *arena, const struct cedar_residuals *residuals,
                                     const struct cedar_value *attributes,
                                     struct cedar_asked_record **out)
{
    struct cedar_asked_record *record = ARENA_NEW(arena, struct cedar_asked_record);
    TRY_MEMORY(record);
    record->request = residuals->request;
    record->evaluation = residuals->evaluation;
    record->evaluation.request = &record->request;
    record->evaluation.arena = arena;
    record->evaluation.resource_is_open = false;
    record->evaluation.resource_override = attributes;
    record->answers = arena_allocate_array(arena, residuals->open_count, sizeof(*record->answers));
    TRY_MEMORY(record->answers);
    record->answer_count = residuals->open_count;
    *out = record;
    return AMANAT_OK;
}

static const struct left_over *left_over_of(const struct cedar_residual_policy *shown)
{
    return (const struct left_over *)shown; /* its first member */
}

static amanat_result ask(struct cedar_asked_record *record, const struct left_over *left,
                         const struct cedar_answer **out)
{
    ASSERT(left->open_number < record->answer_count);
    struct cedar_answer *answer = &record->answers[left->open_number];
    *out = answer;
    if (answer->standing != CEDAR_STANDING_OPEN) {
        return AMANAT_OK;
    }
    record->request.action = left->action;
    record->evaluation.action = left->action_entity;
    return cedar_weigh(&record->evaluation, left->shown.policy, left->simplified.conditions,
                       left->simplified.condition_count, answer);
}

amanat_result cedar_residual_decide(const struct cedar_residual *residual,
                                    struct cedar_asked_record *record,
                                    struct cedar_response *out_response)
{
    struct cedar_tally tally = {0};
    for (size_t i = 0; i < residual->policy_count; i++) {
        const struct left_over *left = left_over_of(residual->policies[i]);
        const struct cedar_answer *answer = &left->answer;
        if (left->shown.standing == CEDAR_STANDING_OPEN) {
            TRY(ask(record, left, &answer));
        }
        TRY(cedar_tally_add(&tally, left->shown.policy, answer, record->evaluation.arena));
    }
    *out_response = cedar_tally_response(&tally);
    return AMANAT_OK;
}

amanat_result cedar_residual_certain(const struct cedar_residual *residual, struct arena *arena,
                                     struct cedar_response *out_response)
{
    struct cedar_tally tally = {0};
    for (size_t i = 0; i < residual->policy_count; i++) {
        const struct left_over *left = left_over_of(residual->policies[i]);
        TRY(cedar_tally_add(&tally, left->shown.policy, &left->answer, arena));
    }
    *out_response = cedar_tally_response(&tally);
    return AMANAT_OK;
}
