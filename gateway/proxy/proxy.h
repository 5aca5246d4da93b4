/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Front door of gateway/proxy: partners' requests in, accesses decided, carried out and released.
 *
 *   proxy.c             workers: one loop, one server, one pool each; nothing mutable is shared
 *   generation.c        what a reload replaces as one: ruleset, keys, services
 *   exchange.c          one access from its request to its end: the states
 *   exchange_admit.c    who asks, for what, for which need; the decision
 *   need.c              the Need header
 *   exchange_upstream.c the call to the service and what its answer means
 *   exchange_release.c  windows: entry durable, then bytes out; nothing else releases any
 *   exchange_entry.c    what the trail is told
 *   proxy_reasons.c     the closed lists of metrics and reasons
 *   upstream_pool.c     kept-alive connections to the services
 */
#ifndef AMANAT_GATEWAY_PROXY_PROXY_H
#define AMANAT_GATEWAY_PROXY_PROXY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "amanat/diagnostics.h"
#include "amanat/result.h"
#include "gateway/config/config.h"
#include "gateway/http/http.h"
#include "gateway/identity/identity.h"
#include "gateway/runtime/runtime.h"
#include "gateway/tls/tls.h"
#include "gateway/trail/trail.h"
#include "policy/disclosure/disclosure.h"

/* ---- generations ---- */

/**
 * Everything that a reload replaces as one; immutable and counted. An exchange keeps the one it
 * started with.
 */
struct proxy_generation;

struct proxy_generation_parts {
    struct config *config;                    /* taken over, also on failure */
    struct ruleset *ruleset;                  /* a reference is taken over, also on failure */
    struct trail_digest ruleset_digest;       /* from trail_store_ruleset */
    const struct trail_digest *facts_digests; /* copied */
    size_t facts_count;
};

/**
 * Makes TLS contexts, token keys and addresses of the services ready. Blocks on name servers:
 * control thread only. CONFIG_FAULT with diagnostics; a service of the ruleset without an address
 * in the configuration is an error.
 */
AMANAT_MUST_CHECK amanat_result proxy_generation_new(const struct proxy_generation_parts *parts,
                                                     struct amanat_diagnostics *diagnostics,
                                                     struct proxy_generation **out);
struct proxy_generation *proxy_generation_ref(struct proxy_generation *generation);
void proxy_generation_unref(struct proxy_generation *generation); /* NULL is fine */

const struct config *proxy_generation_config(const struct proxy_generation *generation);

/* ---- metrics and reasons ---- */

#define PROXY_REASON_COUNT ((size_t)IDENTITY_REFUSAL_COUNT + HTTP_REFUSAL_COUNT + 2)
#define PROXY_METRIC_ROWS  10

/**
 * The closed lists of words that metrics and trail count by. It lives as long as the proxy, its
 * metrics and its trail.
 */
struct proxy_names {
    /** Refusals before an agent is known, and 503s: trail_options.refusal_reasons. */
    const char *reasons[PROXY_REASON_COUNT];
    const char *problems[PROBLEM_NAME_COUNT];
    const char *redact_faults[REDACT_FAULT_INTERNAL + 1];
    const char *upstream_failures[HTTP_CLIENT_FAILURE_COUNT];
    /** The metrics that workers fill: the table for runtime_metrics_new. */
    struct runtime_metric metrics[PROXY_METRIC_ROWS];
};
void proxy_names_init(struct proxy_names *names);

/* ---- the need ---- */

/**
 * Reads the value of a `Need` header; no bytes are an empty need. NULL, or a closed text that says
 * what is wrong with it.
 */
const char *proxy_read_need(struct arena *arena, struct bytes field, struct access_need *out);

/* ---- the proxy ---- */

struct proxy;

struct proxy_options {
    struct proxy_generation *generation; /* a reference is taken */
    struct trail *trail;                 /* must outlive the proxy */
    const struct runtime_clock *clock;
    const struct runtime_random *random;
    const struct runtime_log *log;
    struct runtime_metrics *metrics; /* with a slot per worker; or NULL */
    /**
     * Whether an anchor that is overdue forbids to serve (`overdue: deny`); from any worker's
     * thread; may be NULL.
     */
    bool (*may_serve)(void *context);
    void *may_serve_context;
};

/**
 * Makes the workers and binds the listeners, in the order of the configuration. CONFIG_FAULT, IO,
 * MEMORY.
 */
AMANAT_MUST_CHECK amanat_result proxy_new(const struct proxy_options *options,
                                          struct amanat_diagnostics *diagnostics,
                                          struct proxy **out);

/** The actual address of listener `index` (ports that were 0 are known now). */
struct http_address proxy_listener(const struct proxy *proxy, size_t index);

/** Starts the workers' threads. */
AMANAT_MUST_CHECK amanat_result proxy_start(struct proxy *proxy);

/**
 * New accesses use this generation from now on; each worker changes over between two events. Takes
 * a reference.
 */
AMANAT_MUST_CHECK amanat_result proxy_reload(struct proxy *proxy,
                                             struct proxy_generation *generation);

/** Stops listening, lets running accesses end (at most limits.drain_timeout), joins the threads. */
void proxy_stop(struct proxy *proxy);

/** After proxy_stop, or without proxy_start. NULL is fine. */
void proxy_free(struct proxy *proxy);

#endif
