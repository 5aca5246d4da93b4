/* SPDX-License-Identifier: Apache-2.0 */
/* Which files of a policy folder are read, in which order, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "gateway/config/config.h"

struct fixture {
    char parent[512];
    char folder[600];
    struct arena *arena;
    struct amanat_diagnostics *diagnostics;
};

static void make_folder(const struct fixture *fixture, const char *name)
{
    char path[800];
    (void)snprintf(path, sizeof(path), "%s/%s", fixture->folder, name);
    assert_int_equal(mkdir(path, 0755), 0);
}

static void write_text(const struct fixture *fixture, const char *name, const char *text)
{
    char path[800];
    (void)snprintf(path, sizeof(path), "%s/%s", fixture->folder, name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void link_to(const struct fixture *fixture, const char *target, const char *name)
{
    char path[800];
    (void)snprintf(path, sizeof(path), "%s/%s", fixture->folder, name);
    assert_int_equal(symlink(target, path), 0);
}

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    assert_non_null(fixture);
    (void)snprintf(fixture->parent, sizeof(fixture->parent), "%s/folder-XXXXXX", AMANAT_BINARY_DIR);
    assert_non_null(mkdtemp(fixture->parent));
    (void)snprintf(fixture->folder, sizeof(fixture->folder), "%s/policies", fixture->parent);
    assert_int_equal(mkdir(fixture->folder, 0755), 0);
    fixture->arena = arena_new((size_t)16 << 20);
    fixture->diagnostics = amanat_diagnostics_new();
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    char command[700];
    (void)snprintf(command, sizeof(command), "rm -rf '%s'", fixture->parent);
    assert_int_equal(system(command), 0);
    arena_free(fixture->arena);
    amanat_diagnostics_free(fixture->diagnostics);
    free(fixture);
    return 0;
}

static amanat_result read_folder(struct fixture *fixture, size_t limit,
                                 struct config_policy_files *out)
{
    return config_read_policy_folder(fixture->folder, limit, fixture->arena, fixture->diagnostics,
                                     out);
}

static void assert_files(struct fixture *fixture, const char *const *paths, size_t count)
{
    struct config_policy_files files = {0};
    const amanat_result result = read_folder(fixture, 1 << 20, &files);
    if (!amanat_is_ok(result)) {
        fail_msg("%s", amanat_diagnostics_at(fixture->diagnostics, 0)->text);
    }
    assert_int_equal(files.count, count);
    for (size_t i = 0; i < count; i++) {
        if (!bytes_equal_string(files.items[i].path, paths[i])) {
            fail_msg("%.*s instead of %s", BYTES_PRINTF(files.items[i].path), paths[i]);
        }
    }
}

static void assert_fault(struct fixture *fixture, size_t limit, enum amanat_status status,
                         const char *source, const char *part)
{
    struct config_policy_files files = {0};
    assert_int_equal(read_folder(fixture, limit, &files).status, status);
    assert_null(files.items);
    const size_t count = amanat_diagnostics_count(fixture->diagnostics);
    const struct amanat_diagnostic *last = amanat_diagnostics_at(fixture->diagnostics, count - 1);
    assert_string_equal(last->source, source);
    if (strstr(last->text, part) == NULL) {
        fail_msg("%s", last->text);
    }
}

static void test_policy_folder__reads_what_the_design_names_sorted_by_path(void **state)
{
    struct fixture *fixture = *state;
    static const char *const folders[] = {"model", "services", "tests", ".git", "a", "a/b", "docs"};
    static const char *const files[] = {
        "z.cedar",
        "vocabulary.yaml",
        "a/b/deep.cedar",
        "a-first.cedar",
        "model/m.cedarschema",
        "schema.cedarschema",
        "p.cedarentities.json",
        "services/s.yaml",
        "services/t.json",
        "services/u.yml",
        "tests/x.cedar",
        ".hidden.cedar",
        ".git/y.cedar",
        "README.md",
        "services/notes.txt",
        "docs/page.yaml",
        "cedar",
    };
    static const char *const expected[] = {
        "a-first.cedar",      "a/b/deep.cedar",  "model/m.cedarschema", "p.cedarentities.json",
        "schema.cedarschema", "services/s.yaml", "services/t.json",     "services/u.yml",
        "vocabulary.yaml",    "z.cedar",
    };
    for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
        make_folder(fixture, folders[i]);
    }
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        write_text(fixture, files[i], files[i]);
    }
    assert_files(fixture, expected, sizeof(expected) / sizeof(expected[0]));
    assert_int_equal(amanat_diagnostics_count(fixture->diagnostics), 0);
    struct config_policy_files read = {0};
    assert_true(amanat_is_ok(read_folder(fixture, 1 << 20, &read)));
    assert_true(bytes_equal(read.items[1].bytes, BYTES("a/b/deep.cedar")));
}

static void test_policy_folder__warns_of_files_in_the_wrong_place(void **state)
{
    struct fixture *fixture = *state;
    static const char *const misplaced[] = {"other.cedarschema", "model/p.cedarentities.json",
                                            "model/vocabulary.yaml"};
    make_folder(fixture, "model");
    for (size_t i = 0; i < 3; i++) {
        write_text(fixture, misplaced[i], "");
    }
    assert_files(fixture, NULL, 0);
    assert_int_equal(amanat_diagnostics_count(fixture->diagnostics), 3);
    assert_int_equal(amanat_diagnostics_errors(fixture->diagnostics), 0);
}

static void test_policy_folder__follows_links_that_stay_inside(void **state)
{
    struct fixture *fixture = *state;
    static const char *const expected[] = {"a.cedar", "vocabulary.yaml"};
    make_folder(fixture, "..data"); /* as a mounted ConfigMap has it */
    write_text(fixture, "..data/vocabulary.yaml", "labels: {}");
    write_text(fixture, "a.cedar", "");
    link_to(fixture, "..data/vocabulary.yaml", "vocabulary.yaml");
    assert_files(fixture, expected, 2);
}

static void test_policy_folder__refuses_links_that_lead_outside(void **state)
{
    struct fixture *fixture = *state;
    char path[700];
    (void)snprintf(path, sizeof(path), "%s/policies-outside.cedar", fixture->parent);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fclose(file), 0);
    link_to(fixture, "../policies-outside.cedar", "a.cedar");
    assert_fault(fixture, 1 << 20, AMANAT_STATUS_CONFIG_FAULT, "a.cedar", "outside");
}

static void test_policy_folder__refuses_links_to_folders_and_to_nothing(void **state)
{
    struct fixture *fixture = *state;
    char path[700];
    link_to(fixture, "nowhere", "a.cedar");
    assert_fault(fixture, 1 << 20, AMANAT_STATUS_CONFIG_FAULT, "a.cedar", "leads nowhere");
    (void)snprintf(path, sizeof(path), "%s/a.cedar", fixture->folder);
    assert_int_equal(unlink(path), 0);
    link_to(fixture, ".", "loop");
    assert_fault(fixture, 1 << 20, AMANAT_STATUS_CONFIG_FAULT, "loop", "to a folder");
}

static void test_policy_folder__bounds_bytes_and_depth(void **state)
{
    struct fixture *fixture = *state;
    char path[200] = "d";
    struct config_policy_files files = {0};
    write_text(fixture, "a.cedar", "12345");
    write_text(fixture, "b.cedar", "12345");
    assert_true(amanat_is_ok(read_folder(fixture, 10, &files)));
    files = (struct config_policy_files){0};
    assert_false(amanat_is_ok(read_folder(fixture, 9, &files)));
    const struct amanat_diagnostic *last = amanat_diagnostics_at(
        fixture->diagnostics, amanat_diagnostics_count(fixture->diagnostics) - 1);
    assert_non_null(strstr(last->text, "limits.policy_bytes"));
    for (unsigned i = 0; i < 17; i++) {
        make_folder(fixture, path);
        (void)strcat(path, "/d");
    }
    assert_int_equal(read_folder(fixture, 1 << 20, &files).status, AMANAT_STATUS_CONFIG_FAULT);
}

static void test_policy_folder__says_what_cannot_be_read(void **state)
{
    struct fixture *fixture = *state;
    make_folder(fixture, "fifo.cedar.d");
    char path[700];
    (void)snprintf(path, sizeof(path), "%s/pipe.cedar", fixture->folder);
    assert_int_equal(mkfifo(path, 0600), 0);
    struct config_policy_files files = {0};
    assert_int_equal(read_folder(fixture, 1 << 20, &files).status, AMANAT_STATUS_IO);
    assert_non_null(
        strstr(amanat_diagnostics_at(fixture->diagnostics, 0)->text, "no regular file"));
    (void)strcat(fixture->folder, "-not-there");
    assert_int_equal(read_folder(fixture, 1 << 20, &files).status, AMANAT_STATUS_IO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(test_policy_folder__reads_what_the_design_names_sorted_by_path),
        TEST(test_policy_folder__warns_of_files_in_the_wrong_place),
        TEST(test_policy_folder__follows_links_that_stay_inside),
        TEST(test_policy_folder__refuses_links_that_lead_outside),
        TEST(test_policy_folder__refuses_links_to_folders_and_to_nothing),
        TEST(test_policy_folder__bounds_bytes_and_depth),
        TEST(test_policy_folder__says_what_cannot_be_read),
    };
    return cmocka_run_group_tests_name("gateway.config.policy_folder", tests, NULL, NULL);
}
