/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tokenize: base32(HMAC-SHA256(key, text)), cut to the label's length. The same value of the same
 * label has the same token for one partner, and another for every other partner or label.
 *
 *   key = HKDF-SHA256 (RFC 5869), no salt, 32 bytes
 *         secret: the plan's tokenize_key
 *         info:   "amanat tokenize 1" NUL partner NUL label        (names hold no NUL)
 *
 * This layout is what tokens given out years ago depend on: it never changes.
 */
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include "policy/base/base64.h"
#include "policy/base/guard.h"
#include "policy/base/wipe.h"
#include "policy/redact/modes.h"

static const char purpose[] = "amanat tokenize 1";

amanat_result token_keys_init(struct token_keys *keys, const struct plan *plan)
{
    const size_t count = plan->catalogue->vocabulary.label_count;
    *keys =
        (struct token_keys){.secret = plan->tokenize_key, .partner = plan->partner, .count = count};
    keys->keys = calloc(count + 1, sizeof(*keys->keys));
    keys->derived = calloc(count + 1, sizeof(*keys->derived));
    if (keys->keys == NULL || keys->derived == NULL) {
        token_keys_clear(keys);
        return amanat_result_of(AMANAT_STATUS_MEMORY);
    }
    return AMANAT_OK;
}

void token_keys_clear(struct token_keys *keys)
{
    if (keys->keys != NULL) {
        wipe(keys->keys, keys->count * sizeof(*keys->keys));
    }
    free(keys->keys);
    free(keys->derived);
    *keys = (struct token_keys){0};
}

static bool run_hkdf(struct bytes secret, struct bytes info, unsigned char *out)
{
    EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
    EVP_KDF_CTX *context = kdf == NULL ? NULL : EVP_KDF_CTX_new(kdf);
    char digest[] = "SHA256";
    /* OSSL_PARAM takes pointers to what it only reads */
    const OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string("digest", digest, 0),
        OSSL_PARAM_construct_octet_string("key", (void *)(uintptr_t)secret.at, secret.length),
        OSSL_PARAM_construct_octet_string("info", (void *)(uintptr_t)info.at, info.length),
        OSSL_PARAM_construct_end()};
    const bool done =
        context != NULL && EVP_KDF_derive(context, out, TOKEN_KEY_BYTES, parameters) == 1;
    EVP_KDF_CTX_free(context);
    EVP_KDF_free(kdf);
    return done;
}

static amanat_result derive_key(struct token_keys *keys, size_t index, struct bytes label)
{
    if (keys->secret.length != TOKEN_KEY_BYTES) {
        return amanat_result_of(AMANAT_STATUS_CONFIG_FAULT);
    }
    struct buffer info;
    buffer_init(&info, sizeof(purpose) + keys->partner.length + 1 + label.length);
    buffer_append(&info, bytes_of(purpose, sizeof(purpose))); /* with its NUL */
    buffer_append(&info, keys->partner);
    buffer_append_byte(&info, '\0');
    buffer_append(&info, label);
    const bool done = amanat_is_ok(buffer_check(&info)) &&
                      run_hkdf(keys->secret, buffer_bytes(&info), keys->keys[index]);
    buffer_clear(&info);
    keys->derived[index] = done;
    return amanat_result_of(done ? AMANAT_STATUS_OK : AMANAT_STATUS_MEMORY);
}

amanat_result mode_tokenize(struct token_keys *keys, size_t label_index,
                            const struct catalogue_label *label, struct bytes text,
                            struct buffer *out)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned digest_length = 0;
    ASSERT(label_index < keys->count);
    if (!keys->derived[label_index]) {
        TRY(derive_key(keys, label_index, label->name));
    }
    const unsigned char *input = (const unsigned char *)(text.at == NULL ? "" : text.at);
    if (HMAC(EVP_sha256(), keys->keys[label_index], TOKEN_KEY_BYTES, input, text.length, digest,
             &digest_length) == NULL) {
        return amanat_result_of(AMANAT_STATUS_MEMORY);
    }
    const size_t before = out->length;
    base32_append(out, bytes_of((const char *)digest, digest_length));
    if (out->length > before + label->tokenize.length) {
        buffer_truncate(out, before + label->tokenize.length);
    }
    wipe(digest, sizeof(digest));
    return buffer_check(out);
}
