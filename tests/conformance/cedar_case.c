/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a case through the front door of policy/cedar, step by step, and writes what each said. */
#include "tests/conformance/cedar_case.h"

#include <stdlib.h>

#include "policy/base/guard.h"
#include "policy/base/vector.h"
#include "policy/cedar/cedar_json.h"
#include "tests/conformance/cedar_case_decide.h"

#define TEXT_LIMIT ((size_t)16 << 20)

struct run {
    struct arena *arena;
    const struct document *document;
    struct amanat_diagnostics *diagnostics;
    const struct cedar_schema *schema; /* NULL: the case has none */
    struct cedar_policy_set *policies;
    const struct cedar_checked_policies *checked; /* NULL: not valid, or no schema */
    struct cedar_entities *entities;
    VECTOR(struct bytes) invalid; /* ids of policies and links that are not valid */
    struct buffer *answer;
};

static void write_json(struct buffer *buffer, const struct document *document, bool sorted);

static void write_array(struct buffer *buffer, const struct document *array, bool sorted)
{
    buffer_append_byte(buffer, '[');
    for (size_t i = 0; i < array->count; i++) {
        buffer_append_string(buffer, i > 0 ? "," : "");
        write_json(buffer, &array->items[i], sorted);
    }
    buffer_append_byte(buffer, ']');
}

/* Keys stand in the order of their bytes when `sorted`, of which there are few; else as they are.
 */
static const struct document_member *member_at(const struct document *object, size_t index,
                                               bool sorted)
{
    for (size_t i = 0; sorted && i < object->count; i++) {
        size_t before = 0;
        for (size_t j = 0; j < object->count; j++) {
            before += bytes_compare(object->members[j].key, object->members[i].key) < 0 ? 1 : 0;
        }
        if (before == index) {
            return &object->members[i];
        }
    }
    return &object->members[index];
}

static void write_object(struct buffer *buffer, const struct document *object, bool sorted)
{
    buffer_append_byte(buffer, '{');
    for (size_t i = 0; i < object->count; i++) {
        const struct document_member *member = member_at(object, i, sorted);
        buffer_append_string(buffer, i > 0 ? "," : "");
        buffer_append_json_string(buffer, member->key);
        buffer_append_byte(buffer, ':');
        write_json(buffer, &member->value, sorted);
    }
    buffer_append_byte(buffer, '}');
}

static void write_json(struct buffer *buffer, const struct document *document, bool sorted)
{
    switch (document->kind) {
    case DOCUMENT_NULL:
        buffer_append_string(buffer, "null");
        break;
    case DOCUMENT_BOOL:
        buffer_append_string(buffer, document->boolean ? "true" : "false");
        break;
    case DOCUMENT_NUMBER:
        buffer_append(buffer, document->text);
        break;
    case DOCUMENT_STRING:
        buffer_append_json_string(buffer, document->text);
        break;
    case DOCUMENT_ARRAY:
        write_array(buffer, document, sorted);
        break;
    case DOCUMENT_OBJECT:
        write_object(buffer, document, sorted);
        break;
    }
}

void cedar_case_write_json(struct buffer *buffer, const struct document *document)
{
    write_json(buffer, document, false);
}

/* A text that the case holds as a document, written out in the arena. */
static amanat_result json_text(struct run *run, const struct document *document, struct bytes *out)
{
    struct buffer buffer;
    buffer_init(&buffer, TEXT_LIMIT);
    cedar_case_write_json(&buffer, document);
    const amanat_result written = buffer_check(&buffer);
    const char *copy = amanat_is_ok(written)
                           ? arena_format(run->arena, "%.*s", BYTES_PRINTF(buffer_bytes(&buffer)))
                           : NULL;
    const size_t length = buffer.length;
    buffer_clear(&buffer);
    TRY(written);
    TRY_MEMORY(copy);
    *out = bytes_of(copy, length);
    return AMANAT_OK;
}

/* A text in Cedar's syntax, or one in JSON that the case holds as a document. */
static amanat_result text_of(struct run *run, const struct document *document, struct bytes *out)
{
    if (document->kind != DOCUMENT_STRING) {
        return json_text(run, document, out);
    }
    *out = document->text;
    return AMANAT_OK;
}

/* Notes the verdict of a step. MEMORY is no verdict: it is handed on. */
static amanat_result note(struct run *run, const char *step, amanat_result result, bool *out_fine)
{
    *out_fine = amanat_is_ok(result);
    if (!*out_fine && result.status != AMANAT_STATUS_CONFIG_FAULT) {
        return result;
    }
    buffer_append_format(run->answer, "\"%s\":%s,", step, *out_fine ? "true" : "false");
    return AMANAT_OK;
}

static void skip(struct run *run, const char *step)
{
    buffer_append_format(run->answer, "\"%s\":null,", step);
}

static amanat_result read_schema(struct run *run, bool *out_fine)
{
    const struct document *schema = document_get(run->document, "schema");
    *out_fine = true;
    if (schema == NULL) {
        skip(run, "schema");
        return AMANAT_OK;
    }
    struct cedar_schema_source source = {.name = "schema"};
    TRY(text_of(run, schema, &source.text));
    return note(run, "schema",
                cedar_schema_parse(run->arena, &source, 1, run->diagnostics, &run->schema),
                out_fine);
}

static amanat_result add_policy(struct run *run, struct cedar_policy_set *set,
                                const struct document *policy,
                                struct amanat_diagnostics *diagnostics)
{
    struct bytes text;
    TRY(text_of(run, policy, &text));
    return policy->kind == DOCUMENT_STRING
               ? cedar_policy_set_add_text(set, "policies", text, diagnostics)
               : cedar_policy_set_add_est(set, "policies", text, diagnostics);
}

static amanat_result read_policies(struct run *run, bool *out_fine)
{
    const struct cedar_policy_set_options options = {.ids = CEDAR_POLICY_IDS_BY_POSITION};
    const struct document *policies = document_get(run->document, "policies");
    amanat_result result = AMANAT_OK;
    run->policies = cedar_policy_set_new(run->arena, &options);
    TRY_MEMORY(run->policies);
    for (size_t i = 0; policies != NULL && i < policies->count; i++) {
        const amanat_result added =
            add_policy(run, run->policies, &policies->items[i], run->diagnostics);
        result = amanat_is_ok(added) ? result : added;
    }
    return note(run, "policies", result, out_fine);
}

/* One slot's value; a uid that cannot be read fails. */
static amanat_result read_slot(struct run *run, const struct document *values, const char *slot,
                               struct cedar_entity_uid *storage,
                               const struct cedar_entity_uid **out)
{
    const struct document *value = document_get(values, slot);
    if (value != NULL) {
        const struct cedar_json json = {run->arena, NULL, "links", run->diagnostics};
        TRY(cedar_json_uid(&json, value, storage));
        *out = storage;
    }
    return AMANAT_OK;
}

/* Links the policy `template` of `set`, which may have another id than in the case. */
static amanat_result add_link(struct run *run, struct cedar_policy_set *set, struct bytes template,
                              const struct document *link)
{
    const struct document *id = document_get(link, "id");
    const struct document *values = document_get(link, "values");
    struct cedar_entity_uid principal;
    struct cedar_entity_uid resource;
    struct cedar_slot_values slots = {0};
    if (id == NULL || values == NULL) {
        return amanat_result_of(AMANAT_STATUS_BUG);
    }
    TRY(read_slot(run, values, "?principal", &principal, &slots.principal));
    TRY(read_slot(run, values, "?resource", &resource, &slots.resource));
    return cedar_policy_set_add_link(set, template, id->text, &slots, run->diagnostics);
}

static amanat_result read_links(struct run *run, bool *out_fine)
{
    const struct document *links = document_get(run->document, "links");
    amanat_result result = AMANAT_OK;
    for (size_t i = 0; links != NULL && i < links->count && amanat_is_ok(result); i++) {
        const struct document *template = document_get(&links->items[i], "template");
        result = template == NULL ? amanat_result_of(AMANAT_STATUS_BUG)
                                  : add_link(run, run->policies, template->text, &links->items[i]);
    }
    return note(run, "links", result, out_fine);
}

/* Whether a set of one policy, and one link of it unless that is NULL, is valid. */
static amanat_result check_alone(struct run *run, const struct document *policy,
                                 const struct document *link, bool *out_valid)
{
    const struct cedar_policy_set_options options = {.ids = CEDAR_POLICY_IDS_BY_POSITION};
    const struct cedar_checked_policies *checked = NULL;
    struct cedar_policy_set *set = cedar_policy_set_new(run->arena, &options);
    TRY_MEMORY(set);
    TRY(add_policy(run, set, policy, NULL));
    if (link != NULL) {
        TRY(add_link(run, set, BYTES("policy0"), link));
    }
    const amanat_result result =
        cedar_policy_set_check(set, run->schema, run->arena, NULL, &checked);
    *out_valid = amanat_is_ok(result);
    return result.status == AMANAT_STATUS_CONFIG_FAULT ? AMANAT_OK : result;
}

static amanat_result note_invalid(struct run *run, struct bytes id)
{
    struct bytes *noted = VECTOR_PUSH(run->arena, &run->invalid);
    TRY_MEMORY(noted);
    *noted = id;
    return AMANAT_OK;
}

/* The links of a template that is valid: whether each is valid too. */
static amanat_result check_links(struct run *run, struct bytes id, const struct document *policy)
{
    const struct document *links = document_get(run->document, "links");
    for (size_t i = 0; links != NULL && i < links->count; i++) {
        const struct document *link = &links->items[i];
        bool valid = true;
        if (bytes_equal(document_get(link, "template")->text, id)) {
            TRY(check_alone(run, policy, link, &valid));
        }
        if (!valid) {
            TRY(note_invalid(run, document_get(link, "id")->text));
        }
    }
    return AMANAT_OK;
}

/* Each policy by itself, so that no faulty one hides others; links of faulty templates not at all.
 */
static amanat_result check_each(struct run *run, const struct document *policies)
{
    for (size_t i = 0; i < policies->count; i++) {
        bool valid = false;
        const char *id = arena_format(run->arena, "policy%zu", i);
        TRY_MEMORY(id);
        TRY(check_alone(run, &policies->items[i], NULL, &valid));
        TRY(valid ? check_links(run, bytes_of_string(id), &policies->items[i])
                  : note_invalid(run, bytes_of_string(id)));
    }
    return AMANAT_OK;
}

static void write_ids(struct buffer *buffer, const char *member, struct bytes *ids, size_t count);

/* Which policies do not keep to the schema; one text may hold several, which together are `*`. */
static amanat_result check_policies(struct run *run)
{
    const struct document *policies = document_get(run->document, "policies");
    const amanat_result whole = cedar_policy_set_check(run->policies, run->schema, run->arena,
                                                       run->diagnostics, &run->checked);
    if (!amanat_is_ok(whole) && whole.status != AMANAT_STATUS_CONFIG_FAULT) {
        return whole;
    }
    if (policies != NULL && policies->count > 1) {
        TRY(check_each(run, policies));
    } else if (!amanat_is_ok(whole)) {
        TRY(note_invalid(run, BYTES("*")));
    }
    if (amanat_is_ok(whole) != (run->invalid.count == 0)) {
        TRY(note_invalid(run, BYTES("together they are judged otherwise than each alone")));
    }
    write_ids(run->answer, "invalid", run->invalid.items, run->invalid.count);
    buffer_append_byte(run->answer, ',');
    return AMANAT_OK;
}

static amanat_result load_entities(struct run *run, struct bytes text)
{
    TRY(cedar_entities_add_json(run->entities, run->schema, "entities", text, run->diagnostics));
    if (run->schema != NULL) {
        TRY(cedar_entities_add_actions(run->entities, run->schema));
    }
    return cedar_entities_close(run->entities, run->schema, run->diagnostics);
}

static amanat_result read_entities(struct run *run, bool *out_fine)
{
    const struct document *entities = document_get(run->document, "entities");
    struct bytes text = BYTES("[]");
    run->entities = cedar_entities_new(run->arena, NULL);
    TRY_MEMORY(run->entities);
    if (entities != NULL) {
        TRY(json_text(run, entities, &text));
    }
    return note(run, "entities", load_entities(run, text), out_fine);
}

static amanat_result read_uid(struct run *run, const struct document *request, const char *member,
                              struct cedar_entity_uid *out)
{
    const struct document *uid = document_get(request, member);
    if (uid == NULL) {
        return amanat_result_of(AMANAT_STATUS_BUG);
    }
    const struct cedar_json json = {run->arena, NULL, member, run->diagnostics};
    return cedar_json_uid(&json, uid, out);
}

static amanat_result read_request(struct run *run, const struct document *document,
                                  struct cedar_request *out)
{
    static const struct document no_context = {.kind = DOCUMENT_OBJECT};
    const struct document *context = document_get(document, "context");
    TRY(read_uid(run, document, "principal", &out->principal));
    TRY(read_uid(run, document, "action", &out->action));
    TRY(read_uid(run, document, "resource", &out->resource));
    return cedar_context_from_document(run->arena, run->schema, &out->action, "context",
                                       context != NULL ? context : &no_context, run->diagnostics,
                                       &out->context);
}

static int compare_ids(const void *a, const void *b)
{
    return bytes_compare(*(const struct bytes *)a, *(const struct bytes *)b);
}

/* Writes ids as a sorted array. */
static void write_ids(struct buffer *buffer, const char *member, struct bytes *ids, size_t count)
{
    if (count > 0) {
        qsort(ids, count, sizeof(*ids), compare_ids);
    }
    buffer_append_format(buffer, "\"%s\":[", member);
    for (size_t i = 0; i < count; i++) {
        buffer_append_string(buffer, i > 0 ? "," : "");
        buffer_append_json_string(buffer, ids[i]);
    }
    buffer_append_byte(buffer, ']');
}

static amanat_result write_response(struct run *run, const struct cedar_response *response)
{
    const bool allowed = response->decision == CEDAR_DECISION_ALLOW;
    const struct cedar_policy *const *reasons = allowed ? response->permits : response->forbids;
    const size_t reason_count = allowed ? response->permit_count : response->forbid_count;
    const size_t most = reason_count + response->error_count;
    struct bytes *ids = arena_allocate_array(run->arena, most + 1, sizeof(*ids));
    TRY_MEMORY(ids);
    buffer_append_format(run->answer, "\"decision\":\"%s\",", allowed ? "allow" : "deny");
    for (size_t i = 0; i < reason_count; i++) {
        ids[i] = cedar_policy_id(reasons[i]);
    }
    write_ids(run->answer, "reasons", ids, reason_count);
    buffer_append_byte(run->answer, ',');
    for (size_t i = 0; i < response->error_count; i++) {
        const struct cedar_policy_error *error = &response->errors[i];
        ids[i] = cedar_policy_id(error->policy);
        amanat_diagnostics_add(run->diagnostics, AMANAT_SEVERITY_NOTE, "evaluation", "policies",
                               error->line, error->column, "%.*s: %s", BYTES_PRINTF(ids[i]),
                               error->text);
    }
    write_ids(run->answer, "errors", ids, response->error_count);
    return AMANAT_OK;
}

/* ---- In JSON ---- */

/* Writes JSON that the front door wrote, with sorted keys. */
static amanat_result write_sorted(struct run *run, const struct buffer *written)
{
    const struct document *document = NULL;
    TRY(buffer_check(written));
    TRY(document_from_json(run->arena, "written", buffer_bytes(written), NULL, &document));
    write_json(run->answer, document, true);
    return AMANAT_OK;
}

static amanat_result write_policies(struct run *run, struct buffer *scratch)
{
    size_t written = 0;
    buffer_append_string(run->answer, "\"policies\":[");
    for (size_t i = 0; i < cedar_policy_set_count(run->policies); i++) {
        const struct cedar_policy *policy = cedar_policy_set_at(run->policies, i);
        if (cedar_policy_kind(policy) != CEDAR_POLICY_LINK) {
            buffer_reset(scratch);
            cedar_policy_append_est(scratch, policy);
            buffer_append_string(run->answer, written++ > 0 ? "," : "");
            TRY(write_sorted(run, scratch));
        }
    }
    buffer_append_string(run->answer, "]");
    return AMANAT_OK;
}

static amanat_result write_policies_and_schema(struct run *run, struct buffer *scratch)
{
    buffer_append_string(run->answer, "\"json\":{");
    TRY(write_policies(run, scratch));
    buffer_append_string(run->answer, ",\"schema\":");
    if (run->schema == NULL) {
        buffer_append_string(run->answer, "null");
    } else {
        buffer_reset(scratch);
        cedar_schema_append_json(scratch, run->schema);
        TRY(write_sorted(run, scratch));
    }
    buffer_append_string(run->answer, "},");
    return AMANAT_OK;
}

/* The schema and the policies in JSON, if the case asks for that. */
static amanat_result answer_json(struct run *run, bool is_reached)
{
    struct buffer scratch;
    if (document_get(run->document, "json") == NULL) {
        return AMANAT_OK;
    }
    if (!is_reached) {
        skip(run, "json");
        return AMANAT_OK;
    }
    buffer_init(&scratch, TEXT_LIMIT);
    const amanat_result result = write_policies_and_schema(run, &scratch);
    buffer_clear(&scratch);
    return result;
}

/* ---- Decisions ---- */

/* The actions of all requests: they share what is worked out for one. */
static amanat_result read_actions(struct run *run, struct cedar_case_question *question)
{
    const struct document *requests = document_get(run->document, "requests");
    const struct cedar_json json = {run->arena, NULL, "action", NULL};
    struct cedar_entity_uid *actions =
        arena_allocate_array(run->arena, requests->count, sizeof(*actions));
    TRY_MEMORY(actions);
    for (size_t i = 0; i < requests->count; i++) {
        const struct document *action = document_get(&requests->items[i], "action");
        if (action != NULL &&
            amanat_is_ok(cedar_json_uid(&json, action, &actions[question->action_count]))) {
            question->action_count++;
        }
    }
    question->actions = actions;
    return AMANAT_OK;
}

static amanat_result decide(struct run *run, const struct cedar_request *request,
                            struct cedar_response *out)
{
    struct cedar_case_question question = {.arena = run->arena,
                                           .policies = run->policies,
                                           .checked = run->checked,
                                           .entities = run->entities,
                                           .request = request};
    const char *otherwise = NULL;
    TRY(read_actions(run, &question));
    TRY(cedar_case_decide(&question, out, &otherwise));
    if (otherwise != NULL) {
        buffer_append_format(run->answer, "\"otherwise\":\"%s\",", otherwise);
    }
    return AMANAT_OK;
}

static amanat_result answer_request(struct run *run, const struct document *document)
{
    struct cedar_request request = {0};
    struct cedar_response response;
    bool fine = false;
    TRY(note(run, "parsed", read_request(run, document, &request), &fine));
    if (!fine) {
        buffer_append_string(run->answer, "\"valid\":null,\"decision\":null");
        return AMANAT_OK;
    }
    if (run->schema == NULL) {
        skip(run, "valid");
    } else {
        TRY(note(run, "valid", cedar_request_validate(run->schema, &request, run->diagnostics),
                 &fine));
    }
    TRY(decide(run, &request, &response));
    return write_response(run, &response);
}

static amanat_result answer_requests(struct run *run)
{
    const struct document *requests = document_get(run->document, "requests");
    buffer_append_string(run->answer, "\"requests\":[");
    for (size_t i = 0; requests != NULL && i < requests->count; i++) {
        buffer_append_string(run->answer, i > 0 ? ",{" : "{");
        TRY(answer_request(run, &requests->items[i]));
        buffer_append_byte(run->answer, '}');
    }
    buffer_append_byte(run->answer, ']');
    return AMANAT_OK;
}

/* Entities and requests, if all before them is fine. */
static amanat_result answer_data(struct run *run, bool is_reached)
{
    bool fine = false;
    if (is_reached) {
        TRY(read_entities(run, &fine));
    } else {
        skip(run, "entities");
    }
    if (!fine) {
        buffer_append_string(run->answer, "\"requests\":null");
        return AMANAT_OK;
    }
    return answer_requests(run);
}

amanat_result cedar_case_answer(struct arena *arena, const struct document *document,
                                struct amanat_diagnostics *diagnostics, struct buffer *answer)
{
    struct run run = {
        .arena = arena, .document = document, .diagnostics = diagnostics, .answer = answer};
    bool schema_fine = false;
    bool policies_fine = false;
    bool links_fine = false;
    buffer_append_byte(answer, '{');
    TRY(read_schema(&run, &schema_fine));
    TRY(read_policies(&run, &policies_fine));
    if (policies_fine) {
        TRY(read_links(&run, &links_fine));
    } else {
        skip(&run, "links");
    }
    if (run.schema != NULL && links_fine) {
        TRY(check_policies(&run));
    } else {
        skip(&run, "invalid");
    }
    TRY(answer_json(&run, schema_fine && links_fine));
    TRY(answer_data(&run, schema_fine && links_fine));
    buffer_append_byte(answer, '}');
    return buffer_check(answer);
}
