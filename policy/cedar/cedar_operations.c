/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of operations and what each of them does (Cedar spec: evaluation; extension functions).
 */
#include "policy/cedar/cedar_operations.h"

#include <stdarg.h>
#include <stdio.h>

#include "policy/base/guard.h"
#include "policy/base/sorted.h"
#include "policy/cedar/cedar_entities.h"
#include "policy/cedar/cedar_extension.h"

amanat_result cedar_evaluation_fail(struct cedar_evaluation *evaluation, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(evaluation->failure, sizeof(evaluation->failure), format, arguments);
    va_end(arguments);
    return amanat_result_of(AMANAT_STATUS_CONFIG_FAULT);
}

struct cedar_evaluation cedar_evaluation_of(const struct cedar_request *request,
                                            const struct cedar_entities *entities,
                                            struct arena *arena)
{
    return (struct cedar_evaluation){
        .request = request,
        .entities = entities,
        .principal = cedar_entities_find(entities, &request->principal),
        .action = cedar_entities_find(entities, &request->action),
        .resource = cedar_entities_find(entities, &request->resource),
        .arena = arena,
    };
}

/* The very same texts: then the uids are equal, and most often they are not the same if not. */
static bool is_same(const struct cedar_entity_uid *a, const struct cedar_entity_uid *b)
{
    return a->id.at == b->id.at && a->id.length == b->id.length && a->type.at == b->type.at &&
           a->type.length == b->type.length;
}

amanat_result cedar_evaluation_find(const struct cedar_evaluation *evaluation,
                                    const struct cedar_entity_uid *uid,
                                    const struct cedar_entity **out)
{
    if (evaluation->entities == NULL) {
        return cedar_not_known_yet();
    }
    const struct cedar_request *request = evaluation->request;
    if (is_same(uid, &request->principal)) {
        *out = evaluation->principal;
    } else if (is_same(uid, &request->resource)) {
        *out = evaluation->resource;
    } else if (is_same(uid, &request->action)) {
        *out = evaluation->action;
    } else {
        *out = cedar_entities_find(evaluation->entities, uid);
    }
    return AMANAT_OK;
}

/* Cedar's `in` for two entities. */
static amanat_result is_in(const struct cedar_evaluation *evaluation,
                           const struct cedar_entity_uid *descendant,
                           const struct cedar_entity_uid *ancestor, bool *out)
{
    const struct cedar_entity *entity = NULL;
    if (cedar_entity_uid_equal(descendant, ancestor)) {
        *out = true;
        return AMANAT_OK;
    }
    TRY(cedar_evaluation_find(evaluation, descendant, &entity));
    *out = entity != NULL && cedar_entity_has_ancestor(entity, ancestor);
    return AMANAT_OK;
}

static amanat_result overflow(struct cedar_evaluation *evaluation, const char *what)
{
    return cedar_evaluation_fail(evaluation, "overflow in `%s`", what);
}

static amanat_result give_bool(bool boolean, struct cedar_value *out)
{
    *out = cedar_value_bool(boolean);
    return AMANAT_OK;
}

/* ---- Operators ---- */

static amanat_result apply_not(struct cedar_evaluation *evaluation,
                               const struct cedar_value *operands, struct cedar_value *out)
{
    (void)evaluation;
    return give_bool(!operands[0].as.boolean, out);
}

static amanat_result apply_negate(struct cedar_evaluation *evaluation,
                                  const struct cedar_value *operands, struct cedar_value *out)
{
    int64_t number = 0;
    if (__builtin_sub_overflow(0, operands[0].as.integer, &number)) {
        return overflow(evaluation, "-");
    }
    *out = cedar_value_long(number);
    return AMANAT_OK;
}

static amanat_result apply_add(struct cedar_evaluation *evaluation,
                               const struct cedar_value *operands, struct cedar_value *out)
{
    int64_t number = 0;
    if (__builtin_add_overflow(operands[0].as.integer, operands[1].as.integer, &number)) {
        return overflow(evaluation, "+");
    }
    *out = cedar_value_long(number);
    return AMANAT_OK;
}

static amanat_result apply_subtract(struct cedar_evaluation *evaluation,
                                    const struct cedar_value *operands, struct cedar_value *out)
{
    int64_t number = 0;
    if (__builtin_sub_overflow(operands[0].as.integer, operands[1].as.integer, &number)) {
        return overflow(evaluation, "-");
    }
    *out = cedar_value_long(number);
    return AMANAT_OK;
}

static amanat_result apply_multiply(struct cedar_evaluation *evaluation,
                                    const struct cedar_value *operands, struct cedar_value *out)
{
    int64_t number = 0;
    if (__builtin_mul_overflow(operands[0].as.integer, operands[1].as.integer, &number)) {
        return overflow(evaluation, "*");
    }
    *out = cedar_value_long(number);
    return AMANAT_OK;
}

static amanat_result apply_equal(struct cedar_evaluation *evaluation,
                                 const struct cedar_value *operands, struct cedar_value *out)
{
    (void)evaluation;
    return give_bool(cedar_value_equal(&operands[0], &operands[1]), out);
}

static amanat_result apply_not_equal(struct cedar_evaluation *evaluation,
                                     const struct cedar_value *operands, struct cedar_value *out)
{
    (void)evaluation;
    return give_bool(!cedar_value_equal(&operands[0], &operands[1]), out);
}

/* `<` and its kin: two Longs, two datetimes or two durations. */
static amanat_result compare(struct cedar_evaluation *evaluation,
                             const struct cedar_value *operands, int *out)
{
    const enum cedar_value_kind kind = operands[0].kind;
    const bool ordered =
        kind == CEDAR_VALUE_LONG || kind == CEDAR_VALUE_DATETIME || kind == CEDAR_VALUE_DURATION;
    if (!ordered || operands[1].kind != kind) {
        return cedar_evaluation_fail(evaluation, "%s and %s cannot be compared by order",
                                     cedar_value_kind_name(kind),
                                     cedar_value_kind_name(operands[1].kind));
    }
    *out = cedar_value_compare(&operands[0], &operands[1]);
    return AMANAT_OK;
}

static amanat_result apply_less(struct cedar_evaluation *evaluation,
                                const struct cedar_value *operands, struct cedar_value *out)
{
    int order = 0;
    TRY(compare(evaluation, operands, &order));
    return give_bool(order < 0, out);
}

static amanat_result apply_less_or_equal(struct cedar_evaluation *evaluation,
                                         const struct cedar_value *operands,
                                         struct cedar_value *out)
{
    int order = 0;
    TRY(compare(evaluation, operands, &order));
    return give_bool(order <= 0, out);
}

static amanat_result apply_greater(struct cedar_evaluation *evaluation,
                                   const struct cedar_value *operands, struct cedar_value *out)
{
    int order = 0;
    TRY(compare(evaluation, operands, &order));
    return give_bool(order > 0, out);
}

static amanat_result apply_greater_or_equal(struct cedar_evaluation *evaluation,
                                            const struct cedar_value *operands,
                                            struct cedar_value *out)
{
    int order = 0;
    TRY(compare(evaluation, operands, &order));
    return give_bool(order >= 0, out);
}

/* Every element of the right set must be an entity, also behind one that matches. */
amanat_result cedar_operation_in(struct cedar_evaluation *evaluation,
                                 const struct cedar_value *operands, struct cedar_value *out)
{
    const struct cedar_entity_uid *descendant = &operands[0].as.entity;
    const struct cedar_value *right = &operands[1];
    bool found = false;
    if (right->kind == CEDAR_VALUE_ENTITY) {
        TRY(is_in(evaluation, descendant, &right->as.entity, &found));
        return give_bool(found, out);
    }
    if (right->kind != CEDAR_VALUE_SET) {
        return cedar_evaluation_fail(evaluation,
                                     "the right side of `in` is %s, not an entity or a Set",
                                     cedar_value_kind_name(right->kind));
    }
    for (size_t i = 0; i < right->as.set.count; i++) {
        if (right->as.set.items[i].kind != CEDAR_VALUE_ENTITY) {
            return cedar_evaluation_fail(evaluation, "the Set right of `in` holds %s",
                                         cedar_value_kind_name(right->as.set.items[i].kind));
        }
    }
    for (size_t i = 0; i < right->as.set.count && !found; i++) {
        TRY(is_in(evaluation, descendant, &right->as.set.items[i].as.entity, &found));
    }
    return give_bool(found, out);
}

/* ---- Sets and tags ---- */

static int compare_values(const void *a, const void *b)
{
    return cedar_value_compare(a, b);
}

static bool contains(const struct cedar_value *set, const struct cedar_value *value)
{
    return sorted_find(value, set->as.set.items, set->as.set.count, sizeof(*value),
                       compare_values) != NULL;
}

static amanat_result apply_contains(struct cedar_evaluation *evaluation,
                                    const struct cedar_value *operands, struct cedar_value *out)
{
    (void)evaluation;
    return give_bool(contains(&operands[0], &operands[1]), out);
}

static amanat_result apply_contains_all(struct cedar_evaluation *evaluation,
                                        const struct cedar_value *operands, struct cedar_value *out)
{
    (void)evaluation;
    for (size_t i = 0; i < operands[1].as.set.count; i++) {
        if (!contains(&operands[0], &operands[1].as.set.items[i])) {
            return give_bool(false, out);
        }
    }
    return give_bool(true, out);
}

static amanat_result apply_contains_any(struct cedar_evaluation *evaluation,
                                        const struct cedar_value *operands, struct cedar_value *out)
{
    (void)evaluation;
    for (size_t i = 0; i < operands[1].as.set.count; i++) {
        if (contains(&operands[0], &operands[1].as.set.items[i])) {
            return give_bool(true, out);
        }
    }
    return give_bool(false, out);
}

static amanat_result apply_is_empty(struct cedar_evaluation *evaluation,
                                    const struct cedar_value *operands, struct cedar_value *out)
{
    (void)evaluation;
    return give_bool(operands[0].as.set.count == 0, out);
}

static amanat_result apply_has_tag(struct cedar_evaluation *evaluation,
                                   const struct cedar_value *operands, struct cedar_value *out)
{
    const struct cedar_entity *entity = NULL;
    TRY(cedar_evaluation_find(evaluation, &operands[0].as.entity, &entity));
    return give_bool(entity != NULL &&
                         cedar_value_get(cedar_entity_tags(entity), operands[1].as.string) != NULL,
                     out);
}

static amanat_result apply_get_tag(struct cedar_evaluation *evaluation,
                                   const struct cedar_value *operands, struct cedar_value *out)
{
    const struct cedar_entity *entity = NULL;
    TRY(cedar_evaluation_find(evaluation, &operands[0].as.entity, &entity));
    if (entity == NULL) {
        return cedar_evaluation_fail(evaluation, "the entity asked for a tag does not exist");
    }
    const struct cedar_value *tag =
        cedar_value_get(cedar_entity_tags(entity), operands[1].as.string);
    if (tag == NULL) {
        return cedar_evaluation_fail(evaluation, "the entity does not have this tag");
    }
    *out = *tag;
    return AMANAT_OK;
}

/* ---- Extension types ---- */

static amanat_result apply_decimal(struct cedar_evaluation *evaluation,
                                   const struct cedar_value *operands, struct cedar_value *out)
{
    if (!cedar_decimal_from_text(operands[0].as.string, out)) {
        return cedar_evaluation_fail(evaluation, "this text is not a decimal");
    }
    return AMANAT_OK;
}

static amanat_result apply_ip(struct cedar_evaluation *evaluation,
                              const struct cedar_value *operands, struct cedar_value *out)
{
    if (!cedar_ip_from_text(operands[0].as.string, out)) {
        return cedar_evaluation_fail(evaluation, "this text is not an IP address or range");
    }
    return AMANAT_OK;
}

static amanat_result apply_datetime(struct cedar_evaluation *evaluation,
                                    const struct cedar_value *operands, struct cedar_value *out)
{
    if (!cedar_datetime_from_text(operands[0].as.string, out)) {
        return cedar_evaluation_fail(evaluation, "this text is not a datetime");
    }
    return AMANAT_OK;
}

static amanat_result apply_duration(struct cedar_evaluation *evaluation,
                                    const struct cedar_value *operands, struct cedar_value *out)
{
    if (!cedar_duration_from_text(operands[0].as.string, out)) {
        return cedar_evaluation_fail(evaluation, "this text is not a duration");
    }
    return AMANAT_OK;
}

static amanat_result apply_decimal_less(struct cedar_evaluation *evaluation,
                                        const struct cedar_value *operands, struct cedar_value *out)
{
    (void)evaluation;
    return give_bool(operands[0].as.integer < operands[1].as.integer, out);
}

static amanat_result apply_decimal_less_or_equal(struct cedar_evaluation *evaluation,
                                                 const struct cedar_value *operands,
                                                 struct cedar_value *out)
{
    (void)evaluation;
    return give_bool(operands[0].as.integer <= operands[1].as.integer, out);
}

static amanat_result apply_decimal_greater(struct cedar_evaluation *evaluation,
                                           const struct cedar_value *operands,
                                           struct cedar_value *out)
{
    (void)evaluation;
    return give_bool(operands[0].as.integer > operands[1].as.integer, out);
}

static amanat_result apply_decimal_greater_or_equal(struct cedar_evaluation *evaluation,
                                                    const struct cedar_value *operands,
                                                    struct cedar_value *out)
{
    (void)evaluation;
    return give_bool(operands[0].as.integer >= operands[1].as.integer, out);
}

static amanat_result apply_is_ipv4(struct cedar_evaluation *evaluation,
                                   const struct cedar_value *operands, struct cedar_value *out)
{
    (void)evaluation;
    return give_bool(!operands[0].as.ip.is_v6, out);
}

static amanat_result apply_is_ipv6(struct cedar_evaluation *evaluation,
                                   const struct cedar_value *operands, struct cedar_value *out)
{
    (void)evaluation;
    return give_bool(operands[0].as.ip.is_v6, out);
}

static amanat_result apply_is_loopback(struct cedar_evaluation *evaluation,
                                       const struct cedar_value *operands, struct cedar_value *out)
{
    (void)evaluation;
    return give_bool(cedar_ip_is_loopback(&operands[0].as.ip), out);
}

static amanat_result apply_is_multicast(struct cedar_evaluation *evaluation,
                                        const struct cedar_value *operands, struct cedar_value *out)
{
    (void)evaluation;
    return give_bool(cedar_ip_is_multicast(&operands[0].as.ip), out);
}

static amanat_result apply_is_in_range(struct cedar_evaluation *evaluation,
                                       const struct cedar_value *operands, struct cedar_value *out)
{
    (void)evaluation;
    return give_bool(cedar_ip_is_in_range(&operands[0].as.ip, &operands[1].as.ip), out);
}

static amanat_result apply_offset(struct cedar_evaluation *evaluation,
                                  const struct cedar_value *operands, struct cedar_value *out)
{
    int64_t milliseconds = 0;
    if (__builtin_add_overflow(operands[0].as.integer, operands[1].as.integer, &milliseconds)) {
        return overflow(evaluation, "offset");
    }
    *out = cedar_value_datetime(milliseconds);
    return AMANAT_OK;
}

static amanat_result apply_duration_since(struct cedar_evaluation *evaluation,
                                          const struct cedar_value *operands,
                                          struct cedar_value *out)
{
    int64_t milliseconds = 0;
    if (__builtin_sub_overflow(operands[0].as.integer, operands[1].as.integer, &milliseconds)) {
        return overflow(evaluation, "durationSince");
    }
    *out = cedar_value_duration(milliseconds);
    return AMANAT_OK;
}

static amanat_result apply_to_date(struct cedar_evaluation *evaluation,
                                   const struct cedar_value *operands, struct cedar_value *out)
{
    int64_t milliseconds = 0;
    if (!cedar_datetime_to_date(operands[0].as.integer, &milliseconds)) {
        return overflow(evaluation, "toDate");
    }
    *out = cedar_value_datetime(milliseconds);
    return AMANAT_OK;
}

static amanat_result apply_to_time(struct cedar_evaluation *evaluation,
                                   const struct cedar_value *operands, struct cedar_value *out)
{
    (void)evaluation;
    *out = cedar_value_duration(cedar_datetime_to_time(operands[0].as.integer));
    return AMANAT_OK;
}

static amanat_result apply_to_milliseconds(struct cedar_evaluation *evaluation,
                                           const struct cedar_value *operands,
                                           struct cedar_value *out)
{
    (void)evaluation;
    *out = cedar_value_long(operands[0].as.integer);
    return AMANAT_OK;
}

static amanat_result apply_to_seconds(struct cedar_evaluation *evaluation,
                                      const struct cedar_value *operands, struct cedar_value *out)
{
    (void)evaluation;
    *out = cedar_value_long(operands[0].as.integer / 1000);
    return AMANAT_OK;
}

static amanat_result apply_to_minutes(struct cedar_evaluation *evaluation,
                                      const struct cedar_value *operands, struct cedar_value *out)
{
    (void)evaluation;
    *out = cedar_value_long(operands[0].as.integer / 60000);
    return AMANAT_OK;
}

static amanat_result apply_to_hours(struct cedar_evaluation *evaluation,
                                    const struct cedar_value *operands, struct cedar_value *out)
{
    (void)evaluation;
    *out = cedar_value_long(operands[0].as.integer / 3600000);
    return AMANAT_OK;
}

static amanat_result apply_to_days(struct cedar_evaluation *evaluation,
                                   const struct cedar_value *operands, struct cedar_value *out)
{
    (void)evaluation;
    *out = cedar_value_long(operands[0].as.integer / 86400000);
    return AMANAT_OK;
}

/* ---- The table ---- */

#define PREFIX   CEDAR_OPERATION_PREFIX, false, 1
#define INFIX    CEDAR_OPERATION_INFIX, false, 2
#define METHOD   CEDAR_OPERATION_METHOD, false
#define FUNCTION CEDAR_OPERATION_FUNCTION, true, 1
#define EXTENDED CEDAR_OPERATION_METHOD, true
#define ANY      CEDAR_VALUE_NONE
#define BOOL     CEDAR_VALUE_BOOL
#define LONG     CEDAR_VALUE_LONG
#define STRING   CEDAR_VALUE_STRING
#define ENTITY   CEDAR_VALUE_ENTITY
#define SET      CEDAR_VALUE_SET
#define DECIMAL  CEDAR_VALUE_DECIMAL
#define IP       CEDAR_VALUE_IP
#define DATETIME CEDAR_VALUE_DATETIME
#define DURATION CEDAR_VALUE_DURATION

/* clang-format off */
static const struct cedar_operation operations[] = {
    {"!",  PREFIX, {BOOL}, BOOL, apply_not, cedar_check_not},
    {"-",  PREFIX, {LONG}, LONG, apply_negate, cedar_check_by_kinds},
    {"==", INFIX, {ANY, ANY}, BOOL, apply_equal, cedar_check_equal},
    {"!=", INFIX, {ANY, ANY}, BOOL, apply_not_equal, cedar_check_not_equal},
    {"<",  INFIX, {ANY, ANY}, BOOL, apply_less, cedar_check_order},
    {"<=", INFIX, {ANY, ANY}, BOOL, apply_less_or_equal, cedar_check_order},
    {">",  INFIX, {ANY, ANY}, BOOL, apply_greater, cedar_check_order},
    {">=", INFIX, {ANY, ANY}, BOOL, apply_greater_or_equal, cedar_check_order},
    {"in", INFIX, {ENTITY, ANY}, BOOL, cedar_operation_in, cedar_check_in},
    {"+",  INFIX, {LONG, LONG}, LONG, apply_add, cedar_check_by_kinds},
    {"-",  INFIX, {LONG, LONG}, LONG, apply_subtract, cedar_check_by_kinds},
    {"*",  INFIX, {LONG, LONG}, LONG, apply_multiply, cedar_check_by_kinds},
    {"contains",    METHOD, 2, {SET, ANY}, BOOL, apply_contains, cedar_check_contains},
    {"containsAll", METHOD, 2, {SET, SET}, BOOL, apply_contains_all, cedar_check_two_sets},
    {"containsAny", METHOD, 2, {SET, SET}, BOOL, apply_contains_any, cedar_check_two_sets},
    {"isEmpty",     METHOD, 1, {SET}, BOOL, apply_is_empty, cedar_check_by_kinds},
    {"hasTag",      METHOD, 2, {ENTITY, STRING}, BOOL, apply_has_tag, cedar_check_has_tag},
    {"getTag",      METHOD, 2, {ENTITY, STRING}, ANY, apply_get_tag, cedar_check_get_tag},
    {"decimal",  FUNCTION, {STRING}, DECIMAL, apply_decimal, cedar_check_constructor},
    {"ip",       FUNCTION, {STRING}, IP, apply_ip, cedar_check_constructor},
    {"datetime", FUNCTION, {STRING}, DATETIME, apply_datetime, cedar_check_constructor},
    {"duration", FUNCTION, {STRING}, DURATION, apply_duration, cedar_check_constructor},
    {"lessThan",           EXTENDED, 2, {DECIMAL, DECIMAL}, BOOL, apply_decimal_less, cedar_check_by_kinds},
    {"lessThanOrEqual",    EXTENDED, 2, {DECIMAL, DECIMAL}, BOOL, apply_decimal_less_or_equal, cedar_check_by_kinds},
    {"greaterThan",        EXTENDED, 2, {DECIMAL, DECIMAL}, BOOL, apply_decimal_greater, cedar_check_by_kinds},
    {"greaterThanOrEqual", EXTENDED, 2, {DECIMAL, DECIMAL}, BOOL, apply_decimal_greater_or_equal, cedar_check_by_kinds},
    {"isIpv4",      EXTENDED, 1, {IP}, BOOL, apply_is_ipv4, cedar_check_by_kinds},
    {"isIpv6",      EXTENDED, 1, {IP}, BOOL, apply_is_ipv6, cedar_check_by_kinds},
    {"isLoopback",  EXTENDED, 1, {IP}, BOOL, apply_is_loopback, cedar_check_by_kinds},
    {"isMulticast", EXTENDED, 1, {IP}, BOOL, apply_is_multicast, cedar_check_by_kinds},
    {"isInRange",   EXTENDED, 2, {IP, IP}, BOOL, apply_is_in_range, cedar_check_by_kinds},
    {"offset",        EXTENDED, 2, {DATETIME, DURATION}, DATETIME, apply_offset, cedar_check_by_kinds},
    {"durationSince", EXTENDED, 2, {DATETIME, DATETIME}, DURATION, apply_duration_since, cedar_check_by_kinds},
    {"toDate",        EXTENDED, 1, {DATETIME}, DATETIME, apply_to_date, cedar_check_by_kinds},
    {"toTime",        EXTENDED, 1, {DATETIME}, DURATION, apply_to_time, cedar_check_by_kinds},
    {"toMilliseconds", EXTENDED, 1, {DURATION}, LONG, apply_to_milliseconds, cedar_check_by_kinds},
    {"toSeconds",      EXTENDED, 1, {DURATION}, LONG, apply_to_seconds, cedar_check_by_kinds},
    {"toMinutes",      EXTENDED, 1, {DURATION}, LONG, apply_to_minutes, cedar_check_by_kinds},
    {"toHours",        EXTENDED, 1, {DURATION}, LONG, apply_to_hours, cedar_check_by_kinds},
    {"toDays",         EXTENDED, 1, {DURATION}, LONG, apply_to_days, cedar_check_by_kinds},
};
/* clang-format on */

const struct cedar_operation *cedar_operation_find(struct bytes name,
                                                   enum cedar_operation_style style)
{
    for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++) {
        if (operations[i].style == style && bytes_equal_string(name, operations[i].name)) {
            return &operations[i];
        }
    }
    return NULL;
}

const char *cedar_operation_hint(struct bytes name, enum cedar_operation_style style,
                                 char room[SIMILAR_HINT_SIZE])
{
    struct similar similar;
    similar_begin(&similar, name);
    for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++) {
        if (operations[i].style == style) {
            similar_offer(&similar, bytes_of_string(operations[i].name));
        }
    }
    return similar_hint_of(&similar, room);
}

amanat_result cedar_operation_apply(const struct cedar_operation *operation,
                                    struct cedar_evaluation *evaluation,
                                    const struct cedar_value *operands, size_t count,
                                    struct cedar_value *out)
{
    if (count != operation->arity) {
        return cedar_evaluation_fail(evaluation, "`%s` takes %zu operands, not %zu",
                                     operation->name, operation->arity, count);
    }
    for (size_t i = 0; i < count; i++) {
        const enum cedar_value_kind wanted = operation->operands[i];
        if (wanted != CEDAR_VALUE_NONE && operands[i].kind != wanted) {
            return cedar_evaluation_fail(evaluation, "an operand of `%s` is %s, not %s",
                                         operation->name, cedar_value_kind_name(operands[i].kind),
                                         cedar_value_kind_name(wanted));
        }
    }
    return operation->apply(evaluation, operands, out);
}
