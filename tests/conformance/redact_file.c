/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `redact_file`: reads pairs of lines from standard input, a description (redact_case.h) and a body
 * in base64, and writes one line of JSON for each: what the redactor gave and its account. Each
 * body is run whole, byte by byte and in pieces of seven bytes; a difference ends the program.
 */
#include <stdio.h>
#include <stdlib.h>

#include "policy/base/base64.h"
#include "policy/base/guard.h"
#include "redact_case.h"

static size_t split_fixed(void *context, size_t at, size_t left)
{
    const size_t size = *(const size_t *)context;
    (void)at;
    return left < size ? left : size;
}

static void write_outcome(const struct redact_case *redact_case, struct bytes body,
                          redact_split_fn *split, size_t size, struct buffer *out)
{
    struct redact_outcome outcome = redact_case_run(redact_case, body, split, &size);
    buffer_init(out, SIZE_MAX / 2);
    redact_outcome_write(&outcome, out);
    redact_outcome_clear(&outcome);
}

static void run_pair(struct bytes description, struct bytes encoded)
{
    struct redact_case *redact_case = redact_case_new(description);
    struct bytes body = {0};
    struct buffer whole;
    ASSERT(amanat_is_ok(base64_decode(redact_case->arena, encoded, &body)));
    write_outcome(redact_case, body, NULL, 0, &whole);
    for (size_t size = 1; size <= 7; size += 6) {
        struct buffer split;
        write_outcome(redact_case, body, split_fixed, size, &split);
        if (!bytes_equal(buffer_bytes(&whole), buffer_bytes(&split))) {
            fprintf(stderr, "whole:  %.*s\nsplit:  %.*s\n", BYTES_PRINTF(buffer_bytes(&whole)),
                    BYTES_PRINTF(buffer_bytes(&split)));
            exit(1);
        }
        buffer_clear(&split);
    }
    printf("%.*s\n", BYTES_PRINTF(buffer_bytes(&whole)));
    buffer_clear(&whole);
    redact_case_free(redact_case);
}

static struct bytes read_line(char **line, size_t *capacity)
{
    const ssize_t length = getline(line, capacity, stdin);
    if (length <= 0) {
        return (struct bytes){0};
    }
    const size_t text = (*line)[length - 1] == '\n' ? (size_t)length - 1 : (size_t)length;
    return bytes_of(*line, text);
}

int main(void)
{
    char *lines[2] = {NULL, NULL};
    size_t capacities[2] = {0, 0};
    for (;;) {
        const struct bytes description = read_line(&lines[0], &capacities[0]);
        if (description.length == 0) {
            break;
        }
        run_pair(description, read_line(&lines[1], &capacities[1]));
    }
    free(lines[0]);
    free(lines[1]);
    return 0;
}
