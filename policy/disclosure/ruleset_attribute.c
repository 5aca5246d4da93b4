/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attributes that do not exist, told in the words of those who write policies and services: which
 * record, where its OpenAPI document declares it, which property was probably meant, and why one
 * that is there cannot be read. One place in a policy gets one message, however many types of
 * resources lack the attribute.
 *
 * The checker of cedar tells of `x.a`. `x has a` with an `a` that nothing ever has is right by
 * Cedar's rules and always false; in a forbid that is a hole, so it is found here.
 */
#include <string.h>

#include "policy/base/base.h"
#include "policy/disclosure/ruleset_parts.h"

/* One place of a policy at which an attribute is missing. */
struct missing {
    const struct cedar_policy *policy;
    struct cedar_place place;
    struct cedar_entity_uid action;
    struct bytes owner; /* entity type, or none */
    bool of_context;
    const struct bytes *path;
    size_t path_count;
    struct bytes attribute;
    struct bytes similar;
    size_t other_owners; /* types of which the same is true */
};

struct attribute_faults {
    const struct ruleset *ruleset;
    struct arena *arena;
    VECTOR(struct missing) items;
    amanat_result result;
};

/* ---- collecting ---- */

/* Faults of one policy come one after the other. */
static struct missing *find_missing(struct attribute_faults *faults, const struct missing *fault)
{
    for (size_t i = faults->items.count;
         i-- > 0 && faults->items.items[i].policy == fault->policy;) {
        struct missing *known = &faults->items.items[i];
        if (known->place.line == fault->place.line && known->place.column == fault->place.column &&
            bytes_equal(known->attribute, fault->attribute)) {
            return known;
        }
    }
    return NULL;
}

static amanat_result add_missing(struct attribute_faults *faults, const struct missing *fault)
{
    struct missing *known = find_missing(faults, fault);
    if (known != NULL) {
        const size_t others = known->other_owners + 1;
        if (known->similar.length == 0 && fault->similar.length > 0) {
            *known = *fault; /* the more helpful one is told */
        }
        known->other_owners = others;
        return AMANAT_OK;
    }
    struct missing *slot = VECTOR_PUSH(faults->arena, &faults->items);
    TRY_MEMORY(slot);
    *slot = *fault;
    return AMANAT_OK;
}

static amanat_result copy_path(struct arena *arena, const struct bytes *path, size_t count,
                               const struct bytes **out)
{
    struct bytes *copy = arena_allocate_array(arena, count, sizeof(*copy));
    TRY_MEMORY(copy);
    for (size_t i = 0; i < count; i++) {
        copy[i] = path[i];
    }
    *out = copy;
    return AMANAT_OK;
}

static amanat_result note(struct attribute_faults *faults,
                          const struct cedar_unknown_attribute *fault)
{
    struct missing missing = {.policy = fault->policy,
                              .place = fault->place,
                              .action = *fault->action,
                              .owner = fault->entity_type,
                              .of_context = fault->of_context,
                              .path_count = fault->path_count,
                              .attribute = fault->attribute,
                              .similar = fault->similar};
    TRY(copy_path(faults->arena, fault->path, fault->path_count, &missing.path));
    return add_missing(faults, &missing);
}

static void on_unknown_attribute(void *context, const struct cedar_unknown_attribute *fault)
{
    struct attribute_faults *faults = context;
    if (amanat_is_ok(faults->result)) {
        faults->result = note(faults, fault);
    }
}

/* ---- `has` of what nothing has ---- */

static bool type_fits(const struct cedar_scope *scope, struct bytes type)
{
    const bool names_type = scope->kind == CEDAR_SCOPE_IS || scope->kind == CEDAR_SCOPE_IS_IN;
    return names_type                         ? bytes_equal(scope->type, type)
           : scope->kind == CEDAR_SCOPE_EQUAL ? bytes_equal(scope->entity.type, type)
                                              : true;
}

static const struct cedar_type *record_of(const struct ruleset *ruleset,
                                          const struct cedar_type *type)
{
    if (type->kind == CEDAR_VALUE_ENTITY) {
        const struct cedar_entity_type *entity =
            cedar_schema_entity_type(ruleset->schema, type->entity_type);
        return entity == NULL ? NULL : entity->shape;
    }
    return type->kind == CEDAR_VALUE_RECORD ? type : NULL;
}

static void find_similar(const struct cedar_type *record, struct missing *fault)
{
    struct similar similar;
    similar_begin(&similar, fault->attribute);
    for (size_t i = 0; i < record->attribute_count; i++) {
        similar_offer(&similar, record->attributes[i].name);
    }
    fault->similar = similar.nearest;
}

/* Follows a path from a type; true when it ends well, or at what the checker tells of. */
static bool path_exists(const struct ruleset *ruleset, const struct cedar_type *type,
                        const struct cedar_path *path, struct missing *out)
{
    out->of_context = type->kind == CEDAR_VALUE_RECORD;
    for (size_t i = 0; i < path->key_count; i++) {
        const struct cedar_type *record = record_of(ruleset, type);
        if (record == NULL) {
            return true;
        }
        if (type->kind == CEDAR_VALUE_ENTITY) {
            out->owner = type->entity_type;
            out->of_context = false;
            out->path = path->keys + i;
        }
        const struct cedar_attribute *attribute = cedar_type_attribute(record, path->keys[i]);
        if (attribute == NULL) {
            out->path_count = (size_t)(path->keys + i - out->path);
            out->attribute = path->keys[i];
            find_similar(record, out);
            return i < path->read_count;
        }
        type = attribute->type;
    }
    return true;
}

/*
 * Whether in some request of this action the path is there; if not, `out` says what is missing:
 * nothing, when no request of the action is in the policy's scope.
 */
static bool action_has_path(const struct ruleset *ruleset, const struct cedar_policy *policy,
                            const struct cedar_action *action, const struct cedar_path *path,
                            struct missing *out)
{
    const bool of_resource = bytes_equal(path->variable, BYTES("resource"));
    const struct cedar_policy_scope *scope = cedar_policy_scope(policy);
    const struct bytes *types = of_resource ? action->resource_types : action->principal_types;
    const size_t count = of_resource ? action->resource_type_count : action->principal_type_count;
    *out = (struct missing){
        .policy = policy, .place = path->place, .action = action->uid, .path = path->keys};
    if (bytes_equal(path->variable, BYTES("context"))) {
        return path_exists(ruleset, action->context, path, out);
    }
    for (size_t i = 0; i < count; i++) {
        const struct cedar_type type = {.kind = CEDAR_VALUE_ENTITY, .entity_type = types[i]};
        if (type_fits(of_resource ? &scope->resource : &scope->principal, types[i]) &&
            path_exists(ruleset, &type, path, out)) {
            return true;
        }
    }
    return false;
}

static amanat_result check_path(struct attribute_faults *faults, const struct cedar_policy *policy,
                                const struct cedar_path *path)
{
    const struct ruleset *ruleset = faults->ruleset;
    struct missing fault = {0};
    bool is_missing = false;
    if (path->key_count == path->read_count || bytes_equal(path->variable, BYTES("action"))) {
        return AMANAT_OK;
    }
    for (size_t i = 0; i < cedar_schema_action_count(ruleset->schema); i++) {
        const struct cedar_action *action = cedar_schema_action_at(ruleset->schema, i);
        struct missing here = {0};
        if (!action->applies || !ruleset_speaks_of(ruleset, policy, &action->uid)) {
            continue;
        }
        if (action_has_path(ruleset, policy, action, path, &here)) {
            return AMANAT_OK;
        }
        if (here.attribute.length == 0) {
            continue;
        }
        if (!is_missing || (fault.similar.length == 0 && here.similar.length > 0)) {
            fault = here;
        }
        is_missing = true;
    }
    return is_missing ? add_missing(faults, &fault) : AMANAT_OK;
}

static amanat_result check_asked_attributes(struct attribute_faults *faults)
{
    const struct cedar_policy_set *set = faults->ruleset->policies;
    for (size_t i = 0; i < cedar_policy_set_count(set); i++) {
        const struct cedar_policy *policy = cedar_policy_set_at(set, i);
        const struct cedar_test *tests = NULL;
        size_t count = 0;
        TRY(cedar_policy_list_tests(policy, faults->arena, &tests, &count));
        for (size_t k = 0; k < count; k++) {
            for (size_t j = 0; j < tests[k].path_count; j++) {
                TRY(check_path(faults, policy, &tests[k].paths[j]));
            }
        }
    }
    return AMANAT_OK;
}

/* ---- where it is declared ---- */

static const struct catalogue_record *find_record(const struct catalogue *catalogue,
                                                  struct bytes name)
{
    for (size_t i = 0; i < catalogue->record_count; i++) {
        if (bytes_equal(catalogue->records[i].name, name)) {
            return &catalogue->records[i];
        }
    }
    return NULL;
}

static const struct catalogue_operation *find_operation(const struct catalogue *catalogue,
                                                        struct bytes id)
{
    for (size_t i = 0; i < catalogue->service_count; i++) {
        for (size_t k = 0; k < catalogue->services[i].operation_count; k++) {
            if (bytes_equal(catalogue->services[i].operations[k].id, id)) {
                return &catalogue->services[i].operations[k];
            }
        }
    }
    return NULL;
}

static const struct catalogue_attribute *find_attribute(const struct catalogue_attribute *list,
                                                        size_t count, struct bytes name)
{
    for (size_t i = 0; i < count; i++) {
        if (bytes_equal(list[i].name, name)) {
            return &list[i];
        }
    }
    return NULL;
}

/* What is declared in the record at the fault's path: its properties, and where it stands. */
static bool find_owner(const struct catalogue *catalogue, const struct missing *fault,
                       struct catalogue_attribute *out)
{
    const struct catalogue_record *record = find_record(catalogue, fault->owner);
    if (record == NULL) {
        return false;
    }
    *out = (struct catalogue_attribute){.fields = record->attributes,
                                        .field_count = record->attribute_count,
                                        .unreadable = record->unreadable,
                                        .unreadable_count = record->unreadable_count,
                                        .place = record->place};
    for (size_t i = 0; i < fault->path_count; i++) {
        const struct catalogue_attribute *next =
            find_attribute(out->fields, out->field_count, fault->path[i]);
        if (next == NULL) {
            return false;
        }
        *out = *next;
    }
    return true;
}

/* ---- messages ---- */

#define REPORT(list, fault, ...)                                                                   \
    amanat_diagnostics_add((list), AMANAT_SEVERITY_ERROR, "unknown-attribute",                     \
                           cedar_policy_source((fault)->policy), (fault)->place.line,              \
                           (fault)->place.column, __VA_ARGS__)

/* "vehicle.maker", "" for no path. */
static struct bytes path_text(struct arena *arena, const struct missing *fault)
{
    struct bytes text = BYTES("");
    for (size_t i = 0; i < fault->path_count && text.at != NULL; i++) {
        text = arena_format_bytes(arena, "%.*s%s%.*s", BYTES_PRINTF(text), i == 0 ? "" : ".",
                                  BYTES_PRINTF(fault->path[i]));
    }
    return text;
}

/* " (services/anpr.yaml:41)", or "" when the place is not known. */
static const char *place_text(struct arena *arena, const char *source, unsigned line)
{
    const char *text =
        line == 0 ? "" : arena_format(arena, " (%s:%u)", source == NULL ? "" : source, line);
    return text == NULL ? "" : text;
}

/* "; did you mean `city` (services/anpr.yaml:41)?", or "". */
static const char *hint_text(struct arena *arena, const struct missing *fault, const char *place)
{
    if (fault->similar.length == 0) {
        return "";
    }
    const char *text =
        arena_format(arena, "; did you mean `%.*s`%s?", BYTES_PRINTF(fault->similar), place);
    return text == NULL ? "" : text;
}

/* What helps when no name is similar: a scope without a type lets in what was not thought of. */
static const char *advice_on_scope(const struct missing *fault, const struct cedar_schema *schema)
{
    const enum cedar_scope_kind kind = cedar_policy_scope(fault->policy)->resource.kind;
    const struct cedar_action *action = cedar_schema_action(schema, &fault->action);
    const bool is_open = (kind == CEDAR_SCOPE_ANY || kind == CEDAR_SCOPE_IN) &&
                         (fault->other_owners > 0 || action->resource_type_count > 1);
    return is_open && fault->similar.length == 0
               ? "; the policy's scope lets it in: write `resource is RECORD` there, or ask with "
                 "`has` before it is read"
               : "";
}

/* " (nor have 2 other types of resources)", or "". */
static const char *others_text(struct arena *arena, const struct missing *fault)
{
    const char *text = "";
    if (fault->other_owners == 1) {
        text = " (nor has another type of resources)";
    } else if (fault->other_owners > 1) {
        text = arena_format(arena, " (nor have %zu other types of resources)", fault->other_owners);
    }
    return text == NULL ? "" : text;
}

static void report_record(const struct missing *fault, const struct cedar_schema *schema,
                          const struct catalogue_attribute *owner, struct arena *arena,
                          struct amanat_diagnostics *diagnostics)
{
    const struct bytes path = path_text(arena, fault);
    const struct catalogue_attribute *unreadable =
        find_attribute(owner->unreadable, owner->unreadable_count, fault->attribute);
    const struct catalogue_attribute *meant =
        find_attribute(owner->fields, owner->field_count, fault->similar);
    if (unreadable != NULL) {
        REPORT(diagnostics, fault, "policies cannot read `%.*s%s%.*s` of the record `%.*s`%s: %s",
               BYTES_PRINTF(path), path.length > 0 ? "." : "", BYTES_PRINTF(fault->attribute),
               BYTES_PRINTF(fault->owner),
               place_text(arena, unreadable->place.source, unreadable->place.line),
               unreadable->why_unreadable);
        return;
    }
    REPORT(diagnostics, fault, "%s%.*s%sthe record `%.*s`%s has no attribute `%.*s`%s%s",
           path.length > 0 ? "`" : "", BYTES_PRINTF(path), path.length > 0 ? "` of " : "",
           BYTES_PRINTF(fault->owner),
           meant != NULL ? "" : place_text(arena, owner->place.source, owner->place.line),
           BYTES_PRINTF(fault->attribute), others_text(arena, fault),
           meant != NULL
               ? hint_text(arena, fault, place_text(arena, meant->place.source, meant->place.line))
               : advice_on_scope(fault, schema));
}

static void report_parameter(const struct missing *fault,
                             const struct catalogue_operation *operation, struct arena *arena,
                             struct amanat_diagnostics *diagnostics)
{
    struct catalogue_place meant = {0};
    for (size_t i = 0; i < operation->parameter_count; i++) {
        const struct catalogue_parameter *parameter = &operation->parameters[i];
        if (bytes_equal(parameter->name, fault->attribute)) {
            REPORT(diagnostics, fault,
                   "policies cannot read the parameter `%.*s` of `%.*s`%s: it has no label, so it "
                   "may not be sent",
                   BYTES_PRINTF(parameter->name), BYTES_PRINTF(operation->id),
                   place_text(arena, parameter->value.place.source, parameter->value.place.line));
            return;
        }
        if (bytes_equal(parameter->name, fault->similar)) {
            meant = parameter->value.place;
        }
    }
    REPORT(diagnostics, fault, "the operation `%.*s` has no parameter `%.*s`%s",
           BYTES_PRINTF(operation->id), BYTES_PRINTF(fault->attribute),
           hint_text(arena, fault, place_text(arena, meant.source, meant.line)));
}

static void report_context(const struct missing *fault, const struct catalogue *catalogue,
                           struct arena *arena, struct amanat_diagnostics *diagnostics)
{
    const struct catalogue_operation *operation = find_operation(catalogue, fault->action.id);
    const struct bytes path = path_text(arena, fault);
    const bool lacks_parameters =
        path.length == 0 && bytes_equal(fault->attribute, BYTES("parameters"));
    if (operation != NULL && bytes_equal(path, BYTES("parameters"))) {
        report_parameter(fault, operation, arena, diagnostics);
        return;
    }
    REPORT(diagnostics, fault, "`context%s%.*s` of the action `%.*s` has no attribute `%.*s`%s%s",
           path.length > 0 ? "." : "", BYTES_PRINTF(path), BYTES_PRINTF(fault->action.id),
           BYTES_PRINTF(fault->attribute), hint_text(arena, fault, ""),
           lacks_parameters ? "; parameters are there only when a call is decided, so this belongs "
                              "into a policy for an operation"
                            : "");
}

static void report_other(const struct missing *fault, const struct cedar_schema *schema,
                         struct arena *arena, struct amanat_diagnostics *diagnostics)
{
    const struct cedar_entity_type *type = cedar_schema_entity_type(schema, fault->owner);
    const struct bytes path = path_text(arena, fault);
    if (type == NULL) {
        REPORT(diagnostics, fault, "this record has no attribute `%.*s`%s",
               BYTES_PRINTF(fault->attribute), hint_text(arena, fault, ""));
        return;
    }
    const bool of_model = bytes_start_with(bytes_of_string(type->source), BYTES("model/"));
    REPORT(diagnostics, fault, "%s%.*s%s`%.*s`%s has no attribute `%.*s`%s%s%s",
           path.length > 0 ? "`" : "", BYTES_PRINTF(path), path.length > 0 ? "` of " : "",
           BYTES_PRINTF(fault->owner), of_model ? place_text(arena, type->source, type->line) : "",
           BYTES_PRINTF(fault->attribute), others_text(arena, fault), hint_text(arena, fault, ""),
           of_model ? "" : advice_on_scope(fault, schema));
}

static void report(const struct missing *fault, const struct ruleset *ruleset, struct arena *arena,
                   struct amanat_diagnostics *diagnostics)
{
    struct catalogue_attribute owner = {0};
    if (fault->of_context) {
        report_context(fault, ruleset->catalogue, arena, diagnostics);
    } else if (find_owner(ruleset->catalogue, fault, &owner)) {
        report_record(fault, ruleset->schema, &owner, arena, diagnostics);
    } else {
        report_other(fault, ruleset->schema, arena, diagnostics);
    }
}

/* ---- the check ---- */

static bool is_told_of(const struct attribute_faults *faults, const struct amanat_diagnostic *at)
{
    for (size_t i = 0; i < faults->items.count; i++) {
        const struct cedar_policy *policy = faults->items.items[i].policy;
        if (strcmp(cedar_policy_source(policy), at->source) == 0 &&
            cedar_policy_line(policy) == at->line && cedar_policy_column(policy) == at->column) {
            return true;
        }
    }
    return false;
}

/* That a policy can never apply goes without saying when it asks for what nothing has. */
static void hand_on(const struct attribute_faults *faults, const struct amanat_diagnostics *found,
                    struct amanat_diagnostics *diagnostics)
{
    for (size_t i = 0; i < amanat_diagnostics_count(found); i++) {
        const struct amanat_diagnostic *at = amanat_diagnostics_at(found, i);
        if (strcmp(at->code, "impossible-policy") != 0 || !is_told_of(faults, at)) {
            amanat_diagnostics_add(diagnostics, at->severity, at->code, at->source, at->line,
                                   at->column, "%s", at->text);
        }
    }
}

static amanat_result check_types(struct attribute_faults *faults, struct amanat_diagnostics *found,
                                 struct amanat_diagnostics *diagnostics,
                                 const struct cedar_checked_policies **out)
{
    const struct ruleset *ruleset = faults->ruleset;
    const struct cedar_check_observer observer = {on_unknown_attribute, faults};
    TRY_MEMORY(found);
    const amanat_result checked = cedar_policy_set_check_observed(
        ruleset->policies, ruleset->schema, ruleset->arena, found, &observer, out);
    TRY(faults->result);
    TRY(check_asked_attributes(faults));
    hand_on(faults, found, diagnostics);
    for (size_t i = 0; i < faults->items.count; i++) {
        report(&faults->items.items[i], ruleset, faults->arena, diagnostics);
    }
    TRY(checked);
    return faults->items.count == 0 ? AMANAT_OK : amanat_result_of(AMANAT_STATUS_CONFIG_FAULT);
}

amanat_result ruleset_check_types(const struct ruleset *ruleset,
                                  struct amanat_diagnostics *diagnostics,
                                  const struct cedar_checked_policies **out)
{
    struct arena *scratch = arena_new(RULESET_SCRATCH_LIMIT);
    struct amanat_diagnostics *found = amanat_diagnostics_new();
    struct attribute_faults faults = {ruleset, scratch, {0}, AMANAT_OK};
    const amanat_result result = scratch == NULL ? amanat_result_of(AMANAT_STATUS_MEMORY)
                                                 : check_types(&faults, found, diagnostics, out);
    amanat_diagnostics_free(found);
    arena_free(scratch);
    return result;
}
