/* SPDX-License-Identifier: Apache-2.0 */
/* The files of a policy folder and of its facts: read for the compiler, and replaced by commands
 * that write them. */
#ifndef AMANAT_GATEWAY_COMMAND_POLICY_FILES_H
#define AMANAT_GATEWAY_COMMAND_POLICY_FILES_H

#include "amanat/diagnostics.h"
#include "amanat/result.h"
#include "gateway/command/arguments.h"
#include "policy/disclosure/disclosure.h"

struct policy_files_limits {
    size_t folder; /* bytes of the whole policy folder; 0 = 256 MiB */
    size_t fact;   /* bytes of one file of facts; 0 = 256 MiB */
};

/** Reads folder and facts into `arena`. CONFIG_FAULT, IO or LIMIT with diagnostics. */
AMANAT_MUST_CHECK amanat_result policy_files_read(const char *folder, const char *const *facts,
                                                  size_t facts_count,
                                                  const struct policy_files_limits *limits,
                                                  struct arena *arena,
                                                  struct amanat_diagnostics *diagnostics,
                                                  struct ruleset_sources *out);

/**
 * How a file that was given on the command line is called in messages, and so told apart from those
 * of the folder: "./cases.json". NULL without memory.
 */
const char *policy_files_given(struct arena *arena, const char *path);

/** Compiles a folder with the facts of --facts. CONFIG_FAULT, IO or LIMIT with diagnostics. */
AMANAT_MUST_CHECK amanat_result policy_files_compile(const struct arguments *arguments,
                                                     const char *folder, struct arena *arena,
                                                     struct amanat_diagnostics *diagnostics,
                                                     struct ruleset **out);

/** The file of that path in the folder's sources, or NULL. */
const struct catalogue_source *policy_files_find(const struct ruleset_sources *sources,
                                                 const char *path);

/**
 * Puts `text` into the file, which need not be there: written beside it and renamed, so that nobody
 * ever sees half of it. It keeps its mode and, where that is allowed, its owner; of a symbolic link
 * the file is replaced. IO with a diagnostic.
 */
AMANAT_MUST_CHECK amanat_result policy_files_replace(const char *path, struct bytes text,
                                                     struct amanat_diagnostics *diagnostics);

#endif
