/* SPDX-License-Identifier: Apache-2.0 */
/* Decoding of string tokens (RFC 8259 §7). The scanner has checked them; what is incomplete here
 * was cut by us. */
#include "policy/redact/json_text.h"

#include "policy/base/utf8.h"

/* The value of the \uhhhh at `at`; false when the token ends before. */
static bool read_unit(struct bytes token, size_t at, uint32_t *out)
{
    uint32_t value = 0;
    if (token.length - at < 6 || token.at[at] != '\\' || token.at[at + 1] != 'u') {
        return false;
    }
    for (size_t i = at + 2; i < at + 6; i++) {
        const char digit = token.at[i];
        const char lower = (char)(digit | 0x20);
        value = value << 4 | (uint32_t)(digit <= '9' ? digit - '0' : lower - 'a' + 10);
    }
    *out = value;
    return true;
}

/* The scalar value of the \uhhhh, or the pair of them, at `*at`; false when it is not all there. */
static bool read_unicode(struct bytes token, size_t *at, uint32_t *out)
{
    uint32_t scalar = 0;
    if (!read_unit(token, *at, &scalar)) {
        return false;
    }
    *at += 6;
    if (scalar >= 0xD800 && scalar <= 0xDBFF) {
        uint32_t low = 0;
        if (!read_unit(token, *at, &low)) {
            return false;
        }
        *at += 6;
        scalar = 0x10000 + ((scalar - 0xD800) << 10) + (low - 0xDC00);
    }
    *out = scalar;
    return true;
}

static char plain_escape(char letter)
{
    switch (letter) {
    case 'b':
        return '\b';
    case 'f':
        return '\f';
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 't':
        return '\t';
    default:
        return letter; /* " \ / */
    }
}

/* The scalar value of the escape at `*at`; false when it is not all there. */
static bool read_escape(struct bytes token, size_t *at, uint32_t *out)
{
    if (token.length - *at < 2) {
        return false;
    }
    if (token.at[*at + 1] == 'u') {
        return read_unicode(token, at, out);
    }
    *out = (unsigned char)plain_escape(token.at[*at + 1]);
    *at += 2;
    return true;
}

bool json_text_next(struct bytes token, size_t *at, uint32_t *out)
{
    if (*at >= token.length || token.at[*at] == '"') {
        return false;
    }
    if (token.at[*at] == '\\') {
        return read_escape(token, at, out);
    }
    *out = utf8_next(token, at);
    return true;
}

/* Where the run of bytes from `at` ends that stand for themselves. */
static size_t plain_end(struct bytes token, size_t at)
{
    while (at < token.length && token.at[at] != '"' && token.at[at] != '\\') {
        at++;
    }
    return at;
}

void json_text_decode(struct bytes token, struct buffer *out)
{
    size_t at = 1; /* behind the opening quote */
    while (at < token.length && token.at[at] != '"') {
        if (token.at[at] == '\\') {
            uint32_t scalar = 0;
            char text[4];
            if (!read_escape(token, &at, &scalar)) {
                return;
            }
            buffer_append(out, bytes_of(text, utf8_encode(scalar, text)));
            continue;
        }
        const size_t end = plain_end(token, at);
        const struct bytes run = bytes_of(token.at + at, end - at);
        /* only a cut token can end inside a character */
        buffer_append(out,
                      bytes_first(run, end < token.length ? run.length : utf8_valid_length(run)));
        at = end;
    }
}
