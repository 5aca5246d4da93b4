/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scrubbing: what the patterns of a label find in a revealed string is replaced by `[name]`; all
 * else keeps its exact spelling. Patterns match a folded copy (policy/base/fold.h); what came from
 * matched characters, and only that, is replaced. When something was replaced, the result is
 * searched again, until nothing is found in it: what leaves holds no match.
 *
 * Patterns of ours are short, and are sought again from each character: a number that begins inside
 * another match is found as well.
 *
 * Withheld whole: a string whose folded copy is longer than SCRUB_TEXT_LIMIT, one in which a match
 * hits a limit of policy/base/pattern.h or is empty, and one that is not clean after SCRUB_ROUNDS.
 */
#ifndef AMANAT_POLICY_REDACT_SCRUB_H
#define AMANAT_POLICY_REDACT_SCRUB_H

#include <stdbool.h>
#include <stddef.h>

#include "amanat/result.h"
#include "policy/base/buffer.h"
#include "policy/base/bytes.h"
#include "policy/base/fold.h"
#include "policy/base/pattern.h"
#include "policy/catalogue/catalogue.h"

#define SCRUB_TEXT_LIMIT ((size_t)262144)
#define SCRUB_ROUNDS     8

/** Working memory, reused from string to string and wiped after each. */
struct scrub {
    struct pattern_matcher *matcher; /* made when it is first needed */
    struct folded_text folded;
    struct buffer spans;  /* of one round */
    struct buffer before; /* the token as the round before left it */
    struct buffer after;
};

void scrub_init(struct scrub *scrub);
void scrub_clear(struct scrub *scrub);

/**
 * Appends the string `token` (as it is spelt, with its quotes) with what the label's patterns find
 * replaced. `*out_disclosed` = false: nothing was appended, the string is withheld. MEMORY.
 */
AMANAT_MUST_CHECK amanat_result scrub_string(struct scrub *scrub,
                                             const struct catalogue_label *label,
                                             struct bytes token, struct buffer *out,
                                             bool *out_disclosed);

/**
 * Whether a token that cannot be changed (a number, a name) holds nothing that the patterns find; a
 * number neither as it is spelt nor without its exponent. MEMORY.
 */
AMANAT_MUST_CHECK amanat_result scrub_is_clean(struct scrub *scrub,
                                               const struct catalogue_label *label,
                                               struct bytes token, bool *out_clean);

/* scrub_check.c */

/**
 * Shortens a match to what satisfies the check: `*end` moves to an earlier place where a number may
 * end. False: nothing of it does.
 */
bool scrub_check_passes(enum scrub_check check, struct bytes text, size_t begin, size_t *end);

#endif
