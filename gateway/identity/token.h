/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Private to gateway/identity: a signed token (RFC 7515 compact form), its header and its
 * signature. What the payload says is claims.h.
 */
#ifndef AMANAT_GATEWAY_IDENTITY_TOKEN_H
#define AMANAT_GATEWAY_IDENTITY_TOKEN_H

#include "gateway/identity/identity.h"
#include "gateway/identity/jwks.h"

/** Longer tokens are refused: a request's whole head has 16 KiB by default. */
#define TOKEN_LENGTH_LIMIT 16384

struct token {
    struct bytes text;        /* as it came */
    struct bytes signed_text; /* header and payload with their dot: what the signature is over */
    struct bytes payload;     /* decoded, not yet looked at */
    struct bytes signature;   /* decoded */
    enum identity_algorithm algorithm;
    struct bytes kid; /* `at` is NULL when it has none */
};

/** Takes the compact form apart and checks the header. REFUSED with a reason; MEMORY. */
AMANAT_MUST_CHECK amanat_result token_read(struct arena *arena, struct bytes text,
                                           struct token *out, enum identity_refusal *out_refusal);

/**
 * The key that the token must be signed with: the one of its `kid`, or without a `kid` the only one
 * for its algorithm. REFUSED when there is none, or when it is for another algorithm.
 */
AMANAT_MUST_CHECK amanat_result token_find_key(const struct token *token,
                                               const struct identity_keys *keys,
                                               const struct identity_key **out,
                                               enum identity_refusal *out_refusal);

/** Whether the signature is that key's. */
bool token_is_signed_by(const struct token *token, const struct identity_key *key);

#endif
