/* SPDX-License-Identifier: Apache-2.0 */
/* Values, entity uids and types as Cedar source text, so that what is shown to people can be pasted
 * into a policy. */
#include "policy/base/utf8.h"
#include "policy/cedar/cedar.h"
#include "policy/cedar/cedar_extension.h"

/* One scalar value inside a string literal: control characters as escapes. */
static void append_scalar(struct buffer *buffer, uint32_t scalar)
{
    switch (scalar) {
    case '"':
        buffer_append_string(buffer, "\\\"");
        return;
    case '\\':
        buffer_append_string(buffer, "\\\\");
        return;
    case '\n':
        buffer_append_string(buffer, "\\n");
        return;
    case '\r':
        buffer_append_string(buffer, "\\r");
        return;
    case '\t':
        buffer_append_string(buffer, "\\t");
        return;
    case 0:
        buffer_append_string(buffer, "\\0");
        return;
    default:
        break;
    }
    if (scalar < 0x20 || (scalar >= 0x7F && scalar < 0xA0)) {
        buffer_append_format(buffer, "\\u{%x}", (unsigned)scalar);
        return;
    }
    char encoded[4];
    buffer_append(buffer, bytes_of(encoded, utf8_encode(scalar, encoded)));
}

void cedar_string_append(struct buffer *buffer, struct bytes text)
{
    buffer_append_byte(buffer, '"');
    for (size_t at = 0; at < text.length;) {
        append_scalar(buffer, utf8_next(text, &at));
    }
    buffer_append_byte(buffer, '"');
}

void cedar_entity_uid_append(struct buffer *buffer, const struct cedar_entity_uid *uid)
{
    buffer_append(buffer, uid->type);
    buffer_append_string(buffer, "::");
    cedar_string_append(buffer, uid->id);
}

static void append_set(struct buffer *buffer, const struct cedar_value *set)
{
    buffer_append_byte(buffer, '[');
    for (size_t i = 0; i < set->as.set.count; i++) {
        buffer_append_string(buffer, i > 0 ? ", " : "");
        cedar_value_append(buffer, &set->as.set.items[i]);
    }
    buffer_append_byte(buffer, ']');
}

static void append_record(struct buffer *buffer, const struct cedar_value *record)
{
    buffer_append_byte(buffer, '{');
    for (size_t i = 0; i < record->as.record.count; i++) {
        buffer_append_string(buffer, i > 0 ? ", " : "");
        cedar_string_append(buffer, record->as.record.fields[i].key);
        buffer_append_string(buffer, ": ");
        cedar_value_append(buffer, &record->as.record.fields[i].value);
    }
    buffer_append_byte(buffer, '}');
}

static void append_extension(struct buffer *buffer, const struct cedar_value *value)
{
    switch (value->kind) {
    case CEDAR_VALUE_DECIMAL:
        buffer_append_string(buffer, "decimal(\"");
        cedar_decimal_append(buffer, value->as.integer);
        buffer_append_string(buffer, "\")");
        return;
    case CEDAR_VALUE_IP:
        buffer_append_string(buffer, "ip(\"");
        cedar_ip_append(buffer, &value->as.ip);
        buffer_append_string(buffer, "\")");
        return;
    case CEDAR_VALUE_DATETIME:
        cedar_datetime_append(buffer, value->as.integer);
        return;
    default:
        buffer_append_format(buffer, "duration(\"%lldms\")", (long long)value->as.integer);
        return;
    }
}

void cedar_value_append(struct buffer *buffer, const struct cedar_value *value)
{
    switch (value->kind) {
    case CEDAR_VALUE_NONE:
        return;
    case CEDAR_VALUE_BOOL:
        buffer_append_string(buffer, value->as.boolean ? "true" : "false");
        return;
    case CEDAR_VALUE_LONG:
        buffer_append_number(buffer, value->as.integer);
        return;
    case CEDAR_VALUE_STRING:
        cedar_string_append(buffer, value->as.string);
        return;
    case CEDAR_VALUE_ENTITY:
        cedar_entity_uid_append(buffer, &value->as.entity);
        return;
    case CEDAR_VALUE_SET:
        append_set(buffer, value);
        return;
    case CEDAR_VALUE_RECORD:
        append_record(buffer, value);
        return;
    case CEDAR_VALUE_DECIMAL:
    case CEDAR_VALUE_IP:
    case CEDAR_VALUE_DATETIME:
    case CEDAR_VALUE_DURATION:
        append_extension(buffer, value);
        return;
    }
}

static void append_attributes(struct buffer *buffer, const struct cedar_type *type)
{
    buffer_append_byte(buffer, '{');
    for (size_t i = 0; i < type->attribute_count; i++) {
        buffer_append_string(buffer, i > 0 ? ", " : "");
        cedar_string_append(buffer, type->attributes[i].name);
        buffer_append_string(buffer, type->attributes[i].required ? ": " : "?: ");
        cedar_type_append(buffer, type->attributes[i].type);
    }
    buffer_append_byte(buffer, '}');
}

/* Shared parts of a type are written again and again: the buffer's limit bounds that. */
void cedar_type_append(struct buffer *buffer, const struct cedar_type *type)
{
    if (buffer->broken) {
        return;
    }
    switch (type->kind) {
    case CEDAR_VALUE_ENTITY:
        buffer_append(buffer, type->entity_type);
        return;
    case CEDAR_VALUE_SET:
        buffer_append_string(buffer, "Set<");
        cedar_type_append(buffer, type->element);
        buffer_append_byte(buffer, '>');
        return;
    case CEDAR_VALUE_RECORD:
        append_attributes(buffer, type);
        return;
    default:
        buffer_append_string(buffer, cedar_value_kind_name(type->kind));
        return;
    }
}
