/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates made on the spot, so that no key is ever committed and none expires. */
#ifndef AMANAT_TESTS_TLS_CERTIFICATES_H
#define AMANAT_TESTS_TLS_CERTIFICATES_H

/** Paths of PEM files in a folder of the build tree; static storage. */
struct test_certificates {
    char folder[512];
    char ca[600];
    char server[600]; /* SAN DNS:localhost, IP:127.0.0.1, IP:::1 */
    char server_key[600];
    char client[600]; /* SAN URI:urn:partner:acme */
    char client_key[600];
    char stranger[600]; /* self-signed */
    char stranger_key[600];
};

/** Makes them anew in AMANAT_BINARY_DIR/test-certificates-NAME. Fails the test when it cannot. */
const struct test_certificates *test_certificates_make(const char *name);

#endif
