/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Escapes in string literals: those of Rust's (`\n \r \t \0 \\ \' \"`, `\x00` to `\x7F`, `\u{…}`),
 * and in the right side of `like` also `\*`, where a bare `*` is a wildcard.
 */
#include <stdint.h>

#include "policy/base/guard.h"
#include "policy/base/utf8.h"
#include "policy/base/vector.h"
#include "policy/cedar/cedar_lexer.h"

struct unescaping {
    const struct cedar_lexer *lexer;
    const struct cedar_token *token;
    size_t at;
    char *out;
    size_t length;
};

static int hex_value(char byte)
{
    if (byte >= '0' && byte <= '9') {
        return byte - '0';
    }
    if (byte >= 'a' && byte <= 'f') {
        return byte - 'a' + 10;
    }
    return byte >= 'A' && byte <= 'F' ? byte - 'A' + 10 : -1;
}

/* The diagnostic stands at the escape itself; a token's text begins one byte after its quote. */
static amanat_result refuse(const struct unescaping *state, size_t at, const char *why)
{
    unsigned line = state->token->line;
    unsigned column = state->token->column + 1;
    for (size_t i = 0; i < at; i++) {
        column++;
        if (state->token->text.at[i] == '\n') {
            line++;
            column = 1;
        }
    }
    amanat_diagnostics_add(state->lexer->diagnostics, AMANAT_SEVERITY_ERROR, "escape",
                           state->lexer->source, line, column, "%s", why);
    return amanat_result_of(AMANAT_STATUS_CONFIG_FAULT);
}

/* `\xHH`: two digits, ASCII only. */
static bool read_byte_escape(struct unescaping *state, uint32_t *out)
{
    const struct bytes rest = bytes_from(state->token->text, state->at);
    if (rest.length < 2 || hex_value(rest.at[0]) < 0 || hex_value(rest.at[1]) < 0) {
        return false;
    }
    *out = (uint32_t)(hex_value(rest.at[0]) * 16 + hex_value(rest.at[1]));
    state->at += 2;
    return *out <= 0x7F;
}

/* `\u{…}`: one to six digits; underscores may stand after the first. */
static bool read_unicode_escape(struct unescaping *state, uint32_t *out)
{
    const struct bytes text = state->token->text;
    uint32_t scalar = 0;
    unsigned digits = 0;
    if (state->at == text.length || text.at[state->at++] != '{') {
        return false;
    }
    for (; state->at < text.length && text.at[state->at] != '}'; state->at++) {
        const char byte = text.at[state->at];
        if (byte == '_' && digits > 0) {
            continue;
        }
        if (hex_value(byte) < 0 || ++digits > 6) {
            return false;
        }
        scalar = scalar * 16 + (uint32_t)hex_value(byte);
    }
    if (digits == 0 || state->at == text.length) {
        return false;
    }
    state->at++;
    *out = scalar;
    return scalar <= 0x10FFFF && (scalar < 0xD800 || scalar > 0xDFFF);
}

/* What follows a backslash; `state->at` is after it. */
static bool read_escape(struct unescaping *state, uint32_t *out)
{
    static const struct {
        char letter;
        char value;
    } simple[] = {{'n', '\n'},  {'r', '\r'},  {'t', '\t'}, {'0', '\0'},
                  {'\\', '\\'}, {'\'', '\''}, {'"', '"'}};
    const char letter = state->token->text.at[state->at++];
    for (size_t i = 0; i < sizeof(simple) / sizeof(simple[0]); i++) {
        if (simple[i].letter == letter) {
            *out = (uint32_t)simple[i].value;
            return true;
        }
    }
    if (letter == 'x') {
        return read_byte_escape(state, out);
    }
    return letter == 'u' && read_unicode_escape(state, out);
}

/* Unescapes one character of a string; the lexer has seen to it that something follows each
 * backslash. */
static amanat_result unescape_one(struct unescaping *state)
{
    const struct bytes text = state->token->text;
    const size_t start = state->at;
    if (text.at[start] == '\r') {
        return refuse(state, start, "a carriage return in a string must be written `\\r`");
    }
    if (text.at[start] != '\\') {
        state->out[state->length++] = text.at[state->at++];
        return AMANAT_OK;
    }
    state->at++;
    uint32_t scalar = 0;
    if (!read_escape(state, &scalar)) {
        return refuse(state, start, "this escape is not known");
    }
    /* A scalar's encoding is never longer than its escape. */
    char encoded[4];
    const size_t length = utf8_encode(scalar, encoded);
    memcpy(state->out + state->length, encoded, length);
    state->length += length;
    return AMANAT_OK;
}

static amanat_result begin(struct unescaping *state, const struct cedar_lexer *lexer,
                           const struct cedar_token *token, struct arena *arena)
{
    *state = (struct unescaping){.lexer = lexer, .token = token};
    state->out = arena_allocate(arena, token->text.length + 1);
    TRY_MEMORY(state->out);
    return AMANAT_OK;
}

amanat_result cedar_token_unescape(const struct cedar_lexer *lexer, const struct cedar_token *token,
                                   struct arena *arena, struct bytes *out)
{
    struct unescaping state;
    TRY(begin(&state, lexer, token, arena));
    while (state.at < token->text.length) {
        TRY(unescape_one(&state));
    }
    *out = bytes_of(state.out, state.length);
    return AMANAT_OK;
}

amanat_result cedar_token_unescape_pattern(const struct cedar_lexer *lexer,
                                           const struct cedar_token *token, struct arena *arena,
                                           struct cedar_pattern *out)
{
    struct unescaping state;
    VECTOR(struct bytes) pieces = {0};
    size_t piece_start = 0;
    TRY(begin(&state, lexer, token, arena));
    while (state.at < token->text.length) {
        const struct bytes rest = bytes_from(token->text, state.at);
        if (rest.at[0] == '*') {
            struct bytes *piece = VECTOR_PUSH(arena, &pieces);
            TRY_MEMORY(piece);
            *piece = bytes_of(state.out + piece_start, state.length - piece_start);
            piece_start = state.length;
            state.at++;
        } else if (bytes_start_with(rest, BYTES("\\*"))) {
            state.out[state.length++] = '*';
            state.at += 2;
        } else {
            TRY(unescape_one(&state));
        }
    }
    struct bytes *last = VECTOR_PUSH(arena, &pieces);
    TRY_MEMORY(last);
    *last = bytes_of(state.out + piece_start, state.length - piece_start);
    *out = (struct cedar_pattern){pieces.items, pieces.count};
    return AMANAT_OK;
}
