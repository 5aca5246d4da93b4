/* SPDX-License-Identifier: Apache-2.0 */
/* Runs of bytes: order, search and hash. */
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
