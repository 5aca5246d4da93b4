/* SPDX-License-Identifier: Apache-2.0 */
/* Private to policy/catalogue: textual values of parameters, decoded already, and their types. */
#ifndef AMANAT_POLICY_CATALOGUE_PARAMETER_VALUE_H
#define AMANAT_POLICY_CATALOGUE_PARAMETER_VALUE_H

#include "policy/catalogue/catalogue.h"

/** What was sent for one parameter, in the order of sending. */
struct sent_values {
    struct parameter_item *items;
    size_t count;
    size_t capacity;
};

/**
 * Makes the call of what was sent (one entry of `sent` for each parameter of the operation).
 * REFUSED: an unlabelled parameter was used, or a required one is missing.
 */
AMANAT_MUST_CHECK amanat_result parameters_finish(const struct catalogue_operation *operation,
                                                  const struct sent_values *sent,
                                                  struct arena *arena, struct catalogue_call *out,
                                                  struct problem *out_problem);

/** Adds one decoded value: REFUSED when it is ill-typed, unlabelled, or one too many. */
AMANAT_MUST_CHECK amanat_result parameters_add(const struct catalogue_parameter *parameter,
                                               struct bytes text, struct sent_values *sent,
                                               struct arena *arena, struct problem *out_problem);

/** REFUSED: it was sent once already. */
amanat_result parameters_refuse_repeated(const struct catalogue_parameter *parameter,
                                         struct problem *out_problem);

/** Whatever their case. */
bool header_names_equal(struct bytes a, struct bytes b);

/** Fills the problem and gives REFUSED. `parameter` is a declared name, or no bytes. */
amanat_result refuse_parameter(enum problem_name name, struct bytes parameter,
                               struct problem *out_problem);

/** A declared name that equals what was sent, in any operation of the service, or no bytes. */
struct bytes declared_name(const struct catalogue_service *service, struct bytes sent);

#endif
