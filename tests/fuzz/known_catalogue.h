/* SPDX-License-Identifier: Apache-2.0 */
/* A target's own catalogue. */
#ifndef AMANAT_TESTS_FUZZ_KNOWN_CATALOGUE_H
#define AMANAT_TESTS_FUZZ_KNOWN_CATALOGUE_H

#include "policy/base/guard.h"
#include "policy/catalogue/catalogue.h"

/** Compiled once, as it is the same for every input; freed with the process. `service` may be NULL.
 */
static inline const struct catalogue *known_catalogue(const char *vocabulary, const char *service)
{
    static struct arena *arena;
    static struct catalogue *catalogue;
    const struct catalogue_source sources[] = {
        {BYTES("vocabulary.yaml"), bytes_of_string(vocabulary)},
        {BYTES("services/s.yaml"), bytes_of_string(service)}};
    if (arena == NULL) {
        arena = arena_new((size_t)256 << 20);
        ASSERT(arena != NULL);
        ASSERT(amanat_is_ok(
            catalogue_compile(arena, sources, service == NULL ? 1 : 2, NULL, &catalogue)));
    }
    return catalogue;
}

#endif
