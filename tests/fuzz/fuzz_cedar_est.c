/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as policies in the JSON policy format; what can be read is written and read again, and
 * decided upon. */
#include <stdint.h>

#include "tests/fuzz/est_round_trip.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static amanat_result decide(struct arena *arena, const struct cedar_policy_set *set)
{
    struct cedar_entities *entities = cedar_entities_new(arena, NULL);
    const struct cedar_compiled_policies *compiled = NULL;
    const struct cedar_request request = {
        .principal = {BYTES("User"), BYTES("alice")},
        .action = {BYTES("Action"), BYTES("view")},
        .resource = {BYTES("Photo"), BYTES("")},
    };
    struct cedar_response response;
    TRY_MEMORY(entities);
    TRY(cedar_entities_close(entities, NULL, NULL));
    TRY(cedar_compile_unchecked(arena, set, &compiled));
    TRY(cedar_authorize(compiled, &request, entities, arena, &response));
    ASSERT(response.permit_count + response.forbid_count + response.error_count <=
           cedar_policy_set_count(set));
    return AMANAT_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new((size_t)32 << 20);
    struct amanat_diagnostics *diagnostics = amanat_diagnostics_new();
    struct cedar_policy_set *set = arena == NULL ? NULL : cedar_policy_set_new(arena, NULL);
    if (set != NULL && diagnostics != NULL) {
        const struct bytes text = bytes_of((const char *)data, size);
        const amanat_result added = cedar_policy_set_add_est(set, "input", text, diagnostics);
        ASSERT(amanat_is_ok(added) == (amanat_diagnostics_errors(diagnostics) == 0) ||
               added.status == AMANAT_STATUS_MEMORY);
        if (amanat_is_ok(added)) {
            round_trip(arena, set);
            const amanat_result decided = decide(arena, set);
            ASSERT(amanat_is_ok(decided) || decided.status == AMANAT_STATUS_MEMORY);
        }
    }
    amanat_diagnostics_free(diagnostics);
    arena_free(arena);
    return 0;
}
