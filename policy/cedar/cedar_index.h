/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The index of policies by scope: given a request it finds exactly the policies whose scope
 * matches, in time that depends on the hierarchy around the request, not on how many policies there
 * are.
 */
#ifndef AMANAT_POLICY_CEDAR_INDEX_H
#define AMANAT_POLICY_CEDAR_INDEX_H

#include "policy/base/map.h"
#include "policy/cedar/cedar_entities.h"
#include "policy/cedar/cedar_operations.h"

/* From node `parent` by way of constraint `key` to node `child`. */
struct cedar_index_edge {
    uint32_t parent;
    uint32_t key; /* 0: this slot is free */
    uint32_t child;
};

struct cedar_index_node {
    VECTOR(uint32_t) positions; /* of policies; only at the last level */
};

/** Zero-initialised is an empty index. */
struct cedar_index {
    struct cedar_uid_map entities; /* those that scopes name, to struct named_entity */
    struct map types;              /* those that scopes name, to struct named_type */
    uint32_t key_count;
    struct cedar_index_edge *edges; /* a hash table; a power of two of slots */
    size_t edge_count;
    size_t slot_count;
    VECTOR(struct cedar_index_node) nodes; /* the first one is the root */
};

/** Files a policy, which is no template; positions come in ascending order. */
AMANAT_MUST_CHECK amanat_result cedar_index_add(struct arena *arena, struct cedar_index *index,
                                                const struct cedar_policy_scope *scope,
                                                uint32_t position);

struct cedar_candidates {
    VECTOR(uint32_t) positions; /* ascending, none twice */
};

/** The policies whose scope matches the request of the evaluation. */
AMANAT_MUST_CHECK amanat_result cedar_index_find(const struct cedar_index *index,
                                                 const struct cedar_evaluation *evaluation,
                                                 struct cedar_candidates *out);

#endif
