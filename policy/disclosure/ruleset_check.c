/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What `amanat check` finds in policies beyond their grammar: permits for field modes that do not
 * name the type of their resource, and names of actions, types, services and attributes of records
 * that do not exist. A misspelt name in a forbid would be one that forbids nothing. Full validation
 * by types is not here.
 */
#include "policy/base/base.h"
#include "policy/disclosure/ruleset_parts.h"

/* Whether an action is a field mode, or a group over some: "reveal", "mask:person",
 * "disclose:time". */
static bool is_field_action(struct bytes id)
{
    const struct bytes verb = bytes_first(id, bytes_find(id, ':'));
    if (bytes_equal_string(verb, "disclose")) {
        return true;
    }
    for (size_t mode = DISCLOSURE_WITHHELD + 1; mode < DISCLOSURE_MODE_COUNT; mode++) {
        if (bytes_equal_string(verb, disclosure_mode_name((enum disclosure_mode)mode))) {
            return true;
        }
    }
    return false;
}

static bool permits_fields(const struct cedar_policy *policy)
{
    const struct cedar_action_scope *scope = &cedar_policy_scope(policy)->action;
    if (cedar_policy_effect(policy) != CEDAR_EFFECT_PERMIT) {
        return false;
    }
    if (scope->kind == CEDAR_SCOPE_ANY) {
        return true;
    }
    for (size_t i = 0; i < scope->count; i++) {
        if (is_field_action(scope->entities[i].id)) {
            return true;
        }
    }
    return false;
}

static bool names_resource_type(const struct cedar_scope *resource)
{
    return resource->kind == CEDAR_SCOPE_IS || resource->kind == CEDAR_SCOPE_IS_IN;
}

/*
 * design 2: a lost x-amanat-record must never widen anything. Without the record its fields would
 * lie in the Service, and a permit for any resource would then hold for them without looking at the
 * record.
 */
static bool check_resource_type(const struct cedar_policy *policy,
                                struct amanat_diagnostics *diagnostics)
{
    if (!permits_fields(policy) || names_resource_type(&cedar_policy_scope(policy)->resource)) {
        return true;
    }
    amanat_diagnostics_add(
        diagnostics, AMANAT_SEVERITY_ERROR, "permit-without-type", cedar_policy_source(policy),
        cedar_policy_line(policy), cedar_policy_column(policy),
        "policy `%.*s` permits fields but does not name the type of its resource; "
        "write `resource is RECORD` (or `resource is Service`) in its scope",
        BYTES_PRINTF(cedar_policy_id(policy)));
    return false;
}

/* Name `index` of something that a ruleset has several of. */
typedef struct bytes (*name_fn)(const struct ruleset *ruleset, size_t index);

static struct bytes action_name(const struct ruleset *ruleset, size_t index)
{
    return cedar_schema_action_at(ruleset->schema, index)->uid.id;
}

static struct bytes type_name(const struct ruleset *ruleset, size_t index)
{
    return cedar_schema_entity_type_at(ruleset->schema, index)->name;
}

static struct bytes service_name(const struct ruleset *ruleset, size_t index)
{
    return ruleset->catalogue->services[index].name;
}

/* "; did you mean …?" or "". */
static const char *hint_of(const struct ruleset *ruleset, struct bytes wanted, name_fn name,
                           size_t count, char room[SIMILAR_HINT_SIZE])
{
    struct similar similar;
    similar_begin(&similar, wanted);
    for (size_t i = 0; i < count; i++) {
        similar_offer(&similar, name(ruleset, i));
    }
    return similar_hint_of(&similar, room);
}

static void report_unknown_action(const struct ruleset *ruleset, const struct cedar_policy *policy,
                                  struct bytes id, struct amanat_diagnostics *diagnostics)
{
    char hint[SIMILAR_HINT_SIZE];
    amanat_diagnostics_add(
        diagnostics, AMANAT_SEVERITY_ERROR, "unknown-action", cedar_policy_source(policy),
        cedar_policy_line(policy), cedar_policy_column(policy),
        "policy `%.*s` names the action `%.*s`, which neither vocabulary nor services define%s",
        BYTES_PRINTF(cedar_policy_id(policy)), BYTES_PRINTF(id),
        hint_of(ruleset, id, action_name, cedar_schema_action_count(ruleset->schema), hint));
}

static bool is_in_group(const struct cedar_action *action, const struct cedar_entity_uid *group)
{
    for (size_t i = 0; i < action->ancestor_count; i++) {
        if (cedar_entity_uid_equal(&action->ancestors[i], group)) {
            return true;
        }
    }
    return false;
}

/* An action that is only a group, such as `disclose:person`, is never what is asked: `==` on it
 * matches nothing, which in a forbid would be a hole. */
static bool check_is_not_mere_group(const struct ruleset *ruleset,
                                    const struct cedar_policy *policy,
                                    const struct cedar_action *action,
                                    struct amanat_diagnostics *diagnostics)
{
    bool has_members = false;
    for (size_t i = 0; i < cedar_schema_action_count(ruleset->schema); i++) {
        const struct cedar_action *member = cedar_schema_action_at(ruleset->schema, i);
        has_members = has_members || (member->applies && is_in_group(member, &action->uid));
    }
    if (action->applies || !has_members) {
        return true;
    }
    amanat_diagnostics_add(diagnostics, AMANAT_SEVERITY_ERROR, "group-action",
                           cedar_policy_source(policy), cedar_policy_line(policy),
                           cedar_policy_column(policy),
                           "policy `%.*s` says `action ==` of the group \"%.*s\", which is never "
                           "asked itself; write `action in`",
                           BYTES_PRINTF(cedar_policy_id(policy)), BYTES_PRINTF(action->uid.id));
    return false;
}

static bool check_actions(const struct ruleset *ruleset, const struct cedar_policy *policy,
                          struct amanat_diagnostics *diagnostics)
{
    const struct cedar_action_scope *scope = &cedar_policy_scope(policy)->action;
    bool sound = true;
    for (size_t i = 0; i < scope->count; i++) {
        const struct cedar_action *action =
            cedar_schema_action(ruleset->schema, &scope->entities[i]);
        if (action == NULL) {
            report_unknown_action(ruleset, policy, scope->entities[i].id, diagnostics);
            sound = false;
        } else if (scope->kind == CEDAR_SCOPE_EQUAL) {
            sound = check_is_not_mere_group(ruleset, policy, action, diagnostics) && sound;
        }
    }
    return sound;
}

/* ---- names that nothing has ---- */

static void report_name(const struct cedar_policy *policy, const char *code, const char *what,
                        struct bytes name, const char *why, const char *hint,
                        struct amanat_diagnostics *diagnostics)
{
    amanat_diagnostics_add(diagnostics, AMANAT_SEVERITY_ERROR, code, cedar_policy_source(policy),
                           cedar_policy_line(policy), cedar_policy_column(policy),
                           "policy `%.*s` names the %s `%.*s`, %s%s",
                           BYTES_PRINTF(cedar_policy_id(policy)), what, BYTES_PRINTF(name), why,
                           hint);
}

static bool is_service(const struct ruleset *ruleset, struct bytes name)
{
    for (size_t i = 0; i < ruleset->catalogue->service_count; i++) {
        if (bytes_equal(ruleset->catalogue->services[i].name, name)) {
            return true;
        }
    }
    return false;
}

/* Partners and agents come and go; services are those of the folder. */
static bool check_scope(const struct ruleset *ruleset, const struct cedar_policy *policy,
                        const struct cedar_scope *scope, struct amanat_diagnostics *diagnostics)
{
    const bool has_type = scope->kind == CEDAR_SCOPE_IS || scope->kind == CEDAR_SCOPE_IS_IN;
    const bool has_entity = scope->kind == CEDAR_SCOPE_EQUAL || scope->kind == CEDAR_SCOPE_IN ||
                            scope->kind == CEDAR_SCOPE_IS_IN;
    const struct bytes types[] = {has_type ? scope->type : BYTES(""),
                                  has_entity ? scope->entity.type : BYTES("")};
    char hint[SIMILAR_HINT_SIZE];
    bool known = true;
    for (size_t i = 0; i < 2; i++) {
        if (types[i].length > 0 && cedar_schema_entity_type(ruleset->schema, types[i]) == NULL) {
            report_name(policy, "unknown-type", "type", types[i],
                        "which neither the model nor a record of a service declares",
                        hint_of(ruleset, types[i], type_name,
                                cedar_schema_entity_type_count(ruleset->schema), hint),
                        diagnostics);
            known = false;
        }
    }
    if (has_entity && bytes_equal_string(scope->entity.type, "Service") &&
        !is_service(ruleset, scope->entity.id)) {
        report_name(policy, "unknown-service", "service", scope->entity.id,
                    "for which there is no document below services/",
                    hint_of(ruleset, scope->entity.id, service_name,
                            ruleset->catalogue->service_count, hint),
                    diagnostics);
        known = false;
    }
    return known;
}

/* Nobody gives a template's slots a value here: as a forbid it would forbid nothing. */
static bool check_kind(const struct cedar_policy *policy, struct amanat_diagnostics *diagnostics)
{
    if (cedar_policy_kind(policy) != CEDAR_POLICY_TEMPLATE) {
        return true;
    }
    amanat_diagnostics_add(diagnostics, AMANAT_SEVERITY_ERROR, "template",
                           cedar_policy_source(policy), cedar_policy_line(policy),
                           cedar_policy_column(policy),
                           "policy `%.*s` is a template: nothing here fills its slots, so it would "
                           "never apply; write the entity out",
                           BYTES_PRINTF(cedar_policy_id(policy)));
    return false;
}

struct attribute_check {
    const struct ruleset *ruleset;
    struct amanat_diagnostics *diagnostics;
    bool sound;
};

static bool has_attribute(const struct ruleset *ruleset, struct bytes type, struct bytes attribute)
{
    const struct cedar_entity_type *declared = cedar_schema_entity_type(ruleset->schema, type);
    return declared != NULL && cedar_type_attribute(declared->shape, attribute) != NULL;
}

static void offer_attributes(const struct ruleset *ruleset, struct bytes type,
                             struct similar *similar)
{
    const struct cedar_entity_type *declared = cedar_schema_entity_type(ruleset->schema, type);
    for (size_t i = 0; declared != NULL && i < declared->shape->attribute_count; i++) {
        similar_offer(similar, declared->shape->attributes[i].name);
    }
}

static void report_unknown_attribute(const struct attribute_check *check,
                                     const struct cedar_policy *policy, struct bytes resource_type,
                                     struct bytes attribute)
{
    const struct catalogue *catalogue = check->ruleset->catalogue;
    struct similar similar;
    char hint[SIMILAR_HINT_SIZE];
    similar_begin(&similar, attribute);
    offer_attributes(check->ruleset, resource_type, &similar);
    for (size_t i = 0; resource_type.length == 0 && i < catalogue->record_count; i++) {
        offer_attributes(check->ruleset, catalogue->records[i].name, &similar);
    }
    report_name(policy, "unknown-attribute", "attribute", attribute, "which its resource never has",
                similar_hint_of(&similar, hint), check->diagnostics);
}

/* An attribute that the resource can never have: of the type in the scope, else of any record. */
static amanat_result check_attribute(void *context, const struct cedar_policy *policy,
                                     struct bytes resource_type, struct bytes attribute)
{
    struct attribute_check *check = context;
    const struct ruleset *ruleset = check->ruleset;
    if (resource_type.length > 0 &&
        cedar_schema_entity_type(ruleset->schema, resource_type) == NULL) {
        return AMANAT_OK; /* check_scope has reported the type, from which this would follow */
    }
    bool known = resource_type.length > 0 && has_attribute(ruleset, resource_type, attribute);
    for (size_t i = 0; resource_type.length == 0 && i < ruleset->catalogue->record_count; i++) {
        known = known || has_attribute(ruleset, ruleset->catalogue->records[i].name, attribute);
    }
    if (!known) {
        report_unknown_attribute(check, policy, resource_type, attribute);
        check->sound = false;
    }
    return AMANAT_OK;
}

amanat_result ruleset_check_policies(const struct ruleset *ruleset,
                                     struct amanat_diagnostics *diagnostics)
{
    struct attribute_check attributes = {ruleset, diagnostics, true};
    bool sound = true;
    for (size_t i = 0; i < cedar_policy_set_count(ruleset->policies); i++) {
        const struct cedar_policy *policy = cedar_policy_set_at(ruleset->policies, i);
        const struct cedar_policy_scope *scope = cedar_policy_scope(policy);
        sound = check_kind(policy, diagnostics) && sound;
        sound = check_resource_type(policy, diagnostics) && sound;
        sound = check_actions(ruleset, policy, diagnostics) && sound;
        sound = check_scope(ruleset, policy, &scope->principal, diagnostics) && sound;
        sound = check_scope(ruleset, policy, &scope->resource, diagnostics) && sound;
    }
    TRY(cedar_policy_set_resource_attributes(ruleset->policies, check_attribute, &attributes));
    return sound && attributes.sound ? AMANAT_OK : amanat_result_of(AMANAT_STATUS_CONFIG_FAULT);
}
