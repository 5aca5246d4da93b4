/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A small world for tests of connections: one loop, a server on loopback with a handler whose
 * answer depends on the path, raw clients that send bytes and collect what comes, and services that
 * say what they are told.
 */
#ifndef AMANAT_TESTS_HTTP_WORLD_H
#define AMANAT_TESTS_HTTP_WORLD_H

#include "gateway/http/http.h"

struct asked;

/** What the handler has seen; `late` is the response of "/late", which the test answers. */
struct world {
    struct runtime_loop *loop;
    struct runtime_clock_fake clock;
    struct http_server *server;
    struct http_address address;
    struct http_response *late;
    struct asked *late_asked;
    struct buffer late_body;
    bool late_ended;
    int requests;
    int refusals;
    enum http_refusal refusal;
    int aborts;
    enum http_abort abort_reason;
    enum http_refusal abort_refusal;
    int drains;
    bool had_certificate;
    bool stopped;
    struct http_response *big;
    size_t most_waiting; /* of "/big" */
};

/**
 * Paths: /hello (5 bytes with length), /echo (body, chunked), /early (403 at once), /late (the test
 * answers), /big (20 windows of 200,000 bytes, each after the last has drained), /abort (one chunk,
 * then abort), /short (BUG).
 */
void world_open(struct world *world, const struct http_server_limits *limits,
                struct tls_context *tls);
void world_close(struct world *world);

/** Answers "/late" with `text`. */
void world_answer_late(struct world *world, const char *text);

/** Turns the loop until `*flag`. */
void world_turn_until(struct world *world, const bool *flag);

enum { WORLD_BIG_WINDOWS = 20, WORLD_BIG_WINDOW = 200000 };

/** A socket of the test's, whose input is collected. */
struct raw_client {
    struct world *world;
    int descriptor;
    struct event *event;
    struct buffer input;
    bool closed;
};

void raw_open(struct raw_client *client, struct world *world, const struct http_address *address);
void raw_send(struct raw_client *client, struct bytes bytes);
void raw_wait_for(struct raw_client *client, const char *text);
void raw_wait_closed(struct raw_client *client);
/** Without, or with a reset instead of an orderly end. */
void raw_close(struct raw_client *client, bool reset);

/** A service that answers every request (known by its empty line) with `answer`, and closes then
 * when told to. */
struct canned_service {
    struct world *world;
    struct http_address address;
    struct bytes answer;
    bool closes;
    int listener;
    struct event *accept_event;
    int descriptor;
    struct event *event;
    int requests;
    struct buffer input;
};

void canned_open(struct canned_service *service, struct world *world, struct bytes answer,
                 bool closes);
void canned_close(struct canned_service *service);
/** Closes the connection that is open. */
void canned_hang_up(struct canned_service *service);

/** What came back from http_client_send. */
struct fetched {
    struct world *world;
    bool done;
    bool failed;
    enum http_client_failure failure;
    enum http_refusal refusal;
    unsigned status;
    enum http_framing framing;
    struct buffer body;
    size_t body_length;
    struct http_client *paused; /* is paused at each piece of the body, and the test resumes it */
};

struct http_client *fetch_new(struct world *world, const struct http_address *address,
                              struct tls_context *tls, const char *host,
                              const struct http_client_limits *limits);
void fetch_start(struct fetched *fetched, struct world *world, struct http_client *client,
                 const char *method, const char *target, struct bytes body, bool chunked);
void fetch_wait(struct fetched *fetched);
void fetch_clear(struct fetched *fetched);

#endif
