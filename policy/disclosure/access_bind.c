/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Parameters that the gateway sets (`x-amanat-bind`): the value is an attribute of the agent or of
 * its partner. Without one, or with one that the parameter cannot take, the call is refused: sent
 * without its condition it would ask for everything. An empty text, blanks alone and an empty list
 * count as none, because services read them as no condition.
 */
#include "policy/disclosure/access_parts.h"

static const struct cedar_value *bound_attribute(const struct access *access,
                                                 const struct catalogue_parameter *parameter)
{
    const struct cedar_entity_uid partner = {BYTES("Partner"), access->request->partner};
    const struct cedar_entity *owner = cedar_entities_find(
        access->entities,
        parameter->binding.owner == BINDING_PARTNER ? &partner : &access->principal);
    return owner == NULL
               ? NULL
               : cedar_value_get(cedar_entity_attributes(owner), parameter->binding.attribute);
}

/* The text of a scalar as it would have been sent; no bytes where there is none. */
static struct bytes text_of(struct arena *arena, const struct cedar_value *value)
{
    switch (value->kind) {
    case CEDAR_VALUE_STRING:
        return value->as.string;
    case CEDAR_VALUE_LONG:
        return arena_format_bytes(arena, "%lld", (long long)value->as.integer);
    case CEDAR_VALUE_BOOL:
        return value->as.boolean ? BYTES("true") : BYTES("false");
    default:
        return (struct bytes){0};
    }
}

static bool is_blank(struct bytes text)
{
    size_t length = 0;
    while (length < text.length && text.at[length] == ' ') {
        length++;
    }
    return length == text.length;
}

/* `*out_bound` = false: one of them is none that the parameter takes. */
static amanat_result bind_items(const struct access *access,
                                const struct catalogue_parameter *parameter,
                                const struct cedar_value *values, size_t count,
                                struct parameter_value *out, bool *out_bound)
{
    struct parameter_item *items = arena_allocate_array(access->arena, count, sizeof(*items));
    TRY_MEMORY(items);
    *out_bound = count > 0;
    for (size_t i = 0; i < count && *out_bound; i++) {
        const struct bytes text = text_of(access->arena, &values[i]);
        *out_bound = !is_blank(text) && catalogue_read_item(parameter, text, &items[i]);
    }
    *out = (struct parameter_value){.parameter = parameter, .items = items, .item_count = count};
    return AMANAT_OK;
}

static enum cedar_value_kind kind_of(enum attribute_type type)
{
    return type == ATTRIBUTE_STRING ? CEDAR_VALUE_STRING
           : type == ATTRIBUTE_LONG ? CEDAR_VALUE_LONG
           : type == ATTRIBUTE_BOOL ? CEDAR_VALUE_BOOL
                                    : CEDAR_VALUE_NONE;
}

static amanat_result bind(const struct access *access, const struct catalogue_parameter *parameter,
                          struct parameter_value *out, bool *out_bound)
{
    const struct cedar_value *value = bound_attribute(access, parameter);
    const enum cedar_value_kind kind = kind_of(catalogue_parameter_item(parameter)->type);
    const bool is_list = parameter->value.type == ATTRIBUTE_SET;
    *out_bound = false;
    if (value == NULL || value->kind != (is_list ? CEDAR_VALUE_SET : kind)) {
        return AMANAT_OK;
    }
    const struct cedar_value *values = is_list ? value->as.set.items : value;
    const size_t count = is_list ? value->as.set.count : 1;
    for (size_t i = 0; i < count; i++) {
        if (values[i].kind != kind) {
            return AMANAT_OK;
        }
    }
    return bind_items(access, parameter, values, count, out, out_bound);
}

static const struct parameter_value *sent_value(const struct catalogue_call *call,
                                                const struct catalogue_parameter *parameter)
{
    for (size_t i = 0; i < call->parameter_count; i++) {
        if (call->parameters[i].parameter == parameter) {
            return &call->parameters[i];
        }
    }
    return NULL;
}

amanat_result access_bind_parameters(const struct access *access, struct access_decision *decision)
{
    const struct catalogue_call *call = access->request->call;
    const struct catalogue_operation *operation = call->operation;
    struct parameter_value *values =
        arena_allocate_array(access->arena, operation->parameter_count, sizeof(*values));
    TRY_MEMORY(values);
    size_t count = 0;
    for (size_t i = 0; i < operation->parameter_count; i++) {
        const struct catalogue_parameter *parameter = &operation->parameters[i];
        const struct parameter_value *sent = sent_value(call, parameter);
        bool is_bound = false;
        if (sent != NULL) {
            values[count++] = *sent;
        }
        if (parameter->binding.owner == BINDING_NONE) {
            continue;
        }
        TRY(bind(access, parameter, &values[count], &is_bound));
        if (!is_bound) {
            decision->verdict = ACCESS_REFUSED;
            decision->problem = (struct problem){.name = PROBLEM_NOT_PERMITTED};
            decision->unbound = parameter->name;
            return AMANAT_OK;
        }
        count++;
    }
    decision->call = *call;
    decision->call.parameters = values;
    decision->call.parameter_count = count;
    return AMANAT_OK;
}
