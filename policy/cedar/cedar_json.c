/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values from documents (Cedar: JSON data format). Entities and extension values are written with
 * the escapes
 * `{"__entity": …}` and `{"__extn": …}`; where the schema says that one of them is meant, the
 * escape may be left out. An object counts as an escape only with that one key and the right shape;
 * all others are records. Recursion is bounded by the depth of documents.
 */
#include "policy/cedar/cedar_json.h"

#include <stdarg.h>
#include <stdio.h>

#include "policy/base/guard.h"
#include "policy/cedar/cedar_conformance.h"
#include "policy/cedar/cedar_operations.h"
#include "policy/cedar/cedar_schema.h"

amanat_result cedar_json_fault(const struct cedar_json *json, const struct document *at,
                               const char *format, ...)
{
    char text[240];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    amanat_diagnostics_add(json->diagnostics, AMANAT_SEVERITY_ERROR, "cedar-data", json->source,
                           at->line, at->column, "%s", text);
    return amanat_result_of(AMANAT_STATUS_CONFIG_FAULT);
}

static bool is_string(const struct document *document)
{
    return document != NULL && document->kind == DOCUMENT_STRING;
}

/* ---- Entities ---- */

/* `{"type": "A::B", "id": "x"}`; further keys do not matter. */
static bool has_uid_shape(const struct document *document)
{
    return is_string(document_get(document, "type")) && is_string(document_get(document, "id"));
}

amanat_result cedar_json_uid(const struct cedar_json *json, const struct document *document,
                             struct cedar_entity_uid *out)
{
    const struct document *escape = document_get(document, "__entity");
    const struct document *inside = escape != NULL && has_uid_shape(escape) ? escape : document;
    if (!has_uid_shape(inside)) {
        return cedar_json_fault(json, document, "expected an entity, `{\"type\": …, \"id\": …}`");
    }
    const struct bytes type = document_get(inside, "type")->text;
    if (!cedar_path_is_valid(type)) {
        return cedar_json_fault(json, document_get(inside, "type"), "this is not an entity type");
    }
    *out = (struct cedar_entity_uid){type, document_get(inside, "id")->text};
    return AMANAT_OK;
}

static amanat_result read_entity(const struct cedar_json *json, const struct document *document,
                                 struct cedar_value *out)
{
    struct cedar_entity_uid uid;
    TRY(cedar_json_uid(json, document, &uid));
    *out = cedar_value_entity(uid.type, uid.id);
    return AMANAT_OK;
}

/* ---- Extension values ---- */

static amanat_result read_extension(const struct cedar_json *json, enum cedar_value_kind kind,
                                    const struct document *document, struct cedar_value *out);

static bool is_extension_kind(enum cedar_value_kind kind)
{
    return kind == CEDAR_VALUE_DECIMAL || kind == CEDAR_VALUE_IP || kind == CEDAR_VALUE_DATETIME ||
           kind == CEDAR_VALUE_DURATION;
}

/* `{"fn": "ip", "arg": …}` or `{"fn": "offset", "args": […]}` */
static bool has_call_shape(const struct document *document)
{
    const struct document *arguments = document_get(document, "args");
    return is_string(document_get(document, "fn")) &&
           (document_get(document, "arg") != NULL ||
            (arguments != NULL && arguments->kind == DOCUMENT_ARRAY));
}

static amanat_result apply(const struct cedar_json *json, const struct document *at,
                           const struct cedar_operation *operation,
                           const struct cedar_value *operands, size_t count,
                           struct cedar_value *out)
{
    struct cedar_evaluation evaluation = {.arena = json->arena};
    const amanat_result result =
        cedar_operation_apply(operation, &evaluation, operands, count, out);
    if (result.status == AMANAT_STATUS_CONFIG_FAULT) {
        return cedar_json_fault(json, at, "%s", evaluation.failure);
    }
    return result;
}

const struct cedar_operation *cedar_json_extension_function(struct bytes name)
{
    const struct cedar_operation *operation = cedar_operation_find(name, CEDAR_OPERATION_FUNCTION);
    if (operation == NULL) {
        operation = cedar_operation_find(name, CEDAR_OPERATION_METHOD);
    }
    return operation != NULL && operation->is_extension ? operation : NULL;
}

/* Inside a call whose type is known the arguments may leave out their escapes too. */
static amanat_result read_argument(const struct cedar_json *json, enum cedar_value_kind kind,
                                   bool is_typed, const struct document *document,
                                   struct cedar_value *out)
{
    return is_typed && is_extension_kind(kind) ? read_extension(json, kind, document, out)
                                               : cedar_json_value(json, NULL, document, out);
}

static amanat_result read_call(const struct cedar_json *json, const struct document *call,
                               bool is_typed, struct cedar_value *out)
{
    const struct document *name = document_get(call, "fn");
    const struct document *argument = document_get(call, "arg");
    const struct document *arguments = document_get(call, "args");
    const struct document *items = argument != NULL ? argument : arguments->items;
    const size_t count = argument != NULL ? 1 : arguments->count;
    const struct cedar_operation *operation = cedar_json_extension_function(name->text);
    if (operation == NULL) {
        char hint[SIMILAR_HINT_SIZE];
        return cedar_json_fault(json, name, "there is no extension function of this name%s",
                                cedar_operation_hint(name->text, CEDAR_OPERATION_FUNCTION, hint));
    }
    if (count != operation->arity) {
        return cedar_json_fault(json, call, "`%s` takes %zu arguments, not %zu", operation->name,
                                operation->arity, count);
    }
    struct cedar_value operands[CEDAR_OPERATION_MOST_OPERANDS];
    for (size_t i = 0; i < count; i++) {
        TRY(read_argument(json, operation->operands[i], is_typed, &items[i], &operands[i]));
    }
    return apply(json, call, operation, operands, count, out);
}

/* The name of the constructor of an extension type. */
static const struct cedar_operation *constructor_of(enum cedar_value_kind kind)
{
    const char *name = kind == CEDAR_VALUE_IP ? "ip" : cedar_value_kind_name(kind);
    return cedar_operation_find(bytes_of_string(name), CEDAR_OPERATION_FUNCTION);
}

/* Where an extension type is expected: the escape, the call without it, or just its text. */
static amanat_result read_extension(const struct cedar_json *json, enum cedar_value_kind kind,
                                    const struct document *document, struct cedar_value *out)
{
    const struct document *escape = document_get(document, "__extn");
    if (escape != NULL && has_call_shape(escape)) {
        return read_call(json, escape, true, out);
    }
    if (has_call_shape(document)) {
        return read_call(json, document, true, out);
    }
    struct cedar_value operand;
    TRY(cedar_json_value(json, NULL, document, &operand));
    return apply(json, document, constructor_of(kind), &operand, 1, out);
}

/* ---- Sets and records ---- */

/* A value that would be too deep is a fault of the document. */
static amanat_result check_depth(const struct cedar_json *json, const struct document *at,
                                 amanat_result built)
{
    return built.status == AMANAT_STATUS_LIMIT
               ? cedar_json_fault(json, at, "this value is nested too deeply")
               : built;
}

static amanat_result read_set(const struct cedar_json *json, const struct cedar_type *element,
                              const struct document *document, struct cedar_value *out)
{
    struct cedar_value *values =
        arena_allocate_array(json->arena, document->count, sizeof(*values));
    TRY_MEMORY(values);
    for (size_t i = 0; i < document->count; i++) {
        TRY(cedar_json_value(json, element, &document->items[i], &values[i]));
    }
    return check_depth(json, document, cedar_value_set(json->arena, values, document->count, out));
}

/* The declared type of a member; `*out` is NULL where none is known. */
static amanat_result member_type(const struct cedar_json *json, const struct cedar_type *type,
                                 const struct document_member *member,
                                 const struct cedar_type **out)
{
    *out = NULL;
    if (type == NULL) {
        return AMANAT_OK;
    }
    const struct cedar_attribute *attribute = cedar_type_attribute(type, member->key);
    if (attribute == NULL) {
        char hint[SIMILAR_HINT_SIZE];
        return cedar_json_fault(
            json, &member->value, "the attribute `%.*s` is not declared%s",
            BYTES_PRINTF(member->key),
            json->diagnostics == NULL ? "" : cedar_type_attribute_hint(type, member->key, hint));
    }
    *out = attribute->type;
    return AMANAT_OK;
}

static amanat_result check_required(const struct cedar_json *json, const struct cedar_type *type,
                                    const struct document *document)
{
    for (size_t i = 0; type != NULL && i < type->attribute_count; i++) {
        const struct cedar_attribute *attribute = &type->attributes[i];
        if (attribute->required && document_get_bytes(document, attribute->name) == NULL) {
            return cedar_json_fault(json, document, "the attribute `%.*s` is missing",
                                    BYTES_PRINTF(attribute->name));
        }
    }
    return AMANAT_OK;
}

/* With `uniform` each member is of that type, else of the one that `type` declares; or NULL. */
static amanat_result read_record(const struct cedar_json *json, const struct cedar_type *type,
                                 const struct cedar_type *uniform, const struct document *document,
                                 struct cedar_value *out)
{
    if (document->kind != DOCUMENT_OBJECT) {
        return cedar_json_fault(json, document, "expected an object, found %s",
                                document_kind_name(document->kind));
    }
    struct cedar_field *fields =
        arena_allocate_array(json->arena, document->count, sizeof(*fields));
    TRY_MEMORY(fields);
    for (size_t i = 0; i < document->count; i++) {
        const struct document_member *member = &document->members[i];
        const struct cedar_type *expected = uniform;
        if (uniform == NULL) {
            TRY(member_type(json, type, member, &expected));
        }
        fields[i].key = member->key;
        TRY(cedar_json_value(json, expected, &member->value, &fields[i].value));
    }
    TRY(check_required(json, type, document));
    return check_depth(json, document,
                       cedar_value_record(json->arena, fields, document->count, out));
}

amanat_result cedar_json_record(const struct cedar_json *json, const struct cedar_type *type,
                                const struct document *document, struct cedar_value *out)
{
    return read_record(json, type, NULL, document, out);
}

amanat_result cedar_json_uniform_record(const struct cedar_json *json,
                                        const struct cedar_type *type,
                                        const struct document *document, struct cedar_value *out)
{
    return read_record(json, NULL, type, document, out);
}

/* ---- All values ---- */

enum cedar_json_escape cedar_json_escape(const struct document *object,
                                         const struct document **out_inside)
{
    if (object->count != 1) {
        return CEDAR_JSON_ESCAPE_NONE;
    }
    const struct bytes key = object->members[0].key;
    const struct document *inside = &object->members[0].value;
    *out_inside = inside;
    if (bytes_equal_string(key, "__entity") && has_uid_shape(inside)) {
        return CEDAR_JSON_ESCAPE_ENTITY;
    }
    if (bytes_equal_string(key, "__extn") && has_call_shape(inside)) {
        return CEDAR_JSON_ESCAPE_EXTENSION;
    }
    return bytes_equal_string(key, "__expr") && inside->kind == DOCUMENT_STRING
               ? CEDAR_JSON_ESCAPE_EXPRESSION
               : CEDAR_JSON_ESCAPE_NONE;
}

/* An object without a type: one of the escapes, or a record. */
static amanat_result read_object(const struct cedar_json *json, const struct document *document,
                                 struct cedar_value *out)
{
    const struct document *inside = NULL;
    switch (cedar_json_escape(document, &inside)) {
    case CEDAR_JSON_ESCAPE_NONE:
        break;
    case CEDAR_JSON_ESCAPE_ENTITY:
        return read_entity(json, document, out);
    case CEDAR_JSON_ESCAPE_EXTENSION:
        return read_call(json, inside, false, out);
    case CEDAR_JSON_ESCAPE_EXPRESSION:
        return cedar_json_fault(json, document, "the escape `__expr` is not supported");
    }
    return cedar_json_record(json, NULL, document, out);
}

static amanat_result read_number(const struct cedar_json *json, const struct document *document,
                                 struct cedar_value *out)
{
    int64_t number = 0;
    /* The official engine reads `-0` as a floating-point number, and there are none in Cedar. */
    if (!document_integer(document, &number) || bytes_equal_string(document->text, "-0")) {
        return cedar_json_fault(json, document, "expected an integer of 64 bits");
    }
    *out = cedar_value_long(number);
    return AMANAT_OK;
}

static amanat_result read_untyped(const struct cedar_json *json, const struct document *document,
                                  struct cedar_value *out)
{
    switch (document->kind) {
    case DOCUMENT_NULL:
        break;
    case DOCUMENT_BOOL:
        *out = cedar_value_bool(document->boolean);
        return AMANAT_OK;
    case DOCUMENT_NUMBER:
        return read_number(json, document, out);
    case DOCUMENT_STRING:
        *out = cedar_value_string(document->text);
        return AMANAT_OK;
    case DOCUMENT_ARRAY:
        return read_set(json, NULL, document, out);
    case DOCUMENT_OBJECT:
        return read_object(json, document, out);
    }
    return cedar_json_fault(json, document, "null is no value in Cedar");
}

static amanat_result read_typed(const struct cedar_json *json, const struct cedar_type *type,
                                const struct document *document, struct cedar_value *out)
{
    switch (type->kind) {
    case CEDAR_VALUE_ENTITY:
        return read_entity(json, document, out);
    case CEDAR_VALUE_DECIMAL:
    case CEDAR_VALUE_IP:
    case CEDAR_VALUE_DATETIME:
    case CEDAR_VALUE_DURATION:
        return read_extension(json, type->kind, document, out);
    case CEDAR_VALUE_SET:
        if (document->kind == DOCUMENT_ARRAY) {
            return read_set(json, type->element, document, out);
        }
        break;
    case CEDAR_VALUE_RECORD:
        return cedar_json_record(json, type, document, out);
    default:
        break;
    }
    return read_untyped(json, document, out);
}

amanat_result cedar_json_value(const struct cedar_json *json, const struct cedar_type *type,
                               const struct document *document, struct cedar_value *out)
{
    if (type == NULL) {
        return read_untyped(json, document, out);
    }
    struct cedar_value value;
    TRY(read_typed(json, type, document, &value));
    /* What sets and records hold has been checked, at its own place, when it was read. */
    const bool is_container = (type->kind == CEDAR_VALUE_SET || type->kind == CEDAR_VALUE_RECORD) &&
                              value.kind == type->kind;
    if (!is_container && !cedar_type_accepts(json->schema, type, &value, json->source,
                                             document->line, document->column, json->diagnostics)) {
        return amanat_result_of(AMANAT_STATUS_CONFIG_FAULT);
    }
    *out = value;
    return AMANAT_OK;
}

/* ---- The front door ---- */

amanat_result cedar_value_from_document(struct arena *arena, const struct cedar_schema *schema,
                                        const struct cedar_type *type, const char *source,
                                        const struct document *document,
                                        struct amanat_diagnostics *diagnostics,
                                        struct cedar_value *out)
{
    ASSERT(type == NULL || schema != NULL);
    const struct cedar_json json = {arena, schema, source, diagnostics};
    return cedar_json_value(&json, type, document, out);
}

/* Without a schema an escape counts also where a context stands, and is no record. */
static amanat_result read_untyped_record(const struct cedar_json *json,
                                         const struct document *document, struct cedar_value *out)
{
    struct cedar_value value;
    TRY(cedar_json_value(json, NULL, document, &value));
    if (value.kind != CEDAR_VALUE_RECORD) {
        return cedar_json_fault(json, document, "a context must be a record, not %s",
                                cedar_value_kind_name(value.kind));
    }
    *out = value;
    return AMANAT_OK;
}

amanat_result cedar_context_from_document(struct arena *arena, const struct cedar_schema *schema,
                                          const struct cedar_entity_uid *action, const char *source,
                                          const struct document *document,
                                          struct amanat_diagnostics *diagnostics,
                                          struct cedar_value *out)
{
    const struct cedar_json json = {arena, schema, source, diagnostics};
    if (schema == NULL) {
        return read_untyped_record(&json, document, out);
    }
    const struct cedar_action *declared = cedar_schema_action(schema, action);
    if (declared == NULL) {
        return cedar_json_fault(&json, document, "the action `%.*s::\"%.*s\"` is not declared",
                                BYTES_PRINTF(action->type), BYTES_PRINTF(action->id));
    }
    return cedar_json_record(&json, declared->context, document, out);
}
