/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The results of policy tests as text and as JSON. A test that fails comes with the `amanat
 * explain` command that tells why, ready for a shell.
 */
#include "gateway/command/policy_test_report.h"

#include <string.h>

#include "gateway/command/policy_test_compare.h"
#include "gateway/runtime/runtime.h"
#include "policy/base/base.h"

#define TEXT_LIMIT           ((size_t)512 << 20)
#define WHOLE_SECONDS_LENGTH (sizeof("2026-01-31T08:15:00") - 1)

bool policy_test_is_success(const struct policy_test_results *results)
{
    return results->failed == 0 && !(results->is_strict && results->unexercised_count > 0);
}

void policy_test_append_path(struct buffer *out, const char *folder, const char *path)
{
    if (path[0] != '/' && strcmp(folder, ".") != 0) {
        buffer_append_format(out, "%s%s", folder,
                             bytes_end_with(bytes_of_string(folder), BYTES("/")) ? "" : "/");
    }
    buffer_append_string(out, path);
}

static void print_buffer(FILE *stream, struct buffer *buffer)
{
    (void)fwrite(buffer->at, 1, buffer->length, stream);
    buffer_clear(buffer);
}

/* ---- the command that explains ---- */

static bool is_plain_for_shells(struct bytes word)
{
    static const struct bytes plain = BYTES_INIT("_@%+=:,./-");
    for (size_t i = 0; i < word.length; i++) {
        const char byte = word.at[i];
        const char lower = (char)(byte | 0x20);
        if (!(lower >= 'a' && lower <= 'z') && !(byte >= '0' && byte <= '9') &&
            bytes_find(plain, byte) == plain.length) {
            return false;
        }
    }
    return word.length > 0;
}

static void append_quoted(struct buffer *out, struct bytes word)
{
    if (is_plain_for_shells(word)) {
        buffer_append(out, word);
        return;
    }
    buffer_append_byte(out, '\'');
    for (size_t i = 0; i < word.length; i++) {
        if (word.at[i] == '\'') {
            buffer_append_string(out, "'\\''");
        } else {
            buffer_append_byte(out, word.at[i]);
        }
    }
    buffer_append_byte(out, '\'');
}

/* ` --NAME LEFT`, or ` --NAME LEFT=RIGHT` with a separator. */
static void append_option(struct buffer *out, const char *name, struct bytes left, char separator,
                          struct bytes right)
{
    struct buffer word;
    buffer_init(&word, TEXT_LIMIT);
    buffer_append(&word, left);
    if (separator != '\0') {
        buffer_append_byte(&word, separator);
        buffer_append(&word, right);
    }
    buffer_append_format(out, " --%s ", name);
    append_quoted(out, buffer_bytes(&word));
    buffer_clear(&word);
}

/* A member of the Need header: a display string where the text is not ASCII (RFC 9651 §3.3.8). */
static void append_need_member(struct buffer *out, const char *key, struct bytes value)
{
    bool is_ascii = true;
    if (value.length == 0) {
        return;
    }
    for (size_t i = 0; i < value.length; i++) {
        is_ascii &= value.at[i] >= 0x20 && value.at[i] < 0x7F;
    }
    buffer_append_format(out, "%s%s=%s\"", out->length == 0 ? "" : ", ", key, is_ascii ? "" : "%");
    for (size_t i = 0; i < value.length; i++) {
        const unsigned char byte = (unsigned char)value.at[i];
        const bool is_special = byte == '"' || byte == (is_ascii ? '\\' : '%');
        if (!is_ascii && (is_special || byte < 0x20 || byte >= 0x7F)) {
            buffer_append_format(out, "%%%02x", byte);
        } else {
            buffer_append_format(out, "%s%c", is_special ? "\\" : "", byte);
        }
    }
    buffer_append_byte(out, '"');
}

static void append_need(struct buffer *out, const struct policy_test *test)
{
    struct buffer need;
    buffer_init(&need, TEXT_LIMIT);
    buffer_append(&need, test->need_header);
    append_need_member(&need, "purpose", test->need.purpose);
    append_need_member(&need, "case", test->need.case_id);
    append_need_member(&need, "basis", test->need.basis);
    append_need_member(&need, "reason", test->need.reason);
    if (need.length > 0) {
        append_option(out, "need", buffer_bytes(&need), '\0', (struct bytes){0});
    }
    buffer_clear(&need);
}

static void append_claim(struct buffer *out, const struct access_claim *claim)
{
    struct buffer value;
    buffer_init(&value, TEXT_LIMIT);
    document_append_json(&value, claim->value);
    append_option(out, "claim", claim->name, '=',
                  claim->value->kind == DOCUMENT_STRING ? claim->value->text
                                                        : buffer_bytes(&value));
    buffer_clear(&value);
}

/* What a test can say and the options of a command cannot. */
static bool can_explain(const struct policy_test *test)
{
    for (size_t i = 0; i < test->file->fact_count; i++) {
        if (test->file->facts[i].entity != NULL) {
            return false;
        }
    }
    return test->now >= 0 && test->agent->has_certificate && test->agent->has_token &&
           !test->need.is_signed && !test->request.is_given;
}

static void append_facts(struct buffer *out, const char *folder,
                         const struct policy_test_file *file)
{
    for (size_t i = 0; i < file->fact_count; i++) {
        const struct bytes name = file->facts[i].path.text;
        struct buffer path;
        buffer_init(&path, TEXT_LIMIT);
        if (name.at[0] != '/') {
            policy_test_append_path(&path, folder, "tests/");
        }
        buffer_append(&path, name);
        append_option(out, "facts", buffer_bytes(&path), '\0', (struct bytes){0});
        buffer_clear(&path);
    }
}

static void append_explain(struct buffer *out, const char *folder, const struct policy_test *test)
{
    const struct policy_test_agent *agent = test->agent;
    char now[RUNTIME_CLOCK_TEXT_SIZE];
    const struct bytes none = {0};
    if (!can_explain(test)) {
        return;
    }
    runtime_clock_text(test->now * 1000, now);
    buffer_append_string(out, "    why: amanat explain ");
    append_quoted(out, bytes_of_string(folder));
    append_option(out, "agent", agent->partner, '/', agent->agent);
    append_option(out, "operation", test->operation.text, '\0', none);
    append_need(out, test);
    for (size_t i = 0; i < test->parameter_count; i++) {
        append_option(out, "parameter", test->parameters[i].name, '=', test->parameters[i].value);
    }
    for (size_t i = 0; i < agent->claim_count; i++) {
        append_claim(out, &agent->claims[i]);
    }
    append_facts(out, folder, test->file);
    if (test->now % 1000 == 0) {
        (void)memcpy(now + WHOLE_SECONDS_LENGTH, "Z", sizeof("Z"));
    }
    append_option(out, "now", bytes_of_string(now), '\0', none);
    if (!bytes_equal_string(test->network, "127.0.0.1")) {
        append_option(out, "network", test->network, '\0', none);
    }
    buffer_append_byte(out, '\n');
}

/* ---- text ---- */

static void print_result(FILE *stream, const struct policy_test_results *results,
                         const struct policy_test_result *result)
{
    const struct policy_test *test = result->test;
    const bool passed = result->failure.length == 0;
    struct buffer line;
    struct buffer command;
    buffer_init(&line, TEXT_LIMIT);
    buffer_init(&command, TEXT_LIMIT);
    policy_test_append_path(&line, results->folder, test->file->path);
    buffer_append_format(&line, ":%u: %s: ", test->place.line, passed ? "passed" : "FAILED");
    visible_append(&line, test->name);
    buffer_append_byte(&line, '\n');
    if (!passed) {
        buffer_append(&line, result->failure);
        append_explain(&command, results->folder, test);
        visible_append_lines(&line, buffer_bytes(&command));
    }
    buffer_clear(&command);
    print_buffer(stream, &line);
}

static void print_unexercised(FILE *stream, const struct policy_test_results *results)
{
    for (size_t i = 0; i < results->unexercised_count; i++) {
        const struct cedar_policy *policy = results->unexercised[i];
        struct buffer line;
        buffer_init(&line, TEXT_LIMIT);
        policy_test_append_path(&line, results->folder, cedar_policy_source(policy));
        buffer_append_format(&line, ":%u:%u: %s: no test has this policy decide anything: `",
                             cedar_policy_line(policy), cedar_policy_column(policy),
                             results->is_strict ? "error" : "note");
        visible_append(&line, cedar_policy_id(policy));
        buffer_append_string(&line, "`\n");
        print_buffer(stream, &line);
    }
}

void policy_test_print(FILE *stream, const struct policy_test_results *results, bool all)
{
    for (size_t i = 0; i < results->count; i++) {
        if (all || results->items[i].failure.length > 0) {
            print_result(stream, results, &results->items[i]);
        }
    }
    print_unexercised(stream, results);
    if (results->failed > 0) {
        (void)fprintf(stream, "(- was expected, + came)\n");
    }
    (void)fprintf(stream, "%zu passed, %zu failed\n", results->count - results->failed,
                  results->failed);
}

/* ---- JSON ---- */

static void append_json_test(struct buffer *out, const struct policy_test_results *results,
                             const struct policy_test_result *result)
{
    struct buffer path;
    buffer_init(&path, TEXT_LIMIT);
    policy_test_append_path(&path, results->folder, result->test->file->path);
    buffer_append_string(out, "{\"file\":");
    buffer_append_json_string(out, buffer_bytes(&path));
    buffer_append_format(out, ",\"line\":%u,\"name\":", result->test->place.line);
    buffer_append_json_string(out, result->test->name);
    buffer_append_format(out, ",\"passed\":%s", result->failure.length == 0 ? "true" : "false");
    if (result->failure.length > 0) {
        buffer_append_string(out, ",\"failure\":");
        buffer_append_json_string(out, result->failure);
    }
    buffer_append_byte(out, '}');
    buffer_clear(&path);
}

static void append_json_policy(struct buffer *out, const struct policy_test_results *results,
                               const struct cedar_policy *policy)
{
    struct buffer path;
    buffer_init(&path, TEXT_LIMIT);
    policy_test_append_path(&path, results->folder, cedar_policy_source(policy));
    buffer_append_string(out, "{\"policy\":");
    buffer_append_json_string(out, cedar_policy_id(policy));
    buffer_append_string(out, ",\"file\":");
    buffer_append_json_string(out, buffer_bytes(&path));
    buffer_append_format(out, ",\"line\":%u}", cedar_policy_line(policy));
    buffer_clear(&path);
}

void policy_test_print_json(FILE *stream, const struct policy_test_results *results)
{
    struct buffer out;
    buffer_init(&out, TEXT_LIMIT);
    buffer_append_format(&out, "{\"ok\":%s,\"passed\":%zu,\"failed\":%zu,\"tests\":[",
                         policy_test_is_success(results) ? "true" : "false",
                         results->count - results->failed, results->failed);
    for (size_t i = 0; i < results->count; i++) {
        buffer_append_string(&out, i == 0 ? "" : ",");
        append_json_test(&out, results, &results->items[i]);
    }
    buffer_append_string(&out, "],\"unexercised\":[");
    for (size_t i = 0; i < results->unexercised_count; i++) {
        buffer_append_string(&out, i == 0 ? "" : ",");
        append_json_policy(&out, results, results->unexercised[i]);
    }
    buffer_append_string(&out, "]}\n");
    print_buffer(stream, &out);
}
