/* SPDX-License-Identifier: Apache-2.0 */
/* C2SP tlog-witness, both sides, pure. */
#include "gateway/ledger/witness_protocol.h"

#include <string.h>

#include "policy/base/base64.h"

/* ---- the witness's side ---- */

struct request {
    uint64_t old_size;
    struct trail_digest proof[WITNESS_PROOF_LIMIT];
    size_t proof_count;
    struct bytes note;
};

static bool take_line(struct bytes *text, struct bytes *out)
{
    const size_t end = bytes_find(*text, '\n');

    if (end == text->length) {
        return false;
    }
    *out = bytes_first(*text, end);
    *text = bytes_from(*text, end + 1);
    return true;
}

static bool parse_request(struct bytes text, struct request *out)
{
    static const struct bytes prefix = BYTES_INIT("old ");
    struct bytes line;

    if (text.length > WITNESS_REQUEST_LIMIT || !take_line(&text, &line) ||
        !bytes_start_with(line, prefix) ||
        !amanat_is_ok(note_parse_size(bytes_from(line, prefix.length), &out->old_size))) {
        return false;
    }
    for (out->proof_count = 0;; out->proof_count++) {
        if (!take_line(&text, &line)) {
            return false;
        }
        if (line.length == 0) {
            break;
        }
        if (out->proof_count == WITNESS_PROOF_LIMIT ||
            !amanat_is_ok(note_parse_digest(line, &out->proof[out->proof_count]))) {
            return false;
        }
    }
    out->note = text;
    return true;
}

static const struct witness_known *find_log(struct bytes origin, const struct witness_known *logs,
                                            size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (bytes_equal_string(origin, logs[i].vkey.name)) {
            return &logs[i];
        }
    }
    return NULL;
}

/* The line of the note that bears the log's valid signature; no bytes when there is none. */
static struct bytes find_signature(struct bytes whole, const struct note *note,
                                   const struct note_vkey *vkey)
{
    struct bytes lines = bytes_from(whole, note->text.length + 1);
    struct bytes line;

    for (size_t i = 0; i < note->signature_count && take_line(&lines, &line); i++) {
        if (note_signature_is_valid(note->text, &note->signatures[i], vkey, NULL)) {
            return line;
        }
    }
    return bytes_of(NULL, 0);
}

/* Status for a checkpoint that is the log's own. */
static unsigned judge_growth(const struct request *request, const struct witness_known *log,
                             const struct note_checkpoint *checkpoint)
{
    if (request->old_size > checkpoint->size) {
        return 400;
    }
    if (request->old_size != log->size) {
        return 409;
    }
    if (log->size == 0) {
        /* The first one is believed; a proof from nothing proves nothing and must be empty. */
        struct trail_digest empty;
        tree_hash_empty(&empty);
        if (checkpoint->size == 0 && !tree_digest_equal(&checkpoint->root, &empty)) {
            return 422;
        }
        return request->proof_count == 0 ? 200 : 422;
    }
    if (log->size == checkpoint->size) {
        if (!tree_digest_equal(&log->root, &checkpoint->root)) {
            return 409;
        }
        return request->proof_count == 0 ? 200 : 422;
    }
    return tree_consistency_is_valid(log->size, checkpoint->size, &log->root, &checkpoint->root,
                                     request->proof, request->proof_count)
               ? 200
               : 422;
}

void witness_judge(struct bytes text, const struct witness_known *logs, size_t count,
                   struct note *note, struct witness_judgement *out)
{
    struct request request;
    struct witness_judgement judgement = {.status = 400};
    const struct witness_known *log = NULL;

    if (!parse_request(text, &request) || !amanat_is_ok(note_parse(request.note, note)) ||
        !amanat_is_ok(note_parse_checkpoint(note->text, &judgement.checkpoint))) {
        *out = judgement;
        return;
    }
    judgement.text = note->text;
    log = find_log(judgement.checkpoint.origin, logs, count);
    if (log == NULL) {
        judgement.status = 404;
        *out = judgement;
        return;
    }
    judgement.log = (size_t)(log - logs);
    judgement.known_size = log->size;
    judgement.signature = find_signature(request.note, note, &log->vkey);
    judgement.status =
        judgement.signature.length == 0 ? 403 : judge_growth(&request, log, &judgement.checkpoint);
    *out = judgement;
}

/* ---- the log's side ---- */

void witness_append_request(struct buffer *buffer, uint64_t old_size,
                            const struct trail_digest *proof, size_t count, struct bytes checkpoint)
{
    buffer_append_string(buffer, "old ");
    buffer_append_number(buffer, (int64_t)old_size);
    buffer_append_byte(buffer, '\n');
    for (size_t i = 0; i < count; i++) {
        base64_append(buffer, bytes_of((const char *)proof[i].at, sizeof(proof[i].at)));
        buffer_append_byte(buffer, '\n');
    }
    buffer_append_byte(buffer, '\n');
    buffer_append(buffer, checkpoint);
}

static void read_cosignature(struct bytes body, struct bytes text, const struct note_vkey *witness,
                             struct witness_answer_read *out)
{
    struct bytes rest = body;
    struct bytes line;
    struct note_signature signature;

    while (take_line(&rest, &line)) {
        if (amanat_is_ok(note_parse_signature(line, &signature)) &&
            note_signature_is_valid(text, &signature, witness, &out->time)) {
            out->reply = WITNESS_REPLY_COSIGNED;
            out->signature = bytes_of(line.at, line.length + 1);
            return;
        }
    }
}

static void read_conflict(struct bytes body, uint64_t old_size, uint64_t size,
                          struct witness_answer_read *out)
{
    struct bytes line;

    if (!take_line(&body, &line) || body.length != 0 ||
        !amanat_is_ok(note_parse_size(line, &out->known_size))) {
        return;
    }
    if (out->known_size > size) {
        out->reply = WITNESS_REPLY_AHEAD;
    } else if (out->known_size == old_size) {
        /* It has seen the size that we proved from, and still there is a conflict: the roots
         * differ. */
        out->reply = old_size == size ? WITNESS_REPLY_FORKED : WITNESS_REPLY_UNUSABLE;
    } else {
        out->reply = WITNESS_REPLY_KNOWS_OTHER;
    }
}

void witness_read_answer(unsigned status, struct bytes body, struct bytes text, uint64_t old_size,
                         uint64_t size, const struct note_vkey *witness,
                         struct witness_answer_read *out)
{
    struct witness_answer_read answer = {.reply = WITNESS_REPLY_UNUSABLE};

    switch (status) {
    case 200:
        read_cosignature(body, text, witness, &answer);
        break;
    case 409:
        read_conflict(body, old_size, size, &answer);
        break;
    case 422:
        answer.reply = WITNESS_REPLY_FORKED;
        break;
    case 403:
    case 404:
        answer.reply = WITNESS_REPLY_CONFIGURATION;
        break;
    default:
        break;
    }
    *out = answer;
}
