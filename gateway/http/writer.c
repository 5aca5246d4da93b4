/* SPDX-License-Identifier: Apache-2.0 */
/* Heads and chunks as bytes (RFC 9112 §3-§7). All is checked before anything is written. */
#include "gateway/http/writer.h"

#include <inttypes.h>
#include <stdio.h>

#include "gateway/http/syntax.h"
#include "gateway/http/writer_private.h"
#include "gateway/runtime/runtime.h"
#include "policy/base/guard.h"

/* No phrase for a status without one of its own. */
static const char *status_phrase(unsigned status)
{
    static const struct {
        unsigned status;
        const char *phrase;
    } phrases[] = {{100, "Continue"},
                   {200, "OK"},
                   {201, "Created"},
                   {202, "Accepted"},
                   {203, "Non-Authoritative Information"},
                   {204, "No Content"},
                   {205, "Reset Content"},
                   {206, "Partial Content"},
                   {300, "Multiple Choices"},
                   {301, "Moved Permanently"},
                   {302, "Found"},
                   {303, "See Other"},
                   {304, "Not Modified"},
                   {307, "Temporary Redirect"},
                   {308, "Permanent Redirect"},
                   {400, "Bad Request"},
                   {401, "Unauthorized"},
                   {402, "Payment Required"},
                   {403, "Forbidden"},
                   {404, "Not Found"},
                   {405, "Method Not Allowed"},
                   {406, "Not Acceptable"},
                   {408, "Request Timeout"},
                   {409, "Conflict"},
                   {410, "Gone"},
                   {411, "Length Required"},
                   {412, "Precondition Failed"},
                   {413, "Content Too Large"},
                   {414, "URI Too Long"},
                   {415, "Unsupported Media Type"},
                   {416, "Range Not Satisfiable"},
                   {417, "Expectation Failed"},
                   {422, "Unprocessable Content"},
                   {428, "Precondition Required"},
                   {429, "Too Many Requests"},
                   {431, "Request Header Fields Too Large"},
                   {500, "Internal Server Error"},
                   {501, "Not Implemented"},
                   {502, "Bad Gateway"},
                   {503, "Service Unavailable"},
                   {504, "Gateway Timeout"},
                   {505, "HTTP Version Not Supported"}};
    for (size_t i = 0; i < sizeof(phrases) / sizeof(phrases[0]); i++) {
        if (phrases[i].status == status) {
            return phrases[i].phrase;
        }
    }
    return "";
}

/* Fields that only the writer may write: two authors of one framing are two framings. */
static bool is_writers_own(struct bytes name)
{
    static const char *const own[] = {"connection", "date",    "content-length",
                                      "keep-alive", "trailer", "transfer-encoding",
                                      "upgrade"};
    for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
        if (http_equals_ignoring_case(name, own[i])) {
            return true;
        }
    }
    return false;
}

static bool are_headers_valid(const struct http_header *headers, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!http_header_name_is_valid(headers[i].name) ||
            !http_header_value_is_valid(headers[i].value) || is_writers_own(headers[i].name)) {
            return false;
        }
    }
    return true;
}

static void append_field(struct buffer *buffer, struct bytes name, struct bytes value)
{
    buffer_append(buffer, name);
    buffer_append(buffer, BYTES(": "));
    buffer_append(buffer, value);
    buffer_append(buffer, BYTES("\r\n"));
}

static void append_fields(struct buffer *buffer, const struct http_header *headers, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        append_field(buffer, headers[i].name, headers[i].value);
    }
}

static void append_framing(struct buffer *buffer, enum http_framing framing, uint64_t length)
{
    if (framing == HTTP_FRAMING_CHUNKED) {
        buffer_append(buffer, BYTES("Transfer-Encoding: chunked\r\n"));
    } else if (framing == HTTP_FRAMING_LENGTH) {
        buffer_append_format(buffer, "Content-Length: %" PRIu64 "\r\n", length);
    }
}

/* `date` is a whole field line, or empty. */
static amanat_result write_response_head(struct buffer *buffer,
                                         const struct http_response_start *start, bool closes,
                                         const char *date)
{
    const bool never_has_body = start->status < 200 || start->status == 204 || start->status == 304;
    if (start->status < 100 || start->status > 599 || start->framing == HTTP_FRAMING_UNTIL_CLOSE ||
        never_has_body != (start->framing == HTTP_FRAMING_NONE) ||
        !are_headers_valid(start->headers, start->header_count)) {
        return amanat_result_of(AMANAT_STATUS_BUG);
    }
    buffer_append_format(buffer, "HTTP/1.1 %u %s\r\n", start->status, status_phrase(start->status));
    buffer_append_string(buffer, date);
    append_fields(buffer, start->headers, start->header_count);
    append_framing(buffer, start->framing, start->length);
    if (closes) {
        buffer_append(buffer, BYTES("Connection: close\r\n"));
    }
    buffer_append(buffer, BYTES("\r\n"));
    return buffer_check(buffer);
}

amanat_result http_write_response_head(struct buffer *buffer,
                                       const struct http_response_start *start, bool closes)
{
    return write_response_head(buffer, start, closes, "");
}

amanat_result http_write_dated_response_head(struct buffer *buffer,
                                             const struct http_response_start *start, bool closes,
                                             int64_t wall)
{
    char date[RUNTIME_CLOCK_HTTP_SIZE];
    char line[RUNTIME_CLOCK_HTTP_SIZE + 10];
    runtime_clock_http_date(wall, date);
    (void)snprintf(line, sizeof(line), "Date: %s\r\n", date);
    return write_response_head(buffer, start, closes, line);
}

/* What a request line can carry without being read differently: no white space, no control bytes,
 * no fragment. */
static bool is_target(struct bytes target)
{
    for (size_t i = 0; i < target.length; i++) {
        const unsigned char byte = (unsigned char)target.at[i];
        if (byte <= 0x20 || byte >= 0x7f || byte == '#') {
            return false;
        }
    }
    return target.length > 0 && target.at[0] == '/';
}

amanat_result http_write_request_head(struct buffer *buffer, const struct http_request_start *start)
{
    if (!http_is_token(start->method) || !is_target(start->target) || start->host.length == 0 ||
        !http_header_value_is_valid(start->host) || start->framing == HTTP_FRAMING_UNTIL_CLOSE ||
        !are_headers_valid(start->headers, start->header_count) ||
        http_headers_find(start->headers, start->header_count, "host", NULL) > 0) {
        return amanat_result_of(AMANAT_STATUS_BUG);
    }
    buffer_append(buffer, start->method);
    buffer_append_byte(buffer, ' ');
    buffer_append(buffer, start->target);
    buffer_append(buffer, BYTES(" HTTP/1.1\r\n"));
    append_field(buffer, BYTES("Host"), start->host);
    append_fields(buffer, start->headers, start->header_count);
    append_framing(buffer, start->framing, start->length);
    buffer_append(buffer, BYTES("\r\n"));
    return buffer_check(buffer);
}

void http_write_chunk(struct buffer *buffer, struct bytes bytes)
{
    if (bytes.length > 0) {
        buffer_append_format(buffer, "%zx\r\n", bytes.length);
        buffer_append(buffer, bytes);
        buffer_append(buffer, BYTES("\r\n"));
    }
}

amanat_result http_write_body(struct buffer *buffer, size_t room, enum http_framing framing,
                              struct bytes bytes)
{
    /* A chunk's size in hexadecimal and two line ends. */
    enum { CHUNK_OVERHEAD = 16 + 4 };
    if (room < CHUNK_OVERHEAD || bytes.length > room - CHUNK_OVERHEAD) {
        return amanat_result_of(AMANAT_STATUS_LIMIT);
    }
    if (framing == HTTP_FRAMING_CHUNKED) {
        http_write_chunk(buffer, bytes);
    } else {
        buffer_append(buffer, bytes);
    }
    return buffer_check(buffer);
}

void http_write_last_chunk(struct buffer *buffer)
{
    buffer_append(buffer, BYTES("0\r\n\r\n"));
}
