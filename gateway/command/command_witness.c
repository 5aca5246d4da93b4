/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `amanat witness witness.yaml`: cosigns other logs' checkpoints (C2SP tlog-witness). The local
 * ledger beside a gateway, and what partners, regulators and auditors run.
 *
 *   listen: 127.0.0.1:8480            port 0 picks one
 *   prefix: ""                        or "/witness"
 *   name: ledger.example/lahore       in the cosignatures
 *   key: witness.pem                  Ed25519, PEM
 *   folder: witness/                  everything it keeps
 *   origins:
 *     - {origin: audit.example/lahore-1, vkey: lahore-1.vkey}
 *
 * Paths are relative to the file. Prints `listening ADDRESS`, `vkey KEY`, then `ready`.
 */
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "gateway/command/arguments.h"
#include "gateway/command/command.h"
#include "gateway/command/report.h"
#include "gateway/ledger/ledger.h"
#include "gateway/runtime/runtime.h"
#include "policy/base/base.h"

#define CONFIG_LIMIT (1u << 20)
#define LOG_LIMIT    1024u
#define POST_LIMIT   1024u

static const struct arguments_option options[] = {{0}};

static const struct arguments_form form = {.words = "WITNESS.YAML",
                                           .least_words = 1,
                                           .most_words = 1,
                                           .about = "Cosigns other gateways' checkpoints.",
                                           .options = options};

/* What the file says; everything lives in the arena. */
struct settings {
    const char *path;
    struct arena *arena;
    struct amanat_diagnostics *diagnostics;
    const char *listen;
    const char *prefix;
    const char *name;
    const char *key;
    const char *folder;
    struct witness_log_options *logs;
    size_t log_count;
};

static amanat_result fault_at(const struct settings *settings, const struct document *at,
                              const char *text)
{
    amanat_diagnostics_add(settings->diagnostics, AMANAT_SEVERITY_ERROR, "witness-config",
                           settings->path, at == NULL ? 0 : at->line, at == NULL ? 0 : at->column,
                           "%s", text);
    return amanat_result_of(AMANAT_STATUS_CONFIG_FAULT);
}

static bool is_one_of(struct bytes key, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (bytes_equal_string(key, names[i])) {
            return true;
        }
    }
    return false;
}

static amanat_result check_keys(const struct settings *settings, const struct document *object,
                                const char *const *names, size_t count)
{
    if (object->kind != DOCUMENT_OBJECT) {
        return fault_at(settings, object, "expected keys and values here");
    }
    for (size_t i = 0; i < object->count; i++) {
        if (!is_one_of(object->members[i].key, names, count)) {
            amanat_diagnostics_add(settings->diagnostics, AMANAT_SEVERITY_ERROR, "witness-config",
                                   settings->path, object->members[i].line,
                                   object->members[i].column, "unknown key `%.*s`",
                                   BYTES_PRINTF(object->members[i].key));
            return amanat_result_of(AMANAT_STATUS_CONFIG_FAULT);
        }
    }
    return AMANAT_OK;
}

static amanat_result read_text(const struct settings *settings, const struct document *object,
                               const char *key, const char *otherwise, const char **out)
{
    const struct document *value = document_get(object, key);
    char text[128];

    if (value == NULL && otherwise != NULL) {
        *out = otherwise;
        return AMANAT_OK;
    }
    if (value == NULL || value->kind != DOCUMENT_STRING || value->text.length == 0 ||
        bytes_find(value->text, '\0') != value->text.length) {
        (void)snprintf(text, sizeof(text), "`%s` is missing or no text", key);
        return fault_at(settings, value == NULL ? object : value, text);
    }
    *out = arena_format(settings->arena, "%.*s", BYTES_PRINTF(value->text));
    TRY_MEMORY(*out);
    return AMANAT_OK;
}

/* Relative to the file's folder. */
static amanat_result read_path(const struct settings *settings, const struct document *object,
                               const char *key, const char **out)
{
    const char *slash = strrchr(settings->path, '/');
    const char *text = NULL;

    TRY(read_text(settings, object, key, NULL, &text));
    if (text[0] != '/' && slash != NULL) {
        text = arena_format(settings->arena, "%.*s%s", (int)(slash + 1 - settings->path),
                            settings->path, text);
        TRY_MEMORY(text);
    }
    *out = text;
    return AMANAT_OK;
}

static amanat_result check_origin(const struct settings *settings, const struct document *log,
                                  const char *path)
{
    const char *origin = NULL;
    struct note_vkey vkey;
    struct buffer text;

    TRY(read_text(settings, log, "origin", NULL, &origin));
    buffer_init(&text, 4096);
    amanat_result result = files_read_whole(files_system(), path, &text, NULL);
    if (!amanat_is_ok(result) || !amanat_is_ok(note_parse_vkey(buffer_bytes(&text), &vkey))) {
        result = fault_at(settings, document_get(log, "vkey"), "this file is no verifier key");
    } else if (strcmp(vkey.name, origin) != 0) {
        result = fault_at(settings, document_get(log, "origin"),
                          "the verifier key is of another origin");
    }
    buffer_clear(&text);
    return result;
}

static amanat_result read_logs(struct settings *settings, const struct document *logs)
{
    static const char *const names[] = {"origin", "vkey"};

    if (logs == NULL || logs->kind != DOCUMENT_ARRAY || logs->count > LOG_LIMIT) {
        return fault_at(settings, logs, "`logs` is a list of {origin, vkey}");
    }
    settings->logs = arena_allocate_array(settings->arena, logs->count, sizeof(*settings->logs));
    TRY_MEMORY(settings->logs);
    for (size_t i = 0; i < logs->count; i++) {
        TRY(check_keys(settings, &logs->items[i], names, 2));
        TRY(read_path(settings, &logs->items[i], "vkey", &settings->logs[i].vkey));
        TRY(check_origin(settings, &logs->items[i], settings->logs[i].vkey));
        settings->log_count = i + 1;
    }
    return AMANAT_OK;
}

static amanat_result read_settings(struct settings *settings)
{
    static const char *const names[] = {"listen", "prefix", "name", "key", "folder", "origins"};
    const struct document *document = NULL;
    struct buffer text;

    buffer_init(&text, CONFIG_LIMIT);
    amanat_result result = files_read_whole(files_system(), settings->path, &text, NULL);
    if (!amanat_is_ok(result)) {
        result = fault_at(settings, NULL, "cannot read this file");
        result = amanat_result_of(AMANAT_STATUS_IO);
    } else {
        result = document_from_yaml(settings->arena, settings->path, buffer_bytes(&text),
                                    settings->diagnostics, &document);
    }
    buffer_clear(&text);
    TRY(result);
    TRY(check_keys(settings, document, names, sizeof(names) / sizeof(names[0])));
    TRY(read_text(settings, document, "listen", NULL, &settings->listen));
    TRY(read_text(settings, document, "prefix", "", &settings->prefix));
    TRY(read_text(settings, document, "name", NULL, &settings->name));
    TRY(read_path(settings, document, "key", &settings->key));
    TRY(read_path(settings, document, "folder", &settings->folder));
    while (strlen(settings->folder) > 1 && settings->folder[strlen(settings->folder) - 1] == '/') {
        settings->folder = arena_format(settings->arena, "%.*s", (int)strlen(settings->folder) - 1,
                                        settings->folder);
        TRY_MEMORY(settings->folder);
    }
    return read_logs(settings, document_get(document, "origins"));
}

static amanat_result read_key(const struct settings *settings, EVP_PKEY **out)
{
    struct stat status;
    FILE *file = fopen(settings->key, "rb");
    EVP_PKEY *key = NULL;

    if (file != NULL && fstat(fileno(file), &status) == 0 && (status.st_mode & 0077) == 0) {
        key = PEM_read_PrivateKey(file, NULL, NULL, NULL);
    }
    if (file != NULL) {
        (void)fclose(file);
    }
    if (key == NULL) {
        amanat_diagnostics_add(settings->diagnostics, AMANAT_SEVERITY_ERROR, "witness-key",
                               settings->key, 0, 0,
                               "a private key in PEM form that only its owner can read is needed");
        return amanat_result_of(AMANAT_STATUS_CONFIG_FAULT);
    }
    *out = key;
    return AMANAT_OK;
}

/* ---- running ---- */

static void terminate(void *context)
{
    runtime_loop_stop(context);
}

static void ignore_reload(void *context)
{
    (void)context;
}

static void print_ready(const struct witness *witness, const struct witness_server *server)
{
    char address[HTTP_ADDRESS_TEXT_SIZE];
    const struct http_address listener = witness_server_listener(server);

    http_address_text(&listener, address);
    (void)printf("listening %s\nvkey %s\nready\n", address, witness_vkey(witness));
    (void)fflush(stdout);
}

static amanat_result serve(const struct settings *settings, struct witness *witness)
{
    struct runtime_loop *loop = NULL;
    struct runtime_signals *signals = NULL;
    struct witness_server *server = NULL;

    TRY(runtime_loop_new(POST_LIMIT, &loop));
    const struct runtime_signals_handler handler = {
        .on_terminate = terminate, .on_reload = ignore_reload, .context = loop};
    amanat_result result = runtime_signals_new(loop, &handler, &signals);
    if (amanat_is_ok(result)) {
        result = witness_server_new(loop, witness, settings->listen, settings->prefix,
                                    settings->diagnostics, &server);
    }
    if (amanat_is_ok(result)) {
        print_ready(witness, server);
        result = runtime_loop_run(loop);
    }
    witness_server_free(server);
    runtime_signals_free(signals);
    runtime_loop_free(loop);
    return result;
}

static amanat_result run(struct settings *settings)
{
    EVP_PKEY *key = NULL;
    struct witness *witness = NULL;

    TRY(read_settings(settings));
    TRY(read_key(settings, &key));
    const struct witness_options witness_options = {.name = settings->name,
                                                    .folder = settings->folder,
                                                    .key = key,
                                                    .logs = settings->logs,
                                                    .log_count = settings->log_count};
    amanat_result result = witness_open(&witness_options, settings->diagnostics, &witness);
    EVP_PKEY_free(key);
    if (amanat_is_ok(result)) {
        result = serve(settings, witness);
        witness_close(witness);
    }
    return result;
}

int command_witness(int argc, char **argv)
{
    struct arguments arguments;
    int code = arguments_read(&form, argc, argv, &arguments);

    if (code < 0) {
        struct settings settings = {.path = arguments.words[0],
                                    .arena = arena_new(4u << 20),
                                    .diagnostics = amanat_diagnostics_new()};
        const amanat_result result =
            settings.arena == NULL ? amanat_result_of(AMANAT_STATUS_MEMORY) : run(&settings);
        report_diagnostics(settings.diagnostics, NULL, false);
        code = amanat_is_ok(result) ? COMMAND_EXIT_YES : report_exit_code(result);
        amanat_diagnostics_free(settings.diagnostics);
        arena_free(settings.arena);
    }
    arguments_clear(&arguments);
    return code;
}
