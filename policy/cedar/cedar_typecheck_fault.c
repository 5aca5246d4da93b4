/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Faults of policies: each is reported once for a policy, also when several environments have it,
 * and the first of them is named. Here too: names that are not declared, with the one that was
 * probably meant.
 */
#include <stdarg.h>
#include <stdio.h>

#include "policy/base/guard.h"
#include "policy/base/similar.h"
#include "policy/cedar/cedar_conformance.h"
#include "policy/cedar/cedar_typecheck.h"

#define LONGEST_UID 200

struct cedar_place cedar_place_of(const struct cedar_expression *expression)
{
    return (struct cedar_place){expression->line, expression->column};
}

const char *cedar_check_uid_text(struct cedar_checker *checker, const struct cedar_entity_uid *uid)
{
    struct buffer buffer;
    buffer_init(&buffer, LONGEST_UID);
    cedar_entity_uid_append(&buffer, uid);
    const char *text = arena_format(checker->arena, "%.*s%s", BYTES_PRINTF(buffer_bytes(&buffer)),
                                    buffer.broken ? "…" : "");
    buffer_clear(&buffer);
    return text == NULL ? "" : text;
}

/* Remembers the fault; false when it was reported before. */
static amanat_result remember(struct cedar_checker *checker, struct cedar_place place,
                              const char *text, bool *out_new)
{
    const struct bytes key =
        arena_format_bytes(checker->arena, "%u:%u %s", place.line, place.column, text);
    TRY_MEMORY(key.at);
    *out_new = map_get(&checker->reported, key) == NULL;
    return *out_new ? map_put(checker->arena, &checker->reported, key, checker) : AMANAT_OK;
}

static const char *describe_environment(struct cedar_checker *checker)
{
    const struct cedar_environment *environment = checker->environment;
    if (environment == NULL) {
        return "";
    }
    const char *text =
        arena_format(checker->arena, ", for principal `%.*s`, action `%s`, resource `%.*s`",
                     BYTES_PRINTF(environment->principal),
                     cedar_check_uid_text(checker, &environment->action->uid),
                     BYTES_PRINTF(environment->resource));
    return text == NULL ? "" : text;
}

amanat_result cedar_check_silent_fault(struct cedar_checker *checker, struct cedar_place place,
                                       const char *text, bool *out_new)
{
    checker->faulty = true;
    return remember(checker, place, text, out_new);
}

amanat_result cedar_check_fault(struct cedar_checker *checker, struct cedar_place place,
                                const char *code, const char *format, ...)
{
    char text[1024];
    bool is_new = false;
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    TRY(cedar_check_silent_fault(checker, place, text, &is_new));
    if (is_new) {
        const struct cedar_policy *policy = checker->policy;
        const bool has_place = place.line > 0;
        amanat_diagnostics_add(checker->diagnostics, AMANAT_SEVERITY_ERROR, code, policy->source,
                               has_place ? place.line : policy->line,
                               has_place ? place.column : policy->column, "%s%s", text,
                               describe_environment(checker));
    }
    return AMANAT_OK;
}

amanat_result cedar_check_expected(struct cedar_checker *checker,
                                   const struct cedar_expression *expression, const char *wanted,
                                   const struct cedar_static_type *found)
{
    return cedar_check_fault(checker, cedar_place_of(expression), "unexpected-type",
                             "expected %s, found `%s`", wanted,
                             cedar_static_text(checker->arena, found));
}

/* ---- Names ---- */

amanat_result cedar_check_entity_type(struct cedar_checker *checker, struct cedar_place place,
                                      struct bytes type)
{
    const size_t count = cedar_schema_entity_type_count(checker->schema);
    char hint[SIMILAR_HINT_SIZE];
    if (cedar_type_is_of_actions(type) || cedar_schema_entity_type(checker->schema, type) != NULL) {
        return AMANAT_OK;
    }
    struct bytes *names = arena_allocate_array(checker->arena, count, sizeof(*names));
    TRY_MEMORY(names);
    for (size_t i = 0; i < count; i++) {
        names[i] = cedar_schema_entity_type_at(checker->schema, i)->name;
    }
    return cedar_check_fault(checker, place, "unknown-entity-type",
                             "there is no entity type `%.*s`%s", BYTES_PRINTF(type),
                             similar_hint(type, names, count, hint));
}

/* The nearest of the ids that actions of this type have. */
static amanat_result similar_action(struct cedar_checker *checker,
                                    const struct cedar_entity_uid *uid,
                                    struct cedar_entity_uid *out, bool *out_found)
{
    const size_t count = cedar_schema_action_count(checker->schema);
    struct bytes *ids = arena_allocate_array(checker->arena, count, sizeof(*ids));
    size_t of_type = 0;
    TRY_MEMORY(ids);
    for (size_t i = 0; i < count; i++) {
        const struct cedar_action *action = cedar_schema_action_at(checker->schema, i);
        if (bytes_equal(action->uid.type, uid->type)) {
            ids[of_type++] = action->uid.id;
        }
    }
    out->type = uid->type;
    *out_found = similar_word(uid->id, ids, of_type, &out->id);
    return AMANAT_OK;
}

static bool action_of_other_type(const struct cedar_schema *schema, struct bytes id,
                                 struct cedar_entity_uid *out)
{
    for (size_t i = 0; i < cedar_schema_action_count(schema); i++) {
        const struct cedar_action *action = cedar_schema_action_at(schema, i);
        if (bytes_equal(action->uid.id, id)) {
            *out = action->uid;
            return true;
        }
    }
    return false;
}

static amanat_result unknown_action(struct cedar_checker *checker, struct cedar_place place,
                                    const struct cedar_entity_uid *uid)
{
    struct cedar_entity_uid meant = {0};
    bool found = action_of_other_type(checker->schema, uid->id, &meant);
    if (!found) {
        TRY(similar_action(checker, uid, &meant, &found));
    }
    return cedar_check_fault(checker, place, "unknown-action", "there is no action `%s`%s%s%s",
                             cedar_check_uid_text(checker, uid), found ? "; did you mean `" : "",
                             found ? cedar_check_uid_text(checker, &meant) : "", found ? "`?" : "");
}

amanat_result cedar_check_uid(struct cedar_checker *checker, struct cedar_place place,
                              const struct cedar_entity_uid *uid)
{
    char hint[SIMILAR_HINT_SIZE];
    if (cedar_type_is_of_actions(uid->type)) {
        return cedar_schema_action(checker->schema, uid) != NULL
                   ? AMANAT_OK
                   : unknown_action(checker, place, uid);
    }
    const struct cedar_entity_type *type = cedar_schema_entity_type(checker->schema, uid->type);
    if (type == NULL) {
        return cedar_check_entity_type(checker, place, uid->type);
    }
    if (!type->is_enum || cedar_names_contain(type->enum_ids, type->enum_id_count, uid->id)) {
        return AMANAT_OK;
    }
    return cedar_check_fault(checker, place, "unknown-enum-id",
                             "there is no entity `%s`: the ids of this type are listed in the "
                             "schema%s",
                             cedar_check_uid_text(checker, uid),
                             similar_hint(uid->id, type->enum_ids, type->enum_id_count, hint));
}
