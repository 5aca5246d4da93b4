/* SPDX-License-Identifier: Apache-2.0 */
/*
 * amanat.yaml: what a good one becomes, and every diagnostic with its place. Cases are made from
 * one good text by replacing a piece of it. Files are real, in a folder of the build tree.
 */
#include "gateway/config/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static const char good[] =
    "listen: [127.0.0.1:0, '[::1]:8443']\n"                                /* 1 */
    "tls: {certificate: server.pem, key: server.key, client_ca: ca.pem}\n" /* 2 */
    "policies: policies/\n"                                                /* 3 */
    "facts: [cases.json]\n"                                                /* 4 */
    "services:\n"                                                          /* 5 */
    "  anpr: {url: \"https://10.0.4.2:8443/base/\", ca: ca.pem, headers_file: anpr.headers}\n"
    "  fraud: {url: \"http://127.0.0.1:9000\", timeout: 5s}\n" /* 7 */
    "identity:\n"                                              /* 8 */
    "  require: [certificate, token]\n"                        /* 9 */
    "  tokens:\n"                                              /* 10 */
    "    - {issuer: \"https://idp.example\", audience: amanat, keys: idp.json, partners: [ravi],\n"
    "       claims: [role]}\n"                                                  /* 12 */
    "secrets: {tokenize: tokenize.key, pseudonym: pseudonym.key}\n"             /* 13 */
    "trail: {folder: trail/, origin: audit.example/lahore-1, key: trail.pem}\n" /* 14 */
    "ledger:\n"                                                                 /* 15 */
    "  - {kind: witness, url: \"http://127.0.0.1:8480\", vkey: ledger.vkey, max_age: 5m}\n"
    "limits: {}\n"               /* 17 */
    "metrics: 127.0.0.1:9100\n"; /* 18 */

struct fixture {
    char folder[512];
    char path[600];
    struct amanat_diagnostics *diagnostics;
};

static void write_file(const struct fixture *fixture, const char *name, const char *text,
                       size_t length, mode_t mode)
{
    char path[700];
    (void)snprintf(path, sizeof(path), "%s/%s", fixture->folder, name);
    (void)unlink(path);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, length, file), length);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(path, mode), 0);
}

static void write_text(const struct fixture *fixture, const char *name, const char *text,
                       mode_t mode)
{
    write_file(fixture, name, text, strlen(text), mode);
}

static void make_folder(const char *path)
{
    assert_true(mkdir(path, 0755) == 0 || access(path, W_OK) == 0);
}

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    char path[600];
    assert_non_null(fixture);
    (void)snprintf(fixture->folder, sizeof(fixture->folder), "%s/config-XXXXXX", AMANAT_BINARY_DIR);
    assert_non_null(mkdtemp(fixture->folder));
    (void)snprintf(fixture->path, sizeof(fixture->path), "%s/amanat.yaml", fixture->folder);
    (void)snprintf(path, sizeof(path), "%s/policies", fixture->folder);
    make_folder(path);
    static const char *const plain[] = {"server.pem", "ca.pem", "cases.json", "idp.json",
                                        "ledger.vkey"};
    for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
        write_text(fixture, plain[i], "x", 0644);
    }
    write_text(fixture, "server.key", "-----BEGIN PRIVATE KEY-----\n", 0600);
    write_text(fixture, "trail.pem", "-----BEGIN PRIVATE KEY-----\n", 0400);
    write_text(fixture, "anpr.headers",
               "# ours\nAuthorization: Basic c2VjcmV0\r\n\nX-Tenant:\tlahore \n", 0600);
    write_text(fixture, "tokenize.key", "0123456789abcdef0123456789abcdef", 0600);
    write_text(fixture, "pseudonym.key", "fedcba9876543210fedcba9876543210", 0600);
    fixture->diagnostics = amanat_diagnostics_new();
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    char command[700];
    (void)snprintf(command, sizeof(command), "rm -rf '%s'", fixture->folder);
    assert_int_equal(system(command), 0);
    amanat_diagnostics_free(fixture->diagnostics);
    free(fixture);
    return 0;
}

/* The good text with `piece` replaced; the caller frees it. */
static char *replaced(const char *piece, const char *by)
{
    const char *at = strstr(good, piece);
    assert_non_null(at);
    const size_t size = sizeof(good) + strlen(by);
    char *text = malloc(size);
    assert_non_null(text);
    (void)snprintf(text, size, "%.*s%s%s", (int)(at - good), good, by, at + strlen(piece));
    return text;
}

static struct config *parse(struct fixture *fixture, const char *text, enum config_use use)
{
    struct config *config = NULL;
    amanat_diagnostics_free(fixture->diagnostics);
    fixture->diagnostics = amanat_diagnostics_new();
    const amanat_result result =
        config_parse(fixture->path, bytes_of_string(text), use, fixture->diagnostics, &config);
    assert_true(amanat_is_ok(result) == (config != NULL));
    assert_true(amanat_is_ok(result) == (amanat_diagnostics_errors(fixture->diagnostics) == 0));
    if (!amanat_is_ok(result)) {
        assert_int_equal(result.status, AMANAT_STATUS_CONFIG_FAULT);
    }
    return config;
}

static struct config *parse_well(struct fixture *fixture, const char *text)
{
    struct config *config = parse(fixture, text, CONFIG_TO_SERVE);
    if (config == NULL) {
        fail_msg("%s", amanat_diagnostics_at(fixture->diagnostics, 0)->text);
    }
    return config;
}

static void test_config__reads_a_whole_file(void **state)
{
    struct fixture *fixture = *state;
    struct config *config = parse_well(fixture, good);
    char expected[700];
    assert_int_equal(config->listen.count, 2);
    assert_string_equal(config->listen.items[1].text, "[::1]:8443");
    assert_true(config->listen.items[1].is_loopback);
    assert_int_equal(config->listen.items[1].place.line, 1);
    assert_int_equal(config->listen.items[1].place.column, 23);
    (void)snprintf(expected, sizeof(expected), "%s/server.key", fixture->folder);
    assert_string_equal(config->tls.key, expected);
    assert_int_equal(config->facts.count, 1);
    assert_int_equal(config->services.count, 2);
    const struct config_service *anpr = config_find_service(config, BYTES("anpr"));
    assert_non_null(anpr);
    assert_null(config_find_service(config, BYTES("anp")));
    assert_true(anpr->url.is_tls);
    assert_string_equal(anpr->url.host, "10.0.4.2");
    assert_string_equal(anpr->url.authority, "10.0.4.2:8443");
    assert_string_equal(anpr->url.path, "/base");
    assert_int_equal(anpr->url.port, 8443);
    assert_int_equal(anpr->timeout, 30000000);
    assert_int_equal(anpr->header_count, 2);
    assert_string_equal(anpr->headers[0].name, "Authorization");
    assert_string_equal(anpr->headers[0].value, "Basic c2VjcmV0");
    assert_string_equal(anpr->headers[1].value, "lahore");
    assert_int_equal(anpr->place.line, 6);
    assert_int_equal(anpr->place.column, 3);
    assert_int_equal(config->services.items[1].timeout, 5000000);
    assert_int_equal(config->identity.require, CONFIG_REQUIRE_CERTIFICATE | CONFIG_REQUIRE_TOKEN);
    assert_string_equal(config->identity.san_uri_prefix, "urn:partner:");
    const struct config_token_issuer *issuer = &config->identity.tokens.items[0];
    assert_string_equal(issuer->issuer, "https://idp.example");
    assert_string_equal(issuer->partners.items[0], "ravi");
    assert_string_equal(issuer->partner_claim, "client_id");
    assert_string_equal(issuer->agent_claim, "sub");
    assert_string_equal(issuer->claims.items[0], "role");
    assert_true(config->secrets.are_read);
    assert_memory_equal(config->secrets.tokenize, "0123456789abcdef", 16);
    assert_memory_equal(config->secrets.pseudonym, "fedcba9876543210", 16);
    assert_string_equal(config->trail.origin, "audit.example/lahore-1");
    assert_null(config->trail.floor);
    assert_int_equal(config->ledger.count, 1);
    assert_int_equal(config->ledger.items[0].kind, CONFIG_ANCHOR_WITNESS);
    assert_int_equal(config->ledger.items[0].max_age, 300000000);
    assert_int_equal(config->ledger.items[0].every, 1000000);
    assert_int_equal(config->ledger.items[0].overdue, CONFIG_OVERDUE_ALERT);
    assert_string_equal(config->metrics.text, "127.0.0.1:9100");
    assert_int_equal(config->limits.window_bytes, 262144);
    assert_int_equal(config->limits.header_bytes, 16384);
    assert_int_equal(config->limits.max_age, 60000000);
    assert_true(config->limits.workers >= 1);
    assert_false(config->demo_keys);
    config_free(config);
    config_free(NULL);
}

static void test_config__takes_other_values(void **state)
{
    struct fixture *fixture = *state;
    char *text = replaced("limits: {}", "limits: {workers: 3, header_bytes: 32KiB, body_bytes: 0,\n"
                                        "  max_age: 90s, trail_deadline: 250ms}");
    struct config *config = parse_well(fixture, text);
    assert_int_equal(config->limits.workers, 3);
    assert_int_equal(config->limits.header_bytes, 32768);
    assert_int_equal(config->limits.body_bytes, 0);
    assert_int_equal(config->limits.max_age, 90000000);
    assert_int_equal(config->limits.trail_deadline, 250000);
    config_free(config);
    free(text);
    text = replaced("limits: {}", "limits:");
    config_free(parse_well(fixture, text));
    free(text);
    text = replaced(
        "  - {kind: witness, url: \"http://127.0.0.1:8480\", vkey: ledger.vkey, max_age: 5m}",
        "  - {kind: rfc3161, url: \"http://127.0.0.1:1\", tsa_ca: ca.pem, overdue: deny}\n"
        "  - {kind: evm, url: \"http://127.0.0.1:1\", chain_id: 20240,\n"
        "     contract: '0x00112233445566778899aabbccddeeff00112233',\n"
        "     account: '0x00112233445566778899AABBCCDDEEFF00112233'}");
    config = parse_well(fixture, text);
    assert_int_equal(config->ledger.items[0].every, 600000000);
    assert_int_equal(config->ledger.items[0].overdue, CONFIG_OVERDUE_DENY);
    assert_int_equal(config->ledger.items[1].chain_id, 20240);
    assert_int_equal(config->ledger.items[1].confirmations, 2);
    config_free(config);
    free(text);
}

static void test_config__reports_every_fault_with_its_place(void **state)
{
    static const struct {
        const char *piece;
        const char *by;
        const char *code;
        unsigned line;
        unsigned column;
        const char *part;
    } cases[] = {
        {"listen:", "lisen:", "unknown-key", 1, 1, "did you mean `listen`"},
        {"limits: {}", "limits: {header_byte: 1}", "unknown-key", 17, 10, "`header_bytes`"},
        {"claims: [role]", "colour: red", "unknown-key", 12, 8, "in identity.tokens[]"},
        {"client_ca: ca.pem", "x: 1", "unknown-key", 2, 49, "no key `x` in tls"},
        {"policies: policies/\n", "", "missing-key", 1, 1, "policies is missing"},
        {"key: server.key, ", "", "missing-key", 2, 6, "tls.key is missing"},
        {"audience: amanat, ", "", "missing-key", 11, 7, "identity.tokens[].audience"},
        {"url: \"https://10.0.4.2:8443/base/\", ", "", "missing-key", 6, 9, "services.*.url"},
        {"partners: [ravi],", "", "missing-key", 11, 7, "identity.tokens[].partners"},
        {"policies: policies/", "policies: 5", "type", 3, 11, "is a number here, not a string"},
        {"policies: policies/", "policies: [a]", "type", 3, 11, "is an array here, not a string"},
        {"facts: [cases.json]", "facts: cases.json", "type", 4, 8, "not an array"},
        {"limits: {}", "limits: []", "type", 17, 9, "limits is an array here, not an object"},
        {"limits: {}", "limits: {workers: two}", "type", 17, 19, "not a number"},
        {"limits: {}", "limits: {workers: 1.5}", "value", 17, 19, "whole number"},
        {"limits: {}", "limits: {workers: 1000}", "value", 17, 19, "between 0 and 256"},
        {"limits: {}", "limits: {window_bytes: 1}", "value", 17, 24, "between 262144 and 262144"},
        {"limits: {}", "limits: {max_age: 60}", "value", 17, 19, "a duration is"},
        {"limits: {}", "limits: {max_age: 0s}", "value", 17, 19, "microseconds"},
        {"limits: {}", "limits: {max_age: 99999999999999999999s}", "value", 17, 19, "a duration"},
        {"limits: {}", "limits: {body_bytes: 1MB}", "value", 17, 22, "a size is"},
        {"limits: {}", "limits: {body_bytes: 8MiB}", "conflict", 17, 9, "exchange_bytes"},
        {"127.0.0.1:0,", "localhost:0,", "value", 1, 10, "an address is"},
        {"127.0.0.1:0,", "127.0.0.1:70000,", "value", 1, 10, "an address is"},
        {"127.0.0.1:0,", "127.0.0.1,", "value", 1, 10, "an address is"},
        {"[127.0.0.1:0, '[::1]:8443']", "[]", "value", 1, 9, "is empty"},
        {"policies: policies/", "policies: ''", "value", 3, 11, "is empty"},
        {"policies: policies/", "policies: \"a\\0b\"", "value", 3, 11, "control character"},
        {"facts: [cases.json]", "facts: [cases.json, cases.json]", "value", 4, 21, "twice"},
        {"  anpr:", "  Anpr:", "value", 6, 3, "a name is"},
        {"[ravi]", "[Ravi]", "value", 11, 84, "a name is"},
        {"[ravi]", "[]", "conflict", 11, 7, "speaks for no partner"},
        {"http://127.0.0.1:9000", "http://10.0.0.1:9000", "value", 7, 16, "loopback"},
        {"http://127.0.0.1:9000", "http://localhost:9000", "value", 7, 16, "loopback"},
        {"http://127.0.0.1:9000", "http://127.0.0.1:9000/?a=b", "value", 7, 16, "a URL such as"},
        {"http://127.0.0.1:9000", "http://u:p@127.0.0.1:9000", "value", 7, 16, "a URL such as"},
        {"http://127.0.0.1:9000", "http://127.0.0.1:9000/a/../b", "value", 7, 16, "a URL such as"},
        {"http://127.0.0.1:9000", "ftp://127.0.0.1", "value", 7, 16, "a URL such as"},
        {"http://127.0.0.1:9000", "http://127.0.0.1:0", "value", 7, 16, "a URL such as"},
        {"http://127.0.0.1:9000", "http://[::1", "value", 7, 16, "a URL such as"},
        {", ca: ca.pem, headers_file", ", headers_file", "conflict", 6, 3, "needs `ca`"},
        {", timeout: 5s", ", ca: ca.pem", "conflict", 7, 3, "nothing without https"},
        {", headers_file: anpr.headers", ", key: server.key", "conflict", 6, 3, "go together"},
        {"require: [certificate, token]", "require: []", "value", 9, 12, "somebody must be known"},
        {"[certificate, token]", "[certificate, tokens]", "value", 9, 26, "certificate or token"},
        {", client_ca: ca.pem", "", "conflict", 2, 6, "tls.client_ca"},
        {"ledger.vkey, max_age: 5m", "ledger.vkey, max_age: 1s", "conflict", 16, 5, "longer than"},
        {"kind: witness", "kind: witch", "value", 16, 12, "witness, rfc3161 or evm"},
        {"vkey: ledger.vkey, ", "", "conflict", 16, 5, "needs `vkey`"},
        {"kind: witness", "kind: rfc3161", "conflict", 16, 5, "`tsa_ca`"},
        {"kind: witness", "kind: evm", "conflict", 16, 5, "`contract`"},
        {"audit.example/lahore-1", "https://audit.example", "conflict", 14, 33, "no scheme"},
        {"origin: audit.example/lahore-1", "origin: a b", "conflict", 14, 33, "spaces"},
        {"secrets: {tokenize: tokenize.key, pseudonym: pseudonym.key}",
         "secrets: {tokenize: tokenize.key, pseudonym: tokenize.key}", "conflict", 13, 46,
         "two keys"},
        {"{tokenize: tokenize.key,", "{tokenize: tokenize.key, tokenize_previous: tokenize.key,",
         "conflict", 13, 54, "the key before tokenize"},
        {"{tokenize: tokenize.key,", "{tokenize: tokenize.key, tokenize_previous: short.key,",
         "secret", 13, 54, "holds 5 bytes"},
        {"pseudonym: pseudonym.key", "pseudonym: short.key", "secret", 13, 46, "holds 5 bytes"},
        {"pseudonym: pseudonym.key", "pseudonym: open.key", "secret", 13, 46, "mode 0640"},
        {"key: server.key", "key: server.pem", "secret", 2, 37, "chmod 600"},
        {"key: trail.pem", "key: ca.pem", "secret", 14, 62, "chmod 600"},
        {"key: trail.pem", "key: none.pem", "file", 14, 62, "No such file"},
        {"certificate: server.pem", "certificate: none.pem", "file", 2, 20, "No such file"},
        {"certificate: server.pem", "certificate: policies", "file", 2, 20, "no regular file"},
        {"policies: policies/", "policies: server.pem", "file", 3, 11, "is no folder"},
        {"policies: policies/", "policies: elsewhere/", "file", 3, 11, "No such file"},
        {"facts: [cases.json]", "facts: [none.json]", "file", 4, 9, "No such file"},
        {"anpr.headers", "bad.headers", "header", 2, 1, "Name: value"},
        {"anpr.headers", "host.headers", "header", 1, 1, "gateway's own"},
        {"anpr.headers", "empty.headers", "header", 1, 1, "is empty"},
        {"limits: {}", "limits: {}\nlimits: {}", "duplicate-key", 18, 1, "stands twice"},
        {"limits: {}", "limits: {", "syntax", 18, 1, ""},
    };
    struct fixture *fixture = *state;
    unsigned wrong = 0;
    write_text(fixture, "short.key", "12345", 0600);
    write_text(fixture, "open.key", "0123456789abcdef0123456789abcdef", 0640);
    write_text(fixture, "bad.headers", "A: b\nno colon\n", 0600);
    write_text(fixture, "host.headers", "hOsT: x\n", 0600);
    write_text(fixture, "empty.headers", "A: \n", 0600);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char *text = replaced(cases[i].piece, cases[i].by);
        struct config *config = parse(fixture, text, CONFIG_TO_SERVE);
        if (config != NULL) {
            fail_msg("accepted: %s", cases[i].by);
        }
        const struct amanat_diagnostic *first = amanat_diagnostics_at(fixture->diagnostics, 0);
        const bool right_place =
            (first->line == cases[i].line && first->column == cases[i].column) ||
            strcmp(cases[i].code, "syntax") == 0;
        if (strcmp(first->code, cases[i].code) != 0 || !right_place ||
            strstr(first->text, cases[i].part) == NULL) {
            print_error("%s -> %s: %s at %u:%u: %s\n", cases[i].piece, cases[i].by, first->code,
                        first->line, first->column, first->text);
            wrong++;
        }
        assert_null(strstr(first->text, "0123456789abcdef"));
        free(text);
    }
    assert_int_equal(wrong, 0);
}

static void test_config__goes_on_after_a_fault(void **state)
{
    struct fixture *fixture = *state;
    assert_null(parse(fixture, "listen: 5\ntls: {}\nlimits: {workers: x}\n", CONFIG_TO_SERVE));
    assert_int_equal(amanat_diagnostics_errors(fixture->diagnostics), 8);
    assert_null(parse(fixture, "[]", CONFIG_TO_SERVE));
    assert_null(parse(fixture, "", CONFIG_TO_SERVE));
}

static void test_config__looks_at_no_file_when_it_only_checks(void **state)
{
    struct fixture *fixture = *state;
    (void)snprintf(fixture->path, sizeof(fixture->path), "/nowhere/amanat.yaml");
    struct config *config = parse(fixture, good, CONFIG_TO_CHECK);
    assert_non_null(config);
    assert_false(config->secrets.are_read);
    assert_string_equal(config->policies, "/nowhere/policies/");
    config_free(config);
}

static void test_config__keeps_demo_keys_on_loopback(void **state)
{
    struct fixture *fixture = *state;
    static const char *const marked[] = {"server.key", "trail.pem"};
    for (size_t i = 0; i < 3; i++) {
        struct config *config = NULL;
        if (i < 2) {
            write_text(fixture, marked[i], CONFIG_DEMO_MARKER "\n-----BEGIN PRIVATE KEY-----\n",
                       0600);
        } else {
            write_text(fixture, "tokenize.key.demo", "", 0644);
        }
        config = parse_well(fixture, good);
        assert_true(config->demo_keys);
        assert_true(amanat_is_ok(config_check_listeners(config, fixture->diagnostics)));
        config_free(config);
        char *text = replaced("127.0.0.1:0", "0.0.0.0:0");
        config = parse_well(fixture, text);
        assert_false(config->listen.items[0].is_loopback);
        assert_int_equal(config_check_listeners(config, fixture->diagnostics).status,
                         AMANAT_STATUS_CONFIG_FAULT);
        assert_string_equal(amanat_diagnostics_at(fixture->diagnostics, 0)->code, "demo-keys");
        config_free(config);
        free(text);
        text = replaced("metrics: 127.0.0.1", "metrics: 10.0.0.1");
        config = parse_well(fixture, text);
        assert_false(amanat_is_ok(config_check_listeners(config, fixture->diagnostics)));
        config_free(config);
        free(text);
        if (i < 2) {
            write_text(fixture, marked[i], "-----BEGIN PRIVATE KEY-----\n", 0600);
        }
    }
}

static void test_config__may_listen_anywhere_with_keys_of_ones_own(void **state)
{
    struct fixture *fixture = *state;
    char *text = replaced("127.0.0.1:0", "0.0.0.0:0");
    struct config *config = parse_well(fixture, text);
    assert_true(amanat_is_ok(config_check_listeners(config, fixture->diagnostics)));
    config_free(config);
    free(text);
}

static void test_config__loads_files_and_finds_the_policy_folder(void **state)
{
    struct fixture *fixture = *state;
    struct config *config = NULL;
    const char *policies = NULL;
    assert_int_equal(
        config_load(fixture->path, CONFIG_TO_SERVE, fixture->diagnostics, &config).status,
        AMANAT_STATUS_IO);
    assert_null(config);
    write_text(fixture, "amanat.yaml", good, 0644);
    assert_true(
        amanat_is_ok(config_load(fixture->path, CONFIG_TO_SERVE, fixture->diagnostics, &config)));
    config_free(config);
    config = NULL;
    assert_true(
        amanat_is_ok(config_locate(fixture->path, fixture->diagnostics, &config, &policies)));
    assert_non_null(config);
    assert_ptr_equal(policies, config->policies);
    config_free(config);
    assert_true(
        amanat_is_ok(config_locate(fixture->folder, fixture->diagnostics, &config, &policies)));
    assert_null(config);
    assert_string_equal(policies, fixture->folder);
}

static void test_config__prints_its_table(void **state)
{
    struct buffer table;
    (void)state;
    buffer_init(&table, 1 << 20);
    config_write_table(&table);
    buffer_append_byte(&table, '\0');
    assert_non_null(strstr(table.at, "listen "));
    assert_non_null(strstr(table.at, "limits.window_bytes"));
    assert_non_null(strstr(table.at, "services.*.url"));
    buffer_clear(&table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(test_config__reads_a_whole_file),
        TEST(test_config__takes_other_values),
        TEST(test_config__reports_every_fault_with_its_place),
        TEST(test_config__goes_on_after_a_fault),
        TEST(test_config__looks_at_no_file_when_it_only_checks),
        TEST(test_config__keeps_demo_keys_on_loopback),
        TEST(test_config__may_listen_anywhere_with_keys_of_ones_own),
        TEST(test_config__loads_files_and_finds_the_policy_folder),
        TEST(test_config__prints_its_table),
    };
    return cmocka_run_group_tests_name("gateway.config.config", tests, NULL, NULL);
}
