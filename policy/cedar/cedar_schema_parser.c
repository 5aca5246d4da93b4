/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Schema texts (Cedar schema grammar). No word is a keyword outside its place: an entity may be
 * called `type`. After a fault the parser goes on behind the declaration's semicolon, or where a
 * declaration seems to begin.
 */
#include "policy/base/guard.h"
#include "policy/base/map.h"
#include "policy/cedar/cedar_parser.h"
#include "policy/cedar/cedar_schema_ast.h"

static struct cedar_schema_name name_at(const struct cedar_token *token)
{
    return (struct cedar_schema_name){.line = token->line, .column = token->column};
}

/* An attribute may also be called `__cedar`. */
static amanat_result parse_name(struct cedar_parser *parser, const char *what, struct bytes *out)
{
    if (parser->token.kind == CEDAR_TOKEN_STRING) {
        return cedar_parser_string(parser, what, out);
    }
    if (cedar_parser_at_word(parser, "__cedar")) {
        *out = parser->token.text;
        cedar_parser_advance(parser);
        return AMANAT_OK;
    }
    return cedar_parser_identifier(parser, what, out);
}

/* `Path`, which may begin with `__cedar::` where a type is meant. */
static amanat_result parse_path(struct cedar_parser *parser, struct cedar_schema_name *out)
{
    *out = name_at(&parser->token);
    if (!cedar_parser_at_word(parser, "__cedar")) {
        return cedar_parser_path(parser, "a type", &out->path);
    }
    struct bytes rest;
    cedar_parser_advance(parser);
    TRY(cedar_parser_expect_symbol(parser, "::"));
    TRY(cedar_parser_path(parser, "a type", &rest));
    out->path = arena_format_bytes(parser->arena, "__cedar::%.*s", BYTES_PRINTF(rest));
    return out->path.length == 0 ? amanat_result_of(AMANAT_STATUS_MEMORY) : AMANAT_OK;
}

static amanat_result push_path(struct cedar_parser *parser, cedar_schema_names *names)
{
    struct cedar_schema_name *name = VECTOR_PUSH(parser->arena, names);
    TRY_MEMORY(name);
    return parse_path(parser, name);
}

/* `Path | '[' [Path {',' Path}] ']'` */
static amanat_result parse_paths(struct cedar_parser *parser, cedar_schema_names *names)
{
    if (!cedar_parser_accept_symbol(parser, "[")) {
        return push_path(parser, names);
    }
    if (cedar_parser_accept_symbol(parser, "]")) {
        return AMANAT_OK;
    }
    do {
        TRY(push_path(parser, names));
    } while (cedar_parser_accept_symbol(parser, ","));
    return cedar_parser_expect_symbol(parser, "]");
}

/* ---- Types ---- */

static amanat_result parse_type(struct cedar_parser *parser,
                                const struct cedar_type_expression **out);

static amanat_result parse_attribute(struct cedar_parser *parser,
                                     struct cedar_attribute_expression *out)
{
    TRY(cedar_parser_annotations(parser, &out->annotations, &out->annotation_count));
    TRY(parse_name(parser, "an attribute's name", &out->name));
    out->required = !cedar_parser_accept_symbol(parser, "?");
    TRY(cedar_parser_expect_symbol(parser, ":"));
    TRY(parse_type(parser, &out->type));
    if (cedar_parser_at_symbol(parser, "?")) {
        cedar_parser_note(parser, &parser->token,
                          "the `?` stands behind an attribute's name: `%.*s?: …`",
                          (int)(out->name.length < 64 ? out->name.length : 64), out->name.at);
        cedar_parser_advance(parser);
    }
    return AMANAT_OK;
}

typedef VECTOR(struct cedar_attribute_expression) fields;

/* An attribute that is declared twice is what its last declaration says, as the official engine has
 * it. */
static amanat_result push_attribute(struct cedar_parser *parser, fields *attributes,
                                    struct map *indexes)
{
    struct cedar_attribute_expression attribute = {0};
    TRY(parse_attribute(parser, &attribute));
    const size_t *earlier = map_get(indexes, attribute.name);
    if (earlier != NULL) {
        attributes->items[*earlier] = attribute;
        return AMANAT_OK;
    }
    size_t *index = ARENA_NEW(parser->arena, size_t);
    TRY_MEMORY(index);
    *index = attributes->count;
    struct cedar_attribute_expression *place = VECTOR_PUSH(parser->arena, attributes);
    TRY_MEMORY(place);
    *place = attribute;
    return map_put(parser->arena, indexes, attribute.name, index);
}

/* `'{' Attrs '}'` */
static amanat_result parse_record(struct cedar_parser *parser,
                                  const struct cedar_type_expression **out)
{
    fields attributes = {0};
    struct map indexes = {0};
    struct cedar_type_expression *type = ARENA_NEW(parser->arena, struct cedar_type_expression);
    TRY_MEMORY(type);
    type->kind = CEDAR_TYPE_EXPRESSION_RECORD;
    type->name = name_at(&parser->token);
    const struct cedar_token open = parser->token;
    TRY(cedar_parser_expect_symbol(parser, "{"));
    while (!cedar_parser_at_symbol(parser, "}")) {
        TRY(push_attribute(parser, &attributes, &indexes));
        if (!cedar_parser_next_item(parser, "}")) {
            break;
        }
    }
    TRY(cedar_parser_expect_close(parser, &open, "}"));
    type->fields = attributes.items;
    type->field_count = attributes.count;
    *out = type;
    return AMANAT_OK;
}

/* A path, or `Set<T>`: the word is a name like any other unless `<` follows. */
static amanat_result parse_path_or_set(struct cedar_parser *parser,
                                       struct cedar_type_expression *type)
{
    TRY(parse_path(parser, &type->name));
    if (!bytes_equal_string(type->name.path, "Set") || !cedar_parser_accept_symbol(parser, "<")) {
        return AMANAT_OK;
    }
    type->kind = CEDAR_TYPE_EXPRESSION_SET;
    TRY(parse_type(parser, &type->element));
    return cedar_parser_expect_symbol(parser, ">");
}

static amanat_result parse_type_inside(struct cedar_parser *parser,
                                       const struct cedar_type_expression **out)
{
    if (cedar_parser_at_symbol(parser, "{")) {
        return parse_record(parser, out);
    }
    struct cedar_type_expression *type = ARENA_NEW(parser->arena, struct cedar_type_expression);
    TRY_MEMORY(type);
    TRY(parse_path_or_set(parser, type));
    *out = type;
    return AMANAT_OK;
}

static amanat_result parse_type(struct cedar_parser *parser,
                                const struct cedar_type_expression **out)
{
    TRY(cedar_parser_enter(parser));
    TRY(parse_type_inside(parser, out));
    cedar_parser_leave(parser);
    return AMANAT_OK;
}

/* ---- Declarations ---- */

static amanat_result parse_identifiers(struct cedar_parser *parser, cedar_schema_names *names)
{
    do {
        struct cedar_schema_name *name = VECTOR_PUSH(parser->arena, names);
        TRY_MEMORY(name);
        *name = name_at(&parser->token);
        TRY(cedar_parser_identifier(parser, "an entity type's name", &name->path));
    } while (cedar_parser_accept_symbol(parser, ","));
    return AMANAT_OK;
}

static amanat_result parse_enum(struct cedar_parser *parser, struct cedar_declaration *declaration)
{
    declaration->is_enum = true;
    TRY(cedar_parser_expect_symbol(parser, "["));
    do {
        struct bytes *id = VECTOR_PUSH(parser->arena, &declaration->enum_ids);
        TRY_MEMORY(id);
        TRY(cedar_parser_string(parser, "an entity id", id));
    } while (cedar_parser_accept_symbol(parser, ","));
    return cedar_parser_expect_symbol(parser, "]");
}

static amanat_result parse_entity(struct cedar_parser *parser,
                                  struct cedar_declaration *declaration)
{
    TRY(parse_identifiers(parser, &declaration->names));
    if (cedar_parser_accept_word(parser, "enum")) {
        return parse_enum(parser, declaration);
    }
    if (cedar_parser_accept_word(parser, "in")) {
        TRY(parse_paths(parser, &declaration->parents));
    }
    const bool has_equals = cedar_parser_accept_symbol(parser, "=");
    if (has_equals || cedar_parser_at_symbol(parser, "{")) {
        TRY(parse_record(parser, &declaration->type));
    }
    if (cedar_parser_accept_word(parser, "tags")) {
        TRY(parse_type(parser, &declaration->tags));
    }
    return AMANAT_OK;
}

static amanat_result parse_action_names(struct cedar_parser *parser, cedar_schema_names *names)
{
    do {
        struct cedar_schema_name *name = VECTOR_PUSH(parser->arena, names);
        TRY_MEMORY(name);
        *name = name_at(&parser->token);
        TRY(parse_name(parser, "an action's name", &name->id));
    } while (cedar_parser_accept_symbol(parser, ","));
    return AMANAT_OK;
}

/* `QN := Name | Path '::' STRING` */
static amanat_result push_action(struct cedar_parser *parser, cedar_schema_names *names)
{
    struct cedar_schema_name *name = VECTOR_PUSH(parser->arena, names);
    TRY_MEMORY(name);
    *name = name_at(&parser->token);
    const struct cedar_token at = parser->token;
    if (at.kind == CEDAR_TOKEN_STRING || cedar_parser_at_word(parser, "__cedar")) {
        return parse_name(parser, "an action", &name->id);
    }
    struct cedar_entity_uid uid;
    bool is_entity = false;
    TRY(cedar_parser_path_or_entity(parser, "an action", &is_entity, &uid));
    if (is_entity) {
        name->path = uid.type;
        name->id = uid.id;
        return AMANAT_OK;
    }
    if (bytes_find(uid.type, ':') < uid.type.length) {
        return cedar_parser_fault(parser, &at, "an action's id must be in quotes after a path");
    }
    name->id = uid.type;
    return AMANAT_OK;
}

static amanat_result parse_actions(struct cedar_parser *parser, cedar_schema_names *names)
{
    if (!cedar_parser_accept_symbol(parser, "[")) {
        return push_action(parser, names);
    }
    do {
        TRY(push_action(parser, names));
    } while (cedar_parser_accept_symbol(parser, ","));
    return cedar_parser_expect_symbol(parser, "]");
}

/* One of the three parts of `appliesTo`; `names` is NULL for the context. */
static amanat_result parse_part(struct cedar_parser *parser, const struct cedar_token *word,
                                bool is_again, cedar_schema_names *names,
                                struct cedar_declaration *declaration)
{
    if (is_again) {
        return cedar_parser_fault(parser, word, "`%.*s` stands twice", BYTES_PRINTF(word->text));
    }
    cedar_parser_advance(parser);
    TRY(cedar_parser_expect_symbol(parser, ":"));
    if (names != NULL) {
        TRY(parse_paths(parser, names));
        return names->count > 0 ? AMANAT_OK
                                : cedar_parser_fault(parser, word, "`%.*s` needs a type",
                                                     BYTES_PRINTF(word->text));
    }
    return parse_type(parser, &declaration->context);
}

static amanat_result parse_applies_part(struct cedar_parser *parser,
                                        struct cedar_declaration *declaration)
{
    const struct cedar_token word = parser->token;
    if (cedar_token_is_word(&word, "principal")) {
        return parse_part(parser, &word, declaration->principals.count > 0,
                          &declaration->principals, declaration);
    }
    if (cedar_token_is_word(&word, "resource")) {
        return parse_part(parser, &word, declaration->resources.count > 0, &declaration->resources,
                          declaration);
    }
    if (cedar_token_is_word(&word, "context")) {
        return parse_part(parser, &word, declaration->context != NULL, NULL, declaration);
    }
    return cedar_parser_expected(parser, "`principal`, `resource` or `context`");
}

static amanat_result parse_applies(struct cedar_parser *parser,
                                   struct cedar_declaration *declaration,
                                   const struct cedar_token *word)
{
    declaration->applies = true;
    TRY(cedar_parser_expect_symbol(parser, "{"));
    do {
        TRY(parse_applies_part(parser, declaration));
    } while (cedar_parser_accept_symbol(parser, ",") && !cedar_parser_at_symbol(parser, "}"));
    TRY(cedar_parser_expect_symbol(parser, "}"));
    if (declaration->principals.count == 0 || declaration->resources.count == 0) {
        return cedar_parser_fault(parser, word,
                                  "`appliesTo` needs both `principal` and `resource`");
    }
    return AMANAT_OK;
}

static amanat_result parse_action(struct cedar_parser *parser,
                                  struct cedar_declaration *declaration)
{
    TRY(parse_action_names(parser, &declaration->names));
    if (cedar_parser_accept_word(parser, "in")) {
        TRY(parse_actions(parser, &declaration->parents));
    }
    const struct cedar_token at = parser->token;
    if (cedar_parser_accept_word(parser, "appliesTo")) {
        TRY(parse_applies(parser, declaration, &at));
    }
    if (cedar_parser_accept_word(parser, "attributes")) {
        TRY(cedar_parser_expect_symbol(parser, "{"));
        TRY(cedar_parser_expect_symbol(parser, "}"));
    }
    return AMANAT_OK;
}

static amanat_result parse_common_type(struct cedar_parser *parser,
                                       struct cedar_declaration *declaration)
{
    struct cedar_schema_name *name = VECTOR_PUSH(parser->arena, &declaration->names);
    TRY_MEMORY(name);
    *name = name_at(&parser->token);
    TRY(cedar_parser_identifier(parser, "a type's name", &name->path));
    TRY(cedar_parser_expect_symbol(parser, "="));
    return parse_type(parser, &declaration->type);
}

static amanat_result refuse_declaration(struct cedar_parser *parser)
{
    static const char *const words[] = {"entity", "action", "type", "namespace"};
    char hint[SIMILAR_HINT_SIZE];
    if (cedar_parser_at_word(parser, "namespace")) {
        return cedar_parser_fault(parser, &parser->token,
                                  "a name space cannot stand inside another one");
    }
    return cedar_parser_fault(parser, &parser->token,
                              "expected `entity`, `action`, `type` or `namespace`, found %s%s",
                              cedar_token_describe(&parser->token, parser->arena),
                              cedar_parser_hint(parser, words, 4, hint));
}

/* A declaration behind its annotations. */
static amanat_result parse_declaration(struct cedar_parser *parser,
                                       struct cedar_declaration *declaration)
{
    if (cedar_parser_accept_word(parser, "entity")) {
        declaration->kind = CEDAR_DECLARATION_ENTITY;
        TRY(parse_entity(parser, declaration));
    } else if (cedar_parser_accept_word(parser, "action")) {
        declaration->kind = CEDAR_DECLARATION_ACTION;
        TRY(parse_action(parser, declaration));
    } else if (cedar_parser_accept_word(parser, "type")) {
        declaration->kind = CEDAR_DECLARATION_TYPE;
        TRY(parse_common_type(parser, declaration));
    } else {
        return refuse_declaration(parser);
    }
    return cedar_parser_expect_symbol(parser, ";");
}

/* ---- Name spaces and recovery ---- */

/* Where a parser of a whole text stands. */
struct reading {
    struct cedar_parser parser;
    struct cedar_namespace *empty;   /* of bare declarations */
    struct cedar_namespace *current; /* `empty`, or the one whose braces are open */
    cedar_namespaces *namespaces;
    struct map names; /* of this text's name spaces */
};

static amanat_result add_namespace(struct reading *reading, const struct cedar_token *at,
                                   struct bytes name, struct cedar_namespace **out)
{
    struct cedar_parser *parser = &reading->parser;
    if (map_get(&reading->names, name) != NULL) {
        return cedar_parser_fault(parser, at, "the name space `%.*s` stands twice",
                                  BYTES_PRINTF(name));
    }
    struct cedar_namespace *made = ARENA_NEW(parser->arena, struct cedar_namespace);
    TRY_MEMORY(made);
    made->name = name;
    made->source = parser->lexer.source;
    made->line = at->line;
    made->column = at->column;
    struct cedar_namespace **place = VECTOR_PUSH(parser->arena, reading->namespaces);
    TRY_MEMORY(place);
    *place = made;
    *out = made;
    return map_put(parser->arena, &reading->names, name, made);
}

static amanat_result open_namespace(struct reading *reading,
                                    const struct cedar_declaration *annotated)
{
    const struct cedar_token at = reading->parser.token;
    struct bytes name;
    TRY(cedar_parser_path(&reading->parser, "a name space", &name));
    TRY(cedar_parser_expect_symbol(&reading->parser, "{"));
    TRY(add_namespace(reading, &at, name, &reading->current));
    reading->current->annotations = annotated->annotations;
    reading->current->annotation_count = annotated->annotation_count;
    return AMANAT_OK;
}

/* One declaration, or the beginning or end of a name space. */
static amanat_result read_one(struct reading *reading)
{
    struct cedar_parser *parser = &reading->parser;
    const bool inside = reading->current != reading->empty;
    if (inside && cedar_parser_accept_symbol(parser, "}")) {
        reading->current = reading->empty;
        return AMANAT_OK;
    }
    struct cedar_declaration *declaration = ARENA_NEW(parser->arena, struct cedar_declaration);
    TRY_MEMORY(declaration);
    TRY(cedar_parser_annotations(parser, &declaration->annotations,
                                 &declaration->annotation_count));
    if (!inside && cedar_parser_accept_word(parser, "namespace")) {
        return open_namespace(reading, declaration);
    }
    TRY(parse_declaration(parser, declaration));
    struct cedar_declaration **place = VECTOR_PUSH(parser->arena, &reading->current->declarations);
    TRY_MEMORY(place);
    *place = declaration;
    return AMANAT_OK;
}

/* `type: String` inside a record is no declaration, although its line begins like one. */
static bool names_an_attribute(const struct cedar_parser *parser)
{
    const struct cedar_token next = cedar_parser_peek(parser);
    return cedar_token_is_symbol(&next, ":") || cedar_token_is_symbol(&next, "?");
}

/* Moves behind the next semicolon, or to a word with which a declaration may begin at the start of
 * a line. */
static void skip_declaration(struct cedar_parser *parser, size_t start)
{
    if (parser->lexer.position == start) {
        cedar_parser_advance(parser);
    }
    while (parser->token.kind != CEDAR_TOKEN_END && !cedar_parser_accept_symbol(parser, ";")) {
        const bool starts =
            cedar_parser_begins_line(parser) && !names_an_attribute(parser) &&
            (cedar_parser_at_word(parser, "entity") || cedar_parser_at_word(parser, "action") ||
             cedar_parser_at_word(parser, "type") || cedar_parser_at_word(parser, "namespace") ||
             cedar_parser_at_symbol(parser, "@"));
        if (starts) {
            return;
        }
        cedar_parser_advance(parser);
    }
}

static amanat_result read_all(struct reading *reading)
{
    struct cedar_parser *parser = &reading->parser;
    amanat_result result = AMANAT_OK;
    cedar_parser_advance(parser);
    while (parser->token.kind != CEDAR_TOKEN_END) {
        const size_t start = parser->lexer.position;
        parser->nesting = 0;
        const amanat_result one = read_one(reading);
        if (one.status == AMANAT_STATUS_CONFIG_FAULT) {
            result = one;
            skip_declaration(parser, start);
            continue;
        }
        TRY(one);
    }
    if (reading->current != reading->empty) {
        result = cedar_parser_expected(parser, "`}` at the end of the name space");
    }
    return parser->faulty ? amanat_result_of(AMANAT_STATUS_CONFIG_FAULT) : result;
}

amanat_result cedar_parse_schema(struct arena *arena, const char *source, struct bytes text,
                                 struct amanat_diagnostics *diagnostics,
                                 cedar_namespaces *namespaces)
{
    struct reading reading = {.namespaces = namespaces};
    TRY(cedar_lexer_check_encoding(source, text, diagnostics));
    cedar_parser_init(&reading.parser, arena, source, text, diagnostics);
    reading.parser.lexer.lone_question_marks = true;
    const struct cedar_token start = {.line = 1, .column = 1};
    TRY(add_namespace(&reading, &start, BYTES(""), &reading.empty));
    reading.current = reading.empty;
    return read_all(&reading);
}
