/* SPDX-License-Identifier: Apache-2.0 */
/* A test authority and what it signs, by OpenSSL's API. */
#include "tests/unit/gateway/tls/certificates.h"

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <sys/stat.h>

#include "policy/base/guard.h"

static void add_extension(X509 *certificate, X509 *issuer, int kind, const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, kind, value);
    ASSERT(extension != NULL && X509_add_ext(certificate, extension, -1) == 1);
    X509_EXTENSION_free(extension);
}

/* `issuer` NULL: self-signed. */
static X509 *make_certificate(const char *name, EVP_PKEY *key, X509 *issuer, EVP_PKEY *issuer_key,
                              const char *san)
{
    static long serial = 1;
    X509 *certificate = X509_new();
    ASSERT(certificate != NULL && X509_set_version(certificate, 2) == 1);
    ASSERT(ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial++) == 1);
    ASSERT(X509_gmtime_adj(X509_getm_notBefore(certificate), -3600) != NULL);
    ASSERT(X509_gmtime_adj(X509_getm_notAfter(certificate), 3600L * 24) != NULL);
    X509_NAME *subject = X509_get_subject_name(certificate);
    ASSERT(X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)name, -1,
                                      -1, 0) == 1);
    X509 *signer = issuer == NULL ? certificate : issuer;
    ASSERT(X509_set_issuer_name(certificate, X509_get_subject_name(signer)) == 1);
    ASSERT(X509_set_pubkey(certificate, key) == 1);
    add_extension(certificate, signer, NID_basic_constraints,
                  issuer == NULL && san == NULL ? "critical,CA:TRUE" : "critical,CA:FALSE");
    if (san != NULL) {
        add_extension(certificate, signer, NID_subject_alt_name, san);
    }
    ASSERT(X509_sign(certificate, issuer_key == NULL ? key : issuer_key, EVP_sha256()) > 0);
    return certificate;
}

static void write_files(const char *path, const char *key_path, X509 *certificate, EVP_PKEY *key)
{
    FILE *file = fopen(path, "w");
    ASSERT(file != NULL && PEM_write_X509(file, certificate) == 1 && fclose(file) == 0);
    if (key_path != NULL) {
        file = fopen(key_path, "w");
        ASSERT(file != NULL && PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL) == 1);
        ASSERT(fclose(file) == 0);
    }
}

static void make_leaf(const char *name, const char *san, X509 *ca, EVP_PKEY *ca_key,
                      const char *path, const char *key_path)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    ASSERT(key != NULL);
    X509 *certificate = make_certificate(name, key, ca, ca_key, san);
    write_files(path, key_path, certificate, key);
    X509_free(certificate);
    EVP_PKEY_free(key);
}

const struct test_certificates *test_certificates_make(const char *name)
{
    static struct test_certificates files;
    (void)snprintf(files.folder, sizeof(files.folder), "%s/test-certificates-%s", AMANAT_BINARY_DIR,
                   name);
    (void)mkdir(files.folder, 0700);
    const struct {
        char *path;
        const char *name;
    } paths[] = {{files.ca, "ca.pem"},
                 {files.server, "server.pem"},
                 {files.server_key, "server.key"},
                 {files.client, "client.pem"},
                 {files.client_key, "client.key"},
                 {files.stranger, "stranger.pem"},
                 {files.stranger_key, "stranger.key"}};
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        (void)snprintf(paths[i].path, sizeof(files.ca), "%s/%s", files.folder, paths[i].name);
    }
    EVP_PKEY *ca_key = EVP_EC_gen("P-256");
    ASSERT(ca_key != NULL);
    X509 *ca = make_certificate("Test CA", ca_key, NULL, NULL, NULL);
    write_files(files.ca, NULL, ca, ca_key);
    make_leaf("server", "DNS:localhost,IP:127.0.0.1,IP:::1", ca, ca_key, files.server,
              files.server_key);
    make_leaf("client", "URI:urn:partner:acme", ca, ca_key, files.client, files.client_key);
    make_leaf("stranger", "URI:urn:partner:acme", NULL, NULL, files.stranger, files.stranger_key);
    X509_free(ca);
    EVP_PKEY_free(ca_key);
    return &files;
}
