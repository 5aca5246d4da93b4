/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attributes (Cedar spec: typeOfGetAttr, typeOfHasAttr): a required one may be read, an optional
 * one where it is known to be there. An entity may be absent, so `has` of a required attribute is
 * only certain of records.
 */
#include "policy/base/guard.h"
#include "policy/base/similar.h"
#include "policy/cedar/cedar_conformance.h"
#include "policy/cedar/cedar_typecheck.h"

/* The attributes of a record or an entity; false after an unknown type, of which nothing is known.
 * Actions have none. */
static bool find_record(const struct cedar_checker *checker, const struct cedar_static_type *type,
                        struct cedar_static_type *out)
{
    static const struct cedar_type no_attributes = {.kind = CEDAR_VALUE_RECORD};
    if (type->kind == CEDAR_VALUE_RECORD) {
        *out = *type;
        return true;
    }
    const struct cedar_entity_type *entity =
        cedar_schema_entity_type(checker->schema, type->entity_type);
    const bool is_action = cedar_type_is_of_actions(type->entity_type);
    if (entity == NULL && !is_action) {
        return false;
    }
    *out = cedar_static_declared(entity == NULL ? &no_attributes : entity->shape);
    return true;
}

static amanat_result check_has_attributes(struct cedar_checker *checker,
                                          const struct cedar_expression *expression,
                                          struct cedar_static_type *type)
{
    const bool fits = type->kind == CEDAR_VALUE_RECORD || type->kind == CEDAR_VALUE_ENTITY;
    if (fits || type->kind == CEDAR_VALUE_NONE) {
        return AMANAT_OK;
    }
    TRY(cedar_check_expected(checker, expression, "an entity or a record", type));
    *type = cedar_static_of_kind(CEDAR_VALUE_NONE);
    return AMANAT_OK;
}

/* ---- has ---- */

/* One key of `x has a.b`: is it there? `*type` becomes the type of what it holds. */
static amanat_result check_key(struct cedar_checker *checker,
                               const struct cedar_expression *expression, size_t index,
                               struct cedar_static_type *type, enum cedar_truth *out)
{
    const size_t asked = cedar_terms_asked(&checker->terms, expression)[index];
    const bool is_record = type->kind == CEDAR_VALUE_RECORD;
    struct cedar_static_type record = {0};
    bool required = false;
    *out = CEDAR_TRUTH_OPEN;
    TRY(check_has_attributes(checker, index == 0 ? expression->operands[0] : expression, type));
    if (type->kind == CEDAR_VALUE_NONE || !find_record(checker, type, &record)) {
        *type = cedar_static_of_kind(CEDAR_VALUE_NONE);
        return AMANAT_OK;
    }
    if (!cedar_static_attribute(&record, expression->as.path.keys[index], type, &required)) {
        *out = CEDAR_TRUTH_FALSE;
    } else if ((is_record && required) || cedar_presence_has(&checker->present, asked)) {
        *out = CEDAR_TRUTH_TRUE;
    }
    return AMANAT_OK;
}

amanat_result cedar_check_has(struct cedar_checker *checker,
                              const struct cedar_expression *expression, struct cedar_typing *out)
{
    struct cedar_typing operand = {0};
    struct cedar_capabilities found = {0};
    enum cedar_truth all = CEDAR_TRUTH_TRUE;
    TRY(cedar_check_expression(checker, expression->operands[0], &operand));
    for (size_t i = 0; i < expression->as.path.count && all != CEDAR_TRUTH_FALSE; i++) {
        enum cedar_truth truth = CEDAR_TRUTH_OPEN;
        TRY(check_key(checker, expression, i, &operand.type, &truth));
        all = truth == CEDAR_TRUTH_TRUE ? all : truth;
        TRY(cedar_capabilities_add(checker->arena, &found,
                                   cedar_terms_asked(&checker->terms, expression)[i]));
    }
    out->type = cedar_static_bool(all);
    if (all != CEDAR_TRUTH_FALSE) {
        out->capabilities = found;
    }
    return AMANAT_OK;
}

/* ---- get ---- */

/* Whose attribute it is, for messages. */
static const char *describe_owner(struct cedar_checker *checker,
                                  const struct cedar_expression *operand,
                                  const struct cedar_static_type *type)
{
    const char *text = NULL;
    if (type->kind == CEDAR_VALUE_ENTITY) {
        text = arena_format(checker->arena, "`%.*s`", BYTES_PRINTF(type->entity_type));
    } else if (operand->kind == CEDAR_EXPRESSION_VARIABLE) {
        text = arena_format(checker->arena, "the context of `%s`",
                            cedar_check_uid_text(checker, &checker->environment->action->uid));
    } else if (operand->kind == CEDAR_EXPRESSION_GET) {
        text =
            arena_format(checker->arena, "the record `%.*s`", BYTES_PRINTF(operand->as.attribute));
    } else {
        text = "this record";
    }
    return text == NULL ? "" : text;
}

static amanat_result list_names(struct cedar_checker *checker,
                                const struct cedar_static_type *record, struct bytes **out,
                                size_t *out_count)
{
    const struct cedar_type *declared = record->declared;
    const size_t count = declared != NULL ? declared->attribute_count : record->field_count;
    struct bytes *names = arena_allocate_array(checker->arena, count, sizeof(*names));
    TRY_MEMORY(names);
    for (size_t i = 0; i < count; i++) {
        names[i] = declared != NULL ? declared->attributes[i].name : record->fields[i].name;
    }
    *out = names;
    *out_count = count;
    return AMANAT_OK;
}

/*
 * From which entity type, by which attributes, the record came that lacks one: goes down the
 * operands while they are attributes of records.
 */
static amanat_result find_owner(struct cedar_checker *checker,
                                const struct cedar_expression *operand,
                                struct cedar_static_type type,
                                struct cedar_unknown_attribute *fault)
{
    struct bytes *path =
        arena_allocate_array(checker->arena, CEDAR_EXPRESSION_DEPTH_LIMIT, sizeof(*path));
    size_t start = CEDAR_EXPRESSION_DEPTH_LIMIT;
    TRY_MEMORY(path);
    while (type.kind == CEDAR_VALUE_RECORD && operand->kind == CEDAR_EXPRESSION_GET && start > 0) {
        struct cedar_typing typing = {0};
        path[--start] = operand->as.attribute;
        operand = operand->operands[0];
        TRY(cedar_check_expression(checker, operand, &typing));
        type = typing.type;
    }
    fault->entity_type = type.kind == CEDAR_VALUE_ENTITY ? type.entity_type : BYTES("");
    fault->of_context = operand->kind == CEDAR_EXPRESSION_VARIABLE &&
                        operand->as.variable == CEDAR_VARIABLE_CONTEXT;
    fault->path = path + start;
    fault->path_count = CEDAR_EXPRESSION_DEPTH_LIMIT - start;
    return AMANAT_OK;
}

static amanat_result tell_observer(struct cedar_checker *checker,
                                   const struct cedar_expression *get,
                                   const struct cedar_static_type *type, const char *text,
                                   struct bytes similar)
{
    struct cedar_unknown_attribute fault = {.policy = checker->policy,
                                            .place = cedar_place_of(get),
                                            .action = &checker->environment->action->uid,
                                            .attribute = get->as.attribute,
                                            .similar = similar};
    bool is_new = false;
    TRY(cedar_check_silent_fault(checker, fault.place, text, &is_new));
    if (is_new) {
        TRY(find_owner(checker, get->operands[0], *type, &fault));
        checker->observer->unknown_attribute(checker->observer->context, &fault);
    }
    return AMANAT_OK;
}

static amanat_result unknown_attribute(struct cedar_checker *checker,
                                       const struct cedar_expression *get,
                                       const struct cedar_static_type *type,
                                       const struct cedar_static_type *record)
{
    struct bytes *names = NULL;
    size_t count = 0;
    struct bytes similar = BYTES("");
    char hint[SIMILAR_HINT_SIZE];
    TRY(list_names(checker, record, &names, &count));
    (void)similar_word(get->as.attribute, names, count, &similar);
    const char *text = arena_format(checker->arena, "%s has no attribute `%.*s`%s",
                                    describe_owner(checker, get->operands[0], type),
                                    BYTES_PRINTF(get->as.attribute),
                                    similar_hint(get->as.attribute, names, count, hint));
    TRY_MEMORY(text);
    return checker->observer != NULL
               ? tell_observer(checker, get, type, text, similar)
               : cedar_check_fault(checker, cedar_place_of(get), "unknown-attribute", "%s", text);
}

amanat_result cedar_check_get(struct cedar_checker *checker,
                              const struct cedar_expression *expression, struct cedar_typing *out)
{
    const struct cedar_expression *operand = expression->operands[0];
    struct cedar_typing typing = {0};
    struct cedar_static_type record = {0};
    struct cedar_static_type found = {0};
    bool required = false;
    TRY(cedar_check_expression(checker, operand, &typing));
    TRY(check_has_attributes(checker, operand, &typing.type));
    if (typing.type.kind == CEDAR_VALUE_NONE || !find_record(checker, &typing.type, &record)) {
        return AMANAT_OK;
    }
    if (!cedar_static_attribute(&record, expression->as.attribute, &found, &required)) {
        return unknown_attribute(checker, expression, &typing.type, &record);
    }
    out->type = found;
    if (required ||
        cedar_presence_has(&checker->present, cedar_terms_asked(&checker->terms, expression)[0])) {
        return AMANAT_OK;
    }
    return cedar_check_fault(checker, cedar_place_of(expression), "optional-attribute",
                             "the attribute `%.*s` of %s may be missing: ask with `has` before it "
                             "is read",
                             BYTES_PRINTF(expression->as.attribute),
                             describe_owner(checker, operand, &typing.type));
}
