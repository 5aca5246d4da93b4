/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a body in all its pieces; see redact_splits.h. */
#include "redact_splits.h"

#include <stdio.h>

#include "policy/redact/json_marks.h"

/* How a body is cut: pieces of `most` bytes, or of random lengths up to that. */
struct pieces {
    size_t first; /* 0: as the others */
    size_t most;
    uint64_t random; /* state; 0: none */
};

static uint64_t draw(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static size_t next_piece(void *context, size_t at, size_t left)
{
    struct pieces *pieces = context;
    size_t length = pieces->random == 0 ? pieces->most : draw(&pieces->random) % pieces->most + 1;
    if (at == 0 && pieces->first > 0) {
        length = pieces->first;
    }
    return length < left ? length : left;
}

/* One body and what it gives in one piece. */
struct comparison {
    struct redact_splits *splits;
    struct redact_case *redact_case;
    const char *way;
    struct bytes body;
    const struct redact_outcome *whole;
};

static void print_outcome(const char *what, const struct redact_outcome *outcome)
{
    struct buffer text;
    buffer_init(&text, SIZE_MAX / 2);
    redact_outcome_write(outcome, &text);
    fprintf(stderr, "%s: %.*s\n", what, BYTES_PRINTF(buffer_bytes(&text)));
    buffer_clear(&text);
}

static bool agrees(const struct comparison *comparison, struct pieces pieces)
{
    const struct pieces tried = pieces;
    struct redact_outcome outcome =
        redact_case_run(comparison->redact_case, comparison->body, next_piece, &pieces);
    const bool same = redact_outcomes_are_equal(comparison->whole, &outcome);
    comparison->splits->runs++;
    if (!same) {
        fprintf(stderr, "marks %s, first piece %zu, pieces of %zu, random %llu, body: %.*s\n",
                comparison->way, tried.first, tried.most, (unsigned long long)tried.random,
                BYTES_PRINTF(bytes_first(comparison->body, comparison->body.length < 4000
                                                               ? comparison->body.length
                                                               : 4000)));
        print_outcome("whole", comparison->whole);
        print_outcome("split", &outcome);
    }
    redact_outcome_clear(&outcome);
    return same;
}

static bool agrees_in_two(const struct comparison *comparison)
{
    for (size_t at = 1; at < comparison->body.length; at++) {
        if (!agrees(comparison, (struct pieces){.first = at, .most = SIZE_MAX})) {
            return false;
        }
    }
    return true;
}

/* Pieces of a few bytes, of some lines, of what a socket gives. */
static bool agrees_in_random_pieces(const struct comparison *comparison)
{
    static const size_t most[] = {7, 100, 5000, 65536};
    for (unsigned i = 0; i < comparison->splits->random; i++) {
        const uint64_t seed = 0x9E3779B97F4A7C15 * (comparison->body.length + 2 * i + 1);
        if (!agrees(comparison, (struct pieces){.most = most[i % 4], .random = seed})) {
            return false;
        }
    }
    return true;
}

static bool agrees_under_way(const struct comparison *comparison)
{
    return agrees(comparison, (struct pieces){.most = SIZE_MAX}) &&
           agrees(comparison, (struct pieces){.most = 1}) &&
           (comparison->body.length <= comparison->splits->small
                ? agrees_in_two(comparison)
                : agrees_in_random_pieces(comparison));
}

bool redact_splits_agree(struct redact_splits *splits, struct redact_case *redact_case,
                         struct bytes body, struct redact_outcome *out_whole)
{
    struct json_mark_way ways[3];
    const size_t count = json_mark_ways(ways);
    bool agree = true;
    *out_whole = redact_case_run(redact_case, body, NULL, NULL);
    for (size_t i = 0; i < count && agree; i++) {
        redact_case->mark = ways[i].mark;
        const struct comparison comparison = {splits, redact_case, ways[i].name, body, out_whole};
        agree = agrees_under_way(&comparison);
    }
    redact_case->mark = NULL;
    return agree;
}

bool redact_splits_agree_on(const char *description, const char *body, size_t small,
                            struct redact_outcome *out_whole)
{
    struct redact_case *redact_case = redact_case_new(bytes_of_string(description));
    struct redact_splits splits = {.small = small};
    const bool agree = redact_splits_agree(&splits, redact_case, bytes_of_string(body), out_whole);
    redact_case_free(redact_case);
    return agree;
}
