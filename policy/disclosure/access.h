/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One access as policy sees it: who asks, for which need, what is called; and the decision: refused
 * with a problem, or permitted with a plan that the redactor carries out.
 */
#ifndef AMANAT_POLICY_DISCLOSURE_ACCESS_H
#define AMANAT_POLICY_DISCLOSURE_ACCESS_H

#include "policy/base/document.h"
#include "policy/catalogue/catalogue.h"
#include "policy/disclosure/ruleset.h"
#include "policy/redact/redact.h"

/** What the agent declares (design 1, "need"). Members without bytes are not given. */
struct access_need {
    struct bytes purpose;
    struct bytes case_id;
    struct bytes basis;
    struct bytes reason;
    bool is_signed; /* it came in the token */
};

/** A claim of the token that the configuration lists. */
struct access_claim {
    struct bytes name;
    const struct document *value;
};

struct cedar_response;

/**
 * Is told what the policies answered to one question of an access: about an action or, as
 * "mode:label", about a field.
 */
typedef void access_answer_fn(void *context, struct bytes action,
                              const struct cedar_response *response);

struct access_request {
    struct bytes partner;
    struct bytes agent; /* the NAME in Agent::"PARTNER/NAME" */
    const struct access_claim *claims;
    size_t claim_count;
    struct access_need need;
    const struct catalogue_call *call;
    const struct catalogue_body *body; /* or NULL */
    int64_t now;                       /* milliseconds since the epoch */
    struct bytes address;              /* of the client, as Cedar's ip() reads it */
    bool has_certificate;
    bool has_token;
    struct bytes tokenize_key;      /* 32 bytes; must live as long as the decision */
    struct bytes tokenize_previous; /* the same of the key before, while keys overlap; else none */
    /** Called for each answer, also while records are asked about; NULL: nobody wants to know. */
    access_answer_fn *on_answer;
    void *on_answer_context;
};

/** How the named case stands: only the trail tells the difference between UNKNOWN and NOT_GIVEN. */
enum access_case { ACCESS_CASE_NOT_GIVEN = 0, ACCESS_CASE_UNKNOWN, ACCESS_CASE_GIVEN };

enum access_verdict { ACCESS_REFUSED = 0, ACCESS_PERMITTED = 0xACC3 };

/** How often the access asks by a label. */
struct access_asked {
    size_t label;
    size_t uses;
};

/**
 * Questions about fields in which a policy could not be evaluated; it grows while records are asked
 * about.
 */
struct access_field_errors {
    size_t count;
    struct bytes policy; /* the id of the first one */
};

struct access_decision {
    enum access_verdict verdict;
    struct problem problem; /* when refused */
    enum access_case case_state;
    size_t purpose;     /* index in the vocabulary, or CATALOGUE_NONE while it is not known */
    struct bytes basis; /* as the vocabulary spells it, or no bytes */
    /** Ids: the permits that permitted the call, or the forbids that refused it. */
    const struct bytes *policies;
    size_t policy_count;
    const struct bytes *errors; /* ids of policies that could not be evaluated: an alarm */
    size_t error_count;
    const struct access_asked *asked; /* by label, in the order of the vocabulary */
    size_t asked_count;
    const struct redact_subject *subjects; /* asked by; identifiers normalised */
    size_t subject_count;
    /** When permitted: the call as it goes to the service, with what the gateway sets. */
    struct catalogue_call call;
    /**
     * The parameter that the gateway could not set, which refused the access: an alarm; else no
     * bytes.
     */
    struct bytes unbound;
    const struct plan *plan;                        /* when permitted */
    const struct access_field_errors *field_errors; /* when permitted: an alarm, too */
};

/**
 * Decides an access: the need first, then the call, then what it asks by, then what the gateway
 * sets, then the plan. All of the
 * decision lives in `arena`, which the plan's questions use too, and must not outlive `ruleset`. A
 * refusal is an OK result whose verdict is not PERMITTED; a failure (MEMORY, BUG) is no decision,
 * and discloses nothing.
 */
AMANAT_MUST_CHECK amanat_result access_decide(const struct ruleset *ruleset,
                                              const struct access_request *request,
                                              struct arena *arena, struct access_decision *out);

/**
 * From now on the plan's questions about records are asked as of this time (milliseconds since the
 * epoch): for an access that takes long and was decided again. MEMORY: then it must end.
 */
AMANAT_MUST_CHECK amanat_result access_set_now(const struct access_decision *decision, int64_t now);

/**
 * Whether forbids alone keep a label from leaving, in every mode that it has and wherever the
 * operation has it: then no permit that somebody adds can open it. What depends on a record's
 * attributes is not forbidden yet.
 */
AMANAT_MUST_CHECK amanat_result access_is_forbidden(const struct access_decision *decision,
                                                    size_t label, bool *out);

/**
 * The word for a label in the `Disclosure` header: its mode, over all places where it may stand the
 * strongest; `record` where it depends on the record; NULL when it is withheld everywhere.
 */
const char *access_disclosure_word(const struct access_decision *decision,
                                   const struct catalogue_operation *operation, size_t label);

/**
 * Appends the value of the `Disclosure` header field: `person.cnic=mask, place=record`: labels of
 * the operation in the order of the vocabulary, with their mode, or `record` where it depends on
 * the record. From the plan alone.
 */
void access_append_disclosure(const struct access_decision *decision,
                              const struct catalogue_operation *operation, struct buffer *out);

#endif
