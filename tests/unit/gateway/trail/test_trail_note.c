/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signed notes against vectors that Python's cryptography made (seeds 32 × 0x01 for the log, 32 ×
 * 0x02 for the witness), and everything that must not be taken for a note.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
/* cmocka.h needs the above before it */
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/trail/trail.h"
#include "policy/base/base.h"

#define DASH "\xE2\x80\x94"

static const char log_vkey[] =
    "audit.example/vector-1+b4c34798+AYqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c";
static const char witness_vkey[] =
    "witness.example/w1+df1c0a35+BIE5dw6ofRdfVqNUZsNMfszLjYqRtO43ol32D1uPybOU";
static const char text[] =
    "audit.example/vector-1\n41\nSBNJTRN+FjG7owHVrKtue7eqdM4RhdRWVl71HXN2d7I=\n";
static const char log_line[] = "\xE2\x80\x94 audit.example/vector-1 "
                               "tMNHmAhU46wguCaV5NF7FEg2ZwLvefJdkqyi8nTaRtt+jqJ2Zs2xoMKwJP3fSPk/"
                               "UXkf5aSMLxNCTGxroxb7lp9XegA=\n";
static const char witness_line[] =
    "\xE2\x80\x94 witness.example/w1 "
    "3xwKNQAAAABrAqlmz029j/eYVZ0j79ldufTFPd1F59iQYSij41GWtyUiObb8gBKwBSEh/NDN+EXBIlXJC/"
    "TSBi6JYLTCJOwBlxtfDw==\n";

static EVP_PKEY *key_of(unsigned char byte)
{
    unsigned char seed[32];
    memset(seed, byte, sizeof(seed));
    EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, sizeof(seed));
    assert_non_null(key);
    return key;
}

static void whole_note(struct buffer *out)
{
    buffer_init(out, NOTE_LIMIT);
    buffer_append_string(out, text);
    buffer_append_string(out, "\n");
    buffer_append_string(out, log_line);
    buffer_append_string(out, witness_line);
}

static void test_note__reads_and_verifies_what_another_library_signed(void **state)
{
    struct buffer whole;
    struct note *note = malloc(sizeof(*note));
    struct note_vkey log;
    struct note_vkey witness;
    struct note_checkpoint checkpoint;
    uint64_t time = 0;
    (void)state;
    assert_non_null(note);
    whole_note(&whole);
    assert_true(amanat_is_ok(note_parse(buffer_bytes(&whole), note)));
    assert_int_equal(note->signature_count, 2);
    assert_true(amanat_is_ok(note_parse_checkpoint(note->text, &checkpoint)));
    assert_int_equal(checkpoint.size, 41);
    assert_true(amanat_is_ok(note_parse_vkey(bytes_of_string(log_vkey), &log)));
    assert_true(amanat_is_ok(note_parse_vkey(bytes_of_string(witness_vkey), &witness)));
    assert_true(note_is_signed_by(note, &log, NULL));
    assert_true(note_is_signed_by(note, &witness, &time));
    assert_int_equal(time, 1795336550);
    /* Neither signature passes for the other, nor under another name. */
    assert_false(note_signature_is_valid(note->text, &note->signatures[0], &witness, NULL));
    assert_false(note_signature_is_valid(note->text, &note->signatures[1], &log, NULL));
    log.name[0] = 'A';
    assert_false(note_is_signed_by(note, &log, NULL));
    free(note);
    buffer_clear(&whole);
}

static void test_note__signs_the_same_bytes_as_another_library(void **state)
{
    struct buffer out;
    struct buffer expected;
    struct note_vkey vkey;
    EVP_PKEY *log = key_of(1);
    EVP_PKEY *witness = key_of(2);
    (void)state;
    whole_note(&expected);
    buffer_init(&out, NOTE_LIMIT);
    assert_true(
        amanat_is_ok(note_sign(bytes_of_string(text), BYTES("audit.example/vector-1"), log, &out)));
    assert_true(amanat_is_ok(note_cosign(bytes_of_string(text), BYTES("witness.example/w1"),
                                         witness, 1795336550, &out)));
    assert_true(bytes_equal(buffer_bytes(&out), buffer_bytes(&expected)));
    buffer_reset(&out);
    assert_true(amanat_is_ok(
        note_vkey_of(BYTES("witness.example/w1"), NOTE_TYPE_COSIGNATURE, witness, &vkey)));
    note_append_vkey(&out, &vkey);
    assert_true(bytes_equal_string(buffer_bytes(&out), witness_vkey));
    EVP_PKEY_free(log);
    EVP_PKEY_free(witness);
    buffer_clear(&out);
    buffer_clear(&expected);
}

static void test_note__notices_every_changed_bit(void **state)
{
    struct buffer whole;
    struct note *note = malloc(sizeof(*note));
    struct note_vkey log;
    struct note_vkey witness;
    (void)state;
    assert_non_null(note);
    whole_note(&whole);
    assert_true(amanat_is_ok(note_parse_vkey(bytes_of_string(log_vkey), &log)));
    assert_true(amanat_is_ok(note_parse_vkey(bytes_of_string(witness_vkey), &witness)));
    for (size_t bit = 0; bit < 8 * whole.length; bit++) {
        whole.at[bit / 8] = (char)(whole.at[bit / 8] ^ (1 << (bit % 8)));
        assert_false(amanat_is_ok(note_parse(buffer_bytes(&whole), note)) &&
                     note_is_signed_by(note, &log, NULL) &&
                     note_is_signed_by(note, &witness, NULL));
        whole.at[bit / 8] = (char)(whole.at[bit / 8] ^ (1 << (bit % 8)));
    }
    free(note);
    buffer_clear(&whole);
}

static void test_note__refuses_what_is_no_note(void **state)
{
    static const char *const wrong[] = {
        "",
        "\n",
        "a\n",
        "a\n\n",
        "\n" DASH " x AAAAAAA=\n",
        "a\n\n" DASH " x AAAA\n",         /* too short for a key id and a signature */
        "a\n\n" DASH " x AAAAAAA=",       /* no last newline */
        "a\n\n" DASH "x AAAAAAA=\n",      /* no space */
        "a\n\n- x AAAAAAA=\n",            /* another dash */
        "a\n\n" DASH " x AAAAAAB=\n",     /* base64 with bits beyond the end */
        "a\n\n" DASH " x+y AAAAAAA=\n",   /* a plus in the name */
        "a\n\n" DASH "  AAAAAAA=\n",      /* no name */
        "a\tb\n\n" DASH " x AAAAAAA=\n",  /* a control character */
        "a\xFF\n\n" DASH " x AAAAAAA=\n", /* no UTF-8 */
        "a\n\n" DASH " x AAAAAAA=\nrest\n",
    };
    struct note *note = malloc(sizeof(*note));
    (void)state;
    assert_non_null(note);
    assert_true(amanat_is_ok(note_parse(BYTES("a\n\n" DASH " x AAAAAAA=\n"), note)));
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        if (note_parse(bytes_of_string(wrong[i]), note).status != AMANAT_STATUS_PEER_FAULT) {
            fail_msg("taken for a note: case %zu", i);
        }
    }
    free(note);
}

static void test_note__refuses_what_is_no_checkpoint(void **state)
{
    static const char root[] = "SBNJTRN+FjG7owHVrKtue7eqdM4RhdRWVl71HXN2d7I=\n";
    static const char *const wrong[] = {"",
                                        "o\n",
                                        "o\n1\n",
                                        "o\n01\n%s",
                                        "o\n-1\n%s",
                                        "o\n+1\n%s",
                                        "o\n1 \n%s",
                                        "o o\n1\n%s",
                                        "\n1\n%s",
                                        "o\n\n%s",
                                        "o\n1\n%sextension\n",
                                        "o\n99999999999999999999\n%s",
                                        "o\n9223372036854775807\n%s",
                                        "o\n1\nAAAA\n"};
    struct note_checkpoint checkpoint;
    char made[256];
    (void)state;
    (void)snprintf(made, sizeof(made), "o\n1\n%s", root);
    assert_true(amanat_is_ok(note_parse_checkpoint(bytes_of_string(made), &checkpoint)));
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct buffer whole;
        const char *hole = strstr(wrong[i], "%s");
        buffer_init(&whole, 1024);
        buffer_append(&whole, bytes_of(wrong[i], hole == NULL ? strlen(wrong[i])
                                                              : (size_t)(hole - wrong[i])));
        if (hole != NULL) {
            buffer_append_string(&whole, root);
            buffer_append_string(&whole, hole + 2);
        }
        if (amanat_is_ok(note_parse_checkpoint(buffer_bytes(&whole), &checkpoint))) {
            fail_msg("taken for a checkpoint: case %zu", i);
        }
        buffer_clear(&whole);
    }
}

static void test_note__refuses_keys_that_are_none(void **state)
{
    static const char *const wrong[] = {
        "",
        "a+b",
        "audit.example/vector-1+b4c34798",
        "audit.example/vector-2+b4c34798+AYqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c",
        "audit.example/vector-1+B4C34798+AYqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c",
        "audit.example/vector-1+b4c34798+AoqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c",
        "audit.example/vector-1+b4c34798+AYqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29d",
    };
    struct note_vkey vkey;
    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_int_equal(note_parse_vkey(bytes_of_string(wrong[i]), &vkey).status,
                         AMANAT_STATUS_PEER_FAULT);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_note__reads_and_verifies_what_another_library_signed),
        cmocka_unit_test(test_note__signs_the_same_bytes_as_another_library),
        cmocka_unit_test(test_note__notices_every_changed_bit),
        cmocka_unit_test(test_note__refuses_what_is_no_note),
        cmocka_unit_test(test_note__refuses_what_is_no_checkpoint),
        cmocka_unit_test(test_note__refuses_keys_that_are_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
