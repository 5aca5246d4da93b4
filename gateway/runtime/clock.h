/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Time as a value that is passed around: the real clock, or one that a test sets. Nothing else
 * reads the time.
 */
#ifndef AMANAT_GATEWAY_RUNTIME_CLOCK_H
#define AMANAT_GATEWAY_RUNTIME_CLOCK_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#define RUNTIME_SECOND INT64_C(1000000)

/**
 * Microseconds both; `wall` since 1970-01-01T00:00:00Z, `monotonic` since some moment, never going
 * back.
 */
struct runtime_clock {
    int64_t (*wall)(void *context);
    int64_t (*monotonic)(void *context);
    void *context;
};

/** The system's clock; static storage. */
const struct runtime_clock *runtime_clock_real(void);

static inline int64_t runtime_clock_wall(const struct runtime_clock *clock)
{
    return clock->wall(clock->context);
}

static inline int64_t runtime_clock_monotonic(const struct runtime_clock *clock)
{
    return clock->monotonic(clock->context);
}

/**
 * Both at one moment, so that they can be compared: they are read again when the thread was stopped
 * between the two.
 */
void runtime_clock_both(const struct runtime_clock *clock, int64_t *out_wall,
                        int64_t *out_monotonic);

/**
 * A clock that stands still until a test moves it; any thread may read it. Do not copy it once it
 * is set up.
 */
struct runtime_clock_fake {
    struct runtime_clock clock; /* pass the address of this */
    _Atomic int64_t wall;
    _Atomic int64_t monotonic;
};

void runtime_clock_fake_init(struct runtime_clock_fake *fake, int64_t wall);
void runtime_clock_fake_advance(struct runtime_clock_fake *fake, int64_t microseconds);

/**
 * RFC 3339 in UTC with six digits of the second: "2026-01-31T08:15:00.000000Z". Years 1970 to 9999.
 */
#define RUNTIME_CLOCK_TEXT_SIZE 28
void runtime_clock_text(int64_t wall, char out[RUNTIME_CLOCK_TEXT_SIZE]);

/** IMF-fixdate (RFC 9110 §5.6.7): "Sun, 06 Nov 1994 08:49:37 GMT". */
#define RUNTIME_CLOCK_HTTP_SIZE 30
void runtime_clock_http_date(int64_t wall, char out[RUNTIME_CLOCK_HTTP_SIZE]);

#endif
