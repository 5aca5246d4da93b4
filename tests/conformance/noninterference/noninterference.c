/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `noninterference [--seconds S] N SEED`: invariant 2 of design.md, tried on N random pairs of
 * documents that agree in what may be known and differ in everything else. Whatever comes out
 * (bytes, where windows end, nothing at all, the fault) must be the same. The first pair that leaks
 * is made small and printed with schema and plan. Exit code 0: none leaks; 3: some do.
 *
 * `noninterference_planted --plant LEAK N SEED` is the same with a redactor that has one of five
 * leaks (policy/redact/planted_leak.h).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "interference_case.h"
#include "interference_pair.h"
#include "policy/base/guard.h"
#include "policy/redact/redact.h"

#ifdef AMANAT_PLANTED_LEAKS
int amanat_planted_leak;
#endif

#define PAIRS_OF_A_CASE 50
#define WINDOWS_LIMIT   64

struct outcome {
    struct buffer bytes;
    size_t ends[WINDOWS_LIMIT]; /* where each window ends */
    size_t windows;
    bool nothing;
    uint64_t
        over_limit; /* records that a limit has left out: the trail's knowledge, not compared */
    enum redact_fault fault;
};

struct tally {
    unsigned long passed;
    unsigned long failed;
    unsigned long disclosing; /* something came out */
    unsigned long different;  /* the documents are not the same */
    unsigned long windows;    /* pairs of several windows */
    unsigned long limited;    /* pairs with records that a limit has left out */
};

struct run {
    struct choices of_case;
    struct choices of_pair;
    struct interference_case made;
    struct interference_pair pair;
    struct outcome outcomes[2];
    struct tally tally;
    uint64_t splits; /* where pieces end */
};

static amanat_result take_window(void *context, const struct redact_window *window)
{
    struct outcome *outcome = context;
    ASSERT(outcome->windows < WINDOWS_LIMIT);
    buffer_append(&outcome->bytes, window->bytes.bytes);
    outcome->ends[outcome->windows++] = outcome->bytes.length;
    outcome->over_limit += window->records_over_limit;
    return buffer_check(&outcome->bytes);
}

static amanat_result feed(struct redactor *redactor, struct bytes body, uint64_t splits)
{
    /* one piece, single bytes, or pieces of any size */
    const size_t most = splits % 4 == 0 ? body.length : splits % 4 == 1 ? 1 : splits % 300 + 2;
    for (size_t at = 0; at < body.length;) {
        const size_t left = body.length - at;
        const size_t size = body.length > 4096 && most < 64 ? 4000 : most;
        const size_t drawn = size <= 1 || most == body.length ? size : mix(splits, at) % size + 1;
        const size_t length = drawn == 0 || drawn > left ? left : drawn;
        TRY(redactor_feed(redactor, (struct undisclosed_bytes){bytes_of(body.at + at, length)}));
        at += length;
    }
    return AMANAT_OK;
}

static void redact(const struct interference_case *made, struct bytes body, uint64_t splits,
                   struct outcome *outcome)
{
    struct redactor *redactor = NULL;
    const struct redactor_options options = {.plan = &made->plan,
                                             .root = made->root,
                                             .ndjson = made->ndjson,
                                             .record_limit = made->record_limit,
                                             .on_window = take_window,
                                             .context = outcome};
    buffer_reset(&outcome->bytes);
    outcome->windows = 0;
    outcome->over_limit = 0;
    outcome->nothing = false;
    ASSERT(amanat_is_ok(redactor_new(&options, &redactor)));
    amanat_result result = feed(redactor, body, splits);
    if (amanat_is_ok(result)) {
        result = redactor_finish(redactor, &outcome->nothing);
    }
    outcome->fault = redactor_fault(redactor);
    redactor_free(redactor);
}

static bool are_equal(const struct outcome *a, const struct outcome *b)
{
    return a->fault == b->fault && a->nothing == b->nothing && a->windows == b->windows &&
           memcmp(a->ends, b->ends, a->windows * sizeof(a->ends[0])) == 0 &&
           bytes_equal(buffer_bytes(&a->bytes), buffer_bytes(&b->bytes));
}

/* Any other fault means that the generator wrote no JSON, or a name twice. */
static bool is_expected(const struct outcome *outcome)
{
    return outcome->fault == REDACT_FAULT_NONE || outcome->fault == REDACT_FAULT_NAMES;
}

/* Whether the present pair leaks. */
static bool leaks(struct run *run)
{
    for (int side = 0; side < 2; side++) {
        redact(&run->made, buffer_bytes(&run->pair.side[side]), mix(run->splits, (uint64_t)side),
               &run->outcomes[side]);
    }
    return !are_equal(&run->outcomes[0], &run->outcomes[1]) || !is_expected(&run->outcomes[0]);
}

static void count(struct run *run)
{
    struct tally *tally = &run->tally;
    const struct outcome *outcome = &run->outcomes[0];
    tally->disclosing += outcome->bytes.length > 0 ? 1 : 0;
    tally->windows += outcome->windows > 1 ? 1 : 0;
    tally->limited += outcome->over_limit > 0 ? 1 : 0;
    tally->different +=
        bytes_equal(buffer_bytes(&run->pair.side[0]), buffer_bytes(&run->pair.side[1])) ? 0 : 1;
}

/* ---- a pair that leaks ---- */

/* Everything made anew from the choices; the present case is gone. */
static bool still_leaks(void *context)
{
    struct run *run = context;
    interference_case_clear(&run->made);
    choices_replay(&run->of_case);
    choices_replay(&run->of_pair);
    interference_case_make(&run->made, &run->of_case);
    if (run->made.catalogue == NULL) {
        return false;
    }
    interference_pair_make(&run->pair, &run->made, &run->of_pair);
    return leaks(run);
}

static void print_side(const struct run *run, int side)
{
    const struct outcome *outcome = &run->outcomes[side];
    printf("document %c (%zu bytes): %.*s\n  gave %zu bytes in %zu windows%s, fault %s: %.*s\n",
           'A' + side, run->pair.side[side].length,
           BYTES_PRINTF(bytes_first(buffer_bytes(&run->pair.side[side]),
                                    run->pair.side[side].length < 4000 ? run->pair.side[side].length
                                                                       : 4000)),
           outcome->bytes.length, outcome->windows, outcome->nothing ? ", nothing" : "",
           redact_fault_name(outcome->fault),
           BYTES_PRINTF(bytes_first(buffer_bytes(&outcome->bytes),
                                    outcome->bytes.length < 4000 ? outcome->bytes.length : 4000)));
}

static void show_leak(struct run *run, uint64_t seed, unsigned long number)
{
    printf("LEAK in pair %lu of seed %llu, made small:\n", number, (unsigned long long)seed);
    choices_shrink(&run->of_pair, still_leaks, run);
    choices_shrink(&run->of_case, still_leaks, run);
    choices_shrink(&run->of_pair, still_leaks, run);
    (void)still_leaks(run);
    interference_case_print(&run->made);
    print_side(run, 0);
    print_side(run, 1);
}

/* ---- many pairs ---- */

/* One case and its pairs; false after a leak. */
static bool try_case(struct run *run, uint64_t seed, unsigned long number, unsigned long pairs)
{
    choices_begin(&run->of_case, mix(seed, number));
    interference_case_make(&run->made, &run->of_case);
    bool sound = true;
    for (unsigned long i = 0; run->made.catalogue != NULL && sound && i < pairs; i++) {
        choices_begin(&run->of_pair, mix(mix(seed, number), i + 1));
        run->splits = mix(seed + 1, number + i);
        interference_pair_make(&run->pair, &run->made, &run->of_pair);
        sound = !leaks(run);
        count(run);
        run->tally.passed += sound ? 1 : 0;
        run->tally.failed += sound ? 0 : 1;
    }
    if (!sound) {
        show_leak(run, seed, run->tally.passed + run->tally.failed);
    }
    interference_case_clear(&run->made);
    return sound;
}

/* The time is only for more pairs than these: on a slow machine too, a run is to say something. */
#define LEAST_PAIRS 1000

static bool is_over(time_t end, unsigned long done)
{
    return end != 0 && done >= LEAST_PAIRS && time(NULL) >= end;
}

static void try_pairs(struct run *run, unsigned long wanted, uint64_t seed, time_t end)
{
    unsigned long told = 0;
    unsigned long done = 0;
    bool sound = true;
    for (unsigned long number = 0; sound && done < wanted && !is_over(end, done); number++) {
        const unsigned long left = wanted - done;
        sound = try_case(run, seed, number, left < PAIRS_OF_A_CASE ? left : PAIRS_OF_A_CASE);
        done = run->tally.passed + run->tally.failed;
        if (done / 100000 != told) {
            told = done / 100000;
            fprintf(stderr, "%lu pairs\n", done);
        }
    }
}

static int report(const struct tally *tally)
{
    const unsigned long all = tally->passed + tally->failed;
    printf("%lu passed, %lu failed (%lu differ, %lu disclose something, %lu in several windows, "
           "%lu past a limit)\n",
           tally->passed, tally->failed, tally->different, tally->disclosing, tally->windows,
           tally->limited);
    /* a run that shows nothing proves nothing */
    const bool says_something = tally->different > all / 2 && tally->disclosing > all / 4;
    if (tally->failed == 0 && !says_something) {
        printf("too few of these pairs say anything\n");
    }
    return tally->failed == 0 && says_something ? 0 : 3;
}

struct options {
    unsigned long pairs;
    uint64_t seed;
    time_t end; /* 0: after all pairs */
};

/* False: it is no option of this program. */
static bool read_option(const char *name, const char *value, struct options *out)
{
    if (strcmp(name, "--seconds") == 0) {
        out->end = time(NULL) + (time_t)strtol(value, NULL, 10);
        return true;
    }
#ifdef AMANAT_PLANTED_LEAKS
    if (strcmp(name, "--plant") == 0) {
        amanat_planted_leak = (int)strtol(value, NULL, 10);
        return true;
    }
#endif
    return false;
}

static bool read_options(int count, char **arguments, struct options *out)
{
    int at = 1;
    for (; at + 3 < count; at += 2) {
        if (!read_option(arguments[at], arguments[at + 1], out)) {
            return false;
        }
    }
    if (at + 2 != count) {
        return false;
    }
    out->pairs = strtoul(arguments[at], NULL, 10);
    out->seed = strtoull(arguments[at + 1], NULL, 10);
    return true;
}

int main(int count, char **arguments)
{
    static struct run run;
    struct options options = {0};
    if (!read_options(count, arguments, &options)) {
        fprintf(stderr, "usage: noninterference [--seconds S] N SEED\n");
        return 2;
    }
    interference_pair_init(&run.pair);
    buffer_init(&run.outcomes[0].bytes, (size_t)1 << 30);
    buffer_init(&run.outcomes[1].bytes, (size_t)1 << 30);
    try_pairs(&run, options.pairs, options.seed, options.end);
    interference_pair_clear(&run.pair);
    buffer_clear(&run.outcomes[0].bytes);
    buffer_clear(&run.outcomes[1].bytes);
    choices_clear(&run.of_case);
    choices_clear(&run.of_pair);
    return report(&run.tally);
}
