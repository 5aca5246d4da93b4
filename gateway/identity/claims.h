/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Private to gateway/identity: what a token's payload says (RFC 7519 §4.1), checked against its
 * issuer's configuration.
 */
#ifndef AMANAT_GATEWAY_IDENTITY_CLAIMS_H
#define AMANAT_GATEWAY_IDENTITY_CLAIMS_H

#include "gateway/identity/identity.h"
#include "policy/base/document.h"

/**
 * Clocks differ; RFC 7519 §4.1.4 allows "some small leeway, usually no more than a few minutes".
 */
#define CLAIMS_LEEWAY_MICROSECONDS INT64_C(30000000)

/** What the claims are held against. */
struct claims_context {
    const struct config_token_issuer *issuer;
    int64_t now;          /* microseconds since 1970 */
    bool has_certificate; /* of this connection */
    const unsigned char *certificate_sha256;
};

/** Parses a payload. REFUSED (TOKEN_PAYLOAD) unless it is a strict JSON object; MEMORY. */
AMANAT_MUST_CHECK amanat_result claims_read(struct arena *arena, struct bytes payload,
                                            const struct document **out,
                                            enum identity_refusal *out_refusal);

/**
 * Checks every claim and fills partner, agent, token_id, need, expires and claims of `*identity`.
 * REFUSED with a reason; MEMORY.
 */
AMANAT_MUST_CHECK amanat_result claims_check(const struct document *payload,
                                             const struct claims_context *context,
                                             struct arena *arena, struct identity *identity,
                                             enum identity_refusal *out_refusal);

#endif
