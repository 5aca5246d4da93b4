/* SPDX-License-Identifier: Apache-2.0 */
/* The plan, the question and what may show; the folder's text is written in interference_folder.c.
 */
#include "interference_case.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "interference_folder.h"
#include "policy/base/document.h"
#include "policy/base/guard.h"
#include "policy/redact/layout.h"

/* ---- the question ---- */

static uint64_t hash_document(const struct document *value)
{
    uint64_t hash = mix((uint64_t)value->kind, value->boolean ? 1 : 2);
    hash = mix(hash, bytes_hash(value->text));
    for (size_t i = 0; i < value->count; i++) {
        if (value->kind == DOCUMENT_ARRAY) {
            hash = mix(hash, hash_document(&value->items[i]));
        } else { /* whatever order members have */
            hash += mix(bytes_hash(value->members[i].key), hash_document(&value->members[i].value));
        }
    }
    return hash;
}

static uint64_t hash_question(struct interference_case *made, const struct record_question *asked)
{
    uint64_t hash = mix(made->answers, asked->record);
    for (size_t i = 0; i < asked->attribute_count; i++) {
        const struct document *value = NULL;
        ASSERT(amanat_is_ok(document_from_json(made->scratch, "attribute",
                                               asked->attributes[i].text, NULL, &value)));
        hash += mix(asked->attributes[i].index, hash_document(value));
        arena_reset(made->scratch);
    }
    return hash;
}

/* One record in four is nobody's business, one in sixteen has a wrong attribute. */
static amanat_result answer(void *context, const struct record_question *record,
                            const struct record_question *outer, size_t outer_count, uint8_t *modes,
                            bool *out_valid)
{
    struct interference_case *made = context;
    const struct plan_verdict *verdicts = made->plan.records[record->record].verdicts;
    uint64_t hash = hash_question(made, record);
    for (size_t i = 0; i < outer_count; i++) {
        hash = mix(hash, hash_question(made, &outer[i]));
    }
    *out_valid = hash % 16 != 1;
    for (size_t label = 0; label < made->catalogue->vocabulary.label_count; label++) {
        const uint8_t strongest = verdicts[label].strongest;
        const uint64_t drawn = mix(hash, label) % 8;
        if (hash % 4 == 3 || drawn == 7) {
            modes[label] = DISCLOSURE_WITHHELD;
        } else {
            modes[label] = (uint8_t)(drawn < 5 || strongest == 0 ? strongest : strongest - 1);
        }
    }
    return AMANAT_OK;
}

/* ---- the plan ---- */

static struct plan_verdict *make_verdicts(struct interference_case *made, struct choices *choices,
                                          bool *out_asks)
{
    const size_t count = made->catalogue->vocabulary.label_count;
    struct plan_verdict *verdicts = arena_allocate_array(made->arena, count, sizeof(*verdicts));
    ASSERT(verdicts != NULL);
    for (size_t i = 0; i < count; i++) {
        /* what a list shows must come to something */
        const bool shows = made->is_listing && chance(choices, 40);
        const unsigned drawn = shows ? DISCLOSURE_REVEAL : choose(choices, 9);
        verdicts[i].strongest = (uint8_t)(drawn < DISCLOSURE_MODE_COUNT ? drawn
                                          : drawn < 8                   ? DISCLOSURE_REVEAL
                                                                        : DISCLOSURE_WITHHELD);
        verdicts[i].depends_on_record = out_asks != NULL && chance(choices, 50);
        if (verdicts[i].depends_on_record) {
            *out_asks = true;
        }
    }
    return verdicts;
}

static void make_reads(struct interference_case *made, struct choices *choices, size_t record,
                       struct plan_record *out)
{
    struct catalogue_record *type = &made->catalogue->records[record];
    bool *reads = arena_allocate_array(made->arena, type->attribute_count + 1, sizeof(*reads));
    ASSERT(reads != NULL);
    for (size_t i = 0; i < type->attribute_count; i++) {
        type->attributes[i].read = chance(choices, 60);
        reads[i] = chance(choices, 70);
    }
    out->reads = chance(choices, 50) ? reads : NULL;
}

static void make_plan(struct interference_case *made, struct choices *choices)
{
    const size_t count = made->catalogue->record_count;
    struct plan_record *records = arena_allocate_array(made->arena, count + 1, sizeof(*records));
    ASSERT(records != NULL);
    for (size_t i = 0; i < count; i++) {
        records[i].verdicts = make_verdicts(made, choices, &records[i].asks);
        make_reads(made, choices, i, &records[i]);
    }
    made->answers = choose(choices, 1U << 30);
    made->plan = (struct plan){.catalogue = made->catalogue,
                               .service = make_verdicts(made, choices, NULL),
                               .records = records,
                               .ask = answer,
                               .ask_context = made,
                               .partner = BYTES("partner"),
                               .tokenize_key = BYTES("0123456789abcdef0123456789abcdef")};
    ASSERT(amanat_is_ok(layouts_new(made->arena, (size_t)1 << 20, &made->plan.layouts)));
}

void interference_case_make_folder(struct interference_case *made, struct choices *choices,
                                   unsigned number, unsigned listings)
{
    *made = (struct interference_case){.number = number,
                                       .arena = arena_new((size_t)64 << 20),
                                       .scratch = arena_new((size_t)64 << 20),
                                       .known = calloc(INTERFERENCE_KNOWN, sizeof(*made->known))};
    ASSERT(made->arena != NULL && made->scratch != NULL && made->known != NULL);
    buffer_init(&made->vocabulary, 1 << 20);
    buffer_init(&made->service, 1 << 20);
    made->ndjson = chance(choices, 20);
    made->record_limit = chance(choices, 25) ? 16 + choose(choices, 300) : 0;
    made->is_listing = chance(choices, listings);
    interference_folder_compile(made, choices);
    ASSERT(made->catalogue == NULL ||
           made->catalogue->vocabulary.label_count <= INTERFERENCE_LABELS);
}

void interference_case_make(struct interference_case *made, struct choices *choices)
{
    interference_case_make_folder(made, choices, 0, INTERFERENCE_LISTINGS);
    if (made->catalogue != NULL) {
        make_plan(made, choices);
    }
}

void interference_case_clear(struct interference_case *made)
{
    buffer_clear(&made->vocabulary);
    buffer_clear(&made->service);
    free(made->known);
    arena_free(made->scratch);
    arena_free(made->arena);
    *made = (struct interference_case){0};
}

static void print_verdicts(const struct interference_case *made, const char *of, struct bytes name,
                           const struct plan_verdict *verdicts)
{
    printf("  %s%.*s:", of, BYTES_PRINTF(name));
    for (size_t i = 0; i < made->catalogue->vocabulary.label_count; i++) {
        const struct plan_verdict *verdict = &verdicts[i];
        if (verdict->strongest != DISCLOSURE_WITHHELD) {
            printf(" %.*s=%s%s", BYTES_PRINTF(made->catalogue->vocabulary.labels[i].name),
                   disclosure_mode_name((enum disclosure_mode)verdict->strongest),
                   verdict->depends_on_record ? "?" : "");
        }
    }
    printf("\n");
}

void interference_case_print(const struct interference_case *made)
{
    printf("vocabulary:\n%.*s\nservice:\n%.*s\n%s, record limit %zu\nplan (? = asked):\n",
           BYTES_PRINTF(buffer_bytes(&made->vocabulary)),
           BYTES_PRINTF(buffer_bytes(&made->service)), made->ndjson ? "NDJSON" : "JSON",
           made->record_limit);
    print_verdicts(made, "outside records", BYTES(""), made->plan.service);
    for (size_t i = 0; i < made->catalogue->record_count; i++) {
        const struct catalogue_record *type = &made->catalogue->records[i];
        print_verdicts(made, "in record ", type->name, made->plan.records[i].verdicts);
        for (size_t k = 0; k < type->attribute_count; k++) {
            if (interference_reads(made, i, k)) {
                printf("    reads `%.*s`\n", BYTES_PRINTF(type->attributes[k].name));
            }
        }
    }
}

/* ---- what may show ---- */

bool interference_reads(const struct interference_case *made, size_t record, size_t index)
{
    const bool *reads = made->plan.records[record].reads;
    return made->catalogue->records[record].attributes[index].read &&
           (reads == NULL || reads[index]);
}

const struct plan_verdict *interference_verdicts(const struct interference_case *made,
                                                 size_t record)
{
    return record == CATALOGUE_NONE ? made->plan.service : made->plan.records[record].verdicts;
}

enum disclosure_mode interference_weakest(const struct catalogue_node *node, const uint8_t *modes,
                                          size_t *out_label)
{
    enum disclosure_mode weakest = DISCLOSURE_WITHHELD;
    for (size_t i = 0; i < node->label_count; i++) {
        const enum disclosure_mode mode = (enum disclosure_mode)modes[node->labels[i]];
        if (i == 0 || mode < weakest) {
            weakest = mode;
            *out_label = node->labels[i];
        }
    }
    return weakest;
}

enum disclosure_mode interference_strongest(const struct interference_case *made,
                                            const struct catalogue_node *node, size_t record,
                                            bool undeclared)
{
    const struct plan_verdict *verdicts = interference_verdicts(made, record);
    uint8_t modes[INTERFERENCE_LABELS];
    size_t label = 0;
    for (size_t i = 0; i < made->catalogue->vocabulary.label_count; i++) {
        modes[i] = verdicts[i].strongest;
    }
    const enum disclosure_mode mode = interference_weakest(node, modes, &label);
    return undeclared && mode != DISCLOSURE_REVEAL ? DISCLOSURE_WITHHELD : mode;
}

/* Places that were visited on the way down; the graph has cycles. */
struct visit {
    const struct interference_case *made;
    struct interference_known seen[1024];
    size_t count;
};

static bool is_new(struct visit *visit, const struct catalogue_node *node, size_t record,
                   bool undeclared)
{
    for (size_t i = 0; i < visit->count; i++) {
        const struct interference_known *seen = &visit->seen[i];
        if (seen->node == node && seen->record == record && seen->undeclared == undeclared) {
            return false;
        }
    }
    ASSERT(visit->count < sizeof(visit->seen) / sizeof(visit->seen[0]));
    visit->seen[visit->count++] =
        (struct interference_known){.node = node, .record = record, .undeclared = undeclared};
    return true;
}

static bool shows_below(struct visit *visit, const struct catalogue_node *node, size_t record,
                        bool undeclared)
{
    if (node == NULL || !is_new(visit, node, record, undeclared)) {
        return false;
    }
    if (interference_strongest(visit->made, node, record, undeclared) != DISCLOSURE_WITHHELD ||
        (node->is_anything && shows_below(visit, node, record, true))) {
        return true;
    }
    const size_t inner = node->record == CATALOGUE_NONE ? record : node->record;
    for (size_t i = 0; i < node->member_count; i++) {
        if (shows_below(visit, node->members[i].node, inner, false)) {
            return true;
        }
    }
    return shows_below(visit, node->additional, inner, true) ||
           shows_below(visit, node->items, record, undeclared);
}

bool interference_may_show(const struct interference_case *made, const struct catalogue_node *node,
                           size_t record, bool undeclared)
{
    const uint64_t hash =
        mix(mix((uint64_t)(uintptr_t)node, record), undeclared ? 1 : 0) % INTERFERENCE_KNOWN;
    struct interference_known *known = &made->known[hash];
    if (!known->is_known || known->node != node || known->record != record ||
        known->undeclared != undeclared) {
        struct visit visit = {.made = made};
        const bool shows = shows_below(&visit, node, record, undeclared);
        *known = (struct interference_known){node, record, undeclared, true, shows};
    }
    return known->answer;
}
