/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Policies that Cedar's checker takes and that cannot be meant here: permits for field modes that
 * do not name the type of their resource, templates, and services and purposes that do not exist. A
 * misspelt name in a forbid would be one that forbids nothing.
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

/* ---- names that nothing has ---- */

struct check {
    const struct ruleset *ruleset;
    struct arena *arena;
    struct amanat_diagnostics *diagnostics;
    bool is_sound;
};

/*
 * Types of which the folder lists every entity. Partners, agents and cases come and go; with facts
 * about them, what is not known today may be so tomorrow.
 */
static const struct {
    const char *type;
    const char *code;
    const char *why;
} closed_types[] = {
    {"Service", "unknown-service", "no document below services/ is for the service"},
    {"Purpose", "unknown-purpose", "vocabulary.yaml has no purpose"},
};

static struct bytes name_of(const struct catalogue *catalogue, bool is_service, size_t index)
{
    return is_service ? catalogue->services[index].name
                      : catalogue->vocabulary.purposes[index].name;
}

static void check_name(struct check *check, const struct cedar_policy *policy,
                       const struct cedar_entity_uid *uid, struct cedar_place place)
{
    const struct catalogue *catalogue = check->ruleset->catalogue;
    struct similar similar;
    char hint[SIMILAR_HINT_SIZE];
    size_t kind = 0;
    const size_t kinds = sizeof(closed_types) / sizeof(closed_types[0]);
    while (kind < kinds && !bytes_equal_string(uid->type, closed_types[kind].type)) {
        kind++;
    }
    if (kind == kinds || cedar_entities_find(check->ruleset->entities, uid) != NULL) {
        return;
    }
    const size_t count = kind == 0 ? catalogue->service_count : catalogue->vocabulary.purpose_count;
    similar_begin(&similar, uid->id);
    for (size_t i = 0; i < count; i++) {
        similar_offer(&similar, name_of(catalogue, kind == 0, i));
    }
    amanat_diagnostics_add(check->diagnostics, AMANAT_SEVERITY_ERROR, closed_types[kind].code,
                           cedar_policy_source(policy), place.line, place.column, "%s `%.*s`%s",
                           closed_types[kind].why, BYTES_PRINTF(uid->id),
                           similar_hint_of(&similar, hint));
    check->is_sound = false;
}

static void check_scope(struct check *check, const struct cedar_policy *policy,
                        const struct cedar_scope *scope)
{
    if (scope->kind == CEDAR_SCOPE_EQUAL || scope->kind == CEDAR_SCOPE_IN ||
        scope->kind == CEDAR_SCOPE_IS_IN) {
        check_name(check, policy, &scope->entity, scope->entity_place);
    }
}

static amanat_result check_conditions(struct check *check, const struct cedar_policy *policy)
{
    const struct cedar_test *tests = NULL;
    size_t count = 0;
    TRY(cedar_policy_list_tests(policy, check->arena, &tests, &count));
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < tests[i].entity_count; k++) {
            check_name(check, policy, &tests[i].entities[k].uid, tests[i].entities[k].place);
        }
    }
    return AMANAT_OK;
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

static amanat_result check_policy(struct check *check, const struct cedar_policy *policy)
{
    const struct cedar_policy_scope *scope = cedar_policy_scope(policy);
    check->is_sound = check_kind(policy, check->diagnostics) && check->is_sound;
    check->is_sound = check_resource_type(policy, check->diagnostics) && check->is_sound;
    check_scope(check, policy, &scope->principal);
    check_scope(check, policy, &scope->resource);
    return check_conditions(check, policy);
}

static amanat_result check_policies(struct check *check)
{
    for (size_t i = 0; i < cedar_policy_set_count(check->ruleset->policies); i++) {
        const struct arena_mark mark = arena_mark(check->arena);
        TRY(check_policy(check, cedar_policy_set_at(check->ruleset->policies, i)));
        arena_rewind(check->arena, mark);
    }
    return check->is_sound ? AMANAT_OK : amanat_result_of(AMANAT_STATUS_CONFIG_FAULT);
}

amanat_result ruleset_check_policies(const struct ruleset *ruleset,
                                     struct amanat_diagnostics *diagnostics,
                                     const struct cedar_checked_policies **out)
{
    struct arena *scratch = arena_new(RULESET_SCRATCH_LIMIT);
    TRY_MEMORY(scratch);
    struct check check = {ruleset, scratch, diagnostics, true};
    const amanat_result sound = check_policies(&check);
    arena_free(scratch);
    const amanat_result typed = ruleset_check_types(ruleset, diagnostics, out);
    return amanat_is_ok(sound) ? typed : sound;
}
