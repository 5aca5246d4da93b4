/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `amanat test FOLDER`: runs the policy tests of a folder, `tests/…_test.yaml`, through the
 * gateway's own decision and redactor, and says what came otherwise than expected and which
 * policies no test exercises. No network, no trail, no clock.
 */
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#include "gateway/command/arguments.h"
#include "gateway/command/command.h"
#include "gateway/command/policy_test_compare.h"
#include "gateway/command/policy_test_report.h"
#include "gateway/command/report.h"
#include "policy/base/base.h"

#define ARENA_LIMIT   ((size_t)2 << 30)
#define TEST_LIMIT    ((size_t)1 << 30)
#define FAILURE_LIMIT ((size_t)256 << 20)

static const struct arguments_option options[] = {
    {"only", "PATTERN", "run tests in whose `file: name` this occurs; * and ? stand for others",
     false},
    {"verbose", NULL, "also list tests that passed", false},
    {"strict", NULL, "a policy that no test exercises is a failure", false},
    {"junit", "FILE", "also write the results as JUnit XML", false},
    {0}};

static const struct arguments_form form = {
    .words = "FOLDER",
    .least_words = 1,
    .most_words = 1,
    .about = "Runs the policy tests of a folder: tests/…_test.yaml.",
    .options = options};

struct test_command {
    const struct arguments *arguments;
    struct arena *arena;
    struct arena *scratch; /* of one test */
    struct amanat_diagnostics *diagnostics;
    struct policy_test_world world;
    struct policy_test_files files;
    VECTOR(struct policy_test_result) items;
    struct policy_test_results results;
};

/* ---- running ---- */

static bool is_selected(struct test_command *command, const struct policy_test *test)
{
    const char *only = arguments_get(command->arguments, "only");
    if (only == NULL) {
        return true;
    }
    const char *pattern = arena_format(command->scratch, "*%s*", only);
    const char *name =
        arena_format(command->scratch, "%s: %.*s", test->file->path, BYTES_PRINTF(test->name));
    return pattern != NULL && name != NULL && fnmatch(pattern, name, 0) == 0;
}

static amanat_result run_test(struct test_command *command, const struct policy_test *test,
                              const struct ruleset *ruleset)
{
    struct policy_test_outcome outcome;
    struct buffer failure;
    struct policy_test_result *result = VECTOR_PUSH(command->arena, &command->items);
    TRY_MEMORY(result);
    result->test = test;
    TRY(policy_test_run(&command->world, test, ruleset, command->scratch, &outcome));
    buffer_init(&failure, FAILURE_LIMIT);
    amanat_result compared = policy_test_compare(test, &outcome, command->scratch, &failure);
    if (amanat_is_ok(compared)) {
        compared = arena_copy_bytes(command->arena, buffer_bytes(&failure), &result->failure);
    }
    command->results.failed += failure.length > 0 ? 1 : 0;
    buffer_clear(&failure);
    return compared;
}

static amanat_result run_file(struct test_command *command, const struct policy_test_file *file)
{
    struct ruleset *ruleset = NULL;
    TRY(policy_test_world_ruleset(&command->world, file, &ruleset));
    for (size_t i = 0; i < file->test_count; i++) {
        arena_reset(command->scratch);
        if (is_selected(command, &file->tests[i])) {
            TRY(run_test(command, &file->tests[i], ruleset));
        }
    }
    return AMANAT_OK;
}

/* ---- what no test exercises ---- */

static amanat_result find_unexercised(struct test_command *command)
{
    const struct cedar_policy_set *policies =
        ruleset_policies(command->world.rulesets.items[0].ruleset);
    VECTOR(const struct cedar_policy *) found = {0};
    for (size_t i = 0; i < cedar_policy_set_count(policies); i++) {
        const struct cedar_policy *policy = cedar_policy_set_at(policies, i);
        if (cedar_policy_kind(policy) == CEDAR_POLICY_TEMPLATE ||
            map_get(&command->world.exercised, cedar_policy_id(policy)) != NULL) {
            continue;
        }
        const struct cedar_policy **slot = VECTOR_PUSH(command->arena, &found);
        TRY_MEMORY(slot);
        *slot = policy;
    }
    command->results.unexercised = found.items;
    command->results.unexercised_count = found.count;
    return AMANAT_OK;
}

/* ---- the whole ---- */

static amanat_result no_tests(struct test_command *command, const char *text)
{
    amanat_diagnostics_add(command->diagnostics, AMANAT_SEVERITY_ERROR, "no-tests", "tests/", 0, 0,
                           "%s", text);
    return amanat_result_of(AMANAT_STATUS_CONFIG_FAULT);
}

static amanat_result run(struct test_command *command)
{
    const char *folder = command->arguments->words[0];
    struct ruleset *first = NULL;
    TRY(policy_test_world_init(&command->world, folder, command->arena, command->diagnostics));
    TRY(policy_test_files_read(folder, command->arena, command->diagnostics, &command->files));
    if (command->files.count == 0) {
        return no_tests(command, "the folder has no tests: they stand in tests/…_test.yaml");
    }
    TRY(policy_test_world_ruleset(&command->world, command->files.items[0], &first));
    TRY(policy_test_files_check(&command->files, first, command->arena, command->diagnostics));
    for (size_t i = 0; i < command->files.count; i++) {
        TRY(run_file(command, command->files.items[i]));
    }
    if (command->items.count == 0) {
        return no_tests(command, "no test is called so: see --only");
    }
    command->results.folder = folder;
    command->results.items = command->items.items;
    command->results.count = command->items.count;
    command->results.is_strict = arguments_count(command->arguments, "strict") > 0;
    return arguments_get(command->arguments, "only") == NULL ? find_unexercised(command)
                                                             : AMANAT_OK;
}

static int write_junit(const struct test_command *command, const char *path)
{
    FILE *file = fopen(path, "w");
    bool is_written = false;
    if (file != NULL) {
        policy_test_print_junit(file, &command->results);
        is_written = ferror(file) == 0;
        is_written = fclose(file) == 0 && is_written;
    }
    if (!is_written) {
        (void)fprintf(stderr, "%s: error: cannot be written: %s\n", path, strerror(errno));
    }
    return is_written ? COMMAND_EXIT_YES : COMMAND_EXIT_COULD_NOT;
}

static int conclude(const struct test_command *command)
{
    const char *junit = arguments_get(command->arguments, "junit");
    const int written = junit == NULL ? COMMAND_EXIT_YES : write_junit(command, junit);
    if (command->arguments->json) {
        policy_test_print_json(stdout, &command->results);
    } else {
        policy_test_print(stdout, &command->results,
                          arguments_count(command->arguments, "verbose") > 0);
    }
    if (written != COMMAND_EXIT_YES) {
        return written;
    }
    return policy_test_is_success(&command->results) ? COMMAND_EXIT_YES : COMMAND_EXIT_NO;
}

int command_test(int argc, char **argv)
{
    struct arguments arguments;
    int code = arguments_read(&form, argc, argv, &arguments);
    struct test_command command = {.arguments = &arguments,
                                   .arena = arena_new(ARENA_LIMIT),
                                   .scratch = arena_new(TEST_LIMIT),
                                   .diagnostics = amanat_diagnostics_new()};
    if (code < 0 && command.arena != NULL && command.scratch != NULL &&
        command.diagnostics != NULL) {
        const amanat_result result = run(&command);
        report_no_answer(arguments.json && !amanat_is_ok(result), command.diagnostics,
                         arguments.words[0]);
        code = amanat_is_ok(result) ? conclude(&command) : report_exit_code(result);
    }
    policy_test_world_clear(&command.world);
    amanat_diagnostics_free(command.diagnostics);
    arena_free(command.scratch);
    arena_free(command.arena);
    arguments_clear(&arguments);
    return code < 0 ? COMMAND_EXIT_COULD_NOT : code;
}
