/* SPDX-License-Identifier: Apache-2.0 */
/* The checker's types (Cedar spec: Validation, Subtyping). Recursion is bounded by the depth of
 * expressions and of the schema's types. */
#include "policy/cedar/cedar_static_type.h"

#include "policy/base/guard.h"

/* Longer types are cut: nobody reads them in a message. */
#define TEXT_LENGTH 160

struct cedar_static_type cedar_static_of_kind(enum cedar_value_kind kind)
{
    return (struct cedar_static_type){.kind = kind};
}

struct cedar_static_type cedar_static_bool(enum cedar_truth truth)
{
    return (struct cedar_static_type){.kind = CEDAR_VALUE_BOOL, .truth = truth};
}

struct cedar_static_type cedar_static_entity(struct bytes entity_type)
{
    return (struct cedar_static_type){.kind = CEDAR_VALUE_ENTITY, .entity_type = entity_type};
}

struct cedar_static_type cedar_static_declared(const struct cedar_type *type)
{
    return (struct cedar_static_type){
        .kind = type->kind, .entity_type = type->entity_type, .declared = type};
}

struct cedar_static_type cedar_static_element(const struct cedar_static_type *set)
{
    return set->declared != NULL ? cedar_static_declared(set->declared->element) : *set->element;
}

bool cedar_static_attribute(const struct cedar_static_type *record, struct bytes name,
                            struct cedar_static_type *out, bool *out_required)
{
    if (record->declared != NULL) {
        const struct cedar_attribute *attribute = cedar_type_attribute(record->declared, name);
        if (attribute != NULL) {
            *out = cedar_static_declared(attribute->type);
            *out_required = attribute->required;
        }
        return attribute != NULL;
    }
    for (size_t i = 0; i < record->field_count; i++) {
        if (bytes_equal(record->fields[i].name, name)) {
            *out = record->fields[i].type;
            *out_required = true;
            return true;
        }
    }
    return false;
}

/* ---- Joining ---- */

static amanat_result types_are_equal(struct cedar_joins *joins, const struct cedar_type *a,
                                     const struct cedar_type *b, bool *out);

static amanat_result records_are_equal(struct cedar_joins *joins, const struct cedar_type *a,
                                       const struct cedar_type *b, bool *out)
{
    bool equal = a->attribute_count == b->attribute_count;
    for (size_t i = 0; i < a->attribute_count && equal; i++) {
        const struct cedar_attribute *left = &a->attributes[i];
        const struct cedar_attribute *right = &b->attributes[i];
        equal = left->required == right->required && bytes_equal(left->name, right->name);
        if (equal) {
            TRY(types_are_equal(joins, left->type, right->type, &equal));
        }
    }
    *out = equal;
    return AMANAT_OK;
}

/* Equality of two types of the schema. What was found equal once is not walked again. */
static amanat_result types_are_equal(struct cedar_joins *joins, const struct cedar_type *a,
                                     const struct cedar_type *b, bool *out)
{
    const struct cedar_type *const pair[2] = {a, b};
    const struct bytes key = bytes_of((const char *)pair, sizeof(pair));
    bool equal = a == b;
    if (equal || a->kind != b->kind ||
        (a->kind != CEDAR_VALUE_SET && a->kind != CEDAR_VALUE_RECORD)) {
        *out = equal || (a->kind == b->kind && bytes_equal(a->entity_type, b->entity_type));
        return AMANAT_OK;
    }
    if (map_get(&joins->equal, key) != NULL) {
        *out = true;
        return AMANAT_OK;
    }
    TRY(a->kind == CEDAR_VALUE_SET ? types_are_equal(joins, a->element, b->element, &equal)
                                   : records_are_equal(joins, a, b, &equal));
    if (equal) {
        struct bytes kept;
        TRY(arena_copy_bytes(joins->arena, key, &kept));
        TRY(map_put(joins->arena, &joins->equal, kept, joins));
    }
    *out = equal;
    return AMANAT_OK;
}

static amanat_result join_sets(struct cedar_joins *joins, const struct cedar_static_type *a,
                               const struct cedar_static_type *b, bool *out_exists,
                               struct cedar_static_type *out)
{
    const struct cedar_static_type left = cedar_static_element(a);
    const struct cedar_static_type right = cedar_static_element(b);
    struct cedar_static_type *element = ARENA_NEW(joins->arena, struct cedar_static_type);
    TRY_MEMORY(element);
    TRY(cedar_static_join(joins, &left, &right, out_exists, element));
    *out = (struct cedar_static_type){.kind = CEDAR_VALUE_SET, .element = element};
    return AMANAT_OK;
}

static amanat_result join_built_records(struct cedar_joins *joins,
                                        const struct cedar_static_type *a,
                                        const struct cedar_static_type *b, bool *out_exists,
                                        struct cedar_static_type *out)
{
    *out_exists = a->field_count == b->field_count;
    struct cedar_static_field *fields =
        arena_allocate_array(joins->arena, a->field_count, sizeof(*fields));
    TRY_MEMORY(fields);
    for (size_t i = 0; i < a->field_count && *out_exists; i++) {
        fields[i].name = a->fields[i].name;
        *out_exists = bytes_equal(a->fields[i].name, b->fields[i].name);
        if (*out_exists) {
            TRY(cedar_static_join(joins, &a->fields[i].type, &b->fields[i].type, out_exists,
                                  &fields[i].type));
        }
    }
    *out = (struct cedar_static_type){
        .kind = CEDAR_VALUE_RECORD, .fields = fields, .field_count = a->field_count};
    return AMANAT_OK;
}

/* A declared type has no narrower Bools: what fits it joins to it. */
static amanat_result join_with_declared(struct cedar_joins *joins,
                                        const struct cedar_static_type *built,
                                        const struct cedar_static_type *declared, bool *out_exists)
{
    const struct cedar_type *type = declared->declared;
    *out_exists = built->field_count == type->attribute_count;
    for (size_t i = 0; i < built->field_count && *out_exists; i++) {
        const struct cedar_attribute *attribute = &type->attributes[i];
        const struct cedar_static_type wanted = cedar_static_declared(attribute->type);
        struct cedar_static_type joined;
        *out_exists = attribute->required && bytes_equal(attribute->name, built->fields[i].name);
        if (*out_exists) {
            TRY(cedar_static_join(joins, &built->fields[i].type, &wanted, out_exists, &joined));
        }
    }
    return AMANAT_OK;
}

static amanat_result join_records(struct cedar_joins *joins, const struct cedar_static_type *a,
                                  const struct cedar_static_type *b, bool *out_exists,
                                  struct cedar_static_type *out)
{
    if (a->declared == NULL && b->declared == NULL) {
        return join_built_records(joins, a, b, out_exists, out);
    }
    const bool declared_first = a->declared != NULL;
    TRY(join_with_declared(joins, declared_first ? b : a, declared_first ? a : b, out_exists));
    *out = declared_first ? *a : *b;
    return AMANAT_OK;
}

static amanat_result join_of_one_kind(struct cedar_joins *joins, const struct cedar_static_type *a,
                                      const struct cedar_static_type *b, bool *out_exists,
                                      struct cedar_static_type *out)
{
    *out = *a;
    *out_exists = true;
    switch (a->kind) {
    case CEDAR_VALUE_BOOL:
        out->truth = a->truth == b->truth ? a->truth : CEDAR_TRUTH_OPEN;
        return AMANAT_OK;
    case CEDAR_VALUE_ENTITY:
        *out_exists = bytes_equal(a->entity_type, b->entity_type);
        return AMANAT_OK;
    case CEDAR_VALUE_SET:
        return join_sets(joins, a, b, out_exists, out);
    case CEDAR_VALUE_RECORD:
        return join_records(joins, a, b, out_exists, out);
    default:
        return AMANAT_OK;
    }
}

amanat_result cedar_static_join(struct cedar_joins *joins, const struct cedar_static_type *a,
                                const struct cedar_static_type *b, bool *out_exists,
                                struct cedar_static_type *out)
{
    const bool is_compound = a->kind == CEDAR_VALUE_SET || a->kind == CEDAR_VALUE_RECORD;
    if (a->kind == CEDAR_VALUE_NONE || b->kind == CEDAR_VALUE_NONE) {
        *out = cedar_static_of_kind(CEDAR_VALUE_NONE);
        *out_exists = true;
        return AMANAT_OK;
    }
    if (a->kind != b->kind) {
        *out_exists = false;
        return AMANAT_OK;
    }
    if (is_compound && a->declared != NULL && b->declared != NULL) {
        *out = *a;
        return types_are_equal(joins, a->declared, b->declared, out_exists);
    }
    return join_of_one_kind(joins, a, b, out_exists, out);
}

/* ---- Text ---- */

static void append_type(struct buffer *buffer, const struct cedar_static_type *type);

static void append_fields(struct buffer *buffer, const struct cedar_static_type *record)
{
    buffer_append_byte(buffer, '{');
    for (size_t i = 0; i < record->field_count && !buffer->broken; i++) {
        buffer_append_string(buffer, i > 0 ? ", \"" : "\"");
        buffer_append(buffer, record->fields[i].name);
        buffer_append_string(buffer, "\": ");
        append_type(buffer, &record->fields[i].type);
    }
    buffer_append_byte(buffer, '}');
}

static void append_type(struct buffer *buffer, const struct cedar_static_type *type)
{
    if (type->declared != NULL) {
        cedar_type_append(buffer, type->declared);
    } else if (type->kind == CEDAR_VALUE_ENTITY) {
        buffer_append(buffer, type->entity_type);
    } else if (type->kind == CEDAR_VALUE_SET) {
        buffer_append_string(buffer, "Set<");
        append_type(buffer, type->element);
        buffer_append_byte(buffer, '>');
    } else if (type->kind == CEDAR_VALUE_RECORD) {
        append_fields(buffer, type);
    } else {
        buffer_append_string(buffer, type->kind == CEDAR_VALUE_NONE
                                         ? "something unknown"
                                         : cedar_value_kind_name(type->kind));
    }
}

const char *cedar_static_text(struct arena *arena, const struct cedar_static_type *type)
{
    struct buffer buffer;
    buffer_init(&buffer, TEXT_LENGTH);
    append_type(&buffer, type);
    const char *text = arena_format(arena, "%.*s%s", BYTES_PRINTF(buffer_bytes(&buffer)),
                                    buffer.broken ? "…" : "");
    buffer_clear(&buffer);
    return text == NULL ? "" : text;
}
