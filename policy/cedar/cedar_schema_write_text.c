/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes the declarations of a schema in Cedar's syntax, one declaration a line. Names that were
 * looked up among the built-in types are written with `__cedar::`, so that no entity type can take
 * their place; what only JSON can say is reported.
 */
#include "policy/base/guard.h"
#include "policy/cedar/cedar_lexer.h"
#include "policy/cedar/cedar_schema.h"

struct writing {
    struct buffer *buffer;
    const struct cedar_schema *schema;
    const struct cedar_namespace *name_space;
    struct amanat_diagnostics *diagnostics;
    bool faulty;
};

static void report(struct writing *writing, const struct cedar_schema_name *at, const char *text)
{
    amanat_diagnostics_add(writing->diagnostics, AMANAT_SEVERITY_ERROR, "schema",
                           writing->name_space->source, at->line, at->column, "%s", text);
    writing->faulty = true;
}

static void append_name(struct buffer *buffer, struct bytes name)
{
    if (cedar_word_is_valid(name) && !cedar_word_is_reserved(name)) {
        buffer_append(buffer, name);
    } else {
        cedar_string_append(buffer, name);
    }
}

static void append_annotations(struct buffer *buffer, const struct cedar_annotation *annotations,
                               size_t count)
{
    for (size_t i = 0; i < count; i++) {
        buffer_append_byte(buffer, '@');
        buffer_append(buffer, annotations[i].name);
        if (annotations[i].has_value) {
            buffer_append_byte(buffer, '(');
            cedar_string_append(buffer, annotations[i].value);
            buffer_append_byte(buffer, ')');
        }
        buffer_append_byte(buffer, ' ');
    }
}

/* ---- Types ---- */

/* Whether `name` means a declared common type here, if it can mean one. */
static bool is_common_type(const struct writing *writing, struct bytes name)
{
    if (map_get(&writing->schema->common_types, name) != NULL) {
        return true;
    }
    if (bytes_find(name, ':') < name.length || writing->name_space->name.length == 0) {
        return false;
    }
    struct buffer full;
    buffer_init(&full, writing->name_space->name.length + name.length + 2);
    buffer_append(&full, writing->name_space->name);
    buffer_append_string(&full, "::");
    buffer_append(&full, name);
    const bool found = map_get(&writing->schema->common_types, buffer_bytes(&full)) != NULL;
    buffer_clear(&full);
    return found;
}

static void append_path(struct writing *writing, const struct cedar_type_expression *type)
{
    const bool is_common = is_common_type(writing, type->name.path);
    const bool is_built_in = type->reference == CEDAR_TYPE_REFERENCE_BUILT_IN ||
                             (type->reference == CEDAR_TYPE_REFERENCE_COMMON && !is_common);
    if (type->reference == CEDAR_TYPE_REFERENCE_ENTITY && is_common) {
        report(writing, &type->name,
               "Cedar's syntax cannot name this entity type: a common type has the same name");
    }
    if (is_built_in && !bytes_start_with(type->name.path, BYTES("__cedar::"))) {
        buffer_append_string(writing->buffer, "__cedar::");
    }
    buffer_append(writing->buffer, type->name.path);
}

static void append_type(struct writing *writing, const struct cedar_type_expression *type)
{
    struct buffer *buffer = writing->buffer;
    if (type->kind == CEDAR_TYPE_EXPRESSION_PATH) {
        append_path(writing, type);
        return;
    }
    if (type->kind == CEDAR_TYPE_EXPRESSION_SET) {
        buffer_append_string(buffer, "Set<");
        append_type(writing, type->element);
        buffer_append_byte(buffer, '>');
        return;
    }
    buffer_append_byte(buffer, '{');
    for (size_t i = 0; i < type->field_count; i++) {
        const struct cedar_attribute_expression *field = &type->fields[i];
        buffer_append_string(buffer, i > 0 ? ", " : "");
        append_annotations(buffer, field->annotations, field->annotation_count);
        append_name(buffer, field->name);
        buffer_append_string(buffer, field->required ? ": " : "?: ");
        append_type(writing, field->type);
    }
    buffer_append_byte(buffer, '}');
}

/* ---- Declarations ---- */

static void append_paths(struct buffer *buffer, const char *before, const cedar_schema_names *names)
{
    buffer_append_string(buffer, before);
    for (size_t i = 0; i < names->count; i++) {
        buffer_append_string(buffer, i > 0 ? ", " : "[");
        buffer_append(buffer, names->items[i].path);
    }
    buffer_append_byte(buffer, ']');
}

static void append_enum(struct buffer *buffer, const struct cedar_declaration *declaration)
{
    buffer_append_string(buffer, " enum [");
    for (size_t i = 0; i < declaration->enum_ids.count; i++) {
        buffer_append_string(buffer, i > 0 ? ", " : "");
        cedar_string_append(buffer, declaration->enum_ids.items[i]);
    }
    buffer_append_byte(buffer, ']');
}

static void append_entity(struct writing *writing, const struct cedar_declaration *declaration)
{
    struct buffer *buffer = writing->buffer;
    if (declaration->is_enum) {
        append_enum(buffer, declaration);
        return;
    }
    if (declaration->parents.count > 0) {
        append_paths(buffer, " in ", &declaration->parents);
    }
    if (declaration->type != NULL && declaration->type->kind == CEDAR_TYPE_EXPRESSION_RECORD) {
        buffer_append_byte(buffer, ' ');
        append_type(writing, declaration->type);
    } else if (declaration->type != NULL) {
        report(writing, &declaration->type->name,
               "Cedar's syntax cannot say that an entity type's attributes are a common type");
    }
    if (declaration->tags != NULL) {
        buffer_append_string(buffer, " tags ");
        append_type(writing, declaration->tags);
    }
}

static void append_parent_actions(struct buffer *buffer, const cedar_schema_names *names)
{
    buffer_append_string(buffer, " in ");
    for (size_t i = 0; i < names->count; i++) {
        const struct cedar_schema_name *name = &names->items[i];
        buffer_append_string(buffer, i > 0 ? ", " : "[");
        if (name->path.length == 0) {
            append_name(buffer, name->id);
        } else {
            const struct cedar_entity_uid uid = {name->path, name->id};
            cedar_entity_uid_append(buffer, &uid);
        }
    }
    buffer_append_byte(buffer, ']');
}

static void append_action(struct writing *writing, const struct cedar_declaration *declaration)
{
    struct buffer *buffer = writing->buffer;
    if (declaration->parents.count > 0) {
        append_parent_actions(buffer, &declaration->parents);
    }
    if (!declaration->applies) {
        return;
    }
    append_paths(buffer, " appliesTo {principal: ", &declaration->principals);
    append_paths(buffer, ", resource: ", &declaration->resources);
    if (declaration->context != NULL) {
        buffer_append_string(buffer, ", context: ");
        append_type(writing, declaration->context);
    }
    buffer_append_byte(buffer, '}');
}

static void append_common_type(struct writing *writing, const struct cedar_declaration *declaration)
{
    buffer_append_string(writing->buffer, " = ");
    append_type(writing, declaration->type);
}

/* What each kind of declaration begins with and how it goes on behind its names. */
static const struct {
    const char *word;
    void (*append)(struct writing *writing, const struct cedar_declaration *declaration);
} kinds[] = {[CEDAR_DECLARATION_ENTITY] = {"entity ", append_entity},
             [CEDAR_DECLARATION_ACTION] = {"action ", append_action},
             [CEDAR_DECLARATION_TYPE] = {"type ", append_common_type}};

static void append_declaration(struct writing *writing, const char *indent,
                               const struct cedar_declaration *declaration)
{
    struct buffer *buffer = writing->buffer;
    buffer_append_string(buffer, indent);
    append_annotations(buffer, declaration->annotations, declaration->annotation_count);
    buffer_append_string(buffer, kinds[declaration->kind].word);
    for (size_t i = 0; i < declaration->names.count; i++) {
        const struct cedar_schema_name *name = &declaration->names.items[i];
        buffer_append_string(buffer, i > 0 ? ", " : "");
        append_name(buffer, declaration->kind == CEDAR_DECLARATION_ACTION ? name->id : name->path);
    }
    kinds[declaration->kind].append(writing, declaration);
    buffer_append_string(buffer, ";\n");
}

/* ---- Name spaces ---- */

/* All of one name, of which `first` is the first. */
static void append_namespace(struct writing *writing, size_t first)
{
    const cedar_namespaces *all = &writing->schema->namespaces;
    const struct bytes name = all->items[first]->name;
    if (name.length > 0) {
        const struct cedar_namespace *annotated =
            cedar_schema_namespace_annotated(writing->schema, first);
        append_annotations(writing->buffer, annotated->annotations, annotated->annotation_count);
        buffer_append_format(writing->buffer, "namespace %.*s {\n", BYTES_PRINTF(name));
    }
    for (size_t i = first; i < all->count; i++) {
        writing->name_space = all->items[i];
        for (size_t j = 0;
             bytes_equal(all->items[i]->name, name) && j < all->items[i]->declarations.count; j++) {
            append_declaration(writing, name.length > 0 ? "  " : "",
                               all->items[i]->declarations.items[j]);
        }
    }
    buffer_append_string(writing->buffer, name.length > 0 ? "}\n" : "");
}

amanat_result cedar_schema_append_text(struct buffer *buffer, const struct cedar_schema *schema,
                                       struct amanat_diagnostics *diagnostics)
{
    struct writing writing = {.buffer = buffer, .schema = schema, .diagnostics = diagnostics};
    for (size_t i = 0; i < schema->namespaces.count; i++) {
        if (cedar_schema_namespace_is_first(schema, i)) {
            append_namespace(&writing, i);
        }
    }
    return writing.faulty ? amanat_result_of(AMANAT_STATUS_CONFIG_FAULT) : AMANAT_OK;
}
