/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `redact_file [SMALL RANDOM]`: reads pairs of lines from standard input, a description
 * (redact_case.h; an empty one is the one before it) and a body in base64, and writes one line of
 * JSON for each: what the redactor gave and its account; last, how many runs there were. Each body
 * is run under every way of marking, whole, byte by byte, and in pieces: of at most SMALL bytes, it
 * is cut in two at every place, else RANDOM times in random pieces (redact_splits.h). A difference
 * ends the program.
 */
#include <stdio.h>
#include <stdlib.h>

#include "policy/base/base64.h"
#include "policy/base/guard.h"
#include "redact_splits.h"

static void run_pair(struct redact_splits *splits, struct redact_case *redact_case,
                     struct bytes encoded)
{
    struct arena *arena = arena_new((size_t)1 << 30);
    struct redact_outcome whole;
    struct buffer line;
    struct bytes body = {0};
    ASSERT(amanat_is_ok(base64_decode(arena, encoded, &body)));
    if (!redact_splits_agree(splits, redact_case, body, &whole)) {
        exit(1);
    }
    buffer_init(&line, SIZE_MAX / 2);
    redact_outcome_write(&whole, &line);
    printf("%.*s\n", BYTES_PRINTF(buffer_bytes(&line)));
    buffer_clear(&line);
    redact_outcome_clear(&whole);
    arena_free(arena);
}

/* False at the end of the input. */
static bool read_line(char **line, size_t *capacity, struct bytes *out)
{
    const ssize_t length = getline(line, capacity, stdin);
    if (length <= 0) {
        return false;
    }
    const size_t text = (*line)[length - 1] == '\n' ? (size_t)length - 1 : (size_t)length;
    *out = bytes_of(*line, text);
    return true;
}

int main(int count, char **arguments)
{
    struct redact_splits splits = {.small = 0, .random = 1};
    struct redact_case *redact_case = NULL;
    char *line = NULL;
    size_t capacity = 0;
    struct bytes text;
    if (count == 3) {
        splits.small = strtoul(arguments[1], NULL, 10);
        splits.random = (unsigned)strtoul(arguments[2], NULL, 10);
    }
    while (read_line(&line, &capacity, &text)) {
        if (text.length > 0) {
            if (redact_case != NULL) {
                redact_case_free(redact_case);
            }
            redact_case = redact_case_new(text);
        }
        ASSERT(redact_case != NULL && read_line(&line, &capacity, &text));
        run_pair(&splits, redact_case, text);
    }
    if (redact_case != NULL) {
        redact_case_free(redact_case);
    }
    free(line);
    printf("{\"runs\":%llu}\n", (unsigned long long)splits.runs);
    return 0;
}
