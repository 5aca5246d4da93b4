/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cedar's duration: milliseconds in 64 bits, written `-?` and then days, hours, minutes, seconds
 * and milliseconds in this order, each at most once and at least one of them.
 */
#include "policy/cedar/cedar_extension.h"

struct unit {
    struct bytes suffix;
    int64_t milliseconds;
};

/* "m" is tried after "ms" has been ruled out: see unit_at. */
static const struct unit units[] = {
    {BYTES_INIT("d"), 86400000}, {BYTES_INIT("h"), 3600000}, {BYTES_INIT("m"), 60000},
    {BYTES_INIT("s"), 1000},     {BYTES_INIT("ms"), 1},
};
#define UNIT_COUNT (sizeof(units) / sizeof(units[0]))

/* Which unit `text` begins with, from `first` on; UNIT_COUNT for none. */
static size_t unit_at(struct bytes text, size_t first)
{
    if (bytes_start_with(text, BYTES("ms"))) {
        return UNIT_COUNT - 1;
    }
    size_t unit = first;
    while (unit < UNIT_COUNT && !bytes_start_with(text, units[unit].suffix)) {
        unit++;
    }
    return unit;
}

/* Adds `digits` units to the total, with the sign, so that the least duration can be written. */
static bool add_units(struct bytes digits, bool negative, const struct unit *unit, int64_t *total)
{
    int64_t number = 0;
    for (size_t i = 0; i < digits.length; i++) {
        const int64_t digit = negative ? -(digits.at[i] - '0') : digits.at[i] - '0';
        if (__builtin_mul_overflow(number, 10, &number) ||
            __builtin_add_overflow(number, digit, &number)) {
            return false;
        }
    }
    return !__builtin_mul_overflow(number, unit->milliseconds, &number) &&
           !__builtin_add_overflow(*total, number, total);
}

bool cedar_duration_from_text(struct bytes text, struct cedar_value *out)
{
    const bool negative = text.length > 0 && text.at[0] == '-';
    size_t next_unit = 0;
    int64_t total = 0;
    text = bytes_from(text, negative ? 1 : 0);
    if (text.length == 0) {
        return false;
    }
    while (text.length > 0) {
        size_t digits = 0;
        while (digits < text.length && text.at[digits] >= '0' && text.at[digits] <= '9') {
            digits++;
        }
        const size_t unit = unit_at(bytes_from(text, digits), next_unit);
        if (digits == 0 || unit == UNIT_COUNT || unit < next_unit ||
            !add_units(bytes_first(text, digits), negative, &units[unit], &total)) {
            return false;
        }
        text = bytes_from(text, digits + units[unit].suffix.length);
        next_unit = unit + 1;
    }
    *out = cedar_value_duration(total);
    return true;
}
