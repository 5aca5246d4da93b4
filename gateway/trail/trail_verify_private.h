/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of verification share: its state, and how it says what it found. Inside this
 * folder only.
 */
#ifndef AMANAT_GATEWAY_TRAIL_TRAIL_VERIFY_PRIVATE_H
#define AMANAT_GATEWAY_TRAIL_TRAIL_VERIFY_PRIVATE_H

#include <openssl/evp.h>

#include "gateway/trail/trail_layout.h"
#include "gateway/trail/trail_note.h"
#include "gateway/trail/trail_tiles.h"
#include "gateway/trail/trail_tree.h"
#include "gateway/trail/trail_verify.h"
#include "policy/base/document.h"

#define VERIFY_WITNESS_LIMIT 16u
#define VERIFY_RULESET_LIMIT 4096u
#define VERIFY_NO_ENTRY      UINT64_MAX

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
    struct note_vkey witnesses[VERIFY_WITNESS_LIMIT];
    bool witness_seen[VERIFY_WITNESS_LIMIT];
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

    uint64_t uncovered;   /* entries after the checkpoint that want one */
    uint64_t unwitnessed; /* the same, after what a witness has seen */

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

/** The first fault, for the report: CORRUPT. `file` is relative to the folder. */
__attribute__((format(printf, 4, 5))) amanat_result
verify_fault(struct verify *verify, const char *file, uint64_t entry, const char *format, ...);
/** The same for what the operating system does not give: IO. */
amanat_result verify_unreadable(struct verify *verify, const char *file);
/** Something that a reader should know although everything verifies. */
__attribute__((format(printf, 4, 5))) void verify_find(struct verify *verify, const char *code,
                                                       uint64_t entry, const char *format, ...);

/** A small file of the folder; OK also when it is not there. CORRUPT when it is longer than
 * `limit`; the caller clears `out`. */
AMANAT_MUST_CHECK amanat_result verify_read_file(struct verify *verify, const char *name,
                                                 size_t limit, struct buffer *out, bool *out_there);

/* ---- trail_verify_tiles.c ---- */

/** Takes the hash of the next entry; compares the tiles that it fills. */
AMANAT_MUST_CHECK amanat_result verify_add_hash(struct verify *verify,
                                                const struct trail_digest *leaf);
/** The tiles that are not full at the end: the partial one of the newest checkpoint must be there.
 */
AMANAT_MUST_CHECK amanat_result verify_last_tiles(struct verify *verify);
/** Takes the next entry, after its hash; compares the bundle that it fills. */
AMANAT_MUST_CHECK amanat_result verify_add_to_bundle(struct verify *verify, struct bytes line);

/* ---- trail_verify_references.c: what entries name outside the segments ---- */

AMANAT_MUST_CHECK amanat_result verify_policy(struct verify *verify,
                                              const struct document *document, uint64_t entry);
AMANAT_MUST_CHECK amanat_result verify_recover(struct verify *verify,
                                               const struct document *document, uint64_t entry);
AMANAT_MUST_CHECK amanat_result verify_anchor(struct verify *verify,
                                              const struct document *document, uint64_t entry);
/** A whole number of the entry, -1 when there is none. */
int64_t verify_number_of(const struct document *entry, const char *key);

#endif
