/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bodies: request bodies, responses with their statuses and headers, and the media types of both.
 */
#include "policy/base/guard.h"
#include "policy/catalogue/openapi.h"

typedef VECTOR(struct catalogue_media_type) media_type_list;

/* ---- media types ---- */

static amanat_result lower_case(struct arena *arena, struct bytes text, struct bytes *out)
{
    char *lower = arena_allocate(arena, text.length);
    TRY_MEMORY(lower);
    for (size_t i = 0; i < text.length; i++) {
        const char byte = text.at[i];
        lower[i] = (char)(byte >= 'A' && byte <= 'Z' ? byte + 32 : byte);
    }
    *out = bytes_of(lower, text.length);
    return AMANAT_OK;
}

static struct bytes trim(struct bytes text)
{
    while (text.length > 0 && text.at[0] == ' ') {
        text = bytes_from(text, 1);
    }
    while (text.length > 0 && text.at[text.length - 1] == ' ') {
        text.length--;
    }
    return text;
}

/* The type and subtype of a key of `content`; parameters say nothing that counts here. */
static bool media_type_name(struct bytes key, struct bytes *out)
{
    const struct bytes name = trim(bytes_first(key, bytes_find(key, ';')));
    const size_t slash = bytes_find(name, '/');
    *out = name;
    return slash < name.length && openapi_is_token(bytes_first(name, slash)) &&
           openapi_is_token(bytes_from(name, slash + 1)) && bytes_find(name, '*') == name.length;
}

static void classify(struct catalogue_media_type *type)
{
    static const char *const ndjson[] = {"application/x-ndjson", "application/jsonl",
                                         "application/ndjson"};
    type->is_json = bytes_equal(type->name, BYTES("application/json")) ||
                    bytes_end_with(type->name, BYTES("+json"));
    for (size_t i = 0; i < sizeof(ndjson) / sizeof(ndjson[0]); i++) {
        type->is_ndjson = type->is_ndjson || bytes_equal_string(type->name, ndjson[i]);
    }
}

/* What a label scrubs can be found in JSON strings only, so nothing else that has it passes. */
static void warn_of_scrub(struct compiler *compiler, size_t label_set, struct catalogue_place place,
                          struct bytes what)
{
    const struct label_set *set = &compiler->label_sets.items[label_set];
    for (size_t i = 0; i < set->count; i++) {
        const struct catalogue_label *label = &compiler->vocabulary.labels[set->labels[i]];
        if (label->scrub.count > 0) {
            compiler_report(compiler, AMANAT_SEVERITY_WARNING, place, "scrub",
                            "`%.*s` scrubs what it reveals, and only JSON can be scrubbed: `%.*s` "
                            "passes in no answer",
                            BYTES_PRINTF(label->name), BYTES_PRINTF(what));
            return;
        }
    }
}

/* A body that is no JSON has no places: only the label of the whole counts. */
static amanat_result label_whole(struct openapi *openapi, const struct term *term,
                                 struct bytes path, struct catalogue_place place,
                                 struct catalogue_media_type *type)
{
    struct compiler *compiler = openapi->compiler;
    struct part *part = NULL;
    const struct arena_mark mark = arena_mark(compiler->scratch);
    const amanat_result opened = part_open(compiler, term, &part);
    const size_t label_set = amanat_is_ok(opened) ? part->result_label_set : LABEL_SET_NONE;
    arena_rewind(compiler->scratch, mark);
    TRY(opened);
    groups_refuse(compiler, place, label_set);
    type->labels = compiler->label_sets.items[label_set].labels;
    type->label_count = compiler->label_sets.items[label_set].count;
    if (type->label_count == 0) {
        compiler_report(compiler, AMANAT_SEVERITY_NOTE, place, "unlabelled",
                        "%.*s has no label: it is withheld", BYTES_PRINTF(path));
    }
    warn_of_scrub(compiler, label_set, place, path);
    return AMANAT_OK;
}

static amanat_result read_media_type(struct openapi *openapi, const struct document_member *member,
                                     struct bytes path_root, struct catalogue_media_type *type)
{
    struct compiler *compiler = openapi->compiler;
    const struct document *schema_at = document_get(&member->value, "schema");
    struct schema *schema = NULL;
    struct term *term = NULL;
    size_t label_set = LABEL_SET_NONE;
    bool has_label = false;
    TRY(openapi_read_label(openapi, &member->value, &label_set, &has_label));
    if (schema_at == NULL) {
        TRY(schema_of_nothing(openapi, &member->value, &schema));
    } else {
        TRY(schema_of(openapi, schema_at, &schema));
    }
    TRY(term_of_schema(compiler, schema, label_set, &term));
    const struct bytes name =
        arena_format_bytes(compiler->arena, "%.*s $", BYTES_PRINTF(path_root));
    if (!type->is_json && !type->is_ndjson) {
        return label_whole(openapi, term, path_root, openapi_member_place(openapi, member), type);
    }
    struct path *path = ARENA_NEW(compiler->arena, struct path);
    TRY_MEMORY(path);
    *path = (struct path){.name = name};
    return node_of_term(compiler, term, path, &type->root);
}

static bool lists_media_type(const media_type_list *list, struct bytes name)
{
    for (size_t i = 0; i < list->count; i++) {
        if (bytes_equal(list->items[i].name, name)) {
            return true;
        }
    }
    return false;
}

/* Media types of a `content` map. `path_root` begins the paths of notes. */
static amanat_result read_content(struct openapi *openapi, const struct document *content,
                                  struct bytes path_root, const struct catalogue_media_type **out,
                                  size_t *out_count)
{
    media_type_list list = {0};
    *out_count = 0;
    if (content == NULL) {
        return AMANAT_OK;
    }
    if (content->kind != DOCUMENT_OBJECT) {
        OPENAPI_ERROR(openapi, content, "type", "`content` must be an object");
        return AMANAT_OK;
    }
    for (size_t i = 0; i < content->count; i++) {
        const struct document_member *member = &content->members[i];
        struct catalogue_media_type type = {0};
        struct bytes name = {0};
        const bool is_name = media_type_name(member->key, &name);
        TRY(lower_case(openapi->compiler->arena, name, &type.name));
        if (!is_name || lists_media_type(&list, type.name)) {
            compiler_report(openapi->compiler, AMANAT_SEVERITY_ERROR,
                            openapi_member_place(openapi, member), "media-type", "%s",
                            is_name ? "this media type stands twice here"
                                    : "name one media type, such as `application/json`");
            continue;
        }
        classify(&type);
        TRY(read_media_type(openapi, member, path_root, &type));
        struct catalogue_media_type *slot = VECTOR_PUSH(openapi->compiler->arena, &list);
        TRY_MEMORY(slot);
        *slot = type;
    }
    *out = list.items;
    *out_count = list.count;
    return AMANAT_OK;
}

/* ---- request bodies ---- */

amanat_result openapi_read_request_body(struct openapi *openapi, const struct document *body,
                                        struct catalogue_operation *operation)
{
    struct arena *arena = openapi->compiler->arena;
    const struct document *at = openapi_resolve(openapi, body, "a request body");
    if (at == NULL) {
        return AMANAT_OK;
    }
    struct catalogue_request_body *out = ARENA_NEW(arena, struct catalogue_request_body);
    TRY_MEMORY(out);
    const struct document *required = document_get(at, "required");
    const struct document *submit = document_get(at, "x-amanat-body");
    out->required = required != NULL && required->kind == DOCUMENT_BOOL && required->boolean;
    out->submit = document_is_string(submit, "submit");
    if (submit != NULL && !out->submit) {
        OPENAPI_ERROR(openapi, submit, "body", "`x-amanat-body` is `submit`, or is left out");
    }
    TRY(read_content(openapi, document_get(at, "content"),
                     arena_format_bytes(arena, "%.*s request", BYTES_PRINTF(operation->id)),
                     &out->media_types, &out->media_type_count));
    bool has_json = false;
    for (size_t i = 0; i < out->media_type_count; i++) {
        has_json = has_json || out->media_types[i].is_json;
    }
    if (!has_json) {
        compiler_report(openapi->compiler, AMANAT_SEVERITY_WARNING, openapi_place(openapi, at),
                        "request-body", "only JSON bodies can be sent, and none is declared here");
    }
    operation->body = out;
    return AMANAT_OK;
}

/* ---- responses ---- */

/* "200", "4XX" or "default" (OpenAPI §4.8.16). */
static bool read_status(struct bytes key, unsigned *out)
{
    if (bytes_equal(key, BYTES("default"))) {
        *out = 0;
        return true;
    }
    if (key.length != 3 || key.at[0] < '2' || key.at[0] > '5') {
        return false;
    }
    const unsigned class = (unsigned)(key.at[0] - '0');
    if (key.at[1] == 'X' && key.at[2] == 'X') {
        *out = class;
        return true;
    }
    const bool digits =
        key.at[1] >= '0' && key.at[1] <= '9' && key.at[2] >= '0' && key.at[2] <= '9';
    *out =
        digits ? class * 100 + (unsigned)(key.at[1] - '0') * 10 + (unsigned)(key.at[2] - '0') : 0;
    return digits;
}

static amanat_result read_header_labels(struct openapi *openapi, const struct document *at,
                                        struct catalogue_header *header)
{
    struct compiler *compiler = openapi->compiler;
    const struct document *schema_at = document_get(at, "schema");
    size_t label_set = LABEL_SET_NONE;
    bool has_label = false;
    TRY(openapi_read_label(openapi, at, &label_set, &has_label));
    if (schema_at != NULL) {
        struct schema *schema = NULL;
        struct term *term = NULL;
        struct part *part = NULL;
        TRY(schema_of(openapi, schema_at, &schema));
        TRY(term_of_schema(compiler, schema, label_set, &term));
        const struct arena_mark mark = arena_mark(compiler->scratch);
        const amanat_result opened = part_open(compiler, term, &part);
        label_set = amanat_is_ok(opened) ? part->result_label_set : LABEL_SET_NONE;
        arena_rewind(compiler->scratch, mark);
        TRY(opened);
    }
    groups_refuse(compiler, openapi_place(openapi, at), label_set);
    header->labels = compiler->label_sets.items[label_set].labels;
    header->label_count = compiler->label_sets.items[label_set].count;
    if (header->label_count == 0) {
        compiler_report(compiler, AMANAT_SEVERITY_NOTE, openapi_place(openapi, at), "unlabelled",
                        "the header `%.*s` has no label: it is withheld",
                        BYTES_PRINTF(header->name));
    }
    warn_of_scrub(compiler, label_set, openapi_place(openapi, at), header->name);
    return AMANAT_OK;
}

static amanat_result read_headers(struct openapi *openapi, const struct document *headers,
                                  struct catalogue_response *response)
{
    if (headers == NULL || headers->kind != DOCUMENT_OBJECT) {
        return AMANAT_OK;
    }
    struct catalogue_header *list =
        arena_allocate_array(openapi->compiler->arena, headers->count, sizeof(*list));
    TRY_MEMORY(list);
    for (size_t i = 0; i < headers->count; i++) {
        const struct document_member *member = &headers->members[i];
        struct catalogue_header *header = &list[response->header_count];
        TRY(lower_case(openapi->compiler->arena, member->key, &header->name));
        if (bytes_equal(header->name, BYTES("content-type"))) {
            continue; /* OpenAPI §4.8.17: "it SHALL be ignored" */
        }
        if (!openapi_is_token(header->name) || openapi_is_reserved_header(header->name)) {
            compiler_report(openapi->compiler, AMANAT_SEVERITY_ERROR,
                            openapi_member_place(openapi, member), "header",
                            "`%.*s` is no header that a document may declare: it is not a token, "
                            "or the gateway speaks it itself",
                            BYTES_PRINTF(member->key));
            continue;
        }
        const struct document *at = openapi_resolve(openapi, &member->value, "a header");
        if (at != NULL) {
            TRY(read_header_labels(openapi, at, header));
            response->header_count++;
        }
    }
    response->headers = list;
    return AMANAT_OK;
}

static amanat_result read_response(struct openapi *openapi, const struct document_member *member,
                                   const struct catalogue_operation *operation,
                                   struct catalogue_response *response)
{
    const struct document *at = openapi_resolve(openapi, &member->value, "a response");
    if (at == NULL) {
        return AMANAT_OK;
    }
    TRY(read_headers(openapi, document_get(at, "headers"), response));
    const struct document *content = document_get(at, "content");
    const bool has_no_body =
        response->status == 204 || response->status == 205 || response->status == 304;
    if (has_no_body && content != NULL) {
        compiler_report(openapi->compiler, AMANAT_SEVERITY_WARNING, openapi_place(openapi, content),
                        "content", "a response of status %u has no body: this says nothing",
                        response->status);
        return AMANAT_OK;
    }
    return read_content(openapi, content,
                        arena_format_bytes(openapi->compiler->arena, "%.*s %.*s",
                                           BYTES_PRINTF(operation->id), BYTES_PRINTF(member->key)),
                        &response->media_types, &response->media_type_count);
}

amanat_result openapi_read_responses(struct openapi *openapi, const struct document *responses,
                                     struct catalogue_operation *operation)
{
    if (responses->kind != DOCUMENT_OBJECT) {
        OPENAPI_ERROR(openapi, responses, "type", "`responses` must be an object");
        return AMANAT_OK;
    }
    struct catalogue_response *list =
        arena_allocate_array(openapi->compiler->arena, responses->count, sizeof(*list));
    TRY_MEMORY(list);
    for (size_t i = 0; i < responses->count; i++) {
        const struct document_member *member = &responses->members[i];
        struct catalogue_response *response = &list[operation->response_count];
        if (bytes_start_with(member->key, BYTES("x-"))) {
            continue;
        }
        if (!read_status(member->key, &response->status)) {
            compiler_report(openapi->compiler, AMANAT_SEVERITY_ERROR,
                            openapi_member_place(openapi, member), "status",
                            "a status is written as 200, 4XX or default");
            continue;
        }
        TRY(read_response(openapi, member, operation, response));
        operation->response_count++;
    }
    operation->responses = list;
    return AMANAT_OK;
}
