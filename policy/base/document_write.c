/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a document tree to JSON text (RFC 8259). Members keep their order and numbers their
 * spelling; strings are escaped as RFC 8785 §3.2.2.2 says.
 */
#include "policy/base/buffer.h"
#include "policy/base/document.h"

struct writer {
    struct buffer *out;
    bool is_pretty; /* one value a line, two blanks a level */
};

static void write_value(const struct writer *writer, const struct document *document,
                        unsigned depth);

static void break_line(const struct writer *writer, unsigned depth)
{
    if (writer->is_pretty) {
        buffer_append_format(writer->out, "\n%*s", (int)(2 * depth), "");
    }
}

static void write_scalar(const struct writer *writer, const struct document *document)
{
    switch (document->kind) {
    case DOCUMENT_BOOL:
        buffer_append_string(writer->out, document->boolean ? "true" : "false");
        break;
    case DOCUMENT_NUMBER:
        buffer_append(writer->out, document->text);
        break;
    case DOCUMENT_STRING:
        buffer_append_json_string(writer->out, document->text);
        break;
    case DOCUMENT_NULL:
    case DOCUMENT_ARRAY:
    case DOCUMENT_OBJECT:
        buffer_append_string(writer->out, "null");
        break;
    }
}

static void write_members(const struct writer *writer, const struct document *object,
                          unsigned depth)
{
    for (size_t i = 0; i < object->count; i++) {
        buffer_append_string(writer->out, i == 0 ? "" : ",");
        break_line(writer, depth + 1);
        buffer_append_json_string(writer->out, object->members[i].key);
        buffer_append_string(writer->out, writer->is_pretty ? ": " : ":");
        write_value(writer, &object->members[i].value, depth + 1);
    }
}

static void write_items(const struct writer *writer, const struct document *array, unsigned depth)
{
    for (size_t i = 0; i < array->count; i++) {
        buffer_append_string(writer->out, i == 0 ? "" : ",");
        break_line(writer, depth + 1);
        write_value(writer, &array->items[i], depth + 1);
    }
}

/* As deep as the tree, whose readers keep to DOCUMENT_DEPTH_LIMIT. */
static void write_value(const struct writer *writer, const struct document *document,
                        unsigned depth)
{
    if (document->kind != DOCUMENT_ARRAY && document->kind != DOCUMENT_OBJECT) {
        write_scalar(writer, document);
        return;
    }
    const bool is_object = document->kind == DOCUMENT_OBJECT;
    buffer_append_byte(writer->out, is_object ? '{' : '[');
    if (is_object) {
        write_members(writer, document, depth);
    } else {
        write_items(writer, document, depth);
    }
    if (document->count > 0) {
        break_line(writer, depth);
    }
    buffer_append_byte(writer->out, is_object ? '}' : ']');
}

void document_append_json(struct buffer *out, const struct document *document)
{
    write_value(&(struct writer){.out = out}, document, 0);
}

void document_append_json_lines(struct buffer *out, const struct document *document)
{
    write_value(&(struct writer){.out = out, .is_pretty = true}, document, 0);
}
