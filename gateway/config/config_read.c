/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Walks amanat.yaml along the table: unknown keys, missing keys, types and values, each with its
 * place. It goes on after a fault, so that one run tells them all.
 */
#include "gateway/config/config_read.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "gateway/config/config_file.h"
#include "gateway/config/config_table.h"
#include "gateway/config/config_value.h"
#include "policy/base/guard.h"
#include "policy/base/similar.h"
#include "policy/base/vector.h"

/* Every list and map of the struct begins like this. */
struct list {
    const void *items;
    size_t count;
};

void config_fault(struct config_reader *reader, const char *code, unsigned line, unsigned column,
                  const char *format, ...)
{
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    reader->faulty = true;
    amanat_diagnostics_add(reader->diagnostics, AMANAT_SEVERITY_ERROR, code, reader->config->source,
                           line, column, "%s", text);
}

/* ---- values of one kind each ---- */

/* A function that reads a value reports what is wrong and returns OK; only MEMORY is a failure. */

static bool expect_kind(struct config_reader *reader, const struct config_row *row,
                        const struct document *value, enum document_kind kind)
{
    if (value->kind == kind) {
        return true;
    }
    config_fault(
        reader, "type", value->line, value->column, "%s is %s %s here, not %s %s", row->path,
        value->kind == DOCUMENT_ARRAY || value->kind == DOCUMENT_OBJECT ? "an" : "a",
        document_kind_name(value->kind),
        kind == DOCUMENT_ARRAY || kind == DOCUMENT_OBJECT ? "an" : "a", document_kind_name(kind));
    return false;
}

static void bad_value(struct config_reader *reader, const struct config_row *row,
                      const struct document *value, const char *problem)
{
    config_fault(reader, "value", value->line, value->column, "%s: %s", row->path, problem);
}

/* A string without control characters; NULL when it is none. It lives in the document, which lives
 * in our arena and ends its strings with NUL. */
static const char *plain_string(struct config_reader *reader, const struct config_row *row,
                                const struct document *value)
{
    if (!expect_kind(reader, row, value, DOCUMENT_STRING)) {
        return NULL;
    }
    if (value->text.length == 0) {
        bad_value(reader, row, value, "is empty");
        return NULL;
    }
    for (size_t i = 0; i < value->text.length; i++) {
        if ((unsigned char)value->text.at[i] < 0x20 || value->text.at[i] == 0x7F) {
            bad_value(reader, row, value, "holds a control character");
            return NULL;
        }
    }
    return value->text.at;
}

static amanat_result resolve_path(struct config_reader *reader, const char *path, const char **out)
{
    const char *folder = path[0] == '/' ? "" : reader->folder;
    *out = arena_format(reader->config->arena, "%s%s", folder, path);
    TRY_MEMORY(*out);
    return AMANAT_OK;
}

static struct config_file_request request_of(const struct config_reader *reader, const char *path,
                                             const struct document *value)
{
    return (struct config_file_request){
        .path = path,
        .source = reader->config->source,
        .place = {value->line, value->column},
        .diagnostics = reader->diagnostics,
    };
}

/* Faults of files were reported by config_file.c; MEMORY goes up. */
static amanat_result note_file_fault(struct config_reader *reader, amanat_result result)
{
    if (result.status == AMANAT_STATUS_MEMORY || amanat_is_ok(result)) {
        return result;
    }
    reader->faulty = true;
    return AMANAT_OK;
}

/* The 32 bytes of a secret, or nothing for a key whose own library will read it; either may be for
 * demonstrations. */
static amanat_result read_secret(struct config_reader *reader, const struct config_row *row,
                                 const struct document *value, const char *path, unsigned char *out)
{
    struct arena *arena = reader->config->arena;
    const struct arena_mark mark = arena_mark(arena); /* the rewind wipes the copy */
    const struct config_file_request request = request_of(reader, path, value);
    struct bytes content = {0};
    bool is_demo = false;
    const amanat_result result = config_file_read_secret(&request, arena, &content, &is_demo);
    if (amanat_is_ok(result) && out != NULL) {
        if (content.length == CONFIG_SECRET_SIZE) {
            memcpy(out, content.at, CONFIG_SECRET_SIZE);
        } else {
            config_fault(reader, "secret", value->line, value->column,
                         "%s: %s holds %zu bytes, not exactly %d", row->path, path, content.length,
                         CONFIG_SECRET_SIZE);
        }
    }
    arena_rewind(arena, mark);
    reader->config->demo_keys = reader->config->demo_keys || is_demo;
    return note_file_fault(reader, result);
}

/* Every kind of path. `target` is a const char *, or the bytes of a SECRET. */
static amanat_result read_path(struct config_reader *reader, const struct config_row *row,
                               const struct document *value, void *target)
{
    const char *name = plain_string(reader, row, value);
    const char *path = NULL;
    if (name == NULL) {
        return AMANAT_OK;
    }
    TRY(resolve_path(reader, name, &path));
    if (row->type != CONFIG_TYPE_SECRET) {
        memcpy(target, &path, sizeof(path));
    }
    if (reader->use == CONFIG_TO_CHECK) {
        return AMANAT_OK;
    }
    const struct config_file_request request = request_of(reader, path, value);
    switch (row->type) {
    case CONFIG_TYPE_FILE:
    case CONFIG_TYPE_FILES:
        return note_file_fault(reader, config_file_check(&request));
    case CONFIG_TYPE_FOLDER:
        return note_file_fault(reader, config_file_check_folder(&request));
    case CONFIG_TYPE_SECRET_FILE:
        return read_secret(reader, row, value, path, NULL);
    case CONFIG_TYPE_SECRET:
        return read_secret(reader, row, value, path, target);
    default:
        return AMANAT_OK;
    }
}

static void read_number(struct config_reader *reader, const struct config_row *row,
                        const struct document *value, int64_t *target)
{
    const bool is_scalar = value->kind == DOCUMENT_NUMBER || value->kind == DOCUMENT_STRING;
    int64_t number = 0;
    const char *problem = NULL;
    if (!is_scalar || row->type == CONFIG_TYPE_COUNT) {
        if (!expect_kind(reader, row, value, DOCUMENT_NUMBER)) {
            return;
        }
        problem = document_integer(value, &number) ? NULL : "a count is a whole number";
    } else {
        problem = row->type == CONFIG_TYPE_DURATION ? config_parse_duration(value->text, &number)
                                                    : config_parse_size(value->text, &number);
    }
    if (problem != NULL) {
        bad_value(reader, row, value, problem);
    } else if (number < row->least || number > row->most) {
        config_fault(reader, "value", value->line, value->column,
                     "%s must lie between %lld and %lld%s", row->path, (long long)row->least,
                     (long long)row->most,
                     row->type == CONFIG_TYPE_DURATION ? " microseconds"
                     : row->type == CONFIG_TYPE_SIZE   ? " bytes"
                                                       : "");
    } else {
        *target = number;
    }
}

static amanat_result read_url(struct config_reader *reader, const struct config_row *row,
                              const struct document *value, struct config_url *target)
{
    const char *text = plain_string(reader, row, value);
    const char *problem =
        text == NULL ? NULL : config_parse_url(reader->config->arena, text, target);
    if (problem != NULL) {
        bad_value(reader, row, value, problem);
    } else if (text != NULL && !target->is_tls && !config_is_loopback(target->host)) {
        bad_value(reader, row, value,
                  "http (without TLS) goes only to a loopback address, such as 127.0.0.1");
    }
    return arena_is_exhausted(reader->config->arena) ? amanat_result_of(AMANAT_STATUS_MEMORY)
                                                     : AMANAT_OK;
}

static void read_address(struct config_reader *reader, const struct config_row *row,
                         const struct document *value, struct config_address *target)
{
    const char *text = plain_string(reader, row, value);
    const char *problem = text == NULL ? NULL : config_parse_address(text, target);
    if (problem != NULL) {
        bad_value(reader, row, value, problem);
    }
    target->place = (struct config_place){value->line, value->column};
}

static void read_word(struct config_reader *reader, const struct config_row *row,
                      const struct document *value, int *target)
{
    const char *text = plain_string(reader, row, value);
    for (int i = 0; text != NULL && row->words[i] != NULL; i++) {
        if (strcmp(text, row->words[i]) == 0) {
            *target = i;
            return;
        }
    }
    if (text != NULL) {
        config_fault(reader, "value", value->line, value->column, "%s cannot be \"%s\": %s",
                     row->path, text, row->about);
    }
}

/* ---- lists of scalars ---- */

static amanat_result read_addresses(struct config_reader *reader, const struct config_row *row,
                                    const struct document *value,
                                    struct config_address_list *target)
{
    if (!expect_kind(reader, row, value, DOCUMENT_ARRAY)) {
        return AMANAT_OK;
    }
    if (value->count == 0) {
        bad_value(reader, row, value, "is empty");
    }
    struct config_address *items =
        arena_allocate_array(reader->config->arena, value->count, sizeof(*items));
    TRY_MEMORY(items);
    for (size_t i = 0; i < value->count; i++) {
        read_address(reader, row, &value->items[i], &items[i]);
    }
    *target = (struct config_address_list){items, value->count};
    return AMANAT_OK;
}

static bool stands_before(const struct document *list, size_t index)
{
    for (size_t i = 0; i < index; i++) {
        if (list->items[i].kind == DOCUMENT_STRING &&
            bytes_equal(list->items[i].text, list->items[index].text)) {
            return true;
        }
    }
    return false;
}

static amanat_result read_strings(struct config_reader *reader, const struct config_row *row,
                                  const struct document *value, struct config_string_list *target)
{
    if (!expect_kind(reader, row, value, DOCUMENT_ARRAY)) {
        return AMANAT_OK;
    }
    const char **items = arena_allocate_array(reader->config->arena, value->count, sizeof(*items));
    TRY_MEMORY(items);
    for (size_t i = 0; i < value->count; i++) {
        const struct document *item = &value->items[i];
        if (row->type == CONFIG_TYPE_FILES) {
            TRY(read_path(reader, row, item, &items[i]));
        } else {
            items[i] = plain_string(reader, row, item);
        }
        if (items[i] == NULL) {
            continue;
        }
        if (stands_before(value, i)) {
            bad_value(reader, row, item, "stands twice");
        }
        if (row->type == CONFIG_TYPE_NAMES && !bytes_is_name(item->text)) {
            bad_value(reader, row, item, "a name is a small letter, then small letters, digits, -");
        }
    }
    *target = (struct config_string_list){items, value->count};
    return AMANAT_OK;
}

static void read_require(struct config_reader *reader, const struct config_row *row,
                         const struct document *value, unsigned *target)
{
    unsigned require = 0;
    if (!expect_kind(reader, row, value, DOCUMENT_ARRAY)) {
        return;
    }
    for (size_t i = 0; i < value->count; i++) {
        if (document_is_string(&value->items[i], "certificate")) {
            require |= CONFIG_REQUIRE_CERTIFICATE;
        } else if (document_is_string(&value->items[i], "token")) {
            require |= CONFIG_REQUIRE_TOKEN;
        } else {
            bad_value(reader, row, &value->items[i], "expected certificate or token");
        }
    }
    if (value->count == 0) {
        bad_value(reader, row, value, "somebody must be known: certificate, token, or both");
    }
    *target = require;
}

/* ---- objects ---- */

static amanat_result read_object(struct config_reader *reader, const char *path,
                                 const struct document *object, char *target);

/* An array of objects, or an object of named objects, into structs of row->item_size bytes. */
static amanat_result read_items(struct config_reader *reader, const struct config_row *row,
                                const struct document *value, char *target)
{
    const bool is_map = row->type == CONFIG_TYPE_MAP;
    char path[64];
    if (!expect_kind(reader, row, value, is_map ? DOCUMENT_OBJECT : DOCUMENT_ARRAY)) {
        return AMANAT_OK;
    }
    char *items = arena_allocate_array(reader->config->arena, value->count, row->item_size);
    TRY_MEMORY(items);
    (void)snprintf(path, sizeof(path), "%s%s", row->path, is_map ? ".*" : "[]");
    for (size_t i = 0; i < value->count; i++) {
        char *item = items + i * row->item_size;
        const struct document *object = is_map ? &value->members[i].value : &value->items[i];
        struct config_place place = {object->line, object->column};
        if (is_map) {
            const struct document_member *member = &value->members[i];
            place = (struct config_place){member->line, member->column};
            memcpy(item, &member->key.at, sizeof(member->key.at));
            if (!bytes_is_name(member->key)) {
                config_fault(reader, "value", place.line, place.column,
                             "%s: a name is a small letter, then small letters, digits, -",
                             row->path);
            }
        }
        memcpy(item + row->place_offset, &place, sizeof(place));
        if (expect_kind(reader, row, object, DOCUMENT_OBJECT)) {
            TRY(read_object(reader, path, object, item));
        }
    }
    const struct list list = {items, value->count};
    memcpy(target, &list, sizeof(list));
    return AMANAT_OK;
}

/* `limits:` with nothing behind it is an empty object. */
static amanat_result read_inner_object(struct config_reader *reader, const struct config_row *row,
                                       const struct document *value, char *target)
{
    struct document empty = {.kind = DOCUMENT_OBJECT, .line = value->line, .column = value->column};
    if (value->kind == DOCUMENT_NULL) {
        value = &empty;
    }
    return expect_kind(reader, row, value, DOCUMENT_OBJECT)
               ? read_object(reader, row->path, value, target)
               : AMANAT_OK;
}

static amanat_result read_value(struct config_reader *reader, const struct config_row *row,
                                const struct document *value, char *target)
{
    void *slot = target; /* aligned as the row's type asks: it is a member of that type */
    switch (row->type) {
    case CONFIG_TYPE_STRING: {
        const char *text = plain_string(reader, row, value);
        memcpy(slot, &text, sizeof(text));
        return AMANAT_OK;
    }
    case CONFIG_TYPE_PATH:
    case CONFIG_TYPE_FILE:
    case CONFIG_TYPE_SECRET_FILE:
    case CONFIG_TYPE_SECRET:
    case CONFIG_TYPE_FOLDER:
        return read_path(reader, row, value, slot);
    case CONFIG_TYPE_DURATION:
    case CONFIG_TYPE_COUNT:
    case CONFIG_TYPE_SIZE:
        read_number(reader, row, value, slot);
        return AMANAT_OK;
    case CONFIG_TYPE_URL:
        return read_url(reader, row, value, slot);
    case CONFIG_TYPE_ADDRESS:
        read_address(reader, row, value, slot);
        return AMANAT_OK;
    case CONFIG_TYPE_ADDRESSES:
        return read_addresses(reader, row, value, slot);
    case CONFIG_TYPE_STRINGS:
    case CONFIG_TYPE_FILES:
    case CONFIG_TYPE_NAMES:
        return read_strings(reader, row, value, slot);
    case CONFIG_TYPE_REQUIRE:
        read_require(reader, row, value, slot);
        return AMANAT_OK;
    case CONFIG_TYPE_WORD:
        read_word(reader, row, value, slot);
        return AMANAT_OK;
    case CONFIG_TYPE_OBJECT:
        return read_inner_object(reader, row, value, target);
    case CONFIG_TYPE_LIST:
    case CONFIG_TYPE_MAP:
        return read_items(reader, row, value, target);
    }
    ASSERT(false);
    return amanat_result_of(AMANAT_STATUS_BUG);
}

/* A default is written in the table as it would be written in the file. */
static amanat_result read_fallback(struct config_reader *reader, const struct config_row *row,
                                   const struct document *object, char *target)
{
    struct document items[2] = {{.kind = DOCUMENT_STRING, .text = BYTES("certificate")},
                                {.kind = DOCUMENT_STRING, .text = BYTES("token")}};
    struct document value = {.line = object->line, .column = object->column};
    value.kind = row->type == CONFIG_TYPE_COUNT ? DOCUMENT_NUMBER : DOCUMENT_STRING;
    if (row->type == CONFIG_TYPE_OBJECT) {
        value.kind = DOCUMENT_OBJECT;
    } else if (row->fallback == NULL) {
        return AMANAT_OK;
    } else if (row->type == CONFIG_TYPE_REQUIRE) {
        value.kind = DOCUMENT_ARRAY;
        value.items = items;
        value.count = 2;
    } else {
        value.text = bytes_of_string(row->fallback);
    }
    return read_value(reader, row, &value, target);
}

static void report_unknown_key(struct config_reader *reader, const char *path,
                               const struct document_member *member)
{
    struct bytes keys[64];
    size_t count = 0;
    for (size_t i = 0; i < config_row_count && count < sizeof(keys) / sizeof(keys[0]); i++) {
        keys[count] = config_row_key(&config_rows[i], path);
        count += keys[count].length > 0;
    }
    char hint[SIMILAR_HINT_SIZE];
    config_fault(reader, "unknown-key", member->line, member->column,
                 "there is no key `%.*s`%s%s%s", BYTES_PRINTF(member->key),
                 path[0] == '\0' ? "" : " in ", path, similar_hint(member->key, keys, count, hint));
}

static amanat_result read_object(struct config_reader *reader, const char *path,
                                 const struct document *object, char *target)
{
    for (size_t i = 0; i < object->count; i++) {
        const struct document_member *member = &object->members[i];
        const struct config_row *row = config_find_row(path, member->key);
        if (row == NULL) {
            report_unknown_key(reader, path, member);
        } else {
            TRY(read_value(reader, row, &member->value, target + row->offset));
        }
    }
    for (size_t i = 0; i < config_row_count; i++) {
        const struct config_row *row = &config_rows[i];
        const struct bytes key = config_row_key(row, path);
        if (key.length == 0 || document_get_bytes(object, key) != NULL) {
            continue;
        }
        if (row->required) {
            config_fault(reader, "missing-key", object->line, object->column, "%s is missing: %s",
                         row->path, row->about);
        } else {
            TRY(read_fallback(reader, row, object, target + row->offset));
        }
    }
    return AMANAT_OK;
}

amanat_result config_read(struct config_reader *reader)
{
    if (reader->root->kind != DOCUMENT_OBJECT) {
        config_fault(reader, "type", reader->root->line, reader->root->column,
                     "the file is a %s, not an object", document_kind_name(reader->root->kind));
        return AMANAT_OK;
    }
    return read_object(reader, "", reader->root, (char *)reader->config);
}
