/* SPDX-License-Identifier: Apache-2.0 */
/* Request bodies against their schema, statuses and media types. */
#include "catalogue_fixture.h"

static const struct catalogue_operation *operation_named(const struct catalogue *catalogue,
                                                         const char *id)
{
    for (size_t s = 0; s < catalogue->service_count; s++) {
        for (size_t i = 0; i < catalogue->services[s].operation_count; i++) {
            if (bytes_equal_string(catalogue->services[s].operations[i].id, id)) {
                return &catalogue->services[s].operations[i];
            }
        }
    }
    fail_msg("no operation %s", id);
    return NULL;
}

static void test_body__passes_what_is_declared_and_labelled(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        const char *written; /* NULL: refused */
        enum problem_name problem;
        const char *parameter;
    } cases[] = {
        {" {\"filter\" : {\"plate\":\"L\\u0045A 1\"} } ", "{\"filter\":{\"plate\":\"LEA 1\"}}", 0,
         ""},
        {"{\"filter\":{\"cities\":[\"a\",\"b\"]}}", "{\"filter\":{\"cities\":[\"a\",\"b\"]}}", 0,
         ""},
        {"{\"options\":{\"x\":[1.50,null,true]}}", "{\"options\":{\"x\":[1.50,null,true]}}", 0, ""},
        {"{}", "{}", 0, ""},
        {"{\"filter\":{\"secret\":\"x\"}}", NULL, PROBLEM_UNDECLARED, "/filter/secret"},
        {"{\"filter\":{\"other\":\"x\"}}", NULL, PROBLEM_UNDECLARED, "/filter"},
        {"{\"other\":1}", NULL, PROBLEM_UNDECLARED, ""},
        {"{\"filter\":{\"plate\":7}}", NULL, PROBLEM_MALFORMED, "/filter/plate"},
        {"{\"filter\":{\"plate\":null}}", NULL, PROBLEM_MALFORMED, "/filter/plate"},
        {"{\"filter\":{\"plate\":[\"a\"]}}", NULL, PROBLEM_MALFORMED, "/filter/plate"},
        {"{\"filter\":{\"cities\":[\"a\",1]}}", NULL, PROBLEM_MALFORMED, "/filter/cities/1"},
        {"[]", NULL, PROBLEM_MALFORMED, ""},
        {"{\"filter\":{},\"filter\":{}}", NULL, PROBLEM_MALFORMED, ""},
        {"{\"filter\":", NULL, PROBLEM_MALFORMED, ""},
        {"", NULL, PROBLEM_MALFORMED, ""},
    };
    struct fixture_folder folder = fixture_open_folder();
    const struct catalogue_operation *operation =
        operation_named(folder.fixture.catalogue, "searchSightings");
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct arena *arena = arena_new((size_t)8 << 20);
        struct catalogue_body body;
        struct problem problem = {0};
        const amanat_result read =
            catalogue_read_body(operation, BYTES("application/json; charset=UTF-8"),
                                bytes_of_string(cases[i].body), arena, &body, &problem);
        if (cases[i].written != NULL) {
            assert_true(amanat_is_ok(read));
            assert_true(bytes_equal_string(body.text, cases[i].written));
            assert_false(body.submit);
        } else {
            assert_int_equal(read.status, AMANAT_STATUS_REFUSED);
            assert_int_equal(problem.name, cases[i].problem);
            assert_true(bytes_equal_string(problem.parameter, cases[i].parameter));
        }
        arena_free(arena);
    }
    fixture_free_folder(&folder);
}

static const char ruled_service[] =
    "openapi: 3.1.0\n"
    "x-amanat-service: s\n"
    "paths: {/a: {post: {operationId: a, responses: {204: {}}, requestBody: {content: "
    "{application/json: {schema: {$ref: '#/components/schemas/Order'}}}}}}}\n"
    "components: {schemas: {Order: {type: object, x-amanat-label: note, required: [kind, id],\n"
    "  properties: {\n"
    "    id: {type: string, readOnly: true},\n"
    "    kind: {enum: [urban, rural, 7, true]}, fixed: {const: 1.50},\n"
    "    none: {allOf: [{enum: [a]}, {enum: [b]}], type: string},\n"
    "    maybe: {type: [string, 'null'], enum: [x, null]},\n"
    "    short: {type: string, maxLength: 3},\n"
    "    count: {type: integer, minimum: 0, exclusiveMaximum: 10},\n"
    "    share: {type: number, minimum: 0, maximum: 1}, free: {type: number},\n"
    "    at: {type: string, format: date-time}, day: {type: string, format: date},\n"
    "    address: {type: string, format: ipv6}, odd: {type: string, format: colour},\n"
    "    either: {oneOf: [{type: string, format: date}, {type: string, enum: [never]}]},\n"
    "    'a/~b': {type: array, items: {type: object, required: [n],\n"
    "      properties: {n: {type: integer, maximum: 5}}}},\n"
    "    map: {type: object, additionalProperties: {enum: [on, off]}},\n"
    "    shape: {oneOf: [{type: object, required: [r, s], properties: {r: {type: integer}, s: "
    "{type: integer}}},\n"
    "      {type: object, required: [r], properties: {r: {type: integer}}}]},\n"
    "    inner: {$ref: '#/components/schemas/Order'}}}}}\n";

/* Bodies pass the same machine as parameters: enumerations, formats, bounds, what is required. */
static void test_body__holds_values_to_the_rules_of_their_place(void **state)
{
    (void)state;
    static const struct {
        const char *members; /* beside a good `kind` */
        const char *pointer; /* of the refusal; NULL: passes */
        const char *detail;  /* part of it */
    } cases[] = {
        {"\"id\":\"7\"", NULL, ""},
        {"\"fixed\":1.50", NULL, ""},
        {"\"fixed\":1.5", "/fixed", "none of those"},
        {"\"none\":\"a\"", "/none", "none of those"},
        {"\"maybe\":null", NULL, ""},
        {"\"maybe\":\"x\"", NULL, ""},
        {"\"maybe\":\"\"", "/maybe", "none of those"},
        {"\"short\":\"\xC3\xA4\xC3\xB6\xC3\xBC\"", NULL, ""},
        {"\"short\":\"abcd\"", "/short", "beyond"},
        {"\"count\":9", NULL, ""},
        {"\"count\":10", "/count", "beyond"},
        {"\"count\":-1", "/count", "beyond"},
        {"\"count\":99999999999999999999", "/count", "beyond"},
        {"\"count\":1.0", "/count", "declared type"},
        {"\"count\":\"1\"", "/count", "declared type"},
        {"\"share\":0.25", NULL, ""},
        {"\"share\":1", NULL, ""},
        {"\"share\":1.0001", "/share", "beyond"},
        {"\"share\":-0.1", "/share", "beyond"},
        {"\"share\":1e-1", "/share", "beyond"},
        {"\"free\":1e-1", NULL, ""},
        {"\"at\":\"2026-11-22T10:00:00.123456+05:00\"", NULL, ""},
        {"\"at\":\"2026-11-22T10:00:00\"", "/at", "declared format"},
        {"\"at\":\"2026-11-22\"", "/at", "declared format"},
        {"\"at\":\"\"", "/at", "declared format"},
        {"\"day\":\"2026-02-28\"", NULL, ""},
        {"\"day\":\"2026-02-29\"", "/day", "declared format"},
        {"\"address\":\"fe80::1\"", NULL, ""},
        {"\"address\":\"fe80::1%eth0\"", "/address", "declared format"},
        {"\"odd\":\"anything\"", NULL, ""},
        {"\"either\":\"sometimes\"", NULL, ""}, /* alternatives differ: no format is certain */
        {"\"other\":\"x\"", "", "does not declare"},
        {"\"a/~b\":[{\"n\":5},{\"n\":6}]", "/a~1~0b/1/n", "beyond"},
        {"\"a/~b\":[{\"n\":5},{}]", "/a~1~0b/1/n", "required"},
        {"\"a/~b\":[{\"n\":5,\"m\":1}]", "/a~1~0b/0", "does not declare"},
        {"\"a/~b\":[[]]", "/a~1~0b/0", "declared type"},
        {"\"a/~b\":{}", "/a~1~0b", "declared type"},
        {"\"a/~b\":null", "/a~1~0b", "declared type"},
        {"\"map\":{\"secret name\":\"on\"}", NULL, ""},
        {"\"map\":{\"secret name\":\"up\"}", "/map", "none of those"},
        {"\"shape\":{\"r\":1}", NULL, ""},
        {"\"shape\":{\"s\":1}", "/shape/r", "required"},
        {"\"inner\":{\"kind\":\"rural\",\"inner\":{\"kind\":7}}", NULL, ""},
        {"\"inner\":{\"kind\":true,\"inner\":{\"kind\":false}}", "/inner/inner/kind",
         "none of those"},
        {"\"inner\":{}", "/inner/kind", "required"},
        {"\"inner\":{\"kind\":\"rural\",\"k\\u0069nd\":7}", "", "not JSON"},
    };
    struct fixture fixture = fixture_service("services/s.yaml", bytes_of_string(ruled_service));
    const struct catalogue_operation *operation = operation_named(fixture.catalogue, "a");
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct arena *arena = arena_new((size_t)8 << 20);
        struct catalogue_body body;
        struct problem problem = {0};
        char text[512];
        (void)snprintf(text, sizeof(text), "{\"kind\":\"urban\",%s}", cases[i].members);
        const amanat_result read = catalogue_read_body(
            operation, BYTES("application/json"), bytes_of_string(text), arena, &body, &problem);
        if (amanat_is_ok(read) != (cases[i].pointer == NULL)) {
            fail_msg("%s: status %d", text, (int)read.status);
        }
        if (cases[i].pointer == NULL) {
            assert_true(bytes_equal_string(body.text, text));
        } else {
            char detail[256];
            (void)snprintf(detail, sizeof(detail), "%.*s", BYTES_PRINTF(problem.detail));
            if (!bytes_equal_string(problem.parameter, cases[i].pointer) ||
                strstr(detail, cases[i].detail) == NULL) {
                fail_msg("%s: %.*s: %s", text, BYTES_PRINTF(problem.parameter), detail);
            }
        }
        arena_free(arena);
    }
    fixture_free(&fixture);
}

static void test_body__points_at_the_first_use_of_a_label(void **state)
{
    (void)state;
    struct fixture_folder folder = fixture_open_folder();
    struct arena *arena = arena_new((size_t)8 << 20);
    struct catalogue_body body;
    struct problem problem = {0};
    const char text[] = "{\"options\":{\"a\":[1,2]},\"filter\":{\"cities\":[\"a\",\"b\"],"
                        "\"plate\":\"lea-1\"}}";
    static const char *const pointers[] = {"/filter/plate", "/filter/cities/0", "/options"};
    assert_true(amanat_is_ok(catalogue_read_body(
        operation_named(folder.fixture.catalogue, "searchSightings"), BYTES("application/json"),
        bytes_of_string(text), arena, &body, &problem)));
    for (size_t i = 0; i < 3; i++) {
        assert_true(bytes_equal_string(body.label_pointers[i], pointers[i]));
    }
    arena_free(arena);
    fixture_free_folder(&folder);
}

static const char naming_service[] =
    "openapi: 3.1.0\n"
    "x-amanat-service: s\n"
    "paths: {/a: {post: {operationId: a, responses: {204: {}}, requestBody: {content: "
    "{application/json: {schema: {type: object, x-amanat-label: note, properties: {\n"
    "  sort: {enum: [plate, newest], x-amanat-value-labels: {plate: vehicle.plate, newest: "
    "null}},\n"
    "  fields: {type: array, items: {enum: [plate, at], x-amanat-value-labels: {plate: "
    "vehicle.plate, at: [time, note]}}}}}}}}}}}\n";

/* label:uses:pointer, in the order of the vocabulary. */
static void write_uses(const struct catalogue *catalogue, const struct catalogue_body *body,
                       char *out, size_t size)
{
    for (size_t i = 0; i < body->label_count; i++) {
        const struct bytes name = catalogue->vocabulary.labels[body->labels[i]].name;
        (void)snprintf(out + strlen(out), size - strlen(out), "%.*s:%zu:%.*s ", BYTES_PRINTF(name),
                       body->label_uses[i], BYTES_PRINTF(body->label_pointers[i]));
    }
}

/* A body that names fields asks by them, and says where. */
static void test_body__asks_by_what_its_values_name(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        const char *asked; /* label:uses:pointer, in the order of the vocabulary */
    } cases[] = {
        {"{\"sort\":\"newest\"}", "note:1:/sort "},
        {"{\"sort\":\"plate\"}", "vehicle.plate:1:/sort note:1:/sort "},
        {"{\"fields\":[\"plate\",\"at\",\"plate\"],\"sort\":\"plate\"}",
         "vehicle.plate:3:/fields/0 time:1:/fields/1 note:5:/fields/0 "},
    };
    struct fixture fixture = fixture_service("services/s.yaml", bytes_of_string(naming_service));
    const struct vocabulary *vocabulary = &fixture.catalogue->vocabulary;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct arena *arena = arena_new((size_t)1 << 20);
        struct catalogue_body body;
        struct problem problem = {0};
        char text[512] = "";
        assert_true(amanat_is_ok(
            catalogue_read_body(operation_named(fixture.catalogue, "a"), BYTES("application/json"),
                                bytes_of_string(cases[i].body), arena, &body, &problem)));
        write_uses(fixture.catalogue, &body, text, sizeof(text));
        assert_string_equal(text, cases[i].asked);
        arena_free(arena);
    }
    assert_true(
        fixture.catalogue->label_uses[vocabulary_find_label(vocabulary, BYTES("vehicle.plate"))]
            .queried);
    fixture_free(&fixture);
}

static const char open_service[] =
    "openapi: 3.1.0\n"
    "x-amanat-service: s\n"
    "paths: {/a: {post: {operationId: a, responses: {204: {}}, requestBody: {content: "
    "{application/json: {schema: {$ref: '#/components/schemas/A'}}}}}}}\n"
    "components: {schemas: {A: {type: object, properties: {\n"
    "  door: {x-amanat-label: note},\n"
    "  list: {type: array, x-amanat-label: time, items: {type: string}},\n"
    "  shape: {type: object, properties: {x: {type: string, x-amanat-label: note}}},\n"
    "  labelled: {type: object, x-amanat-label: note, additionalProperties: {type: object, "
    "properties: {x: {type: string, x-amanat-label: time}}}},\n"
    "  map: {type: object, additionalProperties: {type: object, properties: {\n"
    "    x: {type: string, x-amanat-label: time},\n"
    "    list: {type: array, items: {type: integer, x-amanat-label: note}}}}}}}}}\n";

/* A name that nobody declared says something, and an empty list that has a label does too. */
static void test_body__asks_by_names_and_by_what_is_empty(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        const char *asked;   /* label:uses:pointer, in the order of the vocabulary */
        const char *pointer; /* of the refusal, if `asked` is NULL */
    } cases[] = {
        {"{}", "", NULL},
        {"{\"shape\":{}}", "", NULL},
        {"{\"door\":{}}", "note:1:/door ", NULL},
        {"{\"door\":[]}", "note:1:/door ", NULL},
        {"{\"door\":{\"a name\":{}}}", "note:1:/door ", NULL},
        {"{\"door\":{\"a name\":[[{\"another\":{}}]]}}", "note:1:/door ", NULL},
        {"{\"door\":{\"a name\":1}}", "note:1:/door ", NULL},
        {"{\"list\":[]}", "time:1:/list ", NULL},
        {"{\"list\":[\"a\",\"b\"]}", "time:2:/list/0 ", NULL},
        {"{\"labelled\":{}}", "note:1:/labelled ", NULL},
        {"{\"labelled\":{\"a name\":{\"x\":\"y\"}}}", "time:1:/labelled note:1:/labelled ", NULL},
        {"{\"map\":{}}", "", NULL},
        {"{\"map\":{\"a name\":{\"x\":\"y\"}}}", "time:1:/map ", NULL},
        {"{\"map\":{\"a name\":{}}}", NULL, "/map"},
        {"{\"map\":{\"a name\":{\"list\":[]}}}", NULL, "/map"},
        {"{\"map\":{\"a name\":{\"list\":[1,\"2\"]}}}", NULL, "/map"},
        {"{\"map\":{\"a name\":{\"x\":1}}}", NULL, "/map"},
        {"{\"map\":{\"a name\":{\"y\":1}}}", NULL, "/map"},
    };
    struct fixture fixture = fixture_service("services/s.yaml", bytes_of_string(open_service));
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct arena *arena = arena_new((size_t)1 << 20);
        struct catalogue_body body;
        struct problem problem = {0};
        char text[512] = "";
        const amanat_result read =
            catalogue_read_body(operation_named(fixture.catalogue, "a"), BYTES("application/json"),
                                bytes_of_string(cases[i].body), arena, &body, &problem);
        if (amanat_is_ok(read) != (cases[i].asked != NULL)) {
            fail_msg("%s: status %d", cases[i].body, (int)read.status);
        }
        if (cases[i].asked == NULL) {
            assert_true(bytes_equal_string(problem.parameter, cases[i].pointer));
        } else {
            write_uses(fixture.catalogue, &body, text, sizeof(text));
            assert_string_equal(text, cases[i].asked);
        }
        arena_free(arena);
    }
    fixture_free(&fixture);
}

static void test_body__counts_labels_and_subjects(void **state)
{
    (void)state;
    struct fixture_folder folder = fixture_open_folder();
    const struct catalogue *catalogue = folder.fixture.catalogue;
    struct arena *arena = arena_new((size_t)8 << 20);
    struct catalogue_body body;
    struct problem problem = {0};
    const char text[] = "{\"options\":{\"a\":[1,2]},\"filter\":{\"cities\":[\"a\",\"b\",\"c\"],"
                        "\"plate\":\"lea-1\"}}";
    assert_true(amanat_is_ok(catalogue_read_body(operation_named(catalogue, "searchSightings"),
                                                 BYTES("application/json"), bytes_of_string(text),
                                                 arena, &body, &problem)));
    static const struct {
        const char *label;
        size_t uses;
    } expected[] = {{"vehicle.plate", 1}, {"place.city", 3}, {"note", 2}};
    assert_int_equal(body.label_count, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(body.labels[i], vocabulary_find_label(&catalogue->vocabulary,
                                                               bytes_of_string(expected[i].label)));
        assert_int_equal(body.label_uses[i], expected[i].uses);
    }
    assert_int_equal(body.subject_count, 1);
    assert_true(bytes_equal_string(body.subjects[0].identifier, "lea-1"));
    assert_int_equal(body.subjects[0].kind,
                     vocabulary_find_subject(&catalogue->vocabulary, BYTES("plate")));
    arena_free(arena);
    fixture_free_folder(&folder);
}

static void test_body__refuses_other_media_types_and_bodies_that_are_not_offered(void **state)
{
    (void)state;
    struct fixture_folder folder = fixture_open_folder();
    const struct catalogue *catalogue = folder.fixture.catalogue;
    static const struct {
        const char *operation;
        const char *type;
        const char *body;
        int problem;
    } cases[] = {
        {"searchSightings", "text/plain", "{}", PROBLEM_MEDIA_TYPE},
        {"searchSightings", "", "{}", PROBLEM_MEDIA_TYPE},
        {"searchSightings", "application/json; charset=latin1", "{}", PROBLEM_MEDIA_TYPE},
        {"findSightings", "application/json", "{}", PROBLEM_UNDECLARED},
        {"findSightings", "", "", -1},
        {"deliverParcel", "", "", -1},
        {"deliverParcel", "application/json", "{\"number\":\"1\",\"area\":2.50}", -1},
        {"deliverParcel", "application/json", "{\"number\":\"1\"}", PROBLEM_MALFORMED},
        {"deliverParcel", "application/json", "{\"kind\":1}", PROBLEM_MALFORMED},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct arena *arena = arena_new((size_t)8 << 20);
        struct catalogue_body body;
        struct problem problem = {0};
        const amanat_result read = catalogue_read_body(
            operation_named(catalogue, cases[i].operation), bytes_of_string(cases[i].type),
            bytes_of_string(cases[i].body), arena, &body, &problem);
        if (cases[i].problem < 0) {
            assert_true(amanat_is_ok(read));
            assert_int_equal(body.submit, strlen(cases[i].body) > 0);
        } else {
            assert_int_equal(read.status, AMANAT_STATUS_REFUSED);
            assert_int_equal(problem.name, cases[i].problem);
        }
        arena_free(arena);
    }
    fixture_free_folder(&folder);
}

static void test_find_response__prefers_the_exact_status(void **state)
{
    (void)state;
    struct fixture_folder folder = fixture_open_folder();
    const struct catalogue *catalogue = folder.fixture.catalogue;
    const struct catalogue_operation *find = operation_named(catalogue, "findSightings");
    const struct catalogue_operation *read = operation_named(catalogue, "readSighting");
    assert_int_equal(catalogue_find_response(find, 200)->status, 200);
    assert_int_equal(catalogue_find_response(find, 404)->status, 4);
    assert_null(catalogue_find_response(find, 500));
    assert_int_equal(catalogue_find_response(read, 500)->status, 0);
    fixture_free_folder(&folder);
}

static void test_find_media_type__reads_the_field_strictly(void **state)
{
    (void)state;
    static const struct {
        const char *field;
        const char *found;
    } cases[] = {
        {"application/json", "application/json"},
        {" Application/JSON ; charset=\"UTF-8\"", "application/json"},
        {"application/json; profile=x; charset=utf-8;", "application/json"},
        {"application/x-ndjson", "application/x-ndjson"},
        {"application/json; charset=iso-8859-1", NULL},
        {"application/x-ndjson; charset=utf-16", NULL},
        {"application/jsonp", NULL},
        {"application/json, text/html", NULL},
        {"application/json; charset", NULL},
        {"application/json; charset=\"utf-8", NULL},
        {"json", NULL},
        {"", NULL},
    };
    struct fixture_folder folder = fixture_open_folder();
    const struct catalogue_response *response =
        catalogue_find_response(operation_named(folder.fixture.catalogue, "findSightings"), 200);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct catalogue_media_type *type = catalogue_find_media_type(
            response->media_types, response->media_type_count, bytes_of_string(cases[i].field));
        if (cases[i].found == NULL) {
            assert_null(type);
        } else {
            assert_non_null(type);
            assert_true(bytes_equal_string(type->name, cases[i].found));
        }
    }
    fixture_free_folder(&folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_body__passes_what_is_declared_and_labelled),
        cmocka_unit_test(test_body__holds_values_to_the_rules_of_their_place),
        cmocka_unit_test(test_body__points_at_the_first_use_of_a_label),
        cmocka_unit_test(test_body__asks_by_what_its_values_name),
        cmocka_unit_test(test_body__asks_by_names_and_by_what_is_empty),
        cmocka_unit_test(test_body__counts_labels_and_subjects),
        cmocka_unit_test(test_body__refuses_other_media_types_and_bodies_that_are_not_offered),
        cmocka_unit_test(test_find_response__prefers_the_exact_status),
        cmocka_unit_test(test_find_media_type__reads_the_field_strictly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
