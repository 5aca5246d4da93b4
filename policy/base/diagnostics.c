/* SPDX-License-Identifier: Apache-2.0 */
/* The list of messages behind amanat/diagnostics.h. */
#include "amanat/diagnostics.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/base/arena.h"
#include "policy/base/excerpt.h"
#include "policy/base/guard.h"
#include "policy/base/vector.h"
#include "policy/base/visible.h"

/* Nobody reads further, and a hostile file must not fill the memory with its own faults. */
#define MESSAGES_LIMIT 1000
#define TEXT_LIMIT     2048

struct amanat_diagnostics {
    struct arena *arena;
    VECTOR(struct amanat_diagnostic) messages;
    size_t errors;
};

struct amanat_diagnostics *amanat_diagnostics_new(void)
{
    struct amanat_diagnostics *diagnostics = calloc(1, sizeof(*diagnostics));
    if (diagnostics == NULL) {
        return NULL;
    }
    diagnostics->arena = arena_new((size_t)16 << 20);
    if (diagnostics->arena == NULL) {
        free(diagnostics);
        return NULL;
    }
    return diagnostics;
}

void amanat_diagnostics_free(struct amanat_diagnostics *diagnostics)
{
    if (diagnostics != NULL) {
        arena_free(diagnostics->arena);
        free(diagnostics);
    }
}

void amanat_diagnostics_add(struct amanat_diagnostics *diagnostics, enum amanat_severity severity,
                            const char *code, const char *source, unsigned line, unsigned column,
                            const char *format, ...)
{
    if (diagnostics == NULL) {
        return;
    }
    if (severity == AMANAT_SEVERITY_ERROR) {
        diagnostics->errors++;
    }
    if (diagnostics->messages.count >= MESSAGES_LIMIT) {
        return;
    }
    char text[TEXT_LIMIT];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    struct buffer shown; /* messages quote what strangers wrote */
    buffer_init(&shown, 16 * TEXT_LIMIT);
    visible_append(&shown, bytes_of_string(text));
    const struct amanat_diagnostic message = {
        .severity = severity,
        .code = arena_format(diagnostics->arena, "%s", code),
        .source = arena_format(diagnostics->arena, "%s", source == NULL ? "" : source),
        .line = line,
        .column = column,
        .text = arena_format(diagnostics->arena, "%.*s", BYTES_PRINTF(buffer_bytes(&shown))),
    };
    buffer_clear(&shown);
    if (message.code == NULL || message.source == NULL || message.text == NULL) {
        return;
    }
    struct amanat_diagnostic *slot = VECTOR_PUSH(diagnostics->arena, &diagnostics->messages);
    if (slot != NULL) {
        *slot = message;
    }
}

/* ---- Quoting ---- */

/* A position without its message: sorted, so that one walk over the text finds all lines. */
struct position {
    unsigned line;
    size_t index;
};

static int compare_positions(const void *a, const void *b)
{
    const struct position *left = a;
    const struct position *right = b;
    return (left->line > right->line) - (left->line < right->line);
}

static size_t find_positions(const struct amanat_diagnostics *diagnostics, const char *source,
                             struct position *positions)
{
    size_t count = 0;
    for (size_t i = 0; i < diagnostics->messages.count; i++) {
        const struct amanat_diagnostic *message = &diagnostics->messages.items[i];
        if (message->excerpt == NULL && message->line > 0 && strcmp(message->source, source) == 0) {
            positions[count++] = (struct position){message->line, i};
        }
    }
    if (count > 0) {
        qsort(positions, count, sizeof(*positions), compare_positions);
    }
    return count;
}

/* Which words a source has is seen from its name. */
static enum excerpt_words words_of(const char *source)
{
    static const char *const endings[] = {".yaml", ".yml", ".json"};
    for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
        if (bytes_end_with(bytes_of_string(source), bytes_of_string(endings[i]))) {
            return EXCERPT_DOCUMENT;
        }
    }
    return EXCERPT_CEDAR;
}

static void set_excerpt(struct amanat_diagnostics *diagnostics, struct amanat_diagnostic *message,
                        struct bytes line)
{
    struct excerpt excerpt;
    excerpt_make(line, message->column, words_of(message->source), &excerpt);
    message->excerpt = arena_format(diagnostics->arena, "%s", excerpt.text);
    message->excerpt_indent = excerpt.indent;
    message->excerpt_width = excerpt.width;
}

/*
 * Takes the next line off the front of `*rest`, without its end (LF, or CR LF). Behind the last
 * line nothing is left, not even an empty one: then `rest->at` is NULL.
 */
static struct bytes take_line(struct bytes *rest)
{
    const size_t end = bytes_find(*rest, '\n');
    struct bytes line = bytes_first(*rest, end);
    *rest = end < rest->length ? bytes_from(*rest, end + 1) : (struct bytes){0};
    line.length -= bytes_end_with(line, BYTES("\r")) ? 1 : 0;
    return line;
}

void amanat_diagnostics_quote(struct amanat_diagnostics *diagnostics, const char *source,
                              const char *text, size_t length)
{
    struct position positions[MESSAGES_LIMIT];
    struct bytes rest = bytes_of(text, length);
    struct bytes line = {0};
    unsigned number = 0;
    const size_t count = diagnostics == NULL ? 0 : find_positions(diagnostics, source, positions);
    for (size_t i = 0; i < count; i++) {
        while (number < positions[i].line && rest.at != NULL) {
            line = take_line(&rest);
            number++;
        }
        if (number == positions[i].line) {
            set_excerpt(diagnostics, &diagnostics->messages.items[positions[i].index], line);
        }
    }
}

size_t amanat_diagnostics_count(const struct amanat_diagnostics *diagnostics)
{
    return diagnostics->messages.count;
}

size_t amanat_diagnostics_errors(const struct amanat_diagnostics *diagnostics)
{
    return diagnostics->errors;
}

const struct amanat_diagnostic *amanat_diagnostics_at(const struct amanat_diagnostics *diagnostics,
                                                      size_t index)
{
    ASSERT(index < diagnostics->messages.count);
    return &diagnostics->messages.items[index];
}
