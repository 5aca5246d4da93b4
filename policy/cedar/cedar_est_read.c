/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads policies, templates and whole sets in the JSON policy format (Cedar documentation: JSON
 * policy format) into the same tree that the parser of Cedar's syntax makes, within the same
 * limits: nobody behind it can tell where a policy came from. A `Value` becomes the expression that
 * one would write for it; pairs of `&&` or `||` that nest to the left become one chain.
 *
 * Two things that the official engine reads are refused because no Cedar text can say them: an
 * extension function that does not exist, and a method without the value it is called on.
 */
#include <stdio.h>

#include "policy/base/guard.h"
#include "policy/cedar/cedar_conformance.h"
#include "policy/cedar/cedar_json.h"
#include "policy/cedar/cedar_operations.h"
#include "policy/cedar/cedar_policy_set.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

typedef const struct cedar_expression *node;

/* Where the reader stands in itself. */
struct reading {
    struct cedar_json json;
    unsigned nesting;
};

static amanat_result make_node(struct reading *reading, enum cedar_expression_kind kind,
                               const struct document *at, const node *operands, size_t count,
                               struct cedar_expression **out)
{
    const amanat_result made =
        cedar_expression_new(reading->json.arena, kind, at->line, at->column, operands, count, out);
    if (made.status == AMANAT_STATUS_LIMIT) {
        return cedar_json_fault(&reading->json, at, "this expression is more than %d levels deep",
                                CEDAR_EXPRESSION_DEPTH_LIMIT);
    }
    return made;
}

static amanat_result enter(struct reading *reading, const struct document *at)
{
    if (reading->nesting >= CEDAR_EXPRESSION_DEPTH_LIMIT) {
        return cedar_json_fault(&reading->json, at, "this is nested more than %d levels deep",
                                CEDAR_EXPRESSION_DEPTH_LIMIT);
    }
    reading->nesting++;
    return AMANAT_OK;
}

static amanat_result read_uid(struct reading *reading, const struct document *document,
                              struct cedar_entity_uid *out)
{
    return cedar_json_uid(&reading->json, document, out);
}

static amanat_result read_type_name(struct reading *reading, const struct document *document,
                                    struct bytes *out)
{
    if (!cedar_path_is_valid(document->text)) {
        return cedar_json_fault(&reading->json, document, "`%.*s` is not an entity type",
                                BYTES_PRINTF(document->text));
    }
    *out = document->text;
    return AMANAT_OK;
}

/* ---- Values ---- */

static amanat_result read_value(struct reading *reading, const struct document *document,
                                node *out);

typedef amanat_result (*read_fn)(struct reading *reading, const struct document *document,
                                 node *out);

/* Reads each of `count` documents; all faults are reported. */
static amanat_result read_items(struct reading *reading, const struct document *items, size_t count,
                                read_fn read, const node **out)
{
    amanat_result result = AMANAT_OK;
    node *nodes = arena_allocate_array(reading->json.arena, count, sizeof(*nodes));
    TRY_MEMORY(nodes);
    for (size_t i = 0; i < count; i++) {
        GO_ON_AFTER_FAULT(result, read(reading, &items[i], &nodes[i]));
    }
    *out = nodes;
    return result;
}

static amanat_result read_set(struct reading *reading, const struct document *at,
                              const struct document *array, read_fn read, node *out)
{
    const node *items = NULL;
    struct cedar_expression *made = NULL;
    TRY(read_items(reading, array->items, array->count, read, &items));
    TRY(make_node(reading, CEDAR_EXPRESSION_SET, at, items, array->count, &made));
    *out = made;
    return AMANAT_OK;
}

static amanat_result read_record(struct reading *reading, const struct document *at,
                                 const struct document *object, read_fn read, node *out)
{
    const size_t count = object->count;
    struct bytes *keys = arena_allocate_array(reading->json.arena, count, sizeof(*keys));
    node *values = arena_allocate_array(reading->json.arena, count, sizeof(*values));
    struct cedar_expression *made = NULL;
    amanat_result result = AMANAT_OK;
    TRY_MEMORY(keys);
    TRY_MEMORY(values);
    for (size_t i = 0; i < count; i++) {
        keys[i] = object->members[i].key;
        GO_ON_AFTER_FAULT(result, read(reading, &object->members[i].value, &values[i]));
    }
    TRY(result);
    TRY(make_node(reading, CEDAR_EXPRESSION_RECORD, at, values, count, &made));
    made->as.path.keys = keys;
    made->as.path.count = count;
    *out = made;
    return AMANAT_OK;
}

static amanat_result make_literal(struct reading *reading, const struct document *at,
                                  struct cedar_value value, node *out)
{
    struct cedar_expression *made = NULL;
    TRY(make_node(reading, CEDAR_EXPRESSION_LITERAL, at, NULL, 0, &made));
    made->as.literal = value;
    *out = made;
    return AMANAT_OK;
}

/* A call of an extension function or method: any number of operands, as in Cedar's syntax. */
static amanat_result make_extension_call(struct reading *reading, const struct document *at,
                                         struct bytes name, const struct document *items,
                                         size_t count, read_fn read, node *out)
{
    const struct cedar_operation *operation = cedar_json_extension_function(name);
    const node *operands = NULL;
    struct cedar_expression *made = NULL;
    if (operation == NULL) {
        return cedar_json_fault(&reading->json, at, "there is no extension function `%.*s`",
                                BYTES_PRINTF(name));
    }
    if (operation->style == CEDAR_OPERATION_METHOD && count == 0) {
        return cedar_json_fault(&reading->json, at, "`%s` needs the value that it is called on",
                                operation->name);
    }
    TRY(read_items(reading, items, count, read, &operands));
    TRY(make_node(reading, CEDAR_EXPRESSION_CALL, at, operands, count, &made));
    made->as.operation = operation;
    *out = made;
    return AMANAT_OK;
}

/* An object inside a `Value`: an escape, or a record. */
static amanat_result read_object_value(struct reading *reading, const struct document *document,
                                       node *out)
{
    struct cedar_entity_uid uid;
    const struct document *call = NULL;
    switch (cedar_json_escape(document, &call)) {
    case CEDAR_JSON_ESCAPE_NONE:
        return read_record(reading, document, document, read_value, out);
    case CEDAR_JSON_ESCAPE_ENTITY:
        TRY(read_uid(reading, document, &uid));
        return make_literal(reading, document, cedar_value_entity(uid.type, uid.id), out);
    case CEDAR_JSON_ESCAPE_EXTENSION:
        break;
    case CEDAR_JSON_ESCAPE_EXPRESSION:
        return cedar_json_fault(&reading->json, document, "the escape `__expr` is not supported");
    }
    const struct document *argument = document_get(call, "arg");
    const struct document *arguments = document_get(call, "args");
    return make_extension_call(reading, document, document_get(call, "fn")->text,
                               argument != NULL ? argument : arguments->items,
                               argument != NULL ? 1 : arguments->count, read_value, out);
}

static amanat_result read_value_inside(struct reading *reading, const struct document *document,
                                       node *out)
{
    struct cedar_value scalar;
    if (document->kind == DOCUMENT_ARRAY) {
        return read_set(reading, document, document, read_value, out);
    }
    if (document->kind == DOCUMENT_OBJECT) {
        return read_object_value(reading, document, out);
    }
    TRY(cedar_json_value(&reading->json, NULL, document, &scalar));
    return make_literal(reading, document, scalar, out);
}

static amanat_result read_value(struct reading *reading, const struct document *document, node *out)
{
    TRY(enter(reading, document));
    const amanat_result result = read_value_inside(reading, document, out);
    reading->nesting--;
    return result;
}

/* ---- Expressions ---- */

static amanat_result read_expression(struct reading *reading, const struct document *document,
                                     node *out);

/* An expression's only member: the operator's name at its place, and what belongs to it. */
struct form {
    struct document at; /* the position of the expression */
    struct bytes name;
    const struct document *body;
};

/* Reads an object whose members are all operands, in the order of `keys`. */
static amanat_result read_named_operands(struct reading *reading, const struct form *form,
                                         const struct cedar_json_key *keys, size_t count,
                                         const node **out)
{
    const struct document *members[3] = {0};
    char what[48];
    amanat_result result = AMANAT_OK;
    ASSERT(count <= COUNT(members));
    (void)snprintf(what, sizeof(what), "`%.*s`", BYTES_PRINTF(form->name));
    TRY(cedar_json_members(&reading->json, form->body, what, keys, count, members));
    node *operands = arena_allocate_array(reading->json.arena, count, sizeof(*operands));
    TRY_MEMORY(operands);
    for (size_t i = 0; i < count; i++) {
        GO_ON_AFTER_FAULT(result, read_expression(reading, members[i], &operands[i]));
    }
    *out = operands;
    return result;
}

#define OPERAND(key)                                                                               \
    {                                                                                              \
        .name = (key), .any_kind = true, .required = true                                          \
    }

static const struct cedar_json_key one_operand[] = {OPERAND("arg")};
static const struct cedar_json_key two_operands[] = {OPERAND("left"), OPERAND("right")};
static const struct cedar_json_key if_operands[] = {OPERAND("if"), OPERAND("then"),
                                                    OPERAND("else")};

static amanat_result read_call(struct reading *reading, const struct form *form,
                               const struct cedar_operation *operation, node *out)
{
    const node *operands = NULL;
    struct cedar_expression *made = NULL;
    TRY(read_named_operands(reading, form, operation->arity == 1 ? one_operand : two_operands,
                            operation->arity, &operands));
    TRY(make_node(reading, CEDAR_EXPRESSION_CALL, &form->at, operands, operation->arity, &made));
    made->as.operation = operation;
    *out = made;
    return AMANAT_OK;
}

static amanat_result read_if(struct reading *reading, const struct form *form, node *out)
{
    const node *operands = NULL;
    struct cedar_expression *made = NULL;
    TRY(read_named_operands(reading, form, if_operands, COUNT(if_operands), &operands));
    TRY(make_node(reading, CEDAR_EXPRESSION_IF, &form->at, operands, COUNT(if_operands), &made));
    *out = made;
    return AMANAT_OK;
}

/* The body of an expression that is just one more of the same chain, or NULL. */
static const struct document *same_chain(const struct document *document, struct bytes name)
{
    const bool is_same = document->kind == DOCUMENT_OBJECT && document->count == 1 &&
                         bytes_equal(document->members[0].key, name);
    return is_same ? &document->members[0].value : NULL;
}

/* Pairs that nest to the left, however many, without recursion; operands come from the right. */
static amanat_result read_chain(struct reading *reading, const struct form *form, node *out)
{
    VECTOR(const struct document *) found = {0};
    const struct document *body = form->body;
    char what[16];
    (void)snprintf(what, sizeof(what), "`%.*s`", BYTES_PRINTF(form->name));
    while (body != NULL) {
        const struct document *members[2];
        TRY(cedar_json_members(&reading->json, body, what, two_operands, 2, members));
        body = same_chain(members[0], form->name);
        for (size_t i = 0; i < (body == NULL ? 2U : 1U); i++) {
            const struct document **place = VECTOR_PUSH(reading->json.arena, &found);
            TRY_MEMORY(place);
            *place = members[1 - i];
        }
    }
    amanat_result result = AMANAT_OK;
    struct cedar_expression *made = NULL;
    node *operands = arena_allocate_array(reading->json.arena, found.count, sizeof(*operands));
    TRY_MEMORY(operands);
    for (size_t i = 0; i < found.count; i++) {
        GO_ON_AFTER_FAULT(result,
                          read_expression(reading, found.items[found.count - 1 - i], &operands[i]));
    }
    TRY(result);
    TRY(make_node(reading, form->name.at[0] == '&' ? CEDAR_EXPRESSION_AND : CEDAR_EXPRESSION_OR,
                  &form->at, operands, found.count, &made));
    *out = made;
    return AMANAT_OK;
}

static amanat_result read_literal(struct reading *reading, const struct form *form, node *out)
{
    return read_value_inside(reading, form->body, out);
}

static amanat_result read_variable(struct reading *reading, const struct form *form, node *out)
{
    struct cedar_expression *made = NULL;
    enum cedar_variable variable;
    if (form->body->kind != DOCUMENT_STRING || !cedar_variable_find(form->body->text, &variable)) {
        return cedar_json_fault(&reading->json, form->body,
                                "a variable is principal, action, resource or context");
    }
    TRY(make_node(reading, CEDAR_EXPRESSION_VARIABLE, &form->at, NULL, 0, &made));
    made->as.variable = variable;
    *out = made;
    return AMANAT_OK;
}

static amanat_result refuse_slot(struct reading *reading, const struct form *form, node *out)
{
    (void)out;
    return cedar_json_fault(&reading->json, &form->at, "a slot can only stand in a policy's scope");
}

/* The operand under "left" and what stands beside it, as a node of one operand. */
static amanat_result read_left(struct reading *reading, const struct form *form,
                               enum cedar_expression_kind kind, const struct cedar_json_key *beside,
                               const struct document **out_beside, struct cedar_expression **out)
{
    const struct cedar_json_key keys[] = {OPERAND("left"), *beside};
    const struct document *members[2];
    char what[16];
    node *operand = ARENA_NEW(reading->json.arena, node);
    TRY_MEMORY(operand);
    (void)snprintf(what, sizeof(what), "`%.*s`", BYTES_PRINTF(form->name));
    TRY(cedar_json_members(&reading->json, form->body, what, keys, 2, members));
    TRY(read_expression(reading, members[0], operand));
    *out_beside = members[1];
    return make_node(reading, kind, &form->at, operand, 1, out);
}

static amanat_result read_get(struct reading *reading, const struct form *form, node *out)
{
    static const struct cedar_json_key key = {
        .name = "attr", .kind = DOCUMENT_STRING, .required = true};
    const struct document *attribute = NULL;
    struct cedar_expression *made = NULL;
    TRY(read_left(reading, form, CEDAR_EXPRESSION_GET, &key, &attribute, &made));
    made->as.attribute = attribute->text;
    *out = made;
    return AMANAT_OK;
}

/* One key as a string, or a path of keys as an array. */
static amanat_result read_keys(struct reading *reading, const struct document *document,
                               struct cedar_expression *made)
{
    const bool is_array = document->kind == DOCUMENT_ARRAY;
    const struct document *items = is_array ? document->items : document;
    const size_t count = is_array ? document->count : 1;
    struct bytes *keys = arena_allocate_array(reading->json.arena, count, sizeof(*keys));
    TRY_MEMORY(keys);
    for (size_t i = 0; i < count; i++) {
        if (items[i].kind != DOCUMENT_STRING) {
            return cedar_json_fault(&reading->json, &items[i],
                                    "expected an attribute's name, found %s",
                                    document_kind_name(items[i].kind));
        }
        keys[i] = items[i].text;
    }
    if (count == 0) {
        return cedar_json_fault(&reading->json, document, "`has` needs an attribute");
    }
    made->as.path.keys = keys;
    made->as.path.count = count;
    return AMANAT_OK;
}

/* The one form in which the official engine passes over keys that do not belong. */
static amanat_result read_has(struct reading *reading, const struct form *form, node *out)
{
    const struct document *left = document_get(form->body, "left");
    const struct document *keys = document_get(form->body, "attr");
    struct cedar_expression *made = NULL;
    node *operand = ARENA_NEW(reading->json.arena, node);
    TRY_MEMORY(operand);
    if (left == NULL || keys == NULL) {
        return cedar_json_fault(&reading->json, form->body,
                                "`has` must be an object with `left` and `attr`");
    }
    TRY(read_expression(reading, left, operand));
    TRY(make_node(reading, CEDAR_EXPRESSION_HAS, &form->at, operand, 1, &made));
    TRY(read_keys(reading, keys, made));
    *out = made;
    return AMANAT_OK;
}

/* The text of `{"Literal": …}`, or NULL. */
static const struct document *literal_of(const struct document *part)
{
    const struct document *literal = part->count == 1 ? document_get(part, "Literal") : NULL;
    return literal != NULL && literal->kind == DOCUMENT_STRING ? literal : NULL;
}

/* `"Wildcard"` ends a piece, `{"Literal": …}` adds to it; all pieces lie in one text. */
static amanat_result read_pattern(struct reading *reading, const struct document *array,
                                  struct cedar_pattern *out)
{
    size_t length = 0;
    for (size_t i = 0; i < array->count; i++) {
        const struct document *literal = literal_of(&array->items[i]);
        if (literal == NULL && !document_is_string(&array->items[i], "Wildcard")) {
            return cedar_json_fault(&reading->json, &array->items[i],
                                    "a part of a pattern is \"Wildcard\" or {\"Literal\": …}");
        }
        length += literal == NULL ? 0 : literal->text.length;
    }
    struct bytes *pieces =
        arena_allocate_array(reading->json.arena, array->count + 1, sizeof(*pieces));
    char *text = arena_allocate(reading->json.arena, length);
    size_t last = 0;
    TRY_MEMORY(pieces);
    TRY_MEMORY(text);
    pieces[0] = bytes_of(text, 0);
    for (size_t i = 0; i < array->count; i++) {
        const struct document *literal = literal_of(&array->items[i]);
        if (literal == NULL) {
            last++;
            pieces[last] = bytes_of(text, 0);
        } else if (literal->text.length > 0) {
            memcpy(text, literal->text.at, literal->text.length);
            text += literal->text.length;
            pieces[last].length += literal->text.length;
        }
    }
    *out = (struct cedar_pattern){pieces, last + 1};
    return AMANAT_OK;
}

static amanat_result read_like(struct reading *reading, const struct form *form, node *out)
{
    static const struct cedar_json_key key = {
        .name = "pattern", .kind = DOCUMENT_ARRAY, .required = true};
    const struct document *pattern = NULL;
    struct cedar_expression *made = NULL;
    TRY(read_left(reading, form, CEDAR_EXPRESSION_LIKE, &key, &pattern, &made));
    TRY(read_pattern(reading, pattern, &made->as.pattern));
    *out = made;
    return AMANAT_OK;
}

static amanat_result read_is(struct reading *reading, const struct form *form, node *out)
{
    static const struct cedar_json_key keys[] = {
        OPERAND("left"),
        {.name = "entity_type", .kind = DOCUMENT_STRING, .required = true},
        {.name = "in", .any_kind = true, .or_null = true}};
    const struct document *members[COUNT(keys)];
    struct cedar_expression *made = NULL;
    struct bytes type;
    node *operands = arena_allocate_array(reading->json.arena, 2, sizeof(*operands));
    TRY_MEMORY(operands);
    TRY(cedar_json_members(&reading->json, form->body, "`is`", keys, COUNT(keys), members));
    TRY(read_type_name(reading, members[1], &type));
    TRY(read_expression(reading, members[0], &operands[0]));
    if (members[2] != NULL) {
        TRY(read_expression(reading, members[2], &operands[1]));
    }
    TRY(make_node(reading, CEDAR_EXPRESSION_IS, &form->at, operands, members[2] != NULL ? 2 : 1,
                  &made));
    made->as.type = type;
    *out = made;
    return AMANAT_OK;
}

static amanat_result expect_kind(struct reading *reading, const struct form *form,
                                 enum document_kind kind)
{
    return form->body->kind == kind
               ? AMANAT_OK
               : cedar_json_fault(&reading->json, form->body, "`%.*s` takes an %s, not %s",
                                  BYTES_PRINTF(form->name), document_kind_name(kind),
                                  document_kind_name(form->body->kind));
}

static amanat_result read_set_form(struct reading *reading, const struct form *form, node *out)
{
    TRY(expect_kind(reading, form, DOCUMENT_ARRAY));
    return read_set(reading, &form->at, form->body, read_expression, out);
}

static amanat_result read_record_form(struct reading *reading, const struct form *form, node *out)
{
    TRY(expect_kind(reading, form, DOCUMENT_OBJECT));
    return read_record(reading, &form->at, form->body, read_expression, out);
}

/* Everything that has a shape of its own; the rest are operators with operands by name. */
static const struct {
    const char *name;
    amanat_result (*read)(struct reading *reading, const struct form *form, node *out);
} forms[] = {
    {"Value", read_literal}, {"Var", read_variable}, {"Slot", refuse_slot},
    {"&&", read_chain},      {"||", read_chain},     {"if-then-else", read_if},
    {".", read_get},         {"has", read_has},      {"like", read_like},
    {"is", read_is},         {"Set", read_set_form}, {"Record", read_record_form},
};

static const struct cedar_operation *find_operation(struct bytes name)
{
    if (bytes_equal_string(name, "!") || bytes_equal_string(name, "neg")) {
        return cedar_operation_find(name.length == 1 ? name : BYTES("-"), CEDAR_OPERATION_PREFIX);
    }
    const struct cedar_operation *operation = cedar_operation_find(name, CEDAR_OPERATION_INFIX);
    if (operation == NULL) {
        operation = cedar_operation_find(name, CEDAR_OPERATION_METHOD);
    }
    return operation == NULL || operation->is_extension ? NULL : operation;
}

static amanat_result read_form(struct reading *reading, const struct form *form, node *out)
{
    for (size_t i = 0; i < COUNT(forms); i++) {
        if (bytes_equal_string(form->name, forms[i].name)) {
            return forms[i].read(reading, form, out);
        }
    }
    const struct cedar_operation *operation = find_operation(form->name);
    if (operation != NULL) {
        return read_call(reading, form, operation, out);
    }
    if (cedar_json_extension_function(form->name) == NULL) {
        return cedar_json_fault(&reading->json, &form->at,
                                "there is no operator or function `%.*s`",
                                BYTES_PRINTF(form->name));
    }
    TRY(expect_kind(reading, form, DOCUMENT_ARRAY));
    return make_extension_call(reading, &form->at, form->name, form->body->items, form->body->count,
                               read_expression, out);
}

static amanat_result read_expression(struct reading *reading, const struct document *document,
                                     node *out)
{
    if (document->kind != DOCUMENT_OBJECT || document->count != 1) {
        return cedar_json_fault(&reading->json, document,
                                "an expression is an object with one key, its operator");
    }
    const struct form form = {.at = {.line = document->line, .column = document->column},
                              .name = document->members[0].key,
                              .body = &document->members[0].value};
    TRY(enter(reading, document));
    const amanat_result result = read_form(reading, &form, out);
    reading->nesting--;
    return result;
}

/* ---- Scopes ---- */

static amanat_result scope_operator(struct reading *reading, const struct document *object,
                                    const struct document **out)
{
    const struct document *op = document_get(object, "op");
    if (op == NULL || op->kind != DOCUMENT_STRING) {
        return cedar_json_fault(&reading->json, object,
                                "a scope is an object with an operator, `{\"op\": …}`");
    }
    *out = op;
    return AMANAT_OK;
}

/* `"entity"` or `"slot"`, the latter with the name of its own variable; other keys do not matter.
 */
static amanat_result read_entity_or_slot(struct reading *reading, const struct document *object,
                                         const char *slot, struct cedar_scope *scope)
{
    const struct document *entity = document_get(object, "entity");
    const struct document *given = document_get(object, "slot");
    if (entity != NULL) {
        return read_uid(reading, entity, &scope->entity);
    }
    if (given == NULL) {
        return cedar_json_fault(&reading->json, object, "expected a key `entity` or `slot`");
    }
    if (!document_is_string(given, slot)) {
        return cedar_json_fault(&reading->json, given, "the only slot here is `%s`", slot);
    }
    scope->is_slot = true;
    return AMANAT_OK;
}

static amanat_result read_is_scope(struct reading *reading, const struct document *object,
                                   const char *slot, struct cedar_scope *scope)
{
    static const struct cedar_json_key keys[] = {
        {.name = "op", .kind = DOCUMENT_STRING, .required = true},
        {.name = "entity_type", .kind = DOCUMENT_STRING, .required = true},
        {.name = "in", .kind = DOCUMENT_OBJECT, .or_null = true}};
    const struct document *members[COUNT(keys)];
    TRY(cedar_json_members(&reading->json, object, "a scope with `is`", keys, COUNT(keys),
                           members));
    TRY(read_type_name(reading, members[1], &scope->type));
    scope->kind = CEDAR_SCOPE_IS;
    if (members[2] != NULL) {
        scope->kind = CEDAR_SCOPE_IS_IN;
        TRY(read_entity_or_slot(reading, members[2], slot, scope));
    }
    return AMANAT_OK;
}

static bool is_all(const struct document *op)
{
    return document_is_string(op, "All") || document_is_string(op, "all");
}

static amanat_result read_scope(struct reading *reading, const struct document *object,
                                const char *slot, struct cedar_scope *out)
{
    const struct document *op = NULL;
    struct cedar_scope scope = {0};
    TRY(scope_operator(reading, object, &op));
    if (document_is_string(op, "==")) {
        scope.kind = CEDAR_SCOPE_EQUAL;
        TRY(read_entity_or_slot(reading, object, slot, &scope));
    } else if (document_is_string(op, "in")) {
        scope.kind = CEDAR_SCOPE_IN;
        TRY(read_entity_or_slot(reading, object, slot, &scope));
    } else if (document_is_string(op, "is")) {
        TRY(read_is_scope(reading, object, slot, &scope));
    } else if (!is_all(op)) {
        return cedar_json_fault(&reading->json, op,
                                "the operator of this scope is `All`, `==`, `in` or `is`");
    }
    *out = scope;
    return AMANAT_OK;
}

static amanat_result read_actions(struct reading *reading, const struct document *items,
                                  size_t count, struct cedar_action_scope *scope)
{
    amanat_result result = AMANAT_OK;
    struct cedar_entity_uid *actions =
        arena_allocate_array(reading->json.arena, count, sizeof(*actions));
    TRY_MEMORY(actions);
    for (size_t i = 0; i < count; i++) {
        GO_ON_AFTER_FAULT(result, read_uid(reading, &items[i], &actions[i]));
        if (actions[i].type.length > 0 && !cedar_type_is_of_actions(actions[i].type)) {
            result = cedar_json_fault(&reading->json, &items[i],
                                      "the type of an action must be `Action`");
        }
    }
    scope->entities = actions;
    scope->count = count;
    return result;
}

static amanat_result read_action_scope(struct reading *reading, const struct document *object,
                                       struct cedar_action_scope *out)
{
    const struct document *op = NULL;
    const struct document *entity = document_get(object, "entity");
    const struct document *entities = document_get(object, "entities");
    TRY(scope_operator(reading, object, &op));
    const bool is_in = document_is_string(op, "in");
    if (is_all(op)) {
        *out = (struct cedar_action_scope){0};
        return AMANAT_OK;
    }
    if (!is_in && !document_is_string(op, "==")) {
        return cedar_json_fault(&reading->json, op,
                                "the operator of this scope is `All`, `==` or `in`");
    }
    struct cedar_action_scope scope = {.kind = is_in ? CEDAR_SCOPE_IN : CEDAR_SCOPE_EQUAL};
    if (entity != NULL) {
        TRY(read_actions(reading, entity, 1, &scope));
    } else if (is_in && entities != NULL && entities->kind == DOCUMENT_ARRAY) {
        TRY(read_actions(reading, entities->items, entities->count, &scope));
    } else {
        return cedar_json_fault(&reading->json, object, "expected a key %s",
                                is_in ? "`entity` or `entities`" : "`entity`");
    }
    *out = scope;
    return AMANAT_OK;
}

/* ---- Policies ---- */

static amanat_result read_condition(struct reading *reading, const struct document *document,
                                    struct cedar_condition *out)
{
    static const struct cedar_json_key keys[] = {
        {.name = "kind", .kind = DOCUMENT_STRING, .required = true}, OPERAND("body")};
    const struct document *members[COUNT(keys)];
    TRY(cedar_json_members(&reading->json, document, "a condition", keys, COUNT(keys), members));
    out->unless = document_is_string(members[0], "unless");
    if (!out->unless && !document_is_string(members[0], "when")) {
        return cedar_json_fault(&reading->json, members[0],
                                "the kind of a condition is `when` or `unless`");
    }
    return read_expression(reading, members[1], &out->body);
}

static amanat_result read_conditions(struct reading *reading, const struct document *array,
                                     struct cedar_policy *policy)
{
    amanat_result result = AMANAT_OK;
    struct cedar_condition *conditions =
        arena_allocate_array(reading->json.arena, array->count, sizeof(*conditions));
    TRY_MEMORY(conditions);
    for (size_t i = 0; i < array->count; i++) {
        reading->nesting = 0;
        GO_ON_AFTER_FAULT(result, read_condition(reading, &array->items[i], &conditions[i]));
    }
    policy->conditions = conditions;
    policy->condition_count = array->count;
    return result;
}

static amanat_result read_effect(struct reading *reading, const struct document *document,
                                 enum cedar_effect *out)
{
    const bool is_permit = document_is_string(document, "permit");
    if (!is_permit && !document_is_string(document, "forbid")) {
        return cedar_json_fault(&reading->json, document, "the effect is `permit` or `forbid`");
    }
    *out = is_permit ? CEDAR_EFFECT_PERMIT : CEDAR_EFFECT_FORBID;
    return AMANAT_OK;
}

static amanat_result read_policy(struct reading *reading, const struct document *document,
                                 struct cedar_policy **out)
{
    static const struct cedar_json_key keys[] = {
        {.name = "effect", .kind = DOCUMENT_STRING, .required = true},
        {.name = "principal", .kind = DOCUMENT_OBJECT, .required = true},
        {.name = "action", .kind = DOCUMENT_OBJECT, .required = true},
        {.name = "resource", .kind = DOCUMENT_OBJECT, .required = true},
        {.name = "conditions", .kind = DOCUMENT_ARRAY, .required = true},
        {.name = "annotations", .kind = DOCUMENT_OBJECT}};
    const struct document *members[COUNT(keys)];
    amanat_result result = AMANAT_OK;
    struct cedar_policy *policy = ARENA_NEW(reading->json.arena, struct cedar_policy);
    TRY_MEMORY(policy);
    TRY(cedar_json_members(&reading->json, document, "a policy", keys, COUNT(keys), members));
    struct cedar_policy_scope *scope = &policy->scope;
    policy->source = reading->json.source;
    policy->line = document->line;
    policy->column = document->column;
    GO_ON_AFTER_FAULT(result, read_effect(reading, members[0], &policy->effect));
    GO_ON_AFTER_FAULT(result, read_scope(reading, members[1], "?principal", &scope->principal));
    GO_ON_AFTER_FAULT(result, read_action_scope(reading, members[2], &scope->action));
    GO_ON_AFTER_FAULT(result, read_scope(reading, members[3], "?resource", &scope->resource));
    GO_ON_AFTER_FAULT(result, read_conditions(reading, members[4], policy));
    GO_ON_AFTER_FAULT(result,
                      cedar_json_annotations(&reading->json, members[5], &policy->annotations,
                                             &policy->annotation_count));
    TRY(result);
    const bool has_slot = scope->principal.is_slot || scope->resource.is_slot;
    policy->kind = has_slot ? CEDAR_POLICY_TEMPLATE : CEDAR_POLICY_STATIC;
    *out = policy;
    return AMANAT_OK;
}

/* ---- Sets ---- */

static amanat_result add_named(struct reading *reading, struct cedar_policy_set *set,
                               const struct document_member *member, enum cedar_policy_kind kind)
{
    struct cedar_policy *policy = NULL;
    TRY(read_policy(reading, &member->value, &policy));
    if (policy->kind != kind) {
        return cedar_json_fault(&reading->json, &member->value, "%s",
                                kind == CEDAR_POLICY_STATIC
                                    ? "a policy with a slot belongs under `templates`"
                                    : "a policy without slots belongs under `staticPolicies`");
    }
    return cedar_policy_set_add_parsed(set, policy, &member->key, reading->json.diagnostics);
}

static amanat_result add_policies(struct reading *reading, struct cedar_policy_set *set,
                                  const struct document *object, enum cedar_policy_kind kind)
{
    amanat_result result = AMANAT_OK;
    for (size_t i = 0; object != NULL && i < object->count; i++) {
        GO_ON_AFTER_FAULT(result, add_named(reading, set, &object->members[i], kind));
    }
    return result;
}

static amanat_result add_link(struct reading *reading, struct cedar_policy_set *set,
                              const struct document *document)
{
    static const struct cedar_json_key keys[] = {
        {.name = "templateId", .kind = DOCUMENT_STRING, .required = true},
        {.name = "newId", .kind = DOCUMENT_STRING, .required = true},
        {.name = "values", .kind = DOCUMENT_OBJECT, .required = true}};
    static const struct cedar_json_key slot_keys[] = {{.name = "?principal", .any_kind = true},
                                                      {.name = "?resource", .any_kind = true}};
    const struct document *members[COUNT(keys)];
    const struct document *values[COUNT(slot_keys)];
    struct cedar_entity_uid uids[COUNT(slot_keys)];
    TRY(cedar_json_members(&reading->json, document, "a link", keys, COUNT(keys), members));
    TRY(cedar_json_members(&reading->json, members[2], "`values`", slot_keys, COUNT(slot_keys),
                           values));
    for (size_t i = 0; i < COUNT(slot_keys); i++) {
        if (values[i] != NULL) {
            TRY(read_uid(reading, values[i], &uids[i]));
        }
    }
    const struct cedar_policy *template = cedar_policy_set_find(set, members[0]->text);
    if (template == NULL || template->kind != CEDAR_POLICY_TEMPLATE) {
        return cedar_json_fault(&reading->json, members[0], "there is no template `%.*s`",
                                BYTES_PRINTF(members[0]->text));
    }
    const struct cedar_slot_values slots = {.principal = values[0] == NULL ? NULL : &uids[0],
                                            .resource = values[1] == NULL ? NULL : &uids[1]};
    return cedar_policy_set_add_link(set, members[0]->text, members[1]->text, &slots,
                                     reading->json.diagnostics);
}

static amanat_result add_set(struct reading *reading, struct cedar_policy_set *set,
                             const struct document *document)
{
    static const struct cedar_json_key keys[] = {
        {.name = "staticPolicies", .kind = DOCUMENT_OBJECT},
        {.name = "templates", .kind = DOCUMENT_OBJECT},
        {.name = "templateLinks", .kind = DOCUMENT_ARRAY}};
    const struct document *members[COUNT(keys)];
    amanat_result result = AMANAT_OK;
    TRY(cedar_json_members(&reading->json, document, "a policy set", keys, COUNT(keys), members));
    GO_ON_AFTER_FAULT(result, add_policies(reading, set, members[0], CEDAR_POLICY_STATIC));
    GO_ON_AFTER_FAULT(result, add_policies(reading, set, members[1], CEDAR_POLICY_TEMPLATE));
    for (size_t i = 0; members[2] != NULL && i < members[2]->count; i++) {
        GO_ON_AFTER_FAULT(result, add_link(reading, set, &members[2]->items[i]));
    }
    return result;
}

amanat_result cedar_policy_set_add_est(struct cedar_policy_set *set, const char *source,
                                       struct bytes text, struct amanat_diagnostics *diagnostics)
{
    struct bytes source_copy;
    const struct document *document = NULL;
    struct cedar_policy *policy = NULL;
    TRY(arena_copy_bytes(set->arena, bytes_of_string(source), &source_copy));
    TRY(document_from_deep_json(set->arena, source_copy.at, text, CEDAR_JSON_DEPTH_LIMIT,
                                diagnostics, &document));
    struct reading reading = {.json = {set->arena, NULL, source_copy.at, diagnostics}};
    const bool is_policy =
        document_get(document, "effect") != NULL || document_get(document, "conditions") != NULL;
    if (!is_policy) {
        return add_set(&reading, set, document);
    }
    TRY(read_policy(&reading, document, &policy));
    return cedar_policy_set_add_parsed(set, policy, NULL, diagnostics);
}
