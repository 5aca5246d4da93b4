/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a request target. What is accepted is written anew, and the new target, read again,
 * must mean the same: gateway and service read one target in one way.
 */
#include <stdint.h>

#include "policy/base/utf8.h"
#include "tests/fuzz/known_catalogue.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char vocabulary[] = "labels: {note: {}, other: {}}\n";
static const char service[] =
    "openapi: 3.1.0\n"
    "x-amanat-service: s\n"
    "paths:\n"
    "  /a: {get: {operationId: a, responses: {204: {}}, parameters: [\n"
    "    {name: t, in: query, schema: {type: string}, x-amanat-label: note},\n"
    "    {name: n, in: query, schema: {type: integer}, x-amanat-label: note},\n"
    "    {name: d, in: query, schema: {type: number, minimum: 0}, x-amanat-label: note},\n"
    "    {name: w, in: query, schema: {type: string, format: date-time}, x-amanat-label: note},\n"
    "    {name: i, in: query, schema: {type: string, format: ipv6}, x-amanat-label: note},\n"
    "    {name: m, in: query, schema: {type: array, items: {type: string}}, x-amanat-label: "
    "note},\n"
    "    {name: l, in: query, explode: false, schema: {type: array, items: {type: boolean}}, "
    "x-amanat-label: note},\n"
    "    {name: s, in: query, schema: {type: array, items: {type: string, enum: [a, -a, b]}}, "
    "x-amanat-value-labels: {a: note, -a: [note, other], b: null}},\n"
    "    {name: c, in: query, schema: {type: string}, x-amanat-bind: partner.c}]}}\n"
    "  /a/{id}/{n}: {get: {operationId: b, responses: {204: {}}, parameters: [\n"
    "    {name: id, in: path, required: true, schema: {type: string}, x-amanat-label: note},\n"
    "    {name: n, in: path, required: true, schema: {type: array, items: {type: string}}, "
    "x-amanat-label: note}]}}\n";

static amanat_result route(const struct catalogue *catalogue, struct bytes target,
                           struct arena *arena, struct catalogue_call *out)
{
    struct problem problem = {0};
    const amanat_result routed =
        catalogue_route(catalogue, BYTES("GET"), target, NULL, 0, arena, out, &problem);
    ASSERT(routed.status != AMANAT_STATUS_REFUSED || problem.name != PROBLEM_OVERLOADED);
    return routed;
}

static void assert_same(const struct catalogue_call *a, const struct catalogue_call *b)
{
    ASSERT(a->operation == b->operation && a->parameter_count == b->parameter_count);
    for (size_t i = 0; i < a->parameter_count; i++) {
        const struct parameter_value *left = &a->parameters[i];
        const struct parameter_value *right = &b->parameters[i];
        ASSERT(left->parameter == right->parameter && left->item_count == right->item_count);
        ASSERT(left->label_count == right->label_count && left->label_count <= 2);
        ASSERT(left->parameter->binding.owner == BINDING_NONE);
        for (size_t k = 0; k < left->item_count; k++) {
            ASSERT(utf8_is_valid(left->items[k].text));
            ASSERT(bytes_equal(left->items[k].text, right->items[k].text));
            ASSERT(left->items[k].integer == right->items[k].integer);
        }
    }
}

static void check(const struct catalogue *catalogue, struct bytes target, struct arena *arena)
{
    struct catalogue_call call;
    struct catalogue_call again;
    if (!amanat_is_ok(route(catalogue, target, arena, &call))) {
        return;
    }
    struct buffer written;
    buffer_init(&written, (size_t)16 << 20);
    buffer_append_string(&written, "/s");
    catalogue_write_target(&call, &written);
    ASSERT(amanat_is_ok(buffer_check(&written)));
    ASSERT(amanat_is_ok(route(catalogue, buffer_bytes(&written), arena, &again)));
    assert_same(&call, &again);
    buffer_clear(&written);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new((size_t)64 << 20);
    if (arena != NULL && size < 65536) {
        check(known_catalogue(vocabulary, service), bytes_of((const char *)data, size), arena);
    }
    arena_free(arena);
    return 0;
}
