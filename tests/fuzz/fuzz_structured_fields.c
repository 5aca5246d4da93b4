/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a structured-field dictionary: what is accepted keeps its promises, what is refused
 * is said once. */
#include <stdint.h>

#include "gateway/http/http.h"
#include "policy/base/guard.h"
#include "policy/base/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new((size_t)16 << 20);
    struct amanat_diagnostics *diagnostics = amanat_diagnostics_new();
    struct http_structured_dictionary dictionary = {NULL, 0};
    const struct bytes field = bytes_of((const char *)data, size);
    const amanat_result result =
        http_structured_read(arena, "Need", field, diagnostics, &dictionary);
    const bool is_read = amanat_is_ok(result);
    ASSERT(is_read == (amanat_diagnostics_count(diagnostics) == 0) ||
           result.status == AMANAT_STATUS_MEMORY);
    for (size_t i = 0; i < dictionary.count; i++) {
        const struct http_structured_member *member = &dictionary.members[i];
        ASSERT(member->key.length > 0 && utf8_is_valid(member->text));
        ASSERT(member->integer > -INT64_C(1000000000000000) &&
               member->integer < INT64_C(1000000000000000));
    }
    amanat_diagnostics_free(diagnostics);
    arena_free(arena);
    return 0;
}
