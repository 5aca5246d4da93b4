/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The checker of expressions (Cedar spec: Typechecker, strict mode). It walks a condition once for
 * each request environment, the way evaluation would: what is always true or false by its type
 * decides which operands are looked at. After a fault it goes on with the unknown type, which fits
 * everywhere, so that one run finds all faults and no fault brings others with it.
 */
#ifndef AMANAT_POLICY_CEDAR_TYPECHECK_H
#define AMANAT_POLICY_CEDAR_TYPECHECK_H

#include "policy/cedar/cedar_ast.h"
#include "policy/cedar/cedar_capability.h"
#include "policy/cedar/cedar_static_type.h"

/** One kind of request: the types of its principal and resource, and its action. */
struct cedar_environment {
    struct bytes principal;
    const struct cedar_action *action;
    struct bytes resource;
};

struct cedar_checker {
    const struct cedar_schema *schema;
    struct arena *arena;
    struct amanat_diagnostics *diagnostics;
    const struct cedar_check_observer *observer; /* or NULL */
    const struct cedar_policy *policy;
    const struct cedar_environment *environment; /* NULL: what is checked holds for all */
    struct cedar_terms terms;
    struct cedar_presence present;
    struct cedar_joins joins;
    struct map reported; /* faults of this policy, so that each is reported once */
    bool faulty;         /* whether this policy has one, reported now or before */
};

/** What is known of an expression: its type, and what is there when it comes out true. */
struct cedar_typing {
    struct cedar_static_type type;
    struct cedar_capabilities capabilities;
};

/** MEMORY is the only failure; faults are in the checker. Recursion: the expression's depth. */
AMANAT_MUST_CHECK amanat_result cedar_check_expression(struct cedar_checker *checker,
                                                       const struct cedar_expression *expression,
                                                       struct cedar_typing *out);

/** The same, and the expression must be of `kind`; for Bool the result may be narrower. */
AMANAT_MUST_CHECK amanat_result cedar_check_kind(struct cedar_checker *checker,
                                                 const struct cedar_expression *expression,
                                                 enum cedar_value_kind kind,
                                                 struct cedar_typing *out);

/** A fault when `type` is known and not of the kind. */
AMANAT_MUST_CHECK amanat_result cedar_check_is_kind(struct cedar_checker *checker,
                                                    const struct cedar_expression *expression,
                                                    const struct cedar_static_type *type,
                                                    enum cedar_value_kind kind);

/* `x.a` and `x has a.b` (cedar_typecheck_attribute.c). */
AMANAT_MUST_CHECK amanat_result cedar_check_get(struct cedar_checker *checker,
                                                const struct cedar_expression *expression,
                                                struct cedar_typing *out);
AMANAT_MUST_CHECK amanat_result cedar_check_has(struct cedar_checker *checker,
                                                const struct cedar_expression *expression,
                                                struct cedar_typing *out);

/* ---- Operations: the column `check` of the table in cedar_operations.c ---- */

typedef amanat_result (*cedar_check_fn)(struct cedar_checker *checker,
                                        const struct cedar_expression *call,
                                        struct cedar_typing *out);

/** Operands and result exactly as the table's row says. */
AMANAT_MUST_CHECK amanat_result cedar_check_by_kinds(struct cedar_checker *checker,
                                                     const struct cedar_expression *call,
                                                     struct cedar_typing *out);
AMANAT_MUST_CHECK amanat_result cedar_check_not(struct cedar_checker *checker,
                                                const struct cedar_expression *call,
                                                struct cedar_typing *out);
AMANAT_MUST_CHECK amanat_result cedar_check_equal(struct cedar_checker *checker,
                                                  const struct cedar_expression *call,
                                                  struct cedar_typing *out);
AMANAT_MUST_CHECK amanat_result cedar_check_not_equal(struct cedar_checker *checker,
                                                      const struct cedar_expression *call,
                                                      struct cedar_typing *out);
AMANAT_MUST_CHECK amanat_result cedar_check_order(struct cedar_checker *checker,
                                                  const struct cedar_expression *call,
                                                  struct cedar_typing *out);
AMANAT_MUST_CHECK amanat_result cedar_check_in(struct cedar_checker *checker,
                                               const struct cedar_expression *call,
                                               struct cedar_typing *out);
AMANAT_MUST_CHECK amanat_result cedar_check_contains(struct cedar_checker *checker,
                                                     const struct cedar_expression *call,
                                                     struct cedar_typing *out);
AMANAT_MUST_CHECK amanat_result cedar_check_two_sets(struct cedar_checker *checker,
                                                     const struct cedar_expression *call,
                                                     struct cedar_typing *out);
AMANAT_MUST_CHECK amanat_result cedar_check_has_tag(struct cedar_checker *checker,
                                                    const struct cedar_expression *call,
                                                    struct cedar_typing *out);
AMANAT_MUST_CHECK amanat_result cedar_check_get_tag(struct cedar_checker *checker,
                                                    const struct cedar_expression *call,
                                                    struct cedar_typing *out);
AMANAT_MUST_CHECK amanat_result cedar_check_constructor(struct cedar_checker *checker,
                                                        const struct cedar_expression *call,
                                                        struct cedar_typing *out);

/** Whether a call is `x.hasTag(t)` or `x.getTag(t)`. */
bool cedar_checks_a_tag(const struct cedar_expression *call);

/**
 * The type of `left in right`: exact for literal actions, else whether the types allow it. `left`
 * has been checked and is of `left_type`.
 */
AMANAT_MUST_CHECK amanat_result cedar_check_membership(struct cedar_checker *checker,
                                                       const struct cedar_expression *left,
                                                       const struct cedar_static_type *left_type,
                                                       const struct cedar_expression *right,
                                                       struct cedar_typing *out);

/** Whether an entity of one type can be in one of another, by the schema. */
bool cedar_type_can_be_in(const struct cedar_schema *schema, struct bytes type,
                          struct bytes container);

/** Whether an action is another one or in it. */
bool cedar_action_is_in(const struct cedar_schema *schema, const struct cedar_entity_uid *action,
                        const struct cedar_entity_uid *container);

/* ---- Faults (cedar_typecheck_fault.c) ---- */

/** A fault at an expression, in the words of the other diagnostics. */
__attribute__((format(printf, 4, 5))) AMANAT_MUST_CHECK amanat_result
cedar_check_fault(struct cedar_checker *checker, struct cedar_place place, const char *code,
                  const char *format, ...);

/** A fault of which somebody else tells; `*out_new`: the policy has not had it before. */
AMANAT_MUST_CHECK amanat_result cedar_check_silent_fault(struct cedar_checker *checker,
                                                         struct cedar_place place, const char *text,
                                                         bool *out_new);

struct cedar_place cedar_place_of(const struct cedar_expression *expression);

/** "expected WANTED, found TYPE". */
AMANAT_MUST_CHECK amanat_result cedar_check_expected(struct cedar_checker *checker,
                                                     const struct cedar_expression *expression,
                                                     const char *wanted,
                                                     const struct cedar_static_type *found);

/** A uid as source text, in the checker's arena; "" without memory. */
const char *cedar_check_uid_text(struct cedar_checker *checker, const struct cedar_entity_uid *uid);

/** Rule (a) for one name: is the entity type declared, is the uid one that can exist? */
AMANAT_MUST_CHECK amanat_result cedar_check_entity_type(struct cedar_checker *checker,
                                                        struct cedar_place place,
                                                        struct bytes type);
AMANAT_MUST_CHECK amanat_result cedar_check_uid(struct cedar_checker *checker,
                                                struct cedar_place place,
                                                const struct cedar_entity_uid *uid);

#endif
