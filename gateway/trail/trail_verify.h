/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads a trail folder as a stranger would and says whether it is what was written. It uses no
 * state of a running trail, changes nothing, and needs the same memory for a trail of any size.
 */
#ifndef AMANAT_GATEWAY_TRAIL_TRAIL_VERIFY_H
#define AMANAT_GATEWAY_TRAIL_TRAIL_VERIFY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "amanat/result.h"
#include "gateway/trail/trail_entry.h"
#include "policy/base/bytes.h"
#include "policy/base/document.h"

struct files;

enum trail_kind {
    TRAIL_KIND_OTHER = 0, /* one that this version does not know */
    TRAIL_KIND_ACCESS,
    TRAIL_KIND_INTENT,
    TRAIL_KIND_REFUSED,
    TRAIL_KIND_POLICY,
    TRAIL_KIND_RECOVER,
    TRAIL_KIND_TICK,
    TRAIL_KIND_ANCHOR,
    TRAIL_KIND_CLOCK,
    TRAIL_KIND_COSIGN,
    TRAIL_KIND_COUNT
};
const char *trail_kind_name(enum trail_kind kind);
/** What the entry says that it is. */
enum trail_kind trail_kind_of(const struct document *entry);

/** Something that a reader should know although everything verifies; `entry` is its number,
 * UINT64_MAX = none. */
typedef void (*trail_finding_fn)(void *context, const char *code, uint64_t entry, const char *text);

struct trail_verify_options {
    const char *folder;
    const struct files *files;     /* NULL: the system's */
    struct bytes vkey;             /* pinned from outside; no bytes: the folder's own is believed */
    const struct bytes *witnesses; /* verifier keys (type 0x04) that count, at most 16 */
    size_t witness_count;
    unsigned tick_seconds; /* how long a gateway may be silent; 0: 3,600 */
    trail_finding_fn on_finding;
    void *context;
};

struct trail_report {
    char vkey[512];
    bool pinned;      /* the key came from outside */
    uint64_t entries; /* read and linked */
    uint64_t kinds[TRAIL_KIND_COUNT];
    uint64_t covered; /* entries under the newest checkpoint */
    struct trail_digest root;
    int64_t first_time; /* microseconds since 1970 */
    int64_t last_time;
    uint64_t checkpoints; /* in checkpoint.log, each with a valid signature over these entries */
    uint64_t tiles;       /* hash tiles and bundles compared */
    uint64_t rulesets;    /* compared with their digests */
    unsigned witnesses;   /* of those given, how many signed a checkpoint of this trail */
    uint64_t witnessed;   /* entries under the newest such checkpoint */
    int64_t witnessed_at; /* seconds since 1970, as the witness says */
    uint64_t findings;

    /* the first fault, when the result is CORRUPT */
    char fault_file[512]; /* relative to the folder */
    bool fault_has_entry;
    uint64_t fault_entry;
    char fault_reason[256];
};

/**
 * Verifies all of a trail. OK; CORRUPT with the first fault in the report; CONFIG_FAULT when a
 * given key is none; IO, with a fault's place and reason, when something cannot be read. The report
 * is filled in every case.
 */
AMANAT_MUST_CHECK amanat_result trail_verify(const struct trail_verify_options *options,
                                             struct trail_report *out);

#endif
