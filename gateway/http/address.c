/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses as text and back. */
#include "gateway/http/address.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>

#include "gateway/http/syntax.h"
#include "policy/base/guard.h"

static amanat_result make_address(const char *host, bool is_v6, unsigned port,
                                  struct http_address *out)
{
    struct http_address address = {0};
    int read = 0;
    if (is_v6) {
        address.length = sizeof(address.socket.v6);
        address.socket.v6.sin6_family = AF_INET6;
        address.socket.v6.sin6_port = htons((uint16_t)port);
        read = inet_pton(AF_INET6, host, &address.socket.v6.sin6_addr);
    } else {
        address.length = sizeof(address.socket.v4);
        address.socket.v4.sin_family = AF_INET;
        address.socket.v4.sin_port = htons((uint16_t)port);
        read = inet_pton(AF_INET, host, &address.socket.v4.sin_addr);
    }
    if (read != 1) {
        return amanat_result_of(AMANAT_STATUS_CONFIG_FAULT);
    }
    *out = address;
    return AMANAT_OK;
}

amanat_result http_address_parse(const char *text, struct http_address *out)
{
    const char *colon = strrchr(text, ':');
    uint64_t port = 0;
    if (colon == NULL || !http_read_decimal(bytes_of_string(colon + 1), 65535, &port)) {
        return amanat_result_of(AMANAT_STATUS_CONFIG_FAULT);
    }
    struct bytes host = bytes_of(text, (size_t)(colon - text));
    const bool is_v6 = host.length > 2 && host.at[0] == '[' && host.at[host.length - 1] == ']';
    if (is_v6) {
        host = bytes_of(host.at + 1, host.length - 2);
    }
    char copy[INET6_ADDRSTRLEN] = {0};
    if (host.length >= sizeof(copy)) {
        return amanat_result_of(AMANAT_STATUS_CONFIG_FAULT);
    }
    memcpy(copy, host.at, host.length);
    return make_address(copy, is_v6, (unsigned)port, out);
}

amanat_result http_address_resolve(const char *host, unsigned port,
                                   struct amanat_diagnostics *diagnostics, struct http_address *out)
{
    char service[8];
    (void)snprintf(service, sizeof(service), "%u", port & 0xffff);
    const struct addrinfo hints = {.ai_family = AF_UNSPEC,
                                   .ai_socktype = SOCK_STREAM,
                                   .ai_flags = AI_NUMERICSERV | AI_ADDRCONFIG};
    /* AI_ADDRCONFIG leaves out what this machine has no address for, even loopback; literals need
     * no such care. */
    struct addrinfo literal_hints = hints;
    literal_hints.ai_flags = AI_NUMERICSERV | AI_NUMERICHOST;
    struct addrinfo *list = NULL;
    int failure = getaddrinfo(host, service, &literal_hints, &list);
    if (failure != 0) {
        failure = getaddrinfo(host, service, &hints, &list);
    }
    if (failure != 0) {
        amanat_diagnostics_add(diagnostics, AMANAT_SEVERITY_ERROR, "host", host, 0, 0,
                               "cannot find its address: %s", gai_strerror(failure));
        return amanat_result_of(failure == EAI_AGAIN ? AMANAT_STATUS_RETRY_LATER
                                                     : AMANAT_STATUS_CONFIG_FAULT);
    }
    struct http_address address = {.length = list->ai_addrlen};
    ASSERT(list->ai_addrlen <= sizeof(address.socket));
    memcpy(&address.socket, list->ai_addr, list->ai_addrlen);
    freeaddrinfo(list);
    *out = address;
    return AMANAT_OK;
}

void http_address_host_text(const struct http_address *address, char out[HTTP_ADDRESS_TEXT_SIZE])
{
    const struct in6_addr *v6 = &address->socket.v6.sin6_addr;
    const char *text = NULL;
    if (address->length == 0) {
        text = NULL;
    } else if (address->socket.any.sa_family == AF_INET) {
        text = inet_ntop(AF_INET, &address->socket.v4.sin_addr, out, HTTP_ADDRESS_TEXT_SIZE);
    } else if (IN6_IS_ADDR_V4MAPPED(v6)) {
        text = inet_ntop(AF_INET, &v6->s6_addr[12], out, HTTP_ADDRESS_TEXT_SIZE);
    } else {
        text = inet_ntop(AF_INET6, v6, out, HTTP_ADDRESS_TEXT_SIZE);
    }
    if (text == NULL) {
        out[0] = '\0';
    }
}

void http_address_text(const struct http_address *address, char out[HTTP_ADDRESS_TEXT_SIZE])
{
    char host[HTTP_ADDRESS_TEXT_SIZE];
    http_address_host_text(address, host);
    const bool is_v4 = address->socket.any.sa_family == AF_INET;
    const uint16_t port = is_v4 ? address->socket.v4.sin_port : address->socket.v6.sin6_port;
    char text[HTTP_ADDRESS_TEXT_SIZE + 16];
    (void)snprintf(text, sizeof(text), strchr(host, ':') == NULL ? "%s:%u" : "[%s]:%u", host,
                   ntohs(port));
    ASSERT(strlen(text) < HTTP_ADDRESS_TEXT_SIZE);
    memcpy(out, text, strlen(text) + 1);
}

bool http_address_is_loopback(const struct http_address *address)
{
    if (address->length == 0) {
        return false;
    }
    if (address->socket.any.sa_family == AF_INET) {
        return (ntohl(address->socket.v4.sin_addr.s_addr) >> 24) == 127;
    }
    const struct in6_addr *v6 = &address->socket.v6.sin6_addr;
    return IN6_IS_ADDR_LOOPBACK(v6) || (IN6_IS_ADDR_V4MAPPED(v6) && v6->s6_addr[12] == 127);
}
