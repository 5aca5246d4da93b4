/* SPDX-License-Identifier: Apache-2.0 */
/* The partner that a certificate names: exactly one SAN URI with the prefix, and nothing else. */
#include "gateway/identity/certificate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/x509v3.h>

#include <cmocka.h>

#include "tests/unit/gateway/identity/identity_fixture.h"

static EVP_PKEY *key;

static int set_up(void **state)
{
    (void)state;
    key = fixture_new_p256_key();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    EVP_PKEY_free(key);
    return 0;
}

static void test_certificate__names_a_partner_by_one_uri(void **state)
{
    static const struct {
        const char *names;
        const char *partner; /* NULL: refused */
    } cases[] = {
        {"URI:urn:partner:ravi-cameras", "ravi-cameras"},
        {"DNS:a.example,URI:urn:other:x,URI:urn:partner:b,email:a@b.example", "b"},
        {NULL, NULL},
        {"DNS:urn:partner:a", NULL},
        {"URI:urn:other:a", NULL},
        {"URI:urn:partner:a,URI:urn:partner:b", NULL},
        {"URI:urn:partner:a,URI:urn:partner:a", NULL},
        {"URI:urn:partner:a,URI:urn:partner:", NULL},
        {"URI:urn:partner:", NULL},
        {"URI:urn:partner:A", NULL},
        {"URI:urn:partner:a/b", NULL},
        {"URI:URN:partner:a", NULL},
        {"URI:urn:partner:a b", NULL},
        {"URI:x-urn:partner:a", NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        X509 *certificate = fixture_new_certificate(key, cases[i].names);
        struct arena *arena = arena_new(4096);
        struct bytes partner = {0};
        unsigned char sha256[IDENTITY_DIGEST_SIZE];
        const amanat_result result =
            identity_of_certificate(certificate, "urn:partner:", arena, &partner, sha256);
        if (amanat_is_ok(result) != (cases[i].partner != NULL) ||
            !bytes_equal_string(partner, cases[i].partner)) {
            fail_msg("%s: %.*s", cases[i].names, BYTES_PRINTF(partner));
        }
        arena_free(arena);
        X509_free(certificate);
    }
}

static void test_certificate__refuses_a_name_with_a_nul_in_it(void **state)
{
    X509 *certificate = fixture_new_certificate(key, NULL);
    GENERAL_NAMES *names = sk_GENERAL_NAME_new_null();
    GENERAL_NAME *name = GENERAL_NAME_new();
    ASN1_IA5STRING *uri = ASN1_IA5STRING_new();
    struct arena *arena = arena_new(4096);
    struct bytes partner = {0};
    unsigned char sha256[IDENTITY_DIGEST_SIZE];
    (void)state;
    assert_int_equal(ASN1_STRING_set(uri, "urn:partner:a\0.evil", 19), 1);
    GENERAL_NAME_set0_value(name, GEN_URI, uri);
    assert_int_equal(sk_GENERAL_NAME_push(names, name), 1);
    assert_int_equal(X509_add1_ext_i2d(certificate, NID_subject_alt_name, names, 0, 0), 1);
    assert_int_equal(
        identity_of_certificate(certificate, "urn:partner:", arena, &partner, sha256).status,
        AMANAT_STATUS_REFUSED);
    GENERAL_NAMES_free(names);
    arena_free(arena);
    X509_free(certificate);
}

static void test_certificate__is_known_by_sha256_of_its_der_form(void **state)
{
    X509 *certificate = fixture_new_certificate(key, "URI:urn:partner:a");
    struct arena *arena = arena_new(4096);
    struct bytes partner = {0};
    unsigned char sha256[IDENTITY_DIGEST_SIZE];
    unsigned char expected[IDENTITY_DIGEST_SIZE];
    unsigned char *der = NULL;
    (void)state;
    assert_true(amanat_is_ok(
        identity_of_certificate(certificate, "urn:partner:", arena, &partner, sha256)));
    const int length = i2d_X509(certificate, &der);
    assert_true(length > 0);
    assert_int_equal(EVP_Digest(der, (size_t)length, expected, NULL, EVP_sha256(), NULL), 1);
    assert_memory_equal(sha256, expected, sizeof(expected));
    OPENSSL_free(der);
    arena_free(arena);
    X509_free(certificate);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_certificate__names_a_partner_by_one_uri),
        cmocka_unit_test(test_certificate__refuses_a_name_with_a_nul_in_it),
        cmocka_unit_test(test_certificate__is_known_by_sha256_of_its_der_form),
    };
    return cmocka_run_group_tests_name("gateway.identity.certificate", tests, set_up, tear_down);
}
