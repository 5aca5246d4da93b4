/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the recursive-descent parsers of policies and schemas share: the current token, and the
 * errors at it. Functions fail with CONFIG_FAULT after a diagnostic, or with MEMORY.
 */
#ifndef AMANAT_POLICY_CEDAR_PARSER_H
#define AMANAT_POLICY_CEDAR_PARSER_H

#include "policy/base/similar.h"
#include "policy/cedar/cedar_ast.h"
#include "policy/cedar/cedar_lexer.h"

struct cedar_parser {
    struct arena *arena;
    struct amanat_diagnostics *diagnostics;
    struct cedar_lexer lexer;
    struct cedar_token token;    /* the current one, not yet consumed */
    struct cedar_token previous; /* the one before; END at the beginning */
    struct cedar_token gap;      /* the place right behind `previous`, for what is missing there */
    struct cedar_token reported; /* the place of the last fault: it gets no second one */
    const char *end;             /* where the token before it ends */
    unsigned nesting;            /* how deep the parser is in itself */
    unsigned brackets;           /* how many `(`, `[` and `{` are open, as far as can be told */
    unsigned braces;             /* how many of them are `{` */
    bool lost;                   /* after a fault, what closes was not found: see parsers */
    bool faulty;                 /* a fault was reported, perhaps one after which parsing went on */
};

void cedar_parser_init(struct cedar_parser *parser, struct arena *arena, const char *source,
                       struct bytes text, struct amanat_diagnostics *diagnostics);

/** The token behind the current one. */
struct cedar_token cedar_parser_peek(const struct cedar_parser *parser);

/** Consumes the current token. */
void cedar_parser_advance(struct cedar_parser *parser);

/** The source from a token that was current to the end of the last one that was consumed. */
struct cedar_stretch cedar_parser_stretch(const struct cedar_parser *parser,
                                          const struct cedar_token *first);

bool cedar_parser_at_symbol(const struct cedar_parser *parser, const char *symbol);
bool cedar_parser_at_word(const struct cedar_parser *parser, const char *word);

/** Consumes the current token if it is that symbol or word. */
bool cedar_parser_accept_symbol(struct cedar_parser *parser, const char *symbol);
bool cedar_parser_accept_word(struct cedar_parser *parser, const char *word);

/** The same, and an error if it is not. */
AMANAT_MUST_CHECK amanat_result cedar_parser_expect_symbol(struct cedar_parser *parser,
                                                           const char *symbol);

/** "expected `what`, found …" at the current token. */
AMANAT_MUST_CHECK amanat_result cedar_parser_expected(struct cedar_parser *parser,
                                                      const char *what);

/** An error at a token (an INVALID one has been reported already). */
__attribute__((format(printf, 3, 4))) AMANAT_MUST_CHECK amanat_result cedar_parser_fault(
    struct cedar_parser *parser, const struct cedar_token *at, const char *format, ...);

/**
 * The same where it is clear what was meant: the text is refused, but parsing goes on as if that
 * stood there.
 */
__attribute__((format(printf, 3, 4))) void cedar_parser_note(struct cedar_parser *parser,
                                                             const struct cedar_token *at,
                                                             const char *format, ...);

/** "expected `symbol`" behind the token before, as such a fault after which parsing goes on. */
void cedar_parser_note_missing(struct cedar_parser *parser, const char *symbol);

/** Whether another item of a list follows: after a comma, or after one that was forgotten. */
bool cedar_parser_next_item(struct cedar_parser *parser, const char *close);

/** "expected `symbol`" for what `open` has opened. */
AMANAT_MUST_CHECK amanat_result cedar_parser_expect_close(struct cedar_parser *parser,
                                                          const struct cedar_token *open,
                                                          const char *symbol);

/** Whether the current token is the first of its line. */
bool cedar_parser_begins_line(const struct cedar_parser *parser);

/** "; did you mean `…`?" for a word that stands where one of a few is expected, or "". */
const char *cedar_parser_hint(const struct cedar_parser *parser, const char *const *words,
                              size_t count, char room[SIMILAR_HINT_SIZE]);

/** An identifier that is not reserved. `what` names it in the error: "an attribute name". */
AMANAT_MUST_CHECK amanat_result cedar_parser_identifier(struct cedar_parser *parser,
                                                        const char *what, struct bytes *out);

/** The value of a string token. */
AMANAT_MUST_CHECK amanat_result cedar_parser_string(struct cedar_parser *parser, const char *what,
                                                    struct bytes *out);

/** `IDENT {'::' IDENT}`, joined without blanks. */
AMANAT_MUST_CHECK amanat_result cedar_parser_path(struct cedar_parser *parser, const char *what,
                                                  struct bytes *out);

/**
 * `IDENT {'::' IDENT} ['::' STRING]`: a path, in `out->type`, or an entity, and then
 * `*out_is_entity`.
 */
AMANAT_MUST_CHECK amanat_result cedar_parser_path_or_entity(struct cedar_parser *parser,
                                                            const char *what, bool *out_is_entity,
                                                            struct cedar_entity_uid *out);

/** `Path '::' STRING`. */
AMANAT_MUST_CHECK amanat_result cedar_parser_entity(struct cedar_parser *parser, const char *what,
                                                    struct cedar_entity_uid *out);

/** `Annotation*`: any word is a key, none stands twice. */
AMANAT_MUST_CHECK amanat_result cedar_parser_annotations(struct cedar_parser *parser,
                                                         const struct cedar_annotation **out,
                                                         size_t *out_count);

/** One level deeper in the parser's recursion, an error beyond the limit; `leave` goes back. */
AMANAT_MUST_CHECK amanat_result cedar_parser_enter(struct cedar_parser *parser);
void cedar_parser_leave(struct cedar_parser *parser);

/** `Expr` (cedar_expression_parser.c). */
AMANAT_MUST_CHECK amanat_result cedar_parser_expression(struct cedar_parser *parser,
                                                        const struct cedar_expression **out);

#endif
