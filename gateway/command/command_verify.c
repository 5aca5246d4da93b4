/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `amanat verify TRAIL`: checks everything in a trail folder and says how strong the evidence is.
 * Exit code 0 only when all of it verifies and is as strong as --require asks; 3 at the first
 * fault, with segment, entry and reason.
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

#define WITNESS_LIMIT 16u
#define FINDING_LIMIT 1000u
#define KEY_LIMIT     4096u

static const struct arguments_option options[] = {
    {"vkey", "FILE", "the log's verifier key, from outside the trail", false},
    {"witness", "FILE", "a witness's verifier key; its cosignatures count", true},
    {"require", "STRENGTH", "self (default) or witnessed: how strong the evidence must be", false},
    {0}};

static const struct arguments_form form = {
    .words = "TRAIL",
    .least_words = 1,
    .most_words = 1,
    .about = "Checks that a trail is whole, and says how strong the evidence is.",
    .options = options};

/* Everything that is said goes through here, so that text and JSON cannot differ. */
struct verification {
    const struct arguments *arguments;
    struct trail_report report;
    amanat_result result;
    bool wants_witness;
    struct buffer findings; /* JSON array elements */
    uint64_t finding_count;
};

static amanat_result read_key(const char *path, struct buffer *out,
                              struct amanat_diagnostics *diagnostics)
{
    buffer_init(out, KEY_LIMIT);
    const amanat_result result = files_read_whole(files_system(), path, out, NULL);
    if (!amanat_is_ok(result)) {
        amanat_diagnostics_add(diagnostics, AMANAT_SEVERITY_ERROR, "verifier-key", path, 0, 0,
                               "cannot read this verifier key");
    }
    return result;
}

static void add_finding(void *context, const char *code, uint64_t entry, const char *text)
{
    struct verification *verification = context;

    verification->finding_count += 1;
    if (verification->finding_count > FINDING_LIMIT) {
        return;
    }
    if (!verification->arguments->json) {
        if (entry == UINT64_MAX) {
            (void)printf("finding: %s [%s]\n", text, code);
        } else {
            (void)printf("finding: entry %" PRIu64 ": %s [%s]\n", entry, text, code);
        }
        return;
    }
    struct buffer *findings = &verification->findings;
    buffer_append_string(findings, findings->length == 0 ? "{\"code\":" : ",{\"code\":");
    buffer_append_json_string(findings, bytes_of_string(code));
    if (entry != UINT64_MAX) {
        buffer_append_format(findings, ",\"entry\":%" PRIu64, entry);
    }
    buffer_append_string(findings, ",\"text\":");
    buffer_append_json_string(findings, bytes_of_string(text));
    buffer_append_byte(findings, '}');
}

static bool is_witnessed(const struct verification *verification)
{
    /* That somebody saw the empty trail says nothing about what is in it. */
    return verification->report.witnesses > 0 && verification->report.witnessed > 0;
}

static bool is_strong_enough(const struct verification *verification)
{
    return !verification->wants_witness || is_witnessed(verification);
}

/* One plain sentence: what a judge may take from it. */
static void write_sentence(const struct verification *verification, struct buffer *out)
{
    const struct trail_report *report = &verification->report;

    if (!amanat_is_ok(verification->result)) {
        if (report->fault_has_entry) {
            buffer_append_format(out, "This trail is NOT whole: %s, entry %" PRIu64 ": %s.",
                                 report->fault_file, report->fault_entry, report->fault_reason);
        } else {
            buffer_append_format(out, "This trail is NOT whole: %s: %s.", report->fault_file,
                                 report->fault_reason);
        }
        return;
    }
    if (report->covered == 0) {
        buffer_append_format(out,
                             "All %" PRIu64 " entries link to each other, but nothing is signed",
                             report->entries);
    } else {
        buffer_append_format(out,
                             "All %" PRIu64 " entries are those that were written, and the first "
                             "%" PRIu64 " are under a valid signature of %s key",
                             report->entries, report->covered,
                             report->pinned ? "the given" : "the trail's own");
    }
    if (is_witnessed(verification)) {
        buffer_append_format(out,
                             "; %u witness%s outside saw the first %" PRIu64
                             " entries, so whoever holds the key cannot have changed those since",
                             report->witnesses, report->witnesses == 1 ? "" : "es",
                             report->witnessed);
    } else {
        buffer_append_string(out, "; nobody outside has attested to it, so this proves nothing "
                                  "against whoever holds the key");
    }
    if (!report->pinned) {
        buffer_append_string(out, " (the key was taken from the trail itself: give --vkey)");
    }
    buffer_append_byte(out, '.');
    if (!is_strong_enough(verification)) {
        buffer_append_string(out, " That is weaker than what was required.");
    }
}

static void print_time(const char *name, int64_t time)
{
    char text[RUNTIME_CLOCK_TEXT_SIZE];
    runtime_clock_text(time, text);
    (void)printf("%-12s %s\n", name, text);
}

static void print_counts(const struct trail_report *report)
{
    (void)printf("%-12s %" PRIu64 " (", "entries", report->entries);
    const char *separator = "";
    for (int kind = 0; kind < TRAIL_KIND_COUNT; kind++) {
        if (report->kinds[kind] > 0) {
            (void)printf("%s%s %" PRIu64, separator, trail_kind_name((enum trail_kind)kind),
                         report->kinds[kind]);
            separator = ", ";
        }
    }
    (void)printf(")\n");
}

static void print_text(const struct verification *verification, const char *sentence)
{
    const struct trail_report *report = &verification->report;

    if (verification->finding_count > FINDING_LIMIT) {
        (void)printf("finding: and %" PRIu64 " more\n",
                     verification->finding_count - FINDING_LIMIT);
    }
    if (amanat_is_ok(verification->result)) {
        (void)printf("%-12s %s%s\n", "key", report->vkey,
                     report->pinned ? "" : " (from the trail itself)");
        print_counts(report);
        if (report->entries > 0) {
            print_time("first", report->first_time);
            print_time("last", report->last_time);
        }
        (void)printf("%-12s every link, number, time and JSON text of the entries; %" PRIu64
                     " checkpoints;\n%-12s %" PRIu64 " hash tiles and bundles; %" PRIu64
                     " rulesets\n",
                     "checked", report->checkpoints, "", report->tiles, report->rulesets);
        (void)printf("%-12s %" PRIu64 "\n", "findings", verification->finding_count);
        if (is_witnessed(verification)) {
            print_time("witnessed", report->witnessed_at * RUNTIME_SECOND);
        }
        (void)printf("%-12s %s\n\n", "evidence",
                     is_witnessed(verification) ? "witnessed" : "self-attested");
    }
    (void)printf("%s\n", sentence);
}

static void print_json(const struct verification *verification, const char *sentence)
{
    const struct trail_report *report = &verification->report;
    struct buffer out;
    char text[RUNTIME_CLOCK_TEXT_SIZE];

    buffer_init(&out, 4u << 20);
    buffer_append_format(&out, "{\"verified\":%s,\"entries\":%" PRIu64 ",\"covered\":%" PRIu64,
                         amanat_is_ok(verification->result) ? "true" : "false", report->entries,
                         report->covered);
    buffer_append_string(&out, ",\"kinds\":{");
    for (int kind = 0; kind < TRAIL_KIND_COUNT; kind++) {
        buffer_append_format(&out, "%s\"%s\":%" PRIu64, kind == 0 ? "" : ",",
                             trail_kind_name((enum trail_kind)kind), report->kinds[kind]);
    }
    buffer_append_string(&out, "},\"vkey\":");
    buffer_append_json_string(&out, bytes_of_string(report->vkey));
    buffer_append_format(&out, ",\"pinned\":%s,\"evidence\":\"%s\",\"witnesses\":%u",
                         report->pinned ? "true" : "false",
                         is_witnessed(verification) ? "witnessed" : "self", report->witnesses);
    if (is_witnessed(verification)) {
        runtime_clock_text(report->witnessed_at * RUNTIME_SECOND, text);
        buffer_append_format(&out, ",\"witnessed\":%" PRIu64 ",\"witnessed_at\":\"%s\"",
                             report->witnessed, text);
    }
    buffer_append_format(&out,
                         ",\"strong_enough\":%s,\"checkpoints\":%" PRIu64 ",\"tiles\":%" PRIu64
                         ",\"rulesets\":%" PRIu64,
                         is_strong_enough(verification) ? "true" : "false", report->checkpoints,
                         report->tiles, report->rulesets);
    if (!amanat_is_ok(verification->result)) {
        buffer_append_string(&out, ",\"fault\":{\"file\":");
        buffer_append_json_string(&out, bytes_of_string(report->fault_file));
        if (report->fault_has_entry) {
            buffer_append_format(&out, ",\"entry\":%" PRIu64, report->fault_entry);
        }
        buffer_append_string(&out, ",\"reason\":");
        buffer_append_json_string(&out, bytes_of_string(report->fault_reason));
        buffer_append_byte(&out, '}');
    }
    buffer_append_string(&out, ",\"findings\":[");
    buffer_append(&out, buffer_bytes(&verification->findings));
    buffer_append_string(&out, "],\"sentence\":");
    buffer_append_json_string(&out, bytes_of_string(sentence));
    buffer_append_string(&out, "}\n");
    (void)fwrite(out.at, 1, out.length, stdout);
    buffer_clear(&out);
}

static int print_outcome(const struct verification *verification)
{
    struct buffer sentence;

    buffer_init(&sentence, 8192);
    write_sentence(verification, &sentence);
    buffer_append_byte(&sentence, '\0');
    if (sentence.length > 0) {
        if (verification->arguments->json) {
            print_json(verification, sentence.at);
        } else {
            print_text(verification, sentence.at);
        }
    }
    buffer_clear(&sentence);
    if (verification->result.status == AMANAT_STATUS_OK) {
        return is_strong_enough(verification) ? COMMAND_EXIT_YES : COMMAND_EXIT_NO;
    }
    return verification->result.status == AMANAT_STATUS_CORRUPT ? COMMAND_EXIT_NO
                                                                : COMMAND_EXIT_COULD_NOT;
}

static int verify_with_keys(struct verification *verification, struct bytes vkey,
                            const struct bytes *witnesses, size_t witness_count)
{
    const struct trail_verify_options verify_options = {.folder = verification->arguments->words[0],
                                                        .vkey = vkey,
                                                        .witnesses = witnesses,
                                                        .witness_count = witness_count,
                                                        .on_finding = add_finding,
                                                        .context = verification};

    buffer_init(&verification->findings, 2u << 20);
    verification->result = trail_verify(&verify_options, &verification->report);
    int code = COMMAND_EXIT_COULD_NOT;
    if (verification->result.status == AMANAT_STATUS_CONFIG_FAULT) {
        (void)fputs("amanat verify: a given key is no verifier key (name+id+base64), or a "
                    "witness's key is not of type 0x04\n",
                    stderr);
    } else if (verification->result.status == AMANAT_STATUS_MEMORY) {
        (void)fputs("amanat verify: no memory\n", stderr);
    } else {
        code = print_outcome(verification);
    }
    buffer_clear(&verification->findings);
    return code;
}

static int verify(struct verification *verification, struct amanat_diagnostics *diagnostics)
{
    const struct arguments *arguments = verification->arguments;
    const char *vkey_path = arguments_get(arguments, "vkey");
    const size_t count = arguments_count(arguments, "witness");
    struct buffer vkey = {0};
    struct buffer keys[WITNESS_LIMIT] = {{0}};
    struct bytes witnesses[WITNESS_LIMIT];
    amanat_result result = vkey_path == NULL ? AMANAT_OK : read_key(vkey_path, &vkey, diagnostics);

    if (count > WITNESS_LIMIT) {
        return arguments_usage(arguments, "at most %u witnesses", WITNESS_LIMIT);
    }
    for (size_t i = 0; i < count && amanat_is_ok(result); i++) {
        result = read_key(arguments_at(arguments, "witness", i), &keys[i], diagnostics);
        witnesses[i] = buffer_bytes(&keys[i]);
    }
    const int code = amanat_is_ok(result)
                         ? verify_with_keys(verification, buffer_bytes(&vkey), witnesses, count)
                         : COMMAND_EXIT_COULD_NOT;
    buffer_clear(&vkey);
    for (size_t i = 0; i < count; i++) {
        buffer_clear(&keys[i]);
    }
    return code;
}

int command_verify(int argc, char **argv)
{
    struct arguments arguments;
    int code = arguments_read(&form, argc, argv, &arguments);

    if (code < 0) {
        const char *required = arguments_get(&arguments, "require");
        struct verification *verification = calloc(1, sizeof(*verification));
        struct amanat_diagnostics *diagnostics = amanat_diagnostics_new();
        if (required != NULL && strcmp(required, "self") != 0 &&
            strcmp(required, "witnessed") != 0) {
            code = arguments_usage(&arguments, "--require takes self or witnessed, not `%s`",
                                   required);
        } else if (verification == NULL) {
            code = COMMAND_EXIT_COULD_NOT;
        } else {
            verification->arguments = &arguments;
            verification->wants_witness = required != NULL && strcmp(required, "witnessed") == 0;
            code = verify(verification, diagnostics);
            report_diagnostics(diagnostics, NULL, false);
        }
        free(verification);
        amanat_diagnostics_free(diagnostics);
    }
    arguments_clear(&arguments);
    return code;
}
