/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Certificate → partner (RFC 5280 §4.2.1.6: uniformResourceIdentifier of the subject alternative
 * name). Whether the certificate is to be believed is TLS's affair and was decided in the
 * handshake; common names are never looked at.
 */
#include "gateway/identity/certificate.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "policy/base/guard.h"

static struct bytes uri_of(const GENERAL_NAME *name)
{
    int type = 0;
    const ASN1_IA5STRING *uri = GENERAL_NAME_get0_value(name, &type);
    if (type != GEN_URI || uri == NULL) {
        return (struct bytes){0};
    }
    return bytes_of((const char *)ASN1_STRING_get0_data(uri), (size_t)ASN1_STRING_length(uri));
}

/* The one name behind the prefix; no bytes when there is none or more than one. */
static struct bytes find_partner(const GENERAL_NAMES *names, struct bytes prefix)
{
    struct bytes partner = {0};
    unsigned found = 0;
    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
        const struct bytes uri = uri_of(sk_GENERAL_NAME_value(names, i));
        if (uri.length > 0 && bytes_start_with(uri, prefix)) {
            found++;
            partner = bytes_from(uri, prefix.length);
        }
    }
    return found == 1 ? partner : (struct bytes){0};
}

amanat_result identity_of_certificate(X509 *certificate, const char *prefix, struct arena *arena,
                                      struct bytes *out_partner,
                                      unsigned char out_sha256[IDENTITY_DIGEST_SIZE])
{
    unsigned length = 0;
    if (X509_digest(certificate, EVP_sha256(), out_sha256, &length) != 1 ||
        length != IDENTITY_DIGEST_SIZE) {
        ERR_clear_error();
        return amanat_result_of(AMANAT_STATUS_MEMORY);
    }
    /* NULL also when the extension stands twice. */
    GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    ERR_clear_error(); /* TLS on this thread must not find our errors in the queue */
    if (names == NULL) {
        return amanat_result_of(AMANAT_STATUS_REFUSED);
    }
    const struct bytes partner = find_partner(names, bytes_of_string(prefix));
    amanat_result result = amanat_result_of(AMANAT_STATUS_REFUSED);
    if (bytes_is_name(partner)) {
        result = arena_copy_bytes(arena, partner, out_partner);
    }
    GENERAL_NAMES_free(names);
    return result;
}
