/* SPDX-License-Identifier: Apache-2.0 */
/* Folding, one scalar value at a time, and the way back. */
#include "policy/base/fold.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "policy/base/utf8.h"

static void test_fold__makes_spellings_equal(void **state)
{
    static const struct {
        uint32_t scalar;
        const char *folded;
    } rows[] = {
        {'a', "a"},
        {'Z', "Z"},
        {'-', "-"},
        {' ', " "},
        {'~', "~"},
        {0x09, " "},
        {0x0A, " "},
        {0x85, " "},
        {0x00, ""},
        {0x1B, ""},
        {0x7F, ""},
        {0xA0, " "},
        {0x2003, " "},
        {0x2028, " "},
        {0x3000, " "},
        {0xAD, ""},
        {0x200B, ""},
        {0x200D, ""},
        {0x202E, ""},
        {0xFEFF, ""},
        {0x0301, ""},
        {0x20E3, ""},
        {0xFE0F, ""},
        {0x0640, ""},
        {0x064E, ""},
        {0x3164, ""},
        {0xE0041, ""},
        {0x2010, "-"},
        {0x2014, "-"},
        {0x2212, "-"},
        {0xFF0D, "-"},
        {0xFE58, "-"},
        {0x2043, "-"},
        {0x2500, "-"},
        {0x06D4, "."},
        {0x3002, "."},
        {0xFF61, "."},
        {0x2022, "."},
        {0x2795, "+"},
        {0x2065, ""},
        {0xFFF0, ""},
        {0xE0FFF, ""},
        {0x0903, ""},
        {0x2474, "1"},
        {0x247C, "9"},
        {0x247D, "(10)"},
        {0x24FF, "0"},
        {0x2792, "9"},
        {0x2793, "\xE2\x9E\x93"},
        {0x1F10A, "9"},
        {0x0660, "0"},
        {0x0669, "9"},
        {0x06F0, "0"},
        {0x06F3, "3"},
        {0x096F, "9"},
        {0x1D7CE, "0"},
        {0x1D7D8, "0"},
        {0x1D7FF, "9"},
        {0x11DA9, "9"},
        {0x1E950, "0"},
        {0xFF15, "5"},
        {0x2465, "6"},
        {0x00B2, "2"},
        {0x00BD, "1/2"},
        {0xFF21, "A"},
        {0xFB03, "ffi"},
        {0x212A, "K"},
        {0x00E9, "e"},
        {0x00DF, "\xC3\x9F"},
        {0x0627, "\xD8\xA7"},
        {0x0623, "\xD8\xA7"},
        {0x10FFFF, "\xF4\x8F\xBF\xBF"},
        {0xE000, "\xEE\x80\x80"},
    };
    struct folded_text folded;
    (void)state;
    folded_text_init(&folded, 1024);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        folded_text_reset(&folded);
        folded_text_add(&folded, rows[i].scalar, 7, 9);
        if (!bytes_equal_string(buffer_bytes(&folded.text), rows[i].folded)) {
            fail_msg("U+%04X became %.*s", rows[i].scalar,
                     BYTES_PRINTF(buffer_bytes(&folded.text)));
        }
        if (folded.text.length > 0) {
            const struct fold_origin origin = folded_text_origin(&folded, 0, folded.text.length);
            assert_int_equal(origin.begin, 7);
            assert_int_equal(origin.end, 9);
        }
    }
    folded_text_clear(&folded);
}

/* What folding makes is folded: each scalar value of the result folds to itself. */
static void test_fold__is_done_once(void **state)
{
    struct folded_text once;
    struct folded_text twice;
    (void)state;
    folded_text_init(&once, 1024);
    folded_text_init(&twice, 1024);
    for (uint32_t scalar = 0; scalar <= 0x10FFFF; scalar++) {
        if (scalar >= 0xD800 && scalar <= 0xDFFF) {
            continue;
        }
        folded_text_reset(&once);
        folded_text_reset(&twice);
        folded_text_add(&once, scalar, 0, 1);
        assert_true(amanat_is_ok(folded_text_check(&once)));
        const struct bytes text = buffer_bytes(&once.text);
        for (size_t at = 0; at < text.length;) {
            folded_text_add(&twice, utf8_next(text, &at), 0, 1);
        }
        if (!bytes_equal(buffer_bytes(&twice.text), text)) {
            fail_msg("U+%04X: %.*s, then %.*s", scalar, BYTES_PRINTF(text),
                     BYTES_PRINTF(buffer_bytes(&twice.text)));
        }
    }
    folded_text_clear(&once);
    folded_text_clear(&twice);
}

static void test_fold__ends_at_its_limit(void **state)
{
    struct folded_text folded;
    (void)state;
    folded_text_init(&folded, 32);
    folded_text_add(&folded, 'a', 0, 1);
    assert_true(amanat_is_ok(folded_text_check(&folded)));
    folded_text_add(&folded, 0xFDFA, 1, 4); /* 33 bytes */
    assert_int_equal(folded_text_check(&folded).status, AMANAT_STATUS_LIMIT);
    folded_text_clear(&folded);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fold__makes_spellings_equal),
        cmocka_unit_test(test_fold__is_done_once),
        cmocka_unit_test(test_fold__ends_at_its_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
