/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Heads of messages as the reader gives them and the writer takes them: no copies, no meaning
 * beyond framing.
 */
#ifndef AMANAT_GATEWAY_HTTP_HEAD_H
#define AMANAT_GATEWAY_HTTP_HEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "amanat/result.h"
#include "policy/base/arena.h"
#include "policy/base/bytes.h"

/**
 * One field line. From the reader: `name` in lower case, `value` without white space around it, no
 * control bytes but tabs; bytes 0x80-0xFF may occur in it (RFC 9110 §5.5).
 */
struct http_header {
    struct bytes name;
    struct bytes value;
};

/** How the end of a body is found (RFC 9112 §6.3). */
enum http_framing {
    HTTP_FRAMING_NONE = 0,   /* no body */
    HTTP_FRAMING_LENGTH,     /* Content-Length; may be 0 */
    HTTP_FRAMING_CHUNKED,    /* delimited by the last chunk */
    HTTP_FRAMING_UNTIL_CLOSE /* responses only: not delimited, a cut cannot be told from the end */
};

struct http_request_head {
    struct bytes method; /* a token; upper and lower case differ */
    struct bytes target; /* origin-form, as sent: path, or path?query */
    /** Starts with "/"; escapes are well formed; no dot segments, no %2F, no %00. */
    struct bytes path;
    struct bytes query; /* after the "?", as sent */
    bool has_query;
    struct bytes host; /* as sent */
    const struct http_header *headers;
    size_t header_count;
    enum http_framing framing; /* NONE, LENGTH or CHUNKED */
    uint64_t length;           /* of LENGTH */
    bool keeps_alive;          /* the client did not ask for a close */
    bool expects_continue;     /* Expect: 100-continue, and there is a body */
};

struct http_response_head {
    unsigned status; /* 200 to 599; interim responses are skipped */
    const struct http_header *headers;
    size_t header_count;
    enum http_framing framing;
    uint64_t length;  /* of LENGTH */
    bool keeps_alive; /* the connection can carry another exchange */
};

/** Whether a body's end can be told from a cut. */
static inline bool http_framing_is_delimited(enum http_framing framing)
{
    return framing != HTTP_FRAMING_UNTIL_CLOSE;
}

/**
 * How many field lines bear `name` (lower case); the first one's value in `out_first` (may be NULL)
 * when there is one.
 */
size_t http_headers_find(const struct http_header *headers, size_t count, const char *name,
                         struct bytes *out_first);

/**
 * The values of all field lines of that name, joined by ", " (RFC 9110 §5.3); no bytes when there
 * is none. MEMORY.
 */
AMANAT_MUST_CHECK amanat_result http_headers_join(struct arena *arena,
                                                  const struct http_header *headers, size_t count,
                                                  const char *name, struct bytes *out);

/**
 * Whether `name` is a token, and `value` a field value without control bytes (RFC 9110 §5.1, §5.5).
 */
bool http_header_name_is_valid(struct bytes name);
bool http_header_value_is_valid(struct bytes value);

#endif
