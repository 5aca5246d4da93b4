/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RFC 6962 §2.1 hashes, roots and proofs; verification as RFC 9162 §2.1.3.2 and §2.1.4.2 write it
 * down step by step. Pure: what is stored where is trail_tiles.c's affair.
 */
#include "gateway/trail/trail_tree.h"

#include <openssl/sha.h>
#include <string.h>

#include "policy/base/guard.h"

#define TILE_HEIGHT 8u

static void hash_pieces(const void *first, size_t first_length, const void *second,
                        size_t second_length, const void *third, size_t third_length,
                        struct trail_digest *out)
{
    /* The one-shot contexts of libcrypto's EVP cost more than the hash itself at these sizes; three
     * pieces at most are hashed through a small local copy. */
    unsigned char small[1 + 2 * sizeof(struct trail_digest)];
    size_t at = 0;

    ASSERT(first_length + second_length + third_length <= sizeof(small));
    memcpy(small + at, first, first_length);
    at += first_length;
    memcpy(small + at, second, second_length);
    at += second_length;
    memcpy(small + at, third, third_length);
    at += third_length;
    (void)SHA256(small, at, out->at);
}

void tree_hash_bytes(struct bytes bytes, struct trail_digest *out)
{
    static const unsigned char nothing[1];

    (void)SHA256(bytes.length == 0 ? nothing : (const unsigned char *)bytes.at, bytes.length,
                 out->at);
}

void tree_hash_empty(struct trail_digest *out)
{
    tree_hash_bytes(bytes_of(NULL, 0), out);
}

void tree_hash_leaf(struct bytes entry, struct trail_digest *out)
{
    unsigned char prefixed[1 + TRAIL_ENTRY_LIMIT];

    ASSERT(entry.length <= TRAIL_ENTRY_LIMIT);
    prefixed[0] = 0x00;
    if (entry.length > 0) {
        memcpy(prefixed + 1, entry.at, entry.length);
    }
    (void)SHA256(prefixed, entry.length + 1, out->at);
}

void tree_hash_node(const struct trail_digest *left, const struct trail_digest *right,
                    struct trail_digest *out)
{
    static const unsigned char prefix = 0x01;

    hash_pieces(&prefix, 1, left->at, sizeof(left->at), right->at, sizeof(right->at), out);
}

bool tree_digest_equal(const struct trail_digest *a, const struct trail_digest *b)
{
    return memcmp(a->at, b->at, sizeof(a->at)) == 0;
}

void tree_edge_append(struct tree_edge *edge, const struct trail_digest *leaf)
{
    struct trail_digest hash = *leaf;

    for (uint64_t carry = edge->size; (carry & 1) != 0; carry >>= 1) {
        edge->count -= 1;
        tree_hash_node(&edge->at[edge->count], &hash, &hash);
    }
    ASSERT(edge->count < 64);
    edge->at[edge->count] = hash;
    edge->count += 1;
    edge->size += 1;
}

void tree_edge_root(const struct tree_edge *edge, struct trail_digest *out)
{
    if (edge->count == 0) {
        tree_hash_empty(out);
        return;
    }
    struct trail_digest hash = edge->at[edge->count - 1];
    for (unsigned i = edge->count - 1; i > 0; i--) {
        tree_hash_node(&edge->at[i - 1], &hash, &hash);
    }
    *out = hash;
}

void tree_fold(const struct trail_digest *hashes, size_t count, struct trail_digest *out)
{
    struct trail_digest level[256];

    ASSERT(count >= 1 && count <= 256 && (count & (count - 1)) == 0);
    memcpy(level, hashes, count * sizeof(*hashes));
    for (; count > 1; count /= 2) {
        for (size_t i = 0; i < count / 2; i++) {
            tree_hash_node(&level[2 * i], &level[2 * i + 1], &level[i]);
        }
    }
    *out = level[0];
}

/* The root of complete subtree `index` of 2^height leaves: the stored hashes of the next height
 * below that is kept, folded. */
static amanat_result read_subtree(const struct tree_source *source, unsigned height, uint64_t index,
                                  struct trail_digest *out)
{
    const unsigned level = height / TILE_HEIGHT;
    const size_t count = (size_t)1 << (height % TILE_HEIGHT);
    struct trail_digest hashes[128];

    for (size_t i = 0; i < count; i++) {
        TRY(source->read(source->context, level, index * count + i, &hashes[i]));
    }
    tree_fold(hashes, count, out);
    return AMANAT_OK;
}

/* The greatest power of two smaller than n, as an exponent (n >= 2). */
static unsigned split_height(uint64_t n)
{
    unsigned height = 0;

    while ((UINT64_C(2) << height) < n) {
        height += 1;
    }
    return height;
}

/* MTH(D[begin:begin+size]) for a range as the recursion of RFC 6962 §2.1 makes them: `begin` is a
 * multiple of the width of the range's left subtree, so its ones are complete stored subtrees. */
static amanat_result read_range(const struct tree_source *source, uint64_t begin, uint64_t size,
                                struct trail_digest *out)
{
    struct trail_digest parts[64];
    size_t count = 0;

    while (size > 0) {
        unsigned height = 0;
        while (height < 62 && (UINT64_C(2) << height) <= size) {
            height += 1;
        }
        TRY(read_subtree(source, height, begin >> height, &parts[count]));
        count += 1;
        begin += UINT64_C(1) << height;
        size -= UINT64_C(1) << height;
    }
    if (count == 0) {
        tree_hash_empty(out);
        return AMANAT_OK;
    }
    while (count > 1) {
        tree_hash_node(&parts[count - 2], &parts[count - 1], &parts[count - 2]);
        count -= 1;
    }
    *out = parts[0];
    return AMANAT_OK;
}

amanat_result tree_root(const struct tree_source *source, uint64_t size, struct trail_digest *out)
{
    if (size > TREE_SIZE_LIMIT) {
        return amanat_result_of(AMANAT_STATUS_PEER_FAULT);
    }
    return read_range(source, 0, size, out);
}

/* Both proofs go down from the whole tree and collect the sibling at each step: they come out root
 * first. */
static void reverse(struct trail_digest *hashes, size_t count)
{
    for (size_t i = 0; i < count / 2; i++) {
        const struct trail_digest kept = hashes[i];
        hashes[i] = hashes[count - 1 - i];
        hashes[count - 1 - i] = kept;
    }
}

amanat_result tree_prove_inclusion(const struct tree_source *source, uint64_t index, uint64_t size,
                                   struct trail_digest out[TREE_PROOF_LIMIT], size_t *out_count)
{
    uint64_t begin = 0;
    size_t count = 0;

    if (index >= size || size > TREE_SIZE_LIMIT) {
        return amanat_result_of(AMANAT_STATUS_PEER_FAULT);
    }
    while (size > 1) {
        const uint64_t half = UINT64_C(1) << split_height(size);
        if (index - begin < half) {
            TRY(read_range(source, begin + half, size - half, &out[count]));
            size = half;
        } else {
            TRY(read_range(source, begin, half, &out[count]));
            begin += half;
            size -= half;
        }
        count += 1;
    }
    reverse(out, count);
    *out_count = count;
    return AMANAT_OK;
}

amanat_result tree_prove_consistency(const struct tree_source *source, uint64_t from, uint64_t to,
                                     struct trail_digest out[TREE_PROOF_LIMIT], size_t *out_count)
{
    uint64_t begin = 0;
    uint64_t size = to;
    size_t count = 0;

    if (from == 0 || from > to || to > TREE_SIZE_LIMIT) {
        return amanat_result_of(AMANAT_STATUS_PEER_FAULT);
    }
    /* SUBPROOF(m, D[n], b): b stays true as long as the walk has only gone left. */
    while (from - begin != size) {
        const uint64_t half = UINT64_C(1) << split_height(size);
        if (from - begin <= half) {
            TRY(read_range(source, begin + half, size - half, &out[count]));
            size = half;
        } else {
            TRY(read_range(source, begin, half, &out[count]));
            begin += half;
            size -= half;
        }
        count += 1;
    }
    if (begin != 0) {
        TRY(read_range(source, begin, size, &out[count]));
        count += 1;
    }
    reverse(out, count);
    *out_count = count;
    return AMANAT_OK;
}

bool tree_inclusion_is_valid(const struct trail_digest *leaf, uint64_t index, uint64_t size,
                             const struct trail_digest *proof, size_t count,
                             const struct trail_digest *root)
{
    struct trail_digest hash = *leaf;
    uint64_t fn = index;
    uint64_t sn = size - 1;

    if (index >= size) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (sn == 0) {
            return false;
        }
        if ((fn & 1) != 0 || fn == sn) {
            tree_hash_node(&proof[i], &hash, &hash);
            while ((fn & 1) == 0 && fn != 0) {
                fn >>= 1;
                sn >>= 1;
            }
        } else {
            tree_hash_node(&hash, &proof[i], &hash);
        }
        fn >>= 1;
        sn >>= 1;
    }
    return sn == 0 && tree_digest_equal(&hash, root);
}

bool tree_consistency_is_valid(uint64_t from, uint64_t to, const struct trail_digest *from_root,
                               const struct trail_digest *to_root, const struct trail_digest *proof,
                               size_t count)
{
    if (from == 0 || from > to) {
        return false; /* every tree begins with the empty one: there is nothing that a proof could
                         say */
    }
    if (from == to) {
        return count == 0 && tree_digest_equal(from_root, to_root);
    }
    /* "If first is an exact power of 2, then prepend first_hash to the consistency_path array." */
    const bool whole = (from & (from - 1)) == 0;
    size_t next = 0;
    if (!whole && count == 0) {
        return false;
    }
    struct trail_digest fr = whole ? *from_root : proof[next];
    struct trail_digest sr = fr;
    uint64_t fn = from - 1;
    uint64_t sn = to - 1;
    next += whole ? 0 : 1;
    while ((fn & 1) != 0) {
        fn >>= 1;
        sn >>= 1;
    }
    for (; next < count; next++) {
        if (sn == 0) {
            return false;
        }
        if ((fn & 1) != 0 || fn == sn) {
            tree_hash_node(&proof[next], &fr, &fr);
            tree_hash_node(&proof[next], &sr, &sr);
            while ((fn & 1) == 0 && fn != 0) {
                fn >>= 1;
                sn >>= 1;
            }
        } else {
            tree_hash_node(&sr, &proof[next], &sr);
        }
        fn >>= 1;
        sn >>= 1;
    }
    return sn == 0 && tree_digest_equal(&fr, from_root) && tree_digest_equal(&sr, to_root);
}
