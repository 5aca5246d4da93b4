/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes the declarations of a schema in the JSON syntax, as the official engine's schemaToJson
 * does: what a text leaves open (`EntityOrCommon`) stays open, empty shapes, contexts and lists of
 * parents are left out, and an action without `appliesTo` gets empty lists.
 */
#include "policy/cedar/cedar_schema.h"

static void append_key(struct buffer *buffer, const char *separator, struct bytes key)
{
    buffer_append_string(buffer, separator);
    buffer_append_json_string(buffer, key);
    buffer_append_byte(buffer, ':');
}

static void append_annotations(struct buffer *buffer, const struct cedar_annotation *annotations,
                               size_t count, const char *separator)
{
    if (count == 0) {
        return;
    }
    append_key(buffer, separator, BYTES("annotations"));
    buffer_append_byte(buffer, '{');
    for (size_t i = 0; i < count; i++) {
        append_key(buffer, i > 0 ? "," : "", annotations[i].name);
        buffer_append_json_string(buffer, annotations[i].value);
    }
    buffer_append_byte(buffer, '}');
}

/* ---- Types ---- */

static void append_type(struct buffer *buffer, const struct cedar_type_expression *type);

static void append_named_type(struct buffer *buffer, const char *type, struct bytes name)
{
    buffer_append_format(buffer, "\"type\":\"%s\",\"name\":", type);
    buffer_append_json_string(buffer, name);
}

static void append_built_in(struct buffer *buffer, struct bytes name)
{
    if (bytes_equal_string(name, "Bool")) {
        buffer_append_string(buffer, "\"type\":\"Boolean\"");
    } else if (bytes_equal_string(name, "Long") || bytes_equal_string(name, "String")) {
        buffer_append_format(buffer, "\"type\":\"%.*s\"", BYTES_PRINTF(name));
    } else {
        append_named_type(buffer, "Extension", name);
    }
}

static void append_path(struct buffer *buffer, const struct cedar_type_expression *type)
{
    switch (type->reference) {
    case CEDAR_TYPE_REFERENCE_ENTITY_OR_COMMON:
        append_named_type(buffer, "EntityOrCommon", type->name.path);
        return;
    case CEDAR_TYPE_REFERENCE_COMMON:
        buffer_append_string(buffer, "\"type\":");
        buffer_append_json_string(buffer, type->name.path);
        return;
    case CEDAR_TYPE_REFERENCE_ENTITY:
        append_named_type(buffer, "Entity", type->name.path);
        return;
    case CEDAR_TYPE_REFERENCE_BUILT_IN:
        append_built_in(buffer, type->name.path);
        return;
    }
}

/* The members of a type's object, to which more may be added. */
static void append_type_members(struct buffer *buffer, const struct cedar_type_expression *type)
{
    if (type->kind == CEDAR_TYPE_EXPRESSION_PATH) {
        append_path(buffer, type);
        return;
    }
    if (type->kind == CEDAR_TYPE_EXPRESSION_SET) {
        buffer_append_string(buffer, "\"type\":\"Set\",\"element\":");
        append_type(buffer, type->element);
        return;
    }
    buffer_append_string(buffer, "\"type\":\"Record\",\"attributes\":{");
    for (size_t i = 0; i < type->field_count; i++) {
        const struct cedar_attribute_expression *field = &type->fields[i];
        append_key(buffer, i > 0 ? "," : "", field->name);
        buffer_append_byte(buffer, '{');
        append_type_members(buffer, field->type);
        append_annotations(buffer, field->annotations, field->annotation_count, ",");
        buffer_append_string(buffer, field->required ? "}" : ",\"required\":false}");
    }
    buffer_append_byte(buffer, '}');
}

static void append_type(struct buffer *buffer, const struct cedar_type_expression *type)
{
    buffer_append_byte(buffer, '{');
    append_type_members(buffer, type);
    buffer_append_byte(buffer, '}');
}

static bool is_empty_record(const struct cedar_type_expression *type)
{
    return type == NULL || (type->kind == CEDAR_TYPE_EXPRESSION_RECORD && type->field_count == 0);
}

/* ---- Declarations ---- */

static void append_names(struct buffer *buffer, const char *key, const cedar_schema_names *names)
{
    buffer_append_format(buffer, "\"%s\":[", key);
    for (size_t i = 0; i < names->count; i++) {
        buffer_append_string(buffer, i > 0 ? "," : "");
        buffer_append_json_string(buffer, names->items[i].path);
    }
    buffer_append_byte(buffer, ']');
}

static void append_enum(struct buffer *buffer, const struct cedar_declaration *declaration)
{
    buffer_append_string(buffer, "\"enum\":[");
    for (size_t i = 0; i < declaration->enum_ids.count; i++) {
        buffer_append_string(buffer, i > 0 ? "," : "");
        buffer_append_json_string(buffer, declaration->enum_ids.items[i]);
    }
    buffer_append_byte(buffer, ']');
}

static void append_entity(struct buffer *buffer, const struct cedar_declaration *declaration)
{
    const char *separator = "";
    if (declaration->is_enum) {
        append_enum(buffer, declaration);
        separator = ",";
    }
    if (declaration->parents.count > 0) {
        append_names(buffer, "memberOfTypes", &declaration->parents);
        separator = ",";
    }
    if (!is_empty_record(declaration->type)) {
        append_key(buffer, separator, BYTES("shape"));
        append_type(buffer, declaration->type);
        separator = ",";
    }
    if (declaration->tags != NULL) {
        append_key(buffer, separator, BYTES("tags"));
        append_type(buffer, declaration->tags);
        separator = ",";
    }
    append_annotations(buffer, declaration->annotations, declaration->annotation_count, separator);
}

static void append_parent_actions(struct buffer *buffer, const cedar_schema_names *names)
{
    buffer_append_string(buffer, ",\"memberOf\":[");
    for (size_t i = 0; i < names->count; i++) {
        append_key(buffer, i > 0 ? ",{" : "{", BYTES("id"));
        buffer_append_json_string(buffer, names->items[i].id);
        if (names->items[i].path.length > 0) {
            append_key(buffer, ",", BYTES("type"));
            buffer_append_json_string(buffer, names->items[i].path);
        }
        buffer_append_byte(buffer, '}');
    }
    buffer_append_byte(buffer, ']');
}

static void append_action(struct buffer *buffer, const struct cedar_declaration *declaration)
{
    buffer_append_string(buffer, "\"appliesTo\":{");
    append_names(buffer, "principalTypes", &declaration->principals);
    buffer_append_byte(buffer, ',');
    append_names(buffer, "resourceTypes", &declaration->resources);
    if (!is_empty_record(declaration->context)) {
        /* A context can be no entity, so a name of it is a common type's. */
        struct cedar_type_expression context = *declaration->context;
        if (context.reference == CEDAR_TYPE_REFERENCE_ENTITY_OR_COMMON) {
            context.reference = CEDAR_TYPE_REFERENCE_COMMON;
        }
        append_key(buffer, ",", BYTES("context"));
        append_type(buffer, &context);
    }
    buffer_append_byte(buffer, '}');
    if (declaration->parents.count > 0) {
        append_parent_actions(buffer, &declaration->parents);
    }
    append_annotations(buffer, declaration->annotations, declaration->annotation_count, ",");
}

static void append_common_type(struct buffer *buffer, const struct cedar_declaration *declaration)
{
    append_type_members(buffer, declaration->type);
    append_annotations(buffer, declaration->annotations, declaration->annotation_count, ",");
}

/* ---- Name spaces ---- */

/* What each kind of declaration is called and how it is written. */
static const struct {
    const char *key;
    void (*append)(struct buffer *buffer, const struct cedar_declaration *declaration);
} kinds[] = {[CEDAR_DECLARATION_ENTITY] = {"entityTypes", append_entity},
             [CEDAR_DECLARATION_ACTION] = {"actions", append_action},
             [CEDAR_DECLARATION_TYPE] = {"commonTypes", append_common_type}};

/* The declarations of one kind of one name space, the `*count`th and following of its object. */
static void append_declarations(struct buffer *buffer, const struct cedar_namespace *name_space,
                                enum cedar_declaration_kind kind, size_t *count)
{
    for (size_t i = 0; i < name_space->declarations.count; i++) {
        const struct cedar_declaration *declaration = name_space->declarations.items[i];
        for (size_t j = 0; declaration->kind == kind && j < declaration->names.count; j++) {
            const struct cedar_schema_name *name = &declaration->names.items[j];
            append_key(buffer, (*count)++ > 0 ? "," : "",
                       kind == CEDAR_DECLARATION_ACTION ? name->id : name->path);
            buffer_append_byte(buffer, '{');
            kinds[kind].append(buffer, declaration);
            buffer_append_byte(buffer, '}');
        }
    }
}

/* The declarations of one kind of all name spaces of one name, of which `first` is the first. */
static void append_kind(struct buffer *buffer, const struct cedar_schema *schema, size_t first,
                        enum cedar_declaration_kind kind)
{
    const cedar_namespaces *all = &schema->namespaces;
    const size_t start = buffer->length;
    size_t count = 0;
    append_key(buffer, kind == 0 ? "" : ",", bytes_of_string(kinds[kind].key));
    buffer_append_byte(buffer, '{');
    for (size_t i = first; i < all->count; i++) {
        if (bytes_equal(all->items[i]->name, all->items[first]->name)) {
            append_declarations(buffer, all->items[i], kind, &count);
        }
    }
    buffer_append_byte(buffer, '}');
    if (count == 0 && kind == CEDAR_DECLARATION_TYPE) {
        buffer_truncate(buffer, start); /* the only kind that may be left out */
    }
}

static void append_namespace(struct buffer *buffer, const struct cedar_schema *schema, size_t first)
{
    const struct cedar_namespace *annotated = cedar_schema_namespace_annotated(schema, first);
    buffer_append_byte(buffer, '{');
    for (size_t kind = 0; kind < sizeof(kinds) / sizeof(kinds[0]); kind++) {
        append_kind(buffer, schema, first, (enum cedar_declaration_kind)kind);
    }
    append_annotations(buffer, annotated->annotations, annotated->annotation_count, ",");
    buffer_append_byte(buffer, '}');
}

void cedar_schema_append_json(struct buffer *buffer, const struct cedar_schema *schema)
{
    size_t written = 0;
    buffer_append_byte(buffer, '{');
    for (size_t i = 0; i < schema->namespaces.count; i++) {
        if (cedar_schema_namespace_is_first(schema, i)) {
            append_key(buffer, written++ > 0 ? "," : "", schema->namespaces.items[i]->name);
            append_namespace(buffer, schema, i);
        }
    }
    buffer_append_byte(buffer, '}');
}
