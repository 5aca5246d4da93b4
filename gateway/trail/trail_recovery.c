/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Recovery (trail.md 4.2 and 4.3). The rules, for the first bad line j of the last segment, t being
 * the commit of the good line before it:
 *
 *   a later line shows a commit of t+2 or more       corruption: batch t+1 was acknowledged
 *   a later line shows t+1, and line j says that it  corruption: batch t was acknowledged
 *     belongs to t
 *   line j is whole but does not follow its          corruption: the predecessor was acknowledged
 *     predecessor, and shows another commit than t     and is not what was hashed
 *   else                                             torn tail: nobody was told that line j is
 *                                                      durable
 *
 * A line that is whole but does not link, inside commit t, leaves open which of the two is damaged:
 * both are cut. In any segment but the last a bad line is corruption. What is cut may not lie below
 * floor, checkpoint or an anchor.
 */
#include "gateway/trail/trail_recovery.h"

#include <errno.h>
#include <inttypes.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/trail/trail_layout.h"
#include "gateway/trail/trail_note.h"
#include "gateway/trail/trail_tree.h"
#include "policy/base/guard.h"

#define UNTOLD    ".unreported"
#define TAIL_NAME "quarantine/%012" PRIu64 "-%" PRIu64 "-%s"

/* ---- reading segments ---- */

struct scan {
    struct recovery *recovery;
    struct amanat_diagnostics *diagnostics;
    struct layout_reader *reader;
    char name[LAYOUT_SEGMENT_SIZE];
    bool is_last;
    bool link_known;              /* recovery->at.previous is what the next line must name */
    bool commit_known;            /* a line was read: commit and time can be compared */
    struct trail_position before; /* the position before the newest good line */
};

static amanat_result report_entry(const struct scan *scan, const char *reason)
{
    amanat_diagnostics_add(scan->diagnostics, AMANAT_SEVERITY_ERROR, "trail-corrupt", scan->name, 0,
                           0, "entry %" PRIu64 " (offset %" PRIu64 "): %s", scan->recovery->at.size,
                           scan->recovery->at.segment_offset, reason);
    return amanat_result_of(AMANAT_STATUS_CORRUPT);
}

static amanat_result report_folder(struct amanat_diagnostics *diagnostics, const char *source,
                                   enum amanat_status status, const char *text)
{
    amanat_diagnostics_add(diagnostics, AMANAT_SEVERITY_ERROR, "trail-recovery", source, 0, 0, "%s",
                           text);
    return amanat_result_of(status);
}

static amanat_result keep_leaf(struct recovery *recovery, const struct trail_digest *leaf)
{
    if (recovery->leaf_count == recovery->leaf_capacity) {
        const size_t capacity = recovery->leaf_capacity == 0 ? 1024 : recovery->leaf_capacity * 2;
        struct trail_digest *grown = realloc(recovery->leaves, capacity * sizeof(*grown));
        TRY_MEMORY(grown);
        recovery->leaves = grown;
        recovery->leaf_capacity = capacity;
    }
    recovery->leaves[recovery->leaf_count] = *leaf;
    recovery->leaf_count += 1;
    return AMANAT_OK;
}

/* NULL when the line follows its predecessor, else what is wrong. */
static const char *find_break(const struct scan *scan, const struct layout_header *header)
{
    const struct trail_position *at = &scan->recovery->at;

    if (header->sequence != at->size) {
        return "its number is not the next";
    }
    if (scan->link_known && !tree_digest_equal(&header->previous, &at->previous)) {
        return "its link does not fit the entry before it";
    }
    if (scan->commit_known && (header->commit < at->commit || header->commit > at->commit + 1)) {
        return "its commit number is not the next";
    }
    if (scan->commit_known && header->time <= at->time) {
        return "its time goes back";
    }
    return NULL;
}

static amanat_result accept_line(struct scan *scan, struct bytes line,
                                 const struct layout_header *header)
{
    struct recovery *recovery = scan->recovery;
    struct trail_digest leaf;

    tree_hash_leaf(line, &leaf);
    if (header->sequence >= recovery->base) {
        TRY(keep_leaf(recovery, &leaf));
    }
    scan->before = recovery->at;
    recovery->at.size += 1;
    recovery->at.commit = header->commit;
    recovery->at.time = header->time;
    recovery->at.previous = leaf;
    recovery->at.segment_offset += line.length + 1;
    scan->link_known = true;
    scan->commit_known = true;
    return AMANAT_OK;
}

/* The greatest commit that any readable line from here on shows; 0 = none. */
static amanat_result find_last_commit(struct scan *scan, uint64_t *out)
{
    struct layout_header header;
    struct bytes line;
    uint64_t offset = 0;
    uint64_t last = 0;

    for (;;) {
        switch (layout_reader_next(scan->reader, &line, &offset)) {
        case LAYOUT_LINE_UNREADABLE:
            return report_entry(scan, "the file cannot be read");
        case LAYOUT_LINE_END:
            *out = last;
            return AMANAT_OK;
        case LAYOUT_LINE_WHOLE:
        case LAYOUT_LINE_UNTERMINATED:
            if (layout_parse_header(line, &header, NULL) && header.commit > last) {
                last = header.commit;
            }
            break;
        case LAYOUT_LINE_TOO_LONG:
            break;
        }
    }
}

/* Line j cannot be an entry at all. */
static amanat_result judge_bad_line(struct scan *scan, struct bytes line)
{
    struct layout_header own;
    const uint64_t good = scan->recovery->at.commit;
    uint64_t later = 0;
    const bool readable = layout_parse_header(line, &own, NULL);
    const uint64_t own_commit = readable ? own.commit : good + 1;

    TRY(find_last_commit(scan, &later));
    if (scan->commit_known && (later > good + 1 || (later == good + 1 && own_commit == good))) {
        return report_entry(scan, "it is damaged, and entries after it prove that it was durable");
    }
    if (!scan->commit_known && readable && later > own_commit) {
        return report_entry(scan, "it is damaged, and entries after it prove that it was durable");
    }
    return AMANAT_OK;
}

/* Line j is whole, but does not follow line j-1. */
static amanat_result judge_break(struct scan *scan, const struct layout_header *header,
                                 const char *reason)
{
    struct recovery *recovery = scan->recovery;
    uint64_t later = 0;

    if (!scan->commit_known || header->commit != recovery->at.commit) {
        return report_entry(scan, reason);
    }
    TRY(find_last_commit(scan, &later));
    if (later > recovery->at.commit) {
        return report_entry(scan, reason);
    }
    if (recovery->at.segment_offset > 0 && scan->before.commit == recovery->at.commit &&
        scan->before.size + 1 == recovery->at.size &&
        scan->before.segment_first == recovery->at.segment_first) {
        recovery->at = scan->before;
        if (recovery->leaf_count > 0) {
            recovery->leaf_count -= 1;
        }
    }
    return AMANAT_OK;
}

/* Reads to the end of one segment, or to where its torn tail begins. */
static amanat_result scan_lines(struct scan *scan)
{
    struct layout_header header;
    struct bytes line;
    uint64_t offset = 0;

    for (;;) {
        const enum layout_line kind = layout_reader_next(scan->reader, &line, &offset);
        if (kind == LAYOUT_LINE_END) {
            return AMANAT_OK;
        }
        if (kind == LAYOUT_LINE_UNREADABLE) {
            return report_entry(scan, "the file cannot be read");
        }
        if (kind != LAYOUT_LINE_WHOLE || !layout_parse_line(line, &header)) {
            return scan->is_last ? judge_bad_line(scan, line)
                                 : report_entry(scan, "it is damaged, in a segment that was left");
        }
        const char *reason = find_break(scan, &header);
        if (reason != NULL) {
            return scan->is_last ? judge_break(scan, &header, reason) : report_entry(scan, reason);
        }
        TRY(accept_line(scan, line, &header));
    }
}

static amanat_result scan_segment(struct scan *scan, uint64_t first)
{
    struct recovery *recovery = scan->recovery;
    char path[LAYOUT_PATH_SIZE];

    layout_segment_name(first, scan->name);
    layout_path(recovery->folder, scan->name, path);
    recovery->at.segment_first = first;
    recovery->at.segment_offset = 0;
    scan->before = recovery->at;
    if (layout_reader_open(scan->reader, recovery->files, path, 0) < 0) {
        return report_folder(scan->diagnostics, path, AMANAT_STATUS_IO, "cannot read this segment");
    }
    const amanat_result result = scan_lines(scan);
    layout_reader_close(scan->reader);
    return result;
}

/* ---- quarantine ---- */

/* Copies the bytes from `offset` to the end into `to`, and hashes them. */
static int copy_tail(const struct files *files, int from, int to, uint64_t offset,
                     uint64_t *out_bytes, struct trail_digest *out_digest)
{
    char chunk[32768];
    EVP_MD_CTX *hash = EVP_MD_CTX_new();
    unsigned length = 0;
    uint64_t copied = 0;
    int result = hash != NULL && EVP_DigestInit_ex(hash, EVP_sha256(), NULL) == 1 ? 0 : -ENOMEM;

    while (result == 0) {
        const int64_t taken =
            files->read_at(files->context, from, chunk, sizeof(chunk), offset + copied);
        if (taken <= 0) {
            result = (int)taken;
            break;
        }
        (void)EVP_DigestUpdate(hash, chunk, (size_t)taken);
        result = to < 0 ? 0 : files_write_all(files, to, bytes_of(chunk, (size_t)taken), copied);
        copied += (uint64_t)taken;
    }
    if (result == 0 && EVP_DigestFinal_ex(hash, out_digest->at, &length) != 1) {
        result = -EIO;
    }
    EVP_MD_CTX_free(hash);
    *out_bytes = copied;
    return result;
}

static void name_tail(const struct recovery *recovery, const struct trail_digest *digest, char *out,
                      size_t size)
{
    char start[9];

    (void)snprintf(start, sizeof(start), "%02x%02x%02x%02x", digest->at[0], digest->at[1],
                   digest->at[2], digest->at[3]);
    (void)snprintf(out, size, TAIL_NAME UNTOLD, recovery->at.segment_first,
                   recovery->at.segment_offset, start);
}

/* The tail is durable in quarantine before it is cut off. */
static int keep_tail(const struct recovery *recovery, int segment)
{
    const struct files *files = recovery->files;
    char temporary[LAYOUT_PATH_SIZE];
    char path[LAYOUT_PATH_SIZE];
    char folder[LAYOUT_PATH_SIZE];
    char name[128];
    struct trail_digest digest;
    uint64_t bytes = 0;

    layout_path(recovery->folder, "quarantine/tail.tmp", temporary);
    layout_path(recovery->folder, "quarantine", folder);
    const int file = files->open(files->context, temporary, FILES_REPLACE);
    if (file < 0) {
        return file;
    }
    int result = copy_tail(files, segment, file, recovery->at.segment_offset, &bytes, &digest);
    if (result >= 0) {
        result = files->sync(files->context, file);
    }
    const int closed = files->close(files->context, file);
    result = result < 0 ? result : closed;
    if (result < 0) {
        return result;
    }
    name_tail(recovery, &digest, name, sizeof(name));
    layout_path(recovery->folder, name, path);
    result = files->rename(files->context, temporary, path);
    return result < 0 ? result : files->sync_folder(files->context, folder);
}

static amanat_result cut_tail(const struct recovery *recovery,
                              struct amanat_diagnostics *diagnostics)
{
    const struct files *files = recovery->files;
    char name[LAYOUT_SEGMENT_SIZE];
    char path[LAYOUT_PATH_SIZE];
    struct files_status status;

    layout_segment_name(recovery->at.segment_first, name);
    layout_path(recovery->folder, name, path);
    if (files->status(files->context, path, &status) < 0) {
        return report_folder(diagnostics, path, AMANAT_STATUS_IO, "cannot read this segment");
    }
    if (status.size <= recovery->at.segment_offset) {
        return AMANAT_OK;
    }
    const int file = files->open(files->context, path, FILES_UPDATE);
    int result = file;
    if (file >= 0) {
        result = keep_tail(recovery, file);
        if (result >= 0) {
            result = files->truncate(files->context, file, recovery->at.segment_offset);
        }
        if (result >= 0) {
            result = files->sync(files->context, file);
        }
        (void)files->close(files->context, file);
    }
    if (result < 0) {
        return report_folder(diagnostics, path, AMANAT_STATUS_IO,
                             "cannot move a torn tail to quarantine");
    }
    amanat_diagnostics_add(diagnostics, AMANAT_SEVERITY_WARNING, "trail-torn-tail", path, 0, 0,
                           "%" PRIu64 " bytes after entry %" PRIu64
                           " were never acknowledged and went to quarantine",
                           status.size - recovery->at.segment_offset, recovery->at.size);
    return AMANAT_OK;
}

struct tail_list {
    const struct files *files;
    const char *folder;
    struct recovery_tail *items;
    size_t limit;
    size_t count;
    int failure;
};

static void collect_tail(void *context, const char *name)
{
    struct tail_list *list = context;
    char path[LAYOUT_PATH_SIZE];
    char start[9];
    uint64_t first = 0;
    struct recovery_tail tail = {0};
    const size_t length = strlen(name);

    if (list->count == list->limit || length < sizeof(UNTOLD) || length > 100 ||
        strcmp(name + length - (sizeof(UNTOLD) - 1), UNTOLD) != 0 ||
        sscanf(name, "%" SCNu64 "-%" SCNu64 "-%8[0-9a-f]", &first, &tail.offset, start) != 3) {
        return;
    }
    (void)snprintf(tail.quarantine, sizeof(tail.quarantine), "quarantine/%s", name);
    layout_path(list->folder, tail.quarantine, path);
    const int file = list->files->open(list->files->context, path, FILES_READ);
    if (file < 0) {
        list->failure = file;
        return;
    }
    const int copied = copy_tail(list->files, file, -1, 0, &tail.bytes, &tail.digest);
    (void)list->files->close(list->files->context, file);
    if (copied < 0) {
        list->failure = copied;
        return;
    }
    tail.quarantine[strlen(tail.quarantine) - (sizeof(UNTOLD) - 1)] = '\0';
    layout_segment_name(first, tail.segment);
    list->items[list->count] = tail;
    list->count += 1;
}

amanat_result recovery_list_tails(const struct files *files, const char *folder,
                                  struct recovery_tail *out, size_t limit, size_t *out_count)
{
    char path[LAYOUT_PATH_SIZE];
    struct tail_list list = {.files = files, .folder = folder, .items = out, .limit = limit};

    layout_path(folder, "quarantine", path);
    if (files->list(files->context, path, collect_tail, &list) < 0 || list.failure < 0) {
        return amanat_result_of(AMANAT_STATUS_IO);
    }
    *out_count = list.count;
    return AMANAT_OK;
}

amanat_result recovery_mark_told(const struct files *files, const char *folder,
                                 const struct recovery_tail *tail)
{
    char from[LAYOUT_PATH_SIZE];
    char to[LAYOUT_PATH_SIZE];
    char parent[LAYOUT_PATH_SIZE];
    char name[sizeof(tail->quarantine) + sizeof(UNTOLD)];

    (void)snprintf(name, sizeof(name), "%s" UNTOLD, tail->quarantine);
    layout_path(folder, name, from);
    layout_path(folder, tail->quarantine, to);
    layout_path(folder, "quarantine", parent);
    if (files->rename(files->context, from, to) < 0 ||
        files->sync_folder(files->context, parent) < 0) {
        return amanat_result_of(AMANAT_STATUS_IO);
    }
    return AMANAT_OK;
}

/* ---- size and root ---- */

/* Stored hashes below `base` come from tiles, the others from the leaves that were just read. */
static amanat_result read_hash(void *context, unsigned level, uint64_t index,
                               struct trail_digest *out)
{
    const struct recovery *recovery = context;
    const uint64_t width = UINT64_C(1) << (8 * level);

    if ((index + 1) * width <= recovery->base) {
        return tile_reader_read(recovery->tiles, level, index, out);
    }
    if (level == 0) {
        const uint64_t at = index - recovery->base;
        if (at >= recovery->leaf_count) {
            return amanat_result_of(AMANAT_STATUS_BUG);
        }
        *out = recovery->leaves[at];
        return AMANAT_OK;
    }
    struct trail_digest hashes[TILES_WIDTH];
    for (unsigned i = 0; i < TILES_WIDTH; i++) {
        TRY(read_hash(context, level - 1, index * TILES_WIDTH + i, &hashes[i]));
    }
    tree_fold(hashes, TILES_WIDTH, out);
    return AMANAT_OK;
}

static amanat_result hold_against(struct recovery *recovery, const struct checkpoint_head *head,
                                  const char *source, struct amanat_diagnostics *diagnostics)
{
    const struct tree_source tree = {read_hash, recovery};
    struct trail_digest root;

    if (head->size > recovery->at.size) {
        amanat_diagnostics_add(
            diagnostics, AMANAT_SEVERITY_ERROR, "trail-rolled-back", source, 0, 0,
            "this has seen %" PRIu64 " entries, but the trail holds only %" PRIu64
            ": entries are missing, or the disk was set back to an older state",
            head->size, recovery->at.size);
        return amanat_result_of(AMANAT_STATUS_CORRUPT);
    }
    const amanat_result result = tree_root(&tree, head->size, &root);
    if (!amanat_is_ok(result)) {
        return report_folder(diagnostics, source, result.status,
                             "the hash tiles that this needs are missing or damaged");
    }
    if (!tree_digest_equal(&root, &head->root)) {
        amanat_diagnostics_add(diagnostics, AMANAT_SEVERITY_ERROR, "trail-altered", source, 0, 0,
                               "the first %" PRIu64 " entries are not those that this has seen",
                               head->size);
        return amanat_result_of(AMANAT_STATUS_CORRUPT);
    }
    return AMANAT_OK;
}

struct anchor_check {
    struct recovery *recovery;
    struct amanat_diagnostics *diagnostics;
    amanat_result result;
};

/* The start of the note whose empty line stands at `blank` (the first of its two newlines): three
 * lines up. */
static size_t find_note_start(struct bytes text, size_t blank)
{
    unsigned newlines = 0;

    for (size_t i = blank; i > 0; i--) {
        if (text.at[i - 1] == '\n') {
            newlines += 1;
            if (newlines == 3) {
                return i;
            }
        }
    }
    return 0;
}

/* Finds the newest whole note with our own signature in what an anchor answered. */
static bool find_anchored(const struct recovery *recovery, struct bytes text,
                          struct checkpoint_head *out)
{
    struct note *note = malloc(sizeof(*note));
    struct note_checkpoint checkpoint;
    bool found = false;

    while (note != NULL && text.length > 0 && text.at[text.length - 1] != '\n') {
        text.length -= 1; /* a torn last line */
    }
    for (size_t i = text.length; note != NULL && !found && i >= 2; i--) {
        if (text.at[i - 1] != '\n' || text.at[i - 2] != '\n') {
            continue;
        }
        const size_t start = find_note_start(text, i - 2);
        if (amanat_is_ok(note_parse(bytes_of(text.at + start, text.length - start), note)) &&
            amanat_is_ok(note_parse_checkpoint(note->text, &checkpoint)) &&
            bytes_equal_string(checkpoint.origin, recovery->store->origin) &&
            note_is_signed_by(note, &recovery->store->vkey, NULL)) {
            *out = (struct checkpoint_head){checkpoint.size, checkpoint.root};
            found = true;
        }
        text.length = start;
        i = start + 1;
    }
    free(note);
    return found;
}

/* Only the end of the file is read: its newest note covers all older ones. */
static void check_anchor_file(void *context, const char *name)
{
    struct anchor_check *check = context;
    const struct files *files = check->recovery->files;
    char relative[512];
    char path[LAYOUT_PATH_SIZE];
    struct checkpoint_head head;
    struct files_status status;
    char *end = malloc(2 * NOTE_LIMIT);
    int64_t taken = -1;

    if (snprintf(relative, sizeof(relative), "anchors/done/%s", name) < (int)sizeof(relative)) {
        layout_path(check->recovery->folder, relative, path);
        const int file = files->open(files->context, path, FILES_READ);
        if (end != NULL && file >= 0 && files->status(files->context, path, &status) >= 0) {
            const uint64_t offset = status.size > 2 * NOTE_LIMIT ? status.size - 2 * NOTE_LIMIT : 0;
            taken = files->read_at(files->context, file, end, 2 * NOTE_LIMIT, offset);
        }
        if (file >= 0) {
            (void)files->close(files->context, file);
        }
    }
    if (taken < 0 && amanat_is_ok(check->result)) {
        check->result = report_folder(check->diagnostics, path, AMANAT_STATUS_IO,
                                      "cannot read what this anchor has seen");
    }
    if (taken > 0 && amanat_is_ok(check->result) &&
        find_anchored(check->recovery, bytes_of(end, (size_t)taken), &head)) {
        check->result = hold_against(check->recovery, &head, path, check->diagnostics);
    }
    free(end);
}

static amanat_result check_heads(struct recovery *recovery, struct amanat_diagnostics *diagnostics)
{
    char path[LAYOUT_PATH_SIZE];
    struct anchor_check check = {recovery, diagnostics, AMANAT_OK};

    if (recovery->store->has_signed) {
        TRY(hold_against(recovery, &recovery->store->newest, "checkpoint", diagnostics));
    }
    if (recovery->store->has_floor) {
        TRY(hold_against(recovery, &recovery->store->floor, "floor", diagnostics));
    }
    for (size_t i = 0; i < recovery->anchored_count; i++) {
        const struct checkpoint_head head = {recovery->anchored[i].size,
                                             recovery->anchored[i].root};
        TRY(hold_against(recovery, &head, recovery->anchored[i].source, diagnostics));
    }
    layout_path(recovery->folder, "anchors/done", path);
    return recovery->files->list(recovery->files->context, path, check_anchor_file, &check) < 0
               ? report_folder(diagnostics, path, AMANAT_STATUS_IO,
                               "cannot list what the anchors have seen")
               : check.result;
}

/* ---- all of it ---- */

/* Where to begin: everything from the last segment on is read again, and everything after the
 * newest checkpoint. */
static size_t choose_start(struct recovery *recovery, const uint64_t *segments, size_t count)
{
    const uint64_t published = recovery->store->has_signed ? recovery->store->newest.size : 0;
    const uint64_t last = segments[count - 1];
    size_t start = count - 1;

    recovery->base = (last < published ? last : published) / TILES_WIDTH * TILES_WIDTH;
    while (start > 0 && segments[start] > recovery->base) {
        start -= 1;
    }
    return start;
}

static amanat_result scan_segments(struct scan *scan, const uint64_t *segments, size_t count,
                                   size_t start)
{
    struct recovery *recovery = scan->recovery;

    recovery->at.size = segments[start];
    tree_hash_empty(&recovery->at.previous);
    scan->link_known = segments[start] == 0;
    if (segments[start] > 0 &&
        amanat_is_ok(
            tile_reader_read(recovery->tiles, 0, segments[start] - 1, &recovery->at.previous))) {
        scan->link_known = true;
    }
    for (size_t i = start; i < count; i++) {
        scan->is_last = i + 1 == count;
        layout_segment_name(segments[i], scan->name);
        if (segments[i] != recovery->at.size) {
            return report_entry(scan, "the segment before this one does not end where it begins");
        }
        TRY(scan_segment(scan, segments[i]));
    }
    return AMANAT_OK;
}

static amanat_result scan_all(struct recovery *recovery, const uint64_t *segments, size_t count,
                              struct amanat_diagnostics *diagnostics)
{
    struct scan scan = {.recovery = recovery, .diagnostics = diagnostics};

    if (count == 0) {
        tree_hash_empty(&recovery->at.previous);
        return AMANAT_OK;
    }
    size_t start = choose_start(recovery, segments, count);
    if (segments[0] != 0) {
        layout_segment_name(0, scan.name);
        return report_entry(&scan, "the first segment is missing");
    }
    scan.reader = malloc(sizeof(*scan.reader));
    TRY_MEMORY(scan.reader);
    amanat_result result = scan_segments(&scan, segments, count, start);
    while (amanat_is_ok(result) && !scan.commit_known && start > 0) {
        /* Nothing but an empty segment was read: commit number and time stand in the one before. */
        start -= 1;
        recovery->leaf_count = 0;
        result = scan_segments(&scan, segments, count, start);
    }
    free(scan.reader);
    return result;
}

amanat_result recovery_run(struct recovery *recovery, struct amanat_diagnostics *diagnostics)
{
    uint64_t *segments = NULL;
    size_t count = 0;

    recovery->tiles = calloc(1, sizeof(*recovery->tiles));
    TRY_MEMORY(recovery->tiles);
    recovery->tiles->files = recovery->files;
    recovery->tiles->folder = recovery->folder;
    recovery->tiles->size = recovery->store->has_signed ? recovery->store->newest.size : 0;
    amanat_result result =
        layout_list_segments(recovery->files, recovery->folder, &segments, &count);
    if (!amanat_is_ok(result)) {
        return report_folder(diagnostics, recovery->folder, result.status,
                             "cannot list the segments");
    }
    result = scan_all(recovery, segments, count, diagnostics);
    free(segments);
    TRY(result);
    /* Held against what others have seen before anything is cut: a tail that somebody has seen is
     * never "torn". */
    TRY(check_heads(recovery, diagnostics));
    return count == 0 ? AMANAT_OK : cut_tail(recovery, diagnostics);
}

void recovery_clear(struct recovery *recovery)
{
    free(recovery->leaves);
    free(recovery->tiles);
    recovery->leaves = NULL;
    recovery->tiles = NULL;
}
