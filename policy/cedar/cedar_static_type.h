/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Types as the checker of policies knows them: those of the schema, with Bool split into what is
 * always true, what is always false and what may be either, and one for what is unknown because its
 * fault has been reported. Passed by value; types of the schema are used as they are, never copied.
 */
#ifndef AMANAT_POLICY_CEDAR_STATIC_TYPE_H
#define AMANAT_POLICY_CEDAR_STATIC_TYPE_H

#include "policy/base/map.h"
#include "policy/cedar/cedar.h"

enum cedar_truth { CEDAR_TRUTH_OPEN = 0, CEDAR_TRUTH_TRUE, CEDAR_TRUTH_FALSE };

struct cedar_static_type {
    enum cedar_value_kind kind;              /* NONE: unknown, fits everywhere */
    enum cedar_truth truth;                  /* BOOL */
    struct bytes entity_type;                /* ENTITY */
    const struct cedar_type *declared;       /* SET, RECORD of the schema, or NULL: built */
    const struct cedar_static_type *element; /* SET that is built */
    const struct cedar_static_field *fields; /* RECORD that is built, sorted, all required */
    size_t field_count;
};

struct cedar_static_field {
    struct bytes name;
    struct cedar_static_type type;
};

/** A type without parts: a scalar's, or NONE for the unknown one. */
struct cedar_static_type cedar_static_of_kind(enum cedar_value_kind kind);
struct cedar_static_type cedar_static_bool(enum cedar_truth truth);
struct cedar_static_type cedar_static_entity(struct bytes entity_type);
struct cedar_static_type cedar_static_declared(const struct cedar_type *type);

/** The type of a SET's elements. */
struct cedar_static_type cedar_static_element(const struct cedar_static_type *set);

/** A RECORD's attribute; false when it has none of this name. */
bool cedar_static_attribute(const struct cedar_static_type *record, struct bytes name,
                            struct cedar_static_type *out, bool *out_required);

/** Room for joining types; remembers which types of the schema it found equal. */
struct cedar_joins {
    struct arena *arena;
    struct map equal;
};

/**
 * The least type that both are of (Cedar: least upper bound); `*out_exists` is false when there is
 * none. The work is bounded by the size of what is built and of the schema, also where common types
 * are nested so that written out they would be exponentially large.
 */
AMANAT_MUST_CHECK amanat_result cedar_static_join(struct cedar_joins *joins,
                                                  const struct cedar_static_type *a,
                                                  const struct cedar_static_type *b,
                                                  bool *out_exists, struct cedar_static_type *out);

/** The type for people, in `arena`, shortened where it is long; "" without memory. */
const char *cedar_static_text(struct arena *arena, const struct cedar_static_type *type);

#endif
