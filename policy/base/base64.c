/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The encodings of RFC 4648: one loop packs bits, one unpacks them, whatever the alphabet. Not
 * constant in time: keys are never kept in these forms.
 */
#include "policy/base/base64.h"

#include <stdint.h>

#include "policy/base/guard.h"

static const char base64_alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char base64url_alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
static const char base32_alphabet[] = "abcdefghijklmnopqrstuvwxyz234567";
static const char hex_alphabet[] = "0123456789abcdef";

static void append_packed(struct buffer *buffer, struct bytes bytes, const char *alphabet,
                          unsigned bits)
{
    uint32_t held = 0;
    unsigned held_bits = 0;
    const uint32_t mask = (1U << bits) - 1;
    for (size_t i = 0; i < bytes.length; i++) {
        held = held << 8 | (unsigned char)bytes.at[i];
        held_bits += 8;
        while (held_bits >= bits) {
            held_bits -= bits;
            buffer_append_byte(buffer, alphabet[held >> held_bits & mask]);
        }
    }
    if (held_bits > 0) {
        buffer_append_byte(buffer, alphabet[held << (bits - held_bits) & mask]);
    }
}

void base64_append(struct buffer *buffer, struct bytes bytes)
{
    append_packed(buffer, bytes, base64_alphabet, 6);
    for (size_t i = bytes.length % 3; i == 1 || i == 2; i++) {
        buffer_append_byte(buffer, '=');
    }
}

void base64url_append(struct buffer *buffer, struct bytes bytes)
{
    append_packed(buffer, bytes, base64url_alphabet, 6);
}

void base32_append(struct buffer *buffer, struct bytes bytes)
{
    append_packed(buffer, bytes, base32_alphabet, 5);
}

void hex_append(struct buffer *buffer, struct bytes bytes)
{
    append_packed(buffer, bytes, hex_alphabet, 4);
}

void hex_write(struct bytes bytes, char *out)
{
    for (size_t i = 0; i < bytes.length; i++) {
        out[2 * i] = hex_alphabet[(unsigned char)bytes.at[i] >> 4];
        out[2 * i + 1] = hex_alphabet[(unsigned char)bytes.at[i] & 15];
    }
    out[2 * bytes.length] = '\0';
}

static int digit_value(const char *alphabet, char digit)
{
    const char *found = digit == '\0' ? NULL : strchr(alphabet, digit);
    return found == NULL ? -1 : (int)(found - alphabet);
}

/* `text` without padding; a length that no whole byte gives, and trailing bits that are not zero,
 * are refused. */
static amanat_result decode_packed(struct arena *arena, struct bytes text, const char *alphabet,
                                   unsigned bits, struct bytes *out)
{
    const amanat_result fault = amanat_result_of(AMANAT_STATUS_PEER_FAULT);
    char *decoded = arena_allocate(arena, text.length / 8 * bits + 8);
    TRY_MEMORY(decoded);
    size_t length = 0;
    uint32_t held = 0;
    unsigned held_bits = 0;
    for (size_t i = 0; i < text.length; i++) {
        const int value = digit_value(alphabet, text.at[i]);
        if (value < 0) {
            return fault;
        }
        held = held << bits | (uint32_t)value;
        held_bits += bits;
        if (held_bits >= 8) {
            held_bits -= 8;
            decoded[length++] = (char)(held >> held_bits & 0xFF);
        }
    }
    if (held_bits >= bits || (held & ((1U << held_bits) - 1)) != 0) {
        return fault;
    }
    *out = bytes_of(decoded, length);
    return AMANAT_OK;
}

amanat_result base64_decode(struct arena *arena, struct bytes text, struct bytes *out)
{
    if (text.length % 4 != 0) {
        return amanat_result_of(AMANAT_STATUS_PEER_FAULT);
    }
    for (unsigned i = 0; i < 2 && text.length > 0 && text.at[text.length - 1] == '='; i++) {
        text.length--;
    }
    return decode_packed(arena, text, base64_alphabet, 6, out);
}

amanat_result base64url_decode(struct arena *arena, struct bytes text, struct bytes *out)
{
    return decode_packed(arena, text, base64url_alphabet, 6, out);
}

bool hex_read(struct bytes text, uint8_t *out, size_t length)
{
    if (text.length != 2 * length) {
        return false;
    }
    for (size_t i = 0; i < text.length; i++) {
        const int value = digit_value(hex_alphabet, text.at[i]);
        if (value < 0) {
            return false;
        }
        out[i / 2] = (uint8_t)(i % 2 == 0 ? value << 4 : out[i / 2] | value);
    }
    return true;
}
