/* SPDX-License-Identifier: Apache-2.0 */
/* Contexts from files: what is refused says which file. Handshakes run in memory here; over
 * sockets: test_server.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/tls/tls.h"
#include "tests/unit/gateway/tls/certificates.h"

static const struct test_certificates *files;

static int make_files(void **state)
{
    (void)state;
    files = test_certificates_make("tls");
    return 0;
}

static struct tls_context *make_server(enum tls_client_certificate wanted)
{
    const struct tls_server_options options = {.certificate = files->server,
                                               .key = files->server_key,
                                               .client_ca = files->ca,
                                               .client_certificate = wanted};
    struct tls_context *context = NULL;
    assert_true(amanat_is_ok(tls_server_context_new(&options, NULL, &context)));
    return context;
}

static struct tls_context *make_client(const char *certificate, const char *key)
{
    const struct tls_client_options options = {
        .ca = files->ca, .certificate = certificate, .key = key};
    struct tls_context *context = NULL;
    assert_true(amanat_is_ok(tls_client_context_new(&options, NULL, &context)));
    return context;
}

struct pair {
    SSL *server;
    SSL *client;
};

static struct pair connect_pair(struct tls_context *server, struct tls_context *client,
                                const char *host)
{
    struct pair pair = {NULL, NULL};
    assert_true(amanat_is_ok(tls_server_session_new(server, &pair.server)));
    assert_true(amanat_is_ok(tls_client_session_new(client, host, &pair.client)));
    BIO *one = NULL;
    BIO *other = NULL;
    assert_int_equal(BIO_new_bio_pair(&one, 0, &other, 0), 1);
    SSL_set_bio(pair.server, one, one);
    SSL_set_bio(pair.client, other, other);
    return pair;
}

/* Whether both sides end up with a connection: TLS 1.3 tells the client of a refused certificate
 * only afterwards. */
static bool shake_hands(struct pair *pair)
{
    bool done[2] = {false, false};
    for (int i = 0; i < 20; i++) {
        done[0] = done[0] || SSL_do_handshake(pair->client) == 1;
        done[1] = done[1] || SSL_do_handshake(pair->server) == 1;
    }
    return done[0] && done[1];
}

static void free_pair(struct pair *pair)
{
    SSL_free(pair->server);
    SSL_free(pair->client);
}

static void test_tls__names_the_file_that_is_wrong(void **state)
{
    (void)state;
    char missing[700];
    (void)snprintf(missing, sizeof(missing), "%s/missing.pem", files->folder);
    const struct {
        struct tls_server_options options;
        const char *source;
    } rows[] = {
        {{missing, files->server_key, files->ca, TLS_CLIENT_CERTIFICATE_REQUIRED}, missing},
        {{files->server, missing, files->ca, TLS_CLIENT_CERTIFICATE_REQUIRED}, missing},
        {{files->server, files->client_key, files->ca, TLS_CLIENT_CERTIFICATE_REQUIRED},
         files->client_key},
        {{files->server, files->server_key, missing, TLS_CLIENT_CERTIFICATE_OPTIONAL}, missing},
        {{files->server, files->server_key, files->server_key, TLS_CLIENT_CERTIFICATE_REQUIRED},
         files->server_key},
        {{files->server, files->server_key, NULL, TLS_CLIENT_CERTIFICATE_REQUIRED}, files->server},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct amanat_diagnostics *diagnostics = amanat_diagnostics_new();
        struct tls_context *context = NULL;
        const amanat_result result =
            tls_server_context_new(&rows[i].options, diagnostics, &context);
        assert_int_equal(result.status, AMANAT_STATUS_CONFIG_FAULT);
        assert_null(context);
        assert_int_equal(amanat_diagnostics_count(diagnostics), 1);
        assert_string_equal(amanat_diagnostics_at(diagnostics, 0)->source, rows[i].source);
        amanat_diagnostics_free(diagnostics);
    }
}

static void test_tls__a_client_needs_authorities(void **state)
{
    (void)state;
    struct amanat_diagnostics *diagnostics = amanat_diagnostics_new();
    struct tls_context *context = NULL;
    const struct tls_client_options options = {.ca = NULL};
    assert_int_equal(tls_client_context_new(&options, diagnostics, &context).status,
                     AMANAT_STATUS_CONFIG_FAULT);
    assert_int_equal(amanat_diagnostics_errors(diagnostics), 1);
    amanat_diagnostics_free(diagnostics);
}

static void test_tls__verifies_whom_it_talks_to(void **state)
{
    (void)state;
    const struct {
        const char *name;
        enum tls_client_certificate wanted;
        const char *certificate;
        const char *key;
        const char *host;
        bool connects;
        bool has_peer;
    } rows[] = {
        {"certificate", TLS_CLIENT_CERTIFICATE_REQUIRED, files->client, files->client_key,
         "localhost", true, true},
        {"address", TLS_CLIENT_CERTIFICATE_REQUIRED, files->client, files->client_key, "127.0.0.1",
         true, true},
        {"IPv6 address", TLS_CLIENT_CERTIFICATE_REQUIRED, files->client, files->client_key, "::1",
         true, true},
        {"none, required", TLS_CLIENT_CERTIFICATE_REQUIRED, NULL, NULL, "localhost", false, false},
        {"none, optional", TLS_CLIENT_CERTIFICATE_OPTIONAL, NULL, NULL, "localhost", true, false},
        {"optional", TLS_CLIENT_CERTIFICATE_OPTIONAL, files->client, files->client_key, "localhost",
         true, true},
        {"a stranger's, required", TLS_CLIENT_CERTIFICATE_REQUIRED, files->stranger,
         files->stranger_key, "localhost", false, false},
        {"a stranger's, optional", TLS_CLIENT_CERTIFICATE_OPTIONAL, files->stranger,
         files->stranger_key, "localhost", false, false},
        {"not asked for", TLS_CLIENT_CERTIFICATE_NONE, files->client, files->client_key,
         "localhost", true, false},
        {"wrong name", TLS_CLIENT_CERTIFICATE_REQUIRED, files->client, files->client_key,
         "example.org", false, false},
        {"name in the subject only", TLS_CLIENT_CERTIFICATE_REQUIRED, files->client,
         files->client_key, "server", false, false},
        {"wrong address", TLS_CLIENT_CERTIFICATE_REQUIRED, files->client, files->client_key,
         "127.0.0.2", false, false},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct tls_context *server = make_server(rows[i].wanted);
        struct tls_context *client = make_client(rows[i].certificate, rows[i].key);
        struct pair pair = connect_pair(server, client, rows[i].host);
        const bool connects = shake_hands(&pair);
        if (connects != rows[i].connects ||
            (connects && (tls_session_peer(pair.server) != NULL) != rows[i].has_peer)) {
            print_error("%s\n", rows[i].name);
            fail();
        }
        if (connects) {
            assert_int_equal(SSL_session_reused(pair.client), 0);
            const unsigned char *protocol = NULL;
            unsigned length = 0;
            SSL_get0_alpn_selected(pair.client, &protocol, &length);
            assert_int_equal(length, 8);
            assert_memory_equal(protocol, "http/1.1", 8);
        }
        free_pair(&pair);
        tls_context_unref(server);
        tls_context_unref(client);
    }
}

static void test_tls__speaks_1_2_and_nothing_older(void **state)
{
    (void)state;
    const struct {
        int version;
        bool connects;
    } rows[] = {{TLS1_3_VERSION, true}, {TLS1_2_VERSION, true}, {TLS1_1_VERSION, false}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct tls_context *server = make_server(TLS_CLIENT_CERTIFICATE_REQUIRED);
        struct tls_context *client = make_client(files->client, files->client_key);
        struct pair pair = connect_pair(server, client, "localhost");
        SSL_set_security_level(pair.client, 0);
        assert_int_equal(SSL_set_cipher_list(pair.client, "ALL:@SECLEVEL=0"), 1);
        assert_int_equal(SSL_set_min_proto_version(pair.client, TLS1_VERSION), 1);
        assert_int_equal(SSL_set_max_proto_version(pair.client, rows[i].version), 1);
        assert_int_equal(shake_hands(&pair), rows[i].connects);
        if (rows[i].connects) {
            assert_int_equal(SSL_version(pair.server), rows[i].version);
        }
        free_pair(&pair);
        tls_context_unref(server);
        tls_context_unref(client);
    }
}

static void test_tls__a_session_outlives_the_callers_reference(void **state)
{
    (void)state;
    struct tls_context *server = make_server(TLS_CLIENT_CERTIFICATE_REQUIRED);
    struct tls_context *client = make_client(files->client, files->client_key);
    struct pair pair = connect_pair(server, client, "localhost");
    tls_context_unref(tls_context_ref(server));
    tls_context_unref(server);
    tls_context_unref(client);
    assert_true(shake_hands(&pair));
    free_pair(&pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tls__names_the_file_that_is_wrong),
        cmocka_unit_test(test_tls__a_client_needs_authorities),
        cmocka_unit_test(test_tls__verifies_whom_it_talks_to),
        cmocka_unit_test(test_tls__speaks_1_2_and_nothing_older),
        cmocka_unit_test(test_tls__a_session_outlives_the_callers_reference),
    };
    return cmocka_run_group_tests(tests, make_files, NULL);
}
