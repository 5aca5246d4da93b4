/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `scrub`: the patterns that we know by name, and those that administrators write. All match folded
 * text (policy/base/fold.h): digits are 0 to 9, every dash is `-`, every white space one blank, and
 * nothing invisible is left, so a pattern needs to know one spelling only. What each name finds,
 * and what it does not, stands in policy/redact/MODES.md.
 */
#include "policy/base/fold.h"
#include "policy/base/guard.h"
#include "policy/base/similar.h"
#include "policy/base/utf8.h"
#include "policy/catalogue/vocabulary_read.h"
#include "policy/catalogue/vocabulary_reader.h"

#define REPORT          VOCABULARY_REPORT
#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))
#define PATTERNS_LIMIT  16

/* What people put between the groups of a number. */
#define BETWEEN "[ ._/-]{0,3}"
#define IN_CALL "[ ._/()-]{0,4}"
/* Of a name before `@` (RFC 5322 §3.2.3, atext), and of a host's. */
#define IN_NAME "[A-Za-z0-9.!#$%&'*+/=?^_`{|}~\\x{80}-\\x{10FFFF}-]"
#define IN_HOST "[A-Za-z0-9\\x{80}-\\x{10FFFF}-]"

static const struct {
    struct bytes name;
    struct bytes text;
    enum scrub_check check;
} known_patterns[] = {
    /* groups of 5, 7 and 1 digits; in each group all digits stand apart in the same way, or none */
    {BYTES_INIT("cnic"),
     BYTES_INIT("(?<![0-9])[1-9]([ ._/-]?)[0-9](?:\\1[0-9]){3}" BETWEEN
                "[0-9](?:\\1[0-9]){6}" BETWEEN "[0-9](?![0-9])"),
     SCRUB_CHECK_NONE},
    {BYTES_INIT("iban"), BYTES_INIT("(?i)[A-Z]{2}[0-9]{2}(?:" BETWEEN "[A-Z0-9]){11,30}"),
     SCRUB_CHECK_IBAN},
    /* +… or 00…; 0 and 9 or 10 digits, the first three together; 92 3…, 92 (0)3… or 0 3… */
    {BYTES_INIT("phone"),
     BYTES_INIT("(?:\\+|(?<![0-9])00)" IN_CALL "[1-9](?:" IN_CALL "[0-9]){6,13}(?![0-9])"
                "|(?<![0-9])\\(?0(?=[1-9][0-9])(?:" IN_CALL "[0-9]){9,10}(?![0-9])"
                "|(?<![0-9])(?:92(?:" IN_CALL "0)?" IN_CALL "|\\(?0[ ()-]{0,3})3(?:" IN_CALL
                "[0-9]){9}(?![0-9])"),
     SCRUB_CHECK_NONE},
    {BYTES_INIT("email"),
     BYTES_INIT("(?:" IN_NAME "{1,64}|\"[^\"]{1,64}\") ?@ ?(?:" IN_HOST "{1,63}\\.){1,8}"
                "(?:xn--[A-Za-z0-9-]{1,59}|[A-Za-z\\x{80}-\\x{10FFFF}]{2,24})"),
     SCRUB_CHECK_NONE},
    /* 2 to 4 letters, perhaps 2 digits of a year and a letter, 3 or 4 digits; small letters only
     * without a blank */
    {BYTES_INIT("plate"),
     BYTES_INIT("(?<![A-Za-z0-9])(?!(?i:FIR|PPC|CRPC|NO|RS|PKR|REF|SRO)\\b)"
                "(?:[A-Z]{2,4}[ -]{0,3}|[A-Za-z]{2,4}-?)"
                "(?:[0-9]{2}[A-Z]?[ -]{1,3})?[0-9]{3,4}(?![A-Za-z0-9])"),
     SCRUB_CHECK_NONE},
    {BYTES_INIT("card"), BYTES_INIT("(?<![0-9])[2-6][0-9]{3}(?:" BETWEEN "[0-9]){9,15}(?![0-9])"),
     SCRUB_CHECK_LUHN},
};

/* What is given to the reader of one list. */
struct scrub_reader {
    struct vocabulary_reader *reader;
    const struct document *items;
    struct scrub_pattern *patterns; /* beside the items; without a pattern after a report */
};

static size_t find_known(struct bytes name)
{
    for (size_t i = 0; i < COUNT_OF(known_patterns); i++) {
        if (bytes_equal(known_patterns[i].name, name)) {
            return i;
        }
    }
    return CATALOGUE_NONE;
}

static amanat_result read_known(struct vocabulary_reader *reader, const struct document *item,
                                struct scrub_pattern *out)
{
    const size_t index = find_known(item->text);
    struct pattern_fault fault;
    if (index == CATALOGUE_NONE) {
        char hint[SIMILAR_HINT_SIZE];
        struct similar similar;
        similar_begin(&similar, item->text);
        for (size_t i = 0; i < COUNT_OF(known_patterns); i++) {
            similar_offer(&similar, known_patterns[i].name);
        }
        REPORT(reader, item, "unknown-pattern",
               "there is no pattern `%.*s`; there are cnic, iban, phone, email, plate, card%s",
               BYTES_PRINTF(item->text), similar_hint_of(&similar, hint));
        return AMANAT_OK;
    }
    out->name = known_patterns[index].name;
    out->check = known_patterns[index].check;
    out->overlaps = true;
    return pattern_compile(reader->arena, known_patterns[index].text, PATTERN_SEARCHES_SHORT,
                           &fault, &out->pattern);
}

/* Whether folding leaves every character of the pattern as it is; else it could never match. */
static bool is_folded(struct bytes text)
{
    struct folded_text folded;
    bool same = true;
    folded_text_init(&folded, 8 * PATTERN_LENGTH_LIMIT);
    for (size_t at = 0; same && at < text.length;) {
        const size_t begin = at;
        const uint32_t scalar = utf8_next(text, &at);
        folded_text_reset(&folded);
        folded_text_add(&folded, scalar, begin, at);
        same = scalar < 0x80 ||
               bytes_equal(buffer_bytes(&folded.text), bytes_of(text.at + begin, at - begin));
    }
    folded_text_clear(&folded);
    return same;
}

static amanat_result read_own(struct vocabulary_reader *reader, const struct document *item,
                              struct scrub_pattern *out)
{
    static const struct bytes known[] = {BYTES_INIT("name"), BYTES_INIT("pattern")};
    const struct document *name = document_get(item, "name");
    const struct document *pattern = document_get(item, "pattern");
    for (size_t i = 0; i < item->count; i++) {
        const struct document_member *member = &item->members[i];
        if (!bytes_equal(member->key, known[0]) && !bytes_equal(member->key, known[1])) {
            vocabulary_refuse_key(reader, member, "a pattern of `scrub`", known, COUNT_OF(known));
        }
    }
    if (name == NULL || pattern == NULL) {
        REPORT(reader, item, "mode", "a pattern of your own has a `name` and a `pattern`");
        return AMANAT_OK;
    }
    if (name->kind != DOCUMENT_STRING || !catalogue_is_name(name->text) ||
        find_known(name->text) != CATALOGUE_NONE) {
        REPORT(reader, name, "name",
               "a pattern of your own is named like `fir-number`: lower-case letters, digits and "
               "hyphens, beginning with a letter, and not like one that is there already");
        return AMANAT_OK;
    }
    out->name = name->text;
    if (pattern->kind == DOCUMENT_STRING && !is_folded(pattern->text)) {
        REPORT(reader, pattern, "pattern",
               "this pattern can match nothing: it is compared with folded text, in which digits "
               "are 0 to 9, dashes are `-`, blanks are ` ` and letters have no marks");
        return AMANAT_OK;
    }
    return vocabulary_read_pattern(reader, pattern, PATTERN_SEARCHES, &out->pattern);
}

/* What stands in place of a match must not match itself, else replacing would never end. */
static amanat_result refuse_marks_that_match(const struct scrub_reader *scrub,
                                             struct pattern_matcher *matcher)
{
    struct vocabulary_reader *reader = scrub->reader;
    const size_t count = scrub->items->count;
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; scrub->patterns[i].pattern != NULL && k < count; k++) {
            const struct bytes mark =
                arena_format_bytes(reader->arena, "[%.*s]", BYTES_PRINTF(scrub->patterns[k].name));
            TRY_MEMORY(mark.at);
            pattern_matcher_begin(matcher, mark);
            if (pattern_find(matcher, scrub->patterns[i].pattern, mark, 0) != PATTERN_NOT_FOUND) {
                REPORT(reader, &scrub->items->items[i], "pattern",
                       "`%.*s` matches `%.*s`, which stands in place of what was replaced",
                       BYTES_PRINTF(scrub->patterns[i].name), BYTES_PRINTF(mark));
                break;
            }
        }
    }
    return AMANAT_OK;
}

static void refuse_doubles(const struct scrub_reader *scrub)
{
    for (size_t i = 1; i < scrub->items->count; i++) {
        for (size_t k = 0; k < i; k++) {
            if (scrub->patterns[i].name.length > 0 &&
                bytes_equal(scrub->patterns[i].name, scrub->patterns[k].name)) {
                REPORT(scrub->reader, &scrub->items->items[i], "name", "`%.*s` stands twice",
                       BYTES_PRINTF(scrub->patterns[i].name));
            }
        }
    }
}

static amanat_result read_items(const struct scrub_reader *scrub)
{
    for (size_t i = 0; i < scrub->items->count; i++) {
        const struct document *item = &scrub->items->items[i];
        if (item->kind == DOCUMENT_OBJECT) {
            TRY(read_own(scrub->reader, item, &scrub->patterns[i]));
        } else if (item->kind == DOCUMENT_STRING) {
            TRY(read_known(scrub->reader, item, &scrub->patterns[i]));
        } else {
            REPORT(scrub->reader, item, "type",
                   "an item of `scrub` is a name, or an object with `name` and `pattern`");
        }
    }
    return AMANAT_OK;
}

amanat_result vocabulary_read_scrub(struct vocabulary_reader *reader,
                                    const struct document_member *member,
                                    struct catalogue_label *label)
{
    struct scrub_reader scrub = {.reader = reader, .items = &member->value};
    struct pattern_matcher *matcher = NULL;
    if (member->value.kind != DOCUMENT_ARRAY || member->value.count == 0 ||
        member->value.count > PATTERNS_LIMIT) {
        REPORT(reader, &member->value, "mode", "`scrub` is a list of 1 to %d patterns",
               PATTERNS_LIMIT);
        return AMANAT_OK;
    }
    scrub.patterns =
        arena_allocate_array(reader->arena, member->value.count, sizeof(*scrub.patterns));
    TRY_MEMORY(scrub.patterns);
    TRY(read_items(&scrub));
    refuse_doubles(&scrub);
    TRY(pattern_matcher_new(&matcher));
    const amanat_result result = refuse_marks_that_match(&scrub, matcher);
    pattern_matcher_free(matcher);
    label->scrub.patterns = scrub.patterns;
    label->scrub.count = member->value.count;
    return result;
}
