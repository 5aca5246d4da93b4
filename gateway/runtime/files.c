/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The operating system's file operations behind the table of files.h, and the few sequences that
 * durability needs everywhere: replace a file so that a crash leaves the old or the new one, make a
 * folder that stays.
 */
#include "gateway/runtime/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define FILE_MODE   0640
#define FOLDER_MODE 0750

static int of_call(int result)
{
    return result < 0 ? -errno : result;
}

static int system_open(void *context, const char *path, enum files_mode mode)
{
    static const int flags[] = {
        [FILES_READ] = O_RDONLY,
        [FILES_CREATE] = O_WRONLY | O_CREAT | O_EXCL,
        [FILES_REPLACE] = O_WRONLY | O_CREAT | O_TRUNC,
        [FILES_UPDATE] = O_RDWR,
        [FILES_CREATE_SYNCED] = O_WRONLY | O_CREAT | O_EXCL | O_DSYNC,
        [FILES_UPDATE_SYNCED] = O_RDWR | O_DSYNC,
    };
    struct stat status;

    (void)context;
    /* A pipe that somebody laid in the folder would otherwise hold us until somebody writes. */
    const int file = open(path, flags[mode] | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, FILE_MODE);
    if (file < 0) {
        return -errno;
    }
    if (fstat(file, &status) < 0 || !S_ISREG(status.st_mode)) {
        (void)close(file);
        return -EINVAL;
    }
    return file;
}

static int system_lock(void *context, int file)
{
    (void)context;
    return of_call(flock(file, LOCK_EX | LOCK_NB));
}

static int system_close(void *context, int file)
{
    (void)context;
    return of_call(close(file));
}

static int64_t system_write_at(void *context, int file, const void *bytes, size_t length,
                               uint64_t offset)
{
    /* An iovec cannot say const; pwritev does not write through it. */
    union {
        const void *given;
        void *taken;
    } base = {.given = bytes};
    const struct iovec vector = {.iov_base = base.taken, .iov_len = length};
    ssize_t written = -1;

    (void)context;
    do {
        written = pwritev(file, &vector, 1, (off_t)offset);
    } while (written < 0 && errno == EINTR);
    return written < 0 ? -(int64_t)errno : (int64_t)written;
}

static int64_t system_read_at(void *context, int file, void *bytes, size_t length, uint64_t offset)
{
    ssize_t taken = -1;

    (void)context;
    do {
        taken = pread(file, bytes, length, (off_t)offset);
    } while (taken < 0 && errno == EINTR);
    return taken < 0 ? -(int64_t)errno : (int64_t)taken;
}

static int system_sync(void *context, int file)
{
    (void)context;
    return of_call(fsync(file));
}

static int system_sync_data(void *context, int file)
{
    (void)context;
    return of_call(fdatasync(file));
}

static int system_truncate(void *context, int file, uint64_t length)
{
    (void)context;
    return of_call(ftruncate(file, (off_t)length));
}

static int system_allocate(void *context, int file, uint64_t length)
{
    (void)context;
    return -posix_fallocate(file, 0, (off_t)length);
}

static int system_rename(void *context, const char *from, const char *to)
{
    (void)context;
    return of_call(rename(from, to));
}

static int system_unlink(void *context, const char *path)
{
    (void)context;
    return of_call(unlink(path));
}

static int system_make_folder(void *context, const char *path)
{
    (void)context;
    return of_call(mkdir(path, FOLDER_MODE));
}

static int system_remove_folder(void *context, const char *path)
{
    (void)context;
    return of_call(rmdir(path));
}

static int system_sync_folder(void *context, const char *path)
{
    const int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int result = 0;

    (void)context;
    if (folder < 0) {
        return -errno;
    }
    result = of_call(fsync(folder));
    (void)close(folder);
    return result;
}

static int system_protect(void *context, const char *path)
{
    (void)context;
    return of_call(chmod(path, FILE_MODE & ~0222));
}

static int system_status(void *context, const char *path, struct files_status *out)
{
    struct stat status;

    (void)context;
    if (stat(path, &status) < 0) {
        return -errno;
    }
    *out = (struct files_status){.is_folder = S_ISDIR(status.st_mode),
                                 .size = (uint64_t)status.st_size};
    return 0;
}

static int system_list(void *context, const char *path, files_name_fn each, void *each_context)
{
    DIR *folder = opendir(path);
    const struct dirent *entry = NULL;

    (void)context;
    if (folder == NULL) {
        return -errno;
    }
    errno = 0;
    while ((entry = readdir(folder)) != NULL) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            each(each_context, entry->d_name);
        }
        errno = 0;
    }
    const int failure = errno;
    (void)closedir(folder);
    return -failure;
}

const struct files *files_system(void)
{
    static const struct files table = {
        .open = system_open,
        .close = system_close,
        .lock = system_lock,
        .write_at = system_write_at,
        .read_at = system_read_at,
        .sync = system_sync,
        .sync_data = system_sync_data,
        .truncate = system_truncate,
        .allocate = system_allocate,
        .rename = system_rename,
        .unlink = system_unlink,
        .make_folder = system_make_folder,
        .remove_folder = system_remove_folder,
        .sync_folder = system_sync_folder,
        .protect = system_protect,
        .status = system_status,
        .list = system_list,
    };
    return &table;
}

static int read_to_end(const struct files *files, int file, struct buffer *out)
{
    char chunk[16384];
    uint64_t offset = 0;

    for (;;) {
        const int64_t taken = files->read_at(files->context, file, chunk, sizeof(chunk), offset);
        if (taken <= 0) {
            return (int)taken;
        }
        buffer_append(out, bytes_of(chunk, (size_t)taken));
        if (out->broken) {
            return -EFBIG;
        }
        offset += (uint64_t)taken;
    }
}

amanat_result files_read_whole(const struct files *files, const char *path, struct buffer *out,
                               int *out_errno)
{
    const int file = files->open(files->context, path, FILES_READ);
    int result = file;

    if (file >= 0) {
        result = read_to_end(files, file, out);
        (void)files->close(files->context, file);
    }
    if (result < 0 && out_errno != NULL) {
        *out_errno = -result;
    }
    if (result == -EFBIG) {
        return amanat_result_of(AMANAT_STATUS_LIMIT);
    }
    return result < 0 ? amanat_result_of(AMANAT_STATUS_IO) : AMANAT_OK;
}

int files_write_all(const struct files *files, int file, struct bytes bytes, uint64_t offset)
{
    size_t done = 0;

    while (done < bytes.length) {
        const int64_t written = files->write_at(files->context, file, bytes.at + done,
                                                bytes.length - done, offset + done);
        if (written < 0) {
            return (int)written;
        }
        if (written == 0) {
            return -EIO;
        }
        done += (size_t)written;
    }
    return 0;
}

bool files_parent(const char *path, char *out, size_t size)
{
    const char *slash = strrchr(path, '/');
    const size_t length = slash == NULL ? 1 : (size_t)(slash - path);

    if (slash == path) {
        path = "/";
    } else if (slash == NULL) {
        path = ".";
    }
    const size_t kept = length == 0 ? 1 : length;
    if (kept >= size) {
        return false;
    }
    memcpy(out, path, kept);
    out[kept] = '\0';
    return true;
}

static int write_temporary(const struct files *files, const char *path, struct bytes bytes)
{
    const int file = files->open(files->context, path, FILES_REPLACE);
    int result = file;

    if (file < 0) {
        return file;
    }
    result = files_write_all(files, file, bytes, 0);
    if (result >= 0) {
        result = files->sync(files->context, file);
    }
    const int closed = files->close(files->context, file);
    return result < 0 ? result : closed;
}

int files_replace_durably(const struct files *files, const char *path, struct bytes bytes)
{
    char temporary[PATH_MAX];
    char folder[PATH_MAX];
    const int length = snprintf(temporary, sizeof(temporary), "%s.tmp", path);

    if (length < 0 || (size_t)length >= sizeof(temporary) ||
        !files_parent(path, folder, sizeof(folder))) {
        return -ENAMETOOLONG;
    }
    int result = write_temporary(files, temporary, bytes);
    if (result >= 0) {
        result = files->rename(files->context, temporary, path);
    }
    if (result < 0) {
        (void)files->unlink(files->context, temporary);
        return result;
    }
    return files->sync_folder(files->context, folder);
}

int files_make_folder_durably(const struct files *files, const char *path)
{
    char parent[PATH_MAX];
    const int result = files->make_folder(files->context, path);

    if (result < 0 && result != -EEXIST) {
        return result;
    }
    if (!files_parent(path, parent, sizeof(parent))) {
        return -ENAMETOOLONG;
    }
    /* Also when it was there: the one who made it may have died before this. */
    return files->sync_folder(files->context, parent);
}
