/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Private to policy/base: the checks that JSON and YAML have in common. Each adds its diagnostics
 * and returns CONFIG_FAULT when something is wrong.
 */
#ifndef AMANAT_POLICY_BASE_DOCUMENT_CHECK_H
#define AMANAT_POLICY_BASE_DOCUMENT_CHECK_H

#include "policy/base/document.h"

/** Whether all of `text` is valid UTF-8. */
AMANAT_MUST_CHECK amanat_result document_check_encoding(const char *source, struct bytes text,
                                                        struct amanat_diagnostics *diagnostics);

/**
 * Whether no key stands twice among the members of `object`. MEMORY when the arena has no room to
 * sort them.
 */
AMANAT_MUST_CHECK amanat_result document_check_keys(struct arena *arena, const char *source,
                                                    const struct document *object,
                                                    struct amanat_diagnostics *diagnostics);

/** Line and column, both from 1, of byte `offset`; lines end in LF. */
void document_position_of(struct bytes text, size_t offset, unsigned *out_line,
                          unsigned *out_column);

#endif
