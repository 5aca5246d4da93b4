/* SPDX-License-Identifier: Apache-2.0 */
/* Files of policy tests: what is read, and every fault with its place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "gateway/command/policy_test.h"
#include "policy/base/base.h"

#define HEAD                                                                                       \
    "now: 2026-11-22T12:00:00Z\n"                                                                  \
    "agents: {a: {id: acme/desk}}\n"                                                               \
    "tests:\n"

struct reading {
    struct arena *arena;
    struct amanat_diagnostics *diagnostics;
    struct policy_test_file file;
    amanat_result result;
};

static struct reading read_text(const char *text)
{
    struct reading reading = {.arena = arena_new((size_t)1 << 20),
                              .diagnostics = amanat_diagnostics_new()};
    assert_non_null(reading.arena);
    assert_non_null(reading.diagnostics);
    reading.result = policy_test_read(reading.arena, "tests/x_test.yaml", bytes_of_string(text),
                                      reading.diagnostics, &reading.file);
    return reading;
}

static void clear(struct reading *reading)
{
    amanat_diagnostics_free(reading->diagnostics);
    arena_free(reading->arena);
}

/* A fault at line 4 and beyond stands behind HEAD. */
static const struct {
    const char *text;
    unsigned line, column;
    const char *message;
} faults[] = {
    {"", 1, 1, "expected an object with agents and tests, not a null"},
    {"[]", 1, 1, "expected an object with agents and tests, not an array"},
    {"test: []", 1, 1, "unknown key `test`; did you mean `tests`?"},
    {"tests: []", 1, 8, "the file has no tests: `tests` is a list of them"},
    {"now: 2026-11-22T12:00:00Z", 1, 1, "the file has no tests: `tests` is a list of them"},
    {"now: yesterday\ntests: [{}]", 1, 6,
     "expected a time as RFC 3339 has it: 2026-11-22T08:35:50Z"},
    {"network: here\ntests: [{}]", 1, 10, "expected an IP address"},
    {"facts: [7]\ntests: [{}]", 1, 9, "expected a file or an entity, not a number"},
    {"agents: {a: {id: acme}}\ntests: [{}]", 1, 18, "expected PARTNER/NAME"},
    {"agents: {a: {id: acme/}}\ntests: [{}]", 1, 18, "expected PARTNER/NAME"},
    {"agents: {a: {claims: {}}}\ntests: [{}]", 1, 13, "`id` is missing: PARTNER/NAME"},
    {"agents: {a: {id: a/b, token: yes}}\ntests: [{}]", 1, 30,
     "expected true or false, not a string"},
    {HEAD "  - {agent: a, operation: o, expect: {status: 200}}", 4, 5,
     "`name` is missing: say what is tested"},
    {HEAD "  - {name: n, operation: o, expect: {status: 200}}", 4, 5, "`agent` is missing"},
    {HEAD "  - {name: n, agent: a, expect: {status: 200}}", 4, 5, "`operation` is missing"},
    {HEAD "  - {name: n, agent: a, operation: o}", 4, 5, "`expect` is missing"},
    {HEAD "  - {name: n, agent: a, operation: o, expect: {}}", 4, 47,
     "nothing is expected: a test that looks at nothing cannot fail"},
    {HEAD "  - {name: n, agent: a, operation: o, expect: {status: 99}}", 4, 56,
     "expected an HTTP status, 100 to 599"},
    {HEAD "  - {name: n, agent: a, operation: o, expect: {decision: yes}}", 4, 58,
     "expected `permitted` or `refused`"},
    {HEAD "  - {name: n, agent: a, operation: o, expect: {problem: not-permited}}", 4, 57,
     "unknown problem `not-permited`; did you mean `not-permitted`?"},
    {HEAD "  - {name: n, agent: a, operation: o, expect: {plan: {time: reveel}}}", 4, 61,
     "unknown mode `reveel`; did you mean `reveal`?"},
    {HEAD "  - {name: n, agent: a, operation: o, expect: {body: 1}}", 4, 47,
     "a body is expected, but `upstream` does not say what the service answers"},
    {HEAD "  - {name: n, agent: a, operation: o, expect: {decision: refused, plan: {a: mask}}}", 4,
     47, "a call that is refused has no plan and no body"},
    {HEAD "  - {name: n, agent: a, operation: o, expect: {problem: upstream, body: 1}, upstream: "
          "{}}",
     4, 47, "either a problem or a body of the service can come, not both"},
    {HEAD "  - {name: n, agent: b, operation: o, expect: {status: 200}}", 4, 22,
     "unknown agent `b`"},
    {HEAD "  - {name: n, agnet: a, agent: a, operation: o, expect: {status: 200}}", 4, 15,
     "unknown key `agnet`; did you mean `agent`?"},
    {HEAD "  - {name: n, agent: a, operation: o, need: {porpose: x}, expect: {status: 200}}", 4, 46,
     "unknown key `porpose`; did you mean `purpose`?"},
    {HEAD "  - {name: n, agent: a, operation: o, parameters: {p: {}}, expect: {status: 200}}", 4,
     55, "expected a text, a number, true or false, not an object"},
    {HEAD "  - {name: n, agent: a, operation: o, upstream: {body: .inf}, expect: {status: 200}}", 4,
     56, "JSON does not spell a number as `.inf`; put it in quotes if it is a text"},
    {HEAD "  - {name: n, agent: a, operation: o, upstream: {body: 1, body_text: x}, expect: "
          "{status: 200}}",
     4, 70, "`body`, `body_text` and `body_file` exclude each other"},
    {HEAD "  - {name: n, agent: a, operation: o, expect: {policies: x}}", 4, 58,
     "expected a list of texts, not a string"},
    {HEAD "  - {name: n, agent: a, operation: o, expect: {status: 200}}\n"
          "  - {name: n, agent: a, operation: o, expect: {status: 200}}",
     5, 5, "line 4 has a test `n` already"},
    {HEAD "  - {name: n, agent: a, operation: o, expect: {status: 200}, calls: {}}", 4, 69,
     "expected a list of calls, not an object"},
    {HEAD "  - {name: n, agent: a, operation: o, expect: {status: 200}, calls: [{calls: []}]}", 4,
     71, "unknown key `calls`"},
    {"agents: {a: {id: a/b}}\ntests: [{name: n, agent: a, operation: o, expect: {status: 200}}]", 2,
     9, "`now` is missing, here or for the whole file: a test does not depend on the clock"},
};

static bool has_message(const struct reading *reading, size_t row)
{
    for (size_t i = 0; i < amanat_diagnostics_count(reading->diagnostics); i++) {
        const struct amanat_diagnostic *message = amanat_diagnostics_at(reading->diagnostics, i);
        if (message->line == faults[row].line && message->column == faults[row].column &&
            strcmp(message->text, faults[row].message) == 0) {
            return true;
        }
    }
    return false;
}

static void test_policy_test_read__names_each_fault_at_its_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        struct reading reading = read_text(faults[i].text);
        assert_int_equal(reading.result.status, AMANAT_STATUS_CONFIG_FAULT);
        if (!has_message(&reading, i)) {
            const struct amanat_diagnostic *first = amanat_diagnostics_at(reading.diagnostics, 0);
            fail_msg("%s\nexpected %u:%u: %s\ncame     %u:%u: %s", faults[i].text, faults[i].line,
                     faults[i].column, faults[i].message, first->line, first->column, first->text);
        }
        clear(&reading);
    }
}

static void test_policy_test_read__reports_all_faults_of_a_file(void **state)
{
    (void)state;
    struct reading reading = read_text(HEAD "  - {nam: n, agent: b, operation: o, expect: {}}\n"
                                            "  - {name: m, agent: a, expect: {plan: {x: y}}}");
    assert_int_equal(amanat_diagnostics_errors(reading.diagnostics), 6);
    clear(&reading);
}

static void test_policy_test_read__takes_what_a_test_says(void **state)
{
    (void)state;
    struct reading reading =
        read_text("now: 2026-11-22T12:00:00Z\n"
                  "network: 192.0.2.10\n"
                  "facts: [../cases.json, {uid: {type: Case, id: c}}]\n"
                  "agents: {a: {id: acme/desk, claims: {role: x, level: 3}, token: false}}\n"
                  "tests:\n"
                  "  - name: n\n"
                  "    agent: a\n"
                  "    operation: findThem\n"
                  "    need: {purpose: p, case: c, basis: b, reason: r}\n"
                  "    parameters: {plate: LEA-1, limit: 10, open: true, tag: [x, y]}\n"
                  "    upstream: {status: 201, type: text/plain, body_text: hello}\n"
                  "    expect: {decision: permitted, plan: {time: record, others: withheld}}\n");
    assert_int_equal(reading.result.status, AMANAT_STATUS_OK);
    const struct policy_test *test = &reading.file.tests[0];
    assert_int_equal(reading.file.test_count, 1);
    assert_int_equal(reading.file.fact_count, 2);
    assert_true(bytes_equal_string(reading.file.facts[0].path.text, "../cases.json"));
    assert_non_null(reading.file.facts[1].entity);
    assert_int_equal(test->place.line, 6);
    assert_true(bytes_equal_string(test->agent->partner, "acme"));
    assert_true(bytes_equal_string(test->agent->agent, "desk"));
    assert_int_equal(test->agent->claim_count, 2);
    assert_true(test->agent->has_certificate && !test->agent->has_token);
    assert_true(test->now == INT64_C(1795348800000));
    assert_true(bytes_equal_string(test->network, "192.0.2.10"));
    assert_true(bytes_equal_string(test->need.case_id, "c"));
    static const char *const values[] = {"LEA-1", "10", "true", "x", "y"};
    assert_int_equal(test->parameter_count, 5);
    for (size_t i = 0; i < 5; i++) {
        assert_true(bytes_equal_string(test->parameters[i].value, values[i]));
    }
    assert_int_equal(test->upstream.status, 201);
    assert_true(bytes_equal_string(test->upstream.content.text, "hello"));
    assert_int_equal(test->expect.decision, POLICY_TEST_DECISION_PERMITTED);
    assert_int_equal(test->expect.plan_count, 2);
    assert_string_equal(test->expect.plan[0].word, "record");
    clear(&reading);
}

static void test_policy_test_read__makes_a_test_of_each_call(void **state)
{
    (void)state;
    struct reading reading =
        read_text(HEAD "  - name: n\n"
                       "    agent: a\n"
                       "    operation: o\n"
                       "    need: purpose=x\n"
                       "    parameters: {p: 1}\n"
                       "    expect: {decision: refused}\n"
                       "    calls:\n"
                       "      - {name: by two, parameters: {p: 2}}\n"
                       "      - {need: {purpose: y}, expect: {decision: permitted}}\n");
    assert_int_equal(reading.result.status, AMANAT_STATUS_OK);
    assert_int_equal(reading.file.test_count, 2);
    const struct policy_test *tests = reading.file.tests;
    assert_true(bytes_equal_string(tests[0].name, "n: by two"));
    assert_true(bytes_equal_string(tests[0].need_header, "purpose=x"));
    assert_true(bytes_equal_string(tests[0].parameters[0].value, "2"));
    assert_int_equal(tests[0].expect.decision, POLICY_TEST_DECISION_REFUSED);
    assert_true(bytes_equal_string(tests[1].name, "n: call 2"));
    assert_int_equal(tests[1].place.line, 12);
    assert_int_equal(tests[1].need_header.length, 0);
    assert_true(bytes_equal_string(tests[1].need.purpose, "y"));
    assert_true(bytes_equal_string(tests[1].parameters[0].value, "1"));
    assert_int_equal(tests[1].expect.decision, POLICY_TEST_DECISION_PERMITTED);
    clear(&reading);
}

static void test_policy_test_read__gives_up_when_the_arena_is_full(void **state)
{
    (void)state;
    static const char text[] = HEAD
        "  - {name: n, agent: a, operation: o, parameters: {p: [1, 2]}, need: {purpose: x},\n"
        "     upstream: {body: [1, {a: b}]}, expect: {plan: {a: mask}, policies: [p], body: []},\n"
        "     calls: [{}, {name: x, expect: {status: 200}}]}\n";
    size_t limit = 0;
    for (bool is_read = false; !is_read; limit += 100) {
        struct policy_test_file file;
        struct arena *arena = arena_new(limit);
        struct amanat_diagnostics *diagnostics = amanat_diagnostics_new();
        assert_true(arena != NULL && diagnostics != NULL && limit < 100000);
        const amanat_result result =
            policy_test_read(arena, "tests/x_test.yaml", bytes_of_string(text), diagnostics, &file);
        is_read = amanat_is_ok(result);
        assert_true(is_read ? file.test_count == 2 : result.status == AMANAT_STATUS_MEMORY);
        amanat_diagnostics_free(diagnostics);
        arena_free(arena);
    }
    assert_true(limit > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_policy_test_read__names_each_fault_at_its_place),
        cmocka_unit_test(test_policy_test_read__reports_all_faults_of_a_file),
        cmocka_unit_test(test_policy_test_read__takes_what_a_test_says),
        cmocka_unit_test(test_policy_test_read__makes_a_test_of_each_call),
        cmocka_unit_test(test_policy_test_read__gives_up_when_the_arena_is_full),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
