/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The scanner: two small machines, one inside the other.
 *
 *   what may come next                      inside a token (`token`)
 *   enum json_expects                       STRING   plain, escape, four hex digits
 *                                           NUMBER   RFC 8259 §6, a state for each part
 *                                           LITERAL  the letters of true, false, null
 *
 * A token that reaches the end of the input stays open; its next piece comes with the next input.
 * A number ends only at the byte behind it, so its last piece may be empty.
 */
#include "policy/redact/json_scanner.h"

#include <stdlib.h>

#include "policy/base/guard.h"

enum token { TOKEN_NONE = 0, TOKEN_STRING, TOKEN_NUMBER, TOKEN_LITERAL };
enum string_state { STRING_OPENING = 0, STRING_PLAIN, STRING_ESCAPE, STRING_HEX };
enum number_state {
    NUMBER_START = 0,
    NUMBER_MINUS,
    NUMBER_ZERO,
    NUMBER_INTEGER,
    NUMBER_POINT,
    NUMBER_FRACTION,
    NUMBER_E,
    NUMBER_E_SIGN,
    NUMBER_EXPONENT,
    NUMBER_OVER
};

amanat_result json_scanner_init(struct json_scanner *scanner, size_t depth_limit, bool by_line)
{
    struct json_mark_way ways[3];
    (void)json_mark_ways(ways);
    *scanner =
        (struct json_scanner){.by_line = by_line, .depth_limit = depth_limit, .mark = ways[0].mark};
    scanner->is_object = calloc(depth_limit / 8 + 1, 1);
    TRY_MEMORY(scanner->is_object);
    return AMANAT_OK;
}

bool json_scanner_can_run(const struct json_scanner *scanner)
{
    return scanner->depth > 0 && scanner->token == TOKEN_NONE &&
           scanner->expects != JSON_EXPECTS_COLON && scanner->fault == REDACT_FAULT_NONE;
}

void json_scanner_clear(struct json_scanner *scanner)
{
    free(scanner->is_object);
    *scanner = (struct json_scanner){.over = true};
}

static struct json_event event_of(enum json_event_kind kind)
{
    return (struct json_event){.kind = kind};
}

static struct json_event fail(struct json_scanner *scanner, enum redact_fault fault)
{
    scanner->fault = fault;
    return (struct json_event){.kind = JSON_EVENT_FAULT, .fault = fault};
}

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

static struct json_event open_container(struct json_scanner *scanner, bool is_object)
{
    if (scanner->depth >= scanner->depth_limit) {
        return fail(scanner, REDACT_FAULT_DEPTH);
    }
    json_scanner_push(scanner, is_object);
    scanner->expects = is_object ? JSON_EXPECTS_FIRST_NAME : JSON_EXPECTS_FIRST_VALUE;
    return event_of(is_object ? JSON_EVENT_OBJECT_BEGIN : JSON_EVENT_ARRAY_BEGIN);
}

static struct json_event close_container(struct json_scanner *scanner)
{
    const bool was_object = json_scanner_is_in_object(scanner);
    scanner->depth--;
    scanner->expects = JSON_EXPECTS_AFTER;
    return event_of(was_object ? JSON_EVENT_OBJECT_END : JSON_EVENT_ARRAY_END);
}

/* ---- strings ---- */

/* What may follow a lead byte, Unicode 15 table 3-7. False: it leads nothing. */
static bool begin_utf8(struct json_scanner *scanner, unsigned char lead)
{
    scanner->utf8_low = 0x80;
    scanner->utf8_high = 0xBF;
    if (lead >= 0xC2 && lead <= 0xDF) {
        scanner->utf8_left = 1;
    } else if (lead >= 0xE0 && lead <= 0xEF) {
        scanner->utf8_left = 2;
        scanner->utf8_low = lead == 0xE0 ? 0xA0 : 0x80;
        scanner->utf8_high = lead == 0xED ? 0x9F : 0xBF;
    } else if (lead >= 0xF0 && lead <= 0xF4) {
        scanner->utf8_left = 3;
        scanner->utf8_low = lead == 0xF0 ? 0x90 : 0x80;
        scanner->utf8_high = lead == 0xF4 ? 0x8F : 0xBF;
    } else {
        return false;
    }
    return true;
}

static enum redact_fault take_continuation(struct json_scanner *scanner, unsigned char byte)
{
    if (byte < scanner->utf8_low || byte > scanner->utf8_high) {
        return REDACT_FAULT_ENCODING;
    }
    scanner->utf8_left--;
    scanner->utf8_low = 0x80;
    scanner->utf8_high = 0xBF;
    return REDACT_FAULT_NONE;
}

static enum redact_fault take_escape(struct json_scanner *scanner, char byte)
{
    if (byte == 'u') {
        scanner->string_state = STRING_HEX;
        scanner->hex_left = 4;
        scanner->hex_value = 0;
        return REDACT_FAULT_NONE;
    }
    if (!json_is_short_escape(byte)) {
        return REDACT_FAULT_SYNTAX;
    }
    scanner->string_state = STRING_PLAIN;
    return scanner->high_surrogate ? REDACT_FAULT_ENCODING : REDACT_FAULT_NONE;
}

static int hex_digit_value(char byte)
{
    if (is_digit(byte)) {
        return byte - '0';
    }
    const char lower = (char)(byte | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* The grammar of RFC 8259 §7 allows half a surrogate pair; no Unicode text can hold it. It is
 * refused wherever it stands, so that the answer does not depend on whether anybody may see it. */
static enum redact_fault take_hex(struct json_scanner *scanner, char byte)
{
    const int digit = hex_digit_value(byte);
    if (digit < 0) {
        return REDACT_FAULT_SYNTAX;
    }
    scanner->hex_value = (uint16_t)(scanner->hex_value << 4 | digit);
    if (--scanner->hex_left > 0) {
        return REDACT_FAULT_NONE;
    }
    const bool is_low = scanner->hex_value >= 0xDC00 && scanner->hex_value <= 0xDFFF;
    if (is_low != scanner->high_surrogate) {
        return REDACT_FAULT_ENCODING;
    }
    scanner->high_surrogate = scanner->hex_value >= 0xD800 && scanner->hex_value <= 0xDBFF;
    scanner->string_state = STRING_PLAIN;
    return REDACT_FAULT_NONE;
}

static enum redact_fault take_plain(struct json_scanner *scanner, char byte, bool *out_ends)
{
    const unsigned char value = (unsigned char)byte;
    if (scanner->utf8_left > 0) {
        return take_continuation(scanner, value);
    }
    if (byte == '\\') {
        scanner->string_state = STRING_ESCAPE;
        return REDACT_FAULT_NONE;
    }
    if (value < 0x20) {
        return REDACT_FAULT_SYNTAX;
    }
    if (scanner->high_surrogate) {
        return REDACT_FAULT_ENCODING;
    }
    *out_ends = byte == '"';
    return value < 0x80 || begin_utf8(scanner, value) ? REDACT_FAULT_NONE : REDACT_FAULT_ENCODING;
}

static enum redact_fault take_string_byte(struct json_scanner *scanner, char byte, bool *out_ends)
{
    switch ((enum string_state)scanner->string_state) {
    case STRING_OPENING: /* the quote that began it */
        scanner->string_state = STRING_PLAIN;
        return REDACT_FAULT_NONE;
    case STRING_ESCAPE:
        return take_escape(scanner, byte);
    case STRING_HEX:
        return take_hex(scanner, byte);
    case STRING_PLAIN:
        break;
    }
    return take_plain(scanner, byte, out_ends);
}

/* ---- numbers and literals ---- */

static bool is_exponent_mark(char byte)
{
    return byte == 'e' || byte == 'E';
}

/* After the first digits: more of them (but not after a leading zero), a point, an exponent. */
static enum number_state after_integer(char byte, bool is_zero)
{
    if (is_digit(byte) && !is_zero) {
        return NUMBER_INTEGER;
    }
    if (byte == '.') {
        return NUMBER_POINT;
    }
    return is_exponent_mark(byte) ? NUMBER_E : NUMBER_OVER;
}

static enum number_state begin_number(char byte, bool may_have_sign)
{
    if (byte == '-' && may_have_sign) {
        return NUMBER_MINUS;
    }
    if (byte == '0') {
        return NUMBER_ZERO;
    }
    return is_digit(byte) ? NUMBER_INTEGER : NUMBER_OVER;
}

/* The state after `byte`; NUMBER_OVER: it is no part of the number. */
static enum number_state next_number_state(enum number_state state, char byte)
{
    switch (state) {
    case NUMBER_START:
    case NUMBER_MINUS:
        return begin_number(byte, state == NUMBER_START);
    case NUMBER_ZERO:
    case NUMBER_INTEGER:
        return after_integer(byte, state == NUMBER_ZERO);
    case NUMBER_POINT:
        return is_digit(byte) ? NUMBER_FRACTION : NUMBER_OVER;
    case NUMBER_FRACTION:
        if (is_exponent_mark(byte)) {
            return NUMBER_E;
        }
        return is_digit(byte) ? NUMBER_FRACTION : NUMBER_OVER;
    case NUMBER_E:
        if (byte == '+' || byte == '-') {
            return NUMBER_E_SIGN;
        }
        return is_digit(byte) ? NUMBER_EXPONENT : NUMBER_OVER;
    case NUMBER_E_SIGN:
    case NUMBER_EXPONENT:
        return is_digit(byte) ? NUMBER_EXPONENT : NUMBER_OVER;
    case NUMBER_OVER:
        break;
    }
    return NUMBER_OVER;
}

static bool is_whole_number(enum number_state state)
{
    return state == NUMBER_ZERO || state == NUMBER_INTEGER || state == NUMBER_FRACTION ||
           state == NUMBER_EXPONENT;
}

static struct json_event end_token(struct json_scanner *scanner, struct json_event event)
{
    event.ends = true;
    scanner->expects = event.kind == JSON_EVENT_NAME ? JSON_EXPECTS_COLON : JSON_EXPECTS_AFTER;
    scanner->token = TOKEN_NONE;
    return event;
}

static bool is_plain(const struct json_scanner *scanner)
{
    return scanner->string_state == STRING_PLAIN && scanner->utf8_left == 0 &&
           !scanner->high_surrogate;
}

/* Where the plain run at `position` ends, as far as its stretch tells. */
static size_t pass_plain(struct json_scanner *scanner, struct bytes input, size_t position)
{
    struct json_stretch *stretch = &scanner->stretch;
    if (input.length - position < JSON_BLOCK_BYTES) {
        return position;
    }
    if (position < stretch->start || position - stretch->start >= stretch->length) {
        json_stretch_fill(stretch, scanner->mark, input, position);
    }
    const size_t end = json_next_mark(stretch->stop, position - stretch->start);
    return stretch->start + (end < stretch->length ? end : stretch->length);
}

/* What stands before a fault is a piece first, whatever the input is cut into: how much of a long
 * string leaves before its body is refused must not depend on that. */
static struct json_event scan_string(struct json_scanner *scanner, struct bytes input,
                                     size_t *position, struct json_event event)
{
    const size_t start = *position;
    bool ends = false;
    while (!ends && *position < input.length) {
        if (is_plain(scanner)) {
            *position = pass_plain(scanner, input, *position);
            if (*position == input.length) {
                break;
            }
        }
        scanner->fault = take_string_byte(scanner, input.at[*position], &ends);
        if (scanner->fault != REDACT_FAULT_NONE) {
            break;
        }
        (*position)++;
    }
    if (scanner->fault != REDACT_FAULT_NONE && *position == start) {
        return fail(scanner, scanner->fault);
    }
    event.piece = bytes_of(input.at + start, *position - start);
    return ends ? end_token(scanner, event) : event;
}

static struct json_event scan_number(struct json_scanner *scanner, struct bytes input,
                                     size_t *position, bool at_end, struct json_event event)
{
    const size_t start = *position;
    enum number_state state = (enum number_state)scanner->number_state;
    bool over = false;
    while (!over && *position < input.length) {
        const enum number_state next = next_number_state(state, input.at[*position]);
        over = next == NUMBER_OVER;
        if (!over) {
            state = next;
            (*position)++;
        }
    }
    scanner->number_state = (uint8_t)state;
    event.piece = bytes_of(input.at + start, *position - start);
    if (!over && !at_end) {
        return event;
    }
    if (!is_whole_number(state)) {
        return fail(scanner, over ? REDACT_FAULT_SYNTAX : REDACT_FAULT_TRUNCATED);
    }
    event.is_integer = state == NUMBER_ZERO || state == NUMBER_INTEGER;
    return end_token(scanner, event);
}

static const char *literal_text(enum json_event_kind kind)
{
    if (kind == JSON_EVENT_TRUE) {
        return "true";
    }
    return kind == JSON_EVENT_FALSE ? "false" : "null";
}

static struct json_event scan_literal(struct json_scanner *scanner, struct bytes input,
                                      size_t *position, struct json_event event)
{
    const char *text = literal_text(event.kind);
    const size_t start = *position;
    while (*position < input.length && text[scanner->literal_at] != '\0') {
        if (input.at[*position] != text[scanner->literal_at]) {
            return fail(scanner, REDACT_FAULT_SYNTAX);
        }
        (*position)++;
        scanner->literal_at++;
    }
    event.piece = bytes_of(input.at + start, *position - start);
    return text[scanner->literal_at] == '\0' ? end_token(scanner, event) : event;
}

/* ---- between tokens ---- */

/* The next piece of the open token. */
static struct json_event scan_token(struct json_scanner *scanner, struct bytes input,
                                    size_t *position, bool at_end, bool begins)
{
    const struct json_event event = {.kind = (enum json_event_kind)scanner->token_event,
                                     .begins = begins};
    struct json_event result;
    if (scanner->token == TOKEN_NUMBER) {
        return scan_number(scanner, input, position, at_end, event);
    }
    result = scanner->token == TOKEN_STRING ? scan_string(scanner, input, position, event)
                                            : scan_literal(scanner, input, position, event);
    if (at_end && scanner->fault == REDACT_FAULT_NONE && !result.ends) {
        return fail(scanner, REDACT_FAULT_TRUNCATED);
    }
    return result;
}

static void begin_token(struct json_scanner *scanner, enum token token, enum json_event_kind kind)
{
    scanner->token = (uint8_t)token;
    scanner->token_event = (uint8_t)kind;
    scanner->string_state = STRING_OPENING;
    scanner->high_surrogate = false;
    scanner->utf8_left = 0;
    scanner->number_state = NUMBER_START;
    scanner->literal_at = 0;
}

/* Opens the token that `byte` begins; false when no value begins so. */
static bool begin_scalar(struct json_scanner *scanner, char byte)
{
    if (byte == '"') {
        begin_token(scanner, TOKEN_STRING, JSON_EVENT_STRING);
    } else if (byte == '-' || is_digit(byte)) {
        begin_token(scanner, TOKEN_NUMBER, JSON_EVENT_NUMBER);
    } else if (byte == 't') {
        begin_token(scanner, TOKEN_LITERAL, JSON_EVENT_TRUE);
    } else if (byte == 'f') {
        begin_token(scanner, TOKEN_LITERAL, JSON_EVENT_FALSE);
    } else if (byte == 'n') {
        begin_token(scanner, TOKEN_LITERAL, JSON_EVENT_NULL);
    } else {
        return false;
    }
    return true;
}

static struct json_event begin_value(struct json_scanner *scanner, struct bytes input,
                                     size_t *position, bool at_end)
{
    const char byte = input.at[*position];
    if (byte == '{' || byte == '[') {
        (*position)++;
        return open_container(scanner, byte == '{');
    }
    if (byte == ']' && scanner->expects == JSON_EXPECTS_FIRST_VALUE) {
        (*position)++;
        return close_container(scanner);
    }
    return begin_scalar(scanner, byte) ? scan_token(scanner, input, position, at_end, true)
                                       : fail(scanner, REDACT_FAULT_SYNTAX);
}

static struct json_event begin_name(struct json_scanner *scanner, struct bytes input,
                                    size_t *position, bool at_end)
{
    const char byte = input.at[*position];
    if (byte == '"') {
        begin_token(scanner, TOKEN_STRING, JSON_EVENT_NAME);
        return scan_token(scanner, input, position, at_end, true);
    }
    if (byte == '}' && scanner->expects == JSON_EXPECTS_FIRST_NAME) {
        (*position)++;
        return close_container(scanner);
    }
    return fail(scanner, REDACT_FAULT_SYNTAX);
}

/* A comma (then nothing is to be reported: NEED_INPUT stands for that) or the closing bracket. */
static struct json_event continue_container(struct json_scanner *scanner, char byte)
{
    if (scanner->depth == 0) {
        return fail(scanner, REDACT_FAULT_SYNTAX);
    }
    const bool in_object = json_scanner_is_in_object(scanner);
    if (byte == ',') {
        scanner->expects = in_object ? JSON_EXPECTS_NAME : JSON_EXPECTS_VALUE;
        return event_of(JSON_EVENT_NEED_INPUT);
    }
    return byte == (in_object ? '}' : ']') ? close_container(scanner)
                                           : fail(scanner, REDACT_FAULT_SYNTAX);
}

static bool is_before_document(const struct json_scanner *scanner)
{
    return scanner->depth == 0 && scanner->expects == JSON_EXPECTS_VALUE;
}

static bool is_after_document(const struct json_scanner *scanner)
{
    return scanner->depth == 0 && scanner->expects == JSON_EXPECTS_AFTER;
}

static struct json_event end_document(struct json_scanner *scanner)
{
    scanner->any_document = true;
    scanner->expects = JSON_EXPECTS_VALUE;
    return event_of(JSON_EVENT_DOCUMENT_END);
}

static struct json_event end_input(struct json_scanner *scanner)
{
    if (scanner->over) {
        return event_of(JSON_EVENT_INPUT_END);
    }
    if (is_after_document(scanner)) {
        scanner->over = true;
        return end_document(scanner);
    }
    if (is_before_document(scanner)) { /* no value at all, or after the last line */
        scanner->over = true;
        return scanner->by_line ? event_of(JSON_EVENT_INPUT_END)
                                : fail(scanner, REDACT_FAULT_SYNTAX);
    }
    return fail(scanner, REDACT_FAULT_TRUNCATED);
}

/* A line feed where NDJSON is read: it ends a document, is an empty line, or cuts one short. */
static struct json_event take_line_feed(struct json_scanner *scanner)
{
    if (is_after_document(scanner)) {
        return end_document(scanner);
    }
    return is_before_document(scanner) ? event_of(JSON_EVENT_NEED_INPUT)
                                       : fail(scanner, REDACT_FAULT_SYNTAX);
}

/* What one byte between tokens means; NEED_INPUT: nothing to report, go on. */
static struct json_event take_byte(struct json_scanner *scanner, struct bytes input,
                                   size_t *position, bool at_end)
{
    const char byte = input.at[*position];
    if (byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n') {
        (*position)++;
        return byte == '\n' && scanner->by_line ? take_line_feed(scanner)
                                                : event_of(JSON_EVENT_NEED_INPUT);
    }
    switch ((enum json_expects)scanner->expects) {
    case JSON_EXPECTS_VALUE:
    case JSON_EXPECTS_FIRST_VALUE:
        return begin_value(scanner, input, position, at_end);
    case JSON_EXPECTS_FIRST_NAME:
    case JSON_EXPECTS_NAME:
        return begin_name(scanner, input, position, at_end);
    case JSON_EXPECTS_COLON:
        (*position)++;
        scanner->expects = JSON_EXPECTS_VALUE;
        return byte == ':' ? event_of(JSON_EVENT_NEED_INPUT) : fail(scanner, REDACT_FAULT_SYNTAX);
    case JSON_EXPECTS_AFTER:
        break;
    }
    (*position)++;
    return continue_container(scanner, byte);
}

struct json_event json_scanner_next(struct json_scanner *scanner, struct bytes input,
                                    size_t *position, bool at_end)
{
    if (scanner->fault != REDACT_FAULT_NONE) {
        return fail(scanner, scanner->fault);
    }
    if (scanner->token != TOKEN_NONE && (*position < input.length || at_end)) {
        return scan_token(scanner, input, position, at_end, false);
    }
    while (*position < input.length) {
        const struct json_event event = take_byte(scanner, input, position, at_end);
        if (event.kind != JSON_EVENT_NEED_INPUT) {
            return event;
        }
    }
    return at_end ? end_input(scanner) : event_of(JSON_EVENT_NEED_INPUT);
}
