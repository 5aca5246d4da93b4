/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as policies; what parses is asked about, linked, checked against a schema and decided
 * upon with little memory.
 */
#include <stdint.h>

#include "tests/fuzz/policies_input.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct cedar_entity_uid alice = {BYTES_INIT("User"), BYTES_INIT("alice")};
static const struct cedar_entity_uid team = {BYTES_INIT("Team"), BYTES_INIT("blue")};
static const struct cedar_entity_uid view = {BYTES_INIT("Action"), BYTES_INIT("view")};
static const struct cedar_entity_uid photo = {BYTES_INIT("Photo"), BYTES_INIT("")};

static const struct cedar_schema_source schema_source = {
    "schema", BYTES_INIT("entity Team; entity Level enum [\"low\"];"
                         "entity User in Team { a?: { b?: User, c: Long }, s: Set<Long>, t: String,"
                         " d: datetime, i: ipaddr, l: Level } tags Long; entity Photo;"
                         "action all; action view in all appliesTo { principal: User,"
                         " resource: [Photo, User], context: { n?: Long, e: User } };")};

/* The same set twice: the same verdict, and a fault has its diagnostic. */
static amanat_result check(struct arena *arena, const struct cedar_policy_set *set)
{
    const struct cedar_schema *schema = NULL;
    const struct cedar_checked_policies *checked = NULL;
    struct amanat_diagnostics *diagnostics = amanat_diagnostics_new();
    TRY_MEMORY(diagnostics);
    amanat_result first = cedar_schema_parse(arena, &schema_source, 1, NULL, &schema);
    if (amanat_is_ok(first)) {
        first = cedar_policy_set_check(set, schema, arena, diagnostics, &checked);
        const amanat_result second = cedar_policy_set_check(set, schema, arena, NULL, &checked);
        ASSERT(first.status == second.status || second.status == AMANAT_STATUS_MEMORY);
        ASSERT(amanat_is_ok(first) == (amanat_diagnostics_errors(diagnostics) == 0) ||
               first.status == AMANAT_STATUS_MEMORY);
    }
    amanat_diagnostics_free(diagnostics);
    return first.status == AMANAT_STATUS_CONFIG_FAULT ? AMANAT_OK : first;
}

static amanat_result make_attributes(struct arena *arena, struct cedar_value *out)
{
    struct cedar_value address;
    struct cedar_value set;
    ASSERT(cedar_ip_from_text(BYTES("10.0.0.1/24"), &address));
    const struct cedar_value items[] = {cedar_value_long(1), cedar_value_string(BYTES("a")),
                                        cedar_value_entity(team.type, team.id)};
    TRY(cedar_value_set(arena, items, 3, &set));
    const struct cedar_field fields[] = {{BYTES("b"), cedar_value_bool(true)},
                                         {BYTES("d"), cedar_value_datetime(0)},
                                         {BYTES("e"), cedar_value_entity(alice.type, alice.id)},
                                         {BYTES("i"), address},
                                         {BYTES("n"), cedar_value_long(INT64_MAX)},
                                         {BYTES("s"), set},
                                         {BYTES("t"), cedar_value_string(BYTES("a*b"))}};
    return cedar_value_record(arena, fields, sizeof(fields) / sizeof(fields[0]), out);
}

static amanat_result take_attribute(void *context, const struct cedar_policy *policy,
                                    struct bytes type, struct bytes attribute)
{
    (void)context;
    ASSERT(cedar_policy_kind(policy) != CEDAR_POLICY_LINK);
    ASSERT(type.length == 0 || cedar_path_is_valid(type));
    (void)attribute;
    return AMANAT_OK;
}

static amanat_result decide(struct arena *arena, struct cedar_policy_set *set)
{
    struct cedar_entities *entities = cedar_entities_new(arena, NULL);
    struct cedar_request request = {.principal = alice, .action = view, .resource = photo};
    struct cedar_response response;
    const struct cedar_compiled_policies *compiled = NULL;
    const struct cedar_slot_values slots = {.principal = &alice, .resource = &photo};
    TRY_MEMORY(entities);
    TRY(make_attributes(arena, &request.context));
    const struct cedar_entity_parts user = {.uid = alice,
                                            .attributes = request.context,
                                            .tags = request.context,
                                            .parents = &team,
                                            .parent_count = 1};
    TRY(cedar_entities_add(entities, &user));
    TRY(cedar_entities_close(entities, NULL, NULL));
    const amanat_result linked =
        cedar_policy_set_add_link(set, BYTES("policy0"), BYTES("link"), &slots, NULL);
    if (linked.status != AMANAT_STATUS_CONFIG_FAULT) {
        TRY(linked);
    }
    TRY(cedar_policy_set_resource_attributes(set, take_attribute, NULL));
    TRY(check(arena, set));
    TRY(cedar_compile_unchecked(arena, set, &compiled));
    TRY(cedar_authorize(compiled, &request, entities, arena, &response));
    ASSERT(response.permit_count + response.forbid_count + response.error_count <=
           cedar_policy_set_count(set));
    return AMANAT_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return policies_take_input(cedar_policy_set_add_text, decide, (size_t)16 << 20, data, size);
}
