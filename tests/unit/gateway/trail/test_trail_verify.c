/* SPDX-License-Identifier: Apache-2.0 */
/* Tampering: every bit, every truncation, every entry removed, doubled or exchanged must be
 * noticed, and named. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
/* cmocka.h needs the above before it */
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/trail/trail_private.h"
#include "tests/unit/gateway/trail/trail_fixture.h"

#define SEGMENT FIXTURE_FOLDER "/segments/000000000000.jsonl"

struct world {
    struct disk *disk;
    struct fixture fixture;
};

/* A small trail with everything in it: accesses, a ruleset in effect, a torn tail that was
 * recovered. */
static void set_up(struct world *world, unsigned entries)
{
    static const struct trail_file file = {BYTES_INIT("a.cedar"), BYTES_INIT("forbid (x);\n")};
    struct trail_policy policy = {.policy_count = 1};
    const struct trail_salt salt = {{5}};
    struct buffer line;
    size_t size = 0;

    world->disk = disk_new();
    fixture_init(&world->fixture, world->disk);
    struct trail *trail = fixture_open(&world->fixture);
    assert_true(amanat_is_ok(trail_store_ruleset(trail, &file, 1, NULL, &policy.ruleset)));
    buffer_init(&line, 8192);
    assert_true(amanat_is_ok(trail_entry_append_policy(&line, &policy, &salt)));
    const struct trail_submission submission = {.class = TRAIL_CLASS_OTHER,
                                                .lines = buffer_bytes(&line)};
    assert_true(amanat_is_ok(trail_submit_and_wait(trail, &submission, NULL)));
    buffer_clear(&line);
    trail_close(trail);
    const char *text = disk_file(world->disk, SEGMENT, &size);
    char torn[4096];
    assert_non_null(text);
    memcpy(torn, text, size);
    memcpy(torn + size, "{\"_pr", 5);
    disk_put(world->disk, SEGMENT, torn, size + 5);
    trail = fixture_open(&world->fixture);
    for (unsigned i = 0; i < entries; i++) {
        assert_true(amanat_is_ok(fixture_submit(trail, i, TRAIL_CLASS_ACCESS, NULL, NULL)));
        (void)trail_commit_turn(trail);
        if (i % 2 == 0) {
            assert_true(amanat_is_ok(trail_publish_turn(trail, false)));
        }
    }
    trail_close(trail);
}

static void tear_down(struct world *world)
{
    fixture_clear(&world->fixture);
    disk_free(world->disk);
}

static bool is_noticed(struct world *world, struct trail_report *report)
{
    const amanat_result result = fixture_verify(&world->fixture, world->disk, report);
    return result.status == AMANAT_STATUS_CORRUPT && report->fault_reason[0] != '\0';
}

static void test_verify__accepts_what_was_written(void **state)
{
    struct world world;
    struct trail_report report;
    (void)state;
    set_up(&world, 6);
    assert_true(amanat_is_ok(fixture_verify(&world.fixture, world.disk, &report)));
    assert_int_equal(report.entries, 8);
    assert_int_equal(report.covered, 8);
    assert_int_equal(report.kinds[TRAIL_KIND_POLICY], 1);
    assert_int_equal(report.kinds[TRAIL_KIND_RECOVER], 1);
    assert_int_equal(report.rulesets, 1);
    assert_int_equal(report.findings, 1);
    assert_true(report.pinned);
    tear_down(&world);
}

/* The reserve holds nothing, and what lies under a temporary name is not part of the trail. */
static bool counts(const char *path)
{
    return strstr(path, "/reserve") == NULL && strstr(path, ".tmp") == NULL;
}

static void test_verify__notices_every_flipped_bit(void **state)
{
    struct world world;
    struct trail_report report;
    const char *path = NULL;
    size_t files = 0;
    (void)state;
    set_up(&world, 3);
    for (size_t i = 0; disk_path(world.disk, i, &path); i++) {
        size_t size = 0;
        char *bytes = disk_file(world.disk, path, &size);
        for (size_t bit = 0; counts(path) && bit < 8 * size; bit++) {
            bytes[bit / 8] = (char)(bytes[bit / 8] ^ (1 << (bit % 8)));
            if (!is_noticed(&world, &report)) {
                fail_msg("bit %zu of %s was flipped unnoticed", bit, path);
            }
            bytes[bit / 8] = (char)(bytes[bit / 8] ^ (1 << (bit % 8)));
        }
        files += counts(path) ? 1 : 0;
    }
    assert_true(files > 8);
    assert_true(amanat_is_ok(fixture_verify(&world.fixture, world.disk, &report)));
    tear_down(&world);
}

static void test_verify__names_the_entry_that_was_changed(void **state)
{
    struct world world;
    struct trail_report report;
    size_t size = 0;
    (void)state;
    set_up(&world, 6);
    char *bytes = disk_file(world.disk, SEGMENT, &size);
    uint64_t entry = 0;
    for (size_t i = 0; i < size; i++) {
        if (bytes[i] == '\n') {
            entry += 1;
        } else if (bytes[i] == ':' && bytes[i + 1] == '2' && i % 3 == 0) {
            bytes[i + 1] = '3';
            assert_true(is_noticed(&world, &report));
            assert_true(report.fault_has_entry);
            assert_int_equal(report.fault_entry, entry);
            assert_string_equal(report.fault_file, "segments/000000000000.jsonl");
            bytes[i + 1] = '2';
        }
    }
    tear_down(&world);
}

static void test_verify__notices_every_truncation(void **state)
{
    struct world world;
    struct trail_report report;
    const char *path = NULL;
    (void)state;
    set_up(&world, 3);
    for (size_t i = 0; disk_path(world.disk, i, &path); i++) {
        size_t size = 0;
        const char *bytes = disk_file(world.disk, path, &size);
        char *kept = malloc(size + 1);
        assert_non_null(kept);
        if (size > 0) {
            memcpy(kept, bytes, size);
        }
        for (size_t length = 0; counts(path) && length < size; length++) {
            disk_put(world.disk, path, kept, length);
            if (!is_noticed(&world, &report)) {
                fail_msg("%s was cut to %zu bytes unnoticed", path, length);
            }
        }
        disk_put(world.disk, path, kept, size);
        free(kept);
    }
    tear_down(&world);
}

static void test_verify__notices_every_missing_file(void **state)
{
    struct world world;
    struct trail_report report;
    const char *path = NULL;
    (void)state;
    set_up(&world, 6);
    for (size_t i = 0; disk_path(world.disk, i, &path); i++) {
        /* The floor may live on another device, old partial tiles may be gone. */
        if (!counts(path) || strstr(path, "/floor") != NULL || strstr(path, "/lock") != NULL ||
            (strstr(path, ".p/") != NULL && strstr(path, ".p/8") == NULL)) {
            continue;
        }
        struct world without = {disk_copy(world.disk), world.fixture};
        disk_remove(without.disk, path);
        if (!is_noticed(&without, &report)) {
            fail_msg("%s is missing unnoticed", path);
        }
        disk_free(without.disk);
    }
    tear_down(&world);
}

struct lines {
    struct bytes at[32];
    size_t count;
};

static struct lines split(struct bytes text)
{
    struct lines lines = {0};
    while (text.length > 0) {
        const size_t end = bytes_find(text, '\n') + 1;
        lines.at[lines.count] = bytes_first(text, end);
        lines.count += 1;
        text = bytes_from(text, end);
    }
    return lines;
}

static void assert_order_noticed(struct world *world, const struct lines *lines,
                                 const size_t *order, size_t count)
{
    struct trail_report report;
    struct buffer text;
    struct world changed = {disk_copy(world->disk), world->fixture};

    buffer_init(&text, 1u << 20);
    for (size_t i = 0; i < count; i++) {
        buffer_append(&text, lines->at[order[i]]);
    }
    disk_put(changed.disk, SEGMENT, text.at, text.length);
    assert_true(is_noticed(&changed, &report));
    assert_true(report.fault_has_entry);
    disk_free(changed.disk);
    buffer_clear(&text);
}

static void test_verify__notices_entries_removed_doubled_and_exchanged(void **state)
{
    struct world world;
    size_t size = 0;
    (void)state;
    set_up(&world, 6);
    const char *bytes = disk_file(world.disk, SEGMENT, &size);
    char *text = malloc(size);
    assert_non_null(text);
    memcpy(text, bytes, size);
    const struct lines lines = split(bytes_of(text, size));
    size_t order[33];
    for (size_t a = 0; a < lines.count; a++) {
        size_t count = 0;
        for (size_t i = 0; i < lines.count; i++) {
            if (i != a) {
                order[count++] = i;
            }
        }
        assert_order_noticed(&world, &lines, order, count);
        count = 0;
        for (size_t i = 0; i < lines.count; i++) {
            order[count++] = i;
            if (i == a) {
                order[count++] = i;
            }
        }
        if (a + 1 < lines.count) {
            assert_order_noticed(&world, &lines, order, count);
        }
        for (size_t b = a + 1; b < lines.count; b++) {
            for (size_t i = 0; i < lines.count; i++) {
                order[i] = i == a ? b : i == b ? a : i;
            }
            assert_order_noticed(&world, &lines, order, lines.count);
        }
    }
    free(text);
    tear_down(&world);
}

static void test_verify__believes_a_foreign_key_only_when_none_is_pinned(void **state)
{
    static const unsigned char seed[32] = {9};
    struct world world;
    struct trail_report report;
    (void)state;
    set_up(&world, 2);
    EVP_PKEY *mine = world.fixture.key;
    EVP_PKEY *other = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, sizeof(seed));
    assert_true(amanat_is_ok(
        note_vkey_of(BYTES(FIXTURE_ORIGIN), NOTE_TYPE_ED25519, other, &world.fixture.vkey)));
    assert_true(is_noticed(&world, &report));
    assert_string_equal(report.fault_file, "vkey");
    const struct trail_verify_options unpinned = {.folder = FIXTURE_FOLDER,
                                                  .files = disk_files(world.disk)};
    assert_true(amanat_is_ok(trail_verify(&unpinned, &report)));
    assert_false(report.pinned);
    const struct trail_verify_options broken = {
        .folder = FIXTURE_FOLDER, .files = disk_files(world.disk), .vkey = BYTES("no key")};
    assert_int_equal(trail_verify(&broken, &report).status, AMANAT_STATUS_CONFIG_FAULT);
    world.fixture.key = mine;
    EVP_PKEY_free(other);
    tear_down(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_verify__accepts_what_was_written),
        cmocka_unit_test(test_verify__notices_every_flipped_bit),
        cmocka_unit_test(test_verify__names_the_entry_that_was_changed),
        cmocka_unit_test(test_verify__notices_every_truncation),
        cmocka_unit_test(test_verify__notices_every_missing_file),
        cmocka_unit_test(test_verify__notices_entries_removed_doubled_and_exchanged),
        cmocka_unit_test(test_verify__believes_a_foreign_key_only_when_none_is_pinned),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
