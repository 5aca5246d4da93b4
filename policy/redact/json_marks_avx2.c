/* SPDX-License-Identifier: Apache-2.0 */
/* Marks with AVX2: thirty-two bytes at a time. */
#include "policy/redact/json_marks.h"

#ifdef __x86_64__

#include <immintrin.h>

/* These functions alone need the processor to have it; who calls them has asked. */
#define AVX2 __attribute__((target("avx2")))

/* As signed numbers, bytes above 0x7F are below 0x20 too. */
AVX2 static uint64_t stop_bits(__m256i bytes)
{
    const __m256i quotes = _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('"'));
    const __m256i backslashes = _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('\\'));
    const __m256i others = _mm256_cmpgt_epi8(_mm256_set1_epi8(0x20), bytes);
    const __m256i all = _mm256_or_si256(_mm256_or_si256(quotes, backslashes), others);
    return (uint64_t)(unsigned)_mm256_movemask_epi8(all);
}

/* As signed numbers, bytes above 0x7F are below '0' too. */
AVX2 static uint64_t non_digit_bits(__m256i bytes)
{
    const __m256i below = _mm256_cmpgt_epi8(_mm256_set1_epi8('0'), bytes);
    const __m256i above = _mm256_cmpgt_epi8(bytes, _mm256_set1_epi8('9'));
    return (uint64_t)(unsigned)_mm256_movemask_epi8(_mm256_or_si256(below, above));
}

AVX2 void json_mark_avx2(const char *at, size_t blocks, uint64_t *stop, uint64_t *non_digit)
{
    for (size_t block = 0; block < blocks; block++) {
        uint64_t stops = 0;
        uint64_t non_digits = 0;
        for (size_t i = 0; i < JSON_BLOCK_BYTES; i += sizeof(__m256i)) {
            const void *where = at + block * JSON_BLOCK_BYTES + i;
            const __m256i bytes = _mm256_loadu_si256(where);
            stops |= stop_bits(bytes) << i;
            non_digits |= non_digit_bits(bytes) << i;
        }
        stop[block] = stops;
        non_digit[block] = non_digits;
    }
}

#endif
