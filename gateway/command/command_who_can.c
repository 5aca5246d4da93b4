/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `amanat who-can ACTION FOLDER`: which partners can do something, for which purposes, under which
 * conditions, by which policies; and which forbids may take it away. A table for people, JSON for
 * programs.
 */
#include <stdio.h>

#include "gateway/command/arguments.h"
#include "gateway/command/command.h"
#include "gateway/command/policy_files.h"
#include "gateway/command/report.h"
#include "policy/base/base.h"
#include "policy/disclosure/disclosure.h"

#define ARENA_LIMIT  ((size_t)4 << 30)
#define OUTPUT_LIMIT ((size_t)256 << 20)

static const struct arguments_option options[] = {
    {"facts", "FILE", "entities that are facts (cases, agreements)", true}, {0}};

static const struct arguments_form form = {
    .words = "ACTION FOLDER",
    .least_words = 2,
    .most_words = 2,
    .about = "Shows which partners can do something, for which purposes and under which "
             "conditions.\nACTION is an operationId, query:LABEL, submit:LABEL, reveal:LABEL (or "
             "another mode),\nor disclose:LABEL for every mode of a label and of those below it.",
    .options = options};

struct who {
    const struct arguments *arguments;
    struct arena *arena;
    struct amanat_diagnostics *diagnostics;
    struct ruleset *ruleset;
    struct who_can answer;
    struct buffer text;
    struct buffer out;
    bool is_misused; /* the folder has no such action */
};

/* ---- text ---- */

/* How many code points, which is near enough to columns. */
static size_t columns_of(struct bytes text)
{
    size_t count = 0;
    for (size_t i = 0; i < text.length; i++) {
        count += ((unsigned char)text.at[i] & 0xC0U) != 0x80U ? 1 : 0;
    }
    return count;
}

#define COLUMN_COUNT 4

/* The lists that stand side by side in a row. */
struct columns {
    struct who_can_names lists[COLUMN_COUNT];
    size_t widths[COLUMN_COUNT];
};

static struct columns columns_of_row(const struct who *who, const struct who_can_row *row)
{
    static const struct bytes any[] = {BYTES_INIT("any")};
    const struct who_can_names any_purpose = {any, 1};
    const bool has_all = row->purposes.count == who->answer.purposes.count;
    return (struct columns){.lists = {row->partners, has_all ? any_purpose : row->purposes,
                                      row->resources, row->labels}};
}

static void widen(struct columns *widest, const struct columns *columns)
{
    for (size_t i = 0; i < COLUMN_COUNT; i++) {
        for (size_t k = 0; k < columns->lists[i].count; k++) {
            const size_t width = columns_of(columns->lists[i].items[k]);
            widest->widths[i] = width > widest->widths[i] ? width : widest->widths[i];
        }
    }
}

static void append_cell(struct buffer *out, struct bytes text, size_t width)
{
    buffer_append(out, text);
    buffer_append_format(out, "%*s", (int)(width + 2 - columns_of(text)), "");
}

static void append_columns(struct buffer *out, const struct columns *columns,
                           const struct columns *widest, size_t line)
{
    buffer_append_string(out, "  ");
    for (size_t i = 0; i < COLUMN_COUNT; i++) {
        const bool is_there = line < columns->lists[i].count;
        if (widest->widths[i] > 0) {
            append_cell(out, is_there ? columns->lists[i].items[line] : (struct bytes){0},
                        widest->widths[i]);
        }
    }
}

static void append_condition(struct buffer *out, const struct who_can_row *row,
                             const struct who_can_condition *condition)
{
    buffer_append_string(out, "      if ");
    buffer_append_string(out, condition->unless ? "not: " : "");
    buffer_append(out, condition->text);
    buffer_append_format(out, "  (%s:%u)\n", cedar_policy_source(row->policy),
                         condition->line == 0 ? cedar_policy_line(row->policy) : condition->line);
}

static void trim_line(struct buffer *out)
{
    while (out->length > 0 && out->at[out->length - 1] == ' ') {
        buffer_truncate(out, out->length - 1);
    }
    buffer_append_byte(out, '\n');
}

static void append_row(const struct who *who, struct buffer *out, const struct who_can_row *row,
                       const struct columns *widest)
{
    const struct columns columns = columns_of_row(who, row);
    size_t lines = 1;
    for (size_t i = 0; i < COLUMN_COUNT; i++) {
        lines = columns.lists[i].count > lines ? columns.lists[i].count : lines;
    }
    for (size_t i = 0; i < lines; i++) {
        append_columns(out, &columns, widest, i);
        if (i == 0) {
            buffer_append_format(out, "%.*s (%s:%u)", BYTES_PRINTF(cedar_policy_id(row->policy)),
                                 cedar_policy_source(row->policy), cedar_policy_line(row->policy));
        }
        trim_line(out);
    }
    for (size_t i = 0; i < row->condition_count; i++) {
        append_condition(out, row, &row->conditions[i]);
    }
}

static void append_heading(struct buffer *out, const struct columns *widest)
{
    static const struct bytes headings[] = {BYTES_INIT("PARTNER"), BYTES_INIT("PURPOSE"),
                                            BYTES_INIT("ON"), BYTES_INIT("LABEL")};
    buffer_append_string(out, "  ");
    for (size_t i = 0; i < COLUMN_COUNT; i++) {
        if (widest->widths[i] > 0) {
            append_cell(out, headings[i], widest->widths[i]);
        }
    }
    buffer_append_string(out, "POLICY\n");
}

/* Rows of one mode, from `*at` on. */
static void append_mode(struct who *who, const struct who_can_row *rows, size_t count, size_t *at,
                        const char *words)
{
    const struct bytes mode = rows[*at].mode;
    struct columns widest = {.widths = {7, 7, 2, 0}}; /* those of the headings */
    size_t end = *at;
    while (end < count && bytes_equal(rows[end].mode, mode)) {
        const struct columns columns = columns_of_row(who, &rows[end]);
        widen(&widest, &columns);
        end++;
    }
    widest.widths[3] = widest.widths[3] > 0 && widest.widths[3] < 5 ? 5 : widest.widths[3];
    const struct bytes action = bytes_of_string(who->arguments->words[0]);
    const bool is_asked = bytes_equal(bytes_first(action, bytes_find(action, ':')), mode);
    if (!is_asked || words[0] != '\0') {
        buffer_append_format(&who->text, "\n%s%.*s", words, BYTES_PRINTF(mode));
    }
    buffer_append_byte(&who->text, '\n');
    append_heading(&who->text, &widest);
    while (*at < end) {
        append_row(who, &who->text, &rows[(*at)++], &widest);
    }
}

static size_t count_partners(const struct who *who)
{
    size_t count = 0;
    for (size_t i = 0; i < who->answer.partners.count; i++) {
        bool can = false;
        for (size_t k = 0; k < who->answer.permit_row_count && !can; k++) {
            const struct who_can_names *partners = &who->answer.permits[k].partners;
            for (size_t j = 0; j < partners->count; j++) {
                can |= bytes_equal(partners->items[j], who->answer.partners.items[i]);
            }
        }
        count += can ? 1 : 0;
    }
    return count;
}

static void append_summary(struct who *who)
{
    const struct who_can *answer = &who->answer;
    buffer_append_format(&who->text, "%s: ", who->arguments->words[0]);
    if (answer->permit_row_count > 0) {
        buffer_append_format(&who->text, "%zu of %zu partners\n", count_partners(who),
                             answer->partners.count);
    } else {
        buffer_append_string(&who->text, answer->forbid_row_count > 0
                                             ? "nobody, whatever is permitted is forbidden again\n"
                                             : "nobody, the folder has no permit for it\n");
    }
}

static void append_text(struct who *who)
{
    const struct who_can *answer = &who->answer;
    append_summary(who);
    for (size_t at = 0; at < answer->permit_row_count;) {
        append_mode(who, answer->permits, answer->permit_row_count, &at, "");
    }
    for (size_t at = 0; at < answer->forbid_row_count;) {
        append_mode(who, answer->forbids, answer->forbid_row_count, &at, "forbidden: ");
    }
}

/* ---- JSON ---- */

static void append_names_json(struct buffer *out, const char *key,
                              const struct who_can_names *names)
{
    buffer_append_format(out, ",\"%s\":[", key);
    for (size_t i = 0; i < names->count; i++) {
        buffer_append_string(out, i == 0 ? "" : ",");
        buffer_append_json_string(out, names->items[i]);
    }
    buffer_append_byte(out, ']');
}

static void append_row_json(struct buffer *out, const struct who_can_row *row)
{
    buffer_append_string(out, "{\"mode\":");
    buffer_append_json_string(out, row->mode);
    append_names_json(out, "labels", &row->labels);
    append_names_json(out, "on", &row->resources);
    append_names_json(out, "partners", &row->partners);
    append_names_json(out, "purposes", &row->purposes);
    buffer_append_string(out, ",\"policy\":");
    buffer_append_json_string(out, cedar_policy_id(row->policy));
    buffer_append_string(out, ",\"file\":");
    buffer_append_json_string(out, bytes_of_string(cedar_policy_source(row->policy)));
    buffer_append_format(out, ",\"line\":%u,\"conditions\":[", cedar_policy_line(row->policy));
    for (size_t i = 0; i < row->condition_count; i++) {
        const struct who_can_condition *condition = &row->conditions[i];
        buffer_append_string(out, i == 0 ? "{\"text\":" : ",{\"text\":");
        buffer_append_json_string(out, condition->text);
        buffer_append_format(out, ",\"unless\":%s,\"line\":%u,\"column\":%u}",
                             condition->unless ? "true" : "false", condition->line,
                             condition->column);
    }
    buffer_append_string(out, "]}");
}

static void append_rows_json(struct buffer *out, const char *key, const struct who_can_row *rows,
                             size_t count)
{
    buffer_append_format(out, ",\"%s\":[", key);
    for (size_t i = 0; i < count; i++) {
        buffer_append_string(out, i == 0 ? "" : ",");
        append_row_json(out, &rows[i]);
    }
    buffer_append_byte(out, ']');
}

static void append_json(struct who *who)
{
    buffer_append_string(&who->out, "{\"action\":");
    buffer_append_json_string(&who->out, bytes_of_string(who->arguments->words[0]));
    append_rows_json(&who->out, "permits", who->answer.permits, who->answer.permit_row_count);
    append_rows_json(&who->out, "forbids", who->answer.forbids, who->answer.forbid_row_count);
    buffer_append_string(&who->out, "}\n");
}

/* ---- the whole ---- */

static amanat_result unknown_action(struct who *who, struct bytes action)
{
    who->is_misused = true;
    char hint[SIMILAR_HINT_SIZE];
    amanat_diagnostics_add(
        who->diagnostics, AMANAT_SEVERITY_ERROR, "usage", "", 0, 0,
        "the folder has no action `%.*s`%s", BYTES_PRINTF(action),
        similar_hint(action, who->answer.actions.items, who->answer.actions.count, hint));
    return amanat_result_of(AMANAT_STATUS_CONFIG_FAULT);
}

static amanat_result run(struct who *who)
{
    const struct bytes action = bytes_of_string(who->arguments->words[0]);
    TRY(policy_files_compile(who->arguments, who->arguments->words[1], who->arena, who->diagnostics,
                             &who->ruleset));
    TRY(ruleset_who_can(who->ruleset, action, who->arena, &who->answer));
    if (!who->answer.is_action) {
        return unknown_action(who, action);
    }
    if (who->arguments->json) {
        append_json(who);
    } else {
        append_text(who);
        TRY(buffer_check(&who->text));
        visible_append_lines(&who->out, buffer_bytes(&who->text));
    }
    TRY(buffer_check(&who->out));
    (void)fwrite(who->out.at, 1, who->out.length, stdout);
    return AMANAT_OK;
}

int command_who_can(int argc, char **argv)
{
    struct arguments arguments;
    int code = arguments_read(&form, argc, argv, &arguments);
    struct who who = {.arguments = &arguments,
                      .arena = arena_new(ARENA_LIMIT),
                      .diagnostics = amanat_diagnostics_new()};
    buffer_init(&who.text, OUTPUT_LIMIT);
    buffer_init(&who.out, OUTPUT_LIMIT);
    if (code < 0 && who.arena != NULL && who.diagnostics != NULL) {
        const amanat_result result = run(&who);
        report_no_answer(arguments.json && !amanat_is_ok(result), who.diagnostics,
                         arguments.words[1]);
        code = who.is_misused ? COMMAND_EXIT_USAGE : report_exit_code(result);
    }
    buffer_clear(&who.text);
    buffer_clear(&who.out);
    ruleset_unref(who.ruleset);
    amanat_diagnostics_free(who.diagnostics);
    arena_free(who.arena);
    arguments_clear(&arguments);
    return code < 0 ? COMMAND_EXIT_COULD_NOT : code;
}
