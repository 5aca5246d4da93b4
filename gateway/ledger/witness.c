/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A witness with memory. Order of what it does for one checkpoint, so that a crash at any place
 * never makes it sign back or sign a fork: judge → entry in its own log, durable → state/<origin>,
 * durable → sign → answer. When it starts, the larger of state and log counts.
 *
 *   folder/state/<SHA-256 of the origin, hex>   the newest checkpoint of that log, with its
 *                                               signature
 *   folder/log/                                 a trail: one `cosign` entry per checkpoint
 *   folder/vkey                                 the key for others to verify cosignatures with
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/ledger/ledger.h"
#include "policy/base/base.h"

#define FOLDER_LIMIT 3000u
#define PATH_SIZE    4096u
#define LOG_LIMIT    1024u
#define STATE_LIMIT  8192u
#define ENTRY_NOTE   4096u
#define DEADLINE_MS  2000u

struct witness {
    const struct files *files;
    const struct runtime_clock *clock;
    const struct runtime_random *random;
    char name[NOTE_NAME_LIMIT + 1];
    char folder[FOLDER_LIMIT + 1];
    char vkey[512];
    EVP_PKEY *key;
    struct witness_known *logs;
    size_t log_count;
    struct note *note;
    struct trail *log;
};

static amanat_result report(struct amanat_diagnostics *diagnostics, const char *source,
                            enum amanat_status status, const char *text)
{
    amanat_diagnostics_add(diagnostics, AMANAT_SEVERITY_ERROR, "witness", source, 0, 0, "%s", text);
    return amanat_result_of(status);
}

static void state_path(const struct witness *witness, const char *origin, char out[PATH_SIZE])
{
    struct trail_digest digest;
    char name[2 * sizeof(digest.at) + 1];

    tree_hash_bytes(bytes_of_string(origin), &digest);
    hex_write(bytes_of((const char *)digest.at, sizeof(digest.at)), name);
    (void)snprintf(out, PATH_SIZE, "%s/state/%s", witness->folder, name);
}

/* ---- opening ---- */

static amanat_result load_vkey(struct witness *witness, const char *path,
                               struct amanat_diagnostics *diagnostics, struct note_vkey *out)
{
    struct buffer text;

    buffer_init(&text, 4096);
    amanat_result result = files_read_whole(witness->files, path, &text, NULL);
    if (!amanat_is_ok(result)) {
        result = report(diagnostics, path, AMANAT_STATUS_CONFIG_FAULT,
                        "cannot read this log's verifier key");
    } else if (!amanat_is_ok(note_parse_vkey(buffer_bytes(&text), out)) ||
               out->type != NOTE_TYPE_ED25519) {
        result = report(diagnostics, path, AMANAT_STATUS_CONFIG_FAULT,
                        "this is no verifier key of a log (name+id+base64, type 0x01)");
    }
    buffer_clear(&text);
    return result;
}

static amanat_result take_state(struct witness *witness, struct witness_known *log,
                                struct bytes text)
{
    struct note_checkpoint checkpoint;

    TRY(note_parse(text, witness->note));
    TRY(note_parse_checkpoint(witness->note->text, &checkpoint));
    if (!bytes_equal_string(checkpoint.origin, log->vkey.name) ||
        !note_is_signed_by(witness->note, &log->vkey, NULL)) {
        return amanat_result_of(AMANAT_STATUS_CORRUPT);
    }
    log->size = checkpoint.size;
    log->root = checkpoint.root;
    return AMANAT_OK;
}

static amanat_result load_state(struct witness *witness, struct witness_known *log,
                                struct amanat_diagnostics *diagnostics)
{
    char path[PATH_SIZE];
    struct buffer text;
    int failure = 0;

    state_path(witness, log->vkey.name, path);
    buffer_init(&text, STATE_LIMIT);
    amanat_result result = files_read_whole(witness->files, path, &text, &failure);
    if (failure == ENOENT) {
        result = AMANAT_OK;
    } else if (!amanat_is_ok(result)) {
        result = report(diagnostics, path, result.status, "cannot read what was seen last");
    } else if (!amanat_is_ok(take_state(witness, log, buffer_bytes(&text)))) {
        result = report(diagnostics, path, AMANAT_STATUS_CORRUPT,
                        "what was seen last is no checkpoint that this log's key signed");
    }
    buffer_clear(&text);
    return result;
}

static amanat_result load_logs(struct witness *witness, const struct witness_options *options,
                               struct amanat_diagnostics *diagnostics)
{
    for (size_t i = 0; i < options->log_count; i++) {
        struct witness_known *log = &witness->logs[i];
        TRY(load_vkey(witness, options->logs[i].vkey, diagnostics, &log->vkey));
        for (size_t k = 0; k < i; k++) {
            if (strcmp(witness->logs[k].vkey.name, log->vkey.name) == 0) {
                return report(diagnostics, options->logs[i].vkey, AMANAT_STATUS_CONFIG_FAULT,
                              "this log stands twice");
            }
        }
        TRY(load_state(witness, log, diagnostics));
        witness->log_count = i + 1;
    }
    return AMANAT_OK;
}

/* The walk through the witness's own log, newest first. */
struct recall {
    struct witness *witness;
    bool *found; /* by log */
    size_t missing;
    amanat_result result;
};

static bool recall_entry(void *context, const struct trail_match *match)
{
    struct recall *recall = context;
    const struct document *origin = document_get(match->entry, "origin");
    const struct document *note = document_get(match->entry, "note");

    for (size_t i = 0; match->kind == TRAIL_KIND_COSIGN && i < recall->witness->log_count; i++) {
        struct witness_known *log = &recall->witness->logs[i];
        struct witness_known said = {.vkey = log->vkey};
        if (recall->found[i] || origin == NULL || note == NULL ||
            !document_is_string(origin, log->vkey.name)) {
            continue;
        }
        recall->found[i] = true;
        recall->missing -= 1;
        recall->result = take_state(recall->witness, &said, note->text);
        if (amanat_is_ok(recall->result) && said.size >= log->size) {
            log->size = said.size;
            log->root = said.root;
        }
        break;
    }
    return recall->missing > 0 && amanat_is_ok(recall->result);
}

/* A file of state may be lost, or be an older one from a backup. The log knows too, and the larger
 * of the two counts: a witness that forgets can be made to sign a fork. */
static amanat_result recall_logs(struct witness *witness, struct amanat_diagnostics *diagnostics)
{
    const struct trail_search_options search = {
        .folder = trail_folder(witness->log), .files = witness->files, .all_kinds = true};
    struct recall recall = {.witness = witness,
                            .found = calloc(witness->log_count + 1, sizeof(bool)),
                            .missing = witness->log_count,
                            .result = AMANAT_OK};
    uint64_t damaged = 0;

    TRY_MEMORY(recall.found);
    amanat_result result = AMANAT_OK;
    if (witness->log_count > 0) {
        result = trail_search(&search, recall_entry, &recall, &damaged);
    }
    free(recall.found);
    if (amanat_is_ok(result) && (damaged > 0 || !amanat_is_ok(recall.result))) {
        result = amanat_result_of(AMANAT_STATUS_CORRUPT);
    }
    return amanat_is_ok(result) ? result
                                : report(diagnostics, search.folder, result.status,
                                         "the witness's own log cannot be read back");
}

static amanat_result make_folders(const struct witness *witness,
                                  struct amanat_diagnostics *diagnostics)
{
    char path[PATH_SIZE];

    (void)snprintf(path, sizeof(path), "%s/state", witness->folder);
    int result = files_make_folder_durably(witness->files, witness->folder);
    if (result >= 0) {
        result = files_make_folder_durably(witness->files, path);
    }
    return result < 0 ? report(diagnostics, path, AMANAT_STATUS_IO, "cannot make this folder")
                      : AMANAT_OK;
}

static amanat_result write_vkey(struct witness *witness, struct amanat_diagnostics *diagnostics)
{
    char path[PATH_SIZE];
    struct note_vkey vkey;
    struct buffer text;

    if (!amanat_is_ok(note_vkey_of(bytes_of_string(witness->name), NOTE_TYPE_COSIGNATURE,
                                   witness->key, &vkey))) {
        return report(diagnostics, witness->folder, AMANAT_STATUS_CONFIG_FAULT,
                      "the name or the key of this witness cannot be used: a name without spaces "
                      "and plus signs, a private Ed25519 key");
    }
    buffer_init(&text, sizeof(witness->vkey));
    note_append_vkey(&text, &vkey);
    buffer_append_byte(&text, '\n');
    amanat_result result = buffer_check(&text);
    if (amanat_is_ok(result)) {
        memcpy(witness->vkey, text.at, text.length - 1);
        (void)snprintf(path, sizeof(path), "%s/vkey", witness->folder);
        if (files_replace_durably(witness->files, path, buffer_bytes(&text)) < 0) {
            result = report(diagnostics, path, AMANAT_STATUS_IO, "cannot write this file");
        }
    }
    buffer_clear(&text);
    return result;
}

static amanat_result open_log(struct witness *witness, const struct witness_options *options,
                              struct amanat_diagnostics *diagnostics)
{
    char path[PATH_SIZE];

    (void)snprintf(path, sizeof(path), "%s/log", witness->folder);
    const struct trail_options trail_options = {
        .folder = path,
        .origin = witness->name,
        .key = witness->key,
        .world = options->world,
        .queue_deadline_ms = options->deadline_ms == 0 ? DEADLINE_MS : options->deadline_ms,
        .reserve_bytes = 1u << 20};
    /* This also keeps other processes out, so that nobody changes the state that is read next. */
    return trail_open(&trail_options, diagnostics, &witness->log);
}

static amanat_result open_all(struct witness *witness, const struct witness_options *options,
                              struct amanat_diagnostics *diagnostics)
{
    if (options->log_count > LOG_LIMIT || strlen(options->name) > NOTE_NAME_LIMIT ||
        strlen(options->folder) > FOLDER_LIMIT) {
        return report(diagnostics, options->folder, AMANAT_STATUS_CONFIG_FAULT,
                      "too many logs, or a name that is too long");
    }
    (void)snprintf(witness->name, sizeof(witness->name), "%s", options->name);
    (void)snprintf(witness->folder, sizeof(witness->folder), "%s", options->folder);
    witness->key = EVP_PKEY_up_ref(options->key) == 1 ? options->key : NULL;
    witness->logs = calloc(options->log_count + 1, sizeof(*witness->logs));
    witness->note = calloc(1, sizeof(*witness->note));
    if (witness->logs == NULL || witness->note == NULL) {
        return amanat_result_of(AMANAT_STATUS_MEMORY);
    }
    TRY(make_folders(witness, diagnostics));
    TRY(write_vkey(witness, diagnostics));
    TRY(open_log(witness, options, diagnostics));
    TRY(load_logs(witness, options, diagnostics));
    TRY(recall_logs(witness, diagnostics));
    return trail_start(witness->log);
}

amanat_result witness_open(const struct witness_options *options,
                           struct amanat_diagnostics *diagnostics, struct witness **out)
{
    const struct trail_world *world = &options->world;
    struct witness *witness = calloc(1, sizeof(*witness));

    TRY_MEMORY(witness);
    witness->files = world->files == NULL ? files_system() : world->files;
    witness->clock = world->clock == NULL ? runtime_clock_real() : world->clock;
    witness->random = world->random == NULL ? runtime_random_real() : world->random;
    const amanat_result result = open_all(witness, options, diagnostics);
    if (!amanat_is_ok(result)) {
        witness_close(witness);
        return result;
    }
    *out = witness;
    return AMANAT_OK;
}

void witness_close(struct witness *witness)
{
    if (witness != NULL) {
        trail_close(witness->log);
        EVP_PKEY_free(witness->key);
        free(witness->logs);
        free(witness->note);
        free(witness);
    }
}

const char *witness_vkey(const struct witness *witness)
{
    return witness->vkey;
}

/* ---- answering ---- */

static amanat_result log_checkpoint(struct witness *witness,
                                    const struct witness_judgement *judgement, struct bytes note)
{
    const struct trail_cosign cosign = {.origin = judgement->checkpoint.origin,
                                        .size = judgement->checkpoint.size,
                                        .root = judgement->checkpoint.root,
                                        .note = note};
    struct trail_salt salt;
    struct buffer line;

    TRY(runtime_random_fill(witness->random, salt.at, sizeof(salt.at)));
    buffer_init(&line, TRAIL_ENTRY_LIMIT);
    amanat_result result = trail_entry_append_cosign(&line, &cosign, &salt);
    if (amanat_is_ok(result)) {
        const struct trail_submission submission = {.class = TRAIL_CLASS_OTHER,
                                                    .lines = buffer_bytes(&line)};
        result = trail_submit_and_wait(witness->log, &submission, NULL);
    }
    buffer_clear(&line);
    return result;
}

/* Everything that must be durable before a signature exists. */
static amanat_result remember(struct witness *witness, const struct witness_judgement *judgement)
{
    struct witness_known *log = &witness->logs[judgement->log];
    char path[PATH_SIZE];
    struct buffer note;

    buffer_init(&note, ENTRY_NOTE);
    buffer_append(&note, judgement->text);
    buffer_append_byte(&note, '\n');
    buffer_append(&note, judgement->signature);
    buffer_append_byte(&note, '\n');
    amanat_result result = buffer_check(&note);
    if (amanat_is_ok(result) &&
        (log->size != judgement->checkpoint.size || judgement->checkpoint.size == 0)) {
        result = log_checkpoint(witness, judgement, buffer_bytes(&note));
        state_path(witness, log->vkey.name, path);
        if (amanat_is_ok(result) &&
            files_replace_durably(witness->files, path, buffer_bytes(&note)) < 0) {
            result = amanat_result_of(AMANAT_STATUS_IO);
        }
    }
    if (amanat_is_ok(result)) {
        log->size = judgement->checkpoint.size;
        log->root = judgement->checkpoint.root;
    }
    buffer_clear(&note);
    return result;
}

static void cosign(struct witness *witness, const struct witness_judgement *judgement,
                   struct witness_answer *out)
{
    const uint64_t now = (uint64_t)(runtime_clock_wall(witness->clock) / RUNTIME_SECOND);

    if (!amanat_is_ok(remember(witness, judgement)) ||
        !amanat_is_ok(note_cosign(judgement->text, bytes_of_string(witness->name), witness->key,
                                  now, &out->body))) {
        buffer_reset(&out->body);
        out->status = 503;
        return;
    }
    out->media_type = "text/plain; charset=utf-8";
}

void witness_add_checkpoint(struct witness *witness, struct bytes request,
                            struct witness_answer *out)
{
    struct witness_judgement judgement;

    witness_judge(request, witness->logs, witness->log_count, witness->note, &judgement);
    out->status = judgement.status;
    out->media_type = NULL;
    if (judgement.status == 200) {
        cosign(witness, &judgement, out);
    } else if (judgement.status == 409) {
        out->media_type = WITNESS_SIZE_TYPE;
        buffer_append_number(&out->body, (int64_t)judgement.known_size);
        buffer_append_byte(&out->body, '\n');
    }
}
