/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Expressions (Cedar grammar: Expr). One function per rule of the grammar, named after it. Limits:
 * the parser recurses only through cedar_parser_expression, and no node is deeper than
 * CEDAR_EXPRESSION_DEPTH_LIMIT.
 */
#include "policy/base/guard.h"
#include "policy/base/map.h"
#include "policy/cedar/cedar_operations.h"
#include "policy/cedar/cedar_parser.h"

/* The official grammar takes at most four of `!` or `-` in a row. */
#define MOST_UNARY_OPERATORS 4

typedef const struct cedar_expression *node;
typedef VECTOR(node) nodes;

/* A node at the position of `at`. */
static amanat_result make_node(struct cedar_parser *parser, enum cedar_expression_kind kind,
                               const struct cedar_token *at, const node *operands, size_t count,
                               struct cedar_expression **out)
{
    const amanat_result made =
        cedar_expression_new(parser->arena, kind, at->line, at->column, operands, count, out);
    if (made.status == AMANAT_STATUS_LIMIT) {
        return cedar_parser_fault(parser, at, "this expression is more than %d levels deep",
                                  CEDAR_EXPRESSION_DEPTH_LIMIT);
    }
    return made;
}

/* The same with one or two operands, which are copied. */
static amanat_result make_small_node(struct cedar_parser *parser, enum cedar_expression_kind kind,
                                     const struct cedar_token *at, node first, node second,
                                     struct cedar_expression **out)
{
    const size_t count = second == NULL ? 1 : 2;
    node *operands = arena_allocate_array(parser->arena, count, sizeof(node));
    TRY_MEMORY(operands);
    operands[0] = first;
    if (second != NULL) {
        operands[1] = second;
    }
    return make_node(parser, kind, at, operands, count, out);
}

static amanat_result make_call(struct cedar_parser *parser, const struct cedar_operation *operation,
                               const struct cedar_token *at, node first, node second, node *out)
{
    struct cedar_expression *made = NULL;
    TRY(make_small_node(parser, CEDAR_EXPRESSION_CALL, at, first, second, &made));
    made->as.operation = operation;
    *out = made;
    return AMANAT_OK;
}

static amanat_result make_literal(struct cedar_parser *parser, const struct cedar_token *at,
                                  struct cedar_value value, node *out)
{
    struct cedar_expression *made = NULL;
    TRY(make_node(parser, CEDAR_EXPRESSION_LITERAL, at, NULL, 0, &made));
    made->as.literal = value;
    *out = made;
    return AMANAT_OK;
}

static amanat_result push_node(struct cedar_parser *parser, nodes *list, node item)
{
    node *place = VECTOR_PUSH(parser->arena, list);
    TRY_MEMORY(place);
    *place = item;
    return AMANAT_OK;
}

/* ---- Primary ---- */

/* `Expr {',' Expr} [',']` up to the closing symbol, which is consumed. */
static amanat_result parse_list(struct cedar_parser *parser, const struct cedar_token *open,
                                const char *close, nodes *list)
{
    while (!cedar_parser_at_symbol(parser, close)) {
        node item = NULL;
        TRY(cedar_parser_expression(parser, &item));
        TRY(push_node(parser, list, item));
        if (!cedar_parser_next_item(parser, close)) {
            break;
        }
    }
    return cedar_parser_expect_close(parser, open, close);
}

static amanat_result parse_set(struct cedar_parser *parser, node *out)
{
    const struct cedar_token at = parser->token;
    nodes elements = {0};
    struct cedar_expression *made = NULL;
    cedar_parser_advance(parser);
    TRY(parse_list(parser, &at, "]", &elements));
    TRY(make_node(parser, CEDAR_EXPRESSION_SET, &at, elements.items, elements.count, &made));
    *out = made;
    return AMANAT_OK;
}

static amanat_result parse_key(struct cedar_parser *parser, struct map *seen, struct bytes *out)
{
    const struct cedar_token at = parser->token;
    TRY(at.kind == CEDAR_TOKEN_STRING ? cedar_parser_string(parser, "a key", out)
                                      : cedar_parser_identifier(parser, "a key", out));
    if (map_get(seen, *out) != NULL) {
        cedar_parser_note(parser, &at, "this key stands twice in the record");
        return AMANAT_OK;
    }
    return map_put(parser->arena, seen, *out, parser);
}

static amanat_result parse_record(struct cedar_parser *parser, node *out)
{
    const struct cedar_token at = parser->token;
    nodes values = {0};
    VECTOR(struct bytes) keys = {0};
    struct map seen = {0};
    struct cedar_expression *made = NULL;
    cedar_parser_advance(parser);
    while (!cedar_parser_at_symbol(parser, "}")) {
        struct bytes *key = VECTOR_PUSH(parser->arena, &keys);
        TRY_MEMORY(key);
        TRY(parse_key(parser, &seen, key));
        TRY(cedar_parser_expect_symbol(parser, ":"));
        node value = NULL;
        TRY(cedar_parser_expression(parser, &value));
        TRY(push_node(parser, &values, value));
        if (!cedar_parser_next_item(parser, "}")) {
            break;
        }
    }
    TRY(cedar_parser_expect_close(parser, &at, "}"));
    TRY(make_node(parser, CEDAR_EXPRESSION_RECORD, &at, values.items, values.count, &made));
    made->as.path.keys = keys.items;
    made->as.path.count = keys.count;
    *out = made;
    return AMANAT_OK;
}

/* What a call looks like, for a name that no operation of the wanted form has. */
static void note_unknown_call(struct cedar_parser *parser, const struct cedar_token *name,
                              enum cedar_operation_style style)
{
    const bool is_method = style == CEDAR_OPERATION_METHOD;
    const enum cedar_operation_style other =
        is_method ? CEDAR_OPERATION_FUNCTION : CEDAR_OPERATION_METHOD;
    if (cedar_operation_find(name->text, other) != NULL) {
        cedar_parser_note(parser, name,
                          is_method ? "`%.*s` is a function: write `%.*s(…)`"
                                    : "`%.*s` is a method: write `x.%.*s(…)`",
                          BYTES_PRINTF(name->text), BYTES_PRINTF(name->text));
        return;
    }
    char room[SIMILAR_HINT_SIZE];
    const char *hint = cedar_operation_hint(name->text, style, room);
    if (hint[0] == '\0') {
        hint = cedar_operation_hint(name->text, other, room);
    }
    cedar_parser_note(parser, name, "there is no %s `%.*s`%s", is_method ? "method" : "function",
                      BYTES_PRINTF(name->text), hint);
}

/* A call of a function by its bare name; the parenthesis is the current token. */
static amanat_result parse_function(struct cedar_parser *parser, const struct cedar_token *name,
                                    node *out)
{
    const struct cedar_operation *operation =
        cedar_operation_find(name->text, CEDAR_OPERATION_FUNCTION);
    const struct cedar_token open = parser->token;
    nodes operands = {0};
    struct cedar_expression *made = NULL;
    if (operation == NULL) {
        note_unknown_call(parser, name, CEDAR_OPERATION_FUNCTION);
    }
    cedar_parser_advance(parser);
    TRY(parse_list(parser, &open, ")", &operands));
    TRY(make_node(parser, CEDAR_EXPRESSION_CALL, name, operands.items, operands.count, &made));
    made->as.operation = operation;
    *out = made;
    return AMANAT_OK;
}

/* What people write who come from other languages. */
static const char *foreign_word(struct bytes word)
{
    static const struct {
        const char *word;
        const char *hint;
    } foreign[] = {
        {"null", "; Cedar has no null: ask with `has` whether an attribute is there"},
        {"nil", "; Cedar has no null: ask with `has` whether an attribute is there"},
        {"undefined", "; Cedar has no null: ask with `has` whether an attribute is there"},
        {"None", "; Cedar has no null: ask with `has` whether an attribute is there"},
        {"user", "; did you mean `principal`?"},
        {"subject", "; did you mean `principal`?"},
        {"this", "; did you mean `resource`?"},
    };
    for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++) {
        if (bytes_equal_string(word, foreign[i].word)) {
            return foreign[i].hint;
        }
    }
    return NULL;
}

static amanat_result refuse_variable(struct cedar_parser *parser, const struct cedar_token *name,
                                     node *out)
{
    static const struct bytes words[] = {BYTES_INIT("principal"), BYTES_INIT("action"),
                                         BYTES_INIT("resource"),  BYTES_INIT("context"),
                                         BYTES_INIT("true"),      BYTES_INIT("false")};
    char room[SIMILAR_HINT_SIZE];
    if (cedar_parser_at_symbol(parser, ":")) {
        return cedar_parser_fault(parser, &parser->token,
                                  "expected `::` between an entity's type and its id, found `:`");
    }
    const char *hint = foreign_word(name->text);
    hint = hint == NULL ? similar_hint(name->text, words, sizeof(words) / sizeof(words[0]), room)
                        : hint;
    cedar_parser_note(parser, name, "there is no variable `%.*s`%s", BYTES_PRINTF(name->text),
                      hint[0] != '\0' ? hint
                                      : "; there are `principal`, `action`, `resource` and "
                                        "`context`, and strings stand in quotes");
    return make_literal(parser, name, cedar_value_bool(false), out);
}

/* A name that stands alone: one of the four variables, or a fault. */
static amanat_result make_variable(struct cedar_parser *parser, const struct cedar_token *name,
                                   node *out)
{
    enum cedar_variable variable;
    struct cedar_expression *made = NULL;
    if (cedar_variable_find(name->text, &variable)) {
        TRY(make_node(parser, CEDAR_EXPRESSION_VARIABLE, name, NULL, 0, &made));
        made->as.variable = variable;
        *out = made;
        return AMANAT_OK;
    }
    return refuse_variable(parser, name, out);
}

/* What begins with a word: an entity, a function call, a variable. */
static amanat_result parse_name(struct cedar_parser *parser, node *out)
{
    const struct cedar_token name = parser->token;
    struct cedar_entity_uid uid = {0};
    bool is_entity = false;
    TRY(cedar_parser_path_or_entity(parser, "an expression", &is_entity, &uid));
    if (is_entity) {
        return make_literal(parser, &name, cedar_value_entity(uid.type, uid.id), out);
    }
    if (bytes_find(uid.type, ':') < uid.type.length) {
        return cedar_parser_fault(parser, &name,
                                  "`%.*s` is a type, which is no value: an entity is written "
                                  "`%.*s::\"id\"`",
                                  BYTES_PRINTF(uid.type), BYTES_PRINTF(uid.type));
    }
    return cedar_parser_at_symbol(parser, "(") ? parse_function(parser, &name, out)
                                               : make_variable(parser, &name, out);
}

/* A number without a minus sign of its own: within the signed range. */
static amanat_result parse_number(struct cedar_parser *parser, node *out)
{
    const struct cedar_token at = parser->token;
    int64_t number = 0;
    for (size_t i = 0; i < at.text.length; i++) {
        if (__builtin_mul_overflow(number, 10, &number) ||
            __builtin_add_overflow(number, at.text.at[i] - '0', &number)) {
            cedar_parser_note(parser, &at, CEDAR_NUMBER_TOO_LARGE);
            number = 0;
            break;
        }
    }
    cedar_parser_advance(parser);
    return make_literal(parser, &at, cedar_value_long(number), out);
}

static amanat_result parse_parentheses(struct cedar_parser *parser, node *out)
{
    const struct cedar_token open = parser->token;
    cedar_parser_advance(parser);
    TRY(cedar_parser_expression(parser, out));
    return cedar_parser_expect_close(parser, &open, ")");
}

static amanat_result parse_word(struct cedar_parser *parser, node *out)
{
    const struct cedar_token at = parser->token;
    if (cedar_parser_at_word(parser, "true") || cedar_parser_at_word(parser, "false")) {
        cedar_parser_advance(parser);
        return make_literal(parser, &at, cedar_value_bool(cedar_token_is_word(&at, "true")), out);
    }
    if (cedar_parser_at_word(parser, "if")) {
        return cedar_parser_fault(parser, &at, "`if` needs parentheses around it here");
    }
    return parse_name(parser, out);
}

static amanat_result parse_primary(struct cedar_parser *parser, node *out)
{
    const struct cedar_token at = parser->token;
    struct bytes text;
    switch (at.kind) {
    case CEDAR_TOKEN_IDENTIFIER:
        return parse_word(parser, out);
    case CEDAR_TOKEN_INTEGER:
        return parse_number(parser, out);
    case CEDAR_TOKEN_STRING:
        TRY(cedar_parser_string(parser, "a string", &text));
        return make_literal(parser, &at, cedar_value_string(text), out);
    case CEDAR_TOKEN_SLOT:
        return cedar_parser_fault(parser, &at, "a slot can only stand in a policy's scope");
    default:
        break;
    }
    if (cedar_parser_at_symbol(parser, "(")) {
        return parse_parentheses(parser, out);
    }
    if (cedar_parser_at_symbol(parser, "[")) {
        return parse_set(parser, out);
    }
    if (cedar_parser_at_symbol(parser, "{")) {
        return parse_record(parser, out);
    }
    return cedar_parser_expected(parser, "an expression");
}

/* ---- Member, unary, arithmetic ---- */

static amanat_result make_get(struct cedar_parser *parser, const struct cedar_token *at,
                              node operand, struct bytes attribute, node *out)
{
    struct cedar_expression *made = NULL;
    TRY(make_small_node(parser, CEDAR_EXPRESSION_GET, at, operand, NULL, &made));
    made->as.attribute = attribute;
    *out = made;
    return AMANAT_OK;
}

/* The arity of extensions' methods is looked at when they are evaluated, as the official engine
 * does. */
static amanat_result parse_method(struct cedar_parser *parser, const struct cedar_token *name,
                                  node operand, node *out)
{
    const struct cedar_operation *operation =
        cedar_operation_find(name->text, CEDAR_OPERATION_METHOD);
    const struct cedar_token open = parser->token;
    nodes operands = {0};
    struct cedar_expression *made = NULL;
    if (operation == NULL) {
        note_unknown_call(parser, name, CEDAR_OPERATION_METHOD);
    }
    TRY(push_node(parser, &operands, operand));
    cedar_parser_advance(parser);
    TRY(parse_list(parser, &open, ")", &operands));
    if (operation != NULL && !operation->is_extension && operands.count != operation->arity) {
        cedar_parser_note(parser, name, "`%s` takes %s, not %zu", operation->name,
                          operation->arity == 1 ? "no argument" : "1 argument", operands.count - 1);
    }
    TRY(make_node(parser, CEDAR_EXPRESSION_CALL, name, operands.items, operands.count, &made));
    made->as.operation = operation;
    *out = made;
    return AMANAT_OK;
}

static amanat_result parse_access(struct cedar_parser *parser, node operand, node *out)
{
    const struct cedar_token at = parser->token;
    struct bytes name;
    if (cedar_parser_accept_symbol(parser, "[")) {
        TRY(cedar_parser_string(parser, "a string (what stands in `[…]` is a literal)", &name));
        TRY(cedar_parser_expect_close(parser, &at, "]"));
        return make_get(parser, &at, operand, name, out);
    }
    const struct cedar_token before = parser->previous;
    cedar_parser_advance(parser);
    const struct cedar_token name_token = parser->token;
    if (before.kind == CEDAR_TOKEN_INTEGER && name_token.kind == CEDAR_TOKEN_INTEGER) {
        return cedar_parser_fault(parser, &before,
                                  "Cedar has no decimal numbers of this form: write "
                                  "`decimal(\"%.*s.%.*s\")`",
                                  BYTES_PRINTF(before.text), BYTES_PRINTF(name_token.text));
    }
    if (cedar_word_is_reserved(name_token.text) && name_token.kind == CEDAR_TOKEN_IDENTIFIER) {
        cedar_parser_note(parser, &name_token,
                          "`%.*s` is a reserved word: write `[\"%.*s\"]` for an attribute of "
                          "this name",
                          BYTES_PRINTF(name_token.text), BYTES_PRINTF(name_token.text));
        cedar_parser_advance(parser);
        return make_get(parser, &name_token, operand, name_token.text, out);
    }
    TRY(cedar_parser_identifier(parser, "an attribute or method", &name));
    return cedar_parser_at_symbol(parser, "(") ? parse_method(parser, &name_token, operand, out)
                                               : make_get(parser, &name_token, operand, name, out);
}

static bool at_access(const struct cedar_parser *parser)
{
    return cedar_parser_at_symbol(parser, ".") || cedar_parser_at_symbol(parser, "[");
}

static amanat_result parse_accesses(struct cedar_parser *parser, node *member)
{
    while (at_access(parser)) {
        TRY(parse_access(parser, *member, member));
    }
    return AMANAT_OK;
}

static amanat_result parse_member(struct cedar_parser *parser, node *out)
{
    node member = NULL;
    TRY(parse_primary(parser, &member));
    TRY(parse_accesses(parser, &member));
    *out = member;
    return AMANAT_OK;
}

/* The value of `-` followed by `digits`; false below the least Long. */
static bool negative_number(struct bytes digits, int64_t *out)
{
    int64_t number = 0;
    for (size_t i = 0; i < digits.length; i++) {
        if (__builtin_mul_overflow(number, 10, &number) ||
            __builtin_sub_overflow(number, digits.at[i] - '0', &number)) {
            return false;
        }
    }
    *out = number;
    return true;
}

/*
 * After at least one minus: a bare number takes the last minus into itself, so that
 * -9223372036854775808 can be written. `*dashes` loses that minus.
 */
static amanat_result parse_after_dashes(struct cedar_parser *parser, size_t *dashes,
                                        const struct cedar_token *last_dash, node *out)
{
    const struct cedar_token number_token = parser->token;
    int64_t number = 0;
    if (number_token.kind != CEDAR_TOKEN_INTEGER) {
        return parse_member(parser, out);
    }
    cedar_parser_advance(parser);
    if (at_access(parser)) {
        if (!negative_number(number_token.text, &number) || number == INT64_MIN) {
            return cedar_parser_fault(parser, &number_token, CEDAR_NUMBER_TOO_LARGE);
        }
        TRY(make_literal(parser, &number_token, cedar_value_long(-number), out));
        return parse_accesses(parser, out);
    }
    if (!negative_number(number_token.text, &number)) {
        return cedar_parser_fault(parser, &number_token,
                                  "this number is too small: the least is -9223372036854775808");
    }
    (*dashes)--;
    return make_literal(parser, last_dash, cedar_value_long(number), out);
}

/* `not` before an operand; an entity type may have this name. */
static bool accept_not(struct cedar_parser *parser)
{
    if (!cedar_parser_at_word(parser, "not") && !cedar_parser_at_word(parser, "NOT")) {
        return false;
    }
    const struct cedar_token next = cedar_parser_peek(parser);
    if (cedar_token_is_symbol(&next, "::") || cedar_token_is_symbol(&next, ":")) {
        return false;
    }
    cedar_parser_note(parser, &parser->token, "`%.*s` is no operator: not is `!`",
                      BYTES_PRINTF(parser->token.text));
    cedar_parser_advance(parser);
    return true;
}

static amanat_result parse_unary(struct cedar_parser *parser, node *out)
{
    if (accept_not(parser)) {
        return parse_member(parser, out);
    }
    const char *symbol = cedar_parser_at_symbol(parser, "!") ? "!" : "-";
    struct cedar_token operators[MOST_UNARY_OPERATORS];
    size_t count = 0;
    while (cedar_parser_at_symbol(parser, symbol)) {
        if (count == MOST_UNARY_OPERATORS) {
            return cedar_parser_fault(parser, &parser->token,
                                      "at most %d of `%s` may stand in a row", MOST_UNARY_OPERATORS,
                                      symbol);
        }
        operators[count++] = parser->token;
        cedar_parser_advance(parser);
    }
    node operand = NULL;
    if (count > 0 && symbol[0] == '-') {
        TRY(parse_after_dashes(parser, &count, &operators[count - 1], &operand));
    } else {
        TRY(parse_member(parser, &operand));
    }
    const struct cedar_operation *operation =
        cedar_operation_find(bytes_of_string(symbol), CEDAR_OPERATION_PREFIX);
    while (count > 0) {
        count--;
        TRY(make_call(parser, operation, &operators[count], operand, NULL, &operand));
    }
    *out = operand;
    return AMANAT_OK;
}

static amanat_result parse_product(struct cedar_parser *parser, node *out)
{
    node left = NULL;
    TRY(parse_unary(parser, &left));
    for (;;) {
        const struct cedar_token at = parser->token;
        if (cedar_parser_at_symbol(parser, "/") || cedar_parser_at_symbol(parser, "%")) {
            return cedar_parser_fault(parser, &at,
                                      "Cedar has no division: there are `+`, `-` and `*`");
        }
        if (!cedar_parser_accept_symbol(parser, "*")) {
            break;
        }
        node right = NULL;
        TRY(parse_unary(parser, &right));
        TRY(make_call(parser, cedar_operation_find(at.text, CEDAR_OPERATION_INFIX), &at, left,
                      right, &left));
    }
    *out = left;
    return AMANAT_OK;
}

static amanat_result parse_sum(struct cedar_parser *parser, node *out)
{
    node left = NULL;
    TRY(parse_product(parser, &left));
    for (;;) {
        const struct cedar_token at = parser->token;
        if (!cedar_parser_accept_symbol(parser, "+") && !cedar_parser_accept_symbol(parser, "-")) {
            break;
        }
        node right = NULL;
        TRY(parse_product(parser, &right));
        TRY(make_call(parser, cedar_operation_find(at.text, CEDAR_OPERATION_INFIX), &at, left,
                      right, &left));
    }
    *out = left;
    return AMANAT_OK;
}

/* ---- Relations, logic, if ---- */

static amanat_result parse_has(struct cedar_parser *parser, const struct cedar_token *at,
                               node operand, node *out)
{
    VECTOR(struct bytes) keys = {0};
    const bool quoted = parser->token.kind == CEDAR_TOKEN_STRING;
    do {
        struct bytes *key = VECTOR_PUSH(parser->arena, &keys);
        TRY_MEMORY(key);
        TRY(quoted ? cedar_parser_string(parser, "an attribute", key)
                   : cedar_parser_identifier(parser, "an attribute", key));
    } while (!quoted && cedar_parser_accept_symbol(parser, "."));
    struct cedar_expression *made = NULL;
    TRY(make_small_node(parser, CEDAR_EXPRESSION_HAS, at, operand, NULL, &made));
    made->as.path.keys = keys.items;
    made->as.path.count = keys.count;
    *out = made;
    return AMANAT_OK;
}

static amanat_result parse_like(struct cedar_parser *parser, const struct cedar_token *at,
                                node operand, node *out)
{
    struct cedar_expression *made = NULL;
    if (parser->token.kind != CEDAR_TOKEN_STRING) {
        return cedar_parser_expected(parser, "a pattern (a string)");
    }
    TRY(make_small_node(parser, CEDAR_EXPRESSION_LIKE, at, operand, NULL, &made));
    TRY(cedar_token_unescape_pattern(&parser->lexer, &parser->token, parser->arena,
                                     &made->as.pattern));
    cedar_parser_advance(parser);
    *out = made;
    return AMANAT_OK;
}

static amanat_result parse_is(struct cedar_parser *parser, const struct cedar_token *at,
                              node operand, node *out)
{
    struct bytes type;
    node container = NULL;
    struct cedar_expression *made = NULL;
    TRY(cedar_parser_path(parser, "an entity type", &type));
    if (cedar_parser_accept_word(parser, "in")) {
        TRY(parse_sum(parser, &container));
    }
    TRY(make_small_node(parser, CEDAR_EXPRESSION_IS, at, operand, container, &made));
    made->as.type = type;
    *out = made;
    return AMANAT_OK;
}

static const struct cedar_operation *relation_at(const struct cedar_parser *parser)
{
    static const char *const symbols[] = {"<", "<=", ">=", ">", "!=", "=="};
    for (size_t i = 0; i < sizeof(symbols) / sizeof(symbols[0]); i++) {
        if (cedar_parser_at_symbol(parser, symbols[i])) {
            return cedar_operation_find(parser->token.text, CEDAR_OPERATION_INFIX);
        }
    }
    return cedar_parser_at_word(parser, "in")
               ? cedar_operation_find(parser->token.text, CEDAR_OPERATION_INFIX)
               : NULL;
}

/* `a < b < c`: one fault, however long the chain is. */
static amanat_result skip_chained_relations(struct cedar_parser *parser)
{
    node ignored = NULL;
    if (relation_at(parser) != NULL) {
        cedar_parser_note(parser, &parser->token,
                          "`%.*s` cannot follow another comparison: write `a < b && b < c`, or "
                          "parentheses",
                          BYTES_PRINTF(parser->token.text));
    }
    while (relation_at(parser) != NULL) {
        cedar_parser_advance(parser);
        TRY(parse_sum(parser, &ignored));
    }
    return AMANAT_OK;
}

static amanat_result parse_relation(struct cedar_parser *parser, node *out)
{
    node left = NULL;
    TRY(parse_sum(parser, &left));
    const struct cedar_token at = parser->token;
    const struct cedar_operation *relation = relation_at(parser);
    if (relation != NULL) {
        node right = NULL;
        cedar_parser_advance(parser);
        TRY(parse_sum(parser, &right));
        TRY(make_call(parser, relation, &at, left, right, out));
        return skip_chained_relations(parser);
    }
    if (cedar_parser_accept_word(parser, "has")) {
        return parse_has(parser, &at, left, out);
    }
    if (cedar_parser_accept_word(parser, "like")) {
        return parse_like(parser, &at, left, out);
    }
    if (cedar_parser_accept_word(parser, "is")) {
        return parse_is(parser, &at, left, out);
    }
    if (cedar_parser_at_symbol(parser, "=")) {
        cedar_parser_note(parser, &at, "`=` is no operator: equality is `==`");
        cedar_parser_advance(parser);
        TRY(parse_sum(parser, &left));
    }
    *out = left;
    return AMANAT_OK;
}

typedef amanat_result (*rule_fn)(struct cedar_parser *parser, node *out);

/* Words that stand for `&&` and `||` elsewhere: no word can follow an expression here. */
static bool at_foreign_logic(const struct cedar_parser *parser, const char *symbol)
{
    return symbol[0] == '&'
               ? cedar_parser_at_word(parser, "and") || cedar_parser_at_word(parser, "AND")
               : cedar_parser_at_word(parser, "or") || cedar_parser_at_word(parser, "OR");
}

static bool at_logic(const struct cedar_parser *parser, const char *symbol)
{
    return cedar_parser_at_symbol(parser, symbol) || at_foreign_logic(parser, symbol);
}

static bool accept_logic(struct cedar_parser *parser, const char *symbol)
{
    if (!at_foreign_logic(parser, symbol)) {
        return cedar_parser_accept_symbol(parser, symbol);
    }
    cedar_parser_note(parser, &parser->token, "`%.*s` is no operator: write `%s`",
                      BYTES_PRINTF(parser->token.text), symbol);
    cedar_parser_advance(parser);
    return true;
}

/* `Rule {symbol Rule}` as one node of many operands, however many there are. */
static amanat_result parse_chain(struct cedar_parser *parser, const char *symbol,
                                 enum cedar_expression_kind kind, rule_fn rule, node *out)
{
    const struct cedar_token at = parser->token;
    node first = NULL;
    TRY(rule(parser, &first));
    if (!at_logic(parser, symbol)) {
        *out = first;
        return AMANAT_OK;
    }
    nodes operands = {0};
    VECTOR(struct cedar_stretch) stretches = {0};
    struct cedar_expression *made = NULL;
    struct cedar_token start = at;
    for (node next = first;;) {
        struct cedar_stretch *stretch = VECTOR_PUSH(parser->arena, &stretches);
        TRY_MEMORY(stretch);
        *stretch = cedar_parser_stretch(parser, &start);
        TRY(push_node(parser, &operands, next));
        if (!accept_logic(parser, symbol)) {
            break;
        }
        start = parser->token;
        TRY(rule(parser, &next));
    }
    TRY(make_node(parser, kind, &at, operands.items, operands.count, &made));
    made->as.stretches = stretches.items;
    *out = made;
    return AMANAT_OK;
}

static amanat_result parse_and(struct cedar_parser *parser, node *out)
{
    return parse_chain(parser, "&&", CEDAR_EXPRESSION_AND, parse_relation, out);
}

/* A word of `if`; each of them has three. */
static amanat_result expect_word(struct cedar_parser *parser, const char *word)
{
    return cedar_parser_accept_word(parser, word)
               ? AMANAT_OK
               : cedar_parser_expected(parser, bytes_equal_string(BYTES("then"), word)
                                                   ? "`then` (an `if` has `then` and `else`)"
                                                   : "`else` (an `if` has `then` and `else`)");
}

static amanat_result parse_if(struct cedar_parser *parser, node *out)
{
    const struct cedar_token at = parser->token;
    node *parts = arena_allocate_array(parser->arena, 3, sizeof(node));
    struct cedar_expression *made = NULL;
    TRY_MEMORY(parts);
    cedar_parser_advance(parser);
    TRY(cedar_parser_expression(parser, &parts[0]));
    TRY(expect_word(parser, "then"));
    TRY(cedar_parser_expression(parser, &parts[1]));
    TRY(expect_word(parser, "else"));
    TRY(cedar_parser_expression(parser, &parts[2]));
    TRY(make_node(parser, CEDAR_EXPRESSION_IF, &at, parts, 3, &made));
    *out = made;
    return AMANAT_OK;
}

amanat_result cedar_parser_expression(struct cedar_parser *parser,
                                      const struct cedar_expression **out)
{
    TRY(cedar_parser_enter(parser));
    TRY(cedar_parser_at_word(parser, "if")
            ? parse_if(parser, out)
            : parse_chain(parser, "||", CEDAR_EXPRESSION_OR, parse_and, out));
    cedar_parser_leave(parser);
    return AMANAT_OK;
}
