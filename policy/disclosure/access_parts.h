/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is known of one access while it is decided, and for its plan's questions; private to
 * policy/disclosure.
 */
#ifndef AMANAT_POLICY_DISCLOSURE_ACCESS_PARTS_H
#define AMANAT_POLICY_DISCLOSURE_ACCESS_PARTS_H

#include "policy/base/base.h"
#include "policy/cedar/cedar.h"
#include "policy/disclosure/access.h"
#include "policy/disclosure/ruleset_parts.h"

/**
 * What the policies leave of one question, one mode of a label at one place: outside records, or in
 * one record type.
 */
struct field_question {
    const struct cedar_residual *residual; /* NULL: no policy speaks of it */
    struct cedar_residual forbids;         /* those of `residual`: asked also of records around */
    bool may_be_permitted; /* some permit holds or is open, no forbid is certain to hold or err */
    bool is_permitted;     /* some permit holds, and no forbid is left */
};

/** All questions at one place. */
struct field_questions {
    struct cedar_residuals *shared;
    const struct field_question *items; /* [label * DISCLOSURE_MODE_COUNT + mode] */
};

/** The access in Cedar's terms. Lives in the exchange's arena, as long as its plan. */
struct access {
    const struct ruleset *ruleset;
    const struct access_request *request;
    struct arena *arena;
    const struct cedar_entities *entities; /* the ruleset's, and over them the agent */
    struct cedar_entity_uid principal;
    struct cedar_entity_uid service;
    struct cedar_field context[8]; /* type Access; access_call_context adds the parameters */
    size_t context_count;
    struct cedar_value field_context;               /* the record of `context`: for label actions */
    struct field_questions service_questions;       /* outside records */
    const struct field_questions *record_questions; /* [record type] of the operation */
    const struct plan_record *plan_records;         /* of the plan, once it is made */
    struct access_field_errors *field_errors;
};

/** One answer of the policies, made strict: a forbid that errors forbids (design 2). */
struct access_answer {
    bool permitted; /* some permit holds, no forbid holds or errs */
    bool forbidden; /* some forbid holds or errs */
    struct cedar_response response;
};

/**
 * Agent, need and context in Cedar's terms (access_request.c). REFUSED with `decision->problem` for
 * a need that is none.
 */
AMANAT_MUST_CHECK amanat_result access_prepare(const struct ruleset *ruleset,
                                               const struct access_request *request,
                                               struct arena *arena,
                                               struct access_decision *decision,
                                               struct access **out);

/**
 * Asks the policies about one action on one resource. The answer's lists live in the access's
 * arena.
 */
AMANAT_MUST_CHECK amanat_result access_ask(const struct access *access, struct bytes action,
                                           const struct cedar_entity_uid *resource,
                                           const struct cedar_entities *entities,
                                           const struct cedar_value *context,
                                           struct access_answer *out);

/**
 * What the policies answer to a question about a field, of `record` or, when that is NULL, as far
 * as it is certain without one. What could not be evaluated is noted in `field_errors`.
 */
AMANAT_MUST_CHECK amanat_result access_ask_field(const struct access *access, struct bytes action,
                                                 const struct cedar_residual *residual,
                                                 struct cedar_asked_record *record,
                                                 struct access_answer *out);

/**
 * Works out what the policies leave of the questions about fields (field_questions.c): again when
 * the context has changed.
 */
AMANAT_MUST_CHECK amanat_result access_prepare_questions(struct access *access);

/**
 * The context for the operation itself: that of fields, and the typed parameters
 * (access_request.c).
 */
AMANAT_MUST_CHECK amanat_result access_call_context(const struct access *access,
                                                    struct cedar_value *out);

/**
 * Completes the call of a permitted access with the parameters that the gateway sets, or refuses it
 * (access_bind.c).
 */
AMANAT_MUST_CHECK amanat_result access_bind_parameters(const struct access *access,
                                                       struct access_decision *decision);

/** Makes the plan of a permitted access (access_plan.c). */
AMANAT_MUST_CHECK amanat_result access_make_plan(const struct access *access,
                                                 const struct plan **out);

/**
 * A store over the access's with an entity of this record type in its service, without (NULL) or
 * with attributes.
 */
AMANAT_MUST_CHECK amanat_result record_entities(const struct access *access, size_t record,
                                                const struct cedar_value *attributes,
                                                const struct cedar_entities **out);

/** Cedar's uid of a record of that type: its id is empty. */
struct cedar_entity_uid record_uid(const struct access *access, size_t record);

/** A record ready to be asked about. */
struct asked_record {
    size_t record; /* index of its type */
    struct cedar_entity_uid uid;
    struct cedar_value attributes;         /* those that are read */
    struct cedar_asked_record *answers;    /* of single policies */
    const struct cedar_entities *entities; /* for explanations: a store that has it */
};

/**
 * All but its entities. REFUSED when an attribute that policies read is missing or of a wrong type.
 * `out` must stay where it is while the record is asked about.
 */
AMANAT_MUST_CHECK amanat_result record_prepare(const struct access *access,
                                               const struct record_question *question,
                                               struct asked_record *out);

/** The plan's question about one record (record_question.c); `context` is the struct access. */
plan_ask_fn record_ask;
/** What it remembers of each record. */
size_t record_memory(const struct access *access);

/**
 * A value of an attribute's or parameter's declared type from JSON; `*out_present` false for null,
 * and for a number that a decimal cannot hold.
 */
AMANAT_MUST_CHECK amanat_result attribute_value(struct arena *arena,
                                                const struct catalogue_attribute *attribute,
                                                const struct document *document, bool *out_present,
                                                struct cedar_value *out);

/** A scalar of an attribute's type from its text; false when it is none. */
bool attribute_scalar(const struct catalogue_attribute *attribute, struct bytes text,
                      struct cedar_value *out);

#endif
