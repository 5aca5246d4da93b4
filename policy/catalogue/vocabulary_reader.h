/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Private to the files that read vocabulary.yaml (vocabulary_*.c): what they share while they read.
 * Every fault is reported where it stands; reading goes on, so that one run shows them all.
 */
#ifndef AMANAT_POLICY_CATALOGUE_VOCABULARY_READER_H
#define AMANAT_POLICY_CATALOGUE_VOCABULARY_READER_H

#include "amanat/diagnostics.h"
#include "policy/base/arena.h"
#include "policy/base/document.h"
#include "policy/base/map.h"
#include "policy/base/vector.h"
#include "policy/catalogue/vocabulary.h"

struct purpose_entry {
    struct catalogue_purpose purpose;
    const struct document_member *at;
};

/** `tokenize: {link: …}`, settled when all labels are known. */
struct token_link {
    size_t label;
    const struct document *target;
};

struct vocabulary_reader {
    struct arena *arena;
    const char *source;
    struct amanat_diagnostics *diagnostics;
    VECTOR(struct catalogue_label) labels;
    struct map label_indexes; /* name → size_t */
    VECTOR(struct token_link) links;
    VECTOR(struct purpose_entry) purposes;
    VECTOR(struct catalogue_subject) subjects;
    bool faulty;
};

#define VOCABULARY_REPORT(reader, at, code, ...)                                                   \
    ((reader)->faulty = true,                                                                      \
     amanat_diagnostics_add((reader)->diagnostics, AMANAT_SEVERITY_ERROR, (code),                  \
                            (reader)->source, (at)->line, (at)->column, __VA_ARGS__))

/** False after a report. */
bool vocabulary_expect_object(struct vocabulary_reader *reader, const struct document *value,
                              const char *what);
/** The same for a string that is not empty; `what` as it is spelt, without quotes. */
bool vocabulary_expect_text(struct vocabulary_reader *reader, const struct document *value,
                            const char *what);

/** Refuses a key that means nothing here, with the nearest one that does. */
void vocabulary_refuse_key(struct vocabulary_reader *reader, const struct document_member *member,
                           const char *where, const struct bytes *known, size_t known_count);

/** The value of a whole number; false after a report. */
bool vocabulary_read_number(struct vocabulary_reader *reader, const struct document_member *member,
                            unsigned least, unsigned most, unsigned *out);

/** An object with exactly one of the `known` members; NULL after a report. */
const struct document_member *vocabulary_only_member(struct vocabulary_reader *reader,
                                                     const struct document_member *mode,
                                                     const char *choices, const struct bytes *known,
                                                     size_t known_count);

/**
 * A decimal without exponent, at most 18 digits, exactly as it is spelt; `-` only where
 * `out_negative` is not NULL.
 */
bool vocabulary_read_decimal(const struct document *value, bool *out_negative,
                             struct decimal_step *out);

/** A pattern of PCRE2; `*out` stays NULL after a report. */
AMANAT_MUST_CHECK amanat_result vocabulary_read_pattern(struct vocabulary_reader *reader,
                                                        const struct document *value,
                                                        enum pattern_use use,
                                                        const struct pattern **out);

/* The members of a label; each sets `defines` when there was nothing to report. */
AMANAT_MUST_CHECK amanat_result vocabulary_read_mask(struct vocabulary_reader *reader,
                                                     const struct document_member *mode,
                                                     struct catalogue_label *label);
AMANAT_MUST_CHECK amanat_result vocabulary_read_tokenize(struct vocabulary_reader *reader,
                                                         const struct document_member *mode,
                                                         size_t label);
AMANAT_MUST_CHECK amanat_result vocabulary_read_coarsen(struct vocabulary_reader *reader,
                                                        const struct document_member *mode,
                                                        struct catalogue_label *label);
AMANAT_MUST_CHECK amanat_result vocabulary_read_scrub(struct vocabulary_reader *reader,
                                                      const struct document_member *member,
                                                      struct catalogue_label *label);

/** After all labels: whose key each linked label has. */
AMANAT_MUST_CHECK amanat_result vocabulary_settle_links(struct vocabulary_reader *reader);

#endif
