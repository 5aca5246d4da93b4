/* SPDX-License-Identifier: Apache-2.0 */
/* The arguments of a command, read by a table: `--name VALUE`, `--name=VALUE`, `--flag`, and words
 * without dashes. */
#ifndef AMANAT_GATEWAY_COMMAND_ARGUMENTS_H
#define AMANAT_GATEWAY_COMMAND_ARGUMENTS_H

#include <stdbool.h>
#include <stddef.h>

#define ARGUMENTS_OPTIONS_LIMIT 24

/**
 * One option. A table of them ends with a NULL name. `--output` and `--help` are every command's.
 */
struct arguments_option {
    const char *name;  /* without dashes */
    const char *value; /* what its value is called in the help, or NULL for a flag */
    const char *help;
    bool repeats; /* may be given more than once */
};

struct arguments_form {
    const char *words; /* "FOLDER": how the words are called in the help */
    size_t least_words;
    size_t most_words;
    const char *about; /* one sentence */
    const struct arguments_option *options;
};

struct arguments {
    const char *command;
    const struct arguments_form *form;
    const char *const *words;
    size_t word_count;
    bool json; /* --output json */
    struct {
        const char *const *values;
        size_t count;
    } options[ARGUMENTS_OPTIONS_LIMIT]; /* as in the form's table */
    void *memory;
};

/**
 * Reads argv by the form. Negative: go on. Else the exit code: after --help, or after a usage error
 * was printed. arguments_clear afterwards, in any case.
 */
int arguments_read(const struct arguments_form *form, int argc, char **argv, struct arguments *out);
void arguments_clear(struct arguments *arguments);

/** The last value of an option, or NULL; the number of times that it was given. */
const char *arguments_get(const struct arguments *arguments, const char *name);
size_t arguments_count(const struct arguments *arguments, const char *name);
/** Value `index` of a repeated option. */
const char *arguments_at(const struct arguments *arguments, const char *name, size_t index);

/** Prints `amanat COMMAND: text` and how to call the command; gives COMMAND_EXIT_USAGE. */
__attribute__((format(printf, 2, 3))) int arguments_usage(const struct arguments *arguments,
                                                          const char *format, ...);

#endif
