/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the running trail share: its state, by the thread that owns it. Inside this
 * folder only (tests drive the turns without threads).
 *
 * Lock order: disk_lock before queue_lock; else none is taken while another is held.
 */
#ifndef AMANAT_GATEWAY_TRAIL_TRAIL_PRIVATE_H
#define AMANAT_GATEWAY_TRAIL_TRAIL_PRIVATE_H

#include <pthread.h>
#include <stdatomic.h>

#include "gateway/runtime/runtime.h"
#include "gateway/trail/trail.h"
#include "gateway/trail/trail_checkpoint.h"
#include "gateway/trail/trail_tiles.h"
#include "gateway/trail/trail_writer.h"

struct durable_entry {
    uint64_t first;
    uint64_t last;
    struct trail_access_id access;
    uint32_t part;
    struct trail_digest leaf;
};

/** One submission under way. */
struct trail_item {
    struct trail_item *next;
    enum trail_class class;
    bool is_quiet;    /* anchor or tick: makes no checkpoint due */
    bool is_answered; /* too late: `done` was called, whatever becomes of the entry */
    struct buffer lines;
    size_t line_count;
    size_t written; /* bytes of `lines` that are in a batch or durable */
    size_t written_lines;
    int64_t queued_at;
    int64_t expires_at; /* INT64_MAX: the trail's own */
    trail_done_fn done;
    void *context;
    struct runtime_loop *loop;
    struct runtime_task task;
    amanat_result result;
    struct durable_entry durable;
};

struct trail_list {
    struct trail_item *first;
    struct trail_item **end;
};

struct trail_limits {
    size_t queue_entries;
    size_t queue_bytes;
    int64_t queue_deadline; /* microseconds, as all times below */
    size_t reserve_bytes;
    int64_t tick;
    int64_t checkpoint;
    int64_t refused;
    uint64_t segment_entries;
    int64_t clock_step;
};

struct trail {
    /* set once */
    const struct runtime_clock *clock;
    const struct runtime_random *random;
    const struct files *files;
    char *folder;
    char *origin;
    char *floor_path;
    EVP_PKEY *key;
    int lock; /* held while this trail is open: one writer for one folder */
    struct trail_limits limits;
    trail_alarm_fn alarm;
    void *alarm_context;
    char **reasons;
    _Atomic uint64_t *refused;
    size_t reason_count;

    /* the queue, under queue_lock */
    pthread_mutex_t queue_lock;
    pthread_cond_t queue_filled;
    struct trail_list queue;
    size_t queued_entries;
    size_t queued_bytes;
    bool closing;
    bool started;

    /* read by any thread */
    _Atomic bool writable;
    _Atomic bool clock_in_doubt;
    _Atomic bool reserve_in_use;
    _Atomic int64_t oldest_wait; /* when the oldest entry was queued, monotonic; INT64_MAX = none */
    _Atomic uint64_t durable_size;
    _Atomic uint64_t durable_commit;
    _Atomic uint64_t failed_writes;
    _Atomic uint64_t failed_checkpoints;
    _Atomic uint64_t expired;

    /* While the trail thread is at the disk it touches no list, and the watch may (disk_lock). */
    pthread_mutex_t disk_lock;
    bool is_at_disk;
    bool watch_ends;
    pthread_cond_t watch_wake;

    /* the trail thread's own */
    struct trail_writer writer;
    struct trail_list held; /* taken from the queue, not yet durable */
    int64_t retry_at;       /* while not writable */
    int64_t reserve_retry_at;
    int64_t last_entry_at; /* monotonic */
    int64_t refused_since; /* what is counted now was refused since then */
    bool is_last_round;
    int64_t wall_base; /* the last pair that agreed */
    int64_t monotonic_base;

    /* from the trail thread to the publisher, under publish_lock */
    pthread_mutex_t publish_lock;
    pthread_cond_t publish_wake;
    struct trail_digest *leaves; /* durable, not yet taken */
    size_t leaf_count;
    size_t leaf_capacity;
    uint64_t due_size; /* entries up to here want a checkpoint */
    bool publisher_ends;
    struct checkpoint_head published; /* copies for readers */
    int64_t published_at;
    struct buffer published_note;

    /* the publisher's own */
    struct tile_builder *builder;
    struct tree_edge edge;
    struct checkpoint_store store;
    struct trail_digest *taken; /* leaves that wait for their tile */
    size_t taken_count;
    size_t taken_done;
    uint64_t bundles; /* entry bundles that are written */

    struct runtime_thread *commit_thread;
    struct runtime_thread *publish_thread;
    struct runtime_thread *watch_thread;
};

/* ---- trail_commit.c ---- */

/** One round of the trail thread: takes what waits, writes, completes. Gives the microseconds until
 * it has to do something again without being woken. */
int64_t trail_commit_turn(struct trail *trail);

/** Fails everything that is queued or held. */
void trail_commit_fail_all(struct trail *trail, enum amanat_status status);

/** The trail thread's loop. */
void trail_commit_run(void *trail);

/* ---- trail_queue.c ---- */

void trail_list_append(struct trail_list *list, struct trail_item *item);
/** NULL when there is none. */
struct trail_item *trail_list_take_first(struct trail_list *list);

/** An item that is in no list yet, with a copy of its lines. MEMORY. */
AMANAT_MUST_CHECK amanat_result trail_item_new(const struct trail_submission *submission,
                                               size_t line_count, struct trail_item **out);

/** Whether an entry of this class may be written at all now. */
bool trail_queue_admits(const struct trail *trail, enum trail_class class);

/** Moves all that is queued to the held list, where it keeps its place. */
void trail_queue_take(struct trail *trail);

/** An item leaves the held list: its place is free again. */
void trail_queue_release_place(struct trail *trail, const struct trail_item *item);

/** Sets `oldest_wait` by what is held and queued. */
void trail_queue_note_oldest(struct trail *trail);

/** Calls `done`, on the item's loop if it has one, and frees the item. */
void trail_queue_complete(struct trail_item *item, amanat_result result);

/* ---- trail_watch.c ---- */

/** One round of the watch: answers what has waited past its deadline because the disk hangs. */
void trail_watch_turn(struct trail *trail);
void trail_watch_run(void *trail);
void trail_watch_end(struct trail *trail);

/* ---- trail_publish.c ---- */

/** One round of the publisher; with `final` it signs whatever is not yet covered. IO is counted and
 * alarmed. */
amanat_result trail_publish_turn(struct trail *trail, bool final);
void trail_publish_run(void *trail);

/** Hands leaves of durable entries to the publisher. Room was made by trail_publish_reserve before
 * the write. */
AMANAT_MUST_CHECK amanat_result trail_publish_reserve(struct trail *trail, size_t count);
void trail_publish_add(struct trail *trail, const struct trail_digest *leaves, size_t count,
                       uint64_t due_size);

/** The publisher's state at the start: edge and tiles for `base`, and leaves from there. */
AMANAT_MUST_CHECK amanat_result trail_publish_init(struct trail *trail, struct tile_reader *tiles,
                                                   uint64_t base, const struct trail_digest *leaves,
                                                   size_t count);

/* ---- trail.c ---- */

/** Makes the `reserve` file; whether it is there afterwards. */
bool trail_reserve_fill(struct trail *trail);
/** Gives its space back; false when it was not there. */
bool trail_reserve_release(struct trail *trail);

/** 16 random bytes. */
AMANAT_MUST_CHECK amanat_result trail_draw_salt(struct trail *trail, struct trail_salt *out);

void trail_raise_alarm(const struct trail *trail, enum trail_alarm alarm, const char *text);

#endif
