/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A witness: what it cosigns, what it refuses and how (C2SP tlog-witness), and that no crash makes
 * it sign back or sign a fork.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
/* cmocka.h needs the above before it */
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/ledger/ledger.h"
#include "tests/unit/gateway/trail/trail_fixture.h"

#define LEAVES 40u

/* A log that is nothing but leaves, with a fork at leaf 20. */
static struct trail_digest leaf_of(uint64_t index, bool forked)
{
    const char entry[2] = {(char)index, forked && index >= 20 ? 'f' : 'a'};
    struct trail_digest leaf;
    tree_hash_leaf(bytes_of(entry, 2), &leaf);
    return leaf;
}

struct world {
    struct disk *disk;
    struct fixture fixture;
    EVP_PKEY *log_key;
    struct note_vkey witness_vkey;
    struct witness_log_options log;
    struct witness_options options;
};

static EVP_PKEY *key_of(unsigned char byte)
{
    unsigned char seed[32];
    memset(seed, byte, sizeof(seed));
    return EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, sizeof(seed));
}

static void put_vkey(struct world *world)
{
    struct note_vkey vkey;
    struct buffer text;
    assert_true(amanat_is_ok(
        note_vkey_of(BYTES("audit.example/x"), NOTE_TYPE_ED25519, world->log_key, &vkey)));
    buffer_init(&text, 1024);
    note_append_vkey(&text, &vkey);
    disk_put(world->disk, "/log.vkey", text.at, text.length);
    buffer_clear(&text);
}

static void set_up(struct world *world, struct disk *disk)
{
    memset(world, 0, sizeof(*world));
    world->disk = disk;
    fixture_init(&world->fixture, disk);
    world->log_key = key_of(3);
    put_vkey(world);
    world->log.vkey = "/log.vkey";
    world->options = (struct witness_options){.name = "witness.example/w1",
                                              .folder = "/witness",
                                              .key = world->fixture.key,
                                              .logs = &world->log,
                                              .log_count = 1,
                                              .world = world->fixture.options.world};
    assert_true(amanat_is_ok(note_vkey_of(BYTES("witness.example/w1"), NOTE_TYPE_COSIGNATURE,
                                          world->fixture.key, &world->witness_vkey)));
}

static void tear_down(struct world *world)
{
    EVP_PKEY_free(world->log_key);
    fixture_clear(&world->fixture);
}

static struct witness *open_witness(struct world *world)
{
    struct witness *witness = NULL;
    struct amanat_diagnostics *diagnostics = amanat_diagnostics_new();
    const amanat_result result = witness_open(&world->options, diagnostics, &witness);
    if (!amanat_is_ok(result)) {
        fail_msg("%s", amanat_diagnostics_at(diagnostics, 0)->text);
    }
    amanat_diagnostics_free(diagnostics);
    return witness;
}

static void append_checkpoint(const char *origin, EVP_PKEY *key, uint64_t size, bool forked,
                              struct buffer *note)
{
    struct note_checkpoint checkpoint = {.origin = bytes_of_string(origin), .size = size};
    struct buffer text;
    struct tree_edge edge = {0};
    for (uint64_t i = 0; i < size; i++) {
        const struct trail_digest leaf = leaf_of(i, forked);
        tree_edge_append(&edge, &leaf);
    }
    tree_edge_root(&edge, &checkpoint.root);
    buffer_init(&text, 1024);
    note_append_checkpoint(&text, &checkpoint);
    assert_true(amanat_is_ok(note_sign(buffer_bytes(&text), bytes_of_string(origin), key, note)));
    buffer_clear(&text);
}

/* MTH of a range by the definition, for proofs without stored hashes. */
static void range_root(uint64_t begin, uint64_t size, bool forked, struct trail_digest *out)
{
    struct tree_edge edge = {0};
    for (uint64_t i = 0; i < size; i++) {
        const struct trail_digest leaf = leaf_of(begin + i, forked);
        tree_edge_append(&edge, &leaf);
    }
    tree_edge_root(&edge, out);
}

/* RFC 6962 §2.1.2, as it is written there. */
static size_t prove(uint64_t m, uint64_t begin, uint64_t n, bool whole, bool forked,
                    struct trail_digest *out)
{
    if (m == n) {
        if (whole) {
            return 0;
        }
        range_root(begin, n, forked, &out[0]);
        return 1;
    }
    uint64_t k = 1;
    while (k * 2 < n) {
        k *= 2;
    }
    size_t count = 0;
    if (m <= k) {
        count = prove(m, begin, k, whole, forked, out);
        range_root(begin + k, n - k, forked, &out[count]);
    } else {
        count = prove(m - k, begin + k, n - k, false, forked, out);
        range_root(begin, k, forked, &out[count]);
    }
    return count + 1;
}

static unsigned ask(struct world *world, struct witness *witness, uint64_t old_size, uint64_t size,
                    bool forked, struct buffer *out_body)
{
    struct trail_digest proof[64];
    struct buffer request;
    struct buffer note;
    struct witness_answer answer = {0};
    size_t count = 0;

    buffer_init(&request, WITNESS_REQUEST_LIMIT);
    buffer_init(&note, 1024);
    buffer_init(&answer.body, 4096);
    append_checkpoint("audit.example/x", world->log_key, size, forked, &note);
    if (old_size > 0 && old_size < size) {
        count = prove(old_size, 0, size, true, forked, proof);
    }
    witness_append_request(&request, old_size, proof, count, buffer_bytes(&note));
    witness_add_checkpoint(witness, buffer_bytes(&request), &answer);
    if (answer.status == 200) {
        struct witness_answer_read read;
        struct note *parsed = malloc(sizeof(*parsed));
        assert_non_null(parsed);
        assert_true(amanat_is_ok(note_parse(buffer_bytes(&note), parsed)));
        witness_read_answer(200, buffer_bytes(&answer.body), parsed->text, old_size, size,
                            &world->witness_vkey, &read);
        assert_int_equal(read.reply, WITNESS_REPLY_COSIGNED);
        free(parsed);
    }
    if (out_body != NULL) {
        buffer_append(out_body, buffer_bytes(&answer.body));
    }
    buffer_clear(&answer.body);
    buffer_clear(&request);
    buffer_clear(&note);
    return answer.status;
}

static void test_witness__cosigns_growth_and_nothing_else(void **state)
{
    struct world world;
    struct buffer body;
    (void)state;
    set_up(&world, disk_new());
    struct witness *witness = open_witness(&world);
    buffer_init(&body, 1024);
    assert_int_equal(ask(&world, witness, 3, 7, false, NULL), 409); /* it has seen nothing yet */
    assert_int_equal(ask(&world, witness, 0, 3, false, NULL), 200);
    assert_int_equal(ask(&world, witness, 3, 3, false, NULL), 200); /* the same again */
    assert_int_equal(ask(&world, witness, 3, 25, false, NULL), 200);
    assert_int_equal(ask(&world, witness, 3, 30, false, &body), 409);
    assert_true(bytes_equal_string(buffer_bytes(&body), "25\n"));
    assert_int_equal(ask(&world, witness, 0, 25, false, NULL), 409);
    assert_int_equal(ask(&world, witness, 25, 25, true, NULL), 409); /* another root */
    assert_int_equal(ask(&world, witness, 25, 24, false, NULL), 400);
    assert_int_equal(ask(&world, witness, 25, 30, true, NULL), 422); /* a fork */
    assert_int_equal(ask(&world, witness, 25, 30, false, NULL), 200);
    witness_close(witness);

    /* And it remembers. */
    witness = open_witness(&world);
    assert_int_equal(ask(&world, witness, 25, 30, false, NULL), 409);
    assert_int_equal(ask(&world, witness, 0, 3, false, NULL), 409);
    assert_int_equal(ask(&world, witness, 30, 33, false, NULL), 200);
    witness_close(witness);
    struct trail_report report;
    const struct trail_verify_options verify = {.folder = "/witness/log",
                                                .files = disk_files(world.disk)};
    assert_true(amanat_is_ok(trail_verify(&verify, &report)));
    assert_int_equal(report.kinds[TRAIL_KIND_COSIGN], 4);
    buffer_clear(&body);
    disk_free(world.disk);
    tear_down(&world);
}

static unsigned ask_raw(struct witness *witness, struct bytes request)
{
    struct witness_answer answer = {0};
    buffer_init(&answer.body, 4096);
    witness_add_checkpoint(witness, request, &answer);
    buffer_clear(&answer.body);
    return answer.status;
}

static void test_witness__answers_strangers_and_nonsense_as_the_protocol_says(void **state)
{
    static const struct {
        const char *before;
        const char *after;
        unsigned status;
    } cases[] = {
        {"old 0\n\n", "", 200},
        {"old 1\n\n", "", 409},
        {"old 4\n\n", "", 400},
        {"old 00\n\n", "", 400},
        {"old -1\n\n", "", 400},
        {"old 0\n", "", 400},
        {"OLD 0\n\n", "", 400},
        {"", "", 400},
        {"old 0\nAAAA\n\n", "", 400},
        {"old 0\n\n", "x", 400},
        {"old 0\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\n", "", 422},
    };
    struct world world;
    struct buffer note;
    (void)state;
    set_up(&world, disk_new());
    buffer_init(&note, 1024);
    append_checkpoint("audit.example/x", world.log_key, 3, false, &note);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct disk *disk = disk_copy(world.disk);
        struct witness *witness = NULL;
        struct buffer request;
        struct fixture fixture;
        fixture_init(&fixture, disk);
        world.options.world = fixture.options.world;
        witness = open_witness(&world);
        buffer_init(&request, WITNESS_REQUEST_LIMIT);
        buffer_append_string(&request, cases[i].before);
        buffer_append(&request, buffer_bytes(&note));
        buffer_append_string(&request, cases[i].after);
        const unsigned status = ask_raw(witness, buffer_bytes(&request));
        if (status != cases[i].status) {
            fail_msg("case %zu: %u, expected %u", i, status, cases[i].status);
        }
        buffer_clear(&request);
        witness_close(witness);
        fixture_clear(&fixture);
        disk_free(disk);
    }
    world.options.world = world.fixture.options.world;
    struct witness *witness = open_witness(&world);
    struct buffer request;
    buffer_init(&request, WITNESS_REQUEST_LIMIT);
    buffer_reset(&note);
    append_checkpoint("audit.example/unknown", world.log_key, 3, false, &note);
    buffer_append_string(&request, "old 0\n\n");
    buffer_append(&request, buffer_bytes(&note));
    assert_int_equal(ask_raw(witness, buffer_bytes(&request)), 404);
    buffer_reset(&request);
    buffer_reset(&note);
    append_checkpoint("audit.example/x", world.fixture.key, 3, false, &note);
    buffer_append_string(&request, "old 0\n\n");
    buffer_append(&request, buffer_bytes(&note));
    assert_int_equal(ask_raw(witness, buffer_bytes(&request)), 403);
    witness_close(witness);
    buffer_clear(&request);
    buffer_clear(&note);
    disk_free(world.disk);
    tear_down(&world);
}

static void test_witness__never_signs_back_whatever_a_crash_leaves(void **state)
{
    struct world world;
    size_t operations[LEAVES] = {0};
    (void)state;
    set_up(&world, disk_new());
    struct witness *witness = open_witness(&world);
    for (uint64_t size = 1; size <= 8; size++) {
        assert_int_equal(ask(&world, witness, size - 1, size, false, NULL), 200);
        operations[size] = disk_operations(world.disk);
    }
    witness_close(witness);
    const size_t all = disk_operations(world.disk);
    for (size_t i = 1; i <= all; i++) {
        for (unsigned kind = 0; kind < 3; kind++) {
            struct disk *image =
                disk_after_crash(world.disk, i, (enum disk_crash)kind, (unsigned)i);
            struct world after;
            uint64_t answered = 0;
            set_up(&after, image);
            for (uint64_t size = 1; size <= 8; size++) {
                answered = operations[size] < i ? size : answered;
            }
            witness = open_witness(&after);
            /* What was answered before the crash is remembered: nothing smaller is cosigned again.
             */
            if (answered > 1) {
                assert_int_equal(ask(&after, witness, answered - 1, answered, false, NULL), 409);
            }
            witness_close(witness);
            disk_free(image);
            tear_down(&after);
        }
    }
    disk_free(world.disk);
    tear_down(&world);
}

static void test_witness__remembers_although_its_state_is_lost_or_old(void **state)
{
    struct world world;
    char path[256] = "";
    const char *found = NULL;
    char *old = NULL;
    size_t size = 0;
    (void)state;
    set_up(&world, disk_new());
    struct witness *witness = open_witness(&world);
    assert_int_equal(ask(&world, witness, 0, 5, false, NULL), 200);
    for (size_t i = 0; disk_path(world.disk, i, &found); i++) {
        if (strncmp(found, "/witness/state/", strlen("/witness/state/")) == 0) {
            (void)snprintf(path, sizeof(path), "%s", found);
        }
    }
    const char *state_file = disk_file(world.disk, path, &size);
    assert_non_null(state_file);
    old = malloc(size);
    assert_non_null(old);
    memcpy(old, state_file, size);
    assert_int_equal(ask(&world, witness, 5, 30, false, NULL), 200);
    witness_close(witness);
    for (int lost = 0; lost < 2; lost++) {
        if (lost) {
            disk_remove(world.disk, path);
        } else {
            disk_put(world.disk, path, old, size);
        }
        witness = open_witness(&world);
        assert_int_equal(ask(&world, witness, lost ? 0 : 5, 31, true, NULL), 409);
        assert_int_equal(ask(&world, witness, 30, 31, true, NULL), 422);
        witness_close(witness);
    }
    free(old);
    disk_free(world.disk);
    tear_down(&world);
}

/* A witness that has cosigned size 5, with this much time for each answer from now on. */
static struct witness *open_patient_witness(struct world *world, unsigned deadline_ms)
{
    /* A deadline needs a clock that goes on. */
    world->options.world.clock = NULL;
    world->options.deadline_ms = 600000;
    struct witness *witness = open_witness(world);
    assert_int_equal(ask(world, witness, 0, 5, false, NULL), 200);
    witness_close(witness);
    world->options.deadline_ms = deadline_ms;
    return open_witness(world);
}

static void test_witness__signs_nothing_that_it_cannot_remember(void **state)
{
    (void)state;
    unsigned deadline_ms = 20;
    bool over = false;
    for (size_t nth = 0; !over;) {
        struct world world;
        set_up(&world, disk_new());
        struct witness *witness = open_patient_witness(&world, deadline_ms);
        const size_t start = disk_operations(world.disk);
        disk_fail(world.disk, start + nth, SIZE_MAX / 2, EIO);
        const unsigned status = ask(&world, witness, 5, 9, false, NULL);
        const bool done = disk_operations(world.disk) <= start + nth;
        disk_fail(world.disk, 0, 0, 0);
        witness_close(witness);
        if (!done && status == 200) {
            /* The background publisher may take the failure instead; what was signed is remembered.
             */
            witness = open_witness(&world);
            assert_int_equal(ask(&world, witness, 5, 9, false, NULL), 409);
            witness_close(witness);
        }
        disk_free(world.disk);
        tear_down(&world);
        /* Nothing failed and there is no answer: a slow machine, which gets more time. */
        const bool was_slow = done && status == 503;
        deadline_ms *= was_slow ? 4 : 1;
        over = done && !was_slow;
        assert_int_equal(over ? status : 200, 200);
        assert_true(!over || nth >= 3);
        nth += was_slow ? 0 : 1;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_witness__cosigns_growth_and_nothing_else),
        cmocka_unit_test(test_witness__answers_strangers_and_nonsense_as_the_protocol_says),
        cmocka_unit_test(test_witness__never_signs_back_whatever_a_crash_leaves),
        cmocka_unit_test(test_witness__remembers_although_its_state_is_lost_or_old),
        cmocka_unit_test(test_witness__signs_nothing_that_it_cannot_remember),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
