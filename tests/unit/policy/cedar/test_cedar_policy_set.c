/* SPDX-License-Identifier: Apache-2.0 */
/* The policy set: ids, what is known about each policy, template links, attributes of the resource
 * that are read. */
#include "tests/unit/policy/cedar/cedar_fixture.h"

static struct cedar_policy_set *set_with_ids_from_annotations(struct fixture *fixture)
{
    const struct cedar_policy_set_options options = {.ids = CEDAR_POLICY_IDS_FROM_ANNOTATION};
    struct cedar_policy_set *set = cedar_policy_set_new(fixture->arena, &options);
    assert_non_null(set);
    return set;
}

static void test_ids__count_over_all_texts(void **state)
{
    struct fixture *fixture = *state;
    struct cedar_policy_set *set = policies_of(
        fixture, "permit(principal,action,resource); forbid(principal,action,resource);");
    assert_ok(cedar_policy_set_add_text(set, "b.cedar",
                                        BYTES("\n  permit(principal,action,resource);"), NULL));
    assert_int_equal(cedar_policy_set_count(set), 3);
    const struct cedar_policy *third = cedar_policy_set_find(set, BYTES("policy2"));
    assert_ptr_equal(third, cedar_policy_set_at(set, 2));
    assert_string_equal(cedar_policy_source(third), "b.cedar");
    assert_int_equal(cedar_policy_line(third), 2);
    assert_int_equal(cedar_policy_column(third), 3);
    assert_int_equal(cedar_policy_effect(third), CEDAR_EFFECT_PERMIT);
    assert_int_equal(cedar_policy_effect(cedar_policy_set_at(set, 1)), CEDAR_EFFECT_FORBID);
    start_over(fixture);
}

static void test_ids__from_annotations_are_required_and_unique(void **state)
{
    struct fixture *fixture = *state;
    struct cedar_policy_set *set = set_with_ids_from_annotations(fixture);
    struct bytes advice;
    assert_ok(cedar_policy_set_add_text(
        set, "a.cedar",
        BYTES("@id(\"one\") @advice(\"ask\") @empty permit(principal,action,resource);"),
        fixture->diagnostics));
    const struct cedar_policy *one = cedar_policy_set_find(set, BYTES("one"));
    assert_non_null(one);
    assert_true(cedar_policy_annotation(one, "advice", &advice));
    assert_bytes(advice, "ask");
    assert_true(cedar_policy_annotation(one, "empty", &advice));
    assert_bytes(advice, "");
    assert_false(cedar_policy_annotation(one, "other", &advice));
    assert_fault(cedar_policy_set_add_text(set, "b.cedar",
                                           BYTES("@id(\"one\") permit(principal,action,resource);\n"
                                                 "permit(principal,action,resource);\n"
                                                 "@id(\"\") permit(principal,action,resource);"),
                                           fixture->diagnostics));
    assert_int_equal(amanat_diagnostics_errors(fixture->diagnostics), 3);
    assert_first_diagnostic(fixture, "1:1 the id `one` is taken by the policy at a.cedar:1");
    assert_string_equal(amanat_diagnostics_at(fixture->diagnostics, 1)->code, "missing-id");
    start_over(fixture);
}

static void test_scope__can_be_looked_at(void **state)
{
    struct fixture *fixture = *state;
    const struct cedar_policy_set *set = policies_of(
        fixture, "permit(principal is A::B in C::\"c\", action in [Action::\"x\", Action::\"\"],"
                 " resource == R::\"\"); permit(principal, action, resource is S);");
    const struct cedar_policy_scope *scope = cedar_policy_scope(cedar_policy_set_at(set, 0));
    assert_int_equal(scope->principal.kind, CEDAR_SCOPE_IS_IN);
    assert_bytes(scope->principal.type, "A::B");
    assert_bytes(scope->principal.entity.id, "c");
    assert_int_equal(scope->action.kind, CEDAR_SCOPE_IN);
    assert_int_equal(scope->action.count, 2);
    assert_bytes(scope->action.entities[0].id, "x");
    assert_int_equal(scope->resource.kind, CEDAR_SCOPE_EQUAL);
    assert_bytes(scope->resource.entity.type, "R");
    scope = cedar_policy_scope(cedar_policy_set_at(set, 1));
    assert_int_equal(scope->action.kind, CEDAR_SCOPE_ANY);
    assert_int_equal(scope->resource.kind, CEDAR_SCOPE_IS);
    assert_bytes(scope->resource.type, "S");
    start_over(fixture);
}

static void test_link__needs_exactly_the_slots_of_its_template(void **state)
{
    struct fixture *fixture = *state;
    struct cedar_policy_set *set =
        policies_of(fixture, "permit(principal == ?principal, action, resource) when { true };"
                             "permit(principal, action, resource);");
    const struct cedar_entity_uid alice = uid("User", "alice");
    const struct cedar_slot_values right = {.principal = &alice};
    const struct cedar_slot_values wrong[] = {
        {0}, {.resource = &alice}, {.principal = &alice, .resource = &alice}};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_fault(cedar_policy_set_add_link(set, BYTES("policy0"), BYTES("l"), &wrong[i],
                                               fixture->diagnostics));
    }
    assert_fault(cedar_policy_set_add_link(set, BYTES("policy1"), BYTES("l"), &right, NULL));
    assert_fault(cedar_policy_set_add_link(set, BYTES("none"), BYTES("l"), &right, NULL));
    assert_fault(cedar_policy_set_add_link(set, BYTES("policy0"), BYTES("policy1"), &right, NULL));
    assert_ok(cedar_policy_set_add_link(set, BYTES("policy0"), BYTES("l"), &right, NULL));
    const struct cedar_policy *link = cedar_policy_set_find(set, BYTES("l"));
    assert_int_equal(cedar_policy_kind(link), CEDAR_POLICY_LINK);
    assert_int_equal(cedar_policy_kind(cedar_policy_set_at(set, 0)), CEDAR_POLICY_TEMPLATE);
    assert_false(cedar_policy_scope(link)->principal.is_slot);
    assert_bytes(cedar_policy_scope(link)->principal.entity.id, "alice");
    start_over(fixture);
}

/* What was called back, as "type.attribute type.attribute …". */
static amanat_result note_attribute(void *context, const struct cedar_policy *policy,
                                    struct bytes type, struct bytes attribute)
{
    struct buffer *found = context;
    (void)policy;
    buffer_append_format(found, "%.*s.%.*s ", BYTES_PRINTF(type), BYTES_PRINTF(attribute));
    return AMANAT_OK;
}

static void test_resource_attributes__are_found_wherever_the_resource_goes(void **state)
{
    static const struct {
        const char *policy;
        const char *attributes;
    } rows[] = {
        {"permit(principal,action,resource is T) when { resource.a.b == 1 };", "T.a "},
        {"permit(principal,action,resource == T::\"x\") unless { resource has a };", "T.a "},
        {"permit(principal,action,resource in T::\"x\") when { resource has a.b };", ".a "},
        {"permit(principal,action,resource) when { resource[\"a b\"] };", ".a b "},
        {"permit(principal,action,resource) when { principal.a && context.b };", ""},
        {"permit(principal,action,resource) when { resource.hasTag(\"t\") };", ""},
        {"permit(principal,action,resource) when { (if true then principal else resource).a.b };",
         ".a "},
        {"permit(principal,action,resource) when { (if resource.g then principal else action).a };",
         ".g "},
        {"permit(principal,action,resource) when { {r: resource, p: principal}.r.a };", ".a "},
        {"permit(principal,action,resource) when { {r: resource, p: principal}.p.a };", ""},
        {"permit(principal,action,resource) when { {r: {q: resource}} has r.q.a.b };", ".a "},
        {"permit(principal,action,resource) when { [1].contains(principal.a + resource.c) };",
         ".c "},
        {"permit(principal,action,resource in ?resource) when { resource.a };", ".a "},
        {"permit(principal,action,resource) when { T::\"\".a && T::\"x\".b };", ".a "},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct buffer found;
        buffer_init(&found, 4096);
        const struct cedar_policy_set *set = policies_of(*state, rows[i].policy);
        assert_ok(cedar_policy_set_resource_attributes(set, note_attribute, &found));
        assert_bytes(buffer_bytes(&found), rows[i].attributes);
        buffer_clear(&found);
        start_over(*state);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ids__count_over_all_texts),
        cmocka_unit_test(test_ids__from_annotations_are_required_and_unique),
        cmocka_unit_test(test_scope__can_be_looked_at),
        cmocka_unit_test(test_link__needs_exactly_the_slots_of_its_template),
        cmocka_unit_test(test_resource_attributes__are_found_wherever_the_resource_goes),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
