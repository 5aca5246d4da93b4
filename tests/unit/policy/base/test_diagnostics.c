/* SPDX-License-Identifier: Apache-2.0 */
/* The list of messages, and the names of statuses. */
#include "amanat/diagnostics.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "amanat/result.h"
#include "policy/base/wipe.h"

static void test_diagnostics__keep_messages_in_order(void **state)
{
    struct amanat_diagnostics *list = amanat_diagnostics_new();
    (void)state;
    amanat_diagnostics_add(list, AMANAT_SEVERITY_ERROR, "one", "file", 3, 4, "%s", "text");
    amanat_diagnostics_add(list, AMANAT_SEVERITY_NOTE, "two", NULL, 0, 0, "more");
    assert_int_equal(amanat_diagnostics_count(list), 2);
    assert_int_equal(amanat_diagnostics_errors(list), 1);
    const struct amanat_diagnostic *first = amanat_diagnostics_at(list, 0);
    assert_string_equal(first->code, "one");
    assert_string_equal(first->source, "file");
    assert_string_equal(first->text, "text");
    assert_int_equal(first->line, 3);
    assert_int_equal(first->column, 4);
    assert_string_equal(amanat_diagnostics_at(list, 1)->source, "");
    amanat_diagnostics_free(list);
    amanat_diagnostics_free(NULL);
}

static void test_diagnostics__count_what_they_no_longer_keep(void **state)
{
    struct amanat_diagnostics *list = amanat_diagnostics_new();
    (void)state;
    for (unsigned i = 0; i < 1500; i++) {
        amanat_diagnostics_add(list, AMANAT_SEVERITY_ERROR, "code", "file", i, 1, "text");
    }
    assert_int_equal(amanat_diagnostics_count(list), 1000);
    assert_int_equal(amanat_diagnostics_errors(list), 1500);
    amanat_diagnostics_free(list);
    amanat_diagnostics_add(NULL, AMANAT_SEVERITY_ERROR, "code", "file", 1, 1, "nobody listens");
}

static void test_diagnostics__hold_no_control_characters(void **state)
{
    struct amanat_diagnostics *list = amanat_diagnostics_new();
    (void)state;
    amanat_diagnostics_add(list, AMANAT_SEVERITY_ERROR, "code", "", 1, 1, "%s",
                           "a\x1B[31m\nb\x7F \xC3\xA9");
    assert_string_equal(amanat_diagnostics_at(list, 0)->text, "a\\x1B[31m\\x0Ab\\x7F \xC3\xA9");
    amanat_diagnostics_free(list);
}

static void test_status__has_a_name_for_every_value_and_zero_is_no_success(void **state)
{
    const amanat_result forgotten = {0};
    (void)state;
    assert_false(amanat_is_ok(forgotten));
    for (int status = AMANAT_STATUS_BUG; status <= AMANAT_STATUS_CORRUPT; status++) {
        assert_true(strlen(amanat_status_name((enum amanat_status)status)) > 1);
    }
    assert_string_equal(amanat_status_name(AMANAT_STATUS_OK), "ok");
}

static void test_wipe__overwrites(void **state)
{
    char secret[8] = "secret";
    (void)state;
    wipe(secret, sizeof(secret));
    assert_memory_equal(secret, "\0\0\0\0\0\0\0", 8);
    wipe(NULL, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_diagnostics__keep_messages_in_order),
        cmocka_unit_test(test_diagnostics__count_what_they_no_longer_keep),
        cmocka_unit_test(test_diagnostics__hold_no_control_characters),
        cmocka_unit_test(test_status__has_a_name_for_every_value_and_zero_is_no_success),
        cmocka_unit_test(test_wipe__overwrites),
    };
    return cmocka_run_group_tests_name("policy.base.diagnostics", tests, NULL, NULL);
}
