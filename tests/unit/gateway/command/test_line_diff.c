/* SPDX-License-Identifier: Apache-2.0 */
/* Differences of texts: each line of both is told once, and both texts can be read off again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "gateway/command/line_diff.h"
#include "policy/base/base.h"

static const struct {
    const char *expected, *actual;
    const char *difference;
} rows[] = {
    {"", "", ""},
    {"a\n", "a", "  …\n"}, /* the end of the last line counts for nothing */
    {"a", "b", "- a\n+ b\n"},
    {"", "b\nc", "+ b\n+ c\n"},
    {"a\nb", "", "- a\n- b\n"},
    {"a\nb\nc", "a\nx\nc", "  a\n- b\n+ x\n  c\n"},
    {"a\nb\nc", "a\nc", "  a\n- b\n  c\n"},
    {"a\nc", "a\nb\nc", "  a\n+ b\n  c\n"},
    {"1\n2\n3\n4\n5\n6", "1\n2\n3\n4\n5\n7", "  …\n  3\n  4\n  5\n- 6\n+ 7\n"},
    {"0\n1\n2\n3\n4\n5\n6\n7\n8\n9", "x\n1\n2\n3\n4\n5\n6\n7\n8\n9",
     "- 0\n+ x\n  1\n  2\n  3\n  …\n"},
    {"a\nb\nc\nd", "b\nd\nc", "- a\n  b\n- c\n  d\n+ c\n"},
};

static void test_line_diff__marks_lines_of_one_text_only(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct arena *arena = arena_new((size_t)1 << 20);
        struct buffer out;
        buffer_init(&out, 10000);
        assert_true(amanat_is_ok(line_diff_append(&out, arena, bytes_of_string(rows[i].expected),
                                                  bytes_of_string(rows[i].actual), "")));
        if (!bytes_equal_string(buffer_bytes(&out), rows[i].difference)) {
            fail_msg("row %zu:\n%.*s", i, (int)out.length, out.at);
        }
        buffer_clear(&out);
        arena_free(arena);
    }
}

/* Texts of lines 0 to 2, all of up to five lines: what is marked makes up both texts again. */
static size_t make_text(unsigned seed, char *out)
{
    size_t length = 0;
    for (; seed > 0; seed /= 4) {
        out[length++] = (char)('0' + seed % 4);
        out[length++] = '\n';
    }
    return length;
}

static void read_off(struct bytes difference, char other, struct buffer *out)
{
    while (difference.length > 0) {
        const size_t end = bytes_find(difference, '\n');
        if (difference.at[0] != other) {
            buffer_append(out, bytes_of(difference.at + 2, end - 1));
        }
        difference = bytes_from(difference, end + 1);
    }
}

static void check_pair(struct arena *arena, struct bytes expected, struct bytes actual)
{
    struct buffer out, left, right;
    buffer_init(&out, 10000);
    buffer_init(&left, 10000);
    buffer_init(&right, 10000);
    assert_true(amanat_is_ok(line_diff_append(&out, arena, expected, actual, "")));
    read_off(buffer_bytes(&out), '+', &left);
    read_off(buffer_bytes(&out), '-', &right);
    if (!bytes_equal(expected, actual)) {
        assert_true(bytes_equal(buffer_bytes(&left), expected));
        assert_true(bytes_equal(buffer_bytes(&right), actual));
    }
    buffer_clear(&out);
    buffer_clear(&left);
    buffer_clear(&right);
}

static void test_line_diff__holds_both_texts(void **state)
{
    (void)state;
    struct arena *arena = arena_new((size_t)1 << 20);
    for (unsigned a = 0; a < 256; a += 3) {
        for (unsigned b = 0; b < 256; b++) {
            char left[16], right[16];
            const size_t left_length = make_text(a, left);
            const size_t right_length = make_text(b, right);
            check_pair(arena, bytes_of(left, left_length), bytes_of(right, right_length));
            arena_reset(arena);
        }
    }
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_line_diff__marks_lines_of_one_text_only),
        cmocka_unit_test(test_line_diff__holds_both_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
