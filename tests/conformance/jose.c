/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Project Wycheproof's vectors for JSON Web Signatures and JSON Web Keys through our keys and
 * signatures: `jose FILE`. What is invalid must be refused. What is valid must be accepted when its
 * key is for RS256 or ES256; keys for anything else are not used here, so all of their tokens must
 * be refused.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gateway/config/config.h"
#include "gateway/identity/jwks.h"
#include "gateway/identity/token.h"
#include "policy/base/document.h"
#include "policy/base/guard.h"

struct count {
    unsigned tests;
    unsigned accepted;
    unsigned other_algorithms; /* valid, with a key that is not for us */
    unsigned wrong;
};

/* A document back into JSON text. */
static void write_json(struct buffer *out, const struct document *value)
{
    switch (value->kind) {
    case DOCUMENT_STRING:
        buffer_append_json_string(out, value->text);
        break;
    case DOCUMENT_NUMBER:
        buffer_append(out, value->text);
        break;
    case DOCUMENT_NULL:
        buffer_append_string(out, "null");
        break;
    case DOCUMENT_BOOL:
        buffer_append_string(out, value->boolean ? "true" : "false");
        break;
    case DOCUMENT_ARRAY:
        buffer_append_byte(out, '[');
        for (size_t i = 0; i < value->count; i++) {
            buffer_append_string(out, i == 0 ? "" : ",");
            write_json(out, &value->items[i]);
        }
        buffer_append_byte(out, ']');
        break;
    case DOCUMENT_OBJECT:
        buffer_append_byte(out, '{');
        for (size_t i = 0; i < value->count; i++) {
            buffer_append_string(out, i == 0 ? "" : ",");
            buffer_append_json_string(out, value->members[i].key);
            buffer_append_byte(out, ':');
            write_json(out, &value->members[i].value);
        }
        buffer_append_byte(out, '}');
        break;
    }
}

/* The group's key or key set, always as a set. No keys when we would not take it. */
static struct identity_keys read_group_keys(struct arena *arena, const struct document *group)
{
    struct identity_keys keys = {0};
    struct buffer text;
    struct bytes copy = {0};
    const struct document *key = document_get(group, "public");
    key = key != NULL ? key : document_get(group, "private");
    buffer_init(&text, 1 << 20);
    if (document_get(key, "keys") != NULL) {
        write_json(&text, key);
    } else {
        buffer_append_string(&text, "{\"keys\":[");
        write_json(&text, key);
        buffer_append_string(&text, "]}");
    }
    if (!amanat_is_ok(arena_copy_bytes(arena, buffer_bytes(&text), &copy)) ||
        !amanat_is_ok(identity_keys_read(arena, "group", copy, NULL, &keys))) {
        keys = (struct identity_keys){0};
    }
    buffer_clear(&text);
    return keys;
}

static bool accepts(struct arena *arena, const struct identity_keys *keys, struct bytes text)
{
    struct token token = {0};
    const struct identity_key *key = NULL;
    enum identity_refusal refusal = IDENTITY_REFUSAL_NOBODY;
    return amanat_is_ok(token_read(arena, text, &token, &refusal)) &&
           amanat_is_ok(token_find_key(&token, keys, &key, &refusal)) &&
           token_is_signed_by(&token, key);
}

static void run_test(struct arena *arena, const struct identity_keys *keys,
                     const struct document *group, const struct document *test, struct count *count)
{
    const struct document *jws = document_get(test, "jws");
    const bool valid = document_is_string(document_get(test, "result"), "valid");
    /* A few tests hold the JSON form, which is no text of ours at all. */
    const struct bytes text = jws->kind == DOCUMENT_STRING ? jws->text : BYTES("{}");
    const bool accepted = accepts(arena, keys, text);
    count->tests++;
    count->accepted += accepted;
    if (valid && !accepted && keys->count == 0) {
        count->other_algorithms++;
    } else if (accepted != valid) {
        count->wrong++;
        const struct document *comment = document_get(test, "comment");
        const struct document *group_comment = document_get(group, "comment");
        fprintf(stderr, "test %.*s (%.*s, %.*s): wrongly %s\n",
                BYTES_PRINTF(document_get(test, "tcId")->text), BYTES_PRINTF(group_comment->text),
                BYTES_PRINTF(comment->text), accepted ? "accepted" : "refused");
    }
}

static void run_group(const struct document *group, struct count *count)
{
    struct arena *arena = arena_new((size_t)64 << 20);
    struct identity_keys keys = read_group_keys(arena, group);
    const struct document *tests = document_get(group, "tests");
    for (size_t i = 0; i < tests->count; i++) {
        run_test(arena, &keys, group, &tests->items[i], count);
    }
    identity_keys_clear(&keys);
    arena_free(arena);
}

int main(int argument_count, char **arguments)
{
    struct bytes text = {0};
    const struct document *root = NULL;
    struct count count = {0};
    if (argument_count != 2) {
        fprintf(stderr, "usage: jose FILE\n");
        return 2;
    }
    if (access(arguments[1], R_OK) != 0) {
        fprintf(stderr, "skipped: the vectors %s are not here\n", arguments[1]);
        return 77;
    }
    struct arena *arena = arena_new((size_t)64 << 20);
    ASSERT(arena != NULL);
    if (!amanat_is_ok(config_read_file(arguments[1], (size_t)16 << 20, arena, NULL, &text)) ||
        !amanat_is_ok(document_from_json(arena, arguments[1], text, NULL, &root))) {
        fprintf(stderr, "%s: cannot be read\n", arguments[1]);
        return 1;
    }
    const struct document *groups = document_get(root, "testGroups");
    for (size_t i = 0; i < groups->count; i++) {
        run_group(&groups->items[i], &count);
    }
    printf("%u tests, %u accepted, %u valid ones with keys that are not used here, %u wrong\n",
           count.tests, count.accepted, count.other_algorithms, count.wrong);
    arena_free(arena);
    return count.tests > 0 && count.accepted > 0 && count.wrong == 0 ? 0 : 1;
}
