/* SPDX-License-Identifier: Apache-2.0 */
/* Layouts: shared by plans that say the same of what the root can reach, and by no others. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "policy/base/guard.h"
#include "policy/redact/layout.h"
#include "redact_case.h"

#define LABELS 2

/* A list of sightings, each with an owner; `Case` is in no answer of this root. */
static const char description[] =
    "{\"labels\":{\"plate\":{},\"note\":{}},\"subjects\":{},"
    "\"records\":{\"Sighting\":[{\"name\":\"city\",\"type\":\"string\"}],"
    "\"Owner\":[{\"name\":\"city\",\"type\":\"string\"}],\"Case\":[]},"
    "\"nodes\":{\"list\":{\"kinds\":[\"array\"],\"items\":\"sighting\"},"
    "\"sighting\":{\"kinds\":[\"object\"],\"record\":\"Sighting\","
    "\"members\":{\"plate\":\"plate\",\"owner\":\"owner\"}},"
    "\"owner\":{\"kinds\":[\"object\"],\"record\":\"Owner\",\"members\":{\"note\":\"note\"}},"
    "\"plate\":{\"kinds\":[\"string\"],\"labels\":[\"plate\"]},"
    "\"note\":{\"kinds\":[\"string\"],\"labels\":[\"note\"]}},\"root\":\"list\","
    "\"plan\":{\"Sighting\":{\"plate\":\"reveal\"}},\"service\":{}}";

enum { SIGHTING, OWNER, CASE, RECORDS };

/* A plan of its own, to be changed. */
struct own_plan {
    struct plan plan;
    struct plan_verdict service[LABELS];
    struct plan_verdict verdicts[RECORDS][LABELS];
    struct plan_record records[RECORDS];
    bool reads[RECORDS][1];
};

static void copy_plan(const struct redact_case *redact_case, struct own_plan *out)
{
    *out = (struct own_plan){.plan = redact_case->plan};
    memcpy(out->service, redact_case->plan.service, sizeof(out->service));
    for (size_t i = 0; i < RECORDS; i++) {
        out->records[i] = redact_case->plan.records[i];
        memcpy(out->verdicts[i], out->records[i].verdicts, sizeof(out->verdicts[i]));
        out->records[i].verdicts = out->verdicts[i];
        out->records[i].reads = out->reads[i];
    }
    out->plan.service = out->service;
    out->plan.records = out->records;
}

static struct layout *take(const struct plan *plan, const struct redact_case *redact_case)
{
    struct layout *layout = NULL;
    assert_true(amanat_is_ok(layout_take(plan, redact_case->root, &layout)));
    return layout;
}

static void disclose_outside(struct own_plan *own)
{
    own->service[1].strongest = DISCLOSURE_REVEAL;
}

static void disclose_in_owner(struct own_plan *own)
{
    own->verdicts[OWNER][1].strongest = DISCLOSURE_REVEAL;
}

static void withhold(struct own_plan *own)
{
    own->verdicts[SIGHTING][0].strongest = DISCLOSURE_WITHHELD;
}

static void depend(struct own_plan *own)
{
    own->verdicts[SIGHTING][0].depends_on_record = true;
}

static void ask(struct own_plan *own)
{
    own->records[OWNER].asks = true;
}

static void read_city(struct own_plan *own)
{
    own->reads[SIGHTING][0] = true;
}

static void read_all(struct own_plan *own)
{
    own->records[OWNER].reads = NULL;
}

static void disclose_elsewhere(struct own_plan *own)
{
    own->verdicts[CASE][0].strongest = DISCLOSURE_REVEAL;
    own->records[CASE].asks = true;
}

static void have_others_secrets(struct own_plan *own)
{
    own->plan.partner = BYTES("another");
    own->plan.now = 77;
    own->plan.ask_context = own;
}

static void test_layout__is_shared_by_plans_that_say_the_same_of_what_can_be_reached(void **state)
{
    static const struct {
        void (*change)(struct own_plan *own);
        bool is_shared;
    } rows[] = {
        {disclose_outside, false},
        {disclose_in_owner, false},
        {withhold, false},
        {depend, false},
        {ask, false},
        {read_city, false},
        {read_all, false},
        {disclose_elsewhere, true},
        {have_others_secrets, true},
    };
    struct redact_case *redact_case = redact_case_new(bytes_of_string(description));
    struct own_plan own;
    (void)state;
    copy_plan(redact_case, &own);
    struct layout *first = take(&own.plan, redact_case);
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        copy_plan(redact_case, &own);
        struct layout *same = take(&own.plan, redact_case);
        assert_ptr_equal(same, first);
        rows[i].change(&own);
        struct layout *changed = take(&own.plan, redact_case);
        assert_int_equal(changed == first, rows[i].is_shared);
        struct layout *again = take(&own.plan, redact_case);
        assert_ptr_equal(again, changed);
        layout_give_back(same);
        layout_give_back(changed);
        layout_give_back(again);
    }
    layout_give_back(first);
    redact_case_free(redact_case);
}

static void test_layout__is_made_for_one_body_where_nothing_is_kept(void **state)
{
    struct redact_case *redact_case = redact_case_new(bytes_of_string(description));
    struct plan plan = redact_case->plan;
    (void)state;
    plan.layouts = NULL;
    struct layout *first = take(&plan, redact_case);
    struct layout *second = take(&plan, redact_case);
    assert_ptr_not_equal(first, second);
    layout_give_back(first);
    layout_give_back(second);
    layout_give_back(NULL);
    redact_case_free(redact_case);
}

/* 2 * 2 * 4 * 4 * 2 * 2 plans of one root: more than are kept of one. */
static void vary(struct own_plan *own, unsigned number)
{
    own->service[0].strongest = number & 1;
    own->service[1].strongest = number >> 1 & 1;
    own->verdicts[SIGHTING][0].strongest = number >> 2 & 3;
    own->verdicts[OWNER][1].strongest = number >> 4 & 3;
    own->records[SIGHTING].asks = (number >> 6 & 1) != 0;
    own->records[OWNER].asks = (number >> 7 & 1) != 0;
}

static void test_layout__is_right_where_more_plans_come_than_are_kept(void **state)
{
    struct redact_case *redact_case = redact_case_new(bytes_of_string(description));
    struct own_plan own;
    (void)state;
    for (unsigned round = 0; round < 3; round++) {
        for (unsigned number = 0; number < 256; number++) {
            copy_plan(redact_case, &own);
            vary(&own, number);
            struct layout *layout = take(&own.plan, redact_case);
            const struct place *sighting = layout_root(layout)->items;
            assert_int_equal(sighting->members[1]->strongest, number >> 2 & 3);
            layout_give_back(layout);
        }
    }
    redact_case_free(redact_case);
}

static void test_layout__lives_until_it_is_given_back(void **state)
{
    struct redact_case *redact_case = redact_case_new(bytes_of_string(description));
    struct arena *arena = arena_new((size_t)1 << 20);
    struct plan plan = redact_case->plan;
    (void)state;
    assert_true(amanat_is_ok(layouts_new(arena, (size_t)1 << 20, &plan.layouts)));
    struct layout *layout = take(&plan, redact_case);
    arena_free(arena);
    assert_ptr_equal(layout_root(layout)->node, redact_case->root);
    layout_give_back(layout);
    redact_case_free(redact_case);
}

static void test_layout__that_is_too_large_is_not_kept(void **state)
{
    struct redact_case *redact_case = redact_case_new(bytes_of_string(description));
    struct plan plan = redact_case->plan;
    (void)state;
    assert_true(amanat_is_ok(layouts_new(redact_case->arena, 1024, &plan.layouts)));
    struct layout *first = take(&plan, redact_case);
    struct layout *second = take(&plan, redact_case);
    assert_ptr_not_equal(first, second);
    layout_give_back(first);
    layout_give_back(second);
    redact_case_free(redact_case);
}

/* Small enough that layouts come and go, on both threads. */
static void *redact_again_and_again(void *context)
{
    const struct redact_case *redact_case = context;
    for (unsigned number = 0; number < 500; number++) {
        struct redact_case own_case = *redact_case;
        struct own_plan own;
        copy_plan(redact_case, &own);
        own.service[0].strongest = number & 3;
        own.service[1].strongest = number >> 2 & 3;
        own_case.plan = own.plan;
        struct redact_outcome outcome =
            redact_case_run(&own_case,
                            BYTES("[{\"plate\":\"LEA-1\",\"owner\":{\"note\":\"n\"}},"
                                  "{\"owner\":{\"note\":\"n\"},\"plate\":\"LEA-2\"}]"),
                            NULL, NULL);
        ASSERT(bytes_equal_string(buffer_bytes(&outcome.body),
                                  "[{\"plate\":\"LEA-1\"},{\"plate\":\"LEA-2\"}]"));
        redact_outcome_clear(&outcome);
    }
    return NULL;
}

static void test_layout__is_used_by_several_threads(void **state)
{
    struct redact_case *redact_case = redact_case_new(bytes_of_string(description));
    pthread_t other;
    (void)state;
    assert_true(amanat_is_ok(layouts_new(redact_case->arena, 24000, &redact_case->plan.layouts)));
    assert_int_equal(pthread_create(&other, NULL, redact_again_and_again, redact_case), 0);
    (void)redact_again_and_again(redact_case);
    assert_int_equal(pthread_join(other, NULL), 0);
    redact_case_free(redact_case);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_layout__is_shared_by_plans_that_say_the_same_of_what_can_be_reached),
        cmocka_unit_test(test_layout__is_made_for_one_body_where_nothing_is_kept),
        cmocka_unit_test(test_layout__is_right_where_more_plans_come_than_are_kept),
        cmocka_unit_test(test_layout__lives_until_it_is_given_back),
        cmocka_unit_test(test_layout__that_is_too_large_is_not_kept),
        cmocka_unit_test(test_layout__is_used_by_several_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
