/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where an `x-amanat-…` key may stand. An extension that is misspelt, or that stands where nothing
 * reads it, would leave a field unlabelled, or a record no record, while its author believes
 * otherwise; so every object of the document is looked at once, whether it is used or not. Examples
 * and other data are passed over: their keys are nobody's extensions.
 */
#include "policy/catalogue/openapi.h"

#include <string.h>

#include "policy/base/similar.h"

enum context {
    CONTEXT_OTHER = 0, /* no extension of ours means anything here */
    CONTEXT_DATA,      /* values, not descriptions */
    CONTEXT_ROOT,
    CONTEXT_PATHS,
    CONTEXT_PATH_ITEM,
    CONTEXT_OPERATION,
    CONTEXT_CALLBACKS,
    CONTEXT_PARAMETERS, /* a list, or the map of components */
    CONTEXT_PARAMETER,
    CONTEXT_BODIES,
    CONTEXT_BODY,
    CONTEXT_CONTENT,
    CONTEXT_MEDIA_TYPE,
    CONTEXT_RESPONSES,
    CONTEXT_RESPONSE,
    CONTEXT_HEADERS,
    CONTEXT_HEADER,
    CONTEXT_COMPONENTS,
    CONTEXT_SCHEMAS, /* a map, or a list */
    CONTEXT_SCHEMA
};

/* OpenAPI 3.1 §4.8 and JSON Schema 2020-12: which key leads where. "*" is any other key. */
static const struct {
    enum context from;
    const char *key;
    enum context to;
} steps[] = {
    {CONTEXT_ROOT, "paths", CONTEXT_PATHS},
    {CONTEXT_ROOT, "webhooks", CONTEXT_PATHS},
    {CONTEXT_ROOT, "components", CONTEXT_COMPONENTS},
    {CONTEXT_PATHS, "*", CONTEXT_PATH_ITEM},
    {CONTEXT_PATH_ITEM, "parameters", CONTEXT_PARAMETERS},
    {CONTEXT_PATH_ITEM, "servers", CONTEXT_OTHER},
    {CONTEXT_PATH_ITEM, "*", CONTEXT_OPERATION},
    {CONTEXT_OPERATION, "parameters", CONTEXT_PARAMETERS},
    {CONTEXT_OPERATION, "requestBody", CONTEXT_BODY},
    {CONTEXT_OPERATION, "responses", CONTEXT_RESPONSES},
    {CONTEXT_OPERATION, "callbacks", CONTEXT_CALLBACKS},
    {CONTEXT_CALLBACKS, "*", CONTEXT_PATHS},
    {CONTEXT_PARAMETERS, "*", CONTEXT_PARAMETER},
    {CONTEXT_PARAMETER, "schema", CONTEXT_SCHEMA},
    {CONTEXT_PARAMETER, "content", CONTEXT_CONTENT},
    {CONTEXT_PARAMETER, "example", CONTEXT_DATA},
    {CONTEXT_PARAMETER, "examples", CONTEXT_DATA},
    {CONTEXT_BODIES, "*", CONTEXT_BODY},
    {CONTEXT_BODY, "content", CONTEXT_CONTENT},
    {CONTEXT_CONTENT, "*", CONTEXT_MEDIA_TYPE},
    {CONTEXT_MEDIA_TYPE, "schema", CONTEXT_SCHEMA},
    {CONTEXT_MEDIA_TYPE, "example", CONTEXT_DATA},
    {CONTEXT_MEDIA_TYPE, "examples", CONTEXT_DATA},
    {CONTEXT_RESPONSES, "*", CONTEXT_RESPONSE},
    {CONTEXT_RESPONSE, "headers", CONTEXT_HEADERS},
    {CONTEXT_RESPONSE, "content", CONTEXT_CONTENT},
    {CONTEXT_HEADERS, "*", CONTEXT_HEADER},
    {CONTEXT_HEADER, "schema", CONTEXT_SCHEMA},
    {CONTEXT_HEADER, "content", CONTEXT_CONTENT},
    {CONTEXT_HEADER, "example", CONTEXT_DATA},
    {CONTEXT_HEADER, "examples", CONTEXT_DATA},
    {CONTEXT_COMPONENTS, "schemas", CONTEXT_SCHEMAS},
    {CONTEXT_COMPONENTS, "responses", CONTEXT_RESPONSES},
    {CONTEXT_COMPONENTS, "parameters", CONTEXT_PARAMETERS},
    {CONTEXT_COMPONENTS, "requestBodies", CONTEXT_BODIES},
    {CONTEXT_COMPONENTS, "headers", CONTEXT_HEADERS},
    {CONTEXT_COMPONENTS, "pathItems", CONTEXT_PATHS},
    {CONTEXT_COMPONENTS, "callbacks", CONTEXT_CALLBACKS},
    {CONTEXT_COMPONENTS, "examples", CONTEXT_DATA},
    {CONTEXT_SCHEMAS, "*", CONTEXT_SCHEMA},
    {CONTEXT_SCHEMA, "properties", CONTEXT_SCHEMAS},
    {CONTEXT_SCHEMA, "patternProperties", CONTEXT_SCHEMAS},
    {CONTEXT_SCHEMA, "$defs", CONTEXT_SCHEMAS},
    {CONTEXT_SCHEMA, "definitions", CONTEXT_SCHEMAS},
    {CONTEXT_SCHEMA, "dependentSchemas", CONTEXT_SCHEMAS},
    {CONTEXT_SCHEMA, "allOf", CONTEXT_SCHEMAS},
    {CONTEXT_SCHEMA, "oneOf", CONTEXT_SCHEMAS},
    {CONTEXT_SCHEMA, "anyOf", CONTEXT_SCHEMAS},
    {CONTEXT_SCHEMA, "prefixItems", CONTEXT_SCHEMAS},
    {CONTEXT_SCHEMA, "items", CONTEXT_SCHEMA},
    {CONTEXT_SCHEMA, "additionalProperties", CONTEXT_SCHEMA},
    {CONTEXT_SCHEMA, "not", CONTEXT_SCHEMA},
    {CONTEXT_SCHEMA, "if", CONTEXT_SCHEMA},
    {CONTEXT_SCHEMA, "then", CONTEXT_SCHEMA},
    {CONTEXT_SCHEMA, "else", CONTEXT_SCHEMA},
    {CONTEXT_SCHEMA, "contains", CONTEXT_SCHEMA},
    {CONTEXT_SCHEMA, "propertyNames", CONTEXT_SCHEMA},
    {CONTEXT_SCHEMA, "unevaluatedProperties", CONTEXT_SCHEMA},
    {CONTEXT_SCHEMA, "unevaluatedItems", CONTEXT_SCHEMA},
    {CONTEXT_SCHEMA, "example", CONTEXT_DATA},
    {CONTEXT_SCHEMA, "examples", CONTEXT_DATA},
    {CONTEXT_SCHEMA, "default", CONTEXT_DATA},
    {CONTEXT_SCHEMA, "enum", CONTEXT_DATA},
    {CONTEXT_SCHEMA, "const", CONTEXT_DATA},
};

static const struct {
    enum context context;
    const char *key;
} extensions[] = {
    {CONTEXT_ROOT, "x-amanat-service"},           {CONTEXT_PARAMETER, "x-amanat-label"},
    {CONTEXT_HEADER, "x-amanat-label"},           {CONTEXT_MEDIA_TYPE, "x-amanat-label"},
    {CONTEXT_SCHEMA, "x-amanat-label"},           {CONTEXT_SCHEMA, "x-amanat-record"},
    {CONTEXT_SCHEMA, "x-amanat-group-count"},     {CONTEXT_SCHEMA, "x-amanat-subject"},
    {CONTEXT_PARAMETER, "x-amanat-subject"},      {CONTEXT_BODY, "x-amanat-body"},
    {CONTEXT_PARAMETER, "x-amanat-value-labels"}, {CONTEXT_SCHEMA, "x-amanat-value-labels"},
    {CONTEXT_PARAMETER, "x-amanat-bind"},         {CONTEXT_PARAMETER, "x-amanat-paging"},
    {CONTEXT_SCHEMA, "x-amanat-paging"},
};
#define EXTENSION_COUNT (sizeof(extensions) / sizeof(extensions[0]))

static enum context follow(enum context from, struct bytes key)
{
    enum context to = CONTEXT_OTHER;
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        if (steps[i].from != from) {
            continue;
        }
        if (bytes_equal_string(key, steps[i].key)) {
            return steps[i].to;
        }
        if (strcmp(steps[i].key, "*") == 0) {
            to = steps[i].to;
        }
    }
    return to;
}

/* Whether the keys of this object are names that authors choose, not keywords. */
static bool has_free_names(enum context context)
{
    return context == CONTEXT_SCHEMAS || context == CONTEXT_HEADERS ||
           context == CONTEXT_PARAMETERS || context == CONTEXT_BODIES ||
           context == CONTEXT_CONTENT || context == CONTEXT_CALLBACKS;
}

/* "x-…amanat…" in any case: also what is nearly ours is refused rather than passed over. */
static bool looks_like_ours(struct bytes key)
{
    static const char word[] = "amanat";
    if (key.length < 2 || (key.at[0] | 0x20) != 'x' || key.at[1] != '-') {
        return false;
    }
    for (size_t start = 2; start + sizeof(word) - 1 <= key.length; start++) {
        size_t i = 0;
        while (i < sizeof(word) - 1 && (key.at[start + i] | 0x20) == word[i]) {
            i++;
        }
        if (i == sizeof(word) - 1) {
            return true;
        }
    }
    return false;
}

static void refuse_extension(struct openapi *openapi, const struct document_member *member)
{
    struct bytes names[EXTENSION_COUNT];
    bool known = false;
    for (size_t i = 0; i < EXTENSION_COUNT; i++) {
        names[i] = bytes_of_string(extensions[i].key);
        known = known || bytes_equal(names[i], member->key);
    }
    const struct catalogue_place place = openapi_member_place(openapi, member);
    char hint[SIMILAR_HINT_SIZE];
    if (known) {
        compiler_report(openapi->compiler, AMANAT_SEVERITY_ERROR, place, "extension",
                        "`%.*s` means nothing at this place", BYTES_PRINTF(member->key));
    } else {
        compiler_report(openapi->compiler, AMANAT_SEVERITY_ERROR, place, "extension",
                        "there is no `%.*s`%s", BYTES_PRINTF(member->key),
                        similar_hint(member->key, names, EXTENSION_COUNT, hint));
    }
}

static void check_extension(struct openapi *openapi, enum context context,
                            const struct document_member *member)
{
    for (size_t i = 0; i < EXTENSION_COUNT; i++) {
        if (extensions[i].context == context &&
            bytes_equal_string(member->key, extensions[i].key)) {
            return;
        }
    }
    refuse_extension(openapi, member);
}

static void walk(struct openapi *openapi, enum context context, const struct document *at)
{
    if (context == CONTEXT_DATA) {
        return;
    }
    if (at->kind == DOCUMENT_ARRAY) {
        const enum context item = context == CONTEXT_PARAMETERS || context == CONTEXT_SCHEMAS
                                      ? follow(context, BYTES(""))
                                      : context;
        for (size_t i = 0; i < at->count; i++) {
            walk(openapi, item, &at->items[i]);
        }
        return;
    }
    for (size_t i = 0; at->kind == DOCUMENT_OBJECT && i < at->count; i++) {
        const struct document_member *member = &at->members[i];
        if (has_free_names(context)) {
            walk(openapi, follow(context, member->key), &member->value);
        } else if (looks_like_ours(member->key)) {
            check_extension(openapi, context, member);
        } else if (!bytes_start_with(member->key, BYTES("x-"))) {
            walk(openapi, follow(context, member->key), &member->value);
        }
    }
}

void openapi_check_extensions(struct openapi *openapi)
{
    walk(openapi, CONTEXT_ROOT, openapi->root);
}
