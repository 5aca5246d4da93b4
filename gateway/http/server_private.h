/* SPDX-License-Identifier: Apache-2.0 */
/* What listeners and connections share; private to server.c and connection.c. */
#ifndef AMANAT_GATEWAY_HTTP_SERVER_PRIVATE_H
#define AMANAT_GATEWAY_HTTP_SERVER_PRIVATE_H

#include "gateway/http/server.h"

struct http_listener;
struct http_connection;

struct http_server {
    struct http_server_options options; /* limits with their defaults filled in */
    struct http_listener *listeners;
    struct http_connection *connections; /* doubly linked */
    size_t connection_count;
    bool stopping;
    runtime_task_fn *on_stopped;
    void *stopped_context;
    struct runtime_task stopped_task;
    struct runtime_task closing;
};

/** Takes over an accepted socket. Without memory the socket is closed. */
void http_connection_open(struct http_server *server, int descriptor,
                          const struct http_address *peer);

/** Closes a connection that waits for a request; marks any other to close after its response. */
void http_connection_wind_down(struct http_connection *connection);

/** Closes it at once, telling a handler that waits. */
void http_connection_abort(struct http_connection *connection);

struct http_connection *http_connection_next(const struct http_connection *connection);

/** A connection has come into the server's list, or left it. */
void http_server_note_opened(struct http_server *server);
void http_server_note_closed(struct http_server *server);

#endif
