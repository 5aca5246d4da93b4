/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The test files of a policy folder: found, read with the bodies that they name, and what they name
 * of the folder checked against its ruleset.
 */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/command/policy_test.h"
#include "gateway/config/config.h"
#include "policy/base/base.h"
#include "policy/base/similar.h"
#include "policy/cedar/cedar.h"

#define FILE_LIMIT  ((size_t)16 << 20)
#define FILES_LIMIT 10000

typedef VECTOR(struct bytes) name_list;

/* ---- finding ---- */

static int compare_names(const void *a, const void *b)
{
    return bytes_compare(*(const struct bytes *)a, *(const struct bytes *)b);
}

/* Who calls a file `cameras_tests.yaml` believes that its tests are run. */
static void warn_of_other_names(struct amanat_diagnostics *diagnostics, const char *name)
{
    const struct bytes text = bytes_of_string(name);
    if (bytes_end_with(text, BYTES(".yaml")) || bytes_end_with(text, BYTES(".yml"))) {
        amanat_diagnostics_add(diagnostics, AMANAT_SEVERITY_WARNING, "not-read", "tests/", 0, 0,
                               "`%s` is not read: files of tests are called …_test.yaml", name);
    }
}

static amanat_result list_names(DIR *folder, struct arena *arena,
                                struct amanat_diagnostics *diagnostics, name_list *names)
{
    const struct dirent *entry;
    while (errno = 0, (entry = readdir(folder)) != NULL) {
        if (entry->d_name[0] == '.') {
            continue;
        }
        if (!bytes_end_with(bytes_of_string(entry->d_name), BYTES("_test.yaml"))) {
            warn_of_other_names(diagnostics, entry->d_name);
            continue;
        }
        struct bytes *name = names->count < FILES_LIMIT ? VECTOR_PUSH(arena, names) : NULL;
        TRY_MEMORY(name);
        TRY(arena_copy_bytes(arena, bytes_of_string(entry->d_name), name));
    }
    if (names->count > 0) {
        qsort(names->items, names->count, sizeof(*names->items), compare_names);
    }
    return errno == 0 ? AMANAT_OK : amanat_result_of(AMANAT_STATUS_IO);
}

static amanat_result find_names(const char *folder, struct arena *arena,
                                struct amanat_diagnostics *diagnostics, name_list *names)
{
    const char *path = arena_format(arena, "%s/tests", folder);
    TRY_MEMORY(path);
    DIR *tests = opendir(path);
    if (tests == NULL && errno == ENOENT) {
        return AMANAT_OK;
    }
    amanat_result result = amanat_result_of(AMANAT_STATUS_IO);
    if (tests != NULL) {
        result = list_names(tests, arena, diagnostics, names);
        (void)closedir(tests);
    }
    if (result.status == AMANAT_STATUS_IO) {
        amanat_diagnostics_add(diagnostics, AMANAT_SEVERITY_ERROR, "file", "tests/", 0, 0,
                               "cannot be read: %s", strerror(errno));
    }
    return result;
}

/* ---- reading ---- */

/* A body that a test names; its absence is told where it is named. */
static amanat_result read_content(const char *folder, const struct policy_test_file *file,
                                  struct arena *arena, struct amanat_diagnostics *diagnostics,
                                  struct policy_test_content *content)
{
    const struct policy_test_text *name = &content->file;
    if (name->text.length == 0 || content->text.length > 0) {
        return AMANAT_OK;
    }
    const char *path = name->text.at[0] == '/'
                           ? arena_format(arena, "%.*s", BYTES_PRINTF(name->text))
                           : arena_format(arena, "%s/tests/%.*s", folder, BYTES_PRINTF(name->text));
    TRY_MEMORY(path);
    errno = 0;
    if (!amanat_is_ok(config_read_file(path, FILE_LIMIT, arena, NULL, &content->text))) {
        amanat_diagnostics_add(diagnostics, AMANAT_SEVERITY_ERROR, "file", file->path,
                               name->place.line, name->place.column, "cannot read `%s`: %s", path,
                               errno == 0 ? "no regular file, or too large" : strerror(errno));
        return amanat_result_of(AMANAT_STATUS_CONFIG_FAULT);
    }
    return AMANAT_OK;
}

static amanat_result read_contents(const char *folder, struct arena *arena,
                                   struct amanat_diagnostics *diagnostics,
                                   struct policy_test_file *file)
{
    amanat_result result = AMANAT_OK;
    for (size_t i = 0; i < file->test_count; i++) {
        struct policy_test *test = &file->tests[i];
        struct policy_test_content *contents[] = {&test->request.content, &test->upstream.content,
                                                  &test->expect.body};
        for (size_t k = 0; k < sizeof(contents) / sizeof(contents[0]); k++) {
            const amanat_result one = read_content(folder, file, arena, diagnostics, contents[k]);
            result = amanat_is_ok(one) ? result : one;
        }
    }
    return result;
}

static amanat_result read_file(const char *folder, struct bytes name, struct arena *arena,
                               struct amanat_diagnostics *diagnostics,
                               struct policy_test_file **out)
{
    struct bytes text;
    const char *source = arena_format(arena, "tests/%.*s", BYTES_PRINTF(name));
    TRY_MEMORY(source);
    const char *path = arena_format(arena, "%s/%s", folder, source);
    TRY_MEMORY(path);
    *out = ARENA_NEW(arena, struct policy_test_file);
    TRY_MEMORY(*out);
    TRY(config_read_file(path, FILE_LIMIT, arena, diagnostics, &text));
    amanat_result result = policy_test_read(arena, source, text, diagnostics, *out);
    if (amanat_is_ok(result)) {
        result = read_contents(folder, arena, diagnostics, *out);
    }
    amanat_diagnostics_quote(diagnostics, source, text.at, text.length);
    return result;
}

amanat_result policy_test_files_read(const char *folder, struct arena *arena,
                                     struct amanat_diagnostics *diagnostics,
                                     struct policy_test_files *out)
{
    name_list names = {0};
    TRY(find_names(folder, arena, diagnostics, &names));
    struct policy_test_file **files = arena_allocate_array(arena, names.count, sizeof(*files));
    TRY_MEMORY(files);
    amanat_result result = AMANAT_OK;
    for (size_t i = 0; i < names.count; i++) {
        const amanat_result one = read_file(folder, names.items[i], arena, diagnostics, &files[i]);
        result = amanat_is_ok(one) ? result : one; /* go on: every file's faults are reported */
    }
    TRY(result);
    *out = (struct policy_test_files){files, names.count};
    return AMANAT_OK;
}

/* ---- checking against the ruleset ---- */

struct checker {
    const struct ruleset *ruleset;
    struct arena *arena;
    struct amanat_diagnostics *diagnostics;
    name_list operations;
    name_list labels;
    name_list policies;
    bool is_faulty;
};

static amanat_result push_name(struct arena *arena, name_list *names, struct bytes name)
{
    struct bytes *slot = VECTOR_PUSH(arena, names);
    TRY_MEMORY(slot);
    *slot = name;
    return AMANAT_OK;
}

static amanat_result list_known(struct checker *checker)
{
    const struct catalogue *catalogue = ruleset_catalogue(checker->ruleset);
    const struct cedar_policy_set *policies = ruleset_policies(checker->ruleset);
    for (size_t i = 0; i < catalogue->service_count; i++) {
        const struct catalogue_service *service = &catalogue->services[i];
        for (size_t k = 0; k < service->operation_count; k++) {
            TRY(push_name(checker->arena, &checker->operations, service->operations[k].id));
        }
    }
    for (size_t i = 0; i < catalogue->vocabulary.label_count; i++) {
        TRY(push_name(checker->arena, &checker->labels, catalogue->vocabulary.labels[i].name));
    }
    TRY(push_name(checker->arena, &checker->labels, BYTES(POLICY_TEST_OTHERS)));
    for (size_t i = 0; i < cedar_policy_set_count(policies); i++) {
        TRY(push_name(checker->arena, &checker->policies,
                      cedar_policy_id(cedar_policy_set_at(policies, i))));
    }
    return AMANAT_OK;
}

/* The calls of a test share what the test says once. */
static bool is_told(const struct checker *checker, const char *source,
                    const struct policy_test_place *place)
{
    for (size_t i = 0; i < amanat_diagnostics_count(checker->diagnostics); i++) {
        const struct amanat_diagnostic *message = amanat_diagnostics_at(checker->diagnostics, i);
        if (message->line == place->line && message->column == place->column &&
            strcmp(message->source, source) == 0) {
            return true;
        }
    }
    return false;
}

static void check_name(struct checker *checker, const struct policy_test *test, const char *what,
                       const struct policy_test_text *name, const name_list *known)
{
    char hint[SIMILAR_HINT_SIZE];
    for (size_t i = 0; i < known->count; i++) {
        if (bytes_equal(known->items[i], name->text)) {
            return;
        }
    }
    checker->is_faulty = true;
    if (is_told(checker, test->file->path, &name->place)) {
        return;
    }
    amanat_diagnostics_add(checker->diagnostics, AMANAT_SEVERITY_ERROR, "unknown", test->file->path,
                           name->place.line, name->place.column, "the folder has no %s `%.*s`%s",
                           what, BYTES_PRINTF(name->text),
                           similar_hint(name->text, known->items, known->count, hint));
}

static void check_test(struct checker *checker, const struct policy_test *test)
{
    const struct policy_test_expect *expect = &test->expect;
    const struct policy_test_texts *ids[] = {&expect->policies, &expect->errors};
    check_name(checker, test, "operation", &test->operation, &checker->operations);
    for (size_t i = 0; i < expect->plan_count; i++) {
        check_name(checker, test, "label", &expect->plan[i].label, &checker->labels);
    }
    for (size_t k = 0; k < sizeof(ids) / sizeof(ids[0]); k++) {
        for (size_t i = 0; i < ids[k]->count; i++) {
            check_name(checker, test, "policy", &ids[k]->items[i], &checker->policies);
        }
    }
}

amanat_result policy_test_files_check(const struct policy_test_files *files,
                                      const struct ruleset *ruleset, struct arena *arena,
                                      struct amanat_diagnostics *diagnostics)
{
    struct checker checker = {.ruleset = ruleset, .arena = arena, .diagnostics = diagnostics};
    TRY(list_known(&checker));
    for (size_t i = 0; i < files->count; i++) {
        for (size_t k = 0; k < files->items[i]->test_count; k++) {
            check_test(&checker, &files->items[i]->tests[k]);
        }
        amanat_diagnostics_quote(diagnostics, files->items[i]->path, files->items[i]->text.at,
                                 files->items[i]->text.length);
    }
    return checker.is_faulty ? amanat_result_of(AMANAT_STATUS_CONFIG_FAULT) : AMANAT_OK;
}
