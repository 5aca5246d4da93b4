/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Paths and operations: routes that can be told apart, operation ids that are actions, and for each
 * operation its parameters, request body and responses (openapi_body.c).
 */
#include "policy/base/guard.h"
#include "policy/catalogue/openapi.h"

#define OPERATION_ID_LENGTH 128
#define PATH_LENGTH         1024

/* ---- path templates ---- */

/* RFC 3986 §3.3 pchar without percent-encoding: what a segment may hold as it stands. */
static bool is_path_byte(char byte)
{
    static const char marks[] = "-._~!$&'()*+,;=:@";
    const char lower = (char)(byte | 0x20);
    return (lower >= 'a' && lower <= 'z') || (byte >= '0' && byte <= '9') ||
           (byte != '\0' && strchr(marks, byte) != NULL);
}

/* "{name}" as a whole: its name, else no bytes. */
static struct bytes template_name(struct bytes segment)
{
    if (segment.length < 3 || segment.at[0] != '{' || segment.at[segment.length - 1] != '}') {
        return bytes_of(NULL, 0);
    }
    const struct bytes name = bytes_of(segment.at + 1, segment.length - 2);
    const bool is_one =
        bytes_find(name, '{') == name.length && bytes_find(name, '}') == name.length;
    return is_one ? name : bytes_of(NULL, 0);
}

static bool is_segment(struct bytes segment, bool is_last)
{
    if (template_name(segment).length > 0) {
        return true;
    }
    for (size_t i = 0; i < segment.length; i++) {
        if (!is_path_byte(segment.at[i])) {
            return false;
        }
    }
    return (segment.length > 0 || is_last) && !bytes_equal(segment, BYTES(".")) &&
           !bytes_equal(segment, BYTES(".."));
}

static struct bytes next_segment(struct bytes path, size_t *start)
{
    const struct bytes rest = bytes_from(path, *start);
    const struct bytes segment = bytes_first(rest, bytes_find(rest, '/'));
    *start += segment.length + 1;
    return segment;
}

static bool check_template(struct openapi *openapi, const struct document_member *path)
{
    const struct bytes text = path->key;
    bool good = text.length <= PATH_LENGTH && bytes_start_with(text, BYTES("/"));
    for (size_t start = 1; good && start <= text.length;) {
        const struct bytes segment = next_segment(text, &start);
        good = is_segment(segment, start > text.length);
    }
    if (!good) {
        compiler_report(
            openapi->compiler, AMANAT_SEVERITY_ERROR, openapi_member_place(openapi, path), "path",
            "a path is made of segments such as `/sightings/{id}`, in each either plain "
            "characters or one parameter in braces, and nothing percent-encoded");
    }
    return good;
}

/* Two templates that differ only in the names of their parameters name the same paths (OpenAPI
 * §4.8.8.1). */
static amanat_result check_distinct(struct openapi *openapi, struct map *shapes,
                                    const struct document_member *path)
{
    struct arena *arena = openapi->compiler->arena;
    char *shape = arena_allocate(arena, path->key.length);
    TRY_MEMORY(shape);
    size_t length = 0;
    bool in_name = false;
    for (size_t i = 0; i < path->key.length; i++) {
        const char byte = path->key.at[i];
        in_name = in_name && byte != '}';
        if (!in_name) {
            shape[length++] = byte;
        }
        in_name = in_name || byte == '{';
    }
    const struct bytes key = bytes_of(shape, length);
    const struct catalogue_place *other = map_get(shapes, key);
    if (other != NULL) {
        compiler_report(openapi->compiler, AMANAT_SEVERITY_ERROR,
                        openapi_member_place(openapi, path), "path",
                        "this path cannot be told from the one in line %u", other->line);
        return AMANAT_OK;
    }
    struct catalogue_place *place = ARENA_NEW(arena, struct catalogue_place);
    TRY_MEMORY(place);
    *place = openapi_member_place(openapi, path);
    return map_put(arena, shapes, key, place);
}

/* ---- operation ids ---- */

static bool is_operation_id(struct bytes id)
{
    /* Group actions of the derived schema. */
    static const char *const taken[] = {"reveal",   "coarsen", "mask",  "tokenize",
                                        "disclose", "query",   "submit"};
    for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++) {
        if (bytes_equal_string(id, taken[i])) {
            return false;
        }
    }
    for (size_t i = 0; i < id.length; i++) {
        const char byte = id.at[i];
        const char lower = (char)(byte | 0x20);
        if (!((lower >= 'a' && lower <= 'z') || (byte >= '0' && byte <= '9') || byte == '_' ||
              byte == '-' || byte == '.' || byte == '/')) {
            return false;
        }
    }
    return id.length > 0 && id.length <= OPERATION_ID_LENGTH;
}

static amanat_result read_operation_id(struct openapi *openapi, const struct document_member *at,
                                       struct bytes *out)
{
    struct compiler *compiler = openapi->compiler;
    const struct document *id = document_get(&at->value, "operationId");
    if (id == NULL) {
        compiler_report(compiler, AMANAT_SEVERITY_ERROR, openapi_member_place(openapi, at),
                        "operation-id",
                        "`operationId` is missing: it is the name of the action in policies");
        return AMANAT_OK;
    }
    if (id->kind != DOCUMENT_STRING || !is_operation_id(id->text)) {
        OPENAPI_ERROR(openapi, id, "operation-id",
                      "an `operationId` is made of letters, digits, `_`, `-`, `.` and `/`, and is "
                      "no name of a mode");
        return AMANAT_OK;
    }
    const struct catalogue_place *other = map_get(&compiler->operation_ids, id->text);
    if (other != NULL) {
        OPENAPI_ERROR(openapi, id, "operation-id", "the operation `%.*s` is described at %s:%u too",
                      BYTES_PRINTF(id->text), other->source, other->line);
        return AMANAT_OK;
    }
    struct catalogue_place *place = ARENA_NEW(compiler->arena, struct catalogue_place);
    TRY_MEMORY(place);
    *place = openapi_place(openapi, id);
    *out = id->text;
    return map_put(compiler->arena, &compiler->operation_ids, id->text, place);
}

/* ---- path parameters against the template ---- */

static bool template_has(struct bytes path, struct bytes name)
{
    for (size_t start = 1; start <= path.length;) {
        if (bytes_equal(template_name(next_segment(path, &start)), name)) {
            return true;
        }
    }
    return false;
}

static void check_path_parameters(struct openapi *openapi, struct bytes path,
                                  struct catalogue_place place, const struct parameter_list *list)
{
    for (size_t i = 0; i < list->items.count; i++) {
        const struct catalogue_parameter *parameter = &list->items.items[i];
        if (parameter->place == PARAMETER_IN_PATH && !template_has(path, parameter->name)) {
            compiler_report(openapi->compiler, AMANAT_SEVERITY_ERROR, list->places.items[i],
                            "path-parameter", "the path has no segment `{%.*s}`",
                            BYTES_PRINTF(parameter->name));
        }
    }
    size_t seen = 0;
    struct bytes names[64];
    for (size_t start = 1; start <= path.length;) {
        const struct bytes name = template_name(next_segment(path, &start));
        if (name.length == 0) {
            continue;
        }
        bool declared = false;
        bool twice = seen == sizeof(names) / sizeof(names[0]);
        for (size_t i = 0; i < list->items.count; i++) {
            const struct catalogue_parameter *parameter = &list->items.items[i];
            declared = declared || (parameter->place == PARAMETER_IN_PATH &&
                                    bytes_equal(parameter->name, name));
        }
        for (size_t i = 0; i < seen; i++) {
            twice = twice || bytes_equal(names[i], name);
        }
        if (!declared || twice) {
            compiler_report(openapi->compiler, AMANAT_SEVERITY_ERROR, place, "path-parameter",
                            twice ? "the path parameter `%.*s` stands twice in the path"
                                  : "the path parameter `%.*s` is not declared",
                            BYTES_PRINTF(name));
        }
        if (!twice) {
            names[seen++] = name;
        }
    }
}

/* ---- operations ---- */

static const struct {
    const char *key;
    const char *method;
    bool is_safe;
} methods[] = {{"get", "GET", true},       {"head", "HEAD", true}, {"options", "OPTIONS", true},
               {"post", "POST", false},    {"put", "PUT", false},  {"patch", "PATCH", false},
               {"delete", "DELETE", false}};

static amanat_result read_body_of(struct openapi *openapi, const struct document *at,
                                  struct catalogue_operation *operation)
{
    const struct document *body = document_get(at, "requestBody");
    if (body == NULL) {
        return AMANAT_OK;
    }
    if (operation->is_safe) {
        OPENAPI_ERROR(openapi, body, "request-body", "%.*s has no request body (RFC 9110 §9.3)",
                      BYTES_PRINTF(operation->method));
        return AMANAT_OK;
    }
    return openapi_read_request_body(openapi, body, operation);
}

static amanat_result copy_parameters(struct compiler *compiler, const struct parameter_list *from,
                                     struct parameter_list *out)
{
    for (size_t i = 0; i < from->items.count; i++) {
        struct catalogue_parameter *parameter = VECTOR_PUSH(compiler->arena, &out->items);
        struct catalogue_place *place = VECTOR_PUSH(compiler->arena, &out->places);
        TRY_MEMORY(parameter);
        TRY_MEMORY(place);
        *parameter = from->items.items[i];
        *place = from->places.items[i];
    }
    return AMANAT_OK;
}

static amanat_result read_operation(struct openapi *openapi, const struct document_member *path,
                                    const struct document_member *at,
                                    const struct parameter_list *of_path,
                                    struct catalogue_operation *operation)
{
    struct compiler *compiler = openapi->compiler;
    const struct bytes service = compiler->services.items[openapi->service].service.name;
    struct parameter_list parameters = {0};
    TRY(read_operation_id(openapi, at, &operation->id));
    operation->service = openapi->service;
    operation->route = arena_format_bytes(compiler->arena, "/%.*s%.*s", BYTES_PRINTF(service),
                                          BYTES_PRINTF(path->key));
    TRY(copy_parameters(compiler, of_path, &parameters));
    TRY(openapi_read_parameters(openapi, document_get(&at->value, "parameters"), &parameters));
    check_path_parameters(openapi, path->key, openapi_member_place(openapi, at), &parameters);
    operation->parameters = parameters.items.items;
    operation->parameter_count = parameters.items.count;
    TRY(read_body_of(openapi, &at->value, operation));
    const struct document *responses = document_get(&at->value, "responses");
    if (responses == NULL) {
        compiler_report(compiler, AMANAT_SEVERITY_ERROR, openapi_member_place(openapi, at),
                        "responses", "`responses` is missing: nothing could ever come back");
        return AMANAT_OK;
    }
    return openapi_read_responses(openapi, responses, operation);
}

static amanat_result read_method(struct openapi *openapi, const struct document_member *path,
                                 const struct document_member *at,
                                 const struct parameter_list *of_path)
{
    struct compiler *compiler = openapi->compiler;
    struct catalogue_operation operation = {0};
    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
        if (bytes_equal_string(at->key, methods[i].key)) {
            operation.method = bytes_of_string(methods[i].method);
            operation.is_safe = methods[i].is_safe;
        }
    }
    if (bytes_equal(at->key, BYTES("trace"))) {
        compiler_report(compiler, AMANAT_SEVERITY_ERROR, openapi_member_place(openapi, at),
                        "method", "TRACE would echo what the gateway sends: it is never offered");
    }
    if (operation.method.length == 0) {
        return AMANAT_OK;
    }
    if (at->value.kind != DOCUMENT_OBJECT) {
        OPENAPI_ERROR(openapi, &at->value, "type", "an operation must be an object");
        return AMANAT_OK;
    }
    if (++compiler->operation_count > COMPILER_OPERATIONS_LIMIT) {
        OPENAPI_ERROR(openapi, &at->value, "limit", "the folder has more than %d operations",
                      COMPILER_OPERATIONS_LIMIT);
        return AMANAT_OK;
    }
    TRY(read_operation(openapi, path, at, of_path, &operation));
    struct catalogue_operation *slot =
        VECTOR_PUSH(compiler->arena, &compiler->services.items[openapi->service].operations);
    TRY_MEMORY(slot);
    *slot = operation;
    return AMANAT_OK;
}

static amanat_result read_path(struct openapi *openapi, const struct document_member *path,
                               struct map *shapes)
{
    if (!check_template(openapi, path)) {
        return AMANAT_OK;
    }
    TRY(check_distinct(openapi, shapes, path));
    const struct document *item = openapi_resolve(openapi, &path->value, "a path item");
    struct parameter_list parameters = {0};
    if (item == NULL) {
        return AMANAT_OK;
    }
    TRY(openapi_read_parameters(openapi, document_get(item, "parameters"), &parameters));
    for (size_t i = 0; i < item->count; i++) {
        TRY(read_method(openapi, path, &item->members[i], &parameters));
    }
    return AMANAT_OK;
}

amanat_result openapi_read_paths(struct openapi *openapi)
{
    const struct document *paths = document_get(openapi->root, "paths");
    struct map shapes = {0};
    if (paths == NULL || paths->kind != DOCUMENT_OBJECT) {
        OPENAPI_ERROR(openapi, paths == NULL ? openapi->root : paths, "type",
                      "`paths` must be an object");
        return AMANAT_OK;
    }
    for (size_t i = 0; i < paths->count; i++) {
        if (!bytes_start_with(paths->members[i].key, BYTES("x-"))) {
            TRY(read_path(openapi, &paths->members[i], &shapes));
        }
    }
    return AMANAT_OK;
}
