/* SPDX-License-Identifier: Apache-2.0 */
/* The graph of nodes: labels and how they are inherited, kinds, records, recursion, choices. */
#include "catalogue_fixture.h"

#define NOTE "x-amanat-label: note"

static const struct catalogue_node *root_of(const struct fixture *fixture)
{
    return fixture->catalogue->services[0].operations[0].responses[0].media_types[0].root;
}

static struct fixture compile_schema(const char *text)
{
    return fixture_service("services/s.yaml", bytes_of_string(text));
}

static const struct catalogue_node *member(const struct catalogue_node *node, const char *name)
{
    const struct catalogue_member *found = catalogue_node_find_member(node, bytes_of_string(name));
    assert_non_null(found);
    return found->node;
}

static void assert_label(const struct fixture *fixture, const struct catalogue_node *node,
                         const char *label)
{
    if (label == NULL) {
        assert_int_equal(node->label_count, 0);
        return;
    }
    assert_int_equal(node->label_count, 1);
    assert_true(
        bytes_equal_string(fixture->catalogue->vocabulary.labels[node->labels[0]].name, label));
}

static void test_node__inherits_a_label_until_a_deeper_one(void **state)
{
    (void)state;
    struct fixture fixture = compile_schema(FIXTURE_SCHEMA(
        "{type: object, " NOTE ", properties: {a: {type: string}, "
        "b: {type: object, properties: {c: {type: integer}}}, "
        "d: {type: array, items: {type: string}}, "
        "e: {type: object, x-amanat-label: vehicle.plate, properties: {f: {type: string}, "
        "g: {type: string, x-amanat-label: time}}}, "
        "h: {type: string, x-amanat-label: [vehicle.plate, note]}}}"));
    const struct catalogue_node *root = root_of(&fixture);
    assert_label(&fixture, root, "note");
    assert_label(&fixture, member(root, "a"), "note");
    assert_label(&fixture, member(member(root, "b"), "c"), "note");
    assert_label(&fixture, member(root, "d")->items, "note");
    assert_label(&fixture, member(member(root, "e"), "f"), "vehicle.plate");
    assert_label(&fixture, member(member(root, "e"), "g"), "time");
    assert_int_equal(member(root, "h")->label_count, 2);
    assert_true(member(root, "h")->labels[0] < member(root, "h")->labels[1]);
    assert_null(root->additional);
    assert_null(catalogue_node_find_member(root, BYTES("z")));
    fixture_free(&fixture);
}

static void test_node__lets_undeclared_members_stand_only_when_said(void **state)
{
    (void)state;
    static const struct {
        const char *schema;
        bool additional;
        bool anything;
    } cases[] = {
        {FIXTURE_SCHEMA("{type: object, " NOTE ", properties: {a: {type: string}}}"), false, false},
        {FIXTURE_SCHEMA("{type: object, " NOTE ", additionalProperties: false}"), false, false},
        {FIXTURE_SCHEMA("{type: object, " NOTE ", additionalProperties: true}"), true, true},
        {FIXTURE_SCHEMA("{type: object, " NOTE ", additionalProperties: {}}"), true, true},
        {FIXTURE_SCHEMA("{type: object, " NOTE ", additionalProperties: {type: string}}"), true,
         false},
        {FIXTURE_SCHEMA("{allOf: [{type: object, " NOTE ", additionalProperties: true}, "
                        "{additionalProperties: false}]}"),
         false, false},
        {FIXTURE_SCHEMA("{type: object, properties: {a: {type: string, " NOTE "}}, "
                        "additionalProperties: true}"),
         false, false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct fixture fixture = compile_schema(cases[i].schema);
        const struct catalogue_node *root = root_of(&fixture);
        assert_int_equal(root->additional != NULL, cases[i].additional);
        if (cases[i].additional) {
            assert_int_equal(root->additional->is_anything, cases[i].anything);
            assert_label(&fixture, root->additional, "note");
        }
        fixture_free(&fixture);
    }
}

static void test_node__knows_the_kinds(void **state)
{
    (void)state;
    enum {
        S = CATALOGUE_KIND_STRING,
        I = CATALOGUE_KIND_INTEGER,
        N = CATALOGUE_KIND_NUMBER | CATALOGUE_KIND_INTEGER,
        B = CATALOGUE_KIND_BOOLEAN,
        Z = CATALOGUE_KIND_NULL,
        A = CATALOGUE_KIND_ARRAY,
        O = CATALOGUE_KIND_OBJECT
    };
    static const struct {
        const char *schema;
        unsigned kinds;
    } cases[] = {
        {FIXTURE_SCHEMA("{type: string, " NOTE "}"), S},
        {FIXTURE_SCHEMA("{type: [string, 'null'], " NOTE "}"), S | Z},
        {FIXTURE_SCHEMA("{type: number, " NOTE "}"), N},
        {FIXTURE_SCHEMA("{enum: [a, 1, null], " NOTE "}"), S | I | Z},
        {FIXTURE_SCHEMA("{const: true, " NOTE "}"), B},
        {FIXTURE_SCHEMA("{type: number, allOf: [{type: integer}], " NOTE "}"), I},
        {FIXTURE_SCHEMA("{oneOf: [{type: string}, {type: boolean}], " NOTE "}"), S | B},
        {FIXTURE_SCHEMA("{type: string, anyOf: [{type: string}, {type: boolean}], " NOTE "}"), S},
        {FIXTURE_SCHEMA("{properties: {a: {type: string}}}"), O},
        {FIXTURE_SCHEMA("{items: {type: string}}"), A},
        {FIXTURE_SCHEMA("{required: [a]}"), O},
        {FIXTURE_SCHEMA("false"), 0},
        {FIXTURE_SCHEMA("{$ref: '#/components/schemas/A', type: string}") "components: {schemas: "
                                                                          "{A: {type: [string, "
                                                                          "integer], " NOTE "}}}\n",
         S},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct fixture fixture = compile_schema(cases[i].schema);
        assert_int_equal(root_of(&fixture)->kinds, cases[i].kinds);
        fixture_free(&fixture);
    }
    struct fixture fixture = compile_schema(
        "openapi: 3.0.3\nx-amanat-service: s\npaths: {/a: {get: {operationId: a, responses: {200: "
        "{content: {application/json: {schema: {type: string, nullable: true, enum: [a], " NOTE
        "}}}}}}}}\n");
    assert_int_equal(root_of(&fixture)->kinds, S | Z);
    fixture_free(&fixture);
}

static void test_node__joins_all_of_and_any_of(void **state)
{
    (void)state;
    struct fixture fixture = compile_schema(FIXTURE_SCHEMA(
        "{allOf: [{type: object, properties: {a: {type: string}, b: {type: string}}}, "
        "{type: object, properties: {b: {" NOTE "}}}], " NOTE ", "
        "oneOf: [{properties: {c: {type: string}}}, {properties: {c: {type: integer}, d: {type: "
        "boolean}}}]}"));
    const struct catalogue_node *root = root_of(&fixture);
    assert_int_equal(root->member_count, 4);
    assert_label(&fixture, member(root, "a"), "note");
    assert_int_equal(member(root, "b")->kinds, CATALOGUE_KIND_STRING);
    assert_int_equal(member(root, "c")->kinds, CATALOGUE_KIND_STRING | CATALOGUE_KIND_INTEGER);
    assert_label(&fixture, member(root, "c"), "note");
    assert_label(&fixture, member(root, "d"), "note");
    fixture_free(&fixture);
}

static void test_node__gives_a_string_its_label_beside_an_object_with_its_own(void **state)
{
    (void)state;
    struct fixture fixture = compile_schema(FIXTURE_SCHEMA(
        "{anyOf: [{type: string, " NOTE "}, {type: object, properties: {id: {type: string, "
        "x-amanat-label: time}, x: {type: string}}}, {type: 'null'}]}"));
    const struct catalogue_node *root = root_of(&fixture);
    assert_label(&fixture, root, "note");
    assert_label(&fixture, member(root, "id"), "time");
    assert_label(&fixture, member(root, "x"), NULL);
    fixture_free(&fixture);
}

static void test_node__makes_recursion_a_cycle(void **state)
{
    (void)state;
    struct fixture fixture = compile_schema(FIXTURE_SCHEMA(
        "{$ref: '#/components/schemas/Tree'}") "components: {schemas: {Tree: {type: object, "
                                               "properties: {name: {type: string, " NOTE
                                               "}, children: {type: array, items: {$ref: "
                                               "'#/components/schemas/Tree'}}, "
                                               "empty: {$ref: '#/components/schemas/Empty'}}}, "
                                               "Empty: {type: object, properties: {again: {$ref: "
                                               "'#/components/schemas/Empty'}}}}}\n");
    const struct catalogue_node *root = root_of(&fixture);
    const struct catalogue_node *children = member(root, "children");
    assert_ptr_equal(children->items, root);
    assert_true(root->has_labels_below);
    assert_true(children->has_labels_below);
    assert_false(children->has_records_below);
    assert_false(member(root, "empty")->has_labels_below);
    assert_ptr_equal(member(member(root, "empty"), "again"), member(root, "empty"));
    fixture_free(&fixture);
}

static void test_node__tells_apart_what_inherits_different_labels(void **state)
{
    (void)state;
    struct fixture fixture = compile_schema(FIXTURE_SCHEMA(
        "{type: object, properties: {a: {$ref: '#/components/schemas/T', " NOTE "}, "
        "b: {$ref: '#/components/schemas/T', x-amanat-label: time}, "
        "c: {$ref: '#/components/schemas/T'}}}") "components: {schemas: {T: {type: object, "
                                                 "properties: {x: {type: string}}}}}\n");
    const struct catalogue_node *root = root_of(&fixture);
    assert_label(&fixture, member(member(root, "a"), "x"), "note");
    assert_label(&fixture, member(member(root, "b"), "x"), "time");
    assert_label(&fixture, member(member(root, "c"), "x"), NULL);
    fixture_free(&fixture);
}

static const struct catalogue_record *record_named(const struct fixture *fixture, const char *name)
{
    for (size_t i = 0; i < fixture->catalogue->record_count; i++) {
        if (bytes_equal_string(fixture->catalogue->records[i].name, name)) {
            return &fixture->catalogue->records[i];
        }
    }
    fail_msg("no record %s", name);
    return NULL;
}

static void test_record__has_the_attributes_that_policies_can_read(void **state)
{
    (void)state;
    struct fixture_folder folder = fixture_open_folder();
    const struct catalogue_record *record = record_named(&folder.fixture, "Sighting");
    static const struct {
        const char *name;
        enum attribute_type type;
        bool optional;
    } expected[] = {
        {"city", ATTRIBUTE_STRING, false},  {"plate", ATTRIBUTE_STRING, false},
        {"model", ATTRIBUTE_STRING, true},  {"seenAt", ATTRIBUTE_DATETIME, true},
        {"speed", ATTRIBUTE_DECIMAL, true}, {"point", ATTRIBUTE_RECORD, true},
        {"tags", ATTRIBUTE_SET, true},      {"camera address", ATTRIBUTE_IPADDR, true},
    };
    assert_int_equal(record->attribute_count, 8);
    for (size_t i = 0; i < 8; i++) {
        assert_true(bytes_equal_string(record->attributes[i].name, expected[i].name));
        assert_int_equal(record->attributes[i].type, expected[i].type);
        assert_int_equal(record->attributes[i].optional, expected[i].optional);
        assert_false(record->attributes[i].read);
    }
    assert_int_equal(record->service_count, 1);
    assert_int_equal(record->services[0], 0);
    const struct catalogue_record *parcel = record_named(&folder.fixture, "Parcel");
    assert_int_equal(parcel->attributes[1].type, ATTRIBUTE_DECIMAL);
    assert_true(parcel->attributes[1].optional); /* although it is required */
    assert_int_equal(parcel->attributes[3].enumeration_count, 2);
    assert_true(bytes_equal_string(parcel->attributes[3].enumeration[1], "rural"));
    assert_int_equal(parcel->attributes[4].type, ATTRIBUTE_DATE);
    fixture_free_folder(&folder);
}

static void test_record__recurring_objects_are_no_attributes(void **state)
{
    (void)state;
    struct fixture fixture = compile_schema(FIXTURE_SCHEMA(
        "{type: object, x-amanat-record: R, required: [flat], properties: {"
        "tree: {$ref: '#/components/schemas/Tree'}, flat: {type: object, required: "
        "[a], properties: {a: {type: string}, objects: {type: array, items: {type: "
        "object}}}}, parts: {type: array, items: {type: object, properties: {a: "
        "{type: string}}}}, mixed: {type: [string, integer]}, inner: {type: object, "
        "x-amanat-record: I, properties: {a: {type: string}}}}}") "components: {schemas: {Tree: "
                                                                  "{type: object, properties: "
                                                                  "{name: {type: string}, next: "
                                                                  "{$ref: "
                                                                  "'#/components/schemas/"
                                                                  "Tree'}}}}}\n");
    const struct catalogue_record *record = record_named(&fixture, "R");
    assert_int_equal(record->attribute_count, 1);
    assert_true(bytes_equal_string(record->attributes[0].name, "flat"));
    assert_false(record->attributes[0].optional);
    assert_int_equal(record->attributes[0].field_count, 1);
    const struct catalogue_node *root = root_of(&fixture);
    assert_int_equal(catalogue_node_find_member(root, BYTES("flat"))->attribute, 0);
    assert_int_equal(catalogue_node_find_member(root, BYTES("tree"))->attribute, CATALOGUE_NONE);
    assert_true(root->has_records_below);
    fixture_free(&fixture);
}

static bool lists(const size_t *list, size_t count, size_t number)
{
    for (size_t i = 0; i < count; i++) {
        if (list[i] == number) {
            return true;
        }
    }
    return false;
}

static void test_catalogue__knows_where_labels_occur(void **state)
{
    (void)state;
    struct fixture_folder folder = fixture_open_folder();
    const struct catalogue *catalogue = folder.fixture.catalogue;
    const size_t cnic = vocabulary_find_label(&catalogue->vocabulary, BYTES("person.cnic"));
    const size_t plate = vocabulary_find_label(&catalogue->vocabulary, BYTES("vehicle.plate"));
    const struct catalogue_record *sighting = record_named(&folder.fixture, "Sighting");
    const struct catalogue_record *owner = record_named(&folder.fixture, "Owner");
    assert_true(lists(sighting->labels, sighting->label_count, cnic)); /* in the record inside */
    assert_false(lists(sighting->own_labels, sighting->own_label_count, cnic));
    assert_true(lists(sighting->own_labels, sighting->own_label_count, plate));
    assert_true(lists(owner->labels, owner->label_count, cnic));
    assert_true(lists(owner->own_labels, owner->own_label_count, cnic));
    assert_false(lists(owner->labels, owner->label_count, plate));
    assert_true(catalogue->label_uses[plate].outside_records); /* a JPEG */
    assert_false(catalogue->label_uses[cnic].outside_records);
    assert_true(catalogue->label_uses[plate].queried);
    const size_t parcel = vocabulary_find_label(&catalogue->vocabulary, BYTES("land.parcel"));
    assert_true(catalogue->label_uses[parcel].submitted);
    const struct catalogue_operation *gone = &catalogue->services[0].operations[2];
    assert_true(bytes_equal_string(gone->id, "deleteSighting"));
    assert_int_equal(gone->label_count, 0);
    assert_int_equal(catalogue->services[0].operations[0].record_count, 2);
    fixture_free_folder(&folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_node__inherits_a_label_until_a_deeper_one),
        cmocka_unit_test(test_node__lets_undeclared_members_stand_only_when_said),
        cmocka_unit_test(test_node__knows_the_kinds),
        cmocka_unit_test(test_node__joins_all_of_and_any_of),
        cmocka_unit_test(test_node__gives_a_string_its_label_beside_an_object_with_its_own),
        cmocka_unit_test(test_node__makes_recursion_a_cycle),
        cmocka_unit_test(test_node__tells_apart_what_inherits_different_labels),
        cmocka_unit_test(test_record__has_the_attributes_that_policies_can_read),
        cmocka_unit_test(test_record__recurring_objects_are_no_attributes),
        cmocka_unit_test(test_catalogue__knows_where_labels_occur),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
