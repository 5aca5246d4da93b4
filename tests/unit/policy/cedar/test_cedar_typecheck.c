/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Types of expressions. Each row is a condition with the first fault that the checker finds in it,
 * "column code: text"; columns count from the condition's begin. All verdicts, also which
 * conditions are impossible, are those of the official engine.
 */
#include "tests/unit/policy/cedar/cedar_fixture.h"

/* No request can satisfy the condition: a warning. */
#define IMPOSSIBLE ""

struct row {
    const char *condition;
    const char *fault; /* NULL: none */
};

static const char schema_text[] =
    "entity User in Group {"
    " name: String, age?: Long, boss?: User, group: Group, level: Level, act: Action,"
    " tags_: Set<String>, d: decimal, i: ipaddr, t: datetime, l: duration } tags Long;"
    "entity Group { x?: Long };"
    "entity Level enum [\"low\", \"high\"];"
    "entity Doc { owner: User, must: {a: Long}, may: {a?: Long}, flag: {f: Bool},"
    " flags: Set<{f: Bool}> };"
    "action all;"
    "action view in all appliesTo { principal: User, resource: Doc,"
    " context: { c?: Long, d: Long, n: { o?: { p?: Long } } } };"
    "namespace N { action list in Action::\"all\"; }";

static const char before[] = "permit(principal, action == Action::\"view\", resource) when { ";

/* Checks the condition; what is found, in the form of the rows. */
static void describe(struct fixture *fixture, const char *condition, char *out, size_t size)
{
    const struct cedar_checked_policies *checked = NULL;
    char text[1024];
    (void)snprintf(text, sizeof(text), "%s%s };", before, condition);
    const struct cedar_schema *schema = schema_of(fixture, schema_text);
    const struct cedar_policy_set *policies = policies_of(fixture, text);
    const amanat_result result =
        cedar_policy_set_check(policies, schema, fixture->arena, fixture->diagnostics, &checked);
    const size_t count = amanat_diagnostics_count(fixture->diagnostics);
    out[0] = '\0';
    if (amanat_is_ok(result)) {
        assert_ptr_equal(cedar_checked_policies_set(checked), policies);
        (void)snprintf(out, size, "%s", count == 0 ? "valid" : IMPOSSIBLE);
        assert_true(count == 0 || strcmp(amanat_diagnostics_at(fixture->diagnostics, 0)->code,
                                         "impossible-policy") == 0);
        return;
    }
    assert_fault(result);
    assert_null(checked);
    assert_true(count > 0);
    const struct amanat_diagnostic *first = amanat_diagnostics_at(fixture->diagnostics, 0);
    const char *environment = strstr(first->text, ", for principal `");
    const int length =
        (int)(environment == NULL ? strlen(first->text) : (size_t)(environment - first->text));
    (void)snprintf(out, size, "%u %s: %.*s", first->column - (unsigned)strlen(before), first->code,
                   length, first->text);
}

static void check_rows(struct fixture *fixture, const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const char *expected = rows[i].fault == NULL ? "valid" : rows[i].fault;
        char found[600];
        describe(fixture, rows[i].condition, found, sizeof(found));
        if (strcmp(found, expected) != 0) {
            fail_msg("%s\n  found:    %s\n  expected: %s", rows[i].condition, found, expected);
        }
        start_over(fixture);
    }
}

#define CHECK_ROWS(state, rows) check_rows((state), (rows), sizeof(rows) / sizeof((rows)[0]))

static void test_typecheck__types_literals_and_variables(void **state)
{
    static const struct row rows[] = {
        {"true", NULL},
        {"false", IMPOSSIBLE},
        {"1", "1 unexpected-type: expected `Bool`, found `Long`"},
        {"\"a\"", "1 unexpected-type: expected `Bool`, found `String`"},
        {"principal", "1 unexpected-type: expected `Bool`, found `User`"},
        {"context.d", "9 unexpected-type: expected `Bool`, found `Long`"},
        {"if true then 1 else false", "1 unexpected-type: expected `Bool`, found `Long`"},
        {"if false then 1 else true", NULL},
    };
    CHECK_ROWS(*state, rows);
}

static void test_typecheck__takes_the_branches_of_if_that_can_be_taken(void **state)
{
    static const struct row rows[] = {
        {"if 1 then true else true", "4 unexpected-type: expected `Bool`, found `Long`"},
        {"if context has c then 1 else true",
         "1 incompatible-types: the branches of this `if` have different types: `Long` and `Bool`"},
        {"if context has c then principal has age else context.d == 1", NULL},
        {"if true then true else principal.nope", NULL},
        {"if false then principal.nope else true", NULL},
        {"if principal has age then principal.age == 1 else false", NULL},
        {"if !(context has c) then false else context.c == 2",
         "45 optional-attribute: the attribute `c` of the context of `Action::\"view\"` may be "
         "missing: ask with `has` before it is read"},
        {"if context has c then true else context.c == 1",
         "41 optional-attribute: the attribute `c` of the context of `Action::\"view\"` may be "
         "missing: ask with `has` before it is read"},
        {"(if principal has age then true else false) && principal.age == 1",
         "58 optional-attribute: the attribute `age` of `User` may be missing: ask with `has` "
         "before it is read"},
        {"(if principal has age then true else principal has age) && principal.age == 1", NULL},
        {"(if context has c then principal has age else principal has age) && principal.age == 1",
         NULL},
        {"(if principal has age then context has c else (context has c && principal has age)) && "
         "context.c == principal.age",
         NULL},
        {"(if true then principal has age else false) && principal.age == 1", NULL},
        {"(if context has c then {a: 1} else resource.may) == resource.may",
         "2 incompatible-types: the branches of this `if` have different types: `{\"a\": Long}` "
         "and `{\"a\"?: Long}`"},
        {"(if context has c then {f: true} else resource.flag).f", NULL},
        {"[if context has c then true else false].contains(true)", NULL},
    };
    CHECK_ROWS(*state, rows);
}

static void test_typecheck__carries_what_is_known_through_and(void **state)
{
    static const struct row rows[] = {
        {"false && 1", IMPOSSIBLE},
        {"true && 1", "9 unexpected-type: expected `Bool`, found `Long`"},
        {"1 && true", "1 unexpected-type: expected `Bool`, found `Long`"},
        {"context has c && 1", "18 unexpected-type: expected `Bool`, found `Long`"},
        {"context has c && false && principal.nope", IMPOSSIBLE},
        {"context has c && context.c == 1", NULL},
        {"(context has c && true) && context.c == 1", NULL},
        {"(true && context has c) && context.c == 1", NULL},
        {"context has c && (context has c || context.c == 1) && context.c == 1", NULL},
        {"context has c && principal has age && context.c == principal.age", NULL},
    };
    CHECK_ROWS(*state, rows);
}

static void test_typecheck__keeps_what_both_sides_of_or_know(void **state)
{
    static const struct row rows[] = {
        {"true || 1", NULL},
        {"false || 1", "10 unexpected-type: expected `Bool`, found `Long`"},
        {"1 || true", "1 unexpected-type: expected `Bool`, found `Long`"},
        {"context has c || 1", "18 unexpected-type: expected `Bool`, found `Long`"},
        {"context has c || context.c == 1",
         "26 optional-attribute: the attribute `c` of the context of `Action::\"view\"` may be "
         "missing: ask with `has` before it is read"},
        {"(context has c || false) && context.c == 1", NULL},
        {"(false || context has c) && context.c == 1", NULL},
        {"(context has c || true) && context.c == 1",
         "36 optional-attribute: the attribute `c` of the context of `Action::\"view\"` may be "
         "missing: ask with `has` before it is read"},
        {"(context has c || context has c) && context.c == 1", NULL},
        {"(context has c || principal has age) && context.c == 1",
         "49 optional-attribute: the attribute `c` of the context of `Action::\"view\"` may be "
         "missing: ask with `has` before it is read"},
        {"principal has nope || principal has age && principal.age == 1", NULL},
    };
    CHECK_ROWS(*state, rows);
}

static void test_typecheck__knows_nothing_behind_a_negation(void **state)
{
    static const struct row rows[] = {
        {"!true", IMPOSSIBLE},
        {"!1", "2 unexpected-type: expected `Bool`, found `Long`"},
        {"!!(context has c)", NULL},
        {"!!(context has c) && context.c == 1",
         "30 optional-attribute: the attribute `c` of the context of `Action::\"view\"` may be "
         "missing: ask with `has` before it is read"},
        {"!(context has c) || context.c == 1",
         "29 optional-attribute: the attribute `c` of the context of `Action::\"view\"` may be "
         "missing: ask with `has` before it is read"},
    };
    CHECK_ROWS(*state, rows);
}

static void test_typecheck__compares_types_that_go_together(void **state)
{
    static const struct row rows[] = {
        {"1 == 1", NULL},
        {"1 == 2", IMPOSSIBLE},
        {"1 == \"a\"", IMPOSSIBLE},
        {"1 != \"a\"", NULL},
        {"true == (1 == \"x\")", NULL},
        {"principal.name == \"a\"", NULL},
        {"principal.name == 1",
         "16 incompatible-types: `==` compares `String` with `Long`, which is another type"},
        {"principal == resource", IMPOSSIBLE},
        {"principal == resource.owner", NULL},
        {"principal == User::\"a\"", NULL},
        {"User::\"a\" == User::\"b\"", IMPOSSIBLE},
        {"Level::\"low\" == Level::\"high\"", IMPOSSIBLE},
        {"action == Action::\"view\"", NULL},
        {"action == Action::\"all\"", IMPOSSIBLE},
        {"action == N::Action::\"list\"", IMPOSSIBLE},
        {"action == principal.act", NULL},
        {"principal.act == N::Action::\"list\"", IMPOSSIBLE},
        {"action == principal", IMPOSSIBLE},
        {"principal.d == principal.i",
         "13 incompatible-types: `==` compares `decimal` with `ipaddr`, which is another type"},
        {"decimal(\"1.0\") == decimal(\"1.0\")", NULL},
        {"{a: 1} == {b: 1}", "8 incompatible-types: `==` compares `{\"a\": Long}` with `{\"b\": "
                             "Long}`, which is another type"},
        {"resource.must == {a: 1}", NULL},
        {"resource.may == {a: 1}", "14 incompatible-types: `==` compares `{\"a\"?: Long}` with "
                                   "`{\"a\": Long}`, which is another type"},
        {"resource.must == resource.may", "15 incompatible-types: `==` compares `{\"a\": Long}` "
                                          "with `{\"a\"?: Long}`, which is another type"},
        {"resource.flag == {f: true}", NULL},
        {"{f: true} == {f: false}", NULL},
        {"[[true]] == [[false]]", NULL},
        {"[\"a\"] == \"a\"",
         "7 incompatible-types: `==` compares `Set<String>` with `String`, which is another type"},
        {"{} == {}", NULL},
        {"{} == context", "4 incompatible-types: `==` compares `{}` with `{\"c\"?: Long, \"d\": "
                          "Long, \"n\": {\"o\"?: {\"p\"?: Long}}}`, which is another type"},
        {"(principal has age) == true && principal.age == 1",
         "42 optional-attribute: the attribute `age` of `User` may be missing: ask with `has` "
         "before it is read"},
    };
    CHECK_ROWS(*state, rows);
}

static void test_typecheck__knows_what_can_be_in_what(void **state)
{
    static const struct row rows[] = {
        {"principal in principal", NULL},
        {"principal in principal.group", NULL},
        {"principal in Group::\"g\"", NULL},
        {"principal.group in principal", IMPOSSIBLE},
        {"principal in [principal.group]", NULL},
        {"principal in [Group::\"g\", Group::\"h\"]", NULL},
        {"principal in [principal, principal.group]",
         "36 incompatible-types: this element is of type `Group`, those before it are of type "
         "`User`"},
        {"principal in resource", IMPOSSIBLE},
        {"principal in 1",
         "14 unexpected-type: expected an entity or a Set of entities, found `Long`"},
        {"principal in [1]",
         "14 unexpected-type: expected an entity or a Set of entities, found `Set<Long>`"},
        {"1 in principal", "1 unexpected-type: expected an entity, found `Long`"},
        {"[principal] in principal", "1 unexpected-type: expected an entity, found `Set<User>`"},
        {"User::\"a\" in User::\"a\"", NULL},
        {"principal.level in Level::\"low\"", NULL},
        {"action in Action::\"all\"", NULL},
        {"action in Action::\"view\"", NULL},
        {"action in N::Action::\"list\"", IMPOSSIBLE},
        {"action in [Action::\"all\"]", NULL},
        {"N::Action::\"list\" in Action::\"all\"", NULL},
        {"Action::\"all\" in N::Action::\"list\"", IMPOSSIBLE},
        {"principal.act in Action::\"all\"", NULL},
        {"principal.act in N::Action::\"list\"", IMPOSSIBLE},
        {"N::Action::\"list\" in principal.act", NULL},
        {"(if context has c then action else action) in Action::\"all\"", NULL},
        {"action in principal", IMPOSSIBLE},
        {"action in [principal]", IMPOSSIBLE},
        {"action in [principal, action]", "23 incompatible-types: this element is of type "
                                          "`Action`, those before it are of type `User`"},
        {"action in []", "11 empty-set: `[]` has no type: a set needs an element (ask with "
                         "`isEmpty()` whether a set has none)"},
    };
    CHECK_ROWS(*state, rows);
}

static void test_typecheck__decides_is_by_the_type(void **state)
{
    static const struct row rows[] = {
        {"principal is User", NULL},
        {"principal is Group", IMPOSSIBLE},
        {"principal is Action", IMPOSSIBLE},
        {"action is Action", NULL},
        {"action is N::Action", IMPOSSIBLE},
        {"1 is User", "1 unexpected-type: expected an entity, found `Long`"},
        {"principal is User in Group::\"g\"", NULL},
        {"principal is Group in 1", IMPOSSIBLE},
        {"principal is User in 1",
         "22 unexpected-type: expected an entity or a Set of entities, found `Long`"},
        {"resource is Doc in Group::\"g\"", IMPOSSIBLE},
    };
    CHECK_ROWS(*state, rows);
}

static void test_typecheck__learns_from_has(void **state)
{
    static const struct row rows[] = {
        {"principal has name", NULL},
        {"principal has nope", IMPOSSIBLE},
        {"principal has age", NULL},
        {"context has d", NULL},
        {"context has c", NULL},
        {"{a: 1} has a", NULL},
        {"{a: 1} has b", IMPOSSIBLE},
        {"action has x", IMPOSSIBLE},
        {"principal.level has x", IMPOSSIBLE},
        {"1 has a", "1 unexpected-type: expected an entity or a record, found `Long`"},
        {"principal.name has a",
         "11 unexpected-type: expected an entity or a record, found `String`"},
        {"principal has nope && principal.nope.more == 1", IMPOSSIBLE},
        {"principal has name && principal has name", NULL},
        {"context has n.o.p && context.n.o.p == 1", NULL},
        {"context has n.o && context[\"n\"][\"o\"] has p && context.n.o.p == 1", NULL},
        {"context has n.o.q", IMPOSSIBLE},
        {"context has n.q.r.s", IMPOSSIBLE},
        {"context has n.o.p.q", "9 unexpected-type: expected an entity or a record, found `Long`"},
        {"principal has name.a",
         "11 unexpected-type: expected an entity or a record, found `String`"},
        {"principal has boss.age && principal.boss.age == 1", NULL},
        {"principal has boss.boss.boss && principal.boss.boss.boss.name == \"x\"", NULL},
        {"principal has boss.age || principal.boss.age == 1",
         "37 optional-attribute: the attribute `boss` of `User` may be missing: ask with `has` "
         "before it is read"},
        {"context[\"c\"] == 1",
         "8 optional-attribute: the attribute `c` of the context of `Action::\"view\"` may be "
         "missing: ask with `has` before it is read"},
        {"context has c && context[\"c\"] == 1", NULL},
    };
    CHECK_ROWS(*state, rows);
}

static void test_typecheck__reads_attributes_that_are_there(void **state)
{
    static const struct row rows[] = {
        {"principal.age == 1", "11 optional-attribute: the attribute `age` of `User` may be "
                               "missing: ask with `has` before it is read"},
        {"principal.nope == 1", "11 unknown-attribute: `User` has no attribute `nope`"},
        {"principal.nam == \"x\"",
         "11 unknown-attribute: `User` has no attribute `nam`; did you mean `name`?"},
        {"action.x == 1", "8 unknown-attribute: `Action` has no attribute `x`"},
        {"principal.level.x == 1", "17 unknown-attribute: `Level` has no attribute `x`"},
        {"resource.owner.name == \"x\"", NULL},
        {"resource.owner.nope == 1", "16 unknown-attribute: `User` has no attribute `nope`"},
        {"resource.owner.name.more == 1",
         "16 unexpected-type: expected an entity or a record, found `String`"},
        {"resource.must.a == 1", NULL},
        {"resource.may.a == 1", "14 optional-attribute: the attribute `a` of the record `may` may "
                                "be missing: ask with `has` before it is read"},
        {"resource.must.b == 1", "15 unknown-attribute: the record `must` has no attribute `b`"},
        {"context.n.oo == 1", "11 unknown-attribute: the record `n` has no attribute `oo`"},
        {"context.nope == 1",
         "9 unknown-attribute: the context of `Action::\"view\"` has no attribute `nope`"},
        {"{a: 1}.a == 1", NULL},
        {"{a: 1}.b == 1", "8 unknown-attribute: this record has no attribute `b`"},
        {"{\"a b\": 1}[\"a b\"] == 1", NULL},
        {"{x: principal}.x has age && {x: principal}.x.age == 1", NULL},
        {"{x: principal}.x has age && principal.age == 1",
         "39 optional-attribute: the attribute `age` of `User` may be missing: ask with `has` "
         "before it is read"},
    };
    CHECK_ROWS(*state, rows);
}

static void test_typecheck__reads_tags_that_are_there(void **state)
{
    static const struct row rows[] = {
        {"principal.hasTag(\"x\")", NULL},
        {"principal.hasTag(\"x\") && principal.getTag(\"x\") == 1", NULL},
        {"principal.hasTag(\"x\") && principal.getTag(\"y\") == 1",
         "36 optional-tag: this tag of `User` may be missing: ask with `hasTag` before it is read"},
        {"principal.hasTag(\"x\") || principal.getTag(\"x\") == 1",
         "36 optional-tag: this tag of `User` may be missing: ask with `hasTag` before it is read"},
        {"principal.hasTag(principal.name) && principal.getTag(principal[\"name\"]) == 1", NULL},
        {"principal.hasTag(if context has c then \"a\" else \"b\") && principal.getTag(if context "
         "has c then \"a\" else \"b\") == 1",
         NULL},
        {"principal.hasTag(\"x\") && principal.getTag(\"x\")",
         "36 unexpected-type: expected `Bool`, found `Long`"},
        {"principal has boss && principal.boss.hasTag(\"x\") && principal.boss.getTag(\"x\") == 1",
         NULL},
        {"principal has boss && principal.hasTag(\"x\") && principal.boss.getTag(\"x\") == 1",
         "63 optional-tag: this tag of `User` may be missing: ask with `hasTag` before it is read"},
        {"principal.getTag(\"x\") == 1",
         "11 optional-tag: this tag of `User` may be missing: ask with `hasTag` before it is read"},
        {"resource.hasTag(\"x\")", IMPOSSIBLE},
        {"resource.hasTag(\"x\") && resource.getTag(\"x\") == 1", IMPOSSIBLE},
        {"resource.getTag(\"x\") == 1", "10 no-tags: entities of type `Doc` have no tags"},
        {"action.hasTag(\"x\")", IMPOSSIBLE},
        {"principal.hasTag(1)", "18 unexpected-type: expected `String`, found `Long`"},
        {"1.hasTag(\"a\")", "1 unexpected-type: expected an entity, found `Long`"},
    };
    CHECK_ROWS(*state, rows);
}

static void test_typecheck__orders_and_counts_numbers_and_times(void **state)
{
    static const struct row rows[] = {
        {"context.d < 1", NULL},
        {"context.d >= 1 + 2 * -context.d", NULL},
        {"principal.t < principal.t", NULL},
        {"principal.l <= principal.l", NULL},
        {"principal.t < principal.l", "25 unexpected-type: expected `datetime`, found `duration`"},
        {"principal.d < principal.d",
         "11 unexpected-type: expected `Long`, `datetime` or `duration`, found `decimal`"},
        {"\"a\" < \"b\"",
         "1 unexpected-type: expected `Long`, `datetime` or `duration`, found `String`"},
        {"1 < principal.t", "15 unexpected-type: expected `Long`, found `datetime`"},
        {"principal.t < 1", "15 unexpected-type: expected `datetime`, found `Long`"},
        {"1 + \"a\" == 2", "5 unexpected-type: expected `Long`, found `String`"},
        {"-\"a\" == 1", "2 unexpected-type: expected `Long`, found `String`"},
        {"true - 1 == 2", "1 unexpected-type: expected `Long`, found `Bool`"},
    };
    CHECK_ROWS(*state, rows);
}

static void test_typecheck__matches_strings(void **state)
{
    static const struct row rows[] = {
        {"principal.name like \"a*\"", NULL},
        {"1 like \"a\"", "1 unexpected-type: expected `String`, found `Long`"},
    };
    CHECK_ROWS(*state, rows);
}

static void test_typecheck__wants_one_type_in_a_set(void **state)
{
    static const struct row rows[] = {
        {"[].isEmpty()", "1 empty-set: `[]` has no type: a set needs an element (ask with "
                         "`isEmpty()` whether a set has none)"},
        {"[1, \"a\"].isEmpty()", "5 incompatible-types: this element is of type `String`, those "
                                 "before it are of type `Long`"},
        {"[principal, resource].isEmpty()", "13 incompatible-types: this element is of type `Doc`, "
                                            "those before it are of type `User`"},
        {"[1].isEmpty()", NULL},
        {"1.isEmpty()", "1 unexpected-type: expected a Set, found `Long`"},
        {"[[1], [2]].contains([3])", NULL},
        {"[true].contains(false)", NULL},
        {"principal.tags_.contains(\"a\")", NULL},
        {"principal.tags_.contains(1)", "17 incompatible-types: `contains` looks for `Long` in a "
                                        "set of `String`, which is another type"},
        {"principal.name.contains(\"a\")", "11 unexpected-type: expected a Set, found `String`"},
        {"principal.tags_.containsAll([\"a\"])", NULL},
        {"principal.tags_.containsAll(\"a\")",
         "29 unexpected-type: expected a Set, found `String`"},
        {"principal.tags_.containsAny([1])", "17 incompatible-types: `containsAny` looks for "
                                             "`Long` in a set of `String`, which is another type"},
        {"[resource.flag].contains({f: true})", NULL},
        {"resource.flags.contains({f: 1 == 2})", NULL},
        {"[resource.must, resource.may].isEmpty()",
         "26 incompatible-types: this element is of type `{\"a\"?: Long}`, those before it are of "
         "type `{\"a\": Long}`"},
        {"[N::Action::\"list\", Action::\"all\"].isEmpty()",
         "21 incompatible-types: this element is of type `Action`, those before it are of type "
         "`N::Action`"},
    };
    CHECK_ROWS(*state, rows);
}

static void test_typecheck__checks_extension_types(void **state)
{
    static const struct row rows[] = {
        {"principal.d == decimal(\"1.0\")", NULL},
        {"principal.d == decimal(\"x\")", "24 constructor: `x` is no text for `decimal`"},
        {"false && principal.d == decimal(\"x\")", IMPOSSIBLE},
        {"principal.d == decimal(principal.name)",
         "34 constructor: `decimal` needs a text that stands there, not one that is computed"},
        {"principal.d == decimal(if true then \"1.0\" else \"2.0\")",
         "24 constructor: `decimal` needs a text that stands there, not one that is computed"},
        {"principal.d == decimal(1)", "24 unexpected-type: expected `String`, found `Long`"},
        {"principal.d == decimal()", "16 argument-count: `decimal` takes 1 argument, not 0"},
        {"principal.d == decimal(\"1.0\", \"2.0\")",
         "16 argument-count: `decimal` takes 1 argument, not 2"},
        {"principal.d.lessThan(decimal(\"1.0\"))", NULL},
        {"principal.d.lessThan(1)", "22 unexpected-type: expected `decimal`, found `Long`"},
        {"principal.d.lessThan(decimal(\"1.0\"), decimal(\"1.0\"))",
         "13 argument-count: `lessThan` takes 1 argument, not 2"},
        {"principal.i.isInRange(ip(\"10.0.0.0/8\"))", NULL},
        {"principal.i.isInRange(principal.d)",
         "33 unexpected-type: expected `ipaddr`, found `decimal`"},
        {"principal.i.isIpv4(1)", "13 argument-count: `isIpv4` takes 0 arguments, not 1"},
        {"principal.t.offset(principal.l).toDate() > principal.t", NULL},
        {"principal.t.offset(1) > principal.t",
         "20 unexpected-type: expected `duration`, found `Long`"},
        {"principal.t.durationSince(principal.t).toDays() == 1", NULL},
        {"duration(\"1d\") < datetime(\"2024-01-01\").toTime()", NULL},
    };
    CHECK_ROWS(*state, rows);
}

static void test_typecheck__takes_expressions_for_equal_as_cedar_does(void **state)
{
    static const struct row rows[] = {
        {"(if context.d == 1 && context.d == 2 && context.d == 3 then principal else principal) "
         "has age && (if (context.d == 1 && context.d == 2) && context.d == 3 then principal else "
         "principal).age == 1",
         NULL},
        {"(if context.d == 1 && context.d == 2 && context.d == 3 then principal else principal) "
         "has age && (if context.d == 1 && (context.d == 2 && context.d == 3) then principal else "
         "principal).age == 1",
         "186 optional-attribute: the attribute `age` of `User` may be missing: ask with `has` "
         "before it is read"},
        {"(if context.d > 1 then principal else principal) has age && (if !(context.d <= 1) then "
         "principal else principal).age == 1",
         NULL},
        {"(if context.d > 1 then principal else principal) has age && (if 1 < context.d then "
         "principal else principal).age == 1",
         "110 optional-attribute: the attribute `age` of `User` may be missing: ask with `has` "
         "before it is read"},
        {"(if context.d != 1 then principal else principal) has age && (if !(context.d == 1) then "
         "principal else principal).age == 1",
         NULL},
        {"(if principal is User in principal.group then principal else principal) has age && (if "
         "principal is User && principal in principal.group then principal else principal).age == "
         "1",
         NULL},
        {"(if principal has boss.age then principal else principal) has age && (if principal has "
         "boss && principal.boss has age then principal else principal).age == 1",
         "150 optional-attribute: the attribute `age` of `User` may be missing: ask with `has` "
         "before it is read"},
        {"{a: principal, b: 1}.a has age && {b: 1, a: principal}.a.age == 1", NULL},
        {"(if [1, 2] == [1] then principal else principal) has age && (if [2, 1] == [1] then "
         "principal else principal).age == 1",
         "110 optional-attribute: the attribute `age` of `User` may be missing: ask with `has` "
         "before it is read"},
        {"(if context.d == -1 then principal else principal) has age && (if context.d == -(1) then "
         "principal else principal).age == 1",
         "116 optional-attribute: the attribute `age` of `User` may be missing: ask with `has` "
         "before it is read"},
        {"(if action == Action::\"view\" then principal else principal) has age && (if "
         "Action::\"view\" == Action::\"view\" then principal else principal).age == 1",
         "140 optional-attribute: the attribute `age` of `User` may be missing: ask with `has` "
         "before it is read"},
        {"(if principal.name like \"a*\" then principal else principal) has age && (if "
         "principal.name like \"a*\" then principal else principal).age == 1",
         NULL},
        {"(if principal.name like \"a*\" then principal else principal) has age && (if "
         "principal.name like \"*a\" then principal else principal).age == 1",
         "132 optional-attribute: the attribute `age` of `User` may be missing: ask with `has` "
         "before it is read"},
    };
    CHECK_ROWS(*state, rows);
}

static void test_typecheck__finds_names_that_are_not_declared(void **state)
{
    static const struct row rows[] = {
        {"principal == Nope::\"a\"", "14 unknown-entity-type: there is no entity type `Nope`"},
        {"false && principal == Nope::\"a\"",
         "23 unknown-entity-type: there is no entity type `Nope`"},
        {"principal is Nope", "11 unknown-entity-type: there is no entity type `Nope`"},
        {"false && principal is Nope", "20 unknown-entity-type: there is no entity type `Nope`"},
        {"principal is M::Action", IMPOSSIBLE},
        {"action == Action::\"vieww\"", "11 unknown-action: there is no action "
                                        "`Action::\"vieww\"`; did you mean `Action::\"view\"`?"},
        {"false && action == Action::\"vieww\"",
         "20 unknown-action: there is no action `Action::\"vieww\"`; did you mean "
         "`Action::\"view\"`?"},
        {"principal.level == Level::\"low\"", NULL},
        {"principal.level == Level::\"lov\"",
         "20 unknown-enum-id: there is no entity `Level::\"lov\"`: the ids of this type are listed "
         "in the schema; did you mean `low`?"},
        {"false && principal.level == Level::\"lov\"",
         "29 unknown-enum-id: there is no entity `Level::\"lov\"`: the ids of this type are listed "
         "in the schema; did you mean `low`?"},
        {"action == N::Action::\"view\"",
         "11 unknown-action: there is no action `N::Action::\"view\"`; did you mean "
         "`Action::\"view\"`?"},
    };
    CHECK_ROWS(*state, rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_typecheck__types_literals_and_variables, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_typecheck__takes_the_branches_of_if_that_can_be_taken,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_typecheck__carries_what_is_known_through_and, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_typecheck__keeps_what_both_sides_of_or_know, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_typecheck__knows_nothing_behind_a_negation, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_typecheck__compares_types_that_go_together, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_typecheck__knows_what_can_be_in_what, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_typecheck__decides_is_by_the_type, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_typecheck__learns_from_has, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_typecheck__reads_attributes_that_are_there, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_typecheck__reads_tags_that_are_there, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_typecheck__orders_and_counts_numbers_and_times, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_typecheck__matches_strings, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_typecheck__wants_one_type_in_a_set, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_typecheck__checks_extension_types, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_typecheck__takes_expressions_for_equal_as_cedar_does,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_typecheck__finds_names_that_are_not_declared, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
