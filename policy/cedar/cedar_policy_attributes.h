/* SPDX-License-Identifier: Apache-2.0 */
/* Which attributes of the resource an expression reads. */
#ifndef AMANAT_POLICY_CEDAR_POLICY_ATTRIBUTES_H
#define AMANAT_POLICY_CEDAR_POLICY_ATTRIBUTES_H

#include "policy/cedar/cedar_ast.h"

/** A failure stops the walk and is handed on. */
typedef amanat_result cedar_attribute_fn(void *context, struct bytes attribute);

/**
 * Calls back for each attribute that is read, or asked for with `has`, from the variable `resource`
 * or a literal that may be it: the uid `resource`, or, when that is NULL, any with an empty id.
 */
AMANAT_MUST_CHECK amanat_result cedar_expression_resource_attributes(
    const struct cedar_expression *expression, const struct cedar_entity_uid *resource,
    cedar_attribute_fn *callback, void *context);

#endif
