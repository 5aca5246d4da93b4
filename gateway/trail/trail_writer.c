/* SPDX-License-Identifier: Apache-2.0 */
/* Owner of the segment that is being written: batches, rotation, and what follows a failed write.
 */
#include "gateway/trail/trail_writer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/trail/trail_tree.h"
#include "policy/base/guard.h"

void trail_writer_init(struct trail_writer *writer, const struct files *files, const char *folder,
                       uint64_t segment_entries, const struct trail_position *at)
{
    memset(writer, 0, sizeof(*writer));
    writer->files = files;
    writer->folder = folder;
    writer->segment_entries = segment_entries;
    writer->file = -1;
    writer->at = *at;
    writer->next = *at;
    buffer_init(&writer->batch, TRAIL_BATCH_LIMIT);
}

static void close_file(struct trail_writer *writer)
{
    if (writer->file >= 0) {
        (void)writer->files->close(writer->files->context, writer->file);
        writer->file = -1;
    }
}

void trail_writer_clear(struct trail_writer *writer)
{
    close_file(writer);
    buffer_clear(&writer->batch);
    free(writer->leaves);
    writer->leaves = NULL;
}

/* The first sequence number after `at` that begins a new full tile of segment_entries. */
static uint64_t seal_at(const struct trail_writer *writer)
{
    return (writer->at.segment_first / writer->segment_entries + 1) * writer->segment_entries;
}

bool trail_writer_is_full(const struct trail_writer *writer)
{
    return writer->at.size >= seal_at(writer);
}

/* Makes the segment that begins with the next entry. */
static int create_segment(struct trail_writer *writer)
{
    char name[LAYOUT_SEGMENT_SIZE];
    char path[LAYOUT_PATH_SIZE];
    char folder[LAYOUT_PATH_SIZE];

    layout_segment_name(writer->at.size, name);
    layout_path(writer->folder, name, path);
    layout_path(writer->folder, "segments", folder);
    const int file = writer->files->open(writer->files->context, path, FILES_CREATE_SYNCED);
    if (file < 0) {
        if (file == -EEXIST) {
            /* Left by an attempt that failed half-way; nothing in it was ever acknowledged. */
            writer->cut_needed = true;
            memcpy(writer->cut_file, name, sizeof(writer->cut_file));
            writer->cut_offset = 0;
        }
        return file;
    }
    const int synced = writer->files->sync_folder(writer->files->context, folder);
    if (synced < 0) {
        (void)writer->files->close(writer->files->context, file);
        (void)writer->files->unlink(writer->files->context, path);
        return synced;
    }
    writer->file = file;
    writer->at.segment_first = writer->at.size;
    writer->at.segment_offset = 0;
    writer->next = writer->at;
    return 0;
}

int trail_writer_open(struct trail_writer *writer)
{
    char name[LAYOUT_SEGMENT_SIZE];
    char path[LAYOUT_PATH_SIZE];
    struct files_status status;

    layout_segment_name(writer->at.segment_first, name);
    layout_path(writer->folder, name, path);
    if (trail_writer_is_full(writer) ||
        writer->files->status(writer->files->context, path, &status) == -ENOENT) {
        return create_segment(writer);
    }
    const int file = writer->files->open(writer->files->context, path, FILES_UPDATE_SYNCED);
    if (file < 0) {
        return file;
    }
    writer->file = file;
    return 0;
}

void trail_writer_begin(struct trail_writer *writer, int64_t now)
{
    buffer_reset(&writer->batch);
    writer->leaf_count = 0;
    writer->next = writer->at;
    writer->next.commit += 1;
    /* The first entry of the batch gets max(clock, last + 1 µs); `time` is always the last entry's.
     */
    writer->next.time = now - 1 > writer->at.time ? now - 1 : writer->at.time;
}

bool trail_writer_has_room(const struct trail_writer *writer, size_t length)
{
    return writer->next.size < seal_at(writer) &&
           writer->batch.length + TRAIL_ENTRY_HEADER_LIMIT + length + 1 <= TRAIL_BATCH_LIMIT;
}

static amanat_result reserve_leaf(struct trail_writer *writer)
{
    if (writer->leaf_count < writer->leaf_capacity) {
        return AMANAT_OK;
    }
    const size_t capacity = writer->leaf_capacity == 0 ? 256 : writer->leaf_capacity * 2;
    struct trail_digest *grown = realloc(writer->leaves, capacity * sizeof(*grown));
    TRY_MEMORY(grown);
    writer->leaves = grown;
    writer->leaf_capacity = capacity;
    return AMANAT_OK;
}

amanat_result trail_writer_add(struct trail_writer *writer, struct bytes body)
{
    const size_t start = writer->batch.length;
    const struct layout_header header = {.previous = writer->next.previous,
                                         .sequence = writer->next.size,
                                         .time = writer->next.time + 1,
                                         .commit = writer->next.commit};

    if (body.length < 2 || body.at[0] != '{' || !trail_writer_has_room(writer, body.length)) {
        return amanat_result_of(AMANAT_STATUS_LIMIT);
    }
    TRY(reserve_leaf(writer));
    layout_append_header(&writer->batch, &header);
    buffer_append(&writer->batch, bytes_from(body, 1));
    const struct bytes line = bytes_from(buffer_bytes(&writer->batch), start);
    if (writer->batch.broken || line.length > TRAIL_ENTRY_LIMIT) {
        buffer_truncate(&writer->batch, start);
        writer->batch.broken = false;
        return amanat_result_of(AMANAT_STATUS_LIMIT);
    }
    tree_hash_leaf(line, &writer->leaves[writer->leaf_count]);
    writer->next.previous = writer->leaves[writer->leaf_count];
    writer->leaf_count += 1;
    buffer_append_byte(&writer->batch, '\n');
    if (writer->batch.broken) {
        buffer_truncate(&writer->batch, start);
        writer->batch.broken = false;
        writer->leaf_count -= 1;
        writer->next.previous = header.previous;
        return amanat_result_of(AMANAT_STATUS_MEMORY);
    }
    writer->next.size += 1;
    writer->next.time = header.time;
    writer->next.segment_offset += writer->batch.length - start;
    return AMANAT_OK;
}

/* Remembers what must be cut before anything else is opened, and what the `recover` entry will
 * tell. */
static void poison(struct trail_writer *writer)
{
    close_file(writer);
    writer->cut_needed = true;
    layout_segment_name(writer->at.segment_first, writer->cut_file);
    writer->cut_offset = writer->at.segment_offset;
    if (!writer->recovering) {
        writer->recovering = true;
        memcpy(writer->failed_file, writer->cut_file, sizeof(writer->failed_file));
        writer->failed_offset = writer->cut_offset;
        writer->failed_bytes = 0;
        writer->failed_attempts = 0;
    }
    writer->failed_attempts += 1;
}

int trail_writer_commit(struct trail_writer *writer)
{
    ASSERT(writer->file >= 0 && !writer->cut_needed);
    if (writer->leaf_count == 0) {
        return 0;
    }
    const int64_t written =
        writer->files->write_at(writer->files->context, writer->file, writer->batch.at,
                                writer->batch.length, writer->at.segment_offset);
    if (written < 0 || (size_t)written != writer->batch.length) {
        poison(writer);
        /* A short write is how a disk that fills up in the middle says so. */
        return written < 0 ? (int)written : -ENOSPC;
    }
    writer->at = writer->next;
    writer->recovering = false;
    return 0;
}

int trail_writer_rotate(struct trail_writer *writer)
{
    char name[LAYOUT_SEGMENT_SIZE];
    char path[LAYOUT_PATH_SIZE];

    close_file(writer);
    layout_segment_name(writer->at.segment_first, name);
    layout_path(writer->folder, name, path);
    (void)writer->files->protect(writer->files->context, path);
    return create_segment(writer);
}

/* Cuts the poisoned file at its last good byte; one without a good byte is removed. */
static int cut(struct trail_writer *writer)
{
    const struct files *files = writer->files;
    char path[LAYOUT_PATH_SIZE];
    char folder[LAYOUT_PATH_SIZE];
    struct files_status status;

    layout_path(writer->folder, writer->cut_file, path);
    layout_path(writer->folder, "segments", folder);
    int result = files->status(files->context, path, &status);
    if (result == -ENOENT && writer->cut_offset == 0) {
        return files->sync_folder(files->context, folder);
    }
    if (result < 0) {
        return result;
    }
    if (writer->failed_bytes == 0 && strcmp(writer->cut_file, writer->failed_file) == 0 &&
        status.size > writer->cut_offset) {
        writer->failed_bytes = status.size - writer->cut_offset;
    }
    if (writer->cut_offset == 0) {
        result = files->unlink(files->context, path);
        return result < 0 ? result : files->sync_folder(files->context, folder);
    }
    const int file = files->open(files->context, path, FILES_UPDATE);
    if (file < 0) {
        return file;
    }
    result = files->truncate(files->context, file, writer->cut_offset);
    if (result >= 0) {
        result = files->sync(files->context, file);
    }
    const int closed = files->close(files->context, file);
    return result < 0 ? result : closed;
}

int trail_writer_repair(struct trail_writer *writer)
{
    close_file(writer);
    if (writer->cut_needed) {
        const int result = cut(writer);
        if (result < 0) {
            return result;
        }
        writer->cut_needed = false;
    }
    return create_segment(writer);
}
