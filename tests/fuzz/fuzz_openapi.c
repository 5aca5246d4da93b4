/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as an OpenAPI document; the graph of what is accepted is walked, its schema written. */
#include <stdint.h>

#include "policy/base/guard.h"
#include "policy/catalogue/catalogue.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char vocabulary[] = "labels:\n"
                                 "  person.cnic: {mask: {text: x}, tokenize: {length: 16}}\n"
                                 "  time: {coarsen: {time: month}}\n"
                                 "  note: {}\n"
                                 "  vehicle.plate: {}\n"
                                 "  group: {min_group: 5}\n"
                                 "subjects:\n"
                                 "  cnic: {normalise: digits}\n";

#define DEPTH_WALKED 12

static void walk(const struct catalogue *catalogue, const struct catalogue_node *node,
                 unsigned depth)
{
    if (node == NULL || depth == DEPTH_WALKED) {
        return;
    }
    ASSERT(node->record == CATALOGUE_NONE || node->record < catalogue->record_count);
    ASSERT(node->label_count == 0 || node->has_labels_below);
    ASSERT(!node->is_anything || node->label_count > 0);
    for (size_t i = 0; i < node->label_count; i++) {
        ASSERT(node->labels[i] < catalogue->vocabulary.label_count);
        /* a count that may be left out is one of a record, and nothing else has its label */
        ASSERT(catalogue->vocabulary.labels[node->labels[i]].min_group == 0 ||
               (node->kinds & ~(unsigned)CATALOGUE_KIND_NULL) == CATALOGUE_KIND_INTEGER);
    }
    for (size_t i = 0; i < node->member_count; i++) {
        ASSERT(i == 0 || bytes_compare(node->members[i - 1].name, node->members[i].name) < 0);
        ASSERT(!node->members[i].node->has_labels_below || node->has_labels_below);
        if (i < 4) {
            walk(catalogue, node->members[i].node, depth + 1);
        }
    }
    walk(catalogue, node->additional, depth + 1);
    walk(catalogue, node->items, depth + 1);
}

static void check_parameter(const struct catalogue_parameter *parameter)
{
    const size_t values = catalogue_parameter_item(parameter)->enumeration_count;
    ASSERT(parameter->binding.owner == BINDING_NONE || !catalogue_parameter_is_open(parameter));
    ASSERT(parameter->binding.owner == BINDING_NONE || parameter->place != PARAMETER_IN_PATH);
    ASSERT(parameter->value_labels == NULL || values > 0);
}

static void check(const struct catalogue *catalogue)
{
    for (size_t s = 0; s < catalogue->service_count; s++) {
        const struct catalogue_service *service = &catalogue->services[s];
        for (size_t i = 0; i < service->operation_count; i++) {
            const struct catalogue_operation *operation = &service->operations[i];
            ASSERT(operation->id.length > 0 && operation->service == s);
            for (size_t k = 0; k < operation->parameter_count; k++) {
                check_parameter(&operation->parameters[k]);
            }
            for (size_t k = 0; k < operation->response_count; k++) {
                const struct catalogue_response *response = &operation->responses[k];
                for (size_t m = 0; m < response->media_type_count; m++) {
                    walk(catalogue, response->media_types[m].root, 0);
                }
            }
        }
    }
    struct buffer schema;
    buffer_init(&schema, (size_t)64 << 20);
    catalogue_write_schema(catalogue, true, &schema);
    buffer_clear(&schema);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new((size_t)256 << 20);
    struct amanat_diagnostics *diagnostics = amanat_diagnostics_new();
    struct catalogue *catalogue = NULL;
    const struct catalogue_source sources[] = {
        {BYTES("vocabulary.yaml"), BYTES(vocabulary)},
        {BYTES("services/a.yaml"), bytes_of((const char *)data, size)}};
    if (arena != NULL && diagnostics != NULL) {
        const amanat_result compiled =
            catalogue_compile(arena, sources, 2, diagnostics, &catalogue);
        if (amanat_is_ok(compiled)) {
            ASSERT(amanat_diagnostics_errors(diagnostics) == 0);
            check(catalogue);
        } else if (compiled.status == AMANAT_STATUS_CONFIG_FAULT) {
            ASSERT(amanat_diagnostics_errors(diagnostics) > 0);
        }
    }
    amanat_diagnostics_free(diagnostics);
    arena_free(arena);
    return 0;
}
