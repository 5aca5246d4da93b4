/* SPDX-License-Identifier: Apache-2.0 */
/* The policy set: ids, links, and what may be asked about a policy. */
#include "policy/cedar/cedar_policy_set.h"

#include "policy/base/guard.h"

struct cedar_policy_set *cedar_policy_set_new(struct arena *arena,
                                              const struct cedar_policy_set_options *options)
{
    struct cedar_policy_set *set = ARENA_NEW(arena, struct cedar_policy_set);
    if (set != NULL) {
        set->arena = arena;
        set->ids = options == NULL ? CEDAR_POLICY_IDS_BY_POSITION : options->ids;
    }
    return set;
}

/* ---- Adding ---- */

static amanat_result refuse(const struct cedar_policy *policy,
                            struct amanat_diagnostics *diagnostics, const char *code,
                            const char *why)
{
    amanat_diagnostics_add(diagnostics, AMANAT_SEVERITY_ERROR, code, policy->source, policy->line,
                           policy->column, "%s", why);
    return amanat_result_of(AMANAT_STATUS_CONFIG_FAULT);
}

static amanat_result add_policy(struct cedar_policy_set *set, struct cedar_policy *policy,
                                struct amanat_diagnostics *diagnostics)
{
    const struct cedar_policy *earlier = map_get(&set->by_id, policy->id);
    if (earlier != NULL) {
        amanat_diagnostics_add(diagnostics, AMANAT_SEVERITY_ERROR, "duplicate-id", policy->source,
                               policy->line, policy->column,
                               "the id `%.*s` is taken by the policy at %s:%u",
                               BYTES_PRINTF(policy->id), earlier->source, earlier->line);
        return amanat_result_of(AMANAT_STATUS_CONFIG_FAULT);
    }
    struct cedar_policy **place = VECTOR_PUSH(set->arena, &set->policies);
    TRY_MEMORY(place);
    *place = policy;
    return map_put(set->arena, &set->by_id, policy->id, policy);
}

static amanat_result name_policy(struct cedar_policy_set *set, struct cedar_policy *policy,
                                 struct amanat_diagnostics *diagnostics)
{
    if (set->ids == CEDAR_POLICY_IDS_BY_POSITION) {
        policy->id = arena_format_bytes(set->arena, "policy%zu", set->policies.count);
        return arena_is_exhausted(set->arena) ? amanat_result_of(AMANAT_STATUS_MEMORY) : AMANAT_OK;
    }
    if (!cedar_policy_annotation(policy, "id", &policy->id) || policy->id.length == 0) {
        return refuse(policy, diagnostics, "missing-id", "this policy has no `@id(\"…\")`");
    }
    return AMANAT_OK;
}

amanat_result cedar_policy_set_add_parsed(struct cedar_policy_set *set, struct cedar_policy *policy,
                                          const struct bytes *id,
                                          struct amanat_diagnostics *diagnostics)
{
    if (id != NULL) {
        policy->id = *id;
    } else {
        TRY(name_policy(set, policy, diagnostics));
    }
    return add_policy(set, policy, diagnostics);
}

amanat_result cedar_policy_set_add_text(struct cedar_policy_set *set, const char *source,
                                        struct bytes text, struct amanat_diagnostics *diagnostics)
{
    struct cedar_parsed_policies parsed = {0};
    struct bytes source_copy;
    struct bytes text_copy;
    TRY(arena_copy_bytes(set->arena, bytes_of_string(source), &source_copy));
    TRY(arena_copy_bytes(set->arena, text, &text_copy));
    amanat_result result =
        cedar_parse_policies(set->arena, source_copy.at, text_copy, diagnostics, &parsed);
    if (!amanat_is_ok(result) && result.status != AMANAT_STATUS_CONFIG_FAULT) {
        return result;
    }
    for (size_t i = 0; i < parsed.policies.count; i++) {
        const amanat_result added =
            cedar_policy_set_add_parsed(set, parsed.policies.items[i], NULL, diagnostics);
        if (!amanat_is_ok(added)) {
            result = added;
        }
        if (result.status != AMANAT_STATUS_CONFIG_FAULT) {
            TRY(result);
        }
    }
    return result;
}

/* Fills a slot; a value without a slot and a slot without a value are faults. */
static amanat_result fill_slot(struct arena *arena, struct cedar_scope *scope,
                               const struct cedar_entity_uid *value, bool *out_fits)
{
    *out_fits = scope->is_slot == (value != NULL);
    if (!*out_fits || value == NULL) {
        return AMANAT_OK;
    }
    TRY(arena_copy_bytes(arena, value->type, &scope->entity.type));
    TRY(arena_copy_bytes(arena, value->id, &scope->entity.id));
    scope->is_slot = false;
    return AMANAT_OK;
}

amanat_result cedar_policy_set_add_link(struct cedar_policy_set *set, struct bytes template_id,
                                        struct bytes id, const struct cedar_slot_values *slots,
                                        struct amanat_diagnostics *diagnostics)
{
    const struct cedar_policy *template = cedar_policy_set_find(set, template_id);
    if (template == NULL || template->kind != CEDAR_POLICY_TEMPLATE) {
        amanat_diagnostics_add(diagnostics, AMANAT_SEVERITY_ERROR, "unknown-template", "", 0, 0,
                               "there is no template `%.*s`", BYTES_PRINTF(template_id));
        return amanat_result_of(AMANAT_STATUS_CONFIG_FAULT);
    }
    struct cedar_policy *link = ARENA_NEW(set->arena, struct cedar_policy);
    TRY_MEMORY(link);
    *link = *template;
    link->kind = CEDAR_POLICY_LINK;
    link->link_of = template;
    bool fits_principal = false;
    bool fits_resource = false;
    TRY(arena_copy_bytes(set->arena, id, &link->id));
    TRY(fill_slot(set->arena, &link->scope.principal, slots->principal, &fits_principal));
    TRY(fill_slot(set->arena, &link->scope.resource, slots->resource, &fits_resource));
    if (!fits_principal || !fits_resource) {
        return refuse(template, diagnostics, "slots",
                      "a link must give a value for each slot of its template, and no other");
    }
    return add_policy(set, link, diagnostics);
}

/* ---- Asking ---- */

size_t cedar_policy_set_count(const struct cedar_policy_set *set)
{
    return set->policies.count;
}

const struct cedar_policy *cedar_policy_set_at(const struct cedar_policy_set *set, size_t index)
{
    ASSERT(index < set->policies.count);
    return set->policies.items[index];
}

const struct cedar_policy *cedar_policy_set_find(const struct cedar_policy_set *set,
                                                 struct bytes id)
{
    return map_get(&set->by_id, id);
}

struct bytes cedar_policy_id(const struct cedar_policy *policy)
{
    return policy->id;
}

enum cedar_policy_kind cedar_policy_kind(const struct cedar_policy *policy)
{
    return policy->kind;
}

enum cedar_effect cedar_policy_effect(const struct cedar_policy *policy)
{
    return policy->effect;
}

bool cedar_policy_annotation(const struct cedar_policy *policy, const char *key,
                             struct bytes *out_value)
{
    for (size_t i = 0; i < policy->annotation_count; i++) {
        if (bytes_equal_string(policy->annotations[i].name, key)) {
            *out_value = policy->annotations[i].value;
            return true;
        }
    }
    return false;
}

const char *cedar_policy_source(const struct cedar_policy *policy)
{
    return policy->source;
}

unsigned cedar_policy_line(const struct cedar_policy *policy)
{
    return policy->line;
}

unsigned cedar_policy_column(const struct cedar_policy *policy)
{
    return policy->column;
}

const struct cedar_policy_scope *cedar_policy_scope(const struct cedar_policy *policy)
{
    return &policy->scope;
}
