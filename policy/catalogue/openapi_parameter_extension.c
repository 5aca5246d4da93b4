/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What our extensions say of a parameter beyond its label: `x-amanat-value-labels`, which fields
 * the values of `sort` or `fields` name; `x-amanat-bind`, the attribute from which the gateway sets
 * it; `x-amanat-paging`, whether it asks for a part of a list. What only looks as if it said
 * something is refused.
 */
#include "policy/base/guard.h"
#include "policy/base/similar.h"
#include "policy/catalogue/openapi.h"

/* ---- values that name fields ---- */

static size_t index_of_value(const struct catalogue_attribute *type, struct bytes value)
{
    size_t index = 0;
    while (index < type->enumeration_count && !bytes_equal(type->enumeration[index], value)) {
        index++;
    }
    return index;
}

static amanat_result read_value_label(struct openapi *openapi, const struct document_member *member,
                                      struct catalogue_value_labels *out)
{
    size_t label_set = LABEL_SET_NONE;
    const bool names_none = member->value.kind == DOCUMENT_NULL ||
                            (member->value.kind == DOCUMENT_ARRAY && member->value.count == 0);
    if (!names_none) {
        TRY(openapi_read_labels(openapi, &member->value, "x-amanat-value-labels", &label_set));
    }
    *out = (struct catalogue_value_labels){openapi->compiler->label_sets.items[label_set].labels,
                                           openapi->compiler->label_sets.items[label_set].count};
    return AMANAT_OK;
}

static void refuse_value(struct openapi *openapi, const struct document_member *member,
                         const struct catalogue_attribute *type)
{
    char hint[SIMILAR_HINT_SIZE];
    compiler_report(openapi->compiler, AMANAT_SEVERITY_ERROR, openapi_member_place(openapi, member),
                    "value-labels", "`%.*s` is no value of this parameter%s",
                    BYTES_PRINTF(member->key),
                    similar_hint(member->key, type->enumeration, type->enumeration_count, hint));
}

/* Each value of the enumeration must be listed: one that is forgotten would be free to ask by. */
static amanat_result read_value_list(struct openapi *openapi, const struct document *list,
                                     const struct catalogue_attribute *type,
                                     struct catalogue_value_labels *labels, bool *listed)
{
    for (size_t i = 0; i < list->count; i++) {
        const size_t index = index_of_value(type, list->members[i].key);
        if (index == type->enumeration_count) {
            refuse_value(openapi, &list->members[i], type);
            continue;
        }
        TRY(read_value_label(openapi, &list->members[i], &labels[index]));
        listed[index] = true;
    }
    for (size_t i = 0; i < type->enumeration_count; i++) {
        if (!listed[i]) {
            OPENAPI_ERROR(openapi, list, "value-labels",
                          "the value `%.*s` is not listed: say which label it names, or `null` if "
                          "it names no field",
                          BYTES_PRINTF(type->enumeration[i]));
            return AMANAT_OK;
        }
    }
    return AMANAT_OK;
}

static amanat_result read_value_labels(struct openapi *openapi, const struct document *at,
                                       struct catalogue_parameter *parameter)
{
    const struct document *list = document_get(at, "x-amanat-value-labels");
    const struct catalogue_attribute *type = catalogue_parameter_item(parameter);
    if (list == NULL) {
        return AMANAT_OK;
    }
    if (list->kind != DOCUMENT_OBJECT) {
        OPENAPI_ERROR(openapi, list, "value-labels",
                      "`x-amanat-value-labels` must be an object: each value of the parameter with "
                      "the label of the field that it names");
        return AMANAT_OK;
    }
    if (type->enumeration_count == 0) {
        OPENAPI_ERROR(openapi, list, "value-labels",
                      "`x-amanat-value-labels` needs an `enum` of the parameter's values: others "
                      "could name any field");
        return AMANAT_OK;
    }
    struct catalogue_value_labels *labels =
        arena_allocate_array(openapi->compiler->arena, type->enumeration_count, sizeof(*labels));
    bool *listed =
        arena_allocate_array(openapi->compiler->arena, type->enumeration_count, sizeof(*listed));
    TRY_MEMORY(labels);
    TRY_MEMORY(listed);
    parameter->value_labels = labels;
    return read_value_list(openapi, list, type, labels, listed);
}

/* ---- parameters that the gateway sets ---- */

static bool is_attribute_name(struct bytes name)
{
    for (size_t i = 0; i < name.length; i++) {
        const char byte = name.at[i];
        const char lower = (char)(byte | 0x20);
        const bool is_letter = (lower >= 'a' && lower <= 'z') || byte == '_';
        if (!is_letter && (i == 0 || byte < '0' || byte > '9')) {
            return false;
        }
    }
    return name.length > 0;
}

static bool read_binding(const struct document *value, struct catalogue_parameter *parameter)
{
    static const struct {
        const char *prefix;
        enum binding_owner owner;
    } owners[] = {{"partner.", BINDING_PARTNER}, {"agent.", BINDING_AGENT}};
    for (size_t i = 0; value->kind == DOCUMENT_STRING && i < sizeof(owners) / sizeof(owners[0]);
         i++) {
        const struct bytes prefix = bytes_of_string(owners[i].prefix);
        if (bytes_start_with(value->text, prefix)) {
            parameter->binding.owner = owners[i].owner;
            parameter->binding.attribute = bytes_from(value->text, prefix.length);
            return is_attribute_name(parameter->binding.attribute);
        }
    }
    return false;
}

/* One spelling on the wire, and no instant that a service could read otherwise. */
static bool is_bindable(enum attribute_type type)
{
    return type == ATTRIBUTE_STRING || type == ATTRIBUTE_LONG || type == ATTRIBUTE_BOOL;
}

static void refuse_what_callers_say(struct openapi *openapi, const struct document *at)
{
    static const char *const keys[] = {"x-amanat-label", "x-amanat-value-labels",
                                       "x-amanat-subject"};
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        const struct document *value = document_get(at, keys[i]);
        if (value != NULL) {
            OPENAPI_ERROR(openapi, value, "bind",
                          "the gateway sets this parameter and nobody asks by it: `%s` says "
                          "nothing here",
                          keys[i]);
        }
    }
}

static void read_bind(struct openapi *openapi, const struct document *at,
                      struct catalogue_parameter *parameter)
{
    const struct document *value = document_get(at, "x-amanat-bind");
    if (value == NULL) {
        return;
    }
    if (!read_binding(value, parameter)) {
        OPENAPI_ERROR(openapi, value, "bind",
                      "`x-amanat-bind` names an attribute of who calls, such as `partner.city` or "
                      "`agent.region`");
    } else if (parameter->place == PARAMETER_IN_PATH) {
        OPENAPI_ERROR(openapi, value, "bind",
                      "a parameter in the path cannot be bound: who calls writes the path");
    } else if (!is_bindable(catalogue_parameter_item(parameter)->type)) {
        OPENAPI_ERROR(openapi, value, "bind",
                      "a bound parameter is a string without `format`, an integer, a boolean, or "
                      "an array of one of these");
    }
    refuse_what_callers_say(openapi, at);
    parameter->labels = NULL;
    parameter->label_count = 0;
    parameter->value_labels = NULL;
    parameter->subject = CATALOGUE_NONE;
}

/* ---- paging ---- */

/* What parameters that page are called, without marks and in lower case. */
static bool is_paging_name(struct bytes name)
{
    static const char *const names[] = {"limit",      "offset",
                                        "page",       "pagesize",
                                        "pagenumber", "pageno",
                                        "pageindex",  "perpage",
                                        "size",       "cursor",
                                        "pagecursor", "skip",
                                        "top",        "rows",
                                        "startindex", "startat",
                                        "pagetoken",  "nexttoken",
                                        "skiptoken",  "marker",
                                        "maxresults", "continuationtoken",
                                        "maxitems",   "first",
                                        "last",       "pageafter",
                                        "pagebefore", "after",
                                        "before",     "start"};
    char plain[32];
    size_t length = 0;
    for (size_t i = 0; i < name.length; i++) {
        const char lower = (char)(name.at[i] | 0x20);
        if (lower >= 'a' && lower <= 'z') {
            if (length == sizeof(plain)) {
                return false;
            }
            plain[length++] = lower;
        }
    }
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (bytes_equal_string(bytes_of(plain, length), names[i])) {
            return true;
        }
    }
    return false;
}

static void read_paging(struct openapi *openapi, const struct document *at,
                        struct catalogue_parameter *parameter)
{
    const struct document *value = document_get(at, "x-amanat-paging");
    const enum attribute_type type = parameter->value.type;
    if (value != NULL && value->kind != DOCUMENT_BOOL) {
        OPENAPI_ERROR(openapi, value, "type", "`x-amanat-paging` must be true or false");
        return;
    }
    /* `after: 2026-01-01` asks for a time, not for a page. */
    parameter->is_paging = value != NULL ? value->boolean
                                         : (type == ATTRIBUTE_STRING || type == ATTRIBUTE_LONG) &&
                                               is_paging_name(parameter->name);
}

amanat_result openapi_extend_parameter(struct openapi *openapi, const struct document *at,
                                       struct catalogue_parameter *parameter)
{
    read_paging(openapi, at, parameter);
    if (parameter->value.type == ATTRIBUTE_NONE || parameter->value.type == ATTRIBUTE_RECORD) {
        return AMANAT_OK; /* reported: it has no usable type */
    }
    TRY(read_value_labels(openapi, at, parameter));
    read_bind(openapi, at, parameter);
    return AMANAT_OK;
}
