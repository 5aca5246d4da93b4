/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as vocabulary.yaml; what is accepted keeps the promises of vocabulary.h. */
#include <stdint.h>

#include "policy/base/guard.h"
#include "policy/catalogue/catalogue.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_modes(const struct vocabulary *vocabulary, const struct catalogue_label *label)
{
    for (size_t i = 0; i < label->mask.part_count; i++) {
        ASSERT(label->mask.parts[i].group <= pattern_group_count(label->mask.pattern));
    }
    if (label->tokenize.is_linked) {
        const struct catalogue_label *root = &vocabulary->labels[label->tokenize.link];
        ASSERT(label->tokenize.link < vocabulary->label_count && !root->tokenize.is_linked);
        ASSERT(root->tokenize.length == label->tokenize.length);
    }
    if (label->defines[DISCLOSURE_COARSEN] && label->coarsen.kind == COARSEN_STEP) {
        ASSERT(label->coarsen.step.digits > 0 && label->coarsen.step.scale <= 18);
    }
    for (size_t i = 0; i < label->coarsen.bucket_count; i++) {
        ASSERT((label->coarsen.buckets[i].name.length > 0) == label->coarsen.buckets_have_names);
    }
    for (size_t i = 0; i < label->scrub.count; i++) {
        ASSERT(label->scrub.patterns[i].pattern != NULL &&
               label->scrub.patterns[i].name.length > 0);
    }
}

static void check(const struct vocabulary *vocabulary)
{
    for (size_t i = 0; i < vocabulary->label_count; i++) {
        const struct catalogue_label *label = &vocabulary->labels[i];
        ASSERT(label->defines[DISCLOSURE_REVEAL] && !label->defines[DISCLOSURE_WITHHELD]);
        ASSERT(label->parent == CATALOGUE_NONE || label->parent < i);
        ASSERT(vocabulary_find_label(vocabulary, label->name) == i);
        check_modes(vocabulary, label);
        ASSERT(!label->defines[DISCLOSURE_TOKENIZE] ||
               (label->tokenize.length >= 13 && label->tokenize.length <= 51));
    }
    for (size_t i = 0; i < vocabulary->purpose_count; i++) {
        for (size_t k = 0; k < vocabulary->purposes[i].parent_count; k++) {
            ASSERT(vocabulary->purposes[i].parents[k] < vocabulary->purpose_count);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new((size_t)64 << 20);
    struct amanat_diagnostics *diagnostics = amanat_diagnostics_new();
    struct catalogue *catalogue = NULL;
    const struct catalogue_source source = {BYTES("vocabulary.yaml"),
                                            bytes_of((const char *)data, size)};
    if (arena != NULL && diagnostics != NULL) {
        const amanat_result compiled =
            catalogue_compile(arena, &source, 1, diagnostics, &catalogue);
        if (amanat_is_ok(compiled)) {
            ASSERT(amanat_diagnostics_errors(diagnostics) == 0);
            check(&catalogue->vocabulary);
        } else if (compiled.status == AMANAT_STATUS_CONFIG_FAULT) {
            ASSERT(amanat_diagnostics_errors(diagnostics) > 0);
        }
    }
    amanat_diagnostics_free(diagnostics);
    arena_free(arena);
    return 0;
}
