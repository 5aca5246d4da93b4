/* SPDX-License-Identifier: Apache-2.0 */
/* Runs of bytes: order and search. */
#include "policy/base/bytes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static void test_bytes__are_ordered_by_byte_value(void **state)
{
    static const struct bytes sorted[] = {BYTES_INIT(""),  BYTES_INIT("\0"),  BYTES_INIT("A"),
                                          BYTES_INIT("a"), BYTES_INIT("a\0"), BYTES_INIT("ab"),
                                          BYTES_INIT("b"), BYTES_INIT("\xC3")};
    const size_t count = sizeof(sorted) / sizeof(sorted[0]);
    (void)state;
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < count; j++) {
            const int order = bytes_compare(sorted[i], sorted[j]);
            assert_int_equal((order > 0) - (order < 0), (i > j) - (i < j));
            assert_true(bytes_equal(sorted[i], sorted[j]) == (i == j));
        }
    }
    assert_true(bytes_equal((struct bytes){0}, BYTES("")));
}

static void test_bytes__know_their_beginning_and_end(void **state)
{
    const struct bytes text = BYTES("urn:partner:a");
    (void)state;
    assert_true(bytes_start_with(text, BYTES("urn:")));
    assert_true(bytes_start_with(text, BYTES("")));
    assert_true(bytes_start_with(text, text));
    assert_false(bytes_start_with(BYTES("urn"), BYTES("urn:")));
    assert_true(bytes_end_with(text, BYTES(":a")));
    assert_true(bytes_end_with((struct bytes){0}, BYTES("")));
    assert_false(bytes_end_with(BYTES("a"), BYTES(":a")));
    assert_int_equal(bytes_find(text, ':'), 3);
    assert_int_equal(bytes_find(text, '!'), text.length);
    assert_int_equal(bytes_find((struct bytes){0}, '!'), 0);
}

static void test_bytes__hash_differs_where_bytes_differ(void **state)
{
    (void)state;
    assert_true(bytes_hash(BYTES("a")) == bytes_hash(BYTES("a")));
    assert_true(bytes_hash(BYTES("a")) != bytes_hash(BYTES("b")));
    assert_true(bytes_hash(BYTES("")) != bytes_hash(BYTES("\0")));
}

static void test_bytes__know_what_is_a_name(void **state)
{
    static const struct bytes names[] = {BYTES_INIT("a"), BYTES_INIT("acme-bank"),
                                         BYTES_INIT("a1-"), BYTES_INIT("z9")};
    static const struct bytes others[] = {
        BYTES_INIT(""),    BYTES_INIT("1a"),  BYTES_INIT("-a"),      BYTES_INIT("A"),
        BYTES_INIT("aB"),  BYTES_INIT("a_b"), BYTES_INIT("a.b"),     BYTES_INIT("a\0"),
        BYTES_INIT("a/b"), BYTES_INIT("a\n"), BYTES_INIT("\xC3\xA9")};
    char longest[65];
    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        assert_true(bytes_is_name(names[i]));
    }
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        assert_false(bytes_is_name(others[i]));
    }
    memset(longest, 'a', sizeof(longest));
    assert_true(bytes_is_name(bytes_of(longest, 64)));
    assert_false(bytes_is_name(bytes_of(longest, 65)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bytes__are_ordered_by_byte_value),
        cmocka_unit_test(test_bytes__know_their_beginning_and_end),
        cmocka_unit_test(test_bytes__hash_differs_where_bytes_differ),
        cmocka_unit_test(test_bytes__know_what_is_a_name),
    };
    return cmocka_run_group_tests_name("policy.base.bytes", tests, NULL, NULL);
}
