/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs beside the careful scanner: on random documents, right ones and spoilt ones, both say the
 * same tokens and the same faults, under every way of marking, however the input is split.
 */
#include "policy/redact/json_run.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "policy/base/buffer.h"

#define DEPTH_LIMIT 12
#define ROUNDS      500

static uint32_t seed = 1;

static uint32_t draw(uint32_t count)
{
    seed = seed * 1664525 + 1013904223;
    return (seed >> 8) % count;
}

/* ---- documents ---- */

static void write_space(struct buffer *out)
{
    static const char *const spaces[] = {
        "", "", "", "", "", " ", "\r\n", "\t \t", "\n          \n"};
    buffer_append_string(out, spaces[draw(9)]);
}

static void write_string(struct buffer *out)
{
    static const char *const parts[] = {"a",
                                        "plate",
                                        "\\\"",
                                        "\\\\",
                                        "\\n",
                                        "\\u0041",
                                        "\xc3\xa9",
                                        "\\/",
                                        "{[,:]}",
                                        "\xd9\xbe",
                                        "\xe2\x82\xac",
                                        "\xf0\x9f\x98\x80",
                                        "\\ud83d\\ude00",
                                        "\x7f"};
    uint32_t count = draw(8) == 0 ? draw(300) : draw(6);
    if (draw(60) == 0) {
        count = 4000; /* longer than a stretch */
    }
    const uint32_t kinds = draw(2) == 0 ? 2 : 14;
    buffer_append_byte(out, '"');
    for (uint32_t i = 0; i < count; i++) {
        buffer_append_string(out, parts[draw(kinds)]);
    }
    buffer_append_byte(out, '"');
}

static void write_scalar(struct buffer *out)
{
    static const char *const scalars[] = {"true", "false",  "null",   "0",      "-1",
                                          "1.50", "-0e+12", "12E034", "3.0e-1", "123456789012"};
    if (draw(2) == 0) {
        write_string(out);
    } else {
        buffer_append_string(out, scalars[draw(10)]);
    }
}

static void write_value(struct buffer *out, unsigned depth)
{
    if (depth > DEPTH_LIMIT || draw(depth + 2) >= 3) {
        write_scalar(out);
        return;
    }
    const bool is_object = draw(2) == 0;
    buffer_append_byte(out, is_object ? '{' : '[');
    const uint32_t count = draw(7);
    for (uint32_t i = 0; i < count; i++) {
        if (i > 0) {
            buffer_append_byte(out, ',');
        }
        write_space(out);
        if (is_object) {
            write_string(out);
            write_space(out);
            buffer_append_byte(out, ':');
            write_space(out);
        }
        write_value(out, depth + 1);
        write_space(out);
    }
    buffer_append_byte(out, is_object ? '}' : ']');
}

static void spoil(struct buffer *document)
{
    static const char likely[] = "\"\\{}[]:,01e.-+tn u\x1f\x80\xff\xed\xa0\n";
    for (uint32_t i = draw(3); i > 0 && document->length > 0; i--) {
        document->at[draw((uint32_t)document->length)] = likely[draw(sizeof(likely))];
    }
    if (draw(4) == 0) {
        buffer_truncate(document, draw((uint32_t)document->length + 1));
    }
}

/* ---- the careful way, and the quick one ---- */

struct said {
    struct buffer tokens; /* brackets, and each token with its kind */
    enum redact_fault fault;
    uint64_t scalars;
};

static void note(struct said *said, enum json_event_kind kind, struct bytes piece, bool ends,
                 bool is_integer)
{
    buffer_append(&said->tokens, piece);
    if (piece.length == 0 || ends) {
        buffer_append_byte(&said->tokens, (char)('A' + kind + (is_integer ? 32 : 0)));
    }
    said->scalars += ends && kind != JSON_EVENT_NAME ? 1 : 0;
}

static void note_event(struct said *said, const struct json_event *event)
{
    if (event->kind >= JSON_EVENT_NAME && event->kind <= JSON_EVENT_NULL && !event->ends) {
        buffer_append(&said->tokens, event->piece);
    } else {
        note(said, event->kind, event->piece, event->ends, event->is_integer);
    }
}

/* One step of a run; false: not certain. */
static bool step(struct json_run *run, struct said *said)
{
    struct json_run_scalar scalar;
    const bool in_object = json_scanner_is_in_object(run->scanner);
    const enum json_event_kind kind = json_run_kind(json_run_byte(run));
    const size_t start = run->at;
    if (run->expects == JSON_EXPECTS_NAME) {
        const size_t end =
            json_run_byte(run) == '"' ? json_run_pass_string(run->stretch, start) : 0;
        if (end == 0 || !json_run_pass_colon(run, end)) {
            return false;
        }
        note(said, JSON_EVENT_NAME, bytes_of(run->stretch->at + start, end - start), true, false);
        return true;
    }
    if (run->expects != JSON_EXPECTS_VALUE) {
        const enum json_run_next next = json_run_next(run, in_object ? '}' : ']');
        if (next == JSON_RUN_END) {
            note(said, in_object ? JSON_EVENT_OBJECT_END : JSON_EVENT_ARRAY_END, BYTES(""), false,
                 false);
        }
        return next != JSON_RUN_UNSURE;
    }
    if (kind == JSON_EVENT_OBJECT_BEGIN || kind == JSON_EVENT_ARRAY_BEGIN) {
        if (!json_run_open(run, kind == JSON_EVENT_OBJECT_BEGIN)) {
            return false;
        }
        note(said, kind, BYTES(""), false, false);
        return true;
    }
    if (kind == JSON_EVENT_FAULT || !json_run_scalar(run, kind, &scalar)) {
        return false;
    }
    note(said, kind, scalar.text, true, scalar.is_integer);
    return true;
}

static void run_steps(struct json_scanner *scanner, struct bytes input, size_t *position,
                      struct said *said)
{
    struct json_run run;
    if (!json_run_begin(scanner, input, *position, &run)) {
        return;
    }
    while (scanner->depth > 0 && json_run_has_more(&run)) {
        if (!step(&run, said) && !json_run_may_retry(&run)) {
            break;
        }
    }
    *position = json_run_end(run);
}

enum way_of_reading { READ_CAREFULLY, READ_RUNS, READ_SKIPPING };

static void take_runs(struct json_scanner *scanner, struct bytes input, size_t *position,
                      enum way_of_reading way, struct said *said)
{
    struct json_run run;
    if (way == READ_RUNS) {
        run_steps(scanner, input, position, said);
    } else if (way == READ_SKIPPING && json_run_begin(scanner, input, *position, &run)) {
        run = json_run_skip(run, 0, &said->scalars);
        *position = json_run_end(run);
    }
}

/* False: the document is over, or refused. */
static bool read_piece(struct json_scanner *scanner, struct bytes input, bool at_end,
                       enum way_of_reading way, struct said *said)
{
    size_t position = 0;
    json_scanner_begin_input(scanner);
    for (;;) {
        take_runs(scanner, input, &position, way, said);
        if (!at_end && position == input.length) {
            return true;
        }
        const struct json_event event = json_scanner_next(scanner, input, &position, at_end);
        if (event.kind == JSON_EVENT_FAULT) {
            said->fault = event.fault;
            return false;
        }
        if (event.kind == JSON_EVENT_INPUT_END || event.kind == JSON_EVENT_NEED_INPUT) {
            return true;
        }
        note_event(said, &event);
    }
}

/* Each piece has a heap block of its own, so that sanitizers see a read behind it. */
static bool read_copy(struct json_scanner *scanner, struct bytes piece, enum way_of_reading way,
                      struct said *said)
{
    char *copy = malloc(piece.length == 0 ? 1 : piece.length);
    assert_non_null(copy);
    memcpy(copy, piece.at, piece.length);
    const bool goes_on = read_piece(scanner, bytes_of(copy, piece.length), false, way, said);
    free(copy);
    return goes_on;
}

static struct said read_document(struct bytes text, size_t split, bool by_line, json_mark_fn *mark,
                                 enum way_of_reading way)
{
    struct json_scanner scanner;
    struct said said = {0};
    buffer_init(&said.tokens, SIZE_MAX / 2);
    assert_true(amanat_is_ok(json_scanner_init(&scanner, DEPTH_LIMIT, by_line)));
    scanner.mark = mark;
    if (read_copy(&scanner, bytes_first(text, split), way, &said) &&
        read_copy(&scanner, bytes_from(text, split), way, &said)) {
        (void)read_piece(&scanner, BYTES(""), true, way, &said);
    }
    json_scanner_clear(&scanner);
    return said;
}

/* Before a fault, a split may show the beginning of the token that it is in. */
static bool say_the_same(const struct said *careful, const struct said *other)
{
    return careful->fault != REDACT_FAULT_NONE ||
           bytes_equal(buffer_bytes(&careful->tokens), buffer_bytes(&other->tokens));
}

static void compare(struct bytes text, size_t split, bool by_line)
{
    struct json_mark_way ways[3];
    const size_t count = json_mark_ways(ways);
    struct said careful =
        read_document(text, text.length, by_line, json_mark_portable, READ_CAREFULLY);
    for (size_t i = 0; i < count; i++) {
        struct said quick = read_document(text, split, by_line, ways[i].mark, READ_RUNS);
        struct said skipped = read_document(text, split, by_line, ways[i].mark, READ_SKIPPING);
        if (quick.fault != careful.fault || skipped.fault != careful.fault ||
            quick.scalars != careful.scalars || skipped.scalars != careful.scalars ||
            !say_the_same(&careful, &quick)) {
            fail_msg("%s, split at %zu of %.*s:\n%s %.*s\n%s %.*s\n%s", ways[i].name, split,
                     BYTES_PRINTF(text), redact_fault_name(careful.fault),
                     BYTES_PRINTF(buffer_bytes(&careful.tokens)), redact_fault_name(quick.fault),
                     BYTES_PRINTF(buffer_bytes(&quick.tokens)), redact_fault_name(skipped.fault));
        }
        buffer_clear(&quick.tokens);
        buffer_clear(&skipped.tokens);
    }
    buffer_clear(&careful.tokens);
}

static void test_json_run__says_what_the_careful_scanner_says(void **state)
{
    (void)state;
    for (size_t round = 0; round < ROUNDS; round++) {
        struct buffer document;
        buffer_init(&document, SIZE_MAX / 2);
        buffer_append_string(&document, "[");
        write_value(&document, 0);
        buffer_append_string(&document, "]");
        if (round % 2 == 0) {
            spoil(&document);
        }
        const bool by_line = round % 8 == 3;
        compare(buffer_bytes(&document), draw((uint32_t)document.length + 1), by_line);
        compare(buffer_bytes(&document), document.length, by_line);
        buffer_clear(&document);
    }
}

static void test_json_run__says_the_same_at_every_split(void **state)
{
    static const char text[] =
        "[{\"name\": \"Ay\xc3\xa9sha \\ud83d\\ude00 \\\"K\\\" long enough for a block of "
        "marks\",\r\n"
        "\"n\":[-12,0.5e+3,true,false,null,1E9],\"empty\":{},\"none\":[]} , 1]";
    (void)state;
    for (size_t split = 0; split < sizeof(text); split++) {
        compare(bytes_of(text, sizeof(text) - 1), split, false);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json_run__says_what_the_careful_scanner_says),
        cmocka_unit_test(test_json_run__says_the_same_at_every_split),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
