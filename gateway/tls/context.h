/* SPDX-License-Identifier: Apache-2.0 */
/* What a context is, for the two sources of this folder only. */
#ifndef AMANAT_GATEWAY_TLS_CONTEXT_H
#define AMANAT_GATEWAY_TLS_CONTEXT_H

#include <openssl/ssl.h>
#include <stdatomic.h>
#include <stdbool.h>

struct tls_context {
    atomic_uint references;
    bool is_server;
    SSL_CTX *openssl;
};

#endif
