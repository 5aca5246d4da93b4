/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From bytes to tokens (Cedar grammar: lexical part). Escapes inside strings are cedar_escape.c's.
 */
#include "policy/cedar/cedar_lexer.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

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

__attribute__((format(printf, 4, 5))) static struct cedar_token
make_invalid(struct cedar_lexer *lexer, size_t length, const char *meant, const char *format, ...)
{
    struct cedar_token token = make_token(lexer, CEDAR_TOKEN_INVALID, length);
    char text[160];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    amanat_diagnostics_add(lexer->diagnostics, AMANAT_SEVERITY_ERROR, "lexical", lexer->source,
                           token.line, token.column, "%s", text);
    token.meant = meant;
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
    const struct cedar_token token = fits
                                         ? make_token(lexer, CEDAR_TOKEN_INTEGER, length)
                                         : make_invalid(lexer, length, "0", CEDAR_NUMBER_TOO_LARGE);
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
        end = lexer->position + bytes_find(bytes_from(text, lexer->position), '\n');
        token = make_invalid(lexer, end - lexer->position, NULL,
                             "this string does not end: its closing `\"` is missing");
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

/* ---- What other languages have, and word processors make ---- */

/* A character that opens a string elsewhere, and what closes it. */
struct foreign_quote {
    const char *open;
    const char *close;
};

static const struct foreign_quote *foreign_quote_at(const struct cedar_lexer *lexer)
{
    static const struct foreign_quote quotes[] = {
        {"'", "'"},
        {"`", "`"},
        {"\xE2\x80\x9C", "\xE2\x80\x9D"}, /* U+201C, U+201D */
        {"\xE2\x80\x9D", "\xE2\x80\x9D"},
        {"\xE2\x80\x9E", "\xE2\x80\x9C"}, /* U+201E */
        {"\xE2\x80\x98", "\xE2\x80\x99"}, /* U+2018, U+2019 */
        {"\xE2\x80\x99", "\xE2\x80\x99"},
        {"\xC2\xAB", "\xC2\xBB"}, /* U+00AB, U+00BB */
    };
    for (size_t i = 0; i < sizeof(quotes) / sizeof(quotes[0]); i++) {
        if (bytes_start_with(bytes_from(lexer->text, lexer->position),
                             bytes_of_string(quotes[i].open))) {
            return &quotes[i];
        }
    }
    return NULL;
}

/* Where `word` next stands in the line, or the line's length. */
static size_t find_in_line(struct bytes text, const char *word)
{
    const struct bytes line = bytes_first(text, bytes_find(text, '\n'));
    size_t at = 0;
    while (at < line.length && !bytes_start_with(bytes_from(line, at), bytes_of_string(word))) {
        at++;
    }
    return at;
}

/* A string in other quotes: refused, but read as the string that it is meant to be. */
static struct cedar_token read_foreign_string(struct cedar_lexer *lexer,
                                              const struct foreign_quote *quote)
{
    const size_t open = strlen(quote->open);
    const struct bytes rest = bytes_from(lexer->text, lexer->position + open);
    const size_t length = find_in_line(rest, quote->close);
    const bool ends = bytes_start_with(bytes_from(rest, length), bytes_of_string(quote->close));
    struct cedar_token token = make_invalid(
        lexer, open, ends ? "\"" : NULL,
        "`%s` is no quotation mark of Cedar: strings stand in plain double quotes, `\"…\"`",
        quote->open);
    if (ends) {
        token.text = bytes_first(rest, length);
        lexer->position += length + strlen(quote->close);
    }
    lexer->position += open;
    return token;
}

/* Symbols of other languages; of two that begin alike the longer one stands first. */
struct foreign_symbol {
    const char *symbol;
    const char *meant;
    const char *why;
};

static const struct foreign_symbol foreign_symbols[] = {
    {"===", "==", "`===` is no operator: equality is `==`"},
    {"!==", "!=", "`!==` is no operator: inequality is `!=`"},
    {"<>", "!=", "`<>` is no operator: inequality is `!=`"},
    {"=<", "<=", "`=<` is no operator: at most is `<=`"},
    {"=>", ">=", "`=>` is no operator: at least is `>=`"},
};

/* These are looked for when nothing else fits: `&&` begins with `&`. */
static const struct foreign_symbol halved_symbols[] = {
    {"&", "&&", "`&` is no operator: and is `&&`"},
    {"|", "||", "`|` is no operator: or is `||`"},
};

static bool read_foreign_symbol(struct cedar_lexer *lexer, const struct foreign_symbol *symbols,
                                size_t count, struct cedar_token *out)
{
    for (size_t i = 0; i < count; i++) {
        if (bytes_start_with(bytes_from(lexer->text, lexer->position),
                             bytes_of_string(symbols[i].symbol))) {
            const size_t length = strlen(symbols[i].symbol);
            *out = make_invalid(lexer, length, symbols[i].meant, "%s", symbols[i].why);
            lexer->position += length;
            return true;
        }
    }
    return false;
}

/* A comment between slash-star and star-slash, or without an end. */
static struct cedar_token read_foreign_comment(struct cedar_lexer *lexer)
{
    const struct cedar_token token =
        make_invalid(lexer, 2, "", "Cedar has no comments of this kind: begin each line with `//`");
    while (!is_at_end(lexer) &&
           !bytes_start_with(bytes_from(lexer->text, lexer->position), BYTES("*/"))) {
        skip_byte(lexer);
    }
    lexer->position += is_at_end(lexer) ? 0 : 2;
    return token;
}

static bool is_invisible(uint32_t scalar)
{
    return scalar == 0xAD || (scalar >= 0x200B && scalar <= 0x200F) || scalar == 0x2060 ||
           scalar == 0xFEFF;
}

static struct cedar_token read_foreign_character(struct cedar_lexer *lexer)
{
    const bool is_first = lexer->position == 0;
    size_t after = lexer->position;
    const uint32_t scalar = utf8_next(lexer->text, &after);
    const size_t length = after - lexer->position;
    struct cedar_token token;
    if (scalar == 0xFEFF && is_first) {
        token = make_invalid(lexer, length, "",
                             "the file begins with a byte order mark, which cannot be seen: save "
                             "it as UTF-8 without one");
    } else if (is_invisible(scalar)) {
        token = make_invalid(lexer, length, "",
                             "here stands a character that cannot be seen, U+%04X: delete it",
                             (unsigned)scalar);
    } else {
        token = make_invalid(lexer, length, NULL, "`%.*s` cannot stand outside a string%s",
                             (int)length, lexer->text.at + lexer->position,
                             scalar == '#' ? "; comments begin with `//`" : "");
    }
    lexer->position = after;
    return token;
}

static struct cedar_token read_symbol(struct cedar_lexer *lexer)
{
    static const char *const symbols[] = {"::", "==", "!=", "<=", ">=", "||", "&&", "@", ".",
                                          ",",  ";",  ":",  "(",  ")",  "{",  "}",  "[", "]",
                                          "<",  ">",  "+",  "-",  "*",  "/",  "%",  "!", "="};
    const struct bytes rest = bytes_from(lexer->text, lexer->position);
    struct cedar_token foreign;
    if (read_foreign_symbol(lexer, foreign_symbols,
                            sizeof(foreign_symbols) / sizeof(foreign_symbols[0]), &foreign)) {
        return foreign;
    }
    if (bytes_start_with(rest, BYTES("/*"))) {
        return read_foreign_comment(lexer);
    }
    for (size_t i = 0; i < sizeof(symbols) / sizeof(symbols[0]); i++) {
        if (bytes_start_with(rest, bytes_of_string(symbols[i]))) {
            const struct cedar_token token =
                make_token(lexer, CEDAR_TOKEN_SYMBOL, strlen(symbols[i]));
            lexer->position += token.text.length;
            return token;
        }
    }
    const struct foreign_quote *quote = foreign_quote_at(lexer);
    if (quote != NULL) {
        return read_foreign_string(lexer, quote);
    }
    return read_foreign_symbol(lexer, halved_symbols,
                               sizeof(halved_symbols) / sizeof(halved_symbols[0]), &foreign)
               ? foreign
               : read_foreign_character(lexer);
}

static struct cedar_token read_question_mark(struct cedar_lexer *lexer)
{
    const size_t name =
        lexer->lone_question_marks ? 0 : word_length(lexer->text, lexer->position + 1);
    if (name == 0 && !lexer->lone_question_marks) {
        const struct cedar_token token = make_invalid(
            lexer, 1, NULL, "`?` must be followed by a name; a choice is `if … then … else …`");
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
