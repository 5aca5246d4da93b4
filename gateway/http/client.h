/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The client side: one connection to a service, one exchange at a time. Pools, retries and what a
 * response means are for whoever owns it.
 *
 *   send ─▶ write* ─▶ end                        the request
 *   on_head ─▶ on_body* ─▶ on_end | on_failure   the response; a failure may come at any time
 *
 * The response may end before the request does: after on_end nothing of the request may be sent any
 * more. After on_end the connection is *reusable* or it is not (http_client_is_reusable); after
 * on_failure it never is. The owner closes it with http_client_close, from any callback too. All of
 * it happens on the loop's thread. A response's head and its bytes live until on_end or on_failure
 * returns.
 */
#ifndef AMANAT_GATEWAY_HTTP_CLIENT_H
#define AMANAT_GATEWAY_HTTP_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "amanat/result.h"
#include "gateway/http/address.h"
#include "gateway/http/head.h"
#include "gateway/http/reader.h"
#include "gateway/http/refusal.h"
#include "gateway/http/writer.h"
#include "gateway/runtime/runtime.h"
#include "gateway/tls/tls.h"
#include "policy/redact/redact.h"

struct http_client;

enum http_client_failure {
    HTTP_CLIENT_FAILURE_CONNECT = 0, /* no connection */
    HTTP_CLIENT_FAILURE_TLS,         /* handshake or verification failed */
    HTTP_CLIENT_FAILURE_STALE, /* a reused connection ended before the first byte of the response */
    HTTP_CLIENT_FAILURE_TIMEOUT,   /* connecting, or waiting for the response or its next byte */
    HTTP_CLIENT_FAILURE_MALFORMED, /* the response breaks the rules: see the refusal */
    HTTP_CLIENT_FAILURE_TRUNCATED, /* it ended too early, also a close without close_notify */
    HTTP_CLIENT_FAILURE_LIMIT,     /* more request bytes waited than may, or no memory */
    HTTP_CLIENT_FAILURE_COUNT
};

/** "connect", "tls", …: static storage. */
const char *http_client_failure_name(enum http_client_failure failure);

struct http_client_handler {
    void *context;
    void (*on_head)(void *context, const struct http_response_head *head);
    /** Wiped after the call; never empty. */
    void (*on_body)(void *context, struct undisclosed_bytes body);
    void (*on_end)(void *context);
    void (*on_failure)(void *context, enum http_client_failure failure, enum http_refusal refusal);
    /** There is room for more of the request's body; may be NULL. */
    void (*on_drained)(void *context);
};

/** A zero takes the default. Times in microseconds. */
struct http_client_limits {
    struct http_reader_limits reader;
    size_t output;         /* bytes of a request that wait to be sent: 1,048,576 */
    size_t output_low;     /* on_drained when no more than this waits: 65,536 */
    int64_t connect_time;  /* TCP and TLS: 5 s */
    int64_t response_time; /* from the end of the request to the response's head: 30 s */
    int64_t body_time;     /* without a byte of a body that we are willing to read: 30 s */
    int64_t write_time;    /* without progress of output that waits: 30 s */
};

struct http_client_options {
    struct runtime_loop *loop;
    struct http_address address;
    struct tls_context *tls; /* NULL = without TLS; the client takes a reference of its own */
    const char *host;        /* what the server's certificate must bear; NULL without TLS */
    struct http_client_limits limits;
    /** The connection ended while no exchange ran (then close it); may be NULL. */
    void (*on_idle_close)(void *context);
    void *context; /* of on_idle_close */
};

/** A connection that is opened by its first http_client_send. Options are copied. MEMORY, BUG. */
AMANAT_MUST_CHECK amanat_result http_client_new(const struct http_client_options *options,
                                                struct http_client **out);

/**
 * Closes it; no call is made any more. From any callback; memory goes by the closing list. NULL is
 * fine.
 */
void http_client_close(struct http_client *client);

/**
 * Sends a request's head; `start` and `handler` are copied or written out. With a body (framing
 * LENGTH or CHUNKED): http_client_write, then http_client_end; without one the request is whole.
 * BUG while an exchange runs or when the connection is not reusable; LIMIT. Failures of the network
 * always come by on_failure, never from within this call.
 */
AMANAT_MUST_CHECK amanat_result http_client_send(struct http_client *client,
                                                 const struct http_request_start *start,
                                                 const struct http_client_handler *handler);

/** Bytes of the request's body. LIMIT when more waits than may; BUG past the announced length. */
AMANAT_MUST_CHECK amanat_result http_client_write(struct http_client *client, struct bytes bytes);
AMANAT_MUST_CHECK amanat_result http_client_end(struct http_client *client);

/** Stops and restarts on_body calls (the body waits in the socket). */
void http_client_pause(struct http_client *client);
void http_client_resume(struct http_client *client);

/**
 * Whether another request may be sent on it: never used, or the last exchange ended whole and keeps
 * alive.
 */
bool http_client_is_reusable(const struct http_client *client);

/**
 * Whether a reusable connection is as the last exchange left it, by what the kernel knows now: the
 * loop may learn only later that the service has closed it, and not every request can be sent again
 * (RFC 9112 §9.3.1).
 */
bool http_client_is_quiet(const struct http_client *client);

/**
 * More about a failure, in OpenSSL's words or ours, for the log; "" when there is no more to say.
 * Static storage.
 */
const char *http_client_failure_text(const struct http_client *client);

/**
 * How many exchanges have ended on it: 0 for a new connection (then a failure says something about
 * the service).
 */
unsigned http_client_exchanges(const struct http_client *client);

#endif
