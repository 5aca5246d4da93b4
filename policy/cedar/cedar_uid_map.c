/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Open addressing with linear probing, at most half full. Each entry keeps its hash, so that a
 * probe compares texts only where they are most probably equal.
 */
#include "policy/cedar/cedar_uid_map.h"

#include "policy/base/guard.h"

#define MOST_ENTRIES ((size_t)1 << 30)

uint64_t cedar_uid_hash(const struct cedar_entity_uid *uid)
{
    const uint64_t id = bytes_hash(uid->id);
    const uint64_t type = bytes_hash(uid->type);
    return id ^ (type << 7 | type >> 57);
}

static uint32_t *find_slot(const struct cedar_uid_map *map, const struct cedar_entity_uid *uid,
                           uint64_t hash)
{
    size_t at = (size_t)hash & (map->slot_count - 1);
    for (; map->slots[at] != 0; at = (at + 1) & (map->slot_count - 1)) {
        const struct cedar_uid_map_entry *entry = &map->entries.items[map->slots[at] - 1];
        if (entry->hash == hash && cedar_entity_uid_equal(entry->uid, uid)) {
            break;
        }
    }
    return &map->slots[at];
}

static amanat_result grow_slots(struct arena *arena, struct cedar_uid_map *map)
{
    const size_t slot_count = map->slot_count == 0 ? 8 : map->slot_count * 2;
    uint32_t *slots = arena_allocate_array(arena, slot_count, sizeof(*slots));
    TRY_MEMORY(slots);
    map->slots = slots;
    map->slot_count = slot_count;
    for (size_t i = 0; i < map->entries.count; i++) {
        const struct cedar_uid_map_entry *entry = &map->entries.items[i];
        *find_slot(map, entry->uid, entry->hash) = (uint32_t)i + 1;
    }
    return AMANAT_OK;
}

amanat_result cedar_uid_map_put(struct arena *arena, struct cedar_uid_map *map,
                                const struct cedar_entity_uid *uid, void *value)
{
    const uint64_t hash = cedar_uid_hash(uid);
    if (map->entries.count >= MOST_ENTRIES) {
        return amanat_result_of(AMANAT_STATUS_MEMORY);
    }
    if (map->slot_count < 2 * (map->entries.count + 1)) {
        TRY(grow_slots(arena, map));
    }
    uint32_t *slot = find_slot(map, uid, hash);
    ASSERT(*slot == 0);
    struct cedar_uid_map_entry *entry = VECTOR_PUSH(arena, &map->entries);
    TRY_MEMORY(entry);
    *entry = (struct cedar_uid_map_entry){uid, hash, value};
    *slot = (uint32_t)map->entries.count;
    return AMANAT_OK;
}

void *cedar_uid_map_get_hashed(const struct cedar_uid_map *map, const struct cedar_entity_uid *uid,
                               uint64_t hash)
{
    if (map->slot_count == 0) {
        return NULL;
    }
    const uint32_t slot = *find_slot(map, uid, hash);
    return slot == 0 ? NULL : map->entries.items[slot - 1].value;
}

void *cedar_uid_map_get(const struct cedar_uid_map *map, const struct cedar_entity_uid *uid)
{
    return cedar_uid_map_get_hashed(map, uid, cedar_uid_hash(uid));
}
