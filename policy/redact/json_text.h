/* SPDX-License-Identifier: Apache-2.0 */
/* From a string token as it is spelt to its text. Only for tokens that the scanner has passed. */
#ifndef AMANAT_POLICY_REDACT_JSON_TEXT_H
#define AMANAT_POLICY_REDACT_JSON_TEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "policy/base/buffer.h"
#include "policy/base/bytes.h"

/**
 * Appends the text of `token` (with its opening quote) as UTF-8. A token that was cut short gives
 * the whole characters before the cut.
 */
void json_text_decode(struct bytes token, struct buffer *out);

/**
 * Reads the scalar value that is spelt at `*at` of a whole `token` (1: behind its opening quote)
 * and moves past it; false at the closing quote.
 */
bool json_text_next(struct bytes token, size_t *at, uint32_t *out);

/** Whether name, colon and value stand together in memory, as in most bodies. */
static inline bool json_text_is_one_piece(struct bytes name, struct bytes value)
{
    return name.length > 0 && name.at + name.length + 1 == value.at && name.at[name.length] == ':';
}

#endif
