/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The redactor for any C program: the public API of policy/redact, in libamanat-policy. A JSON
 * document goes in, in pieces of any size; out comes exactly what a plan allows, in the order and
 * spelling of the input. What comes out is a function of what may be disclosed, and of what rules
 * read: nothing about the rest shows, not even that it is there.
 *
 *     vocabulary + OpenAPI documents ──compile──▶ catalogue ──▶ plan ──▶ redactor ◀── pieces
 *                                                                           └──▶ write(disclosed)
 *
 * The catalogue says which label each field has (x-amanat-label) and what each mode means for it;
 * the plan says in which mode fields of a label may leave. What has no label, is not in the schema,
 * or is not allowed by the plan, never leaves.
 *
 * Ownership: `_compile` and `_new` make objects that the caller frees with the `_free` of their
 * type; `_free(NULL)` is fine. Arguments are copied, with these exceptions: a plan uses its
 * catalogue and a redactor its plan, which must live longer, as must the `context` of a rule and of
 * a redactor. A catalogue is read-only and may be shared by threads; so may be a plan that is not
 * changed any more (its rules are then called by each). A redactor belongs to one thread and
 * redacts one document.
 *
 * Errors: CONFIG_FAULT for what an administrator or the program says (catalogue, plan), PEER_FAULT
 * for what a service sent (the document), MEMORY when there is none, or past the limit that is
 * written at the function. Outputs are written only on success.
 *
 * Documents are JSON (RFC 8259; UTF-8, no half surrogate pairs; at most 512 containers in each
 * other), or NDJSON, such documents on a line each. They are checked whole, also what is withheld.
 *
 * Memory of a redactor: fixed, plus the candidates for disclosure of one record: 1 MiB at most for
 * each list of labels that a field can have, and 128 MiB for a record with all that are inside it.
 * What passes one of these is left out and counted; policy/redact/README.md says how.
 */
#ifndef AMANAT_REDACT_H
#define AMANAT_REDACT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "amanat/diagnostics.h"
#include "amanat/result.h"
#include "amanat/text.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Catalogue: which field has which label ---- */

struct amanat_catalogue;

/**
 * Compiles a vocabulary and OpenAPI documents (3.0 or 3.1) as they lie in a policy folder: the
 * sources are named `vocabulary.yaml` and `services/….yaml`. CONFIG_FAULT with a diagnostic for
 * each fault. A catalogue may take 1 GiB.
 */
AMANAT_PUBLIC AMANAT_MUST_CHECK amanat_result
amanat_catalogue_compile(const struct amanat_source *sources, size_t count,
                         struct amanat_diagnostics *diagnostics, struct amanat_catalogue **out);
AMANAT_PUBLIC void amanat_catalogue_free(struct amanat_catalogue *catalogue);

/* ---- Plan: how fields of each label may leave ---- */

/** The larger, the stronger; what each means for a label stands in the vocabulary. */
enum amanat_mode {
    AMANAT_MODE_WITHHELD = 0,
    AMANAT_MODE_TOKENIZE,
    AMANAT_MODE_MASK,
    AMANAT_MODE_COARSEN,
    AMANAT_MODE_REVEAL
};

struct amanat_plan;

/** A plan that discloses nothing, or NULL without memory. It may take 64 MiB. */
AMANAT_PUBLIC struct amanat_plan *amanat_plan_new(const struct amanat_catalogue *catalogue);
AMANAT_PUBLIC void amanat_plan_free(struct amanat_plan *plan);

/**
 * Lets fields of a label, and of every label below it, leave in `mode`, where the vocabulary
 * defines that mode; a stronger one that was allowed before stays. `record`: the record type
 * (x-amanat-record) in which the fields are, or "" for those outside every record. CONFIG_FAULT for
 * a record type, a label or a mode that is not there.
 */
AMANAT_PUBLIC AMANAT_MUST_CHECK amanat_result amanat_plan_allow(struct amanat_plan *plan,
                                                                const char *record,
                                                                const char *label,
                                                                enum amanat_mode mode);

/** The key of tokens: 32 secret bytes, and for whom tokens are made (each gets others). */
AMANAT_PUBLIC AMANAT_MUST_CHECK amanat_result amanat_plan_set_token_key(struct amanat_plan *plan,
                                                                        const uint8_t secret[32],
                                                                        const char *partner);

/**
 * The moment of the access, in milliseconds since 1970-01-01T00:00:00Z: dates of birth become bands
 * of the age on its day. Without one no age is known, and such fields are withheld.
 */
AMANAT_PUBLIC void amanat_plan_set_now(struct amanat_plan *plan, int64_t milliseconds);

/* ---- Rules: what depends on the record ---- */

/** A record that was read to its end. It and its texts live until the rule returns. */
struct amanat_record;

/** Its type, and the record around it, or NULL. */
AMANAT_PUBLIC struct amanat_text amanat_record_type(const struct amanat_record *record);
AMANAT_PUBLIC const struct amanat_record *amanat_record_around(const struct amanat_record *record);

/**
 * The compact JSON of an attribute that rules read, as the document spells it; no bytes when it is
 * absent or null.
 */
AMANAT_PUBLIC struct amanat_text amanat_record_attribute(const struct amanat_record *record,
                                                         const char *attribute);

/** What a rule allows: at first, all that the plan does. */
struct amanat_record_modes;

/**
 * Lets the fields of a label, and of every label below it, leave in no stronger mode than `most`:
 * in the strongest up to it that the vocabulary defines for the label (tokens need a key), or not
 * at all. A label that is not there withholds all of them; so does a mode that is not there, for
 * the label.
 */
AMANAT_PUBLIC void amanat_record_limit(struct amanat_record_modes *modes, const char *label,
                                       enum amanat_mode most);

/**
 * Says for one record what may leave, by amanat_record_limit; false: the record is left out. Must
 * depend on nothing but the record's attributes.
 */
typedef bool (*amanat_rule_fn)(void *context, const struct amanat_record *record,
                               struct amanat_record_modes *modes);

/**
 * Asks a rule about each record of a type, in the place of the one before. `attributes` are what
 * rules read of it, all calls together: properties of the record whose schema is a scalar, an array
 * of scalars, or an object. CONFIG_FAULT for a type or a property that is not there.
 */
AMANAT_PUBLIC AMANAT_MUST_CHECK amanat_result amanat_plan_ask(struct amanat_plan *plan,
                                                              const char *record,
                                                              const char *const *attributes,
                                                              size_t attribute_count,
                                                              amanat_rule_fn rule, void *context);

/* ---- Redactor ---- */

struct amanat_redactor;

/** Takes disclosed bytes, which live until it returns. A failure ends the redaction with it. */
typedef amanat_result (*amanat_write_fn)(void *context, struct amanat_text disclosed);

/** Which answer of a service the document is. All of it must be set. */
struct amanat_redactor_options {
    const struct amanat_plan *plan;
    const char *operation;    /* operationId */
    unsigned status;          /* of HTTP: 200 */
    const char *content_type; /* "application/json"; JSON and NDJSON */
    amanat_write_fn write;
    void *context; /* for `write` */
};

/**
 * CONFIG_FAULT when the documents declare no such answer, or none in JSON, or the plan lets tokens
 * leave and has no key; or without a plan, or without `write`.
 */
AMANAT_PUBLIC AMANAT_MUST_CHECK amanat_result
amanat_redactor_new(const struct amanat_redactor_options *options, struct amanat_redactor **out);
AMANAT_PUBLIC void amanat_redactor_free(struct amanat_redactor *redactor);

/**
 * Takes the next piece, cut anywhere. PEER_FAULT when the document is refused; otherwise what
 * `write` or memory fail with. What was written so far is then the beginning of a document and must
 * not be used as a whole one; each further call fails too. BUG behind the end.
 */
AMANAT_PUBLIC AMANAT_MUST_CHECK amanat_result amanat_redactor_feed(struct amanat_redactor *redactor,
                                                                   struct amanat_text piece);

/**
 * The document is over; fails as amanat_redactor_feed does. `*out_nothing`: nothing of it was
 * disclosed, and nothing was written.
 */
AMANAT_PUBLIC AMANAT_MUST_CHECK amanat_result
amanat_redactor_finish(struct amanat_redactor *redactor, bool *out_nothing);

/**
 * Why the redaction failed: "syntax", "encoding", "depth", "duplicate" (a name that matters comes
 * twice), "names" (more than 32 MiB of undeclared ones that could be disclosed), "truncated",
 * "internal" (memory, `write`) or "none"; static storage.
 */
AMANAT_PUBLIC const char *amanat_redactor_fault(const struct amanat_redactor *redactor);

/**
 * What happened to what was written so far, and at the end to the whole document: not for those who
 * get the disclosed bytes. Where nothing was disclosed only records are counted.
 */
struct amanat_account {
    uint64_t fields_disclosed;
    uint64_t fields_withheld;
    uint64_t records_disclosed;
    uint64_t records_left_out;
    uint64_t records_over_limit; /* of those: left out because they were too large */
    uint64_t wrong_type; /* fields that were withheld because their JSON type is not the schema's */
};

AMANAT_PUBLIC struct amanat_account amanat_redactor_account(const struct amanat_redactor *redactor);

#ifdef __cplusplus
}
#endif

#endif
