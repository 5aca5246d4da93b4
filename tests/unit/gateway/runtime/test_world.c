/* SPDX-License-Identifier: Apache-2.0 */
/* Clocks, chance, log lines and metrics. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "gateway/runtime/runtime.h"

static void test_clock__writes_times(void **state)
{
    (void)state;
    /* Expected texts from `date -u -d @N`. */
    static const struct {
        int64_t wall;
        const char *text;
        const char *http;
    } rows[] = {
        {0, "1970-01-01T00:00:00.000000Z", "Thu, 01 Jan 1970 00:00:00 GMT"},
        {784111777000001, "1994-11-06T08:49:37.000001Z", "Sun, 06 Nov 1994 08:49:37 GMT"},
        {1709208000999999, "2024-02-29T12:00:00.999999Z", "Thu, 29 Feb 2024 12:00:00 GMT"},
        {253402300799999999, "9999-12-31T23:59:59.999999Z", "Fri, 31 Dec 9999 23:59:59 GMT"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char text[RUNTIME_CLOCK_TEXT_SIZE];
        char http[RUNTIME_CLOCK_HTTP_SIZE];
        runtime_clock_text(rows[i].wall, text);
        runtime_clock_http_date(rows[i].wall, http);
        assert_string_equal(text, rows[i].text);
        assert_string_equal(http, rows[i].http);
    }
}

static void test_clock__stands_still_when_it_is_fake(void **state)
{
    (void)state;
    struct runtime_clock_fake fake;
    runtime_clock_fake_init(&fake, 1000);
    assert_int_equal(runtime_clock_wall(&fake.clock), 1000);
    runtime_clock_fake_advance(&fake, 5);
    assert_int_equal(runtime_clock_wall(&fake.clock), 1005);
    assert_int_equal(runtime_clock_monotonic(&fake.clock), 5);
    const int64_t before = runtime_clock_monotonic(runtime_clock_real());
    assert_true(runtime_clock_monotonic(runtime_clock_real()) >= before);
    assert_true(runtime_clock_wall(runtime_clock_real()) > 1700000000 * RUNTIME_SECOND);
}

static void test_random__repeats_only_when_it_is_fake(void **state)
{
    (void)state;
    unsigned char one[40];
    unsigned char two[40];
    struct runtime_random_fake fake;
    runtime_random_fake_init(&fake, 7);
    assert_true(amanat_is_ok(runtime_random_fill(&fake.random, one, sizeof(one))));
    assert_true(amanat_is_ok(runtime_random_fill(&fake.random, two, sizeof(two))));
    assert_memory_not_equal(one, two, sizeof(one));
    runtime_random_fake_init(&fake, 7);
    assert_true(amanat_is_ok(runtime_random_fill(&fake.random, two, sizeof(two))));
    assert_memory_equal(one, two, sizeof(one));
    assert_true(amanat_is_ok(runtime_random_fill(runtime_random_real(), one, sizeof(one))));
    assert_memory_not_equal(one, two, sizeof(one));
}

/* What a call of the log writes, through a pipe. */
struct log_fixture {
    struct runtime_clock_fake clock;
    struct runtime_log log;
    int reader;
};

static void open_log(struct log_fixture *fixture)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    runtime_clock_fake_init(&fixture->clock, 0);
    fixture->log = (struct runtime_log){&fixture->clock.clock, RUNTIME_LOG_NOTICE, ends[1]};
    fixture->reader = ends[0];
}

static size_t close_log(struct log_fixture *fixture, char *text, size_t size)
{
    close(fixture->log.descriptor);
    size_t length = 0;
    ssize_t got;
    while ((got = read(fixture->reader, text + length, size - 1 - length)) > 0) {
        length += (size_t)got;
    }
    close(fixture->reader);
    text[length] = '\0';
    return length;
}

static void test_log__writes_one_line_that_no_value_can_break(void **state)
{
    (void)state;
    struct log_fixture fixture;
    char text[8192];
    open_log(&fixture);
    runtime_log_event(&fixture.log, RUNTIME_LOG_WARNING, "connection-closed",
                      runtime_log_text("reason", "idle"), runtime_log_number("open", -3),
                      runtime_log_text("empty", ""),
                      runtime_log_bytes("value", BYTES("a \"b\"\\\n\0\xff event=forged")));
    runtime_log_event(&fixture.log, RUNTIME_LOG_DEBUG, "unseen", runtime_log_number("n", 1));
    runtime_log_write(NULL, RUNTIME_LOG_ERROR, "nobody", NULL);
    (void)close_log(&fixture, text, sizeof(text));
    assert_string_equal(text, "time=1970-01-01T00:00:00.000000Z level=warning "
                              "event=connection-closed reason=idle open=-3 empty=\"\" "
                              "value=\"a \\\"b\\\"\\\\\\x0a\\x00\\xff event=forged\"\n");
}

static void test_log__keeps_a_long_line_one_line(void **state)
{
    (void)state;
    struct log_fixture fixture;
    char text[8192];
    char value[6000];
    memset(value, '\n', sizeof(value));
    open_log(&fixture);
    runtime_log_event(&fixture.log, RUNTIME_LOG_ERROR, "long",
                      runtime_log_bytes("value", bytes_of(value, sizeof(value))));
    const size_t length = close_log(&fixture, text, sizeof(text));
    assert_true(length <= 4096);
    assert_ptr_equal(strchr(text, '\n'), text + length - 1);
    assert_int_equal(text[length - 2], '"');
}

static void test_metrics__sum_over_workers(void **state)
{
    (void)state;
    static const char *const reasons[] = {"one", "two"};
    static const struct runtime_metric table[] = {
        {"amanat_requests_total", "Requests.", RUNTIME_METRIC_COUNTER, NULL, NULL, 0},
        {"amanat_refused_total", "Refusals by reason.", RUNTIME_METRIC_COUNTER, "reason", reasons,
         2},
        {"amanat_connections", "Open connections.", RUNTIME_METRIC_GAUGE, NULL, NULL, 0}};
    struct runtime_metrics *metrics = NULL;
    assert_true(amanat_is_ok(runtime_metrics_new(table, 3, 2, &metrics)));
    runtime_metrics_add(metrics, 0, 0, 0, 2);
    runtime_metrics_add(metrics, 1, 0, 0, 3);
    runtime_metrics_add(metrics, 1, 1, 1, 1);
    runtime_metrics_add(metrics, 0, 2, 0, 4);
    runtime_metrics_add(metrics, 1, 2, 0, -1);
    runtime_metrics_add(NULL, 0, 0, 0, 1);
    struct buffer buffer;
    buffer_init(&buffer, 4096);
    runtime_metrics_write(metrics, &buffer);
    buffer_append_byte(&buffer, '\0');
    assert_string_equal(buffer.at, "# HELP amanat_requests_total Requests.\n"
                                   "# TYPE amanat_requests_total counter\n"
                                   "amanat_requests_total 5\n"
                                   "# HELP amanat_refused_total Refusals by reason.\n"
                                   "# TYPE amanat_refused_total counter\n"
                                   "amanat_refused_total{reason=\"one\"} 0\n"
                                   "amanat_refused_total{reason=\"two\"} 1\n"
                                   "# HELP amanat_connections Open connections.\n"
                                   "# TYPE amanat_connections gauge\n"
                                   "amanat_connections 3\n");
    buffer_clear(&buffer);
    runtime_metrics_free(metrics);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_clock__writes_times),
        cmocka_unit_test(test_clock__stands_still_when_it_is_fake),
        cmocka_unit_test(test_random__repeats_only_when_it_is_fake),
        cmocka_unit_test(test_log__writes_one_line_that_no_value_can_break),
        cmocka_unit_test(test_log__keeps_a_long_line_one_line),
        cmocka_unit_test(test_metrics__sum_over_workers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
