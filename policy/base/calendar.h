/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Instants as RFC 3339 §5.6 spells them, in the proleptic Gregorian calendar, years 0000 to 9999.
 * No clock and no time zones: only texts and numbers.
 */
#ifndef AMANAT_POLICY_BASE_CALENDAR_H
#define AMANAT_POLICY_BASE_CALENDAR_H

#include <stdbool.h>
#include <stdint.h>

#include "policy/base/bytes.h"

/**
 * A text taken apart. `offset_minutes` is 0 where there is none (`has_offset` false: local time).
 */
struct calendar_time {
    int year;
    unsigned month; /* 1 to 12 */
    unsigned day;   /* a real day of that month */
    bool has_time;  /* false: a date alone */
    unsigned hour;
    unsigned minute;
    unsigned second;       /* 0 to 60: RFC 3339 admits leap seconds */
    unsigned milliseconds; /* further digits are cut off */
    bool has_offset;
    int offset_minutes; /* east of Greenwich: local − UTC */
};

/**
 * Reads `2026-11-22`, `2026-11-22T08:35:50`, with a fraction of any length, and with `Z` or
 * `±hh:mm`; `T` and `Z` in either case, a blank in place of `T` as RFC 3339 allows. False for
 * anything else.
 */
bool calendar_parse(struct bytes text, struct calendar_time *out);

/** Days from 1970-01-01 to this date, negative before it. */
int64_t calendar_days(int year, unsigned month, unsigned day);

/** The date that many days from 1970-01-01; only for days within years 0000 to 9999. */
void calendar_date(int64_t days, int *out_year, unsigned *out_month, unsigned *out_day);

/**
 * Milliseconds since 1970-01-01T00:00:00Z (a time without offset is taken as UTC); second 60 is the
 * next minute's first.
 */
int64_t calendar_milliseconds(const struct calendar_time *time);

#endif
