/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What our extensions say of a parameter beyond its label: `x-amanat-value-labels`
 * (openapi_value_label.c); `x-amanat-bind`, the attribute from which the gateway sets
 * it; `x-amanat-paging` (openapi_paging.c), whether it asks for a part of a list. What only looks
 * as if it said something is refused.
 */
#include "policy/base/guard.h"
#include "policy/catalogue/openapi.h"

/* ---- values that name fields ---- */

static amanat_result read_value_labels(struct openapi *openapi, const struct document *at,
                                       const struct document *of_schema,
                                       struct catalogue_parameter *parameter)
{
    const struct document *own = document_get(at, "x-amanat-value-labels");
    const struct catalogue_attribute *type = catalogue_parameter_item(parameter);
    if (own != NULL && of_schema != NULL) {
        OPENAPI_ERROR(openapi, own, "value-labels",
                      "`x-amanat-value-labels` stands at the parameter and in its schema too");
        return AMANAT_OK;
    }
    own = own == NULL ? of_schema : own;
    return own == NULL
               ? AMANAT_OK
               : openapi_read_value_labels(openapi, own, type->enumeration, type->enumeration_count,
                                           &parameter->value_labels);
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

amanat_result openapi_extend_parameter(struct openapi *openapi, const struct document *at,
                                       const struct schema_extensions *schema,
                                       struct catalogue_parameter *parameter)
{
    const enum paging own = openapi_read_paging(openapi, at);
    const struct catalogue_attribute *type = catalogue_parameter_item(parameter);
    parameter->is_paging =
        paging_of_parameter(parameter, own == PAGING_BY_NAME ? schema->paging : own);
    if (parameter->value.type == ATTRIBUTE_NONE || parameter->value.type == ATTRIBUTE_RECORD) {
        return AMANAT_OK; /* reported: it has no usable type */
    }
    TRY(read_value_labels(openapi, at, schema->value_labels, parameter));
    openapi_warn_of_default(openapi, schema->default_value, type->enumeration,
                            type->enumeration_count, parameter->value_labels);
    read_bind(openapi, at, parameter);
    return AMANAT_OK;
}
