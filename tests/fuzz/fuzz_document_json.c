/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes through the JSON reader of the document tree. */
#include "tests/fuzz/document_input.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    document_take_input(document_from_json, data, size);
    return 0;
}
