/* SPDX-License-Identifier: Apache-2.0 */
/* Patterns: what is refused, what limits answer, and that the arena frees what it owns. */
#include "policy/base/pattern.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void test_pattern__finds_from_a_place_on(void **state)
{
    struct arena *arena = arena_new(1 << 16);
    struct pattern_matcher *matcher = NULL;
    const struct pattern *pattern = NULL;
    struct pattern_fault fault;
    (void)state;
    assert_true(amanat_is_ok(
        pattern_compile(arena, BYTES("(\\d)(x)?-"), PATTERN_SEARCHES, &fault, &pattern)));
    assert_int_equal(pattern_group_count(pattern), 2);
    assert_true(amanat_is_ok(pattern_matcher_new(&matcher)));
    const struct bytes text = BYTES("1- \xDB\xB2- 3x-");
    pattern_matcher_begin(matcher, text);
    assert_int_equal(pattern_find(matcher, pattern, text, 0), PATTERN_FOUND);
    assert_true(bytes_equal(pattern_group(matcher, text, 0), BYTES("1-")));
    assert_int_equal(pattern_group(matcher, text, 2).length, 0);
    assert_int_equal(pattern_find(matcher, pattern, text, 1), PATTERN_FOUND);
    assert_true(bytes_equal(pattern_group(matcher, text, 1), BYTES("3")));
    assert_true(bytes_equal(pattern_group(matcher, text, 2), BYTES("x")));
    assert_int_equal(pattern_find(matcher, pattern, BYTES(""), 0), PATTERN_NOT_FOUND);
    pattern_matcher_free(matcher);
    arena_free(arena);
}

static void test_pattern__matches_the_whole_text_if_asked(void **state)
{
    struct arena *arena = arena_new(1 << 16);
    struct pattern_matcher *matcher = NULL;
    const struct pattern *pattern = NULL;
    struct pattern_fault fault;
    (void)state;
    assert_true(amanat_is_ok(
        pattern_compile(arena, BYTES("a*|b"), PATTERN_IS_WHOLE_TEXT, &fault, &pattern)));
    assert_true(amanat_is_ok(pattern_matcher_new(&matcher)));
    pattern_matcher_begin(matcher, BYTES("aa"));
    assert_int_equal(pattern_find(matcher, pattern, BYTES("aa"), 0), PATTERN_FOUND);
    assert_int_equal(pattern_find(matcher, pattern, BYTES("b"), 0), PATTERN_FOUND);
    assert_int_equal(pattern_find(matcher, pattern, BYTES(""), 0), PATTERN_FOUND);
    assert_int_equal(pattern_find(matcher, pattern, BYTES("ab"), 0), PATTERN_NOT_FOUND);
    assert_int_equal(pattern_find(matcher, pattern, BYTES("a\n"), 0), PATTERN_NOT_FOUND);
    pattern_matcher_free(matcher);
    arena_free(arena);
}

static void test_pattern__says_where_a_text_is_none(void **state)
{
    static const struct {
        const char *text;
        size_t at;
        const char *words;
    } rows[] = {
        {"a(b", 3, "missing closing parenthesis"},
        {"[b-a]", 3, "range out of order"},
        {"\\C", 2, "\\C"},
        {"(*UCP)a", 6, "UCP"},
        {"a*", 2, "empty text"},
        {"(?=a)", 5, "empty text"},
        {"()()()()()()()()()()()()()()()()()()()()()()()()()()()()()()()()()a", 67, "32 groups"},
    };
    struct arena *arena = arena_new(1 << 16);
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct pattern_fault fault = {0};
        const struct pattern *pattern = NULL;
        assert_int_equal(pattern_compile(arena, bytes_of_string(rows[i].text), PATTERN_SEARCHES,
                                         &fault, &pattern)
                             .status,
                         AMANAT_STATUS_CONFIG_FAULT);
        assert_null(pattern);
        if (fault.at != rows[i].at || strstr(fault.text, rows[i].words) == NULL) {
            fail_msg("%s: %s at %zu", rows[i].text, fault.text, fault.at);
        }
    }
    arena_free(arena);
}

/* With JIT and without: steps, memory and the stack of JIT have limits, and none is "not found". */
static void test_pattern__a_limit_is_an_answer_of_its_own(void **state)
{
    static const char *const endless[] = {"(a+)+[bc]", "(*NO_JIT)(a+)+[bc]",
                                          "(?:(a|ab)(?1)*)+[cd]"};
    struct arena *arena = arena_new(1 << 16);
    struct pattern_matcher *matcher = NULL;
    char text[4096];
    (void)state;
    memset(text, 'a', sizeof(text));
    assert_true(amanat_is_ok(pattern_matcher_new(&matcher)));
    for (size_t i = 0; i < sizeof(endless) / sizeof(endless[0]); i++) {
        struct pattern_fault fault;
        const struct pattern *pattern = NULL;
        assert_true(amanat_is_ok(pattern_compile(arena, bytes_of_string(endless[i]),
                                                 PATTERN_SEARCHES, &fault, &pattern)));
        pattern_matcher_begin(matcher, bytes_of(text, sizeof(text)));
        assert_int_equal(pattern_find(matcher, pattern, bytes_of(text, sizeof(text)), 0),
                         PATTERN_HIT_LIMIT);
    }
    pattern_matcher_free(matcher);
    arena_free(arena);
}

/* Each attempt of these takes few steps, but a long way, from each place in the text: minutes. */
static void test_pattern__the_work_on_a_text_has_a_limit(void **state)
{
    static const char *const far[] = {"a[^ ]*b[^ ]*9", "a[^ ]*+9", "(?>a[^ ]*)9",
                                      "(*NO_JIT)a[^ ]*b[^ ]*9", "(?:(?=(a[^ ]*))b?a)9"};
    const size_t length = 256 << 10;
    struct arena *arena = arena_new(1 << 16);
    struct pattern_matcher *matcher = NULL;
    char *text = malloc(length);
    (void)state;
    assert_non_null(text);
    for (size_t i = 0; i < length; i++) {
        text[i] = i % 2 == 0 ? 'a' : 'b';
    }
    memcpy(text + length - 3, " x9", 3);
    assert_true(amanat_is_ok(pattern_matcher_new(&matcher)));
    for (size_t i = 0; i < sizeof(far) / sizeof(far[0]); i++) {
        struct pattern_fault fault;
        const struct pattern *pattern = NULL;
        assert_true(amanat_is_ok(
            pattern_compile(arena, bytes_of_string(far[i]), PATTERN_SEARCHES, &fault, &pattern)));
        pattern_matcher_begin(matcher, bytes_of(text, length));
        assert_int_equal(pattern_find(matcher, pattern, bytes_of(text, length), 0),
                         PATTERN_HIT_LIMIT);
        pattern_matcher_begin(matcher, BYTES("ab 9"));
        assert_int_equal(pattern_find(matcher, pattern, BYTES("ab 9"), 0), PATTERN_NOT_FOUND);
    }
    pattern_matcher_free(matcher);
    arena_free(arena);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pattern__finds_from_a_place_on),
        cmocka_unit_test(test_pattern__matches_the_whole_text_if_asked),
        cmocka_unit_test(test_pattern__says_where_a_text_is_none),
        cmocka_unit_test(test_pattern__a_limit_is_an_answer_of_its_own),
        cmocka_unit_test(test_pattern__the_work_on_a_text_has_a_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
