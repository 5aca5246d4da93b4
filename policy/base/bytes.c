/* SPDX-License-Identifier: Apache-2.0 */
/* Runs of bytes: order, search, hash, and the nearest word for "did you mean". */
#include "policy/base/bytes.h"

#include <stdint.h>

int bytes_compare(struct bytes a, struct bytes b)
{
    const size_t shorter = a.length < b.length ? a.length : b.length;
    const int order = shorter == 0 ? 0 : memcmp(a.at, b.at, shorter);
    if (order != 0) {
        return order;
    }
    return (a.length > b.length) - (a.length < b.length);
}

bool bytes_start_with(struct bytes bytes, struct bytes prefix)
{
    return bytes.length >= prefix.length && bytes_equal(bytes_first(bytes, prefix.length), prefix);
}

bool bytes_end_with(struct bytes bytes, struct bytes suffix)
{
    return bytes.length >= suffix.length &&
           bytes_equal(bytes_from(bytes, bytes.length - suffix.length), suffix);
}

size_t bytes_find(struct bytes bytes, char byte)
{
    const char *found = bytes.length == 0 ? NULL : memchr(bytes.at, byte, bytes.length);
    return found == NULL ? bytes.length : (size_t)(found - bytes.at);
}

#define LONGEST_NAME 64

bool bytes_is_name(struct bytes bytes)
{
    for (size_t i = 0; i < bytes.length; i++) {
        const char byte = bytes.at[i];
        const bool is_letter = byte >= 'a' && byte <= 'z';
        const bool is_other = (byte >= '0' && byte <= '9') || byte == '-';
        if (!is_letter && (i == 0 || !is_other)) {
            return false;
        }
    }
    return bytes.length > 0 && bytes.length <= LONGEST_NAME;
}

/* Multiplying spreads a word's bits upwards, the shift brings them down again. */
static uint64_t mix(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * 0x9e3779b97f4a7c15u; /* 2^64 / golden ratio, odd */
    return hash ^ (hash >> 32);
}

unsigned long long bytes_hash(struct bytes bytes)
{
    uint64_t hash = bytes.length;
    uint64_t word = 0;
    size_t i = 0;
    for (; i + sizeof(word) <= bytes.length; i += sizeof(word)) {
        memcpy(&word, bytes.at + i, sizeof(word));
        hash = mix(hash, word);
    }
    word = 0;
    if (i < bytes.length) {
        memcpy(&word, bytes.at + i, bytes.length - i);
    }
    return mix(hash, word);
}

#define LONGEST_SUGGESTED_WORD 64

/* Levenshtein distance of two words of at most LONGEST_SUGGESTED_WORD bytes. */
static size_t distance(struct bytes a, struct bytes b)
{
    size_t row[LONGEST_SUGGESTED_WORD + 1];
    for (size_t j = 0; j <= b.length; j++) {
        row[j] = j;
    }
    for (size_t i = 1; i <= a.length; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b.length; j++) {
            const size_t replace = diagonal + (a.at[i - 1] != b.at[j - 1]);
            const size_t change = row[j] < row[j - 1] ? row[j] + 1 : row[j - 1] + 1;
            diagonal = row[j];
            row[j] = replace < change ? replace : change;
        }
    }
    return row[b.length];
}

struct bytes bytes_nearest(struct bytes word, const struct bytes *candidates, size_t count)
{
    struct bytes nearest = {0};
    size_t least = word.length / 3 + 2; /* a third of the letters wrong is no slip of the finger */
    if (word.length > LONGEST_SUGGESTED_WORD) {
        return nearest;
    }
    for (size_t i = 0; i < count; i++) {
        if (candidates[i].length > LONGEST_SUGGESTED_WORD) {
            continue;
        }
        const size_t here = distance(word, candidates[i]);
        if (here < least) {
            least = here;
            nearest = candidates[i];
        }
    }
    return nearest;
}
