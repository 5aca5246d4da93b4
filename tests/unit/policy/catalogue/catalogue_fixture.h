/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tests of policy/catalogue share: a vocabulary, folders made of texts, and diagnostics
 * expected at a mark. In a text that shall not compile, `@@` stands right before the place that the
 * diagnostic must name; it is taken out before the text is compiled.
 */
#ifndef AMANAT_TESTS_CATALOGUE_FIXTURE_H
#define AMANAT_TESTS_CATALOGUE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "policy/catalogue/catalogue.h"

#define FIXTURE_ARENA ((size_t)256 << 20)

static const char fixture_vocabulary[] =
    "labels:\n"
    "  person.cnic: {mask: {text: \"[CNIC]\"}, tokenize: {length: 16}}\n"
    "  person.name: {mask: {keep_first: 1}}\n"
    "  vehicle.plate: {}\n"
    "  time: {coarsen: {time: month}}\n"
    "  place.point: {coarsen: {step: 0.01}}\n"
    "  note: {}\n"
    "  group: {min_group: 5}\n"
    "  remark: {scrub: [cnic]}\n"
    "subjects:\n"
    "  cnic: {normalise: digits}\n"
    "  plate: {normalise: upper-alnum}\n";

struct fixture {
    struct arena *arena;
    struct amanat_diagnostics *diagnostics;
    struct catalogue *catalogue;
    amanat_result result;
};

static inline struct fixture fixture_compile(const struct catalogue_source *sources, size_t count)
{
    struct fixture fixture = {.arena = arena_new(FIXTURE_ARENA),
                              .diagnostics = amanat_diagnostics_new()};
    assert_non_null(fixture.arena);
    assert_non_null(fixture.diagnostics);
    fixture.result =
        catalogue_compile(fixture.arena, sources, count, fixture.diagnostics, &fixture.catalogue);
    return fixture;
}

static inline void fixture_free(struct fixture *fixture)
{
    arena_free(fixture->arena);
    amanat_diagnostics_free(fixture->diagnostics);
}

static inline void fixture_print(const struct fixture *fixture)
{
    for (size_t i = 0; i < amanat_diagnostics_count(fixture->diagnostics); i++) {
        const struct amanat_diagnostic *at = amanat_diagnostics_at(fixture->diagnostics, i);
        print_message("%s:%u:%u: %s: %s\n", at->source, at->line, at->column, at->code, at->text);
    }
}

/* A folder of the fixture's vocabulary and one service, which must compile. */
static inline struct fixture fixture_service(const char *path, struct bytes text)
{
    const struct catalogue_source sources[] = {
        {BYTES("vocabulary.yaml"), bytes_of_string(fixture_vocabulary)},
        {bytes_of_string(path), text}};
    struct fixture fixture = fixture_compile(sources, 2);
    if (!amanat_is_ok(fixture.result)) {
        fixture_print(&fixture);
        fail_msg("the folder does not compile");
    }
    return fixture;
}

/* ---- diagnostics at a mark ---- */

struct marked_text {
    char *text;
    unsigned line;
    unsigned column;
};

static inline struct marked_text marked_read(const char *marked)
{
    const char *mark = strstr(marked, "@@");
    assert_non_null(mark);
    struct marked_text out = {.text = malloc(strlen(marked) + 1), .line = 1, .column = 1};
    assert_non_null(out.text);
    const size_t before = (size_t)(mark - marked);
    memcpy(out.text, marked, before);
    memcpy(out.text + before, mark + 2, strlen(mark + 2) + 1);
    for (size_t i = 0; i < before; i++) {
        out.column = marked[i] == '\n' ? 1 : out.column + 1;
        out.line += marked[i] == '\n' ? 1 : 0;
    }
    return out;
}

static inline bool fixture_has(const struct fixture *fixture, enum amanat_severity severity,
                               const char *code, const char *words, const struct marked_text *where)
{
    for (size_t i = 0; i < amanat_diagnostics_count(fixture->diagnostics); i++) {
        const struct amanat_diagnostic *at = amanat_diagnostics_at(fixture->diagnostics, i);
        if (at->severity == severity && strcmp(at->code, code) == 0 && at->line == where->line &&
            at->column == where->column && strstr(at->text, words) != NULL) {
            return true;
        }
    }
    return false;
}

struct marked_case {
    const char *code;
    const char *words; /* part of the message */
    const char *text;
};

/* Compiles each text as `path` (beside `others`) and expects the diagnostic at its mark. */
static inline void fixture_expect(const char *path, enum amanat_severity severity,
                                  const struct marked_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct marked_text marked = marked_read(cases[i].text);
        const bool is_vocabulary = strcmp(path, "vocabulary.yaml") == 0;
        const struct catalogue_source sources[] = {
            {bytes_of_string(path), bytes_of_string(marked.text)},
            {BYTES("vocabulary.yaml"), bytes_of_string(fixture_vocabulary)}};
        struct fixture fixture = fixture_compile(sources, is_vocabulary ? 1 : 2);
        const bool found = fixture_has(&fixture, severity, cases[i].code, cases[i].words, &marked);
        if (!found) {
            fixture_print(&fixture);
            fail_msg("no `%s` (%s) at %u:%u of:\n%s", cases[i].code, cases[i].words, marked.line,
                     marked.column, marked.text);
        }
        if (severity == AMANAT_SEVERITY_ERROR) {
            assert_int_equal(fixture.result.status, AMANAT_STATUS_CONFIG_FAULT);
        } else {
            assert_true(amanat_is_ok(fixture.result));
        }
        fixture_free(&fixture);
        free(marked.text);
    }
}

/* ---- files ---- */

static inline struct bytes fixture_read(const char *path)
{
    char full[1024];
    (void)snprintf(full, sizeof(full), "%s/%s", AMANAT_SOURCE_DIR, path);
    FILE *file = fopen(full, "rb");
    assert_non_null(file);
    char *text = malloc((size_t)1 << 20);
    assert_non_null(text);
    const size_t length = fread(text, 1, (size_t)1 << 20, file);
    (void)fclose(file);
    return bytes_of(text, length);
}

/* The folder tests/snapshots/catalogue. Its texts are freed by fixture_free_folder. */
struct fixture_folder {
    struct fixture fixture;
    struct catalogue_source sources[3];
};

static inline struct fixture_folder fixture_open_folder(void)
{
    struct fixture_folder folder = {
        .sources = {
            {BYTES("services/land.json"),
             fixture_read("tests/snapshots/catalogue/services/land.json")},
            {BYTES("services/anpr.yaml"),
             fixture_read("tests/snapshots/catalogue/services/anpr.yaml")},
            {BYTES("vocabulary.yaml"), fixture_read("tests/snapshots/catalogue/vocabulary.yaml")}}};
    folder.fixture = fixture_compile(folder.sources, 3);
    if (!amanat_is_ok(folder.fixture.result)) {
        fixture_print(&folder.fixture);
        fail_msg("the folder does not compile");
    }
    return folder;
}

static inline void fixture_free_folder(struct fixture_folder *folder)
{
    fixture_free(&folder->fixture);
    for (size_t i = 0; i < 3; i++) {
        /* cmocka programs own what they read; the const of struct bytes is the catalogue's view */
        char *text = NULL;
        memcpy(&text, &folder->sources[i].text.at, sizeof(text));
        free(text);
    }
}

/* The documents of openapi tests: one operation, with this schema as its answer. */
#define FIXTURE_HEAD "openapi: 3.1.0\nx-amanat-service: s\n"
#define FIXTURE_SCHEMA(schema)                                                                     \
    FIXTURE_HEAD "paths: {/a: {get: {operationId: a, responses: {200: {description: d, content: "  \
                 "{application/json: {schema: " schema "}}}}}}}\n"
#define FIXTURE_PARAMETER(parameter)                                                               \
    FIXTURE_HEAD "paths: {/a: {get: {operationId: a, responses: {204: {description: d}}, "         \
                 "parameters: [" parameter "]}}}\n"

#endif
