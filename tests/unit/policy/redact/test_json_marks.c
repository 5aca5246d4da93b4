/* SPDX-License-Identifier: Apache-2.0 */
/* Marks: every way that this processor can go gives the same bits as a byte-by-byte definition. */
#include "policy/redact/json_marks.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define BLOCKS       4
#define BYTES_MARKED ((size_t)BLOCKS * JSON_BLOCK_BYTES)

static bool stops(unsigned char byte)
{
    return byte == '"' || byte == '\\' || byte < 0x20 || byte > 0x7F;
}

static bool is_digit(unsigned char byte)
{
    return byte >= '0' && byte <= '9';
}

static void check_way(const struct json_mark_way *way, const char *text)
{
    uint64_t stop[BLOCKS];
    uint64_t non_digit[BLOCKS];
    way->mark(text, BLOCKS, stop, non_digit);
    for (size_t i = 0; i < BYTES_MARKED; i++) {
        const unsigned char byte = (unsigned char)text[i];
        const bool stop_bit = (stop[i / 64] >> (i % 64) & 1) != 0;
        const bool non_digit_bit = (non_digit[i / 64] >> (i % 64) & 1) != 0;
        if (stop_bit != stops(byte) || non_digit_bit == is_digit(byte)) {
            fail_msg("%s: byte 0x%02x at %zu: stop %d, non-digit %d", way->name, byte, i, stop_bit,
                     non_digit_bit);
        }
    }
}

static void check_ways(const char *text)
{
    struct json_mark_way ways[3];
    const size_t count = json_mark_ways(ways);
    for (size_t i = 0; i < count; i++) {
        check_way(&ways[i], text);
    }
}

static void test_json_marks__every_byte_at_every_offset_is_marked_alike(void **state)
{
    char text[BYTES_MARKED + 1];
    (void)state;
    for (unsigned byte = 0; byte < 256; byte++) {
        for (size_t offset = 0; offset < JSON_BLOCK_BYTES; offset++) {
            memset(text, offset % 2 == 0 ? 'a' : '5', sizeof(text));
            text[offset] = (char)byte;
            text[BYTES_MARKED - 1 - offset] = (char)byte;
            check_ways(text + offset % 2); /* also where nothing is aligned */
        }
    }
}

static void test_json_marks__random_text_is_marked_alike(void **state)
{
    static const char likely[] = "\"\\\\\"09/:\x1f\x20\x7f\x80\xff{}[],a";
    char text[BYTES_MARKED];
    uint32_t seed = 1;
    (void)state;
    for (size_t round = 0; round < 2000; round++) {
        for (size_t i = 0; i < sizeof(text); i++) {
            seed = seed * 1664525 + 1013904223;
            text[i] = round % 2 == 0 ? (char)(seed >> 24) : likely[(seed >> 24) % sizeof(likely)];
        }
        check_ways(text);
    }
}

/* Nothing may be read behind the end: the text has a heap block of exactly its length. */
static void test_json_marks__behind_the_end_of_a_stretch_every_bit_is_set(void **state)
{
    static struct json_stretch stretch;
    struct json_mark_way ways[3];
    const size_t count = json_mark_ways(ways);
    (void)state;
    for (size_t length = 0; length < 3 * JSON_BLOCK_BYTES; length++) {
        char *text = malloc(length + 1);
        memset(text, '7', length);
        text = realloc(text, length == 0 ? 1 : length);
        for (size_t way = 0; way < count; way++) {
            json_stretch_fill(&stretch, ways[way].mark, bytes_of(text, length), 0);
            assert_int_equal(stretch.length, length);
            assert_int_equal(json_next_mark(stretch.stop, 0), length);
            assert_int_equal(json_next_mark(stretch.non_digit, length / 2), length);
        }
        free(text);
    }
}

static void test_json_marks__a_stretch_begins_anywhere_and_has_a_bound(void **state)
{
    static struct json_stretch stretch;
    static char text[3 * JSON_STRETCH_BYTES];
    (void)state;
    memset(text, 'x', sizeof(text));
    text[5000] = '"';
    json_stretch_fill(&stretch, json_mark_portable, bytes_of(text, sizeof(text)), 1001);
    assert_int_equal(stretch.length, JSON_STRETCH_BYTES);
    assert_int_equal(json_next_mark(stretch.stop, 0), 5000 - 1001);
    assert_int_equal(json_next_mark(stretch.stop, 4000), JSON_STRETCH_BYTES);
    json_stretch_fill(&stretch, json_mark_portable, bytes_of(text, sizeof(text)), sizeof(text) - 3);
    assert_int_equal(stretch.length, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json_marks__every_byte_at_every_offset_is_marked_alike),
        cmocka_unit_test(test_json_marks__random_text_is_marked_alike),
        cmocka_unit_test(test_json_marks__behind_the_end_of_a_stretch_every_bit_is_set),
        cmocka_unit_test(test_json_marks__a_stretch_begins_anywhere_and_has_a_bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
