/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the programs of tests/performance/redact share, in C and in C++: a body in memory, a sink
 * that counts, rounds on two clocks, and how much memory the first body took.
 *
 * usage of each: PROGRAM PLAN BODY [OUTPUT]     PLAN: a name of `plan_names`
 * The first body is redacted into OUTPUT, if there is one, and tells how memory grows. Then each
 * line of standard input asks for one round, so that whoever starts several programs can let them
 * take turns.
 */
#ifndef AMANAT_TESTS_REDACT_ROUNDS_H
#define AMANAT_TESTS_REDACT_ROUNDS_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* simdjson reads past the end of what it is given. */
#define BODY_PADDING 64
/* A round has as many bodies as make this, so that reading the clock does not count. */
#define ROUND_BYTES 4000000

enum plan { PLAN_MOST, PLAN_MEASURED, PLAN_COARSE, PLAN_FEW, PLAN_DEPENDENT, PLAN_COUNT };

static const char *const plan_names[] = {"most", "measured", "coarse", "few", "dependent"};

struct sink {
    unsigned long long taken;
    FILE *file; /* NULL: only counted */
};

/* Redacts the body once; 0 when that fails. */
typedef int redact_once_fn(enum plan plan, const char *body, size_t length, struct sink *sink);

static inline void sink_take(struct sink *sink, const char *bytes, size_t length)
{
    sink->taken += length;
    if (sink->file != NULL && fwrite(bytes, 1, length, sink->file) != length) {
        abort();
    }
}

static inline double seconds_of(clockid_t clock)
{
    struct timespec time;
    clock_gettime(clock, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static inline char *read_body(const char *path, size_t *out_length)
{
    FILE *file = fopen(path, "rb");
    long length = -1;
    if (file != NULL && fseek(file, 0, SEEK_END) == 0) {
        length = ftell(file);
        rewind(file);
    }
    char *body = length < 0 ? NULL : (char *)calloc(1, (size_t)length + BODY_PADDING);
    if (body == NULL || fread(body, 1, (size_t)length, file) != (size_t)length) {
        perror(path);
        exit(2);
    }
    fclose(file);
    *out_length = (size_t)length;
    return body;
}

/* A line `name: N kB` of /proc/self/status. */
static inline long status_kib(const char *name)
{
    char line[256];
    long kib = 0;
    FILE *file = fopen("/proc/self/status", "r");
    while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
        if (strncmp(line, name, strlen(name)) == 0) {
            kib = atol(line + strlen(name));
        }
    }
    if (file != NULL) {
        fclose(file);
    }
    return kib;
}

/* Lets the kernel count the peak from here on. */
static inline void forget_peak(void)
{
    FILE *file = fopen("/proc/self/clear_refs", "w");
    if (file != NULL) {
        fputs("5", file);
        fclose(file);
    }
}

/* PLAN_COUNT: no plan has this name. */
static inline enum plan plan_of(const char *name)
{
    int plan = PLAN_MOST;
    while (plan < PLAN_COUNT && strcmp(plan_names[plan], name) != 0) {
        plan++;
    }
    return (enum plan)plan;
}

/* One round, told in a line; 0 when the body could not be redacted. */
static inline int measure_round(redact_once_fn *once, enum plan plan, const char *body,
                                size_t length, struct sink *sink)
{
    const size_t bodies = length >= ROUND_BYTES ? 1 : ROUND_BYTES / length + 1;
    const double wall = seconds_of(CLOCK_MONOTONIC);
    const double processor = seconds_of(CLOCK_PROCESS_CPUTIME_ID);
    for (size_t i = 0; i < bodies; i++) {
        if (!once(plan, body, length, sink)) {
            return 0;
        }
    }
    const double processor_used = seconds_of(CLOCK_PROCESS_CPUTIME_ID) - processor;
    printf("wall=%.9f cpu=%.9f\n", (seconds_of(CLOCK_MONOTONIC) - wall) / (double)bodies,
           processor_used / (double)bodies);
    return fflush(stdout) == 0;
}

static inline int measure(redact_once_fn *once, int argc, char **argv)
{
    char line[16];
    size_t length = 0;
    const enum plan plan = argc < 3 ? PLAN_COUNT : plan_of(argv[1]);
    if (plan == PLAN_COUNT) {
        fprintf(stderr, "usage: %s PLAN BODY [OUTPUT]\n", argv[0]);
        return 2;
    }
    char *body = read_body(argv[2], &length);
    struct sink sink = {0, argc > 3 ? fopen(argv[3], "wb") : NULL};
    forget_peak();
    const long before = status_kib("VmRSS:");
    if (!once(plan, body, length, &sink)) {
        return 1;
    }
    const long growth = status_kib("VmHWM:") - before;
    if (argc > 3 && (sink.file == NULL || fclose(sink.file) != 0)) {
        perror(argv[3]);
        return 1;
    }
    sink.file = NULL;
    printf("growth_kib=%ld\n", growth);
    fflush(stdout);
    while (fgets(line, sizeof(line), stdin) != NULL) {
        if (!measure_round(once, plan, body, length, &sink)) {
            return 1;
        }
    }
    free(body);
    return 0;
}

#endif
