/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From bytes to tokens (Cedar grammar: lexical part). Escapes inside strings are cedar_escape.c's.
 */
#include "policy/cedar/cedar_lexer.h"

#include <stdint.h>

#include "policy/base/utf8.h"
#include "policy/cedar/cedar.h"

amanat_result cedar_lexer_check_encoding(const char *source, struct bytes text,
                                         struct amanat_diagnostics *diagnostics)
{
    const size_t valid = utf8_valid_length(text);
    if (valid == text.length) {
        return AMANAT_OK;
    }
    unsigned line = 1;
    unsigned column = 1;
    for (size_t i = 0; i < valid; i++) {
        column++;
        if (text.at[i] == '\n') {
            line++;
            column = 1;
        }
    }
    amanat_diagnostics_add(diagnostics, AMANAT_SEVERITY_ERROR, "encoding", source, line, column,
                           "this is not UTF-8");
    return amanat_result_of(AMANAT_STATUS_CONFIG_FAULT);
}

void cedar_lexer_init(struct cedar_lexer *lexer, const char *source, struct bytes text,
                      struct amanat_diagnostics *diagnostics)
{
    *lexer = (struct cedar_lexer){.source = source,
                                  .text = text.at == NULL ? BYTES("") : text,
                                  .diagnostics = diagnostics,
                                  .line = 1};
}

static bool is_letter(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || byte == '_';
}

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

/* Unicode's White_Space property. */
static bool is_white_space(uint32_t scalar)
{
    return (scalar >= 0x09 && scalar <= 0x0D) || scalar == 0x20 || scalar == 0x85 ||
           scalar == 0xA0 || scalar == 0x1680 || (scalar >= 0x2000 && scalar <= 0x200A) ||
           scalar == 0x2028 || scalar == 0x2029 || scalar == 0x202F || scalar == 0x205F ||
           scalar == 0x3000;
}

static bool is_at_end(const struct cedar_lexer *lexer)
{
    return lexer->position >= lexer->text.length;
}

/* Moves over one byte and keeps count of lines. */
static void skip_byte(struct cedar_lexer *lexer)
{
    if (lexer->text.at[lexer->position++] == '\n') {
        lexer->line++;
        lexer->line_start = lexer->position;
    }
}

static void skip_comment(struct cedar_lexer *lexer)
{
    while (!is_at_end(lexer) && lexer->text.at[lexer->position] != '\n' &&
           lexer->text.at[lexer->position] != '\r') {
        lexer->position++;
    }
}

static void skip_blanks(struct cedar_lexer *lexer)
{
    while (!is_at_end(lexer)) {
        size_t after = lexer->position;
        if (bytes_start_with(bytes_from(lexer->text, lexer->position), BYTES("//"))) {
            skip_comment(lexer);
        } else if (is_white_space(utf8_next(lexer->text, &after))) {
            while (lexer->position < after) {
                skip_byte(lexer);
            }
        } else {
            return;
        }
    }
}

static struct cedar_token make_token(const struct cedar_lexer *lexer, enum cedar_token_kind kind,
                                     size_t length)
{
    return (struct cedar_token){
        .kind = kind,
        .text = bytes_of(lexer->text.at + lexer->position, length),
        .line = lexer->line,
        .column = (unsigned)(lexer->position - lexer->line_start) + 1,
    };
}

static struct cedar_token make_invalid(struct cedar_lexer *lexer, size_t length, const char *why)
{
    const struct cedar_token token = make_token(lexer, CEDAR_TOKEN_INVALID, length);
    amanat_diagnostics_add(lexer->diagnostics, AMANAT_SEVERITY_ERROR, "lexical", lexer->source,
                           token.line, token.column, "%s", why);
    return token;
}

static size_t word_length(struct bytes text, size_t start)
{
    size_t end = start;
    while (end < text.length && (is_letter(text.at[end]) || is_digit(text.at[end]))) {
        end++;
    }
    return end - start;
}

/* An integer must fit 64 bits without a sign; the parser looks at the signed range. */
static struct cedar_token read_integer(struct cedar_lexer *lexer)
{
    size_t end = lexer->position;
    uint64_t number = 0;
    bool fits = true;
    for (; end < lexer->text.length && is_digit(lexer->text.at[end]); end++) {
        const uint64_t digit = (uint64_t)(lexer->text.at[end] - '0');
        fits = fits && !__builtin_mul_overflow(number, 10, &number) &&
               !__builtin_add_overflow(number, digit, &number);
    }
    const size_t length = end - lexer->position;
    const struct cedar_token token = fits ? make_token(lexer, CEDAR_TOKEN_INTEGER, length)
                                          : make_invalid(lexer, length, "this number is too large");
    lexer->position = end;
    return token;
}

/* A string `"(\\.|[^"\\])*"`, where `.` is anything but a line feed. */
static struct cedar_token read_string(struct cedar_lexer *lexer)
{
    const struct bytes text = lexer->text;
    size_t end = lexer->position + 1;
    while (end < text.length && text.at[end] != '"') {
        if (text.at[end] == '\\') {
            end++;
            if (end == text.length || text.at[end] == '\n') {
                break;
            }
        }
        end++;
    }
    struct cedar_token token;
    if (end < text.length && text.at[end] == '"') {
        token = make_token(lexer, CEDAR_TOKEN_STRING, end + 1 - lexer->position);
        token.text = bytes_of(token.text.at + 1, token.text.length - 2);
        end++;
    } else {
        end = end < text.length ? end : text.length;
        token =
            make_invalid(lexer, end - lexer->position,
                         "this string does not end (a backslash cannot stand before a line's end)");
    }
    while (lexer->position < end) {
        skip_byte(lexer);
    }
    return token;
}

static struct cedar_token read_word(struct cedar_lexer *lexer)
{
    const struct cedar_token token =
        make_token(lexer, CEDAR_TOKEN_IDENTIFIER, word_length(lexer->text, lexer->position));
    lexer->position += token.text.length;
    return token;
}

static struct cedar_token read_symbol(struct cedar_lexer *lexer)
{
    static const char *const symbols[] = {"::", "==", "!=", "<=", ">=", "||", "&&", "@", ".",
                                          ",",  ";",  ":",  "(",  ")",  "{",  "}",  "[", "]",
                                          "<",  ">",  "+",  "-",  "*",  "/",  "%",  "!", "="};
    const struct bytes rest = bytes_from(lexer->text, lexer->position);
    for (size_t i = 0; i < sizeof(symbols) / sizeof(symbols[0]); i++) {
        if (bytes_start_with(rest, bytes_of_string(symbols[i]))) {
            const struct cedar_token token =
                make_token(lexer, CEDAR_TOKEN_SYMBOL, strlen(symbols[i]));
            lexer->position += token.text.length;
            return token;
        }
    }
    size_t after = lexer->position;
    (void)utf8_next(lexer->text, &after);
    const struct cedar_token token = make_invalid(lexer, after - lexer->position,
                                                  "this character cannot stand outside a string");
    lexer->position = after;
    return token;
}

static struct cedar_token read_question_mark(struct cedar_lexer *lexer)
{
    const size_t name =
        lexer->lone_question_marks ? 0 : word_length(lexer->text, lexer->position + 1);
    if (name == 0 && !lexer->lone_question_marks) {
        const struct cedar_token token = make_invalid(lexer, 1, "`?` must be followed by a name");
        lexer->position++;
        return token;
    }
    const struct cedar_token token =
        make_token(lexer, name > 0 ? CEDAR_TOKEN_SLOT : CEDAR_TOKEN_SYMBOL, name + 1);
    lexer->position += name + 1;
    return token;
}

struct cedar_token cedar_lexer_next(struct cedar_lexer *lexer)
{
    skip_blanks(lexer);
    if (is_at_end(lexer)) {
        return make_token(lexer, CEDAR_TOKEN_END, 0);
    }
    const char byte = lexer->text.at[lexer->position];
    if (is_letter(byte)) {
        return read_word(lexer);
    }
    if (is_digit(byte)) {
        return read_integer(lexer);
    }
    if (byte == '"') {
        return read_string(lexer);
    }
    if (byte == '?') {
        return read_question_mark(lexer);
    }
    return read_symbol(lexer);
}

bool cedar_token_is_symbol(const struct cedar_token *token, const char *symbol)
{
    return token->kind == CEDAR_TOKEN_SYMBOL && bytes_equal_string(token->text, symbol);
}

bool cedar_token_is_word(const struct cedar_token *token, const char *word)
{
    return token->kind == CEDAR_TOKEN_IDENTIFIER && bytes_equal_string(token->text, word);
}

bool cedar_word_is_reserved(struct bytes word)
{
    static const char *const reserved[] = {"true", "false", "if",   "then", "else",
                                           "in",   "is",    "like", "has",  "__cedar"};
    for (size_t i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++) {
        if (bytes_equal_string(word, reserved[i])) {
            return true;
        }
    }
    return false;
}

bool cedar_word_is_valid(struct bytes text)
{
    return text.length > 0 && is_letter(text.at[0]) && word_length(text, 0) == text.length;
}

static bool is_identifier(struct bytes text)
{
    return cedar_word_is_valid(text) && !cedar_word_is_reserved(text);
}

bool cedar_path_is_valid(struct bytes text)
{
    for (;;) {
        size_t end = 0;
        while (end < text.length && text.at[end] != ':') {
            end++;
        }
        if (!is_identifier(bytes_first(text, end))) {
            return false;
        }
        if (end == text.length) {
            return true;
        }
        if (!bytes_start_with(bytes_from(text, end), BYTES("::"))) {
            return false;
        }
        text = bytes_from(text, end + 2);
    }
}

const char *cedar_token_describe(const struct cedar_token *token, struct arena *arena)
{
    static const size_t longest_shown = 40;
    const char *text = NULL;
    switch (token->kind) {
    case CEDAR_TOKEN_END:
        return "the end of the file";
    case CEDAR_TOKEN_STRING:
        return "a string";
    default:
        text = arena_format(
            arena, "`%.*s`",
            (int)(token->text.length < longest_shown ? token->text.length : longest_shown),
            token->text.at);
        return text == NULL ? "something else" : text;
    }
}
