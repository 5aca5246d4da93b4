/* SPDX-License-Identifier: Apache-2.0 */
/* Reads source and result by the lexer alone: the formatter's own view of them is what is tested.
 */
#include "tests/support/cedar_formatted.h"

#include <string.h>

#include "policy/base/guard.h"
#include "policy/cedar/cedar.h"
#include "policy/cedar/cedar_lexer.h"

#define MEMORY ((size_t)256 << 20)

/* A text that is read: tokens by the lexer, comments in what lies between them. */
struct reading {
    struct cedar_lexer lexer;
    struct cedar_token token;
    struct bytes gap; /* before the token, what of it is still to be searched */
};

static void start(struct reading *reading, struct bytes text, bool is_schema)
{
    cedar_lexer_init(&reading->lexer, "", text, NULL);
    reading->lexer.lone_question_marks = is_schema;
}

static void next_token(struct reading *reading)
{
    const size_t from = reading->lexer.position;
    reading->token = cedar_lexer_next(&reading->lexer);
    const size_t quotes = reading->token.kind == CEDAR_TOKEN_STRING ? 2 : 0;
    const size_t to = reading->lexer.position - reading->token.text.length - quotes;
    reading->gap = bytes_first(bytes_from(reading->lexer.text, from), to - from);
}

/* The next comment of the gap, without blanks at its end; no bytes when there is none. */
static struct bytes next_comment(struct reading *reading)
{
    const size_t begin = bytes_find(reading->gap, '/');
    const struct bytes rest = bytes_from(reading->gap, begin);
    const size_t feed = bytes_find(rest, '\n');
    const size_t carriage = bytes_find(rest, '\r');
    struct bytes comment = bytes_first(rest, feed < carriage ? feed : carriage);
    reading->gap = bytes_from(rest, comment.length);
    while (bytes_end_with(comment, BYTES(" ")) || bytes_end_with(comment, BYTES("\t"))) {
        comment.length--;
    }
    return comment;
}

static bool same_tokens(struct bytes before, struct bytes after, bool is_schema)
{
    struct reading a;
    struct reading b;
    start(&a, before, is_schema);
    start(&b, after, is_schema);
    do {
        next_token(&a);
        next_token(&b);
        if (a.token.kind != b.token.kind || !bytes_equal(a.token.text, b.token.text)) {
            return false;
        }
    } while (a.token.kind != CEDAR_TOKEN_END);
    return true;
}

/* The next comment of the whole text, after whatever tokens. */
static struct bytes seek_comment(struct reading *reading)
{
    for (;;) {
        const struct bytes comment = next_comment(reading);
        if (comment.length > 0 || reading->token.kind == CEDAR_TOKEN_END) {
            return comment;
        }
        next_token(reading);
    }
}

static bool same_comments(struct bytes before, struct bytes after, bool is_schema)
{
    struct reading a;
    struct reading b;
    struct bytes comment;
    start(&a, before, is_schema);
    start(&b, after, is_schema);
    next_token(&a);
    next_token(&b);
    do {
        comment = seek_comment(&a);
        if (!bytes_equal(comment, seek_comment(&b))) {
            return false;
        }
    } while (comment.length > 0);
    return true;
}

static amanat_result format(struct bytes text, bool is_schema, struct buffer *out)
{
    struct arena *arena = arena_new(MEMORY);
    TRY_MEMORY(arena);
    const amanat_result result = is_schema ? cedar_format_schema(arena, "", text, NULL, out)
                                           : cedar_format_policies(arena, "", text, NULL, out);
    arena_free(arena);
    return result;
}

static const char *compare(struct bytes text, const struct buffer *once, bool is_schema)
{
    struct buffer twice;
    const char *fault = NULL;
    buffer_init(&twice, MEMORY);
    const amanat_result again = format(buffer_bytes(once), is_schema, &twice);
    if (!amanat_is_ok(again)) {
        fault = "what it wrote does not parse";
    } else if (!bytes_equal(buffer_bytes(once), buffer_bytes(&twice))) {
        fault = "a second run changed something";
    } else if (!same_tokens(text, buffer_bytes(once), is_schema)) {
        fault = "it wrote other tokens";
    } else if (!same_comments(text, buffer_bytes(once), is_schema)) {
        fault = "it wrote other comments";
    }
    buffer_clear(&twice);
    return fault;
}

const char *cedar_formatted_fault(struct bytes text, bool is_schema, bool *out_parses)
{
    struct buffer once;
    buffer_init(&once, MEMORY);
    const amanat_result result = format(text, is_schema, &once);
    const char *fault = NULL;
    if (amanat_is_ok(result)) {
        fault = compare(text, &once, is_schema);
    } else if (once.length > 0) {
        fault = "it failed and wrote something";
    }
    *out_parses = amanat_is_ok(result);
    buffer_clear(&once);
    return fault;
}
