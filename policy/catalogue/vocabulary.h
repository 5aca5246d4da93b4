/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The vocabulary: labels with what the modes mean for each, purposes, kinds of subjects (design 2,
 * vocabulary.yaml).
 *
 * Labels are numbers here (indexes into `labels`), because a redactor must not compare strings. A
 * dotted label implies its ancestors: `person.cnic` brings `person`. A parent always has a smaller
 * index than what lies in it.
 */
#ifndef AMANAT_POLICY_CATALOGUE_VOCABULARY_H
#define AMANAT_POLICY_CATALOGUE_VOCABULARY_H

#include <stdint.h>

#include "policy/base/arena.h"
#include "policy/base/map.h"
#include "policy/base/pattern.h"

/** How a field may be disclosed: the larger, the stronger. Zero is withheld. */
enum disclosure_mode {
    DISCLOSURE_WITHHELD = 0,
    DISCLOSURE_TOKENIZE,
    DISCLOSURE_MASK,
    DISCLOSURE_COARSEN,
    DISCLOSURE_REVEAL,
    DISCLOSURE_MODE_COUNT
};

/** "withheld", "tokenize", "mask", "coarsen", "reveal". */
const char *disclosure_mode_name(enum disclosure_mode mode);

enum mask_kind { MASK_TEXT = 0, MASK_KEEP_FIRST, MASK_KEEP_LAST, MASK_PATTERN };
enum coarsen_kind {
    COARSEN_TIME = 0,
    COARSEN_STEP, /* also `grid`, whose step is computed when the vocabulary is read */
    COARSEN_PREFIX,
    COARSEN_BUCKET,
    COARSEN_AGE_BAND,
    COARSEN_MAP,
    COARSEN_IP_PREFIX
};
enum time_unit { TIME_UNIT_YEAR = 0, TIME_UNIT_MONTH, TIME_UNIT_DAY, TIME_UNIT_HOUR };

/**
 * A positive decimal `digits · 10^-scale`, exactly as the vocabulary spells it: 0.01 is {1, 2},
 * 0.50 is {50, 2}.
 */
struct decimal_step {
    uint64_t digits;
    unsigned scale; /* number of decimals, 0 to 18 */
};

/** Where a bucket begins; it ends where the next one begins. */
struct coarsen_bucket {
    struct bytes name; /* no bytes: its lower bound stands for it */
    bool negative;
    struct decimal_step bound; /* the amount; 0 has no digits */
};

/** A piece of what `mask: {pattern, replace}` shows: text, or what a group of the pattern took. */
struct mask_part {
    struct bytes text;
    unsigned group; /* 0: the text */
};

/** What has to hold of a match besides the pattern. */
enum scrub_check { SCRUB_CHECK_NONE = 0, SCRUB_CHECK_IBAN, SCRUB_CHECK_LUHN };

/** What is replaced by `[name]` in free text; it matches folded text (policy/base/fold.h). */
struct scrub_pattern {
    struct bytes name;
    const struct pattern *pattern;
    enum scrub_check check;
    /** Ours, all of which are short: sought from each character, also inside what was found. */
    bool overlaps;
};

struct catalogue_label {
    struct bytes name; /* "person.cnic" */
    size_t parent;     /* index, or CATALOGUE_NONE */
    unsigned line;     /* in vocabulary.yaml; 0 when only implied */
    /** Which modes have a meaning for this very label; REVEAL always. */
    bool defines[DISCLOSURE_MODE_COUNT];
    /** A count of fewer is left out, in every mode; 0: there is no bound. */
    unsigned min_group;
    /** What it says about each mode (of REVEAL: `scrub`) as compact JSON, to compare meanings. */
    struct bytes definitions[DISCLOSURE_MODE_COUNT];
    struct {
        enum mask_kind kind;
        struct bytes text;             /* of MASK_TEXT */
        unsigned count;                /* code points kept */
        const struct pattern *pattern; /* of MASK_PATTERN: matches the whole value */
        const struct mask_part *parts;
        size_t part_count;
    } mask;
    struct {
        unsigned length; /* base32 characters, 13 to 51: at least 64 bits */
        /** Of a label with `link`: the label under whose key its tokens are made. */
        bool is_linked;
        size_t link;
    } tokenize;
    struct {
        enum coarsen_kind kind;
        enum time_unit unit;
        struct decimal_step step;
        unsigned prefix;                      /* code points kept */
        const struct coarsen_bucket *buckets; /* ascending */
        size_t bucket_count;
        bool buckets_have_names;
        unsigned band;  /* years of an age band */
        struct map map; /* text → struct bytes * */
        bool has_other; /* what stands for a text that is not in the map */
        struct bytes other;
        unsigned prefix_v4; /* bits kept; 0: such addresses are withheld */
        unsigned prefix_v6;
    } coarsen;
    /** `scrub`: replaced in what is revealed; also makes numbers and undeclared names that match
     * withheld. */
    struct {
        const struct scrub_pattern *patterns;
        size_t count;
    } scrub;
};

/** Whether `coarsen` of the label can be applied to numbers. */
bool catalogue_label_coarsens_numbers(const struct catalogue_label *label);

struct catalogue_purpose {
    struct bytes name;
    const size_t *parents; /* indexes of purposes, from `in:` */
    size_t parent_count;
    /** Legal bases that this purpose lists; an empty list takes any basis. */
    const struct bytes *bases;
    size_t basis_count;
    unsigned line;
};

/** How the identifiers of a kind of subject are made equal before they are pseudonymised. */
enum subject_normalise { SUBJECT_EXACT = 0, SUBJECT_DIGITS, SUBJECT_UPPER_ALNUM, SUBJECT_LOWER };

struct catalogue_subject {
    struct bytes kind;
    enum subject_normalise normalise;
};

struct vocabulary {
    const struct catalogue_label *labels;
    size_t label_count;
    const struct catalogue_purpose *purposes;
    size_t purpose_count;
    const struct catalogue_subject *subjects;
    size_t subject_count;
};

#define CATALOGUE_NONE ((size_t)-1)

/** The index of a label, purpose or kind of subject, or CATALOGUE_NONE. */
size_t vocabulary_find_label(const struct vocabulary *vocabulary, struct bytes name);
size_t vocabulary_find_purpose(const struct vocabulary *vocabulary, struct bytes name);
size_t vocabulary_find_subject(const struct vocabulary *vocabulary, struct bytes kind);

/** Whether the purpose takes this legal basis. */
bool catalogue_purpose_takes_basis(const struct catalogue_purpose *purpose, struct bytes basis);

/**
 * The identifier as it is pseudonymised (digits only, upper-case letters and digits …), in the
 * arena.
 */
AMANAT_MUST_CHECK amanat_result subject_normalise(enum subject_normalise normalise,
                                                  struct bytes identifier, struct arena *arena,
                                                  struct bytes *out);

#endif
