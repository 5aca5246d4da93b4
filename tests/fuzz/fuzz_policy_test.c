/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a file of policy tests; what is accepted keeps what policy_test.h promises. */
#include <stdint.h>

#include "gateway/command/policy_test.h"
#include "policy/base/base.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct policy_test_file *file)
{
    ASSERT(file->test_count > 0);
    for (size_t i = 0; i < file->test_count; i++) {
        const struct policy_test *test = &file->tests[i];
        ASSERT(test->file == file && test->has_now && test->name.length > 0);
        ASSERT(test->agent >= file->agents && test->agent < file->agents + file->agent_count);
        ASSERT(test->agent->partner.length > 0 && test->agent->agent.length > 0);
        ASSERT(test->operation.text.length > 0 && test->expect.is_given);
        for (size_t k = 0; k < test->expect.plan_count; k++) {
            ASSERT(test->expect.plan[k].word != NULL);
        }
    }
    for (size_t i = 0; i < file->fact_count; i++) {
        ASSERT((file->facts[i].entity == NULL) != (file->facts[i].path.text.length == 0));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new((size_t)64 << 20);
    struct amanat_diagnostics *diagnostics = amanat_diagnostics_new();
    struct policy_test_file file;
    if (arena != NULL && diagnostics != NULL) {
        const amanat_result result = policy_test_read(
            arena, "tests/fuzz_test.yaml", bytes_of((const char *)data, size), diagnostics, &file);
        if (amanat_is_ok(result)) {
            ASSERT(amanat_diagnostics_errors(diagnostics) == 0);
            check(&file);
        } else if (result.status == AMANAT_STATUS_CONFIG_FAULT) {
            ASSERT(amanat_diagnostics_errors(diagnostics) > 0);
        }
    }
    amanat_diagnostics_free(diagnostics);
    arena_free(arena);
    return 0;
}
