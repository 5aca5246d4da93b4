/* SPDX-License-Identifier: Apache-2.0 */
/* The barrier tells the compiler that somebody may still look at the memory, so the writes must
 * happen. */
#include "policy/base/wipe.h"

#include <string.h>

void wipe(void *memory, size_t length)
{
    if (length > 0) {
        memset(memory, 0, length);
        __asm__ volatile("" : : "r"(memory) : "memory");
    }
}
