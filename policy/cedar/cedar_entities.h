/* SPDX-License-Identifier: Apache-2.0 */
/* What the store of entities knows and the rest of this folder may see. */
#ifndef AMANAT_POLICY_CEDAR_ENTITIES_H
#define AMANAT_POLICY_CEDAR_ENTITIES_H

#include "policy/base/vector.h"
#include "policy/cedar/cedar.h"
#include "policy/cedar/cedar_uid_map.h"

struct cedar_entity {
    struct cedar_entity_uid uid;
    struct cedar_value attributes;          /* a record */
    struct cedar_value tags;                /* a record */
    const struct cedar_entity_uid *parents; /* sorted, none twice */
    size_t parent_count;
    const struct cedar_entity_uid **ancestors; /* sorted, none twice; once the store is closed */
    const uint64_t *ancestor_hashes;           /* cedar_uid_hash of each */
    size_t ancestor_count;
    bool is_being_closed;
    bool is_closed;
    const char *source; /* where it came from, for messages */
    unsigned line;
    unsigned column;
};

struct cedar_entities {
    struct arena *arena;
    const struct cedar_entities *base;
    VECTOR(struct cedar_entity *) items; /* in the order of adding */
    struct cedar_uid_map by_uid;         /* to struct cedar_entity */
    bool is_closed;
};

/** The store's own entity, not its base's; NULL where it has none. */
struct cedar_entity *cedar_entities_find_own(const struct cedar_entities *entities,
                                             const struct cedar_entity_uid *uid);

/** cedar_entities_find for a uid whose hash is known. */
const struct cedar_entity *cedar_entities_find_hashed(const struct cedar_entities *entities,
                                                      const struct cedar_entity_uid *uid,
                                                      uint64_t hash);

/** Whether `uid` is among the ancestors of an entity of a closed store. */
bool cedar_entity_has_ancestor(const struct cedar_entity *entity,
                               const struct cedar_entity_uid *uid);

/** Where an entity was read, for the messages of later steps. */
struct cedar_entity_place {
    const char *source;
    unsigned line;
    unsigned column;
};

/** cedar_entities_add with a place and, when the uid is there with other contents, a diagnostic. */
AMANAT_MUST_CHECK amanat_result cedar_entities_add_at(struct cedar_entities *entities,
                                                      const struct cedar_entity_parts *parts,
                                                      const struct cedar_entity_place *place,
                                                      struct amanat_diagnostics *diagnostics);

#endif
