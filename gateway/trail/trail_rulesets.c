/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rulesets/<digest>/: the very bytes that were compiled, so that a decision can be run again years
 * later.
 *
 *   rulesets/<digest>/MANIFEST            one line per file, in byte order of the paths:
 *                                           <SHA-256, 64 hex> <length, decimal> <path>⏎
 *                                         after a first line "amanat-ruleset v1⏎"
 *   rulesets/<digest>/files/<path>        the bytes
 *
 * <digest> is the SHA-256 of MANIFEST in hex. A folder is made under a temporary name and renamed
 * when all of it is durable: it is there whole or not at all.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/trail/trail_layout.h"
#include "gateway/trail/trail_private.h"
#include "gateway/trail/trail_tiles.h"
#include "gateway/trail/trail_tree.h"
#include "policy/base/base64.h"
#include "policy/base/guard.h"

#define MANIFEST_LIMIT   (4u << 20)
#define PATH_LIMIT       512u
#define COUNT_LIMIT      16384u
#define DIGEST_HEX_SIZE  65u
#define MANIFEST_HEADING "amanat-ruleset v1\n"

/* Relative, parts of visible bytes joined by single slashes, no "." and "..". */
static bool path_is_safe(struct bytes path)
{
    if (path.length == 0 || path.length > PATH_LIMIT) {
        return false;
    }
    for (size_t i = 0; i < path.length; i++) {
        const unsigned char byte = (unsigned char)path.at[i];
        if (byte < 0x20 || byte == 0x7F || byte == '\\') {
            return false;
        }
    }
    for (;;) {
        const size_t end = bytes_find(path, '/');
        const struct bytes part = bytes_first(path, end);
        if (part.length == 0 || part.length > 255 || bytes_equal_string(part, ".") ||
            bytes_equal_string(part, "..")) {
            return false;
        }
        if (end == path.length) {
            return true;
        }
        path = bytes_from(path, end + 1);
    }
}

static int compare_files(const void *a, const void *b)
{
    const struct trail_file *const *left = a;
    const struct trail_file *const *right = b;
    return bytes_compare((*left)->path, (*right)->path);
}

static void append_manifest_line(struct buffer *manifest, const struct trail_file *file)
{
    struct trail_digest digest;

    tree_hash_bytes(file->contents, &digest);
    hex_append(manifest, bytes_of((const char *)digest.at, sizeof(digest.at)));
    buffer_append_format(manifest, " %zu ", file->contents.length);
    buffer_append(manifest, file->path);
    buffer_append_byte(manifest, '\n');
}

static amanat_result report(struct amanat_diagnostics *diagnostics, struct bytes path,
                            enum amanat_status status, const char *text)
{
    amanat_diagnostics_add(diagnostics, AMANAT_SEVERITY_ERROR, "trail-ruleset", "rulesets", 0, 0,
                           "%s: \"%.*s\"", text,
                           BYTES_PRINTF(bytes_first(path, path.length > 200 ? 200 : path.length)));
    return amanat_result_of(status);
}

static amanat_result write_manifest(const struct trail_file *files, size_t count,
                                    struct amanat_diagnostics *diagnostics, struct buffer *out)
{
    const struct trail_file **sorted = calloc(count + 1, sizeof(*sorted));
    amanat_result result = AMANAT_OK;

    TRY_MEMORY(sorted);
    for (size_t i = 0; i < count; i++) {
        sorted[i] = &files[i];
    }
    qsort(sorted, count, sizeof(*sorted), compare_files);
    buffer_append_string(out, MANIFEST_HEADING);
    for (size_t i = 0; i < count && amanat_is_ok(result); i++) {
        if (!path_is_safe(sorted[i]->path)) {
            result = report(diagnostics, sorted[i]->path, AMANAT_STATUS_CONFIG_FAULT,
                            "this path cannot be stored");
        } else if (i > 0 && bytes_equal(sorted[i - 1]->path, sorted[i]->path)) {
            result = report(diagnostics, sorted[i]->path, AMANAT_STATUS_CONFIG_FAULT,
                            "this path stands twice");
        } else {
            append_manifest_line(out, sorted[i]);
        }
    }
    free(sorted);
    TRY(result);
    return buffer_check(out);
}

static void hex_of(const struct trail_digest *digest, char out[DIGEST_HEX_SIZE])
{
    hex_write(bytes_of((const char *)digest->at, sizeof(digest->at)), out);
}

/* Whether the file holds exactly these bytes. */
static bool file_holds(const struct files *files, const char *path, struct bytes expected)
{
    struct buffer held;

    buffer_init(&held, expected.length + 1);
    const bool same = amanat_is_ok(files_read_whole(files, path, &held, NULL)) &&
                      bytes_equal(buffer_bytes(&held), expected);
    buffer_clear(&held);
    return same;
}

static bool join(char *out, const char *folder, const char *middle, struct bytes path)
{
    const int length =
        snprintf(out, LAYOUT_PATH_SIZE, "%s%s%.*s", folder, middle, BYTES_PRINTF(path));
    return length > 0 && length < LAYOUT_PATH_SIZE;
}

static amanat_result compare_stored(const struct files *files, const char *folder,
                                    struct bytes manifest, const struct trail_file *given,
                                    size_t count, struct amanat_diagnostics *diagnostics)
{
    char path[LAYOUT_PATH_SIZE];

    if (!join(path, folder, "/MANIFEST", bytes_of(NULL, 0)) || !file_holds(files, path, manifest)) {
        return report(diagnostics, BYTES("MANIFEST"), AMANAT_STATUS_CORRUPT,
                      "what is stored is not what was stored");
    }
    for (size_t i = 0; i < count; i++) {
        if (!join(path, folder, "/files/", given[i].path) ||
            !file_holds(files, path, given[i].contents)) {
            return report(diagnostics, given[i].path, AMANAT_STATUS_CORRUPT,
                          "what is stored is not what was stored");
        }
    }
    return AMANAT_OK;
}

static int write_files(const struct files *files, const char *folder, struct bytes manifest,
                       const struct trail_file *given, size_t count)
{
    char path[LAYOUT_PATH_SIZE];
    int result = files_make_folder_durably(files, folder);

    for (size_t i = 0; i < count && result >= 0; i++) {
        result = join(path, folder, "/files/", given[i].path)
                     ? tiles_write(files, path, given[i].contents)
                     : -ENAMETOOLONG;
    }
    if (result >= 0) {
        result = join(path, folder, "/MANIFEST", bytes_of(NULL, 0))
                     ? files_replace_durably(files, path, manifest)
                     : -ENAMETOOLONG;
    }
    return result;
}

static amanat_result store(struct trail *trail, struct bytes manifest,
                           const struct trail_digest *digest, const struct trail_file *given,
                           size_t count, struct amanat_diagnostics *diagnostics)
{
    const struct files *files = trail->files;
    char hex[DIGEST_HEX_SIZE];
    char parent[LAYOUT_PATH_SIZE];
    char folder[LAYOUT_PATH_SIZE];
    char temporary[LAYOUT_PATH_SIZE];
    struct files_status status;

    hex_of(digest, hex);
    layout_path(trail->folder, "rulesets", parent);
    if (!join(folder, parent, "/", bytes_of_string(hex)) ||
        !join(temporary, parent, "/.new-", bytes_of_string(hex))) {
        return amanat_result_of(AMANAT_STATUS_CONFIG_FAULT);
    }
    if (files->status(files->context, folder, &status) >= 0) {
        return compare_stored(files, folder, manifest, given, count, diagnostics);
    }
    int result = write_files(files, temporary, manifest, given, count);
    if (result >= 0) {
        result = files->rename(files->context, temporary, folder);
    }
    if (result >= 0) {
        result = files->sync_folder(files->context, parent);
    }
    return result < 0 ? report(diagnostics, bytes_of_string(hex), AMANAT_STATUS_IO,
                               "the ruleset cannot be stored")
                      : AMANAT_OK;
}

amanat_result trail_store_ruleset(struct trail *trail, const struct trail_file *files, size_t count,
                                  struct amanat_diagnostics *diagnostics, struct trail_digest *out)
{
    struct buffer manifest;
    struct trail_digest digest;

    if (count > COUNT_LIMIT) {
        return amanat_result_of(AMANAT_STATUS_LIMIT);
    }
    buffer_init(&manifest, MANIFEST_LIMIT);
    amanat_result result = write_manifest(files, count, diagnostics, &manifest);
    if (amanat_is_ok(result)) {
        tree_hash_bytes(buffer_bytes(&manifest), &digest);
        result = store(trail, buffer_bytes(&manifest), &digest, files, count, diagnostics);
    }
    if (amanat_is_ok(result)) {
        *out = digest;
    }
    buffer_clear(&manifest);
    return result;
}
