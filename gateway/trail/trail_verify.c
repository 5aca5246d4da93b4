/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One pass over the entries, in order. Beside it walk the sources that claim to know the tree at
 * some size (checkpoint, floor, every note of checkpoint.log and of anchors/done): whenever the
 * pass has read as many entries as one of them names, the roots are compared. Hash tiles and entry
 * bundles are compared as they fill.
 *
 * Which fault is reported: the first in the order of the entries. An entry that was changed shows
 * in the link of the next one; the hash tile says which of the two it was.
 */
#include "gateway/trail/trail_verify_private.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "amanat/diagnostics.h"
#include "policy/base/guard.h"

#define ANCHOR_LIMIT 16u
#define STREAM_LIMIT (ANCHOR_LIMIT + 1)
#define GAP_SLACK    INT64_C(300000000) /* a tick may be late by this much: 5 minutes */

const char *trail_kind_name(enum trail_kind kind)
{
    static const char *const names[TRAIL_KIND_COUNT] = {"other",  "access",  "intent", "refused",
                                                        "policy", "recover", "tick",   "anchor",
                                                        "clock",  "cosign"};
    return kind < TRAIL_KIND_COUNT ? names[kind] : names[0];
}

enum trail_kind trail_kind_of(const struct document *entry)
{
    for (int kind = TRAIL_KIND_ACCESS; kind < TRAIL_KIND_COUNT; kind++) {
        if (document_is_string(document_get(entry, "kind"),
                               trail_kind_name((enum trail_kind)kind))) {
            return (enum trail_kind)kind;
        }
    }
    return TRAIL_KIND_OTHER;
}

/* ---- words ---- */

/* Names of files and words of entries are an adversary's: nothing of them may steer a terminal. */
static void make_plain(char *text)
{
    for (; *text != '\0'; text++) {
        *text = *text >= 0x20 && *text < 0x7F ? *text : '?';
    }
}

__attribute__((format(printf, 4, 5))) amanat_result
verify_fault(struct verify *verify, const char *file, uint64_t entry, const char *format, ...)
{
    struct trail_report *report = verify->report;
    va_list arguments;

    (void)snprintf(report->fault_file, sizeof(report->fault_file), "%s", file);
    report->fault_has_entry = entry != VERIFY_NO_ENTRY;
    report->fault_entry = report->fault_has_entry ? entry : 0;
    va_start(arguments, format);
    (void)vsnprintf(report->fault_reason, sizeof(report->fault_reason), format, arguments);
    va_end(arguments);
    make_plain(report->fault_file);
    make_plain(report->fault_reason);
    return amanat_result_of(AMANAT_STATUS_CORRUPT);
}

amanat_result verify_unreadable(struct verify *verify, const char *file)
{
    (void)verify_fault(verify, file, VERIFY_NO_ENTRY, "cannot be read");
    return amanat_result_of(AMANAT_STATUS_IO);
}

__attribute__((format(printf, 4, 5))) void verify_find(struct verify *verify, const char *code,
                                                       uint64_t entry, const char *format, ...)
{
    char text[512];
    va_list arguments;

    verify->report->findings += 1;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    make_plain(text);
    if (verify->options->on_finding != NULL) {
        verify->options->on_finding(verify->options->context, code, entry, text);
    }
}

/* ---- small files ---- */

amanat_result verify_read_file(struct verify *verify, const char *name, size_t limit,
                               struct buffer *out, bool *out_there)
{
    char path[LAYOUT_PATH_SIZE];
    int failure = 0;

    layout_path(verify->options->folder, name, path);
    buffer_init(out, limit);
    const amanat_result result = files_read_whole(verify->files, path, out, &failure);
    *out_there = amanat_is_ok(result);
    if (!*out_there) {
        buffer_clear(out); /* the caller has nothing to clear after a fault */
    }
    if (failure == ENOENT || failure == ENOTDIR) {
        return AMANAT_OK;
    }
    if (result.status == AMANAT_STATUS_LIMIT) {
        return verify_fault(verify, name, VERIFY_NO_ENTRY, "is longer than it can be");
    }
    return amanat_is_ok(result) ? result : verify_unreadable(verify, name);
}

static amanat_result take_vkey(struct verify *verify, struct bytes text)
{
    const struct bytes pinned = verify->options->vkey;
    struct note_vkey own;
    struct buffer shown;

    if (!amanat_is_ok(note_parse_vkey(text, &own)) || own.type != NOTE_TYPE_ED25519) {
        return verify_fault(verify, "vkey", VERIFY_NO_ENTRY, "is no verifier key");
    }
    verify->vkey = own;
    if (pinned.length > 0) {
        if (!amanat_is_ok(note_parse_vkey(pinned, &verify->vkey)) ||
            verify->vkey.type != NOTE_TYPE_ED25519) {
            return amanat_result_of(AMANAT_STATUS_CONFIG_FAULT);
        }
        if (!note_vkey_equal(&own, &verify->vkey)) {
            return verify_fault(verify, "vkey", VERIFY_NO_ENTRY, "is not the key that was given");
        }
        verify->report->pinned = true;
    }
    buffer_init(&shown, sizeof(verify->report->vkey) - 1);
    note_append_vkey(&shown, &verify->vkey);
    /* Byte for byte: a file that reads the same but is spelt otherwise was touched. */
    const bool exact = !shown.broken && text.length == shown.length + 1 &&
                       memcmp(text.at, shown.at, shown.length) == 0 &&
                       text.at[shown.length] == '\n';
    if (!shown.broken) {
        memcpy(verify->report->vkey, shown.at, shown.length);
        verify->report->vkey[shown.length] = '\0';
    }
    buffer_clear(&shown);
    return exact ? AMANAT_OK
                 : verify_fault(verify, "vkey", VERIFY_NO_ENTRY, "is not spelt as it was written");
}

static amanat_result read_identity(struct verify *verify)
{
    struct buffer held;
    bool there = false;

    TRY(verify_read_file(verify, "vkey", NOTE_CHECKPOINT_LIMIT, &held, &there));
    amanat_result result = there ? take_vkey(verify, buffer_bytes(&held))
                                 : verify_fault(verify, "vkey", VERIFY_NO_ENTRY, "is missing");
    buffer_clear(&held);
    TRY(result);
    (void)snprintf(verify->origin, sizeof(verify->origin), "%s\n", verify->vkey.name);
    TRY(verify_read_file(verify, "origin", NOTE_CHECKPOINT_LIMIT, &held, &there));
    if (!there || !bytes_equal_string(buffer_bytes(&held), verify->origin)) {
        result = verify_fault(verify, "origin", VERIFY_NO_ENTRY,
                              there ? "is not the name in the key" : "is missing");
    }
    buffer_clear(&held);
    return result;
}

/* A note of this log, with a signature of its key. */
static amanat_result check_note(struct verify *verify, const char *file, struct bytes text,
                                struct note_checkpoint *out)
{
    if (!amanat_is_ok(note_parse(text, verify->note)) ||
        !amanat_is_ok(note_parse_checkpoint(verify->note->text, out))) {
        return verify_fault(verify, file, VERIFY_NO_ENTRY, "is no signed checkpoint");
    }
    if (!bytes_equal_string(out->origin, verify->vkey.name)) {
        return verify_fault(verify, file, VERIFY_NO_ENTRY, "is of another log");
    }
    if (!note_is_signed_by(verify->note, &verify->vkey, NULL)) {
        return verify_fault(verify, file, VERIFY_NO_ENTRY,
                            "the signature of the checkpoint of size %" PRIu64 " is not valid",
                            out->size);
    }
    return AMANAT_OK;
}

static amanat_result read_checkpoint(struct verify *verify)
{
    struct note_checkpoint checkpoint;
    struct buffer held;
    bool there = false;
    amanat_result result = AMANAT_OK;

    TRY(verify_read_file(verify, "checkpoint", NOTE_CHECKPOINT_LIMIT, &held, &there));
    if (there) {
        result = check_note(verify, "checkpoint", buffer_bytes(&held), &checkpoint);
        if (amanat_is_ok(result) && verify->note->signature_count != 1) {
            result = verify_fault(verify, "checkpoint", VERIFY_NO_ENTRY,
                                  "has more than its own signature");
        }
        if (amanat_is_ok(result)) {
            verify->has_checkpoint = true;
            verify->checkpoint_size = checkpoint.size;
            verify->checkpoint_root = checkpoint.root;
            verify->report->covered = checkpoint.size;
            verify->report->root = checkpoint.root;
        }
    }
    buffer_clear(&held);
    return result;
}

static amanat_result read_floor(struct verify *verify)
{
    struct note_checkpoint checkpoint;
    struct buffer held;
    bool there = false;
    amanat_result result = AMANAT_OK;

    TRY(verify_read_file(verify, "floor", NOTE_CHECKPOINT_LIMIT, &held, &there));
    if (there) {
        if (!amanat_is_ok(note_parse_checkpoint(buffer_bytes(&held), &checkpoint)) ||
            !bytes_equal_string(checkpoint.origin, verify->vkey.name)) {
            result = verify_fault(verify, "floor", VERIFY_NO_ENTRY, "is no floor of this log");
        } else if (verify->has_checkpoint && checkpoint.size < verify->checkpoint_size) {
            result =
                verify_fault(verify, "floor", VERIFY_NO_ENTRY, "lies below the newest checkpoint");
        } else {
            verify->has_floor = true;
            verify->floor_size = checkpoint.size;
            verify->floor_root = checkpoint.root;
        }
    } else if (verify->has_checkpoint) {
        verify_find(verify, "floor", VERIFY_NO_ENTRY,
                    "the floor is not in the folder: it is kept elsewhere, or lost");
    }
    buffer_clear(&held);
    return result;
}

/* ---- streams of notes ---- */

/* Reads the lines of the next note: three, an empty one, and signatures up to the first line that
 * is none. */
static enum layout_line read_note(struct stream *stream)
{
    struct bytes line;
    uint64_t offset = 0;
    unsigned lines = 0;
    bool signatures = false;

    buffer_reset(&stream->note);
    if (stream->pending.length > 0) {
        buffer_append(&stream->note, buffer_bytes(&stream->pending));
        buffer_reset(&stream->pending);
        lines = 1;
    }
    for (;;) {
        const enum layout_line kind = layout_reader_next(stream->reader, &line, &offset);
        if (kind != LAYOUT_LINE_WHOLE) {
            return kind == LAYOUT_LINE_END && stream->note.length > 0 ? LAYOUT_LINE_WHOLE : kind;
        }
        if (signatures && !bytes_start_with(line, BYTES("\xE2\x80\x94 "))) {
            buffer_append(&stream->pending, line);
            buffer_append_byte(&stream->pending, '\n');
            return LAYOUT_LINE_WHOLE;
        }
        buffer_append(&stream->note, line);
        buffer_append_byte(&stream->note, '\n');
        lines += 1;
        signatures = lines >= 5;
        if (stream->note.broken || stream->note.length > NOTE_LIMIT) {
            return LAYOUT_LINE_TOO_LONG;
        }
    }
}

/* A cosignature under a key that counts must be valid; others say nothing. */
static amanat_result check_cosignatures(struct verify *verify, const char *file, uint64_t size)
{
    const struct note *note = verify->note;

    for (size_t i = 0; i < note->signature_count; i++) {
        const struct note_signature *signature = &note->signatures[i];
        for (size_t k = 0; k < verify->options->witness_count; k++) {
            const struct note_vkey *witness = &verify->witnesses[k];
            uint64_t time = 0;
            if (!bytes_equal_string(signature->name, witness->name) ||
                memcmp(signature->id, witness->id, sizeof(witness->id)) != 0) {
                continue;
            }
            if (!note_signature_is_valid(note->text, signature, witness, &time)) {
                return verify_fault(verify, file, VERIFY_NO_ENTRY,
                                    "the cosignature of %.100s for size %" PRIu64 " is not valid",
                                    witness->name, size);
            }
            verify->report->witnesses += verify->witness_seen[k] ? 0 : 1;
            verify->witness_seen[k] = true;
            if (size >= verify->report->witnessed) {
                verify->unwitnessed = 0; /* notes are read ahead of the entries */
                verify->report->witnessed = size;
                verify->report->witnessed_at = (int64_t)time;
            }
        }
    }
    return AMANAT_OK;
}

static amanat_result advance_stream(struct verify *verify, struct stream *stream)
{
    struct note_checkpoint checkpoint;

    stream->has_next = false;
    const enum layout_line kind = read_note(stream);
    if (kind == LAYOUT_LINE_END) {
        return AMANAT_OK;
    }
    if (kind == LAYOUT_LINE_UNREADABLE) {
        return verify_unreadable(verify, stream->name);
    }
    if (kind != LAYOUT_LINE_WHOLE) {
        return verify_fault(verify, stream->name, VERIFY_NO_ENTRY,
                            "ends in the middle of a checkpoint");
    }
    TRY(check_note(verify, stream->name, buffer_bytes(&stream->note), &checkpoint));
    if (stream->is_log && verify->note->signature_count != 1) {
        return verify_fault(verify, stream->name, VERIFY_NO_ENTRY,
                            "a checkpoint has not exactly one signature");
    }
    if (stream->any && checkpoint.size < stream->last_size) {
        return verify_fault(verify, stream->name, VERIFY_NO_ENTRY,
                            "the checkpoint of size %" PRIu64 " comes after a larger one",
                            checkpoint.size);
    }
    if (!stream->is_log) {
        TRY(check_cosignatures(verify, stream->name, checkpoint.size));
    }
    verify->report->checkpoints += stream->is_log ? 1 : 0;
    stream->offset += stream->note.length;
    stream->has_next = true;
    stream->next_size = checkpoint.size;
    stream->next_root = checkpoint.root;
    stream->last_size = checkpoint.size;
    stream->any = true;
    return AMANAT_OK;
}

static amanat_result open_stream(struct verify *verify, const char *name, bool is_log)
{
    struct stream *stream = NULL;
    char path[LAYOUT_PATH_SIZE];

    if (verify->stream_count == STREAM_LIMIT) {
        return verify_fault(verify, name, VERIFY_NO_ENTRY,
                            "there are more anchors than can be verified");
    }
    stream = &verify->streams[verify->stream_count];
    (void)snprintf(stream->name, sizeof(stream->name), "%s", name);
    layout_path(verify->options->folder, stream->name, path);
    stream->reader = malloc(sizeof(*stream->reader));
    TRY_MEMORY(stream->reader);
    buffer_init(&stream->note, 2 * NOTE_LIMIT);
    buffer_init(&stream->pending, 2 * NOTE_LIMIT);
    stream->is_log = is_log;
    verify->stream_count += 1;
    const int opened = layout_reader_open(stream->reader, verify->files, path, 0);
    if (opened == -ENOENT && is_log) {
        return verify->has_checkpoint ? verify_fault(verify, name, VERIFY_NO_ENTRY, "is missing")
                                      : AMANAT_OK;
    }
    if (opened < 0) {
        return verify_unreadable(verify, name);
    }
    return advance_stream(verify, stream);
}

struct anchor_names {
    struct verify *verify;
    amanat_result result;
};

static void open_anchor(void *context, const char *name)
{
    struct anchor_names *names = context;
    char relative[512];

    if (!amanat_is_ok(names->result)) {
        return;
    }
    if (snprintf(relative, sizeof(relative), "anchors/done/%s", name) >= (int)sizeof(relative)) {
        return;
    }
    names->result = open_stream(names->verify, relative, false);
}

static amanat_result open_streams(struct verify *verify)
{
    struct anchor_names names = {verify, AMANAT_OK};
    char path[LAYOUT_PATH_SIZE];

    TRY(open_stream(verify, "checkpoint.log", true));
    layout_path(verify->options->folder, "anchors/done", path);
    (void)verify->files->list(verify->files->context, path, open_anchor, &names);
    return names.result;
}

/* ---- roots ---- */

static const struct trail_digest *root_now(struct verify *verify)
{
    if (!verify->root_known) {
        tree_edge_root(&verify->edge, &verify->root);
        verify->root_known = true;
    }
    return &verify->root;
}

static amanat_result hold(struct verify *verify, const char *source, uint64_t size,
                          const struct trail_digest *root)
{
    if (size != verify->edge.size || tree_digest_equal(root, root_now(verify))) {
        return AMANAT_OK;
    }
    /* Nothing follows the last entry: whether it was changed, only the hash tile can say. */
    struct trail_digest stored;
    if (size > 0 && amanat_is_ok(tile_reader_read(verify->tiles, 0, size - 1, &stored)) &&
        !tree_digest_equal(&stored, &verify->previous)) {
        return verify_fault(verify, verify->segment, size - 1,
                            "is not what was hashed when it was written (%.60s)", source);
    }
    return verify_fault(verify, source, VERIFY_NO_ENTRY,
                        "the root of the first %" PRIu64 " entries is not the one that was signed",
                        size);
}

/* Compares with every source that names the size that has been reached. */
static amanat_result hold_all(struct verify *verify)
{
    for (size_t i = 0; i < verify->stream_count; i++) {
        struct stream *stream = &verify->streams[i];
        while (stream->has_next && stream->next_size <= verify->edge.size) {
            TRY(hold(verify, stream->name, stream->next_size, &stream->next_root));
            TRY(advance_stream(verify, stream));
        }
    }
    if (verify->has_checkpoint) {
        TRY(hold(verify, "checkpoint", verify->checkpoint_size, &verify->checkpoint_root));
    }
    if (verify->has_floor) {
        TRY(hold(verify, "floor", verify->floor_size, &verify->floor_root));
    }
    return AMANAT_OK;
}

static amanat_result missing(struct verify *verify, const char *source, uint64_t size)
{
    return verify_fault(verify, verify->segment[0] == '\0' ? "segments" : verify->segment,
                        verify->edge.size,
                        "is missing: %.80s has seen %" PRIu64 " entries, here are only %" PRIu64,
                        source, size, verify->edge.size);
}

static amanat_result hold_ends(struct verify *verify)
{
    for (size_t i = 0; i < verify->stream_count; i++) {
        const struct stream *stream = &verify->streams[i];
        if (stream->has_next) {
            return missing(verify, stream->name, stream->next_size);
        }
        if (stream->is_log && verify->has_checkpoint &&
            (!stream->any || stream->last_size < verify->checkpoint_size)) {
            return verify_fault(verify, stream->name, VERIFY_NO_ENTRY,
                                "the newest checkpoint is not in it");
        }
        if (stream->is_log && stream->any && !verify->has_checkpoint) {
            return verify_fault(verify, "checkpoint", VERIFY_NO_ENTRY,
                                "is missing: a crash that no start has recovered yet, or removed");
        }
        if (stream->is_log && stream->any && stream->last_size > verify->checkpoint_size) {
            verify_find(
                verify, "checkpoint", VERIFY_NO_ENTRY,
                "a newer checkpoint was signed than was published (a crash between the two)");
        }
        if (!stream->is_log && stream->told < stream->offset) {
            verify_find(verify, "anchor", VERIFY_NO_ENTRY,
                        "%s holds answers that no entry tells of (a crash between the two)",
                        stream->name);
        }
    }
    if (verify->has_checkpoint && verify->checkpoint_size > verify->edge.size) {
        return missing(verify, "checkpoint", verify->checkpoint_size);
    }
    if (verify->has_floor && verify->floor_size > verify->edge.size) {
        return missing(verify, "floor", verify->floor_size);
    }
    return AMANAT_OK;
}

/* ---- entries ---- */

static amanat_result check_contents(struct verify *verify, struct bytes line, uint64_t entry)
{
    const struct document *document = NULL;

    arena_reset(verify->arena);
    if (!amanat_is_ok(document_from_json(verify->arena, "", line, NULL, &document)) ||
        document->kind != DOCUMENT_OBJECT) {
        return verify_fault(verify, verify->segment, entry, "is no JSON object");
    }
    const enum trail_kind kind = trail_kind_of(document);
    verify->report->kinds[kind] += 1;
    /* Anchors and ticks alone make no checkpoint due. */
    if (kind != TRAIL_KIND_ANCHOR && kind != TRAIL_KIND_TICK) {
        verify->uncovered += entry >= verify->checkpoint_size ? 1 : 0;
        verify->unwitnessed += entry >= verify->report->witnessed ? 1 : 0;
    }
    switch (kind) {
    case TRAIL_KIND_POLICY:
        return verify_policy(verify, document, entry);
    case TRAIL_KIND_RECOVER:
        return verify_recover(verify, document, entry);
    case TRAIL_KIND_ANCHOR:
        return verify_anchor(verify, document, entry);
    case TRAIL_KIND_CLOCK:
        verify_find(verify, "clock", entry,
                    "an operator acknowledged a step of the clock of %" PRId64 " ms",
                    verify_number_of(document, "step_ms"));
        break;
    case TRAIL_KIND_OTHER:
        verify_find(verify, "kind", entry, "this version does not know the kind of this entry");
        break;
    case TRAIL_KIND_ACCESS:
    case TRAIL_KIND_INTENT:
    case TRAIL_KIND_REFUSED:
    case TRAIL_KIND_TICK:
    case TRAIL_KIND_COSIGN:
    case TRAIL_KIND_COUNT:
        break;
    }
    return AMANAT_OK;
}

/* The link of this entry does not fit: the one before was changed, or this one. */
static amanat_result blame_link(struct verify *verify)
{
    const uint64_t entry = verify->edge.size;
    struct trail_digest stored;

    if (entry > 0 && amanat_is_ok(tile_reader_read(verify->tiles, 0, entry - 1, &stored)) &&
        !tree_digest_equal(&stored, &verify->previous)) {
        return verify_fault(verify, verify->segment, entry - 1,
                            "is not what was hashed when it was written");
    }
    return verify_fault(verify, verify->segment, entry, "does not link to the entry before it");
}

static amanat_result check_header(struct verify *verify, const struct layout_header *header)
{
    const uint64_t entry = verify->edge.size;
    const struct layout_header *last = &verify->last;

    if (header->sequence != entry) {
        return verify_fault(verify, verify->segment, entry,
                            "stands here as number %" PRIu64
                            ": entries were removed, added or exchanged",
                            header->sequence);
    }
    if (!tree_digest_equal(&header->previous, &verify->previous)) {
        return blame_link(verify);
    }
    if (header->commit < last->commit || header->commit > last->commit + 1) {
        return verify_fault(verify, verify->segment, entry, "its commit number is not the next");
    }
    if (entry > 0 && header->time <= last->time) {
        return verify_fault(verify, verify->segment, entry, "its time is not after the one before");
    }
    const int64_t allowed =
        (verify->options->tick_seconds == 0 ? 3600 : (int64_t)verify->options->tick_seconds) *
            1000000 +
        GAP_SLACK;
    if (entry > 0 && header->time - last->time > allowed) {
        verify_find(verify, "gap", entry,
                    "nothing was written for %" PRId64
                    " seconds before it: the gateway was not running, or nothing "
                    "could be written",
                    (header->time - last->time) / 1000000);
    }
    return AMANAT_OK;
}

static amanat_result take_line(struct verify *verify, struct bytes line)
{
    struct layout_header header;
    struct trail_digest leaf;
    const uint64_t entry = verify->edge.size;

    if (!layout_parse_line(line, &header)) {
        return verify_fault(verify, verify->segment, entry, "is damaged");
    }
    TRY(check_header(verify, &header));
    TRY(check_contents(verify, line, entry));
    tree_hash_leaf(line, &leaf);
    tree_edge_append(&verify->edge, &leaf);
    verify->root_known = false;
    verify->previous = leaf;
    verify->last = header;
    verify->report->entries = verify->edge.size;
    verify->report->first_time = entry == 0 ? header.time : verify->report->first_time;
    verify->report->last_time = header.time;
    TRY(hold_all(verify));
    TRY(verify_add_hash(verify, &leaf));
    return verify_add_to_bundle(verify, line);
}

static amanat_result read_segment(struct verify *verify, struct layout_reader *reader,
                                  uint64_t first)
{
    char path[LAYOUT_PATH_SIZE];
    struct bytes line;
    uint64_t offset = 0;
    amanat_result result = AMANAT_OK;

    layout_segment_name(first, verify->segment);
    if (first != verify->edge.size) {
        return verify_fault(verify, verify->segment, verify->edge.size,
                            "is missing: this segment begins with %" PRIu64, first);
    }
    layout_path(verify->options->folder, verify->segment, path);
    if (layout_reader_open(reader, verify->files, path, 0) < 0) {
        return verify_unreadable(verify, verify->segment);
    }
    while (amanat_is_ok(result)) {
        const enum layout_line kind = layout_reader_next(reader, &line, &offset);
        if (kind == LAYOUT_LINE_END) {
            break;
        }
        if (kind == LAYOUT_LINE_UNREADABLE) {
            result = verify_unreadable(verify, verify->segment);
        } else if (kind == LAYOUT_LINE_UNTERMINATED) {
            result = verify_fault(
                verify, verify->segment, verify->edge.size,
                "is cut off: a crash that no start has recovered yet, or a truncation");
        } else if (kind == LAYOUT_LINE_TOO_LONG) {
            result = verify_fault(verify, verify->segment, verify->edge.size, "is damaged");
        } else {
            result = take_line(verify, line);
        }
    }
    layout_reader_close(reader);
    return result;
}

static amanat_result read_segments(struct verify *verify)
{
    uint64_t *segments = NULL;
    size_t count = 0;
    struct layout_reader *reader = NULL;

    if (!amanat_is_ok(
            layout_list_segments(verify->files, verify->options->folder, &segments, &count))) {
        return verify_unreadable(verify, "segments");
    }
    reader = malloc(sizeof(*reader));
    amanat_result result =
        reader == NULL ? amanat_result_of(AMANAT_STATUS_MEMORY) : hold_all(verify);
    for (size_t i = 0; i < count && amanat_is_ok(result); i++) {
        result = read_segment(verify, reader, segments[i]);
    }
    free(reader);
    free(segments);
    return result;
}

/* ---- all of it ---- */

static amanat_result run(struct verify *verify)
{
    TRY(read_identity(verify));
    TRY(read_checkpoint(verify));
    TRY(read_floor(verify));
    verify->tiles->files = verify->files;
    verify->tiles->folder = verify->options->folder;
    verify->tiles->size = verify->checkpoint_size;
    tree_hash_empty(&verify->previous);
    TRY(open_streams(verify));
    TRY(read_segments(verify));
    TRY(hold_ends(verify));
    TRY(verify_last_tiles(verify));
    if (!verify->has_checkpoint) {
        verify_find(verify, "checkpoint", VERIFY_NO_ENTRY, "nothing is signed yet");
    } else if (verify->uncovered > 0) {
        verify_find(verify, "uncovered", verify->checkpoint_size,
                    "%" PRIu64 " entries are newer than the newest checkpoint", verify->uncovered);
    }
    if (verify->options->witness_count > 0 && verify->unwitnessed > 0) {
        verify_find(verify, "unwitnessed", verify->report->witnessed,
                    "%" PRIu64 " entries from here on are newer than what a witness has seen",
                    verify->unwitnessed);
    }
    return AMANAT_OK;
}

static amanat_result take_witnesses(struct verify *verify)
{
    if (verify->options->witness_count > VERIFY_WITNESS_LIMIT) {
        return amanat_result_of(AMANAT_STATUS_CONFIG_FAULT);
    }
    for (size_t i = 0; i < verify->options->witness_count; i++) {
        if (!amanat_is_ok(note_parse_vkey(verify->options->witnesses[i], &verify->witnesses[i])) ||
            verify->witnesses[i].type != NOTE_TYPE_COSIGNATURE) {
            return amanat_result_of(AMANAT_STATUS_CONFIG_FAULT);
        }
    }
    return AMANAT_OK;
}

static amanat_result allocate(struct verify *verify)
{
    verify->arena = arena_new(1u << 20);
    verify->streams = calloc(STREAM_LIMIT, sizeof(*verify->streams));
    verify->note = calloc(1, sizeof(*verify->note));
    verify->tiles = calloc(1, sizeof(*verify->tiles));
    verify->levels = calloc(TILES_LEVELS, sizeof(*verify->levels));
    verify->rulesets = calloc(VERIFY_RULESET_LIMIT, sizeof(*verify->rulesets));
    verify->bundle = EVP_MD_CTX_new();
    if (verify->arena == NULL || verify->streams == NULL || verify->note == NULL ||
        verify->tiles == NULL || verify->levels == NULL || verify->rulesets == NULL ||
        verify->bundle == NULL || EVP_DigestInit_ex(verify->bundle, EVP_sha256(), NULL) != 1) {
        return amanat_result_of(AMANAT_STATUS_MEMORY);
    }
    return AMANAT_OK;
}

static void clear(struct verify *verify)
{
    for (size_t i = 0; i < verify->stream_count; i++) {
        layout_reader_close(verify->streams[i].reader);
        free(verify->streams[i].reader);
        buffer_clear(&verify->streams[i].note);
        buffer_clear(&verify->streams[i].pending);
    }
    free(verify->streams);
    free(verify->note);
    free(verify->tiles);
    free(verify->levels);
    free(verify->rulesets);
    EVP_MD_CTX_free(verify->bundle);
    arena_free(verify->arena);
}

amanat_result trail_verify(const struct trail_verify_options *options, struct trail_report *out)
{
    struct verify verify = {.options = options,
                            .files = options->files == NULL ? files_system() : options->files,
                            .report = out};

    memset(out, 0, sizeof(*out));
    if (strlen(options->folder) > LAYOUT_PATH_SIZE - 1024) {
        return amanat_result_of(AMANAT_STATUS_CONFIG_FAULT);
    }
    amanat_result result = take_witnesses(&verify);
    if (amanat_is_ok(result)) {
        result = allocate(&verify);
    }
    if (amanat_is_ok(result)) {
        result = run(&verify);
    }
    clear(&verify);
    return result;
}
