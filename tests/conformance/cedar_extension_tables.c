/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs the unit-test tables of Cedar's formal model: `cedar_extension_tables FILE`, a file of
 * tab-separated rows: the operation, its arguments, what must come out, where it is from. Ends with
 * a line "N passed, M failed"; exit status 3 when a row failed.
 */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "policy/base/guard.h"
#include "policy/cedar/cedar.h"
#include "policy/cedar/cedar_operations.h"
#include "tests/conformance/conformance_file.h"

#define ROW_MEMORY ((size_t)1 << 20)

/* A field of a row, and the rest behind the tab. */
static struct bytes take_until(struct bytes *rest, char end)
{
    const size_t length = bytes_find(*rest, end);
    const struct bytes taken = bytes_first(*rest, length);
    *rest = bytes_from(*rest, length < rest->length ? length + 1 : length);
    return taken;
}

typedef bool (*constructor_fn)(struct bytes text, struct cedar_value *out);

static constructor_fn constructor_of(struct bytes type)
{
    static const struct {
        const char *type;
        constructor_fn from_text;
    } constructors[] = {{"decimal", cedar_decimal_from_text},
                        {"ip", cedar_ip_from_text},
                        {"datetime", cedar_datetime_from_text},
                        {"duration", cedar_duration_from_text}};
    for (size_t i = 0; i < sizeof(constructors) / sizeof(constructors[0]); i++) {
        if (bytes_equal_string(type, constructors[i].type)) {
            return constructors[i].from_text;
        }
    }
    return NULL;
}

/* "ipv6 0 0xa … 128": octets or groups, and the prefix. */
static bool ip_is(const struct cedar_ip *ip, struct bytes expected)
{
    const struct bytes family = take_until(&expected, ' ');
    const size_t parts = ip->is_v6 ? 8 : 4;
    if (!bytes_equal_string(family, ip->is_v6 ? "ipv6" : "ipv4")) {
        return false;
    }
    for (size_t i = 0; i <= parts; i++) {
        char text[32] = {0};
        const struct bytes number = take_until(&expected, ' ');
        memcpy(text, number.at, number.length < sizeof(text) ? number.length : 0);
        const unsigned long part = strtoul(text, NULL, 0);
        const unsigned long found =
            i == parts  ? ip->prefix
            : ip->is_v6 ? (unsigned long)ip->address[2 * i] << 8 | ip->address[2 * i + 1]
                        : ip->address[i];
        if (part != found) {
            return false;
        }
    }
    return true;
}

static bool number_is(int64_t number, struct bytes expected)
{
    char text[32];
    (void)snprintf(text, sizeof(text), "%" PRId64, number);
    return bytes_equal_string(expected, text);
}

static bool run_parse(struct bytes type, struct bytes argument, struct bytes expected)
{
    struct cedar_value value;
    const constructor_fn from_text = constructor_of(type);
    if (from_text == NULL || !from_text(argument, &value)) {
        return from_text != NULL && bytes_equal_string(expected, "error");
    }
    if (!bytes_start_with(expected, BYTES("ok "))) {
        return false;
    }
    expected = bytes_from(expected, 3);
    return value.kind == CEDAR_VALUE_IP ? ip_is(&value.as.ip, expected)
                                        : number_is(value.as.integer, expected);
}

static bool apply(struct arena *arena, const char *name, enum cedar_operation_style style,
                  const struct cedar_value *operands, size_t count, struct cedar_value *out)
{
    struct cedar_evaluation evaluation = {.arena = arena};
    const struct cedar_operation *operation = cedar_operation_find(bytes_of_string(name), style);
    return operation != NULL &&
           amanat_is_ok(cedar_operation_apply(operation, &evaluation, operands, count, out));
}

static bool is_true(struct bytes expected)
{
    return bytes_equal_string(expected, "true");
}

/* "0.23 -0.23" with the relation in the row's third column: `· < ·) "0.23" "-0.23" false`. */
static bool run_decimal(struct arena *arena, struct bytes arguments, struct bytes expected)
{
    struct cedar_value operands[2];
    struct cedar_value result;
    const bool is_less = bytes_start_with(expected, BYTES("\xC2\xB7 < \xC2\xB7"));
    while (bytes_find(expected, '"') < expected.length) {
        (void)take_until(&expected, '"');
        const struct bytes text = take_until(&expected, '"');
        (void)arguments;
        operands[0] = operands[1];
        if (!cedar_decimal_from_text(text, &operands[1])) {
            return false;
        }
    }
    (void)take_until(&expected, ' ');
    return apply(arena, is_less ? "lessThan" : "!=",
                 is_less ? CEDAR_OPERATION_METHOD : CEDAR_OPERATION_INFIX, operands, 2, &result) &&
           result.as.boolean == is_true(expected);
}

/* The result against the text of the row: a truth value, a number, or a datetime. */
static bool result_is(const struct cedar_value *result, struct bytes expected)
{
    struct cedar_value date;
    switch (result->kind) {
    case CEDAR_VALUE_BOOL:
        return result->as.boolean == is_true(expected);
    case CEDAR_VALUE_DATETIME:
        return cedar_datetime_from_text(expected, &date) && cedar_value_equal(&date, result);
    default:
        return number_is(result->as.integer, expected);
    }
}

/*
 * The table of `offset` gives the two datetimes; the duration between them is the expected number.
 */
static bool run_offset(struct arena *arena, const struct cedar_value *operands,
                       struct bytes expected)
{
    char text[32] = {0};
    struct cedar_value result;
    memcpy(text, expected.at, expected.length < sizeof(text) ? expected.length : 0);
    const struct cedar_value call[2] = {operands[0], cedar_value_duration(strtoll(text, NULL, 10))};
    return apply(arena, "offset", CEDAR_OPERATION_METHOD, call, 2, &result) &&
           cedar_value_equal(&result, &operands[1]);
}

static bool run_method(struct arena *arena, struct bytes type, struct bytes method,
                       struct bytes arguments, struct bytes expected)
{
    struct cedar_value operands[2];
    struct cedar_value result;
    size_t count = 0;
    char name[40] = {0};
    memcpy(name, method.at, method.length < sizeof(name) ? method.length : 0);
    while (arguments.length > 0 && count < 2) {
        if (!constructor_of(type)(take_until(&arguments, ' '), &operands[count++])) {
            return false;
        }
    }
    if (bytes_equal_string(method, "offset")) {
        return run_offset(arena, operands, expected);
    }
    const bool is_equality = bytes_equal_string(method, "eq");
    return apply(arena, is_equality ? "==" : name,
                 is_equality ? CEDAR_OPERATION_INFIX : CEDAR_OPERATION_METHOD, operands, count,
                 &result) &&
           result_is(&result, expected);
}

static bool run_row(struct arena *arena, struct bytes row)
{
    struct bytes operation = take_until(&row, '\t');
    const struct bytes arguments = take_until(&row, '\t');
    const struct bytes expected = take_until(&row, '\t');
    const struct bytes type = take_until(&operation, '.');
    if (bytes_equal_string(operation, "parse")) {
        return run_parse(type, arguments, expected);
    }
    if (bytes_equal_string(operation, "op")) {
        return run_decimal(arena, arguments, expected);
    }
    return constructor_of(type) != NULL && run_method(arena, type, operation, arguments, expected);
}

int main(int count, char **arguments)
{
    struct arena *file_arena = arena_new(ROW_MEMORY);
    struct arena *arena = arena_new(ROW_MEMORY);
    struct bytes text;
    size_t passed = 0;
    size_t failed = 0;
    ASSERT(file_arena != NULL && arena != NULL);
    if (count != 2) {
        fprintf(stderr, "usage: cedar_extension_tables FILE\n");
        return 2;
    }
    if (!conformance_read_file(file_arena, arguments[1], &text)) {
        fprintf(stderr, "skipped: %s is not here\n", arguments[1]);
        arena_free(arena);
        arena_free(file_arena);
        return 77;
    }
    (void)take_until(&text, '\n'); /* the heading */
    while (text.length > 0) {
        const struct bytes row = take_until(&text, '\n');
        const bool fine = row.length == 0 || run_row(arena, row);
        passed += fine && row.length > 0 ? 1 : 0;
        failed += fine ? 0 : 1;
        if (!fine) {
            printf("FAILED %.*s\n", BYTES_PRINTF(row));
        }
        arena_reset(arena);
    }
    arena_free(arena);
    arena_free(file_arena);
    printf("%zu passed, %zu failed\n", passed, failed);
    return failed > 0 ? 3 : passed > 0 ? 0 : 2;
}
