/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One Schema Object (OpenAPI 3.0 §4.7.24, JSON Schema 2020-12 as 3.1 uses it): its keywords become
 * a `struct schema`, and the schemas directly inside it too. References are followed later
 * (openapi_term.c).
 *
 * Keywords that only narrow what may stand somewhere (`pattern`, `minItems`, `not`, …) are passed
 * over: nothing is disclosed because of them. Keywords that *declare* members in ways that the
 * graph of nodes cannot express are refused.
 */
#include "policy/catalogue/openapi.h"

#include "policy/base/guard.h"

static const struct {
    const char *keyword;
    const char *advice;
} unsupported[] = {
    {"patternProperties", "declare the members by name, or use `additionalProperties`"},
    {"prefixItems", "give all items one schema, or use an object"},
    {"additionalItems", "use `items`"},
    {"if", "use `oneOf`"},
    {"then", "use `oneOf`"},
    {"else", "use `oneOf`"},
    {"dependentSchemas", "use `oneOf`"},
    {"unevaluatedItems", "use `items`"},
    {"$dynamicRef", "use `$ref`"},
    {"$recursiveRef", "use `$ref`"},
    {"$id", "references are resolved from the root of the document: leave it out"},
    {"contentSchema", "declare the member as an object"},
};

/* Keywords that say nothing about values: with these alone a schema is as open as `{}`. */
static const char *const annotations[] = {
    "title",     "description",  "default",  "example", "examples",      "deprecated", "readOnly",
    "writeOnly", "externalDocs", "$comment", "xml",     "nullable",      "$ref",       "$defs",
    "allOf",     "oneOf",        "anyOf",    "$anchor", "discriminator", "$schema"};

static bool is_annotation(struct bytes key)
{
    if (bytes_start_with(key, BYTES("x-"))) {
        return true;
    }
    for (size_t i = 0; i < sizeof(annotations) / sizeof(annotations[0]); i++) {
        if (bytes_equal_string(key, annotations[i])) {
            return true;
        }
    }
    return false;
}

static void refuse_unsupported(const struct schema *schema)
{
    for (size_t i = 0; i < sizeof(unsupported) / sizeof(unsupported[0]); i++) {
        for (size_t k = 0; k < schema->at->count; k++) {
            const struct document_member *member = &schema->at->members[k];
            if (bytes_equal_string(member->key, unsupported[i].keyword)) {
                compiler_report(schema->owner->compiler, AMANAT_SEVERITY_ERROR,
                                openapi_member_place(schema->owner, member), "unsupported",
                                "`%s` is not supported: %s", unsupported[i].keyword,
                                unsupported[i].advice);
            }
        }
    }
    const struct document *unevaluated = document_get(schema->at, "unevaluatedProperties");
    if (unevaluated != NULL && (unevaluated->kind != DOCUMENT_BOOL || unevaluated->boolean)) {
        OPENAPI_ERROR(schema->owner, unevaluated, "unsupported",
                      "`unevaluatedProperties` is supported as `false` only: use "
                      "`additionalProperties`");
    }
}

/* ---- kinds ---- */

static unsigned kind_of_type(const struct document *type)
{
    static const struct {
        const char *name;
        unsigned kinds;
    } types[] = {{"string", CATALOGUE_KIND_STRING},
                 {"integer", CATALOGUE_KIND_INTEGER},
                 {"number", CATALOGUE_KIND_NUMBER | CATALOGUE_KIND_INTEGER},
                 {"boolean", CATALOGUE_KIND_BOOLEAN},
                 {"array", CATALOGUE_KIND_ARRAY},
                 {"object", CATALOGUE_KIND_OBJECT},
                 {"null", CATALOGUE_KIND_NULL}};
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (document_is_string(type, types[i].name)) {
            return types[i].kinds;
        }
    }
    return 0;
}

static unsigned read_one_type(struct openapi *openapi, const struct document *type)
{
    const unsigned kinds = kind_of_type(type);
    if (kinds == 0 || (openapi->is_30 && kinds == CATALOGUE_KIND_NULL)) {
        OPENAPI_ERROR(openapi, type, "type",
                      "`type` is one of string, integer, number, boolean, array, object%s",
                      openapi->is_30 ? " (OpenAPI 3.0 writes `nullable: true` for null)"
                                     : ", null");
    }
    return kinds;
}

static unsigned read_type(struct openapi *openapi, const struct document *type)
{
    if (type->kind != DOCUMENT_ARRAY) {
        return read_one_type(openapi, type);
    }
    if (openapi->is_30) {
        OPENAPI_ERROR(openapi, type, "type",
                      "OpenAPI 3.0 takes one `type`: write `nullable: true` or `oneOf`");
    }
    unsigned kinds = 0;
    for (size_t i = 0; i < type->count; i++) {
        kinds |= read_one_type(openapi, &type->items[i]);
    }
    return kinds;
}

unsigned catalogue_kind_of(const struct document *value)
{
    switch (value->kind) {
    case DOCUMENT_NULL:
        return CATALOGUE_KIND_NULL;
    case DOCUMENT_BOOL:
        return CATALOGUE_KIND_BOOLEAN;
    case DOCUMENT_STRING:
        return CATALOGUE_KIND_STRING;
    case DOCUMENT_ARRAY:
        return CATALOGUE_KIND_ARRAY;
    case DOCUMENT_OBJECT:
        return CATALOGUE_KIND_OBJECT;
    case DOCUMENT_NUMBER:
        break;
    }
    for (size_t i = 0; i < value->text.length; i++) {
        if (value->text.at[i] != '-' && (value->text.at[i] < '0' || value->text.at[i] > '9')) {
            return CATALOGUE_KIND_NUMBER;
        }
    }
    return CATALOGUE_KIND_INTEGER;
}

/* What a `const` or `enum` allows by one of its values: a NUMBER may be spelt as an INTEGER too. */
static unsigned kinds_meant_by(const struct document *value)
{
    const unsigned kind = catalogue_kind_of(value);
    return kind == CATALOGUE_KIND_NUMBER ? CATALOGUE_KIND_NUMBER | CATALOGUE_KIND_INTEGER : kind;
}

static unsigned kinds_of_values(const struct schema *schema)
{
    unsigned kinds = schema->constant == NULL ? 0 : kinds_meant_by(schema->constant);
    for (size_t i = 0; schema->enumeration != NULL && i < schema->enumeration->count; i++) {
        kinds |= kinds_meant_by(&schema->enumeration->items[i]);
    }
    return kinds;
}

/* Without `type`, keywords of objects or arrays show what is meant: it narrows, so it is safe. */
static unsigned kinds_meant(const struct document *at)
{
    static const char *const of_objects[] = {"properties",    "additionalProperties",
                                             "required",      "minProperties",
                                             "maxProperties", "propertyNames"};
    static const char *const of_arrays[] = {"items", "minItems", "maxItems", "uniqueItems"};
    unsigned kinds = 0;
    for (size_t i = 0; i < sizeof(of_objects) / sizeof(of_objects[0]); i++) {
        kinds |= document_get(at, of_objects[i]) == NULL ? 0 : (unsigned)CATALOGUE_KIND_OBJECT;
    }
    for (size_t i = 0; i < sizeof(of_arrays) / sizeof(of_arrays[0]); i++) {
        kinds |= document_get(at, of_arrays[i]) == NULL ? 0 : (unsigned)CATALOGUE_KIND_ARRAY;
    }
    return kinds == 0 ? CATALOGUE_ANY_KIND : kinds;
}

static void read_kinds(struct schema *schema)
{
    struct openapi *openapi = schema->owner;
    const struct document *type = document_get(schema->at, "type");
    const struct document *nullable = document_get(schema->at, "nullable");
    const bool takes_null =
        openapi->is_30 && nullable != NULL && nullable->kind == DOCUMENT_BOOL && nullable->boolean;
    const unsigned values = kinds_of_values(schema);
    unsigned kinds = type != NULL  ? read_type(openapi, type)
                     : values != 0 ? values
                                   : kinds_meant(schema->at);
    if (takes_null) {
        kinds |= (unsigned)CATALOGUE_KIND_NULL;
    }
    if (values != 0) {
        kinds &= values | (takes_null ? (unsigned)CATALOGUE_KIND_NULL : 0);
    }
    schema->kinds = kinds;
}

/* ---- what lies inside ---- */

typedef struct {
    struct schema **items;
    size_t count;
    size_t capacity;
} schema_list;

static amanat_result read_list(struct schema *schema, const char *keyword, schema_list *out)
{
    const struct document *list = document_get(schema->at, keyword);
    if (list == NULL) {
        return AMANAT_OK;
    }
    if (list->kind != DOCUMENT_ARRAY || list->count == 0) {
        OPENAPI_ERROR(schema->owner, list, "type", "`%s` must be a list of schemas", keyword);
        return AMANAT_OK;
    }
    for (size_t i = 0; i < list->count; i++) {
        struct schema *item = NULL;
        TRY(schema_of(schema->owner, &list->items[i], &item));
        struct schema **slot = VECTOR_PUSH(schema->owner->compiler->arena, out);
        TRY_MEMORY(slot);
        *slot = item;
    }
    return AMANAT_OK;
}

#define READ_LIST(schema, keyword, field)                                                          \
    do {                                                                                           \
        schema_list list_ = {0};                                                                   \
        TRY(read_list((schema), (keyword), &list_));                                               \
        (schema)->field.items = list_.items;                                                       \
        (schema)->field.count = list_.count;                                                       \
        (schema)->field.capacity = list_.capacity;                                                 \
    } while (0)

static amanat_result read_properties(struct schema *schema)
{
    struct arena *arena = schema->owner->compiler->arena;
    const struct document *properties = document_get(schema->at, "properties");
    if (properties == NULL) {
        return AMANAT_OK;
    }
    if (properties->kind != DOCUMENT_OBJECT) {
        OPENAPI_ERROR(schema->owner, properties, "type", "`properties` must be an object");
        return AMANAT_OK;
    }
    for (size_t i = 0; i < properties->count; i++) {
        struct schema *value = NULL;
        TRY(schema_of(schema->owner, &properties->members[i].value, &value));
        struct schema_property *property = VECTOR_PUSH(arena, &schema->properties);
        TRY_MEMORY(property);
        *property = (struct schema_property){
            properties->members[i].key,
            openapi_member_place(schema->owner, &properties->members[i]), value};
        TRY(map_put(arena, &schema->property_indexes, property->name, value));
    }
    return AMANAT_OK;
}

static amanat_result read_additional(struct schema *schema)
{
    const struct document *additional = document_get(schema->at, "additionalProperties");
    schema->is_closed =
        additional != NULL && additional->kind == DOCUMENT_BOOL && !additional->boolean;
    if (additional == NULL || schema->is_closed) {
        return AMANAT_OK;
    }
    return schema_of(schema->owner, additional, &schema->additional);
}

static amanat_result read_items(struct schema *schema)
{
    const struct document *items = document_get(schema->at, "items");
    if (items == NULL || (items->kind == DOCUMENT_BOOL && !items->boolean)) {
        return AMANAT_OK;
    }
    return schema_of(schema->owner, items, &schema->items);
}

static void expect_list(const struct schema *schema, const struct document **list,
                        const char *keyword)
{
    if (*list != NULL && (*list)->kind != DOCUMENT_ARRAY) {
        OPENAPI_ERROR(schema->owner, *list, "type", "`%s` must be a list", keyword);
        *list = NULL;
    }
}

static amanat_result read_keywords(struct schema *schema)
{
    const struct document *at = schema->at;
    refuse_unsupported(schema);
    schema->is_open = true;
    for (size_t i = 0; i < at->count; i++) {
        schema->is_open = schema->is_open && is_annotation(at->members[i].key);
    }
    schema->enumeration = document_get(at, "enum");
    schema->constant = document_get(at, "const");
    schema->required = document_get(at, "required");
    schema->reference = document_get(at, "$ref");
    expect_list(schema, &schema->enumeration, "enum");
    expect_list(schema, &schema->required, "required");
    const struct document *format = document_get(at, "format");
    if (format != NULL && format->kind == DOCUMENT_STRING) {
        schema->format = format->text;
    }
    read_kinds(schema);
    TRY(openapi_read_label(schema->owner, at, &schema->label_set, &schema->has_label));
    TRY(openapi_read_record(schema->owner, at, &schema->record));
    schema->subject = openapi_read_subject(schema->owner, at);
    schema->group_count = document_get(at, "x-amanat-group-count");
    READ_LIST(schema, "allOf", all_of);
    READ_LIST(schema, "oneOf", one_of);
    READ_LIST(schema, "anyOf", any_of);
    TRY(read_properties(schema));
    TRY(read_additional(schema));
    return read_items(schema);
}

static amanat_result schema_new(struct openapi *openapi, const struct document *at,
                                struct schema **out)
{
    struct schema *schema = ARENA_NEW(openapi->compiler->arena, struct schema);
    TRY_MEMORY(schema);
    *schema = (struct schema){
        .number = openapi->compiler->schema_count++,
        .owner = openapi,
        .at = at,
        .kinds = CATALOGUE_ANY_KIND,
        .is_open = true,
        .record = CATALOGUE_NONE,
        .subject = CATALOGUE_NONE,
    };
    *out = schema;
    return AMANAT_OK;
}

amanat_result schema_of(struct openapi *openapi, const struct document *at, struct schema **out)
{
    struct arena *arena = openapi->compiler->arena;
    struct bytes key = {0};
    struct schema *schema = map_get(&openapi->schemas, bytes_of((const char *)&at, sizeof(at)));
    if (schema != NULL) {
        *out = schema;
        return AMANAT_OK;
    }
    TRY(schema_new(openapi, at, &schema));
    TRY(arena_copy_bytes(arena, bytes_of((const char *)&at, sizeof(at)), &key));
    TRY(map_put(arena, &openapi->schemas, key, schema));
    *out = schema;
    if (at->kind == DOCUMENT_OBJECT) {
        return read_keywords(schema);
    }
    if (at->kind != DOCUMENT_BOOL) {
        OPENAPI_ERROR(openapi, at, "type", "a schema must be an object, not %s",
                      document_kind_name(at->kind));
    } else if (!at->boolean) {
        schema->kinds = 0;
        schema->is_open = false;
    }
    return AMANAT_OK;
}

amanat_result schema_of_nothing(struct openapi *openapi, const struct document *at,
                                struct schema **out)
{
    return schema_new(openapi, at, out);
}

bool schema_requires(const struct schema *schema, struct bytes name)
{
    for (size_t i = 0; schema->required != NULL && i < schema->required->count; i++) {
        const struct document *item = &schema->required->items[i];
        if (item->kind == DOCUMENT_STRING && bytes_equal(item->text, name)) {
            return true;
        }
    }
    return false;
}
