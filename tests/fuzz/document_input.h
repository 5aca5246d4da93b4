/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes through a reader of the document tree; what is accepted is walked whole. */
#ifndef AMANAT_TESTS_FUZZ_DOCUMENT_INPUT_H
#define AMANAT_TESTS_FUZZ_DOCUMENT_INPUT_H

#include <stdint.h>
#include <stdlib.h>

#include "policy/base/document.h"
#include "policy/base/guard.h"
#include "policy/base/utf8.h"

typedef amanat_result document_read_fn(struct arena *arena, const char *source, struct bytes text,
                                       struct amanat_diagnostics *diagnostics,
                                       const struct document **out);

static inline void document_walk(const struct document *document, unsigned depth)
{
    ASSERT(depth <= DOCUMENT_DEPTH_LIMIT);
    ASSERT(document->line > 0 && document->column > 0);
    ASSERT(utf8_is_valid(document->text));
    for (size_t i = 0; i < document->count; i++) {
        if (document->kind == DOCUMENT_ARRAY) {
            document_walk(&document->items[i], depth + 1);
        } else {
            ASSERT(document->kind == DOCUMENT_OBJECT);
            ASSERT(utf8_is_valid(document->members[i].key));
            document_walk(&document->members[i].value, depth + 1);
        }
    }
}

static inline void document_take_input(document_read_fn *read, const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new((size_t)64 << 20);
    struct amanat_diagnostics *diagnostics = amanat_diagnostics_new();
    const struct document *document = NULL;
    if (arena != NULL && diagnostics != NULL) {
        const struct bytes text = bytes_of((const char *)data, size);
        if (amanat_is_ok(read(arena, "input", text, diagnostics, &document))) {
            ASSERT(amanat_diagnostics_errors(diagnostics) == 0);
            document_walk(document, 0);
        }
    }
    amanat_diagnostics_free(diagnostics);
    arena_free(arena);
}

#endif
