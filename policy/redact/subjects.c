/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A list that is sorted and freed of repetitions when it is full and when it is read. Sorting, not
 * hashing: the identifiers come from outside, and a hash without secret could be flooded.
 */
#include "policy/redact/subjects.h"

#include <stdlib.h>

#include "policy/base/guard.h"
#include "policy/redact/json_text.h"

#define TEXT_LIMIT    ((size_t)8 << 20)
#define LIST_LIMIT    (2 * REDACT_SUBJECT_LIMIT)
#define SCRATCH_LIMIT ((size_t)64 << 10)

amanat_result subject_set_init(struct subject_set *set, const struct vocabulary *vocabulary)
{
    *set = (struct subject_set){.vocabulary = vocabulary, .scratch = arena_new(SCRATCH_LIMIT)};
    buffer_init(&set->text, TEXT_LIMIT);
    TRY_MEMORY(set->scratch);
    return AMANAT_OK;
}

void subject_set_clear(struct subject_set *set)
{
    buffer_clear(&set->text);
    free(set->entries);
    free(set->view);
    arena_free(set->scratch);
    *set = (struct subject_set){0};
}

void subject_set_reset(struct subject_set *set)
{
    buffer_reset(&set->text);
    set->count = 0;
    set->clean = 0;
    set->dropped = 0;
}

static int compare_subjects(const void *left, const void *right)
{
    const struct redact_subject *a = left;
    const struct redact_subject *b = right;
    if (a->kind != b->kind) {
        return a->kind < b->kind ? -1 : 1;
    }
    return bytes_compare(a->identifier, b->identifier);
}

/* Fills `view` with the subjects, sorted, each once; those beyond the bound are dropped. */
static amanat_result sort(struct subject_set *set, size_t *out_count)
{
    free(set->view);
    set->view = calloc(set->count + 1, sizeof(*set->view));
    TRY_MEMORY(set->view);
    for (size_t i = 0; i < set->count; i++) {
        const struct subject_entry *entry = &set->entries[i];
        set->view[i] = (struct redact_subject){
            entry->kind, bytes_of(set->text.at + entry->offset, entry->length)};
    }
    qsort(set->view, set->count, sizeof(*set->view), compare_subjects);
    size_t distinct = 0;
    for (size_t i = 0; i < set->count; i++) {
        if (distinct == 0 || compare_subjects(&set->view[distinct - 1], &set->view[i]) != 0) {
            set->view[distinct++] = set->view[i];
        }
    }
    if (distinct > REDACT_SUBJECT_LIMIT) {
        set->dropped += distinct - REDACT_SUBJECT_LIMIT;
        distinct = REDACT_SUBJECT_LIMIT;
    }
    *out_count = distinct;
    return AMANAT_OK;
}

/* Keeps each subject once, and no more of them than the bound. */
static amanat_result compact(struct subject_set *set)
{
    size_t distinct = 0;
    TRY(sort(set, &distinct));
    struct buffer text;
    buffer_init(&text, TEXT_LIMIT);
    for (size_t i = 0; i < distinct; i++) {
        const struct redact_subject *subject = &set->view[i];
        set->entries[i] =
            (struct subject_entry){subject->kind, text.length, subject->identifier.length};
        buffer_append(&text, subject->identifier);
    }
    buffer_clear(&set->text);
    set->text = text;
    set->count = distinct;
    set->clean = distinct;
    return buffer_check(&set->text);
}

/* Room for one more entry of `length` bytes; false when a bound is reached. The list may grow to
 * twice the bound before it is compacted, the text until half of the entries are new, so that the
 * work stays n log n. */
static amanat_result make_room(struct subject_set *set, size_t length, bool *out_fits)
{
    const bool is_text_full = length > set->text.limit - set->text.length;
    if (set->count >= LIST_LIMIT || (is_text_full && set->count >= 2 * set->clean)) {
        TRY(compact(set));
    }
    *out_fits = set->count < LIST_LIMIT && length <= set->text.limit - set->text.length;
    if (*out_fits && set->count == set->capacity) {
        const size_t capacity = set->capacity == 0 ? 64 : set->capacity * 2;
        struct subject_entry *larger = realloc(set->entries, capacity * sizeof(*larger));
        TRY_MEMORY(larger);
        set->entries = larger;
        set->capacity = capacity;
    }
    return AMANAT_OK;
}

static amanat_result add_identifier(struct subject_set *set, size_t kind, struct bytes text)
{
    struct bytes identifier = {0};
    bool fits = false;
    TRY(subject_normalise(set->vocabulary->subjects[kind].normalise, text, set->scratch,
                          &identifier));
    if (identifier.length == 0) {
        return AMANAT_OK;
    }
    TRY(make_room(set, identifier.length, &fits));
    if (!fits) {
        set->dropped++;
        return AMANAT_OK;
    }
    set->entries[set->count++] = (struct subject_entry){kind, set->text.length, identifier.length};
    buffer_append(&set->text, identifier);
    return buffer_check(&set->text);
}

amanat_result subject_set_add(struct subject_set *set, size_t subject_kind,
                              enum json_event_kind kind, struct bytes token)
{
    struct buffer decoded;
    buffer_init(&decoded, REDACT_IDENTIFIER_BYTES);
    const struct bytes spelt = bytes_first(
        token, token.length < REDACT_IDENTIFIER_BYTES ? token.length : REDACT_IDENTIFIER_BYTES);
    if (kind == JSON_EVENT_STRING) {
        json_text_decode(spelt, &decoded);
    } else {
        buffer_append(&decoded, spelt);
    }
    amanat_result result = buffer_check(&decoded);
    if (amanat_is_ok(result)) {
        result = add_identifier(set, subject_kind, buffer_bytes(&decoded));
    }
    buffer_clear(&decoded);
    arena_reset(set->scratch);
    return result;
}

amanat_result subject_set_list(struct subject_set *set, const struct redact_subject **out,
                               size_t *count)
{
    TRY(sort(set, count));
    *out = set->view;
    return AMANAT_OK;
}
