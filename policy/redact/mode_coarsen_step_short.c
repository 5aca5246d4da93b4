/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Coarsen by step for the numbers that nearly all bodies hold: so few digits that 64 bits do. It
 * says the same as the rest of mode_coarsen_step, which takes what is left.
 */
#include "policy/redact/modes.h"

/* Nine digits before the point and nine behind it stay below 10^18. */
#define DIGITS_BEFORE 9
#define DIGITS_BEHIND 9
#define LARGEST_STEP  UINT64_C(1000000000000000000)

/** A number whose digits were read as far as the step's decimals go. */
struct short_number {
    bool negative;
    bool cut; /* digits behind them are not all zero */
    uint64_t scaled;
};

static bool is_digit_at(struct bytes text, size_t at)
{
    return at < text.length && text.at[at] >= '0' && text.at[at] <= '9';
}

/* The digits behind the point, as many as the step has; the rest is cut. */
static bool read_decimals(struct bytes text, size_t at, unsigned scale, struct short_number *number)
{
    unsigned count = 0;
    for (; is_digit_at(text, at) && count < DIGITS_BEHIND; at++, count++) {
        if (count < scale) {
            number->scaled = number->scaled * 10 + (uint64_t)(text.at[at] - '0');
        } else {
            number->cut = number->cut || text.at[at] != '0';
        }
    }
    for (unsigned i = count; i < scale; i++) {
        number->scaled *= 10;
    }
    return count > 0 && at == text.length;
}

/* Without exponent and with few digits; false: it is another, or none. */
static bool read_number(struct bytes text, unsigned scale, struct short_number *number)
{
    size_t at = text.length > 0 && text.at[0] == '-' ? 1 : 0;
    const size_t start = at;
    number->negative = at > 0;
    for (; is_digit_at(text, at) && at - start < DIGITS_BEFORE; at++) {
        number->scaled = number->scaled * 10 + (uint64_t)(text.at[at] - '0');
    }
    if (at == start || (text.at[start] == '0' && at - start > 1)) {
        return false;
    }
    if (at < text.length) {
        return text.at[at] == '.' && read_decimals(text, at + 1, scale, number);
    }
    for (unsigned i = 0; i < scale; i++) {
        number->scaled *= 10;
    }
    return true;
}

static void write_number(uint64_t value, bool negative, unsigned scale, struct buffer *out)
{
    char text[32];
    size_t at = sizeof(text);
    const bool has_sign = negative && value > 0;
    for (unsigned i = 0; i <= scale || value > 0; i++) {
        if (i == scale && scale > 0) {
            text[--at] = '.';
        }
        text[--at] = (char)('0' + value % 10);
        value /= 10;
    }
    if (has_sign) {
        text[--at] = '-';
    }
    buffer_append(out, bytes_of(text + at, sizeof(text) - at));
}

static size_t digits_end(struct bytes text, size_t at)
{
    while (is_digit_at(text, at)) {
        at++;
    }
    return at;
}

/* A step of one unit of some decimal cuts a number that is not negative where it stands, if it has
 * so many decimals; false: it has not, or is no such number. */
static bool cut_decimals(unsigned scale, struct bytes text, struct buffer *out)
{
    const size_t point = digits_end(text, 0);
    if (point == 0 || point > DIGITS_BEFORE || (text.at[0] == '0' && point > 1) ||
        point == text.length || text.at[point] != '.') {
        return false;
    }
    const size_t end = digits_end(text, point + 1);
    const size_t decimals = end - point - 1;
    if (end != text.length || decimals == 0 || decimals > DIGITS_BEHIND || decimals < scale) {
        return false;
    }
    buffer_append(out, bytes_first(text, scale == 0 ? point : point + 1 + scale));
    return true;
}

bool mode_coarsen_short_step(struct decimal_step step, struct bytes text, struct buffer *out)
{
    struct short_number number = {0};
    if (step.digits == 1 && cut_decimals(step.scale, text, out)) {
        return true;
    }
    if (step.digits == 0 || step.digits > LARGEST_STEP || step.scale > DIGITS_BEHIND ||
        !read_number(text, step.scale, &number)) {
        return false;
    }
    const uint64_t remainder = number.scaled % step.digits;
    if (!number.negative) {
        number.scaled -= remainder;
    } else if (remainder > 0 || number.cut) {
        number.scaled += step.digits - remainder;
    }
    write_number(number.scaled, number.negative, step.scale, out);
    return true;
}
