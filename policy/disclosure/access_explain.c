/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Explanations of one access: every question of access_decide and of its plan, asked again by the
 * functions that decide, and beside each answer the policies that stand to it in some way.
 *
 * Records are explained while the redactor asks about them. Those to which all policies stand alike
 * are one group, so that a thousand records do not give a thousand explanations.
 */
#include "policy/disclosure/access_explain.h"

#include <stdlib.h>

#include "policy/disclosure/access_parts.h"

#define SIGNATURE_LIMIT ((size_t)16 << 20)

/* ---- one policy ---- */

struct question {
    const struct access *access;
    struct bytes action;
    const struct cedar_value *context;
    /** What is asked about: the field's own record last, those around it before. */
    const struct asked_record *about;
    size_t about_count;
    bool record_is_unknown; /* a record type before any record is seen */
};

static bool permits(const struct cedar_policy *policy)
{
    return cedar_policy_effect(policy) == CEDAR_EFFECT_PERMIT;
}

/* The conjunct at which evaluation ends without an answer, or NULL. */
static const struct cedar_conjunct *erring_conjunct(const struct cedar_explanation *explanation)
{
    for (size_t i = 0; i < explanation->conjunct_count; i++) {
        if (explanation->conjuncts[i].outcome == CEDAR_OUTCOME_ERROR) {
            return &explanation->conjuncts[i];
        }
    }
    return NULL;
}

/* A forbid that errs forbids, too (design 2). */
static enum explained_standing standing_of(const struct cedar_policy *policy,
                                           const struct cedar_explanation *explanation)
{
    enum explained_standing standing = EXPLAINED_APPLIES;
    if (!explanation->principal.matches || !explanation->action.matches ||
        !explanation->resource.matches) {
        return EXPLAINED_FAILS;
    }
    for (size_t i = 0; i < explanation->conjunct_count; i++) {
        const enum cedar_outcome outcome = explanation->conjuncts[i].outcome;
        if (outcome == CEDAR_OUTCOME_ERROR && !permits(policy)) {
            return standing;
        }
        if (outcome != CEDAR_OUTCOME_HOLDS && outcome != CEDAR_OUTCOME_OPEN) {
            return EXPLAINED_FAILS;
        }
        standing = outcome == CEDAR_OUTCOME_OPEN ? EXPLAINED_OPEN : standing;
    }
    return standing;
}

static amanat_result explain_policy(const struct question *question,
                                    const struct cedar_policy *policy,
                                    const struct asked_record *about, struct explained_policy *out)
{
    static const struct bytes paths[] = {BYTES_INIT("principal"), BYTES_INIT("action"),
                                         BYTES_INIT("context")};
    static const struct bytes names[] = {BYTES_INIT("resource")};
    static const struct cedar_known without_record = {paths, 3, names, 1, NULL, 0};
    const struct cedar_request request = {.principal = question->access->principal,
                                          .action = {BYTES("Action"), question->action},
                                          .resource = about->uid,
                                          .context = *question->context};
    out->policy = policy;
    out->around = CATALOGUE_NONE;
    TRY(cedar_explain(policy, &request, about->entities,
                      question->record_is_unknown ? &without_record : NULL, question->access->arena,
                      &out->explanation));
    out->parts = (out->explanation.principal.matches ? 1U : 0U) +
                 (out->explanation.action.matches ? 1U : 0U) +
                 (out->explanation.resource.matches ? 1U : 0U);
    out->standing = standing_of(policy, &out->explanation);
    return AMANAT_OK;
}

static int compare_numbers(size_t left, size_t right)
{
    return (left > right) - (left < right);
}

/* Open ones first, then by how much of the scope matches, then by how many conditions hold, then as
 * the folder has them. */
static int compare_nearness(const void *a, const void *b)
{
    const struct explained_policy *left = a;
    const struct explained_policy *right = b;
    const int orders[] = {
        compare_numbers(right->standing, left->standing),
        compare_numbers(right->parts, left->parts),
        compare_numbers(right->explanation.held, left->explanation.held),
        strcmp(cedar_policy_source(left->policy), cedar_policy_source(right->policy)),
        compare_numbers(cedar_policy_line(left->policy), cedar_policy_line(right->policy))};
    for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
        if (orders[i] != 0) {
            return orders[i];
        }
    }
    return 0;
}

/* ---- one question ---- */

/* The lists of a question while they grow. */
struct growing {
    VECTOR(const struct cedar_policy *) permits;
    VECTOR(struct explained_forbid) forbids;
    VECTOR(struct cedar_policy_error) errors;
    VECTOR(struct explained_policy) others;
};

static amanat_result add_permit(struct arena *arena, const struct cedar_policy *policy,
                                struct growing *growing)
{
    const struct cedar_policy **place = VECTOR_PUSH(arena, &growing->permits);
    TRY_MEMORY(place);
    *place = policy;
    return AMANAT_OK;
}

static amanat_result add_forbid(struct arena *arena, const struct cedar_policy *policy,
                                size_t around, struct growing *growing)
{
    struct explained_forbid *place = VECTOR_PUSH(arena, &growing->forbids);
    TRY_MEMORY(place);
    *place = (struct explained_forbid){policy, around};
    return AMANAT_OK;
}

static amanat_result add_error(struct arena *arena, const struct cedar_policy_error *error,
                               struct growing *growing)
{
    struct cedar_policy_error *place = VECTOR_PUSH(arena, &growing->errors);
    TRY_MEMORY(place);
    *place = *error;
    return AMANAT_OK;
}

static amanat_result add_other(struct arena *arena, const struct explained_policy *other,
                               struct growing *growing)
{
    struct explained_policy *place = VECTOR_PUSH(arena, &growing->others);
    TRY_MEMORY(place);
    *place = *other;
    return AMANAT_OK;
}

/* Forbids that hold, and those that err, which forbid too (design 2). */
static amanat_result add_response(struct arena *arena, const struct cedar_response *response,
                                  size_t around, struct growing *growing)
{
    for (size_t i = 0; i < response->forbid_count; i++) {
        TRY(add_forbid(arena, response->forbids[i], around, growing));
    }
    for (size_t i = 0; i < response->error_count; i++) {
        const struct cedar_policy *policy = response->errors[i].policy;
        TRY(add_error(arena, &response->errors[i], growing));
        if (cedar_policy_effect(policy) != CEDAR_EFFECT_PERMIT) {
            TRY(add_forbid(arena, policy, around, growing));
        }
    }
    return AMANAT_OK;
}

/* What the gateway would be told. */
static amanat_result ask_policies(const struct question *question, struct growing *growing)
{
    const struct access *access = question->access;
    const size_t own = question->about_count - 1;
    for (size_t i = 0; i <= own; i++) {
        struct access_answer answer;
        TRY(access_ask(access, question->action, &question->about[i].uid,
                       question->about[i].entities, question->context, &answer));
        TRY(add_response(access->arena, &answer.response,
                         i == own ? CATALOGUE_NONE : question->about[i].record, growing));
        for (size_t k = 0; i == own && k < answer.response.permit_count; k++) {
            TRY(add_permit(access->arena, answer.response.permits[k], growing));
        }
    }
    return AMANAT_OK;
}

/* A policy whose scope matches and that errs whatever the record is. */
static amanat_result note_error(struct arena *arena, const struct explained_policy *explained,
                                struct growing *growing)
{
    const struct cedar_explanation *explanation = &explained->explanation;
    const struct cedar_conjunct *erring = erring_conjunct(explanation);
    if (explained->parts < 3 || erring == NULL ||
        erring != &explanation->conjuncts[explanation->held]) {
        return AMANAT_OK;
    }
    return add_error(arena,
                     &(struct cedar_policy_error){explained->policy, erring->error,
                                                  erring->error_line, erring->error_column},
                     growing);
}

/* One policy before any record is seen, about the field's own record or about one that may lie
 * around it. */
static amanat_result sort_in(const struct question *question, const struct cedar_policy *policy,
                             size_t about, struct growing *growing)
{
    struct arena *arena = question->access->arena;
    const bool is_own = about + 1 == question->about_count;
    struct explained_policy explained;
    TRY(explain_policy(question, policy, &question->about[about], &explained));
    if (is_own) {
        TRY(note_error(arena, &explained, growing));
    }
    if (permits(policy)) {
        return explained.standing == EXPLAINED_APPLIES ? add_permit(arena, policy, growing)
                                                       : add_other(arena, &explained, growing);
    }
    if (!is_own && explained.standing == EXPLAINED_APPLIES) {
        explained.standing = EXPLAINED_OPEN; /* if the record lies in one of those at all */
    }
    explained.around = is_own ? CATALOGUE_NONE : question->about[about].record;
    return explained.standing == EXPLAINED_APPLIES
               ? add_forbid(arena, policy, CATALOGUE_NONE, growing)
           : explained.standing == EXPLAINED_OPEN ? add_other(arena, &explained, growing)
                                                  : AMANAT_OK;
}

/* Every policy for the action: with the record unknown that is the whole answer, else it adds the
 * permits that do not apply. */
static amanat_result look_at_policies(const struct question *question, struct growing *growing)
{
    const struct cedar_policy_set *set = question->access->ruleset->policies;
    const struct cedar_entity_uid action = {BYTES("Action"), question->action};
    const size_t own = question->about_count - 1;
    for (size_t i = 0; i < cedar_policy_set_count(set); i++) {
        const struct cedar_policy *policy = cedar_policy_set_at(set, i);
        struct explained_policy explained;
        if (!ruleset_speaks_of(question->access->ruleset, policy, &action)) {
            continue;
        }
        if (question->record_is_unknown) {
            for (size_t k = permits(policy) ? own : 0; k <= own; k++) {
                TRY(sort_in(question, policy, k, growing));
            }
        } else if (permits(policy)) {
            TRY(explain_policy(question, policy, &question->about[own], &explained));
            if (explained.standing == EXPLAINED_FAILS) {
                TRY(add_other(question->access->arena, &explained, growing));
            }
        }
    }
    return AMANAT_OK;
}

static enum explained_answer answer_of(const struct growing *growing)
{
    bool may_permit = growing->permits.count > 0;
    bool may_forbid = false;
    for (size_t i = 0; i < growing->others.count; i++) {
        const struct explained_policy *other = &growing->others.items[i];
        const bool is_open = other->standing == EXPLAINED_OPEN;
        may_permit |= is_open && permits(other->policy);
        may_forbid |= is_open && !permits(other->policy);
    }
    return growing->forbids.count > 0                  ? EXPLAINED_FORBIDDEN
           : !may_permit                               ? EXPLAINED_NOT_PERMITTED
           : growing->permits.count > 0 && !may_forbid ? EXPLAINED_PERMITTED
                                                       : EXPLAINED_DEPENDS;
}

static amanat_result explain(const struct question *question, struct explained_question *out)
{
    struct growing growing = {.permits = {0}};
    if (!question->record_is_unknown) {
        TRY(ask_policies(question, &growing));
    }
    TRY(look_at_policies(question, &growing));
    if (growing.others.count > 0) {
        qsort(growing.others.items, growing.others.count, sizeof(*growing.others.items),
              compare_nearness);
    }
    *out = (struct explained_question){.action = question->action,
                                       .resource = question->about[question->about_count - 1].uid,
                                       .answer = answer_of(&growing),
                                       .permits = growing.permits.items,
                                       .permit_count = growing.permits.count,
                                       .forbids = growing.forbids.items,
                                       .forbid_count = growing.forbids.count,
                                       .errors = growing.errors.items,
                                       .error_count = growing.errors.count,
                                       .others = growing.others.items,
                                       .other_count = growing.others.count};
    return AMANAT_OK;
}

/* ---- the call, and what it asks by ---- */

static amanat_result explain_about_service(const struct access *access, struct bytes action,
                                           const struct cedar_value *context,
                                           struct explained_question *out)
{
    const struct asked_record service = {
        .record = CATALOGUE_NONE, .uid = access->service, .entities = access->entities};
    const struct question question = {.access = access,
                                      .action = action,
                                      .context = context,
                                      .about = &service,
                                      .about_count = 1};
    return explain(&question, out);
}

struct asked_list {
    VECTOR(struct explained_asked) items;
};

static amanat_result explain_label(const struct access *access, const char *verb, size_t label,
                                   struct bytes parameter, struct asked_list *list)
{
    const struct bytes name = access->ruleset->catalogue->vocabulary.labels[label].name;
    const struct bytes action = ruleset_label_action(access->arena, verb, name);
    struct explained_asked *asked = VECTOR_PUSH(access->arena, &list->items);
    TRY_MEMORY(asked);
    TRY_MEMORY(action.at);
    asked->parameter = parameter;
    return explain_about_service(access, action, &access->field_context, &asked->question);
}

static amanat_result explain_asked(const struct access *access, struct asked_list *list)
{
    const struct catalogue_call *call = access->request->call;
    const struct catalogue_body *body = access->request->body;
    for (size_t i = 0; i < call->parameter_count; i++) {
        const struct parameter_value *value = &call->parameters[i];
        for (size_t k = 0; k < value->label_count; k++) {
            TRY(explain_label(access, "query", value->labels[k], value->parameter->name, list));
        }
    }
    for (size_t i = 0; body != NULL && i < body->label_count; i++) {
        TRY(explain_label(access, body->submit ? "submit" : "query", body->labels[i],
                          (struct bytes){0}, list));
    }
    return AMANAT_OK;
}

/* ---- labels ---- */

/* The strongest mode that can be the answer, and whether the record decides. */
static struct plan_verdict verdict_of(const struct access *access, size_t label,
                                      const struct explained_question *modes, size_t count)
{
    const struct ruleset_action *actions =
        &access->ruleset->field_actions[label * DISCLOSURE_MODE_COUNT];
    struct plan_verdict verdict = {0};
    for (size_t i = 0; i < count; i++) {
        uint8_t mode = DISCLOSURE_MODE_COUNT - 1;
        while (!bytes_equal(actions[mode].id, modes[i].action)) {
            mode--;
        }
        if (modes[i].answer >= EXPLAINED_DEPENDS && verdict.strongest == DISCLOSURE_WITHHELD) {
            verdict.strongest = mode;
        }
        if (modes[i].answer == EXPLAINED_PERMITTED) {
            break;
        }
        verdict.depends_on_record |= modes[i].answer == EXPLAINED_DEPENDS;
    }
    return verdict;
}

/* All modes of one label; `frame` has everything but the action. */
static amanat_result explain_modes(const struct question *frame, size_t label,
                                   struct explained_label *out)
{
    const struct access *access = frame->access;
    struct explained_question *modes =
        arena_allocate_array(access->arena, DISCLOSURE_MODE_COUNT, sizeof(*modes));
    TRY_MEMORY(modes);
    size_t count = 0;
    for (size_t mode = DISCLOSURE_MODE_COUNT - 1; mode > DISCLOSURE_WITHHELD; mode--) {
        struct question question = *frame;
        question.action = access->ruleset->field_actions[label * DISCLOSURE_MODE_COUNT + mode].id;
        if (question.action.length > 0) {
            TRY(explain(&question, &modes[count]));
            count++;
        }
    }
    *out = (struct explained_label){.label = label, .modes = modes, .mode_count = count};
    out->verdict = verdict_of(access, label, modes, count);
    return AMANAT_OK;
}

static amanat_result explain_place(const struct question *frame, size_t record,
                                   const size_t *labels, size_t count, struct explained_place *out)
{
    struct explained_label *explained =
        arena_allocate_array(frame->access->arena, count, sizeof(*explained));
    TRY_MEMORY(explained);
    for (size_t i = 0; i < count; i++) {
        TRY(explain_modes(frame, labels[i], &explained[i]));
    }
    *out = (struct explained_place){record, explained, count};
    return AMANAT_OK;
}

static amanat_result explain_outside(const struct access *access, struct explained_place *out)
{
    const struct catalogue_operation *operation = access->request->call->operation;
    const struct asked_record service = {
        .record = CATALOGUE_NONE, .uid = access->service, .entities = access->entities};
    const struct question frame = {
        .access = access, .context = &access->field_context, .about = &service, .about_count = 1};
    return explain_place(&frame, CATALOGUE_NONE, operation->outside_labels,
                         operation->outside_label_count, out);
}

/* A record type before any record is seen; other types of the operation may lie around it. */
static amanat_result explain_record_type(const struct access *access, size_t record,
                                         struct explained_place *out)
{
    const struct catalogue_operation *operation = access->request->call->operation;
    const struct catalogue_record *type = &access->ruleset->catalogue->records[record];
    struct asked_record *about =
        arena_allocate_array(access->arena, operation->record_count, sizeof(*about));
    TRY_MEMORY(about);
    size_t around = 0;
    for (size_t i = 0; i < operation->record_count; i++) {
        const size_t other = operation->records[i];
        struct asked_record *place =
            other == record ? &about[operation->record_count - 1] : &about[around++];
        place->record = other;
        place->uid = record_uid(access, other);
        TRY(record_entities(access, other, NULL, &place->entities));
    }
    const struct question frame = {.access = access,
                                   .context = &access->field_context,
                                   .about = about,
                                   .about_count = operation->record_count,
                                   .record_is_unknown = true};
    return explain_place(&frame, record, type->own_labels, type->own_label_count, out);
}

static amanat_result explain_places(const struct access *access, struct access_explanation *out)
{
    const struct catalogue_operation *operation = access->request->call->operation;
    struct explained_place *places =
        arena_allocate_array(access->arena, operation->record_count + 1, sizeof(*places));
    TRY_MEMORY(places);
    TRY(explain_outside(access, &places[0]));
    size_t count = places[0].label_count > 0 ? 1 : 0;
    for (size_t i = 0; i < operation->record_count; i++) {
        TRY(explain_record_type(access, operation->records[i], &places[count]));
        count++;
    }
    out->places = places;
    out->place_count = count;
    return AMANAT_OK;
}

/* ---- records ---- */

struct explained_records {
    struct access *access;
    struct plan plan;
    plan_ask_fn *ask; /* of the decision's plan, with its context */
    void *ask_context;
    size_t *seen;            /* [record type] */
    struct map by_signature; /* to struct explained_group */
};

static void sign_policy(struct buffer *signature, char kind, const struct cedar_policy *policy,
                        size_t detail)
{
    const struct bytes id = cedar_policy_id(policy);
    buffer_append_format(signature, "%c%zu:%zu:", kind, detail, id.length);
    buffer_append(signature, id);
}

/* Two records with equal signatures have the same answers for the same reasons. */
static void sign(struct buffer *signature, const struct explained_place *place)
{
    for (size_t i = 0; i < place->label_count; i++) {
        for (size_t k = 0; k < place->labels[i].mode_count; k++) {
            const struct explained_question *question = &place->labels[i].modes[k];
            buffer_append_format(signature, "|%d", question->answer);
            for (size_t j = 0; j < question->permit_count; j++) {
                sign_policy(signature, '+', question->permits[j], 0);
            }
            for (size_t j = 0; j < question->forbid_count; j++) {
                sign_policy(signature, '-', question->forbids[j].policy,
                            question->forbids[j].around);
            }
            for (size_t j = 0; j < question->error_count; j++) {
                sign_policy(signature, '!', question->errors[j].policy, question->errors[j].line);
            }
            for (size_t j = 0; j < question->other_count; j++) {
                sign_policy(signature, '?', question->others[j].policy,
                            question->others[j].explanation.held);
            }
        }
    }
}

static amanat_result explain_record(const struct access *access,
                                    const struct record_question *record,
                                    const struct record_question *outer, size_t outer_count,
                                    struct explained_place *out)
{
    const struct catalogue_record *type = &access->ruleset->catalogue->records[record->record];
    struct asked_record *about =
        arena_allocate_array(access->arena, outer_count + 1, sizeof(*about));
    TRY_MEMORY(about);
    for (size_t i = 0; i <= outer_count; i++) {
        TRY(record_prepare(access, i < outer_count ? &outer[i] : record, &about[i]));
        TRY(record_entities(access, about[i].record, &about[i].attributes, &about[i].entities));
    }
    const struct question frame = {.access = access,
                                   .context = &access->field_context,
                                   .about = about,
                                   .about_count = outer_count + 1};
    return explain_place(&frame, record->record, type->own_labels, type->own_label_count, out);
}

/* Keeps the explanation of the first record of its kind; all others only count. */
static amanat_result keep_group(struct explained_records *records, struct arena_mark mark,
                                const struct explained_place *place, bool left_out, size_t number)
{
    struct arena *arena = records->access->arena;
    struct buffer signature;
    buffer_init(&signature, SIGNATURE_LIMIT);
    buffer_append_format(&signature, "%zu%c", place->record, left_out ? '!' : ' ');
    sign(&signature, place);
    struct explained_group *group = map_get(&records->by_signature, buffer_bytes(&signature));
    amanat_result result = buffer_check(&signature);
    if (amanat_is_ok(result) && group != NULL) {
        arena_rewind(arena, mark);
    } else if (amanat_is_ok(result)) {
        struct bytes key = {0};
        group = ARENA_NEW(arena, struct explained_group);
        result = group == NULL ? amanat_result_of(AMANAT_STATUS_MEMORY)
                               : arena_copy_bytes(arena, buffer_bytes(&signature), &key);
        if (amanat_is_ok(result)) {
            *group =
                (struct explained_group){.place = *place, .left_out = left_out, .first = number};
            result = map_put(arena, &records->by_signature, key, group);
        }
    }
    buffer_clear(&signature);
    TRY(result);
    group->count++;
    return AMANAT_OK;
}

static plan_ask_fn ask_and_explain;

static amanat_result ask_and_explain(void *context, const struct record_question *record,
                                     const struct record_question *outer, size_t outer_count,
                                     uint8_t *modes, bool *out_valid)
{
    struct explained_records *records = context;
    const struct arena_mark mark = arena_mark(records->access->arena);
    struct explained_place place = {.record = record->record};
    const size_t number = ++records->seen[record->record];
    TRY(records->ask(records->ask_context, record, outer, outer_count, modes, out_valid));
    if (*out_valid) {
        TRY(explain_record(records->access, record, outer, outer_count, &place));
    }
    return keep_group(records, mark, &place, !*out_valid, number);
}

amanat_result access_explain_records(struct access_explanation *explanation,
                                     const struct plan **out)
{
    const struct plan *plan = explanation->decision.plan;
    struct access *access = plan->ask_context;
    struct explained_records *records = ARENA_NEW(access->arena, struct explained_records);
    TRY_MEMORY(records);
    records->seen =
        arena_allocate_array(access->arena, plan->catalogue->record_count, sizeof(*records->seen));
    TRY_MEMORY(records->seen);
    records->access = access;
    records->ask = plan->ask;
    records->ask_context = plan->ask_context;
    records->plan = *plan;
    records->plan.ask = ask_and_explain;
    records->plan.ask_context = records;
    explanation->records = records;
    *out = &records->plan;
    return AMANAT_OK;
}

amanat_result access_explain_groups(struct access_explanation *explanation)
{
    const struct explained_records *records = explanation->records;
    const size_t count = records->by_signature.count;
    struct explained_group *groups =
        arena_allocate_array(records->access->arena, count, sizeof(*groups));
    TRY_MEMORY(groups);
    for (size_t i = 0; i < count; i++) {
        groups[i] = *(const struct explained_group *)records->by_signature.entries[i].value;
    }
    explanation->groups = groups;
    explanation->group_count = count;
    return AMANAT_OK;
}

/* ---- the whole ---- */

amanat_result access_explain(const struct ruleset *ruleset, const struct access_request *request,
                             struct arena *arena, struct access_explanation *out)
{
    struct access_explanation explanation = {.is_asked = false};
    struct access_decision prepared_decision = {.purpose = CATALOGUE_NONE};
    struct access *access = NULL;
    struct cedar_value context;
    struct asked_list asked = {.items = {0}};
    TRY(ruleset_list_partners(ruleset, arena, &explanation.partners, &explanation.partner_count));
    explanation.partner_is_unknown = true;
    for (size_t i = 0; i < explanation.partner_count; i++) {
        explanation.partner_is_unknown &= !bytes_equal(explanation.partners[i], request->partner);
    }
    TRY(access_decide(ruleset, request, arena, &explanation.decision));
    const amanat_result prepared =
        access_prepare(ruleset, request, arena, &prepared_decision, &access);
    if (prepared.status == AMANAT_STATUS_REFUSED) {
        *out = explanation;
        return AMANAT_OK;
    }
    TRY(prepared);
    explanation.is_asked = true;
    TRY(access_call_context(access, &context));
    TRY(explain_about_service(access, request->call->operation->id, &context, &explanation.call));
    TRY(explain_asked(access, &asked));
    explanation.asked = asked.items.items;
    explanation.asked_count = asked.items.count;
    TRY(explain_places(access, &explanation));
    *out = explanation;
    return AMANAT_OK;
}
