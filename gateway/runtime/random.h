/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Chance as a value that is passed around: OpenSSL's generator, or a repeatable sequence for tests.
 */
#ifndef AMANAT_GATEWAY_RUNTIME_RANDOM_H
#define AMANAT_GATEWAY_RUNTIME_RANDOM_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "amanat/result.h"

struct runtime_random {
    amanat_result (*fill)(void *context, void *out, size_t length);
    void *context;
};

/** OpenSSL's generator (seeded by the system); static storage. */
const struct runtime_random *runtime_random_real(void);

/** `length` random bytes; IO when the generator cannot, and then `out` holds zeros. */
AMANAT_MUST_CHECK amanat_result runtime_random_fill(const struct runtime_random *random, void *out,
                                                    size_t length);

/** A sequence that is the same in every run: SHA-256 of seed and counter. Never outside tests. */
struct runtime_random_fake {
    struct runtime_random random; /* pass the address of this */
    uint64_t seed;
    _Atomic uint64_t counter;
};

void runtime_random_fake_init(struct runtime_random_fake *fake, uint64_t seed);

#endif
