/* SPDX-License-Identifier: Apache-2.0 */
/* The parsing algorithms of RFC 9651 §4.2, each function named after its section's subject. */
#include "gateway/http/structured.h"

#include "gateway/http/syntax.h"
#include "policy/base/guard.h"
#include "policy/base/utf8.h"
#include "policy/base/vector.h"

/* A field may be as long as the headers; more members than this no field of ours has, and finding a
 * key is linear. */
enum { MEMBER_LIMIT = 64 };

struct parser {
    struct arena *arena;
    const char *name;
    struct bytes field;
    size_t at;
    struct amanat_diagnostics *diagnostics;
    char *text; /* decoded strings, one after another: never longer than the field */
};

typedef VECTOR(struct http_structured_member) member_list;

static amanat_result fail_at(struct parser *parser, size_t at, const char *text)
{
    amanat_diagnostics_add(parser->diagnostics, AMANAT_SEVERITY_ERROR, "structured-field",
                           parser->name, 1, (unsigned)(at + 1), "%s", text);
    return amanat_result_of(AMANAT_STATUS_PEER_FAULT);
}

static amanat_result fail(struct parser *parser, const char *text)
{
    return fail_at(parser, parser->at, text);
}

static bool is_at_end(const struct parser *parser)
{
    return parser->at == parser->field.length;
}

/* The next byte, or NUL at the end; a NUL in the field is no part of any rule and fails wherever it
 * stands. */
static char peek(const struct parser *parser)
{
    return is_at_end(parser) ? '\0' : parser->field.at[parser->at];
}

static bool take(struct parser *parser, char byte)
{
    if (is_at_end(parser) || parser->field.at[parser->at] != byte) {
        return false;
    }
    parser->at++;
    return true;
}

static bool is_lower(char byte)
{
    return byte >= 'a' && byte <= 'z';
}

static bool is_letter(char byte)
{
    return is_lower(http_lower(byte));
}

static bool is_key_byte(char byte)
{
    return is_lower(byte) || http_is_digit(byte) || byte == '_' || byte == '-' || byte == '.' ||
           byte == '*';
}

/* §4.2.3.3: key = ( lcalpha / "*" ) *( lcalpha / DIGIT / "_" / "-" / "." / "*" ) */
static amanat_result parse_key(struct parser *parser, struct bytes *out)
{
    const size_t start = parser->at;
    if (!is_lower(peek(parser)) && peek(parser) != '*') {
        return fail(parser, "a key must begin with a lower-case letter or \"*\"");
    }
    while (is_key_byte(peek(parser))) {
        parser->at++;
    }
    *out = bytes_of(parser->field.at + start, parser->at - start);
    return AMANAT_OK;
}

/* §4.2.4: at most 15 digits. */
static amanat_result parse_integer(struct parser *parser, struct http_structured_member *member)
{
    const size_t start = parser->at;
    const bool is_negative = take(parser, '-');
    const size_t first_digit = parser->at;
    int64_t value = 0;
    while (http_is_digit(peek(parser))) {
        if (parser->at - first_digit == 15) {
            return fail_at(parser, start, "an Integer has at most 15 digits");
        }
        value = value * 10 + (peek(parser) - '0');
        parser->at++;
    }
    if (parser->at == first_digit) {
        return fail(parser, "a digit is missing");
    }
    if (peek(parser) == '.') {
        return fail_at(parser, start, "a Decimal is not allowed here");
    }
    member->kind = HTTP_STRUCTURED_INTEGER;
    member->integer = is_negative ? -value : value;
    return AMANAT_OK;
}

/* §4.2.5: VCHAR and SP; a backslash before a quote or a backslash. */
static amanat_result parse_string(struct parser *parser, struct http_structured_member *member)
{
    const size_t start = parser->at++;
    char *text = parser->text;
    size_t length = 0;
    while (!is_at_end(parser)) {
        char byte = parser->field.at[parser->at++];
        if (byte == '"') {
            member->kind = HTTP_STRUCTURED_STRING;
            member->text = bytes_of(text, length);
            parser->text += length;
            return AMANAT_OK;
        }
        if (byte == '\\') {
            byte = peek(parser);
            if (byte != '"' && byte != '\\') {
                return fail(parser, "after a backslash only a quote or a backslash may stand");
            }
            parser->at++;
        } else if ((unsigned char)byte < 0x20 || (unsigned char)byte > 0x7e) {
            return fail_at(parser, parser->at - 1,
                           "a String holds printable ASCII only; a Display String can hold more");
        }
        text[length++] = byte;
    }
    return fail_at(parser, start, "the String has no closing quote");
}

/* §4.2.6: ( ALPHA / "*" ) *( tchar / ":" / "/" ) */
static amanat_result parse_token(struct parser *parser, struct http_structured_member *member)
{
    const size_t start = parser->at;
    while (!is_at_end(parser) &&
           (http_is_token_byte(peek(parser)) || peek(parser) == ':' || peek(parser) == '/')) {
        parser->at++;
    }
    member->kind = HTTP_STRUCTURED_TOKEN;
    member->text = bytes_of(parser->field.at + start, parser->at - start);
    return AMANAT_OK;
}

/* §4.2.8 */
static amanat_result parse_boolean(struct parser *parser, struct http_structured_member *member)
{
    parser->at++;
    if (peek(parser) != '0' && peek(parser) != '1') {
        return fail(parser, "a Boolean is ?0 or ?1");
    }
    member->kind = HTTP_STRUCTURED_BOOLEAN;
    member->boolean = peek(parser) == '1';
    parser->at++;
    return AMANAT_OK;
}

/* Two lower-case hexadecimal digits, §4.2.10 step 5.2. */
static bool take_escape(struct parser *parser, char *out)
{
    int value = 0;
    for (int i = 0; i < 2; i++) {
        const char byte = peek(parser);
        if (http_hex_value(byte) < 0 || byte != http_lower(byte)) {
            return false;
        }
        value = value * 16 + http_hex_value(byte);
        parser->at++;
    }
    *out = (char)value;
    return true;
}

/* §4.2.10: %"…" with UTF-8 escaped as %xx, in lower case. */
static amanat_result parse_display_string(struct parser *parser,
                                          struct http_structured_member *member)
{
    const size_t start = parser->at++;
    if (!take(parser, '"')) {
        return fail(parser, "after the percent sign of a Display String a quote must stand");
    }
    char *text = parser->text;
    size_t length = 0;
    while (!is_at_end(parser)) {
        char byte = parser->field.at[parser->at++];
        if (byte == '"') {
            if (!utf8_is_valid(bytes_of(text, length))) {
                return fail_at(parser, start, "the Display String is not valid UTF-8");
            }
            member->kind = HTTP_STRUCTURED_DISPLAY_STRING;
            member->text = bytes_of(text, length);
            parser->text += length;
            return AMANAT_OK;
        }
        if ((unsigned char)byte < 0x20 || (unsigned char)byte > 0x7e) {
            return fail_at(parser, parser->at - 1,
                           "a Display String holds printable ASCII only; the rest is escaped");
        }
        if (byte == '%' && !take_escape(parser, &byte)) {
            return fail(parser, "an escape is a percent sign and two lower-case hex digits");
        }
        text[length++] = byte;
    }
    return fail_at(parser, start, "the Display String has no closing quote");
}

/* §4.2.3.1 */
static amanat_result parse_bare_item(struct parser *parser, struct http_structured_member *member)
{
    const char byte = peek(parser);
    if (byte == '-' || http_is_digit(byte)) {
        return parse_integer(parser, member);
    }
    if (byte == '*' || is_letter(byte)) {
        return parse_token(parser, member);
    }
    switch (byte) {
    case '"':
        return parse_string(parser, member);
    case '?':
        return parse_boolean(parser, member);
    case '%':
        return parse_display_string(parser, member);
    case ':':
        return fail(parser, "a Byte Sequence is not allowed here");
    case '@':
        return fail(parser, "a Date is not allowed here");
    case '(':
        return fail(parser, "an Inner List is not allowed here");
    default:
        return fail(parser, "a value must stand here");
    }
}

/* §4.2.2: a repeated key keeps its place and takes the last value. */
static amanat_result place_member(struct parser *parser, member_list *list, size_t key_at,
                                  const struct http_structured_member *member)
{
    for (size_t i = 0; i < list->count; i++) {
        if (bytes_equal(list->items[i].key, member->key)) {
            list->items[i] = *member;
            list->items[i].repeated = true;
            return AMANAT_OK;
        }
    }
    if (list->count == MEMBER_LIMIT) {
        return fail_at(parser, key_at, "too many members");
    }
    struct http_structured_member *place = VECTOR_PUSH(parser->arena, list);
    TRY_MEMORY(place);
    *place = *member;
    return AMANAT_OK;
}

static amanat_result parse_member(struct parser *parser, member_list *list)
{
    const size_t key_at = parser->at;
    struct http_structured_member member = {0};
    TRY(parse_key(parser, &member.key));
    if (take(parser, '=')) {
        TRY(parse_bare_item(parser, &member));
    } else {
        member.kind = HTTP_STRUCTURED_BOOLEAN; /* §4.2.2: a key alone is true */
        member.boolean = true;
    }
    if (peek(parser) == ';') {
        return fail(parser, "parameters are not allowed here");
    }
    return place_member(parser, list, key_at, &member);
}

static void skip_blanks(struct parser *parser, bool tabs_too)
{
    while (peek(parser) == ' ' || (tabs_too && peek(parser) == '\t')) {
        parser->at++;
    }
}

/* §4.2.2 after the leading spaces: members with OWS "," OWS between them, no comma at the end. */
static amanat_result parse_dictionary(struct parser *parser, member_list *list)
{
    while (!is_at_end(parser)) {
        TRY(parse_member(parser, list));
        const size_t end = parser->at;
        skip_blanks(parser, false);
        if (is_at_end(parser)) {
            return AMANAT_OK; /* §4.2 step 6: trailing spaces, but no tabs */
        }
        skip_blanks(parser, true);
        const size_t comma = parser->at;
        if (!take(parser, ',')) {
            return fail_at(parser, is_at_end(parser) ? end : parser->at,
                           "a comma must stand between members");
        }
        skip_blanks(parser, true);
        if (is_at_end(parser)) {
            return fail_at(parser, comma, "a comma may not end the field");
        }
    }
    return AMANAT_OK;
}

amanat_result http_structured_read(struct arena *arena, const char *name, struct bytes field,
                                   struct amanat_diagnostics *diagnostics,
                                   struct http_structured_dictionary *out)
{
    struct parser parser = {arena, name, field, 0, diagnostics, NULL};
    parser.text = arena_allocate(arena, field.length);
    TRY_MEMORY(parser.text);
    member_list list = {0};
    skip_blanks(&parser, false);
    TRY(parse_dictionary(&parser, &list));
    *out = (struct http_structured_dictionary){list.items, list.count};
    return AMANAT_OK;
}
