/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Texts that nest, chain or repeat without measure. Each row is tried a little (fine), and a
 * hundred thousand times: then it is refused with a message that has a place, or it is what the
 * limits allow and is worked through to a decision. Nothing ends in a full stack or in hours.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "amanat/policy.h"

enum kind { POLICY, SCHEMA, ENTITIES, CONTEXT };

struct bomb {
    const char *name;
    enum kind kind;
    /* begin, opening × n, middle, closing × n, end */
    const char *begin;
    const char *opening;
    const char *middle;
    const char *closing;
    const char *end;
    size_t few; /* so often it is fine */
    bool is_refused;
};

#define PERMIT "permit (principal, action, resource) when { "
#define FROM_JSON                                                                                  \
    "{\"effect\":\"permit\",\"principal\":{\"op\":\"All\"},\"action\":{\"op\":\"All\"},"           \
    "\"resource\":{\"op\":\"All\"},\"conditions\":[{\"kind\":\"when\",\"body\":"
#define ENTITY "[{\"uid\":{\"type\":\"A\",\"id\":\"1\"},\"parents\":[],\"attrs\":{\"a\":"

static const struct bomb bombs[] = {
    {"parentheses", POLICY, PERMIT, "(", "true", ")", " };", 100, true},
    {"sets", POLICY, PERMIT, "[", "1", "]", " == 1 };", 100, true},
    {"records", POLICY, PERMIT, "{a:", "1", "}", " == 1 };", 100, true},
    {"if in then", POLICY, PERMIT, "if true then ", "true", " else true", " };", 100, true},
    {"if in else", POLICY, PERMIT, "if true then true else ", "true", "", " };", 100, true},
    {"exclamation marks", POLICY, PERMIT, "!", "true", "", " };", 4, true},
    {"minus signs", POLICY, PERMIT, "-", "1", "", " == 1 };", 4, true},
    {"conjunctions", POLICY, PERMIT, "true && ", "true", "", " };", 100, false},
    {"disjunctions", POLICY, PERMIT, "false || ", "true", "", " };", 100, false},
    {"sums", POLICY, PERMIT, "1 + ", "1", "", " == 1 };", 100, true},
    {"products", POLICY, PERMIT, "1 * ", "1", "", " == 1 };", 100, true},
    {"attributes", POLICY, PERMIT, "", "context", ".a", " };", 100, true},
    {"indexes", POLICY, PERMIT, "", "context", "[\"a\"]", " };", 100, true},
    {"method calls", POLICY, PERMIT, "", "[true]", ".contains(true)", " };", 100, true},
    {"a path of has", POLICY, PERMIT, "", "context has a", ".a", " };", 100, false},
    {"relations", POLICY, PERMIT, "1 == (", "1", ")", " };", 100, true},
    {"elements", POLICY, PERMIT "[", "1,", "1", "", "].contains(1) };", 100, false},
    {"a name of a type", POLICY, PERMIT "principal is ", "A::", "A", "", " };", 100, false},
    {"annotations that differ not", POLICY, "", "@a ", "", "",
     "permit (principal, action, resource);", 1, true},
    {"conditions", POLICY, "permit (principal, action, resource) ", "when { true } ", "", "", ";",
     100, false},
    {"policies", POLICY, "", "permit (principal, action, resource);", "", "", "", 100, false},
    {"stars of like", POLICY, PERMIT "\"aaaaaaaaaaaaaaaaaaaaaaaaaaab\" like \"", "*a", "", "",
     "\" };", 100, false},
    {"brackets never closed", POLICY, PERMIT, "([{", "", "", "", 0, true},
    {"sets in EST", POLICY, FROM_JSON, "{\"Set\":[", "{\"Value\":1}", "]}", "}]}", 100, true},
    {"negations in EST", POLICY, FROM_JSON, "{\"!\":{\"arg\":", "{\"Value\":true}", "}}", "}]}",
     100, true},
    {"conjunctions in EST", POLICY, FROM_JSON,
     "{\"&&\":{\"right\":{\"Value\":true},\"left\":", "{\"Value\":true}", "}}", "}]}", 100, true},
    {"values in EST", POLICY, FROM_JSON "{\"Value\":", "[", "1", "]", "}}]}", 100, true},
    {"nested sets", SCHEMA, "entity A = {a: ", "Set<", "Long", ">", "};", 100, true},
    {"nested records", SCHEMA, "entity A = {a: ", "{a: ", "Long", "}", "};", 100, true},
    {"nested sets in JSON", SCHEMA,
     "{\"\":{\"actions\":{},\"entityTypes\":{},\"commonTypes\":{\"T\":",
     "{\"type\":\"Set\",\"element\":", "{\"type\":\"Long\"}", "}", "}}}", 100, true},
    {"a name in a schema", SCHEMA, "namespace ", "A::", "A", "", " {}", 100, false},
    {"parents", SCHEMA, "entity P; entity A in [", "P,", "P", "", "];", 100, false},
    {"nested arrays", ENTITIES, ENTITY, "[", "1", "]", "}}]", 100, true},
    {"nested objects", ENTITIES, ENTITY, "{\"a\":", "1", "}", "}}]", 100, true},
    {"elements that are equal", ENTITIES, ENTITY "[", "1,", "1", "", "]}}]", 100, false},
    {"nested arrays", CONTEXT, "{\"a\":", "[", "1", "]", "}", 100, true},
    {"nested objects", CONTEXT, "{\"a\":", "{\"a\":", "1", "}", "}", 100, true},
};

static char *repeat(char *at, const char *text, size_t count)
{
    const size_t length = strlen(text);
    for (size_t i = 0; i < count; i++) {
        memcpy(at, text, length);
        at += length;
    }
    return at;
}

/* The text of a bomb; the caller frees it. */
static char *build(const struct bomb *bomb, size_t count)
{
    char *text = malloc(strlen(bomb->begin) + strlen(bomb->middle) + strlen(bomb->end) +
                        count * (strlen(bomb->opening) + strlen(bomb->closing)) + 1);
    assert_non_null(text);
    char *at = repeat(text, bomb->begin, 1);
    at = repeat(at, bomb->opening, count);
    at = repeat(at, bomb->middle, 1);
    at = repeat(at, bomb->closing, count);
    at = repeat(at, bomb->end, 1);
    *at = '\0';
    return text;
}

static const struct amanat_source nobody = {"entities", {"[]", 2}};

/* Also writes, formats and decides, where the text was good. */
static amanat_result try_policy(const struct amanat_source *source,
                                struct amanat_diagnostics *diagnostics)
{
    struct amanat_policy_set *set = amanat_policy_set_new(AMANAT_POLICY_IDS_BY_POSITION);
    struct amanat_decision *decision = amanat_decision_new();
    struct amanat_policies *policies = NULL;
    struct amanat_entities *entities = NULL;
    struct amanat_owned_text json = {0};
    const struct amanat_entity_name name = {amanat_text_of("A"), amanat_text_of("a")};
    const struct amanat_request request = {name, name, name, NULL};
    const amanat_result added = amanat_policy_set_add(set, source, diagnostics);
    if (amanat_is_ok(added)) {
        assert_true(amanat_is_ok(amanat_policies_compile_unchecked(set, &policies)));
        assert_true(amanat_is_ok(amanat_entities_parse(NULL, &nobody, 1, NULL, &entities)));
        assert_true(amanat_is_ok(amanat_authorize(policies, entities, &request, decision)));
        assert_true(amanat_is_ok(amanat_policy_set_to_json(set, &json)));
    }
    amanat_owned_text_clear(&json);
    amanat_entities_free(entities);
    amanat_policies_free(policies);
    amanat_decision_free(decision);
    amanat_policy_set_free(set);
    return added;
}

static amanat_result try_format(const struct amanat_source *source)
{
    struct amanat_owned_text text = {0};
    const amanat_result result = amanat_format_policies(source, NULL, &text);
    amanat_owned_text_clear(&text);
    return result;
}

static amanat_result try_schema(const struct amanat_source *source,
                                struct amanat_diagnostics *diagnostics)
{
    struct amanat_schema *schema = NULL;
    const amanat_result result = amanat_schema_parse(source, 1, diagnostics, &schema);
    amanat_schema_free(schema);
    return result;
}

static amanat_result try_entities(const struct amanat_source *source,
                                  struct amanat_diagnostics *diagnostics)
{
    struct amanat_entities *entities = NULL;
    const amanat_result result = amanat_entities_parse(NULL, source, 1, diagnostics, &entities);
    amanat_entities_free(entities);
    return result;
}

static amanat_result try_context(const struct amanat_source *source,
                                 struct amanat_diagnostics *diagnostics)
{
    const struct amanat_entity_name action = {amanat_text_of("Action"), amanat_text_of("a")};
    struct amanat_context *context = NULL;
    const amanat_result result = amanat_context_parse(NULL, &action, source, diagnostics, &context);
    amanat_context_free(context);
    return result;
}

static amanat_result try_text(enum kind kind, const struct amanat_source *source,
                              struct amanat_diagnostics *diagnostics)
{
    switch (kind) {
    case POLICY:
        return try_policy(source, diagnostics);
    case SCHEMA:
        return try_schema(source, diagnostics);
    case ENTITIES:
        return try_entities(source, diagnostics);
    case CONTEXT:
        return try_context(source, diagnostics);
    }
    return amanat_result_of(AMANAT_STATUS_BUG);
}

static void explode(const struct bomb *bomb, size_t count, bool is_refused)
{
    char *text = build(bomb, count);
    const struct amanat_source source = {"bomb", amanat_text_of(text)};
    struct amanat_diagnostics *diagnostics = amanat_diagnostics_new();
    const amanat_result result = try_text(bomb->kind, &source, diagnostics);
    const enum amanat_status expected = is_refused ? AMANAT_STATUS_CONFIG_FAULT : AMANAT_STATUS_OK;
    if (result.status != expected) {
        fail_msg("%s, %zu times: %s", bomb->name, count, amanat_status_name(result.status));
    }
    if (bomb->kind == POLICY && text[0] != '{') {
        assert_int_equal(try_format(&source).status, expected);
    }
    if (is_refused) {
        assert_true(amanat_diagnostics_count(diagnostics) > 0);
        assert_int_not_equal(amanat_diagnostics_at(diagnostics, 0)->line, 0);
    }
    amanat_diagnostics_free(diagnostics);
    free(text);
}

static void test_bombs__are_fine_in_small(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(bombs) / sizeof(bombs[0]); i++) {
        if (bombs[i].few > 0) {
            explode(&bombs[i], bombs[i].few, false);
        }
    }
}

static void test_bombs__are_refused_or_worked_through(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(bombs) / sizeof(bombs[0]); i++) {
        explode(&bombs[i], 100000, bombs[i].is_refused);
    }
}

/* ---- Chains of declarations and of entities: each names the one before it, or the next ---- */

struct chain {
    const char *name;
    enum kind kind;
    const char *begin;
    const char *head; /* then a number */
    const char *link; /* then the neighbour's */
    const char *tail;
    const char *end;
    size_t count;
    bool is_refused;
};

#define E0 "{\"uid\":{\"type\":\"E\",\"id\":\"0\"},\"attrs\":{},\"parents\":[]}"

static const struct chain chains[] = {
    {"common types", SCHEMA, "type T0 = Long;", "type T", " = Set<T", ">;", "", 100, false},
    {"common types without end", SCHEMA, "type T0 = Long;", "type T", " = Set<T", ">;", "", 100000,
     true},
    {"names for one type", SCHEMA, "type T0 = Long;", "type T", " = T", ";", "", 100, false},
    {"entity types", SCHEMA, "entity E0;", "entity E", " in [E", "];", "", 2000, false},
    {"action groups", SCHEMA, "action A0;", "action A", " in [A", "];", "", 2000, false},
    {"entities", ENTITIES, "[" E0, ",{\"uid\":{\"type\":\"E\",\"id\":\"",
     "\"},\"attrs\":{},\"parents\":[{\"type\":\"E\",\"id\":\"", "\"}]}", "]", 3000, false},
};

/* `count` links; backwards the last comes first, so that each names one that is still to come. */
static char *build_chain(const struct chain *chain, bool backwards)
{
    const size_t most = strlen(chain->head) + strlen(chain->link) + strlen(chain->tail) + 48;
    const size_t size = strlen(chain->begin) + strlen(chain->end) + chain->count * most + 1;
    char *text = malloc(size);
    assert_non_null(text);
    int length = snprintf(text, size, "%s", chain->begin);
    for (size_t i = 0; i < chain->count; i++) {
        const size_t number = backwards ? chain->count - i : i + 1;
        length += snprintf(text + length, size - (size_t)length, "%s%zu%s%zu%s", chain->head,
                           number, chain->link, number - 1, chain->tail);
    }
    (void)snprintf(text + length, size - (size_t)length, "%s", chain->end);
    return text;
}

static void try_chain(const struct chain *chain, bool backwards)
{
    char *text = build_chain(chain, backwards);
    const struct amanat_source source = {"chain", amanat_text_of(text)};
    struct amanat_diagnostics *diagnostics = amanat_diagnostics_new();
    const amanat_result result = try_text(chain->kind, &source, diagnostics);
    if (result.status != (chain->is_refused ? AMANAT_STATUS_CONFIG_FAULT : AMANAT_STATUS_OK)) {
        fail_msg("%s: %s", chain->name, amanat_status_name(result.status));
    }
    assert_int_equal(amanat_diagnostics_errors(diagnostics) > 0, chain->is_refused);
    amanat_diagnostics_free(diagnostics);
    free(text);
}

static void test_chains__are_followed_without_a_stack_of_their_length(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(chains) / sizeof(chains[0]); i++) {
        try_chain(&chains[i], false);
        try_chain(&chains[i], true);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bombs__are_fine_in_small),
        cmocka_unit_test(test_bombs__are_refused_or_worked_through),
        cmocka_unit_test(test_chains__are_followed_without_a_stack_of_their_length),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
