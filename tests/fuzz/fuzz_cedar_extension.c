/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as the text of each extension type; what is one, written as Cedar text, has an equal
 * value in a policy. */
#include <stdint.h>

#include "policy/base/guard.h"
#include "policy/cedar/cedar.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Decides by a policy that compares `context.v` with the text. */
static amanat_result compare(struct arena *arena, const struct cedar_value *value,
                             struct bytes policy, struct cedar_response *out)
{
    struct cedar_policy_set *set = cedar_policy_set_new(arena, NULL);
    struct cedar_entities *entities = cedar_entities_new(arena, NULL);
    const struct cedar_compiled_policies *compiled = NULL;
    const struct cedar_field field = {BYTES("v"), *value};
    const struct cedar_entity_uid nobody = {BYTES("A"), BYTES("")};
    struct cedar_request request = {nobody, nobody, nobody, {0}};
    TRY_MEMORY(set);
    TRY_MEMORY(entities);
    TRY(cedar_value_record(arena, &field, 1, &request.context));
    TRY(cedar_entities_close(entities, NULL, NULL));
    TRY(cedar_policy_set_add_text(set, "written", policy, NULL));
    TRY(cedar_compile_unchecked(arena, set, &compiled));
    return cedar_authorize(compiled, &request, entities, arena, out);
}

static void write_and_compare(struct arena *arena, const struct cedar_value *value)
{
    struct buffer policy;
    struct cedar_response response;
    buffer_init(&policy, 4096);
    buffer_append_string(&policy, "permit(principal, action, resource) when { context.v == ");
    cedar_value_append(&policy, value);
    buffer_append_string(&policy, " };");
    ASSERT(!policy.broken);
    const amanat_result compared = compare(arena, value, buffer_bytes(&policy), &response);
    ASSERT(amanat_is_ok(compared));
    ASSERT(response.decision == CEDAR_DECISION_ALLOW && response.error_count == 0);
    buffer_clear(&policy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool (*const constructors[])(struct bytes, struct cedar_value *) = {
        cedar_decimal_from_text, cedar_ip_from_text, cedar_datetime_from_text,
        cedar_duration_from_text};
    const struct bytes text = bytes_of((const char *)data, size);
    struct arena *arena = arena_new((size_t)4 << 20);
    for (size_t i = 0; arena != NULL && i < sizeof(constructors) / sizeof(constructors[0]); i++) {
        struct cedar_value value;
        if (constructors[i](text, &value)) {
            write_and_compare(arena, &value);
        }
    }
    arena_free(arena);
    return 0;
}
