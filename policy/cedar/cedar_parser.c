/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parts of parsing that policies and schemas have in common: tokens, names, paths, annotations.
 */
#include "policy/cedar/cedar_parser.h"

#include <stdarg.h>
#include <stdio.h>

#include "policy/base/guard.h"
#include "policy/base/map.h"

void cedar_parser_init(struct cedar_parser *parser, struct arena *arena, const char *source,
                       struct bytes text, struct amanat_diagnostics *diagnostics)
{
    *parser = (struct cedar_parser){.arena = arena, .diagnostics = diagnostics};
    cedar_lexer_init(&parser->lexer, source, text, diagnostics);
}

struct cedar_token cedar_parser_peek(const struct cedar_parser *parser)
{
    struct cedar_lexer lexer = parser->lexer;
    lexer.diagnostics = NULL;
    return cedar_lexer_next(&lexer);
}

static void count_brackets(struct cedar_parser *parser)
{
    const struct cedar_token *token = &parser->token;
    if (token->kind != CEDAR_TOKEN_SYMBOL || token->text.length != 1) {
        return;
    }
    const char symbol = token->text.at[0];
    if (symbol == '(' || symbol == '[' || symbol == '{') {
        parser->brackets++;
        parser->braces += symbol == '{' ? 1 : 0;
    } else if (symbol == ')' || symbol == ']' || symbol == '}') {
        parser->brackets -= parser->brackets > 0 ? 1 : 0;
        parser->braces -= symbol == '}' && parser->braces > 0 ? 1 : 0;
    }
}

/* A token that the lexer refused becomes the one that was meant. */
static void take_as_meant(struct cedar_parser *parser, struct cedar_token *token)
{
    parser->faulty = true;
    parser->reported = *token;
    if (token->meant == NULL) {
        return;
    }
    if (token->meant[0] == '"') {
        token->kind = CEDAR_TOKEN_STRING;
        return;
    }
    token->kind = token->meant[0] == '0' ? CEDAR_TOKEN_INTEGER : CEDAR_TOKEN_SYMBOL;
    token->text = bytes_of_string(token->meant);
}

void cedar_parser_advance(struct cedar_parser *parser)
{
    const struct cedar_lexer *lexer = &parser->lexer;
    count_brackets(parser);
    parser->previous = parser->token;
    parser->end = lexer->text.at + lexer->position;
    parser->gap = (struct cedar_token){
        .text = bytes_of(parser->end, 0),
        .line = lexer->line,
        .column = (unsigned)(lexer->position - lexer->line_start) + 1,
    };
    do {
        parser->token = cedar_lexer_next(&parser->lexer);
        if (parser->token.kind == CEDAR_TOKEN_INVALID) {
            take_as_meant(parser, &parser->token);
        }
    } while (parser->token.kind == CEDAR_TOKEN_SYMBOL && parser->token.text.length == 0);
}

bool cedar_parser_begins_line(const struct cedar_parser *parser)
{
    return parser->previous.kind == CEDAR_TOKEN_END || parser->token.line > parser->gap.line;
}

struct cedar_stretch cedar_parser_stretch(const struct cedar_parser *parser,
                                          const struct cedar_token *first)
{
    if (parser->faulty) {
        return (struct cedar_stretch){0}; /* a token that was only meant lies in no text */
    }
    const size_t quote = first->kind == CEDAR_TOKEN_STRING ? 1 : 0;
    const char *start = first->text.at - quote;
    return (struct cedar_stretch){bytes_of(start, (size_t)(parser->end - start)), first->line,
                                  first->column};
}

bool cedar_parser_at_symbol(const struct cedar_parser *parser, const char *symbol)
{
    return cedar_token_is_symbol(&parser->token, symbol);
}

bool cedar_parser_at_word(const struct cedar_parser *parser, const char *word)
{
    return cedar_token_is_word(&parser->token, word);
}

bool cedar_parser_accept_symbol(struct cedar_parser *parser, const char *symbol)
{
    if (!cedar_parser_at_symbol(parser, symbol)) {
        return false;
    }
    cedar_parser_advance(parser);
    return true;
}

bool cedar_parser_accept_word(struct cedar_parser *parser, const char *word)
{
    if (!cedar_parser_at_word(parser, word)) {
        return false;
    }
    cedar_parser_advance(parser);
    return true;
}

/* ---- Faults ---- */

static bool goes_over_lines(const struct cedar_token *token)
{
    return token->kind == CEDAR_TOKEN_STRING && bytes_find(token->text, '\n') < token->text.length;
}

/*
 * A string may go over lines, but one behind which nothing fits has probably lost its closing
 * quote: the fault lies there, and reading goes on at the end of its first line.
 */
static bool report_lost_quote(struct cedar_parser *parser)
{
    const struct cedar_token string =
        goes_over_lines(&parser->token) ? parser->token : parser->previous;
    if (!goes_over_lines(&string)) {
        return false;
    }
    struct cedar_lexer *lexer = &parser->lexer;
    amanat_diagnostics_add(parser->diagnostics, AMANAT_SEVERITY_ERROR, "syntax", lexer->source,
                           string.line, string.column,
                           "this string goes on into the next line: its closing `\"` seems to be "
                           "missing");
    parser->lost = true;
    const size_t start = (size_t)(string.text.at - lexer->text.at);
    lexer->position = start + bytes_find(string.text, '\n');
    lexer->line = string.line;
    lexer->line_start = start - string.column; /* the text begins behind the quote */
    parser->token = (struct cedar_token){.kind = CEDAR_TOKEN_INVALID,
                                         .text = bytes_of(string.text.at, 0),
                                         .line = string.line,
                                         .column = string.column};
    return true;
}

static bool is_same_place(const struct cedar_token *a, const struct cedar_token *b)
{
    return a->line == b->line && a->column == b->column;
}

__attribute__((format(printf, 3, 0))) static void report(struct cedar_parser *parser,
                                                         const struct cedar_token *at,
                                                         const char *format, va_list arguments)
{
    const struct cedar_token place = *at; /* it may be the current token, which can change */
    char text[320];
    parser->faulty = true;
    if (place.kind == CEDAR_TOKEN_INVALID || is_same_place(&place, &parser->reported) ||
        report_lost_quote(parser)) {
        return;
    }
    (void)vsnprintf(text, sizeof(text), format, arguments);
    amanat_diagnostics_add(parser->diagnostics, AMANAT_SEVERITY_ERROR, "syntax",
                           parser->lexer.source, place.line, place.column, "%s", text);
    parser->reported = place;
}

amanat_result cedar_parser_fault(struct cedar_parser *parser, const struct cedar_token *at,
                                 const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    report(parser, at, format, arguments);
    va_end(arguments);
    return amanat_result_of(AMANAT_STATUS_CONFIG_FAULT);
}

void cedar_parser_note(struct cedar_parser *parser, const struct cedar_token *at,
                       const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    report(parser, at, format, arguments);
    va_end(arguments);
}

amanat_result cedar_parser_expected(struct cedar_parser *parser, const char *what)
{
    const struct cedar_token at = parser->token;
    const struct cedar_token gap = parser->gap;
    const bool at_end = at.kind == CEDAR_TOKEN_END && parser->previous.kind != CEDAR_TOKEN_END;
    if (at.kind == CEDAR_TOKEN_INVALID) {
        return cedar_parser_fault(parser, &at, "expected %s", what);
    }
    return cedar_parser_fault(parser, at_end ? &gap : &at, "expected %s, found %s", what,
                              cedar_token_describe(&at, parser->arena));
}

/* What is missing is missing behind the token before, not where the next line goes on. */
static amanat_result expected_behind(struct cedar_parser *parser, const char *what)
{
    const struct cedar_token at = parser->token;
    const struct cedar_token gap = parser->gap;
    if (at.kind == CEDAR_TOKEN_INVALID || at.kind == CEDAR_TOKEN_END ||
        !cedar_parser_begins_line(parser)) {
        return cedar_parser_expected(parser, what);
    }
    return cedar_parser_fault(parser, &gap, "expected %s here, found %s in line %u", what,
                              cedar_token_describe(&at, parser->arena), at.line);
}

amanat_result cedar_parser_expect_symbol(struct cedar_parser *parser, const char *symbol)
{
    if (cedar_parser_accept_symbol(parser, symbol)) {
        return AMANAT_OK;
    }
    char quoted[16];
    (void)snprintf(quoted, sizeof(quoted), "`%s`", symbol);
    return expected_behind(parser, quoted);
}

amanat_result cedar_parser_expect_close(struct cedar_parser *parser, const struct cedar_token *open,
                                        const char *symbol)
{
    if (cedar_parser_accept_symbol(parser, symbol)) {
        return AMANAT_OK;
    }
    char what[64];
    (void)snprintf(what, sizeof(what), "`%s` for the `%.*s` of %u:%u", symbol,
                   BYTES_PRINTF(open->text), open->line, open->column);
    return expected_behind(parser, what);
}

void cedar_parser_note_missing(struct cedar_parser *parser, const char *symbol)
{
    const struct cedar_token gap = parser->gap;
    cedar_parser_note(parser, &gap, "expected `%s` here, before %s", symbol,
                      cedar_token_describe(&parser->token, parser->arena));
}

/* Whether the current token can only be another item, whose comma was forgotten. */
static bool at_item_without_comma(const struct cedar_parser *parser)
{
    const struct cedar_token *token = &parser->token;
    return token->kind == CEDAR_TOKEN_STRING || token->kind == CEDAR_TOKEN_INTEGER ||
           (token->kind == CEDAR_TOKEN_IDENTIFIER && !cedar_word_is_reserved(token->text));
}

bool cedar_parser_next_item(struct cedar_parser *parser, const char *close)
{
    if (cedar_parser_accept_symbol(parser, ",")) {
        return true;
    }
    if (cedar_parser_at_symbol(parser, close) || !at_item_without_comma(parser) ||
        goes_over_lines(&parser->token) || goes_over_lines(&parser->previous)) {
        return false;
    }
    cedar_parser_note_missing(parser, ",");
    return true;
}

const char *cedar_parser_hint(const struct cedar_parser *parser, const char *const *words,
                              size_t count, char room[SIMILAR_HINT_SIZE])
{
    const bool is_word = parser->token.kind == CEDAR_TOKEN_IDENTIFIER;
    struct similar similar;
    similar_begin(&similar, is_word ? parser->token.text : BYTES(""));
    for (size_t i = 0; i < count; i++) {
        similar_offer(&similar, bytes_of_string(words[i]));
    }
    return similar_hint_of(&similar, room);
}

amanat_result cedar_parser_identifier(struct cedar_parser *parser, const char *what,
                                      struct bytes *out)
{
    if (parser->token.kind != CEDAR_TOKEN_IDENTIFIER) {
        return cedar_parser_expected(parser, what);
    }
    if (cedar_word_is_reserved(parser->token.text)) {
        return cedar_parser_fault(parser, &parser->token, "`%.*s` is reserved and cannot be %s",
                                  BYTES_PRINTF(parser->token.text), what);
    }
    *out = parser->token.text;
    cedar_parser_advance(parser);
    return AMANAT_OK;
}

amanat_result cedar_parser_string(struct cedar_parser *parser, const char *what, struct bytes *out)
{
    if (parser->token.kind != CEDAR_TOKEN_STRING) {
        return cedar_parser_expected(parser, what);
    }
    TRY(cedar_token_unescape(&parser->lexer, &parser->token, parser->arena, out));
    cedar_parser_advance(parser);
    return AMANAT_OK;
}

/* Joins the parts of a path; almost all have one part and need no memory. */
static amanat_result join_path(struct arena *arena, const struct bytes *parts, size_t count,
                               struct bytes *out)
{
    if (count == 1) {
        *out = parts[0];
        return AMANAT_OK;
    }
    size_t length = 2 * (count - 1);
    for (size_t i = 0; i < count; i++) {
        length += parts[i].length;
    }
    char *text = arena_allocate(arena, length);
    TRY_MEMORY(text);
    size_t at = 0;
    for (size_t i = 0; i < count; i++) {
        if (i > 0) {
            memcpy(text + at, "::", 2);
            at += 2;
        }
        memcpy(text + at, parts[i].at, parts[i].length);
        at += parts[i].length;
    }
    *out = bytes_of(text, length);
    return AMANAT_OK;
}

amanat_result cedar_parser_path_or_entity(struct cedar_parser *parser, const char *what,
                                          bool *out_is_entity, struct cedar_entity_uid *out)
{
    VECTOR(struct bytes) parts = {0};
    struct cedar_entity_uid uid = {0};
    bool is_entity = false;
    do {
        if (parts.count > 0 && parser->token.kind == CEDAR_TOKEN_STRING) {
            is_entity = true;
            break;
        }
        struct bytes *part = VECTOR_PUSH(parser->arena, &parts);
        TRY_MEMORY(part);
        TRY(cedar_parser_identifier(parser, parts.count == 1 ? what : "a part of a path", part));
    } while (cedar_parser_accept_symbol(parser, "::"));
    TRY(join_path(parser->arena, parts.items, parts.count, &uid.type));
    if (is_entity) {
        TRY(cedar_parser_string(parser, "an entity id", &uid.id));
    }
    *out_is_entity = is_entity;
    *out = uid;
    return AMANAT_OK;
}

amanat_result cedar_parser_path(struct cedar_parser *parser, const char *what, struct bytes *out)
{
    const struct cedar_token start = parser->token;
    struct cedar_entity_uid uid;
    bool is_entity = false;
    TRY(cedar_parser_path_or_entity(parser, what, &is_entity, &uid));
    if (is_entity) {
        return cedar_parser_fault(parser, &start, "expected %s, found an entity", what);
    }
    *out = uid.type;
    return AMANAT_OK;
}

amanat_result cedar_parser_entity(struct cedar_parser *parser, const char *what,
                                  struct cedar_entity_uid *out)
{
    const struct cedar_token start = parser->token;
    bool is_entity = false;
    struct cedar_entity_uid uid;
    TRY(cedar_parser_path_or_entity(parser, what, &is_entity, &uid));
    if (!is_entity) {
        return cedar_parser_at_symbol(parser, ":")
                   ? cedar_parser_fault(parser, &parser->token,
                                        "expected `::` between an entity's type and its id, "
                                        "found `:`")
                   : cedar_parser_fault(parser, &start,
                                        "expected %s, found the name `%.*s`: an entity is written "
                                        "`%.*s::\"id\"`",
                                        what, BYTES_PRINTF(uid.type), BYTES_PRINTF(uid.type));
    }
    *out = uid;
    return AMANAT_OK;
}

static amanat_result parse_annotation(struct cedar_parser *parser, struct cedar_annotation *out)
{
    if (parser->token.kind != CEDAR_TOKEN_IDENTIFIER) {
        return cedar_parser_expected(parser, "an annotation's name");
    }
    out->name = parser->token.text;
    out->value = BYTES("");
    cedar_parser_advance(parser);
    if (cedar_parser_accept_symbol(parser, "(")) {
        TRY(cedar_parser_string(parser, "an annotation's value (a string)", &out->value));
        out->has_value = true;
        TRY(cedar_parser_expect_symbol(parser, ")"));
    }
    return AMANAT_OK;
}

amanat_result cedar_parser_annotations(struct cedar_parser *parser,
                                       const struct cedar_annotation **out, size_t *out_count)
{
    VECTOR(struct cedar_annotation) annotations = {0};
    struct map names = {0};
    while (cedar_parser_accept_symbol(parser, "@")) {
        const struct cedar_token name = parser->token;
        struct cedar_annotation annotation = {0};
        TRY(parse_annotation(parser, &annotation));
        if (map_get(&names, annotation.name) != NULL) {
            return cedar_parser_fault(parser, &name, "the annotation `%.*s` stands twice",
                                      BYTES_PRINTF(annotation.name));
        }
        TRY(map_put(parser->arena, &names, annotation.name, parser));
        struct cedar_annotation *item = VECTOR_PUSH(parser->arena, &annotations);
        TRY_MEMORY(item);
        *item = annotation;
    }
    *out = annotations.items;
    *out_count = annotations.count;
    return AMANAT_OK;
}

amanat_result cedar_parser_enter(struct cedar_parser *parser)
{
    if (parser->nesting >= CEDAR_EXPRESSION_DEPTH_LIMIT) {
        return cedar_parser_fault(parser, &parser->token, "this is nested more than %d levels deep",
                                  CEDAR_EXPRESSION_DEPTH_LIMIT);
    }
    parser->nesting++;
    return AMANAT_OK;
}

void cedar_parser_leave(struct cedar_parser *parser)
{
    parser->nesting--;
}
