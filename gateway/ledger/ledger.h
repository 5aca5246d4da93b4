/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Front door of gateway/ledger: checkpoints placed with somebody else.
 *
 *   struct ledger    the gateway's side: keeps every configured anchor up to date (so far of kind
 *                    witness)
 *   struct witness   the other side: cosigns other logs' checkpoints, and keeps each in a log of
 *                    its own
 *
 * An anchor never blocks a commit. What an answer means is decided in pure code
 * (witness_protocol.h, anchor_state.h); an answer counts only after it was verified, lies durably
 * in anchors/done and is itself an `anchor` entry.
 */
#ifndef AMANAT_GATEWAY_LEDGER_LEDGER_H
#define AMANAT_GATEWAY_LEDGER_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "amanat/diagnostics.h"
#include "amanat/result.h"
#include "gateway/config/config.h"
#include "gateway/http/http.h"
#include "gateway/ledger/anchor_state.h"
#include "gateway/ledger/witness_protocol.h"
#include "gateway/runtime/runtime.h"
#include "gateway/trail/trail.h"

/* ---- the gateway's side ---- */

struct ledger;

enum ledger_alarm {
    LEDGER_ALARM_WARN = 0,      /* half of max_age is over without an answer */
    LEDGER_ALARM_OVERDUE,       /* all of it */
    LEDGER_ALARM_RECOVERED,     /* it answers again */
    LEDGER_ALARM_CONFIGURATION, /* it does not know us, or our key */
    LEDGER_ALARM_ROLLED_BACK,   /* it has seen more of our log than we have: stop */
    LEDGER_ALARM_FORKED         /* our log is not the one it has seen: stop */
};

/** `anchor` is the anchor's name. Called on the loop's thread. */
typedef void (*ledger_alarm_fn)(void *context, enum ledger_alarm alarm, const char *anchor,
                                const char *text);

struct ledger_options {
    struct runtime_loop *loop;           /* the control thread's */
    const struct runtime_clock *clock;   /* NULL: the system's */
    const struct runtime_random *random; /* likewise */
    const struct files *files;           /* likewise */
    struct trail *trail;                 /* outlives the ledger */
    const struct config_anchor *anchors; /* outlive it too */
    size_t anchor_count;
    ledger_alarm_fn alarm; /* may be NULL */
    void *alarm_context;
};

/**
 * Reads what was answered before, and begins at the loop's next turn. Resolves names (may block).
 * CONFIG_FAULT with a diagnostic: a key that is none, a kind that is not built in; IO; CORRUPT when
 * a stored answer is not one.
 */
AMANAT_MUST_CHECK amanat_result ledger_new(const struct ledger_options *options,
                                           struct amanat_diagnostics *diagnostics,
                                           struct ledger **out);

/** Stops asking; on the loop's thread, before the trail closes. NULL is fine. */
void ledger_free(struct ledger *ledger);

/** Whether accesses may be served as far as anchors are concerned; from any thread, cheap. NULL:
 * yes. */
bool ledger_allows(const struct ledger *ledger);

struct ledger_anchor_state {
    const char *name;
    enum anchor_phase phase;
    enum anchor_urgency urgency;
    uint64_t covered;   /* entries that it has attested to */
    uint64_t uncovered; /* entries under a checkpoint that it has not seen */
    int64_t age;        /* microseconds that these have waited */
    uint64_t failures;
};

/** For metrics, on the loop's thread; false beyond the last. */
bool ledger_read_state(const struct ledger *ledger, size_t index, struct ledger_anchor_state *out);

/* ---- the witness's side ---- */

struct witness;

struct witness_log_options {
    const char *vkey; /* path of the log's verifier key; its name is the origin */
};

struct witness_options {
    const char *name;   /* the witness's own, in its cosignatures: "ledger.example/w1" */
    const char *folder; /* everything it keeps; made if it is not there */
    EVP_PKEY *key;      /* Ed25519; the witness takes a reference */
    const struct witness_log_options *logs;
    size_t log_count;
    unsigned deadline_ms;     /* 2,000: how long a request may wait for the disk */
    struct trail_world world; /* NULL members: the system's */
};

/**
 * Opens what a witness keeps: state/ (the newest checkpoint of each log), log/ (a trail of its own
 * with every checkpoint that it cosigned), vkey (to be handed to others). CONFIG_FAULT, CORRUPT, IO
 * with a diagnostic.
 */
AMANAT_MUST_CHECK amanat_result witness_open(const struct witness_options *options,
                                             struct amanat_diagnostics *diagnostics,
                                             struct witness **out);
void witness_close(struct witness *witness);

/** "name+id+key" (type 0x04) of the witness; lives as long as it. */
const char *witness_vkey(const struct witness *witness);

struct witness_answer {
    unsigned status;
    const char *media_type; /* static; NULL without body */
    struct buffer body;     /* the caller inits and clears it */
};

/**
 * Answers one add-checkpoint request. What it cosigns is durable before this returns; when it
 * cannot be, the answer is 503 and nothing was signed.
 */
void witness_add_checkpoint(struct witness *witness, struct bytes request,
                            struct witness_answer *out);

struct witness_server;

/** Serves POST <prefix>/add-checkpoint on a loop. `prefix` is "" or "/path". IO, CONFIG_FAULT with
 * a diagnostic. */
AMANAT_MUST_CHECK amanat_result witness_server_new(struct runtime_loop *loop,
                                                   struct witness *witness, const char *listen,
                                                   const char *prefix,
                                                   struct amanat_diagnostics *diagnostics,
                                                   struct witness_server **out);
struct http_address witness_server_listener(const struct witness_server *server);
void witness_server_free(struct witness_server *server);

#endif
