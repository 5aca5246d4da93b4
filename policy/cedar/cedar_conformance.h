/* SPDX-License-Identifier: Apache-2.0 */
/* Does what comes from outside keep to the schema? Each function adds its diagnostic at a place. */
#ifndef AMANAT_POLICY_CEDAR_CONFORMANCE_H
#define AMANAT_POLICY_CEDAR_CONFORMANCE_H

#include "policy/cedar/cedar.h"

/** Where what is checked was read, and who wants to know. */
struct cedar_conformance {
    const struct cedar_schema *schema;
    const char *source;
    unsigned line;
    unsigned column;
    struct amanat_diagnostics *diagnostics;
};

/** A fault of conformance; false. */
__attribute__((format(printf, 2, 3))) bool
cedar_conformance_fault(const struct cedar_conformance *conformance, const char *format, ...);

/** Whether a value is of a type. */
bool cedar_conformance_value(const struct cedar_conformance *conformance,
                             const struct cedar_type *type, const struct cedar_value *value);

/**
 * Whether a uid's type is declared (`what` names it) and its id is one of an enum's or an action's.
 */
bool cedar_conformance_uid(const struct cedar_conformance *conformance, const char *what,
                           const struct cedar_entity_uid *uid);

/** Whether a type is `Action`, in whatever name space. */
bool cedar_type_is_of_actions(struct bytes type);

/** Whether `names`, sorted, have `name`. */
bool cedar_names_contain(const struct bytes *names, size_t count, struct bytes name);

#endif
