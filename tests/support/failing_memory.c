/* SPDX-License-Identifier: Apache-2.0 */
/* See failing_memory.h. */
#include "tests/support/failing_memory.h"

size_t allocations;
size_t failing_from;
bool fails_on;

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *at, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *at, size_t size);

static bool is_failing(void)
{
    allocations++;
    return failing_from != 0 &&
           (allocations == failing_from || (fails_on && allocations > failing_from));
}

void *__wrap_malloc(size_t size)
{
    return is_failing() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return is_failing() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *at, size_t size)
{
    return is_failing() ? NULL : __real_realloc(at, size);
}
