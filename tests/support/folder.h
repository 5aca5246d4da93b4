/* SPDX-License-Identifier: Apache-2.0 */
/* A small policy folder for tests: sightings with a city, a plate, an owner, and crimes around
 * them. */
#ifndef AMANAT_TESTS_SUPPORT_FOLDER_H
#define AMANAT_TESTS_SUPPORT_FOLDER_H

#include "amanat/diagnostics.h"
#include "policy/disclosure/disclosure.h"

/** A file that replaces the folder's of the same path, or is added. */
struct folder_file {
    const char *path;
    const char *text;
};

/** Compiles the small folder with `changes` (ended by a NULL path; may be NULL). NULL when it does
 * not compile. */
struct ruleset *folder_compile(const struct folder_file *changes,
                               struct amanat_diagnostics *diagnostics);

/**
 * Compiles the changed folder and asks for its warnings too: appends every error and warning as a
 * line "LINE:COLUMN CODE: TEXT", and a NUL.
 */
void folder_faults(const struct folder_file *changes, struct buffer *out);

#endif
