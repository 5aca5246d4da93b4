/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opening and closing the trail: options, the folder, recovery, threads. What happens while it runs
 * is in trail_queue.c and trail_commit.c (entries) and trail_publish.c (tiles and checkpoints).
 */
#include "gateway/trail/trail.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/trail/trail_entry_own.h"
#include "gateway/trail/trail_private.h"
#include "gateway/trail/trail_recovery.h"
#include "gateway/trail/trail_tree.h"
#include "policy/base/guard.h"

#define DEFAULT_QUEUE_ENTRIES 16384u
#define DEFAULT_QUEUE_BYTES   (32u << 20)
#define DEFAULT_DEADLINE_MS   5000u
#define DEFAULT_RESERVE       (8u << 20)
#define DEFAULT_TICK          3600u
#define DEFAULT_CHECKPOINT_MS 1000u
#define DEFAULT_REFUSED       60u
#define DEFAULT_SEGMENT       65536u
#define DEFAULT_CLOCK_STEP    300u
#define TAIL_LIMIT            64u
#define REASON_LIMIT          100u
/* Names inside the folder are added to its path: x999/… of a tile, the path of a policy file. */
#define FOLDER_LIMIT (LAYOUT_PATH_SIZE - 1024)

/* ---- small things ---- */

amanat_result trail_draw_salt(struct trail *trail, struct trail_salt *out)
{
    return runtime_random_fill(trail->random, out->at, sizeof(out->at));
}

void trail_raise_alarm(const struct trail *trail, enum trail_alarm alarm, const char *text)
{
    if (trail->alarm != NULL) {
        trail->alarm(trail->alarm_context, alarm, text);
    }
}

const char *trail_folder(const struct trail *trail)
{
    return trail->folder;
}

uint64_t durable_entry_first(const struct durable_entry *entry)
{
    return entry->first;
}

uint64_t durable_entry_last(const struct durable_entry *entry)
{
    return entry->last;
}

const struct trail_access_id *durable_entry_access(const struct durable_entry *entry)
{
    return &entry->access;
}

uint32_t durable_entry_part(const struct durable_entry *entry)
{
    return entry->part;
}

const struct trail_digest *durable_entry_leaf(const struct durable_entry *entry)
{
    return &entry->leaf;
}

void trail_count_refused(struct trail *trail, size_t reason)
{
    ASSERT(reason < trail->reason_count);
    atomic_fetch_add_explicit(&trail->refused[reason], 1, memory_order_relaxed);
}

bool trail_reserve_fill(struct trail *trail)
{
    char path[LAYOUT_PATH_SIZE];
    struct files_status status;
    const struct files *files = trail->files;

    layout_path(trail->folder, "reserve", path);
    if (trail->limits.reserve_bytes == 0 || (files->status(files->context, path, &status) >= 0 &&
                                             status.size == trail->limits.reserve_bytes)) {
        return true;
    }
    const int file = files->open(files->context, path, FILES_REPLACE);
    int result = file;
    if (file >= 0) {
        result = files->allocate(files->context, file, trail->limits.reserve_bytes);
        (void)files->close(files->context, file);
        if (result < 0) {
            (void)files->unlink(files->context, path);
        }
    }
    return result >= 0;
}

bool trail_reserve_release(struct trail *trail)
{
    char path[LAYOUT_PATH_SIZE];

    layout_path(trail->folder, "reserve", path);
    return trail->limits.reserve_bytes > 0 &&
           trail->files->unlink(trail->files->context, path) >= 0;
}

void trail_read_state(struct trail *trail, struct trail_state *out)
{
    const int64_t now = runtime_clock_monotonic(trail->clock);
    const int64_t oldest = atomic_load(&trail->oldest_wait);
    struct trail_state state = {0};

    state.size = atomic_load(&trail->durable_size);
    state.commits = atomic_load(&trail->durable_commit);
    state.failed_writes = atomic_load(&trail->failed_writes);
    state.failed_checkpoints = atomic_load(&trail->failed_checkpoints);
    state.expired = atomic_load(&trail->expired);
    state.available = trail_is_available(trail);
    state.reserve_in_use = atomic_load(&trail->reserve_in_use);
    state.clock_in_doubt = atomic_load(&trail->clock_in_doubt);
    state.oldest_wait = oldest == INT64_MAX ? -1 : now - oldest;
    for (size_t i = 0; i < trail->reason_count; i++) {
        state.refused_uncommitted += atomic_load(&trail->refused[i]);
    }
    (void)pthread_mutex_lock(&trail->queue_lock);
    state.queued_entries = trail->queued_entries;
    state.queued_bytes = trail->queued_bytes;
    (void)pthread_mutex_unlock(&trail->queue_lock);
    (void)pthread_mutex_lock(&trail->publish_lock);
    state.checkpoint_size = trail->published.size;
    state.checkpoint_age = trail->published_note.length == 0 ? -1 : now - trail->published_at;
    (void)pthread_mutex_unlock(&trail->publish_lock);
    *out = state;
}

/* ---- opening ---- */

static amanat_result report(struct amanat_diagnostics *diagnostics, const char *source,
                            enum amanat_status status, const char *text)
{
    amanat_diagnostics_add(diagnostics, AMANAT_SEVERITY_ERROR, "trail", source, 0, 0, "%s", text);
    return amanat_result_of(status);
}

static char *copy_string(const char *string)
{
    const size_t size = strlen(string) + 1;
    char *copy = malloc(size);

    if (copy != NULL) {
        memcpy(copy, string, size);
    }
    return copy;
}

static size_t or_default(size_t value, size_t otherwise)
{
    return value == 0 ? otherwise : value;
}

static void set_limits(struct trail *trail, const struct trail_options *options)
{
    struct trail_limits *limits = &trail->limits;

    limits->queue_entries = or_default(options->queue_entries_limit, DEFAULT_QUEUE_ENTRIES);
    limits->queue_bytes = or_default(options->queue_bytes_limit, DEFAULT_QUEUE_BYTES);
    limits->queue_deadline =
        (int64_t)or_default(options->queue_deadline_ms, DEFAULT_DEADLINE_MS) * 1000;
    limits->reserve_bytes = or_default(options->reserve_bytes, DEFAULT_RESERVE);
    limits->tick = (int64_t)or_default(options->tick_seconds, DEFAULT_TICK) * RUNTIME_SECOND;
    limits->checkpoint = (int64_t)or_default(options->checkpoint_ms, DEFAULT_CHECKPOINT_MS) * 1000;
    limits->refused =
        (int64_t)or_default(options->refused_seconds, DEFAULT_REFUSED) * RUNTIME_SECOND;
    limits->segment_entries = or_default(options->segment_entries, DEFAULT_SEGMENT);
    limits->clock_step =
        (int64_t)or_default(options->clock_step_seconds, DEFAULT_CLOCK_STEP) * RUNTIME_SECOND;
}

static amanat_result copy_reasons(struct trail *trail, const struct trail_options *options)
{
    if (options->refusal_reason_count > REASON_LIMIT) {
        return amanat_result_of(AMANAT_STATUS_LIMIT);
    }
    trail->reasons = calloc(options->refusal_reason_count + 1, sizeof(*trail->reasons));
    trail->refused = calloc(options->refusal_reason_count + 1, sizeof(*trail->refused));
    if (trail->reasons == NULL || trail->refused == NULL) {
        return amanat_result_of(AMANAT_STATUS_MEMORY);
    }
    for (size_t i = 0; i < options->refusal_reason_count; i++) {
        trail->reasons[i] = copy_string(options->refusal_reasons[i]);
        TRY_MEMORY(trail->reasons[i]);
        trail->reason_count = i + 1;
    }
    return AMANAT_OK;
}

static amanat_result set_paths(struct trail *trail, const struct trail_options *options)
{
    char floor_path[LAYOUT_PATH_SIZE];

    trail->folder = copy_string(options->folder);
    trail->origin = copy_string(options->origin);
    if (options->floor == NULL) {
        layout_path(options->folder, "floor", floor_path);
    }
    trail->floor_path = copy_string(options->floor == NULL ? floor_path : options->floor);
    if (trail->folder == NULL || trail->origin == NULL || trail->floor_path == NULL) {
        return amanat_result_of(AMANAT_STATUS_MEMORY);
    }
    return AMANAT_OK;
}

static amanat_result check_options(const struct trail_options *options,
                                   struct amanat_diagnostics *diagnostics)
{
    struct note_vkey vkey;

    if (options->folder == NULL || options->folder[0] == '\0' ||
        strlen(options->folder) > FOLDER_LIMIT ||
        (options->floor != NULL && strlen(options->floor) > FOLDER_LIMIT)) {
        return report(diagnostics, "trail", AMANAT_STATUS_CONFIG_FAULT,
                      "the folder's path is missing or too long");
    }
    if (options->origin == NULL || !note_name_is_valid(bytes_of_string(options->origin))) {
        return report(
            diagnostics, options->folder, AMANAT_STATUS_CONFIG_FAULT,
            "the origin is a name such as audit.example/lahore-1, without spaces and plus "
            "signs");
    }
    if (!amanat_is_ok(note_vkey_of(bytes_of_string(options->origin), NOTE_TYPE_ED25519,
                                   options->key, &vkey))) {
        return report(diagnostics, options->folder, AMANAT_STATUS_CONFIG_FAULT,
                      "the trail's key is not a private Ed25519 key");
    }
    if (options->segment_entries % TILES_WIDTH != 0) {
        return report(diagnostics, options->folder, AMANAT_STATUS_CONFIG_FAULT,
                      "a segment holds a multiple of 256 entries");
    }
    return AMANAT_OK;
}

static void init_locks(struct trail *trail)
{
    pthread_condattr_t attributes;

    (void)pthread_condattr_init(&attributes);
    (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void)pthread_mutex_init(&trail->queue_lock, NULL);
    (void)pthread_cond_init(&trail->queue_filled, &attributes);
    (void)pthread_mutex_init(&trail->publish_lock, NULL);
    (void)pthread_cond_init(&trail->publish_wake, &attributes);
    (void)pthread_mutex_init(&trail->disk_lock, NULL);
    (void)pthread_cond_init(&trail->watch_wake, &attributes);
    (void)pthread_condattr_destroy(&attributes);
}

static int make_folders(const struct trail *trail)
{
    static const char *const names[] = {"segments", "tile",         "tile/entries",
                                        "anchors",  "anchors/done", "anchors/pending",
                                        "rulesets", "quarantine"};
    char path[LAYOUT_PATH_SIZE];
    int result = files_make_folder_durably(trail->files, trail->folder);

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) && result >= 0; i++) {
        struct files_status status;
        layout_path(trail->folder, names[i], path);
        if (trail->files->status(trail->files->context, path, &status) < 0) {
            result = files_make_folder_durably(trail->files, path);
        }
    }
    return result < 0 ? result : 0;
}

/* A small file that says whose trail this is: written at birth, the same ever after. */
static amanat_result pin_file(struct trail *trail, const char *name, struct bytes expected,
                              const char *fault, struct amanat_diagnostics *diagnostics)
{
    char path[LAYOUT_PATH_SIZE];
    struct buffer held;
    int failure = 0;

    layout_path(trail->folder, name, path);
    buffer_init(&held, NOTE_CHECKPOINT_LIMIT);
    amanat_result result = files_read_whole(trail->files, path, &held, &failure);
    if (failure == ENOENT) {
        result = files_replace_durably(trail->files, path, expected) < 0
                     ? report(diagnostics, path, AMANAT_STATUS_IO, "cannot write this file")
                     : AMANAT_OK;
    } else if (!amanat_is_ok(result)) {
        result = report(diagnostics, path, result.status, "cannot read this file");
    } else if (!bytes_equal(buffer_bytes(&held), expected)) {
        result = report(diagnostics, path, AMANAT_STATUS_CORRUPT, fault);
    }
    buffer_clear(&held);
    return result;
}

static amanat_result pin_identity(struct trail *trail, struct amanat_diagnostics *diagnostics)
{
    struct buffer text;

    buffer_init(&text, NOTE_CHECKPOINT_LIMIT);
    buffer_append_string(&text, trail->origin);
    buffer_append_byte(&text, '\n');
    amanat_result result = buffer_check(&text);
    if (amanat_is_ok(result)) {
        result = pin_file(trail, "origin", buffer_bytes(&text),
                          "this folder is the trail of another origin", diagnostics);
    }
    buffer_reset(&text);
    note_append_vkey(&text, &trail->store.vkey);
    buffer_append_byte(&text, '\n');
    if (amanat_is_ok(result)) {
        result = buffer_check(&text);
    }
    if (amanat_is_ok(result)) {
        result = pin_file(trail, "vkey", buffer_bytes(&text),
                          "this trail was signed with another key", diagnostics);
    }
    buffer_clear(&text);
    return result;
}

static amanat_result load_store(struct trail *trail, struct amanat_diagnostics *diagnostics)
{
    struct checkpoint_store *store = &trail->store;

    store->files = trail->files;
    store->folder = trail->folder;
    store->floor_path = trail->floor_path;
    store->origin = trail->origin;
    store->key = trail->key;
    TRY(note_vkey_of(bytes_of_string(trail->origin), NOTE_TYPE_ED25519, trail->key, &store->vkey));
    TRY(pin_identity(trail, diagnostics));
    return checkpoint_store_load(store, diagnostics);
}

/* A lone entry of the trail's own, before the threads run. */
static amanat_result commit_line(struct trail *trail, const struct buffer *line)
{
    const struct trail_submission submission = {.class = TRAIL_CLASS_OTHER,
                                                .lines = buffer_bytes(line)};
    return trail_submit_and_wait(trail, &submission, NULL);
}

static amanat_result tell_tail(struct trail *trail, const struct recovery_tail *tail)
{
    const struct trail_recover recover = {.cause = "torn-tail",
                                          .file = tail->segment,
                                          .offset = tail->offset,
                                          .bytes = tail->bytes,
                                          .digest = &tail->digest,
                                          .quarantine = tail->quarantine};
    struct trail_salt salt;
    struct buffer line;

    TRY(trail_draw_salt(trail, &salt));
    buffer_init(&line, TRAIL_ENTRY_LIMIT);
    amanat_result result = trail_entry_append_recover(&line, &recover, &salt);
    if (amanat_is_ok(result)) {
        result = commit_line(trail, &line);
    }
    buffer_clear(&line);
    TRY(result);
    return recovery_mark_told(trail->files, trail->folder, tail);
}

static amanat_result tell_tails(struct trail *trail)
{
    struct recovery_tail *tails = calloc(TAIL_LIMIT, sizeof(*tails));
    size_t count = 0;

    TRY_MEMORY(tails);
    amanat_result result =
        recovery_list_tails(trail->files, trail->folder, tails, TAIL_LIMIT, &count);
    for (size_t i = 0; i < count && amanat_is_ok(result); i++) {
        result = tell_tail(trail, &tails[i]);
    }
    free(tails);
    return result;
}

/* The clock may stand before the last entry; how far it went ahead while we were away nobody can
 * tell. */
static void set_clock(struct trail *trail, int64_t last)
{
    runtime_clock_both(trail->clock, &trail->wall_base, &trail->monotonic_base);
    trail->last_entry_at = trail->monotonic_base;
    trail->refused_since = trail->monotonic_base;
    if (last > trail->wall_base + trail->limits.clock_step) {
        trail->wall_base = last;
        atomic_store(&trail->clock_in_doubt, true);
        trail_raise_alarm(trail, TRAIL_ALARM_CLOCK_STEP,
                          "the clock stands before the last entry; accesses are refused until an "
                          "operator acknowledges it");
    }
}

static amanat_result start_writing(struct trail *trail, const struct recovery *found,
                                   struct amanat_diagnostics *diagnostics)
{
    TRY(trail_publish_init(trail, found->tiles, found->base, found->leaves, found->leaf_count));
    trail_writer_init(&trail->writer, trail->files, trail->folder, trail->limits.segment_entries,
                      &found->at);
    atomic_store(&trail->durable_size, found->at.size);
    atomic_store(&trail->durable_commit, found->at.commit);
    set_clock(trail, found->at.time);
    const int opened = trail_writer_open(&trail->writer);
    if (opened < 0) {
        return report(diagnostics, trail->folder, AMANAT_STATUS_IO,
                      "cannot open the segment that is to be written");
    }
    atomic_store(&trail->writable, true);
    (void)trail_reserve_fill(trail);
    return AMANAT_OK;
}

static amanat_result recover(struct trail *trail, const struct trail_options *options,
                             struct amanat_diagnostics *diagnostics)
{
    struct recovery recovery = {.files = trail->files,
                                .folder = trail->folder,
                                .store = &trail->store,
                                .anchored = options->anchored,
                                .anchored_count = options->anchored_count};

    amanat_result result = recovery_run(&recovery, diagnostics);
    if (amanat_is_ok(result)) {
        result = start_writing(trail, &recovery, diagnostics);
    }
    recovery_clear(&recovery);
    TRY(result);
    result = tell_tails(trail);
    if (amanat_is_ok(result) && options->acknowledge_clock) {
        result = trail_acknowledge_clock(trail);
    }
    return amanat_is_ok(result) ? result
                                : report(diagnostics, trail->folder, result.status,
                                         "cannot write what the recovery has to tell");
}

/* Two writers on one folder would each cut off what the other wrote. */
static amanat_result lock_folder(struct trail *trail, struct amanat_diagnostics *diagnostics)
{
    const struct files *files = trail->files;
    char path[LAYOUT_PATH_SIZE];

    layout_path(trail->folder, "lock", path);
    trail->lock = files->open(files->context, path, FILES_UPDATE);
    if (trail->lock == -ENOENT) {
        trail->lock = files->open(files->context, path, FILES_CREATE);
    }
    if (trail->lock == -EEXIST) {
        trail->lock = files->open(files->context, path, FILES_UPDATE); /* made just now */
    }
    if (trail->lock < 0) {
        return report(diagnostics, path, AMANAT_STATUS_IO, "cannot open this file");
    }
    return files->lock(files->context, trail->lock) < 0
               ? report(diagnostics, trail->folder, AMANAT_STATUS_IO,
                        "another process has this trail open: a trail has one writer")
               : AMANAT_OK;
}

static amanat_result open_folder(struct trail *trail, const struct trail_options *options,
                                 struct amanat_diagnostics *diagnostics)
{
    TRY(set_paths(trail, options));
    TRY(copy_reasons(trail, options));
    const int made = make_folders(trail);
    if (made < 0) {
        amanat_diagnostics_add(diagnostics, AMANAT_SEVERITY_ERROR, "trail", trail->folder, 0, 0,
                               "cannot make the folders of the trail: %s", strerror(-made));
        return amanat_result_of(AMANAT_STATUS_IO);
    }
    TRY(lock_folder(trail, diagnostics));
    TRY(load_store(trail, diagnostics));
    return recover(trail, options, diagnostics);
}

/* Frees without writing anything. */
static void discard(struct trail *trail)
{
    trail_writer_clear(&trail->writer);
    checkpoint_store_clear(&trail->store);
    buffer_clear(&trail->published_note);
    (void)pthread_mutex_destroy(&trail->queue_lock);
    (void)pthread_cond_destroy(&trail->queue_filled);
    (void)pthread_mutex_destroy(&trail->publish_lock);
    (void)pthread_cond_destroy(&trail->publish_wake);
    (void)pthread_mutex_destroy(&trail->disk_lock);
    (void)pthread_cond_destroy(&trail->watch_wake);
    for (size_t i = 0; i < trail->reason_count; i++) {
        free(trail->reasons[i]);
    }
    free(trail->reasons);
    free(trail->refused);
    free(trail->leaves);
    free(trail->taken);
    free(trail->builder);
    free(trail->folder);
    free(trail->origin);
    free(trail->floor_path);
    EVP_PKEY_free(trail->key);
    if (trail->lock >= 0) {
        (void)trail->files->close(trail->files->context, trail->lock);
    }
    free(trail);
}

amanat_result trail_open(const struct trail_options *options,
                         struct amanat_diagnostics *diagnostics, struct trail **out)
{
    struct trail *trail = NULL;

    TRY(check_options(options, diagnostics));
    trail = calloc(1, sizeof(*trail));
    TRY_MEMORY(trail);
    const struct trail_world *world = &options->world;
    trail->clock = world->clock == NULL ? runtime_clock_real() : world->clock;
    trail->random = world->random == NULL ? runtime_random_real() : world->random;
    trail->files = world->files == NULL ? files_system() : world->files;
    trail->alarm = options->alarm;
    trail->alarm_context = options->alarm_context;
    trail->key = EVP_PKEY_up_ref(options->key) == 1 ? options->key : NULL;
    trail->writer.file = -1;
    trail->lock = -1;
    atomic_init(&trail->oldest_wait, INT64_MAX);
    buffer_init(&trail->published_note, NOTE_CHECKPOINT_LIMIT);
    set_limits(trail, options);
    init_locks(trail);
    const amanat_result result = open_folder(trail, options, diagnostics);
    if (!amanat_is_ok(result)) {
        trail_commit_fail_all(trail, AMANAT_STATUS_REFUSED);
        discard(trail);
        return result;
    }
    *out = trail;
    return AMANAT_OK;
}

amanat_result trail_start(struct trail *trail)
{
    TRY(runtime_thread_start("amanat-trail", trail_commit_run, trail, &trail->commit_thread));
    (void)pthread_mutex_lock(&trail->queue_lock);
    trail->started = true;
    (void)pthread_mutex_unlock(&trail->queue_lock);
    TRY(runtime_thread_start("amanat-watch", trail_watch_run, trail, &trail->watch_thread));
    return runtime_thread_start("amanat-publish", trail_publish_run, trail, &trail->publish_thread);
}

void trail_close(struct trail *trail)
{
    if (trail == NULL) {
        return;
    }
    (void)pthread_mutex_lock(&trail->queue_lock);
    trail->closing = true;
    (void)pthread_cond_signal(&trail->queue_filled);
    (void)pthread_mutex_unlock(&trail->queue_lock);
    if (trail->commit_thread != NULL) {
        runtime_thread_join(trail->commit_thread);
    } else {
        trail->is_last_round = true;
        (void)trail_commit_turn(trail);
    }
    trail_watch_end(trail);
    runtime_thread_join(trail->watch_thread);
    trail_commit_fail_all(trail, AMANAT_STATUS_REFUSED);
    (void)pthread_mutex_lock(&trail->publish_lock);
    trail->publisher_ends = true;
    (void)pthread_cond_signal(&trail->publish_wake);
    (void)pthread_mutex_unlock(&trail->publish_lock);
    runtime_thread_join(trail->publish_thread);
    const amanat_result result = trail_publish_turn(trail, true);
    (void)result; /* counted and alarmed; the next start signs what is missing */
    discard(trail);
}
