/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Addresses of sockets: "127.0.0.1:8443", "[::1]:0"; names only where it may block (never on a
 * worker).
 */
#ifndef AMANAT_GATEWAY_HTTP_ADDRESS_H
#define AMANAT_GATEWAY_HTTP_ADDRESS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>

#include "amanat/diagnostics.h"
#include "amanat/result.h"

struct http_address {
    socklen_t length; /* 0 = none */
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } socket;
};

/**
 * Reads "ADDRESS:PORT" with a numeric IPv4 address or an IPv6 address in brackets. CONFIG_FAULT.
 */
AMANAT_MUST_CHECK amanat_result http_address_parse(const char *text, struct http_address *out);

/**
 * The first address of a host (name or number, IPv6 without brackets). Blocks on name servers.
 * CONFIG_FAULT, RETRY_LATER.
 */
AMANAT_MUST_CHECK amanat_result http_address_resolve(const char *host, unsigned port,
                                                     struct amanat_diagnostics *diagnostics,
                                                     struct http_address *out);

/** "127.0.0.1:8443" or "[::1]:8443". */
#define HTTP_ADDRESS_TEXT_SIZE 64
void http_address_text(const struct http_address *address, char out[HTTP_ADDRESS_TEXT_SIZE]);

/** The same without port and brackets; an IPv4 address mapped into IPv6 reads as IPv4. */
void http_address_host_text(const struct http_address *address, char out[HTTP_ADDRESS_TEXT_SIZE]);

/** 127.0.0.0/8, ::1, and the former mapped into IPv6. */
bool http_address_is_loopback(const struct http_address *address);

#endif
