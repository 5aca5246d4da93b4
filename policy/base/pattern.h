/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Regular expressions (PCRE2, with JIT where the machine allows it) that administrators write and
 * that run on strangers' text: every match has limits of steps and memory, and a limit that is hit
 * is an answer of its own, which never means "not found".
 *
 * Text is UTF-8; `\d`, `\w`, `\s` and `\b` mean ASCII, and `(*UCP)` and `\C` are refused. A
 * compiled pattern does not change and may be used by many threads; each has its own matcher.
 */
#ifndef AMANAT_POLICY_BASE_PATTERN_H
#define AMANAT_POLICY_BASE_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

#include "amanat/result.h"
#include "policy/base/arena.h"
#include "policy/base/bytes.h"

/** Longer ones are programs; bytes. */
#define PATTERN_LENGTH_LIMIT 1024
/** Capturing groups of one pattern. */
#define PATTERN_GROUP_LIMIT 32
/** Steps of one attempt to match, from each place where a match could begin. */
#define PATTERN_STEP_LIMIT 100000
/** Memory of one match without JIT. */
#define PATTERN_HEAP_KIB 8192
/**
 * Work on one text, all searches in it together: at least, and for each byte. A step counts what it
 * moves, so a pattern that reads a long text again from each place ends here.
 */
#define PATTERN_WORK_LEAST    ((size_t)200000)
#define PATTERN_WORK_PER_BYTE ((size_t)500)

struct pattern;

/** What is wrong with a text that is no pattern. */
struct pattern_fault {
    size_t at; /* bytes into the text */
    char text[128];
};

/** Where a pattern may match; SEARCHES_SHORT: all its matches are short, so its work is not
 * counted. */
enum pattern_use { PATTERN_SEARCHES = 0, PATTERN_IS_WHOLE_TEXT, PATTERN_SEARCHES_SHORT };

/**
 * Compiles `text` (UTF-8); the arena owns the pattern. CONFIG_FAULT with `*out_fault` for what is
 * no pattern, is too large, or matches the empty text (when it searches). MEMORY.
 */
AMANAT_MUST_CHECK amanat_result pattern_compile(struct arena *arena, struct bytes text,
                                                enum pattern_use use,
                                                struct pattern_fault *out_fault,
                                                const struct pattern **out);

/** The highest number of a capturing group. */
unsigned pattern_group_count(const struct pattern *pattern);

/** Working memory of matches, one for each thread. */
struct pattern_matcher;
AMANAT_MUST_CHECK amanat_result pattern_matcher_new(struct pattern_matcher **out);
/** NULL is fine. */
void pattern_matcher_free(struct pattern_matcher *matcher);

/** Before the first search in a text: what the work on it may be is counted from here. */
void pattern_matcher_begin(struct pattern_matcher *matcher, struct bytes text);

enum pattern_answer { PATTERN_HIT_LIMIT = 0, PATTERN_NOT_FOUND, PATTERN_FOUND };

/** The first match in valid UTF-8 that begins at `from` (between characters) or behind it. */
enum pattern_answer pattern_find(struct pattern_matcher *matcher, const struct pattern *pattern,
                                 struct bytes text, size_t from);

/** What group `number` took in the last match that was found; 0 is the match as a whole. */
struct bytes pattern_group(const struct pattern_matcher *matcher, struct bytes text,
                           unsigned number);

#endif
