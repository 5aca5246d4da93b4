/* SPDX-License-Identifier: Apache-2.0 */
/* The results of policy tests: for people, for programs, and as JUnit XML for CI systems. */
#ifndef AMANAT_GATEWAY_COMMAND_POLICY_TEST_REPORT_H
#define AMANAT_GATEWAY_COMMAND_POLICY_TEST_REPORT_H

#include <stdio.h>

#include "gateway/command/policy_test_run.h"
#include "policy/cedar/cedar.h"

struct policy_test_result {
    const struct policy_test *test;
    struct bytes failure; /* lines of policy_test_compare; no bytes: it passed */
};

struct policy_test_results {
    const char *folder;
    const struct policy_test_result *items; /* in the order of files and tests */
    size_t count;
    size_t failed;
    /** Policies that determined nothing in any test; not known when only some tests were run. */
    const struct cedar_policy *const *unexercised;
    size_t unexercised_count;
    bool is_strict; /* an unexercised policy is a failure */
};

/** Each failing test with its differences, `all`: also those that passed; then a summary. */
void policy_test_print(FILE *stream, const struct policy_test_results *results, bool all);

/** One JSON object with everything. */
void policy_test_print_json(FILE *stream, const struct policy_test_results *results);

/** A JUnit file: a suite for each file of tests, and in strict runs one for policies. */
void policy_test_print_junit(FILE *stream, const struct policy_test_results *results);

/** Whether all is well. */
bool policy_test_is_success(const struct policy_test_results *results);

/** "FOLDER/PATH", or PATH alone where that is absolute. */
void policy_test_append_path(struct buffer *out, const char *folder, const char *path);

#endif
