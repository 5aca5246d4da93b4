/* SPDX-License-Identifier: Apache-2.0 */
/* Looking something up in a sorted array. */
#ifndef AMANAT_POLICY_BASE_SORTED_H
#define AMANAT_POLICY_BASE_SORTED_H

#include <stddef.h>
#include <stdlib.h>

/** The item that equals `key`, or NULL. Unlike bsearch it takes an empty array that is NULL. */
static inline const void *sorted_find(const void *key, const void *items, size_t count, size_t size,
                                      int (*compare)(const void *key, const void *item))
{
    return count == 0 ? NULL : bsearch(key, items, count, size, compare);
}

#endif
