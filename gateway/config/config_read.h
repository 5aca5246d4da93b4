/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Private to gateway/config: from a document to the struct by the table, and the rules between
 * keys.
 */
#ifndef AMANAT_GATEWAY_CONFIG_CONFIG_READ_H
#define AMANAT_GATEWAY_CONFIG_CONFIG_READ_H

#include "gateway/config/config.h"
#include "policy/base/document.h"

struct config_reader {
    struct config *config;
    const struct document *root;
    const char *folder; /* of amanat.yaml: "" or "path/" */
    enum config_use use;
    struct amanat_diagnostics *diagnostics;
    bool faulty; /* something was reported; reading went on */
};

/** Adds an error at a place of the file and remembers that there was one. */
__attribute__((format(printf, 5, 6))) void config_fault(struct config_reader *reader,
                                                        const char *code, unsigned line,
                                                        unsigned column, const char *format, ...);

/** Reads every key of the table. Faults are reported; what it returns is MEMORY or OK. */
AMANAT_MUST_CHECK amanat_result config_read(struct config_reader *reader);

/** What concerns more than one key, and defaults that depend on others. MEMORY or OK. */
AMANAT_MUST_CHECK amanat_result config_apply_rules(struct config_reader *reader);

#endif
