/* SPDX-License-Identifier: Apache-2.0 */
/* The modes, one table each: value, definition, what a partner sees (NULL: withheld). */
#include "policy/redact/modes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void assert_text(const char *expected, bool disclosed, struct buffer *out, const char *input)
{
    if (!disclosed || expected == NULL) {
        if (disclosed != (expected != NULL)) {
            fail_msg("%s: %s", input, disclosed ? "disclosed" : "withheld");
        }
        assert_int_equal(out->length, 0);
    } else if (!bytes_equal_string(buffer_bytes(out), expected)) {
        fail_msg("%s: got %.*s instead of %s", input, BYTES_PRINTF(buffer_bytes(out)), expected);
    }
    buffer_clear(out);
}

static void test_modes__mask_keeps_code_points(void **state)
{
    static const struct {
        enum mask_kind kind;
        const char *text;
        unsigned count;
        const char *value;
        const char *expected;
    } rows[] = {
        {MASK_TEXT, "[CNIC]", 0, "35202-1234567-1", "[CNIC]"},
        {MASK_TEXT, "[CNIC]", 0, "", "[CNIC]"},
        {MASK_KEEP_FIRST, "", 1, "Amina", "A***"},
        {MASK_KEEP_FIRST, "", 1, "abc", "a***"},
        {MASK_KEEP_FIRST, "", 1, "ab", "***"},
        {MASK_KEEP_FIRST, "", 1, "", "***"},
        {MASK_KEEP_LAST, "", 4, "03001234567", "***4567"},
        {MASK_KEEP_LAST, "", 4, "123456789", "***6789"},
        {MASK_KEEP_LAST, "", 4, "12345678", "***"},
        {MASK_KEEP_FIRST, "", 0, "", "***"},
        {MASK_KEEP_FIRST, "", 0, "x", "***"},
        {MASK_KEEP_FIRST, "", 1, "\xd8\xa7\xd9\x85\xd8\xa7\xd9\x86\xd8\xaa", "\xd8\xa7***"},
        {MASK_KEEP_LAST, "", 1, "\xf0\x9f\x98\x80\xf0\x9f\x98\x81\xf0\x9f\x98\x82",
         "***\xf0\x9f\x98\x82"},
        /* e and a combining accent are two code points */
        {MASK_KEEP_FIRST, "", 1, "e\xcc\x81\x61", "e***"},
        {MASK_KEEP_FIRST, "", UINT32_MAX, "abc", "***"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct catalogue_label label = {.mask = {.kind = rows[i].kind,
                                                       .text = bytes_of_string(rows[i].text),
                                                       .count = rows[i].count}};
        struct buffer out;
        buffer_init(&out, 1 << 20);
        mode_mask(&label, NULL, bytes_of_string(rows[i].value), &out);
        assert_text(rows[i].expected, true, &out, rows[i].value);
    }
}

static void test_modes__prefix_is_cut_at_code_points(void **state)
{
    static const struct {
        unsigned count;
        const char *value;
        const char *expected;
    } rows[] = {
        {2, "54000", "54"},
        {2, "54", "54"},
        {2, "5", "5"},
        {2, "", ""},
        {0, "54000", ""},
        {1, "\xd9\x85\xd8\xa7", "\xd9\x85"},
        {2, "e\xcc\x81t", "e\xcc\x81"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct buffer out;
        buffer_init(&out, 1 << 20);
        mode_coarsen_prefix(rows[i].count, bytes_of_string(rows[i].value), &out);
        assert_text(rows[i].expected, true, &out, rows[i].value);
    }
}

static void test_modes__time_is_the_first_instant_of_the_period(void **state)
{
    static const struct {
        const char *value;
        const char *hour, *day, *month, *year;
    } rows[] = {
        {"2026-03-15T23:59:59Z", "2026-03-15T23:00:00Z", "2026-03-15T00:00:00Z",
         "2026-03-01T00:00:00Z", "2026-01-01T00:00:00Z"},
        {"2026-03-15t01:02:03.999999999999z", "2026-03-15T01:00:00Z", "2026-03-15T00:00:00Z",
         "2026-03-01T00:00:00Z", "2026-01-01T00:00:00Z"},
        /* the offset moves day, month, year */
        {"2026-03-01T04:30:00+05:00", "2026-02-28T23:00:00Z", "2026-02-28T00:00:00Z",
         "2026-02-01T00:00:00Z", "2026-01-01T00:00:00Z"},
        {"2024-03-01T00:00:00+00:01", "2024-02-29T23:00:00Z", "2024-02-29T00:00:00Z",
         "2024-02-01T00:00:00Z", "2024-01-01T00:00:00Z"},
        {"2026-01-01T00:00:00+00:30", "2025-12-31T23:00:00Z", "2025-12-31T00:00:00Z",
         "2025-12-01T00:00:00Z", "2025-01-01T00:00:00Z"},
        {"2025-12-31T23:30:00-00:30", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z",
         "2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z"},
        {"2026-06-30T12:00:00-23:59", "2026-07-01T11:00:00Z", "2026-07-01T00:00:00Z",
         "2026-07-01T00:00:00Z", "2026-01-01T00:00:00Z"},
        /* local time has no Z */
        {"2026-03-15T10:20:30", "2026-03-15T10:00:00", "2026-03-15T00:00:00", "2026-03-01T00:00:00",
         "2026-01-01T00:00:00"},
        {"2026-03-15 10:20:30.5", "2026-03-15T10:00:00", "2026-03-15T00:00:00",
         "2026-03-01T00:00:00", "2026-01-01T00:00:00"},
        /* a date stays a date */
        {"2026-03-15", "2026-03-15", "2026-03-15", "2026-03-01", "2026-01-01"},
        {"0000-02-29", "0000-02-29", "0000-02-29", "0000-02-01", "0000-01-01"},
        /* leap seconds at 23:59 UTC */
        {"2016-12-31T23:59:60Z", "2016-12-31T23:00:00Z", "2016-12-31T00:00:00Z",
         "2016-12-01T00:00:00Z", "2016-01-01T00:00:00Z"},
        {"2017-01-01T04:59:60+05:00", "2016-12-31T23:00:00Z", "2016-12-31T00:00:00Z",
         "2016-12-01T00:00:00Z", "2016-01-01T00:00:00Z"},
        {"2016-12-31T12:00:60Z", NULL, NULL, NULL, NULL},
        {"2016-12-31T23:59:61Z", NULL, NULL, NULL, NULL},
        /* outside what four digits can spell */
        {"0000-01-01T00:00:00+00:01", NULL, NULL, NULL, NULL},
        {"9999-12-31T23:59:59-00:01", NULL, NULL, NULL, NULL},
        {"9999-12-31T23:59:59Z", "9999-12-31T23:00:00Z", "9999-12-31T00:00:00Z",
         "9999-12-01T00:00:00Z", "9999-01-01T00:00:00Z"},
        /* no date-times */
        {"", NULL, NULL, NULL, NULL},
        {"yesterday", NULL, NULL, NULL, NULL},
        {"2026-3-15", NULL, NULL, NULL, NULL},
        {"2026-02-29", NULL, NULL, NULL, NULL},
        {"2026-13-01", NULL, NULL, NULL, NULL},
        {"2026-03-15T10:20", NULL, NULL, NULL, NULL},
        {"2026-03-15T24:00:00Z", NULL, NULL, NULL, NULL},
        {"2026-03-15T10:20:30.Z", NULL, NULL, NULL, NULL},
        {"2026-03-15T10:20:30+5:00", NULL, NULL, NULL, NULL},
        {"2026-03-15T10:20:30+24:00", NULL, NULL, NULL, NULL},
        {"2026-03-15T10:20:30Z ", NULL, NULL, NULL, NULL},
        {" 2026-03-15", NULL, NULL, NULL, NULL},
        {"1767225600", NULL, NULL, NULL, NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *expected[] = {[TIME_UNIT_HOUR] = rows[i].hour,
                                  [TIME_UNIT_DAY] = rows[i].day,
                                  [TIME_UNIT_MONTH] = rows[i].month,
                                  [TIME_UNIT_YEAR] = rows[i].year};
        for (int unit = TIME_UNIT_YEAR; unit <= TIME_UNIT_HOUR; unit++) {
            struct buffer out;
            buffer_init(&out, 1 << 20);
            const bool disclosed =
                mode_coarsen_time((enum time_unit)unit, bytes_of_string(rows[i].value), &out);
            assert_text(expected[unit], disclosed, &out, rows[i].value);
        }
    }
}

static void test_modes__step_is_floored_exactly(void **state)
{
    static const struct {
        uint64_t digits;
        unsigned scale;
        const char *value;
        const char *expected;
    } rows[] = {
        {1, 2, "31.5204", "31.52"},
        {1, 2, "74.3587", "74.35"},
        {1, 2, "0.1", "0.10"},
        {1, 2, "5", "5.00"},
        {1, 2, "-0.001", "-0.01"},
        {1, 2, "-0.01", "-0.01"},
        {1, 2, "-0.0100", "-0.01"},
        {1, 2, "-0", "0.00"},
        {1, 2, "-0.000e5", "0.00"},
        {1, 2, "0", "0.00"},
        {50, 2, "1.49", "1.00"},
        {50, 2, "1.5", "1.50"},
        {50, 2, "-1.01", "-1.50"},
        {10, 0, "99", "90"},
        {10, 0, "9", "0"},
        {10, 0, "-1", "-10"},
        {10, 0, "-10", "-10"},
        {10, 0, "-10.0000001", "-20"},
        {7, 0, "100", "98"},
        {7, 0, "-95", "-98"},
        {7, 0, "-98", "-98"},
        {25, 1, "9.99", "7.5"},
        {1, 2, "1.2345e2", "123.45"},
        {1, 2, "12345E-4", "1.23"},
        {1, 0, "0.29e2", "29"}, /* in binary 0.29 · 100 is below 29 */
        {1, 2, "0.29", "0.29"},
        {1000, 0, "123456789012345678901234567890", "123456789012345678901234567000"},
        {1, 0, "1e64", "10000000000000000000000000000000000000000000000000000000000000000"},
        {1, 1, "-1e-64", "-0.1"},
        {1, 18, "1e-18", "0.000000000000000001"},
        {UINT64_MAX, 0, "18446744073709551614", "0"},
        {UINT64_MAX, 0, "-1", "-18446744073709551615"},
        {1, 0, "1e65", NULL},
        {1, 0, "1e-65", NULL},
        {1, 0, "1e99999999999999999999", NULL},
        {1, 0, "1e00000000000000000001", "10"},
        {1, 0, "1234567890123456789012345678901234567890123456789012345678901234",
         "1234567890123456789012345678901234567890123456789012345678901234"},
        {1, 0, "12345678901234567890123456789012345678901234567890123456789012345", NULL},
        {1, 0, "0.0000000000000000000000000000000000000000000000000000000000000001", NULL},
        {0, 0, "1", NULL},
        {1, 0, "", NULL},
        {1, 0, "-", NULL},
        {1, 0, "+1", NULL},
        {1, 0, "01", NULL},
        {1, 0, "1.", NULL},
        {1, 0, ".5", NULL},
        {1, 0, "1e", NULL},
        {1, 0, "1e+", NULL},
        {1, 0, " 1", NULL},
        {1, 0, "1 ", NULL},
        {1, 0, "NaN", NULL},
        {1, 0, "0x10", NULL},
        {1, 0, "\xd9\xa1", NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct buffer out;
        buffer_init(&out, 1 << 20);
        const struct decimal_step step = {rows[i].digits, rows[i].scale};
        const bool disclosed = mode_coarsen_step(step, bytes_of_string(rows[i].value), &out);
        assert_text(rows[i].expected, disclosed, &out, rows[i].value);
    }
}

/* What a label of this definition, in the syntax of vocabulary.yaml, makes of a token: compiled as
 * the product compiles it. */
static void expect(const char *definition, enum disclosure_mode mode, const char *token,
                   const char *expected)
{
    char text[4096];
    (void)snprintf(text, sizeof(text), "labels:\n  x: %s\n", definition);
    struct arena *arena = arena_new(1 << 20);
    struct amanat_diagnostics *diagnostics = amanat_diagnostics_new();
    struct catalogue *catalogue = NULL;
    const struct catalogue_source source = {BYTES("vocabulary.yaml"), bytes_of_string(text)};
    if (!amanat_is_ok(catalogue_compile(arena, &source, 1, diagnostics, &catalogue))) {
        fail_msg("%s: %s", definition, amanat_diagnostics_at(diagnostics, 0)->text);
    }
    const struct plan plan = {.catalogue = catalogue,
                              .now = (int64_t)20779 * 86400000 /* 2026-11-22 */};
    const enum json_event_kind kind = token[0] == '"' ? JSON_EVENT_STRING : JSON_EVENT_NUMBER;
    struct modes modes;
    struct buffer out;
    bool disclosed = false;
    buffer_init(&out, 1 << 20);
    assert_true(amanat_is_ok(modes_init(&modes, &plan, 1 << 20)));
    assert_true(amanat_is_ok(modes_apply(&modes, mode, 0, kind,
                                         (struct undisclosed_bytes){bytes_of_string(token)}, &out,
                                         &disclosed)));
    assert_text(expected, disclosed, &out, token);
    modes_clear(&modes);
    amanat_diagnostics_free(diagnostics);
    arena_free(arena);
}

struct row {
    const char *token;
    const char *expected;
};

static void expect_rows(const char *definition, enum disclosure_mode mode, const struct row *rows,
                        size_t count)
{
    for (size_t i = 0; i < count; i++) {
        expect(definition, mode, rows[i].token, rows[i].expected);
    }
}
#define EXPECT(definition, mode, rows)                                                             \
    expect_rows((definition), (mode), (rows), sizeof(rows) / sizeof((rows)[0]))

static void test_modes__a_mask_with_a_pattern_shows_its_groups_or_nothing(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"\"35202-1234567-1\"", "\"35202-*******-1\""},
        {"\"\\u0033520\\u0032-1234567-1\"", "\"35202-*******-1\""},
        {"\"35202-1234567-1 \"", "\"***\""}, /* the whole value, or nothing */
        {"\"x35202-1234567-1\"", "\"***\""},
        {"\"\"", "\"***\""},
        {"\"\xDB\xB3\xDB\xB5\xDB\xB2\xDB\xB0\xDB\xB2-1234567-1\"", "\"***\""}, /* `\d` is ASCII */
        {"3520212345671", NULL},
    };
    EXPECT("{mask: {pattern: '(\\d{5})-\\d{7}-(\\d)', replace: '$1-*******-$2'}}", DISCLOSURE_MASK,
           rows);
    static const struct row optional[] = {
        {"\"ab\"", "\"<a|b>$\""}, {"\"a\"", "\"<a|>$\""}, {"\"a\\\"\"", "\"<a|\\\">$\""}};
    EXPECT("{mask: {pattern: '(.)(.)?', replace: '<$1|$2>$$'}}", DISCLOSURE_MASK, optional);
    /* steps without end: a limit is hit, and nothing shows */
    static const struct row endless[] = {
        {"\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!\"", "\"***\""}};
    EXPECT("{mask: {pattern: '((a+)+)+', replace: '$1'}}", DISCLOSURE_MASK, endless);
}

static void test_modes__a_bucket_is_named_or_its_lower_bound(void **state)
{
    (void)state;
    static const struct row bounds[] = {
        {"17", "0"},         {"18", "18"},         {"18.0", "18"},
        {"64.999", "18"},    {"65", "65"},         {"1e9", "65"},
        {"0", "0"},          {"-0", "0"},          {"-0.1", "-1.5"},
        {"-1.5", "-1.5"},    {"-1.50001", NULL},   {"-1e64", NULL},
        {"1e65", NULL},      {"\"70\"", "\"65\""}, {"\"\\u0037\"", "\"0\""},
        {"\"seven\"", NULL}, {"\"\"", NULL},
    };
    EXPECT("{coarsen: {bucket: [-1.5, 0, 18, 65]}}", DISCLOSURE_COARSEN, bounds);
    static const struct row names[] = {
        {"\"17\"", "\"minor\""}, {"\"18\"", "\"of \\\"age\\\"\""}, {"\"-1\"", NULL}, {"17", NULL}};
    EXPECT("{coarsen: {bucket: {minor: 0, 'of \"age\"': 18}}}", DISCLOSURE_COARSEN, names);
}

static void test_modes__an_age_becomes_its_band(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"\"1990-05-17\"", "\"30-39\""},
        {"\"1986-11-22\"", "\"40-49\""},                /* today */
        {"\"1986-11-23\"", "\"30-39\""},                /* tomorrow */
        {"\"1986-11-22T23:59:59-12:00\"", "\"40-49\""}, /* the date as it is written */
        {"\"2016-11-23\"", "\"0-9\""},
        {"\"2026-11-22\"", "\"0-9\""},
        {"\"2026-11-23\"", NULL},
        {"\"1936-11-22\"", "\"90+\""},
        {"\"1936-11-23\"", "\"80-89\""},
        {"\"1876-11-22\"", "\"90+\""},
        {"\"1876-11-21\"", "\"90+\""},
        {"\"1875-11-22\"", NULL},
        {"\"1990\"", NULL},
        {"\"17/05/1990\"", NULL},
        {"\"36\"", "\"30-39\""},
        {"\"89.9\"", "\"80-89\""},
        {"36", "30"},
        {"36.9", "30"},
        {"90", "90"},
        {"150.9", "90"},
        {"151", NULL},
        {"-1", NULL},
        {"-0.5", NULL},
        {"-0", "0"}, /* the number is 0, however it is spelt */
        {"\"-0.0e5\"", "\"0-9\""},
        {"1e99", NULL},
    };
    EXPECT("{coarsen: {age_band: 10}}", DISCLOSURE_COARSEN, rows);
    static const struct row odd[] = {{"\"89\"", "\"84-89\""}, {"\"6\"", "\"0-6\""}, {"84", "84"}};
    EXPECT("{coarsen: {age_band: 7}}", DISCLOSURE_COARSEN, odd);
    static const struct row leap[] = {{"\"2024-02-29\"", "\"2-2\""}};
    EXPECT("{coarsen: {age_band: 1}}", DISCLOSURE_COARSEN, leap);
}

static void test_modes__a_map_shows_what_it_lists(void **state)
{
    (void)state;
    static const struct row closed[] = {{"\"Gulberg\"", "\"Lahore\""},
                                        {"\"Gulber\\u0067\"", "\"Lahore\""},
                                        {"\"gulberg\"", NULL},
                                        {"\"\"", NULL},
                                        {"302", NULL}};
    EXPECT("{coarsen: {map: {Gulberg: Lahore, 302: '300'}}}", DISCLOSURE_COARSEN, closed);
    static const struct row open[] = {{"\"Gulberg\"", "\"Lahore\""},
                                      {"\"Clifton\"", "\"else\\\"where\""}};
    EXPECT("{coarsen: {map: {Gulberg: Lahore}, other: 'else\"where'}}", DISCLOSURE_COARSEN, open);
}

static void test_modes__an_address_becomes_its_network(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"\"203.0.113.77\"", "\"203.0.112.0\""},
        {"\"203.0.112.255\"", "\"203.0.112.0\""},
        {"\"255.255.255.255\"", "\"255.255.254.0\""},
        {"\"2001:db8:aaaa:bbbb:cccc::1\"", "\"2001:db8:aaa0::\""},
        {"\"2001:DB8::1\"", "\"2001:db8::\""},
        {"\"::ffff:203.0.113.77\"", "\"::\""},
        {"\"::1\"", "\"::\""},
        {"\"203.0.113.077\"", NULL},
        {"\"203.0.113\"", NULL},
        {"\"203.0.113.77/32\"", NULL},
        {"\"203.0.113.77:80\"", NULL},
        {"\" 203.0.113.77\"", NULL},
        {"\"203.0.113.77\\u0000\"", NULL},
        {"\"fe80::1%eth0\"", NULL},
        {"\"2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff:0000:1111:2222\"", NULL},
        {"\"\"", NULL},
        {"12", NULL},
    };
    EXPECT("{coarsen: {ip_prefix: {v4: 23, v6: 44}}}", DISCLOSURE_COARSEN, rows);
    static const struct row only[] = {{"\"203.0.113.77\"", NULL},
                                      {"\"2001:db8::1\"", "\"2001::\""}};
    EXPECT("{coarsen: {ip_prefix: {v6: 16}}}", DISCLOSURE_COARSEN, only);
}

static void test_modes__a_grid_is_a_step_of_degrees(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"31.5204", "31.518444"}, {"-0.1", "-0.100092"}, {"\"74.3587\"", "\"74.357820\""}};
    EXPECT("{coarsen: {grid: {metres: 500, latitude: 31.5}}}", DISCLOSURE_COARSEN, rows);
}

/* The expected tokens come from OpenSSL's command line:
 *   openssl kdf -keylen 32 -kdfopt digest:SHA256 -kdfopt key:$KEY -kdfopt hexinfo:$INFO HKDF
 *   printf %s "$VALUE" | openssl dgst -sha256 -mac HMAC -macopt hexkey:$DERIVED -binary | base32 */
static void test_modes__tokens_depend_on_key_partner_label_and_value(void **state)
{
    static const struct catalogue_label labels[] = {
        {.name = BYTES_INIT("person.cnic"), .tokenize = {.length = 16}},
        {.name = BYTES_INIT("person.name"), .tokenize = {.length = 51}},
    };
    const struct catalogue catalogue = {.vocabulary = {.labels = labels, .label_count = 2}};
    struct plan plan = {.catalogue = &catalogue,
                        .partner = BYTES("acme-bank"),
                        .tokenize_key = BYTES("0123456789abcdef0123456789abcdef")};
    static const struct {
        const char *partner;
        size_t label;
        const char *value;
        const char *expected;
    } rows[] = {
        {"acme-bank", 0, "35202-1234567-1", "xmyevhmh7pfdvltr"},
        {"acme-bank", 0, "", "ik4c3wxl6ng65mu7"},
        {"acme-bank", 1, "35202-1234567-1", "yiplfc4uylv6aji5pop3w7ueehlqkzo5mthzkelqzk73hpmchav"},
        {"ravi-cameras", 0, "35202-1234567-1", "l5mecvu3cqfmb5il"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct token_keys keys;
        struct buffer out;
        buffer_init(&out, 1 << 20);
        plan.partner = bytes_of_string(rows[i].partner);
        assert_true(amanat_is_ok(token_keys_init(&keys, &plan)));
        assert_true(amanat_is_ok(mode_tokenize(&keys, rows[i].label, &catalogue.vocabulary,
                                               bytes_of_string(rows[i].value), &out)));
        assert_text(rows[i].expected, true, &out, rows[i].value);
        token_keys_clear(&keys);
    }
}

/* The same tokens as above: the key's label is the one that the link names, and the old token
 * stands behind the new one. */
static void test_modes__tokens_are_linked_and_overlap(void **state)
{
    static const struct catalogue_label labels[] = {
        {.name = BYTES_INIT("person.cnic"), .tokenize = {.length = 16}},
        {.name = BYTES_INIT("owner"), .tokenize = {.length = 16, .is_linked = true, .link = 0}},
    };
    const struct catalogue catalogue = {.vocabulary = {.labels = labels, .label_count = 2}};
    const struct plan plan = {.catalogue = &catalogue,
                              .partner = BYTES("acme-bank"),
                              .tokenize_key = BYTES("fedcba9876543210fedcba9876543210"),
                              .tokenize_previous = BYTES("0123456789abcdef0123456789abcdef")};
    (void)state;
    for (size_t label = 0; label < 2; label++) {
        struct token_keys keys;
        struct buffer out;
        buffer_init(&out, 1 << 20);
        assert_true(amanat_is_ok(token_keys_init(&keys, &plan)));
        assert_true(amanat_is_ok(
            mode_tokenize(&keys, label, &catalogue.vocabulary, BYTES("35202-1234567-1"), &out)));
        assert_int_equal(out.length, 33);
        assert_true(bytes_equal_string(bytes_from(buffer_bytes(&out), 16), ".xmyevhmh7pfdvltr"));
        assert_false(bytes_start_with(buffer_bytes(&out), BYTES("xmyevhmh7pfdvltr")));
        buffer_clear(&out);
        token_keys_clear(&keys);
    }
}

static void test_modes__no_key_no_token(void **state)
{
    static const struct catalogue_label label = {.name = BYTES_INIT("person"),
                                                 .tokenize = {.length = 16}};
    const struct catalogue catalogue = {.vocabulary = {.labels = &label, .label_count = 1}};
    const struct plan plan = {.catalogue = &catalogue, .partner = BYTES("acme-bank")};
    struct token_keys keys;
    struct buffer out;
    (void)state;
    buffer_init(&out, 1 << 20);
    assert_true(amanat_is_ok(token_keys_init(&keys, &plan)));
    assert_int_equal(mode_tokenize(&keys, 0, &catalogue.vocabulary, BYTES("x"), &out).status,
                     AMANAT_STATUS_CONFIG_FAULT);
    assert_int_equal(out.length, 0);
    token_keys_clear(&keys);
}

/* Every mode on every kind of value; what the table of modes.h calls "no" is withheld. */
static void test_modes__keep_the_type(void **state)
{
    static const struct catalogue_label labels[] = {
        {.name = BYTES_INIT("step"),
         .defines = {false, true, true, true, true},
         .mask = {.kind = MASK_TEXT, .text = BYTES_INIT("\"x\x01")},
         .tokenize = {.length = 13},
         .coarsen = {.kind = COARSEN_STEP, .step = {1, 0}}},
        {.name = BYTES_INIT("time"),
         .defines = {false, false, false, true, true},
         .coarsen = {.kind = COARSEN_TIME, .unit = TIME_UNIT_DAY}},
        {.name = BYTES_INIT("prefix"),
         .defines = {false, false, false, true, true},
         .coarsen = {.kind = COARSEN_PREFIX, .prefix = 2}},
    };
    static const struct {
        enum disclosure_mode mode;
        size_t label;
        enum json_event_kind kind;
        const char *token;
        const char *expected;
    } rows[] = {
        {DISCLOSURE_REVEAL, 0, JSON_EVENT_NULL, "null", "null"},
        {DISCLOSURE_REVEAL, 0, JSON_EVENT_NUMBER, "1.50E+1", "1.50E+1"},
        {DISCLOSURE_REVEAL, 0, JSON_EVENT_STRING, "\"\\u0061\"", "\"\\u0061\""},
        {DISCLOSURE_COARSEN, 0, JSON_EVENT_NUMBER, "1.5", "1"},
        {DISCLOSURE_COARSEN, 0, JSON_EVENT_STRING, "\"1.5\"", "\"1\""},
        {DISCLOSURE_COARSEN, 0, JSON_EVENT_STRING, "\"\\u0031\"", "\"1\""},
        {DISCLOSURE_COARSEN, 0, JSON_EVENT_NULL, "null", NULL},
        {DISCLOSURE_COARSEN, 0, JSON_EVENT_TRUE, "true", NULL},
        {DISCLOSURE_COARSEN, 1, JSON_EVENT_NUMBER, "2026", NULL},
        {DISCLOSURE_COARSEN, 1, JSON_EVENT_STRING, "\"2026-01-17\"", "\"2026-01-17\""},
        {DISCLOSURE_COARSEN, 2, JSON_EVENT_NUMBER, "54000", NULL},
        {DISCLOSURE_COARSEN, 2, JSON_EVENT_STRING, "\"\\\"\\u0001x\"", "\"\\\"\\u0001\""},
        {DISCLOSURE_COARSEN, 2, JSON_EVENT_STRING, "\"\\ud83d\\ude00ab\"",
         "\"\xf0\x9f\x98\x80\x61\""},
        {DISCLOSURE_MASK, 0, JSON_EVENT_STRING, "\"a\"", "\"\\\"x\\u0001\""},
        {DISCLOSURE_MASK, 0, JSON_EVENT_NUMBER, "1", NULL},
        {DISCLOSURE_MASK, 0, JSON_EVENT_FALSE, "false", NULL},
        {DISCLOSURE_MASK, 0, JSON_EVENT_NULL, "null", NULL},
        {DISCLOSURE_MASK, 1, JSON_EVENT_STRING, "\"a\"", NULL}, /* the label defines no mask */
        {DISCLOSURE_TOKENIZE, 0, JSON_EVENT_NUMBER, "1", NULL},
        {DISCLOSURE_TOKENIZE, 0, JSON_EVENT_TRUE, "true", NULL},
        {DISCLOSURE_WITHHELD, 0, JSON_EVENT_STRING, "\"a\"", NULL},
    };
    const struct catalogue catalogue = {.vocabulary = {.labels = labels, .label_count = 3}};
    const struct plan plan = {.catalogue = &catalogue,
                              .tokenize_key = BYTES("0123456789abcdef0123456789abcdef")};
    struct modes modes;
    (void)state;
    assert_true(amanat_is_ok(modes_init(&modes, &plan, 1 << 20)));
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct buffer out;
        bool disclosed = true;
        const struct undisclosed_bytes token = {bytes_of_string(rows[i].token)};
        buffer_init(&out, 1 << 20);
        assert_true(amanat_is_ok(modes_apply(&modes, rows[i].mode, rows[i].label, rows[i].kind,
                                             token, &out, &disclosed)));
        assert_text(rows[i].expected, disclosed, &out, rows[i].token);
    }
    modes_clear(&modes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_modes__mask_keeps_code_points),
        cmocka_unit_test(test_modes__prefix_is_cut_at_code_points),
        cmocka_unit_test(test_modes__time_is_the_first_instant_of_the_period),
        cmocka_unit_test(test_modes__step_is_floored_exactly),
        cmocka_unit_test(test_modes__a_mask_with_a_pattern_shows_its_groups_or_nothing),
        cmocka_unit_test(test_modes__a_bucket_is_named_or_its_lower_bound),
        cmocka_unit_test(test_modes__an_age_becomes_its_band),
        cmocka_unit_test(test_modes__a_map_shows_what_it_lists),
        cmocka_unit_test(test_modes__an_address_becomes_its_network),
        cmocka_unit_test(test_modes__a_grid_is_a_step_of_degrees),
        cmocka_unit_test(test_modes__tokens_depend_on_key_partner_label_and_value),
        cmocka_unit_test(test_modes__tokens_are_linked_and_overlap),
        cmocka_unit_test(test_modes__no_key_no_token),
        cmocka_unit_test(test_modes__keep_the_type),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
