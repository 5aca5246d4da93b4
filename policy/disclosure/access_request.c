/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The access in Cedar's terms: the agent as an entity in its partner, the need checked against the
 * vocabulary, the contexts (design 2, types Need and Access).
 */
#include "policy/disclosure/access_parts.h"

static amanat_result refused(struct access_decision *decision, enum problem_name name,
                             const char *detail)
{
    decision->verdict = ACCESS_REFUSED;
    decision->problem = (struct problem){.name = name, .detail = bytes_of_string(detail)};
    return amanat_result_of(AMANAT_STATUS_REFUSED);
}

/* ---- the need ---- */

static amanat_result check_need(const struct ruleset *ruleset, const struct access_need *need,
                                struct access_decision *decision)
{
    const struct vocabulary *vocabulary = &ruleset->catalogue->vocabulary;
    if (need->purpose.length == 0) {
        return refused(decision, PROBLEM_NEED,
                       "say what you need this for: send the header `Need: purpose=…` or put it "
                       "into the token");
    }
    decision->purpose = vocabulary_find_purpose(vocabulary, need->purpose);
    if (decision->purpose == CATALOGUE_NONE) {
        return refused(decision, PROBLEM_NEED,
                       "this purpose is not one of those agreed upon; check its spelling");
    }
    const struct catalogue_purpose *purpose = &vocabulary->purposes[decision->purpose];
    if (need->basis.length > 0 && !catalogue_purpose_takes_basis(purpose, need->basis)) {
        return refused(decision, PROBLEM_NEED,
                       "this legal basis is not one of those agreed upon for the purpose");
    }
    for (size_t i = 0; i < purpose->basis_count; i++) {
        if (bytes_equal(purpose->bases[i], need->basis)) {
            decision->basis = purpose->bases[i]; /* words of the ruleset only */
        }
    }
    return AMANAT_OK;
}

/* A case that is no known fact counts as not given: unknown, closed and foreign cases get identical
 * answers. */
static bool find_case(const struct ruleset *ruleset, const struct access_need *need,
                      struct access_decision *decision, struct cedar_entity_uid *out)
{
    if (need->case_id.length == 0) {
        return false;
    }
    const struct cedar_entity_uid uid = {BYTES("Case"), need->case_id};
    if (!ruleset->model_has_case || cedar_entities_find(ruleset->entities, &uid) == NULL) {
        decision->case_state = ACCESS_CASE_UNKNOWN;
        return false;
    }
    decision->case_state = ACCESS_CASE_GIVEN;
    *out = uid;
    return true;
}

static amanat_result make_need(const struct access *access, struct access_decision *decision,
                               struct cedar_value *out)
{
    const struct access_need *need = &access->request->need;
    struct cedar_entity_uid known_case;
    struct cedar_field fields[4];
    size_t count = 0;
    fields[count++] =
        (struct cedar_field){BYTES("purpose"), cedar_value_entity(BYTES("Purpose"), need->purpose)};
    fields[count++] = (struct cedar_field){BYTES("signed"), cedar_value_bool(need->is_signed)};
    if (find_case(access->ruleset, need, decision, &known_case)) {
        fields[count++] =
            (struct cedar_field){BYTES("case"), cedar_value_entity(known_case.type, known_case.id)};
    }
    if (need->basis.length > 0) {
        fields[count++] = (struct cedar_field){BYTES("basis"), cedar_value_string(need->basis)};
    }
    return cedar_value_record(access->arena, fields, count, out);
}

/* ---- the agent ---- */

struct agent {
    struct cedar_field fields[64];
    size_t field_count;
};

static bool agent_has(const struct agent *agent, struct bytes name)
{
    for (size_t i = 0; i < agent->field_count; i++) {
        if (bytes_equal(agent->fields[i].key, name)) {
            return true;
        }
    }
    return false;
}

static bool agent_add(struct agent *agent, struct bytes name, struct cedar_value value)
{
    if (agent->field_count == sizeof(agent->fields) / sizeof(agent->fields[0])) {
        return false;
    }
    agent->fields[agent->field_count++] = (struct cedar_field){name, value};
    return true;
}

static amanat_result add_own_attributes(const struct cedar_entity *known, struct agent *agent)
{
    const struct cedar_value *own = cedar_entity_attributes(known);
    for (size_t i = 0; i < own->as.record.count; i++) {
        if (!agent_add(agent, own->as.record.fields[i].key, own->as.record.fields[i].value)) {
            return amanat_result_of(AMANAT_STATUS_LIMIT);
        }
    }
    return AMANAT_OK;
}

/*
 * Token claims that the configuration lists and the model declares; an entity's own attribute wins.
 */
static amanat_result add_claims(const struct access *access, const struct cedar_entity_type *type,
                                struct agent *agent)
{
    const struct access_request *request = access->request;
    for (size_t i = 0; i < request->claim_count; i++) {
        const struct access_claim *claim = &request->claims[i];
        const struct cedar_attribute *declared = cedar_type_attribute(type->shape, claim->name);
        struct cedar_value value;
        if (declared == NULL || agent_has(agent, claim->name)) {
            continue;
        }
        if (!amanat_is_ok(cedar_value_from_document(access->arena, access->ruleset->schema,
                                                    declared->type, "", claim->value, NULL,
                                                    &value)) ||
            !agent_add(agent, claim->name, value)) {
            return amanat_result_of(AMANAT_STATUS_REFUSED);
        }
    }
    return AMANAT_OK;
}

static amanat_result list_parents(const struct access *access, const struct cedar_entity *known,
                                  const struct cedar_entity_uid *partner,
                                  struct cedar_entity_parts *parts)
{
    size_t own_count = 0;
    const struct cedar_entity_uid *own =
        known == NULL ? NULL : cedar_entity_parents(known, &own_count);
    struct cedar_entity_uid *parents =
        arena_allocate_array(access->arena, own_count + 1, sizeof(*parents));
    TRY_MEMORY(parents);
    parents[parts->parent_count++] = *partner;
    for (size_t i = 0; i < own_count; i++) {
        if (!cedar_entity_uid_equal(&own[i], partner)) {
            parents[parts->parent_count++] = own[i];
        }
    }
    parts->parents = parents;
    return AMANAT_OK;
}

static amanat_result add_agent(struct access *access)
{
    const struct cedar_schema *schema = access->ruleset->schema;
    const struct cedar_entity_type *type = cedar_schema_entity_type(schema, BYTES("Agent"));
    const struct cedar_entity_uid partner = {BYTES("Partner"), access->request->partner};
    const struct cedar_entity *known =
        cedar_entities_find(access->ruleset->entities, &access->principal);
    struct cedar_entity_parts parts = {.uid = access->principal};
    struct agent agent = {.field_count = 0};
    if (known != NULL) {
        TRY(add_own_attributes(known, &agent));
        parts.tags = *cedar_entity_tags(known);
    }
    if (cedar_type_attribute(type->shape, BYTES("partner")) != NULL &&
        !agent_has(&agent, BYTES("partner"))) {
        (void)agent_add(&agent, BYTES("partner"), cedar_value_entity(partner.type, partner.id));
    }
    TRY(add_claims(access, type, &agent));
    TRY(cedar_value_record(access->arena, agent.fields, agent.field_count, &parts.attributes));
    TRY(list_parents(access, known, &partner, &parts));
    struct cedar_entities *entities = cedar_entities_new(access->arena, access->ruleset->entities);
    TRY_MEMORY(entities);
    TRY(cedar_entities_add(entities, &parts));
    TRY(cedar_entities_close(entities, NULL, NULL));
    access->entities = entities;
    return AMANAT_OK;
}

/* ---- contexts ---- */

static amanat_result add_single_field_record(struct access *access, const char *name,
                                             const struct cedar_field *fields, size_t count)
{
    struct cedar_field *field = &access->context[access->context_count++];
    field->key = bytes_of_string(name);
    return cedar_value_record(access->arena, fields, count, &field->value);
}

static amanat_result make_field_context(struct access *access, struct access_decision *decision)
{
    const struct access_request *request = access->request;
    struct cedar_value address;
    struct cedar_field *need = &access->context[access->context_count++];
    need->key = BYTES("need");
    TRY(make_need(access, decision, &need->value));
    access->context[access->context_count++] =
        (struct cedar_field){BYTES("operation"), cedar_value_string(request->call->operation->id)};
    access->context[access->context_count++] =
        (struct cedar_field){BYTES("now"), cedar_value_datetime(request->now)};
    if (!cedar_ip_from_text(request->address, &address)) {
        return amanat_result_of(AMANAT_STATUS_BUG);
    }
    TRY(add_single_field_record(access, "network", &(struct cedar_field){BYTES("address"), address},
                                1));
    const struct cedar_field authentication[] = {
        {BYTES("certificate"), cedar_value_bool(request->has_certificate)},
        {BYTES("token"), cedar_value_bool(request->has_token)}};
    TRY(add_single_field_record(access, "authentication", authentication, 2));
    return cedar_value_record(access->arena, access->context, access->context_count,
                              &access->field_context);
}

static amanat_result parameter_value(const struct access *access,
                                     const struct parameter_value *parameter,
                                     struct cedar_value *out)
{
    const struct catalogue_attribute *type = &parameter->parameter->value;
    if (type->type != ATTRIBUTE_SET) {
        return attribute_scalar(type, parameter->items[0].text, out)
                   ? AMANAT_OK
                   : amanat_result_of(AMANAT_STATUS_BUG);
    }
    struct cedar_value *items =
        arena_allocate_array(access->arena, parameter->item_count, sizeof(*items));
    TRY_MEMORY(items);
    for (size_t i = 0; i < parameter->item_count; i++) {
        if (!attribute_scalar(type->element, parameter->items[i].text, &items[i])) {
            return amanat_result_of(AMANAT_STATUS_BUG);
        }
    }
    return cedar_value_set(access->arena, items, parameter->item_count, out);
}

/* A number that a decimal cannot hold exactly is absent for policies, as an attribute of a record
 * would be, and so is a list with one. */
static bool is_absent(const struct parameter_value *parameter)
{
    const struct catalogue_attribute *type = parameter->parameter->value.type == ATTRIBUTE_SET
                                                 ? parameter->parameter->value.element
                                                 : &parameter->parameter->value;
    struct cedar_value ignored;
    for (size_t i = 0; type->type == ATTRIBUTE_DECIMAL && i < parameter->item_count; i++) {
        if (!attribute_scalar(type, parameter->items[i].text, &ignored)) {
            return true;
        }
    }
    return false;
}

amanat_result access_call_context(const struct access *access, struct cedar_value *out)
{
    const struct catalogue_call *call = access->request->call;
    struct cedar_field *parameters =
        arena_allocate_array(access->arena, call->parameter_count, sizeof(*parameters));
    TRY_MEMORY(parameters);
    size_t count = 0;
    for (size_t i = 0; i < call->parameter_count; i++) {
        if (is_absent(&call->parameters[i])) {
            continue;
        }
        parameters[count].key = call->parameters[i].parameter->name;
        TRY(parameter_value(access, &call->parameters[i], &parameters[count].value));
        count++;
    }
    struct cedar_field fields[sizeof(access->context) / sizeof(access->context[0]) + 1];
    memcpy(fields, access->context, sizeof(access->context));
    fields[access->context_count].key = BYTES("parameters");
    TRY(cedar_value_record(access->arena, parameters, count, &fields[access->context_count].value));
    return cedar_value_record(access->arena, fields, access->context_count + 1, out);
}

/* ---- the whole ---- */

amanat_result access_prepare(const struct ruleset *ruleset, const struct access_request *request,
                             struct arena *arena, struct access_decision *decision,
                             struct access **out)
{
    struct access *access = ARENA_NEW(arena, struct access);
    TRY_MEMORY(access);
    access->field_errors = ARENA_NEW(arena, struct access_field_errors);
    TRY_MEMORY(access->field_errors);
    access->ruleset = ruleset;
    access->request = request;
    access->arena = arena;
    access->principal.type = BYTES("Agent");
    access->principal.id = arena_format_bytes(arena, "%.*s/%.*s", BYTES_PRINTF(request->partner),
                                              BYTES_PRINTF(request->agent));
    TRY_MEMORY(access->principal.id.at);
    access->service = (struct cedar_entity_uid){BYTES("Service"), request->call->service->name};

    TRY(check_need(ruleset, &request->need, decision));
    const struct cedar_entity_uid partner = {BYTES("Partner"), request->partner};
    if (cedar_entities_find(ruleset->entities, &partner) == NULL) {
        return refused(decision, PROBLEM_NOT_PERMITTED, NULL);
    }
    const amanat_result agent = add_agent(access);
    if (agent.status == AMANAT_STATUS_REFUSED) {
        return refused(decision, PROBLEM_NOT_PERMITTED,
                       "a claim of your token is not of the type that the policies expect");
    }
    TRY(agent);
    TRY(make_field_context(access, decision));
    *out = access;
    return AMANAT_OK;
}
