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

/* Whether a forbid holds, or errs, of a record around. */
static amanat_result is_forbidden_around(const struct access *access, size_t action,
                                         const struct asked_record *outer, size_t count, bool *out)
{
    *out = false;
    for (size_t i = 0; i < count && !*out; i++) {
        const struct cedar_residual *forbids =
            &access->record_questions[outer[i].record].items[action].forbids;
        struct access_answer answer;
        if (forbids->policy_count > 0) {
            TRY(access_ask_field(access, access->ruleset->field_actions[action].id, forbids,
                                 outer[i].answers, &answer));
            *out = answer.forbidden;
        }
    }
    return AMANAT_OK;
}

/* `records` ends with the field's own record; those before it are around it. */
static amanat_result ask_mode(const struct access *access, size_t action,
                              const struct asked_record *records, size_t count, bool *out)
{
    const struct asked_record *own = &records[count - 1];
    const struct field_question *question = &access->record_questions[own->record].items[action];
    struct access_answer answer;
    bool is_forbidden = false;
    *out = false;
    if (!question->may_be_permitted) {
        return AMANAT_OK;
    }
    TRY(is_forbidden_around(access, action, records, count - 1, &is_forbidden));
    if (is_forbidden) {
        return AMANAT_OK;
    }
    TRY(access_ask_field(access, access->ruleset->field_actions[action].id, question->residual,
                         own->answers, &answer));
    *out = answer.permitted;
    return AMANAT_OK;
}

/* From the strongest mode that the plan leaves open downwards. */
static amanat_result ask_label(const struct access *access, size_t label, uint8_t strongest,
                               const struct asked_record *records, size_t count, uint8_t *out_mode)
{
    for (size_t mode = strongest; mode > DISCLOSURE_WITHHELD; mode--) {
        bool permitted = false;
        TRY(ask_mode(access, label * DISCLOSURE_MODE_COUNT + mode, records, count, &permitted));
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
    struct asked_record *records =
        arena_allocate_array(access->arena, outer_count + 1, sizeof(*records));
    TRY_MEMORY(records);
    for (size_t i = 0; i < outer_count; i++) {
        TRY(record_prepare(access, &outer[i], &records[i]));
    }
    TRY(record_prepare(access, record, &records[outer_count]));
    for (size_t i = 0; i < type->label_count; i++) {
        const size_t label = type->labels[i];
        modes[label] = verdicts[label].strongest;
        if (verdicts[label].depends_on_record) {
            TRY(ask_label(access, label, verdicts[label].strongest, records, outer_count + 1,
                          &modes[label]));
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
