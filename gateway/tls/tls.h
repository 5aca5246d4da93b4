/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Front door of gateway/tls: TLS contexts for listening and for calling, made from PEM files.
 *
 * TLS 1.2 and 1.3, ECDHE with AEAD only; no renegotiation, no compression, no session tickets and
 * no resumption for servers (a resumed session would carry a client certificate that was checked
 * against yesterday's client_ca). A reload makes a new context; connections keep the one they began
 * with. Moving bytes is gateway/http's affair.
 */
#ifndef AMANAT_GATEWAY_TLS_TLS_H
#define AMANAT_GATEWAY_TLS_TLS_H

#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "amanat/diagnostics.h"
#include "amanat/result.h"

struct tls_context;

enum tls_client_certificate {
    TLS_CLIENT_CERTIFICATE_REQUIRED = 0, /* without one the handshake fails */
    TLS_CLIENT_CERTIFICATE_OPTIONAL,     /* one that is sent must verify */
    TLS_CLIENT_CERTIFICATE_NONE          /* not asked for */
};

struct tls_server_options {
    const char *certificate; /* PEM file: the certificate, then its chain */
    const char *key;         /* PEM file, not encrypted */
    const char *client_ca;   /* PEM file of the authorities of clients; NULL only with NONE */
    enum tls_client_certificate client_certificate;
};

struct tls_client_options {
    const char *ca;          /* PEM file of the authorities of the server; required */
    const char *certificate; /* PEM files, or both NULL */
    const char *key;
};

/** A context with one reference. CONFIG_FAULT with a diagnostic that names the file; MEMORY. */
AMANAT_MUST_CHECK amanat_result tls_server_context_new(const struct tls_server_options *options,
                                                       struct amanat_diagnostics *diagnostics,
                                                       struct tls_context **out);
AMANAT_MUST_CHECK amanat_result tls_client_context_new(const struct tls_client_options *options,
                                                       struct amanat_diagnostics *diagnostics,
                                                       struct tls_context **out);

/** Counted; any thread. tls_context_unref(NULL) is fine. */
struct tls_context *tls_context_ref(struct tls_context *context);
void tls_context_unref(struct tls_context *context);

/** A connection's state, to be freed by SSL_free. Server side; MEMORY. */
AMANAT_MUST_CHECK amanat_result tls_server_session_new(struct tls_context *context, SSL **out);

/**
 * Client side: `host` is the name or IP address that the server's certificate must bear (and SNI,
 * for a name). MEMORY.
 */
AMANAT_MUST_CHECK amanat_result tls_client_session_new(struct tls_context *context,
                                                       const char *host, SSL **out);

/**
 * The peer's certificate if it sent one and it was verified, else NULL. Lives as long as the
 * session.
 */
X509 *tls_session_peer(const SSL *session);

/**
 * Why the last handshake failed, as a short text of OpenSSL's own; empties OpenSSL's queue of
 * errors. Static storage.
 */
const char *tls_failure_text(const SSL *session);

#endif
