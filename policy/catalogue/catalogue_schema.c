/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The derived part of the Cedar schema (design 2, "Policies are plain Cedar"). The text is a
 * function of the catalogue alone: labels, records and operations in their order, every name quoted
 * where Cedar lets names be quoted.
 */
#include "policy/base/guard.h"
#include "policy/catalogue/catalogue.h"

/* A Cedar string literal. Names hold no quotes by their rules, parameters and properties may. */
static void write_quoted(struct buffer *out, struct bytes text)
{
    static const char hex[] = "0123456789abcdef";
    buffer_append_byte(out, '"');
    for (size_t i = 0; i < text.length; i++) {
        const unsigned char byte = (unsigned char)text.at[i];
        if (byte == '"' || byte == '\\') {
            buffer_append_byte(out, '\\');
            buffer_append_byte(out, (char)byte);
        } else if (byte < 0x20 || byte == 0x7F) {
            buffer_append_string(out, "\\x");
            buffer_append_byte(out, hex[byte >> 4]);
            buffer_append_byte(out, hex[byte & 15]);
        } else {
            buffer_append_byte(out, (char)byte);
        }
    }
    buffer_append_byte(out, '"');
}

static bool is_identifier(struct bytes name)
{
    static const char *const reserved[] = {"true", "false", "if",  "then", "else",
                                           "in",   "like",  "has", "is",   "__cedar"};
    for (size_t i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++) {
        if (bytes_equal_string(name, reserved[i])) {
            return false;
        }
    }
    for (size_t i = 0; i < name.length; i++) {
        const char lower = (char)(name.at[i] | 0x20);
        const bool digit = name.at[i] >= '0' && name.at[i] <= '9';
        if (!((lower >= 'a' && lower <= 'z') || name.at[i] == '_' || (digit && i > 0))) {
            return false;
        }
    }
    return name.length > 0;
}

static void write_name(struct buffer *out, struct bytes name)
{
    if (is_identifier(name)) {
        buffer_append(out, name);
    } else {
        write_quoted(out, name);
    }
}

/* ---- types ---- */

static void write_fields(struct buffer *out, const struct catalogue_attribute *fields,
                         size_t count);

static void write_type(struct buffer *out, const struct catalogue_attribute *attribute)
{
    static const char *const names[] = {
        [ATTRIBUTE_STRING] = "String",  [ATTRIBUTE_LONG] = "Long",
        [ATTRIBUTE_BOOL] = "Bool",      [ATTRIBUTE_DATETIME] = "datetime",
        [ATTRIBUTE_DATE] = "datetime",  [ATTRIBUTE_IPADDR] = "ipaddr",
        [ATTRIBUTE_DECIMAL] = "decimal"};
    if (attribute->type == ATTRIBUTE_RECORD) {
        write_fields(out, attribute->fields, attribute->field_count);
    } else if (attribute->type == ATTRIBUTE_SET) {
        buffer_append_string(out, "Set<");
        write_type(out, attribute->element);
        buffer_append_byte(out, '>');
    } else {
        ASSERT(attribute->type > ATTRIBUTE_NONE && attribute->type < ATTRIBUTE_SET);
        buffer_append_string(out, names[attribute->type]);
    }
}

static void write_field(struct buffer *out, const struct catalogue_attribute *attribute,
                        bool *is_first)
{
    buffer_append_string(out, *is_first ? " " : ", ");
    *is_first = false;
    write_name(out, attribute->name);
    buffer_append_string(out, attribute->optional ? "?: " : ": ");
    write_type(out, attribute);
}

static void write_fields(struct buffer *out, const struct catalogue_attribute *fields, size_t count)
{
    bool is_first = true;
    buffer_append_byte(out, '{');
    for (size_t i = 0; i < count; i++) {
        write_field(out, &fields[i], &is_first);
    }
    buffer_append_string(out, count == 0 ? "}" : " }");
}

/* ---- entities and common types ---- */

static void write_entities(const struct catalogue *catalogue, struct buffer *out)
{
    buffer_append_string(out, "entity Service;\n");
    for (size_t i = 0; i < catalogue->record_count; i++) {
        const struct catalogue_record *record = &catalogue->records[i];
        buffer_append_string(out, "entity ");
        buffer_append(out, record->name);
        buffer_append_string(out, " in [Service]");
        if (record->attribute_count > 0) {
            buffer_append_string(out, " = ");
            write_fields(out, record->attributes, record->attribute_count);
        }
        buffer_append_string(out, ";\n");
    }
}

static const char access_fields[] =
    "need: Need, operation: String, now: datetime, network: { address: ipaddr }, "
    "authentication: { certificate: Bool, token: Bool }";

static void write_types(bool model_has_case, struct buffer *out)
{
    buffer_append_format(out, "type Need = { purpose: Purpose, %sbasis?: String, signed: Bool };\n",
                         model_has_case ? "\"case\"?: Case, " : "");
    buffer_append_format(out, "type Access = { %s };\n", access_fields);
}

/* ---- actions of labels ---- */

static const char *const mode_prefixes[] = {
    [DISCLOSURE_REVEAL] = "reveal",
    [DISCLOSURE_COARSEN] = "coarsen",
    [DISCLOSURE_MASK] = "mask",
    [DISCLOSURE_TOKENIZE] = "tokenize",
};

/* `"reveal"` or `"reveal:vehicle"`. */
static void write_action_name(const struct catalogue *catalogue, struct buffer *out,
                              const char *prefix, size_t label)
{
    buffer_append_format(out, "\"%s", prefix);
    if (label != CATALOGUE_NONE) {
        buffer_append_byte(out, ':');
        buffer_append(out, catalogue->vocabulary.labels[label].name);
    }
    buffer_append_byte(out, '"');
}

/* The types in which fields of the label occur; nothing where there is none. */
static void write_disclosure_target(const struct catalogue *catalogue, struct buffer *out,
                                    size_t label)
{
    bool is_first = true;
    if (catalogue->label_uses[label].outside_records) {
        buffer_append_string(out, " appliesTo { principal: Agent, resource: [Service");
        is_first = false;
    }
    for (size_t i = 0; i < catalogue->record_count; i++) {
        const struct catalogue_record *record = &catalogue->records[i];
        if (catalogue_lists(record->labels, record->label_count, label)) {
            buffer_append_string(out,
                                 is_first ? " appliesTo { principal: Agent, resource: [" : ", ");
            buffer_append(out, record->name);
            is_first = false;
        }
    }
    buffer_append_string(out, is_first ? "" : "], context: Access }");
}

static bool lies_below(const struct catalogue *catalogue, size_t label, size_t ancestor)
{
    while (label != CATALOGUE_NONE && label != ancestor) {
        label = catalogue->vocabulary.labels[label].parent;
    }
    return label == ancestor;
}

static bool is_mode_used(const struct catalogue *catalogue, size_t label, size_t mode)
{
    for (size_t i = label; i < catalogue->vocabulary.label_count; i++) {
        if (catalogue->vocabulary.labels[i].defines[mode] && lies_below(catalogue, i, label)) {
            return true;
        }
    }
    return false;
}

static void write_mode_action(const struct catalogue *catalogue, struct buffer *out, size_t label,
                              size_t mode)
{
    const struct catalogue_label *here = &catalogue->vocabulary.labels[label];
    if (!is_mode_used(catalogue, label, mode)) {
        return;
    }
    buffer_append_string(out, "action ");
    write_action_name(catalogue, out, mode_prefixes[mode], label);
    buffer_append_string(out, " in [");
    write_action_name(catalogue, out, mode_prefixes[mode], here->parent);
    buffer_append_string(out, ", ");
    write_action_name(catalogue, out, "disclose", label);
    buffer_append_byte(out, ']');
    if (here->defines[mode]) {
        write_disclosure_target(catalogue, out, label);
    }
    buffer_append_string(out, ";\n");
}

static void write_group_action(const struct catalogue *catalogue, struct buffer *out,
                               const char *prefix, size_t label, bool is_asked)
{
    buffer_append_string(out, "action ");
    write_action_name(catalogue, out, prefix, label);
    buffer_append_string(out, " in [");
    write_action_name(catalogue, out, prefix, catalogue->vocabulary.labels[label].parent);
    buffer_append_byte(out, ']');
    if (is_asked) {
        buffer_append_string(out,
                             " appliesTo { principal: Agent, resource: Service, context: Access }");
    }
    buffer_append_string(out, ";\n");
}

static void write_label_actions(const struct catalogue *catalogue, struct buffer *out)
{
    static const char *const groups[] = {"disclose", "reveal", "coarsen", "mask",
                                         "tokenize", "query",  "submit"};
    for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
        buffer_append_format(out, "action \"%s\";\n", groups[i]);
    }
    for (size_t label = 0; label < catalogue->vocabulary.label_count; label++) {
        const struct catalogue_label_use *use = &catalogue->label_uses[label];
        write_group_action(catalogue, out, "disclose", label, false);
        for (size_t mode = DISCLOSURE_REVEAL; mode > DISCLOSURE_WITHHELD; mode--) {
            write_mode_action(catalogue, out, label, mode);
        }
        write_group_action(catalogue, out, "query", label, use->queried);
        write_group_action(catalogue, out, "submit", label, use->submitted);
    }
}

/* ---- actions of operations ---- */

static void write_operation(struct buffer *out, const struct catalogue_operation *operation)
{
    bool is_first = true;
    buffer_append_string(out, "action ");
    write_name(out, operation->id);
    buffer_append_format(
        out, " appliesTo { principal: Agent, resource: Service, context: { %s, parameters: {",
        access_fields);
    for (size_t i = 0; i < operation->parameter_count; i++) {
        if (catalogue_parameter_is_open(&operation->parameters[i])) {
            write_field(out, &operation->parameters[i].value, &is_first);
        }
    }
    buffer_append_string(out, is_first ? "} } };\n" : " } } };\n");
}

void catalogue_write_schema(const struct catalogue *catalogue, bool model_has_case,
                            struct buffer *out)
{
    write_entities(catalogue, out);
    write_types(model_has_case, out);
    write_label_actions(catalogue, out);
    for (size_t s = 0; s < catalogue->service_count; s++) {
        for (size_t i = 0; i < catalogue->services[s].operation_count; i++) {
            write_operation(out, &catalogue->services[s].operations[i]);
        }
    }
}
