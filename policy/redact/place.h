/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Places: the plan laid over the graph of nodes, so that the walk through a body only follows
 * pointers and never asks the plan. Bodies share them, on several threads (layout.h).
 *
 * A place is a node together with what is known on the way to it: the type of the nearest record,
 * and the attribute that a policy reads there. The graph of places has cycles where the graph of
 * nodes has them. It is compiled without recursion.
 */
#ifndef AMANAT_POLICY_REDACT_PLACE_H
#define AMANAT_POLICY_REDACT_PLACE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "policy/base/arena.h"
#include "policy/catalogue/catalogue.h"
#include "policy/redact/json_scanner.h"
#include "policy/redact/plan.h"

/**
 * What becomes of all that stands at a place, however deep, as far as the plan alone can say. What
 * is kept may need a mode other than reveal.
 */
enum place_fate {
    PLACE_EACH = 0, /* one value this, another that */
    PLACE_NEUTRAL,  /* only shape, and nothing is declared in it */
    PLACE_COUNTED,  /* withheld: at most counted */
    PLACE_KEPT,     /* in a record, if that is valid: kept, but for what is withheld in it */
    PLACE_ASKED,    /* in a record: kept if the answer about it says so, but for that */
    PLACE_NO_FATE
};

/**
 * Labels that can be in pieces, those of one body: the first that come. What has another is taken
 * alone. Slot 0 is for what has none.
 */
#define PLACE_SLOTS 32

/** A bit beside those of events: whole numbers. */
#define PLACE_WHOLE_NUMBER 31

/** What a run does with a scalar. */
struct place_tally {
    size_t label;
    uint32_t kinds; /* bits of enum json_event_kind and PLACE_WHOLE_NUMBER that are declared */
    uint8_t fate;   /* enum place_fate: where a label is missing nothing is kept */
    uint8_t slot;   /* of the label */
    bool is_edited; /* it does not leave as it is spelt, but in a mode that works on it */
};

/**
 * A declared member as runs want to know it: how it mostly begins, which is its name in quotes and
 * the colon, for a quick comparison; and what becomes of a scalar behind it. One line of memory.
 */
struct place_name {
    uint64_t first; /* its first eight bytes, fewer are followed by zeros */
    uint64_t last;  /* the eight bytes at `tail` */
    uint64_t mask;  /* of both: the bytes there are */
    const char *spelt;
    uint32_t length; /* with quotes and colon; 0: the name has escapes, and is always decoded */
    uint32_t tail;   /* where its last eight bytes begin, 0 if it has no more; 8 at most */
    struct place_tally scalar;
};

/* That many bytes must be readable where a name is compared. */
#define PLACE_NAME_QUICK 16

/**
 * Whether `text`, with PLACE_NAME_QUICK bytes at least and `left` in all, begins with name and
 * colon.
 */
static inline bool place_name_begins(const char *text, size_t left, const struct place_name *name)
{
    uint64_t first;
    uint64_t last;
    memcpy(&first, text, sizeof(first));
    memcpy(&last, text + name->tail, sizeof(last));
    if (name->length > PLACE_NAME_QUICK) {
        return first == name->first && name->length <= left &&
               memcmp(text + 8, name->spelt + 8, name->length - 8) == 0;
    }
    return (((first ^ name->first) | (last ^ name->last)) & name->mask) == 0 && name->length > 0;
}

struct place {
    const struct catalogue_node *node;
    size_t record;       /* the type of the nearest record around, CATALOGUE_NONE outside */
    bool begins_record;  /* an object here is a record; a scalar or array here is not in it */
    size_t inner_record; /* the nearest record of what is in an object here */
    const struct catalogue_attribute *attribute; /* a policy reads what stands here, or NULL */
    size_t attribute_index;                      /* in the record type; NONE further inside */
    /**
     * Its name, or that of an array around it, is one that no schema declares: data under its
     * labels, which only reveal may show.
     */
    bool is_undeclared;

    uint8_t strongest;     /* enum disclosure_mode: the weakest of its labels' strongest modes */
    size_t label;          /* the label that is the weakest; NONE without label */
    unsigned min_group;    /* the largest of its labels': fewer are left out */
    bool discloses_inside; /* something below may be disclosed */
    bool can_disclose;     /* … or a value here itself */
    /**
     * A container here leaves no trace but counts: nothing in it can be disclosed or is read, and
     * it is no record and holds none.
     */
    bool is_inert;
    /**
     * Kind and label alone say what becomes of a scalar here: it is not read, names no subject and
     * counts no group. Runs go past everything that looks at its text (walk.c).
     */
    bool is_plain;
    bool is_counted;           /* … and it is withheld, so a scalar here is at most counted */
    uint8_t fate;              /* enum place_fate */
    struct place_tally scalar; /* what a run does with one here */
    const size_t *slot_labels; /* [slot]: the label, of all places of the body */
    uint16_t allowed_kinds;    /* bits of enum json_event_kind */
    bool allows_integer;       /* of numbers only those */

    struct place **members; /* beside node->members */
    struct place *additional;
    struct place *items;
    size_t longest_name;      /* bytes of the longest declared name */
    struct place_name *names; /* beside members */
    size_t usual_count;       /* of members that runs may take in the quickest way: 64 at most */
    /**
     * What the objects before taught, of this body and of others: [0] the member that comes first,
     * [i + 1] the one that comes after member i. Only a guess at what to compare with first.
     */
    atomic_uint_least32_t *expected;
};

/** The member that is expected after `last` (an index + 1; 0: none yet). */
static inline size_t place_expected(const struct place *place, size_t last)
{
    return atomic_load_explicit(&place->expected[last], memory_order_relaxed);
}

static inline void place_expect(const struct place *place, size_t last, size_t index)
{
    atomic_store_explicit(&place->expected[last], (uint_least32_t)index, memory_order_relaxed);
}

/** All places that can be reached from the first one. They live in the arena. */
struct place_graph {
    struct place **places;
    size_t count;
};

/** Memory for the places of one root is bounded by this. */
#define PLACE_BYTES ((size_t)64 << 20)

/** The places of `node`, outside of all records, and below it. MEMORY. */
AMANAT_MUST_CHECK amanat_result place_compile(const struct plan *plan,
                                              const struct catalogue_node *node,
                                              struct arena *arena, struct place_graph *out);

/** Whether the plan is one that can be carried out; CONFIG_FAULT if not. */
AMANAT_MUST_CHECK amanat_result plan_check(const struct plan *plan);

/** Whether a value here, and the name before it, may leave in `mode`. */
bool place_allows_mode(const struct place *place, enum disclosure_mode mode);

/** Inside an object: which names have come. */
struct place_cursor {
    const struct place *place;
    uint64_t seen;    /* bits of declared names, of the first 64 */
    size_t last_name; /* the declared name before, its index + 1; 0: none yet */
};

/** Whether a value of that kind is declared here. */
static inline bool place_allows(const struct place *place, enum json_event_kind kind,
                                bool is_integer)
{
    return (place->allowed_kinds >> kind & 1) != 0 ||
           (kind == JSON_EVENT_NUMBER && is_integer && place->allows_integer);
}

/**
 * The weakest of the modes that `modes` gives the labels, and (if `out_label`) whose it is: the
 * first among equals. Without labels: withheld.
 */
enum disclosure_mode place_weakest_mode(const struct catalogue_node *node, const uint8_t *modes,
                                        size_t *out_label);

/** The verdicts for fields whose nearest record is of type `record`, or outside all of them. */
const struct plan_verdict *plan_verdicts(const struct plan *plan, size_t record);

#endif
