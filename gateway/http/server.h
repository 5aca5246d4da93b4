/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The server side: listeners and connections of one worker, one request at a time per connection.
 *
 *   on_request ─▶ on_body* ─▶ on_body_end   the request, as it arrives; without a body at once
 *   begin ─▶ write* ─▶ end | abort          the response, when the handler is ready, also early
 *   on_drained                              a write had found the output full: there is room again
 *   on_abort                                the client went away, broke the rules, or time is up
 *
 * A response lives until the handler calls http_response_end or http_response_abort, or until
 * on_abort returns, whichever comes first; after that no call about it is made or allowed. All of
 * it happens on the loop's thread. Request head, peer and their bytes live as long as the response.
 *
 * What a request breaks before its handler is asked (refusal.h) is answered by the server itself
 * with a problem document, then the connection is closed. A response that begins before the
 * request's body has been read is followed by a close too.
 */
#ifndef AMANAT_GATEWAY_HTTP_SERVER_H
#define AMANAT_GATEWAY_HTTP_SERVER_H

#include <stdbool.h>
#include <stdint.h>

#include "amanat/diagnostics.h"
#include "amanat/result.h"
#include "gateway/http/address.h"
#include "gateway/http/head.h"
#include "gateway/http/reader.h"
#include "gateway/http/refusal.h"
#include "gateway/http/writer.h"
#include "gateway/runtime/runtime.h"
#include "gateway/tls/tls.h"
#include "policy/redact/redact.h"

struct http_server;
struct http_response;

/** Who is at the other end. */
struct http_peer {
    struct http_address address;
    bool is_secure;    /* TLS */
    X509 *certificate; /* verified against client_ca, or NULL; the connection's */
};

/** Why a response cannot be finished. */
enum http_abort {
    HTTP_ABORT_CLIENT_GONE = 0, /* the connection ended or broke */
    HTTP_ABORT_REFUSED,         /* the rest of the request breaks the rules: see the refusal */
    HTTP_ABORT_TIMEOUT,         /* the client sent or took nothing for too long */
    HTTP_ABORT_STOPPED          /* http_server_free */
};

struct http_server_handler {
    void *context;
    /**
     * A request's head. What it returns is passed to the other calls as `request`; it may already
     * have answered.
     */
    void *(*on_request)(void *context, struct http_response *response,
                        const struct http_request_head *head, const struct http_peer *peer);
    void (*on_body)(void *request, struct bytes body); /* valid during the call; never empty */
    void (*on_body_end)(void *request);
    void (*on_drained)(void *request); /* may be NULL */
    void (*on_abort)(void *request, enum http_abort reason, enum http_refusal refusal);
    /** A request was refused before on_request (for counting); may be NULL. */
    void (*on_refused)(void *context, enum http_refusal refusal, const struct http_peer *peer);
};

/** Default of `output_low`. */
#define HTTP_SERVER_OUTPUT_LOW 65536

/** A zero takes the default. Times in microseconds. */
struct http_server_limits {
    struct http_reader_limits reader;
    size_t connections; /* open at once: 10,000; at the limit no more are accepted until one ends */
    /** Bytes of one connection that wait to be sent: 1,048,576 (a window and its overhead). */
    size_t output;
    size_t output_low; /* on_drained when no more than this waits: 65,536 */
    /** From the connection, or a request's first byte, to the end of its head: 10 s. */
    int64_t header_time;
    int64_t idle_time;  /* between two requests: 60 s */
    int64_t body_time;  /* without a byte of a body that we are willing to read: 30 s */
    int64_t write_time; /* without progress of output that waits: 30 s */
};

struct http_server_options {
    struct runtime_loop *loop;
    const struct runtime_clock *clock; /* for the Date header; NULL = the real one */
    struct tls_context *tls; /* NULL = without TLS; the server takes a reference of its own */
    struct http_server_handler handler;
    struct http_server_limits limits;
};

/** MEMORY. Options are copied. */
AMANAT_MUST_CHECK amanat_result http_server_new(const struct http_server_options *options,
                                                struct http_server **out);

/** Aborts what still runs and closes everything; not from a handler's call. NULL is fine. */
void http_server_free(struct http_server *server);

/**
 * Listens at an address; port 0 picks one, `out_actual` (may be NULL) says which. `shared`: other
 * workers will listen at the same actual address (SO_REUSEPORT). IPv6 sockets take IPv6 only. IO
 * with a diagnostic.
 */
AMANAT_MUST_CHECK amanat_result http_server_listen(struct http_server *server,
                                                   const struct http_address *address, bool shared,
                                                   struct amanat_diagnostics *diagnostics,
                                                   struct http_address *out_actual);

/**
 * New connections use this context from now on (reload). Not for a server that began without TLS.
 */
void http_server_set_tls(struct http_server *server, struct tls_context *tls);

/**
 * Stops listening, closes idle connections at once, lets running requests end (each is followed by
 * a close), then calls `on_stopped(context)` once, on the loop's next turn at the earliest.
 */
void http_server_stop(struct http_server *server, runtime_task_fn *on_stopped, void *context);

/** How many connections are open. */
size_t http_server_connections(const struct http_server *server);

/**
 * Begins the response. The server adds Date, framing and connection headers; they must not be among
 * `headers`. The answer to a HEAD request has the headers of its framing and takes no body. Once
 * per response. BUG, LIMIT.
 */
AMANAT_MUST_CHECK amanat_result http_response_begin(struct http_response *response,
                                                    const struct http_response_start *start);

/**
 * Sends bytes of the body; with HTTP_FRAMING_CHUNKED each call is one chunk. LIMIT when more waits
 * than may (then abort: wait for on_drained between writes); BUG when they pass the announced
 * length.
 */
AMANAT_MUST_CHECK amanat_result http_response_write_disclosed(struct http_response *response,
                                                              struct disclosed_bytes bytes);
AMANAT_MUST_CHECK amanat_result http_response_write_own(struct http_response *response,
                                                        struct own_bytes bytes);

/** How many bytes wait to be sent. When it is more than `output_low`, on_drained will follow. */
size_t http_response_waiting(const struct http_response *response);

/**
 * Ends the response. BUG (and the connection is closed) when the announced length is not reached.
 */
AMANAT_MUST_CHECK amanat_result http_response_end(struct http_response *response);

/**
 * Breaks it: the connection closes without the last chunk, or short of the length; unanswered,
 * without an answer.
 */
void http_response_abort(struct http_response *response);

#endif
