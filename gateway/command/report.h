/* SPDX-License-Identifier: Apache-2.0 */
/* Diagnostics as people and programs read them. */
#ifndef AMANAT_GATEWAY_COMMAND_REPORT_H
#define AMANAT_GATEWAY_COMMAND_REPORT_H

#include <stdbool.h>
#include <stdio.h>

#include "amanat/diagnostics.h"
#include "amanat/result.h"

/**
 * Prints all messages to standard error, file by file from the top down: `file:line:col: error:
 * text [code]`, and below it the line with a caret where it is known. `folder` (may be NULL) stands
 * before relative sources. Notes are left out unless `notes`. In colour only on a terminal, and not
 * where NO_COLOR is set.
 */
void report_diagnostics(const struct amanat_diagnostics *diagnostics, const char *folder,
                        bool notes);

/** The same as a JSON array on `stream`, all severities. */
void report_diagnostics_json(FILE *stream, const struct amanat_diagnostics *diagnostics,
                             const char *folder);

/**
 * Prints what a command has to say that has no answer: the messages, or with `json` the object
 * `{"ok":false,"diagnostics":[…]}` on standard output.
 */
void report_no_answer(bool json, const struct amanat_diagnostics *diagnostics, const char *folder);

/** How many messages have this severity. */
size_t report_count(const struct amanat_diagnostics *diagnostics, enum amanat_severity severity);

/** The exit code for a failure: 3 for what policy or stored data says, 1 for what the machine could
 * not. */
int report_exit_code(amanat_result result);

#endif
