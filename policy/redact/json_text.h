/* SPDX-License-Identifier: Apache-2.0 */
/* From a string token as it is spelt to its text. Only for tokens that the scanner has passed. */
#ifndef AMANAT_POLICY_REDACT_JSON_TEXT_H
#define AMANAT_POLICY_REDACT_JSON_TEXT_H

#include <stdbool.h>

#include "policy/base/buffer.h"
#include "policy/base/bytes.h"

/**
 * Appends the text of `token` (with its opening quote) as UTF-8. A token that was cut short gives
 * the whole characters before the cut.
 */
void json_text_decode(struct bytes token, struct buffer *out);

#endif
