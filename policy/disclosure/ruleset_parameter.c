/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What `amanat check` finds in parameters once model and policies are known: attributes that
 * `x-amanat-bind` names and the model does not have, and parameters that page through lists of
 * which records may be left out.
 */
#include "policy/base/base.h"
#include "policy/disclosure/ruleset_parts.h"

/* ---- parameters that the gateway sets ---- */

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

/* ---- paging where records may be left out ---- */

/* The service keeps to the condition itself when a parameter that the gateway sets carries it: by
 * the name of the attribute that policies read, or of the one that they compare it with. */
static bool is_sent_along(const struct catalogue_operation *operation, struct bytes attribute)
{
    for (size_t i = 0; i < operation->parameter_count; i++) {
        const struct catalogue_parameter *parameter = &operation->parameters[i];
        if (parameter->binding.owner != BINDING_NONE &&
            (bytes_equal(parameter->name, attribute) ||
             bytes_equal(parameter->binding.attribute, attribute))) {
            return true;
        }
    }
    return false;
}

/* An attribute of a record type of the operation that decides which records are left out, and that
 * the service is not told of; NULL: none. */
static const struct catalogue_attribute *
find_silent_condition(const struct catalogue *catalogue,
                      const struct catalogue_operation *operation)
{
    for (size_t i = 0; i < operation->record_count; i++) {
        const struct catalogue_record *record = &catalogue->records[operation->records[i]];
        for (size_t k = 0; k < record->attribute_count; k++) {
            if (record->attributes[k].read &&
                !is_sent_along(operation, record->attributes[k].name)) {
                return &record->attributes[k];
            }
        }
    }
    return NULL;
}

static void warn_of_paging(const struct catalogue_service *service,
                           const struct catalogue_operation *operation,
                           const struct catalogue_attribute *condition,
                           struct amanat_diagnostics *diagnostics)
{
    for (size_t i = 0; i < operation->parameter_count; i++) {
        const struct catalogue_parameter *parameter = &operation->parameters[i];
        if (!parameter->is_paging || !catalogue_parameter_is_open(parameter)) {
            continue;
        }
        amanat_diagnostics_add(
            diagnostics, AMANAT_SEVERITY_WARNING, "paging-shows-left-out-records",
            service->source.at, parameter->line, parameter->column,
            "`%.*s` pages through records of which policies may leave some out by their `%.*s`: "
            "short pages tell how many; send the condition to the service too, in a parameter "
            "with `x-amanat-bind`",
            BYTES_PRINTF(parameter->name), BYTES_PRINTF(condition->name));
    }
}

void ruleset_lint_paging(const struct ruleset *ruleset, struct amanat_diagnostics *diagnostics)
{
    const struct catalogue *catalogue = ruleset->catalogue;
    for (size_t s = 0; s < catalogue->service_count; s++) {
        const struct catalogue_service *service = &catalogue->services[s];
        for (size_t i = 0; i < service->operation_count; i++) {
            const struct catalogue_attribute *condition =
                find_silent_condition(catalogue, &service->operations[i]);
            if (condition != NULL) {
                warn_of_paging(service, &service->operations[i], condition, diagnostics);
            }
        }
    }
}
