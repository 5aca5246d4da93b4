/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Workers: each has a thread, a loop, a server at every listener (SO_REUSEPORT), a pool of
 * connections and a cache of tokens. They share the ruleset (immutable) and the trail (made for
 * it), nothing else. What the control thread wants of a worker it posts to the worker's loop.
 */
#include "gateway/proxy/proxy.h"

#include <stdlib.h>

#include "gateway/proxy/exchange.h"
#include "policy/base/base.h"

/* Tasks that other threads may have posted to a worker: completions of the trail come with memory
 * of their own. */
#define POST_LIMIT 65536

/* ---- counting ---- */

void proxy_worker_count(struct proxy_worker *worker, enum proxy_metric metric, size_t value,
                        int64_t amount)
{
    runtime_metrics_add(worker->proxy->metrics, worker->index, metric, value, amount);
}

void proxy_worker_count_refusal(struct proxy_worker *worker, size_t reason)
{
    proxy_worker_count(worker, PROXY_METRIC_REFUSALS, reason, 1);
    trail_count_refused(worker->proxy->trail, reason);
}

/* ---- a worker's end ---- */

static void end_if_idle(struct proxy_worker *worker)
{
    if (worker->server_stopped && worker->exchanges == 0) {
        runtime_timer_stop(worker->drain);
        runtime_loop_stop(worker->loop);
    }
}

void proxy_worker_exchange_ended(struct proxy_worker *worker)
{
    worker->exchanges--;
    end_if_idle(worker);
}

static void server_is_stopped(void *context)
{
    struct proxy_worker *worker = context;
    worker->server_stopped = true;
    end_if_idle(worker);
}

/* Running accesses had their time: what is still open is broken off, and its entries say so. */
static void drain_is_over(void *context)
{
    struct proxy_worker *worker = context;
    runtime_log_event(worker->proxy->log, RUNTIME_LOG_WARNING, "drain-timeout",
                      runtime_log_number("worker", worker->index),
                      runtime_log_number("exchanges", (int64_t)worker->exchanges));
    http_server_free(worker->server);
    worker->server = NULL;
    server_is_stopped(worker);
}

static void stop_worker(void *context)
{
    struct proxy_worker *worker = context;
    if (worker->stopping) {
        return;
    }
    worker->stopping = true;
    http_server_stop(worker->server, server_is_stopped, worker);
    if (!amanat_is_ok(
            runtime_timer_start(worker->drain, worker->generation->config->limits.drain_timeout))) {
        drain_is_over(worker);
    }
}

/* ---- a worker's generation ---- */

struct change_over {
    struct runtime_task task;
    struct change_over *next; /* while it is made */
    struct proxy_worker *worker;
    struct proxy_generation *generation;
};

static void adopt_generation(struct proxy_worker *worker, struct proxy_generation *generation)
{
    proxy_generation_unref(worker->generation);
    worker->generation = generation;
    http_server_set_tls(worker->server, generation->tls);
    upstream_pool_keep_only(worker->pool, generation);
}

static void change_over(void *context)
{
    struct change_over *change = context;
    if (change->worker->server != NULL) {
        adopt_generation(change->worker, change->generation);
    } else {
        proxy_generation_unref(change->generation);
    }
    free(change);
}

/* One for each worker, or none: a reload never half-applies (design 4.7). */
static struct change_over *make_changes(struct proxy *proxy, struct proxy_generation *generation)
{
    struct change_over *changes = NULL;
    for (size_t i = 0; i < proxy->worker_count; i++) {
        struct change_over *change = calloc(1, sizeof(*change));
        if (change == NULL) {
            while (changes != NULL) {
                struct change_over *next = changes->next;
                free(changes);
                changes = next;
            }
            return NULL;
        }
        *change = (struct change_over){.task = {.run = change_over, .context = change},
                                       .next = changes,
                                       .worker = &proxy->workers[i],
                                       .generation = generation};
        changes = change;
    }
    return changes;
}

amanat_result proxy_reload(struct proxy *proxy, struct proxy_generation *generation)
{
    struct change_over *change = make_changes(proxy, generation);
    TRY_MEMORY(change);
    while (change != NULL) {
        struct change_over *next = change->next; /* the worker frees it */
        (void)proxy_generation_ref(generation);
        runtime_loop_post_task(change->worker->loop, &change->task);
        change = next;
    }
    return AMANAT_OK;
}

/* ---- making workers ---- */

static struct http_server_limits server_limits(const struct config_limits *limits)
{
    return (struct http_server_limits){
        .reader = {.headers = (size_t)limits->header_bytes, .body = (uint64_t)limits->body_bytes},
        .connections = (size_t)limits->connections,
        .output = (size_t)limits->window_bytes + REDACT_UNIT_BYTES((size_t)limits->record_bytes) +
                  (1 << 20),
        .header_time = limits->header_timeout,
        .idle_time = limits->idle_timeout,
        .body_time = limits->body_timeout,
        .write_time = limits->write_timeout};
}

static amanat_result make_worker(struct proxy *proxy, size_t index,
                                 struct proxy_generation *generation)
{
    struct proxy_worker *worker = &proxy->workers[index];
    const struct config_limits *limits = &generation->config->limits;
    worker->proxy = proxy;
    worker->index = (unsigned)index;
    worker->generation = proxy_generation_ref(generation);
    TRY(runtime_loop_new(POST_LIMIT, &worker->loop));
    TRY(runtime_timer_new(worker->loop, drain_is_over, worker, &worker->drain));
    TRY(upstream_pool_new(worker->loop, proxy->clock, &worker->pool));
    worker->cache = identity_cache_new((size_t)limits->token_cache);
    TRY_MEMORY(worker->cache);
    const struct http_server_options options = {.loop = worker->loop,
                                                .clock = proxy->clock,
                                                .tls = generation->tls,
                                                .handler = exchange_handler(worker),
                                                .limits = server_limits(limits)};
    return http_server_new(&options, &worker->server);
}

/* The first worker binds; the others share the addresses that it got. */
static amanat_result listen_all(struct proxy *proxy, const struct config *config,
                                struct amanat_diagnostics *diagnostics)
{
    proxy->listeners = calloc(config->listen.count + 1, sizeof(*proxy->listeners));
    TRY_MEMORY(proxy->listeners);
    for (size_t i = 0; i < config->listen.count; i++) {
        struct http_address wanted;
        TRY(http_address_parse(config->listen.items[i].text, &wanted));
        for (size_t k = 0; k < proxy->worker_count; k++) {
            TRY(http_server_listen(proxy->workers[k].server,
                                   k == 0 ? &wanted : &proxy->listeners[i], true, diagnostics,
                                   k == 0 ? &proxy->listeners[i] : NULL));
        }
        proxy->listener_count++;
    }
    return AMANAT_OK;
}

static amanat_result fill(struct proxy *proxy, const struct proxy_options *options,
                          struct amanat_diagnostics *diagnostics)
{
    const struct config *config = options->generation->config;
    proxy->workers = calloc((size_t)config->limits.workers, sizeof(*proxy->workers));
    TRY_MEMORY(proxy->workers);
    for (size_t i = 0; i < (size_t)config->limits.workers; i++) {
        proxy->worker_count++;
        TRY(make_worker(proxy, i, options->generation));
    }
    return listen_all(proxy, config, diagnostics);
}

amanat_result proxy_new(const struct proxy_options *options, struct amanat_diagnostics *diagnostics,
                        struct proxy **out)
{
    struct proxy *proxy = calloc(1, sizeof(*proxy));
    TRY_MEMORY(proxy);
    proxy->trail = options->trail;
    proxy->clock = options->clock;
    proxy->random = options->random;
    proxy->log = options->log;
    proxy->metrics = options->metrics;
    proxy->may_serve = options->may_serve;
    proxy->may_serve_context = options->may_serve_context;
    const amanat_result result = fill(proxy, options, diagnostics);
    if (!amanat_is_ok(result)) {
        proxy_free(proxy);
        return result;
    }
    *out = proxy;
    return AMANAT_OK;
}

struct http_address proxy_listener(const struct proxy *proxy, size_t index)
{
    ASSERT(index < proxy->listener_count);
    return proxy->listeners[index];
}

/* ---- threads ---- */

static void run_worker(void *context)
{
    struct proxy_worker *worker = context;
    if (!amanat_is_ok(runtime_loop_run(worker->loop))) {
        runtime_log_event(worker->proxy->log, RUNTIME_LOG_ERROR, "worker-failed",
                          runtime_log_number("worker", worker->index));
        abort(); /* a worker that stopped serving must not look like one that serves */
    }
}

amanat_result proxy_start(struct proxy *proxy)
{
    for (size_t i = 0; i < proxy->worker_count; i++) {
        TRY(runtime_thread_start("worker", run_worker, &proxy->workers[i],
                                 &proxy->workers[i].thread));
    }
    return AMANAT_OK;
}

void proxy_stop(struct proxy *proxy)
{
    for (size_t i = 0; i < proxy->worker_count; i++) {
        struct proxy_worker *worker = &proxy->workers[i];
        if (worker->thread != NULL &&
            !amanat_is_ok(runtime_loop_post(worker->loop, stop_worker, worker))) {
            runtime_loop_stop(worker->loop); /* too much is posted: it ends at once */
        }
    }
    for (size_t i = 0; i < proxy->worker_count; i++) {
        runtime_thread_join(proxy->workers[i].thread);
        proxy->workers[i].thread = NULL;
    }
}

static void clear_worker(struct proxy_worker *worker)
{
    http_server_free(worker->server);
    worker->server = NULL;
    upstream_pool_free(worker->pool);
    runtime_timer_free(worker->drain);
    runtime_loop_free(worker->loop);
    identity_cache_free(worker->cache);
    proxy_generation_unref(worker->generation);
}

void proxy_free(struct proxy *proxy)
{
    if (proxy == NULL) {
        return;
    }
    for (size_t i = 0; i < proxy->worker_count; i++) {
        clear_worker(&proxy->workers[i]);
    }
    free(proxy->workers);
    free(proxy->listeners);
    free(proxy);
}
