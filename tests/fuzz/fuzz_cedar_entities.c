/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a file of entities, with a schema and without one; what loads is written as Cedar
 * text. */
#include <stdint.h>

#include "policy/base/guard.h"
#include "policy/cedar/cedar.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char schema_text[] =
    "entity Team in Team; entity Colour enum [\"red\", \"blue\"];"
    "entity User in Team { n?: Long, s?: Set<User>, r?: { d: datetime, i?: ipaddr },"
    "  c?: Colour, p?: decimal, l?: duration } tags Set<String>;"
    "action group; action view in group appliesTo { principal: User, resource: Team };";

static void write_value(const struct cedar_value *value)
{
    struct buffer buffer;
    buffer_init(&buffer, (size_t)1 << 20);
    cedar_value_append(&buffer, value);
    buffer_clear(&buffer);
}

static void load(struct arena *arena, const struct cedar_schema *schema, struct bytes text)
{
    struct amanat_diagnostics *diagnostics = amanat_diagnostics_new();
    struct cedar_entities *entities = cedar_entities_new(arena, NULL);
    if (entities == NULL || diagnostics == NULL) {
        amanat_diagnostics_free(diagnostics);
        return;
    }
    amanat_result result = cedar_entities_add_json(entities, schema, "input", text, diagnostics);
    if (amanat_is_ok(result)) {
        result = cedar_entities_close(entities, schema, diagnostics);
    }
    ASSERT(amanat_is_ok(result) == (amanat_diagnostics_errors(diagnostics) == 0) ||
           result.status == AMANAT_STATUS_MEMORY);
    for (size_t i = 0; amanat_is_ok(result) && i < cedar_entities_count(entities); i++) {
        const struct cedar_entity *entity = cedar_entities_at(entities, i);
        ASSERT(cedar_entities_find(entities, cedar_entity_uid(entity)) == entity);
        write_value(cedar_entity_attributes(entity));
        write_value(cedar_entity_tags(entity));
    }
    amanat_diagnostics_free(diagnostics);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new((size_t)32 << 20);
    const struct bytes text = bytes_of((const char *)data, size);
    const struct cedar_schema_source source = {"schema", BYTES(schema_text)};
    const struct cedar_schema *schema = NULL;
    if (arena != NULL && amanat_is_ok(cedar_schema_parse(arena, &source, 1, NULL, &schema))) {
        load(arena, schema, text);
        load(arena, NULL, text);
    }
    arena_free(arena);
    return 0;
}
