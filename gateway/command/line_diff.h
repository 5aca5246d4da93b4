/* SPDX-License-Identifier: Apache-2.0 */
/* Two texts line by line, as people compare them. */
#ifndef AMANAT_GATEWAY_COMMAND_LINE_DIFF_H
#define AMANAT_GATEWAY_COMMAND_LINE_DIFF_H

#include "amanat/result.h"
#include "policy/base/arena.h"
#include "policy/base/buffer.h"

/**
 * Appends the lines of both texts after `indent`: `- ` before those that only `expected` has, `+ `
 * before those that only `actual` has, two blanks before those of both. Of lines that are the same
 * in both three stand around each difference. MEMORY.
 */
AMANAT_MUST_CHECK amanat_result line_diff_append(struct buffer *out, struct arena *arena,
                                                 struct bytes expected, struct bytes actual,
                                                 const char *indent);

#endif
