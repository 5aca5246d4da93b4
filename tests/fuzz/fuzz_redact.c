/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rewriter under plans that the first bytes choose: byte 0 the root, whether lines are
 * documents, and small limits; bytes 1 to 4 the modes; byte 5 the size of pieces. The rest is the
 * body. Whole and in pieces must say the same; what comes out as one document must be JSON; a
 * second redaction of it under the same plan must not fail.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/base/guard.h"
#include "redact_case.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHOICES 6

static const char graph[] =
    "{\"labels\":{\"a\":{\"mask\":{\"keep_first\":1},\"tokenize\":{\"length\":16},\"coarsen\":{"
    "\"prefix\":2}},"
    "\"b\":{\"mask\":{\"text\":\"*\"},\"coarsen\":{\"step\":0.05}},"
    "\"c\":{\"coarsen\":{\"time\":\"day\"}}},\"subjects\":{\"s\":\"digits\"},"
    "\"records\":{\"R\":[{\"name\":\"k\",\"type\":\"string\",\"optional\":true},"
    "{\"name\":\"t\",\"type\":\"set\",\"optional\":true,\"element\":{\"name\":\"\","
    "\"type\":\"long\"}},{\"name\":\"o\",\"type\":\"record\",\"optional\":true,\"fields\":["
    "{\"name\":\"k\",\"type\":\"string\",\"optional\":true}]}],\"S\":[]},"
    "\"nodes\":{\"list\":{\"kinds\":[\"array\"],\"items\":\"r\"},"
    "\"r\":{\"kinds\":[\"object\"],\"record\":\"R\",\"members\":{\"a\":\"a\",\"b\":\"b\","
    "\"c\":\"c\",\"k\":\"k\",\"t\":\"t\",\"o\":\"o\",\"s\":\"s\",\"any\":\"any\",\"r\":\"r\"}},"
    "\"s\":{\"kinds\":[\"object\"],\"record\":\"S\",\"members\":{\"a\":\"a\"},"
    "\"additional\":\"b\"},"
    "\"a\":{\"kinds\":[\"string\",\"null\"],\"labels\":[\"a\"],\"subject\":\"s\"},"
    "\"b\":{\"kinds\":[\"number\",\"string\"],\"labels\":[\"b\"]},"
    "\"c\":{\"kinds\":[\"string\",\"integer\"],\"labels\":[\"c\",\"a\"]},"
    "\"k\":{\"kinds\":[\"string\"]},\"t\":{\"kinds\":[\"array\"],\"items\":\"i\"},"
    "\"i\":{\"kinds\":[\"integer\"]},\"o\":{\"kinds\":[\"object\"],\"members\":{\"k\":\"k\","
    "\"s\":\"s\"}},"
    "\"any\":{\"kinds\":[],\"anything\":true,\"labels\":[\"b\"]},"
    "\"e\":{\"kinds\":[\"object\"],\"members\":{\"list\":\"list\",\"a\":\"a\",\"any\":\"any\","
    "\"e\":\"e\"},\"additional\":\"c\"}},\"partner\":\"p\",";

static const char *const modes[] = {"withheld", "tokenize", "mask", "coarsen", "reveal"};
static const char *const roots[] = {"list", "r", "e", "any"};

static const char *mode_of(unsigned choice)
{
    return modes[choice % 5];
}

static struct redact_case *make_case(const uint8_t *choices)
{
    struct buffer text;
    buffer_init(&text, 1 << 20);
    buffer_append_string(&text, graph);
    buffer_append_format(&text, "\"root\":\"%s\",\"ndjson\":%s,\"depth\":%u,\"limit\":%u,",
                         roots[choices[0] % 4], (choices[0] & 4) != 0 ? "true" : "false",
                         (choices[0] & 8) != 0 ? 4 : 0, (choices[0] & 16) != 0 ? 64 : 0);
    buffer_append_format(&text, "\"service\":{\"a\":\"%s\",\"b\":\"%s\",\"c\":\"%s\"},",
                         mode_of(choices[1] / 25), mode_of(choices[1] / 5), mode_of(choices[1]));
    buffer_append_format(&text,
                         "\"plan\":{\"R\":{\"a\":\"%s\",\"b\":[\"%s\"],\"c\":\"%s\"},"
                         "\"S\":{\"a\":[\"%s\"],\"b\":\"%s\"}},",
                         mode_of(choices[2] / 25), mode_of(choices[2] / 5), mode_of(choices[2]),
                         mode_of(choices[3] / 5), mode_of(choices[3]));
    buffer_append_format(&text,
                         "\"answers\":{\"R\":[{\"when\":[\"k\",\"\\\"x\\\"\"],\"modes\":{}},"
                         "{\"modes\":{\"b\":\"%s\"}}],\"S\":[{\"modes\":{\"a\":\"%s\"}}]}}",
                         mode_of(choices[2] / 5), mode_of(choices[3] / 5));
    struct redact_case *redact_case = redact_case_new(buffer_bytes(&text));
    buffer_clear(&text);
    return redact_case;
}

#define KEPT_CASES 1024

/* The case for these choices; making one takes longer than a short body, so they are kept. */
static struct redact_case *find_case(const uint8_t *choices)
{
    static struct kept_case {
        uint8_t choices[CHOICES - 1];
        struct redact_case *redact_case;
    } kept[KEPT_CASES];
    size_t slot = 0;
    for (size_t i = 0; i < CHOICES - 1; i++) {
        slot = slot * 31 + choices[i];
    }
    struct kept_case *here = &kept[slot % KEPT_CASES];
    if (here->redact_case == NULL || memcmp(here->choices, choices, sizeof(here->choices)) != 0) {
        redact_case_free(here->redact_case);
        memcpy(here->choices, choices, sizeof(here->choices));
        here->redact_case = make_case(choices);
    }
    return here->redact_case;
}

static size_t split_fixed(void *context, size_t at, size_t left)
{
    const size_t size = *(const size_t *)context;
    (void)at;
    return left < size ? left : size;
}

static void check_output(const struct redact_case *redact_case,
                         const struct redact_outcome *outcome)
{
    struct arena *arena = arena_new((size_t)64 << 20);
    const struct document *document = NULL;
    if (amanat_is_ok(outcome->result) && !outcome->nothing && !redact_case->ndjson) {
        /* our reader of documents goes less deep; whatever else it refuses is a fault */
        struct amanat_diagnostics *diagnostics = amanat_diagnostics_new();
        const amanat_result result = document_from_json(
            arena, "output", buffer_bytes(&outcome->body), diagnostics, &document);
        ASSERT(amanat_is_ok(result) ||
               strstr(amanat_diagnostics_at(diagnostics, 0)->code, "dep") != NULL);
        amanat_diagnostics_free(diagnostics);
    }
    arena_free(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < CHOICES) {
        return 0;
    }
    struct redact_case *redact_case = find_case(data);
    const struct bytes body = bytes_of((const char *)data + CHOICES, size - CHOICES);
    size_t piece = (size_t)data[5] % 16 + 1;
    struct redact_outcome whole = redact_case_run(redact_case, body, NULL, NULL);
    struct redact_outcome split = redact_case_run(redact_case, body, split_fixed, &piece);
    ASSERT(whole.fault == split.fault && whole.nothing == split.nothing);
    ASSERT(bytes_equal(buffer_bytes(&whole.windows), buffer_bytes(&split.windows)));
    ASSERT(bytes_equal(buffer_bytes(&whole.account), buffer_bytes(&split.account)));
    check_output(redact_case, &whole);
    redact_outcome_clear(&whole);
    redact_outcome_clear(&split);
    return 0;
}
