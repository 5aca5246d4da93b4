/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The derived schema of tests/snapshots/catalogue, byte for byte. The official Cedar engine
 * (cedar-wasm 4.13) accepted the snapshot together with a model, and validated the policies of
 * design 2 against it in strict mode.
 */
#include "catalogue_fixture.h"

#include "policy/cedar/cedar.h"

static void assert_schema(const struct catalogue *catalogue, bool has_case, const char *path)
{
    struct buffer out;
    buffer_init(&out, (size_t)1 << 20);
    catalogue_write_schema(catalogue, has_case, &out);
    assert_true(amanat_is_ok(buffer_check(&out)));
    const struct bytes expected = fixture_read(path);
    if (!bytes_equal(buffer_bytes(&out), expected)) {
        fail_msg("the derived schema differs from %s; it is:\n%.*s", path,
                 BYTES_PRINTF(buffer_bytes(&out)));
    }
    char *text = NULL;
    memcpy(&text, &expected.at, sizeof(text));
    free(text);
    buffer_clear(&out);
}

static void test_schema__is_the_snapshot(void **state)
{
    (void)state;
    struct fixture_folder folder = fixture_open_folder();
    assert_schema(folder.fixture.catalogue, true, "tests/snapshots/catalogue/derived.cedarschema");
    fixture_free_folder(&folder);
}

static void test_schema__names_a_case_only_when_the_model_has_one(void **state)
{
    (void)state;
    struct fixture fixture = fixture_service("services/s.yaml", BYTES(FIXTURE_HEAD "paths: {}\n"));
    struct buffer out;
    buffer_init(&out, (size_t)1 << 20);
    catalogue_write_schema(fixture.catalogue, false, &out);
    buffer_append_byte(&out, '\0');
    assert_non_null(
        strstr(out.at, "type Need = { purpose: Purpose, basis?: String, signed: Bool };"));
    buffer_clear(&out);
    fixture_free(&fixture);
}

/* Names that need quotes or escapes; the official engine accepted this text too. */
static void test_schema__of_odd_names_is_cedar(void **state)
{
    (void)state;
    struct fixture fixture = fixture_service(
        "services/s.yaml",
        BYTES(FIXTURE_HEAD
              "paths: {/a: {get: {operationId: meta/root, parameters: [{name: 'filter[a]', in: "
              "query, schema: {type: array, items: {type: number}}, x-amanat-label: note}, {name: "
              "in, in: query, schema: {type: string}, x-amanat-label: note}], responses: {200: "
              "{content: {application/json: {schema: {type: object, x-amanat-record: R, "
              "properties: {\"a\\\"b\\\\c\": {type: string}, \"x\\ny\": {type: string}, "
              "'': {type: boolean}, String: {type: integer}, if: {type: object, required: [b], "
              "properties: {b: {type: string, format: ipv6}}}}}}}}}}, "
              "post: {operationId: '1', responses: {204: {}}}, "
              "put: {operationId: has, responses: {204: {}}}}}\n"));
    struct buffer out;
    buffer_init(&out, (size_t)1 << 20);
    catalogue_write_schema(fixture.catalogue, false, &out);
    const struct cedar_schema *schema = NULL;
    const struct cedar_schema_source sources[] = {
        {"model", BYTES("entity Partner, Purpose; entity Agent in [Partner];")},
        {"derived", buffer_bytes(&out)}};
    if (!amanat_is_ok(
            cedar_schema_parse(fixture.arena, sources, 2, fixture.diagnostics, &schema))) {
        fixture_print(&fixture);
        fail_msg("it is no Cedar schema:\n%.*s", BYTES_PRINTF(buffer_bytes(&out)));
    }
    buffer_clear(&out);
    fixture_free(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_schema__is_the_snapshot),
        cmocka_unit_test(test_schema__of_odd_names_is_cedar),
        cmocka_unit_test(test_schema__names_a_case_only_when_the_model_has_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
