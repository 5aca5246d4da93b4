/* SPDX-License-Identifier: Apache-2.0 */
/* What came of a policy test beside what was expected. */
#ifndef AMANAT_GATEWAY_COMMAND_POLICY_TEST_COMPARE_H
#define AMANAT_GATEWAY_COMMAND_POLICY_TEST_COMPARE_H

#include "gateway/command/policy_test_run.h"

/**
 * Appends each difference as a heading and lines, `- ` before what was expected and `+ ` before
 * what came: nothing when all is as expected. Nothing in it steers a terminal.
 */
AMANAT_MUST_CHECK amanat_result policy_test_compare(const struct policy_test *test,
                                                    const struct policy_test_outcome *outcome,
                                                    struct arena *arena, struct buffer *out);

#endif
