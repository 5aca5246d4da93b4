/* SPDX-License-Identifier: Apache-2.0 */
/* Decisions about whole accesses: which problem a refusal is, what its words are, and what a plan
 * leaves open. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "policy/base/base.h"
#include "policy/cedar/cedar.h"
#include "tests/support/folder.h"

struct fixture {
    struct arena *arena;
    struct amanat_diagnostics *diagnostics;
    struct ruleset *ruleset;
    access_answer_fn *on_answer; /* with the fixture's `heard`; or NULL */
    struct buffer *heard;
};

static int set_up(void **state)
{
    static struct fixture fixture;
    fixture.arena = arena_new((size_t)16 << 20);
    fixture.diagnostics = amanat_diagnostics_new();
    fixture.ruleset = folder_compile(NULL, fixture.diagnostics);
    for (size_t i = 0; i < amanat_diagnostics_count(fixture.diagnostics); i++) {
        const struct amanat_diagnostic *message = amanat_diagnostics_at(fixture.diagnostics, i);
        if (message->severity == AMANAT_SEVERITY_ERROR) {
            print_error("%s:%u:%u: %s\n", message->source, message->line, message->column,
                        message->text);
        }
    }
    *state = &fixture;
    return fixture.ruleset == NULL ? -1 : 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    ruleset_unref(fixture->ruleset);
    amanat_diagnostics_free(fixture->diagnostics);
    arena_free(fixture->arena);
    return 0;
}

struct question {
    const char *partner;
    const char *purpose;
    const char *case_id;
    const char *basis;
    const char *parameter; /* a name, its value is LEA-1234 */
};

static struct access_decision decide(const struct fixture *fixture, const struct question *question)
{
    struct catalogue_call *call = ARENA_NEW(fixture->arena, struct catalogue_call);
    struct access_request *request = ARENA_NEW(fixture->arena, struct access_request);
    struct access_decision decision = {0};
    struct problem problem = {0};
    const struct catalogue_named_value value = {bytes_of_string(question->parameter),
                                                BYTES("LEA-1234")};
    assert_true(amanat_is_ok(catalogue_call_operation(
        ruleset_catalogue(fixture->ruleset), BYTES("findSightings"), &value,
        question->parameter == NULL ? 0 : 1, fixture->arena, call, &problem)));
    *request = (struct access_request){.partner = bytes_of_string(question->partner),
                                       .agent = BYTES("analyst-7"),
                                       .need = {.purpose = bytes_of_string(question->purpose),
                                                .case_id = bytes_of_string(question->case_id),
                                                .basis = bytes_of_string(question->basis)},
                                       .call = call,
                                       .now = INT64_C(1795336550000),
                                       .address = BYTES("127.0.0.1"),
                                       .has_certificate = true,
                                       .has_token = true,
                                       .tokenize_key = BYTES("0123456789abcdef0123456789abcdef"),
                                       .on_answer = fixture->on_answer,
                                       .on_answer_context = fixture->heard};
    assert_true(amanat_is_ok(access_decide(fixture->ruleset, request, fixture->arena, &decision)));
    return decision;
}

static const struct {
    const char *name;
    struct question question;
    bool is_permitted;
    enum problem_name problem;
    enum access_case case_state;
} cases[] = {
    {"a good need", {"acme", "vehicle-crime", "FIR-1", NULL, "plate"}, true, 0, ACCESS_CASE_GIVEN},
    {"a listed basis",
     {"acme", "vehicle-crime", "FIR-1", "crpc-94", NULL},
     true,
     0,
     ACCESS_CASE_GIVEN},
    {"a basis that is not listed",
     {"acme", "vehicle-crime", "FIR-1", "gdpr-6", NULL},
     false,
     PROBLEM_NEED,
     ACCESS_CASE_NOT_GIVEN},
    {"no purpose", {"acme", NULL, "FIR-1", NULL, NULL}, false, PROBLEM_NEED, ACCESS_CASE_NOT_GIVEN},
    {"an unknown purpose",
     {"acme", "curiosity", "FIR-1", NULL, NULL},
     false,
     PROBLEM_NEED,
     ACCESS_CASE_NOT_GIVEN},
    {"no case",
     {"acme", "vehicle-crime", NULL, NULL, NULL},
     false,
     PROBLEM_NOT_PERMITTED,
     ACCESS_CASE_NOT_GIVEN},
    {"a closed case",
     {"acme", "vehicle-crime", "FIR-2", NULL, NULL},
     false,
     PROBLEM_NOT_PERMITTED,
     ACCESS_CASE_GIVEN},
    {"an unknown case",
     {"acme", "vehicle-crime", "FIR-3", NULL, NULL},
     false,
     PROBLEM_NOT_PERMITTED,
     ACCESS_CASE_UNKNOWN},
    {"another partner",
     {"other", "vehicle-crime", "FIR-1", NULL, NULL},
     false,
     PROBLEM_NOT_PERMITTED,
     ACCESS_CASE_GIVEN},
    {"a partner that is not known",
     {"nobody", "vehicle-crime", "FIR-1", NULL, NULL},
     false,
     PROBLEM_NOT_PERMITTED,
     ACCESS_CASE_NOT_GIVEN},
    {"a query that nobody permits",
     {"acme", "vehicle-crime", "FIR-1", NULL, "cnic"},
     false,
     PROBLEM_PARAMETER_NOT_PERMITTED,
     ACCESS_CASE_GIVEN},
};

static void test_access__is_refused_with_the_right_problem(void **state)
{
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct access_decision decision = decide(*state, &cases[i].question);
        if ((decision.verdict == ACCESS_PERMITTED) != cases[i].is_permitted ||
            (!cases[i].is_permitted && decision.problem.name != cases[i].problem) ||
            decision.case_state != cases[i].case_state) {
            fail_msg("%s: verdict %x, problem %d, case %d", cases[i].name,
                     (unsigned)decision.verdict, (int)decision.problem.name,
                     (int)decision.case_state);
        }
    }
}

static void test_access__says_the_same_of_closed_foreign_and_unknown_cases(void **state)
{
    static const char *const names[] = {"FIR-2", "FIR-3", NULL};
    for (size_t i = 0; i < 3; i++) {
        const struct question question = {"acme", "vehicle-crime", names[i], NULL, NULL};
        const struct access_decision decision = decide(*state, &question);
        assert_int_equal(decision.problem.name, PROBLEM_NOT_PERMITTED);
        assert_true(bytes_equal_string(decision.problem.detail, "name an open case of yours"));
    }
}

static void test_access__names_the_deciding_policies_and_what_was_asked_by(void **state)
{
    const struct question question = {"acme", "vehicle-crime", "FIR-1", "crpc-94", "plate"};
    const struct access_decision decision = decide(*state, &question);
    assert_int_equal(decision.policy_count, 1);
    assert_true(bytes_equal_string(decision.policies[0], "call"));
    assert_int_equal(decision.asked_count, 1);
    assert_int_equal(decision.asked[0].uses, 1);
    assert_int_equal(decision.subject_count, 1);
    assert_true(bytes_equal_string(decision.subjects[0].identifier, "LEA1234"));
    assert_true(bytes_equal_string(decision.basis, "crpc-94"));
}

static void test_access__leaves_open_only_what_depends_on_the_record(void **state)
{
    const struct fixture *fixture = *state;
    const struct question question = {"acme", "vehicle-crime", "FIR-1", NULL, NULL};
    const struct access_decision decision = decide(fixture, &question);
    struct catalogue_call call;
    struct problem problem;
    struct buffer text;
    assert_true(amanat_is_ok(catalogue_call_operation(ruleset_catalogue(fixture->ruleset),
                                                      BYTES("findSightings"), NULL, 0,
                                                      fixture->arena, &call, &problem)));
    buffer_init(&text, 1024);
    access_append_disclosure(&decision, call.operation, &text);
    buffer_append_byte(&text, '\0');
    assert_string_equal(
        text.at, "vehicle.plate=record, person.cnic=record, place.city=reveal, count=reveal");
    buffer_clear(&text);
}

static void ask_about(const struct access_decision *decision, const char *city, bool *out_valid,
                      uint8_t *modes)
{
    const struct record_attribute attribute = {0, bytes_of_string(city)};
    const struct record_question question = {.attributes = &attribute,
                                             .attribute_count = city == NULL ? 0 : 1};
    assert_true(amanat_is_ok(
        decision->plan->ask(decision->plan->ask_context, &question, NULL, 0, modes, out_valid)));
}

static void test_record_question__answers_by_the_record(void **state)
{
    const struct fixture *fixture = *state;
    const struct vocabulary *vocabulary = &ruleset_catalogue(fixture->ruleset)->vocabulary;
    const struct question asked = {"acme", "vehicle-crime", "FIR-1", NULL, NULL};
    const struct access_decision decision = decide(fixture, &asked);
    const size_t plate = vocabulary_find_label(vocabulary, BYTES("vehicle.plate"));
    const size_t cnic = vocabulary_find_label(vocabulary, BYTES("person.cnic"));
    static const struct {
        const char *city;
        bool valid;
        enum disclosure_mode plate, cnic;
    } rows[] = {
        {"\"Lahore\"", true, DISCLOSURE_REVEAL, DISCLOSURE_MASK},
        {"\"Karachi\"", true, DISCLOSURE_WITHHELD, DISCLOSURE_WITHHELD},
        {"7", false, DISCLOSURE_WITHHELD, DISCLOSURE_WITHHELD},
        {"null", false, DISCLOSURE_WITHHELD, DISCLOSURE_WITHHELD},
        {NULL, false, DISCLOSURE_WITHHELD, DISCLOSURE_WITHHELD},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint8_t modes[64] = {0};
        bool valid = true;
        ask_about(&decision, rows[i].city, &valid, modes);
        assert_int_equal(valid, rows[i].valid);
        if (valid) {
            assert_int_equal(modes[plate], rows[i].plate);
            assert_int_equal(modes[cnic], rows[i].cnic);
        }
    }
}

static void write_down(void *context, struct bytes action, const struct cedar_response *response)
{
    buffer_append(context, action);
    for (size_t i = 0; i < response->permit_count; i++) {
        buffer_append_byte(context, ' ');
        buffer_append(context, cedar_policy_id(response->permits[i]));
    }
    buffer_append_byte(context, '\n');
}

static bool is_heard(const struct buffer *heard, const char *line)
{
    return heard->at != NULL && strstr(heard->at, line) != NULL;
}

/* What policies answer is heard when it is asked: of the call at once, of records with them. */
static void test_access__tells_who_listens_each_answer(void **state)
{
    struct fixture fixture = *(const struct fixture *)*state;
    const struct question asked = {"acme", "vehicle-crime", "FIR-1", NULL, "plate"};
    struct buffer heard;
    uint8_t modes[64] = {0};
    bool valid = false;
    buffer_init(&heard, 100000);
    fixture.on_answer = write_down;
    fixture.heard = &heard;
    const struct access_decision decision = decide(&fixture, &asked);
    buffer_append_byte(&heard, '\0');
    assert_true(is_heard(&heard, "findSightings call\nquery:vehicle.plate query\n"));
    assert_true(is_heard(&heard, "reveal:count total\n"));
    assert_false(is_heard(&heard, "reveal:vehicle.plate fields\n"));
    buffer_reset(&heard);
    ask_about(&decision, "\"Lahore\"", &valid, modes);
    buffer_append_byte(&heard, '\0');
    assert_true(is_heard(&heard, "reveal:vehicle.plate fields\n"));
    buffer_reset(&heard);
    ask_about(&decision, "\"Karachi\"", &valid, modes);
    buffer_append_byte(&heard, '\0');
    assert_true(is_heard(&heard, "reveal:vehicle.plate\n"));
    buffer_clear(&heard);
}

static void test_access__a_forbid_that_errors_refuses(void **state)
{
    (void)state;
    const struct folder_file changes[] = {
        {"never.cedar",
         "@id(\"broken\")\nforbid (principal, action == Action::\"findSightings\", resource)\n"
         "when { (if principal has role then 0 else 9223372036854775807) + 1 > 0 };\n"},
        {0}};
    struct fixture fixture = {.arena = arena_new((size_t)16 << 20)};
    fixture.ruleset = folder_compile(changes, NULL);
    assert_non_null(fixture.ruleset);
    const struct question question = {"acme", "vehicle-crime", "FIR-1", NULL, NULL};
    const struct access_decision decision = decide(&fixture, &question);
    assert_int_not_equal(decision.verdict, ACCESS_PERMITTED);
    assert_int_equal(decision.error_count, 1);
    assert_true(bytes_equal_string(decision.errors[0], "broken"));
    ruleset_unref(fixture.ruleset);
    arena_free(fixture.arena);
}

/* What agent, need and facts decide needs no record, and no attribute of one. */
static void test_plan__is_settled_where_what_is_left_reads_no_record(void **state)
{
    static const struct {
        const char *policy;
        const char *disclosure;
        bool asks; /* about each record */
    } rows[] = {
        {"forbid (principal, action == Action::\"reveal:place.city\", resource)\n"
         "when { context.need.signed && resource.city == \"Quetta\" };\n",
         "vehicle.plate=record, person.cnic=record, place.city=reveal, count=reveal", true},
        {"forbid (principal, action == Action::\"reveal:place.city\", resource is Sighting)\n"
         "when { resource.city == \"Quetta\" && context.need.signed };\n",
         "vehicle.plate=record, person.cnic=record, place.city=record, count=reveal", true},
        {"forbid (principal, action in Action::\"disclose:person\", resource)\n"
         "when { context.need has case };\n",
         "vehicle.plate=record, place.city=reveal, count=reveal", true},
        {"forbid (principal, action, resource is Sighting)\n"
         "unless { context.need.signed || action == Action::\"reveal:place.city\" };\n",
         "place.city=reveal, count=reveal", false},
        {"forbid (principal, action, resource is Sighting)\n"
         "when { (if context.need has basis then 0 else 9223372036854775807) + 1 > 0 };\n",
         "count=reveal", false},
        {"permit (principal, action in Action::\"reveal:vehicle\", resource is Sighting)\n"
         "when { context.operation == \"findSightings\" };\n",
         "vehicle.plate=reveal, person.cnic=record, place.city=reveal, count=reveal", true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct fixture fixture = {.arena = arena_new((size_t)16 << 20)};
        const struct folder_file changes[] = {
            {"more.cedar", arena_format(fixture.arena, "@id(\"more\")\n%s", rows[i].policy)}, {0}};
        const struct question question = {"acme", "vehicle-crime", "FIR-1", NULL, NULL};
        fixture.ruleset = folder_compile(changes, NULL);
        assert_non_null(fixture.ruleset);
        const struct access_decision decision = decide(&fixture, &question);
        struct catalogue_call call;
        struct problem problem;
        struct buffer text;
        assert_true(amanat_is_ok(catalogue_call_operation(ruleset_catalogue(fixture.ruleset),
                                                          BYTES("findSightings"), NULL, 0,
                                                          fixture.arena, &call, &problem)));
        buffer_init(&text, 1024);
        access_append_disclosure(&decision, call.operation, &text);
        buffer_append_byte(&text, '\0');
        assert_string_equal(text.at, rows[i].disclosure);
        buffer_clear(&text);
        assert_int_equal(decision.plan->records[0].asks, rows[i].asks);
        ruleset_unref(fixture.ruleset);
        arena_free(fixture.arena);
    }
}

static void test_access__forbidden_is_what_no_permit_can_open(void **state)
{
    (void)state;
    const struct folder_file changes[] = {
        {"never.cedar",
         "@id(\"never\")\nforbid (principal, action in Action::\"disclose:person\", resource);\n"
         "@id(\"by-day\")\nforbid (principal, action == Action::\"reveal:vehicle.plate\", "
         "resource);\n"
         "@id(\"by-record\")\nforbid (principal, action == Action::\"reveal:place.city\", "
         "resource is Sighting)\nwhen { resource.city == \"Quetta\" };\n"},
        {0}};
    static const struct {
        const char *label;
        bool is_forbidden;
    } rows[] = {{"person.cnic", true},
                {"vehicle.plate", false}, /* it could still be masked */
                {"place.city", false},    /* not of every record */
                {"count", false}};
    struct fixture fixture = {.arena = arena_new((size_t)16 << 20)};
    fixture.ruleset = folder_compile(changes, NULL);
    assert_non_null(fixture.ruleset);
    const struct vocabulary *vocabulary = &ruleset_catalogue(fixture.ruleset)->vocabulary;
    const struct question question = {"acme", "vehicle-crime", "FIR-1", NULL, NULL};
    const struct access_decision decision = decide(&fixture, &question);
    assert_int_equal(decision.verdict, ACCESS_PERMITTED);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const size_t label = vocabulary_find_label(vocabulary, bytes_of_string(rows[i].label));
        bool is_forbidden = !rows[i].is_forbidden;
        assert_true(amanat_is_ok(access_is_forbidden(&decision, label, &is_forbidden)));
        assert_int_equal(is_forbidden, rows[i].is_forbidden);
    }
    ruleset_unref(fixture.ruleset);
    arena_free(fixture.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_access__is_refused_with_the_right_problem),
        cmocka_unit_test(test_access__says_the_same_of_closed_foreign_and_unknown_cases),
        cmocka_unit_test(test_access__names_the_deciding_policies_and_what_was_asked_by),
        cmocka_unit_test(test_access__leaves_open_only_what_depends_on_the_record),
        cmocka_unit_test(test_record_question__answers_by_the_record),
        cmocka_unit_test(test_access__a_forbid_that_errors_refuses),
        cmocka_unit_test(test_access__tells_who_listens_each_answer),
        cmocka_unit_test(test_plan__is_settled_where_what_is_left_reads_no_record),
        cmocka_unit_test(test_access__forbidden_is_what_no_permit_can_open),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
