/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random Cedar policies over the service of a case, for whoever asks a whole gateway: permits in
 * some mode for labels outside records and in each record type, many of them only where attributes
 * say so, and a few forbids.
 */
#ifndef TESTS_CONFORMANCE_NONINTERFERENCE_POLICY_H
#define TESTS_CONFORMANCE_NONINTERFERENCE_POLICY_H

#include "interference_case.h"

/** Who asks, and why: every policy is about this partner and purpose. */
#define INTERFERENCE_PARTNER "acme"
#define INTERFERENCE_AGENT   "agent-1"
#define INTERFERENCE_PURPOSE "test"

/** The administrator's own types, and its partners. */
extern const char interference_model[];
extern const char interference_partners[];

/** Appends the policies of the case's service; its catalogue may be of this service alone. */
void interference_policy_write(const struct interference_case *made, struct choices *choices,
                               struct buffer *out);

#endif
