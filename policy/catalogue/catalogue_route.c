/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From method and target to an operation with typed parameters, and back to a target for the
 * service. What was sent is decoded exactly once; what is sent on is written anew from the values
 * (design 3.3), so that gateway and service cannot read one target in two ways.
 */
#include "policy/base/guard.h"
#include "policy/base/vector.h"
#include "policy/catalogue/catalogue.h"
#include "policy/catalogue/parameter_value.h"

#define SEGMENTS_LIMIT 64
#define METHODS_LIMIT  8

typedef VECTOR(struct bytes) bytes_list;

/* ---- decoding ---- */

static int hex_digit(char byte)
{
    if (byte >= '0' && byte <= '9') {
        return byte - '0';
    }
    const char lower = (char)(byte | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* Percent-decodes once (RFC 3986 §2.1). REFUSED when it is malformed. */
static amanat_result decode(struct bytes raw, bool plus_is_space, struct arena *arena,
                            struct bytes *out)
{
    char *decoded = arena_allocate(arena, raw.length);
    TRY_MEMORY(decoded);
    size_t length = 0;
    for (size_t i = 0; i < raw.length; i++) {
        char byte = raw.at[i];
        if (byte == '%') {
            const int high = i + 2 < raw.length ? hex_digit(raw.at[i + 1]) : -1;
            const int low = i + 2 < raw.length ? hex_digit(raw.at[i + 2]) : -1;
            if (high < 0 || low < 0) {
                return amanat_result_of(AMANAT_STATUS_REFUSED);
            }
            byte = (char)(high * 16 + low);
            i += 2;
        } else if (byte == '+' && plus_is_space) {
            byte = ' ';
        }
        decoded[length++] = byte;
    }
    *out = bytes_of(decoded, length);
    return AMANAT_OK;
}

static amanat_result refuse_status(amanat_result result, enum problem_name name,
                                   struct bytes parameter, struct problem *out_problem)
{
    return result.status == AMANAT_STATUS_REFUSED ? refuse_parameter(name, parameter, out_problem)
                                                  : result;
}

static struct bytes next_piece(struct bytes text, char separator, size_t *start)
{
    const struct bytes rest = bytes_from(text, *start);
    const struct bytes piece = bytes_first(rest, bytes_find(rest, separator));
    *start += piece.length + 1;
    return piece;
}

/* ---- finding the operation ---- */

struct target {
    struct bytes raw[SEGMENTS_LIMIT];
    struct bytes segments[SEGMENTS_LIMIT]; /* decoded; the first is the service */
    size_t count;
    struct bytes query;
};

static amanat_result split_target(struct bytes text, struct arena *arena, struct target *out)
{
    const size_t mark = bytes_find(text, '?');
    const struct bytes path = bytes_first(text, mark);
    out->query = mark < text.length ? bytes_from(text, mark + 1) : bytes_of(NULL, 0);
    out->count = 0;
    if (!bytes_start_with(path, BYTES("/"))) {
        return amanat_result_of(AMANAT_STATUS_REFUSED);
    }
    for (size_t start = 1; start <= path.length;) {
        if (out->count == SEGMENTS_LIMIT) {
            return amanat_result_of(AMANAT_STATUS_REFUSED);
        }
        out->raw[out->count] = next_piece(path, '/', &start);
        TRY(decode(out->raw[out->count], false, arena, &out->segments[out->count]));
        out->count++;
    }
    return AMANAT_OK;
}

static bool is_template(struct bytes segment)
{
    return segment.length > 0 && segment.at[0] == '{';
}

/* Whether the route names this target, and how exactly: one bit for each segment, the first one
 * highest, set where the route is concrete. */
static bool matches(struct bytes route, const struct target *target, uint64_t *out_rank)
{
    size_t index = 0;
    uint64_t rank = 0;
    for (size_t start = 1; start <= route.length; index++) {
        const struct bytes segment = next_piece(route, '/', &start);
        if (index == target->count) {
            return false;
        }
        const bool concrete = !is_template(segment);
        const bool same = concrete ? bytes_equal(segment, target->segments[index])
                                   : target->segments[index].length > 0;
        if (!same) {
            return false;
        }
        rank |= concrete ? (uint64_t)1 << (SEGMENTS_LIMIT - 1 - index) : 0;
    }
    *out_rank = rank;
    return index == target->count;
}

static const struct catalogue_service *find_service(const struct catalogue *catalogue,
                                                    struct bytes name)
{
    for (size_t i = 0; i < catalogue->service_count; i++) {
        if (bytes_equal(catalogue->services[i].name, name)) {
            return &catalogue->services[i];
        }
    }
    return NULL;
}

/* The operation with this method on the route, where HEAD may stand for GET. */
static const struct catalogue_operation *find_method(const struct catalogue_service *service,
                                                     struct bytes route, struct bytes method)
{
    const struct catalogue_operation *get = NULL;
    for (size_t i = 0; i < service->operation_count; i++) {
        const struct catalogue_operation *operation = &service->operations[i];
        if (!bytes_equal(operation->route, route)) {
            continue;
        }
        if (bytes_equal(operation->method, method)) {
            return operation;
        }
        if (bytes_equal(operation->method, BYTES("GET"))) {
            get = operation;
        }
    }
    return bytes_equal(method, BYTES("HEAD")) ? get : NULL;
}

static struct bytes list_methods(const struct catalogue_service *service, struct bytes route,
                                 struct arena *arena)
{
    static const char *const methods[METHODS_LIMIT] = {"GET", "HEAD",  "OPTIONS", "POST",
                                                       "PUT", "PATCH", "DELETE",  NULL};
    struct bytes allow = {0};
    for (size_t i = 0; methods[i] != NULL; i++) {
        if (find_method(service, route, bytes_of_string(methods[i])) != NULL) {
            allow = arena_format_bytes(arena, "%.*s%s%s", BYTES_PRINTF(allow),
                                       allow.length == 0 ? "" : ", ", methods[i]);
        }
    }
    return allow;
}

static amanat_result find_operation(const struct catalogue *catalogue, struct bytes method,
                                    const struct target *target, struct arena *arena,
                                    struct catalogue_call *out, struct problem *out_problem)
{
    const struct bytes none = {0};
    const struct catalogue_service *service = find_service(catalogue, target->segments[0]);
    struct bytes route = {0};
    uint64_t best = 0;
    for (size_t i = 0; service != NULL && i < service->operation_count; i++) {
        uint64_t rank = 0;
        /* The service's own segment is concrete: a match never ranks 0. */
        if (matches(service->operations[i].route, target, &rank) && rank > best) {
            best = rank;
            route = service->operations[i].route;
        }
    }
    if (best == 0) {
        return refuse_parameter(PROBLEM_NOT_FOUND, none, out_problem);
    }
    out->service = service;
    out->operation = find_method(service, route, method);
    if (out->operation == NULL) {
        out->allow = list_methods(service, route, arena);
        return refuse_parameter(PROBLEM_METHOD, none, out_problem);
    }
    return AMANAT_OK;
}

/* ---- reading parameters ---- */

struct reading {
    const struct catalogue_call *call;
    struct sent_values *sent;
    struct arena *arena;
    struct problem *problem;
};

/* A raw value: one, or several with commas between (before they are decoded). */
static amanat_result add_raw(const struct reading *reading, size_t index, struct bytes raw,
                             bool has_commas, bool plus_is_space)
{
    const struct catalogue_parameter *parameter = &reading->call->operation->parameters[index];
    const bool split = has_commas && parameter->value.type == ATTRIBUTE_SET;
    for (size_t start = 0; start <= raw.length;) {
        struct bytes piece = raw;
        struct bytes text = {0};
        if (split) {
            piece = next_piece(raw, ',', &start);
        } else {
            start = raw.length + 1;
        }
        TRY(refuse_status(decode(piece, plus_is_space, reading->arena, &text), PROBLEM_MALFORMED,
                          parameter->name, reading->problem));
        TRY(parameters_add(parameter, text, &reading->sent[index], reading->arena,
                           reading->problem));
    }
    return AMANAT_OK;
}

static amanat_result read_path(const struct reading *reading, const struct target *target)
{
    const struct catalogue_operation *operation = reading->call->operation;
    size_t at = 0;
    for (size_t start = 1; start <= operation->route.length; at++) {
        const struct bytes segment = next_piece(operation->route, '/', &start);
        if (!is_template(segment)) {
            continue;
        }
        const struct bytes name = bytes_of(segment.at + 1, segment.length - 2);
        for (size_t i = 0; i < operation->parameter_count; i++) {
            const struct catalogue_parameter *parameter = &operation->parameters[i];
            if (parameter->place == PARAMETER_IN_PATH && bytes_equal(parameter->name, name)) {
                TRY(add_raw(reading, i, target->raw[at], true, false));
            }
        }
    }
    return AMANAT_OK;
}

static size_t find_query_parameter(const struct catalogue_operation *operation, struct bytes name)
{
    for (size_t i = 0; i < operation->parameter_count; i++) {
        if (operation->parameters[i].place == PARAMETER_IN_QUERY &&
            operation->parameters[i].binding.owner == BINDING_NONE &&
            bytes_equal(operation->parameters[i].name, name)) {
            return i;
        }
    }
    return CATALOGUE_NONE;
}

static amanat_result read_pair(const struct reading *reading, struct bytes pair)
{
    const size_t equals = bytes_find(pair, '=');
    const struct bytes none = {0};
    struct bytes name = {0};
    TRY(refuse_status(decode(bytes_first(pair, equals), true, reading->arena, &name),
                      PROBLEM_MALFORMED, none, reading->problem));
    const size_t index = find_query_parameter(reading->call->operation, name);
    if (index == CATALOGUE_NONE) {
        return refuse_parameter(PROBLEM_UNDECLARED, declared_name(reading->call->service, name),
                                reading->problem);
    }
    const struct catalogue_parameter *parameter = &reading->call->operation->parameters[index];
    const struct bytes value =
        equals < pair.length ? bytes_from(pair, equals + 1) : bytes_of(NULL, 0);
    if (!parameter->explode && reading->sent[index].count > 0) {
        return parameters_refuse_repeated(parameter, reading->problem);
    }
    return add_raw(reading, index, value, !parameter->explode, true);
}

static amanat_result read_query(const struct reading *reading, struct bytes query)
{
    const struct bytes none = {0};
    for (size_t start = 0; query.length > 0 && start <= query.length;) {
        const struct bytes pair = next_piece(query, '&', &start);
        if (pair.length == 0) {
            return refuse_parameter(PROBLEM_MALFORMED, none, reading->problem);
        }
        TRY(read_pair(reading, pair));
    }
    return AMANAT_OK;
}

/* A header's value, at commas where the parameter is an array; blanks around the items go (RFC 9110
 * §5.6.1). Header values are not percent-encoded. */
static amanat_result read_header(const struct reading *reading, size_t index, struct bytes value)
{
    const struct catalogue_parameter *parameter = &reading->call->operation->parameters[index];
    const bool split = parameter->value.type == ATTRIBUTE_SET;
    for (size_t start = 0; start <= value.length;) {
        struct bytes piece = value;
        if (split) {
            piece = next_piece(value, ',', &start);
        } else {
            start = value.length + 1;
        }
        while (piece.length > 0 && (piece.at[0] == ' ' || piece.at[0] == '\t')) {
            piece = bytes_from(piece, 1);
        }
        while (piece.length > 0 &&
               (piece.at[piece.length - 1] == ' ' || piece.at[piece.length - 1] == '\t')) {
            piece.length--;
        }
        TRY(parameters_add(parameter, piece, &reading->sent[index], reading->arena,
                           reading->problem));
    }
    return AMANAT_OK;
}

static amanat_result read_headers(const struct reading *reading,
                                  const struct catalogue_request_header *headers, size_t count)
{
    const struct catalogue_operation *operation = reading->call->operation;
    for (size_t i = 0; i < operation->parameter_count; i++) {
        if (operation->parameters[i].place != PARAMETER_IN_HEADER ||
            operation->parameters[i].binding.owner != BINDING_NONE) {
            continue;
        }
        for (size_t k = 0; k < count; k++) {
            if (header_names_equal(headers[k].name, operation->parameters[i].name)) {
                TRY(read_header(reading, i, headers[k].value));
            }
        }
    }
    return AMANAT_OK;
}

amanat_result catalogue_route(const struct catalogue *catalogue, struct bytes method,
                              struct bytes target, const struct catalogue_request_header *headers,
                              size_t header_count, struct arena *arena, struct catalogue_call *out,
                              struct problem *out_problem)
{
    struct target split;
    const struct bytes none = {0};
    *out = (struct catalogue_call){0};
    TRY(refuse_status(split_target(target, arena, &split), PROBLEM_NOT_FOUND, none, out_problem));
    TRY(find_operation(catalogue, method, &split, arena, out, out_problem));
    struct sent_values *sent =
        arena_allocate_array(arena, out->operation->parameter_count, sizeof(*sent));
    TRY_MEMORY(sent);
    const struct reading reading = {out, sent, arena, out_problem};
    TRY(read_path(&reading, &split));
    TRY(read_query(&reading, split.query));
    TRY(read_headers(&reading, headers, header_count));
    return parameters_finish(out->operation, sent, arena, out, out_problem);
}

/* ---- an operation by its name ---- */

/* Headers are found whatever their case, as on the wire. */
static bool is_named(const struct catalogue_parameter *parameter, struct bytes name)
{
    return parameter->place == PARAMETER_IN_HEADER ? header_names_equal(parameter->name, name)
                                                   : bytes_equal(parameter->name, name);
}

static void find_by_id(const struct catalogue *catalogue, struct bytes id,
                       struct catalogue_call *out)
{
    for (size_t s = 0; s < catalogue->service_count; s++) {
        const struct catalogue_service *service = &catalogue->services[s];
        for (size_t i = 0; i < service->operation_count; i++) {
            if (bytes_equal(service->operations[i].id, id)) {
                out->service = service;
                out->operation = &service->operations[i];
            }
        }
    }
}

amanat_result catalogue_call_operation(const struct catalogue *catalogue, struct bytes operation_id,
                                       const struct catalogue_named_value *values,
                                       size_t value_count, struct arena *arena,
                                       struct catalogue_call *out, struct problem *out_problem)
{
    const struct bytes none = {0};
    *out = (struct catalogue_call){0};
    find_by_id(catalogue, operation_id, out);
    if (out->operation == NULL) {
        return refuse_parameter(PROBLEM_NOT_FOUND, none, out_problem);
    }
    const struct catalogue_operation *operation = out->operation;
    struct sent_values *sent =
        arena_allocate_array(arena, operation->parameter_count, sizeof(*sent));
    TRY_MEMORY(sent);
    for (size_t k = 0; k < value_count; k++) {
        size_t index = 0;
        while (index < operation->parameter_count &&
               (operation->parameters[index].binding.owner != BINDING_NONE ||
                !is_named(&operation->parameters[index], values[k].name))) {
            index++;
        }
        if (index == operation->parameter_count) {
            return refuse_parameter(PROBLEM_UNDECLARED, declared_name(out->service, values[k].name),
                                    out_problem);
        }
        TRY(parameters_add(&operation->parameters[index], values[k].value, &sent[index], arena,
                           out_problem));
    }
    return parameters_finish(operation, sent, arena, out, out_problem);
}

/* ---- writing the target anew ---- */

/* RFC 3986 §2.3: only unreserved characters stand as they are. */
static void write_encoded(struct buffer *out, struct bytes text)
{
    static const char hex[] = "0123456789ABCDEF";
    for (size_t i = 0; i < text.length; i++) {
        const unsigned char byte = (unsigned char)text.at[i];
        const unsigned char lower = byte | 0x20;
        if ((lower >= 'a' && lower <= 'z') || (byte >= '0' && byte <= '9') || byte == '-' ||
            byte == '.' || byte == '_' || byte == '~') {
            buffer_append_byte(out, (char)byte);
        } else {
            buffer_append_byte(out, '%');
            buffer_append_byte(out, hex[byte >> 4]);
            buffer_append_byte(out, hex[byte & 15]);
        }
    }
}

static void write_items(struct buffer *out, const struct parameter_value *value)
{
    for (size_t i = 0; i < value->item_count; i++) {
        if (i > 0) {
            buffer_append_byte(out, ',');
        }
        write_encoded(out, value->items[i].text);
    }
}

static void write_query_value(struct buffer *out, const struct parameter_value *value,
                              char *separator)
{
    const size_t rounds = value->parameter->explode ? value->item_count : 1;
    for (size_t i = 0; i < rounds; i++) {
        buffer_append_byte(out, *separator);
        *separator = '&';
        write_encoded(out, value->parameter->name);
        buffer_append_byte(out, '=');
        if (value->parameter->explode) {
            write_encoded(out, value->items[i].text);
        } else {
            write_items(out, value);
        }
    }
}

static void write_segment(const struct catalogue_call *call, struct buffer *out,
                          struct bytes segment)
{
    if (!is_template(segment)) {
        buffer_append(out, segment);
        return;
    }
    const struct bytes name = bytes_of(segment.at + 1, segment.length - 2);
    for (size_t i = 0; i < call->parameter_count; i++) {
        const struct parameter_value *value = &call->parameters[i];
        if (value->parameter->place == PARAMETER_IN_PATH &&
            bytes_equal(value->parameter->name, name)) {
            write_items(out, value);
        }
    }
}

void catalogue_write_target(const struct catalogue_call *call, struct buffer *out)
{
    const struct bytes route = call->operation->route;
    size_t start = 1 + call->service->name.length + 1; /* after "/service/" */
    while (start <= route.length) {
        buffer_append_byte(out, '/');
        write_segment(call, out, next_piece(route, '/', &start));
    }
    char separator = '?';
    for (size_t i = 0; i < call->parameter_count; i++) {
        if (call->parameters[i].parameter->place == PARAMETER_IN_QUERY) {
            write_query_value(out, &call->parameters[i], &separator);
        }
    }
}
