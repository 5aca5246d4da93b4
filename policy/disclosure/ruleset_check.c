/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What `amanat check` finds in policies beyond their grammar: actions that do not exist, and
 * permits for field modes that do not name the type of their resource. Full validation by types is
 * not here.
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

static struct bytes nearest_action(const struct ruleset *ruleset, struct bytes id,
                                   struct arena *arena)
{
    const size_t count = cedar_schema_action_count(ruleset->schema);
    struct bytes *names = arena_allocate_array(arena, count, sizeof(*names));
    if (names == NULL) {
        return (struct bytes){0};
    }
    for (size_t i = 0; i < count; i++) {
        names[i] = cedar_schema_action_at(ruleset->schema, i)->uid.id;
    }
    return bytes_nearest(id, names, count);
}

static void report_unknown_action(const struct ruleset *ruleset, const struct cedar_policy *policy,
                                  struct bytes id, struct amanat_diagnostics *diagnostics)
{
    const struct arena_mark mark = arena_mark(ruleset->arena);
    const struct bytes nearest = nearest_action(ruleset, id, ruleset->arena);
    amanat_diagnostics_add(
        diagnostics, AMANAT_SEVERITY_ERROR, "unknown-action", cedar_policy_source(policy),
        cedar_policy_line(policy), cedar_policy_column(policy),
        "policy `%.*s` names the action \"%.*s\", which neither vocabulary nor services "
        "define%s%.*s%s",
        BYTES_PRINTF(cedar_policy_id(policy)), BYTES_PRINTF(id),
        nearest.length > 0 ? "; did you mean \"" : "", BYTES_PRINTF(nearest),
        nearest.length > 0 ? "\"?" : "");
    arena_rewind(ruleset->arena, mark);
}

static bool check_actions(const struct ruleset *ruleset, const struct cedar_policy *policy,
                          struct amanat_diagnostics *diagnostics)
{
    const struct cedar_action_scope *scope = &cedar_policy_scope(policy)->action;
    bool known = true;
    for (size_t i = 0; i < scope->count; i++) {
        if (cedar_schema_action(ruleset->schema, &scope->entities[i]) == NULL) {
            report_unknown_action(ruleset, policy, scope->entities[i].id, diagnostics);
            known = false;
        }
    }
    return known;
}

amanat_result ruleset_check_policies(const struct ruleset *ruleset,
                                     struct amanat_diagnostics *diagnostics)
{
    bool sound = true;
    for (size_t i = 0; i < cedar_policy_set_count(ruleset->policies); i++) {
        const struct cedar_policy *policy = cedar_policy_set_at(ruleset->policies, i);
        sound = check_resource_type(policy, diagnostics) && sound;
        sound = check_actions(ruleset, policy, diagnostics) && sound;
    }
    return sound ? AMANAT_OK : amanat_result_of(AMANAT_STATUS_CONFIG_FAULT);
}
