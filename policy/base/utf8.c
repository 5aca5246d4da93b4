/* SPDX-License-Identifier: Apache-2.0 */
/*
 * UTF-8 by Unicode 15 §3.9 table 3-7: the lead byte fixes the length and the range of the second
 * byte; that range is what keeps overlong forms (E0, F0), surrogates (ED) and values above U+10FFFF
 * (F4) out.
 */
#include "policy/base/utf8.h"

#include "policy/base/guard.h"

struct sequence {
    size_t length; /* 0: no lead byte */
    unsigned char second_least;
    unsigned char second_most;
};

static struct sequence sequence_of(unsigned char lead)
{
    if (lead <= 0x7F) {
        return (struct sequence){1, 0, 0};
    }
    if (lead >= 0xC2 && lead <= 0xDF) {
        return (struct sequence){2, 0x80, 0xBF};
    }
    if (lead >= 0xE0 && lead <= 0xEF) {
        return (struct sequence){3, lead == 0xE0 ? 0xA0 : 0x80, lead == 0xED ? 0x9F : 0xBF};
    }
    if (lead >= 0xF0 && lead <= 0xF4) {
        return (struct sequence){4, lead == 0xF0 ? 0x90 : 0x80, lead == 0xF4 ? 0x8F : 0xBF};
    }
    return (struct sequence){0, 0, 0};
}

/* Length of the valid sequence at `position`, or 0. */
static size_t valid_sequence(struct bytes bytes, size_t position)
{
    const unsigned char *at = (const unsigned char *)bytes.at + position;
    const struct sequence sequence = sequence_of(at[0]);
    if (sequence.length == 0 || sequence.length > bytes.length - position) {
        return 0;
    }
    if (sequence.length > 1 && (at[1] < sequence.second_least || at[1] > sequence.second_most)) {
        return 0;
    }
    for (size_t i = 2; i < sequence.length; i++) {
        if ((at[i] & 0xC0) != 0x80) {
            return 0;
        }
    }
    return sequence.length;
}

size_t utf8_valid_length(struct bytes bytes)
{
    size_t position = 0;
    while (position < bytes.length) {
        if ((unsigned char)bytes.at[position] <= 0x7F) {
            position++;
            continue;
        }
        const size_t length = valid_sequence(bytes, position);
        if (length == 0) {
            break;
        }
        position += length;
    }
    return position;
}

uint32_t utf8_next(struct bytes bytes, size_t *position)
{
    static const unsigned char lead_bits[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
    ASSERT(*position < bytes.length);
    const unsigned char *at = (const unsigned char *)bytes.at + *position;
    const size_t length = sequence_of(at[0]).length;
    ASSERT(length > 0 && length <= bytes.length - *position);
    uint32_t scalar = at[0] & lead_bits[length];
    for (size_t i = 1; i < length; i++) {
        scalar = scalar << 6 | (at[i] & 0x3F);
    }
    *position += length;
    return scalar;
}

size_t utf8_encode(uint32_t scalar, char out[4])
{
    if (scalar <= 0x7F) {
        out[0] = (char)scalar;
        return 1;
    }
    if (scalar <= 0x7FF) {
        out[0] = (char)(0xC0 | scalar >> 6);
        out[1] = (char)(0x80 | (scalar & 0x3F));
        return 2;
    }
    if (scalar >= 0xD800 && scalar <= 0xDFFF) {
        return 0;
    }
    if (scalar <= 0xFFFF) {
        out[0] = (char)(0xE0 | scalar >> 12);
        out[1] = (char)(0x80 | (scalar >> 6 & 0x3F));
        out[2] = (char)(0x80 | (scalar & 0x3F));
        return 3;
    }
    if (scalar <= 0x10FFFF) {
        out[0] = (char)(0xF0 | scalar >> 18);
        out[1] = (char)(0x80 | (scalar >> 12 & 0x3F));
        out[2] = (char)(0x80 | (scalar >> 6 & 0x3F));
        out[3] = (char)(0x80 | (scalar & 0x3F));
        return 4;
    }
    return 0;
}

size_t utf8_count(struct bytes bytes)
{
    size_t count = 0;
    for (size_t i = 0; i < bytes.length; i++) {
        count += ((unsigned char)bytes.at[i] & 0xC0) != 0x80;
    }
    return count;
}
