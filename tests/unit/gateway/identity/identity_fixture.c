/* SPDX-License-Identifier: Apache-2.0 */
/* Keys, tokens and certificates for tests: the issuer's side, which the gateway itself does not
 * have. */
#include "tests/unit/gateway/identity/identity_fixture.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

#include "policy/base/base64.h"
#include "policy/base/guard.h"

EVP_PKEY *fixture_new_rsa_key(unsigned bits)
{
    EVP_PKEY *key = EVP_RSA_gen(bits);
    ASSERT(key != NULL);
    return key;
}

EVP_PKEY *fixture_new_p256_key(void)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    ASSERT(key != NULL);
    return key;
}

static void append_number(struct buffer *out, EVP_PKEY *key, const char *parameter, int length)
{
    BIGNUM *number = NULL;
    unsigned char octets[1024];
    ASSERT(EVP_PKEY_get_bn_param(key, parameter, &number) == 1);
    const int size = length > 0 ? BN_bn2binpad(number, octets, length) : BN_bn2bin(number, octets);
    ASSERT(size > 0);
    base64url_append(out, bytes_of((const char *)octets, (size_t)size));
    BN_free(number);
}

void fixture_append_jwk(struct buffer *out, EVP_PKEY *key, const char *kid)
{
    buffer_append_byte(out, '{');
    if (kid != NULL) {
        buffer_append_format(out, "\"kid\":\"%s\",", kid);
    }
    if (EVP_PKEY_is_a(key, "RSA")) {
        buffer_append_string(out, "\"kty\":\"RSA\",\"n\":\"");
        append_number(out, key, OSSL_PKEY_PARAM_RSA_N, 0);
        buffer_append_string(out, "\",\"e\":\"");
        append_number(out, key, OSSL_PKEY_PARAM_RSA_E, 0);
    } else {
        buffer_append_string(out, "\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"");
        append_number(out, key, OSSL_PKEY_PARAM_EC_PUB_X, 32);
        buffer_append_string(out, "\",\"y\":\"");
        append_number(out, key, OSSL_PKEY_PARAM_EC_PUB_Y, 32);
    }
    buffer_append_string(out, "\"}");
}

static void append_es256(struct buffer *out, const unsigned char *der, size_t length)
{
    unsigned char raw[64];
    const unsigned char *at = der;
    ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &at, (long)length);
    ASSERT(pair != NULL);
    ASSERT(BN_bn2binpad(ECDSA_SIG_get0_r(pair), raw, 32) == 32);
    ASSERT(BN_bn2binpad(ECDSA_SIG_get0_s(pair), raw + 32, 32) == 32);
    base64url_append(out, bytes_of((const char *)raw, sizeof(raw)));
    ECDSA_SIG_free(pair);
}

static void append_signature(struct buffer *out, EVP_PKEY *key)
{
    unsigned char signature[1024];
    size_t length = sizeof(signature);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    ASSERT(EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key) == 1);
    ASSERT(EVP_DigestSign(context, signature, &length, (const unsigned char *)out->at,
                          out->length) == 1);
    EVP_MD_CTX_free(context);
    buffer_append_byte(out, '.');
    if (EVP_PKEY_is_a(key, "RSA")) {
        base64url_append(out, bytes_of((const char *)signature, length));
    } else {
        append_es256(out, signature, length);
    }
}

char *fixture_sign_token(EVP_PKEY *key, const char *header, const char *payload)
{
    struct buffer text;
    buffer_init(&text, 1 << 20);
    base64url_append(&text, bytes_of_string(header));
    buffer_append_byte(&text, '.');
    base64url_append(&text, bytes_of_string(payload));
    if (key != NULL) {
        append_signature(&text, key);
    } else {
        buffer_append_byte(&text, '.');
    }
    buffer_append_byte(&text, '\0');
    ASSERT(amanat_is_ok(buffer_check(&text)));
    return text.at;
}

X509 *fixture_new_certificate(EVP_PKEY *key, const char *names)
{
    X509 *certificate = X509_new();
    X509_NAME *subject = X509_get_subject_name(certificate);
    ASSERT(X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                                      (const unsigned char *)"urn:partner:common", -1, -1, 0) == 1);
    ASSERT(X509_set_issuer_name(certificate, subject) == 1);
    ASSERT(X509_set_pubkey(certificate, key) == 1);
    ASSERT(X509_gmtime_adj(X509_getm_notBefore(certificate), 0) != NULL);
    ASSERT(X509_gmtime_adj(X509_getm_notAfter(certificate), 3600) != NULL);
    if (names != NULL) {
        X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, names);
        ASSERT(extension != NULL && X509_add_ext(certificate, extension, -1) == 1);
        X509_EXTENSION_free(extension);
    }
    ASSERT(X509_sign(certificate, key, EVP_sha256()) > 0);
    return certificate;
}
