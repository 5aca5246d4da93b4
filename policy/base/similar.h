/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The word that was probably meant: for "did you mean" in messages to people. Nothing else may
 * depend on it; a name is right or wrong, never nearly right.
 */
#ifndef AMANAT_POLICY_BASE_SIMILAR_H
#define AMANAT_POLICY_BASE_SIMILAR_H

#include <stdbool.h>
#include <stddef.h>

#include "policy/base/bytes.h"

/** Longer words get no suggestion and are none. */
#define SIMILAR_LONGEST_WORD 64

/** No more candidates than this are looked at: a message must not cost more than what it is about.
 */
#define SIMILAR_MOST_CANDIDATES 4096

/**
 * The candidate that is nearest to a misspelt word, the first of several; false where none is near
 * enough to be a slip of the finger. Differences of case and of `-`, `_`, `.` and blanks count
 * little, so that `plateNumber` finds `plate_number`. `*out` is one of the candidates.
 */
bool similar_word(struct bytes wanted, const struct bytes *candidates, size_t count,
                  struct bytes *out);

/** The same for candidates that do not lie in an array: begin, offer each, ask. */
struct similar {
    struct bytes wanted;
    struct bytes nearest; /* of the candidates offered; none where `cost` is still UINT_MAX */
    unsigned cost;
    unsigned letters;
    unsigned offered;
};

void similar_begin(struct similar *similar, struct bytes wanted);
void similar_offer(struct similar *similar, struct bytes candidate);

/** Room for what the hints are written into. */
#define SIMILAR_HINT_SIZE (SIMILAR_LONGEST_WORD + sizeof("; did you mean ``?"))

/** The end of a message: "; did you mean `x`?", or "" where nothing is near. Written into `room`.
 */
const char *similar_hint(struct bytes wanted, const struct bytes *candidates, size_t count,
                         char room[SIMILAR_HINT_SIZE]);
const char *similar_hint_of(const struct similar *similar, char room[SIMILAR_HINT_SIZE]);

#endif
