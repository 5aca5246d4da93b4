/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The values of our extensions: labels, kinds of subjects and names of records, each checked
 * against the vocabulary. Sets of labels are interned: two places have the same labels when they
 * have the same number.
 */
#include "policy/catalogue/openapi.h"

#include <stdlib.h>

#include "policy/base/guard.h"
#include "policy/base/similar.h"

#define LABELS_OF_ONE_PLACE 16
#define RECORD_NAME_LENGTH  64
#define RECORDS_LIMIT       4096

static int compare_numbers(const void *left, const void *right)
{
    const size_t a = *(const size_t *)left;
    const size_t b = *(const size_t *)right;
    return (a > b) - (a < b);
}

amanat_result label_set_intern(struct compiler *compiler, size_t *labels, size_t count, size_t *out)
{
    if (count > 1) {
        qsort(labels, count, sizeof(*labels), compare_numbers);
    }
    const struct bytes key = bytes_of((const char *)labels, count * sizeof(*labels));
    const size_t *known = map_get(&compiler->label_set_numbers, key);
    if (known != NULL) {
        *out = *known;
        return AMANAT_OK;
    }
    struct label_set *set = VECTOR_PUSH(compiler->arena, &compiler->label_sets);
    size_t *number = ARENA_NEW(compiler->arena, size_t);
    TRY_MEMORY(set);
    TRY_MEMORY(number);
    *set = (struct label_set){labels, count};
    *number = compiler->label_sets.count - 1;
    TRY(map_put(compiler->arena, &compiler->label_set_numbers, key, number));
    *out = *number;
    return AMANAT_OK;
}

const char *label_set_text(struct compiler *compiler, size_t label_set)
{
    const struct label_set *set = &compiler->label_sets.items[label_set];
    const char *text = set->count == 0 ? "no label" : "";
    for (size_t i = 0; i < set->count && text != NULL; i++) {
        text = arena_format(compiler->scratch, "%s%s`%.*s`", text, i == 0 ? "" : ", ",
                            BYTES_PRINTF(compiler->vocabulary.labels[set->labels[i]].name));
    }
    return text == NULL ? "labels" : text;
}

static size_t find_label(struct openapi *openapi, const struct document *name, const char *keyword)
{
    const struct compiler *compiler = openapi->compiler;
    if (name->kind != DOCUMENT_STRING) {
        OPENAPI_ERROR(openapi, name, "label", "`%s` must be a label or a list of labels", keyword);
        return CATALOGUE_NONE;
    }
    const size_t label = vocabulary_find_label(&compiler->vocabulary, name->text);
    if (label != CATALOGUE_NONE) {
        return label;
    }
    char hint[SIMILAR_HINT_SIZE];
    OPENAPI_ERROR(
        openapi, name, "unknown-label", "the vocabulary has no label `%.*s`%s",
        BYTES_PRINTF(name->text),
        similar_hint(name->text, compiler->label_names, compiler->vocabulary.label_count, hint));
    return CATALOGUE_NONE;
}

static void add_label(struct openapi *openapi, const struct document *name, const char *keyword,
                      size_t *labels, size_t *count)
{
    const size_t label = find_label(openapi, name, keyword);
    for (size_t i = 0; i < *count; i++) {
        if (labels[i] == label) {
            OPENAPI_ERROR(openapi, name, "label", "`%.*s` stands twice in this list",
                          BYTES_PRINTF(name->text));
            return;
        }
    }
    if (label != CATALOGUE_NONE) {
        labels[(*count)++] = label;
    }
}

amanat_result openapi_read_labels(struct openapi *openapi, const struct document *value,
                                  const char *keyword, size_t *out_label_set)
{
    size_t *labels =
        arena_allocate_array(openapi->compiler->arena, LABELS_OF_ONE_PLACE, sizeof(*labels));
    TRY_MEMORY(labels);
    size_t count = 0;
    if (value->kind != DOCUMENT_ARRAY) {
        add_label(openapi, value, keyword, labels, &count);
    } else if (value->count == 0 || value->count > LABELS_OF_ONE_PLACE) {
        OPENAPI_ERROR(openapi, value, "label", "a list of labels holds 1 to %d of them",
                      LABELS_OF_ONE_PLACE);
    } else {
        for (size_t i = 0; i < value->count; i++) {
            add_label(openapi, &value->items[i], keyword, labels, &count);
        }
    }
    return label_set_intern(openapi->compiler, labels, count, out_label_set);
}

amanat_result openapi_read_label(struct openapi *openapi, const struct document *object,
                                 size_t *out_label_set, bool *out_found)
{
    const struct document *value = document_get(object, "x-amanat-label");
    *out_label_set = LABEL_SET_NONE;
    *out_found = value != NULL;
    return value == NULL ? AMANAT_OK
                         : openapi_read_labels(openapi, value, "x-amanat-label", out_label_set);
}

static void refuse_subject(struct openapi *openapi, const struct document *value)
{
    const struct vocabulary *vocabulary = &openapi->compiler->vocabulary;
    struct similar similar;
    char hint[SIMILAR_HINT_SIZE];
    similar_begin(&similar, value->text);
    for (size_t i = 0; i < vocabulary->subject_count; i++) {
        similar_offer(&similar, vocabulary->subjects[i].kind);
    }
    OPENAPI_ERROR(openapi, value, "unknown-subject",
                  "the vocabulary has no kind of subject `%.*s`%s", BYTES_PRINTF(value->text),
                  similar_hint_of(&similar, hint));
}

size_t openapi_read_subject(struct openapi *openapi, const struct document *object)
{
    const struct document *value = document_get(object, "x-amanat-subject");
    if (value == NULL) {
        return CATALOGUE_NONE;
    }
    const struct vocabulary *vocabulary = &openapi->compiler->vocabulary;
    if (value->kind != DOCUMENT_STRING) {
        OPENAPI_ERROR(openapi, value, "subject", "`x-amanat-subject` must name a kind of subject");
        return CATALOGUE_NONE;
    }
    const size_t subject = vocabulary_find_subject(vocabulary, value->text);
    if (subject != CATALOGUE_NONE) {
        return subject;
    }
    refuse_subject(openapi, value);
    return CATALOGUE_NONE;
}

/* A Cedar identifier that begins like a type and is none that the derived schema, the model that
 * every folder must have, or Cedar itself already has. */
static bool is_record_name(struct bytes name)
{
    static const char *const taken[] = {
        "Service", "Need",    "Access", "Agent",     "Partner", "Purpose", "Case", "Action",
        "Bool",    "Boolean", "Entity", "Extension", "Long",    "Record",  "Set",  "String"};
    if (name.length == 0 || name.length > RECORD_NAME_LENGTH || name.at[0] < 'A' ||
        name.at[0] > 'Z') {
        return false;
    }
    for (size_t i = 0; i < name.length; i++) {
        const char byte = name.at[i];
        const char lower = (char)(byte | 0x20);
        if (!((lower >= 'a' && lower <= 'z') || (byte >= '0' && byte <= '9') || byte == '_')) {
            return false;
        }
    }
    for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++) {
        if (bytes_equal_string(name, taken[i])) {
            return false;
        }
    }
    return true;
}

amanat_result openapi_read_record(struct openapi *openapi, const struct document *object,
                                  size_t *out)
{
    struct compiler *compiler = openapi->compiler;
    const struct document *value = document_get(object, "x-amanat-record");
    *out = CATALOGUE_NONE;
    if (value == NULL) {
        return AMANAT_OK;
    }
    if (value->kind != DOCUMENT_STRING || !is_record_name(value->text)) {
        OPENAPI_ERROR(openapi, value, "record",
                      "a record is named like `Sighting`: letters and digits, beginning with an "
                      "upper-case letter, and no name that Cedar or the model has already");
        return AMANAT_OK;
    }
    for (size_t i = 0; i < compiler->records.count; i++) {
        if (bytes_equal(compiler->records.items[i].record.name, value->text)) {
            *out = i;
            return AMANAT_OK;
        }
    }
    if (compiler->records.count == RECORDS_LIMIT) {
        OPENAPI_ERROR(openapi, value, "limit", "more than %d kinds of records", RECORDS_LIMIT);
        return AMANAT_OK;
    }
    struct record_entry *entry = VECTOR_PUSH(compiler->arena, &compiler->records);
    TRY_MEMORY(entry);
    entry->record.name = value->text;
    entry->record.service = compiler->services.items[openapi->service].service.name;
    entry->record.place = openapi_place(openapi, value);
    *out = compiler->records.count - 1;
    return AMANAT_OK;
}
