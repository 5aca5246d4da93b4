/* SPDX-License-Identifier: Apache-2.0 */
/*
 * access_decide: the need, the call, what it asks by, the plan; the first that says no ends it
 * (design 3.4 and 3.5). What a refusal tells is a closed text or the advice of permits whose scope
 * matched: never what exists.
 */
#include "policy/disclosure/access_parts.h"

#define ADVICE_LIMIT 1024

static bool response_has_forbid_error(const struct cedar_response *response)
{
    for (size_t i = 0; i < response->error_count; i++) {
        if (cedar_policy_effect(response->errors[i].policy) != CEDAR_EFFECT_PERMIT) {
            return true;
        }
    }
    return false;
}

/* A forbid that errs forbids; whoever listens is told. */
static struct access_answer make_strict(const struct access *access, struct bytes action,
                                        const struct cedar_response *response)
{
    const bool forbidden = response->forbid_count > 0 || response_has_forbid_error(response);
    if (access->request->on_answer != NULL) {
        access->request->on_answer(access->request->on_answer_context, action, response);
    }
    return (struct access_answer){.permitted =
                                      response->decision == CEDAR_DECISION_ALLOW && !forbidden,
                                  .forbidden = forbidden,
                                  .response = *response};
}

amanat_result access_ask(const struct access *access, struct bytes action,
                         const struct cedar_entity_uid *resource,
                         const struct cedar_entities *entities, const struct cedar_value *context,
                         struct access_answer *out)
{
    const struct cedar_request request = {.principal = access->principal,
                                          .action = {BYTES("Action"), action},
                                          .resource = *resource,
                                          .context = *context};
    struct cedar_response response;
    TRY(cedar_authorize(access->ruleset->compiled_policies, &request, entities, access->arena,
                        &response));
    *out = make_strict(access, action, &response);
    return AMANAT_OK;
}

amanat_result access_ask_field(const struct access *access, struct bytes action,
                               const struct cedar_residual *residual,
                               struct cedar_asked_record *record, struct access_answer *out)
{
    struct access_field_errors *errors = access->field_errors;
    struct cedar_response response;
    TRY(record == NULL ? cedar_residual_certain(residual, access->arena, &response)
                       : cedar_residual_decide(residual, record, &response));
    if (response.error_count > 0) {
        if (errors->count == 0) {
            errors->policy = cedar_policy_id(response.errors[0].policy);
        }
        errors->count++;
    }
    *out = make_strict(access, action, &response);
    return AMANAT_OK;
}

/* ---- words for a refusal ---- */

static bool is_repeated(const struct bytes *seen, size_t count, struct bytes advice)
{
    for (size_t i = 0; i < count; i++) {
        if (bytes_equal(seen[i], advice)) {
            return true;
        }
    }
    return false;
}

/* The advice of all permits whose scope matched, each once, in the order of the folder. */
static amanat_result find_advice(const struct access *access, struct bytes action,
                                 struct bytes *out)
{
    const struct cedar_request request = {
        access->principal, {BYTES("Action"), action}, access->service, access->field_context};
    const struct cedar_policy *const *policies = NULL;
    size_t count = 0;
    TRY(cedar_policies_in_scope(access->ruleset->compiled_policies, &request, access->entities,
                                access->arena, &policies, &count));
    VECTOR(struct bytes) seen = {0};
    struct buffer text;
    buffer_init(&text, ADVICE_LIMIT);
    for (size_t i = 0; i < count; i++) {
        struct bytes advice = {0};
        if (cedar_policy_effect(policies[i]) != CEDAR_EFFECT_PERMIT ||
            !cedar_policy_annotation(policies[i], "advice", &advice) ||
            is_repeated(seen.items, seen.count, advice)) {
            continue;
        }
        struct bytes *slot = VECTOR_PUSH(access->arena, &seen);
        if (slot == NULL) {
            break;
        }
        *slot = advice;
        buffer_append_string(&text, text.length > 0 ? "; or " : "");
        buffer_append(&text, advice);
    }
    /* Advice past the limit is left out: a refusal needs no essay. */
    const amanat_result result = arena_copy_bytes(access->arena, buffer_bytes(&text), out);
    buffer_clear(&text);
    return result;
}

static amanat_result refuse(const struct access *access, enum problem_name name,
                            struct bytes action, struct bytes parameter,
                            struct access_decision *decision)
{
    decision->verdict = ACCESS_REFUSED;
    decision->problem = (struct problem){.name = name, .parameter = parameter};
    return find_advice(access, action, &decision->problem.detail);
}

static amanat_result list_policies(struct arena *arena, const struct cedar_policy *const *policies,
                                   size_t count, struct access_decision *decision)
{
    struct bytes *ids = arena_allocate_array(arena, count, sizeof(*ids));
    TRY_MEMORY(ids);
    for (size_t i = 0; i < count; i++) {
        ids[i] = cedar_policy_id(policies[i]);
    }
    decision->policies = ids;
    decision->policy_count = count;
    return AMANAT_OK;
}

static amanat_result note_errors(struct arena *arena, const struct cedar_response *response,
                                 struct access_decision *decision)
{
    if (response->error_count == 0) {
        return AMANAT_OK;
    }
    struct bytes *ids =
        arena_allocate_array(arena, decision->error_count + response->error_count, sizeof(*ids));
    TRY_MEMORY(ids);
    for (size_t i = 0; i < decision->error_count; i++) {
        ids[i] = decision->errors[i];
    }
    for (size_t i = 0; i < response->error_count; i++) {
        ids[decision->error_count + i] = cedar_policy_id(response->errors[i].policy);
    }
    decision->errors = ids;
    decision->error_count += response->error_count;
    return AMANAT_OK;
}

/* ---- may this call be made? ---- */

static amanat_result decide_call(const struct access *access, struct access_decision *decision)
{
    const struct catalogue_operation *operation = access->request->call->operation;
    struct cedar_value context;
    struct access_answer answer;
    TRY(access_call_context(access, &context));
    TRY(access_ask(access, operation->id, &access->service, access->entities, &context, &answer));
    TRY(note_errors(access->arena, &answer.response, decision));
    if (!answer.permitted) {
        TRY(list_policies(access->arena, answer.response.forbids, answer.response.forbid_count,
                          decision));
        return refuse(access, PROBLEM_NOT_PERMITTED, operation->id, (struct bytes){0}, decision);
    }
    decision->verdict = ACCESS_PERMITTED;
    return list_policies(access->arena, answer.response.permits, answer.response.permit_count,
                         decision);
}

/* ---- may it ask by this? ---- */

static amanat_result decide_label(const struct access *access, const char *verb, size_t label,
                                  struct bytes parameter, struct access_decision *decision)
{
    const struct catalogue_label *asked = &access->ruleset->catalogue->vocabulary.labels[label];
    const struct bytes action = ruleset_label_action(access->arena, verb, asked->name);
    struct access_answer answer;
    TRY_MEMORY(action.at);
    TRY(access_ask(access, action, &access->service, access->entities, &access->field_context,
                   &answer));
    TRY(note_errors(access->arena, &answer.response, decision));
    return answer.permitted
               ? AMANAT_OK
               : refuse(access, PROBLEM_PARAMETER_NOT_PERMITTED, action, parameter, decision);
}

static amanat_result decide_parameters(const struct access *access,
                                       struct access_decision *decision)
{
    const struct catalogue_call *call = access->request->call;
    for (size_t i = 0; i < call->parameter_count; i++) {
        const struct parameter_value *value = &call->parameters[i];
        for (size_t k = 0; k < value->label_count; k++) {
            TRY(decide_label(access, "query", value->labels[k], value->parameter->name, decision));
            if (decision->verdict != ACCESS_PERMITTED) {
                return AMANAT_OK;
            }
        }
    }
    return AMANAT_OK;
}

static amanat_result decide_body(const struct access *access, struct access_decision *decision)
{
    const struct catalogue_body *body = access->request->body;
    for (size_t i = 0; body != NULL && i < body->label_count; i++) {
        TRY(decide_label(access, body->submit ? "submit" : "query", body->labels[i],
                         body->label_pointers[i], decision));
        if (decision->verdict != ACCESS_PERMITTED) {
            return AMANAT_OK;
        }
    }
    return AMANAT_OK;
}

/* ---- what the trail is told of the question ---- */

static amanat_result count_asked(const struct access *access, struct access_decision *decision)
{
    const struct catalogue_call *call = access->request->call;
    const struct catalogue_body *body = access->request->body;
    const size_t label_count = access->ruleset->catalogue->vocabulary.label_count;
    size_t *uses = arena_allocate_array(access->arena, label_count, sizeof(*uses));
    struct access_asked *asked = arena_allocate_array(access->arena, label_count, sizeof(*asked));
    TRY_MEMORY(uses);
    TRY_MEMORY(asked);
    for (size_t i = 0; i < call->parameter_count; i++) {
        for (size_t k = 0; k < call->parameters[i].label_count; k++) {
            uses[call->parameters[i].labels[k]]++;
        }
    }
    for (size_t i = 0; body != NULL && i < body->label_count; i++) {
        uses[body->labels[i]] += body->label_uses[i];
    }
    for (size_t label = 0; label < label_count; label++) {
        if (uses[label] > 0) {
            asked[decision->asked_count++] = (struct access_asked){label, uses[label]};
        }
    }
    decision->asked = asked;
    return AMANAT_OK;
}

static amanat_result add_subject(const struct access *access, size_t kind, struct bytes identifier,
                                 struct redact_subject *subjects, size_t *count)
{
    const struct vocabulary *vocabulary = &access->ruleset->catalogue->vocabulary;
    struct bytes normalised;
    TRY(subject_normalise(vocabulary->subjects[kind].normalise, identifier, access->arena,
                          &normalised));
    subjects[(*count)++] = (struct redact_subject){kind, normalised};
    return AMANAT_OK;
}

static amanat_result list_subjects(const struct access *access, struct access_decision *decision)
{
    const struct catalogue_call *call = access->request->call;
    const struct catalogue_body *body = access->request->body;
    size_t most = body == NULL ? 0 : body->subject_count;
    for (size_t i = 0; i < call->parameter_count; i++) {
        most += call->parameters[i].item_count;
    }
    struct redact_subject *subjects = arena_allocate_array(access->arena, most, sizeof(*subjects));
    TRY_MEMORY(subjects);
    for (size_t i = 0; i < call->parameter_count; i++) {
        const struct parameter_value *value = &call->parameters[i];
        for (size_t k = 0; value->parameter->subject != CATALOGUE_NONE && k < value->item_count;
             k++) {
            TRY(add_subject(access, value->parameter->subject, value->items[k].text, subjects,
                            &decision->subject_count));
        }
    }
    for (size_t i = 0; body != NULL && i < body->subject_count; i++) {
        TRY(add_subject(access, body->subjects[i].kind, body->subjects[i].identifier, subjects,
                        &decision->subject_count));
    }
    decision->subjects = subjects;
    return AMANAT_OK;
}

/* ---- the whole ---- */

amanat_result access_decide(const struct ruleset *ruleset, const struct access_request *request,
                            struct arena *arena, struct access_decision *out)
{
    struct access_decision decision = {.purpose = CATALOGUE_NONE};
    struct access *access = NULL;
    const amanat_result prepared = access_prepare(ruleset, request, arena, &decision, &access);
    if (prepared.status == AMANAT_STATUS_REFUSED) {
        *out = decision;
        return AMANAT_OK;
    }
    TRY(prepared);
    TRY(count_asked(access, &decision));
    TRY(list_subjects(access, &decision));
    TRY(decide_call(access, &decision));
    if (decision.verdict == ACCESS_PERMITTED) {
        TRY(decide_parameters(access, &decision));
    }
    if (decision.verdict == ACCESS_PERMITTED) {
        TRY(decide_body(access, &decision));
    }
    if (decision.verdict == ACCESS_PERMITTED) {
        TRY(access_bind_parameters(access, &decision));
    }
    if (decision.verdict == ACCESS_PERMITTED) {
        TRY(access_make_plan(access, &decision.plan));
        decision.field_errors = access->field_errors;
    }
    *out = decision;
    return AMANAT_OK;
}
