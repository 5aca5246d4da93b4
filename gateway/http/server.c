/* SPDX-License-Identifier: Apache-2.0 */
/* Listeners, the limit of connections, and stopping. What happens on a connection is in
 * connection.c. */
#include <errno.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gateway/http/server_private.h"
#include "policy/base/guard.h"

/* As long a queue as the system gives (net.core.somaxconn cuts it). */
enum { BACKLOG = 4096 };

struct http_listener {
    struct evconnlistener *listener;
    struct http_server *server;
    struct http_listener *next;
    struct runtime_task closing;
};

static void set_default(int64_t *limit, int64_t seconds)
{
    if (*limit == 0) {
        *limit = seconds * RUNTIME_SECOND;
    }
}

static void set_defaults(struct http_server_limits *limits)
{
    limits->connections = limits->connections == 0 ? 10000 : limits->connections;
    limits->output = limits->output == 0 ? 1048576 : limits->output;
    limits->output_low = limits->output_low == 0 ? HTTP_SERVER_OUTPUT_LOW : limits->output_low;
    set_default(&limits->header_time, 10);
    set_default(&limits->idle_time, 60);
    set_default(&limits->body_time, 30);
    set_default(&limits->write_time, 30);
}

amanat_result http_server_new(const struct http_server_options *options, struct http_server **out)
{
    struct http_server *server = calloc(1, sizeof(*server));
    TRY_MEMORY(server);
    runtime_signals_ignore_pipe(); /* OpenSSL writes without MSG_NOSIGNAL */
    server->options = *options;
    set_defaults(&server->options.limits);
    if (server->options.clock == NULL) {
        server->options.clock = runtime_clock_real();
    }
    if (options->tls != NULL) {
        server->options.tls = tls_context_ref(options->tls);
    }
    *out = server;
    return AMANAT_OK;
}

static void dispose_listener(void *object)
{
    struct http_listener *listener = object;
    evconnlistener_free(listener->listener);
    free(listener);
}

static void close_listeners(struct http_server *server)
{
    struct http_listener *listener = server->listeners;
    server->listeners = NULL;
    while (listener != NULL) {
        struct http_listener *next = listener->next;
        (void)evconnlistener_disable(listener->listener);
        runtime_loop_close_later(server->options.loop, &listener->closing, dispose_listener,
                                 listener);
        listener = next;
    }
}

static void dispose_server(void *object)
{
    struct http_server *server = object;
    tls_context_unref(server->options.tls);
    free(server);
}

void http_server_free(struct http_server *server)
{
    if (server == NULL) {
        return;
    }
    server->on_stopped = NULL;
    close_listeners(server);
    while (server->connections != NULL) {
        http_connection_abort(server->connections);
    }
    runtime_loop_close_later(server->options.loop, &server->closing, dispose_server, server);
}

static void accept_connection(struct evconnlistener *listener, evutil_socket_t descriptor,
                              struct sockaddr *address, int length, void *context)
{
    (void)listener;
    struct http_server *server = context;
    struct http_address peer = {0};
    if (length > 0 && (size_t)length <= sizeof(peer.socket)) {
        peer.length = (socklen_t)length;
        memcpy(&peer.socket, address, (size_t)length);
    }
    http_connection_open(server, descriptor, &peer);
}

/* Accepting failed, most likely for want of descriptors: the next connection's end tries again. */
static void on_accept_error(struct evconnlistener *listener, void *context)
{
    struct http_server *server = context;
    if (server->connection_count > 0) {
        (void)evconnlistener_disable(listener);
    }
}

/* A bound and listening socket, or -1 with errno. */
static int open_socket(const struct http_address *address, bool shared)
{
    const int family = address->socket.any.sa_family;
    const int on = 1;
    const int descriptor = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (descriptor < 0) {
        return -1;
    }
    if (setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
        (shared && setsockopt(descriptor, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) != 0) ||
        (family == AF_INET6 &&
         setsockopt(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) != 0) ||
        bind(descriptor, &address->socket.any, address->length) != 0 ||
        listen(descriptor, BACKLOG) != 0) {
        const int error = errno;
        close(descriptor);
        errno = error;
        return -1;
    }
    return descriptor;
}

static amanat_result add_listener(struct http_server *server, int descriptor)
{
    struct http_listener *listener = calloc(1, sizeof(*listener));
    if (listener != NULL) {
        listener->listener =
            evconnlistener_new(runtime_loop_base(server->options.loop), accept_connection, server,
                               LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 0, descriptor);
    }
    if (listener == NULL || listener->listener == NULL) {
        free(listener);
        close(descriptor);
        return amanat_result_of(AMANAT_STATUS_MEMORY);
    }
    evconnlistener_set_error_cb(listener->listener, on_accept_error);
    listener->server = server;
    listener->next = server->listeners;
    server->listeners = listener;
    return AMANAT_OK;
}

amanat_result http_server_listen(struct http_server *server, const struct http_address *address,
                                 bool shared, struct amanat_diagnostics *diagnostics,
                                 struct http_address *out_actual)
{
    ASSERT(!server->stopping);
    const int descriptor = open_socket(address, shared);
    struct http_address actual = {.length = sizeof(actual.socket)};
    if (descriptor < 0 || getsockname(descriptor, &actual.socket.any, &actual.length) != 0) {
        char text[HTTP_ADDRESS_TEXT_SIZE];
        http_address_text(address, text);
        amanat_diagnostics_add(diagnostics, AMANAT_SEVERITY_ERROR, "listen", text, 0, 0,
                               "cannot listen: %s", strerror(errno));
        if (descriptor >= 0) {
            close(descriptor);
        }
        return amanat_result_of(AMANAT_STATUS_IO);
    }
    TRY(add_listener(server, descriptor));
    if (out_actual != NULL) {
        *out_actual = actual;
    }
    return AMANAT_OK;
}

void http_server_set_tls(struct http_server *server, struct tls_context *tls)
{
    ASSERT(server->options.tls != NULL && tls != NULL);
    struct tls_context *before = server->options.tls;
    server->options.tls = tls_context_ref(tls);
    tls_context_unref(before);
}

static void switch_listeners(struct http_server *server, bool on)
{
    for (struct http_listener *it = server->listeners; it != NULL; it = it->next) {
        (void)(on ? evconnlistener_enable(it->listener) : evconnlistener_disable(it->listener));
    }
}

void http_server_note_opened(struct http_server *server)
{
    server->connection_count++;
    if (server->connection_count >= server->options.limits.connections) {
        switch_listeners(server, false);
    }
}

static void say_stopped(void *context)
{
    struct http_server *server = context;
    runtime_task_fn *on_stopped = server->on_stopped;
    if (on_stopped != NULL) {
        server->on_stopped = NULL;
        on_stopped(server->stopped_context);
    }
}

static void check_stopped(struct http_server *server)
{
    if (server->stopping && server->connection_count == 0 && server->on_stopped != NULL) {
        runtime_loop_close_later(server->options.loop, &server->stopped_task, say_stopped, server);
    }
}

void http_server_note_closed(struct http_server *server)
{
    ASSERT(server->connection_count > 0);
    server->connection_count--;
    if (!server->stopping) {
        switch_listeners(server, true);
    }
    check_stopped(server);
}

void http_server_stop(struct http_server *server, runtime_task_fn *on_stopped, void *context)
{
    ASSERT(!server->stopping);
    server->stopping = true;
    server->on_stopped = on_stopped;
    server->stopped_context = context;
    close_listeners(server);
    struct http_connection *connection = server->connections;
    const bool was_empty = connection == NULL;
    while (connection != NULL) {
        struct http_connection *next = http_connection_next(connection);
        http_connection_wind_down(connection);
        connection = next;
    }
    if (was_empty) {
        check_stopped(server);
    }
}

size_t http_server_connections(const struct http_server *server)
{
    return server->connection_count;
}
