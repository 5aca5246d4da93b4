/* SPDX-License-Identifier: Apache-2.0 */
/* The real clock, the fake one, and the two ways in which we write a time. Calendar arithmetic is
 * gmtime_r's. */
#include "gateway/runtime/clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "policy/base/guard.h"

static int64_t read_system_clock(clockid_t which)
{
    struct timespec now;
    ASSERT(clock_gettime(which, &now) == 0);
    return (int64_t)now.tv_sec * RUNTIME_SECOND + now.tv_nsec / 1000;
}

static int64_t real_wall(void *context)
{
    (void)context;
    return read_system_clock(CLOCK_REALTIME);
}

static int64_t real_monotonic(void *context)
{
    (void)context;
    return read_system_clock(CLOCK_MONOTONIC);
}

const struct runtime_clock *runtime_clock_real(void)
{
    static const struct runtime_clock real = {real_wall, real_monotonic, NULL};
    return &real;
}

void runtime_clock_both(const struct runtime_clock *clock, int64_t *out_wall,
                        int64_t *out_monotonic)
{
    int64_t before = 0;
    do {
        before = runtime_clock_monotonic(clock);
        *out_wall = runtime_clock_wall(clock);
        *out_monotonic = runtime_clock_monotonic(clock);
    } while (*out_monotonic - before > RUNTIME_SECOND);
}

static int64_t fake_wall(void *context)
{
    struct runtime_clock_fake *fake = context;
    return atomic_load(&fake->wall);
}

static int64_t fake_monotonic(void *context)
{
    struct runtime_clock_fake *fake = context;
    return atomic_load(&fake->monotonic);
}

void runtime_clock_fake_init(struct runtime_clock_fake *fake, int64_t wall)
{
    fake->clock = (struct runtime_clock){fake_wall, fake_monotonic, fake};
    atomic_init(&fake->wall, wall);
    atomic_init(&fake->monotonic, 0);
}

void runtime_clock_fake_advance(struct runtime_clock_fake *fake, int64_t microseconds)
{
    atomic_fetch_add(&fake->wall, microseconds);
    atomic_fetch_add(&fake->monotonic, microseconds);
}

static struct tm split_time(int64_t wall)
{
    const time_t seconds = (time_t)(wall / RUNTIME_SECOND);
    struct tm calendar;
    ASSERT(wall >= 0 && gmtime_r(&seconds, &calendar) != NULL);
    ASSERT(calendar.tm_year <= 9999 - 1900);
    return calendar;
}

void runtime_clock_text(int64_t wall, char out[RUNTIME_CLOCK_TEXT_SIZE])
{
    const struct tm calendar = split_time(wall);
    char text[80]; /* what the compiler thinks six ints may need */
    (void)snprintf(text, sizeof(text), "%04d-%02d-%02dT%02d:%02d:%02d.%06dZ",
                   calendar.tm_year + 1900, calendar.tm_mon + 1, calendar.tm_mday, calendar.tm_hour,
                   calendar.tm_min, calendar.tm_sec, (int)(wall % RUNTIME_SECOND));
    memcpy(out, text, RUNTIME_CLOCK_TEXT_SIZE);
}

void runtime_clock_http_date(int64_t wall, char out[RUNTIME_CLOCK_HTTP_SIZE])
{
    /* Not strftime: its names of days and months follow the locale. */
    static const char days[7][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const struct tm calendar = split_time(wall);
    char text[80];
    (void)snprintf(text, sizeof(text), "%s, %02d %s %04d %02d:%02d:%02d GMT",
                   days[calendar.tm_wday], calendar.tm_mday, months[calendar.tm_mon],
                   calendar.tm_year + 1900, calendar.tm_hour, calendar.tm_min, calendar.tm_sec);
    memcpy(out, text, RUNTIME_CLOCK_HTTP_SIZE);
}
