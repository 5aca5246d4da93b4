/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory that is freed whole: one arena per exchange, per ruleset, per command. Each has a byte
 * limit, so that no input can make it grow past what the configuration says; at the limit an
 * allocation returns NULL and the caller fails with AMANAT_STATUS_MEMORY. Freed blocks are wiped:
 * an arena may hold undisclosed bytes and secrets.
 *
 * An arena belongs to one thread at a time. In sanitizer builds (AMANAT_ARENA_SEPARATE_BLOCKS) each
 * allocation has its own heap block, so that an overrun is caught.
 */
#ifndef AMANAT_POLICY_BASE_ARENA_H
#define AMANAT_POLICY_BASE_ARENA_H

#include <stddef.h>

#include "amanat/result.h"
#include "policy/base/bytes.h"

struct arena;

/** A new arena of at most `limit` bytes of allocations, or NULL without memory. */
struct arena *arena_new(size_t limit);

/** Wipes and frees all of it; NULL is fine. */
void arena_free(struct arena *arena);

/** Wipes and frees all allocations but keeps the arena (and its first block) for the next use. */
void arena_reset(struct arena *arena);

/** `size` zeroed bytes aligned for any type, or NULL past the limit. 0 gives a valid pointer. */
void *arena_allocate(struct arena *arena, size_t size);

/** The same for `count` items of `size`; an overflow of the product is NULL. */
void *arena_allocate_array(struct arena *arena, size_t count, size_t size);

/** One zeroed object of a type. */
#define ARENA_NEW(arena, type) ((type *)arena_allocate((arena), sizeof(type)))

/**
 * A copy of `bytes` with a NUL after it (not counted in the length). Writes `*out` only on success.
 */
AMANAT_MUST_CHECK amanat_result arena_copy_bytes(struct arena *arena, struct bytes bytes,
                                                 struct bytes *out);

/**
 * Lets the arena own an object of a library that it cannot hold itself: `free_object` is called
 * when the memory allocated here would be freed, the newest object first. MEMORY: the caller still
 * owns it.
 */
AMANAT_MUST_CHECK amanat_result arena_own(struct arena *arena, void *object,
                                          void (*free_object)(void *object));

/** A formatted C string, or NULL. */
__attribute__((format(printf, 2, 3))) char *arena_format(struct arena *arena, const char *format,
                                                         ...);

/**
 * A formatted string as bytes; no bytes without memory (check with arena_is_exhausted when it
 * matters).
 */
__attribute__((format(printf, 2, 3))) struct bytes arena_format_bytes(struct arena *arena,
                                                                      const char *format, ...);

/** How many bytes are allocated. */
size_t arena_used(const struct arena *arena);

/** Whether an allocation has failed since the arena was new or reset. */
bool arena_is_exhausted(const struct arena *arena);

/**
 * The place in an arena to go back to: everything allocated after the mark is wiped and freed by
 * the rewind.
 */
struct arena_mark {
    void *block;
    size_t block_used;
    size_t used;
    const void *owned;
};
struct arena_mark arena_mark(const struct arena *arena);
void arena_rewind(struct arena *arena, struct arena_mark mark);

#endif
