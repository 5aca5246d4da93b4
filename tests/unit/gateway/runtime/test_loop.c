/* SPDX-License-Identifier: Apache-2.0 */
/* The loop: posting from threads, order, bounds, the closing list, timers, signals. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "gateway/runtime/runtime.h"

struct record {
    struct runtime_loop *loop;
    int values[16];
    int count;
    int next;
};

static struct runtime_loop *make_loop(size_t post_limit)
{
    struct runtime_loop *loop = NULL;
    assert_true(amanat_is_ok(runtime_loop_new(post_limit, &loop)));
    return loop;
}

static void note_next(void *context)
{
    struct record *record = context;
    record->values[record->count++] = record->next++;
}

static void test_loop__runs_posted_tasks_in_their_order(void **state)
{
    (void)state;
    struct record record = {.loop = make_loop(2)};
    struct runtime_task task = {note_next, &record, NULL};
    assert_true(amanat_is_ok(runtime_loop_post(record.loop, note_next, &record)));
    runtime_loop_post_task(record.loop, &task);
    assert_true(amanat_is_ok(runtime_loop_post(record.loop, note_next, &record)));
    assert_int_equal(record.count, 0);
    assert_true(amanat_is_ok(runtime_loop_turn(record.loop)));
    assert_int_equal(record.count, 3);
    runtime_loop_free(record.loop);
}

static void test_loop__refuses_more_posts_than_it_may_hold(void **state)
{
    (void)state;
    struct record record = {.loop = make_loop(2)};
    assert_true(amanat_is_ok(runtime_loop_post(record.loop, note_next, &record)));
    assert_true(amanat_is_ok(runtime_loop_post(record.loop, note_next, &record)));
    assert_int_equal(runtime_loop_post(record.loop, note_next, &record).status,
                     AMANAT_STATUS_LIMIT);
    assert_true(amanat_is_ok(runtime_loop_turn(record.loop)));
    assert_true(amanat_is_ok(runtime_loop_post(record.loop, note_next, &record)));
    runtime_loop_free(record.loop); /* runs what is left */
    assert_int_equal(record.count, 3);
}

enum { THREADS = 4, POSTS = 2000 };

struct poster {
    struct runtime_loop *loop;
    struct runtime_thread *thread;
    int *sum;
    int *finished;
};

static void add_one(void *context)
{
    const struct poster *poster = context;
    *poster->sum += 1;
    if (*poster->sum == THREADS * POSTS) {
        runtime_loop_stop(poster->loop);
    }
}

static void post_many(void *context)
{
    struct poster *poster = context;
    for (int i = 0; i < POSTS; i++) {
        if (!amanat_is_ok(runtime_loop_post(poster->loop, add_one, poster))) {
            abort();
        }
    }
}

static void test_loop__takes_posts_of_many_threads(void **state)
{
    (void)state;
    struct runtime_loop *loop = make_loop(THREADS * POSTS);
    int sum = 0;
    struct poster posters[THREADS];
    for (int i = 0; i < THREADS; i++) {
        posters[i] = (struct poster){.loop = loop, .sum = &sum};
        assert_true(amanat_is_ok(
            runtime_thread_start("poster", post_many, &posters[i], &posters[i].thread)));
    }
    assert_true(amanat_is_ok(runtime_loop_run(loop)));
    for (int i = 0; i < THREADS; i++) {
        runtime_thread_join(posters[i].thread);
    }
    assert_int_equal(sum, THREADS * POSTS);
    runtime_loop_free(loop);
}

struct object {
    struct record *record;
    struct runtime_task closing;
};

static void dispose_object(void *context)
{
    struct object *object = context;
    note_next(object->record);
    free(object);
}

static void close_in_task(void *context)
{
    struct object *object = context;
    runtime_loop_close_later(object->record->loop, &object->closing, dispose_object, object);
    assert_int_equal(object->record->count, 0); /* not in a callback */
}

static void test_loop__closes_at_the_end_of_the_turn(void **state)
{
    (void)state;
    struct record record = {.loop = make_loop(1)};
    struct object *object = calloc(1, sizeof(*object));
    assert_non_null(object);
    object->record = &record;
    assert_true(amanat_is_ok(runtime_loop_post(record.loop, close_in_task, object)));
    assert_true(amanat_is_ok(runtime_loop_turn(record.loop)));
    assert_int_equal(record.count, 1);
    runtime_loop_free(record.loop);
}

static void stop_loop(void *context)
{
    runtime_loop_stop(context);
}

static void fail_test(void *context)
{
    (void)context;
    fail();
}

struct self_freeing {
    struct runtime_timer *timer;
    struct runtime_loop *loop;
};

static void free_own_timer(void *context)
{
    struct self_freeing *self = context;
    runtime_timer_free(self->timer);
    runtime_loop_stop(self->loop);
}

static void test_timer__fires_once_and_may_free_itself(void **state)
{
    (void)state;
    struct runtime_loop *loop = make_loop(1);
    struct runtime_timer *never = NULL;
    struct self_freeing self = {.loop = loop};
    assert_true(amanat_is_ok(runtime_timer_new(loop, fail_test, NULL, &never)));
    assert_true(amanat_is_ok(runtime_timer_new(loop, free_own_timer, &self, &self.timer)));
    assert_true(amanat_is_ok(runtime_timer_start(never, 1000)));
    runtime_timer_stop(never);
    assert_true(amanat_is_ok(runtime_timer_start(never, 3600 * RUNTIME_SECOND)));
    assert_true(amanat_is_ok(runtime_timer_start(self.timer, 2000)));
    assert_true(amanat_is_ok(runtime_loop_run(loop)));
    runtime_timer_free(never);
    runtime_loop_free(loop);
}

struct late_start {
    struct runtime_loop *loop;
    struct runtime_timer *first;
    struct runtime_timer *second;
    int64_t started;
    int64_t fired;
};

enum { LONG_TURN = 100000, TIMER = 50000, CLOCK_STEP = 10000 /* of libevent's coarse clock */ };

static int64_t now(void)
{
    return runtime_clock_monotonic(runtime_clock_real());
}

/* Works longer than the timer takes that it starts then. */
static void start_late(void *context)
{
    struct late_start *late = context;
    const int64_t began = now();
    while (now() - began < LONG_TURN) {
    }
    late->started = now();
    assert_true(amanat_is_ok(runtime_timer_start(late->second, TIMER)));
}

static void note_fired(void *context)
{
    struct late_start *late = context;
    late->fired = now();
    runtime_loop_stop(late->loop);
}

static void test_timer__counts_from_its_start_however_long_the_turn_was(void **state)
{
    (void)state;
    struct late_start late = {.loop = make_loop(1)};
    assert_true(amanat_is_ok(runtime_timer_new(late.loop, start_late, &late, &late.first)));
    assert_true(amanat_is_ok(runtime_timer_new(late.loop, note_fired, &late, &late.second)));
    assert_true(amanat_is_ok(runtime_timer_start(late.first, 0)));
    assert_true(amanat_is_ok(runtime_loop_run(late.loop)));
    assert_true(late.fired - late.started >= TIMER - CLOCK_STEP);
    runtime_timer_free(late.first);
    runtime_timer_free(late.second);
    runtime_loop_free(late.loop);
}

static void test_signals__arrive_on_the_loop(void **state)
{
    (void)state;
    struct record record = {.loop = make_loop(1)};
    const struct runtime_signals_handler handler = {
        .on_terminate = stop_loop, .on_reload = fail_test, .context = record.loop};
    struct runtime_signals *signals = NULL;
    assert_true(amanat_is_ok(runtime_signals_new(record.loop, &handler, &signals)));
    assert_int_equal(raise(SIGPIPE), 0); /* ignored */
    assert_int_equal(raise(SIGTERM), 0);
    assert_true(amanat_is_ok(runtime_loop_run(record.loop)));
    runtime_signals_free(signals);
    runtime_loop_free(record.loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_loop__runs_posted_tasks_in_their_order),
        cmocka_unit_test(test_loop__refuses_more_posts_than_it_may_hold),
        cmocka_unit_test(test_loop__takes_posts_of_many_threads),
        cmocka_unit_test(test_loop__closes_at_the_end_of_the_turn),
        cmocka_unit_test(test_timer__fires_once_and_may_free_itself),
        cmocka_unit_test(test_timer__counts_from_its_start_however_long_the_turn_was),
        cmocka_unit_test(test_signals__arrive_on_the_loop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
