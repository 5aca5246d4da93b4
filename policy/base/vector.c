/* SPDX-License-Identifier: Apache-2.0 */
/* Growth of arrays in an arena. The old array stays in the arena until that is freed: at most as
 * much again. */
#include "policy/base/vector.h"

void *vector_grow(struct arena *arena, void *items, size_t count, size_t *capacity,
                  size_t item_size)
{
    if (count < *capacity) {
        memset((char *)items + count * item_size, 0, item_size);
        return items;
    }
    const size_t larger_capacity = *capacity == 0 ? 4 : *capacity * 2;
    void *larger = arena_allocate_array(arena, larger_capacity, item_size);
    if (larger == NULL) {
        return items;
    }
    if (count > 0) {
        memcpy(larger, items, count * item_size);
    }
    *capacity = larger_capacity;
    return larger;
}
