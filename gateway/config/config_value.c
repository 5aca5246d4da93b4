/* SPDX-License-Identifier: Apache-2.0 */
/* The small languages of values in amanat.yaml: durations, sizes, addresses, URLs, names. Nothing
 * is looked up. */
#include "gateway/config/config_value.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "policy/base/guard.h"

struct unit {
    const char *name;
    int64_t factor;
};

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

/* Digits and a unit from the table, whose end is marked by a NULL name. */
static bool parse_with_unit(struct bytes text, const struct unit *units, int64_t *out)
{
    size_t at = 0;
    int64_t number = 0;
    for (; at < text.length && is_digit(text.at[at]); at++) {
        const int digit = text.at[at] - '0';
        if (number > (INT64_MAX - digit) / 10) {
            return false;
        }
        number = number * 10 + digit;
    }
    for (; at > 0 && units->name != NULL; units++) {
        if (bytes_equal_string(bytes_from(text, at), units->name)) {
            if (number > INT64_MAX / units->factor) {
                return false;
            }
            *out = number * units->factor;
            return true;
        }
    }
    return false;
}

const char *config_parse_duration(struct bytes text, int64_t *out)
{
    static const struct unit units[] = {
        {"us", 1}, {"ms", 1000}, {"s", 1000000}, {"m", 60000000}, {"h", 3600000000}, {NULL, 0},
    };
    return parse_with_unit(text, units, out)
               ? NULL
               : "a duration is a number and a unit (us, ms, s, m, h), such as 30s";
}

const char *config_parse_size(struct bytes text, int64_t *out)
{
    static const struct unit units[] = {
        {"", 1}, {"KiB", 1024}, {"MiB", 1048576}, {"GiB", 1073741824}, {NULL, 0}};
    return parse_with_unit(text, units, out)
               ? NULL
               : "a size is a number of bytes, or one with KiB, MiB or GiB, such as 16KiB";
}

/* 1 to 5 digits, at most 65535, without leading zeros. */
static bool parse_port(struct bytes text, unsigned *out)
{
    unsigned port = 0;
    if (text.length == 0 || text.length > 5 || (text.length > 1 && text.at[0] == '0')) {
        return false;
    }
    for (size_t i = 0; i < text.length; i++) {
        if (!is_digit(text.at[i])) {
            return false;
        }
        port = port * 10 + (unsigned)(text.at[i] - '0');
    }
    *out = port;
    return port <= 65535;
}

bool config_is_loopback(const char *host)
{
    struct in_addr v4;
    struct in6_addr v6;
    if (inet_pton(AF_INET, host, &v4) == 1) {
        return ntohl(v4.s_addr) >> 24 == 127;
    }
    return inet_pton(AF_INET6, host, &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

/* Takes "host" or "[v6]" from the front; what follows stays in `*rest`. */
static bool take_host(struct bytes *rest, char *host, size_t size, bool *out_brackets)
{
    const bool brackets = bytes_start_with(*rest, BYTES("["));
    const struct bytes inner = bytes_from(*rest, brackets ? 1 : 0);
    size_t length = 0;
    if (brackets) {
        length = bytes_find(inner, ']');
        if (length == inner.length) {
            return false;
        }
    } else {
        while (length < inner.length && inner.at[length] != ':' && inner.at[length] != '/') {
            length++;
        }
    }
    if (length == 0 || length >= size) {
        return false;
    }
    memcpy(host, inner.at, length);
    host[length] = '\0';
    *rest = bytes_from(inner, brackets ? length + 1 : length);
    *out_brackets = brackets;
    return true;
}

static bool is_numeric_host(const char *host, bool brackets)
{
    unsigned char address[sizeof(struct in6_addr)];
    return inet_pton(brackets ? AF_INET6 : AF_INET, host, address) == 1;
}

const char *config_parse_address(const char *text, struct config_address *out)
{
    struct bytes rest = bytes_of_string(text);
    char host[64];
    bool brackets = false;
    unsigned port = 0;
    if (!take_host(&rest, host, sizeof(host), &brackets) || !is_numeric_host(host, brackets) ||
        !bytes_start_with(rest, BYTES(":")) || !parse_port(bytes_from(rest, 1), &port)) {
        return "an address is a number and a port, such as 127.0.0.1:8443 or [::1]:8443";
    }
    out->text = text;
    out->is_loopback = config_is_loopback(host);
    return NULL;
}

/* A DNS name or an IPv4 address: letters, digits, dots, hyphens, underscores. */
static bool is_registered_name(const char *host)
{
    for (const char *at = host; *at != '\0'; at++) {
        const bool is_letter = (*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z');
        if (!is_letter && !is_digit(*at) && strchr(".-_", *at) == NULL) {
            return false;
        }
    }
    return host[0] != '.' && host[0] != '-';
}

/* Absolute, visible ASCII, nothing that would change what the path means when more is put behind
 * it. */
static bool is_base_path(struct bytes path)
{
    for (size_t i = 0; i < path.length; i++) {
        const char byte = path.at[i];
        if (byte <= 0x20 || byte >= 0x7F || strchr("?#%\\\"<>^`{|}", byte) != NULL) {
            return false;
        }
    }
    while (path.length > 0) {
        const struct bytes inner = bytes_from(path, 1);
        const size_t end = bytes_find(inner, '/');
        const struct bytes segment = bytes_first(inner, end);
        const bool is_last = end == inner.length;
        if (bytes_equal(segment, BYTES(".")) || bytes_equal(segment, BYTES("..")) ||
            (segment.length == 0 && !is_last)) {
            return false;
        }
        path = bytes_from(inner, end);
    }
    return true;
}

static char *copy_string(struct arena *arena, struct bytes text)
{
    return arena_format(arena, "%.*s", BYTES_PRINTF(text));
}

const char *config_parse_url(struct arena *arena, const char *text, struct config_url *out)
{
    static const char fault[] =
        "expected a URL such as https://10.0.4.2:8443, without user, query or fragment";
    struct bytes rest = bytes_of_string(text);
    char host[256];
    bool brackets = false;
    struct config_url url = {.text = text, .is_tls = bytes_start_with(rest, BYTES("https://"))};
    if (!url.is_tls && !bytes_start_with(rest, BYTES("http://"))) {
        return fault;
    }
    rest = bytes_from(rest, url.is_tls ? 8 : 7);
    const struct bytes authority = bytes_first(rest, bytes_find(rest, '/'));
    if (!take_host(&rest, host, sizeof(host), &brackets) ||
        (brackets ? !is_numeric_host(host, true) : !is_registered_name(host))) {
        return fault;
    }
    url.port = url.is_tls ? 443 : 80;
    if (bytes_start_with(rest, BYTES(":"))) {
        const size_t end = bytes_find(rest, '/');
        if (!parse_port(bytes_first(bytes_from(rest, 1), end - 1), &url.port) || url.port == 0) {
            return fault;
        }
        rest = bytes_from(rest, end);
    }
    if (rest.length > 0 && (rest.at[0] != '/' || !is_base_path(rest))) {
        return fault;
    }
    if (bytes_end_with(rest, BYTES("/"))) {
        rest.length--;
    }
    url.host = arena_format(arena, "%s", host);
    url.authority = copy_string(arena, authority);
    url.path = copy_string(arena, rest);
    if (url.host == NULL || url.authority == NULL || url.path == NULL) {
        return "no memory";
    }
    *out = url;
    return NULL;
}
