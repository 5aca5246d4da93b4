/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What schemas say of a value beyond its kind and its label: `enum`, `const`, `format`, `minimum`,
 * `maximum`, `maxLength`, `required`. Requests are held to it; of what a service answers nothing is
 * disclosed because of it. `pattern`, `minLength` and what else narrows is left to the service.
 */
#include "policy/base/guard.h"
#include "policy/catalogue/openapi.h"

/* ---- bounds ---- */

static void raise_minimum(struct catalogue_bounds *bounds, int64_t minimum)
{
    if (!bounds->has_minimum || minimum > bounds->minimum) {
        bounds->has_minimum = true;
        bounds->minimum = minimum;
    }
}

static void lower_maximum(struct catalogue_bounds *bounds, int64_t maximum)
{
    if (!bounds->has_maximum || maximum < bounds->maximum) {
        bounds->has_maximum = true;
        bounds->maximum = maximum;
    }
}

/*
 * Exclusive bounds are a flag in 3.0 and a number in 3.1; on integers they move the bound by one.
 */
static bool is_exclusive(const struct document *at, const char *key)
{
    const struct document *value = document_get(at, key);
    return value != NULL && value->kind == DOCUMENT_BOOL && value->boolean;
}

static void read_bounds(struct catalogue_bounds *bounds, enum attribute_type type,
                        const struct document *at)
{
    int64_t value = 0;
    const int64_t step = type == ATTRIBUTE_LONG ? 1 : 0;
    if (document_integer(document_get(at, "minimum"), &value)) {
        const bool moves = is_exclusive(at, "exclusiveMinimum") && value < INT64_MAX;
        raise_minimum(bounds, moves ? value + step : value);
    }
    if (document_integer(document_get(at, "exclusiveMinimum"), &value) && value < INT64_MAX) {
        raise_minimum(bounds, value + step);
    }
    if (document_integer(document_get(at, "maximum"), &value)) {
        const bool moves = is_exclusive(at, "exclusiveMaximum") && value > INT64_MIN;
        lower_maximum(bounds, moves ? value - step : value);
    }
    if (document_integer(document_get(at, "exclusiveMaximum"), &value) && value > INT64_MIN) {
        lower_maximum(bounds, value - step);
    }
    if (document_integer(document_get(at, "maxLength"), &value) && value >= 0) {
        bounds->max_length =
            (size_t)value < bounds->max_length ? (size_t)value : bounds->max_length;
    }
}

void part_bounds(const struct part *part, enum attribute_type type, struct catalogue_bounds *out)
{
    *out = (struct catalogue_bounds){.max_length = SIZE_MAX};
    for (size_t i = 0; i < part->schemas.count; i++) {
        read_bounds(out, type, part->schemas.items[i].schema->at);
    }
}

/* ---- rules ---- */

/* Of a body's member. A label of its own lets it be sent at all; what its values name comes on top.
 */
static amanat_result read_named_fields(struct compiler *compiler, const struct part *part,
                                       struct catalogue_rule *rule)
{
    struct openapi *owner = NULL;
    const struct document *list = part_value_labels(compiler, part, &owner);
    if (list == NULL) {
        return AMANAT_OK;
    }
    if (part->result_label_set == LABEL_SET_NONE) {
        OPENAPI_ERROR(owner, list, "value-labels",
                      "a member of a body needs a label of its own beside what its values name: "
                      "without one it may not be sent");
    }
    TRY(openapi_read_value_labels(owner, list, rule->enumeration, rule->enumeration_count,
                                  &rule->value_labels));
    openapi_warn_of_default(owner, part_default(part), rule->enumeration, rule->enumeration_count,
                            rule->value_labels);
    return AMANAT_OK;
}

static bool says_something(const struct catalogue_rule *rule)
{
    const struct catalogue_bounds *bounds = &rule->bounds;
    return rule->is_enumerated || rule->format != ATTRIBUTE_NONE || bounds->has_minimum ||
           bounds->has_maximum || bounds->max_length != SIZE_MAX;
}

amanat_result part_rule(struct compiler *compiler, const struct part *part,
                        const struct catalogue_rule **out)
{
    const bool is_whole =
        (part->kinds & ~(unsigned)CATALOGUE_KIND_NULL) == (unsigned)CATALOGUE_KIND_INTEGER;
    struct catalogue_rule rule = {0};
    *out = NULL;
    if ((part->kinds & CATALOGUE_SCALARS) == 0) {
        return AMANAT_OK;
    }
    TRY(part_values(compiler, part, &rule.enumeration, &rule.enumeration_count,
                    &rule.is_enumerated));
    part_bounds(part, is_whole ? ATTRIBUTE_LONG : ATTRIBUTE_DECIMAL, &rule.bounds);
    if ((part->kinds & CATALOGUE_KIND_STRING) != 0) {
        rule.format = part_string_type(part);
        rule.format = rule.format == ATTRIBUTE_STRING ? ATTRIBUTE_NONE : rule.format;
    }
    TRY(read_named_fields(compiler, part, &rule));
    if (!says_something(&rule)) {
        return AMANAT_OK;
    }
    struct catalogue_rule *kept = ARENA_NEW(compiler->arena, struct catalogue_rule);
    TRY_MEMORY(kept);
    *kept = rule;
    *out = kept;
    return AMANAT_OK;
}

bool part_is_read_only(const struct part *part)
{
    for (size_t i = 0; i < part->schemas.count; i++) {
        const struct document *flag = document_get(part->schemas.items[i].schema->at, "readOnly");
        if (flag != NULL && flag->kind == DOCUMENT_BOOL && flag->boolean) {
            return true;
        }
    }
    return false;
}

/* ---- required members ---- */

static void mark_member(struct catalogue_node *node, struct catalogue_member *members,
                        const struct document *name)
{
    const struct catalogue_member *member =
        name->kind == DOCUMENT_STRING ? catalogue_node_find_member(node, name->text) : NULL;
    if (member != NULL) {
        members[member - node->members].is_required = true;
    }
}

void part_mark_required(const struct part *part, struct catalogue_node *node,
                        struct catalogue_member *members)
{
    for (size_t i = 0; i < part->schemas.count; i++) {
        const struct document *required = part->schemas.items[i].schema->required;
        for (size_t k = 0; required != NULL && k < required->count; k++) {
            mark_member(node, members, &required->items[k]);
        }
    }
    for (size_t i = 0; part->choices.count > 0 && i < node->member_count; i++) {
        members[i].is_required = members[i].is_required || part_requires(part, members[i].name);
    }
}
