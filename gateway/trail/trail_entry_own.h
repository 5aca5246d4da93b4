/* SPDX-License-Identifier: Apache-2.0 */
/* The entries that the trail writes about itself: refused, tick, recover, clock. Inside this folder
 * only. */
#ifndef AMANAT_GATEWAY_TRAIL_TRAIL_ENTRY_OWN_H
#define AMANAT_GATEWAY_TRAIL_TRAIL_ENTRY_OWN_H

#include "gateway/trail/trail_entry.h"

/** What `recover` tells. */
struct trail_recover {
    const char *cause; /* "torn-tail" or "write-failed" */
    const char *file;  /* relative to the trail folder */
    uint64_t offset;
    uint64_t bytes;                    /* cut off there */
    const struct trail_digest *digest; /* of the bytes cut, NULL when they were not kept */
    const char *quarantine;            /* where they are, NULL likewise */
    uint64_t attempts;                 /* failed tries since, of "write-failed" */
};

/** One line each, ended by a newline. LIMIT when the buffer is full. */
AMANAT_MUST_CHECK amanat_result trail_entry_append_refused(struct buffer *lines,
                                                           const struct trail_count *counts,
                                                           size_t count, uint64_t seconds,
                                                           const struct trail_salt *salt);
AMANAT_MUST_CHECK amanat_result trail_entry_append_tick(struct buffer *lines,
                                                        const struct trail_salt *salt);
AMANAT_MUST_CHECK amanat_result trail_entry_append_recover(struct buffer *lines,
                                                           const struct trail_recover *recover,
                                                           const struct trail_salt *salt);
AMANAT_MUST_CHECK amanat_result trail_entry_append_clock(struct buffer *lines, int64_t step_ms,
                                                         const struct trail_salt *salt);

#endif
