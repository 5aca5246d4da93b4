/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One access, from its request to its end; private to gateway/proxy. One `struct exchange` carries
 * the facts forward; no step calls back into an earlier one. Each step adds its facts or ends the
 * exchange with a problem.
 *
 *   state        waits for                         left by
 *   BODY         the request's body                exchange_admit (decision)
 *   INTENT       the `intent` entry (unsafe only)  exchange_call_upstream
 *   UPSTREAM     the response of the service       windows, or a problem
 *   RELEASE      entries of windows, the partner   the last window
 *   REFUSE       the entry of a refusal            the problem document
 *   ENDED        completions still under way       being freed
 *
 * "No entry, no data": bytes of a service leave only in release_window (exchange_release.c), which
 * takes the proof that their entry is durable.
 */
#ifndef AMANAT_GATEWAY_PROXY_EXCHANGE_H
#define AMANAT_GATEWAY_PROXY_EXCHANGE_H

#include "gateway/proxy/proxy_parts.h"
#include "policy/base/vector.h"

enum exchange_state {
    EXCHANGE_STATE_ENDED = 0,
    EXCHANGE_STATE_BODY,
    EXCHANGE_STATE_INTENT,
    EXCHANGE_STATE_UPSTREAM,
    EXCHANGE_STATE_RELEASE,
    EXCHANGE_STATE_REFUSE
};

/** A window that waits for its entry or for the partner to take what was sent before. */
struct exchange_window {
    struct exchange_window *next;
    struct disclosed_copy bytes; /* copied out of the redactor */
    struct buffer lines;         /* its entries */
    uint32_t part;
    bool last;
};

struct exchange {
    enum exchange_state state;
    struct proxy_worker *worker;
    struct proxy_generation *generation;
    struct arena *arena;
    struct runtime_task dispose;

    /* the request */
    struct http_response *response; /* NULL once it is ended, aborted or gone */
    const struct http_request_head *head;
    struct http_peer peer;
    bool is_head;
    struct trail_access_id id;
    char id_text[33];
    struct trail_access_id trace; /* for the entry and, as `traceparent`, for the service's log */
    char trace_text[33];
    int64_t started; /* monotonic, microseconds */
    int64_t decided; /* monotonic: when it was last decided */
    struct buffer body_text;

    /* who, what, why: filled from step to step */
    bool agent_is_known;
    enum identity_refusal identity_refusal; /* why the agent is not known */
    struct identity identity;
    struct trail_pseudonym agent_pseudonym;
    struct catalogue_call call;
    struct catalogue_body body;
    struct access_request request;
    struct access_decision decision;

    /* the service's answer */
    struct http_client *client;
    bool client_was_fresh;
    int64_t upstream_started;
    int64_t upstream_microseconds;
    unsigned upstream_status;
    const struct catalogue_response *declared;
    const struct catalogue_media_type *media_type;
    struct redactor *redactor;
    struct redact_left_out left_out;    /* where nothing of the answer is disclosed */
    VECTOR(struct http_header) headers; /* declared headers that are revealed */

    /* what leaves */
    unsigned status;
    struct problem problem; /* of REFUSE */
    enum trail_fault fault;
    struct exchange_window *windows; /* oldest first */
    struct exchange_window *newest_window;
    uint32_t next_part;
    bool entry_is_pending; /* a completion of the trail will come */
    bool pending_is_last;  /* and that entry says how the access ended */
    bool response_began;
    bool owes_entry;  /* its end has no entry yet: another one is under way */
    bool is_disposed; /* on the closing list */
};

/* ---- exchange.c ---- */

/** http_server_handler of a worker. */
struct http_server_handler exchange_handler(struct proxy_worker *worker);

/**
 * Ends the access with a problem: writes its entry first when the agent is known (else counts the
 * refusal), then answers. When the response began already, it is broken instead (invariant 3).
 */
void exchange_refuse(struct exchange *exchange, struct problem problem, enum trail_fault fault);

/** The same with the closed words of a kind. */
void exchange_refuse_as(struct exchange *exchange, enum problem_name name, enum trail_fault fault);

/**
 * Any Content-Encoding but identity: nobody looks into such a body, of a request or an answer
 * (design 3.7).
 */
bool exchange_is_encoded(const struct http_header *headers, size_t count);

/**
 * Answers with a problem document now: nothing is disclosed, and its entry is durable or it needs
 * none.
 */
void exchange_answer_problem(struct exchange *exchange, const struct problem *problem);

/** The exchange is over: releases what it holds as soon as no completion is under way. */
void exchange_end(struct exchange *exchange);

/** After a completion that nobody waits for any more: writes an entry that is owed, then ends. */
void exchange_settle(struct exchange *exchange);

/** Ends the response as a broken message and the exchange with it. */
void exchange_break(struct exchange *exchange);

/* ---- exchange_admit.c ---- */

/**
 * Who asks, what is called: from the head alone. Ends the exchange with a problem, or waits for the
 * body, or decides.
 */
void exchange_admit(struct exchange *exchange);

/** The need, the body and the decision. */
void exchange_decide(struct exchange *exchange);

/** Decides again an access that has outlived max_age (design 4.7); false: it must end. */
bool exchange_is_still_permitted(struct exchange *exchange);

/* ---- exchange_upstream.c ---- */

void exchange_call_upstream(struct exchange *exchange);

/**
 * Lets go of the connection to the service: kept if it can be used again and `reusable`, else
 * closed.
 */
void exchange_leave_upstream(struct exchange *exchange, bool reusable);

/* ---- exchange_release.c ---- */

/** redact_window_fn: takes a window, writes its entries and queues both. */
redact_window_fn exchange_take_window;

/** Goes on with the oldest window if nothing stands in its way. */
void exchange_advance_release(struct exchange *exchange);

/** A response without a body (204, 304, statuses without content): one entry, then the head. */
void exchange_release_empty(struct exchange *exchange);

/** Begins the answer's head: status, declared headers, our own. */
AMANAT_MUST_CHECK amanat_result exchange_begin_response(struct exchange *exchange,
                                                        enum http_framing framing, uint64_t length);

/**
 * Forgets the windows that were not released; the numbers of entries that were not submitted are
 * given again.
 */
void exchange_forget_windows(struct exchange *exchange);

/* ---- exchange_entry.c ---- */

/**
 * Appends the lines of an entry: of a window, or (NULL) of an end without one. Counts the
 * exchange's parts.
 */
AMANAT_MUST_CHECK amanat_result exchange_append_entry(struct exchange *exchange,
                                                      const struct redact_window *window, bool last,
                                                      struct buffer *lines);
AMANAT_MUST_CHECK amanat_result exchange_append_intent(struct exchange *exchange,
                                                       struct buffer *lines);

/**
 * Submits lines, of which the `last` say how the access ended; `done` is called on the worker's
 * loop.
 */
AMANAT_MUST_CHECK amanat_result exchange_submit(struct exchange *exchange, enum trail_class class,
                                                const struct buffer *lines, uint32_t part,
                                                bool last, trail_done_fn done);

#endif
