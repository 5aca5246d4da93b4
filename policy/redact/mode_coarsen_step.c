/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Coarsen by step: floor to a multiple of a decimal, exactly, on the digits of the text; never in
 * binary floating point. With v the value and s = digits · 10^-scale the step:
 *
 *   n = |v| · 10^scale, cut to an integer (and whether anything was cut)
 *   v ≥ 0: n - n mod digits          v < 0: the next multiple of digits that is not below |v|
 *
 * which is right because floor(x / k) = floor(floor(x) / k) for whole k. The result is spelt with
 * the step's decimals and without exponent; zero has no sign. Read is the grammar of RFC 8259 §6,
 * also in strings: `+1`, `01` and ` 1` are no numbers.
 */
#include "policy/redact/modes.h"

#define DIGIT_LIMIT    64
#define EXPONENT_LIMIT 64
/* 64 digits moved by 64 places of exponent and 18 of scale, and one that a carry may add */
#define INTEGER_DIGITS (DIGIT_LIMIT + EXPONENT_LIMIT + 18 + 2)

__extension__ typedef unsigned __int128 wide;

/** A number as it is spelt: digits · 10^exponent. */
struct spelt_number {
    bool negative;
    unsigned char digits[DIGIT_LIMIT];
    int count;
    int exponent;
};

/** A whole number, the least digit first. */
struct integer {
    unsigned char digits[INTEGER_DIGITS];
    int count;
    bool cut; /* a fraction was dropped */
};

static bool is_digit_at(struct bytes text, size_t at)
{
    return at < text.length && text.at[at] >= '0' && text.at[at] <= '9';
}

static bool read_digits(struct bytes text, size_t *at, struct spelt_number *number)
{
    if (!is_digit_at(text, *at)) {
        return false;
    }
    for (; is_digit_at(text, *at); (*at)++) {
        if (number->count == DIGIT_LIMIT) {
            return false;
        }
        number->digits[number->count++] = (unsigned char)(text.at[*at] - '0');
    }
    return true;
}

static bool read_exponent(struct bytes text, size_t *at, struct spelt_number *number)
{
    if (*at >= text.length || (text.at[*at] != 'e' && text.at[*at] != 'E')) {
        return true;
    }
    (*at)++;
    const bool negative = *at < text.length && text.at[*at] == '-';
    if (negative || (*at < text.length && text.at[*at] == '+')) {
        (*at)++;
    }
    if (!is_digit_at(text, *at)) {
        return false;
    }
    int value = 0;
    for (; is_digit_at(text, *at); (*at)++) {
        value = value * 10 + (text.at[*at] - '0');
        if (value > EXPONENT_LIMIT) {
            return false;
        }
    }
    number->exponent += negative ? -value : value;
    return true;
}

/* RFC 8259 §6: [ minus ] int [ frac ] [ exp ], all of the text. */
static bool read_number(struct bytes text, struct spelt_number *out)
{
    size_t at = 0;
    if (text.length > 0 && text.at[0] == '-') {
        out->negative = true;
        at++;
    }
    const bool leading_zero = is_digit_at(text, at) && text.at[at] == '0';
    if (!read_digits(text, &at, out) || (leading_zero && out->count > 1)) {
        return false;
    }
    if (at < text.length && text.at[at] == '.') {
        const int before = out->count;
        at++;
        if (!read_digits(text, &at, out)) {
            return false;
        }
        out->exponent = before - out->count;
    }
    return read_exponent(text, &at, out) && at == text.length;
}

/* |number| · 10^scale, cut to an integer. */
static void scale_to_integer(const struct spelt_number *number, int scale, struct integer *out)
{
    const int shift = number->exponent + scale; /* > 0: zeros behind; < 0: digits to drop */
    *out = (struct integer){0};
    for (int i = 0; i < shift; i++) {
        out->count++; /* zeros */
    }
    for (int i = number->count - 1; i >= 0; i--) {
        const int place = number->count - 1 - i + shift;
        if (place < 0) {
            out->cut = out->cut || number->digits[i] != 0;
        } else {
            out->digits[place] = number->digits[i];
            out->count = place + 1;
        }
    }
}

static uint64_t remainder_of(const struct integer *integer, uint64_t divisor)
{
    wide remainder = 0;
    for (int i = integer->count - 1; i >= 0; i--) {
        remainder = (remainder * 10 + integer->digits[i]) % divisor;
    }
    return (uint64_t)remainder;
}

static void subtract(struct integer *integer, uint64_t amount)
{
    int borrow = 0;
    for (int i = 0; i < integer->count && (amount > 0 || borrow > 0); i++) {
        int digit = integer->digits[i] - (int)(amount % 10) - borrow;
        borrow = digit < 0 ? 1 : 0;
        digit += borrow * 10;
        integer->digits[i] = (unsigned char)digit;
        amount /= 10;
    }
}

static void add(struct integer *integer, uint64_t amount)
{
    int carry = 0;
    for (int i = 0; i < INTEGER_DIGITS && (amount > 0 || carry > 0); i++) {
        const int digit = integer->digits[i] + (int)(amount % 10) + carry;
        integer->digits[i] = (unsigned char)(digit % 10);
        carry = digit / 10;
        amount /= 10;
        if (i >= integer->count) {
            integer->count = i + 1;
        }
    }
}

static void floor_to_multiple(struct integer *integer, bool negative, uint64_t divisor)
{
    const uint64_t remainder = remainder_of(integer, divisor);
    if (!negative) {
        subtract(integer, remainder);
    } else if (remainder > 0 || integer->cut) {
        add(integer, divisor - remainder);
    }
}

static void write_integer(struct integer *integer, bool negative, int scale, struct buffer *out)
{
    int first = INTEGER_DIGITS - 1; /* the highest place that is shown */
    while (first > 0 && integer->digits[first] == 0) {
        first--;
    }
    if (negative && (first > 0 || integer->digits[0] != 0)) {
        buffer_append_byte(out, '-');
    }
    for (int i = first > scale ? first : scale; i >= 0; i--) {
        buffer_append_byte(out, (char)('0' + integer->digits[i]));
        if (i == scale && scale > 0) {
            buffer_append_byte(out, '.');
        }
    }
}

bool mode_coarsen_step(struct decimal_step step, struct bytes text, struct buffer *out)
{
    struct spelt_number number = {0};
    struct integer integer;
    if (step.digits == 0 || step.scale > 18 || !read_number(text, &number)) {
        return false;
    }
    scale_to_integer(&number, (int)step.scale, &integer);
    floor_to_multiple(&integer, number.negative, step.digits);
    write_integer(&integer, number.negative, (int)step.scale, out);
    return true;
}
