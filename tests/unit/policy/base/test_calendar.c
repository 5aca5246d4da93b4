/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 3339 texts: which are read, and to which instant. Instants were computed with date(1) of GNU
 * coreutils. */
#include "policy/base/calendar.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const struct {
    const char *text;
    int64_t milliseconds;
} instants[] = {
    {"1970-01-01", 0},
    {"1970-01-01T00:00:00Z", 0},
    {"2026-11-22T08:35:50.656Z", 1795336550656},
    {"2026-11-22T13:35:50+05:00", 1795336550000},
    {"2026-11-22t08:35:50z", 1795336550000},
    {"2026-11-22 08:35:50.65699", 1795336550656},
    {"2000-02-29T23:59:60Z", 951868800000},
    {"1969-12-31T23:59:59.999Z", -1},
    {"0000-01-01T00:00:00Z", -62167219200000},
    {"9999-12-31T23:59:59Z", 253402300799000},
    {"2015-02-08T23:43:40-06:00", 1423460620000},
};

static void test_calendar__reads_instants(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(instants) / sizeof(instants[0]); i++) {
        struct calendar_time time;
        assert_true(calendar_parse(bytes_of_string(instants[i].text), &time));
        assert_int_equal(calendar_milliseconds(&time), instants[i].milliseconds);
    }
}

static void test_calendar__refuses_what_is_no_instant(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "2026",
        "2026-13-01",
        "2026-02-29",
        "1900-02-29",
        "2026-00-01",
        "2026-01-32",
        "2026-1-1",
        "2026-01-01T",
        "2026-01-01T24:00:00Z",
        "2026-01-01T00:60:00Z",
        "2026-01-01T00:00:61Z",
        "2026-01-01T00:00Z",
        "2026-01-01T00:00:00.Z",
        "2026-01-01T00:00:00+0500",
        "2026-01-01T00:00:00+24:00",
        "2026-01-01T00:00:00Zx",
        "02/08/2015 11:43:40 PM",
        "+2026-01-01",
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct calendar_time time;
        assert_false(calendar_parse(bytes_of_string(texts[i]), &time));
    }
}

static void test_calendar__turns_days_to_dates_and_back(void **state)
{
    (void)state;
    const int64_t last = calendar_days(9999, 12, 31);
    int64_t expected = calendar_days(0, 1, 1);
    for (; expected <= last; expected++) {
        int year = 0;
        unsigned month = 0;
        unsigned day = 0;
        calendar_date(expected, &year, &month, &day);
        if (calendar_days(year, month, day) != expected) {
            fail_msg("day %lld does not come back", (long long)expected);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_calendar__reads_instants),
        cmocka_unit_test(test_calendar__refuses_what_is_no_instant),
        cmocka_unit_test(test_calendar__turns_days_to_dates_and_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
