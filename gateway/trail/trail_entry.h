/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an entry says: one plain struct of fields per kind, and the pure functions that turn it into
 * the bytes of an entry (RFC 8785, UTF-8, at most 8 KiB with what the trail thread puts in front of
 * it).
 *
 * A worker fills and serialises; the trail thread only puts `_prev`, `_seq`, `_time` and `_tx` in
 * front. Nothing here takes a raw identifier of a person: agents and subjects are pseudonyms
 * (trail_pseudonym), all other text is words of the ruleset. Zero-initialised structs say the
 * least: refused, nothing disclosed.
 */
#ifndef AMANAT_GATEWAY_TRAIL_TRAIL_ENTRY_H
#define AMANAT_GATEWAY_TRAIL_TRAIL_ENTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "amanat/result.h"
#include "policy/base/buffer.h"
#include "policy/base/bytes.h"

/** Format version of entries, their member `v`. */
#define TRAIL_ENTRY_VERSION 1
/** The most bytes of a stored entry, without its newline. */
#define TRAIL_ENTRY_LIMIT 8192
/** The most bytes that the trail thread puts in front of what a worker serialised. */
#define TRAIL_ENTRY_HEADER_LIMIT 256
/** The most entries that one window may be split into. */
#define TRAIL_ENTRY_PARTS_LIMIT 4096

/** An Access-Id: 128 random bits of our own making. */
struct trail_access_id {
    uint8_t at[16];
};

/** The random seed of the `rid`s of one window; 128 bits from the system, never used twice, never
 * stored. */
struct trail_salt {
    uint8_t at[16];
};

/** A SHA-256. */
struct trail_digest {
    uint8_t at[32];
};

/** `p:` and 22 characters of base64url, and a NUL. */
struct trail_pseudonym {
    char text[25];
};

/** One member of a `{label: n}`. */
struct trail_count {
    struct bytes label;
    uint64_t count;
};

/** The modes, strongest first (design.md 1). */
enum trail_mode {
    TRAIL_MODE_REVEAL = 0,
    TRAIL_MODE_COARSEN,
    TRAIL_MODE_MASK,
    TRAIL_MODE_TOKENIZE,
    TRAIL_MODE_COUNT
};

/** One member of `disclosed`: how often a label left in which mode. */
struct trail_disclosed {
    struct bytes label;
    uint64_t modes[TRAIL_MODE_COUNT];
};

enum trail_need_case {
    TRAIL_NEED_CASE_ABSENT = 0,
    TRAIL_NEED_CASE_GIVEN,  /* a case that is a known fact */
    TRAIL_NEED_CASE_UNKNOWN /* a case was named that is no known fact */
};

enum trail_decision { TRAIL_DECISION_REFUSE = 0, TRAIL_DECISION_PERMIT = 0x9E57 };

enum trail_fault {
    TRAIL_FAULT_NONE = 0,
    TRAIL_FAULT_PARTNER,
    TRAIL_FAULT_UPSTREAM,
    TRAIL_FAULT_GATEWAY
};

struct trail_need {
    struct bytes purpose; /* words of the ruleset only; empty = absent */
    struct bytes basis;
    bool is_signed;
    enum trail_need_case given_case;
};

/**
 * One window of one response (kind `access`), or what is known before an upstream call that is not
 * safe (`intent`). Lists need no order, they are sorted when serialised; a label that stands twice
 * is added up. Empty bytes, NULL digests and zero statuses are absent members.
 */
struct trail_access {
    struct trail_access_id access;
    uint32_t part; /* number of this window's first entry through the response, from 0 */
    bool last;     /* whether this window ends the response */

    struct bytes partner;
    struct bytes agent;                     /* a pseudonym */
    const struct trail_digest *certificate; /* SHA-256 of the client certificate */
    struct bytes token;                     /* the issuer's name in the configuration */
    struct trail_need need;

    struct bytes service;
    struct bytes operation;
    struct bytes route; /* the template */
    const struct trail_count *asked;
    size_t asked_count;
    const struct trail_pseudonym *asked_subjects; /* subjects asked by */
    size_t asked_subject_count;

    enum trail_decision decision;
    const struct bytes *policies; /* ids of the deciding policies */
    size_t policy_count;
    struct bytes reason; /* the problem's name */

    const struct trail_disclosed *disclosed;
    size_t disclosed_count;
    const struct trail_count *withheld;
    size_t withheld_count;
    uint64_t records_disclosed;
    uint64_t records_left_out;
    uint64_t records_over_limit;            /* of those: left out because of a limit */
    const struct trail_pseudonym *subjects; /* of this window; very many make several entries */
    size_t subject_count;
    uint64_t
        subjects_more; /* at least so many mentions of subjects could not be named; 0 = absent */

    unsigned status;
    unsigned upstream_status;
    uint64_t bytes;
    uint64_t upstream_ms;
    uint64_t gateway_ms;
    enum trail_fault fault;

    const struct trail_digest *ruleset;
    const struct trail_digest *facts;
    size_t facts_count;
    struct trail_access_id trace; /* all zero = absent */
};

/** A ruleset took effect (kind `policy`). */
struct trail_policy {
    struct trail_digest ruleset; /* from trail_store_ruleset */
    const struct trail_digest *facts;
    size_t facts_count;
    uint64_t policy_count; /* how many policies it has */
};

/** An outside answer arrived (kind `anchor`). */
struct trail_anchor {
    struct bytes name;          /* the anchor's name in the configuration */
    struct bytes kind;          /* "witness" */
    uint64_t size;              /* of the checkpoint that it covers */
    struct trail_digest root;   /* of that checkpoint */
    struct bytes file;          /* where the answer lies, relative to the trail folder */
    uint64_t offset;            /* in that file */
    uint64_t bytes;             /* length of the answer */
    struct trail_digest digest; /* of the answer */
    int64_t time;               /* seconds since 1970 as the outside says */
};

/** A witness cosigned a checkpoint of another log (kind `cosign`, in a witness's own log). */
struct trail_cosign {
    struct bytes origin;
    uint64_t size;
    struct trail_digest root;
    struct bytes note; /* the checkpoint with its log's signature; all of it in at most 4 KiB */
};

/**
 * Appends the lines of one window to `lines`, each ended by a newline: one, or several when there
 * are very many subjects. Counts stand in the first, subjects are spread over all; `part` counts up
 * from access->part, and only the last of the last window has `last` true. `*out_parts` (may be
 * NULL) is the number of lines. LIMIT when the fields other than subjects alone pass 8 KiB or the
 * buffer is full; nothing is appended then.
 */
AMANAT_MUST_CHECK amanat_result trail_entry_append_access(struct buffer *lines,
                                                          const struct trail_access *access,
                                                          const struct trail_salt *salt,
                                                          uint32_t *out_parts);

/** The same for kind `intent`: without anything that only the answer can tell. */
AMANAT_MUST_CHECK amanat_result trail_entry_append_intent(struct buffer *lines,
                                                          const struct trail_access *access,
                                                          const struct trail_salt *salt,
                                                          uint32_t *out_parts);

/** One line of kind `policy`. */
AMANAT_MUST_CHECK amanat_result trail_entry_append_policy(struct buffer *lines,
                                                          const struct trail_policy *policy,
                                                          const struct trail_salt *salt);

/** One line of kind `anchor`. */
AMANAT_MUST_CHECK amanat_result trail_entry_append_anchor(struct buffer *lines,
                                                          const struct trail_anchor *anchor,
                                                          const struct trail_salt *salt);

/** One line of kind `cosign`. */
AMANAT_MUST_CHECK amanat_result trail_entry_append_cosign(struct buffer *lines,
                                                          const struct trail_cosign *cosign,
                                                          const struct trail_salt *salt);

/**
 * The pseudonym of an identifier: `p:` + base64url(HMAC-SHA256(key, kind ‖ 0 ‖ id)[0..15]). `id` is
 * normalised as the vocabulary says; `kind` is "agent" or a kind of subjects.
 */
AMANAT_MUST_CHECK amanat_result trail_pseudonym(struct bytes key, struct bytes kind,
                                                struct bytes id, struct trail_pseudonym *out);

#endif
