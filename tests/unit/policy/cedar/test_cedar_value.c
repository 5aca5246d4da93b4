/* SPDX-License-Identifier: Apache-2.0 */
/* Values: equality and order, sets and records, depth, and how they are written. */
#include "tests/unit/policy/cedar/cedar_fixture.h"

static struct cedar_value set_of(struct fixture *fixture, const struct cedar_value *values,
                                 size_t count)
{
    struct cedar_value set;
    assert_ok(cedar_value_set(fixture->arena, values, count, &set));
    return set;
}

static struct cedar_value extension(bool (*from_text)(struct bytes, struct cedar_value *),
                                    const char *text)
{
    struct cedar_value value;
    assert_true(from_text(bytes_of_string(text), &value));
    return value;
}

static void test_set__has_neither_order_nor_duplicates(void **state)
{
    struct fixture *fixture = *state;
    const struct cedar_value left[] = {cedar_value_long(2), cedar_value_long(1),
                                       cedar_value_long(1)};
    const struct cedar_value right[] = {cedar_value_long(1), cedar_value_long(2)};
    const struct cedar_value a = set_of(fixture, left, 3);
    const struct cedar_value b = set_of(fixture, right, 2);
    assert_int_equal(a.as.set.count, 2);
    assert_true(cedar_value_equal(&a, &b));
    const struct cedar_value nested_left[] = {a, b};
    const struct cedar_value nested = set_of(fixture, nested_left, 2);
    assert_int_equal(nested.as.set.count, 1);
    assert_int_equal(nested.depth, 2);
}

static void test_record__is_equal_by_keys_and_values_whatever_their_order(void **state)
{
    struct fixture *fixture = *state;
    const struct cedar_field left[] = {{BYTES("b"), cedar_value_bool(true)},
                                       {BYTES("a"), cedar_value_long(1)}};
    const struct cedar_field right[] = {{BYTES("a"), cedar_value_long(1)},
                                        {BYTES("b"), cedar_value_bool(true)}};
    struct cedar_value a;
    struct cedar_value b;
    assert_ok(cedar_value_record(fixture->arena, left, 2, &a));
    assert_ok(cedar_value_record(fixture->arena, right, 2, &b));
    assert_true(cedar_value_equal(&a, &b));
    assert_int_equal(cedar_value_get(&a, BYTES("a"))->as.integer, 1);
    assert_null(cedar_value_get(&a, BYTES("c")));
    assert_null(cedar_value_get(&left[0].value, BYTES("a")));
}

static void test_record__refuses_a_key_that_stands_twice(void **state)
{
    struct fixture *fixture = *state;
    const struct cedar_field fields[] = {{BYTES("a"), cedar_value_long(1)},
                                         {BYTES("a"), cedar_value_long(1)}};
    struct cedar_value record;
    assert_int_equal(cedar_value_record(fixture->arena, fields, 2, &record).status,
                     AMANAT_STATUS_BUG);
}

static void test_set__refuses_what_is_too_deep(void **state)
{
    struct fixture *fixture = *state;
    struct cedar_value value = cedar_value_long(0);
    for (unsigned i = 0; i < CEDAR_VALUE_DEPTH_LIMIT; i++) {
        assert_ok(cedar_value_set(fixture->arena, &value, 1, &value));
    }
    assert_int_equal(cedar_value_set(fixture->arena, &value, 1, &value).status,
                     AMANAT_STATUS_LIMIT);
}

static void test_compare__is_a_total_order_over_all_kinds(void **state)
{
    struct fixture *fixture = *state;
    const struct cedar_value one[] = {cedar_value_long(1)};
    const struct cedar_field field[] = {{BYTES("k"), cedar_value_long(1)}};
    struct cedar_value record;
    assert_ok(cedar_value_record(fixture->arena, field, 1, &record));
    const struct cedar_value values[] = {
        cedar_value_bool(false),
        cedar_value_bool(true),
        cedar_value_long(INT64_MIN),
        cedar_value_long(INT64_MAX),
        cedar_value_string(bytes_of("a\0", 2)),
        cedar_value_string(BYTES("b")),
        cedar_value_entity(BYTES("A"), BYTES("")),
        cedar_value_entity(BYTES("A"), BYTES("x")),
        set_of(fixture, NULL, 0),
        set_of(fixture, one, 1),
        record,
        cedar_value_decimal(1),
        extension(cedar_ip_from_text, "10.0.0.0/8"),
        extension(cedar_ip_from_text, "10.0.0.0"),
        extension(cedar_ip_from_text, "::"),
        cedar_value_datetime(1),
        cedar_value_duration(1),
    };
    const size_t count = sizeof(values) / sizeof(values[0]);
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < count; j++) {
            const int order = cedar_value_compare(&values[i], &values[j]);
            assert_true(i < j ? order < 0 : i > j ? order > 0 : order == 0);
        }
    }
}

static void test_equal__knows_what_extension_values_mean(void **state)
{
    (void)state;
    static const struct {
        bool (*from_text)(struct bytes, struct cedar_value *);
        const char *a;
        const char *b;
        bool equal;
    } rows[] = {
        {cedar_decimal_from_text, "1.0", "1.0000", true},
        {cedar_decimal_from_text, "-0.0", "0.0", true},
        {cedar_decimal_from_text, "-0.5", "0.5", false},
        {cedar_ip_from_text, "10.0.0.1/24", "10.0.0.0/24", false},
        {cedar_ip_from_text, "10.0.0.0/32", "10.0.0.0", true},
        {cedar_ip_from_text, "::ffff:a00:1", "10.0.0.1", false},
        {cedar_ip_from_text, "1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0", true},
        {cedar_datetime_from_text, "2024-01-01T01:00:00+0100", "2024-01-01", true},
        {cedar_duration_from_text, "1m", "60s", true},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct cedar_value a = extension(rows[i].from_text, rows[i].a);
        const struct cedar_value b = extension(rows[i].from_text, rows[i].b);
        assert_int_equal(cedar_value_equal(&a, &b), rows[i].equal);
    }
}

static void test_extensions__refuse_wrong_texts(void **state)
{
    (void)state;
    static const struct {
        bool (*from_text)(struct bytes, struct cedar_value *);
        struct bytes text;
    } rows[] = {
        {cedar_decimal_from_text, BYTES_INIT("")},
        {cedar_decimal_from_text, BYTES_INIT("+1.0")},
        {cedar_decimal_from_text, BYTES_INIT("1.0\0")},
        {cedar_ip_from_text, BYTES_INIT("")},
        {cedar_ip_from_text, BYTES_INIT("/8")},
        {cedar_ip_from_text, BYTES_INIT("1.2.3.4/")},
        {cedar_ip_from_text, BYTES_INIT("01.2.3.4")},
        {cedar_ip_from_text, BYTES_INIT("1.2.3.4\0")},
        {cedar_ip_from_text, BYTES_INIT("1:2:3:4:5:6:7:8::")},
        {cedar_ip_from_text, BYTES_INIT("fe80::1%eth0")},
        {cedar_ip_from_text, BYTES_INIT("1:")},
        {cedar_ip_from_text, BYTES_INIT("0000:0000:0000:0000:0000:0000:0000:0000/0128")},
        {cedar_datetime_from_text, BYTES_INIT("")},
        {cedar_datetime_from_text, BYTES_INIT("2023-02-29")},
        {cedar_datetime_from_text, BYTES_INIT("2024-01-01T00:00:60Z")},
        {cedar_datetime_from_text, BYTES_INIT("2024-01-01t00:00:00z")},
        {cedar_datetime_from_text, BYTES_INIT("2024-01-01T00:00:00+2400")},
        {cedar_duration_from_text, BYTES_INIT("")},
        {cedar_duration_from_text, BYTES_INIT("-")},
        {cedar_duration_from_text, BYTES_INIT("1m1d")},
        {cedar_duration_from_text, BYTES_INIT("1ms1ms")},
        {cedar_duration_from_text, BYTES_INIT("d")},
        {cedar_duration_from_text, BYTES_INIT("9223372036854776s1ms")},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct cedar_value value;
        if (rows[i].from_text(rows[i].text, &value)) {
            fail_msg("`%.*s` was taken", BYTES_PRINTF(rows[i].text));
        }
    }
}

static void assert_written(const struct cedar_value *value, const char *expected)
{
    struct buffer buffer;
    buffer_init(&buffer, 4096);
    cedar_value_append(&buffer, value);
    assert_bytes(buffer_bytes(&buffer), expected);
    buffer_clear(&buffer);
}

static void test_append__writes_source_text(void **state)
{
    struct fixture *fixture = *state;
    const struct cedar_value items[] = {cedar_value_long(2), cedar_value_bool(true)};
    const struct cedar_value set = set_of(fixture, items, 2);
    const struct cedar_field fields[] = {{BYTES("odd key"), set}};
    struct cedar_value record;
    assert_ok(cedar_value_record(fixture->arena, fields, 1, &record));
    const struct cedar_value text = cedar_value_string(bytes_of("a\"\\\n\0\x01\xC3\xA9", 8));
    const struct cedar_value entity = cedar_value_entity(BYTES("A::B"), BYTES("x\ty"));
    assert_written(&record, "{\"odd key\": [true, 2]}");
    assert_written(&text, "\"a\\\"\\\\\\n\\0\\u{1}\xC3\xA9\"");
    assert_written(&entity, "A::B::\"x\\ty\"");
}

static void test_append__writes_extension_values(void **state)
{
    (void)state;
    const struct {
        struct cedar_value value;
        const char *text;
    } rows[] = {
        {cedar_value_decimal(INT64_MIN), "decimal(\"-922337203685477.5808\")"},
        {cedar_value_decimal(-5000), "decimal(\"-0.5\")"},
        {cedar_value_decimal(12340), "decimal(\"1.234\")"},
        {extension(cedar_ip_from_text, "10.0.0.1/24"), "ip(\"10.0.0.1/24\")"},
        {extension(cedar_ip_from_text, "::"), "ip(\"::\")"},
        {extension(cedar_ip_from_text, "1:0:0:2:0:0:0:3"), "ip(\"1:0:0:2::3\")"},
        {extension(cedar_ip_from_text, "1::/8"), "ip(\"1::/8\")"},
        {extension(cedar_ip_from_text, "1:2:3:4:5:6:7:8"), "ip(\"1:2:3:4:5:6:7:8\")"},
        {cedar_value_datetime(-1), "datetime(\"1969-12-31T23:59:59.999Z\")"},
        {extension(cedar_datetime_from_text, "2024-02-29"),
         "datetime(\"2024-02-29T00:00:00.000Z\")"},
        {extension(cedar_datetime_from_text, "0000-01-01"),
         "datetime(\"0000-01-01T00:00:00.000Z\")"},
        {extension(cedar_datetime_from_text, "9999-12-31"),
         "datetime(\"9999-12-31T00:00:00.000Z\")"},
        {cedar_value_datetime(INT64_MIN),
         "datetime(\"1970-01-01\").offset(duration(\"-9223372036854775808ms\"))"},
        {cedar_value_duration(-90), "duration(\"-90ms\")"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_written(&rows[i].value, rows[i].text);
    }
}

static void test_path__is_identifiers_joined_by_colons(void **state)
{
    (void)state;
    static const char *const valid[] = {"A", "_a9::B", "permit::when", "A::B::C"};
    static const char *const invalid[] = {"",    "::",    "A::", "::A",  "A:B",        "A::in",
                                          "A B", "A ::B", "9A",  "A::9", "__cedar::A", "\xC3\xA9"};
    for (size_t i = 0; i < sizeof(valid) / sizeof(valid[0]); i++) {
        assert_true(cedar_path_is_valid(bytes_of_string(valid[i])));
    }
    for (size_t i = 0; i < sizeof(invalid) / sizeof(invalid[0]); i++) {
        assert_false(cedar_path_is_valid(bytes_of_string(invalid[i])));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_set__has_neither_order_nor_duplicates),
        cmocka_unit_test(test_record__is_equal_by_keys_and_values_whatever_their_order),
        cmocka_unit_test(test_record__refuses_a_key_that_stands_twice),
        cmocka_unit_test(test_set__refuses_what_is_too_deep),
        cmocka_unit_test(test_compare__is_a_total_order_over_all_kinds),
        cmocka_unit_test(test_equal__knows_what_extension_values_mean),
        cmocka_unit_test(test_extensions__refuse_wrong_texts),
        cmocka_unit_test(test_append__writes_source_text),
        cmocka_unit_test(test_append__writes_extension_values),
        cmocka_unit_test(test_path__is_identifiers_joined_by_colons),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
