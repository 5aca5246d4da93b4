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

/* From node `parent` by way of constraint `key` to node `child`. */
struct cedar_index_edge {
    uint32_t parent;
    uint32_t key; /* 0: this slot is free */
    uint32_t child;
};

struct cedar_index_node {
    VECTOR(uint32_t) positions; /* of policies; only at the last level */
    uint32_t key;               /* of the edge that leads here */
    uint32_t first_child;       /* 0: none, since nobody has the root for a child */
    uint32_t next_sibling;
    uint32_t child_count;
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

/** The constraints that one entity of a request satisfies, as far as any policy has them. */
struct cedar_index_keys {
    uint32_t *items; /* ascending, if there are more than a few */
    size_t count;
};

/** `entity` is the store's of that uid, or NULL when it has none. */
AMANAT_MUST_CHECK amanat_result cedar_index_keys(const struct cedar_index *index,
                                                 const struct cedar_entity_uid *uid,
                                                 const struct cedar_entity *entity,
                                                 struct arena *arena, struct cedar_index_keys *out);

/** The levels of the index, in its order. */
enum { CEDAR_INDEX_ACTION = 0, CEDAR_INDEX_PRINCIPAL, CEDAR_INDEX_RESOURCE, CEDAR_INDEX_LEVELS };

struct cedar_candidates {
    VECTOR(uint32_t) positions; /* ascending, none twice */
};

/** The policies whose scope matches a request with these keys. */
AMANAT_MUST_CHECK amanat_result cedar_index_find(const struct cedar_index *index,
                                                 const struct cedar_index_keys *levels,
                                                 struct arena *arena, struct cedar_candidates *out);

#endif
