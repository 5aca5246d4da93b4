/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scrubbing: spellings that must be found, texts that must stay, limits. A row's token is JSON as
 * it comes from a service; NULL is withheld, and a row without an expected text stays as it is.
 */
#include "policy/redact/scrub.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "policy/redact/modes.h"

/* A label with `scrub`, as the product compiles it. */
struct label_fixture {
    struct arena *arena;
    struct amanat_diagnostics *diagnostics;
    struct catalogue *catalogue;
    struct scrub scrub;
};

static struct label_fixture open_label(const char *patterns)
{
    char text[4096];
    (void)snprintf(text, sizeof(text), "labels:\n  x: {scrub: %s}\n", patterns);
    struct label_fixture fixture = {.arena = arena_new(1 << 20),
                                    .diagnostics = amanat_diagnostics_new()};
    const struct catalogue_source source = {BYTES("vocabulary.yaml"), bytes_of_string(text)};
    if (!amanat_is_ok(catalogue_compile(fixture.arena, &source, 1, fixture.diagnostics,
                                        &fixture.catalogue))) {
        fail_msg("%s: %s", patterns, amanat_diagnostics_at(fixture.diagnostics, 0)->text);
    }
    scrub_init(&fixture.scrub);
    return fixture;
}

static void close_label(struct label_fixture *fixture)
{
    scrub_clear(&fixture->scrub);
    amanat_diagnostics_free(fixture->diagnostics);
    arena_free(fixture->arena);
}

static const struct catalogue_label *label_of(const struct label_fixture *fixture)
{
    return &fixture->catalogue->vocabulary.labels[0];
}

static void expect(struct label_fixture *fixture, struct bytes token, struct bytes expected)
{
    struct buffer out;
    bool disclosed = false;
    buffer_init(&out, 1 << 22);
    assert_true(
        amanat_is_ok(scrub_string(&fixture->scrub, label_of(fixture), token, &out, &disclosed)));
    if (disclosed != (expected.at != NULL) ||
        (disclosed && !bytes_equal(buffer_bytes(&out), expected))) {
        fail_msg("%.*s: got %.*s instead of %.*s", BYTES_PRINTF(token),
                 BYTES_PRINTF(buffer_bytes(&out)), BYTES_PRINTF(expected));
    }
    buffer_clear(&out);
}

struct row {
    const char *token;
    const char *expected; /* NULL: as it is */
};

static void expect_rows(const char *patterns, const struct row *rows, size_t count)
{
    struct label_fixture fixture = open_label(patterns);
    for (size_t i = 0; i < count; i++) {
        expect(&fixture, bytes_of_string(rows[i].token),
               bytes_of_string(rows[i].expected == NULL ? rows[i].token : rows[i].expected));
    }
    close_label(&fixture);
}
#define EXPECT(patterns, rows) expect_rows((patterns), (rows), sizeof(rows) / sizeof((rows)[0]))

/* Arabic-Indic digits as they are used in Urdu, in Arabic; full width */
#define URDU_35202   "\xDB\xB3\xDB\xB5\xDB\xB2\xDB\xB0\xDB\xB2"
#define URDU_1234567 "\xDB\xB1\xDB\xB2\xDB\xB3\xDB\xB4\xDB\xB5\xDB\xB6\xDB\xB7"
#define URDU_1       "\xDB\xB1"
#define ARABIC_35202 "\xD9\xA3\xD9\xA5\xD9\xA2\xD9\xA0\xD9\xA2"
#define ARABIC_REST  "\xD9\xA1\xD9\xA2\xD9\xA3\xD9\xA4\xD9\xA5\xD9\xA6\xD9\xA7-\xD9\xA1"
#define WIDE_35202   "\xEF\xBC\x93\xEF\xBC\x95\xEF\xBC\x92\xEF\xBC\x90\xEF\xBC\x92"
#define BOLD_35202                                                                                 \
    "\xF0\x9D\x9F\x91\xF0\x9D\x9F\x93\xF0\x9D\x9F\x90\xF0\x9D\x9F\x8E\xF0\x9D\x9F\x90"

static void test_scrub__finds_a_cnic_however_it_is_spelt(void **state)
{
    (void)state;
    static const char *const spellings[] = {
        "35202-1234567-1",
        "3520212345671",
        "35202 1234567 1",
        "35202.1234567.1",
        "35202/1234567/1",
        "35202_1234567_1",
        "35202 - 1234567 - 1",
        "35202--1234567--1",
        "35202-12345671",
        "352021234567-1",
        "35202- 1234567 -1",
        "3 5 2 0 2 1 2 3 4 5 6 7 1",
        "3-5-2-0-2-1-2-3-4-5-6-7-1",
        "35202\xE2\x80\x90"
        "1234567\xE2\x80\x90"
        "1", /* hyphen */
        "35202\xE2\x80\x91"
        "1234567\xE2\x80\x91"
        "1", /* non-breaking hyphen */
        "35202\xE2\x80\x92"
        "1234567\xE2\x80\x92"
        "1", /* figure dash */
        "35202\xE2\x80\x93"
        "1234567\xE2\x80\x93"
        "1", /* en dash */
        "35202\xE2\x80\x94"
        "1234567\xE2\x80\x94"
        "1", /* em dash */
        "35202\xE2\x80\x95"
        "1234567\xE2\x80\x95"
        "1", /* bar */
        "35202\xE2\x88\x92"
        "1234567\xE2\x88\x92"
        "1", /* minus */
        "35202\xEF\xB9\xA3"
        "1234567\xEF\xB9\xA3"
        "1", /* small hyphen-minus */
        "35202\xEF\xBC\x8D"
        "1234567\xEF\xBC\x8D"
        "1", /* full width hyphen-minus */
        "35202\xE2\x81\x83"
        "1234567\xE2\x81\x83"
        "1", /* hyphen bullet */
        "35202\xD6\x8A"
        "1234567\xD6\x8A"
        "1", /* Armenian hyphen */
        "35202\xC2\xA0"
        "1234567\xC2\xA0"
        "1", /* non-breaking blank */
        "35202\xE2\x80\xAF"
        "1234567\xE2\x80\xAF"
        "1", /* narrow one */
        "35202\xE2\x80\x83"
        "1234567\xE2\x80\x83"
        "1", /* em space */
        "35202\xE3\x80\x80"
        "1234567\xE3\x80\x80"
        "1", /* ideographic space */
        "35202\\t1234567\\n1",
        "35202\\r\\n1234567\\r\\n1",
        "35202\\u002d1234567\\u002D1",
        "\\u0033\\u0035\\u0032\\u0030\\u0032-1234567-1",
        "35202\\/1234567\\/1",
        "35202\xE2\x80\x8D-\xE2\x80\x8D"
        "1234567-1", /* joiner */
        "35202\xE2\x80\x8C-1234567-\xE2\x80\x8C"
        "1", /* non-joiner */
        "35\xE2\x80\x8B"
        "202-1234567-1", /* zero width space */
        "352\xC2\xAD"
        "02-123\xC2\xAD"
        "4567-1", /* soft hyphens */
        "35202\xE2\x80\x8E-\xE2\x80\x8F"
        "1234567-1", /* marks of direction */
        "\xE2\x81\xA6"
        "35202-1234567-1",             /* isolate */
        "35202\xEF\xBB\xBF-1234567-1", /* byte order mark */
        "35202\xD9\x80"
        "1234567\xD9\x80"
        "1",                       /* tatweel */
        "35202-1234567-1\xCC\xB2", /* underlined */
        "3\xEF\xB8\x8F\xE2\x83\xA3"
        "5202-1234567-1", /* keycap */
        URDU_35202 "-" URDU_1234567 "-" URDU_1,
        URDU_35202 URDU_1234567 URDU_1,
        URDU_35202 "\xE2\x80\x93"
                   "1234567-1",
        ARABIC_35202 "-" ARABIC_REST,
        WIDE_35202 "\xEF\xBC\x8D"
                   "1234567-1",
        BOLD_35202 "-1234567-1",
        "\\ud835\\udfd1"
        "5202-1234567-1",
        "\xE0\xA5\xA9"
        "5202-1234567-1", /* Devanagari 3 */
        "\xC2\xB3"
        "5202-1234567-1", /* superscript 3 */
        "\xE2\x91\xA2"
        "5202-1234567-1", /* enclosed 3 */
        "\xE2\x9D\xB8"
        "5202-1234567-1", /* white in a black circle */
        "\xE2\x91\xB6"
        "5202-1234567-1",                /* in parentheses */
        "3 5 2 0 2 - 1 2 3 4 5 6 7 - 1", /* in the boxes of a form */
        "3 5 2 0 2  1 2 3 4 5 6 7  1",   /* the same */
        "35202\xDB\x94"
        "1234567\xDB\x94"
        "1", /* the full stop of Urdu */
        "35202\xC2\xB7"
        "1234567\xC2\xB7"
        "1", /* middle dot */
        "35202\xE2\x94\x80"
        "1234567\xE2\x94\x80"
        "1", /* box drawing */
        "35\xE2\x81\xA5"
        "202-1234567-1", /* not assigned, invisible */
        "352\xF3\xA0\xBF\xBF"
        "02-1234567-1", /* the same */
        "3\xE0\xA4\x83"
        "5202-1234567-1", /* a combining mark that takes place */
    };
    struct label_fixture fixture = open_label("[cnic]");
    assert_true(sizeof(spellings) / sizeof(spellings[0]) >= 40);
    for (size_t i = 0; i < sizeof(spellings) / sizeof(spellings[0]); i++) {
        char token[512];
        char expected[512];
        /* what is invisible in front of the first digit, or a mark behind the last, is no part */
        const char *rest = strstr(spellings[i], "1\xCC\xB2") != NULL ? "\xCC\xB2" : "";
        const char *front = strncmp(spellings[i], "\xE2\x81\xA6", 3) == 0 ? "\xE2\x81\xA6" : "";
        (void)snprintf(token, sizeof(token), "\"%s\"", spellings[i]);
        (void)snprintf(expected, sizeof(expected), "\"%s[cnic]%s\"", front, rest);
        expect(&fixture, bytes_of_string(token), bytes_of_string(expected));
        (void)snprintf(token, sizeof(token), "\"caf\\u00e9: %s, \xD8\xA8\xD8\xB3\"", spellings[i]);
        (void)snprintf(expected, sizeof(expected), "\"caf\\u00e9: %s[cnic]%s, \xD8\xA8\xD8\xB3\"",
                       front, rest);
        expect(&fixture, bytes_of_string(token), bytes_of_string(expected));
    }
    close_label(&fixture);
}

static void test_scrub__leaves_what_is_no_cnic(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"\"\"", NULL},
        {"\"order 352021234567\"", NULL},   /* 12 digits */
        {"\"order 35202123456712\"", NULL}, /* 14 */
        {"\"352021234567135202123456713520212345671\"", NULL},
        {"\"35202-1234567-12\"", NULL},
        {"\"135202-1234567-1\"", NULL},
        {"\"3520-1234567-1\"", NULL},
        {"\"35202-123456-1\"", NULL},
        {"\"05202-1234567-1\"", NULL}, /* no province begins with 0 */
        {"\"ORD-2026-0001234\"", NULL},
        {"\"FIR 512/2026\"", NULL},
        {"\"2026-11-22T08:35:50Z\"", NULL},
        {"\"31.5204, 74.3587\"", NULL},
        {"\"35202:1234567:1\"", NULL},
        {"\"35202 and 1234567 and 1\"", NULL},
        {"\"35202----1234567-1\"", NULL},
        {"\"\\u0061\\/\\u00E9 \\ud83d\\uDE00\"", NULL}, /* its exact spelling */
        {"\"\xDB\xB3\xDB\xB5\xDB\xB2\"", NULL},
    };
    EXPECT("[cnic]", rows);
}

static void test_scrub__knows_the_other_names(void **state)
{
    (void)state;
    static const struct row phones[] = {
        {"\"call 0300-1234567 now\"", "\"call [phone] now\""},
        {"\"03001234567\"", "\"[phone]\""},
        {"\"0300 123 4567, 0301-7654321\"", "\"[phone], [phone]\""},
        {"\"(042) 35761234\"", "\"[phone]\""},
        {"\"042-3576-1234\"", "\"[phone]\""},
        {"\"0992-123456\"", "\"[phone]\""},
        {"\"+92 300 1234567\"", "\"[phone]\""},
        {"\"+92 (0)300 1234567.\"", "\"[phone].\""},
        {"\"0092-300-1234567\"", "\"[phone]\""},
        {"\"923001234567\"", "\"[phone]\""},
        {"\"+44 20 7946 0958\"", "\"[phone]\""},
        {"\"+92 (300) - 1234567\"", "\"[phone]\""},
        {"\"92 (0)300 1234567\"", "\"[phone]\""},
        {"\"(0)300-1234567\"", "\"[phone]\""},
        {"\"0 3 0 0 1 2 3 4 5 6 7\"", "\"[phone]\""},
        {"\"0300_1234567\"", "\"[phone]\""},
        {"\"\xE2\x9E\x95"
         "923001234567\"",
         "\"[phone]\""},
        {"\"0.3123456789\"", NULL},
        {"\"\xDB\xB0\xDB\xB3\xDB\xB0\xDB\xB0-"
         "\xDB\xB1\xDB\xB2\xDB\xB3\xDB\xB4\xDB\xB5\xDB\xB6\xDB\xB7\"",
         "\"[phone]\""},
        {"\"01-02-2026 10:15\"", NULL},
        {"\"2026-01-02\"", NULL},
        {"\"0300 1234\"", NULL},
        {"\"order 030012345678901\"", NULL},
    };
    EXPECT("[phone]", phones);
    static const struct row emails[] = {
        {"\"to a.b+c@mail.example.pk, soon\"", "\"to [email], soon\""},
        {"\"a\\u0040example.com\"", "\"[email]\""},
        {"\"a\xEF\xBC\xA0"
         "example.com\"",
         "\"[email]\""},
        {"\"a@\xC2\xAD"
         "example.com.\"",
         "\"[email].\""},
        {"\"o'neil!x/y=z@example.com\"", "\"[email]\""},
        {"\"\\\"ali khan\\\"@example.com\"", "\"[email]\""},
        {"\"ali @ example.com\"", "\"[email]\""},
        {"\"\xD8\xB9\xD9\x84\xDB\x8C@\xD9\x85\xD8\xAB\xD8\xA7\xD9\x84"
         ".\xD9\xBE\xD8\xA7\xDA\xA9\xD8\xB3\xD8\xAA\xD8\xA7\xD9\x86\"",
         "\"[email]\""},
        {"\"a@example\xE3\x80\x82"
         "com\"",
         "\"[email]\""},
        {"\"a@xn--mgbh0fb.xn--mgbai9azgqp6j\"", "\"[email]\""},
        {"\"a@b\"", NULL},
        {"\"@home\"", NULL},
    };
    EXPECT("[email]", emails);
    static const struct row ibans[] = {
        {"\"PK36SCBL0000001123456702\"", "\"[iban]\""},
        {"\"pk36 scbl 0000 0011 2345 6702 is his\"", "\"[iban] is his\""},
        {"\"IBAN:PK36-SCBL-0000-0011-2345-6702\"", "\"IBAN:[iban]\""},
        {"\"IBANPK36SCBL0000001123456702\"", "\"IBAN[iban]\""},
        {"\"GB82 WEST 1234 5698 7654 32, DE89370400440532013000\"", "\"[iban], [iban]\""},
        {"\"PK36  SCBL\\r\\n0000 0011.2345/6702\"", "\"[iban]\""},
        {"\"PK36SCBL0000001123456703\"", NULL}, /* its check digits are wrong */
        {"\"GB82 WEST 1234 5698 7654\"", NULL},
        {"\"PK36SCBL00000011234567021\"", NULL},
    };
    EXPECT("[iban]", ibans);
    static const struct row cards[] = {
        {"\"4111 1111 1111 1111\"", "\"[card]\""},
        {"\"4111-1111-1111-1111 12/28\"", "\"[card] 12/28\""},
        {"\"4111 1111\\r\\n1111 - 1111\"", "\"[card]\""},
        {"\"378282246310005\"", "\"[card]\""},
        {"\"5555555555554444 and 4012888888881881\"", "\"[card] and [card]\""},
        {"\"12 4111111111111111\"", "\"12 [card]\""},
        {"\"4111111111111112\"", NULL},
        {"\"41111111111111111111\"", NULL},
        {"\"9111111111111111\"", NULL},
    };
    EXPECT("[card]", cards);
    static const struct row plates[] = {
        {"\"seen LEA-1234 and LEB 12 3456\"", "\"seen [plate] and [plate]\""},
        {"\"lea-1234, ABC123\"", "\"[plate], [plate]\""},
        {"\"LEB-12-3456, LEB-18A-3456\"", "\"[plate], [plate]\""},
        {"\"FIR-512/2026 in room 302 for rs 5000\"", NULL},
        {"\"the 1234 of them\"", NULL},
        {"\"LEA-12345\"", NULL},
    };
    EXPECT("[plate]", plates);
}

/* The check digits of 2002 and most of the card hold by chance; the numbers before 0300 look like
 * the beginning of a longer one. */
static void test_scrub__finds_a_number_that_begins_inside_another_match(void **state)
{
    (void)state;
    static const struct row cards[] = {
        {"\"2002 4111 1111 1111 1111\"", "\"[card]\""},
    };
    EXPECT("[card]", cards);
    static const struct row phones[] = {
        {"\"+92-51 9876 0300-1234567\"", "\"[phone]\""},
        {"\"+12 345 0300 1234567, 0301-7654321\"", "\"[phone], [phone]\""},
    };
    EXPECT("[phone]", phones);
}

static void test_scrub__a_decorated_digit_does_not_hide_the_number_beside_it(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"\"\xE2\x91\xA0"
         "35202-1234567-1\"",
         "\"\xE2\x91\xA0[cnic]\""},
        {"\"35202-1234567-1\xC2\xB9 and 35202-1234567-1\xC2\xBD\"",
         "\"[cnic]\xC2\xB9 and [cnic]\xC2\xBD\""},
        {"\"1\xEF\xB8\x8F\xE2\x83\xA3"
         "0300-1234567\"",
         "\"1\xEF\xB8\x8F\xE2\x83\xA3[phone]\""},
        {"\"51\xE2\x83\xA3"
         "0300-1234567\"",
         "\"51\xE2\x83\xA3[phone]\""},
    };
    EXPECT("[cnic, phone]", rows);
    /* 14 digits, or 12 and 2: two on keycaps stand together */
    static const struct row together[] = {
        {"\"1352021234567\xE2\x83\xA3"
         "1\xE2\x83\xA3\"",
         NULL},
    };
    EXPECT("[cnic]", together);
    /* the blank between them is in no text */
    static const struct row blanks[] = {{"\"\xE2\x91\xA0"
                                         "35 \xE2\x91\xA0\"",
                                         "\"\xE2\x91\xA0"
                                         "35[b]\xE2\x91\xA0\""}};
    EXPECT("[{name: b, pattern: ' '}]", blanks);
}

static void test_scrub__an_empty_match_withholds(void **state)
{
    (void)state;
    struct label_fixture fixture = open_label("[{name: fir, pattern: 'FIR-[0-9]+\\K'}]");
    expect(&fixture, BYTES("\"FIR-12\""), (struct bytes){0});
    expect(&fixture, BYTES("\"FIR\""), BYTES("\"FIR\""));
    close_label(&fixture);
    fixture = open_label("[{name: fir, pattern: 'FIR-\\K[0-9]+'}]");
    expect(&fixture, BYTES("\"FIR-12\""), BYTES("\"FIR-[fir]\""));
    close_label(&fixture);
}

static void test_scrub__joins_what_overlaps_and_searches_again(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"\"1234567\"", "\"1[ab-1]67\""}, /* 234 and 345 */
        {"\"12345 34\"", "\"1[ab-1] 34\""},
    };
    EXPECT("[{name: ab-1, pattern: '234'}, {name: ab-2, pattern: '345'}]", rows);
    /* what only the mark beside it makes a match is found in the next round */
    static const struct row again[] = {{"\"x7\"", "\"[b-c][a-c]\""}};
    EXPECT("[{name: a-c, pattern: '7'}, {name: b-c, pattern: 'x(?!7)'}]", again);
    /* one digit in each round: as many rounds as there are, and no more */
    struct label_fixture fixture = open_label("[{name: d, pattern: '(?<![0-9])[0-9]'}]");
    expect(&fixture, BYTES("\"1234567\""), BYTES("\"[d][d][d][d][d][d][d]\""));
    expect(&fixture, BYTES("\"12345678\""), (struct bytes){0});
    close_label(&fixture);
}

static void test_scrub__a_limit_withholds_the_whole_string(void **state)
{
    (void)state;
    struct label_fixture fixture = open_label("[{name: slow, pattern: '(a+)+[yz]'}]");
    expect(&fixture, BYTES("\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!\""),
           (struct bytes){0});
    expect(&fixture, BYTES("\"aaz!\""), BYTES("\"[slow]!\""));
    close_label(&fixture);
    fixture = open_label("[cnic]");
    char *token = malloc(SCRUB_TEXT_LIMIT + 16);
    assert_non_null(token);
    memset(token, 'x', SCRUB_TEXT_LIMIT + 16);
    token[0] = '"';
    token[SCRUB_TEXT_LIMIT + 1] = '"';
    const struct bytes longest = bytes_of(token, SCRUB_TEXT_LIMIT + 2);
    expect(&fixture, longest, longest);
    memcpy(token + 1, "\\t", 2); /* folded, and one shorter */
    expect(&fixture, longest, longest);
    token[SCRUB_TEXT_LIMIT + 1] = 'x';
    token[SCRUB_TEXT_LIMIT + 2] = '"';
    expect(&fixture, bytes_of(token, SCRUB_TEXT_LIMIT + 3), bytes_of(token, SCRUB_TEXT_LIMIT + 3));
    token[SCRUB_TEXT_LIMIT + 2] = 'x';
    token[SCRUB_TEXT_LIMIT + 3] = '"';
    expect(&fixture, bytes_of(token, SCRUB_TEXT_LIMIT + 4), (struct bytes){0});
    /* one that is spelt short and folded long: U+FDFA is 18 characters */
    size_t at = 1;
    for (; at + 3 < SCRUB_TEXT_LIMIT / 8; at += 3) {
        memcpy(token + at, "\xEF\xB7\xBA", 3);
    }
    token[at] = '"';
    expect(&fixture, bytes_of(token, at + 1), (struct bytes){0});
    free(token);
    close_label(&fixture);
}

static void test_scrub__what_cannot_be_changed_is_clean_or_not(void **state)
{
    (void)state;
    static const struct {
        const char *token;
        bool clean;
    } rows[] = {{"3520212345671", false},
                {"352021234567", true},
                {"-3520212345671", false},
                {"3520212345671.0", false},
                {"3.520212345671E12", false}, /* as Java spells it */
                {"-3.520212345671e+12", false},
                {"0.003520212345671e15", false},
                {"35202123456710e-1", false},
                {"35202123456710000e-004", false},
                {"3.520212345671e10", true},
                {"3520212345671e1", false}, /* its spelling is looked at too */
                {"35202123456e-14", true},
                {"0e0", true},
                {"-1.5e-64", true},
                {"1e65", false}, /* what cannot be spelt out is not looked into */
                {"\"a\"", true},
                {"\"35202-1234567-1\"", false},
                {"\"35202\\u002d1234567-1\"", false}};
    struct label_fixture fixture = open_label("[cnic]");
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        bool clean = !rows[i].clean;
        assert_true(amanat_is_ok(scrub_is_clean(&fixture.scrub, label_of(&fixture),
                                                bytes_of_string(rows[i].token), &clean)));
        assert_int_equal(clean, rows[i].clean);
    }
    close_label(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scrub__finds_a_cnic_however_it_is_spelt),
        cmocka_unit_test(test_scrub__leaves_what_is_no_cnic),
        cmocka_unit_test(test_scrub__knows_the_other_names),
        cmocka_unit_test(test_scrub__finds_a_number_that_begins_inside_another_match),
        cmocka_unit_test(test_scrub__a_decorated_digit_does_not_hide_the_number_beside_it),
        cmocka_unit_test(test_scrub__an_empty_match_withholds),
        cmocka_unit_test(test_scrub__joins_what_overlaps_and_searches_again),
        cmocka_unit_test(test_scrub__a_limit_withholds_the_whole_string),
        cmocka_unit_test(test_scrub__what_cannot_be_changed_is_clean_or_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
