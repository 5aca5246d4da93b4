/* SPDX-License-Identifier: Apache-2.0 */
/* What strangers wrote, as it may be shown to people: nothing in it steers a terminal. */
#ifndef AMANAT_POLICY_BASE_VISIBLE_H
#define AMANAT_POLICY_BASE_VISIBLE_H

#include <stdbool.h>
#include <stdint.h>

#include "policy/base/buffer.h"
#include "policy/base/bytes.h"

/** Whether a scalar value is a control, or turns text around so that a line reads as another. */
bool visible_is_hidden(uint32_t scalar);

/**
 * Appends text with what is hidden as Cedar would write it, `\x1B` and `\u{202E}`, and bytes that
 * are no UTF-8 as `\xFF`: one line.
 */
void visible_append(struct buffer *out, struct bytes text);

/** The same, but for LF, which stays: a text of several lines. */
void visible_append_lines(struct buffer *out, struct bytes text);

#endif
