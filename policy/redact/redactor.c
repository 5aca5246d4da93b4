/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The redactor: puts scanner, walk, hold, emission and window together for one body. Two kinds:
 * JSON under a root node, and a body that passes whole.
 */
#include "policy/redact/redact.h"

#include <stdlib.h>

#include "policy/base/guard.h"
#include "policy/redact/layout.h"
#include "policy/redact/redact_emit.h"
#include "policy/redact/walk_run.h"

/* As deep as anybody nests; far deeper than services do. */
#define DEFAULT_DEPTH_LIMIT  512
#define DEFAULT_RECORD_LIMIT ((size_t)1 << 20)
/* Subjects; and arrays of items and attributes: one that has just grown leaves its older ones in
 * the arena. */
#define ARENA_BASE                ((size_t)64 << 20)
#define ARENA_BYTES(record_limit) (ARENA_BASE + 4 * REDACT_HOLD_BYTES(record_limit))

struct redactor {
    const struct plan *plan;
    bool is_whole;
    bool by_line;
    bool is_over; /* finished or failed */
    enum redact_fault fault;
    const size_t *labels; /* of a whole body */
    size_t label_count;
    struct layout *layout;
    struct arena *arena;
    struct arena *scratch;
    struct json_scanner scanner;
    struct window window;
    struct account pending;
    struct modes modes;
    struct emitter emitter;
    struct hold hold;
    struct walk walk;
};

static const char *const fault_names[] = {
    [REDACT_FAULT_NONE] = "none",           [REDACT_FAULT_SYNTAX] = "syntax",
    [REDACT_FAULT_ENCODING] = "encoding",   [REDACT_FAULT_DEPTH] = "depth",
    [REDACT_FAULT_DUPLICATE] = "duplicate", [REDACT_FAULT_NAMES] = "names",
    [REDACT_FAULT_TRUNCATED] = "truncated", [REDACT_FAULT_INTERNAL] = "internal",
};

const char *redact_fault_name(enum redact_fault fault)
{
    const size_t count = sizeof(fault_names) / sizeof(fault_names[0]);
    return (size_t)fault < count ? fault_names[fault] : "unknown";
}

/* What both kinds need. */
static amanat_result prepare(struct redactor *redactor, const struct redactor_options *options)
{
    const struct vocabulary *vocabulary = &options->plan->catalogue->vocabulary;
    redactor->plan = options->plan;
    return window_init(&redactor->window, vocabulary, options->on_window, options->context);
}

static amanat_result prepare_walk(struct redactor *redactor, const struct redactor_options *options,
                                  size_t record_limit)
{
    TRY(layout_take(options->plan, options->root, &redactor->layout));
    hold_init(&redactor->hold, redactor->arena, record_limit);
    emitter_init(&redactor->emitter, &redactor->window, &redactor->modes, redactor->arena,
                 options->ndjson);
    redactor->walk = (struct walk){.plan = options->plan,
                                   .root = layout_root(redactor->layout),
                                   .window = &redactor->window,
                                   .emitter = &redactor->emitter,
                                   .hold = &redactor->hold,
                                   .pending = &redactor->pending,
                                   .arena = redactor->arena,
                                   .scratch = redactor->scratch,
                                   .record_limit = record_limit};
    walk_init(&redactor->walk);
    return AMANAT_OK;
}

static amanat_result prepare_json(struct redactor *redactor, const struct redactor_options *options)
{
    const size_t depth = options->depth_limit == 0 ? DEFAULT_DEPTH_LIMIT : options->depth_limit;
    const size_t record_limit =
        options->record_limit == 0 ? DEFAULT_RECORD_LIMIT : options->record_limit;
    const size_t label_count = options->plan->catalogue->vocabulary.label_count;
    if (record_limit > SIZE_MAX / 1024 - ARENA_BASE) {
        return amanat_result_of(AMANAT_STATUS_CONFIG_FAULT);
    }
    redactor->by_line = options->ndjson;
    redactor->arena = arena_new(ARENA_BYTES(record_limit));
    redactor->scratch = arena_new(ARENA_BYTES(record_limit));
    TRY_MEMORY(redactor->arena);
    TRY_MEMORY(redactor->scratch);
    TRY(prepare(redactor, options));
    TRY(account_init(&redactor->pending, label_count));
    TRY(modes_init(&redactor->modes, options->plan, record_limit));
    TRY(json_scanner_init(&redactor->scanner, depth, options->ndjson));
    if (options->mark != NULL) {
        redactor->scanner.mark = options->mark;
    }
    return prepare_walk(redactor, options, record_limit);
}

amanat_result redactor_new(const struct redactor_options *options, struct redactor **out)
{
    TRY(plan_check(options->plan));
    if (options->root == NULL || options->on_window == NULL) {
        return amanat_result_of(AMANAT_STATUS_CONFIG_FAULT);
    }
    struct redactor *redactor = calloc(1, sizeof(*redactor));
    TRY_MEMORY(redactor);
    const amanat_result result = prepare_json(redactor, options);
    if (!amanat_is_ok(result)) {
        redactor_free(redactor);
        return result;
    }
    *out = redactor;
    return AMANAT_OK;
}

amanat_result redactor_new_whole(const struct redactor_options *options, const size_t *labels,
                                 size_t label_count, struct redactor **out)
{
    TRY(plan_check(options->plan));
    if (options->on_window == NULL) {
        return amanat_result_of(AMANAT_STATUS_CONFIG_FAULT);
    }
    struct redactor *redactor = calloc(1, sizeof(*redactor));
    TRY_MEMORY(redactor);
    redactor->is_whole = true;
    redactor->labels = labels;
    redactor->label_count = label_count;
    amanat_result result = prepare(redactor, options);
    if (amanat_is_ok(result)) {
        /* no bytes: asks whether any would pass */
        result = emit_whole(options->plan, labels, label_count, &redactor->window,
                            (struct undisclosed_bytes){{NULL, 0}});
    }
    if (!amanat_is_ok(result)) {
        redactor_free(redactor);
        return result;
    }
    redactor->window.account.disclosed[labels[0]][DISCLOSURE_REVEAL] = 1;
    *out = redactor;
    return AMANAT_OK;
}

void redactor_free(struct redactor *redactor)
{
    if (redactor == NULL) {
        return;
    }
    walk_clear(&redactor->walk);
    hold_clear(&redactor->hold);
    emitter_clear(&redactor->emitter);
    modes_clear(&redactor->modes);
    account_clear(&redactor->pending);
    window_clear(&redactor->window);
    json_scanner_clear(&redactor->scanner);
    arena_free(redactor->scratch);
    arena_free(redactor->arena);
    layout_give_back(redactor->layout);
    free(redactor);
}

/* Nothing comes out after a failure; what is held is forgotten now, not when somebody frees it. */
static amanat_result fail(struct redactor *redactor, amanat_result result, enum redact_fault fault)
{
    redactor->is_over = true;
    redactor->fault = fault;
    walk_clear(&redactor->walk);
    hold_clear(&redactor->hold);
    buffer_reset(&redactor->emitter.staging);
    buffer_reset(&redactor->window.bytes);
    return result;
}

/* What the walk made of some of the input. */
static amanat_result check_walk(struct redactor *redactor, amanat_result result)
{
    if (amanat_is_ok(result)) {
        return AMANAT_OK;
    }
    const enum redact_fault fault = redactor->walk.fault;
    return fail(redactor, result, fault == REDACT_FAULT_NONE ? REDACT_FAULT_INTERNAL : fault);
}

static amanat_result take_event(struct redactor *redactor, const struct json_event *event)
{
    if (event->kind == JSON_EVENT_FAULT) {
        return fail(redactor, amanat_result_of(AMANAT_STATUS_PEER_FAULT), event->fault);
    }
    return check_walk(redactor, walk_take(&redactor->walk, event));
}

/* Whole tokens as far as that goes, then one event in the careful way, and so on. */
static amanat_result take_input(struct redactor *redactor, struct bytes bytes, bool at_end)
{
    struct json_scanner *scanner = &redactor->scanner;
    size_t position = 0;
    json_scanner_begin_input(scanner);
    for (;;) {
        TRY(check_walk(redactor, walk_run(&redactor->walk, scanner, bytes, &position)));
        /* a token that goes on asks for more input by ending with it */
        if (!at_end && position == bytes.length) {
            return AMANAT_OK;
        }
        const struct json_event event = json_scanner_next(scanner, bytes, &position, at_end);
        if (event.kind == JSON_EVENT_INPUT_END ||
            (event.kind == JSON_EVENT_NEED_INPUT && !at_end)) {
            return AMANAT_OK;
        }
        TRY(take_event(redactor, &event));
    }
}

static amanat_result feed_json(struct redactor *redactor, struct bytes bytes, bool at_end)
{
    TRY(take_input(redactor, bytes, at_end));
    return check_walk(redactor, walk_end_input(&redactor->walk));
}

amanat_result redactor_feed(struct redactor *redactor, struct undisclosed_bytes bytes)
{
    if (redactor->is_over) {
        return amanat_result_of(redactor->fault == REDACT_FAULT_NONE ? AMANAT_STATUS_BUG
                                                                     : AMANAT_STATUS_PEER_FAULT);
    }
    if (!redactor->is_whole) {
        return feed_json(redactor, bytes.bytes, false);
    }
    const amanat_result result = emit_whole(redactor->plan, redactor->labels, redactor->label_count,
                                            &redactor->window, bytes);
    return amanat_is_ok(result) ? AMANAT_OK : fail(redactor, result, REDACT_FAULT_INTERNAL);
}

amanat_result redactor_finish(struct redactor *redactor, bool *out_nothing)
{
    if (redactor->is_over) {
        return amanat_result_of(redactor->fault == REDACT_FAULT_NONE ? AMANAT_STATUS_BUG
                                                                     : AMANAT_STATUS_PEER_FAULT);
    }
    bool nothing = false;
    if (!redactor->is_whole) {
        TRY(feed_json(redactor, BYTES(""), true));
        nothing = !redactor->by_line && !redactor->emitter.any;
    }
    if (!nothing) {
        const amanat_result result = window_finish(&redactor->window);
        if (!amanat_is_ok(result)) {
            return fail(redactor, result, REDACT_FAULT_INTERNAL);
        }
    }
    redactor->is_over = true;
    *out_nothing = nothing;
    return AMANAT_OK;
}

enum redact_fault redactor_fault(const struct redactor *redactor)
{
    return redactor->fault;
}

struct redact_left_out redactor_left_out(const struct redactor *redactor)
{
    const struct account *account = &redactor->window.account;
    return (struct redact_left_out){account->records_left_out, account->records_over_limit};
}
