/* SPDX-License-Identifier: Apache-2.0 */
/* Mask: a fixed text, or `***` and some characters. A combining character counts as one of its own:
 * `keep_first: n` promises code points. */
#include "policy/base/utf8.h"
#include "policy/redact/modes.h"

/* Where code point number `count` begins. */
static size_t offset_of(struct bytes text, size_t count)
{
    size_t position = 0;
    for (size_t i = 0; i < count && position < text.length; i++) {
        (void)utf8_next(text, &position);
    }
    return position;
}

void mode_mask(const struct catalogue_label *label, struct bytes text, struct buffer *out)
{
    const size_t kept = label->mask.count;
    if (label->mask.kind == MASK_TEXT) {
        buffer_append(out, label->mask.text);
        return;
    }
    const size_t length = utf8_count(text);
    /* fewer than 2n+1: what is kept would be half of it or more */
    if (length / 2 < kept || length < 2 * kept + 1) {
        buffer_append_string(out, "***");
    } else if (label->mask.kind == MASK_KEEP_FIRST) {
        buffer_append(out, bytes_first(text, offset_of(text, kept)));
        buffer_append_string(out, "***");
    } else {
        buffer_append_string(out, "***");
        buffer_append(out, bytes_from(text, offset_of(text, length - kept)));
    }
}
