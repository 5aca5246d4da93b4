/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who can do something, by all policies of a folder: for each permit the partners and purposes for
 * which it can apply, with the conditions that only a real access can answer; and the forbids that
 * may take it away again.
 *
 * It is found by evaluation for every partner and purpose that there is, of all that reads nothing
 * but the partner, the purpose, the action and the kind of resource. Every other condition is
 * listed as it is written: whether it can ever hold is not looked into.
 */
#ifndef AMANAT_POLICY_DISCLOSURE_WHO_CAN_H
#define AMANAT_POLICY_DISCLOSURE_WHO_CAN_H

#include "policy/cedar/cedar.h"
#include "policy/disclosure/ruleset.h"

struct who_can_names {
    const struct bytes *items;
    size_t count;
};

/** What must hold besides. Line 0: it stands in the scope. */
struct who_can_condition {
    struct bytes text;
    bool unless; /* it must be false */
    unsigned line;
    unsigned column;
};

/** All for which one policy stands alike, in one mode. */
struct who_can_row {
    struct bytes mode; /* "reveal", "query" …, or the operation */
    const struct cedar_policy *policy;
    struct who_can_names labels;    /* of an operation: none */
    struct who_can_names resources; /* "Sighting", "Service anpr" */
    struct who_can_names partners;
    struct who_can_names purposes;
    const struct who_can_condition *conditions;
    size_t condition_count;
};

struct who_can {
    bool is_action;               /* the folder has such an action; else the rest is empty */
    struct who_can_names actions; /* all that it has */
    struct who_can_names partners;
    struct who_can_names purposes;
    /** What is permitted and not forbidden for certain; the strongest mode first. */
    const struct who_can_row *permits;
    size_t permit_row_count;
    /** Forbids that speak of something that is permitted. */
    const struct who_can_row *forbids;
    size_t forbid_row_count;
};

/**
 * Asks about an action, or a group of actions such as `disclose:person`. MEMORY is the only
 * failure.
 */
AMANAT_MUST_CHECK amanat_result ruleset_who_can(const struct ruleset *ruleset, struct bytes action,
                                                struct arena *arena, struct who_can *out);

#endif
