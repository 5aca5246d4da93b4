/* SPDX-License-Identifier: Apache-2.0 */
/* Where windows are cut, what is in their accounts, and that both depend only on what comes out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "redact_splits.h"

/* Records of one revealed field, a withheld one, and a subject. */
#define DESCRIPTION(more)                                                                          \
    "{\"labels\":{\"seen\":{},\"hidden\":{}},\"subjects\":{\"who\":\"exact\"},"                    \
    "\"records\":{\"R\":[]},\"nodes\":{\"list\":{\"kinds\":[\"array\"],\"items\":\"record\"},"     \
    "\"record\":{\"kinds\":[\"object\"],\"record\":\"R\",\"members\":{\"a\":\"seen\","             \
    "\"b\":\"hidden\"}},\"seen\":{\"kinds\":[\"string\"],\"labels\":[\"seen\"]},"                  \
    "\"hidden\":{\"kinds\":[\"string\",\"array\"],\"labels\":[\"hidden\"],\"items\":\"hidden\","   \
    "\"subject\":\"who\"}},"                                                                       \
    "\"plan\":{\"R\":{\"seen\":\"reveal\"}},\"service\":{\"seen\":\"reveal\"}," more "}"

/* What one window was. */
struct seen_window {
    size_t length;
    uint64_t records;
    uint64_t fields;
    size_t subjects;
    uint64_t dropped;
    bool first, last;
};

struct seen {
    struct seen_window windows[64];
    size_t count;
    struct buffer body;
};

static amanat_result take(void *context, const struct redact_window *window)
{
    struct seen *seen = context;
    assert_true(seen->count < 64);
    seen->windows[seen->count++] = (struct seen_window){window->bytes.bytes.length,
                                                        window->records_disclosed,
                                                        window->disclosed[0][DISCLOSURE_REVEAL],
                                                        window->subject_count,
                                                        window->subjects_dropped,
                                                        window->first,
                                                        window->last};
    buffer_append(&seen->body, window->bytes.bytes);
    return AMANAT_OK;
}

static void feed_in_pieces(struct redactor *redactor, struct bytes body, size_t size)
{
    for (size_t at = 0; at < body.length; at += size) {
        const size_t length = body.length - at < size ? body.length - at : size;
        assert_true(amanat_is_ok(
            redactor_feed(redactor, (struct undisclosed_bytes){bytes_of(body.at + at, length)})));
    }
}

static void run(const char *description, struct bytes body, size_t size, struct seen *seen)
{
    struct redact_case *redact_case = redact_case_new(bytes_of_string(description));
    struct redactor *redactor = NULL;
    bool nothing = true;
    const struct redactor_options options = {.plan = &redact_case->plan,
                                             .root = redact_case->root,
                                             .ndjson = redact_case->ndjson,
                                             .on_window = take,
                                             .context = seen};
    *seen = (struct seen){.count = 0};
    buffer_init(&seen->body, (size_t)1 << 30);
    assert_true(amanat_is_ok(redactor_new(&options, &redactor)));
    feed_in_pieces(redactor, body, size);
    assert_true(amanat_is_ok(redactor_finish(redactor, &nothing)));
    assert_false(nothing);
    redactor_free(redactor);
    redact_case_free(redact_case);
    for (size_t i = 0; i < seen->count; i++) {
        assert_int_equal(seen->windows[i].first, i == 0);
        assert_int_equal(seen->windows[i].last, i + 1 == seen->count);
    }
}

static void append_text(struct buffer *out, size_t length)
{
    buffer_append_byte(out, '"');
    for (size_t i = 0; i < length; i++) {
        buffer_append_byte(out, 'x');
    }
    buffer_append_byte(out, '"');
}

/* `count` records whose output is 1,000 bytes each, its comma included. */
static void append_records(struct buffer *out, size_t count, const char *between, bool noisy)
{
    for (size_t i = 0; i < count; i++) {
        buffer_append_string(out, i == 0 ? "" : between);
        buffer_append_string(out, noisy ? " {\"b\":[\"who\",\"else\"] , \"a\" :" : "{\"a\":");
        append_text(out, 991);
        buffer_append_string(out, noisy ? ",\"x\":[1,2,3]}\n" : "}");
    }
}

static void test_window__is_cut_before_the_record_that_would_pass_it(void **state)
{
    struct buffer body;
    struct seen seen;
    struct seen noisy;
    (void)state;
    buffer_init(&body, (size_t)1 << 30);
    buffer_append_byte(&body, '[');
    append_records(&body, 600, ",", false);
    buffer_append_byte(&body, ']');
    run(DESCRIPTION("\"root\":\"list\""), buffer_bytes(&body), 4096, &seen);
    assert_int_equal(seen.count, 3);
    /* [ and the first record without a comma: 1,000 bytes */
    assert_int_equal(seen.windows[0].length, 262000);
    assert_int_equal(seen.windows[0].records, 262);
    assert_int_equal(seen.windows[0].fields, 262);
    assert_int_equal(seen.windows[1].length, 262000);
    assert_int_equal(seen.windows[1].records, 262);
    assert_int_equal(seen.windows[2].length, 76001);
    assert_int_equal(seen.windows[2].records, 76);
    assert_true(bytes_equal(buffer_bytes(&seen.body), buffer_bytes(&body)));
    /* white space, withheld and undeclared members move nothing; but their subjects are named */
    buffer_reset(&body);
    buffer_append_byte(&body, '[');
    append_records(&body, 600, ",", true);
    buffer_append_byte(&body, ']');
    run(DESCRIPTION("\"root\":\"list\""), buffer_bytes(&body), 777, &noisy);
    assert_int_equal(noisy.count, seen.count);
    assert_true(bytes_equal(buffer_bytes(&seen.body), buffer_bytes(&noisy.body)));
    for (size_t i = 0; i < seen.count; i++) {
        assert_int_equal(noisy.windows[i].length, seen.windows[i].length);
        assert_int_equal(noisy.windows[i].records, seen.windows[i].records);
        assert_int_equal(noisy.windows[i].subjects, 2);
        assert_int_equal(seen.windows[i].subjects, 0);
    }
    buffer_clear(&seen.body);
    buffer_clear(&noisy.body);
    buffer_clear(&body);
}

static void test_window__keeps_lines_whole(void **state)
{
    struct buffer body;
    struct seen seen;
    (void)state;
    buffer_init(&body, (size_t)1 << 30);
    append_records(&body, 300, "\n", false);
    run(DESCRIPTION("\"root\":\"record\",\"ndjson\":true"), buffer_bytes(&body), 1, &seen);
    assert_int_equal(seen.count, 2);
    assert_int_equal(seen.windows[0].length, 262000);
    assert_int_equal(seen.windows[1].length, 38000);
    assert_int_equal(seen.body.at[seen.body.length - 1], '\n');
    buffer_clear(&seen.body);
    buffer_clear(&body);
}

static void test_window__is_cut_at_the_byte_outside_records(void **state)
{
    struct buffer body;
    struct seen seen;
    (void)state;
    buffer_init(&body, (size_t)1 << 30);
    append_text(&body, 2 * REDACT_WINDOW_BYTES - 2);
    run(DESCRIPTION("\"root\":\"seen\""), buffer_bytes(&body), 5000, &seen);
    assert_int_equal(seen.count, 2); /* exactly full: no empty third one */
    assert_int_equal(seen.windows[0].length, REDACT_WINDOW_BYTES);
    assert_int_equal(seen.windows[1].length, REDACT_WINDOW_BYTES);
    assert_int_equal(seen.windows[0].fields, 1); /* in the window where it begins */
    assert_int_equal(seen.windows[1].fields, 0);
    assert_true(bytes_equal(buffer_bytes(&seen.body), buffer_bytes(&body)));
    buffer_clear(&seen.body);
    buffer_clear(&body);
}

static void test_window__of_a_record_that_is_larger_is_its_own(void **state)
{
    struct buffer body;
    struct seen seen;
    (void)state;
    buffer_init(&body, (size_t)1 << 30);
    buffer_append_string(&body, "[{\"a\":\"s\"},{\"a\":");
    append_text(&body, 300000);
    buffer_append_string(&body, "},{\"a\":\"s\"}]");
    run(DESCRIPTION("\"root\":\"list\""), buffer_bytes(&body), 5000, &seen);
    assert_int_equal(seen.count, 3);
    assert_int_equal(seen.windows[0].length, 10);
    assert_int_equal(seen.windows[1].length, 300009); /* with its comma */
    assert_int_equal(seen.windows[2].length, 11);
    assert_int_equal(seen.windows[1].records, 1);
    buffer_clear(&seen.body);
    buffer_clear(&body);
}

static void test_window__is_filled_to_its_last_byte(void **state)
{
    struct buffer body;
    struct seen seen;
    (void)state;
    buffer_init(&body, (size_t)1 << 30);
    buffer_append_string(&body, "[{\"a\":\"s\"},{\"a\":");
    append_text(&body, REDACT_WINDOW_BYTES - body.length - 3);
    buffer_append_string(&body, "}]");
    run(DESCRIPTION("\"root\":\"list\""), buffer_bytes(&body), 5000, &seen);
    assert_int_equal(seen.count, 2);
    assert_int_equal(seen.windows[0].length, REDACT_WINDOW_BYTES);
    assert_int_equal(seen.windows[0].records, 2);
    assert_int_equal(seen.windows[1].length, 1);
    buffer_clear(&seen.body);
    buffer_clear(&body);
}

static void test_window__names_each_subject_once_and_a_bounded_number(void **state)
{
    struct buffer body;
    struct seen seen;
    (void)state;
    buffer_init(&body, (size_t)1 << 30);
    buffer_append_string(&body, "[{\"a\":\"s\",\"b\":[");
    for (size_t i = 0; i < REDACT_SUBJECT_LIMIT + 5; i++) {
        buffer_append_format(&body, "%s\"%zu\"", i == 0 ? "" : ",", i);
    }
    buffer_append_string(&body, "]},{\"a\":\"s\",\"b\":\"1\"}]");
    run(DESCRIPTION("\"root\":\"list\""), buffer_bytes(&body), 5000, &seen);
    assert_int_equal(seen.count, 1);
    assert_int_equal(seen.windows[0].subjects, REDACT_SUBJECT_LIMIT);
    assert_true(seen.windows[0].dropped >= 5);
    buffer_clear(&seen.body);
    buffer_clear(&body);
}

/* Each record names all of a few subjects, many times more mentions than the bound. */
static void test_window__forgets_no_subject_that_comes_again_and_again(void **state)
{
    struct buffer body;
    struct seen seen;
    (void)state;
    buffer_init(&body, (size_t)1 << 30);
    buffer_append_byte(&body, '[');
    for (size_t i = 0; i < 14000; i++) {
        buffer_append_format(&body, "%s{\"b\":[", i == 0 ? "" : ",");
        for (size_t k = 0; k < 20; k++) {
            buffer_append_format(&body, "%s\"%zu\"", k == 0 ? "" : ",", (i * 20 + k) % 40000);
        }
        buffer_append_string(&body, "],\"a\":\"s\"}");
    }
    buffer_append_byte(&body, ']');
    run(DESCRIPTION("\"root\":\"list\""), buffer_bytes(&body), 5000, &seen);
    assert_int_equal(seen.count, 1);
    assert_int_equal(seen.windows[0].subjects, 40000);
    assert_int_equal(seen.windows[0].dropped, 0);
    buffer_clear(&seen.body);
    buffer_clear(&body);
}

static void test_window__cuts_whole_bodies(void **state)
{
    struct redact_case *redact_case =
        redact_case_new(bytes_of_string(DESCRIPTION("\"root\":\"seen\"")));
    struct seen seen = {.count = 0};
    struct redactor *redactor = NULL;
    static const size_t label = 0;
    bool nothing = true;
    struct buffer body;
    const struct redactor_options options = {
        .plan = &redact_case->plan, .on_window = take, .context = &seen};
    (void)state;
    buffer_init(&seen.body, (size_t)1 << 30);
    buffer_init(&body, (size_t)1 << 30);
    append_text(&body, 300000);
    assert_true(amanat_is_ok(redactor_new_whole(&options, &label, 1, &redactor)));
    feed_in_pieces(redactor, buffer_bytes(&body), 1000);
    assert_true(amanat_is_ok(redactor_finish(redactor, &nothing)));
    assert_false(nothing);
    assert_int_equal(seen.count, 2);
    assert_int_equal(seen.windows[0].length, REDACT_WINDOW_BYTES);
    assert_int_equal(seen.windows[0].fields, 1);
    assert_int_equal(seen.windows[1].fields, 0);
    assert_true(bytes_equal(buffer_bytes(&seen.body), buffer_bytes(&body)));
    redactor_free(redactor);
    buffer_clear(&seen.body);
    buffer_clear(&body);
    redact_case_free(redact_case);
}

/* A string that streams is longer than a window, and its last byte refuses the body. */
static void test_window__before_a_refusal_is_the_same_in_any_pieces(void **state)
{
    static const char *const last[] = {"\xff", "\n", "\\ud800\"", "\xc3\"", "\" 1"};
    struct redact_splits splits = {.random = 4};
    struct redact_case *redact_case = redact_case_new(BYTES(DESCRIPTION("\"root\":\"seen\"")));
    (void)state;
    for (size_t i = 0; i < sizeof(last) / sizeof(last[0]); i++) {
        struct redact_outcome outcome;
        struct buffer body;
        buffer_init(&body, (size_t)1 << 30);
        append_text(&body, 300000);
        buffer_truncate(&body, body.length - 1);
        buffer_append_string(&body, last[i]);
        assert_true(redact_splits_agree(&splits, redact_case, buffer_bytes(&body), &outcome));
        assert_int_not_equal(outcome.fault, REDACT_FAULT_NONE);
        assert_int_equal(outcome.window_count, 1);
        redact_outcome_clear(&outcome);
        buffer_clear(&body);
    }
    redact_case_free(redact_case);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_window__is_cut_before_the_record_that_would_pass_it),
        cmocka_unit_test(test_window__keeps_lines_whole),
        cmocka_unit_test(test_window__is_cut_at_the_byte_outside_records),
        cmocka_unit_test(test_window__of_a_record_that_is_larger_is_its_own),
        cmocka_unit_test(test_window__is_filled_to_its_last_byte),
        cmocka_unit_test(test_window__names_each_subject_once_and_a_bounded_number),
        cmocka_unit_test(test_window__forgets_no_subject_that_comes_again_and_again),
        cmocka_unit_test(test_window__cuts_whole_bodies),
        cmocka_unit_test(test_window__before_a_refusal_is_the_same_in_any_pieces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
