/* SPDX-License-Identifier: Apache-2.0 */
/*
 * YAML into the document tree. libyaml finds the events; which scalar is what is ours, by the core
 * schema of YAML 1.2 (§10.3.2), because libyaml stops at text. Keys are the text as it is spelt
 * (failsafe schema §10.1, as OpenAPI §"Format" asks: `200:` is the key "200").
 *
 * Aliases share the anchored value. They are counted as if they were copies, so that nobody who
 * walks the tree meets more than ALIASED_NODES_LIMIT nodes through them ("billion laughs"), and
 * their height counts for the depth limit.
 */
#include "policy/base/document.h"

#include <yaml.h>

#include "policy/base/document_check.h"
#include "policy/base/guard.h"
#include "policy/base/map.h"
#include "policy/base/vector.h"

#define ALIASED_NODES_LIMIT 100000

/* Where in the text libyaml's character index stands: our columns count bytes. */
struct cursor {
    size_t index; /* in characters, as yaml_mark_t has it */
    size_t offset;
    size_t line_start;
    unsigned line; /* from 0 */
};

struct anchor {
    struct document value;
    size_t nodes; /* in the expanded value */
    unsigned height;
};

struct reader {
    struct arena *arena;
    const char *source;
    struct amanat_diagnostics *diagnostics;
    struct bytes text;
    yaml_parser_t *parser;
    struct cursor cursor;
    struct map anchors; /* name → struct anchor */
    size_t nodes;
    size_t aliased_nodes;
    unsigned depth;
    bool faulty; /* a fault that did not end the reading was reported */
};

/* What reading one node tells about it beyond its value. */
struct node {
    struct document value;
    unsigned height; /* nesting levels in it: 0 for a scalar */
};

/*
 * Marks nearly always grow, so the text is walked once; only a message about something earlier
 * starts again. Lines end in CR, LF or both, as YAML 1.2 §5.4 has it; libyaml's own count of lines
 * knows more breaks and is off at the end.
 */
static void find_position(struct reader *reader, yaml_mark_t mark, unsigned *out_line,
                          unsigned *out_column)
{
    struct cursor *cursor = &reader->cursor;
    if (mark.index < cursor->index) {
        *cursor = (struct cursor){0};
    }
    while (cursor->index < mark.index && cursor->offset < reader->text.length) {
        const struct bytes rest = bytes_from(reader->text, cursor->offset);
        const unsigned char byte = (unsigned char)rest.at[0];
        cursor->offset += byte < 0x80 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
        cursor->index++;
        if (byte == '\n' || (byte == '\r' && !bytes_start_with(rest, BYTES("\r\n")))) {
            cursor->line++;
            cursor->line_start = cursor->offset;
        }
    }
    *out_line = cursor->line + 1;
    *out_column = (unsigned)(cursor->offset - cursor->line_start) + 1;
}

static amanat_result fail_at(struct reader *reader, yaml_mark_t mark, const char *code,
                             const char *text)
{
    unsigned line = 0;
    unsigned column = 0;
    find_position(reader, mark, &line, &column);
    amanat_diagnostics_add(reader->diagnostics, AMANAT_SEVERITY_ERROR, code, reader->source, line,
                           column, "%s", text);
    return amanat_result_of(AMANAT_STATUS_CONFIG_FAULT);
}

/* libyaml's own errors: those of its reader know a byte offset, the others a mark. */
static amanat_result fail_with_parser_error(struct reader *reader)
{
    const yaml_parser_t *parser = reader->parser;
    const char *problem = parser->problem == NULL ? "cannot be read" : parser->problem;
    if (parser->error == YAML_MEMORY_ERROR) {
        return amanat_result_of(AMANAT_STATUS_MEMORY);
    }
    if (parser->error != YAML_READER_ERROR) {
        return fail_at(reader, parser->problem_mark, "syntax", problem);
    }
    unsigned line = 0;
    unsigned column = 0;
    document_position_of(reader->text, parser->problem_offset, &line, &column);
    amanat_diagnostics_add(reader->diagnostics, AMANAT_SEVERITY_ERROR, "syntax", reader->source,
                           line, column, "%s", problem);
    return amanat_result_of(AMANAT_STATUS_CONFIG_FAULT);
}

/* The caller deletes the event. */
static amanat_result next_event(struct reader *reader, yaml_event_t *event)
{
    if (yaml_parser_parse(reader->parser, event) == 0) {
        return fail_with_parser_error(reader);
    }
    return AMANAT_OK;
}

/* ---- scalars ---- */

static bool is_one_of(struct bytes text, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (bytes_equal_string(text, words[i])) {
            return true;
        }
    }
    return false;
}

#define IS_ONE_OF(text, words) is_one_of((text), (words), sizeof(words) / sizeof((words)[0]))

static size_t skip_all_of(struct bytes text, size_t at, const char *set)
{
    while (at < text.length && text.at[at] != '\0' && strchr(set, text.at[at]) != NULL) {
        at++;
    }
    return at;
}

#define DECIMAL_DIGITS "0123456789"

static bool is_prefixed_number(struct bytes text, const char *prefix, const char *digits)
{
    return text.length > 2 && bytes_start_with(text, bytes_of_string(prefix)) &&
           skip_all_of(text, 2, digits) == text.length;
}

/* The integers and floats of the core schema: [-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE]
 * [-+]? [0-9]+ )?, 0o and 0x, and the three words for infinity and "not a number". */
static bool is_number(struct bytes text)
{
    static const char *const not_finite[] = {".inf", ".Inf", ".INF", ".nan", ".NaN", ".NAN"};
    if (is_prefixed_number(text, "0o", "01234567") ||
        is_prefixed_number(text, "0x", DECIMAL_DIGITS "abcdefABCDEF")) {
        return true;
    }
    const size_t start = text.length > 0 && (text.at[0] == '-' || text.at[0] == '+') ? 1 : 0;
    if (IS_ONE_OF(bytes_from(text, start), not_finite)) {
        return true;
    }
    size_t at = skip_all_of(text, start, DECIMAL_DIGITS);
    size_t digits = at - start;
    if (at < text.length && text.at[at] == '.') {
        const size_t fraction = at + 1;
        at = skip_all_of(text, fraction, DECIMAL_DIGITS);
        digits += at - fraction;
    }
    if (digits == 0) {
        return false;
    }
    if (at < text.length && (text.at[at] == 'e' || text.at[at] == 'E')) {
        at++;
        at += at < text.length && (text.at[at] == '-' || text.at[at] == '+') ? 1 : 0;
        const size_t exponent = at;
        at = skip_all_of(text, at, DECIMAL_DIGITS);
        if (at == exponent) {
            return false;
        }
    }
    return at == text.length;
}

/* What a plain scalar is. */
static void type_plain_scalar(struct document *value)
{
    static const char *const nulls[] = {"", "~", "null", "Null", "NULL"};
    static const char *const trues[] = {"true", "True", "TRUE"};
    static const char *const falses[] = {"false", "False", "FALSE"};
    value->kind = DOCUMENT_STRING;
    if (IS_ONE_OF(value->text, nulls)) {
        *value =
            (struct document){.kind = DOCUMENT_NULL, .line = value->line, .column = value->column};
    } else if (IS_ONE_OF(value->text, trues) || IS_ONE_OF(value->text, falses)) {
        *value = (struct document){.kind = DOCUMENT_BOOL,
                                   .line = value->line,
                                   .column = value->column,
                                   .boolean = IS_ONE_OF(value->text, trues)};
    } else if (is_number(value->text)) {
        value->kind = DOCUMENT_NUMBER;
    }
}

/* An explicit tag of the core schema must fit what is there; `!` (non-specific) makes a string. */
static amanat_result apply_scalar_tag(struct reader *reader, const yaml_event_t *event,
                                      const char *tag, struct document *value)
{
    static const struct {
        const char *tag;
        enum document_kind kind;
    } tags[] = {
        {YAML_NULL_TAG, DOCUMENT_NULL},
        {YAML_BOOL_TAG, DOCUMENT_BOOL},
        {YAML_INT_TAG, DOCUMENT_NUMBER},
        {YAML_FLOAT_TAG, DOCUMENT_NUMBER},
    };
    if (strcmp(tag, "!") == 0 || strcmp(tag, YAML_STR_TAG) == 0) {
        value->kind = DOCUMENT_STRING;
        return AMANAT_OK;
    }
    for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++) {
        if (strcmp(tag, tags[i].tag) == 0) {
            type_plain_scalar(value);
            return value->kind == tags[i].kind ? AMANAT_OK
                                               : fail_at(reader, event->start_mark, "tag",
                                                         "the value is not what its tag says");
        }
    }
    return fail_at(reader, event->start_mark, "tag",
                   "only tags of the YAML core schema (!!str, !!int, …) are known here");
}

static amanat_result read_scalar(struct reader *reader, const yaml_event_t *event,
                                 struct document *value)
{
    const char *tag = (const char *)event->data.scalar.tag;
    TRY(arena_copy_bytes(
        reader->arena, bytes_of((const char *)event->data.scalar.value, event->data.scalar.length),
        &value->text));
    if (tag != NULL) {
        return apply_scalar_tag(reader, event, tag, value);
    }
    if (event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE) {
        type_plain_scalar(value);
    } else {
        value->kind = DOCUMENT_STRING;
    }
    return AMANAT_OK;
}

/* ---- anchors and aliases ---- */

static amanat_result remember_anchor(struct reader *reader, const char *name,
                                     const struct node *node, size_t nodes)
{
    struct anchor *anchor = ARENA_NEW(reader->arena, struct anchor);
    TRY_MEMORY(anchor);
    *anchor = (struct anchor){.value = node->value, .nodes = nodes, .height = node->height};
    struct bytes key = {0};
    TRY(arena_copy_bytes(reader->arena, bytes_of_string(name), &key));
    return map_put(reader->arena, &reader->anchors, key, anchor);
}

static amanat_result read_alias(struct reader *reader, const yaml_event_t *event, struct node *out)
{
    const struct anchor *anchor =
        map_get(&reader->anchors, bytes_of_string((const char *)event->data.alias.anchor));
    if (anchor == NULL) {
        return fail_at(reader, event->start_mark, "alias",
                       "no anchor of this name stands (whole) before this alias");
    }
    if (anchor->height > DOCUMENT_DEPTH_LIMIT - reader->depth) {
        return fail_at(reader, event->start_mark, "depth",
                       "nested too deeply, more than 128 levels");
    }
    if (anchor->nodes > ALIASED_NODES_LIMIT - reader->aliased_nodes) {
        return fail_at(reader, event->start_mark, "alias",
                       "the aliases of this file stand for more than 100000 values");
    }
    reader->aliased_nodes += anchor->nodes;
    reader->nodes += anchor->nodes;
    const struct document position = out->value;
    out->value = anchor->value;
    out->value.line = position.line;
    out->value.column = position.column;
    out->height = anchor->height;
    return AMANAT_OK;
}

/* ---- collections ---- */

static amanat_result read_node(struct reader *reader, const yaml_event_t *event, struct node *out);

/* Reads one event and the node that it begins; `*out_end` when it is `end` instead. */
static amanat_result read_node_or_end(struct reader *reader, yaml_event_type_t end,
                                      struct node *out, bool *out_end)
{
    yaml_event_t event;
    TRY(next_event(reader, &event));
    amanat_result result = AMANAT_OK;
    *out_end = event.type == end;
    if (!*out_end) {
        result = read_node(reader, &event, out);
    }
    yaml_event_delete(&event);
    return result;
}

static void note_height(struct node *parent, const struct node *child)
{
    if (parent->height < child->height + 1) {
        parent->height = child->height + 1;
    }
}

static amanat_result read_sequence(struct reader *reader, struct node *out)
{
    VECTOR(struct document) items = {0};
    out->height = 1;
    for (;;) {
        struct node item = {0};
        bool end = false;
        TRY(read_node_or_end(reader, YAML_SEQUENCE_END_EVENT, &item, &end));
        if (end) {
            break;
        }
        struct document *slot = VECTOR_PUSH(reader->arena, &items);
        TRY_MEMORY(slot);
        *slot = item.value;
        note_height(out, &item);
    }
    out->value.kind = DOCUMENT_ARRAY;
    out->value.items = items.items;
    out->value.count = items.count;
    return AMANAT_OK;
}

/* A key is a scalar, or an alias of a scalar that was a string; its text is taken as spelt. */
static amanat_result read_key_event(struct reader *reader, const yaml_event_t *event,
                                    struct document_member *out)
{
    find_position(reader, event->start_mark, &out->line, &out->column);
    if (event->type == YAML_ALIAS_EVENT) {
        struct node node = {0};
        TRY(read_alias(reader, event, &node));
        out->key = node.value.text;
        return node.value.kind == DOCUMENT_STRING
                   ? AMANAT_OK
                   : fail_at(reader, event->start_mark, "key", "a key must be a string");
    }
    if (event->type != YAML_SCALAR_EVENT) {
        return fail_at(reader, event->start_mark, "key", "a key must be a string");
    }
    struct node node = {.value = {.line = out->line, .column = out->column}};
    TRY(arena_copy_bytes(
        reader->arena, bytes_of((const char *)event->data.scalar.value, event->data.scalar.length),
        &out->key));
    if (event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE) {
        if (out->key.length == 0) {
            return fail_at(reader, event->start_mark, "key", "a key is missing here");
        }
        if (bytes_equal(out->key, BYTES("<<"))) {
            return fail_at(reader, event->start_mark, "key",
                           "merge keys (<<) are no part of YAML 1.2: write the members out");
        }
    }
    if (event->data.scalar.tag != NULL) {
        TRY(read_scalar(reader, event, &node.value));
        if (node.value.kind != DOCUMENT_STRING) {
            return fail_at(reader, event->start_mark, "key", "a key must be a string");
        }
    }
    if (event->data.scalar.anchor != NULL) {
        node.value.kind = DOCUMENT_STRING;
        node.value.text = out->key;
        TRY(remember_anchor(reader, (const char *)event->data.scalar.anchor, &node, 1));
    }
    return AMANAT_OK;
}

static amanat_result read_key(struct reader *reader, struct document_member *out, bool *out_end)
{
    yaml_event_t event;
    TRY(next_event(reader, &event));
    amanat_result result = AMANAT_OK;
    *out_end = event.type == YAML_MAPPING_END_EVENT;
    if (!*out_end) {
        result = read_key_event(reader, &event, out);
    }
    yaml_event_delete(&event);
    return result;
}

static amanat_result read_mapping(struct reader *reader, struct node *out)
{
    VECTOR(struct document_member) members = {0};
    out->height = 1;
    for (;;) {
        struct document_member member = {0};
        struct node value = {0};
        bool end = false;
        TRY(read_key(reader, &member, &end));
        if (end) {
            break;
        }
        TRY(read_node_or_end(reader, YAML_NO_EVENT, &value, &end));
        member.value = value.value;
        struct document_member *slot = VECTOR_PUSH(reader->arena, &members);
        TRY_MEMORY(slot);
        *slot = member;
        note_height(out, &value);
    }
    out->value.kind = DOCUMENT_OBJECT;
    out->value.members = members.items;
    out->value.count = members.count;
    const amanat_result keys =
        document_check_keys(reader->arena, reader->source, &out->value, reader->diagnostics);
    if (keys.status == AMANAT_STATUS_CONFIG_FAULT) {
        reader->faulty = true;
        return AMANAT_OK;
    }
    return keys;
}

static amanat_result read_collection(struct reader *reader, const yaml_event_t *event,
                                     const char *tag, struct node *out)
{
    const bool is_sequence = event->type == YAML_SEQUENCE_START_EVENT;
    if (tag != NULL && strcmp(tag, is_sequence ? YAML_SEQ_TAG : YAML_MAP_TAG) != 0) {
        return fail_at(reader, event->start_mark, "tag",
                       "only tags of the YAML core schema (!!seq, !!map) are known here");
    }
    if (reader->depth == DOCUMENT_DEPTH_LIMIT) {
        return fail_at(reader, event->start_mark, "depth",
                       "nested too deeply, more than 128 levels");
    }
    reader->depth++;
    TRY(is_sequence ? read_sequence(reader, out) : read_mapping(reader, out));
    reader->depth--;
    return AMANAT_OK;
}

/* The node that `event` begins. */
static amanat_result read_node(struct reader *reader, const yaml_event_t *event, struct node *out)
{
    const size_t nodes_before = reader->nodes++;
    const yaml_char_t *anchor = NULL;
    find_position(reader, event->start_mark, &out->value.line, &out->value.column);
    switch (event->type) {
    case YAML_ALIAS_EVENT:
        return read_alias(reader, event, out);
    case YAML_SCALAR_EVENT:
        anchor = event->data.scalar.anchor;
        TRY(read_scalar(reader, event, &out->value));
        break;
    case YAML_SEQUENCE_START_EVENT:
        anchor = event->data.sequence_start.anchor;
        TRY(read_collection(reader, event, (const char *)event->data.sequence_start.tag, out));
        break;
    case YAML_MAPPING_START_EVENT:
        anchor = event->data.mapping_start.anchor;
        TRY(read_collection(reader, event, (const char *)event->data.mapping_start.tag, out));
        break;
    default:
        return fail_at(reader, event->start_mark, "syntax", "expected a value here");
    }
    return anchor == NULL
               ? AMANAT_OK
               : remember_anchor(reader, (const char *)anchor, out, reader->nodes - nodes_before);
}

/* The stream: at most one document, which may be empty. */
static amanat_result read_stream(struct reader *reader, struct node *root)
{
    unsigned documents = 0;
    yaml_event_type_t type = YAML_NO_EVENT;
    root->value = (struct document){.line = 1, .column = 1};
    while (type != YAML_STREAM_END_EVENT) {
        yaml_event_t event;
        TRY(next_event(reader, &event));
        type = event.type;
        amanat_result result = AMANAT_OK;
        if (type == YAML_DOCUMENT_START_EVENT && ++documents > 1) {
            result = fail_at(reader, event.start_mark, "several-documents",
                             "one file holds one YAML document");
        } else if (type == YAML_SCALAR_EVENT || type == YAML_SEQUENCE_START_EVENT ||
                   type == YAML_MAPPING_START_EVENT || type == YAML_ALIAS_EVENT) {
            result = read_node(reader, &event, root);
        }
        yaml_event_delete(&event);
        TRY(result);
    }
    return AMANAT_OK;
}

amanat_result document_from_yaml(struct arena *arena, const char *source, struct bytes text,
                                 struct amanat_diagnostics *diagnostics,
                                 const struct document **out)
{
    yaml_parser_t parser;
    TRY(document_check_encoding(source, text, diagnostics));
    if (bytes_start_with(text, BYTES("\xEF\xBB\xBF"))) {
        text = bytes_from(text, 3); /* YAML 1.2 §5.2 allows a byte order mark at the start */
    }
    struct document *root = ARENA_NEW(arena, struct document);
    TRY_MEMORY(root);
    if (yaml_parser_initialize(&parser) == 0) {
        return amanat_result_of(AMANAT_STATUS_MEMORY);
    }
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, (const unsigned char *)(text.at == NULL ? "" : text.at),
                                 text.length);
    struct reader reader = {
        .arena = arena,
        .source = source,
        .diagnostics = diagnostics,
        .text = text,
        .parser = &parser,
    };
    struct node node = {0};
    const amanat_result result = read_stream(&reader, &node);
    yaml_parser_delete(&parser);
    TRY(result);
    if (reader.faulty) {
        return amanat_result_of(AMANAT_STATUS_CONFIG_FAULT);
    }
    *root = node.value;
    *out = root;
    return AMANAT_OK;
}
