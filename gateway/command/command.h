/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Front door of gateway/command: the commands of `amanat`, one file each; main.c has their table.
 *
 * Exit codes everywhere: 0 yes, 3 no (refused, does not compile, altered), 1 could not, 2 usage.
 * Answers go to standard output, diagnostics to standard error as `file:line:col: error: …`; `-` is
 * standard input. `--output json` everywhere.
 */
#ifndef AMANAT_GATEWAY_COMMAND_COMMAND_H
#define AMANAT_GATEWAY_COMMAND_COMMAND_H

enum command_exit {
    COMMAND_EXIT_YES = 0,
    COMMAND_EXIT_COULD_NOT = 1,
    COMMAND_EXIT_USAGE = 2,
    COMMAND_EXIT_NO = 3
};

/** Each takes its own arguments (argv[0] is the command's name) and gives the exit code. */
int command_serve(int argc, char **argv);
int command_check(int argc, char **argv);
int command_schema(int argc, char **argv);
int command_format(int argc, char **argv);
int command_explain(int argc, char **argv);
int command_preview(int argc, char **argv);
int command_test(int argc, char **argv);
int command_who_can(int argc, char **argv);
int command_verify(int argc, char **argv);
int command_search(int argc, char **argv);
int command_witness(int argc, char **argv);
int command_keys(int argc, char **argv);

#endif
