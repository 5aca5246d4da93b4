/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Dictionaries of structured fields (RFC 9651 §3.2, §4.2.2), as far as our own fields use them: the
 * members' values are Integer, Boolean, Token, String or Display String, without parameters. Inner
 * lists, Decimals, Dates, Byte Sequences and parameters are refused by name: no field of ours has
 * them.
 */
#ifndef AMANAT_GATEWAY_HTTP_STRUCTURED_H
#define AMANAT_GATEWAY_HTTP_STRUCTURED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "amanat/diagnostics.h"
#include "amanat/result.h"
#include "policy/base/arena.h"
#include "policy/base/bytes.h"

enum http_structured_kind {
    HTTP_STRUCTURED_BOOLEAN = 0,
    HTTP_STRUCTURED_INTEGER,
    HTTP_STRUCTURED_TOKEN,
    HTTP_STRUCTURED_STRING,
    HTTP_STRUCTURED_DISPLAY_STRING
};

struct http_structured_member {
    struct bytes key;
    enum http_structured_kind kind;
    bool boolean;
    int64_t integer;
    /** TOKEN; STRING, unescaped (ASCII); DISPLAY_STRING, decoded (valid UTF-8, may hold NUL). */
    struct bytes text;
    bool repeated; /* the key stood more than once; this is its last value, as §4.2.2 says */
};

struct http_structured_dictionary {
    const struct http_structured_member *members; /* in the order of first mention */
    size_t count;
};

/**
 * Reads `field` (several field lines: joined by http_headers_join). An empty field is an empty
 * dictionary. PEER_FAULT with a diagnostic (source `name`, column from 1) for anything that RFC
 * 9651 says to fail on; MEMORY.
 */
AMANAT_MUST_CHECK amanat_result http_structured_read(struct arena *arena, const char *name,
                                                     struct bytes field,
                                                     struct amanat_diagnostics *diagnostics,
                                                     struct http_structured_dictionary *out);

#endif
