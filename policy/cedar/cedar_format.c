/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The formatter: walks over the tokens of a text that the parser has accepted and says where lines
 * may end (cedar_layout.h does the rest). So it may be lax about all that decides nothing: whatever
 * stands between two brackets, commas, `&&`, `||` or words of an `if` is one run of tokens.
 *
 * Recursion is bounded by the parser, which refuses deeper nesting.
 */
#include "policy/base/guard.h"
#include "policy/cedar/cedar_ast.h"
#include "policy/cedar/cedar_layout.h"
#include "policy/cedar/cedar_schema_ast.h"

typedef amanat_result (*walk_fn)(struct cedar_layout *layout);

static bool at_any_symbol(const struct cedar_layout *layout, const char *const *symbols)
{
    for (; *symbols != NULL; symbols++) {
        if (cedar_layout_at_symbol(layout, *symbols)) {
            return true;
        }
    }
    return false;
}

static bool at_open(const struct cedar_layout *layout)
{
    static const char *const symbols[] = {"(", "[", "{", NULL};
    return at_any_symbol(layout, symbols);
}

static bool at_close(const struct cedar_layout *layout)
{
    static const char *const symbols[] = {")", "]", "}", NULL};
    return at_any_symbol(layout, symbols) || cedar_layout_at_end(layout);
}

static bool accept(struct cedar_layout *layout, const char *symbol)
{
    if (!cedar_layout_at_symbol(layout, symbol)) {
        return false;
    }
    cedar_layout_advance(layout);
    return true;
}

/* What is between the brackets: items, commas after them. */
static amanat_result walk_items(struct cedar_layout *layout, walk_fn item)
{
    cedar_layout_break(layout, CEDAR_LAYOUT_BREAK);
    if (cedar_layout_newline_before(layout, 0)) {
        cedar_layout_force(layout); /* the author wants lines */
    }
    TRY(item(layout));
    while (accept(layout, ",")) {
        if (!at_close(layout)) {
            cedar_layout_break(layout, CEDAR_LAYOUT_BREAK_ITEM);
            TRY(item(layout));
        }
    }
    return AMANAT_OK;
}

/* From an open bracket to its end. Empty ones break only for a comment. */
static amanat_result walk_brackets(struct cedar_layout *layout, walk_fn item)
{
    TRY(cedar_layout_open(layout, CEDAR_LAYOUT_BRACKETS));
    cedar_layout_advance(layout);
    const bool is_empty = at_close(layout);
    if (!is_empty) {
        TRY(walk_items(layout, item));
    }
    if (!is_empty || cedar_layout_has_comments(layout)) {
        cedar_layout_break(layout, CEDAR_LAYOUT_BREAK_CLOSE);
    }
    cedar_layout_advance(layout);
    cedar_layout_close(layout);
    return AMANAT_OK;
}

/* `@key` or `@key("value")`, each on a line of its own where the group breaks. */
static void walk_annotations(struct cedar_layout *layout)
{
    while (accept(layout, "@")) {
        cedar_layout_advance(layout);
        if (accept(layout, "(")) {
            cedar_layout_advance(layout);
            cedar_layout_advance(layout);
        }
        cedar_layout_break(layout, CEDAR_LAYOUT_BREAK);
    }
}

/* A comment before a semicolon stays there: it may be a condition or an attribute put aside. */
static void walk_semicolon(struct cedar_layout *layout)
{
    if (cedar_layout_has_own_line_comments(layout)) {
        cedar_layout_break(layout, CEDAR_LAYOUT_BREAK);
    }
    cedar_layout_advance(layout);
}

/* ---- Policies ---- */

static amanat_result walk_expression(struct cedar_layout *layout);

static bool ends_run(const struct cedar_layout *layout)
{
    static const char *const symbols[] = {",", ";", "&&", "||", NULL};
    return at_close(layout) || at_any_symbol(layout, symbols) ||
           cedar_layout_at_word(layout, "then") || cedar_layout_at_word(layout, "else");
}

/* An operand of `&&`, or a constraint of the scope. An index, `x["key"]`, never breaks. */
static amanat_result walk_run(struct cedar_layout *layout)
{
    while (!ends_run(layout)) {
        const bool is_index =
            cedar_layout_at_symbol(layout, "[") && cedar_layout_follows_operand(layout);
        if (is_index) {
            cedar_layout_advance(layout);
            cedar_layout_advance(layout);
            cedar_layout_advance(layout);
        } else if (at_open(layout)) {
            TRY(walk_brackets(layout, walk_expression));
        } else if (accept(layout, ":")) {
            return walk_expression(layout); /* what a record's key has */
        } else {
            cedar_layout_advance(layout);
        }
    }
    return AMANAT_OK;
}

/* `Operand {symbol Operand}`: lines end behind the symbols. */
static amanat_result walk_chain(struct cedar_layout *layout, const char *symbol, walk_fn operand)
{
    TRY(cedar_layout_open(layout, CEDAR_LAYOUT_CHAIN));
    TRY(operand(layout));
    while (cedar_layout_at_symbol(layout, symbol)) {
        if (cedar_layout_newline_before(layout, 0) || cedar_layout_newline_before(layout, 1)) {
            cedar_layout_force(layout);
        }
        cedar_layout_advance(layout);
        cedar_layout_break(layout, CEDAR_LAYOUT_BREAK_ITEM);
        TRY(operand(layout));
    }
    cedar_layout_close(layout);
    return AMANAT_OK;
}

static amanat_result walk_and(struct cedar_layout *layout)
{
    return walk_chain(layout, "&&", walk_run);
}

static void break_before_branch(struct cedar_layout *layout)
{
    if (cedar_layout_newline_before(layout, 0)) {
        cedar_layout_force(layout);
    }
    cedar_layout_break(layout, CEDAR_LAYOUT_BREAK);
    cedar_layout_advance(layout);
}

/* `if … then … else if … then … else …` is one group. */
static amanat_result walk_if(struct cedar_layout *layout)
{
    TRY(cedar_layout_open(layout, CEDAR_LAYOUT_CHAIN));
    while (cedar_layout_at_word(layout, "if")) {
        cedar_layout_advance(layout);
        TRY(walk_expression(layout));
        break_before_branch(layout); /* `then` */
        TRY(walk_expression(layout));
        break_before_branch(layout); /* `else` */
    }
    TRY(walk_expression(layout));
    cedar_layout_close(layout);
    return AMANAT_OK;
}

static amanat_result walk_expression(struct cedar_layout *layout)
{
    return cedar_layout_at_word(layout, "if") ? walk_if(layout)
                                              : walk_chain(layout, "||", walk_and);
}

static amanat_result walk_policies(struct cedar_layout *layout)
{
    while (!cedar_layout_at_end(layout)) {
        cedar_layout_break(layout, CEDAR_LAYOUT_BREAK_ITEM);
        walk_annotations(layout);
        cedar_layout_advance(layout);
        TRY(walk_brackets(layout, walk_expression));
        while (cedar_layout_at_word(layout, "when") || cedar_layout_at_word(layout, "unless")) {
            cedar_layout_break(layout, CEDAR_LAYOUT_BREAK);
            cedar_layout_advance(layout);
            TRY(walk_brackets(layout, walk_expression));
        }
        walk_semicolon(layout);
    }
    return AMANAT_OK;
}

/* ---- Schemas ---- */

/* A type, a name, an attribute or a part of `appliesTo`: to the comma or bracket that ends it. */
static amanat_result walk_schema_run(struct cedar_layout *layout)
{
    walk_annotations(layout);
    while (!at_close(layout) && !cedar_layout_at_symbol(layout, ",") &&
           !cedar_layout_at_symbol(layout, ";")) {
        if (at_open(layout)) {
            TRY(walk_brackets(layout, walk_schema_run));
        } else {
            cedar_layout_advance(layout);
        }
    }
    return AMANAT_OK;
}

/* The names that one declaration gives what it declares. */
static amanat_result walk_names(struct cedar_layout *layout)
{
    TRY(cedar_layout_open(layout, CEDAR_LAYOUT_NAMES));
    cedar_layout_advance(layout);
    while (accept(layout, ",")) {
        cedar_layout_break(layout, CEDAR_LAYOUT_BREAK);
        cedar_layout_advance(layout);
    }
    cedar_layout_close(layout);
    return AMANAT_OK;
}

static amanat_result walk_schema(struct cedar_layout *layout);

static amanat_result walk_namespace(struct cedar_layout *layout)
{
    while (!at_open(layout) && !cedar_layout_at_end(layout)) {
        cedar_layout_advance(layout);
    }
    TRY(cedar_layout_open(layout, CEDAR_LAYOUT_BRACKETS));
    cedar_layout_advance(layout);
    if (!at_close(layout) || cedar_layout_has_comments(layout)) {
        cedar_layout_force(layout);
        TRY(walk_schema(layout));
        cedar_layout_break(layout, CEDAR_LAYOUT_BREAK_CLOSE);
    }
    cedar_layout_advance(layout);
    cedar_layout_close(layout);
    return AMANAT_OK;
}

/* Declarations, to the end of the text or of their name space. */
static amanat_result walk_schema(struct cedar_layout *layout)
{
    while (!at_close(layout)) {
        cedar_layout_break(layout, CEDAR_LAYOUT_BREAK_ITEM);
        walk_annotations(layout);
        if (cedar_layout_at_word(layout, "namespace")) {
            TRY(walk_namespace(layout));
            continue;
        }
        cedar_layout_advance(layout);
        TRY(walk_names(layout));
        TRY(walk_schema_run(layout));
        walk_semicolon(layout);
    }
    return AMANAT_OK;
}

/* ---- Front door ---- */

static amanat_result format(struct arena *arena, struct bytes text, bool is_schema,
                            struct buffer *out)
{
    struct cedar_layout layout;
    const size_t start = out->length;
    TRY(cedar_layout_read(&layout, arena, text, is_schema));
    TRY(is_schema ? walk_schema(&layout) : walk_policies(&layout));
    cedar_layout_break(&layout, CEDAR_LAYOUT_BREAK); /* the end of the text */
    cedar_layout_append(&layout, out);
    if (out->broken) {
        buffer_truncate(out, start);
    }
    return buffer_check(out);
}

amanat_result cedar_format_policies(struct arena *arena, const char *source, struct bytes text,
                                    struct amanat_diagnostics *diagnostics, struct buffer *out)
{
    struct cedar_parsed_policies parsed = {0};
    TRY(cedar_parse_policies(arena, source, text, diagnostics, &parsed));
    return format(arena, text, false, out);
}

amanat_result cedar_format_schema(struct arena *arena, const char *source, struct bytes text,
                                  struct amanat_diagnostics *diagnostics, struct buffer *out)
{
    cedar_namespaces parsed = {0};
    TRY(cedar_parse_schema(arena, source, text, diagnostics, &parsed));
    return format(arena, text, true, out);
}
