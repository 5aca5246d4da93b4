/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Policies: annotations, effect, scope, conditions (Cedar grammar: Policy). After a fault the
 * parser goes on at the next part of the scope, the next condition or the next policy, so that one
 * run reports all faults. Where it cannot tell what belongs together it would rather stay silent
 * until the next policy than report what only follows from a fault.
 */
#include <stdio.h>

#include "policy/base/guard.h"
#include "policy/cedar/cedar_conformance.h"
#include "policy/cedar/cedar_parser.h"

/* One of the scope's three variables. */
static amanat_result expect_variable(struct cedar_parser *parser, const char *word)
{
    char hint[SIMILAR_HINT_SIZE];
    char what[32];
    if (cedar_parser_accept_word(parser, word)) {
        return AMANAT_OK;
    }
    if (cedar_parser_hint(parser, &word, 1, hint)[0] != '\0') {
        cedar_parser_note(parser, &parser->token, "expected `%s`, found `%.*s`", word,
                          BYTES_PRINTF(parser->token.text));
        cedar_parser_advance(parser);
        return AMANAT_OK;
    }
    (void)snprintf(what, sizeof(what), "`%s`", word);
    return cedar_parser_expected(parser, what);
}

/* `=` and `:` for `==` or `is`: what stands behind tells which was meant. */
static bool accept_equals(struct cedar_parser *parser)
{
    if (cedar_parser_at_symbol(parser, "=")) {
        cedar_parser_note(parser, &parser->token, "`=` is no operator: equality is `==`");
        cedar_parser_advance(parser);
        return true;
    }
    return cedar_parser_accept_symbol(parser, "==");
}

/* Something behind a variable that no scope can have. */
static amanat_result check_scope_end(struct cedar_parser *parser, const char *variable)
{
    const struct cedar_token *at = &parser->token;
    if (cedar_parser_at_symbol(parser, ":")) {
        return cedar_parser_fault(parser, at,
                                  "expected `,`, found `:`; a type is written `%s is TYPE`, an "
                                  "entity `%s == TYPE::\"id\"`",
                                  variable, variable);
    }
    if (cedar_parser_at_symbol(parser, "!=") || cedar_parser_at_symbol(parser, "&&") ||
        cedar_parser_at_symbol(parser, "||") || cedar_parser_at_symbol(parser, ".") ||
        cedar_parser_at_word(parser, "has") || cedar_parser_at_word(parser, "like")) {
        return cedar_parser_fault(parser, at,
                                  "a scope knows only `==`, `in` and `is`; write what `%.*s` shall "
                                  "say as a condition, `when { … }`",
                                  BYTES_PRINTF(at->text));
    }
    return AMANAT_OK;
}

static struct cedar_place place_of(const struct cedar_token *token)
{
    return (struct cedar_place){token->line, token->column};
}

/* `EntOrSlot`; the only slot that may stand is the variable's own. */
static amanat_result parse_entity_or_slot(struct cedar_parser *parser, const char *variable,
                                          struct cedar_scope *scope)
{
    const struct cedar_token at = parser->token;
    scope->entity_place = place_of(&at);
    if (cedar_parser_at_symbol(parser, "[")) {
        return cedar_parser_fault(
            parser, &at, "only `action in` takes a list; write `when { %s in […] }`", variable);
    }
    if (at.kind != CEDAR_TOKEN_SLOT) {
        return cedar_parser_entity(parser, "an entity", &scope->entity);
    }
    if (!bytes_equal_string(bytes_from(at.text, 1), variable)) {
        return cedar_parser_fault(parser, &at, "the only slot for `%s` is `?%s`", variable,
                                  variable);
    }
    scope->is_slot = true;
    cedar_parser_advance(parser);
    return AMANAT_OK;
}

/* `P` or `R` of the grammar. */
static amanat_result parse_scope(struct cedar_parser *parser, const char *variable,
                                 struct cedar_scope *out)
{
    struct cedar_scope scope = {0};
    TRY(expect_variable(parser, variable));
    if (accept_equals(parser)) {
        scope.kind = CEDAR_SCOPE_EQUAL;
        TRY(parse_entity_or_slot(parser, variable, &scope));
    } else if (cedar_parser_accept_word(parser, "in")) {
        scope.kind = CEDAR_SCOPE_IN;
        TRY(parse_entity_or_slot(parser, variable, &scope));
    } else if (cedar_parser_accept_word(parser, "is")) {
        scope.kind = CEDAR_SCOPE_IS;
        scope.type_place = place_of(&parser->token);
        TRY(cedar_parser_path(parser, "an entity type", &scope.type));
        if (cedar_parser_accept_word(parser, "in")) {
            scope.kind = CEDAR_SCOPE_IS_IN;
            TRY(parse_entity_or_slot(parser, variable, &scope));
        }
    }
    *out = scope;
    return check_scope_end(parser, variable);
}

/* An action's type is `Action`, in whatever name space. */
static amanat_result parse_action(struct cedar_parser *parser, struct cedar_entity_uid *out)
{
    const struct cedar_token at = parser->token;
    if (at.kind == CEDAR_TOKEN_STRING) {
        return cedar_parser_fault(parser, &at,
                                  "expected an action, found a string: write `Action::\"%.*s\"`",
                                  (int)(at.text.length < 64 ? at.text.length : 64), at.text.at);
    }
    TRY(cedar_parser_entity(parser, "an action", out));
    if (!cedar_type_is_of_actions(out->type)) {
        return cedar_parser_fault(parser, &at, "the type of an action must be `Action`, not `%.*s`",
                                  BYTES_PRINTF(out->type));
    }
    return AMANAT_OK;
}

struct actions {
    VECTOR(struct cedar_entity_uid) uids;
    VECTOR(struct cedar_place) places;
};

static amanat_result push_action(struct cedar_parser *parser, struct actions *actions)
{
    struct cedar_entity_uid *uid = VECTOR_PUSH(parser->arena, &actions->uids);
    struct cedar_place *place = VECTOR_PUSH(parser->arena, &actions->places);
    TRY_MEMORY(uid);
    TRY_MEMORY(place);
    *place = place_of(&parser->token);
    return parse_action(parser, uid);
}

static amanat_result parse_action_list(struct cedar_parser *parser, const struct cedar_token *open,
                                       struct actions *actions)
{
    while (!cedar_parser_at_symbol(parser, "]")) {
        TRY(push_action(parser, actions));
        if (!cedar_parser_next_item(parser, "]")) {
            break;
        }
    }
    return cedar_parser_expect_close(parser, open, "]");
}

static amanat_result parse_action_scope(struct cedar_parser *parser, struct cedar_action_scope *out)
{
    enum cedar_scope_kind kind = CEDAR_SCOPE_ANY;
    struct actions actions = {0};
    TRY(expect_variable(parser, "action"));
    if (accept_equals(parser)) {
        kind = CEDAR_SCOPE_EQUAL;
        TRY(push_action(parser, &actions));
    } else if (cedar_parser_accept_word(parser, "in")) {
        kind = CEDAR_SCOPE_IN;
        const struct cedar_token open = parser->token;
        TRY(cedar_parser_accept_symbol(parser, "[") ? parse_action_list(parser, &open, &actions)
                                                    : push_action(parser, &actions));
    } else if (cedar_parser_at_word(parser, "is")) {
        return cedar_parser_fault(parser, &parser->token,
                                  "`action` takes `==` and `in`; actions have no type to ask for");
    }
    *out = (struct cedar_action_scope){kind, actions.uids.items, actions.uids.count,
                                       actions.places.items};
    return check_scope_end(parser, "action");
}

/* ---- Where to go on after a fault ---- */

/* Whether a policy seems to begin at the current token, although the one before has not ended. */
static bool at_probable_start(const struct cedar_parser *parser)
{
    if (parser->token.kind == CEDAR_TOKEN_END) {
        return true;
    }
    if (!cedar_parser_begins_line(parser)) {
        return false;
    }
    if (cedar_parser_at_symbol(parser, "@")) {
        return true;
    }
    if (!cedar_parser_at_word(parser, "permit") && !cedar_parser_at_word(parser, "forbid")) {
        return false;
    }
    const struct cedar_token next = cedar_parser_peek(parser);
    return cedar_token_is_symbol(&next, "(");
}

/* A semicolon ends the policy, unless it stands in brackets that seem to go on behind it. */
static bool at_probable_end(const struct cedar_parser *parser)
{
    if (!cedar_parser_at_symbol(parser, ";")) {
        return false;
    }
    if (parser->brackets == 0) {
        return true;
    }
    struct cedar_parser behind = *parser;
    behind.diagnostics = behind.lexer.diagnostics = NULL;
    cedar_parser_advance(&behind);
    return at_probable_start(&behind);
}

static bool at_condition(const struct cedar_parser *parser)
{
    const bool is_word =
        cedar_parser_at_word(parser, "when") || cedar_parser_at_word(parser, "unless");
    const struct cedar_token next = is_word ? cedar_parser_peek(parser) : parser->token;
    return is_word && cedar_token_is_symbol(&next, "{") &&
           !cedar_token_is_symbol(&parser->previous, ".");
}

/* To the comma or closing parenthesis of the scope, whose brackets are `brackets` deep inside. */
static void skip_scope_part(struct cedar_parser *parser, unsigned brackets)
{
    parser->faulty = true;
    while (!at_probable_start(parser) && !at_probable_end(parser) && !at_condition(parser)) {
        const bool is_here = parser->brackets <= brackets;
        if (is_here &&
            (cedar_parser_at_symbol(parser, ",") || cedar_parser_at_symbol(parser, ")"))) {
            return;
        }
        cedar_parser_advance(parser);
    }
    parser->lost = true;
}

/* Behind the brace that closes a condition, inside which `braces` are open. */
static void skip_condition(struct cedar_parser *parser, unsigned braces)
{
    parser->faulty = true;
    parser->nesting = 0;
    while (!at_probable_start(parser) && !at_probable_end(parser) && !at_condition(parser)) {
        const bool closes = cedar_parser_at_symbol(parser, "}") && parser->braces <= braces;
        cedar_parser_advance(parser);
        if (closes) {
            return;
        }
    }
    parser->lost = true;
}

static void skip_policy(struct cedar_parser *parser)
{
    while (!at_probable_start(parser)) {
        const bool ends = at_probable_end(parser);
        cedar_parser_advance(parser);
        if (ends) {
            return;
        }
    }
}

/* ---- The whole scope, conditions, policies ---- */

typedef amanat_result (*scope_part_fn)(struct cedar_parser *parser, struct cedar_policy_scope *out);

static amanat_result parse_principal(struct cedar_parser *parser, struct cedar_policy_scope *out)
{
    return parse_scope(parser, "principal", &out->principal);
}

static amanat_result parse_actions(struct cedar_parser *parser, struct cedar_policy_scope *out)
{
    return parse_action_scope(parser, &out->action);
}

static amanat_result parse_resource(struct cedar_parser *parser, struct cedar_policy_scope *out)
{
    return parse_scope(parser, "resource", &out->resource);
}

/* The comma before `name`, which may have been forgotten. */
static amanat_result expect_comma_before(struct cedar_parser *parser, const char *name)
{
    if (cedar_parser_at_word(parser, name)) {
        cedar_parser_note_missing(parser, ",");
        return AMANAT_OK;
    }
    if (cedar_parser_at_symbol(parser, ")")) {
        return cedar_parser_fault(parser, &parser->token,
                                  "expected `, %s`: a scope has `principal`, `action` and "
                                  "`resource`, all three",
                                  name);
    }
    return cedar_parser_expect_symbol(parser, ",");
}

/* One of the three, at another one's place. */
static amanat_result check_order(struct cedar_parser *parser, const char *name)
{
    const bool is_other =
        !cedar_parser_at_word(parser, name) &&
        (cedar_parser_at_word(parser, "principal") || cedar_parser_at_word(parser, "action") ||
         cedar_parser_at_word(parser, "resource"));
    return is_other ? cedar_parser_fault(parser, &parser->token,
                                         "expected `%s`: a scope has `principal`, `action` and "
                                         "`resource`, all three and in this order",
                                         name)
                    : AMANAT_OK;
}

/* The three parts. A fault in one is no reason not to look at the next. */
static amanat_result parse_scope_parts(struct cedar_parser *parser, struct cedar_policy_scope *out)
{
    static const struct {
        const char *name;
        scope_part_fn parse;
    } parts[] = {
        {"principal", parse_principal}, {"action", parse_actions}, {"resource", parse_resource}};
    const unsigned brackets = parser->brackets;
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        if (i > 0 && !cedar_parser_accept_symbol(parser, ",")) {
            TRY(expect_comma_before(parser, parts[i].name));
        }
        TRY(check_order(parser, parts[i].name));
        const amanat_result part = parts[i].parse(parser, out);
        if (part.status == AMANAT_STATUS_CONFIG_FAULT) {
            skip_scope_part(parser, brackets);
        } else {
            TRY(part);
        }
        if (parser->lost) {
            return amanat_result_of(AMANAT_STATUS_CONFIG_FAULT);
        }
    }
    return AMANAT_OK;
}

static amanat_result parse_scopes(struct cedar_parser *parser, struct cedar_policy_scope *out)
{
    const struct cedar_token open = parser->token;
    TRY(cedar_parser_expect_symbol(parser, "("));
    TRY(parse_scope_parts(parser, out));
    (void)cedar_parser_accept_symbol(parser, ",");
    return cedar_parser_expect_close(parser, &open, ")");
}

/* Behind a fault in the scope: its closing parenthesis, if it can be found. */
static void skip_scope(struct cedar_parser *parser)
{
    do {
        skip_scope_part(parser, 1);
    } while (cedar_parser_accept_symbol(parser, ","));
    (void)cedar_parser_accept_symbol(parser, ")");
}

static amanat_result parse_condition(struct cedar_parser *parser, struct cedar_condition *condition)
{
    condition->unless = cedar_parser_at_word(parser, "unless");
    cedar_parser_advance(parser);
    const struct cedar_token open = parser->token;
    TRY(cedar_parser_expect_symbol(parser, "{"));
    const struct cedar_token first = parser->token;
    TRY(cedar_parser_expression(parser, &condition->body));
    condition->stretch = cedar_parser_stretch(parser, &first);
    return cedar_parser_expect_close(parser, &open, "}");
}

static amanat_result parse_conditions(struct cedar_parser *parser, struct cedar_policy *policy)
{
    VECTOR(struct cedar_condition) conditions = {0};
    while (cedar_parser_at_word(parser, "when") || cedar_parser_at_word(parser, "unless")) {
        struct cedar_condition *condition = VECTOR_PUSH(parser->arena, &conditions);
        TRY_MEMORY(condition);
        const amanat_result parsed = parse_condition(parser, condition);
        if (parsed.status == AMANAT_STATUS_CONFIG_FAULT) {
            skip_condition(parser, 1);
        } else {
            TRY(parsed);
        }
    }
    policy->conditions = conditions.items;
    policy->condition_count = conditions.count;
    return AMANAT_OK;
}

static amanat_result parse_effect(struct cedar_parser *parser, enum cedar_effect *out)
{
    static const char *const effects[] = {"permit", "forbid"};
    static const char *const foreign[][2] = {
        {"allow", "permit"}, {"grant", "permit"}, {"deny", "forbid"}, {"reject", "forbid"}};
    char hint[SIMILAR_HINT_SIZE];
    for (size_t i = 0; i < 2; i++) {
        if (cedar_parser_accept_word(parser, effects[i])) {
            *out = i == 0 ? CEDAR_EFFECT_PERMIT : CEDAR_EFFECT_FORBID;
            return AMANAT_OK;
        }
    }
    const char *meant = cedar_parser_hint(parser, effects, 2, hint);
    for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++) {
        if (cedar_parser_at_word(parser, foreign[i][0])) {
            (void)snprintf(hint, sizeof(hint), "; did you mean `%s`?", foreign[i][1]);
            meant = hint;
        }
    }
    if (parser->token.kind == CEDAR_TOKEN_STRING &&
        parser->previous.kind == CEDAR_TOKEN_IDENTIFIER) {
        return cedar_parser_fault(parser, &parser->token,
                                  "the value of an annotation stands in parentheses: "
                                  "`@%.*s(\"…\")`",
                                  BYTES_PRINTF(parser->previous.text));
    }
    if (meant[0] == '\0') {
        return cedar_parser_expected(parser, "`permit` or `forbid`");
    }
    cedar_parser_note(parser, &parser->token, "expected `permit` or `forbid`, found `%.*s`%s",
                      BYTES_PRINTF(parser->token.text), meant);
    cedar_parser_advance(parser);
    *out = CEDAR_EFFECT_PERMIT;
    return AMANAT_OK;
}

/* The semicolon, where many other things are tried. */
static amanat_result expect_end(struct cedar_parser *parser)
{
    static const char *const words[] = {"when", "unless"};
    char hint[SIMILAR_HINT_SIZE];
    if (cedar_parser_accept_symbol(parser, ";")) {
        return AMANAT_OK;
    }
    const char *meant = cedar_parser_at_word(parser, "where") || cedar_parser_at_word(parser, "if")
                            ? "; did you mean `when`?"
                            : cedar_parser_hint(parser, words, 2, hint);
    if (meant[0] != '\0') {
        return cedar_parser_fault(parser, &parser->token,
                                  "expected `when`, `unless` or `;`, found `%.*s`%s",
                                  BYTES_PRINTF(parser->token.text), meant);
    }
    if (parser->lost && at_probable_start(parser)) {
        return amanat_result_of(AMANAT_STATUS_CONFIG_FAULT); /* it may have been in what was lost */
    }
    if (at_probable_start(parser)) {
        const struct cedar_token gap = parser->gap;
        return cedar_parser_fault(parser, &gap, "expected `;` at the end of the policy");
    }
    return cedar_parser_expected(parser, "`when`, `unless` or `;`");
}

/* What follows the annotations. */
static amanat_result parse_body(struct cedar_parser *parser, struct cedar_policy *policy)
{
    TRY(parse_effect(parser, &policy->effect));
    const amanat_result scopes = parse_scopes(parser, &policy->scope);
    if (scopes.status == AMANAT_STATUS_CONFIG_FAULT) {
        skip_scope(parser);
    } else {
        TRY(scopes);
    }
    TRY(parse_conditions(parser, policy));
    return expect_end(parser);
}

static amanat_result parse_policy(struct cedar_parser *parser, struct cedar_policy *policy)
{
    parser->nesting = parser->brackets = parser->braces = 0;
    parser->lost = false;
    policy->source = parser->lexer.source;
    policy->line = parser->token.line;
    policy->column = parser->token.column;
    TRY(cedar_parser_annotations(parser, &policy->annotations, &policy->annotation_count));
    TRY(parse_body(parser, policy));
    const bool has_slot = policy->scope.principal.is_slot || policy->scope.resource.is_slot;
    policy->kind = has_slot ? CEDAR_POLICY_TEMPLATE : CEDAR_POLICY_STATIC;
    return parser->faulty ? amanat_result_of(AMANAT_STATUS_CONFIG_FAULT) : AMANAT_OK;
}

/* Moves on from a faulty policy, of which `start` is where its first token ends. */
static void go_on_behind(struct cedar_parser *parser, size_t start)
{
    const bool stands_still = parser->lexer.position == start;
    parser->faulty = false;
    if (stands_still) {
        cedar_parser_advance(parser);
    }
    if (stands_still || !cedar_token_is_symbol(&parser->previous, ";")) {
        skip_policy(parser);
    }
}

amanat_result cedar_parse_policies(struct arena *arena, const char *source, struct bytes text,
                                   struct amanat_diagnostics *diagnostics,
                                   struct cedar_parsed_policies *out)
{
    struct cedar_parser parser;
    amanat_result result = AMANAT_OK;
    TRY(cedar_lexer_check_encoding(source, text, diagnostics));
    cedar_parser_init(&parser, arena, source, text, diagnostics);
    cedar_parser_advance(&parser);
    while (parser.token.kind != CEDAR_TOKEN_END) {
        const size_t start = parser.lexer.position;
        struct cedar_policy *policy = ARENA_NEW(arena, struct cedar_policy);
        TRY_MEMORY(policy);
        const amanat_result parsed = parse_policy(&parser, policy);
        if (parsed.status == AMANAT_STATUS_CONFIG_FAULT) {
            result = parsed;
            go_on_behind(&parser, start);
            continue;
        }
        TRY(parsed);
        struct cedar_policy **place = VECTOR_PUSH(arena, &out->policies);
        TRY_MEMORY(place);
        *place = policy;
    }
    return parser.faulty ? amanat_result_of(AMANAT_STATUS_CONFIG_FAULT) : result;
}
