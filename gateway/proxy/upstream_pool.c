/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kept-alive connections to the services, of one worker. A kept connection remembers the generation
 * it was made for: after a reload it is closed, because keys and addresses may be others.
 */
#include <stdlib.h>

#include "gateway/proxy/proxy_parts.h"
#include "policy/base/base.h"

struct kept {
    struct kept *next;
    struct proxy_generation *generation; /* a reference */
    size_t service;
    struct http_client *client;
    int64_t since; /* monotonic */
    struct runtime_task dispose;
};

struct upstream_pool {
    struct runtime_loop *loop;
    const struct runtime_clock *clock;
    struct runtime_timer *sweep;
    struct kept *newest;
};

/* How often connections are looked through for those that were idle for too long. */
#define SWEEP_INTERVAL (5 * RUNTIME_SECOND)

static void dispose(void *context)
{
    struct kept *kept = context;
    proxy_generation_unref(kept->generation);
    free(kept);
}

/* Takes it off the list; its memory goes by the closing list, because this may run in a callback of
 * the client. */
static struct http_client *take_off(struct upstream_pool *pool, struct kept **link)
{
    struct kept *kept = *link;
    struct http_client *client = kept->client;
    *link = kept->next;
    runtime_loop_close_later(pool->loop, &kept->dispose, dispose, kept);
    return client;
}

static bool is_too_old(const struct upstream_pool *pool, const struct kept *kept)
{
    return runtime_clock_monotonic(pool->clock) - kept->since >
           kept->generation->config->limits.upstream_idle;
}

static void sweep(void *context)
{
    struct upstream_pool *pool = context;
    struct kept **link = &pool->newest;
    while (*link != NULL) {
        if (is_too_old(pool, *link)) {
            http_client_close(take_off(pool, link));
        } else {
            link = &(*link)->next;
        }
    }
    if (pool->newest != NULL && !amanat_is_ok(runtime_timer_start(pool->sweep, SWEEP_INTERVAL))) {
        upstream_pool_keep_only(pool, NULL); /* what cannot be watched is not kept */
    }
}

amanat_result upstream_pool_new(struct runtime_loop *loop, const struct runtime_clock *clock,
                                struct upstream_pool **out)
{
    struct upstream_pool *pool = calloc(1, sizeof(*pool));
    TRY_MEMORY(pool);
    pool->loop = loop;
    pool->clock = clock;
    const amanat_result result = runtime_timer_new(loop, sweep, pool, &pool->sweep);
    if (!amanat_is_ok(result)) {
        free(pool);
        return result;
    }
    *out = pool;
    return AMANAT_OK;
}

void upstream_pool_keep_only(struct upstream_pool *pool, const struct proxy_generation *generation)
{
    struct kept **link = &pool->newest;
    while (*link != NULL) {
        if ((*link)->generation != generation) {
            http_client_close(take_off(pool, link));
        } else {
            link = &(*link)->next;
        }
    }
}

void upstream_pool_free(struct upstream_pool *pool)
{
    if (pool != NULL) {
        upstream_pool_keep_only(pool, NULL);
        runtime_timer_free(pool->sweep);
        free(pool);
    }
}

/* The service ended a connection that nobody used: it can be kept no longer. `context` is the
 * list's entry of that client. */
static void closed_while_idle(void *context)
{
    struct upstream_pool *pool = context;
    struct kept **link = &pool->newest;
    while (*link != NULL) {
        if (!http_client_is_reusable((*link)->client)) {
            http_client_close(take_off(pool, link));
        } else {
            link = &(*link)->next;
        }
    }
}

static amanat_result connect_new(struct upstream_pool *pool, struct proxy_generation *generation,
                                 size_t service, struct http_client **out)
{
    const struct proxy_service *target = &generation->services[service];
    const struct config_limits *limits = &generation->config->limits;
    const struct http_client_options options = {
        .loop = pool->loop,
        .address = target->address,
        .tls = target->tls,
        .host = target->tls == NULL ? NULL : target->config->url.host,
        .limits = {.reader = {.headers = (size_t)limits->header_bytes},
                   .connect_time = limits->connect_timeout,
                   .response_time = target->config->timeout,
                   .body_time = limits->body_timeout,
                   .write_time = limits->write_timeout,
                   .output = (size_t)limits->body_bytes + (1 << 20)},
        .on_idle_close = closed_while_idle,
        .context = pool};
    return http_client_new(&options, out);
}

amanat_result upstream_pool_take(struct upstream_pool *pool, struct proxy_generation *generation,
                                 size_t service, bool fresh, struct http_client **out)
{
    struct kept **link = &pool->newest;
    while (!fresh && *link != NULL) {
        const struct kept *kept = *link;
        if (kept->generation != generation || kept->service != service) {
            link = &(*link)->next;
        } else if (is_too_old(pool, kept) || !http_client_is_reusable(kept->client) ||
                   !http_client_is_quiet(kept->client)) {
            http_client_close(take_off(pool, link));
        } else {
            *out = take_off(pool, link);
            return AMANAT_OK;
        }
    }
    return connect_new(pool, generation, service, out);
}

static size_t count_kept(const struct upstream_pool *pool, size_t service)
{
    size_t count = 0;
    for (const struct kept *kept = pool->newest; kept != NULL; kept = kept->next) {
        count += kept->service == service ? 1 : 0;
    }
    return count;
}

void upstream_pool_give_back(struct upstream_pool *pool, struct proxy_generation *generation,
                             size_t service, struct http_client *client)
{
    const size_t most = (size_t)generation->config->limits.pool_connections;
    const bool is_watched =
        pool->newest != NULL || amanat_is_ok(runtime_timer_start(pool->sweep, SWEEP_INTERVAL));
    struct kept *kept =
        is_watched && http_client_is_reusable(client) && count_kept(pool, service) < most
            ? calloc(1, sizeof(*kept))
            : NULL;
    if (kept == NULL) {
        http_client_close(client);
        return;
    }
    kept->next = pool->newest;
    kept->generation = proxy_generation_ref(generation);
    kept->service = service;
    kept->client = client;
    kept->since = runtime_clock_monotonic(pool->clock);
    pool->newest = kept;
}
