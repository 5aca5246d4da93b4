/* SPDX-License-Identifier: Apache-2.0 */
/* What happens when a promise inside the program is broken, and the words for statuses. */
#include "policy/base/guard.h"

#include <stdio.h>
#include <stdlib.h>

void guard_assertion_failed(const char *condition, const char *file, int line)
{
    (void)fprintf(stderr, "amanat: broken promise: %s (%s:%d)\n", condition, file, line);
    abort();
}

const char *amanat_status_name(enum amanat_status status)
{
    switch (status) {
    case AMANAT_STATUS_OK:
        return "ok";
    case AMANAT_STATUS_RETRY_LATER:
        return "retry-later";
    case AMANAT_STATUS_PEER_FAULT:
        return "peer-fault";
    case AMANAT_STATUS_CONFIG_FAULT:
        return "config-fault";
    case AMANAT_STATUS_REFUSED:
        return "refused";
    case AMANAT_STATUS_LIMIT:
        return "limit";
    case AMANAT_STATUS_MEMORY:
        return "memory";
    case AMANAT_STATUS_IO:
        return "io";
    case AMANAT_STATUS_CORRUPT:
        return "corrupt";
    case AMANAT_STATUS_BUG:
        break;
    }
    return "bug";
}
