/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first line as a Content-Type, the rest as a request body. What is accepted is valid JSON that
 * reads the same again, and only labels of the schema were used.
 */
#include <stdint.h>

#include "tests/fuzz/known_catalogue.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char vocabulary[] = "labels: {note: {}, open: {}}\nsubjects: {cnic: {}}\n";
static const char service[] =
    "openapi: 3.1.0\n"
    "x-amanat-service: s\n"
    "paths:\n"
    "  /a: {post: {operationId: a, responses: {204: {}}, requestBody: {required: true, content: "
    "{application/json: {schema: {$ref: '#/components/schemas/T'}}}}}}\n"
    "components: {schemas: {T: {type: object, properties: {\n"
    "  a: {type: [string, 'null'], x-amanat-label: note, x-amanat-subject: cnic},\n"
    "  n: {type: number, x-amanat-label: note}, i: {type: integer, x-amanat-label: note},\n"
    "  t: {type: array, items: {$ref: '#/components/schemas/T'}}, hidden: {type: string},\n"
    "  any: {x-amanat-label: open}, 'x/~y': {type: boolean, x-amanat-label: note},\n"
    "  e: {enum: [a, 1.5, true], x-amanat-label: note}, s: {type: string, maxLength: 2, "
    "x-amanat-label: note},\n"
    "  f: {enum: [a, b], x-amanat-label: note, x-amanat-value-labels: {a: open, b: null}},\n"
    "  b: {type: number, minimum: -1, maximum: 10, x-amanat-label: note}, w: {type: string, "
    "format: date-time, x-amanat-label: note},\n"
    "  r: {type: object, required: [e, n], properties: {e: {type: integer, x-amanat-label: note}, "
    "n: {type: string, readOnly: true}}},\n"
    "  map: {type: object, x-amanat-label: open, additionalProperties: {type: string}}}}}}\n";

static void check(const struct catalogue_operation *operation, struct bytes type, struct bytes body,
                  struct arena *arena)
{
    struct problem problem = {0};
    struct catalogue_body first;
    struct catalogue_body second;
    const amanat_result read = catalogue_read_body(operation, type, body, arena, &first, &problem);
    if (!amanat_is_ok(read)) {
        ASSERT(read.status != AMANAT_STATUS_REFUSED || problem.name != PROBLEM_OVERLOADED);
        return;
    }
    ASSERT(first.label_count <= 2);
    if (first.text.length > (size_t)1 << 20) {
        return; /* escapes made it longer than a body may be */
    }
    ASSERT(
        amanat_is_ok(catalogue_read_body(operation, type, first.text, arena, &second, &problem)));
    ASSERT(bytes_equal(first.text, second.text));
    ASSERT(first.subject_count == second.subject_count);
    ASSERT(first.label_count == second.label_count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new((size_t)256 << 20);
    const struct bytes input = bytes_of((const char *)data, size);
    const size_t line = bytes_find(input, '\n');
    if (arena != NULL && line < size) {
        check(&known_catalogue(vocabulary, service)->services[0].operations[0],
              bytes_first(input, line), bytes_from(input, line + 1), arena);
    }
    arena_free(arena);
    return 0;
}
