/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Merkle tree of RFC 6962 §2.1 over the entries, pure: hashes in, hashes out, no files.
 *
 * A tree is either a right edge (at most 64 hashes, all that appending needs) or a source of stored
 * hashes at the heights that C2SP tlog-tiles keeps (0, 8, 16 …), from which roots and proofs of any
 * size are computed.
 */
#ifndef AMANAT_GATEWAY_TRAIL_TRAIL_TREE_H
#define AMANAT_GATEWAY_TRAIL_TRAIL_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "amanat/result.h"
#include "gateway/trail/trail_entry.h"
#include "policy/base/bytes.h"

/** A tree that we read or write never has more leaves than this. */
#define TREE_SIZE_LIMIT  (UINT64_C(1) << 62)
#define TREE_PROOF_LIMIT 64

/** SHA-256(0x00 ‖ entry), SHA-256(0x01 ‖ left ‖ right), and SHA-256("") for no entries. */
void tree_hash_leaf(struct bytes entry, struct trail_digest *out);
void tree_hash_node(const struct trail_digest *left, const struct trail_digest *right,
                    struct trail_digest *out);
void tree_hash_empty(struct trail_digest *out);
void tree_hash_bytes(struct bytes bytes, struct trail_digest *out); /* plain SHA-256 */

bool tree_digest_equal(const struct trail_digest *a, const struct trail_digest *b);

/** The right edge: one hash per one bit of the size, widest subtree first. Zero-initialised is the
 * empty tree. */
struct tree_edge {
    uint64_t size;
    unsigned count;
    struct trail_digest at[64];
};
void tree_edge_append(struct tree_edge *edge, const struct trail_digest *leaf);
void tree_edge_root(const struct tree_edge *edge, struct trail_digest *out);

/** The root of a complete subtree of `count` (a power of two, at most 256) hashes of one height. */
void tree_fold(const struct trail_digest *hashes, size_t count, struct trail_digest *out);

/** Stored hashes: the root of the complete subtree number `index` of 256^level leaves. */
struct tree_source {
    amanat_result (*read)(void *context, unsigned level, uint64_t index, struct trail_digest *out);
    void *context;
};

/** The root of the first `size` leaves; failures are the source's. */
AMANAT_MUST_CHECK amanat_result tree_root(const struct tree_source *source, uint64_t size,
                                          struct trail_digest *out);

/** RFC 6962 §2.1.1: that leaf `index` is in the tree of `size`. PEER_FAULT unless index < size. */
AMANAT_MUST_CHECK amanat_result tree_prove_inclusion(const struct tree_source *source,
                                                     uint64_t index, uint64_t size,
                                                     struct trail_digest out[TREE_PROOF_LIMIT],
                                                     size_t *out_count);

/** RFC 6962 §2.1.2: that the tree of `from` begins that of `to`. PEER_FAULT unless 0 < from <= to.
 */
AMANAT_MUST_CHECK amanat_result tree_prove_consistency(const struct tree_source *source,
                                                       uint64_t from, uint64_t to,
                                                       struct trail_digest out[TREE_PROOF_LIMIT],
                                                       size_t *out_count);

/** RFC 9162 §2.1.3.2. */
bool tree_inclusion_is_valid(const struct trail_digest *leaf, uint64_t index, uint64_t size,
                             const struct trail_digest *proof, size_t count,
                             const struct trail_digest *root);

/**
 * RFC 9162 §2.1.4.2; equal sizes need equal roots and no proof. False for `from` 0: every tree
 * begins with the empty one, so the caller decides what that is worth.
 */
bool tree_consistency_is_valid(uint64_t from, uint64_t to, const struct trail_digest *from_root,
                               const struct trail_digest *to_root, const struct trail_digest *proof,
                               size_t count);

#endif
