/* SPDX-License-Identifier: Apache-2.0 */
/* The Need header (design 3.4): a structured-field dictionary (RFC 9651) of purpose, case, basis
 * and reason. */
#include "gateway/proxy/proxy.h"
#include "policy/base/base.h"

/* The members of the Need header (design 3.4), each to its place in the request. */
static struct bytes *need_member(struct access_need *need, struct bytes key)
{
    const struct {
        const char *key;
        struct bytes *place;
    } members[] = {{"purpose", &need->purpose},
                   {"case", &need->case_id},
                   {"basis", &need->basis},
                   {"reason", &need->reason}};
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        if (bytes_equal_string(key, members[i].key)) {
            return members[i].place;
        }
    }
    return NULL;
}

static bool is_text(const struct http_structured_member *member)
{
    return member->kind == HTTP_STRUCTURED_TOKEN || member->kind == HTTP_STRUCTURED_STRING ||
           member->kind == HTTP_STRUCTURED_DISPLAY_STRING;
}

const char *proxy_read_need(struct arena *arena, struct bytes field, struct access_need *out)
{
    struct http_structured_dictionary dictionary;
    if (!amanat_is_ok(http_structured_read(arena, "Need", field, NULL, &dictionary))) {
        return "the Need header is no structured-field dictionary (RFC 9651), for example: "
               "Need: purpose=vehicle-crime, case=\"FIR-512/2026\"";
    }
    for (size_t i = 0; i < dictionary.count; i++) {
        struct bytes *place = need_member(out, dictionary.members[i].key);
        if (place == NULL) {
            return "the Need header knows the keys purpose, case, basis and reason only";
        }
        if (dictionary.members[i].repeated || !is_text(&dictionary.members[i]) ||
            dictionary.members[i].text.length == 0) {
            return "each key of the Need header stands once, with a token or a text";
        }
        *place = dictionary.members[i].text;
    }
    return NULL;
}
