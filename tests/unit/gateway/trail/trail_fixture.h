/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What tests of the trail share: a key, a clock that stands still, chance that repeats, lines to
 * submit, and a disk in memory (struct disk) that records every operation, fails on demand, fills
 * up, and gives the images that a crash after any operation could leave.
 */
#ifndef AMANAT_TESTS_UNIT_GATEWAY_TRAIL_TRAIL_FIXTURE_H
#define AMANAT_TESTS_UNIT_GATEWAY_TRAIL_TRAIL_FIXTURE_H

#include <openssl/evp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/runtime/runtime.h"
#include "gateway/trail/trail.h"
#include "policy/base/base.h"

#define FIXTURE_ORIGIN "audit.example/test-1"
#define FIXTURE_FOLDER "/trail"

/* ---- the disk ---- */

struct disk;

struct disk *disk_new(void);
void disk_free(struct disk *disk);
const struct files *disk_files(struct disk *disk);

/** How many operations that change something were asked for. */
size_t disk_operations(struct disk *disk);
/** The operation with this number (from 0) and `count - 1` after it fail with `error`; a failing
 * write leaves half. */
void disk_fail(struct disk *disk, size_t first, size_t count, int error);
/** The most bytes that all files may hold together; writes beyond it are short or -ENOSPC. */
void disk_limit(struct disk *disk, size_t bytes);
size_t disk_used(const struct disk *disk);

enum disk_crash {
    DISK_CRASH_DROP = 0, /* everything that was not synced is gone */
    DISK_CRASH_KEEP,     /* everything is there, synced or not */
    DISK_CRASH_TORN /* of what was not synced, sectors of 512 bytes and names are there or not, by
                       chance */
};
/** The disk as it may be after a crash while operation `operations` (counted from 1; 0 = before
 * any) was under way. */
struct disk *disk_after_crash(const struct disk *disk, size_t operations, enum disk_crash crash,
                              unsigned seed);

/** Direct access for tampering: the file's bytes, NULL when it is not there. */
char *disk_file(struct disk *disk, const char *path, size_t *out_size);
void disk_put(struct disk *disk, const char *path, const char *bytes, size_t size);
void disk_remove(struct disk *disk, const char *path);
/** Paths of all files, in no order; false beyond the last. */
bool disk_path(const struct disk *disk, size_t index, const char **out);
/** A copy of what is there now, without history. */
struct disk *disk_copy(const struct disk *disk);
/** Writes all of it into a folder of the real file system. */
void disk_export(const struct disk *disk, const char *folder);

/* ---- the world of a trail ---- */

struct fixture {
    struct runtime_clock_fake clock;
    struct runtime_random_fake random;
    EVP_PKEY *key;
    struct note_vkey vkey;
    struct trail_options options;
    unsigned alarms[8];
};

/** A world whose trail lies on `disk`; the clock stands at 2026-11-22T08:35:50Z. */
void fixture_init(struct fixture *fixture, struct disk *disk);
void fixture_clear(struct fixture *fixture);

/** Opens, and fails the test with the diagnostics' text when that does not work. */
struct trail *fixture_open(struct fixture *fixture);

/** Appends one access entry by `partner`, number `number`, that disclosed something. */
void fixture_append_access(struct buffer *lines, const char *partner, unsigned number,
                           size_t subjects);

/** Submits one access; `done` may be NULL. */
amanat_result fixture_submit(struct trail *trail, unsigned number, enum trail_class class,
                             trail_done_fn done, void *context);

/** Verifies the trail on a disk with the fixture's key pinned. */
amanat_result fixture_verify(const struct fixture *fixture, struct disk *disk,
                             struct trail_report *out);

#endif
