/* SPDX-License-Identifier: Apache-2.0 */
/* What the files that write a pair share: the two texts, the records around, and noise. */
#ifndef TESTS_CONFORMANCE_NONINTERFERENCE_WRITER_H
#define TESTS_CONFORMANCE_NONINTERFERENCE_WRITER_H

#include "interference_case.h"
#include "interference_pair.h"

#define MEMBERS_LIMIT 32 /* of one schema */

/**
 * Whether something of a value is in the output. COUNTS: nothing is, but its size counts against a
 * limit of what is disclosed of its record (policy/redact/README.md). MAYBE: the generator does not
 * know.
 */
enum shows { HIDDEN = 0, COUNTS, MAYBE, SHOWN };

/** The nearest record. */
struct scope {
    struct scope *outer;
    size_t record; /* CATALOGUE_NONE: outside */
    uint8_t modes[INTERFERENCE_LABELS];
    enum shows own; /* a field of its own */
    /** What policies read of it: of each member the seed of its value, or 0. */
    unsigned seeds[MEMBERS_LIMIT];
    struct record_attribute attributes[MEMBERS_LIMIT];
    struct record_question question;
};

struct pair_writer {
    struct interference_pair *pair;
    struct interference_case *made;
    struct choices *choices;
    bool is_tight; /* a small limit: what counts must be as long on both sides */
    bool is_bulk;  /* long arrays, so that there are several windows */
    unsigned depth;
    unsigned budget; /* of values */
};

/** A place in a document. */
struct spot {
    const struct catalogue_node *node;
    struct scope *scope;
    bool undeclared;
};

/** Where both texts end. */
struct pair_mark {
    size_t length[2];
};
struct pair_mark pair_mark(const struct pair_writer *writer);

/** The same on both sides. */
void pair_write(struct pair_writer *writer, const char *text);
/** White space, other on each side. */
void pair_space(struct pair_writer *writer);
/** A name: the same on both sides, or spelt otherwise on each. */
void pair_name(struct pair_writer *writer, struct bytes name, bool same);

/** Some letter again and again. */
void pair_fill(struct buffer *out, char letter, size_t count);
/** A length around one of the limits that a case has. */
size_t pair_length_near_limit(struct pair_writer *writer);

/** Any JSON value; names in it may come twice. */
void noise_value(struct pair_writer *writer, int side, unsigned depth);
/** Any scalar. */
void noise_scalar(struct pair_writer *writer, int side);
/**
 * Members that never matter in an object at `spot`, on each side its own; `inside` is the scope of
 * its members. `any`: whether something stands in the object already, on each side.
 */
void noise_members(struct pair_writer *writer, struct spot spot, const struct scope *inside,
                   bool any[2]);

/** The seeds and attributes of a record that begins, and the answer about it. */
void fixed_begin(struct pair_writer *writer, const struct catalogue_node *node,
                 struct scope *scope);
/** Writes the member that policies read. */
enum shows fixed_write(struct pair_writer *writer, const struct catalogue_node *node,
                       struct scope *scope, size_t member);

#endif
