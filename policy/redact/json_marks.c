/* SPDX-License-Identifier: Apache-2.0 */
/* Marks in plain C, eight bytes at a time, and the choice among the ways there are. */
#include "policy/redact/json_marks.h"

#define ONES  UINT64_C(0x0101010101010101)
#define TOPS  UINT64_C(0x8080808080808080)
#define LOWER UINT64_C(0x7F7F7F7F7F7F7F7F)

/* The top bit of each byte of `word` that is 0; exact, nothing is carried from byte to byte. */
static uint64_t zero_bytes(uint64_t word)
{
    return ~(((word & LOWER) + LOWER) | word | LOWER);
}

/* The top bit of each byte below `limit` (at most 0x80); bytes above 0x7F are not below. */
static uint64_t bytes_below(uint64_t word, uint64_t limit)
{
    return ~((word & LOWER) + (0x80 - limit) * ONES) & ~word & TOPS;
}

/* Eight top bits to eight bits, the lowest byte first. */
static uint64_t gather(uint64_t tops)
{
    return ((tops >> 7) * UINT64_C(0x0102040810204080)) >> 56;
}

/* Eight bytes, the first one lowest, whatever the processor's order. */
static uint64_t load_word(const char *at)
{
    uint64_t word = 0;
    for (size_t i = 0; i < 8; i++) {
        word |= (uint64_t)(unsigned char)at[i] << (8 * i);
    }
    return word;
}

static uint64_t stop_bits(uint64_t word)
{
    return gather(zero_bytes(word ^ ('"' * ONES)) | zero_bytes(word ^ ('\\' * ONES)) |
                  bytes_below(word, 0x20) | (word & TOPS));
}

static uint64_t non_digit_bits(uint64_t word)
{
    const uint64_t digits = bytes_below(word, '9' + 1) & ~bytes_below(word, '0');
    return gather(~digits & TOPS);
}

void json_mark_portable(const char *at, size_t blocks, uint64_t *stop, uint64_t *non_digit)
{
    for (size_t block = 0; block < blocks; block++) {
        uint64_t stops = 0;
        uint64_t non_digits = 0;
        for (size_t i = 0; i < JSON_BLOCK_BYTES; i += 8) {
            const uint64_t word = load_word(at + block * JSON_BLOCK_BYTES + i);
            stops |= stop_bits(word) << i;
            non_digits |= non_digit_bits(word) << i;
        }
        stop[block] = stops;
        non_digit[block] = non_digits;
    }
}

size_t json_mark_ways(struct json_mark_way out[3])
{
    size_t count = 0;
#ifdef __x86_64__
    if (__builtin_cpu_supports("avx2")) {
        out[count++] = (struct json_mark_way){"avx2", json_mark_avx2};
    }
    out[count++] = (struct json_mark_way){"sse2", json_mark_sse2};
#endif
    out[count++] = (struct json_mark_way){"portable", json_mark_portable};
    return count;
}

void json_stretch_fill(struct json_stretch *stretch, json_mark_fn *mark, struct bytes input,
                       size_t start)
{
    const size_t left = input.length - start;
    const size_t length = left < JSON_STRETCH_BYTES ? left : JSON_STRETCH_BYTES;
    const size_t whole = length / JSON_BLOCK_BYTES;
    const size_t rest = length % JSON_BLOCK_BYTES;
    stretch->at = input.at + start;
    stretch->start = start;
    stretch->length = length;
    mark(stretch->at, whole, stretch->stop, stretch->non_digit);
    for (size_t i = whole; i < whole + 2; i++) {
        stretch->stop[i] = ~UINT64_C(0);
        stretch->non_digit[i] = ~UINT64_C(0);
    }
    if (rest > 0) {
        char block[JSON_BLOCK_BYTES] = {0}; /* zeros stop everything */
        memcpy(block, stretch->at + whole * JSON_BLOCK_BYTES, rest);
        mark(block, 1, &stretch->stop[whole], &stretch->non_digit[whole]);
    }
}
