/* SPDX-License-Identifier: Apache-2.0 */
/* Open addressing with linear probing over an array of entries in the order of insertion; at most
 * half full. */
#include "policy/base/map.h"

#include "policy/base/guard.h"
#include "policy/base/vector.h"

/* The slot that holds `key`, or the free one where it would go. */
static size_t *find_slot(const struct map *map, struct bytes key)
{
    size_t at = (size_t)bytes_hash(key) & (map->slot_count - 1);
    while (map->slots[at] != 0 && !bytes_equal(map->entries[map->slots[at] - 1].key, key)) {
        at = (at + 1) & (map->slot_count - 1);
    }
    return &map->slots[at];
}

static amanat_result grow_slots(struct arena *arena, struct map *map)
{
    const size_t slot_count = map->slot_count == 0 ? 8 : map->slot_count * 2;
    size_t *slots = arena_allocate_array(arena, slot_count, sizeof(*slots));
    TRY_MEMORY(slots);
    map->slots = slots;
    map->slot_count = slot_count;
    for (size_t i = 0; i < map->count; i++) {
        *find_slot(map, map->entries[i].key) = i + 1;
    }
    return AMANAT_OK;
}

amanat_result map_put(struct arena *arena, struct map *map, struct bytes key, void *value)
{
    if (map->slot_count < 2 * (map->count + 1)) {
        TRY(grow_slots(arena, map));
    }
    size_t *slot = find_slot(map, key);
    if (*slot == 0) {
        map->entries =
            vector_grow(arena, map->entries, map->count, &map->capacity, sizeof(*map->entries));
        if (map->count == map->capacity) {
            return amanat_result_of(AMANAT_STATUS_MEMORY);
        }
        map->entries[map->count].key = key;
        *slot = ++map->count;
    }
    map->entries[*slot - 1].value = value;
    return AMANAT_OK;
}

void *map_get(const struct map *map, struct bytes key)
{
    if (map->slot_count == 0) {
        return NULL;
    }
    const size_t *slot = find_slot(map, key);
    return *slot == 0 ? NULL : map->entries[*slot - 1].value;
}
