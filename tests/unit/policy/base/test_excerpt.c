/* SPDX-License-Identifier: Apache-2.0 */
/* What is shown of a line, and where the caret stands below it. */
#include "policy/base/excerpt.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "amanat/diagnostics.h"
#include "policy/base/utf8.h"

static void test_excerpt__underlines_the_token_at_the_column(void **state)
{
    static const struct {
        const char *line;
        unsigned column;
        enum excerpt_words words;
        const char *underline;
    } cases[] = {
        {"    && resource.cty == 1", 17, EXCERPT_CEDAR, "                ^~~"},
        {"a", 1, EXCERPT_CEDAR, "^"},
        {"x == y", 3, EXCERPT_CEDAR, "  ^~"},
        {"x = y", 3, EXCERPT_CEDAR, "  ^"},
        {"A::B::\"x\" in", 1, EXCERPT_CEDAR, "^~~~~~~~~"},
        {"A::B x", 1, EXCERPT_CEDAR, "^~~~"},
        {"A::", 1, EXCERPT_CEDAR, "^"},
        {"\"a\\\"b\" c", 1, EXCERPT_CEDAR, "^~~~~~"},
        {"  \"open", 3, EXCERPT_CEDAR, "  ^~~~~"},
        {"@id(\"x\")", 1, EXCERPT_CEDAR, "^~~"},
        {"?principal", 1, EXCERPT_CEDAR, "^~~~~~~~~~"},
        {"a-b: c", 1, EXCERPT_CEDAR, "^"},
        {"a-b: c", 1, EXCERPT_DOCUMENT, "^~~"},
        {"a: persn.cnic, b", 4, EXCERPT_DOCUMENT, "   ^~~~~~~~~~"},
        {"a: https://x/y", 4, EXCERPT_DOCUMENT, "   ^~~~~"},
        /* behind the line, before the line */
        {"ab", 3, EXCERPT_CEDAR, "  ^"},
        {"ab", 4000000000U, EXCERPT_CEDAR, "  ^"},
        {"ab", 0, EXCERPT_CEDAR, "^~"},
        {"", 1, EXCERPT_CEDAR, "^"},
        /* tabs are four blanks; columns are bytes, the caret counts what is seen */
        {"\tx", 2, EXCERPT_CEDAR, "    ^"},
        {"\"\xC3\xA9\xC3\xA9\" x", 8, EXCERPT_CEDAR, "     ^"},
        {"\"\xE6\x97\xA5\" x", 7, EXCERPT_CEDAR, "     ^"},    /* two columns wide */
        {"\"e\xCC\x81\" x", 7, EXCERPT_CEDAR, "    ^"},        /* combining */
        {"\"\xD9\x84\xD9\x90\" x", 8, EXCERPT_CEDAR, "    ^"}, /* Arabic with a vowel */
        {"\xE2\x80\x9Cx\xE2\x80\x9D", 1, EXCERPT_CEDAR, "^"},  /* a smart quote */
        {"\x1B[31mx", 1, EXCERPT_CEDAR, "^"},
        {"\xFFx", 2, EXCERPT_CEDAR, " ^"},
        {"\xC3\xA9x", 2, EXCERPT_CEDAR, "^"}, /* inside a character */
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct excerpt excerpt;
        char underline[EXCERPT_SIZE];
        excerpt_make(bytes_of_string(cases[i].line), cases[i].column, cases[i].words, &excerpt);
        int length = snprintf(underline, sizeof(underline), "%*s^", (int)excerpt.indent, "");
        for (unsigned k = 1; k < excerpt.width; k++) {
            underline[length++] = '~';
        }
        underline[length] = '\0';
        if (strcmp(underline, cases[i].underline) != 0) {
            fail_msg("%s\n%s\n%s", cases[i].line, underline, cases[i].underline);
        }
    }
}

static void test_excerpt__lets_nothing_steer_a_terminal(void **state)
{
    static const struct {
        struct bytes line;
        const char *shown;
    } cases[] = {
        {BYTES_INIT("\x1B[2Jx\x07\r"), "?[2Jx??"},
        {BYTES_INIT("a\0b"), "a?b"},
        {BYTES_INIT("\xC2\x9B"
                    "2Jx"),
         "?2Jx"}, /* CSI as one character */
        {BYTES_INIT("a\xE2\x80\xAE"
                    "b\xE2\x81\xA6"),
         "a?b?"}, /* turns the text around */
        {BYTES_INIT("\xEF\xBB\xBFpermit"), "?permit"},
        {BYTES_INIT("\xFF\xC3\xA9\xC3"), "?\xC3\xA9?"},
        {BYTES_INIT("\tx"), "    x"},
        {BYTES_INIT("\xD8\xB4\xDB\x81\xD8\xB1"), "\xD8\xB4\xDB\x81\xD8\xB1"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct excerpt excerpt;
        excerpt_make(cases[i].line, 1, EXCERPT_CEDAR, &excerpt);
        assert_string_equal(excerpt.text, cases[i].shown);
    }
}

static void test_excerpt__cuts_long_lines_around_the_place(void **state)
{
    struct excerpt excerpt;
    char line[5000];
    (void)state;
    memset(line, '.', sizeof(line));
    line[3000] = 'x';
    excerpt_make(bytes_of(line, sizeof(line)), 3001, EXCERPT_CEDAR, &excerpt);
    assert_int_equal(excerpt.indent, 61);
    assert_int_equal(excerpt.text[3 + 60], 'x');
    assert_int_equal(strlen(excerpt.text), 3 + 120 + 3);
    excerpt_make(bytes_of(line, sizeof(line)), 3, EXCERPT_CEDAR, &excerpt);
    assert_int_equal(excerpt.indent, 2);
    assert_int_equal(strlen(excerpt.text), 120 + 3);
    excerpt_make(bytes_of(line, sizeof(line)), 5001, EXCERPT_CEDAR, &excerpt);
    assert_int_equal(excerpt.indent, 61);
    assert_int_equal(strlen(excerpt.text), 3 + 60);
}

/* Whatever stands in a line, at whatever column: the excerpt is UTF-8 and the caret inside it. */
static void test_excerpt__is_whole_for_any_bytes(void **state)
{
    uint32_t seed = 1;
    (void)state;
    for (size_t round = 0; round < 2000; round++) {
        struct excerpt excerpt;
        char line[300];
        const size_t length = round % (sizeof(line) + 1);
        for (size_t i = 0; i < length; i++) {
            seed = seed * 1664525U + 1013904223U;
            line[i] = (char)("\t\xC3\xA9\xE6\x97\xA5\x1B \"a:"[(seed >> 24) % 12]);
        }
        excerpt_make(bytes_of(line, length), (unsigned)(seed % 310), round % 2, &excerpt);
        const struct bytes shown = bytes_of_string(excerpt.text);
        assert_true(utf8_is_valid(shown));
        assert_true(excerpt.width >= 1);
        assert_true(excerpt.indent <= 4 * 125);
    }
}

/* ---- in the list ---- */

static const char *excerpt_of(const struct amanat_diagnostics *list, size_t index)
{
    const char *excerpt = amanat_diagnostics_at(list, index)->excerpt;
    return excerpt == NULL ? "(none)" : excerpt;
}

static void test_diagnostics__quote_the_lines_of_their_source(void **state)
{
    static const char text[] = "one\r\n\ttwo\nthree\n";
    static const struct {
        const char *source;
        unsigned line;
        const char *excerpt;
    } cases[] = {
        {"a", 3, "three"},   {"a", 1, "one"}, {"b", 1, "(none)"}, {"a", 0, "(none)"},
        {"a", 2, "    two"}, {"a", 4, ""},    {"a", 5, "(none)"}, {"a", 1, "one"},
    };
    const size_t count = sizeof(cases) / sizeof(cases[0]);
    struct amanat_diagnostics *list = amanat_diagnostics_new();
    (void)state;
    for (size_t i = 0; i < count; i++) {
        amanat_diagnostics_add(list, AMANAT_SEVERITY_ERROR, "code", cases[i].source, cases[i].line,
                               1, "text");
    }
    amanat_diagnostics_quote(list, "a", text, sizeof(text) - 1);
    for (size_t i = 0; i < count; i++) {
        assert_string_equal(excerpt_of(list, i), cases[i].excerpt);
    }
    /* A later text of that name changes nothing of what was quoted. */
    amanat_diagnostics_quote(list, "a", "other", 5);
    assert_string_equal(excerpt_of(list, 1), "one");
    amanat_diagnostics_quote(NULL, "a", text, sizeof(text) - 1);
    amanat_diagnostics_quote(list, "b", NULL, 0);
    amanat_diagnostics_free(list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_excerpt__underlines_the_token_at_the_column),
        cmocka_unit_test(test_excerpt__lets_nothing_steer_a_terminal),
        cmocka_unit_test(test_excerpt__cuts_long_lines_around_the_place),
        cmocka_unit_test(test_excerpt__is_whole_for_any_bytes),
        cmocka_unit_test(test_diagnostics__quote_the_lines_of_their_source),
    };
    return cmocka_run_group_tests_name("policy.base.excerpt", tests, NULL, NULL);
}
