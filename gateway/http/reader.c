/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The state machine of the reader. What lines may say is in rules.c; here is how lines and bodies
 * are found.
 *
 *   START ─▶ START_LINE ─▶ FIELD_LINES ─▶ body ─▶ ENDING ─▶ START, or CLOSED without keep-alive
 *
 *   body, by its framing
 *   NONE         nothing
 *   LENGTH       LENGTH_BODY
 *   CHUNKED      (CHUNK_LINE ─▶ CHUNK_DATA ─▶ CHUNK_CRLF)* ─▶ CHUNK_LINE ─▶ TRAILER_LINES
 *   UNTIL_CLOSE  CLOSE_BODY, until http_reader_finish
 *
 *   An interim response (1xx) goes from FIELD_LINES back to START; from any state to REFUSED.
 *
 * Lines of the head are gathered in `head` and stay there until the message's END; lines of chunks
 * and trailers are gathered in `line`, so that the head never moves while somebody looks at it.
 */
#include "gateway/http/reader.h"

#include <stdlib.h>

#include "gateway/http/reader_private.h"
#include "gateway/http/rules.h"
#include "gateway/http/syntax.h"
#include "policy/base/buffer.h"
#include "policy/base/guard.h"
#include "policy/base/wipe.h"

/* RFC 9110 §15.2 sets no number; 100 and 103 hints are the ones in use. */
enum { INTERIM_LIMIT = 8 };

enum state {
    STATE_START = 0,
    STATE_START_LINE,
    STATE_FIELD_LINES,
    STATE_LENGTH_BODY,
    STATE_CHUNK_LINE,
    STATE_CHUNK_DATA,
    STATE_CHUNK_CRLF,
    STATE_TRAILER_LINES,
    STATE_CLOSE_BODY,
    STATE_ENDING,
    STATE_CLOSED,
    STATE_REFUSED
};

/* A field line in `head`, by offsets: the buffer moves while it grows. */
struct span {
    size_t name;
    size_t name_length;
    size_t value;
    size_t value_length;
};

struct http_reader {
    bool is_for_responses;
    bool head_only; /* the next response has no body */
    struct http_reader_limits limits;
    enum state state;
    enum http_refusal refusal;
    bool saw_cr;       /* the byte before was a CR that must end a line */
    bool skipped_line; /* the one empty line before a request line is used up */
    struct buffer head;
    size_t start_line_length;
    size_t line_start; /* of the line that is gathered, in `head` */
    size_t field_bytes;
    struct span *spans; /* limits.header_count of each, only while there is a head */
    struct http_header *headers;
    size_t header_count;
    unsigned interim_count;
    struct buffer line; /* chunk and trailer lines */
    size_t extension_bytes;
    uint64_t left; /* of the body, or of this chunk */
    uint64_t body_bytes;
    bool keeps_alive;
    struct http_status_line status_line;
    struct http_request_head request;
    struct http_response_head response;
};

static void set_default(size_t *limit, size_t value)
{
    if (*limit == 0) {
        *limit = value;
    }
}

static amanat_result make_reader(const struct http_reader_limits *limits, bool is_for_responses,
                                 struct http_reader **out)
{
    struct http_reader *reader = calloc(1, sizeof(*reader));
    TRY_MEMORY(reader);
    reader->is_for_responses = is_for_responses;
    if (limits != NULL) {
        reader->limits = *limits;
    }
    set_default(&reader->limits.start_line, 8192);
    set_default(&reader->limits.headers, 32768);
    set_default(&reader->limits.header_count, 100);
    set_default(&reader->limits.chunk_line, 256);
    if (reader->limits.body == 0) {
        reader->limits.body = UINT64_MAX;
    }
    buffer_init(&reader->head, reader->limits.start_line + reader->limits.headers);
    buffer_init(&reader->line, reader->limits.headers > reader->limits.chunk_line
                                   ? reader->limits.headers
                                   : reader->limits.chunk_line);
    *out = reader;
    return AMANAT_OK;
}

amanat_result http_reader_new_for_requests(const struct http_reader_limits *limits,
                                           struct http_reader **out)
{
    return make_reader(limits, false, out);
}

amanat_result http_reader_new_for_responses(const struct http_reader_limits *limits,
                                            struct http_reader **out)
{
    return make_reader(limits, true, out);
}

void http_reader_release(struct http_reader *reader)
{
    ASSERT(reader->state == STATE_START || reader->state == STATE_CLOSED ||
           reader->state == STATE_REFUSED);
    buffer_clear(&reader->head);
    buffer_clear(&reader->line);
    free(reader->spans);
    free(reader->headers);
    reader->spans = NULL;
    reader->headers = NULL;
}

void http_reader_free(struct http_reader *reader)
{
    if (reader != NULL) {
        reader->state = STATE_CLOSED;
        http_reader_release(reader);
        wipe(reader, sizeof(*reader));
        free(reader);
    }
}

void http_reader_expect_head_only(struct http_reader *reader)
{
    ASSERT(reader->is_for_responses && reader->state == STATE_START);
    reader->head_only = true;
}

bool http_reader_is_idle(const struct http_reader *reader)
{
    return reader->state == STATE_START && !reader->saw_cr && !reader->skipped_line;
}

static void refuse(struct http_reader *reader, enum http_refusal refusal)
{
    reader->state = STATE_REFUSED;
    reader->refusal = refusal;
}

static void take(struct bytes *input, size_t length)
{
    *input = bytes_from(*input, length);
}

/*
 * Moves bytes up to CRLF from the input to the end of `into`, where the line began at `start`; true
 * when the line is whole (without its CRLF). A lone CR or LF is a refusal at once: RFC 9112 §2.2
 * lets a recipient take a bare LF for a line's end, and demands that a bare CR is not taken for
 * one.
 */
static bool gather_line(struct http_reader *reader, struct buffer *into, size_t start, size_t limit,
                        enum http_refusal too_long, struct bytes *input)
{
    while (input->length > 0) {
        if (reader->saw_cr) {
            if (input->at[0] != '\n') {
                refuse(reader, HTTP_REFUSAL_BARE_CR);
                return false;
            }
            reader->saw_cr = false;
            take(input, 1);
            return true;
        }
        size_t run = 0;
        while (run < input->length && input->at[run] != '\r' && input->at[run] != '\n') {
            run++;
        }
        if (run > limit || into->length - start > limit - run) {
            refuse(reader, too_long);
            return false;
        }
        buffer_append(into, bytes_first(*input, run));
        if (into->broken) {
            refuse(reader, HTTP_REFUSAL_MEMORY);
            return false;
        }
        take(input, run);
        if (input->length == 0) {
            return false;
        }
        if (input->at[0] == '\n') {
            refuse(reader, HTTP_REFUSAL_BARE_LF);
            return false;
        }
        reader->saw_cr = true;
        take(input, 1);
    }
    return false;
}

/* The memory of the head before is used again; its bytes are gone. */
static void begin_head(struct http_reader *reader)
{
    buffer_reset(&reader->head);
    reader->line_start = 0;
    reader->field_bytes = 0;
    reader->header_count = 0;
    reader->extension_bytes = 0;
    reader->body_bytes = 0;
    reader->left = 0;
    reader->state = STATE_START_LINE;
    if (reader->spans == NULL) {
        reader->spans = calloc(reader->limits.header_count, sizeof(*reader->spans));
        reader->headers = calloc(reader->limits.header_count, sizeof(*reader->headers));
        if (reader->spans == NULL || reader->headers == NULL) {
            refuse(reader, HTTP_REFUSAL_MEMORY);
        }
    }
}

static void read_start_line(struct http_reader *reader, struct bytes *input)
{
    if (!gather_line(reader, &reader->head, 0, reader->limits.start_line,
                     HTTP_REFUSAL_START_LINE_TOO_LONG, input)) {
        return;
    }
    const struct bytes line = buffer_bytes(&reader->head);
    /* RFC 9112 §2.2: a server ignores an empty line before a request line; one, and only for
     * requests. */
    if (line.length == 0 && !reader->is_for_responses && !reader->skipped_line) {
        reader->skipped_line = true;
        return;
    }
    /* Checked now, so that a bad line is refused when it is there; read again when the head has
     * stopped moving. */
    struct http_request_head request = {0};
    const enum http_refusal refusal = reader->is_for_responses
                                          ? http_rules_status_line(line, &reader->status_line)
                                          : http_rules_request_line(line, &request);
    if (refusal != HTTP_REFUSAL_NONE) {
        refuse(reader, refusal);
        return;
    }
    reader->start_line_length = line.length;
    reader->line_start = line.length;
    reader->state = STATE_FIELD_LINES;
}

/* One field line stands at the end of `head`. */
static void add_field(struct http_reader *reader)
{
    struct buffer *head = &reader->head;
    const struct bytes line =
        bytes_of(head->at + reader->line_start, head->length - reader->line_start);
    struct http_header header;
    const enum http_refusal refusal = http_rules_field_line(line, &header);
    if (refusal != HTTP_REFUSAL_NONE) {
        refuse(reader, refusal);
        return;
    }
    if (reader->header_count == reader->limits.header_count) {
        refuse(reader, HTTP_REFUSAL_HEADERS_TOO_MANY);
        return;
    }
    for (size_t i = 0; i < header.name.length; i++) {
        head->at[reader->line_start + i] = http_lower(header.name.at[i]);
    }
    reader->spans[reader->header_count++] =
        (struct span){reader->line_start, header.name.length, (size_t)(header.value.at - head->at),
                      header.value.length};
    reader->field_bytes += line.length + 2;
    reader->line_start = head->length;
}

static void resolve_headers(struct http_reader *reader)
{
    for (size_t i = 0; i < reader->header_count; i++) {
        const struct span *span = &reader->spans[i];
        reader->headers[i] =
            (struct http_header){bytes_of(reader->head.at + span->name, span->name_length),
                                 bytes_of(reader->head.at + span->value, span->value_length)};
    }
}

static void begin_body(struct http_reader *reader, enum http_framing framing, uint64_t length)
{
    switch (framing) {
    case HTTP_FRAMING_NONE:
        reader->state = STATE_ENDING;
        break;
    case HTTP_FRAMING_LENGTH:
        reader->left = length;
        reader->state = length == 0 ? STATE_ENDING : STATE_LENGTH_BODY;
        break;
    case HTTP_FRAMING_CHUNKED:
        reader->state = STATE_CHUNK_LINE;
        break;
    case HTTP_FRAMING_UNTIL_CLOSE:
        reader->state = STATE_CLOSE_BODY;
        break;
    }
}

static void finish_request_head(struct http_reader *reader, struct http_event *out)
{
    struct http_request_head *head = &reader->request;
    *head = (struct http_request_head){.headers = reader->headers,
                                       .header_count = reader->header_count};
    enum http_refusal refusal =
        http_rules_request_line(bytes_of(reader->head.at, reader->start_line_length), head);
    if (refusal == HTTP_REFUSAL_NONE) {
        refusal = http_rules_request_headers(head);
    }
    if (refusal == HTTP_REFUSAL_NONE && head->framing == HTTP_FRAMING_LENGTH &&
        head->length > reader->limits.body) {
        refusal = HTTP_REFUSAL_BODY_TOO_LONG;
    }
    if (refusal != HTTP_REFUSAL_NONE) {
        refuse(reader, refusal);
        return;
    }
    reader->keeps_alive = head->keeps_alive;
    begin_body(reader, head->framing, head->length);
    *out = (struct http_event){.kind = HTTP_EVENT_REQUEST, .request = head};
}

static void finish_response_head(struct http_reader *reader, struct http_event *out)
{
    struct http_response_head *head = &reader->response;
    *head = (struct http_response_head){.status = reader->status_line.status,
                                        .headers = reader->headers,
                                        .header_count = reader->header_count};
    enum http_refusal refusal =
        http_rules_response_headers(&reader->status_line, reader->head_only, head);
    if (refusal == HTTP_REFUSAL_NONE && head->framing == HTTP_FRAMING_LENGTH &&
        head->length > reader->limits.body) {
        refusal = HTTP_REFUSAL_BODY_TOO_LONG;
    }
    if (refusal == HTTP_REFUSAL_NONE && head->status < 200 &&
        ++reader->interim_count > INTERIM_LIMIT) {
        refusal = HTTP_REFUSAL_INTERIM_TOO_MANY;
    }
    if (refusal != HTTP_REFUSAL_NONE) {
        refuse(reader, refusal);
        return;
    }
    if (head->status < 200) {
        begin_head(reader); /* RFC 9110 §15.2: the final response is still to come */
        return;
    }
    reader->keeps_alive = head->keeps_alive;
    begin_body(reader, head->framing, head->length);
    *out = (struct http_event){.kind = HTTP_EVENT_RESPONSE, .response = head};
}

static void read_field_lines(struct http_reader *reader, struct bytes *input,
                             struct http_event *out)
{
    if (!gather_line(reader, &reader->head, reader->line_start,
                     reader->limits.headers - reader->field_bytes, HTTP_REFUSAL_HEADERS_TOO_LONG,
                     input)) {
        return;
    }
    if (reader->head.length > reader->line_start) {
        add_field(reader);
        if (reader->field_bytes > reader->limits.headers) {
            refuse(reader, HTTP_REFUSAL_HEADERS_TOO_LONG);
        }
        return;
    }
    resolve_headers(reader);
    if (reader->is_for_responses) {
        finish_response_head(reader, out);
    } else {
        finish_request_head(reader, out);
    }
}

/* The next piece of a body of which `left` bytes are to come; true when that was all of them. */
static bool read_counted(struct http_reader *reader, struct bytes *input, struct http_event *out)
{
    const size_t length = input->length < reader->left ? input->length : (size_t)reader->left;
    *out = (struct http_event){.kind = HTTP_EVENT_BODY, .body = bytes_first(*input, length)};
    take(input, length);
    reader->left -= length;
    return reader->left == 0;
}

static void read_chunk_line(struct http_reader *reader, struct bytes *input)
{
    if (!gather_line(reader, &reader->line, 0, reader->limits.chunk_line,
                     HTTP_REFUSAL_CHUNK_LINE_TOO_LONG, input)) {
        return;
    }
    uint64_t size = 0;
    size_t extension = 0;
    const enum http_refusal refusal =
        http_rules_chunk_line(buffer_bytes(&reader->line), &size, &extension);
    if (refusal != HTTP_REFUSAL_NONE) {
        refuse(reader, refusal);
        return;
    }
    buffer_reset(&reader->line);
    /* RFC 9112 §7.1.1: "limit the total length of chunk extensions received in a request" */
    reader->extension_bytes += extension;
    if (reader->extension_bytes > reader->limits.headers) {
        refuse(reader, HTTP_REFUSAL_CHUNK_LINE_TOO_LONG);
        return;
    }
    if (size > reader->limits.body - reader->body_bytes) {
        refuse(reader, HTTP_REFUSAL_BODY_TOO_LONG);
        return;
    }
    reader->body_bytes += size;
    reader->left = size;
    reader->field_bytes = 0; /* the trailer section counts from here */
    reader->header_count = 0;
    reader->state = size == 0 ? STATE_TRAILER_LINES : STATE_CHUNK_DATA;
}

static void read_chunk_crlf(struct http_reader *reader, struct bytes *input)
{
    if (input->at[0] != (reader->saw_cr ? '\n' : '\r')) {
        refuse(reader, HTTP_REFUSAL_CHUNK_END);
        return;
    }
    reader->state = reader->saw_cr ? STATE_CHUNK_LINE : STATE_CHUNK_CRLF;
    reader->saw_cr = !reader->saw_cr;
    take(input, 1);
}

/*
 * Trailers are checked like fields of a head and then forgotten: nothing here may depend on them.
 */
static void read_trailer_line(struct http_reader *reader, struct bytes *input)
{
    if (!gather_line(reader, &reader->line, 0, reader->limits.headers - reader->field_bytes,
                     HTTP_REFUSAL_HEADERS_TOO_LONG, input)) {
        return;
    }
    const struct bytes line = buffer_bytes(&reader->line);
    if (line.length == 0) {
        reader->state = STATE_ENDING;
        return;
    }
    struct http_header header;
    enum http_refusal refusal = http_rules_field_line(line, &header);
    if (refusal == HTTP_REFUSAL_NONE && !http_rules_is_trailer_allowed(header.name)) {
        refusal = HTTP_REFUSAL_TRAILER_FORBIDDEN;
    }
    reader->field_bytes += line.length + 2;
    if (refusal == HTTP_REFUSAL_NONE && reader->field_bytes > reader->limits.headers) {
        refusal = HTTP_REFUSAL_HEADERS_TOO_LONG;
    }
    if (refusal == HTTP_REFUSAL_NONE && ++reader->header_count > reader->limits.header_count) {
        refusal = HTTP_REFUSAL_HEADERS_TOO_MANY;
    }
    if (refusal != HTTP_REFUSAL_NONE) {
        refuse(reader, refusal);
        return;
    }
    buffer_reset(&reader->line);
}

static void read_close_body(struct http_reader *reader, struct bytes *input, struct http_event *out)
{
    const uint64_t room = reader->limits.body - reader->body_bytes;
    if (room == 0) {
        refuse(reader, HTTP_REFUSAL_BODY_TOO_LONG);
        return;
    }
    const size_t length = input->length < room ? input->length : (size_t)room;
    reader->body_bytes += length;
    *out = (struct http_event){.kind = HTTP_EVENT_BODY, .body = bytes_first(*input, length)};
    take(input, length);
}

static void end_message(struct http_reader *reader, struct http_event *out)
{
    reader->state = reader->keeps_alive ? STATE_START : STATE_CLOSED;
    reader->head_only = false;
    reader->skipped_line = false;
    reader->interim_count = 0;
    *out = (struct http_event){.kind = HTTP_EVENT_END};
}

/* One step; the input is not empty. An event is written to `out`, or none. */
static void step(struct http_reader *reader, struct bytes *input, struct http_event *out)
{
    switch (reader->state) {
    case STATE_START:
        begin_head(reader);
        break;
    case STATE_START_LINE:
        read_start_line(reader, input);
        break;
    case STATE_FIELD_LINES:
        read_field_lines(reader, input, out);
        break;
    case STATE_LENGTH_BODY:
        reader->state = read_counted(reader, input, out) ? STATE_ENDING : STATE_LENGTH_BODY;
        break;
    case STATE_CHUNK_LINE:
        read_chunk_line(reader, input);
        break;
    case STATE_CHUNK_DATA:
        reader->state = read_counted(reader, input, out) ? STATE_CHUNK_CRLF : STATE_CHUNK_DATA;
        break;
    case STATE_CHUNK_CRLF:
        read_chunk_crlf(reader, input);
        break;
    case STATE_TRAILER_LINES:
        read_trailer_line(reader, input);
        break;
    case STATE_CLOSE_BODY:
        read_close_body(reader, input, out);
        break;
    case STATE_CLOSED:
        refuse(reader, HTTP_REFUSAL_DATA_AFTER_CLOSE);
        break;
    case STATE_ENDING:
    case STATE_REFUSED:
        ASSERT(false); /* handled by http_reader_read */
    }
}

void http_reader_read(struct http_reader *reader, struct bytes *input, struct http_event *out)
{
    *out = (struct http_event){0};
    while (out->kind == HTTP_EVENT_MORE) {
        if (reader->state == STATE_REFUSED) {
            *out = (struct http_event){.kind = HTTP_EVENT_REFUSED, .refusal = reader->refusal};
        } else if (reader->state == STATE_ENDING) {
            end_message(reader, out);
        } else if (input->length == 0) {
            return;
        } else {
            step(reader, input, out);
        }
    }
}

void http_reader_finish(struct http_reader *reader, struct http_event *out)
{
    *out = (struct http_event){0};
    if (reader->state == STATE_CLOSE_BODY || reader->state == STATE_ENDING) {
        end_message(reader, out);
    } else if (reader->state != STATE_START && reader->state != STATE_CLOSED) {
        if (reader->state != STATE_REFUSED) {
            refuse(reader, HTTP_REFUSAL_TRUNCATED);
        }
        *out = (struct http_event){.kind = HTTP_EVENT_REFUSED, .refusal = reader->refusal};
    }
}
