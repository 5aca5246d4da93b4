/* SPDX-License-Identifier: Apache-2.0 */
/* Character classes as one table of bits per byte. Never the functions of ctype.h: they follow the
 * locale. */
#include "gateway/http/syntax.h"

enum { TOKEN = 1, PATH = 2 };

/* tchar: "!" "#" "$" "%" "&" "'" "*" "+" "-" "." "^" "_" "`" "|" "~" DIGIT ALPHA
 * pchar without "%": ALPHA DIGIT "-._~" "!$&'()*+,;=" ":@" */
#define BOTH TOKEN | PATH
static const unsigned char classes[256] = {
    ['!'] = BOTH, ['#'] = TOKEN, ['$'] = BOTH,  ['%'] = TOKEN, ['&'] = BOTH, ['\''] = BOTH,
    ['('] = PATH, [')'] = PATH,  ['*'] = BOTH,  ['+'] = BOTH,  [','] = PATH, ['-'] = BOTH,
    ['.'] = BOTH, [':'] = PATH,  [';'] = PATH,  ['='] = PATH,  ['@'] = PATH, ['^'] = TOKEN,
    ['_'] = BOTH, ['`'] = TOKEN, ['|'] = TOKEN, ['~'] = BOTH,  ['0'] = BOTH, ['1'] = BOTH,
    ['2'] = BOTH, ['3'] = BOTH,  ['4'] = BOTH,  ['5'] = BOTH,  ['6'] = BOTH, ['7'] = BOTH,
    ['8'] = BOTH, ['9'] = BOTH,  ['A'] = BOTH,  ['B'] = BOTH,  ['C'] = BOTH, ['D'] = BOTH,
    ['E'] = BOTH, ['F'] = BOTH,  ['G'] = BOTH,  ['H'] = BOTH,  ['I'] = BOTH, ['J'] = BOTH,
    ['K'] = BOTH, ['L'] = BOTH,  ['M'] = BOTH,  ['N'] = BOTH,  ['O'] = BOTH, ['P'] = BOTH,
    ['Q'] = BOTH, ['R'] = BOTH,  ['S'] = BOTH,  ['T'] = BOTH,  ['U'] = BOTH, ['V'] = BOTH,
    ['W'] = BOTH, ['X'] = BOTH,  ['Y'] = BOTH,  ['Z'] = BOTH,  ['a'] = BOTH, ['b'] = BOTH,
    ['c'] = BOTH, ['d'] = BOTH,  ['e'] = BOTH,  ['f'] = BOTH,  ['g'] = BOTH, ['h'] = BOTH,
    ['i'] = BOTH, ['j'] = BOTH,  ['k'] = BOTH,  ['l'] = BOTH,  ['m'] = BOTH, ['n'] = BOTH,
    ['o'] = BOTH, ['p'] = BOTH,  ['q'] = BOTH,  ['r'] = BOTH,  ['s'] = BOTH, ['t'] = BOTH,
    ['u'] = BOTH, ['v'] = BOTH,  ['w'] = BOTH,  ['x'] = BOTH,  ['y'] = BOTH, ['z'] = BOTH};

bool http_is_token_byte(char byte)
{
    return (classes[(unsigned char)byte] & TOKEN) != 0;
}

bool http_is_token(struct bytes bytes)
{
    for (size_t i = 0; i < bytes.length; i++) {
        if (!http_is_token_byte(bytes.at[i])) {
            return false;
        }
    }
    return bytes.length > 0;
}

bool http_is_value_byte(char byte)
{
    const unsigned char value = (unsigned char)byte;
    return value == '\t' || (value >= 0x20 && value != 0x7f);
}

bool http_is_path_byte(char byte)
{
    return (classes[(unsigned char)byte] & PATH) != 0;
}

int http_hex_value(char byte)
{
    if (http_is_digit(byte)) {
        return byte - '0';
    }
    const char lower = http_lower(byte);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

bool http_equals_ignoring_case(struct bytes bytes, const char *lower)
{
    if (bytes.length != strlen(lower)) {
        return false;
    }
    for (size_t i = 0; i < bytes.length; i++) {
        if (http_lower(bytes.at[i]) != lower[i]) {
            return false;
        }
    }
    return true;
}

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t';
}

struct bytes http_trim(struct bytes bytes)
{
    while (bytes.length > 0 && is_blank(bytes.at[0])) {
        bytes = bytes_from(bytes, 1);
    }
    while (bytes.length > 0 && is_blank(bytes.at[bytes.length - 1])) {
        bytes.length--;
    }
    return bytes;
}

bool http_read_decimal(struct bytes bytes, uint64_t limit, uint64_t *out)
{
    uint64_t value = 0;
    for (size_t i = 0; i < bytes.length; i++) {
        if (!http_is_digit(bytes.at[i])) {
            return false;
        }
        const uint64_t digit = (uint64_t)(bytes.at[i] - '0');
        if (value > limit / 10 || digit > limit - value * 10) {
            return false;
        }
        value = value * 10 + digit;
    }
    if (bytes.length == 0) {
        return false;
    }
    *out = value;
    return true;
}
