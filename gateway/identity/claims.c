/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Claims: time and audience (RFC 7519 §4.1), the confirmation of a certificate (RFC 8705 §3.1), the
 * need that the issuer vouches for (RFC 9396), and the claims that the configuration maps to
 * partner, agent and attributes. A claim that is there and is not what it must be refuses the
 * token; a claim that nobody configured is not looked at.
 */
#include "gateway/identity/claims.h"

#include <openssl/crypto.h>

#include "policy/base/base64.h"
#include "policy/base/guard.h"

#define AGENT_LENGTH_LIMIT 256
#define NEED_LENGTH_LIMIT  1024
/* Year 9999, in seconds: later dates are a mistake, and their microseconds must fit 64 bits. */
#define LATEST_DATE INT64_C(253402300799)

static amanat_result refuse(enum identity_refusal refusal, enum identity_refusal *out_refusal)
{
    *out_refusal = refusal;
    return amanat_result_of(AMANAT_STATUS_REFUSED);
}

amanat_result claims_read(struct arena *arena, struct bytes payload, const struct document **out,
                          enum identity_refusal *out_refusal)
{
    const struct document *document = NULL;
    const amanat_result result = document_from_json(arena, "", payload, NULL, &document);
    if (result.status == AMANAT_STATUS_CONFIG_FAULT ||
        (amanat_is_ok(result) && document->kind != DOCUMENT_OBJECT)) {
        return refuse(IDENTITY_REFUSAL_TOKEN_PAYLOAD, out_refusal);
    }
    TRY(result);
    *out = document;
    return AMANAT_OK;
}

static bool is_plain_text(struct bytes text, size_t limit)
{
    for (size_t i = 0; i < text.length; i++) {
        if ((unsigned char)text.at[i] < 0x20 || text.at[i] == 0x7F) {
            return false;
        }
    }
    return text.length > 0 && text.length <= limit;
}

/* ---- time ---- */

/* NumericDate (RFC 7519 §2): seconds, perhaps with a fraction, here without an exponent. A fraction
 * is cut off. */
static bool read_date(const struct document *claim, int64_t *out)
{
    struct document whole = *claim;
    int64_t seconds = 0;
    if (claim->kind != DOCUMENT_NUMBER) {
        return false;
    }
    const size_t point = bytes_find(claim->text, '.');
    if (point < claim->text.length) {
        const struct bytes fraction = bytes_from(claim->text, point + 1);
        if (bytes_find(fraction, 'e') < fraction.length ||
            bytes_find(fraction, 'E') < fraction.length) {
            return false;
        }
        whole.text = bytes_first(claim->text, point);
    }
    if (!document_integer(&whole, &seconds) || seconds < 0 || seconds > LATEST_DATE) {
        return false;
    }
    *out = seconds * 1000000;
    return true;
}

/* `exp` must be there; `nbf` and `iat` must not lie ahead. */
static amanat_result check_times(const struct document *payload, int64_t now, int64_t *out_expires,
                                 enum identity_refusal *out_refusal)
{
    static const char *const starts[] = {"nbf", "iat"};
    const struct document *expiry = document_get(payload, "exp");
    int64_t expires = 0;
    if (expiry == NULL || !read_date(expiry, &expires)) {
        return refuse(IDENTITY_REFUSAL_TOKEN_PAYLOAD, out_refusal);
    }
    for (size_t i = 0; i < 2; i++) {
        const struct document *claim = document_get(payload, starts[i]);
        int64_t start = 0;
        if (claim != NULL && !read_date(claim, &start)) {
            return refuse(IDENTITY_REFUSAL_TOKEN_PAYLOAD, out_refusal);
        }
        if (claim != NULL && start > now + CLAIMS_LEEWAY_MICROSECONDS) {
            return refuse(IDENTITY_REFUSAL_TOKEN_EARLY, out_refusal);
        }
    }
    if (now >= expires + CLAIMS_LEEWAY_MICROSECONDS) {
        return refuse(IDENTITY_REFUSAL_TOKEN_EXPIRED, out_refusal);
    }
    *out_expires = expires;
    return AMANAT_OK;
}

/* ---- audience ---- */

static amanat_result check_audience(const struct document *payload, const char *audience,
                                    enum identity_refusal *out_refusal)
{
    const struct document *claim = document_get(payload, "aud");
    bool found = document_is_string(claim, audience);
    if (claim != NULL && claim->kind == DOCUMENT_ARRAY) {
        for (size_t i = 0; i < claim->count; i++) {
            if (claim->items[i].kind != DOCUMENT_STRING) {
                return refuse(IDENTITY_REFUSAL_TOKEN_PAYLOAD, out_refusal);
            }
            found = found || document_is_string(&claim->items[i], audience);
        }
    } else if (claim != NULL && claim->kind != DOCUMENT_STRING) {
        return refuse(IDENTITY_REFUSAL_TOKEN_PAYLOAD, out_refusal);
    }
    return found ? AMANAT_OK : refuse(IDENTITY_REFUSAL_TOKEN_AUDIENCE, out_refusal);
}

/* ---- who ---- */

static amanat_result read_partner(const struct document *payload,
                                  const struct config_token_issuer *issuer, struct bytes *out,
                                  enum identity_refusal *out_refusal)
{
    const struct document *claim = document_get(payload, issuer->partner_claim);
    for (size_t i = 0; i < issuer->partners.count; i++) {
        if (document_is_string(claim, issuer->partners.items[i])) {
            *out = claim->text;
            return AMANAT_OK;
        }
    }
    return refuse(IDENTITY_REFUSAL_TOKEN_PARTNER, out_refusal);
}

/* `-` is the name of whoever comes with a certificate alone; no token may take it. */
static amanat_result read_agent(const struct document *payload,
                                const struct config_token_issuer *issuer, struct bytes *out,
                                enum identity_refusal *out_refusal)
{
    const struct document *claim = document_get(payload, issuer->agent_claim);
    if (claim == NULL || claim->kind != DOCUMENT_STRING ||
        !is_plain_text(claim->text, AGENT_LENGTH_LIMIT) || document_is_string(claim, "-")) {
        return refuse(IDENTITY_REFUSAL_TOKEN_AGENT, out_refusal);
    }
    *out = claim->text;
    return AMANAT_OK;
}

static amanat_result read_token_id(const struct document *payload, struct bytes *out,
                                   enum identity_refusal *out_refusal)
{
    const struct document *claim = document_get(payload, "jti");
    if (claim != NULL && claim->kind != DOCUMENT_STRING) {
        return refuse(IDENTITY_REFUSAL_TOKEN_PAYLOAD, out_refusal);
    }
    *out = claim == NULL ? (struct bytes){0} : claim->text;
    return AMANAT_OK;
}

/* ---- binding ---- */

/* A token that is bound in a way we cannot check (RFC 9449 `jkt`, say) is not a bearer token, so it
 * is refused. */
static amanat_result check_binding(const struct document *payload,
                                   const struct claims_context *context, struct arena *arena,
                                   enum identity_refusal *out_refusal)
{
    const struct document *binding = document_get(payload, "cnf");
    const struct document *thumbprint = document_get(binding, "x5t#S256");
    struct bytes digest = {0};
    if (binding == NULL) {
        return AMANAT_OK;
    }
    if (thumbprint == NULL || thumbprint->kind != DOCUMENT_STRING || binding->count != 1) {
        return refuse(IDENTITY_REFUSAL_TOKEN_BINDING, out_refusal);
    }
    const amanat_result decoded = base64url_decode(arena, thumbprint->text, &digest);
    if (decoded.status == AMANAT_STATUS_MEMORY) {
        return decoded;
    }
    if (!amanat_is_ok(decoded) || digest.length != IDENTITY_DIGEST_SIZE ||
        !context->has_certificate ||
        CRYPTO_memcmp(digest.at, context->certificate_sha256, IDENTITY_DIGEST_SIZE) != 0) {
        return refuse(IDENTITY_REFUSAL_TOKEN_BINDING, out_refusal);
    }
    return AMANAT_OK;
}

/* ---- need ---- */

static bool read_need_member(const struct document_member *member, struct identity_need *need)
{
    const struct {
        const char *name;
        struct bytes *field;
    } fields[] = {
        {"purpose", &need->purpose},
        {"case", &need->case_name},
        {"basis", &need->basis},
        {"reason", &need->reason},
    };
    if (bytes_equal(member->key, BYTES("type"))) {
        return true;
    }
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        if (bytes_equal_string(member->key, fields[i].name)) {
            *fields[i].field = member->value.text;
            return member->value.kind == DOCUMENT_STRING &&
                   is_plain_text(member->value.text, NEED_LENGTH_LIMIT);
        }
    }
    return false;
}

/* At most one element of our type (RFC 9396 §2); those of other types are for other resources. */
static amanat_result read_need(const struct document *payload, struct identity *identity,
                               enum identity_refusal *out_refusal)
{
    const struct document *details = document_get(payload, "authorization_details");
    if (details == NULL) {
        return AMANAT_OK;
    }
    if (details->kind != DOCUMENT_ARRAY) {
        return refuse(IDENTITY_REFUSAL_TOKEN_NEED, out_refusal);
    }
    for (size_t i = 0; i < details->count; i++) {
        const struct document *element = &details->items[i];
        const struct document *type = document_get(element, "type");
        if (type == NULL || type->kind != DOCUMENT_STRING) {
            return refuse(IDENTITY_REFUSAL_TOKEN_NEED, out_refusal);
        }
        if (!document_is_string(type, "need_to_know")) {
            continue;
        }
        bool good = !identity->has_need;
        for (size_t j = 0; good && j < element->count; j++) {
            good = read_need_member(&element->members[j], &identity->need);
        }
        if (!good) {
            return refuse(IDENTITY_REFUSAL_TOKEN_NEED, out_refusal);
        }
        identity->has_need = true;
    }
    return AMANAT_OK;
}

/* ---- attributes ---- */

static amanat_result collect_claims(const struct document *payload,
                                    const struct config_token_issuer *issuer, struct arena *arena,
                                    struct identity *identity)
{
    struct identity_claim *claims =
        arena_allocate_array(arena, issuer->claims.count, sizeof(*claims));
    TRY_MEMORY(claims);
    identity->claims = claims;
    identity->claim_count = 0;
    for (size_t i = 0; i < issuer->claims.count; i++) {
        const struct bytes name = bytes_of_string(issuer->claims.items[i]);
        const struct document *value = document_get_bytes(payload, name);
        if (value != NULL) {
            claims[identity->claim_count++] = (struct identity_claim){name, value};
        }
    }
    return AMANAT_OK;
}

amanat_result claims_check(const struct document *payload, const struct claims_context *context,
                           struct arena *arena, struct identity *identity,
                           enum identity_refusal *out_refusal)
{
    const struct config_token_issuer *issuer = context->issuer;
    TRY(check_times(payload, context->now, &identity->expires, out_refusal));
    TRY(check_audience(payload, issuer->audience, out_refusal));
    TRY(read_partner(payload, issuer, &identity->partner, out_refusal));
    TRY(read_agent(payload, issuer, &identity->agent, out_refusal));
    TRY(read_token_id(payload, &identity->token_id, out_refusal));
    TRY(check_binding(payload, context, arena, out_refusal));
    TRY(read_need(payload, identity, out_refusal));
    return collect_claims(payload, issuer, arena, identity);
}
