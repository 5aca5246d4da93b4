/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Log lines. A text stands bare when it is made of harmless bytes only, else in quotes with `\"`,
 * `\\` and `\xHH`; so a line is always one line, and key=value can be split again. Lines that are
 * too long lose their end, not their shape.
 */
#include "gateway/runtime/log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "policy/base/guard.h"

enum { LINE_SIZE = 4096 };

struct line {
    char at[LINE_SIZE];
    size_t length; /* at most LINE_SIZE - 1: the LF always has room */
};

static void add_byte(struct line *line, char byte)
{
    if (line->length < LINE_SIZE - 1) {
        line->at[line->length++] = byte;
    }
}

static void add_string(struct line *line, const char *text)
{
    for (; *text != '\0'; text++) {
        add_byte(line, *text);
    }
}

static bool is_plain(char byte)
{
    return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
           (byte >= 'A' && byte <= 'Z') || (byte != '\0' && strchr("-_.:/@%+,[]", byte) != NULL);
}

static bool is_plain_text(struct bytes text)
{
    for (size_t i = 0; i < text.length; i++) {
        if (!is_plain(text.at[i])) {
            return false;
        }
    }
    return text.length > 0;
}

static void add_text(struct line *line, struct bytes text)
{
    static const char digits[] = "0123456789abcdef";
    if (is_plain_text(text)) {
        for (size_t i = 0; i < text.length; i++) {
            add_byte(line, text.at[i]);
        }
        return;
    }
    add_byte(line, '"');
    /* Escapes are never cut in half, and the closing quote has room. */
    for (size_t i = 0; i < text.length && line->length + 6 < LINE_SIZE; i++) {
        const unsigned char byte = (unsigned char)text.at[i];
        if (byte == '"' || byte == '\\') {
            add_byte(line, '\\');
            add_byte(line, (char)byte);
        } else if (byte >= 0x20 && byte < 0x7f) {
            add_byte(line, (char)byte);
        } else {
            add_string(line, "\\x");
            add_byte(line, digits[byte >> 4]);
            add_byte(line, digits[byte & 15]);
        }
    }
    add_byte(line, '"');
}

static void add_field(struct line *line, const struct runtime_log_field *field)
{
    char number[24];
    add_byte(line, ' ');
    add_string(line, field->key);
    add_byte(line, '=');
    switch (field->kind) {
    case RUNTIME_LOG_TEXT:
        add_text(line, field->text);
        break;
    case RUNTIME_LOG_NUMBER:
        (void)snprintf(number, sizeof(number), "%" PRId64, field->number);
        add_string(line, number);
        break;
    case RUNTIME_LOG_END:
        break;
    }
}

/* One write per line: lines of several threads do not mix. A log that cannot be written is no
 * reason to stop. */
static void write_line(int descriptor, const struct line *line)
{
    ssize_t written;
    do {
        written = write(descriptor, line->at, line->length);
    } while (written < 0 && errno == EINTR);
}

void runtime_log_write(const struct runtime_log *log, enum runtime_log_level level,
                       const char *event, const struct runtime_log_field *fields)
{
    static const char *const names[] = {"error", "warning", "notice", "debug"};
    if (log == NULL || level > log->level) {
        return;
    }
    struct line line;
    line.length = 0;
    char time[RUNTIME_CLOCK_TEXT_SIZE];
    runtime_clock_text(runtime_clock_wall(log->clock), time);
    add_string(&line, "time=");
    add_string(&line, time);
    add_string(&line, " level=");
    add_string(&line, names[level]);
    add_string(&line, " event=");
    add_text(&line, bytes_of_string(event));
    for (; fields != NULL && fields->kind != RUNTIME_LOG_END; fields++) {
        add_field(&line, fields);
    }
    line.at[line.length++] = '\n';
    write_line(log->descriptor, &line);
}
