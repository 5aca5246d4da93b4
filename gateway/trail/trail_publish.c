/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The publisher: takes leaf hashes of durable entries, makes tiles and, when an entry other than
 * anchor and tick is new, signs (trail.md 3): segment durable → tiles → floor → sign → checkpoint.
 * Besides, entry bundles of sealed segments. It runs beside the trail thread, so that no access
 * waits for it; whatever fails is tried again in the next round.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "gateway/trail/trail_private.h"
#include "gateway/trail/trail_tree.h"
#include "policy/base/guard.h"

/* The most leaves that wait for the publisher: 64 MiB; past it commits wait, as on a full disk. */
#define WAITING_LIMIT (1u << 21)

/* ---- the trail thread's side ---- */

amanat_result trail_publish_reserve(struct trail *trail, size_t count)
{
    amanat_result result = AMANAT_OK;

    (void)pthread_mutex_lock(&trail->publish_lock);
    const size_t needed = trail->leaf_count + count;
    if (needed > WAITING_LIMIT) {
        result = amanat_result_of(AMANAT_STATUS_LIMIT);
    } else if (needed > trail->leaf_capacity) {
        const size_t capacity = needed < 1024 ? 1024 : needed * 2;
        struct trail_digest *grown = realloc(trail->leaves, capacity * sizeof(*grown));
        if (grown == NULL) {
            result = amanat_result_of(AMANAT_STATUS_MEMORY);
        } else {
            trail->leaves = grown;
            trail->leaf_capacity = capacity;
        }
    }
    (void)pthread_mutex_unlock(&trail->publish_lock);
    return result;
}

void trail_publish_add(struct trail *trail, const struct trail_digest *leaves, size_t count,
                       uint64_t due_size)
{
    (void)pthread_mutex_lock(&trail->publish_lock);
    /* The publisher may have taken the array since room was made, never shrunk it below what is
     * needed. */
    ASSERT(trail->leaf_count + count <= trail->leaf_capacity);
    memcpy(trail->leaves + trail->leaf_count, leaves, count * sizeof(*leaves));
    trail->leaf_count += count;
    if (due_size > trail->due_size) {
        trail->due_size = due_size;
    }
    (void)pthread_mutex_unlock(&trail->publish_lock);
}

/* ---- the publisher's side ---- */

static amanat_result keep_taken(struct trail *trail, const struct trail_digest *leaves,
                                size_t count)
{
    const size_t waiting = trail->taken_count - trail->taken_done;
    struct trail_digest *joined = NULL;

    if (count == 0) {
        return AMANAT_OK;
    }
    joined = malloc((waiting + count) * sizeof(*joined));
    TRY_MEMORY(joined);
    if (waiting > 0) {
        memcpy(joined, trail->taken + trail->taken_done, waiting * sizeof(*joined));
    }
    memcpy(joined + waiting, leaves, count * sizeof(*joined));
    free(trail->taken);
    trail->taken = joined;
    trail->taken_count = waiting + count;
    trail->taken_done = 0;
    return AMANAT_OK;
}

/* Moves what the trail thread left; `*out_due` is the size that wants a checkpoint. */
static amanat_result take_leaves(struct trail *trail, uint64_t *out_due)
{
    (void)pthread_mutex_lock(&trail->publish_lock);
    const amanat_result result = keep_taken(trail, trail->leaves, trail->leaf_count);
    if (amanat_is_ok(result)) {
        trail->leaf_count = 0;
    }
    *out_due = trail->due_size;
    (void)pthread_mutex_unlock(&trail->publish_lock);
    return result;
}

static amanat_result append_taken(struct trail *trail)
{
    while (trail->taken_done < trail->taken_count) {
        const struct trail_digest *leaf = &trail->taken[trail->taken_done];
        TRY(tile_builder_append(trail->builder, leaf));
        tree_edge_append(&trail->edge, leaf);
        trail->taken_done += 1;
    }
    return AMANAT_OK;
}

static amanat_result copy_published(struct trail *trail)
{
    (void)pthread_mutex_lock(&trail->publish_lock);
    trail->published = trail->store.newest;
    trail->published_at = runtime_clock_monotonic(trail->clock);
    buffer_reset(&trail->published_note);
    buffer_append(&trail->published_note, buffer_bytes(&trail->store.note));
    const amanat_result result = buffer_check(&trail->published_note);
    (void)pthread_mutex_unlock(&trail->publish_lock);
    return result;
}

static amanat_result sign(struct trail *trail)
{
    struct checkpoint_head head = {.size = trail->edge.size};

    tree_edge_root(&trail->edge, &head.root);
    TRY(tile_builder_publish(trail->builder));
    TRY(checkpoint_store_sign(&trail->store, &head));
    return copy_published(trail);
}

/* ---- entry bundles ---- */

/* Reads entries in order, across segments. */
struct bundle_reader {
    struct trail *trail;
    struct layout_reader *reader;
    bool is_open;
    uint64_t *segments;
    size_t segment_count;
    size_t segment;
    uint64_t sequence; /* of the next line */
};

static amanat_result open_segment(struct bundle_reader *bundles)
{
    char name[LAYOUT_SEGMENT_SIZE];
    char path[LAYOUT_PATH_SIZE];

    if (bundles->segment >= bundles->segment_count) {
        return amanat_result_of(AMANAT_STATUS_CORRUPT);
    }
    layout_segment_name(bundles->segments[bundles->segment], name);
    layout_path(bundles->trail->folder, name, path);
    if (layout_reader_open(bundles->reader, bundles->trail->files, path, 0) < 0) {
        return amanat_result_of(AMANAT_STATUS_IO);
    }
    bundles->is_open = true;
    bundles->sequence = bundles->segments[bundles->segment];
    bundles->segment += 1;
    return AMANAT_OK;
}

static amanat_result next_entry(struct bundle_reader *bundles, struct bytes *out)
{
    uint64_t offset = 0;

    for (;;) {
        if (!bundles->is_open) {
            TRY(open_segment(bundles));
        }
        const enum layout_line kind = layout_reader_next(bundles->reader, out, &offset);
        if (kind == LAYOUT_LINE_WHOLE) {
            bundles->sequence += 1;
            return AMANAT_OK;
        }
        layout_reader_close(bundles->reader);
        bundles->is_open = false;
        if (kind != LAYOUT_LINE_END) {
            return amanat_result_of(AMANAT_STATUS_CORRUPT);
        }
    }
}

static amanat_result write_bundle(struct bundle_reader *bundles, uint64_t index)
{
    struct buffer bundle;
    struct bytes line;
    char path[LAYOUT_PATH_SIZE];
    amanat_result result = AMANAT_OK;

    buffer_init(&bundle, TILES_WIDTH * (size_t)(TRAIL_ENTRY_LIMIT + 2));
    for (unsigned i = 0; i < TILES_WIDTH && amanat_is_ok(result); i++) {
        result = next_entry(bundles, &line);
        if (amanat_is_ok(result)) {
            buffer_append_byte(&bundle, (char)(line.length >> 8));
            buffer_append_byte(&bundle, (char)(line.length & 0xFF));
            buffer_append(&bundle, line);
            result = buffer_check(&bundle);
        }
    }
    tiles_path(bundles->trail->folder, TILES_ENTRIES, index, TILES_WIDTH, path);
    if (amanat_is_ok(result) &&
        tiles_write(bundles->trail->files, path, buffer_bytes(&bundle)) < 0) {
        result = amanat_result_of(AMANAT_STATUS_IO);
    }
    buffer_clear(&bundle);
    return result;
}

static amanat_result write_bundles_to(struct bundle_reader *bundles, uint64_t end)
{
    struct trail *trail = bundles->trail;
    const uint64_t start = trail->bundles * TILES_WIDTH;
    struct bytes skipped;

    TRY(layout_list_segments(trail->files, trail->folder, &bundles->segments,
                             &bundles->segment_count));
    while (bundles->segment + 1 < bundles->segment_count &&
           bundles->segments[bundles->segment + 1] <= start) {
        bundles->segment += 1;
    }
    TRY(open_segment(bundles));
    while (bundles->sequence < start) {
        TRY(next_entry(bundles, &skipped));
    }
    for (; trail->bundles < end; trail->bundles++) {
        TRY(write_bundle(bundles, trail->bundles));
    }
    return AMANAT_OK;
}

/* Bundles of all segments that are sealed. */
static amanat_result write_bundles(struct trail *trail)
{
    const uint64_t per_segment = trail->limits.segment_entries / TILES_WIDTH;
    const uint64_t end = trail->store.newest.size / trail->limits.segment_entries * per_segment;
    struct bundle_reader bundles = {.trail = trail};

    if (trail->bundles >= end) {
        return AMANAT_OK;
    }
    bundles.reader = malloc(sizeof(*bundles.reader));
    TRY_MEMORY(bundles.reader);
    const amanat_result result = write_bundles_to(&bundles, end);
    if (bundles.is_open) {
        layout_reader_close(bundles.reader);
    }
    free(bundles.reader);
    free(bundles.segments);
    return result;
}

static bool bundle_exists(const struct trail *trail, uint64_t index)
{
    char path[LAYOUT_PATH_SIZE];
    struct files_status status;

    tiles_path(trail->folder, TILES_ENTRIES, index, TILES_WIDTH, path);
    return trail->files->status(trail->files->context, path, &status) >= 0;
}

/* They are made in order, so the first that is missing is found by halving. */
static uint64_t count_bundles(const struct trail *trail, uint64_t most)
{
    uint64_t low = 0;
    uint64_t high = most;

    while (low < high) {
        const uint64_t middle = low + (high - low) / 2;
        if (bundle_exists(trail, middle)) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* ---- rounds ---- */

static amanat_result publish(struct trail *trail, bool final)
{
    uint64_t due = 0;
    const uint64_t signed_size = trail->store.has_signed ? trail->store.newest.size : 0;

    TRY(take_leaves(trail, &due));
    TRY(append_taken(trail));
    if (due > signed_size || (final && trail->edge.size > signed_size)) {
        TRY(sign(trail));
    }
    return trail->store.has_signed ? write_bundles(trail) : AMANAT_OK;
}

amanat_result trail_publish_turn(struct trail *trail, bool final)
{
    const amanat_result result = publish(trail, final);

    if (!amanat_is_ok(result) && atomic_fetch_add(&trail->failed_checkpoints, 1) % 60 == 0) {
        trail_raise_alarm(trail, TRAIL_ALARM_CHECKPOINT_FAILED,
                          "tiles or checkpoint could not be written; it is tried again");
    }
    return result;
}

void trail_publish_run(void *context)
{
    struct trail *trail = context;
    bool ends = false;

    while (!ends) {
        struct timespec until;
        (void)clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_sec += (time_t)(trail->limits.checkpoint / RUNTIME_SECOND);
        until.tv_nsec += (long)(trail->limits.checkpoint % RUNTIME_SECOND) * 1000;
        if (until.tv_nsec >= 1000000000L) {
            until.tv_sec += 1;
            until.tv_nsec -= 1000000000L;
        }
        (void)pthread_mutex_lock(&trail->publish_lock);
        while (!trail->publisher_ends &&
               pthread_cond_timedwait(&trail->publish_wake, &trail->publish_lock, &until) == 0) {
        }
        ends = trail->publisher_ends;
        (void)pthread_mutex_unlock(&trail->publish_lock);
        if (!ends) {
            const amanat_result result = trail_publish_turn(trail, false);
            (void)result; /* counted and alarmed; the next round tries again */
        }
    }
}

/* The right edge at `size` from stored hashes: one complete subtree for each one bit. */
static amanat_result load_edge(struct tree_edge *edge, struct tile_reader *tiles, uint64_t size)
{
    uint64_t begin = 0;

    edge->size = size;
    edge->count = 0;
    for (unsigned height = 62; height-- > 0;) {
        if ((size >> height & 1) == 0) {
            continue;
        }
        const unsigned level = height / 8;
        const size_t count = (size_t)1 << (height % 8);
        struct trail_digest hashes[TILES_WIDTH];
        for (size_t i = 0; i < count; i++) {
            TRY(tile_reader_read(tiles, level, (begin >> (8 * level)) + i, &hashes[i]));
        }
        tree_fold(hashes, count, &edge->at[edge->count]);
        edge->count += 1;
        begin += UINT64_C(1) << height;
    }
    return AMANAT_OK;
}

amanat_result trail_publish_init(struct trail *trail, struct tile_reader *tiles, uint64_t base,
                                 const struct trail_digest *leaves, size_t count)
{
    trail->builder = calloc(1, sizeof(*trail->builder));
    TRY_MEMORY(trail->builder);
    TRY(tile_builder_init(trail->builder, tiles, base));
    TRY(load_edge(&trail->edge, tiles, base));
    TRY(keep_taken(trail, leaves, count));
    trail->bundles = count_bundles(trail, (base + count) / TILES_WIDTH);
    /* Whatever a crash left without a checkpoint gets one soon. */
    trail->due_size = base + count;
    return trail->store.has_signed ? copy_published(trail) : AMANAT_OK;
}

/* ---- readers ---- */

amanat_result trail_read_checkpoint(struct trail *trail, struct buffer *out)
{
    (void)pthread_mutex_lock(&trail->publish_lock);
    const bool there = trail->published_note.length > 0;
    buffer_append(out, buffer_bytes(&trail->published_note));
    (void)pthread_mutex_unlock(&trail->publish_lock);
    return there ? buffer_check(out) : amanat_result_of(AMANAT_STATUS_RETRY_LATER);
}

amanat_result trail_prove_consistency(struct trail *trail, uint64_t from, uint64_t to,
                                      struct trail_digest out[TREE_PROOF_LIMIT], size_t *out_count)
{
    struct tile_reader *tiles = NULL;

    (void)pthread_mutex_lock(&trail->publish_lock);
    const uint64_t size = trail->published.size;
    (void)pthread_mutex_unlock(&trail->publish_lock);
    if (from == 0 || from > to || to > size) {
        return amanat_result_of(AMANAT_STATUS_PEER_FAULT);
    }
    tiles = calloc(1, sizeof(*tiles));
    TRY_MEMORY(tiles);
    tiles->files = trail->files;
    tiles->folder = trail->folder;
    tiles->size = size;
    const struct tree_source source = {tile_reader_read, tiles};
    const amanat_result result = tree_prove_consistency(&source, from, to, out, out_count);
    free(tiles);
    return result;
}
