/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Private to policy/catalogue: vocabulary.yaml to a vocabulary, and the names that design 1 allows.
 */
#ifndef AMANAT_POLICY_CATALOGUE_VOCABULARY_READ_H
#define AMANAT_POLICY_CATALOGUE_VOCABULARY_READ_H

#include "amanat/diagnostics.h"
#include "policy/base/arena.h"
#include "policy/base/document.h"
#include "policy/catalogue/vocabulary.h"

/** Reads the tree of vocabulary.yaml; CONFIG_FAULT after a diagnostic for every fault. */
AMANAT_MUST_CHECK amanat_result vocabulary_read(struct arena *arena, const char *source,
                                                const struct document *root,
                                                struct amanat_diagnostics *diagnostics,
                                                struct vocabulary *out);

/** Whether it matches `[a-z][a-z0-9-]*` (design 1) and is at most 64 bytes long. */
bool catalogue_is_name(struct bytes name);

#endif
