/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TLS contexts from PEM files, with the settings of RFC 9325 (recommendations for TLS): 1.2 and 1.3
 * only (§3.1.1), ECDHE with AEAD only (§4.2), no compression (§3.3), no renegotiation (§3.5).
 *
 * No resumption on the server side, neither tickets nor a session cache: what a resumed session
 * says about the client's certificate was true under the client_ca of back then.
 */
#include "gateway/tls/context.h"

#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/tls/tls.h"
#include "policy/base/guard.h"

static const char ciphers_of_1_2[] =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
    "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
static const char ciphers_of_1_3[] =
    "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";
static const unsigned char http_1_1[] = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};

/* The first reason in OpenSSL's queue of this thread names the fault; the later ones are its
 * consequences. */
static amanat_result fail_at(struct amanat_diagnostics *diagnostics, const char *file,
                             const char *what)
{
    const char *reason = ERR_reason_error_string(ERR_peek_error());
    amanat_diagnostics_add(diagnostics, AMANAT_SEVERITY_ERROR, "tls", file, 0, 0, "%s: %s", what,
                           reason == NULL ? "no such PEM content" : reason);
    ERR_clear_error();
    return amanat_result_of(AMANAT_STATUS_CONFIG_FAULT);
}

static amanat_result make_context(const SSL_METHOD *method, bool is_server,
                                  struct tls_context **out)
{
    struct tls_context *context = calloc(1, sizeof(*context));
    TRY_MEMORY(context);
    atomic_init(&context->references, 1);
    context->is_server = is_server;
    context->openssl = SSL_CTX_new(method);
    SSL_CTX *openssl = context->openssl;
    char groups[] = "X25519:P-256:P-384"; /* OpenSSL's macro casts away a const */
    if (openssl == NULL || SSL_CTX_set_min_proto_version(openssl, TLS1_2_VERSION) != 1 ||
        SSL_CTX_set_max_proto_version(openssl, TLS1_3_VERSION) != 1 ||
        SSL_CTX_set_cipher_list(openssl, ciphers_of_1_2) != 1 ||
        SSL_CTX_set_ciphersuites(openssl, ciphers_of_1_3) != 1 ||
        SSL_CTX_set1_groups_list(openssl, groups) != 1) {
        tls_context_unref(context);
        ERR_clear_error();
        return amanat_result_of(AMANAT_STATUS_MEMORY);
    }
    SSL_CTX_set_options(openssl, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION |
                                     SSL_OP_NO_TICKET | SSL_OP_CIPHER_SERVER_PREFERENCE |
                                     SSL_OP_CLEANSE_PLAINTEXT);
    SSL_CTX_set_session_cache_mode(openssl, SSL_SESS_CACHE_OFF);
    (void)SSL_CTX_set_num_tickets(openssl, 0);
    /*
     * Writes may be short and may be repeated from another address: output buffers grow and move.
     */
    SSL_CTX_set_mode(openssl, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                  SSL_MODE_RELEASE_BUFFERS);
    *out = context;
    return AMANAT_OK;
}

static amanat_result use_certificate(SSL_CTX *openssl, const char *certificate, const char *key,
                                     struct amanat_diagnostics *diagnostics)
{
    if (SSL_CTX_use_certificate_chain_file(openssl, certificate) != 1) {
        return fail_at(diagnostics, certificate, "cannot use the certificate");
    }
    if (SSL_CTX_use_PrivateKey_file(openssl, key, SSL_FILETYPE_PEM) != 1) {
        return fail_at(diagnostics, key, "cannot use the private key");
    }
    if (SSL_CTX_check_private_key(openssl) != 1) {
        return fail_at(diagnostics, key, "the private key is not the certificate's");
    }
    return AMANAT_OK;
}

static amanat_result use_client_authorities(SSL_CTX *openssl,
                                            const struct tls_server_options *options,
                                            struct amanat_diagnostics *diagnostics)
{
    if (options->client_certificate == TLS_CLIENT_CERTIFICATE_NONE) {
        return AMANAT_OK;
    }
    if (options->client_ca == NULL) {
        amanat_diagnostics_add(diagnostics, AMANAT_SEVERITY_ERROR, "tls", options->certificate, 0,
                               0, "client certificates are asked for, but there is no client_ca");
        return amanat_result_of(AMANAT_STATUS_CONFIG_FAULT);
    }
    STACK_OF(X509_NAME) *names = SSL_load_client_CA_file(options->client_ca);
    if (names == NULL || SSL_CTX_load_verify_file(openssl, options->client_ca) != 1) {
        sk_X509_NAME_pop_free(names, X509_NAME_free);
        return fail_at(diagnostics, options->client_ca, "cannot use the client authorities");
    }
    SSL_CTX_set_client_CA_list(openssl, names); /* takes ownership */
    const bool required = options->client_certificate == TLS_CLIENT_CERTIFICATE_REQUIRED;
    SSL_CTX_set_verify(
        openssl, required ? SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT : SSL_VERIFY_PEER,
        NULL);
    return AMANAT_OK;
}

/* RFC 7301 §3.2: a client that offers protocols, but not ours, is told so by an alert. */
static int choose_protocol(SSL *session, const unsigned char **out, unsigned char *out_length,
                           const unsigned char *offered, unsigned offered_length, void *context)
{
    (void)session;
    (void)context;
    unsigned char *chosen = NULL;
    if (SSL_select_next_proto(&chosen, out_length, http_1_1, sizeof(http_1_1), offered,
                              offered_length) != OPENSSL_NPN_NEGOTIATED) {
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    }
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

amanat_result tls_server_context_new(const struct tls_server_options *options,
                                     struct amanat_diagnostics *diagnostics,
                                     struct tls_context **out)
{
    ERR_clear_error();
    struct tls_context *context = NULL;
    TRY(make_context(TLS_server_method(), true, &context));
    amanat_result result =
        use_certificate(context->openssl, options->certificate, options->key, diagnostics);
    if (amanat_is_ok(result)) {
        result = use_client_authorities(context->openssl, options, diagnostics);
    }
    if (!amanat_is_ok(result)) {
        tls_context_unref(context);
        return result;
    }
    SSL_CTX_set_alpn_select_cb(context->openssl, choose_protocol, NULL);
    *out = context;
    return AMANAT_OK;
}

static amanat_result set_up_client(SSL_CTX *openssl, const struct tls_client_options *options,
                                   struct amanat_diagnostics *diagnostics)
{
    if (options->ca == NULL || SSL_CTX_load_verify_file(openssl, options->ca) != 1) {
        return fail_at(diagnostics, options->ca == NULL ? "" : options->ca,
                       "cannot use the server's authorities");
    }
    SSL_CTX_set_verify(openssl, SSL_VERIFY_PEER, NULL);
    if (SSL_CTX_set_alpn_protos(openssl, http_1_1, sizeof(http_1_1)) != 0) {
        return amanat_result_of(AMANAT_STATUS_MEMORY);
    }
    if (options->certificate == NULL) {
        return AMANAT_OK;
    }
    ASSERT(options->key != NULL);
    return use_certificate(openssl, options->certificate, options->key, diagnostics);
}

amanat_result tls_client_context_new(const struct tls_client_options *options,
                                     struct amanat_diagnostics *diagnostics,
                                     struct tls_context **out)
{
    ERR_clear_error();
    struct tls_context *context = NULL;
    TRY(make_context(TLS_client_method(), false, &context));
    const amanat_result result = set_up_client(context->openssl, options, diagnostics);
    if (!amanat_is_ok(result)) {
        tls_context_unref(context);
        return result;
    }
    *out = context;
    return AMANAT_OK;
}

struct tls_context *tls_context_ref(struct tls_context *context)
{
    atomic_fetch_add(&context->references, 1);
    return context;
}

void tls_context_unref(struct tls_context *context)
{
    if (context != NULL && atomic_fetch_sub(&context->references, 1) == 1) {
        SSL_CTX_free(context->openssl);
        free(context);
    }
}
