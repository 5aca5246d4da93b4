/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A map from entity uids to pointers: a map of types, each with a map of ids. Looking up needs no
 * memory.
 */
#ifndef AMANAT_POLICY_CEDAR_UID_MAP_H
#define AMANAT_POLICY_CEDAR_UID_MAP_H

#include "policy/base/map.h"
#include "policy/cedar/cedar.h"

/** Zero-initialised is an empty map. */
struct cedar_uid_map {
    struct map by_type; /* to struct map by id */
};

/** Adds or replaces; the uid's texts are not copied. */
AMANAT_MUST_CHECK amanat_result cedar_uid_map_put(struct arena *arena, struct cedar_uid_map *map,
                                                  const struct cedar_entity_uid *uid, void *value);

/** The value, or NULL. */
void *cedar_uid_map_get(const struct cedar_uid_map *map, const struct cedar_entity_uid *uid);

#endif
