/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What came of a policy test beside what was expected, as a difference that people read: decision,
 * problem, plan label by label, body line by line. What a test does not expect is not looked at,
 * but for policies that cannot be evaluated: those are an alarm in a gateway, and a failure here.
 */
#include "gateway/command/policy_test_compare.h"

#include "gateway/command/line_diff.h"
#include "policy/base/base.h"

#define TEXT_LIMIT ((size_t)256 << 20)
#define INDENT     "      "

struct comparison {
    const struct policy_test *test;
    const struct policy_test_outcome *outcome;
    struct arena *arena;
    struct buffer *out;
    bool has_plan_heading;
};

/* ---- single lines ---- */

static void add_heading(const struct comparison *comparison, const char *heading)
{
    buffer_append_format(comparison->out, "    %s\n", heading);
}

static void add_pair(const struct comparison *comparison, struct bytes expected,
                     struct bytes actual)
{
    buffer_append_string(comparison->out, INDENT "- ");
    buffer_append(comparison->out, expected);
    buffer_append_string(comparison->out, "\n" INDENT "+ ");
    buffer_append(comparison->out, actual);
    buffer_append_byte(comparison->out, '\n');
}

/* What the agent gets, in one line. */
static struct bytes describe_outcome(const struct comparison *comparison)
{
    const struct policy_test_outcome *outcome = comparison->outcome;
    const struct problem *problem = &outcome->problem;
    const bool is_permitted = outcome->decision.verdict == ACCESS_PERMITTED;
    if (!outcome->has_problem) {
        return outcome->status == 0
                   ? BYTES("permitted")
                   : arena_format_bytes(comparison->arena, "permitted: %u", outcome->status);
    }
    const struct problem_kind *kind = problem_kind(problem->name);
    return arena_format_bytes(
        comparison->arena, "%s: %u %s%s%.*s: %.*s%s%s", is_permitted ? "permitted, but" : "refused",
        problem_status(problem), kind->name, problem->parameter.length > 0 ? " " : "",
        BYTES_PRINTF(problem->parameter),
        BYTES_PRINTF(problem->detail.length > 0 ? problem->detail : bytes_of_string(kind->detail)),
        outcome->fault == NULL ? "" : ": the service's answer would be refused: ",
        outcome->fault == NULL ? "" : outcome->fault);
}

static bool expects_permission(const struct policy_test_expect *expect)
{
    return expect->decision == POLICY_TEST_DECISION_PERMITTED || expect->plan_count > 0 ||
           expect->body.is_given;
}

/* Whether the rest is worth comparing. */
static bool compare_decision(const struct comparison *comparison)
{
    const struct policy_test_expect *expect = &comparison->test->expect;
    const bool is_permitted = comparison->outcome->decision.verdict == ACCESS_PERMITTED;
    const bool wants_refusal = expect->decision == POLICY_TEST_DECISION_REFUSED;
    if ((wants_refusal && is_permitted) || (expects_permission(expect) && !is_permitted)) {
        add_heading(comparison, "decision");
        add_pair(comparison, wants_refusal ? BYTES("refused") : BYTES("permitted"),
                 describe_outcome(comparison));
        return false;
    }
    return true;
}

static void compare_problem(const struct comparison *comparison)
{
    const struct policy_test_expect *expect = &comparison->test->expect;
    const struct policy_test_outcome *outcome = comparison->outcome;
    const struct problem *problem = &outcome->problem;
    if (expect->problem != NULL &&
        !(outcome->has_problem && problem_kind(problem->name) == expect->problem)) {
        add_heading(comparison, "problem");
        add_pair(comparison, bytes_of_string(expect->problem->name), describe_outcome(comparison));
    } else if (expect->status != 0 && expect->status != outcome->status) {
        add_heading(comparison, "status");
        add_pair(comparison, arena_format_bytes(comparison->arena, "%u", expect->status),
                 describe_outcome(comparison));
    }
    if (expect->parameter.text.length > 0 &&
        !bytes_equal(expect->parameter.text, problem->parameter)) {
        add_heading(comparison, "parameter");
        add_pair(comparison, expect->parameter.text, describe_outcome(comparison));
    }
    const struct bytes detail = problem->detail.length > 0 || !outcome->has_problem
                                    ? problem->detail
                                    : bytes_of_string(problem_kind(problem->name)->detail);
    if (expect->detail.text.length > 0 && !bytes_equal(expect->detail.text, detail)) {
        add_heading(comparison, "detail");
        add_pair(comparison, expect->detail.text, describe_outcome(comparison));
    }
}

/* ---- lists of policies ---- */

static bool has_name(const struct bytes *names, size_t count, struct bytes name)
{
    for (size_t i = 0; i < count; i++) {
        if (bytes_equal(names[i], name)) {
            return true;
        }
    }
    return false;
}

/* Expected and actual as sets: one line for each that only one of them has. */
static void compare_policies(const struct comparison *comparison, const char *heading,
                             const struct policy_test_texts *expected, const struct bytes *actual,
                             size_t actual_count)
{
    bool has_heading = false;
    struct bytes *names = arena_allocate_array(comparison->arena, expected->count, sizeof(*names));
    for (size_t i = 0; names != NULL && i < expected->count; i++) {
        names[i] = expected->items[i].text;
    }
    for (size_t i = 0; names != NULL && i < expected->count + actual_count; i++) {
        const bool is_expected = i < expected->count;
        const struct bytes name = is_expected ? names[i] : actual[i - expected->count];
        if (is_expected ? has_name(actual, actual_count, name)
                        : has_name(names, expected->count, name)) {
            continue;
        }
        if (!has_heading) {
            add_heading(comparison, heading);
            has_heading = true;
        }
        buffer_append_format(comparison->out, INDENT "%c ", is_expected ? '-' : '+');
        buffer_append(comparison->out, name);
        buffer_append_byte(comparison->out, '\n');
    }
}

/* ---- the plan ---- */

/* The row that speaks of a label: its own, that of the nearest label above it, or `others`. */
static const struct policy_test_verdict *find_verdict(const struct comparison *comparison,
                                                      size_t label)
{
    const struct policy_test_expect *expect = &comparison->test->expect;
    const struct vocabulary *vocabulary =
        &ruleset_catalogue(comparison->outcome->ruleset)->vocabulary;
    const struct policy_test_verdict *others = NULL;
    for (size_t at = label; at != CATALOGUE_NONE; at = vocabulary->labels[at].parent) {
        for (size_t i = 0; i < expect->plan_count; i++) {
            if (bytes_equal(expect->plan[i].label.text, vocabulary->labels[at].name)) {
                return &expect->plan[i];
            }
            if (bytes_equal_string(expect->plan[i].label.text, POLICY_TEST_OTHERS)) {
                others = &expect->plan[i];
            }
        }
    }
    return others;
}

static void add_plan_pair(struct comparison *comparison, struct bytes label, const char *expected,
                          const char *actual)
{
    if (!comparison->has_plan_heading) {
        add_heading(comparison, "plan");
        comparison->has_plan_heading = true;
    }
    add_pair(comparison,
             arena_format_bytes(comparison->arena, "%.*s: %s", BYTES_PRINTF(label), expected),
             arena_format_bytes(comparison->arena, "%.*s: %s", BYTES_PRINTF(label), actual));
}

static amanat_result compare_label(struct comparison *comparison, size_t label,
                                   const char *expected)
{
    const struct policy_test_outcome *outcome = comparison->outcome;
    const struct bytes name = ruleset_catalogue(outcome->ruleset)->vocabulary.labels[label].name;
    const char *actual = access_disclosure_word(&outcome->decision, outcome->call.operation, label);
    bool is_forbidden = false;
    actual = actual == NULL ? disclosure_mode_name(DISCLOSURE_WITHHELD) : actual;
    if (strcmp(expected, POLICY_TEST_FORBIDDEN) == 0) {
        TRY(access_is_forbidden(&outcome->decision, label, &is_forbidden));
        actual = is_forbidden ? POLICY_TEST_FORBIDDEN : actual;
    }
    if (strcmp(expected, actual) != 0) {
        add_plan_pair(comparison, name, expected, actual);
    }
    return AMANAT_OK;
}

static amanat_result compare_plan(struct comparison *comparison)
{
    const struct policy_test_expect *expect = &comparison->test->expect;
    const struct catalogue_operation *operation = comparison->outcome->call.operation;
    bool *is_used = arena_allocate_array(comparison->arena, expect->plan_count, sizeof(*is_used));
    TRY_MEMORY(is_used);
    for (size_t i = 0; i < operation->label_count; i++) {
        const struct policy_test_verdict *verdict = find_verdict(comparison, operation->labels[i]);
        if (verdict != NULL) {
            is_used[verdict - expect->plan] = true;
            TRY(compare_label(comparison, operation->labels[i], verdict->word));
        }
    }
    for (size_t i = 0; i < expect->plan_count; i++) {
        const struct policy_test_verdict *verdict = &expect->plan[i];
        if (!is_used[i] && !bytes_equal_string(verdict->label.text, POLICY_TEST_OTHERS)) {
            add_plan_pair(comparison, verdict->label.text, verdict->word,
                          "no field of this operation has this label");
        }
    }
    return AMANAT_OK;
}

/* ---- the body ---- */

/* JSON as lines; what is none as it is. */
static amanat_result lines_of(struct arena *arena, struct bytes text,
                              const struct document *document, struct bytes *out)
{
    struct buffer lines;
    *out = text;
    if (document == NULL && !amanat_is_ok(document_from_json(arena, "", text, NULL, &document))) {
        return AMANAT_OK;
    }
    buffer_init(&lines, TEXT_LIMIT);
    document_append_json_lines(&lines, document);
    amanat_result result = buffer_check(&lines);
    if (amanat_is_ok(result)) {
        result = arena_copy_bytes(arena, buffer_bytes(&lines), out);
    }
    buffer_clear(&lines);
    return result;
}

static amanat_result compare_body(const struct comparison *comparison)
{
    const struct policy_test_content *content = &comparison->test->expect.body;
    const struct policy_test_outcome *outcome = comparison->outcome;
    const bool is_exact = content->document == NULL && content->file.text.length == 0;
    struct bytes expected;
    struct bytes actual;
    if (!outcome->has_body) {
        add_heading(comparison, "body");
        add_pair(comparison, BYTES("(a body)"), describe_outcome(comparison));
        return AMANAT_OK;
    }
    TRY(lines_of(comparison->arena, content->text, content->document, &expected));
    TRY(lines_of(comparison->arena, outcome->body, NULL, &actual));
    if (is_exact ? bytes_equal(content->text, outcome->body) : bytes_equal(expected, actual)) {
        return AMANAT_OK;
    }
    add_heading(comparison, "body");
    if (bytes_equal(expected, actual)) { /* the same JSON in other bytes */
        add_pair(comparison, content->text, outcome->body);
        return AMANAT_OK;
    }
    return line_diff_append(comparison->out, comparison->arena, expected, actual, INDENT);
}

/* ---- the whole ---- */

static amanat_result compare(struct comparison *comparison)
{
    const struct policy_test_expect *expect = &comparison->test->expect;
    const struct policy_test_outcome *outcome = comparison->outcome;
    if (compare_decision(comparison)) {
        compare_problem(comparison);
        if (expect->plan_count > 0) {
            TRY(compare_plan(comparison));
        }
        if (expect->body.is_given) {
            TRY(compare_body(comparison));
        }
    }
    if (expect->policies.is_given) {
        compare_policies(comparison, "policies that decided the call", &expect->policies,
                         outcome->decision.policies, outcome->decision.policy_count);
    }
    compare_policies(comparison, "policies that could not be evaluated", &expect->errors,
                     outcome->errors, outcome->error_count);
    return buffer_check(comparison->out);
}

amanat_result policy_test_compare(const struct policy_test *test,
                                  const struct policy_test_outcome *outcome, struct arena *arena,
                                  struct buffer *out)
{
    struct buffer text;
    struct comparison comparison = {.test = test, .outcome = outcome, .arena = arena, .out = &text};
    buffer_init(&text, TEXT_LIMIT);
    const amanat_result result = compare(&comparison);
    if (amanat_is_ok(result)) {
        visible_append_lines(out, buffer_bytes(&text));
    }
    buffer_clear(&text);
    TRY(result);
    return buffer_check(out);
}
