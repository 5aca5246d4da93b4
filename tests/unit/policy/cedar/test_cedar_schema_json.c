/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Schemas in the JSON syntax: what is taken, what is refused and where, that they mean what the
 * text means, and that they are written as the official engine writes them.
 */
#include "tests/unit/policy/cedar/cedar_fixture.h"

/* One name space around declarations. */
#define IN_EMPTY(common, entities, actions)                                                        \
    "{\"\":{\"commonTypes\":{" common "},\"entityTypes\":{" entities "},\"actions\":{" actions "}" \
    "}"                                                                                            \
    "}"
#define ATTRIBUTE(type)                                                                            \
    IN_EMPTY("", "\"A\":{\"shape\":{\"type\":\"Record\",\"attributes\":{\"a\":" type "}}}", "")

static void append_annotations(struct buffer *buffer, const struct cedar_annotation *annotations,
                               size_t count)
{
    for (size_t i = 0; i < count; i++) {
        buffer_append_format(buffer, " @%.*s(", BYTES_PRINTF(annotations[i].name));
        cedar_string_append(buffer, annotations[i].value);
        buffer_append_byte(buffer, ')');
    }
}

static void append_names(struct buffer *buffer, const char *before, const struct bytes *names,
                         size_t count)
{
    buffer_append_string(buffer, before);
    for (size_t i = 0; i < count; i++) {
        buffer_append_byte(buffer, ' ');
        cedar_string_append(buffer, names[i]);
    }
}

static void append_entity_type(struct buffer *buffer, const struct cedar_entity_type *type)
{
    buffer_append_format(buffer, "entity %.*s ", BYTES_PRINTF(type->name));
    cedar_type_append(buffer, type->shape);
    append_names(buffer, " in", type->ancestors, type->ancestor_count);
    append_names(buffer, type->is_enum ? " enum" : "", type->enum_ids, type->enum_id_count);
    if (type->tags != NULL) {
        buffer_append_string(buffer, " tags ");
        cedar_type_append(buffer, type->tags);
    }
    append_annotations(buffer, type->annotations, type->annotation_count);
    buffer_append_byte(buffer, '\n');
}

static void append_action(struct buffer *buffer, const struct cedar_action *action)
{
    buffer_append_string(buffer, action->applies ? "applying " : "group ");
    cedar_entity_uid_append(buffer, &action->uid);
    append_names(buffer, " principal", action->principal_types, action->principal_type_count);
    append_names(buffer, " resource", action->resource_types, action->resource_type_count);
    buffer_append_string(buffer, " context ");
    cedar_type_append(buffer, action->context);
    buffer_append_string(buffer, " in");
    for (size_t i = 0; i < action->ancestor_count; i++) {
        buffer_append_byte(buffer, ' ');
        cedar_entity_uid_append(buffer, &action->ancestors[i]);
    }
    append_annotations(buffer, action->annotations, action->annotation_count);
    buffer_append_byte(buffer, '\n');
}

/* All that a resolved schema says, a declaration a line. */
static void describe(struct buffer *buffer, const struct cedar_schema *schema)
{
    buffer_init(buffer, (size_t)1 << 20);
    for (size_t i = 0; i < cedar_schema_entity_type_count(schema); i++) {
        append_entity_type(buffer, cedar_schema_entity_type_at(schema, i));
    }
    for (size_t i = 0; i < cedar_schema_action_count(schema); i++) {
        append_action(buffer, cedar_schema_action_at(schema, i));
    }
}

static void assert_same_schema(const struct cedar_schema *found,
                               const struct cedar_schema *expected)
{
    struct buffer left;
    struct buffer right;
    describe(&left, found);
    describe(&right, expected);
    if (!bytes_equal(buffer_bytes(&left), buffer_bytes(&right))) {
        fail_msg("found\n%.*sexpected\n%.*s", BYTES_PRINTF(buffer_bytes(&left)),
                 BYTES_PRINTF(buffer_bytes(&right)));
    }
    buffer_clear(&left);
    buffer_clear(&right);
}

static void assert_means(struct fixture *fixture, const char *given, const char *expected)
{
    assert_same_schema(schema_of(fixture, given), schema_of(fixture, expected));
}

static void test_schema_json__means_what_the_text_means(void **state)
{
    static const struct text_row rows[] = {
        {"{}", ""},
        {" \n{\"\":{\"entityTypes\":{},\"actions\":{}}}", ""},
        {"{\"N::M\":{\"entityTypes\":{},\"actions\":{},\"annotations\":{\"a\":\"x\",\"b\":null}}}",
         "@a(\"x\") @b namespace N::M {}"},
        {ATTRIBUTE("{\"type\":\"Long\"}"), "entity A {a: __cedar::Long};"},
        {ATTRIBUTE("{\"type\":\"Boolean\"}"), "entity A {a: __cedar::Bool};"},
        {ATTRIBUTE("{\"type\":\"Bool\"}"), "entity A {a: Bool};"},
        {ATTRIBUTE("{\"type\":\"String\",\"required\":true}"), "entity A {a: __cedar::String};"},
        {ATTRIBUTE("{\"type\":\"Set\",\"element\":{\"type\":\"Long\"},\"required\":false}"),
         "entity A {a?: Set<Long>};"},
        {ATTRIBUTE("{\"type\":\"Record\",\"attributes\":{\"b c\":{\"type\":\"Long\"}},"
                   "\"additionalAttributes\":false}"),
         "entity A {a: {\"b c\": Long}};"},
        {ATTRIBUTE("{\"type\":\"Extension\",\"name\":\"ipaddr\"}"), "entity A {a: ipaddr};"},
        {ATTRIBUTE("{\"type\":\"decimal\"}"), "entity A {a: decimal};"},
        {ATTRIBUTE("{\"type\":\"__cedar::datetime\"}"), "entity A {a: datetime};"},
        {ATTRIBUTE("{\"type\":\"Entity\",\"name\":\"A\"}"), "entity A {a: A};"},
        {ATTRIBUTE("{\"type\":\"EntityOrCommon\",\"name\":\"A\"}"), "entity A {a: A};"},
        {ATTRIBUTE("{\"type\":\"EntityOrCommon\",\"name\":\"__cedar::Long\"}"),
         "entity A {a: Long};"},
        {ATTRIBUTE("{\"type\":\"Long\",\"annotations\":{\"q\":\"\"}}"), "entity A {@q a: Long};"},
        {IN_EMPTY("\"C\":{\"type\":\"Long\",\"annotations\":{\"q\":\"\"}}",
                  "\"A\":{\"tags\":{\"type\":\"C\"}}", ""),
         "type C = Long; entity A tags C;"},
        {IN_EMPTY("\"R\":{\"type\":\"Record\",\"attributes\":{\"x\":{\"type\":\"Long\"}}}",
                  "\"A\":{\"shape\":{\"type\":\"R\"}}", ""),
         "entity A {x: Long};"},
        {IN_EMPTY("\"A\":{\"type\":\"Long\"}",
                  "\"A\":{\"shape\":{\"type\":\"Record\",\"attributes\":{\"c\":{\"type\":\"A\"},"
                  "\"e\":{\"type\":\"EntityOrCommon\",\"name\":\"A\"}}}}",
                  ""),
         "type A = Long; entity A {c: A, e: A};"},
        {IN_EMPTY("", "\"A\":{\"memberOfTypes\":[\"B\",\"A\",\"B\"]},\"B\":{}", ""),
         "entity A in [A, B]; entity B;"},
        {IN_EMPTY("", "\"A\":{\"enum\":[\"x\",\"\"],\"annotations\":{\"a\":\"b\"}}", ""),
         "@a(\"b\") entity A enum [\"x\", \"\"];"},
        {IN_EMPTY("", "", "\"x y\":{},\"if\":{\"memberOf\":null,\"appliesTo\":null}"),
         "action \"x y\", \"if\";"},
        {IN_EMPTY("", "\"A\":{}",
                  "\"v\":{\"appliesTo\":{\"principalTypes\":[\"A\"],\"resourceTypes\":[\"A\"],"
                  "\"context\":{\"type\":\"Record\",\"attributes\":{\"c\":{\"type\":\"Long\"}}}},"
                  "\"memberOf\":[{\"id\":\"g\"},{\"id\":\"h\",\"type\":\"Action\"}]},"
                  "\"g\":{\"memberOf\":[{\"id\":\"h\",\"type\":null}]},\"h\":{}"),
         "entity A; action v in [g, Action::\"h\"] appliesTo {principal: A, resource: A, context: "
         "{c: Long}}; action g in h; action h;"},
        {IN_EMPTY("", "", "\"v\":{\"appliesTo\":{\"principalTypes\":[],\"resourceTypes\":[]}}"),
         "action v;"},
        {"{\"\":{\"entityTypes\":{\"B\":{}},\"actions\":{\"w\":{}}},"
         "\"N\":{\"entityTypes\":{\"A\":{\"memberOfTypes\":[\"B\",\"M::C\"]}},\"actions\":{\"x\":"
         "{\"memberOf\":[{\"id\":\"y\",\"type\":\"M::Action\"},{\"id\":\"w\",\"type\":\"Action\"}],"
         "\"appliesTo\":{\"principalTypes\":[\"A\",\"B\"],\"resourceTypes\":[\"M::C\"]}}}},"
         "\"M\":{\"entityTypes\":{\"C\":{}},\"actions\":{\"y\":{}}}}",
         "entity B; action w; namespace N { entity A in [B, M::C]; action x in [M::Action::\"y\", "
         "Action::\"w\"] appliesTo {principal: [A, B], resource: M::C}; } "
         "namespace M { entity C; action y; }"},
    };
    CHECK_TEXT_ROWS(*state, rows, assert_means);
}

static void assert_refused(struct fixture *fixture, const char *given, const char *expected)
{
    const struct cedar_schema *schema = NULL;
    const struct cedar_schema_source source = {"s.json", bytes_of_string(given)};
    assert_fault(cedar_schema_parse(fixture->arena, &source, 1, fixture->diagnostics, &schema));
    assert_first_diagnostic(fixture, expected);
}

static void test_schema_json__refuses_what_is_wrong_and_says_where(void **state)
{
    static const struct text_row rows[] = {
        {"{\"\":{\"actions\":{}}}", "1:5 a name space must have a key `entityTypes`"},
        {"{\"\":{\"entityTypes\":{}}}", "1:5 a name space must have a key `actions`"},
        {"{\"\":{\"entityTypes\":{},\"actions\":{},\"foo\":1}}",
         "1:36 a name space has no key `foo`, only `commonTypes`, `entityTypes`, `actions`, "
         "`annotations`"},
        {"{\"\":{\"entityTypes\":{},\n\"actions\":[]}}",
         "2:11 `actions` must be an object, not array"},
        {"{\"\":{\"entityTypes\":{},\"actions\":{},\"annotations\":{\"a\":\"\"}}}",
         "1:50 the empty name space cannot have annotations"},
        {"{\"N M\":{\"entityTypes\":{},\"actions\":{}}}", "1:2 `N M` cannot be a name space"},
        {"{\"__cedar\":{\"entityTypes\":{},\"actions\":{}}}",
         "1:2 `__cedar` cannot be a name space"},
        {"{\"\":{\"entityTypes\":{},\"actions\":{}},\"\":{\"entityTypes\":{},\"actions\":{}}}",
         "1:37 key \"\" stands twice in one object, before at 1:2"},
        {IN_EMPTY("", "\"in\":{}", ""), "1:38 `in` cannot name a type"},
        {IN_EMPTY("", "\"A::B\":{}", ""), "1:38 `A::B` cannot name a type"},
        {IN_EMPTY("", "\"Action\":{}", ""), "1:38 an entity type cannot be called `Action`"},
        {IN_EMPTY("\"Set\":{\"type\":\"Long\"}", "", ""),
         "1:21 `Set` is reserved and cannot name a type"},
        {IN_EMPTY("", "\"A\":{\"foo\":1}", ""),
         "1:43 an entity type has no key `foo`, only `memberOfTypes`, `shape`, `tags`, "
         "`annotations`"},
        {IN_EMPTY("", "\"A\":{\"memberOfTypes\":\"A\"}", ""),
         "1:59 `memberOfTypes` must be an array, not string"},
        {IN_EMPTY("", "\"A\":{\"memberOfTypes\":[\"X\"]}", ""), "1:60 there is no entity type `X`"},
        {IN_EMPTY("", "\"A\":{\"shape\":{\"type\":\"Long\"}}", ""),
         "1:51 the attributes of an entity type must be a record"},
        {IN_EMPTY("", "\"A\":{\"enum\":[]}", ""), "1:50 `enum` must have at least one id"},
        {IN_EMPTY("", "\"A\":{\"enum\":[1]}", ""), "1:51 an entity id must be a string"},
        {IN_EMPTY("", "\"A\":{\"enum\":[\"a\"],\"memberOfTypes\":[]}", ""),
         "1:56 an entity type with `enum` has no key `memberOfTypes`, only `enum`, "
         "`annotations`"},
        {ATTRIBUTE("\"Long\""), "1:86 a type must be an object, not string"},
        {ATTRIBUTE("{}"), "1:86 a type must have a key `type`"},
        {ATTRIBUTE("{\"type\":\"A B\"}"), "1:94 `A B` cannot be the name of a type"},
        {ATTRIBUTE("{\"type\":\"A\"}"), "1:94 there is no common type `A`"},
        {ATTRIBUTE("{\"type\":\"Set\"}"), "1:86 a type must have a key `element`"},
        {ATTRIBUTE("{\"type\":\"Set\",\"element\":{\"type\":\"Long\",\"required\":false}}"),
         "1:125 a type has no key `required`, only `type`"},
        {ATTRIBUTE("{\"type\":\"Record\"}"), "1:86 a type must have a key `attributes`"},
        {ATTRIBUTE("{\"type\":\"Record\",\"attributes\":{},\"additionalAttributes\":true}"),
         "1:142 `additionalAttributes` is not supported"},
        {ATTRIBUTE("{\"type\":\"Entity\",\"name\":\"C\"}"), "1:110 there is no entity type `C`"},
        {ATTRIBUTE("{\"type\":\"EntityOrCommon\",\"name\":\"Boolean\"}"),
         "1:118 there is no type `Boolean`; did you mean `Bool`?"},
        {ATTRIBUTE("{\"type\":\"Extension\",\"name\":\"ip\"}"),
         "1:113 there is no extension type `ip`, only ipaddr, decimal, datetime and duration"},
        {ATTRIBUTE("{\"type\":\"Long\",\"name\":\"x\"}"),
         "1:101 a type has no key `name`, only `type`, `annotations`, `required`"},
        {ATTRIBUTE("{\"type\":\"Long\",\"required\":1}"),
         "1:112 `required` must be a boolean, not number"},
        {IN_EMPTY("\"C\":{\"type\":\"Long\",\"required\":true}", "", ""),
         "1:40 a type has no key `required`, only `type`, `annotations`"},
        {IN_EMPTY("\"C\":{\"type\":\"D\"},\"D\":{\"type\":\"C\"}", "", ""),
         "1:21 the type `C` is made of itself"},
        {IN_EMPTY("", "", "\"x\":{\"appliesTo\":{\"principalTypes\":[]}}"),
         "1:68 `appliesTo` must have a key `resourceTypes`"},
        {IN_EMPTY("", "",
                  "\"x\":{\"appliesTo\":{\"principalTypes\":[],\"resourceTypes\":[],\"context\":"
                  "{\"type\":\"Long\"}}}"),
         "1:118 a context must be a record"},
        {IN_EMPTY("", "", "\"x\":{\"attributes\":{}}"),
         "1:69 attributes of actions are not supported"},
        {IN_EMPTY("", "", "\"x\":{\"memberOf\":[\"y\"]}"),
         "1:68 an action in `memberOf` must be an object, not string"},
        {IN_EMPTY("", "", "\"x\":{\"memberOf\":[{\"id\":\"y\"}]}"), "1:68 there is no action `y`"},
        {IN_EMPTY("", "", "\"x\":{\"memberOf\":[{\"type\":\"Action\"}]}"),
         "1:68 an action in `memberOf` must have a key `id`"},
        {IN_EMPTY("", "", "\"x\":{\"annotations\":{\"a b\":\"\"}}"),
         "1:71 an annotation's name must be an identifier"},
        {IN_EMPTY("", "", "\"x\":{\"annotations\":{\"a\":1}}"),
         "1:75 an annotation's value must be a string, not number"},
    };
    CHECK_TEXT_ROWS(*state, rows, assert_refused);
}

static void test_schema_json__reports_all_faults(void **state)
{
    struct fixture *fixture = *state;
    const struct cedar_schema *schema = NULL;
    const struct cedar_schema_source source = {
        "s.json", BYTES(IN_EMPTY("\"C\":{\"type\":1}", "\"A\":{\"foo\":1,\"bar\":2}",
                                 "\"x\":{\"memberOf\":[1,2]}"))};
    assert_fault(cedar_schema_parse(fixture->arena, &source, 1, fixture->diagnostics, &schema));
    assert_int_equal(amanat_diagnostics_errors(fixture->diagnostics), 5);
}

static void test_schema_json__joins_texts_in_both_syntaxes(void **state)
{
    struct fixture *fixture = *state;
    const struct cedar_schema *schema = NULL;
    const struct cedar_schema_source sources[] = {
        {"a.cedarschema", BYTES("namespace N { entity A in B; } action v appliesTo { principal: "
                                "N::A, resource: N::B };")},
        {"b.json", BYTES("{\"N\":{\"entityTypes\":{\"B\":{\"memberOfTypes\":[\"A\"]}},"
                         "\"actions\":{}}}")}};
    assert_ok(cedar_schema_parse(fixture->arena, sources, 2, fixture->diagnostics, &schema));
    assert_same_schema(schema,
                       schema_of(fixture, "namespace N { entity A in B; entity B in A; } action v "
                                          "appliesTo { principal: N::A, resource: N::B };"));
}

static void assert_json_nests(struct fixture *fixture, size_t depth, const char *diagnostic)
{
    struct buffer json;
    const struct cedar_schema *schema = NULL;
    buffer_init(&json, (size_t)1 << 20);
    buffer_append_string(&json, "{\"\":{\"entityTypes\":{\"A\":{\"tags\":");
    for (size_t i = 1; i < depth; i++) {
        buffer_append_string(&json, "{\"type\":\"Set\",\"element\":");
    }
    buffer_append_string(&json, "{\"type\":\"Long\"}");
    for (size_t i = 1; i < depth; i++) {
        buffer_append_byte(&json, '}');
    }
    buffer_append_string(&json, "}},\"actions\":{}}}");
    const struct cedar_schema_source source = {"s.json", buffer_bytes(&json)};
    const amanat_result result =
        cedar_schema_parse(fixture->arena, &source, 1, fixture->diagnostics, &schema);
    if (diagnostic == NULL) {
        assert_ok(result);
    } else {
        assert_fault(result);
        assert_first_diagnostic(fixture, diagnostic);
    }
    buffer_clear(&json);
    start_over(fixture);
}

static void test_schema_json__nests_as_deep_as_text(void **state)
{
    assert_json_nests(*state, 256, NULL);
    assert_json_nests(*state, 257, "1:6177 this type is nested more than 256 levels deep");
    assert_json_nests(*state, 5000, "1:24513 nested too deeply, more than 1024 levels");
}

static void assert_is_written(struct fixture *fixture, const char *given, const char *expected)
{
    struct buffer json;
    buffer_init(&json, (size_t)1 << 20);
    cedar_schema_append_json(&json, schema_of(fixture, given));
    assert_bytes(buffer_bytes(&json), expected);
    buffer_clear(&json);
}

/* Rows from the official engine's schemaToJson. */
static void test_schema_json__is_written_as_the_official_engine_writes_it(void **state)
{
    static const struct text_row rows[] = {
        {"", "{}"},
        {"namespace N {}", "{\"N\":{\"entityTypes\":{},\"actions\":{}}}"},
        {"entity A,B in [A];", "{\"\":{\"entityTypes\":{\"A\":{\"memberOfTypes\":[\"A\"]},\"B\":"
                               "{\"memberOfTypes\":[\"A\"]}},\"actions\":{}}}"},
        {"@a @b(\"x\") namespace N { @c entity A { @d(\"q\") x?: Long, y: Long, y: {}} tags Bool; "
         "}",
         "{\"N\":{\"entityTypes\":{\"A\":{\"shape\":{\"type\":\"Record\",\"attributes\":{\"x\":"
         "{\"type\":\"EntityOrCommon\",\"name\":\"Long\",\"annotations\":{\"d\":\"q\"},"
         "\"required\":false},\"y\":{\"type\":\"Record\",\"attributes\":{}}}},\"tags\":{\"type\":"
         "\"EntityOrCommon\",\"name\":\"Bool\"},\"annotations\":{\"c\":\"\"}}},\"actions\":{},"
         "\"annotations\":{\"a\":\"\",\"b\":\"x\"}}}"},
        {"@t type T = {q: __cedar::Long}; type U = Set<T>;",
         "{\"\":{\"entityTypes\":{},\"actions\":{},\"commonTypes\":{\"T\":{\"type\":\"Record\","
         "\"attributes\":{\"q\":{\"type\":\"EntityOrCommon\",\"name\":\"__cedar::Long\"}},"
         "\"annotations\":{\"t\":\"\"}},\"U\":{\"type\":\"Set\",\"element\":{\"type\":"
         "\"EntityOrCommon\",\"name\":\"T\"}}}}}"},
        {"entity E enum [\"b\", \"a\", \"b\"]; entity P = {};",
         "{\"\":{\"entityTypes\":{\"E\":{\"enum\":[\"b\",\"a\",\"b\"]},\"P\":{}},\"actions\":{}}}"},
        {"entity A; type T = {x: Long}; action x in [y, Action::\"z\"] appliesTo {principal: A, "
         "resource: [A, A], context: T}; action y, z;",
         "{\"\":{\"entityTypes\":{\"A\":{}},\"actions\":{\"x\":{\"appliesTo\":{\"principalTypes\":"
         "[\"A\"],\"resourceTypes\":[\"A\",\"A\"],\"context\":{\"type\":\"T\"}},\"memberOf\":["
         "{\"id\":\"y\"},{\"id\":\"z\",\"type\":\"Action\"}]},\"y\":{\"appliesTo\":"
         "{\"principalTypes\":[],\"resourceTypes\":[]}},\"z\":{\"appliesTo\":{\"principalTypes\":"
         "[],\"resourceTypes\":[]}}},\"commonTypes\":{\"T\":{\"type\":\"Record\",\"attributes\":"
         "{\"x\":{\"type\":\"EntityOrCommon\",\"name\":\"Long\"}}}}}}"},
    };
    CHECK_TEXT_ROWS(*state, rows, assert_is_written);
}

static void assert_becomes_text(struct fixture *fixture, const char *given, const char *expected)
{
    struct buffer text;
    buffer_init(&text, (size_t)1 << 20);
    assert_ok(cedar_schema_append_text(&text, schema_of(fixture, given), fixture->diagnostics));
    assert_bytes(buffer_bytes(&text), expected);
    buffer_clear(&text);
}

static void test_schema_json__becomes_text(void **state)
{
    static const struct text_row rows[] = {
        {ATTRIBUTE("{\"type\":\"Boolean\",\"required\":false}"), "entity A {a?: __cedar::Bool};\n"},
        {ATTRIBUTE("{\"type\":\"ipaddr\"}"), "entity A {a: __cedar::ipaddr};\n"},
        {ATTRIBUTE("{\"type\":\"EntityOrCommon\",\"name\":\"Long\"}"), "entity A {a: Long};\n"},
        {ATTRIBUTE("{\"type\":\"Entity\",\"name\":\"A\",\"annotations\":{\"q\":null,\"r\":\"\"}}"),
         "entity A {@q @r(\"\") a: A};\n"},
        {"{\"N\":{\"entityTypes\":{\"A\":{\"tags\":{\"type\":\"C\"}}},\"commonTypes\":{\"C\":"
         "{\"type\":\"Set\",\"element\":{\"type\":\"Long\"}}},\"actions\":{\"if\":{\"memberOf\":"
         "[{\"id\":\"b\"}]},\"b\":{\"appliesTo\":{\"principalTypes\":[],\"resourceTypes\":[\"A\"]"
         "}}},\"annotations\":{\"x\":\"\"}}}",
         "@x(\"\") namespace N {\n  type C = Set<__cedar::Long>;\n  entity A tags C;\n  action "
         "\"if\" in [b];\n  action b;\n}\n"},
    };
    CHECK_TEXT_ROWS(*state, rows, assert_becomes_text);
}

static void assert_cannot_become_text(struct fixture *fixture, const char *given,
                                      const char *expected)
{
    struct buffer text;
    buffer_init(&text, (size_t)1 << 20);
    assert_fault(cedar_schema_append_text(&text, schema_of(fixture, given), fixture->diagnostics));
    assert_first_diagnostic(fixture, expected);
    buffer_clear(&text);
}

static void test_schema_json__says_what_cannot_become_text(void **state)
{
    static const struct text_row rows[] = {
        {IN_EMPTY("\"R\":{\"type\":\"Record\",\"attributes\":{}}",
                  "\"A\":{\"shape\":{\"type\":\"R\"}}", ""),
         "1:96 Cedar's syntax cannot say that an entity type's attributes are a common type"},
        {IN_EMPTY("\"A\":{\"type\":\"Long\"}",
                  "\"A\":{\"tags\":{\"type\":\"Entity\",\"name\":\"A\"}}", ""),
         "1:93 Cedar's syntax cannot name this entity type: a common type has the same name"},
    };
    CHECK_TEXT_ROWS(*state, rows, assert_cannot_become_text);
}

static void test_schema_json__fails_cleanly_without_memory(void **state)
{
    amanat_result result = amanat_result_of(AMANAT_STATUS_MEMORY);
    const struct cedar_schema_source source = {
        "s.json", BYTES(IN_EMPTY("\"C\":{\"type\":\"Long\"}",
                                 "\"A\":{\"memberOfTypes\":[\"A\"],\"tags\":{\"type\":\"C\"}}",
                                 "\"x\":{\"annotations\":{\"a\":null}}"))};
    (void)state;
    for (size_t limit = 64; result.status == AMANAT_STATUS_MEMORY; limit += 64) {
        struct arena *arena = arena_new(limit);
        struct amanat_diagnostics *diagnostics = amanat_diagnostics_new();
        const struct cedar_schema *schema = NULL;
        result = cedar_schema_parse(arena, &source, 1, diagnostics, &schema);
        assert_int_equal(amanat_diagnostics_count(diagnostics), 0);
        amanat_diagnostics_free(diagnostics);
        arena_free(arena);
    }
    assert_ok(result);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_schema_json__means_what_the_text_means, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_schema_json__refuses_what_is_wrong_and_says_where,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_schema_json__reports_all_faults, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_schema_json__joins_texts_in_both_syntaxes, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_schema_json__nests_as_deep_as_text, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            test_schema_json__is_written_as_the_official_engine_writes_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_schema_json__becomes_text, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_schema_json__says_what_cannot_become_text, set_up,
                                        tear_down),
        cmocka_unit_test(test_schema_json__fails_cleanly_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
