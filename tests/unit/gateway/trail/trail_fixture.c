/* SPDX-License-Identifier: Apache-2.0 */
/* The shared world of the trail's tests: see trail_fixture.h. */
#include "tests/unit/gateway/trail/trail_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
/* cmocka.h needs the above before it */
#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/trail/trail_private.h"

#define NAME_SIZE 256u
#define SECTOR    512u

/* ---- the disk: files by number, names, and the record of what was done ---- */

struct node {
    char *data;
    size_t size;
    size_t capacity;
    bool is_synced; /* opened for writes that are durable when they return */
};

struct name {
    char path[NAME_SIZE];
    size_t node; /* FOLDER for folders */
};

#define FOLDER SIZE_MAX

enum operation_kind {
    OPERATION_WRITE = 0,
    OPERATION_TRUNCATE,
    OPERATION_SYNC,
    OPERATION_CREATE,
    OPERATION_FOLDER,
    OPERATION_RENAME,
    OPERATION_UNLINK,
    OPERATION_SYNC_FOLDER
};

struct operation {
    enum operation_kind kind;
    bool is_synced;
    size_t node;
    uint64_t offset; /* or new size */
    char *data;
    size_t length;
    char path[NAME_SIZE];
    char to[NAME_SIZE];
};

struct disk {
    struct files files;
    pthread_mutex_t lock; /* recursive: a callback of list may do anything */
    struct node *nodes;
    size_t node_count;
    struct name *names;
    size_t name_count;
    struct operation *operations;
    size_t operation_count;
    size_t operation_capacity;
    size_t handles[64];
    size_t asked;
    size_t fail_first;
    size_t fail_count;
    int fail_error;
    size_t limit;
    struct disk *base; /* what lay there before the first operation; NULL = nothing */
};

static void *must(void *pointer)
{
    assert_non_null(pointer);
    return pointer;
}

static size_t add_node(struct disk *disk)
{
    disk->nodes = must(realloc(disk->nodes, (disk->node_count + 1) * sizeof(*disk->nodes)));
    disk->nodes[disk->node_count] = (struct node){0};
    disk->node_count += 1;
    return disk->node_count - 1;
}

static struct name *find_name(const struct disk *disk, const char *path)
{
    for (size_t i = 0; i < disk->name_count; i++) {
        if (strcmp(disk->names[i].path, path) == 0) {
            return &disk->names[i];
        }
    }
    return NULL;
}

static void drop_name(struct disk *disk, const char *path)
{
    struct name *name = find_name(disk, path);
    if (name != NULL) {
        *name = disk->names[disk->name_count - 1];
        disk->name_count -= 1;
    }
}

static void put_name(struct disk *disk, const char *path, size_t node)
{
    struct name *name = find_name(disk, path);
    if (name == NULL) {
        disk->names = must(realloc(disk->names, (disk->name_count + 1) * sizeof(*disk->names)));
        name = &disk->names[disk->name_count];
        disk->name_count += 1;
        (void)snprintf(name->path, sizeof(name->path), "%s", path);
    }
    name->node = node;
}

static void resize(struct node *node, size_t size)
{
    if (size > node->capacity) {
        node->data = must(realloc(node->data, size * 2));
        node->capacity = size * 2;
    }
    if (size > node->size) {
        memset(node->data + node->size, 0, size - node->size);
    }
    node->size = size;
}

static void write_node(struct node *node, uint64_t offset, const char *data, size_t length)
{
    if (offset + length > node->size) {
        resize(node, (size_t)offset + length);
    }
    if (length > 0) {
        memcpy(node->data + offset, data, length);
    }
}

static struct operation *record(struct disk *disk, enum operation_kind kind)
{
    if (disk->operation_count == disk->operation_capacity) {
        disk->operation_capacity =
            disk->operation_capacity == 0 ? 256 : disk->operation_capacity * 2;
        disk->operations =
            must(realloc(disk->operations, disk->operation_capacity * sizeof(*disk->operations)));
    }
    struct operation *operation = &disk->operations[disk->operation_count];
    disk->operation_count += 1;
    *operation = (struct operation){.kind = kind};
    return operation;
}

static bool fails(struct disk *disk)
{
    const size_t number = disk->asked;
    disk->asked += 1;
    return number >= disk->fail_first && number - disk->fail_first < disk->fail_count;
}

static bool parent_exists(const struct disk *disk, const char *path)
{
    char parent[NAME_SIZE];
    return files_parent(path, parent, sizeof(parent)) &&
           (strcmp(parent, "/") == 0 || find_name(disk, parent) != NULL);
}

static int new_handle(struct disk *disk, size_t node)
{
    for (int i = 0; i < 64; i++) {
        if (disk->handles[i] == 0) {
            disk->handles[i] = node + 1;
            return i;
        }
    }
    return -EMFILE;
}

static int do_open(void *context, const char *path, enum files_mode mode)
{
    struct disk *disk = context;
    const struct name *name = find_name(disk, path);
    const bool creates =
        mode == FILES_CREATE || mode == FILES_REPLACE || mode == FILES_CREATE_SYNCED;

    if (name != NULL && name->node == FOLDER) {
        return -EISDIR;
    }
    if (!creates) {
        if (name == NULL) {
            return -ENOENT;
        }
        if (mode == FILES_UPDATE_SYNCED) {
            disk->nodes[name->node].is_synced = true;
        }
        return new_handle(disk, name->node);
    }
    if (name != NULL && mode != FILES_REPLACE) {
        return -EEXIST;
    }
    if (!parent_exists(disk, path)) {
        return -ENOENT;
    }
    if (fails(disk)) {
        return -disk->fail_error;
    }
    if (name != NULL) {
        struct operation *operation = record(disk, OPERATION_TRUNCATE);
        operation->node = name->node;
        disk->nodes[name->node].size = 0;
        return new_handle(disk, name->node);
    }
    const size_t node = add_node(disk);
    disk->nodes[node].is_synced = mode == FILES_CREATE_SYNCED;
    put_name(disk, path, node);
    struct operation *operation = record(disk, OPERATION_CREATE);
    operation->node = node;
    (void)snprintf(operation->path, sizeof(operation->path), "%s", path);
    return new_handle(disk, node);
}

static int do_close(void *context, int file)
{
    struct disk *disk = context;
    disk->handles[file] = 0;
    return 0;
}

size_t disk_used(const struct disk *disk)
{
    size_t used = 0;
    for (size_t i = 0; i < disk->name_count; i++) {
        used += disk->names[i].node == FOLDER ? 0 : disk->nodes[disk->names[i].node].size;
    }
    return used;
}

static int64_t do_write_at(void *context, int file, const void *bytes, size_t length,
                           uint64_t offset)
{
    struct disk *disk = context;
    const size_t number = disk->handles[file] - 1;
    struct node *node = &disk->nodes[number];
    const bool failing = fails(disk);
    size_t kept = failing ? length / 2 : length;

    if (offset + kept > node->size && disk->limit != 0) {
        const size_t used = disk_used(disk);
        const size_t room = used < disk->limit ? disk->limit - used : 0;
        const size_t growth = (size_t)offset + kept - node->size;
        kept = growth > room ? (growth - room > kept ? 0 : kept - (growth - room)) : kept;
        if (kept == 0) {
            return -ENOSPC;
        }
    }
    struct operation *operation = record(disk, OPERATION_WRITE);
    operation->node = number;
    /* A failed write is in the cache at best. */
    operation->is_synced = node->is_synced && !failing;
    operation->offset = offset;
    operation->data = must(malloc(kept + 1));
    memcpy(operation->data, bytes, kept);
    operation->length = kept;
    write_node(node, offset, bytes, kept);
    return failing ? -disk->fail_error : (int64_t)kept;
}

static int64_t do_read_at(void *context, int file, void *bytes, size_t length, uint64_t offset)
{
    struct disk *disk = context;
    const struct node *node = &disk->nodes[disk->handles[file] - 1];

    if (offset >= node->size) {
        return 0;
    }
    const size_t rest = node->size - (size_t)offset;
    const size_t taken = rest < length ? rest : length;
    memcpy(bytes, node->data + offset, taken);
    return (int64_t)taken;
}

static int do_sync(void *context, int file)
{
    struct disk *disk = context;
    if (fails(disk)) {
        return -disk->fail_error;
    }
    struct operation *operation = record(disk, OPERATION_SYNC);
    operation->node = disk->handles[file] - 1;
    return 0;
}

static int do_truncate(void *context, int file, uint64_t length)
{
    struct disk *disk = context;
    if (fails(disk)) {
        return -disk->fail_error;
    }
    struct operation *operation = record(disk, OPERATION_TRUNCATE);
    operation->node = disk->handles[file] - 1;
    operation->offset = length;
    resize(&disk->nodes[operation->node], (size_t)length);
    return 0;
}

static int do_allocate(void *context, int file, uint64_t length)
{
    struct disk *disk = context;
    if (disk->limit != 0 && disk_used(disk) + (size_t)length > disk->limit) {
        return -ENOSPC;
    }
    return do_truncate(context, file, length);
}

static int do_rename(void *context, const char *from, const char *to)
{
    struct disk *disk = context;
    const struct name *name = find_name(disk, from);
    const size_t length = strlen(from);

    if (fails(disk)) {
        return -disk->fail_error;
    }
    if (name == NULL || !parent_exists(disk, to)) {
        return -ENOENT;
    }
    struct operation *operation = record(disk, OPERATION_RENAME);
    (void)snprintf(operation->path, sizeof(operation->path), "%s", from);
    (void)snprintf(operation->to, sizeof(operation->to), "%s", to);
    const size_t node = name->node;
    drop_name(disk, from);
    put_name(disk, to, node);
    for (size_t i = 0; node == FOLDER && i < disk->name_count; i++) {
        char *path = disk->names[i].path;
        char moved[2 * NAME_SIZE];
        if (strncmp(path, from, length) == 0 && path[length] == '/') {
            (void)snprintf(moved, sizeof(moved), "%s%s", to, path + length);
            memcpy(path, moved, NAME_SIZE);
        }
    }
    return 0;
}

static int do_unlink(void *context, const char *path)
{
    struct disk *disk = context;
    if (find_name(disk, path) == NULL) {
        return -ENOENT;
    }
    if (fails(disk)) {
        return -disk->fail_error;
    }
    struct operation *operation = record(disk, OPERATION_UNLINK);
    (void)snprintf(operation->path, sizeof(operation->path), "%s", path);
    drop_name(disk, path);
    return 0;
}

static int do_make_folder(void *context, const char *path)
{
    struct disk *disk = context;
    if (find_name(disk, path) != NULL) {
        return -EEXIST;
    }
    if (!parent_exists(disk, path)) {
        return -ENOENT;
    }
    if (fails(disk)) {
        return -disk->fail_error;
    }
    struct operation *operation = record(disk, OPERATION_FOLDER);
    (void)snprintf(operation->path, sizeof(operation->path), "%s", path);
    put_name(disk, path, FOLDER);
    return 0;
}

static int do_sync_folder(void *context, const char *path)
{
    struct disk *disk = context;
    if (fails(disk)) {
        return -disk->fail_error;
    }
    struct operation *operation = record(disk, OPERATION_SYNC_FOLDER);
    (void)snprintf(operation->path, sizeof(operation->path), "%s", path);
    return 0;
}

static int do_protect(void *context, const char *path)
{
    const struct disk *disk = context;
    return find_name(disk, path) == NULL ? -ENOENT : 0;
}

static int do_status(void *context, const char *path, struct files_status *out)
{
    const struct disk *disk = context;
    const struct name *name = find_name(disk, path);
    if (name == NULL) {
        return -ENOENT;
    }
    *out = (struct files_status){.is_folder = name->node == FOLDER};
    out->size = out->is_folder ? 0 : disk->nodes[name->node].size;
    return 0;
}

static int do_list(void *context, const char *path, files_name_fn each, void *each_context)
{
    const struct disk *disk = context;
    char parent[NAME_SIZE];
    size_t count = 0;
    char(*found)[NAME_SIZE] = NULL;

    if (find_name(disk, path) == NULL) {
        return -ENOENT;
    }
    /* Collected first: the callback may open, remove and rename. */
    found = must(calloc(disk->name_count + 1, NAME_SIZE));
    for (size_t i = 0; i < disk->name_count; i++) {
        if (files_parent(disk->names[i].path, parent, sizeof(parent)) &&
            strcmp(parent, path) == 0) {
            (void)snprintf(found[count], NAME_SIZE, "%s", disk->names[i].path + strlen(path) + 1);
            count += 1;
        }
    }
    for (size_t i = 0; i < count; i++) {
        each(each_context, found[i]);
    }
    free(found);
    return 0;
}

/* The same under the lock: a trail has threads. */

static int disk_open(void *context, const char *path, enum files_mode mode)
{
    struct disk *disk = context;
    (void)pthread_mutex_lock(&disk->lock);
    const int result = do_open(context, path, mode);
    (void)pthread_mutex_unlock(&disk->lock);
    return result;
}

static int disk_close(void *context, int file)
{
    struct disk *disk = context;
    (void)pthread_mutex_lock(&disk->lock);
    const int result = do_close(context, file);
    (void)pthread_mutex_unlock(&disk->lock);
    return result;
}

static int64_t disk_write_at(void *context, int file, const void *bytes, size_t length,
                             uint64_t offset)
{
    struct disk *disk = context;
    (void)pthread_mutex_lock(&disk->lock);
    const int64_t result = do_write_at(context, file, bytes, length, offset);
    (void)pthread_mutex_unlock(&disk->lock);
    return result;
}

static int64_t disk_read_at(void *context, int file, void *bytes, size_t length, uint64_t offset)
{
    struct disk *disk = context;
    (void)pthread_mutex_lock(&disk->lock);
    const int64_t result = do_read_at(context, file, bytes, length, offset);
    (void)pthread_mutex_unlock(&disk->lock);
    return result;
}

static int disk_sync(void *context, int file)
{
    struct disk *disk = context;
    (void)pthread_mutex_lock(&disk->lock);
    const int result = do_sync(context, file);
    (void)pthread_mutex_unlock(&disk->lock);
    return result;
}

static int disk_truncate(void *context, int file, uint64_t length)
{
    struct disk *disk = context;
    (void)pthread_mutex_lock(&disk->lock);
    const int result = do_truncate(context, file, length);
    (void)pthread_mutex_unlock(&disk->lock);
    return result;
}

static int disk_allocate(void *context, int file, uint64_t length)
{
    struct disk *disk = context;
    (void)pthread_mutex_lock(&disk->lock);
    const int result = do_allocate(context, file, length);
    (void)pthread_mutex_unlock(&disk->lock);
    return result;
}

static int disk_rename(void *context, const char *from, const char *to)
{
    struct disk *disk = context;
    (void)pthread_mutex_lock(&disk->lock);
    const int result = do_rename(context, from, to);
    (void)pthread_mutex_unlock(&disk->lock);
    return result;
}

static int disk_unlink(void *context, const char *path)
{
    struct disk *disk = context;
    (void)pthread_mutex_lock(&disk->lock);
    const int result = do_unlink(context, path);
    (void)pthread_mutex_unlock(&disk->lock);
    return result;
}

static int disk_make_folder(void *context, const char *path)
{
    struct disk *disk = context;
    (void)pthread_mutex_lock(&disk->lock);
    const int result = do_make_folder(context, path);
    (void)pthread_mutex_unlock(&disk->lock);
    return result;
}

static int disk_sync_folder(void *context, const char *path)
{
    struct disk *disk = context;
    (void)pthread_mutex_lock(&disk->lock);
    const int result = do_sync_folder(context, path);
    (void)pthread_mutex_unlock(&disk->lock);
    return result;
}

static int disk_protect(void *context, const char *path)
{
    struct disk *disk = context;
    (void)pthread_mutex_lock(&disk->lock);
    const int result = do_protect(context, path);
    (void)pthread_mutex_unlock(&disk->lock);
    return result;
}

static int disk_lock(void *context, int file)
{
    (void)context; /* a trail that a test leaves behind as a crash would is not closed */
    return file < 0 ? file : 0;
}

static int disk_status(void *context, const char *path, struct files_status *out)
{
    struct disk *disk = context;
    (void)pthread_mutex_lock(&disk->lock);
    const int result = do_status(context, path, out);
    (void)pthread_mutex_unlock(&disk->lock);
    return result;
}

static int disk_list(void *context, const char *path, files_name_fn each, void *each_context)
{
    struct disk *disk = context;
    (void)pthread_mutex_lock(&disk->lock);
    const int result = do_list(context, path, each, each_context);
    (void)pthread_mutex_unlock(&disk->lock);
    return result;
}

struct disk *disk_new(void)
{
    struct disk *disk = must(calloc(1, sizeof(*disk)));
    pthread_mutexattr_t recursive;
    (void)pthread_mutexattr_init(&recursive);
    (void)pthread_mutexattr_settype(&recursive, PTHREAD_MUTEX_RECURSIVE);
    (void)pthread_mutex_init(&disk->lock, &recursive);
    (void)pthread_mutexattr_destroy(&recursive);
    disk->files = (struct files){
        .context = disk,
        .open = disk_open,
        .close = disk_close,
        .lock = disk_lock,
        .write_at = disk_write_at,
        .read_at = disk_read_at,
        .sync = disk_sync,
        .sync_data = disk_sync,
        .truncate = disk_truncate,
        .allocate = disk_allocate,
        .rename = disk_rename,
        .unlink = disk_unlink,
        .make_folder = disk_make_folder,
        .remove_folder = disk_unlink,
        .sync_folder = disk_sync_folder,
        .protect = disk_protect,
        .status = disk_status,
        .list = disk_list,
    };
    return disk;
}

void disk_free(struct disk *disk)
{
    if (disk == NULL) {
        return;
    }
    for (size_t i = 0; i < disk->node_count; i++) {
        free(disk->nodes[i].data);
    }
    for (size_t i = 0; i < disk->operation_count; i++) {
        free(disk->operations[i].data);
    }
    free(disk->nodes);
    free(disk->names);
    free(disk->operations);
    disk_free(disk->base);
    (void)pthread_mutex_destroy(&disk->lock);
    free(disk);
}

const struct files *disk_files(struct disk *disk)
{
    return &disk->files;
}

size_t disk_operations(struct disk *disk)
{
    (void)pthread_mutex_lock(&disk->lock);
    const size_t asked = disk->asked;
    (void)pthread_mutex_unlock(&disk->lock);
    return asked;
}

void disk_fail(struct disk *disk, size_t first, size_t count, int error)
{
    (void)pthread_mutex_lock(&disk->lock);
    disk->fail_first = first;
    disk->fail_count = count;
    disk->fail_error = error;
    (void)pthread_mutex_unlock(&disk->lock);
}

void disk_limit(struct disk *disk, size_t bytes)
{
    disk->limit = bytes;
}

char *disk_file(struct disk *disk, const char *path, size_t *out_size)
{
    const struct name *name = find_name(disk, path);
    if (name == NULL || name->node == FOLDER) {
        return NULL;
    }
    *out_size = disk->nodes[name->node].size;
    return disk->nodes[name->node].data;
}

void disk_put(struct disk *disk, const char *path, const char *bytes, size_t size)
{
    const struct name *name = find_name(disk, path);
    const size_t number = name == NULL ? add_node(disk) : name->node;
    if (name == NULL) {
        put_name(disk, path, number);
    }
    disk->nodes[number].size = 0;
    write_node(&disk->nodes[number], 0, bytes, size);
}

void disk_remove(struct disk *disk, const char *path)
{
    drop_name(disk, path);
}

bool disk_path(const struct disk *disk, size_t index, const char **out)
{
    for (size_t i = 0; i < disk->name_count; i++) {
        if (disk->names[i].node == FOLDER) {
            continue;
        }
        if (index == 0) {
            *out = disk->names[i].path;
            return true;
        }
        index -= 1;
    }
    return false;
}

static struct disk *copy_contents(const struct disk *disk)
{
    struct disk *copy = disk_new();
    for (size_t i = 0; i < disk->name_count; i++) {
        const struct name *name = &disk->names[i];
        if (name->node == FOLDER) {
            put_name(copy, name->path, FOLDER);
        } else {
            disk_put(copy, name->path, disk->nodes[name->node].data, disk->nodes[name->node].size);
        }
    }
    return copy;
}

struct disk *disk_copy(const struct disk *disk)
{
    struct disk *copy = copy_contents(disk);
    copy->base = copy_contents(copy); /* with the same numbers of files */
    return copy;
}

void disk_export(const struct disk *disk, const char *folder)
{
    const struct files *system = files_system();
    char path[2 * NAME_SIZE];
    /* Folders before what is in them: by length of the path. */
    for (size_t length = 0; length < NAME_SIZE; length++) {
        for (size_t i = 0; i < disk->name_count; i++) {
            const struct name *name = &disk->names[i];
            if (strlen(name->path) != length) {
                continue;
            }
            (void)snprintf(path, sizeof(path), "%s%s", folder, name->path);
            if (name->node == FOLDER) {
                (void)system->make_folder(system->context, path);
                continue;
            }
            const int file = system->open(system->context, path, FILES_REPLACE);
            assert_true(file >= 0);
            const struct node *node = &disk->nodes[name->node];
            assert_true(files_write_all(system, file, bytes_of(node->data, node->size), 0) >= 0);
            (void)system->close(system->context, file);
        }
    }
}

/* ---- crash images ---- */

static unsigned draw(unsigned *seed)
{
    *seed = *seed * 1103515245u + 12345u;
    return *seed >> 16 & 0x7FFF;
}

static void apply_name(struct disk *image, const struct operation *operation)
{
    const size_t length = strlen(operation->path);
    const struct name *name = NULL;

    switch (operation->kind) {
    case OPERATION_CREATE:
        put_name(image, operation->path, operation->node);
        break;
    case OPERATION_FOLDER:
        put_name(image, operation->path, FOLDER);
        break;
    case OPERATION_UNLINK:
        drop_name(image, operation->path);
        break;
    case OPERATION_RENAME:
        name = find_name(image, operation->path);
        if (name != NULL) {
            const size_t node = name->node;
            drop_name(image, operation->path);
            put_name(image, operation->to, node);
            for (size_t i = 0; node == FOLDER && i < image->name_count; i++) {
                char moved[2 * NAME_SIZE];
                char *path = image->names[i].path;
                if (strncmp(path, operation->path, length) == 0 && path[length] == '/') {
                    (void)snprintf(moved, sizeof(moved), "%s%s", operation->to, path + length);
                    memcpy(path, moved, NAME_SIZE);
                }
            }
        }
        break;
    case OPERATION_WRITE:
    case OPERATION_TRUNCATE:
    case OPERATION_SYNC:
    case OPERATION_SYNC_FOLDER:
        break;
    }
}

static void apply_torn_write(struct node *node, const struct operation *operation, unsigned *seed)
{
    uint64_t at = operation->offset;
    const uint64_t end = operation->offset + operation->length;

    while (at < end) {
        const uint64_t sector_end = (at / SECTOR + 1) * SECTOR;
        const uint64_t stop = sector_end < end ? sector_end : end;
        if (draw(seed) % 2 == 0) {
            write_node(node, at, operation->data + (at - operation->offset), (size_t)(stop - at));
        }
        at = stop;
    }
}

static bool is_name_operation(enum operation_kind kind)
{
    return kind == OPERATION_CREATE || kind == OPERATION_FOLDER || kind == OPERATION_UNLINK ||
           kind == OPERATION_RENAME;
}

static bool lies_in(const struct operation *operation, const char *folder)
{
    char parent[NAME_SIZE];
    return (files_parent(operation->path, parent, sizeof(parent)) && strcmp(parent, folder) == 0) ||
           (operation->kind == OPERATION_RENAME &&
            files_parent(operation->to, parent, sizeof(parent)) && strcmp(parent, folder) == 0);
}

static void apply_data(struct disk *image, const struct operation *operation)
{
    struct node *node = &image->nodes[operation->node];
    if (operation->kind == OPERATION_WRITE) {
        write_node(node, operation->offset, operation->data, operation->length);
    } else if (operation->kind == OPERATION_TRUNCATE) {
        resize(node, (size_t)operation->offset);
    }
}

/* What was made durable up to here by `sync`, an operation before the crash. */
static void apply_sync(struct disk *image, const struct disk *disk, bool *done, size_t sync)
{
    const struct operation *by = &disk->operations[sync];
    for (size_t i = 0; i < sync; i++) {
        const struct operation *operation = &disk->operations[i];
        if (done[i]) {
            continue;
        }
        if (by->kind == OPERATION_SYNC && !is_name_operation(operation->kind) &&
            operation->node == by->node) {
            apply_data(image, operation);
            done[i] = true;
        } else if (by->kind == OPERATION_SYNC_FOLDER && is_name_operation(operation->kind) &&
                   lies_in(operation, by->path)) {
            apply_name(image, operation);
            done[i] = true;
        }
    }
}

static void apply_rest(struct disk *image, const struct operation *operation, enum disk_crash crash,
                       unsigned *seed, bool *names_lost)
{
    if (crash == DISK_CRASH_DROP) {
        return;
    }
    if (is_name_operation(operation->kind)) {
        /* Journals keep names in order: once one is lost, so are the later ones. */
        *names_lost = *names_lost || (crash == DISK_CRASH_TORN && draw(seed) % 4 == 0);
        if (!*names_lost) {
            apply_name(image, operation);
        }
        return;
    }
    if (crash == DISK_CRASH_KEEP) {
        apply_data(image, operation);
    } else if (operation->kind == OPERATION_WRITE) {
        apply_torn_write(&image->nodes[operation->node], operation, seed);
    } else if (draw(seed) % 2 == 0) {
        apply_data(image, operation);
    }
}

struct disk *disk_after_crash(const struct disk *disk, size_t operations, enum disk_crash crash,
                              unsigned seed)
{
    struct disk *image = disk_new();
    bool *done = must(calloc(disk->operation_count + 1, sizeof(*done)));
    bool names_lost = false;
    const size_t count = operations < disk->operation_count ? operations : disk->operation_count;

    for (size_t i = 0; disk->base != NULL && i < disk->base->name_count; i++) {
        const struct name *name = &disk->base->names[i];
        put_name(image, name->path, name->node);
    }
    for (size_t i = 0; i < disk->node_count; i++) {
        const size_t number = add_node(image);
        struct node *node = &image->nodes[number];
        if (disk->base != NULL && i < disk->base->node_count) {
            write_node(node, 0, disk->base->nodes[i].data, disk->base->nodes[i].size);
        }
    }
    for (size_t i = 0; i < count; i++) {
        const struct operation *operation = &disk->operations[i];
        const bool returned = i + 1 < count;
        if (!returned) {
            continue; /* under way: not known to be durable */
        }
        if (operation->kind == OPERATION_WRITE && operation->is_synced) {
            apply_data(image, operation);
            done[i] = true;
        } else if (operation->kind == OPERATION_SYNC || operation->kind == OPERATION_SYNC_FOLDER) {
            apply_sync(image, disk, done, i);
        }
    }
    for (size_t i = 0; i < count; i++) {
        if (!done[i]) {
            apply_rest(image, &disk->operations[i], crash, &seed, &names_lost);
        }
    }
    free(done);
    struct disk *fresh = disk_copy(image);
    disk_free(image);
    return fresh;
}

/* ---- the world of a trail ---- */

static void count_alarm(void *context, enum trail_alarm alarm, const char *text)
{
    struct fixture *fixture = context;
    (void)text;
    fixture->alarms[alarm] += 1;
}

void fixture_init(struct fixture *fixture, struct disk *disk)
{
    static const unsigned char seed[32] = "a key for tests and nothing else";
    static const char *const reasons[] = {"tls", "token-expired", "unauthenticated"};

    memset(fixture, 0, sizeof(*fixture));
    runtime_clock_fake_init(&fixture->clock, INT64_C(1795336550) * RUNTIME_SECOND);
    runtime_random_fake_init(&fixture->random, 7);
    fixture->key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, sizeof(seed));
    assert_non_null(fixture->key);
    assert_true(amanat_is_ok(
        note_vkey_of(BYTES(FIXTURE_ORIGIN), NOTE_TYPE_ED25519, fixture->key, &fixture->vkey)));
    fixture->options = (struct trail_options){
        .folder = FIXTURE_FOLDER,
        .origin = FIXTURE_ORIGIN,
        .key = fixture->key,
        .world = {&fixture->clock.clock, &fixture->random.random, disk_files(disk)},
        .alarm = count_alarm,
        .alarm_context = fixture,
        .refusal_reasons = reasons,
        .refusal_reason_count = 3,
        .reserve_bytes = 16384,
        .segment_entries = 256,
    };
}

void fixture_clear(struct fixture *fixture)
{
    EVP_PKEY_free(fixture->key);
}

struct trail *fixture_open(struct fixture *fixture)
{
    struct amanat_diagnostics *diagnostics = amanat_diagnostics_new();
    struct trail *trail = NULL;
    const amanat_result result = trail_open(&fixture->options, diagnostics, &trail);

    if (!amanat_is_ok(result)) {
        for (size_t i = 0; i < amanat_diagnostics_count(diagnostics); i++) {
            print_message("%s: %s\n", amanat_diagnostics_at(diagnostics, i)->source,
                          amanat_diagnostics_at(diagnostics, i)->text);
        }
        fail_msg("the trail does not open: %s", amanat_status_name(result.status));
    }
    amanat_diagnostics_free(diagnostics);
    return trail;
}

void fixture_append_access(struct buffer *lines, const char *partner, unsigned number,
                           size_t subjects)
{
    const struct trail_disclosed disclosed[] = {{BYTES("vehicle.plate"), {2, 0, 0, 0}},
                                                {BYTES("person.cnic"), {0, 0, 1, 0}}};
    const struct trail_count asked[] = {{BYTES("vehicle.plate"), 1}};
    const struct bytes policies[] = {BYTES("stolen-vehicle-call")};
    const struct trail_salt salt = {{(uint8_t)number, (uint8_t)(number >> 8), 3}};
    struct trail_pseudonym *pseudonyms = must(calloc(subjects + 1, sizeof(*pseudonyms)));
    struct trail_access access = {
        .access = {{(uint8_t)number, (uint8_t)(number >> 8), 1}},
        .last = true,
        .partner = bytes_of_string(partner),
        .agent = BYTES("p:AAAAAAAAAAAAAAAAAAAAAA"),
        .need = {.purpose = BYTES("vehicle-crime"), .basis = BYTES("crpc-94"), .is_signed = true},
        .service = BYTES("anpr"),
        .operation = BYTES("findSightings"),
        .route = BYTES("/sightings"),
        .asked = asked,
        .asked_count = 1,
        .decision = TRAIL_DECISION_PERMIT,
        .policies = policies,
        .policy_count = 1,
        .disclosed = disclosed,
        .disclosed_count = 2,
        .records_disclosed = 2,
        .subjects = pseudonyms,
        .subject_count = subjects,
        .status = 200,
        .upstream_status = 200,
        .bytes = 1234,
        .upstream_ms = 17,
        .gateway_ms = 2,
    };

    for (size_t i = 0; i < subjects; i++) {
        (void)snprintf(pseudonyms[i].text, sizeof(pseudonyms[i].text), "p:%022zu", i);
    }
    assert_true(amanat_is_ok(trail_entry_append_access(lines, &access, &salt, NULL)));
    free(pseudonyms);
}

amanat_result fixture_submit(struct trail *trail, unsigned number, enum trail_class class,
                             trail_done_fn done, void *context)
{
    struct buffer lines;

    buffer_init(&lines, 1u << 20);
    fixture_append_access(&lines, "ravi-cameras", number, 1);
    const struct trail_submission submission = {.class = class,
                                                .lines = buffer_bytes(&lines),
                                                .access = {{(uint8_t)number, 1}},
                                                .done = done,
                                                .context = context};
    const amanat_result result = trail_submit(trail, &submission);
    buffer_clear(&lines);
    return result;
}

amanat_result fixture_verify(const struct fixture *fixture, struct disk *disk,
                             struct trail_report *out)
{
    struct buffer vkey;

    buffer_init(&vkey, 1024);
    note_append_vkey(&vkey, &fixture->vkey);
    const struct trail_verify_options options = {
        .folder = FIXTURE_FOLDER, .files = disk_files(disk), .vkey = buffer_bytes(&vkey)};
    const amanat_result result = trail_verify(&options, out);
    buffer_clear(&vkey);
    return result;
}
