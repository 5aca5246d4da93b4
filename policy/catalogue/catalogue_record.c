/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records and what policies may read of them (design 2, "Record attributes"): the Cedar type of
 * each property, and the rule that one name has one shape in the whole folder.
 */
#include "policy/base/guard.h"
#include "policy/catalogue/openapi.h"

/*
 * Objects being typed, from the outside inwards; one that comes twice recurs and is no attribute.
 */
struct typing {
    const struct term *term;
    const struct part *part;
    struct typing *above;
    unsigned depth;
    bool recurs;
};

typedef VECTOR(struct bytes) value_list;
typedef VECTOR(struct catalogue_attribute) attribute_list;

/* ---- enumerations ---- */

static struct bytes value_text(const struct document *value)
{
    if (value->kind == DOCUMENT_BOOL) {
        return value->boolean ? BYTES("true") : BYTES("false");
    }
    return value->text;
}

static bool lists_value(const value_list *list, struct bytes value)
{
    for (size_t i = 0; i < list->count; i++) {
        if (bytes_equal(list->items[i], value)) {
            return true;
        }
    }
    return false;
}

static amanat_result add_value(struct arena *arena, value_list *list, const struct document *value)
{
    const bool is_scalar = value->kind == DOCUMENT_STRING || value->kind == DOCUMENT_NUMBER ||
                           value->kind == DOCUMENT_BOOL;
    if (!is_scalar || lists_value(list, value_text(value))) {
        return AMANAT_OK;
    }
    struct bytes *slot = VECTOR_PUSH(arena, list);
    TRY_MEMORY(slot);
    *slot = value_text(value);
    return AMANAT_OK;
}

/* Keeps of `list` what `other` has too; the first list is taken whole. */
static void intersect_values(value_list *list, const value_list *other, bool *is_limited)
{
    if (!*is_limited) {
        *list = *other;
        *is_limited = true;
        return;
    }
    size_t kept = 0;
    for (size_t i = 0; i < list->count; i++) {
        if (lists_value(other, list->items[i])) {
            list->items[kept++] = list->items[i];
        }
    }
    list->count = kept;
}

static amanat_result values_of_part(struct compiler *compiler, const struct part *part,
                                    value_list *out, bool *out_limited);

static amanat_result values_of_choice(struct compiler *compiler, const struct choice *choice,
                                      value_list *out, bool *out_limited)
{
    *out_limited = true;
    for (size_t i = 0; i < choice->count; i++) {
        if ((choice->alternatives[i]->kinds & CATALOGUE_SCALARS) == 0) {
            continue;
        }
        value_list values = {0};
        bool is_limited = false;
        TRY(values_of_part(compiler, choice->alternatives[i], &values, &is_limited));
        *out_limited = *out_limited && is_limited;
        for (size_t k = 0; k < values.count; k++) {
            struct bytes *slot = lists_value(out, values.items[k])
                                     ? &values.items[k]
                                     : VECTOR_PUSH(compiler->arena, out);
            TRY_MEMORY(slot);
            *slot = values.items[k];
        }
    }
    return AMANAT_OK;
}

/* The values that `enum` and `const` allow at this place, if they limit it. */
static amanat_result values_of_part(struct compiler *compiler, const struct part *part,
                                    value_list *out, bool *out_limited)
{
    for (size_t i = 0; i < part->schemas.count; i++) {
        const struct schema *schema = part->schemas.items[i].schema;
        if (schema->enumeration == NULL && schema->constant == NULL) {
            continue;
        }
        value_list values = {0};
        for (size_t k = 0; schema->enumeration != NULL && k < schema->enumeration->count; k++) {
            TRY(add_value(compiler->arena, &values, &schema->enumeration->items[k]));
        }
        if (schema->constant != NULL) {
            TRY(add_value(compiler->arena, &values, schema->constant));
        }
        intersect_values(out, &values, out_limited);
    }
    for (size_t i = 0; i < part->choices.count; i++) {
        value_list values = {0};
        bool is_limited = false;
        TRY(values_of_choice(compiler, &part->choices.items[i], &values, &is_limited));
        if (is_limited) {
            intersect_values(out, &values, out_limited);
        }
    }
    return AMANAT_OK;
}

amanat_result part_values(struct compiler *compiler, const struct part *part,
                          const struct bytes **out, size_t *out_count, bool *out_limited)
{
    value_list values = {0};
    *out_limited = false;
    TRY(values_of_part(compiler, part, &values, out_limited));
    *out = values.items;
    *out_count = *out_limited ? values.count : 0;
    return AMANAT_OK;
}

/* ---- types ---- */

/* The format that counts: the first that is said; two different ones make it no known format. */
static bool format_of_part(const struct part *part, struct bytes *out)
{
    for (size_t i = 0; i < part->schemas.count; i++) {
        const struct bytes format = part->schemas.items[i].schema->format;
        if (format.length > 0 && out->length > 0 && !bytes_equal(format, *out)) {
            return false;
        }
        *out = format.length > 0 ? format : *out;
    }
    for (size_t i = 0; i < part->choices.count; i++) {
        struct bytes common = {0};
        bool is_first = true;
        for (size_t k = 0; k < part->choices.items[i].count; k++) {
            const struct part *alternative = part->choices.items[i].alternatives[k];
            struct bytes here = {0};
            if ((alternative->kinds & CATALOGUE_SCALARS) == 0) {
                continue;
            }
            if (!format_of_part(alternative, &here) || (!is_first && !bytes_equal(here, common))) {
                return false;
            }
            common = here;
            is_first = false;
        }
        *out = common.length > 0 ? common : *out;
    }
    return true;
}

enum attribute_type part_string_type(const struct part *part)
{
    static const struct {
        const char *format;
        enum attribute_type type;
    } formats[] = {{"date-time", ATTRIBUTE_DATETIME},
                   {"date", ATTRIBUTE_DATE},
                   {"ipv4", ATTRIBUTE_IPADDR},
                   {"ipv6", ATTRIBUTE_IPADDR}};
    struct bytes format = {0};
    if (!format_of_part(part, &format)) {
        return ATTRIBUTE_NONE;
    }
    for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
        if (bytes_equal_string(format, formats[i].format)) {
            return formats[i].type;
        }
    }
    return ATTRIBUTE_STRING;
}

static amanat_result type_term(struct compiler *compiler, const struct term *term,
                               struct typing *above, struct catalogue_attribute *out);

static amanat_result type_scalar(struct compiler *compiler, const struct part *part,
                                 struct catalogue_attribute *out)
{
    bool is_limited = false;
    return part_values(compiler, part, &out->enumeration, &out->enumeration_count, &is_limited);
}

static amanat_result type_array(struct compiler *compiler, const struct part *part,
                                struct typing *above, struct catalogue_attribute *out)
{
    struct term *items = NULL;
    out->type = ATTRIBUTE_NONE;
    out->why_unreadable = "the items of this list are not declared";
    TRY(part_items(compiler, part, &items));
    if (items == NULL) {
        return AMANAT_OK;
    }
    struct catalogue_attribute *element = ARENA_NEW(compiler->arena, struct catalogue_attribute);
    TRY_MEMORY(element);
    TRY(type_term(compiler, items, above, element));
    const bool is_scalar = element->type != ATTRIBUTE_NONE && element->type != ATTRIBUTE_SET &&
                           element->type != ATTRIBUTE_RECORD;
    const bool is_nullable = element->optional && element->type != ATTRIBUTE_DECIMAL;
    out->why_unreadable = is_scalar
                              ? "items of this list may be null"
                              : "it is a list whose items are no texts, numbers or truth values";
    if (is_scalar && !is_nullable) {
        out->type = ATTRIBUTE_SET;
        out->element = element;
        out->optional = out->optional || element->type == ATTRIBUTE_DECIMAL;
        element->optional = false;
    }
    return AMANAT_OK;
}

static amanat_result type_fields(struct compiler *compiler, const struct part *part,
                                 const struct name_list *names, struct typing *above,
                                 attribute_list *out, attribute_list *out_unreadable)
{
    for (size_t i = 0; i < names->names.count; i++) {
        struct catalogue_attribute field = {0};
        struct term *term = NULL;
        TRY(part_property(compiler, part, names->names.items[i], &term));
        TRY(type_term(compiler, term, above, &field));
        field.name = names->names.items[i];
        field.optional = field.optional || !part_requires(part, field.name);
        field.place = part_property_place(part, field.name);
        struct catalogue_attribute *slot =
            VECTOR_PUSH(compiler->arena, field.type == ATTRIBUTE_NONE ? out_unreadable : out);
        TRY_MEMORY(slot);
        *slot = field;
    }
    return AMANAT_OK;
}

static amanat_result type_object(struct compiler *compiler, const struct part *part,
                                 struct typing *here, struct catalogue_attribute *out)
{
    struct name_list names = {0};
    attribute_list fields = {0};
    attribute_list unreadable = {0};
    out->type = ATTRIBUTE_NONE;
    if (part_record(compiler, part) != CATALOGUE_NONE) {
        out->why_unreadable = "a record of its own begins there";
        return AMANAT_OK;
    }
    TRY(part_collect_names(compiler, part, &names));
    TRY(type_fields(compiler, part, &names, here, &fields, &unreadable));
    out->why_unreadable =
        here->recurs ? "it contains itself" : "it declares no property that a policy could read";
    if (fields.count > 0 && !here->recurs) {
        out->type = ATTRIBUTE_RECORD;
        out->fields = fields.items;
        out->field_count = fields.count;
        out->unreadable = unreadable.items;
        out->unreadable_count = unreadable.count;
    }
    return AMANAT_OK;
}

/* Whether both places are of a schema that declares properties. */
static bool shares_object(const struct part *part, const struct part *above)
{
    for (size_t i = 0; i < part->schemas.count; i++) {
        const struct schema *schema = part->schemas.items[i].schema;
        for (size_t k = 0; schema->properties.count > 0 && k < above->schemas.count; k++) {
            if (above->schemas.items[k].schema == schema) {
                return true;
            }
        }
    }
    return false;
}

static bool marks_recursion(const struct term *term, const struct part *part, struct typing *above)
{
    for (; above != NULL; above = above->above) {
        if (above->term == term || (above->part != NULL && shares_object(part, above->part))) {
            above->recurs = true;
            return true;
        }
    }
    return false;
}

static amanat_result type_part(struct compiler *compiler, const struct part *part,
                               struct typing *here, struct catalogue_attribute *out)
{
    out->optional = (part->kinds & CATALOGUE_KIND_NULL) != 0;
    switch (part->kinds & ~(unsigned)CATALOGUE_KIND_NULL) {
    case CATALOGUE_KIND_STRING:
        out->type = part_string_type(part);
        out->why_unreadable = "its formats contradict each other"; /* if it came to NONE */
        return type_scalar(compiler, part, out);
    case CATALOGUE_KIND_INTEGER:
        out->type = ATTRIBUTE_LONG;
        return type_scalar(compiler, part, out);
    case CATALOGUE_KIND_BOOLEAN:
        out->type = ATTRIBUTE_BOOL;
        return type_scalar(compiler, part, out);
    case CATALOGUE_KIND_NUMBER:
    case CATALOGUE_KIND_NUMBER | CATALOGUE_KIND_INTEGER:
        out->type = ATTRIBUTE_DECIMAL;
        out->optional = true;
        return type_scalar(compiler, part, out);
    case CATALOGUE_KIND_ARRAY:
        return type_array(compiler, part, here, out);
    case CATALOGUE_KIND_OBJECT:
        return type_object(compiler, part, here, out);
    default:
        out->type = ATTRIBUTE_NONE;
        out->why_unreadable = "its values are not all of one declared type";
        return AMANAT_OK;
    }
}

static amanat_result type_term(struct compiler *compiler, const struct term *term,
                               struct typing *above, struct catalogue_attribute *out)
{
    struct typing here = {
        .term = term, .above = above, .depth = above == NULL ? 1 : above->depth + 1};
    *out = (struct catalogue_attribute){.why_unreadable = "it contains itself or lies too deep"};
    if (here.depth > COMPILER_ATTRIBUTE_DEPTH) {
        return AMANAT_OK;
    }
    struct part *part = NULL;
    TRY(part_open(compiler, term, &part));
    here.part = part;
    if (marks_recursion(term, part, above)) {
        return AMANAT_OK;
    }
    return type_part(compiler, part, &here, out);
}

amanat_result attribute_of_term(struct compiler *compiler, const struct term *term,
                                struct catalogue_attribute *out)
{
    return type_term(compiler, term, NULL, out);
}

/* ---- one name, one shape ---- */

static bool lists_equal(const struct bytes *a, size_t a_count, const struct bytes *b,
                        size_t b_count)
{
    bool equal = a_count == b_count;
    for (size_t i = 0; equal && i < a_count; i++) {
        equal = bytes_equal(a[i], b[i]);
    }
    return equal;
}

bool attribute_equal(const struct catalogue_attribute *a, const struct catalogue_attribute *b)
{
    if (!bytes_equal(a->name, b->name) || a->type != b->type || a->optional != b->optional ||
        a->field_count != b->field_count ||
        !lists_equal(a->enumeration, a->enumeration_count, b->enumeration, b->enumeration_count)) {
        return false;
    }
    if (a->type == ATTRIBUTE_SET && !attribute_equal(a->element, b->element)) {
        return false;
    }
    for (size_t i = 0; i < a->field_count; i++) {
        if (!attribute_equal(&a->fields[i], &b->fields[i])) {
            return false;
        }
    }
    return true;
}

/* The name of an attribute in which two shapes differ, or no bytes. */
static struct bytes first_difference(const struct record_entry *entry, const attribute_list *other)
{
    for (size_t i = 0; i < other->count; i++) {
        const size_t *index = map_get(&entry->attributes, other->items[i].name);
        if (index == NULL ||
            !attribute_equal(&entry->record.attributes[*index], &other->items[i])) {
            return other->items[i].name;
        }
    }
    for (size_t i = 0; i < entry->record.attribute_count; i++) {
        bool found = false;
        for (size_t k = 0; k < other->count && !found; k++) {
            found = bytes_equal(other->items[k].name, entry->record.attributes[i].name);
        }
        if (!found) {
            return entry->record.attributes[i].name;
        }
    }
    return bytes_of(NULL, 0);
}

amanat_result record_set_shape(struct compiler *compiler, size_t record, const struct part *part,
                               const struct name_list *names)
{
    attribute_list attributes = {0};
    attribute_list unreadable = {0};
    struct typing here = {.depth = 1};
    TRY(type_fields(compiler, part, names, &here, &attributes, &unreadable));
    struct record_entry *entry = &compiler->records.items[record];
    if (entry->has_shape) {
        const struct bytes difference = first_difference(entry, &attributes);
        if (difference.length > 0) {
            compiler_report(compiler, AMANAT_SEVERITY_ERROR, part->place, "record-shape",
                            "the record `%.*s` has another shape here than at %s:%u: `%.*s` "
                            "differs",
                            BYTES_PRINTF(entry->record.name), entry->record.place.source,
                            entry->record.place.line, BYTES_PRINTF(difference));
        }
        return AMANAT_OK;
    }
    entry->has_shape = true;
    entry->record.place = part->place;
    entry->record.unreadable = unreadable.items;
    entry->record.unreadable_count = unreadable.count;
    entry->record.attributes = attributes.items;
    entry->record.attribute_count = attributes.count;
    for (size_t i = 0; i < attributes.count; i++) {
        size_t *index = ARENA_NEW(compiler->arena, size_t);
        TRY_MEMORY(index);
        *index = i;
        TRY(map_put(compiler->arena, &entry->attributes, attributes.items[i].name, index));
    }
    return AMANAT_OK;
}
