/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `amanat format FILE|FOLDER|-…`: policies and schemas in the one way to write them
 * (policy/cedar formats), printed, compared or written back. What does not parse is left alone.
 */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "gateway/command/arguments.h"
#include "gateway/command/command.h"
#include "gateway/command/policy_files.h"
#include "gateway/command/report.h"
#include "gateway/config/config.h"
#include "policy/base/base.h"
#include "policy/cedar/cedar.h"

#define TEXT_LIMIT  ((size_t)256 << 20)
#define WORDS_LIMIT 10000

static const struct arguments_option options[] = {
    {"check", NULL, "list the files that are not formatted; exit with 3 if there is one", false},
    {"write", NULL, "rewrite the files that are not formatted, and list them", false},
    {"schema", NULL, "standard input is a schema (files are told by their names)", false},
    {0}};

static const struct arguments_form form = {
    .words = "FILE|FOLDER|-…",
    .least_words = 1,
    .most_words = WORDS_LIMIT,
    .about = "Formats Cedar policies and schemas: of a folder every one that a policy folder has.",
    .options = options};

struct formatting {
    const struct arguments *arguments;
    struct amanat_diagnostics *diagnostics;
    struct buffer *report; /* of --output json: the members of `files` */
    bool check;
    bool write;
    size_t unformatted;
};

static void report_file(const struct formatting *formatting, const char *path, bool is_formatted,
                        struct bytes text)
{
    struct buffer *report = formatting->report;
    const bool prints = !formatting->check && !formatting->write;
    if (formatting->arguments->json) {
        buffer_append_string(report, report->length > 0 ? ",{\"file\":" : "{\"file\":");
        buffer_append_json_string(report, bytes_of_string(path));
        buffer_append_format(report, ",\"formatted\":%s", is_formatted ? "true" : "false");
        buffer_append_string(report, prints ? ",\"text\":" : "");
        if (prints) {
            buffer_append_json_string(report, text);
        }
        buffer_append_byte(report, '}');
    } else if (prints) {
        (void)fwrite(text.at, 1, text.length, stdout);
    } else if (!is_formatted) {
        (void)printf("%s\n", path);
    }
}

static amanat_result use_text(struct formatting *formatting, const char *path, struct bytes before,
                              struct bytes after)
{
    const bool is_formatted = bytes_equal(before, after);
    formatting->unformatted += is_formatted ? 0 : 1;
    if (formatting->write && !is_formatted) {
        TRY(policy_files_replace(path, after, formatting->diagnostics));
    }
    report_file(formatting, path, is_formatted, after);
    return AMANAT_OK;
}

static amanat_result format_text(struct formatting *formatting, const char *path, bool is_schema,
                                 struct bytes text)
{
    struct arena *arena = arena_new((size_t)4 << 30);
    struct buffer out;
    TRY_MEMORY(arena);
    buffer_init(&out, 2 * TEXT_LIMIT);
    amanat_result result =
        is_schema ? cedar_format_schema(arena, path, text, formatting->diagnostics, &out)
                  : cedar_format_policies(arena, path, text, formatting->diagnostics, &out);
    amanat_diagnostics_quote(formatting->diagnostics, path, text.at, text.length);
    if (amanat_is_ok(result)) {
        result = use_text(formatting, path, text, buffer_bytes(&out));
    }
    buffer_clear(&out);
    arena_free(arena);
    return result;
}

static bool is_schema_name(const char *path)
{
    return bytes_end_with(bytes_of_string(path), BYTES(".cedarschema"));
}

static amanat_result format_file(struct formatting *formatting, struct arena *arena,
                                 const char *path)
{
    struct bytes text;
    TRY(config_read_file(path, TEXT_LIMIT, arena, formatting->diagnostics, &text));
    return format_text(formatting, path, is_schema_name(path), text);
}

/* Who formats the wrong folder must not believe that all is well. */
static amanat_result no_files(const struct formatting *formatting, const char *folder)
{
    amanat_diagnostics_add(formatting->diagnostics, AMANAT_SEVERITY_ERROR, "no-files", folder, 0, 0,
                           "the folder has no policies and no schemas");
    return amanat_result_of(AMANAT_STATUS_CONFIG_FAULT);
}

/* Goes on after a file with faults: all are reported. */
static amanat_result format_folder(struct formatting *formatting, struct arena *arena,
                                   const char *folder)
{
    struct config_policy_files files;
    size_t count = 0;
    amanat_result result = AMANAT_OK;
    TRY(config_read_policy_folder(folder, TEXT_LIMIT, arena, formatting->diagnostics, &files));
    for (size_t i = 0; i < files.count; i++) {
        const struct bytes name = files.items[i].path;
        const char *separator = bytes_end_with(bytes_of_string(folder), BYTES("/")) ? "" : "/";
        const char *path = arena_format(arena, "%s%s%.*s", folder, separator, BYTES_PRINTF(name));
        TRY_MEMORY(path);
        if (!bytes_end_with(name, BYTES(".cedar")) && !is_schema_name(path)) {
            continue;
        }
        const amanat_result one =
            format_text(formatting, path, is_schema_name(path), files.items[i].bytes);
        result = amanat_is_ok(result) ? one : result;
        count++;
    }
    return count > 0 ? result : no_files(formatting, folder);
}

static amanat_result format_standard_input(struct formatting *formatting)
{
    char bytes[65536];
    size_t length = 0;
    struct buffer text;
    buffer_init(&text, TEXT_LIMIT);
    while ((length = fread(bytes, 1, sizeof(bytes), stdin)) > 0) {
        buffer_append(&text, bytes_of(bytes, length));
    }
    amanat_result result =
        ferror(stdin) != 0 ? amanat_result_of(AMANAT_STATUS_IO) : buffer_check(&text);
    if (!amanat_is_ok(result)) {
        amanat_diagnostics_add(formatting->diagnostics, AMANAT_SEVERITY_ERROR, "cannot-read",
                               "(standard input)", 0, 0, "it cannot be read, or is too long");
    } else {
        const bool is_schema = arguments_count(formatting->arguments, "schema") > 0;
        result = format_text(formatting, "(standard input)", is_schema, buffer_bytes(&text));
    }
    buffer_clear(&text);
    return result;
}

static bool is_folder(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

static amanat_result format_word(struct formatting *formatting, const char *word)
{
    struct arena *arena = arena_new((size_t)1 << 30);
    TRY_MEMORY(arena);
    const amanat_result result = strcmp(word, "-") == 0 ? format_standard_input(formatting)
                                 : is_folder(word)      ? format_folder(formatting, arena, word)
                                                        : format_file(formatting, arena, word);
    arena_free(arena);
    return result;
}

/* Only one text can be printed; only a file can be written. Negative: go on. */
static int check_words(const struct formatting *formatting)
{
    const struct arguments *arguments = formatting->arguments;
    const bool prints = !formatting->check && !formatting->write;
    if (formatting->check && formatting->write) {
        return arguments_usage(arguments, "--check and --write exclude each other");
    }
    if (prints && (arguments->word_count > 1 || is_folder(arguments->words[0]))) {
        return arguments_usage(arguments, "more than one file needs --check or --write");
    }
    for (size_t i = 0; formatting->write && i < arguments->word_count; i++) {
        if (strcmp(arguments->words[i], "-") == 0) {
            return arguments_usage(arguments, "standard input cannot be written");
        }
    }
    return -1;
}

static int conclude(const struct formatting *formatting, amanat_result result)
{
    const bool refused = formatting->check && formatting->unformatted > 0;
    const int code = refused && amanat_is_ok(result) ? COMMAND_EXIT_NO : report_exit_code(result);
    if (formatting->arguments->json) {
        (void)printf("{\"ok\":%s,\"files\":[%.*s],\"diagnostics\":",
                     code == COMMAND_EXIT_YES ? "true" : "false",
                     BYTES_PRINTF(buffer_bytes(formatting->report)));
        report_diagnostics_json(stdout, formatting->diagnostics, NULL);
        (void)printf("}\n");
    } else {
        report_diagnostics(formatting->diagnostics, NULL, false);
    }
    return code;
}

static int run(struct formatting *formatting)
{
    const struct arguments *arguments = formatting->arguments;
    amanat_result result = AMANAT_OK;
    const int usage = check_words(formatting);
    if (usage >= 0) {
        return usage;
    }
    for (size_t i = 0; i < arguments->word_count; i++) {
        const amanat_result one = format_word(formatting, arguments->words[i]);
        result = amanat_is_ok(result) ? one : result;
    }
    return conclude(formatting, result);
}

int command_format(int argc, char **argv)
{
    struct arguments arguments;
    struct buffer report;
    int code = arguments_read(&form, argc, argv, &arguments);
    struct formatting formatting = {
        .arguments = &arguments, .diagnostics = amanat_diagnostics_new(), .report = &report};
    buffer_init(&report, 4 * TEXT_LIMIT);
    if (code < 0 && formatting.diagnostics != NULL) {
        formatting.check = arguments_count(&arguments, "check") > 0;
        formatting.write = arguments_count(&arguments, "write") > 0;
        code = run(&formatting);
    }
    buffer_clear(&report);
    amanat_diagnostics_free(formatting.diagnostics);
    arguments_clear(&arguments);
    return code < 0 ? COMMAND_EXIT_COULD_NOT : code;
}
