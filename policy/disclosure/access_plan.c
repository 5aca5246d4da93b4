/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The plan of a permitted access. Outside records every label is decided at once. In a record type
 * a label is decided at once when what is left of the policies (field_questions.c) gives one answer
 * for every record; else the plan keeps the strongest mode that they may permit, and the question
 * stays open until a record is seen.
 */
#include "policy/disclosure/access_parts.h"

static const struct field_question *question_at(const struct access *access, size_t record,
                                                size_t label, size_t mode)
{
    return &access->record_questions[record].items[label * DISCLOSURE_MODE_COUNT + mode];
}

/* Whether a forbid of this mode could speak of another record type of the operation, which may lie
 * around this one. */
static bool is_forbidden_around(const struct access *access, size_t record, size_t label,
                                size_t mode)
{
    const struct catalogue_operation *operation = access->request->call->operation;
    for (size_t i = 0; i < operation->record_count; i++) {
        const size_t other = operation->records[i];
        if (other != record && question_at(access, other, label, mode)->forbids.policy_count > 0) {
            return true;
        }
    }
    return false;
}

/* Marks the attributes of a record type that what is left of policies reads. */
static void mark_reads(const struct catalogue_record *record, const struct cedar_residual *residual,
                       bool *reads)
{
    for (size_t i = 0; i < residual->policy_count; i++) {
        const struct cedar_residual_policy *policy = residual->policies[i];
        for (size_t k = 0; k < policy->read_count; k++) {
            for (size_t j = 0; j < record->attribute_count; j++) {
                reads[j] |= bytes_equal(record->attributes[j].name, policy->reads[k]);
            }
        }
    }
}

/* How one mode of a label stands in a record type, before any record is seen. */
enum standing {
    STANDS_NOT = 0, /* for no record */
    STANDS_OPEN,    /* for some, perhaps */
    STANDS_ALWAYS
};

static amanat_result judge_mode(const struct access *access, size_t record, size_t label,
                                size_t mode, enum standing *out)
{
    const struct field_question *question = question_at(access, record, label, mode);
    const struct ruleset_action *action =
        &access->ruleset->field_actions[label * DISCLOSURE_MODE_COUNT + mode];
    struct access_answer answer;
    *out = STANDS_NOT;
    if (question->may_be_permitted) {
        *out = question->is_permitted && !is_forbidden_around(access, record, label, mode)
                   ? STANDS_ALWAYS
                   : STANDS_OPEN;
    }
    return *out == STANDS_OPEN
               ? AMANAT_OK
               : access_ask_field(access, action->id, question->residual, NULL, &answer);
}

/*
 * From the strongest mode down: an open question is remembered, a certain yes settles the label.
 * What is read is collected of every mode, also of those that cannot be reached here: a record
 * inside this one could be disclosed in them, and then its forbids are asked of this one (design
 * 2).
 */
static amanat_result judge_in_record(const struct access *access, size_t label, size_t record,
                                     bool *reads, struct plan_verdict *out)
{
    const struct catalogue_record *type = &access->ruleset->catalogue->records[record];
    struct plan_verdict verdict = {0};
    bool is_settled = false;
    for (size_t mode = DISCLOSURE_MODE_COUNT - 1; mode > DISCLOSURE_WITHHELD; mode--) {
        const struct field_question *question = question_at(access, record, label, mode);
        enum standing standing = STANDS_NOT;
        if (question->residual == NULL) {
            continue;
        }
        mark_reads(type, question->residual, reads);
        if (!is_settled) {
            TRY(judge_mode(access, record, label, mode, &standing));
        }
        if (standing != STANDS_NOT && verdict.strongest == DISCLOSURE_WITHHELD) {
            verdict.strongest = (uint8_t)mode;
        }
        verdict.depends_on_record |= standing == STANDS_OPEN;
        is_settled |= standing == STANDS_ALWAYS;
    }
    *out = verdict;
    return AMANAT_OK;
}

static amanat_result judge_outside(const struct access *access, size_t label,
                                   struct plan_verdict *out)
{
    for (size_t mode = DISCLOSURE_MODE_COUNT - 1; mode > DISCLOSURE_WITHHELD; mode--) {
        const size_t index = label * DISCLOSURE_MODE_COUNT + mode;
        const struct field_question *question = &access->service_questions.items[index];
        struct access_answer answer;
        if (question->residual == NULL) {
            continue;
        }
        TRY(access_ask_field(access, access->ruleset->field_actions[index].id, question->residual,
                             NULL, &answer));
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
    TRY_MEMORY(verdicts);
    TRY_MEMORY(reads);
    for (size_t i = 0; i < type->label_count; i++) {
        TRY(judge_in_record(access, type->labels[i], record, reads, &verdicts[type->labels[i]]));
        out->asks |= verdicts[type->labels[i]].depends_on_record;
    }
    out->verdicts = verdicts;
    out->reads = reads;
    return AMANAT_OK;
}

static amanat_result plan_records(const struct access *access, struct plan_record *out)
{
    const struct catalogue_operation *operation = access->request->call->operation;
    for (size_t i = 0; i < operation->record_count; i++) {
        TRY(plan_record_type(access, operation->records[i], &out[operation->records[i]]));
    }
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
    *context = *access;
    TRY(access_prepare_questions(context));
    for (size_t i = 0; i < operation->label_count; i++) {
        TRY(judge_outside(context, operation->labels[i], &service[operation->labels[i]]));
    }
    for (size_t i = 0; i < catalogue->record_count; i++) {
        records[i].verdicts = nothing;
    }
    TRY(plan_records(context, records));
    context->plan_records = records;
    *plan = (struct plan){.catalogue = catalogue,
                          .service = service,
                          .records = records,
                          .ask = record_ask,
                          .ask_context = context,
                          .record_memory = record_memory(access),
                          .partner = access->request->partner,
                          .tokenize_key = access->request->tokenize_key,
                          .tokenize_previous = access->request->tokenize_previous,
                          .now = access->request->now,
                          .layouts = access->ruleset->layouts};
    *out = plan;
    return AMANAT_OK;
}

amanat_result access_set_now(const struct access_decision *decision, int64_t now)
{
    struct access *access = decision->plan->ask_context;
    for (size_t i = 0; i < access->context_count; i++) {
        if (bytes_equal(access->context[i].key, BYTES("now"))) {
            access->context[i].value = cedar_value_datetime(now);
        }
    }
    TRY(cedar_value_record(access->arena, access->context, access->context_count,
                           &access->field_context));
    return access_prepare_questions(access);
}

/* ---- what no permit can open ---- */

/* A forbid that cannot be computed is no certain one here: it may wait for a record. */
static amanat_result is_forbidden_for(const struct access *access, size_t label,
                                      const struct cedar_entity_uid *resource,
                                      const struct cedar_entities *entities, bool *out)
{
    const struct ruleset_action *actions =
        &access->ruleset->field_actions[label * DISCLOSURE_MODE_COUNT];
    for (size_t mode = DISCLOSURE_WITHHELD + 1; mode < DISCLOSURE_MODE_COUNT; mode++) {
        struct access_answer answer;
        if (actions[mode].id.length == 0) {
            continue;
        }
        TRY(access_ask(access, actions[mode].id, resource, entities, &access->field_context,
                       &answer));
        if (answer.response.forbid_count == 0) {
            *out = false;
        }
    }
    return AMANAT_OK;
}

/* What lies in a record inside another is decided about the inner one. */
static bool has_own_label(const struct catalogue_record *record, size_t label)
{
    return catalogue_lists(record->own_labels, record->own_label_count, label);
}

static bool has_outside_label(const struct catalogue_operation *operation, size_t label)
{
    return catalogue_lists(operation->outside_labels, operation->outside_label_count, label);
}

amanat_result access_is_forbidden(const struct access_decision *decision, size_t label, bool *out)
{
    const struct access *access = decision->plan->ask_context;
    const struct catalogue *catalogue = access->ruleset->catalogue;
    const struct catalogue_operation *operation = access->request->call->operation;
    bool is_forbidden = true;
    bool is_in_record = false;
    for (size_t i = 0; i < operation->record_count; i++) {
        const size_t record = operation->records[i];
        const struct cedar_entity_uid uid = record_uid(access, record);
        const struct cedar_entities *entities = NULL;
        if (has_own_label(&catalogue->records[record], label)) {
            TRY(record_entities(access, record, NULL, &entities));
            TRY(is_forbidden_for(access, label, &uid, entities, &is_forbidden));
            is_in_record = true;
        }
    }
    if (!is_in_record || has_outside_label(operation, label)) {
        TRY(is_forbidden_for(access, label, &access->service, access->entities, &is_forbidden));
    }
    *out = is_forbidden;
    return AMANAT_OK;
}

/* ---- the Disclosure header ---- */

const char *access_disclosure_word(const struct access_decision *decision,
                                   const struct catalogue_operation *operation, size_t label)
{
    const struct plan *plan = decision->plan;
    uint8_t strongest = has_outside_label(operation, label) ? plan->service[label].strongest
                                                            : (uint8_t)DISCLOSURE_WITHHELD;
    for (size_t i = 0; i < operation->record_count; i++) {
        const size_t record = operation->records[i];
        const struct plan_verdict *verdict = &plan->records[record].verdicts[label];
        if (!has_own_label(&plan->catalogue->records[record], label)) {
            continue;
        }
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
        const char *word = access_disclosure_word(decision, operation, label);
        if (word != NULL) {
            buffer_append_format(
                out, "%s%.*s=%s", first ? "" : ", ",
                BYTES_PRINTF(decision->plan->catalogue->vocabulary.labels[label].name), word);
            first = false;
        }
    }
}
