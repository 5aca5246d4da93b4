/* SPDX-License-Identifier: Apache-2.0 */
/* Entries as a privacy officer reads them: a row of a table in 100 columns, and under it what is
 * asked next. */
#ifndef AMANAT_GATEWAY_COMMAND_ENTRY_TABLE_H
#define AMANAT_GATEWAY_COMMAND_ENTRY_TABLE_H

#include "gateway/trail/trail.h"

/** Prints the heading to standard output. */
void entry_table_print_heading(void);

/** Prints one entry: its row and, of an access, what was disclosed and withheld, about whom and
 * why. */
void entry_table_print(const struct trail_match *match);

#endif
