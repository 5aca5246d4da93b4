/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `amanat search TRAIL`: who saw what, newest first, in a table that fits 100 columns, or one JSON
 * object a line exactly as stored (--output json). It reads; whether the trail is whole, `amanat
 * verify` says.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/command/arguments.h"
#include "gateway/command/command.h"
#include "gateway/command/entry_table.h"
#include "gateway/trail/trail.h"
#include "policy/base/base.h"

#define DEFAULT_LIMIT 50u

static const struct arguments_option options[] = {
    {"partner", "NAME", "only what this partner saw", false},
    {"purpose", "NAME", "only what was asked for this purpose", false},
    {"since", "TIME", "from this moment on: 2026-11-22 or 2026-11-22T08:35, UTC", false},
    {"until", "TIME", "before this moment", false},
    {"limit", "N", "at most N entries (default 50; 0: all)", false},
    {"all", NULL, "entries of every kind, not only accesses", false},
    {0}};

static const struct arguments_form form = {.words = "TRAIL",
                                           .least_words = 1,
                                           .most_words = 1,
                                           .about = "Lists who saw what, newest first.",
                                           .options = options};

struct listing {
    const struct arguments *arguments;
    uint64_t rows;
};

static bool take_match(void *context, const struct trail_match *match)
{
    struct listing *listing = context;

    if (listing->arguments->json) {
        (void)fwrite(match->line.at, 1, match->line.length, stdout);
        (void)fputc('\n', stdout);
    } else {
        if (listing->rows == 0) {
            entry_table_print_heading();
        }
        entry_table_print(match);
    }
    listing->rows += 1;
    return ferror(stdout) == 0;
}

static bool read_moment(const struct arguments *arguments, const char *name, int64_t *out)
{
    const char *text = arguments_get(arguments, name);
    return text == NULL || amanat_is_ok(trail_parse_moment(bytes_of_string(text), out));
}

static bool read_limit(const struct arguments *arguments, uint64_t *out)
{
    const char *text = arguments_get(arguments, "limit");
    return text == NULL || amanat_is_ok(note_parse_size(bytes_of_string(text), out));
}

static int list(const struct arguments *arguments)
{
    struct trail_search_options search = {
        .folder = arguments->words[0],
        .partner = bytes_of_string(arguments_get(arguments, "partner")),
        .purpose = bytes_of_string(arguments_get(arguments, "purpose")),
        .limit = DEFAULT_LIMIT,
        .all_kinds = arguments_count(arguments, "all") > 0};
    struct listing listing = {.arguments = arguments};
    uint64_t damaged = 0;

    if (!read_moment(arguments, "since", &search.since) ||
        !read_moment(arguments, "until", &search.until)) {
        return arguments_usage(arguments, "a time is 2026-11-22 or 2026-11-22T08:35 (UTC)");
    }
    if (!read_limit(arguments, &search.limit)) {
        return arguments_usage(arguments, "--limit takes a number");
    }
    const amanat_result result = trail_search(&search, take_match, &listing, &damaged);
    if (!amanat_is_ok(result)) {
        (void)fprintf(stderr, "%s: error: this trail cannot be read [search]\n",
                      arguments->words[0]);
        return COMMAND_EXIT_COULD_NOT;
    }
    if (!arguments->json && listing.rows == 0) {
        (void)printf("no entries match\n");
    }
    if (listing.rows == search.limit && search.limit != 0) {
        (void)fprintf(stderr, "%s: note: the newest %" PRIu64 "; more with --limit [search]\n",
                      arguments->words[0], search.limit);
    }
    if (damaged > 0) {
        (void)fprintf(stderr,
                      "%s: warning: %" PRIu64
                      " lines are no entries; amanat verify says more [search]\n",
                      arguments->words[0], damaged);
    }
    return COMMAND_EXIT_YES;
}

int command_search(int argc, char **argv)
{
    struct arguments arguments;
    int code = arguments_read(&form, argc, argv, &arguments);

    if (code < 0) {
        code = list(&arguments);
    }
    arguments_clear(&arguments);
    return code;
}
