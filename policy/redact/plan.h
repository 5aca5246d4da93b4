/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The plan: what one access may disclose, label by label, and the question that stays open until a
 * record is seen.
 *
 * policy/disclosure makes plans; the redactor carries them out. A zeroed plan discloses nothing.
 */
#ifndef AMANAT_POLICY_REDACT_PLAN_H
#define AMANAT_POLICY_REDACT_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "amanat/result.h"
#include "policy/base/bytes.h"
#include "policy/catalogue/catalogue.h"

/**
 * What is known of one label at one place (outside records, or in one record type) before any
 * record is seen.
 */
struct plan_verdict {
    /** enum disclosure_mode: nothing stronger can be the answer; WITHHELD: never a candidate. */
    uint8_t strongest;
    /** The answer is asked for each record; else it is `strongest` for every record. */
    bool depends_on_record;
};

/** The plan of one record type. */
struct plan_record {
    const struct plan_verdict *verdicts; /* one for each label of the vocabulary */
    bool asks; /* some verdict depends on the record: its attributes are collected */
    /**
     * [attribute]: a policy that can speak of this access reads it. Nothing else may decide whether
     * the record is left out: another partner's policies must not show. NULL: all that are `read`.
     */
    const bool *reads;
};

/** One attribute of a record as the body has it. */
struct record_attribute {
    size_t index; /* in catalogue_record.attributes */
    /** Compact JSON: a scalar, an array of scalars, or an object, duplicates refused. */
    struct bytes text;
};

/** A record about which is asked. */
struct record_question {
    size_t record; /* index of its type */
    /** Those that are `read` and present; null ones are left out. */
    const struct record_attribute *attributes;
    size_t attribute_count;
    /**
     * For whoever answers: `record_memory` bytes of the plan, as long as the record is asked about
     * or is around one that is. The first is 0 at first, the others are anything. NULL: none.
     */
    uint8_t *memory;
};

/**
 * The answer: may this record count at all, and the mode of each label for fields whose nearest
 * record it is. `outer` are the records around it, outermost first: forbids are asked of them too
 * (design 2). Fills `modes` (one byte of enum disclosure_mode per label of the vocabulary, zeroed
 * before the call).
 *
 * `*out_valid` = false: an attribute is missing or of a wrong type: the record is left out and
 * counted.
 */
typedef amanat_result plan_ask_fn(void *context, const struct record_question *record,
                                  const struct record_question *outer, size_t outer_count,
                                  uint8_t *modes, bool *out_valid);

struct plan {
    const struct catalogue *catalogue;
    /** Verdicts of labels for fields outside every record; never record-dependent. */
    const struct plan_verdict *service;
    const struct plan_record *records; /* one for each record type of the catalogue */
    plan_ask_fn *ask;
    void *ask_context;
    size_t record_memory;
    struct bytes partner; /* for token keys */
    /** 32 secret bytes; the key of a label is derived from it, partner and label. */
    struct bytes tokenize_key;
    /**
     * The key before it, while keys overlap: each token is then followed by the one that this key
     * makes. No bytes: there is no overlap.
     */
    struct bytes tokenize_previous;
    int64_t now; /* milliseconds since the epoch: the day on which ages are counted; 0: none */
    /** Where what is made of such plans is kept for the next body; NULL: nowhere. */
    struct layouts *layouts;
};

/**
 * Keeps what is made of plans (layout.h): `bytes` in all at most, for the plans of one catalogue
 * and for several threads. The arena in which that catalogue lives owns it; redactors must be freed
 * before. MEMORY.
 */
AMANAT_MUST_CHECK amanat_result layouts_new(struct arena *arena, size_t bytes,
                                            struct layouts **out);

#endif
