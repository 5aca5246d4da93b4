/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Streams of bytes over sockets. States:
 *
 *   CONNECTING ─▶ HANDSHAKE ─▶ OPEN ─▶ LINGERING ─▶ ENDED
 *
 * Accepted streams begin with HANDSHAKE or OPEN.
 *
 * LINGERING begins when the owner wants a gentle close and all output is gone. In every state the
 * owner may free the stream; after each call of the handler `is_freed` is looked at, which is safe
 * because memory goes at the turn's end.
 */
#include "gateway/http/stream.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "gateway/tls/tls.h"
#include "policy/base/guard.h"
#include "policy/base/wipe.h"

/* One TLS record's content (RFC 8446 §5.1): so OpenSSL never keeps a part that no event would
 * announce. */
enum { READ_SIZE = 16384 };

/* Reads in one turn for one stream: others want to be served too. */
enum { READS_PER_TURN = 4 };

/* As long as a peer needs to take an answer and close; it holds a connection's place, so not
 * longer. */
#define LINGER_TIME (2 * RUNTIME_SECOND)

enum state { STATE_CONNECTING = 0, STATE_HANDSHAKE, STATE_OPEN, STATE_LINGERING, STATE_ENDED };

struct http_stream {
    struct runtime_loop *loop;
    struct http_stream_handler handler;
    enum state state;
    int descriptor;
    SSL *session;
    struct event *readable;
    struct event *writable; /* one shot, with the write timeout */
    struct runtime_timer *linger;
    struct buffer output; /* twice the limit: `sent` bytes of it are gone already */
    size_t sent;
    size_t output_limit;
    size_t output_low;
    int64_t write_time;
    struct buffer kept; /* input that the owner has not used yet */
    bool is_paused;     /* the owner does not want to read */
    bool was_resumed;   /* and now does again */
    bool wants_drained; /* more than output_low waited */
    bool closes_gently; /* once the output is empty */
    bool input_ended;   /* FINISHED was said */
    /** Nothing can be sent any more; what the peer said before may still be read. */
    bool output_failed;
    bool read_needs_write; /* TLS: SSL_read waits for the socket to be writable */
    bool write_needs_read; /* TLS: SSL_write waits for the socket to be readable */
    bool is_freed;
    bool has_failed; /* `end` is to be said */
    enum http_stream_end end;
    const char *failure;
    struct runtime_task closing;
};

static void on_readable(evutil_socket_t descriptor, short what, void *context);
static void on_writable(evutil_socket_t descriptor, short what, void *context);
static void say_end(struct http_stream *stream, enum http_stream_end end);

static void on_linger_time(void *context)
{
    say_end(context, HTTP_STREAM_GONE);
}

/* Makes everything but the socket's state; takes over descriptor and session in any case. */
static amanat_result make_stream(const struct http_stream_options *options, int descriptor,
                                 struct http_stream **out)
{
    struct http_stream *stream = calloc(1, sizeof(*stream));
    if (stream == NULL) {
        SSL_free(options->session);
        close(descriptor);
        return amanat_result_of(AMANAT_STATUS_MEMORY);
    }
    *stream = (struct http_stream){.loop = options->loop,
                                   .handler = options->handler,
                                   .descriptor = descriptor,
                                   .session = options->session,
                                   .output_limit = options->output_limit,
                                   .output_low = options->output_low,
                                   .write_time = options->write_time,
                                   .failure = ""};
    buffer_init(&stream->output, 2 * options->output_limit);
    buffer_init(&stream->kept, READ_SIZE);
    struct event_base *base = runtime_loop_base(options->loop);
    stream->readable = event_new(base, descriptor, EV_READ | EV_PERSIST, on_readable, stream);
    stream->writable = event_new(base, descriptor, EV_WRITE, on_writable, stream);
    const amanat_result timer =
        runtime_timer_new(options->loop, on_linger_time, stream, &stream->linger);
    if (stream->readable == NULL || stream->writable == NULL || !amanat_is_ok(timer) ||
        (stream->session != NULL && SSL_set_fd(stream->session, descriptor) != 1)) {
        http_stream_free(stream);
        return amanat_result_of(AMANAT_STATUS_MEMORY);
    }
    /* Answers are written whole: waiting for more would only delay them. */
    const int on = 1;
    (void)setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    *out = stream;
    return AMANAT_OK;
}

static void watch_reading(struct http_stream *stream)
{
    if (event_add(stream->readable, NULL) != 0) {
        say_end(stream, HTTP_STREAM_BROKEN);
    }
}

static void watch_writing(struct http_stream *stream)
{
    const struct timeval time = {(time_t)(stream->write_time / RUNTIME_SECOND),
                                 (suseconds_t)(stream->write_time % RUNTIME_SECOND)};
    if (event_add(stream->writable, &time) != 0) {
        say_end(stream, HTTP_STREAM_BROKEN);
    }
}

amanat_result http_stream_accept(const struct http_stream_options *options, int descriptor,
                                 struct http_stream **out)
{
    struct http_stream *stream = NULL;
    TRY(make_stream(options, descriptor, &stream));
    stream->state = stream->session == NULL ? STATE_OPEN : STATE_HANDSHAKE;
    if (event_add(stream->readable, NULL) != 0) {
        http_stream_free(stream);
        return amanat_result_of(AMANAT_STATUS_MEMORY);
    }
    *out = stream;
    return AMANAT_OK;
}

amanat_result http_stream_connect(const struct http_stream_options *options,
                                  const struct http_address *address, struct http_stream **out)
{
    const int descriptor =
        socket(address->socket.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (descriptor < 0) {
        SSL_free(options->session);
        return amanat_result_of(AMANAT_STATUS_IO);
    }
    struct http_stream *stream = NULL;
    TRY(make_stream(options, descriptor, &stream));
    stream->state = STATE_CONNECTING;
    if (connect(descriptor, &address->socket.any, address->length) != 0 && errno != EINPROGRESS) {
        stream->has_failed = true;
        stream->end = HTTP_STREAM_CONNECT_FAILED;
        event_active(stream->writable, EV_WRITE, 0);
    } else {
        /* How long connecting may take is the owner's affair. */
        if (event_add(stream->writable, NULL) != 0) {
            http_stream_free(stream);
            return amanat_result_of(AMANAT_STATUS_MEMORY);
        }
    }
    *out = stream;
    return AMANAT_OK;
}

static void dispose_stream(void *object)
{
    struct http_stream *stream = object;
    if (stream->readable != NULL) {
        event_free(stream->readable);
    }
    if (stream->writable != NULL) {
        event_free(stream->writable);
    }
    SSL_free(stream->session);
    close(stream->descriptor);
    buffer_clear(&stream->output);
    buffer_clear(&stream->kept);
    free(stream);
}

void http_stream_free(struct http_stream *stream)
{
    if (stream == NULL || stream->is_freed) {
        return;
    }
    stream->is_freed = true;
    if (stream->readable != NULL) {
        (void)event_del(stream->readable);
    }
    if (stream->writable != NULL) {
        (void)event_del(stream->writable);
    }
    runtime_timer_free(stream->linger);
    runtime_loop_close_later(stream->loop, &stream->closing, dispose_stream, stream);
}

/* Tells the owner, from a callback of the loop. */
static void say_end(struct http_stream *stream, enum http_stream_end end)
{
    if (stream->is_freed || stream->state == STATE_ENDED) {
        return;
    }
    if (stream->closes_gently) {
        end = HTTP_STREAM_GONE; /* whatever it was, the owner has said goodbye already */
    }
    if (end == HTTP_STREAM_FINISHED) {
        stream->input_ended = true;
    } else {
        stream->state = STATE_ENDED;
        (void)event_del(stream->writable);
    }
    (void)event_del(stream->readable);
    stream->handler.on_end(stream->handler.context, end);
}

/* What OpenSSL's answer means for reading (or the handshake): true when the same call is to be made
 * later. */
static bool waits_for_socket(struct http_stream *stream, int error, bool *needs_other,
                             int other_error)
{
    if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) {
        *needs_other = error == other_error;
        if (error == SSL_ERROR_WANT_READ) {
            watch_reading(stream);
        } else {
            watch_writing(stream);
        }
        return true;
    }
    return false;
}

enum read_outcome { READ_BYTES, READ_LATER, READ_ENDED };

static enum read_outcome read_tls(struct http_stream *stream, char *at, size_t *out_length)
{
    ERR_clear_error();
    const int result = SSL_read_ex(stream->session, at, READ_SIZE, out_length);
    if (result == 1) {
        return READ_BYTES;
    }
    const int error = SSL_get_error(stream->session, result);
    if (waits_for_socket(stream, error, &stream->read_needs_write, SSL_ERROR_WANT_WRITE)) {
        return READ_LATER;
    }
    /* An end without close_notify arrives as SSL_R_UNEXPECTED_EOF_WHILE_READING: anybody could have
     * cut there. */
    stream->end = error == SSL_ERROR_ZERO_RETURN ? HTTP_STREAM_CLOSED : HTTP_STREAM_BROKEN;
    if (stream->end == HTTP_STREAM_BROKEN) {
        stream->failure = tls_failure_text(stream->session);
    }
    return READ_ENDED;
}

static enum read_outcome read_plain(struct http_stream *stream, char *at, size_t *out_length)
{
    ssize_t length;
    do {
        length = recv(stream->descriptor, at, READ_SIZE, 0);
    } while (length < 0 && errno == EINTR);
    if (length > 0) {
        *out_length = (size_t)length;
        return READ_BYTES;
    }
    if (length < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
        return READ_LATER;
    }
    stream->end = length == 0 ? HTTP_STREAM_FINISHED : HTTP_STREAM_BROKEN;
    if (stream->end == HTTP_STREAM_BROKEN) {
        stream->failure = "the connection is broken";
    }
    return READ_ENDED;
}

/* Hands bytes to the owner and keeps the rest; false when nothing more is wanted now. */
static bool hand_over(struct http_stream *stream, struct bytes input)
{
    const size_t used = stream->handler.on_bytes(stream->handler.context, input);
    if (stream->is_freed) {
        return false;
    }
    ASSERT(used <= input.length);
    if (used < input.length) {
        buffer_append(&stream->kept, bytes_from(input, used));
        if (stream->kept.broken) {
            say_end(stream, HTTP_STREAM_BROKEN); /* no memory */
            return false;
        }
        http_stream_pause(stream);
    }
    return !stream->is_paused && stream->state == STATE_OPEN;
}

/* What was kept comes first; the owner may again use only a part of it. After a pause it is called
 * even for nothing: its reader may have an event that needs no more bytes. */
static bool hand_over_kept(struct http_stream *stream)
{
    if (stream->kept.length == 0 && !stream->was_resumed) {
        return true;
    }
    stream->was_resumed = false;
    const size_t used =
        stream->handler.on_bytes(stream->handler.context, buffer_bytes(&stream->kept));
    if (stream->is_freed) {
        return false;
    }
    buffer_consume(&stream->kept, used);
    if (stream->kept.length > 0) {
        http_stream_pause(stream);
    }
    return !stream->is_paused && stream->state == STATE_OPEN;
}

static void read_open(struct http_stream *stream)
{
    if (stream->is_paused || stream->input_ended || !hand_over_kept(stream)) {
        return;
    }
    char input[READ_SIZE];
    for (int i = 0; i < READS_PER_TURN; i++) {
        size_t length = 0;
        const enum read_outcome outcome = stream->session != NULL
                                              ? read_tls(stream, input, &length)
                                              : read_plain(stream, input, &length);
        if (outcome == READ_ENDED) {
            say_end(stream, stream->output_failed ? HTTP_STREAM_BROKEN : stream->end);
            return;
        }
        if (outcome == READ_LATER) {
            return;
        }
        const bool goes_on = hand_over(stream, bytes_of(input, length));
        wipe(input, length);
        if (!goes_on) {
            return;
        }
        if (stream->session == NULL && length < READ_SIZE) {
            return; /* the socket is empty, or its event will come again */
        }
    }
    if (stream->session != NULL && SSL_has_pending(stream->session)) {
        event_active(stream->readable, EV_READ, 0);
    }
}

/* Reads and forgets, without TLS: nothing is made of these bytes. */
static void read_lingering(struct http_stream *stream)
{
    char nowhere[READ_SIZE];
    ssize_t length = 0;
    for (int i = 0; i < READS_PER_TURN; i++) {
        length = recv(stream->descriptor, nowhere, sizeof(nowhere), 0);
        if (length <= 0) {
            break;
        }
    }
    if (length == 0 || (length < 0 && errno != EAGAIN && errno != EINTR)) {
        say_end(stream, HTTP_STREAM_GONE);
    }
}

enum write_outcome { WRITE_BYTES, WRITE_LATER, WRITE_FAILED };

static enum write_outcome write_tls(struct http_stream *stream, struct bytes output,
                                    size_t *out_length)
{
    ERR_clear_error();
    const int result = SSL_write_ex(stream->session, output.at, output.length, out_length);
    if (result == 1) {
        return WRITE_BYTES;
    }
    const int error = SSL_get_error(stream->session, result);
    if (waits_for_socket(stream, error, &stream->write_needs_read, SSL_ERROR_WANT_READ)) {
        return WRITE_LATER;
    }
    stream->failure = tls_failure_text(stream->session);
    return WRITE_FAILED;
}

static enum write_outcome write_plain(struct http_stream *stream, struct bytes output,
                                      size_t *out_length)
{
    ssize_t length;
    do {
        length = send(stream->descriptor, output.at, output.length, MSG_NOSIGNAL);
    } while (length < 0 && errno == EINTR);
    if (length >= 0) {
        *out_length = (size_t)length;
        return WRITE_BYTES;
    }
    if (errno == EAGAIN || errno == EWOULDBLOCK) {
        watch_writing(stream);
        return WRITE_LATER;
    }
    stream->failure = "the connection is broken";
    return WRITE_FAILED;
}

/* RFC 8446 §6.1: close_notify, then the end of the TCP stream; then the peer's turn. */
static void begin_lingering(struct http_stream *stream)
{
    if (stream->session != NULL) {
        ERR_clear_error();
        (void)SSL_shutdown(stream->session);
        ERR_clear_error();
    }
    (void)event_del(stream->writable);
    stream->state = STATE_LINGERING;
    if (shutdown(stream->descriptor, SHUT_WR) != 0 || stream->input_ended ||
        !amanat_is_ok(runtime_timer_start(stream->linger, LINGER_TIME))) {
        say_end(stream, HTTP_STREAM_GONE);
        return;
    }
    watch_reading(stream);
}

/* RFC 9112 §9.5: a server may answer and close before it has read all; its answer is read all the
 * same. */
static bool give_up_output(struct http_stream *stream)
{
    if (stream->is_paused || stream->input_ended) {
        say_end(stream, HTTP_STREAM_BROKEN);
        return false;
    }
    stream->output_failed = true;
    stream->wants_drained = false;
    buffer_reset(&stream->output);
    stream->sent = 0;
    event_active(stream->readable, EV_READ, 0);
    return true;
}

/* Sends as much as goes; false when the stream has ended. */
static bool send_output(struct http_stream *stream)
{
    if (stream->output_failed) {
        buffer_reset(&stream->output);
        return true;
    }
    while (stream->sent < stream->output.length) {
        const struct bytes rest = bytes_from(buffer_bytes(&stream->output), stream->sent);
        size_t length = 0;
        const enum write_outcome outcome = stream->session != NULL
                                               ? write_tls(stream, rest, &length)
                                               : write_plain(stream, rest, &length);
        if (outcome == WRITE_FAILED) {
            return give_up_output(stream);
        }
        if (outcome == WRITE_LATER) {
            return true;
        }
        stream->sent += length;
    }
    buffer_reset(&stream->output);
    stream->sent = 0;
    return true;
}

static void write_open(struct http_stream *stream)
{
    if (!send_output(stream) || stream->is_freed) {
        return;
    }
    if (stream->closes_gently) {
        if (stream->output.length == 0) {
            begin_lingering(stream);
        }
        return;
    }
    if (stream->wants_drained && http_stream_waiting(stream) <= stream->output_low) {
        stream->wants_drained = false;
        stream->handler.on_drained(stream->handler.context);
    }
}

/* The stream can carry bytes: the owner is told, then both directions are tried. */
static void become_open(struct http_stream *stream)
{
    stream->state = STATE_OPEN;
    stream->handler.on_open(stream->handler.context);
    if (!stream->is_freed && stream->state == STATE_OPEN) {
        if (!stream->is_paused) {
            watch_reading(stream);
            event_active(stream->readable, EV_READ, 0); /* TLS may have read ahead */
        }
        event_active(stream->writable, EV_WRITE, 0);
    }
}

static void shake_hands(struct http_stream *stream)
{
    ERR_clear_error();
    const int result = SSL_do_handshake(stream->session);
    if (result == 1) {
        become_open(stream);
        return;
    }
    const int error = SSL_get_error(stream->session, result);
    bool unused = false;
    if (!waits_for_socket(stream, error, &unused, SSL_ERROR_WANT_WRITE)) {
        stream->failure = tls_failure_text(stream->session);
        say_end(stream, HTTP_STREAM_TLS_FAILED);
    }
}

static void finish_connecting(struct http_stream *stream)
{
    int error = 0;
    socklen_t length = sizeof(error);
    if (stream->has_failed ||
        getsockopt(stream->descriptor, SOL_SOCKET, SO_ERROR, &error, &length) != 0 || error != 0) {
        stream->failure = "no connection";
        say_end(stream, HTTP_STREAM_CONNECT_FAILED);
    } else if (stream->session != NULL) {
        stream->state = STATE_HANDSHAKE;
        shake_hands(stream);
    } else {
        become_open(stream);
    }
}

static void on_readable(evutil_socket_t descriptor, short what, void *context)
{
    (void)descriptor;
    (void)what;
    struct http_stream *stream = context;
    switch (stream->state) {
    case STATE_HANDSHAKE:
        shake_hands(stream);
        break;
    case STATE_OPEN:
        if (stream->write_needs_read) {
            stream->write_needs_read = false;
            write_open(stream);
        }
        if (!stream->is_freed && stream->state == STATE_OPEN) {
            read_open(stream);
        }
        break;
    case STATE_LINGERING:
        read_lingering(stream);
        break;
    case STATE_CONNECTING:
    case STATE_ENDED:
        break;
    }
}

bool http_stream_is_quiet(const struct http_stream *stream)
{
    struct pollfd wanted = {.fd = stream->descriptor, .events = POLLIN};
    return poll(&wanted, 1, 0) == 0;
}

/* Of an event that is ready and late at once, libevent tells only that it is late. So it is when
 * the thread itself stood still: then nobody is to blame who has taken the output meanwhile. */
static bool is_writable(evutil_socket_t descriptor)
{
    struct pollfd wanted = {.fd = descriptor, .events = POLLOUT};
    return poll(&wanted, 1, 0) == 1;
}

static void on_writable(evutil_socket_t descriptor, short what, void *context)
{
    struct http_stream *stream = context;
    if ((what & EV_TIMEOUT) != 0 && !is_writable(descriptor)) {
        say_end(stream, HTTP_STREAM_WRITE_TIMEOUT);
        return;
    }
    switch (stream->state) {
    case STATE_CONNECTING:
        finish_connecting(stream);
        break;
    case STATE_HANDSHAKE:
        shake_hands(stream);
        break;
    case STATE_OPEN:
        if (stream->read_needs_write) {
            stream->read_needs_write = false;
            read_open(stream);
        }
        if (!stream->is_freed && stream->state == STATE_OPEN) {
            write_open(stream);
        }
        break;
    case STATE_LINGERING:
    case STATE_ENDED:
        break;
    }
}

void http_stream_say_goodbye(struct http_stream *stream)
{
    if (stream->session != NULL && stream->state == STATE_OPEN && stream->output.length == 0) {
        ERR_clear_error();
        (void)SSL_shutdown(stream->session); /* if it does not go out at once, it does not */
        ERR_clear_error();
    }
}

void http_stream_close_gently(struct http_stream *stream)
{
    stream->closes_gently = true;
    (void)event_del(stream->readable);
    stream->is_paused = true; /* what is kept stays: the owner may just be looking at it */
    if (stream->state == STATE_OPEN) {
        event_active(stream->writable, EV_WRITE, 0);
    } else if (stream->state != STATE_ENDED) {
        stream->state = STATE_LINGERING; /* nothing was said yet: the timer ends it */
        if (!amanat_is_ok(runtime_timer_start(stream->linger, 0))) {
            say_end(stream, HTTP_STREAM_GONE);
        }
    }
}

struct buffer *http_stream_output(struct http_stream *stream)
{
    if (stream->sent > stream->output.length / 2) {
        buffer_consume(&stream->output, stream->sent);
        stream->sent = 0;
    }
    return &stream->output;
}

void http_stream_flush(struct http_stream *stream)
{
    stream->wants_drained |= http_stream_waiting(stream) > stream->output_low;
    if (stream->state == STATE_OPEN) {
        event_active(stream->writable, EV_WRITE, 0);
    }
}

size_t http_stream_waiting(const struct http_stream *stream)
{
    return stream->output.length - stream->sent;
}

size_t http_stream_room(const struct http_stream *stream)
{
    const size_t waiting = http_stream_waiting(stream);
    return waiting < stream->output_limit ? stream->output_limit - waiting : 0;
}

bool http_stream_can_send(const struct http_stream *stream)
{
    return !stream->output_failed;
}

void http_stream_pause(struct http_stream *stream)
{
    stream->is_paused = true;
    if (stream->state == STATE_OPEN && !stream->write_needs_read) {
        (void)event_del(stream->readable);
    }
}

void http_stream_resume(struct http_stream *stream)
{
    if (!stream->is_paused || stream->closes_gently) {
        return;
    }
    stream->is_paused = false;
    stream->was_resumed = true;
    if (stream->state == STATE_OPEN && !stream->input_ended) {
        if (event_add(stream->readable, NULL) != 0) {
            return; /* no memory: the owner's timer ends it */
        }
        event_active(stream->readable, EV_READ, 0);
    }
}

void http_stream_release(struct http_stream *stream)
{
    if (stream->output.length == 0) {
        buffer_clear(&stream->output);
    }
    if (stream->kept.length == 0) {
        buffer_clear(&stream->kept);
    }
}

SSL *http_stream_session(const struct http_stream *stream)
{
    return stream->session;
}

const char *http_stream_failure(const struct http_stream *stream)
{
    return stream->failure;
}
