/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The closed list of refusals that a partner can meet (RFC 9457 problem types). A problem says what
 * to do, in words that never depend on what exists behind the gateway: closed texts, or the @advice
 * of permits whose scope matched.
 */
#ifndef AMANAT_POLICY_CATALOGUE_PROBLEM_H
#define AMANAT_POLICY_CATALOGUE_PROBLEM_H

#include "policy/base/bytes.h"

enum problem_name {
    PROBLEM_OVERLOADED = 0, /* what was never decided is refused as "come back later" */
    PROBLEM_MALFORMED,
    PROBLEM_UNDECLARED,
    PROBLEM_NEED,
    PROBLEM_UNAUTHENTICATED,
    PROBLEM_NOT_PERMITTED,
    PROBLEM_PARAMETER_NOT_PERMITTED,
    PROBLEM_NOT_FOUND,
    PROBLEM_METHOD,
    PROBLEM_NOT_ACCEPTABLE,
    PROBLEM_MEDIA_TYPE,
    PROBLEM_LIMIT,
    PROBLEM_UPSTREAM,
    PROBLEM_UPSTREAM_TIMEOUT,
    PROBLEM_TRAIL,
    PROBLEM_NAME_COUNT
};

/** What one name stands for; `problem_kind(name)` has static storage. */
struct problem_kind {
    const char *name;   /* "parameter-not-permitted": the last part of urn:amanat:problem:… */
    unsigned status;    /* HTTP status, RFC 9110 §15 */
    const char *title;  /* a few words, the same every time */
    const char *detail; /* what to do, when the refusal has no better words */
};
const struct problem_kind *problem_kind(enum problem_name name);

/** One refusal. Zero-initialised it refuses as overloaded. */
struct problem {
    enum problem_name name;
    unsigned status;        /* 0 = the kind's; LIMIT may be 413, 429 or 431, MALFORMED 505 */
    struct bytes detail;    /* no bytes = the kind's */
    struct bytes parameter; /* the declared name of the parameter that is meant, or no bytes */
};

/** The HTTP status of a problem. */
unsigned problem_status(const struct problem *problem);

#endif
