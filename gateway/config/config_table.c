/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one table of what amanat.yaml may say: every key with its type, default, bounds and reason.
 * Reader (config_read.c), "did you mean" and the printed table all come from it. Rules that concern
 * more than one key are in config_rules.c.
 */
#include "gateway/config/config_table.h"

#include <inttypes.h>

#include "gateway/config/config.h"

#define SECONDS(n) ((int64_t)(n)*1000000)
#define MINUTES(n) SECONDS((n)*60)
#define HOURS(n)   MINUTES((n)*60)
#define KIB(n)     ((int64_t)(n)*1024)
#define MIB(n)     KIB((n)*1024)

static const char *const anchor_kinds[] = {"witness", "rfc3161", "evm", NULL};
static const char *const overdue_words[] = {"alert", "warn", "deny", NULL};

#define ROOT(key, member, type_, ...)                                                              \
    {                                                                                              \
        .path = (key), .type = (type_), .offset = offsetof(struct config, member), __VA_ARGS__     \
    }
#define TLS(key, member, type_, ...)                                                               \
    {                                                                                              \
        .path = "tls." key, .type = (type_), .offset = offsetof(struct config_tls, member),        \
        __VA_ARGS__                                                                                \
    }
#define SERVICE(key, member, type_, ...)                                                           \
    {                                                                                              \
        .path = "services.*." key, .type = (type_),                                                \
        .offset = offsetof(struct config_service, member), __VA_ARGS__                             \
    }
#define IDENTITY(key, member, type_, ...)                                                          \
    {                                                                                              \
        .path = "identity." key, .type = (type_),                                                  \
        .offset = offsetof(struct config_identity, member), __VA_ARGS__                            \
    }
#define TOKEN(key, member, type_, ...)                                                             \
    {                                                                                              \
        .path = "identity.tokens[]." key, .type = (type_),                                         \
        .offset = offsetof(struct config_token_issuer, member), __VA_ARGS__                        \
    }
#define SECRET(key, member, ...)                                                                   \
    {                                                                                              \
        .path = "secrets." key, .type = CONFIG_TYPE_SECRET,                                        \
        .offset = offsetof(struct config_secrets, member), __VA_ARGS__                             \
    }
#define TRAIL(key, member, type_, ...)                                                             \
    {                                                                                              \
        .path = "trail." key, .type = (type_), .offset = offsetof(struct config_trail, member),    \
        __VA_ARGS__                                                                                \
    }
#define ANCHOR(key, member, type_, ...)                                                            \
    {                                                                                              \
        .path = "ledger[]." key, .type = (type_),                                                  \
        .offset = offsetof(struct config_anchor, member), __VA_ARGS__                              \
    }
#define LIMIT(member, type_, default_, least_, most_, reason)                                      \
    {                                                                                              \
        .path = "limits." #member, .type = (type_),                                                \
        .offset = offsetof(struct config_limits, member), .fallback = (default_),                  \
        .least = (least_), .most = (most_), .about = (reason)                                      \
    }

/* clang-format off */
const struct config_row config_rows[] = {
    ROOT("listen", listen, CONFIG_TYPE_ADDRESSES, .required = true,
         .about = "numeric addresses to serve on; port 0 picks one"),
    ROOT("tls", tls, CONFIG_TYPE_OBJECT, .required = true, .about = "TLS of the listeners"),
    TLS("certificate", certificate, CONFIG_TYPE_FILE, .required = true, .about = "PEM, then its chain"),
    TLS("key", key, CONFIG_TYPE_SECRET_FILE, .required = true, .about = "PEM, not encrypted"),
    TLS("client_ca", client_ca, CONFIG_TYPE_FILE,
        .about = "PEM of the authorities of partners; needed where a certificate is required"),
    ROOT("policies", policies, CONFIG_TYPE_FOLDER, .required = true, .about = "the policy folder"),
    ROOT("facts", facts, CONFIG_TYPE_FILES, .about = "entities that change by the hour, replaced on their own"),

    ROOT("services", services, CONFIG_TYPE_MAP, .required = true, .item_size = sizeof(struct config_service),
         .place_offset = offsetof(struct config_service, place),
         .about = "where each service of the policy folder lives"),
    SERVICE("url", url, CONFIG_TYPE_URL, .required = true, .about = "http only to a loopback address"),
    SERVICE("ca", ca, CONFIG_TYPE_FILE, .about = "PEM of the service's authorities; needed with https"),
    SERVICE("certificate", certificate, CONFIG_TYPE_FILE, .about = "PEM of the gateway's own certificate there"),
    SERVICE("key", key, CONFIG_TYPE_SECRET_FILE, .about = "PEM of its key"),
    SERVICE("headers_file", headers_file, CONFIG_TYPE_SECRET_FILE,
            .about = "lines `Name: value` that are sent with every call"),
    SERVICE("timeout", timeout, CONFIG_TYPE_DURATION, .least = 1000, .most = HOURS(1),
            .about = "to the head of the response; else limits.upstream_timeout"),

    ROOT("identity", identity, CONFIG_TYPE_OBJECT, .about = "who is believed"),
    IDENTITY("require", require, CONFIG_TYPE_REQUIRE, .fallback = "certificate, token",
             .about = "what every access must bring"),
    {.path = "identity.certificate", .type = CONFIG_TYPE_OBJECT, .about = "client certificates"}, /* no struct of its own */
    IDENTITY("certificate.san_uri_prefix", san_uri_prefix, CONFIG_TYPE_STRING, .fallback = "urn:partner:",
             .about = "the SAN URI that names the partner begins with it"),
    IDENTITY("tokens", tokens, CONFIG_TYPE_LIST, .item_size = sizeof(struct config_token_issuer),
             .place_offset = offsetof(struct config_token_issuer, place), .about = "issuers of bearer tokens"),
    TOKEN("issuer", issuer, CONFIG_TYPE_STRING, .required = true, .about = "`iss`, exactly"),
    TOKEN("audience", audience, CONFIG_TYPE_STRING, .required = true, .about = "must be among `aud`"),
    TOKEN("keys", keys, CONFIG_TYPE_FILE, .required = true, .about = "JWKS file of the issuer's public keys"),
    TOKEN("partners", partners, CONFIG_TYPE_NAMES, .required = true, .about = "for whom it may speak"),
    TOKEN("partner", partner_claim, CONFIG_TYPE_STRING, .fallback = "client_id", .about = "claim that names the partner"),
    TOKEN("agent", agent_claim, CONFIG_TYPE_STRING, .fallback = "sub", .about = "claim that names the agent"),
    TOKEN("claims", claims, CONFIG_TYPE_STRINGS, .about = "claims that policies may read"),

    ROOT("secrets", secrets, CONFIG_TYPE_OBJECT, .required = true, .about = "files of 32 random bytes each"),
    SECRET("tokenize", tokenize, .required = true, .about = "key of the tokenize mode"),
    SECRET("tokenize_previous", tokenize_previous,
           .about = "the key before it, while they overlap: tokens are `new.old`"),
    SECRET("pseudonym", pseudonym, .required = true, .about = "key of the pseudonyms in the trail"),

    ROOT("trail", trail, CONFIG_TYPE_OBJECT, .required = true, .about = "the tamper-evident log of this gateway"),
    TRAIL("folder", folder, CONFIG_TYPE_PATH, .required = true, .about = "made if it is not there"),
    TRAIL("origin", origin, CONFIG_TYPE_STRING, .required = true, .about = "its name for the world: audit.example/lahore-1"),
    TRAIL("key", key, CONFIG_TYPE_SECRET_FILE, .required = true, .about = "PEM of its Ed25519 key"),
    TRAIL("floor", floor, CONFIG_TYPE_PATH, .about = "the floor file, best on another device"),

    ROOT("ledger", ledger, CONFIG_TYPE_LIST, .item_size = sizeof(struct config_anchor),
         .place_offset = offsetof(struct config_anchor, place), .about = "where checkpoints are anchored"),
    ANCHOR("kind", kind, CONFIG_TYPE_WORD, .required = true, .words = anchor_kinds, .about = "witness, rfc3161 or evm"),
    ANCHOR("url", url, CONFIG_TYPE_URL, .required = true, .about = "http only to a loopback address"),
    ANCHOR("ca", ca, CONFIG_TYPE_FILE, .about = "PEM of the server's authorities; needed with https"),
    ANCHOR("every", every, CONFIG_TYPE_DURATION, .least = 1000, .most = HOURS(24),
           .about = "shortest time between two requests; default 1s, rfc3161 10m (public authorities throttle)"),
    ANCHOR("max_age", max_age, CONFIG_TYPE_DURATION, .least = SECONDS(1), .most = HOURS(24 * 7),
           .about = "older than this is overdue; default 5m, rfc3161 30m"),
    ANCHOR("overdue", overdue, CONFIG_TYPE_WORD, .fallback = "alert", .words = overdue_words,
           .about = "alert, warn, or deny (accesses are refused)"),
    ANCHOR("vkey", vkey, CONFIG_TYPE_FILE, .about = "witness: its verifier key"),
    ANCHOR("tsa_ca", tsa_ca, CONFIG_TYPE_FILE, .about = "rfc3161: PEM of the authority's chain"),
    ANCHOR("contract", contract, CONFIG_TYPE_STRING, .about = "evm: address of the contract"),
    ANCHOR("code_hash", code_hash, CONFIG_TYPE_STRING, .about = "evm: keccak-256 of the contract's code, pinned"),
    ANCHOR("account", account, CONFIG_TYPE_STRING, .about = "evm: the sender; its key stays in the node or signer"),
    ANCHOR("chain_id", chain_id, CONFIG_TYPE_COUNT, .least = 1, .most = INT64_MAX, .about = "evm: pinned"),
    ANCHOR("confirmations", confirmations, CONFIG_TYPE_COUNT, .fallback = "2", .least = 0, .most = 1000,
           .about = "evm: blocks to wait for"),

    ROOT("limits", limits, CONFIG_TYPE_OBJECT, .about = "how much of everything"),
    LIMIT(workers, CONFIG_TYPE_COUNT, "0", 0, 256, "threads that serve; 0 = one for each processor"),
    LIMIT(connections, CONFIG_TYPE_COUNT, "10000", 1, 1000000,
          "per worker; an idle connection with TLS costs about 40 KiB, so 10,000 are 400 MiB"),
    LIMIT(header_bytes, CONFIG_TYPE_SIZE, "16KiB", KIB(4), KIB(256),
          "of a message's head; twice what common servers take, because a token with claims may have 8 KiB"),
    LIMIT(body_bytes, CONFIG_TYPE_SIZE, "1MiB", 0, MIB(64), "of a request's body, which is held whole before it is forwarded"),
    LIMIT(exchange_bytes, CONFIG_TYPE_SIZE, "8MiB", KIB(256), MIB(1024),
          "arena of one access: a request's body and its tree, one record, one window"),
    LIMIT(record_bytes, CONFIG_TYPE_SIZE, "1MiB", KIB(16), MIB(64),
          "of one record: what policies read of it, and, for each label, what may be disclosed of it; beyond it the "
          "record is left out if that label would be disclosed. It is held until its policies are decided"),
    LIMIT(window_bytes, CONFIG_TYPE_SIZE, "262144", 262144, 262144,
          "fixed: chunk boundaries are part of what partners receive, so they must not differ between gateways"),
    LIMIT(ruleset_bytes, CONFIG_TYPE_SIZE, "512MiB", MIB(1), MIB(16384), "arena of one compiled ruleset"),
    LIMIT(policy_bytes, CONFIG_TYPE_SIZE, "64MiB", KIB(1), MIB(1024),
          "of all files of the policy folder; they are stored in the trail whole"),
    LIMIT(facts_bytes, CONFIG_TYPE_SIZE, "256MiB", KIB(1), MIB(4096), "of one file of facts: about a million cases"),
    LIMIT(token_cache, CONFIG_TYPE_COUNT, "4096", 4, 1048576,
          "verified tokens remembered per worker, 48 bytes each; a miss costs one signature check"),
    LIMIT(pool_connections, CONFIG_TYPE_COUNT, "32", 0, 4096, "idle connections per worker and service"),
    LIMIT(trail_entries, CONFIG_TYPE_COUNT, "16384", 1, 1048576,
          "lines that wait; at 2 ms a commit a full queue is written within a second"),
    LIMIT(trail_bytes, CONFIG_TYPE_SIZE, "32MiB", KIB(64), MIB(1024), "the same in bytes, 2 KiB a line"),
    LIMIT(trail_deadline, CONFIG_TYPE_DURATION, "5s", 100000, MINUTES(5),
          "how long an entry may wait before its access is refused; below what clients wait for"),
    LIMIT(trail_reserve_bytes, CONFIG_TYPE_SIZE, "8MiB", 0, MIB(1024),
          "disk kept for accesses and recovery, which refusals cannot use up"),
    LIMIT(header_timeout, CONFIG_TYPE_DURATION, "10s", 1000, MINUTES(10), "against clients that send a byte a minute"),
    LIMIT(idle_timeout, CONFIG_TYPE_DURATION, "60s", 1000, HOURS(1), "between two requests of a connection"),
    LIMIT(body_timeout, CONFIG_TYPE_DURATION, "30s", 1000, HOURS(1), "without a byte of a body that we are willing to read"),
    LIMIT(write_timeout, CONFIG_TYPE_DURATION, "30s", 1000, HOURS(1), "without progress of output that waits"),
    LIMIT(connect_timeout, CONFIG_TYPE_DURATION, "5s", 1000, MINUTES(10), "to a service, with its TLS handshake"),
    LIMIT(upstream_timeout, CONFIG_TYPE_DURATION, "30s", 1000, HOURS(1), "from a call to the head of its response"),
    LIMIT(upstream_idle, CONFIG_TYPE_DURATION, "30s", 1000, HOURS(1),
          "how long an idle connection to a service is kept: below the 60 s after which common servers close it"),
    LIMIT(max_age, CONFIG_TYPE_DURATION, "60s", SECONDS(1), HOURS(24),
          "of an access under the ruleset it began with: so long a withdrawn permission may still be used"),
    LIMIT(drain_timeout, CONFIG_TYPE_DURATION, "30s", 0, HOURS(1), "for running accesses to end after a stop"),

    ROOT("metrics", metrics, CONFIG_TYPE_ADDRESS, .about = "numeric address of the metrics; none = not served"),
};
/* clang-format on */

const size_t config_row_count = sizeof(config_rows) / sizeof(config_rows[0]);

struct bytes config_row_key(const struct config_row *row, const char *path)
{
    struct bytes key = bytes_of_string(row->path);
    const struct bytes prefix = bytes_of_string(path);
    if (prefix.length > 0) {
        if (!bytes_start_with(key, prefix) || key.length == prefix.length ||
            key.at[prefix.length] != '.') {
            return (struct bytes){0};
        }
        key = bytes_from(key, prefix.length + 1);
    }
    const bool is_deeper = bytes_find(key, '.') != key.length || bytes_find(key, '[') != key.length;
    return is_deeper ? (struct bytes){0} : key;
}

const struct config_row *config_find_row(const char *path, struct bytes key)
{
    for (size_t i = 0; i < config_row_count; i++) {
        if (key.length > 0 && bytes_equal(config_row_key(&config_rows[i], path), key)) {
            return &config_rows[i];
        }
    }
    return NULL;
}

static const char *type_name(enum config_type type)
{
    static const char *const names[] = {
        [CONFIG_TYPE_STRING] = "string",
        [CONFIG_TYPE_PATH] = "path",
        [CONFIG_TYPE_FILE] = "file",
        [CONFIG_TYPE_SECRET_FILE] = "secret file",
        [CONFIG_TYPE_SECRET] = "secret file",
        [CONFIG_TYPE_FOLDER] = "folder",
        [CONFIG_TYPE_DURATION] = "duration",
        [CONFIG_TYPE_COUNT] = "count",
        [CONFIG_TYPE_SIZE] = "bytes",
        [CONFIG_TYPE_URL] = "url",
        [CONFIG_TYPE_ADDRESS] = "address",
        [CONFIG_TYPE_ADDRESSES] = "addresses",
        [CONFIG_TYPE_STRINGS] = "strings",
        [CONFIG_TYPE_FILES] = "files",
        [CONFIG_TYPE_NAMES] = "names",
        [CONFIG_TYPE_REQUIRE] = "certificate, token",
        [CONFIG_TYPE_WORD] = "word",
        [CONFIG_TYPE_OBJECT] = "object",
        [CONFIG_TYPE_LIST] = "list of objects",
        [CONFIG_TYPE_MAP] = "map of objects",
    };
    return names[type];
}

void config_write_table(struct buffer *out)
{
    for (size_t i = 0; i < config_row_count; i++) {
        const struct config_row *row = &config_rows[i];
        const char *fallback = row->fallback != NULL ? row->fallback : "-";
        buffer_append_format(out, "%-36s %-18s %-18s %s\n", row->path, type_name(row->type),
                             row->required ? "required" : fallback, row->about);
    }
}
