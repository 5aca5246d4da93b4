/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a label says about mask and tokenize, and what reading all modes shares. The limits that are
 * checked here stand in policy/redact/MODES.md, for administrators.
 */
#include <stdio.h>

#include "policy/base/guard.h"
#include "policy/base/similar.h"
#include "policy/catalogue/vocabulary_reader.h"

#define REPORT           VOCABULARY_REPORT
#define KEEP_LIMIT       64
#define MASK_TEXT_LENGTH 256
#define DECIMAL_DIGITS   18
#define COUNT_OF(array)  (sizeof(array) / sizeof((array)[0]))

/* ---- shapes of values ---- */

bool vocabulary_expect_object(struct vocabulary_reader *reader, const struct document *value,
                              const char *what)
{
    if (value->kind == DOCUMENT_OBJECT) {
        return true;
    }
    REPORT(reader, value, "type", "%s must be an object, not %s", what,
           document_kind_name(value->kind));
    return false;
}

bool vocabulary_expect_text(struct vocabulary_reader *reader, const struct document *value,
                            const char *what)
{
    if (value->kind == DOCUMENT_STRING && value->text.length > 0) {
        return true;
    }
    REPORT(reader, value, "type", "`%s` must be a string that is not empty", what);
    return false;
}

void vocabulary_refuse_key(struct vocabulary_reader *reader, const struct document_member *member,
                           const char *where, const struct bytes *known, size_t known_count)
{
    char hint[SIMILAR_HINT_SIZE];
    REPORT(reader, member, "unknown-key", "`%.*s` means nothing in %s%s", BYTES_PRINTF(member->key),
           where, similar_hint(member->key, known, known_count, hint));
}

bool vocabulary_read_number(struct vocabulary_reader *reader, const struct document_member *member,
                            unsigned least, unsigned most, unsigned *out)
{
    int64_t value = 0;
    if (!document_integer(&member->value, &value) || value < least || value > most) {
        REPORT(reader, &member->value, "range", "`%.*s` must be a whole number from %u to %u",
               BYTES_PRINTF(member->key), least, most);
        return false;
    }
    *out = (unsigned)value;
    return true;
}

const struct document_member *vocabulary_only_member(struct vocabulary_reader *reader,
                                                     const struct document_member *mode,
                                                     const char *choices, const struct bytes *known,
                                                     size_t known_count)
{
    if (mode->value.kind != DOCUMENT_OBJECT || mode->value.count != 1) {
        REPORT(reader, &mode->value, "mode", "`%.*s` takes exactly one of %s",
               BYTES_PRINTF(mode->key), choices);
        return NULL;
    }
    for (size_t i = 0; i < known_count; i++) {
        if (bytes_equal(mode->value.members[0].key, known[i])) {
            return &mode->value.members[0];
        }
    }
    char where[SIMILAR_LONGEST_WORD];
    (void)snprintf(where, sizeof(where), "`%.*s`", BYTES_PRINTF(mode->key));
    vocabulary_refuse_key(reader, &mode->value.members[0], where, known, known_count);
    return NULL;
}

bool vocabulary_read_decimal(const struct document *value, bool *out_negative,
                             struct decimal_step *out)
{
    struct decimal_step decimal = {0};
    size_t digits = 0;
    bool has_point = false;
    struct bytes text = value->text;
    if (value->kind != DOCUMENT_NUMBER) {
        return false;
    }
    if (out_negative != NULL) {
        *out_negative = bytes_start_with(text, BYTES("-"));
        text = bytes_from(text, *out_negative ? 1 : 0);
    }
    for (size_t i = 0; i < text.length; i++) {
        const char byte = text.at[i];
        if (byte == '.' && !has_point) {
            has_point = true;
        } else if (byte >= '0' && byte <= '9' && digits < DECIMAL_DIGITS) {
            decimal.digits = decimal.digits * 10 + (uint64_t)(byte - '0');
            decimal.scale += has_point ? 1 : 0;
            digits++;
        } else {
            return false;
        }
    }
    *out = decimal;
    return digits > 0;
}

amanat_result vocabulary_read_pattern(struct vocabulary_reader *reader,
                                      const struct document *value, enum pattern_use use,
                                      const struct pattern **out)
{
    struct pattern_fault fault;
    *out = NULL;
    if (!vocabulary_expect_text(reader, value, "pattern")) {
        return AMANAT_OK;
    }
    const amanat_result compiled = pattern_compile(reader->arena, value->text, use, &fault, out);
    if (compiled.status == AMANAT_STATUS_CONFIG_FAULT) {
        REPORT(reader, value, "pattern",
               "this is no pattern that can be used: %s (at its byte %zu)", fault.text, fault.at);
        return AMANAT_OK;
    }
    return compiled;
}

/* ---- mask ---- */

/* One piece of `replace` from `*at`: `$1` to `$9`, `$$`, or text up to the next `$`. False: a `$`
 * that means nothing. */
static bool read_part(struct bytes text, size_t *at, struct mask_part *out)
{
    const size_t dollar = bytes_find(bytes_from(text, *at), '$');
    *out = (struct mask_part){0};
    if (dollar > 0) {
        out->text = bytes_of(text.at + *at, dollar);
        *at += dollar;
        return true;
    }
    const char sign = *at + 1 < text.length ? text.at[*at + 1] : '\0';
    if (sign == '$') {
        out->text = bytes_of(text.at + *at, 1);
    } else if (sign >= '1' && sign <= '9') {
        out->group = (unsigned)(sign - '0');
    } else {
        return false;
    }
    *at += 2;
    return true;
}

static bool has_group(const struct catalogue_label *label, unsigned group)
{
    for (size_t i = 0; group > 0 && i < label->mask.part_count; i++) {
        if (label->mask.parts[i].group == group) {
            return true;
        }
    }
    return false;
}

static amanat_result read_replacement(struct vocabulary_reader *reader,
                                      const struct document *value, struct catalogue_label *label)
{
    if (value->kind != DOCUMENT_STRING || value->text.length > MASK_TEXT_LENGTH) {
        REPORT(reader, value, "type", "`replace` must be a string of at most %d bytes",
               MASK_TEXT_LENGTH);
        return AMANAT_OK;
    }
    struct mask_part *parts =
        arena_allocate_array(reader->arena, value->text.length, sizeof(*parts));
    TRY_MEMORY(parts);
    label->mask.parts = parts;
    label->mask.part_count = 0;
    for (size_t at = 0; at < value->text.length;) {
        struct mask_part part;
        if (!read_part(value->text, &at, &part) ||
            part.group > pattern_group_count(label->mask.pattern) || has_group(label, part.group)) {
            REPORT(reader, value, "mode",
                   "in `replace` a `$` is followed by the number of a group of the pattern, 1 to "
                   "9 and each once, or by another `$`");
            return AMANAT_OK;
        }
        parts[label->mask.part_count++] = part;
    }
    label->defines[DISCLOSURE_MASK] = true;
    return AMANAT_OK;
}

static amanat_result read_mask_pattern(struct vocabulary_reader *reader,
                                       const struct document_member *mode,
                                       struct catalogue_label *label)
{
    static const struct bytes known[] = {BYTES_INIT("pattern"), BYTES_INIT("replace")};
    const struct document *pattern = document_get(&mode->value, "pattern");
    const struct document *replace = document_get(&mode->value, "replace");
    for (size_t i = 0; i < mode->value.count; i++) {
        const struct document_member *member = &mode->value.members[i];
        if (!bytes_equal(member->key, known[0]) && !bytes_equal(member->key, known[1])) {
            vocabulary_refuse_key(reader, member, "a `mask` with `pattern`", known,
                                  COUNT_OF(known));
        }
    }
    if (pattern == NULL || replace == NULL) {
        REPORT(reader, &mode->value, "mode", "`pattern` and `replace` go together");
        return AMANAT_OK;
    }
    label->mask.kind = MASK_PATTERN;
    TRY(vocabulary_read_pattern(reader, pattern, PATTERN_IS_WHOLE_TEXT, &label->mask.pattern));
    return label->mask.pattern == NULL ? AMANAT_OK : read_replacement(reader, replace, label);
}

amanat_result vocabulary_read_mask(struct vocabulary_reader *reader,
                                   const struct document_member *mode,
                                   struct catalogue_label *label)
{
    static const struct bytes known[] = {BYTES_INIT("text"), BYTES_INIT("keep_first"),
                                         BYTES_INIT("keep_last"), BYTES_INIT("pattern"),
                                         BYTES_INIT("replace")};
    if (document_get(&mode->value, "pattern") != NULL ||
        document_get(&mode->value, "replace") != NULL) {
        return read_mask_pattern(reader, mode, label);
    }
    const struct document_member *member = vocabulary_only_member(
        reader, mode, "text, keep_first, keep_last, or of pattern with replace", known, 5);
    if (member == NULL) {
        return AMANAT_OK;
    }
    if (!bytes_equal(member->key, known[0])) {
        label->mask.kind = bytes_equal(member->key, known[1]) ? MASK_KEEP_FIRST : MASK_KEEP_LAST;
        label->defines[DISCLOSURE_MASK] =
            vocabulary_read_number(reader, member, 1, KEEP_LIMIT, &label->mask.count);
    } else if (member->value.kind != DOCUMENT_STRING ||
               member->value.text.length > MASK_TEXT_LENGTH) {
        REPORT(reader, &member->value, "type", "`text` must be a string of at most %d bytes",
               MASK_TEXT_LENGTH);
    } else {
        label->mask.kind = MASK_TEXT;
        label->mask.text = member->value.text;
        label->defines[DISCLOSURE_MASK] = true;
    }
    return AMANAT_OK;
}

/* ---- tokenize ---- */

amanat_result vocabulary_read_tokenize(struct vocabulary_reader *reader,
                                       const struct document_member *mode, size_t index)
{
    static const struct bytes known[] = {BYTES_INIT("length"), BYTES_INIT("link")};
    struct catalogue_label *label = &reader->labels.items[index];
    const struct document_member *member =
        vocabulary_only_member(reader, mode, "length, link", known, COUNT_OF(known));
    if (member == NULL) {
        return AMANAT_OK;
    }
    if (bytes_equal(member->key, known[0])) {
        /* 13 base32 characters are 64 bits; 51 are the most that an HMAC-SHA256 fills whole. */
        label->defines[DISCLOSURE_TOKENIZE] =
            vocabulary_read_number(reader, member, 13, 51, &label->tokenize.length);
        return AMANAT_OK;
    }
    if (!vocabulary_expect_text(reader, &member->value, "link")) {
        return AMANAT_OK;
    }
    struct token_link *link = VECTOR_PUSH(reader->arena, &reader->links);
    TRY_MEMORY(link);
    *link = (struct token_link){.label = index, .target = &member->value};
    label->tokenize.is_linked = true;
    return AMANAT_OK;
}

static amanat_result report_unknown_link(struct vocabulary_reader *reader,
                                         const struct document *target)
{
    char hint[SIMILAR_HINT_SIZE];
    struct similar similar;
    similar_begin(&similar, target->text);
    for (size_t i = 0; i < reader->labels.count; i++) {
        similar_offer(&similar, reader->labels.items[i].name);
    }
    REPORT(reader, target, "unknown-label", "there is no label `%.*s`%s",
           BYTES_PRINTF(target->text), similar_hint_of(&similar, hint));
    return AMANAT_OK;
}

/* Finds what each link names; only then is there something to follow. */
static amanat_result find_link_targets(struct vocabulary_reader *reader)
{
    for (size_t i = 0; i < reader->links.count; i++) {
        const struct token_link *link = &reader->links.items[i];
        struct catalogue_label *label = &reader->labels.items[link->label];
        const size_t *target = map_get(&reader->label_indexes, link->target->text);
        label->tokenize.link = target == NULL ? CATALOGUE_NONE : *target;
        if (target == NULL) {
            TRY(report_unknown_link(reader, link->target));
        }
    }
    return AMANAT_OK;
}

amanat_result vocabulary_settle_links(struct vocabulary_reader *reader)
{
    struct catalogue_label *labels = reader->labels.items;
    TRY(find_link_targets(reader));
    size_t *ends = arena_allocate_array(reader->arena, reader->links.count, sizeof(*ends));
    TRY_MEMORY(ends);
    for (size_t i = 0; i < reader->links.count; i++) {
        const struct token_link *link = &reader->links.items[i];
        size_t at = link->label;
        /* more steps than links: the way comes back to where it was */
        for (size_t step = 0;
             at != CATALOGUE_NONE && labels[at].tokenize.is_linked && step <= reader->links.count;
             step++) {
            at = labels[at].tokenize.link;
        }
        ends[i] = at;
        if (at != CATALOGUE_NONE && labels[at].tokenize.is_linked) {
            REPORT(reader, link->target, "link-cycle", "the link comes back to where it began");
        } else if (at != CATALOGUE_NONE && !labels[at].defines[DISCLOSURE_TOKENIZE]) {
            REPORT(reader, link->target, "link",
                   "`%.*s` defines no `tokenize: {length: …}` that could be shared",
                   BYTES_PRINTF(labels[at].name));
        }
    }
    for (size_t i = 0; !reader->faulty && i < reader->links.count; i++) {
        struct catalogue_label *label = &labels[reader->links.items[i].label];
        label->tokenize.link = ends[i];
        label->tokenize.length = labels[ends[i]].tokenize.length;
        label->defines[DISCLOSURE_TOKENIZE] = true;
    }
    return AMANAT_OK;
}
