/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One body under all the circumstances that must not matter: every way of marking that this
 * processor has, and the pieces in which the body comes. What one run in one piece gives
 * (windows, where they end, the account of each, the fault), each run gives.
 */
#ifndef TESTS_UNIT_POLICY_REDACT_REDACT_SPLITS_H
#define TESTS_UNIT_POLICY_REDACT_REDACT_SPLITS_H

#include "redact_case.h"

struct redact_splits {
    /** Bodies of at most so many bytes are cut in two at every place; longer ones in random pieces,
     * byte by byte too. */
    size_t small;
    unsigned random; /* how many times in random pieces, under each way of marking */
    uint64_t runs;   /* counts them */
};

/**
 * `*out_whole` is what comes of the body in one piece. False: some run gave something else; it is
 * printed to stderr.
 */
bool redact_splits_agree(struct redact_splits *splits, struct redact_case *redact_case,
                         struct bytes body, struct redact_outcome *out_whole);

/** The same for a case that nobody else needs; bodies of at most `small` bytes at every place. */
bool redact_splits_agree_on(const char *description, const char *body, size_t small,
                            struct redact_outcome *out_whole);

#endif
