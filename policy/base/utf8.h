/* SPDX-License-Identifier: Apache-2.0 */
/*
 * UTF-8 as Unicode 15 §3.9 table 3-7 has it: no surrogates, no overlong forms, nothing above
 * U+10FFFF.
 */
#ifndef AMANAT_POLICY_BASE_UTF8_H
#define AMANAT_POLICY_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/base/bytes.h"

/** Length of the valid prefix; equal to `bytes.length` when all of it is valid. */
size_t utf8_valid_length(struct bytes bytes);

static inline bool utf8_is_valid(struct bytes bytes)
{
    return utf8_valid_length(bytes) == bytes.length;
}

/** Reads one scalar value at `*position` of valid UTF-8 and moves past it. */
uint32_t utf8_next(struct bytes bytes, size_t *position);

/** Writes one scalar value; gives the number of bytes (1 to 4), 0 for what is no scalar value. */
size_t utf8_encode(uint32_t scalar, char out[4]);

/** Number of scalar values in valid UTF-8. */
size_t utf8_count(struct bytes bytes);

#endif
