/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A strict reader of RFC 8259 texts into the document tree: one value, nothing after it, no byte
 * order mark (§8.1), valid UTF-8, no lone surrogates, numbers as they are spelt. It recurses once
 * per nesting level, within the depth limit. The first fault of syntax ends the
 * reading; duplicate keys are all reported.
 */
#include "policy/base/document.h"

#include <stdio.h>

#include "policy/base/document_check.h"
#include "policy/base/guard.h"
#include "policy/base/utf8.h"
#include "policy/base/vector.h"

struct reader {
    struct arena *arena;
    const char *source;
    struct amanat_diagnostics *diagnostics;
    struct bytes text;
    size_t at;
    unsigned line;
    size_t line_start; /* offset of the first byte of the line */
    unsigned depth;
    unsigned depth_limit;
    bool faulty; /* a fault that did not end the reading was reported */
};

static unsigned column_of(const struct reader *reader, size_t offset)
{
    return (unsigned)(offset - reader->line_start) + 1;
}

static amanat_result fail_at(struct reader *reader, size_t offset, const char *code,
                             const char *text)
{
    amanat_diagnostics_add(reader->diagnostics, AMANAT_SEVERITY_ERROR, code, reader->source,
                           reader->line, column_of(reader, offset), "%s", text);
    return amanat_result_of(AMANAT_STATUS_CONFIG_FAULT);
}

static amanat_result fail_syntax(struct reader *reader, const char *text)
{
    return fail_at(reader, reader->at, "syntax", text);
}

/* The next byte, or -1 at the end: NUL is no end. */
static int peek(const struct reader *reader)
{
    return reader->at < reader->text.length ? (unsigned char)reader->text.at[reader->at] : -1;
}

static bool take(struct reader *reader, char byte)
{
    if (peek(reader) != (unsigned char)byte) {
        return false;
    }
    reader->at++;
    return true;
}

static void skip_space(struct reader *reader)
{
    for (;; reader->at++) {
        const int byte = peek(reader);
        if (byte == '\n') {
            reader->line++;
            reader->line_start = reader->at + 1;
        } else if (byte != ' ' && byte != '\t' && byte != '\r') {
            return;
        }
    }
}

static bool is_digit(int byte)
{
    return byte >= '0' && byte <= '9';
}

static bool take_digits(struct reader *reader)
{
    const size_t start = reader->at;
    while (is_digit(peek(reader))) {
        reader->at++;
    }
    return reader->at > start;
}

/* RFC 8259 §6: [ minus ] int [ frac ] [ exp ] */
static amanat_result read_number(struct reader *reader, struct document *out)
{
    const size_t start = reader->at;
    (void)take(reader, '-');
    if (take(reader, '0')) {
        if (is_digit(peek(reader))) {
            return fail_syntax(reader, "a number may not begin with zeros");
        }
    } else if (!take_digits(reader)) {
        return fail_syntax(reader, "a digit is missing here");
    }
    if (take(reader, '.') && !take_digits(reader)) {
        return fail_syntax(reader, "a digit is missing after the decimal point");
    }
    if (take(reader, 'e') || take(reader, 'E')) {
        if (!take(reader, '+')) {
            (void)take(reader, '-');
        }
        if (!take_digits(reader)) {
            return fail_syntax(reader, "a digit is missing in the exponent");
        }
    }
    out->kind = DOCUMENT_NUMBER;
    return arena_copy_bytes(reader->arena, bytes_of(reader->text.at + start, reader->at - start),
                            &out->text);
}

static bool take_hex4(struct reader *reader, uint32_t *out)
{
    uint32_t value = 0;
    for (unsigned i = 0; i < 4; i++) {
        const int byte = peek(reader);
        uint32_t digit = 0;
        if (is_digit(byte)) {
            digit = (uint32_t)(byte - '0');
        } else if (byte >= 'a' && byte <= 'f') {
            digit = (uint32_t)(byte - 'a' + 10);
        } else if (byte >= 'A' && byte <= 'F') {
            digit = (uint32_t)(byte - 'A' + 10);
        } else {
            return false;
        }
        value = value << 4 | digit;
        reader->at++;
    }
    *out = value;
    return true;
}

/* After "\u" (§7): one scalar value, from two escapes when the first is a high surrogate. */
static amanat_result read_unicode_escape(struct reader *reader, char *decoded, size_t *length)
{
    const size_t start = reader->at - 2;
    uint32_t scalar = 0;
    if (!take_hex4(reader, &scalar)) {
        return fail_syntax(reader, "\\u needs four hexadecimal digits");
    }
    if (scalar >= 0xD800 && scalar <= 0xDBFF) {
        uint32_t low = 0;
        if (!take(reader, '\\') || !take(reader, 'u') || !take_hex4(reader, &low) || low < 0xDC00 ||
            low > 0xDFFF) {
            return fail_at(reader, start, "surrogate",
                           "a high surrogate without its low half is no character");
        }
        scalar = 0x10000 + ((scalar - 0xD800) << 10) + (low - 0xDC00);
    } else if (scalar >= 0xDC00 && scalar <= 0xDFFF) {
        return fail_at(reader, start, "surrogate",
                       "a low surrogate without its high half is no character");
    }
    *length += utf8_encode(scalar, decoded + *length);
    return AMANAT_OK;
}

static amanat_result read_escape(struct reader *reader, char *decoded, size_t *length)
{
    static const char escapes[] = "\"\\/bfnrt";
    static const char meanings[] = "\"\\/\b\f\n\r\t";
    const int byte = peek(reader);
    if (byte == 'u') {
        reader->at++;
        return read_unicode_escape(reader, decoded, length);
    }
    const char *found = byte <= 0 ? NULL : strchr(escapes, byte);
    if (found == NULL) {
        return fail_syntax(reader, "there is no such escape in JSON");
    }
    reader->at++;
    decoded[(*length)++] = meanings[found - escapes];
    return AMANAT_OK;
}

/* Offset of the closing quote, or of the end of the text. */
static size_t find_closing_quote(const struct reader *reader)
{
    size_t at = reader->at;
    while (at < reader->text.length && reader->text.at[at] != '"') {
        at += reader->text.at[at] == '\\' ? 2 : 1;
    }
    return at < reader->text.length ? at : reader->text.length;
}

/* At the opening quote. No escape decodes to more bytes than it takes, so the raw length is room
 * enough. */
static amanat_result read_string(struct reader *reader, struct bytes *out)
{
    reader->at++;
    char *decoded = arena_allocate(reader->arena, find_closing_quote(reader) - reader->at + 1);
    TRY_MEMORY(decoded);
    size_t length = 0;
    while (!take(reader, '"')) {
        const int byte = peek(reader);
        if (byte < 0) {
            return fail_syntax(reader, "the text ends inside a string");
        }
        if (byte < 0x20) {
            return fail_syntax(reader, "a control character in a string must be escaped");
        }
        reader->at++;
        if (byte == '\\') {
            TRY(read_escape(reader, decoded, &length));
        } else {
            decoded[length++] = (char)byte;
        }
    }
    *out = bytes_of(decoded, length);
    return AMANAT_OK;
}

static amanat_result read_value(struct reader *reader, struct document *out);

static amanat_result read_array(struct reader *reader, struct document *out)
{
    VECTOR(struct document) items = {0};
    reader->at++;
    skip_space(reader);
    if (!take(reader, ']')) {
        do {
            struct document item = {0};
            TRY(read_value(reader, &item));
            struct document *slot = VECTOR_PUSH(reader->arena, &items);
            TRY_MEMORY(slot);
            *slot = item;
            skip_space(reader);
        } while (take(reader, ','));
        if (!take(reader, ']')) {
            return fail_syntax(reader, "expected ',' or ']' here");
        }
    }
    out->kind = DOCUMENT_ARRAY;
    out->items = items.items;
    out->count = items.count;
    return AMANAT_OK;
}

static amanat_result read_member(struct reader *reader, struct document_member *out)
{
    skip_space(reader);
    if (peek(reader) != '"') {
        return fail_syntax(reader, "expected a key in quotes here");
    }
    out->line = reader->line;
    out->column = column_of(reader, reader->at);
    TRY(read_string(reader, &out->key));
    skip_space(reader);
    if (!take(reader, ':')) {
        return fail_syntax(reader, "expected ':' after the key");
    }
    return read_value(reader, &out->value);
}

static amanat_result read_object(struct reader *reader, struct document *out)
{
    VECTOR(struct document_member) members = {0};
    reader->at++;
    skip_space(reader);
    if (!take(reader, '}')) {
        do {
            struct document_member member = {0};
            TRY(read_member(reader, &member));
            struct document_member *slot = VECTOR_PUSH(reader->arena, &members);
            TRY_MEMORY(slot);
            *slot = member;
            skip_space(reader);
        } while (take(reader, ','));
        if (!take(reader, '}')) {
            return fail_syntax(reader, "expected ',' or '}' here");
        }
    }
    out->kind = DOCUMENT_OBJECT;
    out->members = members.items;
    out->count = members.count;
    const amanat_result keys =
        document_check_keys(reader->arena, reader->source, out, reader->diagnostics);
    if (keys.status == AMANAT_STATUS_CONFIG_FAULT) {
        reader->faulty = true;
        return AMANAT_OK;
    }
    return keys;
}

static amanat_result read_word(struct reader *reader, struct document *out)
{
    static const struct {
        struct bytes word;
        enum document_kind kind;
        bool boolean;
    } words[] = {
        {BYTES_INIT("null"), DOCUMENT_NULL, false},
        {BYTES_INIT("true"), DOCUMENT_BOOL, true},
        {BYTES_INIT("false"), DOCUMENT_BOOL, false},
    };
    const struct bytes rest = bytes_from(reader->text, reader->at);
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (bytes_start_with(rest, words[i].word)) {
            reader->at += words[i].word.length;
            out->kind = words[i].kind;
            out->boolean = words[i].boolean;
            return AMANAT_OK;
        }
    }
    return fail_syntax(reader, rest.length == 0 ? "the text ends where a value is expected"
                                                : "expected a JSON value here");
}

static amanat_result read_nested(struct reader *reader, struct document *out)
{
    if (reader->depth == reader->depth_limit) {
        char text[64];
        (void)snprintf(text, sizeof(text), "nested too deeply, more than %u levels",
                       reader->depth_limit);
        return fail_at(reader, reader->at, "depth", text);
    }
    reader->depth++;
    TRY(peek(reader) == '[' ? read_array(reader, out) : read_object(reader, out));
    reader->depth--;
    return AMANAT_OK;
}

static amanat_result read_value(struct reader *reader, struct document *out)
{
    skip_space(reader);
    out->line = reader->line;
    out->column = column_of(reader, reader->at);
    const int byte = peek(reader);
    if (byte == '[' || byte == '{') {
        return read_nested(reader, out);
    }
    if (byte == '"') {
        out->kind = DOCUMENT_STRING;
        return read_string(reader, &out->text);
    }
    if (byte == '-' || is_digit(byte)) {
        return read_number(reader, out);
    }
    return read_word(reader, out);
}

amanat_result document_from_json(struct arena *arena, const char *source, struct bytes text,
                                 struct amanat_diagnostics *diagnostics,
                                 const struct document **out)
{
    return document_from_deep_json(arena, source, text, DOCUMENT_DEPTH_LIMIT, diagnostics, out);
}

amanat_result document_from_deep_json(struct arena *arena, const char *source, struct bytes text,
                                      unsigned depth_limit, struct amanat_diagnostics *diagnostics,
                                      const struct document **out)
{
    struct reader reader = {
        .depth_limit = depth_limit,
        .arena = arena,
        .source = source,
        .diagnostics = diagnostics,
        .text = text,
        .line = 1,
    };
    TRY(document_check_encoding(source, text, diagnostics));
    if (bytes_start_with(text, BYTES("\xEF\xBB\xBF"))) {
        return fail_syntax(&reader, "JSON may not begin with a byte order mark");
    }
    struct document *root = ARENA_NEW(arena, struct document);
    TRY_MEMORY(root);
    TRY(read_value(&reader, root));
    skip_space(&reader);
    if (reader.at < text.length) {
        return fail_syntax(&reader, "there is something after the value");
    }
    if (reader.faulty) {
        return amanat_result_of(AMANAT_STATUS_CONFIG_FAULT);
    }
    *out = root;
    return AMANAT_OK;
}
