/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A connection as a stream of bytes, with or without TLS, accepted or made; private to this folder.
 * It knows sockets, TLS, back-pressure and closing, and nothing of HTTP.
 *
 * Input is handed over as it comes; what the owner does not use is kept (one read's worth) and
 * reading stops until http_stream_resume. Output is gathered and sent when the callbacks of this
 * turn have run. Calls to the handler come only from the loop, never from within a function of this
 * header. All buffers are wiped when they have been used.
 *
 * Not libevent's bufferevents: they keep what they read in chains that are never wiped, and those
 * for OpenSSL read on while they are told to wait.
 */
#ifndef AMANAT_GATEWAY_HTTP_STREAM_H
#define AMANAT_GATEWAY_HTTP_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openssl/ssl.h>

#include "amanat/result.h"
#include "gateway/http/address.h"
#include "gateway/runtime/runtime.h"
#include "policy/base/buffer.h"

struct http_stream;

enum http_stream_end {
    HTTP_STREAM_BROKEN = 0,     /* reset, or TLS without close_notify: what came may be cut */
    HTTP_STREAM_FINISHED,       /* plain TCP: the peer sends no more, but may still read */
    HTTP_STREAM_CLOSED,         /* TLS: close_notify */
    HTTP_STREAM_CONNECT_FAILED, /* */
    HTTP_STREAM_TLS_FAILED,     /* the handshake */
    HTTP_STREAM_WRITE_TIMEOUT,  /* output made no progress for too long */
    /** After http_stream_close_gently: all is sent, the peer has closed or had its time. */
    HTTP_STREAM_GONE
};

struct http_stream_handler {
    void *context;
    void (*on_open)(void *context);                        /* connected, handshake done */
    size_t (*on_bytes)(void *context, struct bytes input); /* gives how many it used */
    void (*on_drained)(void *context); /* no more than `output_low` waits, after more did */
    /** Once; after FINISHED one more may come. */
    void (*on_end)(void *context, enum http_stream_end end);
};

struct http_stream_options {
    struct runtime_loop *loop;
    SSL *session; /* NULL without TLS; the stream frees it, also when it cannot be made */
    struct http_stream_handler handler;
    size_t output_limit;
    size_t output_low;
    int64_t write_time;
};

/** Over an accepted socket, which the stream closes (also when it cannot be made). MEMORY. */
AMANAT_MUST_CHECK amanat_result http_stream_accept(const struct http_stream_options *options,
                                                   int descriptor, struct http_stream **out);

/** Over a connection that is to be made. MEMORY, IO (no socket). */
AMANAT_MUST_CHECK amanat_result http_stream_connect(const struct http_stream_options *options,
                                                    const struct http_address *address,
                                                    struct http_stream **out);

/** Closes at once; no call comes any more; memory goes by the closing list. NULL is fine. */
void http_stream_free(struct http_stream *stream);

/**
 * TLS: says that nothing more will come, for a connection that is idle and about to be freed (RFC
 * 9112 §9.8).
 */
void http_stream_say_goodbye(struct http_stream *stream);

/**
 * Sends what waits, says that nothing more will come, and reads what the peer still sends for a
 * while, so that a reset does not take away the answer (RFC 9112 §9.6). Ends with HTTP_STREAM_GONE.
 */
void http_stream_close_gently(struct http_stream *stream);

/** Where output is appended; then call http_stream_flush. */
struct buffer *http_stream_output(struct http_stream *stream);

/** Sends what was appended, soon. on_drained follows if more than `output_low` waits now. */
void http_stream_flush(struct http_stream *stream);

/** Bytes that wait to be sent, and how many more may be appended. */
size_t http_stream_waiting(const struct http_stream *stream);
size_t http_stream_room(const struct http_stream *stream);

/** Whether sending has not failed yet (what the peer said before it failed is still read). */
bool http_stream_can_send(const struct http_stream *stream);

/** Whether the peer has sent nothing more, not even its end, that the loop has not seen yet. */
bool http_stream_is_quiet(const struct http_stream *stream);

/** Stops reading; starts it again, first with what was kept. */
void http_stream_pause(struct http_stream *stream);
void http_stream_resume(struct http_stream *stream);

/** Frees buffers that are empty: for a connection that waits. */
void http_stream_release(struct http_stream *stream);

/** NULL without TLS. */
SSL *http_stream_session(const struct http_stream *stream);

/** Why it ended, in a few words for operators; "" when there is nothing to say. Static storage. */
const char *http_stream_failure(const struct http_stream *stream);

#endif
