/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Implements amanat/redact.h, the public C API: catalogue, plan and redactor as objects of their
 * own, each in an arena. What a plan means is place.c's affair; here it is only put together.
 */
#include "amanat/redact.h"

#include <stdlib.h>

#include "policy/base/guard.h"
#include "policy/base/text.h"
#include "policy/redact/layout.h"
#include "policy/redact/redact.h"

/* Compiled documents of a whole folder; a plan has a few bytes for each label and record type. */
#define CATALOGUE_LIMIT ((size_t)1 << 30)
#define PLAN_LIMIT      ((size_t)64 << 20)
#define LAYOUTS_LIMIT   ((size_t)32 << 20)

#define TOKEN_KEY_BYTES 32

_Static_assert((int)AMANAT_MODE_TOKENIZE == (int)DISCLOSURE_TOKENIZE, "modes differ");
_Static_assert((int)AMANAT_MODE_MASK == (int)DISCLOSURE_MASK, "modes differ");
_Static_assert((int)AMANAT_MODE_COARSEN == (int)DISCLOSURE_COARSEN, "modes differ");
_Static_assert((int)AMANAT_MODE_REVEAL == (int)DISCLOSURE_REVEAL, "modes differ");

struct amanat_catalogue {
    struct arena *arena;
    struct catalogue *catalogue;
    struct layouts *layouts;
};

struct rule {
    amanat_rule_fn ask; /* NULL: nobody asks */
    void *context;
};

struct amanat_plan {
    struct arena *arena;
    struct plan plan;
    struct plan_verdict *service;
    struct plan_verdict **verdicts; /* [record type] */
    struct plan_record *records;
    bool **reads; /* [record type][attribute] */
    struct rule *rules;
};

struct amanat_redactor {
    struct redactor *redactor;
    amanat_write_fn write;
    void *context;
    size_t label_count;
    struct amanat_account account;
};

struct amanat_record {
    const struct catalogue *catalogue;
    const struct record_question *questions; /* from the outermost inwards */
    size_t at;
    const struct amanat_record *around;
};

struct amanat_record_modes {
    const struct vocabulary *vocabulary;
    uint8_t *modes; /* one for each label */
    bool has_tokens;
};

/* ---- Catalogue ---- */

/* Nothing is read but what a plan says: all that could be read may be. */
static void mark_readable(struct catalogue *catalogue)
{
    for (size_t i = 0; i < catalogue->record_count; i++) {
        for (size_t k = 0; k < catalogue->records[i].attribute_count; k++) {
            catalogue->records[i].attributes[k].read = true;
        }
    }
}

static amanat_result compile(struct amanat_catalogue *catalogue,
                             const struct amanat_source *sources, size_t count,
                             struct amanat_diagnostics *diagnostics)
{
    struct catalogue_source *files = arena_allocate_array(catalogue->arena, count, sizeof(*files));
    TRY_MEMORY(files);
    for (size_t i = 0; i < count; i++) {
        TRY(arena_copy_bytes(catalogue->arena, bytes_of_string(sources[i].name), &files[i].path));
        TRY(arena_copy_bytes(catalogue->arena, bytes_of_text(sources[i].text), &files[i].text));
    }
    const amanat_result result =
        catalogue_compile(catalogue->arena, files, count, diagnostics, &catalogue->catalogue);
    for (size_t i = 0; i < count; i++) {
        amanat_diagnostics_quote(diagnostics, files[i].path.at, files[i].text.at,
                                 files[i].text.length);
    }
    TRY(result);
    mark_readable(catalogue->catalogue);
    return layouts_new(catalogue->arena, LAYOUTS_LIMIT, &catalogue->layouts);
}

amanat_result amanat_catalogue_compile(const struct amanat_source *sources, size_t count,
                                       struct amanat_diagnostics *diagnostics,
                                       struct amanat_catalogue **out)
{
    struct amanat_catalogue *catalogue = calloc(1, sizeof(*catalogue));
    TRY_MEMORY(catalogue);
    catalogue->arena = arena_new(CATALOGUE_LIMIT);
    const amanat_result result = catalogue->arena == NULL
                                     ? amanat_result_of(AMANAT_STATUS_MEMORY)
                                     : compile(catalogue, sources, count, diagnostics);
    if (!amanat_is_ok(result)) {
        amanat_catalogue_free(catalogue);
        return result;
    }
    *out = catalogue;
    return AMANAT_OK;
}

void amanat_catalogue_free(struct amanat_catalogue *catalogue)
{
    if (catalogue != NULL) {
        arena_free(catalogue->arena);
        free(catalogue);
    }
}

/* ---- Records and rules ---- */

struct amanat_text amanat_record_type(const struct amanat_record *record)
{
    return text_of_bytes(record->catalogue->records[record->questions[record->at].record].name);
}

const struct amanat_record *amanat_record_around(const struct amanat_record *record)
{
    return record->around;
}

struct amanat_text amanat_record_attribute(const struct amanat_record *record,
                                           const char *attribute)
{
    const struct record_question *question = &record->questions[record->at];
    const struct catalogue_record *type = &record->catalogue->records[question->record];
    for (size_t i = 0; i < question->attribute_count; i++) {
        if (bytes_equal_string(type->attributes[question->attributes[i].index].name, attribute)) {
            return text_of_bytes(question->attributes[i].text);
        }
    }
    return (struct amanat_text){0};
}

/* Whether `label` is `parent` or lies below it. */
static bool label_is_in(const struct vocabulary *vocabulary, size_t label, size_t parent)
{
    while (label != CATALOGUE_NONE && label != parent) {
        label = vocabulary->labels[label].parent;
    }
    return label == parent;
}

/* The strongest mode up to `most` that can be carried out for the label. */
static uint8_t possible_mode(const struct catalogue_label *label, unsigned most, bool has_tokens)
{
    while (most > DISCLOSURE_WITHHELD &&
           (!label->defines[most] || (most == DISCLOSURE_TOKENIZE && !has_tokens))) {
        most--;
    }
    return (uint8_t)most;
}

void amanat_record_limit(struct amanat_record_modes *modes, const char *label,
                         enum amanat_mode most)
{
    const struct vocabulary *vocabulary = modes->vocabulary;
    const size_t parent = vocabulary_find_label(vocabulary, bytes_of_string(label));
    const unsigned limit =
        (unsigned)most > DISCLOSURE_REVEAL ? DISCLOSURE_WITHHELD : (unsigned)most;
    for (size_t i = 0; i < vocabulary->label_count; i++) {
        if (parent == CATALOGUE_NONE) {
            modes->modes[i] = DISCLOSURE_WITHHELD;
        } else if (label_is_in(vocabulary, i, parent) && modes->modes[i] > limit) {
            modes->modes[i] = possible_mode(&vocabulary->labels[i], limit, modes->has_tokens);
        }
    }
}

/* The most records in each other that a rule sees around its own: as deep as documents are. */
#define RECORD_DEPTH 512

static amanat_result ask_rule(void *context, const struct record_question *record,
                              const struct record_question *outer, size_t outer_count,
                              uint8_t *modes, bool *out_valid)
{
    const struct amanat_plan *plan = context;
    const struct catalogue *catalogue = plan->plan.catalogue;
    const struct rule *rule = &plan->rules[record->record];
    struct amanat_record records[RECORD_DEPTH + 1];
    struct amanat_record_modes allowed = {&catalogue->vocabulary, modes,
                                          plan->plan.tokenize_key.length > 0};
    if (outer_count > RECORD_DEPTH) {
        return amanat_result_of(AMANAT_STATUS_LIMIT);
    }
    for (size_t i = 0; i < outer_count; i++) {
        records[i] = (struct amanat_record){catalogue, outer, i, i == 0 ? NULL : &records[i - 1]};
    }
    records[outer_count] = (struct amanat_record){
        catalogue, record, 0, outer_count == 0 ? NULL : &records[outer_count - 1]};
    for (size_t i = 0; i < catalogue->vocabulary.label_count; i++) {
        modes[i] = plan->verdicts[record->record][i].strongest;
    }
    *out_valid = rule->ask == NULL || rule->ask(rule->context, &records[outer_count], &allowed);
    return AMANAT_OK;
}

/* ---- Plan ---- */

static amanat_result make_record(struct amanat_plan *plan, const struct catalogue *catalogue,
                                 size_t record)
{
    const size_t attribute_count = catalogue->records[record].attribute_count;
    plan->verdicts[record] = arena_allocate_array(plan->arena, catalogue->vocabulary.label_count,
                                                  sizeof(**plan->verdicts));
    plan->reads[record] = arena_allocate_array(plan->arena, attribute_count, sizeof(bool));
    TRY_MEMORY(plan->verdicts[record]);
    TRY_MEMORY(plan->reads[record]);
    plan->records[record] =
        (struct plan_record){.verdicts = plan->verdicts[record], .reads = plan->reads[record]};
    return AMANAT_OK;
}

static amanat_result make_plan(struct amanat_plan *plan, const struct catalogue *catalogue)
{
    const size_t count = catalogue->record_count;
    plan->service = arena_allocate_array(plan->arena, catalogue->vocabulary.label_count,
                                         sizeof(*plan->service));
    plan->verdicts = arena_allocate_array(plan->arena, count, sizeof(*plan->verdicts));
    plan->records = arena_allocate_array(plan->arena, count, sizeof(*plan->records));
    plan->reads = arena_allocate_array(plan->arena, count, sizeof(*plan->reads));
    plan->rules = arena_allocate_array(plan->arena, count, sizeof(*plan->rules));
    TRY_MEMORY(plan->service);
    TRY_MEMORY(plan->verdicts);
    TRY_MEMORY(plan->records);
    TRY_MEMORY(plan->reads);
    TRY_MEMORY(plan->rules);
    for (size_t i = 0; i < count; i++) {
        TRY(make_record(plan, catalogue, i));
    }
    plan->plan = (struct plan){.catalogue = catalogue,
                               .service = plan->service,
                               .records = plan->records,
                               .ask = ask_rule,
                               .ask_context = plan};
    return AMANAT_OK;
}

struct amanat_plan *amanat_plan_new(const struct amanat_catalogue *catalogue)
{
    struct amanat_plan *plan = calloc(1, sizeof(*plan));
    if (plan == NULL) {
        return NULL;
    }
    plan->arena = arena_new(PLAN_LIMIT);
    if (plan->arena == NULL || !amanat_is_ok(make_plan(plan, catalogue->catalogue))) {
        amanat_plan_free(plan);
        return NULL;
    }
    plan->plan.layouts = catalogue->layouts;
    return plan;
}

void amanat_plan_free(struct amanat_plan *plan)
{
    if (plan != NULL) {
        arena_free(plan->arena);
        free(plan);
    }
}

/* A record type by its name, or the catalogue's count of them. */
static size_t find_record(const struct catalogue *catalogue, const char *name)
{
    size_t at = 0;
    while (at < catalogue->record_count && !bytes_equal_string(catalogue->records[at].name, name)) {
        at++;
    }
    return at;
}

/* Lets each label below `parent` leave in `mode`, where that has a meaning; whether any does. */
static bool allow_below(const struct vocabulary *vocabulary, struct plan_verdict *verdicts,
                        size_t parent, unsigned mode, bool depends_on_record)
{
    bool any = false;
    for (size_t i = 0; i < vocabulary->label_count; i++) {
        if (!vocabulary->labels[i].defines[mode] || !label_is_in(vocabulary, i, parent)) {
            continue;
        }
        any = true;
        if (verdicts[i].strongest < mode) {
            verdicts[i] = (struct plan_verdict){(uint8_t)mode, depends_on_record};
        }
    }
    return any;
}

amanat_result amanat_plan_allow(struct amanat_plan *plan, const char *record, const char *label,
                                enum amanat_mode mode)
{
    const struct catalogue *catalogue = plan->plan.catalogue;
    const bool is_outside = record[0] == '\0';
    const size_t type = is_outside ? 0 : find_record(catalogue, record);
    const size_t parent = vocabulary_find_label(&catalogue->vocabulary, bytes_of_string(label));
    if ((!is_outside && type == catalogue->record_count) || parent == CATALOGUE_NONE ||
        mode <= AMANAT_MODE_WITHHELD || mode > AMANAT_MODE_REVEAL) {
        return amanat_result_of(AMANAT_STATUS_CONFIG_FAULT);
    }
    const bool any =
        allow_below(&catalogue->vocabulary, is_outside ? plan->service : plan->verdicts[type],
                    parent, (unsigned)mode, !is_outside && plan->rules[type].ask != NULL);
    return any ? AMANAT_OK : amanat_result_of(AMANAT_STATUS_CONFIG_FAULT);
}

amanat_result amanat_plan_set_token_key(struct amanat_plan *plan,
                                        const uint8_t secret[TOKEN_KEY_BYTES], const char *partner)
{
    struct bytes key;
    struct bytes name;
    TRY(arena_copy_bytes(plan->arena, bytes_of((const char *)secret, TOKEN_KEY_BYTES), &key));
    TRY(arena_copy_bytes(plan->arena, bytes_of_string(partner), &name));
    plan->plan.tokenize_key = key;
    plan->plan.partner = name;
    return AMANAT_OK;
}

void amanat_plan_set_now(struct amanat_plan *plan, int64_t milliseconds)
{
    plan->plan.now = milliseconds;
}

static bool mark_attribute(const struct catalogue_record *record, const char *name, bool *reads)
{
    for (size_t i = 0; i < record->attribute_count; i++) {
        if (bytes_equal_string(record->attributes[i].name, name)) {
            reads[i] = true;
            return true;
        }
    }
    return false;
}

amanat_result amanat_plan_ask(struct amanat_plan *plan, const char *record,
                              const char *const *attributes, size_t attribute_count,
                              amanat_rule_fn rule, void *context)
{
    const struct catalogue *catalogue = plan->plan.catalogue;
    const size_t type = find_record(catalogue, record);
    if (type == catalogue->record_count) {
        return amanat_result_of(AMANAT_STATUS_CONFIG_FAULT);
    }
    for (size_t i = 0; i < attribute_count; i++) {
        if (!mark_attribute(&catalogue->records[type], attributes[i], plan->reads[type])) {
            return amanat_result_of(AMANAT_STATUS_CONFIG_FAULT);
        }
    }
    plan->rules[type] = (struct rule){rule, context};
    plan->records[type].asks = true;
    for (size_t i = 0; i < catalogue->vocabulary.label_count; i++) {
        plan->verdicts[type][i].depends_on_record =
            plan->verdicts[type][i].strongest > DISCLOSURE_WITHHELD;
    }
    return AMANAT_OK;
}

/* ---- Redactor ---- */

static amanat_result take_window(void *context, const struct redact_window *window)
{
    struct amanat_redactor *redactor = context;
    const struct bytes bytes = window->bytes.bytes;
    struct amanat_account *account = &redactor->account;
    account->records_disclosed += window->records_disclosed;
    account->records_left_out += window->records_left_out;
    account->records_over_limit += window->records_over_limit;
    account->wrong_type += window->wrong_type;
    account->fields_withheld += window->withheld_unlabelled;
    for (size_t i = 0; i < redactor->label_count; i++) {
        account->fields_withheld += window->withheld[i];
        for (size_t mode = 0; mode < DISCLOSURE_MODE_COUNT; mode++) {
            account->fields_disclosed += window->disclosed[i][mode];
        }
    }
    return bytes.length == 0 ? AMANAT_OK : redactor->write(redactor->context, text_of_bytes(bytes));
}

static const struct catalogue_operation *find_operation(const struct catalogue *catalogue,
                                                        const char *id)
{
    for (size_t i = 0; i < catalogue->service_count; i++) {
        for (size_t k = 0; k < catalogue->services[i].operation_count; k++) {
            if (bytes_equal_string(catalogue->services[i].operations[k].id, id)) {
                return &catalogue->services[i].operations[k];
            }
        }
    }
    return NULL;
}

static const struct catalogue_media_type *find_answer(const struct amanat_redactor_options *options)
{
    const struct catalogue_operation *operation =
        find_operation(options->plan->plan.catalogue, options->operation);
    const struct catalogue_response *response =
        operation == NULL ? NULL : catalogue_find_response(operation, options->status);
    const struct catalogue_media_type *type =
        response == NULL
            ? NULL
            : catalogue_find_media_type(response->media_types, response->media_type_count,
                                        bytes_of_string(options->content_type));
    return type == NULL || (!type->is_json && !type->is_ndjson) ? NULL : type;
}

amanat_result amanat_redactor_new(const struct amanat_redactor_options *options,
                                  struct amanat_redactor **out)
{
    const bool is_whole = options->plan != NULL && options->write != NULL;
    const struct catalogue_media_type *type = is_whole ? find_answer(options) : NULL;
    struct amanat_redactor *redactor = type == NULL ? NULL : calloc(1, sizeof(*redactor));
    if (type == NULL) {
        return amanat_result_of(AMANAT_STATUS_CONFIG_FAULT);
    }
    TRY_MEMORY(redactor);
    redactor->label_count = options->plan->plan.catalogue->vocabulary.label_count;
    redactor->write = options->write;
    redactor->context = options->context;
    const struct redactor_options inner = {.plan = &options->plan->plan,
                                           .root = type->root,
                                           .ndjson = type->is_ndjson,
                                           .on_window = take_window,
                                           .context = redactor};
    const amanat_result result = redactor_new(&inner, &redactor->redactor);
    if (!amanat_is_ok(result)) {
        amanat_redactor_free(redactor);
        return result;
    }
    *out = redactor;
    return AMANAT_OK;
}

void amanat_redactor_free(struct amanat_redactor *redactor)
{
    if (redactor != NULL) {
        redactor_free(redactor->redactor);
        free(redactor);
    }
}

amanat_result amanat_redactor_feed(struct amanat_redactor *redactor, struct amanat_text piece)
{
    return redactor_feed(redactor->redactor, (struct undisclosed_bytes){bytes_of_text(piece)});
}

amanat_result amanat_redactor_finish(struct amanat_redactor *redactor, bool *out_nothing)
{
    TRY(redactor_finish(redactor->redactor, out_nothing));
    if (*out_nothing) { /* there was no window to tell of them */
        const struct redact_left_out left_out = redactor_left_out(redactor->redactor);
        redactor->account.records_left_out += left_out.records;
        redactor->account.records_over_limit += left_out.over_limit;
    }
    return AMANAT_OK;
}

const char *amanat_redactor_fault(const struct amanat_redactor *redactor)
{
    return redact_fault_name(redactor_fault(redactor->redactor));
}

struct amanat_account amanat_redactor_account(const struct amanat_redactor *redactor)
{
    return redactor->account;
}
