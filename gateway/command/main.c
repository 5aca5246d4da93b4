/* SPDX-License-Identifier: Apache-2.0 */
/* `amanat COMMAND …`: the table of commands. */
#include <stdio.h>
#include <string.h>

#include "gateway/command/command.h"
#include "policy/base/base.h"

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *about;
} commands[] = {
    {"serve", command_serve, "run the gateway"},
    {"check", command_check, "compile a policy folder and say what is wrong with it"},
    {"schema", command_schema, "print or write the Cedar schema of a policy folder"},
    {"format", command_format, "format Cedar policies and schemas"},
    {"preview", command_preview, "show what an agent would get"},
    {"explain", command_explain, "say why an access is permitted or refused"},
    {"who-can", command_who_can, "say who can do something, for which purposes"},
    {"test", command_test, "run the tests of a policy folder"},
    {"verify", command_verify, "check that a trail is whole"},
    {"search", command_search, "list entries of a trail"},
    {"witness", command_witness, "cosign other gateways' checkpoints; the local ledger"},
    {"keys", command_keys, "make the secret keys of a gateway, or rotate the key of tokens"},
};

static int print_usage(FILE *stream, int code)
{
    (void)fprintf(stream, "usage: amanat COMMAND …     (amanat help COMMAND tells more)\n\n");
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        (void)fprintf(stream, "  %-10s %s\n", commands[i].name, commands[i].about);
    }
    return code;
}

static int run(int argc, char **argv)
{
    struct similar similar;
    similar_begin(&similar, bytes_of_string(argv[0]));
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        if (strcmp(argv[0], commands[i].name) == 0) {
            return commands[i].run(argc, argv);
        }
        similar_offer(&similar, bytes_of_string(commands[i].name));
    }
    char hint[SIMILAR_HINT_SIZE];
    (void)fprintf(stderr, "amanat: unknown command `%s`%s\n", argv[0],
                  similar_hint_of(&similar, hint));
    return print_usage(stderr, COMMAND_EXIT_USAGE);
}

static bool asks_for_help(const char *word)
{
    return strcmp(word, "help") == 0 || strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

int main(int argc, char **argv)
{
    static char help[] = "--help";
    if (argc < 2) {
        return print_usage(stderr, COMMAND_EXIT_USAGE);
    }
    if (!asks_for_help(argv[1])) {
        return run(argc - 1, argv + 1);
    }
    if (argc == 2) {
        return print_usage(stdout, COMMAND_EXIT_YES);
    }
    return run(2, (char *[]){argv[2], help, NULL});
}
