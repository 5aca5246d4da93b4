/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Coarsen by ip_prefix: the first address of the network in which an IP address lies, spelt as RFC
 * 5952 says. Read are dotted decimals (RFC 6943 §3.1.1, strict form) and RFC 4291 §2.2; a zone, a
 * port or a prefix length make it something else. An IPv4 address that is mapped into IPv6 counts
 * as the IPv6 address that it is spelt as.
 */
#include <arpa/inet.h>
#include <string.h>

#include "policy/redact/modes.h"

static void clear_behind(unsigned char *address, size_t length, unsigned bits)
{
    for (size_t i = 0; i < length; i++) {
        const unsigned first = (unsigned)i * 8;
        const unsigned kept = bits <= first ? 0 : bits - first < 8 ? bits - first : 8;
        address[i] &= (unsigned char)(0xFF00U >> kept);
    }
}

bool mode_coarsen_address(unsigned v4, unsigned v6, struct bytes text, struct buffer *out)
{
    char spelt[INET6_ADDRSTRLEN];
    unsigned char address[sizeof(struct in6_addr)];
    if (text.length >= sizeof(spelt) || bytes_find(text, '\0') < text.length) {
        return false;
    }
    if (text.length > 0) {
        memcpy(spelt, text.at, text.length);
    }
    spelt[text.length] = '\0';
    const bool is_v6 = bytes_find(text, ':') < text.length;
    const int family = is_v6 ? AF_INET6 : AF_INET;
    const unsigned bits = is_v6 ? v6 : v4;
    if (bits == 0 || inet_pton(family, spelt, address) != 1) {
        return false;
    }
    clear_behind(address, is_v6 ? 16 : 4, bits);
    if (inet_ntop(family, address, spelt, sizeof(spelt)) == NULL) {
        return false;
    }
    buffer_append_string(out, spelt);
    return true;
}
