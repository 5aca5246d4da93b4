/* SPDX-License-Identifier: Apache-2.0 */
/* Overwrites memory in a way that the compiler may not leave out. */
#ifndef AMANAT_POLICY_BASE_WIPE_H
#define AMANAT_POLICY_BASE_WIPE_H

#include <stddef.h>

void wipe(void *memory, size_t length);

#endif
