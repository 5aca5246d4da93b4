/* SPDX-License-Identifier: Apache-2.0 */
/* The Need header: which spellings are read, and that all others are refused with words that say
 * what to do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "gateway/proxy/proxy.h"
#include "policy/base/base.h"

static const struct {
    const char *field;
    bool is_read;
    const char *purpose, *case_id, *basis, *reason;
} rows[] = {
    {"", true, "", "", "", ""},
    {"purpose=vehicle-crime, case=\"FIR-512/2026\", basis=crpc-94", true, "vehicle-crime",
     "FIR-512/2026", "crpc-94", ""},
    {"purpose=\"research\", reason=%\"Diebst%c3%a4hle\"", true, "research", "", "",
     "Diebst\xC3\xA4hle"},
    {"purpose", false, NULL, NULL, NULL, NULL},
    {"purpose=1", false, NULL, NULL, NULL, NULL},
    {"purpose=a, purpose=b", false, NULL, NULL, NULL, NULL},
    {"purpose=a, purpose=a", false, NULL, NULL, NULL, NULL},
    {"purpose=\"\"", false, NULL, NULL, NULL, NULL},
    {"purpose=a, aim=b", false, NULL, NULL, NULL, NULL},
    {"Purpose=a", false, NULL, NULL, NULL, NULL},
    {"purpose=a;signed", false, NULL, NULL, NULL, NULL},
    {"purpose=(a b)", false, NULL, NULL, NULL, NULL},
    {"purpose=a,", false, NULL, NULL, NULL, NULL},
    {"vehicle-crime", false, NULL, NULL, NULL, NULL},
    {"purpose=a case=b", false, NULL, NULL, NULL, NULL},
};

static void test_need__is_a_dictionary_of_four_keys(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct arena *arena = arena_new(65536);
        struct access_need need = {0};
        const char *fault = proxy_read_need(arena, bytes_of_string(rows[i].field), &need);
        if ((fault == NULL) != rows[i].is_read) {
            fail_msg("%s: %s", rows[i].field, fault == NULL ? "was read" : fault);
        }
        if (fault == NULL) {
            assert_true(bytes_equal_string(need.purpose, rows[i].purpose));
            assert_true(bytes_equal_string(need.case_id, rows[i].case_id));
            assert_true(bytes_equal_string(need.basis, rows[i].basis));
            assert_true(bytes_equal_string(need.reason, rows[i].reason));
            assert_false(need.is_signed);
        }
        arena_free(arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_need__is_a_dictionary_of_four_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
