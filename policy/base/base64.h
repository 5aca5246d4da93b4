/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RFC 4648 §4 (base64), §5 (base64url without padding), §6 (base32, lower case, without padding)
 * and §8 (hex). Decoding is strict: only the canonical spelling (zero trailing bits, exact padding,
 * no white space) is accepted, so that one value has one text.
 */
#ifndef AMANAT_POLICY_BASE_BASE64_H
#define AMANAT_POLICY_BASE_BASE64_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/base/arena.h"
#include "policy/base/buffer.h"
#include "policy/base/bytes.h"

void base64_append(struct buffer *buffer, struct bytes bytes);
void base64url_append(struct buffer *buffer, struct bytes bytes);
void base32_append(struct buffer *buffer, struct bytes bytes);
void hex_append(struct buffer *buffer, struct bytes bytes);

/** Two digits for each byte, and a NUL behind them. */
void hex_write(struct bytes bytes, char *out);

/** Exactly `length` bytes in lower case; false for anything else, and `out` is then undefined. */
bool hex_read(struct bytes text, uint8_t *out, size_t length);

/** PEER_FAULT for anything that is not canonical; LIMIT/MEMORY from the arena. */
AMANAT_MUST_CHECK amanat_result base64_decode(struct arena *arena, struct bytes text,
                                              struct bytes *out);
AMANAT_MUST_CHECK amanat_result base64url_decode(struct arena *arena, struct bytes text,
                                                 struct bytes *out);

#endif
