/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What others ask of a vocabulary that is read: names to numbers, legal bases, and identifiers made
 * equal. vocabulary_read.c makes it from vocabulary.yaml.
 */
#include "policy/catalogue/vocabulary.h"

#include "policy/base/guard.h"
#include "policy/base/utf8.h"

const char *disclosure_mode_name(enum disclosure_mode mode)
{
    static const char *const names[DISCLOSURE_MODE_COUNT] = {"withheld", "tokenize", "mask",
                                                             "coarsen", "reveal"};
    const size_t index = (size_t)mode;
    return names[index < DISCLOSURE_MODE_COUNT ? index : DISCLOSURE_WITHHELD];
}

bool catalogue_label_coarsens_numbers(const struct catalogue_label *label)
{
    const enum coarsen_kind kind = label->coarsen.kind;
    return label->defines[DISCLOSURE_COARSEN] &&
           (kind == COARSEN_STEP || kind == COARSEN_AGE_BAND ||
            (kind == COARSEN_BUCKET && !label->coarsen.buckets_have_names));
}

size_t vocabulary_find_label(const struct vocabulary *vocabulary, struct bytes name)
{
    for (size_t i = 0; i < vocabulary->label_count; i++) {
        if (bytes_equal(vocabulary->labels[i].name, name)) {
            return i;
        }
    }
    return CATALOGUE_NONE;
}

size_t vocabulary_find_purpose(const struct vocabulary *vocabulary, struct bytes name)
{
    for (size_t i = 0; i < vocabulary->purpose_count; i++) {
        if (bytes_equal(vocabulary->purposes[i].name, name)) {
            return i;
        }
    }
    return CATALOGUE_NONE;
}

size_t vocabulary_find_subject(const struct vocabulary *vocabulary, struct bytes kind)
{
    for (size_t i = 0; i < vocabulary->subject_count; i++) {
        if (bytes_equal(vocabulary->subjects[i].kind, kind)) {
            return i;
        }
    }
    return CATALOGUE_NONE;
}

bool catalogue_purpose_takes_basis(const struct catalogue_purpose *purpose, struct bytes basis)
{
    for (size_t i = 0; i < purpose->basis_count; i++) {
        if (bytes_equal(purpose->bases[i], basis)) {
            return true;
        }
    }
    return purpose->basis_count == 0;
}

/* Arabic-Indic and extended Arabic-Indic digits are the same numbers on paper forms. */
static uint32_t fold_digit(uint32_t scalar)
{
    if (scalar >= 0x660 && scalar <= 0x669) {
        return '0' + (scalar - 0x660);
    }
    if (scalar >= 0x6F0 && scalar <= 0x6F9) {
        return '0' + (scalar - 0x6F0);
    }
    return scalar;
}

/* The scalar as it counts, or 0 when it does not count. */
static uint32_t normalise_scalar(enum subject_normalise normalise, uint32_t scalar)
{
    if (normalise == SUBJECT_LOWER) {
        return scalar >= 'A' && scalar <= 'Z' ? scalar - 'A' + 'a' : scalar;
    }
    const uint32_t folded = fold_digit(scalar);
    const bool is_digit = folded >= '0' && folded <= '9';
    if (normalise == SUBJECT_DIGITS) {
        return is_digit ? folded : 0;
    }
    if (folded >= 'a' && folded <= 'z') {
        return folded - 'a' + 'A';
    }
    const bool counts = is_digit || (folded >= 'A' && folded <= 'Z') || folded >= 0x80;
    return counts ? folded : 0;
}

amanat_result subject_normalise(enum subject_normalise normalise, struct bytes identifier,
                                struct arena *arena, struct bytes *out)
{
    if (normalise == SUBJECT_EXACT || !utf8_is_valid(identifier)) {
        return arena_copy_bytes(arena, identifier, out);
    }
    char *text = arena_allocate(arena, identifier.length);
    TRY_MEMORY(text);
    size_t length = 0;
    for (size_t position = 0; position < identifier.length;) {
        char encoded[4];
        const uint32_t scalar = normalise_scalar(normalise, utf8_next(identifier, &position));
        const size_t encoded_length = scalar == 0 ? 0 : utf8_encode(scalar, encoded);
        memcpy(text + length, encoded, encoded_length);
        length += encoded_length;
    }
    if (length == 0) {
        /* Nothing that counts: two such identifiers must not become one subject. */
        return arena_copy_bytes(arena, identifier, out);
    }
    *out = bytes_of(text, length);
    return AMANAT_OK;
}
