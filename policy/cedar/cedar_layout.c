/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tokens and comments of one text, and writing them again. Nothing here looks at more of the
 * grammar than which two tokens have a blank between them.
 *
 * Why writing twice changes nothing: whether a group breaks depends on its tokens, on the column it
 * begins at, and on whether it is forced, which breaks that were taken can only repeat.
 */
#include "policy/cedar/cedar_layout.h"

#include "policy/base/guard.h"
#include "policy/base/utf8.h"

/* ---- Reading ---- */

/* The line end at `text[position]` (LF, CR or CRLF counted once at its LF). */
static bool is_line_end(struct bytes text, size_t position)
{
    const bool before_feed = position + 1 < text.length && text.at[position + 1] == '\n';
    return text.at[position] == '\n' || (text.at[position] == '\r' && !before_feed);
}

static struct bytes comment_at(struct bytes text)
{
    size_t length = 0;
    while (length < text.length && text.at[length] != '\n' && text.at[length] != '\r') {
        length++;
    }
    while (text.at[length - 1] == ' ' || text.at[length - 1] == '\t') {
        length--;
    }
    return bytes_first(text, length);
}

/* What stands between two tokens: white space and comments. */
static amanat_result read_gap(struct cedar_layout *layout, struct bytes gap,
                              struct cedar_layout_token *token)
{
    const bool begins_text = layout->tokens.count == 1;
    size_t newlines = 0; /* since the last token or comment */
    for (size_t i = 0; i < gap.length; i++) {
        if (gap.at[i] == '/') {
            struct cedar_layout_comment *comment = VECTOR_PUSH(layout->arena, &layout->comments);
            TRY_MEMORY(comment);
            comment->text = comment_at(bytes_from(gap, i));
            comment->own_line = newlines > 0 || begins_text;
            comment->blank_before = newlines > 1;
            i += comment->text.length - 1;
            newlines = 0;
        } else if (is_line_end(gap, i)) {
            token->newline_before = true;
            newlines++;
        }
    }
    token->comments_end = layout->comments.count;
    token->blank_before = newlines > 1;
    return AMANAT_OK;
}

/* The token with its quotes. */
static struct bytes source_text(const struct cedar_token *token)
{
    const size_t quote = token->kind == CEDAR_TOKEN_STRING ? 1 : 0;
    return bytes_of(token->text.at - quote, token->text.length + 2 * quote);
}

amanat_result cedar_layout_read(struct cedar_layout *layout, struct arena *arena, struct bytes text,
                                bool is_schema)
{
    *layout = (struct cedar_layout){.arena = arena, .is_schema = is_schema};
    struct cedar_layout_group *root = VECTOR_PUSH(arena, &layout->groups);
    TRY_MEMORY(root);
    root->forced = root->broken = true;
    struct cedar_lexer lexer;
    cedar_lexer_init(&lexer, "", text, NULL);
    lexer.lone_question_marks = is_schema;
    struct cedar_layout_token *token = NULL;
    size_t end = 0;
    do {
        const struct cedar_token read = cedar_lexer_next(&lexer);
        token = VECTOR_PUSH(arena, &layout->tokens);
        TRY_MEMORY(token);
        token->kind = read.kind;
        token->text = source_text(&read);
        const size_t start =
            read.kind == CEDAR_TOKEN_END ? text.length : (size_t)(token->text.at - text.at);
        TRY(read_gap(layout, bytes_first(bytes_from(text, end), start - end), token));
        end = start + token->text.length;
    } while (token->kind != CEDAR_TOKEN_END);
    return AMANAT_OK;
}

/* ---- The cursor and groups ---- */

static const struct cedar_layout_token *here(const struct cedar_layout *layout)
{
    return &layout->tokens.items[layout->at];
}

static bool is_symbol(const struct cedar_layout_token *token, const char *symbol)
{
    return token->kind == CEDAR_TOKEN_SYMBOL && bytes_equal_string(token->text, symbol);
}

bool cedar_layout_at_symbol(const struct cedar_layout *layout, const char *symbol)
{
    return is_symbol(here(layout), symbol);
}

bool cedar_layout_at_word(const struct cedar_layout *layout, const char *word)
{
    return here(layout)->kind == CEDAR_TOKEN_IDENTIFIER &&
           bytes_equal_string(here(layout)->text, word);
}

bool cedar_layout_at_end(const struct cedar_layout *layout)
{
    return here(layout)->kind == CEDAR_TOKEN_END;
}

bool cedar_layout_newline_before(const struct cedar_layout *layout, size_t ahead)
{
    const size_t index = layout->at + ahead;
    return index < layout->tokens.count && layout->tokens.items[index].newline_before;
}

static size_t comments_begin(const struct cedar_layout *layout, size_t token)
{
    return token == 0 ? 0 : layout->tokens.items[token - 1].comments_end;
}

bool cedar_layout_has_comments(const struct cedar_layout *layout)
{
    return here(layout)->comments_end > comments_begin(layout, layout->at);
}

bool cedar_layout_has_own_line_comments(const struct cedar_layout *layout)
{
    for (size_t i = comments_begin(layout, layout->at); i < here(layout)->comments_end; i++) {
        if (layout->comments.items[i].own_line) {
            return true;
        }
    }
    return false;
}

void cedar_layout_advance(struct cedar_layout *layout)
{
    if (!cedar_layout_at_end(layout)) {
        layout->at++;
    }
}

amanat_result cedar_layout_open(struct cedar_layout *layout, enum cedar_layout_group_kind kind)
{
    const size_t index = layout->groups.count;
    struct cedar_layout_group *group = VECTOR_PUSH(layout->arena, &layout->groups);
    TRY_MEMORY(group);
    group->kind = kind;
    group->parent = layout->group;
    group->first = layout->at;
    layout->group = index;
    return AMANAT_OK;
}

void cedar_layout_close(struct cedar_layout *layout)
{
    struct cedar_layout_group *group = &layout->groups.items[layout->group];
    group->end = layout->at;
    layout->group = group->parent;
}

void cedar_layout_break(struct cedar_layout *layout, enum cedar_layout_break kind)
{
    struct cedar_layout_token *token = &layout->tokens.items[layout->at];
    token->line_break = kind;
    token->group = layout->group;
    layout->groups.items[layout->group].has_breaks = true;
}

static void force(struct cedar_layout *layout, size_t index)
{
    while (!layout->groups.items[index].forced) {
        layout->groups.items[index].forced = true;
        index = layout->groups.items[index].parent;
    }
}

void cedar_layout_force(struct cedar_layout *layout)
{
    force(layout, layout->group);
}

/* The first break after a comment is taken. */
static void force_breaks_after_comments(struct cedar_layout *layout)
{
    size_t written = 0;
    for (size_t i = 0; i < layout->tokens.count; i++) {
        const struct cedar_layout_token *token = &layout->tokens.items[i];
        if (token->line_break != CEDAR_LAYOUT_NO_BREAK && token->comments_end > written) {
            force(layout, token->group);
        }
        if (token->line_break != CEDAR_LAYOUT_NO_BREAK) {
            written = token->comments_end;
        }
    }
}

/* ---- Blanks between tokens ---- */

static bool is_one_of(const struct cedar_layout_token *token, enum cedar_token_kind kind,
                      const char *const *texts)
{
    for (; token->kind == kind && *texts != NULL; texts++) {
        if (bytes_equal_string(token->text, *texts)) {
            return true;
        }
    }
    return false;
}

/* Operators that are words: no operand ends with one, no function is called so. */
static bool is_operator_word(const struct cedar_layout_token *token)
{
    static const char *const words[] = {"if", "then", "else", "in", "has", "like", "is", NULL};
    return is_one_of(token, CEDAR_TOKEN_IDENTIFIER, words);
}

static bool ends_operand(const struct cedar_layout_token *token)
{
    static const char *const brackets[] = {")", "]", "}", NULL};
    return token->kind == CEDAR_TOKEN_SYMBOL ? is_one_of(token, CEDAR_TOKEN_SYMBOL, brackets)
                                             : !is_operator_word(token);
}

/* `permit (` and `in (`, but `ip(`, `x.contains(` and `@if(`. */
static bool has_blank_before_parenthesis(const struct cedar_layout *layout, size_t index)
{
    static const char *const effects[] = {"permit", "forbid", NULL};
    const struct cedar_layout_token *before = &layout->tokens.items[index - 1];
    const bool is_annotation = index > 1 && is_symbol(before - 1, "@");
    return !is_annotation && (before->kind == CEDAR_TOKEN_SYMBOL || is_operator_word(before) ||
                              is_one_of(before, CEDAR_TOKEN_IDENTIFIER, effects));
}

bool cedar_layout_follows_operand(const struct cedar_layout *layout)
{
    return layout->at > 0 && ends_operand(here(layout) - 1);
}

static bool is_unary(const struct cedar_layout *layout, size_t index)
{
    const struct cedar_layout_token *token = &layout->tokens.items[index];
    return is_symbol(token, "!") ||
           (is_symbol(token, "-") && (index == 0 || !ends_operand(token - 1)));
}

/* Whether a blank stands between token `index` and the one before, if no line ends there. */
static bool has_blank_before(const struct cedar_layout *layout, size_t index)
{
    static const char *const none_after[] = {"(", "[", "@", ".", "::", NULL};
    static const char *const none_before[] = {")", "]", ",", ";", ".", "::", ":", NULL};
    static const char *const none_around_in_schema[] = {"<", ">", "?", NULL};
    const struct cedar_layout_token *token = &layout->tokens.items[index];
    if (index == 0) {
        return false;
    }
    const struct cedar_layout_token *before = token - 1;
    if (is_one_of(before, CEDAR_TOKEN_SYMBOL, none_after) ||
        is_one_of(token, CEDAR_TOKEN_SYMBOL, none_before) || is_unary(layout, index - 1)) {
        return false;
    }
    if (layout->is_schema &&
        (is_one_of(token, CEDAR_TOKEN_SYMBOL, none_around_in_schema) || is_symbol(before, "<"))) {
        return false;
    }
    if (is_symbol(token, "}")) {
        return !is_symbol(before, "{");
    }
    if (is_symbol(token, "(")) {
        return has_blank_before_parenthesis(layout, index);
    }
    return !is_symbol(token, "[") || layout->is_schema || !ends_operand(before);
}

/* ---- Writing ---- */

struct writing {
    struct cedar_layout *layout;
    struct buffer *out;
    size_t start;    /* of this text in the buffer */
    size_t comments; /* written so far */
    size_t groups;   /* whose beginning has been passed */
    size_t indent;   /* of the current line */
    size_t column;
};

/*
 * Whether a group fits on what is left of the line, with all that follows it up to the next place
 * where a line may end.
 */
static bool fits(const struct writing *writing, const struct cedar_layout_group *group)
{
    const struct cedar_layout *layout = writing->layout;
    size_t column = writing->column;
    for (size_t i = group->first; i < layout->tokens.count; i++) {
        const struct cedar_layout_token *token = &layout->tokens.items[i];
        if (i >= group->end && token->line_break != CEDAR_LAYOUT_NO_BREAK) {
            break;
        }
        column += i > group->first && has_blank_before(layout, i) ? 1 : 0;
        column += utf8_count(token->text);
        if (column > CEDAR_LAYOUT_WIDTH) {
            return false;
        }
    }
    return true;
}

/* A chain that is an operand of another one is indented, so that it is seen where it ends. */
static bool is_indented(const struct writing *writing, const struct cedar_layout_group *group)
{
    const struct cedar_layout_group *parent = &writing->layout->groups.items[group->parent];
    const bool is_operand = parent->kind == CEDAR_LAYOUT_CHAIN && parent->has_breaks;
    return group->kind != CEDAR_LAYOUT_CHAIN || is_operand || writing->column > writing->indent;
}

static void enter_groups(struct writing *writing, size_t token)
{
    struct cedar_layout *layout = writing->layout;
    for (; writing->groups < layout->groups.count; writing->groups++) {
        struct cedar_layout_group *group = &layout->groups.items[writing->groups];
        if (group->first != token) {
            return;
        }
        group->indent = writing->indent;
        group->inner_indent = writing->indent;
        group->inner_indent += is_indented(writing, group) ? CEDAR_LAYOUT_INDENT : 0;
        group->broken =
            group->forced || (layout->groups.items[group->parent].broken && !fits(writing, group));
    }
}

static void start_line(struct writing *writing, size_t indent, bool blank)
{
    if (writing->out->length > writing->start) {
        buffer_append_string(writing->out, blank ? "\n\n" : "\n");
    }
    for (size_t i = 0; i < indent; i++) {
        buffer_append_byte(writing->out, ' ');
    }
    writing->indent = writing->column = indent;
}

/* The comments before a token: the first one may still belong to the line that ends. */
static void write_comments(struct writing *writing, const struct cedar_layout_token *token,
                           size_t indent, bool after_bracket)
{
    const size_t first = writing->comments;
    for (; writing->comments < token->comments_end; writing->comments++) {
        const struct cedar_layout_comment *comment =
            &writing->layout->comments.items[writing->comments];
        const bool is_first = writing->comments == first;
        if (is_first && !comment->own_line) {
            buffer_append_byte(writing->out, ' ');
        } else {
            start_line(writing, indent, comment->blank_before && !(is_first && after_bracket));
        }
        buffer_append(writing->out, comment->text);
    }
}

static void end_line(struct writing *writing, size_t index)
{
    static const char *const open[] = {"(", "[", "{", NULL};
    const struct cedar_layout_token *token = &writing->layout->tokens.items[index];
    const struct cedar_layout_group *group = &writing->layout->groups.items[token->group];
    const bool has_comments = token->comments_end > writing->comments;
    const bool after_bracket = index > 0 && is_one_of(token - 1, CEDAR_TOKEN_SYMBOL, open);
    const bool closes = token->line_break == CEDAR_LAYOUT_BREAK_CLOSE;
    write_comments(writing, token, group->inner_indent, after_bracket);
    if (token->kind == CEDAR_TOKEN_END) {
        buffer_append_string(writing->out, writing->out->length > writing->start ? "\n" : "");
        return;
    }
    start_line(writing, closes ? group->indent : group->inner_indent,
               token->line_break == CEDAR_LAYOUT_BREAK_ITEM && token->blank_before &&
                   (has_comments || !after_bracket));
}

static void write_token(struct writing *writing, size_t index)
{
    const struct cedar_layout *layout = writing->layout;
    const struct cedar_layout_token *token = &layout->tokens.items[index];
    if (token->line_break != CEDAR_LAYOUT_NO_BREAK && layout->groups.items[token->group].broken) {
        end_line(writing, index);
    } else if (has_blank_before(layout, index)) {
        buffer_append_byte(writing->out, ' ');
        writing->column++;
    }
    enter_groups(writing, index);
    buffer_append(writing->out, token->text);
    writing->column += utf8_count(token->text);
}

void cedar_layout_append(struct cedar_layout *layout, struct buffer *out)
{
    struct writing writing = {
        .layout = layout, .out = out, .start = out->length, .groups = 1 /* the root is broken */};
    force_breaks_after_comments(layout);
    for (size_t i = 0; i < layout->tokens.count; i++) {
        write_token(&writing, i);
    }
}
