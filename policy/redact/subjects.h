/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The subjects of one window: each kind and identifier once, normalised, sorted by kind and
 * identifier. Bounded: past REDACT_SUBJECT_LIMIT identifiers, or their bytes, more are only
 * counted. The bound may not refuse or cut anything: identifiers can stand in withheld fields, and
 * those must not show in what leaves.
 */
#ifndef AMANAT_POLICY_REDACT_SUBJECTS_H
#define AMANAT_POLICY_REDACT_SUBJECTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/base/arena.h"
#include "policy/base/buffer.h"
#include "policy/catalogue/catalogue.h"
#include "policy/redact/json_scanner.h"
#include "policy/redact/redact.h"

struct subject_entry {
    size_t kind;
    size_t offset; /* of the identifier in `text` */
    size_t length;
};

struct subject_set {
    const struct vocabulary *vocabulary;
    struct buffer text;
    struct subject_entry *entries;
    size_t count;
    size_t capacity;
    size_t clean; /* how many are sorted and distinct */
    uint64_t dropped;
    struct arena *scratch; /* of one identifier's normalisation */
    struct redact_subject *view;
};

amanat_result subject_set_init(struct subject_set *set, const struct vocabulary *vocabulary);
void subject_set_clear(struct subject_set *set);
void subject_set_reset(struct subject_set *set);

/**
 * Adds the identifier that the scalar `token` of `kind` spells. One that is nothing after
 * normalisation is passed over. MEMORY.
 */
AMANAT_MUST_CHECK amanat_result subject_set_add(struct subject_set *set, size_t subject_kind,
                                                enum json_event_kind kind, struct bytes token);

/** Sorted and each once; valid until the next change. MEMORY. */
AMANAT_MUST_CHECK amanat_result subject_set_list(struct subject_set *set,
                                                 const struct redact_subject **out, size_t *count);

#endif
