/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How tokens stand on lines. A layout holds the tokens and comments of one text and never changes
 * them: whoever knows the grammar (cedar_format.c) moves a cursor over them and says where groups
 * begin and end and where a group's lines may break. Then every token and every comment is written
 * once, in order, so that no mistake about the grammar can lose one.
 *
 * A group stands on one line if it fits and nothing forces it; else all its breaks become line
 * ends. Broken groups stand in broken groups only. A comment waits for the next break, which is
 * then taken: one that ended a line ends the line there, one with lines of its own keeps them.
 */
#ifndef AMANAT_POLICY_CEDAR_LAYOUT_H
#define AMANAT_POLICY_CEDAR_LAYOUT_H

#include "policy/base/buffer.h"
#include "policy/base/vector.h"
#include "policy/cedar/cedar_lexer.h"

#define CEDAR_LAYOUT_WIDTH  100 /* in characters */
#define CEDAR_LAYOUT_INDENT 4

struct cedar_layout_comment {
    struct bytes text; /* from `//`, without blanks at its end */
    bool own_line;     /* nothing stood before it on its line */
    bool blank_before; /* a line without anything did */
};

enum cedar_layout_break {
    CEDAR_LAYOUT_NO_BREAK = 0,
    CEDAR_LAYOUT_BREAK,      /* before this token */
    CEDAR_LAYOUT_BREAK_ITEM, /* the same, and one blank line is kept there */
    CEDAR_LAYOUT_BREAK_CLOSE /* the same, before the bracket that ends the group */
};

struct cedar_layout_token {
    enum cedar_token_kind kind;
    struct bytes text;   /* as it stands in the source */
    size_t comments_end; /* how many comments stand before it in the whole text */
    bool newline_before;
    bool blank_before; /* between it and what stands before it, be it a comment */
    enum cedar_layout_break line_break;
    size_t group; /* of the break */
};

enum cedar_layout_group_kind {
    CEDAR_LAYOUT_ROOT = 0,
    CEDAR_LAYOUT_BRACKETS, /* what is inside is indented */
    CEDAR_LAYOUT_CHAIN,    /* indented unless it begins its line */
    CEDAR_LAYOUT_NAMES     /* all but the first are indented */
};

struct cedar_layout_group {
    enum cedar_layout_group_kind kind;
    size_t parent;
    size_t first; /* token */
    size_t end;   /* the token behind its last one */
    bool has_breaks;
    bool forced; /* breaks, whether it fits or not */
    bool broken;
    size_t indent;       /* of the line where it begins */
    size_t inner_indent; /* of its other lines */
};

struct cedar_layout {
    struct arena *arena;
    bool is_schema;
    VECTOR(struct cedar_layout_token) tokens; /* the last one is END */
    VECTOR(struct cedar_layout_comment) comments;
    VECTOR(struct cedar_layout_group) groups; /* outer before inner, the root first */
    size_t at;                                /* the cursor: a token */
    size_t group;                             /* the innermost open one */
};

/** Reads the tokens of a text that parses, which must live as long as the layout. */
AMANAT_MUST_CHECK amanat_result cedar_layout_read(struct cedar_layout *layout, struct arena *arena,
                                                  struct bytes text, bool is_schema);

/** What the cursor is at. */
bool cedar_layout_at_symbol(const struct cedar_layout *layout, const char *symbol);
bool cedar_layout_at_word(const struct cedar_layout *layout, const char *word);
bool cedar_layout_at_end(const struct cedar_layout *layout);

/** Whether the source has a line end before the token that is `ahead` of the cursor. */
bool cedar_layout_newline_before(const struct cedar_layout *layout, size_t ahead);

/** Whether comments stand before the cursor's token, and whether one has a line of its own. */
bool cedar_layout_has_comments(const struct cedar_layout *layout);
bool cedar_layout_has_own_line_comments(const struct cedar_layout *layout);

/** Whether the cursor's token continues an operand: `[` after one is an index. */
bool cedar_layout_follows_operand(const struct cedar_layout *layout);

/** Moves the cursor, at most to END. */
void cedar_layout_advance(struct cedar_layout *layout);

/** A group begins at the cursor; the innermost group ends before it. */
AMANAT_MUST_CHECK amanat_result cedar_layout_open(struct cedar_layout *layout,
                                                  enum cedar_layout_group_kind kind);
void cedar_layout_close(struct cedar_layout *layout);

/** The innermost group may break before the cursor's token; it breaks in any case. */
void cedar_layout_break(struct cedar_layout *layout, enum cedar_layout_break kind);
void cedar_layout_force(struct cedar_layout *layout);

/** Writes the text; check the buffer afterwards. */
void cedar_layout_append(struct cedar_layout *layout, struct buffer *out);

#endif
