/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hash tiles and entry bundles of C2SP tlog-tiles as files under `tile/`:
 *
 *   tile/<L>/<N>          256 hashes of height 8L, the N-th such group; never changes
 *   tile/<L>/<N>.p/<W>    the first W of them, while the tile is not full (kept until it is)
 *   tile/entries/<N>      256 entries, each after its length in two big-endian bytes
 *
 * N in groups of three digits, all but the last with an x in front: 1234067 is x001/x234/067.
 * Inside this folder only.
 */
#ifndef AMANAT_GATEWAY_TRAIL_TRAIL_TILES_H
#define AMANAT_GATEWAY_TRAIL_TRAIL_TILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "amanat/result.h"
#include "gateway/runtime/runtime.h"
#include "gateway/trail/trail_entry.h"
#include "gateway/trail/trail_tree.h"

#define TILES_WIDTH   256u
#define TILES_LEVELS  8u
#define TILES_ENTRIES 255u /* as a level: the entry bundles */

/** folder/tile/…; `width` 256 is the full tile. */
void tiles_path(const char *folder, unsigned level, uint64_t index, unsigned width, char *out);

/** Reads stored hashes of a tree of `size`; the context of a tree_source. Zero all but the first
 * three members. */
struct tile_reader {
    const struct files *files;
    const char *folder;
    uint64_t size; /* the size that the tiles were published for */
    struct {
        bool held;
        uint64_t index;
        unsigned width;
        struct trail_digest hashes[TILES_WIDTH];
    } cache[TILES_LEVELS];
};

/** A tree_source's function: CORRUPT when a tile is missing or has another length, BUG beyond
 * `size`. */
amanat_result tile_reader_read(void *context, unsigned level, uint64_t index,
                               struct trail_digest *out);

/** Makes tiles as leaves come. */
struct tile_builder {
    const struct files *files;
    const char *folder;
    uint64_t size; /* leaves taken */
    unsigned width[TILES_LEVELS];
    uint64_t index[TILES_LEVELS]; /* of the tile that is being filled */
    struct trail_digest hashes[TILES_LEVELS][TILES_WIDTH];
};

/** Starts at `size`, a multiple of 256, from tiles that are there for a size no smaller. CORRUPT,
 * IO. */
AMANAT_MUST_CHECK amanat_result tile_builder_init(struct tile_builder *builder,
                                                  struct tile_reader *published, uint64_t size);

/** Takes a leaf. A tile that is full is written first; when that fails (IO) the leaf is not taken.
 */
AMANAT_MUST_CHECK amanat_result tile_builder_append(struct tile_builder *builder,
                                                    const struct trail_digest *leaf);

/** Writes full and partial tiles, so that everything up to `size` can be read. IO. */
AMANAT_MUST_CHECK amanat_result tile_builder_publish(struct tile_builder *builder);

/** Puts a file under tile/ durably, making its folders. 0 or a negative errno. */
int tiles_write(const struct files *files, const char *path, struct bytes bytes);

#endif
