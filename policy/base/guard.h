/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The guards of our own code: TRY hands a failure up, ASSERT stops the process when a promise
 * inside the program is broken. Both stay on in release builds: a gateway that no longer knows what
 * it does must not go on disclosing.
 */
#ifndef AMANAT_POLICY_BASE_GUARD_H
#define AMANAT_POLICY_BASE_GUARD_H

#include "amanat/diagnostics.h"
#include "amanat/result.h"

/** Returns from the calling function with the failure of `expression`, if it failed. */
#define TRY(expression)                                                                            \
    do {                                                                                           \
        const amanat_result try_result_ = (expression);                                            \
        if (!amanat_is_ok(try_result_)) {                                                          \
            return try_result_;                                                                    \
        }                                                                                          \
    } while (0)

/** The same but for CONFIG_FAULT, which is kept in `result`, so that all faults can be reported. */
#define GO_ON_AFTER_FAULT(result, expression)                                                      \
    do {                                                                                           \
        const amanat_result step_result_ = (expression);                                           \
        if (step_result_.status == AMANAT_STATUS_CONFIG_FAULT) {                                   \
            (result) = step_result_;                                                               \
        } else {                                                                                   \
            TRY(step_result_);                                                                     \
        }                                                                                          \
    } while (0)

/** Returns `AMANAT_STATUS_MEMORY` from the calling function if `pointer` is NULL. */
#define TRY_MEMORY(pointer)                                                                        \
    do {                                                                                           \
        if ((pointer) == NULL) {                                                                   \
            return amanat_result_of(AMANAT_STATUS_MEMORY);                                         \
        }                                                                                          \
    } while (0)

/** Prints what failed and aborts. */
_Noreturn void guard_assertion_failed(const char *condition, const char *file, int line);

#define ASSERT(condition)                                                                          \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            guard_assertion_failed(#condition, __FILE__, __LINE__);                                \
        }                                                                                          \
    } while (0)

#endif
