/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Heads of messages as bytes. What the writer is given is checked again, so that no value from
 * elsewhere can end a line and begin another: a name or value that is not valid fails as BUG and
 * nothing is written.
 */
#ifndef AMANAT_GATEWAY_HTTP_WRITER_H
#define AMANAT_GATEWAY_HTTP_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "amanat/result.h"
#include "gateway/http/head.h"
#include "policy/base/buffer.h"

/**
 * A response's head. Framing and connection headers are the writer's: they must not be among
 * `headers`.
 */
struct http_response_start {
    unsigned status;
    const struct http_header *headers;
    size_t header_count;
    enum http_framing framing; /* NONE (204, 304), LENGTH or CHUNKED */
    uint64_t length;
};

/**
 * A request's head. Host, framing and connection headers are the writer's: they must not be among
 * `headers`.
 */
struct http_request_start {
    struct bytes method;
    struct bytes target; /* origin-form */
    struct bytes host;   /* of the Host header: "10.0.4.2:8443" */
    const struct http_header *headers;
    size_t header_count;
    enum http_framing framing; /* NONE, LENGTH or CHUNKED */
    uint64_t length;
};

/**
 * Appends status line, headers, framing, `Connection: close` when the connection ends, and the
 * empty line. BUG, LIMIT.
 */
AMANAT_MUST_CHECK amanat_result http_write_response_head(struct buffer *buffer,
                                                         const struct http_response_start *start,
                                                         bool closes);

/** Appends request line, Host, headers, framing, and the empty line. BUG, LIMIT. */
AMANAT_MUST_CHECK amanat_result http_write_request_head(struct buffer *buffer,
                                                        const struct http_request_start *start);

/** Appends one chunk; nothing for no bytes (an empty chunk would be the end). */
void http_write_chunk(struct buffer *buffer, struct bytes bytes);

/**
 * Appends a piece of a body: as a chunk with framing CHUNKED, else as it is. LIMIT, and nothing is
 * appended, when it and a chunk's frame would not fit into `room`.
 */
AMANAT_MUST_CHECK amanat_result http_write_body(struct buffer *buffer, size_t room,
                                                enum http_framing framing, struct bytes bytes);

/** Appends the last chunk, without trailers. */
void http_write_last_chunk(struct buffer *buffer);

#endif
