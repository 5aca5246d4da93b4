/* SPDX-License-Identifier: Apache-2.0 */
/* The server over real sockets on loopback: what a client that speaks bytes gets to see. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <event2/event.h>

#include "tests/unit/gateway/http/world.h"

#define HEAD_OF_TEXT "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Type: text/plain\r\n"
#define HELLO        "HTTP/1.1 200 OK\r\n" HEAD_OF_TEXT "Content-Length: 5\r\n\r\nhello"
#define GET(path)    "GET " path " HTTP/1.1\r\nHost: h\r\n\r\n"

static void assert_input(struct raw_client *client, const char *expected)
{
    buffer_append_byte(&client->input, '\0');
    assert_string_equal(client->input.at, expected);
    buffer_truncate(&client->input, client->input.length - 1);
}

static void test_server__answers_one_request_after_another(void **state)
{
    (void)state;
    struct world world;
    struct raw_client client;
    world_open(&world, NULL, NULL);
    raw_open(&client, &world, &world.address);
    raw_send(&client, BYTES(GET("/hello")));
    raw_wait_for(&client, "hello");
    raw_send(&client, BYTES("GET /hello HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"));
    raw_wait_closed(&client);
    assert_input(&client, HELLO "HTTP/1.1 200 OK\r\n" HEAD_OF_TEXT
                                "Content-Length: 5\r\nConnection: close\r\n\r\nhello");
    raw_close(&client, false);
    world_close(&world);
}

static void test_server__answers_pipelined_requests_in_order(void **state)
{
    (void)state;
    struct world world;
    struct raw_client client;
    world_open(&world, NULL, NULL);
    raw_open(&client, &world, &world.address);
    raw_send(&client, BYTES(GET("/hello") GET("/late") GET("/hello")));
    raw_wait_for(&client, "hello");
    world_turn_until(&world, &world.late_ended);
    assert_int_equal(world.requests, 2); /* the third waits */
    world_answer_late(&world, "late!");
    raw_wait_for(&client, "late!" HELLO);
    assert_int_equal(world.requests, 3);
    raw_close(&client, false);
    world_close(&world);
}

static void test_server__refuses_with_a_problem_and_closes(void **state)
{
    (void)state;
    static const struct {
        struct bytes request;
        const char *status;
        const char *problem;
        enum http_refusal refusal;
    } rows[] = {
        {BYTES_INIT("GET /%2f HTTP/1.1\r\nHost: h\r\n\r\n"), "HTTP/1.1 400 Bad Request\r\n",
         "{\"type\":\"urn:amanat:problem:malformed\",", HTTP_REFUSAL_TARGET_ENCODED_SLASH},
        {BYTES_INIT("GET / HTTP/1.0\r\n\r\n"), "HTTP/1.1 505 HTTP Version Not Supported\r\n",
         "\"status\":505,", HTTP_REFUSAL_VERSION_UNSUPPORTED},
        {BYTES_INIT("GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 1001\r\n\r\n"),
         "HTTP/1.1 413 Content Too Large\r\n", "urn:amanat:problem:limit",
         HTTP_REFUSAL_BODY_TOO_LONG},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct world world;
        struct raw_client client;
        world_open(&world, &(struct http_server_limits){.reader = {.body = 1000}}, NULL);
        raw_open(&client, &world, &world.address);
        raw_send(&client, rows[i].request);
        raw_wait_for(&client, rows[i].status);
        raw_wait_for(&client, "Content-Type: application/problem+json\r\n");
        raw_wait_for(&client, "Connection: close\r\n");
        raw_wait_for(&client, rows[i].problem);
        raw_wait_closed(&client);
        assert_int_equal(world.refusals, 1);
        assert_int_equal(world.refusal, rows[i].refusal);
        assert_int_equal(world.requests, 0);
        raw_close(&client, false);
        world_close(&world);
    }
}

static void test_server__asks_for_an_expected_body(void **state)
{
    (void)state;
    struct world world;
    struct raw_client client;
    world_open(&world, NULL, NULL);
    raw_open(&client, &world, &world.address);
    raw_send(&client, BYTES("POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n"
                            "Expect: 100-continue\r\n\r\n"));
    raw_wait_for(&client, "HTTP/1.1 100 Continue\r\n\r\n");
    raw_send(&client, BYTES("3\r\nabc\r\n"));
    raw_send(&client, BYTES("2\r\nde\r\n0\r\n\r\n"));
    raw_wait_for(&client, "0\r\n\r\n");
    assert_input(&client, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n" HEAD_OF_TEXT
                          "Transfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\n\r\n");
    raw_close(&client, false);
    world_close(&world);
}

static void test_server__closes_after_an_early_answer(void **state)
{
    (void)state;
    struct world world;
    struct raw_client client;
    world_open(&world, NULL, NULL);
    raw_open(&client, &world, &world.address);
    raw_send(&client, BYTES("POST /early HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n"
                            "Expect: 100-continue\r\n\r\nabc"));
    raw_wait_for(&client, "no");
    raw_send(&client, BYTES("more that nobody reads"));
    raw_wait_closed(&client);
    assert_input(&client, "HTTP/1.1 403 Forbidden\r\n" HEAD_OF_TEXT
                          "Content-Length: 2\r\nConnection: close\r\n\r\nno");
    raw_close(&client, false);
    world_close(&world);
}

static void test_server__breaks_what_is_aborted(void **state)
{
    (void)state;
    static const struct {
        struct bytes request;
        const char *never;
    } rows[] = {{BYTES_INIT(GET("/abort")), "\r\n0\r\n"}, {BYTES_INIT(GET("/short")), "too long"}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct world world;
        struct raw_client client;
        world_open(&world, NULL, NULL);
        raw_open(&client, &world, &world.address);
        raw_send(&client, rows[i].request);
        raw_wait_closed(&client);
        buffer_append_byte(&client.input, '\0');
        assert_null(strstr(client.input.at, rows[i].never));
        raw_close(&client, false);
        world_close(&world);
    }
}

static void test_server__sends_no_body_to_head(void **state)
{
    (void)state;
    struct world world;
    struct raw_client client;
    world_open(&world, NULL, NULL);
    raw_open(&client, &world, &world.address);
    raw_send(&client, BYTES("HEAD /hello HTTP/1.1\r\nHost: h\r\n\r\n" GET("/hello")));
    raw_wait_for(&client, "hello");
    assert_input(&client, "HTTP/1.1 200 OK\r\n" HEAD_OF_TEXT "Content-Length: 5\r\n\r\n" HELLO);
    raw_close(&client, false);
    world_close(&world);
}

static void test_server__says_when_the_client_is_gone(void **state)
{
    (void)state;
    struct world world;
    struct raw_client client;
    world_open(&world, NULL, NULL);
    raw_open(&client, &world, &world.address);
    raw_send(&client, BYTES(GET("/late")));
    world_turn_until(&world, &world.late_ended);
    raw_close(&client, true);
    while (world.aborts == 0) {
        assert_true(amanat_is_ok(runtime_loop_turn(world.loop)));
    }
    assert_int_equal(world.abort_reason, HTTP_ABORT_CLIENT_GONE);
    assert_int_equal(http_server_connections(world.server), 0);
    world_close(&world);
}

static void test_server__answers_a_client_that_has_closed_its_sending_side(void **state)
{
    (void)state;
    struct world world;
    struct raw_client client;
    world_open(&world, NULL, NULL);
    raw_open(&client, &world, &world.address);
    raw_send(&client, BYTES(GET("/late")));
    assert_int_equal(shutdown(client.descriptor, SHUT_WR), 0);
    world_turn_until(&world, &world.late_ended);
    world_answer_late(&world, "late!");
    raw_wait_closed(&client);
    assert_input(&client, "HTTP/1.1 200 OK\r\n" HEAD_OF_TEXT "Content-Length: 5\r\n\r\nlate!");
    raw_close(&client, false);
    world_close(&world);
}

static void test_server__ends_a_request_that_breaks_the_rules_later(void **state)
{
    (void)state;
    struct world world;
    struct raw_client client;
    world_open(&world, NULL, NULL);
    raw_open(&client, &world, &world.address);
    raw_send(&client, BYTES("POST /late HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
                            "1\r\nxy\r\n"));
    raw_wait_for(&client, "urn:amanat:problem:malformed");
    raw_wait_closed(&client);
    assert_int_equal(world.aborts, 1);
    assert_int_equal(world.abort_reason, HTTP_ABORT_REFUSED);
    assert_int_equal(world.abort_refusal, HTTP_REFUSAL_CHUNK_END);
    assert_int_equal(world.late_body.length, 1);
    raw_close(&client, false);
    world_close(&world);
}

static void test_server__waits_for_slow_senders_only_so_long(void **state)
{
    (void)state;
    /* Only the time that is tested is short: a slow machine must not meet another one first. */
    static const struct {
        struct http_server_limits limits;
        struct bytes sent;
        int aborts;
    } rows[] = {
        {{.header_time = 20000}, BYTES_INIT("GET / HT"), 0},
        {{.idle_time = 20000}, BYTES_INIT(GET("/hello")), 0},
        {{.body_time = 20000},
         BYTES_INIT("POST /late HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\na"),
         1},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct world world;
        struct raw_client client;
        world_open(&world, &rows[i].limits, NULL);
        raw_open(&client, &world, &world.address);
        raw_send(&client, rows[i].sent);
        raw_wait_closed(&client);
        assert_int_equal(world.aborts, rows[i].aborts);
        if (rows[i].aborts > 0) {
            assert_int_equal(world.abort_reason, HTTP_ABORT_TIMEOUT);
        }
        raw_close(&client, false);
        world_close(&world);
    }
}

static void test_server__waits_for_slow_takers_only_so_long(void **state)
{
    (void)state;
    struct world world;
    struct raw_client client;
    world_open(&world, &(struct http_server_limits){.write_time = 20000}, NULL);
    raw_open(&client, &world, &world.address);
    (void)event_del(client.event); /* never reads */
    raw_send(&client, BYTES(GET("/big")));
    while (world.aborts == 0) {
        assert_true(amanat_is_ok(runtime_loop_turn(world.loop)));
    }
    assert_int_equal(world.abort_reason, HTTP_ABORT_TIMEOUT);
    raw_close(&client, false);
    world_close(&world);
}

/* Reads at least so many bytes, while the loop stands still. */
static void read_without_loop(const struct raw_client *client, size_t length)
{
    static char input[65536];
    size_t taken = 0;
    while (taken < length) {
        const ssize_t now = recv(client->descriptor, input, sizeof(input), 0);
        assert_true(now > 0);
        taken += (size_t)now;
    }
}

static void test_server__blames_no_taker_for_the_time_in_which_it_stood_still(void **state)
{
    (void)state;
    enum { WRITE_TIME = 50000 };
    const struct runtime_clock *clock = runtime_clock_real();
    struct world world;
    struct raw_client client;
    world_open(&world, &(struct http_server_limits){.write_time = WRITE_TIME}, NULL);
    raw_open(&client, &world, &world.address);
    (void)event_del(client.event);
    const int room = 65536; /* or the system would take all */
    assert_int_equal(setsockopt(client.descriptor, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room)), 0);
    raw_send(&client, BYTES(GET("/big")));
    while (world.big == NULL || http_response_waiting(world.big) == 0) {
        assert_true(amanat_is_ok(runtime_loop_turn(world.loop)));
    }
    const int64_t stuck = runtime_clock_monotonic(clock);
    const size_t given = (size_t)(world.drains + 1) * WORLD_BIG_WINDOW;
    read_without_loop(&client, given - http_response_waiting(world.big));
    while (runtime_clock_monotonic(clock) - stuck < 2 * WRITE_TIME) {
    }
    assert_true(amanat_is_ok(runtime_loop_turn(world.loop)));
    assert_int_equal(world.aborts, 0);
    raw_close(&client, false);
    world_close(&world);
}

static void note_stopped(void *context)
{
    struct world *world = context;
    world->stopped = true;
}

static void test_server__stops_when_running_exchanges_have_ended(void **state)
{
    (void)state;
    struct world world;
    struct raw_client idle;
    struct raw_client running;
    world_open(&world, NULL, NULL);
    raw_open(&idle, &world, &world.address);
    raw_send(&idle, BYTES(GET("/hello")));
    raw_wait_for(&idle, "hello");
    raw_open(&running, &world, &world.address);
    raw_send(&running, BYTES(GET("/late")));
    world_turn_until(&world, &world.late_ended);
    http_server_stop(world.server, note_stopped, &world);
    raw_wait_closed(&idle);
    assert_false(world.stopped);
    world_answer_late(&world, "late!");
    raw_wait_for(&running, "Connection: close\r\n\r\nlate!");
    raw_wait_closed(&running);
    raw_close(&running, false);
    world_turn_until(&world, &world.stopped);
    raw_close(&idle, false);
    world_close(&world);
}

static void test_server__stops_at_once_when_nothing_runs(void **state)
{
    (void)state;
    struct world world;
    world_open(&world, NULL, NULL);
    http_server_stop(world.server, note_stopped, &world);
    assert_false(world.stopped);
    world_turn_until(&world, &world.stopped);
    world_close(&world);
}

static void test_server__tells_its_handler_when_it_is_freed(void **state)
{
    (void)state;
    struct world world;
    struct raw_client client;
    world_open(&world, NULL, NULL);
    raw_open(&client, &world, &world.address);
    raw_send(&client, BYTES(GET("/late")));
    world_turn_until(&world, &world.late_ended);
    http_server_free(world.server);
    world.server = NULL;
    assert_int_equal(world.aborts, 1);
    assert_int_equal(world.abort_reason, HTTP_ABORT_STOPPED);
    raw_wait_closed(&client);
    raw_close(&client, false);
    world_close(&world);
}

static void test_server__accepts_no_more_connections_than_it_may(void **state)
{
    (void)state;
    struct world world;
    struct raw_client first;
    struct raw_client second;
    world_open(&world, &(struct http_server_limits){.connections = 1}, NULL);
    raw_open(&first, &world, &world.address);
    raw_open(&second, &world, &world.address); /* waits in the system's queue */
    raw_send(&second, BYTES(GET("/hello")));
    raw_send(&first, BYTES(GET("/hello")));
    raw_wait_for(&first, "hello");
    assert_int_equal(http_server_connections(world.server), 1);
    assert_int_equal(second.input.length, 0);
    raw_close(&first, false);
    raw_wait_for(&second, "hello");
    raw_close(&second, false);
    world_close(&world);
}

static void test_server__shares_an_address_with_other_workers(void **state)
{
    (void)state;
    struct world world;
    world_open(&world, NULL, NULL);
    const struct http_server_options options = {.loop = world.loop};
    struct http_server *other = NULL;
    struct http_address actual;
    assert_true(amanat_is_ok(http_server_new(&options, &other)));
    assert_true(amanat_is_ok(http_server_listen(other, &world.address, true, NULL, &actual)));
    assert_int_equal(actual.socket.v4.sin_port, world.address.socket.v4.sin_port);
    struct amanat_diagnostics *diagnostics = amanat_diagnostics_new();
    assert_int_equal(http_server_listen(other, &world.address, false, diagnostics, NULL).status,
                     AMANAT_STATUS_IO);
    char text[HTTP_ADDRESS_TEXT_SIZE];
    http_address_text(&world.address, text);
    assert_string_equal(amanat_diagnostics_at(diagnostics, 0)->source, text);
    amanat_diagnostics_free(diagnostics);
    http_server_free(other);
    world_close(&world);
}

static void test_server__listens_on_ipv6(void **state)
{
    (void)state;
    struct world world;
    world_open(&world, NULL, NULL);
    struct http_address any;
    struct http_address actual;
    assert_true(amanat_is_ok(http_address_parse("[::1]:0", &any)));
    const amanat_result result = http_server_listen(world.server, &any, false, NULL, &actual);
    if (!amanat_is_ok(result)) {
        world_close(&world);
        print_message("no IPv6 here\n");
        skip();
    }
    struct raw_client client;
    raw_open(&client, &world, &actual);
    raw_send(&client, BYTES(GET("/hello")));
    raw_wait_for(&client, "hello");
    raw_close(&client, false);
    world_close(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_server__answers_one_request_after_another),
        cmocka_unit_test(test_server__answers_pipelined_requests_in_order),
        cmocka_unit_test(test_server__refuses_with_a_problem_and_closes),
        cmocka_unit_test(test_server__asks_for_an_expected_body),
        cmocka_unit_test(test_server__closes_after_an_early_answer),
        cmocka_unit_test(test_server__breaks_what_is_aborted),
        cmocka_unit_test(test_server__sends_no_body_to_head),
        cmocka_unit_test(test_server__says_when_the_client_is_gone),
        cmocka_unit_test(test_server__answers_a_client_that_has_closed_its_sending_side),
        cmocka_unit_test(test_server__ends_a_request_that_breaks_the_rules_later),
        cmocka_unit_test(test_server__waits_for_slow_senders_only_so_long),
        cmocka_unit_test(test_server__waits_for_slow_takers_only_so_long),
        cmocka_unit_test(test_server__blames_no_taker_for_the_time_in_which_it_stood_still),
        cmocka_unit_test(test_server__stops_when_running_exchanges_have_ended),
        cmocka_unit_test(test_server__stops_at_once_when_nothing_runs),
        cmocka_unit_test(test_server__tells_its_handler_when_it_is_freed),
        cmocka_unit_test(test_server__accepts_no_more_connections_than_it_may),
        cmocka_unit_test(test_server__shares_an_address_with_other_workers),
        cmocka_unit_test(test_server__listens_on_ipv6),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
