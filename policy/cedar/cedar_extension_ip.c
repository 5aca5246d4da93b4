/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cedar's ipaddr: an IPv4 or IPv6 address with a prefix length. The text forms are those of RFC
 * 4291 §2.2 without dotted quads and zones, and plain dotted decimal without leading zeros. An
 * IPv4-mapped IPv6 address is just IPv6.
 */
#include "policy/cedar/cedar_extension.h"

#include <string.h>

#define LONGEST_TEXT 43 /* a full IPv6 address with "/128" */
#define V4_BITS      32
#define V6_BITS      128
#define V6_GROUPS    8

static int hex_digit(char byte)
{
    if (byte >= '0' && byte <= '9') {
        return byte - '0';
    }
    if (byte >= 'a' && byte <= 'f') {
        return byte - 'a' + 10;
    }
    return byte >= 'A' && byte <= 'F' ? byte - 'A' + 10 : -1;
}

/* Decimal digits without a leading zero, at most `digits` of them and at most `largest`. */
static bool parse_number(struct bytes text, size_t digits, unsigned largest, uint8_t *out)
{
    if (text.length == 0 || text.length > digits || (text.length > 1 && text.at[0] == '0')) {
        return false;
    }
    unsigned number = 0;
    for (size_t i = 0; i < text.length; i++) {
        if (text.at[i] < '0' || text.at[i] > '9') {
            return false;
        }
        number = number * 10 + (unsigned)(text.at[i] - '0');
    }
    if (number > largest) {
        return false;
    }
    *out = (uint8_t)number;
    return true;
}

static bool parse_v4(struct bytes text, uint8_t address[16])
{
    for (size_t i = 0; i < 4; i++) {
        const size_t end = i < 3 ? bytes_find(text, '.') : text.length;
        if (end == text.length && i < 3) {
            return false;
        }
        if (!parse_number(bytes_first(text, end), 3, 255, &address[i])) {
            return false;
        }
        text = bytes_from(text, i < 3 ? end + 1 : end);
    }
    return true;
}

/* One group of 1 to 4 hexadecimal digits at `*at`. */
static bool parse_group(struct bytes text, size_t *at, uint8_t out[2])
{
    unsigned group = 0;
    size_t digits = 0;
    while (*at < text.length && hex_digit(text.at[*at]) >= 0) {
        if (++digits > 4) {
            return false;
        }
        group = group * 16 + (unsigned)hex_digit(text.at[*at]);
        (*at)++;
    }
    out[0] = (uint8_t)(group >> 8);
    out[1] = (uint8_t)(group & 0xFF);
    return digits > 0;
}

/* Moves the groups after `gap` to the end of the address and fills with zeros. */
static bool spread_groups(uint8_t address[16], size_t count, size_t gap, bool has_gap)
{
    if (!has_gap || count >= V6_GROUPS) {
        return !has_gap && count == V6_GROUPS;
    }
    const size_t after = (count - gap) * 2;
    memmove(address + 16 - after, address + gap * 2, after);
    memset(address + gap * 2, 0, 16 - after - gap * 2);
    return true;
}

static bool parse_v6(struct bytes text, uint8_t address[16])
{
    size_t count = 0;
    size_t gap = 0;
    size_t at = 0;
    bool has_gap = false;
    if (bytes_start_with(text, BYTES("::"))) {
        has_gap = true;
        at = 2;
    }
    while (at < text.length) {
        if (count == V6_GROUPS || !parse_group(text, &at, address + 2 * count)) {
            return false;
        }
        count++;
        if (at == text.length) {
            break;
        }
        if (text.at[at++] != ':' || at == text.length) {
            return false;
        }
        if (text.at[at] == ':') {
            if (has_gap) {
                return false;
            }
            has_gap = true;
            gap = count;
            at++;
        }
    }
    return spread_groups(address, count, gap, has_gap);
}

bool cedar_ip_from_text(struct bytes text, struct cedar_value *out)
{
    if (text.length == 0 || text.length > LONGEST_TEXT) {
        return false;
    }
    const size_t slash = bytes_find(text, '/');
    const struct bytes address = bytes_first(text, slash);
    struct cedar_value value = {.kind = CEDAR_VALUE_IP};
    struct cedar_ip *ip = &value.as.ip;
    ip->is_v6 = bytes_find(address, ':') < address.length;
    ip->prefix = ip->is_v6 ? V6_BITS : V4_BITS;
    if (ip->is_v6 ? !parse_v6(address, ip->address) : !parse_v4(address, ip->address)) {
        return false;
    }
    if (slash < text.length && !parse_number(bytes_from(text, slash + 1), ip->is_v6 ? 3 : 2,
                                             ip->is_v6 ? V6_BITS : V4_BITS, &ip->prefix)) {
        return false;
    }
    *out = value;
    return true;
}

/* Whether the first `bits` bits of two addresses are the same. */
static bool same_network(const uint8_t a[16], const uint8_t b[16], unsigned bits)
{
    const size_t whole = bits / 8;
    if (memcmp(a, b, whole) != 0) {
        return false;
    }
    const unsigned rest = bits % 8;
    return rest == 0 || ((a[whole] ^ b[whole]) & (0xFF00U >> rest) & 0xFFU) == 0;
}

bool cedar_ip_is_loopback(const struct cedar_ip *ip)
{
    static const uint8_t v6_loopback[16] = {[15] = 1};
    if (ip->is_v6) {
        return ip->prefix == V6_BITS && memcmp(ip->address, v6_loopback, 16) == 0;
    }
    return ip->prefix >= 8 && ip->address[0] == 127;
}

bool cedar_ip_is_multicast(const struct cedar_ip *ip)
{
    if (ip->is_v6) {
        return ip->prefix >= 8 && ip->address[0] == 0xFF;
    }
    return ip->prefix >= 4 && (ip->address[0] & 0xF0) == 0xE0;
}

bool cedar_ip_is_in_range(const struct cedar_ip *inner, const struct cedar_ip *outer)
{
    return inner->is_v6 == outer->is_v6 && inner->prefix >= outer->prefix &&
           same_network(inner->address, outer->address, outer->prefix);
}

int cedar_ip_compare(const struct cedar_ip *a, const struct cedar_ip *b)
{
    if (a->is_v6 != b->is_v6) {
        return a->is_v6 ? 1 : -1;
    }
    const int order = memcmp(a->address, b->address, sizeof(a->address));
    return order != 0 ? order : (int)a->prefix - (int)b->prefix;
}

/* The longest run of two or more zero groups, which RFC 5952 §4.2 writes as `::`. */
static void find_zero_run(const struct cedar_ip *ip, size_t *out_start, size_t *out_length)
{
    *out_start = V6_GROUPS;
    *out_length = 1;
    for (size_t start = 0; start < V6_GROUPS; start++) {
        size_t end = start;
        while (end < V6_GROUPS && ip->address[2 * end] == 0 && ip->address[2 * end + 1] == 0) {
            end++;
        }
        if (end - start > *out_length) {
            *out_start = start;
            *out_length = end - start;
        }
    }
}

static void append_v6(struct buffer *buffer, const struct cedar_ip *ip)
{
    size_t run_start = 0;
    size_t run_length = 0;
    find_zero_run(ip, &run_start, &run_length);
    for (size_t i = 0; i < V6_GROUPS; i++) {
        if (i == run_start) {
            buffer_append_string(buffer, "::");
            i += run_length - 1;
            continue;
        }
        if (i > 0 && i != run_start + run_length) {
            buffer_append_byte(buffer, ':');
        }
        buffer_append_format(buffer, "%x",
                             (unsigned)ip->address[2 * i] << 8 | ip->address[2 * i + 1]);
    }
}

void cedar_ip_append(struct buffer *buffer, const struct cedar_ip *ip)
{
    if (ip->is_v6) {
        append_v6(buffer, ip);
    } else {
        buffer_append_format(buffer, "%u.%u.%u.%u", ip->address[0], ip->address[1], ip->address[2],
                             ip->address[3]);
    }
    if (ip->prefix != (ip->is_v6 ? V6_BITS : V4_BITS)) {
        buffer_append_format(buffer, "/%u", ip->prefix);
    }
}
