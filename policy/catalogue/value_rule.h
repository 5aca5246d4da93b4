/* SPDX-License-Identifier: Apache-2.0 */
/* Private to policy/catalogue: what a value must satisfy beyond its kind. */
#ifndef AMANAT_POLICY_CATALOGUE_VALUE_RULE_H
#define AMANAT_POLICY_CATALOGUE_VALUE_RULE_H

#include "policy/base/document.h"
#include "policy/catalogue/catalogue.h"

/** An integer in its one spelling: no `07`, no `-0`. */
bool value_is_integer(struct bytes text, int64_t *out);

/** A decimal without exponent, no more than 64 characters, within the bounds. */
bool value_is_decimal(const struct catalogue_bounds *bounds, struct bytes text);

bool value_is_date(struct bytes text);
bool value_is_address(struct bytes text);

bool bounds_allow_integer(const struct catalogue_bounds *bounds, int64_t value);
/** Counts code points. */
bool bounds_allow_length(const struct catalogue_bounds *bounds, struct bytes text);

enum rule_answer {
    RULE_SATISFIED = 0,
    RULE_TYPE,
    RULE_ENUMERATION,
    RULE_FORMAT,
    RULE_BOUNDS,
    RULE_ONE_VALUE, /* of parameters in lists between commas, and in headers */
    RULE_SEGMENT    /* of parameters in the path */
};

/** What is wrong, in the words of a refusal that names the place. */
const char *rule_text(enum rule_answer answer);

/** The labels of the field that a scalar of a body names, once it satisfies the rule; or NULL. */
const struct catalogue_value_labels *rule_named_field(const struct catalogue_rule *rule,
                                                      const struct document *value);

/** Whether a scalar of a body satisfies the rule of its place (NULL: none). */
enum rule_answer rule_ask(const struct catalogue_rule *rule, const struct document *value);

#endif
