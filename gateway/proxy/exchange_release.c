/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where disclosed bytes leave. A window comes from the redactor, its entries are written and
 * submitted, and only the proof that they are durable lets release_window send it (design 3.8,
 * invariant 1). One window at a time: the next is submitted when the partner has taken the one
 * before.
 */
#include <stdlib.h>

#include "gateway/proxy/exchange.h"
#include "policy/base/base.h"

/* Entries of one window: a few lines, more only with very many subjects. */
#define WINDOW_LINES_LIMIT ((size_t)4 << 20)
/* A window is REDACT_WINDOW_BYTES unless one record alone is larger; records are bounded by
 * limits.record_bytes, which is at most 64 MiB. */
#define WINDOW_BYTES_LIMIT REDACT_UNIT_BYTES((size_t)64 << 20)

/* ---- windows ---- */

static void free_window(struct exchange_window *window)
{
    disclosed_copy_clear(&window->bytes);
    buffer_clear(&window->lines);
    free(window);
}

void exchange_forget_windows(struct exchange *exchange)
{
    const struct exchange_window *unsubmitted = exchange->windows;
    if (unsubmitted != NULL && exchange->entry_is_pending) {
        unsubmitted = unsubmitted->next;
    }
    if (unsubmitted != NULL) {
        exchange->next_part = unsubmitted->part;
    }
    while (exchange->windows != NULL) {
        struct exchange_window *window = exchange->windows;
        exchange->windows = window->next;
        free_window(window);
    }
    exchange->newest_window = NULL;
}

/* The answer to HEAD is over with its first window: nothing more of the body is looked at. */
static bool is_last(const struct exchange *exchange, bool ends_body)
{
    return ends_body || exchange->is_head;
}

static amanat_result fill_window(struct exchange *exchange, const struct redact_window *from,
                                 struct exchange_window *window)
{
    buffer_init(&window->lines, WINDOW_LINES_LIMIT);
    TRY(disclosed_copy_make(&window->bytes, from->bytes, WINDOW_BYTES_LIMIT));
    window->part = exchange->next_part;
    window->last = from->last;
    return exchange_append_entry(exchange, from, is_last(exchange, from->last), &window->lines);
}

amanat_result exchange_take_window(void *context, const struct redact_window *from)
{
    struct exchange *exchange = context;
    if (exchange->is_head && exchange->windows != NULL) {
        return AMANAT_OK;
    }
    struct exchange_window *window = calloc(1, sizeof(*window));
    TRY_MEMORY(window);
    const amanat_result result = fill_window(exchange, from, window);
    if (!amanat_is_ok(result)) {
        free_window(window);
        return result;
    }
    if (exchange->newest_window == NULL) {
        exchange->windows = window;
    } else {
        exchange->newest_window->next = window;
    }
    exchange->newest_window = window;
    return AMANAT_OK;
}

static struct exchange_window *take_oldest(struct exchange *exchange)
{
    struct exchange_window *window = exchange->windows;
    exchange->windows = window->next;
    if (exchange->windows == NULL) {
        exchange->newest_window = NULL;
    }
    return window;
}

/* ---- the head ---- */

static amanat_result disclosure_value(struct exchange *exchange, struct bytes *out)
{
    struct buffer text;
    buffer_init(&text, 16384);
    access_append_disclosure(&exchange->decision, exchange->call.operation, &text);
    amanat_result result = buffer_check(&text);
    if (amanat_is_ok(result)) {
        result = arena_copy_bytes(exchange->arena, buffer_bytes(&text), out);
    }
    buffer_clear(&text);
    return result;
}

amanat_result exchange_begin_response(struct exchange *exchange, enum http_framing framing,
                                      uint64_t length)
{
    struct http_header *headers =
        arena_allocate_array(exchange->arena, exchange->headers.count + 4, sizeof(*headers));
    struct bytes disclosure = {0};
    size_t count = 0;
    TRY_MEMORY(headers);
    TRY(disclosure_value(exchange, &disclosure));
    if (exchange->media_type != NULL) {
        headers[count++] = (struct http_header){BYTES("Content-Type"), exchange->media_type->name};
    }
    headers[count++] = (struct http_header){BYTES("Cache-Control"), BYTES("no-store")};
    headers[count++] = (struct http_header){BYTES("Access-Id"), bytes_of_string(exchange->id_text)};
    if (disclosure.length > 0) {
        headers[count++] = (struct http_header){BYTES("Disclosure"), disclosure};
    }
    for (size_t i = 0; i < exchange->headers.count; i++) {
        headers[count++] = exchange->headers.items[i];
    }
    TRY(http_response_begin(exchange->response,
                            &(struct http_response_start){.status = exchange->status,
                                                          .headers = headers,
                                                          .header_count = count,
                                                          .framing = framing,
                                                          .length = length}));
    exchange->response_began = true;
    return AMANAT_OK;
}

/* ---- release ---- */

/*
 * The one place where a service's bytes leave the gateway. `proof` is made by the trail alone,
 * after the window's entries were synchronously written; that it is of this access and this window
 * is checked again.
 */
static amanat_result release_window(struct exchange *exchange, const struct durable_entry *proof,
                                    const struct exchange_window *window)
{
    const struct disclosed_bytes bytes = disclosed_copy_bytes(&window->bytes);
    ASSERT(proof != NULL && durable_entry_part(proof) == window->part &&
           memcmp(durable_entry_access(proof)->at, exchange->id.at, sizeof(exchange->id.at)) == 0);
    if (!exchange->response_began) {
        TRY(exchange_begin_response(exchange,
                                    window->last ? HTTP_FRAMING_LENGTH : HTTP_FRAMING_CHUNKED,
                                    window->last ? bytes.bytes.length : 0));
    }
    proxy_worker_count(exchange->worker, PROXY_METRIC_WINDOWS, 0, 1);
    proxy_worker_count(exchange->worker, PROXY_METRIC_BYTES, 0, (int64_t)bytes.bytes.length);
    return exchange->is_head || bytes.bytes.length == 0
               ? AMANAT_OK
               : http_response_write_disclosed(exchange->response, bytes);
}

static void finish_response(struct exchange *exchange)
{
    struct http_response *response = exchange->response;
    exchange->response = NULL;
    if (!amanat_is_ok(http_response_end(response))) {
        proxy_worker_count(exchange->worker, PROXY_METRIC_BROKEN, 0, 1);
        http_response_abort(response);
    }
    exchange_end(exchange);
}

/* The entry under way is durable, or cannot be written. Whether the answer goes on; else its end is
 * seen to. */
static bool may_go_on(struct exchange *exchange, amanat_result result,
                      const struct durable_entry *entry)
{
    exchange->entry_is_pending = false;
    if (exchange->state == EXCHANGE_STATE_REFUSE) {
        /* The body was found bad while this entry was under way: nothing of it has left yet. */
        exchange_refuse(exchange, exchange->problem, exchange->fault);
    } else if (exchange->state != EXCHANGE_STATE_RELEASE || exchange->response == NULL) {
        exchange_settle(exchange);
    } else if (!amanat_is_ok(result) || entry == NULL) {
        exchange_refuse_as(exchange, PROBLEM_TRAIL, TRAIL_FAULT_GATEWAY);
    } else {
        return true;
    }
    return false;
}

static void window_is_recorded(void *context, amanat_result result,
                               const struct durable_entry *entry)
{
    struct exchange *exchange = context;
    if (!may_go_on(exchange, result, entry)) {
        return;
    }
    struct exchange_window *window = take_oldest(exchange);
    const amanat_result released = release_window(exchange, entry, window);
    const bool was_last = window->last;
    free_window(window);
    if (!amanat_is_ok(released)) {
        exchange_break(exchange);
    } else if (is_last(exchange, was_last)) {
        finish_response(exchange);
    } else {
        exchange_advance_release(exchange);
    }
}

void exchange_advance_release(struct exchange *exchange)
{
    const struct exchange_window *window = exchange->windows;
    if (exchange->response == NULL || exchange->entry_is_pending) {
        return;
    }
    if (window == NULL) {
        if (exchange->client != NULL) {
            http_client_resume(exchange->client);
        }
        return;
    }
    if (exchange->response_began &&
        http_response_waiting(exchange->response) > HTTP_SERVER_OUTPUT_LOW) {
        return; /* on_drained follows */
    }
    if (!exchange_is_still_permitted(exchange)) {
        exchange_refuse_as(exchange, PROBLEM_NOT_PERMITTED, TRAIL_FAULT_NONE);
        return;
    }
    exchange->state = EXCHANGE_STATE_RELEASE;
    if (!amanat_is_ok(exchange_submit(exchange, TRAIL_CLASS_ACCESS, &window->lines, window->part,
                                      is_last(exchange, window->last), window_is_recorded))) {
        exchange_refuse_as(exchange, PROBLEM_TRAIL, TRAIL_FAULT_GATEWAY);
    }
}

/* ---- answers without a body ---- */

static void empty_is_recorded(void *context, amanat_result result,
                              const struct durable_entry *entry)
{
    struct exchange *exchange = context;
    if (!may_go_on(exchange, result, entry)) {
        return;
    }
    const bool bodiless = exchange->status == 204 || exchange->status == 304;
    if (amanat_is_ok(exchange_begin_response(
            exchange, bodiless ? HTTP_FRAMING_NONE : HTTP_FRAMING_LENGTH, 0))) {
        finish_response(exchange);
    } else {
        exchange_break(exchange);
    }
}

void exchange_release_empty(struct exchange *exchange)
{
    struct buffer lines;
    const uint32_t part = exchange->next_part;
    if (!exchange_is_still_permitted(exchange)) {
        exchange_refuse_as(exchange, PROBLEM_NOT_PERMITTED, TRAIL_FAULT_NONE);
        return;
    }
    buffer_init(&lines, WINDOW_LINES_LIMIT);
    exchange->state = EXCHANGE_STATE_RELEASE;
    amanat_result result = exchange_append_entry(exchange, NULL, true, &lines);
    if (amanat_is_ok(result)) {
        result =
            exchange_submit(exchange, TRAIL_CLASS_ACCESS, &lines, part, true, empty_is_recorded);
    }
    buffer_clear(&lines);
    if (!amanat_is_ok(result)) {
        exchange_refuse_as(exchange, PROBLEM_TRAIL, TRAIL_FAULT_GATEWAY);
    }
}
