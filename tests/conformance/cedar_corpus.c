/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs tests of the official Cedar integration suite: `cedar_corpus [--through-json] DIR`, where
 * DIR holds `corpus-tests/` or, for the handwritten ones, `tests/` and `sample-data/`. Each test is
 * a JSON file that names policies, entities and a schema, says whether the policies are valid by
 * it, and lists requests with the expected decision, reasons and errors. With `--through-json`
 * every schema is first written in the JSON syntax and every policy set in the JSON policy format,
 * and what is read back must be the same and gives the answers. Ends with a line "N passed, M
 * failed"; exit status 3 when a test failed, 2 when there was none.
 */
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/base/guard.h"
#include "policy/cedar/cedar.h"
#include "policy/cedar/cedar_json.h"
#include "tests/conformance/conformance_file.h"

#define TEST_MEMORY ((size_t)256 << 20)

struct test {
    struct arena *arena;
    struct amanat_diagnostics *diagnostics;
    const char *root;
    bool through_json;
    const struct document *document;
    const struct cedar_schema *schema;
    struct cedar_policy_set *policies;
    const struct cedar_compiled_policies *compiled;
    struct cedar_entities *entities;
    char failure[400];
};

/* Notes why a test fails, with the first diagnostic if there is one. */
static bool fail(struct test *test, const char *what)
{
    const bool explained = amanat_diagnostics_count(test->diagnostics) > 0;
    const struct amanat_diagnostic *first =
        explained ? amanat_diagnostics_at(test->diagnostics, 0) : NULL;
    (void)snprintf(test->failure, sizeof(test->failure), "%s%s%s", what, explained ? ": " : "",
                   explained ? first->text : "");
    return false;
}

/* The contents of the file that a member of the test names. */
static bool read_named(struct test *test, const char *member, struct bytes *out)
{
    const struct document *name = document_get(test->document, member);
    if (name == NULL || name->kind != DOCUMENT_STRING) {
        return fail(test, "the test names no file");
    }
    const char *path = arena_format(test->arena, "%s/%.*s", test->root, BYTES_PRINTF(name->text));
    return (path != NULL && conformance_read_file(test->arena, path, out)) ||
           fail(test, "cannot read a file of the test");
}

static bool parse_schema(struct test *test, struct bytes text, const struct cedar_schema **out)
{
    const struct cedar_schema_source source = {.name = "schema", .text = text};
    return amanat_is_ok(cedar_schema_parse(test->arena, &source, 1, test->diagnostics, out)) ||
           fail(test, "schema");
}

/* The same schema from the JSON that is written of it, which is then written alike, and from text
 * that is written of that. */
static bool reread_schema(struct test *test)
{
    const struct cedar_schema *schema = NULL;
    struct buffer json;
    struct buffer text;
    struct buffer again;
    buffer_init(&json, TEST_MEMORY);
    buffer_init(&text, TEST_MEMORY);
    buffer_init(&again, TEST_MEMORY);
    cedar_schema_append_json(&json, test->schema);
    bool fine = parse_schema(test, buffer_bytes(&json), &schema) &&
                amanat_is_ok(cedar_schema_append_text(&text, schema, test->diagnostics)) &&
                parse_schema(test, buffer_bytes(&text), &test->schema);
    if (fine) {
        cedar_schema_append_json(&again, test->schema);
        fine = bytes_equal(buffer_bytes(&json), buffer_bytes(&again)) ||
               fail(test, "the schema is another one after JSON and text");
    }
    buffer_clear(&json);
    buffer_clear(&text);
    buffer_clear(&again);
    test->schema = schema;
    return fine;
}

static bool load_schema(struct test *test)
{
    struct bytes text;
    return read_named(test, "schema", &text) && parse_schema(test, text, &test->schema) &&
           (!test->through_json || reread_schema(test));
}

/* The same policies from the JSON that is written of them, which is then written alike. */
static bool reread_policies(struct test *test)
{
    struct cedar_policy_set *policies = cedar_policy_set_new(test->arena, NULL);
    struct buffer first;
    struct buffer second;
    buffer_init(&first, TEST_MEMORY);
    buffer_init(&second, TEST_MEMORY);
    cedar_policy_set_append_est(&first, test->policies);
    bool fine = amanat_is_ok(cedar_policy_set_add_est(policies, "policies", buffer_bytes(&first),
                                                      test->diagnostics)) ||
                fail(test, "policies in JSON");
    if (fine) {
        cedar_policy_set_append_est(&second, policies);
        fine = bytes_equal(buffer_bytes(&first), buffer_bytes(&second)) ||
               fail(test, "the policies are others after JSON");
    }
    buffer_clear(&first);
    buffer_clear(&second);
    test->policies = policies;
    return fine;
}

static bool load_policies(struct test *test)
{
    struct bytes text;
    const struct cedar_policy_set_options options = {.ids = CEDAR_POLICY_IDS_BY_POSITION};
    test->policies = cedar_policy_set_new(test->arena, &options);
    return read_named(test, "policies", &text) &&
           (amanat_is_ok(
                cedar_policy_set_add_text(test->policies, "policies", text, test->diagnostics)) ||
            fail(test, "policies")) &&
           (!test->through_json || reread_policies(test)) &&
           (amanat_is_ok(cedar_compile_unchecked(test->arena, test->policies, &test->compiled)) ||
            fail(test, "no memory"));
}

/* Warnings do not count; the diagnostics of what is expected to be wrong are forgotten. */
static bool check_validation(struct test *test)
{
    const struct document *expected = document_get(test->document, "shouldValidate");
    const struct cedar_checked_policies *checked = NULL;
    const amanat_result result = cedar_policy_set_check(test->policies, test->schema, test->arena,
                                                        test->diagnostics, &checked);
    if (expected == NULL || expected->kind != DOCUMENT_BOOL) {
        return fail(test, "the test does not say whether its policies are valid");
    }
    if (amanat_is_ok(result) != expected->boolean) {
        return fail(test, expected->boolean ? "the policies do not validate"
                                            : "the policies validate and should not");
    }
    amanat_diagnostics_free(test->diagnostics);
    test->diagnostics = amanat_diagnostics_new();
    return true;
}

static bool load_entities(struct test *test)
{
    struct bytes text;
    test->entities = cedar_entities_new(test->arena, NULL);
    if (!read_named(test, "entities", &text)) {
        return false;
    }
    return (amanat_is_ok(cedar_entities_add_json(test->entities, test->schema, "entities", text,
                                                 test->diagnostics)) &&
            amanat_is_ok(cedar_entities_add_actions(test->entities, test->schema)) &&
            amanat_is_ok(cedar_entities_close(test->entities, test->schema, test->diagnostics))) ||
           fail(test, "entities");
}

static bool read_uid(struct test *test, const struct document *request, const char *member,
                     struct cedar_entity_uid *out)
{
    const struct document *uid = document_get(request, member);
    const struct cedar_json json = {test->arena, NULL, "request", test->diagnostics};
    return (uid != NULL && amanat_is_ok(cedar_json_uid(&json, uid, out))) ||
           fail(test, "an entity of the request");
}

static bool read_request(struct test *test, const struct document *document,
                         struct cedar_request *out)
{
    if (!read_uid(test, document, "principal", &out->principal) ||
        !read_uid(test, document, "action", &out->action) ||
        !read_uid(test, document, "resource", &out->resource)) {
        return false;
    }
    const amanat_result context = cedar_context_from_document(
        test->arena, test->schema, &out->action, "context", document_get(document, "context"),
        test->diagnostics, &out->context);
    if (!amanat_is_ok(context)) {
        return fail(test, "context");
    }
    const struct document *validate = document_get(document, "validateRequest");
    const bool skip_validation = validate != NULL && !validate->boolean;
    return skip_validation ||
           amanat_is_ok(cedar_request_validate(test->schema, out, test->diagnostics)) ||
           fail(test, "the request does not validate");
}

/* Whether an array of the test names a policy. */
static bool is_named(const struct document *names, const struct cedar_policy *policy)
{
    for (size_t i = 0; i < names->count; i++) {
        if (bytes_equal(names->items[i].text, cedar_policy_id(policy))) {
            return true;
        }
    }
    return false;
}

static bool check_reasons(struct test *test, const struct document *request,
                          const struct cedar_response *response)
{
    const struct document *expected = document_get(request, "reason");
    const bool allowed = response->decision == CEDAR_DECISION_ALLOW;
    const struct cedar_policy *const *reasons = allowed ? response->permits : response->forbids;
    const size_t count = allowed ? response->permit_count : response->forbid_count;
    if (expected->count != count) {
        return fail(test, "other reasons");
    }
    for (size_t i = 0; i < count; i++) {
        if (!is_named(expected, reasons[i])) {
            return fail(test, "other reasons");
        }
    }
    return true;
}

static bool check_errors(struct test *test, const struct document *request,
                         const struct cedar_response *response)
{
    const struct document *expected = document_get(request, "errors");
    if (expected->count != response->error_count) {
        return fail(test, response->error_count > 0 ? response->errors[0].text
                                                    : "fewer errors than expected");
    }
    for (size_t i = 0; i < response->error_count; i++) {
        if (!is_named(expected, response->errors[i].policy)) {
            return fail(test, "other errors");
        }
    }
    return true;
}

static bool run_request(struct test *test, const struct document *document)
{
    struct cedar_request request = {0};
    struct cedar_response response;
    if (!read_request(test, document, &request)) {
        return false;
    }
    if (!amanat_is_ok(
            cedar_authorize(test->compiled, &request, test->entities, test->arena, &response))) {
        return fail(test, "no memory");
    }
    const bool allowed = response.decision == CEDAR_DECISION_ALLOW;
    if (document_is_string(document_get(document, "decision"), "allow") != allowed) {
        return fail(test, "other decision");
    }
    return check_reasons(test, document, &response) && check_errors(test, document, &response);
}

static bool run_test(struct test *test, const char *path)
{
    struct bytes text;
    if (!conformance_read_file(test->arena, path, &text) ||
        !amanat_is_ok(
            document_from_json(test->arena, path, text, test->diagnostics, &test->document))) {
        return fail(test, "the test itself cannot be read");
    }
    if (!load_schema(test) || !load_policies(test) || !check_validation(test) ||
        !load_entities(test)) {
        return false;
    }
    const struct document *requests = document_get(test->document, "requests");
    for (size_t i = 0; requests != NULL && i < requests->count; i++) {
        if (!run_request(test, &requests->items[i])) {
            return false;
        }
    }
    return requests != NULL || fail(test, "no requests");
}

/* Runs one test with an arena that is reset; says how it failed. */
static bool run_path(struct arena *arena, const char *root, const char *path, bool through_json)
{
    struct test test = {.arena = arena,
                        .root = root,
                        .through_json = through_json,
                        .diagnostics = amanat_diagnostics_new()};
    const bool passed = run_test(&test, path);
    if (!passed) {
        printf("FAILED %s: %s\n", path, test.failure);
    }
    amanat_diagnostics_free(test.diagnostics);
    arena_reset(arena);
    return passed;
}

static bool is_test(const char *path)
{
    return !bytes_end_with(bytes_of_string(path), BYTES(".entities.json"));
}

int main(int count, char **arguments)
{
    glob_t paths = {0};
    size_t passed = 0;
    size_t failed = 0;
    char pattern[4096];
    const bool through_json = count > 1 && strcmp(arguments[1], "--through-json") == 0;
    if (count != (through_json ? 3 : 2)) {
        fprintf(stderr, "usage: cedar_corpus [--through-json] DIR\n");
        return 2;
    }
    const char *root = arguments[count - 1];
    struct arena *arena = arena_new(TEST_MEMORY);
    ASSERT(arena != NULL);
    (void)snprintf(pattern, sizeof(pattern), "%s/corpus-tests/*.json", root);
    (void)glob(pattern, 0, NULL, &paths);
    (void)snprintf(pattern, sizeof(pattern), "%s/tests/*/*.json", root);
    (void)glob(pattern, GLOB_APPEND, NULL, &paths);
    for (size_t i = 0; i < paths.gl_pathc; i++) {
        if (is_test(paths.gl_pathv[i])) {
            const bool fine = run_path(arena, root, paths.gl_pathv[i], through_json);
            passed += fine ? 1 : 0;
            failed += fine ? 0 : 1;
        }
    }
    globfree(&paths);
    arena_free(arena);
    printf("%zu passed, %zu failed\n", passed, failed);
    return failed > 0 ? 3 : passed > 0 ? 0 : 2;
}
