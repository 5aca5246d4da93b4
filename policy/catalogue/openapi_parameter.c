/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Parameter Objects (OpenAPI §4.8.12): path, query and header parameters of scalars and arrays of
 * scalars, in the default styles. Anything that would need a second way of decoding (cookies,
 * `content`, deepObject, …) is refused, so that one value has one spelling on the wire.
 */
#include "policy/base/guard.h"
#include "policy/catalogue/openapi.h"
#include "policy/catalogue/parameter_value.h"

bool openapi_is_token(struct bytes name)
{
    static const char marks[] = "!#$%&'*+-.^_`|~";
    for (size_t i = 0; i < name.length; i++) {
        const char byte = name.at[i];
        const char lower = (char)(byte | 0x20);
        if (!((lower >= 'a' && lower <= 'z') || (byte >= '0' && byte <= '9') ||
              (byte != '\0' && strchr(marks, byte) != NULL))) {
            return false;
        }
    }
    return name.length > 0 && name.length <= 256;
}

static bool equal_without_case(struct bytes a, const char *lower)
{
    if (a.length != strlen(lower)) {
        return false;
    }
    for (size_t i = 0; i < a.length; i++) {
        const char byte = a.at[i];
        if ((byte >= 'A' && byte <= 'Z' ? byte + 32 : byte) != lower[i]) {
            return false;
        }
    }
    return true;
}

bool openapi_is_reserved_header(struct bytes name)
{
    /* Framing and connection (RFC 9110 §7.6.1), credentials, conditions and ranges, which never go
     * up (design 3.6), and what the gateway says itself (design 3.9). */
    static const char *const reserved[] = {"accept-encoding",
                                           "access-id",
                                           "access-receipt",
                                           "authorization",
                                           "cache-control",
                                           "connection",
                                           "content-encoding",
                                           "content-length",
                                           "content-range",
                                           "content-type",
                                           "cookie",
                                           "date",
                                           "disclosure",
                                           "expect",
                                           "forwarded",
                                           "host",
                                           "if-match",
                                           "if-modified-since",
                                           "if-none-match",
                                           "if-range",
                                           "if-unmodified-since",
                                           "keep-alive",
                                           "need",
                                           "proxy-authenticate",
                                           "proxy-authorization",
                                           "proxy-connection",
                                           "range",
                                           "set-cookie",
                                           "te",
                                           "traceparent",
                                           "trailer",
                                           "transfer-encoding",
                                           "upgrade",
                                           "via",
                                           "x-forwarded-for"};
    for (size_t i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++) {
        if (equal_without_case(name, reserved[i])) {
            return true;
        }
    }
    return false;
}

/* OpenAPI §4.8.12: these three are described elsewhere, and "SHALL be ignored" here. */
static bool is_ignored_header(struct bytes name)
{
    return equal_without_case(name, "accept") || equal_without_case(name, "content-type") ||
           equal_without_case(name, "authorization");
}

/* ---- keywords ---- */

static bool read_place(struct openapi *openapi, const struct document *at,
                       enum parameter_place *out)
{
    static const struct {
        const char *name;
        enum parameter_place place;
        const char *style;
    } places[] = {{"path", PARAMETER_IN_PATH, "simple"},
                  {"query", PARAMETER_IN_QUERY, "form"},
                  {"header", PARAMETER_IN_HEADER, "simple"}};
    const struct document *in = document_get(at, "in");
    const struct document *style = document_get(at, "style");
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        if (!document_is_string(in, places[i].name)) {
            continue;
        }
        if (style != NULL && !document_is_string(style, places[i].style)) {
            OPENAPI_ERROR(openapi, style, "style", "only the default style `%s` is supported here",
                          places[i].style);
        }
        *out = places[i].place;
        return true;
    }
    OPENAPI_ERROR(openapi, in == NULL ? at : in, "parameter",
                  "`in` is one of path, query, header%s",
                  document_is_string(in, "cookie") ? ": cookies never go to a service" : "");
    return false;
}

static bool read_flag(struct openapi *openapi, const struct document *at, const char *key,
                      bool otherwise)
{
    const struct document *value = document_get(at, key);
    if (value == NULL) {
        return otherwise;
    }
    if (value->kind != DOCUMENT_BOOL) {
        OPENAPI_ERROR(openapi, value, "type", "`%s` must be true or false", key);
        return otherwise;
    }
    return value->boolean;
}

/* ---- the schema of a parameter ---- */

struct reading {
    struct openapi *openapi;
    const struct document *at;
    struct catalogue_parameter *parameter;
    struct schema_extensions schema;
};

static void take_subject(const struct reading *reading, size_t subject)
{
    struct catalogue_parameter *parameter = reading->parameter;
    if (subject == CATALOGUE_NONE) {
        return;
    }
    if (parameter->subject != CATALOGUE_NONE && parameter->subject != subject) {
        OPENAPI_ERROR(reading->openapi, reading->at, "two-subjects",
                      "the parameter `%.*s` would identify two kinds of subjects",
                      BYTES_PRINTF(parameter->name));
    }
    parameter->subject = subject;
}

/* The part of single values: of the items where the parameter is an array. */
static amanat_result open_values(const struct reading *reading, const struct part *part,
                                 const struct part **out)
{
    struct compiler *compiler = reading->openapi->compiler;
    struct term *items = NULL;
    struct part *values = NULL;
    *out = part;
    if (reading->parameter->value.type != ATTRIBUTE_SET) {
        return AMANAT_OK;
    }
    TRY(part_items(compiler, part, &items));
    TRY_MEMORY(items);
    TRY(part_open(compiler, items, &values));
    *out = values;
    return AMANAT_OK;
}

static bool is_usable(const struct catalogue_attribute *value)
{
    return value->type != ATTRIBUTE_NONE && value->type != ATTRIBUTE_RECORD;
}

static amanat_result read_value(struct reading *reading, struct schema *schema, size_t label_set,
                                bool has_label)
{
    struct compiler *compiler = reading->openapi->compiler;
    struct catalogue_parameter *parameter = reading->parameter;
    struct term *term = NULL;
    struct part *part = NULL;
    const struct part *values = NULL;
    TRY(term_of_schema(compiler, schema, label_set, &term));
    TRY(part_open(compiler, term, &part));
    TRY(attribute_of_term(compiler, term, &parameter->value));
    parameter->value.name = parameter->name;
    parameter->value.optional = true;
    if (!is_usable(&parameter->value)) {
        OPENAPI_ERROR(reading->openapi, schema->at, "parameter-type",
                      "the parameter `%.*s` must be of one scalar type, or an array of one",
                      BYTES_PRINTF(parameter->name));
        return AMANAT_OK;
    }
    TRY(open_values(reading, part, &values));
    if (has_label && values->result_label_set != label_set) {
        OPENAPI_ERROR(reading->openapi, reading->at, "two-labels",
                      "the parameter `%.*s` and its schema have different labels",
                      BYTES_PRINTF(parameter->name));
    }
    const struct label_set *labels = &compiler->label_sets.items[values->result_label_set];
    parameter->labels = labels->labels;
    parameter->label_count = labels->count;
    take_subject(reading, part_subject(compiler, part));
    take_subject(reading, part_subject(compiler, values));
    const enum attribute_type type = catalogue_parameter_item(parameter)->type;
    struct openapi *owner = NULL;
    reading->schema = (struct schema_extensions){part_value_labels(compiler, values, &owner),
                                                 part_default(part), part_paging(part)};
    part_bounds(values, type, &parameter->bounds);
    if (parameter->bounds.max_length == SIZE_MAX) {
        parameter->bounds.max_length = CATALOGUE_PARAMETER_LENGTH;
    }
    return AMANAT_OK;
}

static amanat_result read_schema(struct reading *reading)
{
    struct openapi *openapi = reading->openapi;
    const struct document *schema_at = document_get(reading->at, "schema");
    const struct document *content = document_get(reading->at, "content");
    size_t label_set = LABEL_SET_NONE;
    bool has_label = false;
    TRY(openapi_read_label(openapi, reading->at, &label_set, &has_label));
    take_subject(reading, openapi_read_subject(openapi, reading->at));
    if (content != NULL || schema_at == NULL) {
        OPENAPI_ERROR(openapi, content == NULL ? reading->at : content, "parameter",
                      "describe the parameter `%.*s` by a `schema`",
                      BYTES_PRINTF(reading->parameter->name));
        return AMANAT_OK;
    }
    struct schema *schema = NULL;
    TRY(schema_of(openapi, schema_at, &schema));
    const struct arena_mark mark = arena_mark(openapi->compiler->scratch);
    const amanat_result read = read_value(reading, schema, label_set, has_label);
    arena_rewind(openapi->compiler->scratch, mark);
    return read;
}

static void tell_unlabelled(const struct reading *reading)
{
    const struct catalogue_parameter *parameter = reading->parameter;
    if (parameter->binding.owner != BINDING_NONE || catalogue_parameter_is_open(parameter)) {
        return;
    }
    compiler_report(reading->openapi->compiler,
                    parameter->required ? AMANAT_SEVERITY_WARNING : AMANAT_SEVERITY_NOTE,
                    openapi_place(reading->openapi, reading->at), "unlabelled",
                    "the parameter `%.*s` has no label, so it may not be used%s",
                    BYTES_PRINTF(parameter->name),
                    parameter->required ? ", and the operation may not be called" : "");
}

/* ---- one parameter, and lists of them ---- */

static bool read_name(struct openapi *openapi, const struct document *at,
                      struct catalogue_parameter *parameter)
{
    const struct document *name = document_get(at, "name");
    if (name == NULL || name->kind != DOCUMENT_STRING || name->text.length == 0 ||
        name->text.length > 256 || memchr(name->text.at, '\0', name->text.length) != NULL) {
        OPENAPI_ERROR(openapi, name == NULL ? at : name, "parameter",
                      "a parameter needs a `name` of at most 256 bytes");
        return false;
    }
    parameter->name = name->text;
    if (!read_place(openapi, at, &parameter->place)) {
        return false;
    }
    if (parameter->place != PARAMETER_IN_HEADER) {
        return true;
    }
    if (is_ignored_header(name->text)) {
        compiler_report(openapi->compiler, AMANAT_SEVERITY_WARNING, openapi_place(openapi, name),
                        "ignored", "OpenAPI ignores the header parameter `%.*s`",
                        BYTES_PRINTF(name->text));
        return false;
    }
    if (!openapi_is_token(name->text) || openapi_is_reserved_header(name->text)) {
        OPENAPI_ERROR(openapi, name, "header",
                      "`%.*s` is no header that a document may declare: it is not a token, or the "
                      "gateway speaks it itself",
                      BYTES_PRINTF(name->text));
        return false;
    }
    return true;
}

static amanat_result read_parameter(struct openapi *openapi, const struct document *at,
                                    struct catalogue_parameter *parameter, bool *out_counts)
{
    *parameter = (struct catalogue_parameter){.subject = CATALOGUE_NONE};
    *out_counts = read_name(openapi, at, parameter);
    if (!*out_counts) {
        return AMANAT_OK;
    }
    const bool in_path = parameter->place == PARAMETER_IN_PATH;
    parameter->required = read_flag(openapi, at, "required", false);
    parameter->explode = read_flag(openapi, at, "explode", parameter->place == PARAMETER_IN_QUERY);
    if (in_path && !parameter->required) {
        OPENAPI_ERROR(openapi, at, "parameter", "the path parameter `%.*s` needs `required: true`",
                      BYTES_PRINTF(parameter->name));
    }
    parameter->line = at->line;
    parameter->column = at->column;
    struct reading reading = {.openapi = openapi, .at = at, .parameter = parameter};
    TRY(read_schema(&reading));
    parameter->value.place = openapi_place(openapi, at);
    TRY(openapi_extend_parameter(openapi, at, &reading.schema, parameter));
    tell_unlabelled(&reading);
    return AMANAT_OK;
}

/* Headers are one whatever their case (RFC 9110 §5.1); so that policies can tell parameters apart
 * by their names, places do not make two of one name. */
static bool are_named_alike(const struct catalogue_parameter *a,
                            const struct catalogue_parameter *b)
{
    const bool are_headers = a->place == PARAMETER_IN_HEADER && b->place == PARAMETER_IN_HEADER;
    return are_headers ? header_names_equal(a->name, b->name) : bytes_equal(a->name, b->name);
}

/* Adds it; one that stood on the path is replaced, one of the same list is an error. */
static amanat_result add_parameter(struct openapi *openapi, const struct document *at,
                                   const struct catalogue_parameter *parameter, size_t *taken,
                                   struct parameter_list *out)
{
    const struct catalogue_place place = openapi_place(openapi, at);
    for (size_t i = 0; i < out->items.count; i++) {
        if (!are_named_alike(&out->items.items[i], parameter)) {
            continue;
        }
        const bool replaces = out->items.items[i].place == parameter->place && i >= *taken;
        if (!replaces) {
            OPENAPI_ERROR(openapi, at, "parameter", "there are two parameters `%.*s`",
                          BYTES_PRINTF(parameter->name));
            return AMANAT_OK;
        }
        /* Parameters of this list stand before those of the path that are not yet replaced. */
        const struct catalogue_parameter moved = out->items.items[*taken];
        const struct catalogue_place moved_place = out->places.items[*taken];
        out->items.items[i] = moved;
        out->places.items[i] = moved_place;
        out->items.items[*taken] = *parameter;
        out->places.items[*taken] = place;
        (*taken)++;
        return AMANAT_OK;
    }
    struct catalogue_parameter *slot = VECTOR_PUSH(openapi->compiler->arena, &out->items);
    struct catalogue_place *place_slot = VECTOR_PUSH(openapi->compiler->arena, &out->places);
    TRY_MEMORY(slot);
    TRY_MEMORY(place_slot);
    *slot = out->items.items[*taken < out->items.count - 1 ? *taken : out->items.count - 1];
    *place_slot =
        out->places.items[*taken < out->places.count - 1 ? *taken : out->places.count - 1];
    out->items.items[*taken] = *parameter;
    out->places.items[*taken] = place;
    (*taken)++;
    return AMANAT_OK;
}

amanat_result openapi_read_parameters(struct openapi *openapi, const struct document *list,
                                      struct parameter_list *out)
{
    size_t taken = 0; /* how many of `out`, at its beginning, are of this list */
    if (list == NULL) {
        return AMANAT_OK;
    }
    if (list->kind != DOCUMENT_ARRAY) {
        OPENAPI_ERROR(openapi, list, "type", "`parameters` must be a list");
        return AMANAT_OK;
    }
    for (size_t i = 0; i < list->count; i++) {
        struct catalogue_parameter parameter;
        bool counts = false;
        const struct document *at = openapi_resolve(openapi, &list->items[i], "a parameter");
        if (at == NULL) {
            continue;
        }
        TRY(read_parameter(openapi, at, &parameter, &counts));
        if (counts) {
            TRY(add_parameter(openapi, at, &parameter, &taken, out));
        }
    }
    return AMANAT_OK;
}
