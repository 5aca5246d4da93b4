/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a stream of messages. The first byte says where the rest is cut: whole, cut and byte
 * by byte, the transcript must be the same.
 */
#ifndef AMANAT_TESTS_FUZZ_HTTP_INPUT_H
#define AMANAT_TESTS_FUZZ_HTTP_INPUT_H

#include <stdint.h>

#include "policy/base/guard.h"
#include "tests/unit/gateway/http/transcript.h"

static inline int http_take_input(const struct transcript_options *options, const uint8_t *data,
                                  size_t size)
{
    if (size == 0) {
        return 0;
    }
    const struct bytes input = bytes_of((const char *)data + 1, size - 1);
    const size_t cuts[][2] = {{0, 0}, {size == 1 ? 0 : (size_t)data[0] % (size - 1), 0}, {0, 1}};
    struct buffer transcripts[3];
    for (size_t i = 0; i < 3; i++) {
        buffer_init(&transcripts[i], (size_t)16 << 20);
        transcript_write(options, input, cuts[i][0], cuts[i][1], &transcripts[i]);
        ASSERT(bytes_equal(buffer_bytes(&transcripts[0]), buffer_bytes(&transcripts[i])));
    }
    for (size_t i = 0; i < 3; i++) {
        buffer_clear(&transcripts[i]);
    }
    return 0;
}

#endif
