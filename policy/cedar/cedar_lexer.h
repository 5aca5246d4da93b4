/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tokens of Cedar source: policies and schemas share them (what is a keyword is the parsers'
 * affair). White space is Unicode's, comments run from `//` to the end of the line.
 */
#ifndef AMANAT_POLICY_CEDAR_LEXER_H
#define AMANAT_POLICY_CEDAR_LEXER_H

#include <stdbool.h>
#include <stddef.h>

#include "amanat/diagnostics.h"
#include "amanat/result.h"
#include "policy/base/arena.h"
#include "policy/base/bytes.h"

#define CEDAR_NUMBER_TOO_LARGE "this number is too large: the largest is 9223372036854775807"

enum cedar_token_kind {
    CEDAR_TOKEN_END = 0,
    CEDAR_TOKEN_INVALID, /* already reported */
    CEDAR_TOKEN_IDENTIFIER,
    CEDAR_TOKEN_INTEGER,
    CEDAR_TOKEN_STRING, /* its text is what stands between the quotes, escapes and all */
    CEDAR_TOKEN_SLOT,   /* `?name`, with the question mark */
    CEDAR_TOKEN_SYMBOL
};

struct cedar_token {
    enum cedar_token_kind kind;
    struct bytes text;
    unsigned line;
    unsigned column;
    /* Of an INVALID token: the symbol that was probably meant, `"` for a string, `0` for a number,
     * "" for nothing at all; or NULL. The source stays refused, but the parser can go on. */
    const char *meant;
};

struct cedar_lexer {
    const char *source;
    struct bytes text;
    struct amanat_diagnostics *diagnostics;
    size_t position;
    size_t line_start;
    unsigned line;
    bool lone_question_marks; /* of a schema: `?` is a symbol, there are no slots */
};

/**
 * Whether `text` is valid UTF-8, which the lexer relies on; CONFIG_FAULT after a diagnostic if not.
 */
AMANAT_MUST_CHECK amanat_result cedar_lexer_check_encoding(const char *source, struct bytes text,
                                                           struct amanat_diagnostics *diagnostics);

/** Starts at the beginning of `text`, which must live as long as the tokens. */
void cedar_lexer_init(struct cedar_lexer *lexer, const char *source, struct bytes text,
                      struct amanat_diagnostics *diagnostics);

/** The next token. What is none is reported and comes as INVALID; END comes again and again. */
struct cedar_token cedar_lexer_next(struct cedar_lexer *lexer);

bool cedar_token_is_symbol(const struct cedar_token *token, const char *symbol);
bool cedar_token_is_word(const struct cedar_token *token, const char *word);

/** Whether an identifier is one of the words that cannot name anything. */
bool cedar_word_is_reserved(struct bytes word);

/** Whether `text` is an identifier, reserved or not. */
bool cedar_word_is_valid(struct bytes text);

/** What the token is, for messages: "the end of the file", "a string", "`,`". Lives in `arena`. */
const char *cedar_token_describe(const struct cedar_token *token, struct arena *arena);

/**
 * The value of a STRING token. CONFIG_FAULT after a diagnostic for an escape that is not allowed.
 */
AMANAT_MUST_CHECK amanat_result cedar_token_unescape(const struct cedar_lexer *lexer,
                                                     const struct cedar_token *token,
                                                     struct arena *arena, struct bytes *out);

/** The right side of `like`: literal pieces with a wildcard between each two of them. */
struct cedar_pattern {
    const struct bytes *pieces;
    size_t count; /* at least 1 */
};

AMANAT_MUST_CHECK amanat_result cedar_token_unescape_pattern(const struct cedar_lexer *lexer,
                                                             const struct cedar_token *token,
                                                             struct arena *arena,
                                                             struct cedar_pattern *out);

#endif
