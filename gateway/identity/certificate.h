/* SPDX-License-Identifier: Apache-2.0 */
/* Private to gateway/identity: the partner that a client certificate names. */
#ifndef AMANAT_GATEWAY_IDENTITY_CERTIFICATE_H
#define AMANAT_GATEWAY_IDENTITY_CERTIFICATE_H

#include <openssl/x509.h>

#include "gateway/identity/identity.h"

/**
 * The partner: what follows `prefix` in the one SAN URI that begins with it, copied into the arena;
 * and SHA-256 of the certificate's DER form. REFUSED when there is not exactly one such URI or what
 * follows is no name; MEMORY.
 */
AMANAT_MUST_CHECK amanat_result
identity_of_certificate(X509 *certificate, const char *prefix, struct arena *arena,
                        struct bytes *out_partner, unsigned char out_sha256[IDENTITY_DIGEST_SIZE]);

#endif
