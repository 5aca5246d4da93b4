/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `amanat serve amanat.yaml`: puts the gateway together, prints its listeners and `ready`, and runs
 * the control thread: signals, reload, anchors, metrics. SIGTERM: running accesses end, the trail
 * is closed, exit 0. SIGHUP: a new generation, or none.
 */
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>

#include "gateway/command/arguments.h"
#include "gateway/command/command.h"
#include "gateway/command/policy_files.h"
#include "gateway/command/report.h"
#include "gateway/command/serve_metrics.h"
#include "gateway/config/config.h"
#include "gateway/ledger/ledger.h"
#include "gateway/proxy/proxy.h"
#include "policy/base/base.h"

#define POST_LIMIT 4096
/* Each entry names the digest of each: more would not fit an entry of 8 KiB. */
#define FACTS_LIMIT 64

static const struct arguments_option options[] = {
    {"acknowledge-clock", NULL, "the clock is right although it stepped since the last entry",
     false},
    {0}};

static const struct arguments_form form = {.words = "amanat.yaml",
                                           .least_words = 1,
                                           .most_words = 1,
                                           .about = "Runs the gateway.",
                                           .options = options};

struct serve {
    const struct arguments *arguments;
    struct amanat_diagnostics *diagnostics;
    struct runtime_log log;
    struct proxy_names names;
    struct runtime_loop *loop; /* of the control thread */
    struct runtime_signals *signals;
    struct runtime_metrics *metrics;
    struct serve_metrics *metrics_server;
    struct trail *trail;
    struct ledger *ledger;
    struct proxy *proxy;
};

/* ---- alarms ---- */

static void trail_alarm(void *context, enum trail_alarm alarm, const char *text)
{
    static const char *const names[] = {"trail-write-failed",   "trail-disk-full",
                                        "trail-reserve-in-use", "trail-resumed",
                                        "trail-clock-step",     "trail-checkpoint-failed"};
    const struct serve *serve = context;
    runtime_log_event(&serve->log,
                      alarm == TRAIL_ALARM_RESUMED ? RUNTIME_LOG_NOTICE : RUNTIME_LOG_ERROR,
                      names[alarm], runtime_log_text("text", text));
}

static void ledger_alarm(void *context, enum ledger_alarm alarm, const char *anchor,
                         const char *text)
{
    static const struct {
        const char *event;
        enum runtime_log_level level;
    } rows[] = {
        [LEDGER_ALARM_WARN] = {"anchor-late", RUNTIME_LOG_WARNING},
        [LEDGER_ALARM_OVERDUE] = {"anchor-overdue", RUNTIME_LOG_ERROR},
        [LEDGER_ALARM_RECOVERED] = {"anchor-recovered", RUNTIME_LOG_NOTICE},
        [LEDGER_ALARM_CONFIGURATION] = {"anchor-configuration", RUNTIME_LOG_ERROR},
        [LEDGER_ALARM_ROLLED_BACK] = {"anchor-rolled-back", RUNTIME_LOG_ERROR},
        [LEDGER_ALARM_FORKED] = {"anchor-forked", RUNTIME_LOG_ERROR},
    };
    const struct serve *serve = context;
    runtime_log_event(&serve->log, rows[alarm].level, rows[alarm].event,
                      runtime_log_text("anchor", anchor), runtime_log_text("text", text));
}

static bool ledger_may_serve(void *context)
{
    return ledger_allows(context);
}

/* ---- from files to a generation ---- */

static amanat_result compile_ruleset(const struct config *config,
                                     struct amanat_diagnostics *diagnostics, struct ruleset **out)
{
    const struct policy_files_limits limits = {.folder = (size_t)config->limits.policy_bytes,
                                               .fact = (size_t)config->limits.facts_bytes};
    struct ruleset_sources sources;
    struct arena *arena = arena_new((size_t)1 << 30);
    TRY_MEMORY(arena);
    amanat_result result =
        policy_files_read(config->policies, config->facts.items, config->facts.count, &limits,
                          arena, diagnostics, &sources);
    if (amanat_is_ok(result)) {
        result = ruleset_compile(&sources, diagnostics, out);
    }
    arena_free(arena);
    return result;
}

static amanat_result store_ruleset(struct serve *serve, const struct ruleset *ruleset,
                                   struct amanat_diagnostics *diagnostics, struct trail_digest *out)
{
    const struct ruleset_sources *sources = ruleset_sources(ruleset);
    struct trail_file *files = calloc(sources->folder_count + 1, sizeof(*files));
    TRY_MEMORY(files);
    for (size_t i = 0; i < sources->folder_count; i++) {
        files[i] = (struct trail_file){sources->folder[i].path, sources->folder[i].text};
    }
    const amanat_result result =
        trail_store_ruleset(serve->trail, files, sources->folder_count, diagnostics, out);
    free(files);
    return result;
}

static void digest_facts(const struct ruleset *ruleset, struct trail_digest *digests)
{
    const struct ruleset_sources *sources = ruleset_sources(ruleset);
    for (size_t i = 0; i < sources->facts_count; i++) {
        (void)SHA256((const unsigned char *)sources->facts[i].text.at,
                     sources->facts[i].text.length, digests[i].at);
    }
}

/* A ruleset's bytes are stored before its `policy` entry says that it took effect; no store, no
 * reload (invariant 7). */
static amanat_result record_ruleset(struct serve *serve, const struct proxy_generation_parts *parts)
{
    struct buffer lines;
    struct trail_salt salt;
    const struct trail_policy policy = {.ruleset = parts->ruleset_digest,
                                        .facts = parts->facts_digests,
                                        .facts_count = parts->facts_count,
                                        .policy_count = ruleset_policy_count(parts->ruleset)};
    TRY(runtime_random_fill(runtime_random_real(), salt.at, sizeof(salt.at)));
    buffer_init(&lines, (size_t)4 * TRAIL_ENTRY_LIMIT);
    amanat_result result = trail_entry_append_policy(&lines, &policy, &salt);
    if (amanat_is_ok(result)) {
        const struct trail_submission submission = {.class = TRAIL_CLASS_OTHER,
                                                    .lines = buffer_bytes(&lines)};
        result = trail_submit_and_wait(serve->trail, &submission, NULL);
    }
    buffer_clear(&lines);
    return result;
}

/* Takes `config` and `ruleset` over. */
static amanat_result make_generation(struct serve *serve, struct config *config,
                                     struct ruleset *ruleset,
                                     struct amanat_diagnostics *diagnostics,
                                     struct proxy_generation **out)
{
    struct trail_digest facts[FACTS_LIMIT];
    struct proxy_generation_parts parts = {.config = config,
                                           .ruleset = ruleset,
                                           .facts_digests = facts,
                                           .facts_count = ruleset_sources(ruleset)->facts_count};
    struct proxy_generation *generation = NULL;
    amanat_result result = amanat_result_of(AMANAT_STATUS_LIMIT);
    if (parts.facts_count > FACTS_LIMIT) {
        amanat_diagnostics_add(diagnostics, AMANAT_SEVERITY_ERROR, "facts", config->source, 0, 0,
                               "there are more than %d files of facts", FACTS_LIMIT);
    } else {
        digest_facts(ruleset, facts);
        result = store_ruleset(serve, ruleset, diagnostics, &parts.ruleset_digest);
    }
    if (!amanat_is_ok(result)) {
        config_free(config);
        ruleset_unref(ruleset);
        return result;
    }
    TRY(proxy_generation_new(&parts, diagnostics, &generation));
    result = record_ruleset(serve, &parts);
    if (!amanat_is_ok(result)) {
        amanat_diagnostics_add(diagnostics, AMANAT_SEVERITY_ERROR, "trail",
                               proxy_generation_config(generation)->trail.folder, 0, 0,
                               "the ruleset could not be recorded in the trail (%s), so it does "
                               "not take effect",
                               amanat_status_name(result.status));
        proxy_generation_unref(generation);
        return result;
    }
    *out = generation;
    return AMANAT_OK;
}

/* ---- reload ---- */

static amanat_result load_generation(struct serve *serve, struct amanat_diagnostics *diagnostics,
                                     struct proxy_generation **out)
{
    struct config *config = NULL;
    struct ruleset *ruleset = NULL;
    TRY(config_load(serve->arguments->words[0], CONFIG_TO_SERVE, diagnostics, &config));
    amanat_result result = config_check_listeners(config, diagnostics);
    if (amanat_is_ok(result)) {
        result = compile_ruleset(config, diagnostics, &ruleset);
    }
    if (!amanat_is_ok(result)) {
        config_free(config);
        return result;
    }
    return make_generation(serve, config, ruleset, diagnostics, out);
}

static void reload(void *context)
{
    struct serve *serve = context;
    struct amanat_diagnostics *diagnostics = amanat_diagnostics_new();
    struct proxy_generation *generation = NULL;
    amanat_result result = load_generation(serve, diagnostics, &generation);
    if (amanat_is_ok(result)) {
        result = proxy_reload(serve->proxy, generation);
        proxy_generation_unref(generation);
    }
    if (diagnostics != NULL) {
        report_diagnostics(diagnostics, NULL, false);
    }
    if (amanat_is_ok(result)) {
        runtime_log_event(&serve->log, RUNTIME_LOG_NOTICE, "reloaded",
                          runtime_log_text("file", serve->arguments->words[0]));
    } else {
        runtime_log_event(&serve->log, RUNTIME_LOG_ERROR, "reload-refused",
                          runtime_log_text("reason", amanat_status_name(result.status)),
                          runtime_log_text("text", "continuing with the ruleset in force"));
    }
    amanat_diagnostics_free(diagnostics);
}

static void terminate(void *context)
{
    const struct serve *serve = context;
    runtime_loop_stop(serve->loop);
}

/* ---- start ---- */

static amanat_result read_trail_key(const char *path, struct amanat_diagnostics *diagnostics,
                                    EVP_PKEY **out)
{
    FILE *file = fopen(path, "rb");
    EVP_PKEY *key = file == NULL ? NULL : PEM_read_PrivateKey(file, NULL, NULL, NULL);
    if (file != NULL) {
        (void)fclose(file);
    }
    if (key == NULL) {
        amanat_diagnostics_add(diagnostics, AMANAT_SEVERITY_ERROR, "trail-key", path, 0, 0,
                               "it is no readable private key in PEM form");
        return amanat_result_of(AMANAT_STATUS_CONFIG_FAULT);
    }
    *out = key;
    return AMANAT_OK;
}

static amanat_result open_trail(struct serve *serve, const struct config *config)
{
    EVP_PKEY *key = NULL;
    TRY(read_trail_key(config->trail.key, serve->diagnostics, &key));
    const struct trail_options trail_options = {
        .folder = config->trail.folder,
        .origin = config->trail.origin,
        .key = key,
        .floor = config->trail.floor,
        .alarm = trail_alarm,
        .alarm_context = serve,
        .refusal_reasons = serve->names.reasons,
        .refusal_reason_count = PROXY_REASON_COUNT,
        .acknowledge_clock = arguments_count(serve->arguments, "acknowledge-clock") > 0,
        .queue_entries_limit = (size_t)config->limits.trail_entries,
        .queue_bytes_limit = (size_t)config->limits.trail_bytes,
        .queue_deadline_ms = (unsigned)(config->limits.trail_deadline / 1000),
        .reserve_bytes = (size_t)config->limits.trail_reserve_bytes};
    amanat_result result = trail_open(&trail_options, serve->diagnostics, &serve->trail);
    EVP_PKEY_free(key);
    TRY(result);
    return trail_start(serve->trail);
}

static amanat_result make_ledger(struct serve *serve, const struct config *config)
{
    const struct ledger_options ledger_options = {.loop = serve->loop,
                                                  .trail = serve->trail,
                                                  .anchors = config->ledger.items,
                                                  .anchor_count = config->ledger.count,
                                                  .alarm = ledger_alarm,
                                                  .alarm_context = serve};
    return ledger_new(&ledger_options, serve->diagnostics, &serve->ledger);
}

static amanat_result make_proxy(struct serve *serve, struct proxy_generation *generation)
{
    const struct config *config = proxy_generation_config(generation);
    TRY(runtime_metrics_new(serve->names.metrics, PROXY_METRIC_ROWS,
                            (unsigned)config->limits.workers, &serve->metrics));
    const struct proxy_options proxy_options = {.generation = generation,
                                                .trail = serve->trail,
                                                .clock = runtime_clock_real(),
                                                .random = runtime_random_real(),
                                                .log = &serve->log,
                                                .metrics = serve->metrics,
                                                .may_serve = ledger_may_serve,
                                                .may_serve_context = serve->ledger};
    TRY(proxy_new(&proxy_options, serve->diagnostics, &serve->proxy));
    if (config->metrics.text != NULL) {
        TRY(serve_metrics_new(serve->loop, config->metrics.text, serve->metrics, serve->trail,
                              serve->ledger, serve->diagnostics, &serve->metrics_server));
    }
    return AMANAT_OK;
}

static void print_listeners(const struct serve *serve, const struct config *config)
{
    char text[HTTP_ADDRESS_TEXT_SIZE];
    for (size_t i = 0; i < config->listen.count; i++) {
        const struct http_address address = proxy_listener(serve->proxy, i);
        http_address_text(&address, text);
        (void)printf("listening %s\n", text);
    }
    if (serve->metrics_server != NULL) {
        const struct http_address address = serve_metrics_listener(serve->metrics_server);
        http_address_text(&address, text);
        (void)printf("metrics %s\n", text);
    }
    (void)printf("ready\n");
    (void)fflush(stdout);
}

static amanat_result start(struct serve *serve, struct proxy_generation **generation)
{
    struct config *config = NULL;
    struct ruleset *ruleset = NULL;
    const struct runtime_signals_handler handler = {
        .on_terminate = terminate, .on_reload = reload, .context = serve};
    TRY(config_load(serve->arguments->words[0], CONFIG_TO_SERVE, serve->diagnostics, &config));
    amanat_result result = config_check_listeners(config, serve->diagnostics);
    if (amanat_is_ok(result)) {
        result = compile_ruleset(config, serve->diagnostics, &ruleset);
    }
    if (amanat_is_ok(result)) {
        result = open_trail(serve, config);
    }
    if (!amanat_is_ok(result)) {
        ruleset_unref(ruleset);
        config_free(config);
        return result;
    }
    TRY(make_generation(serve, config, ruleset, serve->diagnostics, generation));
    TRY(make_ledger(serve, proxy_generation_config(*generation)));
    TRY(make_proxy(serve, *generation));
    TRY(runtime_signals_new(serve->loop, &handler, &serve->signals));
    return proxy_start(serve->proxy);
}

static void stop(struct serve *serve)
{
    if (serve->proxy != NULL) {
        proxy_stop(serve->proxy);
    }
    serve_metrics_free(serve->metrics_server);
    proxy_free(serve->proxy);
    ledger_free(serve->ledger);
    trail_close(serve->trail);
    runtime_signals_free(serve->signals);
    runtime_metrics_free(serve->metrics);
}

static amanat_result run(struct serve *serve)
{
    struct proxy_generation *generation = NULL;
    TRY(runtime_loop_new(POST_LIMIT, &serve->loop));
    amanat_result result = start(serve, &generation);
    report_diagnostics(serve->diagnostics, NULL, false);
    if (amanat_is_ok(result)) {
        print_listeners(serve, proxy_generation_config(generation));
        result = runtime_loop_run(serve->loop);
    }
    stop(serve);
    proxy_generation_unref(generation);
    runtime_loop_free(serve->loop);
    return result;
}

int command_serve(int argc, char **argv)
{
    struct arguments arguments;
    struct serve serve = {
        .arguments = &arguments,
        .diagnostics = amanat_diagnostics_new(),
        .log = {.clock = runtime_clock_real(), .level = RUNTIME_LOG_NOTICE, .descriptor = 2}};
    int code = arguments_read(&form, argc, argv, &arguments);
    proxy_names_init(&serve.names);
    if (code < 0 && serve.diagnostics != NULL) {
        code = report_exit_code(run(&serve));
    }
    amanat_diagnostics_free(serve.diagnostics);
    arguments_clear(&arguments);
    return code < 0 ? COMMAND_EXIT_COULD_NOT : code;
}
