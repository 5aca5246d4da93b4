/* SPDX-License-Identifier: Apache-2.0 */
/* What the formatter promises, as a check that unit tests, fuzzing and the corpus share. */
#ifndef AMANAT_TESTS_SUPPORT_CEDAR_FORMATTED_H
#define AMANAT_TESTS_SUPPORT_CEDAR_FORMATTED_H

#include <stdbool.h>

#include "policy/base/bytes.h"

/**
 * Formats `text`, and what comes out once more. NULL if that kept every promise or the text does
 * not parse (and then nothing was written); else what was broken: other tokens, other comments or
 * a second run that changed something. The same tokens are the same syntax tree.
 */
const char *cedar_formatted_fault(struct bytes text, bool is_schema, bool *out_parses);

#endif
