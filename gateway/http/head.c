/* SPDX-License-Identifier: Apache-2.0 */
/* Looking things up in a head. */
#include "gateway/http/head.h"

#include "gateway/http/syntax.h"
#include "policy/base/guard.h"

size_t http_headers_find(const struct http_header *headers, size_t count, const char *name,
                         struct bytes *out_first)
{
    const struct bytes wanted = bytes_of_string(name);
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        if (bytes_equal(headers[i].name, wanted)) {
            if (found++ == 0 && out_first != NULL) {
                *out_first = headers[i].value;
            }
        }
    }
    return found;
}

amanat_result http_headers_join(struct arena *arena, const struct http_header *headers,
                                size_t count, const char *name, struct bytes *out)
{
    struct bytes first = {NULL, 0};
    if (http_headers_find(headers, count, name, &first) < 2) {
        *out = first;
        return AMANAT_OK;
    }
    size_t length = 0;
    for (size_t i = 0; i < count; i++) {
        if (bytes_equal_string(headers[i].name, name)) {
            length += headers[i].value.length + 2;
        }
    }
    char *joined = arena_allocate(arena, length);
    TRY_MEMORY(joined);
    size_t used = 0;
    for (size_t i = 0; i < count; i++) {
        if (!bytes_equal_string(headers[i].name, name)) {
            continue;
        }
        if (used > 0) {
            joined[used++] = ',';
            joined[used++] = ' ';
        }
        memcpy(joined + used, headers[i].value.at, headers[i].value.length);
        used += headers[i].value.length;
    }
    *out = bytes_of(joined, used);
    return AMANAT_OK;
}

bool http_header_name_is_valid(struct bytes name)
{
    return http_is_token(name);
}

bool http_header_value_is_valid(struct bytes value)
{
    for (size_t i = 0; i < value.length; i++) {
        if (!http_is_value_byte(value.at[i])) {
            return false;
        }
    }
    return http_trim(value).length == value.length;
}
