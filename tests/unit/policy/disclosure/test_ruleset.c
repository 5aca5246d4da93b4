/* SPDX-License-Identifier: Apache-2.0 */
/* What a policy folder is refused for, with code and position; and that a good one compiles. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/folder.h"

static const struct {
    struct folder_file change;
    const char *code;
    unsigned line;
    unsigned column;
} faults[] = {
    {{"more.cedar",
      "\n@id(\"wide\")\npermit (principal, action == Action::\"reveal:vehicle\", resource);\n"},
     "permit-without-type",
     2,
     1},
    {{"more.cedar", "@id(\"any\")\npermit (principal, action, resource);\n"},
     "permit-without-type",
     1,
     1},
    {{"more.cedar",
      "@id(\"group\")\npermit (principal, action in Action::\"disclose:person\", resource in "
      "Service::\"anpr\");\n"},
     "permit-without-type",
     1,
     1},
    {{"more.cedar",
      "@id(\"typo\")\nforbid (principal, action == Action::\"reveal:vehicel\", resource);\n"},
     "unknown-action",
     2,
     30},
    {{"more.cedar", "@id(\"typo\")\nforbid (principal, action, resource is Sightng);\n"},
     "unknown-entity-type",
     2,
     40},
    {{"more.cedar", "@id(\"typo\")\nforbid (principal in Partnr::\"acme\", action, resource);\n"},
     "unknown-entity-type",
     2,
     22},
    {{"more.cedar",
      "@id(\"typo\")\nforbid (principal, action, resource is Sighting in Service::\"anrp\");\n"},
     "unknown-service",
     2,
     52},
    {{"more.cedar", "@id(\"typo\")\nforbid (principal, action, resource is Sighting)\n"
                    "when { resource has citty && resource.city == \"Lahore\" };\n"},
     "unknown-attribute",
     3,
     17},
    {{"more.cedar",
      "@id(\"typo\")\nforbid (principal, action, resource) when { resource has citty };\n"},
     "unknown-attribute",
     2,
     54},
    {{"more.cedar",
      "@id(\"group\")\nforbid (principal, action == Action::\"disclose:person\", resource);\n"},
     "no-request-fits",
     1,
     1},
    {{"more.cedar", "@id(\"slot\")\nforbid (principal == ?principal, action, resource);\n"},
     "template",
     1,
     1},
    {{"more.cedar", "permit (principal, action == Action::\"findSightings\", resource);\n"},
     "missing-id",
     1,
     1},
    {{"more.cedar",
      "\n@id(\"call\") forbid (principal, action == Action::\"findSightings\", resource);\n"},
     "duplicate-id",
     2,
     1},
    {{"more.cedar",
      "@id(\"x\") permit (principal, action == Action::\"findSightings\", resource) when { # };\n"},
     "lexical",
     1,
     81},
    {{"more.cedar", "@id(\"x\") permit (principal, action == Action::\"findSightings\", resource) "
                    "when { \"a\\q\" == \"\" };\n"},
     "escape",
     1,
     83},
    {{"partners.cedarentities.json", "[{\"uid\":{\"type\":\"Partner\",\"id\":\"acme\"},\"attrs\":{"
                                     "\"city\":\"Lahore\"},\"parents\":[]},\n "
                                     "{\"uid\":{\"type\":\"Partner\",\"id\":\"acme\"},\"attrs\":{"
                                     "\"city\":\"Karachi\"},\"parents\":[]}]"},
     "duplicate-entity",
     2,
     2},
    {{"partners.cedarentities.json",
      "[{\"uid\":{\"type\":\"Partner\",\"id\":\"acme\"},\"attrs\":{\"city\":7},\"parents\":[]}]"},
     "conformance",
     1,
     56},
    {{"partners.cedarentities.json", "[{\"uid\":{\"type\":\"Partner\",\"id\":\"acme\"},\"attrs\":{"
                                     "\"city\":null},\"parents\":[]}]"},
     "cedar-data",
     1,
     56},
    {{"more.cedarentities.json", "[{\"uid\":{\"type\":\"Purpose\",\"id\":\"a\"},\"attrs\":{},"
                                 "\"parents\":[{\"type\":\"Purpose\",\"id\":\"b\"}]},\n "
                                 "{\"uid\":{\"type\":\"Purpose\",\"id\":\"b\"},\"attrs\":{},"
                                 "\"parents\":[{\"type\":\"Purpose\",\"id\":\"a\"}]}]"},
     "cycle",
     1,
     2},
    {{"more.cedarentities.json", "[{\"uid\":{\"type\":\"Case\",\"id\":\"FIR-1\"},\"attrs\":{"
                                 "\"open\":true,\"partners\":[]},\"parents\":[]}]"},
     "fact-in-folder",
     0,
     0},
    {{"model/model.cedarschema", "entity Partner; entity Agent in [Partner];"},
     "model-incomplete",
     0,
     0},
};

static bool has_fault(const struct amanat_diagnostics *diagnostics, const char *code, unsigned line,
                      unsigned column)
{
    for (size_t i = 0; i < amanat_diagnostics_count(diagnostics); i++) {
        const struct amanat_diagnostic *message = amanat_diagnostics_at(diagnostics, i);
        if (strcmp(message->code, code) == 0 && message->line == line &&
            message->column == column && message->severity == AMANAT_SEVERITY_ERROR) {
            return true;
        }
        print_message("%s:%u:%u: [%s] %s\n", message->source, message->line, message->column,
                      message->code, message->text);
    }
    return false;
}

static void test_ruleset__refuses_what_cannot_be_meant(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        const struct folder_file changes[] = {faults[i].change, {0}};
        struct amanat_diagnostics *diagnostics = amanat_diagnostics_new();
        assert_null(folder_compile(changes, diagnostics));
        assert_true(has_fault(diagnostics, faults[i].code, faults[i].line, faults[i].column));
        amanat_diagnostics_free(diagnostics);
    }
}

static void test_ruleset__reports_the_faults_of_several_files_at_once(void **state)
{
    (void)state;
    const struct folder_file changes[] = {
        {"a.cedar", "permit (principal"}, {"b.cedar", "forbid principal"}, {0}};
    struct amanat_diagnostics *diagnostics = amanat_diagnostics_new();
    bool first = false;
    bool second = false;
    assert_null(folder_compile(changes, diagnostics));
    for (size_t i = 0; i < amanat_diagnostics_count(diagnostics); i++) {
        first |= strcmp(amanat_diagnostics_at(diagnostics, i)->source, "a.cedar") == 0;
        second |= strcmp(amanat_diagnostics_at(diagnostics, i)->source, "b.cedar") == 0;
    }
    assert_true(first && second);
    amanat_diagnostics_free(diagnostics);
}

static void test_ruleset__keeps_its_sources(void **state)
{
    (void)state;
    struct ruleset *ruleset = folder_compile(NULL, NULL);
    assert_non_null(ruleset);
    const struct ruleset_sources *sources = ruleset_sources(ruleset);
    assert_int_equal(sources->folder_count, 5);
    assert_int_equal(sources->facts_count, 1);
    assert_int_equal(ruleset_policy_count(ruleset), 5);
    ruleset_unref(ruleset_ref(ruleset));
    ruleset_unref(ruleset);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ruleset__refuses_what_cannot_be_meant),
        cmocka_unit_test(test_ruleset__reports_the_faults_of_several_files_at_once),
        cmocka_unit_test(test_ruleset__keeps_its_sources),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
