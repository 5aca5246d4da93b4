/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a start makes of what it finds: after a crash at every operation, with what was not synced
 * dropped, kept or torn at 512 bytes, every acknowledged entry is there and the trail verifies;
 * what was altered or set back is refused.
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

#include "gateway/trail/trail_layout.h"
#include "gateway/trail/trail_private.h"
#include "tests/unit/gateway/trail/trail_fixture.h"

#define ENTRIES 400u

/* What was acknowledged, and after how many operations. */
struct history {
    struct disk *disk;
    struct trail_digest leaves[ENTRIES];
    uint64_t sequences[ENTRIES];
    size_t operations[ENTRIES];
    size_t count;
};

static void note_durable(void *context, amanat_result result, const struct durable_entry *entry)
{
    struct history *history = context;
    if (amanat_is_ok(result)) {
        assert_true(history->count < ENTRIES);
        history->sequences[history->count] = durable_entry_first(entry);
        history->leaves[history->count] = *durable_entry_leaf(entry);
        history->operations[history->count] = disk_operations(history->disk);
        history->count += 1;
    }
}

/* A life of a trail on a disk: some batches, some checkpoints, a ruleset, a full segment. */
static void live(struct fixture *fixture, struct history *history, unsigned entries, bool close)
{
    static const struct trail_file file = {BYTES_INIT("a.cedar"), BYTES_INIT("forbid (x);\n")};
    struct trail_digest digest;
    struct trail *trail = fixture_open(fixture);

    assert_true(amanat_is_ok(trail_store_ruleset(trail, &file, 1, NULL, &digest)));
    for (unsigned i = 0; i < entries; i++) {
        assert_true(
            amanat_is_ok(fixture_submit(trail, i, TRAIL_CLASS_ACCESS, note_durable, history)));
        if (i % 5 == 4) {
            (void)trail_commit_turn(trail);
        }
        if (i % 17 == 16) {
            assert_true(amanat_is_ok(trail_publish_turn(trail, false)));
        }
    }
    if (close) {
        trail_close(trail);
        return;
    }
    /* As a process that was killed: nothing is written any more. */
    disk_fail(history->disk, disk_operations(history->disk), SIZE_MAX / 2, EIO);
    trail_close(trail);
}

/* Holds the entries on `disk` against what had been acknowledged after `operations` operations. */
static void assert_acknowledged(struct disk *disk, const struct history *history, size_t operations)
{
    struct layout_reader *reader = calloc(1, sizeof(*reader));
    struct trail_digest *found = calloc(2 * ENTRIES, sizeof(*found));
    uint64_t *segments = NULL;
    size_t segment_count = 0;
    uint64_t count = 0;

    assert_non_null(reader);
    assert_non_null(found);
    assert_true(amanat_is_ok(
        layout_list_segments(disk_files(disk), FIXTURE_FOLDER, &segments, &segment_count)));
    for (size_t i = 0; i < segment_count; i++) {
        char name[LAYOUT_SEGMENT_SIZE];
        char path[LAYOUT_PATH_SIZE];
        struct bytes line;
        uint64_t offset = 0;
        layout_segment_name(segments[i], name);
        layout_path(FIXTURE_FOLDER, name, path);
        assert_int_equal(layout_reader_open(reader, disk_files(disk), path, 0), 0);
        while (layout_reader_next(reader, &line, &offset) == LAYOUT_LINE_WHOLE) {
            assert_true(count < 2 * ENTRIES);
            tree_hash_leaf(line, &found[count]);
            count += 1;
        }
        layout_reader_close(reader);
    }
    for (size_t i = 0; i < history->count; i++) {
        if (history->operations[i] < operations) {
            assert_true(history->sequences[i] < count);
            assert_memory_equal(&found[history->sequences[i]], &history->leaves[i],
                                sizeof(history->leaves[i]));
        }
    }
    free(segments);
    free(found);
    free(reader);
}

static void assert_recovers(struct disk *image, const struct history *history, size_t operations)
{
    struct fixture fixture;
    struct trail_report report;

    fixture_init(&fixture, image);
    struct trail *trail = fixture_open(&fixture);
    assert_true(amanat_is_ok(fixture_submit(trail, 9999, TRAIL_CLASS_ACCESS, NULL, NULL)));
    trail_close(trail);
    const amanat_result result = fixture_verify(&fixture, image, &report);
    if (!amanat_is_ok(result)) {
        fail_msg("after operation %zu: %s entry %llu: %s", operations, report.fault_file,
                 (unsigned long long)report.fault_entry, report.fault_reason);
    }
    assert_acknowledged(image, history, operations);
    fixture_clear(&fixture);
}

static void
test_recovery__finds_every_acknowledged_entry_after_a_crash_at_any_operation(void **state)
{
    struct disk *disk = disk_new();
    struct fixture fixture;
    struct history *history = calloc(1, sizeof(*history));
    (void)state;
    assert_non_null(history);
    history->disk = disk;
    fixture_init(&fixture, disk);
    live(&fixture, history, 270, true);
    const size_t operations = disk_operations(disk);
    assert_true(operations > 300);
    for (size_t i = 1; i <= operations; i++) {
        for (unsigned kind = 0; kind < 4; kind++) {
            struct disk *image =
                disk_after_crash(disk, i, kind < 2 ? (enum disk_crash)kind : DISK_CRASH_TORN,
                                 (unsigned)i * 31 + kind);
            assert_recovers(image, history, i);
            disk_free(image);
        }
    }
    fixture_clear(&fixture);
    disk_free(disk);
    free(history);
}

static bool has_quarantine(const struct disk *disk)
{
    const char *path = NULL;
    for (size_t i = 0; disk_path(disk, i, &path); i++) {
        if (strstr(path, "/quarantine/") != NULL) {
            return true;
        }
    }
    return false;
}

/* A recovery may itself be cut off, at any place. */
static void test_recovery__survives_a_crash_while_it_recovers(void **state)
{
    struct disk *disk = disk_new();
    struct fixture fixture;
    struct history *history = calloc(1, sizeof(*history));
    unsigned torn = 0;
    (void)state;
    assert_non_null(history);
    history->disk = disk;
    fixture_init(&fixture, disk);
    live(&fixture, history, 60, true);
    const size_t operations = disk_operations(disk);
    for (size_t i = operations / 3; i <= operations; i += 3) {
        struct disk *image = disk_after_crash(disk, i, DISK_CRASH_TORN, (unsigned)i);
        struct fixture again;
        fixture_init(&again, image);
        trail_close(fixture_open(&again));
        fixture_clear(&again);
        torn += has_quarantine(image) ? 1 : 0;
        const size_t recovering = disk_operations(image);
        for (size_t k = 1; k <= recovering; k++) {
            struct disk *second = disk_after_crash(image, k, DISK_CRASH_TORN, (unsigned)(i + k));
            assert_recovers(second, history, i);
            disk_free(second);
        }
        disk_free(image);
    }
    assert_true(torn > 1);
    fixture_clear(&fixture);
    disk_free(disk);
    free(history);
}

static struct disk *make_trail(struct fixture *fixture, unsigned entries, bool close)
{
    struct history *history = calloc(1, sizeof(*history));
    struct disk *disk = disk_new();
    assert_non_null(history);
    history->disk = disk;
    fixture_init(fixture, disk);
    live(fixture, history, entries, close);
    disk_fail(disk, 0, 0, 0);
    free(history);
    return disk;
}

static void assert_refused(struct fixture *fixture, struct disk *disk, const char *word)
{
    struct amanat_diagnostics *diagnostics = amanat_diagnostics_new();
    struct trail *trail = NULL;
    bool said = false;

    fixture->options.world.files = disk_files(disk);
    assert_int_equal(trail_open(&fixture->options, diagnostics, &trail).status,
                     AMANAT_STATUS_CORRUPT);
    for (size_t i = 0; i < amanat_diagnostics_count(diagnostics); i++) {
        const struct amanat_diagnostic *diagnostic = amanat_diagnostics_at(diagnostics, i);
        said = said || strstr(diagnostic->text, word) != NULL ||
               strstr(diagnostic->source, word) != NULL;
    }
    if (!said) {
        fail_msg("expected \"%s\", got \"%s\"", word, amanat_diagnostics_at(diagnostics, 0)->text);
    }
    amanat_diagnostics_free(diagnostics);
}

/* The byte where line `number` of a segment begins. */
static size_t line_start(const char *text, size_t size, unsigned number)
{
    size_t at = 0;
    for (; number > 0; number--) {
        const char *newline = memchr(text + at, '\n', size - at);
        assert_non_null(newline);
        at = (size_t)(newline + 1 - text);
    }
    return at;
}

static void test_recovery__refuses_what_was_altered_before_a_later_commit(void **state)
{
    struct fixture fixture;
    struct disk *disk = make_trail(&fixture, 40, false);
    size_t size = 0;
    char *text = disk_file(disk, FIXTURE_FOLDER "/segments/000000000000.jsonl", &size);
    (void)state;
    assert_non_null(text);
    /* 40 entries in 8 commits of 5; the newest checkpoint covers 30. */
    for (unsigned line = 0; line < 34; line++) {
        const size_t at = line_start(text, size, line) + 200;
        text[at] ^= 1;
        assert_refused(&fixture, disk, "segments/000000000000.jsonl");
        text[at] ^= 1;
    }
    fixture_clear(&fixture);
    disk_free(disk);
}

static void test_recovery__moves_a_torn_tail_to_quarantine_and_tells_it(void **state)
{
    struct fixture fixture;
    struct disk *disk = make_trail(&fixture, 40, false);
    struct trail_report report;
    size_t size = 0;
    (void)state;
    const char *text = disk_file(disk, FIXTURE_FOLDER "/segments/000000000000.jsonl", &size);
    assert_non_null(text);
    char *torn = malloc(size + 100);
    assert_non_null(torn);
    memcpy(torn, text, size);
    memcpy(torn + size, "{\"_prev\":\"0123", 14);
    disk_put(disk, FIXTURE_FOLDER "/segments/000000000000.jsonl", torn, size + 14);
    free(torn);
    fixture.options.world.files = disk_files(disk);
    struct trail *trail = fixture_open(&fixture);
    assert_int_equal(trail->durable_size, 41);
    trail_close(trail);
    assert_true(amanat_is_ok(fixture_verify(&fixture, disk, &report)));
    assert_int_equal(report.kinds[TRAIL_KIND_RECOVER], 1);
    assert_int_equal(report.entries, 41);
    const char *path = NULL;
    unsigned quarantined = 0;
    for (size_t i = 0; disk_path(disk, i, &path); i++) {
        if (strstr(path, "/quarantine/") != NULL) {
            quarantined += 1;
            assert_null(strstr(path, "unreported"));
            assert_non_null(disk_file(disk, path, &size));
            assert_int_equal(size, 14);
        }
    }
    assert_int_equal(quarantined, 1);
    fixture_clear(&fixture);
    disk_free(disk);
}

static void test_recovery__refuses_a_disk_that_was_set_back(void **state)
{
    struct fixture fixture;
    struct disk *disk = make_trail(&fixture, 40, true);
    size_t size = 0;
    (void)state;
    const char *text = disk_file(disk, FIXTURE_FOLDER "/segments/000000000000.jsonl", &size);
    assert_non_null(text);
    struct disk *shorter = disk_copy(disk);
    disk_put(shorter, FIXTURE_FOLDER "/segments/000000000000.jsonl", text,
             line_start(text, size, 39));
    assert_refused(&fixture, shorter, "only 39");
    /* The floor alone, kept on another device, is enough. */
    disk_remove(shorter, FIXTURE_FOLDER "/checkpoint");
    disk_remove(shorter, FIXTURE_FOLDER "/checkpoint.log");
    assert_refused(&fixture, shorter, "only 39");
    /* And what somebody outside has seen. */
    disk_remove(shorter, FIXTURE_FOLDER "/floor");
    const struct trail_anchored anchored = {.size = 40, .source = "witness.example"};
    fixture.options.anchored = &anchored;
    fixture.options.anchored_count = 1;
    assert_refused(&fixture, shorter, "witness.example");
    fixture.options.anchored_count = 0;
    /* A floor below the checkpoint means that one of them is older. */
    struct disk *older = disk_copy(disk);
    disk_put(older, FIXTURE_FOLDER "/floor",
             "audit.example/test-1\n1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n", 68);
    assert_refused(&fixture, older, "floor");
    disk_free(older);
    disk_free(shorter);
    fixture_clear(&fixture);
    disk_free(disk);
}

static void test_recovery__refuses_another_history_of_the_same_length(void **state)
{
    struct fixture fixture;
    struct disk *disk = make_trail(&fixture, 40, true);
    (void)state;
    /* Same length, other salts: another tree. */
    struct disk *other = disk_new();
    struct fixture second;
    fixture_init(&second, other);
    struct trail *trail = fixture_open(&second);
    for (unsigned i = 0; i < 40; i++) {
        assert_true(amanat_is_ok(fixture_submit(trail, 500 + i, TRAIL_CLASS_ACCESS, NULL, NULL)));
    }
    trail_close(trail);
    size_t size = 0;
    const char *text = disk_file(other, FIXTURE_FOLDER "/segments/000000000000.jsonl", &size);
    disk_put(disk, FIXTURE_FOLDER "/segments/000000000000.jsonl", text, size);
    assert_refused(&fixture, disk, "not those");
    fixture_clear(&second);
    disk_free(other);
    fixture_clear(&fixture);
    disk_free(disk);
}

static void test_recovery__refuses_missing_segments_and_tiles(void **state)
{
    struct fixture fixture;
    struct disk *disk = make_trail(&fixture, 300, true);
    (void)state;
    struct disk *copy = disk_copy(disk);
    disk_remove(copy, FIXTURE_FOLDER "/segments/000000000000.jsonl");
    assert_refused(&fixture, copy, "missing");
    disk_free(copy);
    copy = disk_copy(disk);
    disk_remove(copy, FIXTURE_FOLDER "/segments/000000000256.jsonl");
    assert_refused(&fixture, copy, "only 256");
    disk_free(copy);
    copy = disk_copy(disk);
    disk_remove(copy, FIXTURE_FOLDER "/tile/1/000.p/1");
    assert_refused(&fixture, copy, "tiles");
    disk_free(copy);
    fixture_clear(&fixture);
    disk_free(disk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            test_recovery__finds_every_acknowledged_entry_after_a_crash_at_any_operation),
        cmocka_unit_test(test_recovery__survives_a_crash_while_it_recovers),
        cmocka_unit_test(test_recovery__refuses_what_was_altered_before_a_later_commit),
        cmocka_unit_test(test_recovery__moves_a_torn_tail_to_quarantine_and_tells_it),
        cmocka_unit_test(test_recovery__refuses_a_disk_that_was_set_back),
        cmocka_unit_test(test_recovery__refuses_another_history_of_the_same_length),
        cmocka_unit_test(test_recovery__refuses_missing_segments_and_tiles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
