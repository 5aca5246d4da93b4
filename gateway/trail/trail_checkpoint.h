/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The signer and its memory: `floor` (the text of a checkpoint, written before signing),
 * `checkpoint` and `checkpoint.log` (every note ever signed, one after the other). It never signs a
 * size below the floor, nor another root for the same size. Inside this folder only.
 */
#ifndef AMANAT_GATEWAY_TRAIL_TRAIL_CHECKPOINT_H
#define AMANAT_GATEWAY_TRAIL_TRAIL_CHECKPOINT_H

#include <stdbool.h>
#include <stdint.h>

#include "amanat/diagnostics.h"
#include "amanat/result.h"
#include "gateway/runtime/runtime.h"
#include "gateway/trail/trail_entry.h"
#include "gateway/trail/trail_note.h"

/** A size and its root. */
struct checkpoint_head {
    uint64_t size;
    struct trail_digest root;
};

struct checkpoint_store {
    const struct files *files;
    const char *folder;
    const char *floor_path;
    const char *origin;
    EVP_PKEY *key;
    struct note_vkey vkey;

    bool has_floor;
    struct checkpoint_head floor;
    bool has_signed;
    struct checkpoint_head newest; /* the newest that was signed */
    struct buffer note;            /* its note */
    uint64_t log_size;             /* whole bytes of checkpoint.log */
};

/**
 * Reads floor, checkpoint and the end of checkpoint.log. Members up to `vkey` are set by the
 * caller. CORRUPT with a diagnostic when one of them is not what this key signed, or they disagree.
 */
AMANAT_MUST_CHECK amanat_result checkpoint_store_load(struct checkpoint_store *store,
                                                      struct amanat_diagnostics *diagnostics);
void checkpoint_store_clear(struct checkpoint_store *store);

/** Writes the floor, signs, appends to the log, replaces `checkpoint`. CORRUPT for a smaller size
 * or another root; IO. */
AMANAT_MUST_CHECK amanat_result checkpoint_store_sign(struct checkpoint_store *store,
                                                      const struct checkpoint_head *head);

#endif
