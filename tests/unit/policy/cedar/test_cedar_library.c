/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The public C API (amanat/policy.h): each of its functions once as it is meant, once as it fails.
 * What Cedar says is tested elsewhere.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "amanat/policy.h"

static const char schema_text[] =
    "entity Partner = { city: String }; entity Agent in [Partner] = { city?: String };"
    "entity Record = { city: String };"
    "action read appliesTo { principal: Agent, resource: Record, context: { purpose: String } };";

static const char policies_text[] =
    "@id(\"fraud\") permit (principal, action == Action::\"read\", resource)\n"
    "when { context.purpose == \"fraud\" };\n"
    "@id(\"far\") forbid (principal, action, resource is Record)\n"
    "when { resource.city == \"Karachi\" };\n"
    "@id(\"of\") permit (principal in ?principal, action, resource == ?resource);\n";

static const char entities_text[] =
    "[{\"uid\": {\"type\": \"Agent\", \"id\": \"a\"}, \"attrs\": {},"
    "  \"parents\": [{\"type\": \"Partner\", \"id\": \"p\"}]},"
    " {\"uid\": {\"type\": \"Record\", \"id\": \"1\"}, \"attrs\": {\"city\": \"Lahore\"}, "
    "\"parents\": []},"
    " {\"uid\": {\"type\": \"Record\", \"id\": \"2\"}, \"attrs\": {\"city\": \"Karachi\"}, "
    "\"parents\": []}]";

struct world {
    struct amanat_diagnostics *diagnostics;
    struct amanat_schema *schema;
    struct amanat_policy_set *set;
    struct amanat_checked_policies *checked;
    struct amanat_policies *policies;
    struct amanat_entities *entities;
    struct amanat_context *context;
    struct amanat_decision *decision;
};

static struct amanat_source source_of(const char *name, const char *text)
{
    return (struct amanat_source){name, amanat_text_of(text)};
}

static struct amanat_entity_name name_of(const char *type, const char *id)
{
    return (struct amanat_entity_name){amanat_text_of(type), amanat_text_of(id)};
}

static void assert_ok(amanat_result result)
{
    assert_int_equal(result.status, AMANAT_STATUS_OK);
}

static void assert_fault(amanat_result result)
{
    assert_int_equal(result.status, AMANAT_STATUS_CONFIG_FAULT);
}

static int build_world(void **state)
{
    static struct world world;
    const struct amanat_source schema = source_of("s.cedarschema", schema_text);
    const struct amanat_source policies = source_of("p.cedar", policies_text);
    const struct amanat_source entities = source_of("e.json", entities_text);
    const struct amanat_source context = source_of("context", "{\"purpose\": \"fraud\"}");
    const struct amanat_entity_name read = name_of("Action", "read");
    world = (struct world){.diagnostics = amanat_diagnostics_new(),
                           .set = amanat_policy_set_new(AMANAT_POLICY_IDS_FROM_ANNOTATION),
                           .decision = amanat_decision_new()};
    assert_ok(amanat_schema_parse(&schema, 1, world.diagnostics, &world.schema));
    assert_ok(amanat_policy_set_add(world.set, &policies, world.diagnostics));
    assert_ok(amanat_policy_set_check(world.set, world.schema, world.diagnostics, &world.checked));
    assert_ok(amanat_policies_compile(world.checked, &world.policies));
    assert_ok(
        amanat_entities_parse(world.schema, &entities, 1, world.diagnostics, &world.entities));
    assert_ok(
        amanat_context_parse(world.schema, &read, &context, world.diagnostics, &world.context));
    *state = &world;
    return 0;
}

static int free_world(void **state)
{
    struct world *world = *state;
    amanat_decision_free(world->decision);
    amanat_context_free(world->context);
    amanat_entities_free(world->entities);
    amanat_policies_free(world->policies);
    amanat_checked_policies_free(world->checked);
    amanat_policy_set_free(world->set);
    amanat_schema_free(world->schema);
    amanat_diagnostics_free(world->diagnostics);
    return 0;
}

static void ask(struct world *world, const char *record, const struct amanat_context *context)
{
    const struct amanat_request request = {name_of("Agent", "a"), name_of("Action", "read"),
                                           name_of("Record", record), context};
    assert_ok(amanat_authorize(world->policies, world->entities, &request, world->decision));
}

static void assert_only_reason(const struct world *world, const char *id)
{
    assert_int_equal(amanat_decision_reason_count(world->decision), 1);
    const struct amanat_text reason = amanat_decision_reason_at(world->decision, 0);
    assert_int_equal(reason.length, strlen(id));
    assert_memory_equal(reason.at, id, reason.length);
}

static void test_library__allows_by_a_permit_and_names_it(void **state)
{
    struct world *world = *state;
    assert_false(amanat_decision_allows(world->decision));
    ask(world, "1", world->context);
    assert_true(amanat_decision_allows(world->decision));
    assert_only_reason(world, "fraud");
}

static void test_library__denies_by_a_forbid_and_names_it(void **state)
{
    struct world *world = *state;
    ask(world, "2", world->context);
    assert_false(amanat_decision_allows(world->decision));
    assert_only_reason(world, "far");
}

static void test_library__reports_policies_that_have_no_value(void **state)
{
    struct world *world = *state;
    ask(world, "3", NULL);
    assert_false(amanat_decision_allows(world->decision));
    assert_int_equal(amanat_decision_error_count(world->decision), 2);
    const struct amanat_policy_error error = amanat_decision_error_at(world->decision, 0);
    assert_memory_equal(error.policy.at, "fraud", error.policy.length);
    assert_false(error.is_forbid);
    assert_string_equal(error.source, "p.cedar");
    assert_int_equal(error.line, 2);
    assert_true(amanat_decision_error_at(world->decision, 1).is_forbid);
}

static void test_library__an_answer_does_not_outlive_the_next_question(void **state)
{
    struct world *world = *state;
    ask(world, "1", world->context);
    ask(world, "1", NULL);
    assert_false(amanat_decision_allows(world->decision));
    assert_int_equal(amanat_decision_reason_count(world->decision), 0);
}

static void test_library__links_templates(void **state)
{
    struct world *world = *state;
    const struct amanat_entity_name principal = name_of("Partner", "p");
    const struct amanat_entity_name resource = name_of("Record", "1");
    struct amanat_policies *policies = NULL;
    assert_fault(amanat_policy_set_link(world->set, amanat_text_of("of"), amanat_text_of("l"),
                                        &principal, NULL, world->diagnostics));
    assert_ok(amanat_policy_set_link(world->set, amanat_text_of("of"), amanat_text_of("l"),
                                     &principal, &resource, world->diagnostics));
    assert_int_equal(amanat_policy_set_count(world->set), 4);
    assert_ok(amanat_policies_compile_unchecked(world->set, &policies));
    amanat_policies_free(world->policies);
    world->policies = policies;
    ask(world, "1", NULL);
    assert_true(amanat_decision_allows(world->decision));
    assert_only_reason(world, "l");
}

static void test_library__reads_what_it_wrote_as_json(void **state)
{
    struct world *world = *state;
    struct amanat_owned_text json;
    struct amanat_policy_set *again = amanat_policy_set_new(AMANAT_POLICY_IDS_FROM_ANNOTATION);
    assert_ok(amanat_policy_set_to_json(world->set, &json));
    assert_int_equal(strlen(json.at), json.length);
    const struct amanat_source source = source_of("set.json", json.at);
    assert_ok(amanat_policy_set_add(again, &source, world->diagnostics));
    assert_int_equal(amanat_policy_set_count(again), amanat_policy_set_count(world->set));
    amanat_policy_set_free(again);
    amanat_owned_text_clear(&json);
}

static void test_library__tells_of_each_policy_what_was_written(void **state)
{
    struct world *world = *state;
    struct amanat_owned_text json = {0};
    struct amanat_text value = {0};
    const struct amanat_source advised = source_of(
        NULL, "@id(\"a\")\n@advice(\"ask\")\n@bare\nforbid(principal, action, resource);");
    assert_ok(amanat_policy_set_add(world->set, &advised, world->diagnostics));
    const struct amanat_policy *policy = amanat_policy_set_find(world->set, amanat_text_of("a"));
    assert_non_null(policy);
    assert_ptr_equal(policy, amanat_policy_set_at(world->set, 3));
    const struct amanat_policy_summary summary = amanat_policy_summary(policy);
    assert_memory_equal(summary.id.at, "a", summary.id.length);
    assert_true(summary.is_forbid);
    assert_int_equal(summary.kind, AMANAT_POLICY_STATIC);
    assert_string_equal(summary.source, "");
    assert_int_equal(summary.line, 1);
    assert_int_equal(amanat_policy_summary(amanat_policy_set_at(world->set, 2)).kind,
                     AMANAT_POLICY_TEMPLATE);
    assert_true(amanat_policy_annotation(policy, "advice", &value));
    assert_int_equal(value.length, strlen("ask"));
    assert_true(amanat_policy_annotation(policy, "bare", &value));
    assert_int_equal(value.length, 0);
    assert_false(amanat_policy_annotation(policy, "none", &value));
    assert_ok(amanat_policy_to_json(policy, &json));
    assert_non_null(strstr(json.at, "\"effect\":\"forbid\""));
    amanat_owned_text_clear(&json);
    assert_null(amanat_policy_set_find(world->set, amanat_text_of("none")));
}

static void test_library__writes_a_schema_that_it_reads_again(void **state)
{
    struct world *world = *state;
    struct amanat_owned_text json = {0};
    struct amanat_owned_text text = {0};
    struct amanat_owned_text again = {0};
    struct amanat_schema *schema = NULL;
    assert_ok(amanat_schema_to_json(world->schema, &json));
    const struct amanat_source source = source_of("s.json", json.at);
    assert_ok(amanat_schema_parse(&source, 1, world->diagnostics, &schema));
    assert_ok(amanat_schema_to_text(world->schema, world->diagnostics, &text));
    assert_ok(amanat_schema_to_text(schema, world->diagnostics, &again));
    assert_string_equal(text.at, again.at);
    amanat_owned_text_clear(&json);
    amanat_owned_text_clear(&text);
    amanat_owned_text_clear(&again);
    amanat_schema_free(schema);
}

static void test_library__asks_about_entities_laid_over_others(void **state)
{
    struct world *world = *state;
    const struct amanat_source record = source_of(
        "record", "[{\"uid\": {\"type\": \"Record\", \"id\": \"2\"}, \"attrs\": {\"city\": "
                  "\"Lahore\"}, \"parents\": []}]");
    const struct amanat_request request = {name_of("Agent", "a"), name_of("Action", "read"),
                                           name_of("Record", "2"), world->context};
    struct amanat_entities *over = NULL;
    assert_ok(amanat_entities_parse_over(world->entities, world->schema, &record, 1,
                                         world->diagnostics, &over));
    assert_ok(amanat_authorize(world->policies, over, &request, world->decision));
    assert_true(amanat_decision_allows(world->decision));
    amanat_entities_free(over);
    ask(world, "2", world->context);
    assert_false(amanat_decision_allows(world->decision));
}

static void test_library__takes_sources_without_name_and_contexts_without_action(void **state)
{
    struct world *world = *state;
    const struct amanat_source context = source_of(NULL, "{\"purpose\": 1}");
    const struct amanat_source policy = source_of(NULL, "permit(principal,action,resource);");
    const struct amanat_source wrong = source_of(NULL, "permit(");
    struct amanat_context *untyped = NULL;
    struct amanat_owned_text text = {0};
    assert_ok(amanat_context_parse(NULL, NULL, &context, world->diagnostics, &untyped));
    assert_ok(amanat_format_policies(&policy, world->diagnostics, &text));
    assert_fault(amanat_policy_set_add(world->set, &wrong, world->diagnostics));
    assert_string_equal(amanat_diagnostics_at(world->diagnostics, 0)->source, "");
    amanat_context_free(untyped);
    amanat_owned_text_clear(&text);
}

static void test_library__formats_policies_and_schemas(void **state)
{
    struct world *world = *state;
    const struct amanat_source policy = source_of("p", "permit(principal,action,resource);");
    const struct amanat_source schema = source_of("s", "entity  A;");
    const struct amanat_source wrong = source_of("w", "permit(principal);");
    struct amanat_owned_text text = {0};
    assert_ok(amanat_format_policies(&policy, world->diagnostics, &text));
    assert_string_equal(text.at, "permit (principal, action, resource);\n");
    amanat_owned_text_clear(&text);
    assert_ok(amanat_format_schema(&schema, world->diagnostics, &text));
    assert_string_equal(text.at, "entity A;\n");
    amanat_owned_text_clear(&text);
    assert_fault(amanat_format_policies(&wrong, world->diagnostics, &text));
    assert_null(text.at);
}

static const struct amanat_diagnostic *only_message(struct world *world)
{
    assert_int_equal(amanat_diagnostics_count(world->diagnostics), 1);
    return amanat_diagnostics_at(world->diagnostics, 0);
}

static void test_library__refuses_policies_that_do_not_fit_the_schema(void **state)
{
    struct world *world = *state;
    const struct amanat_source wrong =
        source_of("w.cedar", "@id(\"w\") permit (principal, action, resource)\n"
                             "when { resource.cty == \"Lahore\" };");
    struct amanat_checked_policies *checked = NULL;
    assert_ok(amanat_policy_set_add(world->set, &wrong, world->diagnostics));
    assert_fault(amanat_policy_set_check(world->set, world->schema, world->diagnostics, &checked));
    assert_null(checked);
    const struct amanat_diagnostic *message = only_message(world);
    assert_string_equal(message->source, "w.cedar");
    assert_int_equal(message->line, 2);
    assert_non_null(strstr(message->text, "did you mean `city`"));
}

static void test_library__shows_the_line_that_a_message_is_about(void **state)
{
    struct world *world = *state;
    const struct amanat_source wrong = source_of("w.cedar", "@id(\"w\") permit (principal);");
    assert_fault(amanat_policy_set_add(world->set, &wrong, world->diagnostics));
    assert_string_equal(only_message(world)->excerpt, wrong.text.at);
}

static void test_library__refuses_entities_contexts_and_requests_of_another_shape(void **state)
{
    struct world *world = *state;
    const struct amanat_source entities = source_of(
        "e", "[{\"uid\": {\"type\": \"Nobody\", \"id\": \"\"}, \"attrs\": {}, \"parents\": []}]");
    const struct amanat_source schema = source_of("s", "entity A in B;");
    const struct amanat_source context = source_of("c", "{\"purpose\": 1}");
    const struct amanat_entity_name read = name_of("Action", "read");
    const struct amanat_request request = {read, read, read, NULL};
    struct amanat_entities *no_entities = NULL;
    struct amanat_schema *no_schema = NULL;
    struct amanat_context *no_context = NULL;
    assert_fault(amanat_entities_parse(world->schema, &entities, 1, NULL, &no_entities));
    assert_fault(amanat_schema_parse(&schema, 1, NULL, &no_schema));
    assert_fault(amanat_context_parse(world->schema, &read, &context, NULL, &no_context));
    assert_fault(amanat_request_validate(world->schema, &request, NULL));
    assert_null(no_entities);
    assert_null(no_schema);
    assert_null(no_context);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, build_world, free_world)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_library__allows_by_a_permit_and_names_it),
        TEST(test_library__denies_by_a_forbid_and_names_it),
        TEST(test_library__reports_policies_that_have_no_value),
        TEST(test_library__an_answer_does_not_outlive_the_next_question),
        TEST(test_library__links_templates),
        TEST(test_library__reads_what_it_wrote_as_json),
        TEST(test_library__tells_of_each_policy_what_was_written),
        TEST(test_library__writes_a_schema_that_it_reads_again),
        TEST(test_library__asks_about_entities_laid_over_others),
        TEST(test_library__takes_sources_without_name_and_contexts_without_action),
        TEST(test_library__formats_policies_and_schemas),
        TEST(test_library__refuses_policies_that_do_not_fit_the_schema),
        TEST(test_library__shows_the_line_that_a_message_is_about),
        TEST(test_library__refuses_entities_contexts_and_requests_of_another_shape),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
