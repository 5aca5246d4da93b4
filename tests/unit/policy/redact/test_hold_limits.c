/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The limits of a record: what one verdict decides about it has a limit of its own, so that nothing
 * shows of what is withheld. Every row runs whole, at every split in two, and byte by byte; large
 * records run in pieces.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "redact_splits.h"

/* Cars with an owner; `a` is always revealed, `b` in Lahore, `c` elsewhere. */
#define GRAPH                                                                                      \
    "{\"labels\":{\"a\":{},\"b\":{},\"c\":{\"mask\":{\"text\":\"*\"}}},\"subjects\":{},"           \
    "\"records\":{\"Car\":[{\"name\":\"city\",\"type\":\"string\",\"optional\":true}],"            \
    "\"Owner\":[{\"name\":\"city\",\"type\":\"string\",\"optional\":true}]},\"nodes\":{"           \
    "\"cars\":{\"kinds\":[\"array\"],\"items\":\"car\"},"                                          \
    "\"car\":{\"kinds\":[\"object\"],\"record\":\"Car\",\"members\":{\"a\":\"a\",\"b\":\"b\","     \
    "\"c\":\"c\",\"bc\":\"bc\",\"ab\":\"ab\",\"city\":\"city\",\"in\":\"in\",\"list\":\"list\","   \
    "\"tags\":\"tags\","                                                                           \
    "\"map\":\"map\",\"owner\":\"owner\",\"owners\":\"owners\"}},"                                 \
    "\"owner\":{\"kinds\":[\"object\"],\"record\":\"Owner\",\"members\":{\"a\":\"a\",\"b\":\"b\"," \
    "\"city\":\"city\"}},\"owners\":{\"kinds\":[\"array\"],\"items\":\"owner\"},"                  \
    "\"in\":{\"kinds\":[\"object\"],\"members\":{\"b\":\"b\",\"c\":\"c\",\"in\":\"in\"}},"         \
    "\"list\":{\"kinds\":[\"array\"],\"items\":\"list\"},"                                         \
    "\"tags\":{\"kinds\":[\"array\"],\"items\":\"a\"},"                                            \
    "\"map\":{\"kinds\":[\"object\"],\"additional\":\"b\"},"                                       \
    "\"a\":{\"kinds\":[\"string\",\"number\"],\"labels\":[\"a\"]},"                                \
    "\"b\":{\"kinds\":[\"string\",\"number\"],\"labels\":[\"b\"]},"                                \
    "\"c\":{\"kinds\":[\"string\",\"number\"],\"labels\":[\"c\"]},"                                \
    "\"ab\":{\"kinds\":[\"string\"],\"labels\":[\"a\",\"b\"]},"                                    \
    "\"bc\":{\"kinds\":[\"string\"],\"labels\":[\"b\",\"c\"]},"                                    \
    "\"city\":{\"kinds\":[\"string\"]}},"
#define PLAN                                                                                       \
    "\"plan\":{\"Car\":{\"a\":\"reveal\",\"b\":[\"reveal\"],\"c\":[\"mask\"]},"                    \
    "\"Owner\":{\"a\":\"reveal\",\"b\":[\"reveal\"]}},\"answers\":{"                               \
    "\"Car\":[{\"when\":[\"city\",\"\\\"LHR\\\"\"],\"modes\":{\"b\":\"reveal\"}},"                 \
    "{\"modes\":{\"c\":\"mask\"}}],"                                                               \
    "\"Owner\":[{\"when\":[\"city\",\"\\\"LHR\\\"\"],\"modes\":{\"b\":\"reveal\"}},{\"modes\":{}}" \
    "]},\"service\":{\"a\":\"reveal\",\"b\":\"reveal\",\"c\":\"mask\"}}"
#define LIMIT(limit)  GRAPH "\"root\":\"car\",\"limit\":" limit "," PLAN
#define LIMITS(limit) GRAPH "\"root\":\"cars\",\"limit\":" limit "," PLAN
#define LINES(limit)  GRAPH "\"root\":\"car\",\"ndjson\":true,\"limit\":" limit "," PLAN

#define LAHORE "\"city\":\"LHR\""

struct row {
    const char *rule;
    const char *description;
    const char *body;
    const char *expected; /* NULL: nothing */
    unsigned over_limit;  /* records, where something comes out */
};

/* A field costs name, value and 2; a container around it name and 4. */
static const struct row rows[] = {
    {"at its limit", LIMIT("20"), "{" LAHORE ",\"b\":\"123456789\"}", "{\"b\":\"123456789\"}", 0},
    {"over it", LIMITS("19"), "[{" LAHORE ",\"b\":\"123456789\"},{\"a\":1}]", "[{\"a\":1}]", 1},
    {"over it, and withheld", LIMITS("19"), "[{\"b\":\"1234567890123456789\",\"a\":1},{\"a\":1}]",
     "[{\"a\":1},{\"a\":1}]", 0},
    {"another label is over it", LIMIT("19"), "{\"b\":\"1234567890123456789\",\"a\":1,\"c\":2}",
     "{\"a\":1}", 0},
    {"two labels, together over it", LIMIT("20"),
     "{" LAHORE ",\"b\":\"12345678\",\"a\":\"12345678\"}",
     "{\"b\":\"12345678\",\"a\":\"12345678\"}", 0},
    {"two fields of a label", LIMITS("22"),
     "[{" LAHORE ",\"b\":\"1\",\"in\":{\"b\":\"1\"}},{" LAHORE ",\"b\":\"1\"}]", "[{\"b\":\"1\"}]",
     1},
    {"two fields of a label, at the limit", LIMIT("30"),
     "{" LAHORE ",\"b\":\"123\",\"in\":{\"b\":\"1\"}}", "{\"b\":\"123\",\"in\":{\"b\":\"1\"}}", 0},
    {"containers are paid for once by each label", LIMIT("32"),
     "{" LAHORE ",\"in\":{\"b\":1,\"c\":1,\"in\":{\"b\":1}}}",
     "{\"in\":{\"b\":1,\"in\":{\"b\":1}}}", 0},
    {"and are too much for one", LIMITS("31"),
     "[{" LAHORE ",\"in\":{\"b\":1,\"c\":1,\"in\":{\"b\":1}}},{\"a\":1}]", "[{\"a\":1}]", 1},
    {"containers of what is withheld", LIMIT("20"),
     "{\"a\":1,\"in\":{\"b\":1,\"in\":{\"in\":{\"b\":1}}}}", "{\"a\":1}", 0},
    {"several labels are withheld when one is", LIMITS("30"),
     "[{" LAHORE ",\"b\":1,\"bc\":\"a text that is longer than the limit\"}]", "[{\"b\":1}]", 0},
    {"several labels do not charge each of them", LIMITS("30"),
     "[{\"a\":1,\"ab\":\"a text that is longer than the limit\"}]", "[{\"a\":1}]", 0},
    {"several labels that are all disclosed", LIMITS("30"),
     "[{" LAHORE ",\"a\":1,\"ab\":\"a text that is longer than the limit\"}]", "[]", 1},
    {"a value longer than the limit", LIMITS("20"),
     "[{" LAHORE ",\"a\":1,\"b\":\"123456789012345678901234567890\"},{\"a\":2}]", "[{\"a\":2}]", 1},
    {"an inner record over it", LIMITS("40"),
     "[{\"a\":1,\"owner\":{" LAHORE ",\"b\":\"123456789012345678901234567890\",\"a\":1}}]",
     "[{\"a\":1}]", 1},
    {"an inner record over it, and withheld", LIMITS("40"),
     "[{\"a\":1,\"owner\":{\"b\":\"123456789012345678901234567890\",\"a\":1}}]",
     "[{\"a\":1,\"owner\":{\"a\":1}}]", 0},
    {"inner records do not share a limit", LIMITS("60"),
     "[{\"a\":1,\"owners\":[{\"b\":\"1234567890123456789012345678901234567890123456789\",\"a\":1},"
     "{\"b\":\"12345678901234567890123456789\"},"
     "{" LAHORE ",\"b\":\"12345678901234567890123456789\"}]}]",
     "[{\"a\":1,\"owners\":[{\"a\":1},{\"b\":\"12345678901234567890123456789\"}]}]", 0},
    {"a record that is left out takes those inside with it", LIMITS("29"),
     "[{" LAHORE ",\"b\":\"1234567890123456789\",\"owner\":{\"a\":1}},{\"a\":2}]", "[{\"a\":2}]",
     1},
    {"shape stands with its record, so it counts", LIMITS("40"),
     "[{\"a\":1,\"list\":[[],[],[],[],[],[],[],[]]},{\"a\":2,\"list\":[[],[]]}]",
     "[{\"a\":1},{\"a\":2}]", 0},
    {"an undeclared name longer than the limit", LIMITS("20"),
     "[{" LAHORE ",\"a\":1,\"map\":{\"a name longer than that\":1}},{\"a\":2}]", "[{\"a\":2}]", 1},
    {"an undeclared name longer than the limit, withheld", LIMITS("20"),
     "[{\"a\":1,\"map\":{\"a name longer than that\":1,\"a name longer than that\":2}}]",
     "[{\"a\":1}]", 0},
    {"what is read, at the limit", LIMIT("20"), "{\"a\":1,\"city\":\"123456789012345678\"}",
     "{\"a\":1}", 0},
    {"what is read, over it", LIMITS("20"),
     "[{\"a\":1,\"city\":\"1234567890123456789\"},{\"a\":2}]", "[{\"a\":2}]", 1},
    {"what is read of an inner record, over it", LIMITS("20"),
     "[{\"a\":1,\"owner\":{\"a\":1,\"city\":\"1234567890123456789\"}}]", "[{\"a\":1}]", 1},
    {"lines", LINES("20"),
     "{" LAHORE ",\"b\":\"1234567890\"}\n{\"a\":1,\"b\":\"1234567890\"}\n{" LAHORE ",\"b\":3}\n",
     "{\"a\":1}\n{\"b\":3}\n", 1},
};

/* Where `part` stands in `text`, or NULL. */
static const char *find(struct buffer *text, const char *part)
{
    buffer_append_byte(text, '\0');
    const char *found = strstr(text->at, part);
    buffer_truncate(text, text->length - 1);
    return found;
}

static void check_row(const struct row *row, struct redact_outcome *outcome)
{
    const struct bytes body = buffer_bytes(&outcome->body);
    const struct bytes account = buffer_bytes(&outcome->account);
    const char *told = find(&outcome->account, "\"over_limit\":");
    const unsigned over_limit =
        told == NULL ? 0 : (unsigned)strtoul(told + strlen("\"over_limit\":"), NULL, 10);
    if (outcome->fault != REDACT_FAULT_NONE || outcome->nothing != (row->expected == NULL) ||
        (row->expected != NULL && !bytes_equal_string(body, row->expected))) {
        fail_msg("%s: %s, %.*s", row->rule, redact_fault_name(outcome->fault), BYTES_PRINTF(body));
    }
    if (row->expected != NULL && over_limit != row->over_limit) {
        fail_msg("%s: %.*s", row->rule, BYTES_PRINTF(account));
    }
}

static void test_hold_limits__show_nothing_of_what_is_withheld(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct redact_outcome outcome;
        if (!redact_splits_agree_on(rows[i].description, rows[i].body, SIZE_MAX, &outcome)) {
            fail_msg("%s: not the same at every split", rows[i].rule);
        }
        check_row(&rows[i], &outcome);
        redact_outcome_clear(&outcome);
    }
}

/* Arrays and objects inside each other: as text they are shorter than what they cost. */
static void test_hold_limits__are_the_same_however_much_comes_at_once(void **state)
{
    static const char body[] = "[{\"deep\":{\"deep\":{\"deep\":{\"list\":[[[1],[2]],[[3,4,5]]]}}}},"
                               "{\"list\":[[[1,2,3,4,5,6,7,8,9,0,1,2,3,4,5,6,7,8,9]]]},"
                               "{\"list\":[[[1]],[[2]],[[3]],[[4]]],\"a\":1},"
                               "{\"deep\":{\"a\":1,\"deep\":{\"a\":2,\"deep\":{\"a\":3}}}}]";
    (void)state;
    for (unsigned limit = 1; limit < 90; limit++) {
        char description[1024];
        snprintf(description, sizeof(description),
                 "{\"labels\":{\"a\":{}},\"subjects\":{},\"records\":{\"R\":[]},\"nodes\":{"
                 "\"root\":{\"kinds\":[\"array\"],\"items\":\"record\"},"
                 "\"record\":{\"kinds\":[\"object\"],\"record\":\"R\",\"members\":{"
                 "\"a\":\"a\",\"deep\":\"deep\",\"list\":\"list\"}},"
                 "\"deep\":{\"kinds\":[\"object\"],\"members\":{"
                 "\"a\":\"a\",\"deep\":\"deep\",\"list\":\"list\"}},"
                 "\"list\":{\"kinds\":[\"array\"],\"items\":\"list2\"},"
                 "\"list2\":{\"kinds\":[\"array\"],\"items\":\"list3\"},"
                 "\"list3\":{\"kinds\":[\"array\"],\"items\":\"a\"},"
                 "\"a\":{\"kinds\":[\"integer\"],\"labels\":[\"a\"]}},\"root\":\"root\","
                 "\"plan\":{\"R\":{\"a\":\"reveal\"}},\"limit\":%u}",
                 limit);
        struct redact_outcome outcome;
        if (!redact_splits_agree_on(description, body, 0, &outcome)) {
            fail_msg("limit %u", limit);
        }
        assert_true(limit > 1 || bytes_equal_string(buffer_bytes(&outcome.body), "[]"));
        assert_true(limit < 89 || bytes_equal_string(buffer_bytes(&outcome.body), body));
        redact_outcome_clear(&outcome);
    }
}

/* `count` times `item`, with commas. */
static void repeat(struct buffer *text, const char *item, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        buffer_append_string(text, i == 0 ? "" : ",");
        buffer_append_string(text, item);
    }
}

static size_t split_large(void *context, size_t at, size_t left)
{
    (void)context;
    (void)at;
    return left < 65521 ? left : 65521;
}

static void check_large(const char *description, const struct buffer *body, const char *expected,
                        const char *account)
{
    struct redact_case *redact_case = redact_case_new(bytes_of_string(description));
    struct redact_outcome outcome =
        redact_case_run(redact_case, buffer_bytes(body), split_large, NULL);
    assert_int_equal(outcome.fault, REDACT_FAULT_NONE);
    assert_true(bytes_equal_string(buffer_bytes(&outcome.body), expected));
    if (find(&outcome.account, account) == NULL) {
        fail_msg("%.*s", BYTES_PRINTF(buffer_bytes(&outcome.account)));
    }
    redact_outcome_clear(&outcome);
    redact_case_free(redact_case);
}

static void test_hold_limits__a_record_that_needs_too_much_memory_is_left_out(void **state)
{
    struct buffer body;
    (void)state;
    buffer_init(&body, SIZE_MAX / 2);
    buffer_append_string(&body, "[{\"a\":1,\"owners\":[");
    repeat(&body, "{\"a\":1}", 300000);
    /* what would stand empty comes after that */
    buffer_append_string(&body, "],\"tags\":[]},{\"a\":2}]");
    check_large(LIMITS("1000"), &body, "[{\"a\":2}]",
                "\"withheld\":{\"a\":300001},\"unlabelled\":0,\"wrong_type\":0,\"records\":1,"
                "\"left_out\":300001,\"over_limit\":1");
    buffer_clear(&body);
}

static void test_hold_limits__what_is_disclosed_of_a_record_has_a_limit(void **state)
{
    struct buffer body;
    (void)state;
    buffer_init(&body, SIZE_MAX / 2);
    buffer_append_string(&body, "[{\"a\":1,\"owners\":[");
    repeat(&body, "{\"a\":1}", (REDACT_UNIT_BYTES(10000) - 20) / 8);
    buffer_append_string(&body, "]},{\"a\":2}]");
    struct redact_case *redact_case = redact_case_new(bytes_of_string(LIMITS("10000")));
    struct redact_outcome outcome =
        redact_case_run(redact_case, buffer_bytes(&body), split_large, NULL);
    assert_true(outcome.body.length == body.length);
    redact_outcome_clear(&outcome);
    redact_case_free(redact_case);
    buffer_reset(&body);
    buffer_append_string(&body, "[{\"a\":1,\"owners\":[");
    repeat(&body, "{\"a\":1}", REDACT_UNIT_BYTES(10000) / 8);
    buffer_append_string(&body, "]},{\"a\":2}]");
    check_large(LIMITS("10000"), &body, "[{\"a\":2}]", "\"over_limit\":1");
    buffer_clear(&body);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hold_limits__show_nothing_of_what_is_withheld),
        cmocka_unit_test(test_hold_limits__are_the_same_however_much_comes_at_once),
        cmocka_unit_test(test_hold_limits__a_record_that_needs_too_much_memory_is_left_out),
        cmocka_unit_test(test_hold_limits__what_is_disclosed_of_a_record_has_a_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
