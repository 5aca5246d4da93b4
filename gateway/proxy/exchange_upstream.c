/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The call to the service, and what its answer means: which declared response it is, and through
 * which redactor its body goes. Whatever was not declared does not pass (design 2; 3.6 and 3.7).
 */
#include "gateway/proxy/exchange.h"
#include "policy/base/base.h"

static struct http_client_handler upstream_handler(struct exchange *exchange);

/* ---- the request ---- */

/* Accept, Accept-Encoding, traceparent, Content-Type; header parameters and credentials besides. */
#define OWN_HEADERS  4
#define TARGET_LIMIT ((size_t)65536)

/* The media types of the operation's responses; one that several responses share is named more than
 * once, harmlessly. */
static struct bytes accept_value(struct exchange *exchange)
{
    const struct catalogue_operation *operation = exchange->call.operation;
    struct bytes value = BYTES("*/*");
    bool first = true;
    for (size_t i = 0; i < operation->response_count; i++) {
        for (size_t k = 0; k < operation->responses[i].media_type_count; k++) {
            const struct bytes name = operation->responses[i].media_types[k].name;
            value = first ? name
                          : arena_format_bytes(exchange->arena, "%.*s, %.*s", BYTES_PRINTF(value),
                                               BYTES_PRINTF(name));
            first = false;
        }
    }
    return value;
}

/*
 * A trace id of our own making (W3C Trace Context), so that a service's log can be held against the
 * trail; never the partner's, which would let it leave its marks there. The span is half of it.
 */
static struct bytes traceparent(struct exchange *exchange)
{
    return arena_format_bytes(exchange->arena, "00-%s-%.16s-00", exchange->trace_text,
                              exchange->trace_text);
}

static struct bytes header_parameter_value(struct exchange *exchange,
                                           const struct parameter_value *parameter)
{
    struct bytes value = parameter->items[0].text;
    for (size_t i = 1; i < parameter->item_count; i++) {
        value = arena_format_bytes(exchange->arena, "%.*s,%.*s", BYTES_PRINTF(value),
                                   BYTES_PRINTF(parameter->items[i].text));
    }
    return value;
}

/*
 * Only headers of our own making go up: never the partner's Authorization, cookies, Range,
 * conditional or undeclared headers (design 3.6).
 */
static amanat_result list_headers(struct exchange *exchange, struct http_request_start *start)
{
    const struct config_service *service =
        exchange->generation->services[exchange->call.operation->service].config;
    const struct catalogue_call *call = &exchange->decision.call;
    struct http_header *headers = arena_allocate_array(
        exchange->arena, OWN_HEADERS + service->header_count + call->parameter_count,
        sizeof(*headers));
    TRY_MEMORY(headers);
    size_t count = 0;
    headers[count++] = (struct http_header){BYTES("Accept"), accept_value(exchange)};
    headers[count++] = (struct http_header){BYTES("Accept-Encoding"), BYTES("identity")};
    headers[count++] = (struct http_header){BYTES("traceparent"), traceparent(exchange)};
    if (exchange->request.body != NULL) {
        headers[count++] =
            (struct http_header){BYTES("Content-Type"), exchange->request.body->media_type};
    }
    for (size_t i = 0; i < call->parameter_count; i++) {
        if (call->parameters[i].parameter->place == PARAMETER_IN_HEADER) {
            headers[count++] =
                (struct http_header){call->parameters[i].parameter->name,
                                     header_parameter_value(exchange, &call->parameters[i])};
        }
    }
    for (size_t i = 0; i < service->header_count; i++) {
        headers[count++] = (struct http_header){bytes_of_string(service->headers[i].name),
                                                bytes_of_string(service->headers[i].value)};
    }
    start->headers = headers;
    start->header_count = count;
    return AMANAT_OK;
}

static amanat_result write_target(struct exchange *exchange, const struct config_service *service,
                                  struct bytes *out)
{
    struct buffer target;
    buffer_init(&target, TARGET_LIMIT);
    buffer_append_string(&target, service->url.path);
    catalogue_write_target(&exchange->decision.call, &target);
    amanat_result result = buffer_check(&target);
    if (amanat_is_ok(result)) {
        result = arena_copy_bytes(exchange->arena, buffer_bytes(&target), out);
    }
    buffer_clear(&target);
    return result;
}

static amanat_result send_request(struct exchange *exchange)
{
    const struct catalogue_operation *operation = exchange->call.operation;
    const struct config_service *service =
        exchange->generation->services[operation->service].config;
    const struct catalogue_body *body = exchange->request.body;
    /* RFC 9110 §8.6: a method that anticipates content says so when there is none. */
    struct http_request_start start = {
        /* HEAD goes up as GET: its answer must be that of GET without the body, also where the
         * redactor leaves nothing of it. */
        .method = exchange->call.operation->method,
        .host = bytes_of_string(service->url.authority),
        .framing = body == NULL && operation->is_safe ? HTTP_FRAMING_NONE : HTTP_FRAMING_LENGTH,
        .length = body == NULL ? 0 : body->text.length};
    const struct http_client_handler handler = upstream_handler(exchange);
    TRY(write_target(exchange, service, &start.target));
    TRY(list_headers(exchange, &start));
    TRY(http_client_send(exchange->client, &start, &handler));
    if (body != NULL) {
        TRY(http_client_write(exchange->client, body->text));
        TRY(http_client_end(exchange->client));
    }
    return AMANAT_OK;
}

static void call(struct exchange *exchange, bool fresh)
{
    amanat_result result =
        upstream_pool_take(exchange->worker->pool, exchange->generation,
                           exchange->call.operation->service, fresh, &exchange->client);
    exchange->state = EXCHANGE_STATE_UPSTREAM;
    if (amanat_is_ok(result)) {
        exchange->client_was_fresh = http_client_exchanges(exchange->client) == 0;
        result = send_request(exchange);
    }
    if (!amanat_is_ok(result)) {
        exchange_refuse_as(exchange, PROBLEM_OVERLOADED, TRAIL_FAULT_GATEWAY);
    }
}

void exchange_call_upstream(struct exchange *exchange)
{
    exchange->upstream_started = runtime_clock_monotonic(exchange->worker->proxy->clock);
    call(exchange, false);
}

void exchange_leave_upstream(struct exchange *exchange, bool reusable)
{
    struct http_client *client = exchange->client;
    if (client == NULL) {
        return;
    }
    exchange->client = NULL;
    exchange->upstream_microseconds =
        runtime_clock_monotonic(exchange->worker->proxy->clock) - exchange->upstream_started;
    if (reusable && exchange->generation == exchange->worker->generation) {
        upstream_pool_give_back(exchange->worker->pool, exchange->generation,
                                exchange->call.operation->service, client);
    } else {
        http_client_close(client);
    }
}

/* ---- the response's head ---- */

static void refuse_upstream(struct exchange *exchange)
{
    exchange_refuse_as(exchange, PROBLEM_UPSTREAM, TRAIL_FAULT_UPSTREAM);
}

/* What answers every upstream 404, and every answer of which nothing may be disclosed (design 3,
 * "Output"). */
static void answer_nothing(struct exchange *exchange)
{
    exchange_refuse_as(exchange, PROBLEM_NOT_FOUND, TRAIL_FAULT_NONE);
}

static amanat_result keep_declared_headers(struct exchange *exchange,
                                           const struct http_response_head *head)
{
    for (size_t i = 0; i < exchange->declared->header_count; i++) {
        const struct catalogue_header *declared = &exchange->declared->headers[i];
        struct bytes value = {0};
        struct disclosed_bytes disclosed;
        char name[256];
        if (declared->name.length >= sizeof(name)) {
            continue;
        }
        memcpy(name, declared->name.at, declared->name.length);
        name[declared->name.length] = '\0';
        if (http_headers_find(head->headers, head->header_count, name, &value) != 1 ||
            !redact_header(exchange->decision.plan, declared->labels, declared->label_count,
                           (struct undisclosed_bytes){value}, &disclosed)) {
            continue;
        }
        struct http_header *slot = VECTOR_PUSH(exchange->arena, &exchange->headers);
        TRY_MEMORY(slot);
        slot->name = declared->name;
        TRY(arena_copy_bytes(exchange->arena, disclosed.bytes, &slot->value));
    }
    return AMANAT_OK;
}

bool exchange_is_encoded(const struct http_header *headers, size_t count)
{
    struct bytes encoding = {0};
    const size_t found = http_headers_find(headers, count, "content-encoding", &encoding);
    return found > 1 || (found == 1 && !bytes_equal_string(encoding, "identity"));
}

static bool find_media_type(struct exchange *exchange, const struct http_response_head *head)
{
    struct bytes content_type = {0};
    if (http_headers_find(head->headers, head->header_count, "content-type", &content_type) != 1) {
        return false;
    }
    exchange->media_type = catalogue_find_media_type(
        exchange->declared->media_types, exchange->declared->media_type_count, content_type);
    return exchange->media_type != NULL;
}

static amanat_result make_redactor(struct exchange *exchange)
{
    const struct catalogue_media_type *type = exchange->media_type;
    const struct redactor_options options = {
        .plan = exchange->decision.plan,
        .root = type->root,
        .ndjson = type->is_ndjson,
        .record_limit = (size_t)proxy_generation_config(exchange->generation)->limits.record_bytes,
        .on_window = exchange_take_window,
        .context = exchange};
    return type->is_json || type->is_ndjson
               ? redactor_new(&options, &exchange->redactor)
               : redactor_new_whole(&options, type->labels, type->label_count, &exchange->redactor);
}

/* Only JSON says itself where it ends: a cut of anything else could not be told from its end
 * (design 3.7). */
static bool needs_delimited_body(const struct catalogue_media_type *type)
{
    return !type->is_json;
}

static void begin_body(struct exchange *exchange, const struct http_response_head *head)
{
    if (exchange_is_encoded(head->headers, head->header_count) ||
        !find_media_type(exchange, head) ||
        (needs_delimited_body(exchange->media_type) && !http_framing_is_delimited(head->framing))) {
        refuse_upstream(exchange);
        return;
    }
    const amanat_result made = make_redactor(exchange);
    if (made.status == AMANAT_STATUS_REFUSED) {
        /* A body that is not JSON passes whole or not at all. */
        exchange_refuse_as(exchange, PROBLEM_NOT_PERMITTED, TRAIL_FAULT_NONE);
    } else if (!amanat_is_ok(made)) {
        exchange_refuse_as(exchange, PROBLEM_OVERLOADED, TRAIL_FAULT_GATEWAY);
    }
}

static bool has_no_body(const struct exchange *exchange)
{
    return exchange->upstream_status == 204 || exchange->upstream_status == 304 ||
           exchange->declared->media_type_count == 0;
}

static void take_head(void *context, const struct http_response_head *head)
{
    struct exchange *exchange = context;
    exchange->upstream_status = head->status;
    exchange->status = head->status;
    if (head->status == 404) {
        answer_nothing(exchange);
        return;
    }
    exchange->declared = catalogue_find_response(exchange->call.operation, head->status);
    if (exchange->declared == NULL) {
        refuse_upstream(exchange);
        return;
    }
    if (!amanat_is_ok(keep_declared_headers(exchange, head))) {
        exchange_refuse_as(exchange, PROBLEM_OVERLOADED, TRAIL_FAULT_GATEWAY);
        return;
    }
    if (!has_no_body(exchange)) {
        begin_body(exchange, head);
    } else if (head->framing != HTTP_FRAMING_NONE &&
               !(head->framing == HTTP_FRAMING_LENGTH && head->length == 0)) {
        /* A body where none is declared is withheld: nobody waits for its end, which may never
         * come. */
        exchange_leave_upstream(exchange, false);
        exchange_release_empty(exchange);
    }
}

/* ---- the response's body ---- */

static void redaction_failed(struct exchange *exchange, amanat_result result)
{
    proxy_worker_count(exchange->worker, PROXY_METRIC_REDACT_FAULTS,
                       redactor_fault(exchange->redactor), 1);
    if (result.status == AMANAT_STATUS_PEER_FAULT) {
        refuse_upstream(exchange);
    } else {
        exchange_refuse_as(exchange, PROBLEM_OVERLOADED, TRAIL_FAULT_GATEWAY);
    }
}

/* While windows wait for their entries or for the partner, the service waits too. */
static void hold_back(struct exchange *exchange)
{
    if (exchange->windows != NULL && exchange->client != NULL) {
        http_client_pause(exchange->client);
    }
}

static void take_bytes(void *context, struct undisclosed_bytes body)
{
    struct exchange *exchange = context;
    if (exchange->redactor == NULL) {
        return; /* a body where none is declared is withheld */
    }
    const amanat_result result = redactor_feed(exchange->redactor, body);
    if (!amanat_is_ok(result)) {
        redaction_failed(exchange, result);
        return;
    }
    if (exchange->is_head && exchange->windows != NULL) {
        exchange_leave_upstream(exchange, false);
    }
    hold_back(exchange);
    exchange_advance_release(exchange);
}

static void take_end(void *context)
{
    struct exchange *exchange = context;
    bool nothing = false;
    exchange_leave_upstream(exchange, true);
    if (exchange->redactor == NULL) {
        exchange_release_empty(exchange);
        return;
    }
    const amanat_result result = redactor_finish(exchange->redactor, &nothing);
    if (!amanat_is_ok(result)) {
        redaction_failed(exchange, result);
    } else if (nothing) {
        exchange->left_out = redactor_left_out(exchange->redactor);
        answer_nothing(exchange);
    } else {
        exchange_advance_release(exchange);
    }
}

/* ---- failures ---- */

/* For operators: which service, and what OpenSSL or we have to say of it. */
static void report_failure(const struct exchange *exchange, enum http_client_failure failure)
{
    runtime_log_event(exchange->worker->proxy->log, RUNTIME_LOG_WARNING, "upstream-failed",
                      runtime_log_text("access", exchange->id_text),
                      runtime_log_bytes("operation", exchange->call.operation->id),
                      runtime_log_text("reason", http_client_failure_name(failure)),
                      runtime_log_text("text", exchange->client == NULL
                                                   ? ""
                                                   : http_client_failure_text(exchange->client)));
}

static void take_failure(void *context, enum http_client_failure failure, enum http_refusal refusal)
{
    struct exchange *exchange = context;
    (void)refusal;
    proxy_worker_count(exchange->worker, PROXY_METRIC_UPSTREAM_FAILURES, failure, 1);
    const bool was_fresh = exchange->client_was_fresh;
    if (failure == HTTP_CLIENT_FAILURE_STALE && !was_fresh && exchange->call.operation->is_safe) {
        /* RFC 9110 §9.2.2: a kept connection may end at any time; safe methods may be sent again.
         */
        exchange_leave_upstream(exchange, false);
        call(exchange, true);
        return;
    }
    report_failure(exchange, failure);
    exchange_leave_upstream(exchange, false);
    if (failure == HTTP_CLIENT_FAILURE_TIMEOUT) {
        exchange_refuse_as(exchange, PROBLEM_UPSTREAM_TIMEOUT, TRAIL_FAULT_UPSTREAM);
    } else if (failure == HTTP_CLIENT_FAILURE_LIMIT) {
        exchange_refuse_as(exchange, PROBLEM_OVERLOADED, TRAIL_FAULT_GATEWAY);
    } else {
        refuse_upstream(exchange);
    }
}

static struct http_client_handler upstream_handler(struct exchange *exchange)
{
    return (struct http_client_handler){.context = exchange,
                                        .on_head = take_head,
                                        .on_body = take_bytes,
                                        .on_end = take_end,
                                        .on_failure = take_failure};
}
