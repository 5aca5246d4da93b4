/* SPDX-License-Identifier: Apache-2.0 */
/* Tables of values; what is equal under a mode is written down here, not computed by the product.
 */
#include "interference_value.h"

#include <stdio.h>
#include <string.h>

#include "policy/base/guard.h"
#include "policy/base/utf8.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static const char *const texts[] = {"",
                                    "a",
                                    "LHR",
                                    "KHI",
                                    "35202-1234567-1",
                                    "\xC3\xA9t\xC3\xA9 in Lahore",
                                    "a\tb\"\\/",
                                    "2026-01",
                                    "e\xCC\x81\xF0\x9F\x98\x80",
                                    "\x7F\x01",
                                    "null"};
static const char *const integers[] = {"0", "7", "-12", "123456789012345678901234567890"};
static const char *const numbers[] = {"12.345", "-0.0", "1e3", "9.99E-64", "7"};

const char *value_text(unsigned choice)
{
    return texts[choice % COUNT(texts)];
}

const char *value_number(unsigned choice, bool integer)
{
    return integer ? integers[choice % COUNT(integers)] : numbers[choice % COUNT(numbers)];
}

static void spell_unit(struct buffer *out, uint32_t unit, bool upper)
{
    buffer_append_format(out, upper ? "\\u%04X" : "\\u%04x", (unsigned)unit);
}

static void spell_escaped(struct buffer *out, uint32_t scalar, bool upper)
{
    if (scalar >= 0x10000) {
        spell_unit(out, 0xD800 + ((scalar - 0x10000) >> 10), upper);
        spell_unit(out, 0xDC00 + ((scalar - 0x10000) & 0x3FF), upper);
    } else {
        spell_unit(out, scalar, upper);
    }
}

void value_spell(struct buffer *out, struct bytes text, unsigned spelling)
{
    if (spelling == 0) {
        buffer_append_json_string(out, text);
        return;
    }
    buffer_append_byte(out, '"');
    for (size_t at = 0; at < text.length;) {
        const size_t start = at;
        const uint32_t scalar = utf8_next(text, &at);
        const uint64_t drawn = mix(spelling, start) % 8;
        if (drawn < 2 || scalar < 0x20) {
            spell_escaped(out, scalar, drawn == 0);
        } else if (scalar == '"' || scalar == '\\' || (scalar == '/' && drawn < 5)) {
            buffer_append_byte(out, '\\');
            buffer_append_byte(out, (char)scalar);
        } else {
            buffer_append(out, bytes_of(text.at + start, at - start));
        }
    }
    buffer_append_byte(out, '"');
}

/* ---- alike under a mode ---- */

static const struct alike {
    const char *label;
    enum disclosure_mode mode;
    const char *texts[2];
} table[] = {
    {"last", DISCLOSURE_COARSEN, {"2026-03-31T23:30:00-02:00", "2026-04-17T00:00:00Z"}},
    {"last", DISCLOSURE_COARSEN, {"2026-01-17", "2026-01-31"}},
    {"last", DISCLOSURE_COARSEN, {"2026-01-01T02:30:00.25", "2026-01-31T23:59:59"}},
    {"moment", DISCLOSURE_COARSEN, {"2026-01-01T02:30:00+05:00", "2025-12-31T21:59:59.999Z"}},
    {"moment", DISCLOSURE_COARSEN, {"2026-01-17T10:00:00", "2026-01-17T10:59:59.9"}},
    {"point", DISCLOSURE_COARSEN, {"12.31", "12.349"}},
    {"point", DISCLOSURE_COARSEN, {"-0.01", "-4.999e-2"}},
    {"point", DISCLOSURE_COARSEN, {"1e2", "100.01"}},
    {"point", DISCLOSURE_COARSEN, {"7.05", "70.5E-1"}},
    {"band", DISCLOSURE_COARSEN, {"17", "3"}},
    {"band", DISCLOSURE_COARSEN, {"65", "120"}},
    {"age", DISCLOSURE_COARSEN, {"21", "29"}},
    {"town", DISCLOSURE_COARSEN, {"Gulberg", "Johar"}},
    {"town", DISCLOSURE_COARSEN, {"Clifton", "\xC3\xA9t\xC3\xA9"}},
    {"net", DISCLOSURE_COARSEN, {"192.0.2.1", "192.0.2.254"}},
    {"net", DISCLOSURE_COARSEN, {"2001:db8:1:2::3", "2001:0DB8:1:ffff::"}},
    {"digits", DISCLOSURE_MASK, {"12345-x", "54321-x"}},
    {"digits", DISCLOSURE_MASK, {"a 12345 b 00000", "a 99999 b 11111"}},
    {"note", DISCLOSURE_REVEAL, {"see 35202-1234567-1.", "see 61101-7654321-9."}}};

static void copy_row(const char *const row[2], bool swap, struct value_pair *out)
{
    (void)snprintf(out->text[0], sizeof(out->text[0]), "%s", row[swap ? 1 : 0]);
    (void)snprintf(out->text[1], sizeof(out->text[1]), "%s", row[swap ? 0 : 1]);
}

/* A row of the table for that label and mode; false if there is none. */
static bool find_row(struct choices *choices, const struct catalogue_label *label,
                     enum disclosure_mode mode, struct value_pair *out)
{
    const struct alike *found[COUNT(table)];
    unsigned count = 0;
    for (size_t i = 0; i < COUNT(table); i++) {
        if (table[i].mode == mode && bytes_equal_string(label->name, table[i].label)) {
            found[count++] = &table[i];
        }
    }
    if (count > 0) {
        const struct alike *row = found[choose(choices, count)];
        copy_row(row->texts, chance(choices, 50), out);
    }
    return count > 0;
}

/* Texts of `least` to 20 letters, some of two bytes. */
static void write_letters(struct choices *choices, unsigned least, char *out)
{
    const unsigned count = least + choose(choices, 12);
    for (unsigned i = 0; i < count; i++) {
        if (chance(choices, 10)) {
            memcpy(out, "\xC3\xA9", 2);
            out += 2;
        } else {
            *out++ = (char)('a' + choose(choices, 26));
        }
    }
    *out = '\0';
}

static void write_pair(struct value_pair *out, const char *before, const char *after,
                       char rest[2][64])
{
    for (int side = 0; side < 2; side++) {
        (void)snprintf(out->text[side], sizeof(out->text[side]), "%.20s%.40s%.20s", before,
                       rest[side], after);
    }
}

static void masked_alike(struct choices *choices, const struct catalogue_label *label,
                         struct value_pair *out)
{
    char rest[2][64];
    /* a text that is too short for what is kept shows nothing of itself */
    const bool is_short = label->mask.kind != MASK_TEXT && chance(choices, 20);
    for (int side = 0; side < 2; side++) {
        write_letters(choices,
                      is_short || label->mask.kind == MASK_TEXT ? 0 : label->mask.count + 1,
                      rest[side]);
        if (is_short) {
            rest[side][0] = '\0';
        }
    }
    const char *kept = label->mask.kind == MASK_TEXT ? "" : is_short ? "x" : "k\xC3\xA9";
    ASSERT(label->mask.kind == MASK_TEXT || label->mask.count == 2);
    write_pair(out, label->mask.kind == MASK_KEEP_LAST ? "" : kept,
               label->mask.kind == MASK_KEEP_LAST ? kept : "", rest);
}

static void prefix_alike(struct choices *choices, const struct catalogue_label *label,
                         struct value_pair *out)
{
    char rest[2][64];
    ASSERT(label->coarsen.prefix == 3);
    write_letters(choices, 1, rest[0]);
    write_letters(choices, 1, rest[1]);
    write_pair(out, "p\xC3\xA9\"", "", rest);
}

bool value_strings_alike(struct choices *choices, const struct catalogue_label *label,
                         enum disclosure_mode mode, struct value_pair *out)
{
    if (!label->defines[mode] || find_row(choices, label, mode, out)) {
        return label->defines[mode];
    }
    if (mode == DISCLOSURE_TOKENIZE) {
        const char *text = value_text(choose(choices, (unsigned)COUNT(texts)));
        copy_row((const char *const[2]){text, text}, false, out);
        return true;
    }
    if (mode == DISCLOSURE_MASK) {
        masked_alike(choices, label, out);
        return true;
    }
    if (mode == DISCLOSURE_COARSEN && label->coarsen.kind == COARSEN_PREFIX) {
        prefix_alike(choices, label, out);
        return true;
    }
    return false;
}

bool value_numbers_alike(struct choices *choices, const struct catalogue_label *label,
                         enum disclosure_mode mode, struct value_pair *out)
{
    const enum coarsen_kind kind = label->coarsen.kind;
    return mode == DISCLOSURE_COARSEN && label->defines[mode] &&
           (kind == COARSEN_STEP || kind == COARSEN_BUCKET || kind == COARSEN_AGE_BAND) &&
           find_row(choices, label, mode, out);
}

const char *value_small_group(struct choices *choices)
{
    static const char *const few[] = {"null", "0", "1", "4", "-7", "7.0", "8e9", "true", "\"12\""};
    return few[choose(choices, COUNT(few))];
}

const char *value_never_shown(struct choices *choices, const struct catalogue_label *label,
                              enum disclosure_mode mode)
{
    static const char *const never[] = {"null", "true",  "false", "\"no time, no number\"",
                                        "17",   "-1.5e3"};
    const bool is_coarsened = mode == DISCLOSURE_COARSEN;
    const bool is_time = is_coarsened && label->coarsen.kind == COARSEN_TIME;
    const bool shows_numbers = is_coarsened && !is_time && label->coarsen.kind != COARSEN_PREFIX;
    const bool shows_any_text = !is_time && !(is_coarsened && label->coarsen.kind == COARSEN_STEP);
    const unsigned drawn = choose(choices, COUNT(never));
    if ((drawn == 3 && shows_any_text) || (drawn > 3 && shows_numbers)) {
        return never[0];
    }
    return never[drawn];
}
