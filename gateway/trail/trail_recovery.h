/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a start does before anything is written: re-hashes the end of the trail, tells a torn tail
 * (quarantine, cut) from corruption (refuse), and holds size and root against floor, checkpoint and
 * anchors (trail.md 4.2, 4.3). Inside this folder only.
 */
#ifndef AMANAT_GATEWAY_TRAIL_TRAIL_RECOVERY_H
#define AMANAT_GATEWAY_TRAIL_TRAIL_RECOVERY_H

#include <stddef.h>
#include <stdint.h>

#include "amanat/diagnostics.h"
#include "amanat/result.h"
#include "gateway/trail/trail.h"
#include "gateway/trail/trail_checkpoint.h"
#include "gateway/trail/trail_tiles.h"
#include "gateway/trail/trail_writer.h"

struct recovery {
    /* set by the caller */
    const struct files *files;
    const char *folder;
    const struct checkpoint_store *store; /* loaded */
    const struct trail_anchored *anchored;
    size_t anchored_count;

    /* found */
    struct trail_position at;
    uint64_t base;               /* a multiple of 256, not above the newest checkpoint */
    struct trail_digest *leaves; /* of the entries from `base` on; malloc */
    size_t leaf_count;
    size_t leaf_capacity;
    struct tile_reader *tiles; /* as published for the newest checkpoint */
};

/** CORRUPT, IO or MEMORY with a diagnostic. Clear it in either case. */
AMANAT_MUST_CHECK amanat_result recovery_run(struct recovery *recovery,
                                             struct amanat_diagnostics *diagnostics);
void recovery_clear(struct recovery *recovery);

/** A torn tail that no `recover` entry has told yet. */
struct recovery_tail {
    char quarantine[128]; /* relative to the trail folder, as the entry is to name it */
    char segment[LAYOUT_SEGMENT_SIZE];
    uint64_t offset;
    uint64_t bytes;
    struct trail_digest digest;
};

/** The untold tails in quarantine/, at most `limit`. IO. */
AMANAT_MUST_CHECK amanat_result recovery_list_tails(const struct files *files, const char *folder,
                                                    struct recovery_tail *out, size_t limit,
                                                    size_t *out_count);

/** Notes that the `recover` entry of a tail is durable. IO. */
AMANAT_MUST_CHECK amanat_result recovery_mark_told(const struct files *files, const char *folder,
                                                   const struct recovery_tail *tail);

#endif
