/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a stream of responses. */
#include "tests/fuzz/http_input.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct transcript_options options = {.responses = true, .finish = true};
    return http_take_input(&options, data, size);
}
