/* SPDX-License-Identifier: Apache-2.0 */
/* The table of refusals (refusal.h), by value. */
#include "gateway/http/refusal.h"

#include "policy/base/guard.h"

#define NAME_ROW(identifier, name, status) name,
static const char *const names[HTTP_REFUSAL_COUNT] = {"none", HTTP_REFUSALS(NAME_ROW)};

#define STATUS_ROW(identifier, name, status) status,
static const unsigned statuses[HTTP_REFUSAL_COUNT] = {0, HTTP_REFUSALS(STATUS_ROW)};

const char *http_refusal_name(enum http_refusal refusal)
{
    ASSERT((unsigned)refusal < HTTP_REFUSAL_COUNT);
    return names[refusal];
}

unsigned http_refusal_status(enum http_refusal refusal)
{
    ASSERT((unsigned)refusal < HTTP_REFUSAL_COUNT);
    return statuses[refusal];
}
