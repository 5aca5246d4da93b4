/* SPDX-License-Identifier: Apache-2.0 */
/* Printing of diagnostics. */
#include "gateway/command/report.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gateway/command/command.h"
#include "policy/base/base.h"

static const char *severity_name(enum amanat_severity severity)
{
    static const char *const names[] = {"error", "warning", "note"};
    return names[severity];
}

/* To the folder: a path that was given on the command line begins with `/`, `./` or `../`
 * (policy_files_given). */
static bool is_relative(const char *source)
{
    return source[0] != '\0' && source[0] != '/' && source[0] != '(' &&
           strncmp(source, "./", 2) != 0 && strncmp(source, "../", 3) != 0;
}

/* "folder/source" or "source". */
static void append_source(struct buffer *out, const char *folder, const char *source)
{
    if (folder != NULL && is_relative(source) && strcmp(folder, ".") != 0 &&
        strcmp(folder, source) != 0) {
        buffer_append_format(out, "%s%s", folder,
                             bytes_end_with(bytes_of_string(folder), BYTES("/")) ? "" : "/");
    }
    buffer_append_string(out, source);
}

static void append_place(struct buffer *out, const struct amanat_diagnostic *message,
                         const char *folder)
{
    struct buffer source;
    buffer_init(&source, 16384);
    append_source(&source, folder, message->source);
    visible_append(out, buffer_bytes(&source));
    buffer_clear(&source);
    if (message->line > 0) {
        buffer_append_format(out, ":%u:%u", message->line, message->column);
    }
    buffer_append_string(out, out->length > 0 ? ": " : "");
}

/* Messages in the order in which people work through them: file by file, from the top
 * down; of one place the first that was added comes first (all are items of one array). */
static int compare_messages(const void *a, const void *b)
{
    const struct amanat_diagnostic *left = *(const struct amanat_diagnostic *const *)a;
    const struct amanat_diagnostic *right = *(const struct amanat_diagnostic *const *)b;
    const int sources = strcmp(left->source, right->source);
    if (sources != 0) {
        return sources;
    }
    if (left->line != right->line) {
        return left->line < right->line ? -1 : 1;
    }
    if (left->column != right->column) {
        return left->column < right->column ? -1 : 1;
    }
    return (left > right) - (left < right);
}

/* NULL without memory; to be freed. */
static const struct amanat_diagnostic **put_in_order(const struct amanat_diagnostics *diagnostics)
{
    const size_t count = amanat_diagnostics_count(diagnostics);
    const struct amanat_diagnostic **order =
        malloc((count + 1) * sizeof(const struct amanat_diagnostic *));
    for (size_t i = 0; order != NULL && i < count; i++) {
        order[i] = amanat_diagnostics_at(diagnostics, i);
    }
    if (order != NULL) {
        qsort(order, count, sizeof(const struct amanat_diagnostic *), compare_messages);
    }
    return order;
}

/* Empty strings where nothing is coloured. */
struct colours {
    const char *severity[3];
    const char *quiet;
    const char *end;
};

/* no-color.org: NO_COLOR, when present and not empty, prevents colour. */
static struct colours choose_colours(void)
{
    static const struct colours plain = {{"", "", ""}, "", ""};
    static const struct colours coloured = {
        {"\x1B[1;31m", "\x1B[1;33m", "\x1B[1;36m"}, "\x1B[2m", "\x1B[0m"};
    const char *no_colour = getenv("NO_COLOR");
    const char *terminal = getenv("TERM");
    const bool is_refused = (no_colour != NULL && no_colour[0] != '\0') || terminal == NULL ||
                            strcmp(terminal, "dumb") == 0;
    return is_refused || isatty(STDERR_FILENO) == 0 ? plain : coloured;
}

/* The line, and below it a caret and a tilde for each further column of the token. */
static void append_excerpt(struct buffer *out, const struct amanat_diagnostic *message,
                           const struct colours *colours)
{
    if (message->excerpt == NULL) {
        return;
    }
    buffer_append_format(out, "%s%5u | %s%s\n", colours->quiet, message->line, colours->end,
                         message->excerpt);
    if (message->column == 0) {
        return;
    }
    buffer_append_format(out, "%s%5s | %s%*s%s^", colours->quiet, "", colours->end,
                         (int)message->excerpt_indent, "", colours->severity[message->severity]);
    for (unsigned i = 1; i < message->excerpt_width; i++) {
        buffer_append_byte(out, '~');
    }
    buffer_append_format(out, "%s\n", colours->end);
}

static void print_message(const struct amanat_diagnostic *message, const char *folder,
                          const struct colours *colours)
{
    struct buffer out;
    buffer_init(&out, 16384);
    append_place(&out, message, folder);
    buffer_append_format(&out, "%s%s:%s %s [%s]\n", colours->severity[message->severity],
                         severity_name(message->severity), colours->end, message->text,
                         message->code);
    append_excerpt(&out, message, colours);
    (void)fwrite(out.at, 1, out.length, stderr);
    buffer_clear(&out);
}

void report_diagnostics(const struct amanat_diagnostics *diagnostics, const char *folder,
                        bool notes)
{
    const struct colours colours = choose_colours();
    const struct amanat_diagnostic **order = put_in_order(diagnostics);
    for (size_t i = 0; i < amanat_diagnostics_count(diagnostics); i++) {
        const struct amanat_diagnostic *message =
            order == NULL ? amanat_diagnostics_at(diagnostics, i) : order[i];
        if (message->severity != AMANAT_SEVERITY_NOTE || notes) {
            print_message(message, folder, &colours);
        }
    }
    const size_t errors = report_count(diagnostics, AMANAT_SEVERITY_ERROR);
    if (amanat_diagnostics_errors(diagnostics) > errors) {
        (void)fprintf(stderr, "%zu more errors are not listed\n",
                      amanat_diagnostics_errors(diagnostics) - errors);
    }
    free((void *)order);
}

static void append_json(struct buffer *out, const struct amanat_diagnostic *message,
                        const char *folder)
{
    struct buffer source;
    buffer_init(&source, 16384);
    append_source(&source, folder, message->source);
    buffer_append_format(out, "{\"severity\":\"%s\",\"code\":\"%s\",\"file\":",
                         severity_name(message->severity), message->code);
    buffer_append_json_string(out, buffer_bytes(&source));
    buffer_append_format(out, ",\"line\":%u,\"column\":%u,\"text\":", message->line,
                         message->column);
    buffer_append_json_string(out, bytes_of_string(message->text));
    if (message->excerpt != NULL) {
        buffer_append_string(out, ",\"excerpt\":");
        buffer_append_json_string(out, bytes_of_string(message->excerpt));
    }
    buffer_append_byte(out, '}');
    buffer_clear(&source);
}

void report_diagnostics_json(FILE *stream, const struct amanat_diagnostics *diagnostics,
                             const char *folder)
{
    struct buffer out;
    const struct amanat_diagnostic **order = put_in_order(diagnostics);
    buffer_init(&out, (size_t)64 << 20);
    buffer_append_byte(&out, '[');
    for (size_t i = 0; i < amanat_diagnostics_count(diagnostics); i++) {
        buffer_append_string(&out, i == 0 ? "" : ",");
        append_json(&out, order == NULL ? amanat_diagnostics_at(diagnostics, i) : order[i], folder);
    }
    buffer_append_byte(&out, ']');
    (void)fwrite(out.at, 1, out.length, stream);
    buffer_clear(&out);
    free((void *)order);
}

void report_no_answer(bool json, const struct amanat_diagnostics *diagnostics, const char *folder)
{
    if (!json) {
        report_diagnostics(diagnostics, folder, false);
        return;
    }
    (void)printf("{\"ok\":false,\"diagnostics\":");
    report_diagnostics_json(stdout, diagnostics, folder);
    (void)printf("}\n");
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
