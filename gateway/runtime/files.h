/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The file operations that the trail and the ledger stand on, as a table, so that tests can fail
 * the n-th operation or record all of them and replay what a crash would have left.
 *
 * Every operation gives 0 or more, or a negative errno. Nothing else in gateway/trail and
 * gateway/ledger touches a file.
 */
#ifndef AMANAT_GATEWAY_RUNTIME_FILES_H
#define AMANAT_GATEWAY_RUNTIME_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "amanat/result.h"
#include "policy/base/buffer.h"
#include "policy/base/bytes.h"

/** How a file is opened. */
enum files_mode {
    FILES_READ = 0,      /* must be there */
    FILES_CREATE,        /* for writing; must not be there */
    FILES_REPLACE,       /* for writing; made or emptied */
    FILES_UPDATE,        /* for reading and writing; must be there */
    FILES_CREATE_SYNCED, /* as CREATE, and every write returns when it is durable (O_DSYNC) */
    FILES_UPDATE_SYNCED  /* as UPDATE, likewise */
};

struct files_status {
    bool is_folder;
    uint64_t size;
};

typedef void (*files_name_fn)(void *context, const char *name);

struct files {
    void *context;
    /**
     * Regular files only; a link, a pipe or a device is refused, and nothing here waits for one.
     */
    int (*open)(void *context, const char *path, enum files_mode mode);
    int (*close)(void *context, int file);
    /** Until it is closed nobody else, in whatever process, gets this lock: -EWOULDBLOCK. */
    int (*lock)(void *context, int file);
    /** May write or read less than asked for; what counts is what it says. */
    int64_t (*write_at)(void *context, int file, const void *bytes, size_t length, uint64_t offset);
    int64_t (*read_at)(void *context, int file, void *bytes, size_t length, uint64_t offset);
    int (*sync)(void *context, int file);      /* fsync */
    int (*sync_data)(void *context, int file); /* fdatasync */
    int (*truncate)(void *context, int file, uint64_t length);
    int (*allocate)(void *context, int file, uint64_t length); /* real blocks up to `length` */
    int (*rename)(void *context, const char *from, const char *to);
    int (*unlink)(void *context, const char *path);
    int (*make_folder)(void *context, const char *path); /* -EEXIST when it is there */
    int (*remove_folder)(void *context, const char *path);
    int (*sync_folder)(void *context, const char *path);
    int (*protect)(void *context, const char *path); /* nobody may write it any more */
    int (*status)(void *context, const char *path, struct files_status *out);
    /** Calls `each` with every name but . and .., in no order. */
    int (*list)(void *context, const char *path, files_name_fn each, void *each_context);
};

/** The operating system's; static storage. Files are made with mode 0640, folders with 0750. */
const struct files *files_system(void);

/**
 * Appends a whole file to `out`. LIMIT when it is longer than the buffer may grow, IO otherwise;
 * `*out_errno` (may be NULL) is the positive errno, ENOENT when it is not there.
 */
AMANAT_MUST_CHECK amanat_result files_read_whole(const struct files *files, const char *path,
                                                 struct buffer *out, int *out_errno);

/**
 * Writes all of `bytes` at `offset`; 0 or a negative errno. A write that does not advance is -EIO.
 */
int files_write_all(const struct files *files, int file, struct bytes bytes, uint64_t offset);

/**
 * Puts a file of these bytes at `path`: temporary file beside it (`path`.tmp), fsync, rename, fsync
 * of the folder. After a crash either the old or the new file is there, whole. 0 or a negative
 * errno.
 */
int files_replace_durably(const struct files *files, const char *path, struct bytes bytes);

/** Makes a folder, and durable in its parent; one that is there is fine. 0 or a negative errno. */
int files_make_folder_durably(const struct files *files, const char *path);

/** The folder part of a path, "." when it has none; false when `size` is too small. */
bool files_parent(const char *path, char *out, size_t size);

#endif
