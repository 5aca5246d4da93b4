/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Parameters whose values name fields, that the gateway sets from attributes of who calls, and that
 * page through records of which some are left out.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "policy/base/base.h"
#include "tests/support/folder.h"

#define MODEL                                                                                      \
    "entity Partner = { city: String, level: Long, vip?: Bool, zones?: Set<String>, "              \
    "since?: datetime, numbers?: Set<Long> };\n"                                                   \
    "entity Agent in [Partner] = { partner: Partner, role?: String };\n"                           \
    "entity Purpose in [Purpose];\n"                                                               \
    "entity Case = { open: Bool, partners: Set<Partner> };\n"

#define PARTNER(attributes)                                                                        \
    "[{\"uid\":{\"type\":\"Partner\",\"id\":\"acme\"},\"attrs\":{" attributes "},\"parents\":[]}]"

#define PLAIN PARTNER("\"city\":\"Lahore\",\"level\":-3")

/* One operation with these parameters; its records are left out by their city. Another one, so
 * that there is something that the permit to query is about. */
#define SERVICE(parameters)                                                                        \
    "openapi: 3.1.0\nx-amanat-service: anpr\npaths:\n"                                             \
    "  /sightings: {get: {operationId: findSightings, parameters: [\n" parameters "],\n"           \
    "    responses: {200: {description: d, content: {application/json: {schema: {type: array,\n"   \
    "      items: {type: object, x-amanat-record: Sighting, required: [city], properties: {\n"     \
    "        city: {type: string, x-amanat-label: place.city},\n"                                  \
    "        plate: {type: string, x-amanat-label: vehicle.plate}}}}}}}}}}\n"                      \
    "  /plates: {get: {operationId: findPlates, parameters: [{name: plate, in: query,\n"           \
    "    schema: {type: string}, x-amanat-label: vehicle.plate}],\n"                               \
    "    responses: {204: {description: d}}}}\n"

static struct ruleset *compile(const char *parameters, const char *partners,
                               struct amanat_diagnostics *diagnostics)
{
    static char service[4096];
    (void)snprintf(service, sizeof(service), SERVICE("%s"), parameters);
    const struct folder_file changes[] = {
        {"model/model.cedarschema", MODEL},
        {"partners.cedarentities.json", partners},
        {"services/anpr.yaml", service},
        {"access.cedar",
         "@id(\"call\")\n"
         "permit (principal, action == Action::\"findSightings\", resource);\n"
         "@id(\"query\")\n"
         "permit (principal, action in [Action::\"query:vehicle.plate\"], resource);\n"
         "@id(\"fields\")\n"
         "permit (principal, action == Action::\"reveal:vehicle.plate\", resource is Sighting)\n"
         "when { resource.city == principal.partner.city };\n"},
        {0}};
    return folder_compile(changes, diagnostics);
}

static struct access_decision decide(const struct ruleset *ruleset, struct arena *arena,
                                     const struct catalogue_named_value *values, size_t count)
{
    struct catalogue_call *call = ARENA_NEW(arena, struct catalogue_call);
    struct access_request *request = ARENA_NEW(arena, struct access_request);
    struct access_decision decision = {0};
    struct problem problem = {0};
    assert_true(amanat_is_ok(catalogue_call_operation(
        ruleset_catalogue(ruleset), BYTES("findSightings"), values, count, arena, call, &problem)));
    *request = (struct access_request){.partner = BYTES("acme"),
                                       .agent = BYTES("analyst-7"),
                                       .need = {.purpose = BYTES("investigation")},
                                       .call = call,
                                       .now = INT64_C(1795336550000),
                                       .address = BYTES("127.0.0.1"),
                                       .tokenize_key = BYTES("0123456789abcdef0123456789abcdef")};
    assert_true(amanat_is_ok(access_decide(ruleset, request, arena, &decision)));
    return decision;
}

static struct ruleset *compile_or_fail(const char *parameters, const char *partners)
{
    struct amanat_diagnostics *diagnostics = amanat_diagnostics_new();
    struct ruleset *ruleset = compile(parameters, partners, diagnostics);
    for (size_t i = 0; ruleset == NULL && i < amanat_diagnostics_count(diagnostics); i++) {
        const struct amanat_diagnostic *message = amanat_diagnostics_at(diagnostics, i);
        print_error("%s:%u:%u: %s\n", message->source, message->line, message->column,
                    message->text);
    }
    assert_non_null(ruleset);
    amanat_diagnostics_free(diagnostics);
    return ruleset;
}

/* ---- values that name fields ---- */

static void test_access__asks_for_the_label_that_a_value_names(void **state)
{
    (void)state;
    static const struct {
        const char *value;
        bool is_permitted;
    } rows[] = {{"plate", true}, {"-plate", true}, {"newest", true}, {"city", false}};
    struct ruleset *ruleset =
        compile_or_fail("{name: sort, in: query, schema: {enum: [plate, -plate, city, newest]}, "
                        "x-amanat-value-labels: {plate: vehicle.plate, -plate: vehicle.plate, "
                        "city: place.city, newest: null}}",
                        PLAIN);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct arena *arena = arena_new((size_t)4 << 20);
        const struct catalogue_named_value value = {BYTES("sort"), bytes_of_string(rows[i].value)};
        const struct access_decision decision = decide(ruleset, arena, &value, 1);
        assert_int_equal(decision.verdict == ACCESS_PERMITTED, rows[i].is_permitted);
        if (!rows[i].is_permitted) {
            assert_int_equal(decision.problem.name, PROBLEM_PARAMETER_NOT_PERMITTED);
            assert_true(bytes_equal_string(decision.problem.parameter, "sort"));
        }
        assert_int_equal(decision.asked_count, strcmp(rows[i].value, "newest") == 0 ? 0 : 1);
        arena_free(arena);
    }
    ruleset_unref(ruleset);
}

/* ---- parameters that the gateway sets ---- */

static void test_access__sets_bound_parameters_from_who_calls(void **state)
{
    (void)state;
    static const struct {
        const char *parameter;
        const char *partners;
        const char *target; /* NULL: refused */
    } rows[] = {
        {"{name: city, in: query, schema: {type: string}, x-amanat-bind: partner.city}", PLAIN,
         "/sightings?plate=LEA%201&city=Lahore"},
        {"{name: level, in: query, schema: {type: integer}, x-amanat-bind: partner.level}", PLAIN,
         "/sightings?plate=LEA%201&level=-3"},
        {"{name: vip, in: query, schema: {type: boolean}, x-amanat-bind: partner.vip}",
         PARTNER("\"city\":\"L\",\"level\":1,\"vip\":true"), "/sightings?plate=LEA%201&vip=true"},
        {"{name: zone, in: query, schema: {type: array, items: {type: string}}, x-amanat-bind: "
         "partner.zones}",
         PARTNER("\"city\":\"L\",\"level\":1,\"zones\":[\"b&c\",\"a\"]"),
         "/sightings?plate=LEA%201&zone=a&zone=b%26c"},
        {"{name: number, in: query, explode: false, schema: {type: array, items: {type: integer}}, "
         "x-amanat-bind: partner.numbers}",
         PARTNER("\"city\":\"L\",\"level\":1,\"numbers\":[7,5]"),
         "/sightings?plate=LEA%201&number=5,7"},
        /* an attribute that is not there, or that would be no condition */
        {"{name: vip, in: query, schema: {type: boolean}, x-amanat-bind: partner.vip}", PLAIN,
         NULL},
        {"{name: role, in: query, schema: {type: string}, x-amanat-bind: agent.role}", PLAIN, NULL},
        {"{name: city, in: query, schema: {type: string}, x-amanat-bind: partner.city}",
         PARTNER("\"city\":\"\",\"level\":1"), NULL},
        {"{name: zone, in: query, schema: {type: array, items: {type: string}}, x-amanat-bind: "
         "partner.zones}",
         PARTNER("\"city\":\"L\",\"level\":1,\"zones\":[]"), NULL},
        /* one that is none of the parameter's values */
        {"{name: city, in: query, schema: {enum: [Karachi]}, x-amanat-bind: partner.city}", PLAIN,
         NULL},
        {"{name: level, in: query, schema: {type: integer, minimum: 0}, x-amanat-bind: "
         "partner.level}",
         PLAIN, NULL},
        {"{name: city, in: query, schema: {type: string}, x-amanat-bind: partner.city}",
         PARTNER("\"city\":\"a\\nb\",\"level\":1"), NULL},
        {"{name: X-Zone, in: header, schema: {type: array, items: {type: string}}, x-amanat-bind: "
         "partner.zones}",
         PARTNER("\"city\":\"L\",\"level\":1,\"zones\":[\"a,b\"]"), NULL},
        {"{name: zone, in: query, explode: false, schema: {type: array, items: {type: string}}, "
         "x-amanat-bind: partner.zones}",
         PARTNER("\"city\":\"L\",\"level\":1,\"zones\":[\"a,b\"]"), NULL},
        {"{name: city, in: query, schema: {type: string}, x-amanat-bind: partner.city}",
         PARTNER("\"city\":\"  \",\"level\":1"), NULL},
        /* a header's value loses the blanks around it */
        {"{name: X-City, in: header, schema: {type: string}, x-amanat-bind: partner.city}",
         PARTNER("\"city\":\"Lahore \",\"level\":1"), NULL},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct arena *arena = arena_new((size_t)4 << 20);
        char parameters[1024];
        (void)snprintf(parameters, sizeof(parameters),
                       "{name: plate, in: query, schema: {type: string}, x-amanat-label: "
                       "vehicle.plate},\n%s",
                       rows[i].parameter);
        struct ruleset *ruleset = compile_or_fail(parameters, rows[i].partners);
        const struct catalogue_named_value value = {BYTES("plate"), BYTES("LEA 1")};
        const struct access_decision decision = decide(ruleset, arena, &value, 1);
        if (rows[i].target == NULL) {
            assert_int_equal(decision.verdict, ACCESS_REFUSED);
            assert_int_equal(decision.problem.name, PROBLEM_NOT_PERMITTED);
            assert_int_equal(decision.problem.parameter.length, 0);
            assert_int_equal(decision.problem.detail.length, 0);
            assert_true(decision.unbound.length > 0);
            assert_null(decision.plan);
        } else {
            struct buffer target;
            buffer_init(&target, 1024);
            assert_int_equal(decision.verdict, ACCESS_PERMITTED);
            catalogue_write_target(&decision.call, &target);
            buffer_append_byte(&target, '\0');
            assert_string_equal(target.at, rows[i].target);
            buffer_clear(&target);
        }
        assert_int_equal(decision.asked_count, 1);
        ruleset_unref(ruleset);
        arena_free(arena);
    }
}

/* ---- what check says ---- */

struct told {
    const char *parameters; /* `@@` right before the place that is named, or nowhere */
    enum amanat_severity severity;
    const char *code;
    const char *words;
};

static const struct told told[] = {
    {"@@{name: a, in: query, schema: {type: string}, x-amanat-bind: partner.citty}",
     AMANAT_SEVERITY_ERROR, "bind",
     "of Partner, which the model does not declare; did you mean "
     "`city`"},
    {"@@{name: a, in: query, schema: {type: string}, x-amanat-bind: agent.rank}",
     AMANAT_SEVERITY_ERROR, "bind", "of Agent, which the model does not declare"},
    {"@@{name: a, in: query, schema: {type: integer}, x-amanat-bind: partner.city}",
     AMANAT_SEVERITY_ERROR, "bind", "of different types"},
    {"@@{name: a, in: query, schema: {type: array, items: {type: string}}, x-amanat-bind: "
     "partner.city}",
     AMANAT_SEVERITY_ERROR, "bind", "of different types"},
    {"@@{name: a, in: query, schema: {type: string}, x-amanat-bind: partner.zones}",
     AMANAT_SEVERITY_ERROR, "bind", "of different types"},
    {"@@{name: a, in: query, schema: {type: string}, x-amanat-bind: partner.since}",
     AMANAT_SEVERITY_ERROR, "bind", "of different types"},
    {"@@{name: limit, in: query, schema: {type: integer}, x-amanat-label: count}",
     AMANAT_SEVERITY_WARNING, "paging-shows-left-out-records", "leave some out by their `city`"},
    {"{name: plate, in: query, schema: {type: string}, x-amanat-label: vehicle.plate},\n"
     " @@{name: nr, in: query, schema: {type: integer}, x-amanat-label: count, "
     "x-amanat-paging: true}",
     AMANAT_SEVERITY_WARNING, "paging-shows-left-out-records", "`nr` pages"},
    {"@@{name: limit, in: query, schema: {type: integer}, x-amanat-label: count},\n"
     " {name: level, in: query, schema: {type: integer}, x-amanat-bind: partner.level}",
     AMANAT_SEVERITY_WARNING, "paging-shows-left-out-records", "leave some out by their `city`"},
    {"@@{name: limit, in: query, schema: {type: integer}, x-amanat-label: count},\n"
     " {name: city, in: query, schema: {type: string}, x-amanat-bind: agent.role}",
     AMANAT_SEVERITY_WARNING, "paging-shows-left-out-records", "`x-amanat-bind: partner.city`"},
    /* nothing to tell: the condition goes upstream, nobody may page, it is no paging */
    {"{name: limit, in: query, schema: {type: integer}, x-amanat-label: count},\n"
     " {name: town, in: query, schema: {type: string}, x-amanat-bind: partner.city}",
     AMANAT_SEVERITY_WARNING, "paging-shows-left-out-records", NULL},
    {"{name: limit, in: query, schema: {type: integer}}", AMANAT_SEVERITY_WARNING,
     "paging-shows-left-out-records", NULL},
    {"{name: limit, in: query, schema: {type: integer}, x-amanat-label: count, x-amanat-paging: "
     "false}",
     AMANAT_SEVERITY_WARNING, "paging-shows-left-out-records", NULL},
};

static void take_mark_out(const char *marked, char *out, unsigned *line, unsigned *column)
{
    const char *mark = strstr(marked, "@@");
    const size_t before = mark == NULL ? 0 : (size_t)(mark - marked);
    *line = 5; /* the parameters begin in the fifth line of SERVICE */
    *column = 1;
    for (size_t i = 0; i < before; i++) {
        *column = marked[i] == '\n' ? 1 : *column + 1;
        *line += marked[i] == '\n' ? 1 : 0;
    }
    memcpy(out, marked, before);
    (void)strcpy(out + before, mark == NULL ? marked : mark + 2);
}

static bool is_told(const struct amanat_diagnostics *diagnostics, const struct told *row,
                    unsigned line, unsigned column)
{
    for (size_t i = 0; i < amanat_diagnostics_count(diagnostics); i++) {
        const struct amanat_diagnostic *at = amanat_diagnostics_at(diagnostics, i);
        if (strcmp(at->code, row->code) != 0) {
            continue;
        }
        if (row->words == NULL || (at->severity == row->severity && at->line == line &&
                                   at->column == column && strstr(at->text, row->words) != NULL &&
                                   strcmp(at->source, "services/anpr.yaml") == 0)) {
            return true;
        }
        print_message("%s:%u:%u: [%s] %s\n", at->source, at->line, at->column, at->code, at->text);
    }
    return false;
}

static void test_ruleset__tells_of_parameters_at_the_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(told) / sizeof(told[0]); i++) {
        struct amanat_diagnostics *diagnostics = amanat_diagnostics_new();
        char parameters[1024];
        unsigned line = 0;
        unsigned column = 0;
        take_mark_out(told[i].parameters, parameters, &line, &column);
        struct ruleset *ruleset = compile(parameters, PLAIN, diagnostics);
        if ((ruleset != NULL) != (told[i].severity != AMANAT_SEVERITY_ERROR)) {
            fail_msg("%s: %s", told[i].parameters, amanat_diagnostics_at(diagnostics, 0)->text);
        }
        assert_true(ruleset == NULL || amanat_is_ok(ruleset_lint(ruleset, diagnostics)));
        if (is_told(diagnostics, &told[i], line, column) != (told[i].words != NULL)) {
            fail_msg("%s (expected at %u:%u)", told[i].parameters, line, column);
        }
        ruleset_unref(ruleset);
        amanat_diagnostics_free(diagnostics);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_access__asks_for_the_label_that_a_value_names),
        cmocka_unit_test(test_access__sets_bound_parameters_from_who_calls),
        cmocka_unit_test(test_ruleset__tells_of_parameters_at_the_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
