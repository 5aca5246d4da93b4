/* SPDX-License-Identifier: Apache-2.0 */
/* JSON Web Key Sets: the keys of RFC 7517 A.1, what is passed over, and every fault. */
#include "gateway/identity/jwks.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* RFC 7517 A.1 */
#define EC_X "\"x\":\"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4\""
#define EC_Y "\"y\":\"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM\""
#define EC   "\"kty\":\"EC\",\"crv\":\"P-256\"," EC_X "," EC_Y
#define RSA_N                                                                                      \
    "\"n\":"                                                                                       \
    "\"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc"     \
    "_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_"    \
    "FDW2Q"                                                                                        \
    "vzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-"                 \
    "bFTWhAI4vMQFh6WeZu"                                                                           \
    "0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw\""
#define RSA       "\"kty\":\"RSA\",\"e\":\"AQAB\"," RSA_N
#define GOOD      "{" EC ",\"kid\":\"good\"}"
#define SET(keys) "{\"keys\":[" keys "]}"

struct outcome {
    size_t keys;
    size_t errors;
    size_t warnings;
    enum identity_algorithm first;
    char text[200]; /* of the first message */
};

static struct outcome read_set(const char *json)
{
    struct outcome outcome = {0};
    struct arena *arena = arena_new(1 << 20);
    struct amanat_diagnostics *diagnostics = amanat_diagnostics_new();
    struct identity_keys keys = {0};
    const amanat_result result =
        identity_keys_read(arena, "keys.json", bytes_of_string(json), diagnostics, &keys);
    assert_true(amanat_is_ok(result) == (amanat_diagnostics_errors(diagnostics) == 0));
    assert_true(amanat_is_ok(result) || result.status == AMANAT_STATUS_CONFIG_FAULT);
    outcome.keys = keys.count;
    outcome.errors = amanat_diagnostics_errors(diagnostics);
    outcome.warnings = amanat_diagnostics_count(diagnostics) - outcome.errors;
    if (keys.count > 0) {
        outcome.first = keys.items[0].algorithm;
        assert_non_null(keys.items[0].key);
    }
    if (amanat_diagnostics_count(diagnostics) > 0) {
        (void)snprintf(outcome.text, sizeof(outcome.text), "%s",
                       amanat_diagnostics_at(diagnostics, 0)->text);
    }
    identity_keys_clear(&keys);
    amanat_diagnostics_free(diagnostics);
    arena_free(arena);
    return outcome;
}

static void test_jwks__reads_rsa_and_p256_keys(void **state)
{
    (void)state;
    struct outcome outcome =
        read_set(SET("{" EC ",\"use\":\"sig\",\"kid\":\"1\"},{" RSA
                     ",\"alg\":\"RS256\",\"kid\":\"2\",\"x5u\":\"http://x\"}"));
    assert_int_equal(outcome.keys, 2);
    assert_int_equal(outcome.errors + outcome.warnings, 0);
    assert_int_equal(outcome.first, IDENTITY_ALGORITHM_ES256);
    outcome = read_set(SET("{" RSA ",\"key_ops\":[\"verify\"]},{" RSA "}"));
    assert_int_equal(outcome.keys, 2); /* without kid there is nothing that could stand twice */
    assert_int_equal(outcome.first, IDENTITY_ALGORITHM_RS256);
}

static void test_jwks__passes_over_what_is_not_for_us(void **state)
{
    static const char *const others[] = {
        "{\"kty\":\"oct\",\"k\":\"AAAA\"}",
        "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"AA\"}",
        "{\"kty\":\"EC\",\"crv\":\"P-384\",\"x\":\"AA\",\"y\":\"AA\"}",
        "{\"kty\":\"EC\"}",
        "{" EC ",\"use\":\"enc\"}",
        "{" EC ",\"alg\":\"ES384\"}",
        "{" EC ",\"alg\":\"RS256\"}",
        "{" RSA ",\"alg\":\"PS256\"}",
        "{" RSA ",\"alg\":\"ES256\"}",
        "{" RSA ",\"key_ops\":[\"sign\",\"encrypt\"]}",
        "{" RSA ",\"key_ops\":[]}",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        char json[2000];
        (void)snprintf(json, sizeof(json), SET("%s," GOOD), others[i]);
        const struct outcome outcome = read_set(json);
        if (outcome.keys != 1 || outcome.errors != 0 || outcome.warnings != 1) {
            fail_msg("%s: %s", others[i], outcome.text);
        }
    }
}

static void test_jwks__reports_faults(void **state)
{
    static const struct {
        const char *json;
        const char *part;
    } cases[] = {
        {"[]", "`keys`"},
        {"{}", "`keys`"},
        {"{\"keys\":{}}", "`keys`"},
        {"{\"keys\":[],\"keys\":[]}", "twice"},
        {SET(""), "no key here"},
        {SET("{\"kty\":\"oct\",\"k\":\"AAAA\"}"), "type that is not used"},
        {SET("5"), "is an object"},
        {SET("{\"kid\":\"1\"}"), "must have `kty`"},
        {SET("{" EC ",\"kid\":1}"), "must be a string"},
        {SET("{\"kty\":5}"), "must be a string"},
        {SET("{" EC ",\"use\":null}"), "must be a string"},
        {SET("{" EC ",\"key_ops\":\"verify\"}"), "must be an array"},
        {SET("{" EC ",\"d\":\"AA\"}"), "private key"},
        {SET("{" RSA ",\"d\":\"AA\",\"use\":\"enc\"}"), "not for signatures"},
        {SET(GOOD "," GOOD), "stands twice"},
        {SET("{" RSA ",\"kid\":\"good\"}," GOOD), "stands twice"},
        {SET("{\"kty\":\"EC\",\"crv\":\"P-256\"," EC_X "}"), "missing"},
        {SET("{\"kty\":\"EC\",\"crv\":\"P-256\"," EC_X ",\"y\":\"AAAA\"}"), "exactly 32"},
        {SET("{\"kty\":\"EC\",\"crv\":\"P-256\"," EC_X
             ",\"y\":\"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyN\"}"),
         "canonical"},
        {SET("{\"kty\":\"EC\",\"crv\":\"P-256\"," EC_X
             ",\"y\":\"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyQ\"}"),
         "no point"},
        {SET("{\"kty\":\"RSA\",\"e\":\"AQAB\",\"n\":\"AQAB\"}"), "between 2048"},
        {SET("{\"kty\":\"RSA\",\"e\":\"AQAB\",\"n\":\"AQAB=\"}"), "canonical"},
        {SET("{\"kty\":\"RSA\",\"e\":\"AQAB\",\"n\":\"AAEA\"}"), "zero octet"},
        {SET("{\"kty\":\"RSA\",\"e\":\"\"," RSA_N "}"), "canonical"},
        {SET("{\"kty\":\"RSA\",\"e\":\"AQ\"," RSA_N "}"), "no numbers"},
        {SET("{\"kty\":\"RSA\",\"e\":\"AQAA\"," RSA_N "}"), "no numbers"},
        {SET("{\"kty\":\"RSA\",\"e\":\"AQABAQABAQABAQAB\"," RSA_N "}"), "no numbers"},
        {SET("{\"kty\":\"RSA\"," RSA_N "}"), "missing"},
        {"{\"keys\":[", ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct outcome outcome = read_set(cases[i].json);
        if (outcome.keys != 0 || outcome.errors == 0 ||
            strstr(outcome.text, cases[i].part) == NULL) {
            fail_msg("%s: %s", cases[i].json, outcome.text);
        }
    }
}

static void test_jwks__reports_all_faults_of_a_file(void **state)
{
    (void)state;
    assert_int_equal(read_set(SET("5," GOOD ",{}," GOOD)).errors, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_jwks__reads_rsa_and_p256_keys),
        cmocka_unit_test(test_jwks__passes_over_what_is_not_for_us),
        cmocka_unit_test(test_jwks__reports_faults),
        cmocka_unit_test(test_jwks__reports_all_faults_of_a_file),
    };
    return cmocka_run_group_tests_name("gateway.identity.jwks", tests, NULL, NULL);
}
