/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ruleset: one immutable compiled snapshot of vocabulary, model, policies, entities, services
 * and facts. Accesses share it by reference; a reload makes another one (design 4.7).
 */
#ifndef AMANAT_POLICY_DISCLOSURE_RULESET_H
#define AMANAT_POLICY_DISCLOSURE_RULESET_H

#include "amanat/diagnostics.h"
#include "amanat/result.h"
#include "policy/base/buffer.h"
#include "policy/catalogue/catalogue.h"

struct ruleset;
struct cedar_policy_set;

struct ruleset_sources {
    const struct catalogue_source *folder; /* the policy folder, paths relative to it, sorted */
    size_t folder_count;
    /** Entities that change by the hour; paths only for messages. */
    const struct catalogue_source *facts;
    size_t facts_count;
};

/**
 * Compiles a policy folder. The sources are copied. Every fault found is in `diagnostics`;
 * CONFIG_FAULT if any of them is an error. The new ruleset has one reference.
 */
AMANAT_MUST_CHECK amanat_result ruleset_compile(const struct ruleset_sources *sources,
                                                struct amanat_diagnostics *diagnostics,
                                                struct ruleset **out);

/**
 * Warns of policies that are right and perhaps not meant: "weaker-mode-forbidden",
 * "query-finer-than-answer", "case-unbound" (ruleset_lint.c),
 * "paging-shows-left-out-records" (ruleset_paging.c).
 */
AMANAT_MUST_CHECK amanat_result ruleset_lint(const struct ruleset *ruleset,
                                             struct amanat_diagnostics *diagnostics);

/** Counting references is safe from several threads. The last `unref` frees; NULL is fine there. */
struct ruleset *ruleset_ref(struct ruleset *ruleset);
void ruleset_unref(struct ruleset *ruleset);

const struct catalogue *ruleset_catalogue(const struct ruleset *ruleset);

/** How many policies it has, links included. */
size_t ruleset_policy_count(const struct ruleset *ruleset);

/** All policies of the folder, for whoever shows them. */
const struct cedar_policy_set *ruleset_policies(const struct ruleset *ruleset);

/** The sources as they were compiled: to be stored in the trail. */
const struct ruleset_sources *ruleset_sources(const struct ruleset *ruleset);

/**
 * Writes the whole Cedar schema of a folder (the text of `schema.cedarschema`): the model's texts
 * and what is derived. Needs only vocabulary, model and services to be right. CONFIG_FAULT with
 * diagnostics.
 */
AMANAT_MUST_CHECK amanat_result ruleset_write_schema(const struct ruleset_sources *sources,
                                                     struct amanat_diagnostics *diagnostics,
                                                     struct buffer *out);

/** The path in the folder of the generated schema that editors read. */
#define RULESET_SCHEMA_PATH "schema.cedarschema"

#endif
