/* SPDX-License-Identifier: Apache-2.0 */
/* Folding: each scalar value on its own, so that the way back is exact; see fold.h. */
#include "policy/base/fold.h"

#include <string.h>

#include <utf8proc.h>

#include "policy/base/guard.h"
#include "policy/base/utf8.h"

/* U+FDFA, the longest, becomes 18; see Unicode 15, DerivedNormalizationProps. */
#define LONGEST_DECOMPOSITION 32

/* What the general category does not tell. 0: dropped. */
static const struct {
    uint32_t scalar;
    uint32_t folded;
} exceptions[] = {
    {0x0640, 0}, /* tatweel: stretches a word */
    {0x115F, 0}, /* Hangul fillers: letters that nobody sees */
    {0x1160, 0},   {0x3164, 0}, {0xFFA0, 0}, {0x02D7, '-'}, /* modifier minus */
    {0x2043, '-'},                                          /* hyphen bullet */
    {0x2212, '-'},                                          /* minus */
    {0x2796, '-'},                                          /* heavy minus */
    {0x2044, '/'},                                          /* fraction slash */
    {0x2215, '/'},                                          /* division slash */
    {0x2800, ' '},                                          /* braille blank */
};

void folded_text_init(struct folded_text *folded, size_t limit)
{
    ASSERT(limit < UINT32_MAX);
    buffer_init(&folded->text, limit);
    buffer_init(&folded->origins, limit * sizeof(struct fold_origin));
}

void folded_text_clear(struct folded_text *folded)
{
    buffer_clear(&folded->text);
    buffer_clear(&folded->origins);
}

void folded_text_reset(struct folded_text *folded)
{
    buffer_reset(&folded->text);
    buffer_reset(&folded->origins);
}

/* Unicode: the digits of a script are ten consecutive scalar values from 0 to 9 (the mathematical
 * ones, which follow one another, are decomposed before). */
static uint32_t digit_value(uint32_t scalar)
{
    uint32_t value = 0;
    while (value < 9 &&
           utf8proc_category((utf8proc_int32_t)(scalar - value - 1)) == UTF8PROC_CATEGORY_ND) {
        value++;
    }
    return value;
}

static uint32_t fold_control(uint32_t scalar)
{
    const bool is_space = (scalar >= 0x09 && scalar <= 0x0D) || scalar == 0x85;
    return is_space ? ' ' : 0;
}

/* A scalar value that is decomposed, as it is compared; 0: dropped. */
static uint32_t fold_scalar(uint32_t scalar)
{
    if (scalar >= 0x20 && scalar < 0x7F) {
        return scalar;
    }
    for (size_t i = 0; i < sizeof(exceptions) / sizeof(exceptions[0]); i++) {
        if (exceptions[i].scalar == scalar) {
            return exceptions[i].folded;
        }
    }
    switch (utf8proc_category((utf8proc_int32_t)scalar)) {
    case UTF8PROC_CATEGORY_ND:
        return '0' + digit_value(scalar);
    case UTF8PROC_CATEGORY_PD:
        return '-';
    case UTF8PROC_CATEGORY_ZS:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
        return ' ';
    case UTF8PROC_CATEGORY_CC:
        return fold_control(scalar);
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_ME:
        return 0;
    default:
        return scalar;
    }
}

static void append(struct folded_text *folded, uint32_t scalar, const struct fold_origin *origin)
{
    char text[4];
    const size_t length = scalar == 0 ? 0 : utf8_encode(scalar, text);
    buffer_append(&folded->text, bytes_of(text, length));
    for (size_t i = 0; i < length; i++) {
        buffer_append(&folded->origins, bytes_of((const char *)origin, sizeof(*origin)));
    }
}

void folded_text_add(struct folded_text *folded, uint32_t scalar, size_t begin, size_t end)
{
    const struct fold_origin origin = {(uint32_t)begin, (uint32_t)end};
    utf8proc_int32_t parts[LONGEST_DECOMPOSITION];
    int boundary = 0;
    if (scalar >= 0x20 && scalar < 0x7F) {
        append(folded, scalar, &origin);
        return;
    }
    const utf8proc_ssize_t count =
        utf8proc_decompose_char((utf8proc_int32_t)scalar, parts, LONGEST_DECOMPOSITION,
                                UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT, &boundary);
    if (count < 0 || count > LONGEST_DECOMPOSITION) {
        append(folded, scalar, &origin); /* not in the tables */
        return;
    }
    for (utf8proc_ssize_t i = 0; i < count; i++) {
        append(folded, fold_scalar((uint32_t)parts[i]), &origin);
    }
}

amanat_result folded_text_check(const struct folded_text *folded)
{
    TRY(buffer_check(&folded->text));
    return buffer_check(&folded->origins);
}

struct fold_origin folded_text_origin(const struct folded_text *folded, size_t begin, size_t end)
{
    struct fold_origin first;
    struct fold_origin last;
    ASSERT(begin < end && end <= folded->text.length);
    memcpy(&first, folded->origins.at + begin * sizeof(first), sizeof(first));
    memcpy(&last, folded->origins.at + (end - 1) * sizeof(last), sizeof(last));
    return (struct fold_origin){first.begin, last.end};
}
