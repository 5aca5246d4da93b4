/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cedar's datetime (RFC 80 of Cedar): milliseconds since 1970 in 64 bits. The five text forms have
 * fixed digit counts; years are 0000 to 9999 of the proleptic Gregorian calendar, and there are no
 * leap seconds.
 */
#include "policy/cedar/cedar_extension.h"

#define SECOND ((int64_t)1000)
#define MINUTE (60 * SECOND)
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)

struct reader {
    struct bytes text;
    size_t at;
};

/* Exactly `count` digits, at most `largest`. */
static bool read_number(struct reader *reader, size_t count, int64_t largest, int64_t *out)
{
    int64_t number = 0;
    if (reader->text.length - reader->at < count) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        const char byte = reader->text.at[reader->at++];
        if (byte < '0' || byte > '9') {
            return false;
        }
        number = number * 10 + (byte - '0');
    }
    *out = number;
    return number <= largest;
}

static bool read_byte(struct reader *reader, char byte)
{
    if (reader->at == reader->text.length || reader->text.at[reader->at] != byte) {
        return false;
    }
    reader->at++;
    return true;
}

static bool is_leap_year(int64_t year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int64_t days_in_month(int64_t year, int64_t month)
{
    static const int64_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return month == 2 && is_leap_year(year) ? 29 : days[month - 1];
}

/* Days from 1970-01-01; years count from March, so that the leap day is the last of its year. */
static int64_t days_from_date(int64_t year, int64_t month, int64_t day)
{
    const int64_t shifted_year = (month <= 2 ? year - 1 : year) + 400; /* never negative */
    const int64_t shifted_month = (month + 9) % 12;
    const int64_t day_of_year = (153 * shifted_month + 2) / 5 + day - 1;
    return shifted_year * 365 + shifted_year / 4 - shifted_year / 100 + shifted_year / 400 +
           day_of_year - 719468 - 146097;
}

static bool read_date(struct reader *reader, int64_t *out)
{
    int64_t year = 0;
    int64_t month = 0;
    int64_t day = 0;
    if (!read_number(reader, 4, 9999, &year) || !read_byte(reader, '-') ||
        !read_number(reader, 2, 12, &month) || !read_byte(reader, '-') ||
        !read_number(reader, 2, 31, &day)) {
        return false;
    }
    if (month < 1 || day < 1 || day > days_in_month(year, month)) {
        return false;
    }
    *out = days_from_date(year, month, day) * DAY;
    return true;
}

static bool read_time(struct reader *reader, int64_t *out)
{
    int64_t hour = 0;
    int64_t minute = 0;
    int64_t second = 0;
    int64_t millisecond = 0;
    if (!read_number(reader, 2, 23, &hour) || !read_byte(reader, ':') ||
        !read_number(reader, 2, 59, &minute) || !read_byte(reader, ':') ||
        !read_number(reader, 2, 59, &second)) {
        return false;
    }
    if (read_byte(reader, '.') && !read_number(reader, 3, 999, &millisecond)) {
        return false;
    }
    *out = hour * HOUR + minute * MINUTE + second * SECOND + millisecond;
    return true;
}

/* `Z` or `+hhmm` or `-hhmm`: what to take off local time. */
static bool read_zone(struct reader *reader, int64_t *out)
{
    int64_t hour = 0;
    int64_t minute = 0;
    if (read_byte(reader, 'Z')) {
        *out = 0;
        return true;
    }
    const bool west = read_byte(reader, '-');
    if (!west && !read_byte(reader, '+')) {
        return false;
    }
    if (!read_number(reader, 2, 23, &hour) || !read_number(reader, 2, 59, &minute)) {
        return false;
    }
    *out = (west ? -1 : 1) * (hour * HOUR + minute * MINUTE);
    return true;
}

bool cedar_datetime_from_text(struct bytes text, struct cedar_value *out)
{
    struct reader reader = {.text = text};
    int64_t date = 0;
    int64_t time = 0;
    int64_t zone = 0;
    if (!read_date(&reader, &date)) {
        return false;
    }
    if (reader.at < text.length &&
        (!read_byte(&reader, 'T') || !read_time(&reader, &time) || !read_zone(&reader, &zone))) {
        return false;
    }
    if (reader.at != text.length) {
        return false;
    }
    *out = cedar_value_datetime(date + time - zone);
    return true;
}

int64_t cedar_datetime_to_time(int64_t milliseconds)
{
    const int64_t rest = milliseconds % DAY;
    return rest < 0 ? rest + DAY : rest;
}

bool cedar_datetime_to_date(int64_t milliseconds, int64_t *out)
{
    return !__builtin_sub_overflow(milliseconds, cedar_datetime_to_time(milliseconds), out);
}

/* The inverse of days_from_date. */
static void date_from_days(int64_t days, int64_t *year, int64_t *month, int64_t *day)
{
    const int64_t shifted = days + 719468 + 146097;
    const int64_t era = shifted / 146097;
    const int64_t day_of_era = shifted % 146097;
    const int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    const int64_t day_of_year =
        day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    const int64_t shifted_month = (5 * day_of_year + 2) / 153;
    *day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    *month = shifted_month < 10 ? shifted_month + 3 : shifted_month - 9;
    *year = year_of_era + (era - 1) * 400 + (*month <= 2 ? 1 : 0);
}

void cedar_datetime_append(struct buffer *buffer, int64_t milliseconds)
{
    static const int64_t first_day = -719528; /* 0000-01-01 */
    static const int64_t last_day = 2932896;  /* 9999-12-31 */
    const int64_t time = cedar_datetime_to_time(milliseconds);
    const int64_t days = milliseconds / DAY - (milliseconds % DAY < 0 ? 1 : 0);
    if (days < first_day || days > last_day) {
        buffer_append_format(buffer, "datetime(\"1970-01-01\").offset(duration(\"%lldms\"))",
                             (long long)milliseconds);
        return;
    }
    int64_t year = 0;
    int64_t month = 0;
    int64_t day = 0;
    date_from_days(days, &year, &month, &day);
    buffer_append_format(buffer, "datetime(\"%04d-%02d-%02dT%02d:%02d:%02d.%03dZ\")", (int)year,
                         (int)month, (int)day, (int)(time / HOUR), (int)(time / MINUTE % 60),
                         (int)(time / SECOND % 60), (int)(time % SECOND));
}
