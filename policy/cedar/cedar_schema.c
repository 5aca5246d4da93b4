/* SPDX-License-Identifier: Apache-2.0 */
/* The schema's front: parsing texts in both syntaxes into one schema, and looking things up in it.
 */
#include "policy/cedar/cedar_schema.h"

#include "policy/base/guard.h"
#include "policy/base/sorted.h"
#include "policy/cedar/cedar_json.h"

amanat_result cedar_schema_parse(struct arena *arena, const struct cedar_schema_source *sources,
                                 size_t count, struct amanat_diagnostics *diagnostics,
                                 const struct cedar_schema **out)
{
    cedar_namespaces namespaces = {0};
    amanat_result result = AMANAT_OK;
    for (size_t i = 0; i < count; i++) {
        struct bytes name;
        struct bytes text;
        TRY(arena_copy_bytes(arena, bytes_of_string(sources[i].name), &name));
        TRY(arena_copy_bytes(arena, sources[i].text, &text));
        const amanat_result parsed =
            cedar_text_is_json(text)
                ? cedar_parse_schema_json(arena, name.at, text, diagnostics, &namespaces)
                : cedar_parse_schema(arena, name.at, text, diagnostics, &namespaces);
        if (parsed.status == AMANAT_STATUS_CONFIG_FAULT) {
            result = parsed;
            continue;
        }
        TRY(parsed);
    }
    TRY(result);
    return cedar_schema_resolve(arena, &namespaces, diagnostics, out);
}

const struct cedar_entity_type *cedar_schema_entity_type(const struct cedar_schema *schema,
                                                         struct bytes name)
{
    return map_get(&schema->entity_types_by_name, name);
}

const struct cedar_action *cedar_schema_action(const struct cedar_schema *schema,
                                               const struct cedar_entity_uid *uid)
{
    return cedar_uid_map_get(&schema->actions_by_uid, uid);
}

size_t cedar_schema_entity_type_count(const struct cedar_schema *schema)
{
    return schema->entity_types.count;
}

const struct cedar_entity_type *cedar_schema_entity_type_at(const struct cedar_schema *schema,
                                                            size_t index)
{
    ASSERT(index < schema->entity_types.count);
    return schema->entity_types.items[index];
}

size_t cedar_schema_action_count(const struct cedar_schema *schema)
{
    return schema->actions.count;
}

const struct cedar_action *cedar_schema_action_at(const struct cedar_schema *schema, size_t index)
{
    ASSERT(index < schema->actions.count);
    return schema->actions.items[index];
}

const char *cedar_schema_entity_type_hint(const struct cedar_schema *schema, struct bytes name,
                                          char room[SIMILAR_HINT_SIZE])
{
    struct similar similar;
    similar_begin(&similar, name);
    for (size_t i = 0; i < schema->entity_types.count; i++) {
        similar_offer(&similar, schema->entity_types.items[i]->name);
    }
    return similar_hint_of(&similar, room);
}

const char *cedar_type_attribute_hint(const struct cedar_type *type, struct bytes name,
                                      char room[SIMILAR_HINT_SIZE])
{
    struct similar similar;
    similar_begin(&similar, name);
    for (size_t i = 0; type->kind == CEDAR_VALUE_RECORD && i < type->attribute_count; i++) {
        similar_offer(&similar, type->attributes[i].name);
    }
    return similar_hint_of(&similar, room);
}

static int compare_with_attribute(const void *name, const void *attribute)
{
    return bytes_compare(*(const struct bytes *)name,
                         ((const struct cedar_attribute *)attribute)->name);
}

const struct cedar_attribute *cedar_type_attribute(const struct cedar_type *type, struct bytes name)
{
    if (type->kind != CEDAR_VALUE_RECORD) {
        return NULL;
    }
    return sorted_find(&name, type->attributes, type->attribute_count, sizeof(*type->attributes),
                       compare_with_attribute);
}

bool cedar_schema_namespace_is_first(const struct cedar_schema *schema, size_t index)
{
    const cedar_namespaces *all = &schema->namespaces;
    const struct bytes name = all->items[index]->name;
    bool declares = name.length > 0;
    for (size_t i = 0; i < index; i++) {
        if (bytes_equal(all->items[i]->name, name)) {
            return false;
        }
    }
    for (size_t i = index; i < all->count && !declares; i++) {
        declares = bytes_equal(all->items[i]->name, name) && all->items[i]->declarations.count > 0;
    }
    return declares;
}

const struct cedar_namespace *cedar_schema_namespace_annotated(const struct cedar_schema *schema,
                                                               size_t first)
{
    const cedar_namespaces *all = &schema->namespaces;
    for (size_t i = first; i < all->count; i++) {
        if (bytes_equal(all->items[i]->name, all->items[first]->name) &&
            all->items[i]->annotation_count > 0) {
            return all->items[i];
        }
    }
    return all->items[first];
}
