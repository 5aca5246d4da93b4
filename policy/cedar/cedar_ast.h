/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the parsers make and the evaluator walks: policies and expressions as they were written,
 * with positions. Only two things are rewritten while parsing: `x["s"]` is `x.s`, and a minus
 * directly before a number belongs to it.
 *
 * Everything is read-only once parsed. No node is deeper than CEDAR_EXPRESSION_DEPTH_LIMIT, so that
 * walks may recurse. A node that uses one operand several times (`x has a.b`) holds it once: the
 * work of a walk stays linear.
 */
#ifndef AMANAT_POLICY_CEDAR_AST_H
#define AMANAT_POLICY_CEDAR_AST_H

#include "policy/base/vector.h"
#include "policy/cedar/cedar.h"
#include "policy/cedar/cedar_lexer.h"

/* Policies of the official corpus nest 11 deep; 256 levels fit into a thread's stack many times. */
#define CEDAR_EXPRESSION_DEPTH_LIMIT 256

struct cedar_operation; /* cedar_operations.h */

enum cedar_expression_kind {
    CEDAR_EXPRESSION_NONE = 0,
    CEDAR_EXPRESSION_LITERAL,  /* a Bool, Long, String or entity */
    CEDAR_EXPRESSION_VARIABLE, /* principal, action, resource, context */
    CEDAR_EXPRESSION_AND,      /* two or more operands */
    CEDAR_EXPRESSION_OR,       /* two or more operands */
    CEDAR_EXPRESSION_IF,       /* guard, then, else */
    CEDAR_EXPRESSION_HAS,      /* operand; path of keys */
    CEDAR_EXPRESSION_GET,      /* operand; attribute */
    CEDAR_EXPRESSION_LIKE,     /* operand; pattern */
    CEDAR_EXPRESSION_IS,       /* operand and, after `in`, a second one; type */
    CEDAR_EXPRESSION_SET,      /* elements */
    CEDAR_EXPRESSION_RECORD,   /* values; path holds their keys */
    CEDAR_EXPRESSION_CALL      /* operands of an operator, method or function */
};

enum cedar_variable {
    CEDAR_VARIABLE_PRINCIPAL = 0,
    CEDAR_VARIABLE_ACTION,
    CEDAR_VARIABLE_RESOURCE,
    CEDAR_VARIABLE_CONTEXT
};

/** Where a condition, or an operand of `&&` or `||`, stands in the source; no bytes if nowhere. */
struct cedar_stretch {
    struct bytes text;
    unsigned line;
    unsigned column;
};

struct cedar_expression {
    enum cedar_expression_kind kind;
    unsigned line;
    unsigned column;
    unsigned depth; /* 1 for a leaf */
    const struct cedar_expression *const *operands;
    size_t operand_count;
    union {
        struct cedar_value literal;
        enum cedar_variable variable;
        struct {
            const struct bytes *keys;
            size_t count;
        } path;
        struct bytes attribute;
        struct cedar_pattern pattern;
        struct bytes type;
        const struct cedar_operation *operation;
        const struct cedar_stretch *stretches; /* AND, OR: one for each operand */
    } as;
};

/** A node; its depth is one more than its deepest operand's. LIMIT beyond the depth limit. */
AMANAT_MUST_CHECK amanat_result cedar_expression_new(struct arena *arena,
                                                     enum cedar_expression_kind kind, unsigned line,
                                                     unsigned column,
                                                     const struct cedar_expression *const *operands,
                                                     size_t count, struct cedar_expression **out);

struct cedar_condition {
    bool unless;
    const struct cedar_expression *body;
    struct cedar_stretch stretch; /* of the body */
};

struct cedar_policy {
    struct bytes id;
    enum cedar_policy_kind kind;
    const struct cedar_policy *link_of; /* of a link: its template */
    enum cedar_effect effect;
    const char *source;
    unsigned line;
    unsigned column;
    const struct cedar_annotation *annotations;
    size_t annotation_count;
    struct cedar_policy_scope scope;
    const struct cedar_condition *conditions;
    size_t condition_count;
};

/** The variable of that name; false when there is none. */
bool cedar_variable_find(struct bytes name, enum cedar_variable *out);

/** The parsed policies of one text, ids not yet given. */
struct cedar_parsed_policies {
    VECTOR(struct cedar_policy *) policies;
};

/**
 * Parses a text, which must live as long as the policies. What could be parsed is in `out` also
 * when this fails with CONFIG_FAULT; each fault has its diagnostic.
 */
AMANAT_MUST_CHECK amanat_result cedar_parse_policies(struct arena *arena, const char *source,
                                                     struct bytes text,
                                                     struct amanat_diagnostics *diagnostics,
                                                     struct cedar_parsed_policies *out);

#endif
