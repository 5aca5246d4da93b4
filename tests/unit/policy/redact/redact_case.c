/* SPDX-License-Identifier: Apache-2.0 */
/* Reads descriptions (redact_case.h) and runs the redactor over bodies. A fault in a description is
 * a fault of the test and ends it. */
#include "redact_case.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/base/calendar.h"
#include "policy/base/guard.h"
#include "policy/catalogue/vocabulary_read.h"
#include "policy/redact/layout.h"

_Noreturn static void give_up(const char *what, struct bytes which)
{
    fprintf(stderr, "bad description: %s: %.*s\n", what, BYTES_PRINTF(which));
    exit(2);
}

static void *allocate(struct redact_case *redact_case, size_t count, size_t size)
{
    void *memory = arena_allocate_array(redact_case->arena, count, size);
    if (memory == NULL) {
        give_up("no memory", BYTES(""));
    }
    return memory;
}

static size_t count_of(const struct document *document)
{
    return document == NULL ? 0 : document->count;
}

static struct bytes text_of(const struct document *object, const char *key)
{
    const struct document *value = document_get(object, key);
    return value == NULL ? (struct bytes){0} : value->text;
}

static unsigned number_of(const struct document *object, const char *key)
{
    int64_t number = 0;
    (void)document_integer(document_get(object, key), &number);
    return (unsigned)number;
}

/* ---- words ---- */

static const char *const mode_words[DISCLOSURE_MODE_COUNT] = {"withheld", "tokenize", "mask",
                                                              "coarsen", "reveal"};
static const char *const kind_words[] = {"null",   "boolean", "integer", "number",
                                         "string", "array",   "object"};
static const char *const attribute_words[] = {"none", "string", "long",    "bool", "datetime",
                                              "date", "ipaddr", "decimal", "set",  "record"};
static const char *const normalise_words[] = {"exact", "digits", "upper-alnum", "lower"};

static size_t find_word(const char *const *words, size_t count, struct bytes word)
{
    for (size_t i = 0; i < count; i++) {
        if (bytes_equal_string(word, words[i])) {
            return i;
        }
    }
    give_up("unknown word", word);
}
#define FIND_WORD(words, word) find_word((words), sizeof(words) / sizeof((words)[0]), (word))

static size_t index_of_key(const struct document *object, struct bytes key)
{
    for (size_t i = 0; i < count_of(object); i++) {
        if (bytes_equal(object->members[i].key, key)) {
            return i;
        }
    }
    give_up("unknown name", key);
}

/* ---- vocabulary ---- */

/* Labels as the product reads them. */
static void read_labels_of_vocabulary(struct redact_case *redact_case)
{
    const struct document *labels = document_get(redact_case->description, "labels");
    struct amanat_diagnostics *diagnostics = amanat_diagnostics_new();
    const struct document_member members[] = {
        {.key = BYTES("labels"), .value = labels == NULL ? (struct document){0} : *labels}};
    const struct document root = {
        .kind = DOCUMENT_OBJECT, .members = members, .count = labels == NULL ? 0 : 1};
    if (!amanat_is_ok(vocabulary_read(redact_case->arena, "description", &root, diagnostics,
                                      &redact_case->catalogue.vocabulary))) {
        give_up("labels", bytes_of_string(amanat_diagnostics_count(diagnostics) > 0
                                              ? amanat_diagnostics_at(diagnostics, 0)->text
                                              : ""));
    }
    amanat_diagnostics_free(diagnostics);
}

static void read_vocabulary(struct redact_case *redact_case)
{
    const struct document *subjects = document_get(redact_case->description, "subjects");
    struct catalogue_subject *subject =
        allocate(redact_case, count_of(subjects), sizeof(struct catalogue_subject));
    for (size_t i = 0; i < count_of(subjects); i++) {
        subject[i].kind = subjects->members[i].key;
        subject[i].normalise =
            (enum subject_normalise)FIND_WORD(normalise_words, subjects->members[i].value.text);
    }
    read_labels_of_vocabulary(redact_case);
    redact_case->catalogue.vocabulary.subjects = subject;
    redact_case->catalogue.vocabulary.subject_count = count_of(subjects);
}

static size_t index_of_label(const struct redact_case *redact_case, struct bytes name)
{
    const size_t index = vocabulary_find_label(&redact_case->catalogue.vocabulary, name);
    if (index == CATALOGUE_NONE) {
        give_up("unknown label", name);
    }
    return index;
}

/* ---- records and nodes ---- */

static struct catalogue_attribute *read_attributes(struct redact_case *redact_case,
                                                   const struct document *list);

static void read_attribute(struct redact_case *redact_case, const struct document *value,
                           struct catalogue_attribute *out)
{
    const struct document *element = document_get(value, "element");
    const struct document *fields = document_get(value, "fields");
    const struct document *optional = document_get(value, "optional");
    const struct document *unread = document_get(value, "unread");
    out->name = text_of(value, "name");
    out->type = (enum attribute_type)FIND_WORD(attribute_words, text_of(value, "type"));
    out->optional = optional != NULL && optional->boolean;
    out->read = unread == NULL || !unread->boolean;
    if (element != NULL) {
        struct catalogue_attribute *read = allocate(redact_case, 1, sizeof(*read));
        read_attribute(redact_case, element, read);
        out->element = read;
    }
    out->fields = read_attributes(redact_case, fields);
    out->field_count = count_of(fields);
}

static struct catalogue_attribute *read_attributes(struct redact_case *redact_case,
                                                   const struct document *list)
{
    struct catalogue_attribute *out = allocate(redact_case, count_of(list), sizeof(*out));
    for (size_t i = 0; i < count_of(list); i++) {
        read_attribute(redact_case, &list->items[i], &out[i]);
    }
    return out;
}

static void read_records(struct redact_case *redact_case)
{
    const struct document *records = document_get(redact_case->description, "records");
    struct catalogue_record *out = allocate(redact_case, count_of(records), sizeof(*out));
    for (size_t i = 0; i < count_of(records); i++) {
        out[i].name = records->members[i].key;
        out[i].attributes = read_attributes(redact_case, &records->members[i].value);
        out[i].attribute_count = records->members[i].value.count;
    }
    redact_case->catalogue.records = out;
    redact_case->catalogue.record_count = count_of(records);
}

static size_t find_attribute(const struct redact_case *redact_case, size_t record,
                             struct bytes name)
{
    const struct catalogue_record *type =
        record == CATALOGUE_NONE ? NULL : &redact_case->catalogue.records[record];
    for (size_t i = 0; type != NULL && i < type->attribute_count; i++) {
        if (bytes_equal(type->attributes[i].name, name)) {
            return i;
        }
    }
    return CATALOGUE_NONE;
}

static int compare_members(const void *left, const void *right)
{
    const struct catalogue_member *a = left;
    const struct catalogue_member *b = right;
    return bytes_compare(a->name, b->name);
}

static size_t *read_labels(struct redact_case *redact_case, const struct document *list)
{
    size_t *out = allocate(redact_case, count_of(list), sizeof(*out));
    for (size_t i = 0; i < count_of(list); i++) {
        out[i] = index_of_label(redact_case, list->items[i].text);
    }
    return out;
}

static const struct catalogue_node *node_named(struct redact_case *redact_case,
                                               struct catalogue_node *nodes,
                                               const struct document *name)
{
    const struct document *declared = document_get(redact_case->description, "nodes");
    return name == NULL ? NULL : &nodes[index_of_key(declared, name->text)];
}

static void read_members(struct redact_case *redact_case, struct catalogue_node *nodes,
                         const struct document *members, struct catalogue_node *out)
{
    out->member_count = count_of(members);
    out->members = allocate(redact_case, out->member_count, sizeof(*out->members));
    for (size_t i = 0; i < out->member_count; i++) {
        out->members[i].name = members->members[i].key;
        out->members[i].node = node_named(redact_case, nodes, &members->members[i].value);
        out->members[i].attribute =
            find_attribute(redact_case, out->record, members->members[i].key);
    }
    qsort(out->members, out->member_count, sizeof(*out->members), compare_members);
}

static void read_node(struct redact_case *redact_case, struct catalogue_node *nodes,
                      const struct document *value, struct catalogue_node *out)
{
    const struct document *kinds = document_get(value, "kinds");
    const struct document *labels = document_get(value, "labels");
    const struct document *record = document_get(value, "record");
    const struct document *subject = document_get(value, "subject");
    const struct document *anything = document_get(value, "anything");
    for (size_t i = 0; i < count_of(kinds); i++) {
        out->kinds |= 1U << FIND_WORD(kind_words, kinds->items[i].text);
    }
    out->labels = read_labels(redact_case, labels);
    out->label_count = count_of(labels);
    out->record = record == NULL ? CATALOGUE_NONE
                                 : index_of_key(document_get(redact_case->description, "records"),
                                                record->text);
    out->subject =
        subject == NULL
            ? CATALOGUE_NONE
            : index_of_key(document_get(redact_case->description, "subjects"), subject->text);
    out->additional = node_named(redact_case, nodes, document_get(value, "additional"));
    out->items = node_named(redact_case, nodes, document_get(value, "items"));
    out->is_anything = anything != NULL && anything->boolean;
    read_members(redact_case, nodes, document_get(value, "members"), out);
}

static void read_nodes(struct redact_case *redact_case)
{
    const struct document *declared = document_get(redact_case->description, "nodes");
    struct catalogue_node *nodes = allocate(redact_case, count_of(declared), sizeof(*nodes));
    for (size_t i = 0; i < count_of(declared); i++) {
        read_node(redact_case, nodes, &declared->members[i].value, &nodes[i]);
    }
    redact_case->root =
        node_named(redact_case, nodes, document_get(redact_case->description, "root"));
}

/* ---- plan ---- */

static struct plan_verdict *read_verdicts(struct redact_case *redact_case,
                                          const struct document *modes, bool *out_asks)
{
    struct plan_verdict *out =
        allocate(redact_case, redact_case->catalogue.vocabulary.label_count, sizeof(*out));
    for (size_t i = 0; i < count_of(modes); i++) {
        const struct document *value = &modes->members[i].value;
        struct plan_verdict *verdict = &out[index_of_label(redact_case, modes->members[i].key)];
        verdict->depends_on_record = value->kind == DOCUMENT_ARRAY;
        const struct bytes word = verdict->depends_on_record ? value->items[0].text : value->text;
        verdict->strongest = (uint8_t)FIND_WORD(mode_words, word);
        *out_asks = *out_asks || verdict->depends_on_record;
    }
    return out;
}

/* The day on which ages are counted. */
static int64_t now_of(const struct document *description)
{
    struct calendar_time time;
    return calendar_parse(text_of(description, "now"), &time) ? calendar_milliseconds(&time) : 0;
}

static void read_plan(struct redact_case *redact_case, plan_ask_fn *ask)
{
    const struct document *description = redact_case->description;
    const struct document *plan = document_get(description, "plan");
    const size_t records = redact_case->catalogue.record_count;
    struct plan_record *out = allocate(redact_case, records, sizeof(*out));
    bool asks = false;
    for (size_t i = 0; i < records; i++) {
        out[i].verdicts = read_verdicts(
            redact_case, document_get_bytes(plan, redact_case->catalogue.records[i].name),
            &out[i].asks);
    }
    redact_case->plan = (struct plan){
        .catalogue = &redact_case->catalogue,
        .service = read_verdicts(redact_case, document_get(description, "service"), &asks),
        .records = out,
        .ask = ask,
        .ask_context = redact_case,
        .partner = text_of(description, "partner"),
        .tokenize_key = BYTES("0123456789abcdef0123456789abcdef"),
        .tokenize_previous = text_of(description, "previous"),
        .now = now_of(description)};
    ASSERT(
        amanat_is_ok(layouts_new(redact_case->arena, (size_t)1 << 20, &redact_case->plan.layouts)));
}

/* ---- answers about records ---- */

static const struct record_attribute *given(const struct record_question *question, size_t index)
{
    for (size_t i = 0; i < question->attribute_count; i++) {
        if (question->attributes[i].index == index) {
            return &question->attributes[i];
        }
    }
    return NULL;
}

static bool has_type(const struct catalogue_attribute *attribute, const struct document *value);

static bool has_fields(const struct catalogue_attribute *attribute, const struct document *value)
{
    for (size_t i = 0; i < attribute->field_count; i++) {
        const struct catalogue_attribute *field = &attribute->fields[i];
        const struct document *member = document_get_bytes(value, field->name);
        if (member == NULL ? !field->optional : !has_type(field, member)) {
            return false;
        }
    }
    return true;
}

static bool has_elements(const struct catalogue_attribute *attribute, const struct document *value)
{
    for (size_t i = 0; i < value->count; i++) {
        if (!has_type(attribute->element, &value->items[i])) {
            return false;
        }
    }
    return true;
}

static bool has_type(const struct catalogue_attribute *attribute, const struct document *value)
{
    int64_t integer = 0;
    switch (attribute->type) {
    case ATTRIBUTE_LONG:
        return document_integer(value, &integer);
    case ATTRIBUTE_BOOL:
        return value->kind == DOCUMENT_BOOL;
    case ATTRIBUTE_DECIMAL:
        return value->kind == DOCUMENT_NUMBER;
    case ATTRIBUTE_SET:
        return value->kind == DOCUMENT_ARRAY && has_elements(attribute, value);
    case ATTRIBUTE_RECORD:
        return value->kind == DOCUMENT_OBJECT && has_fields(attribute, value);
    default:
        return value->kind == DOCUMENT_STRING;
    }
}

static bool is_valid(const struct redact_case *redact_case, const struct record_question *question)
{
    const struct catalogue_record *type = &redact_case->catalogue.records[question->record];
    struct arena *arena = arena_new((size_t)64 << 20);
    bool valid = arena != NULL;
    for (size_t i = 0; i < type->attribute_count && valid; i++) {
        const struct catalogue_attribute *attribute = &type->attributes[i];
        const struct record_attribute *value = given(question, i);
        const struct document *document = NULL;
        if (!attribute->read) {
            continue;
        }
        valid = value == NULL ? attribute->optional
                              : amanat_is_ok(document_from_json(arena, "attribute", value->text,
                                                                NULL, &document)) &&
                                    has_type(attribute, document);
    }
    arena_free(arena);
    return valid;
}

/* `when`: [attribute, JSON text]; none holds always. */
static bool holds(const struct redact_case *redact_case, const struct document *when,
                  const struct record_question *question)
{
    if (when == NULL) {
        return true;
    }
    const size_t index = find_attribute(redact_case, question->record, when->items[0].text);
    const struct record_attribute *value = given(question, index);
    return value != NULL && bytes_equal(value->text, when->items[1].text);
}

static void apply_answer(const struct redact_case *redact_case,
                         const struct record_question *record, uint8_t *modes)
{
    const struct document *answers =
        document_get_bytes(document_get(redact_case->description, "answers"),
                           redact_case->catalogue.records[record->record].name);
    for (size_t i = 0; i < count_of(answers); i++) {
        if (!holds(redact_case, document_get(&answers->items[i], "when"), record)) {
            continue;
        }
        const struct document *given_modes = document_get(&answers->items[i], "modes");
        for (size_t k = 0; k < count_of(given_modes); k++) {
            modes[index_of_label(redact_case, given_modes->members[k].key)] =
                (uint8_t)FIND_WORD(mode_words, given_modes->members[k].value.text);
        }
        return;
    }
}

static void apply_forbids(const struct redact_case *redact_case,
                          const struct record_question *record, uint8_t *modes)
{
    const struct document *forbids = document_get(redact_case->description, "forbids");
    for (size_t i = 0; i < count_of(forbids); i++) {
        const struct document *forbid = &forbids->items[i];
        if (!bytes_equal(text_of(forbid, "record"),
                         redact_case->catalogue.records[record->record].name) ||
            !holds(redact_case, document_get(forbid, "when"), record)) {
            continue;
        }
        const struct document *forbidden = document_get(forbid, "labels");
        for (size_t k = 0; k < count_of(forbidden); k++) {
            modes[index_of_label(redact_case, forbidden->items[k].text)] = DISCLOSURE_WITHHELD;
        }
    }
}

static amanat_result ask(void *context, const struct record_question *record,
                         const struct record_question *outer, size_t outer_count, uint8_t *modes,
                         bool *out_valid)
{
    const struct redact_case *redact_case = context;
    *out_valid = is_valid(redact_case, record);
    apply_answer(redact_case, record, modes);
    apply_forbids(redact_case, record, modes);
    for (size_t i = 0; i < outer_count; i++) {
        *out_valid = *out_valid && is_valid(redact_case, &outer[i]);
        apply_forbids(redact_case, &outer[i], modes);
    }
    return AMANAT_OK;
}

struct redact_case *redact_case_new(struct bytes description)
{
    struct redact_case *redact_case = calloc(1, sizeof(*redact_case));
    redact_case->arena = arena_new((size_t)64 << 20);
    struct amanat_diagnostics *diagnostics = amanat_diagnostics_new();
    if (!amanat_is_ok(document_from_json(redact_case->arena, "description", description,
                                         diagnostics, &redact_case->description))) {
        give_up(amanat_diagnostics_at(diagnostics, 0)->text, description);
    }
    amanat_diagnostics_free(diagnostics);
    read_vocabulary(redact_case);
    read_records(redact_case);
    read_nodes(redact_case);
    read_plan(redact_case, ask);
    const struct document *ndjson = document_get(redact_case->description, "ndjson");
    redact_case->ndjson = ndjson != NULL && ndjson->boolean;
    redact_case->depth_limit = number_of(redact_case->description, "depth");
    redact_case->record_limit = number_of(redact_case->description, "limit");
    return redact_case;
}

void redact_case_free(struct redact_case *redact_case)
{
    if (redact_case == NULL) {
        return;
    }
    arena_free(redact_case->arena);
    free(redact_case);
}

/* ---- runs ---- */

/* Sums over windows; subjects as "kind:identifier", sorted by window. */
struct collected {
    const struct redact_case *redact_case;
    struct redact_outcome *outcome;
    uint64_t *disclosed; /* [label][mode] */
    uint64_t *withheld;
    uint64_t unlabelled, wrong_type, records, left_out, over_limit;
    struct buffer subjects;
    bool last;
};

static void append_number(struct buffer *out, uint64_t number)
{
    buffer_append(out, bytes_of((const char *)&number, sizeof(number)));
}

static void note_account(const struct redact_window *window, size_t label_count, struct buffer *out)
{
    const uint64_t numbers[] = {window->last,
                                window->bytes.bytes.length,
                                window->withheld_unlabelled,
                                window->wrong_type,
                                window->records_disclosed,
                                window->records_left_out,
                                window->records_over_limit,
                                window->subject_count,
                                window->subjects_dropped};
    buffer_append(out, bytes_of((const char *)numbers, sizeof(numbers)));
    buffer_append(
        out, bytes_of((const char *)window->disclosed, label_count * sizeof(window->disclosed[0])));
    buffer_append(
        out, bytes_of((const char *)window->withheld, label_count * sizeof(window->withheld[0])));
    for (size_t i = 0; i < window->subject_count; i++) {
        append_number(out, window->subjects[i].kind);
        append_number(out, window->subjects[i].identifier.length);
        buffer_append(out, window->subjects[i].identifier);
    }
}

static amanat_result collect(void *context, const struct redact_window *window)
{
    struct collected *all = context;
    const struct vocabulary *vocabulary = &all->redact_case->catalogue.vocabulary;
    ASSERT(!all->last && window->first == (all->outcome->window_count == 0));
    all->last = window->last;
    all->outcome->window_count++;
    buffer_append(&all->outcome->body, window->bytes.bytes);
    buffer_append(&all->outcome->windows, window->bytes.bytes);
    buffer_append_string(&all->outcome->windows, "\n--\n");
    note_account(window, vocabulary->label_count, &all->outcome->accounts);
    for (size_t i = 0; i < vocabulary->label_count; i++) {
        for (size_t mode = 0; mode < DISCLOSURE_MODE_COUNT; mode++) {
            all->disclosed[i * DISCLOSURE_MODE_COUNT + mode] += window->disclosed[i][mode];
        }
        all->withheld[i] += window->withheld[i];
    }
    all->unlabelled += window->withheld_unlabelled;
    all->wrong_type += window->wrong_type;
    all->records += window->records_disclosed;
    all->left_out += window->records_left_out;
    all->over_limit += window->records_over_limit;
    for (size_t i = 0; i < window->subject_count; i++) {
        buffer_append_string(&all->subjects, all->subjects.length == 0 ? "" : ",");
        buffer_append_string(&all->subjects, "[");
        buffer_append_json_string(&all->subjects,
                                  vocabulary->subjects[window->subjects[i].kind].kind);
        buffer_append_string(&all->subjects, ",");
        buffer_append_json_string(&all->subjects, window->subjects[i].identifier);
        buffer_append_string(&all->subjects, "]");
    }
    return AMANAT_OK;
}

static void append_count(struct buffer *out, struct bytes label, const char *mode, uint64_t count,
                         bool *any)
{
    if (count > 0) {
        buffer_append_format(out, "%s\"%.*s%s%s\":%llu", *any ? "," : "", BYTES_PRINTF(label),
                             mode[0] == '\0' ? "" : "=", mode, (unsigned long long)count);
        *any = true;
    }
}

static void write_account(const struct collected *all, struct buffer *out)
{
    const struct vocabulary *vocabulary = &all->redact_case->catalogue.vocabulary;
    bool any = false;
    buffer_append_string(out, "{\"disclosed\":{");
    for (size_t i = 0; i < vocabulary->label_count; i++) {
        for (size_t mode = 0; mode < DISCLOSURE_MODE_COUNT; mode++) {
            append_count(out, vocabulary->labels[i].name, mode_words[mode],
                         all->disclosed[i * DISCLOSURE_MODE_COUNT + mode], &any);
        }
    }
    buffer_append_string(out, "},\"withheld\":{");
    any = false;
    for (size_t i = 0; i < vocabulary->label_count; i++) {
        append_count(out, vocabulary->labels[i].name, "", all->withheld[i], &any);
    }
    buffer_append_format(out,
                         "},\"unlabelled\":%llu,\"wrong_type\":%llu,\"records\":%llu,"
                         "\"left_out\":%llu",
                         (unsigned long long)all->unlabelled, (unsigned long long)all->wrong_type,
                         (unsigned long long)all->records, (unsigned long long)all->left_out);
    if (all->over_limit > 0) {
        buffer_append_format(out, ",\"over_limit\":%llu", (unsigned long long)all->over_limit);
    }
    buffer_append_format(out, ",\"subjects\":[%.*s]}", BYTES_PRINTF(buffer_bytes(&all->subjects)));
}

/* Each piece in a heap block of its own, so that sanitizers see a read past it. */
static amanat_result feed_piece(struct redactor *redactor, struct bytes piece)
{
    char *copy = malloc(piece.length == 0 ? 1 : piece.length);
    memcpy(copy, piece.at, piece.length);
    const amanat_result result =
        redactor_feed(redactor, (struct undisclosed_bytes){bytes_of(copy, piece.length)});
    free(copy);
    return result;
}

static amanat_result run(struct redactor *redactor, struct bytes body, redact_split_fn *split,
                         void *context, bool *out_nothing)
{
    for (size_t at = 0; at < body.length;) {
        const size_t left = body.length - at;
        const size_t length = split == NULL ? left : split(context, at, left);
        TRY(feed_piece(redactor, bytes_of(body.at + at, length)));
        at += length;
    }
    return redactor_finish(redactor, out_nothing);
}

struct redact_outcome redact_case_run(const struct redact_case *redact_case, struct bytes body,
                                      redact_split_fn *split, void *context)
{
    const size_t labels = redact_case->catalogue.vocabulary.label_count;
    struct redact_outcome outcome = {0};
    struct collected all = {.redact_case = redact_case, .outcome = &outcome};
    struct redactor *redactor = NULL;
    const struct redactor_options options = {.plan = &redact_case->plan,
                                             .root = redact_case->root,
                                             .ndjson = redact_case->ndjson,
                                             .depth_limit = redact_case->depth_limit,
                                             .record_limit = redact_case->record_limit,
                                             .mark = redact_case->mark,
                                             .on_window = collect,
                                             .context = &all};
    all.disclosed = calloc(labels * DISCLOSURE_MODE_COUNT + 1, sizeof(uint64_t));
    all.withheld = calloc(labels + 1, sizeof(uint64_t));
    buffer_init(&all.subjects, SIZE_MAX / 2);
    buffer_init(&outcome.body, SIZE_MAX / 2);
    buffer_init(&outcome.windows, SIZE_MAX / 2);
    buffer_init(&outcome.account, SIZE_MAX / 2);
    buffer_init(&outcome.accounts, SIZE_MAX / 2);
    outcome.result = redactor_new(&options, &redactor);
    if (amanat_is_ok(outcome.result)) {
        outcome.result = run(redactor, body, split, context, &outcome.nothing);
        outcome.fault = redactor_fault(redactor);
        ASSERT((outcome.fault == REDACT_FAULT_NONE) == amanat_is_ok(outcome.result));
    }
    redactor_free(redactor);
    write_account(&all, &outcome.account);
    free(all.disclosed);
    free(all.withheld);
    buffer_clear(&all.subjects);
    return outcome;
}

void redact_outcome_clear(struct redact_outcome *outcome)
{
    buffer_clear(&outcome->windows);
    buffer_clear(&outcome->body);
    buffer_clear(&outcome->account);
    buffer_clear(&outcome->accounts);
}

bool redact_outcomes_are_equal(const struct redact_outcome *a, const struct redact_outcome *b)
{
    return a->result.status == b->result.status && a->fault == b->fault &&
           a->nothing == b->nothing && a->window_count == b->window_count &&
           bytes_equal(buffer_bytes(&a->body), buffer_bytes(&b->body)) &&
           bytes_equal(buffer_bytes(&a->accounts), buffer_bytes(&b->accounts));
}

void redact_outcome_write(const struct redact_outcome *outcome, struct buffer *out)
{
    buffer_append_format(out, "{\"result\":\"%s\",\"fault\":\"%s\",\"nothing\":%s,\"windows\":",
                         amanat_status_name(outcome->result.status),
                         redact_fault_name(outcome->fault), outcome->nothing ? "true" : "false");
    buffer_append_json_string(out, buffer_bytes(&outcome->windows));
    buffer_append_string(out, ",\"body\":");
    buffer_append_json_string(out, buffer_bytes(&outcome->body));
    buffer_append_string(out, ",\"account\":");
    buffer_append(out, buffer_bytes(&outcome->account));
    buffer_append_string(out, "}");
}
