/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Coarsen by time: the first instant, in UTC, of the hour, day, month or year in which a point in
 * time lies (RFC 3339 §5.6, read by policy/base/calendar.h):
 *
 *   date-time with offset    2026-01-01T02:30:00+05:00  →  2025-12-31T00:00:00Z     (unit: day)
 *   local date-time          2026-01-01T02:30:00.25     →  2026-01-01T00:00:00
 *   date alone               2026-01-17                 →  2026-01-01               (unit: month)
 *
 * A date alone is at least as coarse as a day already, so hour and day leave it as it is. Second 60
 * is read where UTC (or local time without offset) is 23:59, as RFC 3339 §5.7 has it; it never
 * shows, since every unit drops the seconds. What the offset moves out of the years 0000 to 9999 is
 * withheld.
 */
#include "policy/base/calendar.h"
#include "policy/redact/modes.h"

#define MINUTES_OF_DAY (24 * 60)

/* The same instant in UTC; false when its year cannot be written. */
static bool move_to_utc(struct calendar_time *time)
{
    int64_t days = calendar_days(time->year, time->month, time->day);
    int minutes = (int)(time->hour * 60 + time->minute) - time->offset_minutes;
    if (minutes < 0) { /* an offset is less than a day */
        minutes += MINUTES_OF_DAY;
        days--;
    } else if (minutes >= MINUTES_OF_DAY) {
        minutes -= MINUTES_OF_DAY;
        days++;
    }
    if (days < calendar_days(0, 1, 1) || days > calendar_days(9999, 12, 31)) {
        return false;
    }
    calendar_date(days, &time->year, &time->month, &time->day);
    time->hour = (unsigned)minutes / 60;
    time->minute = (unsigned)minutes % 60;
    return true;
}

bool mode_coarsen_time(enum time_unit unit, struct bytes text, struct buffer *out)
{
    struct calendar_time time = {0};
    if (!calendar_parse(text, &time) || (time.has_offset && !move_to_utc(&time)) ||
        (time.second == 60 && (time.hour != 23 || time.minute != 59))) {
        return false;
    }
    const unsigned month = unit == TIME_UNIT_YEAR ? 1 : time.month;
    const unsigned day = unit == TIME_UNIT_YEAR || unit == TIME_UNIT_MONTH ? 1 : time.day;
    buffer_append_format(out, "%04d-%02u-%02u", time.year, month, day);
    if (time.has_time) {
        buffer_append_format(out, "T%02u:00:00%s", unit == TIME_UNIT_HOUR ? time.hour : 0,
                             time.has_offset ? "Z" : "");
    }
    return true;
}
