/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Running policy tests: a ruleset for each set of facts, compiled once, and one test through the
 * gateway's own catalogue, decision and redactor.
 */
#ifndef AMANAT_GATEWAY_COMMAND_POLICY_TEST_RUN_H
#define AMANAT_GATEWAY_COMMAND_POLICY_TEST_RUN_H

#include "gateway/command/policy_test.h"
#include "policy/base/map.h"
#include "policy/base/vector.h"

struct policy_test_ruleset {
    struct bytes facts; /* what tells one set of facts from another */
    struct ruleset *ruleset;
};

/** The policy folder, and its rulesets with the facts of the tests. Freed by `_clear`. */
struct policy_test_world {
    const char *folder;
    struct arena *arena; /* lives as long as the world */
    struct amanat_diagnostics *diagnostics;
    struct ruleset_sources sources;
    VECTOR(struct policy_test_ruleset) rulesets;
    /** Ids of policies that determined some answer: their permit opened it, their forbid closed it.
     */
    struct map exercised;
    bool is_out_of_memory;
};

/** Reads the policy folder. CONFIG_FAULT, IO or LIMIT after diagnostics. */
AMANAT_MUST_CHECK amanat_result policy_test_world_init(struct policy_test_world *world,
                                                       const char *folder, struct arena *arena,
                                                       struct amanat_diagnostics *diagnostics);
void policy_test_world_clear(struct policy_test_world *world);

/** The ruleset with the facts of this file, compiled when it is first asked for. */
AMANAT_MUST_CHECK amanat_result policy_test_world_ruleset(struct policy_test_world *world,
                                                          const struct policy_test_file *file,
                                                          struct ruleset **out);

/** What came of one test. Lives in the arena it was run in. */
struct policy_test_outcome {
    const struct ruleset *ruleset;
    struct catalogue_call call;
    struct access_decision decision; /* of zeroes when the request was refused before */
    bool has_problem;
    struct problem problem; /* what the agent gets instead of an answer */
    const char *fault;      /* why the redactor refused the service's answer; or NULL */
    unsigned status;        /* what the agent gets; 0: the test has no answer of a service */
    bool has_body;
    struct bytes body;
    const struct bytes *errors; /* ids of policies that could not be evaluated, each once */
    size_t error_count;
};

/** Runs one test. A refusal is an outcome; failures are MEMORY and the like. */
AMANAT_MUST_CHECK amanat_result policy_test_run(struct policy_test_world *world,
                                                const struct policy_test *test,
                                                const struct ruleset *ruleset, struct arena *arena,
                                                struct policy_test_outcome *out);

#endif
