/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Windows: the bytes that leave together, and the account of them. A window is cut where the next
 * unit (a record) or the next byte (outside records) would pass REDACT_WINDOW_BYTES; what is cut
 * depends on nothing but the bytes that come in here.
 */
#ifndef AMANAT_POLICY_REDACT_WINDOW_H
#define AMANAT_POLICY_REDACT_WINDOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/base/buffer.h"
#include "policy/catalogue/catalogue.h"
#include "policy/redact/provenance.h"
#include "policy/redact/redact.h"
#include "policy/redact/subjects.h"

/**
 * Numbers about a window, or about what was withheld of a record whose window is not known yet
 * (then nothing is disclosed).
 */
struct account {
    size_t label_count;
    uint64_t (*disclosed)[DISCLOSURE_MODE_COUNT];
    uint64_t *withheld;
    size_t *touched; /* the labels of which something is withheld: few of many */
    size_t touched_count;
    uint64_t withheld_unlabelled;
    uint64_t wrong_type;
    uint64_t records_disclosed;
    uint64_t records_left_out;
    uint64_t records_over_limit;
};

AMANAT_MUST_CHECK amanat_result account_init(struct account *account, size_t label_count);
void account_clear(struct account *account);
/** Adds what `from` says is withheld to `account`, and empties it. */
void account_move(struct account *account, struct account *from);
/** One withheld field; `label` may be CATALOGUE_NONE: unlabelled. */
static inline void account_withhold(struct account *account, size_t label)
{
    if (label == CATALOGUE_NONE) {
        account->withheld_unlabelled++;
    } else if (account->withheld[label]++ == 0) {
        account->touched[account->touched_count++] = label;
    }
}

/** `count` of them. */
static inline void account_withhold_many(struct account *account, size_t label, uint64_t count)
{
    if (label == CATALOGUE_NONE) {
        account->withheld_unlabelled += count;
    } else if (count > 0) {
        account_withhold(account, label);
        account->withheld[label] += count - 1;
    }
}

struct window {
    struct buffer bytes;
    struct account account;
    struct subject_set subjects;
    redact_window_fn *give;
    void *context;
    bool any_given;
};

AMANAT_MUST_CHECK amanat_result window_init(struct window *window,
                                            const struct vocabulary *vocabulary,
                                            redact_window_fn *give, void *context);
void window_clear(struct window *window);

/**
 * Cuts before a unit of `length` bytes if it does not fit beside what is there; a unit larger than
 * a window gets one of its own.
 */
AMANAT_MUST_CHECK amanat_result window_make_room(struct window *window, size_t length);

/** Adds bytes outside records, cut at the byte. */
AMANAT_MUST_CHECK amanat_result window_add_bytes(struct window *window,
                                                 struct disclosed_bytes bytes);

/** Adds a unit; it stays whole. */
AMANAT_MUST_CHECK amanat_result window_add_unit(struct window *window, struct disclosed_bytes unit);

/** Gives the last window. */
AMANAT_MUST_CHECK amanat_result window_finish(struct window *window);

#endif
