/* SPDX-License-Identifier: Apache-2.0 */
/* Evaluation: what each operator gives and when it fails, one expression a row. */
#include "tests/unit/policy/cedar/cedar_fixture.h"

static const char entities_text[] =
    "[{\"uid\": {\"type\": \"User\", \"id\": \"alice\"},"
    "  \"attrs\": {\"n\": 5, \"s\": \"a*b\", \"set\": [1, 2], \"r\": {\"x\": {\"y\": 1}},"
    "    \"friend\": {\"__entity\": {\"type\": \"User\", \"id\": \"ghost\"}}},"
    "  \"tags\": {\"t\": \"v\"}, \"parents\": [{\"type\": \"Team\", \"id\": \"blue\"}]},"
    " {\"uid\": {\"type\": \"Team\", \"id\": \"blue\"}, \"attrs\": {},"
    "  \"parents\": [{\"type\": \"Team\", \"id\": \"all\"}]}]";

/* "true", "false" or why the policy has no value, with the place in the expression. */
static const char *evaluate(struct fixture *fixture, const char *expression)
{
    char *text = arena_format(fixture->arena, "permit(principal,action,resource) when {\n%s\n};",
                              expression);
    const struct cedar_policy_set *set = policies_of(fixture, text);
    const struct cedar_entities *entities = entities_of(fixture, NULL, entities_text);
    struct cedar_response response;
    struct cedar_request request = {.principal = uid("User", "alice"),
                                    .action = uid("Action", "view"),
                                    .resource = uid("Photo", "")};
    const struct cedar_field field = {BYTES("nul"), cedar_value_string(bytes_of("a\0b", 3))};
    assert_ok(cedar_value_record(fixture->arena, &field, 1, &request.context));
    assert_ok(
        cedar_authorize(compile(fixture, set), &request, entities, fixture->arena, &response));
    if (response.error_count > 0) {
        const struct cedar_policy_error *error = &response.errors[0];
        return arena_format(fixture->arena, "%u: %s", error->column, error->text);
    }
    return response.decision == CEDAR_DECISION_ALLOW ? "true" : "false";
}

struct row {
    const char *expression;
    const char *result;
};

static void check_rows(struct fixture *fixture, const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const char *found = evaluate(fixture, rows[i].expression);
        if (strcmp(found, rows[i].result) != 0) {
            fail_msg("%s gives `%s`, expected `%s`", rows[i].expression, found, rows[i].result);
        }
        start_over(fixture);
    }
}

#define CHECK(rows) check_rows(*state, (rows), sizeof(rows) / sizeof((rows)[0]))

static void test_logic__stops_at_the_first_operand_that_decides(void **state)
{
    static const struct row rows[] = {
        {"true && true", "true"},
        {"false && 1", "false"},
        {"true && 1", "9: expected Bool, found Long"},
        {"1 && true", "1: expected Bool, found Long"},
        {"true || 1", "true"},
        {"false || 1", "10: expected Bool, found Long"},
        {"false || false || true", "true"},
        {"if true then true else 1", "true"},
        {"if 1 then true else true", "4: expected Bool, found Long"},
        {"if false then 1 else 2", "1: expected Bool, found Long"},
        {"!false", "true"},
        {"!1", "1: an operand of `!` is Long, not Bool"},
    };
    CHECK(rows);
}

static void test_arithmetic__fails_on_overflow(void **state)
{
    static const struct row rows[] = {
        {"1 + 2 * 3 - 4 == 3", "true"},
        {"9223372036854775807 + 1 == 0", "21: overflow in `+`"},
        {"-9223372036854775808 - 1 == 0", "22: overflow in `-`"},
        {"4611686018427387904 * 2 == 0", "21: overflow in `*`"},
        {"--9223372036854775808 == 0", "1: overflow in `-`"},
        {"1 + true == 2", "3: an operand of `+` is Bool, not Long"},
        {"1 < 2 && 2 <= 2 && 3 > 2 && 2 >= 2", "true"},
        {"1 < true", "3: Long and Bool cannot be compared by order"},
        {"decimal(\"1.0\") < decimal(\"2.0\")",
         "16: decimal and decimal cannot be compared by order"},
        {"duration(\"1s\") < duration(\"1m\") && datetime(\"1970-01-01\") <= "
         "datetime(\"1970-01-01\")",
         "true"},
    };
    CHECK(rows);
}

static void test_equality__never_fails(void **state)
{
    static const struct row rows[] = {
        {"1 == \"1\"", "false"},
        {"1 != \"1\"", "true"},
        {"[1, 2, 1] == [2, 1]", "true"},
        {"{a: 1, b: [2]} == {\"b\": [2, 2], a: 1}", "true"},
        {"{a: 1} == {a: 1, b: 2}", "false"},
        {"principal == User::\"alice\"", "true"},
        {"decimal(\"1.0\") == decimal(\"1.00\")", "true"},
        {"\"a\" == context", "false"},
    };
    CHECK(rows);
}

static void test_in__looks_at_ancestors_and_all_elements(void **state)
{
    static const struct row rows[] = {
        {"principal in principal", "true"},
        {"principal in Team::\"all\"", "true"},
        {"Team::\"all\" in principal", "false"},
        {"User::\"ghost\" in User::\"ghost\"", "true"},
        {"User::\"ghost\" in Team::\"all\"", "false"},
        {"principal in []", "false"},
        {"principal in [Team::\"x\", Team::\"blue\"]", "true"},
        {"principal in [Team::\"blue\", 1]", "11: the Set right of `in` holds Long"},
        {"principal in 1", "11: the right side of `in` is Long, not an entity or a Set"},
        {"1 in principal", "3: an operand of `in` is Long, not entity"},
        {"principal is User", "true"},
        {"principal is user", "false"},
        {"principal is User in Team::\"all\"", "true"},
        {"principal is Robot in 1", "false"},
        {"principal is User in 1", "11: the right side of `in` is Long, not an entity or a Set"},
        {"1 is User", "3: expected an entity left of `is`, found Long"},
    };
    CHECK(rows);
}

static void test_attributes__of_records_and_entities(void **state)
{
    static const struct row rows[] = {
        {"principal.n == 5 && principal[\"n\"] == 5", "true"},
        {"principal has n && !(principal has x) && !(resource has n)", "true"},
        {"principal has r.x.y && !(principal has r.z.y) && !(principal has friend.n)", "true"},
        {"principal has n.x", "11: expected a record or an entity, found Long"},
        {"1 has x", "3: expected a record or an entity, found Long"},
        {"principal.missing", "11: there is no attribute `missing`"},
        {"resource.n", "10: the entity does not exist that is asked for `n`"},
        {"{a: 1}.b", "8: there is no attribute `b`"},
        {"\"x\".a", "5: expected a record or an entity, found String"},
        {"principal has t", "false"},
        {"principal.hasTag(\"t\") && principal.getTag(\"t\") == \"v\"", "true"},
        {"resource.hasTag(\"t\")", "false"},
        {"resource.getTag(\"t\") == 1", "10: the entity asked for a tag does not exist"},
        {"principal.getTag(\"u\") == 1", "11: the entity does not have this tag"},
        {"principal.getTag(1) == 1", "11: an operand of `getTag` is Long, not String"},
    };
    CHECK(rows);
}

static void test_sets__are_asked(void **state)
{
    static const struct row rows[] = {
        {"principal.set.contains(1) && !principal.set.contains(\"1\")", "true"},
        {"[1, 2, 3].containsAll([3, 1]) && [1].containsAll([]) && ![1].containsAll([1, 2])",
         "true"},
        {"[1, 2].containsAny([3, 2]) && ![1].containsAny([])", "true"},
        {"[].isEmpty() && ![1].isEmpty()", "true"},
        {"[[1], {a: 1}].contains([1, 1])", "true"},
        {"1.contains(1)", "3: an operand of `contains` is Long, not Set"},
        {"[1].containsAll(1)", "5: an operand of `containsAll` is Long, not Set"},
    };
    CHECK(rows);
}

static void test_like__matches_patterns(void **state)
{
    static const struct row rows[] = {
        {"\"\" like \"\"", "true"},
        {"\"\" like \"*\"", "true"},
        {"\"abc\" like \"a*c\"", "true"},
        {"\"abc\" like \"a*bc*\"", "true"},
        {"\"ac\" like \"a*c*c\"", "false"},
        {"\"abcabc\" like \"*b*b*\"", "true"},
        {"\"abab\" like \"ab*ab\"", "true"},
        {"\"aba\" like \"ab*ba\"", "false"},
        {"principal.s like \"a\\*b\"", "true"},
        {"\"axb\" like \"a\\*b\"", "false"},
        {"\"a?c\" like \"a?c\" && !(\"abc\" like \"a?c\")", "true"},
        {"context.nul like \"a\\0*\" && context.nul != \"a\"", "true"},
        {"\"\\u{e9}\" like \"*\\u{e9}\"", "true"},
        {"1 like \"*\"", "3: expected String left of `like`, found Long"},
    };
    CHECK(rows);
}

static void test_extensions__check_their_operands_when_they_are_applied(void **state)
{
    static const struct row rows[] = {
        {"ip(\"10.1.2.3\").isInRange(ip(\"10.0.0.0/8\"))", "true"},
        {"ip(\"10.1.2.3\").isInRange(ip(\"10.0.0.0/8\"), 1)",
         "16: `isInRange` takes 2 operands, not 3"},
        {"ip(\"x\").isIpv4()", "1: this text is not an IP address or range"},
        {"ip(\"::1\").isLoopback() && !ip(\"127.0.0.0/7\").isLoopback()", "true"},
        {"ip(\"224.0.0.0/4\").isMulticast() && !ip(\"ff00::/7\").isMulticast()", "true"},
        {"decimal(\"1.5\").lessThan(decimal(\"2.0\"))", "true"},
        {"decimal(\"1.5\").greaterThanOrEqual(1)",
         "16: an operand of `greaterThanOrEqual` is Long, not decimal"},
        {"datetime(\"1969-12-31T23:00:00Z\").toTime().toHours() == 23", "true"},
        {"datetime(\"1970-01-02\").durationSince(datetime(\"1970-01-01\")).toDays() == 1", "true"},
        {"datetime(\"1970-01-01\").offset(duration(\"-9223372036854775808ms\")).toDate() == 1",
         "67: overflow in `toDate`"},
        {"duration(\"-1500ms\").toSeconds() == -1", "true"},
    };
    CHECK(rows);
}

/* Each level mentions its operand several times: work must not double from level to level. */
static void test_has__of_a_path_evaluates_its_operand_once(void **state)
{
    struct fixture *fixture = *state;
    char *text = arena_format(fixture->arena, "principal");
    for (unsigned i = 0; i < 60; i++) {
        text = arena_format(fixture->arena, "(if (%s) has a.b.c.d then principal else principal)",
                            text);
        assert_non_null(text);
    }
    const char *expression = arena_format(fixture->arena, "%s has n", text);
    assert_string_equal(evaluate(fixture, expression), "true");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_logic__stops_at_the_first_operand_that_decides),
        cmocka_unit_test(test_arithmetic__fails_on_overflow),
        cmocka_unit_test(test_equality__never_fails),
        cmocka_unit_test(test_in__looks_at_ancestors_and_all_elements),
        cmocka_unit_test(test_attributes__of_records_and_entities),
        cmocka_unit_test(test_sets__are_asked),
        cmocka_unit_test(test_like__matches_patterns),
        cmocka_unit_test(test_extensions__check_their_operands_when_they_are_applied),
        cmocka_unit_test(test_has__of_a_path_evaluates_its_operand_once),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
