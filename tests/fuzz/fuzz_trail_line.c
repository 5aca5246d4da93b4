/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of segments: what is read as a header writes back to the same bytes; the reader gives every
 * byte once. */
#include <stdint.h>
#include <stdlib.h>

#include "gateway/trail/trail_layout.h"
#include "policy/base/base.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct memory {
    const uint8_t *data;
    size_t size;
};

static int open_memory(void *context, const char *path, enum files_mode mode)
{
    (void)context;
    (void)path;
    (void)mode;
    return 3;
}

static int close_memory(void *context, int file)
{
    (void)context;
    (void)file;
    return 0;
}

static int64_t read_memory(void *context, int file, void *bytes, size_t length, uint64_t offset)
{
    const struct memory *memory = context;
    (void)file;
    if (offset >= memory->size) {
        return 0;
    }
    size_t taken = memory->size - (size_t)offset;
    taken = taken < length ? taken : length;
    /* Short reads are legal. */
    taken = taken > 100 ? taken / 2 : taken;
    memcpy(bytes, memory->data + offset, taken);
    return (int64_t)taken;
}

static void check_line(struct bytes line)
{
    struct layout_header header;
    struct bytes rest;

    if (layout_parse_header(line, &header, &rest)) {
        struct buffer again;
        buffer_init(&again, 1024);
        layout_append_header(&again, &header);
        ASSERT(bytes_start_with(line, buffer_bytes(&again)));
        ASSERT(again.length + rest.length == line.length);
        buffer_clear(&again);
    }
    (void)layout_parse_line(line, &header);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct memory memory = {data, size};
    const struct files files = {
        .context = &memory, .open = open_memory, .close = close_memory, .read_at = read_memory};
    struct layout_reader *reader = malloc(sizeof(*reader));
    struct bytes line;
    uint64_t offset = 0;
    uint64_t last = 0;

    ASSERT(reader != NULL && layout_reader_open(reader, &files, "segment", 0) == 0);
    for (;;) {
        const enum layout_line kind = layout_reader_next(reader, &line, &offset);
        ASSERT(offset >= last && offset <= size);
        last = offset;
        if (kind == LAYOUT_LINE_END) {
            break;
        }
        if (kind == LAYOUT_LINE_WHOLE || kind == LAYOUT_LINE_UNTERMINATED) {
            ASSERT(line.length == 0 || memcmp(line.at, data + offset, line.length) == 0);
            check_line(line);
        }
        ASSERT(kind != LAYOUT_LINE_UNREADABLE);
    }
    layout_reader_close(reader);
    free(reader);
    return 0;
}
