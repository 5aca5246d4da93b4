/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cedar values: constructors, equality and order. Sets are kept sorted and without duplicates,
 * records sorted by key, so that equality is a walk and membership a binary search. Every set and
 * record knows its depth, which bounds the recursion of whoever walks a value.
 */
#include "policy/cedar/cedar.h"

#include <stdlib.h>

#include "policy/base/guard.h"
#include "policy/base/sorted.h"
#include "policy/cedar/cedar_extension.h"

struct cedar_value cedar_value_bool(bool boolean)
{
    return (struct cedar_value){.kind = CEDAR_VALUE_BOOL, .as.boolean = boolean};
}

struct cedar_value cedar_value_long(int64_t integer)
{
    return (struct cedar_value){.kind = CEDAR_VALUE_LONG, .as.integer = integer};
}

struct cedar_value cedar_value_string(struct bytes text)
{
    return (struct cedar_value){.kind = CEDAR_VALUE_STRING, .as.string = text};
}

struct cedar_value cedar_value_entity(struct bytes type, struct bytes id)
{
    return (struct cedar_value){.kind = CEDAR_VALUE_ENTITY, .as.entity = {type, id}};
}

struct cedar_value cedar_value_decimal(int64_t ten_thousandths)
{
    return (struct cedar_value){.kind = CEDAR_VALUE_DECIMAL, .as.integer = ten_thousandths};
}

struct cedar_value cedar_value_datetime(int64_t milliseconds)
{
    return (struct cedar_value){.kind = CEDAR_VALUE_DATETIME, .as.integer = milliseconds};
}

struct cedar_value cedar_value_duration(int64_t milliseconds)
{
    return (struct cedar_value){.kind = CEDAR_VALUE_DURATION, .as.integer = milliseconds};
}

int cedar_entity_uid_compare(const struct cedar_entity_uid *a, const struct cedar_entity_uid *b)
{
    const int order = bytes_compare(a->type, b->type);
    return order != 0 ? order : bytes_compare(a->id, b->id);
}

bool cedar_entity_uid_equal(const struct cedar_entity_uid *a, const struct cedar_entity_uid *b)
{
    return bytes_equal(a->id, b->id) && bytes_equal(a->type, b->type);
}

static int compare_numbers(int64_t a, int64_t b)
{
    return a < b ? -1 : a > b;
}

static int compare_sets(const struct cedar_value *a, const struct cedar_value *b)
{
    if (a->as.set.count != b->as.set.count) {
        return a->as.set.count < b->as.set.count ? -1 : 1;
    }
    if (a->as.set.items == b->as.set.items) {
        return 0;
    }
    for (size_t i = 0; i < a->as.set.count; i++) {
        const int order = cedar_value_compare(&a->as.set.items[i], &b->as.set.items[i]);
        if (order != 0) {
            return order;
        }
    }
    return 0;
}

static int compare_fields(const struct cedar_field *a, const struct cedar_field *b)
{
    const int order = bytes_compare(a->key, b->key);
    return order != 0 ? order : cedar_value_compare(&a->value, &b->value);
}

static int compare_records(const struct cedar_value *a, const struct cedar_value *b)
{
    if (a->as.record.count != b->as.record.count) {
        return a->as.record.count < b->as.record.count ? -1 : 1;
    }
    if (a->as.record.fields == b->as.record.fields) {
        return 0;
    }
    for (size_t i = 0; i < a->as.record.count; i++) {
        const int order = compare_fields(&a->as.record.fields[i], &b->as.record.fields[i]);
        if (order != 0) {
            return order;
        }
    }
    return 0;
}

int cedar_value_compare(const struct cedar_value *a, const struct cedar_value *b)
{
    if (a->kind != b->kind) {
        return a->kind < b->kind ? -1 : 1;
    }
    switch (a->kind) {
    case CEDAR_VALUE_NONE:
        return 0;
    case CEDAR_VALUE_BOOL:
        return (int)a->as.boolean - (int)b->as.boolean;
    case CEDAR_VALUE_LONG:
    case CEDAR_VALUE_DECIMAL:
    case CEDAR_VALUE_DATETIME:
    case CEDAR_VALUE_DURATION:
        return compare_numbers(a->as.integer, b->as.integer);
    case CEDAR_VALUE_STRING:
        return bytes_compare(a->as.string, b->as.string);
    case CEDAR_VALUE_ENTITY:
        return cedar_entity_uid_compare(&a->as.entity, &b->as.entity);
    case CEDAR_VALUE_SET:
        return compare_sets(a, b);
    case CEDAR_VALUE_RECORD:
        return compare_records(a, b);
    case CEDAR_VALUE_IP:
        return cedar_ip_compare(&a->as.ip, &b->as.ip);
    }
    return 0;
}

bool cedar_value_equal(const struct cedar_value *a, const struct cedar_value *b)
{
    return cedar_value_compare(a, b) == 0;
}

static int compare_values_for_sort(const void *a, const void *b)
{
    return cedar_value_compare(a, b);
}

static int compare_keys_for_sort(const void *a, const void *b)
{
    return bytes_compare(((const struct cedar_field *)a)->key,
                         ((const struct cedar_field *)b)->key);
}

amanat_result cedar_value_set(struct arena *arena, const struct cedar_value *values, size_t count,
                              struct cedar_value *out)
{
    struct cedar_value *items = arena_allocate_array(arena, count, sizeof(*items));
    TRY_MEMORY(items);
    unsigned depth = 0;
    for (size_t i = 0; i < count; i++) {
        items[i] = values[i];
        depth = values[i].depth > depth ? values[i].depth : depth;
    }
    if (depth >= CEDAR_VALUE_DEPTH_LIMIT) {
        return amanat_result_of(AMANAT_STATUS_LIMIT);
    }
    size_t kept = 0;
    if (count > 0) {
        qsort(items, count, sizeof(*items), compare_values_for_sort);
        kept = 1;
    }
    for (size_t i = 1; i < count; i++) {
        if (cedar_value_compare(&items[kept - 1], &items[i]) != 0) {
            items[kept++] = items[i];
        }
    }
    *out =
        (struct cedar_value){.kind = CEDAR_VALUE_SET, .depth = depth + 1, .as.set = {items, kept}};
    return AMANAT_OK;
}

amanat_result cedar_value_record(struct arena *arena, const struct cedar_field *fields,
                                 size_t count, struct cedar_value *out)
{
    struct cedar_field *sorted = arena_allocate_array(arena, count, sizeof(*sorted));
    TRY_MEMORY(sorted);
    unsigned depth = 0;
    for (size_t i = 0; i < count; i++) {
        sorted[i] = fields[i];
        depth = fields[i].value.depth > depth ? fields[i].value.depth : depth;
    }
    if (depth >= CEDAR_VALUE_DEPTH_LIMIT) {
        return amanat_result_of(AMANAT_STATUS_LIMIT);
    }
    if (count > 0) {
        qsort(sorted, count, sizeof(*sorted), compare_keys_for_sort);
    }
    for (size_t i = 1; i < count; i++) {
        if (bytes_equal(sorted[i - 1].key, sorted[i].key)) {
            return amanat_result_of(AMANAT_STATUS_BUG);
        }
    }
    *out = (struct cedar_value){
        .kind = CEDAR_VALUE_RECORD, .depth = depth + 1, .as.record = {sorted, count}};
    return AMANAT_OK;
}

static int compare_with_field(const void *key, const void *field)
{
    return bytes_compare(*(const struct bytes *)key, ((const struct cedar_field *)field)->key);
}

const struct cedar_value *cedar_value_get(const struct cedar_value *record, struct bytes key)
{
    if (record->kind != CEDAR_VALUE_RECORD) {
        return NULL;
    }
    const struct cedar_field *field =
        sorted_find(&key, record->as.record.fields, record->as.record.count, sizeof(*field),
                    compare_with_field);
    return field == NULL ? NULL : &field->value;
}

const char *cedar_value_kind_name(enum cedar_value_kind kind)
{
    static const char *const names[] = {
        [CEDAR_VALUE_NONE] = "nothing",      [CEDAR_VALUE_BOOL] = "Bool",
        [CEDAR_VALUE_LONG] = "Long",         [CEDAR_VALUE_STRING] = "String",
        [CEDAR_VALUE_ENTITY] = "entity",     [CEDAR_VALUE_SET] = "Set",
        [CEDAR_VALUE_RECORD] = "Record",     [CEDAR_VALUE_DECIMAL] = "decimal",
        [CEDAR_VALUE_IP] = "ipaddr",         [CEDAR_VALUE_DATETIME] = "datetime",
        [CEDAR_VALUE_DURATION] = "duration",
    };
    return names[kind];
}
