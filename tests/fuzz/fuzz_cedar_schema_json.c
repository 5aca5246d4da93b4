/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a schema in either syntax (the corpus holds JSON); what resolves is written as JSON,
 * which is read again and written alike, and as text, which says the same of every type and action.
 */
#include <stdint.h>

#include "policy/base/guard.h"
#include "policy/cedar/cedar.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define BUFFER_LIMIT ((size_t)1 << 20)

static amanat_result parse(struct arena *arena, struct bytes text,
                           struct amanat_diagnostics *diagnostics, const struct cedar_schema **out)
{
    const struct cedar_schema_source source = {"input", text};
    return cedar_schema_parse(arena, &source, 1, diagnostics, out);
}

static void assert_same_type(const struct cedar_type *left, const struct cedar_type *right)
{
    struct buffer texts[2];
    buffer_init(&texts[0], BUFFER_LIMIT);
    buffer_init(&texts[1], BUFFER_LIMIT);
    cedar_type_append(&texts[0], left);
    cedar_type_append(&texts[1], right);
    ASSERT(bytes_equal(buffer_bytes(&texts[0]), buffer_bytes(&texts[1])));
    buffer_clear(&texts[0]);
    buffer_clear(&texts[1]);
}

static void assert_same(const struct cedar_schema *left, const struct cedar_schema *right)
{
    ASSERT(cedar_schema_entity_type_count(left) == cedar_schema_entity_type_count(right));
    ASSERT(cedar_schema_action_count(left) == cedar_schema_action_count(right));
    for (size_t i = 0; i < cedar_schema_entity_type_count(left); i++) {
        const struct cedar_entity_type *one = cedar_schema_entity_type_at(left, i);
        const struct cedar_entity_type *other = cedar_schema_entity_type(right, one->name);
        ASSERT(other != NULL && one->ancestor_count == other->ancestor_count);
        ASSERT(one->enum_id_count == other->enum_id_count);
        ASSERT((one->tags == NULL) == (other->tags == NULL));
        assert_same_type(one->shape, other->shape);
    }
    for (size_t i = 0; i < cedar_schema_action_count(left); i++) {
        const struct cedar_action *one = cedar_schema_action_at(left, i);
        const struct cedar_action *other = cedar_schema_action(right, &one->uid);
        ASSERT(other != NULL && one->ancestor_count == other->ancestor_count);
        ASSERT(one->applies == other->applies);
        if (one->applies) {
            assert_same_type(one->context, other->context);
        }
    }
}

static void write_as_json(struct arena *arena, const struct cedar_schema *schema)
{
    struct buffer first;
    struct buffer second;
    const struct cedar_schema *again = NULL;
    buffer_init(&first, BUFFER_LIMIT);
    buffer_init(&second, BUFFER_LIMIT);
    cedar_schema_append_json(&first, schema);
    if (!first.broken) {
        const amanat_result parsed = parse(arena, buffer_bytes(&first), NULL, &again);
        ASSERT(amanat_is_ok(parsed) || parsed.status == AMANAT_STATUS_MEMORY);
    }
    if (again != NULL) {
        cedar_schema_append_json(&second, again);
        ASSERT(bytes_equal(buffer_bytes(&first), buffer_bytes(&second)));
        assert_same(schema, again);
    }
    buffer_clear(&first);
    buffer_clear(&second);
}

static void write_as_text(struct arena *arena, const struct cedar_schema *schema)
{
    struct buffer text;
    const struct cedar_schema *again = NULL;
    buffer_init(&text, BUFFER_LIMIT);
    if (amanat_is_ok(cedar_schema_append_text(&text, schema, NULL)) && !text.broken) {
        const amanat_result parsed = parse(arena, buffer_bytes(&text), NULL, &again);
        ASSERT(amanat_is_ok(parsed) || parsed.status == AMANAT_STATUS_MEMORY);
    }
    if (again != NULL) {
        assert_same(schema, again);
    }
    buffer_clear(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new((size_t)32 << 20);
    struct amanat_diagnostics *diagnostics = amanat_diagnostics_new();
    const struct cedar_schema *schema = NULL;
    if (arena != NULL && diagnostics != NULL) {
        const amanat_result parsed =
            parse(arena, bytes_of((const char *)data, size), diagnostics, &schema);
        ASSERT(amanat_is_ok(parsed) == (amanat_diagnostics_errors(diagnostics) == 0) ||
               parsed.status == AMANAT_STATUS_MEMORY);
        if (amanat_is_ok(parsed)) {
            write_as_json(arena, schema);
            write_as_text(arena, schema);
        }
    }
    amanat_diagnostics_free(diagnostics);
    arena_free(arena);
    return 0;
}
