/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Arena: a chain of heap blocks, newest first. Allocation moves a counter; a rewind frees the
 * blocks that came after the mark. A block is wiped before it is freed.
 */
#include "policy/base/arena.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "policy/base/guard.h"
#include "policy/base/wipe.h"

#define ALIGNMENT 16
/* Most exchanges need a few KiB; larger blocks double up to this, so that a big document takes few
 * of them. */
#define FIRST_BLOCK_SIZE   ((size_t)4096)
#define LARGEST_BLOCK_SIZE ((size_t)1 << 20)

struct block {
    struct block *older;
    size_t size;
    size_t used;
    _Alignas(ALIGNMENT) char data[];
};

/* An object that is freed with the arena; it lies in the arena itself. */
struct owned {
    struct owned *older;
    void *object;
    void (*free_object)(void *object);
};

struct arena {
    struct block *newest;
    struct owned *owned; /* newest first */
    size_t limit;
    size_t used;
    size_t next_block_size;
    bool exhausted;
};

struct arena *arena_new(size_t limit)
{
    struct arena *arena = calloc(1, sizeof(*arena));
    if (arena != NULL) {
        arena->limit = limit;
        arena->next_block_size = FIRST_BLOCK_SIZE;
    }
    return arena;
}

static void free_newest_block(struct arena *arena)
{
    struct block *block = arena->newest;
    arena->newest = block->older;
    wipe(block->data, block->used);
    free(block);
}

/* Frees what is owned and newer than `last`. */
static void free_owned(struct arena *arena, const void *last)
{
    while (arena->owned != last) {
        const struct owned *owned = arena->owned;
        arena->owned = owned->older;
        owned->free_object(owned->object);
    }
}

void arena_free(struct arena *arena)
{
    if (arena == NULL) {
        return;
    }
    free_owned(arena, NULL);
    while (arena->newest != NULL) {
        free_newest_block(arena);
    }
    free(arena);
}

void arena_reset(struct arena *arena)
{
    free_owned(arena, NULL);
    while (arena->newest != NULL && arena->newest->older != NULL) {
        free_newest_block(arena);
    }
    if (arena->newest != NULL) {
        if (arena->newest->size > FIRST_BLOCK_SIZE) {
            free_newest_block(arena);
        } else {
            wipe(arena->newest->data, arena->newest->used);
            arena->newest->used = 0;
        }
    }
    arena->used = 0;
    arena->next_block_size = FIRST_BLOCK_SIZE;
    arena->exhausted = false;
}

static struct block *add_block(struct arena *arena, size_t needed)
{
#ifdef AMANAT_ARENA_SEPARATE_BLOCKS
    const size_t size = needed;
#else
    const size_t size = needed > arena->next_block_size ? needed : arena->next_block_size;
    if (arena->next_block_size < LARGEST_BLOCK_SIZE) {
        arena->next_block_size *= 2;
    }
#endif
    struct block *block = malloc(sizeof(*block) + size);
    if (block != NULL) {
        block->older = arena->newest;
        block->size = size;
        block->used = 0;
        arena->newest = block;
    }
    return block;
}

static bool fits_newest_block(const struct arena *arena, size_t size)
{
#ifdef AMANAT_ARENA_SEPARATE_BLOCKS
    (void)arena;
    (void)size;
    return false;
#else
    return arena->newest != NULL && arena->newest->size - arena->newest->used >= size;
#endif
}

void *arena_allocate(struct arena *arena, size_t size)
{
#ifdef AMANAT_ARENA_SEPARATE_BLOCKS
    const size_t taken = size; /* exact, so that one byte too far is outside the heap block */
#else
    if (size > SIZE_MAX - ALIGNMENT) {
        arena->exhausted = true;
        return NULL;
    }
    const size_t taken = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
#endif
    if (taken > arena->limit - arena->used ||
        (!fits_newest_block(arena, taken) && add_block(arena, taken) == NULL)) {
        arena->exhausted = true;
        return NULL;
    }
    void *memory = arena->newest->data + arena->newest->used;
    arena->newest->used += taken;
    arena->used += taken;
    memset(memory, 0, size);
    return memory;
}

void *arena_allocate_array(struct arena *arena, size_t count, size_t size)
{
    if (size != 0 && count > SIZE_MAX / size) {
        arena->exhausted = true;
        return NULL;
    }
    return arena_allocate(arena, count * size);
}

amanat_result arena_own(struct arena *arena, void *object, void (*free_object)(void *object))
{
    struct owned *owned = ARENA_NEW(arena, struct owned);
    TRY_MEMORY(owned);
    *owned = (struct owned){.older = arena->owned, .object = object, .free_object = free_object};
    arena->owned = owned;
    return AMANAT_OK;
}

amanat_result arena_copy_bytes(struct arena *arena, struct bytes bytes, struct bytes *out)
{
    char *copy = arena_allocate(arena, bytes.length + 1);
    TRY_MEMORY(copy);
    if (bytes.length > 0) {
        memcpy(copy, bytes.at, bytes.length);
    }
    *out = bytes_of(copy, bytes.length);
    return AMANAT_OK;
}

__attribute__((format(printf, 2, 0))) static char *
format_list(struct arena *arena, const char *format, va_list arguments)
{
    va_list again;
    va_copy(again, arguments);
    const int length = vsnprintf(NULL, 0, format, arguments);
    ASSERT(length >= 0);
    char *text = arena_allocate(arena, (size_t)length + 1);
    if (text != NULL) {
        (void)vsnprintf(text, (size_t)length + 1, format, again);
    }
    va_end(again);
    return text;
}

char *arena_format(struct arena *arena, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *text = format_list(arena, format, arguments);
    va_end(arguments);
    return text;
}

struct bytes arena_format_bytes(struct arena *arena, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const char *text = format_list(arena, format, arguments);
    va_end(arguments);
    return bytes_of_string(text);
}

size_t arena_used(const struct arena *arena)
{
    return arena->used;
}

bool arena_is_exhausted(const struct arena *arena)
{
    return arena->exhausted;
}

struct arena_mark arena_mark(const struct arena *arena)
{
    return (struct arena_mark){arena->newest, arena->newest == NULL ? 0 : arena->newest->used,
                               arena->used, arena->owned};
}

void arena_rewind(struct arena *arena, struct arena_mark mark)
{
    free_owned(arena, mark.owned);
    while (arena->newest != mark.block) {
        ASSERT(arena->newest != NULL); /* else the mark is of another arena or was rewound past */
        free_newest_block(arena);
    }
    if (arena->newest != NULL) {
        wipe(arena->newest->data + mark.block_used, arena->newest->used - mark.block_used);
        arena->newest->used = mark.block_used;
    }
    arena->used = mark.used;
}
