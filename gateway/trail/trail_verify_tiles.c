/* SPDX-License-Identifier: Apache-2.0 */
/* Verification: hash tiles and entry bundles, compared as the entries fill them. */
#include "gateway/trail/trail_verify_private.h"

#include <string.h>

#include "policy/base/guard.h"

/* A published tile must be there; one that is there must be right. */
static amanat_result compare_tile(struct verify *verify, unsigned level, uint64_t index,
                                  unsigned width, bool must_exist)
{
    char path[LAYOUT_PATH_SIZE];
    const char *name = path + strlen(verify->options->folder) + 1;
    struct buffer held;
    bool there = false;

    tiles_path(verify->options->folder, level, index, width, path);
    TRY(verify_read_file(verify, name, 2 * TILES_WIDTH * sizeof(struct trail_digest), &held,
                         &there));
    const struct bytes expected =
        bytes_of((const char *)verify->levels[level][0].at, width * sizeof(struct trail_digest));
    const bool same = there && bytes_equal(buffer_bytes(&held), expected);
    buffer_clear(&held);
    verify->report->tiles += there ? 1 : 0;
    if (there && !same) {
        return verify_fault(verify, name, VERIFY_NO_ENTRY,
                            "does not hold the hashes of the entries");
    }
    return !there && must_exist ? verify_fault(verify, name, VERIFY_NO_ENTRY, "is missing")
                                : AMANAT_OK;
}

struct partials {
    struct verify *verify;
    unsigned level;
    amanat_result result;
};

static void compare_partial(void *context, const char *name)
{
    struct partials *partials = context;
    struct verify *verify = partials->verify;
    uint64_t width = 0;

    if (!amanat_is_ok(partials->result) ||
        !amanat_is_ok(note_parse_size(bytes_of_string(name), &width)) || width == 0 ||
        width > verify->widths[partials->level]) {
        return; /* a temporary file, or one of entries that were never acknowledged */
    }
    partials->result = compare_tile(verify, partials->level, verify->indexes[partials->level],
                                    (unsigned)width, false);
}

static amanat_result compare_partials(struct verify *verify, unsigned level)
{
    char path[LAYOUT_PATH_SIZE];
    char folder[LAYOUT_PATH_SIZE];
    struct partials partials = {verify, level, AMANAT_OK};

    tiles_path(verify->options->folder, level, verify->indexes[level], 1, path);
    if (files_parent(path, folder, sizeof(folder))) {
        (void)verify->files->list(verify->files->context, folder, compare_partial, &partials);
    }
    return partials.result;
}

static amanat_result add_hash(struct verify *verify, unsigned level,
                              const struct trail_digest *hash)
{
    struct trail_digest root;

    verify->levels[level][verify->widths[level]] = *hash;
    verify->widths[level] += 1;
    if (verify->widths[level] < TILES_WIDTH) {
        return AMANAT_OK;
    }
    const uint64_t end = (verify->indexes[level] + 1) << (8 * (level + 1));
    TRY(compare_tile(verify, level, verify->indexes[level], TILES_WIDTH,
                     end <= verify->checkpoint_size));
    TRY(compare_partials(verify, level));
    tree_fold(verify->levels[level], TILES_WIDTH, &root);
    verify->widths[level] = 0;
    verify->indexes[level] += 1;
    return level + 1 < TILES_LEVELS ? add_hash(verify, level + 1, &root) : AMANAT_OK;
}

/* The tiles that are not full at the end: the partial one of the newest checkpoint must be there.
 */
amanat_result verify_last_tiles(struct verify *verify)
{
    for (unsigned level = 0; level < TILES_LEVELS; level++) {
        const uint64_t hashes = verify->checkpoint_size >> (8 * level);
        const unsigned width = (unsigned)(hashes % TILES_WIDTH);
        if (verify->widths[level] > 0) {
            TRY(compare_partials(verify, level));
        }
        if (width > 0 && hashes / TILES_WIDTH == verify->indexes[level]) {
            TRY(compare_tile(verify, level, verify->indexes[level], width, true));
        }
    }
    return AMANAT_OK;
}

/* Bundles are compared by hash, so that none has to be held. */
static amanat_result compare_bundle(struct verify *verify, uint64_t index)
{
    char path[LAYOUT_PATH_SIZE];
    const char *name = path + strlen(verify->options->folder) + 1;
    struct trail_digest expected;
    struct trail_digest found;
    struct buffer held;
    bool there = false;
    unsigned length = 0;

    if (EVP_DigestFinal_ex(verify->bundle, expected.at, &length) != 1 ||
        EVP_DigestInit_ex(verify->bundle, EVP_sha256(), NULL) != 1) {
        return amanat_result_of(AMANAT_STATUS_MEMORY);
    }
    tiles_path(verify->options->folder, TILES_ENTRIES, index, TILES_WIDTH, path);
    TRY(verify_read_file(verify, name, TILES_WIDTH * (size_t)(TRAIL_ENTRY_LIMIT + 2), &held,
                         &there));
    tree_hash_bytes(buffer_bytes(&held), &found);
    buffer_clear(&held);
    verify->report->tiles += there ? 1 : 0;
    return there && !tree_digest_equal(&found, &expected)
               ? verify_fault(verify, name, VERIFY_NO_ENTRY, "does not hold the entries")
               : AMANAT_OK;
}

amanat_result verify_add_to_bundle(struct verify *verify, struct bytes line)
{
    const unsigned char length[2] = {(unsigned char)(line.length >> 8),
                                     (unsigned char)(line.length & 0xFF)};

    if (EVP_DigestUpdate(verify->bundle, length, sizeof(length)) != 1 ||
        EVP_DigestUpdate(verify->bundle, line.at, line.length) != 1) {
        return amanat_result_of(AMANAT_STATUS_MEMORY);
    }
    return verify->edge.size % TILES_WIDTH == 0
               ? compare_bundle(verify, verify->edge.size / TILES_WIDTH - 1)
               : AMANAT_OK;
}

amanat_result verify_add_hash(struct verify *verify, const struct trail_digest *leaf)
{
    return add_hash(verify, 0, leaf);
}
