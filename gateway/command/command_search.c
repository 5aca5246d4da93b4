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
#include "gateway/command/report.h"
#include "gateway/runtime/runtime.h"
#include "gateway/trail/trail.h"
#include "policy/base/base.h"

#define DISCLOSED_WIDTH 78u
#define DEFAULT_LIMIT   50u

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

static struct bytes text_of(const struct document *object, const char *key)
{
    const struct document *value = document_get(object, key);
    return value != NULL && value->kind == DOCUMENT_STRING ? value->text : bytes_of(NULL, 0);
}

static int64_t number_of(const struct document *object, const char *key)
{
    const struct document *value = document_get(object, key);
    int64_t number = 0;
    return value != NULL && document_integer(value, &number) ? number : 0;
}

/* A cell: cut with two dots when it is too wide; names of the ruleset are ASCII, anything else is
 * shown as `?`. */
static void print_cell(struct bytes text, unsigned width)
{
    char cell[64];
    unsigned length = 0;

    for (size_t i = 0; i < text.length && length < width && length < sizeof(cell) - 1; i++) {
        const char byte = text.at[i];
        cell[length++] = byte >= 0x20 && byte < 0x7F ? byte : '?';
    }
    if (text.length > width && length >= 2) {
        cell[length - 1] = '.';
        cell[length - 2] = '.';
    }
    cell[length] = '\0';
    (void)printf("%-*s ", (int)width, cell);
}

static size_t count_of(const struct document *entry, const char *key)
{
    const struct document *value = document_get(entry, key);
    return value != NULL && value->kind == DOCUMENT_ARRAY ? value->count : 0;
}

/* What was disclosed in one mode: "mask person.cnic, person.name". */
static void append_mode(const struct document *disclosed, const char *mode, struct buffer *out)
{
    bool any = false;

    for (size_t i = 0; i < disclosed->count; i++) {
        if (document_get(&disclosed->members[i].value, mode) == NULL) {
            continue;
        }
        if (!any) {
            buffer_append_format(out, "%s%s ", out->length == 0 ? "" : "; ", mode);
        } else {
            buffer_append_string(out, ", ");
        }
        any = true;
        const struct bytes label = disclosed->members[i].key;
        buffer_append(out, label);
    }
}

/* Labels by mode on lines of their own, broken between labels. */
static void print_disclosed(const struct document *entry)
{
    static const char *const modes[] = {"reveal", "coarsen", "mask", "tokenize"};
    const struct document *disclosed = document_get(entry, "disclosed");
    struct buffer text;

    if (disclosed == NULL || disclosed->kind != DOCUMENT_OBJECT) {
        return;
    }
    buffer_init(&text, 65536);
    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        append_mode(disclosed, modes[i], &text);
    }
    struct bytes rest = buffer_bytes(&text);
    while (rest.length > 0) {
        size_t length = rest.length;
        if (length > DISCLOSED_WIDTH) {
            length = DISCLOSED_WIDTH;
            while (length > 1 && rest.at[length - 1] != ' ') {
                length -= 1;
            }
            length = length <= 1 ? DISCLOSED_WIDTH : length;
        }
        (void)printf("%20s%.*s\n", "", (int)length, rest.at);
        rest = bytes_from(rest, length);
    }
    buffer_clear(&text);
}

static void print_heading(void)
{
    (void)printf("%-19s %-16s %-17s %-20s %-6s %7s %4s %7s\n", "time (UTC)", "partner", "purpose",
                 "operation", "answer", "records", "subj", "entry");
}

static void print_other(const struct trail_match *match, const char *time)
{
    (void)printf("%.19s %-16s %-53s %7" PRIu64 "\n", time, trail_kind_name(match->kind), "",
                 match->sequence);
}

static void print_row(const struct trail_match *match)
{
    char time[RUNTIME_CLOCK_TEXT_SIZE];
    const struct document *entry = match->entry;
    const bool permitted = document_is_string(document_get(entry, "decision"), "permit");
    const struct bytes reason = text_of(entry, "reason");

    runtime_clock_text(match->time, time);
    time[10] = ' ';
    if (match->kind != TRAIL_KIND_ACCESS) {
        print_other(match, time);
        return;
    }
    (void)printf("%.19s ", time);
    print_cell(text_of(entry, "partner"), 16);
    print_cell(text_of(document_get(entry, "need"), "purpose"), 17);
    print_cell(text_of(entry, "operation"), 20);
    (void)printf("%-6s %7" PRId64 " %4zu %7" PRIu64 "\n", permitted ? "permit" : "REFUSE",
                 number_of(document_get(entry, "records"), "disclosed"),
                 count_of(entry, "subjects"), match->sequence);
    if (reason.length > 0) {
        (void)printf("%20s", "");
        print_cell(reason, 60);
        (void)printf("\n");
    }
    print_disclosed(entry);
}

static bool take_match(void *context, const struct trail_match *match)
{
    struct listing *listing = context;

    if (listing->arguments->json) {
        (void)fwrite(match->line.at, 1, match->line.length, stdout);
        (void)fputc('\n', stdout);
    } else {
        if (listing->rows == 0) {
            print_heading();
        }
        print_row(match);
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
