/* SPDX-License-Identifier: Apache-2.0 */
/* From a request to an operation with typed parameters, and back to a target. */
#include "catalogue_fixture.h"

static const char service[] =
    "openapi: 3.1.0\n"
    "x-amanat-service: s\n"
    "paths:\n"
    "  /: {get: {operationId: root, responses: {204: {}}}}\n"
    "  /things: {get: {operationId: all, responses: {204: {}}, parameters: [\n"
    "    {name: text, in: query, schema: {type: string, maxLength: 5}, x-amanat-label: note},\n"
    "    {name: number, in: query, schema: {type: integer, minimum: -5, exclusiveMaximum: 10}, "
    "x-amanat-label: note},\n"
    "    {name: big, in: query, schema: {type: integer}, x-amanat-label: note},\n"
    "    {name: flag, in: query, schema: {type: boolean}, x-amanat-label: note},\n"
    "    {name: amount, in: query, schema: {type: number, minimum: 0, maximum: 10}, "
    "x-amanat-label: note},\n"
    "    {name: at, in: query, schema: {type: string, format: date-time}, x-amanat-label: note},\n"
    "    {name: day, in: query, schema: {type: string, format: date}, x-amanat-label: note},\n"
    "    {name: address, in: query, schema: {type: string, format: ipv4}, x-amanat-label: note},\n"
    "    {name: kind, in: query, schema: {enum: [a, b]}, x-amanat-label: note},\n"
    "    {name: many, in: query, schema: {type: array, items: {type: string}}, x-amanat-label: "
    "note},\n"
    "    {name: list, in: query, explode: false, schema: {type: array, items: {type: integer}}, "
    "x-amanat-label: note},\n"
    "    {name: 'a b', in: query, schema: {type: string}, x-amanat-label: note},\n"
    "    {name: hidden, in: query, schema: {type: string}},\n"
    "    {name: X-Tag, in: header, schema: {type: array, items: {type: string}}, x-amanat-label: "
    "note}]},\n"
    "    post: {operationId: add, responses: {204: {}}}}\n"
    "  /things/{id}: {get: {operationId: one, responses: {204: {}}, parameters: [\n"
    "    {name: id, in: path, required: true, schema: {type: string}, x-amanat-label: note},\n"
    "    {name: must, in: query, required: true, schema: {type: string}, x-amanat-label: note}]}}\n"
    "  /things/latest: {get: {operationId: latest, responses: {204: {}}}}\n"
    "  /{a}/parts: {get: {operationId: parts, responses: {204: {}}, parameters: [\n"
    "    {name: a, in: path, required: true, schema: {type: string}, x-amanat-label: note}]}}\n"
    "  /n/{ids}: {delete: {operationId: drop, responses: {204: {}}, parameters: [\n"
    "    {name: ids, in: path, required: true, schema: {type: array, items: {type: integer}}, "
    "x-amanat-label: note}]}}\n";

static amanat_result route(const struct fixture *fixture, const char *method, const char *target,
                           struct arena *arena, struct catalogue_call *call,
                           struct problem *problem)
{
    const struct catalogue_request_header headers[] = {{BYTES("accept"), BYTES("*/*")},
                                                       {BYTES("x-tag"), BYTES("b, a")}};
    return catalogue_route(fixture->catalogue, bytes_of_string(method), bytes_of_string(target),
                           headers, 2, arena, call, problem);
}

/* Whether the target gives this operation, or this problem with this parameter. */
static void test_route__finds_the_operation_or_says_why_not(void **state)
{
    (void)state;
    static const struct {
        const char *method;
        const char *target;
        const char *operation; /* NULL: refused */
        enum problem_name problem;
        const char *parameter; /* or the Allow list of PROBLEM_METHOD */
    } cases[] = {
        {"GET", "/s/", "root", 0, ""},
        {"GET", "/s/things", "all", 0, ""},
        {"HEAD", "/s/things", "all", 0, ""},
        {"POST", "/s/things", "add", 0, ""},
        {"GET", "/s/things/latest", "latest", 0, ""},
        {"GET", "/s/things/latest?", "latest", 0, ""},
        {"GET", "/s/things/7?must=x", "one", 0, ""},
        {"GET", "/s/things/%6Catest", "latest", 0, ""},
        {"GET", "/s/x/parts", "parts", 0, ""},
        {"GET", "/s/things/parts?must=1", "one", 0, ""}, /* the first concrete segment decides */
        {"DELETE", "/s/n/1,2,3", "drop", 0, ""},
        {"GET", "/", NULL, PROBLEM_NOT_FOUND, ""},
        {"GET", "/s", NULL, PROBLEM_NOT_FOUND, ""},
        {"GET", "/t/things", NULL, PROBLEM_NOT_FOUND, ""},
        {"GET", "/s/things/", NULL, PROBLEM_NOT_FOUND, ""},
        {"GET", "/s//parts", NULL, PROBLEM_NOT_FOUND, ""},
        {"GET", "/s/things/7/8/9", NULL, PROBLEM_NOT_FOUND, ""},
        {"GET", "/s/th%ings", NULL, PROBLEM_NOT_FOUND, ""},
        {"GET", "*", NULL, PROBLEM_NOT_FOUND, ""},
        {"PUT", "/s/things", NULL, PROBLEM_METHOD, "GET, HEAD, POST"},
        {"get", "/s/things", NULL, PROBLEM_METHOD, "GET, HEAD, POST"},
        {"HEAD", "/s/n/1", NULL, PROBLEM_METHOD, "DELETE"},
        {"GET", "/s/things/7", NULL, PROBLEM_MALFORMED, "must"},
        {"GET", "/s/things/%2e%2e?must=1", NULL, PROBLEM_MALFORMED, "id"},
        {"GET", "/s/things/a%2Fb?must=1", NULL, PROBLEM_MALFORMED, "id"},
        {"DELETE", "/s/n/1,x", NULL, PROBLEM_MALFORMED, "ids"},
        {"GET", "/s/things?other=1", NULL, PROBLEM_UNDECLARED, ""},
        {"GET", "/s/things?must=1", NULL, PROBLEM_UNDECLARED, "must"},
        {"GET", "/s/things?X-Tag=1", NULL, PROBLEM_UNDECLARED, "X-Tag"},
        {"GET", "/s/things?hidden=1", NULL, PROBLEM_UNDECLARED, "hidden"},
        {"GET", "/s/things?text=a&text=b", NULL, PROBLEM_MALFORMED, "text"},
        {"GET", "/s/things?list=1&list=2", NULL, PROBLEM_MALFORMED, "list"},
        {"GET", "/s/things?text=a&&flag=true", NULL, PROBLEM_MALFORMED, ""},
        {"GET", "/s/things?%zz=1", NULL, PROBLEM_MALFORMED, ""},
    };
    struct fixture fixture = fixture_service("services/s.yaml", bytes_of_string(service));
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct arena *arena = arena_new((size_t)1 << 20);
        struct catalogue_call call;
        struct problem problem = {0};
        const amanat_result routed =
            route(&fixture, cases[i].method, cases[i].target, arena, &call, &problem);
        if (cases[i].operation != NULL) {
            assert_true(amanat_is_ok(routed));
            assert_true(bytes_equal_string(call.operation->id, cases[i].operation));
        } else {
            assert_int_equal(routed.status, AMANAT_STATUS_REFUSED);
            assert_int_equal(problem.name, cases[i].problem);
            assert_true(
                bytes_equal_string(problem.name == PROBLEM_METHOD ? call.allow : problem.parameter,
                                   cases[i].parameter));
        }
        arena_free(arena);
    }
    fixture_free(&fixture);
}

/* What is sent and the target that goes to the service; NULL: malformed. */
static void test_route__takes_one_spelling_for_each_value(void **state)
{
    (void)state;
    static const struct {
        const char *query;
        const char *written;
    } cases[] = {
        {"text=abc", "text=abc"},
        {"text=", "text="},
        {"text", "text="},
        {"text=a+b", "text=a%20b"},
        {"text=a%2Bb", "text=a%2Bb"},
        {"text=%61", "text=a"},
        {"text=%2561", "text=%2561"}, /* decoded once */
        {"text=%26%3D", "text=%26%3D"},
        {"text=%C3%A4%C3%A4%C3%A4%C3%A4%C3%A4", "text=%C3%A4%C3%A4%C3%A4%C3%A4%C3%A4"},
        {"text=abcdef", NULL},
        {"text=%", NULL},
        {"text=%4", NULL},
        {"text=%FF", NULL},
        {"text=%00", NULL},
        {"text=%0A", NULL},
        {"text=%7F", NULL},
        {"text=%C2%85", NULL},
        {"a+b=1", "a%20b=1"},
        {"number=7", "number=7"},
        {"number=-5", "number=-5"},
        {"number=0", "number=0"},
        {"number=%37", "number=7"},
        {"number=-6", NULL},
        {"number=10", NULL},
        {"number=07", NULL},
        {"number=+7", NULL},
        {"number=-0", NULL},
        {"number=", NULL},
        {"number=7.0", NULL},
        {"number=1e1", NULL},
        {"number=%207", NULL},
        {"big=9223372036854775807", "big=9223372036854775807"},
        {"big=-9223372036854775808", "big=-9223372036854775808"},
        {"big=9223372036854775808", NULL},
        {"flag=true", "flag=true"},
        {"flag=false", "flag=false"},
        {"flag=TRUE", NULL},
        {"flag=1", NULL},
        {"flag", NULL},
        {"amount=0", "amount=0"},
        {"amount=10", "amount=10"},
        {"amount=10.0", "amount=10.0"},
        {"amount=9.99", "amount=9.99"},
        {"amount=10.01", NULL},
        {"amount=-0.1", NULL},
        {"amount=-0", NULL},
        {"amount=.5", NULL},
        {"amount=5.", NULL},
        {"amount=05", NULL},
        {"amount=1e1", NULL},
        {"amount=99999999999999999999", NULL},
        {"at=2026-11-22T08:35:50Z", "at=2026-11-22T08%3A35%3A50Z"},
        {"at=2026-11-22T08:35:50.123%2B05:00", "at=2026-11-22T08%3A35%3A50.123%2B05%3A00"},
        {"at=2024-02-29T00:00:00Z", "at=2024-02-29T00%3A00%3A00Z"},
        {"at=2026-02-29T00:00:00Z", NULL},
        {"at=2026-11-22T08:35:60Z", NULL},
        {"at=2026-11-22T08:35:50.1234Z", NULL},
        {"at=2026-11-22T08:35:50", NULL},
        {"at=2026-11-22t08:35:50Z", NULL},
        {"at=2026-11-22T08:35:50z", NULL},
        {"at=2026-11-22+08:35:50Z", NULL},
        {"at=2026-11-22", NULL},
        {"at=", NULL},
        {"day=2026-11-22", "day=2026-11-22"},
        {"day=2026-13-01", NULL},
        {"day=2026-11-22T00:00:00Z", NULL},
        {"address=10.0.0.1", "address=10.0.0.1"},
        {"address=::1", "address=%3A%3A1"},
        {"address=10.0.0.01", NULL},
        {"address=10.0.0", NULL},
        {"address=::ffff:10.0.0.1", NULL},
        {"kind=a", "kind=a"},
        {"kind=c", NULL},
        {"kind=A", NULL},
        {"many=x&flag=true&many=y,z", "flag=true&many=x&many=y%2Cz"}, /* order of the document */
        {"list=1,2", "list=1,2"},
        {"list=1", "list=1"},
        {"list=1,", NULL},
        {"list=1%2C2", NULL},
    };
    struct fixture fixture = fixture_service("services/s.yaml", bytes_of_string(service));
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct arena *arena = arena_new((size_t)1 << 20);
        struct catalogue_call call;
        struct problem problem = {0};
        char target[256];
        (void)snprintf(target, sizeof(target), "/s/things?%s", cases[i].query);
        const amanat_result routed = route(&fixture, "GET", target, arena, &call, &problem);
        if (cases[i].written == NULL) {
            if (routed.status != AMANAT_STATUS_REFUSED || problem.name != PROBLEM_MALFORMED) {
                fail_msg("%s is not refused as malformed", cases[i].query);
            }
        } else {
            struct buffer out;
            (void)snprintf(target, sizeof(target), "/things?%s", cases[i].written);
            buffer_init(&out, 4096);
            if (!amanat_is_ok(routed)) {
                fail_msg("%s is refused", cases[i].query);
            }
            catalogue_write_target(&call, &out);
            assert_true(bytes_equal_string(buffer_bytes(&out), target));
            buffer_clear(&out);
        }
        arena_free(arena);
    }
    fixture_free(&fixture);
}

static void test_route__types_values_and_reads_headers(void **state)
{
    (void)state;
    struct fixture fixture = fixture_service("services/s.yaml", bytes_of_string(service));
    struct arena *arena = arena_new((size_t)1 << 20);
    struct catalogue_call call;
    struct problem problem = {0};
    assert_true(amanat_is_ok(
        route(&fixture, "GET", "/s/things?flag=true&number=-3&list=4,5", arena, &call, &problem)));
    assert_int_equal(call.parameter_count, 4);
    assert_int_equal(call.parameters[0].items[0].integer, -3);
    assert_true(call.parameters[1].items[0].boolean);
    assert_int_equal(call.parameters[2].items[1].integer, 5);
    assert_true(bytes_equal_string(call.parameters[3].parameter->name, "X-Tag"));
    assert_int_equal(call.parameters[3].item_count, 2);
    assert_true(bytes_equal_string(call.parameters[3].items[1].text, "a"));
    arena_free(arena);
    fixture_free(&fixture);
}

static void test_route__writes_the_target_anew(void **state)
{
    (void)state;
    static const struct {
        const char *method;
        const char *target;
        const char *written;
    } cases[] = {
        {"GET", "/s/", "/"},
        {"GET", "/s/things/a%20b;c?must=%C3%A4", "/things/a%20b%3Bc?must=%C3%A4"},
        {"DELETE", "/s/n/%31,2", "/n/1,2"},
        {"GET", "/%73/things/latest?", "/things/latest"},
    };
    struct fixture fixture = fixture_service("services/s.yaml", bytes_of_string(service));
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct arena *arena = arena_new((size_t)1 << 20);
        struct catalogue_call call;
        struct problem problem = {0};
        struct buffer out;
        buffer_init(&out, 4096);
        assert_true(amanat_is_ok(
            route(&fixture, cases[i].method, cases[i].target, arena, &call, &problem)));
        catalogue_write_target(&call, &out);
        assert_true(bytes_equal_string(buffer_bytes(&out), cases[i].written));
        buffer_clear(&out);
        arena_free(arena);
    }
    fixture_free(&fixture);
}

static const char naming_service[] =
    "openapi: 3.1.0\n"
    "x-amanat-service: s\n"
    "paths:\n"
    "  /things: {get: {operationId: all, responses: {204: {}}, parameters: [\n"
    "    {name: sort, in: query, schema: {enum: [plate, -plate, owner, newest]},\n"
    "     x-amanat-value-labels: {plate: vehicle.plate, -plate: vehicle.plate,\n"
    "       owner: [person.cnic, person.name], newest: null}},\n"
    "    {name: fields, in: query, x-amanat-label: note,\n"
    "     schema: {type: array, items: {type: string, enum: [plate, at, note, id]}},\n"
    "     x-amanat-value-labels: {plate: vehicle.plate, at: time, note: note, id: []}},\n"
    "    {name: city, in: query, schema: {type: string}, required: true,\n"
    "     x-amanat-bind: partner.city},\n"
    "    {name: X-City, in: header, schema: {type: string}, x-amanat-bind: partner.city}]}}\n";

/* What is asked by is what the values name; a label is asked once for each parameter. */
static void test_route__asks_by_what_the_values_name(void **state)
{
    (void)state;
    static const struct {
        const char *query;
        enum problem_name problem; /* 0: none */
        const char *parameter;     /* of the problem */
        const char *labels;        /* of all parameters */
    } cases[] = {
        {"", 0, "", ""},
        {"sort=plate", 0, "", "vehicle.plate "},
        {"sort=-plate", 0, "", "vehicle.plate "},
        {"sort=owner", 0, "", "person.cnic person.name "},
        {"sort=newest", 0, "", ""},
        {"fields=id", 0, "", "note "},
        {"fields=plate&fields=at&fields=plate&fields=note", 0, "", "note vehicle.plate time "},
        {"sort=plate&fields=plate", 0, "", "vehicle.plate note vehicle.plate "},
        {"sort=Plate", PROBLEM_MALFORMED, "sort", ""},
        {"sort=+plate", PROBLEM_MALFORMED, "sort", ""},
        {"sort=plate,owner", PROBLEM_MALFORMED, "sort", ""},
        {"sort=plate&sort=plate", PROBLEM_MALFORMED, "sort", ""},
        {"sort=", PROBLEM_MALFORMED, "sort", ""},
        {"fields=plate&fields=secret", PROBLEM_MALFORMED, "fields", ""},
        {"city=Lahore", PROBLEM_UNDECLARED, "", ""}, /* the gateway sets it */
        {"town=Lahore", PROBLEM_UNDECLARED, "", ""},
    };
    struct fixture fixture = fixture_service("services/s.yaml", bytes_of_string(naming_service));
    const struct vocabulary *vocabulary = &fixture.catalogue->vocabulary;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct arena *arena = arena_new((size_t)1 << 20);
        struct catalogue_call call;
        struct problem problem = {0};
        char text[256];
        (void)snprintf(text, sizeof(text), "/s/things?%s", cases[i].query);
        const amanat_result routed = route(&fixture, "GET", text, arena, &call, &problem);
        if (amanat_is_ok(routed) != (cases[i].problem == 0) || problem.name != cases[i].problem ||
            !bytes_equal_string(problem.parameter, cases[i].parameter)) {
            fail_msg("%s: problem %d", cases[i].query, (int)problem.name);
        }
        text[0] = '\0';
        for (size_t p = 0; amanat_is_ok(routed) && p < call.parameter_count; p++) {
            for (size_t k = 0; k < call.parameters[p].label_count; k++) {
                const struct bytes name = vocabulary->labels[call.parameters[p].labels[k]].name;
                (void)snprintf(text + strlen(text), sizeof(text) - strlen(text), "%.*s ",
                               BYTES_PRINTF(name));
            }
        }
        assert_string_equal(text, cases[i].labels);
        arena_free(arena);
    }
    fixture_free(&fixture);
}

/* A header that the gateway sets is, like every header that nobody declared, passed over. */
static void test_route__takes_no_bound_parameter_from_who_calls(void **state)
{
    (void)state;
    const struct catalogue_request_header header = {BYTES("x-city"), BYTES("Karachi")};
    const struct catalogue_named_value value = {BYTES("city"), BYTES("Karachi")};
    struct fixture fixture = fixture_service("services/s.yaml", bytes_of_string(naming_service));
    struct arena *arena = arena_new((size_t)1 << 20);
    struct catalogue_call call;
    struct problem problem = {0};
    assert_true(amanat_is_ok(catalogue_route(fixture.catalogue, BYTES("GET"), BYTES("/s/things"),
                                             &header, 1, arena, &call, &problem)));
    assert_int_equal(call.parameter_count, 0);
    assert_int_equal(
        catalogue_call_operation(fixture.catalogue, BYTES("all"), &value, 1, arena, &call, &problem)
            .status,
        AMANAT_STATUS_REFUSED);
    assert_int_equal(problem.name, PROBLEM_UNDECLARED);
    assert_int_equal(problem.parameter.length, 0);
    arena_free(arena);
    fixture_free(&fixture);
}

static void test_call_operation__takes_named_values(void **state)
{
    (void)state;
    static const struct {
        const char *operation;
        struct catalogue_named_value values[2];
        size_t count;
        int problem; /* -1: none */
        const char *parameter;
    } cases[] = {
        {"one",
         {{BYTES_INIT("id"), BYTES_INIT("7")}, {BYTES_INIT("must"), BYTES_INIT("x%41")}},
         2,
         -1,
         ""},
        {"one", {{BYTES_INIT("id"), BYTES_INIT("7")}}, 1, PROBLEM_MALFORMED, "must"},
        {"all",
         {{BYTES_INIT("many"), BYTES_INIT("a")}, {BYTES_INIT("many"), BYTES_INIT("b")}},
         2,
         -1,
         ""},
        {"all",
         {{BYTES_INIT("text"), BYTES_INIT("a")}, {BYTES_INIT("text"), BYTES_INIT("b")}},
         2,
         PROBLEM_MALFORMED,
         "text"},
        {"all", {{BYTES_INIT("number"), BYTES_INIT("x")}}, 1, PROBLEM_MALFORMED, "number"},
        {"all", {{BYTES_INIT("x-tag"), BYTES_INIT("a")}}, 1, -1, ""},
        {"all", {{BYTES_INIT("secret"), BYTES_INIT("x")}}, 1, PROBLEM_UNDECLARED, ""},
        {"none", {{{0}, {0}}}, 0, PROBLEM_NOT_FOUND, ""},
    };
    struct fixture fixture = fixture_service("services/s.yaml", bytes_of_string(service));
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct arena *arena = arena_new((size_t)1 << 20);
        struct catalogue_call call;
        struct problem problem = {0};
        const amanat_result called =
            catalogue_call_operation(fixture.catalogue, bytes_of_string(cases[i].operation),
                                     cases[i].values, cases[i].count, arena, &call, &problem);
        if (cases[i].problem < 0) {
            assert_true(amanat_is_ok(called));
            assert_true(bytes_equal_string(call.service->name, "s"));
        } else {
            assert_int_equal(called.status, AMANAT_STATUS_REFUSED);
            assert_int_equal(problem.name, cases[i].problem);
            assert_true(bytes_equal_string(problem.parameter, cases[i].parameter));
        }
        arena_free(arena);
    }
    fixture_free(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_route__finds_the_operation_or_says_why_not),
        cmocka_unit_test(test_route__takes_one_spelling_for_each_value),
        cmocka_unit_test(test_route__types_values_and_reads_headers),
        cmocka_unit_test(test_route__writes_the_target_anew),
        cmocka_unit_test(test_route__asks_by_what_the_values_name),
        cmocka_unit_test(test_route__takes_no_bound_parameter_from_who_calls),
        cmocka_unit_test(test_call_operation__takes_named_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
