/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON Web Keys (RFC 7517, RFC 7518 §6) into EVP_PKEYs, once, at start: RSA keys verify RS256 and
 * P-256 keys ES256, and nothing else, whatever a token says. Certificates in a key (`x5c`) and
 * places to fetch others from (`x5u`, `jku`) are never looked at.
 */
#include "gateway/identity/jwks.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/param_build.h>

#include "policy/base/base64.h"
#include "policy/base/document.h"
#include "policy/base/guard.h"
#include "policy/base/vector.h"

#define RSA_LEAST_BITS 2048
/* Verification grows with the square of the size; larger keys are not in use. */
#define RSA_MOST_BITS     8192
#define RSA_EXPONENT_BITS 64
#define P256_COORDINATE   32
#define KEYS_LIMIT        100 /* an issuer that rotates keys has two or three */

struct reader {
    struct arena *arena;
    const char *source;
    struct amanat_diagnostics *diagnostics;
};

static amanat_result fail(const struct reader *reader, const struct document *at, const char *text)
{
    amanat_diagnostics_add(reader->diagnostics, AMANAT_SEVERITY_ERROR, "key", reader->source,
                           at->line, at->column, "%s", text);
    return amanat_result_of(AMANAT_STATUS_CONFIG_FAULT);
}

static void warn_passed_over(const struct reader *reader, const struct document *at,
                             const char *text)
{
    amanat_diagnostics_add(reader->diagnostics, AMANAT_SEVERITY_WARNING, "key-passed-over",
                           reader->source, at->line, at->column, "%s", text);
}

/* A member that, if it is there, must be a string; `*out` stays NULL when it is not there. */
static amanat_result get_string(const struct reader *reader, const struct document *key,
                                const char *name, const struct document **out)
{
    const struct document *member = document_get(key, name);
    if (member != NULL && member->kind != DOCUMENT_STRING) {
        return fail(reader, member, "this member of a key must be a string");
    }
    *out = member;
    return AMANAT_OK;
}

/* A required member: canonical base64url, not empty. */
static amanat_result get_octets(const struct reader *reader, const struct document *key,
                                const char *name, struct bytes *out)
{
    const struct document *member = NULL;
    TRY(get_string(reader, key, name, &member));
    if (member == NULL) {
        return fail(reader, key, "a member that keys of this type must have is missing");
    }
    const amanat_result result = base64url_decode(reader->arena, member->text, out);
    if (result.status == AMANAT_STATUS_MEMORY) {
        return result;
    }
    return amanat_is_ok(result) && out->length > 0
               ? AMANAT_OK
               : fail(reader, member, "is no canonical base64url");
}

/* RFC 7518 §2 Base64urlUInt: no leading zero octet. */
static amanat_result get_number(const struct reader *reader, const struct document *key,
                                const char *name, BIGNUM **out)
{
    struct bytes octets = {0};
    TRY(get_octets(reader, key, name, &octets));
    if (octets.at[0] == '\0' || octets.length > RSA_MOST_BITS / 8) {
        return fail(reader, key, "a number of the key begins with a zero octet or is too large");
    }
    *out = BN_bin2bn((const unsigned char *)octets.at, (int)octets.length, NULL);
    TRY_MEMORY(*out);
    return AMANAT_OK;
}

/* The key that the parameters describe; NULL when OpenSSL finds that they describe none. */
static EVP_PKEY *key_from_parameters(const char *type, OSSL_PARAM_BLD *builder)
{
    EVP_PKEY *key = NULL;
    OSSL_PARAM *parameters = OSSL_PARAM_BLD_to_param(builder);
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    if (parameters == NULL || context == NULL || EVP_PKEY_fromdata_init(context) != 1 ||
        EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, parameters) != 1) {
        key = NULL;
    }
    EVP_PKEY_CTX_free(context);
    OSSL_PARAM_free(parameters);
    context = key == NULL ? NULL : EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
    if (context == NULL || EVP_PKEY_public_check(context) != 1) {
        EVP_PKEY_free(key);
        key = NULL;
    }
    EVP_PKEY_CTX_free(context);
    ERR_clear_error();
    return key;
}

static EVP_PKEY *new_rsa_key(const BIGNUM *modulus, const BIGNUM *exponent)
{
    EVP_PKEY *key = NULL;
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    if (builder != NULL && OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, modulus) == 1 &&
        OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, exponent) == 1) {
        key = key_from_parameters("RSA", builder);
    }
    OSSL_PARAM_BLD_free(builder);
    return key;
}

/*
 * CVE-2017-15361 ("ROCA", Nemec and others, CCS 2017 §2.1): a modulus from the faulty library is a
 * power of 65537 modulo every small prime; any other modulus is so for all of these primes about
 * once in 2^27.
 */
static bool is_factorable_by_roca(const BIGNUM *modulus)
{
    static const unsigned primes[] = {
        3,  5,  7,  11, 13, 17,  19,  23,  29,  31,  37,  41,  43,  47,  53,  59,  61,  67,  71,
        73, 79, 83, 89, 97, 101, 103, 107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167};
    for (size_t i = 0; i < sizeof(primes) / sizeof(primes[0]); i++) {
        const BN_ULONG remainder = BN_mod_word(modulus, primes[i]);
        BN_ULONG power = 1;
        unsigned exponent = 0;
        while (power != remainder && exponent < primes[i]) {
            power = power * 65537 % primes[i];
            exponent++;
        }
        if (power != remainder) {
            return false;
        }
    }
    return true;
}

static amanat_result check_rsa_numbers(const struct reader *reader, const struct document *key,
                                       const BIGNUM *modulus, const BIGNUM *exponent)
{
    const int bits = BN_num_bits(modulus);
    if (bits < RSA_LEAST_BITS || bits > RSA_MOST_BITS) {
        return fail(reader, key, "an RSA key must have between 2048 and 8192 bits");
    }
    if (!BN_is_odd(modulus) || !BN_is_odd(exponent) || BN_is_one(exponent) ||
        BN_num_bits(exponent) > RSA_EXPONENT_BITS) {
        return fail(reader, key, "these are no numbers of an RSA key");
    }
    if (is_factorable_by_roca(modulus)) {
        return fail(reader, key, "this RSA key can be factored (CVE-2017-15361): replace it");
    }
    return AMANAT_OK;
}

static amanat_result read_rsa_key(const struct reader *reader, const struct document *key,
                                  struct identity_key *out)
{
    BIGNUM *modulus = NULL;
    BIGNUM *exponent = NULL;
    out->algorithm = IDENTITY_ALGORITHM_RS256;
    amanat_result result = get_number(reader, key, "n", &modulus);
    if (amanat_is_ok(result)) {
        result = get_number(reader, key, "e", &exponent);
    }
    if (amanat_is_ok(result)) {
        result = check_rsa_numbers(reader, key, modulus, exponent);
    }
    if (amanat_is_ok(result)) {
        out->key = new_rsa_key(modulus, exponent);
        if (out->key == NULL) {
            result = fail(reader, key, "these are no numbers of an RSA key");
        }
    }
    BN_free(modulus);
    BN_free(exponent);
    return result;
}

/* RFC 7518 §6.2.1: coordinates have the full size of the field. */
static amanat_result read_p256_key(const struct reader *reader, const struct document *key,
                                   struct identity_key *out)
{
    struct bytes x = {0};
    struct bytes y = {0};
    unsigned char point[1 + 2 * P256_COORDINATE] = {POINT_CONVERSION_UNCOMPRESSED};
    out->algorithm = IDENTITY_ALGORITHM_ES256;
    TRY(get_octets(reader, key, "x", &x));
    TRY(get_octets(reader, key, "y", &y));
    if (x.length != P256_COORDINATE || y.length != P256_COORDINATE) {
        return fail(reader, key, "a coordinate of a P-256 key has exactly 32 octets");
    }
    memcpy(point + 1, x.at, P256_COORDINATE);
    memcpy(point + 1 + P256_COORDINATE, y.at, P256_COORDINATE);
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    if (builder != NULL &&
        OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0) ==
            1 &&
        OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point)) ==
            1) {
        out->key = key_from_parameters("EC", builder);
    }
    OSSL_PARAM_BLD_free(builder);
    return out->key != NULL ? AMANAT_OK : fail(reader, key, "is no point of P-256");
}

/* RFC 7517 §4.3: when there are key_ops, "verify" must be among them. */
static amanat_result check_operations(const struct reader *reader, const struct document *key,
                                      bool *out_usable)
{
    const struct document *operations = document_get(key, "key_ops");
    if (operations == NULL) {
        return AMANAT_OK;
    }
    if (operations->kind != DOCUMENT_ARRAY) {
        return fail(reader, operations, "key_ops must be an array");
    }
    *out_usable = false;
    for (size_t i = 0; i < operations->count; i++) {
        *out_usable = *out_usable || document_is_string(&operations->items[i], "verify");
    }
    if (!*out_usable) {
        warn_passed_over(reader, operations, "a key that is not to verify with");
    }
    return AMANAT_OK;
}

/* Whether the key is one of ours to use: type, curve, use, algorithm, operations. */
static amanat_result check_purpose(const struct reader *reader, const struct document *key,
                                   bool *out_is_rsa, bool *out_usable)
{
    const struct document *type = NULL;
    const struct document *curve = NULL;
    const struct document *use = NULL;
    const struct document *algorithm = NULL;
    TRY(get_string(reader, key, "kty", &type));
    TRY(get_string(reader, key, "crv", &curve));
    TRY(get_string(reader, key, "use", &use));
    TRY(get_string(reader, key, "alg", &algorithm));
    if (type == NULL) {
        return fail(reader, key, "a key must have `kty`");
    }
    *out_is_rsa = document_is_string(type, "RSA");
    *out_usable = false;
    if (!*out_is_rsa && !document_is_string(type, "EC")) {
        warn_passed_over(reader, type, "a key of a type that is not used here (only RSA and EC)");
    } else if (!*out_is_rsa && !document_is_string(curve, "P-256")) {
        warn_passed_over(reader, type, "a key on a curve that is not used here (only P-256)");
    } else if (use != NULL && !document_is_string(use, "sig")) {
        warn_passed_over(reader, use, "a key that is not for signatures");
    } else if (algorithm != NULL &&
               !document_is_string(algorithm, *out_is_rsa ? "RS256" : "ES256")) {
        warn_passed_over(reader, algorithm,
                         "a key for an algorithm that is not used here (only RS256 and ES256)");
    } else {
        *out_usable = true;
        return check_operations(reader, key, out_usable);
    }
    return AMANAT_OK;
}

/* `out->key` stays NULL for a key that is passed over. */
static amanat_result read_key(const struct reader *reader, const struct document *key,
                              struct identity_key *out)
{
    const struct document *kid = NULL;
    bool is_rsa = false;
    bool usable = false;
    if (key->kind != DOCUMENT_OBJECT) {
        return fail(reader, key, "a key is an object");
    }
    TRY(check_purpose(reader, key, &is_rsa, &usable));
    TRY(get_string(reader, key, "kid", &kid));
    if (document_get(key, "d") != NULL) {
        return fail(reader, key, "this is a private key: its owner should replace it");
    }
    if (!usable) {
        return AMANAT_OK;
    }
    if (kid != NULL) {
        out->kid = kid->text;
    }
    return is_rsa ? read_rsa_key(reader, key, out) : read_p256_key(reader, key, out);
}

static bool has_kid(const struct identity_keys *keys, struct bytes kid)
{
    for (size_t i = 0; i < keys->count; i++) {
        if (kid.at != NULL && keys->items[i].kid.at != NULL &&
            bytes_equal(keys->items[i].kid, kid)) {
            return true;
        }
    }
    return false;
}

/* Fills `items`, which has room for all; what was read before a fault stays in `keys` for the
 * caller to free. */
static amanat_result read_keys(const struct reader *reader, const struct document *list,
                               struct identity_key *items, struct identity_keys *keys)
{
    amanat_result result = AMANAT_OK;
    for (size_t i = 0; i < list->count; i++) {
        struct identity_key key = {0};
        amanat_result one = read_key(reader, &list->items[i], &key);
        if (amanat_is_ok(one) && key.key != NULL && has_kid(keys, key.kid)) {
            EVP_PKEY_free(key.key);
            key.key = NULL;
            one = fail(reader, &list->items[i], "this `kid` stands twice");
        }
        if (!amanat_is_ok(one)) {
            result = one; /* go on: all faults of a file in one run */
        } else if (key.key != NULL) {
            items[keys->count++] = key;
        }
    }
    return result;
}

amanat_result identity_keys_read(struct arena *arena, const char *source, struct bytes text,
                                 struct amanat_diagnostics *diagnostics, struct identity_keys *out)
{
    const struct reader reader = {arena, source, diagnostics};
    const struct document *root = NULL;
    TRY(document_from_json(arena, source, text, diagnostics, &root));
    const struct document *list = document_get(root, "keys");
    if (list == NULL || list->kind != DOCUMENT_ARRAY || list->count > KEYS_LIMIT) {
        return fail(&reader, root, "a key set is an object whose `keys` is an array of up to 100");
    }
    struct identity_key *items = arena_allocate_array(arena, list->count, sizeof(*items));
    TRY_MEMORY(items);
    struct identity_keys keys = {.items = items};
    amanat_result result = read_keys(&reader, list, items, &keys);
    if (amanat_is_ok(result) && keys.count == 0) {
        result = fail(&reader, list, "there is no key here that a token could be verified with");
    }
    if (!amanat_is_ok(result)) {
        identity_keys_clear(&keys);
        return result;
    }
    *out = keys;
    return AMANAT_OK;
}

void identity_keys_clear(struct identity_keys *keys)
{
    for (size_t i = 0; i < keys->count; i++) {
        EVP_PKEY_free(keys->items[i].key);
    }
    *keys = (struct identity_keys){0};
}
