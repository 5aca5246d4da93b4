/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What `amanat check` finds in parameters once the model is known: attributes that `x-amanat-bind`
 * names and the model does not have.
 */
#include "policy/base/base.h"
#include "policy/disclosure/ruleset_parts.h"

static bool type_fits(const struct catalogue_parameter *parameter, const struct cedar_type *type)
{
    if (parameter->value.type == ATTRIBUTE_SET) {
        if (type->kind != CEDAR_VALUE_SET) {
            return false;
        }
        type = type->element;
    }
    switch (catalogue_parameter_item(parameter)->type) {
    case ATTRIBUTE_STRING:
        return type->kind == CEDAR_VALUE_STRING;
    case ATTRIBUTE_LONG:
        return type->kind == CEDAR_VALUE_LONG;
    case ATTRIBUTE_BOOL:
        return type->kind == CEDAR_VALUE_BOOL;
    default:
        return false;
    }
}

static void report_unknown(const struct catalogue_service *service,
                           const struct catalogue_parameter *parameter, const char *owner,
                           const struct cedar_type *shape, struct amanat_diagnostics *diagnostics)
{
    struct similar similar;
    char hint[SIMILAR_HINT_SIZE];
    similar_begin(&similar, parameter->binding.attribute);
    for (size_t i = 0; i < shape->attribute_count; i++) {
        similar_offer(&similar, shape->attributes[i].name);
    }
    amanat_diagnostics_add(
        diagnostics, AMANAT_SEVERITY_ERROR, "bind", service->source.at, parameter->line,
        parameter->column,
        "the parameter `%.*s` is set from the attribute `%.*s` of %s, which the model does not "
        "declare%s",
        BYTES_PRINTF(parameter->name), BYTES_PRINTF(parameter->binding.attribute), owner,
        similar_hint_of(&similar, hint));
}

static bool check_binding(const struct ruleset *ruleset, const struct catalogue_service *service,
                          const struct catalogue_parameter *parameter,
                          struct amanat_diagnostics *diagnostics)
{
    const char *owner = parameter->binding.owner == BINDING_PARTNER ? "Partner" : "Agent";
    const struct cedar_entity_type *type =
        cedar_schema_entity_type(ruleset->schema, bytes_of_string(owner));
    const struct cedar_attribute *attribute =
        cedar_type_attribute(type->shape, parameter->binding.attribute);
    if (attribute == NULL) {
        report_unknown(service, parameter, owner, type->shape, diagnostics);
        return false;
    }
    if (type_fits(parameter, attribute->type)) {
        return true;
    }
    amanat_diagnostics_add(diagnostics, AMANAT_SEVERITY_ERROR, "bind", service->source.at,
                           parameter->line, parameter->column,
                           "the parameter `%.*s` and the attribute `%.*s` of %s from which it is "
                           "set are of different types",
                           BYTES_PRINTF(parameter->name),
                           BYTES_PRINTF(parameter->binding.attribute), owner);
    return false;
}

amanat_result ruleset_check_bindings(const struct ruleset *ruleset,
                                     struct amanat_diagnostics *diagnostics)
{
    bool sound = true;
    for (size_t s = 0; s < ruleset->catalogue->service_count; s++) {
        const struct catalogue_service *service = &ruleset->catalogue->services[s];
        for (size_t i = 0; i < service->operation_count; i++) {
            const struct catalogue_operation *operation = &service->operations[i];
            for (size_t k = 0; k < operation->parameter_count; k++) {
                if (operation->parameters[k].binding.owner != BINDING_NONE) {
                    sound =
                        check_binding(ruleset, service, &operation->parameters[k], diagnostics) &&
                        sound;
                }
            }
        }
    }
    return sound ? AMANAT_OK : amanat_result_of(AMANAT_STATUS_CONFIG_FAULT);
}
