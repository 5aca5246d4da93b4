/* SPDX-License-Identifier: Apache-2.0 */
/* What check warns of in policies that are right, where, and of what it does not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "policy/base/base.h"
#include "tests/support/folder.h"

static const char vocabulary[] =
    "labels:\n"
    "  person.cnic: {mask: {text: \"[CNIC]\"}, tokenize: {length: 16}}\n"
    "  person.name: {mask: {keep_first: 1}}\n"
    "  time: {coarsen: {time: month}}\n"
    "  page: {}\n"
    "purposes:\n"
    "  investigation: {}\n"
    "  vehicle-crime: {in: [investigation]}\n"
    "  research: {}\n";

static const char service[] =
    "openapi: 3.1.0\n"
    "info: {title: anpr, version: '1'}\n"
    "x-amanat-service: anpr\n"
    "paths:\n"
    "  /people:\n"
    "    get:\n"
    "      operationId: findPeople\n"
    "      parameters:\n"
    "        - {name: cnic, in: query, schema: {type: string}, x-amanat-label: person.cnic}\n"
    "        - {name: sheet, in: query, schema: {type: integer}, x-amanat-label: page}\n"
    "        - {name: since, in: query, schema: {type: string, format: date}, x-amanat-label: "
    "time}\n"
    "      responses:\n"
    "        '200':\n"
    "          description: found\n"
    "          content:\n"
    "            application/json:\n"
    "              schema:\n"
    "                type: object\n"
    "                properties:\n"
    "                  person:\n"
    "                    type: object\n"
    "                    x-amanat-record: Person\n"
    "                    required: [owner]\n"
    "                    properties:\n"
    "                      owner: {type: string}\n"
    "                      cnic: {type: string, x-amanat-label: person.cnic}\n"
    "                      name: {type: string, x-amanat-label: person.name}\n"
    "                      seen: {type: string, format: date, x-amanat-label: time}\n"
    "                  visit:\n"
    "                    type: object\n"
    "                    x-amanat-record: Visit\n"
    "                    properties:\n"
    "                      host: {type: string, x-amanat-label: person.name}\n";

#define FORBID(actions, rest)                                                                      \
    "@id(\"f\")\nforbid (principal, action in [" actions "], resource" rest ";\n"
#define PERMIT(id, principal, actions, rest)                                                       \
    "@id(\"" id "\")\npermit (principal" principal ", action in [" actions "], resource is " rest  \
    ";\n"
#define ACTION(id) "Action::\"" id "\""
#define ACME       " in Partner::\"acme\""
#define OTHER      " in Partner::\"other\""
#define FOR(id)    " when { context.need.purpose in Purpose::\"" id "\" }"
#define CASE(test)                                                                                 \
    "@id(\"c\")\npermit (principal, action == Action::\"findPeople\", resource)\n"                 \
    "when { context.need has case && " test " };\n"

static const struct {
    const char *policies;
    const char *expected;
} rows[] = {
    /* weaker-mode-forbidden */
    {FORBID(ACTION("mask:person.cnic"), ")") PERMIT("p", "", ACTION("reveal:person"), "Person)"),
     "2:31 weaker-mode-forbidden: `f` forbids `mask:person.cnic` but not the stronger "
     "`reveal:person.cnic`, which `p` (x.cedar:3) may permit: the stronger mode would leave; write "
     "`action in Action::\"disclose:person.cnic\"` to keep it in"},
    {FORBID(ACTION("mask"), ")") PERMIT("p", "", ACTION("reveal:person.name"), "Visit)"),
     "2:31 weaker-mode-forbidden: `f` forbids `mask:person.name` but not the stronger "
     "`reveal:person.name`, which `p` (x.cedar:3) may permit: the stronger mode would leave; write "
     "`action in Action::\"disclose:person.name\"` to keep it in"},
    {FORBID(ACTION("tokenize:person.cnic"), ")")
         PERMIT("p", "", ACTION("mask:person.cnic"), "Person)"),
     "2:31 weaker-mode-forbidden: `f` forbids `tokenize:person.cnic` but not the stronger "
     "`mask:person.cnic`, which `p` (x.cedar:3) may permit: the stronger mode would leave; write "
     "`action in Action::\"disclose:person.cnic\"` to keep it in"},
    {FORBID(ACTION("mask:person.name"), " is Person)" FOR("research"))
         PERMIT("p", ACME, ACTION("reveal:person.name"), "Person)" FOR("research")),
     "2:31 weaker-mode-forbidden: `f` forbids `mask:person.name` but not the stronger "
     "`reveal:person.name`, which `p` (x.cedar:3) may permit: the stronger mode would leave; write "
     "`action in Action::\"disclose:person.name\"` to keep it in"},
    {"@accept(\"case-unbound, weaker-mode-forbidden\")\n" FORBID(ACTION("mask:person.cnic"), ")")
         PERMIT("p", "", ACTION("reveal:person"), "Person)"),
     ""},
    {FORBID(ACTION("disclose:person.cnic"), ")")
         PERMIT("p", "", ACTION("reveal:person"), "Person)"),
     ""},
    {FORBID(ACTION("mask:person.cnic") ", " ACTION("reveal:person"), ")")
         PERMIT("p", "", ACTION("reveal:person"), "Person)"),
     ""},
    {FORBID(ACTION("reveal:person.cnic"), ")")
         PERMIT("p", "", ACTION("mask:person.cnic"), "Person)"),
     ""},
    {FORBID(ACTION("mask:person.name"), " is Person)")
         PERMIT("p", "", ACTION("reveal:person.name"), "Visit)"),
     ""},
    {FORBID(ACTION("mask:person.name"), ")" FOR("research"))
         PERMIT("p", "", ACTION("reveal:person.name"), "Person)" FOR("vehicle-crime")),
     ""},
    {"@id(\"f\")\nforbid (principal" OTHER
     ", action == " ACTION("mask:person.name") ", resource);\n" PERMIT(
         "p", ACME, ACTION("reveal:person.name"), "Person)"),
     ""},
    {FORBID(ACTION("mask:person.cnic"), ")")
         PERMIT("p", "", ACTION("reveal:person"),
                "Person)") "@id(\"g\")\nforbid (principal, action "
                           "in " ACTION("reveal:person") ", resource);\n",
     ""},
    {FORBID(ACTION("mask:person.cnic"), ")") PERMIT(
         "p", "", ACTION("reveal:person"), "Person)") "@id(\"g\")\nforbid (principal, action "
                                                      "in " ACTION("reveal:person") ", resource)\n"
                                                                                    "when { "
                                                                                    "context.need."
                                                                                    "signed };\n",
     "2:31 weaker-mode-forbidden: `f` forbids `mask:person.cnic` but not the stronger "
     "`reveal:person.cnic`, which `p` (x.cedar:3) may permit: the stronger mode would leave; write "
     "`action in Action::\"disclose:person.cnic\"` to keep it in"},
    /* query-finer-than-answer */
    {PERMIT("q", ACME, ACTION("query:person.cnic"), "Service)")
         PERMIT("p", "", ACTION("mask:person.cnic"), "Person)"),
     "2:50 query-finer-than-answer: `q` lets its partners ask `findPeople` by `person.cnic`, of "
     "which the answer shows them at most a masked value: who asks by one value after another "
     "learns what the answer hides"},
    {PERMIT("q", ACME, ACTION("query:page") ", " ACTION("query:person"), "Service)"),
     "2:72 query-finer-than-answer: `q` lets its partners ask `findPeople` by `person.cnic`, of "
     "which the answer shows them nothing: who asks by one value after another learns what the "
     "answer hides"},
    {PERMIT("q", "", ACTION("query"), "Service)")
         PERMIT("p", "", ACTION("coarsen:time") ", " ACTION("reveal:person"), "Person)"),
     "2:31 query-finer-than-answer: `q` lets its partners ask `findPeople` by `time`, of which the "
     "answer shows them at most a coarser value: who asks by one value after another learns what "
     "the answer hides"},
    {PERMIT("q", ACME, ACTION("query:person.cnic"), "Service)")
         PERMIT("p", OTHER, ACTION("reveal:person.cnic"), "Person)"),
     "2:50 query-finer-than-answer: `q` lets its partners ask `findPeople` by `person.cnic`, of "
     "which the answer shows them nothing: who asks by one value after another learns what the "
     "answer hides"},
    {PERMIT("q", "", ACTION("query:person.cnic"), "Service)" FOR("research"))
         PERMIT("p", "", ACTION("reveal:person.cnic"), "Person)" FOR("investigation")),
     "2:31 query-finer-than-answer: `q` lets its partners ask `findPeople` by `person.cnic`, of "
     "which the answer shows them nothing: who asks by one value after another learns what the "
     "answer hides"},
    {PERMIT("q", "", ACTION("query:person.cnic"), "Service)") PERMIT(
         "p", "", ACTION("reveal:person.cnic"), "Person)") FORBID(ACTION("disclose:person"), ")"),
     "2:31 query-finer-than-answer: `q` lets its partners ask `findPeople` by `person.cnic`, of "
     "which the answer shows them nothing: who asks by one value after another learns what the "
     "answer hides"},
    {PERMIT("q", "", ACTION("query:page"), "Service)"), ""},
    {PERMIT("q", "", ACTION("query:person.cnic"), "Service)" FOR("vehicle-crime"))
         PERMIT("p", OTHER, ACTION("reveal:person.cnic"), "Person)" FOR("investigation")),
     ""},
    {"@accept(\"query-finer-than-answer\")\n" PERMIT("q", ACME, ACTION("query:person.cnic"),
                                                     "Service)"),
     ""},
    {PERMIT("q", " in Partner::\"branch\"", ACTION("query:person.cnic"), "Service)")
         PERMIT("p", ACME, ACTION("reveal:person.cnic"), "Person)"),
     ""},
    /* case-unbound */
    {CASE("context.need.case.open"),
     "3:33 case-unbound: `c` reads the case but never asks whose it is: anybody whom it is for may "
     "name anybody's case; compare the case with the principal, a parameter or the record, as in "
     "`context.need.case.partners.contains(principal.partner)`"},
    {CASE("!(context.need.case.open == false) && principal has role"),
     "3:35 case-unbound: `c` reads the case but never asks whose it is: anybody whom it is for may "
     "name anybody's case; compare the case with the principal, a parameter or the record, as in "
     "`context.need.case.partners.contains(principal.partner)`"},
    {CASE("context.need.case.open && context.need.case.partners.contains(principal.partner)"), ""},
    {CASE("context.need.case.open && context.need.case.partners.contains(Partner::\"acme\")"), ""},
    {CASE("context.need.case.open && context.need.case == Case::\"FIR-1\""), ""},
    {CASE("context.need.case.open && context.parameters has cnic && "
          "context.need.case has subject && context.need.case.subject == context.parameters.cnic"),
     ""},
    {"@id(\"c\")\npermit (principal, action == Action::\"reveal:person.name\", resource is "
     "Person)\n"
     "when { context.need has case && context.need.case has subject && context.need.case.subject "
     "== resource.owner };\n",
     ""},
    {CASE("context.need.case has subject && context.need.case.subject == \"x\""),
     "3:51 case-unbound: `c` reads the case but never asks whose it is: anybody whom it is for may "
     "name anybody's case; compare the case with the principal, a parameter or the record, as in "
     "`context.need.case.partners.contains(principal.partner)`"},
    {"@id(\"c\")\nforbid (principal, action == Action::\"findPeople\", resource)\n"
     "unless { context.need has case && context.need.case.open };\n",
     ""},
    {"@id(\"c\")\npermit (principal, action == Action::\"findPeople\", resource)\n"
     "when { context.need has case };\n",
     ""},
    {"@accept(\"case-unbound\")\n" CASE("context.need.case.open"), ""},
};

static void test_ruleset_lint__warns_of_what_is_perhaps_not_meant(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct folder_file changes[] = {
            {"vocabulary.yaml", vocabulary},
            {"services/anpr.yaml", service},
            {"model/model.cedarschema",
             "entity Partner in [Partner] = { city: String };\n"
             "entity Agent in [Partner] = { partner: Partner, role?: String };\n"
             "entity Purpose in [Purpose];\n"
             "entity Case = { open: Bool, partners: Set<Partner>, subject?: String };\n"},
            {"branches.cedarentities.json",
             "[{\"uid\": {\"type\": \"Partner\", \"id\": \"branch\"}, \"attrs\": {\"city\": "
             "\"Lahore\"}, \"parents\": [{\"type\": \"Partner\", \"id\": \"acme\"}]}]"},
            {"access.cedar", ""},
            {"x.cedar", rows[i].policies},
            {0}};
        struct buffer found;
        buffer_init(&found, 65536);
        folder_faults(changes, &found);
        assert_string_equal(found.at, rows[i].expected);
        buffer_clear(&found);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ruleset_lint__warns_of_what_is_perhaps_not_meant),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
