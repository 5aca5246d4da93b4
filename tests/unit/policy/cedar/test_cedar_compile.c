/* SPDX-License-Identifier: Apache-2.0 */
/* Compiling: whatever is worked out beforehand decides, and fails, as if it were not. */
#include "tests/unit/policy/cedar/cedar_random.h"

/* Each leaf as a literal and as the context's attribute of the same value. */
static const char *const literals[] = {"true",
                                       "false",
                                       "(1 < 2)",
                                       "(1 == \"1\")",
                                       "0",
                                       "1",
                                       "-1",
                                       "9223372036854775807",
                                       "\"\"",
                                       "\"abc\"",
                                       "\"1.5\"",
                                       "\"a*\"",
                                       "U::\"a\"",
                                       "U::\"b\"",
                                       "R::\"\"",
                                       "U::\"none\"",
                                       "[1, 2]",
                                       "[]",
                                       "[U::\"a\"]",
                                       "[\"abc\", [1]]",
                                       "{a: 1, b: true}",
                                       "{}",
                                       "{a: {b: 2}}",
                                       "{b: U::\"a\"}"};
static const char *const attributes[] = {
    "context.A", "context.B", "context.C", "context.D", "context.E", "context.F",
    "context.G", "context.H", "context.I", "context.J", "context.K", "context.L",
    "context.M", "context.N", "context.O", "context.P", "context.Q", "context.R",
    "context.S", "context.T", "context.U", "context.V", "context.W", "context.X"};
static const char context_text[] =
    "{\"A\":true,\"B\":false,\"C\":true,\"D\":false,\"E\":0,\"F\":1,\"G\":-1,"
    "\"H\":9223372036854775807,\"I\":\"\",\"J\":\"abc\",\"K\":\"1.5\",\"L\":\"a*\","
    "\"M\":{\"__entity\":{\"type\":\"U\",\"id\":\"a\"}},"
    "\"N\":{\"__entity\":{\"type\":\"U\",\"id\":\"b\"}},"
    "\"O\":{\"__entity\":{\"type\":\"R\",\"id\":\"\"}},"
    "\"P\":{\"__entity\":{\"type\":\"U\",\"id\":\"none\"}},"
    "\"Q\":[1,2],\"R\":[],\"S\":[{\"__entity\":{\"type\":\"U\",\"id\":\"a\"}}],\"T\":[\"abc\",[1]],"
    "\"U\":{\"a\":1,\"b\":true},\"V\":{},\"W\":{\"a\":{\"b\":2}},"
    "\"X\":{\"b\":{\"__entity\":{\"type\":\"U\",\"id\":\"a\"}}}}";
static const char entities_text[] =
    "[{\"uid\":{\"type\":\"U\",\"id\":\"a\"},\"attrs\":{\"a\":1,\"b\":true,\"n\":3,"
    "\"t\":\"abc\",\"e\":{\"__entity\":{\"type\":\"U\",\"id\":\"b\"}},\"r\":{\"a\":{\"b\":1}}},"
    "\"tags\":{\"abc\":\"1.0\"},\"parents\":[{\"type\":\"U\",\"id\":\"b\"}]},"
    "{\"uid\":{\"type\":\"U\",\"id\":\"b\"},\"attrs\":{\"b\":false},\"parents\":[]},"
    "{\"uid\":{\"type\":\"R\",\"id\":\"\"},\"attrs\":{\"b\":true,\"n\":1},\"parents\":[]}]";

static const char *decide(struct fixture *fixture, const char *policies)
{
    const struct cedar_entities *entities = entities_of(fixture, NULL, entities_text);
    const struct document *document = NULL;
    struct cedar_response response;
    struct cedar_request request = {
        .principal = uid("U", "a"), .action = uid("Action", "view"), .resource = uid("R", "")};
    assert_ok(document_from_json(fixture->arena, "context", bytes_of_string(context_text), NULL,
                                 &document));
    assert_ok(cedar_context_from_document(fixture->arena, NULL, NULL, "context", document, NULL,
                                          &request.context));
    assert_ok(cedar_authorize(compile(fixture, policies_of(fixture, policies)), &request, entities,
                              fixture->arena, &response));
    return response.error_count > 0    ? arena_format(fixture->arena, "%s", response.errors[0].text)
           : response.permit_count > 0 ? "true"
                                       : "false";
}

static const char *decide_with(struct fixture *fixture, struct bytes expression,
                               const char *const *leaves)
{
    struct buffer text;
    buffer_init(&text, 1 << 20);
    buffer_append_string(&text, "permit(principal,action,resource) when {");
    expand_leaves(&text, expression, leaves);
    buffer_append_string(&text, "};");
    const char *policies = arena_format(fixture->arena, "%.*s", BYTES_PRINTF(buffer_bytes(&text)));
    buffer_clear(&text);
    return decide(fixture, policies);
}

static void test_constants__decide_as_the_same_values_do_that_come_with_the_request(void **state)
{
    struct fixture *fixture = *state;
    struct random_source random = {20261122};
    size_t counts[3] = {0};
    for (size_t i = 0; i < 4000; i++) {
        struct buffer expression;
        buffer_init(&expression, 1 << 20);
        random_expression(&expression, &random, 'b', 1 + random_below(&random, 5));
        const char *folded = decide_with(fixture, buffer_bytes(&expression), literals);
        const char *plain = decide_with(fixture, buffer_bytes(&expression), attributes);
        if (strcmp(folded, plain) != 0) {
            fail_msg("%.*s: `%s` with literals, `%s` with attributes",
                     BYTES_PRINTF(buffer_bytes(&expression)), folded, plain);
        }
        counts[strcmp(plain, "true") == 0 ? 0 : strcmp(plain, "false") == 0 ? 1 : 2]++;
        buffer_clear(&expression);
        start_over(fixture);
    }
    for (size_t i = 0; i < 3; i++) {
        assert_true(counts[i] > 400); /* true, false and errors are all among them */
    }
}

static void test_a_failing_constant__fails_when_it_is_evaluated_and_only_then(void **state)
{
    static const struct {
        const char *condition;
        const char *expected;
    } rows[] = {
        {"ip(\"x\").isIpv4()", "this text is not an IP address or range"},
        {"true && decimal(\"x\") == 1", "this text is not a decimal"},
        {"false && decimal(\"x\") == 1", "false"},
        {"context.B && decimal(\"x\") == 1", "false"},
        {"context.A && decimal(\"x\") == 1", "this text is not a decimal"},
        {"decimal(\"x\") == 1 && false", "this text is not a decimal"},
        {"context.none && false", "there is no attribute `none`"},
        {"context.none || true", "there is no attribute `none`"},
        {"true || context.none", "true"},
        {"true && context.F", "expected Bool, found Long"},
        {"if true then context.A else context.none", "true"},
        {"if context.none then true else true", "there is no attribute `none`"},
        {"9223372036854775807 + 1 == context.E", "overflow in `+`"},
        {"[1, context.none].contains(1 + \"x\")", "there is no attribute `none`"},
        {"[1 + \"x\", context.none].contains(1)", "an operand of `+` is String, not Long"},
        {"1", "expected Bool, found Long"},
        {"true } when { false } when { 1", "false"},
        {"true } unless { 1", "expected Bool, found Long"},
        {"context.B } when { 1", "false"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct fixture *fixture = *state;
        const char *found = decide(
            fixture, arena_format(fixture->arena, "permit(principal,action,resource) when { %s };",
                                  rows[i].condition));
        if (strcmp(found, rows[i].expected) != 0) {
            fail_msg("%s: `%s`, expected `%s`", rows[i].condition, found, rows[i].expected);
        }
        start_over(fixture);
    }
}

static void test_what_is_added_later__takes_no_part(void **state)
{
    struct fixture *fixture = *state;
    struct cedar_response response;
    struct cedar_policy_set *set = policies_of(fixture, "permit(principal, action, resource);");
    const struct cedar_compiled_policies *compiled = compile(fixture, set);
    const struct cedar_request request = {uid("U", "a"), uid("Action", "v"), uid("R", ""), {0}};
    assert_ok(cedar_policy_set_add_text(set, "later", BYTES("forbid(principal, action, resource);"),
                                        NULL));
    assert_ok(cedar_authorize(compiled, &request, entities_of(fixture, NULL, "[]"), fixture->arena,
                              &response));
    assert_int_equal(response.decision, CEDAR_DECISION_ALLOW);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_constants__decide_as_the_same_values_do_that_come_with_the_request),
        cmocka_unit_test(test_a_failing_constant__fails_when_it_is_evaluated_and_only_then),
        cmocka_unit_test(test_what_is_added_later__takes_no_part),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
