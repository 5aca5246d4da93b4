/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Strict validation of policies (Cedar: validation). Per policy: (a) all names are declared, also
 * in branches that are never taken; (b) some request fits the scope; (c) the conditions have type
 * Bool in each request environment: action, type of principal, type of resource.
 *
 * In an environment that the scope excludes conditions are not looked at. A slot may hold whatever
 * its scope allows, so it decides nothing here; links are checked for their slots' types and for
 * (b), their template for the rest.
 */
#include "policy/base/guard.h"
#include "policy/cedar/cedar_policy_set.h"
#include "policy/cedar/cedar_typecheck.h"

#define MOST_NAMED_TYPES    8
#define LONGEST_EXPLANATION 700

struct cedar_checked_policies {
    const struct cedar_policy_set *set;
};

/* ---- (a) Names ---- */

static amanat_result check_names_in_scope(struct cedar_checker *checker,
                                          const struct cedar_scope *scope)
{
    const bool names_entity =
        !scope->is_slot && (scope->kind == CEDAR_SCOPE_EQUAL || scope->kind == CEDAR_SCOPE_IN ||
                            scope->kind == CEDAR_SCOPE_IS_IN);
    if (scope->kind == CEDAR_SCOPE_IS || scope->kind == CEDAR_SCOPE_IS_IN) {
        TRY(cedar_check_entity_type(checker, scope->type_place, scope->type));
    }
    return names_entity ? cedar_check_uid(checker, scope->entity_place, &scope->entity) : AMANAT_OK;
}

static amanat_result check_names(struct cedar_checker *checker,
                                 const struct cedar_expression *expression)
{
    const struct cedar_place place = cedar_place_of(expression);
    if (expression->kind == CEDAR_EXPRESSION_LITERAL &&
        expression->as.literal.kind == CEDAR_VALUE_ENTITY) {
        TRY(cedar_check_uid(checker, place, &expression->as.literal.as.entity));
    }
    if (expression->kind == CEDAR_EXPRESSION_IS) {
        TRY(cedar_check_entity_type(checker, place, expression->as.type));
    }
    for (size_t i = 0; i < expression->operand_count; i++) {
        TRY(check_names(checker, expression->operands[i]));
    }
    return AMANAT_OK;
}

/* The actions of a scope are a set, so they must be of one type. */
static amanat_result check_actions_in_scope(struct cedar_checker *checker,
                                            const struct cedar_action_scope *scope)
{
    for (size_t i = 0; i < scope->count; i++) {
        const struct cedar_place nowhere = {0};
        const struct cedar_place place = scope->places == NULL ? nowhere : scope->places[i];
        const struct bytes first = scope->entities[0].type;
        const struct bytes type = scope->entities[i].type;
        TRY(cedar_check_uid(checker, place, &scope->entities[i]));
        if (!bytes_equal(first, type)) {
            TRY(cedar_check_fault(checker, place, "incompatible-types",
                                  "this action is of type `%.*s`, those before it are of type "
                                  "`%.*s`: a list must keep to one",
                                  BYTES_PRINTF(type), BYTES_PRINTF(first)));
        }
    }
    return AMANAT_OK;
}

static amanat_result check_all_names(struct cedar_checker *checker)
{
    const struct cedar_policy *policy = checker->policy;
    TRY(check_names_in_scope(checker, &policy->scope.principal));
    TRY(check_actions_in_scope(checker, &policy->scope.action));
    TRY(check_names_in_scope(checker, &policy->scope.resource));
    for (size_t i = 0; i < policy->condition_count; i++) {
        TRY(check_names(checker, policy->conditions[i].body));
    }
    return AMANAT_OK;
}

/* A link's slots, as the official checker has it: only their types are looked at. */
static amanat_result check_slot(struct cedar_checker *checker, const struct cedar_scope *scope)
{
    const struct cedar_place nowhere = {0};
    return scope->kind == CEDAR_SCOPE_ANY || scope->kind == CEDAR_SCOPE_IS
               ? AMANAT_OK
               : cedar_check_entity_type(checker, nowhere, scope->entity.type);
}

/* ---- The scope in an environment ---- */

/* Cedar's type of the scope's test: TRUE, FALSE, or OPEN. */
static enum cedar_truth scope_truth(const struct cedar_schema *schema,
                                    const struct cedar_scope *scope, struct bytes type)
{
    const bool asks_type = scope->kind == CEDAR_SCOPE_IS || scope->kind == CEDAR_SCOPE_IS_IN;
    const bool asks_in = scope->kind == CEDAR_SCOPE_IN || scope->kind == CEDAR_SCOPE_IS_IN;
    if (asks_type && !bytes_equal(scope->type, type)) {
        return CEDAR_TRUTH_FALSE;
    }
    if (scope->kind == CEDAR_SCOPE_ANY || scope->kind == CEDAR_SCOPE_IS) {
        return CEDAR_TRUTH_TRUE;
    }
    const bool fits =
        scope->is_slot || (asks_in ? cedar_type_can_be_in(schema, type, scope->entity.type)
                                   : bytes_equal(type, scope->entity.type));
    return fits ? CEDAR_TRUTH_OPEN : CEDAR_TRUTH_FALSE;
}

static bool action_fits(const struct cedar_schema *schema, const struct cedar_action_scope *scope,
                        const struct cedar_entity_uid *action)
{
    bool fits = scope->kind == CEDAR_SCOPE_ANY;
    for (size_t i = 0; i < scope->count && !fits; i++) {
        fits = scope->kind == CEDAR_SCOPE_IN
                   ? cedar_action_is_in(schema, action, &scope->entities[i])
                   : cedar_entity_uid_equal(action, &scope->entities[i]);
    }
    return fits;
}

/* Whether a type of a list can fit the scope. */
static bool some_type_fits(const struct cedar_schema *schema, const struct cedar_scope *scope,
                           const struct bytes *types, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (scope_truth(schema, scope, types[i]) != CEDAR_TRUTH_FALSE) {
            return true;
        }
    }
    return false;
}

/* ---- (c) Conditions ---- */

/* One `when` or `unless`, as one more operand of `&&`. */
static amanat_result check_condition(struct cedar_checker *checker,
                                     const struct cedar_condition *condition,
                                     struct cedar_typing *all)
{
    struct cedar_typing typing = {0};
    TRY(cedar_check_kind(checker, condition->body, CEDAR_VALUE_BOOL, &typing));
    const enum cedar_truth refuses = condition->unless ? CEDAR_TRUTH_TRUE : CEDAR_TRUTH_FALSE;
    if (typing.type.truth == refuses) {
        all->type.truth = CEDAR_TRUTH_FALSE;
    }
    if (condition->unless) {
        return AMANAT_OK;
    }
    cedar_presence_assume(&checker->present, &typing.capabilities);
    return cedar_capabilities_join(checker->arena, &all->capabilities, &typing.capabilities);
}

/* All conditions in one environment; `*out_possible`: whether they can hold. */
static amanat_result check_conditions(struct cedar_checker *checker, bool *out_possible)
{
    const struct cedar_policy *policy = checker->policy;
    struct cedar_typing all = {.type = cedar_static_bool(CEDAR_TRUTH_OPEN)};
    checker->joins = (struct cedar_joins){.arena = checker->arena};
    for (size_t i = 0; i < policy->condition_count && all.type.truth != CEDAR_TRUTH_FALSE; i++) {
        TRY(check_condition(checker, &policy->conditions[i], &all));
    }
    cedar_presence_drop(&checker->present, &all.capabilities);
    *out_possible = all.type.truth != CEDAR_TRUTH_FALSE;
    return AMANAT_OK;
}

/* What one environment needed is given back, unless a new fault is remembered there. */
static amanat_result check_environment(struct cedar_checker *checker,
                                       const struct cedar_environment *environment,
                                       bool *out_possible)
{
    const struct arena_mark mark = arena_mark(checker->arena);
    const size_t reported = checker->reported.count;
    checker->environment = environment;
    const amanat_result result = check_conditions(checker, out_possible);
    checker->environment = NULL;
    TRY(result);
    if (checker->reported.count == reported) {
        arena_rewind(checker->arena, mark);
    }
    return AMANAT_OK;
}

/* What the environments of a policy came to. */
struct outcome {
    bool fits;     /* some environment fits the scope */
    bool possible; /* in some the conditions can hold */
};

static amanat_result check_action(struct cedar_checker *checker, const struct cedar_action *action,
                                  struct outcome *outcome)
{
    const struct cedar_policy_scope *scope = &checker->policy->scope;
    for (size_t i = 0; i < action->principal_type_count; i++) {
        if (scope_truth(checker->schema, &scope->principal, action->principal_types[i]) ==
            CEDAR_TRUTH_FALSE) {
            continue;
        }
        for (size_t j = 0; j < action->resource_type_count; j++) {
            const struct cedar_environment environment = {action->principal_types[i], action,
                                                          action->resource_types[j]};
            bool possible = false;
            if (scope_truth(checker->schema, &scope->resource, environment.resource) ==
                CEDAR_TRUTH_FALSE) {
                continue;
            }
            outcome->fits = true;
            TRY(check_environment(checker, &environment, &possible));
            outcome->possible = outcome->possible || possible;
        }
    }
    return AMANAT_OK;
}

static amanat_result check_environments(struct cedar_checker *checker, struct outcome *outcome)
{
    const struct cedar_policy *policy = checker->policy;
    for (size_t i = 0; i < policy->condition_count; i++) {
        TRY(cedar_terms_collect(&checker->terms, policy->conditions[i].body));
    }
    TRY(cedar_presence_init(checker->arena, &checker->terms, &checker->present));
    for (size_t i = 0; i < cedar_schema_action_count(checker->schema); i++) {
        const struct cedar_action *action = cedar_schema_action_at(checker->schema, i);
        if (action_fits(checker->schema, &policy->scope.action, &action->uid)) {
            TRY(check_action(checker, action, outcome));
        }
    }
    return AMANAT_OK;
}

/* ---- (b) Scopes that no request fits ---- */

/* One side of the actions that a scope allows. */
struct side {
    const char *name;
    const struct cedar_scope *scope;
    bool is_principal;
};

static const struct bytes *side_types(const struct side *side, const struct cedar_action *action,
                                      size_t *out_count)
{
    *out_count = side->is_principal ? action->principal_type_count : action->resource_type_count;
    return side->is_principal ? action->principal_types : action->resource_types;
}

/* Whether some action that the policy allows has a type on this side that fits the scope. */
static bool side_fits(const struct cedar_checker *checker, const struct side *side,
                      const struct cedar_scope *scope)
{
    const struct cedar_action_scope *actions = &checker->policy->scope.action;
    for (size_t i = 0; i < cedar_schema_action_count(checker->schema); i++) {
        const struct cedar_action *action = cedar_schema_action_at(checker->schema, i);
        size_t count = 0;
        const struct bytes *types = side_types(side, action, &count);
        if (action_fits(checker->schema, actions, &action->uid) &&
            some_type_fits(checker->schema, scope, types, count)) {
            return true;
        }
    }
    return false;
}

/* Types of one side, each once, as many as a message holds. */
struct few_types {
    struct bytes names[MOST_NAMED_TYPES];
    size_t count;
    bool are_all;
};

static void add_type(struct few_types *few, struct bytes name)
{
    for (size_t i = 0; i < few->count; i++) {
        if (bytes_equal(few->names[i], name)) {
            return;
        }
    }
    if (few->count == MOST_NAMED_TYPES) {
        few->are_all = false;
        return;
    }
    few->names[few->count++] = name;
}

/* The types that the policy's actions take on this side: "`A`, `B`, …". */
static void append_side_types(const struct cedar_checker *checker, const struct side *side,
                              struct buffer *text)
{
    struct few_types few = {.are_all = true};
    for (size_t i = 0; i < cedar_schema_action_count(checker->schema); i++) {
        const struct cedar_action *action = cedar_schema_action_at(checker->schema, i);
        size_t count = 0;
        const struct bytes *types = side_types(side, action, &count);
        if (action_fits(checker->schema, &checker->policy->scope.action, &action->uid)) {
            for (size_t j = 0; j < count; j++) {
                add_type(&few, types[j]);
            }
        }
    }
    for (size_t i = 0; i < few.count; i++) {
        buffer_append_format(text, "%s`%.*s`", i > 0 ? ", " : "", BYTES_PRINTF(few.names[i]));
    }
    buffer_append_string(text, few.are_all ? "" : ", …");
}

/* Says what this side would have to be; whether `in` was meant where `==` stands. */
static void explain_side(const struct cedar_checker *checker, const struct side *side,
                         struct buffer *text)
{
    const struct cedar_scope *scope = side->scope;
    struct cedar_scope other = *scope;
    buffer_append_format(text, "its actions need a %s of type ", side->name);
    append_side_types(checker, side, text);
    if (scope->kind == CEDAR_SCOPE_EQUAL) {
        other.kind = CEDAR_SCOPE_IN;
        const bool in_was_meant = side_fits(checker, side, &other);
        if (in_was_meant) {
            buffer_append_format(text, "; did you mean `%s in`?", side->name);
        }
        return;
    }
    other.kind = scope->kind == CEDAR_SCOPE_IN ? CEDAR_SCOPE_ANY : CEDAR_SCOPE_IS;
    if (side_fits(checker, side, &other)) {
        buffer_append_format(text, ", and that cannot be in `%.*s`",
                             BYTES_PRINTF(scope->entity.type));
    }
}

/* `action == Action::"…"` of what only others are in. */
static bool is_equal_to_group(const struct cedar_checker *checker)
{
    const struct cedar_action_scope *scope = &checker->policy->scope.action;
    for (size_t i = 0; i < cedar_schema_action_count(checker->schema); i++) {
        const struct cedar_action *action = cedar_schema_action_at(checker->schema, i);
        if (scope->kind == CEDAR_SCOPE_EQUAL && action->applies &&
            cedar_action_is_in(checker->schema, &action->uid, &scope->entities[0])) {
            return true;
        }
    }
    return false;
}

static void explain_scope(const struct cedar_checker *checker, struct buffer *text)
{
    static const struct cedar_scope anything = {.kind = CEDAR_SCOPE_ANY};
    const struct cedar_policy_scope *scope = &checker->policy->scope;
    const struct side sides[] = {{"principal", &scope->principal, true},
                                 {"resource", &scope->resource, false}};
    for (size_t i = 0; i < sizeof(sides) / sizeof(sides[0]); i++) {
        if (!side_fits(checker, &sides[i], &anything)) {
            buffer_append_string(
                text, is_equal_to_group(checker)
                          ? "`action ==` names a group of actions, which is never asked itself; "
                            "write `action in`"
                          : "none of its actions applies to a principal and a resource");
            return;
        }
        if (!side_fits(checker, &sides[i], sides[i].scope)) {
            explain_side(checker, &sides[i], text);
            return;
        }
    }
    buffer_append_string(
        text, "none of its actions applies to such a principal and such a resource together");
}

static amanat_result no_request_fits(struct cedar_checker *checker)
{
    const struct cedar_place nowhere = {0};
    const struct cedar_policy *policy = checker->policy;
    struct buffer why;
    if (checker->faulty) {
        return AMANAT_OK; /* it follows from a name that is not declared */
    }
    buffer_init(&why, LONGEST_EXPLANATION);
    explain_scope(checker, &why);
    const amanat_result result = cedar_check_fault(
        checker, nowhere, "no-request-fits", "no request fits the scope of %s `%.*s`: %.*s%s",
        policy->kind == CEDAR_POLICY_LINK ? "the link" : "the policy", BYTES_PRINTF(policy->id),
        BYTES_PRINTF(buffer_bytes(&why)), why.broken ? " …" : "");
    buffer_clear(&why);
    return result;
}

/* ---- Policies ---- */

static amanat_result check_link(struct cedar_checker *checker)
{
    const struct cedar_policy_scope *scope = &checker->policy->scope;
    TRY(check_slot(checker, &scope->principal));
    TRY(check_slot(checker, &scope->resource));
    for (size_t i = 0; i < cedar_schema_action_count(checker->schema); i++) {
        const struct cedar_action *action = cedar_schema_action_at(checker->schema, i);
        if (action_fits(checker->schema, &scope->action, &action->uid) &&
            some_type_fits(checker->schema, &scope->principal, action->principal_types,
                           action->principal_type_count) &&
            some_type_fits(checker->schema, &scope->resource, action->resource_types,
                           action->resource_type_count)) {
            return AMANAT_OK;
        }
    }
    return no_request_fits(checker);
}

static amanat_result check_policy(struct cedar_checker *checker)
{
    const struct cedar_policy *policy = checker->policy;
    struct outcome outcome = {0};
    if (policy->kind == CEDAR_POLICY_LINK) {
        return check_link(checker);
    }
    TRY(check_all_names(checker));
    TRY(check_environments(checker, &outcome));
    if (!outcome.fits) {
        return no_request_fits(checker);
    }
    if (!outcome.possible && !checker->faulty) {
        amanat_diagnostics_add(checker->diagnostics, AMANAT_SEVERITY_WARNING, "impossible-policy",
                               policy->source, policy->line, policy->column,
                               "no request can satisfy the policy `%.*s`: its conditions are false "
                               "whatever is asked",
                               BYTES_PRINTF(policy->id));
    }
    return AMANAT_OK;
}

amanat_result cedar_policy_set_check_observed(const struct cedar_policy_set *set,
                                              const struct cedar_schema *schema,
                                              struct arena *arena,
                                              struct amanat_diagnostics *diagnostics,
                                              const struct cedar_check_observer *observer,
                                              const struct cedar_checked_policies **out)
{
    struct cedar_checked_policies *checked = ARENA_NEW(arena, struct cedar_checked_policies);
    bool faulty = false;
    TRY_MEMORY(checked);
    checked->set = set;
    for (size_t i = 0; i < set->policies.count; i++) {
        const struct arena_mark mark = arena_mark(arena);
        struct cedar_checker checker = {.schema = schema,
                                        .arena = arena,
                                        .diagnostics = diagnostics,
                                        .observer = observer,
                                        .policy = set->policies.items[i],
                                        .terms = {.arena = arena}};
        const amanat_result result = check_policy(&checker);
        arena_rewind(arena, mark);
        TRY(result);
        faulty = faulty || checker.faulty;
    }
    if (faulty) {
        return amanat_result_of(AMANAT_STATUS_CONFIG_FAULT);
    }
    *out = checked;
    return AMANAT_OK;
}

amanat_result cedar_policy_set_check(const struct cedar_policy_set *set,
                                     const struct cedar_schema *schema, struct arena *arena,
                                     struct amanat_diagnostics *diagnostics,
                                     const struct cedar_checked_policies **out)
{
    return cedar_policy_set_check_observed(set, schema, arena, diagnostics, NULL, out);
}

const struct cedar_policy_set *
cedar_checked_policies_set(const struct cedar_checked_policies *checked)
{
    return checked->set;
}
