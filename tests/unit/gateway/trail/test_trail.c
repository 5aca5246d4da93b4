/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The running trail: what is acknowledged, in which order, and what happens when the disk, the
 * clock or the queue say no. Most cases drive the rounds of both threads by hand (trail_private.h),
 * so that nothing depends on time.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
/* cmocka.h needs the above before it */
#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/trail/trail_private.h"
#include "tests/unit/gateway/trail/trail_fixture.h"

struct outcome {
    unsigned acknowledged;
    unsigned failed;
    uint64_t last;
    struct trail_digest leaf;
};

static void note_outcome(void *context, amanat_result result, const struct durable_entry *entry)
{
    struct outcome *outcome = context;
    if (!amanat_is_ok(result)) {
        assert_null(entry);
        outcome->failed += 1;
        return;
    }
    assert_non_null(entry);
    assert_true(outcome->acknowledged == 0 || durable_entry_first(entry) > outcome->last);
    outcome->last = durable_entry_last(entry);
    outcome->leaf = *durable_entry_leaf(entry);
    outcome->acknowledged += 1;
}

struct world {
    struct disk *disk;
    struct fixture fixture;
    struct outcome outcome;
};

static void set_up(struct world *world)
{
    memset(world, 0, sizeof(*world));
    world->disk = disk_new();
    fixture_init(&world->fixture, world->disk);
}

static void tear_down(struct world *world)
{
    fixture_clear(&world->fixture);
    disk_free(world->disk);
}

static amanat_result submit(struct world *world, struct trail *trail, unsigned number)
{
    return fixture_submit(trail, number, TRAIL_CLASS_ACCESS, note_outcome, &world->outcome);
}

static void assert_verifies(struct world *world, uint64_t entries)
{
    struct trail_report report;
    const amanat_result result = fixture_verify(&world->fixture, world->disk, &report);
    if (!amanat_is_ok(result)) {
        fail_msg("%s: entry %llu: %s", report.fault_file, (unsigned long long)report.fault_entry,
                 report.fault_reason);
    }
    assert_int_equal(report.entries, entries);
}

static void test_trail__acknowledges_only_what_is_on_the_disk(void **state)
{
    struct world world;
    (void)state;
    set_up(&world);
    struct trail *trail = fixture_open(&world.fixture);
    assert_true(amanat_is_ok(submit(&world, trail, 1)));
    assert_true(amanat_is_ok(submit(&world, trail, 2)));
    assert_int_equal(world.outcome.acknowledged, 0);
    (void)trail_commit_turn(trail);
    assert_int_equal(world.outcome.acknowledged, 2);
    assert_int_equal(world.outcome.last, 1);

    /* Both went out in one batch, and the link is the leaf hash of the stored bytes. */
    size_t size = 0;
    const char *text = disk_file(world.disk, FIXTURE_FOLDER "/segments/000000000000.jsonl", &size);
    assert_non_null(text);
    const char *newline = memchr(text, '\n', size);
    const struct bytes second = bytes_of(newline + 1, size - (size_t)(newline + 1 - text) - 1);
    struct trail_digest leaf;
    tree_hash_leaf(second, &leaf);
    assert_memory_equal(&leaf, &world.outcome.leaf, sizeof(leaf));
    assert_int_equal(trail->writer.at.commit, 1);
    trail_close(trail);
    assert_verifies(&world, 2);
    tear_down(&world);
}

static void test_trail__goes_on_where_it_ended(void **state)
{
    struct world world;
    (void)state;
    set_up(&world);
    for (unsigned round = 0; round < 5; round++) {
        struct trail *trail = fixture_open(&world.fixture);
        for (unsigned i = 0; i < 100; i++) {
            assert_true(amanat_is_ok(submit(&world, trail, round * 100 + i)));
            if (i % 7 == 0) {
                (void)trail_commit_turn(trail);
                assert_true(amanat_is_ok(trail_publish_turn(trail, false)));
            }
        }
        trail_close(trail);
        assert_verifies(&world, (uint64_t)(round + 1) * 100);
    }
    assert_int_equal(world.outcome.acknowledged, 500);
    tear_down(&world);
}

static void test_trail__seals_full_segments_and_bundles_their_entries(void **state)
{
    struct world world;
    struct trail_report report;
    size_t size = 0;
    (void)state;
    set_up(&world);
    struct trail *trail = fixture_open(&world.fixture);
    for (unsigned i = 0; i < 700; i++) {
        assert_true(amanat_is_ok(submit(&world, trail, i)));
        if (i % 300 == 299) {
            (void)trail_commit_turn(trail); /* batches that do not fit into one segment */
        }
    }
    trail_close(trail);
    assert_int_equal(world.outcome.acknowledged, 700);
    assert_non_null(disk_file(world.disk, FIXTURE_FOLDER "/segments/000000000512.jsonl", &size));
    assert_non_null(disk_file(world.disk, FIXTURE_FOLDER "/tile/entries/001", &size));
    assert_non_null(disk_file(world.disk, FIXTURE_FOLDER "/tile/0/001", &size));
    assert_int_equal(size, 256 * 32);
    assert_non_null(disk_file(world.disk, FIXTURE_FOLDER "/tile/1/000.p/2", &size));
    assert_true(amanat_is_ok(fixture_verify(&world.fixture, world.disk, &report)));
    assert_int_equal(report.covered, 700);
    tear_down(&world);
}

static void test_trail__keeps_many_lines_of_one_window_together(void **state)
{
    struct world world;
    struct buffer lines;
    (void)state;
    set_up(&world);
    struct trail *trail = fixture_open(&world.fixture);
    buffer_init(&lines, 1u << 20);
    fixture_append_access(&lines, "ravi-cameras", 1, 2000);
    const struct trail_submission submission = {.class = TRAIL_CLASS_ACCESS,
                                                .lines = buffer_bytes(&lines),
                                                .done = note_outcome,
                                                .context = &world.outcome};
    assert_true(amanat_is_ok(trail_submit(trail, &submission)));
    (void)trail_commit_turn(trail);
    assert_int_equal(world.outcome.acknowledged, 1);
    assert_true(world.outcome.last >= 6);
    trail_close(trail);
    assert_verifies(&world, world.outcome.last + 1);
    buffer_clear(&lines);
    tear_down(&world);
}

static void test_trail__refuses_lines_that_are_no_entries(void **state)
{
    static const char *const wrong[] = {"", "{}", "x\n", "{\"a\":1}\nx", "\n", "{\"a\":1}\n\n"};
    struct world world;
    (void)state;
    set_up(&world);
    struct trail *trail = fixture_open(&world.fixture);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        const struct trail_submission submission = {.class = TRAIL_CLASS_ACCESS,
                                                    .lines = bytes_of_string(wrong[i])};
        assert_int_equal(trail_submit(trail, &submission).status, AMANAT_STATUS_BUG);
    }
    trail_close(trail);
    tear_down(&world);
}

static void test_trail__bounds_its_queue_and_its_waiting(void **state)
{
    struct world world;
    struct trail_state now;
    (void)state;
    set_up(&world);
    world.fixture.options.queue_entries_limit = 3;
    struct trail *trail = fixture_open(&world.fixture);
    for (unsigned i = 0; i < 3; i++) {
        assert_true(amanat_is_ok(submit(&world, trail, i)));
    }
    assert_int_equal(submit(&world, trail, 3).status, AMANAT_STATUS_LIMIT);
    runtime_clock_fake_advance(&world.fixture.clock, 6 * RUNTIME_SECOND);
    assert_false(trail_is_available(trail));
    assert_int_equal(submit(&world, trail, 4).status, AMANAT_STATUS_RETRY_LATER);
    (void)trail_commit_turn(trail);
    assert_int_equal(world.outcome.failed, 3);
    trail_read_state(trail, &now);
    assert_int_equal(now.expired, 3);
    assert_int_equal(now.queued_entries, 0);
    assert_true(now.available);
    assert_true(amanat_is_ok(submit(&world, trail, 5)));
    trail_close(trail);
    assert_int_equal(world.outcome.acknowledged, 1);
    assert_verifies(&world, 1);
    tear_down(&world);
}

/* A disk that hangs in writes until it is let go. */
struct hanging {
    struct files files;
    const struct files *real;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool hangs;
    bool is_in_write;
};

static int64_t hang(void *context, int file, const void *bytes, size_t length, uint64_t offset)
{
    struct hanging *hanging = context;
    (void)pthread_mutex_lock(&hanging->lock);
    hanging->is_in_write = true;
    (void)pthread_cond_broadcast(&hanging->changed);
    while (hanging->hangs) {
        (void)pthread_cond_wait(&hanging->changed, &hanging->lock);
    }
    (void)pthread_mutex_unlock(&hanging->lock);
    return hanging->real->write_at(hanging->real->context, file, bytes, length, offset);
}

static void *turn_once(void *trail)
{
    (void)trail_commit_turn(trail);
    return NULL;
}

static void test_trail__answers_at_the_deadline_although_the_disk_hangs(void **state)
{
    struct world world;
    struct hanging hanging = {.lock = PTHREAD_MUTEX_INITIALIZER,
                              .changed = PTHREAD_COND_INITIALIZER};
    pthread_t thread;
    (void)state;
    set_up(&world);
    struct trail *trail = fixture_open(&world.fixture);
    hanging.real = trail->files;
    hanging.files = *trail->files;
    hanging.files.write_at = hang;
    hanging.files.context = &hanging;
    hanging.hangs = true;
    trail->writer.files = &hanging.files; /* the writer's next call is the write */
    assert_true(amanat_is_ok(submit(&world, trail, 1)));
    assert_int_equal(pthread_create(&thread, NULL, turn_once, trail), 0);
    (void)pthread_mutex_lock(&hanging.lock);
    while (!hanging.is_in_write) {
        (void)pthread_cond_wait(&hanging.changed, &hanging.lock);
    }
    (void)pthread_mutex_unlock(&hanging.lock);
    assert_true(amanat_is_ok(submit(&world, trail, 2))); /* waits behind it */
    trail_watch_turn(trail);
    assert_int_equal(world.outcome.failed, 0);
    runtime_clock_fake_advance(&world.fixture.clock, 6 * RUNTIME_SECOND);
    trail_watch_turn(trail);
    trail_watch_turn(trail);
    assert_int_equal(world.outcome.failed, 2);
    assert_false(trail_is_available(trail));
    assert_int_equal(submit(&world, trail, 3).status, AMANAT_STATUS_RETRY_LATER);
    (void)pthread_mutex_lock(&hanging.lock);
    hanging.hangs = false;
    (void)pthread_cond_broadcast(&hanging.changed);
    (void)pthread_mutex_unlock(&hanging.lock);
    assert_int_equal(pthread_join(thread, NULL), 0);
    trail->writer.files = hanging.real;
    /* Nobody is answered twice; what was written stays, and tells more than what was got. */
    assert_int_equal(world.outcome.acknowledged, 0);
    assert_int_equal(world.outcome.failed, 2);
    assert_true(trail_is_available(trail));
    assert_true(amanat_is_ok(submit(&world, trail, 4)));
    trail_close(trail);
    assert_int_equal(world.outcome.acknowledged, 1);
    assert_verifies(&world, 2);
    tear_down(&world);
}

static void test_trail__survives_each_failing_operation(void **state)
{
    static const int errors[] = {EIO, ENOSPC};
    (void)state;
    for (size_t kind = 0; kind < 2; kind++) {
        for (size_t nth = 0;; nth++) {
            struct world world;
            set_up(&world);
            struct trail *trail = fixture_open(&world.fixture);
            const size_t start = disk_operations(world.disk);
            disk_fail(world.disk, start + nth, 1, errors[kind]);
            for (unsigned i = 0; i < 20; i++) {
                (void)submit(&world, trail, i);
                if (i % 3 == 0) {
                    (void)trail_commit_turn(trail);
                    const amanat_result published = trail_publish_turn(trail, false);
                    (void)published;
                }
            }
            runtime_clock_fake_advance(&world.fixture.clock, 2 * RUNTIME_SECOND);
            (void)trail_commit_turn(trail);
            const uint64_t acknowledged = world.outcome.acknowledged;
            const bool done = disk_operations(world.disk) <= start + nth;
            trail_close(trail);
            struct trail_report report;
            assert_true(amanat_is_ok(fixture_verify(&world.fixture, world.disk, &report)));
            assert_true(report.kinds[TRAIL_KIND_ACCESS] >= acknowledged);
            assert_int_equal(report.kinds[TRAIL_KIND_ACCESS], world.outcome.acknowledged);
            /* And it opens again. */
            trail = fixture_open(&world.fixture);
            trail_close(trail);
            tear_down(&world);
            if (done) {
                assert_true(nth > 20);
                break;
            }
        }
    }
}

static void test_trail__never_writes_again_to_a_file_that_failed(void **state)
{
    struct world world;
    struct trail_report report;
    size_t size = 0;
    (void)state;
    set_up(&world);
    struct trail *trail = fixture_open(&world.fixture);
    assert_true(amanat_is_ok(submit(&world, trail, 1)));
    (void)trail_commit_turn(trail);
    assert_non_null(disk_file(world.disk, FIXTURE_FOLDER "/segments/000000000000.jsonl", &size));
    const size_t good = size;
    disk_fail(world.disk, disk_operations(world.disk), 1, EIO);
    assert_true(amanat_is_ok(submit(&world, trail, 2)));
    (void)trail_commit_turn(trail);
    /* Cut at its last good byte; the next segment begins with `recover` and has the entry. */
    assert_non_null(disk_file(world.disk, FIXTURE_FOLDER "/segments/000000000000.jsonl", &size));
    assert_int_equal(size, good);
    const char *next = disk_file(world.disk, FIXTURE_FOLDER "/segments/000000000001.jsonl", &size);
    assert_non_null(next);
    assert_int_equal(world.outcome.acknowledged, 2);
    assert_int_equal(world.outcome.last, 2);
    assert_int_equal(world.fixture.alarms[TRAIL_ALARM_WRITE_FAILED], 1);
    assert_int_equal(world.fixture.alarms[TRAIL_ALARM_RESUMED], 1);
    trail_close(trail);
    assert_true(amanat_is_ok(fixture_verify(&world.fixture, world.disk, &report)));
    assert_int_equal(report.kinds[TRAIL_KIND_RECOVER], 1);
    assert_true(report.findings >= 1);
    tear_down(&world);
}

static void test_trail__keeps_the_reserve_for_accesses_and_resumes_by_itself(void **state)
{
    struct world world;
    struct trail_state now;
    (void)state;
    set_up(&world);
    struct trail *trail = fixture_open(&world.fixture);
    assert_true(amanat_is_ok(submit(&world, trail, 0)));
    (void)trail_commit_turn(trail);
    disk_limit(world.disk, disk_used(world.disk));

    /* Full: the reserve lets accesses through, refusals not. */
    unsigned written = 0;
    for (unsigned i = 1; i < 100 && trail_is_available(trail); i++) {
        (void)fixture_submit(trail, 1000 + i, TRAIL_CLASS_REFUSAL, note_outcome, &world.outcome);
        if (amanat_is_ok(submit(&world, trail, i))) {
            (void)trail_commit_turn(trail);
        }
        written = i;
    }
    assert_int_equal(world.fixture.alarms[TRAIL_ALARM_RESERVE_IN_USE], 1);
    assert_true(written > 5);
    trail_read_state(trail, &now);
    assert_true(now.reserve_in_use);
    assert_false(now.available);
    assert_int_equal(world.fixture.alarms[TRAIL_ALARM_DISK_FULL], 1);
    assert_int_equal(submit(&world, trail, 500).status, AMANAT_STATUS_RETRY_LATER);

    /* Tried at most once a second. */
    const size_t asked = disk_operations(world.disk);
    for (unsigned i = 0; i < 50; i++) {
        runtime_clock_fake_advance(&world.fixture.clock, RUNTIME_SECOND / 100);
        (void)trail_commit_turn(trail);
    }
    assert_true(disk_operations(world.disk) - asked < 16);

    const unsigned before = world.outcome.acknowledged;
    disk_limit(world.disk, 0);
    runtime_clock_fake_advance(&world.fixture.clock, 2 * RUNTIME_SECOND);
    (void)trail_commit_turn(trail);
    trail_read_state(trail, &now);
    assert_true(now.available);
    assert_false(now.reserve_in_use);
    assert_true(amanat_is_ok(submit(&world, trail, 501)));
    (void)trail_commit_turn(trail);
    assert_true(world.outcome.acknowledged > before);
    const unsigned acknowledged = world.outcome.acknowledged;
    trail_close(trail);
    struct trail_report report;
    assert_true(amanat_is_ok(fixture_verify(&world.fixture, world.disk, &report)));
    assert_int_equal(report.kinds[TRAIL_KIND_ACCESS], acknowledged);
    tear_down(&world);
}

static void test_trail__refuses_accesses_when_the_clock_steps(void **state)
{
    struct world world;
    (void)state;
    set_up(&world);
    struct trail *trail = fixture_open(&world.fixture);
    assert_true(amanat_is_ok(submit(&world, trail, 1)));
    (void)trail_commit_turn(trail);
    atomic_fetch_add(&world.fixture.clock.wall, 3600 * RUNTIME_SECOND);
    assert_true(amanat_is_ok(submit(&world, trail, 2)));
    (void)trail_commit_turn(trail);
    assert_int_equal(world.outcome.failed, 1);
    assert_false(trail_is_available(trail));
    assert_int_equal(submit(&world, trail, 3).status, AMANAT_STATUS_RETRY_LATER);
    assert_int_equal(world.fixture.alarms[TRAIL_ALARM_CLOCK_STEP], 1);

    assert_true(amanat_is_ok(trail_acknowledge_clock(trail)));
    assert_true(trail_is_available(trail));
    assert_true(amanat_is_ok(submit(&world, trail, 4)));
    trail_close(trail);
    struct trail_report report;
    assert_true(amanat_is_ok(fixture_verify(&world.fixture, world.disk, &report)));
    assert_int_equal(report.kinds[TRAIL_KIND_CLOCK], 1);
    assert_int_equal(report.kinds[TRAIL_KIND_ACCESS], 2);
    tear_down(&world);
}

/* A clock whose reader is stopped for an hour between reading the one and the other. */
struct stopping {
    struct runtime_clock clock;
    struct runtime_clock_fake *fake;
    bool stops;
};

static int64_t read_wall(void *context)
{
    struct stopping *stopping = context;
    if (stopping->stops) {
        stopping->stops = false;
        runtime_clock_fake_advance(stopping->fake, 3600 * RUNTIME_SECOND);
    }
    return runtime_clock_wall(&stopping->fake->clock);
}

static int64_t read_monotonic(void *context)
{
    const struct stopping *stopping = context;
    return runtime_clock_monotonic(&stopping->fake->clock);
}

static void test_trail__takes_no_stop_of_its_thread_for_a_step_of_the_clock(void **state)
{
    struct world world;
    (void)state;
    set_up(&world);
    struct trail *trail = fixture_open(&world.fixture);
    struct stopping stopping = {.clock = {read_wall, read_monotonic, &stopping},
                                .fake = &world.fixture.clock,
                                .stops = true};
    trail->clock = &stopping.clock;
    (void)trail_commit_turn(trail);
    assert_false(stopping.stops);
    assert_int_equal(world.fixture.alarms[TRAIL_ALARM_CLOCK_STEP], 0);
    assert_true(trail_is_available(trail));
    assert_true(amanat_is_ok(submit(&world, trail, 1)));
    trail_close(trail);
    assert_int_equal(world.outcome.acknowledged, 1);
    tear_down(&world);
}

static void test_trail__opens_in_doubt_when_the_clock_stands_before_the_last_entry(void **state)
{
    struct world world;
    (void)state;
    set_up(&world);
    struct trail *trail = fixture_open(&world.fixture);
    assert_true(amanat_is_ok(submit(&world, trail, 1)));
    trail_close(trail);
    atomic_fetch_sub(&world.fixture.clock.wall, 3600 * RUNTIME_SECOND);
    trail = fixture_open(&world.fixture);
    assert_false(trail_is_available(trail));
    assert_true(amanat_is_ok(trail_acknowledge_clock(trail)));
    assert_true(amanat_is_ok(submit(&world, trail, 2)));
    trail_close(trail);
    assert_verifies(&world, 3);
    tear_down(&world);
}

static void test_trail__never_lets_time_go_back(void **state)
{
    struct world world;
    (void)state;
    set_up(&world);
    struct trail *trail = fixture_open(&world.fixture);
    for (unsigned i = 0; i < 5; i++) {
        atomic_fetch_sub(&world.fixture.clock.wall, RUNTIME_SECOND);
        assert_true(amanat_is_ok(submit(&world, trail, i)));
        (void)trail_commit_turn(trail);
    }
    trail_close(trail);
    assert_verifies(&world, 5);
    tear_down(&world);
}

static void test_trail__folds_a_million_refusals_into_one_entry_a_minute(void **state)
{
    struct world world;
    struct trail_report report;
    (void)state;
    set_up(&world);
    struct trail *trail = fixture_open(&world.fixture);
    const size_t before = disk_used(world.disk);
    for (unsigned i = 0; i < 1000000; i++) {
        trail_count_refused(trail, i % 3);
        if (i % 10000 == 0) {
            runtime_clock_fake_advance(&world.fixture.clock, RUNTIME_SECOND);
            (void)trail_commit_turn(trail);
        }
    }
    trail_close(trail);
    assert_true(disk_used(world.disk) - before < 1u << 20);
    assert_true(amanat_is_ok(fixture_verify(&world.fixture, world.disk, &report)));
    assert_int_equal(report.kinds[TRAIL_KIND_REFUSED], 2);
    size_t size = 0;
    const char *text = disk_file(world.disk, FIXTURE_FOLDER "/segments/000000000000.jsonl", &size);
    const struct bytes line = bytes_of(text, size);
    assert_true(bytes_start_with(bytes_from(line, bytes_find(line, ',') + 1), BYTES("\"_seq\":0")));
    tear_down(&world);
}

static void test_trail__ticks_when_idle_but_signs_nothing_for_it(void **state)
{
    struct world world;
    struct trail_report report;
    (void)state;
    set_up(&world);
    struct trail *trail = fixture_open(&world.fixture);
    assert_true(amanat_is_ok(submit(&world, trail, 1)));
    (void)trail_commit_turn(trail);
    assert_true(amanat_is_ok(trail_publish_turn(trail, false)));
    const size_t signed_operations = disk_operations(world.disk);
    for (unsigned i = 0; i < 3; i++) {
        runtime_clock_fake_advance(&world.fixture.clock, 3600 * RUNTIME_SECOND);
        (void)trail_commit_turn(trail);
    }
    const size_t written = disk_operations(world.disk);
    assert_int_equal(written - signed_operations, 3);
    assert_true(amanat_is_ok(trail_publish_turn(trail, false)));
    assert_int_equal(disk_operations(world.disk), written);
    assert_true(amanat_is_ok(fixture_verify(&world.fixture, world.disk, &report)));
    assert_int_equal(report.covered, 1);
    assert_int_equal(report.findings, 0); /* ticks want no checkpoint */
    trail_close(trail);
    assert_true(amanat_is_ok(fixture_verify(&world.fixture, world.disk, &report)));
    assert_int_equal(report.kinds[TRAIL_KIND_TICK], 3);
    assert_int_equal(report.covered, 4);
    tear_down(&world);
}

static void test_trail__stores_rulesets_once_and_compares_them(void **state)
{
    static const struct trail_file files[] = {
        {BYTES_INIT("vocabulary.yaml"), BYTES_INIT("labels: {}\n")},
        {BYTES_INIT("ravi/a.cedar"), BYTES_INIT("permit (principal, action, resource);\n")},
    };
    static const struct trail_file swapped[] = {
        {BYTES_INIT("ravi/a.cedar"), BYTES_INIT("permit (principal, action, resource);\n")},
        {BYTES_INIT("vocabulary.yaml"), BYTES_INIT("labels: {}\n")},
    };
    struct world world;
    struct trail_digest first;
    struct trail_digest second;
    char path[256] = FIXTURE_FOLDER "/rulesets/";
    (void)state;
    set_up(&world);
    struct trail *trail = fixture_open(&world.fixture);
    assert_true(amanat_is_ok(trail_store_ruleset(trail, files, 2, NULL, &first)));
    assert_true(amanat_is_ok(trail_store_ruleset(trail, swapped, 2, NULL, &second)));
    assert_memory_equal(&first, &second, sizeof(first));
    for (size_t i = 0; i < 32; i++) {
        (void)snprintf(path + strlen(path), 3, "%02x", first.at[i]);
    }
    (void)strcat(path, "/files/vocabulary.yaml");
    size_t size = 0;
    char *stored = disk_file(world.disk, path, &size);
    assert_non_null(stored);
    assert_memory_equal(stored, "labels: {}\n", size);

    struct buffer line;
    const struct trail_policy policy = {.ruleset = first, .policy_count = 1};
    const struct trail_salt salt = {{9}};
    buffer_init(&line, 8192);
    assert_true(amanat_is_ok(trail_entry_append_policy(&line, &policy, &salt)));
    const struct trail_submission submission = {.class = TRAIL_CLASS_OTHER,
                                                .lines = buffer_bytes(&line)};
    assert_true(amanat_is_ok(trail_submit_and_wait(trail, &submission, NULL)));
    buffer_clear(&line);

    stored[0] = 'L';
    assert_int_equal(trail_store_ruleset(trail, files, 2, NULL, &second).status,
                     AMANAT_STATUS_CORRUPT);
    trail_close(trail);
    struct trail_report report;
    assert_int_equal(fixture_verify(&world.fixture, world.disk, &report).status,
                     AMANAT_STATUS_CORRUPT);
    assert_non_null(strstr(report.fault_file, "vocabulary.yaml"));
    stored[0] = 'l';
    assert_verifies(&world, 1);
    tear_down(&world);
}

static void test_trail__refuses_paths_that_leave_the_ruleset(void **state)
{
    static const char *const wrong[] = {"",    "/etc/passwd", "../x", "a/../b", "a//b",
                                        "a/.", "a\nb",        "a/",   "a\\b",   "."};
    struct world world;
    struct trail_digest digest;
    (void)state;
    set_up(&world);
    struct trail *trail = fixture_open(&world.fixture);
    const size_t before = disk_operations(world.disk);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        const struct trail_file file = {bytes_of_string(wrong[i]), BYTES("x")};
        assert_int_equal(trail_store_ruleset(trail, &file, 1, NULL, &digest).status,
                         AMANAT_STATUS_CONFIG_FAULT);
    }
    const struct trail_file twice[] = {{BYTES("a"), BYTES("1")}, {BYTES("a"), BYTES("2")}};
    assert_int_equal(trail_store_ruleset(trail, twice, 2, NULL, &digest).status,
                     AMANAT_STATUS_CONFIG_FAULT);
    assert_int_equal(disk_operations(world.disk), before);
    trail_close(trail);
    tear_down(&world);
}

static void test_trail__refuses_another_key_and_another_origin(void **state)
{
    struct world world;
    struct trail *trail = NULL;
    (void)state;
    set_up(&world);
    trail_close(fixture_open(&world.fixture));
    world.fixture.options.origin = "audit.example/other";
    assert_int_equal(trail_open(&world.fixture.options, NULL, &trail).status,
                     AMANAT_STATUS_CORRUPT);
    world.fixture.options.origin = "has space";
    assert_int_equal(trail_open(&world.fixture.options, NULL, &trail).status,
                     AMANAT_STATUS_CONFIG_FAULT);
    world.fixture.options.origin = FIXTURE_ORIGIN;
    const unsigned char seed[32] = {1};
    EVP_PKEY *other = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, sizeof(seed));
    world.fixture.options.key = other;
    assert_int_equal(trail_open(&world.fixture.options, NULL, &trail).status,
                     AMANAT_STATUS_CORRUPT);
    EVP_PKEY_free(other);
    tear_down(&world);
}

/* ---- with its threads ---- */

struct counter {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    unsigned count;
};

static void count_done(void *context, amanat_result result, const struct durable_entry *entry)
{
    struct counter *counter = context;
    assert_true(amanat_is_ok(result));
    assert_non_null(entry);
    (void)pthread_mutex_lock(&counter->lock);
    counter->count += 1;
    (void)pthread_cond_signal(&counter->changed);
    (void)pthread_mutex_unlock(&counter->lock);
}

struct worker {
    struct trail *trail;
    struct counter *counter;
    unsigned first;
};

static void *work(void *context)
{
    const struct worker *worker = context;
    for (unsigned i = 0; i < 200; i++) {
        while (fixture_submit(worker->trail, worker->first + i, TRAIL_CLASS_ACCESS, count_done,
                              worker->counter)
                   .status == AMANAT_STATUS_LIMIT) {
        }
    }
    return NULL;
}

static void test_trail__commits_what_many_threads_submit(void **state)
{
    struct world world;
    struct counter counter = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0};
    pthread_t threads[4];
    struct worker workers[4];
    char folder[] = "/tmp/amanat-trail-XXXXXX";
    char trail_path[64];
    (void)state;
    set_up(&world);
    assert_non_null(mkdtemp(folder));
    (void)snprintf(trail_path, sizeof(trail_path), "%s/trail", folder);
    world.fixture.options.folder = trail_path;
    world.fixture.options.world = (struct trail_world){0};
    world.fixture.options.checkpoint_ms = 5;
    world.fixture.options.queue_deadline_ms = 3600 * 1000; /* a slow disk is waited for */
    struct trail *trail = fixture_open(&world.fixture);
    assert_true(amanat_is_ok(trail_start(trail)));
    for (unsigned i = 0; i < 4; i++) {
        workers[i] = (struct worker){trail, &counter, i * 1000};
        assert_int_equal(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
    }
    for (unsigned i = 0; i < 4; i++) {
        (void)pthread_join(threads[i], NULL);
    }
    (void)pthread_mutex_lock(&counter.lock);
    while (counter.count < 800) {
        (void)pthread_cond_wait(&counter.changed, &counter.lock);
    }
    (void)pthread_mutex_unlock(&counter.lock);
    assert_true(amanat_is_ok(trail_acknowledge_clock(trail)));
    trail_close(trail);

    struct trail_report report;
    const struct trail_verify_options options = {.folder = trail_path};
    const amanat_result result = trail_verify(&options, &report);
    if (!amanat_is_ok(result)) {
        fail_msg("%s: %s", report.fault_file, report.fault_reason);
    }
    assert_int_equal(report.entries, 800);
    assert_int_equal(report.covered, 800);
    assert_false(report.pinned);
    char command[128];
    (void)snprintf(command, sizeof(command), "rm -rf %s", folder);
    assert_int_equal(system(command), 0);
    tear_down(&world);
}

struct posted {
    struct runtime_loop *loop;
    unsigned done;
};

static void stop_when_posted(void *context, amanat_result result, const struct durable_entry *entry)
{
    struct posted *posted = context;
    assert_true(amanat_is_ok(result));
    assert_int_equal(durable_entry_first(entry), posted->done);
    posted->done += 1;
    if (posted->done == 3) {
        runtime_loop_stop(posted->loop);
    }
}

static void test_trail__hands_proofs_back_to_the_loop_that_asked(void **state)
{
    struct world world;
    struct posted posted = {0};
    struct buffer lines;
    (void)state;
    set_up(&world);
    struct trail *trail = fixture_open(&world.fixture);
    assert_true(amanat_is_ok(runtime_loop_new(16, &posted.loop)));
    buffer_init(&lines, 8192);
    fixture_append_access(&lines, "ravi-cameras", 1, 1);
    const struct trail_submission submission = {.class = TRAIL_CLASS_ACCESS,
                                                .lines = buffer_bytes(&lines),
                                                .done = stop_when_posted,
                                                .context = &posted,
                                                .loop = posted.loop};
    for (unsigned i = 0; i < 3; i++) {
        assert_true(amanat_is_ok(trail_submit(trail, &submission)));
    }
    (void)trail_commit_turn(trail);
    assert_int_equal(posted.done, 0);
    assert_true(amanat_is_ok(runtime_loop_run(posted.loop)));
    assert_int_equal(posted.done, 3);
    trail_close(trail);
    runtime_loop_free(posted.loop);
    buffer_clear(&lines);
    tear_down(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_trail__acknowledges_only_what_is_on_the_disk),
        cmocka_unit_test(test_trail__goes_on_where_it_ended),
        cmocka_unit_test(test_trail__seals_full_segments_and_bundles_their_entries),
        cmocka_unit_test(test_trail__keeps_many_lines_of_one_window_together),
        cmocka_unit_test(test_trail__refuses_lines_that_are_no_entries),
        cmocka_unit_test(test_trail__bounds_its_queue_and_its_waiting),
        cmocka_unit_test(test_trail__answers_at_the_deadline_although_the_disk_hangs),
        cmocka_unit_test(test_trail__survives_each_failing_operation),
        cmocka_unit_test(test_trail__never_writes_again_to_a_file_that_failed),
        cmocka_unit_test(test_trail__keeps_the_reserve_for_accesses_and_resumes_by_itself),
        cmocka_unit_test(test_trail__refuses_accesses_when_the_clock_steps),
        cmocka_unit_test(test_trail__takes_no_stop_of_its_thread_for_a_step_of_the_clock),
        cmocka_unit_test(test_trail__opens_in_doubt_when_the_clock_stands_before_the_last_entry),
        cmocka_unit_test(test_trail__never_lets_time_go_back),
        cmocka_unit_test(test_trail__folds_a_million_refusals_into_one_entry_a_minute),
        cmocka_unit_test(test_trail__ticks_when_idle_but_signs_nothing_for_it),
        cmocka_unit_test(test_trail__stores_rulesets_once_and_compares_them),
        cmocka_unit_test(test_trail__refuses_paths_that_leave_the_ruleset),
        cmocka_unit_test(test_trail__refuses_another_key_and_another_origin),
        cmocka_unit_test(test_trail__commits_what_many_threads_submit),
        cmocka_unit_test(test_trail__hands_proofs_back_to_the_loop_that_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
