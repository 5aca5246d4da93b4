/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every mode on any text: the first byte chooses a label of the vocabulary below and the kind of
 * token, the rest is the value. What leaves is JSON of the type that came in; a coarsening that can
 * be read again is its own coarsening (else a partner could learn more by asking twice); a mask
 * shows no more characters than it may.
 */
#include <stdint.h>

#include "policy/base/document.h"
#include "policy/base/utf8.h"
#include "policy/redact/modes.h"
#include "tests/fuzz/known_catalogue.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char vocabulary[] = "labels:\n"
                                 "  a: {coarsen: {time: hour}}\n"
                                 "  b: {coarsen: {time: day}}\n"
                                 "  c: {coarsen: {time: month}}\n"
                                 "  d: {coarsen: {time: year}}\n"
                                 "  e: {coarsen: {step: 0.01}}\n"
                                 "  f: {coarsen: {step: 0.50}}\n"
                                 "  g: {coarsen: {step: 7}}\n"
                                 "  h: {coarsen: {step: 0.99999999999999999}}\n"
                                 "  i: {coarsen: {grid: {metres: 500, latitude: 31.5}}}\n"
                                 "  j: {coarsen: {bucket: [-1.5, 0, 18, 65]}}\n"
                                 "  k: {coarsen: {bucket: [0.001, 999999999999999999]}}\n"
                                 "  l: {coarsen: {prefix: 2}}\n"
                                 "  m: {coarsen: {ip_prefix: {v4: 20, v6: 44}}}\n"
                                 "  n: {coarsen: {bucket: {few: 0, many: 10}}}\n"
                                 "  o: {coarsen: {age_band: 10}}\n"
                                 "  p: {coarsen: {map: {a: b, b: b}, other: b}}\n"
                                 "  q: {mask: {keep_first: 1}}\n"
                                 "  r: {mask: {keep_last: 3}}\n"
                                 "  s: {mask: {text: '[\"]'}}\n"
                                 "  t: {mask: {pattern: '(.)(.*)(.)', replace: '$1***$3'}}\n"
                                 "  u: {tokenize: {length: 13}}\n";
#define LABEL_COUNT       21
#define LAST_IDEMPOTENT   12 /* a to m */
#define FIRST_MASK        16
#define MASK_WITH_PATTERN 19

/* The value that a token spells, by the other JSON reader of this tree; NULL: it is no JSON. */
static const struct document *read_json(struct arena *arena, struct bytes token)
{
    struct amanat_diagnostics *diagnostics = amanat_diagnostics_new();
    const struct document *document = NULL;
    if (!amanat_is_ok(document_from_json(arena, "token", token, diagnostics, &document))) {
        document = NULL;
    }
    amanat_diagnostics_free(diagnostics);
    return document;
}

static bool apply(struct modes *modes, size_t label, enum json_event_kind kind, struct bytes token,
                  struct buffer *out)
{
    bool disclosed = false;
    const struct catalogue_label *known = &modes->vocabulary->labels[label];
    const enum disclosure_mode mode = known->defines[DISCLOSURE_COARSEN] ? DISCLOSURE_COARSEN
                                      : known->defines[DISCLOSURE_MASK]  ? DISCLOSURE_MASK
                                                                         : DISCLOSURE_TOKENIZE;
    ASSERT(amanat_is_ok(
        modes_apply(modes, mode, label, kind, (struct undisclosed_bytes){token}, out, &disclosed)));
    ASSERT(disclosed == (out->length > 0));
    return disclosed;
}

/* How many characters of a mask are not its own. */
static void check_mask(size_t label, struct bytes value, struct bytes shown)
{
    const size_t kept = label == FIRST_MASK ? 1 : 3;
    if (label < FIRST_MASK + 2) {
        ASSERT(utf8_count(shown) == 3 ||
               (utf8_count(shown) == 3 + kept && utf8_count(value) > 2 * kept));
    } else if (label == MASK_WITH_PATTERN) {
        ASSERT(utf8_count(shown) == 3 || (utf8_count(shown) == 5 && utf8_count(value) >= 2));
    }
}

static void check(struct modes *modes, size_t label, enum json_event_kind kind, struct bytes token)
{
    struct arena *arena = arena_new((size_t)64 << 20);
    struct buffer once;
    struct buffer twice;
    buffer_init(&once, 1 << 22);
    buffer_init(&twice, 1 << 22);
    if (apply(modes, label, kind, token, &once)) {
        const struct document *value = read_json(arena, token);
        const struct document *shown = read_json(arena, buffer_bytes(&once));
        ASSERT(value != NULL && shown != NULL && shown->kind == value->kind);
        if (label >= FIRST_MASK) {
            check_mask(label, value->text, shown->text);
        }
        /* a result of a step may have more digits than are read back */
        if (label <= LAST_IDEMPOTENT && apply(modes, label, kind, buffer_bytes(&once), &twice)) {
            ASSERT(bytes_equal(buffer_bytes(&once), buffer_bytes(&twice)));
        } else if (label <= LAST_IDEMPOTENT) {
            ASSERT(once.length > 64);
        }
    }
    buffer_clear(&once);
    buffer_clear(&twice);
    arena_free(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0 || size > 1 << 16 || !utf8_is_valid(bytes_of((const char *)data + 1, size - 1))) {
        return 0;
    }
    const struct bytes text = bytes_of((const char *)data + 1, size - 1);
    const struct plan plan = {.catalogue = known_catalogue(vocabulary, NULL),
                              .now = (int64_t)20779 * 86400000,
                              .tokenize_key = BYTES("0123456789abcdef0123456789abcdef")};
    const size_t label = data[0] % LABEL_COUNT;
    struct arena *arena = arena_new((size_t)64 << 20);
    struct modes modes;
    ASSERT(plan.catalogue->vocabulary.label_count == LABEL_COUNT);
    struct buffer token;
    buffer_init(&token, 1 << 20);
    ASSERT(amanat_is_ok(modes_init(&modes, &plan, 1 << 20)));
    buffer_append_json_string(&token, text);
    check(&modes, label, JSON_EVENT_STRING, buffer_bytes(&token));
    const struct document *number = text.length == 0 ? NULL : read_json(arena, text);
    if (number != NULL && number->kind == DOCUMENT_NUMBER && number->text.length == text.length) {
        check(&modes, label, JSON_EVENT_NUMBER, text);
    }
    modes_clear(&modes);
    buffer_clear(&token);
    arena_free(arena);
    return 0;
}
