/* SPDX-License-Identifier: Apache-2.0 */
/* Explanations: which part of a scope matches, which condition is the first that does not hold,
 * what it reads, and what can be said when only a part of the request is known. */
#include "tests/unit/policy/cedar/cedar_fixture.h"

static const char entities_text[] =
    "[{\"uid\":{\"type\":\"User\",\"id\":\"alice\"},\"attrs\":{\"age\":17,\"city\":\"Lahore\","
    "\"team\":{\"__entity\":{\"type\":\"Team\",\"id\":\"blue\"}}},"
    "\"tags\":{\"desk\":\"fraud\"},\"parents\":[{\"type\":\"Team\",\"id\":\"blue\"}]},"
    "{\"uid\":{\"type\":\"Team\",\"id\":\"blue\"},\"attrs\":{\"city\":\"Lahore\"},"
    "\"parents\":[{\"type\":\"Team\",\"id\":\"all\"}]},"
    "{\"uid\":{\"type\":\"Photo\",\"id\":\"p\"},\"attrs\":{\"open\":true,\"places\":[1,2]},"
    "\"parents\":[]},"
    "{\"uid\":{\"type\":\"Action\",\"id\":\"view\"},\"attrs\":{},"
    "\"parents\":[{\"type\":\"Action\",\"id\":\"read\"}]}]";

static struct cedar_request request_of(struct fixture *fixture)
{
    const struct cedar_field fields[] = {{BYTES("purpose"), cedar_value_string(BYTES("fun"))},
                                         {BYTES("n"), cedar_value_long(3)}};
    struct cedar_request request = {.principal = uid("User", "alice"),
                                    .action = uid("Action", "view"),
                                    .resource = uid("Photo", "p")};
    assert_ok(cedar_value_record(fixture->arena, fields, 2, &request.context));
    return request;
}

static struct cedar_explanation explanation_of(struct fixture *fixture, const char *policy,
                                               const struct cedar_known *known)
{
    struct cedar_explanation explanation;
    const struct cedar_request request = request_of(fixture);
    const struct cedar_policy_set *set = policies_of(fixture, policy);
    const struct cedar_entities *entities = entities_of(fixture, NULL, entities_text);
    assert_ok(cedar_explain(cedar_policy_set_at(set, 0), &request, entities, known, fixture->arena,
                            &explanation));
    return explanation;
}

static const char *outcome_name(enum cedar_outcome outcome)
{
    static const char *const names[] = {"-", "holds", "fails", "error", "open"};
    return names[outcome];
}

static const char *describe_scope(struct fixture *fixture,
                                  const struct cedar_explanation *explanation)
{
    const struct cedar_scope_test *const parts[] = {&explanation->principal, &explanation->action,
                                                    &explanation->resource};
    struct buffer text;
    buffer_init(&text, 4096);
    for (size_t i = 0; i < 3; i++) {
        if (!parts[i]->matches) {
            buffer_append_format(&text, "%s%.*s: %.*s", text.length == 0 ? "" : "; ",
                                 BYTES_PRINTF(parts[i]->demands), BYTES_PRINTF(parts[i]->found));
        }
    }
    const char *copy = arena_format(fixture->arena, "%.*s", BYTES_PRINTF(buffer_bytes(&text)));
    buffer_clear(&text);
    return copy;
}

/* "holds a; fails !b [x is 1]": `!` for what stands in an `unless`. */
static const char *describe_conditions(struct fixture *fixture,
                                       const struct cedar_explanation *explanation)
{
    struct buffer text;
    buffer_init(&text, 4096);
    for (size_t i = 0; i < explanation->conjunct_count; i++) {
        const struct cedar_conjunct *conjunct = &explanation->conjuncts[i];
        buffer_append_format(&text, "%s%s %s%.*s", i == 0 ? "" : "; ",
                             outcome_name(conjunct->outcome), conjunct->unless ? "!" : "",
                             BYTES_PRINTF(conjunct->text));
        if (conjunct->error != NULL) {
            buffer_append_format(&text, " (%u:%u %s)", conjunct->error_line, conjunct->error_column,
                                 conjunct->error);
        }
        for (size_t k = 0; k < conjunct->reading_count && conjunct->outcome != CEDAR_OUTCOME_HOLDS;
             k++) {
            buffer_append_format(&text, " [%.*s %s %.*s]", BYTES_PRINTF(conjunct->readings[k].path),
                                 conjunct->readings[k].verb,
                                 BYTES_PRINTF(conjunct->readings[k].shown));
        }
    }
    const char *copy = arena_format(fixture->arena, "%.*s", BYTES_PRINTF(buffer_bytes(&text)));
    buffer_clear(&text);
    return copy;
}

static void assert_described(const char *policy, const char *found, const char *expected)
{
    if (strcmp(found, expected) != 0) {
        fail_msg("%s\n  found    `%s`\n  expected `%s`", policy, found, expected);
    }
}

static void test_scope__names_each_part_that_fails(void **state)
{
    static const struct {
        const char *scope;
        const char *expected;
    } rows[] = {
        {"principal, action, resource", ""},
        {"principal is User in Team::\"all\", action in Action::\"read\", resource is Photo", ""},
        {"principal == User::\"bob\", action, resource",
         "principal == User::\"bob\": User::\"alice\" in Team::\"blue\""},
        {"principal is Robot in Team::\"blue\", action, resource",
         "principal is Robot in Team::\"blue\": User::\"alice\" in Team::\"blue\""},
        {"principal, action == Action::\"read\", resource",
         "action == Action::\"read\": Action::\"view\" in Action::\"read\""},
        {"principal, action in [Action::\"a\", Action::\"b\"], resource",
         "action in [Action::\"a\", Action::\"b\"]: Action::\"view\" in Action::\"read\""},
        {"principal, action in [], resource", "action in []: Action::\"view\" in Action::\"read\""},
        {"principal, action, resource is Video", "resource is Video: Photo::\"p\""},
        {"principal in Team::\"red\", action in Action::\"edit\", resource in Album::\"x\"",
         "principal in Team::\"red\": User::\"alice\" in Team::\"blue\"; action in "
         "Action::\"edit\": Action::\"view\" in Action::\"read\"; resource in Album::\"x\": "
         "Photo::\"p\""},
        {"principal in ?principal, action, resource",
         "principal in ?principal: User::\"alice\" in Team::\"blue\""},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct fixture *fixture = *state;
        const char *policy = arena_format(fixture->arena, "permit(%s);", rows[i].scope);
        const struct cedar_explanation explanation = explanation_of(fixture, policy, NULL);
        assert_described(rows[i].scope, describe_scope(fixture, &explanation), rows[i].expected);
        start_over(fixture);
    }
}

static void test_conditions__show_the_first_that_does_not_hold_and_what_it_reads(void **state)
{
    static const struct {
        const char *conditions;
        const char *expected;
    } rows[] = {
        {"", ""},
        {"when { true }", "holds true"},
        {"when { context.n == 3 && context.n > 5 && context.n < 9 }",
         "holds context.n == 3; fails context.n > 5 [context.n is 3]; - context.n < 9"},
        {"when { (context.n == 3 && principal.age >= 18) && true }",
         "holds context.n == 3; fails principal.age >= 18 [principal.age is 17]; - true"},
        {"when { context.n == 3 } unless { principal.age < 18 || context.n == 4 } when { true }",
         "holds context.n == 3; fails !principal.age < 18 [principal.age is 17]; - !context.n == "
         "4; "
         "- true"},
        {"unless { false || context.n == 4 }", "holds !false; holds !context.n == 4"},
        {"unless { context.n == 3 && principal.age < 18 }",
         "fails !context.n == 3 && principal.age < 18 [context.n is 3] [principal.age is 17]"},
        {"when { context.n == 4 || context.purpose == \"work\" }",
         "fails context.n == 4 || context.purpose == \"work\" [context.n is 3] "
         "[context.purpose is \"fun\"]"},
        {"when { context has \"case\" }", "fails context has \"case\" [context has n, purpose]"},
        {"when { principal.team has size.x }",
         "fails principal.team has size.x [principal.team has city]"},
        {"when { principal in Team::\"red\" }",
         "fails principal in Team::\"red\" [principal is User::\"alice\" in Team::\"blue\"]"},
        {"when { principal.team in Team::\"red\" }",
         "fails principal.team in Team::\"red\" [principal.team is Team::\"blue\" in "
         "Team::\"all\"]"},
        {"when { resource.places.contains(context.n) }",
         "fails resource.places.contains(context.n) [resource.places is [1, 2]] [context.n is 3]"},
        {"when { if resource.open then context.n == 4 else true }",
         "fails if resource.open then context.n == 4 else true [resource.open is true] "
         "[context.n is 3]"},
        {"when { principal.city like \"K*\" }",
         "fails principal.city like \"K*\" [principal.city is \"Lahore\"]"},
        {"when { !resource.open }", "fails !resource.open [resource.open is true]"},
        {"when { resource is Video }", "fails resource is Video [resource is Photo::\"p\"]"},
        {"when { context.n // a comment && \"more\"\n   ==   4 && true }",
         "fails context.n == 4 [context.n is 3]; - true"},
        {"when { \"a  // \\\" b\" == context.purpose }",
         "fails \"a  // \\\" b\" == context.purpose [context.purpose is \"fun\"]"},
        {"when { context.m == 1 && true }",
         "error context.m == 1 (1:52 there is no attribute `m`) [context.m is not there]; - true"},
        {"when { context.purpose }",
         "error context.purpose (1:52 expected Bool, found String) [context.purpose is \"fun\"]"},
        {"when { principal.getTag(\"desk\") == \"cards\" }",
         "fails principal.getTag(\"desk\") == \"cards\" [principal has the tags {\"desk\": "
         "\"fraud\"}]"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct fixture *fixture = *state;
        const char *policy = arena_format(fixture->arena, "permit(principal, action, resource) %s;",
                                          rows[i].conditions);
        const struct cedar_explanation explanation = explanation_of(fixture, policy, NULL);
        assert_described(policy, describe_conditions(fixture, &explanation), rows[i].expected);
        start_over(fixture);
    }
}

static void test_conditions__are_open_where_they_read_what_is_not_known(void **state)
{
    static const struct bytes paths[] = {BYTES_INIT("principal.team"),
                                         BYTES_INIT("context.purpose")};
    static const struct bytes names[] = {BYTES_INIT("resource")};
    static const struct cedar_known known = {paths, 2, names, 1, NULL, 0};
    static const struct {
        const char *condition;
        const char *expected;
    } rows[] = {
        {"context.purpose == \"fun\"", "holds"},
        {"context has purpose", "holds"},
        {"context has n", "open"},
        {"context.n == 3", "open"},
        {"context == {}", "open"},
        {"principal.team.city == \"Lahore\"", "holds"},
        {"principal.team in Team::\"red\"", "fails"},
        {"principal.teams", "open"},
        {"principal in Team::\"blue\"", "open"},
        {"resource is Video", "fails"},
        {"resource == Photo::\"p\"", "holds"},
        {"resource.open", "open"},
        {"[resource].contains(Photo::\"p\")", "open"},
        {"Photo::\"\".open", "open"},
        {"resource.hasTag(\"x\")", "open"},
        {"(context.n == 3 || context.purpose == \"fun\")", "holds"},
        {"(context.n == 3 || context.purpose == \"work\")", "open"},
        {"!(context.n == 3 && context.purpose == \"work\")", "holds"},
        {"(if context.n == 3 then true else context.purpose == \"fun\")", "holds"},
        {"(if context.purpose == \"fun\" then false else resource.open)", "fails"},
        {"(if resource.open then false else true)", "open"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct fixture *fixture = *state;
        const char *policy = arena_format(
            fixture->arena, "permit(principal, action, resource) when { %s };", rows[i].condition);
        const struct cedar_explanation explanation = explanation_of(fixture, policy, &known);
        assert_int_equal(explanation.conjunct_count, 1);
        assert_described(policy, outcome_name(explanation.conjuncts[0].outcome), rows[i].expected);
        start_over(fixture);
    }
}

static void test_conditions__know_what_an_entity_is_in_and_not_which_it_is(void **state)
{
    static const struct bytes members[] = {BYTES_INIT("principal")};
    static const struct cedar_known known = {.members = members, .member_count = 1};
    static const struct {
        const char *condition;
        const char *expected;
    } rows[] = {
        {"principal in Team::\"all\"", "holds"},         {"principal in [Team::\"red\"]", "fails"},
        {"principal is User in Team::\"red\"", "fails"}, {"principal == User::\"alice\"", "open"},
        {"Team::\"all\" in principal", "open"},          {"principal.age == 17", "open"}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct fixture *fixture = *state;
        const char *policy = arena_format(
            fixture->arena, "permit(principal, action, resource) when { %s };", rows[i].condition);
        const struct cedar_explanation explanation = explanation_of(fixture, policy, &known);
        assert_described(policy, outcome_name(explanation.conjuncts[0].outcome), rows[i].expected);
        start_over(fixture);
    }
}

static void test_conditions__behind_an_open_one_are_asked_but_cannot_err(void **state)
{
    static const struct bytes paths[] = {BYTES_INIT("context.purpose")};
    static const struct cedar_known known = {.paths = paths, .path_count = 1};
    struct fixture *fixture = *state;
    const struct cedar_explanation explanation = explanation_of(
        fixture,
        "permit(principal, action, resource) when { resource.open && context.purpose < 3 && "
        "context.purpose == \"work\" && true };",
        &known);
    assert_string_equal(describe_conditions(fixture, &explanation),
                        "open resource.open; open context.purpose < 3; fails context.purpose == "
                        "\"work\" [context.purpose is \"fun\"]; - true");
}

static void test_conditions__stand_where_they_begin_in_the_source(void **state)
{
    struct fixture *fixture = *state;
    const struct cedar_explanation explanation = explanation_of(
        fixture,
        "permit(principal, action, resource)\nwhen {\n  true &&\n    (context.n ==\n "
        "3)\n}\nunless { \"x\" == \"y\" };",
        NULL);
    static const unsigned places[][2] = {{3, 3}, {4, 5}, {7, 10}};
    assert_int_equal(explanation.conjunct_count, 3);
    assert_int_equal(explanation.held, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(explanation.conjuncts[i].line, places[i][0]);
        assert_int_equal(explanation.conjuncts[i].column, places[i][1]);
    }
    assert_bytes(explanation.conjuncts[1].text, "(context.n == 3)");
}

static void test_readings__are_cut_where_they_tell_nothing_more(void **state)
{
    struct fixture *fixture = *state;
    char city[301];
    struct cedar_explanation explanation;
    struct cedar_request request = request_of(fixture);
    for (size_t i = 0; i < 300; i += 2) {
        memcpy(city + i, "ä", 2);
    }
    const struct cedar_field field = {BYTES("city"), cedar_value_string(bytes_of(city, 300))};
    assert_ok(cedar_value_record(fixture->arena, &field, 1, &request.context));
    const struct cedar_policy_set *set =
        policies_of(fixture, "permit(principal, action, resource) when { context.city == \"\" };");
    assert_ok(cedar_explain(cedar_policy_set_at(set, 0), &request,
                            entities_of(fixture, NULL, entities_text), NULL, fixture->arena,
                            &explanation));
    const struct bytes shown = explanation.conjuncts[0].readings[0].shown;
    assert_int_equal(shown.length, 199 + strlen("…"));
    assert_true(bytes_end_with(shown, BYTES("ä…")));
}

static void test_memory__may_end_at_any_point_and_only_that_is_said(void **state)
{
    struct fixture *fixture = *state;
    const struct cedar_request request = request_of(fixture);
    const struct cedar_entities *entities = entities_of(fixture, NULL, entities_text);
    const struct cedar_policy_set *set = policies_of(
        fixture, "permit(principal in Team::\"blue\", action in [Action::\"a\"], resource) when { "
                 "principal.city like \"L*\" && context has n && principal in Team::\"red\" } "
                 "unless { context.m };");
    for (size_t limit = 0; limit < 4096; limit += 16) {
        struct cedar_explanation explanation;
        struct arena *arena = arena_new(limit);
        assert_non_null(arena);
        const amanat_result result = cedar_explain(cedar_policy_set_at(set, 0), &request, entities,
                                                   NULL, arena, &explanation);
        assert_true(amanat_is_ok(result) || result.status == AMANAT_STATUS_MEMORY);
        assert_true(limit > 64 || !amanat_is_ok(result));
        assert_true(limit < 4080 || amanat_is_ok(result));
        arena_free(arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scope__names_each_part_that_fails),
        cmocka_unit_test(test_conditions__show_the_first_that_does_not_hold_and_what_it_reads),
        cmocka_unit_test(test_conditions__are_open_where_they_read_what_is_not_known),
        cmocka_unit_test(test_conditions__know_what_an_entity_is_in_and_not_which_it_is),
        cmocka_unit_test(test_conditions__behind_an_open_one_are_asked_but_cannot_err),
        cmocka_unit_test(test_conditions__stand_where_they_begin_in_the_source),
        cmocka_unit_test(test_readings__are_cut_where_they_tell_nothing_more),
        cmocka_unit_test(test_memory__may_end_at_any_point_and_only_that_is_said),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
