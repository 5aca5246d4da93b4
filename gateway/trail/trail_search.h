/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads entries from the newest to the oldest. It verifies nothing (trail_verify.h does), and needs
 * the same memory for a trail of any size.
 */
#ifndef AMANAT_GATEWAY_TRAIL_TRAIL_SEARCH_H
#define AMANAT_GATEWAY_TRAIL_TRAIL_SEARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "amanat/result.h"
#include "gateway/trail/trail_verify.h"
#include "policy/base/bytes.h"
#include "policy/base/document.h"

struct trail_search_options {
    const char *folder;
    const struct files *files; /* NULL: the system's */
    struct bytes partner;      /* no bytes: any */
    struct bytes purpose;
    int64_t since;  /* microseconds since 1970, inclusive; 0: from the beginning */
    int64_t until;  /* exclusive; 0: no end */
    uint64_t limit; /* how many matches; 0: all */
    bool all_kinds; /* else accesses only */
};

/** One match; everything lives until the call returns. */
struct trail_match {
    uint64_t sequence;
    int64_t time;
    enum trail_kind kind;
    const struct document *entry;
    struct bytes line; /* exactly as stored */
};

/** Called for each match; false ends the search. */
typedef bool (*trail_match_fn)(void *context, const struct trail_match *match);

/** IO or MEMORY; `*out_damaged` (may be NULL) counts lines that are no entries and were passed
 * over. */
AMANAT_MUST_CHECK amanat_result trail_search(const struct trail_search_options *options,
                                             trail_match_fn on_match, void *context,
                                             uint64_t *out_damaged);

/**
 * Reads a moment as people write it: "2026-11-22", "2026-11-22T08:35" or with seconds, then
 * optionally `Z`; always UTC. PEER_FAULT.
 */
AMANAT_MUST_CHECK amanat_result trail_parse_moment(struct bytes text, int64_t *out);

#endif
