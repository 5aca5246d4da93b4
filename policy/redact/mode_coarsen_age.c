/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Coarsen by age band, from a date of birth or from an age in years:
 *
 *   string   "1990-05-17", "1990-05-17T08:00:00+05:00", "36"   →   "30-39", from 90 on "90+"
 *   number   36                                                →   30, from 90 on 90
 *
 * The age is that on the day `now` in UTC, by the date of birth as it is written; who was born on
 * 29 February is a year older from 1 March. From 90 on there is one band, as the HIPAA safe harbour
 * has it (45 CFR 164.514 (b)(2)(i)(C)): so few people are older that their age tells who they are.
 * A date in the future and an age above 150 are no ages; without a day `now` no date gives one.
 */
#include "policy/base/calendar.h"
#include "policy/redact/decimal.h"
#include "policy/redact/modes.h"

#define OLDEST_BAND         90
#define OLDEST_AGE          150
#define MILLISECONDS_OF_DAY ((int64_t)24 * 60 * 60 * 1000)

static bool read_age(struct bytes text, int *out)
{
    struct spelt_number number;
    struct decimal_integer whole;
    if (!decimal_read(text, &number) || (number.negative && !decimal_is_zero(&number))) {
        return false;
    }
    decimal_scale(&number, 0, &whole);
    if (decimal_compare(&whole, OLDEST_AGE) > 0) {
        return false;
    }
    *out = whole.digits[0] + 10 * whole.digits[1] + 100 * whole.digits[2];
    return true;
}

static bool read_birth(int64_t now, struct bytes text, int *out)
{
    struct calendar_time birth;
    int year = 0;
    unsigned month = 0;
    unsigned day = 0;
    if (now <= 0 || !calendar_parse(text, &birth)) {
        return false;
    }
    calendar_date(now / MILLISECONDS_OF_DAY, &year, &month, &day);
    const bool before_birthday = month < birth.month || (month == birth.month && day < birth.day);
    *out = year - birth.year - (before_birthday ? 1 : 0);
    return *out >= 0 && *out <= OLDEST_AGE;
}

bool mode_coarsen_age(unsigned band, int64_t now, bool is_number, struct bytes text,
                      struct buffer *out)
{
    int age = 0;
    if (!read_age(text, &age) && (is_number || !read_birth(now, text, &age))) {
        return false;
    }
    const int first = age >= OLDEST_BAND ? OLDEST_BAND : age - age % (int)band;
    const int next = first + (int)band < OLDEST_BAND ? first + (int)band : OLDEST_BAND;
    if (is_number) {
        buffer_append_number(out, first);
    } else if (first == OLDEST_BAND) {
        buffer_append_string(out, "90+");
    } else {
        buffer_append_format(out, "%d-%d", first, next - 1);
    }
    return true;
}
