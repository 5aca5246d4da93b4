/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The queue: what any thread calls to submit entries, and to wait until they are durable. What
 * waits here is taken, written and completed by the trail thread (trail_commit.c).
 */
#include <stdlib.h>

#include "gateway/trail/trail_entry_own.h"
#include "gateway/trail/trail_private.h"
#include "policy/base/guard.h"

/* ---- lists ---- */

void trail_list_append(struct trail_list *list, struct trail_item *item)
{
    if (list->first == NULL) {
        list->end = &list->first;
    }
    item->next = NULL;
    *list->end = item;
    list->end = &item->next;
}

struct trail_item *trail_list_take_first(struct trail_list *list)
{
    struct trail_item *item = list->first;

    if (item != NULL) {
        list->first = item->next;
        if (list->first == NULL) {
            list->end = &list->first;
        }
    }
    return item;
}

static void free_item(struct trail_item *item)
{
    buffer_clear(&item->lines);
    free(item);
}

static void deliver(void *context)
{
    struct trail_item *item = context;

    if (item->done != NULL && !item->is_answered) {
        item->done(item->context, item->result, amanat_is_ok(item->result) ? &item->durable : NULL);
    }
    free_item(item);
}

void trail_queue_complete(struct trail_item *item, amanat_result result)
{
    item->result = result;
    if (item->loop != NULL && !item->is_answered) {
        item->task = (struct runtime_task){.run = deliver, .context = item};
        runtime_loop_post_task(item->loop, &item->task);
        return;
    }
    deliver(item);
}

/* ---- submitting ---- */

static size_t count_lines(struct bytes lines)
{
    size_t count = 0;
    size_t length = 0;

    for (size_t i = 0; i < lines.length; i++) {
        length += 1;
        if (lines.at[i] == '\n') {
            if (length < 3 || lines.at[i + 1 - length] != '{' ||
                length > TRAIL_ENTRY_LIMIT - TRAIL_ENTRY_HEADER_LIMIT + 1) {
                return 0;
            }
            count += 1;
            length = 0;
        }
    }
    return length == 0 ? count : 0;
}

amanat_result trail_item_new(const struct trail_submission *submission, size_t line_count,
                             struct trail_item **out)
{
    struct trail_item *item = calloc(1, sizeof(*item));

    TRY_MEMORY(item);
    item->class = submission->class;
    item->line_count = line_count;
    item->done = submission->done;
    item->context = submission->context;
    item->loop = submission->loop;
    item->durable.access = submission->access;
    item->durable.part = submission->part;
    item->expires_at = INT64_MAX;
    buffer_init(&item->lines, submission->lines.length);
    buffer_append(&item->lines, submission->lines);
    if (item->lines.broken) {
        free_item(item);
        return amanat_result_of(AMANAT_STATUS_MEMORY);
    }
    *out = item;
    return AMANAT_OK;
}

bool trail_queue_admits(const struct trail *trail, enum trail_class class)
{
    if (class != TRAIL_CLASS_OTHER && atomic_load(&trail->clock_in_doubt)) {
        return false;
    }
    return class != TRAIL_CLASS_REFUSAL || !atomic_load(&trail->reserve_in_use);
}

static bool is_overdue(const struct trail *trail, int64_t now)
{
    const int64_t oldest = atomic_load(&trail->oldest_wait);
    return oldest != INT64_MAX && now - oldest > trail->limits.queue_deadline;
}

static amanat_result enqueue(struct trail *trail, struct trail_item *item)
{
    amanat_result result = AMANAT_OK;

    (void)pthread_mutex_lock(&trail->queue_lock);
    if (trail->closing) {
        result = amanat_result_of(AMANAT_STATUS_REFUSED);
    } else if (trail->queued_entries + item->line_count > trail->limits.queue_entries ||
               trail->queued_bytes + item->lines.length > trail->limits.queue_bytes) {
        result = amanat_result_of(AMANAT_STATUS_LIMIT);
    } else {
        if (trail->queue.first == NULL && atomic_load(&trail->oldest_wait) == INT64_MAX) {
            atomic_store(&trail->oldest_wait, item->queued_at);
        }
        trail_list_append(&trail->queue, item);
        trail->queued_entries += item->line_count;
        trail->queued_bytes += item->lines.length;
        (void)pthread_cond_signal(&trail->queue_filled);
    }
    (void)pthread_mutex_unlock(&trail->queue_lock);
    return result;
}

amanat_result trail_submit(struct trail *trail, const struct trail_submission *submission)
{
    const int64_t now = runtime_clock_monotonic(trail->clock);
    const size_t lines = count_lines(submission->lines);
    struct trail_item *item = NULL;

    if (lines == 0) {
        return amanat_result_of(AMANAT_STATUS_BUG);
    }
    if (!atomic_load(&trail->writable) || !trail_queue_admits(trail, submission->class) ||
        is_overdue(trail, now)) {
        return amanat_result_of(AMANAT_STATUS_RETRY_LATER);
    }
    TRY(trail_item_new(submission, lines, &item));
    item->queued_at = now;
    item->expires_at = now + trail->limits.queue_deadline;
    item->is_quiet = submission->class == TRAIL_CLASS_OTHER && submission->is_quiet;
    const amanat_result result = enqueue(trail, item);
    if (!amanat_is_ok(result)) {
        free_item(item);
    }
    return result;
}

bool trail_is_available(const struct trail *trail)
{
    return atomic_load(&trail->writable) && trail_queue_admits(trail, TRAIL_CLASS_ACCESS) &&
           !is_overdue(trail, runtime_clock_monotonic(trail->clock));
}

/* ---- for the trail thread ---- */

void trail_queue_take(struct trail *trail)
{
    (void)pthread_mutex_lock(&trail->queue_lock);
    struct trail_item *first = trail->queue.first;
    trail->queue.first = NULL;
    trail->queue.end = &trail->queue.first;
    (void)pthread_mutex_unlock(&trail->queue_lock);
    while (first != NULL) {
        struct trail_item *item = first;
        first = item->next;
        trail_list_append(&trail->held, item);
    }
}

void trail_queue_release_place(struct trail *trail, const struct trail_item *item)
{
    if (item->expires_at == INT64_MAX) {
        return; /* the trail's own never had one */
    }
    (void)pthread_mutex_lock(&trail->queue_lock);
    trail->queued_entries -= item->line_count;
    trail->queued_bytes -= item->lines.length;
    (void)pthread_mutex_unlock(&trail->queue_lock);
}

void trail_queue_note_oldest(struct trail *trail)
{
    (void)pthread_mutex_lock(&trail->queue_lock);
    int64_t oldest = INT64_MAX;
    for (const struct trail_item *item = trail->held.first; item != NULL; item = item->next) {
        if (item->expires_at != INT64_MAX) {
            oldest = item->queued_at;
            break;
        }
    }
    if (oldest == INT64_MAX && trail->queue.first != NULL) {
        oldest = trail->queue.first->queued_at;
    }
    atomic_store(&trail->oldest_wait, oldest);
    (void)pthread_mutex_unlock(&trail->queue_lock);
}

/* ---- waiting for a commit ---- */

struct waiter {
    pthread_mutex_t lock;
    pthread_cond_t done;
    bool is_done;
    amanat_result result;
    uint64_t first;
    struct trail *acknowledges; /* the clock is right once the entry is durable */
};

static void wake_waiter(void *context, amanat_result result, const struct durable_entry *entry)
{
    struct waiter *waiter = context;

    if (entry != NULL && waiter->acknowledges != NULL) {
        struct trail *trail = waiter->acknowledges;
        runtime_clock_both(trail->clock, &trail->wall_base, &trail->monotonic_base);
        atomic_store(&trail->clock_in_doubt, false);
    }
    (void)pthread_mutex_lock(&waiter->lock);
    waiter->is_done = true;
    waiter->result = result;
    waiter->first = entry == NULL ? 0 : entry->first;
    (void)pthread_cond_signal(&waiter->done);
    (void)pthread_mutex_unlock(&waiter->lock);
}

static amanat_result submit_and_wait(struct trail *trail, struct trail_submission *submission,
                                     struct waiter *waiter)
{
    (void)pthread_mutex_init(&waiter->lock, NULL);
    (void)pthread_cond_init(&waiter->done, NULL);
    submission->done = wake_waiter;
    submission->context = waiter;
    amanat_result result = trail_submit(trail, submission);
    if (amanat_is_ok(result)) {
        (void)pthread_mutex_lock(&trail->queue_lock);
        const bool started = trail->started;
        (void)pthread_mutex_unlock(&trail->queue_lock);
        if (!started) {
            (void)trail_commit_turn(trail);
        }
        (void)pthread_mutex_lock(&waiter->lock);
        while (!waiter->is_done && started) {
            (void)pthread_cond_wait(&waiter->done, &waiter->lock);
        }
        result = waiter->is_done ? waiter->result : amanat_result_of(AMANAT_STATUS_IO);
        (void)pthread_mutex_unlock(&waiter->lock);
        if (!waiter->is_done) {
            /* Without its thread nobody would ever complete it, and the waiter lives on our stack.
             */
            trail_commit_fail_all(trail, AMANAT_STATUS_IO);
        }
    }
    (void)pthread_cond_destroy(&waiter->done);
    (void)pthread_mutex_destroy(&waiter->lock);
    return result;
}

amanat_result trail_submit_and_wait(struct trail *trail, const struct trail_submission *submission,
                                    uint64_t *out_first)
{
    struct trail_submission waited = *submission;
    struct waiter waiter = {0};

    waited.loop = NULL;
    TRY(submit_and_wait(trail, &waited, &waiter));
    if (out_first != NULL) {
        *out_first = waiter.first;
    }
    return AMANAT_OK;
}

amanat_result trail_acknowledge_clock(struct trail *trail)
{
    struct buffer line;
    struct trail_salt salt;
    struct waiter waiter = {.acknowledges = trail};
    struct trail_submission submission = {.class = TRAIL_CLASS_OTHER};

    if (!atomic_load(&trail->clock_in_doubt)) {
        return AMANAT_OK;
    }
    TRY(trail_draw_salt(trail, &salt));
    const int64_t elapsed = runtime_clock_monotonic(trail->clock) - trail->monotonic_base;
    const int64_t step = runtime_clock_wall(trail->clock) - (trail->wall_base + elapsed);
    buffer_init(&line, TRAIL_ENTRY_LIMIT);
    amanat_result result = trail_entry_append_clock(&line, step / 1000, &salt);
    if (amanat_is_ok(result)) {
        submission.lines = buffer_bytes(&line);
        result = submit_and_wait(trail, &submission, &waiter);
    }
    buffer_clear(&line);
    return result;
}
