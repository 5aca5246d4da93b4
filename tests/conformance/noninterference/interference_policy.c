/* SPDX-License-Identifier: Apache-2.0 */
/* The text of random policies. Each condition first asks whether the attribute is there. */
#include "interference_policy.h"

#include "interference_value.h"
#include "policy/base/guard.h"

const char interference_model[] = "entity Partner;\n"
                                  "entity Agent in [Partner] = { partner: Partner };\n"
                                  "entity Purpose in [Purpose];\n";
const char interference_partners[] =
    "[{\"uid\": {\"type\": \"Partner\", \"id\": \"" INTERFERENCE_PARTNER
    "\"}, \"attrs\": {}, \"parents\": []}]\n";

struct policy_writer {
    struct choices *choices;
    struct buffer *out;
    const struct interference_case *made;
    const struct catalogue_record *record; /* NULL: outside records */
    unsigned count;                        /* of policies */
};

/* ---- conditions ---- */

/* Cedar's escapes are JSON's, but for control characters. */
static void write_string(struct buffer *out, struct bytes text)
{
    buffer_append_byte(out, '"');
    for (size_t i = 0; i < text.length; i++) {
        const unsigned char byte = (unsigned char)text.at[i];
        if (byte < 0x20 || byte == 0x7F) {
            buffer_append_format(out, "\\u{%x}", byte);
        } else {
            buffer_append_string(out, byte == '"' || byte == '\\' ? "\\" : "");
            buffer_append_byte(out, (char)byte);
        }
    }
    buffer_append_byte(out, '"');
}

static void write_texts(const struct policy_writer *writer)
{
    const unsigned first = choose(writer->choices, 11);
    const unsigned count = 1 + choose(writer->choices, 6);
    buffer_append_byte(writer->out, '[');
    for (unsigned i = 0; i < count; i++) {
        buffer_append_string(writer->out, i == 0 ? "" : ", ");
        write_string(writer->out, bytes_of_string(value_text(first + i)));
    }
    buffer_append_byte(writer->out, ']');
}

/* True for some of the values that such an attribute has (interference_fixed.c). */
static void write_test(const struct policy_writer *writer,
                       const struct catalogue_attribute *attribute, struct bytes path)
{
    static const char *const limits[] = {"0", "7", "8"};
    struct buffer *out = writer->out;
    const unsigned drawn = choose(writer->choices, 3);
    switch (attribute->type) {
    case ATTRIBUTE_STRING:
        write_texts(writer);
        buffer_append_format(out, ".contains(%.*s)", BYTES_PRINTF(path));
        break;
    case ATTRIBUTE_LONG:
        buffer_append_format(out, "%.*s < %s", BYTES_PRINTF(path), limits[drawn]);
        break;
    case ATTRIBUTE_DECIMAL:
        buffer_append_format(out, "%.*s.lessThan(decimal(\"%s.5\"))", BYTES_PRINTF(path),
                             limits[drawn]);
        break;
    case ATTRIBUTE_BOOL:
        buffer_append_format(out, "%.*s", BYTES_PRINTF(path));
        break;
    case ATTRIBUTE_SET:
        buffer_append_format(out, "%.*s.isEmpty()", BYTES_PRINTF(path));
        break;
    default: /* a record: that it is there */
        buffer_append_string(out, "true");
    }
}

/* `resource has "a" && resource["a"] has "b" && …`, then what is asked of the last. */
static void write_path(const struct policy_writer *writer,
                       const struct catalogue_attribute *attribute, struct buffer *path)
{
    struct buffer *out = writer->out;
    buffer_append_format(out, "%.*s has ", BYTES_PRINTF(buffer_bytes(path)));
    write_string(out, attribute->name);
    buffer_append_string(out, " && ");
    buffer_append_byte(path, '[');
    write_string(path, attribute->name);
    buffer_append_byte(path, ']');
    if (attribute->type == ATTRIBUTE_RECORD && attribute->field_count > 0) {
        write_path(writer,
                   &attribute->fields[choose(writer->choices, (unsigned)attribute->field_count)],
                   path);
    } else {
        write_test(writer, attribute, buffer_bytes(path));
    }
}

static void write_condition(const struct policy_writer *writer)
{
    const struct catalogue_record *record = writer->record;
    struct buffer path;
    buffer_init(&path, 1 << 16);
    buffer_append_string(&path, "resource");
    buffer_append_string(writer->out, chance(writer->choices, 30) ? "\nunless { " : "\nwhen { ");
    write_path(writer,
               &record->attributes[choose(writer->choices, (unsigned)record->attribute_count)],
               &path);
    buffer_append_string(writer->out, " }");
    buffer_clear(&path);
}

/* ---- policies ---- */

static void begin_policy(struct policy_writer *writer, const char *effect)
{
    buffer_append_format(
        writer->out, "@id(\"s%u-%u\")\n%s (principal in Partner::\"" INTERFERENCE_PARTNER "\", ",
        writer->made->number, writer->count++, effect);
}

static void end_policy(struct policy_writer *writer, unsigned conditions)
{
    if (writer->record != NULL) {
        buffer_append_format(writer->out, ", resource is %.*s in Service::\"s%u\")",
                             BYTES_PRINTF(writer->record->name), writer->made->number);
    } else {
        buffer_append_format(writer->out, ", resource is Service in Service::\"s%u\")",
                             writer->made->number);
    }
    if (writer->record != NULL && writer->record->attribute_count > 0 &&
        chance(writer->choices, conditions)) {
        write_condition(writer);
    }
    buffer_append_string(writer->out, ";\n\n");
}

static void write_permit(struct policy_writer *writer, const struct catalogue_label *label,
                         enum disclosure_mode mode, unsigned conditions)
{
    begin_policy(writer, "permit");
    buffer_append_format(writer->out, "action == Action::\"%s:%.*s\"", disclosure_mode_name(mode),
                         BYTES_PRINTF(label->name));
    end_policy(writer, conditions);
}

static void write_forbid(struct policy_writer *writer, const struct catalogue_label *label)
{
    begin_policy(writer, "forbid");
    buffer_append_format(writer->out, "action in Action::\"disclose:%.*s\"",
                         BYTES_PRINTF(label->name));
    end_policy(writer, 100);
}

/* Mostly a permit in one mode, often with another in a weaker one. */
static void write_permits(struct policy_writer *writer, const struct catalogue_label *label)
{
    enum disclosure_mode modes[DISCLOSURE_MODE_COUNT];
    unsigned count = 0;
    for (size_t mode = DISCLOSURE_WITHHELD + 1; mode < DISCLOSURE_MODE_COUNT; mode++) {
        if (mode == DISCLOSURE_REVEAL || label->defines[mode]) {
            modes[count++] = (enum disclosure_mode)mode;
        }
    }
    /* what a list shows must come to something: then there are several windows */
    const bool shows = writer->made->is_listing && chance(writer->choices, 60);
    const unsigned drawn = shows ? 0 : choose(writer->choices, count);
    if (shows || chance(writer->choices, 80)) {
        write_permit(writer, label, modes[count - 1 - drawn], 60);
    }
    if (drawn + 1 < count && chance(writer->choices, 30)) {
        write_permit(writer, label, modes[0], 30);
    }
}

static void write_place(struct policy_writer *writer, const struct catalogue_record *record,
                        const size_t *labels, size_t count)
{
    const struct vocabulary *vocabulary = &writer->made->catalogue->vocabulary;
    writer->record = record;
    for (size_t i = 0; i < count; i++) {
        write_permits(writer, &vocabulary->labels[labels[i]]);
    }
    if (record != NULL && record->label_count > 0 && record->attribute_count > 0 &&
        chance(writer->choices, 25)) {
        const size_t label = choose(writer->choices, (unsigned)record->label_count);
        write_forbid(writer, &vocabulary->labels[record->labels[label]]);
    }
}

void interference_policy_write(const struct interference_case *made, struct choices *choices,
                               struct buffer *out)
{
    const struct catalogue_operation *operation = &made->catalogue->services[0].operations[0];
    struct policy_writer writer = {.choices = choices, .out = out, .made = made};
    begin_policy(&writer, "permit");
    buffer_append_format(out, "action == Action::\"%.*s\"", BYTES_PRINTF(operation->id));
    buffer_append_format(
        out, ", resource == Service::\"s%u\")\nwhen { context.need.purpose == ", made->number);
    buffer_append_string(out, "Purpose::\"" INTERFERENCE_PURPOSE "\" };\n\n");
    write_place(&writer, NULL, operation->outside_labels, operation->outside_label_count);
    for (size_t i = 0; i < operation->record_count; i++) {
        const struct catalogue_record *record = &made->catalogue->records[operation->records[i]];
        write_place(&writer, record, record->own_labels, record->own_label_count);
    }
}
