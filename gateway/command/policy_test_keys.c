/* SPDX-License-Identifier: Apache-2.0 */
/* Reading documents by tables of keys; see policy_test_keys.h. */
#include "gateway/command/policy_test_keys.h"

#include "policy/base/base.h"
#include "policy/base/similar.h"

/* ---- faults ---- */

struct policy_test_place test_reader_place_of(const struct document *document)
{
    return (struct policy_test_place){document->line, document->column};
}

void test_reader_wrong_kind(struct test_reader *reader, const struct document *value,
                            const char *expected)
{
    FAULT(reader, test_reader_place_of(value), "type", "expected %s, not %s %s", expected,
          value->kind == DOCUMENT_ARRAY || value->kind == DOCUMENT_OBJECT ? "an" : "a",
          document_kind_name(value->kind));
}

bool test_reader_has_kind(struct test_reader *reader, const struct document *value,
                          enum document_kind kind, const char *expected)
{
    if (value->kind != kind) {
        test_reader_wrong_kind(reader, value, expected);
    }
    return value->kind == kind;
}

void *test_reader_allocate(struct test_reader *reader, size_t count, size_t size)
{
    void *memory = arena_allocate_array(reader->arena, count, size);
    reader->is_out_of_memory |= memory == NULL;
    return memory;
}

void test_reader_unknown_word(struct test_reader *reader, struct policy_test_place place,
                              const char *what, struct bytes word, const struct bytes *known,
                              size_t count)
{
    char hint[SIMILAR_HINT_SIZE];
    FAULT(reader, place, "unknown", "unknown %s `%.*s`%s", what, BYTES_PRINTF(word),
          similar_hint(word, known, count, hint));
}

/* ---- objects by table ---- */

static void refuse_unknown_keys(struct test_reader *reader, const struct document *object,
                                const struct test_key *keys, size_t count)
{
    struct bytes names[KEYS_LIMIT];
    ASSERT(count <= KEYS_LIMIT);
    for (size_t k = 0; k < count; k++) {
        names[k] = bytes_of_string(keys[k].name);
    }
    for (size_t i = 0; i < object->count; i++) {
        const struct document_member *member = &object->members[i];
        bool is_known = false;
        for (size_t k = 0; k < count; k++) {
            is_known |= bytes_equal(member->key, names[k]);
        }
        if (!is_known) {
            test_reader_unknown_word(reader,
                                     (struct policy_test_place){member->line, member->column},
                                     "key", member->key, names, count);
        }
    }
}

void test_reader_keys(struct test_reader *reader, const struct document *object, const char *what,
                      const struct test_key *keys, size_t count, void *base)
{
    if (!test_reader_has_kind(reader, object, DOCUMENT_OBJECT, what)) {
        return;
    }
    refuse_unknown_keys(reader, object, keys, count);
    for (size_t k = 0; k < count; k++) {
        const struct document *value = document_get(object, keys[k].name);
        if (value != NULL && keys[k].read != NULL) {
            keys[k].read(reader, value, (char *)base + keys[k].offset);
        }
    }
}

/* ---- scalars ---- */

void test_reader_bytes(struct test_reader *reader, const struct document *value, void *place)
{
    if (test_reader_has_kind(reader, value, DOCUMENT_STRING, "a text") && value->text.length == 0) {
        FAULT(reader, test_reader_place_of(value), "type", "expected a text that is not empty");
    }
    if (value->kind == DOCUMENT_STRING) {
        *(struct bytes *)place = value->text;
    }
}

void test_reader_text(struct test_reader *reader, const struct document *value, void *place)
{
    struct policy_test_text *text = place;
    test_reader_bytes(reader, value, &text->text);
    text->place = test_reader_place_of(value);
}

void test_reader_flag(struct test_reader *reader, const struct document *value, void *place)
{
    if (test_reader_has_kind(reader, value, DOCUMENT_BOOL, "true or false")) {
        *(bool *)place = value->boolean;
    }
}

void test_reader_status(struct test_reader *reader, const struct document *value, void *place)
{
    int64_t status = 0;
    if (!document_integer(value, &status) || status < 100 || status > 599) {
        FAULT(reader, test_reader_place_of(value), "type", "expected an HTTP status, 100 to 599");
        return;
    }
    *(unsigned *)place = (unsigned)status;
}

void test_reader_texts(struct test_reader *reader, const struct document *value, void *place)
{
    struct policy_test_texts *texts = place;
    if (!test_reader_has_kind(reader, value, DOCUMENT_ARRAY, "a list of texts")) {
        return;
    }
    struct policy_test_text *items = test_reader_allocate(reader, value->count, sizeof(*items));
    for (size_t i = 0; items != NULL && i < value->count; i++) {
        test_reader_text(reader, &value->items[i], &items[i]);
    }
    *texts = (struct policy_test_texts){items, items == NULL ? 0 : value->count, true};
}

/* ---- bodies ---- */

void test_reader_check_numbers(struct test_reader *reader, const struct document *value)
{
    const struct document *ignored = NULL;
    if (value->kind == DOCUMENT_NUMBER &&
        !amanat_is_ok(document_from_json(reader->arena, "", value->text, NULL, &ignored))) {
        FAULT(reader, test_reader_place_of(value), "type",
              "JSON does not spell a number as `%.*s`; put it in quotes if it is a text",
              BYTES_PRINTF(value->text));
    }
    for (size_t i = 0; i < value->count; i++) {
        test_reader_check_numbers(reader, value->kind == DOCUMENT_ARRAY ? &value->items[i]
                                                                        : &value->members[i].value);
    }
}

static void begin_content(struct test_reader *reader, const struct document *value,
                          struct policy_test_content *content)
{
    if (content->is_given) {
        FAULT(reader, test_reader_place_of(value), "type",
              "`body`, `body_text` and `body_file` exclude each other");
    }
    *content = (struct policy_test_content){.is_given = true};
}

void test_reader_body(struct test_reader *reader, const struct document *value, void *place)
{
    struct policy_test_content *content = place;
    begin_content(reader, value, content);
    test_reader_check_numbers(reader, value);
    content->document = value;
}

void test_reader_body_text(struct test_reader *reader, const struct document *value, void *place)
{
    struct policy_test_content *content = place;
    begin_content(reader, value, content);
    if (test_reader_has_kind(reader, value, DOCUMENT_STRING, "a text")) {
        content->text = value->text;
    }
}

void test_reader_body_file(struct test_reader *reader, const struct document *value, void *place)
{
    struct policy_test_content *content = place;
    begin_content(reader, value, content);
    test_reader_text(reader, value, &content->file);
}
