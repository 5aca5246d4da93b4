/* SPDX-License-Identifier: Apache-2.0 */
/* Drawing, replaying and shrinking of choices; see choices.h. */
#include "choices.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "policy/base/guard.h"

void choices_begin(struct choices *choices, uint64_t seed)
{
    choices->count = 0;
    choices->position = 0;
    choices->replays = false;
    choices->state = seed;
}

void choices_replay(struct choices *choices)
{
    choices->position = 0;
    choices->replays = true;
}

void choices_clear(struct choices *choices)
{
    free(choices->drawn);
    *choices = (struct choices){0};
}

/* splitmix64 */
static uint64_t next_random(uint64_t *state)
{
    uint64_t value = *state += 0x9E3779B97F4A7C15U;
    value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9U;
    value = (value ^ (value >> 27)) * 0x94D049BB133111EBU;
    return value ^ (value >> 31);
}

uint64_t mix(uint64_t a, uint64_t b)
{
    uint64_t state = a ^ (b * 0xD6E8FEB86659FD93U + 1);
    return next_random(&state);
}

static void record(struct choices *choices, uint32_t value)
{
    if (choices->count == choices->capacity) {
        choices->capacity = choices->capacity == 0 ? 1024 : 2 * choices->capacity;
        choices->drawn = realloc(choices->drawn, choices->capacity * sizeof(*choices->drawn));
        ASSERT(choices->drawn != NULL);
    }
    choices->drawn[choices->count++] = value;
}

unsigned choose(struct choices *choices, unsigned bound)
{
    ASSERT(bound > 0);
    if (choices->replays) {
        return choices->position < choices->count ? choices->drawn[choices->position++] % bound : 0;
    }
    const uint32_t value = (uint32_t)(next_random(&choices->state) >> 32) % bound;
    record(choices, value);
    return value;
}

bool chance(struct choices *choices, unsigned percent)
{
    return choose(choices, 100) >= 100 - percent;
}

/* ---- shrinking ---- */

#define ATTEMPTS          2500
#define SECONDS_TO_SHRINK 2 /* of the processor: long documents are not made as small as can be */

struct shrinker {
    struct choices *choices;
    choices_fail_fn *still_fails;
    void *context;
    uint32_t *kept; /* the choices before the last change */
    size_t kept_count;
    unsigned attempts; /* left */
    clock_t end;
};

static void keep(struct shrinker *shrinker)
{
    shrinker->kept_count = shrinker->choices->count;
    if (shrinker->kept_count > 0) {
        memcpy(shrinker->kept, shrinker->choices->drawn,
               shrinker->kept_count * sizeof(*shrinker->kept));
    }
}

/* Keeps the change if the failure is still there. */
static bool settle(struct shrinker *shrinker)
{
    if (shrinker->attempts > 0) {
        shrinker->attempts = clock() < shrinker->end ? shrinker->attempts - 1 : 0;
        if (shrinker->still_fails(shrinker->context)) {
            return true;
        }
    }
    shrinker->choices->count = shrinker->kept_count;
    memcpy(shrinker->choices->drawn, shrinker->kept,
           shrinker->kept_count * sizeof(*shrinker->kept));
    return false;
}

static bool try_without(struct shrinker *shrinker, size_t start, size_t length)
{
    struct choices *choices = shrinker->choices;
    keep(shrinker);
    memmove(choices->drawn + start, choices->drawn + start + length,
            (choices->count - start - length) * sizeof(*choices->drawn));
    choices->count -= length;
    return settle(shrinker);
}

static bool try_value(struct shrinker *shrinker, size_t at, uint32_t value)
{
    keep(shrinker);
    shrinker->choices->drawn[at] = value;
    return settle(shrinker);
}

static bool drop_runs(struct shrinker *shrinker, size_t length)
{
    bool any = false;
    for (size_t start = 0; shrinker->attempts > 0 && start + length <= shrinker->choices->count;) {
        const bool dropped = try_without(shrinker, start, length);
        any = any || dropped;
        start += dropped ? 0 : length;
    }
    return any;
}

static bool lower_values(struct shrinker *shrinker)
{
    bool any = false;
    for (size_t at = 0; shrinker->attempts > 0 && at < shrinker->choices->count; at++) {
        const uint32_t value = shrinker->choices->drawn[at];
        if (value > 0) {
            any = try_value(shrinker, at, 0) || (value > 1 && try_value(shrinker, at, value / 2)) ||
                  any;
        }
    }
    return any;
}

void choices_shrink(struct choices *choices, choices_fail_fn *still_fails, void *context)
{
    struct shrinker shrinker = {.choices = choices,
                                .still_fails = still_fails,
                                .context = context,
                                .attempts = ATTEMPTS,
                                .end = clock() + SECONDS_TO_SHRINK * CLOCKS_PER_SEC,
                                .kept = calloc(choices->count + 1, sizeof(*choices->drawn))};
    ASSERT(shrinker.kept != NULL);
    for (bool any = true; any && shrinker.attempts > 0;) {
        any = false;
        for (size_t length = choices->count / 2; length > 0; length /= 2) {
            any = drop_runs(&shrinker, length) || any;
        }
        any = lower_values(&shrinker) || any;
    }
    free(shrinker.kept);
}
