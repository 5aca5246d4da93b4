/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fields to bytes: the members of an entry in the order of RFC 8785 §3.2.3 (their names are ASCII,
 * so byte order), no white space, integers only. Each function below writes its members in that
 * order by hand; the unit test holds the result against a sorting serialiser.
 *
 *   access agent asked asked_subjects bytes certificate decision disclosed facts fault gateway_ms
 *   kind last need operation part partner policies reason records rid route ruleset service
 *   status subjects subjects_more token trace upstream_ms upstream_status v withheld
 */
#include "gateway/trail/trail_entry.h"

#include <openssl/hmac.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/trail/trail_entry_own.h"
#include "gateway/trail/trail_tree.h"
#include "policy/base/base64.h"
#include "policy/base/guard.h"
#include "policy/base/utf8.h"

#define BODY_LIMIT       (TRAIL_ENTRY_LIMIT - TRAIL_ENTRY_HEADER_LIMIT)
#define PSEUDONYM_LENGTH 24u
#define SUBJECT_LENGTH   (PSEUDONYM_LENGTH + 3) /* quotes and a comma */
#define LIST_LIMIT       65536u
/* 2^53 - 1: beyond it readers of JSON disagree (RFC 8785 §3.2.2.3). */
#define NUMBER_LIMIT UINT64_C(9007199254740991)

/* ---- an object being written ---- */

struct object {
    struct buffer *out;
    bool any;    /* a member was written */
    bool broken; /* a text was no UTF-8 */
};

static void begin(struct object *object, struct buffer *out)
{
    *object = (struct object){.out = out};
    buffer_append_byte(out, '{');
}

static void end(struct object *object)
{
    buffer_append_byte(object->out, '}');
}

static void name_member(struct object *object, struct bytes name)
{
    if (object->any) {
        buffer_append_byte(object->out, ',');
    }
    object->any = true;
    buffer_append_json_string(object->out, name);
    buffer_append_byte(object->out, ':');
}

static void append_text(struct object *object, struct bytes text)
{
    object->broken = object->broken || !utf8_is_valid(text);
    buffer_append_json_string(object->out, text);
}

static void add_text(struct object *object, const char *name, struct bytes text)
{
    if (text.length > 0) {
        name_member(object, bytes_of_string(name));
        append_text(object, text);
    }
}

static void append_number(struct buffer *out, uint64_t number)
{
    buffer_append_number(out, (int64_t)(number > NUMBER_LIMIT ? NUMBER_LIMIT : number));
}

static void add_number(struct object *object, const char *name, uint64_t number)
{
    name_member(object, bytes_of_string(name));
    append_number(object->out, number);
}

static void add_flag(struct object *object, const char *name, bool flag)
{
    name_member(object, bytes_of_string(name));
    buffer_append_string(object->out, flag ? "true" : "false");
}

static void append_hex(struct buffer *out, const uint8_t *bytes, size_t length)
{
    buffer_append_byte(out, '"');
    hex_append(out, bytes_of((const char *)bytes, length));
    buffer_append_byte(out, '"');
}

static void add_hex(struct object *object, const char *name, const uint8_t *bytes, size_t length)
{
    name_member(object, bytes_of_string(name));
    append_hex(object->out, bytes, length);
}

static void add_digest(struct object *object, const char *name, const struct trail_digest *digest)
{
    if (digest != NULL) {
        add_hex(object, name, digest->at, sizeof(digest->at));
    }
}

static void add_digests(struct object *object, const char *name, const struct trail_digest *digests,
                        size_t count)
{
    if (count == 0) {
        return;
    }
    name_member(object, bytes_of_string(name));
    for (size_t i = 0; i < count; i++) {
        buffer_append_byte(object->out, i == 0 ? '[' : ',');
        append_hex(object->out, digests[i].at, sizeof(digests[i].at));
    }
    buffer_append_byte(object->out, ']');
}

/* `rid`: a salt of its own for each line, derived so that one line's does not tell another's. */
static void add_rid(struct object *object, const struct trail_salt *salt, uint32_t line)
{
    char hashed[sizeof("amanat-rid") + sizeof(salt->at) + sizeof(line)] = "amanat-rid";
    struct trail_digest digest;
    size_t at = sizeof("amanat-rid");

    memcpy(hashed + at, salt->at, sizeof(salt->at));
    at += sizeof(salt->at);
    for (unsigned i = 0; i < sizeof(line); i++) {
        hashed[at + i] = (char)(line >> (24 - 8 * i));
    }
    tree_hash_bytes(bytes_of(hashed, sizeof(hashed)), &digest);
    add_hex(object, "rid", digest.at, 16);
}

/* ---- lists that are sorted and added up before they are written ---- */

/* One label with its numbers; plain counts use the first. */
struct row {
    struct bytes label;
    uint64_t numbers[TRAIL_MODE_COUNT];
};

static int compare_rows(const void *a, const void *b)
{
    const struct row *left = a;
    const struct row *right = b;
    return bytes_compare(left->label, right->label);
}

static uint64_t add_saturating(uint64_t a, uint64_t b)
{
    return a > NUMBER_LIMIT - (b > NUMBER_LIMIT ? NUMBER_LIMIT : b) ? NUMBER_LIMIT : a + b;
}

/* Sorts, adds up rows of one label and drops those without a number. */
static size_t merge_rows(struct row *rows, size_t count)
{
    size_t kept = 0;

    qsort(rows, count, sizeof(*rows), compare_rows);
    for (size_t i = 0; i < count; i++) {
        uint64_t sum = 0;
        for (unsigned k = 0; k < TRAIL_MODE_COUNT; k++) {
            sum |= rows[i].numbers[k];
        }
        if (sum == 0) {
            continue;
        }
        if (kept > 0 && bytes_equal(rows[kept - 1].label, rows[i].label)) {
            for (unsigned k = 0; k < TRAIL_MODE_COUNT; k++) {
                rows[kept - 1].numbers[k] =
                    add_saturating(rows[kept - 1].numbers[k], rows[i].numbers[k]);
            }
            continue;
        }
        rows[kept] = rows[i];
        kept += 1;
    }
    return kept;
}

struct rows {
    struct row *items;
    size_t count;
};

static amanat_result rows_of_counts(const struct trail_count *counts, size_t count,
                                    struct rows *out)
{
    if (count > LIST_LIMIT) {
        return amanat_result_of(AMANAT_STATUS_LIMIT);
    }
    out->items = calloc(count + 1, sizeof(*out->items));
    TRY_MEMORY(out->items);
    for (size_t i = 0; i < count; i++) {
        out->items[i] = (struct row){.label = counts[i].label, .numbers = {counts[i].count}};
    }
    out->count = merge_rows(out->items, count);
    return AMANAT_OK;
}

static amanat_result rows_of_disclosed(const struct trail_disclosed *disclosed, size_t count,
                                       struct rows *out)
{
    if (count > LIST_LIMIT) {
        return amanat_result_of(AMANAT_STATUS_LIMIT);
    }
    out->items = calloc(count + 1, sizeof(*out->items));
    TRY_MEMORY(out->items);
    for (size_t i = 0; i < count; i++) {
        out->items[i].label = disclosed[i].label;
        memcpy(out->items[i].numbers, disclosed[i].modes, sizeof(disclosed[i].modes));
    }
    out->count = merge_rows(out->items, count);
    return AMANAT_OK;
}

static void add_counts(struct object *object, const char *name, const struct rows *rows)
{
    struct object counts;

    if (rows->count == 0) {
        return;
    }
    name_member(object, bytes_of_string(name));
    begin(&counts, object->out);
    for (size_t i = 0; i < rows->count; i++) {
        counts.broken = counts.broken || !utf8_is_valid(rows->items[i].label);
        name_member(&counts, rows->items[i].label);
        append_number(counts.out, rows->items[i].numbers[0]);
    }
    end(&counts);
    object->broken = object->broken || counts.broken;
}

static void add_modes(struct object *object, const struct row *row)
{
    static const struct {
        const char *name;
        enum trail_mode mode;
    } sorted[] = {{"coarsen", TRAIL_MODE_COARSEN},
                  {"mask", TRAIL_MODE_MASK},
                  {"reveal", TRAIL_MODE_REVEAL},
                  {"tokenize", TRAIL_MODE_TOKENIZE}};
    struct object modes;

    object->broken = object->broken || !utf8_is_valid(row->label);
    name_member(object, row->label);
    begin(&modes, object->out);
    for (size_t i = 0; i < sizeof(sorted) / sizeof(sorted[0]); i++) {
        if (row->numbers[sorted[i].mode] != 0) {
            add_number(&modes, sorted[i].name, row->numbers[sorted[i].mode]);
        }
    }
    end(&modes);
}

static void add_disclosed(struct object *object, const struct rows *rows)
{
    struct object labels;

    if (rows->count == 0) {
        return;
    }
    name_member(object, BYTES("disclosed"));
    begin(&labels, object->out);
    for (size_t i = 0; i < rows->count; i++) {
        add_modes(&labels, &rows->items[i]);
    }
    end(&labels);
    object->broken = object->broken || labels.broken;
}

static int compare_pseudonyms(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct trail_pseudonym));
}

struct pseudonyms {
    struct trail_pseudonym *items;
    size_t count;
};

/* A sorted copy without repetitions: the order in which records came says something about them. */
static amanat_result sort_pseudonyms(const struct trail_pseudonym *given, size_t count,
                                     struct pseudonyms *out)
{
    if (count > LIST_LIMIT) {
        return amanat_result_of(AMANAT_STATUS_LIMIT);
    }
    out->items = calloc(count + 1, sizeof(*out->items));
    TRY_MEMORY(out->items);
    if (count > 0) {
        memcpy(out->items, given, count * sizeof(*given));
        qsort(out->items, count, sizeof(*given), compare_pseudonyms);
    }
    for (size_t i = 0; i < count; i++) {
        if (i == 0 || compare_pseudonyms(&out->items[i], &out->items[out->count - 1]) != 0) {
            out->items[out->count] = out->items[i];
            out->count += 1;
        }
    }
    return AMANAT_OK;
}

static void add_pseudonyms(struct object *object, const char *name,
                           const struct trail_pseudonym *items, size_t count)
{
    if (count == 0) {
        return;
    }
    name_member(object, bytes_of_string(name));
    for (size_t i = 0; i < count; i++) {
        buffer_append_byte(object->out, i == 0 ? '[' : ',');
        append_text(object, bytes_of(items[i].text, strnlen(items[i].text, PSEUDONYM_LENGTH)));
    }
    buffer_append_byte(object->out, ']');
}

/* ---- access and intent ---- */

/* What is the same for all lines of one window. */
struct window {
    const struct trail_access *access;
    const struct trail_salt *salt;
    bool is_intent;
    struct rows asked;
    struct rows disclosed;
    struct rows withheld;
    struct pseudonyms asked_subjects;
    struct pseudonyms subjects;
};

/* What one line of it holds. */
struct line {
    uint32_t number;
    bool last;
    size_t asked_first;
    size_t asked_count;
    size_t subject_first;
    size_t subject_count;
};

static void clear_window(struct window *window)
{
    free(window->asked.items);
    free(window->disclosed.items);
    free(window->withheld.items);
    free(window->asked_subjects.items);
    free(window->subjects.items);
}

static amanat_result prepare_window(struct window *window)
{
    const struct trail_access *access = window->access;

    TRY(rows_of_counts(access->asked, access->asked_count, &window->asked));
    TRY(sort_pseudonyms(access->asked_subjects, access->asked_subject_count,
                        &window->asked_subjects));
    if (window->is_intent) {
        return AMANAT_OK;
    }
    TRY(rows_of_disclosed(access->disclosed, access->disclosed_count, &window->disclosed));
    TRY(rows_of_counts(access->withheld, access->withheld_count, &window->withheld));
    return sort_pseudonyms(access->subjects, access->subject_count, &window->subjects);
}

static const char *fault_name(enum trail_fault fault)
{
    switch (fault) {
    case TRAIL_FAULT_PARTNER:
        return "partner";
    case TRAIL_FAULT_UPSTREAM:
        return "upstream";
    case TRAIL_FAULT_GATEWAY:
        return "gateway";
    case TRAIL_FAULT_NONE:
        break;
    }
    return NULL;
}

static void add_need(struct object *object, const struct trail_need *need)
{
    struct object members;

    if (need->purpose.length == 0 && need->basis.length == 0 && !need->is_signed &&
        need->given_case == TRAIL_NEED_CASE_ABSENT) {
        return;
    }
    name_member(object, BYTES("need"));
    begin(&members, object->out);
    add_text(&members, "basis", need->basis);
    if (need->given_case != TRAIL_NEED_CASE_ABSENT) {
        add_text(&members, "case",
                 need->given_case == TRAIL_NEED_CASE_GIVEN ? BYTES("given") : BYTES("unknown"));
    }
    add_text(&members, "purpose", need->purpose);
    add_flag(&members, "signed", need->is_signed);
    end(&members);
    object->broken = object->broken || members.broken;
}

static void add_policies(struct object *object, const struct trail_access *access)
{
    if (access->policy_count == 0) {
        return;
    }
    name_member(object, BYTES("policies"));
    for (size_t i = 0; i < access->policy_count; i++) {
        buffer_append_byte(object->out, i == 0 ? '[' : ',');
        append_text(object, access->policies[i]);
    }
    buffer_append_byte(object->out, ']');
}

static void add_records(struct object *object, const struct trail_access *access)
{
    struct object records;

    if (access->records_disclosed == 0 && access->records_left_out == 0) {
        return;
    }
    name_member(object, BYTES("records"));
    begin(&records, object->out);
    add_number(&records, "disclosed", access->records_disclosed);
    add_number(&records, "left_out", access->records_left_out);
    if (access->records_over_limit > 0) {
        add_number(&records, "over_limit", access->records_over_limit);
    }
    end(&records);
}

static void add_status(struct object *object, const char *name, unsigned status)
{
    if (status != 0) {
        add_number(object, name, status);
    }
}

static bool is_zero(const struct trail_access_id *id)
{
    static const struct trail_access_id zero;
    return memcmp(id, &zero, sizeof(zero)) == 0;
}

/* The members up to "kind". */
static void add_first_members(struct object *object, const struct window *window,
                              const struct line *line, bool counts)
{
    const struct trail_access *access = window->access;

    add_hex(object, "access", access->access.at, sizeof(access->access.at));
    add_text(object, "agent", access->agent);
    if (line->number == 0) {
        add_counts(object, "asked", &window->asked);
    }
    add_pseudonyms(object, "asked_subjects", window->asked_subjects.items + line->asked_first,
                   line->asked_count);
    if (counts) {
        add_number(object, "bytes", access->bytes);
    }
    add_digest(object, "certificate", access->certificate);
    add_text(object, "decision",
             access->decision == TRAIL_DECISION_PERMIT ? BYTES("permit") : BYTES("refuse"));
    if (counts) {
        add_disclosed(object, &window->disclosed);
    }
    add_digests(object, "facts", access->facts, access->facts_count);
    if (counts) {
        add_text(object, "fault", bytes_of_string(fault_name(access->fault)));
        add_number(object, "gateway_ms", access->gateway_ms);
    }
    add_text(object, "kind", window->is_intent ? BYTES("intent") : BYTES("access"));
}

/* The members after it. */
static void add_other_members(struct object *object, const struct window *window,
                              const struct line *line, bool counts)
{
    const struct trail_access *access = window->access;

    add_flag(object, "last", line->last);
    add_need(object, &access->need);
    add_text(object, "operation", access->operation);
    add_number(object, "part", (uint64_t)access->part + line->number);
    add_text(object, "partner", access->partner);
    add_policies(object, access);
    add_text(object, "reason", access->reason);
    if (counts) {
        add_records(object, access);
    }
    add_rid(object, window->salt, line->number);
    add_text(object, "route", access->route);
    add_digest(object, "ruleset", access->ruleset);
    add_text(object, "service", access->service);
    if (counts) {
        add_status(object, "status", access->status);
    }
    add_pseudonyms(object, "subjects", window->subjects.items + line->subject_first,
                   line->subject_count);
    if (counts && access->subjects_more > 0) {
        add_number(object, "subjects_more", access->subjects_more);
    }
    add_text(object, "token", access->token);
    if (!is_zero(&access->trace)) {
        add_hex(object, "trace", access->trace.at, sizeof(access->trace.at));
    }
    if (counts && access->upstream_status != 0) {
        add_number(object, "upstream_ms", access->upstream_ms);
        add_number(object, "upstream_status", access->upstream_status);
    }
    add_number(object, "v", TRAIL_ENTRY_VERSION);
    if (counts) {
        add_counts(object, "withheld", &window->withheld);
    }
}

static amanat_result append_line(struct buffer *out, const struct window *window,
                                 const struct line *line)
{
    struct object object;
    const bool counts = line->number == 0 && !window->is_intent;

    begin(&object, out);
    add_first_members(&object, window, line, counts);
    add_other_members(&object, window, line, counts);
    end(&object);
    return object.broken ? amanat_result_of(AMANAT_STATUS_BUG) : buffer_check(out);
}

/* Spreads the subjects: as many as fit beside the other members. */
static amanat_result append_window(struct buffer *lines, const struct window *window,
                                   uint32_t *out_parts)
{
    struct line line = {0};
    size_t asked_left = window->asked_subjects.count;
    size_t subjects_left = window->subjects.count;

    do {
        const size_t start = lines->length;
        line.asked_count = 0;
        line.subject_count = 0;
        TRY(append_line(lines, window, &line));
        const size_t fixed =
            lines->length - start + sizeof("\"asked_subjects\":[],\"subjects\":[],");
        buffer_truncate(lines, start);
        if (fixed > BODY_LIMIT || line.number >= TRAIL_ENTRY_PARTS_LIMIT) {
            return amanat_result_of(AMANAT_STATUS_LIMIT);
        }
        const size_t room = (BODY_LIMIT - fixed) / SUBJECT_LENGTH;
        line.asked_count = asked_left < room ? asked_left : room;
        const size_t rest = room - line.asked_count;
        line.subject_count = subjects_left < rest ? subjects_left : rest;
        asked_left -= line.asked_count;
        subjects_left -= line.subject_count;
        if (room == 0 && asked_left + subjects_left > 0) {
            return amanat_result_of(AMANAT_STATUS_LIMIT);
        }
        line.last = window->access->last && asked_left + subjects_left == 0;
        TRY(append_line(lines, window, &line));
        buffer_append_byte(lines, '\n');
        TRY(buffer_check(lines));
        line.asked_first += line.asked_count;
        line.subject_first += line.subject_count;
        line.number += 1;
    } while (asked_left + subjects_left > 0);
    if (out_parts != NULL) {
        *out_parts = line.number;
    }
    return AMANAT_OK;
}

static amanat_result serialise(struct buffer *lines, struct window *window, uint32_t *out_parts)
{
    const size_t start = lines->length;
    amanat_result result = prepare_window(window);

    if (amanat_is_ok(result)) {
        result = append_window(lines, window, out_parts);
    }
    clear_window(window);
    if (!amanat_is_ok(result)) {
        buffer_truncate(lines, start);
    }
    return result;
}

amanat_result trail_entry_append_access(struct buffer *lines, const struct trail_access *access,
                                        const struct trail_salt *salt, uint32_t *out_parts)
{
    struct window window = {.access = access, .salt = salt};
    return serialise(lines, &window, out_parts);
}

amanat_result trail_entry_append_intent(struct buffer *lines, const struct trail_access *access,
                                        const struct trail_salt *salt, uint32_t *out_parts)
{
    struct window window = {.access = access, .salt = salt, .is_intent = true};
    return serialise(lines, &window, out_parts);
}

/* ---- the other kinds ---- */

static amanat_result finish_line(struct object *object, size_t start)
{
    struct buffer *lines = object->out;
    amanat_result result = AMANAT_OK;

    end(object);
    buffer_append_byte(lines, '\n');
    if (object->broken) {
        result = amanat_result_of(AMANAT_STATUS_BUG);
    } else if (lines->broken || lines->length - start > BODY_LIMIT) {
        result = amanat_result_of(AMANAT_STATUS_LIMIT);
    }
    if (!amanat_is_ok(result)) {
        buffer_truncate(lines, start);
    }
    return result;
}

amanat_result trail_entry_append_policy(struct buffer *lines, const struct trail_policy *policy,
                                        const struct trail_salt *salt)
{
    const size_t start = lines->length;
    struct object object;

    begin(&object, lines);
    add_digests(&object, "facts", policy->facts, policy->facts_count);
    add_text(&object, "kind", BYTES("policy"));
    add_number(&object, "policies", policy->policy_count);
    add_rid(&object, salt, 0);
    add_digest(&object, "ruleset", &policy->ruleset);
    add_number(&object, "v", TRAIL_ENTRY_VERSION);
    return finish_line(&object, start);
}

amanat_result trail_entry_append_anchor(struct buffer *lines, const struct trail_anchor *anchor,
                                        const struct trail_salt *salt)
{
    const size_t start = lines->length;
    struct object object;

    begin(&object, lines);
    add_text(&object, "anchor", anchor->name);
    add_number(&object, "bytes", anchor->bytes);
    add_digest(&object, "digest", &anchor->digest);
    add_text(&object, "file", anchor->file);
    add_text(&object, "kind", BYTES("anchor"));
    add_text(&object, "method", anchor->kind);
    add_number(&object, "offset", anchor->offset);
    add_rid(&object, salt, 0);
    add_digest(&object, "root", &anchor->root);
    add_number(&object, "size", anchor->size);
    add_number(&object, "time", anchor->time < 0 ? 0 : (uint64_t)anchor->time);
    add_number(&object, "v", TRAIL_ENTRY_VERSION);
    return finish_line(&object, start);
}

amanat_result trail_entry_append_cosign(struct buffer *lines, const struct trail_cosign *cosign,
                                        const struct trail_salt *salt)
{
    const size_t start = lines->length;
    struct object object;

    begin(&object, lines);
    add_text(&object, "kind", BYTES("cosign"));
    add_text(&object, "note", cosign->note);
    add_text(&object, "origin", cosign->origin);
    add_rid(&object, salt, 0);
    add_digest(&object, "root", &cosign->root);
    add_number(&object, "size", cosign->size);
    add_number(&object, "v", TRAIL_ENTRY_VERSION);
    return finish_line(&object, start);
}

amanat_result trail_entry_append_refused(struct buffer *lines, const struct trail_count *counts,
                                         size_t count, uint64_t seconds,
                                         const struct trail_salt *salt)
{
    const size_t start = lines->length;
    struct rows rows = {0};
    struct object object;

    TRY(rows_of_counts(counts, count, &rows));
    begin(&object, lines);
    add_counts(&object, "counts", &rows);
    add_text(&object, "kind", BYTES("refused"));
    add_rid(&object, salt, 0);
    add_number(&object, "seconds", seconds);
    add_number(&object, "v", TRAIL_ENTRY_VERSION);
    free(rows.items);
    return finish_line(&object, start);
}

amanat_result trail_entry_append_tick(struct buffer *lines, const struct trail_salt *salt)
{
    const size_t start = lines->length;
    struct object object;

    begin(&object, lines);
    add_text(&object, "kind", BYTES("tick"));
    add_rid(&object, salt, 0);
    add_number(&object, "v", TRAIL_ENTRY_VERSION);
    return finish_line(&object, start);
}

amanat_result trail_entry_append_recover(struct buffer *lines, const struct trail_recover *recover,
                                         const struct trail_salt *salt)
{
    const size_t start = lines->length;
    struct object object;

    begin(&object, lines);
    if (recover->attempts > 0) {
        add_number(&object, "attempts", recover->attempts);
    }
    add_number(&object, "bytes", recover->bytes);
    add_text(&object, "cause", bytes_of_string(recover->cause));
    add_digest(&object, "digest", recover->digest);
    add_text(&object, "file", bytes_of_string(recover->file));
    add_text(&object, "kind", BYTES("recover"));
    add_number(&object, "offset", recover->offset);
    add_text(&object, "quarantine", bytes_of_string(recover->quarantine));
    add_rid(&object, salt, 0);
    add_number(&object, "v", TRAIL_ENTRY_VERSION);
    return finish_line(&object, start);
}

amanat_result trail_entry_append_clock(struct buffer *lines, int64_t step_ms,
                                       const struct trail_salt *salt)
{
    const size_t start = lines->length;
    struct object object;

    begin(&object, lines);
    add_text(&object, "kind", BYTES("clock"));
    add_rid(&object, salt, 0);
    name_member(&object, BYTES("step_ms"));
    buffer_append_number(lines, step_ms);
    add_number(&object, "v", TRAIL_ENTRY_VERSION);
    return finish_line(&object, start);
}

amanat_result trail_pseudonym(struct bytes key, struct bytes kind, struct bytes id,
                              struct trail_pseudonym *out)
{
    unsigned char hash[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    struct buffer message;
    struct buffer text;

    if (key.length == 0 || key.length > 1024 || kind.length > 256 || id.length > 65536) {
        return amanat_result_of(AMANAT_STATUS_LIMIT);
    }
    buffer_init(&message, kind.length + 1 + id.length);
    buffer_append(&message, kind);
    buffer_append_byte(&message, '\0');
    buffer_append(&message, id);
    const bool hashed = !message.broken && HMAC(EVP_sha256(), key.at, (int)key.length,
                                                (const unsigned char *)message.at, message.length,
                                                hash, &length) != NULL;
    buffer_clear(&message);
    if (!hashed) {
        return amanat_result_of(AMANAT_STATUS_MEMORY);
    }
    buffer_init(&text, sizeof(out->text));
    buffer_append_string(&text, "p:");
    base64url_append(&text, bytes_of((const char *)hash, 16));
    const amanat_result result = buffer_check(&text);
    if (amanat_is_ok(result)) {
        ASSERT(text.length == PSEUDONYM_LENGTH);
        memcpy(out->text, text.at, text.length);
        out->text[text.length] = '\0';
    }
    buffer_clear(&text);
    return result;
}
