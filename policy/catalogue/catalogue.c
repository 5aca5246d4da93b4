/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The compilation as a whole: which sources count, in which order, and what is kept of them.
 * Sources are taken in the order of their paths, so that the same folder gives the same catalogue
 * however it was read.
 */
#include "policy/catalogue/catalogue.h"

#include <stdlib.h>

#include "policy/base/guard.h"
#include "policy/base/sorted.h"
#include "policy/catalogue/openapi.h"
#include "policy/catalogue/vocabulary_read.h"

#define SCRATCH_LIMIT  ((size_t)256 << 20)
#define SERVICES_LIMIT 1024

enum source_kind { SOURCE_OTHER = 0, SOURCE_VOCABULARY, SOURCE_SERVICE_YAML, SOURCE_SERVICE_JSON };

static enum source_kind kind_of_source(struct bytes path)
{
    if (bytes_equal(path, BYTES("vocabulary.yaml"))) {
        return SOURCE_VOCABULARY;
    }
    if (!bytes_start_with(path, BYTES("services/"))) {
        return SOURCE_OTHER;
    }
    if (bytes_end_with(path, BYTES(".yaml")) || bytes_end_with(path, BYTES(".yml"))) {
        return SOURCE_SERVICE_YAML;
    }
    return bytes_end_with(path, BYTES(".json")) ? SOURCE_SERVICE_JSON : SOURCE_OTHER;
}

static int compare_sources(const void *left, const void *right)
{
    const struct catalogue_source *a = left;
    const struct catalogue_source *b = right;
    return bytes_compare(a->path, b->path);
}

/* ---- one source ---- */

/* Reads a source into a tree. Faults of syntax are reported and leave `*out` NULL. */
static amanat_result read_source(struct compiler *compiler, const struct catalogue_source *source,
                                 const char **out_name, const struct document **out)
{
    struct bytes path = {0};
    TRY(arena_copy_bytes(compiler->arena, source->path, &path)); /* ends in NUL */
    const char *name = path.at;
    *out_name = name;
    const bool is_json = kind_of_source(source->path) == SOURCE_SERVICE_JSON;
    const amanat_result read =
        is_json
            ? document_from_json(compiler->arena, name, source->text, compiler->diagnostics, out)
            : document_from_yaml(compiler->arena, name, source->text, compiler->diagnostics, out);
    if (read.status == AMANAT_STATUS_CONFIG_FAULT) {
        compiler->errors++;
        *out = NULL;
        return AMANAT_OK;
    }
    return read;
}

static amanat_result compile_vocabulary(struct compiler *compiler,
                                        const struct catalogue_source *source)
{
    const struct document *root = NULL;
    const char *name = NULL;
    TRY(read_source(compiler, source, &name, &root));
    if (root == NULL) {
        return AMANAT_OK;
    }
    const amanat_result read =
        vocabulary_read(compiler->arena, name, root, compiler->diagnostics, &compiler->vocabulary);
    if (read.status == AMANAT_STATUS_CONFIG_FAULT) {
        compiler->errors++;
        return AMANAT_OK;
    }
    return read;
}

static amanat_result compile_service(struct compiler *compiler,
                                     const struct catalogue_source *source)
{
    const struct document *root = NULL;
    const char *name = NULL;
    TRY(read_source(compiler, source, &name, &root));
    if (root == NULL) {
        return AMANAT_OK;
    }
    const struct arena_mark mark = arena_mark(compiler->scratch);
    const amanat_result compiled = openapi_compile(compiler, name, root);
    arena_rewind(compiler->scratch, mark);
    TRY(compiled);
    return nodes_complete(compiler);
}

/* ---- all of them ---- */

static amanat_result name_labels(struct compiler *compiler)
{
    struct bytes *names =
        arena_allocate_array(compiler->arena, compiler->vocabulary.label_count, sizeof(*names));
    TRY_MEMORY(names);
    for (size_t i = 0; i < compiler->vocabulary.label_count; i++) {
        names[i] = compiler->vocabulary.labels[i].name;
    }
    compiler->label_names = names;
    size_t none = 0;
    return label_set_intern(compiler, &none, 0, &none); /* becomes LABEL_SET_NONE */
}

static amanat_result compile_sources(struct compiler *compiler,
                                     const struct catalogue_source *sources, size_t count)
{
    bool has_vocabulary = false;
    size_t services = 0;
    for (size_t i = 0; i < count; i++) {
        if (kind_of_source(sources[i].path) == SOURCE_VOCABULARY) {
            has_vocabulary = true;
            TRY(compile_vocabulary(compiler, &sources[i]));
        }
    }
    const struct catalogue_place nowhere = {"vocabulary.yaml", 0, 0};
    if (!has_vocabulary) {
        compiler_report(compiler, AMANAT_SEVERITY_ERROR, nowhere, "missing",
                        "the policy folder has no vocabulary.yaml");
    }
    if (compiler->errors > 0) {
        return AMANAT_OK; /* without labels every document would seem wrong */
    }
    TRY(name_labels(compiler));
    for (size_t i = 0; i < count; i++) {
        const enum source_kind kind = kind_of_source(sources[i].path);
        if (kind != SOURCE_SERVICE_YAML && kind != SOURCE_SERVICE_JSON) {
            continue;
        }
        if (++services > SERVICES_LIMIT) {
            compiler_report(compiler, AMANAT_SEVERITY_ERROR, nowhere, "limit",
                            "the folder has more than %d services", SERVICES_LIMIT);
            return AMANAT_OK;
        }
        TRY(compile_service(compiler, &sources[i]));
    }
    return AMANAT_OK;
}

static amanat_result keep(struct compiler *compiler, const struct catalogue_label_use *uses,
                          struct catalogue **out)
{
    struct catalogue *catalogue = ARENA_NEW(compiler->arena, struct catalogue);
    struct catalogue_service *services =
        arena_allocate_array(compiler->arena, compiler->services.count, sizeof(*services));
    struct catalogue_record *records =
        arena_allocate_array(compiler->arena, compiler->records.count, sizeof(*records));
    TRY_MEMORY(catalogue);
    TRY_MEMORY(services);
    TRY_MEMORY(records);
    for (size_t i = 0; i < compiler->services.count; i++) {
        const struct service_entry *entry = &compiler->services.items[i];
        services[i] = entry->service;
        services[i].operations = entry->operations.items;
        services[i].operation_count = entry->operations.count;
    }
    for (size_t i = 0; i < compiler->records.count; i++) {
        records[i] = compiler->records.items[i].record;
    }
    *catalogue = (struct catalogue){
        .vocabulary = compiler->vocabulary,
        .label_uses = uses,
        .services = services,
        .service_count = compiler->services.count,
        .records = records,
        .record_count = compiler->records.count,
    };
    *out = catalogue;
    return AMANAT_OK;
}

static amanat_result compile_sorted(struct compiler *compiler,
                                    const struct catalogue_source *sources, size_t count,
                                    struct catalogue **out)
{
    TRY(compile_sources(compiler, sources, count));
    struct catalogue_label_use *uses =
        arena_allocate_array(compiler->arena, compiler->vocabulary.label_count, sizeof(*uses));
    TRY_MEMORY(uses);
    if (compiler->errors == 0) {
        TRY(nodes_summarise(compiler, uses));
    }
    if (compiler->errors > 0) {
        return amanat_result_of(AMANAT_STATUS_CONFIG_FAULT);
    }
    return keep(compiler, uses, out);
}

amanat_result catalogue_compile(struct arena *arena, const struct catalogue_source *sources,
                                size_t source_count, struct amanat_diagnostics *diagnostics,
                                struct catalogue **out)
{
    struct catalogue_source *sorted = arena_allocate_array(arena, source_count, sizeof(*sorted));
    TRY_MEMORY(sorted);
    if (source_count > 0) {
        memcpy(sorted, sources, source_count * sizeof(*sorted));
        qsort(sorted, source_count, sizeof(*sorted), compare_sources);
    }
    struct compiler compiler = {.arena = arena, .diagnostics = diagnostics};
    compiler.scratch = arena_new(SCRATCH_LIMIT);
    TRY_MEMORY(compiler.scratch);
    amanat_result compiled = compile_sorted(&compiler, sorted, source_count, out);
    if (arena_is_exhausted(arena) || arena_is_exhausted(compiler.scratch)) {
        /* some text is not there, a route, say, or a fault was found for want of it */
        compiled = amanat_result_of(AMANAT_STATUS_MEMORY);
    }
    compiler_flush_notes(&compiler);
    arena_free(compiler.scratch);
    return compiled;
}

/* ---- looking up ---- */

static int compare_with_member(const void *name, const void *member)
{
    return bytes_compare(*(const struct bytes *)name,
                         ((const struct catalogue_member *)member)->name);
}

const struct catalogue_member *catalogue_node_find_member(const struct catalogue_node *node,
                                                          struct bytes name)
{
    return sorted_find(&name, node->members, node->member_count, sizeof(*node->members),
                       compare_with_member);
}

bool catalogue_lists(const size_t *list, size_t count, size_t index)
{
    for (size_t i = 0; i < count; i++) {
        if (list[i] == index) {
            return true;
        }
    }
    return false;
}

const struct catalogue_response *
catalogue_find_response(const struct catalogue_operation *operation, unsigned status)
{
    const unsigned choices[] = {status, status / 100, 0};
    for (size_t k = 0; k < sizeof(choices) / sizeof(choices[0]); k++) {
        for (size_t i = 0; i < operation->response_count; i++) {
            if (operation->responses[i].status == choices[k]) {
                return &operation->responses[i];
            }
        }
    }
    return NULL;
}
