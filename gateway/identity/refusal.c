/* SPDX-License-Identifier: Apache-2.0 */
/* The closed list of refusals and their names: for metrics, log and trail. */
#include "gateway/identity/identity.h"
#include "policy/base/guard.h"

const char *identity_refusal_name(enum identity_refusal refusal)
{
    static const char *const names[] = {
        [IDENTITY_REFUSAL_NOBODY] = "nobody",
        [IDENTITY_REFUSAL_NO_CERTIFICATE] = "no-certificate",
        [IDENTITY_REFUSAL_CERTIFICATE_NAME] = "certificate-name",
        [IDENTITY_REFUSAL_NO_TOKEN] = "no-token",
        [IDENTITY_REFUSAL_AUTHORIZATION] = "authorization",
        [IDENTITY_REFUSAL_TOKEN_FORM] = "token-form",
        [IDENTITY_REFUSAL_TOKEN_HEADER] = "token-header",
        [IDENTITY_REFUSAL_TOKEN_TYPE] = "token-type",
        [IDENTITY_REFUSAL_TOKEN_CRITICAL] = "token-critical",
        [IDENTITY_REFUSAL_TOKEN_ALGORITHM] = "token-algorithm",
        [IDENTITY_REFUSAL_TOKEN_KEY] = "token-key",
        [IDENTITY_REFUSAL_TOKEN_SIGNATURE] = "token-signature",
        [IDENTITY_REFUSAL_TOKEN_PAYLOAD] = "token-payload",
        [IDENTITY_REFUSAL_TOKEN_ISSUER] = "token-issuer",
        [IDENTITY_REFUSAL_TOKEN_AUDIENCE] = "token-audience",
        [IDENTITY_REFUSAL_TOKEN_EXPIRED] = "token-expired",
        [IDENTITY_REFUSAL_TOKEN_EARLY] = "token-early",
        [IDENTITY_REFUSAL_TOKEN_PARTNER] = "token-partner",
        [IDENTITY_REFUSAL_TOKEN_AGENT] = "token-agent",
        [IDENTITY_REFUSAL_TOKEN_BINDING] = "token-binding",
        [IDENTITY_REFUSAL_TOKEN_NEED] = "token-need",
        [IDENTITY_REFUSAL_PARTNERS_DIFFER] = "partners-differ",
    };
    _Static_assert(sizeof(names) / sizeof(names[0]) == IDENTITY_REFUSAL_COUNT, "a name for each");
    ASSERT((unsigned)refusal < IDENTITY_REFUSAL_COUNT);
    return names[refusal];
}

bool identity_refusal_is_invalid_token(enum identity_refusal refusal)
{
    return refusal >= IDENTITY_REFUSAL_TOKEN_FORM && refusal < IDENTITY_REFUSAL_COUNT;
}
