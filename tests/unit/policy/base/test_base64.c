/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 4648: its test vectors (§10), and that only the canonical spelling is read. */
#include "policy/base/base64.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

typedef void (*append_fn)(struct buffer *, struct bytes);
typedef amanat_result (*decode_fn)(struct arena *, struct bytes, struct bytes *);

static void assert_encodes(append_fn append, struct bytes bytes, const char *text)
{
    struct buffer buffer;
    buffer_init(&buffer, 1000);
    append(&buffer, bytes);
    if (!bytes_equal_string(buffer_bytes(&buffer), text)) {
        fail_msg("%.*s instead of %s", BYTES_PRINTF(buffer), text);
    }
    buffer_clear(&buffer);
}

static void assert_decodes(decode_fn decode, const char *text, struct bytes bytes)
{
    struct arena *arena = arena_new(1000);
    struct bytes out = {0};
    assert_true(amanat_is_ok(decode(arena, bytes_of_string(text), &out)));
    assert_true(bytes_equal(out, bytes));
    arena_free(arena);
}

static void assert_refuses(decode_fn decode, struct bytes text)
{
    struct arena *arena = arena_new(1000);
    struct bytes out = {0};
    if (decode(arena, text, &out).status != AMANAT_STATUS_PEER_FAULT) {
        fail_msg("accepted: %.*s", BYTES_PRINTF(text));
    }
    assert_null(out.at);
    arena_free(arena);
}

static void test_base64__has_the_vectors_of_rfc_4648(void **state)
{
    static const struct {
        struct bytes bytes;
        const char *base64;
        const char *base64url;
        const char *base32;
        const char *hex;
    } cases[] = {
        {BYTES_INIT(""), "", "", "", ""},
        {BYTES_INIT("f"), "Zg==", "Zg", "my", "66"},
        {BYTES_INIT("fo"), "Zm8=", "Zm8", "mzxq", "666f"},
        {BYTES_INIT("foo"), "Zm9v", "Zm9v", "mzxw6", "666f6f"},
        {BYTES_INIT("foob"), "Zm9vYg==", "Zm9vYg", "mzxw6yq", "666f6f62"},
        {BYTES_INIT("fooba"), "Zm9vYmE=", "Zm9vYmE", "mzxw6ytb", "666f6f6261"},
        {BYTES_INIT("foobar"), "Zm9vYmFy", "Zm9vYmFy", "mzxw6ytboi", "666f6f626172"},
        {BYTES_INIT("\0\xFF\xFB\xEF"), "AP/77w==", "AP_77w", "ad77x3y", "00fffbef"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_encodes(base64_append, cases[i].bytes, cases[i].base64);
        assert_encodes(base64url_append, cases[i].bytes, cases[i].base64url);
        assert_encodes(base32_append, cases[i].bytes, cases[i].base32);
        assert_encodes(hex_append, cases[i].bytes, cases[i].hex);
        char written[16];
        uint8_t read[8];
        hex_write(cases[i].bytes, written);
        assert_string_equal(written, cases[i].hex);
        assert_true(hex_read(bytes_of_string(cases[i].hex), read, cases[i].bytes.length));
        assert_memory_equal(read, cases[i].bytes.at, cases[i].bytes.length);
        assert_decodes(base64_decode, cases[i].base64, cases[i].bytes);
        assert_decodes(base64url_decode, cases[i].base64url, cases[i].bytes);
    }
}

static void test_base64__refuses_what_is_not_canonical(void **state)
{
    static const struct bytes base64[] = {
        BYTES_INIT("Zg"),   BYTES_INIT("Zg="),      BYTES_INIT("Zg==="),   BYTES_INIT("Zh=="),
        BYTES_INIT("Zm9="), BYTES_INIT("Zm9v="),    BYTES_INIT("===="),    BYTES_INIT("="),
        BYTES_INIT("Z==="), BYTES_INIT("Zg==Zg=="), BYTES_INIT("Zm9v\n"),  BYTES_INIT(" Zm9"),
        BYTES_INIT("A-_A"), BYTES_INIT("Zm\0v"),    BYTES_INIT("Zm9\xC3"), BYTES_INIT("Z=g="),
    };
    static const struct bytes base64url[] = {
        BYTES_INIT("Zg=="), BYTES_INIT("Zh"),   BYTES_INIT("Zm9"),   BYTES_INIT("Z"),
        BYTES_INIT("A+/A"), BYTES_INIT("Zm9 "), BYTES_INIT("Zm9vY"), BYTES_INIT("Z\0"),
    };
    (void)state;
    for (size_t i = 0; i < sizeof(base64) / sizeof(base64[0]); i++) {
        assert_refuses(base64_decode, base64[i]);
    }
    for (size_t i = 0; i < sizeof(base64url) / sizeof(base64url[0]); i++) {
        assert_refuses(base64url_decode, base64url[i]);
    }
}

static void test_base64url__has_one_text_for_each_value(void **state)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    unsigned accepted = 0;
    (void)state;
    for (unsigned i = 0; i < 64 * 64; i++) {
        const char text[2] = {alphabet[i / 64], alphabet[i % 64]};
        struct arena *arena = arena_new(100);
        struct bytes out = {0};
        accepted += amanat_is_ok(base64url_decode(arena, bytes_of(text, 2), &out));
        arena_free(arena);
    }
    assert_int_equal(accepted, 256);
}

static void test_hex__reads_so_many_bytes_in_lower_case(void **state)
{
    static const struct bytes wrong[] = {
        BYTES_INIT(""),     BYTES_INIT("66"),   BYTES_INIT("666f6f"), BYTES_INIT("666F"),
        BYTES_INIT("66g6"), BYTES_INIT("66 6"), BYTES_INIT("666\0")};
    uint8_t read[2];
    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_false(hex_read(wrong[i], read, sizeof(read)));
    }
}

static void test_base64__gives_up_when_the_arena_is_full(void **state)
{
    struct arena *arena = arena_new(8);
    struct bytes out = {0};
    (void)state;
    assert_int_equal(base64_decode(arena, BYTES("Zm9vYmFyZm9vYmFy"), &out).status,
                     AMANAT_STATUS_MEMORY);
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_base64__has_the_vectors_of_rfc_4648),
        cmocka_unit_test(test_base64__refuses_what_is_not_canonical),
        cmocka_unit_test(test_base64url__has_one_text_for_each_value),
        cmocka_unit_test(test_hex__reads_so_many_bytes_in_lower_case),
        cmocka_unit_test(test_base64__gives_up_when_the_arena_is_full),
    };
    return cmocka_run_group_tests_name("policy.base.base64", tests, NULL, NULL);
}
