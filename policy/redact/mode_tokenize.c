/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tokenize: base32(HMAC-SHA256(key, text)), cut to the label's length. The same value of the same
 * label has the same token for one partner, and another for every other partner or label. A label
 * with `link` has the tokens of the label that it names.
 *
 *   key = HKDF-SHA256 (RFC 5869), no salt, 32 bytes
 *         secret: the plan's tokenize_key
 *         info:   "amanat tokenize 1" NUL partner NUL label        (names hold no NUL)
 *
 * This layout is what tokens given out years ago depend on: it never changes. When the secret is
 * rotated, both generations are shown for a while, `new.old`, so that a partner can put the new
 * token beside what it keeps under the old one.
 */
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
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
    *keys = (struct token_keys){.secrets = {plan->tokenize_key, plan->tokenize_previous},
                                .partner = plan->partner,
                                .count = count};
    keys->keys = calloc(TOKEN_GENERATIONS * count + 1, sizeof(*keys->keys));
    keys->derived = calloc(TOKEN_GENERATIONS * count + 1, sizeof(*keys->derived));
    if (keys->keys == NULL || keys->derived == NULL) {
        token_keys_clear(keys);
        return amanat_result_of(AMANAT_STATUS_MEMORY);
    }
    return AMANAT_OK;
}

void token_keys_clear(struct token_keys *keys)
{
    if (keys->keys != NULL) {
        wipe(keys->keys, TOKEN_GENERATIONS * keys->count * sizeof(*keys->keys));
    }
    free(keys->keys);
    free(keys->derived);
    *keys = (struct token_keys){0};
}

static bool run_hkdf(struct bytes secret, struct bytes info, unsigned char *out)
{
    /* OpenSSL sets itself up when it is first used; where it had no memory for that, to go on would
     * end the process */
    OSSL_LIB_CTX *openssl = OSSL_LIB_CTX_get0_global_default();
    EVP_KDF *kdf = openssl == NULL ? NULL : EVP_KDF_fetch(openssl, "HKDF", NULL);
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

/* The key in slot `slot`: of a label, in a generation. */
static amanat_result derive_key(struct token_keys *keys, size_t slot, struct bytes secret,
                                struct bytes label)
{
    if (secret.length != TOKEN_KEY_BYTES) {
        return amanat_result_of(AMANAT_STATUS_CONFIG_FAULT);
    }
    struct buffer info;
    buffer_init(&info, sizeof(purpose) + keys->partner.length + 1 + label.length);
    buffer_append(&info, bytes_of(purpose, sizeof(purpose))); /* with its NUL */
    buffer_append(&info, keys->partner);
    buffer_append_byte(&info, '\0');
    buffer_append(&info, label);
    const bool done = amanat_is_ok(buffer_check(&info)) &&
                      run_hkdf(secret, buffer_bytes(&info), keys->keys[slot]);
    buffer_clear(&info);
    keys->derived[slot] = done;
    return amanat_result_of(done ? AMANAT_STATUS_OK : AMANAT_STATUS_MEMORY);
}

static amanat_result append_token(struct token_keys *keys, unsigned generation, size_t index,
                                  const struct catalogue_label *label, struct bytes text,
                                  struct buffer *out)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned digest_length = 0;
    const size_t slot = generation * keys->count + index;
    if (!keys->derived[slot]) {
        TRY(derive_key(keys, slot, keys->secrets[generation], label->name));
    }
    const unsigned char *input = (const unsigned char *)(text.at == NULL ? "" : text.at);
    if (HMAC(EVP_sha256(), keys->keys[slot], TOKEN_KEY_BYTES, input, text.length, digest,
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

amanat_result mode_tokenize(struct token_keys *keys, size_t label_index,
                            const struct vocabulary *vocabulary, struct bytes text,
                            struct buffer *out)
{
    ASSERT(label_index < keys->count);
    const struct catalogue_label *label = &vocabulary->labels[label_index];
    const size_t index = label->tokenize.is_linked ? label->tokenize.link : label_index;
    TRY(append_token(keys, 0, index, &vocabulary->labels[index], text, out));
    if (keys->secrets[1].length == 0) {
        return AMANAT_OK;
    }
    buffer_append_byte(out, '.');
    return append_token(keys, 1, index, &vocabulary->labels[index], text, out);
}
