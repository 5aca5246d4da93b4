/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tree against a slow reading of RFC 6962 §2.1, and proofs of every size against their
 * verification. The foreign vectors are in tests/conformance (merkle_vectors.c).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
/* cmocka.h needs the above before it */
#include <cmocka.h>

#include <string.h>

#include "gateway/trail/trail_tree.h"
#include "policy/base/base.h"

#define LEAVES 600u

static struct trail_digest leaves[LEAVES];

static void make_leaves(void)
{
    for (unsigned i = 0; i < LEAVES; i++) {
        const char entry[2] = {(char)i, (char)(i >> 8)};
        tree_hash_leaf(bytes_of(entry, 2), &leaves[i]);
    }
}

/* MTH as RFC 6962 §2.1 writes it. */
static void slow_root(unsigned begin, unsigned count, struct trail_digest *out)
{
    if (count == 0) {
        tree_hash_empty(out);
        return;
    }
    if (count == 1) {
        *out = leaves[begin];
        return;
    }
    unsigned half = 1;
    while (half * 2 < count) {
        half *= 2;
    }
    struct trail_digest left;
    struct trail_digest right;
    slow_root(begin, half, &left);
    slow_root(begin + half, count - half, &right);
    tree_hash_node(&left, &right, out);
}

static amanat_result read_leaf(void *context, unsigned level, uint64_t index,
                               struct trail_digest *out)
{
    const unsigned width = 1u << (8 * level);
    (void)context;
    assert_true((index + 1) * width <= LEAVES);
    slow_root((unsigned)index * width, width, out);
    return AMANAT_OK;
}

static const struct tree_source source = {read_leaf, NULL};

static void test_tree__hashes_as_rfc_6962_says(void **state)
{
    struct trail_digest digest;
    struct buffer hex;
    (void)state;
    buffer_init(&hex, 256);
    tree_hash_empty(&digest);
    hex_append(&hex, bytes_of((const char *)digest.at, 32));
    assert_true(bytes_equal_string(
        buffer_bytes(&hex), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"));
    buffer_reset(&hex);
    tree_hash_leaf(bytes_of(NULL, 0), &digest);
    hex_append(&hex, bytes_of((const char *)digest.at, 32));
    assert_true(bytes_equal_string(
        buffer_bytes(&hex), "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"));
    buffer_clear(&hex);
}

static void test_tree__gives_the_same_root_from_edge_and_from_stored_hashes(void **state)
{
    struct tree_edge edge = {0};
    (void)state;
    for (unsigned size = 0; size <= LEAVES; size++) {
        struct trail_digest slow;
        struct trail_digest fast;
        struct trail_digest stored;
        slow_root(0, size, &slow);
        tree_edge_root(&edge, &fast);
        assert_true(amanat_is_ok(tree_root(&source, size, &stored)));
        assert_memory_equal(&slow, &fast, sizeof(slow));
        assert_memory_equal(&slow, &stored, sizeof(slow));
        if (size < LEAVES) {
            tree_edge_append(&edge, &leaves[size]);
        }
    }
}

static void test_tree__proves_inclusion_of_each_leaf(void **state)
{
    (void)state;
    for (unsigned size = 1; size <= LEAVES; size += size < 40 ? 1 : 37) {
        struct trail_digest root;
        slow_root(0, size, &root);
        for (unsigned index = 0; index < size; index += size < 40 ? 1 : 11) {
            struct trail_digest proof[TREE_PROOF_LIMIT];
            size_t count = 0;
            assert_true(amanat_is_ok(tree_prove_inclusion(&source, index, size, proof, &count)));
            assert_true(tree_inclusion_is_valid(&leaves[index], index, size, proof, count, &root));
            assert_false(tree_inclusion_is_valid(&leaves[(index + 1) % LEAVES], index, size, proof,
                                                 count, &root));
            assert_false(
                tree_inclusion_is_valid(&leaves[index], index, size, proof, count + 1, &root));
            if (count > 0) {
                assert_false(
                    tree_inclusion_is_valid(&leaves[index], index, size, proof, count - 1, &root));
                assert_false(
                    tree_inclusion_is_valid(&leaves[index], index ^ 1, size, proof, count, &root));
                proof[0].at[0] ^= 1;
                assert_false(
                    tree_inclusion_is_valid(&leaves[index], index, size, proof, count, &root));
            }
        }
    }
}

static void test_tree__proves_consistency_of_each_pair(void **state)
{
    (void)state;
    for (unsigned to = 1; to <= LEAVES; to += to < 40 ? 1 : 41) {
        struct trail_digest to_root;
        slow_root(0, to, &to_root);
        for (unsigned from = 1; from <= to; from += to < 40 ? 1 : 13) {
            struct trail_digest from_root;
            struct trail_digest proof[TREE_PROOF_LIMIT];
            size_t count = 0;
            slow_root(0, from, &from_root);
            assert_true(amanat_is_ok(tree_prove_consistency(&source, from, to, proof, &count)));
            assert_true(count <= 63);
            assert_true(tree_consistency_is_valid(from, to, &from_root, &to_root, proof, count));
            if (from == to) {
                continue;
            }
            assert_false(tree_consistency_is_valid(from, to, &to_root, &to_root, proof, count));
            if (count > 0) {
                proof[count - 1].at[31] ^= 0x80;
                assert_false(
                    tree_consistency_is_valid(from, to, &from_root, &to_root, proof, count));
                assert_false(
                    tree_consistency_is_valid(from, to, &from_root, &to_root, proof, count - 1));
            }
        }
    }
}

static void test_tree__refuses_proofs_of_what_cannot_be(void **state)
{
    struct trail_digest proof[TREE_PROOF_LIMIT];
    size_t count = 0;
    (void)state;
    assert_int_equal(tree_prove_inclusion(&source, 5, 5, proof, &count).status,
                     AMANAT_STATUS_PEER_FAULT);
    assert_int_equal(tree_prove_consistency(&source, 0, 5, proof, &count).status,
                     AMANAT_STATUS_PEER_FAULT);
    assert_int_equal(tree_prove_consistency(&source, 6, 5, proof, &count).status,
                     AMANAT_STATUS_PEER_FAULT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tree__hashes_as_rfc_6962_says),
        cmocka_unit_test(test_tree__gives_the_same_root_from_edge_and_from_stored_hashes),
        cmocka_unit_test(test_tree__proves_inclusion_of_each_leaf),
        cmocka_unit_test(test_tree__proves_consistency_of_each_pair),
        cmocka_unit_test(test_tree__refuses_proofs_of_what_cannot_be),
    };
    make_leaves();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
