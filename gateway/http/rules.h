/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the lines of a head must be, apart from how they arrive; private to this folder (reader.c).
 */
#ifndef AMANAT_GATEWAY_HTTP_RULES_H
#define AMANAT_GATEWAY_HTTP_RULES_H

#include "gateway/http/head.h"
#include "gateway/http/refusal.h"

/** Splits `method SP target SP HTTP/1.1` and checks each part (RFC 9112 §3). */
enum http_refusal http_rules_request_line(struct bytes line, struct http_request_head *out);

/** What a status line says. */
struct http_status_line {
    unsigned status;
    bool is_1_0;
};

/** Reads `HTTP/1.1 SP 3DIGIT SP reason` (RFC 9112 §4); the reason is checked and forgotten. */
enum http_refusal http_rules_status_line(struct bytes line, struct http_status_line *out);

/** Splits a field line (RFC 9112 §5); the name as sent. */
enum http_refusal http_rules_field_line(struct bytes line, struct http_header *out);

/**
 * Checks all field lines of a request together and fills in what follows from them: host, framing,
 * connection.
 */
enum http_refusal http_rules_request_headers(struct http_request_head *head);

/**
 * The same for a response; `head_only`: it answers a HEAD request. `out->status` is set already.
 */
enum http_refusal http_rules_response_headers(const struct http_status_line *line, bool head_only,
                                              struct http_response_head *head);

/**
 * Whether a field may stand in a trailer section (RFC 9110 §6.5.1): not framing, routing or
 * connection.
 */
bool http_rules_is_trailer_allowed(struct bytes name);

/** Reads `chunk-size [ chunk-ext ]` (RFC 9112 §7.1), without white space. */
enum http_refusal http_rules_chunk_line(struct bytes line, uint64_t *out_size,
                                        size_t *out_extension);

#endif
