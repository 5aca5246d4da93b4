/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Test support: a catalogue, a plan and the answers about records, from one JSON description, and a
 * run of the redactor over a body. Used by the unit tests, the comparison with the reference in
 * Python, the non-interference pairs and the fuzz target. The format, by example:
 *
 *   {"labels":   {"plate": {}, "cnic": {"mask": {"keep_last": 4}, "tokenize": {"length": 16},
 *                 "coarsen": {"step": 0.01}}},       as in vocabulary.yaml
 *    "subjects": {"cnic": "digits"},                 exact digits upper-alnum lower
 *    "records":  {"Sighting": [{"name": "city", "type": "string", "optional": true}]},
 *                                                    types: string long bool datetime date ipaddr
 *                                                    decimal set (element) record (fields); also
 *                                                    "unread": true
 *    "nodes":    {"root": {"kinds": ["array"], "items": "sighting"},
 *                 "sighting": {"kinds": ["object"], "record": "Sighting",
 *                              "members": {"plate": "plate", "city": "text"}},
 *                 "plate": {"kinds": ["string"], "labels": ["plate"], "subject": "plate"},
 *                 "text": {"kinds": ["string"]}},    also: additional, anything
 *    "root": "root", "ndjson": false, "depth": 0, "limit": 0,
 *    "service":  {"plate": "mask"},                  outside records
 *    "plan":     {"Sighting": {"plate": "reveal", "cnic": ["mask"]}},
 *                                                    a list: asked, at most this
 *    "answers":  {"Sighting": [{"when": ["city", "\"LHR\""], "modes": {"cnic": "mask"}}]},
 *                                                    the first whose condition holds; without
 *                                                    `when`: always
 *    "forbids":  [{"record": "Sighting", "when": ["city", "\"KHI\""], "labels": ["cnic"]}],
 *                                                    also for records inside
 *    "partner": "acme", "now": "2026-11-22", "previous": a key of 32 bytes}
 *
 * A condition compares the attribute's JSON text, byte by byte. A record is invalid when an
 * attribute is missing that is not optional, or is not of its type.
 */
#ifndef TESTS_UNIT_POLICY_REDACT_REDACT_CASE_H
#define TESTS_UNIT_POLICY_REDACT_REDACT_CASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/base/arena.h"
#include "policy/base/buffer.h"
#include "policy/base/document.h"
#include "policy/catalogue/catalogue.h"
#include "policy/redact/plan.h"
#include "policy/redact/redact.h"

struct redact_case {
    struct arena *arena;
    const struct document *description;
    struct catalogue catalogue;
    struct plan plan;
    const struct catalogue_node *root;
    bool ndjson;
    size_t depth_limit;
    size_t record_limit;
    json_mark_fn *mark; /* NULL: the best way of marking */
};

/** Reads a description; prints what is wrong with it and exits if it cannot. */
struct redact_case *redact_case_new(struct bytes description);
void redact_case_free(struct redact_case *redact_case);

/** What came of a run. */
struct redact_outcome {
    struct buffer windows; /* each window's bytes, then a line "\n--\n" */
    struct buffer body;    /* all windows' bytes */
    struct buffer account; /* JSON: sums over all windows; see redact_case.c */
    /** Where each window ends and all that its account says, as numbers in memory: to compare. */
    struct buffer accounts;
    size_t window_count;
    amanat_result result;
    enum redact_fault fault;
    bool nothing;
};

void redact_outcome_clear(struct redact_outcome *outcome);

/** Whether two runs gave the same: windows, where they end, the account of each, the fault. */
bool redact_outcomes_are_equal(const struct redact_outcome *a, const struct redact_outcome *b);

/** Where the body is split: how many bytes the next piece has (at least 1). */
typedef size_t redact_split_fn(void *context, size_t at, size_t left);

/** Runs the redactor; `split` may be NULL: one piece. */
struct redact_outcome redact_case_run(const struct redact_case *redact_case, struct bytes body,
                                      redact_split_fn *split, void *context);

/** `{"result": "ok", "fault": …, "nothing": …, "windows": …, "body": …, "account": …}`. */
void redact_outcome_write(const struct redact_outcome *outcome, struct buffer *out);

#endif
