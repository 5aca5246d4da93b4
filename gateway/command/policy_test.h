/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A policy test as an administrator writes it, in `tests/…_test.yaml` of a policy folder: who calls
 * what for which need, what the service answers, and what is to come of it. README.md in
 * examples/lahore/tests has the format.
 *
 *   policy_test_read.c     one file's text becomes tests; every fault with its position
 *                          (by tables of keys: policy_test_keys.c; policy_test_expect.c)
 *   policy_test_files.c    the files of a folder, and what they name; checked against a ruleset
 *   policy_test_run.c      one test through the gateway's own decision and redactor
 *   policy_test_compare.c  what came of it beside what was expected (line_diff.c)
 *   policy_test_report.c   for people and for programs; policy_test_junit.c for CI systems
 */
#ifndef AMANAT_GATEWAY_COMMAND_POLICY_TEST_H
#define AMANAT_GATEWAY_COMMAND_POLICY_TEST_H

#include "amanat/diagnostics.h"
#include "amanat/result.h"
#include "policy/disclosure/disclosure.h"

struct policy_test_place {
    unsigned line;
    unsigned column;
};

/** A text and where it stands; no bytes: not given. */
struct policy_test_text {
    struct bytes text;
    struct policy_test_place place;
};

struct policy_test_texts {
    const struct policy_test_text *items;
    size_t count;
    bool is_given; /* perhaps with no items */
};

/** The content of a body: as a document, or byte for byte. */
struct policy_test_content {
    bool is_given;
    const struct document *document; /* `body`; or NULL */
    struct bytes text;               /* `body_text`, or what `body_file` holds */
    struct policy_test_text file;    /* `body_file`: relative to the test's file */
};

/** A request's or an answer's. */
struct policy_test_message {
    bool is_given;
    struct policy_test_place place;
    unsigned status; /* of an answer */
    struct bytes type;
    struct policy_test_content content;
};

struct policy_test_agent {
    struct bytes name; /* in this file */
    struct bytes partner;
    struct bytes agent;
    const struct access_claim *claims;
    size_t claim_count;
    bool has_certificate;
    bool has_token;
};

/** What a label is expected to be: a mode, `record`, `withheld` or `forbidden`. */
struct policy_test_verdict {
    struct policy_test_text label; /* and those below it; POLICY_TEST_OTHERS: all not named */
    const char *word;              /* static storage */
};

#define POLICY_TEST_OTHERS    "others"
#define POLICY_TEST_FORBIDDEN "forbidden"
#define POLICY_TEST_RECORD    "record"

enum policy_test_decision {
    POLICY_TEST_DECISION_ANY = 0, /* not looked at */
    POLICY_TEST_DECISION_PERMITTED,
    POLICY_TEST_DECISION_REFUSED
};

/** What is expected; what is not given is not looked at. */
struct policy_test_expect {
    struct policy_test_place place;
    bool is_given; /* at least one thing is expected */
    enum policy_test_decision decision;
    const struct problem_kind *problem; /* what the agent gets instead of an answer */
    unsigned status;                    /* what the agent gets; 0: not looked at */
    struct policy_test_text parameter;  /* that the problem names */
    struct policy_test_text detail;     /* the problem's words */
    const struct policy_test_verdict *plan;
    size_t plan_count;
    struct policy_test_content body;
    struct policy_test_texts policies; /* ids: what permitted the call, or forbade it */
    struct policy_test_texts errors;   /* ids of policies that cannot be evaluated */
};

struct policy_test {
    const struct policy_test_file *file;
    struct bytes name;
    struct policy_test_place place;
    const struct policy_test_agent *agent;
    struct policy_test_text operation;
    struct access_need need;
    struct bytes need_header; /* instead of `need` */
    bool has_now;
    int64_t now; /* milliseconds since the epoch */
    struct bytes network;
    const struct catalogue_named_value *parameters;
    size_t parameter_count;
    struct policy_test_message request;
    struct policy_test_message upstream;
    struct policy_test_expect expect;
};

/** A file of facts, or one entity that stands in the test's file. */
struct policy_test_fact {
    struct policy_test_text path;  /* relative to the test's file */
    const struct document *entity; /* or NULL */
};

struct policy_test_file {
    const char *path;  /* "tests/cameras_test.yaml" */
    struct bytes text; /* all of it, for messages */
    const struct policy_test_fact *facts;
    size_t fact_count;
    const struct policy_test_agent *agents;
    size_t agent_count;
    struct policy_test *tests;
    size_t test_count;
};

/**
 * Reads one file; all of it lives in `arena`. CONFIG_FAULT after a diagnostic for every fault,
 * MEMORY.
 */
AMANAT_MUST_CHECK amanat_result policy_test_read(struct arena *arena, const char *path,
                                                 struct bytes text,
                                                 struct amanat_diagnostics *diagnostics,
                                                 struct policy_test_file *out);

/* ---- the tests of a folder (policy_test_files.c) ---- */

struct policy_test_files {
    struct policy_test_file *const *items; /* sorted by path */
    size_t count;
};

/**
 * Reads all test files of a policy folder and the bodies that they name; a folder without `tests/`
 * has none. CONFIG_FAULT or IO after diagnostics.
 */
AMANAT_MUST_CHECK amanat_result policy_test_files_read(const char *folder, struct arena *arena,
                                                       struct amanat_diagnostics *diagnostics,
                                                       struct policy_test_files *out);

/** Whether operations, labels and policies that tests name exist. CONFIG_FAULT after diagnostics.
 */
AMANAT_MUST_CHECK amanat_result policy_test_files_check(const struct policy_test_files *files,
                                                        const struct ruleset *ruleset,
                                                        struct arena *arena,
                                                        struct amanat_diagnostics *diagnostics);

#endif
