/* SPDX-License-Identifier: Apache-2.0 */
/* Values against types (Cedar: request and entity validation). Recursion is bounded by the depth of
 * values. */
#include "policy/cedar/cedar_conformance.h"

#include <stdarg.h>
#include <stdio.h>

#include "policy/base/sorted.h"
#include "policy/cedar/cedar_schema.h"

bool cedar_conformance_fault(const struct cedar_conformance *conformance, const char *format, ...)
{
    char text[240];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    amanat_diagnostics_add(conformance->diagnostics, AMANAT_SEVERITY_ERROR, "conformance",
                           conformance->source, conformance->line, conformance->column, "%s", text);
    return false;
}

static int compare_names(const void *a, const void *b)
{
    return bytes_compare(*(const struct bytes *)a, *(const struct bytes *)b);
}

bool cedar_names_contain(const struct bytes *names, size_t count, struct bytes name)
{
    return sorted_find(&name, names, count, sizeof(*names), compare_names) != NULL;
}

bool cedar_type_is_of_actions(struct bytes type)
{
    return bytes_equal_string(type, "Action") || bytes_end_with(type, BYTES("::Action"));
}

bool cedar_conformance_uid(const struct cedar_conformance *conformance, const char *what,
                           const struct cedar_entity_uid *uid)
{
    if (cedar_type_is_of_actions(uid->type)) {
        return cedar_schema_action(conformance->schema, uid) != NULL ||
               cedar_conformance_fault(conformance, "%s `%.*s::\"%.*s\"` is not declared", what,
                                       BYTES_PRINTF(uid->type), BYTES_PRINTF(uid->id));
    }
    const struct cedar_entity_type *type = cedar_schema_entity_type(conformance->schema, uid->type);
    if (type == NULL) {
        char hint[SIMILAR_HINT_SIZE];
        return cedar_conformance_fault(
            conformance, "%s has the type `%.*s`, which is not declared%s", what,
            BYTES_PRINTF(uid->type),
            conformance->diagnostics == NULL
                ? ""
                : cedar_schema_entity_type_hint(conformance->schema, uid->type, hint));
    }
    if (type->is_enum && !cedar_names_contain(type->enum_ids, type->enum_id_count, uid->id)) {
        return cedar_conformance_fault(conformance, "%s: `%.*s` has no entity `\"%.*s\"`", what,
                                       BYTES_PRINTF(uid->type), BYTES_PRINTF(uid->id));
    }
    return true;
}

static bool accept_entity(const struct cedar_conformance *conformance,
                          const struct cedar_type *type, const struct cedar_value *value)
{
    if (!bytes_equal(value->as.entity.type, type->entity_type)) {
        return cedar_conformance_fault(conformance, "expected an entity of type `%.*s`, not `%.*s`",
                                       BYTES_PRINTF(type->entity_type),
                                       BYTES_PRINTF(value->as.entity.type));
    }
    return cedar_conformance_uid(conformance, "an entity", &value->as.entity);
}

static bool accept_set(const struct cedar_conformance *conformance, const struct cedar_type *type,
                       const struct cedar_value *value)
{
    for (size_t i = 0; i < value->as.set.count; i++) {
        if (!cedar_conformance_value(conformance, type->element, &value->as.set.items[i])) {
            return false;
        }
    }
    return true;
}

static bool accept_record(const struct cedar_conformance *conformance,
                          const struct cedar_type *type, const struct cedar_value *value)
{
    for (size_t i = 0; i < value->as.record.count; i++) {
        const struct cedar_field *field = &value->as.record.fields[i];
        const struct cedar_attribute *attribute = cedar_type_attribute(type, field->key);
        if (attribute == NULL) {
            char hint[SIMILAR_HINT_SIZE];
            return cedar_conformance_fault(conformance, "the attribute `%.*s` is not declared%s",
                                           BYTES_PRINTF(field->key),
                                           conformance->diagnostics == NULL
                                               ? ""
                                               : cedar_type_attribute_hint(type, field->key, hint));
        }
        if (!cedar_conformance_value(conformance, attribute->type, &field->value)) {
            return false;
        }
    }
    for (size_t i = 0; i < type->attribute_count; i++) {
        const struct cedar_attribute *attribute = &type->attributes[i];
        if (attribute->required && cedar_value_get(value, attribute->name) == NULL) {
            return cedar_conformance_fault(conformance, "the attribute `%.*s` is missing",
                                           BYTES_PRINTF(attribute->name));
        }
    }
    return true;
}

bool cedar_conformance_value(const struct cedar_conformance *conformance,
                             const struct cedar_type *type, const struct cedar_value *value)
{
    if (value->kind != type->kind) {
        return cedar_conformance_fault(conformance, "expected %s, found %s",
                                       cedar_value_kind_name(type->kind),
                                       cedar_value_kind_name(value->kind));
    }
    switch (type->kind) {
    case CEDAR_VALUE_ENTITY:
        return accept_entity(conformance, type, value);
    case CEDAR_VALUE_SET:
        return accept_set(conformance, type, value);
    case CEDAR_VALUE_RECORD:
        return accept_record(conformance, type, value);
    default:
        return true;
    }
}

bool cedar_type_accepts(const struct cedar_schema *schema, const struct cedar_type *type,
                        const struct cedar_value *value, const char *source, unsigned line,
                        unsigned column, struct amanat_diagnostics *diagnostics)
{
    const struct cedar_conformance conformance = {schema, source, line, column, diagnostics};
    return cedar_conformance_value(&conformance, type, value);
}
