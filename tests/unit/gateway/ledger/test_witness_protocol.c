/* SPDX-License-Identifier: Apache-2.0 */
/* What a witness's answers mean to the log that asked; the witness's side is in test_witness.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
/* cmocka.h needs the above before it */
#include <cmocka.h>

#include <string.h>

#include "gateway/ledger/ledger.h"
#include "policy/base/base.h"

static void test_protocol__reads_every_answer_as_what_it_means(void **state)
{
    static const struct {
        unsigned status;
        const char *body;
        uint64_t old_size;
        uint64_t size;
        enum witness_reply reply;
    } cases[] = {
        {409, "5\n", 3, 9, WITNESS_REPLY_KNOWS_OTHER},
        {409, "0\n", 3, 9, WITNESS_REPLY_KNOWS_OTHER}, /* it lost its memory */
        {409, "9\n", 3, 9, WITNESS_REPLY_KNOWS_OTHER}, /* our last answer was lost on the way */
        {409, "10\n", 3, 9, WITNESS_REPLY_AHEAD},
        {409, "9\n", 9, 9, WITNESS_REPLY_FORKED}, /* same size, another root */
        {409, "3\n", 3, 9, WITNESS_REPLY_UNUSABLE},
        {409, "", 3, 9, WITNESS_REPLY_UNUSABLE},
        {409, "05\n", 3, 9, WITNESS_REPLY_UNUSABLE},
        {409, "5\nx", 3, 9, WITNESS_REPLY_UNUSABLE},
        {409, "99999999999999999999\n", 3, 9, WITNESS_REPLY_UNUSABLE},
        {422, "", 3, 9, WITNESS_REPLY_FORKED},
        {403, "", 3, 9, WITNESS_REPLY_CONFIGURATION},
        {404, "", 3, 9, WITNESS_REPLY_CONFIGURATION},
        {400, "", 3, 9, WITNESS_REPLY_UNUSABLE},
        {503, "", 3, 9, WITNESS_REPLY_UNUSABLE},
        {200, "", 3, 9, WITNESS_REPLY_UNUSABLE},
        {200, "\xE2\x80\x94 witness.example/w1 AAAA\n", 3, 9, WITNESS_REPLY_UNUSABLE},
        {0, "", 3, 9, WITNESS_REPLY_UNUSABLE},
    };
    const struct note_vkey vkey = {.name = "witness.example/w1", .type = NOTE_TYPE_COSIGNATURE};
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct witness_answer_read answer;
        witness_read_answer(cases[i].status, bytes_of_string(cases[i].body), BYTES("text\n"),
                            cases[i].old_size, cases[i].size, &vkey, &answer);
        if (answer.reply != cases[i].reply) {
            fail_msg("case %zu: %d", i, (int)answer.reply);
        }
    }
}

static void test_protocol__counts_only_a_cosignature_of_what_was_sent(void **state)
{
    static const unsigned char seed[32] = {4};
    EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, sizeof(seed));
    struct note_vkey vkey;
    struct witness_answer_read answer;
    struct buffer body;
    (void)state;
    buffer_init(&body, 4096);
    assert_true(amanat_is_ok(note_vkey_of(BYTES("w.example"), NOTE_TYPE_COSIGNATURE, key, &vkey)));
    /* Among lines of others, and of another text. */
    buffer_append_string(&body, "nonsense\n");
    assert_true(amanat_is_ok(note_cosign(BYTES("other\n"), BYTES("w.example"), key, 9, &body)));
    witness_read_answer(200, buffer_bytes(&body), BYTES("text\n"), 0, 1, &vkey, &answer);
    assert_int_equal(answer.reply, WITNESS_REPLY_UNUSABLE);
    assert_true(amanat_is_ok(note_cosign(BYTES("text\n"), BYTES("w.example"), key, 17, &body)));
    witness_read_answer(200, buffer_bytes(&body), BYTES("text\n"), 0, 1, &vkey, &answer);
    assert_int_equal(answer.reply, WITNESS_REPLY_COSIGNED);
    assert_int_equal(answer.time, 17);
    assert_true(bytes_end_with(buffer_bytes(&body), answer.signature));
    vkey.key[0] ^= 1;
    witness_read_answer(200, buffer_bytes(&body), BYTES("text\n"), 0, 1, &vkey, &answer);
    assert_int_equal(answer.reply, WITNESS_REPLY_UNUSABLE);
    EVP_PKEY_free(key);
    buffer_clear(&body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_protocol__reads_every_answer_as_what_it_means),
        cmocka_unit_test(test_protocol__counts_only_a_cosignature_of_what_was_sent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
