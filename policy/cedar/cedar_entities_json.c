/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files of entities: an array of `{"uid", "attrs", "parents", "tags"}` (Cedar: entities JSON
 * format). With a schema each entity must conform to it. All faulty entities of a file are
 * reported.
 */
#include "policy/base/guard.h"
#include "policy/base/vector.h"
#include "policy/cedar/cedar_conformance.h"
#include "policy/cedar/cedar_entities.h"
#include "policy/cedar/cedar_json.h"
#include "policy/cedar/cedar_schema.h"

/* A member that must be there. */
static amanat_result require(const struct cedar_json *json, const struct document *entity,
                             const char *key, const struct document **out)
{
    const struct document *member = document_get(entity, key);
    if (member == NULL) {
        return cedar_json_fault(json, entity, "the member `%s` is missing", key);
    }
    *out = member;
    return AMANAT_OK;
}

static amanat_result read_parents(const struct cedar_json *json, const struct document *document,
                                  struct cedar_entity_parts *parts)
{
    if (document->kind != DOCUMENT_ARRAY) {
        return cedar_json_fault(json, document, "`parents` must be an array");
    }
    struct cedar_entity_uid *parents =
        arena_allocate_array(json->arena, document->count, sizeof(*parents));
    TRY_MEMORY(parents);
    for (size_t i = 0; i < document->count; i++) {
        TRY(cedar_json_uid(json, &document->items[i], &parents[i]));
        if (cedar_type_is_of_actions(parts->uid.type) &&
            !cedar_type_is_of_actions(parents[i].type)) {
            return cedar_json_fault(json, &document->items[i],
                                    "an action can only be in another action");
        }
    }
    parts->parents = parents;
    parts->parent_count = document->count;
    return AMANAT_OK;
}

static struct cedar_conformance conformance_at(const struct cedar_json *json,
                                               const struct document *at)
{
    return (struct cedar_conformance){json->schema, json->source, at->line, at->column,
                                      json->diagnostics};
}

static amanat_result check_parent(const struct cedar_json *json, const struct document *at,
                                  const struct cedar_entity_type *type,
                                  const struct cedar_entity_uid *parent)
{
    const struct cedar_conformance conformance = conformance_at(json, at);
    if (!cedar_names_contain(type->ancestors, type->ancestor_count, parent->type)) {
        return cedar_json_fault(json, at,
                                "an entity of type `%.*s` cannot be in one of type `%.*s`",
                                BYTES_PRINTF(type->name), BYTES_PRINTF(parent->type));
    }
    return cedar_conformance_uid(&conformance, "a parent", parent)
               ? AMANAT_OK
               : amanat_result_of(AMANAT_STATUS_CONFIG_FAULT);
}

static amanat_result check_parents(const struct cedar_json *json, const struct document *document,
                                   const struct cedar_entity_type *type,
                                   const struct cedar_entity_parts *parts)
{
    const struct document *parents = document_get(document, "parents");
    for (size_t i = 0; i < parts->parent_count; i++) {
        TRY(check_parent(json, &parents->items[i], type, &parts->parents[i]));
    }
    return AMANAT_OK;
}

static amanat_result read_tags(const struct cedar_json *json, const struct document *document,
                               const struct cedar_type *type, bool is_typed,
                               struct cedar_value *out)
{
    const struct document *tags = document_get(document, "tags");
    if (tags == NULL) {
        return AMANAT_OK;
    }
    TRY(cedar_json_uniform_record(json, type, tags, out));
    if (is_typed && type == NULL && out->as.record.count > 0) {
        return cedar_json_fault(json, tags, "this entity type has no tags");
    }
    return AMANAT_OK;
}

/* An entity of a declared type, or of any type when there is no schema. */
static amanat_result read_typed_entity(const struct cedar_json *json,
                                       const struct document *document,
                                       const struct cedar_entity_type *type,
                                       struct cedar_entity_parts *parts)
{
    const struct document *attributes = NULL;
    const struct document *parents = NULL;
    TRY(require(json, document, "attrs", &attributes));
    TRY(require(json, document, "parents", &parents));
    TRY(cedar_json_record(json, type == NULL ? NULL : type->shape, attributes, &parts->attributes));
    TRY(read_tags(json, document, type == NULL ? NULL : type->tags, type != NULL, &parts->tags));
    TRY(read_parents(json, parents, parts));
    if (type == NULL) {
        return AMANAT_OK;
    }
    const struct cedar_conformance conformance = conformance_at(json, document);
    if (!cedar_conformance_uid(&conformance, "the entity", &parts->uid)) {
        return amanat_result_of(AMANAT_STATUS_CONFIG_FAULT);
    }
    return check_parents(json, document, type, parts);
}

static bool is_ancestor(const struct cedar_action *action, const struct cedar_entity_uid *uid)
{
    for (size_t i = 0; i < action->ancestor_count; i++) {
        if (cedar_entity_uid_equal(&action->ancestors[i], uid)) {
            return true;
        }
    }
    return false;
}

/* Whether `uid` is one of the parents given, or above one of them. */
static bool is_given(const struct cedar_schema *schema, const struct cedar_entity_parts *parts,
                     const struct cedar_entity_uid *uid)
{
    for (size_t i = 0; i < parts->parent_count; i++) {
        const struct cedar_action *parent = cedar_schema_action(schema, &parts->parents[i]);
        if (cedar_entity_uid_equal(&parts->parents[i], uid) ||
            (parent != NULL && is_ancestor(parent, uid))) {
            return true;
        }
    }
    return false;
}

/* An action must be what the schema declares: nothing in it, and the same actions above it. */
static amanat_result read_action(const struct cedar_json *json, const struct document *document,
                                 const struct cedar_action *action,
                                 struct cedar_entity_parts *parts)
{
    TRY(read_typed_entity(json, document, NULL, parts));
    bool same = parts->attributes.as.record.count == 0 &&
                (parts->tags.kind == CEDAR_VALUE_NONE || parts->tags.as.record.count == 0);
    for (size_t i = 0; i < parts->parent_count; i++) {
        same = same && is_ancestor(action, &parts->parents[i]);
    }
    for (size_t i = 0; i < action->ancestor_count; i++) {
        same = same && is_given(json->schema, parts, &action->ancestors[i]);
    }
    if (!same) {
        return cedar_json_fault(json, document, "this action is not as the schema declares it");
    }
    parts->parents = action->parents;
    parts->parent_count = action->parent_count;
    return AMANAT_OK;
}

static amanat_result read_entity(const struct cedar_json *json, const struct document *document,
                                 struct cedar_entity_parts *parts)
{
    const struct document *uid = NULL;
    if (document->kind != DOCUMENT_OBJECT) {
        return cedar_json_fault(json, document, "expected an entity, found %s",
                                document_kind_name(document->kind));
    }
    TRY(require(json, document, "uid", &uid));
    TRY(cedar_json_uid(json, uid, &parts->uid));
    if (json->schema == NULL) {
        return read_typed_entity(json, document, NULL, parts);
    }
    const struct cedar_action *action = cedar_schema_action(json->schema, &parts->uid);
    if (action != NULL) {
        return read_action(json, document, action, parts);
    }
    const struct cedar_entity_type *type = cedar_schema_entity_type(json->schema, parts->uid.type);
    if (type == NULL) {
        char hint[SIMILAR_HINT_SIZE];
        return cedar_json_fault(json, uid, "the entity type `%.*s` is not declared%s",
                                BYTES_PRINTF(parts->uid.type),
                                cedar_schema_entity_type_hint(json->schema, parts->uid.type, hint));
    }
    return read_typed_entity(json, document, type, parts);
}

static amanat_result add_one(struct cedar_entities *entities, const struct cedar_json *json,
                             const struct document *document)
{
    struct cedar_entity_parts parts = {0};
    const struct cedar_entity_place place = {json->source, document->line, document->column};
    TRY(read_entity(json, document, &parts));
    return cedar_entities_add_at(entities, &parts, &place, json->diagnostics);
}

static amanat_result add_document(struct cedar_entities *entities,
                                  const struct cedar_schema *schema, const char *source,
                                  const struct document *document,
                                  struct amanat_diagnostics *diagnostics)
{
    struct bytes name;
    TRY(arena_copy_bytes(entities->arena, bytes_of_string(source), &name));
    const struct cedar_json json = {entities->arena, schema, name.at, diagnostics};
    amanat_result result = AMANAT_OK;
    if (document->kind != DOCUMENT_ARRAY) {
        return cedar_json_fault(&json, document, "expected an array of entities, found %s",
                                document_kind_name(document->kind));
    }
    for (size_t i = 0; i < document->count; i++) {
        const amanat_result added = add_one(entities, &json, &document->items[i]);
        if (added.status == AMANAT_STATUS_CONFIG_FAULT) {
            result = added;
            continue;
        }
        TRY(added);
    }
    return result;
}

amanat_result cedar_entities_add_json(struct cedar_entities *entities,
                                      const struct cedar_schema *schema, const char *source,
                                      struct bytes text, struct amanat_diagnostics *diagnostics)
{
    const struct document *document = NULL;
    TRY(document_from_json(entities->arena, source, text, diagnostics, &document));
    return add_document(entities, schema, source, document, diagnostics);
}
