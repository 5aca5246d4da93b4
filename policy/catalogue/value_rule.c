/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a value must satisfy beyond its kind: bounds, formats, enumerations. The same for parameters
 * and for request bodies.
 */
#include "policy/catalogue/value_rule.h"

#include <arpa/inet.h>

#include "policy/base/calendar.h"
#include "policy/base/document.h"
#include "policy/base/utf8.h"

#define DECIMAL_LENGTH 64

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

/* ---- numbers ---- */

/* `0` or digits that begin with another; how many. */
static size_t integer_length(struct bytes text)
{
    size_t length = 0;
    while (length < text.length && is_digit(text.at[length])) {
        length++;
    }
    return length > 1 && text.at[0] == '0' ? 0 : length;
}

bool value_is_integer(struct bytes text, int64_t *out)
{
    const bool negative = bytes_start_with(text, BYTES("-"));
    const struct bytes digits = bytes_from(text, negative ? 1 : 0);
    const struct document number = {.kind = DOCUMENT_NUMBER, .text = text};
    return digits.length > 0 && integer_length(digits) == digits.length &&
           !bytes_equal(text, BYTES("-0")) && document_integer(&number, out);
}

bool bounds_allow_integer(const struct catalogue_bounds *bounds, int64_t value)
{
    return (!bounds->has_minimum || value >= bounds->minimum) &&
           (!bounds->has_maximum || value <= bounds->maximum);
}

bool bounds_allow_length(const struct catalogue_bounds *bounds, struct bytes text)
{
    size_t count = 0;
    for (size_t position = 0; position < text.length; count++) {
        (void)utf8_next(text, &position);
    }
    return count <= bounds->max_length;
}

/* A decimal against whole bounds: by its whole part, rounded towards each of them. */
bool value_is_decimal(const struct catalogue_bounds *bounds, struct bytes text)
{
    const bool negative = bytes_start_with(text, BYTES("-"));
    const struct bytes magnitude = bytes_from(text, negative ? 1 : 0);
    const size_t whole = integer_length(magnitude);
    bool has_fraction = false;
    bool has_digit = false;
    if (whole == 0 || text.length > DECIMAL_LENGTH) {
        return false;
    }
    for (size_t i = whole; i < magnitude.length; i++) {
        const bool point = i == whole && magnitude.at[i] == '.' && i + 1 < magnitude.length;
        if (!point && (i == whole || !is_digit(magnitude.at[i]))) {
            return false;
        }
        has_fraction = has_fraction || (!point && magnitude.at[i] != '0');
    }
    for (size_t i = 0; i < whole; i++) {
        has_digit = has_digit || magnitude.at[i] != '0';
    }
    if (negative && !has_fraction && !has_digit) {
        return false; /* minus nothing */
    }
    if (!bounds->has_minimum && !bounds->has_maximum) {
        return true;
    }
    int64_t value = 0;
    const struct document number = {.kind = DOCUMENT_NUMBER,
                                    .text = bytes_first(text, whole + (negative ? 1 : 0))};
    if (!document_integer(&number, &value)) {
        return false;
    }
    const bool above = has_fraction && !negative; /* the value lies above its whole part */
    const bool below = has_fraction && negative;
    return (!bounds->has_minimum || value > bounds->minimum ||
            (value == bounds->minimum && !below)) &&
           (!bounds->has_maximum || value < bounds->maximum ||
            (value == bounds->maximum && !above));
}

/* ---- dates and addresses ---- */

bool value_is_date(struct bytes text)
{
    struct calendar_time time;
    return calendar_parse(text, &time) && !time.has_time;
}

bool value_is_address(struct bytes text)
{
    char copy[INET6_ADDRSTRLEN];
    unsigned char address[16];
    if (text.length == 0 || text.length >= sizeof(copy)) {
        return false;
    }
    memcpy(copy, text.at, text.length);
    copy[text.length] = '\0';
    if (bytes_find(text, ':') == text.length) {
        return inet_pton(AF_INET, copy, address) == 1;
    }
    return bytes_find(text, '.') == text.length && inet_pton(AF_INET6, copy, address) == 1;
}

/* ---- words for refusals ---- */

const char *rule_text(enum rule_answer answer)
{
    static const char *const texts[] = {
        [RULE_SATISFIED] = "",
        [RULE_TYPE] = "the value here is not of the declared type",
        [RULE_ENUMERATION] = "the value here is none of those that are declared",
        [RULE_FORMAT] = "the value here is not in the declared format",
        [RULE_BOUNDS] = "the value here is beyond the declared bounds",
        [RULE_ONE_VALUE] =
            "the value here could be read as more than one, or otherwise: no comma may "
            "stand in it, and no blank around it",
        [RULE_SEGMENT] =
            "the value here could be read as another path: it may not be empty, `.` or "
            "`..`, and no slash or backslash may stand in it",
    };
    return texts[answer];
}

/* ---- values of bodies ---- */

static bool is_instant(struct bytes text)
{
    struct calendar_time time;
    return calendar_parse(text, &time) && time.has_time && time.has_offset;
}

static bool has_format(enum attribute_type format, struct bytes text)
{
    switch (format) {
    case ATTRIBUTE_DATETIME:
        return is_instant(text);
    case ATTRIBUTE_DATE:
        return value_is_date(text);
    case ATTRIBUTE_IPADDR:
        return value_is_address(text);
    default:
        return true;
    }
}

/* Its index in the enumeration, or the count of that. */
static size_t enumerated(const struct catalogue_rule *rule, struct bytes text)
{
    size_t index = 0;
    while (index < rule->enumeration_count && !bytes_equal(rule->enumeration[index], text)) {
        index++;
    }
    return index;
}

static struct bytes text_of(const struct document *value)
{
    if (value->kind == DOCUMENT_BOOL) {
        return value->boolean ? BYTES("true") : BYTES("false");
    }
    return value->text;
}

const struct catalogue_value_labels *rule_named_field(const struct catalogue_rule *rule,
                                                      const struct document *value)
{
    if (rule == NULL || rule->value_labels == NULL || value->kind == DOCUMENT_NULL) {
        return NULL;
    }
    return &rule->value_labels[enumerated(rule, text_of(value))];
}

/* A number within bounds is spelt without an exponent, so that it can be compared exactly. */
static bool is_within(const struct catalogue_bounds *bounds, struct bytes text)
{
    return (!bounds->has_minimum && !bounds->has_maximum) || value_is_decimal(bounds, text);
}

enum rule_answer rule_ask(const struct catalogue_rule *rule, const struct document *value)
{
    const struct bytes text = text_of(value);
    if (rule == NULL || value->kind == DOCUMENT_NULL) {
        return RULE_SATISFIED;
    }
    if (rule->is_enumerated && enumerated(rule, text) == rule->enumeration_count) {
        return RULE_ENUMERATION;
    }
    if (value->kind == DOCUMENT_STRING && !has_format(rule->format, text)) {
        return RULE_FORMAT;
    }
    const bool within = value->kind == DOCUMENT_STRING   ? bounds_allow_length(&rule->bounds, text)
                        : value->kind == DOCUMENT_NUMBER ? is_within(&rule->bounds, text)
                                                         : true;
    return within ? RULE_SATISFIED : RULE_BOUNDS;
}
