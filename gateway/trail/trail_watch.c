/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The deadline of an entry while the disk hangs: the trail thread sits in one system call then, and
 * can answer nobody. The watch answers for it: RETRY_LATER, to whoever has waited past the
 * deadline. The entry itself stays where it is. If its bytes become durable after all, the trail
 * tells of an access that nobody got: it over-reports, which is the side on which it may err.
 */
#include <stdlib.h>
#include <time.h>

#include "gateway/trail/trail_private.h"
#include "policy/base/guard.h"

/* An answer that leaves before its item. */
struct late_answer {
    struct runtime_task task;
    trail_done_fn done;
    void *context;
};

static void deliver_late(void *context)
{
    struct late_answer *late = context;

    late->done(late->context, amanat_result_of(AMANAT_STATUS_RETRY_LATER), NULL);
    free(late);
}

/* Without memory it is tried again in the next round. */
static void answer_late(struct trail *trail, struct trail_item *item)
{
    struct late_answer *late = calloc(1, sizeof(*late));

    if (late == NULL) {
        return;
    }
    *late = (struct late_answer){.done = item->done, .context = item->context};
    late->task = (struct runtime_task){.run = deliver_late, .context = late};
    item->is_answered = true;
    atomic_fetch_add(&trail->expired, item->line_count);
    if (item->loop != NULL) {
        runtime_loop_post_task(item->loop, &late->task);
    } else {
        deliver_late(late);
    }
}

static void answer_held(struct trail *trail, int64_t now)
{
    for (struct trail_item *item = trail->held.first; item != NULL; item = item->next) {
        if (item->expires_at <= now && !item->is_answered && item->done != NULL) {
            answer_late(trail, item);
        }
    }
}

/* The first of the queue is the oldest. */
static struct trail_item *take_expired(struct trail *trail, int64_t now)
{
    (void)pthread_mutex_lock(&trail->queue_lock);
    struct trail_item *item = trail->queue.first;
    if (item != NULL && item->expires_at <= now) {
        trail->queue.first = item->next;
    } else {
        item = NULL;
    }
    (void)pthread_mutex_unlock(&trail->queue_lock);
    return item;
}

static void answer_queued(struct trail *trail, int64_t now)
{
    struct trail_item *item = NULL;

    while ((item = take_expired(trail, now)) != NULL) {
        atomic_fetch_add(&trail->expired, item->line_count);
        trail_queue_release_place(trail, item);
        trail_queue_complete(item, amanat_result_of(AMANAT_STATUS_RETRY_LATER));
    }
}

void trail_watch_turn(struct trail *trail)
{
    const int64_t now = runtime_clock_monotonic(trail->clock);

    (void)pthread_mutex_lock(&trail->disk_lock);
    if (trail->is_at_disk) {
        answer_held(trail, now);
        answer_queued(trail, now);
    }
    (void)pthread_mutex_unlock(&trail->disk_lock);
}

void trail_watch_end(struct trail *trail)
{
    (void)pthread_mutex_lock(&trail->disk_lock);
    trail->watch_ends = true;
    (void)pthread_cond_signal(&trail->watch_wake);
    (void)pthread_mutex_unlock(&trail->disk_lock);
}

static bool sleep_a_second(struct trail *trail)
{
    struct timespec until;

    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += 1;
    (void)pthread_mutex_lock(&trail->disk_lock);
    while (!trail->watch_ends &&
           pthread_cond_timedwait(&trail->watch_wake, &trail->disk_lock, &until) == 0) {
    }
    const bool ends = trail->watch_ends;
    (void)pthread_mutex_unlock(&trail->disk_lock);
    return !ends;
}

void trail_watch_run(void *context)
{
    struct trail *trail = context;

    while (sleep_a_second(trail)) {
        trail_watch_turn(trail);
    }
}
