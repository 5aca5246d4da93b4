/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two documents that agree in what may be known of them under a case's plan and differ in
 * everything else:
 *
 *   statically withheld    any values, any number, any order, names that come twice
 *   undeclared members     the same
 *   withheld by a verdict  values, absent, null, wrong types, sizes around every limit,
 *                          counts of few and of many, the spelling of names
 *   masked, coarsened      other values with the same result; what does not parse, null or absent
 *   records left out       there, emptied, or not there
 *   spelling               white space; escapes of every name and string that does not show as it
 *                          is spelt
 *
 * With a small limit of a record, what is disclosed in a weaker mode is as long on both sides,
 * since its bytes count; so does what policies read (policy/redact/README.md, "Limits of a
 * record").
 */
#ifndef TESTS_CONFORMANCE_NONINTERFERENCE_PAIR_H
#define TESTS_CONFORMANCE_NONINTERFERENCE_PAIR_H

#include "interference_case.h"

struct interference_pair {
    struct buffer side[2];
};

void interference_pair_init(struct interference_pair *pair);
void interference_pair_clear(struct interference_pair *pair);

/** Makes the pair from the choices. */
void interference_pair_make(struct interference_pair *pair, struct interference_case *made,
                            struct choices *choices);

#endif
