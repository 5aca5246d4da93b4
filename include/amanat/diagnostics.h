/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Positioned messages for people, collected in a list that the caller owns.
 *
 * Parsers and compilers add to it and go on where they can, so that one run reports every fault of
 * a file. A library never prints and never keeps a "last error".
 */
#ifndef AMANAT_DIAGNOSTICS_H
#define AMANAT_DIAGNOSTICS_H

#include <stdbool.h>
#include <stddef.h>

#include "amanat/result.h"

#ifdef __cplusplus
extern "C" {
#endif

enum amanat_severity {
    AMANAT_SEVERITY_ERROR = 0, /* what was read cannot be used */
    AMANAT_SEVERITY_WARNING,   /* it can be used, and somebody should look */
    AMANAT_SEVERITY_NOTE       /* worth knowing */
};

/**
 * One message. Strings belong to the list. Lines and columns count from 1, columns in bytes; 0 =
 * none.
 */
struct amanat_diagnostic {
    enum amanat_severity severity;
    const char *code;   /* a stable word for programs: "duplicate-key" */
    const char *source; /* file name as the caller gave it, or "" */
    unsigned line;
    unsigned column;
    /* One sentence, without a full stop at its end. Control characters in it are spelt (\x1B), so
     * that it can be shown as it is. */
    const char *text;
    /* The line of the source, fit to be shown, or NULL: see amanat_diagnostics_quote. Long lines
     * are cut around the place. The caret stands `excerpt_indent` columns of a terminal from its
     * left edge, `excerpt_width` columns are underlined. */
    const char *excerpt;
    unsigned excerpt_indent;
    unsigned excerpt_width;
};

struct amanat_diagnostics;

/** A new empty list, or NULL without memory. Keeps at most 1,000 messages and counts the rest. */
AMANAT_PUBLIC struct amanat_diagnostics *amanat_diagnostics_new(void);

/** Frees the list and its messages; NULL is fine. */
AMANAT_PUBLIC void amanat_diagnostics_free(struct amanat_diagnostics *diagnostics);

/**
 * Adds a message. `diagnostics` may be NULL (nobody wants to know). Without memory the message is
 * only counted.
 */
AMANAT_PUBLIC __attribute__((format(printf, 7, 8))) void
amanat_diagnostics_add(struct amanat_diagnostics *diagnostics, enum amanat_severity severity,
                       const char *code, const char *source, unsigned line, unsigned column,
                       const char *format, ...);

/**
 * Gives the text of a source to the messages about it that have been added so far: each gets a copy
 * of its line. Who has read a file calls it before the text is gone; the list keeps nothing else of
 * it. Where a text is not to be repeated, as it may hold secrets or data about people, nobody calls
 * it.
 */
AMANAT_PUBLIC void amanat_diagnostics_quote(struct amanat_diagnostics *diagnostics,
                                            const char *source, const char *text, size_t length);

/** How many messages the list holds, and how many errors were added (also those past the limit). */
AMANAT_PUBLIC size_t amanat_diagnostics_count(const struct amanat_diagnostics *diagnostics);
AMANAT_PUBLIC size_t amanat_diagnostics_errors(const struct amanat_diagnostics *diagnostics);

/**
 * Message `index`, from 0, in the order of adding; it lives as long as the list. An index past the
 * count ends the process.
 */
AMANAT_PUBLIC const struct amanat_diagnostic *
amanat_diagnostics_at(const struct amanat_diagnostics *diagnostics, size_t index);

#ifdef __cplusplus
}
#endif

#endif
