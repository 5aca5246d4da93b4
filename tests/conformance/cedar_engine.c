/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Our side of the differential tests: reads one case (cedar_case.h) per line and writes one line
 * for each: `{"answer":{…},"notes":["why something is not fine", …]}`.
 *
 * `cedar_engine FILE…` replays kept cases instead: files `[{"about":"…","case":{…},"answer":{…}}]`,
 * whose answers the official engine has given. Ends with "N passed, M failed"; exit status 3 when
 * one failed.
 */
#include <stdio.h>
#include <stdlib.h>

#include "policy/base/guard.h"
#include "tests/conformance/cedar_case.h"
#include "tests/conformance/conformance_file.h"

#define CASE_MEMORY  ((size_t)256 << 20)
#define ANSWER_LIMIT ((size_t)16 << 20)

/* A diagnostic as a string, "entities:1:20: what is wrong". */
static void append_note(struct buffer *line, const struct amanat_diagnostic *diagnostic)
{
    struct buffer note;
    buffer_init(&note, ANSWER_LIMIT);
    buffer_append_format(&note, "%s:%u:%u: %s", diagnostic->source, diagnostic->line,
                         diagnostic->column, diagnostic->text);
    buffer_append_json_string(line, buffer_bytes(&note));
    buffer_clear(&note);
}

static void append_notes(struct buffer *line, const struct amanat_diagnostics *diagnostics)
{
    buffer_append_string(line, "\"notes\":[");
    for (size_t i = 0; i < amanat_diagnostics_count(diagnostics); i++) {
        buffer_append_string(line, i > 0 ? "," : "");
        append_note(line, amanat_diagnostics_at(diagnostics, i));
    }
    buffer_append_byte(line, ']');
}

/* Answers one line. A case that cannot be answered is a fault of the test and ends the program. */
static void answer_line(struct arena *arena, struct bytes text, struct buffer *line)
{
    struct amanat_diagnostics *diagnostics = amanat_diagnostics_new();
    const struct document *document = NULL;
    ASSERT(diagnostics != NULL);
    amanat_result result = document_from_json(arena, "case", text, diagnostics, &document);
    buffer_append_string(line, "{\"answer\":");
    if (amanat_is_ok(result)) {
        result = cedar_case_answer(arena, document, diagnostics, line);
    }
    if (!amanat_is_ok(result)) {
        fprintf(stderr, "cedar_engine: no answer: %s\n", amanat_status_name(result.status));
        exit(1);
    }
    buffer_append_byte(line, ',');
    append_notes(line, diagnostics);
    buffer_append_string(line, "}\n");
    amanat_diagnostics_free(diagnostics);
}

static int answer_lines(struct arena *arena)
{
    char *text = NULL;
    size_t capacity = 0;
    ssize_t length;
    struct buffer line;
    buffer_init(&line, ANSWER_LIMIT);
    while ((length = getline(&text, &capacity, stdin)) > 0) {
        answer_line(arena, bytes_of(text, (size_t)length), &line);
        ASSERT(amanat_is_ok(buffer_check(&line)));
        (void)fwrite(line.at, 1, line.length, stdout);
        (void)fflush(stdout);
        buffer_reset(&line);
        arena_reset(arena);
    }
    buffer_clear(&line);
    free(text);
    return 0;
}

/* Whether a kept case is still answered as the official engine answered it. */
static bool replay_case(struct arena *arena, const char *path, const struct document *kept)
{
    struct buffer expected;
    struct buffer answer;
    const struct document *about = document_get(kept, "about");
    const struct document *given = document_get(kept, "case");
    const struct document *official = document_get(kept, "answer");
    ASSERT(about != NULL && given != NULL && official != NULL);
    buffer_init(&expected, ANSWER_LIMIT);
    buffer_init(&answer, ANSWER_LIMIT);
    cedar_case_write_json(&expected, official);
    const bool agrees = amanat_is_ok(cedar_case_answer(arena, given, NULL, &answer)) &&
                        bytes_equal(buffer_bytes(&expected), buffer_bytes(&answer));
    if (!agrees) {
        printf("FAILED %s: %.*s\n  official %.*s\n  ours     %.*s\n", path,
               BYTES_PRINTF(about->text), BYTES_PRINTF(buffer_bytes(&expected)),
               BYTES_PRINTF(buffer_bytes(&answer)));
    }
    buffer_clear(&expected);
    buffer_clear(&answer);
    return agrees;
}

static int replay_files(struct arena *arena, int count, char **paths)
{
    size_t passed = 0;
    size_t failed = 0;
    for (int i = 0; i < count; i++) {
        struct bytes text;
        const struct document *kept = NULL;
        if (!conformance_read_file(arena, paths[i], &text) ||
            !amanat_is_ok(document_from_json(arena, paths[i], text, NULL, &kept))) {
            fprintf(stderr, "cedar_engine: cannot read %s\n", paths[i]);
            return 1;
        }
        for (size_t j = 0; j < kept->count; j++) {
            const bool agrees = replay_case(arena, paths[i], &kept->items[j]);
            passed += agrees ? 1 : 0;
            failed += agrees ? 0 : 1;
        }
        arena_reset(arena);
    }
    printf("%zu passed, %zu failed\n", passed, failed);
    return failed > 0 ? 3 : 0;
}

int main(int count, char **arguments)
{
    struct arena *arena = arena_new(CASE_MEMORY);
    ASSERT(arena != NULL);
    const int status =
        count > 1 ? replay_files(arena, count - 1, arguments + 1) : answer_lines(arena);
    arena_free(arena);
    return status;
}
