/* SPDX-License-Identifier: Apache-2.0 */
/* The scanner: every row at every split, what it accepts and why it refuses. (Whole suites:
 * tests/conformance.) */
#include "policy/redact/json_scanner.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "policy/base/buffer.h"

/* Writes what the scanner says: brackets as they are, each token as it is spelt and a blank, ~ for
 * the end of a document. */
static void note(const struct json_event *event, struct buffer *out)
{
    static const char marks[] = {[JSON_EVENT_OBJECT_BEGIN] = '{',
                                 [JSON_EVENT_OBJECT_END] = '}',
                                 [JSON_EVENT_ARRAY_BEGIN] = '[',
                                 [JSON_EVENT_ARRAY_END] = ']',
                                 [JSON_EVENT_DOCUMENT_END] = '~'};
    if ((size_t)event->kind < sizeof(marks) && marks[event->kind] != 0) {
        buffer_append_byte(out, marks[event->kind]);
        return;
    }
    buffer_append(out, event->piece);
    if (event->ends) {
        buffer_append_byte(out, event->kind == JSON_EVENT_NAME ? ':' : ' ');
    }
    if (event->ends && event->kind == JSON_EVENT_NUMBER) {
        buffer_append_byte(out, event->is_integer ? 'i' : 'n');
    }
}

static enum redact_fault scan_piece(struct json_scanner *scanner, struct bytes piece, bool at_end,
                                    struct buffer *out)
{
    size_t position = 0;
    json_scanner_begin_input(scanner);
    for (;;) {
        const struct json_event event = json_scanner_next(scanner, piece, &position, at_end);
        if (event.kind == JSON_EVENT_FAULT) {
            return event.fault;
        }
        if (event.kind == JSON_EVENT_INPUT_END || (event.kind == JSON_EVENT_NEED_INPUT)) {
            return REDACT_FAULT_NONE;
        }
        note(&event, out);
        if (!at_end && position == piece.length) {
            return REDACT_FAULT_NONE;
        }
    }
}

static enum redact_fault scan(struct bytes text, size_t split, bool by_line, struct buffer *out)
{
    struct json_scanner scanner;
    enum redact_fault fault = REDACT_FAULT_NONE;
    assert_true(amanat_is_ok(json_scanner_init(&scanner, 4, by_line)));
    if (split == SIZE_MAX) { /* byte by byte */
        for (size_t i = 0; i < text.length && fault == REDACT_FAULT_NONE; i++) {
            fault = scan_piece(&scanner, bytes_of(text.at + i, 1), false, out);
        }
    } else {
        fault = scan_piece(&scanner, bytes_first(text, split), false, out);
        if (fault == REDACT_FAULT_NONE) {
            fault = scan_piece(&scanner, bytes_from(text, split), false, out);
        }
    }
    if (fault == REDACT_FAULT_NONE) {
        fault = scan_piece(&scanner, BYTES(""), true, out);
    }
    json_scanner_clear(&scanner);
    return fault;
}

struct row {
    struct bytes text;
    const char *expected; /* NULL: refused for `fault` */
    enum redact_fault fault;
    bool by_line;
};
#define TEXT(literal) BYTES_INIT(literal)

static const struct row rows[] = {
    {TEXT("{}"), "{}~", 0, false},
    {TEXT(" { \"a\" : [ 1 , -0.5e+3 , true ] }\r\n"), "{\"a\":[1 i-0.5e+3 ntrue ]}~", 0, false},
    {TEXT("null"), "null ~", 0, false},
    {TEXT("false"), "false ~", 0, false},
    {TEXT("0"), "0 i~", 0, false},
    {TEXT("-12"), "-12 i~", 0, false},
    {TEXT("1.0"), "1.0 n~", 0, false},
    {TEXT("1e5"), "1e5 n~", 0, false},
    {TEXT("\"\\u00e9\\n\\/\\\"\xc3\xa9\xf0\x9f\x98\x80\\ud83d\\ude00\\u0000\""),
     "\"\\u00e9\\n\\/\\\"\xc3\xa9\xf0\x9f\x98\x80\\ud83d\\ude00\\u0000\" ~", 0, false},
    {TEXT("[[[[]]]]"), "[[[[]]]]~", 0, false},
    {TEXT("[[[[[]]]]]"), NULL, REDACT_FAULT_DEPTH, false},
    {TEXT("[[[{\"a\":{}}]]]"), NULL, REDACT_FAULT_DEPTH, false},
    {TEXT(""), NULL, REDACT_FAULT_SYNTAX, false},
    {TEXT("  \n"), NULL, REDACT_FAULT_SYNTAX, false},
    {TEXT("\xef\xbb\xbf{}"), NULL, REDACT_FAULT_SYNTAX, false},
    {TEXT("{} {}"), NULL, REDACT_FAULT_SYNTAX, false},
    {TEXT("{},"), NULL, REDACT_FAULT_SYNTAX, false},
    {TEXT("[1,]"), NULL, REDACT_FAULT_SYNTAX, false},
    {TEXT("[,1]"), NULL, REDACT_FAULT_SYNTAX, false},
    {TEXT("[1 2]"), NULL, REDACT_FAULT_SYNTAX, false},
    {TEXT("{\"a\":1,}"), NULL, REDACT_FAULT_SYNTAX, false},
    {TEXT("{\"a\"}"), NULL, REDACT_FAULT_SYNTAX, false},
    {TEXT("{a:1}"), NULL, REDACT_FAULT_SYNTAX, false},
    {TEXT("[}"), NULL, REDACT_FAULT_SYNTAX, false},
    {TEXT("{\"a\":]"), NULL, REDACT_FAULT_SYNTAX, false},
    {TEXT("]"), NULL, REDACT_FAULT_SYNTAX, false},
    {TEXT("01"), NULL, REDACT_FAULT_SYNTAX, false},
    {TEXT("+1"), NULL, REDACT_FAULT_SYNTAX, false},
    {TEXT("1.x"), NULL, REDACT_FAULT_SYNTAX, false},
    {TEXT("1."), NULL, REDACT_FAULT_TRUNCATED, false},
    {TEXT("-"), NULL, REDACT_FAULT_TRUNCATED, false},
    {TEXT("1e"), NULL, REDACT_FAULT_TRUNCATED, false},
    {TEXT("tru"), NULL, REDACT_FAULT_TRUNCATED, false},
    {TEXT("trux"), NULL, REDACT_FAULT_SYNTAX, false},
    {TEXT("truee"), NULL, REDACT_FAULT_SYNTAX, false},
    {TEXT("[1"), NULL, REDACT_FAULT_TRUNCATED, false},
    {TEXT("{\"a\""), NULL, REDACT_FAULT_TRUNCATED, false},
    {TEXT("\"abc"), NULL, REDACT_FAULT_TRUNCATED, false},
    {TEXT("\"\\x\""), NULL, REDACT_FAULT_SYNTAX, false},
    {TEXT("\"\\u12g4\""), NULL, REDACT_FAULT_SYNTAX, false},
    {TEXT("\"\t\""), NULL, REDACT_FAULT_SYNTAX, false},
    {TEXT("\"\x00\""), NULL, REDACT_FAULT_SYNTAX, false},
    {TEXT("{\x00}"), NULL, REDACT_FAULT_SYNTAX, false},
    {TEXT("\"\\ud800\""), NULL, REDACT_FAULT_ENCODING, false},
    {TEXT("\"\\ud800x\""), NULL, REDACT_FAULT_ENCODING, false},
    {TEXT("\"\\ud800\\n\""), NULL, REDACT_FAULT_ENCODING, false},
    {TEXT("\"\\ud800\\u0041\""), NULL, REDACT_FAULT_ENCODING, false},
    {TEXT("\"\\ud800\\ud800\""), NULL, REDACT_FAULT_ENCODING, false},
    {TEXT("\"\\udc00\""), NULL, REDACT_FAULT_ENCODING, false},
    {TEXT("\"\\ud83d\\ude00\\ude00\""), NULL, REDACT_FAULT_ENCODING, false},
    {TEXT("\"\x80\""), NULL, REDACT_FAULT_ENCODING, false},
    {TEXT("\"\xc0\x80\""), NULL, REDACT_FAULT_ENCODING, false},
    {TEXT("\"\xc3\""), NULL, REDACT_FAULT_ENCODING, false},
    {TEXT("\"\xe0\x80\x80\""), NULL, REDACT_FAULT_ENCODING, false},
    {TEXT("\"\xed\xa0\x80\""), NULL, REDACT_FAULT_ENCODING, false},
    {TEXT("\"\xf4\x90\x80\x80\""), NULL, REDACT_FAULT_ENCODING, false},
    {TEXT("\"\xf5\x80\x80\x80\""), NULL, REDACT_FAULT_ENCODING, false},
    {TEXT("\"\xf0\x9f\x98\\n\""), NULL, REDACT_FAULT_ENCODING, false},
    {TEXT("\xc3\xa9"), NULL, REDACT_FAULT_SYNTAX, false},
    /* by line */
    {TEXT(""), "", 0, true},
    {TEXT(" \n\r\n"), "", 0, true},
    {TEXT("1\n2"), "1 i~2 i~", 0, true},
    {TEXT("{}\r\n\n[]\n"), "{}~[]~", 0, true},
    {TEXT("{}{}\n"), NULL, REDACT_FAULT_SYNTAX, true},
    {TEXT("{\n}"), NULL, REDACT_FAULT_SYNTAX, true},
    {TEXT("[1,\n2]"), NULL, REDACT_FAULT_SYNTAX, true},
    {TEXT("\"a\n\""), NULL, REDACT_FAULT_SYNTAX, true},
    {TEXT("{}\n["), NULL, REDACT_FAULT_TRUNCATED, true},
};

static void check(const struct row *row, size_t split)
{
    struct buffer out;
    buffer_init(&out, 1 << 20);
    const enum redact_fault fault = scan(row->text, split, row->by_line, &out);
    if (fault != row->fault ||
        (row->expected != NULL && !bytes_equal_string(buffer_bytes(&out), row->expected))) {
        fail_msg("row %zu (%.*s) split at %zu: %s, %.*s", (size_t)(row - rows),
                 BYTES_PRINTF(row->text), split, redact_fault_name(fault),
                 BYTES_PRINTF(buffer_bytes(&out)));
    }
    buffer_clear(&out);
}

static void test_json_scanner__says_the_same_at_every_split(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        for (size_t split = 0; split <= rows[i].text.length; split++) {
            check(&rows[i], split);
        }
        check(&rows[i], SIZE_MAX);
    }
}

static void test_json_scanner__stays_refused(void **state)
{
    struct json_scanner scanner;
    size_t position = 0;
    (void)state;
    assert_true(amanat_is_ok(json_scanner_init(&scanner, 4, false)));
    assert_int_equal(json_scanner_next(&scanner, BYTES("x"), &position, false).kind,
                     JSON_EVENT_FAULT);
    position = 0;
    assert_int_equal(json_scanner_next(&scanner, BYTES("{}"), &position, true).kind,
                     JSON_EVENT_FAULT);
    json_scanner_clear(&scanner);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json_scanner__says_the_same_at_every_split),
        cmocka_unit_test(test_json_scanner__stays_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
