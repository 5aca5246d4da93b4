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

void cedar_parser_advance(struct cedar_parser *parser)
{
    parser->end = parser->lexer.text.at + parser->lexer.position;
    parser->token = cedar_lexer_next(&parser->lexer);
}

struct cedar_stretch cedar_parser_stretch(const struct cedar_parser *parser,
                                          const struct cedar_token *first)
{
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

amanat_result cedar_parser_fault(struct cedar_parser *parser, const struct cedar_token *at,
                                 const char *format, ...)
{
    if (at->kind != CEDAR_TOKEN_INVALID) {
        char text[240];
        va_list arguments;
        va_start(arguments, format);
        (void)vsnprintf(text, sizeof(text), format, arguments);
        va_end(arguments);
        amanat_diagnostics_add(parser->diagnostics, AMANAT_SEVERITY_ERROR, "syntax",
                               parser->lexer.source, at->line, at->column, "%s", text);
    }
    return amanat_result_of(AMANAT_STATUS_CONFIG_FAULT);
}

amanat_result cedar_parser_expected(struct cedar_parser *parser, const char *what)
{
    return cedar_parser_fault(parser, &parser->token, "expected %s, found %s", what,
                              cedar_token_describe(&parser->token, parser->arena));
}

amanat_result cedar_parser_expect_symbol(struct cedar_parser *parser, const char *symbol)
{
    if (cedar_parser_accept_symbol(parser, symbol)) {
        return AMANAT_OK;
    }
    char quoted[16];
    (void)snprintf(quoted, sizeof(quoted), "`%s`", symbol);
    return cedar_parser_expected(parser, quoted);
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
        return cedar_parser_fault(parser, &start, "expected %s (`Type::\"id\"`)", what);
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
        TRY(cedar_parser_string(parser, "an annotation's value", &out->value));
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
