/* SPDX-License-Identifier: Apache-2.0 */
/* Which leak (policy/redact/planted_leak.h) a whole gateway has: AMANAT_PLANTED_LEAK says. */
#include <stdlib.h>

extern int amanat_planted_leak;
int amanat_planted_leak;

__attribute__((constructor)) static void plant(void)
{
    const char *number = getenv("AMANAT_PLANTED_LEAK");
    amanat_planted_leak = number == NULL ? 0 : (int)strtol(number, NULL, 10);
}
