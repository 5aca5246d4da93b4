/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Private to gateway/config: the one table of what amanat.yaml may say, and how a row is written.
 *
 * A row's path names a key: `tls.key`; `services.*.url` is a key of every member of the map
 * `services`, `ledger[].url` of every item of the list `ledger`. Its value goes to `offset` in the
 * struct that belongs to the object which the key stands in.
 */
#ifndef AMANAT_GATEWAY_CONFIG_CONFIG_TABLE_H
#define AMANAT_GATEWAY_CONFIG_CONFIG_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/base/bytes.h"

enum config_type {
    CONFIG_TYPE_STRING = 0,  /* const char * */
    CONFIG_TYPE_PATH,        /* const char *, relative to the file; not looked at */
    CONFIG_TYPE_FILE,        /* the same; must be a regular file that we can read */
    CONFIG_TYPE_SECRET_FILE, /* the same; nobody else may read it; may be marked as a demo key */
    CONFIG_TYPE_SECRET,      /* unsigned char[CONFIG_SECRET_SIZE]: the contents of such a file */
    CONFIG_TYPE_FOLDER,      /* const char *; must be a folder */
    CONFIG_TYPE_DURATION,    /* int64_t, microseconds */
    CONFIG_TYPE_COUNT,       /* int64_t */
    CONFIG_TYPE_SIZE,        /* int64_t, bytes */
    CONFIG_TYPE_URL,         /* struct config_url */
    CONFIG_TYPE_ADDRESS,     /* struct config_address */
    CONFIG_TYPE_ADDRESSES,   /* struct config_address_list, not empty */
    CONFIG_TYPE_STRINGS,     /* struct config_string_list */
    CONFIG_TYPE_FILES,       /* struct config_string_list of CONFIG_TYPE_FILE */
    CONFIG_TYPE_NAMES,       /* struct config_string_list of [a-z][a-z0-9-]* */
    CONFIG_TYPE_REQUIRE,     /* unsigned, bits of enum config_require */
    CONFIG_TYPE_WORD,        /* int: index of the word in `words` */
    CONFIG_TYPE_OBJECT,      /* a struct; its keys are rows of their own */
    CONFIG_TYPE_LIST,        /* struct { const T *items; size_t count; } of objects */
    CONFIG_TYPE_MAP /* the same; each name goes to the item's first member, a const char * */
};

struct config_row {
    const char *path;
    enum config_type type;
    bool required;
    size_t offset;
    const char *fallback; /* the default, as it would be written; NULL = none */
    int64_t least;        /* of DURATION, COUNT and SIZE */
    int64_t most;
    size_t item_size;         /* of LIST and MAP */
    size_t place_offset;      /* of the struct config_place in such an item */
    const char *const *words; /* of WORD, ended by NULL */
    const char *about;        /* what it is; for limits: where the number comes from */
};

extern const struct config_row config_rows[];
extern const size_t config_row_count;

/** The row of `key` in the object at `path` ("" is the root), or NULL. */
const struct config_row *config_find_row(const char *path, struct bytes key);

/** The key of a row, if the row's object is the one at `path`; else no bytes. */
struct bytes config_row_key(const struct config_row *row, const char *path);

#endif
