/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Group commit on one thread. A round (trail_commit_turn):
 *
 *   clock    did wall and monotonic time part by more than the limit? then accesses fail until it
 *            is acknowledged
 *   take     everything that is queued, into the held list
 *   expire   held entries past their deadline, and those that may not be written now, fail
 *   own      fold counted refusals, tick when idle
 *   write    batches of the held list, one write each; completions after each write, in order
 *
 * After a failed write the held entries stay, and the writer is repaired: at once, then at most
 * once a second, until it works; `recover` opens the new segment. When it is space that lacks, the
 * reserve is given up first, and refusals fail until the reserve is whole again.
 */
#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "gateway/trail/trail_entry_own.h"
#include "gateway/trail/trail_private.h"
#include "gateway/trail/trail_tree.h"
#include "policy/base/guard.h"

#define RETRY_PERIOD   RUNTIME_SECOND
#define LONGEST_WAIT   (3600 * RUNTIME_SECOND)
#define OWN_LINE_LIMIT TRAIL_ENTRY_LIMIT

/* ---- the round ---- */

static void drop_inadmissible(struct trail *trail, int64_t now)
{
    struct trail_list kept = {0};
    struct trail_item *item = NULL;

    while ((item = trail_list_take_first(&trail->held)) != NULL) {
        const bool expired = item->expires_at <= now;
        /* An item of which a part is durable is finished, whatever happens: its batch was cut by a
         * segment's end. */
        if (item->written == 0 && (expired || !trail_queue_admits(trail, item->class))) {
            if (expired) {
                atomic_fetch_add(&trail->expired, item->line_count);
            }
            trail_queue_release_place(trail, item);
            trail_queue_complete(item, amanat_result_of(AMANAT_STATUS_RETRY_LATER));
            continue;
        }
        trail_list_append(&kept, item);
    }
    trail->held = kept;
    if (kept.first == NULL) {
        trail->held.end = &trail->held.first;
    }
}

void trail_commit_fail_all(struct trail *trail, enum amanat_status status)
{
    struct trail_item *item = NULL;

    trail_queue_take(trail);
    while ((item = trail_list_take_first(&trail->held)) != NULL) {
        trail_queue_release_place(trail, item);
        trail_queue_complete(item, amanat_result_of(status));
    }
    trail_queue_note_oldest(trail);
}

static void watch_clock(struct trail *trail, int64_t wall, int64_t monotonic)
{
    if (atomic_load(&trail->clock_in_doubt)) {
        return;
    }
    const int64_t parted = (wall - trail->wall_base) - (monotonic - trail->monotonic_base);
    if (parted > trail->limits.clock_step || parted < -trail->limits.clock_step) {
        atomic_store(&trail->clock_in_doubt, true);
        trail_raise_alarm(trail, TRAIL_ALARM_CLOCK_STEP,
                          "the system's clock stepped; accesses are refused until an operator "
                          "acknowledges it");
        return;
    }
    trail->wall_base = wall;
    trail->monotonic_base = monotonic;
}

/* What entries are dated with: while the clock is in doubt, the last good time and what has passed
 * since. */
static int64_t trusted_time(const struct trail *trail, int64_t wall, int64_t monotonic)
{
    return atomic_load(&trail->clock_in_doubt)
               ? trail->wall_base + (monotonic - trail->monotonic_base)
               : wall;
}

/* Adds an entry of the trail's own to the held list. */
static void hold_own(struct trail *trail, const struct buffer *line, enum trail_class class,
                     bool is_quiet)
{
    const struct trail_submission submission = {.class = class, .lines = buffer_bytes(line)};
    struct trail_item *item = NULL;

    if (line->length > 0 && amanat_is_ok(trail_item_new(&submission, 1, &item))) {
        item->is_quiet = is_quiet;
        trail_list_append(&trail->held, item);
    }
}

/* One item of the fold: what was counted comes back if it cannot be written. */
struct folded {
    struct trail *trail;
    uint64_t counts[];
};

static void finish_fold(void *context, amanat_result result, const struct durable_entry *entry)
{
    struct folded *folded = context;

    (void)entry;
    for (size_t i = 0; !amanat_is_ok(result) && i < folded->trail->reason_count; i++) {
        atomic_fetch_add(&folded->trail->refused[i], folded->counts[i]);
    }
    free(folded);
}

static amanat_result append_fold(struct trail *trail, const struct folded *folded, int64_t seconds,
                                 struct buffer *line)
{
    struct trail_salt salt;
    struct trail_count *counts = calloc(trail->reason_count, sizeof(*counts));

    TRY_MEMORY(counts);
    for (size_t i = 0; i < trail->reason_count; i++) {
        counts[i] = (struct trail_count){bytes_of_string(trail->reasons[i]), folded->counts[i]};
    }
    amanat_result result = trail_draw_salt(trail, &salt);
    if (amanat_is_ok(result)) {
        result =
            trail_entry_append_refused(line, counts, trail->reason_count, (uint64_t)seconds, &salt);
    }
    free(counts);
    return result;
}

static uint64_t take_counts(struct trail *trail, struct folded *folded)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < trail->reason_count; i++) {
        folded->counts[i] = atomic_exchange(&trail->refused[i], 0);
        sum += folded->counts[i];
    }
    return sum;
}

static void fold_refused(struct trail *trail, int64_t now)
{
    const int64_t since = now - trail->refused_since;
    struct buffer line;
    struct trail_item *item = NULL;
    struct folded *folded = NULL;

    trail->refused_since = now;
    if (trail->reason_count == 0 || atomic_load(&trail->reserve_in_use) ||
        !atomic_load(&trail->writable)) {
        return;
    }
    folded = calloc(1, sizeof(*folded) + trail->reason_count * sizeof(folded->counts[0]));
    if (folded == NULL) {
        return;
    }
    folded->trail = trail;
    if (take_counts(trail, folded) == 0) {
        free(folded);
        return;
    }
    buffer_init(&line, OWN_LINE_LIMIT);
    amanat_result result =
        append_fold(trail, folded, (since + RUNTIME_SECOND - 1) / RUNTIME_SECOND, &line);
    const struct trail_submission submission = {.class = TRAIL_CLASS_OTHER,
                                                .lines = buffer_bytes(&line),
                                                .done = finish_fold,
                                                .context = folded};
    if (amanat_is_ok(result)) {
        result = trail_item_new(&submission, 1, &item);
    }
    if (amanat_is_ok(result)) {
        trail_list_append(&trail->held, item);
    } else {
        finish_fold(folded, result, NULL);
    }
    buffer_clear(&line);
}

static void tick_when_idle(struct trail *trail, int64_t now)
{
    struct buffer line;
    struct trail_salt salt;

    if (trail->held.first != NULL || now - trail->last_entry_at < trail->limits.tick ||
        !atomic_load(&trail->writable)) {
        return;
    }
    buffer_init(&line, OWN_LINE_LIMIT);
    if (amanat_is_ok(trail_draw_salt(trail, &salt)) &&
        amanat_is_ok(trail_entry_append_tick(&line, &salt))) {
        hold_own(trail, &line, TRAIL_CLASS_OTHER, true);
    }
    trail->last_entry_at = now;
    buffer_clear(&line);
}

/* ---- writing ---- */

/* The `recover` entry that a new segment begins with. */
static amanat_result add_recover(struct trail *trail)
{
    const struct trail_writer *writer = &trail->writer;
    const struct trail_recover recover = {.cause = "write-failed",
                                          .file = writer->failed_file,
                                          .offset = writer->failed_offset,
                                          .bytes = writer->failed_bytes,
                                          .attempts = writer->failed_attempts};
    struct trail_salt salt;
    struct buffer line;

    TRY(trail_draw_salt(trail, &salt));
    buffer_init(&line, OWN_LINE_LIMIT);
    amanat_result result = trail_entry_append_recover(&line, &recover, &salt);
    if (amanat_is_ok(result)) {
        result =
            trail_writer_add(&trail->writer, bytes_first(buffer_bytes(&line), line.length - 1));
    }
    buffer_clear(&line);
    return result;
}

/* Adds lines of one item while there is room; false when some are left. `*written` and `*lines`
 * count on from what is already in earlier batches. */
static bool add_item(struct trail *trail, const struct trail_item *item, size_t *written,
                     size_t *lines, amanat_result *out_result)
{
    while (*written < item->lines.length) {
        const struct bytes rest = bytes_from(buffer_bytes(&item->lines), *written);
        const size_t length = bytes_find(rest, '\n');
        if (!trail_writer_has_room(&trail->writer, length)) {
            return false;
        }
        *out_result = trail_writer_add(&trail->writer, bytes_first(rest, length));
        if (!amanat_is_ok(*out_result)) {
            return false;
        }
        *written += length + 1;
        *lines += 1;
    }
    return true;
}

/* What of the held list went into the batch: whole items, and a part of the one after them. */
struct batch {
    size_t items;
    size_t part_written;
    size_t part_lines;
    uint64_t due_size; /* after the last entry that wants a checkpoint */
    uint64_t first;    /* sequence of the first item's first line of this batch */
};

static amanat_result build_batch(struct trail *trail, int64_t time, struct batch *out)
{
    struct batch batch = {0};
    amanat_result result = AMANAT_OK;

    trail_writer_begin(&trail->writer, time);
    if (trail->writer.recovering) {
        TRY(add_recover(trail));
        batch.due_size = trail->writer.next.size;
    }
    batch.first = trail->writer.next.size;
    for (const struct trail_item *item = trail->held.first; item != NULL; item = item->next) {
        size_t written = item->written;
        size_t lines = item->written_lines;
        const bool whole = add_item(trail, item, &written, &lines, &result);
        if (written > item->written && !item->is_quiet) {
            batch.due_size = trail->writer.next.size;
        }
        if (!whole) {
            batch.part_written = written;
            batch.part_lines = lines;
            break;
        }
        batch.items += 1;
    }
    if (trail->writer.leaf_count == 0 && !amanat_is_ok(result)) {
        return result;
    }
    *out = batch;
    return AMANAT_OK;
}

/* Marks where an item's lines lie, `count` of them from sequence `first` on. */
static void note_place(struct trail *trail, struct trail_item *item, uint64_t first, size_t count,
                       size_t leaf)
{
    if (count == 0) {
        return;
    }
    if (item->written_lines == 0) {
        item->durable.first = first;
        item->durable.leaf = trail->writer.leaves[leaf];
    }
    item->durable.last = first + count - 1;
}

static void complete_batch(struct trail *trail, const struct batch *batch)
{
    uint64_t sequence = batch->first;
    size_t leaf = trail->writer.leaf_count - (size_t)(trail->writer.at.size - batch->first);

    for (size_t i = 0; i < batch->items; i++) {
        struct trail_item *item = trail_list_take_first(&trail->held);
        const size_t count = item->line_count - item->written_lines;
        note_place(trail, item, sequence, count, leaf);
        sequence += count;
        leaf += count;
        trail_queue_release_place(trail, item);
        trail_queue_complete(item, AMANAT_OK);
    }
    if (batch->part_written > 0 && trail->held.first != NULL) {
        struct trail_item *item = trail->held.first;
        note_place(trail, item, sequence, batch->part_lines - item->written_lines, leaf);
        item->written = batch->part_written;
        item->written_lines = batch->part_lines;
    }
}

static void note_durable(struct trail *trail, const struct batch *batch, int64_t now)
{
    atomic_store(&trail->durable_size, trail->writer.at.size);
    atomic_store(&trail->durable_commit, trail->writer.at.commit);
    trail->last_entry_at = now;
    trail_publish_add(trail, trail->writer.leaves, trail->writer.leaf_count, batch->due_size);
}

static void resume(struct trail *trail)
{
    if (!atomic_load(&trail->writable)) {
        atomic_store(&trail->writable, true);
        trail_raise_alarm(trail, TRAIL_ALARM_RESUMED, "entries are written again");
    }
}

/* From here to leave_disk the lists stand still, so that the watch may look at them. */
static void enter_disk(struct trail *trail)
{
    (void)pthread_mutex_lock(&trail->disk_lock);
    trail->is_at_disk = true;
    (void)pthread_mutex_unlock(&trail->disk_lock);
}

static void leave_disk(struct trail *trail)
{
    (void)pthread_mutex_lock(&trail->disk_lock);
    trail->is_at_disk = false;
    (void)pthread_mutex_unlock(&trail->disk_lock);
}

/* One batch. 0 or a negative errno. */
static int write_batch(struct trail *trail, int64_t time, int64_t now)
{
    struct batch batch;

    if (trail_writer_is_full(&trail->writer)) {
        enter_disk(trail);
        const int rotated = trail_writer_rotate(&trail->writer);
        leave_disk(trail);
        if (rotated < 0) {
            return rotated;
        }
    }
    if (!amanat_is_ok(build_batch(trail, time, &batch)) ||
        !amanat_is_ok(trail_publish_reserve(trail, trail->writer.leaf_count))) {
        return -ENOMEM;
    }
    enter_disk(trail);
    const int committed = trail_writer_commit(&trail->writer);
    leave_disk(trail);
    if (committed < 0) {
        return committed;
    }
    note_durable(trail, &batch, now);
    resume(trail);
    complete_batch(trail, &batch);
    return 0;
}

/* A write failed: who may go on, and when is it tried again? */
static void fail_write(struct trail *trail, int failure, int64_t now)
{
    const bool full = failure == -ENOSPC || failure == -EDQUOT;
    const bool was_writable = atomic_exchange(&trail->writable, false);

    atomic_fetch_add(&trail->failed_writes, 1);
    trail->retry_at = now + RETRY_PERIOD;
    if (full && !atomic_load(&trail->reserve_in_use) && trail_reserve_release(trail)) {
        atomic_store(&trail->reserve_in_use, true);
        trail->reserve_retry_at = now + RETRY_PERIOD;
        trail->retry_at = now;
        trail_raise_alarm(trail, TRAIL_ALARM_RESERVE_IN_USE,
                          "the disk is full; only accesses are recorded, from the reserve");
        return;
    }
    if (was_writable) {
        trail_raise_alarm(trail, full ? TRAIL_ALARM_DISK_FULL : TRAIL_ALARM_WRITE_FAILED,
                          full ? "the disk is full; every access is refused until there is space"
                               : "the trail cannot be written; every access is refused until it "
                                 "can");
    }
}

static int repair_writer(struct trail *trail)
{
    enter_disk(trail);
    const int repaired = trail_writer_repair(&trail->writer);
    leave_disk(trail);
    return repaired;
}

/* Whether the writer stands on a segment that can be written; repairs it when that is due. */
static bool stand_on_segment(struct trail *trail, int64_t now)
{
    if (trail->writer.file >= 0 && !trail->writer.cut_needed) {
        return true;
    }
    if (now < trail->retry_at) {
        return false;
    }
    const int repaired = repair_writer(trail);
    if (repaired < 0) {
        fail_write(trail, repaired, now);
        return trail->retry_at <= now && repair_writer(trail) >= 0;
    }
    return true;
}

static void write_held(struct trail *trail, int64_t time, int64_t now)
{
    /* Two failures in one round at most: the first may have been for want of the reserve, or of one
     * bad file. */
    for (unsigned failures = 0; failures < 2;) {
        if (!stand_on_segment(trail, now)) {
            return;
        }
        if (trail->held.first == NULL && !trail->writer.recovering) {
            resume(trail);
            return;
        }
        const int written = write_batch(trail, time, now);
        if (written < 0) {
            failures += 1;
            fail_write(trail, written, now);
            if (failures == 1) {
                trail->retry_at = now;
            }
            drop_inadmissible(trail, now);
        }
    }
    trail->retry_at = now + RETRY_PERIOD;
}

static void restore_reserve(struct trail *trail, int64_t now)
{
    if (!atomic_load(&trail->reserve_in_use) || now < trail->reserve_retry_at) {
        return;
    }
    trail->reserve_retry_at = now + RETRY_PERIOD;
    if (trail_reserve_fill(trail)) {
        atomic_store(&trail->reserve_in_use, false);
    }
}

static int64_t next_due(const struct trail *trail, int64_t now)
{
    int64_t due = trail->refused_since + trail->limits.refused;

    if (!atomic_load(&trail->writable) && trail->retry_at < due) {
        due = trail->retry_at;
    }
    if (atomic_load(&trail->reserve_in_use) && trail->reserve_retry_at < due) {
        due = trail->reserve_retry_at;
    }
    if (trail->last_entry_at + trail->limits.tick < due) {
        due = trail->last_entry_at + trail->limits.tick;
    }
    for (const struct trail_item *item = trail->held.first; item != NULL; item = item->next) {
        due = item->expires_at < due ? item->expires_at : due;
    }
    return due <= now ? 1000 : due - now;
}

int64_t trail_commit_turn(struct trail *trail)
{
    int64_t now = 0;
    int64_t wall = 0;

    runtime_clock_both(trail->clock, &wall, &now);
    watch_clock(trail, wall, now);
    trail_queue_take(trail);
    drop_inadmissible(trail, now);
    if (trail->is_last_round || now >= trail->refused_since + trail->limits.refused) {
        fold_refused(trail, now);
    }
    tick_when_idle(trail, now);
    write_held(trail, trusted_time(trail, wall, now), now);
    restore_reserve(trail, now);
    trail_queue_note_oldest(trail);
    return next_due(trail, now);
}

/* ---- the thread ---- */

static struct timespec deadline_after(int64_t microseconds)
{
    struct timespec at;

    if (microseconds > LONGEST_WAIT) {
        microseconds = LONGEST_WAIT;
    }
    (void)clock_gettime(CLOCK_MONOTONIC, &at);
    at.tv_sec += (time_t)(microseconds / RUNTIME_SECOND);
    at.tv_nsec += (long)(microseconds % RUNTIME_SECOND) * 1000;
    if (at.tv_nsec >= 1000000000L) {
        at.tv_sec += 1;
        at.tv_nsec -= 1000000000L;
    }
    return at;
}

void trail_commit_run(void *context)
{
    struct trail *trail = context;
    bool closing = false;

    while (!closing) {
        const struct timespec until = deadline_after(trail_commit_turn(trail));
        (void)pthread_mutex_lock(&trail->queue_lock);
        while (trail->queue.first == NULL && !trail->closing) {
            if (pthread_cond_timedwait(&trail->queue_filled, &trail->queue_lock, &until) != 0) {
                break;
            }
        }
        closing = trail->closing;
        (void)pthread_mutex_unlock(&trail->queue_lock);
    }
    /* The last round: what was queued, and what was counted since the last minute. */
    trail->is_last_round = true;
    (void)trail_commit_turn(trail);
}
