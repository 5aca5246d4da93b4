/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What people get wrong, and every word that they are told: one row for each mistake, with all its
 * messages as "line:column text", one a line. "" is a text that is taken. A row with more messages
 * than mistakes is a fault of the parser.
 */
#include "tests/unit/policy/cedar/cedar_fixture.h"

struct mistake {
    const char *text;
    const char *messages;
};

static const struct mistake policy_mistakes[] = {
    {"permit(principal, action, resource)\n@id(\"b\")\npermit(principal, action, resource);",
     "1:36 expected `;` at the end of the policy"},
    {"permit(principal, action, resource)", "1:36 expected `;` at the end of the policy"},
    {"permit(principal, action, resource) when { true }",
     "1:50 expected `;` at the end of the policy"},
    {"permit(principal, action, resource) when { (true };",
     "1:50 expected `)` for the `(` of 1:44, found `}`"},
    {"permit(principal, action, resource) when { [1, 2 };",
     "1:50 expected `]` for the `[` of 1:44, found `}`"},
    {"permit(principal, action, resource) when { true ;",
     "1:49 expected `}` for the `{` of 1:42, found `;`"},
    {"permit(principal, action, resource when { true };",
     "1:36 expected `)` for the `(` of 1:7, found `when`"},
    {"permit principal, action, resource;", "1:8 expected `(`, found `principal`"},
    {"permit(principal action resource);", "1:17 expected `,` here, before `action`\n"
                                           "1:24 expected `,` here, before `resource`"},
    {"permit(principal; action, resource);", "1:17 expected `,`, found `;`"},
    {"permit(principal, action, resource) { true };",
     "1:37 expected `when`, `unless` or `;`, found `{`"},
    {"permit(principal, action, resource) when (true);", "1:42 expected `{`, found `(`"},
    {"permit(principal, action, resource) when { };", "1:44 expected an expression, found `}`"},
    {"permit(principal, action, resource) when { \"a };\npermit(principal, action, resource);",
     "1:44 this string does not end: its closing `\"` is missing"},
    {"permit(principal, action == Action::\"a, resource);\npermit(principal, action == "
     "Action::\"b\", resource);",
     "1:37 this string goes on into the next line: its closing `\"` seems to be missing"},
    {"permit(principal, action, resource) when { 'a' == “b” };",
     "1:44 `'` is no quotation mark of Cedar: strings stand in plain double quotes, `\"…\"`\n"
     "1:51 `“` is no quotation mark of Cedar: strings stand in plain double quotes, `\"…\"`"},
    {"permit(principal, action, resource) when { \"a”\n == \"b\" };",
     "1:44 this string goes on into the next line: its closing `\"` seems to be missing"},
    {"permit(principal, action, resource) when { \"\\q\" == \"\\u{110000}\" };",
     "1:45 this escape is not known"},
    {"permit(principal, action, resource) when { context.a = 1 };",
     "1:54 `=` is no operator: equality is `==`"},
    {"permit(principal, action, resource) when { true and not false or true };",
     "1:49 `and` is no operator: write `&&`\n"
     "1:53 `not` is no operator: not is `!`\n"
     "1:63 `or` is no operator: write `||`"},
    {"permit(principal, action, resource) when { true & true | true };",
     "1:49 `&` is no operator: and is `&&`\n"
     "1:56 `|` is no operator: or is `||`"},
    {"permit(principal, action, resource) when { 1 === 1 && 1 !== 2 && 1 <> 2 };",
     "1:46 `===` is no operator: equality is `==`\n"
     "1:57 `!==` is no operator: inequality is `!=`\n"
     "1:68 `<>` is no operator: inequality is `!=`"},
    {"permit(principal, action, resource) when { 1 =< 2 && 2 => 1 };",
     "1:46 `=<` is no operator: at most is `<=`\n"
     "1:56 `=>` is no operator: at least is `>=`"},
    {"permit(principal, action, resource) when { 5 < 6 < 7 < 8 };",
     "1:50 `<` cannot follow another comparison: write `a < b && b < c`, or parentheses"},
    {"permit(principal, action, resource) when { 6 / 2 };",
     "1:46 Cedar has no division: there are `+`, `-` and `*`"},
    {"permit(principal, action, resource) when { 1.5 };",
     "1:44 Cedar has no decimal numbers of this form: write `decimal(\"1.5\")`"},
    {"permit(principal, action, resource) when { 99999999999999999999 };",
     "1:44 this number is too large: the largest is 9223372036854775807"},
    {"permit(principal, action, resource) when { context.a ? 1 : 2 };",
     "1:54 `?` must be followed by a name; a choice is `if … then … else …`"},
    {"permit(principal, action, resource) when { if true then 1 };",
     "1:59 expected `else` (an `if` has `then` and `else`), found `}`"},
    {"permit(principal, action, resource) when { if true { 1 } else { 2 } };",
     "1:52 expected `then` (an `if` has `then` and `else`), found `{`"},
    {"permit(principal, action, resource) when { user.name == null };",
     "1:44 there is no variable `user`; did you mean `principal`?\n"
     "1:57 there is no variable `null`; Cedar has no null: ask with `has` whether an attribute is "
     "there"},
    {"permit(principal, action, resource) when { Foo:\"x\" == A::B };",
     "1:47 expected `::` between an entity's type and its id, found `:`"},
    {"permit(principal, action, resource) when { context.if };",
     "1:52 `if` is a reserved word: write `[\"if\"]` for an attribute of this name"},
    {"permit(principal, action, resource) when { {a: 1, a: 2, b 3} };",
     "1:51 this key stands twice in the record\n"
     "1:59 expected `:`, found `3`"},
    {"permit(principal, action, resource) when { [1].contians(1) && contains([1], 1) && 1.ip() && "
     "[1].isEmpty(2) };",
     "1:48 there is no method `contians`; did you mean `contains`?\n"
     "1:63 `contains` is a method: write `x.contains(…)`\n"
     "1:85 `ip` is a function: write `ip(…)`\n"
     "1:97 `isEmpty` takes no argument, not 1"},
    {"permit(principal, action, resource) when { [1 2, 3] };",
     "1:46 expected `,` here, before `2`"},
    {"permit(principal, action, resource) when { x } unless { y };",
     "1:44 there is no variable `x`; there are `principal`, `action`, `resource` and `context`, "
     "and strings stand in quotes\n"
     "1:57 there is no variable `y`; there are `principal`, `action`, `resource` and `context`, "
     "and strings stand in quotes"},
    {"permitt(principal, action, resource);",
     "1:1 expected `permit` or `forbid`, found `permitt`; did you mean `permit`?"},
    {"allow(principal, action, resource);",
     "1:1 expected `permit` or `forbid`, found `allow`; did you mean `permit`?"},
    {"id(\"x\") permit(principal, action, resource);",
     "1:1 expected `permit` or `forbid`, found `id`"},
    {"@id \"x\" permit(principal, action, resource);",
     "1:5 the value of an annotation stands in parentheses: `@id(\"…\")`"},
    {"@id('x') permit(principal, action, resource);",
     "1:5 `'` is no quotation mark of Cedar: strings stand in plain double quotes, `\"…\"`"},
    {"@id(x) permit(principal, action, resource);",
     "1:5 expected an annotation's value (a string), found `x`"},
    {"permit(action, principal, resource);",
     "1:8 expected `principal`: a scope has `principal`, `action` and `resource`, all three and in "
     "this order"},
    {"permit(principal);",
     "1:17 expected `, action`: a scope has `principal`, `action` and `resource`, all three"},
    {"permit(principl, action, resource);", "1:8 expected `principal`, found `principl`"},
    {"permit(principal: User, action, resource);",
     "1:17 expected `,`, found `:`; a type is written `principal is TYPE`, an entity `principal == "
     "TYPE::\"id\"`"},
    {"permit(principal = User::\"a\", action, resource);",
     "1:18 `=` is no operator: equality is `==`"},
    {"permit(principal != User::\"a\", action, resource);",
     "1:18 a scope knows only `==`, `in` and `is`; write what `!=` shall say as a condition, `when "
     "{ … }`"},
    {"permit(principal in [User::\"a\"], action, resource);",
     "1:21 only `action in` takes a list; write `when { principal in […] }`"},
    {"permit(principal == User, action, resource is Doc::\"x\");",
     "1:21 expected an entity, found the name `User`: an entity is written `User::\"id\"`\n"
     "1:47 expected an entity type, found an entity"},
    {"permit(principal, action == \"read\", resource);",
     "1:29 expected an action, found a string: write `Action::\"read\"`"},
    {"permit(principal, action in [Action::\"a\" Action::\"b\"], resource);",
     "1:41 expected `,` here, before `Action`"},
    {"permit(principal, action in [Action::\"a\", resource);",
     "1:43 expected an action, found the name `resource`: an entity is written `resource::\"id\"`"},
    {"permit(principal, action is Action, resource);",
     "1:26 `action` takes `==` and `in`; actions have no type to ask for"},
    {"permit(principal, action == User::\"a\", resource == ?principal);",
     "1:29 the type of an action must be `Action`, not `User`\n"
     "1:52 the only slot for `resource` is `?resource`"},
    {"permit(principal, action, resource) where { true };",
     "1:37 expected `when`, `unless` or `;`, found `where`; did you mean `when`?"},
    {"permit(principal, action, resource) if { true };",
     "1:37 expected `when`, `unless` or `;`, found `if`; did you mean `when`?"},
    {"permit(principal, action, resource) unles { true };",
     "1:37 expected `when`, `unless` or `;`, found `unles`; did you mean `unless`?"},
    {"permit(principal, action, resource) when { true };}",
     "1:51 expected `permit` or `forbid`, found `}`"},
    {"\xEF\xBB\xBF"
     "permit(principal, action, resource);",
     "1:1 the file begins with a byte order mark, which cannot be seen: save it as UTF-8 without "
     "one"},
    {"permit(principal, action, resource)\xE2\x80\x8B"
     ";",
     "1:36 here stands a character that cannot be seen, U+200B: delete it"},
    {"permit(principal, action, resource)\xC2\xA0"
     ";",
     ""},
    {"/* no */ permit(principal, action, resource);",
     "1:1 Cedar has no comments of this kind: begin each line with `//`"},
    {"# no\npermit(principal, action, resource);",
     "1:1 `#` cannot stand outside a string; comments begin with `//`"},
    {"permit(principal, action, resource) when { ~1 };", "1:44 `~` cannot stand outside a string"},
};

static const struct mistake schema_mistakes[] = {
    {"enity A;", "1:1 expected `entity`, `action`, `type` or `namespace`, found `enity`; did you "
                 "mean `entity`?"},
    {"entity A\nentity B;", "1:9 expected `;` here, found `entity` in line 2"},
    {"entity A { x: Sring, y: boolean, z: Set<Strng> };",
     "1:15 there is no type `Sring`; did you mean `String`?\n"
     "1:25 there is no type `boolean`; did you mean `Bool`?\n"
     "1:41 there is no type `Strng`; did you mean `String`?"},
    {"entity A { x: Long? };", "1:19 the `?` stands behind an attribute's name: `x?: …`"},
    {"entity A { x Long };", "1:14 expected `:`, found `Long`"},
    {"entity A { x: Long y: Long };", "1:19 expected `,` here, before `y`"},
    {"entity A in Grup;\nentity Group;",
     "1:13 there is no entity type `Grup`; did you mean `Group`?"},
    {"action a appliesTo { principal: A };\nentity A;",
     "1:10 `appliesTo` needs both `principal` and `resource`"},
    {"action read in raed;\naction rad;", "1:16 there is no action `raed`; did you mean `read`?"},
    {"namespace N {\n entity A { type: Strin };\n entty B;\n action x;\n",
     "3:2 expected `entity`, `action`, `type` or `namespace`, found `entty`; did you mean "
     "`entity`?\n"
     "4:11 expected `}` at the end of the name space, found the end of the file"},
    {"entity A = { x: Long;\nentity B;", "1:21 expected `}` for the `{` of 1:12, found `;`"},
    {"type T = Long\nentity A { x: T };", "1:14 expected `;` here, found `entity` in line 2"},
    {"entity 'A';",
     "1:8 `'` is no quotation mark of Cedar: strings stand in plain double quotes, `\"…\"`"},
    {"entity A enum [a];", "1:16 expected an entity id, found `a`"},
};

static void check_messages(const struct fixture *fixture, const struct mistake *mistake, bool taken)
{
    char all[2000] = "";
    size_t length = 0;
    for (size_t i = 0; i < amanat_diagnostics_count(fixture->diagnostics); i++) {
        const struct amanat_diagnostic *message = amanat_diagnostics_at(fixture->diagnostics, i);
        length +=
            (size_t)snprintf(all + length, sizeof(all) - length, "%s%u:%u %s", i == 0 ? "" : "\n",
                             message->line, message->column, message->text);
        assert_true(length < sizeof(all));
    }
    if (strcmp(all, mistake->messages) != 0) {
        fail_msg("%s\n%s\nexpected\n%s", mistake->text, all, mistake->messages);
    }
    assert_true(taken == (mistake->messages[0] == '\0'));
}

static void test_policy__mistakes_are_reported_once_and_with_what_to_write(void **state)
{
    struct fixture *fixture = *state;
    for (size_t i = 0; i < sizeof(policy_mistakes) / sizeof(policy_mistakes[0]); i++) {
        const struct bytes text = bytes_of_string(policy_mistakes[i].text);
        struct cedar_policy_set *set = cedar_policy_set_new(fixture->arena, NULL);
        const amanat_result added =
            cedar_policy_set_add_text(set, "test.cedar", text, fixture->diagnostics);
        check_messages(fixture, &policy_mistakes[i], amanat_is_ok(added));
        start_over(fixture);
    }
}

static void test_schema__mistakes_are_reported_once_and_with_what_to_write(void **state)
{
    struct fixture *fixture = *state;
    for (size_t i = 0; i < sizeof(schema_mistakes) / sizeof(schema_mistakes[0]); i++) {
        const struct cedar_schema_source source = {"test.cedarschema",
                                                   bytes_of_string(schema_mistakes[i].text)};
        const struct cedar_schema *schema = NULL;
        const amanat_result parsed =
            cedar_schema_parse(fixture->arena, &source, 1, fixture->diagnostics, &schema);
        check_messages(fixture, &schema_mistakes[i], amanat_is_ok(parsed));
        start_over(fixture);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_policy__mistakes_are_reported_once_and_with_what_to_write),
        cmocka_unit_test(test_schema__mistakes_are_reported_once_and_with_what_to_write),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
