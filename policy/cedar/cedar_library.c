/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Implements amanat/policy.h, the public C API: each of its objects is an arena with one of this
 * folder's own in it. Nothing is decided here.
 */
#include "amanat/policy.h"

#include "policy/base/guard.h"
#include "policy/base/text.h"
#include "policy/cedar/cedar.h"
#include "policy/cedar/cedar_json.h"

/* The limits that the header states. */
#define POLICY_SET_LIMIT ((size_t)1 << 30)
#define SCHEMA_LIMIT     ((size_t)256 << 20)
#define ENTITIES_LIMIT   ((size_t)4 << 30)
#define CONTEXT_LIMIT    ((size_t)16 << 20)
#define DECISION_LIMIT   ((size_t)64 << 20)
#define TEXT_LIMIT       ((size_t)1 << 30)

struct amanat_policy_set {
    struct arena *arena;
    struct cedar_policy_set *set;
};

struct amanat_schema {
    struct arena *arena;
    const struct cedar_schema *schema;
};

struct amanat_checked_policies {
    struct arena *arena;
    const struct cedar_checked_policies *checked;
};

struct amanat_policies {
    struct arena *arena;
    const struct cedar_compiled_policies *compiled;
};

struct amanat_entities {
    struct arena *arena;
    struct cedar_entities *entities;
};

struct amanat_context {
    struct arena *arena;
    struct cedar_value value;
};

struct amanat_decision {
    struct arena *arena;
    struct arena_mark empty; /* the arena without an answer */
    struct cedar_response response;
};

/* ---- Texts ---- */

static struct cedar_entity_uid uid_of_name(const struct amanat_entity_name *name)
{
    return (struct cedar_entity_uid){bytes_of_text(name->type), bytes_of_text(name->id)};
}

static const char *name_of(const struct amanat_source *source)
{
    return source->name == NULL ? "" : source->name;
}

/* Messages and policies name their source for as long as the arena lives. */
static amanat_result copy_name(struct arena *arena, const struct amanat_source *source,
                               const char **out)
{
    *out = arena_format(arena, "%s", name_of(source));
    TRY_MEMORY(*out);
    return AMANAT_OK;
}

/* Shows the messages about a text with the lines they are about. */
static amanat_result quoted(amanat_result result, const struct amanat_source *source,
                            struct amanat_diagnostics *diagnostics)
{
    amanat_diagnostics_quote(diagnostics, name_of(source), source->text.at, source->text.length);
    return result;
}

/* Hands the text over: the buffer is empty afterwards. */
static amanat_result take_text(struct buffer *buffer, struct amanat_owned_text *out)
{
    buffer_append_byte(buffer, '\0');
    const amanat_result result = buffer_check(buffer);
    if (!amanat_is_ok(result)) {
        buffer_clear(buffer);
        return result;
    }
    *out = (struct amanat_owned_text){buffer->at, buffer->length - 1};
    return AMANAT_OK;
}

/* ---- Objects: each lives in its own arena, which is its first member ---- */

static void *new_object(size_t limit, size_t size)
{
    struct arena *arena = arena_new(limit);
    struct arena **object = arena == NULL ? NULL : arena_allocate(arena, size);
    if (object == NULL) {
        arena_free(arena);
        return NULL;
    }
    *object = arena;
    return object;
}

/* Frees what could not be filled. */
static amanat_result filled(amanat_result result, struct arena *arena)
{
    if (!amanat_is_ok(result)) {
        arena_free(arena);
    }
    return result;
}

void amanat_policy_set_free(struct amanat_policy_set *set)
{
    arena_free(set == NULL ? NULL : set->arena);
}

void amanat_schema_free(struct amanat_schema *schema)
{
    arena_free(schema == NULL ? NULL : schema->arena);
}

void amanat_checked_policies_free(struct amanat_checked_policies *checked)
{
    arena_free(checked == NULL ? NULL : checked->arena);
}

void amanat_policies_free(struct amanat_policies *policies)
{
    arena_free(policies == NULL ? NULL : policies->arena);
}

void amanat_entities_free(struct amanat_entities *entities)
{
    arena_free(entities == NULL ? NULL : entities->arena);
}

void amanat_context_free(struct amanat_context *context)
{
    arena_free(context == NULL ? NULL : context->arena);
}

void amanat_decision_free(struct amanat_decision *decision)
{
    arena_free(decision == NULL ? NULL : decision->arena);
}

/* ---- Policies as written ---- */

struct amanat_policy_set *amanat_policy_set_new(enum amanat_policy_ids ids)
{
    const struct cedar_policy_set_options options = {ids == AMANAT_POLICY_IDS_FROM_ANNOTATION
                                                         ? CEDAR_POLICY_IDS_FROM_ANNOTATION
                                                         : CEDAR_POLICY_IDS_BY_POSITION};
    struct amanat_policy_set *set = new_object(POLICY_SET_LIMIT, sizeof(struct amanat_policy_set));
    if (set != NULL) {
        set->set = cedar_policy_set_new(set->arena, &options);
        if (set->set == NULL) {
            amanat_policy_set_free(set);
            return NULL;
        }
    }
    return set;
}

amanat_result amanat_policy_set_add(struct amanat_policy_set *set,
                                    const struct amanat_source *source,
                                    struct amanat_diagnostics *diagnostics)
{
    const struct bytes text = bytes_of_text(source->text);
    return quoted((cedar_text_is_json(text) ? cedar_policy_set_add_est : cedar_policy_set_add_text)(
                      set->set, name_of(source), text, diagnostics),
                  source, diagnostics);
}

amanat_result amanat_policy_set_link(struct amanat_policy_set *set, struct amanat_text template_id,
                                     struct amanat_text id,
                                     const struct amanat_entity_name *principal,
                                     const struct amanat_entity_name *resource,
                                     struct amanat_diagnostics *diagnostics)
{
    struct cedar_entity_uid uids[2];
    struct cedar_slot_values slots = {0};
    if (principal != NULL) {
        uids[0] = uid_of_name(principal);
        slots.principal = &uids[0];
    }
    if (resource != NULL) {
        uids[1] = uid_of_name(resource);
        slots.resource = &uids[1];
    }
    return cedar_policy_set_add_link(set->set, bytes_of_text(template_id), bytes_of_text(id),
                                     &slots, diagnostics);
}

size_t amanat_policy_set_count(const struct amanat_policy_set *set)
{
    return cedar_policy_set_count(set->set);
}

/* A policy's public name is only a name: behind it is this folder's own. */
static const struct cedar_policy *policy_behind(const struct amanat_policy *policy)
{
    return (const struct cedar_policy *)policy;
}

const struct amanat_policy *amanat_policy_set_at(const struct amanat_policy_set *set, size_t index)
{
    return (const struct amanat_policy *)cedar_policy_set_at(set->set, index);
}

const struct amanat_policy *amanat_policy_set_find(const struct amanat_policy_set *set,
                                                   struct amanat_text id)
{
    return (const struct amanat_policy *)cedar_policy_set_find(set->set, bytes_of_text(id));
}

struct amanat_policy_summary amanat_policy_summary(const struct amanat_policy *policy)
{
    static const enum amanat_policy_kind kinds[] = {
        [CEDAR_POLICY_STATIC] = AMANAT_POLICY_STATIC,
        [CEDAR_POLICY_TEMPLATE] = AMANAT_POLICY_TEMPLATE,
        [CEDAR_POLICY_LINK] = AMANAT_POLICY_LINK,
    };
    const struct cedar_policy *behind = policy_behind(policy);
    return (struct amanat_policy_summary){.id = text_of_bytes(cedar_policy_id(behind)),
                                          .kind = kinds[cedar_policy_kind(behind)],
                                          .is_forbid =
                                              cedar_policy_effect(behind) != CEDAR_EFFECT_PERMIT,
                                          .source = cedar_policy_source(behind),
                                          .line = cedar_policy_line(behind),
                                          .column = cedar_policy_column(behind)};
}

bool amanat_policy_annotation(const struct amanat_policy *policy, const char *key,
                              struct amanat_text *out_value)
{
    struct bytes value;
    if (!cedar_policy_annotation(policy_behind(policy), key, &value)) {
        return false;
    }
    *out_value = text_of_bytes(value);
    return true;
}

amanat_result amanat_policy_to_json(const struct amanat_policy *policy,
                                    struct amanat_owned_text *out)
{
    struct buffer buffer;
    buffer_init(&buffer, TEXT_LIMIT);
    cedar_policy_append_est(&buffer, policy_behind(policy));
    return take_text(&buffer, out);
}

amanat_result amanat_policy_set_to_json(const struct amanat_policy_set *set,
                                        struct amanat_owned_text *out)
{
    struct buffer buffer;
    buffer_init(&buffer, TEXT_LIMIT);
    cedar_policy_set_append_est(&buffer, set->set);
    return take_text(&buffer, out);
}

typedef amanat_result (*format_fn)(struct arena *arena, const char *source, struct bytes text,
                                   struct amanat_diagnostics *diagnostics, struct buffer *out);

static amanat_result format(format_fn format_text, const struct amanat_source *source,
                            struct amanat_diagnostics *diagnostics, struct amanat_owned_text *out)
{
    struct arena *arena = arena_new(POLICY_SET_LIMIT);
    struct buffer buffer;
    TRY_MEMORY(arena);
    buffer_init(&buffer, TEXT_LIMIT);
    const amanat_result result = quoted(
        format_text(arena, name_of(source), bytes_of_text(source->text), diagnostics, &buffer),
        source, diagnostics);
    arena_free(arena);
    if (!amanat_is_ok(result)) {
        buffer_clear(&buffer);
        return result;
    }
    return take_text(&buffer, out);
}

amanat_result amanat_format_policies(const struct amanat_source *source,
                                     struct amanat_diagnostics *diagnostics,
                                     struct amanat_owned_text *out)
{
    return format(cedar_format_policies, source, diagnostics, out);
}

amanat_result amanat_format_schema(const struct amanat_source *source,
                                   struct amanat_diagnostics *diagnostics,
                                   struct amanat_owned_text *out)
{
    return format(cedar_format_schema, source, diagnostics, out);
}

/* ---- Schema ---- */

static amanat_result parse_schema(struct amanat_schema *schema, const struct amanat_source *sources,
                                  size_t count, struct amanat_diagnostics *diagnostics)
{
    struct cedar_schema_source *texts = arena_allocate_array(schema->arena, count, sizeof(*texts));
    TRY_MEMORY(texts);
    for (size_t i = 0; i < count; i++) {
        TRY(copy_name(schema->arena, &sources[i], &texts[i].name));
        texts[i].text = bytes_of_text(sources[i].text);
    }
    const amanat_result result =
        cedar_schema_parse(schema->arena, texts, count, diagnostics, &schema->schema);
    for (size_t i = 0; i < count; i++) {
        amanat_diagnostics_quote(diagnostics, texts[i].name, texts[i].text.at,
                                 texts[i].text.length);
    }
    return result;
}

amanat_result amanat_schema_parse(const struct amanat_source *sources, size_t count,
                                  struct amanat_diagnostics *diagnostics,
                                  struct amanat_schema **out)
{
    struct amanat_schema *schema = new_object(SCHEMA_LIMIT, sizeof(struct amanat_schema));
    TRY_MEMORY(schema);
    TRY(filled(parse_schema(schema, sources, count, diagnostics), schema->arena));
    *out = schema;
    return AMANAT_OK;
}

amanat_result amanat_schema_to_json(const struct amanat_schema *schema,
                                    struct amanat_owned_text *out)
{
    struct buffer buffer;
    buffer_init(&buffer, TEXT_LIMIT);
    cedar_schema_append_json(&buffer, schema->schema);
    return take_text(&buffer, out);
}

amanat_result amanat_schema_to_text(const struct amanat_schema *schema,
                                    struct amanat_diagnostics *diagnostics,
                                    struct amanat_owned_text *out)
{
    struct buffer buffer;
    buffer_init(&buffer, TEXT_LIMIT);
    const amanat_result result = cedar_schema_append_text(&buffer, schema->schema, diagnostics);
    if (!amanat_is_ok(result)) {
        buffer_clear(&buffer);
        return result;
    }
    return take_text(&buffer, out);
}

/* ---- Checked and compiled policies ---- */

amanat_result amanat_policy_set_check(const struct amanat_policy_set *set,
                                      const struct amanat_schema *schema,
                                      struct amanat_diagnostics *diagnostics,
                                      struct amanat_checked_policies **out)
{
    struct amanat_checked_policies *checked =
        new_object(POLICY_SET_LIMIT, sizeof(struct amanat_checked_policies));
    TRY_MEMORY(checked);
    TRY(filled(cedar_policy_set_check(set->set, schema->schema, checked->arena, diagnostics,
                                      &checked->checked),
               checked->arena));
    *out = checked;
    return AMANAT_OK;
}

amanat_result amanat_policies_compile(const struct amanat_checked_policies *checked,
                                      struct amanat_policies **out)
{
    struct amanat_policies *policies = new_object(POLICY_SET_LIMIT, sizeof(struct amanat_policies));
    TRY_MEMORY(policies);
    TRY(filled(cedar_compile(policies->arena, checked->checked, &policies->compiled),
               policies->arena));
    *out = policies;
    return AMANAT_OK;
}

amanat_result amanat_policies_compile_unchecked(const struct amanat_policy_set *set,
                                                struct amanat_policies **out)
{
    struct amanat_policies *policies = new_object(POLICY_SET_LIMIT, sizeof(struct amanat_policies));
    TRY_MEMORY(policies);
    TRY(filled(cedar_compile_unchecked(policies->arena, set->set, &policies->compiled),
               policies->arena));
    *out = policies;
    return AMANAT_OK;
}

/* ---- Entities and context ---- */

/* `base` and `schema` may be NULL. */
static amanat_result parse_entities(struct amanat_entities *entities,
                                    const struct amanat_entities *base,
                                    const struct cedar_schema *schema,
                                    const struct amanat_source *sources, size_t count,
                                    struct amanat_diagnostics *diagnostics)
{
    entities->entities = cedar_entities_new(entities->arena, base == NULL ? NULL : base->entities);
    TRY_MEMORY(entities->entities);
    for (size_t i = 0; i < count; i++) {
        const char *name = NULL;
        TRY(copy_name(entities->arena, &sources[i], &name));
        TRY(quoted(cedar_entities_add_json(entities->entities, schema, name,
                                           bytes_of_text(sources[i].text), diagnostics),
                   &sources[i], diagnostics));
    }
    if (schema != NULL && base == NULL) {
        TRY(cedar_entities_add_actions(entities->entities, schema));
    }
    return cedar_entities_close(entities->entities, schema, diagnostics);
}

amanat_result amanat_entities_parse(const struct amanat_schema *schema,
                                    const struct amanat_source *sources, size_t count,
                                    struct amanat_diagnostics *diagnostics,
                                    struct amanat_entities **out)
{
    return amanat_entities_parse_over(NULL, schema, sources, count, diagnostics, out);
}

amanat_result amanat_entities_parse_over(const struct amanat_entities *base,
                                         const struct amanat_schema *schema,
                                         const struct amanat_source *sources, size_t count,
                                         struct amanat_diagnostics *diagnostics,
                                         struct amanat_entities **out)
{
    struct amanat_entities *entities = new_object(ENTITIES_LIMIT, sizeof(struct amanat_entities));
    TRY_MEMORY(entities);
    TRY(filled(parse_entities(entities, base, schema == NULL ? NULL : schema->schema, sources,
                              count, diagnostics),
               entities->arena));
    *out = entities;
    return AMANAT_OK;
}

static amanat_result parse_context(struct amanat_context *context,
                                   const struct cedar_schema *schema,
                                   const struct cedar_entity_uid *action,
                                   const struct amanat_source *source,
                                   struct amanat_diagnostics *diagnostics)
{
    const char *name = NULL;
    struct bytes text;
    const struct document *document = NULL;
    TRY(copy_name(context->arena, source, &name));
    TRY(arena_copy_bytes(context->arena, bytes_of_text(source->text), &text));
    TRY(document_from_json(context->arena, name, text, diagnostics, &document));
    return cedar_context_from_document(context->arena, schema, action, name, document, diagnostics,
                                       &context->value);
}

amanat_result amanat_context_parse(const struct amanat_schema *schema,
                                   const struct amanat_entity_name *action,
                                   const struct amanat_source *source,
                                   struct amanat_diagnostics *diagnostics,
                                   struct amanat_context **out)
{
    struct amanat_context *context = new_object(CONTEXT_LIMIT, sizeof(struct amanat_context));
    TRY_MEMORY(context);
    const struct cedar_entity_uid uid =
        action == NULL ? (struct cedar_entity_uid){0} : uid_of_name(action);
    TRY(filled(
        parse_context(context, schema == NULL ? NULL : schema->schema, &uid, source, diagnostics),
        context->arena));
    *out = context;
    return AMANAT_OK;
}

/* ---- Decisions ---- */

static struct cedar_request cedar_request_of(const struct amanat_request *request)
{
    return (struct cedar_request){.principal = uid_of_name(&request->principal),
                                  .action = uid_of_name(&request->action),
                                  .resource = uid_of_name(&request->resource),
                                  .context = request->context == NULL ? (struct cedar_value){0}
                                                                      : request->context->value};
}

amanat_result amanat_request_validate(const struct amanat_schema *schema,
                                      const struct amanat_request *request,
                                      struct amanat_diagnostics *diagnostics)
{
    const struct cedar_request inner = cedar_request_of(request);
    return cedar_request_validate(schema->schema, &inner, diagnostics);
}

struct amanat_decision *amanat_decision_new(void)
{
    struct amanat_decision *decision = new_object(DECISION_LIMIT, sizeof(struct amanat_decision));
    if (decision != NULL) {
        decision->empty = arena_mark(decision->arena);
    }
    return decision;
}

amanat_result amanat_authorize(const struct amanat_policies *policies,
                               const struct amanat_entities *entities,
                               const struct amanat_request *request,
                               struct amanat_decision *decision)
{
    const struct cedar_request inner = cedar_request_of(request);
    struct cedar_response response;
    decision->response = (struct cedar_response){0};
    arena_rewind(decision->arena, decision->empty);
    TRY(cedar_authorize(policies->compiled, &inner, entities->entities, decision->arena,
                        &response));
    decision->response = response;
    return AMANAT_OK;
}

bool amanat_decision_allows(const struct amanat_decision *decision)
{
    return decision->response.decision == CEDAR_DECISION_ALLOW;
}

size_t amanat_decision_reason_count(const struct amanat_decision *decision)
{
    return amanat_decision_allows(decision) ? decision->response.permit_count
                                            : decision->response.forbid_count;
}

struct amanat_text amanat_decision_reason_at(const struct amanat_decision *decision, size_t index)
{
    ASSERT(index < amanat_decision_reason_count(decision));
    return text_of_bytes(cedar_policy_id(amanat_decision_allows(decision)
                                             ? decision->response.permits[index]
                                             : decision->response.forbids[index]));
}

size_t amanat_decision_error_count(const struct amanat_decision *decision)
{
    return decision->response.error_count;
}

struct amanat_policy_error amanat_decision_error_at(const struct amanat_decision *decision,
                                                    size_t index)
{
    ASSERT(index < decision->response.error_count);
    const struct cedar_policy_error *error = &decision->response.errors[index];
    return (struct amanat_policy_error){.policy = text_of_bytes(cedar_policy_id(error->policy)),
                                        .is_forbid = cedar_policy_effect(error->policy) !=
                                                     CEDAR_EFFECT_PERMIT,
                                        .text = error->text,
                                        .source = cedar_policy_source(error->policy),
                                        .line = error->line,
                                        .column = error->column};
}
