/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a policy test expects: decision, problem, plan and body; and expectations that cannot be
 * meant.
 */
#include "gateway/command/policy_test_keys.h"
#include "policy/base/base.h"

static void read_decision(struct test_reader *reader, const struct document *value, void *place)
{
    enum policy_test_decision *decision = place;
    if (document_is_string(value, "permitted")) {
        *decision = POLICY_TEST_DECISION_PERMITTED;
    } else if (document_is_string(value, "refused")) {
        *decision = POLICY_TEST_DECISION_REFUSED;
    } else {
        FAULT(reader, test_reader_place_of(value), "type", "expected `permitted` or `refused`");
    }
}

static void read_problem(struct test_reader *reader, const struct document *value, void *place)
{
    struct bytes names[PROBLEM_NAME_COUNT];
    struct bytes wanted = {0};
    test_reader_bytes(reader, value, &wanted);
    for (size_t i = 0; i < PROBLEM_NAME_COUNT; i++) {
        const struct problem_kind *kind = problem_kind((enum problem_name)i);
        names[i] = bytes_of_string(kind->name);
        if (bytes_equal(names[i], wanted)) {
            *(const struct problem_kind **)place = kind;
            return;
        }
    }
    if (wanted.length > 0) {
        test_reader_unknown_word(reader, test_reader_place_of(value), "problem", wanted, names,
                                 PROBLEM_NAME_COUNT);
    }
}

static const char *read_word(struct test_reader *reader, const struct document *value)
{
    static const char *const others[] = {POLICY_TEST_RECORD, POLICY_TEST_FORBIDDEN};
    const char *words[DISCLOSURE_MODE_COUNT + 2];
    struct bytes names[DISCLOSURE_MODE_COUNT + 2];
    struct bytes wanted = {0};
    test_reader_bytes(reader, value, &wanted);
    for (size_t i = 0; i < DISCLOSURE_MODE_COUNT + 2; i++) {
        words[i] = i < DISCLOSURE_MODE_COUNT ? disclosure_mode_name((enum disclosure_mode)i)
                                             : others[i - DISCLOSURE_MODE_COUNT];
        names[i] = bytes_of_string(words[i]);
        if (bytes_equal(names[i], wanted)) {
            return words[i];
        }
    }
    if (wanted.length > 0) {
        test_reader_unknown_word(reader, test_reader_place_of(value), "mode", wanted, names,
                                 DISCLOSURE_MODE_COUNT + 2);
    }
    return NULL;
}

static void read_plan(struct test_reader *reader, const struct document *value, void *place)
{
    struct policy_test_expect *expect = place;
    if (!test_reader_has_kind(reader, value, DOCUMENT_OBJECT, "an object of labels and modes")) {
        return;
    }
    struct policy_test_verdict *plan = test_reader_allocate(reader, value->count, sizeof(*plan));
    for (size_t i = 0; plan != NULL && i < value->count; i++) {
        const struct document_member *member = &value->members[i];
        plan[i].label = (struct policy_test_text){member->key, {member->line, member->column}};
        plan[i].word = read_word(reader, &member->value);
    }
    expect->plan = plan;
    expect->plan_count = plan == NULL ? 0 : value->count;
}

static void check_expect(struct test_reader *reader, const struct policy_test_expect *expect)
{
    if (!expect->is_given) {
        FAULT(reader, expect->place, "expect",
              "nothing is expected: a test that looks at nothing cannot fail");
    }
    if (expect->body.is_given && expect->problem != NULL) {
        FAULT(reader, expect->place, "expect",
              "either a problem or a body of the service can come, not both");
    }
    if (expect->decision == POLICY_TEST_DECISION_REFUSED &&
        (expect->plan_count > 0 || expect->body.is_given)) {
        FAULT(reader, expect->place, "expect", "a call that is refused has no plan and no body");
    }
}

void test_reader_expect(struct test_reader *reader, const struct document *value, void *place)
{
    static const struct test_key keys[] = {
        KEY("decision", read_decision, policy_test_expect, decision),
        KEY("problem", read_problem, policy_test_expect, problem),
        KEY("status", test_reader_status, policy_test_expect, status),
        KEY("parameter", test_reader_text, policy_test_expect, parameter),
        KEY("detail", test_reader_text, policy_test_expect, detail),
        {"plan", read_plan, 0},
        KEY("policies", test_reader_texts, policy_test_expect, policies),
        KEY("errors", test_reader_texts, policy_test_expect, errors),
        BODY_KEYS(policy_test_expect, body)};
    struct policy_test_expect *expect = place;
    *expect = (struct policy_test_expect){.place = test_reader_place_of(value)};
    expect->is_given = value->kind == DOCUMENT_OBJECT && value->count > 0;
    if (value->kind != DOCUMENT_NULL) {
        test_reader_keys(reader, value, "an object of what is expected", keys, KEY_COUNT(keys),
                         expect);
    }
    check_expect(reader, expect);
}
