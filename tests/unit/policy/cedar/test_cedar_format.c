/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The formatter: how policies and schemas look, where comments go, and its promises (same tokens,
 * same comments, nothing left to change) with a comment put into every gap of a text.
 */
#include <string.h>

#include "tests/support/cedar_formatted.h"
#include "tests/unit/policy/cedar/cedar_fixture.h"

#define LIMIT ((size_t)1 << 20)

struct row {
    const char *before;
    const char *after;
};

static amanat_result format(struct fixture *fixture, const char *text, bool is_schema,
                            struct buffer *out)
{
    const struct bytes bytes = bytes_of_string(text);
    return is_schema ? cedar_format_schema(fixture->arena, "test.cedarschema", bytes,
                                           fixture->diagnostics, out)
                     : cedar_format_policies(fixture->arena, "test.cedar", bytes,
                                             fixture->diagnostics, out);
}

static void assert_formats(struct fixture *fixture, const struct row *row, bool is_schema)
{
    struct buffer out;
    bool parses = false;
    buffer_init(&out, LIMIT);
    start_over(fixture);
    assert_ok(format(fixture, row->before, is_schema, &out));
    assert_bytes(buffer_bytes(&out), row->after);
    assert_null(cedar_formatted_fault(bytes_of_string(row->before), is_schema, &parses));
    buffer_clear(&out);
}

#define ASSERT_ROWS(fixture, rows, is_schema)                                                      \
    for (size_t row_ = 0; row_ < sizeof(rows) / sizeof((rows)[0]); row_++) {                       \
        assert_formats((fixture), &(rows)[row_], (is_schema));                                     \
    }

static void test_format__writes_a_policy_as_the_documentation_does(void **state)
{
    static const struct row rows[] = {
        {"", ""},
        {" \n\n", ""},
        {"permit(principal,action,resource);", "permit (principal, action, resource);\n"},
        {"@id( \"a\" )@advice permit(principal,action,resource)when{true}unless{false};",
         "@id(\"a\")\n@advice\npermit (principal, action, resource)\nwhen { true }\n"
         "unless { false };\n"},
        {"@if(\"x\") forbid(principal is A :: B in ?principal,action in[],resource==C::\"\",);",
         "@if(\"x\")\n"
         "forbid (principal is A::B in ?principal, action in [], resource == C::\"\",);\n"},
        {"permit(principal in Partner::\"ravi-cameras\",action in[Action::\"reveal:vehicle\","
         "Action::\"coarsen:place\"],resource is Sighting);",
         "permit (\n    principal in Partner::\"ravi-cameras\",\n"
         "    action in [Action::\"reveal:vehicle\", Action::\"coarsen:place\"],\n"
         "    resource is Sighting\n);\n"},
    };
    ASSERT_ROWS(*state, rows, false);
}

#define POLICY "permit (principal, action, resource)\nwhen { "

static void test_format__puts_blanks_where_expressions_need_them(void **state)
{
    static const struct row rows[] = {
        {POLICY "a::\"b\"in[c::\"d\",e::\"f\"]};", POLICY "a::\"b\" in [c::\"d\", e::\"f\"] };\n"},
        {POLICY "-1- -2*- 3<=--context . a};", POLICY "-1 - -2 * -3 <= --context.a };\n"},
        {POLICY "! !(true)&&!context.a [ \"b c\" ].d};",
         POLICY "!!(true) && !context.a[\"b c\"].d };\n"},
        {POLICY "{}=={a:1,\"b\":{}}||[]==[ ]};",
         POLICY "{} == { a: 1, \"b\": {} } || [] == [] };\n"},
        {POLICY "context has a . b&&resource is T in(context.c)};",
         POLICY "context has a.b && resource is T in (context.c) };\n"},
        {POLICY "ip( \"::1\" ).isInRange(ip(\"::/0\"),)};",
         POLICY "ip(\"::1\").isInRange(ip(\"::/0\"),) };\n"},
        {POLICY "if true then-1==[1][\"a\"]else(if false then 1 else 2)==3};",
         POLICY "if true then -1 == [1][\"a\"] else (if false then 1 else 2) == 3 };\n"},
        {POLICY "context.when.permit[\"a\"]like\"*\\*\\u{41}\"};",
         POLICY "context.when.permit[\"a\"] like \"*\\*\\u{41}\" };\n"},
    };
    ASSERT_ROWS(*state, rows, false);
}

static void test_format__keeps_the_lines_that_the_author_wanted(void **state)
{
    static const struct row rows[] = {
        {"permit(\nprincipal,action,resource);",
         "permit (\n    principal,\n    action,\n    resource\n);\n"},
        {"permit(principal,\naction,resource);", "permit (principal, action, resource);\n"},
        {POLICY "true\n&& false };",
         "permit (principal, action, resource)\nwhen {\n    true &&\n    false\n};\n"},
        {POLICY "true && (false ||\n\n\ntrue) };",
         "permit (principal, action, resource)\nwhen {\n    true &&\n    (\n        false ||\n\n"
         "        true\n    )\n};\n"},
        {POLICY "true && false ||\nfalse };",
         "permit (principal, action, resource)\nwhen {\n    true && false ||\n    false\n};\n"},
        {POLICY "true &&\nfalse || true};",
         "permit (principal, action, resource)\nwhen {\n    true &&\n        false ||\n    true\n};"
         "\n"},
        {POLICY "if true then false\nelse if false then true else true};",
         "permit (principal, action, resource)\nwhen {\n    if true\n    then false\n"
         "    else if false\n    then true\n    else true\n};\n"},
        {"permit(principal,action,resource);permit(principal,action,resource);\n\n\n"
         "permit(principal,action,resource);\n\n",
         "permit (principal, action, resource);\npermit (principal, action, resource);\n\n"
         "permit (principal, action, resource);\n"},
    };
    ASSERT_ROWS(*state, rows, false);
}

/* Exactly 100 characters, in more bytes; with one more it breaks. */
static void test_format__counts_characters_up_to_a_hundred(void **state)
{
#define FORTY_OMEGAS "ΩΩΩΩΩΩΩΩΩΩΩΩΩΩΩΩΩΩΩΩΩΩΩΩΩΩΩΩΩΩΩΩΩΩΩΩΩΩΩΩ"
    static const struct row rows[] = {
        {POLICY "context.name == \"" FORTY_OMEGAS "\" && context.a == \"0123456789abc\" };",
         POLICY "context.name == \"" FORTY_OMEGAS "\" && context.a == \"0123456789abc\" };\n"},
        {POLICY "context.name == \"" FORTY_OMEGAS "\" && context.a == \"0123456789abcX\" };",
         "permit (principal, action, resource)\nwhen {\n    context.name == \"" FORTY_OMEGAS
         "\" && context.a == \"0123456789abcX\"\n};\n"},
    };
    ASSERT_ROWS(*state, rows, false);
}

static void test_format__leaves_comments_where_they_stood(void **state)
{
    static const struct row rows[] = {
        {"// a", "// a\n"},
        {"\n\n//a \t\n\n\n\n// b\npermit(principal,action,resource);// c\n// d",
         "//a\n\n// b\npermit (principal, action, resource); // c\n// d\n"},
        {POLICY "true // a\n// b\n&& false // c\n};",
         "permit (principal, action, resource)\nwhen {\n    true && // a\n    // b\n"
         "    false // c\n};\n"},
        {"permit(principal,action in[//a\n],resource)// b\n// c\n;",
         "permit (\n    principal,\n    action in [ //a\n    ],\n    resource\n) // b\n// c\n;\n"},
        {"@id// a\n(// b\n\"x\")permit(principal// c\n,action,resource)// d\n;",
         "@id(\"x\") // a\n// b\npermit (\n    principal, // c\n    action,\n    resource\n); // "
         "d\n"},
        {"permit(principal,action,resource)\r\n// a\rwhen{true}// b\r\n;\r\n\r\n// c\r\n",
         "permit (principal, action, resource)\n// a\nwhen { true }; // b\n\n// c\n"},
        {POLICY "\"//\" == \"a\nb\" };", POLICY "\"//\" == \"a\nb\" };\n"},
    };
    ASSERT_ROWS(*state, rows, false);
}

static void test_format__writes_schemas(void **state)
{
    static const struct row rows[] = {
        {"entity A,B in[C,D::E]={\"a b\"?:Set<Long>,c:{},}tags Set<Set<String>>;",
         "entity A, B in [C, D::E] = { \"a b\"?: Set<Long>, c: {}, } tags Set<Set<String>>;\n"},
        {"entity E enum[\"a\",\"b\"];type T=__cedar::Long;",
         "entity E enum [\"a\", \"b\"];\ntype T = __cedar::Long;\n"},
        {"action a,\"b c\" in N::Action::\"g\" appliesTo{principal:A,resource:[B,C],context:{\n"
         "a:Long}}attributes{};",
         "action a, \"b c\" in N::Action::\"g\" appliesTo {\n    principal: A,\n"
         "    resource: [B, C],\n    context: {\n        a: Long\n    }\n} attributes {};\n"},
        {"@doc(\"x\")namespace A::B{@doc(\"y\")entity C{\n@doc a:Long};\n\n\n// end\n}namespace "
         "D{}",
         "@doc(\"x\")\nnamespace A::B {\n    @doc(\"y\")\n    entity C {\n        @doc\n"
         "        a: Long\n    };\n\n    // end\n}\nnamespace D {}\n"},
        {"action \"a name that is long enough\",\"another name that is long enough\","
         "\"and one more that is long enough\";",
         "action \"a name that is long enough\",\n    \"another name that is long enough\",\n"
         "    \"and one more that is long enough\";\n"},
    };
    ASSERT_ROWS(*state, rows, true);
}

static void assert_refuses(struct fixture *fixture, const char *text, bool is_schema,
                           const char *diagnostic)
{
    struct buffer out;
    buffer_init(&out, LIMIT);
    start_over(fixture);
    buffer_append_string(&out, "before");
    assert_fault(format(fixture, text, is_schema, &out));
    assert_bytes(buffer_bytes(&out), "before");
    assert_int_equal(amanat_diagnostics_at(fixture->diagnostics, 0)->line, 2);
    assert_string_equal(amanat_diagnostics_at(fixture->diagnostics, 0)->text, diagnostic);
    buffer_clear(&out);
}

static void test_format__never_changes_what_does_not_parse(void **state)
{
    assert_refuses(*state, "permit(principal,action,resource);\npermitt(principal);", false,
                   "expected `permit` or `forbid`, found `permitt`; did you mean `permit`?");
    assert_refuses(*state, "entity A;\nentity \"B\";", true,
                   "expected an entity type's name, found a string");
    assert_refuses(*state, "// ok\n\xff", false, "this is not UTF-8");
}

static void test_format__appends_nothing_to_a_buffer_that_is_full(void **state)
{
    struct buffer out;
    buffer_init(&out, 20);
    buffer_append_string(&out, "before");
    assert_int_equal(format(*state, "permit(principal,action,resource);", false, &out).status,
                     AMANAT_STATUS_LIMIT);
    assert_bytes(buffer_bytes(&out), "before");
    buffer_clear(&out);
}

static void test_format__says_so_when_there_is_too_little_memory(void **state)
{
    const char *text = POLICY "[1, 2].contains(3) && (true || false) // a\n};";
    size_t failures = 0;
    (void)state;
    for (size_t limit = 512;; limit += 512) {
        struct fixture small = {.arena = arena_new(limit)};
        struct buffer out;
        buffer_init(&out, LIMIT);
        const amanat_result result = format(&small, text, false, &out);
        arena_free(small.arena);
        if (amanat_is_ok(result)) {
            buffer_clear(&out);
            break;
        }
        assert_int_equal(result.status, AMANAT_STATUS_MEMORY);
        assert_int_equal(out.length, 0);
        failures++;
    }
    assert_true(failures > 2);
}

/* Puts `piece` at each place of the text; some places do not parse then (inside a name). */
static size_t check_with_piece_everywhere(const char *text, const char *piece, bool is_schema)
{
    char changed[4096];
    const size_t length = strlen(text);
    size_t parsed = 0;
    assert_true(length + strlen(piece) < sizeof(changed));
    for (size_t i = 0; i <= length; i++) {
        bool parses = false;
        (void)snprintf(changed, sizeof(changed), "%.*s%s%s", (int)i, text, piece, text + i);
        const char *fault = cedar_formatted_fault(bytes_of_string(changed), is_schema, &parses);
        if (fault != NULL) {
            fail_msg("%s: %s", fault, changed);
        }
        parsed += parses ? 1 : 0;
    }
    return parsed;
}

static void check_with_pieces_everywhere(const char *text, bool is_schema)
{
    static const char *const pieces[] = {
        "// end of line\n", "\n// own line\n", "\n\n\n", "\n\n// a\n\n\n// b\n\n", "\n", " "};
    for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
        assert_true(check_with_piece_everywhere(text, pieces[i], is_schema) > strlen(text) / 3);
    }
}

static void test_format__loses_no_comment_wherever_it_stands(void **state)
{
    (void)state;
    check_with_pieces_everywhere(
        "@id(\"a\") permit(principal is A::B in ?principal, action in [Action::\"a\",], resource)"
        " when { if !x::\"y\".a[\"b\"].isEmpty() then -1 + 2 * 3 == {} else [1, 2].contains("
        "context.c) && true || false && { d: [] } == {} } unless { (context has e.f) }; // end\n"
        "forbid(principal, action, resource) when { \"ssssssssssssssssssssssssssssssssss\" in "
        "[\"tttttttttttttttttttttttttttttttttttttttttttt\"] || context.aaaaaaaaaaaaaaaaa };",
        false);
    check_with_pieces_everywhere(
        "@doc(\"a\") namespace A::B { entity C, D in [E::F, G] { \"h\"?: Set<Long>, @i j: {} } "
        "tags String; } entity K enum [\"l\", \"m\"]; type N = O; action \"p\", q in [r] appliesTo "
        "{ principal: S, resource: [TTTTTTTTTTTTTTTTTTTTTT, U], context: {} } attributes {};",
        true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_format__writes_a_policy_as_the_documentation_does,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_format__puts_blanks_where_expressions_need_them,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_format__keeps_the_lines_that_the_author_wanted, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_format__counts_characters_up_to_a_hundred, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_format__leaves_comments_where_they_stood, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_format__writes_schemas, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_format__never_changes_what_does_not_parse, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_format__appends_nothing_to_a_buffer_that_is_full,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_format__says_so_when_there_is_too_little_memory,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_format__loses_no_comment_wherever_it_stands, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
