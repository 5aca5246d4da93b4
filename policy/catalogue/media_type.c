/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A Content-Type field value (RFC 9110 §8.3.1) against the declared media types. Only `charset`
 * says something about how bytes are to be read: for JSON it must be UTF-8 (RFC 8259 §8.1); where
 * it is not, the body is of no declared type.
 */
#include "policy/catalogue/catalogue.h"
#include "policy/catalogue/openapi.h"

#define TYPE_LENGTH 256

static char lower(char byte)
{
    return (char)(byte >= 'A' && byte <= 'Z' ? byte + 32 : byte);
}

static bool equal_without_case(struct bytes a, struct bytes lower_case)
{
    bool equal = a.length == lower_case.length;
    for (size_t i = 0; equal && i < a.length; i++) {
        equal = lower(a.at[i]) == lower_case.at[i];
    }
    return equal;
}

static void skip_blanks(struct bytes *text)
{
    while (text->length > 0 && (text->at[0] == ' ' || text->at[0] == '\t')) {
        *text = bytes_from(*text, 1);
    }
}

static struct bytes take_token(struct bytes *text)
{
    size_t length = 0;
    while (length < text->length && openapi_is_token(bytes_of(text->at + length, 1))) {
        length++;
    }
    const struct bytes token = bytes_first(*text, length);
    *text = bytes_from(*text, length);
    return token;
}

/* A quoted string without escapes: none of the values that count has any. */
static bool take_quoted(struct bytes *text, struct bytes *out)
{
    const struct bytes inner = bytes_from(*text, 1);
    const size_t end = bytes_find(inner, '"');
    *out = bytes_first(inner, end);
    if (end == inner.length || bytes_find(*out, '\\') < out->length) {
        return false;
    }
    *text = bytes_from(inner, end + 1);
    return true;
}

/* The parameters: false when they are malformed or name another charset than UTF-8. */
static bool read_parameters(struct bytes text, bool *out_utf8)
{
    *out_utf8 = true;
    for (skip_blanks(&text); text.length > 0; skip_blanks(&text)) {
        if (text.at[0] != ';') {
            return false;
        }
        text = bytes_from(text, 1);
        skip_blanks(&text);
        if (text.length == 0 || text.at[0] == ';') {
            continue;
        }
        const struct bytes name = take_token(&text);
        struct bytes value = {0};
        if (name.length == 0 || text.length < 2 || text.at[0] != '=') {
            return false;
        }
        text = bytes_from(text, 1);
        if (text.at[0] != '"') {
            value = take_token(&text);
        } else if (!take_quoted(&text, &value)) {
            return false;
        }
        if (equal_without_case(name, BYTES("charset"))) {
            *out_utf8 = *out_utf8 && equal_without_case(value, BYTES("utf-8"));
        }
    }
    return true;
}

const struct catalogue_media_type *
catalogue_find_media_type(const struct catalogue_media_type *media_types, size_t count,
                          struct bytes content_type)
{
    struct bytes text = content_type;
    bool is_utf8 = true;
    skip_blanks(&text);
    size_t length = take_token(&text).length;
    if (length == 0 || length > TYPE_LENGTH || text.length == 0 || text.at[0] != '/') {
        return NULL;
    }
    const char *start = text.at - length;
    text = bytes_from(text, 1);
    length += 1 + take_token(&text).length;
    if (!read_parameters(text, &is_utf8)) {
        return NULL;
    }
    for (size_t i = 0; i < count; i++) {
        const struct catalogue_media_type *type = &media_types[i];
        if (equal_without_case(bytes_of(start, length), type->name)) {
            return is_utf8 || !(type->is_json || type->is_ndjson) ? type : NULL;
        }
    }
    return NULL;
}
