/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The strict incremental reader of HTTP/1.1 messages: bytes in, events out; no sockets, no clock.
 *
 *   http_reader_read(reader, &input, &event)   until HTTP_EVENT_MORE; then give it more bytes
 *
 *   requests:   (REQUEST BODY* END)*
 *   responses:  (RESPONSE BODY* END)*
 *
 * REFUSED may come at any place: nothing can be read after it, the connection must be closed.
 *
 * The same bytes give the same events however they are split (BODY pieces joined). The head of a
 * message, and the bytes it points to, live until the reader is asked to read past that message's
 * END. A reader takes nothing of what follows an END until it is called again, so whoever handles
 * one message at a time simply does not call it.
 */
#ifndef AMANAT_GATEWAY_HTTP_READER_H
#define AMANAT_GATEWAY_HTTP_READER_H

#include "amanat/result.h"
#include "gateway/http/head.h"
#include "gateway/http/refusal.h"
#include "policy/base/bytes.h"

/** Limits; a zero takes the default. */
struct http_reader_limits {
    size_t start_line; /* bytes of the request or status line: 8,192 (RFC 9112 §3 asks for 8,000) */
    /** Bytes of all field lines, of trailers too: 32,768 (a token and a chain of proxies). */
    size_t headers;
    size_t header_count; /* field lines: 100 */
    size_t chunk_line;   /* bytes of one chunk's size and extensions: 256 */
    uint64_t body;       /* bytes of a body's content: no limit */
};

enum http_event_kind {
    HTTP_EVENT_MORE = 0, /* all of the input is used */
    HTTP_EVENT_REQUEST,
    HTTP_EVENT_RESPONSE,
    HTTP_EVENT_BODY,
    HTTP_EVENT_END,
    HTTP_EVENT_REFUSED
};

struct http_event {
    enum http_event_kind kind;
    const struct http_request_head *request;
    const struct http_response_head *response;
    struct bytes body;         /* of BODY: lies in the input; never empty */
    enum http_refusal refusal; /* of REFUSED */
};

struct http_reader;

/** MEMORY. `limits` may be NULL. */
AMANAT_MUST_CHECK amanat_result
http_reader_new_for_requests(const struct http_reader_limits *limits, struct http_reader **out);
AMANAT_MUST_CHECK amanat_result
http_reader_new_for_responses(const struct http_reader_limits *limits, struct http_reader **out);

/** Wipes and frees; NULL is fine. */
void http_reader_free(struct http_reader *reader);

/**
 * For responses: the next response answers a HEAD request, so it has no body whatever its headers
 * say.
 */
void http_reader_expect_head_only(struct http_reader *reader);

/** Reads on in `*input`, which moves past what was used, up to the next event. */
void http_reader_read(struct http_reader *reader, struct bytes *input, struct http_event *out);

/**
 * The input has ended. END for a response body that lasts until the close, MORE between two
 * messages, else REFUSED as truncated. (A TLS connection that ended without close_notify has not
 * ended but broken: do not call this then.)
 */
void http_reader_finish(struct http_reader *reader, struct http_event *out);

/** Whether the reader stands before the first byte of a message. */
bool http_reader_is_idle(const struct http_reader *reader);

#endif
