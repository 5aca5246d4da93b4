/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The document tree: what a YAML or JSON file says, with the position of everything, so that
 * whoever finds a fault in it can name file, line and column.
 *
 * JSON is RFC 8259, read by our own tokenizer (libyaml cannot read surrogate pairs). YAML is what
 * libyaml's events say under the YAML 1.2 core schema (§10.3.2): plain `null ~ true false` and
 * numbers are typed, everything else and everything quoted is a string; a key is a scalar, taken as
 * the text it is spelt with (`200:` is "200", as OpenAPI asks); anchors and aliases are expanded,
 * within a bound; tags other than the core schema's, merge keys and several documents in one file
 * are errors. In both, a key that stands twice in one object is an error.
 *
 * Codes of the diagnostics: encoding, syntax, surrogate, duplicate-key, depth, and from YAML also
 * alias, key, tag, several-documents.
 */
#ifndef AMANAT_POLICY_BASE_DOCUMENT_H
#define AMANAT_POLICY_BASE_DOCUMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "amanat/diagnostics.h"
#include "amanat/result.h"
#include "policy/base/arena.h"
#include "policy/base/buffer.h"
#include "policy/base/bytes.h"

enum document_kind {
    DOCUMENT_NULL = 0,
    DOCUMENT_BOOL,
    DOCUMENT_NUMBER,
    DOCUMENT_STRING,
    DOCUMENT_ARRAY,
    DOCUMENT_OBJECT
};

/** One value. Lines and columns count from 1, columns in bytes. */
struct document {
    enum document_kind kind;
    unsigned line;
    unsigned column;
    bool boolean;      /* of a BOOL */
    struct bytes text; /* STRING: decoded, valid UTF-8, may hold NUL; NUMBER: exactly as spelt */
    size_t count;      /* items of an ARRAY, members of an OBJECT */
    const struct document *items;          /* of an ARRAY */
    const struct document_member *members; /* of an OBJECT, in the order of the file */
};

struct document_member {
    struct bytes key; /* decoded */
    unsigned line;
    unsigned column;
    struct document value;
};

/** Deepest nesting that is read: as serde_json's, which the official Cedar engine uses. */
#define DOCUMENT_DEPTH_LIMIT 128

/**
 * Reads one JSON text. All of the tree lives in `arena` (decoded strings are copies). CONFIG_FAULT
 * with a diagnostic for anything that is not valid JSON, for a duplicate key, or beyond the depth
 * limit.
 */
AMANAT_MUST_CHECK amanat_result document_from_json(struct arena *arena, const char *source,
                                                   struct bytes text,
                                                   struct amanat_diagnostics *diagnostics,
                                                   const struct document **out);

/**
 * The same with another depth limit, for formats that nest programs and not data. Reading recurses
 * once per level: 1,024 of them fit into a thread's stack.
 */
AMANAT_MUST_CHECK amanat_result document_from_deep_json(struct arena *arena, const char *source,
                                                        struct bytes text, unsigned depth_limit,
                                                        struct amanat_diagnostics *diagnostics,
                                                        const struct document **out);

/** Reads one YAML document in the same way; an empty file is null. */
AMANAT_MUST_CHECK amanat_result document_from_yaml(struct arena *arena, const char *source,
                                                   struct bytes text,
                                                   struct amanat_diagnostics *diagnostics,
                                                   const struct document **out);

/** The member's value, or NULL when `object` is no object or has no such key. */
const struct document *document_get(const struct document *object, const char *key);
const struct document *document_get_bytes(const struct document *object, struct bytes key);

/** The text of the member's value, or no bytes when there is none or it is no STRING. */
struct bytes document_get_string(const struct document *object, const char *key);

/** The text of a STRING value as bytes_equal sees it; false for other kinds and NULL. */
bool document_is_string(const struct document *document, const char *text);

/** The value of a NUMBER spelt as an integer (`-?[0-9]+`) that fits; false otherwise. */
bool document_integer(const struct document *document, int64_t *out);

/** Appends it as compact JSON; a NUMBER of a YAML text must be spelt as JSON spells numbers. */
void document_append_json(struct buffer *out, const struct document *document);

/** The same with one value a line, without a newline at the end: for people, and to compare. */
void document_append_json_lines(struct buffer *out, const struct document *document);

/** "null", "boolean", "number", "string", "array" or "object": for messages. */
const char *document_kind_name(enum document_kind kind);

#endif
