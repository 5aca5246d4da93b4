/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A table of sets of four, chosen by the digest's first bytes: no chains, no growth, no allocation
 * after start. An attacker who fills a set only costs the tokens in it a signature check.
 */
#include "gateway/identity/cache.h"

#include <stdlib.h>
#include <string.h>

#define WAYS 4

struct entry {
    unsigned char digest[IDENTITY_DIGEST_SIZE];
    int64_t expires; /* 0 = free */
    uint64_t used;   /* the count of uses at its last one */
};

struct identity_cache {
    struct identity_verifier *verifier; /* a reference, so that its address is not used again */
    size_t set_count;
    uint64_t uses;
    struct entry entries[];
};

struct identity_cache *identity_cache_new(size_t entries)
{
    const size_t set_count = entries / WAYS + (entries % WAYS != 0 || entries == 0);
    if (set_count > SIZE_MAX / (WAYS * sizeof(struct entry)) - 1) {
        return NULL;
    }
    struct identity_cache *cache =
        calloc(1, sizeof(*cache) + set_count * WAYS * sizeof(struct entry));
    if (cache != NULL) {
        cache->set_count = set_count;
    }
    return cache;
}

void identity_cache_free(struct identity_cache *cache)
{
    if (cache != NULL) {
        identity_verifier_unref(cache->verifier);
        free(cache);
    }
}

void identity_cache_belong_to(struct identity_cache *cache, struct identity_verifier *verifier)
{
    if (cache->verifier != verifier) {
        memset(cache->entries, 0, cache->set_count * WAYS * sizeof(struct entry));
        identity_verifier_unref(cache->verifier);
        cache->verifier = identity_verifier_ref(verifier);
    }
}

static struct entry *set_of(struct identity_cache *cache,
                            const unsigned char digest[IDENTITY_DIGEST_SIZE])
{
    uint64_t number = 0;
    memcpy(&number, digest, sizeof(number));
    return &cache->entries[number % cache->set_count * WAYS];
}

bool identity_cache_has(struct identity_cache *cache,
                        const unsigned char digest[IDENTITY_DIGEST_SIZE], int64_t now)
{
    struct entry *set = set_of(cache, digest);
    for (size_t i = 0; i < WAYS; i++) {
        if (set[i].expires > now && memcmp(set[i].digest, digest, IDENTITY_DIGEST_SIZE) == 0) {
            set[i].used = ++cache->uses;
            return true;
        }
    }
    return false;
}

void identity_cache_add(struct identity_cache *cache,
                        const unsigned char digest[IDENTITY_DIGEST_SIZE], int64_t expires,
                        int64_t now)
{
    struct entry *set = set_of(cache, digest);
    struct entry *oldest = &set[0];
    for (size_t i = 0; i < WAYS; i++) {
        if (set[i].expires <= now) {
            oldest = &set[i];
            break;
        }
        if (set[i].used < oldest->used) {
            oldest = &set[i];
        }
    }
    memcpy(oldest->digest, digest, IDENTITY_DIGEST_SIZE);
    oldest->expires = expires;
    oldest->used = ++cache->uses;
}
