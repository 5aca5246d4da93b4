/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The plan of a permitted access. Outside records every label is decided at once. In a record type
 * a label is decided at once when no policy that could speak of it reads the record's attributes;
 * else the plan keeps the strongest mode that the policies' scopes allow, and the question stays
 * open until a record is seen.
 */
#include "policy/disclosure/access_parts.h"

/* What the scopes of the policies for one action say about one kind of resource. */
struct candidates {
    bool permits;      /* some permit's scope matches */
    bool reads_record; /* some policy whose scope matches reads the record */
};

/* Marks the attributes of a record type that a policy reads. */
static void mark_reads(const struct catalogue_record *record, const struct attribute_names *names,
                       bool *reads)
{
    for (size_t i = 0; i < record->attribute_count; i++) {
        for (size_t k = 0; k < names->count; k++) {
            reads[i] |= bytes_equal(record->attributes[i].name, names->items[k]);
        }
    }
}

static struct candidates find_candidates(const struct access *access,
                                         const struct ruleset_action *action, size_t record,
                                         const struct cedar_entities *entities, bool *reads)
{
    const struct cedar_entity_uid resource = record_uid(access, record);
    const struct cedar_request request = {
        access->principal, {BYTES("Action"), action->id}, resource, access->field_context};
    struct candidates found = {0};
    for (size_t i = 0; i < action->policy_count; i++) {
        const struct cedar_policy *policy = action->policies[i];
        if (cedar_policy_scope_matches(policy, &request, entities)) {
            found.permits |= cedar_policy_effect(policy) == CEDAR_EFFECT_PERMIT;
            const struct attribute_names *names = ruleset_policy_reads(access->ruleset, policy);
            if (names != NULL) {
                found.reads_record = true;
                mark_reads(&access->ruleset->catalogue->records[record], names, reads);
            }
        }
    }
    return found;
}

/* Whether a forbid of this action could speak of another record type of the operation, which may
 * lie around this one. */
static amanat_result is_forbidden_around(const struct access *access,
                                         const struct ruleset_action *action, size_t record,
                                         bool *out)
{
    const struct catalogue_operation *operation = access->request->call->operation;
    *out = false;
    for (size_t i = 0; i < operation->record_count && !*out; i++) {
        const struct cedar_entities *entities = NULL;
        const struct cedar_entity_uid uid = record_uid(access, operation->records[i]);
        if (operation->records[i] == record) {
            continue;
        }
        TRY(record_entities(access, operation->records[i], NULL, access->entities, &entities));
        const struct cedar_request request = {
            access->principal, {BYTES("Action"), action->id}, uid, access->field_context};
        for (size_t k = 0; k < action->policy_count && !*out; k++) {
            *out = cedar_policy_effect(action->policies[k]) != CEDAR_EFFECT_PERMIT &&
                   cedar_policy_scope_matches(action->policies[k], &request, entities);
        }
    }
    return AMANAT_OK;
}

/* From the strongest mode down: an open question is remembered, a certain yes ends the search. */
static amanat_result judge_in_record(const struct access *access, size_t label, size_t record,
                                     const struct cedar_entities *entities, bool *reads,
                                     struct plan_verdict *out)
{
    const struct cedar_entity_uid uid = record_uid(access, record);
    struct plan_verdict verdict = {0};
    for (size_t mode = DISCLOSURE_MODE_COUNT - 1; mode > DISCLOSURE_WITHHELD; mode--) {
        const struct ruleset_action *action =
            &access->ruleset->field_actions[label * DISCLOSURE_MODE_COUNT + mode];
        const struct candidates found = find_candidates(access, action, record, entities, reads);
        bool forbidden_around = false;
        struct access_answer answer = {0};
        if (!found.permits) {
            continue;
        }
        TRY(is_forbidden_around(access, action, record, &forbidden_around));
        if (!found.reads_record) {
            TRY(access_ask(access, action->id, &uid, entities, &access->field_context, &answer));
            if (!answer.permitted) {
                continue; /* no record can change that */
            }
        }
        if (verdict.strongest == DISCLOSURE_WITHHELD) {
            verdict.strongest = (uint8_t)mode;
        }
        if (found.reads_record || forbidden_around) {
            verdict.depends_on_record = true;
            continue;
        }
        break;
    }
    *out = verdict;
    return AMANAT_OK;
}

static amanat_result judge_outside(const struct access *access, size_t label,
                                   struct plan_verdict *out)
{
    for (size_t mode = DISCLOSURE_MODE_COUNT - 1; mode > DISCLOSURE_WITHHELD; mode--) {
        const struct ruleset_action *action =
            &access->ruleset->field_actions[label * DISCLOSURE_MODE_COUNT + mode];
        struct access_answer answer;
        if (action->policy_count == 0) {
            continue;
        }
        TRY(access_ask(access, action->id, &access->service, access->entities,
                       &access->field_context, &answer));
        if (answer.permitted) {
            out->strongest = (uint8_t)mode;
            return AMANAT_OK;
        }
    }
    return AMANAT_OK;
}

static amanat_result plan_record_type(const struct access *access, size_t record,
                                      struct plan_record *out)
{
    const struct catalogue *catalogue = access->ruleset->catalogue;
    const struct catalogue_record *type = &catalogue->records[record];
    struct plan_verdict *verdicts =
        arena_allocate_array(access->arena, catalogue->vocabulary.label_count, sizeof(*verdicts));
    bool *reads = arena_allocate_array(access->arena, type->attribute_count, sizeof(*reads));
    const struct cedar_entities *entities = NULL;
    TRY_MEMORY(verdicts);
    TRY_MEMORY(reads);
    TRY(record_entities(access, record, NULL, access->entities, &entities));
    for (size_t i = 0; i < type->label_count; i++) {
        TRY(judge_in_record(access, type->labels[i], record, entities, reads,
                            &verdicts[type->labels[i]]));
        out->asks |= verdicts[type->labels[i]].depends_on_record;
    }
    out->verdicts = verdicts;
    out->reads = reads;
    return AMANAT_OK;
}

amanat_result access_make_plan(const struct access *access, const struct plan **out)
{
    const struct catalogue *catalogue = access->ruleset->catalogue;
    const struct catalogue_operation *operation = access->request->call->operation;
    struct plan *plan = ARENA_NEW(access->arena, struct plan);
    struct access *context = ARENA_NEW(access->arena, struct access);
    struct plan_verdict *service =
        arena_allocate_array(access->arena, catalogue->vocabulary.label_count, sizeof(*service));
    struct plan_verdict *nothing =
        arena_allocate_array(access->arena, catalogue->vocabulary.label_count, sizeof(*nothing));
    struct plan_record *records =
        arena_allocate_array(access->arena, catalogue->record_count, sizeof(*records));
    TRY_MEMORY(plan);
    TRY_MEMORY(context);
    TRY_MEMORY(service);
    TRY_MEMORY(nothing);
    TRY_MEMORY(records);
    for (size_t i = 0; i < operation->label_count; i++) {
        TRY(judge_outside(access, operation->labels[i], &service[operation->labels[i]]));
    }
    for (size_t i = 0; i < catalogue->record_count; i++) {
        records[i].verdicts = nothing;
    }
    for (size_t i = 0; i < operation->record_count; i++) {
        TRY(plan_record_type(access, operation->records[i], &records[operation->records[i]]));
    }
    *context = *access;
    context->plan_records = records;
    *plan = (struct plan){.catalogue = catalogue,
                          .service = service,
                          .records = records,
                          .ask = record_ask,
                          .ask_context = context,
                          .partner = access->request->partner,
                          .tokenize_key = access->request->tokenize_key};
    *out = plan;
    return AMANAT_OK;
}

/* ---- the Disclosure header ---- */

/* The word for a label, over all places where it may stand: one mode, `record`, or NULL when it is
 * withheld everywhere. */
static const char *word_for_label(const struct plan *plan,
                                  const struct catalogue_operation *operation, size_t label)
{
    uint8_t strongest = plan->service[label].strongest;
    for (size_t i = 0; i < operation->record_count; i++) {
        const struct plan_verdict *verdict = &plan->records[operation->records[i]].verdicts[label];
        if (verdict->depends_on_record) {
            return "record";
        }
        if (verdict->strongest > strongest) {
            strongest = verdict->strongest;
        }
    }
    return strongest == DISCLOSURE_WITHHELD ? NULL
                                            : disclosure_mode_name((enum disclosure_mode)strongest);
}

void access_append_disclosure(const struct access_decision *decision,
                              const struct catalogue_operation *operation, struct buffer *out)
{
    bool first = true;
    for (size_t i = 0; i < operation->label_count; i++) {
        const size_t label = operation->labels[i];
        const char *word = word_for_label(decision->plan, operation, label);
        if (word != NULL) {
            buffer_append_format(
                out, "%s%.*s=%s", first ? "" : ", ",
                BYTES_PRINTF(decision->plan->catalogue->vocabulary.labels[label].name), word);
            first = false;
        }
    }
}
