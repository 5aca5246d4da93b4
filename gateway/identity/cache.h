/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Private to gateway/identity: which tokens have had their signature checked. Holds nothing but
 * SHA-256 of the token and until when; all else is read from the token again, so a hit can never
 * carry yesterday's claims.
 */
#ifndef AMANAT_GATEWAY_IDENTITY_CACHE_H
#define AMANAT_GATEWAY_IDENTITY_CACHE_H

#include "gateway/identity/identity.h"

/**
 * Empties the cache unless it was used with this verifier before; it then holds a reference to it.
 */
void identity_cache_belong_to(struct identity_cache *cache, struct identity_verifier *verifier);

/** Whether the token of this digest was verified and has not expired. */
bool identity_cache_has(struct identity_cache *cache,
                        const unsigned char digest[IDENTITY_DIGEST_SIZE], int64_t now);

/**
 * Remembers it until `expires`, in the place of an expired or the longest unused one of its set.
 */
void identity_cache_add(struct identity_cache *cache,
                        const unsigned char digest[IDENTITY_DIGEST_SIZE], int64_t expires,
                        int64_t now);

#endif
