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
        {"deliverParcel", "application/json", "{\"number\":\"1\"}", -1},
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
        cmocka_unit_test(test_body__counts_labels_and_subjects),
        cmocka_unit_test(test_body__refuses_other_media_types_and_bodies_that_are_not_offered),
        cmocka_unit_test(test_find_response__prefers_the_exact_status),
        cmocka_unit_test(test_find_media_type__reads_the_field_strictly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
