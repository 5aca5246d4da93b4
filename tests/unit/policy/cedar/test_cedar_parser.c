/* SPDX-License-Identifier: Apache-2.0 */
/* Policies: what the grammar takes, what it refuses and where it says so, and how parsing goes on
 * after a fault. */
#include "tests/unit/policy/cedar/cedar_fixture.h"

static amanat_result add(struct fixture *fixture, struct bytes text)
{
    struct cedar_policy_set *set = cedar_policy_set_new(fixture->arena, NULL);
    assert_non_null(set);
    return cedar_policy_set_add_text(set, "test.cedar", text, fixture->diagnostics);
}

/* A condition that must parse, or the first diagnostic when it must not (column 1 is the
 * expression's first). */
static void check_expression(struct fixture *fixture, const char *expression, const char *expected)
{
    static const char before[] = "permit(principal,action,resource) when {\n";
    char *text = arena_format(fixture->arena, "%s%s\n};", before, expression);
    assert_non_null(text);
    const amanat_result result = add(fixture, bytes_of_string(text));
    if (expected == NULL && !amanat_is_ok(result)) {
        fail_msg("%s: %s", expression, amanat_diagnostics_at(fixture->diagnostics, 0)->text);
    }
    if (expected != NULL) {
        if (amanat_is_ok(result)) {
            fail_msg("%s was taken", expression);
        }
        assert_first_diagnostic(fixture, expected);
    }
    start_over(fixture);
}

static void test_expression__takes_what_the_grammar_has(void **state)
{
    static const char *const rows[] = {
        "context.when.permit.principal",
        "permit::\"x\" == when::then_::\"\"",
        "007 == 7",
        "-9223372036854775808 < - 9223372036854775808",
        "----1 == 1 && !!!!true",
        "if true then 1 else if false then 2 else 3 == 3",
        "1 + (if true then 1 else 2) * 3 - 4",
        "[1, [], {}, {a: 1, \"b c\": 2,},]",
        "principal has a.b.c || principal has \"odd key\"",
        "principal is A::B in [Group::\"x\", context.g]",
        "context[\"a\"].b[\"c\"].contains(1,)",
        "principal.n.isInRange(1, 2, 3, 4)", /* extensions' arity is looked at later */
        "decimal() == ip(1, 2)",
        "\"ab\" like \"a\\*b*\" || true",
        "\"\\n\\r\\t\\0\\\\\\'\\\"\\x7F\\u{10FFFF}\\u{0_0}\" == \"\n\"",
        "true // comment\n && true //",
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        check_expression(*state, rows[i], NULL);
    }
}

static void test_expression__refuses_what_the_grammar_has_not(void **state)
{
    static const struct {
        const char *expression;
        const char *diagnostic;
    } rows[] = {
        {"", "3:1 expected an expression, found `}`"},
        {"1 < 2 < 3",
         "2:7 `<` cannot follow another comparison: write `a < b && b < c`, or parentheses"},
        {"a == b == c", "2:1 there is no variable `a`; there are `principal`, `action`, `resource` "
                        "and `context`, and strings stand in quotes"},
        {"1 / 2", "2:3 Cedar has no division: there are `+`, `-` and `*`"},
        {"1 = 2", "2:3 `=` is no operator: equality is `==`"},
        {"1 + if true then 1 else 2", "2:5 `if` needs parentheses around it here"},
        {"!!!!!true", "2:5 at most 4 of `!` may stand in a row"},
        {"-----1", "2:5 at most 4 of `-` may stand in a row"},
        {"!-1", "2:2 expected an expression, found `-`"},
        {"9223372036854775808", "2:1 this number is too large: the largest is 9223372036854775807"},
        {"-(9223372036854775808)",
         "2:3 this number is too large: the largest is 9223372036854775807"},
        {"18446744073709551616",
         "2:1 this number is too large: the largest is 9223372036854775807"},
        {"-9223372036854775809", "2:2 this number is too small: the least is -9223372036854775808"},
        {"context.if",
         "2:9 `if` is a reserved word: write `[\"if\"]` for an attribute of this name"},
        {"context[1]", "2:9 expected a string (what stands in `[…]` is a literal), found `1`"},
        {"principal has \"r\".b", "2:18 expected `}` for the `{` of 1:40, found `.`"},
        {"ip", "2:1 there is no variable `ip`; there are `principal`, `action`, `resource` and "
               "`context`, and strings stand in quotes"},
        {"isInRange(1)", "2:1 `isInRange` is a method: write `x.isInRange(…)`"},
        {"1.ip()", "2:3 `ip` is a function: write `ip(…)`"},
        {"1.foo()", "2:3 there is no method `foo`"},
        {"foo()", "2:1 there is no function `foo`"},
        {"A::foo(1)",
         "2:1 `A::foo` is a type, which is no value: an entity is written `A::foo::\"id\"`"},
        {"[1].contains()", "2:5 `contains` takes 1 argument, not 0"},
        {"[1].isEmpty(1)", "2:5 `isEmpty` takes no argument, not 1"},
        {"?principal", "2:1 a slot can only stand in a policy's scope"},
        {"{a: 1, \"a\": 2}", "2:8 this key stands twice in the record"},
        {"{in: 1}", "2:2 `in` is reserved and cannot be a key"},
        {"\"a\" like context.p", "2:10 expected a pattern (a string), found `context`"},
        {"\"\\*\"", "2:2 this escape is not known"},
        {"\"ab\\x80\"", "2:4 this escape is not known"},
        {"\"\\u{D800}\"", "2:2 this escape is not known"},
        {"\"\\u{_1}\"", "2:2 this escape is not known"},
        {"\"a\rb\"", "2:3 a carriage return in a string must be written `\\r`"},
        {"\"a", "2:1 this string does not end: its closing `\"` is missing"},
        {"#", "2:1 `#` cannot stand outside a string; comments begin with `//`"},
        {"true ?", "2:6 `?` must be followed by a name; a choice is `if … then … else …`"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        check_expression(*state, rows[i].expression, rows[i].diagnostic);
    }
}

static void test_policy__takes_scopes_and_annotations(void **state)
{
    static const char *const rows[] = {
        "",
        "// nothing\n",
        "@if(\"x\") @a permit(principal, action, resource,);",
        "permit(principal == A::\"\", action in [], resource is B in C::\"c\");",
        /* in parentheses, so that no compiler takes the two literals for a forgotten comma */
        ("forbid(principal in A::B::\"x\", action in X::Action::\"y\", resource == R::\"r\") "
         "unless "
         "{ true } when { true } unless { false };"),
        "permit(principal is A in ?principal, action == Action::\"a\", resource == ?resource);",
        "permit(principal,action in [Action::\"a\", Action::\"b\",],resource)\xC2\xA0;",
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_ok(add(*state, bytes_of_string(rows[i])));
        start_over(*state);
    }
}

static void test_policy__refuses_wrong_scopes_and_annotations(void **state)
{
    static const struct {
        const char *text;
        const char *diagnostic;
    } rows[] = {
        {"allow(principal, action, resource);",
         "1:1 expected `permit` or `forbid`, found `allow`; did you mean `permit`?"},
        {"permit(action, principal, resource);",
         "1:8 expected `principal`: a scope has `principal`, `action` and `resource`, all three "
         "and in this order"},
        {"permit(principal, action);",
         "1:25 expected `, resource`: a scope has `principal`, `action` and `resource`, all three"},
        {"permit(principal: A, action, resource);",
         "1:17 expected `,`, found `:`; a type is written `principal is TYPE`, an entity "
         "`principal == TYPE::\"id\"`"},
        {"permit(principal == A, action, resource);",
         "1:21 expected an entity, found the name `A`: an entity is written `A::\"id\"`"},
        {"permit(principal is A::\"x\", action, resource);",
         "1:21 expected an entity type, found an entity"},
        {"permit(principal == ?resource, action, resource);",
         "1:21 the only slot for `principal` is `?principal`"},
        {"permit(principal, action == User::\"x\", resource);",
         "1:29 the type of an action must be `Action`, not `User`"},
        {"permit(principal, action is Action, resource);",
         "1:26 `action` takes `==` and `in`; actions have no type to ask for"},
        {"permit(principal, action, resource)", "1:36 expected `;` at the end of the policy"},
        {"permit(principal, action, resource) where { true };",
         "1:37 expected `when`, `unless` or `;`, found `where`; did you mean `when`?"},
        {"@a @a permit(principal, action, resource);", "1:5 the annotation `a` stands twice"},
        {"@a(1) permit(principal, action, resource);",
         "1:4 expected an annotation's value (a string), found `1`"},
        {"@ permit", "1:9 expected `permit` or `forbid`, found the end of the file"},
        {"permit(principal, action, resource);\n\xFF", "2:1 this is not UTF-8"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_fault(add(*state, bytes_of_string(rows[i].text)));
        assert_first_diagnostic(*state, rows[i].diagnostic);
        start_over(*state);
    }
}

static void test_parser__reports_the_faults_of_all_policies_and_keeps_the_others(void **state)
{
    struct fixture *fixture = *state;
    struct cedar_policy_set *set = cedar_policy_set_new(fixture->arena, NULL);
    const struct bytes text = BYTES("permit(principal, action, resource) when { 1 / 2 };\n"
                                    "permit(principal, action, resource);\n"
                                    "forbid(principal, action\n"
                                    "@id(\"next\")\n"
                                    "permit(principal, action, resource) when { foo };\n");
    assert_fault(cedar_policy_set_add_text(set, "test.cedar", text, fixture->diagnostics));
    assert_int_equal(amanat_diagnostics_errors(fixture->diagnostics), 3);
    assert_int_equal(amanat_diagnostics_at(fixture->diagnostics, 1)->line, 3);
    assert_int_equal(amanat_diagnostics_at(fixture->diagnostics, 2)->line, 5);
    assert_int_equal(cedar_policy_set_count(set), 1);
    start_over(fixture);
}

/* `text` repeated between a beginning and an end. */
static char *repeat(struct fixture *fixture, const char *before, const char *text, size_t times,
                    const char *after)
{
    const size_t length = strlen(text);
    char *all = arena_allocate(fixture->arena, strlen(before) + length * times + strlen(after) + 1);
    assert_non_null(all);
    char *at = stpcpy(all, before);
    for (size_t i = 0; i < times; i++) {
        at = stpcpy(at, text);
    }
    (void)stpcpy(at, after);
    return all;
}

static void test_parser__refuses_what_is_too_deep(void **state)
{
    static const struct {
        const char *before;
        const char *repeated;
        const char *after;
    } rows[] = {
        {"permit(principal,action,resource) when { ", "(", "true"},
        {"permit(principal,action,resource) when { ", "[", "true"},
        {"permit(principal,action,resource) when { ", "{a:", "true"},
        {"permit(principal,action,resource) when { ", "if true then true else ", "true };"},
        {"permit(principal,action,resource) when { context", ".a", "};"},
        {"permit(principal,action,resource) when { 1", "+1", "== 1 };"},
        {"permit(principal,action,resource) when { ", "ip(", "true"},
        {"permit(principal,action,resource) when { ", "!(", "true"},
        {"permit(principal,action,resource) when { ", "\"\".contains(", "true"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct fixture *fixture = *state;
        const char *text = repeat(fixture, rows[i].before, rows[i].repeated, 50000, rows[i].after);
        assert_fault(add(fixture, bytes_of_string(text)));
        assert_non_null(
            strstr(amanat_diagnostics_at(fixture->diagnostics, 0)->text, "levels deep"));
        start_over(fixture);
    }
}

static void test_parser__takes_long_chains_of_logic(void **state)
{
    struct fixture *fixture = *state;
    const char *text =
        repeat(fixture, "permit(principal,action,resource) when { true", " && true", 5000, " };");
    assert_ok(add(fixture, bytes_of_string(text)));
    start_over(fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_expression__takes_what_the_grammar_has),
        cmocka_unit_test(test_expression__refuses_what_the_grammar_has_not),
        cmocka_unit_test(test_policy__takes_scopes_and_annotations),
        cmocka_unit_test(test_policy__refuses_wrong_scopes_and_annotations),
        cmocka_unit_test(test_parser__reports_the_faults_of_all_policies_and_keeps_the_others),
        cmocka_unit_test(test_parser__refuses_what_is_too_deep),
        cmocka_unit_test(test_parser__takes_long_chains_of_logic),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
