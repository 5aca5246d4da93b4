/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The request target: origin-form only (RFC 9112 §3.2.1), its bytes as RFC 3986 has them. Refused
 * although RFC 3986 allows it, because two readers may understand it differently: dot segments
 * (also escaped), an escaped slash in the path, an escaped NUL anywhere.
 */
#include "gateway/http/target.h"

#include "gateway/http/syntax.h"

/* One byte of path or query at `*at`, unescaped; moves past it. */
static enum http_refusal read_byte(struct bytes text, const char *also, size_t *at, char *out_byte,
                                   bool *out_escaped)
{
    const char byte = text.at[*at];
    if (byte != '%') {
        if (!http_is_path_byte(byte) && (byte == '\0' || strchr(also, byte) == NULL)) {
            return HTTP_REFUSAL_TARGET_CHARACTER;
        }
        *at += 1;
        *out_byte = byte;
        *out_escaped = false;
        return HTTP_REFUSAL_NONE;
    }
    const int high = text.length - *at > 2 ? http_hex_value(text.at[*at + 1]) : -1;
    const int low = high < 0 ? -1 : http_hex_value(text.at[*at + 2]);
    if (low < 0) {
        return HTTP_REFUSAL_TARGET_ESCAPE;
    }
    if (high == 0 && low == 0) {
        return HTTP_REFUSAL_TARGET_NUL;
    }
    *at += 3;
    *out_byte = (char)(high * 16 + low);
    *out_escaped = true;
    return HTTP_REFUSAL_NONE;
}

/* Segments of one or two dots: `dots` counts the bytes of a segment that has nothing else, -1 once
 * it has. */
static enum http_refusal check_path(struct bytes path)
{
    int dots = 0;
    for (size_t at = 0; at < path.length;) {
        char byte;
        bool escaped;
        const enum http_refusal refusal = read_byte(path, "/", &at, &byte, &escaped);
        if (refusal != HTTP_REFUSAL_NONE) {
            return refusal;
        }
        if (byte == '/' && escaped) {
            return HTTP_REFUSAL_TARGET_ENCODED_SLASH;
        }
        if (byte == '/') {
            if (dots == 1 || dots == 2) {
                return HTTP_REFUSAL_TARGET_DOT_SEGMENT;
            }
            dots = 0;
        } else if (byte != '.') {
            dots = -1;
        } else if (dots >= 0) {
            dots++;
        }
    }
    return dots == 1 || dots == 2 ? HTTP_REFUSAL_TARGET_DOT_SEGMENT : HTTP_REFUSAL_NONE;
}

static enum http_refusal check_query(struct bytes query)
{
    for (size_t at = 0; at < query.length;) {
        char byte;
        bool escaped;
        const enum http_refusal refusal = read_byte(query, "/?", &at, &byte, &escaped);
        if (refusal != HTTP_REFUSAL_NONE) {
            return refusal;
        }
    }
    return HTTP_REFUSAL_NONE;
}

enum http_refusal http_target_read(struct bytes target, struct http_request_head *out)
{
    if (target.length == 0 || target.at[0] != '/') {
        return HTTP_REFUSAL_TARGET_FORM; /* absolute-form, authority-form, asterisk-form */
    }
    const size_t mark = bytes_find(target, '?');
    const bool has_query = mark < target.length;
    const struct bytes path = bytes_first(target, mark);
    const struct bytes query = has_query ? bytes_from(target, mark + 1) : bytes_of(NULL, 0);
    enum http_refusal refusal = check_path(path);
    if (refusal == HTTP_REFUSAL_NONE) {
        refusal = check_query(query);
    }
    if (refusal == HTTP_REFUSAL_NONE) {
        out->target = target;
        out->path = path;
        out->query = query;
        out->has_query = has_query;
    }
    return refusal;
}
