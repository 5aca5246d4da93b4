/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every allocation fails once: from text to decision through amanat/policy.h, first with only the
 * n-th allocation failing, then with all from the n-th on, for n = 1, 2, … until nothing fails any
 * more. Whatever fails says MEMORY (or LIMIT, where a buffer could not grow), leaves its output
 * alone, and never allows. Leaks and wild reads are the sanitizer build's to see.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "amanat/policy.h"
#include "tests/support/failing_memory.h"

/* ---- One whole use of the library ---- */

static const char schema_text[] =
    "type Home = { city: String, since?: datetime };"
    "entity Group enum [\"a\", \"b\"];"
    "entity Partner2 = { homes: Set<Home> } tags Set<String>;"
    "entity Agent in [Partner2] = { city?: String, home: Home };"
    "@doc(\"d\") entity Record in [Partner2] = { city: String, limit: decimal, from: ipaddr };"
    "action \"all\"; action read in [\"all\"] appliesTo { principal: Agent, resource: Record,"
    " context: { purpose: String, at: datetime } };";

static const char schema_json[] =
    "{\"N\": {\"commonTypes\": {\"T\": {\"type\": \"Set\", \"element\": {\"type\": \"Long\"}}},"
    "\"entityTypes\": {\"E\": {\"shape\": {\"type\": \"Record\", \"attributes\":"
    "{\"t\": {\"type\": \"T\", \"required\": false}}}}}, \"actions\": {\"go\": {\"appliesTo\":"
    "{\"principalTypes\": [\"E\"], \"resourceTypes\": [\"E\"]}}}}}";

static const char policies_text[] =
    "// a comment\n"
    "@id(\"one\") @advice(\"say \\\"why\\\"\") permit (principal in Partner2::\"p\", action in"
    " [Action::\"read\", Action::\"all\"], resource is Record in Partner2::\"p\")\n"
    "when { principal has city && [principal.city, \"x\"].contains(resource.city) }"
    "unless { context.purpose like \"f*d\" || resource.limit.lessThan(decimal(\"1.5\")) }"
    "when { if context.at > datetime(\"2026-01-01\") then 1 + 2 * 3 == 7 else false };\n"
    "@id(\"two\") forbid (principal, action, resource) when { resource.from.isInRange("
    "ip(\"10.0.0.0/8\")) && Partner2::\"p\".hasTag(\"t\") && "
    "Partner2::\"p\".getTag(\"t\").isEmpty() };\n"
    "@id(\"tpl\") permit (principal in ?principal, action, resource == ?resource) when {"
    " {a: {b: principal}}.a.b.home has since };\n";

static const char policy_json[] =
    "{\"effect\": \"permit\", \"principal\": {\"op\": \"All\"}, \"action\": {\"op\": \"All\"},"
    "\"resource\": {\"op\": \"All\"}, \"annotations\": {\"id\": \"json\"}, \"conditions\": "
    "[{\"kind\":"
    "\"when\", \"body\": {\"==\": {\"left\": {\"Value\": 1}, \"right\": {\"Set\": [{\"Value\": "
    "\"x\"}]}}}}]}";

static const char entities_text[] =
    "[{\"uid\": {\"type\": \"Partner2\", \"id\": \"p\"}, \"attrs\": {\"homes\": [{\"city\": "
    "\"a\"}]},"
    " \"parents\": [], \"tags\": {\"t\": [\"u\", \"v\"]}},"
    "{\"uid\": {\"type\": \"Agent\", \"id\": \"a\"}, \"attrs\": {\"city\": \"Lahore\", \"home\":"
    " {\"city\": \"L\", \"since\": \"2020-02-02\"}}, \"parents\": [{\"type\": \"Partner2\", "
    "\"id\": \"p\"}]},"
    "{\"uid\": {\"type\": \"Record\", \"id\": \"1\"}, \"attrs\": {\"city\": \"Lahore\", \"limit\":"
    " \"7.25\", \"from\": \"192.0.2.1\"}, \"parents\": [{\"__entity\": {\"type\": \"Partner2\", "
    "\"id\":"
    " \"p\"}}]}]";

static const char context_text[] = "{\"purpose\": \"x\", \"at\": {\"fn\": \"datetime\", \"arg\":"
                                   " \"2026-11-22\"}}";

struct use {
    struct amanat_diagnostics *diagnostics;
    struct amanat_schema *schema;
    struct amanat_policy_set *set;
    struct amanat_checked_policies *checked;
    struct amanat_policies *policies;
    struct amanat_entities *entities;
    struct amanat_context *context;
    struct amanat_decision *decision;
    bool is_decided;
    struct amanat_owned_text formatted;
    struct amanat_owned_text json;
};

static struct amanat_source source_of(const char *name, const char *text)
{
    return (struct amanat_source){name, amanat_text_of(text)};
}

static struct amanat_entity_name name_of(const char *type, const char *id)
{
    return (struct amanat_entity_name){amanat_text_of(type), amanat_text_of(id)};
}

static amanat_result make(struct use *use)
{
    use->diagnostics = amanat_diagnostics_new();
    use->set = amanat_policy_set_new(AMANAT_POLICY_IDS_FROM_ANNOTATION);
    use->decision = amanat_decision_new();
    return use->diagnostics == NULL || use->set == NULL || use->decision == NULL
               ? amanat_result_of(AMANAT_STATUS_MEMORY)
               : AMANAT_OK;
}

static amanat_result read_everything(struct use *use)
{
    const struct amanat_source schemas[] = {source_of("s", schema_text),
                                            source_of("j", schema_json)};
    const struct amanat_source policies = source_of("p", policies_text);
    const struct amanat_source policy = source_of("e", policy_json);
    const struct amanat_source entities = source_of("d", entities_text);
    const struct amanat_source context = source_of("c", context_text);
    const struct amanat_entity_name read = name_of("Action", "read");
    const struct amanat_entity_name partner = name_of("Partner2", "p");
    const struct amanat_entity_name record = name_of("Record", "1");
    STEP(amanat_schema_parse(schemas, 2, use->diagnostics, &use->schema));
    STEP(amanat_policy_set_add(use->set, &policies, use->diagnostics));
    STEP(amanat_policy_set_add(use->set, &policy, use->diagnostics));
    STEP(amanat_policy_set_link(use->set, amanat_text_of("tpl"), amanat_text_of("link"), &partner,
                                &record, use->diagnostics));
    STEP(amanat_entities_parse(use->schema, &entities, 1, use->diagnostics, &use->entities));
    return amanat_context_parse(use->schema, &read, &context, use->diagnostics, &use->context);
}

static amanat_result decide(struct use *use)
{
    const struct amanat_request request = {name_of("Agent", "a"), name_of("Action", "read"),
                                           name_of("Record", "1"), use->context};
    STEP(amanat_policies_compile_unchecked(use->set, &use->policies));
    STEP(amanat_request_validate(use->schema, &request, use->diagnostics));
    STEP(amanat_authorize(use->policies, use->entities, &request, use->decision));
    use->is_decided = true;
    return AMANAT_OK;
}

static amanat_result write_everything(struct use *use)
{
    const struct amanat_source policies = source_of("p", policies_text);
    STEP(amanat_format_policies(&policies, use->diagnostics, &use->formatted));
    return amanat_policy_set_to_json(use->set, &use->json);
}

static amanat_result run(struct use *use)
{
    STEP(make(use));
    STEP(read_everything(use));
    /* The policy from JSON compares a number with a set: the validator's fault, not memory's. */
    const amanat_result checked =
        amanat_policy_set_check(use->set, use->schema, use->diagnostics, &use->checked);
    if (checked.status != AMANAT_STATUS_CONFIG_FAULT) {
        return amanat_is_ok(checked) ? amanat_result_of(AMANAT_STATUS_BUG) : checked;
    }
    STEP(decide(use));
    return write_everything(use);
}

static void clear(struct use *use)
{
    amanat_owned_text_clear(&use->formatted);
    amanat_owned_text_clear(&use->json);
    amanat_decision_free(use->decision);
    amanat_context_free(use->context);
    amanat_entities_free(use->entities);
    amanat_policies_free(use->policies);
    amanat_checked_policies_free(use->checked);
    amanat_policy_set_free(use->set);
    amanat_schema_free(use->schema);
    amanat_diagnostics_free(use->diagnostics);
}

/* ---- The test ---- */

static size_t count_allocations(void)
{
    struct use use = {0};
    failing_from = 0;
    allocations = 0;
    const amanat_result result = run(&use);
    for (size_t i = 0; !amanat_is_ok(result) && i < amanat_diagnostics_count(use.diagnostics);
         i++) {
        print_error("%s\n", amanat_diagnostics_at(use.diagnostics, i)->text);
    }
    assert_int_equal(result.status, AMANAT_STATUS_OK);
    assert_true(amanat_decision_allows(use.decision));
    const size_t count = allocations;
    clear(&use);
    return count;
}

static void fail_each(bool also_later)
{
    const size_t count = count_allocations();
    size_t survived = 0;
    fails_on = also_later;
    for (size_t n = 1; n <= count; n++) {
        struct use use = {0};
        allocations = 0;
        failing_from = n;
        const amanat_result result = run(&use);
        failing_from = 0;
        survived += amanat_is_ok(result) ? 1 : 0;
        if (!amanat_is_ok(result) && !is_want_of_memory(result)) {
            fail_msg("allocation %zu of %zu: %s", n, count, amanat_status_name(result.status));
        }
        assert_true(use.is_decided || use.decision == NULL ||
                    !amanat_decision_allows(use.decision));
        clear(&use);
    }
    /* Only messages may be lost without harm. */
    print_message("%zu allocations, %zu of them not needed\n", count, survived);
    assert_true(survived < count / 4 + 1);
}

static void test_library__one_failing_allocation_is_a_clear_error(void **state)
{
    (void)state;
    fail_each(false);
}

static void test_library__no_memory_from_any_point_on_is_a_clear_error(void **state)
{
    (void)state;
    fail_each(true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_library__one_failing_allocation_is_a_clear_error),
        cmocka_unit_test(test_library__no_memory_from_any_point_on_is_a_clear_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
