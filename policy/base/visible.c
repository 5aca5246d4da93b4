/* SPDX-License-Identifier: Apache-2.0 */
/* Text made fit to be shown; see visible.h. Controls are those of C0 and C1; what turns text around
 * or cannot be seen is listed by its ranges (Unicode 15, UAX #9). */
#include "policy/base/visible.h"

#include <stddef.h>

#include "policy/base/utf8.h"

bool visible_is_hidden(uint32_t scalar)
{
    static const struct {
        uint32_t first;
        uint32_t last;
    } ranges[] = {
        {0x00, 0x1F},     {0x7F, 0x9F},     {0x061C, 0x061C}, {0x200B, 0x200B}, {0x200E, 0x200F},
        {0x2028, 0x202E}, {0x2060, 0x2069}, {0xFEFF, 0xFEFF}, {0xFFF9, 0xFFFB}, {0xE0000, 0xE007F},
    };
    for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]) && ranges[i].first <= scalar; i++) {
        if (scalar <= ranges[i].last) {
            return true;
        }
    }
    return false;
}

static void append_byte_escape(struct buffer *out, unsigned char byte)
{
    buffer_append_format(out, "\\x%02X", (unsigned)byte);
}

static void append_valid(struct buffer *out, struct bytes text, bool keep_lines)
{
    for (size_t next = 0; next < text.length;) {
        const size_t start = next;
        const uint32_t scalar = utf8_next(text, &next);
        if (!visible_is_hidden(scalar) || (scalar == '\n' && keep_lines)) {
            buffer_append(out, bytes_of(text.at + start, next - start));
        } else if (scalar < 0x80) {
            append_byte_escape(out, (unsigned char)scalar);
        } else {
            buffer_append_format(out, "\\u{%X}", (unsigned)scalar);
        }
    }
}

static void append_text(struct buffer *out, struct bytes text, bool keep_lines)
{
    while (text.length > 0) {
        const size_t valid = utf8_valid_length(text);
        append_valid(out, bytes_first(text, valid), keep_lines);
        text = bytes_from(text, valid);
        if (text.length > 0) {
            append_byte_escape(out, (unsigned char)text.at[0]);
            text = bytes_from(text, 1);
        }
    }
}

void visible_append(struct buffer *out, struct bytes text)
{
    append_text(out, text, false);
}

void visible_append_lines(struct buffer *out, struct bytes text)
{
    append_text(out, text, true);
}
