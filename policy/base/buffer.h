/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A growing run of bytes on the heap with a limit of its own. Once an append has failed the buffer
 * is *broken*: it takes nothing more and says so, so that a writer may append many pieces and check
 * once at the end.
 */
#ifndef AMANAT_POLICY_BASE_BUFFER_H
#define AMANAT_POLICY_BASE_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "amanat/result.h"
#include "policy/base/bytes.h"

struct buffer {
    char *at;
    size_t length;
    size_t capacity;
    size_t limit; /* the most bytes it may hold */
    bool broken;  /* an append failed: limit or memory */
    bool starves; /* … for want of memory */
};

/** An empty buffer of at most `limit` bytes; nothing is allocated yet. */
void buffer_init(struct buffer *buffer, size_t limit);

/** Wipes and frees the bytes; the buffer is empty and whole again. */
void buffer_clear(struct buffer *buffer);

/** Empties it, wipes what was used, keeps the memory. */
void buffer_reset(struct buffer *buffer);

/** buffer_append where room must be made first, or none can be. */
void buffer_append_growing(struct buffer *buffer, struct bytes bytes);

/* Most of what is appended is a name or a short value: two copies that may overlap, and no call. */
#define BUFFER_COPY_ENDS(type, to, from, length)                                                   \
    do {                                                                                           \
        type head_;                                                                                \
        type tail_;                                                                                \
        memcpy(&head_, (from), sizeof(head_));                                                     \
        memcpy(&tail_, (from) + (length) - sizeof(tail_), sizeof(tail_));                          \
        memcpy((to), &head_, sizeof(head_));                                                       \
        memcpy((to) + (length) - sizeof(tail_), &tail_, sizeof(tail_));                            \
    } while (0)

static inline void buffer_copy_short(char *to, const char *from, size_t length)
{
    if (length >= 8) {
        BUFFER_COPY_ENDS(uint64_t, to, from, length);
    } else if (length >= 4) {
        BUFFER_COPY_ENDS(uint32_t, to, from, length);
    } else if (length >= 2) {
        BUFFER_COPY_ENDS(uint16_t, to, from, length);
    } else if (length == 1) {
        *to = *from;
    }
}

static inline void buffer_append(struct buffer *buffer, struct bytes bytes)
{
    /* also what fits exactly, so that nothing is added to no memory */
    if (buffer->broken || bytes.length >= buffer->capacity - buffer->length) {
        buffer_append_growing(buffer, bytes);
        return;
    }
    if (bytes.length == 0) { /* also where there is no memory yet to point into */
        return;
    }
    const char *from = bytes.at;
    /* gcc 12 warns of reads that the length forbids, when it can see how large `from` is */
    __asm__("" : "+r"(from));
    if (bytes.length <= 16) {
        buffer_copy_short(buffer->at + buffer->length, from, bytes.length);
    } else {
        memcpy(buffer->at + buffer->length, from, bytes.length);
    }
    buffer->length += bytes.length;
}

static inline void buffer_append_byte(struct buffer *buffer, char byte)
{
    if (buffer->broken || buffer->length == buffer->capacity) {
        buffer_append_growing(buffer, bytes_of(&byte, 1));
    } else {
        buffer->at[buffer->length++] = byte;
    }
}

void buffer_append_string(struct buffer *buffer, const char *string);
void buffer_append_number(struct buffer *buffer, int64_t number);
__attribute__((format(printf, 2, 3))) void buffer_append_format(struct buffer *buffer,
                                                                const char *format, ...);

/** `text` (UTF-8) as a JSON string in quotes, escaped as RFC 8785 §3.2.2.2 says. */
void buffer_append_json_string(struct buffer *buffer, struct bytes text);

/** Removes the first `length` bytes (at most all); what follows moves down. */
void buffer_consume(struct buffer *buffer, size_t length);

/** Shortens it to `length` bytes, wiping the rest. */
void buffer_truncate(struct buffer *buffer, size_t length);

/** The bytes held; valid until the next change. */
static inline struct bytes buffer_bytes(const struct buffer *buffer)
{
    return bytes_of(buffer->at, buffer->length);
}

/** OK, or LIMIT when an append has failed. */
static inline AMANAT_MUST_CHECK amanat_result buffer_check(const struct buffer *buffer)
{
    const enum amanat_status why = buffer->starves ? AMANAT_STATUS_MEMORY : AMANAT_STATUS_LIMIT;
    return amanat_result_of(buffer->broken ? why : AMANAT_STATUS_OK);
}

#endif
