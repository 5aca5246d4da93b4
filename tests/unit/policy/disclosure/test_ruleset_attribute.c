/* SPDX-License-Identifier: Apache-2.0 */
/* What is said of attributes that do not exist: at the right place, once, with what was meant. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "policy/base/base.h"
#include "tests/support/folder.h"

/* A record with all that can and cannot be an attribute. */
static const char service[] =
    "openapi: 3.0.3\n"
    "info: {title: anpr, version: '1'}\n"
    "x-amanat-service: anpr\n"
    "paths:\n"
    "  /sightings:\n"
    "    get:\n"
    "      operationId: findSightings\n"
    "      parameters:\n"
    "        - {name: plate, in: query, schema: {type: string}, x-amanat-label: vehicle.plate}\n"
    "        - {name: limit, in: query, schema: {type: integer}}\n"
    "      responses:\n"
    "        '200':\n"
    "          description: found\n"
    "          content:\n"
    "            application/json:\n"
    "              schema:\n"
    "                type: object\n"
    "                properties:\n"
    "                  total: {type: integer, x-amanat-label: count}\n"
    "                  sighting: {$ref: '#/components/schemas/Sighting'}\n"
    "                  owner: {$ref: '#/components/schemas/Owner'}\n"
    "components:\n"
    "  schemas:\n"
    "    Owner:\n"
    "      type: object\n"
    "      x-amanat-record: Owner\n"
    "      properties:\n"
    "        cnic: {type: string, x-amanat-label: person.cnic}\n"
    "    Sighting:\n"
    "      type: object\n"
    "      x-amanat-record: Sighting\n"
    "      required: [city]\n"
    "      properties:\n"
    "        city: {type: string, x-amanat-label: place.city}\n"
    "        plate: {type: string, x-amanat-label: vehicle.plate}\n"
    "        vehicle:\n"
    "          type: object\n"
    "          properties:\n"
    "            colour:\n"
    "              type: string\n"
    "            wheels: {type: array, items: {type: object, properties: {size: {type: "
    "integer}}}}\n"
    "        keeper: {$ref: '#/components/schemas/Owner'}\n"
    "        passes: {type: array, items: {type: object, properties: {gate: {type: string}}}}\n"
    "        codes: {type: array, items: {type: string, nullable: true}}\n"
    "        mixed: {oneOf: [{type: string}, {type: integer}]}\n"
    "        parent: {$ref: '#/components/schemas/Node'}\n"
    "    Node:\n"
    "      type: object\n"
    "      properties: {next: {$ref: '#/components/schemas/Node'}}\n";

#define FIELDS(condition)                                                                          \
    "@id(\"x\") forbid (principal, action == Action::\"reveal:place.city\", resource is "          \
    "Sighting)\nwhen { " condition " };\n"
#define CALL(condition)                                                                            \
    "@id(\"x\") forbid (principal, action == Action::\"findSightings\", resource)\n"               \
    "when { " condition " };\n"

static const struct {
    const char *policy;
    const char *expected; /* all errors and warnings */
} rows[] = {
    {FIELDS("resource.cty == \"Lahore\""),
     "2:17 unknown-attribute: the record `Sighting` has no attribute `cty`; did you mean `city` "
     "(services/anpr.yaml:34)?"},
    {FIELDS("resource.speed == 7"), "2:17 unknown-attribute: the record `Sighting` "
                                    "(services/anpr.yaml:30) has no attribute `speed`"},
    {FIELDS("resource has cty"), "2:17 unknown-attribute: the record `Sighting` has no attribute "
                                 "`cty`; did you mean `city` (services/anpr.yaml:34)?"},
    {FIELDS("resource has vehicle.color"),
     "2:17 unknown-attribute: `vehicle` of the record `Sighting` has no attribute `color`; did you "
     "mean `colour` (services/anpr.yaml:39)?"},
    {FIELDS("resource has vehicle && resource.vehicle.color == \"red\""),
     "2:49 unknown-attribute: `vehicle` of the record `Sighting` has no attribute `color`; did you "
     "mean `colour` (services/anpr.yaml:39)?"},
    {FIELDS("resource has vehicle && resource.vehicle.wheels == 4"),
     "2:49 unknown-attribute: policies cannot read `vehicle.wheels` of the record `Sighting` "
     "(services/anpr.yaml:41): it is a list whose items are no texts, numbers or truth values"},
    {FIELDS("resource.keeper.cnic == \"1\""),
     "2:17 unknown-attribute: policies cannot read `keeper` of the record `Sighting` "
     "(services/anpr.yaml:42): a record of its own begins there"},
    {FIELDS("resource has passes"),
     "2:17 unknown-attribute: policies cannot read `passes` of the record `Sighting` "
     "(services/anpr.yaml:43): it is a list whose items are no texts, numbers or truth values"},
    {FIELDS("resource.codes.contains(\"a\")"),
     "2:17 unknown-attribute: policies cannot read `codes` of the record `Sighting` "
     "(services/anpr.yaml:44): items of this list may be null"},
    {FIELDS("resource.mixed == \"a\""),
     "2:17 unknown-attribute: policies cannot read `mixed` of the record `Sighting` "
     "(services/anpr.yaml:45): its values are not all of one declared type"},
    {FIELDS("resource.parent == \"a\""),
     "2:17 unknown-attribute: policies cannot read `parent` of the record `Sighting` "
     "(services/anpr.yaml:46): it contains itself"},
    {FIELDS("principal.rol == \"clerk\""),
     "2:18 unknown-attribute: `Agent` (model/model.cedarschema:2) has no attribute `rol`; did you "
     "mean `role`?"},
    {FIELDS("principal.partner.cty == \"Lahore\""),
     "2:26 unknown-attribute: `Partner` (model/model.cedarschema:1) has no attribute `cty`; did "
     "you mean `city`?"},
    {FIELDS("principal has rol"), "2:18 unknown-attribute: `Agent` (model/model.cedarschema:2) has "
                                  "no attribute `rol`; did you mean `role`?"},
    {FIELDS("context.parameters.plate == \"x\""),
     "2:16 unknown-attribute: `context` of the action `reveal:place.city` has no attribute "
     "`parameters`; parameters are there only when a call is decided, so this belongs into a "
     "policy for an operation"},
    {FIELDS("context.need.purpos == Purpose::\"investigation\""),
     "2:21 unknown-attribute: `context.need` of the action `reveal:place.city` has no attribute "
     "`purpos`; did you mean `purpose`?"},
    {FIELDS("context.ned.purpose == Purpose::\"investigation\""),
     "2:16 unknown-attribute: `context` of the action `reveal:place.city` has no attribute `ned`; "
     "did you mean `need`?"},
    {FIELDS("{city: 1}.cty == 1"),
     "2:18 unknown-attribute: this record has no attribute `cty`; did you mean `city`?"},
    {FIELDS("context.need has case && context.need.case.opn"),
     "2:51 unknown-attribute: `Case` (model/model.cedarschema:4) has no attribute `opn`; did you "
     "mean `open`?"},
    {CALL("context.parameters has plat"),
     "2:27 unknown-attribute: the operation `findSightings` has no parameter `plat`; did you mean "
     "`plate` (services/anpr.yaml:9)?"},
    {CALL("context.parameters has plate && context.parameters.plat == \"x\""),
     "2:59 unknown-attribute: the operation `findSightings` has no parameter `plat`; did you mean "
     "`plate` (services/anpr.yaml:9)?"},
    {CALL("context.parameters.limit == 7"),
     "2:27 unknown-attribute: policies cannot read the parameter `limit` of `findSightings` "
     "(services/anpr.yaml:10): it has no label, so it may not be sent"},
    {CALL("resource.city == \"x\""), "2:17 unknown-attribute: `Service` has no attribute `city`"},
    {"@id(\"x\") forbid (principal, action in Action::\"disclose\", resource)\n"
     "when { resource.cty == \"x\" };\n",
     "2:17 unknown-attribute: the record `Sighting` has no attribute `cty` (nor have 2 other types "
     "of resources); did you mean `city` (services/anpr.yaml:34)?"},
    {"@id(\"x\") forbid (principal, action in Action::\"disclose\", resource)\n"
     "when { resource has city && resource.city == \"x\" };\n",
     ""},
    {"@id(\"x\") forbid (principal, action in Action::\"disclose\", resource)\n"
     "when { resource.city == \"x\" };\n",
     "2:17 unknown-attribute: the record `Owner` (services/anpr.yaml:25) has no attribute `city` "
     "(nor has another type of resources); the policy's scope lets it in: write `resource is "
     "RECORD` there, or ask with `has` before it is read"},
    {FIELDS("context.need.purpose in Purpose::\"vehicle-crim\""),
     "2:32 unknown-purpose: vocabulary.yaml has no purpose `vehicle-crim`; did you mean "
     "`vehicle-crime`?"},
};

static void test_ruleset_attribute__says_once_what_is_missing_and_what_was_meant(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct folder_file changes[] = {{"services/anpr.yaml", service},
                                              {"access.cedar", ""},
                                              {"x.cedar", rows[i].policy},
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
        cmocka_unit_test(test_ruleset_attribute__says_once_what_is_missing_and_what_was_meant),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
