/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads the policy folder: the files that design 2 names, sorted by path, whole, or nothing at all.
 * Hidden files (and with them .git) and tests/ are passed over. A symbolic link may name a file
 * inside the folder (a mounted ConfigMap is made of such links); one that leads outside is refused,
 * because then a commit would no longer say what was decided by. Bounded in depth, number and
 * bytes.
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "gateway/config/config.h"
#include "policy/base/guard.h"
#include "policy/base/utf8.h"
#include "policy/base/vector.h"

#define FOLDERS_DEEP  16
#define FILES_LIMIT   10000
#define ENTRIES_LIMIT 100000 /* also of what is passed over */

struct walk {
    const char *root; /* as given, for messages */
    char *root_path;  /* resolved; from malloc */
    size_t bytes_left;
    size_t entries;
    struct arena *arena;
    struct amanat_diagnostics *diagnostics;
    VECTOR(struct config_policy_file) files;
};

/* `path` is relative to the folder; "" is the folder itself. */
static amanat_result fail(const struct walk *walk, enum amanat_status status, const char *path,
                          const char *code, const char *text)
{
    amanat_diagnostics_add(walk->diagnostics, AMANAT_SEVERITY_ERROR, code,
                           path[0] == '\0' ? walk->root : path, 0, 0, "%s", text);
    return amanat_result_of(status);
}

static bool has_one_folder(struct bytes path, struct bytes folder)
{
    return bytes_start_with(path, folder) &&
           bytes_find(bytes_from(path, folder.length), '/') == path.length - folder.length;
}

static bool ends_with_one_of(struct bytes path, const struct bytes *endings, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (bytes_end_with(path, endings[i])) {
            return true;
        }
    }
    return false;
}

static bool is_policy_file(struct bytes path)
{
    static const struct bytes documents[] = {BYTES_INIT(".yaml"), BYTES_INIT(".yml"),
                                             BYTES_INIT(".json")};
    if (bytes_end_with(path, BYTES(".cedar")) || bytes_equal(path, BYTES("vocabulary.yaml")) ||
        bytes_equal(path, BYTES("schema.cedarschema"))) {
        return true;
    }
    if (has_one_folder(path, BYTES("model/"))) {
        return bytes_end_with(path, BYTES(".cedarschema"));
    }
    if (has_one_folder(path, BYTES("services/"))) {
        return ends_with_one_of(path, documents, 3);
    }
    return bytes_find(path, '/') == path.length &&
           bytes_end_with(path, BYTES(".cedarentities.json"));
}

/* Somebody meant it to be read, but it stands in the wrong place. */
static bool looks_misplaced(struct bytes path)
{
    static const struct bytes endings[] = {BYTES_INIT(".cedarschema"),
                                           BYTES_INIT(".cedarentities.json"),
                                           BYTES_INIT("/vocabulary.yaml")};
    return ends_with_one_of(path, endings, 3);
}

/* Whether a resolved path lies in the folder. */
static bool lies_inside(const struct walk *walk, const char *resolved)
{
    const size_t length = strlen(walk->root_path);
    return strncmp(resolved, walk->root_path, length) == 0 &&
           (resolved[length] == '/' || walk->root_path[length - 1] == '/');
}

/* Paths stand in the trail and in messages. */
static bool is_plain_path(struct bytes path)
{
    for (size_t i = 0; i < path.length; i++) {
        if ((unsigned char)path.at[i] < 0x20 || path.at[i] == 0x7F) {
            return false;
        }
    }
    return utf8_is_valid(path);
}

static amanat_result read_policy_file(struct walk *walk, const char *path, const char *full)
{
    struct bytes content = {0};
    if (!is_plain_path(bytes_of_string(path))) {
        return fail(walk, AMANAT_STATUS_CONFIG_FAULT, "", "file",
                    "holds a file whose name is no UTF-8 text or has control characters");
    }
    if (walk->files.count == FILES_LIMIT) {
        return fail(walk, AMANAT_STATUS_CONFIG_FAULT, "", "limit",
                    "holds more than 10000 policy files");
    }
    const amanat_result result =
        config_read_file(full, walk->bytes_left, walk->arena, walk->diagnostics, &content);
    if (result.status == AMANAT_STATUS_LIMIT) {
        return fail(walk, AMANAT_STATUS_CONFIG_FAULT, path, "limit",
                    "with this file the policy folder is larger than limits.policy_bytes");
    }
    TRY(result);
    walk->bytes_left -= content.length;
    struct config_policy_file *file = VECTOR_PUSH(walk->arena, &walk->files);
    TRY_MEMORY(file);
    file->bytes = content;
    return arena_copy_bytes(walk->arena, bytes_of_string(path), &file->path);
}

/* A link counts as the file that it names, when that lies inside. */
static amanat_result read_link(struct walk *walk, const char *path, const char *full)
{
    struct stat status;
    char resolved[PATH_MAX];
    if (realpath(full, resolved) == NULL || stat(resolved, &status) != 0) {
        return is_policy_file(bytes_of_string(path))
                   ? fail(walk, AMANAT_STATUS_CONFIG_FAULT, path, "link",
                          "is a symbolic link that leads nowhere")
                   : AMANAT_OK;
    }
    if (S_ISDIR(status.st_mode)) {
        return fail(walk, AMANAT_STATUS_CONFIG_FAULT, path, "link",
                    "is a symbolic link to a folder: policies in it would not be read");
    }
    if (!is_policy_file(bytes_of_string(path))) {
        return AMANAT_OK;
    }
    return lies_inside(walk, resolved)
               ? read_policy_file(walk, path, resolved)
               : fail(walk, AMANAT_STATUS_CONFIG_FAULT, path, "link",
                      "is a symbolic link that leads outside the policy folder");
}

static amanat_result walk_folder(struct walk *walk, const char *path, unsigned depth);

static amanat_result visit(struct walk *walk, const char *folder, const char *name, unsigned depth)
{
    struct stat status;
    if (++walk->entries > ENTRIES_LIMIT) {
        return fail(walk, AMANAT_STATUS_CONFIG_FAULT, "", "limit", "holds more than 100000 files");
    }
    const char *path =
        arena_format(walk->arena, "%s%s%s", folder, folder[0] == '\0' ? "" : "/", name);
    TRY_MEMORY(path);
    const char *full = arena_format(walk->arena, "%s/%s", walk->root_path, path);
    TRY_MEMORY(full);
    if (strcmp(path, "tests") == 0) {
        return AMANAT_OK;
    }
    if (lstat(full, &status) != 0) {
        return fail(walk, AMANAT_STATUS_IO, path, "file", strerror(errno));
    }
    if (S_ISLNK(status.st_mode)) {
        return read_link(walk, path, full);
    }
    if (S_ISDIR(status.st_mode)) {
        return walk_folder(walk, path, depth + 1);
    }
    if (is_policy_file(bytes_of_string(path))) {
        return read_policy_file(walk, path, full);
    }
    if (looks_misplaced(bytes_of_string(path))) {
        amanat_diagnostics_add(walk->diagnostics, AMANAT_SEVERITY_WARNING, "not-read", path, 0, 0,
                               "is not read: it stands in no place where the policy folder has "
                               "such a file");
    }
    return AMANAT_OK;
}

static amanat_result walk_folder(struct walk *walk, const char *path, unsigned depth)
{
    const char *full = arena_format(walk->arena, "%s/%s", walk->root_path, path);
    TRY_MEMORY(full);
    if (depth > FOLDERS_DEEP) {
        return fail(walk, AMANAT_STATUS_CONFIG_FAULT, path, "limit",
                    "folders are nested more than 16 deep");
    }
    DIR *folder = opendir(full);
    if (folder == NULL) {
        return fail(walk, AMANAT_STATUS_IO, path, "file", strerror(errno));
    }
    amanat_result result = AMANAT_OK;
    for (;;) {
        errno = 0;
        const struct dirent *entry = readdir(folder);
        if (entry == NULL) {
            if (errno != 0) {
                result = fail(walk, AMANAT_STATUS_IO, path, "file", strerror(errno));
            }
            break;
        }
        if (entry->d_name[0] != '.') {
            result = visit(walk, path, entry->d_name, depth);
            if (!amanat_is_ok(result)) {
                break;
            }
        }
    }
    (void)closedir(folder);
    return result;
}

static int compare_files(const void *a, const void *b)
{
    const struct config_policy_file *left = a;
    const struct config_policy_file *right = b;
    return bytes_compare(left->path, right->path);
}

amanat_result config_read_policy_folder(const char *path, size_t limit, struct arena *arena,
                                        struct amanat_diagnostics *diagnostics,
                                        struct config_policy_files *out)
{
    struct walk walk = {
        .root = path, .bytes_left = limit, .arena = arena, .diagnostics = diagnostics};
    walk.root_path = realpath(path, NULL);
    if (walk.root_path == NULL) {
        return fail(&walk, AMANAT_STATUS_IO, "", "file", strerror(errno));
    }
    const amanat_result result = walk_folder(&walk, "", 0);
    free(walk.root_path);
    TRY(result);
    if (walk.files.count > 0) {
        qsort(walk.files.items, walk.files.count, sizeof(*walk.files.items), compare_files);
    }
    *out = (struct config_policy_files){walk.files.items, walk.files.count};
    return AMANAT_OK;
}
