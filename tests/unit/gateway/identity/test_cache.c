/* SPDX-License-Identifier: Apache-2.0 */
/* The cache of verified tokens: bounded, until they expire, and emptied for another verifier. */
#include "gateway/identity/cache.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void digest_of(unsigned number, unsigned char out[IDENTITY_DIGEST_SIZE])
{
    memset(out, 0, IDENTITY_DIGEST_SIZE);
    memcpy(out, &number, sizeof(number));
}

static bool has(struct identity_cache *cache, unsigned number, int64_t now)
{
    unsigned char digest[IDENTITY_DIGEST_SIZE];
    digest_of(number, digest);
    return identity_cache_has(cache, digest, now);
}

static void add(struct identity_cache *cache, unsigned number, int64_t expires, int64_t now)
{
    unsigned char digest[IDENTITY_DIGEST_SIZE];
    digest_of(number, digest);
    identity_cache_add(cache, digest, expires, now);
}

static void test_cache__remembers_until_a_token_expires(void **state)
{
    struct identity_cache *cache = identity_cache_new(16);
    (void)state;
    assert_false(has(cache, 1, 0));
    assert_false(has(cache, 0, 0)); /* a free place is no token of zeros */
    add(cache, 1, 100, 0);
    assert_true(has(cache, 1, 99));
    assert_false(has(cache, 2, 99));
    assert_false(has(cache, 1, 100));
    identity_cache_free(cache);
    identity_cache_free(NULL);
}

static void test_cache__is_bounded_and_keeps_what_is_used(void **state)
{
    struct identity_cache *cache = identity_cache_new(1); /* one set of four */
    unsigned kept = 0;
    (void)state;
    for (unsigned i = 1; i <= 100; i++) {
        add(cache, i, 1000, 0);
        assert_true(has(cache, i, 0));
        assert_true(has(cache, 1, 0)); /* used again and again */
    }
    for (unsigned i = 1; i <= 100; i++) {
        kept += has(cache, i, 0);
    }
    assert_int_equal(kept, 4);
    identity_cache_free(cache);
}

static void test_cache__gives_the_place_of_an_expired_token_first(void **state)
{
    struct identity_cache *cache = identity_cache_new(4);
    (void)state;
    add(cache, 1, 1000, 0);
    add(cache, 2, 10, 0);
    add(cache, 3, 1000, 0);
    add(cache, 4, 1000, 0);
    add(cache, 5, 1000, 20);
    assert_true(has(cache, 1, 20));
    assert_false(has(cache, 2, 20));
    assert_true(has(cache, 3, 20));
    assert_true(has(cache, 4, 20));
    assert_true(has(cache, 5, 20));
    identity_cache_free(cache);
}

static void test_cache__is_emptied_for_another_verifier(void **state)
{
    const struct config_identity config = {.require = CONFIG_REQUIRE_CERTIFICATE};
    struct identity_cache *cache = identity_cache_new(16);
    struct identity_verifier *first = NULL;
    struct identity_verifier *second = NULL;
    (void)state;
    assert_true(amanat_is_ok(identity_verifier_new(&config, NULL, &first)));
    assert_true(amanat_is_ok(identity_verifier_new(&config, NULL, &second)));
    identity_cache_belong_to(cache, first);
    add(cache, 1, 1000, 0);
    identity_cache_belong_to(cache, first);
    assert_true(has(cache, 1, 0));
    identity_verifier_unref(first); /* the cache holds it still: its address is not used again */
    identity_cache_belong_to(cache, second);
    assert_false(has(cache, 1, 0));
    identity_verifier_unref(second);
    identity_cache_free(cache);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cache__remembers_until_a_token_expires),
        cmocka_unit_test(test_cache__is_bounded_and_keeps_what_is_used),
        cmocka_unit_test(test_cache__gives_the_place_of_an_expired_token_first),
        cmocka_unit_test(test_cache__is_emptied_for_another_verifier),
    };
    return cmocka_run_group_tests_name("gateway.identity.cache", tests, NULL, NULL);
}
