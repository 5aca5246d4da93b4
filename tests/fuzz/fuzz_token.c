/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a token, and as the payload of one whose signature was good: the readers behind a
 * bearer token. A verifier without issuers must never know anybody by it.
 */
#include <stdint.h>

#include "gateway/identity/claims.h"
#include "gateway/identity/token.h"
#include "policy/base/guard.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const partners[] = {"ravi", "acme"};
static const char *const claims[] = {"role", "aud"};
static const unsigned char certificate[IDENTITY_DIGEST_SIZE];
static const struct config_token_issuer issuer = {
    .issuer = "https://idp.example",
    .audience = "amanat",
    .partners = {partners, 2},
    .partner_claim = "client_id",
    .agent_claim = "sub",
    .claims = {claims, 2},
};

static void check_payload(struct arena *arena, struct bytes payload)
{
    const struct claims_context context = {
        .issuer = &issuer,
        .now = INT64_C(1800000000000000),
        .has_certificate = true,
        .certificate_sha256 = certificate,
    };
    const struct document *document = NULL;
    struct identity identity = {0};
    enum identity_refusal refusal = IDENTITY_REFUSAL_COUNT;
    amanat_result result = claims_read(arena, payload, &document, &refusal);
    if (amanat_is_ok(result)) {
        result = claims_check(document, &context, arena, &identity, &refusal);
    }
    if (amanat_is_ok(result)) {
        ASSERT(bytes_is_name(identity.partner) && identity.agent.length > 0);
        ASSERT(!bytes_equal(identity.agent, BYTES("-")));
        ASSERT(identity.expires > context.now - CLAIMS_LEEWAY_MICROSECONDS);
    } else {
        ASSERT((result.status == AMANAT_STATUS_REFUSED) == (refusal < IDENTITY_REFUSAL_COUNT));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct bytes text = bytes_of((const char *)data, size);
    const struct config_identity config = {.require = CONFIG_REQUIRE_TOKEN};
    const struct identity_evidence evidence = {.has_authorization = true, .authorization = text};
    struct arena *arena = arena_new((size_t)16 << 20);
    struct identity_verifier *verifier = NULL;
    struct identity identity = {0};
    struct token token = {0};
    enum identity_refusal refusal = IDENTITY_REFUSAL_COUNT;
    ASSERT(arena != NULL);
    ASSERT(amanat_is_ok(identity_verifier_new(&config, NULL, &verifier)));
    check_payload(arena, text);
    if (amanat_is_ok(token_read(arena, text, &token, &refusal))) {
        check_payload(arena, token.payload);
    }
    ASSERT(
        !amanat_is_ok(identity_establish(verifier, NULL, &evidence, arena, &identity, &refusal)));
    identity_verifier_unref(verifier);
    arena_free(arena);
    return 0;
}
