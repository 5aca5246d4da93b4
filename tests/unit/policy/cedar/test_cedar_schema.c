/* SPDX-License-Identifier: Apache-2.0 */
/* Schemas: what is taken, what is refused and where, and what the resolved schema says. */
#include "tests/unit/policy/cedar/cedar_fixture.h"

static void test_schema__takes_what_the_official_engine_takes(void **state)
{
    static const char *const rows[] = {
        "",
        "// nothing",
        "entity A { principal: Long, __cedar: Long, type: Long, \"\"?: Set<Set<Long>>, };",
        "entity type, Set, String; entity A in []; entity B = {} tags Set<String>;",
        "entity X { a: Action }; action foo;",
        "action \"in\", \"x y\"; action foo in [\"in\", Action::\"x y\"] attributes {};",
        ("action foo appliesTo { principal: A, resource: [A, A], context: C, }; entity A; type C = "
         "{};"),
        "entity A enum [\"a\", \"a\"];",
        "type ipaddr = Long; entity A { x: ipaddr, y: __cedar::ipaddr };",
        "namespace N { type A = Long; entity A; }",
        "type A = Long; entity A;",
        "entity A in A; entity B in C; entity C in B;",
        "action a in N::Action::\"b\"; namespace N { action b; }",
        "namespace N { action a in b; } action b;",
        "entity A { x: NoType, x: String };", /* the last one counts, the first is not looked up */
        "@a @b(\"c\") namespace N::M { @d entity A { @e x: B }; } entity B;",
        "namespace Action { entity A; } type Action = Long;",
        "entity Record; entity Bool; entity A { x: Record, y: Bool };",
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        (void)schema_of(*state, rows[i]);
        start_over(*state);
    }
}

static void test_schema__refuses_what_is_wrong_and_says_where(void **state)
{
    static const struct {
        const char *text;
        const char *diagnostic;
    } rows[] = {
        {"entity in;", "1:8 `in` is reserved and cannot be an entity type's name"},
        {"entity A { if: Long };", "1:12 `if` is reserved and cannot be an attribute's name"},
        {"entity Action;", "1:8 an entity type cannot be called `Action`"},
        {"entity X; type Y = Action;", "1:20 there is no type `Action`"},
        {"action foo in [bar,]; action bar;", "1:20 expected an action, found `]`"},
        {"action foo in []; ", "1:16 expected an action, found `]`"},
        {"action foo in Action::bar; action bar;",
         "1:15 an action's id must be in quotes after a path"},
        {"action foo appliesTo { principal: [], resource: A }; entity A;",
         "1:24 `principal` needs a type"},
        {"action foo appliesTo { principal: A, principal: A }; entity A;",
         "1:38 `principal` stands twice"},
        {"action foo appliesTo { context: {} };",
         "1:12 `appliesTo` needs both `principal` and `resource`"},
        {"action foo appliesTo { principal: A, resource: A, context: Long }; entity A;",
         "1:60 a context must be a record"},
        {"action foo appliesTo { principal: T, resource: A }; entity A; type T = A;",
         "1:35 there is no entity type `T`"},
        {"entity A {x: Long y: Long};", "1:18 expected `,` here, before `y`"},
        {"entity A = Foo;", "1:12 expected `{`, found `Foo`"},
        {"entity A enum [];", "1:16 expected an entity id, found `]`"},
        {"type Bool = Long;", "1:6 `Bool` is reserved and cannot name a type"},
        {"entity A {x: Boolean};", "1:14 there is no type `Boolean`; did you mean `Bool`?"},
        {"entity A {x: __cedar::Foo};", "1:14 there is no type `__cedar::Foo`"},
        {"namespace __cedar { }", "1:11 `__cedar` is reserved and cannot be a name space"},
        {"namespace N { entity A; }\nentity A;",
         "1:22 `A` hides what has this name outside name spaces"},
        {"namespace N { action a; } action a;",
         "1:22 `a` hides what has this name outside name spaces"},
        {"namespace N {} namespace N {}", "1:26 the name space `N` stands twice"},
        {"namespace A { namespace B {} }", "1:15 a name space cannot stand inside another one"},
        {"namespace A { entity B;",
         "1:24 expected `}` at the end of the name space, found the end of the file"},
        {"entity A, A;", "1:11 `A` is declared twice"},
        {"type A = Set<B>; type B = {x: A};", "1:6 the type `A` is made of itself"},
        {"action a in b; action b in a;", "1:8 the action `a` is in itself"},
        {"entity A in B;", "1:13 there is no entity type `B`"},
        {"entity A;;", "1:10 expected `entity`, `action`, `type` or `namespace`, found `;`"},
        {"@a @a entity A;", "1:5 the annotation `a` stands twice"},
        {"entity A { x: Long? };", "1:19 the `?` stands behind an attribute's name: `x?: …`"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct fixture *fixture = *state;
        const struct cedar_schema *schema = NULL;
        const struct cedar_schema_source source = {"s", bytes_of_string(rows[i].text)};
        assert_fault(cedar_schema_parse(fixture->arena, &source, 1, fixture->diagnostics, &schema));
        assert_null(schema);
        assert_first_diagnostic(fixture, rows[i].diagnostic);
        start_over(fixture);
    }
}

static void test_schema__reports_the_faults_of_all_declarations(void **state)
{
    struct fixture *fixture = *state;
    const struct cedar_schema *schema = NULL;
    const struct cedar_schema_source sources[] = {
        {"one", BYTES("entity A { x: };\nentity B { y: Long };\naction 1;")},
        {"two", BYTES("entity C enum [];")}};
    assert_fault(cedar_schema_parse(fixture->arena, sources, 2, fixture->diagnostics, &schema));
    assert_int_equal(amanat_diagnostics_errors(fixture->diagnostics), 3);
    assert_string_equal(amanat_diagnostics_at(fixture->diagnostics, 2)->source, "two");
    start_over(fixture);
}

static void assert_type(const struct cedar_type *type, const char *expected)
{
    struct buffer buffer;
    buffer_init(&buffer, 4096);
    cedar_type_append(&buffer, type);
    assert_bytes(buffer_bytes(&buffer), expected);
    buffer_clear(&buffer);
}

static void test_schema__answers_about_several_texts_as_one(void **state)
{
    struct fixture *fixture = *state;
    const struct cedar_schema *schema = NULL;
    const struct cedar_schema_source sources[] = {
        {"model",
         BYTES("@about(\"who asks\") entity Agent in Partner { partner: Partner, n?: Level };"
               "entity Partner in Region; entity Region in [Region]; type Level = Long;")},
        {"derived",
         BYTES("namespace N { type T = Set<Agent>; entity Record_ { t: T, when: datetime }; }\n"
               "action all; action \"reveal:x\" in all appliesTo { principal: [Agent, Partner],"
               " resource: N::Record_, context: { \"b\"?: Bool, a: { x: ipaddr } } };")}};
    assert_ok(cedar_schema_parse(fixture->arena, sources, 2, fixture->diagnostics, &schema));
    const struct cedar_entity_type *agent = cedar_schema_entity_type(schema, BYTES("Agent"));
    assert_non_null(agent);
    assert_bytes(agent->annotations[0].value, "who asks");
    assert_type(agent->shape, "{\"n\"?: Long, \"partner\": Partner}");
    assert_false(cedar_type_attribute(agent->shape, BYTES("n"))->required);
    assert_null(cedar_type_attribute(agent->shape, BYTES("m")));
    assert_int_equal(agent->ancestor_count, 2);
    assert_bytes(agent->ancestors[1], "Region");
    const struct cedar_entity_type *region = cedar_schema_entity_type(schema, BYTES("Region"));
    assert_int_equal(region->ancestor_count, 1);
    assert_null(cedar_schema_entity_type(schema, BYTES("Record_")));
    assert_type(cedar_schema_entity_type(schema, BYTES("N::Record_"))->shape,
                "{\"t\": Set<Agent>, \"when\": datetime}");
    const struct cedar_entity_uid reveal = uid("Action", "reveal:x");
    const struct cedar_action *action = cedar_schema_action(schema, &reveal);
    assert_non_null(action);
    assert_true(action->applies);
    assert_bytes(action->principal_types[1], "Partner");
    assert_bytes(action->ancestors[0].id, "all");
    assert_type(action->context, "{\"a\": {\"x\": ipaddr}, \"b\"?: Bool}");
    assert_int_equal(action->line, 2);
    assert_int_equal(cedar_schema_action_count(schema), 2);
    assert_int_equal(cedar_schema_entity_type_count(schema), 4);
    start_over(fixture);
}

static void test_schema__refuses_types_that_are_too_deep(void **state)
{
    struct fixture *fixture = *state;
    const struct cedar_schema *schema = NULL;
    struct buffer text;
    buffer_init(&text, (size_t)1 << 20);
    for (unsigned i = 0; i < 5000; i++) {
        buffer_append_format(&text, "type T%u = {x: T%u, y: T%u};", i, i + 1, i + 1);
    }
    buffer_append_string(&text, "type T5000 = Long;");
    const struct cedar_schema_source source = {"s", buffer_bytes(&text)};
    assert_fault(cedar_schema_parse(fixture->arena, &source, 1, fixture->diagnostics, &schema));
    buffer_clear(&text);
    start_over(fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_schema__takes_what_the_official_engine_takes),
        cmocka_unit_test(test_schema__refuses_what_is_wrong_and_says_where),
        cmocka_unit_test(test_schema__reports_the_faults_of_all_declarations),
        cmocka_unit_test(test_schema__answers_about_several_texts_as_one),
        cmocka_unit_test(test_schema__refuses_types_that_are_too_deep),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
