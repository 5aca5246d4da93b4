/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Objects of a fixed shape, of which the JSON syntaxes of schemas and policies are made: which keys
 * they have, which they must have and of which kind the values are. As in the official engine, a
 * key that does not belong is a fault.
 */
#include <stdio.h>

#include "policy/base/guard.h"
#include "policy/cedar/cedar_json.h"
#include "policy/cedar/cedar_lexer.h"

bool cedar_text_is_json(struct bytes text)
{
    size_t at = 0;
    while (at < text.length && (text.at[at] == ' ' || text.at[at] == '\t' || text.at[at] == '\n' ||
                                text.at[at] == '\r')) {
        at++;
    }
    return at < text.length && text.at[at] == '{';
}

static amanat_result refuse_unknown(const struct cedar_json *json,
                                    const struct document_member *member, const char *what,
                                    const struct cedar_json_key *keys, size_t count)
{
    char known[160] = "";
    size_t length = 0;
    for (size_t i = 0; i < count && length < sizeof(known); i++) {
        length += (size_t)snprintf(known + length, sizeof(known) - length, "%s`%s`",
                                   i > 0 ? ", " : "", keys[i].name);
    }
    const struct document at = {.line = member->line, .column = member->column};
    return cedar_json_fault(json, &at, "%s has no key `%.*s`, only %s", what,
                            BYTES_PRINTF(member->key), count > 0 ? known : "none at all");
}

static amanat_result take_member(const struct cedar_json *json,
                                 const struct document_member *member, const char *what,
                                 const struct cedar_json_key *keys, size_t count,
                                 const struct document **out_members)
{
    for (size_t i = 0; i < count; i++) {
        const struct document *value = &member->value;
        if (!bytes_equal_string(member->key, keys[i].name)) {
            continue;
        }
        if (keys[i].or_null && value->kind == DOCUMENT_NULL) {
            return AMANAT_OK;
        }
        if (!keys[i].any_kind && value->kind != keys[i].kind) {
            return cedar_json_fault(
                json, value, "`%s` must be %s %s, not %s", keys[i].name,
                keys[i].kind == DOCUMENT_ARRAY || keys[i].kind == DOCUMENT_OBJECT ? "an" : "a",
                document_kind_name(keys[i].kind), document_kind_name(value->kind));
        }
        out_members[i] = value;
        return AMANAT_OK;
    }
    return refuse_unknown(json, member, what, keys, count);
}

static bool has_key(const struct document *object, const char *key)
{
    return document_get(object, key) != NULL;
}

amanat_result cedar_json_members(const struct cedar_json *json, const struct document *object,
                                 const char *what, const struct cedar_json_key *keys, size_t count,
                                 const struct document **out_members)
{
    amanat_result result = AMANAT_OK;
    if (object->kind != DOCUMENT_OBJECT) {
        return cedar_json_fault(json, object, "%s must be an object, not %s", what,
                                document_kind_name(object->kind));
    }
    for (size_t i = 0; i < count; i++) {
        out_members[i] = NULL;
    }
    for (size_t i = 0; i < object->count; i++) {
        GO_ON_AFTER_FAULT(result,
                          take_member(json, &object->members[i], what, keys, count, out_members));
    }
    for (size_t i = 0; i < count; i++) {
        if (keys[i].required && !has_key(object, keys[i].name)) {
            result = cedar_json_fault(json, object, "%s must have a key `%s`", what, keys[i].name);
        }
    }
    return result;
}

amanat_result cedar_json_annotations(const struct cedar_json *json, const struct document *document,
                                     const struct cedar_annotation **out, size_t *out_count)
{
    const size_t count = document == NULL ? 0 : document->count;
    struct cedar_annotation *annotations =
        arena_allocate_array(json->arena, count, sizeof(*annotations));
    TRY_MEMORY(annotations);
    for (size_t i = 0; i < count; i++) {
        const struct document_member *member = &document->members[i];
        const bool has_value = member->value.kind != DOCUMENT_NULL;
        if (!cedar_word_is_valid(member->key)) {
            const struct document at = {.line = member->line, .column = member->column};
            return cedar_json_fault(json, &at, "an annotation's name must be an identifier");
        }
        if (has_value && member->value.kind != DOCUMENT_STRING) {
            return cedar_json_fault(json, &member->value,
                                    "an annotation's value must be a string, not %s",
                                    document_kind_name(member->value.kind));
        }
        annotations[i] = (struct cedar_annotation){
            member->key, has_value ? member->value.text : BYTES(""), has_value};
    }
    *out = annotations;
    *out_count = count;
    return AMANAT_OK;
}
