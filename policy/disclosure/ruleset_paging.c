/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pages through lists of which records may be left out: a short page tells how many. `amanat check`
 * warns of parameters and members of request bodies that page, unless the service keeps to the
 * condition itself, because a parameter that the gateway sets carries it.
 *
 * A record is left out when nothing of it is disclosed. So the conditions that count are those of
 * permits, and of forbids beside them, for an audience that has no other permit to see some field
 * of that record whatever is in it. Conditions that do not read the record are compared by what
 * they read and name.
 */
#include "policy/base/base.h"
#include "policy/disclosure/ruleset_parts.h"

/** A policy as far as it counts here. */
struct reader {
    const struct cedar_policy *policy;
    const struct cedar_test *tests;
    size_t test_count;
    bool *labels; /* for each, whether it speaks of a mode of it */
};

struct pages {
    const struct ruleset *ruleset;
    const struct catalogue_service *service;
    const struct catalogue_operation *operation;
    const struct reader *readers; /* all policies but templates */
    size_t reader_count;
    bool *forbidden; /* for each label, whether a forbid may keep it in, depending on the record */
};

/** Why records of a list may be left out, and the service is not told. */
struct condition {
    const struct cedar_policy *policy;
    const struct catalogue_attribute *attribute;
    const struct cedar_test *test;
};

/* ---- what a policy speaks of ---- */

static bool takes_record(const struct pages *pages, const struct reader *reader,
                         const struct catalogue_record *record)
{
    const struct cedar_scope *scope = &cedar_policy_scope(reader->policy)->resource;
    const bool names_type = scope->kind == CEDAR_SCOPE_IS || scope->kind == CEDAR_SCOPE_IS_IN;
    const bool names_entity = scope->kind == CEDAR_SCOPE_IN || scope->kind == CEDAR_SCOPE_IS_IN;
    const bool is_elsewhere = names_entity && bytes_equal_string(scope->entity.type, "Service") &&
                              !bytes_equal(scope->entity.id, pages->service->name);
    return scope->kind != CEDAR_SCOPE_EQUAL && !is_elsewhere &&
           (!names_type || bytes_equal(scope->type, record->name));
}

static void find_labels(const struct ruleset *ruleset, struct reader *reader)
{
    const size_t count = ruleset->catalogue->vocabulary.label_count * DISCLOSURE_MODE_COUNT;
    for (size_t i = 0; i < count; i++) {
        const struct ruleset_action *action = &ruleset->field_actions[i];
        const struct cedar_entity_uid uid = {BYTES("Action"), action->id};
        bool *speaks = &reader->labels[i / DISCLOSURE_MODE_COUNT];
        *speaks =
            *speaks || (action->is_spoken_of && ruleset_speaks_of(ruleset, reader->policy, &uid));
    }
}

static bool is_permit(const struct reader *reader)
{
    return cedar_policy_effect(reader->policy) == CEDAR_EFFECT_PERMIT;
}

/* ---- conditions that the service is told of ---- */

/* `principal.partner.city` and `principal.role`: what a parameter can be set from. */
static bool is_source(const struct cedar_path *path, enum binding_owner *out_owner,
                      struct bytes *out_attribute)
{
    if (!bytes_equal_string(path->variable, "principal") || path->key_count == 0) {
        return false;
    }
    const bool of_partner = bytes_equal_string(path->keys[0], "partner");
    *out_owner = of_partner ? BINDING_PARTNER : BINDING_AGENT;
    *out_attribute = path->keys[path->key_count - 1];
    return path->key_count == (of_partner ? 2u : 1u);
}

static bool reads_principal(const struct cedar_test *test)
{
    for (size_t i = 0; i < test->path_count; i++) {
        if (bytes_equal_string(test->paths[i].variable, "principal")) {
            return true;
        }
    }
    return false;
}

static bool is_compared_with(const struct cedar_test *test,
                             const struct catalogue_parameter *parameter)
{
    for (size_t i = 0; i < test->path_count; i++) {
        enum binding_owner owner = BINDING_NONE;
        struct bytes attribute = {0};
        if (is_source(&test->paths[i], &owner, &attribute) && owner == parameter->binding.owner &&
            bytes_equal(attribute, parameter->binding.attribute)) {
            return true;
        }
    }
    return false;
}

static bool reads_only(const struct cedar_test *test, struct bytes attribute)
{
    for (size_t i = 0; i < test->path_count; i++) {
        const struct cedar_path *path = &test->paths[i];
        if (bytes_equal_string(path->variable, "resource") && path->key_count > 0 &&
            !bytes_equal(path->keys[0], attribute)) {
            return false;
        }
    }
    return true;
}

/* A parameter carries a condition when it is set from what the condition compares the record with.
 * Where that is a constant, and where several attributes are compared at once, names must tell. */
static bool is_sent_along(const struct pages *pages, const struct condition *condition)
{
    const struct bytes attribute = condition->attribute->name;
    const bool only_this = reads_only(condition->test, attribute);
    for (size_t i = 0; i < pages->operation->parameter_count; i++) {
        const struct catalogue_parameter *parameter = &pages->operation->parameters[i];
        const bool is_named = bytes_equal(parameter->name, attribute) ||
                              bytes_equal(parameter->binding.attribute, attribute);
        const bool is_source_of = is_compared_with(condition->test, parameter) ||
                                  (is_named && !reads_principal(condition->test));
        if (parameter->binding.owner != BINDING_NONE && is_source_of && (only_this || is_named)) {
            return true;
        }
    }
    return false;
}

/* ---- what a policy reads of a record, and the service is not told of ---- */

static const struct catalogue_attribute *read_attribute(const struct catalogue_record *record,
                                                        const struct cedar_path *path)
{
    if (!bytes_equal_string(path->variable, "resource") || path->key_count == 0) {
        return NULL;
    }
    for (size_t i = 0; i < record->attribute_count; i++) {
        if (bytes_equal(record->attributes[i].name, path->keys[0])) {
            return &record->attributes[i];
        }
    }
    return NULL;
}

static bool find_in_policy(const struct pages *pages, const struct catalogue_record *record,
                           const struct reader *reader, struct condition *out)
{
    for (size_t i = 0; i < reader->test_count; i++) {
        const struct cedar_test *test = &reader->tests[i];
        for (size_t k = 0; k < test->path_count; k++) {
            *out =
                (struct condition){reader->policy, read_attribute(record, &test->paths[k]), test};
            if (out->attribute != NULL && !is_sent_along(pages, out)) {
                return true;
            }
        }
    }
    return false;
}

/* Forbids are asked of every record around a field too. */
static bool find_in_forbid(const struct pages *pages, const struct reader *forbid,
                           struct condition *out)
{
    const struct catalogue *catalogue = pages->ruleset->catalogue;
    for (size_t i = 0; i < pages->operation->record_count; i++) {
        const struct catalogue_record *asked = &catalogue->records[pages->operation->records[i]];
        if (takes_record(pages, forbid, asked) && find_in_policy(pages, asked, forbid, out)) {
            return true;
        }
    }
    return false;
}

static void find_forbidden(const struct pages *pages)
{
    const size_t label_count = pages->ruleset->catalogue->vocabulary.label_count;
    struct condition ignored;
    for (size_t i = 0; i < label_count; i++) {
        pages->forbidden[i] = false;
    }
    for (size_t i = 0; i < pages->reader_count; i++) {
        const struct reader *reader = &pages->readers[i];
        const bool keeps_in = !is_permit(reader) && find_in_forbid(pages, reader, &ignored);
        for (size_t k = 0; keeps_in && k < label_count; k++) {
            pages->forbidden[k] = pages->forbidden[k] || reader->labels[k];
        }
    }
}

/* ---- who sees something of every record ---- */

static bool scopes_equal(const struct cedar_scope *a, const struct cedar_scope *b)
{
    return a->kind == b->kind && bytes_equal(a->type, b->type) &&
           (a->kind == CEDAR_SCOPE_ANY || a->kind == CEDAR_SCOPE_IS ||
            cedar_entity_uid_equal(&a->entity, &b->entity));
}

static bool covers(const struct cedar_scope *wide, const struct cedar_scope *narrow)
{
    return wide->kind == CEDAR_SCOPE_ANY || scopes_equal(wide, narrow);
}

static bool paths_equal(const struct cedar_path *a, const struct cedar_path *b)
{
    bool equal = bytes_equal(a->variable, b->variable) && a->key_count == b->key_count;
    for (size_t i = 0; equal && i < a->key_count; i++) {
        equal = bytes_equal(a->keys[i], b->keys[i]);
    }
    return equal;
}

static bool tests_equal(const struct cedar_test *a, const struct cedar_test *b)
{
    bool equal = a->path_count == b->path_count && a->entity_count == b->entity_count;
    for (size_t i = 0; equal && i < a->path_count; i++) {
        equal = paths_equal(&a->paths[i], &b->paths[i]);
    }
    for (size_t i = 0; equal && i < a->entity_count; i++) {
        equal = cedar_entity_uid_equal(&a->entities[i].uid, &b->entities[i].uid);
    }
    return equal;
}

static bool has_test(const struct reader *reader, const struct cedar_test *test)
{
    for (size_t i = 0; i < reader->test_count; i++) {
        if (tests_equal(&reader->tests[i], test)) {
            return true;
        }
    }
    return false;
}

/* Whether whoever has the one permit has the other too. */
static bool goes_with(const struct reader *permit, const struct reader *other)
{
    if (!covers(&cedar_policy_scope(other->policy)->principal,
                &cedar_policy_scope(permit->policy)->principal)) {
        return false;
    }
    for (size_t i = 0; i < other->test_count; i++) {
        if (!has_test(permit, &other->tests[i])) {
            return false;
        }
    }
    return true;
}

/* Whether the permit alone shows something of every record. */
static bool shows_every_record(const struct pages *pages, const struct catalogue_record *record,
                               const struct reader *permit)
{
    struct condition ignored;
    if (!takes_record(pages, permit, record) || find_in_policy(pages, record, permit, &ignored)) {
        return false;
    }
    for (size_t i = 0; i < record->own_label_count; i++) {
        const size_t label = record->own_labels[i];
        if (permit->labels[label] && !pages->forbidden[label]) {
            return true;
        }
    }
    return false;
}

static bool sees_every_record(const struct pages *pages, const struct catalogue_record *record,
                              const struct reader *permit)
{
    if (shows_every_record(pages, record, permit)) {
        return true;
    }
    for (size_t i = 0; i < pages->reader_count; i++) {
        const struct reader *other = &pages->readers[i];
        if (is_permit(other) && goes_with(permit, other) &&
            shows_every_record(pages, record, other)) {
            return true;
        }
    }
    return false;
}

/* ---- the first condition that it is not told of ---- */

static bool share_label(const struct catalogue_record *record, const struct reader *a,
                        const struct reader *b)
{
    for (size_t i = 0; i < record->own_label_count; i++) {
        if (a->labels[record->own_labels[i]] && b->labels[record->own_labels[i]]) {
            return true;
        }
    }
    return false;
}

static bool find_in_forbids(const struct pages *pages, const struct catalogue_record *record,
                            const struct reader *permit, struct condition *out)
{
    for (size_t i = 0; i < pages->reader_count; i++) {
        if (!is_permit(&pages->readers[i]) && share_label(record, permit, &pages->readers[i]) &&
            find_in_forbid(pages, &pages->readers[i], out)) {
            return true;
        }
    }
    return false;
}

static bool find_in_record(const struct pages *pages, const struct catalogue_record *record,
                           struct condition *out)
{
    for (size_t i = 0; i < pages->reader_count; i++) {
        const struct reader *permit = &pages->readers[i];
        if (is_permit(permit) && takes_record(pages, permit, record) &&
            share_label(record, permit, permit) && !sees_every_record(pages, record, permit) &&
            (find_in_policy(pages, record, permit, out) ||
             find_in_forbids(pages, record, permit, out))) {
            return true;
        }
    }
    return false;
}

static bool find_condition(const struct pages *pages, struct condition *out)
{
    find_forbidden(pages);
    for (size_t i = 0; i < pages->operation->record_count; i++) {
        if (find_in_record(pages, &pages->ruleset->catalogue->records[pages->operation->records[i]],
                           out)) {
            return true;
        }
    }
    return false;
}

/* ---- the warning ---- */

static void warn(const struct catalogue_service *service, struct bytes name, unsigned line,
                 unsigned column, const struct condition *condition,
                 struct amanat_diagnostics *diagnostics)
{
    struct bytes source = BYTES("");
    enum binding_owner owner = BINDING_NONE;
    for (size_t i = 0; i < condition->test->path_count && owner == BINDING_NONE; i++) {
        if (!is_source(&condition->test->paths[i], &owner, &source)) {
            owner = BINDING_NONE;
            source = BYTES("");
        }
    }
    amanat_diagnostics_add(
        diagnostics, AMANAT_SEVERITY_WARNING, "paging-shows-left-out-records", service->source.at,
        line, column,
        "`%.*s` pages through records of which policies may leave some out by their `%.*s` "
        "(`%.*s`, %s:%u): short pages tell how many; send the condition to the service too, in a "
        "parameter with `x-amanat-bind%s%.*s`, or accept it with `x-amanat-paging: false`",
        BYTES_PRINTF(name), BYTES_PRINTF(condition->attribute->name),
        BYTES_PRINTF(cedar_policy_id(condition->policy)), cedar_policy_source(condition->policy),
        cedar_policy_line(condition->policy),
        owner == BINDING_NONE      ? ""
        : owner == BINDING_PARTNER ? ": partner."
                                   : ": agent.",
        BYTES_PRINTF(source));
}

static void warn_of_operation(const struct catalogue_service *service,
                              const struct catalogue_operation *operation,
                              const struct condition *condition,
                              struct amanat_diagnostics *diagnostics)
{
    for (size_t i = 0; i < operation->parameter_count; i++) {
        const struct catalogue_parameter *parameter = &operation->parameters[i];
        if (parameter->is_paging && catalogue_parameter_is_open(parameter)) {
            warn(service, parameter->name, parameter->line, parameter->column, condition,
                 diagnostics);
        }
    }
    for (size_t i = 0; i < operation->paging_member_count; i++) {
        const struct catalogue_paging_member *member = &operation->paging_members[i];
        warn(service, member->name, member->line, member->column, condition, diagnostics);
    }
}

/* ---- all ---- */

static amanat_result list_readers(const struct ruleset *ruleset, struct arena *arena,
                                  struct reader **out, size_t *out_count)
{
    const size_t count = cedar_policy_set_count(ruleset->policies);
    struct reader *readers = arena_allocate_array(arena, count + 1, sizeof(*readers));
    TRY_MEMORY(readers);
    *out_count = 0;
    for (size_t i = 0; i < count; i++) {
        const struct cedar_policy *policy = cedar_policy_set_at(ruleset->policies, i);
        if (cedar_policy_kind(policy) == CEDAR_POLICY_TEMPLATE) {
            continue;
        }
        struct reader *reader = &readers[(*out_count)++];
        *reader = (struct reader){.policy = policy};
        reader->labels = arena_allocate_array(arena, ruleset->catalogue->vocabulary.label_count,
                                              sizeof(*reader->labels));
        TRY_MEMORY(reader->labels);
        find_labels(ruleset, reader);
        TRY(cedar_policy_list_tests(policy, arena, &reader->tests, &reader->test_count));
    }
    *out = readers;
    return AMANAT_OK;
}

amanat_result ruleset_lint_paging(const struct ruleset *ruleset, struct arena *arena,
                                  struct amanat_diagnostics *diagnostics)
{
    const struct catalogue *catalogue = ruleset->catalogue;
    struct reader *readers = NULL;
    size_t count = 0;
    bool *forbidden =
        arena_allocate_array(arena, catalogue->vocabulary.label_count, sizeof(*forbidden));
    TRY_MEMORY(forbidden);
    TRY(list_readers(ruleset, arena, &readers, &count));
    for (size_t s = 0; s < catalogue->service_count; s++) {
        const struct catalogue_service *service = &catalogue->services[s];
        for (size_t i = 0; i < service->operation_count; i++) {
            const struct pages pages = {ruleset, service, &service->operations[i],
                                        readers, count,   forbidden};
            struct condition condition;
            if (find_condition(&pages, &condition)) {
                warn_of_operation(service, pages.operation, &condition, diagnostics);
            }
        }
    }
    return AMANAT_OK;
}
