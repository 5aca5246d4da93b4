/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Coarsen by time: the first instant, in UTC, of the hour, day, month or year in which a point in
 * time lies. Read is RFC 3339 §5.6 (`T` and `Z` in either case, no space between date and time):
 *
 *   date-time with offset    2026-01-01T02:30:00+05:00  →  2025-12-31T00:00:00Z     (unit: day)
 *   local date-time          2026-01-01T02:30:00.25     →  2026-01-01T00:00:00
 *   date alone               2026-01-17                 →  2026-01-01               (unit: month)
 *
 * A date alone is at least as coarse as a day already, so hour and day leave it as it is. Second 60
 * is read where UTC (or local time without offset) is 23:59 (RFC 3339 §5.7); it never shows, since
 * every unit drops the seconds. Years outside 0000 to 9999 after the offset: withheld.
 */
#include "policy/redact/modes.h"

struct moment {
    int year;
    int month;
    int day;
    int hour;
    int minute;
    int second;
};

/* A reader that never goes past the end of the text. */
struct time_reader {
    struct bytes text;
    size_t at;
};

static bool take_byte(struct time_reader *reader, char first, char second)
{
    if (reader->at >= reader->text.length ||
        (reader->text.at[reader->at] != first && reader->text.at[reader->at] != second)) {
        return false;
    }
    reader->at++;
    return true;
}

static bool take_digits(struct time_reader *reader, size_t count, int *out)
{
    int value = 0;
    if (reader->text.length - reader->at < count) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        const char digit = reader->text.at[reader->at + i];
        if (digit < '0' || digit > '9') {
            return false;
        }
        value = value * 10 + (digit - '0');
    }
    reader->at += count;
    *out = value;
    return true;
}

static bool is_at_end(const struct time_reader *reader)
{
    return reader->at == reader->text.length;
}

/* RFC 3339 §5.7 and appendix C. */
static int days_of_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 && is_leap ? 29 : days[month - 1];
}

static bool read_date(struct time_reader *reader, struct moment *out)
{
    return take_digits(reader, 4, &out->year) && take_byte(reader, '-', '-') &&
           take_digits(reader, 2, &out->month) && take_byte(reader, '-', '-') &&
           take_digits(reader, 2, &out->day) && out->month >= 1 && out->month <= 12 &&
           out->day >= 1 && out->day <= days_of_month(out->year, out->month);
}

static bool skip_fraction(struct time_reader *reader)
{
    int digit = 0;
    if (!take_byte(reader, '.', '.')) {
        return true;
    }
    if (!take_digits(reader, 1, &digit)) {
        return false;
    }
    while (take_digits(reader, 1, &digit)) {
    }
    return true;
}

static bool read_time(struct time_reader *reader, struct moment *out)
{
    return take_digits(reader, 2, &out->hour) && take_byte(reader, ':', ':') &&
           take_digits(reader, 2, &out->minute) && take_byte(reader, ':', ':') &&
           take_digits(reader, 2, &out->second) && out->hour <= 23 && out->minute <= 59 &&
           out->second <= 60 && skip_fraction(reader);
}

/* `Z` or ±hh:mm, as minutes to subtract. */
static bool read_offset(struct time_reader *reader, int *out_minutes)
{
    int hours = 0;
    int minutes = 0;
    if (take_byte(reader, 'Z', 'z')) {
        *out_minutes = 0;
        return true;
    }
    const bool is_west = take_byte(reader, '-', '-');
    if ((!is_west && !take_byte(reader, '+', '+')) || !take_digits(reader, 2, &hours) ||
        !take_byte(reader, ':', ':') || !take_digits(reader, 2, &minutes) || hours > 23 ||
        minutes > 59) {
        return false;
    }
    *out_minutes = (is_west ? -1 : 1) * (hours * 60 + minutes);
    return true;
}

static void move_to_previous_day(struct moment *moment)
{
    if (--moment->day > 0) {
        return;
    }
    if (--moment->month == 0) {
        moment->month = 12;
        moment->year--;
    }
    moment->day = days_of_month(moment->year, moment->month);
}

static void move_to_next_day(struct moment *moment)
{
    if (++moment->day <= days_of_month(moment->year, moment->month)) {
        return;
    }
    moment->day = 1;
    if (++moment->month == 13) {
        moment->month = 1;
        moment->year++;
    }
}

/* An offset is less than a day, so at most one day changes. */
static void subtract_offset(struct moment *moment, int offset)
{
    int minutes = moment->hour * 60 + moment->minute - offset;
    if (minutes < 0) {
        minutes += 24 * 60;
        move_to_previous_day(moment);
    } else if (minutes >= 24 * 60) {
        minutes -= 24 * 60;
        move_to_next_day(moment);
    }
    moment->hour = minutes / 60;
    moment->minute = minutes % 60;
}

static void truncate_date(enum time_unit unit, struct moment *moment)
{
    moment->month = unit == TIME_UNIT_YEAR ? 1 : moment->month;
    moment->day = unit == TIME_UNIT_YEAR || unit == TIME_UNIT_MONTH ? 1 : moment->day;
}

static void write_moment(const struct moment *moment, bool is_date, bool is_utc, struct buffer *out)
{
    buffer_append_format(out, "%04d-%02d-%02d", moment->year, moment->month, moment->day);
    if (!is_date) {
        buffer_append_format(out, "T%02d:00:00", moment->hour);
        buffer_append_string(out, is_utc ? "Z" : "");
    }
}

bool mode_coarsen_time(enum time_unit unit, struct bytes text, struct buffer *out)
{
    struct time_reader reader = {.text = text};
    struct moment moment = {0};
    int offset = 0;
    if (!read_date(&reader, &moment)) {
        return false;
    }
    if (is_at_end(&reader)) {
        truncate_date(unit, &moment);
        write_moment(&moment, true, false, out);
        return true;
    }
    if (!take_byte(&reader, 'T', 't') || !read_time(&reader, &moment)) {
        return false;
    }
    const bool is_utc = !is_at_end(&reader);
    if (is_utc && (!read_offset(&reader, &offset) || !is_at_end(&reader))) {
        return false;
    }
    subtract_offset(&moment, offset);
    if (moment.year < 0 || moment.year > 9999 ||
        (moment.second == 60 && (moment.hour != 23 || moment.minute != 59))) {
        return false;
    }
    truncate_date(unit, &moment);
    moment.hour = unit == TIME_UNIT_HOUR ? moment.hour : 0;
    write_moment(&moment, false, is_utc, out);
    return true;
}
