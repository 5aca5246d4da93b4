/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one result type. Every function that can fail returns it, and the compiler insists that it is
 * looked at.
 *
 * Statuses are grouped by what the caller must do, not by what went wrong: words for people go into
 * the `struct amanat_diagnostics` that the caller passes (amanat/diagnostics.h). Memory that was
 * never written (all zero bits) reads as AMANAT_STATUS_BUG, never as success.
 */
#ifndef AMANAT_RESULT_H
#define AMANAT_RESULT_H

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

enum amanat_status {
    AMANAT_STATUS_BUG = 0,      /* a promise inside the program is broken: refuse and report */
    AMANAT_STATUS_RETRY_LATER,  /* not now; the same call may succeed later */
    AMANAT_STATUS_PEER_FAULT,   /* what came from outside is wrong: refuse it */
    AMANAT_STATUS_CONFIG_FAULT, /* what an administrator wrote is wrong: diagnostics say where */
    AMANAT_STATUS_REFUSED,      /* policy says no */
    AMANAT_STATUS_LIMIT,        /* a configured limit is reached */
    AMANAT_STATUS_MEMORY,       /* no memory */
    AMANAT_STATUS_IO,           /* the operating system could not */
    AMANAT_STATUS_CORRUPT,      /* stored data is not what was stored */
    AMANAT_STATUS_OK = 0x600D   /* wide, so that no stray bit makes a failure a success */
};

/** A struct, so that it cannot be used as a truth value or an integer by mistake. */
typedef struct {
    enum amanat_status status;
} amanat_result;

#define AMANAT_MUST_CHECK __attribute__((warn_unused_result))

/** What the shared libraries show to other programs; all else in them is hidden. */
#define AMANAT_PUBLIC __attribute__((visibility("default")))

static inline amanat_result amanat_result_of(enum amanat_status status)
{
    const amanat_result result = {status}; /* no compound literal: C++ has none */
    return result;
}

#define AMANAT_OK amanat_result_of(AMANAT_STATUS_OK)

static inline bool amanat_is_ok(amanat_result result)
{
    return result.status == AMANAT_STATUS_OK;
}

/** The status as a word for logs and messages, "ok" or "limit"; static storage. */
AMANAT_PUBLIC const char *amanat_status_name(enum amanat_status status);

#ifdef __cplusplus
}
#endif

#endif
