/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes, as policies and as a schema, through the formatter: its promises hold for all that
 * parses. */
#include <stdint.h>

#include "policy/base/guard.h"
#include "tests/support/cedar_formatted.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct bytes text = bytes_of((const char *)data, size);
    bool parses = false;
    ASSERT(cedar_formatted_fault(text, false, &parses) == NULL);
    ASSERT(cedar_formatted_fault(text, true, &parses) == NULL);
    return 0;
}
