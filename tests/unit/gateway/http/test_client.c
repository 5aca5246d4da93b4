/* SPDX-License-Identifier: Apache-2.0 */
/* The client over real sockets: against our server, services that answer anything, and TLS that
 * ends in every way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/gateway/http/world.h"
#include "tests/unit/gateway/tls/certificates.h"

static const struct test_certificates *files;

static int make_files(void **state)
{
    (void)state;
    files = test_certificates_make("http");
    return 0;
}

static struct tls_context *make_server_context(void)
{
    const struct tls_server_options options = {
        .certificate = files->server, .key = files->server_key, .client_ca = files->ca};
    struct tls_context *context = NULL;
    assert_true(amanat_is_ok(tls_server_context_new(&options, NULL, &context)));
    return context;
}

static struct tls_context *make_client_context(bool with_certificate)
{
    const struct tls_client_options options = {.ca = files->ca,
                                               .certificate =
                                                   with_certificate ? files->client : NULL,
                                               .key = with_certificate ? files->client_key : NULL};
    struct tls_context *context = NULL;
    assert_true(amanat_is_ok(tls_client_context_new(&options, NULL, &context)));
    return context;
}

static void assert_body(const struct fetched *fetched, unsigned status, struct bytes body)
{
    assert_false(fetched->failed);
    assert_int_equal(fetched->status, status);
    assert_true(bytes_equal(buffer_bytes(&fetched->body), body));
}

static void assert_failure(const struct fetched *fetched, enum http_client_failure failure)
{
    assert_true(fetched->failed);
    if (fetched->failure != failure) {
        print_error("%s, not %s\n", http_client_failure_name(fetched->failure),
                    http_client_failure_name(failure));
        fail();
    }
}

static void test_client__uses_one_connection_again(void **state)
{
    (void)state;
    struct world world;
    struct fetched fetched;
    world_open(&world, NULL, NULL);
    struct http_client *client = fetch_new(&world, &world.address, NULL, NULL, NULL);
    const struct {
        const char *method;
        const char *target;
        struct bytes sent;
        bool chunked;
        struct bytes body;
    } rows[] = {{"GET", "/hello", {NULL, 0}, false, BYTES_INIT("hello")},
                {"HEAD", "/hello", {NULL, 0}, false, {NULL, 0}},
                {"POST", "/echo", BYTES_INIT("counted"), false, BYTES_INIT("counted")},
                {"PUT", "/echo", BYTES_INIT("in chunks"), true, BYTES_INIT("in chunks")},
                {"GET", "/hello", {NULL, 0}, false, BYTES_INIT("hello")}};
    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_true(http_client_is_reusable(client));
        assert_int_equal(http_client_exchanges(client), i);
        fetch_start(&fetched, &world, client, rows[i].method, rows[i].target, rows[i].sent,
                    rows[i].chunked);
        assert_false(http_client_is_reusable(client));
        fetch_wait(&fetched);
        assert_body(&fetched, 200, rows[i].body);
        fetch_clear(&fetched);
    }
    assert_int_equal(http_server_connections(world.server), 1);
    http_client_close(client);
    world_close(&world);
}

static void fetch_big(struct world *world, struct http_client *client, bool pauses)
{
    struct fetched fetched;
    fetch_start(&fetched, world, client, "GET", "/big", bytes_of(NULL, 0), false);
    fetched.paused = pauses ? client : NULL;
    fetch_wait(&fetched);
    assert_false(fetched.failed);
    assert_int_equal(fetched.body_length, WORLD_BIG_WINDOWS * WORLD_BIG_WINDOW);
    for (size_t i = 0; i < fetched.body.length; i += 997) {
        assert_int_equal(fetched.body.at[i], 'a' + (int)(i / WORLD_BIG_WINDOW));
    }
    fetch_clear(&fetched);
}

static void test_client__takes_long_bodies_with_back_pressure(void **state)
{
    (void)state;
    for (int secure = 0; secure < 2; secure++) {
        struct world world;
        struct tls_context *theirs = make_server_context();
        struct tls_context *ours = make_client_context(true);
        world_open(&world, NULL, secure ? theirs : NULL);
        struct http_client *client = fetch_new(&world, &world.address, secure ? ours : NULL,
                                               secure ? "localhost" : NULL, NULL);
        fetch_big(&world, client, false);
        fetch_big(&world, client, true);
        assert_true(world.drains >= WORLD_BIG_WINDOWS);
        /* a window, what waited when the one before had drained, and the heads */
        assert_true(world.most_waiting <= WORLD_BIG_WINDOW + 65536 + 1024);
        http_client_close(client);
        world_close(&world);
        tls_context_unref(theirs);
        tls_context_unref(ours);
    }
}

static void test_client__refuses_to_send_what_is_not_right(void **state)
{
    (void)state;
    struct world world;
    struct fetched fetched;
    world_open(&world, NULL, NULL);
    struct http_client *client = fetch_new(&world, &world.address, NULL, NULL, NULL);
    fetch_start(&fetched, &world, client, "GET", "/late", bytes_of(NULL, 0), false);
    const struct http_request_start start = {
        .method = BYTES("GET"), .target = BYTES("/"), .host = BYTES("h")};
    const struct http_client_handler handler = {0};
    assert_int_equal(http_client_send(client, &start, &handler).status, AMANAT_STATUS_BUG);
    assert_int_equal(http_client_write(client, BYTES("x")).status, AMANAT_STATUS_BUG);
    http_client_close(client);
    fetch_clear(&fetched);
    world_close(&world);
}

static void test_client__names_what_went_wrong(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        struct bytes answer;
        bool closes;
        bool fails;
        enum http_client_failure failure;
        enum http_refusal refusal;
    } rows[] = {
        {"until close", BYTES_INIT("HTTP/1.1 200 OK\r\n\r\nall"), true, false, 0, 0},
        {"cut length", BYTES_INIT("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nall"), true, true,
         HTTP_CLIENT_FAILURE_TRUNCATED, HTTP_REFUSAL_TRUNCATED},
        {"cut chunks", BYTES_INIT("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nall"),
         true, true, HTTP_CLIENT_FAILURE_TRUNCATED, HTTP_REFUSAL_TRUNCATED},
        {"cut head", BYTES_INIT("HTTP/1.1 200 OK\r\nConte"), true, true,
         HTTP_CLIENT_FAILURE_TRUNCATED, HTTP_REFUSAL_TRUNCATED},
        {"nothing", {"", 0}, true, true, HTTP_CLIENT_FAILURE_TRUNCATED, HTTP_REFUSAL_NONE},
        {"no HTTP", BYTES_INIT("SSH-2.0-OpenSSH\r\n"), false, true, HTTP_CLIENT_FAILURE_MALFORMED,
         HTTP_REFUSAL_VERSION_MALFORMED},
        {"two framings",
         BYTES_INIT("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"),
         false, true, HTTP_CLIENT_FAILURE_MALFORMED, HTTP_REFUSAL_LENGTH_WITH_ENCODING},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct world world;
        struct canned_service service;
        struct fetched fetched;
        world_open(&world, NULL, NULL);
        canned_open(&service, &world, rows[i].answer, rows[i].closes);
        struct http_client *client = fetch_new(&world, &service.address, NULL, NULL, NULL);
        fetch_start(&fetched, &world, client, "GET", "/", bytes_of(NULL, 0), false);
        fetch_wait(&fetched);
        if (rows[i].fails) {
            assert_failure(&fetched, rows[i].failure);
            assert_int_equal(fetched.refusal, rows[i].refusal);
        } else {
            assert_body(&fetched, 200, BYTES("all"));
            assert_int_equal(fetched.framing, HTTP_FRAMING_UNTIL_CLOSE);
        }
        assert_false(http_client_is_reusable(client));
        http_client_close(client);
        fetch_clear(&fetched);
        canned_close(&service);
        world_close(&world);
    }
}

static void test_client__does_not_reuse_what_is_not_clean(void **state)
{
    (void)state;
    static const struct bytes answers[] = {
        BYTES_INIT("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nallHTTP/1.1 200 OK\r\n"),
        BYTES_INIT("HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\nall"),
        BYTES_INIT("HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nall"),
    };
    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        struct world world;
        struct canned_service service;
        struct fetched fetched;
        world_open(&world, NULL, NULL);
        canned_open(&service, &world, answers[i], false);
        struct http_client *client = fetch_new(&world, &service.address, NULL, NULL, NULL);
        fetch_start(&fetched, &world, client, "GET", "/", bytes_of(NULL, 0), false);
        fetch_wait(&fetched);
        assert_body(&fetched, 200, BYTES("all"));
        assert_false(http_client_is_reusable(client));
        http_client_close(client);
        fetch_clear(&fetched);
        canned_close(&service);
        world_close(&world);
    }
}

static void test_client__reads_an_answer_that_comes_before_all_was_sent(void **state)
{
    (void)state;
    /* More than the system's buffers of both sides take (net.ipv4.tcp_wmem, tcp_rmem: 4 and 6 MiB
     * at most). */
    enum { SIZE = 16 << 20 };
    static char body[SIZE];
    struct world world;
    struct canned_service service;
    struct fetched fetched;
    world_open(&world, NULL, NULL);
    canned_open(&service, &world,
                BYTES("HTTP/1.1 413 Content Too Large\r\nContent-Length: 2\r\n\r\nno"), true);
    const struct http_client_limits limits = {.output = 2 * SIZE};
    struct http_client *client = fetch_new(&world, &service.address, NULL, NULL, &limits);
    fetch_start(&fetched, &world, client, "POST", "/", bytes_of(body, sizeof(body)), false);
    fetch_wait(&fetched);
    assert_body(&fetched, 413, BYTES("no"));
    assert_false(http_client_is_reusable(client));
    http_client_close(client);
    fetch_clear(&fetched);
    canned_close(&service);
    world_close(&world);
}

static void test_client__says_that_nobody_listens(void **state)
{
    (void)state;
    struct world world;
    struct fetched fetched;
    struct http_address address;
    world_open(&world, NULL, NULL);
    assert_true(amanat_is_ok(http_address_parse("127.0.0.1:0", &address)));
    const int silent = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0); /* keeps others from it */
    assert_int_equal(bind(silent, &address.socket.any, address.length), 0);
    assert_int_equal(getsockname(silent, &address.socket.any, &address.length), 0);
    struct http_client *client = fetch_new(&world, &address, NULL, NULL, NULL);
    fetch_start(&fetched, &world, client, "GET", "/", bytes_of(NULL, 0), false);
    assert_false(fetched.done); /* never from within the call */
    fetch_wait(&fetched);
    assert_failure(&fetched, HTTP_CLIENT_FAILURE_CONNECT);
    http_client_close(client);
    close(silent);
    fetch_clear(&fetched);
    world_close(&world);
}

static void test_client__waits_only_so_long(void **state)
{
    (void)state;
    static const struct {
        struct http_client_limits limits;
        struct bytes answer;
    } rows[] = {
        {{.response_time = 20000}, {"", 0}},
        {{.body_time = 20000}, BYTES_INIT("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nall")},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct world world;
        struct canned_service service;
        struct fetched fetched;
        world_open(&world, NULL, NULL);
        canned_open(&service, &world, rows[i].answer, false);
        struct http_client *client =
            fetch_new(&world, &service.address, NULL, NULL, &rows[i].limits);
        fetch_start(&fetched, &world, client, "GET", "/", bytes_of(NULL, 0), false);
        fetch_wait(&fetched);
        assert_failure(&fetched, HTTP_CLIENT_FAILURE_TIMEOUT);
        http_client_close(client);
        fetch_clear(&fetched);
        canned_close(&service);
        world_close(&world);
    }
}

static void note_idle_close(void *context)
{
    bool *flag = context;
    *flag = true;
}

/* A service that keeps the connection, until the test hangs up: with an exchange running, or
 * between two. */
static void test_client__notices_that_a_kept_connection_has_ended(void **state)
{
    (void)state;
    for (int running = 0; running < 2; running++) {
        struct world world;
        struct canned_service service;
        struct fetched fetched;
        bool closed = false;
        world_open(&world, NULL, NULL);
        canned_open(&service, &world, BYTES("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), false);
        struct http_client *client = NULL;
        const struct http_client_options options = {.loop = world.loop,
                                                    .address = service.address,
                                                    .on_idle_close = note_idle_close,
                                                    .context = &closed};
        assert_true(amanat_is_ok(http_client_new(&options, &client)));
        fetch_start(&fetched, &world, client, "GET", "/", bytes_of(NULL, 0), false);
        fetch_wait(&fetched);
        assert_body(&fetched, 200, bytes_of(NULL, 0));
        fetch_clear(&fetched);
        if (running) {
            service.answer = bytes_of("", 0);
            service.closes = true;
            fetch_start(&fetched, &world, client, "GET", "/", bytes_of(NULL, 0), false);
            fetch_wait(&fetched);
            assert_failure(&fetched, HTTP_CLIENT_FAILURE_STALE);
            fetch_clear(&fetched);
            assert_false(closed);
        } else {
            assert_true(http_client_is_quiet(client));
            canned_hang_up(&service);
            assert_true(http_client_is_reusable(client)); /* for all that the loop knows */
            assert_false(http_client_is_quiet(client));
            world_turn_until(&world, &closed);
        }
        assert_false(http_client_is_reusable(client));
        http_client_close(client);
        canned_close(&service);
        world_close(&world);
    }
}

static void test_client__verifies_and_is_verified(void **state)
{
    (void)state;
    static const struct {
        const char *host;
        bool with_certificate;
        bool succeeds;
        enum http_client_failure failure;
    } rows[] = {
        {"localhost", true, true, 0},
        {"127.0.0.1", true, true, 0},
        {"example.org", true, false, HTTP_CLIENT_FAILURE_TLS},
        /* TLS 1.3: the server says no when the client already thinks that it is connected */
        {"localhost", false, false, HTTP_CLIENT_FAILURE_TRUNCATED},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct world world;
        struct fetched fetched;
        struct tls_context *theirs = make_server_context();
        struct tls_context *ours = make_client_context(rows[i].with_certificate);
        world_open(&world, NULL, theirs);
        struct http_client *client = fetch_new(&world, &world.address, ours, rows[i].host, NULL);
        fetch_start(&fetched, &world, client, "POST", "/echo", BYTES("hidden"), false);
        fetch_wait(&fetched);
        if (rows[i].succeeds) {
            assert_body(&fetched, 200, BYTES("hidden"));
            assert_true(world.had_certificate);
        } else {
            assert_failure(&fetched, rows[i].failure);
            assert_int_equal(world.requests, 0);
            assert_true(strlen(http_client_failure_text(client)) > 0);
        }
        http_client_close(client);
        fetch_clear(&fetched);
        world_close(&world);
        tls_context_unref(theirs);
        tls_context_unref(ours);
    }
}

static void test_client__survives_a_reload_of_the_servers_certificate(void **state)
{
    (void)state;
    struct world world;
    struct fetched fetched;
    struct tls_context *before = make_server_context();
    struct tls_context *after = make_server_context();
    struct tls_context *ours = make_client_context(true);
    world_open(&world, NULL, before);
    tls_context_unref(before);
    struct http_client *old = fetch_new(&world, &world.address, ours, "localhost", NULL);
    struct http_client *new = fetch_new(&world, &world.address, ours, "localhost", NULL);
    for (int i = 0; i < 2; i++) {
        fetch_start(&fetched, &world, old, "GET", "/hello", bytes_of(NULL, 0), false);
        fetch_wait(&fetched);
        assert_body(&fetched, 200, BYTES("hello"));
        fetch_clear(&fetched);
        if (i == 0) {
            http_server_set_tls(world.server, after);
        }
    }
    fetch_start(&fetched, &world, new, "GET", "/hello", bytes_of(NULL, 0), false);
    fetch_wait(&fetched);
    assert_body(&fetched, 200, BYTES("hello"));
    fetch_clear(&fetched);
    http_client_close(old);
    http_client_close(new);
    world_close(&world);
    tls_context_unref(after);
    tls_context_unref(ours);
}

/* Closing while idle over TLS says so: the peer's on_idle_close comes by close_notify, not by a
 * broken connection. */
static void test_client__is_told_when_the_server_closes_an_idle_connection(void **state)
{
    (void)state;
    struct world world;
    struct fetched fetched;
    bool closed = false;
    struct tls_context *theirs = make_server_context();
    struct tls_context *ours = make_client_context(true);
    world_open(&world, &(struct http_server_limits){.idle_time = 20000}, theirs);
    struct http_client *client = NULL;
    const struct http_client_options options = {.loop = world.loop,
                                                .address = world.address,
                                                .tls = ours,
                                                .host = "localhost",
                                                .on_idle_close = note_idle_close,
                                                .context = &closed};
    assert_true(amanat_is_ok(http_client_new(&options, &client)));
    fetch_start(&fetched, &world, client, "GET", "/hello", bytes_of(NULL, 0), false);
    fetch_wait(&fetched);
    assert_body(&fetched, 200, BYTES("hello"));
    world_turn_until(&world, &closed);
    assert_string_equal(http_client_failure_text(client), "");
    http_client_close(client);
    fetch_clear(&fetched);
    world_close(&world);
    tls_context_unref(theirs);
    tls_context_unref(ours);
}

/* A TLS service in a thread of its own, by OpenSSL's blocking calls: a body until close, with or
 * without goodbye. */
struct tls_service {
    int listener;
    struct tls_context *context;
    bool says_goodbye;
};

static void serve_tls(void *argument)
{
    struct tls_service *service = argument;
    static const char answer[] = "HTTP/1.1 200 OK\r\n\r\nall";
    char input[4096];
    const int descriptor = accept(service->listener, NULL, NULL);
    SSL *session = NULL;
    if (descriptor < 0 || !amanat_is_ok(tls_server_session_new(service->context, &session)) ||
        SSL_set_fd(session, descriptor) != 1 || SSL_accept(session) != 1 ||
        SSL_read(session, input, sizeof(input)) <= 0 ||
        SSL_write(session, answer, sizeof(answer) - 1) <= 0) {
        abort();
    }
    if (service->says_goodbye) {
        (void)SSL_shutdown(session);
    }
    SSL_free(session);
    (void)shutdown(descriptor, SHUT_WR);
    close(descriptor);
}

static void test_client__takes_an_end_without_close_notify_for_a_cut(void **state)
{
    (void)state;
    for (int goodbye = 0; goodbye < 2; goodbye++) {
        struct world world;
        struct fetched fetched;
        struct http_address address;
        struct runtime_thread *thread = NULL;
        struct tls_context *ours = make_client_context(true);
        struct tls_service service = {.context = make_server_context(),
                                      .says_goodbye = goodbye == 1};
        world_open(&world, NULL, NULL);
        assert_true(amanat_is_ok(http_address_parse("127.0.0.1:0", &address)));
        service.listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert_int_equal(bind(service.listener, &address.socket.any, address.length), 0);
        assert_int_equal(listen(service.listener, 1), 0);
        assert_int_equal(getsockname(service.listener, &address.socket.any, &address.length), 0);
        assert_true(amanat_is_ok(runtime_thread_start("service", serve_tls, &service, &thread)));
        struct http_client *client = fetch_new(&world, &address, ours, "localhost", NULL);
        fetch_start(&fetched, &world, client, "GET", "/", bytes_of(NULL, 0), false);
        fetch_wait(&fetched);
        if (service.says_goodbye) {
            assert_body(&fetched, 200, BYTES("all"));
        } else {
            assert_failure(&fetched, HTTP_CLIENT_FAILURE_TRUNCATED);
        }
        runtime_thread_join(thread);
        close(service.listener);
        http_client_close(client);
        fetch_clear(&fetched);
        world_close(&world);
        tls_context_unref(service.context);
        tls_context_unref(ours);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_client__uses_one_connection_again),
        cmocka_unit_test(test_client__takes_long_bodies_with_back_pressure),
        cmocka_unit_test(test_client__refuses_to_send_what_is_not_right),
        cmocka_unit_test(test_client__names_what_went_wrong),
        cmocka_unit_test(test_client__does_not_reuse_what_is_not_clean),
        cmocka_unit_test(test_client__reads_an_answer_that_comes_before_all_was_sent),
        cmocka_unit_test(test_client__says_that_nobody_listens),
        cmocka_unit_test(test_client__waits_only_so_long),
        cmocka_unit_test(test_client__notices_that_a_kept_connection_has_ended),
        cmocka_unit_test(test_client__verifies_and_is_verified),
        cmocka_unit_test(test_client__survives_a_reload_of_the_servers_certificate),
        cmocka_unit_test(test_client__is_told_when_the_server_closes_an_idle_connection),
        cmocka_unit_test(test_client__takes_an_end_without_close_notify_for_a_cut),
    };
    return cmocka_run_group_tests(tests, make_files, NULL);
}
