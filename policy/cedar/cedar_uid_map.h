/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A map from entity uids to pointers. Looking up needs no memory, and no hashing where the hash is
 * at hand.
 */
#ifndef AMANAT_POLICY_CEDAR_UID_MAP_H
#define AMANAT_POLICY_CEDAR_UID_MAP_H

#include "policy/base/vector.h"
#include "policy/cedar/cedar.h"

struct cedar_uid_map_entry {
    const struct cedar_entity_uid *uid;
    uint64_t hash;
    void *value;
};

/** Zero-initialised is an empty map. */
struct cedar_uid_map {
    VECTOR(struct cedar_uid_map_entry) entries;
    uint32_t *slots; /* index into entries + 1; 0 = free; a power of two of them */
    size_t slot_count;
};

uint64_t cedar_uid_hash(const struct cedar_entity_uid *uid);

/** Adds a uid that the map does not have; it is not copied. */
AMANAT_MUST_CHECK amanat_result cedar_uid_map_put(struct arena *arena, struct cedar_uid_map *map,
                                                  const struct cedar_entity_uid *uid, void *value);

/** The value, or NULL; the second form for a uid whose hash is known. */
void *cedar_uid_map_get(const struct cedar_uid_map *map, const struct cedar_entity_uid *uid);
void *cedar_uid_map_get_hashed(const struct cedar_uid_map *map, const struct cedar_entity_uid *uid,
                               uint64_t hash);

#endif
