/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why a policy applies or does not: its scope part by part, its conditions one by one, with what
 * they read. For people, not for decisions: those are cedar_authorize.c's, and what is said here is
 * found by the same evaluator.
 *
 * With only a part of the request known, conditions have a third answer: a small walk over `&&`,
 * `||`, `!` and `if` evaluates what reads known paths only and leaves the rest open.
 */
#include "policy/base/guard.h"
#include "policy/base/utf8.h"
#include "policy/cedar/cedar_entities.h"
#include "policy/cedar/cedar_evaluate.h"

/* More of a value tells a reader nothing. */
#define SHOWN_LENGTH 200
#define TEXT_LIMIT   65536

typedef VECTOR(struct cedar_conjunct) conjuncts;
typedef VECTOR(struct cedar_reading) readings;

struct explainer {
    struct cedar_evaluation evaluation;
    const struct cedar_known *known; /* NULL: everything */
    struct arena *arena;
    conjuncts conjuncts;
    bool is_over;   /* the first condition that does not hold was met */
    bool seen_open; /* a condition before is open: it may guard against errors of the others */
};

static amanat_result keep_text(struct explainer *explainer, struct buffer *text, struct bytes *out)
{
    const amanat_result result = arena_copy_bytes(explainer->arena, buffer_bytes(text), out);
    buffer_clear(text);
    return result;
}

/* ---- scope ---- */

static void append_parents(struct buffer *text, const struct cedar_entities *entities,
                           const struct cedar_entity_uid *uid)
{
    const struct cedar_entity *entity = cedar_entities_find(entities, uid);
    size_t count = 0;
    const struct cedar_entity_uid *parents =
        entity == NULL ? NULL : cedar_entity_parents(entity, &count);
    for (size_t i = 0; i < count; i++) {
        buffer_append_string(text, i == 0 ? " in " : ", ");
        cedar_entity_uid_append(text, &parents[i]);
    }
}

static void append_scope(struct buffer *text, const char *variable, const struct cedar_scope *scope)
{
    static const char *const relations[] = {[CEDAR_SCOPE_ANY] = "",
                                            [CEDAR_SCOPE_EQUAL] = " == ",
                                            [CEDAR_SCOPE_IN] = " in ",
                                            [CEDAR_SCOPE_IS] = " is ",
                                            [CEDAR_SCOPE_IS_IN] = " is "};
    buffer_append_format(text, "%s%s", variable, relations[scope->kind]);
    if (scope->kind == CEDAR_SCOPE_IS || scope->kind == CEDAR_SCOPE_IS_IN) {
        buffer_append(text, scope->type);
        buffer_append_string(text, scope->kind == CEDAR_SCOPE_IS_IN ? " in " : "");
    }
    if (scope->is_slot) {
        buffer_append_format(text, "?%s", variable);
    } else if (scope->kind != CEDAR_SCOPE_ANY && scope->kind != CEDAR_SCOPE_IS) {
        cedar_entity_uid_append(text, &scope->entity);
    }
}

static void append_action_scope(struct buffer *text, const struct cedar_action_scope *scope)
{
    const bool is_list = scope->kind == CEDAR_SCOPE_IN && scope->count != 1;
    buffer_append_string(text, scope->kind == CEDAR_SCOPE_ANY     ? "action"
                               : scope->kind == CEDAR_SCOPE_EQUAL ? "action == "
                                                                  : "action in ");
    buffer_append_string(text, is_list ? "[" : "");
    for (size_t i = 0; i < scope->count; i++) {
        buffer_append_string(text, i == 0 ? "" : ", ");
        cedar_entity_uid_append(text, &scope->entities[i]);
    }
    buffer_append_string(text, is_list ? "]" : "");
}

/* The policy with only one part of its scope left. */
enum part { PART_PRINCIPAL, PART_ACTION, PART_RESOURCE };

static bool part_matches(const struct explainer *explainer, const struct cedar_policy *policy,
                         enum part part)
{
    struct cedar_policy alone = *policy;
    alone.scope = (struct cedar_policy_scope){.principal = {0}};
    switch (part) {
    case PART_PRINCIPAL:
        alone.scope.principal = policy->scope.principal;
        break;
    case PART_ACTION:
        alone.scope.action = policy->scope.action;
        break;
    case PART_RESOURCE:
        alone.scope.resource = policy->scope.resource;
        break;
    }
    alone.kind = alone.scope.principal.is_slot || alone.scope.resource.is_slot
                     ? CEDAR_POLICY_TEMPLATE
                     : CEDAR_POLICY_STATIC;
    return cedar_policy_scope_matches(&alone, explainer->evaluation.request,
                                      explainer->evaluation.entities);
}

static amanat_result keep_test(struct explainer *explainer, struct buffer *demands,
                               const struct cedar_entity_uid *found, bool matches,
                               struct cedar_scope_test *out)
{
    struct buffer text;
    TRY(keep_text(explainer, demands, &out->demands));
    buffer_init(&text, TEXT_LIMIT);
    cedar_entity_uid_append(&text, found);
    append_parents(&text, explainer->evaluation.entities, found);
    out->matches = matches;
    return keep_text(explainer, &text, &out->found);
}

static amanat_result explain_scope(struct explainer *explainer, const struct cedar_policy *policy,
                                   struct cedar_explanation *out)
{
    const struct cedar_request *request = explainer->evaluation.request;
    struct buffer demands;
    buffer_init(&demands, TEXT_LIMIT);
    append_scope(&demands, "principal", &policy->scope.principal);
    TRY(keep_test(explainer, &demands, &request->principal,
                  part_matches(explainer, policy, PART_PRINCIPAL), &out->principal));
    append_action_scope(&demands, &policy->scope.action);
    TRY(keep_test(explainer, &demands, &request->action,
                  part_matches(explainer, policy, PART_ACTION), &out->action));
    append_scope(&demands, "resource", &policy->scope.resource);
    return keep_test(explainer, &demands, &request->resource,
                     part_matches(explainer, policy, PART_RESOURCE), &out->resource);
}

/* ---- paths ---- */

static const char *variable_name(enum cedar_variable variable)
{
    static const char *const names[] = {[CEDAR_VARIABLE_PRINCIPAL] = "principal",
                                        [CEDAR_VARIABLE_ACTION] = "action",
                                        [CEDAR_VARIABLE_RESOURCE] = "resource",
                                        [CEDAR_VARIABLE_CONTEXT] = "context"};
    return names[variable];
}

static bool is_tag(const struct cedar_expression *expression)
{
    return expression->kind == CEDAR_EXPRESSION_CALL && expression->operand_count > 0 &&
           (strcmp(expression->as.operation->name, "getTag") == 0 ||
            strcmp(expression->as.operation->name, "hasTag") == 0);
}

static bool is_path(const struct cedar_expression *expression)
{
    while (expression->kind == CEDAR_EXPRESSION_GET) {
        expression = expression->operands[0];
    }
    return expression->kind == CEDAR_EXPRESSION_VARIABLE;
}

static void append_path(struct buffer *text, const struct cedar_expression *path)
{
    if (path->kind == CEDAR_EXPRESSION_VARIABLE) {
        buffer_append_string(text, variable_name(path->as.variable));
        return;
    }
    append_path(text, path->operands[0]);
    buffer_append_byte(text, '.');
    buffer_append(text, path->as.attribute);
}

/* Whether it is one of the known paths or lies below one. */
static bool path_is_known(const struct cedar_known *known, struct bytes path)
{
    for (size_t i = 0; i < known->path_count; i++) {
        const struct bytes prefix = known->paths[i];
        if (bytes_start_with(path, prefix) &&
            (path.length == prefix.length || path.at[prefix.length] == '.')) {
            return true;
        }
    }
    return false;
}

static bool lists_variable(const struct bytes *names, size_t count,
                           const struct cedar_expression *operand)
{
    for (size_t i = 0; i < count && operand->kind == CEDAR_EXPRESSION_VARIABLE; i++) {
        if (bytes_equal_string(names[i], variable_name(operand->as.variable))) {
            return true;
        }
    }
    return false;
}

static bool asks_membership(const struct cedar_expression *expression)
{
    return expression->kind == CEDAR_EXPRESSION_IS ||
           (expression->kind == CEDAR_EXPRESSION_CALL &&
            strcmp(expression->as.operation->name, "in") == 0);
}

/* Whether an operation's own look at a variable finds only what is known: its entity, or what the
 * entity is in. */
static bool name_is_known(const struct cedar_known *known, const struct cedar_expression *operation,
                          size_t operand)
{
    const struct cedar_expression *variable = operation->operands[operand];
    const bool compares = operation->kind == CEDAR_EXPRESSION_IS ||
                          (operation->kind == CEDAR_EXPRESSION_CALL && !is_tag(operation));
    return (compares && lists_variable(known->names, known->name_count, variable)) ||
           (operand == 0 && asks_membership(operation) &&
            lists_variable(known->members, known->member_count, variable));
}

/* ---- does it read only what is known? ---- */

static bool reads_only_known(const struct cedar_known *known,
                             const struct cedar_expression *expression);

/* `key`: what is asked for of the path's value, or no bytes. */
static bool path_is_read(const struct cedar_known *known, const struct cedar_expression *path,
                         struct bytes key)
{
    struct buffer text;
    buffer_init(&text, TEXT_LIMIT);
    append_path(&text, path);
    if (key.length > 0) {
        buffer_append_byte(&text, '.');
        buffer_append(&text, key);
    }
    const bool is_known = !text.broken && path_is_known(known, buffer_bytes(&text));
    buffer_clear(&text);
    return is_known;
}

/* Attributes of an entity that is written with an empty id are those of a record (design 2). */
static bool is_record_literal(const struct cedar_expression *expression)
{
    return expression->kind == CEDAR_EXPRESSION_LITERAL &&
           expression->as.literal.kind == CEDAR_VALUE_ENTITY &&
           expression->as.literal.as.entity.id.length == 0;
}

static bool operands_are_known(const struct cedar_known *known,
                               const struct cedar_expression *expression)
{
    for (size_t i = 0; i < expression->operand_count; i++) {
        if (!name_is_known(known, expression, i) &&
            !reads_only_known(known, expression->operands[i])) {
            return false;
        }
    }
    return true;
}

static bool reads_only_known(const struct cedar_known *known,
                             const struct cedar_expression *expression)
{
    const struct bytes nothing = {0};
    const bool is_has = expression->kind == CEDAR_EXPRESSION_HAS;
    if (is_path(expression)) {
        return path_is_read(known, expression, nothing);
    }
    if (is_has && is_path(expression->operands[0])) {
        return path_is_read(known, expression->operands[0], expression->as.path.keys[0]);
    }
    if ((is_has || expression->kind == CEDAR_EXPRESSION_GET) &&
        is_record_literal(expression->operands[0])) {
        return false;
    }
    return operands_are_known(known, expression);
}

/* ---- three-valued evaluation ---- */

static amanat_result evaluate_bool(struct explainer *explainer,
                                   const struct cedar_expression *expression,
                                   enum cedar_outcome *out)
{
    struct cedar_evaluation *evaluation = &explainer->evaluation;
    struct cedar_value value;
    const amanat_result result = cedar_evaluate(evaluation, expression, &value);
    if (result.status == AMANAT_STATUS_CONFIG_FAULT) {
        *out = CEDAR_OUTCOME_ERROR;
        return AMANAT_OK;
    }
    TRY(result);
    if (value.kind != CEDAR_VALUE_BOOL) {
        evaluation->line = expression->line;
        evaluation->column = expression->column;
        const amanat_result wrong = cedar_evaluation_fail(evaluation, "expected Bool, found %s",
                                                          cedar_value_kind_name(value.kind));
        *out = CEDAR_OUTCOME_ERROR;
        return wrong.status == AMANAT_STATUS_CONFIG_FAULT ? AMANAT_OK : wrong;
    }
    *out = value.as.boolean ? CEDAR_OUTCOME_HOLDS : CEDAR_OUTCOME_FAILS;
    return AMANAT_OK;
}

static amanat_result judge(struct explainer *explainer, const struct cedar_expression *expression,
                           enum cedar_outcome *out);

/* `&&` and `||`: an operand that decides does so also behind one that is open. An error behind an
 * open one may be guarded against by it. */
static amanat_result judge_logic(struct explainer *explainer,
                                 const struct cedar_expression *expression, enum cedar_outcome *out)
{
    const bool is_or = expression->kind == CEDAR_EXPRESSION_OR;
    const enum cedar_outcome deciding = is_or ? CEDAR_OUTCOME_HOLDS : CEDAR_OUTCOME_FAILS;
    enum cedar_outcome all = is_or ? CEDAR_OUTCOME_FAILS : CEDAR_OUTCOME_HOLDS;
    for (size_t i = 0; i < expression->operand_count; i++) {
        enum cedar_outcome one = CEDAR_OUTCOME_OPEN;
        TRY(judge(explainer, expression->operands[i], &one));
        if (one == deciding || (one == CEDAR_OUTCOME_ERROR && all != CEDAR_OUTCOME_OPEN)) {
            *out = one;
            return AMANAT_OK;
        }
        all = one == CEDAR_OUTCOME_OPEN || one == CEDAR_OUTCOME_ERROR ? CEDAR_OUTCOME_OPEN : all;
    }
    *out = all;
    return AMANAT_OK;
}

static amanat_result judge_if(struct explainer *explainer,
                              const struct cedar_expression *expression, enum cedar_outcome *out)
{
    enum cedar_outcome parts[3] = {CEDAR_OUTCOME_OPEN, CEDAR_OUTCOME_OPEN, CEDAR_OUTCOME_OPEN};
    TRY(judge(explainer, expression->operands[0], &parts[0]));
    if (parts[0] == CEDAR_OUTCOME_ERROR) {
        *out = CEDAR_OUTCOME_ERROR;
        return AMANAT_OK;
    }
    if (parts[0] != CEDAR_OUTCOME_OPEN) {
        return judge(explainer, expression->operands[parts[0] == CEDAR_OUTCOME_HOLDS ? 1 : 2], out);
    }
    TRY(judge(explainer, expression->operands[1], &parts[1]));
    TRY(judge(explainer, expression->operands[2], &parts[2]));
    *out = parts[1] == parts[2] ? parts[1] : CEDAR_OUTCOME_OPEN;
    return AMANAT_OK;
}

static enum cedar_outcome opposite(enum cedar_outcome outcome)
{
    return outcome == CEDAR_OUTCOME_HOLDS   ? CEDAR_OUTCOME_FAILS
           : outcome == CEDAR_OUTCOME_FAILS ? CEDAR_OUTCOME_HOLDS
                                            : outcome;
}

static bool is_negation(const struct cedar_expression *expression)
{
    return expression->kind == CEDAR_EXPRESSION_CALL &&
           expression->as.operation->style == CEDAR_OPERATION_PREFIX &&
           strcmp(expression->as.operation->name, "!") == 0;
}

static amanat_result judge(struct explainer *explainer, const struct cedar_expression *expression,
                           enum cedar_outcome *out)
{
    if (explainer->known == NULL || reads_only_known(explainer->known, expression)) {
        return evaluate_bool(explainer, expression, out);
    }
    if (expression->kind == CEDAR_EXPRESSION_AND || expression->kind == CEDAR_EXPRESSION_OR) {
        return judge_logic(explainer, expression, out);
    }
    if (expression->kind == CEDAR_EXPRESSION_IF) {
        return judge_if(explainer, expression, out);
    }
    *out = CEDAR_OUTCOME_OPEN;
    if (is_negation(expression)) {
        TRY(judge(explainer, expression->operands[0], out));
        *out = opposite(*out);
    }
    return AMANAT_OK;
}

/* ---- what a condition reads ---- */

static amanat_result show(struct explainer *explainer, struct buffer *text, struct bytes *out)
{
    if (text->length > SHOWN_LENGTH) {
        size_t length = SHOWN_LENGTH;
        while (length > 0 && ((unsigned char)text->at[length] & 0xC0U) == 0x80U) {
            length--;
        }
        buffer_truncate(text, length);
        buffer_append_string(text, "…");
    }
    return keep_text(explainer, text, out);
}

static void append_names(struct buffer *text, const struct cedar_value *record)
{
    buffer_append_string(text, record->as.record.count == 0 ? "no attributes" : "");
    for (size_t i = 0; i < record->as.record.count; i++) {
        buffer_append_string(text, i == 0 ? "" : ", ");
        buffer_append(text, record->as.record.fields[i].key);
    }
}

/* How the parent expression looks at a path's value. */
enum look { LOOK_VALUE = 0, LOOK_NAMES, LOOK_TAGS, LOOK_PARENTS };

static amanat_result add_reading(struct explainer *explainer, const struct cedar_expression *path,
                                 enum look look, readings *list)
{
    struct cedar_value value;
    struct bytes name;
    struct buffer text;
    buffer_init(&text, TEXT_LIMIT);
    append_path(&text, path);
    TRY(keep_text(explainer, &text, &name));
    for (size_t i = 0; i < list->count; i++) {
        if (bytes_equal(list->items[i].path, name)) {
            return AMANAT_OK;
        }
    }
    struct cedar_reading *reading = VECTOR_PUSH(explainer->arena, list);
    TRY_MEMORY(reading);
    reading->path = name;
    reading->verb = "is";
    struct cedar_evaluation evaluation = explainer->evaluation; /* keeps the condition's failure */
    const amanat_result found = cedar_evaluate(&evaluation, path, &value);
    if (found.status == AMANAT_STATUS_CONFIG_FAULT) {
        reading->shown = BYTES("not there");
        return AMANAT_OK;
    }
    TRY(found);
    const struct cedar_entity *entity =
        value.kind == CEDAR_VALUE_ENTITY
            ? cedar_entities_find(evaluation.entities, &value.as.entity)
            : NULL;
    if (look == LOOK_NAMES && (entity != NULL || value.kind == CEDAR_VALUE_RECORD)) {
        reading->verb = "has";
        append_names(&text, entity == NULL ? &value : cedar_entity_attributes(entity));
    } else if (look == LOOK_TAGS && entity != NULL) {
        reading->verb = "has the tags";
        cedar_value_append(&text, cedar_entity_tags(entity));
    } else {
        cedar_value_append(&text, &value);
    }
    if (look == LOOK_PARENTS && value.kind == CEDAR_VALUE_ENTITY) {
        append_parents(&text, evaluation.entities, &value.as.entity);
    }
    return show(explainer, &text, &reading->shown);
}

static amanat_result add_readings(struct explainer *explainer,
                                  const struct cedar_expression *expression, readings *list)
{
    const enum look look = expression->kind == CEDAR_EXPRESSION_HAS ? LOOK_NAMES
                           : is_tag(expression)                     ? LOOK_TAGS
                           : asks_membership(expression)            ? LOOK_PARENTS
                                                                    : LOOK_VALUE;
    if (is_path(expression)) {
        return add_reading(explainer, expression, LOOK_VALUE, list);
    }
    for (size_t i = 0; i < expression->operand_count; i++) {
        const struct cedar_expression *operand = expression->operands[i];
        TRY(is_path(operand) ? add_reading(explainer, operand, look, list)
                             : add_readings(explainer, operand, list));
    }
    return AMANAT_OK;
}

/* ---- conditions ---- */

/* The source on one line: comments go, and runs of white space are one blank. */
static amanat_result tidy(struct explainer *explainer, struct bytes source, struct bytes *out)
{
    struct buffer text;
    bool in_string = false;
    bool blank = false;
    buffer_init(&text, source.length + 64);
    for (size_t i = 0; i < source.length; i++) {
        const char byte = source.at[i];
        if (!in_string && byte == '/' && i + 1 < source.length && source.at[i + 1] == '/') {
            i += bytes_find(bytes_from(source, i), '\n');
            blank = true;
        } else if (!in_string && (byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r')) {
            blank = true;
        } else {
            buffer_append_string(&text, blank && text.length > 0 ? " " : "");
            blank = false;
            buffer_append_byte(&text, byte);
            const bool escapes = in_string && byte == '\\' && i + 1 < source.length;
            if (escapes) {
                buffer_append_byte(&text, source.at[++i]);
            }
            in_string ^= byte == '"';
        }
    }
    buffer_append_string(&text, source.length == 0 ? "(a condition without source)" : "");
    return keep_text(explainer, &text, out);
}

static amanat_result ask(struct explainer *explainer, const struct cedar_expression *expression,
                         struct cedar_conjunct *conjunct)
{
    enum cedar_outcome outcome = CEDAR_OUTCOME_OPEN;
    readings list = {0};
    TRY(judge(explainer, expression, &outcome));
    if (outcome == CEDAR_OUTCOME_ERROR && explainer->seen_open) {
        outcome = CEDAR_OUTCOME_OPEN;
    }
    conjunct->outcome = conjunct->unless ? opposite(outcome) : outcome;
    explainer->seen_open |= outcome == CEDAR_OUTCOME_OPEN;
    explainer->is_over = conjunct->outcome == CEDAR_OUTCOME_FAILS || outcome == CEDAR_OUTCOME_ERROR;
    if (outcome == CEDAR_OUTCOME_ERROR) {
        conjunct->error = arena_format(explainer->arena, "%s", explainer->evaluation.failure);
        TRY_MEMORY(conjunct->error);
        conjunct->error_line = explainer->evaluation.line;
        conjunct->error_column = explainer->evaluation.column;
    }
    if (outcome != CEDAR_OUTCOME_OPEN) {
        TRY(add_readings(explainer, expression, &list));
    }
    conjunct->readings = list.items;
    conjunct->reading_count = list.count;
    return AMANAT_OK;
}

static amanat_result add_conjuncts(struct explainer *explainer, bool unless,
                                   const struct cedar_expression *expression,
                                   const struct cedar_stretch *stretch)
{
    const struct cedar_stretch nowhere = {.text = {0}};
    if (expression->kind == (unless ? CEDAR_EXPRESSION_OR : CEDAR_EXPRESSION_AND)) {
        const struct cedar_stretch *stretches = expression->as.stretches;
        for (size_t i = 0; i < expression->operand_count; i++) {
            TRY(add_conjuncts(explainer, unless, expression->operands[i],
                              stretches == NULL ? &nowhere : &stretches[i]));
        }
        return AMANAT_OK;
    }
    struct cedar_conjunct *conjunct = VECTOR_PUSH(explainer->arena, &explainer->conjuncts);
    TRY_MEMORY(conjunct);
    conjunct->unless = unless;
    conjunct->line = stretch->text.length == 0 ? expression->line : stretch->line;
    conjunct->column = stretch->text.length == 0 ? expression->column : stretch->column;
    TRY(tidy(explainer, stretch->text, &conjunct->text));
    return explainer->is_over ? AMANAT_OK : ask(explainer, expression, conjunct);
}

amanat_result cedar_explain(const struct cedar_policy *policy, const struct cedar_request *request,
                            const struct cedar_entities *entities, const struct cedar_known *known,
                            struct arena *arena, struct cedar_explanation *out)
{
    ASSERT(entities->is_closed);
    struct explainer explainer = {.evaluation = cedar_evaluation_of(request, entities, arena),
                                  .known = known,
                                  .arena = arena};
    struct cedar_explanation explanation = {.conjuncts = NULL};
    TRY(explain_scope(&explainer, policy, &explanation));
    for (size_t i = 0; i < policy->condition_count; i++) {
        TRY(add_conjuncts(&explainer, policy->conditions[i].unless, policy->conditions[i].body,
                          &policy->conditions[i].stretch));
    }
    explanation.conjuncts = explainer.conjuncts.items;
    explanation.conjunct_count = explainer.conjuncts.count;
    while (explanation.held < explanation.conjunct_count &&
           explanation.conjuncts[explanation.held].outcome == CEDAR_OUTCOME_HOLDS) {
        explanation.held++;
    }
    *out = explanation;
    return AMANAT_OK;
}
