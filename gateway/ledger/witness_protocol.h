/* SPDX-License-Identifier: Apache-2.0 */
/*
 * C2SP tlog-witness, both sides, pure: bytes in, a judgement out. No sockets, files and clocks.
 *
 *   POST <prefix>/add-checkpoint        old <size>⏎  base64 hash⏎ (at most 63)  ⏎  checkpoint
 *
 *   200  cosignature lines
 *   400  malformed, or old is larger than the checkpoint
 *   403  no valid signature by the log's key
 *   404  the log is not known here
 *   409  old is not what this witness has seen last (the body says what is), or another root for
 *        the same size
 *   422  the consistency proof does not verify
 */
#ifndef AMANAT_GATEWAY_LEDGER_WITNESS_PROTOCOL_H
#define AMANAT_GATEWAY_LEDGER_WITNESS_PROTOCOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "amanat/result.h"
#include "gateway/trail/trail.h"
#include "policy/base/buffer.h"
#include "policy/base/bytes.h"

#define WITNESS_REQUEST_LIMIT 65536u
#define WITNESS_PROOF_LIMIT   63u
#define WITNESS_SIZE_TYPE     "text/x.tlog.size"

/** A log that a witness knows, and what it has seen of it last. */
struct witness_known {
    struct note_vkey vkey; /* its name is the origin */
    uint64_t size;         /* 0: nothing yet */
    struct trail_digest root;
};

/** What is to be answered. Bytes point into the request. */
struct witness_judgement {
    unsigned status;     /* 200: cosign, after it was remembered; else the answer */
    size_t log;          /* index of the log, of 200, 403, 409 and 422 */
    uint64_t known_size; /* the body of a 409 */
    struct note_checkpoint checkpoint;
    struct bytes text;      /* the checkpoint's signed text */
    struct bytes signature; /* the line with the log's signature, without newline */
};

/** Judges a request against what is known. `note` is working memory (a note is large). */
void witness_judge(struct bytes request, const struct witness_known *logs, size_t count,
                   struct note *note, struct witness_judgement *out);

/** Appends a request; check the buffer afterwards. */
void witness_append_request(struct buffer *buffer, uint64_t old_size,
                            const struct trail_digest *proof, size_t count,
                            struct bytes checkpoint);

/** What a witness's answer means to the log that asked. */
enum witness_reply {
    WITNESS_REPLY_UNUSABLE = 0, /* no sense in it: try again later */
    WITNESS_REPLY_COSIGNED,     /* a valid cosignature of our checkpoint */
    WITNESS_REPLY_KNOWS_OTHER,  /* it has seen another size, not larger than ours: prove from there
                                 */
    WITNESS_REPLY_AHEAD,        /* it has seen more of us than there is: we were rolled back */
    WITNESS_REPLY_FORKED,       /* our tree is not what it has seen */
    WITNESS_REPLY_CONFIGURATION /* it does not know us, or our key */
};

struct witness_answer_read {
    enum witness_reply reply;
    uint64_t known_size;    /* of KNOWS_OTHER and AHEAD */
    uint64_t time;          /* of COSIGNED, seconds since 1970 */
    struct bytes signature; /* of COSIGNED: the line with its newline, in the body */
};

/** Reads the answer to a checkpoint of `size` whose text is `text`, sent with `old_size`. */
void witness_read_answer(unsigned status, struct bytes body, struct bytes text, uint64_t old_size,
                         uint64_t size, const struct note_vkey *witness,
                         struct witness_answer_read *out);

#endif
