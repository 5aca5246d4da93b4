/* SPDX-License-Identifier: Apache-2.0 */
/* Fields to bytes: RFC 8785, nothing that was not set, at most 8 KiB, many subjects over several
 * lines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
/* cmocka.h needs the above before it */
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/trail/trail.h"
#include "policy/base/base.h"

static const struct trail_salt salt = {{1}};

/* Everything set, in an order that is not the order of the output. */
static struct trail_access full_access(void)
{
    static const struct trail_digest digest = {{0xAB}};
    static const struct trail_count counts[] = {{BYTES_INIT("vehicle.plate"), 1},
                                                {BYTES_INIT("person"), 2},
                                                {BYTES_INIT("vehicle.plate"), 3},
                                                {BYTES_INIT("none"), 0}};
    static const struct trail_disclosed disclosed[] = {{BYTES_INIT("z"), {1, 2, 3, 4}},
                                                       {BYTES_INIT("a.b"), {0, 0, 5, 0}},
                                                       {BYTES_INIT("never"), {0}}};
    static const struct bytes policies[] = {BYTES_INIT("b\"1\\"), BYTES_INIT("a\n")};
    static const struct trail_pseudonym subjects[] = {
        {"p:BBBBBBBBBBBBBBBBBBBBBB"}, {"p:AAAAAAAAAAAAAAAAAAAAAA"}, {"p:BBBBBBBBBBBBBBBBBBBBBB"}};
    return (struct trail_access){
        .access = {{0x0F, 0xF0}},
        .part = 2,
        .last = true,
        .partner = BYTES("ravi-cameras"),
        .agent = BYTES("p:AAAAAAAAAAAAAAAAAAAAAA"),
        .certificate = &digest,
        .token = BYTES("idp"),
        .need = {BYTES("vehicle-crime"), BYTES("crpc-94"), true, TRAIL_NEED_CASE_UNKNOWN},
        .service = BYTES("anpr"),
        .operation = BYTES("findSightings"),
        .route = BYTES("/sightings"),
        .asked = counts,
        .asked_count = 4,
        .asked_subjects = subjects,
        .asked_subject_count = 1,
        .decision = TRAIL_DECISION_PERMIT,
        .policies = policies,
        .policy_count = 2,
        .reason = BYTES("not-permitted"),
        .disclosed = disclosed,
        .disclosed_count = 3,
        .withheld = counts,
        .withheld_count = 2,
        .records_disclosed = 7,
        .records_left_out = 1,
        .subjects = subjects,
        .subject_count = 3,
        .subjects_more = 12,
        .status = 200,
        .upstream_status = 404,
        .bytes = UINT64_MAX,
        .upstream_ms = 17,
        .gateway_ms = 3,
        .fault = TRAIL_FAULT_UPSTREAM,
        .ruleset = &digest,
        .facts = &digest,
        .facts_count = 1,
        .trace = {{1}},
    };
}

static const struct document *parse(struct arena *arena, struct bytes line)
{
    const struct document *document = NULL;
    assert_true(amanat_is_ok(document_from_json(arena, "", line, NULL, &document)));
    return document;
}

/* Sorted keys everywhere: RFC 8785 §3.2.3. */
static void assert_sorted(const struct document *value)
{
    for (size_t i = 0; value->kind == DOCUMENT_OBJECT && i < value->count; i++) {
        assert_true(i == 0 || bytes_compare(value->members[i - 1].key, value->members[i].key) < 0);
        assert_sorted(&value->members[i].value);
    }
}

static void test_entry__writes_every_field_in_canonical_form(void **state)
{
    static const char expected[] =
        "{\"access\":\"0ff00000000000000000000000000000\",\"agent\":\"p:AAAAAAAAAAAAAAAAAAAAAA\","
        "\"asked\":{\"person\":2,\"vehicle.plate\":4},"
        "\"asked_subjects\":[\"p:BBBBBBBBBBBBBBBBBBBBBB\"],\"bytes\":9007199254740991,";
    const struct trail_access access = full_access();
    struct arena *arena = arena_new(1u << 20);
    struct buffer lines;
    uint32_t parts = 0;
    (void)state;
    buffer_init(&lines, 1u << 20);
    assert_true(amanat_is_ok(trail_entry_append_access(&lines, &access, &salt, &parts)));
    assert_int_equal(parts, 1);
    assert_true(bytes_start_with(buffer_bytes(&lines), bytes_of_string(expected)));
    assert_int_equal(lines.at[lines.length - 1], '\n');
    const struct document *entry =
        parse(arena, bytes_first(buffer_bytes(&lines), lines.length - 1));
    assert_sorted(entry);
    assert_int_equal(entry->count, 33);
    assert_true(bytes_equal_string(document_get(entry, "subjects_more")->text, "12"));
    assert_int_equal(document_get(entry, "subjects")->count, 2);
    assert_int_equal(document_get(document_get(entry, "disclosed"), "z")->count, 4);
    assert_null(document_get(document_get(entry, "disclosed"), "never"));
    assert_true(document_is_string(document_get(document_get(entry, "need"), "case"), "unknown"));
    assert_true(document_is_string(&document_get(entry, "policies")->items[1], "a\n"));
    buffer_clear(&lines);
    arena_free(arena);
}

static void test_entry__says_the_least_when_nothing_is_set(void **state)
{
    const struct trail_access access = {.partner = BYTES("x")};
    struct arena *arena = arena_new(1u << 20);
    struct buffer lines;
    (void)state;
    buffer_init(&lines, 1u << 20);
    assert_true(amanat_is_ok(trail_entry_append_access(&lines, &access, &salt, NULL)));
    const struct document *entry =
        parse(arena, bytes_first(buffer_bytes(&lines), lines.length - 1));
    assert_true(document_is_string(document_get(entry, "decision"), "refuse"));
    assert_null(document_get(entry, "need"));
    assert_null(document_get(entry, "disclosed"));
    assert_null(document_get(entry, "status"));
    assert_null(document_get(entry, "x"));
    assert_false(document_get(entry, "last")->boolean);
    buffer_clear(&lines);
    arena_free(arena);
}

static void test_entry__leaves_out_of_an_intent_what_only_the_answer_tells(void **state)
{
    static const char *const absent[] = {"disclosed", "withheld", "records", "subjects",
                                         "status",    "bytes",    "fault",   "upstream_ms"};
    const struct trail_access access = full_access();
    struct arena *arena = arena_new(1u << 20);
    struct buffer lines;
    (void)state;
    buffer_init(&lines, 1u << 20);
    assert_true(amanat_is_ok(trail_entry_append_intent(&lines, &access, &salt, NULL)));
    const struct document *entry =
        parse(arena, bytes_first(buffer_bytes(&lines), lines.length - 1));
    assert_sorted(entry);
    assert_true(document_is_string(document_get(entry, "kind"), "intent"));
    assert_non_null(document_get(entry, "asked"));
    for (size_t i = 0; i < sizeof(absent) / sizeof(absent[0]); i++) {
        assert_null(document_get(entry, absent[i]));
    }
    buffer_clear(&lines);
    arena_free(arena);
}

static void test_entry__spreads_many_subjects_over_lines(void **state)
{
    const size_t count = 5000;
    struct trail_access access = full_access();
    struct trail_pseudonym *subjects = calloc(count, sizeof(*subjects));
    struct buffer lines;
    uint32_t parts = 0;
    (void)state;
    assert_non_null(subjects);
    for (size_t i = 0; i < count; i++) {
        (void)snprintf(subjects[i].text, sizeof(subjects[i].text), "p:%022zu", i);
    }
    access.subjects = subjects;
    access.subject_count = count;
    buffer_init(&lines, 1u << 20);
    assert_true(amanat_is_ok(trail_entry_append_access(&lines, &access, &salt, &parts)));
    assert_true(parts > 10);
    struct bytes rest = buffer_bytes(&lines);
    size_t found = 0;
    char last_rid[33] = "";
    for (uint32_t part = 0; part < parts; part++) {
        struct arena *arena = arena_new(1u << 20);
        const size_t end = bytes_find(rest, '\n');
        assert_true(end <= TRAIL_ENTRY_LIMIT - TRAIL_ENTRY_HEADER_LIMIT);
        const struct document *entry = parse(arena, bytes_first(rest, end));
        int64_t number = 0;
        assert_sorted(entry);
        assert_true(document_integer(document_get(entry, "part"), &number));
        assert_int_equal(number, 2 + part);
        assert_int_equal(document_get(entry, "last")->boolean, part + 1 == parts);
        assert_int_equal(document_get(entry, "disclosed") != NULL, part == 0);
        assert_int_equal(document_get(entry, "bytes") != NULL, part == 0);
        assert_true(document_is_string(document_get(entry, "partner"), "ravi-cameras"));
        assert_false(document_is_string(document_get(entry, "rid"), last_rid));
        memcpy(last_rid, document_get(entry, "rid")->text.at, 32);
        found += document_get(entry, "subjects")->count;
        rest = bytes_from(rest, end + 1);
        arena_free(arena);
    }
    assert_int_equal(rest.length, 0);
    assert_int_equal(found, count);
    free(subjects);
    buffer_clear(&lines);
}

static void test_entry__refuses_what_does_not_fit_and_appends_nothing(void **state)
{
    char name[9000];
    struct trail_access access = {.partner = BYTES("x")};
    struct buffer lines;
    (void)state;
    memset(name, 'a', sizeof(name));
    access.operation = bytes_of(name, sizeof(name));
    buffer_init(&lines, 1u << 20);
    buffer_append_string(&lines, "before");
    assert_int_equal(trail_entry_append_access(&lines, &access, &salt, NULL).status,
                     AMANAT_STATUS_LIMIT);
    access.operation = BYTES("\xFF");
    assert_int_equal(trail_entry_append_access(&lines, &access, &salt, NULL).status,
                     AMANAT_STATUS_BUG);
    assert_true(bytes_equal_string(buffer_bytes(&lines), "before"));
    buffer_clear(&lines);
}

/* By Python: hmac.new(b"k" * 32, b"plate\0LEA1234", "sha256").digest()[:16], base64url. */
static void test_entry__makes_keyed_pseudonyms(void **state)
{
    struct trail_pseudonym first;
    struct trail_pseudonym second;
    (void)state;
    const struct bytes key = BYTES("kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk");
    assert_true(amanat_is_ok(trail_pseudonym(key, BYTES("plate"), BYTES("LEA1234"), &first)));
    assert_string_equal(first.text, "p:bxhEyM-TSRUdwNRmMtJfmQ");
    assert_true(amanat_is_ok(trail_pseudonym(key, BYTES("cnic"), BYTES("LEA1234"), &second)));
    assert_string_not_equal(first.text, second.text);
    assert_int_equal(trail_pseudonym(bytes_of(NULL, 0), BYTES("a"), BYTES("b"), &second).status,
                     AMANAT_STATUS_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_entry__writes_every_field_in_canonical_form),
        cmocka_unit_test(test_entry__says_the_least_when_nothing_is_set),
        cmocka_unit_test(test_entry__leaves_out_of_an_intent_what_only_the_answer_tells),
        cmocka_unit_test(test_entry__spreads_many_subjects_over_lines),
        cmocka_unit_test(test_entry__refuses_what_does_not_fit_and_appends_nothing),
        cmocka_unit_test(test_entry__makes_keyed_pseudonyms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
