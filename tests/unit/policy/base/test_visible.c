/* SPDX-License-Identifier: Apache-2.0 */
/* Text made fit to be shown. */
#include "policy/base/visible.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void assert_shown(void (*append)(struct buffer *, struct bytes), struct bytes text,
                         const char *shown)
{
    struct buffer out;
    buffer_init(&out, 4096);
    append(&out, text);
    assert_int_equal(out.length, strlen(shown));
    assert_memory_equal(out.at, shown, out.length);
    buffer_clear(&out);
}

static void test_visible__writes_what_is_hidden_as_cedar_would(void **state)
{
    static const struct {
        struct bytes text;
        const char *shown;
    } cases[] = {
        {BYTES_INIT("\x1B[2Jx\x07\r\n"), "\\x1B[2Jx\\x07\\x0D\\x0A"},
        {BYTES_INIT("a\0b\x7F"), "a\\x00b\\x7F"},
        {BYTES_INIT("\xC2\x9B"
                    "2J"),
         "\\u{9B}2J"}, /* CSI as one character */
        {BYTES_INIT("a\xE2\x80\xAE"
                    "b\xE2\x81\xA6"),
         "a\\u{202E}b\\u{2066}"}, /* turns the text around */
        {BYTES_INIT("\xEF\xBB\xBFpermit"), "\\u{FEFF}permit"},
        {BYTES_INIT("\xFF\xC3\xA9\xC3"), "\\xFF\xC3\xA9\\xC3"},
        {BYTES_INIT("\xD8\xB4\xDB\x81\xD8\xB1"), "\xD8\xB4\xDB\x81\xD8\xB1"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_shown(visible_append, cases[i].text, cases[i].shown);
    }
}

static void test_visible__keeps_the_ends_of_lines_where_there_are_several(void **state)
{
    (void)state;
    assert_shown(visible_append_lines, BYTES("a\r\nb\tc\n"), "a\\x0D\nb\\x09c\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_visible__writes_what_is_hidden_as_cedar_would),
        cmocka_unit_test(test_visible__keeps_the_ends_of_lines_where_there_are_several),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
