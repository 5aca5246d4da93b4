/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Schemas in the JSON syntax (Cedar documentation: JSON schema format), read into the same
 * declarations that the parser of Cedar's syntax makes. Here each declaration has one name, and a
 * type can say whether it means an entity type, a common type or a built-in one. What the official
 * engine calls experimental (`additionalAttributes`, attributes of actions) is refused.
 */
#include "policy/base/guard.h"
#include "policy/cedar/cedar_json.h"
#include "policy/cedar/cedar_lexer.h"
#include "policy/cedar/cedar_schema_ast.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct cedar_schema_name name_at(const struct document *document)
{
    return (struct cedar_schema_name){.line = document->line, .column = document->column};
}

static struct document key_of(const struct document_member *member)
{
    return (struct document){.line = member->line, .column = member->column};
}

/* A path, which may begin with `__cedar::`. */
static amanat_result read_path(const struct cedar_json *json, const struct document *document,
                               const char *what, struct cedar_schema_name *out)
{
    if (document->kind != DOCUMENT_STRING) {
        return cedar_json_fault(json, document, "expected %s, found %s", what,
                                document_kind_name(document->kind));
    }
    const bool built_in = bytes_start_with(document->text, BYTES("__cedar::"));
    if (!cedar_path_is_valid(bytes_from(document->text, built_in ? sizeof("__cedar::") - 1 : 0))) {
        return cedar_json_fault(json, document, "`%.*s` cannot be the name of %s",
                                BYTES_PRINTF(document->text), what);
    }
    *out = name_at(document);
    out->path = document->text;
    return AMANAT_OK;
}

static amanat_result read_paths(const struct cedar_json *json, const struct document *array,
                                cedar_schema_names *names)
{
    amanat_result result = AMANAT_OK;
    for (size_t i = 0; array != NULL && i < array->count; i++) {
        struct cedar_schema_name *name = VECTOR_PUSH(json->arena, names);
        TRY_MEMORY(name);
        GO_ON_AFTER_FAULT(result, read_path(json, &array->items[i], "an entity type", name));
    }
    return result;
}

/* ---- Types ---- */

/* Where a type stands decides which keys it may have beside its own. */
enum type_place {
    TYPE_PLAIN = 0,
    TYPE_COMMON,   /* of a common type: also annotations */
    TYPE_ATTRIBUTE /* of an attribute: also annotations and `required` */
};

static amanat_result read_type(const struct cedar_json *json, const struct document *document,
                               enum type_place place, unsigned level,
                               const struct cedar_type_expression **out);

/* The keys of all types; which of them belong to one type, `type_form` says. */
enum type_key { KEY_TYPE = 0, KEY_OWN, KEY_MORE, KEY_ANNOTATIONS, KEY_REQUIRED, TYPE_KEYS };

struct type_form {
    const char *name;
    struct cedar_json_key own;  /* what a type of this name must have besides */
    struct cedar_json_key more; /* and may have */
    enum cedar_type_expression_kind kind;
    enum cedar_type_reference reference;
    const char *built_in; /* the name that a built-in has in Cedar's syntax */
};

/* clang-format off */
static const struct type_form type_forms[] = {
    {"Long",    {0}, {0}, CEDAR_TYPE_EXPRESSION_PATH, CEDAR_TYPE_REFERENCE_BUILT_IN, "Long"},
    {"String",  {0}, {0}, CEDAR_TYPE_EXPRESSION_PATH, CEDAR_TYPE_REFERENCE_BUILT_IN, "String"},
    {"Boolean", {0}, {0}, CEDAR_TYPE_EXPRESSION_PATH, CEDAR_TYPE_REFERENCE_BUILT_IN, "Bool"},
    {"Entity",         {.name = "name", .kind = DOCUMENT_STRING, .required = true}, {0},
     CEDAR_TYPE_EXPRESSION_PATH, CEDAR_TYPE_REFERENCE_ENTITY, NULL},
    {"EntityOrCommon", {.name = "name", .kind = DOCUMENT_STRING, .required = true}, {0},
     CEDAR_TYPE_EXPRESSION_PATH, CEDAR_TYPE_REFERENCE_ENTITY_OR_COMMON, NULL},
    {"Extension",      {.name = "name", .kind = DOCUMENT_STRING, .required = true}, {0},
     CEDAR_TYPE_EXPRESSION_PATH, CEDAR_TYPE_REFERENCE_BUILT_IN, NULL},
    {"Set",     {.name = "element", .kind = DOCUMENT_OBJECT, .required = true}, {0},
     CEDAR_TYPE_EXPRESSION_SET, 0, NULL},
    {"Record",  {.name = "attributes", .kind = DOCUMENT_OBJECT, .required = true},
     {.name = "additionalAttributes", .kind = DOCUMENT_BOOL},
     CEDAR_TYPE_EXPRESSION_RECORD, 0, NULL},
};
/* clang-format on */

static const struct type_form common_form = {.kind = CEDAR_TYPE_EXPRESSION_PATH,
                                             .reference = CEDAR_TYPE_REFERENCE_COMMON};

static const struct type_form *find_form(struct bytes name)
{
    for (size_t i = 0; i < COUNT(type_forms); i++) {
        if (bytes_equal_string(name, type_forms[i].name)) {
            return &type_forms[i];
        }
    }
    return &common_form;
}

/* Reads the members of a type's object; `members` stand in the order of `enum type_key`. */
static amanat_result read_type_members(const struct cedar_json *json,
                                       const struct document *document, enum type_place place,
                                       const struct type_form **out_form,
                                       const struct document **members)
{
    const struct document *name = document_get(document, "type");
    const struct type_form *form =
        name != NULL && name->kind == DOCUMENT_STRING ? find_form(name->text) : &common_form;
    static const enum type_key optional[] = {KEY_OWN, KEY_MORE, KEY_ANNOTATIONS, KEY_REQUIRED};
    const struct cedar_json_key all[TYPE_KEYS] = {
        [KEY_TYPE] = {.name = "type", .kind = DOCUMENT_STRING, .required = true},
        [KEY_OWN] = form->own,
        [KEY_MORE] = form->more,
        [KEY_ANNOTATIONS] = {.name = place == TYPE_PLAIN ? NULL : "annotations",
                             .kind = DOCUMENT_OBJECT},
        [KEY_REQUIRED] = {.name = place == TYPE_ATTRIBUTE ? "required" : NULL,
                          .kind = DOCUMENT_BOOL}};
    struct cedar_json_key keys[TYPE_KEYS] = {all[KEY_TYPE]};
    const struct document *found[TYPE_KEYS];
    size_t count = 1;
    for (size_t i = 0; i < COUNT(optional); i++) {
        if (all[optional[i]].name != NULL) {
            keys[count++] = all[optional[i]];
        }
    }
    TRY(cedar_json_members(json, document, "a type", keys, count, found));
    for (size_t i = 0, at = 0; i < TYPE_KEYS; i++) {
        members[i] = all[i].name == NULL ? NULL : found[at++];
    }
    *out_form = form;
    return AMANAT_OK;
}

static amanat_result read_attribute(const struct cedar_json *json,
                                    const struct document_member *member, unsigned level,
                                    struct cedar_attribute_expression *out)
{
    const struct document *required = document_get(&member->value, "required");
    out->name = member->key;
    out->required = required == NULL || required->boolean;
    TRY(read_type(json, &member->value, TYPE_ATTRIBUTE, level, &out->type));
    return cedar_json_annotations(json, document_get(&member->value, "annotations"),
                                  &out->annotations, &out->annotation_count);
}

static amanat_result read_record(const struct cedar_json *json, const struct document *attributes,
                                 const struct document *additional, unsigned level,
                                 struct cedar_type_expression *type)
{
    amanat_result result = AMANAT_OK;
    if (additional != NULL && additional->boolean) {
        result = cedar_json_fault(json, additional, "`additionalAttributes` is not supported");
    }
    struct cedar_attribute_expression *fields =
        arena_allocate_array(json->arena, attributes->count, sizeof(*fields));
    TRY_MEMORY(fields);
    for (size_t i = 0; i < attributes->count; i++) {
        GO_ON_AFTER_FAULT(result, read_attribute(json, &attributes->members[i], level, &fields[i]));
    }
    type->fields = fields;
    type->field_count = attributes->count;
    return result;
}

/* The path that a type means: its own name, the one it gives, or a built-in's. */
static amanat_result read_reference(const struct cedar_json *json, const struct type_form *form,
                                    const struct document *const *members,
                                    struct cedar_type_expression *type)
{
    const struct document *name = members[KEY_OWN] != NULL ? members[KEY_OWN] : members[KEY_TYPE];
    type->reference = form->reference;
    if (form->built_in != NULL) {
        type->name.path = bytes_of_string(form->built_in);
        return AMANAT_OK;
    }
    if (form->reference != CEDAR_TYPE_REFERENCE_BUILT_IN) {
        return read_path(json, name, "a type", &type->name);
    }
    static const char *const extensions[] = {"ipaddr", "decimal", "datetime", "duration"};
    for (size_t i = 0; i < COUNT(extensions); i++) {
        if (bytes_equal_string(name->text, extensions[i])) {
            type->name.path = name->text;
            return AMANAT_OK;
        }
    }
    return cedar_json_fault(json, name,
                            "there is no extension type `%.*s`, only ipaddr, decimal, datetime "
                            "and duration",
                            BYTES_PRINTF(name->text));
}

static amanat_result read_type(const struct cedar_json *json, const struct document *document,
                               enum type_place place, unsigned level,
                               const struct cedar_type_expression **out)
{
    const struct type_form *form = NULL;
    const struct document *members[TYPE_KEYS];
    struct cedar_type_expression *type = ARENA_NEW(json->arena, struct cedar_type_expression);
    TRY_MEMORY(type);
    if (level > CEDAR_TYPE_DEPTH_LIMIT) {
        return cedar_json_fault(json, document, "this type is nested more than %d levels deep",
                                CEDAR_TYPE_DEPTH_LIMIT);
    }
    TRY(read_type_members(json, document, place, &form, members));
    type->kind = form->kind;
    type->name = name_at(document);
    if (form->kind == CEDAR_TYPE_EXPRESSION_RECORD) {
        TRY(read_record(json, members[KEY_OWN], members[KEY_MORE], level + 1, type));
    } else if (form->kind == CEDAR_TYPE_EXPRESSION_SET) {
        TRY(read_type(json, members[KEY_OWN], TYPE_PLAIN, level + 1, &type->element));
    } else {
        TRY(read_reference(json, form, members, type));
    }
    *out = type;
    return AMANAT_OK;
}

/* ---- Declarations ---- */

static amanat_result read_common_type(const struct cedar_json *json,
                                      const struct document_member *member,
                                      struct cedar_declaration *declaration)
{
    amanat_result result = AMANAT_OK;
    declaration->kind = CEDAR_DECLARATION_TYPE;
    GO_ON_AFTER_FAULT(result, read_type(json, &member->value, TYPE_COMMON, 1, &declaration->type));
    const struct document *annotations = document_get(&member->value, "annotations");
    if (annotations != NULL && annotations->kind == DOCUMENT_OBJECT) {
        GO_ON_AFTER_FAULT(result,
                          cedar_json_annotations(json, annotations, &declaration->annotations,
                                                 &declaration->annotation_count));
    }
    return result;
}

static amanat_result read_enum_ids(const struct cedar_json *json, const struct document *array,
                                   struct cedar_declaration *declaration)
{
    amanat_result result = AMANAT_OK;
    declaration->is_enum = true;
    if (array->count == 0) {
        return cedar_json_fault(json, array, "`enum` must have at least one id");
    }
    for (size_t i = 0; i < array->count; i++) {
        struct bytes *id = VECTOR_PUSH(json->arena, &declaration->enum_ids);
        TRY_MEMORY(id);
        if (array->items[i].kind != DOCUMENT_STRING) {
            result = cedar_json_fault(json, &array->items[i], "an entity id must be a string");
        }
        *id = array->items[i].text;
    }
    return result;
}

static amanat_result read_enum(const struct cedar_json *json, const struct document *document,
                               struct cedar_declaration *declaration)
{
    static const struct cedar_json_key keys[] = {
        {.name = "enum", .kind = DOCUMENT_ARRAY, .required = true},
        {.name = "annotations", .kind = DOCUMENT_OBJECT}};
    const struct document *members[COUNT(keys)];
    TRY(cedar_json_members(json, document, "an entity type with `enum`", keys, COUNT(keys),
                           members));
    TRY(read_enum_ids(json, members[0], declaration));
    return cedar_json_annotations(json, members[1], &declaration->annotations,
                                  &declaration->annotation_count);
}

static amanat_result read_entity_type(const struct cedar_json *json,
                                      const struct document_member *member,
                                      struct cedar_declaration *declaration)
{
    static const struct cedar_json_key keys[] = {{.name = "memberOfTypes", .kind = DOCUMENT_ARRAY},
                                                 {.name = "shape", .kind = DOCUMENT_OBJECT},
                                                 {.name = "tags", .kind = DOCUMENT_OBJECT},
                                                 {.name = "annotations", .kind = DOCUMENT_OBJECT}};
    const struct document *members[COUNT(keys)];
    amanat_result result = AMANAT_OK;
    declaration->kind = CEDAR_DECLARATION_ENTITY;
    if (document_get(&member->value, "enum") != NULL) {
        return read_enum(json, &member->value, declaration);
    }
    TRY(cedar_json_members(json, &member->value, "an entity type", keys, COUNT(keys), members));
    GO_ON_AFTER_FAULT(result, read_paths(json, members[0], &declaration->parents));
    if (members[1] != NULL) {
        GO_ON_AFTER_FAULT(result, read_type(json, members[1], TYPE_PLAIN, 1, &declaration->type));
    }
    if (members[2] != NULL) {
        GO_ON_AFTER_FAULT(result, read_type(json, members[2], TYPE_PLAIN, 1, &declaration->tags));
    }
    GO_ON_AFTER_FAULT(result, cedar_json_annotations(json, members[3], &declaration->annotations,
                                                     &declaration->annotation_count));
    return result;
}

/* `appliesTo`; one that names no principals or no resources applies to nothing. */
static amanat_result read_applies(const struct cedar_json *json, const struct document *document,
                                  struct cedar_declaration *declaration)
{
    static const struct cedar_json_key keys[] = {
        {.name = "principalTypes", .kind = DOCUMENT_ARRAY, .required = true},
        {.name = "resourceTypes", .kind = DOCUMENT_ARRAY, .required = true},
        {.name = "context", .kind = DOCUMENT_OBJECT}};
    const struct document *members[COUNT(keys)];
    amanat_result result = AMANAT_OK;
    TRY(cedar_json_members(json, document, "`appliesTo`", keys, COUNT(keys), members));
    GO_ON_AFTER_FAULT(result, read_paths(json, members[0], &declaration->principals));
    GO_ON_AFTER_FAULT(result, read_paths(json, members[1], &declaration->resources));
    if (members[2] != NULL) {
        GO_ON_AFTER_FAULT(result,
                          read_type(json, members[2], TYPE_PLAIN, 1, &declaration->context));
    }
    declaration->applies = declaration->principals.count > 0 && declaration->resources.count > 0;
    return result;
}

/* `{"id": …, "type": …}`; without the type an action of the same name space. */
static amanat_result read_parent_action(const struct cedar_json *json,
                                        const struct document *document,
                                        struct cedar_schema_name *out)
{
    static const struct cedar_json_key keys[] = {
        {.name = "id", .kind = DOCUMENT_STRING, .required = true},
        {.name = "type", .kind = DOCUMENT_STRING, .or_null = true}};
    const struct document *members[COUNT(keys)];
    TRY(cedar_json_members(json, document, "an action in `memberOf`", keys, COUNT(keys), members));
    struct cedar_schema_name name = name_at(document);
    if (members[1] != NULL) {
        TRY(read_path(json, members[1], "a type of actions", &name));
    }
    name.id = members[0]->text;
    *out = name;
    return AMANAT_OK;
}

static amanat_result read_parent_actions(const struct cedar_json *json,
                                         const struct document *array, cedar_schema_names *names)
{
    amanat_result result = AMANAT_OK;
    for (size_t i = 0; array != NULL && i < array->count; i++) {
        struct cedar_schema_name *name = VECTOR_PUSH(json->arena, names);
        TRY_MEMORY(name);
        GO_ON_AFTER_FAULT(result, read_parent_action(json, &array->items[i], name));
    }
    return result;
}

static amanat_result read_action(const struct cedar_json *json,
                                 const struct document_member *member,
                                 struct cedar_declaration *declaration)
{
    static const struct cedar_json_key keys[] = {
        {.name = "memberOf", .kind = DOCUMENT_ARRAY, .or_null = true},
        {.name = "appliesTo", .kind = DOCUMENT_OBJECT, .or_null = true},
        {.name = "attributes", .kind = DOCUMENT_OBJECT, .or_null = true},
        {.name = "annotations", .kind = DOCUMENT_OBJECT}};
    const struct document *members[COUNT(keys)];
    amanat_result result = AMANAT_OK;
    declaration->kind = CEDAR_DECLARATION_ACTION;
    TRY(cedar_json_members(json, &member->value, "an action", keys, COUNT(keys), members));
    GO_ON_AFTER_FAULT(result, read_parent_actions(json, members[0], &declaration->parents));
    if (members[1] != NULL) {
        GO_ON_AFTER_FAULT(result, read_applies(json, members[1], declaration));
    }
    if (members[2] != NULL) {
        result = cedar_json_fault(json, members[2], "attributes of actions are not supported");
    }
    GO_ON_AFTER_FAULT(result, cedar_json_annotations(json, members[3], &declaration->annotations,
                                                     &declaration->annotation_count));
    return result;
}

/* ---- Name spaces ---- */

typedef amanat_result (*declaration_fn)(const struct cedar_json *json,
                                        const struct document_member *member,
                                        struct cedar_declaration *declaration);

static amanat_result read_declaration(const struct cedar_json *json,
                                      const struct document_member *member, declaration_fn read,
                                      struct cedar_namespace *name_space)
{
    const struct document key = key_of(member);
    struct cedar_declaration *declaration = ARENA_NEW(json->arena, struct cedar_declaration);
    TRY_MEMORY(declaration);
    struct cedar_schema_name *name = VECTOR_PUSH(json->arena, &declaration->names);
    TRY_MEMORY(name);
    *name = name_at(&key);
    TRY(read(json, member, declaration));
    if (declaration->kind == CEDAR_DECLARATION_ACTION) {
        name->id = member->key;
    } else if (!cedar_word_is_valid(member->key) || cedar_word_is_reserved(member->key)) {
        return cedar_json_fault(json, &key, "`%.*s` cannot name a type", BYTES_PRINTF(member->key));
    }
    name->path = declaration->kind == CEDAR_DECLARATION_ACTION ? BYTES("") : member->key;
    struct cedar_declaration **place = VECTOR_PUSH(json->arena, &name_space->declarations);
    TRY_MEMORY(place);
    *place = declaration;
    return AMANAT_OK;
}

static amanat_result read_declarations(const struct cedar_json *json, const struct document *object,
                                       declaration_fn read, struct cedar_namespace *name_space)
{
    amanat_result result = AMANAT_OK;
    for (size_t i = 0; object != NULL && i < object->count; i++) {
        GO_ON_AFTER_FAULT(result, read_declaration(json, &object->members[i], read, name_space));
    }
    return result;
}

static amanat_result read_namespace(const struct cedar_json *json,
                                    const struct document_member *member,
                                    struct cedar_namespace *out)
{
    static const struct cedar_json_key keys[] = {
        {.name = "commonTypes", .kind = DOCUMENT_OBJECT},
        {.name = "entityTypes", .kind = DOCUMENT_OBJECT, .required = true},
        {.name = "actions", .kind = DOCUMENT_OBJECT, .required = true},
        {.name = "annotations", .kind = DOCUMENT_OBJECT}};
    static const declaration_fn readers[] = {read_common_type, read_entity_type, read_action};
    const struct document *members[COUNT(keys)];
    const struct document key = key_of(member);
    amanat_result result = AMANAT_OK;
    if (member->key.length > 0 && !cedar_path_is_valid(member->key)) {
        result = cedar_json_fault(json, &key, "`%.*s` cannot be a name space",
                                  BYTES_PRINTF(member->key));
    }
    TRY(cedar_json_members(json, &member->value, "a name space", keys, COUNT(keys), members));
    for (size_t i = 0; i < COUNT(readers); i++) {
        GO_ON_AFTER_FAULT(result, read_declarations(json, members[i], readers[i], out));
    }
    if (member->key.length == 0 && members[3] != NULL && members[3]->count > 0) {
        result = cedar_json_fault(json, members[3], "the empty name space cannot have annotations");
    }
    GO_ON_AFTER_FAULT(result, cedar_json_annotations(json, members[3], &out->annotations,
                                                     &out->annotation_count));
    return result;
}

amanat_result cedar_parse_schema_json(struct arena *arena, const char *source, struct bytes text,
                                      struct amanat_diagnostics *diagnostics,
                                      cedar_namespaces *namespaces)
{
    const struct cedar_json json = {arena, NULL, source, diagnostics};
    const struct document *document = NULL;
    amanat_result result = AMANAT_OK;
    TRY(document_from_deep_json(arena, source, text, CEDAR_JSON_DEPTH_LIMIT, diagnostics,
                                &document));
    ASSERT(document->kind == DOCUMENT_OBJECT);
    for (size_t i = 0; i < document->count; i++) {
        const struct document_member *member = &document->members[i];
        struct cedar_namespace *made = ARENA_NEW(arena, struct cedar_namespace);
        TRY_MEMORY(made);
        *made = (struct cedar_namespace){
            .name = member->key, .source = source, .line = member->line, .column = member->column};
        GO_ON_AFTER_FAULT(result, read_namespace(&json, member, made));
        struct cedar_namespace **place = VECTOR_PUSH(arena, namespaces);
        TRY_MEMORY(place);
        *place = made;
    }
    return result;
}
