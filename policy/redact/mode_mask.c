/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mask: a fixed text; `***` and some characters (a combining character counts as one of its own:
 * `keep_first: n` promises code points); or a replacement with groups of a pattern, which matches
 * the whole value or nothing of it shows.
 */
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

static void keep_some(const struct catalogue_label *label, struct bytes text, struct buffer *out)
{
    const size_t kept = label->mask.count;
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

static void replace(const struct catalogue_label *label, struct pattern_matcher *matcher,
                    struct bytes text, struct buffer *out)
{
    pattern_matcher_begin(matcher, text);
    if (pattern_find(matcher, label->mask.pattern, text, 0) != PATTERN_FOUND) {
        buffer_append_string(out, "***");
        return;
    }
    for (size_t i = 0; i < label->mask.part_count; i++) {
        const struct mask_part *part = &label->mask.parts[i];
        buffer_append(out,
                      part->group > 0 ? pattern_group(matcher, text, part->group) : part->text);
    }
}

void mode_mask(const struct catalogue_label *label, struct pattern_matcher *matcher,
               struct bytes text, struct buffer *out)
{
    switch (label->mask.kind) {
    case MASK_TEXT:
        buffer_append(out, label->mask.text);
        break;
    case MASK_KEEP_FIRST:
    case MASK_KEEP_LAST:
        keep_some(label, text, out);
        break;
    case MASK_PATTERN:
        replace(label, matcher, text, out);
        break;
    }
}
