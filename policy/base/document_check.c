/* SPDX-License-Identifier: Apache-2.0 */
/* What every document must satisfy, whichever syntax it came in: valid UTF-8, and no key twice in
 * one object. */
#include "policy/base/document_check.h"

#include <stdlib.h>

#include "policy/base/guard.h"
#include "policy/base/utf8.h"

void document_position_of(struct bytes text, size_t offset, unsigned *out_line,
                          unsigned *out_column)
{
    unsigned line = 1;
    size_t line_start = 0;
    for (size_t i = 0; i < offset && i < text.length; i++) {
        if (text.at[i] == '\n') {
            line++;
            line_start = i + 1;
        }
    }
    *out_line = line;
    *out_column = (unsigned)(offset - line_start) + 1;
}

amanat_result document_check_encoding(const char *source, struct bytes text,
                                      struct amanat_diagnostics *diagnostics)
{
    const size_t valid = utf8_valid_length(text);
    if (valid == text.length) {
        return AMANAT_OK;
    }
    unsigned line = 0;
    unsigned column = 0;
    document_position_of(text, valid, &line, &column);
    amanat_diagnostics_add(diagnostics, AMANAT_SEVERITY_ERROR, "encoding", source, line, column,
                           "byte 0x%02X is not valid UTF-8 here", (unsigned char)text.at[valid]);
    return amanat_result_of(AMANAT_STATUS_CONFIG_FAULT);
}

/* By key, then by place in the file (members are one array, so an address is a place). */
static int compare_members(const void *a, const void *b)
{
    const struct document_member *left = *(const struct document_member *const *)a;
    const struct document_member *right = *(const struct document_member *const *)b;
    const int order = bytes_compare(left->key, right->key);
    return order != 0 ? order : (left > right) - (left < right);
}

/*
 * Sorting, not hashing: whoever wrote the document may have chosen the keys so that they collide.
 */
amanat_result document_check_keys(struct arena *arena, const char *source,
                                  const struct document *object,
                                  struct amanat_diagnostics *diagnostics)
{
    if (object->count < 2) {
        return AMANAT_OK;
    }
    const struct arena_mark mark = arena_mark(arena);
    const struct document_member **sorted =
        arena_allocate_array(arena, object->count, sizeof(*sorted));
    TRY_MEMORY(sorted);
    for (size_t i = 0; i < object->count; i++) {
        sorted[i] = &object->members[i];
    }
    qsort(sorted, object->count, sizeof(*sorted), compare_members);
    amanat_result result = AMANAT_OK;
    for (size_t i = 1; i < object->count; i++) {
        if (bytes_equal(sorted[i]->key, sorted[i - 1]->key)) {
            amanat_diagnostics_add(
                diagnostics, AMANAT_SEVERITY_ERROR, "duplicate-key", source, sorted[i]->line,
                sorted[i]->column, "key \"%.*s\" stands twice in one object, before at %u:%u",
                BYTES_PRINTF(sorted[i]->key), sorted[i - 1]->line, sorted[i - 1]->column);
            result = amanat_result_of(AMANAT_STATUS_CONFIG_FAULT);
        }
    }
    arena_rewind(arena, mark);
    return result;
}
