/* SPDX-License-Identifier: Apache-2.0 */
/* A growing run of bytes; see buffer.h for its one rule: once broken, always broken. */
#include "policy/base/buffer.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "policy/base/guard.h"
#include "policy/base/wipe.h"

void buffer_init(struct buffer *buffer, size_t limit)
{
    *buffer = (struct buffer){.limit = limit};
}

void buffer_clear(struct buffer *buffer)
{
    if (buffer->at != NULL) {
        wipe(buffer->at, buffer->length);
        free(buffer->at);
    }
    buffer_init(buffer, buffer->limit);
}

void buffer_reset(struct buffer *buffer)
{
    buffer_truncate(buffer, 0);
    buffer->broken = false;
    buffer->starves = false;
}

#define FIRST_CAPACITY ((size_t)256)

/* To a capacity of at most the limit. Not realloc: it would leave a copy of the old bytes behind,
 * unwiped. */
static bool grow(struct buffer *buffer, size_t needed)
{
    const size_t first = buffer->limit < FIRST_CAPACITY ? buffer->limit : FIRST_CAPACITY;
    size_t capacity = buffer->capacity == 0 ? first : buffer->capacity;
    while (capacity < needed) {
        capacity = capacity > buffer->limit / 2 ? buffer->limit : capacity * 2;
    }
    char *larger = malloc(capacity);
    if (larger == NULL) {
        buffer->starves = true;
        return false;
    }
    if (buffer->at != NULL) {
        memcpy(larger, buffer->at, buffer->length);
        wipe(buffer->at, buffer->length);
        free(buffer->at);
    }
    buffer->at = larger;
    buffer->capacity = capacity;
    return true;
}

void buffer_append_growing(struct buffer *buffer, struct bytes bytes)
{
    if (buffer->broken || bytes.length == 0) {
        return;
    }
    if (bytes.length > buffer->limit - buffer->length ||
        (bytes.length > buffer->capacity - buffer->length &&
         !grow(buffer, buffer->length + bytes.length))) {
        buffer->broken = true;
        return;
    }
    memcpy(buffer->at + buffer->length, bytes.at, bytes.length);
    buffer->length += bytes.length;
}

void buffer_append_string(struct buffer *buffer, const char *string)
{
    buffer_append(buffer, bytes_of_string(string));
}

void buffer_append_number(struct buffer *buffer, int64_t number)
{
    char text[24];
    const int length = snprintf(text, sizeof(text), "%" PRId64, number);
    buffer_append(buffer, bytes_of(text, (size_t)length));
}

void buffer_append_format(struct buffer *buffer, const char *format, ...)
{
    va_list arguments;
    va_list again;
    va_start(arguments, format);
    va_copy(again, arguments);
    char small[512];
    const int length = vsnprintf(small, sizeof(small), format, arguments);
    ASSERT(length >= 0);
    if ((size_t)length < sizeof(small)) {
        buffer_append(buffer, bytes_of(small, (size_t)length));
    } else {
        char *large = malloc((size_t)length + 1);
        if (large == NULL) {
            buffer->broken = true;
            buffer->starves = true;
        } else {
            (void)vsnprintf(large, (size_t)length + 1, format, again);
            buffer_append(buffer, bytes_of(large, (size_t)length));
            wipe(large, (size_t)length);
            free(large);
        }
    }
    wipe(small, sizeof(small));
    va_end(again);
    va_end(arguments);
}

void buffer_append_json_string(struct buffer *buffer, struct bytes text)
{
    static const char short_escapes[0x20] = {
        ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r'};
    size_t plain = 0; /* start of the run that needs no escape */
    buffer_append_byte(buffer, '"');
    for (size_t i = 0; i < text.length; i++) {
        const unsigned char byte = (unsigned char)text.at[i];
        if (byte >= 0x20 && byte != '"' && byte != '\\') {
            continue;
        }
        buffer_append(buffer, bytes_of(text.at + plain, i - plain));
        plain = i + 1;
        if (byte >= 0x20) {
            buffer_append(buffer, bytes_of((const char[2]){'\\', (char)byte}, 2));
        } else if (short_escapes[byte] != 0) {
            buffer_append(buffer, bytes_of((const char[2]){'\\', short_escapes[byte]}, 2));
        } else {
            buffer_append_format(buffer, "\\u%04x", byte);
        }
    }
    buffer_append(buffer, bytes_from(text, plain));
    buffer_append_byte(buffer, '"');
}

void buffer_consume(struct buffer *buffer, size_t length)
{
    if (length >= buffer->length) {
        buffer_truncate(buffer, 0);
        return;
    }
    const size_t rest = buffer->length - length;
    memmove(buffer->at, buffer->at + length, rest);
    buffer_truncate(buffer, rest);
}

void buffer_truncate(struct buffer *buffer, size_t length)
{
    if (length < buffer->length) {
        wipe(buffer->at + length, buffer->length - length);
        buffer->length = length;
    }
}
