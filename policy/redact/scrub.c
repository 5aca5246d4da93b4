/* SPDX-License-Identifier: Apache-2.0 */
/* One round: fold, find all spans, write the token anew; see scrub.h. */
#include "policy/redact/scrub.h"

#include <stdlib.h>
#include <string.h>

#include "policy/base/guard.h"
#include "policy/redact/decimal.h"
#include "policy/redact/json_text.h"

/** What is replaced: bytes of the token, and the pattern that found them. */
struct span {
    size_t begin;
    size_t end;
    size_t pattern;
};

/** The text that patterns are matched with. */
struct subject {
    struct bytes text;
    bool is_folded; /* else `text` is the token from `offset` on */
    size_t offset;
};

void scrub_init(struct scrub *scrub)
{
    *scrub = (struct scrub){0};
    folded_text_init(&scrub->folded, SCRUB_TEXT_LIMIT);
    /* bounded by the folded text, and by the token with a mark for each span */
    buffer_init(&scrub->spans, SIZE_MAX / 2);
    buffer_init(&scrub->before, SIZE_MAX / 2);
    buffer_init(&scrub->after, SIZE_MAX / 2);
}

void scrub_clear(struct scrub *scrub)
{
    pattern_matcher_free(scrub->matcher);
    folded_text_clear(&scrub->folded);
    buffer_clear(&scrub->spans);
    buffer_clear(&scrub->before);
    buffer_clear(&scrub->after);
    *scrub = (struct scrub){0};
}

static void reset(struct scrub *scrub)
{
    folded_text_reset(&scrub->folded);
    buffer_reset(&scrub->spans);
    buffer_reset(&scrub->before);
    buffer_reset(&scrub->after);
}

static amanat_result need_matcher(struct scrub *scrub)
{
    return scrub->matcher != NULL ? AMANAT_OK : pattern_matcher_new(&scrub->matcher);
}

/* ---- the subject ---- */

/* Printable ASCII that stands for itself is its own folded text. */
static bool is_plain(struct bytes text)
{
    for (size_t i = 0; i < text.length; i++) {
        if (text.at[i] < ' ' || text.at[i] > '~' || text.at[i] == '\\') {
            return false;
        }
    }
    return true;
}

/* In one of the two readings of policy/base/fold.h. LIMIT: longer than what is searched. */
static amanat_result make_subject(struct scrub *scrub, struct bytes token, bool sets_apart,
                                  struct subject *out)
{
    const struct bytes inside = bytes_of(token.at + 1, token.length - 2);
    if (is_plain(inside)) {
        *out = (struct subject){.text = inside, .offset = 1};
        return amanat_result_of(inside.length > SCRUB_TEXT_LIMIT ? AMANAT_STATUS_LIMIT
                                                                 : AMANAT_STATUS_OK);
    }
    uint32_t scalar = 0;
    folded_text_reset(&scrub->folded);
    scrub->folded.sets_apart = sets_apart;
    for (size_t at = 1, begin = 1;
         !scrub->folded.text.broken && json_text_next(token, &at, &scalar); begin = at) {
        folded_text_add(&scrub->folded, scalar, begin, at);
    }
    *out = (struct subject){.text = buffer_bytes(&scrub->folded.text), .is_folded = true};
    return folded_text_check(&scrub->folded);
}

static struct span span_of(const struct scrub *scrub, const struct subject *subject, size_t begin,
                           size_t end, size_t pattern)
{
    if (!subject->is_folded) {
        return (struct span){subject->offset + begin, subject->offset + end, pattern};
    }
    const struct fold_origin origin = folded_text_origin(&scrub->folded, begin, end);
    return (struct span){origin.begin, origin.end, pattern};
}

/* ---- finding ---- */

static size_t next_character(struct bytes text, size_t at)
{
    do {
        at++;
    } while (at < text.length && ((unsigned char)text.at[at] & 0xC0) == 0x80);
    return at;
}

/* Adds a span to those of a pattern; what it shares with the one before becomes one. */
static void add_span(struct scrub *scrub, struct span span)
{
    struct span *last = NULL;
    if (scrub->spans.length > 0) {
        last = (struct span *)(void *)(scrub->spans.at + scrub->spans.length) - 1;
    }
    if (span.begin == span.end) {
        return; /* a blank that stands in our copy only */
    }
    if (last != NULL && last->pattern == span.pattern && span.begin >= last->begin &&
        span.begin < last->end) {
        last->end = span.end > last->end ? span.end : last->end;
        return;
    }
    buffer_append(&scrub->spans, bytes_of((const char *)&span, sizeof(span)));
}

/*
 * Adds all that one pattern finds; false when a limit was hit, or nothing can be replaced where it
 * matches (`\K` at its end).
 */
static bool find_spans_of(struct scrub *scrub, const struct subject *subject,
                          const struct scrub_pattern *pattern, size_t number)
{
    const struct bytes text = subject->text;
    for (size_t from = 0; from < text.length;) {
        const enum pattern_answer answer =
            pattern_find(scrub->matcher, pattern->pattern, text, from);
        if (answer != PATTERN_FOUND) {
            return answer == PATTERN_NOT_FOUND;
        }
        const struct bytes match = pattern_group(scrub->matcher, text, 0);
        const size_t begin = (size_t)(match.at - text.at);
        size_t end = begin + match.length;
        if (match.length == 0) {
            return false;
        }
        const bool passes = scrub_check_passes(pattern->check, text, begin, &end);
        if (passes) {
            add_span(scrub, span_of(scrub, subject, begin, end, number));
        }
        from = passes && !pattern->overlaps ? end : next_character(text, begin);
    }
    return true;
}

static bool find_spans(struct scrub *scrub, const struct catalogue_label *label,
                       const struct subject *subject)
{
    pattern_matcher_begin(scrub->matcher, subject->text);
    for (size_t i = 0; i < label->scrub.count; i++) {
        if (!find_spans_of(scrub, subject, &label->scrub.patterns[i], i)) {
            return false;
        }
    }
    return true;
}

/* LIMIT: one was hit. */
static amanat_result search_subject(struct scrub *scrub, const struct catalogue_label *label,
                                    const struct subject *subject)
{
    return find_spans(scrub, label, subject) ? buffer_check(&scrub->spans)
                                             : amanat_result_of(AMANAT_STATUS_LIMIT);
}

/* The spans of a string in one reading; LIMIT: it is too long, or a limit was hit. */
static amanat_result search_reading(struct scrub *scrub, const struct catalogue_label *label,
                                    struct bytes token, bool sets_apart, bool *out_has_other)
{
    struct subject subject;
    TRY(make_subject(scrub, token, sets_apart, &subject));
    *out_has_other = subject.is_folded && scrub->folded.has_decorated;
    return search_subject(scrub, label, &subject);
}

/* The same in both readings. */
static amanat_result search_string(struct scrub *scrub, const struct catalogue_label *label,
                                   struct bytes token)
{
    bool has_other = false;
    buffer_reset(&scrub->spans);
    TRY(search_reading(scrub, label, token, false, &has_other));
    return has_other ? search_reading(scrub, label, token, true, &has_other) : AMANAT_OK;
}

/* The same of a number: as it is spelt, and without its exponent. */
static amanat_result search_number(struct scrub *scrub, const struct catalogue_label *label,
                                   struct bytes token)
{
    struct subject subject = {.text = token};
    struct spelt_number number;
    buffer_reset(&scrub->spans);
    TRY(search_subject(scrub, label, &subject));
    if (bytes_find(token, 'e') == token.length && bytes_find(token, 'E') == token.length) {
        return AMANAT_OK;
    }
    if (!decimal_read(token, &number)) {
        return amanat_result_of(AMANAT_STATUS_LIMIT);
    }
    buffer_reset(&scrub->before);
    decimal_write_plain(&number, &scrub->before);
    TRY(buffer_check(&scrub->before));
    subject.text = buffer_bytes(&scrub->before);
    return search_subject(scrub, label, &subject);
}

/* ---- writing ---- */

static int compare_spans(const void *left, const void *right)
{
    const struct span *a = left;
    const struct span *b = right;
    if (a->begin != b->begin) {
        return a->begin < b->begin ? -1 : 1;
    }
    return (a->pattern > b->pattern) - (a->pattern < b->pattern);
}

/* The token with a mark for each run of spans that overlap: the name is that of the first. */
static void write_anew(struct scrub *scrub, const struct catalogue_label *label, struct bytes token)
{
    const size_t count = scrub->spans.length / sizeof(struct span);
    struct span *spans = (struct span *)(void *)scrub->spans.at;
    size_t at = 0;
    qsort(spans, count, sizeof(*spans), compare_spans);
    buffer_reset(&scrub->after);
    for (size_t i = 0; i < count;) {
        size_t end = spans[i].end;
        size_t next = i + 1;
        while (next < count && spans[next].begin < end) {
            end = spans[next].end > end ? spans[next].end : end;
            next++;
        }
        buffer_append(&scrub->after, bytes_of(token.at + at, spans[i].begin - at));
        buffer_append_byte(&scrub->after, '[');
        buffer_append(&scrub->after, label->scrub.patterns[spans[i].pattern].name);
        buffer_append_byte(&scrub->after, ']');
        at = end;
        i = next;
    }
    buffer_append(&scrub->after, bytes_from(token, at));
}

/* Searches and replaces until nothing is found. The result stands in `before`, or is the token.
 * LIMIT: it cannot be cleaned. */
static amanat_result run_rounds(struct scrub *scrub, const struct catalogue_label *label,
                                struct bytes token, struct bytes *out)
{
    *out = token;
    for (unsigned round = 0; round < SCRUB_ROUNDS; round++) {
        TRY(search_string(scrub, label, *out));
        if (scrub->spans.length == 0) {
            return AMANAT_OK;
        }
        write_anew(scrub, label, *out);
        TRY(buffer_check(&scrub->after));
        const struct buffer written = scrub->after;
        scrub->after = scrub->before;
        scrub->before = written;
        *out = buffer_bytes(&scrub->before);
    }
    return amanat_result_of(AMANAT_STATUS_LIMIT);
}

/* What hits a limit is withheld; without memory nothing can be said. */
static amanat_result of_search(amanat_result result)
{
    return result.status == AMANAT_STATUS_LIMIT ? AMANAT_OK : result;
}

amanat_result scrub_string(struct scrub *scrub, const struct catalogue_label *label,
                           struct bytes token, struct buffer *out, bool *out_disclosed)
{
    struct bytes clean_token = {0};
    *out_disclosed = false;
    TRY(need_matcher(scrub));
    const amanat_result result = run_rounds(scrub, label, token, &clean_token);
    if (amanat_is_ok(result)) {
        buffer_append(out, clean_token);
    }
    reset(scrub);
    TRY(of_search(result));
    *out_disclosed = amanat_is_ok(result);
    return buffer_check(out);
}

amanat_result scrub_is_clean(struct scrub *scrub, const struct catalogue_label *label,
                             struct bytes token, bool *out_clean)
{
    *out_clean = false;
    TRY(need_matcher(scrub));
    const bool is_string = token.length > 0 && token.at[0] == '"';
    const amanat_result result =
        is_string ? search_string(scrub, label, token) : search_number(scrub, label, token);
    *out_clean = amanat_is_ok(result) && scrub->spans.length == 0;
    reset(scrub);
    return of_search(result);
}
