/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The modes: what becomes of a field's value (design, "Modes keep the type"). Each mode has a file
 * of its own and works on text that is decoded; modes.c puts tokens in and takes JSON out. No mode
 * ever looks at anything but the value, its label's definition, the keys and the day.
 *
 * | mode     | null | boolean | number                 | string                                |
 * | reveal   | yes  | yes     | as it is spelt         | as it is spelt                        |
 * |  + scrub | yes  | yes     | unless a pattern finds | what patterns find is replaced        |
 * | coarsen  | no   | no      | step, grid, bucket     | all kinds; numbers if it spells one   |
 * |          |      |         | without names, age_band|                                       |
 * | mask     | no   | no      | no                     | yes                                   |
 * | tokenize | no   | no      | no                     | yes                                   |
 *
 * "No" and what does not parse: withheld. MODES.md says it to administrators.
 */
#ifndef AMANAT_POLICY_REDACT_MODES_H
#define AMANAT_POLICY_REDACT_MODES_H

#include <stdbool.h>
#include <stddef.h>

#include "amanat/result.h"
#include "policy/base/buffer.h"
#include "policy/base/bytes.h"
#include "policy/catalogue/catalogue.h"
#include "policy/redact/json_scanner.h"
#include "policy/redact/plan.h"
#include "policy/redact/provenance.h"
#include "policy/redact/scrub.h"

#define TOKEN_KEY_BYTES 32

#define TOKEN_GENERATIONS 2 /* the key in use, and during an overlap the one before it */

/** The keys of tokens: one for each label and generation, derived when it is first needed. */
struct token_keys {
    struct bytes secrets[TOKEN_GENERATIONS]; /* of the plan; the newest first */
    struct bytes partner;
    size_t count; /* labels */
    unsigned char (*keys)[TOKEN_KEY_BYTES];
    bool *derived;
};

/** What the modes need besides the value; reused from field to field, wiped after each. */
struct modes {
    const struct vocabulary *vocabulary;
    int64_t now; /* of the plan */
    struct token_keys token_keys;
    struct pattern_matcher *matcher; /* of masks; made when it is first needed */
    struct scrub scrub;
    struct buffer text;   /* the decoded value */
    struct buffer result; /* the text that a mode made of it */
};

/**
 * MEMORY. What `plan` points to must live as long. `value_limit`: the longest token there can be.
 */
AMANAT_MUST_CHECK amanat_result modes_init(struct modes *modes, const struct plan *plan,
                                           size_t value_limit);
/** Wipes keys and values. */
void modes_clear(struct modes *modes);

/**
 * Appends the JSON of `token` (a whole scalar of `kind`) under `mode` of `label`. `*out_disclosed`
 * = false: nothing was appended, the field is withheld. Fails without memory, or without the key
 * that `tokenize` needs.
 */
AMANAT_MUST_CHECK amanat_result modes_apply(struct modes *modes, enum disclosure_mode mode,
                                            size_t label, enum json_event_kind kind,
                                            struct undisclosed_bytes token, struct buffer *out,
                                            bool *out_disclosed);

/**
 * Whether a name that no schema declares may stand before what `label` reveals: nothing that the
 * label scrubs is in it. MEMORY.
 */
AMANAT_MUST_CHECK amanat_result modes_allow_name(struct modes *modes, size_t label,
                                                 struct undisclosed_bytes name, bool *out_allowed);

/** Whether what `label` reveals has to be seen whole before any of it leaves. */
bool modes_must_see_whole(const struct modes *modes, size_t label);

/**
 * `text` masked: the label's text; `***` with the characters (code points) that it keeps; or what
 * the pattern makes of it, and `***` when it does not match or hits a limit. `matcher` is needed by
 * patterns only.
 */
void mode_mask(const struct catalogue_label *label, struct pattern_matcher *matcher,
               struct bytes text, struct buffer *out);

/**
 * The first `count` code points. A text that has no more stays as it is: whoever sees it cannot
 * know whether anything was cut.
 */
void mode_coarsen_prefix(unsigned count, struct bytes text, struct buffer *out);

/**
 * The first instant of the period; false when `text` is no RFC 3339 date-time, local date-time or
 * date.
 */
bool mode_coarsen_time(enum time_unit unit, struct bytes text, struct buffer *out);

/**
 * The largest multiple of the step that is not above the number; false when `text` does not spell a
 * JSON number, has more than 64 digits, or an exponent beyond ±64.
 */
bool mode_coarsen_step(struct decimal_step step, struct bytes text, struct buffer *out);
/** The same for short numbers; false: mode_coarsen_step must say. */
bool mode_coarsen_short_step(struct decimal_step step, struct bytes text, struct buffer *out);

/** The bucket's name or lower bound; false below the first and for what spells no number. */
bool mode_coarsen_bucket(const struct coarsen_bucket *buckets, size_t count, struct bytes text,
                         struct buffer *out);

/**
 * The band of an age, on the day of `now`; for strings also from a date of birth. False for what is
 * no age.
 */
bool mode_coarsen_age(unsigned band, int64_t now, bool is_number, struct bytes text,
                      struct buffer *out);

/** The first address of its network; false for what is no address, or of a kind without bits. */
bool mode_coarsen_address(unsigned v4, unsigned v6, struct bytes text, struct buffer *out);

AMANAT_MUST_CHECK amanat_result token_keys_init(struct token_keys *keys, const struct plan *plan);
void token_keys_clear(struct token_keys *keys);

/**
 * The token of `text` under the key of partner and label (or of the label that it is linked to);
 * during an overlap followed by `.` and the token under the key before. CONFIG_FAULT without a
 * secret of 32 bytes.
 */
AMANAT_MUST_CHECK amanat_result mode_tokenize(struct token_keys *keys, size_t label_index,
                                              const struct vocabulary *vocabulary,
                                              struct bytes text, struct buffer *out);

#endif
