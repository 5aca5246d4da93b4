/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as policies in the JSON policy format; what can be read is written and read again, and
 * decided upon. */
#include <stdint.h>

#include "tests/fuzz/policies_input.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static amanat_result decide(struct arena *arena, struct cedar_policy_set *set)
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
    return policies_take_input(cedar_policy_set_add_est, decide, (size_t)32 << 20, data, size);
}
