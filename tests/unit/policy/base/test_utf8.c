/* SPDX-License-Identifier: Apache-2.0 */
/* UTF-8: table 3-7 of Unicode 15 row by row, its edges, and every scalar value there and back. */
#include "policy/base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static void test_utf8__accepts_the_edges_of_table_3_7(void **state)
{
    static const struct {
        struct bytes text;
        uint32_t scalar;
    } cases[] = {
        {BYTES_INIT("\0"), 0},
        {BYTES_INIT("\x7F"), 0x7F},
        {BYTES_INIT("\xC2\x80"), 0x80},
        {BYTES_INIT("\xDF\xBF"), 0x7FF},
        {BYTES_INIT("\xE0\xA0\x80"), 0x800},
        {BYTES_INIT("\xE0\xBF\xBF"), 0xFFF},
        {BYTES_INIT("\xE1\x80\x80"), 0x1000},
        {BYTES_INIT("\xEC\xBF\xBF"), 0xCFFF},
        {BYTES_INIT("\xED\x80\x80"), 0xD000},
        {BYTES_INIT("\xED\x9F\xBF"), 0xD7FF},
        {BYTES_INIT("\xEE\x80\x80"), 0xE000},
        {BYTES_INIT("\xEF\xBF\xBF"), 0xFFFF},
        {BYTES_INIT("\xF0\x90\x80\x80"), 0x10000},
        {BYTES_INIT("\xF0\xBF\xBF\xBF"), 0x3FFFF},
        {BYTES_INIT("\xF1\x80\x80\x80"), 0x40000},
        {BYTES_INIT("\xF3\xBF\xBF\xBF"), 0xFFFFF},
        {BYTES_INIT("\xF4\x80\x80\x80"), 0x100000},
        {BYTES_INIT("\xF4\x8F\xBF\xBF"), 0x10FFFF},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        size_t position = 0;
        assert_true(utf8_is_valid(cases[i].text));
        assert_int_equal(utf8_next(cases[i].text, &position), cases[i].scalar);
        assert_int_equal(position, cases[i].text.length);
        for (size_t cut = 1; cut < cases[i].text.length; cut++) {
            assert_int_equal(utf8_valid_length(bytes_first(cases[i].text, cut)), 0);
        }
    }
}

static void test_utf8__refuses_what_table_3_7_leaves_out(void **state)
{
    static const struct bytes cases[] = {
        BYTES_INIT("\x80"),
        BYTES_INIT("\xBF"),
        BYTES_INIT("\xC0\x80"),
        BYTES_INIT("\xC1\xBF"),
        BYTES_INIT("\xC2\x7F"),
        BYTES_INIT("\xC2\xC0"),
        BYTES_INIT("\xE0\x9F\xBF"),
        BYTES_INIT("\xE0\x80\x80"),
        BYTES_INIT("\xE1\x80\x7F"),
        BYTES_INIT("\xE1\x7F\x80"),
        BYTES_INIT("\xE1\x80\xC0"),
        BYTES_INIT("\xED\xA0\x80"),
        BYTES_INIT("\xED\xBF\xBF"),
        BYTES_INIT("\xF0\x8F\xBF\xBF"),
        BYTES_INIT("\xF1\x80\x80\x7F"),
        BYTES_INIT("\xF4\x90\x80\x80"),
        BYTES_INIT("\xF5\x80\x80\x80"),
        BYTES_INIT("\xFE"),
        BYTES_INIT("\xFF"),
        BYTES_INIT("\xF8\x88\x80\x80\x80"),
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        if (utf8_valid_length(cases[i]) != 0) {
            fail_msg("case %zu was accepted", i);
        }
    }
    assert_int_equal(utf8_valid_length(BYTES("ab\xC3\xA9\xFF")), 4);
}

static void test_utf8__encodes_every_scalar_value_and_nothing_else(void **state)
{
    (void)state;
    for (uint32_t scalar = 0; scalar <= 0x110000; scalar++) {
        char text[4];
        const size_t length = utf8_encode(scalar, text);
        if ((scalar >= 0xD800 && scalar <= 0xDFFF) || scalar > 0x10FFFF) {
            assert_true(length == 0);
            continue;
        }
        size_t position = 0;
        const struct bytes bytes = bytes_of(text, length);
        if (!utf8_is_valid(bytes) || utf8_next(bytes, &position) != scalar || position != length) {
            fail_msg("U+%04X", scalar);
        }
    }
    char text[4];
    assert_int_equal(utf8_encode(UINT32_MAX, text), 0);
}

static void test_utf8__counts_scalar_values(void **state)
{
    (void)state;
    assert_int_equal(utf8_count((struct bytes){0}), 0);
    assert_int_equal(utf8_count(BYTES("a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80")), 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_utf8__accepts_the_edges_of_table_3_7),
        cmocka_unit_test(test_utf8__refuses_what_table_3_7_leaves_out),
        cmocka_unit_test(test_utf8__encodes_every_scalar_value_and_nothing_else),
        cmocka_unit_test(test_utf8__counts_scalar_values),
    };
    return cmocka_run_group_tests_name("policy.base.utf8", tests, NULL, NULL);
}
