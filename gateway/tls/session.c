/* SPDX-License-Identifier: Apache-2.0 */
/* One connection's TLS state: made from a context, asked about its peer. Reading and writing is
 * gateway/http's. */
#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "gateway/tls/context.h"
#include "gateway/tls/tls.h"
#include "policy/base/guard.h"

amanat_result tls_server_session_new(struct tls_context *context, SSL **out)
{
    ASSERT(context->is_server);
    SSL *session = SSL_new(context->openssl);
    if (session == NULL) {
        ERR_clear_error();
        return amanat_result_of(AMANAT_STATUS_MEMORY);
    }
    SSL_set_accept_state(session);
    *out = session;
    return AMANAT_OK;
}

static bool is_ip_address(const char *host)
{
    unsigned char address[sizeof(struct in6_addr)];
    return inet_pton(AF_INET, host, address) == 1 || inet_pton(AF_INET6, host, address) == 1;
}

/* RFC 9525: the name that was asked for, in a SAN; a wildcard only as the whole left label. RFC
 * 6066 §3: no literal addresses in SNI. */
static bool name_the_server(SSL *session, const char *host)
{
    if (is_ip_address(host)) {
        return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(session), host) == 1;
    }
    /* RFC 1035 §2.3.4: at most 255 bytes. A copy, because OpenSSL's macro casts away a const. */
    char name[256];
    if (strlen(host) >= sizeof(name)) {
        return false;
    }
    memcpy(name, host, strlen(host) + 1);
    SSL_set_hostflags(session,
                      X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
    return SSL_set1_host(session, host) == 1 && SSL_set_tlsext_host_name(session, name) == 1;
}

amanat_result tls_client_session_new(struct tls_context *context, const char *host, SSL **out)
{
    ASSERT(!context->is_server && host != NULL && host[0] != '\0');
    SSL *session = SSL_new(context->openssl);
    if (session == NULL || !name_the_server(session, host)) {
        SSL_free(session);
        ERR_clear_error();
        return amanat_result_of(AMANAT_STATUS_MEMORY);
    }
    SSL_set_connect_state(session);
    *out = session;
    return AMANAT_OK;
}

X509 *tls_session_peer(const SSL *session)
{
    X509 *certificate = SSL_get0_peer_certificate(session);
    return SSL_get_verify_result(session) == X509_V_OK ? certificate : NULL;
}

const char *tls_failure_text(const SSL *session)
{
    const unsigned long error = ERR_peek_error();
    ERR_clear_error();
    const long verdict = session == NULL ? X509_V_OK : SSL_get_verify_result(session);
    if (verdict != X509_V_OK) {
        return X509_verify_cert_error_string(verdict);
    }
    const char *reason = error == 0 ? NULL : ERR_reason_error_string(error);
    return reason == NULL ? "the connection is broken" : reason;
}
