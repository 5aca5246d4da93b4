/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One connection to a service.
 *
 *   from      to        when
 *   NEW       RUNNING   http_client_send
 *   RUNNING   IDLE      the exchange was whole, and the connection keeps alive
 *   RUNNING   SPENT     the exchange was whole, but the connection cannot be used again
 *   RUNNING   FAILED    on_failure
 *   IDLE      RUNNING   http_client_send
 *   IDLE      SPENT     the service has closed it, or said something that nobody asked
 *   any       CLOSED    http_client_close
 */
#include "gateway/http/client.h"

#include <stdlib.h>
#include <string.h>

#include "gateway/http/reader_private.h"
#include "gateway/http/stream.h"
#include "policy/base/guard.h"

enum state { STATE_NEW = 0, STATE_RUNNING, STATE_IDLE, STATE_SPENT, STATE_FAILED, STATE_CLOSED };

struct http_client {
    struct http_client_options options; /* limits with their defaults filled in */
    char *host;
    enum state state;
    struct http_stream *stream;
    struct http_reader *reader;
    struct runtime_timer *timer;
    struct http_client_handler handler;
    bool is_open;      /* connected, handshake done */
    bool request_sent; /* the owner has given all of the request */
    bool has_head;     /* the response's head has come */
    bool is_paused;
    enum http_framing framing; /* of the request */
    uint64_t left;
    bool keeps_alive; /* what the response says */
    unsigned exchanges;
    const char *failure_text;
    struct runtime_task closing;
};

const char *http_client_failure_name(enum http_client_failure failure)
{
    static const char *const names[HTTP_CLIENT_FAILURE_COUNT] = {
        "connect", "tls", "stale", "timeout", "malformed", "truncated", "limit"};
    ASSERT((unsigned)failure < HTTP_CLIENT_FAILURE_COUNT);
    return names[failure];
}

static void set_default(int64_t *limit, int64_t seconds)
{
    if (*limit == 0) {
        *limit = seconds * RUNTIME_SECOND;
    }
}

static void set_defaults(struct http_client_limits *limits)
{
    limits->output = limits->output == 0 ? 1048576 : limits->output;
    limits->output_low = limits->output_low == 0 ? 65536 : limits->output_low;
    set_default(&limits->connect_time, 5);
    set_default(&limits->response_time, 30);
    set_default(&limits->body_time, 30);
    set_default(&limits->write_time, 30);
}

static void dispose_client(void *object)
{
    struct http_client *client = object;
    http_reader_free(client->reader);
    tls_context_unref(client->options.tls);
    free(client->host);
    free(client);
}

void http_client_close(struct http_client *client)
{
    if (client == NULL || client->state == STATE_CLOSED) {
        return;
    }
    if (client->state == STATE_IDLE) {
        http_stream_say_goodbye(client->stream);
    }
    client->state = STATE_CLOSED;
    http_stream_free(client->stream);
    runtime_timer_free(client->timer);
    runtime_loop_close_later(client->options.loop, &client->closing, dispose_client, client);
}

/* Nothing more can be done on this connection; the owner closes it. */
static void go_out_of_use(struct http_client *client, enum state state)
{
    client->state = state;
    runtime_timer_stop(client->timer);
    if (client->stream != NULL) {
        client->failure_text = http_stream_failure(client->stream);
        http_stream_free(client->stream);
        client->stream = NULL;
    }
}

static void fail(struct http_client *client, enum http_client_failure failure,
                 enum http_refusal refusal)
{
    go_out_of_use(client, STATE_FAILED);
    client->handler.on_failure(client->handler.context, failure, refusal);
}

static void start_timer(struct http_client *client, int64_t time)
{
    if (!amanat_is_ok(runtime_timer_start(client->timer, time))) {
        fail(client, HTTP_CLIENT_FAILURE_LIMIT, HTTP_REFUSAL_MEMORY);
    }
}

/* Which time runs depends on what is awaited: the connection, the head, or the next piece of the
 * body. */
static void set_timer(struct http_client *client)
{
    const struct http_client_limits *limits = &client->options.limits;
    if (client->state != STATE_RUNNING || !client->is_open) {
        return; /* connecting: set by send */
    }
    if (client->has_head && !client->is_paused) {
        start_timer(client, limits->body_time);
    } else if (!client->has_head && client->request_sent) {
        start_timer(client, limits->response_time);
    } else {
        runtime_timer_stop(client->timer);
    }
}

static void take_time(void *context)
{
    fail(context, HTTP_CLIENT_FAILURE_TIMEOUT, HTTP_REFUSAL_NONE);
}

static void take_open(void *context)
{
    struct http_client *client = context;
    client->is_open = true;
    runtime_timer_stop(client->timer);
    set_timer(client);
}

static void take_drained(void *context)
{
    struct http_client *client = context;
    if (client->state == STATE_RUNNING && client->handler.on_drained != NULL) {
        client->handler.on_drained(client->handler.context);
    }
}

/*
 * The response is whole. Bytes after it, or a request that is not all sent, spoil the connection.
 */
static void end_exchange(struct http_client *client, bool is_clean)
{
    client->exchanges++;
    const bool is_reusable = client->keeps_alive && client->request_sent && is_clean &&
                             http_stream_waiting(client->stream) == 0 &&
                             http_stream_can_send(client->stream);
    if (is_reusable) {
        client->state = STATE_IDLE;
        runtime_timer_stop(client->timer);
        http_stream_release(client->stream);
        http_stream_resume(client->stream); /* to notice a close */
    } else {
        go_out_of_use(client, STATE_SPENT);
    }
    client->is_paused = false;
    client->handler.on_end(client->handler.context);
    if (client->state == STATE_IDLE) {
        http_reader_release(client->reader);
    }
}

static void take_event(struct http_client *client, const struct http_event *event, bool is_clean)
{
    switch (event->kind) {
    case HTTP_EVENT_RESPONSE:
        client->has_head = true;
        client->keeps_alive = event->response->keeps_alive;
        set_timer(client);
        if (client->state == STATE_RUNNING) {
            client->handler.on_head(client->handler.context, event->response);
        }
        break;
    case HTTP_EVENT_BODY:
        set_timer(client);
        if (client->state == STATE_RUNNING) {
            client->handler.on_body(client->handler.context,
                                    (struct undisclosed_bytes){event->body});
        }
        break;
    case HTTP_EVENT_END:
        end_exchange(client, is_clean);
        break;
    case HTTP_EVENT_REFUSED:
        fail(client,
             event->refusal == HTTP_REFUSAL_TRUNCATED ? HTTP_CLIENT_FAILURE_TRUNCATED
             : event->refusal == HTTP_REFUSAL_MEMORY  ? HTTP_CLIENT_FAILURE_LIMIT
                                                      : HTTP_CLIENT_FAILURE_MALFORMED,
             event->refusal);
        break;
    case HTTP_EVENT_MORE:
    case HTTP_EVENT_REQUEST:
        break;
    }
}

static void end_idle(struct http_client *client)
{
    go_out_of_use(client, STATE_SPENT);
    if (client->options.on_idle_close != NULL) {
        client->options.on_idle_close(client->options.context);
    }
}

static size_t take_bytes(void *context, struct bytes input)
{
    struct http_client *client = context;
    if (client->state == STATE_IDLE) {
        if (input.length == 0) {
            return 0;
        }
        end_idle(client); /* an answer that nobody asked for: it must not meet the next question */
        return input.length;
    }
    struct bytes rest = input;
    struct http_event event = {0};
    do {
        if (client->state != STATE_RUNNING || client->is_paused) {
            break;
        }
        http_reader_read(client->reader, &rest, &event);
        take_event(client, &event, rest.length == 0);
    } while (event.kind != HTTP_EVENT_MORE && event.kind != HTTP_EVENT_END);
    return input.length - rest.length;
}

/* A new connection that ends early says something about the service; a reused one perhaps only that
 * it was idle. */
static enum http_client_failure name_end(const struct http_client *client, enum http_stream_end end)
{
    switch (end) {
    case HTTP_STREAM_CONNECT_FAILED:
        return HTTP_CLIENT_FAILURE_CONNECT;
    case HTTP_STREAM_TLS_FAILED:
        return HTTP_CLIENT_FAILURE_TLS;
    case HTTP_STREAM_WRITE_TIMEOUT:
        return HTTP_CLIENT_FAILURE_TIMEOUT;
    case HTTP_STREAM_BROKEN:
    case HTTP_STREAM_FINISHED:
    case HTTP_STREAM_CLOSED:
    case HTTP_STREAM_GONE:
        break;
    }
    return client->exchanges > 0 && http_reader_is_idle(client->reader)
               ? HTTP_CLIENT_FAILURE_STALE
               : HTTP_CLIENT_FAILURE_TRUNCATED;
}

static void take_end(void *context, enum http_stream_end end)
{
    struct http_client *client = context;
    if (client->state == STATE_IDLE) {
        end_idle(client);
        return;
    }
    if (client->state != STATE_RUNNING) {
        return;
    }
    if (end == HTTP_STREAM_FINISHED || end == HTTP_STREAM_CLOSED) {
        struct http_event event = {0};
        http_reader_finish(client->reader, &event);
        if (event.kind != HTTP_EVENT_MORE) {
            take_event(client, &event, false);
            return;
        }
    }
    fail(client, name_end(client, end), HTTP_REFUSAL_NONE);
}

amanat_result http_client_new(const struct http_client_options *options, struct http_client **out)
{
    if (options->tls != NULL && options->host == NULL) {
        return amanat_result_of(AMANAT_STATUS_BUG);
    }
    struct http_client *client = calloc(1, sizeof(*client));
    TRY_MEMORY(client);
    runtime_signals_ignore_pipe(); /* OpenSSL writes without MSG_NOSIGNAL */
    client->options = *options;
    client->failure_text = "";
    set_defaults(&client->options.limits);
    client->options.tls = options->tls == NULL ? NULL : tls_context_ref(options->tls);
    client->host = options->host == NULL ? NULL : strdup(options->host);
    amanat_result result = runtime_timer_new(options->loop, take_time, client, &client->timer);
    if (amanat_is_ok(result)) {
        result = http_reader_new_for_responses(&options->limits.reader, &client->reader);
    }
    if (!amanat_is_ok(result) || (options->host != NULL && client->host == NULL)) {
        http_client_close(client);
        return amanat_result_of(AMANAT_STATUS_MEMORY);
    }
    *out = client;
    return AMANAT_OK;
}

static amanat_result open_stream(struct http_client *client)
{
    const struct http_client_options *options = &client->options;
    SSL *session = NULL;
    if (options->tls != NULL) {
        TRY(tls_client_session_new(options->tls, client->host, &session));
    }
    const struct http_stream_options stream = {.loop = options->loop,
                                               .session = session,
                                               .handler = {.context = client,
                                                           .on_open = take_open,
                                                           .on_bytes = take_bytes,
                                                           .on_drained = take_drained,
                                                           .on_end = take_end},
                                               .output_limit = options->limits.output,
                                               .output_low = options->limits.output_low,
                                               .write_time = options->limits.write_time};
    TRY(http_stream_connect(&stream, &options->address, &client->stream));
    return runtime_timer_start(client->timer, options->limits.connect_time);
}

amanat_result http_client_send(struct http_client *client, const struct http_request_start *start,
                               const struct http_client_handler *handler)
{
    if (!http_client_is_reusable(client)) {
        return amanat_result_of(AMANAT_STATUS_BUG);
    }
    if (client->state == STATE_NEW) {
        const amanat_result opened = open_stream(client);
        if (!amanat_is_ok(opened)) {
            go_out_of_use(client, STATE_SPENT);
            return opened;
        }
    }
    struct buffer *output = http_stream_output(client->stream);
    const size_t before = output->length;
    const amanat_result written = http_write_request_head(output, start);
    if (!amanat_is_ok(written)) {
        buffer_truncate(output, before);
        go_out_of_use(client, STATE_SPENT);
        return written;
    }
    if (bytes_equal(start->method, BYTES("HEAD"))) {
        http_reader_expect_head_only(client->reader);
    }
    client->handler = *handler;
    client->state = STATE_RUNNING;
    client->has_head = false;
    client->is_paused = false;
    client->framing = start->framing;
    client->left = start->framing == HTTP_FRAMING_LENGTH ? start->length : 0;
    client->request_sent = start->framing != HTTP_FRAMING_CHUNKED && client->left == 0;
    if (client->is_open && client->request_sent) {
        TRY(runtime_timer_start(client->timer, client->options.limits.response_time));
    }
    http_stream_flush(client->stream);
    return AMANAT_OK;
}

amanat_result http_client_write(struct http_client *client, struct bytes bytes)
{
    if (client->state != STATE_RUNNING || client->request_sent ||
        (client->framing == HTTP_FRAMING_LENGTH && bytes.length > client->left)) {
        return amanat_result_of(AMANAT_STATUS_BUG);
    }
    TRY(http_write_body(http_stream_output(client->stream), http_stream_room(client->stream),
                        client->framing, bytes));
    client->left -= client->framing == HTTP_FRAMING_LENGTH ? bytes.length : 0;
    http_stream_flush(client->stream);
    return AMANAT_OK;
}

amanat_result http_client_end(struct http_client *client)
{
    if (client->state == STATE_RUNNING && client->request_sent) {
        return AMANAT_OK; /* there was no body to end */
    }
    if (client->state != STATE_RUNNING || client->left > 0) {
        return amanat_result_of(AMANAT_STATUS_BUG);
    }
    struct buffer *output = http_stream_output(client->stream);
    if (client->framing == HTTP_FRAMING_CHUNKED) {
        http_write_last_chunk(output);
    }
    TRY(buffer_check(output));
    client->request_sent = true;
    if (client->is_open && !client->has_head) {
        TRY(runtime_timer_start(client->timer, client->options.limits.response_time));
    }
    http_stream_flush(client->stream);
    return AMANAT_OK;
}

void http_client_pause(struct http_client *client)
{
    if (client->state == STATE_RUNNING && !client->is_paused) {
        client->is_paused = true;
        http_stream_pause(client->stream);
        set_timer(client);
    }
}

void http_client_resume(struct http_client *client)
{
    if (client->state == STATE_RUNNING && client->is_paused) {
        client->is_paused = false;
        if (!amanat_is_ok(runtime_timer_start(client->timer, client->options.limits.body_time))) {
            client->failure_text = "no memory for a timer"; /* the exchange's own limit ends it */
        }
        http_stream_resume(client->stream);
    }
}

bool http_client_is_reusable(const struct http_client *client)
{
    return client->state == STATE_NEW || client->state == STATE_IDLE;
}

bool http_client_is_quiet(const struct http_client *client)
{
    return client->state == STATE_NEW || http_stream_is_quiet(client->stream);
}

unsigned http_client_exchanges(const struct http_client *client)
{
    return client->exchanges;
}

const char *http_client_failure_text(const struct http_client *client)
{
    return client->failure_text;
}
