/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An access made up on the command line, for commands that say what would happen: the options that
 * describe it, the policy folder's ruleset, the request as the proxy would make it, and a service's
 * answer through the proxy's own catalogue and redactor. No network, no trail, no running gateway.
 */
#ifndef AMANAT_GATEWAY_COMMAND_REHEARSAL_H
#define AMANAT_GATEWAY_COMMAND_REHEARSAL_H

#include <stdio.h>

#include "gateway/command/arguments.h"
#include "gateway/config/config.h"
#include "policy/disclosure/disclosure.h"

/**
 * What tokens are made with when no live key is given. Published: equal input gives equal output,
 * and never a token that a live gateway would give.
 */
#define REHEARSAL_TOKENIZE_KEY "amanat preview: not a secret key"
_Static_assert(sizeof(REHEARSAL_TOKENIZE_KEY) == CONFIG_SECRET_SIZE + 1, "as long as a key");

/** Rows of a command's table of options. */
/* clang-format off */
#define REHEARSAL_OPTIONS                                                                          \
    {"agent", "PARTNER/NAME", "who asks (required)", false},                                       \
    {"operation", "ID", "the operationId that is called (required)", false},                       \
    {"need", "NEED", "as in the Need header: 'purpose=vehicle-crime, case=\"FIR-1/2026\"'", false}, \
    {"parameter", "NAME=VALUE", "a parameter of the call", true},                                  \
    {"claim", "NAME=VALUE", "a claim of the token; VALUE is JSON or plain text", true},            \
    {"facts", "FILE", "entities that are facts (cases, agreements)", true},                        \
    {"now", "TIME", "RFC 3339; default: now", false},                                              \
    {"network", "ADDRESS", "of the client; default 127.0.0.1", false},                             \
    {"status", "CODE", "of the service's answer; default 200", false},                             \
    {"type", "MEDIA-TYPE", "of the service's answer; default application/json", false},            \
    {"secrets", "FOLDER", "use its tokenize.key (and tokenize.previous.key): live tokens", false}
/* clang-format on */

/** One access. FOLDER is the command's first word. */
struct rehearsal {
    const struct arguments *arguments;
    struct arena *arena;
    struct amanat_diagnostics *diagnostics;
    struct ruleset *ruleset;
    struct catalogue_call call;
    struct access_request request;
    struct problem problem; /* after REFUSED: what the agent would be told */
    bool is_misused;        /* an option is wrong or missing */
};

/** MEMORY without memory; rehearsal_clear in any case. */
AMANAT_MUST_CHECK amanat_result rehearsal_init(struct rehearsal *rehearsal,
                                               const struct arguments *arguments);
void rehearsal_clear(struct rehearsal *rehearsal);

/**
 * Compiles the folder and reads the request. REFUSED with a problem where the proxy would refuse;
 * CONFIG_FAULT, IO or LIMIT after diagnostics.
 */
AMANAT_MUST_CHECK amanat_result rehearsal_prepare(struct rehearsal *rehearsal);

/**
 * Prints the diagnostics, in JSON if there is no other answer and JSON is wanted; the exit code.
 */
int rehearsal_conclude(const struct rehearsal *rehearsal, amanat_result result);

/** The status of the service's answer. */
unsigned rehearsal_status(const struct rehearsal *rehearsal);

/**
 * Writes to `out` what the plan lets through of the service's answer in the file `path` (- for
 * standard input). After a failure what was written is not whole and must not be shown; REFUSED
 * with a problem where the proxy would refuse.
 */
AMANAT_MUST_CHECK amanat_result rehearsal_redact(struct rehearsal *rehearsal,
                                                 const struct plan *plan, const char *path,
                                                 FILE *out);

#endif
