/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 3339 texts to numbers. The day arithmetic counts from 1 March, so that the leap day is the
 * last of its year. */
#include "policy/base/calendar.h"

#include <stddef.h>

struct cursor {
    struct bytes text;
    size_t at;
};

static bool take_byte(struct cursor *cursor, const char *alternatives)
{
    if (cursor->at == cursor->text.length || cursor->text.at[cursor->at] == '\0' ||
        strchr(alternatives, cursor->text.at[cursor->at]) == NULL) {
        return false;
    }
    cursor->at++;
    return true;
}

/* Exactly `digits` digits, within the bounds. */
static bool take_number(struct cursor *cursor, unsigned digits, unsigned least, unsigned most,
                        unsigned *out)
{
    unsigned value = 0;
    for (unsigned i = 0; i < digits; i++) {
        if (cursor->at == cursor->text.length || cursor->text.at[cursor->at] < '0' ||
            cursor->text.at[cursor->at] > '9') {
            return false;
        }
        value = value * 10 + (unsigned)(cursor->text.at[cursor->at++] - '0');
    }
    if (value < least || value > most) {
        return false;
    }
    *out = value;
    return true;
}

static unsigned days_of_month(unsigned year, unsigned month)
{
    static const unsigned char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 && leap ? 29 : days[month - 1];
}

static bool take_date(struct cursor *cursor, struct calendar_time *out)
{
    unsigned year = 0;
    if (!take_number(cursor, 4, 0, 9999, &year) || !take_byte(cursor, "-") ||
        !take_number(cursor, 2, 1, 12, &out->month) || !take_byte(cursor, "-") ||
        !take_number(cursor, 2, 1, days_of_month(year, out->month), &out->day)) {
        return false;
    }
    out->year = (int)year;
    return true;
}

/* The digits after the point: at least one; beyond milliseconds they are cut off. */
static bool take_fraction(struct cursor *cursor, unsigned *out_milliseconds)
{
    unsigned digit = 0;
    unsigned weight = 100;
    if (!take_number(cursor, 1, 0, 9, &digit)) {
        return false;
    }
    do {
        *out_milliseconds += digit * weight;
        weight /= 10;
    } while (take_number(cursor, 1, 0, 9, &digit));
    return true;
}

static bool take_offset(struct cursor *cursor, struct calendar_time *out)
{
    unsigned hours = 0;
    unsigned minutes = 0;
    if (take_byte(cursor, "Zz")) {
        out->has_offset = true;
        return true;
    }
    const bool west = take_byte(cursor, "-");
    if (!west && !take_byte(cursor, "+")) {
        return true; /* local time */
    }
    if (!take_number(cursor, 2, 0, 23, &hours) || !take_byte(cursor, ":") ||
        !take_number(cursor, 2, 0, 59, &minutes)) {
        return false;
    }
    out->has_offset = true;
    out->offset_minutes = (int)(hours * 60 + minutes) * (west ? -1 : 1);
    return true;
}

static bool take_time(struct cursor *cursor, struct calendar_time *out)
{
    out->has_time = true;
    if (!take_number(cursor, 2, 0, 23, &out->hour) || !take_byte(cursor, ":") ||
        !take_number(cursor, 2, 0, 59, &out->minute) || !take_byte(cursor, ":") ||
        !take_number(cursor, 2, 0, 60, &out->second)) {
        return false;
    }
    if (take_byte(cursor, ".") && !take_fraction(cursor, &out->milliseconds)) {
        return false;
    }
    return take_offset(cursor, out);
}

bool calendar_parse(struct bytes text, struct calendar_time *out)
{
    struct cursor cursor = {.text = text};
    struct calendar_time time = {0};
    if (!take_date(&cursor, &time)) {
        return false;
    }
    if (take_byte(&cursor, "Tt ") && !take_time(&cursor, &time)) {
        return false;
    }
    if (cursor.at != text.length) {
        return false;
    }
    *out = time;
    return true;
}

int64_t calendar_days(int year, unsigned month, unsigned day)
{
    const int64_t shifted_year = (int64_t)year - (month <= 2 ? 1 : 0);
    const int64_t era = (shifted_year >= 0 ? shifted_year : shifted_year - 399) / 400;
    const int64_t year_of_era = shifted_year - era * 400;
    const int64_t month_from_march = ((int64_t)month + 9) % 12;
    const int64_t day_of_year = (153 * month_from_march + 2) / 5 + (int64_t)day - 1;
    const int64_t day_of_era =
        year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468; /* days from 0000-03-01 to 1970-01-01 */
}

void calendar_date(int64_t days, int *out_year, unsigned *out_month, unsigned *out_day)
{
    const int64_t shifted = days + 719468;
    const int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
    const int64_t day_of_era = shifted - era * 146097;
    const int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    const int64_t day_of_year =
        day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    const int64_t month_from_march = (5 * day_of_year + 2) / 153;
    const unsigned month =
        (unsigned)(month_from_march < 10 ? month_from_march + 3 : month_from_march - 9);
    *out_year = (int)(year_of_era + era * 400 + (month <= 2 ? 1 : 0));
    *out_month = month;
    *out_day = (unsigned)(day_of_year - (153 * month_from_march + 2) / 5 + 1);
}

int64_t calendar_milliseconds(const struct calendar_time *time)
{
    const int64_t minutes =
        (calendar_days(time->year, time->month, time->day) * 24 + time->hour) * 60 + time->minute -
        time->offset_minutes;
    return (minutes * 60 + time->second) * 1000 + time->milliseconds;
}
