/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where bytes come from, said in types, so that the compiler keeps apart what must never mix
 * (design: invariants 1, 2).
 *
 *   service   ── undisclosed_bytes ──▶ redactor ── disclosed_bytes ──▶ release ──▶ partner
 *   our text  ── own_bytes ────────────────────────────────────────▶ release
 *
 * Only policy/redact makes disclosed bytes from undisclosed ones (redact_emit.c). What sends to a
 * partner takes only disclosed_bytes and own_bytes.
 */
#ifndef AMANAT_POLICY_REDACT_PROVENANCE_H
#define AMANAT_POLICY_REDACT_PROVENANCE_H

#include "policy/base/buffer.h"
#include "policy/base/bytes.h"

/** Bytes as a service sent them: no partner may see them. */
struct undisclosed_bytes {
    struct bytes bytes;
};

/** Bytes that a plan lets this partner see. */
struct disclosed_bytes {
    struct bytes bytes;
};

/** Disclosed bytes that are kept until their entry is durable: a copy, wiped when it is cleared. */
struct disclosed_copy {
    struct buffer held;
};

/** Copies `bytes` (of at most `limit`); LIMIT when they are more, or without memory. */
static inline AMANAT_MUST_CHECK amanat_result disclosed_copy_make(struct disclosed_copy *copy,
                                                                  struct disclosed_bytes bytes,
                                                                  size_t limit)
{
    buffer_init(&copy->held, limit);
    buffer_append(&copy->held, bytes.bytes);
    return buffer_check(&copy->held);
}

static inline struct disclosed_bytes disclosed_copy_bytes(const struct disclosed_copy *copy)
{
    return (struct disclosed_bytes){buffer_bytes(&copy->held)};
}

static inline void disclosed_copy_clear(struct disclosed_copy *copy)
{
    buffer_clear(&copy->held);
}

/** Text of our own making: status lines, problem documents. Never made from what a service sent. */
struct own_bytes {
    struct bytes bytes;
};

#endif
