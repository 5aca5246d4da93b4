/* SPDX-License-Identifier: Apache-2.0 */
/* Heads, chunks, problem documents and addresses as text. */
#include <netdb.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "gateway/http/http.h"
#include "policy/base/buffer.h"
#include "policy/base/document.h"

static void assert_written(struct buffer *buffer, const char *expected)
{
    buffer_append_byte(buffer, '\0');
    assert_string_equal(buffer->at, expected);
    buffer_reset(buffer);
}

static void test_writer__writes_heads(void **state)
{
    (void)state;
    static const struct http_header headers[] = {{BYTES_INIT("A"), BYTES_INIT("b c")},
                                                 {BYTES_INIT("Empty"), {NULL, 0}}};
    struct buffer buffer;
    buffer_init(&buffer, 4096);
    const struct http_response_start start = {.status = 200,
                                              .headers = headers,
                                              .header_count = 2,
                                              .framing = HTTP_FRAMING_LENGTH,
                                              .length = UINT64_C(12345678901)};
    assert_true(amanat_is_ok(http_write_response_head(&buffer, &start, false)));
    assert_written(&buffer, "HTTP/1.1 200 OK\r\nA: b c\r\nEmpty: \r\n"
                            "Content-Length: 12345678901\r\n\r\n");
    const struct http_response_start none = {.status = 204};
    assert_true(amanat_is_ok(http_write_response_head(&buffer, &none, true)));
    assert_written(&buffer, "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
    const struct http_response_start odd = {.status = 299, .framing = HTTP_FRAMING_CHUNKED};
    assert_true(amanat_is_ok(http_write_response_head(&buffer, &odd, false)));
    assert_written(&buffer, "HTTP/1.1 299 \r\nTransfer-Encoding: chunked\r\n\r\n");
    const struct http_request_start request = {.method = BYTES("POST"),
                                               .target = BYTES("/a?b=%20"),
                                               .host = BYTES("10.0.4.2:8443"),
                                               .headers = headers,
                                               .header_count = 1,
                                               .framing = HTTP_FRAMING_CHUNKED};
    assert_true(amanat_is_ok(http_write_request_head(&buffer, &request)));
    assert_written(&buffer, "POST /a?b=%20 HTTP/1.1\r\nHost: 10.0.4.2:8443\r\nA: b c\r\n"
                            "Transfer-Encoding: chunked\r\n\r\n");
    http_write_chunk(&buffer, BYTES("0123456789abcdef"));
    http_write_chunk(&buffer, bytes_of(NULL, 0));
    http_write_last_chunk(&buffer);
    assert_written(&buffer, "10\r\n0123456789abcdef\r\n0\r\n\r\n");
    buffer_clear(&buffer);
}

static void test_writer__lets_no_value_end_a_line(void **state)
{
    (void)state;
    static const struct http_header bad[] = {
        {BYTES_INIT("A"), BYTES_INIT("b\r\nC: d")},
        {BYTES_INIT("A"), BYTES_INIT("b\n")},
        {BYTES_INIT("A"), BYTES_INIT("b\0c")},
        {BYTES_INIT("A"), BYTES_INIT(" b")},
        {BYTES_INIT("A:"), BYTES_INIT("b")},
        {BYTES_INIT(""), BYTES_INIT("b")},
        {BYTES_INIT("A\r\nB"), BYTES_INIT("c")},
        {BYTES_INIT("Content-Length"), BYTES_INIT("1")},
        {BYTES_INIT("connection"), BYTES_INIT("x")},
        {BYTES_INIT("DATE"), BYTES_INIT("x")},
        {BYTES_INIT("Transfer-Encoding"), BYTES_INIT("chunked")},
    };
    struct buffer buffer;
    buffer_init(&buffer, 4096);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        const struct http_response_start response = {
            .status = 200, .headers = &bad[i], .header_count = 1, .framing = HTTP_FRAMING_LENGTH};
        assert_int_equal(http_write_response_head(&buffer, &response, false).status,
                         AMANAT_STATUS_BUG);
        const struct http_request_start request = {.method = BYTES("GET"),
                                                   .target = BYTES("/"),
                                                   .host = BYTES("h"),
                                                   .headers = &bad[i],
                                                   .header_count = 1};
        assert_int_equal(http_write_request_head(&buffer, &request).status, AMANAT_STATUS_BUG);
    }
    static const struct http_request_start requests[] = {
        {.method = BYTES_INIT("G T"), .target = BYTES_INIT("/"), .host = BYTES_INIT("h")},
        {.method = BYTES_INIT("GET"),
         .target = BYTES_INIT("/ HTTP/1.1\r\n"),
         .host = BYTES_INIT("h")},
        {.method = BYTES_INIT("GET"), .target = BYTES_INIT("*"), .host = BYTES_INIT("h")},
        {.method = BYTES_INIT("GET"), .target = BYTES_INIT("/a#b"), .host = BYTES_INIT("h")},
        {.method = BYTES_INIT("GET"), .target = BYTES_INIT("/\xc3\xa9"), .host = BYTES_INIT("h")},
        {.method = BYTES_INIT("GET"), .target = BYTES_INIT("/"), .host = BYTES_INIT("")},
        {.method = BYTES_INIT("GET"), .target = BYTES_INIT("/"), .host = BYTES_INIT("h\r\n")},
    };
    for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
        assert_int_equal(http_write_request_head(&buffer, &requests[i]).status, AMANAT_STATUS_BUG);
    }
    static const struct http_response_start responses[] = {
        {.status = 99, .framing = HTTP_FRAMING_LENGTH},
        {.status = 600, .framing = HTTP_FRAMING_LENGTH},
        {.status = 200, .framing = HTTP_FRAMING_NONE},
        {.status = 200, .framing = HTTP_FRAMING_UNTIL_CLOSE},
        {.status = 204, .framing = HTTP_FRAMING_LENGTH},
        {.status = 304, .framing = HTTP_FRAMING_CHUNKED},
    };
    for (size_t i = 0; i < sizeof(responses) / sizeof(responses[0]); i++) {
        assert_int_equal(http_write_response_head(&buffer, &responses[i], false).status,
                         AMANAT_STATUS_BUG);
    }
    assert_int_equal(buffer.length, 0);
    buffer_clear(&buffer);
}

static void test_problem__has_its_members_in_order(void **state)
{
    (void)state;
    struct buffer buffer;
    buffer_init(&buffer, 4096);
    const struct problem whole = {.name = PROBLEM_LIMIT,
                                  .status = 431,
                                  .detail = BYTES("say \"less\"\n"),
                                  .parameter = BYTES("plate")};
    http_write_problem(&buffer, &whole, BYTES("a-1"));
    buffer_append_byte(&buffer, '\0');
    static const char *const parts[] = {
        "{\"type\":\"urn:amanat:problem:limit\",\"title\":\"",
        "\",\"status\":431,\"access\":\"a-1\",\"detail\":\"say \\\"less\\\"\\n\"",
        ",\"parameter\":\"plate\"}"};
    const char *at = buffer.at;
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        const char *found = strstr(at, parts[i]);
        assert_non_null(found);
        at = found + strlen(parts[i]);
    }
    assert_int_equal(*at, '\0');
    buffer_reset(&buffer);
    http_write_problem(&buffer, &(struct problem){.name = PROBLEM_MALFORMED}, bytes_of(NULL, 0));
    struct arena *arena = arena_new(1 << 16);
    const struct document *document = NULL;
    assert_true(
        amanat_is_ok(document_from_json(arena, "problem", buffer_bytes(&buffer), NULL, &document)));
    assert_int_equal(document->count, 4);
    assert_true(document_is_string(document_get(document, "type"), "urn:amanat:problem:malformed"));
    assert_true(document_get(document, "detail")->text.length > 0);
    arena_free(arena);
    buffer_clear(&buffer);
}

static void test_address__is_read_and_written(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *host; /* NULL: refused */
        bool loopback;
    } rows[] = {
        {"127.0.0.1:8443", "127.0.0.1", true},
        {"0.0.0.0:0", "0.0.0.0", false},
        {"[::1]:80", "::1", true},
        {"[2001:db8::1]:65535", "2001:db8::1", false},
        {"127.0.0.1", NULL, false},
        {"127.0.0.1:", NULL, false},
        {"127.0.0.1:65536", NULL, false},
        {"::1:80", NULL, false},
        {"localhost:80", NULL, false},
        {"[127.0.0.1]:80", NULL, false},
        {":80", NULL, false},
        {"", NULL, false},
        {"[]:80", NULL, false},
        {"127.0.0.1:8 ", NULL, false},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct http_address address;
        const amanat_result result = http_address_parse(rows[i].text, &address);
        if (rows[i].host == NULL) {
            assert_int_equal(result.status, AMANAT_STATUS_CONFIG_FAULT);
            continue;
        }
        char text[HTTP_ADDRESS_TEXT_SIZE];
        assert_true(amanat_is_ok(result));
        http_address_text(&address, text);
        assert_string_equal(text, rows[i].text);
        http_address_host_text(&address, text);
        assert_string_equal(text, rows[i].host);
        assert_int_equal(http_address_is_loopback(&address), rows[i].loopback);
    }
}

static void test_address__is_found_for_literals_and_names(void **state)
{
    (void)state;
    struct http_address address;
    char text[HTTP_ADDRESS_TEXT_SIZE];
    assert_true(amanat_is_ok(http_address_resolve("127.0.0.1", 443, NULL, &address)));
    http_address_text(&address, text);
    assert_string_equal(text, "127.0.0.1:443");
    assert_true(amanat_is_ok(http_address_resolve("::1", 443, NULL, &address)));
    http_address_text(&address, text);
    assert_string_equal(text, "[::1]:443");
    /* a machine without /etc/hosts does not know this name; one that knows it must agree */
    if (gethostbyname("localhost") != NULL) {
        assert_true(amanat_is_ok(http_address_resolve("localhost", 443, NULL, &address)));
        assert_true(http_address_is_loopback(&address));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_writer__writes_heads),
        cmocka_unit_test(test_writer__lets_no_value_end_a_line),
        cmocka_unit_test(test_problem__has_its_members_in_order),
        cmocka_unit_test(test_address__is_read_and_written),
        cmocka_unit_test(test_address__is_found_for_literals_and_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
