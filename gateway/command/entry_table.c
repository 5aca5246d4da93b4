/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The officer's table. It shows words of the ruleset, numbers and pseudonyms, as they stand in the
 * entry; bytes that are not printable ASCII, which no entry of ours has, are shown as `?`.
 */
#include "gateway/command/entry_table.h"

#include <inttypes.h>
#include <stdio.h>

#include "gateway/runtime/runtime.h"
#include "policy/base/base.h"

#define TABLE_WIDTH    100
#define DETAIL_INDENT  16
#define DETAIL_LIMIT   ((size_t)65536)
#define SHOWN_SUBJECTS 2

static const struct {
    const char *title;
    unsigned width;
} columns[] = {{"entry", 8},      {"time (UTC)", 21}, {"partner", 18}, {"purpose", 18},
               {"operation", 20}, {"case", 8},        {"answer", 0}};
#define COLUMN_COUNT (sizeof(columns) / sizeof(columns[0]))

/* ---- members of an entry ---- */

static int64_t number_of(const struct document *object, const char *key)
{
    const struct document *value = document_get(object, key);
    int64_t number = 0;
    return value != NULL && document_integer(value, &number) ? number : 0;
}

static size_t member_count(const struct document *value)
{
    return value != NULL && value->kind == DOCUMENT_OBJECT ? value->count : 0;
}

static size_t item_count(const struct document *value)
{
    return value != NULL && value->kind == DOCUMENT_ARRAY ? value->count : 0;
}

/* ---- printing ---- */

static void append_plain(struct buffer *out, struct bytes text)
{
    for (size_t i = 0; i < text.length; i++) {
        const char byte = text.at[i];
        buffer_append_byte(out, byte >= 0x20 && byte < 0x7F ? byte : '?');
    }
}

/* Cut with two dots when it is too wide. */
static void append_cell(struct buffer *row, size_t column, struct bytes text)
{
    const size_t width = columns[column].width;
    const bool is_last = column + 1 == COLUMN_COUNT;
    const bool is_cut = !is_last && text.length > width - 1;
    append_plain(row, is_cut ? bytes_first(text, width - 3) : text);
    buffer_append_string(row, is_cut ? ".." : "");
    for (size_t i = is_cut ? width - 1 : text.length; !is_last && i < width; i++) {
        buffer_append_byte(row, ' ');
    }
}

static void print_row(const struct bytes cells[COLUMN_COUNT])
{
    struct buffer row;
    buffer_init(&row, DETAIL_LIMIT);
    for (size_t i = 0; i < COLUMN_COUNT; i++) {
        append_cell(&row, i, cells[i]);
    }
    while (row.length > 0 && row.at[row.length - 1] == ' ') {
        buffer_truncate(&row, row.length - 1);
    }
    (void)printf("%.*s\n", BYTES_PRINTF(buffer_bytes(&row)));
    buffer_clear(&row);
}

/*
 * As much of the text as fits a line: up to a blank, or all that a line holds when there is none.
 */
static size_t line_length(struct bytes text)
{
    const size_t room = TABLE_WIDTH - DETAIL_INDENT;
    size_t length = room;
    if (text.length <= room) {
        return text.length;
    }
    while (length > 0 && text.at[length] != ' ') {
        length--;
    }
    return length == 0 ? room : length;
}

/* "     withheld   person.name 3, …", broken between words; nothing for an empty text. */
static void print_detail(const char *title, struct buffer *text)
{
    struct bytes rest = buffer_bytes(text);
    for (bool first = true; rest.length > 0; first = false) {
        const size_t length = line_length(rest);
        (void)printf("     %-10s %.*s\n", first ? title : "", (int)length, rest.at);
        rest = bytes_from(rest, length);
        while (rest.length > 0 && rest.at[0] == ' ') {
            rest = bytes_from(rest, 1);
        }
    }
    buffer_reset(text);
}

static void append_separator(struct buffer *text)
{
    buffer_append_string(text, text->length > 0 ? ", " : "");
}

/* ---- details of an access ---- */

static void append_mode(const struct document *disclosed, const char *mode, struct buffer *text)
{
    for (size_t i = 0; i < member_count(disclosed); i++) {
        const struct document_member *label = &disclosed->members[i];
        if (document_get(&label->value, mode) != NULL) {
            append_separator(text);
            append_plain(text, label->key);
            buffer_append_format(text, " %" PRId64, number_of(&label->value, mode));
        }
    }
}

static void append_counts(const struct document *counts, struct buffer *text)
{
    for (size_t i = 0; i < member_count(counts); i++) {
        int64_t number = 0;
        append_separator(text);
        append_plain(text, counts->members[i].key);
        if (document_integer(&counts->members[i].value, &number)) {
            buffer_append_format(text, " %" PRId64, number);
        }
    }
}

static void append_subjects(const struct document *subjects, struct buffer *text)
{
    const size_t count = item_count(subjects);
    if (count == 0) {
        return;
    }
    buffer_append_format(text, "%zu subject%s, as pseudonyms: ", count, count == 1 ? "" : "s");
    for (size_t i = 0; i < count && i < SHOWN_SUBJECTS; i++) {
        buffer_append_string(text, i == 0 ? "" : ", ");
        append_plain(text, subjects->items[i].text);
    }
    buffer_append_string(text, count > SHOWN_SUBJECTS ? " ..." : "");
}

static void append_records(const struct document *records, struct buffer *text)
{
    const int64_t disclosed = number_of(records, "disclosed");
    const int64_t all = disclosed + number_of(records, "left_out");
    if (all > 0) {
        buffer_append_format(text, "%" PRId64 " of %" PRId64, disclosed, all);
        if (number_of(records, "over_limit") > 0) {
            buffer_append_format(text, ", %" PRId64 " over a limit",
                                 number_of(records, "over_limit"));
        }
    }
}

static void append_names(const struct document *names, struct buffer *text)
{
    for (size_t i = 0; i < item_count(names); i++) {
        append_separator(text);
        append_plain(text, names->items[i].text);
    }
}

static void print_details(const struct document *entry)
{
    static const char *const modes[] = {"reveal", "coarsen", "mask", "tokenize"};
    struct buffer text;
    buffer_init(&text, DETAIL_LIMIT);
    append_records(document_get(entry, "records"), &text);
    print_detail("records", &text);
    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        append_mode(document_get(entry, "disclosed"), modes[i], &text);
        print_detail(modes[i], &text);
    }
    append_counts(document_get(entry, "withheld"), &text);
    print_detail("withheld", &text);
    append_subjects(document_get(entry, "subjects"), &text);
    print_detail("about", &text);
    append_plain(&text, document_get_string(entry, "reason"));
    print_detail("refused", &text);
    append_names(document_get(entry, "policies"), &text);
    print_detail("because of", &text);
    buffer_clear(&text);
}

/* ---- rows ---- */

static struct bytes or_dash(struct bytes text)
{
    return text.length > 0 ? text : BYTES("-");
}

static void print_access(const struct trail_match *match, struct bytes number, struct bytes time)
{
    const struct document *entry = match->entry;
    const struct document *need = document_get(entry, "need");
    char status[24];
    (void)snprintf(status, sizeof(status), "%" PRId64, number_of(entry, "status"));
    const struct bytes cells[COLUMN_COUNT] = {number,
                                              time,
                                              or_dash(document_get_string(entry, "partner")),
                                              or_dash(document_get_string(need, "purpose")),
                                              or_dash(document_get_string(entry, "operation")),
                                              or_dash(document_get_string(need, "case")),
                                              bytes_of_string(status)};
    print_row(cells);
    print_details(entry);
}

void entry_table_print_heading(void)
{
    struct bytes cells[COLUMN_COUNT];
    for (size_t i = 0; i < COLUMN_COUNT; i++) {
        cells[i] = bytes_of_string(columns[i].title);
    }
    print_row(cells);
}

void entry_table_print(const struct trail_match *match)
{
    char number[24];
    char time[RUNTIME_CLOCK_TEXT_SIZE];
    (void)snprintf(number, sizeof(number), "%" PRIu64, match->sequence);
    runtime_clock_text(match->time, time);
    time[10] = ' ';
    time[19] = '\0';
    if (match->kind == TRAIL_KIND_ACCESS) {
        print_access(match, bytes_of_string(number), bytes_of_string(time));
        return;
    }
    const struct bytes cells[COLUMN_COUNT] = {bytes_of_string(number), bytes_of_string(time),
                                              bytes_of_string(trail_kind_name(match->kind))};
    print_row(cells);
}
