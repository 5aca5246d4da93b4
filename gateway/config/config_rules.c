/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules between keys of amanat.yaml, and defaults that depend on other keys. Runs only on what the
 * table accepted, and reports everything it finds.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "gateway/config/config_file.h"
#include "gateway/config/config_read.h"
#include "policy/base/guard.h"

#define SECONDS(n) ((int64_t)(n)*1000000)

/* Where `path` ("identity", "require") stands, or the nearest thing above it that is there. */
static struct config_place place_of(const struct config_reader *reader, const char *first,
                                    const char *second)
{
    const struct document *found = reader->root;
    const char *const keys[] = {first, second};
    for (size_t i = 0; i < 2 && keys[i] != NULL; i++) {
        const struct document *next = document_get(found, keys[i]);
        if (next == NULL) {
            break;
        }
        found = next;
    }
    return (struct config_place){found->line, found->column};
}

static void conflict(struct config_reader *reader, struct config_place place, const char *text)
{
    config_fault(reader, "conflict", place.line, place.column, "%s", text);
}

/* ---- services ---- */

static amanat_result read_headers(struct config_reader *reader, struct config_service *service)
{
    struct arena *arena = reader->config->arena;
    const struct config_file_request request = {
        .path = service->headers_file,
        .source = reader->config->source,
        .place = service->place,
        .diagnostics = reader->diagnostics,
    };
    struct bytes text = {0};
    bool is_demo = false;
    amanat_result result = config_file_read_secret(&request, arena, &text, &is_demo);
    if (amanat_is_ok(result)) {
        result = config_file_parse_headers(&request, text, arena, &service->headers,
                                           &service->header_count);
    }
    if (!amanat_is_ok(result) && result.status != AMANAT_STATUS_MEMORY) {
        reader->faulty = true;
        return AMANAT_OK;
    }
    return result;
}

static amanat_result apply_service_rules(struct config_reader *reader,
                                         struct config_service *service)
{
    if (service->url.is_tls && service->ca == NULL) {
        conflict(reader, service->place, "a service with https needs `ca`");
    }
    if (!service->url.is_tls && (service->ca != NULL || service->certificate != NULL)) {
        conflict(reader, service->place, "`ca` and `certificate` mean nothing without https");
    }
    if ((service->certificate == NULL) != (service->key == NULL)) {
        conflict(reader, service->place, "`certificate` and `key` go together");
    }
    if (service->timeout == 0) {
        service->timeout = reader->config->limits.upstream_timeout;
    }
    if (service->headers_file != NULL && reader->use == CONFIG_TO_SERVE) {
        return read_headers(reader, service);
    }
    return AMANAT_OK;
}

/* ---- identity ---- */

static void apply_identity_rules(struct config_reader *reader)
{
    const struct config *config = reader->config;
    const struct config_identity *identity = &config->identity;
    if ((identity->require & CONFIG_REQUIRE_TOKEN) != 0 && identity->tokens.count == 0) {
        conflict(reader, place_of(reader, "identity", "require"),
                 "a token is required, but `identity.tokens` names no issuer");
    }
    if ((identity->require & CONFIG_REQUIRE_CERTIFICATE) != 0 && config->tls.client_ca == NULL) {
        conflict(reader, place_of(reader, "tls", NULL),
                 "a certificate is required (identity.require), so `tls.client_ca` is needed");
    }
    for (size_t i = 0; i < identity->tokens.count; i++) {
        const struct config_token_issuer *issuer = &identity->tokens.items[i];
        if (issuer->partners.count == 0) {
            conflict(reader, issuer->place, "an issuer that speaks for no partner is of no use");
        }
        for (size_t j = 0; j < i; j++) {
            if (strcmp(issuer->issuer, identity->tokens.items[j].issuer) == 0) {
                conflict(reader, issuer->place, "this issuer stands twice");
            }
        }
    }
}

/* ---- secrets and trail ---- */

static bool are_equal(const unsigned char *a, const unsigned char *b)
{
    return memcmp(a, b, CONFIG_SECRET_SIZE) == 0;
}

static void apply_secret_rules(struct config_reader *reader)
{
    struct config_secrets *secrets = &reader->config->secrets;
    secrets->are_read = reader->use == CONFIG_TO_SERVE;
    secrets->has_previous =
        document_get(document_get(reader->root, "secrets"), "tokenize_previous") != NULL;
    if (!secrets->are_read) {
        return;
    }
    if (are_equal(secrets->tokenize, secrets->pseudonym)) {
        conflict(reader, place_of(reader, "secrets", "pseudonym"),
                 "tokenize and pseudonym must be two keys: one must not tell about the other");
    }
    if (secrets->has_previous && (are_equal(secrets->tokenize_previous, secrets->tokenize) ||
                                  are_equal(secrets->tokenize_previous, secrets->pseudonym))) {
        conflict(reader, place_of(reader, "secrets", "tokenize_previous"),
                 "tokenize_previous is the key before tokenize, and no other key that is in use");
    }
}

/* C2SP tlog-checkpoint: an origin is a schema-less URL; signed-note: no spaces, no plus. */
static void apply_trail_rules(struct config_reader *reader)
{
    if (strpbrk(reader->config->trail.origin, " +") != NULL ||
        strstr(reader->config->trail.origin, "://") != NULL) {
        conflict(reader, place_of(reader, "trail", "origin"),
                 "an origin is like audit.example/lahore-1: no scheme, spaces or plus signs");
    }
}

/* ---- ledger ---- */

static bool is_hex(const char *text, size_t digits)
{
    if (text == NULL || strncmp(text, "0x", 2) != 0 || strlen(text) != digits + 2) {
        return false;
    }
    return strspn(text + 2, "0123456789abcdefABCDEF") == digits;
}

static void apply_witness_rules(struct config_reader *reader, struct config_anchor *anchor)
{
    if (anchor->vkey == NULL) {
        conflict(reader, anchor->place, "a witness needs `vkey`");
    }
    if (anchor->tsa_ca != NULL || anchor->contract != NULL || anchor->account != NULL ||
        anchor->code_hash != NULL || anchor->chain_id != 0) {
        conflict(reader, anchor->place,
                 "a witness has only url, ca, vkey, every, max_age, overdue");
    }
}

static void apply_rfc3161_rules(struct config_reader *reader, struct config_anchor *anchor)
{
    if (anchor->tsa_ca == NULL) {
        conflict(reader, anchor->place, "rfc3161 needs `tsa_ca`");
    }
    if (anchor->vkey != NULL || anchor->contract != NULL || anchor->account != NULL ||
        anchor->code_hash != NULL || anchor->chain_id != 0) {
        conflict(reader, anchor->place,
                 "rfc3161 has only url, ca, tsa_ca, every, max_age, overdue");
    }
}

static void apply_evm_rules(struct config_reader *reader, struct config_anchor *anchor)
{
    if (!is_hex(anchor->contract, 40) || !is_hex(anchor->account, 40) || anchor->chain_id == 0) {
        conflict(reader, anchor->place,
                 "evm needs `contract` and `account` (0x and 40 hex digits) and `chain_id`");
    }
    if (anchor->code_hash != NULL && !is_hex(anchor->code_hash, 64)) {
        conflict(reader, anchor->place, "`code_hash` is 0x and 64 hex digits");
    }
    if (anchor->vkey != NULL || anchor->tsa_ca != NULL) {
        conflict(reader, anchor->place, "evm has neither `vkey` nor `tsa_ca`");
    }
}

static void apply_anchor_rules(struct config_reader *reader, struct config_anchor *anchor)
{
    static void (*const rules[])(struct config_reader *, struct config_anchor *) = {
        [CONFIG_ANCHOR_WITNESS] = apply_witness_rules,
        [CONFIG_ANCHOR_RFC3161] = apply_rfc3161_rules,
        [CONFIG_ANCHOR_EVM] = apply_evm_rules,
    };
    const bool is_slow = anchor->kind == CONFIG_ANCHOR_RFC3161;
    rules[anchor->kind](reader, anchor);
    if (anchor->url.is_tls && anchor->ca == NULL) {
        conflict(reader, anchor->place, "a ledger with https needs `ca`");
    }
    if (anchor->every == 0) {
        anchor->every = is_slow ? SECONDS(600) : SECONDS(1);
    }
    if (anchor->max_age == 0) {
        anchor->max_age = is_slow ? SECONDS(1800) : SECONDS(300);
    }
    if (anchor->max_age <= anchor->every) {
        conflict(reader, anchor->place, "`max_age` must be longer than `every`");
    }
}

/* ---- limits ---- */

static void apply_limit_rules(struct config_reader *reader)
{
    struct config_limits *limits = &reader->config->limits;
    if (limits->workers == 0) {
        const long processors = sysconf(_SC_NPROCESSORS_ONLN);
        limits->workers = processors < 1 ? 1 : processors > 256 ? 256 : processors;
    }
    /* A body is held whole beside its tree, a record beside its window. */
    if (limits->exchange_bytes < 2 * limits->body_bytes ||
        limits->exchange_bytes < 2 * limits->record_bytes + limits->window_bytes) {
        conflict(reader, place_of(reader, "limits", "exchange_bytes"),
                 "limits.exchange_bytes must be at least twice body_bytes, and twice record_bytes "
                 "plus window_bytes");
    }
}

amanat_result config_apply_rules(struct config_reader *reader)
{
    struct config *config = reader->config;
    /* The lists were made for this configuration a moment ago; const protects them from its
     * readers. */
    for (size_t i = 0; i < config->services.count; i++) {
        struct config_service service = config->services.items[i];
        TRY(apply_service_rules(reader, &service));
        memcpy((char *)(uintptr_t)&config->services.items[i], &service, sizeof(service));
    }
    for (size_t i = 0; i < config->ledger.count; i++) {
        struct config_anchor anchor = config->ledger.items[i];
        apply_anchor_rules(reader, &anchor);
        memcpy((char *)(uintptr_t)&config->ledger.items[i], &anchor, sizeof(anchor));
    }
    apply_identity_rules(reader);
    apply_secret_rules(reader);
    apply_trail_rules(reader);
    apply_limit_rules(reader);
    return AMANAT_OK;
}
