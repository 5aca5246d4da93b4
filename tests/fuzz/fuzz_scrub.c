/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scrubbing: the first byte chooses patterns, or takes one from the input (up to the first LF); the
 * rest is the text, or the inside of a JSON string if it is one. What leaves is a JSON string in
 * which nothing is found any more; up to the first mark it is the input byte for byte, and without
 * a mark it is the input.
 */
#include <stdint.h>
#include <stdlib.h>

#include "policy/base/document.h"
#include "policy/base/utf8.h"
#include "policy/redact/scrub.h"
#include "tests/fuzz/known_catalogue.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char vocabulary[] = "labels:\n"
                                 "  a: {scrub: [cnic]}\n"
                                 "  b: {scrub: [iban, card]}\n"
                                 "  c: {scrub: [phone, email, plate]}\n"
                                 "  d: {scrub: [cnic, iban, phone, email, plate, card, {name: fir, "
                                 "pattern: 'FIR-\\d+/\\d{4}'}]}\n"
                                 "  e: {scrub: [{name: d, pattern: '(?<![0-9])[0-9]'}, {name: w, "
                                 "pattern: 'x(?=y)|yz|z\\Kx'}]}\n";
#define LABEL_COUNT 5

/* Whether the token is a JSON string, by the other JSON reader of this tree. */
static bool is_json_string(struct bytes token)
{
    struct arena *arena = arena_new((size_t)64 << 20);
    struct amanat_diagnostics *diagnostics = amanat_diagnostics_new();
    const struct document *document = NULL;
    const bool is_string =
        amanat_is_ok(document_from_json(arena, "token", token, diagnostics, &document)) &&
        document->kind == DOCUMENT_STRING && token.at[0] == '"' &&
        token.at[token.length - 1] == '"';
    amanat_diagnostics_free(diagnostics);
    arena_free(arena);
    return is_string;
}

static void make_token(struct bytes text, struct buffer *out)
{
    buffer_append_byte(out, '"');
    buffer_append(out, text);
    buffer_append_byte(out, '"');
    if (!is_json_string(buffer_bytes(out))) {
        buffer_reset(out);
        buffer_append_json_string(out, text);
    }
}

static void check(const struct catalogue_label *label, struct bytes token)
{
    struct scrub scrub;
    struct buffer once;
    struct buffer twice;
    bool disclosed = false;
    bool clean = false;
    scrub_init(&scrub);
    buffer_init(&once, 1 << 24);
    buffer_init(&twice, 1 << 24);
    ASSERT(amanat_is_ok(scrub_string(&scrub, label, token, &once, &disclosed)));
    ASSERT(disclosed || once.length == 0);
    if (disclosed) {
        const struct bytes out = buffer_bytes(&once);
        size_t same = 0;
        while (same < out.length && same < token.length && out.at[same] == token.at[same]) {
            same++;
        }
        ASSERT(is_json_string(out));
        ASSERT(bytes_equal(out, token) || bytes_find(out, '[') <= same);
        ASSERT(amanat_is_ok(scrub_string(&scrub, label, out, &twice, &disclosed)) && disclosed);
        ASSERT(bytes_equal(out, buffer_bytes(&twice)));
        ASSERT(amanat_is_ok(scrub_is_clean(&scrub, label, out, &clean)) && clean);
        ASSERT(amanat_is_ok(scrub_is_clean(&scrub, label, token, &clean)) &&
               clean == bytes_equal(out, token));
    }
    buffer_clear(&once);
    buffer_clear(&twice);
    scrub_clear(&scrub);
}

/* With a pattern of the input's own, unless it matches its mark. */
static void check_own(struct bytes text, struct bytes token)
{
    struct arena *arena = arena_new((size_t)1 << 20);
    struct scrub_pattern own = {.name = BYTES("x")};
    struct pattern_matcher *matcher = NULL;
    struct pattern_fault fault;
    const amanat_result compiled =
        pattern_compile(arena, text, PATTERN_SEARCHES, &fault, &own.pattern);
    ASSERT(!amanat_is_ok(compiled) || amanat_is_ok(pattern_matcher_new(&matcher)));
    if (matcher != NULL) {
        pattern_matcher_begin(matcher, BYTES("[x]"));
    }
    if (matcher != NULL &&
        pattern_find(matcher, own.pattern, BYTES("[x]"), 0) == PATTERN_NOT_FOUND) {
        const struct catalogue_label label = {.scrub = {.patterns = &own, .count = 1}};
        check(&label, token);
    }
    pattern_matcher_free(matcher);
    arena_free(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct bytes input = bytes_of((const char *)data, size);
    if (size < 2 || size > 1 << 16 || !utf8_is_valid(bytes_from(input, 1))) {
        return 0;
    }
    const unsigned choice = data[0] % (LABEL_COUNT + 1);
    const struct bytes rest = bytes_from(input, 1);
    const size_t line = choice == LABEL_COUNT ? bytes_find(rest, '\n') : 0;
    struct buffer token;
    buffer_init(&token, 1 << 20);
    make_token(choice < LABEL_COUNT ? rest : bytes_from(rest, line < rest.length ? line + 1 : line),
               &token);
    if (choice < LABEL_COUNT) {
        check(&known_catalogue(vocabulary, NULL)->vocabulary.labels[choice], buffer_bytes(&token));
    } else {
        check_own(bytes_first(rest, line), buffer_bytes(&token));
    }
    buffer_clear(&token);
    return 0;
}
