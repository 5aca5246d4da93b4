/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signing checkpoints (trail.md 3). The order floor → sign → log → checkpoint means: whatever was
 * ever signed is covered by a floor that was durable before, so that a crash at any place cannot
 * lead to a second root for one size.
 */
#include "gateway/trail/trail_checkpoint.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/trail/trail_layout.h"
#include "gateway/trail/trail_tree.h"
#include "policy/base/guard.h"

static amanat_result report(struct amanat_diagnostics *diagnostics, const char *source,
                            enum amanat_status status, const char *text)
{
    amanat_diagnostics_add(diagnostics, AMANAT_SEVERITY_ERROR, "trail-checkpoint", source, 0, 0,
                           "%s", text);
    return amanat_result_of(status);
}

/* Reads a whole small file; OK with no bytes when it is not there. */
static amanat_result read_optional(const struct files *files, const char *path, struct buffer *out,
                                   bool *out_there)
{
    int failure = 0;
    const amanat_result result = files_read_whole(files, path, out, &failure);

    *out_there = amanat_is_ok(result);
    return failure == ENOENT ? AMANAT_OK : result;
}

static amanat_result load_floor(struct checkpoint_store *store,
                                struct amanat_diagnostics *diagnostics)
{
    struct buffer held;
    struct note_checkpoint floor;
    bool there = false;

    buffer_init(&held, NOTE_CHECKPOINT_LIMIT);
    amanat_result result = read_optional(store->files, store->floor_path, &held, &there);
    if (!amanat_is_ok(result)) {
        result = report(diagnostics, store->floor_path, result.status, "cannot read the floor");
    } else if (there) {
        if (!amanat_is_ok(note_parse_checkpoint(buffer_bytes(&held), &floor)) ||
            !bytes_equal_string(floor.origin, store->origin)) {
            result = report(diagnostics, store->floor_path, AMANAT_STATUS_CORRUPT,
                            "this is no floor of this log");
        } else {
            store->has_floor = true;
            store->floor = (struct checkpoint_head){floor.size, floor.root};
        }
    }
    buffer_clear(&held);
    return result;
}

/* Reads one note that must be ours. */
static amanat_result read_own_note(const struct checkpoint_store *store, struct bytes text,
                                   struct checkpoint_head *out)
{
    struct note *note = malloc(sizeof(*note));
    struct note_checkpoint checkpoint;

    TRY_MEMORY(note);
    amanat_result result = note_parse(text, note);
    if (amanat_is_ok(result)) {
        result = note_parse_checkpoint(note->text, &checkpoint);
    }
    if (amanat_is_ok(result) && (!bytes_equal_string(checkpoint.origin, store->origin) ||
                                 !note_is_signed_by(note, &store->vkey, NULL))) {
        result = amanat_result_of(AMANAT_STATUS_CORRUPT);
    }
    if (amanat_is_ok(result)) {
        *out = (struct checkpoint_head){checkpoint.size, checkpoint.root};
    }
    free(note);
    return result;
}

static amanat_result load_checkpoint(struct checkpoint_store *store,
                                     struct amanat_diagnostics *diagnostics)
{
    char path[LAYOUT_PATH_SIZE];
    bool there = false;

    layout_path(store->folder, "checkpoint", path);
    amanat_result result = read_optional(store->files, path, &store->note, &there);
    if (!amanat_is_ok(result)) {
        return report(diagnostics, path, result.status, "cannot read the checkpoint");
    }
    if (!there) {
        return AMANAT_OK;
    }
    if (!amanat_is_ok(read_own_note(store, buffer_bytes(&store->note), &store->newest))) {
        return report(diagnostics, path, AMANAT_STATUS_CORRUPT,
                      "this is no checkpoint that this log's key signed");
    }
    store->has_signed = true;
    return AMANAT_OK;
}

/* The last whole note of the log: the text after the newline that ends the note before it. A note
 * of ours has five lines. */
static struct bytes find_last_note(struct bytes log, size_t *out_whole)
{
    unsigned lines = 0;
    size_t starts[5] = {0};
    size_t begin = 0;
    struct bytes last = {0};

    *out_whole = 0;
    for (size_t i = 0; i < log.length; i++) {
        if (log.at[i] != '\n') {
            continue;
        }
        starts[lines % 5] = begin;
        begin = i + 1;
        lines += 1;
        if (lines % 5 == 0) {
            last = bytes_of(log.at + starts[0], begin - starts[0]);
            *out_whole = begin;
        }
    }
    return last;
}

/* The log may be long: only its end is read, from a place where a note begins. Each begins with the
 * origin's line and has the same form, so the first "\n\n" in the window leads to one. */
static amanat_result read_log_end(struct checkpoint_store *store, const char *path, uint64_t size,
                                  struct buffer *out, uint64_t *out_start)
{
    char window[8 * NOTE_CHECKPOINT_LIMIT];
    const uint64_t offset = size > sizeof(window) ? size - sizeof(window) : 0;
    const int file = store->files->open(store->files->context, path, FILES_READ);
    size_t length = 0;
    size_t start = 0;

    if (file < 0) {
        return amanat_result_of(AMANAT_STATUS_IO);
    }
    int64_t taken = 0;
    do {
        taken = store->files->read_at(store->files->context, file, window + length,
                                      sizeof(window) - length, offset + length);
        length += taken > 0 ? (size_t)taken : 0;
    } while (taken > 0 && length < sizeof(window));
    (void)store->files->close(store->files->context, file);
    if (taken < 0) {
        return amanat_result_of(AMANAT_STATUS_IO);
    }
    if (offset > 0) {
        /* The empty line stands before a signature line, and after that the next note begins. */
        while (start + 1 < length && !(window[start] == '\n' && window[start + 1] == '\n')) {
            start += 1;
        }
        start += 2;
        while (start < length && window[start] != '\n') {
            start += 1;
        }
        start += 1;
        if (start >= length) {
            return amanat_result_of(AMANAT_STATUS_CORRUPT);
        }
    }
    *out_start = offset + start;
    buffer_append(out, bytes_of(window + start, length - start));
    return buffer_check(out);
}

static int cut_log(const struct checkpoint_store *store, const char *path, uint64_t size)
{
    const int file = store->files->open(store->files->context, path, FILES_UPDATE);
    int result = file;

    if (file >= 0) {
        result = store->files->truncate(store->files->context, file, size);
        if (result >= 0) {
            result = store->files->sync(store->files->context, file);
        }
        (void)store->files->close(store->files->context, file);
    }
    return result;
}

/* Takes what the log's last note says into account: it may be newer than `checkpoint` by one crash.
 */
static amanat_result take_log_end(struct checkpoint_store *store, const char *path,
                                  struct bytes held, uint64_t start, uint64_t size,
                                  struct amanat_diagnostics *diagnostics)
{
    struct checkpoint_head last = {0};
    char checkpoint_path[LAYOUT_PATH_SIZE];
    size_t whole = 0;
    const struct bytes note = find_last_note(held, &whole);

    store->log_size = start + whole;
    if (store->log_size < size && cut_log(store, path, store->log_size) < 0) {
        return report(diagnostics, path, AMANAT_STATUS_IO, "cannot cut a torn last checkpoint");
    }
    if (note.length == 0) {
        return store->has_signed ? report(diagnostics, path, AMANAT_STATUS_CORRUPT,
                                          "the log of checkpoints lacks the newest")
                                 : AMANAT_OK;
    }
    if (!amanat_is_ok(read_own_note(store, note, &last))) {
        return report(diagnostics, path, AMANAT_STATUS_CORRUPT,
                      "the last checkpoint is none that this log's key signed");
    }
    if (store->has_signed &&
        (last.size < store->newest.size || (last.size == store->newest.size &&
                                            !tree_digest_equal(&last.root, &store->newest.root)))) {
        return report(diagnostics, path, AMANAT_STATUS_CORRUPT,
                      "the log of checkpoints and the newest checkpoint disagree");
    }
    store->has_signed = true;
    store->newest = last;
    if (bytes_equal(buffer_bytes(&store->note), note)) {
        return AMANAT_OK;
    }
    buffer_reset(&store->note);
    buffer_append(&store->note, note);
    TRY(buffer_check(&store->note));
    layout_path(store->folder, "checkpoint", checkpoint_path);
    return files_replace_durably(store->files, checkpoint_path, note) < 0
               ? report(diagnostics, checkpoint_path, AMANAT_STATUS_IO,
                        "cannot publish the checkpoint that was signed last")
               : AMANAT_OK;
}

static amanat_result load_log(struct checkpoint_store *store,
                              struct amanat_diagnostics *diagnostics)
{
    char path[LAYOUT_PATH_SIZE];
    struct files_status status;
    struct buffer held;
    uint64_t start = 0;

    layout_path(store->folder, "checkpoint.log", path);
    const int found = store->files->status(store->files->context, path, &status);
    if (found == -ENOENT) {
        return store->has_signed ? report(diagnostics, path, AMANAT_STATUS_CORRUPT,
                                          "the log of checkpoints is missing")
                                 : AMANAT_OK;
    }
    buffer_init(&held, 16 * NOTE_CHECKPOINT_LIMIT);
    amanat_result result = found < 0 ? amanat_result_of(AMANAT_STATUS_IO)
                                     : read_log_end(store, path, status.size, &held, &start);
    if (amanat_is_ok(result)) {
        result = take_log_end(store, path, buffer_bytes(&held), start, status.size, diagnostics);
    } else {
        result = report(diagnostics, path, result.status, "cannot read the log of checkpoints");
    }
    buffer_clear(&held);
    return result;
}

amanat_result checkpoint_store_load(struct checkpoint_store *store,
                                    struct amanat_diagnostics *diagnostics)
{
    buffer_init(&store->note, NOTE_CHECKPOINT_LIMIT);
    TRY(load_floor(store, diagnostics));
    TRY(load_checkpoint(store, diagnostics));
    TRY(load_log(store, diagnostics));
    if (store->has_signed && (!store->has_floor || store->floor.size < store->newest.size ||
                              (store->floor.size == store->newest.size &&
                               !tree_digest_equal(&store->floor.root, &store->newest.root)))) {
        return report(diagnostics, store->floor_path, AMANAT_STATUS_CORRUPT,
                      "the floor lies below the newest checkpoint: one of them was rolled back");
    }
    return AMANAT_OK;
}

void checkpoint_store_clear(struct checkpoint_store *store)
{
    buffer_clear(&store->note);
}

static amanat_result write_floor(struct checkpoint_store *store, struct bytes text,
                                 const struct checkpoint_head *head)
{
    if (store->has_floor && store->floor.size == head->size) {
        return AMANAT_OK;
    }
    if (files_replace_durably(store->files, store->floor_path, text) < 0) {
        return amanat_result_of(AMANAT_STATUS_IO);
    }
    store->has_floor = true;
    store->floor = *head;
    return AMANAT_OK;
}

/* Appends to checkpoint.log at the last whole byte, so that what a failed append left is written
 * over. */
static int append_log(struct checkpoint_store *store, struct bytes note)
{
    char path[LAYOUT_PATH_SIZE];
    const struct files *files = store->files;

    layout_path(store->folder, "checkpoint.log", path);
    int file = files->open(files->context, path, FILES_UPDATE);
    const bool is_new = file == -ENOENT;
    if (is_new) {
        file = files->open(files->context, path, FILES_CREATE);
    }
    if (file < 0) {
        return file;
    }
    int result = files->truncate(files->context, file, store->log_size);
    if (result >= 0) {
        result = files_write_all(files, file, note, store->log_size);
    }
    if (result >= 0) {
        result = files->sync(files->context, file);
    }
    const int closed = files->close(files->context, file);
    result = result < 0 ? result : closed;
    if (result >= 0 && is_new) {
        result = files->sync_folder(files->context, store->folder);
    }
    if (result >= 0) {
        store->log_size += note.length;
    }
    return result;
}

static amanat_result store_note(struct checkpoint_store *store, struct bytes text,
                                const struct checkpoint_head *head)
{
    char path[LAYOUT_PATH_SIZE];
    struct buffer note;

    buffer_init(&note, NOTE_CHECKPOINT_LIMIT);
    amanat_result result = note_sign(text, bytes_of_string(store->origin), store->key, &note);
    layout_path(store->folder, "checkpoint", path);
    if (amanat_is_ok(result) && append_log(store, buffer_bytes(&note)) < 0) {
        result = amanat_result_of(AMANAT_STATUS_IO);
    }
    if (amanat_is_ok(result) &&
        files_replace_durably(store->files, path, buffer_bytes(&note)) < 0) {
        result = amanat_result_of(AMANAT_STATUS_IO);
    }
    if (amanat_is_ok(result)) {
        store->has_signed = true;
        store->newest = *head;
        buffer_reset(&store->note);
        buffer_append(&store->note, buffer_bytes(&note));
        result = buffer_check(&store->note);
    }
    buffer_clear(&note);
    return result;
}

amanat_result checkpoint_store_sign(struct checkpoint_store *store,
                                    const struct checkpoint_head *head)
{
    const struct note_checkpoint checkpoint = {
        .origin = bytes_of_string(store->origin), .size = head->size, .root = head->root};
    struct buffer text;

    if (store->has_floor &&
        (head->size < store->floor.size || (head->size == store->floor.size &&
                                            !tree_digest_equal(&head->root, &store->floor.root)))) {
        return amanat_result_of(AMANAT_STATUS_CORRUPT);
    }
    buffer_init(&text, NOTE_CHECKPOINT_LIMIT);
    note_append_checkpoint(&text, &checkpoint);
    amanat_result result = buffer_check(&text);
    if (amanat_is_ok(result)) {
        result = write_floor(store, buffer_bytes(&text), head);
    }
    if (amanat_is_ok(result)) {
        result = store_note(store, buffer_bytes(&text), head);
    }
    buffer_clear(&text);
    return result;
}
