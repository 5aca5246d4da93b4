/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Policies that are right and perhaps not what their author thinks: a table of warnings. Each is
 * about what two policies do together or about what a condition leaves open; none changes a
 * decision. Where it is not certain that a warning is true, it is not given.
 *
 * `@accept("CODE")` on a policy says that its author has thought of it: the warnings with this code
 * are not given for the policy. Several codes are separated by blanks or commas.
 *
 * Two policies may meet when one request can be in both scopes and some purpose of the vocabulary
 * is ruled out by the conditions of neither. Other conditions are not compared.
 */
#include "policy/base/base.h"
#include "policy/disclosure/ruleset_parts.h"

/** One mode of a label and the policies whose action scope takes it in; no id: not defined. */
struct mode_policies {
    struct bytes id;
    const struct cedar_policy **policies;
    size_t policy_count;
};

struct linter {
    const struct ruleset *ruleset;
    struct arena *arena;
    struct amanat_diagnostics *diagnostics;
    struct mode_policies *modes; /* [label * DISCLOSURE_MODE_COUNT + mode] */
    struct map purposes;         /* policy id → const bool[], one for each purpose */
    struct map told;             /* what was warned of already */
    bool partners_nest;          /* some partner is in another entity */
};

/* ---- warnings ---- */

/* Whether the list of codes in `@accept` has this one. */
static bool is_accepted(const struct cedar_policy *policy, const char *code)
{
    struct bytes rest;
    if (!cedar_policy_annotation(policy, "accept", &rest)) {
        return false;
    }
    while (rest.length > 0) {
        size_t end = 0;
        while (end < rest.length && rest.at[end] != ' ' && rest.at[end] != ',') {
            end++;
        }
        if (bytes_equal_string(bytes_first(rest, end), code)) {
            return true;
        }
        rest = bytes_from(rest, end < rest.length ? end + 1 : end);
    }
    return false;
}

/* Whether this is the first time; `about` tells apart what is told of one policy. */
static amanat_result is_news(struct linter *linter, const struct cedar_policy *policy,
                             const char *code, struct bytes about, bool *out)
{
    const struct bytes key =
        arena_format_bytes(linter->arena, "%s %.*s %.*s", code, BYTES_PRINTF(about),
                           BYTES_PRINTF(cedar_policy_id(policy)));
    TRY_MEMORY(key.at);
    *out = !is_accepted(policy, code) && map_get(&linter->told, key) == NULL;
    return *out ? map_put(linter->arena, &linter->told, key, linter) : AMANAT_OK;
}

#define WARN(linter, policy, code, place, ...)                                                     \
    amanat_diagnostics_add((linter)->diagnostics, AMANAT_SEVERITY_WARNING, (code),                 \
                           cedar_policy_source(policy), (place).line, (place).column, __VA_ARGS__)

/* Where the policy's scope names the action or its group; the policy's own place for `action`. */
static struct cedar_place action_place(const struct ruleset *ruleset,
                                       const struct cedar_policy *policy,
                                       const struct cedar_entity_uid *action)
{
    const struct cedar_action_scope *scope = &cedar_policy_scope(policy)->action;
    for (size_t i = 0; i < scope->count && scope->places != NULL; i++) {
        if (cedar_entities_is_in(ruleset->entities, action, &scope->entities[i])) {
            return scope->places[i];
        }
    }
    return (struct cedar_place){cedar_policy_line(policy), cedar_policy_column(policy)};
}

/* ---- can two policies meet? ---- */

static bool has_entity(const struct cedar_scope *scope)
{
    return scope->kind == CEDAR_SCOPE_EQUAL || scope->kind == CEDAR_SCOPE_IN ||
           scope->kind == CEDAR_SCOPE_IS_IN;
}

static bool is_of_type(const struct cedar_scope *scope, const char *type)
{
    return has_entity(scope) && bytes_equal_string(scope->entity.type, type);
}

/* Different partners have no agent in common, unless one is in the other; different services no
 * record. Of other entities nothing is known. */
static bool entities_meet(const struct linter *linter, const struct cedar_scope *a,
                          const struct cedar_scope *b, const char *type)
{
    const struct cedar_entities *entities = linter->ruleset->entities;
    if (!is_of_type(a, type) || !is_of_type(b, type) ||
        cedar_entity_uid_equal(&a->entity, &b->entity)) {
        return true;
    }
    return linter->partners_nest && (cedar_entities_is_in(entities, &a->entity, &b->entity) ||
                                     cedar_entities_is_in(entities, &b->entity, &a->entity));
}

static bool takes_type(const struct cedar_scope *scope, struct bytes type)
{
    const bool names_type = scope->kind == CEDAR_SCOPE_IS || scope->kind == CEDAR_SCOPE_IS_IN;
    return names_type                         ? bytes_equal(scope->type, type)
           : scope->kind == CEDAR_SCOPE_EQUAL ? bytes_equal(scope->entity.type, type)
                                              : true;
}

static bool reads_purpose(const struct cedar_test *test)
{
    for (size_t i = 0; i < test->path_count; i++) {
        const struct cedar_path *path = &test->paths[i];
        if (bytes_equal_string(path->variable, "context") && path->key_count >= 2 &&
            bytes_equal_string(path->keys[0], "need") &&
            bytes_equal_string(path->keys[1], "purpose")) {
            return true;
        }
    }
    return false;
}

/* Whether the conditions rule out the purpose, whatever else is asked. */
static amanat_result excludes_purpose(struct linter *linter, const struct cedar_policy *policy,
                                      struct bytes purpose, bool *out)
{
    static const struct bytes paths[] = {{"context.need.purpose", 20}};
    static const struct cedar_known known = {.paths = paths, .path_count = 1};
    struct cedar_request request = {.principal = {BYTES("Agent"), BYTES("")},
                                    .action = {BYTES("Action"), BYTES("")},
                                    .resource = {BYTES("Service"), BYTES("")}};
    struct cedar_field field = {BYTES("purpose"), cedar_value_entity(BYTES("Purpose"), purpose)};
    struct cedar_explanation explanation;
    TRY(cedar_value_record(linter->arena, &field, 1, &field.value));
    field.key = BYTES("need");
    TRY(cedar_value_record(linter->arena, &field, 1, &request.context));
    TRY(cedar_explain(policy, &request, linter->ruleset->entities, &known, linter->arena,
                      &explanation));
    *out = false;
    for (size_t i = 0; i < explanation.conjunct_count; i++) {
        *out = *out || explanation.conjuncts[i].outcome == CEDAR_OUTCOME_FAILS;
    }
    return AMANAT_OK;
}

static amanat_result find_purposes(struct linter *linter, const struct cedar_policy *policy,
                                   bool *purposes)
{
    const struct vocabulary *vocabulary = &linter->ruleset->catalogue->vocabulary;
    const struct cedar_test *tests = NULL;
    size_t count = 0;
    bool is_read = false;
    TRY(cedar_policy_list_tests(policy, linter->arena, &tests, &count));
    for (size_t i = 0; i < count; i++) {
        is_read = is_read || reads_purpose(&tests[i]);
    }
    for (size_t i = 0; i < vocabulary->purpose_count; i++) {
        bool excluded = false;
        if (is_read) {
            TRY(excludes_purpose(linter, policy, vocabulary->purposes[i].name, &excluded));
        }
        purposes[i] = !excluded;
    }
    return AMANAT_OK;
}

/* For which purposes the policy may apply: found once. */
static amanat_result purposes_of(struct linter *linter, const struct cedar_policy *policy,
                                 const bool **out)
{
    bool *purposes = map_get(&linter->purposes, cedar_policy_id(policy));
    if (purposes == NULL) {
        purposes = arena_allocate_array(
            linter->arena, linter->ruleset->catalogue->vocabulary.purpose_count + 1, sizeof(bool));
        TRY_MEMORY(purposes);
        const struct arena_mark mark = arena_mark(linter->arena);
        TRY(find_purposes(linter, policy, purposes));
        arena_rewind(linter->arena, mark);
        TRY(map_put(linter->arena, &linter->purposes, cedar_policy_id(policy), purposes));
    }
    *out = purposes;
    return AMANAT_OK;
}

static amanat_result purposes_meet(struct linter *linter, const struct cedar_policy *a,
                                   const struct cedar_policy *b, bool *out)
{
    const bool *of_a = NULL;
    const bool *of_b = NULL;
    TRY(purposes_of(linter, a, &of_a));
    TRY(purposes_of(linter, b, &of_b));
    *out = false;
    for (size_t i = 0; i < linter->ruleset->catalogue->vocabulary.purpose_count; i++) {
        *out = *out || (of_a[i] && of_b[i]);
    }
    return AMANAT_OK;
}

/* ---- what is out of reach ---- */

/* Whether everything in the scope `inner` is in the scope `outer`, seen from one type. */
static bool covers(const struct ruleset *ruleset, const struct cedar_scope *outer,
                   const struct cedar_scope *inner, struct bytes type)
{
    return takes_type(outer, type) &&
           (!has_entity(outer) ||
            (has_entity(inner) && outer->kind != CEDAR_SCOPE_EQUAL &&
             cedar_entities_is_in(ruleset->entities, &inner->entity, &outer->entity)) ||
            (has_entity(inner) && inner->kind == CEDAR_SCOPE_EQUAL &&
             cedar_entity_uid_equal(&inner->entity, &outer->entity)));
}

/* Whether a forbid without conditions takes back all that the permit gives. */
static amanat_result is_taken_back(const struct linter *linter, const struct cedar_policy *permit,
                                   const struct mode_policies *action, struct bytes type, bool *out)
{
    const struct cedar_policy_scope *scope = cedar_policy_scope(permit);
    *out = false;
    for (size_t i = 0; i < action->policy_count && !*out; i++) {
        const struct cedar_policy *forbid = action->policies[i];
        const struct cedar_policy_scope *wide = cedar_policy_scope(forbid);
        const struct cedar_test *tests = NULL;
        size_t count = 0;
        if (cedar_policy_effect(forbid) == CEDAR_EFFECT_PERMIT ||
            !covers(linter->ruleset, &wide->principal, &scope->principal, BYTES("Agent")) ||
            !covers(linter->ruleset, &wide->resource, &scope->resource, type)) {
            continue;
        }
        const struct arena_mark mark = arena_mark(linter->arena);
        TRY(cedar_policy_list_tests(forbid, linter->arena, &tests, &count));
        arena_rewind(linter->arena, mark);
        *out = count == 0;
    }
    return AMANAT_OK;
}

static const struct mode_policies *mode_of(const struct linter *linter, size_t label, size_t mode)
{
    return &linter->modes[label * DISCLOSURE_MODE_COUNT + mode];
}

/* Whether the permit may disclose in this mode a field of `type` to whom the other policy speaks
 * of. */
static amanat_result may_disclose(struct linter *linter, const struct cedar_policy *permit,
                                  const struct mode_policies *action, struct bytes type,
                                  const struct cedar_policy *other, bool *out)
{
    const struct cedar_policy_scope *a = cedar_policy_scope(permit);
    const struct cedar_policy_scope *b = cedar_policy_scope(other);
    bool taken_back = false;
    *out = cedar_policy_effect(permit) == CEDAR_EFFECT_PERMIT && takes_type(&a->resource, type) &&
           entities_meet(linter, &a->principal, &b->principal, "Partner") &&
           entities_meet(linter, &a->resource, &b->resource, "Service");
    if (*out) {
        TRY(purposes_meet(linter, permit, other, out));
    }
    if (*out) {
        TRY(is_taken_back(linter, permit, action, type, &taken_back));
        *out = !taken_back;
    }
    return AMANAT_OK;
}

/* ---- weaker-mode-forbidden ---- */

static bool lists_policy(const struct mode_policies *action, const struct cedar_policy *policy)
{
    for (size_t i = 0; i < action->policy_count; i++) {
        if (action->policies[i] == policy) {
            return true;
        }
    }
    return false;
}

/* The first permit of the action that may meet the forbid, or NULL. */
static amanat_result find_permit(struct linter *linter, const struct cedar_policy *forbid,
                                 const struct mode_policies *action,
                                 const struct cedar_policy **out)
{
    const struct cedar_entity_uid uid = {BYTES("Action"), action->id};
    const struct cedar_action *declared = cedar_schema_action(linter->ruleset->schema, &uid);
    *out = NULL;
    for (size_t i = 0; i < action->policy_count; i++) {
        for (size_t k = 0; k < declared->resource_type_count; k++) {
            const struct bytes type = declared->resource_types[k];
            bool may = takes_type(&cedar_policy_scope(forbid)->resource, type);
            if (may) {
                TRY(may_disclose(linter, action->policies[i], action, type, forbid, &may));
            }
            if (may) {
                *out = action->policies[i];
                return AMANAT_OK;
            }
        }
    }
    return AMANAT_OK;
}

static amanat_result check_forbid(struct linter *linter, const struct cedar_policy *forbid,
                                  size_t label, size_t mode)
{
    static const char code[] = "weaker-mode-forbidden";
    const struct ruleset *ruleset = linter->ruleset;
    const struct catalogue_label *declared = &ruleset->catalogue->vocabulary.labels[label];
    const struct mode_policies *weaker = mode_of(linter, label, mode);
    for (size_t strong = mode + 1; strong < DISCLOSURE_MODE_COUNT; strong++) {
        const struct mode_policies *action = mode_of(linter, label, strong);
        const struct cedar_policy *permit = NULL;
        bool is_new = false;
        if (!declared->defines[strong] || lists_policy(action, forbid)) {
            continue;
        }
        TRY(find_permit(linter, forbid, action, &permit));
        if (permit == NULL) {
            continue;
        }
        TRY(is_news(linter, forbid, code, BYTES(""), &is_new));
        if (is_new) {
            const struct cedar_entity_uid uid = {BYTES("Action"), weaker->id};
            WARN(linter, forbid, code, action_place(ruleset, forbid, &uid),
                 "`%.*s` forbids `%.*s` but not the stronger `%.*s`, which `%.*s` (%s:%u) may "
                 "permit: the stronger mode would leave; write "
                 "`action in Action::\"disclose:%.*s\"` to keep it in",
                 BYTES_PRINTF(cedar_policy_id(forbid)), BYTES_PRINTF(weaker->id),
                 BYTES_PRINTF(action->id), BYTES_PRINTF(cedar_policy_id(permit)),
                 cedar_policy_source(permit), cedar_policy_line(permit),
                 BYTES_PRINTF(declared->name));
        }
    }
    return AMANAT_OK;
}

static amanat_result lint_weaker_modes(struct linter *linter)
{
    const struct vocabulary *vocabulary = &linter->ruleset->catalogue->vocabulary;
    for (size_t label = 0; label < vocabulary->label_count; label++) {
        for (size_t mode = DISCLOSURE_WITHHELD + 1; mode < DISCLOSURE_REVEAL; mode++) {
            const struct mode_policies *action = mode_of(linter, label, mode);
            for (size_t i = 0; i < action->policy_count; i++) {
                if (cedar_policy_effect(action->policies[i]) == CEDAR_EFFECT_FORBID) {
                    TRY(check_forbid(linter, action->policies[i], label, mode));
                }
            }
        }
    }
    return AMANAT_OK;
}

/* ---- query-finer-than-answer ---- */

static bool lists_number(const size_t *list, size_t count, size_t number)
{
    for (size_t i = 0; i < count; i++) {
        if (list[i] == number) {
            return true;
        }
    }
    return false;
}

/* Whether a permit of this mode lets out the label in an answer of the operation. */
static amanat_result answers_in_mode(struct linter *linter, const struct cedar_policy *query,
                                     const struct catalogue_operation *operation, size_t label,
                                     size_t mode, bool *out)
{
    const struct catalogue *catalogue = linter->ruleset->catalogue;
    const struct mode_policies *action = mode_of(linter, label, mode);
    const struct cedar_scope service = {
        .kind = CEDAR_SCOPE_EQUAL,
        .entity = {BYTES("Service"), catalogue->services[operation->service].name}};
    *out = false;
    for (size_t i = 0; i < action->policy_count; i++) {
        const struct cedar_policy *permit = action->policies[i];
        if (!entities_meet(linter, &cedar_policy_scope(permit)->resource, &service, "Service")) {
            continue;
        }
        for (size_t k = 0; k < operation->record_count && !*out; k++) {
            const struct catalogue_record *record = &catalogue->records[operation->records[k]];
            if (lists_number(record->labels, record->label_count, label)) {
                TRY(may_disclose(linter, permit, action, record->name, query, out));
            }
        }
        if (!*out && catalogue->label_uses[label].outside_records) {
            TRY(may_disclose(linter, permit, action, BYTES("Service"), query, out));
        }
        if (*out) {
            return AMANAT_OK;
        }
    }
    return AMANAT_OK;
}

static amanat_result check_query(struct linter *linter, const struct cedar_policy *query,
                                 const struct catalogue_operation *operation, size_t label)
{
    static const char code[] = "query-finer-than-answer";
    static const char *const shown[] = {[DISCLOSURE_WITHHELD] = "nothing",
                                        [DISCLOSURE_TOKENIZE] = "at most a token",
                                        [DISCLOSURE_MASK] = "at most a masked value",
                                        [DISCLOSURE_COARSEN] = "at most a coarser value"};
    const struct catalogue_label *declared = &linter->ruleset->catalogue->vocabulary.labels[label];
    size_t mode = DISCLOSURE_REVEAL;
    bool answers = false;
    bool is_new = false;
    for (; mode > DISCLOSURE_WITHHELD && !answers; mode--) {
        if (declared->defines[mode]) {
            TRY(answers_in_mode(linter, query, operation, label, mode, &answers));
        }
    }
    mode += answers ? 1 : 0; /* the loop went one further */
    if (mode < DISCLOSURE_REVEAL) {
        TRY(is_news(linter, query, code, declared->name, &is_new));
    }
    if (is_new) {
        const struct cedar_entity_uid uid = {
            BYTES("Action"), ruleset_label_action(linter->arena, "query", declared->name)};
        WARN(
            linter, query, code, action_place(linter->ruleset, query, &uid),
            "`%.*s` lets its partners ask `%.*s` by `%.*s`, of which the answer shows them %s: who "
            "asks by one value after another learns what the answer hides",
            BYTES_PRINTF(cedar_policy_id(query)), BYTES_PRINTF(operation->id),
            BYTES_PRINTF(declared->name), shown[mode]);
    }
    return AMANAT_OK;
}

/* All operations that can be asked by the label and answer with it, for one permit to ask. */
static amanat_result check_query_permit(struct linter *linter, const struct cedar_policy *query,
                                        size_t label)
{
    const struct catalogue *catalogue = linter->ruleset->catalogue;
    for (size_t s = 0; s < catalogue->service_count; s++) {
        const struct catalogue_service *service = &catalogue->services[s];
        const struct cedar_scope scope = {.kind = CEDAR_SCOPE_EQUAL,
                                          .entity = {BYTES("Service"), service->name}};
        if (!entities_meet(linter, &cedar_policy_scope(query)->resource, &scope, "Service")) {
            continue;
        }
        for (size_t i = 0; i < service->operation_count; i++) {
            const struct catalogue_operation *operation = &service->operations[i];
            if (lists_number(operation->asked, operation->asked_count, label) &&
                lists_number(operation->labels, operation->label_count, label)) {
                TRY(check_query(linter, query, operation, label));
            }
        }
    }
    return AMANAT_OK;
}

static amanat_result lint_queries(struct linter *linter)
{
    const struct ruleset *ruleset = linter->ruleset;
    for (size_t label = 0; label < ruleset->catalogue->vocabulary.label_count; label++) {
        const struct cedar_entity_uid action = {
            BYTES("Action"),
            ruleset_label_action(linter->arena, "query",
                                 ruleset->catalogue->vocabulary.labels[label].name)};
        TRY_MEMORY(action.id.at);
        if (!ruleset->catalogue->label_uses[label].queried) {
            continue;
        }
        for (size_t i = 0; i < cedar_policy_set_count(ruleset->policies); i++) {
            const struct cedar_policy *policy = cedar_policy_set_at(ruleset->policies, i);
            if (cedar_policy_effect(policy) == CEDAR_EFFECT_PERMIT &&
                takes_type(&cedar_policy_scope(policy)->resource, BYTES("Service")) &&
                ruleset_speaks_of(ruleset, policy, &action)) {
                TRY(check_query_permit(linter, policy, label));
            }
        }
    }
    return AMANAT_OK;
}

/* ---- case-unbound ---- */

static bool begins_with(const struct cedar_path *path, const char *variable, const char *first,
                        const char *second)
{
    return bytes_equal_string(path->variable, variable) &&
           (first == NULL || (path->key_count > 0 && bytes_equal_string(path->keys[0], first))) &&
           (second == NULL || (path->key_count > 1 && bytes_equal_string(path->keys[1], second)));
}

static bool is_case(const struct cedar_path *path)
{
    return begins_with(path, "context", "need", "case");
}

/* Whether something beside the case is in the test that tells whose case it is. */
static bool tells_whose(const struct cedar_test *test)
{
    static const char *const types[] = {"Partner", "Agent", "Case"};
    for (size_t i = 0; i < test->path_count; i++) {
        const struct cedar_path *path = &test->paths[i];
        if (begins_with(path, "principal", NULL, NULL) ||
            begins_with(path, "resource", NULL, NULL) ||
            begins_with(path, "context", "parameters", NULL)) {
            return true;
        }
    }
    for (size_t i = 0; i < test->entity_count; i++) {
        for (size_t k = 0; k < sizeof(types) / sizeof(types[0]); k++) {
            if (bytes_equal_string(test->entities[i].uid.type, types[k])) {
                return true;
            }
        }
    }
    return false;
}

/*
 * Of a policy that reads the case: it is bound when one test takes the case and also the principal,
 * the resource or a parameter, or names a partner, an agent or a case. `*out_place`: where an
 * attribute of the case is read first, 0:0 if none is.
 */
static bool is_bound(const struct cedar_test *tests, size_t count, struct cedar_place *out_place)
{
    bool bound = false;
    *out_place = (struct cedar_place){0};
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < tests[i].path_count; k++) {
            const struct cedar_path *path = &tests[i].paths[k];
            if (is_case(path) && path->key_count > 2 && out_place->line == 0) {
                *out_place = path->place;
            }
            bound = bound || (is_case(path) && tells_whose(&tests[i]));
        }
    }
    return bound;
}

static amanat_result lint_cases(struct linter *linter)
{
    static const char code[] = "case-unbound";
    const struct cedar_policy_set *set = linter->ruleset->policies;
    for (size_t i = 0; i < cedar_policy_set_count(set); i++) {
        const struct cedar_policy *policy = cedar_policy_set_at(set, i);
        const struct cedar_test *tests = NULL;
        struct cedar_place place = {0};
        size_t count = 0;
        if (cedar_policy_effect(policy) != CEDAR_EFFECT_PERMIT || is_accepted(policy, code)) {
            continue;
        }
        TRY(cedar_policy_list_tests(policy, linter->arena, &tests, &count));
        if (!is_bound(tests, count, &place) && place.line > 0) {
            WARN(linter, policy, code, place,
                 "`%.*s` reads the case but never asks whose it is: anybody whom it is for may "
                 "name anybody's case; compare the case with the principal, a parameter or the "
                 "record, as in `context.need.case.partners.contains(principal.partner)`",
                 BYTES_PRINTF(cedar_policy_id(policy)));
        }
    }
    return AMANAT_OK;
}

/* ---- all ---- */

static amanat_result list_policies(struct linter *linter, struct mode_policies *mode)
{
    const struct cedar_policy_set *set = linter->ruleset->policies;
    const struct cedar_entity_uid action = {BYTES("Action"), mode->id};
    VECTOR(const struct cedar_policy *) found = {0};
    for (size_t i = 0; i < cedar_policy_set_count(set); i++) {
        const struct cedar_policy *policy = cedar_policy_set_at(set, i);
        if (ruleset_speaks_of(linter->ruleset, policy, &action)) {
            const struct cedar_policy **slot = VECTOR_PUSH(linter->arena, &found);
            TRY_MEMORY(slot);
            *slot = policy;
        }
    }
    mode->policies = found.items;
    mode->policy_count = found.count;
    return AMANAT_OK;
}

static amanat_result list_modes(struct linter *linter)
{
    const struct ruleset *ruleset = linter->ruleset;
    const size_t count = ruleset->catalogue->vocabulary.label_count * DISCLOSURE_MODE_COUNT;
    linter->modes = arena_allocate_array(linter->arena, count + 1, sizeof(*linter->modes));
    TRY_MEMORY(linter->modes);
    for (size_t i = 0; i < count; i++) {
        linter->modes[i].id = ruleset->field_actions[i].id;
        if (ruleset->field_actions[i].is_spoken_of) {
            TRY(list_policies(linter, &linter->modes[i]));
        }
    }
    return AMANAT_OK;
}

/* Whether some partner of a store is in another entity. */
static bool has_nested_partners(const struct cedar_entities *entities)
{
    for (size_t i = 0; i < cedar_entities_count(entities); i++) {
        const struct cedar_entity *entity = cedar_entities_at(entities, i);
        size_t parents = 0;
        (void)cedar_entity_parents(entity, &parents);
        if (parents > 0 && bytes_equal_string(cedar_entity_uid(entity)->type, "Partner")) {
            return true;
        }
    }
    return false;
}

static amanat_result run_lints(struct linter *linter)
{
    static amanat_result (*const lints[])(struct linter * linter) = {lint_weaker_modes,
                                                                     lint_queries, lint_cases};
    TRY_MEMORY(linter->arena);
    linter->partners_nest = has_nested_partners(linter->ruleset->folder_entities) ||
                            has_nested_partners(linter->ruleset->entities);
    TRY(list_modes(linter));
    for (size_t i = 0; i < sizeof(lints) / sizeof(lints[0]); i++) {
        TRY(lints[i](linter));
    }
    return ruleset_lint_paging(linter->ruleset, linter->arena, linter->diagnostics);
}

amanat_result ruleset_lint(const struct ruleset *ruleset, struct amanat_diagnostics *diagnostics)
{
    struct linter linter = {
        .ruleset = ruleset, .arena = arena_new(RULESET_SCRATCH_LIMIT), .diagnostics = diagnostics};
    const amanat_result result = run_lints(&linter);
    arena_free(linter.arena);
    ruleset_quote_folder(&ruleset->sources, diagnostics);
    return result;
}
