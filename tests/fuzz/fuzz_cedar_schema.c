/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a schema; what resolves is walked and its actions become entities. */
#include <stdint.h>

#include "policy/base/guard.h"
#include "policy/cedar/cedar.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_type(const struct cedar_type *type)
{
    struct buffer buffer;
    buffer_init(&buffer, 4096);
    cedar_type_append(&buffer, type);
    buffer_clear(&buffer);
}

static void walk(struct arena *arena, const struct cedar_schema *schema)
{
    for (size_t i = 0; i < cedar_schema_entity_type_count(schema); i++) {
        const struct cedar_entity_type *type = cedar_schema_entity_type_at(schema, i);
        ASSERT(cedar_path_is_valid(type->name));
        ASSERT(cedar_schema_entity_type(schema, type->name) == type);
        ASSERT(type->shape->kind == CEDAR_VALUE_RECORD);
        write_type(type->shape);
    }
    for (size_t i = 0; i < cedar_schema_action_count(schema); i++) {
        const struct cedar_action *action = cedar_schema_action_at(schema, i);
        ASSERT(cedar_schema_action(schema, &action->uid) == action);
        write_type(action->context);
    }
    struct cedar_entities *entities = cedar_entities_new(arena, NULL);
    if (entities != NULL && amanat_is_ok(cedar_entities_add_actions(entities, schema))) {
        const amanat_result closed = cedar_entities_close(entities, schema, NULL);
        ASSERT(amanat_is_ok(closed) || closed.status == AMANAT_STATUS_MEMORY);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new((size_t)16 << 20);
    struct amanat_diagnostics *diagnostics = amanat_diagnostics_new();
    const struct cedar_schema *schema = NULL;
    if (arena != NULL && diagnostics != NULL) {
        const struct cedar_schema_source source = {"input", bytes_of((const char *)data, size)};
        const amanat_result parsed = cedar_schema_parse(arena, &source, 1, diagnostics, &schema);
        ASSERT(amanat_is_ok(parsed) == (amanat_diagnostics_errors(diagnostics) == 0) ||
               parsed.status == AMANAT_STATUS_MEMORY);
        if (amanat_is_ok(parsed)) {
            walk(arena, schema);
        }
    }
    amanat_diagnostics_free(diagnostics);
    arena_free(arena);
    return 0;
}
