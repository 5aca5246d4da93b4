/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why an access is decided as it is, for the administrator of the policy folder (it tells facts and
 * values, never show it to a partner). The questions are those of access_decide, asked by the same
 * functions; beside each answer stand the policies that gave it and the permits that came nearest.
 */
#ifndef AMANAT_POLICY_DISCLOSURE_ACCESS_EXPLAIN_H
#define AMANAT_POLICY_DISCLOSURE_ACCESS_EXPLAIN_H

#include "policy/cedar/cedar.h"
#include "policy/disclosure/access.h"

/** How one policy stands to one question. */
enum explained_standing {
    EXPLAINED_FAILS = 0, /* its scope or a condition does not hold, or errs */
    EXPLAINED_OPEN,      /* it depends on the record */
    EXPLAINED_APPLIES
};

struct explained_policy {
    const struct cedar_policy *policy;
    enum explained_standing standing;
    size_t around;  /* the record type around the field's own that it forbids, or CATALOGUE_NONE */
    unsigned parts; /* of its scope that match: 0 to 3 */
    struct cedar_explanation explanation;
};

/** A forbid that holds, or errs and so forbids too. */
struct explained_forbid {
    const struct cedar_policy *policy;
    size_t around; /* the record type around the field's own that it forbids, or CATALOGUE_NONE */
};

enum explained_answer {
    EXPLAINED_NOT_PERMITTED = 0, /* no permit applies */
    EXPLAINED_FORBIDDEN,
    EXPLAINED_DEPENDS, /* on the record */
    EXPLAINED_PERMITTED
};

/** One question put to the policies. */
struct explained_question {
    struct bytes action;
    struct cedar_entity_uid resource;
    enum explained_answer answer;
    const struct cedar_policy *const *permits; /* those that apply, also when a forbid wins */
    size_t permit_count;
    const struct explained_forbid *forbids;
    size_t forbid_count;
    const struct cedar_policy_error *errors;
    size_t error_count;
    /**
     * Policies for this action that do not apply: permits, the nearest first; of what depends on
     * the record also forbids.
     */
    const struct explained_policy *others;
    size_t other_count;
};

/** A question about something that the call asks by. */
struct explained_asked {
    struct bytes parameter; /* no bytes: a member of the body */
    struct explained_question question;
};

/** One label at one place: each mode that the vocabulary defines for it, the strongest first. */
struct explained_label {
    size_t label;
    struct plan_verdict verdict; /* the plan's, or the record's */
    const struct explained_question *modes;
    size_t mode_count;
};

/** The labels outside records (`record` is CATALOGUE_NONE) or in one record type. */
struct explained_place {
    size_t record;
    const struct explained_label *labels;
    size_t label_count;
};

/** Records of the answer to which all policies stand alike. */
struct explained_group {
    struct explained_place place; /* with the values of the first of them */
    bool left_out; /* an attribute that policies read is missing or of a wrong type */
    size_t first;  /* its number among the records of its type, from 1 */
    size_t count;
};

struct access_explanation {
    struct access_decision decision; /* access_decide's own */
    /** False: refused before any policy was asked; `decision.problem` tells why. */
    bool is_asked;
    bool partner_is_unknown;
    const struct bytes *partners; /* names of all that the folder has */
    size_t partner_count;
    struct explained_question call;
    const struct explained_asked *asked;
    size_t asked_count;
    /** As they would be, were the access permitted. Outside records comes first, if used. */
    const struct explained_place *places;
    size_t place_count;
    const struct explained_group *groups; /* of records that were asked about */
    size_t group_count;
    struct explained_records *records; /* what access_explain_records collects */
};

/**
 * Decides an access and explains it; lives in `arena`. A refusal is an OK result. Fails as
 * access_decide does.
 */
AMANAT_MUST_CHECK amanat_result access_explain(const struct ruleset *ruleset,
                                               const struct access_request *request,
                                               struct arena *arena, struct access_explanation *out);

/**
 * A plan as the decision's (which must be permitted) that also explains each record that it is
 * asked about; access_explain_groups gives what came of it.
 */
AMANAT_MUST_CHECK amanat_result access_explain_records(struct access_explanation *explanation,
                                                       const struct plan **out);
AMANAT_MUST_CHECK amanat_result access_explain_groups(struct access_explanation *explanation);

#endif
