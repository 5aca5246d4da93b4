/* SPDX-License-Identifier: Apache-2.0 */
/* What the unit tests of policy/cedar share: an arena and a list of diagnostics for each test. */
#ifndef AMANAT_TESTS_CEDAR_FIXTURE_H
#define AMANAT_TESTS_CEDAR_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "policy/cedar/cedar.h"

struct fixture {
    struct arena *arena;
    struct amanat_diagnostics *diagnostics;
};

static inline int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    assert_non_null(fixture);
    fixture->arena = arena_new((size_t)64 << 20);
    fixture->diagnostics = amanat_diagnostics_new();
    assert_non_null(fixture->arena);
    assert_non_null(fixture->diagnostics);
    *state = fixture;
    return 0;
}

static inline int tear_down(void **state)
{
    struct fixture *fixture = *state;
    arena_free(fixture->arena);
    amanat_diagnostics_free(fixture->diagnostics);
    free(fixture);
    return 0;
}

/* Forgets what earlier rows of a table left. */
static inline void start_over(struct fixture *fixture)
{
    arena_reset(fixture->arena);
    amanat_diagnostics_free(fixture->diagnostics);
    fixture->diagnostics = amanat_diagnostics_new();
    assert_non_null(fixture->diagnostics);
}

/* A row of most tables: a text, and what is to come of it. */
struct text_row {
    const char *given;
    const char *expected;
};

typedef void text_row_check_fn(struct fixture *fixture, const char *given, const char *expected);

static inline void check_text_rows(struct fixture *fixture, const struct text_row *rows,
                                   size_t count, text_row_check_fn *check)
{
    for (size_t i = 0; i < count; i++) {
        check(fixture, rows[i].given, rows[i].expected);
        start_over(fixture);
    }
}

#define CHECK_TEXT_ROWS(fixture, rows, check)                                                      \
    check_text_rows((fixture), (rows), sizeof(rows) / sizeof((rows)[0]), (check))

static inline void assert_ok(amanat_result result)
{
    assert_int_equal(result.status, AMANAT_STATUS_OK);
}

static inline void assert_fault(amanat_result result)
{
    assert_int_equal(result.status, AMANAT_STATUS_CONFIG_FAULT);
}

static inline void assert_bytes(struct bytes found, const char *expected)
{
    if (!bytes_equal_string(found, expected)) {
        fail_msg("found `%.*s`, expected `%s`", BYTES_PRINTF(found), expected);
    }
}

/* The first diagnostic as "line:column text". */
static inline void assert_first_diagnostic(const struct fixture *fixture, const char *expected)
{
    char text[400];
    assert_true(amanat_diagnostics_count(fixture->diagnostics) > 0);
    const struct amanat_diagnostic *first = amanat_diagnostics_at(fixture->diagnostics, 0);
    (void)snprintf(text, sizeof(text), "%u:%u %s", first->line, first->column, first->text);
    assert_string_equal(text, expected);
}

static inline struct cedar_entity_uid uid(const char *type, const char *id)
{
    return (struct cedar_entity_uid){bytes_of_string(type), bytes_of_string(id)};
}

static inline struct cedar_policy_set *policies_of(struct fixture *fixture, const char *text)
{
    struct cedar_policy_set *set = cedar_policy_set_new(fixture->arena, NULL);
    assert_non_null(set);
    const amanat_result added =
        cedar_policy_set_add_text(set, "test.cedar", bytes_of_string(text), fixture->diagnostics);
    if (!amanat_is_ok(added)) {
        fail_msg("%s: %s", text, amanat_diagnostics_at(fixture->diagnostics, 0)->text);
    }
    return set;
}

/* "allow +policy0 -policy1": what was decided, by which permits and forbids. */
static inline void append_decision(struct buffer *text, const struct cedar_response *response)
{
    buffer_append_string(text, response->decision == CEDAR_DECISION_ALLOW ? "allow" : "deny");
    for (size_t i = 0; i < response->permit_count; i++) {
        buffer_append_format(text, " +%.*s", BYTES_PRINTF(cedar_policy_id(response->permits[i])));
    }
    for (size_t i = 0; i < response->forbid_count; i++) {
        buffer_append_format(text, " -%.*s", BYTES_PRINTF(cedar_policy_id(response->forbids[i])));
    }
}

static inline const struct cedar_compiled_policies *compile(struct fixture *fixture,
                                                            const struct cedar_policy_set *set)
{
    const struct cedar_compiled_policies *compiled = NULL;
    assert_ok(cedar_compile_unchecked(fixture->arena, set, &compiled));
    return compiled;
}

static inline const struct cedar_schema *schema_of(struct fixture *fixture, const char *text)
{
    const struct cedar_schema *schema = NULL;
    const struct cedar_schema_source source = {"test.cedarschema", bytes_of_string(text)};
    const amanat_result parsed =
        cedar_schema_parse(fixture->arena, &source, 1, fixture->diagnostics, &schema);
    if (!amanat_is_ok(parsed)) {
        fail_msg("%s: %s", text, amanat_diagnostics_at(fixture->diagnostics, 0)->text);
    }
    return schema;
}

static inline struct cedar_entities *
entities_of(struct fixture *fixture, const struct cedar_schema *schema, const char *text)
{
    struct cedar_entities *entities = cedar_entities_new(fixture->arena, NULL);
    assert_non_null(entities);
    assert_ok(cedar_entities_add_json(entities, schema, "test.json", bytes_of_string(text),
                                      fixture->diagnostics));
    assert_ok(cedar_entities_close(entities, schema, fixture->diagnostics));
    return entities;
}

#endif
