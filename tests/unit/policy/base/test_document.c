/* SPDX-License-Identifier: Apache-2.0 */
/* The document tree from JSON and from YAML: what is read, where it stands, and every diagnostic
 * with its place. */
#include "policy/base/document.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "policy/base/buffer.h"

typedef amanat_result (*reader_fn)(struct arena *, const char *, struct bytes,
                                   struct amanat_diagnostics *, const struct document **);

struct fixture {
    struct arena *arena;
    struct amanat_diagnostics *diagnostics;
};

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    assert_non_null(fixture);
    fixture->arena = arena_new((size_t)64 << 20);
    fixture->diagnostics = amanat_diagnostics_new();
    assert_non_null(fixture->arena);
    assert_non_null(fixture->diagnostics);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    arena_free(fixture->arena);
    amanat_diagnostics_free(fixture->diagnostics);
    free(fixture);
    return 0;
}

static const struct document *read_with(struct fixture *fixture, reader_fn reader,
                                        struct bytes text)
{
    const struct document *document = NULL;
    const amanat_result result =
        reader(fixture->arena, "file", text, fixture->diagnostics, &document);
    if (!amanat_is_ok(result)) {
        assert_null(document);
        assert_int_equal(result.status, AMANAT_STATUS_CONFIG_FAULT);
        assert_true(amanat_diagnostics_errors(fixture->diagnostics) > 0);
        return NULL;
    }
    return document;
}

static const struct document *read_json(struct fixture *fixture, const char *text)
{
    return read_with(fixture, document_from_json, bytes_of_string(text));
}

static const struct document *read_yaml(struct fixture *fixture, const char *text)
{
    return read_with(fixture, document_from_yaml, bytes_of_string(text));
}

static void assert_text(const struct document *document, enum document_kind kind, const char *text)
{
    assert_non_null(document);
    assert_int_equal(document->kind, kind);
    assert_int_equal(document->text.length, strlen(text));
    assert_memory_equal(document->text.at, text, strlen(text));
}

static void assert_place(const struct document *document, unsigned line, unsigned column)
{
    assert_non_null(document);
    assert_int_equal(document->line, line);
    assert_int_equal(document->column, column);
}

struct fault {
    struct bytes text;
    const char *code;
    unsigned line;
    unsigned column;
    const char *part; /* of the message */
};

static void assert_faults(reader_fn reader, const struct fault *faults, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        void *state = NULL;
        (void)set_up(&state);
        struct fixture *fixture = state;
        if (read_with(fixture, reader, faults[i].text) != NULL) {
            fail_msg("case %zu was accepted", i);
        }
        const struct amanat_diagnostic *first = amanat_diagnostics_at(fixture->diagnostics, 0);
        if (strcmp(first->code, faults[i].code) != 0 || first->line != faults[i].line ||
            first->column != faults[i].column || strstr(first->text, faults[i].part) == NULL) {
            fail_msg("case %zu: %s at %u:%u: %s", i, first->code, first->line, first->column,
                     first->text);
        }
        assert_string_equal(first->source, "file");
        (void)tear_down(&state);
    }
}

/* ---- JSON ---- */

static void test_document_json__reads_every_kind_with_its_place(void **state)
{
    const struct document *root = read_json(
        *state, "{\n  \"a\": [null, true, false,\n -0.50e+3],\n\t\"b\": \"x\", \"c\": {}\n}\n");
    assert_place(root, 1, 1);
    assert_int_equal(root->kind, DOCUMENT_OBJECT);
    assert_int_equal(root->count, 3);
    const struct document *a = document_get(root, "a");
    assert_place(a, 2, 8);
    assert_int_equal(a->kind, DOCUMENT_ARRAY);
    assert_int_equal(a->count, 4);
    assert_int_equal(a->items[0].kind, DOCUMENT_NULL);
    assert_int_equal(a->items[1].kind, DOCUMENT_BOOL);
    assert_true(a->items[1].boolean);
    assert_int_equal(a->items[2].kind, DOCUMENT_BOOL);
    assert_false(a->items[2].boolean);
    assert_text(&a->items[3], DOCUMENT_NUMBER, "-0.50e+3");
    assert_place(&a->items[3], 3, 2);
    assert_true(document_is_string(document_get(root, "b"), "x"));
    assert_place(document_get(root, "b"), 4, 7);
    assert_int_equal(root->members[1].line, 4);
    assert_int_equal(root->members[1].column, 2);
    assert_int_equal(document_get(root, "c")->kind, DOCUMENT_OBJECT);
    assert_int_equal(document_get(root, "c")->count, 0);
    assert_null(document_get(root, "d"));
    assert_null(document_get(a, "a"));
    assert_null(document_get(NULL, "a"));
}

static void test_document_json__decodes_escapes_and_surrogate_pairs(void **state)
{
    const struct document *root =
        read_json(*state, "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\uD83D\\ude00\xC3\xA9\"");
    assert_text(root, DOCUMENT_STRING, "\"\\/\b\f\n\r\t\xC3\xA9\xF0\x9F\x98\x80\xC3\xA9");
}

static void test_document_json__keeps_nul_in_strings_and_keys(void **state)
{
    const struct document *root = read_json(*state, "{\"a\\u0000b\": \"\\u0000\"}");
    const struct document *value = document_get_bytes(root, BYTES("a\0b"));
    assert_non_null(value);
    assert_true(bytes_equal(value->text, BYTES("\0")));
    assert_null(document_get(root, "a"));
}

static void test_document_json__reports_faults_where_they_are(void **state)
{
    static const struct fault faults[] = {
        {BYTES_INIT(""), "syntax", 1, 1, "ends where a value"},
        {BYTES_INIT(" \n "), "syntax", 2, 2, "ends where a value"},
        {BYTES_INIT("nul"), "syntax", 1, 1, "expected a JSON value"},
        {BYTES_INIT("nullx"), "syntax", 1, 5, "after the value"},
        {BYTES_INIT("[1,\n 2] 3"), "syntax", 2, 5, "after the value"},
        {BYTES_INIT("[1 2]"), "syntax", 1, 4, "expected ',' or ']'"},
        {BYTES_INIT("[1,]"), "syntax", 1, 4, "expected a JSON value"},
        {BYTES_INIT("{\"a\":1,}"), "syntax", 1, 8, "expected a key"},
        {BYTES_INIT("{a:1}"), "syntax", 1, 2, "expected a key"},
        {BYTES_INIT("{\"a\" 1}"), "syntax", 1, 6, "expected ':'"},
        {BYTES_INIT("{\"a\":1 \"b\":2}"), "syntax", 1, 8, "expected ',' or '}'"},
        {BYTES_INIT("01"), "syntax", 1, 2, "begin with zeros"},
        {BYTES_INIT("-"), "syntax", 1, 2, "digit is missing"},
        {BYTES_INIT("1."), "syntax", 1, 3, "decimal point"},
        {BYTES_INIT("1e+"), "syntax", 1, 4, "exponent"},
        {BYTES_INIT("\"a"), "syntax", 1, 3, "ends inside a string"},
        {BYTES_INIT("\"a\\"), "syntax", 1, 4, "no such escape"},
        {BYTES_INIT("\"\\x\""), "syntax", 1, 3, "no such escape"},
        {BYTES_INIT("\"\\\0\""), "syntax", 1, 3, "no such escape"},
        {BYTES_INIT("\"\\u00G0\""), "syntax", 1, 6, "four hexadecimal"},
        {BYTES_INIT("\"a\nb\""), "syntax", 1, 3, "control character"},
        {BYTES_INIT("\"\0\""), "syntax", 1, 2, "control character"},
        {BYTES_INIT("1\0"), "syntax", 1, 2, "after the value"},
        {BYTES_INIT("\"x\\uD800\""), "surrogate", 1, 3, "high surrogate"},
        {BYTES_INIT("\"\\uD800\\u0041\""), "surrogate", 1, 2, "high surrogate"},
        {BYTES_INIT("\"\\uDC00\""), "surrogate", 1, 2, "low surrogate"},
        {BYTES_INIT("\n\"\xC0\x80\""), "encoding", 2, 2, "0xC0"},
        {BYTES_INIT("\xEF\xBB\xBF{}"), "syntax", 1, 1, "byte order mark"},
        {BYTES_INIT("{\"a\":1,\n\"b\":2,\"\\u0061\":3}"), "duplicate-key", 2, 7,
         "\"a\" stands twice in one object, before at 1:2"},
        {BYTES_INIT("{\"\\u001b\":1,\"\\u001b\":2}"), "duplicate-key", 1, 13, "\"\\x1B\" stands"},
    };
    (void)state;
    assert_faults(document_from_json, faults, sizeof(faults) / sizeof(faults[0]));
}

static void test_document_json__reports_all_duplicates_of_a_file(void **state)
{
    struct fixture *fixture = *state;
    assert_null(read_json(fixture, "{\"a\":{\"x\":1,\"x\":2},\"b\":1,\"a\":1,\"b\":2}"));
    assert_int_equal(amanat_diagnostics_errors(fixture->diagnostics), 3);
}

static void repeat(struct buffer *buffer, const char *text, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        buffer_append_string(buffer, text);
    }
}

static void assert_depth(reader_fn reader, const char *open, const char *close)
{
    for (size_t depth = DOCUMENT_DEPTH_LIMIT; depth <= DOCUMENT_DEPTH_LIMIT + 1; depth++) {
        void *state = NULL;
        struct buffer text;
        (void)set_up(&state);
        struct fixture *fixture = state;
        buffer_init(&text, 1 << 20);
        repeat(&text, open, depth);
        buffer_append_string(&text, "0");
        repeat(&text, close, depth);
        const struct document *root = read_with(fixture, reader, buffer_bytes(&text));
        if (depth == DOCUMENT_DEPTH_LIMIT) {
            assert_non_null(root);
        } else {
            assert_null(root);
            assert_string_equal(amanat_diagnostics_at(fixture->diagnostics, 0)->code, "depth");
        }
        buffer_clear(&text);
        (void)tear_down(&state);
    }
}

static void test_document__is_at_most_128_levels_deep(void **state)
{
    (void)state;
    assert_depth(document_from_json, "[", "]");
    assert_depth(document_from_json, "{\"a\":", "}");
    assert_depth(document_from_yaml, "[", "]");
    assert_depth(document_from_yaml, "{a: ", "}");
}

static void test_document_json__reads_many_keys_in_reasonable_time(void **state)
{
    struct fixture *fixture = *state;
    struct buffer text;
    buffer_init(&text, 1 << 22);
    buffer_append_string(&text, "{\"first\":0");
    for (unsigned i = 0; i < 50000; i++) {
        buffer_append_format(&text, ",\"k%u\":0", i);
    }
    buffer_append_string(&text, ",\"first\":1}");
    assert_null(read_with(fixture, document_from_json, buffer_bytes(&text)));
    assert_int_equal(amanat_diagnostics_errors(fixture->diagnostics), 1);
    buffer_clear(&text);
}

static void test_document__gives_up_when_the_arena_is_full(void **state)
{
    struct fixture *fixture = *state;
    static const char text[] = "{\"a\": [1, 2, {\"b\": \"c\"}], \"d\": [\"e\", null, 1.5]}";
    static const reader_fn readers[] = {document_from_json, document_from_yaml};
    for (size_t r = 0; r < 2; r++) {
        bool succeeded = false;
        for (size_t limit = 0; limit < 8192 && !succeeded; limit += 16) {
            struct arena *arena = arena_new(limit);
            const struct document *root = NULL;
            const amanat_result result =
                readers[r](arena, "file", bytes_of_string(text), fixture->diagnostics, &root);
            succeeded = amanat_is_ok(result);
            assert_true(succeeded || result.status == AMANAT_STATUS_MEMORY);
            assert_true(succeeded == (root != NULL));
            arena_free(arena);
        }
        assert_true(succeeded);
    }
}

static const struct {
    const char *yaml;
    const char *compact;
    const char *lines;
} written[] = {
    {"~", "null", "null"},
    {"[]", "[]", "[]"},
    {"{}", "{}", "{}"},
    {"{b: 1.50, a: [true, \"x\\ty\", {}]}", "{\"b\":1.50,\"a\":[true,\"x\\ty\",{}]}",
     "{\n  \"b\": 1.50,\n  \"a\": [\n    true,\n    \"x\\ty\",\n    {}\n  ]\n}"},
};

static void test_document__is_written_as_json_in_its_own_order_and_spelling(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(written) / sizeof(written[0]); i++) {
        struct arena *arena = arena_new((size_t)1 << 20);
        const struct document *document = NULL;
        struct buffer compact;
        struct buffer lines;
        buffer_init(&compact, 1000);
        buffer_init(&lines, 1000);
        assert_true(amanat_is_ok(
            document_from_yaml(arena, "", bytes_of_string(written[i].yaml), NULL, &document)));
        document_append_json(&compact, document);
        document_append_json_lines(&lines, document);
        assert_true(bytes_equal_string(buffer_bytes(&compact), written[i].compact));
        assert_true(bytes_equal_string(buffer_bytes(&lines), written[i].lines));
        buffer_clear(&compact);
        buffer_clear(&lines);
        arena_free(arena);
    }
}

static void test_document__reads_integers_that_fit(void **state)
{
    static const struct {
        const char *text;
        bool fits;
        int64_t value;
    } cases[] = {
        {"0", true, 0},
        {"-0", true, 0},
        {"42", true, 42},
        {"-7", true, -7},
        {"9223372036854775807", true, INT64_MAX},
        {"-9223372036854775808", true, INT64_MIN},
        {"9223372036854775808", false, 0},
        {"-9223372036854775809", false, 0},
        {"99999999999999999999", false, 0},
        {"1.0", false, 0},
        {"1e3", false, 0},
        {"\"1\"", false, 0},
        {"true", false, 0},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int64_t value = 5;
        assert_true(document_integer(read_json(*state, cases[i].text), &value) == cases[i].fits);
        assert_int_equal(value, cases[i].fits ? cases[i].value : 5);
    }
    int64_t value = 0;
    assert_false(document_integer(NULL, &value));
    assert_false(document_is_string(NULL, ""));
    assert_string_equal(document_kind_name(DOCUMENT_OBJECT), "object");
    assert_string_equal(document_kind_name(DOCUMENT_NULL), "null");
}

/* ---- YAML ---- */

static void test_document_yaml__types_scalars_by_the_core_schema(void **state)
{
    static const struct {
        const char *text;
        enum document_kind kind;
    } cases[] = {
        {"", DOCUMENT_NULL},
        {"~", DOCUMENT_NULL},
        {"null", DOCUMENT_NULL},
        {"NULL", DOCUMENT_NULL},
        {"nULL", DOCUMENT_STRING},
        {"true", DOCUMENT_BOOL},
        {"FALSE", DOCUMENT_BOOL},
        {"yes", DOCUMENT_STRING},
        {"no", DOCUMENT_STRING},
        {"on", DOCUMENT_STRING},
        {"y", DOCUMENT_STRING},
        {"'true'", DOCUMENT_STRING},
        {"\"12\"", DOCUMENT_STRING},
        {"12", DOCUMENT_NUMBER},
        {"-12", DOCUMENT_NUMBER},
        {"+12", DOCUMENT_NUMBER},
        {"007", DOCUMENT_NUMBER},
        {"0o17", DOCUMENT_NUMBER},
        {"0o18", DOCUMENT_STRING},
        {"0xFf", DOCUMENT_NUMBER},
        {"0x", DOCUMENT_STRING},
        {"1.", DOCUMENT_NUMBER},
        {".5", DOCUMENT_NUMBER},
        {"-.5e-3", DOCUMENT_NUMBER},
        {"1e3", DOCUMENT_NUMBER},
        {"1e", DOCUMENT_STRING},
        {".", DOCUMENT_STRING},
        {"-.inf", DOCUMENT_NUMBER},
        {".NaN", DOCUMENT_NUMBER},
        {"1_000", DOCUMENT_STRING},
        {"1:30", DOCUMENT_STRING},
        {"2026-01-02", DOCUMENT_STRING},
        {"1.2.3", DOCUMENT_STRING},
        {"<<", DOCUMENT_STRING},
        {"!!str 12", DOCUMENT_STRING},
        {"! 12", DOCUMENT_STRING},
        {"!!int \"12\"", DOCUMENT_NUMBER},
        {"!!float 1.5", DOCUMENT_NUMBER},
        {"!!null ''", DOCUMENT_NULL},
        {"!!bool true", DOCUMENT_BOOL},
        {"|\n  12\n", DOCUMENT_STRING},
        {"\xEF\xBB\xBF"
         "true",
         DOCUMENT_BOOL},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct document *root = read_yaml(*state, cases[i].text);
        if (root == NULL || root->kind != cases[i].kind) {
            fail_msg("%s is read as %s", cases[i].text,
                     root == NULL ? "a fault" : document_kind_name(root->kind));
        }
    }
}

static void test_document_yaml__knows_places_in_bytes(void **state)
{
    const struct document *root = read_yaml(
        *state,
        "# \xC3\xA9\n\xC3\xA9t\xC3\xA9: {\xC3\xA9: 1, b: [\"\\0\", x]}\r\nlist:\n  - 200: ok\n");
    assert_place(root, 2, 1);
    const struct document *map = document_get(root, "\xC3\xA9t\xC3\xA9");
    assert_place(map, 2, 8);
    assert_place(document_get(map, "\xC3\xA9"), 2, 13);
    const struct document *b = document_get(map, "b");
    assert_place(b, 2, 19);
    assert_true(bytes_equal(b->items[0].text, BYTES("\0")));
    assert_place(&b->items[1], 2, 26);
    const struct document *list = document_get(root, "list");
    assert_place(&list->items[0], 4, 5);
    assert_true(document_is_string(document_get(&list->items[0], "200"), "ok"));
    assert_place(document_get(&list->items[0], "200"), 4, 10);
}

static void test_document_yaml__expands_aliases(void **state)
{
    const struct document *root =
        read_yaml(*state, "a: &x {k: [1, 2]}\nb: *x\n&key c: 1\nd: {*key : 2}\n");
    const struct document *b = document_get(root, "b");
    assert_place(b, 2, 4);
    assert_int_equal(document_get(b, "k")->count, 2);
    assert_place(document_get(b, "k"), 1, 11);
    assert_text(document_get(document_get(root, "d"), "c"), DOCUMENT_NUMBER, "2");
}

static void test_document_yaml__reports_faults_where_they_are(void **state)
{
    static const struct fault faults[] = {
        {BYTES_INIT("a: 1\nb: [1,"), "syntax", 2, 7, ""},
        {BYTES_INIT("a: 1\n\tb: 2\n"), "syntax", 2, 1, "tab character"},
        {BYTES_INIT("a: \"\xC3\xA9\" x\n"), "syntax", 1, 9, ""},
        {BYTES_INIT("a: \x01"), "syntax", 1, 4, "control characters"},
        {BYTES_INIT("a: \0"), "syntax", 1, 4, "control characters"},
        {BYTES_INIT("a: \xFF"), "encoding", 1, 4, "0xFF"},
        {BYTES_INIT("a: 1\n---\nb: 2\n"), "several-documents", 2, 1, "one YAML document"},
        {BYTES_INIT("a: 1\nb: 2\na: 3\n"), "duplicate-key", 3, 1, "\"a\" stands twice"},
        {BYTES_INIT("a: *nobody\n"), "alias", 1, 4, "no anchor"},
        {BYTES_INIT("a: &x [*x]\n"), "alias", 1, 8, "no anchor"},
        {BYTES_INIT("a: !mine x\n"), "tag", 1, 4, "core schema"},
        {BYTES_INIT("a: !!binary x\n"), "tag", 1, 4, "core schema"},
        {BYTES_INIT("a: !!set {x}\n"), "tag", 1, 4, "core schema"},
        {BYTES_INIT("a: !!int x\n"), "tag", 1, 4, "not what its tag says"},
        {BYTES_INIT("? [a]\n: b\n"), "key", 1, 3, "must be a string"},
        {BYTES_INIT("!!int 1: b\n"), "key", 1, 1, "must be a string"},
        {BYTES_INIT("&x [1]: b\n"), "key", 1, 1, "must be a string"},
        {BYTES_INIT("a: &x [1]\n*x : b\n"), "key", 2, 1, "must be a string"},
        {BYTES_INIT("a: {k: 1}\nb:\n  <<: 2\n"), "key", 3, 3, "merge keys"},
        {BYTES_INIT("{? , a: b}"), "key", 1, 4, "missing"},
    };
    (void)state;
    assert_faults(document_from_yaml, faults, sizeof(faults) / sizeof(faults[0]));
}

static void test_document_yaml__bounds_what_aliases_stand_for(void **state)
{
    struct fixture *fixture = *state;
    struct buffer text;
    buffer_init(&text, 1 << 20);
    buffer_append_string(&text, "- &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for (unsigned i = 1; i < 9; i++) {
        buffer_append_format(&text, "- &a%u [", i);
        for (unsigned j = 0; j < 10; j++) {
            buffer_append_format(&text, "%s*a%u", j == 0 ? "" : ", ", i - 1);
        }
        buffer_append_string(&text, "]\n");
    }
    assert_null(read_with(fixture, document_from_yaml, buffer_bytes(&text)));
    const struct amanat_diagnostic *first = amanat_diagnostics_at(fixture->diagnostics, 0);
    assert_string_equal(first->code, "alias");
    assert_non_null(strstr(first->text, "100000"));
    buffer_clear(&text);
}

static void test_document_yaml__counts_the_height_of_aliases_for_the_depth(void **state)
{
    struct fixture *fixture = *state;
    struct buffer text;
    buffer_init(&text, 1 << 20);
    buffer_append_string(&text, "- &a ");
    repeat(&text, "[", 100);
    repeat(&text, "]", 100);
    buffer_append_string(&text, "\n- ");
    repeat(&text, "[", 28);
    buffer_append_string(&text, "*a");
    repeat(&text, "]", 28);
    assert_null(read_with(fixture, document_from_yaml, buffer_bytes(&text)));
    assert_string_equal(amanat_diagnostics_at(fixture->diagnostics, 0)->code, "depth");
    buffer_clear(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(test_document_json__reads_every_kind_with_its_place),
        TEST(test_document_json__decodes_escapes_and_surrogate_pairs),
        TEST(test_document_json__keeps_nul_in_strings_and_keys),
        TEST(test_document_json__reports_faults_where_they_are),
        TEST(test_document_json__reports_all_duplicates_of_a_file),
        TEST(test_document__is_at_most_128_levels_deep),
        TEST(test_document_json__reads_many_keys_in_reasonable_time),
        TEST(test_document__gives_up_when_the_arena_is_full),
        TEST(test_document__reads_integers_that_fit),
        TEST(test_document__is_written_as_json_in_its_own_order_and_spelling),
        TEST(test_document_yaml__types_scalars_by_the_core_schema),
        TEST(test_document_yaml__knows_places_in_bytes),
        TEST(test_document_yaml__expands_aliases),
        TEST(test_document_yaml__reports_faults_where_they_are),
        TEST(test_document_yaml__bounds_what_aliases_stand_for),
        TEST(test_document_yaml__counts_the_height_of_aliases_for_the_depth),
    };
    return cmocka_run_group_tests_name("policy.base.document", tests, NULL, NULL);
}
