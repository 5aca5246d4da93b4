/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A growing array in an arena. Typed by use: VECTOR(struct policy) policies = {0}; items at
 * policies.items[i].
 */
#ifndef AMANAT_POLICY_BASE_VECTOR_H
#define AMANAT_POLICY_BASE_VECTOR_H

#include <stddef.h>
#include <string.h>

#include "policy/base/arena.h"

#define VECTOR(type)                                                                               \
    struct {                                                                                       \
        type *items;                                                                               \
        size_t count;                                                                              \
        size_t capacity;                                                                           \
    }

/**
 * Adds a zeroed item and gives its address, or NULL without memory. Addresses of older items may
 * change.
 */
#define VECTOR_PUSH(arena, vector)                                                                 \
    ((vector)->items = (vector)->count < (vector)->capacity                                        \
                           ? (vector)->items                                                       \
                           : vector_grow((arena), (vector)->items, (vector)->count,                \
                                         &(vector)->capacity, sizeof(*(vector)->items)),           \
     (vector)->count < (vector)->capacity                                                          \
         ? (memset(&(vector)->items[(vector)->count], 0, sizeof(*(vector)->items)),                \
            &(vector)->items[(vector)->count++])                                                   \
         : NULL)

/**
 * Used by VECTOR_PUSH: the items with room for one more, zeroed; without memory, `items` and
 * `capacity` as they are.
 */
void *vector_grow(struct arena *arena, void *items, size_t count, size_t *capacity,
                  size_t item_size);

#endif
