/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owner of the segment that is being written. It builds a batch (header, chain link and leaf hash
 * of each line), writes it with one call on an O_DSYNC descriptor, and moves its position only when
 * that call has returned whole. A file on which a write failed is poisoned: never written again,
 * cut at its last good byte before the next one opens (trail.md 4.4). Belongs to the trail thread.
 * Inside this folder only.
 */
#ifndef AMANAT_GATEWAY_TRAIL_TRAIL_WRITER_H
#define AMANAT_GATEWAY_TRAIL_TRAIL_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "amanat/result.h"
#include "gateway/runtime/runtime.h"
#include "gateway/trail/trail_entry.h"
#include "gateway/trail/trail_layout.h"
#include "policy/base/buffer.h"

/** The most bytes of one batch: bounds memory, and how long one write lasts. */
#define TRAIL_BATCH_LIMIT (4u << 20)

/** Where the trail ends. */
struct trail_position {
    uint64_t size;                /* entries; the next _seq */
    uint64_t commit;              /* the last _tx; the next is one more */
    int64_t time;                 /* of the last entry */
    struct trail_digest previous; /* chain link for the next entry */
    uint64_t segment_first;       /* of the segment that is written */
    uint64_t segment_offset;      /* its length */
};

struct trail_writer {
    const struct files *files;
    const char *folder;
    uint64_t segment_entries;

    int file;                 /* -1: no segment is open */
    struct trail_position at; /* durable */

    struct trail_position next; /* after the batch that is being built */
    struct buffer batch;
    struct trail_digest *leaves; /* of the batch */
    size_t leaf_count;
    size_t leaf_capacity;

    bool cut_needed; /* the file of at.segment_first, or of at.size, has a bad tail */
    char cut_file[LAYOUT_SEGMENT_SIZE];
    uint64_t cut_offset;

    bool recovering; /* a write failed, and no `recover` entry has told it yet */
    char failed_file[LAYOUT_SEGMENT_SIZE];
    uint64_t failed_offset;
    uint64_t failed_bytes; /* cut off there */
    uint64_t failed_attempts;
};

/** A writer that stands at `at`; files and folder must live as long. */
void trail_writer_init(struct trail_writer *writer, const struct files *files, const char *folder,
                       uint64_t segment_entries, const struct trail_position *at);
void trail_writer_clear(struct trail_writer *writer);

/** Opens the segment to write: the last one if it is not full, else a new one. 0 or a negative
 * errno. */
int trail_writer_open(struct trail_writer *writer);

/** Starts a batch. `now` is the clock's time; entries' times never go back. */
void trail_writer_begin(struct trail_writer *writer, int64_t now);

/** Whether another line of `length` bytes has room in this batch and this segment. */
bool trail_writer_has_room(const struct trail_writer *writer, size_t length);

/** Adds one serialised entry (an object without newline). MEMORY, LIMIT: the batch is as it was
 * before. */
AMANAT_MUST_CHECK amanat_result trail_writer_add(struct trail_writer *writer, struct bytes body);

/** Writes the batch. 0 when it is durable, else a negative errno and the file is poisoned. */
int trail_writer_commit(struct trail_writer *writer);

/** Whether the segment is full; then trail_writer_rotate closes it and opens the next. 0 or a
 * negative errno. */
bool trail_writer_is_full(const struct trail_writer *writer);
int trail_writer_rotate(struct trail_writer *writer);

/** After a failure: cuts the poisoned file and opens a new segment. 0 or a negative errno. */
int trail_writer_repair(struct trail_writer *writer);

#endif
