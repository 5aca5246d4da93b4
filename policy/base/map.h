/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hash map from bytes to pointers, in an arena, that remembers the order of insertion. Its hash
 * has no secret: only what administrators write is *inserted* in one; strangers only look up.
 * (Duplicate names in strangers' documents are found by sorting, document.c.)
 */
#ifndef AMANAT_POLICY_BASE_MAP_H
#define AMANAT_POLICY_BASE_MAP_H

#include "policy/base/arena.h"
#include "policy/base/bytes.h"

struct map_entry {
    struct bytes key;
    void *value;
};

/** Zero-initialised is an empty map. `entries[0 … count-1]` stand in the order of insertion. */
struct map {
    struct map_entry *entries;
    size_t count;
    size_t capacity;
    size_t *slots; /* index into entries + 1; 0 = free; a power of two of them */
    size_t slot_count;
};

/** Adds or replaces. The key's bytes are not copied and must live as long as the map. */
AMANAT_MUST_CHECK amanat_result map_put(struct arena *arena, struct map *map, struct bytes key,
                                        void *value);

/** The value, or NULL when the key is not there. */
void *map_get(const struct map *map, struct bytes key);

#endif
