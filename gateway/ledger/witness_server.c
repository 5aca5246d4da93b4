/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP around a witness: POST <prefix>/add-checkpoint and nothing else. One loop, one request at a
 * time: a witness answers a few requests a second, and each must be durable before the next is
 * judged.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/ledger/ledger.h"
#include "policy/base/base.h"

#define CONNECTION_LIMIT 256u
#define PREFIX_LIMIT     200u

struct witness_server {
    struct witness *witness;
    struct http_server *http;
    struct http_address listener;
    char path[PREFIX_LIMIT + sizeof("/add-checkpoint")];
};

/* A request whose body is being read. */
struct request {
    struct witness_server *server;
    struct http_response *response;
    struct buffer body;
    unsigned status; /* decided before the body: 0 = not yet */
};

static void send_answer(struct request *request, const struct witness_answer *answer)
{
    const bool is_method = answer->status == 405; /* RFC 9110 §15.5.6 wants an Allow */
    const struct http_header header =
        is_method
            ? (struct http_header){BYTES("Allow"), BYTES("POST")}
            : (struct http_header){BYTES("Content-Type"), bytes_of_string(answer->media_type)};
    const struct http_response_start start = {.status = answer->status,
                                              .headers = &header,
                                              .header_count =
                                                  is_method || answer->media_type != NULL ? 1 : 0,
                                              .framing = HTTP_FRAMING_LENGTH,
                                              .length = answer->body.length};
    amanat_result result = http_response_begin(request->response, &start);

    if (amanat_is_ok(result) && answer->body.length > 0) {
        result = http_response_write_own(request->response,
                                         (struct own_bytes){buffer_bytes(&answer->body)});
    }
    struct http_response *response = request->response;
    buffer_clear(&request->body);
    free(request);
    if (!amanat_is_ok(result) || !amanat_is_ok(http_response_end(response))) {
        http_response_abort(response);
    }
}

static void *begin(void *context, struct http_response *response,
                   const struct http_request_head *head, const struct http_peer *peer)
{
    struct witness_server *server = context;
    struct request *request = calloc(1, sizeof(*request));

    (void)peer;
    if (request == NULL) {
        http_response_abort(response);
        return NULL;
    }
    request->server = server;
    request->response = response;
    buffer_init(&request->body, WITNESS_REQUEST_LIMIT);
    if (!bytes_equal_string(head->path, server->path) || head->has_query) {
        request->status = 404;
    } else if (!bytes_equal_string(head->method, "POST")) {
        request->status = 405;
    }
    return request;
}

static void take_body(void *context, struct bytes body)
{
    struct request *request = context;

    if (request != NULL && request->status == 0) {
        buffer_append(&request->body, body);
        request->status = request->body.broken ? 413 : 0;
    }
}

static void finish(void *context)
{
    struct request *request = context;
    struct witness_answer answer = {0};

    if (request == NULL) {
        return;
    }
    buffer_init(&answer.body, 4096);
    answer.status = request->status;
    if (answer.status == 0) {
        witness_add_checkpoint(request->server->witness, buffer_bytes(&request->body), &answer);
    }
    send_answer(request, &answer);
    buffer_clear(&answer.body);
}

static void drop(void *context, enum http_abort reason, enum http_refusal refusal)
{
    struct request *request = context;

    (void)reason;
    (void)refusal;
    if (request != NULL) {
        buffer_clear(&request->body);
        free(request);
    }
}

static amanat_result start(struct witness_server *server, struct runtime_loop *loop,
                           const char *listen, struct amanat_diagnostics *diagnostics)
{
    const struct http_server_options options = {
        .loop = loop,
        .handler = {.context = server,
                    .on_request = begin,
                    .on_body = take_body,
                    .on_body_end = finish,
                    .on_abort = drop},
        .limits = {.connections = CONNECTION_LIMIT, .reader = {.body = WITNESS_REQUEST_LIMIT + 1}}};
    struct http_address address;

    if (!amanat_is_ok(http_address_parse(listen, &address))) {
        amanat_diagnostics_add(diagnostics, AMANAT_SEVERITY_ERROR, "witness", "listen", 0, 0,
                               "an address is 127.0.0.1:8480 or [::1]:8480");
        return amanat_result_of(AMANAT_STATUS_CONFIG_FAULT);
    }
    TRY(http_server_new(&options, &server->http));
    return http_server_listen(server->http, &address, false, diagnostics, &server->listener);
}

amanat_result witness_server_new(struct runtime_loop *loop, struct witness *witness,
                                 const char *listen, const char *prefix,
                                 struct amanat_diagnostics *diagnostics,
                                 struct witness_server **out)
{
    struct witness_server *server = calloc(1, sizeof(*server));

    TRY_MEMORY(server);
    server->witness = witness;
    amanat_result result = amanat_result_of(AMANAT_STATUS_CONFIG_FAULT);
    if (strlen(prefix) <= PREFIX_LIMIT) {
        (void)snprintf(server->path, sizeof(server->path), "%s/add-checkpoint", prefix);
        result = start(server, loop, listen, diagnostics);
    }
    if (!amanat_is_ok(result)) {
        witness_server_free(server);
        return result;
    }
    *out = server;
    return AMANAT_OK;
}

struct http_address witness_server_listener(const struct witness_server *server)
{
    return server->listener;
}

void witness_server_free(struct witness_server *server)
{
    if (server != NULL) {
        http_server_free(server->http);
        free(server);
    }
}
