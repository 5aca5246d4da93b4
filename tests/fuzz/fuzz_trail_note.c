/* SPDX-License-Identifier: Apache-2.0 */
/* Signed notes, checkpoints, verifier keys and signature lines from anywhere. What parses as a
 * checkpoint writes back to the same bytes. */
#include <stdint.h>
#include <stdlib.h>

#include "gateway/trail/trail.h"
#include "policy/base/base.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Of RFC 8032 §7.1, test 1: a key of whose signatures none is in the corpus. */
static const uint8_t somebody[32] = {
    0xd7, 0x5a, 0x98, 0x01, 0x82, 0xb1, 0x0a, 0xb7, 0xd5, 0x4b, 0xfe, 0xd3, 0xc9, 0x64, 0x07, 0x3a,
    0x0e, 0xe1, 0x72, 0xf3, 0xda, 0xa6, 0x23, 0x25, 0xaf, 0x02, 0x1a, 0x68, 0xf7, 0x07, 0x51, 0x1a};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct bytes input = bytes_of((const char *)data, size);
    struct note *note = malloc(sizeof(*note));
    struct note_checkpoint checkpoint;
    struct note_vkey vkey;
    struct note_signature signature;
    int64_t moment = 0;

    ASSERT(note != NULL);
    if (amanat_is_ok(note_parse(input, note))) {
        struct note_vkey any = {.name = "x", .type = NOTE_TYPE_ED25519};
        memcpy(any.key, somebody, sizeof(somebody));
        ASSERT(!note_is_signed_by(note, &any, NULL));
        if (amanat_is_ok(note_parse_checkpoint(note->text, &checkpoint))) {
            struct buffer again;
            buffer_init(&again, NOTE_LIMIT);
            note_append_checkpoint(&again, &checkpoint);
            ASSERT(bytes_equal(buffer_bytes(&again), note->text));
            buffer_clear(&again);
        }
    }
    if (amanat_is_ok(note_parse_vkey(input, &vkey))) {
        struct buffer again;
        buffer_init(&again, 1024);
        note_append_vkey(&again, &vkey);
        ASSERT(again.length <= size);
        buffer_clear(&again);
    }
    const amanat_result line = note_parse_signature(input, &signature);
    const amanat_result time = trail_parse_moment(input, &moment);
    (void)line;
    (void)time;
    free(note);
    return 0;
}
