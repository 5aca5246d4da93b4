/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `x-amanat-value-labels`: which fields the values of `sort` or `fields` name, of a parameter or of
 * a member of a request body. Who sends such a value asks by the labels of the field that it names.
 * Who sends none gets what the service does by default, and no policy is asked of that: a `default`
 * that names a field is warned of.
 */
#include "policy/base/guard.h"
#include "policy/base/similar.h"
#include "policy/catalogue/openapi.h"

/** The values that `enum` and `const` allow. */
struct values {
    const struct bytes *items;
    size_t count;
};

static size_t index_of_value(const struct values *values, struct bytes value)
{
    size_t index = 0;
    while (index < values->count && !bytes_equal(values->items[index], value)) {
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
                         const struct values *values)
{
    char hint[SIMILAR_HINT_SIZE];
    compiler_report(openapi->compiler, AMANAT_SEVERITY_ERROR, openapi_member_place(openapi, member),
                    "value-labels", "`%.*s` is none of the values%s", BYTES_PRINTF(member->key),
                    similar_hint(member->key, values->items, values->count, hint));
}

/* Each value of the enumeration must be listed: one that is forgotten would be free to ask by. */
static amanat_result read_value_list(struct openapi *openapi, const struct document *list,
                                     const struct values *values,
                                     struct catalogue_value_labels *labels, bool *listed)
{
    for (size_t i = 0; i < list->count; i++) {
        const size_t index = index_of_value(values, list->members[i].key);
        if (index == values->count) {
            refuse_value(openapi, &list->members[i], values);
            continue;
        }
        TRY(read_value_label(openapi, &list->members[i], &labels[index]));
        listed[index] = true;
    }
    for (size_t i = 0; i < values->count; i++) {
        if (!listed[i]) {
            OPENAPI_ERROR(openapi, list, "value-labels",
                          "the value `%.*s` is not listed: say which label it names, or `null` if "
                          "it names no field",
                          BYTES_PRINTF(values->items[i]));
            return AMANAT_OK;
        }
    }
    return AMANAT_OK;
}

amanat_result openapi_read_value_labels(struct openapi *openapi, const struct document *list,
                                        const struct bytes *enumeration, size_t count,
                                        const struct catalogue_value_labels **out)
{
    const struct values values = {enumeration, count};
    if (list->kind != DOCUMENT_OBJECT) {
        OPENAPI_ERROR(openapi, list, "value-labels",
                      "`x-amanat-value-labels` must be an object: each value with the label of the "
                      "field that it names");
        return AMANAT_OK;
    }
    if (count == 0) {
        OPENAPI_ERROR(openapi, list, "value-labels",
                      "`x-amanat-value-labels` needs an `enum` of the values: others could name "
                      "any field");
        return AMANAT_OK;
    }
    struct catalogue_value_labels *labels =
        arena_allocate_array(openapi->compiler->arena, count, sizeof(*labels));
    bool *listed = arena_allocate_array(openapi->compiler->arena, count, sizeof(*listed));
    TRY_MEMORY(labels);
    TRY_MEMORY(listed);
    *out = labels;
    return read_value_list(openapi, list, &values, labels, listed);
}

/* ---- defaults ---- */

const struct document *part_default(const struct part *part)
{
    const struct document *found = NULL;
    for (size_t i = 0; i < part->schemas.count && found == NULL; i++) {
        found = document_get(part->schemas.items[i].schema->at, "default");
    }
    return found;
}

static void warn_of_value(struct openapi *openapi, const struct document *value,
                          const struct bytes *enumeration, size_t count,
                          const struct catalogue_value_labels *labels)
{
    const struct values values = {enumeration, count};
    const size_t index = index_of_value(&values, value->text);
    if (index < count && labels[index].label_count > 0) {
        compiler_report(
            openapi->compiler, AMANAT_SEVERITY_WARNING, openapi_place(openapi, value),
            "value-labels",
            "the default `%.*s` names `%.*s`: whoever leaves it out has that done "
            "without being asked whether they may; make a value the default that names "
            "no field",
            BYTES_PRINTF(value->text),
            BYTES_PRINTF(openapi->compiler->vocabulary.labels[labels[index].labels[0]].name));
    }
}

void openapi_warn_of_default(struct openapi *openapi, const struct document *value,
                             const struct bytes *enumeration, size_t count,
                             const struct catalogue_value_labels *labels)
{
    if (value == NULL || labels == NULL) {
        return;
    }
    if (value->kind == DOCUMENT_ARRAY) {
        for (size_t i = 0; i < value->count; i++) {
            warn_of_value(openapi, &value->items[i], enumeration, count, labels);
        }
    } else if (value->kind == DOCUMENT_STRING || value->kind == DOCUMENT_NUMBER) {
        warn_of_value(openapi, value, enumeration, count, labels);
    }
}

/* ---- of a place ---- */

const struct document *part_value_labels(struct compiler *compiler, const struct part *part,
                                         struct openapi **out_owner)
{
    const struct document *found = NULL;
    for (size_t i = 0; i < part->schemas.count; i++) {
        const struct schema *schema = part->schemas.items[i].schema;
        const struct document *list = document_get(schema->at, "x-amanat-value-labels");
        if (list != NULL && found != NULL) {
            compiler_report(compiler, AMANAT_SEVERITY_ERROR, openapi_place(schema->owner, list),
                            "value-labels", "`x-amanat-value-labels` stands twice at this place");
        }
        *out_owner = list != NULL ? schema->owner : *out_owner;
        found = list != NULL ? list : found;
    }
    return found;
}
