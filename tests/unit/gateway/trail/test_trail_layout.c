/* SPDX-License-Identifier: Apache-2.0 */
/* Headers of entries, times, and lines of a file at every size of a read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
/* cmocka.h needs the above before it */
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "gateway/trail/trail_layout.h"
#include "tests/unit/gateway/trail/trail_fixture.h"

static void test_layout__reads_back_the_header_that_it_writes(void **state)
{
    static const int64_t times[] = {0, 951782399999999, 951782400000000, 1795336550656000,
                                    INT64_C(253402300799999999)};
    (void)state;
    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
        const struct layout_header header = {.previous = {{0xAB, 0x01}},
                                             .sequence = i * 1000000007,
                                             .time = times[i],
                                             .commit = i + 1};
        struct layout_header again;
        struct bytes rest;
        struct buffer line;
        buffer_init(&line, 1024);
        layout_append_header(&line, &header);
        assert_true(line.length <= TRAIL_ENTRY_HEADER_LIMIT);
        buffer_append_string(&line, "\"a\":1}");
        assert_true(layout_parse_header(buffer_bytes(&line), &again, &rest));
        assert_memory_equal(&header.previous, &again.previous, 32);
        assert_int_equal(again.sequence, header.sequence);
        assert_int_equal(again.time, header.time);
        assert_int_equal(again.commit, header.commit);
        assert_true(bytes_equal_string(rest, "\"a\":1}"));
        assert_true(layout_parse_line(buffer_bytes(&line), &again));
        for (size_t length = 0; length < line.length; length++) {
            assert_false(layout_parse_line(bytes_first(buffer_bytes(&line), length), &again));
        }
        buffer_clear(&line);
    }
}

static void test_layout__refuses_times_that_are_none(void **state)
{
    static const char *const wrong[] = {
        "2026-02-29T00:00:00.000000Z", "2026-13-01T00:00:00.000000Z",
        "2026-00-01T00:00:00.000000Z", "2026-01-01T24:00:00.000000Z",
        "2026-01-01T00:00:60.000000Z", "2026-01-01T00:00:00.00000Z",
        "2026-01-01 00:00:00.000000Z", "1969-12-31T23:59:59.999999Z",
        "2026-01-01T00:00:00.000000z"};
    int64_t time = 0;
    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_false(layout_parse_time(bytes_of_string(wrong[i]), &time));
    }
    assert_true(layout_parse_time(BYTES("2024-02-29T12:34:56.000001Z"), &time));
    assert_int_equal(time, INT64_C(1709210096000001));
}

static void test_layout__reads_lines_of_every_length(void **state)
{
    struct disk *disk = disk_new();
    struct layout_reader *reader = malloc(sizeof(*reader));
    struct buffer text;
    (void)state;
    assert_non_null(reader);
    buffer_init(&text, 64u << 20);
    for (size_t length = 0; length < 2 * TRAIL_ENTRY_LIMIT; length += length < 8000 ? 61 : 7) {
        for (size_t i = 0; i < length; i++) {
            buffer_append_byte(&text, (char)('a' + length % 26));
        }
        buffer_append_byte(&text, '\n');
    }
    buffer_append_string(&text, "end");
    disk_put(disk, "/x", text.at, text.length);
    assert_int_equal(layout_reader_open(reader, disk_files(disk), "/x", 0), 0);
    struct bytes line;
    uint64_t offset = 0;
    uint64_t expected = 0;
    for (size_t length = 0; length < 2 * TRAIL_ENTRY_LIMIT; length += length < 8000 ? 61 : 7) {
        const enum layout_line kind = layout_reader_next(reader, &line, &offset);
        assert_int_equal(kind,
                         length <= TRAIL_ENTRY_LIMIT ? LAYOUT_LINE_WHOLE : LAYOUT_LINE_TOO_LONG);
        assert_int_equal(offset, expected);
        assert_true(kind == LAYOUT_LINE_TOO_LONG || line.length == length);
        expected += length + 1;
    }
    assert_int_equal(layout_reader_next(reader, &line, &offset), LAYOUT_LINE_UNTERMINATED);
    assert_true(bytes_equal_string(line, "end"));
    assert_int_equal(layout_reader_next(reader, &line, &offset), LAYOUT_LINE_END);
    layout_reader_close(reader);
    free(reader);
    buffer_clear(&text);
    disk_free(disk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_layout__reads_back_the_header_that_it_writes),
        cmocka_unit_test(test_layout__refuses_times_that_are_none),
        cmocka_unit_test(test_layout__reads_lines_of_every_length),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
