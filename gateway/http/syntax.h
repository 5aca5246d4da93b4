/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The character classes of RFC 9110, RFC 9112 and RFC 3986 that several files of this folder use;
 * private to it.
 */
#ifndef AMANAT_GATEWAY_HTTP_SYNTAX_H
#define AMANAT_GATEWAY_HTTP_SYNTAX_H

#include <stdbool.h>
#include <stdint.h>

#include "policy/base/bytes.h"

/** tchar, RFC 9110 §5.6.2. */
bool http_is_token_byte(char byte);

/** token, RFC 9110 §5.6.2: not empty. */
bool http_is_token(struct bytes bytes);

/** field-vchar, SP or HTAB: what may stand in a field value (RFC 9110 §5.5), obs-text included. */
bool http_is_value_byte(char byte);

/** pchar without "%": unreserved, sub-delims, ":" or "@" (RFC 3986 §3.3). */
bool http_is_path_byte(char byte);

static inline bool http_is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

/** 0 to 15, or -1 for what is no hexadecimal digit. */
int http_hex_value(char byte);

static inline char http_lower(char byte)
{
    return byte >= 'A' && byte <= 'Z' ? (char)(byte - 'A' + 'a') : byte;
}

/** Whether `bytes` is `lower`, a lower-case literal, in any case. */
bool http_equals_ignoring_case(struct bytes bytes, const char *lower);

/** Without SP and HTAB at both ends. */
struct bytes http_trim(struct bytes bytes);

/** 1*DIGIT up to `limit`; false otherwise. */
bool http_read_decimal(struct bytes bytes, uint64_t limit, uint64_t *out);

#endif
