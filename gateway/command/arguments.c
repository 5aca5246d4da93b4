/* SPDX-License-Identifier: Apache-2.0 */
/* Arguments by table; see arguments.h. getopt_long permutes argv and prints its own words: neither
 * is wanted here. */
#include "gateway/command/arguments.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/command/command.h"
#include "policy/base/base.h"

#define COLUMNS 100

/* One part of the form; a line that would grow too long goes on below. */
static void print_part(FILE *stream, int *column, const char *part)
{
    const int length = (int)strlen(part);
    if (*column + length >= COLUMNS) {
        *column = fprintf(stream, "\n      ") - 1;
    }
    *column += length;
    (void)fprintf(stream, "%s", part);
}

static void print_form(FILE *stream, const struct arguments *arguments)
{
    const struct arguments_form *form = arguments->form;
    char part[128];
    int column = fprintf(stream, "usage: amanat %s", arguments->command);
    for (const struct arguments_option *option = form->options; option->name != NULL; option++) {
        (void)snprintf(part, sizeof(part), " [--%s%s%s]%s", option->name,
                       option->value == NULL ? "" : " ", option->value == NULL ? "" : option->value,
                       option->repeats ? "…" : "");
        print_part(stream, &column, part);
    }
    print_part(stream, &column, " [--output json]");
    (void)snprintf(part, sizeof(part), " %s", form->words);
    print_part(stream, &column, part);
    (void)fprintf(stream, "\n");
}

static void print_help(const struct arguments *arguments)
{
    const struct arguments_form *form = arguments->form;
    (void)printf("%s\n\n", form->about);
    print_form(stdout, arguments);
    (void)printf("\n");
    for (const struct arguments_option *option = form->options; option->name != NULL; option++) {
        char left[64];
        (void)snprintf(left, sizeof(left), "--%s %s", option->name,
                       option->value == NULL ? "" : option->value);
        (void)printf("  %-28s %s\n", left, option->help);
    }
    (void)printf("  %-28s %s\n", "--output json", "answer in JSON, for programs");
}

int arguments_usage(const struct arguments *arguments, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    (void)fprintf(stderr, "amanat %s: ", arguments->command);
    (void)vfprintf(stderr, format, list);
    (void)fprintf(stderr, "\n");
    va_end(list);
    print_form(stderr, arguments);
    return COMMAND_EXIT_USAGE;
}

static size_t find_option(const struct arguments_form *form, struct bytes name)
{
    size_t index = 0;
    while (form->options[index].name != NULL &&
           !bytes_equal_string(name, form->options[index].name)) {
        index++;
    }
    return index;
}

/* Values of option `index` are kept in a row of their own: at most argc of them. */
static void keep_value(struct arguments *out, int argc, size_t index, const char *value)
{
    const char **rows = (const char **)out->memory + argc;
    const char **row = rows + index * (size_t)argc;
    out->options[index].values = row;
    row[out->options[index].count++] = value;
}

static int take_output(struct arguments *out, const char *value)
{
    if (value == NULL || (strcmp(value, "json") != 0 && strcmp(value, "text") != 0)) {
        return arguments_usage(out, "--output is text or json");
    }
    out->json = strcmp(value, "json") == 0;
    return -1;
}

static int unknown_option(const struct arguments *out, struct bytes name)
{
    struct similar similar;
    similar_begin(&similar, name);
    similar_offer(&similar, BYTES("output"));
    similar_offer(&similar, BYTES("help"));
    for (const struct arguments_option *option = out->form->options; option->name != NULL;
         option++) {
        similar_offer(&similar, bytes_of_string(option->name));
    }
    char hint[SIMILAR_HINT_SIZE];
    return arguments_usage(out, "unknown option `--%.*s`%s", BYTES_PRINTF(name),
                           similar_hint_of(&similar, hint));
}

/* One `--…`; moves `*at` past a value that stands in the next word. */
static int take_option(struct arguments *out, int argc, char **argv, int *at)
{
    const struct bytes text = bytes_of_string(argv[*at] + 2);
    const size_t equals = bytes_find(text, '=');
    const struct bytes name = bytes_first(text, equals);
    const char *value = equals < text.length ? text.at + equals + 1 : NULL;
    const size_t index = find_option(out->form, name);
    const struct arguments_option *option = &out->form->options[index];
    const bool is_output = bytes_equal_string(name, "output");
    if (bytes_equal_string(name, "help")) {
        print_help(out);
        return COMMAND_EXIT_YES;
    }
    if (option->name == NULL && !is_output) {
        return unknown_option(out, name);
    }
    if (value == NULL && (is_output || option->value != NULL)) {
        if (*at + 1 >= argc) {
            return arguments_usage(out, "--%.*s needs a value", BYTES_PRINTF(name));
        }
        value = argv[++*at];
    } else if (value != NULL && !is_output && option->value == NULL) {
        return arguments_usage(out, "--%.*s takes no value", BYTES_PRINTF(name));
    }
    if (is_output) {
        return take_output(out, value);
    }
    if (out->options[index].count > 0 && !option->repeats) {
        return arguments_usage(out, "--%.*s is given twice", BYTES_PRINTF(name));
    }
    keep_value(out, argc, index, value);
    return -1;
}

/* There is one option of a single letter. */
static int take_letter(const struct arguments *out, const char *word)
{
    if (strcmp(word, "-h") == 0) {
        print_help(out);
        return COMMAND_EXIT_YES;
    }
    return arguments_usage(out, "unknown option `%s`: options begin with two dashes", word);
}

int arguments_read(const struct arguments_form *form, int argc, char **argv, struct arguments *out)
{
    *out = (struct arguments){.command = argv[0], .form = form};
    out->memory = calloc((size_t)argc * (ARGUMENTS_OPTIONS_LIMIT + 1), sizeof(char *));
    if (out->memory == NULL) {
        return COMMAND_EXIT_COULD_NOT;
    }
    const char **words = out->memory;
    bool options_end = false;
    for (int i = 1; i < argc; i++) {
        if (!options_end && strcmp(argv[i], "--") == 0) {
            options_end = true;
        } else if (!options_end && argv[i][0] == '-' && argv[i][1] != '\0') {
            const int code =
                argv[i][1] == '-' ? take_option(out, argc, argv, &i) : take_letter(out, argv[i]);
            if (code >= 0) {
                return code;
            }
        } else {
            words[out->word_count++] = argv[i];
        }
    }
    out->words = words;
    if (out->word_count < form->least_words || out->word_count > form->most_words) {
        return arguments_usage(out, "expected %s", form->words);
    }
    return -1;
}

void arguments_clear(struct arguments *arguments)
{
    free(arguments->memory);
    arguments->memory = NULL;
}

size_t arguments_count(const struct arguments *arguments, const char *name)
{
    const size_t index = find_option(arguments->form, bytes_of_string(name));
    ASSERT(arguments->form->options[index].name != NULL);
    return arguments->options[index].count;
}

const char *arguments_at(const struct arguments *arguments, const char *name, size_t index)
{
    const size_t option = find_option(arguments->form, bytes_of_string(name));
    ASSERT(index < arguments->options[option].count);
    return arguments->options[option].values[index];
}

const char *arguments_get(const struct arguments *arguments, const char *name)
{
    const size_t count = arguments_count(arguments, name);
    return count == 0 ? NULL : arguments_at(arguments, name, count - 1);
}
