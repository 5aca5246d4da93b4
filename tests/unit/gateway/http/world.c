/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The small world. Nothing in it waits by time: it turns the loop until what it waits for has come.
 */
#include "tests/unit/gateway/http/world.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <unistd.h>

#include "policy/base/guard.h"

#define MUST(expression) ASSERT(amanat_is_ok(expression))

enum kind { KIND_ECHO, KIND_EARLY, KIND_LATE, KIND_BIG };

/* What the handler keeps about one request. */
struct asked {
    struct world *world;
    struct http_response *response;
    enum kind kind;
    struct buffer body;
    int windows;
};

static void forget(struct asked *asked)
{
    buffer_clear(&asked->body);
    free(asked);
}

static void begin(struct http_response *response, unsigned status, enum http_framing framing,
                  uint64_t length)
{
    const struct http_header headers[] = {{BYTES_INIT("Content-Type"), BYTES_INIT("text/plain")}};
    MUST(http_response_begin(response, &(struct http_response_start){.status = status,
                                                                     .headers = headers,
                                                                     .header_count = 1,
                                                                     .framing = framing,
                                                                     .length = length}));
}

static void write_own(struct http_response *response, struct bytes bytes)
{
    MUST(http_response_write_own(response, (struct own_bytes){bytes}));
}

static void answer_whole(struct http_response *response, unsigned status, struct bytes body)
{
    begin(response, status, HTTP_FRAMING_LENGTH, body.length);
    write_own(response, body);
    MUST(http_response_end(response));
}

static void write_window(struct asked *asked)
{
    static char window[WORLD_BIG_WINDOW];
    if (asked->windows == WORLD_BIG_WINDOWS) {
        MUST(http_response_end(asked->response));
        forget(asked);
        return;
    }
    memset(window, 'a' + asked->windows, sizeof(window));
    asked->windows++;
    MUST(http_response_write_disclosed(asked->response,
                                       (struct disclosed_bytes){bytes_of(window, sizeof(window))}));
    const size_t waiting = http_response_waiting(asked->response);
    if (waiting > asked->world->most_waiting) {
        asked->world->most_waiting = waiting;
    }
}

static void *answer_at_once(struct http_response *response, struct bytes path)
{
    if (bytes_equal(path, BYTES("/hello"))) {
        answer_whole(response, 200, BYTES("hello"));
    } else if (bytes_equal(path, BYTES("/early"))) {
        answer_whole(response, 403, BYTES("no"));
    } else if (bytes_equal(path, BYTES("/abort"))) {
        begin(response, 200, HTTP_FRAMING_CHUNKED, 0);
        write_own(response, BYTES("part"));
        http_response_abort(response);
    } else {
        begin(response, 200, HTTP_FRAMING_LENGTH, 10);
        write_own(response, BYTES("short"));
        ASSERT(http_response_write_own(response, (struct own_bytes){BYTES("too long")}).status ==
               AMANAT_STATUS_BUG);
        ASSERT(http_response_end(response).status == AMANAT_STATUS_BUG);
    }
    return NULL;
}

static void *take_request(void *context, struct http_response *response,
                          const struct http_request_head *head, const struct http_peer *peer)
{
    struct world *world = context;
    world->requests++;
    world->had_certificate = peer->certificate != NULL;
    ASSERT(http_address_is_loopback(&peer->address));
    const bool is_echo = bytes_equal(head->path, BYTES("/echo"));
    const bool is_late = bytes_equal(head->path, BYTES("/late"));
    if (!is_echo && !is_late && !bytes_equal(head->path, BYTES("/big"))) {
        return answer_at_once(response, head->path);
    }
    struct asked *asked = calloc(1, sizeof(*asked));
    ASSERT(asked != NULL);
    *asked = (struct asked){.world = world, .response = response};
    asked->kind = is_echo ? KIND_ECHO : is_late ? KIND_LATE : KIND_BIG;
    buffer_init(&asked->body, 1 << 20);
    if (is_late) {
        world->late = response;
        world->late_asked = asked;
    } else if (!is_echo) {
        world->big = response;
        begin(response, 200, HTTP_FRAMING_CHUNKED, 0);
    }
    return asked;
}

static void take_body(void *request, struct bytes body)
{
    struct asked *asked = request;
    buffer_append(asked->kind == KIND_LATE ? &asked->world->late_body : &asked->body, body);
}

static void take_body_end(void *request)
{
    struct asked *asked = request;
    if (asked->kind == KIND_LATE) {
        asked->world->late_ended = true;
    } else if (asked->kind == KIND_BIG) {
        write_window(asked);
    } else {
        begin(asked->response, 200, HTTP_FRAMING_CHUNKED, 0);
        write_own(asked->response, buffer_bytes(&asked->body));
        MUST(http_response_end(asked->response));
        forget(asked);
    }
}

static void take_drained(void *request)
{
    struct asked *asked = request;
    asked->world->drains++;
    if (asked->kind == KIND_BIG) {
        write_window(asked);
    }
}

static void take_abort(void *request, enum http_abort reason, enum http_refusal refusal)
{
    struct asked *asked = request;
    asked->world->aborts++;
    asked->world->abort_reason = reason;
    asked->world->abort_refusal = refusal;
    if (asked->kind == KIND_LATE) {
        asked->world->late = NULL;
    }
    forget(asked);
}

static void take_refused(void *context, enum http_refusal refusal, const struct http_peer *peer)
{
    struct world *world = context;
    ASSERT(peer->address.length > 0);
    world->refusals++;
    world->refusal = refusal;
}

void world_open(struct world *world, const struct http_server_limits *limits,
                struct tls_context *tls)
{
    *world = (struct world){0};
    buffer_init(&world->late_body, 1 << 20);
    runtime_clock_fake_init(&world->clock, 784111777 * RUNTIME_SECOND);
    MUST(runtime_loop_new(100, &world->loop));
    struct http_server_options options = {.loop = world->loop,
                                          .clock = &world->clock.clock,
                                          .tls = tls,
                                          .handler = {.context = world,
                                                      .on_request = take_request,
                                                      .on_body = take_body,
                                                      .on_body_end = take_body_end,
                                                      .on_drained = take_drained,
                                                      .on_abort = take_abort,
                                                      .on_refused = take_refused}};
    if (limits != NULL) {
        options.limits = *limits;
    }
    MUST(http_server_new(&options, &world->server));
    struct http_address any;
    MUST(http_address_parse("127.0.0.1:0", &any));
    MUST(http_server_listen(world->server, &any, true, NULL, &world->address));
}

void world_close(struct world *world)
{
    http_server_free(world->server);
    runtime_loop_free(world->loop);
    buffer_clear(&world->late_body);
}

void world_answer_late(struct world *world, const char *text)
{
    struct http_response *response = world->late;
    ASSERT(response != NULL);
    world->late = NULL;
    struct asked *asked = world->late_asked;
    answer_whole(response, 200, bytes_of_string(text));
    forget(asked);
}

void world_turn_until(struct world *world, const bool *flag)
{
    while (!*flag) {
        MUST(runtime_loop_turn(world->loop));
    }
}

static void collect(evutil_socket_t descriptor, short what, void *context)
{
    (void)what;
    struct raw_client *client = context;
    char input[65536];
    const ssize_t length = recv(descriptor, input, sizeof(input), MSG_DONTWAIT);
    if (length > 0) {
        buffer_append(&client->input, bytes_of(input, (size_t)length));
    } else if (length == 0 || errno != EAGAIN) {
        client->closed = true;
        (void)event_del(client->event);
    }
}

void raw_open(struct raw_client *client, struct world *world, const struct http_address *address)
{
    *client = (struct raw_client){.world = world};
    buffer_init(&client->input, 1 << 24);
    client->descriptor = socket(address->socket.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ASSERT(client->descriptor >= 0);
    ASSERT(connect(client->descriptor, &address->socket.any, address->length) == 0);
    client->event = event_new(runtime_loop_base(world->loop), client->descriptor,
                              EV_READ | EV_PERSIST, collect, client);
    ASSERT(client->event != NULL && event_add(client->event, NULL) == 0);
}

void raw_send(struct raw_client *client, struct bytes bytes)
{
    ASSERT(send(client->descriptor, bytes.at, bytes.length, MSG_NOSIGNAL) == (ssize_t)bytes.length);
}

static bool has_text(const struct buffer *buffer, const char *text)
{
    const struct bytes wanted = bytes_of_string(text);
    for (size_t i = 0; i + wanted.length <= buffer->length; i++) {
        if (memcmp(buffer->at + i, wanted.at, wanted.length) == 0) {
            return true;
        }
    }
    return false;
}

void raw_wait_for(struct raw_client *client, const char *text)
{
    while (!has_text(&client->input, text)) {
        ASSERT(!client->closed);
        MUST(runtime_loop_turn(client->world->loop));
    }
}

void raw_wait_closed(struct raw_client *client)
{
    world_turn_until(client->world, &client->closed);
}

void raw_close(struct raw_client *client, bool reset)
{
    const struct linger linger = {.l_onoff = reset, .l_linger = 0};
    ASSERT(setsockopt(client->descriptor, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)) == 0);
    event_free(client->event);
    close(client->descriptor);
    buffer_clear(&client->input);
}

void canned_hang_up(struct canned_service *service)
{
    if (service->event != NULL) {
        event_free(service->event);
        close(service->descriptor);
        service->event = NULL;
    }
}

static void answer_canned(evutil_socket_t descriptor, short what, void *context)
{
    (void)what;
    struct canned_service *service = context;
    char input[4096];
    const ssize_t length = recv(descriptor, input, sizeof(input), MSG_DONTWAIT);
    if (length <= 0) {
        canned_hang_up(service);
        return;
    }
    buffer_append(&service->input, bytes_of(input, (size_t)length));
    if (!has_text(&service->input, "\r\n\r\n")) {
        return;
    }
    buffer_reset(&service->input);
    service->requests++;
    ASSERT(send(descriptor, service->answer.at, service->answer.length, MSG_NOSIGNAL) >= 0);
    if (service->closes) {
        canned_hang_up(service);
    }
}

static void accept_canned(evutil_socket_t listener, short what, void *context)
{
    (void)what;
    struct canned_service *service = context;
    canned_hang_up(service);
    service->descriptor = accept(listener, NULL, NULL);
    ASSERT(service->descriptor >= 0);
    service->event = event_new(runtime_loop_base(service->world->loop), service->descriptor,
                               EV_READ | EV_PERSIST, answer_canned, service);
    ASSERT(service->event != NULL && event_add(service->event, NULL) == 0);
}

void canned_open(struct canned_service *service, struct world *world, struct bytes answer,
                 bool closes)
{
    *service = (struct canned_service){.world = world, .answer = answer, .closes = closes};
    buffer_init(&service->input, 65536);
    struct http_address *address = &service->address;
    MUST(http_address_parse("127.0.0.1:0", address));
    service->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ASSERT(service->listener >= 0);
    ASSERT(bind(service->listener, &address->socket.any, address->length) == 0);
    ASSERT(listen(service->listener, 8) == 0);
    ASSERT(getsockname(service->listener, &address->socket.any, &address->length) == 0);
    service->accept_event = event_new(runtime_loop_base(world->loop), service->listener,
                                      EV_READ | EV_PERSIST, accept_canned, service);
    ASSERT(service->accept_event != NULL && event_add(service->accept_event, NULL) == 0);
}

void canned_close(struct canned_service *service)
{
    canned_hang_up(service);
    event_free(service->accept_event);
    close(service->listener);
    buffer_clear(&service->input);
}

static void take_head(void *context, const struct http_response_head *head)
{
    struct fetched *fetched = context;
    fetched->status = head->status;
    fetched->framing = head->framing;
}

static void take_fetched(void *context, struct undisclosed_bytes body)
{
    struct fetched *fetched = context;
    fetched->body_length += body.bytes.length;
    buffer_append(&fetched->body, body.bytes);
    if (fetched->paused != NULL) {
        http_client_pause(fetched->paused);
    }
}

static void take_done(void *context)
{
    struct fetched *fetched = context;
    fetched->done = true;
}

static void take_failure(void *context, enum http_client_failure failure, enum http_refusal refusal)
{
    struct fetched *fetched = context;
    fetched->done = true;
    fetched->failed = true;
    fetched->failure = failure;
    fetched->refusal = refusal;
}

struct http_client *fetch_new(struct world *world, const struct http_address *address,
                              struct tls_context *tls, const char *host,
                              const struct http_client_limits *limits)
{
    struct http_client_options options = {
        .loop = world->loop, .address = *address, .tls = tls, .host = host};
    if (limits != NULL) {
        options.limits = *limits;
    }
    struct http_client *client = NULL;
    MUST(http_client_new(&options, &client));
    return client;
}

void fetch_start(struct fetched *fetched, struct world *world, struct http_client *client,
                 const char *method, const char *target, struct bytes body, bool chunked)
{
    *fetched = (struct fetched){.world = world};
    buffer_init(&fetched->body, 1 << 24);
    const struct http_client_handler handler = {.context = fetched,
                                                .on_head = take_head,
                                                .on_body = take_fetched,
                                                .on_end = take_done,
                                                .on_failure = take_failure};
    const struct http_request_start start = {.method = bytes_of_string(method),
                                             .target = bytes_of_string(target),
                                             .host = BYTES("localhost"),
                                             .framing = chunked           ? HTTP_FRAMING_CHUNKED
                                                        : body.length > 0 ? HTTP_FRAMING_LENGTH
                                                                          : HTTP_FRAMING_NONE,
                                             .length = chunked ? 0 : body.length};
    MUST(http_client_send(client, &start, &handler));
    if (chunked || body.length > 0) {
        MUST(http_client_write(client, body));
        MUST(http_client_end(client));
    }
}

void fetch_wait(struct fetched *fetched)
{
    while (!fetched->done) {
        MUST(runtime_loop_turn(fetched->world->loop));
        if (fetched->paused != NULL && !fetched->done) {
            http_client_resume(fetched->paused);
        }
    }
}

void fetch_clear(struct fetched *fetched)
{
    buffer_clear(&fetched->body);
}
