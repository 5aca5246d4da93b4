/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Layouts: a plan laid over the graph of nodes below a root (place.h), kept for the next body that
 * has the same root and whose plan says the same. Laying it out costs more than a small answer
 * itself, and accesses that differ in nothing that matters here are the rule.
 *
 * A layout belongs to the plan only by what the plan says: of the outside and of each record type
 * that the root can reach, all verdicts, whether it asks, and what is read. These are compared
 * whole, never by a digest: a layout of another plan would disclose what this one withholds.
 */
#ifndef AMANAT_POLICY_REDACT_LAYOUT_H
#define AMANAT_POLICY_REDACT_LAYOUT_H

#include "policy/redact/place.h"

struct layout;

/**
 * The plan laid over `root`: one of plan->layouts, or a new one, which then is kept there.
 * layout_give_back() ends its use. MEMORY.
 */
AMANAT_MUST_CHECK amanat_result layout_take(const struct plan *plan,
                                            const struct catalogue_node *root, struct layout **out);

/** NULL is fine. */
void layout_give_back(struct layout *layout);

/** The place of the root, outside of all records. */
const struct place *layout_root(const struct layout *layout);

#endif
