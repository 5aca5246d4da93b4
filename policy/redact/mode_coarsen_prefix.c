/* SPDX-License-Identifier: Apache-2.0 */
/* Coarsen by prefix: the first characters (code points) of a hierarchical code, as of a postal code
 * or a place in a tree. */
#include "policy/base/utf8.h"
#include "policy/redact/modes.h"

void mode_coarsen_prefix(unsigned count, struct bytes text, struct buffer *out)
{
    size_t position = 0;
    for (unsigned i = 0; i < count && position < text.length; i++) {
        (void)utf8_next(text, &position);
    }
    buffer_append(out, bytes_first(text, position));
}
