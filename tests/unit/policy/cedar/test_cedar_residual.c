/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is left of policies, with a record, answers as all of them do with the record in the store:
 * the same permits and forbids, the same errors at the same places.
 */
#include "tests/unit/policy/cedar/cedar_random.h"

static const char *const leaves[] = {
    "resource.b", "context.b", "principal.b",    "(resource has b)",
    "resource.n", "context.n", "principal.n",    "1",
    "resource.t", "context.t", "\"abc\"",        "principal.t",
    "principal",  "resource",  "context.record", "action",
    "resource.s", "context.s", "[principal]",    "[resource, context.record]",
    "context",    "context.r", "resource.r",     "{a: resource, b: context.b}"};

static const char store_text[] =
    "[{\"uid\":{\"type\":\"U\",\"id\":\"a\"},\"attrs\":{\"a\":1,\"b\":true,\"n\":3,"
    "\"t\":\"abc\",\"e\":{\"__entity\":{\"type\":\"R\",\"id\":\"\"}},\"r\":{\"a\":{\"b\":1}}},"
    "\"tags\":{\"abc\":\"1.0\"},\"parents\":[{\"type\":\"U\",\"id\":\"b\"}]},"
    "{\"uid\":{\"type\":\"U\",\"id\":\"b\"},\"attrs\":{\"b\":false},\"parents\":[]},"
    "{\"uid\":{\"type\":\"Action\",\"id\":\"x\"},\"attrs\":{\"b\":true},"
    "\"parents\":[{\"type\":\"Action\",\"id\":\"all\"}]}]";
static const char context_text[] =
    "{\"b\":true,\"n\":2,\"t\":\"a*\",\"s\":[1,\"abc\"],\"r\":{\"a\":{\"b\":true}},"
    "\"record\":{\"__entity\":{\"type\":\"R\",\"id\":\"\"}}}";

/* Records; the last two name entities, by way of which a policy may come back to the record. */
static const char *const records[] = {
    "{}", "{\"b\":true,\"n\":1,\"t\":\"abc\",\"s\":[1],\"r\":{\"a\":1,\"b\":true}}",
    "{\"b\":false,\"n\":9223372036854775807,\"t\":\"1.0\",\"s\":[],\"r\":{}}",
    "{\"b\":1,\"n\":\"x\",\"a\":2,\"e\":{\"__entity\":{\"type\":\"U\",\"id\":\"a\"}}}",
    "{\"b\":true,\"s\":[],\"e\":{\"__entity\":{\"type\":\"R\",\"id\":\"\"}}}"};
#define RECORDS      (sizeof(records) / sizeof(records[0]))
#define FIRST_NAMING (RECORDS - 2)

static const char *const scopes[] = {"principal, action, resource",
                                     "principal is U, action in Action::\"all\", resource",
                                     "principal, action == Action::\"x\", resource is R",
                                     "principal == U::\"a\", action, resource in U::\"b\"",
                                     "principal, action == Action::\"y\", resource"};
static const char *const actions[] = {"x", "y"};
#define ACTIONS (sizeof(actions) / sizeof(actions[0]))

static struct cedar_value value_of(struct fixture *fixture, const char *text)
{
    const struct document *document = NULL;
    struct cedar_value value;
    assert_ok(document_from_json(fixture->arena, "value", bytes_of_string(text), NULL, &document));
    assert_ok(
        cedar_context_from_document(fixture->arena, NULL, NULL, "value", document, NULL, &value));
    return value;
}

static const struct cedar_entities *store_with(struct fixture *fixture,
                                               const struct cedar_entities *base,
                                               const struct cedar_value *attributes)
{
    struct cedar_entities *entities = cedar_entities_new(fixture->arena, base);
    const struct cedar_entity_uid parent = uid("U", "b");
    struct cedar_entity_parts parts = {.uid = uid("R", ""), .parents = &parent, .parent_count = 1};
    assert_non_null(entities);
    if (attributes != NULL) {
        parts.attributes = *attributes;
    }
    assert_ok(cedar_entities_add(entities, &parts));
    assert_ok(cedar_entities_close(entities, NULL, NULL));
    return entities;
}

/* Decision, policies, and errors with their places. */
static const char *describe(struct fixture *fixture, const struct cedar_response *response)
{
    struct buffer text;
    buffer_init(&text, 1 << 16);
    append_decision(&text, response);
    for (size_t i = 0; i < response->error_count; i++) {
        const struct cedar_policy_error *error = &response->errors[i];
        buffer_append_format(&text, " !%.*s:%u:%u:%s", BYTES_PRINTF(cedar_policy_id(error->policy)),
                             error->line, error->column, error->text);
    }
    const char *copy = arena_format(fixture->arena, "%.*s", BYTES_PRINTF(buffer_bytes(&text)));
    buffer_clear(&text);
    return copy;
}

static const char *random_policies(struct fixture *fixture, struct random_source *random)
{
    struct buffer text;
    buffer_init(&text, 1 << 20);
    for (size_t i = 0; i < 5; i++) {
        struct buffer condition;
        buffer_init(&condition, 1 << 20);
        random_expression(&condition, random, 'b', 1 + random_below(random, 5));
        buffer_append_format(
            &text, "%s(%s) %s {", random_below(random, 2) == 0 ? "permit" : "forbid",
            RANDOM_CHOICE(random, scopes), random_below(random, 4) == 0 ? "unless" : "when");
        expand_leaves(&text, buffer_bytes(&condition), leaves);
        buffer_append_string(&text,
                             random_below(random, 4) == 0 ? "} when { resource.b };\n" : "};\n");
        buffer_clear(&condition);
    }
    const char *policies = arena_format(fixture->arena, "%.*s", BYTES_PRINTF(buffer_bytes(&text)));
    buffer_clear(&text);
    return policies;
}

static bool is_read(const struct cedar_residual *residual, struct bytes attribute)
{
    for (size_t i = 0; i < residual->policy_count; i++) {
        for (size_t k = 0; k < residual->policies[i]->read_count; k++) {
            if (bytes_equal(residual->policies[i]->reads[k], attribute)) {
                return true;
            }
        }
    }
    return false;
}

/* The record with only those attributes that the residual says it reads. */
static struct cedar_value only_read(struct fixture *fixture, const struct cedar_residual *residual,
                                    const struct cedar_value *record)
{
    struct cedar_field fields[8];
    struct cedar_value kept;
    size_t count = 0;
    for (size_t i = 0; i < record->as.record.count; i++) {
        if (is_read(residual, record->as.record.fields[i].key)) {
            fields[count++] = record->as.record.fields[i];
        }
    }
    assert_ok(cedar_value_record(fixture->arena, fields, count, &kept));
    return kept;
}

static const char *decide_left(struct fixture *fixture, const struct cedar_residuals *residuals,
                               const struct cedar_residual *residual,
                               const struct cedar_value *attributes)
{
    struct cedar_asked_record *record = NULL;
    struct cedar_response response;
    assert_ok(cedar_asked_record_new(fixture->arena, residuals, attributes, &record));
    assert_ok(cedar_residual_decide(residual, record, &response));
    const char *first = describe(fixture, &response);
    assert_ok(cedar_residual_decide(residual, record, &response)); /* from what it remembers */
    assert_string_equal(describe(fixture, &response), first);
    return first;
}

struct question {
    const char *policies;
    struct cedar_request request;
    const struct cedar_compiled_policies *compiled;
    const struct cedar_entities *store;
    struct cedar_residuals *residuals;
};

static void check_action(struct fixture *fixture, const struct question *question,
                         const struct cedar_residual *residual)
{
    for (size_t i = 0; i < RECORDS; i++) {
        const struct cedar_value record = value_of(fixture, records[i]);
        const struct cedar_value read = only_read(fixture, residual, &record);
        struct cedar_response response;
        assert_ok(cedar_authorize(question->compiled, &question->request,
                                  store_with(fixture, question->store, &record), fixture->arena,
                                  &response));
        const char *whole = describe(fixture, &response);
        const char *left = decide_left(fixture, question->residuals, residual, &record);
        const char *least =
            i >= FIRST_NAMING ? left : decide_left(fixture, question->residuals, residual, &read);
        if (strcmp(whole, left) != 0 || strcmp(whole, least) != 0) {
            fail_msg("%swith %s for %.*s:\n%s of all policies\n%s of what is left\n"
                     "%s with only what that reads",
                     question->policies, records[i], BYTES_PRINTF(question->request.action.id),
                     whole, left, least);
        }
    }
}

static size_t count_open(const struct cedar_residual *residual)
{
    size_t count = 0;
    for (size_t i = 0; i < residual->policy_count; i++) {
        count += residual->policies[i]->standing == CEDAR_STANDING_OPEN ? 1 : 0;
    }
    return count;
}

static void test_what_is_left__answers_with_a_record_as_the_policies_do(void **state)
{
    struct fixture *fixture = *state;
    struct random_source random = {3};
    size_t open = 0;
    for (size_t i = 0; i < 2500; i++) {
        struct question question = {.policies = random_policies(fixture, &random)};
        const struct cedar_residual *residuals[ACTIONS];
        question.request.principal = uid("U", "a");
        question.request.resource = uid("R", "");
        question.request.context = value_of(fixture, context_text);
        question.compiled = compile(fixture, policies_of(fixture, question.policies));
        question.store = entities_of(fixture, NULL, store_text);
        const struct cedar_residual_request known = {.principal = question.request.principal,
                                                     .resource = question.request.resource,
                                                     .context = question.request.context,
                                                     .entities =
                                                         store_with(fixture, question.store, NULL),
                                                     .resource_is_open = true};
        assert_ok(
            cedar_residuals_new(fixture->arena, question.compiled, &known, &question.residuals));
        for (size_t k = 0; k < ACTIONS; k++) { /* all of them before the first record */
            const struct cedar_entity_uid action = uid("Action", actions[k]);
            assert_ok(cedar_residual_new(question.residuals, &action, &residuals[k]));
        }
        for (size_t k = 0; k < ACTIONS; k++) {
            question.request.action = uid("Action", actions[k]);
            check_action(fixture, &question, residuals[k]);
            open += count_open(residuals[k]);
        }
        start_over(fixture);
    }
    assert_true(open > 1000);
}

/* ---- single conditions ---- */

static const char *stand(struct fixture *fixture, const char *condition)
{
    static const char *const names[] = {[CEDAR_STANDING_OPEN] = "open",
                                        [CEDAR_STANDING_FALSE] = "false",
                                        [CEDAR_STANDING_TRUE] = "true",
                                        [CEDAR_STANDING_FAILS] = "fails"};
    const char *text =
        arena_format(fixture->arena, "permit(principal, action, resource) when { %s };", condition);
    const struct cedar_residual_request known = {
        .principal = uid("U", "a"),
        .resource = uid("R", ""),
        .context = value_of(fixture, context_text),
        .entities = store_with(fixture, entities_of(fixture, NULL, store_text), NULL),
        .resource_is_open = true};
    const struct cedar_entity_uid action = uid("Action", "x");
    const struct cedar_residual *residual = NULL;
    struct cedar_residuals *residuals = NULL;
    assert_ok(cedar_residuals_new(fixture->arena, compile(fixture, policies_of(fixture, text)),
                                  &known, &residuals));
    assert_ok(cedar_residual_new(residuals, &action, &residual));
    if (residual->policy_count == 0) {
        return "false";
    }
    char *found = arena_format(fixture->arena, "%s", names[residual->policies[0]->standing]);
    for (size_t i = 0; i < residual->policies[0]->read_count; i++) {
        found = arena_format(fixture->arena, "%s %.*s", found,
                             BYTES_PRINTF(residual->policies[0]->reads[i]));
    }
    return found;
}

static void test_what_is_known__is_worked_in_and_errors_keep_their_order(void **state)
{
    static const struct {
        const char *condition;
        const char *expected;
    } rows[] = {
        {"context.b", "true"},
        {"context.none", "fails"},
        {"false && resource.b", "false"},
        {"!context.b && resource.b", "false"},
        {"resource.b && false", "open b"},
        {"resource.b && !context.b && resource.c", "open b"},
        {"resource.b || true", "open b"},
        {"true || resource.b", "true"},
        {"context.b && resource.b", "open b"},
        {"resource.b && context.none", "open b"},
        {"resource.b && context.none && resource.c", "open b"},
        {"context.none && resource.b", "fails"},
        {"if context.b then principal.b else resource.b", "true"},
        {"if resource.b then true else context.b", "open b"},
        {"if context.n == 3 then resource.b else resource.c", "open c"},
        {"resource == R::\"\"", "true"},
        {"resource in U::\"b\"", "true"},
        {"resource in principal", "false"},
        {"resource is R in U::\"b\"", "true"},
        {"[resource].contains(context.record)", "true"},
        {"context.record.b", "open b"},
        {"principal.e.b", "open b"},
        {"principal has e.b", "open b"},
        {"principal has e.b.c", "open b"},
        {"principal has x.b", "false"},
        {"{a: resource}.a.b", "open b"},
        {"{a: {c: resource}} has a.c.b", "open b"},
        {"(if resource.a then principal else resource).b", "open b a"},
        {"resource.hasTag(\"x\")", "false"},
        {"resource.n + 1 == context.none", "open n"},
        {"action == Action::\"x\"", "true"},
        {"action == Action::\"x\" && resource.b", "open b"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct fixture *fixture = *state;
        const char *found = stand(fixture, rows[i].condition);
        if (strcmp(found, rows[i].expected) != 0) {
            fail_msg("%s: `%s`, expected `%s`", rows[i].condition, found, rows[i].expected);
        }
        start_over(fixture);
    }
}

static void test_what_is_certain__needs_no_record(void **state)
{
    struct fixture *fixture = *state;
    struct cedar_residuals *residuals = NULL;
    const struct cedar_residual *residual = NULL;
    struct cedar_response response;
    const struct cedar_entity_uid action = uid("Action", "x");
    const struct cedar_compiled_policies *compiled =
        compile(fixture, policies_of(fixture, "permit(principal, action, resource);\n"
                                              "forbid(principal, action, resource) when { "
                                              "resource.b };\n"
                                              "forbid(principal, action, resource) when { "
                                              "context.none };\n"));
    const struct cedar_residual_request known = {.principal = uid("U", "a"),
                                                 .resource = uid("R", ""),
                                                 .entities = store_with(fixture, NULL, NULL),
                                                 .resource_is_open = true};
    assert_ok(cedar_residuals_new(fixture->arena, compiled, &known, &residuals));
    assert_ok(cedar_residual_new(residuals, &action, &residual));
    assert_int_equal(residual->policy_count, 3);
    assert_ok(cedar_residual_certain(residual, fixture->arena, &response));
    assert_string_equal(describe(fixture, &response),
                        "allow +policy0 !policy2:3:52:there is no attribute `none`");
}

/* An addition that overflows for `x` only: an error there, and a permit for `y`. */
static void test_what_fails_for_one_action__fails_also_after_others_were_worked_out(void **state)
{
    struct fixture *fixture = *state;
    static const char *const expected[] = {"deny !policy0:1:118:overflow in `+`", "allow +policy0"};
    struct cedar_residuals *residuals = NULL;
    const struct cedar_residual *left[ACTIONS];
    const struct cedar_compiled_policies *compiled = compile(
        fixture, policies_of(fixture, "permit(principal, action, resource) when { resource.b && "
                                      "((if action == Action::\"x\" then 9223372036854775807 else "
                                      "1) + 1 == 2) };"));
    const struct cedar_residual_request known = {.principal = uid("U", "a"),
                                                 .resource = uid("R", ""),
                                                 .entities = store_with(fixture, NULL, NULL),
                                                 .resource_is_open = true};
    const struct cedar_value record = value_of(fixture, "{\"b\": true}");
    const struct cedar_entity_uid asked[ACTIONS] = {uid("Action", "x"), uid("Action", "y")};
    assert_ok(cedar_residuals_new(fixture->arena, compiled, &known, &residuals));
    for (size_t i = 0; i < ACTIONS; i++) {
        assert_ok(cedar_residual_new(residuals, &asked[i], &left[i]));
    }
    for (size_t i = 0; i < ACTIONS; i++) {
        assert_string_equal(decide_left(fixture, residuals, left[i], &record), expected[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_fails_for_one_action__fails_also_after_others_were_worked_out),
        cmocka_unit_test(test_what_is_left__answers_with_a_record_as_the_policies_do),
        cmocka_unit_test(test_what_is_known__is_worked_in_and_errors_keep_their_order),
        cmocka_unit_test(test_what_is_certain__needs_no_record),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
