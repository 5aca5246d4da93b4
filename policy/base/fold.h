/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Folded text: a copy of a text in which different spellings of the same thing are equal, to search
 * in, with the way back from each byte to where it came from.
 *
 *   compatibility forms     decomposed (NFKD): full width, superscripts, ligatures, enclosed …
 *   decimal digits          of every script, as 0 to 9; also in circles, parentheses, with a dot
 *   white space             each as one blank: of every width, non-breaking, tabs, line ends
 *   dashes                  of every length, minus signs, hyphen bullet, as `-`
 *   dots                    bullets, middle dots, full stops of Urdu and Chinese, as `.`
 *   marks, invisibles       dropped: combining and enclosing marks, format and control characters,
 *                           joiners, soft hyphens, directional marks, tatweel, variation selectors,
 *                           and what is not assigned but promised to be invisible
 *
 * A decorated digit (in a circle, superscript, on a keycap) belongs to the number beside it, or
 * only counts or notes it: there are two readings, one with a blank between digits of the two
 * kinds.
 *
 * Letters keep their case and their script. The tables are utf8proc's (Unicode 15).
 */
#ifndef AMANAT_POLICY_BASE_FOLD_H
#define AMANAT_POLICY_BASE_FOLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "amanat/result.h"
#include "policy/base/buffer.h"
#include "policy/base/bytes.h"

/** Where the character began and ended from which a byte of folded text came. */
struct fold_origin {
    uint32_t begin;
    uint32_t end;
};

enum fold_digit { FOLD_NO_DIGIT = 0, FOLD_PLAIN_DIGIT, FOLD_DECORATED_DIGIT };

struct folded_text {
    struct buffer text;    /* UTF-8 */
    struct buffer origins; /* a struct fold_origin for each byte of `text` */
    bool sets_apart;       /* set it before the first character: the reading with blanks */
    bool has_decorated;    /* whether the two readings can differ */
    enum fold_digit last;
    enum fold_digit before_last;
    bool is_set_apart; /* the last character, by a blank of ours */
};

/** An empty one of at most `limit` bytes (below 2^32) of folded text. */
void folded_text_init(struct folded_text *folded, size_t limit);
/** Wipes and frees. */
void folded_text_clear(struct folded_text *folded);
/** Empties and wipes it, keeps the memory. */
void folded_text_reset(struct folded_text *folded);

/** Appends the scalar value that was spelt from `begin` to `end`. */
void folded_text_add(struct folded_text *folded, uint32_t scalar, size_t begin, size_t end);

/** OK; LIMIT when something did not fit; MEMORY. */
AMANAT_MUST_CHECK amanat_result folded_text_check(const struct folded_text *folded);

/** Where the folded bytes from `begin` to `end` (not empty) came from. */
struct fold_origin folded_text_origin(const struct folded_text *folded, size_t begin, size_t end);

#endif
