/* SPDX-License-Identifier: Apache-2.0 */
/* Two levels of maps instead of one with joined keys: few types, many ids, and no key to build for
 * a look-up. */
#include "policy/cedar/cedar_uid_map.h"

#include "policy/base/guard.h"

amanat_result cedar_uid_map_put(struct arena *arena, struct cedar_uid_map *map,
                                const struct cedar_entity_uid *uid, void *value)
{
    struct map *by_id = map_get(&map->by_type, uid->type);
    if (by_id == NULL) {
        by_id = ARENA_NEW(arena, struct map);
        TRY_MEMORY(by_id);
        TRY(map_put(arena, &map->by_type, uid->type, by_id));
    }
    return map_put(arena, by_id, uid->id, value);
}

void *cedar_uid_map_get(const struct cedar_uid_map *map, const struct cedar_entity_uid *uid)
{
    const struct map *by_id = map_get(&map->by_type, uid->type);
    return by_id == NULL ? NULL : map_get(by_id, uid->id);
}
