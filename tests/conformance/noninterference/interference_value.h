/* SPDX-License-Identifier: Apache-2.0 */
/* Values of fields: spelt in many ways, and pairs of them that a mode must make equal. */
#ifndef TESTS_CONFORMANCE_NONINTERFERENCE_VALUE_H
#define TESTS_CONFORMANCE_NONINTERFERENCE_VALUE_H

#include "choices.h"
#include "policy/base/buffer.h"
#include "policy/catalogue/catalogue.h"

/** A pair of strings, or of numbers (`text` is then the token). */
struct value_pair {
    char text[2][128];
};

/** `text` as a JSON string; `spelling` 0: as short as can be, else with escapes that it says. */
void value_spell(struct buffer *out, struct bytes text, unsigned spelling);

/** A text that is nothing special. */
const char *value_text(unsigned choice);
/** A token of a number; with `integer` one without fraction and exponent. */
const char *value_number(unsigned choice, bool integer);

/** Two strings that `mode` of `label` shows as the same; false if nothing is known of such. */
bool value_strings_alike(struct choices *choices, const struct catalogue_label *label,
                         enum disclosure_mode mode, struct value_pair *out);
/** Two numbers that `mode` of `label` shows as the same; false if it shows no number. */
bool value_numbers_alike(struct choices *choices, const struct catalogue_label *label,
                         enum disclosure_mode mode, struct value_pair *out);

/** A token that a revealed count of at least five never is. */
const char *value_small_group(struct choices *choices);

/** A token of a scalar that `mode` of `label` (not reveal) never shows. */
const char *value_never_shown(struct choices *choices, const struct catalogue_label *label,
                              enum disclosure_mode mode);

#endif
