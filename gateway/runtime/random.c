/* SPDX-License-Identifier: Apache-2.0 */
/* OpenSSL's generator, and the repeatable one of tests. */
#include "gateway/runtime/random.h"

#include <limits.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <string.h>

#include "policy/base/guard.h"
#include "policy/base/wipe.h"

static amanat_result fill_real(void *context, void *out, size_t length)
{
    (void)context;
    unsigned char *at = out;
    while (length > 0) {
        const size_t piece = length < INT_MAX ? length : INT_MAX;
        if (RAND_bytes(at, (int)piece) != 1) {
            return amanat_result_of(AMANAT_STATUS_IO);
        }
        at += piece;
        length -= piece;
    }
    return AMANAT_OK;
}

const struct runtime_random *runtime_random_real(void)
{
    static const struct runtime_random real = {fill_real, NULL};
    return &real;
}

amanat_result runtime_random_fill(const struct runtime_random *random, void *out, size_t length)
{
    const amanat_result result = random->fill(random->context, out, length);
    if (!amanat_is_ok(result)) {
        wipe(out, length); /* half a key must not look like a key */
    }
    return result;
}

static amanat_result fill_fake(void *context, void *out, size_t length)
{
    struct runtime_random_fake *fake = context;
    unsigned char *at = out;
    while (length > 0) {
        const uint64_t block[2] = {fake->seed, atomic_fetch_add(&fake->counter, 1)};
        unsigned char digest[32];
        if (EVP_Digest(block, sizeof(block), digest, NULL, EVP_sha256(), NULL) != 1) {
            return amanat_result_of(AMANAT_STATUS_IO);
        }
        const size_t piece = length < sizeof(digest) ? length : sizeof(digest);
        memcpy(at, digest, piece);
        at += piece;
        length -= piece;
    }
    return AMANAT_OK;
}

void runtime_random_fake_init(struct runtime_random_fake *fake, uint64_t seed)
{
    fake->random = (struct runtime_random){fill_fake, fake};
    fake->seed = seed;
    atomic_init(&fake->counter, 0);
}
