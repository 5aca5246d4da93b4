/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `amanat preview FOLDER … BODY`: exactly the body that an agent would get for a service's answer,
 * or the problem: through the gateway's own catalogue, decision and redactor. No network, no trail,
 * no running gateway.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/command/arguments.h"
#include "gateway/command/command.h"
#include "gateway/command/policy_files.h"
#include "gateway/command/report.h"
#include "gateway/config/config.h"
#include "gateway/http/http.h"
#include "gateway/proxy/proxy.h"
#include "gateway/runtime/runtime.h"
#include "policy/base/base.h"
#include "policy/cedar/cedar.h"

#define ARENA_LIMIT ((size_t)1 << 30)
#define READ_SIZE   65536

/* Published: equal input gives equal output, and never a token that a live gateway would give. 32
 * bytes. */
#define PREVIEW_TOKENIZE_KEY "amanat preview: not a secret key"
_Static_assert(sizeof(PREVIEW_TOKENIZE_KEY) == CONFIG_SECRET_SIZE + 1, "as long as a key");

static const struct arguments_option options[] = {
    {"agent", "PARTNER/NAME", "who asks (required)", false},
    {"operation", "ID", "the operationId that is called (required)", false},
    {"need", "NEED", "as in the Need header: 'purpose=vehicle-crime, case=\"FIR-1/2026\"'", false},
    {"parameter", "NAME=VALUE", "a parameter of the call", true},
    {"claim", "NAME=VALUE", "a claim of the token; VALUE is JSON or plain text", true},
    {"facts", "FILE", "entities that are facts (cases, agreements)", true},
    {"now", "TIME", "RFC 3339; default: now", false},
    {"network", "ADDRESS", "of the client; default 127.0.0.1", false},
    {"status", "CODE", "of the service's answer; default 200", false},
    {"type", "MEDIA-TYPE", "of the service's answer; default application/json", false},
    {"secrets", "FOLDER", "use its tokenize.key: live tokens", false},
    {0}};

static const struct arguments_form form = {
    .words = "FOLDER BODY",
    .least_words = 2,
    .most_words = 2,
    .about = "Shows what an agent would get of a service's answer (BODY, - for standard input).",
    .options = options};

struct preview {
    const struct arguments *arguments;
    struct arena *arena;
    struct amanat_diagnostics *diagnostics;
    struct ruleset *ruleset;
    struct catalogue_call call;
    struct access_request request;
    struct access_decision decision;
    struct problem problem;
    FILE *out;
};

static amanat_result fault(const struct preview *preview, const char *option, const char *text)
{
    amanat_diagnostics_add(preview->diagnostics, AMANAT_SEVERITY_ERROR, "usage", "", 0, 0,
                           "--%s: %s", option, text);
    return amanat_result_of(AMANAT_STATUS_CONFIG_FAULT);
}

/* ---- the request ---- */

static bool split(const char *text, char separator, struct bytes *left, struct bytes *right)
{
    const struct bytes whole = bytes_of_string(text);
    const size_t at = bytes_find(whole, separator);
    *left = bytes_first(whole, at);
    *right = at < whole.length ? bytes_from(whole, at + 1) : (struct bytes){0};
    return at < whole.length && at > 0;
}

static amanat_result read_agent(struct preview *preview)
{
    const char *agent = arguments_get(preview->arguments, "agent");
    if (agent == NULL || !split(agent, '/', &preview->request.partner, &preview->request.agent) ||
        preview->request.agent.length == 0) {
        return fault(preview, "agent", "expected PARTNER/NAME");
    }
    return AMANAT_OK;
}

/* A value that is JSON is JSON; anything else is a text. */
static amanat_result read_claim_value(struct preview *preview, struct bytes text,
                                      const struct document **out)
{
    if (amanat_is_ok(document_from_json(preview->arena, "", text, NULL, out))) {
        return AMANAT_OK;
    }
    struct document *string = ARENA_NEW(preview->arena, struct document);
    TRY_MEMORY(string);
    string->kind = DOCUMENT_STRING;
    string->text = text;
    *out = string;
    return AMANAT_OK;
}

static amanat_result read_claims(struct preview *preview)
{
    const size_t count = arguments_count(preview->arguments, "claim");
    struct access_claim *claims = arena_allocate_array(preview->arena, count, sizeof(*claims));
    TRY_MEMORY(claims);
    for (size_t i = 0; i < count; i++) {
        struct bytes value;
        if (!split(arguments_at(preview->arguments, "claim", i), '=', &claims[i].name, &value)) {
            return fault(preview, "claim", "expected NAME=VALUE");
        }
        TRY(read_claim_value(preview, value, &claims[i].value));
    }
    preview->request.claims = claims;
    preview->request.claim_count = count;
    return AMANAT_OK;
}

static amanat_result read_now(struct preview *preview)
{
    const char *now = arguments_get(preview->arguments, "now");
    struct calendar_time time;
    if (now == NULL) {
        preview->request.now = runtime_clock_wall(runtime_clock_real()) / 1000;
    } else if (calendar_parse(bytes_of_string(now), &time)) {
        preview->request.now = calendar_milliseconds(&time);
    } else {
        return fault(preview, "now", "expected a time as RFC 3339 has it: 2026-11-22T08:35:50Z");
    }
    return AMANAT_OK;
}

static amanat_result read_network(struct preview *preview)
{
    const char *address = arguments_get(preview->arguments, "network");
    struct cedar_value value;
    preview->request.address = address == NULL ? BYTES("127.0.0.1") : bytes_of_string(address);
    return cedar_ip_from_text(preview->request.address, &value)
               ? AMANAT_OK
               : fault(preview, "network", "expected an IP address");
}

static amanat_result read_secrets(struct preview *preview)
{
    const char *folder = arguments_get(preview->arguments, "secrets");
    preview->request.tokenize_key = BYTES(PREVIEW_TOKENIZE_KEY);
    if (folder == NULL) {
        return AMANAT_OK;
    }
    const char *path = arena_format(preview->arena, "%s/tokenize.key", folder);
    TRY_MEMORY(path);
    TRY(config_read_file(path, CONFIG_SECRET_SIZE, preview->arena, preview->diagnostics,
                         &preview->request.tokenize_key));
    return preview->request.tokenize_key.length == CONFIG_SECRET_SIZE
               ? AMANAT_OK
               : fault(preview, "secrets", "tokenize.key must hold exactly 32 bytes");
}

static amanat_result read_need(struct preview *preview)
{
    const char *need = arguments_get(preview->arguments, "need");
    const char *wrong =
        proxy_read_need(preview->arena, bytes_of_string(need), &preview->request.need);
    if (wrong != NULL) {
        preview->problem = (struct problem){.name = PROBLEM_NEED, .detail = bytes_of_string(wrong)};
        return amanat_result_of(AMANAT_STATUS_REFUSED);
    }
    return AMANAT_OK;
}

/* Says which operation was probably meant: an administrator may know what there is. */
static amanat_result unknown_operation(const struct preview *preview, struct bytes wanted)
{
    const struct catalogue *catalogue = ruleset_catalogue(preview->ruleset);
    VECTOR(struct bytes) names = {0};
    for (size_t i = 0; i < catalogue->service_count; i++) {
        for (size_t k = 0; k < catalogue->services[i].operation_count; k++) {
            struct bytes *name = VECTOR_PUSH(preview->arena, &names);
            TRY_MEMORY(name);
            *name = catalogue->services[i].operations[k].id;
        }
    }
    const struct bytes nearest = bytes_nearest(wanted, names.items, names.count);
    const char *text =
        nearest.length == 0
            ? "no service has this operation"
            : arena_format(preview->arena, "no service has this operation; did you mean `%.*s`?",
                           BYTES_PRINTF(nearest));
    return fault(preview, "operation", text == NULL ? "no such operation" : text);
}

static amanat_result read_call(struct preview *preview)
{
    const char *operation = arguments_get(preview->arguments, "operation");
    const size_t count = arguments_count(preview->arguments, "parameter");
    struct catalogue_named_value *values =
        arena_allocate_array(preview->arena, count, sizeof(*values));
    TRY_MEMORY(values);
    if (operation == NULL) {
        return fault(preview, "operation", "expected an operationId");
    }
    for (size_t i = 0; i < count; i++) {
        if (!split(arguments_at(preview->arguments, "parameter", i), '=', &values[i].name,
                   &values[i].value)) {
            return fault(preview, "parameter", "expected NAME=VALUE");
        }
    }
    preview->request.call = &preview->call;
    const amanat_result result =
        catalogue_call_operation(ruleset_catalogue(preview->ruleset), bytes_of_string(operation),
                                 values, count, preview->arena, &preview->call, &preview->problem);
    return result.status == AMANAT_STATUS_REFUSED && preview->problem.name == PROBLEM_NOT_FOUND
               ? unknown_operation(preview, bytes_of_string(operation))
               : result;
}

static amanat_result read_request(struct preview *preview)
{
    preview->request.has_certificate = true;
    preview->request.has_token = true;
    TRY(read_agent(preview));
    TRY(read_claims(preview));
    TRY(read_now(preview));
    TRY(read_network(preview));
    TRY(read_secrets(preview));
    TRY(read_call(preview));
    return read_need(preview);
}

/* ---- the answer ---- */

static amanat_result refuse(struct preview *preview, enum problem_name name)
{
    preview->problem = (struct problem){.name = name};
    return amanat_result_of(AMANAT_STATUS_REFUSED);
}

static amanat_result print_window(void *context, const struct redact_window *window)
{
    const struct preview *preview = context;
    const struct bytes bytes = window->bytes.bytes;
    return fwrite(bytes.at, 1, bytes.length, preview->out) == bytes.length
               ? AMANAT_OK
               : amanat_result_of(AMANAT_STATUS_IO);
}

static amanat_result feed_file(struct preview *preview, FILE *file, struct redactor *redactor)
{
    char bytes[READ_SIZE];
    bool nothing = false;
    size_t length = 0;
    while ((length = fread(bytes, 1, sizeof(bytes), file)) > 0) {
        TRY(redactor_feed(redactor, (struct undisclosed_bytes){bytes_of(bytes, length)}));
    }
    if (ferror(file) != 0) {
        return amanat_result_of(AMANAT_STATUS_IO);
    }
    TRY(redactor_finish(redactor, &nothing));
    return nothing ? refuse(preview, PROBLEM_NOT_FOUND) : AMANAT_OK;
}

static amanat_result redact(struct preview *preview, struct redactor *redactor)
{
    const char *path = preview->arguments->words[1];
    const bool is_standard_input = strcmp(path, "-") == 0;
    FILE *file = is_standard_input ? stdin : fopen(path, "rb");
    if (file == NULL) {
        amanat_diagnostics_add(preview->diagnostics, AMANAT_SEVERITY_ERROR, "cannot-read", path, 0,
                               0, "it cannot be read");
        return amanat_result_of(AMANAT_STATUS_IO);
    }
    amanat_result result = feed_file(preview, file, redactor);
    if (!is_standard_input) {
        (void)fclose(file);
    }
    if (result.status == AMANAT_STATUS_PEER_FAULT) {
        amanat_diagnostics_add(preview->diagnostics, AMANAT_SEVERITY_ERROR, "body", path, 0, 0,
                               "the service's answer would be refused: %s",
                               redact_fault_name(redactor_fault(redactor)));
        result = refuse(preview, PROBLEM_UPSTREAM);
    }
    return result;
}

static amanat_result make_redactor(struct preview *preview, const struct catalogue_media_type *type,
                                   struct redactor **out)
{
    const struct redactor_options redactor_options = {.plan = preview->decision.plan,
                                                      .root = type->root,
                                                      .ndjson = type->is_ndjson,
                                                      .on_window = print_window,
                                                      .context = preview};
    const amanat_result result =
        type->is_json || type->is_ndjson
            ? redactor_new(&redactor_options, out)
            : redactor_new_whole(&redactor_options, type->labels, type->label_count, out);
    return result.status == AMANAT_STATUS_REFUSED ? refuse(preview, PROBLEM_NOT_PERMITTED) : result;
}

static amanat_result print_answer(struct preview *preview)
{
    const char *status_text = arguments_get(preview->arguments, "status");
    const char *type_text = arguments_get(preview->arguments, "type");
    const unsigned status = status_text == NULL ? 200 : (unsigned)strtoul(status_text, NULL, 10);
    const struct catalogue_response *response =
        status == 404 ? NULL : catalogue_find_response(preview->call.operation, status);
    struct redactor *redactor = NULL;
    if (response == NULL) {
        return refuse(preview, status == 404 ? PROBLEM_NOT_FOUND : PROBLEM_UPSTREAM);
    }
    if (response->media_type_count == 0) {
        return AMANAT_OK; /* a status without a body */
    }
    const struct catalogue_media_type *type = catalogue_find_media_type(
        response->media_types, response->media_type_count,
        bytes_of_string(type_text == NULL ? "application/json" : type_text));
    if (type == NULL) {
        return refuse(preview, PROBLEM_UPSTREAM);
    }
    amanat_result result = make_redactor(preview, type, &redactor);
    if (amanat_is_ok(result)) {
        result = redact(preview, redactor);
    }
    redactor_free(redactor);
    return result;
}

/* ---- the whole ---- */

static amanat_result compile(struct preview *preview)
{
    static const struct policy_files_limits limits = {0};
    const size_t count = arguments_count(preview->arguments, "facts");
    const char **facts = arena_allocate_array(preview->arena, count, sizeof(*facts));
    struct ruleset_sources sources;
    TRY_MEMORY(facts);
    for (size_t i = 0; i < count; i++) {
        facts[i] = arguments_at(preview->arguments, "facts", i);
    }
    TRY(policy_files_read(preview->arguments->words[0], facts, count, &limits, preview->arena,
                          preview->diagnostics, &sources));
    return ruleset_compile(&sources, preview->diagnostics, &preview->ruleset);
}

static amanat_result run(struct preview *preview)
{
    TRY(compile(preview));
    TRY(read_request(preview));
    TRY(access_decide(preview->ruleset, &preview->request, preview->arena, &preview->decision));
    if (preview->decision.verdict != ACCESS_PERMITTED) {
        preview->problem = preview->decision.problem;
        return amanat_result_of(AMANAT_STATUS_REFUSED);
    }
    return print_answer(preview);
}

static void print_problem(const struct preview *preview)
{
    struct buffer text;
    buffer_init(&text, 65536);
    http_write_problem(&text, &preview->problem, (struct bytes){0});
    buffer_append_byte(&text, '\n');
    (void)fwrite(text.at, 1, text.length, stdout);
    buffer_clear(&text);
}

/* Nothing is printed before all of it is known: a body that turns out to be malformed must not
 * stand there half. */
static int run_and_print(struct preview *preview)
{
    char *answer = NULL;
    size_t length = 0;
    preview->out = open_memstream(&answer, &length);
    if (preview->out == NULL) {
        return COMMAND_EXIT_COULD_NOT;
    }
    const amanat_result result = run(preview);
    (void)fclose(preview->out);
    if (amanat_is_ok(result)) {
        (void)fwrite(answer, 1, length, stdout);
    } else if (result.status == AMANAT_STATUS_REFUSED) {
        print_problem(preview);
    }
    free(answer);
    report_diagnostics(preview->diagnostics, NULL, false);
    return report_exit_code(result);
}

int command_preview(int argc, char **argv)
{
    struct arguments arguments;
    int code = arguments_read(&form, argc, argv, &arguments);
    struct preview preview = {.arguments = &arguments,
                              .arena = arena_new(ARENA_LIMIT),
                              .diagnostics = amanat_diagnostics_new()};
    if (code < 0 && preview.arena != NULL && preview.diagnostics != NULL) {
        code = run_and_print(&preview);
    }
    ruleset_unref(preview.ruleset);
    amanat_diagnostics_free(preview.diagnostics);
    arena_free(preview.arena);
    arguments_clear(&arguments);
    return code < 0 ? COMMAND_EXIT_COULD_NOT : code;
}
