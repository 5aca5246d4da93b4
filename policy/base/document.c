/* SPDX-License-Identifier: Apache-2.0 */
/* Looking into a document tree; who builds it: document_json.c and document_yaml.c. */
#include "policy/base/document.h"

#include "policy/base/guard.h"

const struct document *document_get_bytes(const struct document *object, struct bytes key)
{
    if (object == NULL || object->kind != DOCUMENT_OBJECT) {
        return NULL;
    }
    for (size_t i = 0; i < object->count; i++) {
        if (bytes_equal(object->members[i].key, key)) {
            return &object->members[i].value;
        }
    }
    return NULL;
}

const struct document *document_get(const struct document *object, const char *key)
{
    return document_get_bytes(object, bytes_of_string(key));
}

struct bytes document_get_string(const struct document *object, const char *key)
{
    const struct document *value = document_get(object, key);
    return value != NULL && value->kind == DOCUMENT_STRING ? value->text : bytes_of(NULL, 0);
}

bool document_is_string(const struct document *document, const char *text)
{
    return document != NULL && document->kind == DOCUMENT_STRING &&
           bytes_equal_string(document->text, text);
}

bool document_integer(const struct document *document, int64_t *out)
{
    if (document == NULL || document->kind != DOCUMENT_NUMBER) {
        return false;
    }
    const struct bytes text = document->text;
    const bool negative = bytes_start_with(text, BYTES("-"));
    size_t i = negative ? 1 : 0;
    if (i == text.length) {
        return false;
    }
    int64_t value = 0; /* kept negative: there is one more negative number than positive ones */
    for (; i < text.length; i++) {
        const int digit = text.at[i] - '0';
        if (digit < 0 || digit > 9 || value < (INT64_MIN + digit) / 10) {
            return false;
        }
        value = value * 10 - digit;
    }
    if (!negative && value == INT64_MIN) {
        return false;
    }
    *out = negative ? value : -value;
    return true;
}

const char *document_kind_name(enum document_kind kind)
{
    static const char *const names[] = {"null", "boolean", "number", "string", "array", "object"};
    ASSERT((size_t)kind < sizeof(names) / sizeof(names[0]));
    return names[kind];
}
