/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From evidence to identity, through the front door: a table of tokens, each with one thing
 * changed, and what must come of it; then certificates, both together, the cache, and key files.
 */
#include "gateway/identity/identity.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "policy/base/base64.h"
#include "tests/unit/gateway/identity/identity_fixture.h"

#define NOW        INT64_C(1800000000)
#define MICRO      INT64_C(1000000)
#define HEADER     "{\"alg\":\"ES256\",\"kid\":\"ec\",\"typ\":\"JWT\"}"
#define ISSUER     "\"iss\":\"https://idp.example\","
#define AUDIENCE   "\"aud\":\"amanat\","
#define EXPIRY     "\"exp\":1800000300,"
#define PARTNER    "\"client_id\":\"ravi\","
#define AGENT      "\"sub\":\"officer-7\""
#define PAYLOAD    "{" ISSUER AUDIENCE EXPIRY PARTNER AGENT "}"
#define WITH(more) "{" ISSUER AUDIENCE EXPIRY PARTNER AGENT "," more "}"

enum which { EC = 0, RSA_2048, STRANGER, SMALL, NONE, KEY_COUNT };

struct fixture {
    EVP_PKEY *keys[KEY_COUNT];
    X509 *ravi;     /* certificate of the partner ravi */
    X509 *acme;     /* of another */
    X509 *nameless; /* of nobody */
    char folder[512];
    char first_path[600];
    char second_path[600];
    const char *partners[2];
    const char *claims[3];
    struct config_token_issuer issuers[2];
    struct config_identity config;
    struct identity_verifier *verifier;
};

static struct fixture fixture;

static void write_keys(const char *path, const enum which *keys, const char *const *kids,
                       size_t count)
{
    struct buffer text;
    buffer_init(&text, 1 << 20);
    buffer_append_string(&text, "{\"keys\":[");
    for (size_t i = 0; i < count; i++) {
        buffer_append_string(&text, i == 0 ? "" : ",");
        fixture_append_jwk(&text, fixture.keys[keys[i]], kids[i]);
    }
    buffer_append_string(&text, "]}");
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text.at, 1, text.length, file), text.length);
    assert_int_equal(fclose(file), 0);
    buffer_clear(&text);
}

static int set_up(void **state)
{
    (void)state;
    fixture.keys[EC] = fixture_new_p256_key();
    fixture.keys[RSA_2048] = fixture_new_rsa_key(2048);
    fixture.keys[STRANGER] = fixture_new_p256_key();
    fixture.keys[SMALL] = fixture_new_rsa_key(1024);
    fixture.ravi = fixture_new_certificate(fixture.keys[EC], "URI:urn:partner:ravi");
    fixture.acme = fixture_new_certificate(fixture.keys[EC], "URI:urn:partner:acme");
    fixture.nameless = fixture_new_certificate(fixture.keys[EC], NULL);
    (void)snprintf(fixture.folder, sizeof(fixture.folder), "%s/identity-XXXXXX", AMANAT_BINARY_DIR);
    assert_non_null(mkdtemp(fixture.folder));
    (void)snprintf(fixture.first_path, sizeof(fixture.first_path), "%s/1.json", fixture.folder);
    (void)snprintf(fixture.second_path, sizeof(fixture.second_path), "%s/2.json", fixture.folder);
    write_keys(fixture.first_path, (const enum which[]){EC, RSA_2048},
               (const char *[]){"ec", "rsa"}, 2);
    write_keys(fixture.second_path, (const enum which[]){STRANGER}, (const char *[]){NULL}, 1);
    fixture.partners[0] = "ravi";
    fixture.partners[1] = "acme";
    fixture.claims[0] = "role";
    fixture.claims[1] = "missing";
    fixture.claims[2] = "unit";
    fixture.issuers[0] = (struct config_token_issuer){
        .issuer = "https://idp.example",
        .audience = "amanat",
        .keys = fixture.first_path,
        .partners = {fixture.partners, 2},
        .partner_claim = "client_id",
        .agent_claim = "sub",
        .claims = {fixture.claims, 3},
    };
    fixture.issuers[1] = (struct config_token_issuer){
        .issuer = "https://other.example",
        .audience = "amanat",
        .keys = fixture.second_path,
        .partners = {fixture.partners, 1},
        .partner_claim = "org",
        .agent_claim = "name",
    };
    fixture.config = (struct config_identity){
        .require = CONFIG_REQUIRE_TOKEN,
        .san_uri_prefix = "urn:partner:",
        .tokens = {fixture.issuers, 2},
    };
    assert_true(amanat_is_ok(identity_verifier_new(&fixture.config, NULL, &fixture.verifier)));
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    identity_verifier_unref(fixture.verifier);
    (void)unlink(fixture.first_path);
    (void)unlink(fixture.second_path);
    (void)rmdir(fixture.folder);
    X509_free(fixture.ravi);
    X509_free(fixture.acme);
    X509_free(fixture.nameless);
    for (size_t i = 0; i < KEY_COUNT; i++) {
        EVP_PKEY_free(fixture.keys[i]);
    }
    return 0;
}

/* NONE of the refusals: everything is well. */
#define WELL IDENTITY_REFUSAL_COUNT

struct attempt {
    struct arena *arena;
    struct identity identity;
    enum identity_refusal refusal; /* WELL when somebody is known */
};

static struct attempt establish(struct identity_cache *cache, X509 *certificate,
                                const char *authorization, int64_t now)
{
    struct attempt attempt = {.arena = arena_new(1 << 20), .refusal = WELL};
    const struct identity_evidence evidence = {
        .certificate = certificate,
        .has_authorization = authorization != NULL,
        .authorization = bytes_of_string(authorization),
        .now = now * MICRO,
    };
    const amanat_result result = identity_establish(
        fixture.verifier, cache, &evidence, attempt.arena, &attempt.identity, &attempt.refusal);
    assert_true(amanat_is_ok(result) == (attempt.refusal == WELL));
    assert_true(amanat_is_ok(result) || result.status == AMANAT_STATUS_REFUSED);
    return attempt;
}

static struct attempt establish_token(struct identity_cache *cache, X509 *certificate,
                                      const char *token, int64_t now)
{
    char *authorization = malloc(strlen(token) + 8);
    assert_non_null(authorization);
    (void)sprintf(authorization, "Bearer %s", token);
    struct attempt attempt = establish(cache, certificate, authorization, now);
    free(authorization);
    return attempt;
}

static enum identity_refusal refusal_of(X509 *certificate, const char *token, int64_t now)
{
    const struct attempt attempt = establish_token(NULL, certificate, token, now);
    arena_free(attempt.arena);
    return attempt.refusal;
}

static const char *outcome_name(enum identity_refusal refusal)
{
    return refusal == WELL ? "accepted" : identity_refusal_name(refusal);
}

static void test_identity__believes_only_what_is_in_order(void **state)
{
    static const struct {
        enum which key;
        const char *header;
        const char *payload;
        enum identity_refusal expected;
    } cases[] = {
        {EC, HEADER, PAYLOAD, WELL},
        {RSA_2048, "{\"alg\":\"RS256\",\"kid\":\"rsa\"}", PAYLOAD, WELL},
        /* type */
        {EC, "{\"alg\":\"ES256\",\"kid\":\"ec\",\"typ\":\"at+jwt\"}", PAYLOAD, WELL},
        {EC, "{\"alg\":\"ES256\",\"kid\":\"ec\",\"typ\":\"AT+JWT\"}", PAYLOAD, WELL},
        {EC, "{\"alg\":\"ES256\",\"kid\":\"ec\",\"typ\":\"application/at+jwt\"}", PAYLOAD, WELL},
        {EC, "{\"alg\":\"ES256\",\"kid\":\"ec\",\"typ\":\"logout+jwt\"}", PAYLOAD,
         IDENTITY_REFUSAL_TOKEN_TYPE},
        {EC, "{\"alg\":\"ES256\",\"kid\":\"ec\",\"typ\":\"\"}", PAYLOAD,
         IDENTITY_REFUSAL_TOKEN_TYPE},
        {EC, "{\"alg\":\"ES256\",\"kid\":\"ec\",\"typ\":1}", PAYLOAD,
         IDENTITY_REFUSAL_TOKEN_HEADER},
        /* header */
        {EC, "", PAYLOAD, IDENTITY_REFUSAL_TOKEN_HEADER},
        {EC, "[]", PAYLOAD, IDENTITY_REFUSAL_TOKEN_HEADER},
        {EC, "{}", PAYLOAD, IDENTITY_REFUSAL_TOKEN_HEADER},
        {EC, "{\"alg\":\"ES256\",\"kid\":\"ec\"} ", PAYLOAD, WELL},
        {EC, "{\"alg\":\"ES256\",\"kid\":\"ec\"}x", PAYLOAD, IDENTITY_REFUSAL_TOKEN_HEADER},
        {EC, "{\"alg\":\"ES256\",\"kid\":\"ec\",\"alg\":\"none\"}", PAYLOAD,
         IDENTITY_REFUSAL_TOKEN_HEADER},
        {EC, "{\"alg\":[\"ES256\"],\"kid\":\"ec\"}", PAYLOAD, IDENTITY_REFUSAL_TOKEN_HEADER},
        {EC, "{\"alg\":\"ES256\",\"kid\":7}", PAYLOAD, IDENTITY_REFUSAL_TOKEN_HEADER},
        {EC, "{\"alg\":\"ES256\",\"kid\":\"ec\",\"crit\":[\"b64\"],\"b64\":false}", PAYLOAD,
         IDENTITY_REFUSAL_TOKEN_CRITICAL},
        {EC, "{\"alg\":\"ES256\",\"kid\":\"ec\",\"crit\":[]}", PAYLOAD,
         IDENTITY_REFUSAL_TOKEN_CRITICAL},
        /* algorithm and key */
        {NONE, "{\"alg\":\"none\"}", PAYLOAD, IDENTITY_REFUSAL_TOKEN_ALGORITHM},
        {NONE, "{\"alg\":\"None\",\"kid\":\"ec\"}", PAYLOAD, IDENTITY_REFUSAL_TOKEN_ALGORITHM},
        {NONE, HEADER, PAYLOAD, IDENTITY_REFUSAL_TOKEN_SIGNATURE},
        {EC, "{\"alg\":\"HS256\",\"kid\":\"ec\"}", PAYLOAD, IDENTITY_REFUSAL_TOKEN_ALGORITHM},
        {EC, "{\"alg\":\"es256\",\"kid\":\"ec\"}", PAYLOAD, IDENTITY_REFUSAL_TOKEN_ALGORITHM},
        {EC, "{\"alg\":\"RS256\",\"kid\":\"ec\"}", PAYLOAD, IDENTITY_REFUSAL_TOKEN_ALGORITHM},
        {RSA_2048, "{\"alg\":\"ES256\",\"kid\":\"rsa\"}", PAYLOAD,
         IDENTITY_REFUSAL_TOKEN_ALGORITHM},
        {EC, "{\"alg\":\"ES256\",\"kid\":\"nobody\"}", PAYLOAD, IDENTITY_REFUSAL_TOKEN_KEY},
        {EC, "{\"alg\":\"ES256\"}", PAYLOAD, WELL}, /* the only key for ES256 */
        {RSA_2048, "{\"alg\":\"RS256\"}", PAYLOAD, WELL},
        {STRANGER, HEADER, PAYLOAD, IDENTITY_REFUSAL_TOKEN_SIGNATURE},
        {SMALL, "{\"alg\":\"RS256\",\"kid\":\"rsa\"}", PAYLOAD, IDENTITY_REFUSAL_TOKEN_SIGNATURE},
        {EC, "{\"alg\":\"RS256\"}", PAYLOAD, IDENTITY_REFUSAL_TOKEN_SIGNATURE},
        /* issuer: each speaks with its own keys, for its own partners, in its own claims */
        {EC, HEADER, "{" AUDIENCE EXPIRY PARTNER AGENT "}", IDENTITY_REFUSAL_TOKEN_ISSUER},
        {EC, HEADER, "{\"iss\":\"https://idp.example/\"," AUDIENCE EXPIRY PARTNER AGENT "}",
         IDENTITY_REFUSAL_TOKEN_ISSUER},
        {EC, HEADER, "{\"iss\":[\"https://idp.example\"]," AUDIENCE EXPIRY PARTNER AGENT "}",
         IDENTITY_REFUSAL_TOKEN_ISSUER},
        {EC, "{\"alg\":\"ES256\"}",
         "{\"iss\":\"https://other.example\"," AUDIENCE EXPIRY "\"org\":\"ravi\",\"name\":\"n\"}",
         IDENTITY_REFUSAL_TOKEN_SIGNATURE},
        {STRANGER, "{\"alg\":\"ES256\"}",
         "{\"iss\":\"https://other.example\"," AUDIENCE EXPIRY "\"org\":\"ravi\",\"name\":\"n\"}",
         WELL},
        {STRANGER, "{\"alg\":\"ES256\"}",
         "{\"iss\":\"https://other.example\"," AUDIENCE EXPIRY "\"org\":\"acme\",\"name\":\"n\"}",
         IDENTITY_REFUSAL_TOKEN_PARTNER},
        {STRANGER, "{\"alg\":\"ES256\"}",
         "{\"iss\":\"https://other.example\"," AUDIENCE EXPIRY PARTNER AGENT "}",
         IDENTITY_REFUSAL_TOKEN_PARTNER},
        /* payload */
        {EC, HEADER, "", IDENTITY_REFUSAL_TOKEN_PAYLOAD},
        {EC, HEADER, "[]", IDENTITY_REFUSAL_TOKEN_PAYLOAD},
        {EC, HEADER, WITH("\"sub\":\"officer-8\""), IDENTITY_REFUSAL_TOKEN_PAYLOAD},
        {EC, HEADER, WITH("\"x\":\"\\ud800\""), IDENTITY_REFUSAL_TOKEN_PAYLOAD},
        /* audience */
        {EC, HEADER, "{" ISSUER EXPIRY PARTNER AGENT "}", IDENTITY_REFUSAL_TOKEN_AUDIENCE},
        {EC, HEADER, "{" ISSUER "\"aud\":\"Amanat\"," EXPIRY PARTNER AGENT "}",
         IDENTITY_REFUSAL_TOKEN_AUDIENCE},
        {EC, HEADER, "{" ISSUER "\"aud\":[\"x\",\"amanat\"]," EXPIRY PARTNER AGENT "}", WELL},
        {EC, HEADER, "{" ISSUER "\"aud\":[]," EXPIRY PARTNER AGENT "}",
         IDENTITY_REFUSAL_TOKEN_AUDIENCE},
        {EC, HEADER, "{" ISSUER "\"aud\":[\"amanat\",1]," EXPIRY PARTNER AGENT "}",
         IDENTITY_REFUSAL_TOKEN_PAYLOAD},
        {EC, HEADER, "{" ISSUER "\"aud\":null," EXPIRY PARTNER AGENT "}",
         IDENTITY_REFUSAL_TOKEN_PAYLOAD},
        /* time */
        {EC, HEADER, "{" ISSUER AUDIENCE PARTNER AGENT "}", IDENTITY_REFUSAL_TOKEN_PAYLOAD},
        {EC, HEADER, "{" ISSUER AUDIENCE "\"exp\":\"1800000300\"," PARTNER AGENT "}",
         IDENTITY_REFUSAL_TOKEN_PAYLOAD},
        {EC, HEADER, "{" ISSUER AUDIENCE "\"exp\":-1," PARTNER AGENT "}",
         IDENTITY_REFUSAL_TOKEN_PAYLOAD},
        {EC, HEADER, "{" ISSUER AUDIENCE "\"exp\":1e300," PARTNER AGENT "}",
         IDENTITY_REFUSAL_TOKEN_PAYLOAD},
        {EC, HEADER, "{" ISSUER AUDIENCE "\"exp\":99999999999999," PARTNER AGENT "}",
         IDENTITY_REFUSAL_TOKEN_PAYLOAD},
        {EC, HEADER, "{" ISSUER AUDIENCE "\"exp\":1800000300.75," PARTNER AGENT "}", WELL},
        {EC, HEADER, "{" ISSUER AUDIENCE "\"exp\":1799999971," PARTNER AGENT "}", WELL},
        {EC, HEADER, "{" ISSUER AUDIENCE "\"exp\":1799999970," PARTNER AGENT "}",
         IDENTITY_REFUSAL_TOKEN_EXPIRED},
        {EC, HEADER, WITH("\"nbf\":1800000030"), WELL},
        {EC, HEADER, WITH("\"nbf\":1800000031"), IDENTITY_REFUSAL_TOKEN_EARLY},
        {EC, HEADER, WITH("\"iat\":1800000031"), IDENTITY_REFUSAL_TOKEN_EARLY},
        {EC, HEADER, WITH("\"iat\":1700000000,\"nbf\":1700000000"), WELL},
        {EC, HEADER, WITH("\"iat\":true"), IDENTITY_REFUSAL_TOKEN_PAYLOAD},
        /* who */
        {EC, HEADER, "{" ISSUER AUDIENCE EXPIRY AGENT "}", IDENTITY_REFUSAL_TOKEN_PARTNER},
        {EC, HEADER, "{" ISSUER AUDIENCE EXPIRY "\"client_id\":\"nobody\"," AGENT "}",
         IDENTITY_REFUSAL_TOKEN_PARTNER},
        {EC, HEADER, "{" ISSUER AUDIENCE EXPIRY "\"client_id\":[\"ravi\"]," AGENT "}",
         IDENTITY_REFUSAL_TOKEN_PARTNER},
        {EC, HEADER, "{" ISSUER AUDIENCE EXPIRY PARTNER "\"x\":1}", IDENTITY_REFUSAL_TOKEN_AGENT},
        {EC, HEADER, "{" ISSUER AUDIENCE EXPIRY PARTNER "\"sub\":\"\"}",
         IDENTITY_REFUSAL_TOKEN_AGENT},
        {EC, HEADER, "{" ISSUER AUDIENCE EXPIRY PARTNER "\"sub\":\"-\"}",
         IDENTITY_REFUSAL_TOKEN_AGENT},
        {EC, HEADER, "{" ISSUER AUDIENCE EXPIRY PARTNER "\"sub\":7}", IDENTITY_REFUSAL_TOKEN_AGENT},
        {EC, HEADER, "{" ISSUER AUDIENCE EXPIRY PARTNER "\"sub\":\"a\\nb\"}",
         IDENTITY_REFUSAL_TOKEN_AGENT},
        {EC, HEADER, "{" ISSUER AUDIENCE EXPIRY PARTNER "\"sub\":\"a\\u0000\"}",
         IDENTITY_REFUSAL_TOKEN_AGENT},
        {EC, HEADER, WITH("\"jti\":1"), IDENTITY_REFUSAL_TOKEN_PAYLOAD},
        /* binding, without a certificate on the connection */
        {EC, HEADER, WITH("\"cnf\":{\"x5t#S256\":\"AAAA\"}"), IDENTITY_REFUSAL_TOKEN_BINDING},
        {EC, HEADER, WITH("\"cnf\":{\"jkt\":\"AAAA\"}"), IDENTITY_REFUSAL_TOKEN_BINDING},
        {EC, HEADER, WITH("\"cnf\":{}"), IDENTITY_REFUSAL_TOKEN_BINDING},
        {EC, HEADER, WITH("\"cnf\":null"), IDENTITY_REFUSAL_TOKEN_BINDING},
        /* need */
        {EC, HEADER, WITH("\"authorization_details\":[]"), WELL},
        {EC, HEADER, WITH("\"authorization_details\":[{\"type\":\"other\",\"x\":[1]}]"), WELL},
        {EC, HEADER, WITH("\"authorization_details\":{\"type\":\"need_to_know\"}"),
         IDENTITY_REFUSAL_TOKEN_NEED},
        {EC, HEADER, WITH("\"authorization_details\":[{}]"), IDENTITY_REFUSAL_TOKEN_NEED},
        {EC, HEADER, WITH("\"authorization_details\":[5]"), IDENTITY_REFUSAL_TOKEN_NEED},
        {EC, HEADER, WITH("\"authorization_details\":[{\"type\":\"need_to_know\",\"purpose\":5}]"),
         IDENTITY_REFUSAL_TOKEN_NEED},
        {EC, HEADER,
         WITH("\"authorization_details\":[{\"type\":\"need_to_know\",\"purpose\":\"\"}]"),
         IDENTITY_REFUSAL_TOKEN_NEED},
        {EC, HEADER,
         WITH("\"authorization_details\":[{\"type\":\"need_to_know\",\"colour\":\"x\"}]"),
         IDENTITY_REFUSAL_TOKEN_NEED},
        {EC, HEADER,
         WITH("\"authorization_details\":[{\"type\":\"need_to_know\",\"purpose\":\"a\"},"
              "{\"type\":\"need_to_know\",\"purpose\":\"a\"}]"),
         IDENTITY_REFUSAL_TOKEN_NEED},
    };
    unsigned wrong = 0;
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char *token =
            fixture_sign_token(fixture.keys[cases[i].key], cases[i].header, cases[i].payload);
        const enum identity_refusal refusal = refusal_of(NULL, token, NOW);
        if (refusal != cases[i].expected) {
            print_error("%s %s: %s, not %s\n", cases[i].header, cases[i].payload,
                        outcome_name(refusal), outcome_name(cases[i].expected));
            wrong++;
        }
        free(token);
    }
    assert_int_equal(wrong, 0);
}

static void test_identity__reads_one_form_of_a_token_only(void **state)
{
    char *good = fixture_sign_token(fixture.keys[EC], HEADER, PAYLOAD);
    const size_t length = strlen(good);
    char *changed = malloc(length + 40000);
    (void)state;
    assert_non_null(changed);
    static const char *const behind[] = {".", ".AA", "=", "==", "A", "\t", "."};
    for (size_t i = 0; i < sizeof(behind) / sizeof(behind[0]); i++) {
        (void)sprintf(changed, "%s%s", good, behind[i]);
        const enum identity_refusal refusal = refusal_of(NULL, changed, NOW);
        assert_true(refusal == IDENTITY_REFUSAL_TOKEN_FORM ||
                    refusal == IDENTITY_REFUSAL_TOKEN_SIGNATURE);
    }
    static const char *const forms[] = {"a", "a.b", "..", "...", "e30.e30", "e30.e30.e30.e30.e30",
                                        "{}"};
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        assert_int_not_equal(refusal_of(NULL, forms[i], NOW), WELL);
    }
    memset(changed, 'A', length + 30000);
    changed[length + 30000] = '\0';
    assert_int_equal(refusal_of(NULL, changed, NOW), IDENTITY_REFUSAL_TOKEN_FORM);
    free(changed);
    free(good);
}

/* Every bit of the token matters: header, payload and signature. */
static void test_identity__notices_every_flipped_bit(void **state)
{
    char *token = fixture_sign_token(fixture.keys[EC], HEADER, PAYLOAD);
    (void)state;
    for (size_t i = 0; token[i] != '\0'; i++) {
        for (int bit = 0; bit < 7; bit++) {
            token[i] = (char)(token[i] ^ (1 << bit));
            if (token[i] != '\0') {
                assert_int_not_equal(refusal_of(NULL, token, NOW), WELL);
            }
            token[i] = (char)(token[i] ^ (1 << bit));
        }
    }
    assert_int_equal(refusal_of(NULL, token, NOW), WELL);
    free(token);
}

static void test_identity__reads_the_authorization_header_strictly(void **state)
{
    static const struct {
        const char *before;
        const char *after;
        enum identity_refusal expected;
    } cases[] = {
        {"Bearer ", "", WELL},
        {"bearer ", "", WELL},
        {"BEARER   ", "", WELL},
        {"Bearer", "", IDENTITY_REFUSAL_AUTHORIZATION},
        {"Bearer\t", "", IDENTITY_REFUSAL_AUTHORIZATION},
        {"Basic ", "", IDENTITY_REFUSAL_AUTHORIZATION},
        {"DPoP ", "", IDENTITY_REFUSAL_AUTHORIZATION},
        {"", "", IDENTITY_REFUSAL_AUTHORIZATION},
        {"Bearer ", " x", IDENTITY_REFUSAL_AUTHORIZATION},
        {"Bearer ", " ", IDENTITY_REFUSAL_AUTHORIZATION},
    };
    char *token = fixture_sign_token(fixture.keys[EC], HEADER, PAYLOAD);
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char header[4096];
        (void)snprintf(header, sizeof(header), "%s%s%s", cases[i].before, token, cases[i].after);
        const struct attempt attempt = establish(NULL, NULL, header, NOW);
        if (attempt.refusal != cases[i].expected) {
            fail_msg("%s…%s: %s", cases[i].before, cases[i].after, outcome_name(attempt.refusal));
        }
        arena_free(attempt.arena);
    }
    static const char *const empty[] = {"", "Bearer", "Bearer ", "Bearer  "};
    for (size_t i = 0; i < 4; i++) {
        const struct attempt attempt = establish(NULL, NULL, empty[i], NOW);
        assert_int_equal(attempt.refusal, IDENTITY_REFUSAL_AUTHORIZATION);
        arena_free(attempt.arena);
    }
    free(token);
}

static void test_identity__hands_on_what_the_token_says(void **state)
{
    char *token = fixture_sign_token(
        fixture.keys[EC], HEADER,
        WITH("\"jti\":\"t-1\",\"role\":[\"a\",\"b\"],\"unit\":5,\"secret\":1,"
             "\"authorization_details\":[{\"type\":\"x\"},{\"type\":\"need_to_know\","
             "\"purpose\":\"vehicle-crime\",\"case\":\"FIR-512/2026\",\"basis\":\"crpc-94\"}]"));
    const struct attempt attempt = establish_token(NULL, NULL, token, NOW);
    const struct identity *identity = &attempt.identity;
    (void)state;
    assert_int_equal(attempt.refusal, WELL);
    assert_true(bytes_equal(identity->partner, BYTES("ravi")));
    assert_true(bytes_equal(identity->agent, BYTES("officer-7")));
    assert_true(bytes_equal(identity->issuer, BYTES("https://idp.example")));
    assert_true(bytes_equal(identity->token_id, BYTES("t-1")));
    assert_true(identity->has_token);
    assert_false(identity->has_certificate);
    assert_true(identity->expires == INT64_C(1800000300) * MICRO);
    assert_true(identity->has_need);
    assert_true(bytes_equal(identity->need.purpose, BYTES("vehicle-crime")));
    assert_true(bytes_equal(identity->need.case_name, BYTES("FIR-512/2026")));
    assert_true(bytes_equal(identity->need.basis, BYTES("crpc-94")));
    assert_null(identity->need.reason.at);
    assert_int_equal(identity->claim_count, 2);
    assert_true(bytes_equal(identity->claims[0].name, BYTES("role")));
    assert_int_equal(identity->claims[0].value->kind, DOCUMENT_ARRAY);
    assert_true(bytes_equal(identity->claims[1].name, BYTES("unit")));
    arena_free(attempt.arena);
    free(token);
}

static void test_identity__asks_for_what_is_required(void **state)
{
    char *token = fixture_sign_token(fixture.keys[EC], HEADER, PAYLOAD);
    const unsigned certificate = CONFIG_REQUIRE_CERTIFICATE;
    const unsigned both = CONFIG_REQUIRE_CERTIFICATE | CONFIG_REQUIRE_TOKEN;
    const struct {
        unsigned require;
        X509 *certificate;
        bool token;
        enum identity_refusal expected;
    } cases[] = {
        {both, fixture.ravi, true, WELL},
        {both, fixture.ravi, false, IDENTITY_REFUSAL_NO_TOKEN},
        {both, NULL, true, IDENTITY_REFUSAL_NO_CERTIFICATE},
        {both, NULL, false, IDENTITY_REFUSAL_NOBODY},
        {both, fixture.acme, true, IDENTITY_REFUSAL_PARTNERS_DIFFER},
        {both, fixture.nameless, true, IDENTITY_REFUSAL_CERTIFICATE_NAME},
        {certificate, fixture.ravi, false, WELL},
        {certificate, fixture.ravi, true, WELL},
        {certificate, fixture.acme, true, IDENTITY_REFUSAL_PARTNERS_DIFFER},
        {CONFIG_REQUIRE_TOKEN, NULL, true, WELL},
        {CONFIG_REQUIRE_TOKEN, fixture.acme, true, IDENTITY_REFUSAL_PARTNERS_DIFFER},
        {CONFIG_REQUIRE_TOKEN, fixture.nameless, true, IDENTITY_REFUSAL_CERTIFICATE_NAME},
        {CONFIG_REQUIRE_TOKEN, fixture.ravi, false, IDENTITY_REFUSAL_NO_TOKEN},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        fixture.config.require = cases[i].require;
        const struct attempt attempt = cases[i].token
                                           ? establish_token(NULL, cases[i].certificate, token, NOW)
                                           : establish(NULL, cases[i].certificate, NULL, NOW);
        if (attempt.refusal != cases[i].expected) {
            fail_msg("case %zu: %s", i, outcome_name(attempt.refusal));
        }
        if (attempt.refusal == WELL) {
            assert_true(attempt.identity.has_certificate == (cases[i].certificate != NULL));
            assert_true(attempt.identity.has_token == cases[i].token);
            assert_true(bytes_equal(attempt.identity.partner, BYTES("ravi")));
            assert_true(
                bytes_equal_string(attempt.identity.agent, cases[i].token ? "officer-7" : "-"));
        }
        arena_free(attempt.arena);
    }
    fixture.config.require = CONFIG_REQUIRE_TOKEN;
    free(token);
}

static void test_identity__holds_a_bound_token_against_the_certificate(void **state)
{
    unsigned char digest[32];
    struct buffer payload;
    (void)state;
    assert_int_equal(X509_digest(fixture.ravi, EVP_sha256(), digest, NULL), 1);
    for (unsigned i = 0; i < 3; i++) {
        digest[31] = (unsigned char)(digest[31] ^ (i == 1 ? 1 : 0));
        buffer_init(&payload, 4096);
        buffer_append_string(&payload,
                             "{" ISSUER AUDIENCE EXPIRY PARTNER AGENT ",\"cnf\":{\"x5t#S256\":\"");
        base64url_append(&payload, bytes_of((const char *)digest, sizeof(digest)));
        buffer_append_string(&payload, i == 2 ? "\",\"jkt\":\"AAAA\"}}" : "\"}}");
        buffer_append_byte(&payload, '\0');
        char *token = fixture_sign_token(fixture.keys[EC], HEADER, payload.at);
        assert_int_equal(refusal_of(fixture.ravi, token, NOW),
                         i == 0 ? WELL : IDENTITY_REFUSAL_TOKEN_BINDING);
        assert_int_equal(refusal_of(NULL, token, NOW), IDENTITY_REFUSAL_TOKEN_BINDING);
        free(token);
        buffer_clear(&payload);
    }
}

static void test_identity__checks_everything_but_the_signature_again_on_a_cache_hit(void **state)
{
    struct identity_cache *cache = identity_cache_new(64);
    char *token = fixture_sign_token(fixture.keys[EC], HEADER, PAYLOAD);
    static const struct {
        int64_t now;
        enum identity_refusal expected;
    } steps[] = {
        {NOW, WELL},       {NOW + 1, WELL},
        {NOW + 329, WELL}, {NOW + 330, IDENTITY_REFUSAL_TOKEN_EXPIRED},
        {NOW, WELL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        const struct attempt attempt = establish_token(cache, NULL, token, steps[i].now);
        assert_int_equal(attempt.refusal, steps[i].expected);
        arena_free(attempt.arena);
    }
    struct attempt attempt = establish_token(cache, fixture.acme, token, NOW);
    assert_int_equal(attempt.refusal, IDENTITY_REFUSAL_PARTNERS_DIFFER);
    arena_free(attempt.arena);
    token[strlen(token) - 3] = token[strlen(token) - 3] == 'A' ? 'B' : 'A';
    attempt = establish_token(cache, NULL, token, NOW);
    assert_int_equal(attempt.refusal, IDENTITY_REFUSAL_TOKEN_SIGNATURE);
    arena_free(attempt.arena);
    identity_cache_free(cache);
    free(token);
}

static void test_identity__forgets_tokens_when_keys_change(void **state)
{
    struct identity_cache *cache = identity_cache_new(64);
    struct identity_verifier *before = fixture.verifier;
    struct identity_verifier *after = NULL;
    char *token = fixture_sign_token(fixture.keys[EC], HEADER, PAYLOAD);
    (void)state;
    struct attempt attempt = establish_token(cache, NULL, token, NOW);
    assert_int_equal(attempt.refusal, WELL);
    arena_free(attempt.arena);
    write_keys(fixture.first_path, (const enum which[]){STRANGER}, (const char *[]){"ec"}, 1);
    assert_true(amanat_is_ok(identity_verifier_new(&fixture.config, NULL, &after)));
    fixture.verifier = after;
    attempt = establish_token(cache, NULL, token, NOW);
    assert_int_equal(attempt.refusal, IDENTITY_REFUSAL_TOKEN_SIGNATURE);
    arena_free(attempt.arena);
    fixture.verifier = before;
    identity_verifier_unref(after);
    identity_cache_free(cache);
    write_keys(fixture.first_path, (const enum which[]){EC, RSA_2048},
               (const char *[]){"ec", "rsa"}, 2);
    free(token);
}

static void test_identity__needs_a_kid_where_several_keys_fit(void **state)
{
    struct identity_verifier *before = fixture.verifier;
    struct identity_verifier *several = NULL;
    char *token = fixture_sign_token(fixture.keys[EC], "{\"alg\":\"ES256\"}", PAYLOAD);
    (void)state;
    write_keys(fixture.first_path, (const enum which[]){EC, STRANGER}, (const char *[]){"1", NULL},
               2);
    assert_true(amanat_is_ok(identity_verifier_new(&fixture.config, NULL, &several)));
    fixture.verifier = several;
    assert_int_equal(refusal_of(NULL, token, NOW), IDENTITY_REFUSAL_TOKEN_KEY);
    fixture.verifier = before;
    identity_verifier_unref(several);
    write_keys(fixture.first_path, (const enum which[]){EC, RSA_2048},
               (const char *[]){"ec", "rsa"}, 2);
    free(token);
}

static void test_identity__reports_bad_key_files(void **state)
{
    struct amanat_diagnostics *diagnostics = amanat_diagnostics_new();
    struct identity_verifier *verifier = NULL;
    (void)state;
    write_keys(fixture.first_path, (const enum which[]){SMALL}, (const char *[]){"s"}, 1);
    assert_int_equal(identity_verifier_new(&fixture.config, diagnostics, &verifier).status,
                     AMANAT_STATUS_CONFIG_FAULT);
    assert_null(verifier);
    const struct amanat_diagnostic *first = amanat_diagnostics_at(diagnostics, 0);
    assert_string_equal(first->source, fixture.first_path);
    assert_int_equal(first->line, 1);
    assert_int_equal(unlink(fixture.first_path), 0);
    assert_int_equal(identity_verifier_new(&fixture.config, diagnostics, &verifier).status,
                     AMANAT_STATUS_IO);
    write_keys(fixture.first_path, (const enum which[]){EC, RSA_2048},
               (const char *[]){"ec", "rsa"}, 2);
    amanat_diagnostics_free(diagnostics);
}

static void test_identity__gives_up_when_the_arena_is_full(void **state)
{
    char *token = fixture_sign_token(fixture.keys[EC], HEADER, WITH("\"role\":[1,{\"a\":2}]"));
    char authorization[4096];
    bool succeeded = false;
    (void)state;
    (void)snprintf(authorization, sizeof(authorization), "Bearer %s", token);
    const struct identity_evidence evidence = {
        .certificate = fixture.ravi,
        .has_authorization = true,
        .authorization = bytes_of_string(authorization),
        .now = NOW * MICRO,
    };
    for (size_t limit = 0; limit < 16384 && !succeeded; limit += 64) {
        struct arena *arena = arena_new(limit);
        struct identity identity = {0};
        enum identity_refusal refusal = WELL;
        const amanat_result result =
            identity_establish(fixture.verifier, NULL, &evidence, arena, &identity, &refusal);
        succeeded = amanat_is_ok(result);
        assert_true(succeeded || result.status == AMANAT_STATUS_MEMORY);
        arena_free(arena);
    }
    assert_true(succeeded);
    free(token);
}

static void test_identity__has_a_name_for_every_refusal(void **state)
{
    (void)state;
    for (int i = 0; i < IDENTITY_REFUSAL_COUNT; i++) {
        const char *name = identity_refusal_name((enum identity_refusal)i);
        assert_true(strspn(name, "abcdefghijklmnopqrstuvwxyz-") == strlen(name));
        for (int j = 0; j < i; j++) {
            assert_string_not_equal(name, identity_refusal_name((enum identity_refusal)j));
        }
    }
}

static void test_identity__tells_a_bad_token_from_none(void **state)
{
    (void)state;
    assert_false(identity_refusal_is_invalid_token(IDENTITY_REFUSAL_NOBODY));
    assert_false(identity_refusal_is_invalid_token(IDENTITY_REFUSAL_NO_TOKEN));
    assert_false(identity_refusal_is_invalid_token(IDENTITY_REFUSAL_CERTIFICATE_NAME));
    assert_true(identity_refusal_is_invalid_token(IDENTITY_REFUSAL_TOKEN_FORM));
    assert_true(identity_refusal_is_invalid_token(IDENTITY_REFUSAL_TOKEN_NEED));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_identity__believes_only_what_is_in_order),
        cmocka_unit_test(test_identity__tells_a_bad_token_from_none),
        cmocka_unit_test(test_identity__reads_one_form_of_a_token_only),
        cmocka_unit_test(test_identity__notices_every_flipped_bit),
        cmocka_unit_test(test_identity__reads_the_authorization_header_strictly),
        cmocka_unit_test(test_identity__hands_on_what_the_token_says),
        cmocka_unit_test(test_identity__asks_for_what_is_required),
        cmocka_unit_test(test_identity__holds_a_bound_token_against_the_certificate),
        cmocka_unit_test(test_identity__checks_everything_but_the_signature_again_on_a_cache_hit),
        cmocka_unit_test(test_identity__forgets_tokens_when_keys_change),
        cmocka_unit_test(test_identity__needs_a_kid_where_several_keys_fit),
        cmocka_unit_test(test_identity__reports_bad_key_files),
        cmocka_unit_test(test_identity__gives_up_when_the_arena_is_full),
        cmocka_unit_test(test_identity__has_a_name_for_every_refusal),
    };
    return cmocka_run_group_tests_name("gateway.identity.identity", tests, set_up, tear_down);
}
