/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The public C API of the redactor (amanat/redact.h): plans, rules, refusals. What redaction means
 * is tested elsewhere.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "amanat/redact.h"

static const char vocabulary[] = "labels: {person: {}, person.name: {mask: {keep_first: 1}}, "
                                 "person.cnic: {tokenize: {length: 16}},"
                                 " vehicle: {}}\npurposes: {any: {}}\n";

static const char service[] =
    "openapi: 3.0.3\n"
    "info: {title: t, version: '1'}\n"
    "x-amanat-service: s\n"
    "paths:\n"
    "  /s:\n"
    "    get:\n"
    "      operationId: find\n"
    "      responses:\n"
    "        '200':\n"
    "          description: d\n"
    "          content:\n"
    "            text/plain: {}\n"
    "            application/json:\n"
    "              schema:\n"
    "                type: object\n"
    "                x-amanat-record: Stop\n"
    "                required: [open]\n"
    "                properties:\n"
    "                  open: {type: boolean}\n"
    "                  plate: {type: string, x-amanat-label: vehicle}\n"
    "                  people:\n"
    "                    type: array\n"
    "                    items:\n"
    "                      type: object\n"
    "                      x-amanat-record: Person\n"
    "                      properties:\n"
    "                        age: {type: integer}\n"
    "                        name: {type: string, x-amanat-label: person.name}\n"
    "                        cnic: {type: string, x-amanat-label: person.cnic}\n";

static const char answer[] = "{\"open\":true,\"plate\":\"LEA-1\",\"people\":["
                             "{\"age\":40,\"name\":\"Hina\",\"cnic\":\"35202\"},"
                             "{\"age\":9,\"name\":\"Ali\",\"cnic\":\"35203\"}]}";

struct world {
    struct amanat_catalogue *catalogue;
    struct amanat_plan *plan;
    char text[4096];
    size_t length;
    struct amanat_account account;
};

static int build_world(void **state)
{
    static struct world world;
    const struct amanat_source sources[] = {{"vocabulary.yaml", amanat_text_of(vocabulary)},
                                            {"services/s.yaml", amanat_text_of(service)}};
    world = (struct world){0};
    struct amanat_diagnostics *diagnostics = amanat_diagnostics_new();
    const amanat_result compiled =
        amanat_catalogue_compile(sources, 2, diagnostics, &world.catalogue);
    if (!amanat_is_ok(compiled)) {
        fail_msg("%s", amanat_diagnostics_at(diagnostics, 0)->text);
    }
    amanat_diagnostics_free(diagnostics);
    world.plan = amanat_plan_new(world.catalogue);
    assert_non_null(world.plan);
    *state = &world;
    return 0;
}

static int free_world(void **state)
{
    struct world *world = *state;
    amanat_plan_free(world->plan);
    amanat_catalogue_free(world->catalogue);
    return 0;
}

static amanat_result keep(void *context, struct amanat_text disclosed)
{
    struct world *world = context;
    assert_true(disclosed.length < sizeof(world->text) - world->length);
    memcpy(world->text + world->length, disclosed.at, disclosed.length);
    world->length += disclosed.length;
    return AMANAT_OK;
}

static amanat_result start(struct world *world, const char *operation, unsigned status,
                           const char *type, struct amanat_redactor **out)
{
    const struct amanat_redactor_options options = {world->plan, operation, status,
                                                    type,        keep,      world};
    return amanat_redactor_new(&options, out);
}

static void assert_redacts_to(struct world *world, const char *expected)
{
    struct amanat_redactor *redactor = NULL;
    bool nothing = false;
    world->length = 0;
    assert_true(amanat_is_ok(start(world, "find", 200, "application/json", &redactor)));
    for (size_t i = 0; answer[i] != '\0'; i++) {
        const amanat_result fed =
            amanat_redactor_feed(redactor, (struct amanat_text){&answer[i], 1});
        if (!amanat_is_ok(fed)) {
            fail_msg("at %zu: %s", i, amanat_status_name(fed.status));
        }
    }
    assert_true(amanat_is_ok(amanat_redactor_finish(redactor, &nothing)));
    world->account = amanat_redactor_account(redactor);
    amanat_redactor_free(redactor);
    world->text[world->length] = '\0';
    assert_string_equal(world->text, expected);
    assert_int_equal(nothing, expected[0] == '\0');
}

static void assert_allowed(struct world *world, const char *record, const char *label,
                           enum amanat_mode mode)
{
    assert_true(amanat_is_ok(amanat_plan_allow(world->plan, record, label, mode)));
}

static void test_redact_library__a_new_plan_discloses_nothing(void **state)
{
    struct world *world = *state;
    assert_redacts_to(world, "");
    assert_int_equal(world->account.records_left_out, 3);
    assert_int_equal(world->account.records_disclosed, 0);
}

static void test_redact_library__a_label_brings_those_below_it(void **state)
{
    struct world *world = *state;
    assert_allowed(world, "Stop", "vehicle", AMANAT_MODE_REVEAL);
    assert_allowed(world, "Person", "person", AMANAT_MODE_REVEAL);
    assert_redacts_to(world,
                      "{\"plate\":\"LEA-1\",\"people\":[{\"name\":\"Hina\",\"cnic\":\"35202\"},"
                      "{\"name\":\"Ali\",\"cnic\":\"35203\"}]}");
    assert_int_equal(world->account.records_disclosed, 3);
    assert_int_equal(world->account.fields_disclosed, 5);
    assert_int_equal(world->account.fields_withheld, 3);
}

static void test_redact_library__a_weaker_mode_takes_nothing_back(void **state)
{
    struct world *world = *state;
    assert_allowed(world, "Person", "person.name", AMANAT_MODE_REVEAL);
    assert_allowed(world, "Person", "person.name", AMANAT_MODE_MASK);
    assert_allowed(world, "Stop", "vehicle", AMANAT_MODE_REVEAL);
    assert_redacts_to(world,
                      "{\"plate\":\"LEA-1\",\"people\":[{\"name\":\"Hina\"},{\"name\":\"Ali\"}]}");
}

static void test_redact_library__tokens_need_a_key(void **state)
{
    struct world *world = *state;
    struct amanat_redactor *redactor = NULL;
    static const uint8_t secret[32] = {1};
    assert_allowed(world, "Person", "person.cnic", AMANAT_MODE_TOKENIZE);
    assert_int_equal(start(world, "find", 200, "application/json", &redactor).status,
                     AMANAT_STATUS_CONFIG_FAULT);
    assert_true(amanat_is_ok(amanat_plan_set_token_key(world->plan, secret, "acme")));
    assert_true(amanat_is_ok(start(world, "find", 200, "application/json", &redactor)));
    amanat_redactor_free(redactor);
}

/* Children's names by their first letter; nothing of closed cases. */
static bool protect_children(void *context, const struct amanat_record *record,
                             struct amanat_record_modes *modes)
{
    const struct amanat_record *around = amanat_record_around(record);
    const struct amanat_text age = amanat_record_attribute(record, "age");
    assert_non_null(around);
    assert_memory_equal(amanat_record_type(around).at, "Stop", 4);
    assert_memory_equal(amanat_record_attribute(around, "open").at, "true", 4);
    assert_int_equal(amanat_record_attribute(record, "nothing").length, 0);
    if (age.length == 1) {
        amanat_record_limit(modes, "person.name", AMANAT_MODE_MASK);
        amanat_record_limit(modes, "person.cnic", AMANAT_MODE_MASK); /* which has no meaning */
    }
    *(size_t *)context += 1;
    return true;
}

static bool is_open(void *context, const struct amanat_record *record,
                    struct amanat_record_modes *modes)
{
    (void)context;
    (void)modes;
    assert_null(amanat_record_around(record));
    return amanat_record_attribute(record, "open").length == 4;
}

static void test_redact_library__rules_see_a_record_and_those_around_it(void **state)
{
    struct world *world = *state;
    static const char *const age[] = {"age"};
    static const char *const open[] = {"open"};
    size_t asked = 0;
    assert_allowed(world, "Person", "person", AMANAT_MODE_REVEAL);
    assert_allowed(world, "Stop", "vehicle", AMANAT_MODE_REVEAL);
    assert_true(
        amanat_is_ok(amanat_plan_ask(world->plan, "Person", age, 1, protect_children, &asked)));
    assert_true(amanat_is_ok(amanat_plan_ask(world->plan, "Stop", open, 1, is_open, NULL)));
    assert_redacts_to(world, "{\"plate\":\"LEA-1\",\"people\":["
                             "{\"name\":\"Hina\",\"cnic\":\"35202\"},{\"name\":\"A***\"}]}");
    assert_int_equal(asked, 2);
}

static bool limit_to_no_mode(void *context, const struct amanat_record *record,
                             struct amanat_record_modes *modes)
{
    (void)record;
    amanat_record_limit(modes, "person.name", *(const enum amanat_mode *)context);
    return true;
}

static void test_redact_library__a_limit_that_is_no_mode_withholds(void **state)
{
    struct world *world = *state;
    static enum amanat_mode modes[] = {(enum amanat_mode)9, (enum amanat_mode) - 1};
    assert_allowed(world, "Person", "person.cnic", AMANAT_MODE_REVEAL);
    assert_allowed(world, "Person", "person.name", AMANAT_MODE_REVEAL);
    assert_allowed(world, "Stop", "vehicle", AMANAT_MODE_REVEAL);
    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        assert_true(amanat_is_ok(
            amanat_plan_ask(world->plan, "Person", NULL, 0, limit_to_no_mode, &modes[i])));
        assert_redacts_to(world, "{\"plate\":\"LEA-1\",\"people\":["
                                 "{\"cnic\":\"35202\"},{\"cnic\":\"35203\"}]}");
    }
}

static void test_redact_library__refuses_what_is_not_there(void **state)
{
    struct world *world = *state;
    static const struct {
        const char *record, *label;
        enum amanat_mode mode;
    } plans[] = {{"Nobody", "person", AMANAT_MODE_REVEAL},
                 {"Person", "nothing", AMANAT_MODE_REVEAL},
                 {"Person", "vehicle", AMANAT_MODE_MASK},
                 {"Person", "person", AMANAT_MODE_WITHHELD},
                 {"Person", "person", (enum amanat_mode)9}};
    static const struct {
        const char *operation;
        unsigned status;
        const char *type;
    } answers[] = {{"lose", 200, "application/json"},
                   {"find", 404, "application/json"},
                   {"find", 200, "application/xml"},
                   {"find", 200, "text/plain"}};
    static const char *const wrong[] = {"people"};
    struct amanat_redactor *redactor = NULL;
    for (size_t i = 0; i < sizeof(plans) / sizeof(plans[0]); i++) {
        assert_int_equal(
            amanat_plan_allow(world->plan, plans[i].record, plans[i].label, plans[i].mode).status,
            AMANAT_STATUS_CONFIG_FAULT);
    }
    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        assert_int_equal(
            start(world, answers[i].operation, answers[i].status, answers[i].type, &redactor)
                .status,
            AMANAT_STATUS_CONFIG_FAULT);
    }
    assert_int_equal(amanat_plan_ask(world->plan, "Stop", wrong, 1, is_open, NULL).status,
                     AMANAT_STATUS_CONFIG_FAULT);
    assert_int_equal(amanat_plan_ask(world->plan, "Nobody", NULL, 0, is_open, NULL).status,
                     AMANAT_STATUS_CONFIG_FAULT);
    const struct amanat_redactor_options options[] = {
        {NULL, "find", 200, "application/json", keep, world},
        {world->plan, "find", 200, "application/json", NULL, world}};
    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
        assert_int_equal(amanat_redactor_new(&options[i], &redactor).status,
                         AMANAT_STATUS_CONFIG_FAULT);
    }
    assert_null(redactor);
}

static void test_redact_library__says_why_a_document_is_refused(void **state)
{
    struct world *world = *state;
    struct amanat_redactor *redactor = NULL;
    assert_true(amanat_is_ok(start(world, "find", 200, "application/json", &redactor)));
    assert_string_equal(amanat_redactor_fault(redactor), "none");
    assert_int_equal(amanat_redactor_feed(redactor, amanat_text_of("{]")).status,
                     AMANAT_STATUS_PEER_FAULT);
    assert_string_equal(amanat_redactor_fault(redactor), "syntax");
    amanat_redactor_free(redactor);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, build_world, free_world)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_redact_library__a_new_plan_discloses_nothing),
        TEST(test_redact_library__a_label_brings_those_below_it),
        TEST(test_redact_library__a_weaker_mode_takes_nothing_back),
        TEST(test_redact_library__tokens_need_a_key),
        TEST(test_redact_library__rules_see_a_record_and_those_around_it),
        TEST(test_redact_library__a_limit_that_is_no_mode_withholds),
        TEST(test_redact_library__refuses_what_is_not_there),
        TEST(test_redact_library__says_why_a_document_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
