/* SPDX-License-Identifier: Apache-2.0 */
/* What workers, generations and pools are made of; private to gateway/proxy. */
#ifndef AMANAT_GATEWAY_PROXY_PROXY_PARTS_H
#define AMANAT_GATEWAY_PROXY_PROXY_PARTS_H

#include <stdatomic.h>

#include "gateway/proxy/proxy.h"

/** One service as it is called. */
struct proxy_service {
    const struct config_service *config;
    struct http_address address;
    struct tls_context *tls; /* NULL for http */
};

struct proxy_generation {
    atomic_size_t references;
    struct config *config;
    struct ruleset *ruleset;
    struct identity_verifier *verifier;
    struct tls_context *tls;        /* of the listeners */
    struct proxy_service *services; /* as in the catalogue */
    size_t service_count;
    struct trail_digest ruleset_digest;
    struct trail_digest *facts_digests;
    size_t facts_count;
};

/** One thread that serves. Everything in it belongs to that thread. */
struct proxy_worker {
    struct proxy *proxy;
    unsigned index;
    struct runtime_loop *loop;
    struct runtime_thread *thread;
    struct http_server *server;
    struct upstream_pool *pool;
    struct identity_cache *cache;
    struct proxy_generation *generation; /* of new exchanges */
    struct runtime_timer *drain;
    size_t exchanges; /* under way; the worker ends when there are none */
    bool server_stopped;
    bool stopping;
};

struct proxy {
    struct trail *trail;
    const struct runtime_clock *clock;
    const struct runtime_random *random;
    const struct runtime_log *log;
    struct runtime_metrics *metrics;
    bool (*may_serve)(void *context);
    void *may_serve_context;
    struct proxy_worker *workers;
    size_t worker_count;
    struct http_address *listeners;
    size_t listener_count;
};

/** Rows of the metric table. */
enum proxy_metric {
    PROXY_METRIC_REQUESTS = 0,      /* requests whose head was read */
    PROXY_METRIC_PERMITTED,         /* accesses that were permitted */
    PROXY_METRIC_PROBLEMS,          /* by problem */
    PROXY_METRIC_REFUSALS,          /* by reason: before an agent was known, and 503s */
    PROXY_METRIC_WINDOWS,           /* released */
    PROXY_METRIC_BYTES,             /* released */
    PROXY_METRIC_REDACT_FAULTS,     /* bodies that were refused, by fault */
    PROXY_METRIC_UPSTREAM_FAILURES, /* by failure */
    PROXY_METRIC_POLICY_ERRORS,     /* policies that could not be evaluated */
    PROXY_METRIC_BROKEN,            /* responses that ended in a broken message */
    PROXY_METRIC_COUNT
};

/** Indexes into proxy_names.reasons. */
size_t proxy_reason_of_identity(enum identity_refusal refusal);
size_t proxy_reason_of_http(enum http_refusal refusal);
size_t proxy_reason_of_problem(enum problem_name name); /* TRAIL or OVERLOADED */

void proxy_worker_count(struct proxy_worker *worker, enum proxy_metric metric, size_t value,
                        int64_t amount);

/** Counts a refusal in metrics and trail. */
void proxy_worker_count_refusal(struct proxy_worker *worker, size_t reason);

/** An exchange has ended: a stopping worker ends with its last one. */
void proxy_worker_exchange_ended(struct proxy_worker *worker);

/* ---- kept-alive connections (upstream_pool.c) ---- */

struct upstream_pool;

/** One per worker. MEMORY. */
AMANAT_MUST_CHECK amanat_result upstream_pool_new(struct runtime_loop *loop,
                                                  const struct runtime_clock *clock,
                                                  struct upstream_pool **out);
/** Closes all connections. NULL is fine. */
void upstream_pool_free(struct upstream_pool *pool);

/**
 * A connection to the service, kept alive or (with `fresh`, or when none is kept) new. The caller
 * owns it until it is given back or closed with http_client_close.
 */
AMANAT_MUST_CHECK amanat_result upstream_pool_take(struct upstream_pool *pool,
                                                   struct proxy_generation *generation,
                                                   size_t service, bool fresh,
                                                   struct http_client **out);

/**
 * Keeps the connection for the next exchange, or closes it when it cannot be used again or enough
 * are kept.
 */
void upstream_pool_give_back(struct upstream_pool *pool, struct proxy_generation *generation,
                             size_t service, struct http_client *client);

/** Closes kept connections that belong to other generations than this one (after a reload). */
void upstream_pool_keep_only(struct upstream_pool *pool, const struct proxy_generation *generation);

#endif
