/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compact JWS (RFC 7515 §7.1) under the rules of RFC 8725: exactly three parts, canonical
 * base64url, a strict JSON header, no `crit`, an algorithm that is the key's. Keys in the header
 * (`jwk`, `jku`, `x5c`, `x5u`) are never used.
 */
#include "gateway/identity/token.h"

#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <strings.h>

#include "policy/base/base64.h"
#include "policy/base/guard.h"

#define ES256_HALF 32

static amanat_result refuse(enum identity_refusal refusal, enum identity_refusal *out_refusal)
{
    *out_refusal = refusal;
    return amanat_result_of(AMANAT_STATUS_REFUSED);
}

/* ---- form ---- */

/* Exactly three parts; the fourth of the answer would be what follows another dot. */
static bool split(struct bytes text, struct bytes parts[3])
{
    for (size_t i = 0; i < 3; i++) {
        const size_t end = bytes_find(text, '.');
        if ((end == text.length) != (i == 2)) {
            return false;
        }
        parts[i] = bytes_first(text, end);
        text = bytes_from(text, i < 2 ? end + 1 : end);
    }
    return true;
}

static amanat_result decode_part(struct arena *arena, struct bytes part, struct bytes *out,
                                 enum identity_refusal *out_refusal)
{
    const amanat_result result = base64url_decode(arena, part, out);
    return result.status == AMANAT_STATUS_PEER_FAULT
               ? refuse(IDENTITY_REFUSAL_TOKEN_FORM, out_refusal)
               : result;
}

/* ---- header ---- */

static bool is_one_of_types(struct bytes type)
{
    /* RFC 7519 §5.1 and RFC 9068 §4; media types compare without case, "application/" may be left
     * out. */
    static const struct bytes types[] = {BYTES_INIT("JWT"), BYTES_INIT("at+jwt"),
                                         BYTES_INIT("application/jwt"),
                                         BYTES_INIT("application/at+jwt")};
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (type.length == types[i].length && strncasecmp(type.at, types[i].at, type.length) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_string_or_missing(const struct document *member)
{
    return member == NULL || member->kind == DOCUMENT_STRING;
}

static amanat_result read_header(const struct document *header, struct token *token,
                                 enum identity_refusal *out_refusal)
{
    const struct document *type = document_get(header, "typ");
    const struct document *algorithm = document_get(header, "alg");
    const struct document *kid = document_get(header, "kid");
    if (header->kind != DOCUMENT_OBJECT || algorithm == NULL || !is_string_or_missing(algorithm) ||
        !is_string_or_missing(type) || !is_string_or_missing(kid)) {
        return refuse(IDENTITY_REFUSAL_TOKEN_HEADER, out_refusal);
    }
    if (document_get(header, "crit") != NULL) {
        return refuse(IDENTITY_REFUSAL_TOKEN_CRITICAL, out_refusal);
    }
    if (type != NULL && !is_one_of_types(type->text)) {
        return refuse(IDENTITY_REFUSAL_TOKEN_TYPE, out_refusal);
    }
    if (document_is_string(algorithm, "RS256")) {
        token->algorithm = IDENTITY_ALGORITHM_RS256;
    } else if (document_is_string(algorithm, "ES256")) {
        token->algorithm = IDENTITY_ALGORITHM_ES256;
    } else {
        return refuse(IDENTITY_REFUSAL_TOKEN_ALGORITHM, out_refusal);
    }
    if (kid != NULL) {
        token->kid = kid->text;
    }
    return AMANAT_OK;
}

amanat_result token_read(struct arena *arena, struct bytes text, struct token *out,
                         enum identity_refusal *out_refusal)
{
    struct bytes parts[3];
    struct bytes header_text = {0};
    const struct document *header = NULL;
    if (text.length > TOKEN_LENGTH_LIMIT || !split(text, parts)) {
        return refuse(IDENTITY_REFUSAL_TOKEN_FORM, out_refusal);
    }
    struct token token = {.text = text,
                          .signed_text = bytes_first(text, parts[0].length + 1 + parts[1].length)};
    TRY(decode_part(arena, parts[0], &header_text, out_refusal));
    TRY(decode_part(arena, parts[1], &token.payload, out_refusal));
    TRY(decode_part(arena, parts[2], &token.signature, out_refusal));
    const amanat_result parsed = document_from_json(arena, "", header_text, NULL, &header);
    if (parsed.status == AMANAT_STATUS_CONFIG_FAULT) {
        return refuse(IDENTITY_REFUSAL_TOKEN_HEADER, out_refusal);
    }
    TRY(parsed);
    TRY(read_header(header, &token, out_refusal));
    *out = token;
    return AMANAT_OK;
}

/* ---- key ---- */

static const struct identity_key *find_by_kid(const struct identity_keys *keys, struct bytes kid)
{
    for (size_t i = 0; i < keys->count; i++) {
        if (keys->items[i].kid.at != NULL && bytes_equal(keys->items[i].kid, kid)) {
            return &keys->items[i];
        }
    }
    return NULL;
}

static const struct identity_key *find_only_one_for(const struct identity_keys *keys,
                                                    enum identity_algorithm algorithm)
{
    const struct identity_key *found = NULL;
    for (size_t i = 0; i < keys->count; i++) {
        if (keys->items[i].algorithm == algorithm) {
            if (found != NULL) {
                return NULL;
            }
            found = &keys->items[i];
        }
    }
    return found;
}

amanat_result token_find_key(const struct token *token, const struct identity_keys *keys,
                             const struct identity_key **out, enum identity_refusal *out_refusal)
{
    const struct identity_key *key = token->kid.at != NULL
                                         ? find_by_kid(keys, token->kid)
                                         : find_only_one_for(keys, token->algorithm);
    if (key == NULL) {
        return refuse(IDENTITY_REFUSAL_TOKEN_KEY, out_refusal);
    }
    if (key->algorithm != token->algorithm) {
        return refuse(IDENTITY_REFUSAL_TOKEN_ALGORITHM, out_refusal);
    }
    *out = key;
    return AMANAT_OK;
}

/* ---- signature ---- */

/* RFC 7518 §3.4: r ‖ s of 32 octets each, where OpenSSL wants DER. The caller frees; NULL when it
 * is none. */
static unsigned char *es256_to_der(struct bytes signature, size_t *out_length)
{
    if (signature.length != 2 * ES256_HALF) {
        return NULL;
    }
    const unsigned char *raw = (const unsigned char *)signature.at;
    unsigned char *der = NULL;
    ECDSA_SIG *pair = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(raw, ES256_HALF, NULL);
    BIGNUM *s = BN_bin2bn(raw + ES256_HALF, ES256_HALF, NULL);
    if (pair == NULL || r == NULL || s == NULL || ECDSA_SIG_set0(pair, r, s) != 1) {
        BN_free(r);
        BN_free(s);
    } else {
        const int length = i2d_ECDSA_SIG(pair, &der);
        *out_length = length > 0 ? (size_t)length : 0;
    }
    ECDSA_SIG_free(pair);
    return der;
}

static bool verify(EVP_PKEY *key, struct bytes text, const unsigned char *signature, size_t length)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    const bool good =
        context != NULL && EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, key) == 1 &&
        EVP_DigestVerify(context, signature, length, (const unsigned char *)text.at, text.length) ==
            1;
    EVP_MD_CTX_free(context);
    return good;
}

bool token_is_signed_by(const struct token *token, const struct identity_key *key)
{
    bool good = false;
    if (key->algorithm != token->algorithm) {
        return false;
    }
    if (key->algorithm == IDENTITY_ALGORITHM_RS256) {
        good = verify(key->key, token->signed_text, (const unsigned char *)token->signature.at,
                      token->signature.length);
    } else {
        size_t length = 0;
        unsigned char *der = es256_to_der(token->signature, &length);
        good = der != NULL && verify(key->key, token->signed_text, der, length);
        OPENSSL_free(der);
    }
    ERR_clear_error(); /* TLS on this thread must not find our errors in the queue */
    return good;
}
