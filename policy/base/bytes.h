/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A run of bytes that somebody else owns. Never NUL-terminated by promise: NUL is an ordinary byte
 * here, because JSON and Cedar strings can hold it.
 */
#ifndef AMANAT_POLICY_BASE_BYTES_H
#define AMANAT_POLICY_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct bytes {
    const char *at; /* may be NULL when length is 0 */
    size_t length;
};

/**
 * The bytes of a string literal, without its final NUL; BYTES is an expression, BYTES_INIT an
 * initialiser.
 */
#define BYTES_INIT(literal)                                                                        \
    {                                                                                              \
        (literal), sizeof(literal) - 1                                                             \
    }
#define BYTES(literal) ((struct bytes)BYTES_INIT(literal))

/** For printf's "%.*s"; only for text that is known to be short. */
#define BYTES_PRINTF(value) (int)(value).length, (value).at == NULL ? "" : (value).at

static inline struct bytes bytes_of(const char *at, size_t length)
{
    return (struct bytes){at, length};
}

/** The bytes of a C string, without its NUL; NULL gives no bytes. */
static inline struct bytes bytes_of_string(const char *string)
{
    return (struct bytes){string, string == NULL ? 0 : strlen(string)};
}

static inline bool bytes_equal(struct bytes a, struct bytes b)
{
    return a.length == b.length && (a.length == 0 || memcmp(a.at, b.at, a.length) == 0);
}

static inline bool bytes_equal_string(struct bytes a, const char *string)
{
    return bytes_equal(a, bytes_of_string(string));
}

/** Order by byte value, a prefix before what it begins; as strcmp: negative, 0, positive. */
int bytes_compare(struct bytes a, struct bytes b);

bool bytes_start_with(struct bytes bytes, struct bytes prefix);
bool bytes_end_with(struct bytes bytes, struct bytes suffix);

/** Where `byte` first stands, or `bytes.length` if nowhere. */
size_t bytes_find(struct bytes bytes, char byte);

/** The bytes from `start` (at most the length) to the end. */
static inline struct bytes bytes_from(struct bytes bytes, size_t start)
{
    return bytes_of(bytes.at == NULL ? NULL : bytes.at + start, bytes.length - start);
}

/** The first `length` bytes (at most all). */
static inline struct bytes bytes_first(struct bytes bytes, size_t length)
{
    return bytes_of(bytes.at, length);
}

/**
 * Whether it is a name of design 1, `[a-z][a-z0-9-]*`, of at most 64 bytes: a partner, a service, a
 * purpose.
 */
bool bytes_is_name(struct bytes bytes);

/** A 64-bit hash, the same in every run. Not for tables into which strangers insert (see map.h). */
unsigned long long bytes_hash(struct bytes bytes);

#endif
