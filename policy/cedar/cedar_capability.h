/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which optional attributes and tags are known to be there (Cedar spec: capabilities). A capability
 * is a term: the expression `x.a` or `x.getTag(t)` that it makes safe. Terms are numbered so that
 * two expressions have one number exactly when Cedar calls them equal: `x["a"]` is `x.a`, `a > b`
 * is
 * `!(a <= b)`, `x is T in y` is `x is T && x in y`, and a record's keys have no order.
 */
#ifndef AMANAT_POLICY_CEDAR_CAPABILITY_H
#define AMANAT_POLICY_CEDAR_CAPABILITY_H

#include "policy/base/map.h"
#include "policy/base/vector.h"
#include "policy/cedar/cedar_ast.h"

/** The terms of one policy; zero-initialised but for the arena. */
struct cedar_terms {
    struct arena *arena;
    struct map by_shape;      /* shape to its number, 1, 2 … */
    struct map by_expression; /* address to what is known of that expression */
};

/** Numbers what the expression and those inside it ask for. Recursion is bounded by its depth. */
AMANAT_MUST_CHECK amanat_result cedar_terms_collect(struct cedar_terms *terms,
                                                    const struct cedar_expression *expression);

/**
 * What a collected expression asks for: one term for `x.a`, `x.hasTag(t)` and `x.getTag(t)`, one
 * for each key of `x has a.b.c`.
 */
const size_t *cedar_terms_asked(const struct cedar_terms *terms,
                                const struct cedar_expression *expression);

/** Terms known where an expression has come out true. */
struct cedar_capabilities {
    VECTOR(size_t) terms;
};

/** Adds one term, or all of a set. */
AMANAT_MUST_CHECK amanat_result cedar_capabilities_add(struct arena *arena,
                                                       struct cedar_capabilities *set, size_t term);
AMANAT_MUST_CHECK amanat_result cedar_capabilities_join(struct arena *arena,
                                                        struct cedar_capabilities *set,
                                                        const struct cedar_capabilities *more);

/**
 * What is known at the place that is being checked: how often each term was assumed. Both arrays
 * have a place for each term.
 */
struct cedar_presence {
    unsigned *assumed;
    bool *marked; /* all false outside of cedar_presence_meet */
};

AMANAT_MUST_CHECK amanat_result cedar_presence_init(struct arena *arena,
                                                    const struct cedar_terms *terms,
                                                    struct cedar_presence *out);

bool cedar_presence_has(const struct cedar_presence *presence, size_t term);

/** From here on the set is known; and no longer. Each assumption must be dropped. */
void cedar_presence_assume(struct cedar_presence *presence, const struct cedar_capabilities *set);
void cedar_presence_drop(struct cedar_presence *presence, const struct cedar_capabilities *set);

/** Leaves in `set` what `other` has too, each term once. */
void cedar_presence_meet(struct cedar_presence *presence, struct cedar_capabilities *set,
                         const struct cedar_capabilities *other);

#endif
