/* SPDX-License-Identifier: Apache-2.0 */
/* `amanat schema FOLDER [--write]`: the whole Cedar schema of a policy folder, printed or written
 * into it. */
#include <stdio.h>

#include "gateway/command/arguments.h"
#include "gateway/command/command.h"
#include "gateway/command/policy_files.h"
#include "gateway/command/report.h"
#include "policy/base/base.h"

#define SCHEMA_LIMIT ((size_t)64 << 20)

static const struct arguments_option options[] = {
    {"write", NULL, "write it to FOLDER/" RULESET_SCHEMA_PATH " instead of printing it", false},
    {0}};

static const struct arguments_form form = {
    .words = "FOLDER",
    .least_words = 1,
    .most_words = 1,
    .about = "Derives the Cedar schema from model, vocabulary and services.",
    .options = options};

static amanat_result derive(const char *folder, struct amanat_diagnostics *diagnostics,
                            struct buffer *out)
{
    static const struct policy_files_limits limits = {0};
    struct ruleset_sources sources;
    struct arena *arena = arena_new((size_t)1 << 30);
    TRY_MEMORY(arena);
    amanat_result result =
        policy_files_read(folder, NULL, 0, &limits, arena, diagnostics, &sources);
    if (amanat_is_ok(result)) {
        result = ruleset_write_schema(&sources, diagnostics, out);
    }
    arena_free(arena);
    return result;
}

static amanat_result write_file(const char *folder, struct bytes text,
                                struct amanat_diagnostics *diagnostics)
{
    char path[4096];
    const int length = snprintf(path, sizeof(path), "%s/%s", folder, RULESET_SCHEMA_PATH);
    if (length < 0 || (size_t)length >= sizeof(path)) {
        return amanat_result_of(AMANAT_STATUS_LIMIT);
    }
    return policy_files_replace(path, text, diagnostics);
}

static amanat_result run(const struct arguments *arguments, struct amanat_diagnostics *diagnostics)
{
    const char *folder = arguments->words[0];
    struct buffer text;
    buffer_init(&text, SCHEMA_LIMIT);
    amanat_result result = derive(folder, diagnostics, &text);
    if (amanat_is_ok(result) && arguments_count(arguments, "write") > 0) {
        result = write_file(folder, buffer_bytes(&text), diagnostics);
    } else if (amanat_is_ok(result) && arguments->json) {
        struct buffer json;
        buffer_init(&json, SCHEMA_LIMIT * 2);
        buffer_append_string(&json, "{\"schema\":");
        buffer_append_json_string(&json, buffer_bytes(&text));
        buffer_append_string(&json, "}\n");
        (void)fwrite(json.at, 1, json.length, stdout);
        buffer_clear(&json);
    } else if (amanat_is_ok(result)) {
        (void)fwrite(text.at, 1, text.length, stdout);
    }
    buffer_clear(&text);
    return result;
}

int command_schema(int argc, char **argv)
{
    struct arguments arguments;
    int code = arguments_read(&form, argc, argv, &arguments);
    struct amanat_diagnostics *diagnostics = amanat_diagnostics_new();
    if (code < 0 && diagnostics != NULL) {
        const amanat_result result = run(&arguments, diagnostics);
        report_no_answer(arguments.json && !amanat_is_ok(result), diagnostics, arguments.words[0]);
        code = report_exit_code(result);
    }
    amanat_diagnostics_free(diagnostics);
    arguments_clear(&arguments);
    return code < 0 ? COMMAND_EXIT_COULD_NOT : code;
}
