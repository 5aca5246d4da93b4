/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cuts a window out of a line, replaces what may not be shown, and counts columns as terminals do:
 * combining marks take none, East Asian wide characters two (Unicode 15, UAX #11, in coarse
 * ranges: a caret that is off by one in rare scripts does no harm).
 */
#include "policy/base/excerpt.h"

#include <stdint.h>

#include "policy/base/utf8.h"
#include "policy/base/visible.h"

/* So many bytes of a long line are shown before and behind the place that is meant. */
#define BYTES_AROUND 60
#define TAB          "    "
#define ELLIPSIS     "\xE2\x80\xA6"

struct range {
    uint32_t first;
    uint32_t last;
};

static bool is_in(const struct range *ranges, size_t count, uint32_t scalar)
{
    for (size_t i = 0; i < count && ranges[i].first <= scalar; i++) {
        if (scalar <= ranges[i].last) {
            return true;
        }
    }
    return false;
}

static bool is_combining(uint32_t scalar)
{
    static const struct range ranges[] = {
        {0x0300, 0x036F}, {0x0483, 0x0489}, {0x0591, 0x05BD},   {0x0610, 0x061A}, {0x064B, 0x065F},
        {0x0670, 0x0670}, {0x06D6, 0x06DC}, {0x06DF, 0x06E4},   {0x06E7, 0x06ED}, {0x0900, 0x0902},
        {0x093C, 0x093C}, {0x0941, 0x0948}, {0x094D, 0x094D},   {0x200C, 0x200D}, {0x20D0, 0x20FF},
        {0xFE00, 0xFE0F}, {0xFE20, 0xFE2F}, {0xE0100, 0xE01EF},
    };
    return is_in(ranges, sizeof(ranges) / sizeof(ranges[0]), scalar);
}

static bool is_wide(uint32_t scalar)
{
    static const struct range ranges[] = {
        {0x1100, 0x115F},   {0x2E80, 0x303E},   {0x3041, 0xA4CF},   {0xAC00, 0xD7A3},
        {0xF900, 0xFAFF},   {0xFE30, 0xFE6F},   {0xFF00, 0xFF60},   {0xFFE0, 0xFFE6},
        {0x1F300, 0x1F64F}, {0x1F680, 0x1F6FF}, {0x1F900, 0x1F9FF}, {0x20000, 0x3FFFD},
    };
    return is_in(ranges, sizeof(ranges) / sizeof(ranges[0]), scalar);
}

/* One character of what strangers wrote. */
struct character {
    size_t length; /* in bytes, at least 1 */
    bool is_shown; /* else `?` stands for it */
    unsigned columns;
};

static struct character character_at(struct bytes text, size_t at)
{
    const struct bytes rest = bytes_from(text, at);
    const struct bytes first = bytes_first(rest, rest.length < 4 ? rest.length : 4);
    size_t length = 0;
    if (utf8_valid_length(first) == 0) {
        return (struct character){1, false, 1};
    }
    const uint32_t scalar = utf8_next(first, &length);
    if (visible_is_hidden(scalar)) {
        return (struct character){length, false, 1};
    }
    return (struct character){length, true, is_combining(scalar) ? 0 : is_wide(scalar) ? 2 : 1};
}

/* ---- How long is the token? ---- */

static bool is_word_byte(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9') || byte == '_';
}

static size_t word_end(struct bytes line, size_t at)
{
    while (at < line.length && is_word_byte(line.at[at])) {
        at++;
    }
    return at;
}

/* A colon ends a key where a blank follows; `a:b` is one word. */
static size_t document_word_end(struct bytes line, size_t at)
{
    for (; at < line.length; at++) {
        const char byte = line.at[at];
        const bool inside = at + 1 < line.length && is_word_byte(line.at[at + 1]);
        if (!is_word_byte(byte) && !(strchr("-./:", byte) != NULL && byte != '\0' && inside)) {
            break;
        }
    }
    return at;
}

static size_t string_end(struct bytes line, size_t at)
{
    for (at++; at < line.length && line.at[at] != '"'; at++) {
        at += line.at[at] == '\\' ? 1 : 0;
    }
    return at < line.length ? at + 1 : line.length;
}

/* `A::B::"x"` is one thing. */
static size_t path_end(struct bytes line, size_t at)
{
    at = word_end(line, at);
    while (bytes_start_with(bytes_from(line, at), BYTES("::")) && at + 2 < line.length) {
        if (line.at[at + 2] == '"') {
            return string_end(line, at + 2);
        }
        if (!is_word_byte(line.at[at + 2])) {
            break;
        }
        at = word_end(line, at + 2);
    }
    return at;
}

static size_t symbol_end(struct bytes line, size_t at)
{
    static const char *const symbols[] = {"::", "==", "!=", "<=", ">=", "||", "&&"};
    for (size_t i = 0; i < sizeof(symbols) / sizeof(symbols[0]); i++) {
        if (bytes_start_with(bytes_from(line, at), bytes_of_string(symbols[i]))) {
            return at + 2;
        }
    }
    return at + character_at(line, at).length;
}

static size_t token_end(struct bytes line, size_t at, enum excerpt_words words)
{
    if (at == line.length) {
        return at;
    }
    if (line.at[at] == '"') {
        return string_end(line, at);
    }
    if (is_word_byte(line.at[at])) {
        return words == EXCERPT_CEDAR ? path_end(line, at) : document_word_end(line, at);
    }
    if ((line.at[at] == '@' || line.at[at] == '?') && at + 1 < line.length) {
        return word_end(line, at + 1);
    }
    return symbol_end(line, at);
}

/* ---- The window ---- */

static bool is_inside_character(struct bytes line, size_t at)
{
    return at > 0 && at < line.length && ((unsigned char)line.at[at] & 0xC0) == 0x80;
}

static size_t window_start(struct bytes line, size_t at)
{
    if (line.length <= (size_t)2 * BYTES_AROUND || at <= BYTES_AROUND) {
        return 0;
    }
    size_t start = at - BYTES_AROUND;
    while (start < at && is_inside_character(line, start)) {
        start++;
    }
    return start;
}

static size_t window_end(struct bytes line, size_t start, size_t at)
{
    const size_t least = start == 0 ? (size_t)2 * BYTES_AROUND : at + BYTES_AROUND;
    size_t end = least < line.length ? least : line.length;
    while (end > at && is_inside_character(line, end)) {
        end--;
    }
    return end;
}

struct writer {
    struct excerpt *out;
    size_t length;
    unsigned columns;
};

static void put(struct writer *writer, const char *at, size_t length, unsigned columns)
{
    if (writer->length + length < EXCERPT_SIZE) {
        memcpy(writer->out->text + writer->length, at, length);
        writer->length += length;
        writer->columns += columns;
    }
}

static void put_character(struct writer *writer, struct bytes line, size_t at,
                          struct character character)
{
    if (line.at[at] == '\t') {
        put(writer, TAB, sizeof(TAB) - 1, sizeof(TAB) - 1);
    } else if (character.is_shown) {
        put(writer, line.at + at, character.length, character.columns);
    } else {
        put(writer, "?", 1, 1);
    }
}

void excerpt_make(struct bytes line, unsigned column, enum excerpt_words words, struct excerpt *out)
{
    const size_t wanted = column > 0 ? column - 1 : 0;
    const size_t at = wanted < line.length ? wanted : line.length;
    const size_t last = token_end(line, at, words);
    const size_t start = window_start(line, at);
    const size_t end = window_end(line, start, at);
    struct writer writer = {.out = out};
    unsigned token_columns = 0;
    *out = (struct excerpt){0};
    if (start > 0) {
        put(&writer, ELLIPSIS, sizeof(ELLIPSIS) - 1, 1);
    }
    out->indent = writer.columns;
    for (size_t next = start; next < end;) {
        const struct character character = character_at(line, next);
        put_character(&writer, line, next, character);
        next += character.length;
        if (next <= at) {
            out->indent = writer.columns;
        }
        if (next <= last) {
            token_columns = writer.columns;
        }
    }
    if (end < line.length) {
        put(&writer, ELLIPSIS, sizeof(ELLIPSIS) - 1, 1);
    }
    out->width = token_columns > out->indent ? token_columns - out->indent : 1;
}
