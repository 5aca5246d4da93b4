/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A witness's judgement of requests from anywhere, for logs in three states. A key that nobody
 * holds never gets a 200; the log's side reads the same bytes as an answer.
 */
#include <stdint.h>
#include <stdlib.h>

#include "gateway/ledger/ledger.h"
#include "policy/base/base.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Of RFC 8032 §7.1, test 1: a key of whose signatures none is in the corpus. */
static const uint8_t somebody[32] = {
    0xd7, 0x5a, 0x98, 0x01, 0x82, 0xb1, 0x0a, 0xb7, 0xd5, 0x4b, 0xfe, 0xd3, 0xc9, 0x64, 0x07, 0x3a,
    0x0e, 0xe1, 0x72, 0xf3, 0xda, 0xa6, 0x23, 0x25, 0xaf, 0x02, 0x1a, 0x68, 0xf7, 0x07, 0x51, 0x1a};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = {"audit.example/made-1", "audit.example/2", "x"};
    const struct bytes input = bytes_of((const char *)data, size);
    struct witness_known logs[3] = {{.size = 0}, {.size = 5}, {.size = 1}};
    struct note *note = malloc(sizeof(*note));
    struct witness_judgement judgement;
    struct witness_answer_read answer;
    struct note_vkey witness = {.name = "witness.example/w1", .type = NOTE_TYPE_COSIGNATURE};

    ASSERT(note != NULL);
    for (size_t i = 0; i < 3; i++) {
        logs[i].vkey.type = NOTE_TYPE_ED25519;
        memcpy(logs[i].vkey.key, somebody, sizeof(somebody));
        memcpy(logs[i].vkey.name, names[i], strlen(names[i]) + 1);
    }
    memcpy(witness.key, somebody, sizeof(somebody));
    witness_judge(input, logs, 3, note, &judgement);
    ASSERT(judgement.status == 400 || judgement.status == 403 || judgement.status == 404);
    for (unsigned status = 200; status <= 503; status += status == 200 ? 209 : 13) {
        witness_read_answer(status, input, BYTES("text\n"), 3, 7, &witness, &answer);
        ASSERT(answer.reply != WITNESS_REPLY_COSIGNED);
    }
    free(note);
    return 0;
}
