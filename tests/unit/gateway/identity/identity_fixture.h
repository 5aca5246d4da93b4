/* SPDX-License-Identifier: Apache-2.0 */
/* For the tests of gateway/identity: keys, tokens and certificates made by OpenSSL at run time. */
#ifndef AMANAT_TESTS_UNIT_GATEWAY_IDENTITY_IDENTITY_FIXTURE_H
#define AMANAT_TESTS_UNIT_GATEWAY_IDENTITY_IDENTITY_FIXTURE_H

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "policy/base/buffer.h"

/** A new private key; ends the program without one. */
EVP_PKEY *fixture_new_rsa_key(unsigned bits);
EVP_PKEY *fixture_new_p256_key(void);

/** Appends the public half as a JSON Web Key; `kid` may be NULL. */
void fixture_append_jwk(struct buffer *out, EVP_PKEY *key, const char *kid);

/** A compact token of header and payload as given, signed with SHA-256 by the key; free() it. NULL
 * key: no signature. */
char *fixture_sign_token(EVP_PKEY *key, const char *header, const char *payload);

/** A self-signed certificate; `names` as OpenSSL's configuration has them
 * ("URI:urn:partner:a,DNS:b"), NULL for none. */
X509 *fixture_new_certificate(EVP_PKEY *key, const char *names);

#endif
