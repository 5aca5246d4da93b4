/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Front door of gateway/config: `amanat.yaml` (design 6), checked against one table and put into a
 * struct, and the bytes of the policy folder.
 *
 * All strings are NUL-terminated, all paths are already relative to the working directory (or
 * absolute), all times are in microseconds. A configuration is immutable; a reload makes a new one.
 * It reads files through plain POSIX calls, at start and at reload only.
 */
#ifndef AMANAT_GATEWAY_CONFIG_CONFIG_H
#define AMANAT_GATEWAY_CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "amanat/diagnostics.h"
#include "amanat/result.h"
#include "policy/base/arena.h"
#include "policy/base/buffer.h"
#include "policy/base/bytes.h"

/** The place of a word in amanat.yaml, for messages about it that come later. */
struct config_place {
    unsigned line;
    unsigned column;
};

/** `listen: [0.0.0.0:8443]`, also `metrics:`. */
struct config_address {
    const char *text; /* "0.0.0.0:8443" or "[::1]:0", numeric; NULL = none */
    bool is_loopback; /* 127.0.0.0/8 or ::1 */
    struct config_place place;
};

struct config_address_list {
    const struct config_address *items;
    size_t count;
};

struct config_string_list {
    const char *const *items;
    size_t count;
};

/** `tls:` of the listeners. Paths of PEM files. */
struct config_tls {
    const char *certificate; /* required */
    const char *key;         /* required, secret */
    const char *client_ca;   /* NULL only when identity.certificate is not required */
};

/** An http or https URL, taken apart. */
struct config_url {
    const char *text;
    bool is_tls;
    /** Name or number, IPv6 without brackets; for connecting and for the certificate. */
    const char *host;
    const char *authority; /* what Host says: "10.0.4.2:8443" */
    unsigned port;
    const char *path; /* "" or "/base", never ending in a slash */
};

/** One line of a headers_file: credentials that the gateway sends to the service. */
struct config_header {
    const char *name;
    const char *value;
};

/** `services:` NAME. */
struct config_service {
    const char *name;                    /* [a-z][a-z0-9-]*, as x-amanat-service says */
    struct config_url url;               /* http only to a loopback address */
    const char *ca;                      /* PEM; required with https */
    const char *certificate;             /* PEM, with key; or both NULL */
    const char *key;                     /* secret */
    const char *headers_file;            /* secret; NULL = none */
    const struct config_header *headers; /* what it says */
    size_t header_count;
    int64_t timeout; /* from the request to the response's head; default: limits.upstream_timeout */
    struct config_place place;
};

struct config_service_list {
    const struct config_service *items;
    size_t count;
};

/** One of `identity.tokens`. */
struct config_token_issuer {
    const char *issuer;                 /* `iss`, exactly */
    const char *audience;               /* must be (among) `aud` */
    const char *keys;                   /* path of the JWKS file */
    struct config_string_list partners; /* for whom this issuer may speak */
    const char *partner_claim;          /* `partner:`, default "client_id" */
    const char *agent_claim;            /* `agent:`, default "sub" */
    struct config_string_list claims;   /* handed on to the policies; may be empty */
    struct config_place place;
};

struct config_token_issuer_list {
    const struct config_token_issuer *items;
    size_t count;
};

/** `identity.require`, as bits. */
enum config_require { CONFIG_REQUIRE_CERTIFICATE = 1, CONFIG_REQUIRE_TOKEN = 2 };

struct config_identity {
    unsigned require;           /* at least one of the bits; default both */
    const char *san_uri_prefix; /* `certificate.san_uri_prefix`, default "urn:partner:" */
    struct config_token_issuer_list tokens;
};

#define CONFIG_SECRET_SIZE 32

/** `secrets:`. The bytes are wiped by config_free. */
struct config_secrets {
    unsigned char tokenize[CONFIG_SECRET_SIZE];
    unsigned char tokenize_previous[CONFIG_SECRET_SIZE]; /* while keys overlap */
    unsigned char pseudonym[CONFIG_SECRET_SIZE];
    bool has_previous; /* `tokenize_previous` is there */
    bool are_read;     /* false with CONFIG_TO_CHECK */
};

/** `trail:`. */
struct config_trail {
    const char *folder;
    const char *origin; /* "audit.example/lahore-1" */
    const char *key;    /* PEM of the log's Ed25519 key, secret */
    const char *floor;  /* path, may lie on another device; NULL = in the folder */
};

enum config_anchor_kind { CONFIG_ANCHOR_WITNESS = 0, CONFIG_ANCHOR_RFC3161, CONFIG_ANCHOR_EVM };
enum config_overdue { CONFIG_OVERDUE_ALERT = 0, CONFIG_OVERDUE_WARN, CONFIG_OVERDUE_DENY };

/** One of `ledger:`. */
struct config_anchor {
    enum config_anchor_kind kind;
    struct config_url url;
    const char *ca;  /* PEM of the authorities of an https server; required with https */
    int64_t every;   /* shortest time between two requests; witness and evm 1 s, rfc3161 10 min */
    int64_t max_age; /* default 5 min (rfc3161: 30 min) */
    enum config_overdue overdue;
    const char *vkey;     /* witness: path of its verifier key */
    const char *tsa_ca;   /* rfc3161: PEM of the chain of the time-stamp authority */
    const char *contract; /* evm: "0x" and 40 hex digits */
    /** evm: "0x" and 64 hex digits, keccak-256 of the contract's code; or NULL. */
    const char *code_hash;
    const char *account;   /* evm: the sender's address */
    int64_t chain_id;      /* evm */
    int64_t confirmations; /* evm, default 2 */
    struct config_place place;
};

struct config_anchor_list {
    const struct config_anchor *items;
    size_t count;
};

/**
 * `limits:`; the table in config_table.c has the defaults and where each number comes from. Sizes
 * are in bytes.
 */
struct config_limits {
    int64_t workers;             /* threads that serve; default: the number of processors */
    int64_t connections;         /* open client connections per worker */
    int64_t header_bytes;        /* of a request's or a response's head */
    int64_t body_bytes;          /* of a request's body */
    int64_t exchange_bytes;      /* arena of one access */
    int64_t record_bytes;        /* of one record, for each label */
    int64_t window_bytes;        /* what is released together: fixed, 262,144 */
    int64_t ruleset_bytes;       /* arena of a compiled ruleset */
    int64_t policy_bytes;        /* all files of the policy folder together */
    int64_t facts_bytes;         /* one file of facts */
    int64_t token_cache;         /* verified tokens kept per worker */
    int64_t pool_connections;    /* idle upstream connections per worker and service */
    int64_t trail_entries;       /* lines that wait for the trail */
    int64_t trail_bytes;         /* bytes that wait for the trail */
    int64_t trail_deadline;      /* how long an entry may wait */
    int64_t trail_reserve_bytes; /* kept for accesses when the disk is full */
    int64_t header_timeout;      /* from a request's first byte to the end of its head */
    int64_t idle_timeout;        /* between two requests of a connection */
    int64_t body_timeout;        /* without a byte of a body */
    int64_t write_timeout;       /* without progress of output that waits */
    int64_t connect_timeout;     /* to a service: TCP and TLS */
    int64_t upstream_timeout;    /* to the head of a service's response */
    int64_t upstream_idle;       /* how long an idle connection to a service is kept */
    int64_t max_age;             /* of an access under its ruleset */
    int64_t drain_timeout;       /* how long running accesses may end after a stop */
};

/** amanat.yaml. */
struct config {
    const char *source; /* its path, for messages */
    struct config_address_list listen;
    struct config_tls tls;
    const char *policies;            /* the policy folder */
    struct config_string_list facts; /* paths */
    struct config_service_list services;
    struct config_identity identity;
    struct config_secrets secrets;
    struct config_trail trail;
    struct config_anchor_list ledger;
    struct config_limits limits;
    struct config_address metrics; /* text NULL = not served */
    bool demo_keys; /* some key says that it is not for production: see config_check_listeners */
    struct arena *arena; /* holds all of it; wiped when freed */
};

enum config_use {
    CONFIG_TO_SERVE = 0, /* every file must be there; secrets are read and must be private */
    CONFIG_TO_CHECK      /* only what the text itself says is checked */
};

/**
 * Reads amanat.yaml. CONFIG_FAULT with a positioned diagnostic for every unknown or missing key,
 * wrong type or bad value, and for secrets that others can read; IO with a diagnostic when the file
 * itself cannot be read. config_free it.
 */
AMANAT_MUST_CHECK amanat_result config_load(const char *path, enum config_use use,
                                            struct amanat_diagnostics *diagnostics,
                                            struct config **out);

/**
 * The same from a text that is at hand; `path` is what paths are relative to, and the source of
 * messages.
 */
AMANAT_MUST_CHECK amanat_result config_parse(const char *path, struct bytes text,
                                             enum config_use use,
                                             struct amanat_diagnostics *diagnostics,
                                             struct config **out);

/** Wipes and frees; NULL is fine. */
void config_free(struct config *config);

/**
 * Refuses (CONFIG_FAULT) to listen anywhere but on loopback while a key is marked as a demo key:
 * published keys must not guard real data.
 */
AMANAT_MUST_CHECK amanat_result config_check_listeners(const struct config *config,
                                                       struct amanat_diagnostics *diagnostics);

/** The service of that name, or NULL. */
const struct config_service *config_find_service(const struct config *config, struct bytes name);

/**
 * The marker line that a PEM key for demonstrations carries before `-----BEGIN`. A raw key NAME has
 * a file NAME.demo beside it instead.
 */
#define CONFIG_DEMO_MARKER "amanat demo key: not for production"

/**
 * Appends the table of all keys as text, one a line: path, type, default, reason. For `amanat` and
 * the documentation.
 */
void config_write_table(struct buffer *out);

/**
 * Reads a whole regular file of at most `limit` bytes into the arena; a NUL follows the bytes. IO
 * with a diagnostic that names the file and the reason; LIMIT with a diagnostic when it is larger.
 */
AMANAT_MUST_CHECK amanat_result config_read_file(const char *path, size_t limit,
                                                 struct arena *arena,
                                                 struct amanat_diagnostics *diagnostics,
                                                 struct bytes *out);

/* ---- the policy folder ---- */

/** One file: its path in the folder with `/`, and its very bytes. */
struct config_policy_file {
    struct bytes path;
    struct bytes bytes;
};

struct config_policy_files {
    const struct config_policy_file *items; /* sorted by path */
    size_t count;
};

/**
 * Reads the files of a policy folder that design 2 names: vocabulary.yaml, schema.cedarschema,
 * model/…cedarschema, …cedarentities.json, …cedar at any depth, services/….yaml, .yml or .json. Not
 * tests/, nothing hidden, nothing else. CONFIG_FAULT with a diagnostic for a symbolic link that
 * leads outside the folder, for more than 10,000 files, or for more than `limit` bytes; IO for what
 * cannot be read.
 */
AMANAT_MUST_CHECK amanat_result config_read_policy_folder(const char *path, size_t limit,
                                                          struct arena *arena,
                                                          struct amanat_diagnostics *diagnostics,
                                                          struct config_policy_files *out);

/**
 * What `amanat check` may be given: a folder is the policy folder itself; else the file is read as
 * amanat.yaml (with CONFIG_TO_CHECK) and `*out_config` is set (config_free it), which stays NULL
 * for a folder.
 */
AMANAT_MUST_CHECK amanat_result config_locate(const char *path,
                                              struct amanat_diagnostics *diagnostics,
                                              struct config **out_config,
                                              const char **out_policies);

#endif
