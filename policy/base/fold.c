/* SPDX-License-Identifier: Apache-2.0 */
/* Folding: each scalar value on its own, so that the way back is exact; see fold.h. */
#include "policy/base/fold.h"

#include <string.h>

#include <utf8proc.h>

#include "policy/base/guard.h"
#include "policy/base/utf8.h"

/* U+FDFA, the longest, becomes 18; see Unicode 15, DerivedNormalizationProps. */
#define LONGEST_DECOMPOSITION 32

/*
 * What neither decomposition nor the general category tells, ascending. 0: dropped; a digit is that
 * of the first, those behind it count on.
 */
static const struct {
    uint32_t first;
    uint32_t last;
    char folded;
} exceptions[] = {
    {0x00B7, 0x00B7, '.'},   /* middle dot */
    {0x02D7, 0x02D7, '-'},   /* modifier minus */
    {0x0640, 0x0640, 0},     /* tatweel: stretches a word */
    {0x06D4, 0x06D4, '.'},   /* the full stop of Urdu, which looks like a dash */
    {0x115F, 0x1160, 0},     /* Hangul fillers: letters that nobody sees */
    {0x2022, 0x2022, '.'},   /* bullet */
    {0x2043, 0x2043, '-'},   /* hyphen bullet */
    {0x2044, 0x2044, '/'},   /* fraction slash */
    {0x2053, 0x2053, '-'},   /* swung dash */
    {0x2065, 0x2065, 0},     /* not assigned, but promised to be invisible: here and below */
    {0x2212, 0x2212, '-'},   /* minus */
    {0x2215, 0x2215, '/'},   /* division slash */
    {0x2219, 0x2219, '.'},   /* bullet operator */
    {0x22C5, 0x22C5, '.'},   /* dot operator */
    {0x2474, 0x247C, '1'},   /* in parentheses */
    {0x2488, 0x2490, '1'},   /* with a full stop */
    {0x24F5, 0x24FD, '1'},   /* in two circles */
    {0x24FF, 0x24FF, '0'},   /* white in a black circle */
    {0x2500, 0x2501, '-'},   /* box drawing */
    {0x2776, 0x277E, '1'},   /* the same */
    {0x2780, 0x2788, '1'},   /* in a circle, without serifs */
    {0x278A, 0x2792, '1'},   /* white, the same */
    {0x2795, 0x2795, '+'},   /* heavy plus */
    {0x2796, 0x2796, '-'},   /* heavy minus */
    {0x2800, 0x2800, ' '},   /* braille blank */
    {0x3002, 0x3002, '.'},   /* ideographic full stop: a dot of host names, RFC 3490 */
    {0x30FB, 0x30FB, '.'},   /* katakana middle dot */
    {0x3164, 0x3164, 0},     /* Hangul filler */
    {0xFFA0, 0xFFA0, 0},     /* the same, half width */
    {0xFFF0, 0xFFF8, 0},     /* not assigned */
    {0x1F100, 0x1F100, '0'}, /* with a full stop */
    {0x1F101, 0x1F10A, '0'}, /* with a comma */
    {0x1F10B, 0x1F10B, '0'}, /* in a circle */
    {0x1F10C, 0x1F10C, '0'}, /* white in a black circle */
    {0xE0000, 0xE0FFF, 0},   /* tags, variation selectors, and much that is not assigned */
};

void folded_text_init(struct folded_text *folded, size_t limit)
{
    ASSERT(limit < UINT32_MAX);
    *folded = (struct folded_text){0};
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
    folded->sets_apart = false;
    folded->has_decorated = false;
    folded->last = FOLD_NO_DIGIT;
    folded->before_last = FOLD_NO_DIGIT;
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

static bool find_exception(uint32_t scalar, uint32_t *out)
{
    size_t at = 0;
    while (at < sizeof(exceptions) / sizeof(exceptions[0]) && exceptions[at].last < scalar) {
        at++;
    }
    if (at == sizeof(exceptions) / sizeof(exceptions[0]) || exceptions[at].first > scalar) {
        return false;
    }
    const uint32_t folded = (unsigned char)exceptions[at].folded;
    const bool counts_on = folded >= '0' && folded <= '9';
    *out = folded + (counts_on ? scalar - exceptions[at].first : 0);
    return true;
}

/* A scalar value that is decomposed, as it is compared; 0: dropped. */
static uint32_t fold_scalar(uint32_t scalar)
{
    uint32_t folded = 0;
    if (scalar >= 0x20 && scalar < 0x7F) {
        return scalar;
    }
    if (find_exception(scalar, &folded)) {
        return folded;
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
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ME:
        return 0;
    default:
        return scalar;
    }
}

static void append_bytes(struct folded_text *folded, struct bytes text, struct fold_origin origin)
{
    buffer_append(&folded->text, text);
    for (size_t i = 0; i < text.length; i++) {
        buffer_append(&folded->origins, bytes_of((const char *)&origin, sizeof(origin)));
    }
}

/* `digit`: its kind, if it is one. */
static void append(struct folded_text *folded, uint32_t scalar, enum fold_digit digit,
                   struct fold_origin origin)
{
    char text[4];
    const enum fold_digit kind = scalar >= '0' && scalar <= '9' ? digit : FOLD_NO_DIGIT;
    if (scalar == 0) {
        return;
    }
    folded->is_set_apart = folded->sets_apart && kind != folded->last && kind != FOLD_NO_DIGIT &&
                           folded->last != FOLD_NO_DIGIT;
    if (folded->is_set_apart) {
        append_bytes(folded, BYTES(" "), (struct fold_origin){origin.begin, origin.begin});
    }
    append_bytes(folded, bytes_of(text, utf8_encode(scalar, text)), origin);
    folded->has_decorated = folded->has_decorated || kind == FOLD_DECORATED_DIGIT;
    folded->before_last = folded->last;
    folded->last = kind;
}

/* An enclosing mark decorates the digit before it. */
static void enclose_last(struct folded_text *folded)
{
    if (folded->last != FOLD_PLAIN_DIGIT || folded->text.broken) {
        return;
    }
    const size_t at = folded->text.length - 1;
    const size_t before = folded->is_set_apart ? at - 1 : at;
    const char digit = folded->text.at[at];
    const struct fold_origin origin = folded_text_origin(folded, at, at + 1);
    buffer_truncate(&folded->text, before);
    buffer_truncate(&folded->origins, before * sizeof(origin));
    folded->last = folded->before_last;
    append(folded, (unsigned char)digit, FOLD_DECORATED_DIGIT, origin);
}

void folded_text_add(struct folded_text *folded, uint32_t scalar, size_t begin, size_t end)
{
    const struct fold_origin origin = {(uint32_t)begin, (uint32_t)end};
    utf8proc_int32_t parts[LONGEST_DECOMPOSITION];
    int boundary = 0;
    uint32_t exception = 0;
    if (scalar >= 0x20 && scalar < 0x7F) {
        append(folded, scalar, FOLD_PLAIN_DIGIT, origin);
        return;
    }
    if (find_exception(scalar, &exception)) {
        append(folded, exception, FOLD_DECORATED_DIGIT, origin);
        return;
    }
    const utf8proc_category_t category = utf8proc_category((utf8proc_int32_t)scalar);
    const enum fold_digit digit =
        category == UTF8PROC_CATEGORY_ND ? FOLD_PLAIN_DIGIT : FOLD_DECORATED_DIGIT;
    if (category == UTF8PROC_CATEGORY_ME) {
        enclose_last(folded);
    }
    const utf8proc_ssize_t count =
        utf8proc_decompose_char((utf8proc_int32_t)scalar, parts, LONGEST_DECOMPOSITION,
                                UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT, &boundary);
    if (count < 0 || count > LONGEST_DECOMPOSITION) {
        append(folded, scalar, digit, origin); /* not in the tables */
        return;
    }
    for (utf8proc_ssize_t i = 0; i < count; i++) {
        append(folded, fold_scalar((uint32_t)parts[i]), digit, origin);
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
