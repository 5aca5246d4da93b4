/* SPDX-License-Identifier: Apache-2.0 */
/* Printing of diagnostics. */
#include "gateway/command/report.h"

#include <string.h>

#include "gateway/command/command.h"
#include "policy/base/base.h"

static const char *severity_name(enum amanat_severity severity)
{
    static const char *const names[] = {"error", "warning", "note"};
    return names[severity];
}

static bool is_relative(const char *source)
{
    return source[0] != '\0' && source[0] != '/' && source[0] != '(';
}

/* "folder/source" or "source". */
static void append_source(struct buffer *out, const char *folder, const char *source)
{
    if (folder != NULL && is_relative(source) && strcmp(folder, ".") != 0) {
        buffer_append_format(out, "%s%s", folder,
                             bytes_end_with(bytes_of_string(folder), BYTES("/")) ? "" : "/");
    }
    buffer_append_string(out, source);
}

static void append_place(struct buffer *out, const struct amanat_diagnostic *message,
                         const char *folder)
{
    append_source(out, folder, message->source);
    if (message->line > 0) {
        buffer_append_format(out, ":%u:%u", message->line, message->column);
    }
    buffer_append_string(out, out->length > 0 ? ": " : "");
}

void report_diagnostics(const struct amanat_diagnostics *diagnostics, const char *folder,
                        bool notes)
{
    for (size_t i = 0; i < amanat_diagnostics_count(diagnostics); i++) {
        const struct amanat_diagnostic *message = amanat_diagnostics_at(diagnostics, i);
        struct buffer line;
        if (message->severity == AMANAT_SEVERITY_NOTE && !notes) {
            continue;
        }
        buffer_init(&line, 16384);
        append_place(&line, message, folder);
        buffer_append_format(&line, "%s: %s [%s]\n", severity_name(message->severity),
                             message->text, message->code);
        (void)fwrite(line.at, 1, line.length, stderr);
        buffer_clear(&line);
    }
}

void report_diagnostics_json(FILE *stream, const struct amanat_diagnostics *diagnostics,
                             const char *folder)
{
    struct buffer out;
    buffer_init(&out, (size_t)64 << 20);
    buffer_append_byte(&out, '[');
    for (size_t i = 0; i < amanat_diagnostics_count(diagnostics); i++) {
        const struct amanat_diagnostic *message = amanat_diagnostics_at(diagnostics, i);
        struct buffer source;
        buffer_init(&source, 16384);
        append_source(&source, folder, message->source);
        buffer_append_format(&out,
                             "%s{\"severity\":\"%s\",\"code\":\"%s\",\"file\":", i == 0 ? "" : ",",
                             severity_name(message->severity), message->code);
        buffer_append_json_string(&out, buffer_bytes(&source));
        buffer_append_format(&out, ",\"line\":%u,\"column\":%u,\"text\":", message->line,
                             message->column);
        buffer_append_json_string(&out, bytes_of_string(message->text));
        buffer_append_byte(&out, '}');
        buffer_clear(&source);
    }
    buffer_append_string(&out, "]\n");
    (void)fwrite(out.at, 1, out.length, stream);
    buffer_clear(&out);
}

size_t report_count(const struct amanat_diagnostics *diagnostics, enum amanat_severity severity)
{
    size_t count = 0;
    for (size_t i = 0; i < amanat_diagnostics_count(diagnostics); i++) {
        count += amanat_diagnostics_at(diagnostics, i)->severity == severity ? 1 : 0;
    }
    return count;
}

int report_exit_code(amanat_result result)
{
    switch (result.status) {
    case AMANAT_STATUS_OK:
        return COMMAND_EXIT_YES;
    case AMANAT_STATUS_CONFIG_FAULT:
    case AMANAT_STATUS_PEER_FAULT:
    case AMANAT_STATUS_REFUSED:
    case AMANAT_STATUS_CORRUPT:
        return COMMAND_EXIT_NO;
    case AMANAT_STATUS_RETRY_LATER:
    case AMANAT_STATUS_LIMIT:
    case AMANAT_STATUS_MEMORY:
    case AMANAT_STATUS_IO:
    case AMANAT_STATUS_BUG:
        break;
    }
    return COMMAND_EXIT_COULD_NOT;
}
