/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a key set; what is accepted can be asked to verify. */
#include <stdint.h>

#include "gateway/identity/jwks.h"
#include "gateway/identity/token.h"
#include "policy/base/guard.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new((size_t)16 << 20);
    struct identity_keys keys = {0};
    ASSERT(arena != NULL);
    if (amanat_is_ok(
            identity_keys_read(arena, "keys", bytes_of((const char *)data, size), NULL, &keys))) {
        ASSERT(keys.count > 0);
        const struct token token = {.signed_text = BYTES("e30.e30"),
                                    .algorithm = keys.items[0].algorithm,
                                    .signature = BYTES("0123456789abcdef0123456789abcdef"
                                                       "0123456789abcdef0123456789abcdef")};
        ASSERT(!token_is_signed_by(&token, &keys.items[0]));
    }
    identity_keys_clear(&keys);
    arena_free(arena);
    return 0;
}
