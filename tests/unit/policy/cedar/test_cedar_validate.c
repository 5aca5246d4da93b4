/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Validation of whole policies: names in scopes, which requests fit, templates and links, what is
 * reported how often and where, and that no policy takes long.
 */
#include "tests/unit/policy/cedar/cedar_fixture.h"

static const char schema_text[] =
    "entity User in Group { age?: Long, name: String };"
    "entity Group in Company; entity Company; entity Level enum [\"low\", \"high\"];"
    "entity Doc in Folder { vehicle: { plate: String, maker: { city: String } }, owner: User };"
    "entity Folder; entity Note { owner: Group, age: Long };"
    "action all; action view in all appliesTo { principal: User, resource: [Doc, Note] };"
    "action share in all appliesTo { principal: [User, Group], resource: Doc,"
    " context: { to: User } };"
    "action rank appliesTo { principal: Level, resource: Folder };"
    "namespace N { action list appliesTo { principal: Level, resource: Folder }; }";

static amanat_result check(struct fixture *fixture, const struct cedar_policy_set *policies)
{
    const struct cedar_checked_policies *checked = NULL;
    const struct cedar_schema *schema = schema_of(fixture, schema_text);
    return cedar_policy_set_check(policies, schema, fixture->arena, fixture->diagnostics, &checked);
}

/* All diagnostics, one a line: "line:column code: text". */
static void assert_diagnostics(const struct fixture *fixture, const char *expected)
{
    char text[4000] = "";
    size_t length = 0;
    for (size_t i = 0; i < amanat_diagnostics_count(fixture->diagnostics); i++) {
        const struct amanat_diagnostic *one = amanat_diagnostics_at(fixture->diagnostics, i);
        length += (size_t)snprintf(text + length, sizeof(text) - length, "%s%u:%u %s: %s",
                                   i > 0 ? "\n" : "", one->line, one->column, one->code, one->text);
        assert_true(length < sizeof(text));
    }
    assert_string_equal(text, expected);
}

static void test_validate__takes_scopes_that_a_request_can_fit(void **state)
{
    static const char *const rows[] = {
        "permit(principal, action, resource);",
        "permit(principal == User::\"a\", action, resource);",
        "permit(principal in User::\"a\", action, resource);",
        "permit(principal in Company::\"a\", action == Action::\"view\", resource);",
        "permit(principal is Group in Company::\"a\", action, resource);",
        "permit(principal, action in Action::\"all\", resource in Folder::\"f\");",
        "permit(principal, action in [Action::\"view\", Action::\"rank\"], resource is Note);",
        "permit(principal == Level::\"low\", action, resource);",
        "permit(principal == ?principal, action, resource in ?resource);",
        "permit(principal is Group in ?principal, action, resource is Doc in ?resource);",
        "",
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_ok(check(*state, policies_of(*state, rows[i])));
        assert_diagnostics(*state, "");
        start_over(*state);
    }
}

static void test_validate__makes_what_can_be_compiled_and_decides(void **state)
{
    struct fixture *fixture = *state;
    const struct cedar_checked_policies *checked = NULL;
    const struct cedar_compiled_policies *compiled = NULL;
    const struct cedar_request request = {.principal = uid("User", "a"),
                                          .action = uid("Action", "view"),
                                          .resource = uid("Doc", "d")};
    struct cedar_response response;
    assert_ok(cedar_policy_set_check(
        policies_of(fixture, "permit(principal is User, action, resource is Doc);"),
        schema_of(fixture, schema_text), fixture->arena, fixture->diagnostics, &checked));
    assert_ok(cedar_compile(fixture->arena, checked, &compiled));
    struct cedar_entities *entities = entities_of(fixture, NULL, "[]");
    assert_ok(cedar_authorize(compiled, &request, entities, fixture->arena, &response));
    assert_int_equal(response.decision, CEDAR_DECISION_ALLOW);
}

static void test_validate__refuses_scopes_that_no_request_fits(void **state)
{
    static const struct {
        const char *text;
        const char *why;
    } rows[] = {
        {"permit(principal, action == Action::\"all\", resource);",
         "`action ==` names a group of actions, which is never asked itself; write `action in`"},
        {"permit(principal, action in [], resource);",
         "none of its actions applies to a principal and a resource"},
        {"permit(principal is Group, action == Action::\"view\", resource);",
         "its actions need a principal of type `User`"},
        {"permit(principal is Doc, action, resource);",
         "its actions need a principal of type `User`, `Group`, `Level`"},
        {"permit(principal == Company::\"c\", action in Action::\"all\", resource);",
         "its actions need a principal of type `User`, `Group`; did you mean `principal in`?"},
        {"permit(principal in Action::\"view\", action == Action::\"rank\", resource);",
         "its actions need a principal of type `Level`, and that cannot be in `Action`"},
        {"permit(principal is User in Folder::\"f\", action == Action::\"view\", resource);",
         "its actions need a principal of type `User`, and that cannot be in `Folder`"},
        {"permit(principal, action == Action::\"share\", resource is Note);",
         "its actions need a resource of type `Doc`"},
        {"permit(principal, action == Action::\"share\", resource == Folder::\"f\");",
         "its actions need a resource of type `Doc`; did you mean `resource in`?"},
        {"permit(principal is Group, action in Action::\"all\", resource is Note);",
         "none of its actions applies to such a principal and such a resource together"},
        {"permit(principal is Doc in ?principal, action == Action::\"view\", resource);",
         "its actions need a principal of type `User`"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char expected[300];
        (void)snprintf(expected, sizeof(expected),
                       "1:1 no-request-fits: no request fits the scope of the policy `policy0`: %s",
                       rows[i].why);
        assert_fault(check(*state, policies_of(*state, rows[i].text)));
        assert_diagnostics(*state, expected);
        start_over(*state);
    }
}

static void test_validate__finds_names_of_scopes_where_they_stand(void **state)
{
    static const struct {
        const char *text;
        const char *first;
    } rows[] = {
        {"permit(principal is Usr, action, resource);",
         "1:21 there is no entity type `Usr`; did you mean `User`?"},
        {"permit(principal is User in Grup::\"a\", action, resource);",
         "1:29 there is no entity type `Grup`; did you mean `Group`?"},
        {"permit(principal == Level::\"hihg\", action, resource);",
         "1:21 there is no entity `Level::\"hihg\"`: the ids of this type are listed in the "
         "schema; did you mean `high`?"},
        {"permit(principal, action in [Action::\"view\",\n Action::\"shar\"], resource);",
         "2:2 there is no action `Action::\"shar\"`; did you mean `Action::\"share\"`?"},
        {"permit(principal, action in [Action::\"view\", N::Action::\"list\"], resource);",
         "1:46 this action is of type `N::Action`, those before it are of type `Action`: a list "
         "must keep to one"},
        {"permit(principal, action == N::Action::\"view\", resource);",
         "1:29 there is no action `N::Action::\"view\"`; did you mean `Action::\"view\"`?"},
        {"permit(principal, action, resource == Thing::\"x\");",
         "1:39 there is no entity type `Thing`"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_fault(check(*state, policies_of(*state, rows[i].text)));
        assert_first_diagnostic(*state, rows[i].first);
        start_over(*state);
    }
}

static void test_validate__reports_all_faults_of_all_policies_each_once(void **state)
{
    struct fixture *fixture = *state;
    assert_fault(
        check(fixture, policies_of(fixture, "permit(principal is User, action, resource)\n"
                                            "when { principal.nme == \"a\" && principal.age > 1 }\n"
                                            "unless { 1 + \"a\" == principal.naem };\n"
                                            "permit(principal, action, resource);\n"
                                            "forbid(principal, action == Action::\"view\", "
                                            "resource) when { resource.owner.name == \"\" };")));
    assert_diagnostics(
        fixture,
        "2:18 unknown-attribute: `User` has no attribute `nme`; did you mean `name`?, for "
        "principal `User`, action `Action::\"view\"`, resource `Doc`\n"
        "2:42 optional-attribute: the attribute `age` of `User` may be missing: ask with `has` "
        "before it is read, for principal `User`, action `Action::\"view\"`, resource `Doc`\n"
        "3:14 unexpected-type: expected `Long`, found `String`, for principal `User`, action "
        "`Action::\"view\"`, resource `Doc`\n"
        "3:31 unknown-attribute: `User` has no attribute `naem`; did you mean `name`?, for "
        "principal `User`, action `Action::\"view\"`, resource `Doc`\n"
        "5:77 unknown-attribute: `Group` has no attribute `name`, for principal `User`, action "
        "`Action::\"view\"`, resource `Note`");
}

static void test_validate__says_which_policies_are_impossible(void **state)
{
    struct fixture *fixture = *state;
    assert_ok(check(fixture, policies_of(fixture, "permit(principal, action, resource)\n"
                                                  "when { principal has name }\n"
                                                  "when { resource is Company };\n"
                                                  "@a forbid(principal, action, resource) unless "
                                                  "{ true };")));
    assert_diagnostics(fixture, "1:1 impossible-policy: no request can satisfy the policy "
                                "`policy0`: its conditions are false whatever is asked\n"
                                "4:1 impossible-policy: no request can satisfy the policy "
                                "`policy1`: its conditions are false whatever is asked");
}

static void test_validate__knows_from_one_condition_what_the_next_may_read(void **state)
{
    static const struct {
        const char *text;
        bool valid;
    } rows[] = {
        {"when { principal has age } when { principal.age > 1 };", true},
        {"when { principal has age } unless { principal.age > 1 };", true},
        {"when { principal.age > 1 } when { principal has age };", false},
        {"unless { principal has age } when { principal.age > 1 };", false},
        {"unless { !(principal has age) } when { principal.age > 1 };", false},
        {"when { false } when { principal.nope };", true},
        {"unless { true } when { principal.nope };", true},
        {"when { true } when { 1 };", false},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char text[300];
        (void)snprintf(text, sizeof(text), "permit(principal is User, action, resource) %s",
                       rows[i].text);
        const amanat_result result = check(*state, policies_of(*state, text));
        assert_int_equal(amanat_is_ok(result), rows[i].valid);
        start_over(*state);
    }
}

static void test_validate__checks_templates_for_all_and_links_for_their_slots(void **state)
{
    static const struct {
        const char *type;
        const char *first; /* NULL: valid */
    } rows[] = {
        {"User", NULL},
        {"Company", NULL},
        {"Folder", "1:1 no request fits the scope of the link `link`: its actions need a principal "
                   "of type `User`, and that cannot be in `Folder`"},
        {"Usr", "1:1 there is no entity type `Usr`; did you mean `User`?"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct fixture *fixture = *state;
        struct cedar_policy_set *set =
            policies_of(fixture, "permit(principal in ?principal, action == Action::\"view\", "
                                 "resource is Doc) when { resource.owner == principal };");
        const struct cedar_entity_uid value = uid(rows[i].type, "x");
        const struct cedar_slot_values slots = {.principal = &value};
        assert_ok(cedar_policy_set_add_link(set, BYTES("policy0"), BYTES("link"), &slots,
                                            fixture->diagnostics));
        const amanat_result result = check(fixture, set);
        assert_int_equal(amanat_is_ok(result), rows[i].first == NULL);
        if (rows[i].first != NULL) {
            assert_first_diagnostic(fixture, rows[i].first);
        }
        start_over(fixture);
    }
}

static void test_validate__finds_faults_in_a_template_without_links(void **state)
{
    struct fixture *fixture = *state;
    assert_fault(check(fixture, policies_of(fixture, "permit(principal == ?principal, action, "
                                                     "resource) when { principal.name == 1 };")));
}

/* ---- Who wants to know of unknown attributes ---- */

struct seen {
    char text[1000];
    size_t length;
};

static void note_unknown(void *context, const struct cedar_unknown_attribute *fault)
{
    struct seen *seen = context;
    char path[200] = "";
    for (size_t i = 0; i < fault->path_count; i++) {
        (void)strncat(path, ".", 2);
        (void)strncat(path, fault->path[i].at, fault->path[i].length);
    }
    seen->length += (size_t)snprintf(seen->text + seen->length, sizeof(seen->text) - seen->length,
                                     "%u:%u %.*s%s.%.*s %.*s\n", fault->place.line,
                                     fault->place.column, BYTES_PRINTF(fault->entity_type), path,
                                     BYTES_PRINTF(fault->attribute), BYTES_PRINTF(fault->similar));
}

static void test_validate__tells_from_which_type_an_unknown_attribute_was_reached(void **state)
{
    struct fixture *fixture = *state;
    struct seen seen = {0};
    const struct cedar_check_observer observer = {note_unknown, &seen};
    const struct cedar_checked_policies *checked = NULL;
    const struct cedar_schema *schema = schema_of(fixture, schema_text);
    const struct cedar_policy_set *policies =
        policies_of(fixture, "permit(principal, action == Action::\"share\", resource) when {\n"
                             "resource.vehicle.maker.cty == \"x\" && resource.vehicl.x == 1 &&\n"
                             "context.too == principal && context.to.nam == \"x\" &&\n"
                             "{a: 1}.b == 1 && resource[\"owner\"].zzz == 1 };");
    assert_fault(cedar_policy_set_check_observed(policies, schema, fixture->arena,
                                                 fixture->diagnostics, &observer, &checked));
    assert_string_equal(seen.text, "2:24 Doc.vehicle.maker.cty city\n"
                                   "2:47 Doc.vehicl vehicle\n"
                                   "3:9 .too to\n"
                                   "3:40 User.nam name\n"
                                   "4:8 .b \n"
                                   "4:36 User.zzz \n");
}

/* ---- What is large or deep ---- */

/* `count` times the format, each with a number. */
static char *repeat(struct fixture *fixture, const char *start, const char *piece, size_t count,
                    const char *end)
{
    struct buffer buffer;
    buffer_init(&buffer, (size_t)16 << 20);
    buffer_append_string(&buffer, start);
    for (size_t i = 0; i < count; i++) {
        buffer_append_string(&buffer, piece);
    }
    buffer_append_string(&buffer, end);
    assert_ok(buffer_check(&buffer));
    char *text = arena_format(fixture->arena, "%.*s", BYTES_PRINTF(buffer_bytes(&buffer)));
    buffer_clear(&buffer);
    assert_non_null(text);
    return text;
}

/* Without care each of these would take a time that doubles with each level. */
static void test_validate__takes_no_longer_for_what_nests(void **state)
{
    static const struct {
        const char *start;
        const char *open;
        const char *middle;
        const char *close;
        size_t count;
    } rows[] = {
        {"", "if ", "principal has age", " then principal has age else principal has age", 100},
        {"", "(if (", "principal", ") is User in Group::\"g\" then principal else principal)", 60},
        {"", "decimal(", "\"1.0\"", ")", 60},
        {"", "[", "principal", "].contains(principal)", 60},
        {"", "{a: ", "principal", "}.a", 100},
        {"principal == ", "(if principal has age then ", "principal", " else principal)", 60},
        {"", "(principal has age && ", "principal.age == 1", ")", 60},
        {"", "(principal has age || ", "principal.name == \"\"", ")", 60},
        {"", "!!!!(", "principal has age", ")", 60},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct fixture *fixture = *state;
        const char *inner = repeat(fixture, "", rows[i].open, rows[i].count, rows[i].middle);
        const char *whole = repeat(fixture, inner, rows[i].close, rows[i].count, " };");
        const char *text =
            arena_format(fixture->arena, "permit(principal, action, resource) when { %s%s",
                         rows[i].start, whole);
        assert_non_null(text);
        (void)check(fixture, policies_of(fixture, text));
        start_over(fixture);
    }
}

static void test_validate__takes_no_longer_for_many_operands(void **state)
{
    struct fixture *fixture = *state;
    const char *chain = repeat(fixture, "permit(principal is User, action, resource) when { true",
                               " && principal has age && principal.age == 1", 20000, " };");
    assert_ok(check(fixture, policies_of(fixture, chain)));
    start_over(fixture);
    const char *path = repeat(fixture, "permit(principal, action, resource) when { {a: 1} has a",
                              ".a", 20000, " };");
    assert_fault(check(fixture, policies_of(fixture, path)));
}

/* Two types that are equal and would have 2^60 members if they were written out. */
static void test_validate__joins_types_that_share_their_parts(void **state)
{
    struct fixture *fixture = *state;
    struct buffer buffer;
    const struct cedar_checked_policies *checked = NULL;
    buffer_init(&buffer, (size_t)1 << 20);
    buffer_append_string(&buffer, "type L0 = {x: Long}; type R0 = {x: Long};");
    for (unsigned i = 1; i <= 60; i++) {
        buffer_append_format(&buffer, "type L%u = {a: L%u, b: L%u}; type R%u = {a: R%u, b: R%u};",
                             i, i - 1, i - 1, i, i - 1, i - 1);
    }
    buffer_append_string(&buffer, "entity E { l: L60, r: R60 };"
                                  "action a appliesTo { principal: E, resource: E };");
    assert_ok(buffer_check(&buffer));
    const char *text = arena_format(fixture->arena, "%.*s", BYTES_PRINTF(buffer_bytes(&buffer)));
    const struct cedar_schema *schema = schema_of(fixture, text);
    buffer_clear(&buffer);
    assert_ok(cedar_policy_set_check(
        policies_of(fixture, "permit(principal, action, resource) when { principal.l == "
                             "resource.r && {z: principal.l} == {z: resource.r} };"),
        schema, fixture->arena, fixture->diagnostics, &checked));
    assert_fault(cedar_policy_set_check(
        policies_of(fixture, "permit(principal, action, resource) when { principal.l == 1 };"),
        schema, fixture->arena, fixture->diagnostics, &checked));
}

static void test_validate__fails_without_memory_and_leaves_the_set_as_it_was(void **state)
{
    struct fixture *fixture = *state;
    const struct cedar_checked_policies *checked = NULL;
    const struct cedar_schema *schema = schema_of(fixture, schema_text);
    const struct cedar_policy_set *policies =
        policies_of(fixture, "permit(principal is User, action, resource) when { principal has age "
                             "&& {a: principal}.a.age == 1 && [1, 2].contains(principal.nope) };");
    amanat_result result = amanat_result_of(AMANAT_STATUS_MEMORY);
    for (size_t limit = 0; result.status == AMANAT_STATUS_MEMORY; limit += 64) {
        struct arena *arena = arena_new(limit);
        assert_non_null(arena);
        result = cedar_policy_set_check(policies, schema, arena, NULL, &checked);
        arena_free(arena);
        assert_null(checked);
    }
    assert_fault(result);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_validate__takes_scopes_that_a_request_can_fit, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_validate__makes_what_can_be_compiled_and_decides,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_validate__refuses_scopes_that_no_request_fits, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_validate__finds_names_of_scopes_where_they_stand,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_validate__reports_all_faults_of_all_policies_each_once,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_validate__says_which_policies_are_impossible, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(
            test_validate__knows_from_one_condition_what_the_next_may_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            test_validate__checks_templates_for_all_and_links_for_their_slots, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_validate__finds_faults_in_a_template_without_links,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            test_validate__tells_from_which_type_an_unknown_attribute_was_reached, set_up,
            tear_down),
        cmocka_unit_test_setup_teardown(test_validate__takes_no_longer_for_what_nests, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_validate__takes_no_longer_for_many_operands, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_validate__joins_types_that_share_their_parts, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(
            test_validate__fails_without_memory_and_leaves_the_set_as_it_was, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
