/* SPDX-License-Identifier: Apache-2.0 */
/* Decisions: forbid over permit, errors, scopes, links, and what happens when memory ends at any
 * point. */
#include "tests/unit/policy/cedar/cedar_fixture.h"

static const char entities_text[] =
    "[{\"uid\":{\"type\":\"User\",\"id\":\"alice\"},\"attrs\":{\"n\":1},"
    "\"parents\":[{\"type\":\"Team\",\"id\":\"blue\"}]},"
    "{\"uid\":{\"type\":\"Action\",\"id\":\"view\"},\"attrs\":{},"
    "\"parents\":[{\"type\":\"Action\",\"id\":\"read\"}]}]";

static struct cedar_request request_of(const char *action)
{
    return (struct cedar_request){.principal = uid("User", "alice"),
                                  .action = uid("Action", action),
                                  .resource = uid("Photo", "")};
}

/* The response as "allow permits=… forbids=… errors=…", ids of policies by their number. */
static const char *describe(struct fixture *fixture, const struct cedar_response *response)
{
    struct buffer text;
    buffer_init(&text, 4096);
    append_decision(&text, response);
    for (size_t i = 0; i < response->error_count; i++) {
        buffer_append_format(&text, " !%.*s",
                             BYTES_PRINTF(cedar_policy_id(response->errors[i].policy)));
    }
    const char *copy = arena_format(fixture->arena, "%.*s", BYTES_PRINTF(buffer_bytes(&text)));
    buffer_clear(&text);
    return copy;
}

#define P "permit(principal,action,resource)"
#define F "forbid(principal,action,resource)"

static void test_decision__follows_cedars_rules(void **state)
{
    static const struct {
        const char *policies;
        const char *action;
        const char *expected;
    } rows[] = {
        {"", "view", "deny"},
        {P ";", "view", "allow +policy0"},
        {P "; " F ";", "view", "deny +policy0 -policy1"},
        {F "; " P "; " P ";", "view", "deny +policy1 +policy2 -policy0"},
        {P "; " F " when { 1 };", "view", "allow +policy0 !policy1"},
        {P " when { principal.no };", "view", "deny !policy0"},
        {P " when { false } when { 1 };", "view", "deny"},
        {P " unless { false } when { true };", "view", "allow +policy0"},
        {P " unless { 1 };", "view", "deny !policy0"},
        {"permit(principal, action == Action::\"view\", resource);", "view", "allow +policy0"},
        {"permit(principal, action == Action::\"view\", resource);", "edit", "deny"},
        {"permit(principal, action == Action::\"read\", resource);", "view", "deny"},
        {"permit(principal, action in Action::\"read\", resource);", "view", "allow +policy0"},
        {"permit(principal, action in [Action::\"read\", Action::\"view\"], resource);" P ";",
         "view", "allow +policy0 +policy1"},
        {"permit(principal, action in [], resource);", "view", "deny"},
        {"permit(principal in Team::\"blue\", action, resource);", "view", "allow +policy0"},
        {"permit(principal is Team, action, resource) when { 1 };", "view", "deny"},
        {"permit(principal is User in Team::\"red\", action, resource) when { 1 };", "view",
         "deny"},
        {"permit(principal, action, resource == Photo::\"\");", "view", "allow +policy0"},
        {"permit(principal, action, resource in ?resource);", "view", "deny"},
        {"permit(principal, action == Action::\"view\", resource); " P "; permit(principal, action "
         "in Action::\"read\", resource);",
         "view", "allow +policy0 +policy1 +policy2"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct fixture *fixture = *state;
        struct cedar_response response;
        const struct cedar_request request = request_of(rows[i].action);
        const struct cedar_policy_set *set = policies_of(fixture, rows[i].policies);
        const struct cedar_entities *entities = entities_of(fixture, NULL, entities_text);
        assert_ok(
            cedar_authorize(compile(fixture, set), &request, entities, fixture->arena, &response));
        const char *found = describe(fixture, &response);
        if (strcmp(found, rows[i].expected) != 0) {
            fail_msg("%s: %s, expected %s", rows[i].policies, found, rows[i].expected);
        }
        start_over(fixture);
    }
}

static void test_errors__say_where_in_the_source(void **state)
{
    struct fixture *fixture = *state;
    struct cedar_response response;
    const struct cedar_request request = request_of("view");
    const struct cedar_policy_set *set =
        policies_of(fixture, P "\nwhen { principal.n ==\n  1 + \"x\" };");
    assert_ok(cedar_authorize(compile(fixture, set), &request,
                              entities_of(fixture, NULL, entities_text), fixture->arena,
                              &response));
    assert_int_equal(response.error_count, 1);
    assert_int_equal(response.errors[0].line, 3);
    assert_int_equal(response.errors[0].column, 5);
    assert_string_equal(response.errors[0].text, "an operand of `+` is String, not Long");
    start_over(fixture);
}

static void test_links__decide_and_templates_do_not(void **state)
{
    struct fixture *fixture = *state;
    struct cedar_response response;
    const struct cedar_entity_uid alice = uid("User", "alice");
    const struct cedar_entity_uid blue = uid("Team", "blue");
    const struct cedar_request request = request_of("view");
    struct cedar_policy_set *set = policies_of(
        fixture, "permit(principal in ?principal, action, resource == ?resource) when { true };");
    const struct cedar_slot_values slots[] = {{&blue, &request.resource}, {&alice, &blue}};
    assert_ok(cedar_policy_set_add_link(set, BYTES("policy0"), BYTES("a"), &slots[0], NULL));
    assert_ok(cedar_policy_set_add_link(set, BYTES("policy0"), BYTES("b"), &slots[1], NULL));
    const struct cedar_entities *entities = entities_of(fixture, NULL, entities_text);
    assert_ok(
        cedar_authorize(compile(fixture, set), &request, entities, fixture->arena, &response));
    assert_string_equal(describe(fixture, &response), "allow +a");
    assert_false(cedar_policy_scope_matches(cedar_policy_set_at(set, 0), &request, entities));
    assert_true(cedar_policy_scope_matches(cedar_policy_set_at(set, 1), &request, entities));
    assert_false(cedar_policy_scope_matches(cedar_policy_set_at(set, 2), &request, entities));
    start_over(fixture);
}

/* Everything from texts to a decision in one arena. */
static amanat_result decide(struct arena *arena, struct cedar_response *out)
{
    static const struct cedar_schema_source source = {
        "s",
        {"entity Team; entity User in Team { n: Long, s?: Set<{ d: decimal }> };"
         "entity Photo; action read; action view in read appliesTo { principal: User,"
         " resource: Photo };",
         0}};
    struct cedar_schema_source schema_source = source;
    schema_source.text = bytes_of_string(source.text.at);
    const struct cedar_schema *schema = NULL;
    const struct cedar_compiled_policies *compiled = NULL;
    struct cedar_policy_set *set = cedar_policy_set_new(arena, NULL);
    struct cedar_entities *entities = cedar_entities_new(arena, NULL);
    const struct cedar_entity_uid blue = uid("Team", "blue");
    const struct cedar_slot_values slots = {.principal = &blue};
    const struct cedar_request request = request_of("view");
    if (set == NULL || entities == NULL) {
        return amanat_result_of(AMANAT_STATUS_MEMORY);
    }
    amanat_result result = cedar_schema_parse(arena, &schema_source, 1, NULL, &schema);
    if (amanat_is_ok(result)) {
        result = cedar_policy_set_add_text(
            set, "p",
            BYTES(
                "@id(\"x\") permit(principal in ?principal, action in [Action::\"read\"], resource)"
                " when { [{a: principal.n}, \"\\u{41}*\"].contains({a: 1}) &&"
                " \"abc\" like \"a*c\" && principal has s.t };" P
                " when { principal.s.containsAll([{d: decimal(\"1.0\")}]) || A::B::\"x\" == 1 "
                "};" F " when { ip(\"x\").isIpv4() };"),
            NULL);
    }
    if (amanat_is_ok(result)) {
        result = cedar_policy_set_add_link(set, BYTES("policy0"), BYTES("link"), &slots, NULL);
    }
    if (amanat_is_ok(result)) {
        result = cedar_entities_add_json(
            entities, schema, "e",
            BYTES(
                "[{\"uid\":{\"type\":\"User\",\"id\":\"alice\"},\"parents\":[{\"type\":\"Team\","
                "\"id\":\"blue\"}],\"attrs\":{\"n\":1,\"s\":[{\"d\":\"1.0\"},{\"d\":\"2.0\"}]}}]"),
            NULL);
    }
    if (amanat_is_ok(result)) {
        result = cedar_entities_add_actions(entities, schema);
    }
    if (amanat_is_ok(result)) {
        result = cedar_entities_close(entities, schema, NULL);
    }
    if (amanat_is_ok(result)) {
        result = cedar_compile_unchecked(arena, set, &compiled);
    }
    return amanat_is_ok(result) ? cedar_authorize(compiled, &request, entities, arena, out)
                                : result;
}

static void test_memory__may_end_at_any_point_and_only_that_is_said(void **state)
{
    (void)state;
    struct cedar_response response = {0};
    struct arena *arena = arena_new((size_t)1 << 20);
    assert_non_null(arena);
    assert_ok(decide(arena, &response));
    assert_int_equal(response.decision, CEDAR_DECISION_ALLOW);
    assert_int_equal(response.error_count, 2);
    const size_t enough = arena_used(arena);
    arena_free(arena);
    for (size_t limit = 0; limit < enough; limit += 16) {
        struct cedar_response none = {0};
        arena = arena_new(limit);
        assert_non_null(arena);
        const amanat_result result = decide(arena, &none);
        if (result.status != AMANAT_STATUS_MEMORY) {
            assert_ok(result); /* what is freed between policies may make room */
        }
        arena_free(arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_decision__follows_cedars_rules),
        cmocka_unit_test(test_errors__say_where_in_the_source),
        cmocka_unit_test(test_links__decide_and_templates_do_not),
        cmocka_unit_test(test_memory__may_end_at_any_point_and_only_that_is_said),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
