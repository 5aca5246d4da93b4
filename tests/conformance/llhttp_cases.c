/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The strict reader on the messages of nodejs/llhttp's tests (MIT), which come with llhttp's
 * verdicts. Requests are listed in MANIFEST.tsv, responses in llhttp/INDEX.tsv. What llhttp
 * refuses, we refuse; what it takes only with its lenient flags, we refuse; what it takes and we
 * refuse is in the table `stricter`, with the reason. Each case is read whole, at every cut into
 * two pieces and byte by byte.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/base/guard.h"
#include "tests/conformance/conformance_file.h"
#include "tests/unit/gateway/http/transcript.h"

struct deviation {
    const char *name;
    const char *refusal;
    const char *reason;
};

static const struct deviation stricter[] = {
    {"request-connection-084.host.raw", "version-unsupported", "HTTP/1.0"},
    {"request-connection-159.raw", "method-invalid",
     "two empty lines before a request: one is what RFC 9112 2.2 asks for"},
    {"request-connection-456.host.raw", "upgrade", "asks for an upgrade"},
    {"request-content-length-264.host.raw", "version-unsupported", "HTTP/1.0"},
    {"request-method-138.raw", "target-form", "asterisk-form"},
    {"request-method-375.raw", "version-malformed", "ICE/1.0"},
    {"request-method-405.raw", "version-malformed", "RTSP/1.0"},
    {"request-method-433.raw", "version-malformed", "RTSP/1.0"},
    {"request-sample-070.raw", "host-invalid", "a host with an equals sign"},
    {"request-sample-108.raw", "host-invalid", "a host with an equals sign"},
    {"request-sample-253.raw", "version-unsupported", "HTTP/1.0"},
    {"request-sample-317.raw", "start-line-malformed", "HTTP/0.9"},
    {"request-transfer-encoding-754.host.raw", "target-character",
     "a fragment (and a second transfer coding)"},
    {"request-transfer-encoding-796.host.raw", "target-character",
     "a fragment (and a second transfer coding)"},
    {"request-uri-007.host.raw", "target-character", "quotes in the target"},
    {"request-uri-055.host.raw", "target-form", "absolute-form"},
    {"request-uri-078.host.raw", "target-form", "absolute-form"},
    {"request-uri-105.host.raw", "target-character", "a vertical bar in the target"},
    {"request-uri-128.host.raw", "target-form", "absolute-form"},
    {"request-uri-168.host.raw", "target-character", "a fragment"},
    {"request-uri-225.host.raw", "target-form", "absolute-form with a user"},
    {"response-connection-080.raw", "data-after-close", "an HTTP/1.0 connection is never kept"},
    {"response-connection-495.raw", "version-malformed", "an empty line before a response"},
    {"response-connection-589.raw", "version-malformed", "an empty line before a response"},
    {"response-connection-644.raw", "",
     "llhttp counts the interim response as a message of its own"},
    {"response-content-length-126.raw", "",
     "llhttp is told by its user that there is no body; we believe the length"},
    {"response-pipelining-007.raw", "version-malformed", "an empty line before a response"},
    {"response-sample-043.raw", "version-malformed", "RTSP/1.1"},
    {"response-sample-063.raw", "version-malformed", "ICE/1.0"},
    {"response-sample-294.raw", "status-malformed",
     "no space after the status (RFC 9112 4 demands it)"},
    {"response-sample-648.raw", "version-unsupported", "HTTP/0.9"},
    {"response-sample-698.raw", "version-malformed", "an empty line before a response"},
    {"response-transfer-encoding-046.raw", "encoding-unsupported",
     "chunked is not the only coding"},
    {"response-transfer-encoding-077.raw", "encoding-unsupported",
     "chunked is not the only coding"},
    {"response-transfer-encoding-115.raw", "encoding-unsupported", "an unknown coding"},
};

/* What is expected of one case: so many whole messages, and then a refusal or none. */
struct expectation {
    unsigned messages;
    bool refused;
    bool any_number; /* refused after any number of messages */
};

struct tally {
    unsigned cases;
    unsigned skipped;
    unsigned deviations;
    unsigned failures;
};

static unsigned count_lines(const char *text, const char *line)
{
    unsigned count = 0;
    for (const char *at = text; (at = strstr(at, line)) != NULL; at += strlen(line)) {
        count += at == text || at[-1] == '\n';
    }
    return count;
}

static const struct deviation *find_deviation(const char *name)
{
    for (size_t i = 0; i < sizeof(stricter) / sizeof(stricter[0]); i++) {
        if (strcmp(stricter[i].name, name) == 0) {
            return &stricter[i];
        }
    }
    return NULL;
}

/* The refusal's name at the end of a transcript, or "". */
static const char *last_refusal(char *transcript)
{
    static const char key[] = "refused=";
    char *found = strstr(transcript, key);
    if (found == NULL) {
        return "";
    }
    found[strcspn(found, "\n")] = '\0';
    return found + sizeof(key) - 1;
}

static void judge(const char *name, const struct expectation *expected, char *transcript,
                  struct tally *tally)
{
    const unsigned messages = count_lines(transcript, "end\n");
    const char *refusal = last_refusal(transcript);
    const bool refused = refusal[0] != '\0';
    const struct deviation *deviation = find_deviation(name);
    const bool as_expected =
        refused == expected->refused && (expected->any_number || messages == expected->messages);
    tally->cases++;
    if (deviation != NULL) {
        tally->deviations++;
        if (as_expected || strcmp(deviation->refusal, refusal) != 0) {
            tally->failures++;
            printf("%s: the table says \"%s\", the reader \"%s\"\n", name, deviation->refusal,
                   refusal);
        }
    } else if (!as_expected) {
        tally->failures++;
        printf("%s: expected %u messages%s, got %u and \"%s\"\n", name, expected->messages,
               expected->refused ? " and a refusal" : "", messages, refusal);
    }
}

static unsigned count_refusals(struct buffer *transcript)
{
    buffer_append_byte(transcript, '\0');
    const unsigned count = count_lines(transcript->at, "refused=");
    buffer_truncate(transcript, transcript->length - 1);
    return count;
}

/* The transcript of the whole input; every other way of cutting it must give the same. */
static void run_case(const char *name, struct bytes input, bool is_response,
                     const struct expectation *expected, struct tally *tally)
{
    const struct transcript_options options = {.responses = is_response};
    struct buffer whole;
    struct buffer cut;
    buffer_init(&whole, 1 << 22);
    buffer_init(&cut, 1 << 22);
    transcript_write(&options, input, 0, 0, &whole);
    for (size_t first = 0; first <= input.length + 1; first++) {
        buffer_reset(&cut);
        const bool by_byte = first > input.length;
        transcript_write(&options, input, by_byte ? 0 : first, by_byte ? 1 : 0, &cut);
        if (!bytes_equal(buffer_bytes(&whole), buffer_bytes(&cut))) {
            tally->failures++;
            printf("%s: cut at %zu it reads differently\n", name, first);
            break;
        }
    }
    if (expected->refused && count_refusals(&whole) == 0) {
        /* The input stops within a head; llhttp judges each field when it ends, we all of them
         * together. */
        char *longer = malloc(input.length + 4);
        ASSERT(longer != NULL);
        memcpy(longer, input.at, input.length);
        memcpy(longer + input.length, "\r\n\r\n", 4);
        buffer_reset(&whole);
        transcript_write(&options, bytes_of(longer, input.length + 4), 0, 0, &whole);
        free(longer);
    }
    buffer_append_byte(&whole, '\0');
    judge(name, expected, whole.at, tally);
    buffer_clear(&whole);
    buffer_clear(&cut);
}

static void run_file(struct arena *arena, const char *folder, const char *file, bool is_response,
                     const struct expectation *expected, struct tally *tally)
{
    struct bytes input;
    const char *path = arena_format(arena, "%s/%s", folder, file);
    if (path == NULL || !conformance_read_file(arena, path, &input)) {
        printf("%s cannot be read\n", file);
        tally->failures++;
        return;
    }
    const char *slash = strrchr(file, '/');
    run_case(slash == NULL ? file : slash + 1, input, is_response, expected, tally);
}

/* "accept 2", "reject after 1", "incomplete after 0", "upgrade after 1" (we never do),
 * "lenient-only", "skip(…)". */
static bool read_expectation(const char *text, struct expectation *out)
{
    *out = (struct expectation){0};
    const char *last = strrchr(text, ' ');
    out->messages = last == NULL ? 0 : (unsigned)strtoul(last + 1, NULL, 10);
    if (strncmp(text, "skip", 4) == 0) {
        return false;
    }
    if (strcmp(text, "lenient-only") == 0 || strncmp(text, "upgrade", 7) == 0) {
        out->refused = true;
        out->any_number = true;
    } else {
        out->refused = strncmp(text, "reject", 6) == 0;
    }
    return true;
}

static size_t split_tabs(char *line, char *columns[], size_t limit)
{
    size_t count = 0;
    for (char *at = line; at != NULL && count < limit; count++) {
        columns[count] = at;
        at = strchr(at, '\t');
        if (at != NULL) {
            *at++ = '\0';
        }
    }
    return count;
}

static void run_requests(struct arena *arena, const char *folder, char *line, struct tally *tally)
{
    char *columns[7];
    struct expectation expected;
    if (split_tabs(line, columns, 7) < 7 || strcmp(columns[0], "llhttp") != 0) {
        return; /* the heading */
    }
    if (!read_expectation(columns[2], &expected)) {
        tally->skipped++;
        return;
    }
    run_file(arena, folder, columns[1], false, &expected, tally);
}

/* id, type, verdict, begun, complete, … */
static void run_responses(struct arena *arena, const char *folder, char *line, struct tally *tally)
{
    char *columns[8];
    if (split_tabs(line, columns, 8) < 8 || strncmp(columns[1], "response", 8) != 0) {
        return;
    }
    const bool is_lenient = strcmp(columns[2], "lenient-only") == 0;
    const struct expectation expected = {
        .messages = (unsigned)strtoul(columns[4], NULL, 10),
        .refused =
            is_lenient || strcmp(columns[2], "reject") == 0 || strcmp(columns[2], "paused") == 0,
        .any_number = is_lenient || strcmp(columns[2], "paused") == 0};
    const char *file = arena_format(arena, "llhttp/%s.raw", columns[0]);
    ASSERT(file != NULL);
    run_file(arena, folder, file, true, &expected, tally);
}

typedef void run_line_fn(struct arena *arena, const char *folder, char *line, struct tally *tally);

static void run_list(struct arena *arena, const char *folder, const char *list, run_line_fn *run,
                     struct tally *tally)
{
    struct bytes text;
    const char *path = arena_format(arena, "%s/%s", folder, list);
    if (path == NULL || !conformance_read_file(arena, path, &text)) {
        printf("%s cannot be read\n", list);
        tally->failures++;
        return;
    }
    while (text.length > 0) {
        const size_t end = bytes_find(text, '\n');
        struct bytes line;
        ASSERT(amanat_is_ok(arena_copy_bytes(arena, bytes_first(text, end), &line)));
        char *copy = arena_format(arena, "%.*s", BYTES_PRINTF(line));
        ASSERT(copy != NULL);
        run(arena, folder, copy, tally);
        text = bytes_from(text, end < text.length ? end + 1 : end);
    }
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: llhttp_cases FOLDER\n");
        return 2;
    }
    struct arena *arena = arena_new((size_t)64 << 20);
    ASSERT(arena != NULL);
    struct tally tally = {0};
    run_list(arena, argv[1], "MANIFEST.tsv", run_requests, &tally);
    run_list(arena, argv[1], "llhttp/INDEX.tsv", run_responses, &tally);
    printf("%u cases, %u of them refused more strictly than by llhttp, %u skipped, %u failures\n",
           tally.cases, tally.deviations, tally.skipped, tally.failures);
    arena_free(arena);
    return tally.failures == 0 && tally.cases > 100 ? 0 : 1;
}
