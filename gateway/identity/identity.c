/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The verifier, and the one path from evidence to identity:
 *
 *   certificate → partner          (cheap, first: strangers without one cost no signature check)
 *   Authorization → token → form and header → issuer → key → [cache] → signature → claims
 *   both name the same partner
 */
#include "gateway/identity/identity.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <strings.h>

#include "gateway/identity/cache.h"
#include "gateway/identity/certificate.h"
#include "gateway/identity/claims.h"
#include "gateway/identity/jwks.h"
#include "gateway/identity/token.h"
#include "policy/base/guard.h"

#define VERIFIER_ARENA_LIMIT ((size_t)64 << 20)
#define KEY_FILE_LIMIT       ((size_t)1 << 20)

struct identity_verifier {
    atomic_uint references;
    const struct config_identity *config;
    struct arena *arena;
    struct identity_keys *keys; /* one set for each of config->tokens */
    size_t key_set_count;       /* a cache may hold the verifier when its config is gone */
};

/* ---- the verifier ---- */

static void free_verifier(struct identity_verifier *verifier)
{
    for (size_t i = 0; i < verifier->key_set_count; i++) {
        identity_keys_clear(&verifier->keys[i]);
    }
    arena_free(verifier->arena);
    free(verifier);
}

static amanat_result read_key_files(struct identity_verifier *verifier,
                                    struct amanat_diagnostics *diagnostics)
{
    const struct config_token_issuer_list *issuers = &verifier->config->tokens;
    amanat_result result = AMANAT_OK;
    verifier->keys = arena_allocate_array(verifier->arena, issuers->count, sizeof(*verifier->keys));
    TRY_MEMORY(verifier->keys);
    verifier->key_set_count = issuers->count;
    for (size_t i = 0; i < issuers->count; i++) {
        const char *path = issuers->items[i].keys;
        struct bytes text = {0};
        amanat_result one =
            config_read_file(path, KEY_FILE_LIMIT, verifier->arena, diagnostics, &text);
        if (amanat_is_ok(one)) {
            one = identity_keys_read(verifier->arena, path, text, diagnostics, &verifier->keys[i]);
        }
        if (!amanat_is_ok(one)) {
            result = one; /* go on: all faults in one run */
        }
    }
    return result;
}

amanat_result identity_verifier_new(const struct config_identity *config,
                                    struct amanat_diagnostics *diagnostics,
                                    struct identity_verifier **out)
{
    struct identity_verifier *verifier = calloc(1, sizeof(*verifier));
    TRY_MEMORY(verifier);
    atomic_init(&verifier->references, 1);
    verifier->config = config;
    verifier->arena = arena_new(VERIFIER_ARENA_LIMIT);
    amanat_result result = amanat_result_of(AMANAT_STATUS_MEMORY);
    if (verifier->arena != NULL) {
        result = read_key_files(verifier, diagnostics);
    }
    if (!amanat_is_ok(result)) {
        free_verifier(verifier);
        return result;
    }
    *out = verifier;
    return AMANAT_OK;
}

struct identity_verifier *identity_verifier_ref(struct identity_verifier *verifier)
{
    (void)atomic_fetch_add_explicit(&verifier->references, 1, memory_order_relaxed);
    return verifier;
}

void identity_verifier_unref(struct identity_verifier *verifier)
{
    if (verifier != NULL &&
        atomic_fetch_sub_explicit(&verifier->references, 1, memory_order_acq_rel) == 1) {
        free_verifier(verifier);
    }
}

/* ---- the token ---- */

static amanat_result refuse(enum identity_refusal refusal, enum identity_refusal *out_refusal)
{
    *out_refusal = refusal;
    return amanat_result_of(AMANAT_STATUS_REFUSED);
}

/* RFC 6750 §2.1: "Bearer" 1*SP b64token; the scheme without case (RFC 9110 §11.1). */
static bool take_bearer_token(struct bytes authorization, struct bytes *out)
{
    static const struct bytes scheme = BYTES_INIT("Bearer ");
    if (authorization.length <= scheme.length ||
        strncasecmp(authorization.at, scheme.at, scheme.length) != 0) {
        return false;
    }
    struct bytes token = bytes_from(authorization, scheme.length);
    while (token.length > 0 && token.at[0] == ' ') {
        token = bytes_from(token, 1);
    }
    *out = token;
    return token.length > 0 && bytes_find(token, ' ') == token.length;
}

/* `iss`, exactly; its index among config->tokens. */
static bool find_issuer(const struct identity_verifier *verifier, const struct document *payload,
                        size_t *out)
{
    const struct config_token_issuer_list *issuers = &verifier->config->tokens;
    const struct document *claim = document_get(payload, "iss");
    for (size_t i = 0; i < issuers->count; i++) {
        if (document_is_string(claim, issuers->items[i].issuer)) {
            *out = i;
            return true;
        }
    }
    return false;
}

static bool digest_of(struct bytes text, unsigned char out[IDENTITY_DIGEST_SIZE])
{
    unsigned length = 0;
    const bool good = EVP_Digest(text.at, text.length, out, &length, EVP_sha256(), NULL) == 1 &&
                      length == IDENTITY_DIGEST_SIZE;
    ERR_clear_error();
    return good;
}

/*
 * Form, issuer, key, signature and claims of a token, in the order that spends least on strangers.
 */
static amanat_result establish_token(struct identity_verifier *verifier,
                                     struct identity_cache *cache, struct bytes text, int64_t now,
                                     struct arena *arena, struct identity *identity,
                                     enum identity_refusal *out_refusal)
{
    struct token token = {0};
    const struct document *payload = NULL;
    const struct identity_key *key = NULL;
    size_t index = 0;
    unsigned char digest[IDENTITY_DIGEST_SIZE];
    TRY(token_read(arena, text, &token, out_refusal));
    TRY(claims_read(arena, token.payload, &payload, out_refusal));
    if (!find_issuer(verifier, payload, &index)) {
        return refuse(IDENTITY_REFUSAL_TOKEN_ISSUER, out_refusal);
    }
    TRY(token_find_key(&token, &verifier->keys[index], &key, out_refusal));
    const bool can_remember = cache != NULL && digest_of(text, digest);
    const bool is_known = can_remember && identity_cache_has(cache, digest, now);
    if (!is_known && !token_is_signed_by(&token, key)) {
        return refuse(IDENTITY_REFUSAL_TOKEN_SIGNATURE, out_refusal);
    }
    const struct claims_context context = {
        .issuer = &verifier->config->tokens.items[index],
        .now = now,
        .has_certificate = identity->has_certificate,
        .certificate_sha256 = identity->certificate_sha256,
    };
    TRY(claims_check(payload, &context, arena, identity, out_refusal));
    if (can_remember && !is_known) {
        identity_cache_add(cache, digest, identity->expires + CLAIMS_LEEWAY_MICROSECONDS, now);
    }
    identity->issuer = bytes_of_string(context.issuer->issuer);
    identity->has_token = true;
    return AMANAT_OK;
}

/* ---- both ---- */

static amanat_result check_required(unsigned require, const struct identity_evidence *evidence,
                                    enum identity_refusal *out_refusal)
{
    if (evidence->certificate == NULL && !evidence->has_authorization) {
        return refuse(IDENTITY_REFUSAL_NOBODY, out_refusal);
    }
    if (evidence->certificate == NULL && (require & CONFIG_REQUIRE_CERTIFICATE) != 0) {
        return refuse(IDENTITY_REFUSAL_NO_CERTIFICATE, out_refusal);
    }
    if (!evidence->has_authorization && (require & CONFIG_REQUIRE_TOKEN) != 0) {
        return refuse(IDENTITY_REFUSAL_NO_TOKEN, out_refusal);
    }
    return AMANAT_OK;
}

static amanat_result establish_certificate(const struct identity_verifier *verifier,
                                           X509 *certificate, struct arena *arena,
                                           struct identity *identity,
                                           enum identity_refusal *out_refusal)
{
    const amanat_result result =
        identity_of_certificate(certificate, verifier->config->san_uri_prefix, arena,
                                &identity->partner, identity->certificate_sha256);
    if (result.status == AMANAT_STATUS_REFUSED) {
        return refuse(IDENTITY_REFUSAL_CERTIFICATE_NAME, out_refusal);
    }
    identity->has_certificate = true;
    return result;
}

amanat_result identity_establish(struct identity_verifier *verifier, struct identity_cache *cache,
                                 const struct identity_evidence *evidence, struct arena *arena,
                                 struct identity *out, enum identity_refusal *out_refusal)
{
    struct identity identity = {.agent = BYTES("-"), .expires = INT64_MAX};
    struct bytes text = {0};
    if (cache != NULL) {
        identity_cache_belong_to(cache, verifier);
    }
    TRY(check_required(verifier->config->require, evidence, out_refusal));
    if (evidence->certificate != NULL) {
        TRY(establish_certificate(verifier, evidence->certificate, arena, &identity, out_refusal));
    }
    if (evidence->has_authorization) {
        const struct bytes partner = identity.partner;
        if (!take_bearer_token(evidence->authorization, &text)) {
            return refuse(IDENTITY_REFUSAL_AUTHORIZATION, out_refusal);
        }
        TRY(establish_token(verifier, cache, text, evidence->now, arena, &identity, out_refusal));
        if (identity.has_certificate && !bytes_equal(identity.partner, partner)) {
            return refuse(IDENTITY_REFUSAL_PARTNERS_DIFFER, out_refusal);
        }
    }
    *out = identity;
    return AMANAT_OK;
}
