/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The less usual parts of a run: new stretches, white space, escapes and characters above U+007F,
 * and whole containers that nobody wants to see. What is certain stands in json_run.h.
 */
#include "policy/redact/json_run.h"

static bool covers(const struct json_stretch *stretch, size_t position)
{
    return stretch->length > 0 && position >= stretch->start &&
           position - stretch->start + JSON_RUN_MARGIN <= stretch->length;
}

bool json_run_begin(struct json_scanner *scanner, struct bytes input, size_t position,
                    struct json_run *out)
{
    if (!json_scanner_can_run(scanner) || input.length - position < JSON_RUN_MARGIN) {
        return false;
    }
    if (!covers(&scanner->stretch, position)) {
        json_stretch_fill(&scanner->stretch, scanner->mark, input, position);
    }
    *out = (struct json_run){.scanner = scanner,
                             .stretch = &scanner->stretch,
                             .input = input,
                             .at = position - scanner->stretch.start,
                             .expects = (enum json_expects)scanner->expects};
    return true;
}

size_t json_run_end(struct json_run run)
{
    run.scanner->expects = (uint8_t)run.expects;
    return run.stretch->start + run.at;
}

bool json_run_refill(struct json_run run)
{
    const size_t start = run.stretch->start + run.at;
    if (run.at == 0 || run.stretch->start + run.stretch->length >= run.input.length) {
        return false;
    }
    json_stretch_fill(&run.scanner->stretch, run.scanner->mark, run.input, start);
    return true;
}

size_t json_run_pass_space(const struct json_scanner *scanner, size_t at)
{
    const struct json_stretch *stretch = &scanner->stretch;
    for (; at < stretch->length; at++) {
        const char byte = stretch->at[at];
        if (byte == '\n' && scanner->by_line) {
            return 0;
        }
        if (byte != ' ' && byte != '\n' && byte != '\r' && byte != '\t') {
            return at;
        }
    }
    return 0;
}

/* ---- inside strings ---- */

static int hex_value(char byte)
{
    if (byte >= '0' && byte <= '9') {
        return byte - '0';
    }
    const char lower = (char)(byte | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* The \uhhhh at `text`, which has six bytes; -1: it is none. */
static int read_unit(const char *text)
{
    int value = 0;
    if (text[0] != '\\' || text[1] != 'u') {
        return -1;
    }
    for (size_t i = 2; i < 6; i++) {
        const int digit = hex_value(text[i]);
        if (digit < 0) {
            return -1;
        }
        value = value << 4 | digit;
    }
    return value;
}

static size_t pass_escape(const struct json_stretch *stretch, size_t at)
{
    const char *text = stretch->at + at;
    const size_t left = stretch->length - at;
    if (left < 2) {
        return 0;
    }
    if (text[1] != 'u') {
        return json_is_short_escape(text[1]) ? at + 2 : 0;
    }
    const int unit = left < 6 ? -1 : read_unit(text);
    if (unit < 0 || (unit >= 0xDC00 && unit <= 0xDFFF)) {
        return 0;
    }
    if (unit < 0xD800 || unit > 0xDBFF) {
        return at + 6;
    }
    const int low = left < 12 ? -1 : read_unit(text + 6);
    return low >= 0xDC00 && low <= 0xDFFF ? at + 12 : 0;
}

static bool is_continuation(unsigned char byte)
{
    return (byte & 0xC0) == 0x80;
}

/* Unicode 15 table 3-7, for three and four bytes. 0: not well-formed, or cut. */
static size_t pass_long_character(const unsigned char *text, size_t left)
{
    const unsigned char lead = text[0];
    if (lead >= 0xE0 && lead <= 0xEF && left >= 3) {
        const unsigned char low = lead == 0xE0 ? 0xA0 : 0x80;
        const unsigned char high = lead == 0xED ? 0x9F : 0xBF;
        return text[1] >= low && text[1] <= high && is_continuation(text[2]) ? 3 : 0;
    }
    if (lead >= 0xF0 && lead <= 0xF4 && left >= 4) {
        const unsigned char low = lead == 0xF0 ? 0x90 : 0x80;
        const unsigned char high = lead == 0xF4 ? 0x8F : 0xBF;
        return text[1] >= low && text[1] <= high && is_continuation(text[2]) &&
                       is_continuation(text[3])
                   ? 4
                   : 0;
    }
    return 0;
}

/* As many characters above U+007F as stand together. */
static size_t pass_characters(const struct json_stretch *stretch, size_t at)
{
    const unsigned char *text = (const unsigned char *)stretch->at;
    while (at < stretch->length && text[at] >= 0x80) {
        if (text[at] >= 0xC2 && text[at] <= 0xDF) {
            if (at + 2 > stretch->length || !is_continuation(text[at + 1])) {
                return 0;
            }
            at += 2;
            continue;
        }
        const size_t length = pass_long_character(text + at, stretch->length - at);
        if (length == 0) {
            return 0;
        }
        at += length;
    }
    return at;
}

size_t json_run_pass_special(const struct json_stretch *stretch, size_t at)
{
    const unsigned char byte = (unsigned char)stretch->at[at];
    if (byte == '\\') {
        return pass_escape(stretch, at);
    }
    return byte < 0x80 ? 0 : pass_characters(stretch, at);
}

/* ---- what nobody sees ---- */

/* Into the value at `at`, or past it. */
static bool pass_value(struct json_run *run, uint64_t *scalars)
{
    struct json_run_scalar scalar;
    const enum json_event_kind kind = json_run_kind(json_run_byte(run));
    if (kind == JSON_EVENT_OBJECT_BEGIN || kind == JSON_EVENT_ARRAY_BEGIN) {
        return json_run_open(run, kind == JSON_EVENT_OBJECT_BEGIN);
    }
    if (kind == JSON_EVENT_FAULT || !json_run_scalar(run, kind, &scalar)) {
        return false;
    }
    (*scalars)++;
    return true;
}

/* To the value of the member whose name begins at `at`. */
static bool pass_name(struct json_run *run)
{
    const size_t end = json_run_byte(run) == '"' ? json_run_pass_string(run->stretch, run->at) : 0;
    return end != 0 && json_run_pass_colon(run, end);
}

/* One member or element, or the end of the innermost container. */
static bool pass_item(struct json_run *run, uint64_t *scalars)
{
    if (run->expects == JSON_EXPECTS_VALUE) {
        return pass_value(run, scalars);
    }
    if (run->expects == JSON_EXPECTS_NAME) {
        return pass_name(run);
    }
    return json_run_next(run, json_scanner_is_in_object(run->scanner) ? '}' : ']') !=
           JSON_RUN_UNSURE;
}

struct json_run json_run_skip(struct json_run run, size_t depth, uint64_t *scalars)
{
    while (run.scanner->depth > depth && json_run_has_more(&run)) {
        if (!pass_item(&run, scalars) && !json_run_may_retry(&run)) {
            break;
        }
    }
    return run;
}
