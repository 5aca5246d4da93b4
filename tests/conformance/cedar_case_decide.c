/* SPDX-License-Identifier: Apache-2.0 */
/* Decides a request in several ways and compares what they say. */
#include "tests/conformance/cedar_case_decide.h"

#include "policy/base/guard.h"

/* Whether two responses say the same. */
static bool agree(const struct cedar_response *a, const struct cedar_response *b)
{
    bool same = a->decision == b->decision && a->permit_count == b->permit_count &&
                a->forbid_count == b->forbid_count && a->error_count == b->error_count;
    for (size_t i = 0; same && i < a->permit_count; i++) {
        same = a->permits[i] == b->permits[i];
    }
    for (size_t i = 0; same && i < a->forbid_count; i++) {
        same = a->forbids[i] == b->forbids[i];
    }
    for (size_t i = 0; same && i < a->error_count; i++) {
        same = a->errors[i].policy == b->errors[i].policy;
    }
    return same;
}

static struct cedar_residual_request everything(const struct cedar_case_question *question)
{
    return (struct cedar_residual_request){.principal = question->request->principal,
                                           .resource = question->request->resource,
                                           .context = question->request->context,
                                           .entities = question->entities};
}

/* What is left for each action and at the end for the request's, which is worked out first or last.
 */
static amanat_result work_out(const struct cedar_case_question *question,
                              struct cedar_residuals *residuals, bool is_first,
                              const struct cedar_residual ***out)
{
    const struct cedar_residual **left =
        arena_allocate_array(question->arena, question->action_count + 1, sizeof(*left));
    const struct cedar_residual **last = &left[question->action_count];
    TRY_MEMORY(left);
    if (is_first) {
        TRY(cedar_residual_new(residuals, &question->request->action, last));
    }
    for (size_t i = 0; i < question->action_count; i++) {
        TRY(cedar_residual_new(residuals, &question->actions[i], &left[i]));
    }
    *out = left;
    return is_first ? AMANAT_OK : cedar_residual_new(residuals, &question->request->action, last);
}

/* By what is left when all is known. */
static amanat_result decide_certain(const struct cedar_case_question *question,
                                    const struct cedar_compiled_policies *compiled, bool is_first,
                                    struct cedar_response *out)
{
    const struct cedar_residual_request asked = everything(question);
    const struct cedar_residual **left = NULL;
    struct cedar_residuals *residuals = NULL;
    TRY(cedar_residuals_new(question->arena, compiled, &asked, &residuals));
    TRY(work_out(question, residuals, is_first, &left));
    return cedar_residual_certain(left[question->action_count], question->arena, out);
}

/* The store with the resource's attributes gone: a record brings them. */
static amanat_result without_attributes(const struct cedar_case_question *question,
                                        const struct cedar_entity *resource,
                                        const struct cedar_entities **out)
{
    struct cedar_entities *overlay = cedar_entities_new(question->arena, question->entities);
    struct cedar_entity_parts parts = {.uid = *cedar_entity_uid(resource),
                                       .tags = *cedar_entity_tags(resource)};
    TRY_MEMORY(overlay);
    parts.parents = cedar_entity_parents(resource, &parts.parent_count);
    TRY(cedar_entities_add(overlay, &parts));
    TRY(cedar_entities_close(overlay, NULL, NULL));
    *out = overlay;
    return AMANAT_OK;
}

/* Asks one record about all actions; the last is the request's. */
static amanat_result ask_record(const struct cedar_case_question *question,
                                struct cedar_residuals *residuals,
                                const struct cedar_residual *const *left,
                                const struct cedar_value *attributes, struct cedar_response *out)
{
    struct cedar_asked_record *record = NULL;
    TRY(cedar_asked_record_new(question->arena, residuals, attributes, &record));
    for (size_t i = 0; i <= question->action_count; i++) {
        TRY(cedar_residual_decide(left[i], record, out));
    }
    return AMANAT_OK;
}

/* By what is left when the resource's attributes come later; another record is asked before. */
static amanat_result decide_record(const struct cedar_case_question *question,
                                   const struct cedar_compiled_policies *compiled,
                                   const struct cedar_entity *resource, struct cedar_response *out)
{
    const struct cedar_value nothing = {.kind = CEDAR_VALUE_RECORD};
    struct cedar_residual_request asked = everything(question);
    const struct cedar_residual **left = NULL;
    struct cedar_residuals *residuals = NULL;
    TRY(without_attributes(question, resource, &asked.entities));
    asked.resource_is_open = true;
    TRY(cedar_residuals_new(question->arena, compiled, &asked, &residuals));
    TRY(work_out(question, residuals, true, &left));
    TRY(ask_record(question, residuals, left, &nothing, out));
    return ask_record(question, residuals, left, cedar_entity_attributes(resource), out);
}

/* Decides by way of residuals and compares with `direct`. */
static amanat_result decide_by_residuals(const struct cedar_case_question *question,
                                         const struct cedar_compiled_policies *compiled,
                                         const struct cedar_response *direct,
                                         const char **out_otherwise)
{
    const struct cedar_entity *resource =
        cedar_entities_find(question->entities, &question->request->resource);
    struct cedar_response response;
    for (int is_first = 0; is_first < 2; is_first++) {
        TRY(decide_certain(question, compiled, is_first != 0, &response));
        if (!agree(direct, &response)) {
            *out_otherwise = "residuals with everything known";
        }
    }
    if (resource != NULL) {
        TRY(decide_record(question, compiled, resource, &response));
        if (!agree(direct, &response)) {
            *out_otherwise = "residuals with an open resource";
        }
    }
    return AMANAT_OK;
}

amanat_result cedar_case_decide(const struct cedar_case_question *question,
                                struct cedar_response *out, const char **out_otherwise)
{
    const struct cedar_compiled_policies *compiled = NULL;
    struct cedar_response checked;
    *out_otherwise = NULL;
    TRY(cedar_compile_unchecked(question->arena, question->policies, &compiled));
    TRY(cedar_authorize(compiled, question->request, question->entities, question->arena, out));
    if (question->checked != NULL) {
        TRY(cedar_compile(question->arena, question->checked, &compiled));
        TRY(cedar_authorize(compiled, question->request, question->entities, question->arena,
                            &checked));
        if (!agree(out, &checked)) {
            *out_otherwise = "validated policies";
        }
    }
    return decide_by_residuals(question, compiled, out, out_otherwise);
}
