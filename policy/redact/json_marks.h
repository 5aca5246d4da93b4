/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Marks: one bit for each byte of a stretch of the input, made for 64 bytes at a time, so that the
 * end of a plain run of text or digits is found by counting zeros instead of looking at bytes.
 *
 *   stop       ends a plain run inside a string: `"`, `\`, below 0x20, above 0x7F
 *   non_digit  anything but 0-9
 *
 * The marks of a byte depend on nothing but that byte. Three ways make them, and they must agree
 * (tests/unit/policy/redact/test_json_marks.c): AVX2 where the processor has it, SSE2 on every
 * x86-64, and plain C anywhere.
 */
#ifndef AMANAT_POLICY_REDACT_JSON_MARKS_H
#define AMANAT_POLICY_REDACT_JSON_MARKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/base/bytes.h"

#define JSON_BLOCK_BYTES    64
#define JSON_STRETCH_BLOCKS 256
#define JSON_STRETCH_BYTES  ((size_t)JSON_BLOCK_BYTES * JSON_STRETCH_BLOCKS)

/** Marks `blocks` whole blocks of 64 bytes. */
typedef void json_mark_fn(const char *at, size_t blocks, uint64_t *stop, uint64_t *non_digit);

json_mark_fn json_mark_portable;
#ifdef __x86_64__
json_mark_fn json_mark_sse2;
json_mark_fn json_mark_avx2; /* only where the processor has AVX2 */
#endif

/** The ways that this processor can go, the best first; for tests, and to choose from. */
struct json_mark_way {
    const char *name;
    json_mark_fn *mark;
};
size_t json_mark_ways(struct json_mark_way out[3]);

/** A stretch of the input with its marks; behind its end every bit is set. */
struct json_stretch {
    const char *at;
    size_t start;  /* where in the input it begins */
    size_t length; /* 0: there is none */
    uint64_t stop[JSON_STRETCH_BLOCKS + 2];
    uint64_t non_digit[JSON_STRETCH_BLOCKS + 2];
};

/** Marks as much of `input` from `start` as a stretch can hold. Reads nothing behind its end. */
void json_stretch_fill(struct json_stretch *stretch, json_mark_fn *mark, struct bytes input,
                       size_t start);

/** The bits of the 64 bytes from `offset` (at most the length) on, the first one lowest. */
static inline uint64_t json_marks_from(const uint64_t *marks, size_t offset)
{
    const size_t block = offset / JSON_BLOCK_BYTES;
    const size_t shift = offset % JSON_BLOCK_BYTES;
    return marks[block] >> shift | marks[block + 1] << 1 << (JSON_BLOCK_BYTES - 1 - shift);
}

/** The first set bit at `offset` (at most the length) or behind it. */
static inline size_t json_next_mark(const uint64_t *marks, size_t offset)
{
    const uint64_t bits = json_marks_from(marks, offset);
    if (bits != 0) { /* nearly always, so that no branch depends on where blocks begin */
        return offset + (size_t)__builtin_ctzll(bits);
    }
    size_t block = offset / JSON_BLOCK_BYTES + 1;
    while (marks[block] == 0) {
        block++;
    }
    return block * JSON_BLOCK_BYTES + (size_t)__builtin_ctzll(marks[block]);
}

#endif
