/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads vocabulary.yaml (design 2). Every key is either understood or refused with its position: a
 * vocabulary with a misspelt mode would silently disclose otherwise than its author believes.
 */
#include "policy/catalogue/vocabulary_read.h"

#include "policy/base/guard.h"
#include "policy/base/similar.h"
#include "policy/catalogue/vocabulary_reader.h"

#define REPORT VOCABULARY_REPORT
/* What a plan holds for each label is counted in bytes per record; nobody has more words. */
#define NAMES_LIMIT  4096
#define NAME_LENGTH  64
#define LABEL_LENGTH 128
#define GROUP_LIMIT  1000000

bool catalogue_is_name(struct bytes name)
{
    if (name.length == 0 || name.length > NAME_LENGTH || name.at[0] < 'a' || name.at[0] > 'z') {
        return false;
    }
    for (size_t i = 0; i < name.length; i++) {
        const char byte = name.at[i];
        if (!((byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') || byte == '-')) {
            return false;
        }
    }
    return true;
}

/* `about` and `dpv` are for people and other tools: any text. */
static bool is_documentation(struct vocabulary_reader *reader, const struct document_member *member)
{
    if (!bytes_equal(member->key, BYTES("about")) && !bytes_equal(member->key, BYTES("dpv"))) {
        return false;
    }
    if (member->value.kind != DOCUMENT_STRING) {
        REPORT(reader, &member->value, "type", "`%.*s` must be a string",
               BYTES_PRINTF(member->key));
    }
    return true;
}

/* ---- labels ---- */

static size_t find_label(const struct vocabulary_reader *reader, struct bytes name)
{
    const size_t *index = map_get(&reader->label_indexes, name);
    return index == NULL ? CATALOGUE_NONE : *index;
}

/* Adds a label after its ancestors, so that a parent's index is always smaller. */
static amanat_result add_label(struct vocabulary_reader *reader, struct bytes name, size_t *out)
{
    size_t parent = CATALOGUE_NONE;
    for (size_t end = 0; end <= name.length; end++) {
        if (end < name.length && name.at[end] != '.') {
            continue;
        }
        const struct bytes part = bytes_first(name, end);
        size_t index = find_label(reader, part);
        if (index == CATALOGUE_NONE) {
            struct catalogue_label *label = VECTOR_PUSH(reader->arena, &reader->labels);
            size_t *slot = ARENA_NEW(reader->arena, size_t);
            TRY_MEMORY(label);
            TRY_MEMORY(slot);
            *label = (struct catalogue_label){.name = part, .parent = parent};
            label->defines[DISCLOSURE_REVEAL] = true;
            index = reader->labels.count - 1;
            *slot = index;
            TRY(map_put(reader->arena, &reader->label_indexes, part, slot));
        }
        parent = index;
    }
    *out = parent;
    return AMANAT_OK;
}

static bool is_label_name(struct bytes name)
{
    size_t start = 0;
    for (size_t end = 0; end <= name.length; end++) {
        if (end == name.length || name.at[end] == '.') {
            if (!catalogue_is_name(bytes_of(name.at + start, end - start))) {
                return false;
            }
            start = end + 1;
        }
    }
    return name.length > 0 && name.length <= LABEL_LENGTH;
}

/* What a label says of a mode, kept to compare it with what others say. */
static amanat_result keep_definition(struct vocabulary_reader *reader,
                                     const struct document_member *member, struct bytes *out)
{
    struct buffer text;
    buffer_init(&text, SIZE_MAX / 2);
    document_append_json(&text, &member->value);
    amanat_result result = buffer_check(&text);
    if (amanat_is_ok(result)) {
        result = arena_copy_bytes(reader->arena, buffer_bytes(&text), out);
    }
    buffer_clear(&text);
    return result;
}

static amanat_result read_label_key(struct vocabulary_reader *reader,
                                    const struct document_member *member, size_t index)
{
    static const struct bytes known[] = {
        BYTES_INIT("mask"),      BYTES_INIT("tokenize"), BYTES_INIT("coarsen"), BYTES_INIT("scrub"),
        BYTES_INIT("min_group"), BYTES_INIT("about"),    BYTES_INIT("dpv")};
    struct catalogue_label *label = &reader->labels.items[index];
    if (is_documentation(reader, member)) {
        return AMANAT_OK;
    }
    if (bytes_equal(member->key, known[0])) {
        TRY(keep_definition(reader, member, &label->definitions[DISCLOSURE_MASK]));
        return vocabulary_read_mask(reader, member, label);
    }
    if (bytes_equal(member->key, known[1])) {
        return vocabulary_read_tokenize(reader, member, index);
    }
    if (bytes_equal(member->key, known[2])) {
        TRY(keep_definition(reader, member, &label->definitions[DISCLOSURE_COARSEN]));
        return vocabulary_read_coarsen(reader, member, label);
    }
    if (bytes_equal(member->key, known[3])) {
        TRY(keep_definition(reader, member, &label->definitions[DISCLOSURE_REVEAL]));
        return vocabulary_read_scrub(reader, member, label);
    }
    if (bytes_equal(member->key, known[4])) {
        (void)vocabulary_read_number(reader, member, 2, GROUP_LIMIT, &label->min_group);
        return AMANAT_OK;
    }
    vocabulary_refuse_key(reader, member, "a label", known, sizeof(known) / sizeof(known[0]));
    return AMANAT_OK;
}

static amanat_result read_labels(struct vocabulary_reader *reader, const struct document *labels)
{
    if (!vocabulary_expect_object(reader, labels, "`labels`")) {
        return AMANAT_OK;
    }
    for (size_t i = 0; i < labels->count; i++) {
        const struct document_member *member = &labels->members[i];
        if (!is_label_name(member->key)) {
            REPORT(reader, member, "name",
                   "a label is made of parts such as `person.cnic`: lower-case letters, digits and "
                   "hyphens, each beginning with a letter");
            continue;
        }
        if (reader->labels.count >= NAMES_LIMIT) {
            REPORT(reader, member, "limit", "more than %d labels", NAMES_LIMIT);
            return AMANAT_OK;
        }
        size_t index = 0;
        TRY(add_label(reader, member->key, &index));
        reader->labels.items[index].line = member->line;
        if (member->value.kind == DOCUMENT_NULL ||
            !vocabulary_expect_object(reader, &member->value, "a label")) {
            continue;
        }
        for (size_t k = 0; k < member->value.count; k++) {
            TRY(read_label_key(reader, &member->value.members[k], index));
        }
    }
    return vocabulary_settle_links(reader);
}

/* ---- purposes ---- */

static size_t find_purpose(const struct vocabulary_reader *reader, struct bytes name)
{
    for (size_t i = 0; i < reader->purposes.count; i++) {
        if (bytes_equal(reader->purposes.items[i].purpose.name, name)) {
            return i;
        }
    }
    return CATALOGUE_NONE;
}

/* A list of strings; false after a report. */
static bool expect_strings(struct vocabulary_reader *reader, const struct document_member *member)
{
    bool strings = member->value.kind == DOCUMENT_ARRAY;
    for (size_t i = 0; strings && i < member->value.count; i++) {
        const struct document *item = &member->value.items[i];
        strings = item->kind == DOCUMENT_STRING && item->text.length > 0;
    }
    if (!strings) {
        REPORT(reader, &member->value, "type", "`%.*s` must be a list of strings",
               BYTES_PRINTF(member->key));
    }
    return strings;
}

static amanat_result read_purpose_parents(struct vocabulary_reader *reader,
                                          const struct document_member *member,
                                          struct catalogue_purpose *purpose)
{
    if (!expect_strings(reader, member)) {
        return AMANAT_OK;
    }
    size_t *parents = arena_allocate_array(reader->arena, member->value.count, sizeof(*parents));
    struct bytes *names =
        arena_allocate_array(reader->arena, reader->purposes.count, sizeof(*names));
    TRY_MEMORY(parents);
    TRY_MEMORY(names);
    for (size_t i = 0; i < reader->purposes.count; i++) {
        names[i] = reader->purposes.items[i].purpose.name;
    }
    purpose->parents = parents;
    for (size_t i = 0; i < member->value.count; i++) {
        const struct document *item = &member->value.items[i];
        const size_t parent = find_purpose(reader, item->text);
        if (parent != CATALOGUE_NONE) {
            parents[purpose->parent_count++] = parent;
            continue;
        }
        char hint[SIMILAR_HINT_SIZE];
        REPORT(reader, item, "unknown-purpose", "there is no purpose `%.*s`%s",
               BYTES_PRINTF(item->text),
               similar_hint(item->text, names, reader->purposes.count, hint));
    }
    return AMANAT_OK;
}

static amanat_result read_purpose_bases(struct vocabulary_reader *reader,
                                        const struct document_member *member,
                                        struct catalogue_purpose *purpose)
{
    if (!expect_strings(reader, member)) {
        return AMANAT_OK;
    }
    struct bytes *bases = arena_allocate_array(reader->arena, member->value.count, sizeof(*bases));
    TRY_MEMORY(bases);
    for (size_t i = 0; i < member->value.count; i++) {
        bases[i] = member->value.items[i].text;
    }
    purpose->bases = bases;
    purpose->basis_count = member->value.count;
    return AMANAT_OK;
}

static amanat_result read_purpose(struct vocabulary_reader *reader, struct purpose_entry *entry)
{
    static const struct bytes known[] = {BYTES_INIT("about"), BYTES_INIT("dpv"), BYTES_INIT("in"),
                                         BYTES_INIT("basis")};
    const struct document *value = &entry->at->value;
    if (value->kind == DOCUMENT_NULL || !vocabulary_expect_object(reader, value, "a purpose")) {
        return AMANAT_OK;
    }
    for (size_t i = 0; i < value->count; i++) {
        const struct document_member *member = &value->members[i];
        if (is_documentation(reader, member)) {
            continue;
        }
        if (bytes_equal(member->key, known[2])) {
            TRY(read_purpose_parents(reader, member, &entry->purpose));
        } else if (bytes_equal(member->key, known[3])) {
            TRY(read_purpose_bases(reader, member, &entry->purpose));
        } else {
            vocabulary_refuse_key(reader, member, "a purpose", known, 4);
        }
    }
    return AMANAT_OK;
}

/* Whether some parent of the purpose is still unsettled; which one. */
static size_t unsettled_parent(const struct catalogue_purpose *purpose, const bool *settled)
{
    for (size_t i = 0; i < purpose->parent_count; i++) {
        if (!settled[purpose->parents[i]]) {
            return purpose->parents[i];
        }
    }
    return CATALOGUE_NONE;
}

/* Settles every purpose whose parents are settled, until nothing moves; what is left lies on a
 * cycle or below one, and walking upwards from it leads into the cycle. */
static amanat_result refuse_purpose_cycles(struct vocabulary_reader *reader)
{
    const size_t count = reader->purposes.count;
    bool *settled = arena_allocate_array(reader->arena, count, sizeof(*settled));
    TRY_MEMORY(settled);
    bool moved = true;
    while (moved) {
        moved = false;
        for (size_t i = 0; i < count; i++) {
            if (!settled[i] &&
                unsettled_parent(&reader->purposes.items[i].purpose, settled) == CATALOGUE_NONE) {
                settled[i] = true;
                moved = true;
            }
        }
    }
    size_t at = 0;
    while (at < count && settled[at]) {
        at++;
    }
    if (at == count) {
        return AMANAT_OK;
    }
    for (size_t step = 0; step < count; step++) {
        at = unsettled_parent(&reader->purposes.items[at].purpose, settled);
    }
    const struct purpose_entry *entry = &reader->purposes.items[at];
    REPORT(reader, entry->at, "purpose-cycle", "the purpose `%.*s` lies in itself",
           BYTES_PRINTF(entry->purpose.name));
    return AMANAT_OK;
}

static amanat_result read_purposes(struct vocabulary_reader *reader,
                                   const struct document *purposes)
{
    if (!vocabulary_expect_object(reader, purposes, "`purposes`")) {
        return AMANAT_OK;
    }
    for (size_t i = 0; i < purposes->count; i++) {
        const struct document_member *member = &purposes->members[i];
        if (!catalogue_is_name(member->key) || i >= NAMES_LIMIT) {
            REPORT(reader, member, "name",
                   "a purpose is named like `vehicle-crime`: lower-case letters, digits and "
                   "hyphens, beginning with a letter (at most %d of them)",
                   NAMES_LIMIT);
            continue;
        }
        struct purpose_entry *entry = VECTOR_PUSH(reader->arena, &reader->purposes);
        TRY_MEMORY(entry);
        entry->purpose = (struct catalogue_purpose){.name = member->key, .line = member->line};
        entry->at = member;
    }
    for (size_t i = 0; i < reader->purposes.count; i++) {
        TRY(read_purpose(reader, &reader->purposes.items[i]));
    }
    return refuse_purpose_cycles(reader);
}

/* ---- subjects ---- */

static bool read_normalise(const struct document *value, enum subject_normalise *out)
{
    static const struct {
        const char *name;
        enum subject_normalise normalise;
    } known[] = {
        {"digits", SUBJECT_DIGITS}, {"upper-alnum", SUBJECT_UPPER_ALNUM}, {"lower", SUBJECT_LOWER}};
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (document_is_string(value, known[i].name)) {
            *out = known[i].normalise;
            return true;
        }
    }
    return false;
}

static void read_subject(struct vocabulary_reader *reader, const struct document *value,
                         struct catalogue_subject *subject)
{
    static const struct bytes known[] = {BYTES_INIT("about"), BYTES_INIT("dpv"),
                                         BYTES_INIT("normalise")};
    if (value->kind == DOCUMENT_NULL ||
        !vocabulary_expect_object(reader, value, "a kind of subject")) {
        return;
    }
    for (size_t i = 0; i < value->count; i++) {
        const struct document_member *member = &value->members[i];
        if (is_documentation(reader, member)) {
            continue;
        }
        if (!bytes_equal(member->key, known[2])) {
            vocabulary_refuse_key(reader, member, "a kind of subject", known, 3);
        } else if (!read_normalise(&member->value, &subject->normalise)) {
            REPORT(reader, &member->value, "normalise",
                   "`normalise` is one of digits, upper-alnum, lower");
        }
    }
}

static amanat_result read_subjects(struct vocabulary_reader *reader,
                                   const struct document *subjects)
{
    if (!vocabulary_expect_object(reader, subjects, "`subjects`")) {
        return AMANAT_OK;
    }
    for (size_t i = 0; i < subjects->count; i++) {
        const struct document_member *member = &subjects->members[i];
        if (!catalogue_is_name(member->key) || i >= NAMES_LIMIT) {
            REPORT(reader, member, "name",
                   "a kind of subject is named like `cnic`: lower-case letters, digits and "
                   "hyphens, beginning with a letter (at most %d of them)",
                   NAMES_LIMIT);
            continue;
        }
        struct catalogue_subject *subject = VECTOR_PUSH(reader->arena, &reader->subjects);
        TRY_MEMORY(subject);
        subject->kind = member->key;
        read_subject(reader, &member->value, subject);
    }
    return AMANAT_OK;
}

/* ---- the whole ---- */

static amanat_result read_sections(struct vocabulary_reader *reader, const struct document *root)
{
    static const struct bytes known[] = {BYTES_INIT("labels"), BYTES_INIT("purposes"),
                                         BYTES_INIT("subjects")};
    for (size_t i = 0; i < root->count; i++) {
        const struct document_member *member = &root->members[i];
        if (bytes_equal(member->key, known[0])) {
            TRY(read_labels(reader, &member->value));
        } else if (bytes_equal(member->key, known[1])) {
            TRY(read_purposes(reader, &member->value));
        } else if (bytes_equal(member->key, known[2])) {
            TRY(read_subjects(reader, &member->value));
        } else {
            vocabulary_refuse_key(reader, member, "a vocabulary", known, 3);
        }
    }
    return AMANAT_OK;
}

amanat_result vocabulary_read(struct arena *arena, const char *source, const struct document *root,
                              struct amanat_diagnostics *diagnostics, struct vocabulary *out)
{
    struct vocabulary_reader reader = {
        .arena = arena, .source = source, .diagnostics = diagnostics};
    if (vocabulary_expect_object(&reader, root, "vocabulary.yaml")) {
        TRY(read_sections(&reader, root));
    }
    if (reader.faulty) {
        return amanat_result_of(AMANAT_STATUS_CONFIG_FAULT);
    }
    struct catalogue_purpose *purposes =
        arena_allocate_array(arena, reader.purposes.count, sizeof(*purposes));
    TRY_MEMORY(purposes);
    for (size_t i = 0; i < reader.purposes.count; i++) {
        purposes[i] = reader.purposes.items[i].purpose;
    }
    *out = (struct vocabulary){
        .labels = reader.labels.items,
        .label_count = reader.labels.count,
        .purposes = purposes,
        .purpose_count = reader.purposes.count,
        .subjects = reader.subjects.items,
        .subject_count = reader.subjects.count,
    };
    return AMANAT_OK;
}
