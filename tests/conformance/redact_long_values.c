/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `redact_long_values MIB`: values of so many MiB, fed in pieces, revealed where they stream and
 * withheld: a string, a number, a name that nobody declared; and 100,000 open brackets. The memory
 * of the process must grow by at most 2 MiB from the first byte on.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "policy/base/guard.h"
#include "redact_case.h"

#define PIECE_BYTES  ((size_t)64 << 10)
#define GROWTH_LIMIT 2048 /* KiB */

static const char description[] =
    "{\"labels\":{\"a\":{},\"b\":{}},\"records\":{},\"root\":\"o\",\"nodes\":{\"o\":{\"kinds\":"
    "[\"object\"],\"members\":{\"shown\":\"s\",\"hidden\":\"h\"}},\"s\":{\"kinds\":[\"string\"],"
    "\"labels\":[\"a\"]},\"h\":{\"kinds\":[\"string\",\"number\"],\"labels\":[\"b\"]}},"
    "\"service\":{\"a\":\"reveal\"},\"plan\":{}}";

struct long_value {
    const char *before;
    char filling;
    const char *after;
    bool is_shown;
    enum redact_fault fault;
};
static const struct long_value values[] = {
    {"{\"shown\":\"", 'x', "\"}", true, REDACT_FAULT_NONE},
    {"{\"hidden\":\"", 'x', "\",\"shown\":\"\"}", false, REDACT_FAULT_NONE},
    {"{\"hidden\":1", '7', ",\"shown\":\"\"}", false, REDACT_FAULT_NONE},
    {"{\"unknown\":0.", '7', "e1,\"shown\":\"\"}", false, REDACT_FAULT_NONE},
    {"{\"n", 'n', "\":null,\"shown\":\"\"}", false, REDACT_FAULT_NONE},
    {"{\"hidden\":", '[', "", false, REDACT_FAULT_DEPTH},
};

static amanat_result count_window(void *context, const struct redact_window *window)
{
    *(size_t *)context += window->bytes.bytes.length;
    return AMANAT_OK;
}

static long peak_kib(void)
{
    struct rusage usage;
    ASSERT(getrusage(RUSAGE_SELF, &usage) == 0);
    return usage.ru_maxrss;
}

static amanat_result feed_text(struct redactor *redactor, struct bytes text)
{
    return redactor_feed(redactor, (struct undisclosed_bytes){text});
}

static amanat_result feed_value(struct redactor *redactor, const struct long_value *value,
                                size_t pieces, bool *out_nothing)
{
    static char piece[PIECE_BYTES];
    memset(piece, value->filling, sizeof(piece));
    TRY(feed_text(redactor, bytes_of_string(value->before)));
    for (size_t i = 0; i < pieces; i++) {
        TRY(feed_text(redactor, bytes_of(piece, sizeof(piece))));
    }
    TRY(feed_text(redactor, bytes_of_string(value->after)));
    return redactor_finish(redactor, out_nothing);
}

static bool check_value(const struct redact_case *redact_case, const struct long_value *value,
                        size_t pieces)
{
    size_t length = 0;
    bool nothing = false;
    struct redactor *redactor = NULL;
    const struct redactor_options options = {.plan = &redact_case->plan,
                                             .root = redact_case->root,
                                             .on_window = count_window,
                                             .context = &length};
    ASSERT(amanat_is_ok(redactor_new(&options, &redactor)));
    const long before = peak_kib();
    const amanat_result result = feed_value(redactor, value, pieces, &nothing);
    const long growth = peak_kib() - before;
    const enum redact_fault fault = redactor_fault(redactor);
    redactor_free(redactor);
    const size_t expected = value->fault != REDACT_FAULT_NONE ? 0
                            : value->is_shown ? strlen("{\"shown\":\"\"}") + pieces * PIECE_BYTES
                                              : strlen("{\"shown\":\"\"}");
    printf("%-14s fault %s, %zu bytes came out, memory grew by %ld KiB\n", value->before,
           redact_fault_name(fault), length, growth);
    return fault == value->fault && amanat_is_ok(result) == (fault == REDACT_FAULT_NONE) &&
           length == expected && growth <= GROWTH_LIMIT;
}

int main(int count, char **arguments)
{
    const size_t pieces =
        count == 2 ? (size_t)strtoul(arguments[1], NULL, 10) * ((size_t)1 << 20) / PIECE_BYTES : 0;
    if (pieces < 2) {
        fprintf(stderr, "usage: redact_long_values MIB\n");
        return 2;
    }
    struct redact_case *redact_case =
        redact_case_new(bytes_of(description, sizeof(description) - 1));
    bool right = true;
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        right = check_value(redact_case, &values[i], pieces) && right;
    }
    redact_case_free(redact_case);
    return right ? 0 : 1;
}
