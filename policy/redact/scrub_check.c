/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Check digits of what a pattern found: ISO 13616 (IBAN: ISO 7064 mod 97-10) and ISO/IEC 7812-1
 * (cards: Luhn). A pattern takes as much as could belong to a number; of the places where it may
 * end the last is taken at which the check holds, so that nothing of the number is left over.
 */
#include "policy/redact/scrub.h"

#define IBAN_LEAST 15
#define IBAN_MOST  34
#define CARD_LEAST 13
#define CARD_MOST  19

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

/* The value of a character of an IBAN: 0 to 9, A = 10 … Z = 35; -1: a character between groups. */
static int value_of(char byte)
{
    const char upper = byte >= 'a' && byte <= 'z' ? (char)(byte - 'a' + 'A') : byte;
    if (is_digit(byte)) {
        return byte - '0';
    }
    return upper >= 'A' && upper <= 'Z' ? upper - 'A' + 10 : -1;
}

static unsigned append_mod_97(unsigned remainder, int value)
{
    return (remainder * (value > 9 ? 100 : 10) + (unsigned)value) % 97;
}

/* Whether the number ends at `at`: no character of one follows. */
static bool may_end(struct bytes text, size_t at, bool digits_only)
{
    return at == text.length || (digits_only ? !is_digit(text.at[at]) : value_of(text.at[at]) < 0);
}

/* The first four characters count last, so each end is tried with them appended. */
static bool check_iban(struct bytes text, size_t begin, size_t *end)
{
    unsigned remainder = 0;
    size_t count = 0;
    size_t found = begin;
    for (size_t at = begin; at < *end; at++) {
        const int value = value_of(text.at[at]);
        if (value < 0) {
            continue;
        }
        count++;
        remainder = count > 4 ? append_mod_97(remainder, value) : 0;
        unsigned whole = remainder;
        for (size_t i = begin; i < begin + 4; i++) {
            whole = append_mod_97(whole, value_of(text.at[i]));
        }
        if (whole == 1 && count >= IBAN_LEAST && count <= IBAN_MOST &&
            may_end(text, at + 1, false)) {
            found = at + 1;
        }
    }
    *end = found;
    return found > begin;
}

/* Two sums, since from which end a digit is doubled is known at the end only. */
static bool check_luhn(struct bytes text, size_t begin, size_t *end)
{
    unsigned sums[2] = {0, 0}; /* doubled are the digits of even or odd number */
    size_t count = 0;
    size_t found = begin;
    for (size_t at = begin; at < *end; at++) {
        if (!is_digit(text.at[at])) {
            continue;
        }
        const unsigned digit = (unsigned)(text.at[at] - '0');
        const unsigned doubled = digit > 4 ? 2 * digit - 9 : 2 * digit;
        sums[count % 2] += doubled;
        sums[(count + 1) % 2] += digit;
        count++;
        if (sums[count % 2] % 10 == 0 && count >= CARD_LEAST && count <= CARD_MOST &&
            may_end(text, at + 1, true)) {
            found = at + 1;
        }
    }
    *end = found;
    return found > begin;
}

bool scrub_check_passes(enum scrub_check check, struct bytes text, size_t begin, size_t *end)
{
    switch (check) {
    case SCRUB_CHECK_NONE:
        return true;
    case SCRUB_CHECK_IBAN:
        return check_iban(text, begin, end);
    case SCRUB_CHECK_LUHN:
        return check_luhn(text, begin, end);
    }
    return true;
}
