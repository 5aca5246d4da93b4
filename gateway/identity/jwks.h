/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Private to gateway/identity: a JSON Web Key Set (RFC 7517) as keys that are ready to verify with.
 */
#ifndef AMANAT_GATEWAY_IDENTITY_JWKS_H
#define AMANAT_GATEWAY_IDENTITY_JWKS_H

#include <openssl/evp.h>

#include "amanat/diagnostics.h"
#include "amanat/result.h"
#include "policy/base/arena.h"
#include "policy/base/bytes.h"

/** What a key is for; the token's `alg` must say the same. */
enum identity_algorithm { IDENTITY_ALGORITHM_RS256 = 0, IDENTITY_ALGORITHM_ES256 };

struct identity_key {
    struct bytes kid; /* `at` is NULL when it has none */
    enum identity_algorithm algorithm;
    EVP_PKEY *key;
};

struct identity_keys {
    const struct identity_key *items;
    size_t count;
};

/**
 * Reads a key set; keys and their ids live in the arena, except the EVP_PKEYs: identity_keys_clear
 * frees those. CONFIG_FAULT with a positioned diagnostic for what is malformed, for a private key,
 * an RSA key below 2,048 or above 8,192 bits, a `kid` that stands twice among usable keys, and a
 * set without a usable key. Keys of a type, curve, use or algorithm that is not ours are passed
 * over with a warning.
 */
AMANAT_MUST_CHECK amanat_result identity_keys_read(struct arena *arena, const char *source,
                                                   struct bytes text,
                                                   struct amanat_diagnostics *diagnostics,
                                                   struct identity_keys *out);

void identity_keys_clear(struct identity_keys *keys);

#endif
