/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A random policy folder (vocabulary and one OpenAPI document, compiled by the real catalogue
 * compiler), a random plan over it, and a question about records whose answer is a hash of what it
 * may read. And what may show under that plan, said once more on its own, from design.md.
 */
#ifndef TESTS_CONFORMANCE_NONINTERFERENCE_CASE_H
#define TESTS_CONFORMANCE_NONINTERFERENCE_CASE_H

#include "choices.h"
#include "policy/base/arena.h"
#include "policy/base/buffer.h"
#include "policy/catalogue/catalogue.h"
#include "policy/redact/plan.h"

#define INTERFERENCE_LABELS 32 /* as many as the vocabulary may have here */

/** Room for what may be below each place: a table of answers that were found already. */
struct interference_known {
    const struct catalogue_node *node;
    size_t record;
    bool undeclared;
    bool is_known;
    bool answer;
};
#define INTERFERENCE_KNOWN 4096

struct interference_case {
    unsigned number; /* of the service, where a folder has several */
    struct arena *arena;
    struct arena *scratch; /* of the question */
    struct buffer vocabulary;
    struct buffer service;
    const struct catalogue *catalogue;
    const struct catalogue_node *root;
    bool ndjson;
    bool is_listing;     /* a list of records: good for long bodies */
    unsigned bulk_share; /* how many of 300 pairs are long */
    size_t bulk_bytes;   /* and how long these are */
    size_t record_limit; /* 0: the usual one */
    struct plan plan;
    uint64_t answers; /* what the question's answers depend on, beside the record */
    struct interference_known *known;
};

/** Makes a case from the choices; the compiler may refuse the folder: then `catalogue` is NULL. */
void interference_case_make(struct interference_case *made, struct choices *choices);
/** The same without a plan: whoever has policies makes it. `listings`: of 100 cases. */
void interference_case_make_folder(struct interference_case *made, struct choices *choices,
                                   unsigned number, unsigned listings);
/** How many cases in 100 are a list of records, usually. */
#define INTERFERENCE_LISTINGS 4
void interference_case_clear(struct interference_case *made);
/** Folder and plan, for people. */
void interference_case_print(const struct interference_case *made);

/** Whether policies read attribute `index` of `record`. */
bool interference_reads(const struct interference_case *made, size_t record, size_t index);

/** The verdicts for fields of records of type `record`, or outside (CATALOGUE_NONE). */
const struct plan_verdict *interference_verdicts(const struct interference_case *made,
                                                 size_t record);

/** The strongest mode that a scalar at a place could ever get. */
enum disclosure_mode interference_strongest(const struct interference_case *made,
                                            const struct catalogue_node *node, size_t record,
                                            bool undeclared);

/** Whether anything at a place, or below it, could be disclosed for any record. */
bool interference_may_show(const struct interference_case *made, const struct catalogue_node *node,
                           size_t record, bool undeclared);

/** The weakest of what `modes` gives the labels of a node; `*out_label` is whose it is. */
enum disclosure_mode interference_weakest(const struct catalogue_node *node, const uint8_t *modes,
                                          size_t *out_label);

#endif
