/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Coarsen by step: floor to a multiple of a decimal, exactly, on the digits of the text; never in
 * binary floating point. With v the value and s = digits · 10^-scale the step:
 *
 *   n = |v| · 10^scale, cut to an integer (and whether anything was cut)
 *   v ≥ 0: n - n mod digits          v < 0: the next multiple of digits that is not below |v|
 *
 * which is right because floor(x / k) = floor(floor(x) / k) for whole k. The result is spelt with
 * the step's decimals and without exponent.
 */
#include "policy/redact/decimal.h"
#include "policy/redact/modes.h"

__extension__ typedef unsigned __int128 wide;

static uint64_t remainder_of(const struct decimal_integer *integer, uint64_t divisor)
{
    wide remainder = 0;
    for (int i = integer->count - 1; i >= 0; i--) {
        remainder = (remainder * 10 + integer->digits[i]) % divisor;
    }
    return (uint64_t)remainder;
}

static void subtract(struct decimal_integer *integer, uint64_t amount)
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

static void add(struct decimal_integer *integer, uint64_t amount)
{
    int carry = 0;
    for (int i = 0; i < DECIMAL_INTEGER_DIGITS && (amount > 0 || carry > 0); i++) {
        const int digit = integer->digits[i] + (int)(amount % 10) + carry;
        integer->digits[i] = (unsigned char)(digit % 10);
        carry = digit / 10;
        amount /= 10;
        if (i >= integer->count) {
            integer->count = i + 1;
        }
    }
}

static void floor_to_multiple(struct decimal_integer *integer, bool negative, uint64_t divisor)
{
    const uint64_t remainder = remainder_of(integer, divisor);
    if (!negative) {
        subtract(integer, remainder);
    } else if (remainder > 0 || integer->cut) {
        add(integer, divisor - remainder);
    }
}

bool mode_coarsen_step(struct decimal_step step, struct bytes text, struct buffer *out)
{
    struct spelt_number number;
    struct decimal_integer integer;
    if (mode_coarsen_short_step(step, text, out)) {
        return true;
    }
    if (step.digits == 0 || step.scale > 18 || !decimal_read(text, &number)) {
        return false;
    }
    decimal_scale(&number, step.scale, &integer);
    floor_to_multiple(&integer, number.negative, step.digits);
    decimal_write(&integer, number.negative, step.scale, out);
    return true;
}
