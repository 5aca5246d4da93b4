/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The plan's question about one record: may each label leave, and how? Permits are asked of the
 * field's own record, forbids also of every record around it (design 2), as far as the access has
 * left them open (field_questions.c). A policy is evaluated once for each record.
 */
#include "policy/disclosure/access_parts.h"

static const struct record_attribute *find_attribute(const struct record_question *question,
                                                     size_t index)
{
    for (size_t i = 0; i < question->attribute_count; i++) {
        if (question->attributes[i].index == index) {
            return &question->attributes[i];
        }
    }
    return NULL;
}

static amanat_result read_attribute(const struct access *access,
                                    const struct catalogue_attribute *declared,
                                    const struct record_attribute *given, bool *out_present,
                                    struct cedar_value *out)
{
    const struct document *document = NULL;
    const amanat_result parsed =
        document_from_json(access->arena, "", given->text, NULL, &document);
    if (parsed.status == AMANAT_STATUS_CONFIG_FAULT) {
        return amanat_result_of(AMANAT_STATUS_REFUSED);
    }
    TRY(parsed);
    return attribute_value(access->arena, declared, document, out_present, out);
}

/* The record's attributes as a Cedar record. REFUSED when a required one is missing or one is of a
 * wrong type. */
static amanat_result read_attributes(const struct access *access,
                                     const struct record_question *question,
                                     struct cedar_value *out)
{
    const struct catalogue_record *record = &access->ruleset->catalogue->records[question->record];
    const bool *reads = access->plan_records[question->record].reads;
    struct cedar_field *fields =
        arena_allocate_array(access->arena, record->attribute_count, sizeof(*fields));
    TRY_MEMORY(fields);
    size_t count = 0;
    for (size_t i = 0; i < record->attribute_count; i++) {
        const struct catalogue_attribute *declared = &record->attributes[i];
        const struct record_attribute *given = reads[i] ? find_attribute(question, i) : NULL;
        bool present = false;
        if (given != NULL) {
            TRY(read_attribute(access, declared, given, &present, &fields[count].value));
        }
        if (reads[i] && !present && !declared->optional) {
            return amanat_result_of(AMANAT_STATUS_REFUSED);
        }
        fields[count].key = declared->name;
        count += present ? 1 : 0;
    }
    return cedar_value_record(access->arena, fields, count, out);
}

amanat_result record_prepare(const struct access *access, const struct record_question *question,
                             struct asked_record *out)
{
    out->record = question->record;
    out->uid = record_uid(access, question->record);
    TRY(read_attributes(access, question, &out->attributes));
    return cedar_asked_record_new(access->arena, access->record_questions[out->record].shared,
                                  &out->attributes, &out->answers);
}

/* ---- records around ---- */

/*
 * What is known of a record that is around others is found once, however many there are: a service
 * decides how many, and how long the attributes of the one around them are.
 */
enum { OUTER_UNKNOWN = 0, OUTER_VALID, OUTER_INVALID };

/** Laid over the memory of a question. */
struct outer_record {
    uint8_t standing;    /* of the record, and of those around it */
    uint8_t forbidden[]; /* [action]: a forbid holds, or errs, of it or of a record around it */
};

size_t record_memory(const struct access *access)
{
    return sizeof(struct outer_record) +
           access->ruleset->catalogue->vocabulary.label_count * DISCLOSURE_MODE_COUNT;
}

static amanat_result ask_forbids(const struct access *access, const struct asked_record *record,
                                 size_t action, uint8_t *out)
{
    const struct cedar_residual *forbids =
        &access->record_questions[record->record].items[action].forbids;
    struct access_answer answer;
    *out = 0;
    if (forbids->policy_count > 0) {
        TRY(access_ask_field(access, access->ruleset->field_actions[action].id, forbids,
                             record->answers, &answer));
        *out = answer.forbidden ? 1 : 0;
    }
    return AMANAT_OK;
}

/* Of all labels that the answer can have. */
static amanat_result ask_all_forbids(const struct access *access, const struct asked_record *record,
                                     const struct outer_record *around, struct outer_record *out)
{
    const struct catalogue_operation *operation = access->request->call->operation;
    for (size_t i = 0; i < operation->label_count; i++) {
        const size_t first = operation->labels[i] * DISCLOSURE_MODE_COUNT;
        for (size_t mode = DISCLOSURE_WITHHELD + 1; mode < DISCLOSURE_MODE_COUNT; mode++) {
            const size_t action = first + mode;
            out->forbidden[action] = around == NULL ? 0 : around->forbidden[action];
            if (out->forbidden[action] == 0) {
                TRY(ask_forbids(access, record, action, &out->forbidden[action]));
            }
        }
    }
    return AMANAT_OK;
}

static amanat_result judge_outer(const struct access *access,
                                 const struct record_question *question,
                                 const struct outer_record *around, struct outer_record *out)
{
    struct asked_record record;
    const amanat_result result = record_prepare(access, question, &record);
    if (result.status == AMANAT_STATUS_REFUSED) {
        out->standing = OUTER_INVALID;
        return AMANAT_OK;
    }
    TRY(result);
    TRY(ask_all_forbids(access, &record, around, out));
    out->standing = OUTER_VALID;
    return AMANAT_OK;
}

/* The innermost of the records around, NULL without any. REFUSED when one of them does not count.
 */
static amanat_result find_outer(const struct access *access, const struct record_question *outer,
                                size_t count, const struct outer_record **out)
{
    *out = NULL;
    for (size_t i = 0; i < count; i++) {
        struct outer_record *record = (struct outer_record *)outer[i].memory;
        if (record == NULL) { /* whoever asks does not keep anything */
            record = arena_allocate(access->arena, record_memory(access));
            TRY_MEMORY(record);
        }
        if (record->standing == OUTER_UNKNOWN) {
            const struct arena_mark mark = arena_mark(access->arena);
            const amanat_result result = judge_outer(access, &outer[i], *out, record);
            arena_rewind(access->arena, mark);
            TRY(result);
        }
        if (record->standing == OUTER_INVALID) {
            return amanat_result_of(AMANAT_STATUS_REFUSED);
        }
        *out = record;
    }
    return AMANAT_OK;
}

/* ---- the record itself ---- */

static amanat_result ask_mode(const struct access *access, size_t action,
                              const struct asked_record *own, const struct outer_record *around,
                              bool *out)
{
    const struct field_question *question = &access->record_questions[own->record].items[action];
    struct access_answer answer;
    *out = false;
    if (!question->may_be_permitted || (around != NULL && around->forbidden[action] != 0)) {
        return AMANAT_OK;
    }
    TRY(access_ask_field(access, access->ruleset->field_actions[action].id, question->residual,
                         own->answers, &answer));
    *out = answer.permitted;
    return AMANAT_OK;
}

/* From the strongest mode that the plan leaves open downwards. */
static amanat_result ask_label(const struct access *access, size_t label, uint8_t strongest,
                               const struct asked_record *own, const struct outer_record *around,
                               uint8_t *out_mode)
{
    for (size_t mode = strongest; mode > DISCLOSURE_WITHHELD; mode--) {
        bool permitted = false;
        TRY(ask_mode(access, label * DISCLOSURE_MODE_COUNT + mode, own, around, &permitted));
        if (permitted) {
            *out_mode = (uint8_t)mode;
            return AMANAT_OK;
        }
    }
    *out_mode = DISCLOSURE_WITHHELD;
    return AMANAT_OK;
}

static amanat_result ask_all(const struct access *access, const struct record_question *record,
                             const struct record_question *outer, size_t outer_count,
                             uint8_t *modes)
{
    const struct catalogue_record *type = &access->ruleset->catalogue->records[record->record];
    const struct plan_verdict *verdicts = access->plan_records[record->record].verdicts;
    const struct outer_record *around = NULL;
    struct asked_record own;
    TRY(find_outer(access, outer, outer_count, &around));
    TRY(record_prepare(access, record, &own));
    for (size_t i = 0; i < type->label_count; i++) {
        const size_t label = type->labels[i];
        modes[label] = verdicts[label].strongest;
        if (verdicts[label].depends_on_record) {
            TRY(ask_label(access, label, verdicts[label].strongest, &own, around, &modes[label]));
        }
    }
    return AMANAT_OK;
}

amanat_result record_ask(void *context, const struct record_question *record,
                         const struct record_question *outer, size_t outer_count, uint8_t *modes,
                         bool *out_valid)
{
    const struct access *access = context;
    const struct arena_mark mark = arena_mark(access->arena);
    const amanat_result result = ask_all(access, record, outer, outer_count, modes);
    arena_rewind(access->arena, mark);
    if (result.status == AMANAT_STATUS_REFUSED) {
        *out_valid = false;
        return AMANAT_OK;
    }
    TRY(result);
    *out_valid = true;
    return AMANAT_OK;
}
