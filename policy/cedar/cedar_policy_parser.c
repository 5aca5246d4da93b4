/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Policies: annotations, effect, scope, conditions (Cedar grammar: Policy). After a fault the
 * parser goes on behind the policy's semicolon, or at a line that begins with `permit`, `forbid` or
 * `@`, so that one run reports the faults of all policies.
 */
#include "policy/base/guard.h"
#include "policy/cedar/cedar_conformance.h"
#include "policy/cedar/cedar_parser.h"

static amanat_result expect_word(struct cedar_parser *parser, const char *word)
{
    return cedar_parser_accept_word(parser, word) ? AMANAT_OK : cedar_parser_expected(parser, word);
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
    if (at.kind != CEDAR_TOKEN_SLOT) {
        return cedar_parser_entity(parser, "an entity", &scope->entity);
    }
    if (!bytes_equal_string(bytes_from(at.text, 1), variable)) {
        return cedar_parser_fault(parser, &at, "the only slot for %s is `?%s`", variable, variable);
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
    TRY(expect_word(parser, variable));
    if (cedar_parser_accept_symbol(parser, "==")) {
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
    return AMANAT_OK;
}

/* An action's type is `Action`, in whatever name space. */
static amanat_result parse_action(struct cedar_parser *parser, struct cedar_entity_uid *out)
{
    const struct cedar_token at = parser->token;
    TRY(cedar_parser_entity(parser, "an action", out));
    if (!cedar_type_is_of_actions(out->type)) {
        return cedar_parser_fault(parser, &at, "the type of an action must be `Action`");
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

static amanat_result parse_action_list(struct cedar_parser *parser, struct actions *actions)
{
    while (!cedar_parser_at_symbol(parser, "]")) {
        TRY(push_action(parser, actions));
        if (!cedar_parser_accept_symbol(parser, ",")) {
            break;
        }
    }
    return cedar_parser_expect_symbol(parser, "]");
}

static amanat_result parse_action_scope(struct cedar_parser *parser, struct cedar_action_scope *out)
{
    enum cedar_scope_kind kind = CEDAR_SCOPE_ANY;
    struct actions actions = {0};
    TRY(expect_word(parser, "action"));
    if (cedar_parser_accept_symbol(parser, "==")) {
        kind = CEDAR_SCOPE_EQUAL;
        TRY(push_action(parser, &actions));
    } else if (cedar_parser_accept_word(parser, "in")) {
        kind = CEDAR_SCOPE_IN;
        TRY(cedar_parser_accept_symbol(parser, "[") ? parse_action_list(parser, &actions)
                                                    : push_action(parser, &actions));
    }
    *out = (struct cedar_action_scope){kind, actions.uids.items, actions.uids.count,
                                       actions.places.items};
    return AMANAT_OK;
}

static amanat_result parse_scopes(struct cedar_parser *parser, struct cedar_policy_scope *out)
{
    TRY(cedar_parser_expect_symbol(parser, "("));
    TRY(parse_scope(parser, "principal", &out->principal));
    TRY(cedar_parser_expect_symbol(parser, ","));
    TRY(parse_action_scope(parser, &out->action));
    TRY(cedar_parser_expect_symbol(parser, ","));
    TRY(parse_scope(parser, "resource", &out->resource));
    (void)cedar_parser_accept_symbol(parser, ",");
    return cedar_parser_expect_symbol(parser, ")");
}

static amanat_result parse_conditions(struct cedar_parser *parser, struct cedar_policy *policy)
{
    VECTOR(struct cedar_condition) conditions = {0};
    while (cedar_parser_at_word(parser, "when") || cedar_parser_at_word(parser, "unless")) {
        struct cedar_condition *condition = VECTOR_PUSH(parser->arena, &conditions);
        TRY_MEMORY(condition);
        condition->unless = cedar_parser_at_word(parser, "unless");
        cedar_parser_advance(parser);
        TRY(cedar_parser_expect_symbol(parser, "{"));
        const struct cedar_token first = parser->token;
        TRY(cedar_parser_expression(parser, &condition->body));
        condition->stretch = cedar_parser_stretch(parser, &first);
        TRY(cedar_parser_expect_symbol(parser, "}"));
    }
    policy->conditions = conditions.items;
    policy->condition_count = conditions.count;
    return AMANAT_OK;
}

static amanat_result parse_effect(struct cedar_parser *parser, enum cedar_effect *out)
{
    if (cedar_parser_accept_word(parser, "permit")) {
        *out = CEDAR_EFFECT_PERMIT;
        return AMANAT_OK;
    }
    if (cedar_parser_accept_word(parser, "forbid")) {
        *out = CEDAR_EFFECT_FORBID;
        return AMANAT_OK;
    }
    return cedar_parser_expected(parser, "`permit` or `forbid`");
}

static amanat_result parse_policy(struct cedar_parser *parser, struct cedar_policy *policy)
{
    policy->source = parser->lexer.source;
    policy->line = parser->token.line;
    policy->column = parser->token.column;
    TRY(cedar_parser_annotations(parser, &policy->annotations, &policy->annotation_count));
    TRY(parse_effect(parser, &policy->effect));
    TRY(parse_scopes(parser, &policy->scope));
    TRY(parse_conditions(parser, policy));
    if (!cedar_parser_at_symbol(parser, ";")) {
        return cedar_parser_expected(parser, "`when`, `unless` or `;`");
    }
    cedar_parser_advance(parser);
    const bool has_slot = policy->scope.principal.is_slot || policy->scope.resource.is_slot;
    policy->kind = has_slot ? CEDAR_POLICY_TEMPLATE : CEDAR_POLICY_STATIC;
    return AMANAT_OK;
}

/* Whether a policy seems to begin at the current token, although the one before has not ended. */
static bool at_probable_start(const struct cedar_parser *parser)
{
    return parser->token.column == 1 &&
           (cedar_parser_at_word(parser, "permit") || cedar_parser_at_word(parser, "forbid") ||
            cedar_parser_at_symbol(parser, "@"));
}

static void skip_policy(struct cedar_parser *parser, const struct cedar_token *start)
{
    if (parser->token.text.at == start->text.at) {
        cedar_parser_advance(parser);
    }
    while (parser->token.kind != CEDAR_TOKEN_END && !at_probable_start(parser)) {
        if (cedar_parser_accept_symbol(parser, ";")) {
            return;
        }
        cedar_parser_advance(parser);
    }
    parser->nesting = 0;
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
        const struct cedar_token start = parser.token;
        struct cedar_policy *policy = ARENA_NEW(arena, struct cedar_policy);
        TRY_MEMORY(policy);
        parser.nesting = 0;
        const amanat_result parsed = parse_policy(&parser, policy);
        if (parsed.status == AMANAT_STATUS_CONFIG_FAULT) {
            result = parsed;
            skip_policy(&parser, &start);
            continue;
        }
        TRY(parsed);
        struct cedar_policy **place = VECTOR_PUSH(arena, &out->policies);
        TRY_MEMORY(place);
        *place = policy;
    }
    return result;
}
