/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The JSON policy format: how each form of a text is written (rows from the official engine's
 * policyToJson and templateToJson), that what is read back is the same, what is refused and where.
 */
#include "tests/unit/policy/cedar/cedar_fixture.h"

#define ALL                                                                                        \
    "\"principal\":{\"op\":\"All\"},\"action\":{\"op\":\"All\"},\"resource\":{\"op\":\"All\"}"
#define WHEN "{\"effect\":\"permit\"," ALL ",\"conditions\":[{\"kind\":\"when\",\"body\":"
/* The policy around one expression. */
#define POLICY(expression) WHEN expression "}]}"
/* The policy around a principal's scope. */
#define PRINCIPAL(scope)                                                                           \
    "{\"effect\":\"permit\",\"principal\":" scope                                                  \
    ",\"action\":{\"op\":\"All\"},\"resource\":{\"op\":\"All\"},\"conditions\":[]}"
#define ACTION(scope)                                                                              \
    "{\"effect\":\"permit\",\"principal\":{\"op\":\"All\"},\"action\":" scope                      \
    ",\"resource\":{\"op\":\"All\"},\"conditions\":[]}"

static struct cedar_policy_set *est_of(struct fixture *fixture, struct bytes json)
{
    struct cedar_policy_set *set = cedar_policy_set_new(fixture->arena, NULL);
    assert_non_null(set);
    if (!amanat_is_ok(cedar_policy_set_add_est(set, "test.json", json, fixture->diagnostics))) {
        fail_msg("%.*s: %s", BYTES_PRINTF(json),
                 amanat_diagnostics_at(fixture->diagnostics, 0)->text);
    }
    return set;
}

static void assert_est(const struct cedar_policy *policy, const char *expected)
{
    struct buffer json;
    buffer_init(&json, (size_t)1 << 20);
    cedar_policy_append_est(&json, policy);
    assert_bytes(buffer_bytes(&json), expected);
    buffer_clear(&json);
}

static void assert_condition_is_written(struct fixture *fixture, const char *given,
                                        const char *expected)
{
    char text[200];
    char json[400];
    (void)snprintf(text, sizeof(text), "permit(principal, action, resource) when { %s };", given);
    (void)snprintf(json, sizeof(json), "%s%s}]}", WHEN, expected);
    assert_est(cedar_policy_set_at(policies_of(fixture, text), 0), json);
    assert_est(cedar_policy_set_at(est_of(fixture, bytes_of_string(json)), 0), json);
}

static void test_est__is_written_as_the_official_engine_writes_it(void **state)
{
    static const struct text_row rows[] = {
        {"context has a.b.c",
         "{\"has\":{\"left\":{\"Var\":\"context\"},\"attr\":[\"a\",\"b\",\"c\"]}}"},
        {"context has a", "{\"has\":{\"left\":{\"Var\":\"context\"},\"attr\":\"a\"}}"},
        {"context[\"a b\"]", "{\".\":{\"left\":{\"Var\":\"context\"},\"attr\":\"a b\"}}"},
        {"-5", "{\"Value\":-5}"},
        {"--5", "{\"neg\":{\"arg\":{\"Value\":-5}}}"},
        {"-(5)", "{\"neg\":{\"arg\":{\"Value\":5}}}"},
        {"-9223372036854775808", "{\"Value\":-9223372036854775808}"},
        {"9223372036854775807", "{\"Value\":9223372036854775807}"},
        {"!true", "{\"!\":{\"arg\":{\"Value\":true}}}"},
        {"1 - 2 * 3", "{\"-\":{\"left\":{\"Value\":1},\"right\":{\"*\":{\"left\":{\"Value\":2},"
                      "\"right\":{\"Value\":3}}}}}"},
        {"1 > 2", "{\">\":{\"left\":{\"Value\":1},\"right\":{\"Value\":2}}}"},
        {"1 != 2", "{\"!=\":{\"left\":{\"Value\":1},\"right\":{\"Value\":2}}}"},
        {"true && false && true",
         "{\"&&\":{\"left\":{\"&&\":{\"left\":{\"Value\":true},\"right\":{\"Value\":false}}},"
         "\"right\":{\"Value\":true}}}"},
        {"true || (false || true)",
         "{\"||\":{\"left\":{\"Value\":true},\"right\":{\"||\":{\"left\":{\"Value\":false},"
         "\"right\":{\"Value\":true}}}}}"},
        {"principal is A::B in C::\"x\"",
         "{\"is\":{\"left\":{\"Var\":\"principal\"},\"entity_type\":\"A::B\",\"in\":{\"Value\":"
         "{\"__entity\":{\"type\":\"C\",\"id\":\"x\"}}}}}"},
        {"action is A", "{\"is\":{\"left\":{\"Var\":\"action\"},\"entity_type\":\"A\"}}"},
        {"resource in [A::\"\\\"\"]",
         "{\"in\":{\"left\":{\"Var\":\"resource\"},\"right\":{\"Set\":[{\"Value\":{\"__entity\":"
         "{\"type\":\"A\",\"id\":\"\\\"\"}}}]}}}"},
        {"\"x\" like \"a*\\*b**\\u{1f600}\"",
         "{\"like\":{\"left\":{\"Value\":\"x\"},\"pattern\":[{\"Literal\":\"a\"},\"Wildcard\","
         "{\"Literal\":\"*\"},{\"Literal\":\"b\"},\"Wildcard\",\"Wildcard\",{\"Literal\":"
         "\"\xF0\x9F\x98\x80\"}]}}"},
        {"\"\\0\" like \"\"", "{\"like\":{\"left\":{\"Value\":\"\\u0000\"},\"pattern\":[]}}"},
        {"{a: 1, \"b c\": {}}", "{\"Record\":{\"a\":{\"Value\":1},\"b c\":{\"Record\":{}}}}"},
        {"ip(\"::1\").isInRange(1, 2)",
         "{\"isInRange\":[{\"ip\":[{\"Value\":\"::1\"}]},{\"Value\":1},{\"Value\":2}]}"},
        {"ip()", "{\"ip\":[]}"},
        {"[].isEmpty()", "{\"isEmpty\":{\"arg\":{\"Set\":[]}}}"},
        {"[].contains(1)", "{\"contains\":{\"left\":{\"Set\":[]},\"right\":{\"Value\":1}}}"},
        {"principal.getTag(\"x\")",
         "{\"getTag\":{\"left\":{\"Var\":\"principal\"},\"right\":{\"Value\":\"x\"}}}"},
        {"if true then 1 else 2",
         "{\"if-then-else\":{\"if\":{\"Value\":true},\"then\":{\"Value\":1},\"else\":{\"Value\":"
         "2}}}"},
    };
    CHECK_TEXT_ROWS(*state, rows, assert_condition_is_written);
}

static void assert_policy_is_written(struct fixture *fixture, const char *given,
                                     const char *expected)
{
    const struct cedar_policy *policy = cedar_policy_set_at(policies_of(fixture, given), 0);
    const struct cedar_policy *read =
        cedar_policy_set_at(est_of(fixture, bytes_of_string(expected)), 0);
    assert_est(policy, expected);
    assert_est(read, expected);
    assert_int_equal(cedar_policy_kind(read), cedar_policy_kind(policy));
}

static void test_est__writes_scopes_and_annotations(void **state)
{
    static const struct text_row rows[] = {
        {"permit(principal, action, resource);",
         "{\"effect\":\"permit\"," ALL ",\"conditions\":[]}"},
        {"@a @b(\"\") @if(\"x\") forbid(principal == A::B::\"x\", action in [Action::\"a\"], "
         "resource in R::\"r\") unless { true };",
         "{\"effect\":\"forbid\",\"principal\":{\"op\":\"==\",\"entity\":{\"type\":\"A::B\",\"id\":"
         "\"x\"}},\"action\":{\"op\":\"in\",\"entity\":{\"type\":\"Action\",\"id\":\"a\"}},"
         "\"resource\":{\"op\":\"in\",\"entity\":{\"type\":\"R\",\"id\":\"r\"}},\"conditions\":["
         "{\"kind\":\"unless\",\"body\":{\"Value\":true}}],\"annotations\":{\"a\":null,\"b\":\"\","
         "\"if\":\"x\"}}"},
        {"permit(principal is A in ?principal, action == N::Action::\"a\", resource == ?resource);",
         "{\"effect\":\"permit\",\"principal\":{\"op\":\"is\",\"entity_type\":\"A\",\"in\":{"
         "\"slot\":\"?principal\"}},\"action\":{\"op\":\"==\",\"entity\":{\"type\":\"N::Action\","
         "\"id\":\"a\"}},\"resource\":{\"op\":\"==\",\"slot\":\"?resource\"},\"conditions\":[]}"},
        {"permit(principal is A, action in [], resource is A::B in R::\"x\");",
         "{\"effect\":\"permit\",\"principal\":{\"op\":\"is\",\"entity_type\":\"A\"},\"action\":{"
         "\"op\":\"in\",\"entities\":[]},\"resource\":{\"op\":\"is\",\"entity_type\":\"A::B\","
         "\"in\":{\"entity\":{\"type\":\"R\",\"id\":\"x\"}}},\"conditions\":[]}"},
    };
    CHECK_TEXT_ROWS(*state, rows, assert_policy_is_written);
}

static void assert_means(struct fixture *fixture, const char *given, const char *expected)
{
    struct buffer json;
    buffer_init(&json, (size_t)1 << 20);
    cedar_policy_append_est(&json, cedar_policy_set_at(policies_of(fixture, expected), 0));
    buffer_append_byte(&json, '\0');
    assert_est(cedar_policy_set_at(est_of(fixture, bytes_of_string(given)), 0), json.at);
    buffer_clear(&json);
}

/* What can be said in several ways is written in one. */
static void test_est__reads_what_the_official_engine_reads(void **state)
{
    static const struct text_row rows[] = {
        {PRINCIPAL("{\"op\":\"all\",\"entity\":1}"), "permit(principal, action, resource);"},
        {PRINCIPAL(
             "{\"op\":\"==\",\"entity\":{\"__entity\":{\"type\":\"A\",\"id\":\"x\"}},\"foo\":1}"),
         "permit(principal == A::\"x\", action, resource);"},
        {PRINCIPAL("{\"op\":\"is\",\"entity_type\":\"A\",\"in\":null}"),
         "permit(principal is A, action, resource);"},
        {ACTION("{\"op\":\"in\",\"entities\":[{\"type\":\"Action\",\"id\":\"a\"}]}"),
         "permit(principal, action in [Action::\"a\"], resource);"},
        {POLICY("{\"Value\":[1,[\"x\"],{\"a\":{\"__entity\":{\"type\":\"A\",\"id\":\"x\"}}}]}"),
         "permit(principal, action, resource) when { [1, [\"x\"], {a: A::\"x\"}] };"},
        {POLICY("{\"Value\":{\"__extn\":{\"fn\":\"ip\",\"arg\":\"bad\"}}}"),
         "permit(principal, action, resource) when { ip(\"bad\") };"},
        {POLICY("{\"Value\":{\"__extn\":{\"fn\":\"offset\",\"args\":[{\"__extn\":{\"fn\":"
                "\"datetime\",\"arg\":\"2020-01-01\"}},1]}}}"),
         "permit(principal, action, resource) when { datetime(\"2020-01-01\").offset(1) };"},
        {POLICY("{\"Value\":{\"__entity\":{\"type\":\"A\"}}}"),
         "permit(principal, action, resource) when { {\"__entity\": {type: \"A\"}} };"},
        {POLICY("{\"has\":{\"left\":{\"Value\":1},\"attr\":[\"a b\"]}}"),
         "permit(principal, action, resource) when { 1 has \"a b\" };"},
        {POLICY(
             "{\"like\":{\"left\":{\"Value\":\"\"},\"pattern\":[\"Wildcard\",{\"Literal\":\"a*\"},"
             "{\"Literal\":\"\"},{\"Literal\":\"b\"}]}}"),
         "permit(principal, action, resource) when { \"\" like \"*a\\*b\" };"},
        {POLICY("{\"is\":{\"left\":{\"Value\":1},\"entity_type\":\"A\",\"in\":null}}"),
         "permit(principal, action, resource) when { 1 is A };"},
    };
    CHECK_TEXT_ROWS(*state, rows, assert_means);
}

static void assert_refused(struct fixture *fixture, const char *json, const char *diagnostic)
{
    struct cedar_policy_set *set = cedar_policy_set_new(fixture->arena, NULL);
    assert_fault(
        cedar_policy_set_add_est(set, "p.json", bytes_of_string(json), fixture->diagnostics));
    assert_first_diagnostic(fixture, diagnostic);
}

static void test_est__refuses_wrong_policies_and_says_where(void **state)
{
    static const struct text_row rows[] = {
        {"[]", "1:1 a policy set must be an object, not array"},
        {"{\"effect\":\"permit\"," ALL "}", "1:1 a policy must have a key `conditions`"},
        {"{\"effect\":\"permit\",\n" ALL ",\n\"conditions\":[],\"foo\":1}",
         "3:17 a policy has no key `foo`, only `effect`, `principal`, `action`, `resource`, "
         "`conditions`, `annotations`"},
        {"{\"effect\":\"Permit\"," ALL ",\"conditions\":[]}",
         "1:11 the effect is `permit` or `forbid`"},
        {"{\"effect\":\"permit\"," ALL ",\"conditions\":{}}",
         "1:104 `conditions` must be an array, not object"},
        {"{\"effect\":\"permit\"," ALL ",\"conditions\":[],\"annotations\":{\"a b\":\"\"}}",
         "1:122 an annotation's name must be an identifier"},
        {"{\"effect\":\"permit\"," ALL
         ",\"conditions\":[],\"annotations\":{\"a\":\"\",\"a\":\"\"}}",
         "1:129 key \"a\" stands twice in one object, before at 1:122"},
        {"{\"effect\":\"permit\"," ALL
         ",\"conditions\":[{\"kind\":\"if\",\"body\":{\"Value\":1}}]}",
         "1:113 the kind of a condition is `when` or `unless`"},
        {"{\"effect\":\"permit\"," ALL ",\"conditions\":[{\"kind\":\"when\"}]}",
         "1:105 a condition must have a key `body`"},
        {PRINCIPAL("{}"), "1:32 a scope is an object with an operator, `{\"op\": …}`"},
        {PRINCIPAL("{\"op\":\"=\"}"),
         "1:38 the operator of this scope is `All`, `==`, `in` or `is`"},
        {PRINCIPAL("{\"op\":\"==\"}"), "1:32 expected a key `entity` or `slot`"},
        {PRINCIPAL("{\"op\":\"==\",\"slot\":\"?resource\"}"),
         "1:50 the only slot here is `?principal`"},
        {PRINCIPAL("{\"op\":\"==\",\"entity\":\"A::\\\"x\\\"\"}"),
         "1:52 expected an entity, `{\"type\": …, \"id\": …}`"},
        {PRINCIPAL("{\"op\":\"==\",\"entity\":{\"type\":\"in\",\"id\":\"\"}}"),
         "1:60 this is not an entity type"},
        {PRINCIPAL("{\"op\":\"is\"}"), "1:32 a scope with `is` must have a key `entity_type`"},
        {PRINCIPAL("{\"op\":\"is\",\"entity_type\":\"A::\"}"), "1:57 `A::` is not an entity type"},
        {PRINCIPAL("{\"op\":\"is\",\"entity_type\":\"A\",\"entity\":{}}"),
         "1:61 a scope with `is` has no key `entity`, only `op`, `entity_type`, `in`"},
        {ACTION("{\"op\":\"is\",\"entity_type\":\"A\"}"),
         "1:60 the operator of this scope is `All`, `==` or `in`"},
        {ACTION("{\"op\":\"==\",\"slot\":\"?principal\"}"), "1:54 expected a key `entity`"},
        {ACTION("{\"op\":\"in\"}"), "1:54 expected a key `entity` or `entities`"},
        {ACTION("{\"op\":\"==\",\"entity\":{\"type\":\"A\",\"id\":\"\"}}"),
         "1:74 the type of an action must be `Action`"},
    };
    CHECK_TEXT_ROWS(*state, rows, assert_refused);
}

static void test_est__refuses_wrong_expressions_and_says_where(void **state)
{
    static const struct text_row rows[] = {
        {POLICY("1"), "1:127 an expression is an object with one key, its operator"},
        {POLICY("{}"), "1:127 an expression is an object with one key, its operator"},
        {POLICY("{\"Value\":1,\"Var\":\"action\"}"),
         "1:127 an expression is an object with one key, its operator"},
        {POLICY("{\"foo\":[]}"), "1:127 there is no operator or function `foo`"},
        {POLICY("{\"Value\":null}"), "1:136 null is no value in Cedar"},
        {POLICY("{\"Value\":1.5}"), "1:136 expected an integer of 64 bits"},
        {POLICY("{\"Value\":9223372036854775808}"), "1:136 expected an integer of 64 bits"},
        {POLICY("{\"Value\":{\"__expr\":\"1\"}}"), "1:136 the escape `__expr` is not supported"},
        {POLICY("{\"Value\":{\"__entity\":{\"type\":\"a b\",\"id\":\"\"}}}"),
         "1:156 this is not an entity type"},
        {POLICY("{\"Value\":{\"__extn\":{\"fn\":\"foo\",\"arg\":1}}}"),
         "1:136 there is no extension function `foo`"},
        {POLICY("{\"Var\":\"foo\"}"), "1:134 a variable is principal, action, resource or context"},
        {POLICY("{\"Slot\":\"?principal\"}"), "1:127 a slot can only stand in a policy's scope"},
        {POLICY("{\"!\":{\"Value\":1}}"), "1:133 `!` has no key `Value`, only `arg`"},
        {POLICY("{\"-\":{\"arg\":{\"Value\":1}}}"),
         "1:133 `-` has no key `arg`, only `left`, `right`"},
        {POLICY("{\"==\":{\"left\":{\"Value\":1}}}"), "1:133 `==` must have a key `right`"},
        {POLICY("{\"&&\":{\"left\":{\"Value\":1}}}"), "1:133 `&&` must have a key `right`"},
        {POLICY("{\"||\":[]}"), "1:133 `||` must be an object, not array"},
        {POLICY("{\".\":{\"left\":{\"Value\":1},\"attr\":1}}"),
         "1:159 `attr` must be a string, not number"},
        {POLICY("{\"has\":{\"left\":{\"Value\":1},\"attr\":[]}}"),
         "1:161 `has` needs an attribute"},
        {POLICY("{\"has\":{\"left\":{\"Value\":1},\"attr\":[1]}}"),
         "1:162 expected an attribute's name, found number"},
        {POLICY("{\"like\":{\"left\":{\"Value\":1},\"pattern\":[\"wildcard\"]}}"),
         "1:166 a part of a pattern is \"Wildcard\" or {\"Literal\": …}"},
        {POLICY("{\"is\":{\"left\":{\"Value\":1},\"entity_type\":\"in\"}}"),
         "1:167 `in` is not an entity type"},
        {POLICY("{\"if-then-else\":{\"if\":{\"Value\":1},\"then\":{\"Value\":1}}}"),
         "1:143 `if-then-else` must have a key `else`"},
        {POLICY("{\"Set\":{}}"), "1:134 `Set` takes an array, not object"},
        {POLICY("{\"Record\":[]}"), "1:137 `Record` takes an object, not array"},
        {POLICY("{\"ip\":{}}"), "1:133 `ip` takes an array, not object"},
        {POLICY("{\"isIpv4\":[]}"), "1:127 `isIpv4` needs the value that it is called on"},
        {POLICY("{\"contains\":[]}"), "1:139 `contains` must be an object, not array"},
    };
    CHECK_TEXT_ROWS(*state, rows, assert_refused);
}

static void test_est__reports_all_faults_of_a_policy(void **state)
{
    struct fixture *fixture = *state;
    struct cedar_policy_set *set = cedar_policy_set_new(fixture->arena, NULL);
    const struct bytes json =
        BYTES("{\"effect\":\"x\",\"principal\":{},\"action\":{},\"resource\":{},\"conditions\":["
              "{\"kind\":\"when\",\"body\":{\"Set\":[1,2]}},{\"kind\":\"when\",\"body\":3}]}");
    assert_fault(cedar_policy_set_add_est(set, "p.json", json, fixture->diagnostics));
    assert_int_equal(amanat_diagnostics_errors(fixture->diagnostics), 7);
}

/* `count` times `before`, a literal, `count` times `after`. */
static void append_nested(struct buffer *buffer, const char *before, const char *after,
                          size_t count)
{
    buffer_append_string(buffer, WHEN);
    for (size_t i = 0; i < count; i++) {
        buffer_append_string(buffer, before);
    }
    buffer_append_string(buffer, "{\"Value\":true}");
    for (size_t i = 0; i < count; i++) {
        buffer_append_string(buffer, after);
    }
    buffer_append_string(buffer, "}]}");
}

static void test_est__nests_as_deep_as_text(void **state)
{
    static const struct {
        const char *before;
        const char *after;
        size_t count;
        const char *diagnostic;
    } rows[] = {
        {"{\"!\":{\"arg\":", "}}", 255, NULL},
        {"{\"!\":{\"arg\":", "}}", 256, "1:3199 this is nested more than 256 levels deep"},
        {"{\"&&\":{\"left\":", ",\"right\":{\"Value\":true}}}", 500, NULL},
        {"{\"&&\":{\"left\":{\"Value\":true},\"right\":", "}}", 256,
         "1:9576 this is nested more than 256 levels deep"},
        {"{\"Set\":[", "]}", 100000, "1:4214 nested too deeply, more than 1024 levels"},
    };
    struct fixture *fixture = *state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct buffer json;
        struct cedar_policy_set *set = cedar_policy_set_new(fixture->arena, NULL);
        buffer_init(&json, (size_t)4 << 20);
        append_nested(&json, rows[i].before, rows[i].after, rows[i].count);
        const amanat_result result =
            cedar_policy_set_add_est(set, "p.json", buffer_bytes(&json), fixture->diagnostics);
        if (rows[i].diagnostic == NULL) {
            assert_ok(result);
            buffer_append_byte(&json, '\0');
            assert_est(cedar_policy_set_at(set, 0), json.at);
        } else {
            assert_fault(result);
            assert_first_diagnostic(fixture, rows[i].diagnostic);
        }
        buffer_clear(&json);
        start_over(fixture);
    }
}

/* ---- Sets ---- */

static const char set_json[] =
    "{\"staticPolicies\":{\"a\":{\"effect\":\"permit\"," ALL ",\"conditions\":[]}},"
    "\"templates\":{\"t\":{\"effect\":\"forbid\",\"principal\":{\"op\":\"==\",\"slot\":"
    "\"?principal\"},\"action\":{\"op\":\"All\"},\"resource\":{\"op\":\"in\",\"slot\":\"?"
    "resource\"}"
    ",\"conditions\":[]}},\"templateLinks\":[{\"templateId\":\"t\",\"newId\":\"l\",\"values\":{"
    "\"?principal\":{\"type\":\"A\",\"id\":\"x\"},\"?resource\":{\"type\":\"R\",\"id\":\"\"}}}]}";

static void test_est__reads_and_writes_a_set_with_templates_and_links(void **state)
{
    struct fixture *fixture = *state;
    const struct cedar_policy_set *set = est_of(fixture, BYTES(set_json));
    const struct cedar_policy *link = cedar_policy_set_find(set, BYTES("l"));
    struct buffer json;
    buffer_init(&json, (size_t)1 << 20);
    cedar_policy_set_append_est(&json, set);
    assert_bytes(buffer_bytes(&json), set_json);
    buffer_clear(&json);
    assert_int_equal(cedar_policy_set_count(set), 3);
    assert_non_null(link);
    assert_int_equal(cedar_policy_kind(link), CEDAR_POLICY_LINK);
    assert_bytes(cedar_policy_scope(link)->principal.entity.id, "x");
    assert_est(link,
               "{\"effect\":\"forbid\",\"principal\":{\"op\":\"==\",\"entity\":{\"type\":\"A\","
               "\"id\":\"x\"}},\"action\":{\"op\":\"All\"},\"resource\":{\"op\":\"in\","
               "\"entity\":{\"type\":\"R\",\"id\":\"\"}},\"conditions\":[]}");
}

static void test_est__gives_a_single_policy_its_id_as_the_options_say(void **state)
{
    struct fixture *fixture = *state;
    const struct cedar_policy_set_options options = {.ids = CEDAR_POLICY_IDS_FROM_ANNOTATION};
    struct cedar_policy_set *set = cedar_policy_set_new(fixture->arena, &options);
    const struct bytes named = BYTES("{\"effect\":\"permit\"," ALL
                                     ",\"conditions\":[],\"annotations\":{\"id\":\"mine\"}}");
    const struct bytes unnamed = BYTES("{\"effect\":\"permit\"," ALL ",\"conditions\":[]}");
    assert_ok(cedar_policy_set_add_est(set, "p.json", named, fixture->diagnostics));
    assert_non_null(cedar_policy_set_find(set, BYTES("mine")));
    assert_fault(cedar_policy_set_add_est(set, "p.json", unnamed, fixture->diagnostics));
    assert_first_diagnostic(fixture, "1:1 this policy has no `@id(\"…\")`");
}

static void test_est__refuses_wrong_sets_and_says_where(void **state)
{
    static const struct text_row rows[] = {
        {"{\"foo\":1}", "1:2 a policy set has no key `foo`, only `staticPolicies`, `templates`, "
                        "`templateLinks`"},
        {"{\"staticPolicies\":[]}", "1:19 `staticPolicies` must be an object, not array"},
        {"{\"templates\":{\"a\":{\"effect\":\"permit\"," ALL ",\"conditions\":[]}}}",
         "1:19 a policy without slots belongs under `staticPolicies`"},
        {"{\"staticPolicies\":{\"a\":" PRINCIPAL("{\"op\":\"in\",\"slot\":\"?principal\"}") "}}",
         "1:24 a policy with a slot belongs under `templates`"},
        {"{\"templateLinks\":[{\"templateId\":\"t\",\"newId\":\"l\",\"values\":{}}]}",
         "1:33 there is no template `t`"},
        {"{\"templateLinks\":[{\"templateId\":\"t\",\"newId\":\"l\",\"values\":{\"?x\":1}}]}",
         "1:59 `values` has no key `?x`, only `?principal`, `?resource`"},
        {"{\"templates\":{\"t\":" PRINCIPAL(
             "{\"op\":\"in\",\"slot\":\"?principal\"}") "},\"templateLinks\":[{\"templateId\":"
                                                        "\"t\",\"newId\":\"l\",\"values\":{}}]}",
         "1:19 a link must give a value for each slot of its template, and no other"},
        {"{\"templates\":{\"t\":" PRINCIPAL(
             "{\"op\":\"in\",\"slot\":\"?principal\"}") "},\"templateLinks\":[{\"templateId\":"
                                                        "\"t\",\"newId\":\"t\",\"values\":{"
                                                        "\"?principal\":{\"type\":\"A\",\"id\":"
                                                        "\"\"}}}]}",
         "1:19 the id `t` is taken by the policy at p.json:1"},
    };
    CHECK_TEXT_ROWS(*state, rows, assert_refused);
}

static void test_est__fails_cleanly_without_memory(void **state)
{
    amanat_result result = amanat_result_of(AMANAT_STATUS_MEMORY);
    (void)state;
    for (size_t limit = 64; result.status == AMANAT_STATUS_MEMORY; limit += 64) {
        struct arena *arena = arena_new(limit);
        struct amanat_diagnostics *diagnostics = amanat_diagnostics_new();
        struct cedar_policy_set *set = cedar_policy_set_new(arena, NULL);
        if (set != NULL) {
            result = cedar_policy_set_add_est(set, "p.json", BYTES(set_json), diagnostics);
            assert_int_equal(amanat_diagnostics_count(diagnostics), 0);
        }
        amanat_diagnostics_free(diagnostics);
        arena_free(arena);
    }
    assert_ok(result);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_est__is_written_as_the_official_engine_writes_it,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_est__writes_scopes_and_annotations, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_est__reads_what_the_official_engine_reads, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_est__refuses_wrong_policies_and_says_where, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_est__refuses_wrong_expressions_and_says_where, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_est__reports_all_faults_of_a_policy, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_est__nests_as_deep_as_text, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_est__reads_and_writes_a_set_with_templates_and_links,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_est__gives_a_single_policy_its_id_as_the_options_say,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_est__refuses_wrong_sets_and_says_where, set_up,
                                        tear_down),
        cmocka_unit_test(test_est__fails_cleanly_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
