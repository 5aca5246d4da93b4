/* SPDX-License-Identifier: Apache-2.0 */
/* The list of messages behind amanat/diagnostics.h. */
#include "amanat/diagnostics.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "policy/base/arena.h"
#include "policy/base/guard.h"
#include "policy/base/vector.h"

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

/*
 * Messages quote what strangers wrote: no control character of theirs reaches a terminal or a log.
 */
static void blank_control_characters(char *text)
{
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text < 0x20 || *text == 0x7F) {
            *text = '?';
        }
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
    blank_control_characters(text);
    const struct amanat_diagnostic message = {
        .severity = severity,
        .code = arena_format(diagnostics->arena, "%s", code),
        .source = arena_format(diagnostics->arena, "%s", source == NULL ? "" : source),
        .line = line,
        .column = column,
        .text = arena_format(diagnostics->arena, "%s", text),
    };
    if (message.code == NULL || message.source == NULL || message.text == NULL) {
        return;
    }
    struct amanat_diagnostic *slot = VECTOR_PUSH(diagnostics->arena, &diagnostics->messages);
    if (slot != NULL) {
        *slot = message;
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
