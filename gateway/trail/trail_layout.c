/* SPDX-License-Identifier: Apache-2.0 */
/* Names inside a trail folder, the header of an entry, and reading segments line by line. */
#include "gateway/trail/trail_layout.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/runtime/runtime.h"
#include "policy/base/base64.h"
#include "policy/base/calendar.h"
#include "policy/base/guard.h"
#include "policy/base/utf8.h"

#define SEGMENT_SUFFIX ".jsonl"
#define SEGMENT_DIGITS 12u
#define TIME_LENGTH    27u

void layout_path(const char *folder, const char *name, char out[LAYOUT_PATH_SIZE])
{
    const int length = snprintf(out, LAYOUT_PATH_SIZE, "%s/%s", folder, name);
    ASSERT(length > 0 && length < LAYOUT_PATH_SIZE);
}

void layout_segment_name(uint64_t first, char out[LAYOUT_SEGMENT_SIZE])
{
    (void)snprintf(out, LAYOUT_SEGMENT_SIZE, "segments/%012" PRIu64 SEGMENT_SUFFIX, first);
}

struct segment_list {
    uint64_t *items;
    size_t count;
    size_t capacity;
    bool broken;
};

static bool parse_segment_name(const char *name, uint64_t *out)
{
    const size_t length = strlen(name);
    const size_t suffix = sizeof(SEGMENT_SUFFIX) - 1;
    uint64_t first = 0;

    if (length < SEGMENT_DIGITS + suffix || length > 19 + suffix ||
        strcmp(name + length - suffix, SEGMENT_SUFFIX) != 0) {
        return false;
    }
    for (size_t i = 0; i < length - suffix; i++) {
        if (name[i] < '0' || name[i] > '9') {
            return false;
        }
        first = first * 10 + (uint64_t)(name[i] - '0');
    }
    *out = first;
    return true;
}

static void collect_segment(void *context, const char *name)
{
    struct segment_list *list = context;
    uint64_t first = 0;

    if (!parse_segment_name(name, &first) || list->broken) {
        return;
    }
    if (list->count == list->capacity) {
        const size_t capacity = list->capacity == 0 ? 64 : list->capacity * 2;
        uint64_t *grown = realloc(list->items, capacity * sizeof(*grown));
        if (grown == NULL) {
            list->broken = true;
            return;
        }
        list->items = grown;
        list->capacity = capacity;
    }
    list->items[list->count] = first;
    list->count += 1;
}

static int compare_numbers(const void *a, const void *b)
{
    const uint64_t *left = a;
    const uint64_t *right = b;
    return *left < *right ? -1 : *left > *right;
}

amanat_result layout_list_segments(const struct files *files, const char *folder, uint64_t **out,
                                   size_t *out_count)
{
    char path[LAYOUT_PATH_SIZE];
    struct segment_list list = {0};

    layout_path(folder, "segments", path);
    const int listed = files->list(files->context, path, collect_segment, &list);
    if (listed < 0 || list.broken) {
        free(list.items);
        return amanat_result_of(list.broken ? AMANAT_STATUS_MEMORY : AMANAT_STATUS_IO);
    }
    if (list.count > 0) {
        qsort(list.items, list.count, sizeof(*list.items), compare_numbers);
    }
    *out = list.items;
    *out_count = list.count;
    return AMANAT_OK;
}

void layout_append_header(struct buffer *buffer, const struct layout_header *header)
{
    char time[RUNTIME_CLOCK_TEXT_SIZE];

    runtime_clock_text(header->time, time);
    buffer_append_string(buffer, "{\"_prev\":\"");
    hex_append(buffer, bytes_of((const char *)header->previous.at, sizeof(header->previous.at)));
    buffer_append_string(buffer, "\",\"_seq\":");
    buffer_append_number(buffer, (int64_t)header->sequence);
    buffer_append_string(buffer, ",\"_time\":\"");
    buffer_append_string(buffer, time);
    buffer_append_string(buffer, "\",\"_tx\":");
    buffer_append_number(buffer, (int64_t)header->commit);
    buffer_append_byte(buffer, ',');
}

static bool take(struct bytes *text, const char *expected)
{
    const struct bytes prefix = bytes_of_string(expected);

    if (!bytes_start_with(*text, prefix)) {
        return false;
    }
    *text = bytes_from(*text, prefix.length);
    return true;
}

static bool take_number(struct bytes *text, uint64_t *out)
{
    uint64_t number = 0;
    size_t length = 0;

    while (length < text->length && length < 19 && text->at[length] >= '0' &&
           text->at[length] <= '9') {
        number = number * 10 + (uint64_t)(text->at[length] - '0');
        length += 1;
    }
    if (length == 0 || (length > 1 && text->at[0] == '0')) {
        return false;
    }
    *text = bytes_from(*text, length);
    *out = number;
    return true;
}

static int hex_value(char digit)
{
    if (digit >= '0' && digit <= '9') {
        return digit - '0';
    }
    return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

static bool take_digest(struct bytes *text, struct trail_digest *out)
{
    if (text->length < 2 * sizeof(out->at)) {
        return false;
    }
    for (size_t i = 0; i < sizeof(out->at); i++) {
        const int high = hex_value(text->at[2 * i]);
        const int low = hex_value(text->at[2 * i + 1]);
        if (high < 0 || low < 0) {
            return false;
        }
        out->at[i] = (uint8_t)(high << 4 | low);
    }
    *text = bytes_from(*text, 2 * sizeof(out->at));
    return true;
}

static bool take_digits(struct bytes *text, unsigned count, int64_t *out)
{
    int64_t number = 0;

    if (text->length < count) {
        return false;
    }
    for (unsigned i = 0; i < count; i++) {
        if (text->at[i] < '0' || text->at[i] > '9') {
            return false;
        }
        number = number * 10 + (text->at[i] - '0');
    }
    *text = bytes_from(*text, count);
    *out = number;
    return true;
}

bool layout_parse_time(struct bytes text, int64_t *out)
{
    int64_t year = 0;
    int64_t month = 0;
    int64_t day = 0;
    int64_t hour = 0;
    int64_t minute = 0;
    int64_t second = 0;
    int64_t fraction = 0;
    char again[RUNTIME_CLOCK_TEXT_SIZE];
    const struct bytes whole = text;

    if (text.length != TIME_LENGTH || !take_digits(&text, 4, &year) || !take(&text, "-") ||
        !take_digits(&text, 2, &month) || !take(&text, "-") || !take_digits(&text, 2, &day) ||
        !take(&text, "T") || !take_digits(&text, 2, &hour) || !take(&text, ":") ||
        !take_digits(&text, 2, &minute) || !take(&text, ":") || !take_digits(&text, 2, &second) ||
        !take(&text, ".") || !take_digits(&text, 6, &fraction) || !take(&text, "Z")) {
        return false;
    }
    if (year < 1970 || month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 || minute > 59 ||
        second > 59) {
        return false;
    }
    const int64_t time =
        (((calendar_days((int)year, (unsigned)month, (unsigned)day) * 24 + hour) * 60 + minute) *
             60 +
         second) *
            RUNTIME_SECOND +
        fraction;
    /* Canonical only: 31 February does not come back as itself. */
    runtime_clock_text(time, again);
    if (!bytes_equal_string(whole, again)) {
        return false;
    }
    *out = time;
    return true;
}

bool layout_parse_header(struct bytes line, struct layout_header *out, struct bytes *out_rest)
{
    struct layout_header header = {0};

    if (!take(&line, "{\"_prev\":\"") || !take_digest(&line, &header.previous) ||
        !take(&line, "\",\"_seq\":") || !take_number(&line, &header.sequence) ||
        !take(&line, ",\"_time\":\"") ||
        !layout_parse_time(bytes_first(line, line.length < TIME_LENGTH ? line.length : TIME_LENGTH),
                           &header.time)) {
        return false;
    }
    line = bytes_from(line, TIME_LENGTH);
    if (!take(&line, "\",\"_tx\":") || !take_number(&line, &header.commit) || !take(&line, ",")) {
        return false;
    }
    *out = header;
    if (out_rest != NULL) {
        *out_rest = line;
    }
    return true;
}

bool layout_parse_line(struct bytes line, struct layout_header *out)
{
    struct bytes rest;

    if (line.length > TRAIL_ENTRY_LIMIT || !layout_parse_header(line, out, &rest) ||
        rest.length < 2 || rest.at[rest.length - 1] != '}') {
        return false;
    }
    for (size_t i = 0; i < rest.length; i++) {
        if ((unsigned char)rest.at[i] < 0x20) {
            return false;
        }
    }
    return utf8_is_valid(rest);
}

int layout_reader_open(struct layout_reader *reader, const struct files *files, const char *path,
                       uint64_t offset)
{
    reader->files = files;
    reader->file = files->open(files->context, path, FILES_READ);
    reader->file_offset = offset;
    reader->start = 0;
    reader->end = 0;
    reader->at_end = false;
    reader->skips = false;
    return reader->file < 0 ? reader->file : 0;
}

void layout_reader_close(struct layout_reader *reader)
{
    if (reader->file >= 0) {
        (void)reader->files->close(reader->files->context, reader->file);
        reader->file = -1;
    }
}

/* Reads more behind what is held; false when the operating system could not. */
static bool fill(struct layout_reader *reader)
{
    if (reader->start > 0) {
        memmove(reader->held, reader->held + reader->start, reader->end - reader->start);
        reader->end -= reader->start;
        reader->start = 0;
    }
    const int64_t taken =
        reader->files->read_at(reader->files->context, reader->file, reader->held + reader->end,
                               sizeof(reader->held) - reader->end, reader->file_offset);
    if (taken < 0) {
        return false;
    }
    reader->at_end = taken == 0;
    reader->end += (size_t)taken;
    reader->file_offset += (uint64_t)taken;
    return true;
}

/* Drops what is left of a line that was too long; false when the operating system could not. */
static bool skip_rest(struct layout_reader *reader)
{
    while (reader->skips) {
        const struct bytes held =
            bytes_of(reader->held + reader->start, reader->end - reader->start);
        const size_t newline = bytes_find(held, '\n');
        const bool found = newline < held.length;
        reader->start = found ? reader->start + newline + 1 : reader->end;
        reader->skips = !found && !reader->at_end;
        if (reader->skips && !fill(reader)) {
            return false;
        }
    }
    return true;
}

enum layout_line layout_reader_next(struct layout_reader *reader, struct bytes *out,
                                    uint64_t *out_offset)
{
    if (!skip_rest(reader)) {
        return LAYOUT_LINE_UNREADABLE;
    }
    for (;;) {
        const struct bytes held =
            bytes_of(reader->held + reader->start, reader->end - reader->start);
        const size_t newline = bytes_find(held, '\n');
        *out_offset = reader->file_offset - held.length;
        if (newline < held.length && newline <= TRAIL_ENTRY_LIMIT) {
            *out = bytes_first(held, newline);
            reader->start += newline + 1;
            return LAYOUT_LINE_WHOLE;
        }
        if (held.length > TRAIL_ENTRY_LIMIT) {
            /* Its end is looked for only when somebody asks for what follows: it may be far. */
            *out = bytes_of(NULL, 0);
            reader->skips = true;
            return LAYOUT_LINE_TOO_LONG;
        }
        if (reader->at_end) {
            *out = held;
            reader->start = reader->end;
            return held.length == 0 ? LAYOUT_LINE_END : LAYOUT_LINE_UNTERMINATED;
        }
        if (!fill(reader)) {
            return LAYOUT_LINE_UNREADABLE;
        }
    }
}
