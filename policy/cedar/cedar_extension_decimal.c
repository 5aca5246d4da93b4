/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cedar's decimal: `-?[0-9]+\.[0-9]{1,4}`, a count of ten-thousandths in 64 bits. No exponent, no
 * plus sign, no blanks.
 */
#include "policy/cedar/cedar_extension.h"

#define FRACTION_DIGITS 4

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

/* Appends a digit to a number that is built from below zero, so that the least value fits. */
static bool push_digit(int64_t *number, char digit)
{
    return !__builtin_mul_overflow(*number, 10, number) &&
           !__builtin_sub_overflow(*number, digit - '0', number);
}

/* Reads digits from `*at` on; gives how many, or false on overflow. */
static bool read_digits(struct bytes text, size_t *at, int64_t *number, size_t *out_count)
{
    const size_t start = *at;
    while (*at < text.length && is_digit(text.at[*at])) {
        if (!push_digit(number, text.at[*at])) {
            return false;
        }
        (*at)++;
    }
    *out_count = *at - start;
    return true;
}

bool cedar_decimal_from_text(struct bytes text, struct cedar_value *out)
{
    const bool negative = text.length > 0 && text.at[0] == '-';
    size_t at = negative ? 1 : 0;
    size_t count = 0;
    int64_t number = 0;
    if (!read_digits(text, &at, &number, &count) || count == 0 || at == text.length ||
        text.at[at] != '.') {
        return false;
    }
    at++;
    if (!read_digits(text, &at, &number, &count) || count == 0 || count > FRACTION_DIGITS ||
        at != text.length) {
        return false;
    }
    for (; count < FRACTION_DIGITS; count++) {
        if (!push_digit(&number, '0')) {
            return false;
        }
    }
    if (!negative && __builtin_sub_overflow(0, number, &number)) {
        return false;
    }
    *out = cedar_value_decimal(number);
    return true;
}

void cedar_decimal_append(struct buffer *buffer, int64_t ten_thousandths)
{
    const uint64_t magnitude =
        ten_thousandths < 0 ? 0 - (uint64_t)ten_thousandths : (uint64_t)ten_thousandths;
    unsigned fraction = (unsigned)(magnitude % 10000);
    int digits = FRACTION_DIGITS;
    while (digits > 1 && fraction % 10 == 0) {
        fraction /= 10;
        digits--;
    }
    buffer_append_format(buffer, "%s%llu.%0*u", ten_thousandths < 0 ? "-" : "",
                         (unsigned long long)(magnitude / 10000), digits, fraction);
}
