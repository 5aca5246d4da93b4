/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decimal numbers as their digits, for coarsening exactly: never in binary floating point. Read is
 * the grammar of RFC 8259 §6, also in strings: `+1`, `01` and ` 1` are no numbers.
 */
#ifndef AMANAT_POLICY_REDACT_DECIMAL_H
#define AMANAT_POLICY_REDACT_DECIMAL_H

#include <stdbool.h>
#include <stdint.h>

#include "policy/base/buffer.h"
#include "policy/base/bytes.h"
#include "policy/catalogue/catalogue.h"

#define DECIMAL_DIGITS   64
#define DECIMAL_EXPONENT 64
/* 64 digits moved by 64 places of exponent and 18 of scale, and one that a carry may add */
#define DECIMAL_INTEGER_DIGITS (DECIMAL_DIGITS + DECIMAL_EXPONENT + 18 + 2)

/** A number as it is spelt: digits · 10^exponent. */
struct spelt_number {
    bool negative;
    unsigned char digits[DECIMAL_DIGITS];
    int count;
    int exponent;
};

/** A whole number, the least digit first. */
struct decimal_integer {
    unsigned char digits[DECIMAL_INTEGER_DIGITS];
    int count;
    bool cut; /* a fraction was dropped */
};

/** False for what is no number, has more than 64 digits, or an exponent beyond ±64. */
bool decimal_read(struct bytes text, struct spelt_number *out);

/** Whether it is zero, of either sign. */
bool decimal_is_zero(const struct spelt_number *number);

/** The number with all its digits and without an exponent. */
void decimal_write_plain(const struct spelt_number *number, struct buffer *out);

/** |number| · 10^scale, cut to an integer; `scale` is 0 to 18. */
void decimal_scale(const struct spelt_number *number, unsigned scale, struct decimal_integer *out);

/** Below zero, zero or above, as the integer is below, equal to or above `value`. */
int decimal_compare(const struct decimal_integer *integer, uint64_t value);

/** integer · 10^-scale, with so many decimals; zero has no sign. */
void decimal_write(const struct decimal_integer *integer, bool negative, unsigned scale,
                   struct buffer *out);
/** The same for an amount that the vocabulary gives. */
void decimal_write_step(struct decimal_step amount, bool negative, struct buffer *out);

#endif
