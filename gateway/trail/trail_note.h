/* SPDX-License-Identifier: Apache-2.0 */
/*
 * C2SP signed-note, tlog-checkpoint and tlog-cosignature, pure: texts in, texts out.
 *
 *   audit.example/lahore-1⏎              origin
 *   41⏎                                  size, decimal
 *   qjz0…=⏎                              root, base64; the signed text ends with this newline
 *   ⏎
 *   — audit.example/lahore-1 5j0v…=⏎     base64(key id ‖ signature), one line per signature
 *
 * Ed25519 only: type 0x01 signs the text; type 0x04 is a witness's cosignature, 8 bytes of time
 * (big-endian seconds) and a signature over "cosignature/v1⏎time T⏎" and the text. Key id: first 4
 * bytes of SHA-256(name ‖ 0x0A ‖ type ‖ key).
 */
#ifndef AMANAT_GATEWAY_TRAIL_TRAIL_NOTE_H
#define AMANAT_GATEWAY_TRAIL_TRAIL_NOTE_H

#include <openssl/evp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "amanat/result.h"
#include "gateway/trail/trail_entry.h"
#include "policy/base/buffer.h"
#include "policy/base/bytes.h"

enum note_type { NOTE_TYPE_ED25519 = 0x01, NOTE_TYPE_COSIGNATURE = 0x04 };

#define NOTE_NAME_LIMIT       255
#define NOTE_SIGNATURES_LIMIT 64
/** The longest note that is read: what the witness protocol allows for a whole request and more. */
#define NOTE_LIMIT 65536
/** The longest checkpoint with its own signature only. */
#define NOTE_CHECKPOINT_LIMIT 1024

/** A verifier key `name+keyid+base64(type ‖ key)`. */
struct note_vkey {
    char name[NOTE_NAME_LIMIT + 1];
    uint8_t id[4];
    enum note_type type;
    uint8_t key[32];
};

/** One signature line; `name` lies in the note's text. */
struct note_signature {
    struct bytes name;
    uint8_t id[4];
    uint8_t at[72];
    size_t
        length; /* 64, or 72 for a cosignature; other lengths belong to types that we do not know */
};

/** A note taken apart; everything points into the text that was read. */
struct note {
    struct bytes text; /* what is signed, with its last newline */
    size_t signature_count;
    struct note_signature signatures[NOTE_SIGNATURES_LIMIT];
};

/** What a checkpoint's text says. */
struct note_checkpoint {
    struct bytes origin;
    uint64_t size;
    struct trail_digest root;
};

/** Reads 32 bytes of canonical base64. PEER_FAULT. */
AMANAT_MUST_CHECK amanat_result note_parse_digest(struct bytes text, struct trail_digest *out);

/** Reads a decimal number without sign and leading zeros, at most 2^62. PEER_FAULT. */
AMANAT_MUST_CHECK amanat_result note_parse_size(struct bytes text, uint64_t *out);

/** Whether a name may be a key's: 1 to 255 bytes of UTF-8 without white space, control characters
 * and `+`. */
bool note_name_is_valid(struct bytes name);

/** Takes a signed note apart. PEER_FAULT for anything that is not one. */
AMANAT_MUST_CHECK amanat_result note_parse(struct bytes note, struct note *out);

/** Reads one line "— name base64" (without its newline). PEER_FAULT. */
AMANAT_MUST_CHECK amanat_result note_parse_signature(struct bytes line, struct note_signature *out);

/** Reads a checkpoint's text: exactly three lines, canonical numbers. PEER_FAULT. */
AMANAT_MUST_CHECK amanat_result note_parse_checkpoint(struct bytes text,
                                                      struct note_checkpoint *out);

/** Appends the three lines; check the buffer afterwards. */
void note_append_checkpoint(struct buffer *buffer, const struct note_checkpoint *checkpoint);

/** Reads a verifier key; surrounding white space (a file's last newline) is fine. PEER_FAULT. */
AMANAT_MUST_CHECK amanat_result note_parse_vkey(struct bytes text, struct note_vkey *out);

/** The verifier key of a private or public Ed25519 key under a name. CONFIG_FAULT for other keys or
 * names. */
AMANAT_MUST_CHECK amanat_result note_vkey_of(struct bytes name, enum note_type type, EVP_PKEY *key,
                                             struct note_vkey *out);

/** Appends `name+keyid+base64` without newline; check the buffer afterwards. */
void note_append_vkey(struct buffer *buffer, const struct note_vkey *vkey);

/** Whether two keys are the same key under the same name. */
bool note_vkey_equal(const struct note_vkey *a, const struct note_vkey *b);

/** Appends text, empty line and signature line to `out`. BUG when signing fails. */
AMANAT_MUST_CHECK amanat_result note_sign(struct bytes text, struct bytes name, EVP_PKEY *key,
                                          struct buffer *out);

/** Appends a cosignature line of `text` at `time` (seconds since 1970). BUG when signing fails. */
AMANAT_MUST_CHECK amanat_result note_cosign(struct bytes text, struct bytes name, EVP_PKEY *key,
                                            uint64_t time, struct buffer *out);

/** Whether `signature` is one of `text` by `vkey`; `*out_time` (may be NULL) is a cosignature's
 * time. */
bool note_signature_is_valid(struct bytes text, const struct note_signature *signature,
                             const struct note_vkey *vkey, uint64_t *out_time);

/** Whether the note bears a valid signature by `vkey`; `*out_time` (may be NULL) as above. */
bool note_is_signed_by(const struct note *note, const struct note_vkey *vkey, uint64_t *out_time);

#endif
