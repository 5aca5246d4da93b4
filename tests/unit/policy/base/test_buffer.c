/* SPDX-License-Identifier: Apache-2.0 */
/* The buffer: its limit, that once broken it stays broken, and its JSON strings. */
#include "policy/base/buffer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static void test_buffer__appends_in_order(void **state)
{
    struct buffer buffer;
    (void)state;
    buffer_init(&buffer, 1 << 20);
    buffer_append(&buffer, BYTES("a\0"));
    buffer_append_string(&buffer, "bc");
    buffer_append_byte(&buffer, 'd');
    buffer_append_number(&buffer, INT64_MIN);
    buffer_append_format(&buffer, "[%0600d]", 7);
    buffer_append(&buffer, (struct bytes){0});
    assert_true(amanat_is_ok(buffer_check(&buffer)));
    assert_int_equal(buffer.length, 5 + 20 + 602);
    assert_memory_equal(buffer.at, "a\0bcd-9223372036854775808[000", 29);
    buffer_clear(&buffer);
    assert_int_equal(buffer.length, 0);
    assert_null(buffer.at);
}

static void test_buffer__breaks_at_its_limit_and_stays_broken(void **state)
{
    struct buffer buffer;
    (void)state;
    buffer_init(&buffer, 10);
    buffer_append_string(&buffer, "0123456789");
    assert_true(amanat_is_ok(buffer_check(&buffer)));
    buffer_append_byte(&buffer, 'x');
    assert_int_equal(buffer_check(&buffer).status, AMANAT_STATUS_LIMIT);
    buffer_truncate(&buffer, 2);
    buffer_append_byte(&buffer, 'x');
    assert_int_equal(buffer.length, 2);
    assert_int_equal(buffer_check(&buffer).status, AMANAT_STATUS_LIMIT);
    buffer_reset(&buffer);
    buffer_append_byte(&buffer, 'x');
    assert_true(amanat_is_ok(buffer_check(&buffer)));
    assert_true(bytes_equal(buffer_bytes(&buffer), BYTES("x")));
    buffer_clear(&buffer);
}

static void test_buffer__grows_to_exactly_its_limit(void **state)
{
    struct buffer buffer;
    (void)state;
    buffer_init(&buffer, 1000);
    for (unsigned i = 0; i < 1000; i++) {
        buffer_append_byte(&buffer, (char)i);
    }
    assert_true(amanat_is_ok(buffer_check(&buffer)));
    assert_true(buffer.capacity <= 1000);
    buffer_append_byte(&buffer, 'x');
    assert_false(amanat_is_ok(buffer_check(&buffer)));
    buffer_clear(&buffer);
}

static void test_buffer__consumes_from_the_front(void **state)
{
    struct buffer buffer;
    (void)state;
    buffer_init(&buffer, 100);
    buffer_append_string(&buffer, "abcdef");
    buffer_consume(&buffer, 2);
    assert_true(bytes_equal(buffer_bytes(&buffer), BYTES("cdef")));
    buffer_consume(&buffer, 0);
    assert_int_equal(buffer.length, 4);
    buffer_consume(&buffer, 100);
    assert_int_equal(buffer.length, 0);
    buffer_clear(&buffer);
}

static void test_buffer__wipes_what_it_gives_up(void **state)
{
    struct buffer buffer;
    (void)state;
    buffer_init(&buffer, 100);
    buffer_append_string(&buffer, "secret");
    buffer_consume(&buffer, 3);
    assert_memory_equal(buffer.at, "ret\0\0\0", 6);
    buffer_reset(&buffer);
    assert_memory_equal(buffer.at, "\0\0\0\0\0\0", 6);
    buffer_clear(&buffer);
}

static void test_buffer__escapes_json_strings_as_rfc_8785_says(void **state)
{
    static const struct {
        struct bytes text;
        const char *json;
    } cases[] = {
        {BYTES_INIT(""), "\"\""},
        {BYTES_INIT("plain"), "\"plain\""},
        {BYTES_INIT("\"\\/"), "\"\\\"\\\\/\""},
        {BYTES_INIT("\b\t\n\f\r"), "\"\\b\\t\\n\\f\\r\""},
        {BYTES_INIT("\0\x1F\x7F"), "\"\\u0000\\u001f\x7F\""},
        {BYTES_INIT("\xC3\xA9 \xE2\x80\xA8"), "\"\xC3\xA9 \xE2\x80\xA8\""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct buffer buffer;
        buffer_init(&buffer, 100);
        buffer_append_json_string(&buffer, cases[i].text);
        assert_true(bytes_equal_string(buffer_bytes(&buffer), cases[i].json));
        buffer_clear(&buffer);
    }
}

static void test_buffer__takes_pieces_of_every_length_and_no_byte_more_than_its_limit(void **state)
{
    static const char text[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    (void)state;
    for (size_t length = 0; length < sizeof(text) - 1; length++) {
        struct buffer buffer;
        buffer_init(&buffer, 3 + length);
        buffer_append(&buffer, BYTES("<"));
        buffer_append(&buffer, bytes_of(text, length));
        buffer_append_byte(&buffer, '>');
        assert_int_equal(buffer.length, length + 2);
        assert_memory_equal(buffer.at + 1, text, length);
        assert_true(buffer.at[0] == '<' && buffer.at[length + 1] == '>');
        buffer_append(&buffer, bytes_of(text, 2));
        assert_true(buffer.broken);
        assert_int_equal(buffer.length, length + 2);
        buffer_clear(&buffer);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_buffer__takes_pieces_of_every_length_and_no_byte_more_than_its_limit),
        cmocka_unit_test(test_buffer__appends_in_order),
        cmocka_unit_test(test_buffer__breaks_at_its_limit_and_stays_broken),
        cmocka_unit_test(test_buffer__grows_to_exactly_its_limit),
        cmocka_unit_test(test_buffer__consumes_from_the_front),
        cmocka_unit_test(test_buffer__wipes_what_it_gives_up),
        cmocka_unit_test(test_buffer__escapes_json_strings_as_rfc_8785_says),
    };
    return cmocka_run_group_tests_name("policy.base.buffer", tests, NULL, NULL);
}
