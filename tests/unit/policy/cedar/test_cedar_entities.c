/* SPDX-License-Identifier: Apache-2.0 */
/* Entities: files with and without a schema, conformance, ancestors, overlays; contexts and
 * requests. */
#include "policy/cedar/cedar_entities.h"
#include "tests/unit/policy/cedar/cedar_fixture.h"

static const char schema_text[] =
    "entity Team in Team; entity Colour enum [\"red\"]; entity Org;\n"
    "entity User in [Team, Colour] { n?: Long, s?: Set<User>, r?: { d: datetime, i?: ipaddr },\n"
    "  c?: Colour, p?: decimal, a?: Action } tags Set<String>;\n"
    "entity Must { n: Long, r: { x: Long } };\n"
    "action g1; action g2 in g1;\n"
    "action view in g2 appliesTo { principal: User, resource: [Team, Colour],\n"
    "  context: { n: Long, u?: User, i?: ipaddr } };";

/* NULL when the file of one entity is taken, else its first diagnostic. */
static const char *load(struct fixture *fixture, bool typed, const char *text)
{
    const struct cedar_schema *schema = typed ? schema_of(fixture, schema_text) : NULL;
    struct cedar_entities *entities = cedar_entities_new(fixture->arena, NULL);
    amanat_result result = cedar_entities_add_json(entities, schema, "e.json",
                                                   bytes_of_string(text), fixture->diagnostics);
    if (amanat_is_ok(result)) {
        result = cedar_entities_close(entities, schema, fixture->diagnostics);
    }
    if (amanat_is_ok(result)) {
        return NULL;
    }
    assert_fault(result);
    const struct amanat_diagnostic *first = amanat_diagnostics_at(fixture->diagnostics, 0);
    return arena_format(fixture->arena, "%u:%u %s", first->line, first->column, first->text);
}

struct row {
    const char *attributes; /* and what follows them */
    const char *diagnostic; /* NULL: taken */
};

/* Rows of attributes for one entity of a type. */
static void check_attributes(struct fixture *fixture, bool typed, const char *type,
                             const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const char *text = arena_format(fixture->arena,
                                        "[{\"uid\":{\"type\":\"%s\",\"id\":\"x\"},\"parents\":[],"
                                        "\"attrs\":\n%s}]",
                                        type, rows[i].attributes);
        const char *found = load(fixture, typed, text);
        if ((found == NULL) != (rows[i].diagnostic == NULL) ||
            (found != NULL && strcmp(found, rows[i].diagnostic) != 0)) {
            fail_msg("%s: `%s`, expected `%s`", rows[i].attributes, found == NULL ? "taken" : found,
                     rows[i].diagnostic == NULL ? "taken" : rows[i].diagnostic);
        }
        start_over(fixture);
    }
}

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

static void test_json__takes_escapes_without_a_schema(void **state)
{
    static const struct row rows[] = {
        {"{\"a\":{\"__entity\":{\"type\":\"A::B\",\"id\":\"\",\"more\":1}}}", NULL},
        {"{\"a\":{\"__entity\":{\"type\":\"A::B\"}}}", NULL}, /* a record */
        {"{\"a\":{\"__entity\":{\"type\":\"A \",\"id\":\"\"}}}", "2:26 this is not an entity type"},
        {"{\"a\":{\"__extn\":{\"fn\":\"ip\",\"arg\":\"1.2.3.4\"}}}", NULL},
        {"{\"a\":{\"__extn\":{\"fn\":\"ip\",\"arg\":\"1.2.3\"}}}",
         "2:16 this text is not an IP address or range"},
        {"{\"a\":{\"__extn\":{\"fn\":\"ip\"}}}", NULL}, /* a record */
        {"{\"a\":{\"__extn\":{\"fn\":\"contains\",\"arg\":1}}}",
         "2:22 there is no extension function of this name"},
        {"{\"a\":{\"__extn\":{\"fn\":\"offset\",\"args\":[{\"__extn\":{\"fn\":\"datetime\","
         "\"arg\":\"2024-01-01\"}},{\"__extn\":{\"fn\":\"duration\",\"arg\":\"1d\"}}]}}}",
         NULL},
        {"{\"a\":{\"__expr\":\"1\"}}", "2:6 the escape `__expr` is not supported"},
        {"{\"a\":null}", "2:6 null is no value in Cedar"},
        {"{\"a\":1.0}", "2:6 expected an integer of 64 bits"},
        {"{\"a\":-0}", "2:6 expected an integer of 64 bits"},
        {"{\"a\":9223372036854775808}", "2:6 expected an integer of 64 bits"},
        {"{\"a\":[1,\"1\",[],{}]}", NULL},
        {"[]", "2:1 expected an object, found array"},
    };
    check_attributes(*state, false, "T", rows, COUNT(rows));
}

static void test_json__is_read_by_the_schemas_types(void **state)
{
    static const struct row rows[] = {
        {"{}", NULL},
        {"{\"s\":[{\"type\":\"User\",\"id\":\"a\"}]}", NULL},
        {"{\"s\":[{\"type\":\"Team\",\"id\":\"a\"}]}",
         "2:7 expected an entity of type `User`, not `Team`"},
        {"{\"s\":{}}", "2:6 expected Set, found Record"},
        {"{\"r\":{\"d\":\"2024-01-01\",\"i\":{\"fn\":\"ip\",\"arg\":\"::1\"}}}", NULL},
        {"{\"r\":{\"d\":{\"fn\":\"offset\",\"args\":[\"2024-01-01\",\"1d\"]}}}", NULL},
        {"{\"r\":{\"d\":\"today\"}}", "2:11 this text is not a datetime"},
        {"{\"r\":{\"d\":{\"__extn\":{\"fn\":\"ip\",\"arg\":\"::1\"}}}}",
         "2:11 expected datetime, found ipaddr"},
        {"{\"r\":{}}", "2:6 the attribute `d` is missing"},
        {"{\"r\":{\"d\":\"2024-01-01\",\"e\":1}}", "2:28 the attribute `e` is not declared"},
        {"{\"c\":{\"type\":\"Colour\",\"id\":\"red\"}}", NULL},
        {"{\"c\":{\"type\":\"Colour\",\"id\":\"blue\"}}",
         "2:6 an entity: `Colour` has no entity `\"blue\"`"},
        {"{\"p\":1}", "2:6 an operand of `decimal` is Long, not String"},
        {"{\"n\":\"1\"}", "2:6 expected Long, found String"},
        {"{\"x\":1}", "2:6 the attribute `x` is not declared"},
        {"{\"a\":{\"type\":\"Action\",\"id\":\"view\"}}", NULL},
        {"{\"a\":{\"type\":\"Action\",\"id\":\"no\"}}",
         "2:6 an entity `Action::\"no\"` is not declared"},
        {"{}, \"tags\":{\"k\":[\"a\"]}", NULL},
        {"{}, \"tags\":{\"k\":[1]}", "2:18 expected String, found Long"},
    };
    check_attributes(*state, true, "User", rows, COUNT(rows));
}

static void test_json__must_conform(void **state)
{
    static const struct {
        const char *text;
        const char *diagnostic; /* NULL: taken */
    } rows[] = {
        {"{}", "1:1 expected an array of entities, found object"},
        {"[1]", "1:2 expected an entity, found number"},
        {"[{}]", "1:2 the member `uid` is missing"},
        {"[{\"uid\":{\"type\":\"Team\",\"id\":\"x\"},\"attrs\":{}}]",
         "1:2 the member `parents` is missing"},
        {"[{\"uid\":\"Team::\\\"x\\\"\",\"attrs\":{},\"parents\":[]}]",
         "1:9 expected an entity, `{\"type\": …, \"id\": …}`"},
        {"[{\"uid\":{\"type\":\"No\",\"id\":\"x\"},\"attrs\":{},\"parents\":[]}]",
         "1:9 the entity type `No` is not declared"},
        {"[{\"uid\":{\"type\":\"Must\",\"id\":\"x\"},\"attrs\":{\"n\":1},\"parents\":[]}]",
         "1:42 the attribute `r` is missing"},
        {"[{\"uid\":{\"type\":\"Colour\",\"id\":\"x\"},\"attrs\":{},\"parents\":[]}]",
         "1:2 the entity: `Colour` has no entity `\"x\"`"},
        {"[{\"uid\":{\"type\":\"Team\",\"id\":\"x\"},\"attrs\":{},\"parents\":[{\"type\":\"User\","
         "\"id\":\"x\"}]}]",
         "1:56 an entity of type `Team` cannot be in one of type `User`"},
        {"[{\"uid\":{\"type\":\"Team\",\"id\":\"x\"},\"attrs\":{},\"parents\":[],\"tags\":{\"a\":1}"
         "}"
         "]",
         "1:65 this entity type has no tags"},
        {"[{\"uid\":{\"type\":\"Action\",\"id\":\"view\"},\"attrs\":{},\"parents\":[{\"type\":"
         "\"Action\",\"id\":\"g2\"},{\"type\":\"Action\",\"id\":\"g1\"}]}]",
         NULL},
        {"[{\"uid\":{\"type\":\"Action\",\"id\":\"view\"},\"attrs\":{},\"parents\":[]}]",
         "1:2 this action is not as the schema declares it"},
        {"[{\"uid\":{\"type\":\"Action\",\"id\":\"g1\"},\"attrs\":{\"a\":1},\"parents\":[]}]",
         "1:2 this action is not as the schema declares it"},
        {"[{\"uid\":{\"type\":\"Team\",\"id\":\"x\"},\"attrs\":{},\"parents\":[]},\n"
         " {\"uid\":{\"type\":\"Team\",\"id\":\"x\"},\"attrs\":{},\"parents\":[]}]",
         NULL},
        {"[{\"uid\":{\"type\":\"User\",\"id\":\"x\"},\"attrs\":{},\"parents\":[]},\n"
         " {\"uid\":{\"type\":\"User\",\"id\":\"x\"},\"attrs\":{\"n\":1},\"parents\":[]}]",
         "2:2 the entity `User::\"x\"` stands twice with different contents, first at e.json:1"},
        {"[{\"uid\":{\"type\":\"Team\",\"id\":\"x\"},\"attrs\":{},\"parents\":[{\"type\":\"Team\","
         "\"id\":\"y\"}]},\n"
         " {\"uid\":{\"type\":\"Team\",\"id\":\"y\"},\"attrs\":{},\"parents\":[{\"type\":\"Team\","
         "\"id\":\"x\"}]}]",
         "1:2 the entity `Team::\"x\"` is its own ancestor"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *found = load(*state, true, rows[i].text);
        if ((found == NULL) != (rows[i].diagnostic == NULL) ||
            (found != NULL && strcmp(found, rows[i].diagnostic) != 0)) {
            fail_msg("%s: `%s`, expected `%s`", rows[i].text, found == NULL ? "taken" : found,
                     rows[i].diagnostic == NULL ? "taken" : rows[i].diagnostic);
        }
        start_over(*state);
    }
}

static struct cedar_entities *store(struct fixture *fixture, const struct cedar_entities *base)
{
    struct cedar_entities *entities = cedar_entities_new(fixture->arena, base);
    assert_non_null(entities);
    return entities;
}

static void add(struct cedar_entities *entities, struct cedar_entity_uid entity,
                struct cedar_entity_uid parent)
{
    const struct cedar_entity_parts parts = {
        .uid = entity, .parents = &parent, .parent_count = parent.type.length > 0 ? 1 : 0};
    assert_ok(cedar_entities_add(entities, &parts));
}

static bool is_in(const struct cedar_entities *entities, struct cedar_entity_uid a,
                  struct cedar_entity_uid b)
{
    return cedar_entities_is_in(entities, &a, &b);
}

static void test_overlay__looks_through_to_its_base(void **state)
{
    struct fixture *fixture = *state;
    struct cedar_entities *base = store(fixture, NULL);
    add(base, uid("Team", "blue"), uid("Team", "all"));
    add(base, uid("User", "bob"), uid("Team", "blue"));
    assert_ok(cedar_entities_close(base, NULL, NULL));
    struct cedar_entities *overlay = store(fixture, base);
    add(overlay, uid("User", ""), uid("Team", "blue"));
    add(overlay, uid("User", "bob"), uid("", ""));
    assert_ok(cedar_entities_close(overlay, NULL, NULL));
    struct cedar_entities *second = store(fixture, overlay);
    add(second, uid("Device", "d"), uid("User", ""));
    assert_ok(cedar_entities_close(second, NULL, NULL));

    assert_true(is_in(overlay, uid("User", ""), uid("Team", "all")));
    assert_true(is_in(second, uid("Device", "d"), uid("Team", "all")));
    assert_true(is_in(base, uid("User", "bob"), uid("Team", "all")));
    assert_false(is_in(overlay, uid("User", "bob"), uid("Team", "all"))); /* hidden */
    assert_true(is_in(overlay, uid("Team", "blue"), uid("Team", "all")));
    assert_false(is_in(base, uid("User", ""), uid("Team", "all")));
    assert_int_equal(cedar_entities_count(overlay), 2);
    start_over(fixture);
}

static void test_close__follows_long_chains_and_finds_cycles_through_the_base(void **state)
{
    struct fixture *fixture = *state;
    struct cedar_entities *chain = store(fixture, NULL);
    for (unsigned i = 0; i < 1000; i++) {
        add(chain, uid("T", arena_format(fixture->arena, "%u", i)),
            uid("T", arena_format(fixture->arena, "%u", i + 1)));
    }
    assert_ok(cedar_entities_close(chain, NULL, NULL));
    assert_true(is_in(chain, uid("T", "0"), uid("T", "1000")));
    assert_false(is_in(chain, uid("T", "1000"), uid("T", "0")));

    struct cedar_entities *overlay = store(fixture, chain);
    add(overlay, uid("T", "1000"), uid("T", "0"));
    assert_fault(cedar_entities_close(overlay, NULL, fixture->diagnostics));
    start_over(fixture);
}

/* A number in digits of its own for layer and place. */
static struct cedar_entity_uid in_layer(struct fixture *fixture, unsigned layer, unsigned place)
{
    return uid("T", arena_format(fixture->arena, "%u.%u", layer, place));
}

/*
 * Each of a layer is in all of the next one and in a group of its own, which nobody has declared:
 * to every ancestor lead more paths than could be counted.
 */
static void test_close__finds_each_ancestor_once_however_many_paths_lead_to_it(void **state)
{
    enum { LAYERS = 40, WIDTH = 7 };
    struct fixture *fixture = *state;
    struct cedar_entities *entities = store(fixture, NULL);
    for (unsigned i = 0; i < LAYERS * WIDTH; i++) {
        struct cedar_entity_uid parents[WIDTH + 1] = {in_layer(fixture, LAYERS + 1 + i, 0)};
        for (unsigned k = 0; k < WIDTH; k++) {
            parents[k + 1] = in_layer(fixture, i / WIDTH + 1, k);
        }
        const struct cedar_entity_parts parts = {.uid = in_layer(fixture, i / WIDTH, i % WIDTH),
                                                 .parents = parents,
                                                 .parent_count = WIDTH + 1};
        assert_ok(cedar_entities_add(entities, &parts));
    }
    assert_ok(cedar_entities_close(entities, NULL, NULL));
    for (unsigned i = 0; i < LAYERS * WIDTH; i++) {
        const struct cedar_entity *entity = cedar_entities_at(entities, i);
        const unsigned layers_above = LAYERS - i / WIDTH;
        assert_int_equal(entity->ancestor_count,
                         layers_above * WIDTH + 1 + (layers_above - 1) * WIDTH);
        for (size_t k = 1; k < entity->ancestor_count; k++) {
            assert_true(cedar_entity_uid_compare(entity->ancestors[k - 1], entity->ancestors[k]) <
                        0);
        }
        for (size_t k = 0; k < entity->ancestor_count; k++) {
            assert_true(entity->ancestor_hashes[k] == cedar_uid_hash(entity->ancestors[k]));
        }
    }
    assert_true(is_in(entities, in_layer(fixture, 0, 3), in_layer(fixture, LAYERS, 6)));
    start_over(fixture);
}

static void test_request__is_validated(void **state)
{
    struct fixture *fixture = *state;
    static const struct {
        const char *principal;
        const char *action;
        const char *resource;
        const char *resource_id;
        const char *diagnostic; /* NULL: valid */
    } rows[] = {
        {"User", "view", "Team", "x", NULL},
        {"User", "view", "Colour", "red", NULL},
        {"User", "no", "Team", "x", "0:0 the action `Action::\"no\"` is not declared"},
        {"Org", "view", "Team", "x",
         "0:0 the principal: the action does not apply to the type `Org`"},
        {"No", "view", "Team", "x", "0:0 the principal has the type `No`, which is not declared"},
        {"User", "view", "Colour", "x", "0:0 the resource: `Colour` has no entity `\"x\"`"},
        {"User", "g1", "Team", "x",
         "0:0 the principal: the action does not apply to the type `User`"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct cedar_schema *schema = schema_of(fixture, schema_text);
        struct cedar_request request = {.principal = uid(rows[i].principal, "p"),
                                        .action = uid("Action", rows[i].action),
                                        .resource = uid(rows[i].resource, rows[i].resource_id)};
        const struct cedar_field field = {BYTES("n"), cedar_value_long(1)};
        assert_ok(cedar_value_record(fixture->arena, &field, 1, &request.context));
        const amanat_result result = cedar_request_validate(schema, &request, fixture->diagnostics);
        assert_int_equal(amanat_is_ok(result), rows[i].diagnostic == NULL);
        if (rows[i].diagnostic != NULL) {
            assert_first_diagnostic(fixture, rows[i].diagnostic);
        }
        start_over(fixture);
    }
}

static void test_context__is_typed_by_its_action(void **state)
{
    struct fixture *fixture = *state;
    static const struct {
        const char *text;
        const char *diagnostic; /* NULL: taken */
    } rows[] = {
        {"{\"n\":1,\"u\":{\"type\":\"User\",\"id\":\"\"},\"i\":\"::1\"}", NULL},
        {"{}", "1:1 the attribute `n` is missing"},
        {"{\"n\":1,\"m\":1}", "1:12 the attribute `m` is not declared"},
        {"[]", "1:1 expected an object, found array"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct cedar_schema *schema = schema_of(fixture, schema_text);
        const struct cedar_entity_uid view = uid("Action", "view");
        const struct document *document = NULL;
        struct cedar_value context;
        assert_ok(document_from_json(fixture->arena, "c.json", bytes_of_string(rows[i].text),
                                     fixture->diagnostics, &document));
        const amanat_result result = cedar_context_from_document(
            fixture->arena, schema, &view, "c.json", document, fixture->diagnostics, &context);
        assert_int_equal(amanat_is_ok(result), rows[i].diagnostic == NULL);
        if (rows[i].diagnostic != NULL) {
            assert_first_diagnostic(fixture, rows[i].diagnostic);
        }
        start_over(fixture);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json__takes_escapes_without_a_schema),
        cmocka_unit_test(test_json__is_read_by_the_schemas_types),
        cmocka_unit_test(test_json__must_conform),
        cmocka_unit_test(test_overlay__looks_through_to_its_base),
        cmocka_unit_test(test_close__follows_long_chains_and_finds_cycles_through_the_base),
        cmocka_unit_test(test_close__finds_each_ancestor_once_however_many_paths_lead_to_it),
        cmocka_unit_test(test_request__is_validated),
        cmocka_unit_test(test_context__is_typed_by_its_action),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
