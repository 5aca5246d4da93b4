/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cedar policies for any C program: the public API of libamanat-policy (Cedar language 4.5,
 * https://docs.cedarpolicy.com).
 *
 * A text goes through three types. `struct amanat_policy_set` is what was written (parsed);
 * `struct amanat_checked_policies` is a set that a schema was found to fit (validated, strict
 * mode); `struct amanat_policies` is what decides (compiled). Only the first can be changed, only
 * the last can be asked:
 *
 *     policy set ──check──▶ checked policies ──compile──▶ policies ──authorize──▶ decision
 *          └───────────────compile_unchecked──────────────────▲
 *
 * Ownership: each `_new`, `_parse`, `_check` and `_compile` makes an object that the caller frees
 * with the `_free` of its type; `_free(NULL)` is fine. Arguments are copied, with one exception:
 * what was made of an object (checked policies of a set and a schema, policies of either, entities
 * over others, a context that a schema typed) uses it and must be freed first.
 *
 * Threads: a schema, policies, entities and a context are read-only once made, and any number of
 * threads may use them at once. A policy set while it is added to, a decision and a list of
 * diagnostics belong to one thread at a time. The library has no globals, reads no files and no
 * clock.
 *
 * Errors: CONFIG_FAULT for a text that is wrong; `diagnostics` (may be NULL) then says what and
 * where. MEMORY when there is none, or past the limit that is written at the function; a text that
 * is made has at most 1 GiB. Outputs are written only on success. An index past the count ends the
 * process.
 *
 * Formats: Cedar's syntax (policies, schemas), its JSON formats of policies, schemas, entities and
 * contexts; JSON is RFC 8259, a name that comes twice in one object is refused.
 */
#ifndef AMANAT_POLICY_H
#define AMANAT_POLICY_H

#include <stdbool.h>
#include <stddef.h>

#include "amanat/diagnostics.h"
#include "amanat/result.h"
#include "amanat/text.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Which entity: `Agent::"acme/analyst-7"` has the type `Agent`, which may be a path `A::B`. */
struct amanat_entity_name {
    struct amanat_text type;
    struct amanat_text id;
};

/* ---- Policies as written ---- */

struct amanat_policy_set;

enum amanat_policy_ids {
    AMANAT_POLICY_IDS_BY_POSITION = 0, /* policy0, policy1 …, counted over all texts of the set */
    AMANAT_POLICY_IDS_FROM_ANNOTATION  /* the value of `@id`, which is then required */
};

/** An empty set, or NULL without memory. It may grow to 1 GiB. */
AMANAT_PUBLIC struct amanat_policy_set *amanat_policy_set_new(enum amanat_policy_ids ids);
AMANAT_PUBLIC void amanat_policy_set_free(struct amanat_policy_set *set);

/**
 * Adds the policies and templates of one text. All its faults are reported; those of its policies
 * that have none are in the set also after CONFIG_FAULT. In JSON it is a policy, a template, or a
 * whole policy set, whose ids are in it.
 */
AMANAT_PUBLIC AMANAT_MUST_CHECK amanat_result
amanat_policy_set_add(struct amanat_policy_set *set, const struct amanat_source *source,
                      struct amanat_diagnostics *diagnostics);

/**
 * Links a template as the policy `id`; NULL for a slot that the template does not have.
 * CONFIG_FAULT for an unknown template, an id that is there, and slots that do not fit.
 */
AMANAT_PUBLIC AMANAT_MUST_CHECK amanat_result amanat_policy_set_link(
    struct amanat_policy_set *set, struct amanat_text template_id, struct amanat_text id,
    const struct amanat_entity_name *principal, const struct amanat_entity_name *resource,
    struct amanat_diagnostics *diagnostics);

/** How many static policies, templates and links the set holds. */
AMANAT_PUBLIC size_t amanat_policy_set_count(const struct amanat_policy_set *set);

enum amanat_policy_kind {
    AMANAT_POLICY_STATIC = 0,
    AMANAT_POLICY_TEMPLATE, /* takes no part in decisions */
    AMANAT_POLICY_LINK      /* a template with values; stands where that stands */
};

/** One policy of a set, as it was written; it lives as long as the set. */
struct amanat_policy;

/** The policy at `index`, from 0, in the order of adding. */
AMANAT_PUBLIC const struct amanat_policy *amanat_policy_set_at(const struct amanat_policy_set *set,
                                                               size_t index);

/** The policy with this id, perhaps one that a decision has named, or NULL. */
AMANAT_PUBLIC const struct amanat_policy *
amanat_policy_set_find(const struct amanat_policy_set *set, struct amanat_text id);

struct amanat_policy_summary {
    struct amanat_text id;
    enum amanat_policy_kind kind;
    bool is_forbid;
    const char *source; /* where it stands: source, line and column */
    unsigned line;
    unsigned column;
};
AMANAT_PUBLIC struct amanat_policy_summary
amanat_policy_summary(const struct amanat_policy *policy);

/**
 * The value of the annotation `@key("…")`, empty for `@key` alone; false when there is none. A link
 * has its template's.
 */
AMANAT_PUBLIC bool amanat_policy_annotation(const struct amanat_policy *policy, const char *key,
                                            struct amanat_text *out_value);

/** One policy in the JSON policy format; a link as the policy that it stands for. */
AMANAT_PUBLIC AMANAT_MUST_CHECK amanat_result
amanat_policy_to_json(const struct amanat_policy *policy, struct amanat_owned_text *out);

/** The whole set in the JSON policy format. */
AMANAT_PUBLIC AMANAT_MUST_CHECK amanat_result
amanat_policy_set_to_json(const struct amanat_policy_set *set, struct amanat_owned_text *out);

/**
 * The text of `source`, in Cedar's syntax, laid out as `amanat format` does: comments kept, meaning
 * kept, formatted text unchanged.
 */
AMANAT_PUBLIC AMANAT_MUST_CHECK amanat_result
amanat_format_policies(const struct amanat_source *source, struct amanat_diagnostics *diagnostics,
                       struct amanat_owned_text *out);
AMANAT_PUBLIC AMANAT_MUST_CHECK amanat_result
amanat_format_schema(const struct amanat_source *source, struct amanat_diagnostics *diagnostics,
                     struct amanat_owned_text *out);

/* ---- Schema ---- */

struct amanat_schema;

/** Reads texts as one schema of at most 256 MiB; one may use what another declares. */
AMANAT_PUBLIC AMANAT_MUST_CHECK amanat_result
amanat_schema_parse(const struct amanat_source *sources, size_t count,
                    struct amanat_diagnostics *diagnostics, struct amanat_schema **out);
AMANAT_PUBLIC void amanat_schema_free(struct amanat_schema *schema);

/**
 * The schema in the JSON format, and in Cedar's syntax (CONFIG_FAULT where it has a name that the
 * syntax cannot write).
 */
AMANAT_PUBLIC AMANAT_MUST_CHECK amanat_result
amanat_schema_to_json(const struct amanat_schema *schema, struct amanat_owned_text *out);
AMANAT_PUBLIC AMANAT_MUST_CHECK amanat_result
amanat_schema_to_text(const struct amanat_schema *schema, struct amanat_diagnostics *diagnostics,
                      struct amanat_owned_text *out);

/* ---- Checked and compiled policies ---- */

struct amanat_checked_policies;
struct amanat_policies;

/**
 * Validates the set in strict mode: whatever the policies read exists, with the type they use it
 * with, for every request that the schema allows. CONFIG_FAULT with every fault; warnings may come
 * with success.
 */
AMANAT_PUBLIC AMANAT_MUST_CHECK amanat_result amanat_policy_set_check(
    const struct amanat_policy_set *set, const struct amanat_schema *schema,
    struct amanat_diagnostics *diagnostics, struct amanat_checked_policies **out);
AMANAT_PUBLIC void amanat_checked_policies_free(struct amanat_checked_policies *checked);

/** Compiles checked policies; the second takes a set that no schema has seen. */
AMANAT_PUBLIC AMANAT_MUST_CHECK amanat_result amanat_policies_compile(
    const struct amanat_checked_policies *checked, struct amanat_policies **out);
AMANAT_PUBLIC AMANAT_MUST_CHECK amanat_result amanat_policies_compile_unchecked(
    const struct amanat_policy_set *set, struct amanat_policies **out);
AMANAT_PUBLIC void amanat_policies_free(struct amanat_policies *policies);

/* ---- Entities and context ---- */

struct amanat_entities;
struct amanat_context;

/**
 * Reads files in the JSON format of entities, of at most 4 GiB together. With a schema (or NULL)
 * values are read by its types, everything must conform to it, and its actions are added.
 */
AMANAT_PUBLIC AMANAT_MUST_CHECK amanat_result amanat_entities_parse(
    const struct amanat_schema *schema, const struct amanat_source *sources, size_t count,
    struct amanat_diagnostics *diagnostics, struct amanat_entities **out);

/**
 * The same for the few entities of one request over many that are there already: what is not in the
 * texts is looked up in `base`, which must be freed later; what is in both counts as the texts say.
 * No actions are added.
 */
AMANAT_PUBLIC AMANAT_MUST_CHECK amanat_result
amanat_entities_parse_over(const struct amanat_entities *base, const struct amanat_schema *schema,
                           const struct amanat_source *sources, size_t count,
                           struct amanat_diagnostics *diagnostics, struct amanat_entities **out);
AMANAT_PUBLIC void amanat_entities_free(struct amanat_entities *entities);

/**
 * Reads a context, a JSON object of at most 16 MiB; with a schema (or NULL) typed by what the
 * action declares. Without a schema `action` may be NULL.
 */
AMANAT_PUBLIC AMANAT_MUST_CHECK amanat_result
amanat_context_parse(const struct amanat_schema *schema, const struct amanat_entity_name *action,
                     const struct amanat_source *source, struct amanat_diagnostics *diagnostics,
                     struct amanat_context **out);
AMANAT_PUBLIC void amanat_context_free(struct amanat_context *context);

/* ---- Decisions ---- */

struct amanat_request {
    struct amanat_entity_name principal;
    struct amanat_entity_name action;
    struct amanat_entity_name resource;
    const struct amanat_context *context; /* NULL: the empty one */
};

/** Whether the schema allows such a request at all. CONFIG_FAULT with diagnostics if not. */
AMANAT_PUBLIC AMANAT_MUST_CHECK amanat_result
amanat_request_validate(const struct amanat_schema *schema, const struct amanat_request *request,
                        struct amanat_diagnostics *diagnostics);

/** An answer; made once and used for any number of requests, one after the other. */
struct amanat_decision;

/** A denial without reasons, or NULL without memory. An answer may take 64 MiB. */
AMANAT_PUBLIC struct amanat_decision *amanat_decision_new(void);
AMANAT_PUBLIC void amanat_decision_free(struct amanat_decision *decision);

/**
 * Decides by Cedar's rules and writes the answer over the last one. What fails leaves a denial:
 * only `amanat_decision_allows` is a yes.
 */
AMANAT_PUBLIC AMANAT_MUST_CHECK amanat_result
amanat_authorize(const struct amanat_policies *policies, const struct amanat_entities *entities,
                 const struct amanat_request *request, struct amanat_decision *decision);

AMANAT_PUBLIC bool amanat_decision_allows(const struct amanat_decision *decision);

/**
 * The policies that determined it: permits when it allows, forbids when it does not (none: nothing
 * permitted it). Ids live as long as the policies.
 */
AMANAT_PUBLIC size_t amanat_decision_reason_count(const struct amanat_decision *decision);
AMANAT_PUBLIC struct amanat_text amanat_decision_reason_at(const struct amanat_decision *decision,
                                                           size_t index);

/**
 * A policy whose condition could not be computed. Cedar skips such a policy, a `forbid` too: who
 * guards something must look here and refuse.
 */
struct amanat_policy_error {
    struct amanat_text policy; /* its id */
    bool is_forbid;
    const char *text;   /* why; lives until the decision is used again */
    const char *source; /* where the policy stands: source, line and column */
    unsigned line;
    unsigned column;
};

AMANAT_PUBLIC size_t amanat_decision_error_count(const struct amanat_decision *decision);
AMANAT_PUBLIC struct amanat_policy_error
amanat_decision_error_at(const struct amanat_decision *decision, size_t index);

#ifdef __cplusplus
}
#endif

#endif
