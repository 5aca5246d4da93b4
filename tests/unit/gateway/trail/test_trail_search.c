/* SPDX-License-Identifier: Apache-2.0 */
/* Newest first, across blocks and segments, by partner, purpose and time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
/* cmocka.h needs the above before it */
#include <cmocka.h>

#include <string.h>

#include "gateway/trail/trail_private.h"
#include "tests/unit/gateway/trail/trail_fixture.h"

#define ENTRIES 700u

struct found {
    uint64_t count;
    uint64_t last;
    int64_t newest;
    int64_t oldest;
};

static bool note_match(void *context, const struct trail_match *match)
{
    struct found *found = context;
    assert_true(found->count == 0 || match->sequence < found->last);
    assert_int_equal(match->line.at[match->line.length - 1], '}');
    found->newest = found->count == 0 ? match->time : found->newest;
    found->oldest = match->time;
    found->last = match->sequence;
    found->count += 1;
    return true;
}

static struct disk *make_trail(struct fixture *fixture)
{
    struct disk *disk = disk_new();
    struct buffer lines;
    fixture_init(fixture, disk);
    struct trail *trail = fixture_open(fixture);
    buffer_init(&lines, 1u << 20);
    for (unsigned i = 0; i < ENTRIES; i++) {
        buffer_reset(&lines);
        fixture_append_access(&lines, i % 3 == 0 ? "acme-bank" : "ravi-cameras", i, i % 50);
        const struct trail_submission submission = {.class = TRAIL_CLASS_ACCESS,
                                                    .lines = buffer_bytes(&lines)};
        assert_true(amanat_is_ok(trail_submit(trail, &submission)));
        (void)trail_commit_turn(trail);
        runtime_clock_fake_advance(&fixture->clock, RUNTIME_SECOND);
    }
    trail_close(trail);
    buffer_clear(&lines);
    return disk;
}

static struct found search(struct disk *disk, struct trail_search_options options)
{
    struct found found = {0};
    uint64_t damaged = 0;
    options.folder = FIXTURE_FOLDER;
    options.files = disk_files(disk);
    assert_true(amanat_is_ok(trail_search(&options, note_match, &found, &damaged)));
    assert_int_equal(damaged, 0);
    return found;
}

static void test_search__finds_newest_first_by_partner_purpose_and_time(void **state)
{
    struct fixture fixture;
    struct disk *disk = make_trail(&fixture);
    (void)state;
    const struct found all = search(disk, (struct trail_search_options){0});
    assert_int_equal(all.count, ENTRIES);
    assert_int_equal(all.last, 0);
    assert_int_equal(
        search(disk, (struct trail_search_options){.partner = BYTES("acme-bank")}).count, 234);
    assert_int_equal(search(disk, (struct trail_search_options){.partner = BYTES("acme")}).count,
                     0);
    assert_int_equal(
        search(disk, (struct trail_search_options){.purpose = BYTES("vehicle-crime")}).count,
        ENTRIES);
    assert_int_equal(search(disk, (struct trail_search_options){.purpose = BYTES("x")}).count, 0);
    assert_int_equal(search(disk, (struct trail_search_options){.limit = 10}).last, ENTRIES - 10);
    const struct found part =
        search(disk, (struct trail_search_options){.since = all.oldest + 100 * RUNTIME_SECOND,
                                                   .until = all.oldest + 400 * RUNTIME_SECOND});
    assert_int_equal(part.count, 300);
    assert_int_equal(part.oldest, all.oldest + 100 * RUNTIME_SECOND);
    fixture_clear(&fixture);
    disk_free(disk);
}

static void test_search__reads_moments_as_people_write_them(void **state)
{
    static const struct {
        const char *text;
        int64_t time;
    } good[] = {{"2026-11-22", INT64_C(1795305600000000)},
                {"2026-11-22T08:35", INT64_C(1795336500000000)},
                {"2026-11-22T08:35:50Z", INT64_C(1795336550000000)},
                {"2026-11-22T08:35:50.656000Z", INT64_C(1795336550656000)}};
    static const char *const wrong[] = {"",           "yesterday",       "2026-11",
                                        "2026-11-31", "2026-11-22T8:35", "2026-11-22T08:35+05:00"};
    int64_t time = 0;
    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_true(amanat_is_ok(trail_parse_moment(bytes_of_string(good[i].text), &time)));
        assert_int_equal(time, good[i].time);
    }
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_false(amanat_is_ok(trail_parse_moment(bytes_of_string(wrong[i]), &time)));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_search__finds_newest_first_by_partner_purpose_and_time),
        cmocka_unit_test(test_search__reads_moments_as_people_write_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
