/* SPDX-License-Identifier: Apache-2.0 */
/* The text of a random policy folder, and its catalogue. */
#ifndef TESTS_CONFORMANCE_NONINTERFERENCE_FOLDER_H
#define TESTS_CONFORMANCE_NONINTERFERENCE_FOLDER_H

#include "interference_case.h"

/** Writes vocabulary and service and compiles them; `catalogue` stays NULL if that is refused. */
void interference_folder_compile(struct interference_case *made, struct choices *choices);

/** Of the service's answer. */
const char *interference_media_type(const struct interference_case *made);

/** Names that members may have, declared or not; some need care when they are spelt. */
extern const char *const interference_names[];
extern const size_t interference_name_count;

#endif
