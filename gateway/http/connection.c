/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One connection of the server and the response that runs on it.
 *
 *   from      to        when
 *   OPENING   WAITING   the handshake is done
 *   WAITING   RUNNING   a head was read
 *   WAITING   PARTING   the request was refused, and the refusal answered
 *   WAITING   gone      idle for too long, broken, stopped
 *   RUNNING   DRAINING  the response ended, and the connection is kept alive
 *   RUNNING   PARTING   the response ended with a close, or the rest of the request was refused
 *   RUNNING   gone      the handler aborted the response, or the client has gone
 *   DRAINING  WAITING   most of the output is gone
 *   PARTING   gone      all is sent, and the client has closed or had its time
 *
 * WAITING covers both "between two requests" and "within a head"; the reader knows which. RUNNING
 * lasts from on_request to the handler's end, abort or on_abort. DRAINING waits until most of the
 * output is gone before the next request is read, so that a client that sends requests and takes no
 * answers costs one output buffer.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gateway/http/problem.h"
#include "gateway/http/reader_private.h"
#include "gateway/http/server_private.h"
#include "gateway/http/stream.h"
#include "gateway/http/writer_private.h"
#include "policy/base/guard.h"

enum state {
    STATE_OPENING = 0,
    STATE_WAITING,
    STATE_RUNNING,
    STATE_DRAINING,
    STATE_PARTING,
    STATE_GONE
};

struct http_response {
    struct http_connection *connection;
    void *request;   /* the handler's */
    bool is_started; /* the handler knows about it: on_request has returned */
    bool has_begun;
    bool answers_head;
    bool closes; /* the head said so */
    enum http_framing framing;
    uint64_t left; /* of the announced length */
};

struct http_connection {
    struct http_server *server;
    struct http_connection *next;
    struct http_connection *previous;
    enum state state;
    struct http_stream *stream;
    struct http_reader *reader;
    struct runtime_timer *timer;
    struct http_peer peer;
    struct http_response response;
    bool request_read; /* nothing of the request is still to come */
    bool keeps_alive;
    bool expects_continue;
    bool input_finished; /* the client sends no more, but may still read */
    struct runtime_task closing;
};

static const struct http_server_limits *limits_of(const struct http_connection *connection)
{
    return &connection->server->options.limits;
}

static const struct http_server_handler *handler_of(const struct http_connection *connection)
{
    return &connection->server->options.handler;
}

static void dispose_connection(void *object)
{
    struct http_connection *connection = object;
    http_reader_free(connection->reader);
    free(connection);
}

static void leave_list(struct http_connection *connection)
{
    struct http_server *server = connection->server;
    if (connection->previous != NULL) {
        connection->previous->next = connection->next;
    } else {
        server->connections = connection->next;
    }
    if (connection->next != NULL) {
        connection->next->previous = connection->previous;
    }
}

/* The only way out: everything is closed now, and freed at the end of this turn. */
static void close_now(struct http_connection *connection)
{
    if (connection->state == STATE_GONE) {
        return;
    }
    connection->state = STATE_GONE;
    http_stream_free(connection->stream);
    runtime_timer_free(connection->timer);
    leave_list(connection);
    runtime_loop_close_later(connection->server->options.loop, &connection->closing,
                             dispose_connection, connection);
    http_server_note_closed(connection->server);
}

static void close_gently(struct http_connection *connection)
{
    connection->state = STATE_PARTING;
    runtime_timer_stop(connection->timer);
    http_stream_close_gently(connection->stream);
}

static void start_timer(struct http_connection *connection, int64_t time)
{
    if (!amanat_is_ok(runtime_timer_start(connection->timer, time))) {
        close_now(connection); /* a connection without a timer could stay for ever */
    }
}

/* Of a connection that owes nobody anything. */
static void close_idle(struct http_connection *connection)
{
    if (connection->state == STATE_WAITING && http_reader_is_idle(connection->reader)) {
        http_stream_say_goodbye(connection->stream);
    }
    close_now(connection);
}

/* The handler must forget the response; whether the client can still be told is the caller's
 * question. */
static void abort_response(struct http_connection *connection, enum http_abort reason,
                           enum http_refusal refusal)
{
    struct http_response *response = &connection->response;
    const bool is_known = response->is_started;
    connection->state = STATE_PARTING;
    if (is_known) {
        handler_of(connection)->on_abort(response->request, reason, refusal);
    }
}

/* A refusal that the server answers by itself: in words of ours, with no access id, because there
 * is no access yet. */
static void answer_refusal(struct http_connection *connection, enum http_refusal refusal)
{
    const unsigned status = http_refusal_status(refusal);
    const struct problem problem = {
        .name = status == 431 || status == 413
                    ? PROBLEM_LIMIT
                    : (status == 503 ? PROBLEM_OVERLOADED : PROBLEM_MALFORMED),
        .status = status};
    struct buffer body;
    buffer_init(&body, 4096);
    http_write_problem(&body, &problem, bytes_of(NULL, 0));
    const struct http_header headers[] = {
        {BYTES_INIT("Content-Type"), BYTES_INIT(HTTP_PROBLEM_MEDIA_TYPE)},
        {BYTES_INIT("Cache-Control"), BYTES_INIT("no-store")}};
    const struct http_response_start start = {.status = status,
                                              .headers = headers,
                                              .header_count = 2,
                                              .framing = HTTP_FRAMING_LENGTH,
                                              .length = body.length};
    struct buffer *output = http_stream_output(connection->stream);
    const amanat_result written = http_write_dated_response_head(
        output, &start, true, runtime_clock_wall(connection->server->options.clock));
    if (amanat_is_ok(written) && amanat_is_ok(buffer_check(&body))) {
        buffer_append(output, buffer_bytes(&body));
        http_stream_flush(connection->stream);
    }
    buffer_clear(&body);
    close_gently(connection);
}

static void refuse(struct http_connection *connection, enum http_refusal refusal)
{
    if (connection->state == STATE_RUNNING) {
        const bool has_begun = connection->response.has_begun;
        abort_response(connection, HTTP_ABORT_REFUSED, refusal);
        if (connection->state == STATE_GONE) {
            return;
        }
        if (has_begun) {
            close_now(connection);
        } else {
            answer_refusal(connection, refusal);
        }
        return;
    }
    const struct http_server_handler *handler = handler_of(connection);
    if (handler->on_refused != NULL) {
        handler->on_refused(handler->context, refusal, &connection->peer);
    }
    answer_refusal(connection, refusal);
}

/* The response is over and the connection lives: the next request may come. */
static void await_request(struct http_connection *connection)
{
    connection->state = STATE_WAITING;
    if (connection->server->stopping || connection->input_finished) {
        close_gently(connection);
        return;
    }
    if (http_reader_is_idle(connection->reader)) {
        http_reader_release(connection->reader);
    }
    http_stream_release(connection->stream);
    start_timer(connection, limits_of(connection)->idle_time);
    if (connection->state == STATE_WAITING) {
        http_stream_resume(connection->stream);
    }
}

static void start_body_timer(struct http_connection *connection)
{
    if (connection->state != STATE_RUNNING) {
        return;
    }
    if (connection->request_read) {
        runtime_timer_stop(connection->timer);
    } else {
        start_timer(connection, limits_of(connection)->body_time);
    }
}

static void begin_request(struct http_connection *connection, const struct http_request_head *head)
{
    const bool has_body = head->framing == HTTP_FRAMING_CHUNKED ||
                          (head->framing == HTTP_FRAMING_LENGTH && head->length > 0);
    connection->state = STATE_RUNNING;
    connection->request_read = !has_body;
    connection->keeps_alive = head->keeps_alive;
    connection->expects_continue = head->expects_continue;
    connection->response = (struct http_response){
        .connection = connection, .answers_head = bytes_equal(head->method, BYTES("HEAD"))};
    start_body_timer(connection);
    if (connection->state != STATE_RUNNING) {
        return;
    }
    const struct http_server_handler *handler = handler_of(connection);
    void *request =
        handler->on_request(handler->context, &connection->response, head, &connection->peer);
    if (connection->state != STATE_RUNNING) {
        return; /* answered within the call */
    }
    connection->response.request = request;
    connection->response.is_started = true;
    /* RFC 9110 §10.1.1: a final answer makes the interim one superfluous. */
    if (connection->expects_continue && !connection->response.has_begun) {
        buffer_append_string(http_stream_output(connection->stream),
                             "HTTP/1.1 100 Continue\r\n\r\n");
        http_stream_flush(connection->stream);
    }
}

static void end_request(struct http_connection *connection)
{
    /* A response that ended early leaves RUNNING; its request's end then means nothing. */
    if (connection->state == STATE_RUNNING) {
        connection->request_read = true;
        runtime_timer_stop(connection->timer);
        handler_of(connection)->on_body_end(connection->response.request);
    }
}

static void take_event(struct http_connection *connection, const struct http_event *event)
{
    switch (event->kind) {
    case HTTP_EVENT_REQUEST:
        begin_request(connection, event->request);
        break;
    case HTTP_EVENT_BODY:
        start_body_timer(connection);
        if (connection->state == STATE_RUNNING) {
            handler_of(connection)->on_body(connection->response.request, event->body);
        }
        break;
    case HTTP_EVENT_END:
        end_request(connection);
        break;
    case HTTP_EVENT_REFUSED:
        refuse(connection, event->refusal);
        break;
    case HTTP_EVENT_MORE:
    case HTTP_EVENT_RESPONSE:
        break;
    }
}

/* Whether the reader may go on: not into the next request while this one is answered. */
static bool may_read(const struct http_connection *connection, const struct http_event *last)
{
    if (connection->state == STATE_WAITING) {
        return true;
    }
    if (connection->state != STATE_RUNNING) {
        return false;
    }
    return last->kind != HTTP_EVENT_END &&
           (!connection->request_read || last->kind == HTTP_EVENT_REQUEST);
}

static size_t take_bytes(void *context, struct bytes input)
{
    struct http_connection *connection = context;
    struct bytes rest = input;
    struct http_event event = {0};
    while (may_read(connection, &event)) {
        const bool was_idle = connection->state == STATE_WAITING &&
                              http_reader_is_idle(connection->reader) && rest.length > 0;
        http_reader_read(connection->reader, &rest, &event);
        if (event.kind == HTTP_EVENT_MORE) {
            if (was_idle && !http_reader_is_idle(connection->reader)) {
                start_timer(connection, limits_of(connection)->header_time);
            }
            break;
        }
        take_event(connection, &event);
    }
    return input.length - rest.length;
}

static void take_open(void *context)
{
    struct http_connection *connection = context;
    SSL *session = http_stream_session(connection->stream);
    connection->peer.is_secure = session != NULL;
    connection->peer.certificate = session == NULL ? NULL : tls_session_peer(session);
    connection->state = STATE_WAITING;
    if (connection->server->stopping) {
        close_now(connection);
    }
}

static void take_drained(void *context)
{
    struct http_connection *connection = context;
    if (connection->state == STATE_DRAINING) {
        await_request(connection);
    } else if (connection->state == STATE_RUNNING && connection->response.is_started &&
               handler_of(connection)->on_drained != NULL) {
        handler_of(connection)->on_drained(connection->response.request);
    }
}

static void take_end(void *context, enum http_stream_end end)
{
    struct http_connection *connection = context;
    if (connection->state == STATE_RUNNING) {
        /*
         * RFC 9112 §9.6 leaves a client that has sent its request free to close its sending side.
         */
        if (end == HTTP_STREAM_FINISHED && connection->request_read) {
            connection->input_finished = true;
            return;
        }
        abort_response(connection,
                       end == HTTP_STREAM_WRITE_TIMEOUT ? HTTP_ABORT_TIMEOUT
                                                        : HTTP_ABORT_CLIENT_GONE,
                       HTTP_REFUSAL_NONE);
    } else if (connection->state == STATE_DRAINING && end == HTTP_STREAM_FINISHED) {
        connection->input_finished = true;
        return;
    }
    close_now(connection);
}

static void take_time(void *context)
{
    struct http_connection *connection = context;
    if (connection->state == STATE_RUNNING) {
        abort_response(connection, HTTP_ABORT_TIMEOUT, HTTP_REFUSAL_NONE);
    }
    close_idle(connection);
}

static amanat_result make_stream(struct http_connection *connection, int descriptor)
{
    const struct http_server_options *options = &connection->server->options;
    SSL *session = NULL;
    if (options->tls != NULL) {
        const amanat_result made = tls_server_session_new(options->tls, &session);
        if (!amanat_is_ok(made)) {
            close(descriptor);
            return made;
        }
    }
    const struct http_stream_options stream = {.loop = options->loop,
                                               .session = session,
                                               .handler = {.context = connection,
                                                           .on_open = take_open,
                                                           .on_bytes = take_bytes,
                                                           .on_drained = take_drained,
                                                           .on_end = take_end},
                                               .output_limit = options->limits.output,
                                               .output_low = options->limits.output_low,
                                               .write_time = options->limits.write_time};
    return http_stream_accept(&stream, descriptor, &connection->stream);
}

void http_connection_open(struct http_server *server, int descriptor,
                          const struct http_address *peer)
{
    struct http_connection *connection = calloc(1, sizeof(*connection));
    if (connection == NULL) {
        close(descriptor);
        return;
    }
    connection->server = server;
    connection->peer.address = *peer;
    connection->next = server->connections;
    if (connection->next != NULL) {
        connection->next->previous = connection;
    }
    server->connections = connection;
    http_server_note_opened(server);
    amanat_result result =
        http_reader_new_for_requests(&server->options.limits.reader, &connection->reader);
    if (amanat_is_ok(result)) {
        result = runtime_timer_new(server->options.loop, take_time, connection, &connection->timer);
    }
    if (!amanat_is_ok(result)) {
        close(descriptor);
    } else {
        result = make_stream(connection, descriptor);
    }
    if (!amanat_is_ok(result)) {
        close_now(connection);
        return;
    }
    if (server->options.tls == NULL) {
        connection->state = STATE_WAITING;
    }
    start_timer(connection, server->options.limits.header_time);
}

struct http_connection *http_connection_next(const struct http_connection *connection)
{
    return connection->next;
}

void http_connection_wind_down(struct http_connection *connection)
{
    if (connection->state == STATE_OPENING ||
        (connection->state == STATE_WAITING && http_reader_is_idle(connection->reader))) {
        close_idle(connection);
    }
}

void http_connection_abort(struct http_connection *connection)
{
    if (connection->state == STATE_RUNNING) {
        abort_response(connection, HTTP_ABORT_STOPPED, HTTP_REFUSAL_NONE);
    }
    close_now(connection);
}

amanat_result http_response_begin(struct http_response *response,
                                  const struct http_response_start *start)
{
    struct http_connection *connection = response->connection;
    if (connection->state != STATE_RUNNING || response->has_begun) {
        return amanat_result_of(AMANAT_STATUS_BUG);
    }
    const bool closes = !connection->keeps_alive || !connection->request_read ||
                        connection->server->stopping || connection->input_finished;
    struct buffer *output = http_stream_output(connection->stream);
    const size_t before = output->length;
    const amanat_result written = http_write_dated_response_head(
        output, start, closes, runtime_clock_wall(connection->server->options.clock));
    if (!amanat_is_ok(written)) {
        buffer_truncate(output, before);
        return written;
    }
    response->has_begun = true;
    response->closes = closes;
    response->framing = start->framing;
    response->left = start->framing == HTTP_FRAMING_LENGTH ? start->length : 0;
    http_stream_flush(connection->stream);
    return AMANAT_OK;
}

static amanat_result write_body(struct http_response *response, struct bytes bytes)
{
    struct http_connection *connection = response->connection;
    if (connection->state != STATE_RUNNING || !response->has_begun) {
        return amanat_result_of(AMANAT_STATUS_BUG);
    }
    if (response->answers_head || bytes.length == 0) {
        return AMANAT_OK;
    }
    if (response->framing == HTTP_FRAMING_NONE ||
        (response->framing == HTTP_FRAMING_LENGTH && bytes.length > response->left)) {
        return amanat_result_of(AMANAT_STATUS_BUG);
    }
    TRY(http_write_body(http_stream_output(connection->stream),
                        http_stream_room(connection->stream), response->framing, bytes));
    response->left -= response->framing == HTTP_FRAMING_LENGTH ? bytes.length : 0;
    http_stream_flush(connection->stream);
    return AMANAT_OK;
}

amanat_result http_response_write_disclosed(struct http_response *response,
                                            struct disclosed_bytes bytes)
{
    return write_body(response, bytes.bytes);
}

amanat_result http_response_write_own(struct http_response *response, struct own_bytes bytes)
{
    return write_body(response, bytes.bytes);
}

size_t http_response_waiting(const struct http_response *response)
{
    return http_stream_waiting(response->connection->stream);
}

amanat_result http_response_end(struct http_response *response)
{
    struct http_connection *connection = response->connection;
    const bool is_whole = response->answers_head || response->left == 0;
    if (connection->state != STATE_RUNNING || !response->has_begun || !is_whole) {
        if (connection->state == STATE_RUNNING) {
            http_response_abort(response);
        }
        return amanat_result_of(AMANAT_STATUS_BUG);
    }
    struct buffer *output = http_stream_output(connection->stream);
    if (response->framing == HTTP_FRAMING_CHUNKED && !response->answers_head) {
        http_write_last_chunk(output);
    }
    if (output->broken) {
        http_response_abort(response);
        return amanat_result_of(AMANAT_STATUS_LIMIT);
    }
    http_stream_flush(connection->stream);
    if (response->closes || !connection->request_read) {
        close_gently(connection);
        return AMANAT_OK;
    }
    runtime_timer_stop(connection->timer);
    connection->state = STATE_DRAINING;
    if (http_stream_waiting(connection->stream) <= limits_of(connection)->output_low) {
        await_request(connection);
    }
    return AMANAT_OK;
}

void http_response_abort(struct http_response *response)
{
    struct http_connection *connection = response->connection;
    if (connection->state == STATE_RUNNING) {
        close_now(connection);
    }
}
