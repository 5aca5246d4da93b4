/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why a message was refused: one closed table for status, metrics, log and trail. The names are
 * words of ours and say nothing about what was sent.
 */
#ifndef AMANAT_GATEWAY_HTTP_REFUSAL_H
#define AMANAT_GATEWAY_HTTP_REFUSAL_H

/* identifier, name, status towards a partner */
#define HTTP_REFUSALS(ROW)                                                                         \
    ROW(BARE_LF, "bare-lf", 400)                                                                   \
    ROW(BARE_CR, "bare-cr", 400)                                                                   \
    ROW(START_LINE_MALFORMED, "start-line-malformed", 400)                                         \
    ROW(START_LINE_TOO_LONG, "start-line-too-long", 431)                                           \
    ROW(METHOD_INVALID, "method-invalid", 400)                                                     \
    ROW(TARGET_FORM, "target-form", 400)                                                           \
    ROW(TARGET_CHARACTER, "target-character", 400)                                                 \
    ROW(TARGET_ESCAPE, "target-escape", 400)                                                       \
    ROW(TARGET_ENCODED_SLASH, "target-encoded-slash", 400)                                         \
    ROW(TARGET_NUL, "target-nul", 400)                                                             \
    ROW(TARGET_DOT_SEGMENT, "target-dot-segment", 400)                                             \
    ROW(VERSION_MALFORMED, "version-malformed", 400)                                               \
    ROW(VERSION_UNSUPPORTED, "version-unsupported", 505)                                           \
    ROW(STATUS_MALFORMED, "status-malformed", 400)                                                 \
    ROW(HEADER_NAME, "header-name", 400)                                                           \
    ROW(HEADER_SPACE_BEFORE_COLON, "header-space-before-colon", 400)                               \
    ROW(HEADER_FOLDED, "header-folded", 400)                                                       \
    ROW(HEADER_VALUE, "header-value", 400)                                                         \
    ROW(HEADERS_TOO_LONG, "headers-too-long", 431)                                                 \
    ROW(HEADERS_TOO_MANY, "headers-too-many", 431)                                                 \
    ROW(HOST_MISSING, "host-missing", 400)                                                         \
    ROW(HOST_REPEATED, "host-repeated", 400)                                                       \
    ROW(HOST_INVALID, "host-invalid", 400)                                                         \
    ROW(LENGTH_INVALID, "length-invalid", 400)                                                     \
    ROW(LENGTH_REPEATED, "length-repeated", 400)                                                   \
    ROW(LENGTH_WITH_ENCODING, "length-with-encoding", 400)                                         \
    ROW(LENGTH_NOT_ALLOWED, "length-not-allowed", 400)                                             \
    ROW(ENCODING_UNSUPPORTED, "encoding-unsupported", 400)                                         \
    ROW(CONNECTION_INVALID, "connection-invalid", 400)                                             \
    ROW(EXPECTATION_UNKNOWN, "expectation-unknown", 400)                                           \
    ROW(UPGRADE, "upgrade", 400)                                                                   \
    ROW(CHUNK_SIZE, "chunk-size", 400)                                                             \
    ROW(CHUNK_EXTENSION, "chunk-extension", 400)                                                   \
    ROW(CHUNK_LINE_TOO_LONG, "chunk-line-too-long", 431)                                           \
    ROW(CHUNK_END, "chunk-end", 400)                                                               \
    ROW(TRAILER_FORBIDDEN, "trailer-forbidden", 400)                                               \
    ROW(BODY_TOO_LONG, "body-too-long", 413)                                                       \
    ROW(INTERIM_TOO_MANY, "interim-too-many", 400)                                                 \
    ROW(DATA_AFTER_CLOSE, "data-after-close", 400)                                                 \
    ROW(TRUNCATED, "truncated", 400)                                                               \
    ROW(MEMORY, "memory", 503)

enum http_refusal {
    HTTP_REFUSAL_NONE = 0,
#define HTTP_REFUSAL_ROW(identifier, name, status) HTTP_REFUSAL_##identifier,
    HTTP_REFUSALS(HTTP_REFUSAL_ROW)
#undef HTTP_REFUSAL_ROW
        HTTP_REFUSAL_COUNT
};

/** "length-with-encoding"; "none" for HTTP_REFUSAL_NONE. Static storage. */
const char *http_refusal_name(enum http_refusal refusal);

/** What a partner is answered: 400, 413, 431, 503 or 505; 0 for HTTP_REFUSAL_NONE. */
unsigned http_refusal_status(enum http_refusal refusal);

#endif
