/* SPDX-License-Identifier: Apache-2.0 */
/* Reading the files of foreign test suites. */
#ifndef AMANAT_TESTS_CONFORMANCE_FILE_H
#define AMANAT_TESTS_CONFORMANCE_FILE_H

#include <stdbool.h>

#include "policy/base/arena.h"
#include "policy/base/bytes.h"

/** The whole of a file, in `arena`; false when it cannot be read. */
bool conformance_read_file(struct arena *arena, const char *path, struct bytes *out);

#endif
