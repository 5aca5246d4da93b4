/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `amanat check FOLDER|amanat.yaml`: compiles a policy folder, reports all that is wrong or worth a
 * look, and whether the generated schema is up to date and the policy tests can be run. Given
 * amanat.yaml, that is checked too, with its facts.
 */
#include <stdio.h>

#include "gateway/command/arguments.h"
#include "gateway/command/command.h"
#include "gateway/command/policy_files.h"
#include "gateway/command/policy_test.h"
#include "gateway/command/report.h"
#include "gateway/config/config.h"
#include "policy/base/base.h"

#define SCHEMA_LIMIT ((size_t)64 << 20)

static const struct arguments_option options[] = {
    {"strict", NULL, "warnings count as errors: exit code 3", false},
    {"notes", NULL, "also list what is withheld for want of a label, and open doors", false},
    {0}};

static const struct arguments_form form = {
    .words = "FOLDER|amanat.yaml",
    .least_words = 1,
    .most_words = 1,
    .about = "Compiles a policy folder and says what is wrong with it.",
    .options = options};

struct check {
    struct arena *arena;
    struct amanat_diagnostics *diagnostics;
    struct config *config; /* NULL when a folder was given */
    const char *folder;
    struct ruleset_sources sources;
    struct ruleset *ruleset;
};

/* Nothing but Cedar's editors reads the file; but who edits policies against an old one is misled
 * (design 2). */
static amanat_result check_schema_file(const struct check *check)
{
    const struct catalogue_source *file = policy_files_find(&check->sources, RULESET_SCHEMA_PATH);
    struct buffer expected;
    buffer_init(&expected, SCHEMA_LIMIT);
    amanat_result result = ruleset_write_schema(&check->sources, NULL, &expected);
    if (amanat_is_ok(result) &&
        (file == NULL || !bytes_equal(file->text, buffer_bytes(&expected)))) {
        amanat_diagnostics_add(
            check->diagnostics, AMANAT_SEVERITY_ERROR,
            file == NULL ? "schema-missing" : "schema-stale", RULESET_SCHEMA_PATH, 0, 0,
            "%s; run `amanat schema %s --write`",
            file == NULL ? "it is missing" : "it is not what the folder says now", check->folder);
        result = amanat_result_of(AMANAT_STATUS_CONFIG_FAULT);
    }
    buffer_clear(&expected);
    return result;
}

/* That tests can be run; whether they pass is for `amanat test` to say. */
static amanat_result check_tests(const struct check *check)
{
    struct policy_test_files files;
    TRY(policy_test_files_read(check->folder, check->arena, check->diagnostics, &files));
    return check->ruleset == NULL
               ? AMANAT_OK
               : policy_test_files_check(&files, check->ruleset, check->arena, check->diagnostics);
}

static amanat_result run_check(const char *path, struct check *check)
{
    static const struct policy_files_limits limits = {0};
    TRY(config_locate(path, check->diagnostics, &check->config, &check->folder));
    const struct config_string_list none = {0};
    const struct config_string_list *facts = check->config == NULL ? &none : &check->config->facts;
    TRY(policy_files_read(check->folder, facts->items, facts->count, &limits, check->arena,
                          check->diagnostics, &check->sources));
    const amanat_result compiled =
        ruleset_compile(&check->sources, check->diagnostics, &check->ruleset);
    const amanat_result tests = check_tests(check); /* its own faults also where that failed */
    TRY(compiled);
    TRY(ruleset_lint(check->ruleset, check->diagnostics));
    TRY(check_schema_file(check));
    return tests;
}

static void print_summary(const struct check *check)
{
    const struct catalogue *catalogue = ruleset_catalogue(check->ruleset);
    const size_t warnings = report_count(check->diagnostics, AMANAT_SEVERITY_WARNING);
    size_t operations = 0;
    for (size_t i = 0; i < catalogue->service_count; i++) {
        operations += catalogue->services[i].operation_count;
    }
    (void)printf(
        "%s: ok: %zu policies, %zu services, %zu operations, %zu record types, %zu labels, "
        "%zu purposes, %zu warning%s\n",
        check->folder, ruleset_policy_count(check->ruleset), catalogue->service_count, operations,
        catalogue->record_count, catalogue->vocabulary.label_count,
        catalogue->vocabulary.purpose_count, warnings, warnings == 1 ? "" : "s");
    const size_t notes = report_count(check->diagnostics, AMANAT_SEVERITY_NOTE);
    if (notes > 0) {
        (void)printf(
            "%zu notes (fields without a label are withheld, open doors): --notes lists them\n",
            notes);
    }
}

/* After a long list, how long it was; with --strict, that it was the warnings. */
static void print_faults(const struct check *check)
{
    const size_t errors = amanat_diagnostics_errors(check->diagnostics);
    const size_t warnings = report_count(check->diagnostics, AMANAT_SEVERITY_WARNING);
    (void)fprintf(stderr, "%s%snot ok: %zu error%s, %zu warning%s\n",
                  check->folder == NULL ? "" : check->folder, check->folder == NULL ? "" : ": ",
                  errors, errors == 1 ? "" : "s", warnings, warnings == 1 ? "" : "s");
}

static int conclude(const struct arguments *arguments, const struct check *check,
                    amanat_result result)
{
    const bool strict_fault = arguments_count(arguments, "strict") > 0 &&
                              report_count(check->diagnostics, AMANAT_SEVERITY_WARNING) > 0;
    const bool is_well = amanat_is_ok(result) && !strict_fault;
    if (arguments->json) {
        (void)printf("{\"ok\":%s,\"diagnostics\":", is_well ? "true" : "false");
        report_diagnostics_json(stdout, check->diagnostics, check->folder);
        (void)printf("}\n");
    } else {
        report_diagnostics(check->diagnostics, check->folder,
                           arguments_count(arguments, "notes") > 0);
        if (is_well) {
            print_summary(check);
        } else {
            print_faults(check);
        }
    }
    return is_well                ? COMMAND_EXIT_YES
           : amanat_is_ok(result) ? COMMAND_EXIT_NO
                                  : report_exit_code(result);
}

int command_check(int argc, char **argv)
{
    struct arguments arguments;
    int code = arguments_read(&form, argc, argv, &arguments);
    struct check check = {.arena = arena_new((size_t)1 << 30),
                          .diagnostics = amanat_diagnostics_new()};
    if (code < 0 && check.arena != NULL && check.diagnostics != NULL) {
        const amanat_result result = run_check(arguments.words[0], &check);
        code = conclude(&arguments, &check, result);
    }
    ruleset_unref(check.ruleset);
    config_free(check.config);
    amanat_diagnostics_free(check.diagnostics);
    arena_free(check.arena);
    arguments_clear(&arguments);
    return code < 0 ? COMMAND_EXIT_COULD_NOT : code;
}
