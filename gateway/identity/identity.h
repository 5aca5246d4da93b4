/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Front door of gateway/identity: who is asking (design 3.2). A client certificate names the
 * partner, a bearer token the partner and the agent; both, if both are there, must name the same
 * partner.
 *
 * Nothing of a token is believed before its signature fits a key that this gateway holds for the
 * issuer, and the algorithm is what that key says (RFC 8725 §3.1). Refusals are codes of one closed
 * enum, never words from the input.
 */
#ifndef AMANAT_GATEWAY_IDENTITY_IDENTITY_H
#define AMANAT_GATEWAY_IDENTITY_IDENTITY_H

#include <openssl/x509.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "amanat/diagnostics.h"
#include "amanat/result.h"
#include "gateway/config/config.h"
#include "policy/base/arena.h"
#include "policy/base/bytes.h"
#include "policy/base/document.h"

/**
 * Why nobody is known. For counting (metrics, the trail's `refused` entry); partners are told
 * "unauthenticated".
 */
enum identity_refusal {
    IDENTITY_REFUSAL_NOBODY = 0,     /* neither certificate nor token */
    IDENTITY_REFUSAL_NO_CERTIFICATE, /* required, not sent */
    /** Not exactly one SAN URI with the prefix, or no partner's name. */
    IDENTITY_REFUSAL_CERTIFICATE_NAME,
    IDENTITY_REFUSAL_NO_TOKEN,      /* required, not sent */
    IDENTITY_REFUSAL_AUTHORIZATION, /* the header is not `Bearer` and one token */
    IDENTITY_REFUSAL_TOKEN_FORM,    /* not three parts of canonical base64url, or too long */
    /** Its header is no strict JSON object, or has ill-typed members. */
    IDENTITY_REFUSAL_TOKEN_HEADER,
    IDENTITY_REFUSAL_TOKEN_TYPE,     /* `typ` is neither JWT nor at+jwt */
    IDENTITY_REFUSAL_TOKEN_CRITICAL, /* `crit`: nothing that it may ask for is known here */
    /** `alg` is not what the key is for; never none, never HS256. */
    IDENTITY_REFUSAL_TOKEN_ALGORITHM,
    IDENTITY_REFUSAL_TOKEN_KEY,       /* no key, or not exactly one, fits */
    IDENTITY_REFUSAL_TOKEN_SIGNATURE, /* does not verify */
    IDENTITY_REFUSAL_TOKEN_PAYLOAD,   /* no strict JSON object, or has ill-typed members */
    IDENTITY_REFUSAL_TOKEN_ISSUER,    /* `iss` is none of the configured */
    IDENTITY_REFUSAL_TOKEN_AUDIENCE,  /* `aud` does not name us */
    IDENTITY_REFUSAL_TOKEN_EXPIRED,   /* `exp` is past */
    IDENTITY_REFUSAL_TOKEN_EARLY,     /* `nbf` or `iat` lies ahead */
    IDENTITY_REFUSAL_TOKEN_PARTNER, /* names no partner, or one that its issuer may not speak for */
    IDENTITY_REFUSAL_TOKEN_AGENT,   /* names no agent, or `-` */
    /** Bound (`cnf`) to another certificate, or in a way unknown here. */
    IDENTITY_REFUSAL_TOKEN_BINDING,
    IDENTITY_REFUSAL_TOKEN_NEED,      /* its `authorization_details` are malformed */
    IDENTITY_REFUSAL_PARTNERS_DIFFER, /* certificate and token name two partners */
    IDENTITY_REFUSAL_COUNT
};

/** "no-certificate", "token-expired", …: static storage; the order is that of the enum. */
const char *identity_refusal_name(enum identity_refusal refusal);

/** Whether RFC 6750 §3.1 calls it `invalid_token`: a token was sent and is at fault. */
bool identity_refusal_is_invalid_token(enum identity_refusal refusal);

/**
 * A need that came in the token (RFC 9396, type need_to_know); what was not there has no bytes
 * (`at` is NULL).
 */
struct identity_need {
    struct bytes purpose;
    struct bytes case_name;
    struct bytes basis;
    struct bytes reason;
};

/** A claim that the configuration lists, as it stood in the token. */
struct identity_claim {
    struct bytes name;
    const struct document *value;
};

#define IDENTITY_DIGEST_SIZE 32

/**
 * Who is asking. Everything lives in the arena that identity_establish was given, or in the
 * verifier.
 */
struct identity {
    struct bytes partner; /* [a-z][a-z0-9-]* */
    struct bytes agent;   /* its name within the partner; "-" for a certificate alone */
    struct bytes issuer;  /* of the token, as configured; no bytes without a token */
    /** `jti`, if it is there: personal data, for the sealed part of an entry. */
    struct bytes token_id;
    unsigned char certificate_sha256[IDENTITY_DIGEST_SIZE]; /* of its DER form */
    bool has_certificate;
    bool has_token;
    bool has_need;
    struct identity_need need; /* when has_need */
    /** Of the token, microseconds since 1970, without leeway; INT64_MAX without a token. */
    int64_t expires;
    const struct identity_claim *claims; /* those that are there */
    size_t claim_count;
};

/** What a gateway accepts: immutable, counted, shared by all workers; a reload makes a new one. */
struct identity_verifier;

/**
 * Reads the key files of the issuers. CONFIG_FAULT with diagnostics for what is wrong in them (RFC
 * 7517; keys of unknown type or use are passed over with a warning; a `kid` that stands twice, RSA
 * below 2,048 bits, and an issuer without any usable key are errors); IO; MEMORY. The configuration
 * must live as long as the verifier is asked; its last reference may be dropped later (caches).
 */
AMANAT_MUST_CHECK amanat_result identity_verifier_new(const struct config_identity *config,
                                                      struct amanat_diagnostics *diagnostics,
                                                      struct identity_verifier **out);
struct identity_verifier *identity_verifier_ref(struct identity_verifier *verifier);
void identity_verifier_unref(struct identity_verifier *verifier); /* NULL is fine */

/**
 * Remembers which tokens were verified, so that a signature is checked once. One per worker: no
 * locks.
 */
struct identity_cache;

/**
 * A cache of at most `entries` tokens (rounded up to a multiple of four), or NULL without memory.
 */
struct identity_cache *identity_cache_new(size_t entries);
void identity_cache_free(struct identity_cache *cache); /* NULL is fine */

/** What a request brings. */
struct identity_evidence {
    X509 *certificate;          /* verified against client_ca by TLS, or NULL */
    bool has_authorization;     /* an Authorization header is there (exactly one) */
    struct bytes authorization; /* its value */
    int64_t now;                /* microseconds since 1970 */
};

/**
 * Says who asks. REFUSED with `*out_refusal`; MEMORY when the arena is full. `cache` may be NULL. A
 * cache that was used with another verifier is emptied first.
 */
AMANAT_MUST_CHECK amanat_result identity_establish(struct identity_verifier *verifier,
                                                   struct identity_cache *cache,
                                                   const struct identity_evidence *evidence,
                                                   struct arena *arena, struct identity *out,
                                                   enum identity_refusal *out_refusal);

#endif
