/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From JSON and from parameter texts to Cedar values of a declared type (design 2, "Record
 * attributes"). Strict: what is not exactly of its type, format and enumeration has no value.
 */
#include "policy/disclosure/access_parts.h"

/* A Cedar decimal counts ten-thousandths: four digits after the point. */
#define DECIMAL_DIGITS 4

/* Digits of a JSON number without point, and the power of ten they are to be multiplied with. */
struct scientific {
    bool negative;
    char digits[24];
    size_t digit_count;
    int64_t exponent;
};

/* More than 19 significant digits or an exponent of more than 4 places cannot give an exact int64
 * anyway. */
static bool read_exponent(struct bytes text, int64_t *out)
{
    int64_t value = 0;
    size_t i = 0;
    const bool negative = text.length > 0 && text.at[0] == '-';
    if (text.length > 0 && (text.at[0] == '-' || text.at[0] == '+')) {
        i++;
    }
    for (; i < text.length; i++) {
        value = value * 10 + (text.at[i] - '0');
        if (value > 9999) {
            return false;
        }
    }
    *out = negative ? -value : value;
    return true;
}

/* Takes a JSON number (RFC 8259 §6) apart; trailing and leading zeros go into the exponent. */
static bool take_apart(struct bytes text, struct scientific *out)
{
    struct scientific number = {.negative = text.length > 0 && text.at[0] == '-'};
    bool after_point = false;
    size_t pending_zeros = 0;
    int64_t exponent = 0;
    for (size_t i = number.negative ? 1 : 0; i < text.length; i++) {
        const char byte = text.at[i];
        if (byte == 'e' || byte == 'E') {
            if (!read_exponent(bytes_from(text, i + 1), &exponent)) {
                return false;
            }
            break;
        }
        if (byte == '.') {
            after_point = true;
            continue;
        }
        number.exponent -= after_point ? 1 : 0;
        if (byte == '0') {
            pending_zeros += number.digit_count > 0 ? 1 : 0;
            continue;
        }
        if (number.digit_count + pending_zeros >= sizeof(number.digits)) {
            return false;
        }
        for (; pending_zeros > 0; pending_zeros--) {
            number.digits[number.digit_count++] = '0';
        }
        number.digits[number.digit_count++] = byte;
    }
    number.exponent += exponent + (int64_t)pending_zeros;
    *out = number;
    return true;
}

/* The number times 10^scale as an int64, if that is exact. */
static bool exact_integer(struct bytes text, int scale, int64_t *out)
{
    struct scientific number;
    int64_t value = 0;
    if (!take_apart(text, &number)) {
        return false;
    }
    const int64_t zeros = number.digit_count == 0 ? 0 : number.exponent + scale;
    if (zeros < 0 || zeros > 19) {
        return false;
    }
    for (size_t i = 0; i < number.digit_count + (size_t)zeros; i++) {
        const int digit = i < number.digit_count ? number.digits[i] - '0' : 0;
        if (__builtin_mul_overflow(value, (int64_t)10, &value) ||
            __builtin_sub_overflow(value, (int64_t)digit, &value)) {
            return false; /* counted downwards, so that INT64_MIN is reached */
        }
    }
    if (!number.negative && value == INT64_MIN) {
        return false;
    }
    *out = number.negative ? value : -value;
    return true;
}

static bool is_enumerated(const struct catalogue_attribute *attribute, struct bytes text)
{
    for (size_t i = 0; i < attribute->enumeration_count; i++) {
        if (bytes_equal(attribute->enumeration[i], text)) {
            return true;
        }
    }
    return attribute->enumeration_count == 0;
}

static bool datetime_value(struct bytes text, bool date_only, struct cedar_value *out)
{
    struct calendar_time time;
    if (!calendar_parse(text, &time) || time.has_time == date_only) {
        return false;
    }
    *out = cedar_value_datetime(calendar_milliseconds(&time));
    return true;
}

bool attribute_scalar(const struct catalogue_attribute *attribute, struct bytes text,
                      struct cedar_value *out)
{
    int64_t number = 0;
    if (!is_enumerated(attribute, text)) {
        return false;
    }
    switch (attribute->type) {
    case ATTRIBUTE_STRING:
        *out = cedar_value_string(text);
        return true;
    case ATTRIBUTE_LONG:
        if (!exact_integer(text, 0, &number)) {
            return false;
        }
        *out = cedar_value_long(number);
        return true;
    case ATTRIBUTE_DECIMAL:
        if (!exact_integer(text, DECIMAL_DIGITS, &number)) {
            return false;
        }
        *out = cedar_value_decimal(number);
        return true;
    case ATTRIBUTE_BOOL:
        *out = cedar_value_bool(bytes_equal_string(text, "true"));
        return bytes_equal_string(text, "true") || bytes_equal_string(text, "false");
    case ATTRIBUTE_DATETIME:
        return datetime_value(text, false, out);
    case ATTRIBUTE_DATE:
        return datetime_value(text, true, out);
    case ATTRIBUTE_IPADDR:
        return cedar_ip_from_text(text, out);
    case ATTRIBUTE_NONE:
    case ATTRIBUTE_SET:
    case ATTRIBUTE_RECORD:
        break;
    }
    return false;
}

static enum document_kind kind_of(enum attribute_type type)
{
    switch (type) {
    case ATTRIBUTE_LONG:
    case ATTRIBUTE_DECIMAL:
        return DOCUMENT_NUMBER;
    case ATTRIBUTE_BOOL:
        return DOCUMENT_BOOL;
    case ATTRIBUTE_SET:
        return DOCUMENT_ARRAY;
    case ATTRIBUTE_RECORD:
        return DOCUMENT_OBJECT;
    case ATTRIBUTE_STRING:
    case ATTRIBUTE_DATETIME:
    case ATTRIBUTE_DATE:
    case ATTRIBUTE_IPADDR:
        return DOCUMENT_STRING;
    case ATTRIBUTE_NONE:
        break;
    }
    return DOCUMENT_NULL;
}

/* A set with one number that a decimal cannot hold is absent as a whole: part of it would be
 * another set. */
static amanat_result set_value(struct arena *arena, const struct catalogue_attribute *attribute,
                               const struct document *document, bool *out_present,
                               struct cedar_value *out)
{
    struct cedar_value *items = arena_allocate_array(arena, document->count, sizeof(*items));
    TRY_MEMORY(items);
    *out_present = true;
    for (size_t i = 0; i < document->count; i++) {
        bool present = false;
        TRY(attribute_value(arena, attribute->element, &document->items[i], &present, &items[i]));
        if (!present && document->items[i].kind == DOCUMENT_NULL) {
            return amanat_result_of(AMANAT_STATUS_REFUSED);
        }
        *out_present = *out_present && present;
    }
    return *out_present ? cedar_value_set(arena, items, document->count, out) : AMANAT_OK;
}

static amanat_result record_value(struct arena *arena, const struct catalogue_attribute *attribute,
                                  const struct document *document, struct cedar_value *out)
{
    struct cedar_field *fields =
        arena_allocate_array(arena, attribute->field_count, sizeof(*fields));
    TRY_MEMORY(fields);
    size_t count = 0;
    for (size_t i = 0; i < attribute->field_count; i++) {
        const struct catalogue_attribute *field = &attribute->fields[i];
        const struct document *value = document_get_bytes(document, field->name);
        bool present = false;
        if (value != NULL) {
            TRY(attribute_value(arena, field, value, &present, &fields[count].value));
        }
        if (!present && !field->optional) {
            return amanat_result_of(AMANAT_STATUS_REFUSED);
        }
        fields[count].key = field->name;
        count += present ? 1 : 0;
    }
    return cedar_value_record(arena, fields, count, out);
}

amanat_result attribute_value(struct arena *arena, const struct catalogue_attribute *attribute,
                              const struct document *document, bool *out_present,
                              struct cedar_value *out)
{
    *out_present = false;
    if (document->kind == DOCUMENT_NULL) {
        return attribute->optional ? AMANAT_OK : amanat_result_of(AMANAT_STATUS_REFUSED);
    }
    if (document->kind != kind_of(attribute->type)) {
        return amanat_result_of(AMANAT_STATUS_REFUSED);
    }
    if (attribute->type == ATTRIBUTE_SET) {
        return set_value(arena, attribute, document, out_present, out);
    }
    if (attribute->type == ATTRIBUTE_RECORD) {
        TRY(record_value(arena, attribute, document, out));
        *out_present = true;
        return AMANAT_OK;
    }
    const struct bytes text = document->kind != DOCUMENT_BOOL ? document->text
                              : document->boolean             ? BYTES("true")
                                                              : BYTES("false");
    *out_present = attribute_scalar(attribute, text, out);
    const bool is_inexact = attribute->type == ATTRIBUTE_DECIMAL && is_enumerated(attribute, text);
    return *out_present || is_inexact ? AMANAT_OK : amanat_result_of(AMANAT_STATUS_REFUSED);
}
