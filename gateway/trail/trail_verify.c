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
#include "gateway/trail/trail_verify.h"

#include <errno.h>
#include <inttypes.h>
#include <openssl/evp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "amanat/diagnostics.h"
#include "gateway/trail/trail_layout.h"
#include "gateway/trail/trail_note.h"
#include "gateway/trail/trail_tiles.h"
#include "gateway/trail/trail_tree.h"
#include "policy/base/document.h"
#include "policy/base/guard.h"

#define WITNESS_LIMIT  16u
#define ANCHOR_LIMIT   16u
#define STREAM_LIMIT   (ANCHOR_LIMIT + 1)
#define RULESET_LIMIT  4096u
#define NO_ENTRY       UINT64_MAX
#define ANSWER_LIMIT   (1u << 20)
#define MANIFEST_LIMIT (4u << 20)
#define GAP_SLACK      INT64_C(300000000) /* a tick may be late by this much: 5 minutes */

/* A file of notes, one after the other: checkpoint.log, or what one anchor answered. */
struct stream {
    char name[512];
    struct layout_reader *reader;
    bool is_log;
    bool has_next;
    uint64_t next_size;
    struct trail_digest next_root;
    struct buffer note;    /* the note that `next` came from */
    struct buffer pending; /* first line of the note after it */
    uint64_t offset;       /* after the note */
    uint64_t told;         /* bytes that `anchor` entries have named */
    uint64_t last_size;
    bool any;
    bool torn;
};

struct verify {
    const struct trail_verify_options *options;
    const struct files *files;
    struct trail_report *report;
    struct arena *arena; /* of one entry */
    struct note_vkey vkey;
    struct note_vkey witnesses[WITNESS_LIMIT];
    bool witness_seen[WITNESS_LIMIT];
    char origin[NOTE_NAME_LIMIT + 2];

    bool has_checkpoint;
    uint64_t checkpoint_size;
    struct trail_digest checkpoint_root;
    bool has_floor;
    uint64_t floor_size;
    struct trail_digest floor_root;

    struct stream *streams;
    size_t stream_count;
    struct note *note;

    struct tree_edge edge;
    bool root_known;
    struct trail_digest root; /* of edge.size entries */
    struct trail_digest previous;
    struct layout_header last;
    char segment[LAYOUT_SEGMENT_SIZE];
    struct tile_reader *tiles;
    struct trail_digest (*levels)[TILES_WIDTH];
    unsigned widths[TILES_LEVELS];
    uint64_t indexes[TILES_LEVELS];
    EVP_MD_CTX *bundle;

    struct trail_digest *rulesets; /* seen and right */
    size_t ruleset_count;
};

const char *trail_kind_name(enum trail_kind kind)
{
    static const char *const names[TRAIL_KIND_COUNT] = {"other",  "access",  "intent", "refused",
                                                        "policy", "recover", "tick",   "anchor",
                                                        "clock",  "cosign"};
    return kind < TRAIL_KIND_COUNT ? names[kind] : names[0];
}

/* ---- words ---- */

__attribute__((format(printf, 4, 5))) static amanat_result
fault(struct verify *verify, const char *file, uint64_t entry, const char *format, ...)
{
    struct trail_report *report = verify->report;
    va_list arguments;

    (void)snprintf(report->fault_file, sizeof(report->fault_file), "%s", file);
    report->fault_has_entry = entry != NO_ENTRY;
    report->fault_entry = report->fault_has_entry ? entry : 0;
    va_start(arguments, format);
    (void)vsnprintf(report->fault_reason, sizeof(report->fault_reason), format, arguments);
    va_end(arguments);
    return amanat_result_of(AMANAT_STATUS_CORRUPT);
}

static amanat_result unreadable(struct verify *verify, const char *file)
{
    (void)fault(verify, file, NO_ENTRY, "cannot be read");
    return amanat_result_of(AMANAT_STATUS_IO);
}

__attribute__((format(printf, 4, 5))) static void find(struct verify *verify, const char *code,
                                                       uint64_t entry, const char *format, ...)
{
    char text[512];
    va_list arguments;

    verify->report->findings += 1;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    if (verify->options->on_finding != NULL) {
        verify->options->on_finding(verify->options->context, code, entry, text);
    }
}

/* ---- small files ---- */

static amanat_result read_file(struct verify *verify, const char *name, size_t limit,
                               struct buffer *out, bool *out_there)
{
    char path[LAYOUT_PATH_SIZE];
    int failure = 0;

    layout_path(verify->options->folder, name, path);
    buffer_init(out, limit);
    const amanat_result result = files_read_whole(verify->files, path, out, &failure);
    *out_there = amanat_is_ok(result);
    if (failure == ENOENT || failure == ENOTDIR) {
        return AMANAT_OK;
    }
    if (result.status == AMANAT_STATUS_LIMIT) {
        return fault(verify, name, NO_ENTRY, "is longer than it can be");
    }
    return amanat_is_ok(result) ? result : unreadable(verify, name);
}

static amanat_result take_vkey(struct verify *verify, struct bytes text)
{
    const struct bytes pinned = verify->options->vkey;
    struct note_vkey own;
    struct buffer shown;

    if (!amanat_is_ok(note_parse_vkey(text, &own)) || own.type != NOTE_TYPE_ED25519) {
        return fault(verify, "vkey", NO_ENTRY, "is no verifier key");
    }
    verify->vkey = own;
    if (pinned.length > 0) {
        if (!amanat_is_ok(note_parse_vkey(pinned, &verify->vkey)) ||
            verify->vkey.type != NOTE_TYPE_ED25519) {
            return amanat_result_of(AMANAT_STATUS_CONFIG_FAULT);
        }
        if (!note_vkey_equal(&own, &verify->vkey)) {
            return fault(verify, "vkey", NO_ENTRY, "is not the key that was given");
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
    return exact ? AMANAT_OK : fault(verify, "vkey", NO_ENTRY, "is not spelt as it was written");
}

static amanat_result read_identity(struct verify *verify)
{
    struct buffer held;
    bool there = false;

    TRY(read_file(verify, "vkey", NOTE_CHECKPOINT_LIMIT, &held, &there));
    amanat_result result = there ? take_vkey(verify, buffer_bytes(&held))
                                 : fault(verify, "vkey", NO_ENTRY, "is missing");
    buffer_clear(&held);
    TRY(result);
    (void)snprintf(verify->origin, sizeof(verify->origin), "%s\n", verify->vkey.name);
    TRY(read_file(verify, "origin", NOTE_CHECKPOINT_LIMIT, &held, &there));
    if (!there || !bytes_equal_string(buffer_bytes(&held), verify->origin)) {
        result =
            fault(verify, "origin", NO_ENTRY, there ? "is not the name in the key" : "is missing");
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
        return fault(verify, file, NO_ENTRY, "is no signed checkpoint");
    }
    if (!bytes_equal_string(out->origin, verify->vkey.name)) {
        return fault(verify, file, NO_ENTRY, "is of another log");
    }
    if (!note_is_signed_by(verify->note, &verify->vkey, NULL)) {
        return fault(verify, file, NO_ENTRY,
                     "the signature of the checkpoint of size %" PRIu64 " is not valid", out->size);
    }
    return AMANAT_OK;
}

static amanat_result read_checkpoint(struct verify *verify)
{
    struct note_checkpoint checkpoint;
    struct buffer held;
    bool there = false;
    amanat_result result = AMANAT_OK;

    TRY(read_file(verify, "checkpoint", NOTE_CHECKPOINT_LIMIT, &held, &there));
    if (there) {
        result = check_note(verify, "checkpoint", buffer_bytes(&held), &checkpoint);
        if (amanat_is_ok(result) && verify->note->signature_count != 1) {
            result = fault(verify, "checkpoint", NO_ENTRY, "has more than its own signature");
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

    TRY(read_file(verify, "floor", NOTE_CHECKPOINT_LIMIT, &held, &there));
    if (there) {
        if (!amanat_is_ok(note_parse_checkpoint(buffer_bytes(&held), &checkpoint)) ||
            !bytes_equal_string(checkpoint.origin, verify->vkey.name)) {
            result = fault(verify, "floor", NO_ENTRY, "is no floor of this log");
        } else if (verify->has_checkpoint && checkpoint.size < verify->checkpoint_size) {
            result = fault(verify, "floor", NO_ENTRY, "lies below the newest checkpoint");
        } else {
            verify->has_floor = true;
            verify->floor_size = checkpoint.size;
            verify->floor_root = checkpoint.root;
        }
    } else if (verify->has_checkpoint) {
        find(verify, "floor", NO_ENTRY,
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
                return fault(verify, file, NO_ENTRY,
                             "the cosignature of %.100s for size %" PRIu64 " is not valid",
                             witness->name, size);
            }
            verify->report->witnesses += verify->witness_seen[k] ? 0 : 1;
            verify->witness_seen[k] = true;
            if (size >= verify->report->witnessed) {
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
        return unreadable(verify, stream->name);
    }
    if (kind != LAYOUT_LINE_WHOLE) {
        return fault(verify, stream->name, NO_ENTRY, "ends in the middle of a checkpoint");
    }
    TRY(check_note(verify, stream->name, buffer_bytes(&stream->note), &checkpoint));
    if (stream->is_log && verify->note->signature_count != 1) {
        return fault(verify, stream->name, NO_ENTRY, "a checkpoint has not exactly one signature");
    }
    if (stream->any && checkpoint.size < stream->last_size) {
        return fault(verify, stream->name, NO_ENTRY,
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
        return fault(verify, name, NO_ENTRY, "there are more anchors than can be verified");
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
        return verify->has_checkpoint ? fault(verify, name, NO_ENTRY, "is missing") : AMANAT_OK;
    }
    if (opened < 0) {
        return unreadable(verify, name);
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
        return fault(verify, verify->segment, size - 1,
                     "is not what was hashed when it was written (%.60s)", source);
    }
    return fault(verify, source, NO_ENTRY,
                 "the root of the first %" PRIu64 " entries is not the one that was signed", size);
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
    return fault(verify, verify->segment, verify->edge.size,
                 "is missing: %.80s has seen %" PRIu64 " entries, here are only %" PRIu64, source,
                 size, verify->edge.size);
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
            return fault(verify, stream->name, NO_ENTRY, "the newest checkpoint is not in it");
        }
        if (stream->is_log && stream->any && !verify->has_checkpoint) {
            return fault(verify, "checkpoint", NO_ENTRY,
                         "is missing: a crash that no start has recovered yet, or removed");
        }
        if (stream->is_log && stream->any && stream->last_size > verify->checkpoint_size) {
            find(verify, "checkpoint", NO_ENTRY,
                 "a newer checkpoint was signed than was published (a crash between the two)");
        }
        if (!stream->is_log && stream->told < stream->offset) {
            find(verify, "anchor", NO_ENTRY,
                 "%s holds answers that no entry tells of (a crash between the two)", stream->name);
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

/* ---- tiles and bundles ---- */

/* A published tile must be there; one that is there must be right. */
static amanat_result compare_tile(struct verify *verify, unsigned level, uint64_t index,
                                  unsigned width, bool must_exist)
{
    char path[LAYOUT_PATH_SIZE];
    const char *name = path + strlen(verify->options->folder) + 1;
    struct buffer held;
    bool there = false;

    tiles_path(verify->options->folder, level, index, width, path);
    TRY(read_file(verify, name, 2 * TILES_WIDTH * sizeof(struct trail_digest), &held, &there));
    const struct bytes expected =
        bytes_of((const char *)verify->levels[level][0].at, width * sizeof(struct trail_digest));
    const bool same = there && bytes_equal(buffer_bytes(&held), expected);
    buffer_clear(&held);
    verify->report->tiles += there ? 1 : 0;
    if (there && !same) {
        return fault(verify, name, NO_ENTRY, "does not hold the hashes of the entries");
    }
    return !there && must_exist ? fault(verify, name, NO_ENTRY, "is missing") : AMANAT_OK;
}

struct partials {
    struct verify *verify;
    unsigned level;
    amanat_result result;
};

static void compare_partial(void *context, const char *name)
{
    struct partials *partials = context;
    struct verify *verify = partials->verify;
    uint64_t width = 0;

    if (!amanat_is_ok(partials->result) ||
        !amanat_is_ok(note_parse_size(bytes_of_string(name), &width)) || width == 0 ||
        width > verify->widths[partials->level]) {
        return; /* a temporary file, or one of entries that were never acknowledged */
    }
    partials->result = compare_tile(verify, partials->level, verify->indexes[partials->level],
                                    (unsigned)width, false);
}

static amanat_result compare_partials(struct verify *verify, unsigned level)
{
    char path[LAYOUT_PATH_SIZE];
    char folder[LAYOUT_PATH_SIZE];
    struct partials partials = {verify, level, AMANAT_OK};

    tiles_path(verify->options->folder, level, verify->indexes[level], 1, path);
    if (files_parent(path, folder, sizeof(folder))) {
        (void)verify->files->list(verify->files->context, folder, compare_partial, &partials);
    }
    return partials.result;
}

static amanat_result add_hash(struct verify *verify, unsigned level,
                              const struct trail_digest *hash)
{
    struct trail_digest root;

    verify->levels[level][verify->widths[level]] = *hash;
    verify->widths[level] += 1;
    if (verify->widths[level] < TILES_WIDTH) {
        return AMANAT_OK;
    }
    const uint64_t end = (verify->indexes[level] + 1) << (8 * (level + 1));
    TRY(compare_tile(verify, level, verify->indexes[level], TILES_WIDTH,
                     end <= verify->checkpoint_size));
    TRY(compare_partials(verify, level));
    tree_fold(verify->levels[level], TILES_WIDTH, &root);
    verify->widths[level] = 0;
    verify->indexes[level] += 1;
    return level + 1 < TILES_LEVELS ? add_hash(verify, level + 1, &root) : AMANAT_OK;
}

/* The tiles that are not full at the end: the partial one of the newest checkpoint must be there.
 */
static amanat_result compare_last_tiles(struct verify *verify)
{
    for (unsigned level = 0; level < TILES_LEVELS; level++) {
        const uint64_t hashes = verify->checkpoint_size >> (8 * level);
        const unsigned width = (unsigned)(hashes % TILES_WIDTH);
        if (verify->widths[level] > 0) {
            TRY(compare_partials(verify, level));
        }
        if (width > 0 && hashes / TILES_WIDTH == verify->indexes[level]) {
            TRY(compare_tile(verify, level, verify->indexes[level], width, true));
        }
    }
    return AMANAT_OK;
}

/* Bundles are compared by hash, so that none has to be held. */
static amanat_result compare_bundle(struct verify *verify, uint64_t index)
{
    char path[LAYOUT_PATH_SIZE];
    const char *name = path + strlen(verify->options->folder) + 1;
    struct trail_digest expected;
    struct trail_digest found;
    struct buffer held;
    bool there = false;
    unsigned length = 0;

    if (EVP_DigestFinal_ex(verify->bundle, expected.at, &length) != 1 ||
        EVP_DigestInit_ex(verify->bundle, EVP_sha256(), NULL) != 1) {
        return amanat_result_of(AMANAT_STATUS_MEMORY);
    }
    tiles_path(verify->options->folder, TILES_ENTRIES, index, TILES_WIDTH, path);
    TRY(read_file(verify, name, TILES_WIDTH * (size_t)(TRAIL_ENTRY_LIMIT + 2), &held, &there));
    tree_hash_bytes(buffer_bytes(&held), &found);
    buffer_clear(&held);
    verify->report->tiles += there ? 1 : 0;
    return there && !tree_digest_equal(&found, &expected)
               ? fault(verify, name, NO_ENTRY, "does not hold the entries")
               : AMANAT_OK;
}

static amanat_result add_to_bundle(struct verify *verify, struct bytes line)
{
    const unsigned char length[2] = {(unsigned char)(line.length >> 8),
                                     (unsigned char)(line.length & 0xFF)};

    if (EVP_DigestUpdate(verify->bundle, length, sizeof(length)) != 1 ||
        EVP_DigestUpdate(verify->bundle, line.at, line.length) != 1) {
        return amanat_result_of(AMANAT_STATUS_MEMORY);
    }
    return verify->edge.size % TILES_WIDTH == 0
               ? compare_bundle(verify, verify->edge.size / TILES_WIDTH - 1)
               : AMANAT_OK;
}

/* ---- what entries refer to ---- */

static struct bytes text_of(const struct document *entry, const char *key)
{
    const struct document *value = document_get(entry, key);
    return value != NULL && value->kind == DOCUMENT_STRING ? value->text : bytes_of(NULL, 0);
}

static int64_t number_of(const struct document *entry, const char *key)
{
    const struct document *value = document_get(entry, key);
    int64_t number = -1;

    return value != NULL && document_integer(value, &number) ? number : -1;
}

static bool digest_of(const struct document *entry, const char *key, struct trail_digest *out)
{
    static const char digits[] = "0123456789abcdef";
    const struct bytes text = text_of(entry, key);

    if (text.length != 2 * sizeof(out->at)) {
        return false;
    }
    memset(out, 0, sizeof(*out));
    for (size_t i = 0; i < text.length; i++) {
        const char *digit = text.at[i] == '\0' ? NULL : strchr(digits, text.at[i]);
        if (digit == NULL) {
            return false;
        }
        out->at[i / 2] = (uint8_t)(out->at[i / 2] << 4 | (uint8_t)(digit - digits));
    }
    return true;
}

/* A name from an entry that is to be opened: inside the folder, nothing else. */
static bool name_is_inside(struct bytes name, const char *parent)
{
    if (!bytes_start_with(name, bytes_of_string(parent)) || name.length > 400) {
        return false;
    }
    for (size_t i = 0; i < name.length; i++) {
        if ((unsigned char)name.at[i] < 0x20 ||
            (name.at[i] == '.' && i + 1 < name.length && name.at[i + 1] == '.')) {
            return false;
        }
    }
    return true;
}

static amanat_result check_ruleset_file(struct verify *verify, const char *folder,
                                        struct bytes line, uint64_t entry)
{
    char name[LAYOUT_PATH_SIZE];
    struct trail_digest digest;
    struct buffer held;
    bool there = false;
    const struct bytes hex = bytes_first(line, line.length < 64 ? line.length : 64);
    struct bytes rest = bytes_from(line, hex.length);
    char found[65];

    if (hex.length < 64 || rest.length < 4 || rest.at[0] != ' ') {
        return fault(verify, folder, entry, "the manifest of its ruleset is malformed");
    }
    rest = bytes_from(rest, 1);
    const size_t space = bytes_find(rest, ' ');
    if (space >= rest.length) {
        return fault(verify, folder, entry, "the manifest of its ruleset is malformed");
    }
    const struct bytes path = bytes_from(rest, space + 1);
    if (!name_is_inside(path, "") || snprintf(name, sizeof(name), "%s/files/%.*s", folder,
                                              BYTES_PRINTF(path)) >= (int)sizeof(name)) {
        return fault(verify, folder, entry, "the manifest of its ruleset is malformed");
    }
    TRY(read_file(verify, name, 256u << 20, &held, &there));
    tree_hash_bytes(buffer_bytes(&held), &digest);
    buffer_clear(&held);
    for (size_t i = 0; i < sizeof(digest.at); i++) {
        (void)snprintf(found + 2 * i, 3, "%02x", digest.at[i]);
    }
    return there && bytes_equal_string(hex, found)
               ? AMANAT_OK
               : fault(verify, name, entry,
                       there ? "is not what the ruleset had" : "is missing in the ruleset");
}

static amanat_result check_manifest(struct verify *verify, const char *folder, struct bytes text,
                                    uint64_t entry)
{
    size_t end = bytes_find(text, '\n');

    if (!bytes_equal_string(bytes_first(text, end), "amanat-ruleset v1")) {
        return fault(verify, folder, entry, "the manifest of its ruleset is malformed");
    }
    while (end < text.length) {
        text = bytes_from(text, end + 1);
        if (text.length == 0) {
            return AMANAT_OK;
        }
        end = bytes_find(text, '\n');
        TRY(check_ruleset_file(verify, folder, bytes_first(text, end), entry));
    }
    return fault(verify, folder, entry, "the manifest of its ruleset is malformed");
}

static amanat_result check_policy(struct verify *verify, const struct document *document,
                                  uint64_t entry)
{
    char folder[128];
    char name[160];
    struct trail_digest digest;
    struct trail_digest found;
    struct buffer held;
    bool there = false;

    if (!digest_of(document, "ruleset", &digest)) {
        return fault(verify, verify->segment, entry, "names no ruleset");
    }
    for (size_t i = 0; i < verify->ruleset_count; i++) {
        if (tree_digest_equal(&verify->rulesets[i], &digest)) {
            return AMANAT_OK;
        }
    }
    (void)snprintf(folder, sizeof(folder), "rulesets/%.*s",
                   BYTES_PRINTF(text_of(document, "ruleset")));
    (void)snprintf(name, sizeof(name), "%s/MANIFEST", folder);
    TRY(read_file(verify, name, MANIFEST_LIMIT, &held, &there));
    tree_hash_bytes(buffer_bytes(&held), &found);
    amanat_result result = AMANAT_OK;
    if (!there || !tree_digest_equal(&found, &digest)) {
        result = fault(verify, name, entry,
                       there ? "is not the ruleset that took effect"
                             : "the ruleset that took effect is missing");
    } else {
        result = check_manifest(verify, folder, buffer_bytes(&held), entry);
    }
    buffer_clear(&held);
    TRY(result);
    verify->report->rulesets += 1;
    if (verify->ruleset_count < RULESET_LIMIT) {
        verify->rulesets[verify->ruleset_count] = digest;
        verify->ruleset_count += 1;
    }
    return AMANAT_OK;
}

static amanat_result check_recover(struct verify *verify, const struct document *document,
                                   uint64_t entry)
{
    char name[512];
    struct trail_digest digest;
    struct trail_digest found;
    struct buffer held;
    bool there = false;
    const struct bytes quarantine = text_of(document, "quarantine");
    const struct bytes cause = text_of(document, "cause");

    find(verify, "recover", entry, "%.*s in %.*s: %" PRId64 " bytes were cut off at %" PRId64,
         BYTES_PRINTF(bytes_first(cause, cause.length > 40 ? 40 : cause.length)),
         BYTES_PRINTF(text_of(document, "file")), number_of(document, "bytes"),
         number_of(document, "offset"));
    if (quarantine.length == 0) {
        return AMANAT_OK;
    }
    if (!name_is_inside(quarantine, "quarantine/") || !digest_of(document, "digest", &digest)) {
        return fault(verify, verify->segment, entry, "names no quarantined bytes");
    }
    (void)snprintf(name, sizeof(name), "%.*s", BYTES_PRINTF(quarantine));
    TRY(read_file(verify, name, 1u << 30, &held, &there));
    if (!there) {
        (void)snprintf(name, sizeof(name), "%.*s.unreported", BYTES_PRINTF(quarantine));
        buffer_clear(&held);
        TRY(read_file(verify, name, 1u << 30, &held, &there));
    }
    tree_hash_bytes(buffer_bytes(&held), &found);
    buffer_clear(&held);
    return there && tree_digest_equal(&found, &digest)
               ? AMANAT_OK
               : fault(verify, name, entry, there ? "is not what was cut off" : "is missing");
}

static amanat_result check_anchor(struct verify *verify, const struct document *document,
                                  uint64_t entry)
{
    char name[512];
    char path[LAYOUT_PATH_SIZE];
    struct trail_digest digest;
    struct trail_digest found;
    const struct bytes file_name = text_of(document, "file");
    const int64_t offset = number_of(document, "offset");
    const int64_t length = number_of(document, "bytes");

    if (!name_is_inside(file_name, "anchors/done/") || offset < 0 || length <= 0 ||
        length > (int64_t)ANSWER_LIMIT || !digest_of(document, "digest", &digest)) {
        return fault(verify, verify->segment, entry, "names no answer of an anchor");
    }
    (void)snprintf(name, sizeof(name), "%.*s", BYTES_PRINTF(file_name));
    layout_path(verify->options->folder, name, path);
    char *held = malloc((size_t)length);
    TRY_MEMORY(held);
    const int file = verify->files->open(verify->files->context, path, FILES_READ);
    int64_t taken = -1;
    if (file >= 0) {
        taken = verify->files->read_at(verify->files->context, file, held, (size_t)length,
                                       (uint64_t)offset);
        (void)verify->files->close(verify->files->context, file);
    }
    if (taken == length) {
        tree_hash_bytes(bytes_of(held, (size_t)length), &found);
    }
    free(held);
    if (taken != length || !tree_digest_equal(&found, &digest)) {
        return fault(verify, name, entry, "the answer that this entry tells of is not there");
    }
    for (size_t i = 0; i < verify->stream_count; i++) {
        struct stream *stream = &verify->streams[i];
        if (strcmp(stream->name, name) == 0 && (uint64_t)(offset + length) > stream->told) {
            stream->told = (uint64_t)(offset + length);
        }
    }
    return AMANAT_OK;
}

/* ---- entries ---- */

static enum trail_kind kind_of(const struct document *entry)
{
    for (int kind = TRAIL_KIND_ACCESS; kind < TRAIL_KIND_COUNT; kind++) {
        if (document_is_string(document_get(entry, "kind"),
                               trail_kind_name((enum trail_kind)kind))) {
            return (enum trail_kind)kind;
        }
    }
    return TRAIL_KIND_OTHER;
}

static amanat_result check_contents(struct verify *verify, struct bytes line, uint64_t entry)
{
    const struct document *document = NULL;

    arena_reset(verify->arena);
    if (!amanat_is_ok(document_from_json(verify->arena, "", line, NULL, &document)) ||
        document->kind != DOCUMENT_OBJECT) {
        return fault(verify, verify->segment, entry, "is no JSON object");
    }
    const enum trail_kind kind = kind_of(document);
    verify->report->kinds[kind] += 1;
    switch (kind) {
    case TRAIL_KIND_POLICY:
        return check_policy(verify, document, entry);
    case TRAIL_KIND_RECOVER:
        return check_recover(verify, document, entry);
    case TRAIL_KIND_ANCHOR:
        return check_anchor(verify, document, entry);
    case TRAIL_KIND_CLOCK:
        find(verify, "clock", entry,
             "an operator acknowledged a step of the clock of %" PRId64 " ms",
             number_of(document, "step_ms"));
        break;
    case TRAIL_KIND_OTHER:
        find(verify, "kind", entry, "this version does not know the kind of this entry");
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
        return fault(verify, verify->segment, entry - 1,
                     "is not what was hashed when it was written");
    }
    return fault(verify, verify->segment, entry, "does not link to the entry before it");
}

static amanat_result check_header(struct verify *verify, const struct layout_header *header)
{
    const uint64_t entry = verify->edge.size;
    const struct layout_header *last = &verify->last;

    if (header->sequence != entry) {
        return fault(verify, verify->segment, entry,
                     "stands here as number %" PRIu64 ": entries were removed, added or exchanged",
                     header->sequence);
    }
    if (!tree_digest_equal(&header->previous, &verify->previous)) {
        return blame_link(verify);
    }
    if (header->commit < last->commit || header->commit > last->commit + 1) {
        return fault(verify, verify->segment, entry, "its commit number is not the next");
    }
    if (entry > 0 && header->time <= last->time) {
        return fault(verify, verify->segment, entry, "its time is not after the one before");
    }
    const int64_t allowed =
        (verify->options->tick_seconds == 0 ? 3600 : (int64_t)verify->options->tick_seconds) *
            1000000 +
        GAP_SLACK;
    if (entry > 0 && header->time - last->time > allowed) {
        find(verify, "gap", entry,
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
        return fault(verify, verify->segment, entry, "is damaged");
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
    TRY(add_hash(verify, 0, &leaf));
    return add_to_bundle(verify, line);
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
        return fault(verify, verify->segment, verify->edge.size,
                     "is missing: this segment begins with %" PRIu64, first);
    }
    layout_path(verify->options->folder, verify->segment, path);
    if (layout_reader_open(reader, verify->files, path, 0) < 0) {
        return unreadable(verify, verify->segment);
    }
    while (amanat_is_ok(result)) {
        const enum layout_line kind = layout_reader_next(reader, &line, &offset);
        if (kind == LAYOUT_LINE_END) {
            break;
        }
        if (kind == LAYOUT_LINE_UNREADABLE) {
            result = unreadable(verify, verify->segment);
        } else if (kind == LAYOUT_LINE_UNTERMINATED) {
            result = fault(verify, verify->segment, verify->edge.size,
                           "is cut off: a crash that no start has recovered yet, or a truncation");
        } else if (kind == LAYOUT_LINE_TOO_LONG) {
            result = fault(verify, verify->segment, verify->edge.size, "is damaged");
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
        return unreadable(verify, "segments");
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
    TRY(compare_last_tiles(verify));
    if (!verify->has_checkpoint) {
        find(verify, "checkpoint", NO_ENTRY, "nothing is signed yet");
    } else if (verify->edge.size > verify->checkpoint_size) {
        find(verify, "uncovered", verify->checkpoint_size,
             "%" PRIu64 " entries are newer than the newest checkpoint",
             verify->edge.size - verify->checkpoint_size);
    }
    return AMANAT_OK;
}

static amanat_result take_witnesses(struct verify *verify)
{
    if (verify->options->witness_count > WITNESS_LIMIT) {
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
    verify->rulesets = calloc(RULESET_LIMIT, sizeof(*verify->rulesets));
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
