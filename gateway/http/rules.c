/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rules of start lines, field lines and framing (RFC 9112 §3-§7, RFC 9110 §5-§8). Pure
 * functions of one line or one head; how lines are found in the stream is reader.c's affair.
 *
 * Stricter than the RFCs demand, because a message that two readers can understand differently is
 * worth more to an attacker than to a client: no list of equal lengths, no transfer coding but
 * `chunked`, no white space around chunk sizes, no Upgrade, HTTP/1.1 only (a response may be
 * HTTP/1.0: its framing is a subset).
 */
#include "gateway/http/rules.h"

#include "gateway/http/syntax.h"
#include "gateway/http/target.h"

/* Lengths and sizes stay within int64_t, so that sums of two never wrap. */
#define LENGTH_LIMIT ((uint64_t)INT64_MAX)

enum version { VERSION_MALFORMED = 0, VERSION_1_1, VERSION_1_0, VERSION_OTHER };

static enum version read_version(struct bytes text)
{
    if (text.length != 8 || !bytes_start_with(text, BYTES("HTTP/")) || !http_is_digit(text.at[5]) ||
        text.at[6] != '.' || !http_is_digit(text.at[7])) {
        return VERSION_MALFORMED;
    }
    if (text.at[5] != '1' || text.at[7] > '1') {
        return VERSION_OTHER;
    }
    return text.at[7] == '1' ? VERSION_1_1 : VERSION_1_0;
}

enum http_refusal http_rules_request_line(struct bytes line, struct http_request_head *out)
{
    const size_t first = bytes_find(line, ' ');
    const struct bytes method = bytes_first(line, first);
    if (!http_is_token(method)) {
        return HTTP_REFUSAL_METHOD_INVALID;
    }
    if (first == line.length) {
        return HTTP_REFUSAL_START_LINE_MALFORMED;
    }
    const struct bytes rest = bytes_from(line, first + 1);
    const size_t second = bytes_find(rest, ' ');
    if (second == 0 || second == rest.length) {
        return HTTP_REFUSAL_START_LINE_MALFORMED;
    }
    const struct bytes version_text = bytes_from(rest, second + 1);
    const enum version version = read_version(version_text);
    if (version == VERSION_MALFORMED) {
        return bytes_find(version_text, ' ') < version_text.length
                   ? HTTP_REFUSAL_START_LINE_MALFORMED
                   : HTTP_REFUSAL_VERSION_MALFORMED;
    }
    if (version != VERSION_1_1) {
        return HTTP_REFUSAL_VERSION_UNSUPPORTED;
    }
    out->method = method;
    return http_target_read(bytes_first(rest, second), out);
}

enum http_refusal http_rules_status_line(struct bytes line, struct http_status_line *out)
{
    const size_t first = bytes_find(line, ' ');
    const enum version version = read_version(bytes_first(line, first));
    if (version == VERSION_MALFORMED) {
        return HTTP_REFUSAL_VERSION_MALFORMED;
    }
    if (version == VERSION_OTHER) {
        return HTTP_REFUSAL_VERSION_UNSUPPORTED;
    }
    /* RFC 9112 §4: the space after the code is there even when the reason is empty. */
    if (line.length < first + 5 || line.at[first + 4] != ' ') {
        return HTTP_REFUSAL_STATUS_MALFORMED;
    }
    uint64_t status = 0;
    if (!http_read_decimal(bytes_first(bytes_from(line, first + 1), 3), 599, &status) ||
        status < 100) {
        return HTTP_REFUSAL_STATUS_MALFORMED;
    }
    for (size_t i = first + 5; i < line.length; i++) {
        if (!http_is_value_byte(line.at[i])) {
            return HTTP_REFUSAL_STATUS_MALFORMED;
        }
    }
    *out = (struct http_status_line){(unsigned)status, version == VERSION_1_0};
    return HTTP_REFUSAL_NONE;
}

enum http_refusal http_rules_field_line(struct bytes line, struct http_header *out)
{
    /* RFC 9112 §5.2 obs-fold, and §2.2: white space between start line and first field. */
    if (line.at[0] == ' ' || line.at[0] == '\t') {
        return HTTP_REFUSAL_HEADER_FOLDED;
    }
    const size_t colon = bytes_find(line, ':');
    const struct bytes name = bytes_first(line, colon);
    if (colon == line.length || colon == 0) {
        return HTTP_REFUSAL_HEADER_NAME;
    }
    /* RFC 9112 §5.1: "No whitespace is allowed between the field name and colon." */
    if (name.at[colon - 1] == ' ' || name.at[colon - 1] == '\t') {
        return HTTP_REFUSAL_HEADER_SPACE_BEFORE_COLON;
    }
    if (!http_is_token(name)) {
        return HTTP_REFUSAL_HEADER_NAME;
    }
    const struct bytes value = http_trim(bytes_from(line, colon + 1));
    if (!http_header_value_is_valid(value)) {
        return HTTP_REFUSAL_HEADER_VALUE;
    }
    *out = (struct http_header){name, value};
    return HTTP_REFUSAL_NONE;
}

/* What the framing and connection fields of a head say together. */
struct message_fields {
    size_t lengths;
    struct bytes length;
    size_t encodings;
    struct bytes encoding;
    size_t hosts;
    struct bytes host;
    size_t expectations;
    struct bytes expectation;
    bool has_upgrade;
    bool asks_close;
    bool asks_upgrade;
    bool has_bad_connection;
};

/* Connection = #connection-option (RFC 9110 §7.6.1); empty elements of a list are allowed
 * (§5.6.1.2). */
static void read_connection(struct bytes value, struct message_fields *fields)
{
    for (;;) {
        const size_t comma = bytes_find(value, ',');
        const struct bytes option = http_trim(bytes_first(value, comma));
        if (option.length > 0 && !http_is_token(option)) {
            fields->has_bad_connection = true;
        }
        fields->asks_close |= http_equals_ignoring_case(option, "close");
        fields->asks_upgrade |= http_equals_ignoring_case(option, "upgrade");
        if (comma == value.length) {
            return;
        }
        value = bytes_from(value, comma + 1);
    }
}

static void note(size_t *count, struct bytes *kept, struct bytes value)
{
    *count += 1;
    *kept = value;
}

static struct message_fields read_fields(const struct http_header *headers, size_t count)
{
    struct message_fields fields = {0};
    for (size_t i = 0; i < count; i++) {
        const struct bytes name = headers[i].name;
        const struct bytes value = headers[i].value;
        if (bytes_equal_string(name, "content-length")) {
            note(&fields.lengths, &fields.length, value);
        } else if (bytes_equal_string(name, "transfer-encoding")) {
            note(&fields.encodings, &fields.encoding, value);
        } else if (bytes_equal_string(name, "host")) {
            note(&fields.hosts, &fields.host, value);
        } else if (bytes_equal_string(name, "expect")) {
            note(&fields.expectations, &fields.expectation, value);
        } else if (bytes_equal_string(name, "upgrade")) {
            fields.has_upgrade = true;
        } else if (bytes_equal_string(name, "connection")) {
            read_connection(value, &fields);
        }
    }
    return fields;
}

/* RFC 9112 §6.1-§6.3: NONE when neither field is there. */
static enum http_refusal read_framing(const struct message_fields *fields,
                                      enum http_framing *out_framing, uint64_t *out_length)
{
    if (fields->lengths > 0 && fields->encodings > 0) {
        return HTTP_REFUSAL_LENGTH_WITH_ENCODING;
    }
    if (fields->lengths > 1) {
        return HTTP_REFUSAL_LENGTH_REPEATED;
    }
    if (fields->encodings > 0) {
        if (fields->encodings > 1 || !http_equals_ignoring_case(fields->encoding, "chunked")) {
            return HTTP_REFUSAL_ENCODING_UNSUPPORTED;
        }
        *out_framing = HTTP_FRAMING_CHUNKED;
        return HTTP_REFUSAL_NONE;
    }
    if (fields->lengths == 1) {
        if (!http_read_decimal(fields->length, LENGTH_LIMIT, out_length)) {
            return HTTP_REFUSAL_LENGTH_INVALID;
        }
        *out_framing = HTTP_FRAMING_LENGTH;
        return HTTP_REFUSAL_NONE;
    }
    *out_framing = HTTP_FRAMING_NONE;
    return HTTP_REFUSAL_NONE;
}

static bool is_host_byte(char byte, bool in_brackets)
{
    const char lower = http_lower(byte);
    if (in_brackets) {
        return http_hex_value(byte) >= 0 || byte == ':' || byte == '.';
    }
    return (lower >= 'a' && lower <= 'z') || http_is_digit(byte) || byte == '-' || byte == '.' ||
           byte == '_';
}

/* uri-host [ ":" port ] (RFC 9110 §7.2) in letters, digits, "-", ".", "_" or an address in
 * brackets: no user, no escapes, no sub-delims, no empty port. */
static bool is_host(struct bytes host)
{
    const bool in_brackets = host.length > 0 && host.at[0] == '[';
    size_t at = in_brackets ? 1 : 0;
    const size_t start = at;
    while (at < host.length && is_host_byte(host.at[at], in_brackets)) {
        at++;
    }
    if (at == start) {
        return false;
    }
    if (in_brackets) {
        if (at == host.length || host.at[at] != ']') {
            return false;
        }
        at++;
    }
    if (at == host.length) {
        return true;
    }
    uint64_t port = 0;
    return host.at[at] == ':' && http_read_decimal(bytes_from(host, at + 1), 65535, &port);
}

static enum http_refusal check_host(const struct message_fields *fields)
{
    if (fields->hosts != 1) {
        return fields->hosts == 0 ? HTTP_REFUSAL_HOST_MISSING : HTTP_REFUSAL_HOST_REPEATED;
    }
    return is_host(fields->host) ? HTTP_REFUSAL_NONE : HTTP_REFUSAL_HOST_INVALID;
}

enum http_refusal http_rules_request_headers(struct http_request_head *head)
{
    const struct message_fields fields = read_fields(head->headers, head->header_count);
    enum http_refusal refusal = read_framing(&fields, &head->framing, &head->length);
    if (refusal == HTTP_REFUSAL_NONE) {
        refusal = check_host(&fields);
    }
    if (refusal != HTTP_REFUSAL_NONE) {
        return refusal;
    }
    if (fields.has_bad_connection) {
        return HTTP_REFUSAL_CONNECTION_INVALID;
    }
    if (fields.has_upgrade || fields.asks_upgrade) {
        return HTTP_REFUSAL_UPGRADE;
    }
    if (fields.expectations > 1 ||
        (fields.expectations == 1 &&
         !http_equals_ignoring_case(fields.expectation, "100-continue"))) {
        return HTTP_REFUSAL_EXPECTATION_UNKNOWN;
    }
    head->host = fields.host;
    head->keeps_alive = !fields.asks_close;
    /* RFC 9110 §10.1.1: an expectation without content means nothing. */
    head->expects_continue =
        fields.expectations == 1 && (head->framing == HTTP_FRAMING_CHUNKED ||
                                     (head->framing == HTTP_FRAMING_LENGTH && head->length > 0));
    return HTTP_REFUSAL_NONE;
}

enum http_refusal http_rules_response_headers(const struct http_status_line *line, bool head_only,
                                              struct http_response_head *head)
{
    const struct message_fields fields = read_fields(head->headers, head->header_count);
    enum http_framing framing = HTTP_FRAMING_NONE;
    uint64_t length = 0;
    const enum http_refusal refusal = read_framing(&fields, &framing, &length);
    if (refusal != HTTP_REFUSAL_NONE) {
        return refusal;
    }
    if (fields.has_bad_connection) {
        return HTTP_REFUSAL_CONNECTION_INVALID;
    }
    if (line->status == 101) {
        return HTTP_REFUSAL_UPGRADE; /* never asked for */
    }
    /* RFC 9112 §6.1: chunked in an HTTP/1.0 message is faulty framing. */
    if (line->is_1_0 && framing == HTTP_FRAMING_CHUNKED) {
        return HTTP_REFUSAL_ENCODING_UNSUPPORTED;
    }
    const bool never_has_body = line->status < 200 || line->status == 204;
    /*
     * RFC 9110 §8.6, RFC 9112 §6.1: neither field in 1xx and 204. A length of 0 says nothing false.
     */
    if (never_has_body && framing != HTTP_FRAMING_NONE &&
        !(framing == HTTP_FRAMING_LENGTH && length == 0)) {
        return HTTP_REFUSAL_LENGTH_NOT_ALLOWED;
    }
    if (never_has_body || line->status == 304 || head_only) {
        framing = HTTP_FRAMING_NONE;
        length = 0;
    } else if (framing == HTTP_FRAMING_NONE) {
        framing = HTTP_FRAMING_UNTIL_CLOSE;
    }
    head->framing = framing;
    head->length = length;
    head->keeps_alive = !fields.asks_close && !line->is_1_0 && framing != HTTP_FRAMING_UNTIL_CLOSE;
    return HTTP_REFUSAL_NONE;
}

bool http_rules_is_trailer_allowed(struct bytes name)
{
    static const char *const forbidden[] = {
        "content-length", "transfer-encoding", "host", "connection", "upgrade", "trailer", "te",
        "expect",         "authorization",     "need"};
    for (size_t i = 0; i < sizeof(forbidden) / sizeof(forbidden[0]); i++) {
        if (http_equals_ignoring_case(name, forbidden[i])) {
            return false;
        }
    }
    return true;
}

/* `at` stands after an opening quote; gives the place after the closing one, or 0 (RFC 9110
 * §5.6.4). */
static size_t skip_quoted(struct bytes line, size_t at)
{
    for (; at < line.length; at++) {
        if (line.at[at] == '"') {
            return at + 1;
        }
        if (line.at[at] == '\\') {
            at++;
        }
        if (at == line.length || !http_is_value_byte(line.at[at])) {
            return 0;
        }
    }
    return 0;
}

static size_t skip_token(struct bytes line, size_t at)
{
    while (at < line.length && http_is_token_byte(line.at[at])) {
        at++;
    }
    return at;
}

/* *( ";" chunk-ext-name [ "=" chunk-ext-val ] ) (RFC 9112 §7.1.1) */
static bool are_extensions(struct bytes line, size_t at)
{
    while (at < line.length) {
        const size_t name = at + 1;
        if (line.at[at] != ';' || (at = skip_token(line, name)) == name) {
            return false;
        }
        if (at == line.length || line.at[at] != '=') {
            continue;
        }
        const size_t value = at + 1;
        const bool is_quoted = value < line.length && line.at[value] == '"';
        at = is_quoted ? skip_quoted(line, value + 1) : skip_token(line, value);
        if (at <= value) {
            return false;
        }
    }
    return true;
}

enum http_refusal http_rules_chunk_line(struct bytes line, uint64_t *out_size,
                                        size_t *out_extension)
{
    uint64_t size = 0;
    size_t at = 0;
    for (; at < line.length && http_hex_value(line.at[at]) >= 0; at++) {
        if (size > LENGTH_LIMIT >> 4) {
            return HTTP_REFUSAL_CHUNK_SIZE;
        }
        size = size << 4 | (uint64_t)http_hex_value(line.at[at]);
    }
    if (at == 0 || (at < line.length && line.at[at] != ';')) {
        return HTTP_REFUSAL_CHUNK_SIZE;
    }
    if (!are_extensions(line, at)) {
        return HTTP_REFUSAL_CHUNK_EXTENSION;
    }
    *out_size = size;
    *out_extension = line.length - at;
    return HTTP_REFUSAL_NONE;
}
