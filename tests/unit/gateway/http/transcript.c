/* SPDX-License-Identifier: Apache-2.0 */
/* Transcripts of readers. Each piece is handed over in a block of its own, so that a sanitizer sees
 * reading past it. */
#include "tests/unit/gateway/http/transcript.h"

#include <inttypes.h>
#include <stdlib.h>

#include "policy/base/guard.h"

struct transcript {
    struct buffer *out;
    bool in_body;
    bool stopped;
};

static void end_body(struct transcript *transcript)
{
    if (transcript->in_body) {
        buffer_append_byte(transcript->out, '\n');
        transcript->in_body = false;
    }
}

static void write_framing(struct buffer *out, enum http_framing framing, uint64_t length)
{
    switch (framing) {
    case HTTP_FRAMING_NONE:
        break;
    case HTTP_FRAMING_LENGTH:
        buffer_append_format(out, " length=%" PRIu64, length);
        break;
    case HTTP_FRAMING_CHUNKED:
        buffer_append_string(out, " chunked");
        break;
    case HTTP_FRAMING_UNTIL_CLOSE:
        buffer_append_string(out, " until-close");
        break;
    }
}

static void write_headers(struct buffer *out, const struct http_header *headers, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        buffer_append_format(out, " [%.*s=", BYTES_PRINTF(headers[i].name));
        buffer_append(out, headers[i].value);
        buffer_append_byte(out, ']');
    }
}

static void write_request(struct buffer *out, const struct http_request_head *head)
{
    buffer_append(out, head->method);
    buffer_append_byte(out, ' ');
    buffer_append(out, head->path);
    if (head->has_query) {
        buffer_append_byte(out, '?');
        buffer_append(out, head->query);
    }
    buffer_append_format(out, " host=%.*s", BYTES_PRINTF(head->host));
    write_headers(out, head->headers, head->header_count);
    write_framing(out, head->framing, head->length);
    buffer_append_string(out, head->keeps_alive ? "" : " close");
    buffer_append_string(out, head->expects_continue ? " continue" : "");
    buffer_append_byte(out, '\n');
}

static void write_response(struct buffer *out, const struct http_response_head *head)
{
    buffer_append_number(out, head->status);
    write_headers(out, head->headers, head->header_count);
    write_framing(out, head->framing, head->length);
    buffer_append_string(out, head->keeps_alive ? "" : " close");
    buffer_append_byte(out, '\n');
}

static void write_event(struct transcript *transcript, const struct http_event *event)
{
    struct buffer *out = transcript->out;
    if (event->kind != HTTP_EVENT_BODY && event->kind != HTTP_EVENT_MORE) {
        end_body(transcript);
    }
    switch (event->kind) {
    case HTTP_EVENT_MORE:
        break;
    case HTTP_EVENT_REQUEST:
        write_request(out, event->request);
        break;
    case HTTP_EVENT_RESPONSE:
        write_response(out, event->response);
        break;
    case HTTP_EVENT_BODY:
        ASSERT(event->body.length > 0);
        buffer_append_string(out, transcript->in_body ? "" : "body=");
        buffer_append(out, event->body);
        transcript->in_body = true;
        break;
    case HTTP_EVENT_END:
        buffer_append_string(out, "end\n");
        break;
    case HTTP_EVENT_REFUSED:
        buffer_append_format(out, "refused=%s\n", http_refusal_name(event->refusal));
        transcript->stopped = true;
        break;
    }
}

static void feed(struct http_reader *reader, struct transcript *transcript, struct bytes piece)
{
    char *block = malloc(piece.length + 1);
    ASSERT(block != NULL);
    char *exact = realloc(block, piece.length == 0 ? 1 : piece.length);
    ASSERT(exact != NULL);
    if (piece.length > 0) {
        memcpy(exact, piece.at, piece.length);
    }
    struct bytes input = bytes_of(exact, piece.length);
    struct http_event event = {0};
    do {
        http_reader_read(reader, &input, &event);
        write_event(transcript, &event);
    } while (event.kind != HTTP_EVENT_MORE && !transcript->stopped);
    free(exact);
}

static void feed_in_steps(struct http_reader *reader, struct transcript *transcript,
                          struct bytes piece, size_t step)
{
    while (!transcript->stopped && piece.length > 0) {
        const size_t length = step == 0 || step > piece.length ? piece.length : step;
        feed(reader, transcript, bytes_first(piece, length));
        piece = bytes_from(piece, length);
    }
}

void transcript_write(const struct transcript_options *options, struct bytes input, size_t first,
                      size_t step, struct buffer *out)
{
    struct http_reader *reader = NULL;
    const amanat_result made = options->responses
                                   ? http_reader_new_for_responses(&options->limits, &reader)
                                   : http_reader_new_for_requests(&options->limits, &reader);
    ASSERT(amanat_is_ok(made));
    if (options->head_only) {
        http_reader_expect_head_only(reader);
    }
    struct transcript transcript = {.out = out};
    feed_in_steps(reader, &transcript, bytes_first(input, first), step);
    feed_in_steps(reader, &transcript, bytes_from(input, first), step);
    if (options->finish && !transcript.stopped) {
        struct http_event event = {0};
        http_reader_finish(reader, &event);
        write_event(&transcript, &event);
        if (event.kind == HTTP_EVENT_MORE) {
            end_body(&transcript);
            buffer_append_string(out, "closed-ok\n");
        }
    }
    end_body(&transcript);
    http_reader_free(reader);
}
