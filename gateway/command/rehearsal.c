/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An access from the command line; see rehearsal.h. What the proxy does is done by the same
 * functions here: parameters, need, decision, redaction.
 */
#include "gateway/command/rehearsal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "gateway/command/command.h"
#include "gateway/command/policy_files.h"
#include "gateway/command/rehearsal_answer.h"
#include "gateway/command/report.h"
#include "gateway/config/config.h"
#include "gateway/http/http.h"
#include "gateway/proxy/proxy.h"
#include "gateway/runtime/runtime.h"
#include "policy/base/base.h"
#include "policy/cedar/cedar.h"

#define ARENA_LIMIT ((size_t)1 << 30)
#define READ_SIZE   65536

static amanat_result fault(struct rehearsal *rehearsal, const char *option, const char *text)
{
    rehearsal->is_misused = true;
    amanat_diagnostics_add(rehearsal->diagnostics, AMANAT_SEVERITY_ERROR, "usage", "", 0, 0,
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

static amanat_result read_agent(struct rehearsal *rehearsal)
{
    const char *agent = arguments_get(rehearsal->arguments, "agent");
    if (agent == NULL ||
        !split(agent, '/', &rehearsal->request.partner, &rehearsal->request.agent) ||
        rehearsal->request.agent.length == 0) {
        return fault(rehearsal, "agent", "expected PARTNER/NAME");
    }
    return AMANAT_OK;
}

/* A value that is JSON is JSON; anything else is a text. */
static amanat_result read_claim_value(struct rehearsal *rehearsal, struct bytes text,
                                      const struct document **out)
{
    if (amanat_is_ok(document_from_json(rehearsal->arena, "", text, NULL, out))) {
        return AMANAT_OK;
    }
    struct document *string = ARENA_NEW(rehearsal->arena, struct document);
    TRY_MEMORY(string);
    string->kind = DOCUMENT_STRING;
    string->text = text;
    *out = string;
    return AMANAT_OK;
}

static amanat_result read_claims(struct rehearsal *rehearsal)
{
    const size_t count = arguments_count(rehearsal->arguments, "claim");
    struct access_claim *claims = arena_allocate_array(rehearsal->arena, count, sizeof(*claims));
    TRY_MEMORY(claims);
    for (size_t i = 0; i < count; i++) {
        struct bytes value;
        if (!split(arguments_at(rehearsal->arguments, "claim", i), '=', &claims[i].name, &value)) {
            return fault(rehearsal, "claim", "expected NAME=VALUE");
        }
        TRY(read_claim_value(rehearsal, value, &claims[i].value));
    }
    rehearsal->request.claims = claims;
    rehearsal->request.claim_count = count;
    return AMANAT_OK;
}

static amanat_result read_now(struct rehearsal *rehearsal)
{
    const char *now = arguments_get(rehearsal->arguments, "now");
    struct calendar_time time;
    if (now == NULL) {
        rehearsal->request.now = runtime_clock_wall(runtime_clock_real()) / 1000;
    } else if (calendar_parse(bytes_of_string(now), &time)) {
        rehearsal->request.now = calendar_milliseconds(&time);
    } else {
        return fault(rehearsal, "now", "expected a time as RFC 3339 has it: 2026-11-22T08:35:50Z");
    }
    return AMANAT_OK;
}

static amanat_result read_network(struct rehearsal *rehearsal)
{
    const char *address = arguments_get(rehearsal->arguments, "network");
    struct cedar_value value;
    rehearsal->request.address = address == NULL ? BYTES("127.0.0.1") : bytes_of_string(address);
    return cedar_ip_from_text(rehearsal->request.address, &value)
               ? AMANAT_OK
               : fault(rehearsal, "network", "expected an IP address");
}

static amanat_result read_key(struct rehearsal *rehearsal, const char *path, struct bytes *out)
{
    TRY(config_read_file(path, CONFIG_SECRET_SIZE, rehearsal->arena, rehearsal->diagnostics, out));
    return out->length == CONFIG_SECRET_SIZE
               ? AMANAT_OK
               : fault(rehearsal, "secrets", "a key must hold exactly 32 bytes");
}

static amanat_result check_status(struct rehearsal *rehearsal)
{
    const char *status = arguments_get(rehearsal->arguments, "status");
    const bool is_number =
        status == NULL || (strlen(status) == 3 && status[0] >= '1' && status[0] <= '5' &&
                           strspn(status, "0123456789") == 3);
    return is_number ? AMANAT_OK : fault(rehearsal, "status", "expected a status, 100 to 599");
}

static amanat_result read_secrets(struct rehearsal *rehearsal)
{
    const char *folder = arguments_get(rehearsal->arguments, "secrets");
    rehearsal->request.tokenize_key = BYTES(REHEARSAL_TOKENIZE_KEY);
    if (folder == NULL) {
        return AMANAT_OK;
    }
    const char *path = arena_format(rehearsal->arena, "%s/tokenize.key", folder);
    const char *previous = arena_format(rehearsal->arena, "%s/tokenize.previous.key", folder);
    TRY_MEMORY(path);
    TRY_MEMORY(previous);
    TRY(read_key(rehearsal, path, &rehearsal->request.tokenize_key));
    return access(previous, F_OK) == 0
               ? read_key(rehearsal, previous, &rehearsal->request.tokenize_previous)
               : AMANAT_OK;
}

static amanat_result read_need(struct rehearsal *rehearsal)
{
    const char *need = arguments_get(rehearsal->arguments, "need");
    const char *wrong =
        proxy_read_need(rehearsal->arena, bytes_of_string(need), &rehearsal->request.need);
    if (wrong != NULL) {
        rehearsal->problem =
            (struct problem){.name = PROBLEM_NEED, .detail = bytes_of_string(wrong)};
        return amanat_result_of(AMANAT_STATUS_REFUSED);
    }
    return AMANAT_OK;
}

/* Says which operation was probably meant: an administrator may know what there is. */
static amanat_result unknown_operation(struct rehearsal *rehearsal, struct bytes wanted)
{
    const struct catalogue *catalogue = ruleset_catalogue(rehearsal->ruleset);
    struct similar similar;
    similar_begin(&similar, wanted);
    for (size_t i = 0; i < catalogue->service_count; i++) {
        for (size_t k = 0; k < catalogue->services[i].operation_count; k++) {
            similar_offer(&similar, catalogue->services[i].operations[k].id);
        }
    }
    char hint[SIMILAR_HINT_SIZE];
    const char *text = arena_format(rehearsal->arena, "no service has this operation%s",
                                    similar_hint_of(&similar, hint));
    return fault(rehearsal, "operation", text == NULL ? "no such operation" : text);
}

static bool is_named(const struct catalogue_parameter *parameter, struct bytes name)
{
    return parameter->place == PARAMETER_IN_HEADER
               ? parameter->name.length == name.length &&
                     strncasecmp(parameter->name.at, name.at, name.length) == 0
               : bytes_equal(parameter->name, name);
}

/* A partner is not told what there is; the administrator is. */
static void tell_undeclared(const struct rehearsal *rehearsal,
                            const struct catalogue_operation *operation, struct bytes name)
{
    struct similar similar;
    similar_begin(&similar, name);
    for (size_t i = 0; i < operation->parameter_count; i++) {
        const struct catalogue_parameter *parameter = &operation->parameters[i];
        if (is_named(parameter, name)) {
            if (parameter->binding.owner != BINDING_NONE) {
                amanat_diagnostics_add(rehearsal->diagnostics, AMANAT_SEVERITY_WARNING,
                                       "undeclared", "", 0, 0,
                                       "--parameter: the gateway sets `%.*s` (`x-amanat-bind`), so "
                                       "nobody may send it",
                                       BYTES_PRINTF(parameter->name));
            }
            return;
        }
        similar_offer(&similar, operation->parameters[i].name);
    }
    char hint[SIMILAR_HINT_SIZE];
    amanat_diagnostics_add(rehearsal->diagnostics, AMANAT_SEVERITY_WARNING, "undeclared", "", 0, 0,
                           "--parameter: %.*s has no parameter `%.*s`%s",
                           BYTES_PRINTF(operation->id), BYTES_PRINTF(name),
                           similar_hint_of(&similar, hint));
}

static void tell_all_undeclared(const struct rehearsal *rehearsal, struct bytes id,
                                const struct catalogue_named_value *values, size_t count)
{
    const struct catalogue *catalogue = ruleset_catalogue(rehearsal->ruleset);
    for (size_t i = 0; i < catalogue->service_count; i++) {
        const struct catalogue_service *service = &catalogue->services[i];
        for (size_t k = 0; k < service->operation_count; k++) {
            for (size_t j = 0; bytes_equal(service->operations[k].id, id) && j < count; j++) {
                tell_undeclared(rehearsal, &service->operations[k], values[j].name);
            }
        }
    }
}

static amanat_result read_call(struct rehearsal *rehearsal)
{
    const char *operation = arguments_get(rehearsal->arguments, "operation");
    const size_t count = arguments_count(rehearsal->arguments, "parameter");
    struct catalogue_named_value *values =
        arena_allocate_array(rehearsal->arena, count, sizeof(*values));
    TRY_MEMORY(values);
    if (operation == NULL) {
        return fault(rehearsal, "operation", "expected an operationId");
    }
    for (size_t i = 0; i < count; i++) {
        if (!split(arguments_at(rehearsal->arguments, "parameter", i), '=', &values[i].name,
                   &values[i].value)) {
            return fault(rehearsal, "parameter", "expected NAME=VALUE");
        }
    }
    rehearsal->request.call = &rehearsal->call;
    const amanat_result result = catalogue_call_operation(
        ruleset_catalogue(rehearsal->ruleset), bytes_of_string(operation), values, count,
        rehearsal->arena, &rehearsal->call, &rehearsal->problem);
    if (result.status == AMANAT_STATUS_REFUSED && rehearsal->problem.name == PROBLEM_UNDECLARED) {
        tell_all_undeclared(rehearsal, bytes_of_string(operation), values, count);
    }
    return result.status == AMANAT_STATUS_REFUSED && rehearsal->problem.name == PROBLEM_NOT_FOUND
               ? unknown_operation(rehearsal, bytes_of_string(operation))
               : result;
}

static amanat_result read_request(struct rehearsal *rehearsal)
{
    rehearsal->request.has_certificate = true;
    rehearsal->request.has_token = true;
    TRY(read_agent(rehearsal));
    TRY(read_claims(rehearsal));
    TRY(read_now(rehearsal));
    TRY(read_network(rehearsal));
    TRY(check_status(rehearsal));
    TRY(read_secrets(rehearsal));
    TRY(read_call(rehearsal));
    return read_need(rehearsal);
}

/* ---- the answer ---- */

static amanat_result print_window(void *context, const struct redact_window *window)
{
    FILE *out = context;
    const struct bytes bytes = window->bytes.bytes;
    return fwrite(bytes.at, 1, bytes.length, out) == bytes.length
               ? AMANAT_OK
               : amanat_result_of(AMANAT_STATUS_IO);
}

static amanat_result feed_file(struct rehearsal *rehearsal, FILE *file, struct redactor *redactor)
{
    char bytes[READ_SIZE];
    size_t length = 0;
    while ((length = fread(bytes, 1, sizeof(bytes), file)) > 0) {
        TRY(redactor_feed(redactor, (struct undisclosed_bytes){bytes_of(bytes, length)}));
    }
    if (ferror(file) != 0) {
        return amanat_result_of(AMANAT_STATUS_IO);
    }
    return rehearsal_finish_answer(redactor, &rehearsal->problem);
}

static amanat_result read_answer(struct rehearsal *rehearsal, const char *path,
                                 struct redactor *redactor)
{
    const bool is_standard_input = strcmp(path, "-") == 0;
    FILE *file = is_standard_input ? stdin : fopen(path, "rb");
    if (file == NULL) {
        amanat_diagnostics_add(rehearsal->diagnostics, AMANAT_SEVERITY_ERROR, "cannot-read",
                               policy_files_given(rehearsal->arena, path), 0, 0,
                               "cannot be read: %s", strerror(errno));
        return amanat_result_of(AMANAT_STATUS_IO);
    }
    amanat_result result = feed_file(rehearsal, file, redactor);
    if (!is_standard_input) {
        (void)fclose(file);
    }
    if (result.status == AMANAT_STATUS_PEER_FAULT) {
        const char *source =
            is_standard_input ? "(standard input)" : policy_files_given(rehearsal->arena, path);
        amanat_diagnostics_add(rehearsal->diagnostics, AMANAT_SEVERITY_ERROR, "body", source, 0, 0,
                               "the service's answer would be refused: %s",
                               redact_fault_name(redactor_fault(redactor)));
        rehearsal->problem = (struct problem){.name = PROBLEM_UPSTREAM};
        result = amanat_result_of(AMANAT_STATUS_REFUSED);
    }
    return result;
}

unsigned rehearsal_status(const struct rehearsal *rehearsal)
{
    const char *status = arguments_get(rehearsal->arguments, "status");
    return status == NULL ? 200 : (unsigned)strtoul(status, NULL, 10);
}

amanat_result rehearsal_redact(struct rehearsal *rehearsal, const struct plan *plan,
                               const char *path, FILE *out)
{
    const char *type = arguments_get(rehearsal->arguments, "type");
    const struct rehearsal_answer answer = {.operation = rehearsal->call.operation,
                                            .plan = plan,
                                            .status = rehearsal_status(rehearsal),
                                            .media_type = type == NULL ? BYTES("application/json")
                                                                       : bytes_of_string(type),
                                            .on_window = print_window,
                                            .context = out};
    struct redactor *redactor = NULL;
    amanat_result result = rehearsal_begin_answer(&answer, &rehearsal->problem, &redactor);
    if (amanat_is_ok(result) && redactor != NULL) {
        result = read_answer(rehearsal, path, redactor);
    }
    redactor_free(redactor);
    return result;
}

/* ---- the whole ---- */

amanat_result rehearsal_prepare(struct rehearsal *rehearsal)
{
    TRY(policy_files_compile(rehearsal->arguments, rehearsal->arguments->words[0], rehearsal->arena,
                             rehearsal->diagnostics, &rehearsal->ruleset));
    return read_request(rehearsal);
}

amanat_result rehearsal_init(struct rehearsal *rehearsal, const struct arguments *arguments)
{
    *rehearsal = (struct rehearsal){.arguments = arguments,
                                    .arena = arena_new(ARENA_LIMIT),
                                    .diagnostics = amanat_diagnostics_new()};
    TRY_MEMORY(rehearsal->arena);
    TRY_MEMORY(rehearsal->diagnostics);
    return AMANAT_OK;
}

int rehearsal_conclude(const struct rehearsal *rehearsal, amanat_result result)
{
    const bool has_answer = amanat_is_ok(result) || result.status == AMANAT_STATUS_REFUSED;
    report_no_answer(rehearsal->arguments->json && !has_answer, rehearsal->diagnostics,
                     rehearsal->arguments->words[0]);
    return rehearsal->is_misused ? COMMAND_EXIT_USAGE : report_exit_code(result);
}

void rehearsal_clear(struct rehearsal *rehearsal)
{
    ruleset_unref(rehearsal->ruleset);
    amanat_diagnostics_free(rehearsal->diagnostics);
    arena_free(rehearsal->arena);
}
