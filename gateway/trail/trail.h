/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Front door of gateway/trail: the append-only log of one gateway, written here and nowhere else.
 *
 * The life of an entry: a worker fills a struct of fields (trail_entry.h), serialises it into lines
 * and submits them. The one trail thread takes everything that waits, puts sequence, time and chain
 * link in front of each line, writes the batch with one synchronous write and only then calls the
 * completions. A completion that succeeds carries a `const struct durable_entry *`, which nobody
 * else can make: whatever releases data asks for one, so that "no entry, no data" is checked by the
 * compiler. A second thread publishes hash tiles and signs checkpoints, so that neither delays a
 * commit.
 *
 * Threads: trail_open, trail_start and trail_close on one thread; everything else from any thread.
 */
#ifndef AMANAT_GATEWAY_TRAIL_TRAIL_H
#define AMANAT_GATEWAY_TRAIL_TRAIL_H

#include <openssl/evp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "amanat/diagnostics.h"
#include "amanat/result.h"
#include "gateway/trail/trail_entry.h"
#include "gateway/trail/trail_note.h"
#include "gateway/trail/trail_search.h"
#include "gateway/trail/trail_tree.h"
#include "gateway/trail/trail_verify.h"
#include "policy/base/buffer.h"
#include "policy/base/bytes.h"

struct files;          /* gateway/runtime/files.h */
struct runtime_clock;  /* gateway/runtime/clock.h */
struct runtime_loop;   /* gateway/runtime/loop.h */
struct runtime_random; /* gateway/runtime/random.h */
struct trail;

/** Where the trail gets time, salts and files from; NULL members mean the system's. */
struct trail_world {
    const struct runtime_clock *clock;
    const struct runtime_random *random;
    const struct files *files;
};

/** What somebody should be told; text says the rest. */
enum trail_alarm {
    TRAIL_ALARM_WRITE_FAILED, /* a segment is poisoned; accesses are refused until a new one is open
                               */
    TRAIL_ALARM_DISK_FULL,    /* the same, for want of space */
    TRAIL_ALARM_RESERVE_IN_USE,   /* only accesses go on, refusals do not */
    TRAIL_ALARM_RESUMED,          /* entries are written again */
    TRAIL_ALARM_CLOCK_STEP,       /* accesses are refused until trail_acknowledge_clock */
    TRAIL_ALARM_CHECKPOINT_FAILED /* tiles, floor or checkpoint could not be written; tried again */
};

typedef void (*trail_alarm_fn)(void *context, enum trail_alarm alarm, const char *text);

/** A size and root that somebody outside has seen; the trail must not be shorter or other. */
struct trail_anchored {
    uint64_t size;
    struct trail_digest root;
    const char *source; /* who says so, for the message */
};

/** Zero means the default that stands beside a member. Strings and lists need live only through
 * trail_open. */
struct trail_options {
    const char *folder; /* made if it is not there; its parent must be */
    const char *origin; /* "audit.example/lahore-1": a schema-less URL, no spaces or plus signs */
    EVP_PKEY *key;      /* Ed25519, private; the trail takes a reference */
    const char *floor;  /* path of the floor file; default: "floor" in the folder */
    struct trail_world world;

    trail_alarm_fn alarm; /* called on a thread of the trail; must not call back; may be NULL */
    void *alarm_context;

    const struct trail_anchored *anchored; /* besides what lies in anchors/done */
    size_t anchored_count;
    const char *const *refusal_reasons; /* the closed set for trail_count_refused */
    size_t refusal_reason_count;
    bool acknowledge_clock; /* the operator says that a step of the clock since the last entry is
                               right */

    size_t queue_entries_limit;  /* 16,384 lines */
    size_t queue_bytes_limit;    /* 32 MiB */
    unsigned queue_deadline_ms;  /* 5,000: how long an entry may wait before it fails */
    size_t reserve_bytes;        /* 8 MiB kept for accesses when the disk is full */
    unsigned tick_seconds;       /* 3,600 without any entry */
    unsigned checkpoint_ms;      /* 1,000 */
    unsigned refused_seconds;    /* 60 */
    uint64_t segment_entries;    /* 65,536; for tests any multiple of 256 */
    unsigned clock_step_seconds; /* 300 */
};

/**
 * Opens or creates the trail and recovers it: a torn tail goes to quarantine. CORRUPT, with a
 * diagnostic that names segment, entry and reason, when what is stored is not what was stored, or
 * is older than floor, checkpoint or an anchor say. CONFIG_FAULT for a bad origin or key; IO when
 * the disk cannot. A clock that stands before the last entry leaves the trail open but in doubt:
 * accesses are refused until trail_acknowledge_clock.
 */
AMANAT_MUST_CHECK amanat_result trail_open(const struct trail_options *options,
                                           struct amanat_diagnostics *diagnostics,
                                           struct trail **out);

/** Starts the threads. */
AMANAT_MUST_CHECK amanat_result trail_start(struct trail *trail);

/**
 * Takes no more entries, writes what is queued (what cannot be written fails), signs a last
 * checkpoint and frees. Completions that were posted to a loop may still be under way there. NULL
 * is fine.
 */
void trail_close(struct trail *trail);

/* ---- submitting ---- */

/** What is served first when space is short: accesses and the trail's own entries, then refusals.
 */
enum trail_class {
    TRAIL_CLASS_REFUSAL = 0, /* an access that discloses nothing */
    TRAIL_CLASS_ACCESS,      /* data waits for it; also `intent` */
    TRAIL_CLASS_OTHER        /* policy, anchor */
};

/** Proof that entries are durable; made by the trail thread alone, valid while the completion runs.
 */
struct durable_entry;

uint64_t durable_entry_first(const struct durable_entry *entry); /* _seq of the first line */
uint64_t durable_entry_last(const struct durable_entry *entry);
const struct trail_access_id *durable_entry_access(const struct durable_entry *entry);
uint32_t durable_entry_part(const struct durable_entry *entry); /* of the first line */
const struct trail_digest *
durable_entry_leaf(const struct durable_entry *entry); /* of the first line */

/**
 * Called once per submission that was taken. OK with the proof, or RETRY_LATER (deadline, disk,
 * clock: answer 503) or REFUSED (the trail closes) with NULL. Completions come in the order of the
 * commit.
 */
typedef void (*trail_done_fn)(void *context, amanat_result result,
                              const struct durable_entry *entry);

struct trail_submission {
    enum trail_class class;
    struct bytes lines; /* of trail_entry_append_…, each ended by a newline; copied */
    struct trail_access_id access;
    uint32_t part;
    trail_done_fn
        done; /* on `loop`; without one on a thread of the trail: short, never calling it */
    void *context;
    bool is_quiet;             /* an `anchor`: it alone makes no checkpoint due */
    struct runtime_loop *loop; /* where `done` is to run; NULL: on the trail thread */
};

/**
 * Queues all lines for one commit. LIMIT when the queue is full, RETRY_LATER while nothing can be
 * written, the clock is in doubt (accesses) or the queue is older than its deadline, REFUSED when
 * closing, BUG for lines that are none: then `done` is never called and nothing was recorded.
 */
AMANAT_MUST_CHECK amanat_result trail_submit(struct trail *trail,
                                             const struct trail_submission *submission);

/**
 * The same, waiting for the commit (`done` and `loop` are not looked at): for the control thread,
 * never for a worker. Before trail_start it commits at once.
 */
AMANAT_MUST_CHECK amanat_result trail_submit_and_wait(struct trail *trail,
                                                      const struct trail_submission *submission,
                                                      uint64_t *out_first);

/** Counts a refusal before an agent was known; lock-free; `reason` indexes options.refusal_reasons.
 */
void trail_count_refused(struct trail *trail, size_t reason);

/** Writes a `clock` entry that says the clock is right after all, and serves again. */
AMANAT_MUST_CHECK amanat_result trail_acknowledge_clock(struct trail *trail);

/* ---- rulesets ---- */

/** One file of a ruleset: its path in the policy folder, with `/`, and its very bytes. */
struct trail_file {
    struct bytes path;
    struct bytes contents;
};

/**
 * Stores the very bytes of a ruleset durably under rulesets/<digest>/ and gives the digest; a
 * ruleset that is there already is compared and kept. CONFIG_FAULT for a path that is absolute, has
 * `.` or `..` parts or control characters, or stands twice; IO; CORRUPT when another content lies
 * under that digest.
 */
AMANAT_MUST_CHECK amanat_result trail_store_ruleset(struct trail *trail,
                                                    const struct trail_file *files, size_t count,
                                                    struct amanat_diagnostics *diagnostics,
                                                    struct trail_digest *out);

/* ---- state ---- */

/** Whether an access could be recorded now: a cheap look before anything else is done for it. */
bool trail_is_available(const struct trail *trail);

/** For metrics. Ages in microseconds, -1 = none. */
struct trail_state {
    uint64_t size;            /* durable entries */
    uint64_t commits;         /* batches */
    uint64_t checkpoint_size; /* entries under the newest checkpoint */
    int64_t checkpoint_age;
    uint64_t queued_entries;
    uint64_t queued_bytes;
    int64_t oldest_wait;
    uint64_t refused_uncommitted; /* counted, not yet an entry */
    uint64_t failed_writes;
    uint64_t failed_checkpoints;
    uint64_t expired; /* entries that waited past the deadline */
    bool available;
    bool reserve_in_use;
    bool clock_in_doubt;
};
void trail_read_state(struct trail *trail, struct trail_state *out);

/** A copy of the newest signed checkpoint; RETRY_LATER when there is none yet. */
AMANAT_MUST_CHECK amanat_result trail_read_checkpoint(struct trail *trail, struct buffer *out);

/**
 * The consistency proof from size `from` to size `to` (both covered by the newest checkpoint), at
 * most 63 hashes. PEER_FAULT for sizes that make no sense.
 */
AMANAT_MUST_CHECK amanat_result trail_prove_consistency(struct trail *trail, uint64_t from,
                                                        uint64_t to, struct trail_digest out[64],
                                                        size_t *out_count);

/** The trail's folder; lives as long as the trail. */
const char *trail_folder(const struct trail *trail);

#endif
