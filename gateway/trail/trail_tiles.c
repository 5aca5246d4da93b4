/* SPDX-License-Identifier: Apache-2.0 */
/* C2SP tlog-tiles on disk: paths, reading hashes back, and making tiles as leaves come. */
#include "gateway/trail/trail_tiles.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "gateway/trail/trail_layout.h"
#include "policy/base/guard.h"

#define HASH_SIZE sizeof(struct trail_digest)

void tiles_path(const char *folder, unsigned level, uint64_t index, unsigned width, char *out)
{
    char groups[8][8];
    size_t count = 0;
    char level_name[16] = "entries";
    int length = 0;

    do {
        (void)snprintf(groups[count], sizeof(groups[count]), count == 0 ? "%03u" : "x%03u",
                       (unsigned)(index % 1000));
        index /= 1000;
        count += 1;
    } while (index > 0 && count < 8);
    if (level != TILES_ENTRIES) {
        (void)snprintf(level_name, sizeof(level_name), "%u", level);
    }
    length = snprintf(out, LAYOUT_PATH_SIZE, "%s/tile/%s", folder, level_name);
    for (; count > 0; count--) {
        ASSERT(length > 0 && length < LAYOUT_PATH_SIZE - 32);
        length +=
            snprintf(out + length, (size_t)(LAYOUT_PATH_SIZE - length), "/%s", groups[count - 1]);
    }
    if (width < TILES_WIDTH) {
        (void)snprintf(out + length, (size_t)(LAYOUT_PATH_SIZE - length), ".p/%u", width);
    }
}

/* Makes all folders on the way to `path` that are missing. */
static int make_parents(const struct files *files, const char *path)
{
    char parent[LAYOUT_PATH_SIZE];

    if (!files_parent(path, parent, sizeof(parent))) {
        return -ENAMETOOLONG;
    }
    int result = files_make_folder_durably(files, parent);
    if (result == -ENOENT) {
        result = make_parents(files, parent);
        if (result >= 0) {
            result = files_make_folder_durably(files, parent);
        }
    }
    return result;
}

int tiles_write(const struct files *files, const char *path, struct bytes bytes)
{
    int result = files_replace_durably(files, path, bytes);

    if (result == -ENOENT) {
        result = make_parents(files, path);
        if (result >= 0) {
            result = files_replace_durably(files, path, bytes);
        }
    }
    return result;
}

/* ---- reading ---- */

static amanat_result read_tile(const struct tile_reader *reader, unsigned level, uint64_t index,
                               unsigned width, struct trail_digest *out)
{
    char path[LAYOUT_PATH_SIZE];
    struct buffer held;
    int failure = 0;

    buffer_init(&held, TILES_WIDTH * HASH_SIZE);
    tiles_path(reader->folder, level, index, width, path);
    amanat_result result = files_read_whole(reader->files, path, &held, &failure);
    if (!amanat_is_ok(result) && failure == ENOENT && width < TILES_WIDTH) {
        /* "If a client finds no partial tile it should try the full one": ours was filled since. */
        buffer_reset(&held);
        tiles_path(reader->folder, level, index, TILES_WIDTH, path);
        result = files_read_whole(reader->files, path, &held, &failure);
    }
    if (amanat_is_ok(result) && held.length >= width * HASH_SIZE) {
        memcpy(out, held.at, width * HASH_SIZE);
    } else if (failure != EIO && failure != EACCES && failure != EMFILE) {
        result = amanat_result_of(AMANAT_STATUS_CORRUPT);
    }
    buffer_clear(&held);
    return result;
}

amanat_result tile_reader_read(void *context, unsigned level, uint64_t index,
                               struct trail_digest *out)
{
    struct tile_reader *reader = context;
    const uint64_t tile = index / TILES_WIDTH;

    if (level >= TILES_LEVELS || index >= reader->size >> (8 * level)) {
        return amanat_result_of(AMANAT_STATUS_BUG);
    }
    const uint64_t hashes = (reader->size >> (8 * level)) - tile * TILES_WIDTH;
    const unsigned width = hashes < TILES_WIDTH ? (unsigned)hashes : TILES_WIDTH;
    if (!reader->cache[level].held || reader->cache[level].index != tile ||
        reader->cache[level].width != width) {
        reader->cache[level].held = false;
        TRY(read_tile(reader, level, tile, width, reader->cache[level].hashes));
        reader->cache[level].held = true;
        reader->cache[level].index = tile;
        reader->cache[level].width = width;
    }
    *out = reader->cache[level].hashes[index % TILES_WIDTH];
    return AMANAT_OK;
}

/* ---- making ---- */

amanat_result tile_builder_init(struct tile_builder *builder, struct tile_reader *published,
                                uint64_t size)
{
    ASSERT(size % TILES_WIDTH == 0 && size <= published->size);
    memset(builder, 0, sizeof(*builder));
    builder->files = published->files;
    builder->folder = published->folder;
    builder->size = size;
    for (unsigned level = 0; level < TILES_LEVELS; level++) {
        const uint64_t hashes = size >> (8 * level);
        builder->index[level] = hashes / TILES_WIDTH;
        builder->width[level] = (unsigned)(hashes % TILES_WIDTH);
        for (unsigned i = 0; i < builder->width[level]; i++) {
            TRY(tile_reader_read(published, level, builder->index[level] * TILES_WIDTH + i,
                                 &builder->hashes[level][i]));
        }
    }
    return AMANAT_OK;
}

static struct bytes tile_bytes(const struct trail_digest *hashes, unsigned width)
{
    return bytes_of((const char *)hashes->at, width * HASH_SIZE);
}

struct partials {
    const struct files *files;
    const char *folder;
};

static void remove_partial(void *context, const char *name)
{
    const struct partials *partials = context;
    char path[LAYOUT_PATH_SIZE];

    if (snprintf(path, sizeof(path), "%s/%s", partials->folder, name) < (int)sizeof(path)) {
        (void)partials->files->unlink(partials->files->context, path);
    }
}

/* Partial tiles have served once the full one is there; what stays behind does no harm. */
static void remove_partials(const struct tile_builder *builder, unsigned level)
{
    char path[LAYOUT_PATH_SIZE];
    char folder[LAYOUT_PATH_SIZE];
    struct partials partials = {builder->files, folder};

    tiles_path(builder->folder, level, builder->index[level], 1, path);
    if (files_parent(path, folder, sizeof(folder)) &&
        builder->files->list(builder->files->context, folder, remove_partial, &partials) >= 0) {
        (void)builder->files->remove_folder(builder->files->context, folder);
    }
}

/* Writes tiles that are full and hands their roots up. */
static amanat_result flush_full(struct tile_builder *builder)
{
    char path[LAYOUT_PATH_SIZE];
    struct trail_digest root;

    for (unsigned level = 0; level < TILES_LEVELS && builder->width[level] == TILES_WIDTH;
         level++) {
        tiles_path(builder->folder, level, builder->index[level], TILES_WIDTH, path);
        if (tiles_write(builder->files, path, tile_bytes(builder->hashes[level], TILES_WIDTH)) <
            0) {
            return amanat_result_of(AMANAT_STATUS_IO);
        }
        remove_partials(builder, level);
        tree_fold(builder->hashes[level], TILES_WIDTH, &root);
        builder->width[level] = 0;
        builder->index[level] += 1;
        ASSERT(level + 1 < TILES_LEVELS);
        builder->hashes[level + 1][builder->width[level + 1]] = root;
        builder->width[level + 1] += 1;
    }
    return AMANAT_OK;
}

amanat_result tile_builder_append(struct tile_builder *builder, const struct trail_digest *leaf)
{
    TRY(flush_full(builder));
    builder->hashes[0][builder->width[0]] = *leaf;
    builder->width[0] += 1;
    builder->size += 1;
    return AMANAT_OK;
}

amanat_result tile_builder_publish(struct tile_builder *builder)
{
    char path[LAYOUT_PATH_SIZE];

    TRY(flush_full(builder));
    for (unsigned level = 0; level < TILES_LEVELS; level++) {
        if (builder->width[level] == 0) {
            continue;
        }
        tiles_path(builder->folder, level, builder->index[level], builder->width[level], path);
        if (tiles_write(builder->files, path,
                        tile_bytes(builder->hashes[level], builder->width[level])) < 0) {
            return amanat_result_of(AMANAT_STATUS_IO);
        }
    }
    return AMANAT_OK;
}
