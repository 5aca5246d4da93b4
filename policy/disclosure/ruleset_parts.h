/* SPDX-License-Identifier: Apache-2.0 */
/* What a ruleset is made of; private to policy/disclosure. */
#ifndef AMANAT_POLICY_DISCLOSURE_RULESET_PARTS_H
#define AMANAT_POLICY_DISCLOSURE_RULESET_PARTS_H

#include <stdatomic.h>

#include "policy/cedar/cedar.h"
#include "policy/disclosure/ruleset.h"
#include "policy/redact/redact.h"

/** One mode of a label, as an action. */
struct ruleset_action {
    struct bytes id;   /* of Action::"…" */
    bool is_spoken_of; /* by some policy's action scope */
};

struct ruleset {
    atomic_size_t references;
    struct arena *arena;
    struct ruleset_sources sources;
    struct catalogue *catalogue;
    const struct cedar_schema *schema;
    struct cedar_policy_set *policies;
    const struct cedar_compiled_policies *compiled_policies;
    const struct cedar_entities *folder_entities; /* partners, purposes, services, actions */
    /** Those, and over them the facts. */
    const struct cedar_entities *entities;
    /** [label * DISCLOSURE_MODE_COUNT + mode]; without id if not defined. */
    struct ruleset_action *field_actions;
    bool model_has_case;
    struct layouts *layouts; /* of the plans of all accesses */
};

/* What a check of policies may take beside the ruleset; it is given back afterwards. */
#define RULESET_SCRATCH_LIMIT ((size_t)256 << 20)

/**
 * Checks the policies, which only then can be compiled: strictly against the schema, and for what
 * cannot be meant here (ruleset_check.c). CONFIG_FAULT after diagnostics for all faults.
 */
AMANAT_MUST_CHECK amanat_result ruleset_check_policies(const struct ruleset *ruleset,
                                                       struct amanat_diagnostics *diagnostics,
                                                       const struct cedar_checked_policies **out);

/** Its part that is Cedar's: types, with messages that name the services (ruleset_attribute.c). */
AMANAT_MUST_CHECK amanat_result ruleset_check_types(const struct ruleset *ruleset,
                                                    struct amanat_diagnostics *diagnostics,
                                                    const struct cedar_checked_policies **out);

/**
 * Messages show the lines of the folder. They do not show those of facts, which hold data about
 * people and whose messages may end in a log.
 */
void ruleset_quote_folder(const struct ruleset_sources *sources,
                          struct amanat_diagnostics *diagnostics);

/**
 * CONFIG_FAULT, after diagnostics, for parameters that are set from attributes which the model does
 * not have, or has of another type (ruleset_parameter.c).
 */
AMANAT_MUST_CHECK amanat_result ruleset_check_bindings(const struct ruleset *ruleset,
                                                       struct amanat_diagnostics *diagnostics);

/** Warns of parameters that page where policies may leave records out (ruleset_paging.c). */
AMANAT_MUST_CHECK amanat_result ruleset_lint_paging(const struct ruleset *ruleset,
                                                    struct arena *arena,
                                                    struct amanat_diagnostics *diagnostics);

/** The ids of all entities of type Partner, the folder's first. */
AMANAT_MUST_CHECK amanat_result ruleset_list_partners(const struct ruleset *ruleset,
                                                      struct arena *arena, const struct bytes **out,
                                                      size_t *out_count);

/** Whether the policy's action scope takes in the action; no template does. */
bool ruleset_speaks_of(const struct ruleset *ruleset, const struct cedar_policy *policy,
                       const struct cedar_entity_uid *action);

/** "mode:label" of Action::"mode:label", or "query:…", "submit:…". */
struct bytes ruleset_label_action(struct arena *arena, const char *verb, struct bytes label);

#endif
