/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the programs of tests/performance/redact share, in C and in C++: a body in memory, a sink
 * that counts, rounds on two clocks, and how much memory the first round took.
 *
 * usage of each: PROGRAM PLAN BODY ROUNDS [OUTPUT]     PLAN: most, coarse, few, dependent
 * With OUTPUT the body is redacted once into that file and nothing is measured.
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
#define MOST_ROUNDS 100

struct sink {
    unsigned long long taken;
    FILE *file; /* NULL: only counted */
};

/* Redacts the body once; 0 when that fails. */
typedef int redact_once_fn(const char *plan, const char *body, size_t length, struct sink *sink);

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

static inline int compare_seconds(const void *a, const void *b)
{
    const double x = *(const double *)a;
    const double y = *(const double *)b;
    return (x > y) - (x < y);
}

static inline int measure(redact_once_fn *once, int argc, char **argv)
{
    double wall[MOST_ROUNDS];
    double processor[MOST_ROUNDS];
    size_t length = 0;
    const int rounds = argc < 4 ? 0 : atoi(argv[3]);
    if (rounds < 1 || rounds > MOST_ROUNDS) {
        fprintf(stderr, "usage: %s PLAN BODY ROUNDS [OUTPUT]\n", argv[0]);
        return 2;
    }
    char *body = read_body(argv[2], &length);
    struct sink sink = {0, argc > 4 ? fopen(argv[4], "wb") : NULL};
    if (argc > 4) {
        const int done = sink.file != NULL && once(argv[1], body, length, &sink);
        return done && fclose(sink.file) == 0 ? 0 : 1;
    }
    forget_peak();
    const long before = status_kib("VmRSS:");
    if (!once(argv[1], body, length, &sink)) {
        return 1;
    }
    const long growth = status_kib("VmHWM:") - before;
    const size_t bodies = length >= ROUND_BYTES ? 1 : ROUND_BYTES / length + 1;
    for (int i = 0; i < rounds; i++) {
        const double wall_before = seconds_of(CLOCK_MONOTONIC);
        const double processor_before = seconds_of(CLOCK_PROCESS_CPUTIME_ID);
        for (size_t k = 0; k < bodies; k++) {
            if (!once(argv[1], body, length, &sink)) {
                return 1;
            }
        }
        processor[i] = (seconds_of(CLOCK_PROCESS_CPUTIME_ID) - processor_before) / (double)bodies;
        wall[i] = (seconds_of(CLOCK_MONOTONIC) - wall_before) / (double)bodies;
    }
    qsort(wall, (size_t)rounds, sizeof(*wall), compare_seconds);
    qsort(processor, (size_t)rounds, sizeof(*processor), compare_seconds);
    printf("wall=%.9f best=%.9f cpu=%.9f growth_kib=%ld\n", wall[rounds / 2], wall[0],
           processor[rounds / 2], growth);
    free(body);
    return 0;
}

#endif
