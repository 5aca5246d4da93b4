/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory that fails when a test says so: programs that link amanat_test_failing_memory get
 * malloc, calloc and realloc from here instead of from the C library (the linker's `--wrap`). In
 * sanitizer builds each piece of an arena is an allocation of its own.
 */
#ifndef AMANAT_TESTS_SUPPORT_FAILING_MEMORY_H
#define AMANAT_TESTS_SUPPORT_FAILING_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

#include "amanat/result.h"

extern size_t allocations;  /* since the counter was set back */
extern size_t failing_from; /* the first that fails; 0: none */
extern bool fails_on;       /* also all later ones */

/** What fails for want of memory says so: MEMORY, or LIMIT where a buffer could not grow. */
static inline bool is_want_of_memory(amanat_result result)
{
    return result.status == AMANAT_STATUS_MEMORY || result.status == AMANAT_STATUS_LIMIT;
}

/* Every step goes only where the one before it has succeeded; the first failure is the result. */
#define STEP(expression)                                                                           \
    do {                                                                                           \
        const amanat_result step_result_ = (expression);                                           \
        if (!amanat_is_ok(step_result_)) {                                                         \
            return step_result_;                                                                   \
        }                                                                                          \
    } while (0)

#endif
