/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random choices that can be replayed and shrunk: a schema, a plan or a pair of documents is a
 * function of the numbers that were drawn while it was made. Fewer and smaller numbers give a
 * simpler case that keeps the same promise, so a failure is made small without knowing what it is.
 * Zero is always the simplest choice.
 */
#ifndef TESTS_CONFORMANCE_NONINTERFERENCE_CHOICES_H
#define TESTS_CONFORMANCE_NONINTERFERENCE_CHOICES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct choices {
    uint32_t *drawn;
    size_t count;
    size_t capacity;
    size_t position; /* of the next one to replay */
    bool replays;    /* past the end of what was drawn: zeros */
    uint64_t state;
};

/** Forgets what was drawn and draws anew from `seed`. */
void choices_begin(struct choices *choices, uint64_t seed);
/** Draws the same again. */
void choices_replay(struct choices *choices);
void choices_clear(struct choices *choices);

/** 0 … bound - 1. */
unsigned choose(struct choices *choices, unsigned bound);
/** True in `percent` of the cases; false is the simpler answer. */
bool chance(struct choices *choices, unsigned percent);

/** Whether the failure is still there when everything is made anew from the choices. */
typedef bool choices_fail_fn(void *context);

/** Makes the choices simpler as long as `still_fails`. */
void choices_shrink(struct choices *choices, choices_fail_fn *still_fails, void *context);

/** Mixes two numbers into one that looks random. */
uint64_t mix(uint64_t a, uint64_t b);

#endif
