/* SPDX-License-Identifier: Apache-2.0 */
/* Which word was probably meant, and when it is better to say nothing. */
#include "policy/base/similar.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define MOST_CANDIDATES 6

struct similar_case {
    const char *wanted;
    const char *candidates[MOST_CANDIDATES];
    const char *nearest; /* NULL: none */
};

static void check(const struct similar_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct bytes candidates[MOST_CANDIDATES];
        struct bytes nearest = {0};
        size_t number = 0;
        while (number < MOST_CANDIDATES && cases[i].candidates[number] != NULL) {
            candidates[number] = bytes_of_string(cases[i].candidates[number]);
            number++;
        }
        const bool found =
            similar_word(bytes_of_string(cases[i].wanted), candidates, number, &nearest);
        if (found != (cases[i].nearest != NULL) ||
            (found && !bytes_equal_string(nearest, cases[i].nearest))) {
            fail_msg("%s: %.*s instead of %s", cases[i].wanted, BYTES_PRINTF(nearest),
                     cases[i].nearest == NULL ? "none" : cases[i].nearest);
        }
    }
}

#define CHECK(cases) check(cases, sizeof(cases) / sizeof((cases)[0]))

static void test_similar_word__knows_slips_of_the_finger(void **state)
{
    static const struct similar_case cases[] = {
        {"cty", {"plate", "city", "owner"}, "city"}, /* left out */
        {"ciity", {"plate", "city"}, "city"},        /* twice */
        {"cuty", {"plate", "city"}, "city"},         /* beside */
        {"ctiy", {"plate", "city"}, "city"},         /* exchanged */
        {"tsl", {"listen", "tls"}, "tls"},           /* exchanged, and short */
        {"persn.cnic", {"person.cnic", "person"}, "person.cnic"},
        {"findSightngs", {"findSightings", "findStreets"}, "findSightings"},
        {"chekc", {"check", "serve"}, "check"},
        {"policy", {"policies", "listen"}, "policies"},
        {"Sighting", {"Sightings", "Siting"}, "Sightings"},
        {"listen", {"lister", "listen"}, "listen"},
    };
    (void)state;
    CHECK(cases);
}

static void test_similar_word__takes_case_and_separators_lightly(void **state)
{
    static const struct similar_case cases[] = {
        {"plateNumber", {"plate_number", "platform"}, "plate_number"},
        {"plate_number", {"plateNumber", "plate_numbers"}, "plateNumber"},
        {"plate-number", {"plate_numbers", "plate_number"}, "plate_number"},
        {"person_cnic", {"person.city", "person.cnic"}, "person.cnic"},
        {"string", {"Strong", "String"}, "String"},
        {"PLATE", {"slate", "plate"}, "plate"},
        {"boolean", {"Bool", "Boolean"}, "Boolean"},
        {"contains_all", {"containsAny", "containsAll"}, "containsAll"},
        {"A", {"b", "a"}, "a"},
        {"ID", {"ip", "id"}, "id"},
    };
    (void)state;
    CHECK(cases);
}

static void test_similar_word__says_nothing_rather_than_nonsense(void **state)
{
    static const struct similar_case cases[] = {
        {"ledger", {"listen", "tls", "identity"}, NULL},
        {"zzzzzzzz", {"listen", "policies"}, NULL},
        {"id", {"ip", "in"}, NULL},
        {"x", {"y", "xy"}, NULL},
        {"ab", {"a", "abc1"}, NULL},
        {"abcdef", {"fedcba"}, NULL},
        {"Vehicle", {"Person", "Sighting"}, NULL},
        {"", {"a", "b"}, NULL},
        {"a", {""}, NULL},
        {"a", {NULL}, NULL},
        {"_", {"a"}, NULL},
    };
    (void)state;
    CHECK(cases);
}

static void test_similar_word__takes_the_first_of_equally_near_ones(void **state)
{
    static const struct similar_case cases[] = {
        {"plate", {"plat1", "slate", "plates"}, "plat1"},
        {"plate", {"slate", "plat1", "plates"}, "slate"},
        {"cat", {"hat", "bat"}, "hat"},
    };
    (void)state;
    CHECK(cases);
}

/* The distance is the same in both directions and, of two words, the nearer one wins. */
static void test_similar_word__is_symmetric(void **state)
{
    static const char *const words[] = {"city",  "cty",  "plate_number", "plateNumber", "Plate",
                                        "slate", "tls",  "tsl",          "policy",      "policies",
                                        "a.b",   "ab.c", "ba",           "\xD8\xB4",    "-"};
    const size_t count = sizeof(words) / sizeof(words[0]);
    (void)state;
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < count; j++) {
            const struct bytes a = bytes_of_string(words[i]);
            const struct bytes b = bytes_of_string(words[j]);
            struct bytes found;
            assert_true(similar_word(a, &b, 1, &found) == similar_word(b, &a, 1, &found));
            assert_true(i != j || similar_word(a, &b, 1, &found));
        }
    }
}

static void test_similar_word__is_bounded(void **state)
{
    char letters[SIMILAR_LONGEST_WORD + 1];
    struct bytes found = {0};
    (void)state;
    memset(letters, 'a', sizeof(letters));
    const struct bytes longest = bytes_of(letters, SIMILAR_LONGEST_WORD);
    const struct bytes too_long = bytes_of(letters, SIMILAR_LONGEST_WORD + 1);
    assert_true(similar_word(longest, &longest, 1, &found));
    assert_false(similar_word(too_long, &longest, 1, &found));
    assert_false(similar_word(longest, &too_long, 1, &found));

    static struct bytes many[SIMILAR_MOST_CANDIDATES + 1];
    for (size_t i = 0; i < SIMILAR_MOST_CANDIDATES; i++) {
        many[i] = BYTES("zzzz");
    }
    many[SIMILAR_MOST_CANDIDATES] = BYTES("city");
    assert_false(similar_word(BYTES("cty"), many, SIMILAR_MOST_CANDIDATES + 1, &found));
    many[SIMILAR_MOST_CANDIDATES - 1] = BYTES("city");
    assert_true(similar_word(BYTES("cty"), many, SIMILAR_MOST_CANDIDATES + 1, &found));
}

static void test_similar_hint__is_the_end_of_a_message(void **state)
{
    static const struct bytes words[] = {BYTES_INIT("city")};
    char room[SIMILAR_HINT_SIZE];
    char longest[SIMILAR_LONGEST_WORD];
    (void)state;
    assert_string_equal(similar_hint(BYTES("cty"), words, 1, room), "; did you mean `city`?");
    assert_string_equal(similar_hint(BYTES("plate"), words, 1, room), "");
    memset(longest, 'a', sizeof(longest));
    const struct bytes word = bytes_of(longest, sizeof(longest));
    assert_string_equal(similar_hint(word, &word, 1, room), "");
    const struct bytes shorter = bytes_first(word, word.length - 1);
    assert_int_equal(strlen(similar_hint(shorter, &word, 1, room)), SIMILAR_HINT_SIZE - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_similar_word__knows_slips_of_the_finger),
        cmocka_unit_test(test_similar_word__takes_case_and_separators_lightly),
        cmocka_unit_test(test_similar_word__says_nothing_rather_than_nonsense),
        cmocka_unit_test(test_similar_word__takes_the_first_of_equally_near_ones),
        cmocka_unit_test(test_similar_word__is_symmetric),
        cmocka_unit_test(test_similar_word__is_bounded),
        cmocka_unit_test(test_similar_hint__is_the_end_of_a_message),
    };
    return cmocka_run_group_tests_name("policy.base.similar", tests, NULL, NULL);
}
