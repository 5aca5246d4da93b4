/* SPDX-License-Identifier: Apache-2.0 */
/* Marks with SSE2, which every x86-64 has: sixteen bytes at a time. */
#include "policy/redact/json_marks.h"

#ifdef __x86_64__

#include <emmintrin.h>

/* As signed numbers, bytes above 0x7F are below 0x20 too. */
static uint64_t stop_bits(__m128i bytes)
{
    const __m128i quotes = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"'));
    const __m128i backslashes = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'));
    const __m128i others = _mm_cmplt_epi8(bytes, _mm_set1_epi8(0x20));
    const __m128i all = _mm_or_si128(_mm_or_si128(quotes, backslashes), others);
    return (uint64_t)(unsigned)_mm_movemask_epi8(all);
}

/* As signed numbers, bytes above 0x7F are below '0' too. */
static uint64_t non_digit_bits(__m128i bytes)
{
    const __m128i below = _mm_cmplt_epi8(bytes, _mm_set1_epi8('0'));
    const __m128i above = _mm_cmpgt_epi8(bytes, _mm_set1_epi8('9'));
    return (uint64_t)(unsigned)_mm_movemask_epi8(_mm_or_si128(below, above));
}

void json_mark_sse2(const char *at, size_t blocks, uint64_t *stop, uint64_t *non_digit)
{
    for (size_t block = 0; block < blocks; block++) {
        uint64_t stops = 0;
        uint64_t non_digits = 0;
        for (size_t i = 0; i < JSON_BLOCK_BYTES; i += sizeof(__m128i)) {
            const void *where = at + block * JSON_BLOCK_BYTES + i;
            const __m128i bytes = _mm_loadu_si128(where);
            stops |= stop_bits(bytes) << i;
            non_digits |= non_digit_bits(bytes) << i;
        }
        stop[block] = stops;
        non_digit[block] = non_digits;
    }
}

#endif
