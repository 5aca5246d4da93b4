/* SPDX-License-Identifier: Apache-2.0 */
/* Reading, scaling, comparing and writing decimals by their digits; see decimal.h. */
#include "policy/redact/decimal.h"

static bool is_digit_at(struct bytes text, size_t at)
{
    return at < text.length && text.at[at] >= '0' && text.at[at] <= '9';
}

static bool read_digits(struct bytes text, size_t *at, struct spelt_number *number)
{
    if (!is_digit_at(text, *at)) {
        return false;
    }
    for (; is_digit_at(text, *at); (*at)++) {
        if (number->count == DECIMAL_DIGITS) {
            return false;
        }
        number->digits[number->count++] = (unsigned char)(text.at[*at] - '0');
    }
    return true;
}

static bool read_exponent(struct bytes text, size_t *at, struct spelt_number *number)
{
    if (*at >= text.length || (text.at[*at] != 'e' && text.at[*at] != 'E')) {
        return true;
    }
    (*at)++;
    const bool negative = *at < text.length && text.at[*at] == '-';
    if (negative || (*at < text.length && text.at[*at] == '+')) {
        (*at)++;
    }
    if (!is_digit_at(text, *at)) {
        return false;
    }
    int value = 0;
    for (; is_digit_at(text, *at); (*at)++) {
        value = value * 10 + (text.at[*at] - '0');
        if (value > DECIMAL_EXPONENT) {
            return false;
        }
    }
    number->exponent += negative ? -value : value;
    return true;
}

/* RFC 8259 §6: [ minus ] int [ frac ] [ exp ], all of the text. */
bool decimal_read(struct bytes text, struct spelt_number *out)
{
    *out = (struct spelt_number){0};
    size_t at = 0;
    if (text.length > 0 && text.at[0] == '-') {
        out->negative = true;
        at++;
    }
    const bool leading_zero = is_digit_at(text, at) && text.at[at] == '0';
    if (!read_digits(text, &at, out) || (leading_zero && out->count > 1)) {
        return false;
    }
    if (at < text.length && text.at[at] == '.') {
        const int before = out->count;
        at++;
        if (!read_digits(text, &at, out)) {
            return false;
        }
        out->exponent = before - out->count;
    }
    return read_exponent(text, &at, out) && at == text.length;
}

bool decimal_is_zero(const struct spelt_number *number)
{
    for (int i = 0; i < number->count; i++) {
        if (number->digits[i] != 0) {
            return false;
        }
    }
    return true;
}

void decimal_write_plain(const struct spelt_number *number, struct buffer *out)
{
    const int point = number->count + number->exponent; /* so many digits stand before it */
    int at = 0;
    while (at < number->count && at + 1 < point && number->digits[at] == 0) {
        at++;
    }
    buffer_append_string(out, number->negative ? "-" : "");
    buffer_append_string(out, point <= 0 ? "0." : "");
    for (int i = point; i < 0; i++) {
        buffer_append_byte(out, '0');
    }
    for (; at < number->count || at < point; at++) {
        if (at == point && at > 0) {
            buffer_append_byte(out, '.');
        }
        buffer_append_byte(out, (char)('0' + (at < number->count ? number->digits[at] : 0)));
    }
}

void decimal_scale(const struct spelt_number *number, unsigned scale, struct decimal_integer *out)
{
    const int shift = number->exponent + (int)scale; /* > 0: zeros behind; < 0: digits to drop */
    *out = (struct decimal_integer){0};
    for (int i = 0; i < shift; i++) {
        out->count++; /* zeros */
    }
    for (int i = number->count - 1; i >= 0; i--) {
        const int place = number->count - 1 - i + shift;
        if (place < 0) {
            out->cut = out->cut || number->digits[i] != 0;
        } else {
            out->digits[place] = number->digits[i];
            out->count = place + 1;
        }
    }
}

int decimal_compare(const struct decimal_integer *integer, uint64_t value)
{
    int difference = 0; /* of the highest place that differs */
    for (int i = 0; i < integer->count || value > 0; i++) {
        const int digit = i < integer->count ? integer->digits[i] : 0;
        const int other = (int)(value % 10);
        difference = digit != other ? digit - other : difference;
        value /= 10;
    }
    return difference;
}

void decimal_write(const struct decimal_integer *integer, bool negative, unsigned scale,
                   struct buffer *out)
{
    const int decimals = (int)scale;
    int first = DECIMAL_INTEGER_DIGITS - 1; /* the highest place that is shown */
    while (first > 0 && integer->digits[first] == 0) {
        first--;
    }
    if (negative && (first > 0 || integer->digits[0] != 0)) {
        buffer_append_byte(out, '-');
    }
    for (int i = first > decimals ? first : decimals; i >= 0; i--) {
        buffer_append_byte(out, (char)('0' + integer->digits[i]));
        if (i == decimals && decimals > 0) {
            buffer_append_byte(out, '.');
        }
    }
}

void decimal_write_step(struct decimal_step amount, bool negative, struct buffer *out)
{
    struct decimal_integer integer = {0};
    for (uint64_t rest = amount.digits; rest > 0; rest /= 10) {
        integer.digits[integer.count++] = (unsigned char)(rest % 10);
    }
    decimal_write(&integer, negative, amount.scale, out);
}
