/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of an exchange: how it begins, how it ends with a problem, how it is freed. Every end
 * after the agent is known is an entry; earlier ones, and 503s, are only counted (design 3,
 * "Problems").
 */
#include "gateway/proxy/exchange.h"

#include <stdlib.h>

#include "policy/base/base.h"

#define RETRY_AFTER_SECONDS "5"

/* ---- beginning ---- */

static bool draw_id(const struct proxy *proxy, struct trail_access_id *id, char *text)
{
    if (!amanat_is_ok(runtime_random_fill(proxy->random, id->at, sizeof(id->at)))) {
        return false;
    }
    hex_write(bytes_of((const char *)id->at, sizeof(id->at)), text);
    return true;
}

static struct exchange *exchange_new(struct proxy_worker *worker, struct http_response *response,
                                     const struct http_request_head *head,
                                     const struct http_peer *peer)
{
    const struct config_limits *limits = &proxy_generation_config(worker->generation)->limits;
    struct exchange *exchange = calloc(1, sizeof(*exchange));
    if (exchange == NULL) {
        return NULL;
    }
    exchange->arena = arena_new((size_t)limits->exchange_bytes);
    if (exchange->arena == NULL || !draw_id(worker->proxy, &exchange->id, exchange->id_text) ||
        !draw_id(worker->proxy, &exchange->trace, exchange->trace_text)) {
        arena_free(exchange->arena);
        free(exchange);
        return NULL;
    }
    buffer_init(&exchange->body_text, (size_t)limits->body_bytes);
    exchange->worker = worker;
    exchange->generation = proxy_generation_ref(worker->generation);
    exchange->response = response;
    exchange->head = head;
    exchange->peer = *peer;
    exchange->is_head = bytes_equal_string(head->method, "HEAD");
    exchange->started = runtime_clock_monotonic(worker->proxy->clock);
    worker->exchanges++;
    return exchange;
}

static bool may_serve(const struct proxy *proxy)
{
    return trail_is_available(proxy->trail) &&
           (proxy->may_serve == NULL || proxy->may_serve(proxy->may_serve_context));
}

static void *begin(void *context, struct http_response *response,
                   const struct http_request_head *head, const struct http_peer *peer)
{
    struct proxy_worker *worker = context;
    proxy_worker_count(worker, PROXY_METRIC_REQUESTS, 0, 1);
    struct exchange *exchange = exchange_new(worker, response, head, peer);
    if (exchange == NULL) {
        proxy_worker_count_refusal(worker, proxy_reason_of_problem(PROBLEM_OVERLOADED));
        http_response_abort(response);
        return NULL;
    }
    exchange->state = EXCHANGE_STATE_BODY;
    if (!may_serve(worker->proxy)) {
        /*
         * No entry, no data: not even the question is taken when its answer could not be recorded.
         */
        exchange_refuse_as(exchange, PROBLEM_TRAIL, TRAIL_FAULT_GATEWAY);
        return exchange;
    }
    exchange_admit(exchange);
    return exchange;
}

static void take_body(void *request, struct bytes body)
{
    struct exchange *exchange = request;
    if (exchange == NULL || exchange->state != EXCHANGE_STATE_BODY) {
        return; /* already refused: what still comes is not looked at */
    }
    buffer_append(&exchange->body_text, body);
    if (exchange->body_text.broken) {
        exchange_refuse(exchange, (struct problem){.name = PROBLEM_LIMIT, .status = 413},
                        TRAIL_FAULT_PARTNER);
    }
}

static void end_body(void *request)
{
    struct exchange *exchange = request;
    if (exchange != NULL && exchange->state == EXCHANGE_STATE_BODY) {
        exchange_decide(exchange);
    }
}

static void drained(void *request)
{
    struct exchange *exchange = request;
    if (exchange != NULL && exchange->state == EXCHANGE_STATE_RELEASE) {
        exchange_advance_release(exchange);
    }
}

/* ---- ending ---- */

/* A policy that cannot be evaluated is an alarm, also when it spoke of a record (design 2). */
static void report_field_errors(const struct exchange *exchange)
{
    const struct access_field_errors *errors = exchange->decision.field_errors;
    if (errors != NULL && errors->count > 0) {
        runtime_log_event(exchange->worker->proxy->log, RUNTIME_LOG_WARNING, "policy-error",
                          runtime_log_text("access", exchange->id_text),
                          runtime_log_bytes("policy", errors->policy),
                          runtime_log_number("questions", (int64_t)errors->count));
        proxy_worker_count(exchange->worker, PROXY_METRIC_POLICY_ERRORS, 0, (int64_t)errors->count);
    }
}

static void dispose(void *context)
{
    struct exchange *exchange = context;
    redactor_free(exchange->redactor);
    exchange_forget_windows(exchange);
    buffer_clear(&exchange->body_text);
    proxy_generation_unref(exchange->generation);
    arena_free(exchange->arena);
    free(exchange);
}

void exchange_end(struct exchange *exchange)
{
    exchange->state = EXCHANGE_STATE_ENDED;
    exchange_leave_upstream(exchange, false);
    if (exchange->entry_is_pending || exchange->response != NULL || exchange->is_disposed) {
        return;
    }
    exchange->is_disposed = true;
    report_field_errors(exchange);
    struct proxy_worker *worker = exchange->worker;
    runtime_loop_close_later(worker->loop, &exchange->dispose, dispose, exchange);
    proxy_worker_exchange_ended(worker);
}

void exchange_break(struct exchange *exchange)
{
    if (exchange->response != NULL) {
        struct http_response *response = exchange->response;
        exchange->response = NULL;
        proxy_worker_count(exchange->worker, PROXY_METRIC_BROKEN, 0, 1);
        http_response_abort(response);
    }
    exchange_end(exchange);
}

/* ---- problems ---- */

/* RFC 6750 §3: without a token only the scheme is named, with a bad one also the error. */
static const char *challenge(const struct exchange *exchange)
{
    return identity_refusal_is_invalid_token(exchange->identity_refusal)
               ? "Bearer realm=\"amanat\", error=\"invalid_token\""
               : "Bearer realm=\"amanat\"";
}

static size_t problem_headers(const struct exchange *exchange, const struct problem *problem,
                              struct http_header *headers)
{
    const unsigned status = problem_status(problem);
    size_t count = 0;
    headers[count++] = (struct http_header){BYTES("Content-Type"), BYTES(HTTP_PROBLEM_MEDIA_TYPE)};
    headers[count++] = (struct http_header){BYTES("Cache-Control"), BYTES("no-store")};
    headers[count++] = (struct http_header){BYTES("Access-Id"), bytes_of_string(exchange->id_text)};
    if (status == 401) {
        headers[count++] =
            (struct http_header){BYTES("WWW-Authenticate"), bytes_of_string(challenge(exchange))};
    }
    if (status == 405) {
        headers[count++] = (struct http_header){BYTES("Allow"), exchange->call.allow};
    }
    if (status == 503 || status == 429) {
        headers[count++] = (struct http_header){BYTES("Retry-After"), BYTES(RETRY_AFTER_SECONDS)};
    }
    return count;
}

static amanat_result send_problem(struct exchange *exchange, const struct problem *problem)
{
    struct buffer text;
    struct http_header headers[8];
    buffer_init(&text, 8192);
    http_write_problem(&text, problem, bytes_of_string(exchange->id_text));
    const struct http_response_start start = {.status = problem_status(problem),
                                              .headers = headers,
                                              .header_count =
                                                  problem_headers(exchange, problem, headers),
                                              .framing = HTTP_FRAMING_LENGTH,
                                              .length = text.length};
    amanat_result result = buffer_check(&text);
    if (amanat_is_ok(result)) {
        result = http_response_begin(exchange->response, &start);
    }
    if (amanat_is_ok(result) && !exchange->is_head) {
        result =
            http_response_write_own(exchange->response, (struct own_bytes){buffer_bytes(&text)});
    }
    buffer_clear(&text);
    return result;
}

void exchange_answer_problem(struct exchange *exchange, const struct problem *problem)
{
    proxy_worker_count(exchange->worker, PROXY_METRIC_PROBLEMS, problem->name, 1);
    struct http_response *response = exchange->response;
    if (response != NULL) {
        const amanat_result sent = send_problem(exchange, problem);
        exchange->response = NULL;
        if (!amanat_is_ok(sent) || !amanat_is_ok(http_response_end(response))) {
            http_response_abort(response);
        }
    }
    exchange_end(exchange);
}

/* The entry of a refusal is durable, or could not be written: then nothing but 503 may be said
 * (invariant 1). */
static void refusal_is_recorded(void *context, amanat_result result,
                                const struct durable_entry *entry)
{
    struct exchange *exchange = context;
    exchange->entry_is_pending = false;
    if (exchange->state != EXCHANGE_STATE_REFUSE) {
        exchange_settle(exchange);
        return;
    }
    if (!amanat_is_ok(result) || entry == NULL) {
        proxy_worker_count_refusal(exchange->worker, proxy_reason_of_problem(PROBLEM_TRAIL));
        exchange->problem = (struct problem){.name = PROBLEM_TRAIL};
    }
    exchange_answer_problem(exchange, &exchange->problem);
}

static bool submit_refusal(struct exchange *exchange)
{
    struct buffer lines;
    const uint32_t part = exchange->next_part;
    buffer_init(&lines, (size_t)2 * TRAIL_ENTRY_LIMIT * 8);
    amanat_result result = exchange_append_entry(exchange, NULL, true, &lines);
    if (amanat_is_ok(result)) {
        result =
            exchange_submit(exchange, TRAIL_CLASS_REFUSAL, &lines, part, true, refusal_is_recorded);
    }
    buffer_clear(&lines);
    return amanat_is_ok(result);
}

/* The entry of an end that nobody waits for: now, or when the entry under way is done. */
static void record_end(struct exchange *exchange)
{
    exchange->state = EXCHANGE_STATE_ENDED;
    exchange->owes_entry = exchange->entry_is_pending && !exchange->pending_is_last;
    exchange_forget_windows(exchange);
    if (!exchange->entry_is_pending) {
        (void)submit_refusal(exchange);
    }
}

void exchange_settle(struct exchange *exchange)
{
    if (exchange->owes_entry) {
        record_end(exchange);
    }
    exchange_end(exchange);
}

void exchange_refuse(struct exchange *exchange, struct problem problem, enum trail_fault fault)
{
    exchange->problem = problem;
    exchange->fault = fault;
    exchange_leave_upstream(exchange, false);
    if (exchange->response_began) {
        record_end(exchange); /* a broken message (invariant 3), and the entry that says so */
        exchange_break(exchange);
        return;
    }
    exchange->status = problem_status(&problem);
    exchange_forget_windows(exchange);
    const bool is_unavailable = exchange->status == 503;
    if (!exchange->agent_is_known || is_unavailable) {
        if (is_unavailable) {
            proxy_worker_count_refusal(exchange->worker, proxy_reason_of_problem(problem.name));
        }
        exchange_answer_problem(exchange, &problem);
        return;
    }
    exchange->state = EXCHANGE_STATE_REFUSE;
    if (!exchange->entry_is_pending && !submit_refusal(exchange)) {
        exchange_refuse_as(exchange, PROBLEM_TRAIL, TRAIL_FAULT_GATEWAY);
    }
}

void exchange_refuse_as(struct exchange *exchange, enum problem_name name, enum trail_fault fault)
{
    exchange_refuse(exchange, (struct problem){.name = name}, fault);
}

/* The partner went away. What it was to get is not sent; that it asked is an entry all the same. */
static void client_gone(void *request, enum http_abort reason, enum http_refusal refusal)
{
    struct exchange *exchange = request;
    if (exchange == NULL) {
        return;
    }
    const bool needs_entry = exchange->agent_is_known && exchange->state != EXCHANGE_STATE_ENDED;
    exchange->response = NULL;
    exchange->fault = TRAIL_FAULT_PARTNER;
    if (reason == HTTP_ABORT_REFUSED && !exchange->agent_is_known) {
        proxy_worker_count_refusal(exchange->worker, proxy_reason_of_http(refusal));
    }
    if (needs_entry) {
        record_end(exchange);
    }
    exchange_end(exchange);
}

static void refused_by_server(void *context, enum http_refusal refusal,
                              const struct http_peer *peer)
{
    (void)peer;
    proxy_worker_count_refusal(context, proxy_reason_of_http(refusal));
}

struct http_server_handler exchange_handler(struct proxy_worker *worker)
{
    return (struct http_server_handler){.context = worker,
                                        .on_request = begin,
                                        .on_body = take_body,
                                        .on_body_end = end_body,
                                        .on_drained = drained,
                                        .on_abort = client_gone,
                                        .on_refused = refused_by_server};
}
