/* SPDX-License-Identifier: Apache-2.0 */
/* The state machine of an anchor: one request at a time, back-off, ages, and states that nothing
 * leaves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
/* cmocka.h needs the above before it */
#include <cmocka.h>

#include <stdint.h>

#include "gateway/ledger/ledger.h"

#define SECOND RUNTIME_SECOND

static void test_anchor__asks_once_for_the_newest_checkpoint(void **state)
{
    struct anchor_state anchor;
    (void)state;
    anchor_state_init(&anchor, SECOND, 300 * SECOND, 0, 0, 0);
    assert_false(anchor_state_advance(&anchor, 0, 0));
    assert_true(anchor_state_advance(&anchor, 5, SECOND));
    anchor_state_sent(&anchor, 5, SECOND);
    assert_false(anchor_state_advance(&anchor, 9, 2 * SECOND));
    anchor_state_succeed(&anchor);
    assert_int_equal(anchor.covered, 5);
    /* A backlog is one item, and not asked for sooner than `every`. */
    assert_false(anchor_state_advance(&anchor, 12, SECOND + SECOND / 2));
    assert_true(anchor_state_advance(&anchor, 12, 3 * SECOND));
    anchor_state_sent(&anchor, 12, 3 * SECOND);
    anchor_state_succeed(&anchor);
    assert_int_equal(anchor.phase, ANCHOR_PHASE_IDLE);
    assert_false(anchor_state_advance(&anchor, 12, 100 * SECOND));
    assert_int_equal(anchor_state_age(&anchor, 100 * SECOND), 0);
}

static void test_anchor__backs_off_from_one_second_to_fifteen_minutes(void **state)
{
    static const uint32_t chances[] = {0, 12345, UINT32_MAX};
    (void)state;
    for (size_t k = 0; k < 3; k++) {
        struct anchor_state anchor;
        int64_t now = 0;
        anchor_state_init(&anchor, 1, 300 * SECOND, 0, 5, 0);
        for (unsigned i = 0; i < 20; i++) {
            assert_true(anchor_state_advance(&anchor, 5, now));
            anchor_state_sent(&anchor, 5, now);
            anchor_state_fail(&anchor, now, chances[k]);
            const int64_t wait = anchor.next_at - now;
            int64_t whole = SECOND << (i > 10 ? 10 : i);
            whole = whole > 900 * SECOND ? 900 * SECOND : whole;
            assert_true(wait >= whole / 2 && wait <= whole);
            assert_false(anchor_state_advance(&anchor, 5, anchor.next_at - 1));
            now = anchor.next_at;
        }
        assert_true(anchor_state_advance(&anchor, 5, now));
        anchor_state_sent(&anchor, 5, now);
        anchor_state_succeed(&anchor);
        assert_int_equal(anchor.failures, 0);
        assert_int_equal(anchor.failures_total, 20);
    }
}

static void test_anchor__warns_then_is_overdue(void **state)
{
    struct anchor_state anchor;
    (void)state;
    anchor_state_init(&anchor, 1, 100 * SECOND, 0, 0, 0);
    (void)anchor_state_advance(&anchor, 1, 10 * SECOND);
    assert_int_equal(anchor_state_urgency(&anchor, 60 * SECOND), ANCHOR_URGENCY_NONE);
    assert_int_equal(anchor_state_urgency(&anchor, 61 * SECOND), ANCHOR_URGENCY_WARN);
    assert_int_equal(anchor_state_urgency(&anchor, 111 * SECOND), ANCHOR_URGENCY_OVERDUE);
    /* Newer checkpoints do not make the oldest younger. */
    (void)anchor_state_advance(&anchor, 9, 110 * SECOND);
    assert_int_equal(anchor_state_urgency(&anchor, 111 * SECOND), ANCHOR_URGENCY_OVERDUE);
    anchor_state_sent(&anchor, 9, 112 * SECOND);
    anchor_state_succeed(&anchor);
    assert_int_equal(anchor_state_urgency(&anchor, 500 * SECOND), ANCHOR_URGENCY_NONE);
    /* What waited before a start has waited. */
    anchor_state_init(&anchor, 1, 100 * SECOND, 5, 9, -500 * SECOND);
    assert_int_equal(anchor_state_urgency(&anchor, 0), ANCHOR_URGENCY_OVERDUE);
}

static void test_anchor__never_leaves_stopped(void **state)
{
    struct anchor_state anchor;
    (void)state;
    anchor_state_init(&anchor, 1, 100 * SECOND, 0, 5, 0);
    assert_true(anchor_state_advance(&anchor, 5, 0));
    anchor_state_sent(&anchor, 5, 0);
    anchor_state_stop(&anchor);
    anchor_state_fail(&anchor, 0, 0);
    anchor_state_repeat(&anchor, 0, 0);
    anchor_state_succeed(&anchor);
    assert_false(anchor_state_advance(&anchor, 100, 10000 * SECOND));
    assert_int_equal(anchor.phase, ANCHOR_PHASE_STOPPED);
}

static void test_anchor__repeats_at_once_but_not_for_ever(void **state)
{
    struct anchor_state anchor;
    unsigned at_once = 0;
    (void)state;
    anchor_state_init(&anchor, SECOND, 100 * SECOND, 0, 5, 0);
    while (anchor_state_advance(&anchor, 5, 0)) {
        anchor_state_sent(&anchor, 5, 0);
        anchor_state_repeat(&anchor, 0, 1);
        at_once += 1;
        assert_true(at_once < 10);
    }
    assert_true(at_once >= 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_anchor__asks_once_for_the_newest_checkpoint),
        cmocka_unit_test(test_anchor__backs_off_from_one_second_to_fifteen_minutes),
        cmocka_unit_test(test_anchor__warns_then_is_overdue),
        cmocka_unit_test(test_anchor__never_leaves_stopped),
        cmocka_unit_test(test_anchor__repeats_at_once_but_not_for_ever),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
