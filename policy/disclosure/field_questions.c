/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the policies leave of the questions about fields once agent, need and facts are known: for
 * each mode of each label outside records, and in each record type of the operation. A policy is
 * worked out once at each place, however many labels it speaks of.
 */
#include "policy/disclosure/access_parts.h"

struct cedar_entity_uid record_uid(const struct access *access, size_t record)
{
    return (struct cedar_entity_uid){access->ruleset->catalogue->records[record].name, BYTES("")};
}

amanat_result record_entities(const struct access *access, size_t record,
                              const struct cedar_value *attributes,
                              const struct cedar_entities **out)
{
    struct cedar_entities *entities = cedar_entities_new(access->arena, access->entities);
    TRY_MEMORY(entities);
    struct cedar_entity_parts parts = {
        .uid = record_uid(access, record), .parents = &access->service, .parent_count = 1};
    if (attributes != NULL) {
        parts.attributes = *attributes;
    }
    TRY(cedar_entities_add(entities, &parts));
    TRY(cedar_entities_close(entities, NULL, NULL));
    *out = entities;
    return AMANAT_OK;
}

static bool is_permit(const struct cedar_residual_policy *policy)
{
    return cedar_policy_effect(policy->policy) == CEDAR_EFFECT_PERMIT;
}

/* A forbid that errs forbids (design 2); a permit that errs does not permit. */
static void judge(struct field_question *question)
{
    const struct cedar_residual *residual = question->residual;
    bool has_permit = false;
    bool has_open_permit = false;
    bool is_forbidden = false;
    for (size_t i = 0; i < residual->policy_count; i++) {
        const struct cedar_residual_policy *policy = residual->policies[i];
        if (is_permit(policy)) {
            has_permit |= policy->standing == CEDAR_STANDING_TRUE;
            has_open_permit |= policy->standing == CEDAR_STANDING_OPEN;
        } else {
            is_forbidden |= policy->standing != CEDAR_STANDING_OPEN;
        }
    }
    question->may_be_permitted = (has_permit || has_open_permit) && !is_forbidden;
    question->is_permitted = has_permit && question->forbids.policy_count == 0;
}

static amanat_result list_forbids(struct arena *arena, struct field_question *question)
{
    const struct cedar_residual *residual = question->residual;
    const struct cedar_residual_policy **forbids =
        arena_allocate_array(arena, residual->policy_count, sizeof(*forbids));
    TRY_MEMORY(forbids);
    size_t count = 0;
    for (size_t i = 0; i < residual->policy_count; i++) {
        if (!is_permit(residual->policies[i])) {
            forbids[count++] = residual->policies[i];
        }
    }
    question->forbids = (struct cedar_residual){forbids, count};
    return AMANAT_OK;
}

static amanat_result prepare_label(const struct access *access, size_t label,
                                   struct cedar_residuals *shared, struct field_question *modes)
{
    const struct ruleset_action *actions =
        &access->ruleset->field_actions[label * DISCLOSURE_MODE_COUNT];
    for (size_t mode = DISCLOSURE_WITHHELD + 1; mode < DISCLOSURE_MODE_COUNT; mode++) {
        const struct cedar_entity_uid action = {BYTES("Action"), actions[mode].id};
        if (!actions[mode].is_spoken_of) {
            continue;
        }
        TRY(cedar_residual_new(shared, &action, &modes[mode].residual));
        TRY(list_forbids(access->arena, &modes[mode]));
        judge(&modes[mode]);
    }
    return AMANAT_OK;
}

static amanat_result prepare_place(const struct access *access,
                                   const struct cedar_residual_request *request,
                                   struct field_questions *out)
{
    const struct catalogue_operation *operation = access->request->call->operation;
    const size_t count = access->ruleset->catalogue->vocabulary.label_count * DISCLOSURE_MODE_COUNT;
    struct field_question *items = arena_allocate_array(access->arena, count, sizeof(*items));
    TRY_MEMORY(items);
    TRY(cedar_residuals_new(access->arena, access->ruleset->compiled_policies, request,
                            &out->shared));
    for (size_t i = 0; i < operation->label_count; i++) {
        const size_t label = operation->labels[i];
        TRY(prepare_label(access, label, out->shared, &items[label * DISCLOSURE_MODE_COUNT]));
    }
    out->items = items;
    return AMANAT_OK;
}

amanat_result access_prepare_questions(struct access *access)
{
    const struct catalogue *catalogue = access->ruleset->catalogue;
    const struct catalogue_operation *operation = access->request->call->operation;
    struct field_questions *records =
        arena_allocate_array(access->arena, catalogue->record_count, sizeof(*records));
    TRY_MEMORY(records);
    struct cedar_residual_request request = {.principal = access->principal,
                                             .resource = access->service,
                                             .context = access->field_context,
                                             .entities = access->entities};
    TRY(prepare_place(access, &request, &access->service_questions));
    request.resource_is_open = true;
    for (size_t i = 0; i < operation->record_count; i++) {
        const size_t record = operation->records[i];
        request.resource = record_uid(access, record);
        TRY(record_entities(access, record, NULL, &request.entities));
        TRY(prepare_place(access, &request, &records[record]));
    }
    access->record_questions = records;
    return AMANAT_OK;
}
